/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_subject.h"

#include "authn/caches.h"

enum sp_saml_mapping sp_saml_mapping_of(const struct sp_cfg_saml *config)
{
    if (sp_str_caseless_eq(config->map_to_user_registry, SP_STR("User")))
        return SP_SAML_MAP_USER;
    return sp_str_caseless_eq(config->map_to_user_registry, SP_STR("Group")) ? SP_SAML_MAP_GROUPS
                                                                             : SP_SAML_MAP_NONE;
}

/* SP_EEXISTS when it was claimed before. */
static enum sp_status claim(const struct sp_authn_attempt *attempt, const struct sp_str parts[3],
                            int64_t until_us, struct sp_error *err)
{
    struct sp_shared_cache *replays = attempt->parts->caches ? attempt->parts->caches->replays : NULL;
    if (!replays)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "there is no memory of assertions that were used");
    enum sp_status status =
        sp_shared_cache_claim(replays, sp_shared_cache_key(replays, parts, 3), attempt->now_us, until_us);
    return status == SP_OK || status == SP_EEXISTS
               ? status
               : sp_error_set(err, SP_EUNAVAIL, NULL,
                              "the memory of assertions that were used is full or busy");
}

enum sp_status sp_saml_use_once(const struct sp_cfg_saml *config, const struct sp_authn_attempt *attempt,
                                const struct sp_saml_facts *facts, struct sp_error *err)
{
    const struct sp_str parts[] = {SP_STR("saml"), facts->issuer, facts->id};
    int64_t until_us = attempt->now_us + config->replay_us;
    enum sp_status status =
        claim(attempt, parts, until_us < facts->expires_us ? facts->expires_us : until_us, err);
    return status == SP_EEXISTS
               ? sp_error_set(err, SP_EDENIED, NULL, "SAML: the assertion %.*s was used before, and %s",
                              SP_STR_ARG(facts->id),
                              facts->one_time ? "is for one use only" : "each is taken once here")
               : status;
}

enum sp_status sp_saml_answer_once(const struct sp_cfg_saml *config, const struct sp_authn_attempt *attempt,
                                   struct sp_str request_id, int64_t until_us, struct sp_error *err)
{
    const struct sp_str parts[] = {SP_STR("saml request"), config->id, request_id};
    enum sp_status status = claim(attempt, parts, until_us, err);
    return status == SP_EEXISTS
               ? sp_error_set(err, SP_EDENIED, NULL,
                              "SAML response: the request that it answers was answered before (InResponseTo)")
               : status;
}

/* Those that the registry knows, as it spells them; the others count for nothing. */
static enum sp_status io_map_groups(struct sp_authn_attempt *attempt, const struct sp_str_list *from,
                                    struct sp_str_list *ret_groups, struct sp_error *err)
{
    struct sp_str *groups = sp_arena_calloc(attempt->arena, from->count + 1, sizeof *groups);
    size_t count = 0;
    if (!groups)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for groups");
    for (size_t i = 0; i < from->count; i++) {
        enum sp_status status = io_registry_find_group(attempt->parts->registry, from->items[i],
                                                       attempt->arena, &groups[count], err);
        if (status == SP_OK)
            count++;
        else if (status != SP_ENOTFOUND)
            return status;
    }
    *ret_groups = (struct sp_str_list){groups, count};
    return SP_OK;
}

enum sp_status io_saml_subject(const struct sp_cfg_saml *config, struct sp_authn_attempt *attempt,
                               const struct sp_saml_facts *facts, struct sp_assertion *ret_assertion,
                               struct sp_error *err)
{
    enum sp_saml_mapping mapping = sp_saml_mapping_of(config);
    struct sp_assertion assertion = {
        .kind = mapping == SP_SAML_MAP_USER ? SP_ASSERT_LOOK_UP : SP_ASSERT_CLAIMED,
        .scheme = SP_AUTHN_SAML,
        .strength = facts->is_bound ? SP_STRENGTH_POSSESSION : SP_STRENGTH_BEARER,
        .name = facts->user,
        .realm = facts->realm,
        .unique_id = facts->unique_id,
        .groups = facts->groups,
        .expires_us = facts->expires_us,
        .gives_sso = !config->disable_ltpa_cookie,
    };
    enum sp_status status = SP_OK;
    if (mapping == SP_SAML_MAP_GROUPS) {
        status = io_map_groups(attempt, &facts->groups, &assertion.groups, err);
        assertion.realm = sp_registry_realm(attempt->parts->registry);
        assertion.kind = SP_ASSERT_GROUPS;
    }
    if (status == SP_OK)
        *ret_assertion = assertion;
    return status;
}
