/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/authz.h"
#include "authz/name_set.h"

struct sp_authz_role {
    bool bound; /* somebody holds it */
    bool everyone, all_authenticated;
    bool claimed_names; /* count as the registry's */
    struct sp_name_set users, groups;
    struct sp_name_set user_ids, group_ids; /* access ids */
};

static const struct sp_cfg_security_role *find_role(const struct sp_config *config)
{
    for (size_t i = 0; config->roles && i < config->roles->role_count; i++)
        if (sp_str_is(config->roles->roles[i].name, SP_AUTHZ_ROLE))
            return &config->roles->roles[i];
    return NULL;
}

/* Each member by its access id when it has one, otherwise by its name. */
static enum sp_status fill(const struct sp_cfg_role_member *members, size_t count, struct sp_arena *arena,
                           struct sp_name_set *names, struct sp_name_set *ids)
{
    enum sp_status status = sp_name_set_init(names, count, arena);
    if (status == SP_OK)
        status = sp_name_set_init(ids, count, arena);
    for (size_t i = 0; status == SP_OK && i < count; i++)
        if (members[i].access_id.len)
            sp_name_set_add(ids, members[i].access_id);
        else
            sp_name_set_add(names, members[i].name);
    return status;
}

enum sp_status sp_authz_role_new(const struct sp_config *config, struct sp_arena *arena,
                                 const struct sp_authz_role **ret_role, struct sp_error *err)
{
    static const struct sp_cfg_security_role nobody;
    const struct sp_cfg_security_role *bound = find_role(config);
    const struct sp_cfg_security_role *from = bound ? bound : &nobody;
    struct sp_authz_role *role = sp_arena_calloc(arena, 1, sizeof *role);
    enum sp_status status = role ? SP_OK : SP_ENOMEM;
    if (status == SP_OK)
        status = fill(from->users, from->user_count, arena, &role->users, &role->user_ids);
    if (status == SP_OK)
        status = fill(from->groups, from->group_count, arena, &role->groups, &role->group_ids);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for role " SP_AUTHZ_ROLE);
    role->bound = bound;
    role->claimed_names = config->manager.claimed_names;
    role->everyone = from->everyone;
    role->all_authenticated = from->all_authenticated;
    *ret_role = role;
    return SP_OK;
}

/* ---------------------------------------------------------------- decisions */

static bool has_id(const struct sp_name_set *ids, struct sp_str type, struct sp_str realm, struct sp_str id)
{
    const struct sp_str parts[] = {type, realm, SP_STR("/"), id};
    return ids->count && realm.len && sp_name_set_has_parts(ids, parts, 4);
}

/* Access ids do not help who takes the registry's realm for his own. */
static bool counts(const struct sp_authz_role *role, bool claimed, bool by_id,
                   const struct sp_principal *principal)
{
    return !claimed || role->claimed_names || (by_id && !principal->claimed_realm);
}

static bool is_member(const struct sp_authz_role *role, const struct sp_principal *principal)
{
    struct sp_str id = principal->unique_id.len ? principal->unique_id : principal->name;
    bool claimed = principal->claimed_name;
    bool by_name = principal->is_mapped || counts(role, claimed, false, principal);
    struct sp_str name = principal->is_mapped ? principal->saf_user : principal->name;
    return (role->users.count && by_name && sp_name_set_has(&role->users, name)) ||
           (counts(role, claimed, true, principal) &&
            has_id(&role->user_ids, SP_STR("user:"), principal->realm, id));
}

static const struct sp_str *shared_group(const struct sp_authz_role *role,
                                         const struct sp_principal *principal)
{
    bool claimed = principal->claimed_groups, by_id = counts(role, claimed, true, principal);
    const struct sp_str *group =
        counts(role, claimed, false, principal) ? sp_name_set_first(&role->groups, &principal->groups) : NULL;
    for (size_t i = 0; !group && by_id && role->group_ids.count && i < principal->groups.count; i++)
        if (has_id(&role->group_ids, SP_STR("group:"), principal->realm, principal->groups.items[i]))
            group = &principal->groups.items[i];
    return group;
}

static bool holds(const struct sp_authz_role *role, const struct sp_principal *principal)
{
    return role->everyone ||
           (principal->authenticated &&
            (role->all_authenticated || is_member(role, principal) || shared_group(role, principal)));
}

enum sp_status sp_authz_role(const struct sp_authz_role *role, const struct sp_principal *principal,
                             struct sp_error *err)
{
    if (holds(role, principal))
        return SP_OK;
    if (!role->bound)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "role " SP_AUTHZ_ROLE " is bound to nobody: add a security-role of that name to "
                            "authorization-roles id=\"zos.connect.access.roles\"");
    if (!principal->authenticated)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "a request without identity does not hold role " SP_AUTHZ_ROLE);
    return sp_error_set(err, SP_EDENIED, NULL, "user %.*s does not hold role " SP_AUTHZ_ROLE "%s",
                        SP_STR_ARG(principal->name),
                        principal->claimed_name && !role->claimed_names
                            ? " (his name is his issuer's word: an access-id counts, see "
                              "sallyport_claimedNames)"
                            : "");
}

struct sp_str sp_authz_role_by(const struct sp_authz_role *role, const struct sp_principal *principal,
                               struct sp_arena *arena)
{
    if (role->everyone)
        return SP_STR("EVERYONE");
    if (!principal->authenticated)
        return (struct sp_str){0};
    if (role->all_authenticated)
        return SP_STR("ALL_AUTHENTICATED_USERS");
    if (is_member(role, principal))
        return sp_arena_printf(arena, "user %.*s",
                               SP_STR_ARG(principal->is_mapped ? principal->saf_user : principal->name));
    const struct sp_str *group = shared_group(role, principal);
    return group ? sp_arena_printf(arena, "group %.*s", SP_STR_ARG(*group)) : (struct sp_str){0};
}
