/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_request.h"

#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authn/saml_assertion.h"
#include "text/base64.h"

#define DOCUMENT_MAX 32768u
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
        {"encrypted", FORMAT("2.0", "encrypted")},
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

/* What saml_encryption.h takes, so that a provider chooses nothing else. */
static void put_key(struct sp_buf *xml, bool decrypts, X509 *certificate)
{
    static const char *const taken[] = {
        "http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"};
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    if (len <= 0) {
        xml->failed = true;
        return;
    }
    sp_buf_printf(xml,
                  "<md:KeyDescriptor use=\"%s\"><ds:KeyInfo xmlns:ds=\"" DSIG "\"><ds:X509Data>"
                  "<ds:X509Certificate>",
                  decrypts ? "encryption" : "signing");
    if (sp_base64_encode(SP_BASE64, sp_str_from(der, (size_t)len), xml) != SP_OK)
        xml->failed = true;
    put(xml, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
    for (size_t i = 0; decrypts && i < sizeof taken / sizeof taken[0]; i++)
        sp_buf_printf(xml, "<md:EncryptionMethod Algorithm=\"%s\"/>", taken[i]);
    put(xml, "</md:KeyDescriptor>");
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
        put_key(&xml, false, certificate);
        if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
            put_key(&xml, true, certificate);
    }
    put_service(&xml, "SingleLogoutService", "HTTP-Redirect", self->logout_url, "");
    put_service(&xml, "SingleLogoutService", "HTTP-POST", self->logout_url, "");
    put_element(&xml, "md:NameIDFormat", sp_saml_name_format(&config->login));
    put_service(&xml, "AssertionConsumerService", "HTTP-POST", self->acs_url,
                " index=\"0\" isDefault=\"true\"");
    put(&xml, "</md:SPSSODescriptor></md:EntityDescriptor>\n");
    return finish(&xml, arena);
}
