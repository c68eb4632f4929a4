/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_sign.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authn/saml_assertion.h"
#include "authn/saml_tree.h"
#include "text/base64.h"

#define SIGNATURE_MAX 1024u
#define DOCUMENT_MAX 65536u
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ISSUER_END "</saml:Issuer>"

/* ---------------------------------------------------------------- methods */

static const struct sp_saml_method methods[] = {
    {SP_SAML_DSIG "rsa-sha1", SP_SAML_DSIG "sha1", EVP_sha1, EVP_PKEY_RSA, 160},
    {MORE "rsa-sha256", SP_SAML_XENC "sha256", EVP_sha256, EVP_PKEY_RSA, 256},
    {MORE "rsa-sha384", MORE "sha384", EVP_sha384, EVP_PKEY_RSA, 384},
    {MORE "rsa-sha512", SP_SAML_XENC "sha512", EVP_sha512, EVP_PKEY_RSA, 512},
    {MORE "ecdsa-sha1", SP_SAML_DSIG "sha1", EVP_sha1, EVP_PKEY_EC, 160},
    {MORE "ecdsa-sha256", SP_SAML_XENC "sha256", EVP_sha256, EVP_PKEY_EC, 256},
    {MORE "ecdsa-sha384", MORE "sha384", EVP_sha384, EVP_PKEY_EC, 384},
    {MORE "ecdsa-sha512", SP_SAML_XENC "sha512", EVP_sha512, EVP_PKEY_EC, 512},
};
#define METHODS (sizeof methods / sizeof methods[0])

static unsigned bits_of(struct sp_str name)
{
    return sp_str_ends(name, SP_STR("384"))                                           ? 384
           : sp_str_ends(name, SP_STR("512"))                                         ? 512
           : sp_str_ends(name, SP_STR("SHA1")) || sp_str_ends(name, SP_STR("SHA128")) ? 160
                                                                                      : 256;
}

struct sp_saml_signature_policy sp_saml_signature_policy_of(struct sp_str name)
{
    unsigned bits = bits_of(name);
    return (struct sp_saml_signature_policy){.allows_sha1 = bits == 160, .bits_min = bits};
}

const struct sp_saml_method *sp_saml_method_find(struct sp_str uri,
                                                 const struct sp_saml_signature_policy *policy)
{
    for (size_t i = 0; i < METHODS; i++)
        if (sp_str_is(uri, methods[i].uri))
            return methods[i].bits < policy->bits_min || (methods[i].bits == 160 && !policy->allows_sha1)
                       ? NULL
                       : &methods[i];
    return NULL;
}

enum sp_status sp_saml_signer_method(const struct sp_saml_signer *signer,
                                     const struct sp_saml_method **ret_method, struct sp_error *err)
{
    int kind = EVP_PKEY_get_base_id(signer->key);
    for (size_t i = 0; i < METHODS; i++)
        if (methods[i].kind == kind && methods[i].bits == bits_of(signer->method)) {
            *ret_method = &methods[i];
            return SP_OK;
        }
    return sp_error_set(err, SP_EUNSUPPORTED, NULL, "requests are signed with RSA and EC keys only");
}

/* ---------------------------------------------------------------- bytes */

/* XML Signature has both numbers of an ECDSA signature at full length, one behind the other. */
static size_t plain_ecdsa(EVP_PKEY *key, unsigned char *signature, size_t len)
{
    const unsigned char *at = signature;
    size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool ok = both && 2 * half <= SIGNATURE_MAX &&
              BN_bn2binpad(ECDSA_SIG_get0_r(both), signature, (int)half) > 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(both), signature + half, (int)half) > 0;
    ECDSA_SIG_free(both);
    return ok ? 2 * half : 0;
}

enum sp_status sp_saml_sign_bytes(const struct sp_saml_signer *signer, struct sp_str bytes,
                                  struct sp_buf *signature, struct sp_error *err)
{
    unsigned char value[SIGNATURE_MAX];
    size_t len = sizeof value;
    const struct sp_saml_method *method;
    enum sp_status status = sp_saml_signer_method(signer, &method, err);
    if (status != SP_OK)
        return status;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestSignInit(context, NULL, method->digest(), NULL, signer->key) > 0 &&
              EVP_DigestSign(context, value, &len, (const unsigned char *)bytes.ptr, bytes.len) > 0;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (ok && method->kind == EVP_PKEY_EC)
        len = plain_ecdsa(signer->key, value, len);
    if (!ok || !len || sp_buf_append(signature, value, len) != SP_OK)
        return sp_error_set(err, SP_EINTERNAL, NULL, "a request cannot be signed");
    return SP_OK;
}

/* ---------------------------------------------------------------- a document */

struct signing {
    const struct sp_saml_signer *signer;
    const struct sp_saml_method *method;
    struct sp_str id;
    struct sp_buf canonical, signed_info, value, document;
    struct sp_error *err;
};

static enum sp_status wrong(struct signing *s, enum sp_status status)
{
    return sp_error_set(s->err, status, NULL,
                        status == SP_ENOMEM ? "no memory to sign a request" : "a request cannot be signed");
}

static void put_base64(struct sp_buf *to, struct sp_str bytes)
{
    if (sp_base64_encode(SP_BASE64, bytes, to) != SP_OK)
        to->failed = true;
}

/* What the signature covers: the document before the signature is in it. */
static enum sp_status read_document(struct signing *s, struct sp_str document, struct sp_arena *arena)
{
    xmlDocPtr tree;
    enum sp_status status = sp_saml_tree_parse(document, "request", &tree, s->err);
    if (status != SP_OK)
        return status;
    xmlNodePtr root = xmlDocGetRootElement(tree);
    const char *id = sp_saml_tree_value(root, "ID");
    s->id = id ? sp_arena_str(arena, sp_str_of(id)) : (struct sp_str){NULL, 0};
    status = s->id.ptr ? sp_saml_tree_canonical(root, &s->canonical, s->err) : wrong(s, SP_EINVAL);
    xmlFreeDoc(tree);
    return status;
}

/* In exclusive canonical form as it is written, for that is what is signed. */
static enum sp_status make_signed_info(struct signing *s)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(s->canonical.ptr, s->canonical.len, digest, &len, s->method->digest(), NULL) <= 0)
        return wrong(s, SP_EINTERNAL);
    sp_buf_printf(&s->signed_info,
                  "<ds:SignedInfo xmlns:ds=\"" SP_SAML_DSIG
                  "\"><ds:CanonicalizationMethod Algorithm=\"" EXCLUSIVE
                  "\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>"
                  "<ds:Reference URI=\"#%.*s\"><ds:Transforms><ds:Transform Algorithm=\"" SP_SAML_DSIG
                  "enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"" EXCLUSIVE
                  "\"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod>"
                  "<ds:DigestValue>",
                  s->method->uri, SP_STR_ARG(s->id), s->method->digest_uri);
    put_base64(&s->signed_info, sp_str_from(digest, len));
    sp_buf_append_str(&s->signed_info, SP_STR("</ds:DigestValue></ds:Reference></ds:SignedInfo>"));
    return s->signed_info.failed ? wrong(s, SP_ENOMEM) : SP_OK;
}

static void put_certificate(struct sp_buf *to, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    sp_buf_append_str(to, SP_STR("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>"));
    put_base64(to, sp_str_from(der, len > 0 ? (size_t)len : 0));
    sp_buf_append_str(to, SP_STR("</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"));
    to->failed |= len <= 0;
    OPENSSL_free(der);
}

static enum sp_status put_together(struct signing *s, struct sp_str document)
{
    static const char end[] = ISSUER_END;
    const char *found = memmem(document.ptr, document.len, end, sizeof end - 1);
    if (!found)
        return wrong(s, SP_EINVAL);
    size_t place = (size_t)(found - document.ptr) + sizeof end - 1;
    sp_buf_append(&s->document, document.ptr, place);
    sp_buf_append_str(&s->document, SP_STR("<ds:Signature xmlns:ds=\"" SP_SAML_DSIG "\">"));
    sp_buf_append_str(&s->document, sp_buf_str(&s->signed_info));
    sp_buf_append_str(&s->document, SP_STR("<ds:SignatureValue>"));
    put_base64(&s->document, sp_buf_str(&s->value));
    sp_buf_append_str(&s->document, SP_STR("</ds:SignatureValue>"));
    if (s->signer->certificate)
        put_certificate(&s->document, s->signer->certificate);
    sp_buf_append_str(&s->document, SP_STR("</ds:Signature>"));
    sp_buf_append(&s->document, document.ptr + place, document.len - place);
    return s->document.failed ? wrong(s, SP_ENOMEM) : SP_OK;
}

static enum sp_status sign(struct signing *s, struct sp_str document, struct sp_arena *arena,
                           struct sp_str *ret_document)
{
    struct sp_str signed_document;
    enum sp_status status = sp_saml_signer_method(s->signer, &s->method, s->err);
    if (status == SP_OK)
        status = read_document(s, document, arena);
    if (status == SP_OK)
        status = make_signed_info(s);
    if (status == SP_OK)
        status = sp_saml_sign_bytes(s->signer, sp_buf_str(&s->signed_info), &s->value, s->err);
    if (status == SP_OK)
        status = put_together(s, document);
    if (status != SP_OK)
        return status;
    signed_document = sp_arena_str(arena, sp_buf_str(&s->document));
    if (!signed_document.ptr)
        return wrong(s, SP_ENOMEM);
    *ret_document = signed_document;
    return SP_OK;
}

enum sp_status sp_saml_sign_document(const struct sp_saml_signer *signer, struct sp_str document,
                                     struct sp_arena *arena, struct sp_str *ret_document,
                                     struct sp_error *err)
{
    struct signing s = {.signer = signer, .err = err};
    struct sp_buf *const all[] = {&s.canonical, &s.signed_info, &s.value, &s.document};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sp_buf_init(all[i], 2 * DOCUMENT_MAX);
    enum sp_status status = sign(&s, document, arena, ret_document);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sp_buf_finish(all[i]);
    return status;
}
