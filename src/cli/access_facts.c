/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/access_facts.h"

#include "authn/claims.h"
#include "authn/guest.h"
#include "authn/principal.h"
#include "cli/access_deployed.h"
#include "io/fiber.h"
#include "io/loop.h"

#define MEMORY_MAX ((size_t)1 << 30)

/* ---------------------------------------------------------------- what is deployed */

static const struct sp_cfg_interceptor *authorization_in(const struct sp_cfg_interceptor_list *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i]->kind == SP_CFG_AUTHORIZATION)
            return list->items[i];
    return NULL;
}

static const struct sp_cfg_directory *directory_of(const struct sp_config *config, enum sp_authz_object kind)
{
    switch (kind) {
    case SP_OBJECT_API:
        return &config->apis;
    case SP_OBJECT_SERVICE:
        return &config->services;
    case SP_OBJECT_REQUESTER:
        return &config->api_requesters;
    default:
        return NULL;
    }
}

static enum sp_status add_object(struct sp_access_facts *facts, enum sp_authz_object kind, struct sp_str name,
                                 struct sp_error *err)
{
    const struct sp_config *config = facts->config;
    const struct sp_cfg_directory *directory = directory_of(config, kind);
    const struct sp_cfg_item *item = directory ? sp_config_item(directory, name) : NULL;
    const struct sp_authz_rules rules = sp_authz_rules_of(config);
    const struct sp_cfg_interceptor *own = item ? authorization_in(item->interceptors) : NULL;
    struct sp_access_object *object = &facts->objects[facts->object_count];
    const struct sp_authz_access_options options = {.rules = &rules,
                                                    .kind = kind,
                                                    .global = &config->manager.groups,
                                                    .item = item ? &item->groups : NULL,
                                                    .own_check = own};
    *object = (struct sp_access_object){.kind = kind, .name = name};
    sp_authz_demands(config, kind, item, &object->demands);
    if (item && item->required_scopes.count) {
        object->scopes = item->required_scopes;
        object->demands.auth = true; /* who nobody knows has none */
        object->demands.auth_from = "sallyport_requiredScopes";
    }
    object->check = own;
    if (!own && (!item || item->run_global_interceptors))
        object->check = authorization_in(config->manager.global_interceptors);
    facts->object_count++;
    return sp_authz_access_new(&options, &facts->arena, &object->access, err);
}

static enum sp_status add_objects(struct sp_access_facts *facts, enum sp_authz_object kind,
                                  const struct sp_str_list *names, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < names->count; i++)
        status = add_object(facts, kind, names->items[i], err);
    return status;
}

static enum sp_status read_deployed(struct sp_access_facts *facts, struct sp_error *err)
{
    struct sp_access_names names;
    enum sp_status status =
        sp_access_deployed_read(facts->config, &facts->arena, &facts->problems, &names, err);
    if (status != SP_OK)
        return status;
    size_t count = 1 + names.apis.count + names.services.count + names.requesters.count;
    facts->objects = sp_arena_calloc(&facts->arena, count, sizeof *facts->objects);
    if (!facts->objects)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory");
    status = add_object(facts, SP_OBJECT_SERVER, SP_STR(""), err);
    if (status == SP_OK)
        status = add_objects(facts, SP_OBJECT_API, &names.apis, err);
    if (status == SP_OK)
        status = add_objects(facts, SP_OBJECT_SERVICE, &names.services, err);
    return status == SP_OK ? add_objects(facts, SP_OBJECT_REQUESTER, &names.requesters, err) : status;
}

/* ---------------------------------------------------------------- the whole */

enum sp_status sp_access_facts_read(const char *config_dir, const char *output_dir,
                                    struct sp_access_facts *facts, struct sp_error *err)
{
    const struct sp_config_options options = {.config_dir = config_dir, .output_dir = output_dir};
    struct sp_error problem = SP_ERROR_INIT;
    sp_problems_init(&facts->problems);
    sp_arena_init(&facts->arena, MEMORY_MAX);
    enum sp_status status = sp_config_load(&options, &facts->problems, &facts->config, err);
    if (status == SP_OK && sp_saf_link_is_wanted(facts->config))
        status = sp_saf_link_new(facts->config, &facts->saf, &problem, err);
    if (status == SP_OK && problem.status != SP_OK) {
        *err = problem;
        status = problem.status;
    }
    if (status == SP_OK)
        status = sp_registry_new(facts->config, facts->saf, NULL, &facts->registry, err);
    if (status == SP_OK)
        status = sp_authz_role_new(facts->config, &facts->arena, &facts->role, err);
    return status == SP_OK ? read_deployed(facts, err) : status;
}

void sp_access_facts_finish(struct sp_access_facts *facts)
{
    sp_registry_free(facts->registry);
    sp_saf_link_release(facts->saf);
    sp_config_free(facts->config);
    sp_problems_finish(&facts->problems);
    sp_arena_finish(&facts->arena);
}

const char *sp_access_kind_name(enum sp_authz_object kind)
{
    static const char *const names[] = {"server", "api", "service", "requester"};
    return names[kind];
}

enum sp_status sp_access_object_named(const struct sp_access_facts *facts, struct sp_str text,
                                      const struct sp_access_object **ret_object, struct sp_error *err)
{
    size_t colon = sp_str_find(text, ':'), found = 0;
    struct sp_str kind = sp_str_slice(text, 0, colon), rest = sp_str_slice(text, colon + 1, text.len);
    for (size_t i = 0; i < facts->object_count; i++) {
        const struct sp_access_object *object = &facts->objects[i];
        bool with_kind = colon < text.len && sp_str_is(kind, sp_access_kind_name(object->kind)) &&
                         sp_str_eq(object->name, rest);
        bool is_server = object->kind == SP_OBJECT_SERVER && sp_str_is(text, "server");
        if (with_kind || is_server || (object->name.len && sp_str_eq(object->name, text))) {
            *ret_object = object;
            found++;
        }
    }
    if (found == 1)
        return SP_OK;
    if (found > 1)
        return sp_error_set(err, SP_EEXISTS, NULL,
                            "several things are called %.*s: write api:%.*s, service:%.*s or requester:%.*s",
                            SP_STR_ARG(text), SP_STR_ARG(text), SP_STR_ARG(text), SP_STR_ARG(text));
    return sp_error_set(
        err, SP_ENOTFOUND, NULL,
        "nothing called %.*s is deployed; `sallyport explain access --matrix` lists everything",
        SP_STR_ARG(text));
}

/* ---------------------------------------------------------------- users */

struct look_up {
    struct sp_access_facts *facts;
    struct sp_str name;
    struct sp_principal *principal;
    enum sp_status status;
    struct sp_error *err;
};

static void look_up(void *arg)
{
    struct look_up *job = arg;
    struct sp_access_facts *facts = job->facts;
    const struct sp_authn_parts parts = {
        .config = facts->config, .registry = facts->registry, .saf = facts->saf};
    const struct sp_authn_attempt attempt = {.parts = &parts, .arena = &facts->arena};
    const struct sp_authn_provider provider = {.id = SP_STR("")};
    const struct sp_assertion assertion = {.kind = SP_ASSERT_LOOK_UP, .name = job->name};
    if (sp_str_is(job->name, "-"))
        job->status = sp_guest_take(facts->config, facts->saf, &facts->arena, job->principal);
    else
        job->status = io_principal_make(&attempt, &provider, &assertion, job->principal, job->err);
}

enum sp_status sp_access_principal(struct sp_access_facts *facts, struct sp_str name,
                                   struct sp_principal *ret_principal, struct sp_error *err)
{
    struct sp_loop *loop;
    struct look_up job = {facts, name, ret_principal, SP_EINTERNAL, err};
    enum sp_status status = sp_loop_new(NULL, &loop, err);
    if (status != SP_OK)
        return status;
    status = sp_fiber_start(loop, look_up, &job, NULL);
    if (status == SP_OK)
        sp_loop_run_all(loop);
    sp_loop_free(loop);
    if (status == SP_OK && job.status == SP_ENOTFOUND)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "the registry knows no user %.*s", SP_STR_ARG(name));
    return status == SP_OK ? job.status : status;
}

/* ---------------------------------------------------------------- decisions */

static enum sp_status decide_role(struct sp_access_facts *facts, const struct sp_principal *principal,
                                  struct sp_access_answer *answer, struct sp_error *err)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_str message;
    bool by_saf = facts->config->saf_authorization_count;
    enum sp_status status =
        by_saf ? sp_authz_role_by_saf(facts->config, facts->saf, principal, &facts->arena, &message, &why)
               : sp_authz_role(facts->role, principal, &why);
    if (status == SP_EUNAVAIL || status == SP_ENOMEM) {
        *err = why;
        return status;
    }
    answer->holds_role = status == SP_OK;
    if (status != SP_OK)
        answer->role_by = sp_arena_printf(&facts->arena, "%s", why.text);
    else if (by_saf)
        answer->role_by = SP_STR("READ to the EJBROLE profile");
    else
        answer->role_by = sp_authz_role_by(facts->role, principal, &facts->arena);
    return SP_OK;
}

static void find_way(const struct sp_access_object *object, const struct sp_principal *principal,
                     struct sp_access_answer *answer)
{
    const struct sp_str_list *groups = sp_authz_counted(object->access, principal);
    for (size_t w = 0; !answer->way && w < answer->way_count; w++)
        for (size_t g = 0; g < groups->count; g++)
            if (sp_str_eq(answer->ways[w].group, groups->items[g])) {
                answer->way = &answer->ways[w];
                break;
            }
}

static struct sp_str with_scopes(struct sp_access_facts *facts, const struct sp_access_answer *answer,
                                 struct sp_str reason)
{
    for (size_t i = 0; !answer->has_scopes && i < answer->scopes.count && reason.ptr; i++)
        reason = sp_arena_printf(&facts->arena, "%.*s%s%.*s", SP_STR_ARG(reason),
                                 i ? ", " : "; a token is wanted that has scope ",
                                 SP_STR_ARG(answer->scopes.items[i]));
    return reason.ptr ? reason : SP_STR("");
}

static struct sp_str reason_of(struct sp_access_facts *facts, const struct sp_access_answer *answer,
                               const struct sp_principal *principal)
{
    struct sp_arena *arena = &facts->arena;
    if (answer->asks_role && !principal->authenticated)
        return SP_STR("an identity is demanded (401)");
    if (answer->asks_role && !answer->holds_role)
        return sp_arena_printf(arena, "the role is missing (403): %.*s", SP_STR_ARG(answer->role_by));
    if (answer->asks_levels && !answer->has_level && !answer->way_count)
        return SP_STR("no group is named that would permit it (403)");
    if (answer->asks_levels && !answer->has_level)
        return SP_STR("none of the groups that permit it is one of the user's (403)");
    if (answer->asks_levels)
        return sp_arena_printf(arena, "level %s through group %.*s, %s",
                               sp_authority_name(answer->way->level), SP_STR_ARG(answer->way->group),
                               answer->way->of_item ? "the item's" : "a global one");
    if (answer->asks_role)
        return SP_STR("no authorization interceptor runs: every holder of the role may");
    return SP_STR("no identity is demanded and no authorization interceptor runs: everybody may");
}

/* At the object's own path: what it demands counts for those who call it, not for those who administer it. */
static bool is_a_call(enum sp_authz_object kind, enum sp_authz_action action)
{
    return action == SP_ACT_INVOKE || (kind == SP_OBJECT_API && action == SP_ACT_DOCUMENT);
}

enum sp_status sp_access_decide(struct sp_access_facts *facts, const struct sp_access_object *object,
                                enum sp_authz_action action, const struct sp_principal *principal,
                                struct sp_access_answer *ret_answer, struct sp_error *err)
{
    struct sp_error refusal = SP_ERROR_INIT;
    const struct sp_access_object *server = &facts->objects[0];
    bool calls = is_a_call(object->kind, action);
    struct sp_access_answer answer = {.demands = calls ? object->demands : server->demands};
    if (calls)
        answer.scopes = object->scopes;
    answer.has_scopes = true;
    for (size_t i = 0; i < answer.scopes.count; i++)
        answer.has_scopes &= sp_principal_has_scope(principal, answer.scopes.items[i]);
    answer.asks_role = answer.demands.auth;
    /* What has no item of its own is guarded as the server is. */
    answer.asks_levels = sp_authz_is_of_item(action) ? object->check : server->check;
    enum sp_status status = decide_role(facts, principal, &answer, err);
    if (status == SP_OK)
        status = sp_authz_ways(object->access, action, &facts->arena, &answer.ways, &answer.way_count);
    if (status != SP_OK)
        return status;
    answer.has_level = sp_authz_level(object->access, action, principal, &refusal) == SP_OK;
    find_way(object, principal, &answer);
    answer.permitted = (!answer.asks_role || (principal->authenticated && answer.holds_role)) &&
                       (!answer.asks_levels || answer.has_level);
    answer.reason = reason_of(facts, &answer, principal);
    if (answer.permitted)
        answer.reason = with_scopes(facts, &answer, answer.reason);
    *ret_answer = answer;
    return SP_OK;
}
