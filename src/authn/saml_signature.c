/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_signature.h"

#include <pthread.h>
#include <stdlib.h>

#include <libxml/parser.h>
#include <libxml/valid.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <xmlsec/xmlsec.h>

#include <xmlsec/errors.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>

#include "authn/saml_assertion.h"
#include "authn/saml_tree.h"

#define DSIG SP_SAML_DSIG
#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 256
#define RSA_BITS_MAX 8192
#define CERTIFICATE_MAX 65536u
#define PREFIXES_MAX 1024u

static const struct {
    const char *name, *namespace, *article;
} roots[] = {
    [SP_SAML_ASSERTION] = {"Assertion", SP_SAML_NAMESPACE, "an"},
    [SP_SAML_RESPONSE] = {"Response", SP_SAML_PROTOCOL, "a"},
    [SP_SAML_LOGOUT_REQUEST] = {"LogoutRequest", SP_SAML_PROTOCOL, "a"},
    [SP_SAML_LOGOUT_RESPONSE] = {"LogoutResponse", SP_SAML_PROTOCOL, "a"},
};

/* ---------------------------------------------------------------- the libraries */

static bool ready;

static void say_nothing(const char *file, int line, const char *function, const char *object,
                        const char *subject, int reason, const char *text)
{
}

static void prepare(void)
{
    if (xmlSecInit() < 0)
        return;
    xmlSecErrorsSetCallback(say_nothing);
    ready = xmlSecOpenSSLInit() >= 0;
}

static enum sp_status prepare_once(struct sp_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    return ready ? SP_OK : sp_error_set(err, SP_EINTERNAL, NULL, "xmlsec cannot be used");
}

/* ---------------------------------------------------------------- the shape of the document */

struct checking {
    enum sp_saml_root kind;
    xmlDocPtr document;
    xmlNodePtr root, signature, signed_info, reference;
    const struct sp_saml_trust *trust;
    const struct sp_saml_signature_policy *policy;
    struct sp_error *err;
};

static enum sp_status wrong(struct checking *c, const char *what)
{
    return sp_error_set(c->err, SP_EDENIED, NULL, "SAML: the signature is refused: %s", what);
}

/* The signature of the assertion in a response has no say about the response; who takes the assertion out
 * checks it there. */
static bool is_of_inner_assertion(const struct checking *c, const xmlNode *node)
{
    const xmlNode *parent = node->parent;
    return c->kind == SP_SAML_RESPONSE && parent && parent->parent == c->root &&
           sp_saml_tree_is(parent, "Assertion", SP_SAML_NAMESPACE);
}

/* What is true of each element: no second of the root's ID by any name, and no signature but the root's own.
 */
static enum sp_status check_element(struct checking *c, xmlNodePtr node, const char *id)
{
    for (const xmlAttr *each = node->properties; each; each = each->next) {
        bool is_id = xmlStrcasecmp(each->name, BAD_CAST "id") == 0;
        const xmlNode *text = each->children;
        if (!is_id)
            continue;
        if (each->ns)
            return wrong(c, "there is an attribute like xml:id");
        bool same = text && text->type == XML_TEXT_NODE && strcmp((const char *)text->content, id) == 0;
        if (node != c->root && (same || (text && text->next)))
            return wrong(c, "the ID of what is signed is there twice");
    }
    if (!sp_saml_tree_is(node, "Signature", DSIG) || is_of_inner_assertion(c, node))
        return SP_OK;
    if (c->signature || node->parent != c->root)
        return wrong(c, "there is another signature than the document's own");
    c->signature = node;
    return SP_OK;
}

/* In document order, without recursion. */
static enum sp_status check_elements(struct checking *c, const char *id)
{
    xmlNodePtr node = c->root;
    while (node) {
        enum sp_status status = SP_OK;
        if (node->type == XML_ELEMENT_NODE)
            status = check_element(c, node, id);
        else if (node->type != XML_TEXT_NODE && node->type != XML_COMMENT_NODE &&
                 node->type != XML_CDATA_SECTION_NODE)
            status = wrong(c, "the document has processing instructions or entities");
        if (status != SP_OK)
            return status;
        if (node->type == XML_ELEMENT_NODE && node->children) {
            node = node->children;
            continue;
        }
        while (node != c->root && !node->next)
            node = node->parent;
        node = node == c->root ? NULL : node->next;
    }
    return SP_OK;
}

static bool is_one_of(const char *value, const char *const *list)
{
    for (; value && *list; list++)
        if (strcmp(value, *list) == 0)
            return true;
    return false;
}

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"

/* SHA-256 and more; the floor of signatureMethodAlgorithm is one of the method, not of this. */
static bool is_digest_allowed(const char *method, const struct sp_saml_signature_policy *policy)
{
    static const char *const strong[] = {SP_SAML_XENC "sha256", MORE "sha384", SP_SAML_XENC "sha512", NULL};
    return is_one_of(method, strong) || (policy->allows_sha1 && method && strcmp(method, DSIG "sha1") == 0);
}

#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"

/* Without parameters, or with a list of prefixes, which is looked through at each element: a short one. */
static bool is_canonicalisation_plain(const xmlNode *method)
{
    xmlNodePtr parameter = sp_saml_tree_element(method->children);
    if (!parameter)
        return true;
    const char *prefixes = sp_saml_tree_value(parameter, "PrefixList");
    return sp_saml_tree_is(parameter, "InclusiveNamespaces", EXCLUSIVE) &&
           !sp_saml_tree_element(parameter->next) && (!prefixes || strlen(prefixes) <= PREFIXES_MAX);
}

/* enveloped-signature and then exclusive canonicalisation without comments, once each. */
static enum sp_status check_transforms(struct checking *c, xmlNodePtr transforms)
{
    static const char *const wanted[] = {DSIG "enveloped-signature", EXCLUSIVE};
    size_t count = 0;
    for (xmlNodePtr each = sp_saml_tree_element(transforms->children); each;
         each = sp_saml_tree_element(each->next)) {
        const char *algorithm = sp_saml_tree_value(each, "Algorithm");
        if (count == 2 || !sp_saml_tree_is(each, "Transform", DSIG) || !algorithm ||
            strcmp(algorithm, wanted[count]) != 0)
            return wrong(c, "its transforms are not enveloped-signature and exclusive canonicalisation "
                            "without comments");
        if (!is_canonicalisation_plain(each) || (count == 0 && sp_saml_tree_element(each->children)))
            return wrong(c, "a transform has parameters");
        count++;
    }
    return count == 2 ? SP_OK : wrong(c, "it has not both transforms");
}

static enum sp_status check_reference(struct checking *c, const char *id)
{
    const char *uri = sp_saml_tree_value(c->reference, "URI");
    if (!uri || uri[0] != '#' || strcmp(uri + 1, id) != 0)
        return wrong(c, "it refers to something else than what it is in");
    xmlNodePtr transforms = sp_saml_tree_element(c->reference->children);
    if (!transforms || !sp_saml_tree_is(transforms, "Transforms", DSIG))
        return wrong(c, "it has no transforms");
    enum sp_status status = check_transforms(c, transforms);
    if (status != SP_OK)
        return status;
    xmlNodePtr digest = sp_saml_tree_element(transforms->next);
    xmlNodePtr value = digest ? sp_saml_tree_element(digest->next) : NULL;
    if (!digest || !sp_saml_tree_is(digest, "DigestMethod", DSIG) ||
        !is_digest_allowed(sp_saml_tree_value(digest, "Algorithm"), c->policy) ||
        sp_saml_tree_element(digest->children))
        return wrong(c, "its digest is not one that signatureMethodAlgorithm allows");
    if (!value || !sp_saml_tree_is(value, "DigestValue", DSIG) || sp_saml_tree_element(value->next))
        return wrong(c, "its reference is not of the form of XML Signature");
    return SP_OK;
}

static enum sp_status check_signed_info(struct checking *c, const char *id)
{
    c->signed_info = sp_saml_tree_element(c->signature->children);
    if (!c->signed_info || !sp_saml_tree_is(c->signed_info, "SignedInfo", DSIG))
        return wrong(c, "it has no SignedInfo");
    xmlNodePtr canonical = sp_saml_tree_element(c->signed_info->children);
    xmlNodePtr method = canonical ? sp_saml_tree_element(canonical->next) : NULL;
    c->reference = method ? sp_saml_tree_element(method->next) : NULL;
    const char *form = canonical ? sp_saml_tree_value(canonical, "Algorithm") : NULL;
    if (!c->reference || !sp_saml_tree_is(canonical, "CanonicalizationMethod", DSIG) || !form ||
        strcmp(form, EXCLUSIVE) != 0 || !is_canonicalisation_plain(canonical))
        return wrong(c, "its SignedInfo is not in exclusive canonical form without comments");
    if (!sp_saml_tree_is(method, "SignatureMethod", DSIG) || sp_saml_tree_element(method->children) ||
        !sp_saml_method_find(sp_str_of(sp_saml_tree_value(method, "Algorithm")), c->policy))
        return wrong(c, "its method is not one that signatureMethodAlgorithm allows");
    if (!sp_saml_tree_is(c->reference, "Reference", DSIG) || sp_saml_tree_element(c->reference->next))
        return wrong(c, "it has not exactly one reference");
    xmlNodePtr value = sp_saml_tree_element(c->signed_info->next);
    xmlNodePtr key = value ? sp_saml_tree_element(value->next) : NULL;
    if (!value || !sp_saml_tree_is(value, "SignatureValue", DSIG) ||
        (key && (!sp_saml_tree_is(key, "KeyInfo", DSIG) || sp_saml_tree_element(key->next))))
        return wrong(c, "there is more in it than value and KeyInfo");
    return check_reference(c, id);
}

static enum sp_status check_shape(struct checking *c)
{
    c->root = xmlDocGetRootElement(c->document);
    if (c->document->intSubset || c->document->extSubset)
        return wrong(c, "the document has a document type");
    if (!c->root || !sp_saml_tree_is(c->root, roots[c->kind].name, roots[c->kind].namespace))
        return sp_error_set(c->err, SP_EDENIED, NULL,
                            "SAML: the signature is refused: the document is not %s %s",
                            roots[c->kind].article, roots[c->kind].name);
    const char *id = sp_saml_tree_value(c->root, "ID");
    if (!id || !*id || strlen(id) > 1024)
        return wrong(c, "what is signed has no ID");
    enum sp_status status = check_elements(c, id);
    if (status != SP_OK)
        return status;
    if (!c->signature)
        return sp_error_set(c->err, SP_EDENIED, NULL, "SAML: the %s is not signed", roots[c->kind].name);
    status = check_signed_info(c, id);
    /* Only the root can be referred to. */
    if (status == SP_OK && !xmlAddID(NULL, c->document, BAD_CAST id,
                                     (xmlAttrPtr)(uintptr_t)sp_saml_tree_attribute(c->root, "ID")))
        return wrong(c, "the ID of what is signed is there twice");
    return status;
}

/* ---------------------------------------------------------------- the key */

static xmlNodePtr find_certificate(xmlNodePtr key_info)
{
    for (xmlNodePtr data = sp_saml_tree_element(key_info->children); data;
         data = sp_saml_tree_element(data->next))
        for (xmlNodePtr each = sp_saml_tree_is(data, "X509Data", DSIG) ? sp_saml_tree_element(data->children)
                                                                       : NULL;
             each; each = sp_saml_tree_element(each->next))
            if (sp_saml_tree_is(each, "X509Certificate", DSIG))
                return each;
    return NULL;
}

/* The first certificate of KeyInfo: a hint, which is trusted only when the trust says so. */
static enum sp_status check_hint(struct checking *c, xmlNodePtr node, X509 **ret_certificate)
{
    struct sp_buf der;
    sp_buf_init(&der, CERTIFICATE_MAX);
    enum sp_status status = sp_saml_tree_bytes(node, &der);
    if (status != SP_OK || !der.len)
        status = wrong(c, "the certificate in KeyInfo cannot be read");
    else
        status = sp_saml_trust_check(c->trust, sp_buf_str(&der), ret_certificate, c->err);
    sp_buf_finish(&der);
    return status;
}

static enum sp_status choose_certificate(struct checking *c, X509 **ret_certificate)
{
    xmlNodePtr value = sp_saml_tree_element(c->signed_info->next);
    xmlNodePtr key_info = sp_saml_tree_element(value->next);
    xmlNodePtr hint = key_info ? find_certificate(key_info) : NULL;
    if (hint)
        return check_hint(c, hint, ret_certificate);
    X509 *only = sp_saml_trust_only(c->trust);
    if (!only)
        return wrong(c, "it does not say by which certificate it was made, and several are trusted");
    unsigned char *der = NULL;
    int len = i2d_X509(only, &der);
    enum sp_status status =
        len > 0 ? sp_saml_trust_check(c->trust, sp_str_from(der, (size_t)len), ret_certificate, c->err)
                : wrong(c, "the trusted certificate cannot be used");
    OPENSSL_free(der);
    return status;
}

static bool is_strong(EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    case EVP_PKEY_EC:
        return bits >= EC_BITS_MIN;
    default:
        return false;
    }
}

static enum sp_status make_key(struct checking *c, xmlSecKeyPtr *ret_key)
{
    X509 *certificate = NULL;
    enum sp_status status = choose_certificate(c, &certificate);
    if (status != SP_OK)
        return status;
    EVP_PKEY *public = X509_get_pubkey(certificate);
    X509_free(certificate);
    if (!public || !is_strong(public)) {
        EVP_PKEY_free(public);
        return wrong(c, "its key is neither RSA of 2048 bits and more nor a curve of 256 bits and more");
    }
    xmlSecKeyDataPtr data = xmlSecOpenSSLEvpKeyAdopt(public);
    xmlSecKeyPtr key = data ? xmlSecKeyCreate() : NULL;
    if (!data)
        EVP_PKEY_free(public);
    if (!key || xmlSecKeySetValue(key, data) < 0) {
        if (data)
            xmlSecKeyDataDestroy(data);
        if (key)
            xmlSecKeyDestroy(key);
        return sp_error_set(c->err, SP_ENOMEM, NULL, "no memory to verify a signature");
    }
    *ret_key = key;
    return SP_OK;
}

/* ---------------------------------------------------------------- the signature */

static enum sp_status take_signed(struct checking *c, xmlSecDSigCtxPtr context, struct sp_buf *signed_bytes)
{
    xmlSecDSigReferenceCtxPtr reference = xmlSecPtrListGetSize(&context->signedInfoReferences) == 1
                                              ? xmlSecPtrListGetItem(&context->signedInfoReferences, 0)
                                              : NULL;
    xmlSecBufferPtr bytes = reference && reference->status == xmlSecDSigStatusSucceeded
                                ? xmlSecDSigReferenceCtxGetPreDigestBuffer(reference)
                                : NULL;
    if (!bytes || !xmlSecBufferGetData(bytes))
        return wrong(c, "what it covers cannot be told");
    if (sp_buf_append(signed_bytes, xmlSecBufferGetData(bytes), xmlSecBufferGetSize(bytes)) != SP_OK)
        return sp_error_set(c->err, SP_ELIMIT, NULL, "SAML: the document is too long");
    return SP_OK;
}

static enum sp_status verify(struct checking *c, struct sp_buf *signed_bytes)
{
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    if (!context)
        return sp_error_set(c->err, SP_ENOMEM, NULL, "no memory to verify a signature");
    context->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
    context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    enum sp_status status = make_key(c, &context->signKey);
    if (status == SP_OK &&
        (xmlSecDSigCtxVerify(context, c->signature) < 0 || context->status != xmlSecDSigStatusSucceeded))
        status = wrong(c, "it does not fit what is signed");
    if (status == SP_OK)
        status = take_signed(c, context, signed_bytes);
    xmlSecDSigCtxDestroy(context);
    return status;
}

enum sp_status sp_saml_signature_check(struct sp_str document, enum sp_saml_root root,
                                       const struct sp_saml_trust *trust,
                                       const struct sp_saml_signature_policy *policy,
                                       struct sp_buf *signed_bytes, struct sp_error *err)
{
    struct checking c = {.kind = root, .trust = trust, .policy = policy, .err = err};
    enum sp_status status = prepare_once(err);
    if (status == SP_OK)
        status = sp_saml_tree_parse(document, roots[root].name, &c.document, err);
    if (status != SP_OK)
        return status;
    status = check_shape(&c);
    if (status == SP_OK)
        status = verify(&c, signed_bytes);
    xmlFreeDoc(c.document);
    return status;
}
