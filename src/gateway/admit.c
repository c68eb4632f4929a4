/* SPDX-License-Identifier: Apache-2.0
 * Who may come in: TLS, credentials, role, interceptors.
 */
#include "authn/claims.h"
#include "gateway/call.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
#include "io/fiber.h"
#include "io/origin.h"
#include "registry/certificate_name.h"

/* "name" or "name:port"; an IPv6 address stands in brackets, in the list too. */
static bool is_one_of(struct sp_str host, const struct sp_str_list *names)
{
    size_t bracket = sp_str_find(host, ']');
    size_t from = bracket < host.len ? bracket : 0;
    size_t colon = from + sp_str_find(sp_str_slice(host, from, host.len), ':');
    for (size_t i = 0; i < names->count; i++)
        if (sp_str_caseless_eq(sp_str_slice(host, 0, colon), names->items[i]))
            return true;
    return false;
}

struct sp_str sp_call_origin(struct sp_call *call, bool tls, unsigned port)
{
    const struct sp_config *config = call->generation->config;
    struct sp_http_request request = call->request;
    const struct sp_str_list *names =
        request.endpoint < config->endpoint_count ? &config->endpoints[request.endpoint].host_names : NULL;
    if (names && names->count && !is_one_of(request.host, names)) {
        request.host = names->items[0];
        port = port ? port : request.local_port;
    }
    return sp_http_origin(&request, tls, port, &call->arena);
}

/* ", of whom by whom", or nothing. */
static struct sp_str names_of(struct sp_call *call, struct sp_str certificate)
{
    struct sp_certificate_names names;
    if (!certificate.len || sp_certificate_names_read(certificate, &call->arena, &names, NULL) != SP_OK)
        return SP_STR("");
    struct sp_str text = sp_arena_printf(&call->arena, ", of %.*s by %.*s", SP_STR_ARG(names.subject),
                                         SP_STR_ARG(names.issuer));
    sp_certificate_names_finish(&names);
    return text;
}

bool io_step_let_in(struct sp_call *call)
{
    const struct sp_http_refusal *refusal = call->request.refusal;
    struct sp_error err = SP_ERROR_INIT;
    if (!refusal)
        return true;
    bool routed = sp_step_route(call); /* only for the records to tell what the request was for */
    (void)routed;
    call->probe = false;
    call->step = "let in";
    const char *what = refusal->certificate.len ? "The client certificate was not accepted"
                                                : "A client certificate is required";
    sp_error_set(&err, SP_EDENIED, refusal->id, "%s: %.*s%.*s", what, SP_STR_ARG(refusal->reason),
                 SP_STR_ARG(names_of(call, refusal->certificate)));
    sp_monitor_count_authentication(call, false);
    sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, &err);
    io_call_security(call, SP_SMF_AUTHENTICATION, 400, &err);
    return sp_call_fail(call, 400, "%s: %s: %.*s.", refusal->id, what, SP_STR_ARG(refusal->reason));
}

bool io_step_secure(struct sp_call *call)
{
    struct sp_error err = SP_ERROR_INIT;
    call->step = "secure";
    if (!call->admission->require_secure || call->request.tls)
        return true;
    sp_error_set(&err, SP_EDENIED, NULL, "TLS is required (requireSecure), and the request came without");
    io_call_security(call, SP_SMF_ACCESS, call->request.https_port ? 302 : 403, &err);
    if (call->request.https_port == 0) {
        sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, &err);
        return sp_call_fail(call, 403,
                            "This resource is available over TLS only, and the server has no TLS port.");
    }
    struct sp_str origin = sp_call_origin(call, true, call->request.https_port);
    struct sp_str location =
        sp_arena_printf(&call->arena, "%.*s%.*s", SP_STR_ARG(origin), SP_STR_ARG(call->request.target));
    sp_call_fail(call, 302, "This resource is available over TLS only.");
    sp_call_fail_header(call, "Location", location);
    return false;
}

/* ---------------------------------------------------------------- authentication and role */

static const char *text_of(unsigned status)
{
    switch (status) {
    case 401:
        return "Error 401: Unauthorized";
    case 403:
        return "Error 403: AuthenticationFailed";
    case 429:
        return "Error 429: Too many attempts to log in. Try again later.";
    case 503:
        return "The request cannot be authenticated, because an authority that is needed is not available.";
    default:
        return "The request cannot be authenticated.";
    }
}

/* The scheme's own answer, or the server's error object. */
static bool answer(struct sp_call *call, const struct sp_challenge *challenge)
{
    sp_call_fail(call, challenge->status, "%s", text_of(challenge->status));
    call->failure.body = challenge->body;
    call->failure.has_body = challenge->body.ptr != NULL || challenge->status == 302;
    for (size_t i = 0; i < challenge->header_count; i++)
        call->failure.headers[call->failure.header_count++] = challenge->headers[i];
    return false;
}

bool io_step_authenticate(struct sp_call *call)
{
    call->step = "authenticate";
    struct sp_challenge *challenge = &call->challenge;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status =
        io_authn_run(call->generation->authn, &call->request, call->admission->require_auth, &call->arena,
                     &call->principal, challenge, &err);
    if (sp_fiber_canceled())
        return false;
    if (status != SP_OK && challenge->status == 0)
        challenge->status = 503;
    sp_monitor_count_authentication(call, status == SP_OK && !call->principal.demoted);
    if (status != SP_OK || call->principal.demoted) {
        sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, &err);
        io_call_security(call, status == SP_OK ? SP_SMF_ACCESS : SP_SMF_AUTHENTICATION, challenge->status,
                         &err);
    }
    return challenge->status == 0 || answer(call, challenge);
}

static enum sp_status check_role(struct sp_call *call, struct sp_error *err)
{
    const struct sp_generation *generation = call->generation;
    struct sp_str message;
    if (!generation->config->saf_authorization_count)
        return sp_authz_role(generation->snapshot->role, &call->principal, err);
    enum sp_status status = sp_authz_role_by_saf(generation->config, generation->saf, &call->principal,
                                                 &call->arena, &message, err);
    if (message.len)
        sp_log(SP_LOG_AUDIT, NULL, "%.*s", SP_STR_ARG(message));
    return status;
}

bool io_step_authorize(struct sp_call *call)
{
    call->step = "authorize";
    struct sp_error err = SP_ERROR_INIT;
    if (!call->admission->require_auth)
        return true;
    enum sp_status status = check_role(call, &err);
    if (status == SP_OK)
        return true;
    sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, &err);
    io_call_security(call, SP_SMF_ACCESS, status == SP_EUNAVAIL || status == SP_ENOMEM ? 503 : 403, &err);
    if (status == SP_EUNAVAIL || status == SP_ENOMEM)
        return sp_call_fail(call, 503, "The security database is not available.");
    return sp_call_fail(call, 403, "Error 403: AuthorizationFailed");
}

/* ---------------------------------------------------------------- scopes */

/* RFC 6750 section 3.1 */
static bool io_refuse_scope(struct sp_call *call, struct sp_str missing)
{
    const struct sp_str_list *needed = &call->admission->scopes;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str challenge = SP_STR("Bearer error=\"insufficient_scope\", scope=\"");
    for (size_t i = 0; i < needed->count && challenge.ptr; i++)
        challenge = sp_arena_printf(&call->arena, "%.*s%s%.*s", SP_STR_ARG(challenge), i ? " " : "",
                                    SP_STR_ARG(needed->items[i]));
    challenge = sp_arena_printf(&call->arena, "%.*s\"", SP_STR_ARG(challenge));
    sp_error_set(&err, SP_EDENIED, NULL, "%.*s has no token with the scope '%.*s' (sallyport_requiredScopes)",
                 SP_STR_ARG(call->principal.name), SP_STR_ARG(missing));
    sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, &err);
    io_call_security(call, SP_SMF_ACCESS, 403, &err);
    sp_call_fail(call, 403, "Error 403: insufficient scope");
    sp_call_fail_header(call, "WWW-Authenticate", challenge);
    return false;
}

bool io_step_scopes(struct sp_call *call)
{
    const struct sp_str_list *needed = &call->admission->scopes;
    call->step = "scopes";
    for (size_t i = 0; i < needed->count; i++)
        if (!sp_principal_has_scope(&call->principal, needed->items[i]))
            return io_refuse_scope(call, needed->items[i]);
    return true;
}

/* ---------------------------------------------------------------- interceptors */

static void describe_api(const struct sp_call *call, struct sp_intercept_data *data)
{
    data->type = SP_REQUEST_API;
    data->action = call->target == SP_TARGET_API_DOCUMENT ? SP_ACT_DOCUMENT : SP_ACT_INVOKE;
    data->api_name = call->api->name;
    data->api_version = call->api->version;
    data->api_description = call->api->description;
    if (call->operation)
        data->operation_id = call->operation->id;
}

static void describe_service(const struct sp_call *call, struct sp_intercept_data *data)
{
    data->service_name = call->service->sar->name;
    data->service_version = call->service->sar->version;
    data->sor_provider = call->service->sar->provider;
    data->sor_reference = sp_sor_reference(call->service->connection);
}

static void describe_administration(const struct sp_call *call, struct sp_intercept_data *data)
{
    const struct sp_admin_route *route = &call->admin;
    data->type = SP_REQUEST_ADMIN;
    data->action = route->action;
    if (route->kind == SP_STORE_SERVICE) {
        data->service_name = route->name;
    } else if (route->kind == SP_STORE_API) {
        data->api_name = route->name;
    } else {
        const struct sp_requester *requester =
            sp_hash_get(&call->generation->snapshot->requesters, route->name);
        data->requester_name = route->name;
        data->requester_version = requester ? requester->ara->version : SP_STR("");
        data->requester_description = requester ? requester->ara->description : SP_STR("");
    }
}

struct sp_intercept_data *sp_call_describe(struct sp_call *call)
{
    struct sp_intercept_data *data = &call->data;
    data->request = &call->request;
    data->principal = &call->principal;
    data->arena = &call->arena;
    data->deadline_us = call->deadline_us;
    data->type = call->service ? SP_REQUEST_SERVICE : SP_REQUEST_UNKNOWN;
    data->action = SP_ACT_INVOKE;
    data->global_groups = &call->generation->config->manager.groups;
    data->item_groups = call->admission->groups;
    data->access = call->admission->access;
    data->entry_us = call->request.arrived_us;
    data->request_bytes = call->request.body.len;
    if (call->service)
        describe_service(call, data);
    if (call->api)
        describe_api(call, data);
    if (call->target == SP_TARGET_ADMINISTRATION)
        describe_administration(call, data);
    if (call->target == SP_TARGET_EXPLORER || call->target == SP_TARGET_DOCUMENTS) {
        data->type = SP_REQUEST_ADMIN;
        data->action = SP_ACT_LIST;
    }
    return data;
}

/* " for API " and its name, or nothing. */
static const char *what_for(const struct sp_call *call, struct sp_str *ret_name)
{
    static const char *const of[SP_STORE_KINDS] = {[SP_STORE_SERVICE] = " for service ",
                                                   [SP_STORE_API] = " for API ",
                                                   [SP_STORE_REQUESTER] = " for API requester "};
    *ret_name = call->api ? call->api->name : call->service ? call->service->sar->name : call->admin.name;
    if (call->api || call->service)
        return of[call->api ? SP_STORE_API : SP_STORE_SERVICE];
    return ret_name->len ? of[call->admin.kind] : "";
}

static bool io_refused(struct sp_call *call, unsigned status, const struct sp_error *err)
{
    struct sp_str origin = sp_call_origin(call, call->request.tls, 0), name;
    const char *of = what_for(call, &name);
    call->hidden = status == 403 && sp_administer_hides(call);
    sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, err);
    /* An interceptor that refuses, or that cannot know: no other failure is about who may. An audit without
     * room for the record of the request has none for an event either. */
    const char *interceptor = sp_intercept_last(call->admission->chain, &call->progress);
    bool unknown = err->status == SP_EUNAVAIL && strcmp(interceptor, "zosConnectAudit") != 0;
    if (status == 401 || status == 403 || unknown)
        io_call_security(call, SP_SMF_ACCESS, call->hidden ? 404 : status, err);
    if (call->hidden)
        return true; /* and the administration does not find it */
    sp_call_fail(
        call, status,
        "BAQR0406W: The %s interceptor encountered an error while processing a request%s%.*s under request "
        "URL %.*s%.*s.",
        interceptor, of, SP_STR_ARG(name), SP_STR_ARG(origin), SP_STR_ARG(call->request.path));
    call->failure.details = sp_failure_text(err, &call->arena);
    return false;
}

/* What interceptors want in the request: rules and mapping see it. */
static bool edit_request(struct sp_call *call)
{
    struct sp_http_request *request = &call->request;
    request->headers = sp_header_edits_apply(call->data.request_edits, request->headers,
                                             request->header_count, &call->arena, &request->header_count);
    return request->headers || sp_call_fail(call, 500, "The server is out of memory.");
}

bool io_step_interceptors(struct sp_call *call)
{
    struct sp_error err = SP_ERROR_INIT;
    unsigned http_status = 0;
    if (sp_intercept_sees_body(call->admission->chain) && !io_step_body(call))
        return false;
    call->step = "interceptors";
    struct sp_intercept_data *data = sp_call_describe(call);
    call->intercepted = true;
    enum sp_status status =
        io_intercept_pre(call->admission->chain, data, &call->progress, &http_status, &err);
    if (sp_fiber_canceled())
        return false;
    if (status != SP_OK)
        return io_refused(call, http_status, &err);
    return !data->request_edits || edit_request(call);
}
