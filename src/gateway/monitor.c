/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/monitor.h"

#include <stdio.h>

#include "authn/caches.h"
#include "base/clock.h"
#include "gateway/gateway_internal.h"
#include "gateway/shared_area.h"
#include "gateway/update_internal.h"
#include "registry/registry.h"
#include "text/json_write.h"

#define PUBLISH_US 1000000
#define HEALTH_BYTES 2048u
#define ID_SHOWN 64

static const struct sp_http_header no_store = {SP_STR_INIT("Cache-Control"), SP_STR_INIT("no-store")};

/* ---------------------------------------------------------------- gauges */

static void set(struct sp_monitor *monitor, enum sp_metric metric, const char *labels, int64_t value)
{
    _Atomic int64_t *cell = sp_metrics_cell(monitor->metrics, metric, labels);
    if (cell)
        atomic_store(cell, value);
}

static unsigned number_of(const struct sp_gateway *gateway)
{
    return gateway->update ? sp_agreement_number(gateway->update->in_use) : 0;
}

static void publish_work(struct sp_gateway *gateway, const char *worker)
{
    int64_t running = 0;
    for (const struct sp_call *call = gateway->running; call; call = call->next)
        running++;
    set(&gateway->monitor, SP_METRIC_REQUESTS_IN_WORK, worker, running);
    set(&gateway->monitor, SP_METRIC_GENERATION, worker, number_of(gateway));
}

static bool is_plain(struct sp_str id)
{
    for (size_t i = 0; i < id.len; i++)
        if ((unsigned char)id.ptr[i] < 0x20 || id.ptr[i] == '"' || id.ptr[i] == '\\')
            return false;
    return id.len > 0 && id.len <= ID_SHOWN;
}

static void publish_pools(struct sp_gateway *gateway, const char *worker)
{
    const struct sp_generation *generation = gateway->present;
    for (unsigned metric = SP_METRIC_POOL_OPEN; metric <= SP_METRIC_POOL_WAITING; metric++)
        sp_metrics_forget(gateway->monitor.metrics, (enum sp_metric)metric, worker);
    for (size_t i = 0; i < generation->connection_count; i++) {
        char labels[SP_METRICS_LABELS_MAX];
        struct sp_sor_counts counts;
        struct sp_str id = sp_sor_reference(generation->connections[i]);
        if (!is_plain(id) || !sp_sor_count(generation->connections[i], &counts))
            continue;
        snprintf(labels, sizeof labels, "%s,connection=\"%.*s\"", worker, SP_STR_ARG(id));
        set(&gateway->monitor, SP_METRIC_POOL_OPEN, labels, counts.open);
        set(&gateway->monitor, SP_METRIC_POOL_IDLE, labels, counts.idle);
        set(&gateway->monitor, SP_METRIC_POOL_WAITING, labels, counts.waiting);
    }
}

/* Counted in the memory that all workers share. */
static void publish_cache(struct sp_monitor *monitor, struct sp_shared_cache *cache, const char *labels)
{
    struct sp_shared_cache_counts counts;
    sp_shared_cache_count(cache, &counts);
    set(monitor, SP_METRIC_CACHE_EVICTED, labels, (int64_t)counts.evicted);
    set(monitor, SP_METRIC_CACHE_ENTRIES, labels, (int64_t)counts.entries);
}

static void follow(struct sp_monitor *monitor, const char *labels, uint64_t hits, uint64_t *last_hits,
                   uint64_t misses, uint64_t *last_misses)
{
    sp_metrics_follow(sp_metrics_cell(monitor->metrics, SP_METRIC_CACHE_HITS, labels), last_hits, hits);
    sp_metrics_follow(sp_metrics_cell(monitor->metrics, SP_METRIC_CACHE_MISSES, labels), last_misses, misses);
}

static void publish_caches(struct sp_gateway *gateway)
{
    struct sp_monitor *monitor = &gateway->monitor;
    struct sp_shared_cache_counts counts;
    uint64_t hits, misses;
    sp_registry_login_counts(&hits, &misses);
    follow(monitor, "cache=\"logins\"", hits, &monitor->login_hits, misses, &monitor->login_misses);
    if (gateway->present->saf) {
        sp_saf_link_count(gateway->present->saf, &hits, &misses);
        follow(monitor, "cache=\"decisions\"", hits, &monitor->decision_hits, misses,
               &monitor->decision_misses);
    }
    if (!gateway->caches)
        return;
    publish_cache(monitor, gateway->caches->users, "cache=\"logins\"");
    publish_cache(monitor, gateway->caches->tokens, "cache=\"tokens\"");
    publish_cache(monitor, gateway->caches->replays, "cache=\"replays\"");
    sp_shared_cache_count(gateway->caches->tokens, &counts);
    set(monitor, SP_METRIC_CACHE_HITS, "cache=\"tokens\"", (int64_t)counts.hits);
    set(monitor, SP_METRIC_CACHE_MISSES, "cache=\"tokens\"", (int64_t)counts.misses);
}

static void publish_counters(struct sp_gateway *gateway)
{
    struct sp_monitor *monitor = &gateway->monitor;
    struct sp_audit_counts counts;
    if (gateway->present->audit) {
        sp_audit_counts(gateway->present->audit, &counts);
        set(monitor, SP_METRIC_SMF_WRITTEN, "", (int64_t)counts.written);
        set(monitor, SP_METRIC_SMF_LOST, "", (int64_t)counts.lost);
        set(monitor, SP_METRIC_SMF_PENDING, "", (int64_t)counts.pending);
        set(monitor, SP_METRIC_SMF_FAILURES, "", (int64_t)counts.failures);
    }
}

static void publish(struct sp_gateway *gateway)
{
    char worker[32];
    snprintf(worker, sizeof worker, "worker=\"%u\"", gateway->worker->index);
    publish_work(gateway, worker);
    publish_pools(gateway, worker);
    publish_counters(gateway);
    publish_caches(gateway);
}

static void tick(void *arg)
{
    struct sp_gateway *gateway = arg;
    publish(gateway);
    enum sp_status status =
        sp_timer_set(gateway->worker->loop, &gateway->monitor.timer, sp_clock_monotonic_us() + PUBLISH_US);
    (void)status; /* without memory for a timer the gauges stay as they are */
}

void sp_monitor_open(struct sp_gateway *gateway)
{
    struct sp_monitor *monitor = &gateway->monitor;
    size_t bytes = 0;
    if (gateway->worker->shared)
        monitor->metrics = sp_shared_area_part(gateway->worker, SP_SHARED_METRICS, &bytes);
    if (bytes < sp_metrics_bytes())
        monitor->metrics = NULL;
    monitor->timer.fn = tick;
    monitor->timer.arg = gateway;
    if (monitor->metrics)
        tick(gateway);
}

void sp_monitor_close(struct sp_gateway *gateway)
{
    sp_timer_clear(&gateway->monitor.timer);
}

/* ---------------------------------------------------------------- counting */

static struct sp_metrics_request describe(const struct sp_call *call)
{
    struct sp_metrics_request request = {.method = call->request.method};
    if (call->api) {
        request.kind = SP_METRICS_API;
        request.name = call->api->name;
    } else if (call->service) {
        request.kind = SP_METRICS_SERVICE;
        request.name = call->service->sar->name;
    } else if (call->target == SP_TARGET_ADMINISTRATION) {
        request.kind = SP_METRICS_ADMINISTRATION;
    }
    return request;
}

void sp_monitor_count_call(struct sp_call *call)
{
    struct sp_metrics_request request = describe(call);
    request.status = call->exchange ? call->reply.status : 0;
    request.duration_us = sp_clock_realtime_us() - call->request.arrived_us;
    sp_metrics_request(call->gateway->monitor.metrics, &request);
}

void sp_monitor_count_alert(struct sp_gateway *gateway, bool sent, const char *what)
{
    char labels[SP_METRICS_LABELS_MAX];
    snprintf(labels, sizeof labels, "direction=\"%s\",alert=\"%s\"", sent ? "sent" : "received", what);
    _Atomic int64_t *cell =
        gateway ? sp_metrics_cell(gateway->monitor.metrics, SP_METRIC_TLS_ALERTS, labels) : NULL;
    if (cell)
        atomic_fetch_add_explicit(cell, 1, memory_order_relaxed);
}

/* What a refused request tried. */
static enum sp_authn_scheme tried(const struct sp_call *call)
{
    if (call->request.refusal)
        return SP_AUTHN_CERTIFICATE;
    struct sp_str value = sp_http_header_get(&call->request, "Authorization");
    struct sp_str scheme = sp_str_slice(value, 0, sp_str_find(value, ' '));
    if (sp_str_caseless_eq(scheme, SP_STR("basic")))
        return SP_AUTHN_BASIC;
    return sp_str_caseless_eq(scheme, SP_STR("bearer")) ? SP_AUTHN_JWT : SP_AUTHN_NONE;
}

void sp_monitor_count_authentication(struct sp_call *call, bool accepted)
{
    static const char *const names[] = {"accepted", "refused", "none"};
    struct sp_monitor *monitor = &call->gateway->monitor;
    enum sp_authentication result = !accepted                       ? SP_AUTHENTICATION_REFUSED
                                    : call->principal.authenticated ? SP_AUTHENTICATION_ACCEPTED
                                                                    : SP_AUTHENTICATION_NONE;
    enum sp_authn_scheme scheme = result == SP_AUTHENTICATION_REFUSED ? tried(call) : call->principal.scheme;
    _Atomic int64_t **cell = &monitor->authentications[scheme][result];
    if (!*cell) {
        char labels[SP_METRICS_LABELS_MAX];
        snprintf(labels, sizeof labels, "scheme=\"%s\",result=\"%s\"", sp_authn_scheme_name(scheme),
                 names[result]);
        *cell = sp_metrics_cell(monitor->metrics, SP_METRIC_AUTHENTICATIONS, labels);
    }
    if (*cell)
        atomic_fetch_add_explicit(*cell, 1, memory_order_relaxed);
}

/* ---------------------------------------------------------------- health */

static bool saf_is_open(const struct sp_gateway *gateway)
{
    const struct sp_saf_image *image =
        gateway->present->saf ? sp_saf_link_image(gateway->present->saf) : NULL;
    if (image)
        sp_saf_image_release(image);
    return image || !gateway->present->saf;
}

static void put_check(struct sp_json_writer *writer, const char *name, bool up, const char *reason)
{
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "name", sp_str_of(name));
    sp_json_put_string(writer, "status", up ? SP_STR("UP") : SP_STR("DOWN"));
    if (reason) {
        sp_json_name(writer, SP_STR("data"));
        sp_json_object_begin(writer);
        sp_json_put_string(writer, up ? "generation" : "reason", sp_str_of(reason));
        sp_json_object_end(writer);
    }
    sp_json_object_end(writer);
}

/* The format is that of MicroProfile Health. */
static bool put_health(const struct sp_gateway *gateway, bool ready, bool reasons, struct sp_buf *buf)
{
    struct sp_json_writer writer;
    char number[16];
    bool saf = saf_is_open(gateway);
    struct sp_str waiting =
        gateway->present->authn ? sp_authn_waits_for(gateway->present->authn) : (struct sp_str){0};
    bool up = !ready || (saf && !waiting.ptr);
    char reason[160];
    snprintf(reason, sizeof reason, "openidConnectClient %.*s has not got the keys of its issuer yet",
             (int)(waiting.len > 64 ? 64 : waiting.len), waiting.ptr ? waiting.ptr : "");
    snprintf(number, sizeof number, "%u", number_of(gateway));
    sp_json_writer_init(&writer, buf, 0);
    sp_json_object_begin(&writer);
    sp_json_put_string(&writer, "status", up ? SP_STR("UP") : SP_STR("DOWN"));
    sp_json_name(&writer, SP_STR("checks"));
    sp_json_array_begin(&writer);
    if (reasons && ready) {
        put_check(&writer, "configuration", true, number);
        if (gateway->present->saf)
            put_check(&writer, "securityDatabase", saf, saf ? NULL : "the security database is not open");
        if (gateway->present->config->oidc_client_count)
            put_check(&writer, "issuers", !waiting.ptr, waiting.ptr ? reason : NULL);
    }
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    return up;
}

bool sp_monitor_takes(struct sp_call *call)
{
    const struct sp_http_request *request = &call->request;
    bool live = sp_str_is(request->path, "/health/live"), ready = sp_str_is(request->path, "/health/ready");
    if ((!live && !ready) || !(sp_str_is(request->method, "GET") || sp_str_is(request->method, "HEAD")))
        return false;
    void *memory = sp_arena_alloc(&call->arena, HEALTH_BYTES);
    if (!memory)
        return false;
    struct sp_buf buf = sp_buf_over(memory, HEALTH_BYTES);
    bool up = put_health(call->gateway, ready, false, &buf);
    sp_call_fail(call, up ? 200 : 503, "A probe.");
    sp_call_fail_header(call, "Content-Type", SP_STR("application/json"));
    sp_call_fail_header(call, "Cache-Control", no_store.value);
    call->failure.has_body = true;
    call->failure.body = sp_buf_str(&buf);
    call->probe = true;
    return true;
}

/* ---------------------------------------------------------------- the listener of its own */

static void reply(struct sp_exchange *exchange, unsigned status, const char *type, struct sp_str body)
{
    const struct sp_http_header headers[] = {{SP_STR("Content-Type"), sp_str_of(type)}, no_store};
    exchange->reply(exchange, &(struct sp_http_reply){
                                  .status = status, .headers = headers, .header_count = 2, .body = body});
}

static void reply_error(struct sp_exchange *exchange, unsigned status, const char *text)
{
    char body[128];
    int len = snprintf(body, sizeof body, "{\"errorMessage\":\"%s\"}", text);
    reply(exchange, status, "application/json", sp_str_from(body, (size_t)len));
}

static void reply_metrics(struct sp_gateway *gateway, struct sp_exchange *exchange)
{
    struct sp_buf buf;
    if (!gateway->monitor.metrics) {
        reply_error(exchange, 503, "Nothing is counted.");
        return;
    }
    publish(gateway);
    sp_buf_init(&buf, SP_METRICS_TEXT_MAX);
    if (sp_metrics_write(gateway->monitor.metrics, &buf) == SP_OK)
        reply(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", sp_buf_str(&buf));
    else
        reply_error(exchange, 500, "The metrics do not fit into memory.");
    sp_buf_finish(&buf);
}

static void reply_health(struct sp_gateway *gateway, struct sp_exchange *exchange, bool ready)
{
    char memory[HEALTH_BYTES];
    struct sp_buf buf = sp_buf_over(memory, sizeof memory);
    bool up = put_health(gateway, ready, true, &buf);
    reply(exchange, up ? 200 : 503, "application/json", sp_buf_str(&buf));
}

void sp_monitor_answer(struct sp_gateway *gateway, struct sp_exchange *exchange)
{
    const struct sp_http_request *request = exchange->request;
    exchange->handler_state = NULL;
    if (!sp_str_is(request->method, "GET") && !sp_str_is(request->method, "HEAD"))
        reply_error(exchange, 405, "Only GET is available here.");
    else if (sp_str_is(request->path, "/metrics"))
        reply_metrics(gateway, exchange);
    else if (sp_str_is(request->path, "/health/live") || sp_str_is(request->path, "/health/ready"))
        reply_health(gateway, exchange, sp_str_is(request->path, "/health/ready"));
    else
        reply_error(exchange, 404, "There are /metrics, /health/live and /health/ready.");
}
