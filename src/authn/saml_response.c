/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_response.h"

#include "authn/saml_assertion.h"
#include "authn/saml_encryption.h"
#include "authn/saml_token.h"
#include "authn/saml_tree.h"
#include "text/base64.h"

#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define STATUS_START "urn:oasis:names:tc:SAML:2.0:status:"
#define TEXT_MAX 1024u

struct opening {
    const struct sp_saml_response_rules *rules;
    xmlDocPtr document;
    xmlNodePtr root;
    bool is_signed;
    xmlNodePtr issuer, status, assertion, encrypted;
    struct sp_error *err;
};

static enum sp_status wrong(const struct opening *o, enum sp_status status, const char *what)
{
    return sp_error_set(o->err, status, NULL, "SAML response: %s", what);
}

enum sp_status sp_saml_response_decode(struct sp_str field, struct sp_buf *document, struct sp_error *err)
{
    if (field.len > SP_SAML_RESPONSE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the SAML response has more than %u bytes",
                            SP_SAML_RESPONSE_MAX);
    struct sp_buf compact;
    sp_buf_init(&compact, SP_SAML_RESPONSE_MAX);
    for (size_t i = 0; i < field.len; i++)
        if (!strchr(" \t\r\n", field.ptr[i]))
            sp_buf_append_byte(&compact, (unsigned char)field.ptr[i]);
    enum sp_status status = sp_base64_decode(SP_BASE64_LOOSE, sp_buf_str(&compact), document);
    sp_buf_finish(&compact);
    if (status == SP_OK && document->len)
        return SP_OK;
    return document->failed
               ? sp_error_set(err, SP_ELIMIT, NULL, "the SAML response is a document of more than %u bytes",
                              SP_SAML_DOCUMENT_MAX)
               : sp_error_set(err, SP_ESYNTAX, NULL, "the SAML response is not base64");
}

/* ---------------------------------------------------------------- its form */

/* Each of its parts at most once, and nothing else. */
static enum sp_status find_parts(struct opening *o)
{
    const struct {
        const char *name, *namespace;
        xmlNodePtr *place;
    } parts[] = {
        {"Issuer", SP_SAML_NAMESPACE, &o->issuer},
        {"Status", SP_SAML_PROTOCOL, &o->status},
        {"Assertion", SP_SAML_NAMESPACE, &o->assertion},
        {"EncryptedAssertion", SP_SAML_NAMESPACE, &o->encrypted},
    };
    o->root = xmlDocGetRootElement(o->document);
    o->issuer = o->status = o->assertion = o->encrypted = NULL;
    if (!sp_saml_tree_is(o->root, "Response", SP_SAML_PROTOCOL))
        return wrong(o, SP_ESYNTAX, "the document is not a Response");
    for (xmlNodePtr each = sp_saml_tree_element(o->root->children); each;
         each = sp_saml_tree_element(each->next)) {
        size_t i = 0;
        while (i < 4 && !sp_saml_tree_is(each, parts[i].name, parts[i].namespace))
            i++;
        if (i == 4 && sp_saml_tree_is(each, "Signature", SP_SAML_DSIG))
            continue;
        if (i == 4)
            return wrong(o, SP_EDENIED,
                         "there is something else in it than issuer, signature, status and "
                         "assertion");
        if (*parts[i].place)
            return sp_error_set(o->err, SP_EDENIED, NULL, "SAML response: %s is there twice", parts[i].name);
        *parts[i].place = each;
    }
    return o->status ? SP_OK : wrong(o, SP_ESYNTAX, "there is no Status");
}

/* From here on, what was signed is read, and nothing else. */
static enum sp_status check_signature(struct opening *o, struct sp_str document)
{
    struct sp_buf covered;
    xmlDocPtr signed_document = NULL;
    if (!sp_saml_tree_named(o->root->children, "Signature", SP_SAML_DSIG))
        return SP_OK;
    sp_buf_init(&covered, 4 * SP_SAML_DOCUMENT_MAX);
    enum sp_status status = sp_saml_signature_check(document, SP_SAML_RESPONSE, o->rules->trust,
                                                    o->rules->policy, &covered, o->err);
    if (status == SP_OK)
        status = sp_saml_tree_parse(sp_buf_str(&covered), "Response", &signed_document, o->err);
    sp_buf_finish(&covered);
    if (status != SP_OK)
        return status;
    xmlFreeDoc(o->document);
    o->document = signed_document;
    o->is_signed = true;
    return find_parts(o);
}

/* ---------------------------------------------------------------- what it says */

static enum sp_status check_status(const struct opening *o)
{
    xmlNodePtr code = sp_saml_tree_named(o->status->children, "StatusCode", SP_SAML_PROTOCOL);
    xmlNodePtr second = code ? sp_saml_tree_named(code->children, "StatusCode", SP_SAML_PROTOCOL) : NULL;
    const char *value = code ? sp_saml_tree_value(code, "Value") : NULL;
    const char *more = second ? sp_saml_tree_value(second, "Value") : NULL;
    if (!value)
        return wrong(o, SP_ESYNTAX, "its Status has no StatusCode");
    if (strcmp(value, SUCCESS) == 0)
        return SP_OK;
    const char *said = more ? more : value;
    if (strncmp(said, STATUS_START, strlen(STATUS_START)) == 0)
        said += strlen(STATUS_START);
    return sp_error_set(o->err, SP_EDENIED, NULL,
                        "SAML response: the identity provider did not log the user in: %.100s", said);
}

static enum sp_status check_address(const struct opening *o)
{
    const char *destination = sp_saml_tree_value(o->root, "Destination");
    const char *answered = sp_saml_tree_value(o->root, "InResponseTo");
    const struct sp_str *wanted = &o->rules->in_response_to;
    const char *version = sp_saml_tree_value(o->root, "Version");
    if (!version || strcmp(version, "2.0") != 0 || !sp_saml_tree_value(o->root, "ID"))
        return wrong(o, SP_ESYNTAX, "it is not of version 2.0, or has no ID");
    if (!destination && (o->is_signed || sp_saml_tree_attribute(o->root, "Destination")))
        return wrong(o, SP_EDENIED, "it is signed and does not say for whom it is (Destination)");
    if (destination && !sp_str_is(o->rules->destination, destination))
        return sp_error_set(o->err, SP_EDENIED, NULL,
                            "SAML response: its Destination is %.200s, and not %.*s", destination,
                            SP_STR_ARG(o->rules->destination));
    if (wanted->len && !(answered && sp_str_is(*wanted, answered)))
        return wrong(o, SP_EDENIED, "it does not answer the request that this browser made (InResponseTo)");
    if (!wanted->len && sp_saml_tree_attribute(o->root, "InResponseTo"))
        return wrong(o, SP_EDENIED, "it answers a request that this browser did not make (InResponseTo)");
    return SP_OK;
}

static enum sp_status read_issuer(const struct opening *o, struct sp_arena *arena, struct sp_str *ret_issuer)
{
    char memory[TEXT_MAX];
    struct sp_buf text = sp_buf_over(memory, sizeof memory);
    if (o->issuer && sp_saml_tree_text(o->issuer, &text) != SP_OK)
        return wrong(o, SP_ESYNTAX, "its Issuer is too long or no text");
    *ret_issuer = sp_arena_str(arena, sp_str_trim(sp_buf_str(&text)));
    return ret_issuer->ptr ? SP_OK : wrong(o, SP_ENOMEM, "no memory");
}

/* ---------------------------------------------------------------- the assertion */

static bool is_signed(struct sp_str assertion, bool *ret_signed, struct sp_error *err)
{
    xmlDocPtr document;
    if (sp_saml_tree_parse(assertion, "Assertion", &document, err) != SP_OK)
        return false;
    *ret_signed =
        sp_saml_tree_named(xmlDocGetRootElement(document)->children, "Signature", SP_SAML_DSIG) != NULL;
    xmlFreeDoc(document);
    return true;
}

/* A signature that is there must be good, wanted or not. */
static enum sp_status check_assertion(const struct opening *o, struct sp_str bytes, struct sp_buf *assertion)
{
    bool has_own = false;
    if (!is_signed(bytes, &has_own, o->err))
        return SP_ESYNTAX;
    if (has_own || o->rules->wants_assertion_signed)
        return sp_saml_signature_check(bytes, SP_SAML_ASSERTION, o->rules->trust, o->rules->policy, assertion,
                                       o->err);
    if (!o->is_signed)
        return wrong(o, SP_EDENIED, "neither it nor the assertion in it is signed");
    return sp_buf_append_str(assertion, bytes) == SP_OK ? SP_OK : wrong(o, SP_ELIMIT, "it is too long");
}

static enum sp_status take_assertion(const struct opening *o, struct sp_buf *assertion)
{
    struct sp_buf bytes;
    if (!o->assertion == !o->encrypted)
        return wrong(o, SP_EDENIED, "there is not exactly one assertion in it");
    sp_buf_init(&bytes, 4 * SP_SAML_DOCUMENT_MAX);
    enum sp_status status = o->encrypted ? sp_saml_decrypt(o->encrypted, o->rules->key, &bytes, o->err)
                                         : sp_saml_tree_cut(o->assertion, &bytes, o->err);
    if (status == SP_OK)
        status = check_assertion(o, sp_buf_str(&bytes), assertion);
    sp_buf_wipe(&bytes);
    return status;
}

enum sp_status sp_saml_response_open(struct sp_str document, const struct sp_saml_response_rules *rules,
                                     struct sp_arena *arena, struct sp_buf *assertion,
                                     struct sp_str *ret_issuer, struct sp_error *err)
{
    struct opening o = {.rules = rules, .err = err};
    enum sp_status status = sp_saml_tree_parse(document, "Response", &o.document, err);
    if (status != SP_OK)
        return status;
    status = find_parts(&o);
    if (status == SP_OK)
        status = check_signature(&o, document);
    if (status == SP_OK)
        status = check_address(&o);
    if (status == SP_OK)
        status = check_status(&o);
    if (status == SP_OK)
        status = read_issuer(&o, arena, ret_issuer);
    if (status == SP_OK)
        status = take_assertion(&o, assertion);
    xmlFreeDoc(o.document);
    return status;
}
