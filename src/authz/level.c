/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/authz.h"

const struct sp_authz_rules sp_authz_default_rules = {.admin_invokes = false, .per_level = false};

enum level { ADMIN, OPERATIONS, INVOKE, READER, LEVELS };

/* The decision table: which levels grant an action, and whether it is about one item. */
static const struct {
    bool granted_by[LEVELS];
    bool of_item;
} actions[] = {
    /*                     admin operations invoke reader */
    [SP_ACT_INVOKE] = {{false, false, true, false}, true}, /* admin: sp_authz_rules.admin_invokes */
    [SP_ACT_LIST] = {{true, true, false, true}, false},
    [SP_ACT_DETAILS] = {{true, true, false, true}, true},
    [SP_ACT_DEPLOY] = {{true, true, false, false}, false},
    [SP_ACT_UPDATE] = {{true, true, false, false}, true},
    [SP_ACT_STATISTICS] = {{true, true, false, false}, true},
};

static const struct sp_str_list *groups_of(const struct sp_cfg_groups *groups, enum level level)
{
    static const struct sp_str_list none = {NULL, 0};
    if (!groups)
        return &none;
    switch (level) {
    case ADMIN:
        return &groups->admin;
    case OPERATIONS:
        return &groups->operations;
    case INVOKE:
        return &groups->invoke;
    case READER:
        return &groups->reader;
    default:
        return &none;
    }
}

static bool grants(const struct sp_authz_rules *rules, enum level level, enum sp_authz_action action)
{
    return actions[action].granted_by[level] ||
           (rules->admin_invokes && level == ADMIN && action == SP_ACT_INVOKE);
}

static bool shares_group(const struct sp_str_list *a, const struct sp_str_list *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (sp_str_eq(a->items[i], b->items[j]))
                return true;
    return false;
}

/* Whether the item names groups at any level that grants the action. */
static bool item_protects(const struct sp_authz_rules *rules, const struct sp_cfg_groups *item,
                          enum sp_authz_action action)
{
    for (enum level level = ADMIN; level < LEVELS; level++)
        if (grants(rules, level, action) && groups_of(item, level)->count)
            return true;
    return false;
}

static bool permits(const struct sp_authz_rules *rules, const struct sp_cfg_groups *global,
                    const struct sp_cfg_groups *item, enum sp_authz_action action,
                    const struct sp_str_list *member_of)
{
    bool item_alone = item_protects(rules, item, action) && !rules->per_level;
    for (enum level level = ADMIN; level < LEVELS; level++) {
        if (!grants(rules, level, action))
            continue;
        const struct sp_str_list *wanted = groups_of(item, level);
        if (!wanted->count && !item_alone)
            wanted = groups_of(global, level);
        if (shares_group(wanted, member_of))
            return true;
    }
    return false;
}

enum sp_status sp_authz_level_by(const struct sp_authz_rules *rules, const struct sp_cfg_groups *global,
                                 const struct sp_cfg_groups *item, enum sp_authz_action action,
                                 const struct sp_principal *principal, struct sp_error *err)
{
    const struct sp_cfg_groups *looked_at = actions[action].of_item ? item : NULL;
    bool is_somebody = principal->authenticated || principal->saf_user.len;
    if (is_somebody && permits(rules, global, looked_at, action, &principal->groups))
        return SP_OK;
    struct sp_str name = is_somebody ? principal->name : SP_STR("UNAUTHENTICATED");
    return sp_error_set(err, SP_EDENIED, "BAQR0409W", "User %.*s is not authorized to perform the request.",
                        SP_STR_ARG(name));
}

enum sp_status sp_authz_level(const struct sp_cfg_groups *global, const struct sp_cfg_groups *item,
                              enum sp_authz_action action, const struct sp_principal *principal,
                              struct sp_error *err)
{
    return sp_authz_level_by(&sp_authz_default_rules, global, item, action, principal, err);
}
