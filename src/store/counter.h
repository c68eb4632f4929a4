/* SPDX-License-Identifier: Apache-2.0
 * counter.h: how often services were called, counted by all workers together in the memory they share.
 *
 * A counter belongs to a name and stays through updates, reloads and deaths of workers; it begins anew with
 * the server, and when the service is deployed, updated or deleted. More names than there is room for go
 * without.
 */
#ifndef SP_STORE_COUNTER_H
#define SP_STORE_COUNTER_H

#include <stdatomic.h>

#include "base/str.h"

#define SP_STORE_COUNTERS 32768u /* twice as many as services can be, so that they are found at once */

struct sp_store_counter {
    _Atomic uint64_t key; /* of the name; 0: free */
    _Atomic uint64_t calls;
    _Atomic int64_t since_us; /* realtime; 0: not registered */
};

/* What `SP_STORE_COUNTERS` of them take. */
size_t sp_store_counters_bytes(void);
/* The counter of a name in memory of `bytes` bytes, which is registered from now on if it was not; NULL
 * without room (`memory` NULL: there is none). Costs a hash: for when a service is made ready. */
struct sp_store_counter *sp_store_counter_of(void *memory, size_t bytes, struct sp_str name);
/* Begin anew. Accepts NULL. */
void sp_store_counter_restart(struct sp_store_counter *counter);

/* Accepts NULL. */
static inline void sp_store_count(struct sp_store_counter *counter)
{
    if (counter)
        atomic_fetch_add_explicit(&counter->calls, 1, memory_order_relaxed);
}

#endif
