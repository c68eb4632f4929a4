/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_request.h"

#include <time.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <zlib.h>

#include "authn/saml_assertion.h"
#include "text/base64.h"
#include "text/percent.h"

#define DOCUMENT_MAX 32768u
#define URL_MAX 32768u
#define SIGNATURE_MAX 1024u
#define PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define BINDINGS "urn:oasis:names:tc:SAML:2.0:bindings:"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"

/* ---------------------------------------------------------------- XML */

static void put(struct sp_buf *xml, const char *text)
{
    sp_buf_append_str(xml, sp_str_of(text));
}

/* As text, or as the value of an attribute. */
static void put_escaped(struct sp_buf *xml, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("<>&\"'", text.ptr[i]))
            sp_buf_printf(xml, "&#%d;", text.ptr[i]);
        else
            sp_buf_append_byte(xml, (unsigned char)text.ptr[i]);
    }
}

static void put_attribute(struct sp_buf *xml, const char *name, struct sp_str value)
{
    sp_buf_printf(xml, " %s=\"", name);
    put_escaped(xml, value);
    put(xml, "\"");
}

static void put_time(struct sp_buf *xml, const char *name, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm t;
    char text[32];
    gmtime_r(&seconds, &t);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
    put_attribute(xml, name, sp_str_of(text));
}

static void put_element(struct sp_buf *xml, const char *name, struct sp_str text)
{
    sp_buf_printf(xml, "<%s>", name);
    put_escaped(xml, text);
    sp_buf_printf(xml, "</%s>", name);
}

/* The beginning that all messages have. */
static void put_message(struct sp_buf *xml, const char *name, struct sp_str id, struct sp_str destination,
                        int64_t now_us)
{
    sp_buf_printf(xml, "<samlp:%s xmlns:samlp=\"" PROTOCOL "\" xmlns:saml=\"" SP_SAML_NAMESPACE "\"", name);
    put_attribute(xml, "ID", id);
    put_attribute(xml, "Version", SP_STR("2.0"));
    put_time(xml, "IssueInstant", now_us);
    put_attribute(xml, "Destination", destination);
}

static struct sp_str finish(struct sp_buf *xml, struct sp_arena *arena)
{
    struct sp_str text = xml->failed ? (struct sp_str){NULL, 0} : sp_arena_str(arena, sp_buf_str(xml));
    sp_buf_finish(xml);
    return text;
}

/* ---------------------------------------------------------------- a request to log in */

struct sp_str sp_saml_name_format(const struct sp_cfg_saml_login *login)
{
#define FORMAT(version, name) SP_STR_INIT("urn:oasis:names:tc:SAML:" version ":nameid-format:" name)
    static const struct {
        const char *name;
        struct sp_str format;
    } formats[] = {
        {"unspecified", FORMAT("1.1", "unspecified")},
        {"email", FORMAT("1.1", "emailAddress")},
        {"x509SubjectName", FORMAT("1.1", "X509SubjectName")},
        {"windowsDomainQualifiedName", FORMAT("1.1", "WindowsDomainQualifiedName")},
        {"kerberos", FORMAT("2.0", "kerberos")},
        {"entity", FORMAT("2.0", "entity")},
        {"persistent", FORMAT("2.0", "persistent")},
        {"transient", FORMAT("2.0", "transient")},
    };
#undef FORMAT
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (sp_str_caseless_eq(login->name_id_format, sp_str_of(formats[i].name)))
            return formats[i].format;
    if (sp_str_caseless_eq(login->name_id_format, SP_STR("customize")) && login->custom_name_id_format.len)
        return login->custom_name_id_format;
    return (struct sp_str){NULL, 0};
}

static void put_context(struct sp_buf *xml, const struct sp_cfg_saml_login *login)
{
    if (!login->context_classes.count)
        return;
    put(xml, "<samlp:RequestedAuthnContext");
    put_attribute(xml, "Comparison", login->context_comparison);
    put(xml, ">");
    for (size_t i = 0; i < login->context_classes.count; i++)
        put_element(xml, "saml:AuthnContextClassRef", sp_str_trim(login->context_classes.items[i]));
    put(xml, "</samlp:RequestedAuthnContext>");
}

struct sp_str sp_saml_authn_request(const struct sp_cfg_saml_login *login, const struct sp_saml_self *self,
                                    struct sp_str id, struct sp_str destination, int64_t now_us,
                                    struct sp_arena *arena)
{
    struct sp_buf xml;
    sp_buf_init(&xml, DOCUMENT_MAX);
    put_message(&xml, "AuthnRequest", id, destination, now_us);
    put_attribute(&xml, "ProtocolBinding", SP_STR(BINDINGS "HTTP-POST"));
    put_attribute(&xml, "AssertionConsumerServiceURL", self->acs_url);
    if (login->force_authn)
        put_attribute(&xml, "ForceAuthn", SP_STR("true"));
    if (login->is_passive)
        put_attribute(&xml, "IsPassive", SP_STR("true"));
    put(&xml, ">");
    put_element(&xml, "saml:Issuer", self->entity_id);
    put(&xml, "<samlp:NameIDPolicy");
    put_attribute(&xml, "Format", sp_saml_name_format(login));
    if (login->allow_create_given)
        put_attribute(&xml, "AllowCreate", login->allow_create ? SP_STR("true") : SP_STR("false"));
    put(&xml, "/>");
    put_context(&xml, login);
    put(&xml, "</samlp:AuthnRequest>");
    return finish(&xml, arena);
}

/* ---------------------------------------------------------------- logging out */

struct sp_str sp_saml_logout_request(const struct sp_saml_self *self, const struct sp_saml_logout *logout,
                                     int64_t now_us, struct sp_arena *arena)
{
    struct sp_buf xml;
    sp_buf_init(&xml, DOCUMENT_MAX);
    put_message(&xml, "LogoutRequest", logout->id, logout->destination, now_us);
    put_time(&xml, "NotOnOrAfter", now_us + INT64_C(300000000));
    put(&xml, ">");
    put_element(&xml, "saml:Issuer", self->entity_id);
    put(&xml, "<saml:NameID");
    if (logout->name_id_format.len)
        put_attribute(&xml, "Format", logout->name_id_format);
    put(&xml, ">");
    put_escaped(&xml, logout->name_id);
    put(&xml, "</saml:NameID>");
    if (logout->session_index.len)
        put_element(&xml, "samlp:SessionIndex", logout->session_index);
    put(&xml, "</samlp:LogoutRequest>");
    return finish(&xml, arena);
}

struct sp_str sp_saml_logout_answer(const struct sp_saml_self *self, const struct sp_saml_logout *logout,
                                    int64_t now_us, struct sp_arena *arena)
{
    struct sp_buf xml;
    sp_buf_init(&xml, DOCUMENT_MAX);
    put_message(&xml, "LogoutResponse", logout->id, logout->destination, now_us);
    put_attribute(&xml, "InResponseTo", logout->in_response_to);
    put(&xml, ">");
    put_element(&xml, "saml:Issuer", self->entity_id);
    put(&xml, "<samlp:Status><samlp:StatusCode");
    put_attribute(&xml, "Value", logout->status);
    put(&xml, "/></samlp:Status></samlp:LogoutResponse>");
    return finish(&xml, arena);
}

/* ---------------------------------------------------------------- metadata */

static void put_key(struct sp_buf *xml, const char *use, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    if (len <= 0) {
        xml->failed = true;
        return;
    }
    sp_buf_printf(xml,
                  "<md:KeyDescriptor use=\"%s\"><ds:KeyInfo xmlns:ds=\"" DSIG "\"><ds:X509Data>"
                  "<ds:X509Certificate>",
                  use);
    if (sp_base64_encode(SP_BASE64, sp_str_from(der, (size_t)len), xml) != SP_OK)
        xml->failed = true;
    put(xml, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>");
    OPENSSL_free(der);
}

static void put_service(struct sp_buf *xml, const char *name, const char *binding, struct sp_str url,
                        const char *more)
{
    sp_buf_printf(xml, "<md:%s Binding=\"" BINDINGS "%s\"", name, binding);
    put_attribute(xml, "Location", url);
    sp_buf_printf(xml, "%s/>", more);
}

struct sp_str sp_saml_metadata(const struct sp_cfg_saml *config, const struct sp_saml_self *self,
                               struct x509_st *certificate, struct sp_arena *arena)
{
    struct sp_buf xml;
    sp_buf_init(&xml, DOCUMENT_MAX);
    put(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"" METADATA "\"");
    put_attribute(&xml, "entityID", self->entity_id);
    put(&xml, "><md:SPSSODescriptor");
    put_attribute(&xml, "AuthnRequestsSigned",
                  config->login.requests_signed ? SP_STR("true") : SP_STR("false"));
    put_attribute(&xml, "WantAssertionsSigned",
                  config->want_assertions_signed ? SP_STR("true") : SP_STR("false"));
    put_attribute(&xml, "protocolSupportEnumeration", SP_STR(PROTOCOL));
    put(&xml, ">");
    if (certificate) {
        EVP_PKEY *key = X509_get0_pubkey(certificate);
        put_key(&xml, "signing", certificate);
        if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
            put_key(&xml, "encryption", certificate);
    }
    if (self->logout_url.len)
        put_service(&xml, "SingleLogoutService", "HTTP-Redirect", self->logout_url, "");
    put_element(&xml, "md:NameIDFormat", sp_saml_name_format(&config->login));
    put_service(&xml, "AssertionConsumerService", "HTTP-POST", self->acs_url,
                " index=\"0\" isDefault=\"true\"");
    put(&xml, "</md:SPSSODescriptor></md:EntityDescriptor>\n");
    return finish(&xml, arena);
}

/* ---------------------------------------------------------------- HTTP-Redirect */

/* "DEFLATE", bindings section 3.4.4.1 */
static enum sp_status deflate_all(struct sp_str document, struct sp_buf *bytes)
{
    z_stream stream = {.next_in = (Bytef *)document.ptr, .avail_in = (uInt)document.len};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return SP_ENOMEM;
    size_t room = deflateBound(&stream, document.len);
    unsigned char *out = sp_buf_reserve(bytes, room);
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    int result = out ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
    if (result == Z_STREAM_END)
        bytes->len += stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? SP_OK : SP_ENOMEM;
}

static void append_base64(struct sp_buf *query, const char *name, struct sp_str bytes)
{
    struct sp_buf text;
    sp_buf_init(&text, URL_MAX);
    if (sp_base64_encode(SP_BASE64, bytes, &text) != SP_OK)
        query->failed = true;
    sp_form_append(query, name, sp_buf_str(&text));
    sp_buf_finish(&text);
}

struct method {
    const EVP_MD *digest;
    const char *uri;
};

/* Of the digest that signatureMethodAlgorithm names ("SHA256", "ECDSAwithSHA384"), and of the key's kind. */
static struct method find_method(struct sp_str name, bool is_ec)
{
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
    if (sp_str_ends(name, SP_STR("384")))
        return (struct method){EVP_sha384(), is_ec ? MORE "ecdsa-sha384" : MORE "rsa-sha384"};
    if (sp_str_ends(name, SP_STR("512")))
        return (struct method){EVP_sha512(), is_ec ? MORE "ecdsa-sha512" : MORE "rsa-sha512"};
    if (sp_str_ends(name, SP_STR("SHA1")) || sp_str_ends(name, SP_STR("SHA128")))
        return (struct method){EVP_sha1(), is_ec ? MORE "ecdsa-sha1" : DSIG "rsa-sha1"};
    return (struct method){EVP_sha256(), is_ec ? MORE "ecdsa-sha256" : MORE "rsa-sha256"};
#undef MORE
}

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

static enum sp_status append_signature(const struct sp_saml_redirect *redirect, struct sp_buf *query,
                                       struct sp_error *err)
{
    unsigned char signature[SIGNATURE_MAX];
    size_t len = sizeof signature;
    int kind = EVP_PKEY_get_base_id(redirect->key);
    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "requests are signed with RSA and EC keys only");
    struct method method = find_method(redirect->signature_method, kind == EVP_PKEY_EC);
    sp_form_append(query, "SigAlg", sp_str_of(method.uri));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestSignInit(context, NULL, method.digest, NULL, redirect->key) > 0 &&
              EVP_DigestSign(context, signature, &len, query->ptr, query->len) > 0;
    EVP_MD_CTX_free(context);
    if (ok && kind == EVP_PKEY_EC)
        len = plain_ecdsa(redirect->key, signature, len);
    if (!ok || !len)
        return sp_error_set(err, SP_EINTERNAL, NULL, "a request cannot be signed");
    append_base64(query, "Signature", sp_str_from(signature, len));
    return SP_OK;
}

enum sp_status sp_saml_redirect_url(const struct sp_saml_redirect *redirect, struct sp_arena *arena,
                                    struct sp_str *ret_url, struct sp_error *err)
{
    struct sp_buf bytes, query;
    struct sp_str url = {NULL, 0};
    sp_buf_init(&bytes, 2 * DOCUMENT_MAX);
    sp_buf_init(&query, URL_MAX);
    enum sp_status status = deflate_all(redirect->document, &bytes);
    append_base64(&query, redirect->field, sp_buf_str(&bytes));
    if (redirect->relay_state.len)
        sp_form_append(&query, "RelayState", redirect->relay_state);
    if (status == SP_OK && redirect->key)
        status = append_signature(redirect, &query, err);
    bool has_query = sp_str_find(redirect->endpoint, '?') < redirect->endpoint.len;
    if (status == SP_OK && !query.failed)
        url = sp_arena_printf(arena, "%.*s%c%.*s", SP_STR_ARG(redirect->endpoint), has_query ? '&' : '?',
                              (int)query.len, (const char *)query.ptr);
    if (status == SP_OK && !url.ptr)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a SAML request, or it is too long");
    sp_buf_finish(&bytes);
    sp_buf_finish(&query);
    if (status == SP_OK)
        *ret_url = url;
    return status;
}
