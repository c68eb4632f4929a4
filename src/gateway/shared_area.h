/* SPDX-License-Identifier: Apache-2.0
 * shared_area.h: the parts of the memory that workers share.
 *
 * The list in shared_area.c says which mechanism has a part, and how large a configuration wants it. The
 * division is made by the first worker that starts and stays until the memory goes: through updates and
 * reloads, and through deaths of workers. A configuration that wants a part larger than it was made gets the
 * part as it is; a mechanism takes its size from what it is given.
 */
#ifndef SP_GATEWAY_SHARED_AREA_H
#define SP_GATEWAY_SHARED_AREA_H

#include "config/config.h"
#include "io/port.h"

enum sp_shared_part {
    SP_SHARED_AGREEMENT, /* struct sp_agreement: which generation is in use */
    SP_SHARED_COUNTERS,  /* struct sp_store_counter: how often services were called */
    SP_SHARED_PLUGINS,   /* intercept/plugin.h: which plug-in a worker died in */
    SP_SHARED_REQUESTS,  /* _Atomic uint64_t: requests taken so far */
    SP_SHARED_USERS,     /* base/shared_cache.h, as the three below: see authn/caches.h */
    SP_SHARED_TOKENS,
    SP_SHARED_REPLAYS,
    SP_SHARED_FAILURES,
    SP_SHARED_SESSIONS, /* authn/session_store.h */
    SP_SHARED_METRICS,  /* struct sp_metrics: what is counted and measured */
    SP_SHARED_PART_COUNT
};

/* What all parts take, in bytes, with the division itself. */
size_t sp_shared_area_bytes(const struct sp_config *config, unsigned workers);

/* Find the division, or make it by `config`. Once in each worker, before the first part is asked for.
 * SP_ELIMIT when the memory is smaller than the division. */
enum sp_status sp_shared_area_join(const struct sp_worker *worker, const struct sp_config *config,
                                   struct sp_error *err) SP_MUST_CHECK;

/* Start of a part, aligned to 64 bytes, zero-filled when the memory was made; *ret_bytes (may be NULL): its
 * size. NULL when the
 * division has no such part, or nothing is shared (a gateway of a single process). */
void *sp_shared_area_part(const struct sp_worker *worker, enum sp_shared_part part, size_t *ret_bytes);

#endif
