/* SPDX-License-Identifier: Apache-2.0
 * One worker's gateway: its parts, its pool of calls, and the handler of the port.
 */
#include "gateway/gateway.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "authn/guest.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "gateway/correlator.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
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
    const struct sp_worker *worker = gateway->worker;
    *call = (struct sp_call){
        .gateway = gateway,
        .exchange = exchange,
        .arena = arena,
        .snapshot = sp_snapshot_hold(gateway->snapshot),
        .deadline_us = sp_clock_monotonic_us() + gateway->config->manager.async_request_timeout_us,
        .step = "begin",
        .request = *exchange->request,
    };
    /* Different in every worker of the server. */
    call->data.request_id = gateway->requests++ * worker->count + worker->index + 1;
    call->data.correlator =
        sp_correlator(&call->request, gateway->correlator_seed, call->data.request_id, &call->arena);
    link_running(gateway, call);
    return call;
}

void sp_gateway_call_ended(struct sp_call *call)
{
    struct sp_gateway *gateway = call->gateway;
    sp_snapshot_release(call->snapshot);
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

struct sp_handler sp_gateway_handler(struct sp_gateway *gateway)
{
    return (struct sp_handler){.start = start, .cancel = cancel, .handler = gateway};
}

size_t sp_gateway_shared_bytes(const struct sp_config *config, unsigned workers)
{
    return 0;
}

/* ---------------------------------------------------------------- the audit */

static bool wants_audit(const struct sp_config *config)
{
    for (size_t i = 0; i < config->interceptor_count; i++)
        if (config->interceptors[i].kind == SP_CFG_AUDIT)
            return true;
    return false;
}

/* The directories above a file, as far as they are missing. */
static enum sp_status make_directories(struct sp_str file, struct sp_error *err)
{
    char path[PATH_MAX];
    for (size_t i = 1; i < file.len && i < sizeof path; i++) {
        if (file.ptr[i] != '/')
            continue;
        snprintf(path, sizeof path, "%.*s", (int)i, file.ptr);
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            return sp_error_errno(err, SP_EIO, errno, "cannot make directory %s for SMF records", path);
    }
    return SP_OK;
}

static enum sp_status open_audit(struct sp_gateway *gateway, struct sp_error *err)
{
    const struct sp_config *config = gateway->config;
    const struct sp_cfg_smf *smf = &config->smf;
    const struct sp_audit_options options = {
        .writer = {.path = smf->file.ptr, .delay_us = smf->write_delay_us},
        .ccsid = (unsigned)smf->ccsid,
        .sid = smf->sid,
        .system = smf->system,
        .sysplex = smf->sysplex,
        .server_name = config->server_name,
        .config_dir = config->config_dir,
        .product = SP_STR_INIT(SP_VERSION),
    };
    if (!smf->file.len)
        return sp_error_set(err, SP_EINVAL, NULL, "sallyport_smf has no file for SMF records");
    enum sp_status status = make_directories(smf->file, err);
    return status == SP_OK ? sp_audit_new(gateway->worker->loop, &options, &gateway->audit, err) : status;
}

/* Says so, at most every few seconds, when records were lost or cannot be written. */
static void watch_audit(void *arg)
{
    struct sp_gateway *gateway = arg;
    struct sp_smf_writer_counts counts;
    sp_audit_counts(gateway->audit, &counts);
    if (counts.lost != gateway->audit_lost)
        sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_LOST, "%llu SMF records were lost since the last message",
               (unsigned long long)(counts.lost - gateway->audit_lost));
    if (counts.failures != gateway->audit_failures && counts.last_error.status != SP_OK)
        sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_UNWRITTEN, "SMF records cannot be written: %s",
               counts.last_error.text);
    gateway->audit_lost = counts.lost;
    gateway->audit_failures = counts.failures;
    enum sp_status set =
        sp_timer_set(gateway->worker->loop, &gateway->audit_watch, sp_clock_monotonic_us() + AUDIT_WATCH_US);
    (void)set; /* without memory for a timer nothing is reported any more */
}

/* ---------------------------------------------------------------- life */

static enum sp_status open_security(struct sp_gateway *gateway, struct sp_problems *problems,
                                    struct sp_error *err)
{
    const struct sp_config *config = gateway->config;
    struct sp_error problem = SP_ERROR_INIT;
    enum sp_status status = SP_OK;
    if (sp_saf_link_is_wanted(config)) {
        status = sp_saf_link_new(config, &gateway->saf, &problem, err);
        if (problem.status != SP_OK)
            sp_problem_add(problems, SP_PROBLEM_ERROR, SP_MSG_SAF_UNAVAILABLE, config->saf_database.database,
                           0, 0,
                           "the security database cannot be opened, and nobody is let in until it can: %s",
                           problem.text);
        if (status == SP_OK)
            sp_guest_check(config, gateway->saf, problems);
    }
    if (status == SP_OK)
        status = sp_registry_new(config, gateway->saf, &gateway->registry, err);
    return status == SP_OK ? sp_authn_new(config, gateway->registry, gateway->saf, &gateway->authn, err)
                           : status;
}

static enum sp_status open_connections(struct sp_gateway *gateway, struct sp_error *err)
{
    const struct sp_config *config = gateway->config;
    gateway->connections = calloc(config->cics_connection_count + 1, sizeof *gateway->connections);
    if (!gateway->connections)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for connections");
    for (size_t i = 0; i < config->cics_connection_count; i++) {
        enum sp_status status =
            sp_sor_cics_new(&config->cics_connections[i], gateway->worker->loop, gateway->worker->count,
                            &gateway->connections[gateway->connection_count], err);
        if (status != SP_OK)
            return status;
        gateway->connection_count++;
    }
    return SP_OK;
}

static enum sp_status open_snapshot(struct sp_gateway *gateway, struct sp_problems *problems,
                                    struct sp_error *err)
{
    const struct sp_snapshot_sources sources = {
        .config = gateway->config,
        .audit = gateway->audit,
        .connections = gateway->connections,
        .connection_count = gateway->connection_count,
    };
    return sp_snapshot_new(&sources, problems, &gateway->snapshot, err);
}

enum sp_status sp_gateway_new(const struct sp_config *config, const struct sp_worker *worker,
                              struct sp_problems *problems, struct sp_gateway **ret_gateway,
                              struct sp_error *err)
{
    struct sp_gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the gateway");
    gateway->config = config;
    gateway->worker = worker;
    gateway->audit_watch.fn = watch_audit;
    gateway->audit_watch.arg = gateway;
    sp_secret_random(gateway->correlator_seed, sizeof gateway->correlator_seed);
    enum sp_status status = open_security(gateway, problems, err);
    sp_audit_check(config, problems);
    if (status == SP_OK && wants_audit(config))
        status = open_audit(gateway, err);
    if (status == SP_OK)
        status = open_connections(gateway, err);
    if (status == SP_OK)
        status = open_snapshot(gateway, problems, err);
    if (status != SP_OK) {
        sp_gateway_free(gateway);
        return status;
    }
    if (gateway->audit)
        watch_audit(gateway);
    *ret_gateway = gateway;
    return SP_OK;
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

static void close_audit(struct sp_gateway *gateway)
{
    struct sp_error err = SP_ERROR_INIT;
    sp_timer_clear(&gateway->audit_watch);
    if (sp_audit_free(gateway->audit, &err) != SP_OK)
        sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_UNWRITTEN, "the last SMF records could not be written: %s",
               err.text);
}

void sp_gateway_free(struct sp_gateway *gateway)
{
    if (!gateway)
        return;
    end_calls(gateway);
    sp_snapshot_release(gateway->snapshot);
    for (size_t i = 0; i < gateway->connection_count; i++)
        sp_sor_free(gateway->connections[i]);
    free(gateway->connections);
    close_audit(gateway);
    sp_authn_free(gateway->authn);
    sp_registry_free(gateway->registry);
    sp_saf_link_release(gateway->saf);
    free(gateway);
}
