/* SPDX-License-Identifier: Apache-2.0 */
#include "store/counter.h"

#include "base/clock.h"
#include "base/hash.h"

size_t sp_store_counters_bytes(void)
{
    return SP_STORE_COUNTERS * sizeof(struct sp_store_counter);
}

struct sp_store_counter *sp_store_counter_of(void *memory, size_t bytes, struct sp_str name)
{
    /* The same in every process, which the key of base/hash.h is not. */
    static const unsigned char key[16] = "service counters";
    struct sp_store_counter *counters = memory;
    size_t count = memory ? bytes / sizeof *counters : 0;
    uint64_t hash = sp_siphash(key, 2, 4, name.ptr, name.len);
    if (hash == 0)
        hash = 1;
    for (size_t n = 0; n < count; n++) {
        struct sp_store_counter *counter = &counters[(hash + n) % count];
        uint64_t taken = 0;
        if (!atomic_compare_exchange_strong(&counter->key, &taken, hash) && taken != hash)
            continue;
        int64_t never = 0;
        atomic_compare_exchange_strong(&counter->since_us, &never, sp_clock_realtime_us());
        return counter;
    }
    return NULL;
}

void sp_store_counter_restart(struct sp_store_counter *counter)
{
    if (!counter)
        return;
    atomic_store(&counter->calls, 0);
    atomic_store(&counter->since_us, sp_clock_realtime_us());
}
