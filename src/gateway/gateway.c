/* SPDX-License-Identifier: Apache-2.0
 * One worker's gateway: its parts, its pool of calls, and the handler of the port.
 */
#include "gateway/gateway.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "gateway/correlator.h"
#include "authn/caches.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
#include "gateway/shared_area.h"
#include "io/fiber.h"

#define CALL_ARENA_MAX (64u * 1024u * 1024u)
#define CALL_ARENA_KEPT 32768u /* bytes that an idle call keeps: what an ordinary request needs */
#define IDLE_CALLS_MAX 128u
#define AUDIT_WATCH_US 10000000

/* ---------------------------------------------------------------- calls */

static void free_call(struct sp_call *call)
{
    sp_arena_finish(&call->arena);
    free(call);
}

static struct sp_call *new_call(void)
{
    struct sp_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    /* The first chunk is what a reset keeps: make it large enough once. */
    sp_arena_init(&call->arena, CALL_ARENA_MAX);
    if (!sp_arena_alloc(&call->arena, CALL_ARENA_KEPT)) {
        free_call(call);
        return NULL;
    }
    sp_arena_reset(&call->arena);
    return call;
}

static void link_running(struct sp_gateway *gateway, struct sp_call *call)
{
    call->prev = NULL;
    call->next = gateway->running;
    if (call->next)
        call->next->prev = call;
    gateway->running = call;
}

static void unlink_running(struct sp_gateway *gateway, struct sp_call *call)
{
    if (call->prev)
        call->prev->next = call->next;
    else
        gateway->running = call->next;
    if (call->next)
        call->next->prev = call->prev;
}

static struct sp_call *take_call(struct sp_gateway *gateway, struct sp_exchange *exchange)
{
    struct sp_call *call = gateway->idle;
    if (call) {
        gateway->idle = call->next;
        gateway->idle_count--;
    } else {
        call = new_call();
    }
    if (!call)
        return NULL;
    struct sp_arena arena = call->arena;
    *call = (struct sp_call){
        .gateway = gateway,
        .exchange = exchange,
        .arena = arena,
        .generation = sp_generation_hold(gateway->present),
        .timeout_us = gateway->present->config->manager.async_request_timeout_us,
        .step = "begin",
        .request = *exchange->request,
    };
    call->deadline_us = sp_clock_monotonic_us() + call->timeout_us;
    call->data.request_id = atomic_fetch_add(gateway->request_count, 1) + 1;
    call->data.correlator =
        sp_correlator(&call->request, gateway->correlator_seed, call->data.request_id, &call->arena);
    link_running(gateway, call);
    return call;
}

void sp_gateway_call_ended(struct sp_call *call)
{
    struct sp_gateway *gateway = call->gateway;
    sp_generation_release(call->generation);
    sp_generation_release(call->earlier);
    unlink_running(gateway, call);
    if (gateway->idle_count >= IDLE_CALLS_MAX) {
        free_call(call);
        return;
    }
    sp_arena_reset(&call->arena);
    call->next = gateway->idle;
    gateway->idle = call;
    gateway->idle_count++;
}

/* ---------------------------------------------------------------- the port's handler */

static void reply_busy(struct sp_exchange *exchange)
{
    static const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")},
        {SP_STR_INIT("Retry-After"), SP_STR_INIT("1")}};
    static const struct sp_http_reply busy = {
        .status = 503,
        .headers = headers,
        .header_count = 2,
        .body = SP_STR_INIT("{\"errorMessage\":\"The server has as many requests in work as it can take.\"}"),
    };
    exchange->handler_state = NULL;
    exchange->reply(exchange, &busy);
}

static void start(void *handler, struct sp_exchange *exchange)
{
    struct sp_gateway *gateway = handler;
    if (exchange->request->endpoint == SP_ENDPOINT_MONITORING) {
        sp_monitor_answer(gateway, exchange);
        return;
    }
    struct sp_call *call = take_call(gateway, exchange);
    if (!call) {
        reply_busy(exchange);
        return;
    }
    exchange->handler_state = call;
    if (sp_fiber_start(gateway->worker->loop, sp_flow_run, call, &call->fiber) != SP_OK) {
        sp_gateway_call_ended(call);
        reply_busy(exchange);
    }
}

static struct sp_str keep(struct sp_call *call, struct sp_str text)
{
    return text.ptr ? sp_arena_str(&call->arena, text) : text;
}

/* The engine's memory goes; keep what the audit wants to know. */
static void detach(struct sp_call *call)
{
    const struct sp_http_request request = call->request;
    call->exchange = NULL;
    call->request = (struct sp_http_request){
        .method = keep(call, request.method),
        .path = keep(call, request.path),
        .query = keep(call, request.query),
        .peer_address = keep(call, request.peer_address),
        .tls = request.tls,
        .arrived_us = request.arrived_us,
    };
    call->origin.address = call->request.peer_address;
    call->values = (struct sp_request_values){.path = NULL};
}

static void cancel(void *handler, struct sp_exchange *exchange)
{
    struct sp_call *call = exchange->handler_state;
    if (!call)
        return;
    exchange->handler_state = NULL;
    detach(call);
    sp_fiber_cancel(call->fiber);
}

static void body(void *handler, struct sp_exchange *exchange)
{
    struct sp_call *call = exchange->handler_state;
    if (call)
        sp_call_body_came(call);
}

struct sp_handler sp_gateway_handler(struct sp_gateway *gateway)
{
    return (struct sp_handler){.start = start, .cancel = cancel, .body = body, .handler = gateway};
}

/* ---------------------------------------------------------------- the audit */

static void report_sinks(struct sp_gateway *gateway, const struct sp_audit_counts *counts)
{
    for (size_t i = 0; i < counts->sink_count; i++) {
        if (counts->sinks[i].failures > gateway->sink_failures[i] && counts->sinks[i].message[0])
            sp_log(SP_LOG_WARNING, SP_MSG_AUDIT_SINK, "audit sink %s: %s", counts->sinks[i].name,
                   counts->sinks[i].message);
        if (counts->sinks[i].lost > gateway->sink_lost[i])
            sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_SINK_LOST,
                   "audit sink %s lost %llu events, which it was too slow for", counts->sinks[i].name,
                   (unsigned long long)(counts->sinks[i].lost - gateway->sink_lost[i]));
        gateway->sink_failures[i] = counts->sinks[i].failures;
        gateway->sink_lost[i] = counts->sinks[i].lost;
    }
}

/* Says so, at most every few seconds, when records were lost or cannot be written. One worker does it for
 * all. */
static void watch_audit(void *arg)
{
    struct sp_gateway *gateway = arg;
    struct sp_audit_counts counts = {0};
    sp_generation_tell_lost(gateway->present);
    if (gateway->present->audit && gateway->worker->index == 0)
        sp_audit_counts(gateway->present->audit, &counts);
    if (counts.lost > gateway->audit_lost)
        sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_LOST, "%llu SMF records were lost since the last message",
               (unsigned long long)(counts.lost - gateway->audit_lost));
    if (counts.failures > gateway->audit_failures && counts.failing)
        sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_UNWRITTEN, "SMF records cannot be written: %s", counts.message);
    gateway->audit_lost = counts.lost;
    gateway->audit_failures = counts.failures;
    if (counts.events_refused > gateway->events_refused)
        sp_log(SP_LOG_WARNING, SP_MSG_AUDIT_EVENTS, "events brought to the audit's eventSocket: %s",
               counts.event_message);
    gateway->events_refused = counts.events_refused;
    report_sinks(gateway, &counts);
    enum sp_status set =
        sp_timer_set(gateway->worker->loop, &gateway->audit_watch, sp_clock_monotonic_us() + AUDIT_WATCH_US);
    (void)set; /* without memory for a timer nothing is reported any more */
}

/* ---------------------------------------------------------------- life */

static void copy_problems(const struct sp_problems *from, struct sp_problems *to)
{
    for (const struct sp_problem *p = from->first; p; p = p->next)
        sp_problem_add(to, p->severity, p->id, p->file, p->line, p->column, "%.*s", SP_STR_ARG(p->text));
}

/* Shared where the workers share memory. */
static enum sp_status open_caches(struct sp_gateway *gateway, const struct sp_config *config,
                                  struct sp_error *err)
{
    static const enum sp_shared_part parts[SP_AUTHN_CACHES] = {
        [SP_AUTHN_USERS] = SP_SHARED_USERS,
        [SP_AUTHN_TOKENS] = SP_SHARED_TOKENS,
        [SP_AUTHN_REPLAYS] = SP_SHARED_REPLAYS,
        [SP_AUTHN_FAILURES] = SP_SHARED_FAILURES,
    };
    struct sp_authn_memory memory[SP_AUTHN_CACHES] = {{0}};
    for (size_t i = 0; i < SP_AUTHN_CACHES; i++)
        memory[i].start = sp_shared_area_part(gateway->worker, parts[i], &memory[i].bytes);
    enum sp_status status = sp_authn_caches_open(config, memory, &gateway->caches, err);
    gateway->present->caches = gateway->caches;
    return status;
}

enum sp_status sp_gateway_new(const struct sp_config *config, struct sp_file_set *files,
                              const struct sp_worker *worker, struct sp_problems *problems,
                              struct sp_gateway **ret_gateway, struct sp_error *err)
{
    struct sp_gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the gateway");
    gateway->worker = worker;
    gateway->audit_watch.fn = watch_audit;
    gateway->audit_watch.arg = gateway;
    gateway->request_count = sp_shared_area_part(worker, SP_SHARED_REQUESTS, NULL);
    if (!gateway->request_count)
        gateway->request_count = &gateway->own_count;
    sp_secret_random(gateway->correlator_seed, sizeof gateway->correlator_seed);
    enum sp_status status = sp_generation_open(config, false, worker, NULL, &gateway->present, err);
    if (status == SP_OK)
        status = open_caches(gateway, config, err);
    if (status == SP_OK)
        status = sp_generation_compile(gateway->present, files, err);
    if (gateway->present)
        copy_problems(&gateway->present->problems, problems);
    if (status != SP_OK) {
        sp_gateway_free(gateway);
        return status;
    }
    sp_registry_start(gateway->present->registry, worker->loop);
    sp_authn_start(gateway->present->authn);
    sp_security_events_start(&gateway->security_events, worker->loop, &gateway->present);
    if (gateway->present->audit || gateway->present->loggers)
        watch_audit(gateway);
    sp_monitor_open(gateway);
    *ret_gateway = gateway;
    return SP_OK;
}

void sp_gateway_set_explorer(struct sp_gateway *gateway, const char *directory)
{
    gateway->explorer = directory;
}

void sp_gateway_use(struct sp_gateway *gateway, struct sp_generation *generation)
{
    struct sp_generation *before = gateway->present;
    gateway->present = generation;
    sp_registry_start(generation->registry, gateway->worker->loop);
    sp_authn_start(generation->authn);
    sp_generation_release(before);
    if ((generation->audit || generation->loggers) && !gateway->audit_watch.loop)
        watch_audit(gateway);
}

static void end_calls(struct sp_gateway *gateway)
{
    for (struct sp_call *call = gateway->running; call; call = call->next)
        sp_fiber_cancel(call->fiber);
    while (gateway->running)
        sp_loop_run_once(gateway->worker->loop, 100);
    while (gateway->idle) {
        struct sp_call *call = gateway->idle;
        gateway->idle = call->next;
        free_call(call);
    }
}

void sp_gateway_free(struct sp_gateway *gateway)
{
    if (!gateway)
        return;
    end_calls(gateway);
    sp_timer_clear(&gateway->audit_watch);
    sp_monitor_close(gateway);
    sp_security_events_stop(&gateway->security_events);
    if (gateway->present)
        sp_security_events_take(gateway->present, true);
    sp_generation_release(gateway->present);
    sp_authn_caches_close(gateway->caches);
    free(gateway);
}
