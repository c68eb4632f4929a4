/* SPDX-License-Identifier: Apache-2.0
 * The administration interface's place in the flow, and what it sees of the gateway.
 */
#include "base/log.h"
#include "gateway/call.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
#include "gateway/update_change.h"
#include "io/fiber.h"

/* ---------------------------------------------------------------- route */

static struct sp_admin_request request_of(const struct sp_call *call)
{
    return (struct sp_admin_request){
        .method = call->request.method,
        .segments = call->path.segments,
        .segment_count = call->path.count,
        .query = call->values.query,
        .query_count = call->values.query_count,
        .content_type = sp_http_header_get(&call->request, "Content-Type"),
        .body = call->request.body,
        .body_to_come = sp_call_awaits_body(call),
    };
}

static const struct sp_admission *admission_of(const struct sp_call *call, enum sp_store_kind kind,
                                               struct sp_str name)
{
    const struct sp_snapshot *snapshot = call->generation->snapshot;
    switch (kind) {
    case SP_STORE_SERVICE: {
        const struct sp_service *service = sp_hash_get(&snapshot->services, name);
        return service ? service->admission : NULL;
    }
    case SP_STORE_API: {
        const struct sp_api *api = sp_hash_get(&snapshot->api_names, name);
        return api ? api->admission : NULL;
    }
    default: {
        const struct sp_requester *requester = sp_hash_get(&snapshot->requesters, name);
        return requester ? requester->admission : NULL;
    }
    }
}

/* Groups and interceptors are those of the item that the path names. Whether callers must be known is not:
 * an API that anybody may call is not one that anybody may delete. */
bool sp_administer_route(struct sp_call *call)
{
    const struct sp_admin_request request = request_of(call);
    if (!sp_admin_is_ours(&request))
        return false;
    sp_admin_route(&request, &call->admin);
    const struct sp_admission *own =
        call->admin.name.len ? admission_of(call, call->admin.kind, call->admin.name) : NULL;
    call->target = SP_TARGET_ADMINISTRATION;
    if (own) {
        call->admin_admission = *call->admission;
        call->admin_admission.groups = own->groups;
        call->admin_admission.access = own->access;
        call->admin_admission.chain = own->chain;
        call->admission = &call->admin_admission;
    }
    return true;
}

/* Who could do this with an item that is not there, and does not see this one in a list, is not told by a
 * refusal that it is there. */
bool sp_administer_hides(const struct sp_call *call)
{
    const struct sp_snapshot *snapshot = call->generation->snapshot;
    struct sp_error err = SP_ERROR_INIT;
    return call->admission == &call->admin_admission &&
           call->generation->config->manager.filter_lists == SP_CFG_FILTER_ALL &&
           !sp_authz_is_listed(call->admission->access, &call->principal) &&
           sp_authz_level(call->admission->access, call->admin.action, &call->principal, &err) != SP_OK &&
           sp_authz_level(snapshot->fallback->access, call->admin.action, &call->principal, &err) == SP_OK;
}

/* ---------------------------------------------------------------- what is deployed */

static const struct sp_snapshot *snapshot_of(void *arg)
{
    const struct sp_call *call = arg;
    return call->generation->snapshot;
}

static size_t count(void *arg, enum sp_store_kind kind)
{
    const struct sp_snapshot *snapshot = snapshot_of(arg);
    return kind == SP_STORE_SERVICE ? snapshot->services.count
           : kind == SP_STORE_API   ? snapshot->api_names.count
                                    : snapshot->requesters.count;
}

static bool is_told_already(const struct sp_str *names, size_t count, struct sp_str name)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_eq(names[i], name))
            return true;
    return false;
}

static enum sp_status tell_api(const struct sp_api *api, struct sp_arena *arena,
                               struct sp_admin_item *ret_item)
{
    const struct sp_aar *aar = api->aar;
    struct sp_str *services = sp_arena_calloc(arena, aar->operation_count, sizeof *services);
    size_t n = 0;
    if (!services)
        return SP_ENOMEM;
    for (size_t i = 0; i < aar->operation_count; i++)
        if (!is_told_already(services, n, aar->operations[i].service))
            services[n++] = aar->operations[i].service;
    *ret_item = (struct sp_admin_item){
        .name = aar->name,
        .version = aar->version,
        .description = aar->description,
        .stopped = api->stopped,
        .base_path = aar->base_path,
        .services = services,
        .service_count = n,
    };
    return SP_OK;
}

static enum sp_status tell_service(const struct sp_service *service, struct sp_arena *arena,
                                   struct sp_admin_item *ret_item)
{
    /* What an operator looks for; not what the archive says of its own files. */
    static const char *const told[] = {"connectionRef", "program", "transid", "transidUsage"};
    enum { TOLD = sizeof told / sizeof told[0] };
    struct sp_parameter *properties = sp_arena_calloc(arena, TOLD, sizeof *properties);
    size_t n = 0;
    if (!properties)
        return SP_ENOMEM;
    for (size_t i = 0; i < TOLD; i++) {
        struct sp_str value = sp_service_property(service, told[i]);
        if (value.ptr)
            properties[n++] = (struct sp_parameter){sp_str_of(told[i]), value};
    }
    const struct sp_sar *sar = service->sar;
    bool walker = sp_str_is(sp_service_property(service, "dataXformType"), "WALKER_VISITOR");
    *ret_item = (struct sp_admin_item){
        .name = sar->name,
        .version = sar->version,
        .description = service->description,
        .stopped = service->stopped,
        .provider = sar->provider,
        .transformer = walker ? SP_STR("zosConnectWVXform-1.0") : (struct sp_str){NULL, 0},
        .request_schema = sar->request_schema,
        .response_schema = sar->response_schema,
        .properties = properties,
        .property_count = n,
    };
    return SP_OK;
}

static enum sp_status tell_requester(const struct sp_requester *requester, struct sp_admin_item *ret_item)
{
    const struct sp_ara *ara = requester->ara;
    *ret_item = (struct sp_admin_item){
        .name = ara->name,
        .version = ara->version,
        .description = ara->description,
        .stopped = requester->stopped,
        .connection = ara->connection,
    };
    return SP_OK;
}

static enum sp_status item(void *arg, enum sp_store_kind kind, size_t index, struct sp_arena *arena,
                           struct sp_admin_item *ret_item)
{
    const struct sp_snapshot *snapshot = snapshot_of(arg);
    return kind == SP_STORE_SERVICE ? tell_service(snapshot->service_list[index], arena, ret_item)
           : kind == SP_STORE_API   ? tell_api(snapshot->api_list[index], arena, ret_item)
                                    : tell_requester(snapshot->requester_list[index], ret_item);
}

static enum sp_status find(void *arg, enum sp_store_kind kind, struct sp_str name, struct sp_arena *arena,
                           struct sp_admin_item *ret_item)
{
    const struct sp_call *call = arg;
    const struct sp_snapshot *snapshot = snapshot_of(arg);
    const void *found = sp_hash_get(kind == SP_STORE_SERVICE ? &snapshot->services
                                    : kind == SP_STORE_API   ? &snapshot->api_names
                                                             : &snapshot->requesters,
                                    name);
    if (!found || call->hidden)
        return SP_ENOTFOUND;
    return kind == SP_STORE_SERVICE ? tell_service(found, arena, ret_item)
           : kind == SP_STORE_API   ? tell_api(found, arena, ret_item)
                                    : tell_requester(found, ret_item);
}

static bool visible(void *arg, enum sp_store_kind kind, struct sp_str name)
{
    const struct sp_call *call = arg;
    const struct sp_admission *own = admission_of(call, kind, name);
    return own && sp_authz_is_listed(own->access, &call->principal);
}

static void statistics(void *arg, struct sp_str name, struct sp_admin_statistics *ret_statistics)
{
    const struct sp_service *service = sp_hash_get(&snapshot_of(arg)->services, name);
    struct sp_store_counter *counter = service ? service->counter : NULL;
    if (counter)
        *ret_statistics =
            (struct sp_admin_statistics){atomic_load(&counter->calls), atomic_load(&counter->since_us)};
}

/* ---------------------------------------------------------------- changes */

/* The request goes on with what is in use now. */
static void use_present(struct sp_call *call)
{
    struct sp_generation *before = call->generation;
    call->earlier = before;
    call->generation = sp_generation_hold(call->gateway->present);
}

static enum sp_status io_change(void *arg, struct sp_store_change *change, unsigned *ret_status,
                                struct sp_str *ret_details, struct sp_error *err)
{
    struct sp_call *call = arg;
    change->by = call->principal.name;
    enum sp_status status =
        io_update_change(call->gateway, change, &call->arena, ret_status, ret_details, err);
    if (status == SP_OK)
        use_present(call);
    return status;
}

/* ---------------------------------------------------------------- the step */

static bool reply_with(struct sp_call *call, const struct sp_admin_answer *answer)
{
    struct sp_http_header *headers = sp_arena_calloc(&call->arena, 2, sizeof *headers);
    size_t n = 0;
    if (!headers)
        return sp_call_fail(call, 500, "The server is out of memory.");
    headers[n++] = (struct sp_http_header){SP_STR("Content-Type"), SP_STR("application/json")};
    if (answer->location.ptr)
        headers[n++] = (struct sp_http_header){SP_STR("Location"), answer->location};
    call->reply = (struct sp_http_reply){answer->status, headers, n, answer->body};
    return true;
}

static struct sp_str io_body(void *arg)
{
    struct sp_call *call = arg;
    return io_step_body(call) ? call->request.body : SP_STR("");
}

bool io_step_administer(struct sp_call *call)
{
    call->step = "administer";
    const struct sp_admin_port port = {.arg = call,
                                       .count = count,
                                       .item = item,
                                       .find = find,
                                       .visible = visible,
                                       .statistics = statistics,
                                       .io_body = io_body,
                                       .io_change = io_change};
    const struct sp_admin_request request = request_of(call);
    const struct sp_admin_context context = {.request = &request,
                                             .route = &call->admin,
                                             .port = &port,
                                             .origin = sp_call_origin(call, call->request.tls, 0),
                                             .arena = &call->arena};
    struct sp_admin_answer answer;
    io_admin_run(&context, &answer);
    if (sp_fiber_canceled())
        return false;
    if (answer.status < 300)
        return reply_with(call, &answer);
    call->failure =
        (struct sp_failure){.status = answer.status, .message = answer.message, .details = answer.details};
    if (answer.allow.ptr)
        sp_call_fail_header(call, "Allow", answer.allow);
    return false;
}
