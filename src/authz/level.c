/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/authz.h"
#include "authz/name_set.h"

const struct sp_authz_rules sp_authz_default_rules = {.admin_invokes = false};

struct sp_authz_rules sp_authz_rules_of(const struct sp_config *config)
{
    return (struct sp_authz_rules){
        .admin_invokes = config->manager.admin_invokes,
        .per_level = config->manager.group_override == SP_CFG_OVERRIDE_LEVEL,
        .filter_all_lists = config->manager.filter_lists == SP_CFG_FILTER_ALL,
        .claimed_names = config->manager.claimed_names,
    };
}

/* ---------------------------------------------------------------- the decision table */

#define API_BIT (1u << SP_OBJECT_API)
#define SERVICE_BIT (1u << SP_OBJECT_SERVICE)
#define REQUESTER_BIT (1u << SP_OBJECT_REQUESTER)
#define SERVER_BIT (1u << SP_OBJECT_SERVER)
#define ITEM_BITS (API_BIT | SERVICE_BIT | REQUESTER_BIT)

/* Functions that the same groups may do have one set in struct sp_authz_access. */
enum function { INVOKE, READ, MANAGE, FUNCTIONS };

static const bool granted_by[FUNCTIONS][SP_AUTHORITIES] = {
    /*          admin operations invoke reader */
    [INVOKE] = {false, false, true, false}, /* admin: sp_authz_rules.admin_invokes */
    [READ] = {true, true, false, true},
    [MANAGE] = {true, true, false, false},
};

static const struct {
    const char *name;
    enum function function;
    bool of_item;
    unsigned objects;
} actions[SP_ACTIONS] = {
    [SP_ACT_INVOKE] = {"invoke", INVOKE, true, ITEM_BITS},
    [SP_ACT_LIST] = {"list", READ, false, ITEM_BITS | SERVER_BIT},
    [SP_ACT_DETAILS] = {"details", READ, true, ITEM_BITS},
    [SP_ACT_DOCUMENT] = {"document", READ, true, API_BIT | SERVICE_BIT | SERVER_BIT},
    [SP_ACT_DEPLOY] = {"deploy", MANAGE, false, ITEM_BITS | SERVER_BIT},
    [SP_ACT_UPDATE] = {"update", MANAGE, true, ITEM_BITS},
    [SP_ACT_START] = {"start", MANAGE, true, ITEM_BITS},
    [SP_ACT_STOP] = {"stop", MANAGE, true, ITEM_BITS},
    [SP_ACT_DELETE] = {"delete", MANAGE, true, ITEM_BITS},
    [SP_ACT_STATISTICS] = {"statistics", MANAGE, true, SERVICE_BIT | SERVER_BIT},
};

const char *sp_authority_name(enum sp_authority level)
{
    static const char *const names[] = {"admin", "operations", "invoke", "reader"};
    return names[level];
}

const char *sp_authz_action_name(enum sp_authz_action action)
{
    return actions[action].name;
}

bool sp_authz_action_named(struct sp_str name, enum sp_authz_action *ret_action)
{
    for (enum sp_authz_action action = 0; action < SP_ACTIONS; action++)
        if (sp_str_is(name, actions[action].name)) {
            *ret_action = action;
            return true;
        }
    return false;
}

static bool function_granted(const struct sp_authz_rules *rules, enum sp_authority level,
                             enum function function)
{
    return granted_by[function][level] ||
           (rules->admin_invokes && level == SP_AUTHORITY_ADMIN && function == INVOKE);
}

bool sp_authz_grants(const struct sp_authz_rules *rules, enum sp_authority level, enum sp_authz_action action)
{
    return function_granted(rules, level, actions[action].function);
}

bool sp_authz_is_of_item(enum sp_authz_action action)
{
    return actions[action].of_item;
}

bool sp_authz_has_action(enum sp_authz_object kind, enum sp_authz_action action)
{
    return actions[action].objects & 1u << kind;
}

/* ---------------------------------------------------------------- the access to one object */

struct sp_authz_access {
    struct sp_authz_rules rules;
    enum sp_authz_object kind;
    const struct sp_cfg_groups *global, *item;   /* item NULL: none */
    struct sp_name_set of_item[FUNCTIONS];       /* for functions of the item */
    struct sp_name_set of_collection[FUNCTIONS]; /* for those that have none */
    struct sp_name_set own_readers;              /* the item's alone */
    bool filtered;                               /* lists show it to own_readers only */
};

static const struct sp_str_list *groups_of(const struct sp_cfg_groups *groups, enum sp_authority level)
{
    static const struct sp_str_list none = {NULL, 0};
    if (!groups)
        return &none;
    switch (level) {
    case SP_AUTHORITY_ADMIN:
        return &groups->admin;
    case SP_AUTHORITY_OPERATIONS:
        return &groups->operations;
    case SP_AUTHORITY_INVOKE:
        return &groups->invoke;
    case SP_AUTHORITY_READER:
        return &groups->reader;
    default:
        return &none;
    }
}

static size_t groups_at_levels(const struct sp_authz_rules *rules, const struct sp_cfg_groups *groups,
                               enum function function)
{
    size_t count = 0;
    for (enum sp_authority level = 0; level < SP_AUTHORITIES; level++)
        if (function_granted(rules, level, function))
            count += groups_of(groups, level)->count;
    return count;
}

/* The groups at one level that count for a function; `*ret_of_item`: they are the item's. */
static const struct sp_str_list *wanted(const struct sp_authz_access *access,
                                        const struct sp_cfg_groups *item, enum function function,
                                        enum sp_authority level, bool *ret_of_item)
{
    static const struct sp_str_list none = {NULL, 0};
    *ret_of_item = false;
    if (!function_granted(&access->rules, level, function))
        return &none;
    const struct sp_str_list *own = groups_of(item, level);
    *ret_of_item =
        own->count || (!access->rules.per_level && groups_at_levels(&access->rules, item, function));
    return *ret_of_item ? own : groups_of(access->global, level);
}

static enum sp_status fill(const struct sp_authz_access *access, const struct sp_cfg_groups *item,
                           enum function function, struct sp_arena *arena, struct sp_name_set *set)
{
    bool of_item;
    size_t most = 0;
    for (enum sp_authority level = 0; level < SP_AUTHORITIES; level++)
        most += wanted(access, item, function, level, &of_item)->count;
    enum sp_status status = sp_name_set_init(set, most, arena);
    for (enum sp_authority level = 0; status == SP_OK && level < SP_AUTHORITIES; level++)
        sp_name_set_add_all(set, wanted(access, item, function, level, &of_item));
    return status;
}

static enum sp_status fill_own_readers(struct sp_authz_access *access, struct sp_arena *arena)
{
    size_t most = groups_at_levels(&access->rules, access->item, READ);
    enum sp_status status = sp_name_set_init(&access->own_readers, most, arena);
    for (enum sp_authority level = 0; status == SP_OK && level < SP_AUTHORITIES; level++)
        if (function_granted(&access->rules, level, READ))
            sp_name_set_add_all(&access->own_readers, groups_of(access->item, level));
    return status;
}

enum sp_status sp_authz_access_new(const struct sp_authz_access_options *options, struct sp_arena *arena,
                                   const struct sp_authz_access **ret_access, struct sp_error *err)
{
    struct sp_authz_access *access = sp_arena_calloc(arena, 1, sizeof *access);
    enum sp_status status = access ? SP_OK : SP_ENOMEM;
    if (access) {
        access->rules = options->rules ? *options->rules : sp_authz_default_rules;
        access->kind = options->kind;
        access->global = options->global;
        access->item = options->item;
        status = fill_own_readers(access, arena);
    }
    for (enum function function = 0; status == SP_OK && function < FUNCTIONS; function++) {
        status = fill(access, access->item, function, arena, &access->of_item[function]);
        if (status == SP_OK)
            status = fill(access, NULL, function, arena, &access->of_collection[function]);
    }
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for groups");
    access->filtered = options->own_check && access->own_readers.count &&
                       (options->kind == SP_OBJECT_SERVICE || access->rules.filter_all_lists);
    *ret_access = access;
    return SP_OK;
}

/* ---------------------------------------------------------------- decisions */

const struct sp_str_list *sp_authz_groups_of(const struct sp_principal *principal)
{
    static const struct sp_str_list none = {NULL, 0};
    return principal->authenticated || principal->saf_user.len ? &principal->groups : &none;
}

const struct sp_str_list *sp_authz_counted(const struct sp_authz_access *access,
                                           const struct sp_principal *principal)
{
    static const struct sp_str_list none = {NULL, 0};
    return principal->claimed_groups && !access->rules.claimed_names ? &none : sp_authz_groups_of(principal);
}

enum sp_status sp_authz_level(const struct sp_authz_access *access, enum sp_authz_action action,
                              const struct sp_principal *principal, struct sp_error *err)
{
    const struct sp_name_set *sets = actions[action].of_item ? access->of_item : access->of_collection;
    if (sp_name_set_first(&sets[actions[action].function], sp_authz_counted(access, principal)))
        return SP_OK;
    bool is_somebody = principal->authenticated || principal->saf_user.len;
    struct sp_str name = principal->name.len ? principal->name : principal->saf_user;
    if (!is_somebody || !name.len)
        name = SP_STR("UNAUTHENTICATED");
    return sp_error_set(err, SP_EDENIED, "BAQR0409W", "User %.*s is not authorized to perform the request.",
                        SP_STR_ARG(name));
}

bool sp_authz_is_listed(const struct sp_authz_access *access, const struct sp_principal *principal)
{
    return !access->filtered || sp_name_set_first(&access->own_readers, sp_authz_counted(access, principal));
}

enum sp_status sp_authz_ways(const struct sp_authz_access *access, enum sp_authz_action action,
                             struct sp_arena *arena, const struct sp_authz_grant **ret_grants,
                             size_t *ret_count)
{
    const struct sp_cfg_groups *item = actions[action].of_item ? access->item : NULL;
    enum function function = actions[action].function;
    bool of_item;
    size_t most = 0, count = 0;
    for (enum sp_authority level = 0; level < SP_AUTHORITIES; level++)
        most += wanted(access, item, function, level, &of_item)->count;
    struct sp_authz_grant *grants = sp_arena_calloc(arena, most, sizeof *grants);
    if (!grants)
        return SP_ENOMEM;
    for (int own = 1; own >= 0; own--)
        for (enum sp_authority level = 0; level < SP_AUTHORITIES; level++) {
            const struct sp_str_list *groups = wanted(access, item, function, level, &of_item);
            for (size_t i = 0; of_item == (own == 1) && i < groups->count; i++)
                grants[count++] = (struct sp_authz_grant){level, of_item, groups->items[i]};
        }
    *ret_grants = grants;
    *ret_count = count;
    return SP_OK;
}
