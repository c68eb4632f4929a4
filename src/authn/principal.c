/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/principal.h"

#include <stdio.h>

#include "authn/claims.h"
#include "authn/identity.h"
#include "authn/message.h"
#include "authn/remembered.h"

/* What an issuer claims is compared with what the registry knows. */
static bool could_ask_registry(const struct sp_config *config)
{
    return config->basic_registry || config->ldap_registry_count || config->saf_registry_count;
}

/* Nobody has mapped the identity. */
static enum sp_status go_on_unmapped(const struct sp_authn_attempt *attempt,
                                     const struct sp_principal *principal, struct sp_error *err)
{
    if (attempt->parts->config->authentication.unmapped_identity == SP_CFG_UNMAPPED_DISTRIBUTED)
        return SP_OK;
    return sp_error_set(err, SP_EDENIED, SP_MSG_NOT_MAPPED,
                        "no distributed identity filter maps %.*s of realm %.*s to a user id (RACMAP)",
                        SP_STR_ARG(principal->name), SP_STR_ARG(principal->realm));
}

/* By the distinguished name where the registry gave one, else, or when nothing maps that, by the name. */
static enum sp_status find_mapping(const struct sp_authn_attempt *attempt,
                                   const struct sp_principal *principal,
                                   struct sp_mapped_identity *ret_mapped, struct sp_error *err)
{
    const struct sp_authn_parts *parts = attempt->parts;
    struct sp_str appl = parts->config->saf_credentials.profile_prefix;
    bool has_dn = sp_str_find(principal->unique_id, '=') < principal->unique_id.len &&
                  !sp_str_eq(principal->unique_id, principal->name);
    enum sp_status status = SP_OK;
    if (has_dn)
        status = sp_identity_map(parts->saf, principal->unique_id, principal->realm, appl, attempt->arena,
                                 ret_mapped, err);
    if (status != SP_OK || (has_dn && ret_mapped->saf_user.len))
        return status;
    return sp_identity_map(parts->saf, principal->name, principal->realm, appl, attempt->arena, ret_mapped,
                           err);
}

/* By RACMAP: the user id counts from here on, with its own groups. */
static enum sp_status map(const struct sp_authn_attempt *attempt, struct sp_principal *principal,
                          struct sp_error *err)
{
    struct sp_mapped_identity mapped;
    struct sp_str appl = attempt->parts->config->saf_credentials.profile_prefix;
    enum sp_status status = find_mapping(attempt, principal, &mapped, err);
    if (status != SP_OK)
        return status;
    if (!mapped.saf_user.len)
        return go_on_unmapped(attempt, principal, err);
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
    principal->is_mapped = true;
    principal->claimed_groups = false;
    return SP_OK;
}

/* The registry's word counts. */
static void take_user(const struct sp_authn_attempt *attempt, const struct sp_registry_user *user,
                      struct sp_principal *principal)
{
    principal->name = user->name;
    principal->unique_id = user->unique_id;
    principal->realm = sp_registry_realm(attempt->parts->registry);
    principal->groups = user->groups;
    principal->registry = user->registry;
}

/* The registry is asked once, not with each request of the same credential. */
static enum sp_status io_look_up(const struct sp_authn_attempt *attempt, const struct sp_assertion *assertion,
                                 struct sp_registry_user *ret_user, struct sp_error *err)
{
    const struct sp_authn_parts *parts = attempt->parts;
    struct sp_cache_key key;
    if (parts->caches) {
        key = sp_remembered_key(parts, "find", assertion->name, SP_STR(""));
        if (sp_remembered_user(parts, key, attempt->arena, ret_user))
            return SP_OK;
    }
    enum sp_status status = io_registry_find(parts->registry, assertion->name, attempt->arena, ret_user, err);
    if (status == SP_OK && parts->caches)
        sp_remember_user(parts, key, assertion->expires_us, ret_user);
    if (status == SP_ENOTFOUND && !err->id[0])
        snprintf(err->id, sizeof err->id, "%s", SP_MSG_USER_UNKNOWN);
    return status;
}

static enum sp_status find_user_id(const struct sp_authn_attempt *attempt,
                                   const struct sp_assertion *assertion, bool is_saf,
                                   struct sp_principal *principal, struct sp_error *err)
{
    const struct sp_authn_parts *parts = attempt->parts;
    if (is_saf) {
        principal->saf_user = principal->name;
        return SP_OK;
    }
    if (parts->config->saf_credentials.map_distributed_identities && parts->saf)
        return map(attempt, principal, err);
    /* A name that an issuer claims is no user id of ours. */
    if (sp_assertion_is_claimed(assertion))
        return SP_OK;
    return sp_saf_user_from(principal->name, attempt->arena, &principal->saf_user);
}

enum sp_status io_principal_make(const struct sp_authn_attempt *attempt,
                                 const struct sp_authn_provider *provider,
                                 const struct sp_assertion *assertion, struct sp_principal *ret_principal,
                                 struct sp_error *err)
{
    struct sp_principal principal = {
        .scheme = assertion->scheme,
        .strength = assertion->strength,
        .authenticated = true,
        .name = assertion->name,
        .realm = assertion->realm,
        .unique_id = assertion->unique_id.len ? assertion->unique_id : assertion->name,
        .provider = provider->id,
        .original_name = assertion->name,
        .original_realm = assertion->realm,
        .groups = assertion->groups,
        .claims_json = assertion->claims_json,
        .claims = sp_claims_new(assertion->claims_json, attempt->arena),
        .scopes = assertion->scopes,
        .expires_us = assertion->expires_us,
    };
    struct sp_registry_user user = assertion->user;
    principal.claimed_name = sp_assertion_is_claimed(assertion) && could_ask_registry(attempt->parts->config);
    principal.claimed_groups = principal.claimed_name && assertion->kind != SP_ASSERT_GROUPS;
    principal.claimed_realm = principal.claimed_name && attempt->parts->registry &&
                              sp_str_eq(principal.realm, sp_registry_realm(attempt->parts->registry));
    enum sp_status status = SP_OK;
    bool is_saf = assertion->is_saf;
    if (assertion->kind == SP_ASSERT_LOOK_UP)
        status = io_look_up(attempt, assertion, &user, err);
    if (status == SP_OK && !sp_assertion_is_claimed(assertion)) {
        take_user(attempt, &user, &principal);
        is_saf = user.is_saf;
    }
    if (status == SP_OK)
        status = find_user_id(attempt, assertion, is_saf, &principal, err);
    if (status == SP_OK)
        *ret_principal = principal;
    return status;
}
