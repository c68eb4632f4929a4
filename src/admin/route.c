/* SPDX-License-Identifier: Apache-2.0
 * Method, path and query to what they ask for.
 */
#include "admin/admin.h"
#include "admin/internal.h"

static const char *const collections[SP_STORE_KINDS] = {
    [SP_STORE_SERVICE] = "services", [SP_STORE_API] = "apis", [SP_STORE_REQUESTER] = "apiRequesters"};

const char *sp_admin_collection(enum sp_store_kind kind)
{
    return collections[kind];
}

struct sp_str sp_admin_parameter(const struct sp_admin_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (sp_str_is(request->query[i].name, name))
            return request->query[i].value;
    return (struct sp_str){NULL, 0};
}

static bool segment_is(const struct sp_admin_request *request, size_t n, const char *text)
{
    return n < request->segment_count && sp_str_is(request->segments[n], text);
}

bool sp_admin_is_ours(const struct sp_admin_request *request)
{
    bool invokes = segment_is(request, 1, collections[SP_STORE_SERVICE]) && request->segment_count == 3 &&
                   sp_str_is(sp_admin_parameter(request, "action"), "invoke");
    return segment_is(request, 0, "zosConnect") && !invokes;
}

/* ---------------------------------------------------------------- methods of a URI */

static void refuse(struct sp_admin_route *route, unsigned status, const char *allow)
{
    route->op = SP_ADMIN_NOTHING;
    route->refusal = status;
    route->allow = sp_str_of(allow);
}

static void only_get(const struct sp_admin_request *request, enum sp_admin_op op, enum sp_authz_action action,
                     struct sp_admin_route *route)
{
    route->action = action;
    if (sp_str_is(request->method, "GET"))
        route->op = op;
    else
        refuse(route, 405, "GET");
}

static void change(struct sp_admin_route *route, enum sp_store_act act)
{
    static const enum sp_authz_action actions[] = {[SP_STORE_DEPLOY] = SP_ACT_DEPLOY,
                                                   [SP_STORE_UPDATE] = SP_ACT_UPDATE,
                                                   [SP_STORE_START] = SP_ACT_START,
                                                   [SP_STORE_STOP] = SP_ACT_STOP,
                                                   [SP_STORE_DELETE] = SP_ACT_DELETE};
    route->op = SP_ADMIN_CHANGE;
    route->act = act;
    route->action = actions[act];
}

static void route_collection(const struct sp_admin_request *request, struct sp_admin_route *route)
{
    if (sp_str_is(request->method, "POST"))
        change(route, SP_STORE_DEPLOY);
    else if (sp_str_is(request->method, "GET"))
        only_get(request, SP_ADMIN_LIST, SP_ACT_LIST, route);
    else
        refuse(route, 405, "GET, POST");
}

static bool is_json(struct sp_str content_type)
{
    struct sp_str type = sp_str_trim(sp_str_slice(content_type, 0, sp_str_find(content_type, ';')));
    return sp_str_caseless_eq(type, SP_STR("application/json"));
}

/* With an archive it is an update, otherwise the status says what is to be. A public client says
 * application/json when it starts or stops, and has been seen to send an archive along all the same. */
static void route_put(const struct sp_admin_request *request, struct sp_admin_route *route)
{
    struct sp_str status = sp_admin_parameter(request, "status");
    if (((request->body.len || request->body_to_come) && !is_json(request->content_type)) || !status.ptr)
        change(route, SP_STORE_UPDATE);
    else
        change(route, sp_str_is(status, "stopped") ? SP_STORE_STOP : SP_STORE_START);
}

static void route_item(const struct sp_admin_request *request, struct sp_admin_route *route)
{
    if (sp_str_is(request->method, "PUT"))
        route_put(request, route);
    else if (sp_str_is(request->method, "DELETE"))
        change(route, SP_STORE_DELETE);
    else if (sp_str_is(request->method, "GET"))
        only_get(request, SP_ADMIN_DETAILS, SP_ACT_DETAILS, route);
    else
        refuse(route, 405, "GET, PUT, DELETE");
}

/* The older forms, ?action=... of a service. */
static void route_action(const struct sp_admin_request *request, struct sp_str action,
                         struct sp_admin_route *route)
{
    bool starts = sp_str_is(action, "start"), stops = sp_str_is(action, "stop");
    if (sp_str_is(action, "status"))
        only_get(request, SP_ADMIN_DETAILS, SP_ACT_DETAILS, route);
    else if (sp_str_is(action, "getStatistics"))
        only_get(request, SP_ADMIN_STATISTICS, SP_ACT_STATISTICS, route);
    else if (!starts && !stops)
        refuse(route, 404, NULL);
    else if (sp_str_is(request->method, "PUT"))
        change(route, starts ? SP_STORE_START : SP_STORE_STOP);
    else
        refuse(route, 405, "PUT");
}

static void route_schema(const struct sp_admin_request *request, struct sp_admin_route *route)
{
    if (segment_is(request, 4, "request"))
        only_get(request, SP_ADMIN_REQUEST_SCHEMA, SP_ACT_DOCUMENT, route);
    else if (segment_is(request, 4, "response"))
        only_get(request, SP_ADMIN_RESPONSE_SCHEMA, SP_ACT_DOCUMENT, route);
}

static void route_in_collection(const struct sp_admin_request *request, struct sp_admin_route *route)
{
    bool of_service = route->kind == SP_STORE_SERVICE;
    struct sp_str action = sp_admin_parameter(request, "action");
    size_t count = request->segment_count;
    if (count == 2) {
        route_collection(request, route);
        return;
    }
    route->name = request->segments[2];
    if (!route->name.len)
        return;
    if (count == 3 && of_service && action.ptr)
        route_action(request, action, route);
    else if (count == 3)
        route_item(request, route);
    else if (count == 5 && of_service && segment_is(request, 3, "schema"))
        route_schema(request, route);
}

void sp_admin_route(const struct sp_admin_request *request, struct sp_admin_route *ret_route)
{
    /* What is not known may be told to those who may list. */
    *ret_route = (struct sp_admin_route){.refusal = 404, .action = SP_ACT_LIST};
    if (request->segment_count < 2)
        return;
    for (unsigned kind = 0; kind < SP_STORE_KINDS; kind++)
        if (segment_is(request, 1, collections[kind])) {
            ret_route->kind = (enum sp_store_kind)kind;
            route_in_collection(request, ret_route);
            return;
        }
    if (request->segment_count == 2 && segment_is(request, 1, "api-docs"))
        only_get(request, SP_ADMIN_DOCUMENT, SP_ACT_DOCUMENT, ret_route);
    else if (request->segment_count == 3 && segment_is(request, 1, "operations") &&
             segment_is(request, 2, "getStatistics"))
        only_get(request, SP_ADMIN_ALL_STATISTICS, SP_ACT_STATISTICS, ret_route);
}
