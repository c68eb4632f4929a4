/* SPDX-License-Identifier: Apache-2.0
 * The memory: a head, then segments, each with its lock, its chains and its blocks. A value has a first block
 * with its key and as many further blocks as it needs. Blocks are numbered; nothing in the memory is a
 * pointer, because processes may see it at different addresses.
 */
#include "base/shared_cache.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/secret.h"

#define LINE ((size_t)64)
#define BLOCK_MAX ((size_t)512)
#define SEGMENTS 16u
#define SEGMENT_ENTRIES_LEAST 64u /* smaller ones are not worth a lock of their own */
#define ENTRIES_MAX ((size_t)1 << 24)
#define VALUE_BYTES_MAX ((size_t)1 << 20)
#define NONE UINT32_MAX
#define READY UINT32_MAX /* of `state`, which is 0 at first and then the process that makes the layout */
#define WAIT_NS 50000000L
#define MAKING_US 1000u
#define MAKING_ROUNDS 5000u /* then it is another process that has got its number */
#define SWEEP_US 1000000

struct layout {
    uint32_t segments, blocks, buckets, block_bytes; /* blocks and buckets of one segment */
    uint32_t entries_max;                            /* of one segment */
};

struct head {
    _Atomic uint32_t state;
    struct layout layout;
    unsigned char secret[16];
};

/* Every block begins with the number of the one that follows it. */
struct entry {
    uint32_t next_block;
    uint32_t len;
    uint64_t key[2];
    int64_t until_us;
    uint32_t next_in_bucket, newer, older;
};

struct segment {
    pthread_mutex_t mutex;
    uint32_t first_free, free_count;
    uint32_t fresh; /* blocks from here on were never used: free too, but not touched yet */
    uint32_t newest, oldest;
    int64_t swept_us;
    struct sp_shared_cache_counts counts;
};

struct sp_shared_cache {
    struct head *head;
    struct layout layout; /* a copy: what is in the memory later does not matter */
    void *own;            /* memory of this process alone, or NULL */
};

_Static_assert(sizeof(struct entry) <= LINE, "a block holds at least an entry");

/* ---------------------------------------------------------------- the layout */

static size_t rounded(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static size_t head_bytes(void)
{
    return rounded(sizeof(struct head));
}

static size_t buckets_offset(void)
{
    return rounded(sizeof(struct segment));
}

static size_t blocks_offset(const struct layout *layout)
{
    return buckets_offset() + rounded(layout->buckets * sizeof(uint32_t));
}

static size_t segment_bytes(const struct layout *layout)
{
    return blocks_offset(layout) + (size_t)layout->blocks * layout->block_bytes;
}

static size_t blocks_for(const struct layout *layout, size_t len)
{
    size_t first = layout->block_bytes - sizeof(struct entry);
    size_t further = layout->block_bytes - sizeof(uint32_t);
    return 1 + (len > first ? (len - first + further - 1) / further : 0);
}

static struct layout layout_for(struct sp_shared_cache_size size)
{
    size_t entries = size.entries < 1 ? 1 : size.entries > ENTRIES_MAX ? ENTRIES_MAX : size.entries;
    size_t value = size.value_bytes > VALUE_BYTES_MAX ? VALUE_BYTES_MAX : size.value_bytes;
    size_t fixed = value > SP_SHARED_CACHE_FIXED_MAX || value == 0 ? value : SP_SHARED_CACHE_FIXED_MAX;
    size_t block = rounded(sizeof(struct entry) + fixed);
    struct layout layout = {.block_bytes = (uint32_t)(block > BLOCK_MAX ? BLOCK_MAX : block)};
    layout.segments = entries >= (size_t)SEGMENTS * SEGMENT_ENTRIES_LEAST ? SEGMENTS : 1;
    layout.entries_max = (uint32_t)((entries + layout.segments - 1) / layout.segments);
    layout.blocks = (uint32_t)(layout.entries_max * blocks_for(&layout, value));
    layout.buckets = 1;
    while (layout.buckets < layout.entries_max)
        layout.buckets *= 2;
    return layout;
}

static size_t layout_bytes(const struct layout *layout)
{
    return head_bytes() + layout->segments * segment_bytes(layout);
}

size_t sp_shared_cache_bytes(struct sp_shared_cache_size size)
{
    struct layout layout = layout_for(size);
    return layout_bytes(&layout);
}

/* The largest layout of this shape that fits; false when none does. */
static bool fit(struct sp_shared_cache_size size, size_t bytes, struct layout *ret_layout)
{
    *ret_layout = layout_for(size);
    while (layout_bytes(ret_layout) > bytes && size.entries > 1) {
        size.entries -= (size.entries + 7) / 8;
        *ret_layout = layout_for(size);
    }
    return layout_bytes(ret_layout) <= bytes;
}

/* ---------------------------------------------------------------- inside a segment, under its lock */

static struct segment *segment_of(const struct sp_shared_cache *cache, struct sp_cache_key key)
{
    size_t index = (size_t)(key.half[1] % cache->layout.segments);
    return (struct segment *)((char *)cache->head + head_bytes() + index * segment_bytes(&cache->layout));
}

static uint32_t *bucket_of(const struct sp_shared_cache *cache, struct segment *segment, const uint64_t *key)
{
    uint32_t *buckets = (uint32_t *)((char *)segment + buckets_offset());
    return &buckets[key[0] & (cache->layout.buckets - 1)];
}

static void *block_at(const struct sp_shared_cache *cache, struct segment *segment, uint32_t number)
{
    return (char *)segment + blocks_offset(&cache->layout) + (size_t)number * cache->layout.block_bytes;
}

static struct entry *entry_at(const struct sp_shared_cache *cache, struct segment *segment, uint32_t number)
{
    return block_at(cache, segment, number);
}

static void empty(const struct sp_shared_cache *cache, struct segment *segment)
{
    const struct layout *layout = &cache->layout;
    memset((char *)segment + buckets_offset(), 0xff, layout->buckets * sizeof(uint32_t));
    segment->first_free = NONE;
    segment->fresh = 0;
    segment->free_count = layout->blocks;
    segment->newest = segment->oldest = NONE;
    segment->swept_us = 0;
    segment->counts.entries = 0;
}

static uint32_t find(const struct sp_shared_cache *cache, struct segment *segment, struct sp_cache_key key)
{
    uint32_t at = *bucket_of(cache, segment, key.half);
    while (at != NONE) {
        const struct entry *entry = entry_at(cache, segment, at);
        if (entry->key[0] == key.half[0] && entry->key[1] == key.half[1])
            break;
        at = entry->next_in_bucket;
    }
    return at;
}

static void unlink_age(const struct sp_shared_cache *cache, struct segment *segment, struct entry *entry)
{
    if (entry->newer != NONE)
        entry_at(cache, segment, entry->newer)->older = entry->older;
    else
        segment->newest = entry->older;
    if (entry->older != NONE)
        entry_at(cache, segment, entry->older)->newer = entry->newer;
    else
        segment->oldest = entry->newer;
}

static void link_newest(const struct sp_shared_cache *cache, struct segment *segment, uint32_t at)
{
    struct entry *entry = entry_at(cache, segment, at);
    entry->newer = NONE;
    entry->older = segment->newest;
    if (segment->newest != NONE)
        entry_at(cache, segment, segment->newest)->newer = at;
    else
        segment->oldest = at;
    segment->newest = at;
}

static void drop(const struct sp_shared_cache *cache, struct segment *segment, uint32_t at)
{
    struct entry *entry = entry_at(cache, segment, at);
    uint32_t *link = bucket_of(cache, segment, entry->key);
    while (*link != at)
        link = &entry_at(cache, segment, *link)->next_in_bucket;
    *link = entry->next_in_bucket;
    unlink_age(cache, segment, entry);
    for (uint32_t block = at; block != NONE;) {
        struct entry *freed = entry_at(cache, segment, block);
        uint32_t next = freed->next_block;
        sp_secret_wipe(freed, cache->layout.block_bytes);
        freed->next_block = segment->first_free;
        segment->first_free = block;
        segment->free_count++;
        block = next;
    }
    segment->counts.entries--;
}

static uint32_t take_block(const struct sp_shared_cache *cache, struct segment *segment)
{
    uint32_t at = segment->first_free;
    if (at != NONE)
        segment->first_free = entry_at(cache, segment, at)->next_block;
    else
        at = segment->fresh++;
    segment->free_count--;
    entry_at(cache, segment, at)->next_block = NONE;
    return at;
}

/* A new value of `len` bytes whose blocks are there. */
static uint32_t add(const struct sp_shared_cache *cache, struct segment *segment, struct sp_cache_key key,
                    int64_t until_us, size_t len)
{
    uint32_t at = take_block(cache, segment), last = at;
    for (size_t more = blocks_for(&cache->layout, len) - 1; more; more--) {
        uint32_t next = take_block(cache, segment);
        entry_at(cache, segment, last)->next_block = next;
        last = next;
    }
    struct entry *entry = entry_at(cache, segment, at);
    uint32_t *bucket = bucket_of(cache, segment, key.half);
    entry->key[0] = key.half[0];
    entry->key[1] = key.half[1];
    entry->until_us = until_us;
    entry->len = (uint32_t)len;
    entry->next_in_bucket = *bucket;
    *bucket = at;
    link_newest(cache, segment, at);
    segment->counts.entries++;
    return at;
}

static bool has_room(const struct sp_shared_cache *cache, const struct segment *segment, size_t len)
{
    return segment->free_count >= blocks_for(&cache->layout, len) &&
           segment->counts.entries < cache->layout.entries_max;
}

static void make_room(const struct sp_shared_cache *cache, struct segment *segment, size_t len)
{
    while (!has_room(cache, segment, len)) {
        drop(cache, segment, segment->oldest);
        segment->counts.evicted++;
    }
}

/* What has ended goes; at most once a second, for it looks at everything. */
static void sweep(const struct sp_shared_cache *cache, struct segment *segment, int64_t now_us)
{
    if (segment->swept_us && now_us >= segment->swept_us && now_us - segment->swept_us < SWEEP_US)
        return;
    segment->swept_us = now_us;
    for (uint32_t at = segment->oldest; at != NONE;) {
        const struct entry *entry = entry_at(cache, segment, at);
        uint32_t newer = entry->newer;
        if (entry->until_us <= now_us)
            drop(cache, segment, at);
        at = newer;
    }
}

/* Calls for each piece of the value, in order. */
static void copy_value(const struct sp_shared_cache *cache, struct segment *segment, uint32_t at, char *outer,
                       bool into_cache)
{
    struct entry *entry = entry_at(cache, segment, at);
    size_t left = entry->len;
    for (bool first = true; left; first = false) {
        char *block = block_at(cache, segment, at);
        size_t begin = first ? sizeof(struct entry) : sizeof(uint32_t);
        size_t room = cache->layout.block_bytes - begin;
        size_t count = left < room ? left : room;
        memcpy(into_cache ? block + begin : outer, into_cache ? outer : block + begin, count);
        outer += count;
        left -= count;
        at = entry_at(cache, segment, at)->next_block;
    }
}

/* ---------------------------------------------------------------- the lock */

static bool lock(const struct sp_shared_cache *cache, struct segment *segment)
{
    int rc = pthread_mutex_trylock(&segment->mutex);
    if (rc == EBUSY) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WAIT_NS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        rc = pthread_mutex_clocklock(&segment->mutex, CLOCK_MONOTONIC, &until);
    }
    if (rc == EOWNERDEAD) {
        /* Whoever died may have been in the middle of anything. */
        empty(cache, segment);
        segment->counts.resets++;
        rc = pthread_mutex_consistent(&segment->mutex);
    }
    return rc == 0;
}

static void unlock(struct segment *segment)
{
    pthread_mutex_unlock(&segment->mutex);
}

/* ---------------------------------------------------------------- opening */

static void make_segment(const struct sp_shared_cache *cache, size_t index)
{
    struct segment *segment = segment_of(cache, (struct sp_cache_key){.half = {0, index}});
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    memset(segment, 0, sizeof *segment);
    pthread_mutex_init(&segment->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    empty(cache, segment);
}

static void make(struct sp_shared_cache *cache, const struct layout *layout)
{
    cache->layout = cache->head->layout = *layout;
    sp_secret_random(cache->head->secret, sizeof cache->head->secret);
    for (size_t i = 0; i < layout->segments; i++)
        make_segment(cache, i);
    atomic_store(&cache->head->state, READY);
}

static bool is_alive(uint32_t process)
{
    return kill((pid_t)process, 0) == 0 || errno != ESRCH;
}

/* Lay the memory out, or wait until somebody else has. */
static void join(struct sp_shared_cache *cache, const struct layout *layout)
{
    _Atomic uint32_t *state = &cache->head->state;
    for (unsigned rounds = 0;; rounds++) {
        uint32_t seen = 0;
        if (atomic_compare_exchange_strong(state, &seen, (uint32_t)getpid())) {
            make(cache, layout);
            return;
        }
        if (seen == READY) {
            cache->layout = cache->head->layout;
            return;
        }
        if (!is_alive(seen) || rounds > MAKING_ROUNDS)
            atomic_compare_exchange_strong(state, &seen, 0);
        else
            usleep(MAKING_US);
    }
}

/* Not touched before it is used. */
static void *own_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

enum sp_status sp_shared_cache_open(void *memory, size_t bytes, struct sp_shared_cache_size size,
                                    struct sp_shared_cache **ret_cache, struct sp_error *err)
{
    struct layout layout;
    if (!memory)
        bytes = sp_shared_cache_bytes(size);
    if (!fit(size, bytes, &layout))
        return sp_error_set(err, SP_ELIMIT, NULL, "%zu bytes are too few for a shared cache", bytes);
    struct sp_shared_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a cache");
    if (!memory)
        memory = cache->own = own_memory(bytes);
    if (!memory) {
        free(cache);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a cache of %zu bytes", bytes);
    }
    cache->head = memory;
    join(cache, &layout);
    if (layout_bytes(&cache->layout) > bytes) {
        sp_shared_cache_close(cache);
        return sp_error_set(err, SP_EINTERNAL, NULL, "a shared cache is larger than its memory");
    }
    *ret_cache = cache;
    return SP_OK;
}

void sp_shared_cache_close(struct sp_shared_cache *cache)
{
    if (!cache)
        return;
    if (cache->own)
        munmap(cache->own, layout_bytes(&cache->layout));
    free(cache);
}

/* ---------------------------------------------------------------- use */

struct sp_cache_key sp_shared_cache_key(const struct sp_shared_cache *cache, const struct sp_str *parts,
                                        size_t count)
{
    struct sp_cache_key key;
    const unsigned char *secret = cache->head->secret;
    sp_siphash128(secret, parts[0].ptr, parts[0].len, key.half);
    for (size_t i = 1; i < count; i++) {
        uint64_t both[4] = {key.half[0], key.half[1]};
        sp_siphash128(secret, parts[i].ptr, parts[i].len, both + 2);
        sp_siphash128(secret, both, sizeof both, key.half);
    }
    return key;
}

size_t sp_shared_cache_value_max(const struct sp_shared_cache *cache)
{
    const struct layout *layout = &cache->layout;
    size_t blocks = layout->blocks < 4 ? 1 : layout->blocks / 4;
    size_t most =
        layout->block_bytes - sizeof(struct entry) + (blocks - 1) * (layout->block_bytes - sizeof(uint32_t));
    return most < VALUE_BYTES_MAX ? most : VALUE_BYTES_MAX;
}

bool sp_shared_cache_get(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                         void *ret_value, size_t size, size_t *ret_len)
{
    struct segment *segment = segment_of(cache, key);
    if (!lock(cache, segment))
        return false;
    uint32_t at = find(cache, segment, key);
    bool found = false;
    if (at != NONE) {
        struct entry *entry = entry_at(cache, segment, at);
        found = entry->until_us > now_us && entry->len <= size;
        if (found) {
            copy_value(cache, segment, at, ret_value, false);
            *ret_len = entry->len;
            unlink_age(cache, segment, entry);
            link_newest(cache, segment, at);
        } else if (entry->until_us <= now_us) {
            drop(cache, segment, at);
        }
    }
    segment->counts.hits += found;
    segment->counts.misses += !found;
    unlock(segment);
    return found;
}

bool sp_shared_cache_put(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                         int64_t until_us, struct sp_str value)
{
    struct segment *segment = segment_of(cache, key);
    if (value.len > sp_shared_cache_value_max(cache) || until_us <= now_us || !lock(cache, segment))
        return false;
    uint32_t at = find(cache, segment, key);
    if (at != NONE)
        drop(cache, segment, at);
    make_room(cache, segment, value.len);
    at = add(cache, segment, key, until_us, value.len);
    copy_value(cache, segment, at, (char *)value.ptr, true);
    unlock(segment);
    return true;
}

void sp_shared_cache_remove(struct sp_shared_cache *cache, struct sp_cache_key key)
{
    struct segment *segment = segment_of(cache, key);
    if (!lock(cache, segment))
        return;
    uint32_t at = find(cache, segment, key);
    if (at != NONE)
        drop(cache, segment, at);
    unlock(segment);
}

void sp_shared_cache_clear(struct sp_shared_cache *cache)
{
    for (uint64_t i = 0; i < cache->layout.segments; i++) {
        struct segment *segment = segment_of(cache, (struct sp_cache_key){.half = {0, i}});
        if (!lock(cache, segment))
            continue;
        while (segment->oldest != NONE)
            drop(cache, segment, segment->oldest);
        unlock(segment);
    }
}

enum sp_status sp_shared_cache_claim(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                                     int64_t until_us)
{
    struct segment *segment = segment_of(cache, key);
    enum sp_status status = SP_OK;
    if (!lock(cache, segment))
        return SP_EUNAVAIL;
    uint32_t at = find(cache, segment, key);
    if (at != NONE && entry_at(cache, segment, at)->until_us > now_us)
        status = SP_EEXISTS;
    else if (at != NONE)
        drop(cache, segment, at);
    if (status == SP_OK && !has_room(cache, segment, 0))
        sweep(cache, segment, now_us);
    if (status == SP_OK && !has_room(cache, segment, 0))
        status = SP_ELIMIT;
    if (status == SP_OK)
        add(cache, segment, key, until_us, 0);
    unlock(segment);
    return status;
}

bool sp_shared_cache_change(struct sp_shared_cache *cache, struct sp_cache_key key, int64_t now_us,
                            size_t size, void (*fn)(void *arg, void *value, int64_t *until_us), void *arg)
{
    unsigned char value[SP_SHARED_CACHE_FIXED_MAX] __attribute__((aligned(16))) = {0};
    struct segment *segment = segment_of(cache, key);
    if (size > sizeof value || size > sp_shared_cache_value_max(cache) || !lock(cache, segment))
        return false;
    uint32_t at = find(cache, segment, key);
    int64_t until_us = now_us;
    if (at != NONE) {
        const struct entry *entry = entry_at(cache, segment, at);
        if (entry->until_us > now_us && entry->len == size) {
            copy_value(cache, segment, at, (char *)value, false);
            until_us = entry->until_us;
        }
        drop(cache, segment, at);
    }
    fn(arg, value, &until_us);
    if (until_us > now_us) {
        make_room(cache, segment, size);
        at = add(cache, segment, key, until_us, size);
        copy_value(cache, segment, at, (char *)value, true);
    }
    unlock(segment);
    return true;
}

void sp_shared_cache_count(struct sp_shared_cache *cache, struct sp_shared_cache_counts *ret_counts)
{
    struct sp_shared_cache_counts counts = {0};
    for (uint64_t i = 0; i < cache->layout.segments; i++) {
        struct segment *segment = segment_of(cache, (struct sp_cache_key){.half = {0, i}});
        if (!lock(cache, segment))
            continue;
        counts.hits += segment->counts.hits;
        counts.misses += segment->counts.misses;
        counts.evicted += segment->counts.evicted;
        counts.resets += segment->counts.resets;
        counts.entries += segment->counts.entries;
        unlock(segment);
    }
    *ret_counts = counts;
}
