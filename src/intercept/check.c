/* SPDX-License-Identifier: Apache-2.0
 * What is written about interceptors and groups, and would not do what its writer expects.
 */
#include <stdio.h>

#include "config/place.h"
#include "intercept/intercept.h"
#include "intercept/message.h"

#define TEXT_MAX 1024

struct check {
    const struct sp_config *config;
    struct sp_problems *problems;
};

/* Of what is written in the element whose structure is at `element`. */
static SP_PRINTF(4, 5) void warn(const struct check *check, const char *id, const void *element,
                                 const char *fmt, ...)
{
    const struct sp_config_place at = sp_config_place_of(check->config, element);
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    sp_problem_add(check->problems, SP_PROBLEM_WARNING, id, at.file, at.line, at.column, "%s", text);
}

static bool names(const struct sp_cfg_interceptor_list *list, const struct sp_cfg_interceptor *interceptor)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i] == interceptor)
            return true;
    return false;
}

static bool has_authorization(const struct sp_cfg_interceptor_list *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i]->kind == SP_CFG_AUTHORIZATION)
            return true;
    return false;
}

static bool has_groups(const struct sp_cfg_groups *groups)
{
    return groups->admin.count || groups->operations.count || groups->invoke.count || groups->reader.count;
}

/* ---------------------------------------------------------------- interceptors and lists */

static bool directory_names_list(const struct sp_cfg_directory *directory,
                                 const struct sp_cfg_interceptor_list *list)
{
    for (size_t i = 0; i < directory->item_count; i++)
        if (directory->items[i].interceptors == list)
            return true;
    return false;
}

static bool is_used(const struct sp_config *config, const struct sp_cfg_interceptor_list *list)
{
    return config->manager.global_interceptors == list || directory_names_list(&config->apis, list) ||
           directory_names_list(&config->services, list) ||
           directory_names_list(&config->api_requesters, list);
}

static const char *element_of(const struct sp_cfg_interceptor *interceptor)
{
    static const char *const elements[] = {
        [SP_CFG_AUTHORIZATION] = "zosconnect_authorizationInterceptor",
        [SP_CFG_AUDIT] = "zosconnect_auditInterceptor",
        [SP_CFG_FILE_LOGGER] = "zosconnect_fileSystemLoggerInterceptor",
        [SP_CFG_PLUGIN] = "sallyport_pluginInterceptor",
    };
    return elements[interceptor->kind];
}

static void check_interceptors(const struct check *check)
{
    const struct sp_config *config = check->config;
    for (size_t i = 0; i < config->interceptor_count; i++) {
        const struct sp_cfg_interceptor *interceptor = &config->interceptors[i];
        bool named = false;
        for (size_t n = 0; n < config->interceptor_list_count; n++)
            named |= names(&config->interceptor_lists[n], interceptor);
        if (!named)
            warn(check, SP_MSG_INTERCEPTOR_UNUSED, interceptor,
                 "%s id=\"%.*s\" never runs: no zosconnect_zosConnectInterceptors names it as its "
                 "interceptorRef",
                 element_of(interceptor), SP_STR_ARG(interceptor->id));
    }
    for (size_t n = 0; n < config->interceptor_list_count; n++)
        if (!is_used(config, &config->interceptor_lists[n]))
            warn(check, SP_MSG_INTERCEPTOR_LIST_UNUSED, &config->interceptor_lists[n],
                 "zosconnect_zosConnectInterceptors id=\"%.*s\" never runs: neither "
                 "globalInterceptorsRef of zosconnect_zosConnectManager nor an interceptorsRef names "
                 "it",
                 SP_STR_ARG(config->interceptor_lists[n].id));
}

/* ---------------------------------------------------------------- groups */

static void check_item(const struct check *check, const char *element, const struct sp_cfg_item *item)
{
    const struct sp_cfg_interceptor_list *global = check->config->manager.global_interceptors;
    bool own = has_authorization(item->interceptors);
    bool checked = own || (item->run_global_interceptors && has_authorization(global));
    if (!checked && has_groups(&item->groups))
        warn(check, SP_MSG_GROUPS_UNCHECKED, item,
             "the groups of %s name=\"%.*s\" protect nothing: no authorization interceptor runs for "
             "it",
             element, SP_STR_ARG(item->name));
    else if (!checked && has_authorization(global))
        warn(check, SP_MSG_AUTHORIZATION_OPTED_OUT, item,
             "%s name=\"%.*s\" is open to every holder of the role: runGlobalInterceptors=\"false\" "
             "switches authorization off, and no list of its own has it",
             element, SP_STR_ARG(item->name));
}

static void check_directory(const struct check *check, const char *element,
                            const struct sp_cfg_directory *directory)
{
    for (size_t i = 0; i < directory->item_count; i++)
        check_item(check, element, &directory->items[i]);
}

static bool any_item_is_checked(const struct sp_cfg_directory *directory)
{
    for (size_t i = 0; i < directory->item_count; i++)
        if (has_authorization(directory->items[i].interceptors))
            return true;
    return false;
}

static void check_manager(const struct check *check)
{
    const struct sp_config *config = check->config;
    bool global = has_authorization(config->manager.global_interceptors);
    if (has_groups(&config->manager.groups) && !global && !any_item_is_checked(&config->apis) &&
        !any_item_is_checked(&config->services) && !any_item_is_checked(&config->api_requesters))
        warn(check, SP_MSG_GROUPS_UNCHECKED, &config->manager,
             "the groups of zosconnect_zosConnectManager protect nothing: no authorization "
             "interceptor is in a list that runs");
    if (global && !has_groups(&config->manager.groups))
        warn(check, SP_MSG_LEVELS_WITHOUT_GROUPS, &config->manager,
             "an authorization interceptor runs for everything, and zosconnect_zosConnectManager "
             "names no groups: nobody may do anything but what elements of their own permit");
}

void sp_intercept_check(const struct sp_config *config, struct sp_problems *problems)
{
    const struct check check = {config, problems};
    check_interceptors(&check);
    check_manager(&check);
    check_directory(&check, "zosConnectAPI", &config->apis);
    check_directory(&check, "service", &config->services);
    check_directory(&check, "apiRequester", &config->api_requesters);
}
