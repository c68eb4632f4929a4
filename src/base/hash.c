/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#define SMALLEST 16u

static unsigned char process_key[16];
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static void draw_process_key(void)
{
    size_t have = 0;
    while (have < sizeof process_key) {
        ssize_t n = getrandom(process_key + have, sizeof process_key - have, 0);
        if (n > 0)
            have += (size_t)n;
    }
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_rounds(struct sip *s, int rounds)
{
    while (rounds-- > 0) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline uint64_t load_word(const unsigned char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

static inline uint64_t load_le(const unsigned char *p, size_t n)
{
    uint64_t value = 0;
    while (n-- > 0)
        value = value << 8 | p[n];
    return value;
}

static inline struct sip sip_begin(const unsigned char key[16])
{
    uint64_t k0 = load_word(key), k1 = load_word(key + 8);
    return (struct sip){k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                        k1 ^ 0x7465646279746573u};
}

/* Inline, so that the rounds are unrolled where their numbers are constants. */
static inline __attribute__((always_inline)) void sip_take(struct sip *state, int c_rounds, const void *bytes,
                                                           size_t len)
{
    struct sip s = *state;
    const unsigned char *p = bytes;
    size_t left = len;
    for (; left >= 8; p += 8, left -= 8) {
        uint64_t word = load_word(p);
        s.v3 ^= word;
        sip_rounds(&s, c_rounds);
        s.v0 ^= word;
    }
    uint64_t last = (uint64_t)len << 56 | (left ? load_le(p, left) : 0);
    s.v3 ^= last;
    sip_rounds(&s, c_rounds);
    s.v0 ^= last;
    *state = s;
}

static inline uint64_t sip_mixed(const struct sip *s)
{
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline __attribute__((always_inline)) uint64_t siphash(const unsigned char key[16], int c_rounds,
                                                              int d_rounds, const void *bytes, size_t len)
{
    struct sip s = sip_begin(key);
    sip_take(&s, c_rounds, bytes, len);
    s.v2 ^= 0xff;
    sip_rounds(&s, d_rounds);
    return sip_mixed(&s);
}

uint64_t sp_siphash(const unsigned char key[16], int c_rounds, int d_rounds, const void *bytes, size_t len)
{
    return siphash(key, c_rounds, d_rounds, bytes, len);
}

void sp_siphash128(const unsigned char key[16], const void *bytes, size_t len, uint64_t ret_hash[2])
{
    struct sip s = sip_begin(key);
    s.v1 ^= 0xee;
    sip_take(&s, 2, bytes, len);
    s.v2 ^= 0xee;
    sip_rounds(&s, 4);
    ret_hash[0] = sip_mixed(&s);
    s.v1 ^= 0xdd;
    sip_rounds(&s, 4);
    ret_hash[1] = sip_mixed(&s);
}

uint64_t sp_hash_bytes(const void *bytes, size_t len)
{
    pthread_once(&process_key_once, draw_process_key);
    uint64_t hash = siphash(process_key, 1, 3, bytes, len);
    return hash ? hash : 1;
}

void sp_hash_init(struct sp_hash *table, size_t ceiling)
{
    *table = (struct sp_hash){.ceiling = ceiling};
}

void sp_hash_finish(struct sp_hash *table)
{
    if (!table)
        return;
    free(table->slots);
    *table = (struct sp_hash){.ceiling = table->ceiling};
}

/* The slot that holds the key, or the free slot where it belongs. The table is never full. */
static struct sp_hash_slot *slot_for(const struct sp_hash *table, struct sp_str key, uint64_t hash)
{
    size_t mask = table->capacity - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        struct sp_hash_slot *slot = &table->slots[at];
        if (!slot->hash || (slot->hash == hash && sp_str_eq(slot->key, key)))
            return slot;
    }
}

static enum sp_status grow(struct sp_hash *table)
{
    struct sp_hash bigger = *table;
    bigger.capacity = table->capacity ? table->capacity * 2 : SMALLEST;
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return SP_ENOMEM;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].hash)
            *slot_for(&bigger, table->slots[i].key, table->slots[i].hash) = table->slots[i];
    free(table->slots);
    *table = bigger;
    return SP_OK;
}

static enum sp_status insert(struct sp_hash *table, struct sp_str key, void *value, bool replace)
{
    uint64_t hash = sp_hash_bytes(key.ptr, key.len);
    if (table->capacity) {
        struct sp_hash_slot *there = slot_for(table, key, hash);
        if (there->hash) {
            if (!replace)
                return SP_EEXISTS;
            there->key = key;
            there->value = value;
            return SP_OK;
        }
    }
    if (table->count >= table->ceiling)
        return SP_ELIMIT;
    if (table->capacity / 4 * 3 <= table->count) {
        enum sp_status status = grow(table);
        if (status)
            return status;
    }
    *slot_for(table, key, hash) = (struct sp_hash_slot){key, hash, value};
    table->count++;
    return SP_OK;
}

enum sp_status sp_hash_add(struct sp_hash *table, struct sp_str key, void *value)
{
    return insert(table, key, value, false);
}

enum sp_status sp_hash_put(struct sp_hash *table, struct sp_str key, void *value)
{
    return insert(table, key, value, true);
}

void *sp_hash_get(const struct sp_hash *table, struct sp_str key)
{
    if (!table->count)
        return NULL;
    const struct sp_hash_slot *slot = slot_for(table, key, sp_hash_bytes(key.ptr, key.len));
    return slot->hash ? slot->value : NULL;
}

void *sp_hash_remove(struct sp_hash *table, struct sp_str key)
{
    if (!table->count)
        return NULL;
    struct sp_hash_slot *slot = slot_for(table, key, sp_hash_bytes(key.ptr, key.len));
    if (!slot->hash)
        return NULL;
    void *value = slot->value;
    size_t mask = table->capacity - 1;
    size_t hole = (size_t)(slot - table->slots);
    /* Close the gap: move back whatever would no longer be found across it. */
    for (size_t at = (hole + 1) & mask; table->slots[at].hash; at = (at + 1) & mask) {
        size_t home = (size_t)table->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = (struct sp_hash_slot){{NULL, 0}, 0, NULL};
    table->count--;
    return value;
}

const struct sp_hash_slot *sp_hash_next(const struct sp_hash *table, size_t *cursor)
{
    while (*cursor < table->capacity) {
        const struct sp_hash_slot *slot = &table->slots[(*cursor)++];
        if (slot->hash)
            return slot;
    }
    return NULL;
}
