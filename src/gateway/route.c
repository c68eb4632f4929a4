/* SPDX-License-Identifier: Apache-2.0
 * Path and method to what they mean.
 */
#include "gateway/call.h"
#include "gateway/monitor.h"

static bool allows(const struct sp_route *route, const char *method)
{
    for (size_t i = 0; i < route->allow_count; i++)
        if (sp_str_is(route->allow[i], method))
            return true;
    return false;
}

/* What the archive has, and what the server does with it by itself. */
static struct sp_str allow_value(struct sp_call *call, const struct sp_route *route)
{
    struct sp_str value = SP_STR("");
    for (size_t i = 0; i < route->allow_count && value.ptr; i++)
        value = sp_arena_printf(&call->arena, "%.*s%s%.*s", SP_STR_ARG(value), i ? ", " : "",
                                SP_STR_ARG(route->allow[i]));
    if (value.ptr && allows(route, "GET") && !allows(route, "HEAD"))
        value = sp_arena_printf(&call->arena, "%.*s, HEAD", SP_STR_ARG(value));
    return value.ptr ? sp_arena_printf(&call->arena, "%.*s, OPTIONS", SP_STR_ARG(value)) : value;
}

/* What will be answered when the request is let in. */
static void not_found(struct sp_call *call)
{
    sp_call_fail(call, 404, "Nothing is deployed under the path of this request.");
}

static void not_allowed(struct sp_call *call, struct sp_str allow)
{
    if (sp_str_is(call->request.method, "OPTIONS")) {
        sp_call_fail(call, 204, "The methods are in the header Allow.");
        call->failure.has_body = true;
    } else
        sp_call_fail(call, 405, "Method %.*s is not available under the path of this request.",
                     SP_STR_ARG(call->request.method));
    sp_call_fail_header(call, "Allow", allow);
}

static bool route_in_api(struct sp_call *call, const struct sp_api *api)
{
    const struct sp_str *segments = call->path.segments + api->head.base_segments;
    size_t count = call->path.count - api->head.base_segments;
    struct sp_route route;
    call->api = api;
    call->admission = api->admission;
    enum sp_status status =
        sp_routes_find(api->head.routes, call->request.method, segments, count, &call->arena, &route);
    /* HEAD is GET, of which the engine sends the header only. */
    if (status == SP_OK && route.target == SP_ROUTE_NONE && sp_str_is(call->request.method, "HEAD") &&
        allows(&route, "GET"))
        status = sp_routes_find(api->head.routes, SP_STR("GET"), segments, count, &call->arena, &route);
    if (status != SP_OK)
        return sp_call_fail(call, 500, "The server is out of memory.");
    if (route.target == SP_ROUTE_DOCUMENT) {
        call->target = SP_TARGET_API_DOCUMENT;
    } else if (route.target != SP_ROUTE_NONE) {
        call->target = SP_TARGET_OPERATION;
        call->operation = &api->operations[route.target];
        call->service = call->operation->service;
        call->mapping = call->operation->mapping;
        call->values.path = route.parameters;
        call->values.path_count = route.parameter_count;
    } else if (route.allow_count) {
        not_allowed(call, allow_value(call, &route));
    } else {
        not_found(call);
    }
    return true;
}

/* ---------------------------------------------------------------- /zosConnect/services/{name}?action=invoke
 */

static bool asks_for(const struct sp_call *call, const char *action)
{
    return call->values.query_count == 1 && sp_str_is(call->values.query[0].name, "action") &&
           sp_str_is(call->values.query[0].value, action);
}

static bool calls_service(const struct sp_call *call)
{
    const struct sp_path *path = &call->path;
    return path->count == 3 && sp_str_is(path->segments[0], "zosConnect") &&
           sp_str_is(path->segments[1], "services") && path->segments[2].len && asks_for(call, "invoke");
}

static bool route_to_service(struct sp_call *call, const struct sp_service *service)
{
    call->admission = service->admission;
    if (sp_str_is(call->request.method, "PUT") || sp_str_is(call->request.method, "POST")) {
        call->target = SP_TARGET_SERVICE;
        call->service = service;
        call->mapping = service->mapping;
    } else {
        not_allowed(call, SP_STR("PUT, POST, OPTIONS"));
    }
    return true;
}

static bool route_to_named_service(struct sp_call *call)
{
    struct sp_str name = call->path.segments[2];
    const struct sp_service *service = sp_snapshot_find_service(call->generation->snapshot, name);
    if (service)
        return route_to_service(call, service);
    sp_call_fail(call, 404, "BAQR0431W: Service %.*s is not available.", SP_STR_ARG(name));
    return true;
}

/* ---------------------------------------------------------------- the steps */

/* A service may need more time than others, or be given less. */
static void set_deadline(struct sp_call *call)
{
    if (!call->service || !call->service->timeout_us)
        return;
    call->deadline_us += call->service->timeout_us - call->timeout_us;
    call->timeout_us = call->service->timeout_us;
}

static bool find_target(struct sp_call *call)
{
    const struct sp_api *api = sp_snapshot_find_api(call->generation->snapshot, &call->path);
    if (calls_service(call))
        return route_to_named_service(call);
    if (sp_administer_route(call))
        return true;
    const struct sp_service *service =
        sp_snapshot_find_invoke_uri(call->generation->snapshot, &call->path, api);
    if (service)
        return route_to_service(call, service);
    if (api)
        return route_in_api(call, api);
    if (sp_explorer_route(call))
        return true;
    if (sp_monitor_takes(call))
        return false;
    not_found(call);
    return true;
}

bool sp_step_route(struct sp_call *call)
{
    call->step = "route";
    call->admission = call->generation->snapshot->fallback;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_path_read(call->request.path, &call->arena, &call->path, &err) != SP_OK ||
        sp_form_read(call->request.query, "query", &call->arena, &call->values.query,
                     &call->values.query_count, &err) != SP_OK)
        return sp_call_fail(call, err.status == SP_ENOMEM ? 500 : 400, "The request is refused: %s.",
                            err.text);
    bool found = find_target(call);
    set_deadline(call);
    return found;
}

bool sp_step_cors(struct sp_call *call)
{
    call->step = "cors";
    call->cors = sp_cors_find(call->generation->snapshot->cors, &call->path, &call->request);
    if (!call->cors || !sp_cors_is_preflight(&call->request))
        return true;
    if (!sp_cors_allows(call->cors, &call->request))
        return sp_call_fail(call, 403, "Pages of this origin may not send such a request.");
    sp_call_fail(call, 204, "Pages of this origin may send such a request.");
    call->failure.has_body = true;
    return false;
}

bool sp_step_found(struct sp_call *call)
{
    call->step = "route";
    if (call->api && call->api->stopped)
        return sp_call_fail(call, 503, "The API has been stopped");
    return call->target != SP_TARGET_NOTHING;
}
