/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_logout_read.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authn/saml_assertion.h"
#include "authn/saml_encryption.h"
#include "authn/saml_response.h"
#include "authn/saml_token.h"
#include "text/base64.h"
#include "text/percent.h"
#include "text/xml.h"

#define PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define SIGNATURE_MAX 1040u
#define RSA_BITS_MIN 2048
#define LASTS_MAX_US INT64_C(86400000000)
#define AGE_MAX_US INT64_C(600000000) /* of a request that does not say when it ends */

/* Fields of the query, as they were sent: the signature covers them so. */
struct fields {
    struct sp_str request, relay_state, method, signature;
};

static enum sp_status wrong(struct sp_error *err, enum sp_status status, const char *what)
{
    return sp_error_set(err, status, NULL, "SAML logout: %s", what);
}

/* ---------------------------------------------------------------- the query */

static struct sp_str *place_of(struct fields *fields, struct sp_str name)
{
    return sp_str_is(name, "SAMLRequest")  ? &fields->request
           : sp_str_is(name, "RelayState") ? &fields->relay_state
           : sp_str_is(name, "SigAlg")     ? &fields->method
           : sp_str_is(name, "Signature")  ? &fields->signature
                                           : NULL;
}

static enum sp_status read_fields(struct sp_str query, struct fields *fields, struct sp_error *err)
{
    struct sp_str field;
    while (query.ptr && sp_str_split(&query, '&', &field)) {
        size_t equals = sp_str_find(field, '=');
        struct sp_str *place = place_of(fields, sp_str_slice(field, 0, equals));
        if (place && place->ptr)
            return wrong(err, SP_ESYNTAX, "a field is there twice");
        if (place)
            *place = field;
    }
    return fields->request.ptr ? SP_OK : wrong(err, SP_ESYNTAX, "there is no SAMLRequest");
}

bool sp_saml_logout_is_request(struct sp_str query)
{
    struct fields fields = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct sp_error ignored = SP_ERROR_INIT;
    return read_fields(query, &fields, &ignored) == SP_OK || fields.request.ptr;
}

/* What stands behind '=', decoded; empty when the field is not there. */
static enum sp_status value_of(struct sp_str field, struct sp_arena *arena, struct sp_str *ret_value,
                               struct sp_error *err)
{
    struct sp_str raw = sp_str_slice(field, sp_str_find(field, '=') + 1, field.len);
    char *out = sp_arena_alloc(arena, raw.len);
    return out ? sp_percent_decode(raw, true, "query", out, ret_value, err) : SP_ENOMEM;
}

/* ---------------------------------------------------------------- the signature */

/* Both numbers at full length, as XML Signature has them, to what OpenSSL reads. Many providers send what it
 * reads as it is, and cannot be mistaken for the other. */
static size_t encode_ecdsa(struct sp_str plain, unsigned char *out)
{
    size_t half = plain.len / 2;
    const unsigned char *at = (const unsigned char *)plain.ptr;
    ECDSA_SIG *both = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(at, (int)half, NULL), *s = BN_bin2bn(at + half, (int)half, NULL);
    if (!both || !r || !s || !ECDSA_SIG_set0(both, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(both);
        return 0;
    }
    int len = i2d_ECDSA_SIG(both, NULL);
    if (len > 0 && (size_t)len <= SIGNATURE_MAX)
        len = i2d_ECDSA_SIG(both, &out);
    else
        len = 0;
    ECDSA_SIG_free(both);
    return (size_t)len;
}

static bool is_der(struct sp_str signature)
{
    const unsigned char *at = (const unsigned char *)signature.ptr;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)signature.len);
    bool whole = both && at == (const unsigned char *)signature.ptr + signature.len;
    ECDSA_SIG_free(both);
    ERR_clear_error();
    return whole;
}

static bool verifies(const struct sp_saml_method *method, X509 *certificate, struct sp_str text,
                     struct sp_str signature)
{
    unsigned char encoded[SIGNATURE_MAX];
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key || EVP_PKEY_get_base_id(key) != method->kind || !signature.len ||
        signature.len > SIGNATURE_MAX / 2 ||
        (method->kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS_MIN))
        return false;
    if (method->kind == EVP_PKEY_EC && !is_der(signature))
        signature = sp_str_from(encoded, encode_ecdsa(signature, encoded));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestVerifyInit(context, NULL, method->digest(), NULL, key) > 0 &&
              EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                               (const unsigned char *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return ok;
}

/* By one of the certificates of the provider's metadata, as far as it is trusted. */
static enum sp_status check_signature(const struct fields *fields, const struct sp_saml_logout_rules *rules,
                                      struct sp_arena *arena, struct sp_error *err)
{
    struct sp_str uri = {NULL, 0}, base64 = {NULL, 0};
    unsigned char memory[SIGNATURE_MAX];
    struct sp_buf signature = sp_buf_over(memory, sizeof memory);
    if (!fields->signature.ptr || !fields->method.ptr)
        return wrong(err, SP_EDENIED, "the request is not signed");
    enum sp_status status = value_of(fields->method, arena, &uri, err);
    if (status == SP_OK)
        status = value_of(fields->signature, arena, &base64, err);
    if (status != SP_OK)
        return status;
    const struct sp_saml_method *method = sp_saml_method_find(uri, rules->policy);
    if (!method || sp_base64_decode(SP_BASE64, base64, &signature) != SP_OK)
        return wrong(err, SP_EDENIED, "its signature is none that signatureMethodAlgorithm allows");
    struct sp_str text = sp_arena_printf(arena, "%.*s%s%.*s&%.*s", SP_STR_ARG(fields->request),
                                         fields->relay_state.ptr ? "&" : "", SP_STR_ARG(fields->relay_state),
                                         SP_STR_ARG(fields->method));
    bool ok = false;
    for (size_t i = 0; text.ptr && !ok && i < rules->idp->certificate_count; i++) {
        X509 *certificate;
        if (sp_saml_trust_check(rules->trust, rules->idp->certificates[i], &certificate, err) != SP_OK)
            continue;
        ok = verifies(method, certificate, text, sp_buf_str(&signature));
        X509_free(certificate);
    }
    return ok ? SP_OK : wrong(err, SP_EDENIED, "its signature is by no trusted certificate of idpMetadata");
}

/* ---------------------------------------------------------------- the request */

static bool is(const struct sp_xml_element *element, const char *name, const char *namespace)
{
    return sp_str_is(element->name, name) && sp_str_is(element->namespace, namespace);
}

static enum sp_status check_time(const struct sp_xml_element *root, const struct sp_saml_logout_rules *rules,
                                 int64_t *ret_end_us, struct sp_error *err)
{
    struct sp_str end = sp_xml_attribute(root, "NotOnOrAfter");
    struct sp_str issued = sp_xml_attribute(root, "IssueInstant");
    int64_t issued_us, end_us;
    if (sp_saml_time_read(issued, &issued_us) != SP_OK)
        return wrong(err, SP_ESYNTAX, "its IssueInstant is no time");
    end_us = issued_us + AGE_MAX_US;
    if (end.ptr && sp_saml_time_read(end, &end_us) != SP_OK)
        return wrong(err, SP_ESYNTAX, "its NotOnOrAfter is no time");
    if (end_us > issued_us + LASTS_MAX_US) /* so long its ID is remembered */
        end_us = issued_us + LASTS_MAX_US;
    if (issued_us > rules->now_us + rules->clock_skew_us || end_us + rules->clock_skew_us <= rules->now_us)
        return wrong(err, SP_EDENIED, "the request has ended, or is of the future");
    *ret_end_us = end_us + rules->clock_skew_us;
    return SP_OK;
}

static enum sp_status read_root(const struct sp_xml_element *root, const struct sp_saml_logout_rules *rules,
                                struct sp_saml_logout_asked *asked, struct sp_error *err)
{
    struct sp_str issuer = SP_STR("");
    if (!is(root, "LogoutRequest", PROTOCOL) || !sp_str_is(sp_xml_attribute(root, "Version"), "2.0"))
        return wrong(err, SP_ESYNTAX, "the message is no LogoutRequest of version 2.0");
    for (const struct sp_xml_element *child = root->first; child; child = child->next) {
        if (is(child, "Issuer", SP_SAML_NAMESPACE))
            issuer = sp_str_trim(child->text);
        else if (is(child, "NameID", SP_SAML_NAMESPACE) && !child->first)
            asked->name_id = sp_str_trim(child->text);
        else if (is(child, "SessionIndex", PROTOCOL) &&
                 asked->session_index_count == SP_SAML_SESSION_INDEXES_MAX)
            return wrong(err, SP_ELIMIT, "it names more than 32 sessions");
        else if (is(child, "SessionIndex", PROTOCOL))
            asked->session_indexes[asked->session_index_count++] = sp_str_trim(child->text);
    }
    asked->id = sp_xml_attribute(root, "ID");
    if (!sp_saml_name_ok(asked->id) || !sp_saml_name_ok(asked->name_id))
        return wrong(err, SP_ESYNTAX, "it has no ID, or no NameID");
    if (!issuer.len || !sp_str_eq(issuer, rules->idp->entity_id))
        return wrong(err, SP_EDENIED, "it is not of the provider of idpMetadata");
    if (!sp_str_eq(sp_xml_attribute(root, "Destination"), rules->destination))
        return wrong(err, SP_EDENIED, "its Destination is not this server");
    return check_time(root, rules, &asked->ends_us, err);
}

/* What was verified, as it is decrypted. */
static enum sp_status read_document(struct sp_buf *document, const struct sp_saml_logout_rules *rules,
                                    struct sp_arena *arena, struct sp_saml_logout_asked *asked,
                                    struct sp_error *err)
{
    struct sp_xml_element *root;
    if (!sp_saml_is_utf8(sp_buf_str(document)))
        return wrong(err, SP_ESYNTAX, "the message is no XML in UTF-8");
    enum sp_status status = sp_saml_decrypt_parts(document, rules->key, err);
    if (status == SP_OK)
        status = sp_xml_parse(sp_buf_str(document), "LogoutRequest", arena, &sp_saml_xml_limits, &root, err);
    return status == SP_OK ? read_root(root, rules, asked, err) : status;
}

enum sp_status sp_saml_logout_read(struct sp_str query, const struct sp_saml_logout_rules *rules,
                                   struct sp_arena *arena, struct sp_saml_logout_asked *ret_asked,
                                   struct sp_error *err)
{
    struct fields fields = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct sp_saml_logout_asked asked = {.session_index_count = 0};
    struct sp_str message = {NULL, 0};
    struct sp_buf document;
    enum sp_status status = read_fields(query, &fields, err);
    if (status == SP_OK)
        status = check_signature(&fields, rules, arena, err);
    if (status == SP_OK)
        status = value_of(fields.request, arena, &message, err);
    if (status == SP_OK && fields.relay_state.ptr)
        status = value_of(fields.relay_state, arena, &asked.relay_state, err);
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    if (status == SP_OK)
        status = sp_saml_token_decode(message, &document, err);
    if (status == SP_OK)
        status = read_document(&document, rules, arena, &asked, err);
    sp_buf_wipe(&document);
    if (status == SP_OK)
        *ret_asked = asked;
    return status;
}

enum sp_status sp_saml_logout_read_posted(struct sp_str message, const struct sp_saml_logout_rules *rules,
                                          struct sp_arena *arena, struct sp_saml_logout_asked *ret_asked,
                                          struct sp_error *err)
{
    struct sp_saml_logout_asked asked = {.session_index_count = 0};
    struct sp_buf document, covered;
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    sp_buf_init(&covered, 4 * SP_SAML_DOCUMENT_MAX);
    enum sp_status status = sp_saml_response_decode(message, &document, err);
    if (status == SP_OK)
        status = sp_saml_signature_check(sp_buf_str(&document), SP_SAML_LOGOUT_REQUEST, rules->trust,
                                         rules->policy, &covered, err);
    if (status == SP_OK)
        status = read_document(&covered, rules, arena, &asked, err);
    sp_buf_wipe(&document);
    sp_buf_wipe(&covered);
    if (status == SP_OK)
        *ret_asked = asked;
    return status;
}

bool sp_saml_logout_names(const struct sp_saml_logout_asked *asked, struct sp_str session_index)
{
    for (size_t i = 0; i < asked->session_index_count; i++)
        if (sp_str_eq(asked->session_indexes[i], session_index))
            return true;
    return false;
}
