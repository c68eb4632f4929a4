/* SPDX-License-Identifier: Apache-2.0
 * metrics.h: what the workers of a server count together, as Prometheus reads it (text format 0.0.4).
 *
 * In the memory that workers share: any worker can tell of all, and counters survive workers and reloads.
 * Writing is a hash and an atomic addition. The memory is of fixed size: what finds no place in it is not
 * counted, and that is counted (sallyport_metrics_dropped_total).
 */
#ifndef SP_GATEWAY_METRICS_H
#define SP_GATEWAY_METRICS_H

#include <stdatomic.h>

#include "base/buf.h"

#define SP_METRICS_SERIES 4096u /* of requests: name, method, status */
#define SP_METRICS_CELLS 1024u  /* of all other metrics */
#define SP_METRICS_LABELS_MAX 112u
#define SP_METRICS_NAME_MAX 64u /* longer names of APIs are cut */
#define SP_METRICS_TEXT_MAX ((size_t)32 << 20)

enum sp_metric {
    SP_METRIC_REQUESTS_IN_WORK,
    SP_METRIC_AUTHENTICATIONS,
    SP_METRIC_TLS_ALERTS,
    SP_METRIC_GENERATION,
    SP_METRIC_SMF_WRITTEN,
    SP_METRIC_SMF_LOST,
    SP_METRIC_SMF_PENDING,
    SP_METRIC_SMF_FAILURES,
    SP_METRIC_POOL_OPEN,
    SP_METRIC_POOL_IDLE,
    SP_METRIC_POOL_WAITING,
    SP_METRIC_CACHE_HITS,
    SP_METRIC_CACHE_MISSES,
    SP_METRIC_CACHE_EVICTED,
    SP_METRIC_CACHE_ENTRIES,
    SP_METRIC_DROPPED,
    SP_METRIC_COUNT
};

struct sp_metrics; /* the shared memory */

enum sp_metrics_kind { SP_METRICS_NONE, SP_METRICS_API, SP_METRICS_SERVICE, SP_METRICS_ADMINISTRATION };

/* A request that has ended. */
struct sp_metrics_request {
    enum sp_metrics_kind kind;
    struct sp_str name; /* of the API or service; empty: none */
    struct sp_str method;
    unsigned status; /* 0: the client went away */
    int64_t duration_us;
};

size_t sp_metrics_bytes(void);

/* `metrics` NULL (nothing is shared): counts nothing. */
void sp_metrics_request(struct sp_metrics *metrics, const struct sp_metrics_request *request);

/* The value of a metric for `labels`, such as scheme="basic",result="accepted" (escaped already), to be
 * added to or set; valid as long as the memory. NULL when there is no place. */
_Atomic int64_t *sp_metrics_cell(struct sp_metrics *metrics, enum sp_metric metric, const char *labels);
/* Gauges that are not set anew are not shown any more: those whose labels begin with `prefix`. */
void sp_metrics_forget(struct sp_metrics *metrics, enum sp_metric metric, const char *prefix);
/* A counter that began at 0 with its owner: add what has come since `*last`. */
void sp_metrics_follow(_Atomic int64_t *cell, uint64_t *last, uint64_t now);

/* Append everything as text. SP_ELIMIT when the buffer is too small. */
enum sp_status sp_metrics_write(const struct sp_metrics *metrics, struct sp_buf *buf) SP_MUST_CHECK;

#endif
