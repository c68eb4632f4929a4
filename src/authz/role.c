/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/authz.h"

static bool lists(const struct sp_str_list *list, struct sp_str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (sp_str_eq(list->items[i], name))
            return true;
    return false;
}

static const struct sp_cfg_security_role *find_role(const struct sp_config *config)
{
    for (size_t i = 0; config->roles && i < config->roles->role_count; i++)
        if (sp_str_is(config->roles->roles[i].name, SP_AUTHZ_ROLE))
            return &config->roles->roles[i];
    return NULL;
}

static bool holds(const struct sp_cfg_security_role *role, const struct sp_principal *principal)
{
    if (role->everyone)
        return true;
    if (!principal->authenticated)
        return false;
    if (role->all_authenticated || lists(&role->users, principal->name))
        return true;
    for (size_t i = 0; i < principal->groups.count; i++)
        if (lists(&role->groups, principal->groups.items[i]))
            return true;
    return false;
}

enum sp_status sp_authz_role(const struct sp_config *config, const struct sp_principal *principal,
                             struct sp_error *err)
{
    const struct sp_cfg_security_role *role = find_role(config);
    if (!role)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "role " SP_AUTHZ_ROLE " is bound to nobody: add a security-role of that name to "
                            "authorization-roles id=\"zos.connect.access.roles\"");
    if (holds(role, principal))
        return SP_OK;
    if (!principal->authenticated)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "a request without identity does not hold role " SP_AUTHZ_ROLE);
    return sp_error_set(err, SP_EDENIED, NULL, "user %.*s does not hold role " SP_AUTHZ_ROLE,
                        SP_STR_ARG(principal->name));
}
