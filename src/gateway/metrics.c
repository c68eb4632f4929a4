/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define METHOD_MAX 8u
#define FORGOTTEN INT64_MIN /* of a gauge */

enum { FREE, BEING_MADE, MADE };

/* Upper bounds in microseconds; behind them comes infinity. */
static const struct {
    int64_t us;
    const char *text;
} bounds[] = {
    {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"}, {25000, "0.025"},
    {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"}, {1000000, "1"},
    {2500000, "2.5"}, {5000000, "5"},   {10000000, "10"},
};
#define BOUNDS (sizeof bounds / sizeof bounds[0])

struct key {
    char name[SP_METRICS_NAME_MAX], method[METHOD_MAX];
    uint16_t kind, status;
};

struct series {
    _Atomic uint32_t state;
    struct key key;
    _Atomic uint64_t buckets[BOUNDS + 1], sum_us;
};

struct cell {
    _Atomic uint32_t state;
    uint32_t metric;
    char labels[SP_METRICS_LABELS_MAX];
    _Atomic int64_t value;
};

struct sp_metrics {
    _Atomic uint64_t dropped;
    struct series series[SP_METRICS_SERIES];
    struct cell cells[SP_METRICS_CELLS];
};

size_t sp_metrics_bytes(void)
{
    return sizeof(struct sp_metrics);
}

/* Names are the administrator's, methods are of a known set: nobody chooses where they come to lie. */
static uint64_t hash_of(const void *bytes, size_t len)
{
    static const unsigned char key[16];
    return sp_siphash(key, 1, 3, bytes, len);
}

/* Another worker is filling it in: that takes no time, unless the worker died over it. */
static bool is_made(_Atomic uint32_t *state)
{
    for (unsigned i = 0; i < 1000; i++)
        if (atomic_load_explicit(state, memory_order_acquire) == MADE)
            return true;
    return false;
}

static bool claim(_Atomic uint32_t *state)
{
    uint32_t free = FREE;
    return atomic_compare_exchange_strong(state, &free, BEING_MADE);
}

/* ---------------------------------------------------------------- requests */

static struct series *series_of(struct sp_metrics *metrics, const struct key *key)
{
    size_t at = hash_of(key, sizeof *key) % SP_METRICS_SERIES;
    for (size_t i = 0; i < SP_METRICS_SERIES; i++, at = (at + 1) % SP_METRICS_SERIES) {
        struct series *series = &metrics->series[at];
        if (atomic_load_explicit(&series->state, memory_order_acquire) == FREE && claim(&series->state)) {
            series->key = *key;
            atomic_store_explicit(&series->state, MADE, memory_order_release);
            return series;
        }
        if (is_made(&series->state) && memcmp(&series->key, key, sizeof *key) == 0)
            return series;
    }
    return NULL;
}

static void copy_name(char *to, size_t size, struct sp_str text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len)
        memcpy(to, text.ptr, len);
}

/* Clients may send any word. */
static const char *known_method(struct sp_str method)
{
    static const char *const known[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (sp_str_is(method, known[i]))
            return known[i];
    return "other";
}

void sp_metrics_request(struct sp_metrics *metrics, const struct sp_metrics_request *request)
{
    struct key key;
    if (!metrics)
        return;
    memset(&key, 0, sizeof key);
    key.kind = (uint16_t)request->kind;
    key.status = (uint16_t)request->status;
    copy_name(key.name, sizeof key.name, request->name);
    copy_name(key.method, sizeof key.method, sp_str_of(known_method(request->method)));
    struct series *series = series_of(metrics, &key);
    if (!series) {
        atomic_fetch_add(&metrics->dropped, 1);
        return;
    }
    int64_t us = request->duration_us > 0 ? request->duration_us : 0;
    size_t bucket = 0;
    while (bucket < BOUNDS && us > bounds[bucket].us)
        bucket++;
    atomic_fetch_add_explicit(&series->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&series->sum_us, (uint64_t)us, memory_order_relaxed);
}

/* ---------------------------------------------------------------- others */

_Atomic int64_t *sp_metrics_cell(struct sp_metrics *metrics, enum sp_metric metric, const char *labels)
{
    size_t len = strlen(labels);
    if (!metrics || len >= SP_METRICS_LABELS_MAX)
        return NULL;
    size_t at = (hash_of(labels, len) + metric) % SP_METRICS_CELLS;
    for (size_t i = 0; i < SP_METRICS_CELLS; i++, at = (at + 1) % SP_METRICS_CELLS) {
        struct cell *cell = &metrics->cells[at];
        if (atomic_load_explicit(&cell->state, memory_order_acquire) == FREE && claim(&cell->state)) {
            cell->metric = metric;
            memcpy(cell->labels, labels, len + 1);
            atomic_store_explicit(&cell->state, MADE, memory_order_release);
            return &cell->value;
        }
        if (is_made(&cell->state) && cell->metric == metric && strcmp(cell->labels, labels) == 0)
            return &cell->value;
    }
    atomic_fetch_add(&metrics->dropped, 1);
    return NULL;
}

void sp_metrics_forget(struct sp_metrics *metrics, enum sp_metric metric, const char *prefix)
{
    for (size_t i = 0; metrics && i < SP_METRICS_CELLS; i++) {
        struct cell *cell = &metrics->cells[i];
        if (atomic_load(&cell->state) == MADE && cell->metric == metric &&
            strncmp(cell->labels, prefix, strlen(prefix)) == 0)
            atomic_store(&cell->value, FORGOTTEN);
    }
}

void sp_metrics_follow(_Atomic int64_t *cell, uint64_t *last, uint64_t now)
{
    uint64_t more = now >= *last ? now - *last : now;
    if (cell && more)
        atomic_fetch_add(cell, (int64_t)more);
    *last = now;
}

/* ---------------------------------------------------------------- the text */

static const struct {
    const char *name, *type, *help;
} described[SP_METRIC_COUNT] = {
    [SP_METRIC_REQUESTS_IN_WORK] = {"sallyport_requests_in_work", "gauge",
                                    "Requests that the gateway has begun and not ended."},
    [SP_METRIC_AUTHENTICATIONS] = {"sallyport_authentications_total", "counter",
                                   "Requests by what authentication made of them."},
    [SP_METRIC_TLS_ALERTS] = {"sallyport_tls_alerts_total", "counter",
                              "TLS connections of clients that ended with a fatal alert."},
    [SP_METRIC_GENERATION] = {"sallyport_generation", "gauge",
                              "Number of the configuration that the worker uses; grows with each change."},
    [SP_METRIC_SMF_WRITTEN] = {"sallyport_smf_records_written_total", "counter", "SMF records written."},
    [SP_METRIC_SMF_LOST] = {"sallyport_smf_records_lost_total", "counter",
                            "SMF records that could not be kept."},
    [SP_METRIC_SMF_PENDING] = {"sallyport_smf_records_pending", "gauge",
                               "SMF records in memory that are not written yet."},
    [SP_METRIC_SMF_FAILURES] = {"sallyport_smf_write_failures_total", "counter",
                                "Attempts to write SMF records that failed."},
    [SP_METRIC_POOL_OPEN] = {"sallyport_pool_connections", "gauge",
                             "Connections to a system of record, idle ones among them."},
    [SP_METRIC_POOL_IDLE] = {"sallyport_pool_idle_connections", "gauge",
                             "Connections to a system of record that nobody uses."},
    [SP_METRIC_POOL_WAITING] = {"sallyport_pool_waiting_requests", "gauge",
                                "Requests that wait for a connection to a system of record."},
    [SP_METRIC_CACHE_HITS] = {"sallyport_cache_hits_total", "counter", "Questions that a cache answered."},
    [SP_METRIC_CACHE_MISSES] = {"sallyport_cache_misses_total", "counter",
                                "Questions that a cache could not answer."},
    [SP_METRIC_CACHE_EVICTED] = {"sallyport_cache_evictions_total", "counter",
                                 "Values that went before their time, because the cache was full."},
    [SP_METRIC_CACHE_ENTRIES] = {"sallyport_cache_entries", "gauge", "Values that a cache holds."},
    [SP_METRIC_DROPPED] = {"sallyport_metrics_dropped_total", "counter",
                           "Events that found no place among the metrics."},
};

static void put_head(struct sp_buf *buf, const char *name, const char *type, const char *help)
{
    sp_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_escaped(struct sp_buf *buf, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            sp_buf_append_str(buf, SP_STR("\\n"));
        else if (*text == '"' || *text == '\\')
            sp_buf_printf(buf, "\\%c", *text);
        else
            sp_buf_append_byte(buf, (unsigned char)*text);
    }
}

static void put_labels(struct sp_buf *buf, const struct series *series)
{
    static const char *const kinds[] = {
        [SP_METRICS_NONE] = "none",
        [SP_METRICS_API] = "api",
        [SP_METRICS_SERVICE] = "service",
        [SP_METRICS_ADMINISTRATION] = "administration",
    };
    sp_buf_printf(buf, "type=\"%s\",name=\"", kinds[series->key.kind]);
    put_escaped(buf, series->key.name);
    sp_buf_printf(buf, "\",method=\"%s\",status=\"", series->key.method);
    if (series->key.status)
        sp_buf_printf(buf, "%u\"", series->key.status);
    else
        sp_buf_printf(buf, "canceled\"");
}

static uint64_t total_of(const struct series *series)
{
    uint64_t total = 0;
    for (size_t i = 0; i <= BOUNDS; i++)
        total += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
    return total;
}

/* Buckets are cumulative, and +Inf is the count: both of the same reading. */
static void put_histogram(struct sp_buf *buf, const struct series *series)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= BOUNDS; i++) {
        count += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
        sp_buf_printf(buf, "sallyport_request_duration_seconds_bucket{");
        put_labels(buf, series);
        sp_buf_printf(buf, ",le=\"%s\"} %" PRIu64 "\n", i < BOUNDS ? bounds[i].text : "+Inf", count);
    }
    uint64_t sum = atomic_load_explicit(&series->sum_us, memory_order_relaxed);
    sp_buf_printf(buf, "sallyport_request_duration_seconds_sum{");
    put_labels(buf, series);
    sp_buf_printf(buf, "} %" PRIu64 ".%06u\nsallyport_request_duration_seconds_count{", sum / 1000000,
                  (unsigned)(sum % 1000000));
    put_labels(buf, series);
    sp_buf_printf(buf, "} %" PRIu64 "\n", count);
}

static void put_requests(const struct sp_metrics *metrics, struct sp_buf *buf)
{
    put_head(buf, "sallyport_requests_total", "counter", "Requests that have ended.");
    for (size_t i = 0; i < SP_METRICS_SERIES; i++) {
        const struct series *series = &metrics->series[i];
        if (atomic_load_explicit(&series->state, memory_order_acquire) != MADE)
            continue;
        sp_buf_printf(buf, "sallyport_requests_total{");
        put_labels(buf, series);
        sp_buf_printf(buf, "} %" PRIu64 "\n", total_of(series));
    }
    put_head(buf, "sallyport_request_duration_seconds", "histogram",
             "Time from the request's header to its reply.");
    for (size_t i = 0; i < SP_METRICS_SERIES; i++)
        if (atomic_load_explicit(&metrics->series[i].state, memory_order_acquire) == MADE)
            put_histogram(buf, &metrics->series[i]);
}

static void put_cells(const struct sp_metrics *metrics, enum sp_metric metric, struct sp_buf *buf)
{
    put_head(buf, described[metric].name, described[metric].type, described[metric].help);
    for (size_t i = 0; i < SP_METRICS_CELLS; i++) {
        const struct cell *cell = &metrics->cells[i];
        if (atomic_load_explicit(&cell->state, memory_order_acquire) != MADE || cell->metric != metric)
            continue;
        int64_t value = atomic_load(&cell->value);
        if (value == FORGOTTEN)
            continue;
        sp_buf_printf(buf, cell->labels[0] ? "%s{%s} %" PRId64 "\n" : "%s%s %" PRId64 "\n",
                      described[metric].name, cell->labels, value);
    }
}

enum sp_status sp_metrics_write(const struct sp_metrics *metrics, struct sp_buf *buf)
{
    put_requests(metrics, buf);
    for (unsigned i = 0; i < SP_METRIC_DROPPED; i++)
        put_cells(metrics, (enum sp_metric)i, buf);
    put_head(buf, described[SP_METRIC_DROPPED].name, described[SP_METRIC_DROPPED].type,
             described[SP_METRIC_DROPPED].help);
    sp_buf_printf(buf, "%s %" PRIu64 "\n", described[SP_METRIC_DROPPED].name, atomic_load(&metrics->dropped));
    return buf->failed ? SP_ELIMIT : SP_OK;
}
