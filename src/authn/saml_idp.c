/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_idp.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "text/base64.h"
#include "text/xml.h"

#define METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define POST "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define SIGNATURE "http://www.w3.org/2000/09/xmldsig#"
#define CERTIFICATES_MAX 32u
#define CERTIFICATE_MAX 65536u
#define URL_MAX 2048u

static const struct sp_xml_limits limits = {
    .bytes = SP_SAML_METADATA_MAX, .depth = 32, .elements = 50000, .attributes = 64, .namespaces = 256};

struct reading {
    struct sp_arena *arena;
    const char *file;
    const struct sp_xml_element *entity, *role;
    size_t roles;
    struct sp_saml_idp idp;
    struct sp_str *certificates;
    struct sp_error *err;
};

static bool is(const struct sp_xml_element *element, const char *name, const char *namespace)
{
    return sp_str_is(element->name, name) && sp_str_is(element->namespace, namespace);
}

static enum sp_status wrong(struct reading *r, const char *what)
{
    return sp_error_set(r->err, SP_EINVAL, NULL, "idpMetadata %s: %s", r->file, what);
}

/* ---------------------------------------------------------------- the provider */

static bool speaks_saml2(struct sp_str protocols)
{
    struct sp_str word;
    while (protocols.ptr && sp_str_split(&protocols, ' ', &word))
        if (sp_str_is(sp_str_trim(word), PROTOCOL))
            return true;
    return false;
}

/* Also inside of EntitiesDescriptor, which may be nested; the reader limits how deep. */
static void find_roles(struct reading *r, const struct sp_xml_element *element)
{
    bool is_entity = is(element, "EntityDescriptor", METADATA);
    if (!is_entity && !is(element, "EntitiesDescriptor", METADATA))
        return;
    for (const struct sp_xml_element *child = element->first; child; child = child->next) {
        if (is_entity && is(child, "IDPSSODescriptor", METADATA) &&
            speaks_saml2(sp_xml_attribute(child, "protocolSupportEnumeration"))) {
            r->entity = element;
            r->role = child;
            r->roles++;
        } else if (!is_entity) {
            find_roles(r, child);
        }
    }
}

/* A browser is sent there. */
static bool is_url_ok(struct sp_str url)
{
    if (url.len > URL_MAX ||
        !(sp_str_starts(url, SP_STR("https://")) || sp_str_starts(url, SP_STR("http://"))))
        return false;
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= 0x20 || url.ptr[i] >= 0x7f || strchr("\"<>\\#", url.ptr[i]))
            return false;
    return true;
}

void sp_saml_idp_prefer_post(struct sp_saml_idp *idp)
{
    if (idp->posted_login.url.len)
        idp->login = idp->posted_login;
    if (idp->posted_logout.url.len) {
        idp->logout = idp->posted_logout;
        idp->logout_answer = idp->posted_answer;
    }
}

/* The first for HTTP-Redirect counts; without one, the first for HTTP-POST. */
static void offer(struct sp_saml_endpoint *endpoint, struct sp_saml_endpoint *posted, struct sp_str url,
                  bool is_post)
{
    if (is_post && !posted->url.len)
        *posted = (struct sp_saml_endpoint){url, true};
    if (!endpoint->url.len || (endpoint->is_post && !is_post))
        *endpoint = (struct sp_saml_endpoint){url, is_post};
}

static enum sp_status read_endpoints(struct reading *r)
{
    for (const struct sp_xml_element *child = r->role->first; child; child = child->next) {
        bool login = is(child, "SingleSignOnService", METADATA);
        bool logout = is(child, "SingleLogoutService", METADATA);
        struct sp_str url = sp_str_trim(sp_xml_attribute(child, "Location"));
        struct sp_str answer = sp_str_trim(sp_xml_attribute(child, "ResponseLocation"));
        struct sp_str binding = sp_xml_attribute(child, "Binding");
        bool is_post = sp_str_is(binding, POST);
        if ((!login && !logout) || (!is_post && !sp_str_is(binding, REDIRECT)))
            continue;
        if (!is_url_ok(url) || (answer.len && !is_url_ok(answer)))
            return wrong(r, "a Location is no http or https URL without a fragment");
        if (login)
            offer(&r->idp.login, &r->idp.posted_login, url, is_post);
        if (logout) {
            offer(&r->idp.logout, &r->idp.posted_logout, url, is_post);
            offer(&r->idp.logout_answer, &r->idp.posted_answer, answer.len ? answer : url, is_post);
        }
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- its keys */

static enum sp_status add_certificate(struct reading *r, struct sp_str text)
{
    char *compact = text.len <= CERTIFICATE_MAX ? sp_arena_alloc(r->arena, text.len) : NULL;
    char *bytes = compact ? sp_arena_alloc(r->arena, text.len) : NULL;
    size_t len = 0;
    if (!bytes)
        return wrong(r, "a certificate is too long");
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i]))
            compact[len++] = text.ptr[i];
    struct sp_buf der = sp_buf_over(bytes, text.len);
    if (sp_base64_decode(SP_BASE64_LOOSE, sp_str_from(compact, len), &der) != SP_OK || !der.len)
        return wrong(r, "a certificate is not base64");
    if (r->idp.certificate_count == CERTIFICATES_MAX)
        return wrong(r, "the provider has more than 32 certificates");
    r->certificates[r->idp.certificate_count++] = sp_buf_str(&der);
    return SP_OK;
}

static enum sp_status read_key(struct reading *r, const struct sp_xml_element *element)
{
    enum sp_status status = SP_OK;
    for (const struct sp_xml_element *child = element->first; status == SP_OK && child; child = child->next)
        status =
            is(child, "X509Certificate", SIGNATURE) ? add_certificate(r, child->text) : read_key(r, child);
    return status;
}

static enum sp_status read_keys(struct reading *r)
{
    enum sp_status status = SP_OK;
    r->certificates = sp_arena_calloc(r->arena, CERTIFICATES_MAX, sizeof *r->certificates);
    r->idp.certificates = r->certificates;
    if (!r->certificates)
        return sp_error_set(r->err, SP_ENOMEM, NULL, "no memory for idpMetadata");
    for (const struct sp_xml_element *child = r->role->first; status == SP_OK && child; child = child->next) {
        struct sp_str use = sp_xml_attribute(child, "use");
        if (is(child, "KeyDescriptor", METADATA) && (!use.ptr || sp_str_is(use, "signing")))
            status = read_key(r, child);
    }
    return status;
}

/* ---------------------------------------------------------------- all of it */

enum sp_status sp_saml_idp_read(struct sp_str document, const char *file, struct sp_arena *arena,
                                struct sp_saml_idp *ret_idp, struct sp_error *err)
{
    struct reading r = {.arena = arena, .file = file, .err = err};
    struct sp_xml_element *root;
    enum sp_status status = sp_xml_parse(document, file, arena, &limits, &root, err);
    if (status != SP_OK)
        return status;
    find_roles(&r, root);
    if (r.roles != 1)
        return wrong(&r, r.roles ? "it describes several identity providers; leave the one that is meant"
                                 : "it has no IDPSSODescriptor for SAML 2.0");
    r.idp.entity_id = sp_xml_attribute(r.entity, "entityID");
    r.idp.wants_signed = sp_str_is(sp_xml_attribute(r.role, "WantAuthnRequestsSigned"), "true") ||
                         sp_str_is(sp_xml_attribute(r.role, "WantAuthnRequestsSigned"), "1");
    if (!r.idp.entity_id.len || r.idp.entity_id.len > 1024)
        return wrong(&r, "EntityDescriptor has no entityID of 1 to 1024 bytes");
    status = read_endpoints(&r);
    if (status == SP_OK)
        status = read_keys(&r);
    if (status == SP_OK)
        *ret_idp = r.idp;
    return status;
}

enum sp_status sp_saml_idp_load(struct sp_str path, struct sp_arena *arena, struct sp_saml_idp *ret_idp,
                                struct sp_error *err)
{
    struct sp_buf bytes;
    char *name = sp_arena_cstr(arena, path);
    if (!name)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for idpMetadata");
    FILE *file = fopen(name, "re");
    if (!file)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno,
                              "idpMetadata %s cannot be read: it is the metadata of the identity provider",
                              name);
    sp_buf_init(&bytes, SP_SAML_METADATA_MAX);
    char block[16384];
    size_t len;
    while ((len = fread(block, 1, sizeof block, file)) > 0 && sp_buf_append(&bytes, block, len) == SP_OK)
        continue;
    enum sp_status status =
        ferror(file)   ? sp_error_errno(err, SP_EIO, errno, "idpMetadata %s cannot be read", name)
        : bytes.failed ? sp_error_set(err, SP_ELIMIT, NULL, "idpMetadata %s has more than %zu bytes", name,
                                      SP_SAML_METADATA_MAX)
                       : sp_saml_idp_read(sp_buf_str(&bytes), name, arena, ret_idp, err);
    fclose(file);
    sp_buf_finish(&bytes);
    return status;
}
