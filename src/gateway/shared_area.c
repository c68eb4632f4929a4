/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/shared_area.h"

#include <stdatomic.h>
#include <unistd.h>

#include "authn/caches.h"
#include "authn/session_store.h"
#include "gateway/agreement.h"
#include "gateway/metrics.h"
#include "intercept/plugin.h"
#include "store/counter.h"

#define LINE ((size_t)64)
#define PATIENCE_US 1000u
#define PATIENCE_ROUNDS 5000

/* ---------------------------------------------------------------- the list */

static size_t agreement_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_agreement_bytes(workers);
}

static size_t counters_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_store_counters_bytes();
}

/* Always there, so that plug-ins may come with an update. */
static size_t plugins_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_plugins_shared_bytes(workers);
}

static size_t users_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_authn_cache_bytes(config, SP_AUTHN_USERS);
}

static size_t tokens_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_authn_cache_bytes(config, SP_AUTHN_TOKENS);
}

static size_t replays_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_authn_cache_bytes(config, SP_AUTHN_REPLAYS);
}

static size_t failures_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_authn_cache_bytes(config, SP_AUTHN_FAILURES);
}

static size_t request_count_bytes(const struct sp_config *config, unsigned workers)
{
    return sizeof(uint64_t);
}

static size_t session_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_session_store_bytes();
}

static size_t metrics_bytes(const struct sp_config *config, unsigned workers)
{
    return sp_metrics_bytes();
}

static size_t (*const wanted[SP_SHARED_PART_COUNT])(const struct sp_config *, unsigned) = {
    [SP_SHARED_AGREEMENT] = agreement_bytes, [SP_SHARED_METRICS] = metrics_bytes,
    [SP_SHARED_SESSIONS] = session_bytes,    [SP_SHARED_COUNTERS] = counters_bytes,
    [SP_SHARED_PLUGINS] = plugins_bytes,     [SP_SHARED_REQUESTS] = request_count_bytes,
    [SP_SHARED_USERS] = users_bytes,         [SP_SHARED_TOKENS] = tokens_bytes,
    [SP_SHARED_REPLAYS] = replays_bytes,     [SP_SHARED_FAILURES] = failures_bytes,
};

/* ---------------------------------------------------------------- the division */

enum { BLANK, BEING_MADE, MADE };

struct division {
    _Atomic uint32_t state;
    struct {
        uint64_t offset, bytes;
    } parts[SP_SHARED_PART_COUNT];
};

static size_t rounded(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

size_t sp_shared_area_bytes(const struct sp_config *config, unsigned workers)
{
    size_t total = rounded(sizeof(struct division)) + LINE; /* the engine's memory need not be aligned */
    for (size_t i = 0; i < SP_SHARED_PART_COUNT; i++)
        total += rounded(wanted[i](config, workers));
    return total;
}

static struct division *division_of(const struct sp_worker *worker)
{
    uintptr_t at = (uintptr_t)worker->shared;
    return (struct division *)((at + LINE - 1) / LINE * LINE);
}

/* Making it twice gives the same: workers that start together read the same configuration. */
static enum sp_status divide(struct division *division, const struct sp_worker *worker,
                             const struct sp_config *config, struct sp_error *err)
{
    if (sp_shared_area_bytes(config, worker->count) > worker->shared_bytes)
        return sp_error_set(err, SP_ELIMIT, NULL,
                            "the workers share %zu bytes, and the configuration wants %zu",
                            worker->shared_bytes, sp_shared_area_bytes(config, worker->count));
    size_t offset = rounded(sizeof *division);
    for (size_t i = 0; i < SP_SHARED_PART_COUNT; i++) {
        size_t bytes = rounded(wanted[i](config, worker->count));
        division->parts[i].offset = offset;
        division->parts[i].bytes = bytes;
        offset += bytes;
    }
    atomic_store(&division->state, MADE);
    return SP_OK;
}

enum sp_status sp_shared_area_join(const struct sp_worker *worker, const struct sp_config *config,
                                   struct sp_error *err)
{
    if (worker->shared_bytes < rounded(sizeof(struct division)) + LINE)
        return sp_error_set(err, SP_ELIMIT, NULL, "the workers share only %zu bytes", worker->shared_bytes);
    struct division *division = division_of(worker);
    uint32_t blank = BLANK;
    if (atomic_compare_exchange_strong(&division->state, &blank, BEING_MADE))
        return divide(division, worker, config, err);
    for (unsigned i = 0; i < PATIENCE_ROUNDS && atomic_load(&division->state) != MADE; i++)
        usleep(PATIENCE_US);
    if (atomic_load(&division->state) == MADE)
        return SP_OK;
    return divide(division, worker, config, err); /* who began it has died */
}

void *sp_shared_area_part(const struct sp_worker *worker, enum sp_shared_part part, size_t *ret_bytes)
{
    struct division *division = division_of(worker);
    if (!worker->shared || atomic_load(&division->state) != MADE || !division->parts[part].bytes)
        return NULL;
    if (ret_bytes)
        *ret_bytes = division->parts[part].bytes;
    return (char *)division + division->parts[part].offset;
}
