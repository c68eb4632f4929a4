/* SPDX-License-Identifier: Apache-2.0
 * shared_cache.h: what the workers of a server remember together, for a while.
 *
 * A fixed piece of memory holds values under keys; when it is full the value that was longest not asked for
 * goes first. A key is a 128-bit hash under a secret that is drawn when the memory is first used and never
 * leaves it, so credentials are not stored, and nobody outside can aim at a key. Values are copied in and
 * out; nothing points into the memory.
 *
 * Processes share it through robust locks, one for each segment: a process that dies inside leaves an empty
 * segment to the others, nothing else. Nobody waits longer than 50 ms: after that a value counts as not
 * there.
 *
 * Times are microseconds of a clock that the users of one cache agree on.
 */
#ifndef SP_BASE_SHARED_CACHE_H
#define SP_BASE_SHARED_CACHE_H

#include "base/str.h"

struct sp_shared_cache;

struct sp_shared_cache_size {
    size_t entries;     /* most values; at least 1 */
    size_t value_bytes; /* that a value usually has; a longer one takes the place of several */
};

struct sp_cache_key {
    uint64_t half[2];
};

struct sp_shared_cache_counts {
    uint64_t hits, misses, evicted, resets;
    uint64_t entries; /* now, those that have ended and were not yet met among them */
};

/* The memory that a cache of this size needs. */
size_t sp_shared_cache_bytes(struct sp_shared_cache_size size);

/* Use the memory (zero-filled before anybody used it, aligned to 64 bytes) for a cache. Who comes first lays
 * it out for `size`, or for fewer entries when there is less memory; who comes later takes it as it is.
 * `memory` NULL: memory of its own, for this process. SP_ELIMIT when the memory is too small for anything,
 * SP_ENOMEM. */
enum sp_status sp_shared_cache_open(void *memory, size_t bytes, struct sp_shared_cache_size size,
                                    struct sp_shared_cache **ret_cache, struct sp_error *err) SP_MUST_CHECK;
/* Lets go of the memory; what is in it stays. Accepts NULL. */
void sp_shared_cache_close(struct sp_shared_cache *cache);

/* The key of a sequence of texts; nothing can move from one text into the next. */
struct sp_cache_key sp_shared_cache_key(const struct sp_shared_cache *cache, const struct sp_str *parts,
                                        size_t count);

/* Copy the value out. False when there is none, it has ended, or it is longer than `size`. A value of length
 * 0 may be asked for with `ret_value` NULL. */
bool sp_shared_cache_get(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                         void *ret_value, size_t size, size_t *ret_len);
/* Keep a value until `until_us`; replaces the one that is there. False when it is longer than a cache keeps
 * (sp_shared_cache_value_max) or the segment is busy. */
bool sp_shared_cache_put(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                         int64_t until_us, struct sp_str value);
void sp_shared_cache_remove(struct sp_shared_cache *cache, struct sp_cache_key key);
/* Forget everything. */
void sp_shared_cache_clear(struct sp_shared_cache *cache);
size_t sp_shared_cache_value_max(const struct sp_shared_cache *cache);

/* Mark a key as used, once: SP_OK when it was not, SP_EEXISTS when it is, until the time that was given then.
 * Never drops a mark that holds: SP_ELIMIT when the segment is full of them, SP_EUNAVAIL when it is busy.
 * Such a cache should hold nothing else. */
enum sp_status sp_shared_cache_claim(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                                     int64_t until_us) SP_MUST_CHECK;

/* Change a value of a fixed size in place, with nobody between: `fn` gets it (zero-filled when there was
 * none or it had ended) and when it ends, which it may change; ending it now or before removes it. `fn` must
 * be short and must not use the cache. `size` at most SP_SHARED_CACHE_FIXED_MAX. False when the segment is
 * busy; `fn` was not called then. */
#define SP_SHARED_CACHE_FIXED_MAX 64u
bool sp_shared_cache_change(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                            size_t size, void (*fn)(void *arg, void *value, int64_t *until_us), void *arg);

void sp_shared_cache_count(struct sp_shared_cache *cache, struct sp_shared_cache_counts *ret_counts);

#endif
