/* SPDX-License-Identifier: Apache-2.0
 * The way of a request: read work() first.
 *
 * One fiber runs this for one request. Each step either goes on or ends the request with one failure object;
 * what a step may wait for is called io_. Whatever happens, interceptors that saw the beginning see the end
 * (the audit is one of them), and exactly one reply is given, unless the client is gone.
 */
#include <stdio.h>

#include "authn/authn.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/call.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
#include "io/fiber.h"
#include "saf/audit_event.h"
#include "text/utf8.h"

static bool call_program(struct sp_call *call)
{
    return sp_step_started(call)          /* a stopped service -> 503 */
           && io_step_content(call)       /* media type, names in the query; the body */
           && sp_step_policy(call)        /* rules on headers -> connection, transaction, ... */
           && sp_step_map_request(call)   /* path, query, headers, JSON -> record bytes */
           && io_step_invoke(call)        /* the system of record, identity flowing with it */
           && sp_step_map_response(call); /* record -> JSON, status by rule */
}

static bool io_serve(struct sp_call *call)
{
    switch (call->target) {
    case SP_TARGET_API_DOCUMENT:
        return sp_step_document(call);
    case SP_TARGET_ADMINISTRATION:
        return io_step_administer(call);
    case SP_TARGET_EXPLORER:
        return io_step_explorer(call);
    case SP_TARGET_DOCUMENTS:
        return sp_step_documents(call);
    default:
        return call_program(call);
    }
}

static bool work(struct sp_call *call)
{
    return io_step_let_in(call)    /* the client's certificate, which the engine checked */
           && sp_step_route(call)  /* path and method -> operation of an API, a service, administration */
           && sp_step_cors(call)   /* a web page's preflight is answered */
           && io_step_secure(call) /* TLS, where it is required */
           && io_step_form(call)   /* that has a credential in it */
           && io_step_authenticate(call) /* credential -> principal, mapped to a user id */
           && io_step_authorize(call)    /* role zosConnectAccess */
           && io_step_scopes(call)       /* of the caller's token, where the API needs some */
           && sp_step_found(call)        /* 404 and 405 are for those who may ask */
           && io_step_interceptors(call) /* ascending; levels and groups among them */
           && io_serve(call);
}

static void add_headers(struct sp_call *call, const struct sp_http_header *more, size_t more_count)
{
    struct sp_http_reply *reply = &call->reply;
    size_t count = reply->header_count + more_count;
    struct sp_http_header *headers = sp_arena_calloc(&call->arena, count, sizeof *headers);
    if (!headers || more_count == 0)
        return;
    if (reply->header_count)
        memcpy(headers, reply->headers, reply->header_count * sizeof *headers);
    memcpy(headers + reply->header_count, more, more_count * sizeof *headers);
    reply->headers = headers;
    reply->header_count = count;
}

/* What authentication gives the client to keep, and what lets the page of another origin read the reply. */
static void complete_reply(struct sp_call *call)
{
    struct sp_http_header headers[SP_CORS_HEADERS_MAX];
    if (call->challenge.status == 0)
        add_headers(call, call->challenge.headers, call->challenge.header_count);
    if (call->cors)
        add_headers(call, headers,
                    sp_cors_headers(call->cors, &call->request, sp_cors_is_preflight(&call->request),
                                    &call->arena, headers));
}

/* What interceptors want in the reply; without memory for it there is no reply that could be right. */
static void edit_reply(struct sp_call *call)
{
    struct sp_http_reply *reply = &call->reply;
    reply->headers = sp_header_edits_apply(call->data.response_edits, reply->headers, reply->header_count,
                                           &call->arena, &reply->header_count);
    if (!reply->headers)
        *reply = (struct sp_http_reply){.status = 500};
}

/* What a browser brings to a URL of a login, an authorization code among it, is for nobody who writes or
 * reads records. */
static void hide_login(struct sp_call *call)
{
    if (!sp_authn_owns_path(call->generation->authn, call->request.path))
        return;
    call->request.query = (struct sp_str){NULL, 0};
    call->request.target = call->request.path;
    call->request.body = (struct sp_str){NULL, 0};
    call->request.header_count = 0;
}

/* Interceptors, descending; the audit among them. */
static void finish_interceptors(struct sp_call *call)
{
    call->data.exit_us = sp_clock_realtime_us();
    if (call->exchange) {
        const struct sp_http_reply *reply = &call->reply;
        call->data.response_status = reply->status;
        call->data.response_bytes = reply->body.len;
        call->data.response_body = reply->body;
        call->data.response_headers = reply->headers;
        call->data.response_header_count = reply->header_count;
    }
    if (call->intercepted)
        io_intercept_post(call->admission->chain, &call->data, &call->progress);
    else {
        hide_login(call);
        io_intercept_early(call->generation->snapshot->fallback->chain, sp_call_describe(call));
    }
    if (call->data.response_edits)
        edit_reply(call);
}

void sp_flow_run(void *arg)
{
    struct sp_call *call = arg;
    call->origin =
        (struct sp_saf_origin){.address = call->request.peer_address, .correlator = call->data.correlator};
    sp_saf_audit_set_origin(&call->origin);
    bool done = work(call);
    /* Canceled, though the client is there: the server ends. */
    if (call->exchange && !done && sp_fiber_canceled())
        sp_call_fail(call, 503, "The server is stopping.");
    if (call->exchange && !done)
        sp_failure_reply(&call->failure, call->generation->config->manager.use_json_error_responses,
                         &call->arena, &call->reply);
    if (call->exchange)
        complete_reply(call);
    if (!call->probe) {
        finish_interceptors(call);
        sp_monitor_count_call(call);
    }
    struct sp_exchange *exchange = call->exchange;
    if (exchange) {
        call->exchange = NULL;
        exchange->handler_state = NULL;
        exchange->reply(exchange, &call->reply);
    }
    sp_gateway_call_ended(call);
}

bool sp_call_fail(struct sp_call *call, unsigned status, const char *fmt, ...)
{
    char text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct sp_str whole = sp_str_slice(sp_str_of(text), 0, sp_utf8_whole(sp_str_of(text)));
    call->failure = (struct sp_failure){.status = status, .message = sp_arena_str(&call->arena, whole)};
    return false;
}

bool sp_call_fail_with(struct sp_call *call, unsigned status, const struct sp_error *err)
{
    call->failure = (struct sp_failure){.status = status, .message = sp_failure_text(err, &call->arena)};
    return false;
}

void sp_call_fail_header(struct sp_call *call, const char *name, struct sp_str value)
{
    struct sp_failure *failure = &call->failure;
    if (failure->header_count < SP_FAILURE_HEADERS_MAX && value.ptr)
        failure->headers[failure->header_count++] = (struct sp_http_header){sp_str_of(name), value};
}

void sp_call_log(const struct sp_call *call, enum sp_log_severity severity, const char *id,
                 const struct sp_error *err)
{
    sp_log(severity, id, "%.*s %.*s from %.*s: %s: %s%s%s", SP_STR_ARG(call->request.method),
           SP_STR_ARG(call->request.path), SP_STR_ARG(call->request.peer_address), call->step, err->id,
           err->id[0] ? ": " : "", err->text);
}
