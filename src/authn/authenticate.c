/* SPDX-License-Identifier: Apache-2.0
 * Which credential counts, and what a client without one is told.
 */
#include <stdlib.h>

#include "authn/authn.h"
#include "authn/basic.h"
#include "authn/guest.h"
#include "authn/identity.h"

#define REALM_MAX 256u

struct sp_authn {
    const struct sp_config *config;
    struct sp_registry *registry;
    struct sp_saf_link *saf;            /* NULL: there is none */
    char challenge[2 * REALM_MAX + 16]; /* value of WWW-Authenticate */
};

/* A quoted-string of RFC 9110; what has no place in one is left out. */
static void write_challenge(struct sp_str realm, char *challenge)
{
    char *at = stpcpy(challenge, "Basic realm=\"");
    for (size_t i = 0; i < realm.len && i < REALM_MAX; i++) {
        unsigned char c = (unsigned char)realm.ptr[i];
        if (c < 0x20 || c == 0x7f)
            continue;
        if (c == '"' || c == '\\')
            *at++ = '\\';
        *at++ = (char)c;
    }
    *at++ = '"';
    *at = 0;
}

static struct sp_str shown_realm(const struct sp_cfg_web_app_security *security,
                                 const struct sp_registry *registry)
{
    if (security->basic_authentication_realm.len)
        return security->basic_authentication_realm;
    return security->display_authentication_realm ? sp_registry_realm(registry) : SP_STR("defaultRealm");
}

enum sp_status sp_authn_new(const struct sp_config *config, struct sp_registry *registry,
                            struct sp_saf_link *saf, struct sp_authn **ret_authn, struct sp_error *err)
{
    struct sp_authn *authn = calloc(1, sizeof *authn);
    if (!authn)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    authn->config = config;
    authn->registry = registry;
    authn->saf = saf;
    write_challenge(shown_realm(&config->web_app_security, registry), authn->challenge);
    *ret_authn = authn;
    return SP_OK;
}

void sp_authn_free(struct sp_authn *authn)
{
    free(authn);
}

/* ---------------------------------------------------------------- a request */

/* The application asks for a client certificate; name and password count where the administrator lets them.
 */
static bool offers_basic_scheme(const struct sp_cfg_web_app_security *security)
{
    struct sp_str basic = SP_STR("BASIC");
    return sp_str_caseless_eq(security->override_method, basic) || security->allow_fail_over_to_basic_auth ||
           sp_str_caseless_eq(security->fail_over_method, basic);
}

static enum sp_status refuse(const struct sp_authn *authn, struct sp_challenge *ret_challenge,
                             enum sp_status status)
{
    *ret_challenge = (struct sp_challenge){.status = 401, .www_authenticate = sp_str_of(authn->challenge)};
    return status;
}

/* By RACMAP: the user id counts from here on, with its own groups. */
static enum sp_status map(const struct sp_authn *authn, struct sp_arena *arena,
                          struct sp_principal *principal, struct sp_error *err)
{
    struct sp_mapped_identity mapped;
    struct sp_str appl = authn->config->saf_credentials.profile_prefix;
    enum sp_status status =
        sp_identity_map(authn->saf, principal->name, principal->realm, appl, arena, &mapped, err);
    if (status != SP_OK || !mapped.saf_user.len)
        return status;
    if (mapped.outcome == SP_SAF_NO_APPL)
        return sp_error_set(err, SP_EDENIED, SP_REGISTRY_NO_APPL,
                            "%.*s is mapped to user %.*s, who may not use the application %.*s",
                            SP_STR_ARG(principal->name), SP_STR_ARG(mapped.saf_user), SP_STR_ARG(appl));
    if (mapped.outcome != SP_SAF_VERIFIED)
        return sp_error_set(
            err, SP_EDENIED, SP_REGISTRY_NOT_VERIFIED,
            "%.*s is mapped to user %.*s, who is not defined, is revoked or may not log on now",
            SP_STR_ARG(principal->name), SP_STR_ARG(mapped.saf_user));
    principal->saf_user = mapped.saf_user;
    principal->groups = mapped.groups;
    return SP_OK;
}

static enum sp_status describe(const struct sp_authn *authn, const struct sp_registry_user *user,
                               struct sp_arena *arena, struct sp_principal *ret_principal,
                               struct sp_error *err)
{
    struct sp_principal principal = {
        .scheme = SP_AUTHN_BASIC,
        .authenticated = true,
        .name = user->name,
        .realm = sp_registry_realm(authn->registry),
        .groups = user->groups,
    };
    enum sp_status status = SP_OK;
    if (user->is_saf)
        principal.saf_user = user->name;
    else if (authn->config->saf_credentials.map_distributed_identities && authn->saf)
        status = map(authn, arena, &principal, err);
    else
        status = sp_saf_user_from(user->name, arena, &principal.saf_user);
    if (status == SP_OK)
        *ret_principal = principal;
    return status;
}

/* Known, but not let in: the request may no more than one without credentials. `err` stays as it is. */
static enum sp_status go_on_as_guest(const struct sp_authn *authn, struct sp_arena *arena,
                                     struct sp_principal *ret_principal, struct sp_error *err)
{
    struct sp_principal principal;
    enum sp_status status = sp_guest_take(authn->config, authn->saf, arena, &principal);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for a principal");
    principal.demoted = true;
    *ret_principal = principal;
    return SP_OK;
}

static enum sp_status log_in(struct sp_authn *authn, struct sp_str authorization, struct sp_arena *arena,
                             struct sp_principal *ret_principal, struct sp_challenge *ret_challenge,
                             struct sp_error *err)
{
    struct sp_basic_credentials credentials;
    enum sp_status status = sp_basic_read(authorization, &credentials, err);
    if (status != SP_OK)
        return refuse(authn, ret_challenge, status);
    struct sp_registry_user user;
    status = io_registry_verify(authn->registry, credentials.name, credentials.password, arena, &user, err);
    sp_basic_wipe(&credentials);
    if (status == SP_OK)
        status = describe(authn, &user, arena, ret_principal, err);
    if (status == SP_EDENIED && strcmp(err->id, SP_REGISTRY_NO_APPL) == 0)
        status = go_on_as_guest(authn, arena, ret_principal, err);
    if (status == SP_EDENIED)
        return refuse(authn, ret_challenge, status);
    if (status != SP_OK)
        *ret_challenge = (struct sp_challenge){.status = 503};
    return status;
}

/* No credential of a scheme that is on offer. */
static enum sp_status anonymous(const struct sp_authn *authn, bool offers_basic, bool had_credential,
                                struct sp_challenge *ret_challenge, struct sp_error *err)
{
    if (!offers_basic) {
        *ret_challenge = (struct sp_challenge){.status = 403};
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "a client certificate is asked for and there is none; name and password are taken "
            "only with webAppSecurity allowFailOverToBasicAuth=\"true\" or "
            "overrideHttpAuthMethod=\"BASIC\"");
    }
    sp_error_set(err, SP_EDENIED, NULL,
                 had_credential ? "the Authorization header is not of scheme Basic"
                                : "the request carries no credentials");
    return refuse(authn, ret_challenge, SP_EDENIED);
}

enum sp_status io_authn_run(struct sp_authn *authn, const struct sp_http_request *request, bool required,
                            struct sp_arena *arena, struct sp_principal *ret_principal,
                            struct sp_challenge *ret_challenge, struct sp_error *err)
{
    if (authn->saf)
        io_saf_link_open(authn->saf);
    bool offers_basic = offers_basic_scheme(&authn->config->web_app_security);
    size_t count = sp_http_header_count(request, "Authorization");
    if (count > 1) {
        sp_error_set(err, SP_ESYNTAX, NULL, "the request has %zu Authorization headers", count);
        return refuse(authn, ret_challenge, SP_ESYNTAX);
    }
    struct sp_str authorization = sp_http_header_get(request, "Authorization");
    bool is_basic = sp_basic_is(authorization) || sp_str_caseless_eq(authorization, SP_STR("Basic"));
    if (offers_basic && is_basic)
        return log_in(authn, authorization, arena, ret_principal, ret_challenge, err);
    if (required)
        return anonymous(authn, offers_basic, count == 1, ret_challenge, err);
    enum sp_status status = sp_guest_take(authn->config, authn->saf, arena, ret_principal);
    return status == SP_OK ? SP_OK : sp_error_set(err, status, NULL, "no memory for a principal");
}
