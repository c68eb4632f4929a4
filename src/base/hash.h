/* SPDX-License-Identifier: Apache-2.0
 * hash.h: a table from byte strings to pointers.
 *
 * Open addressing, at most three quarters full, keyed by SipHash-1-3 with a key drawn once per process, so
 * that a client who chooses the keys cannot choose the collisions. Keys are not copied: they must live as
 * long as the table.
 */
#ifndef SP_BASE_HASH_H
#define SP_BASE_HASH_H

#include "base/str.h"

struct sp_hash_slot {
    struct sp_str key;
    uint64_t hash; /* 0: the slot is free */
    void *value;
};

struct sp_hash {
    struct sp_hash_slot *slots;
    size_t capacity; /* power of two, or 0 */
    size_t count;
    size_t ceiling; /* greatest count */
};

void sp_hash_init(struct sp_hash *table, size_t ceiling);
/* Frees the table, not the keys nor the values. Accepts NULL and a table that is all zeros. */
void sp_hash_finish(struct sp_hash *table);

/* The value, or NULL. */
void *sp_hash_get(const struct sp_hash *table, struct sp_str key);
/* Adds a pair. SP_EEXISTS when the key is there (nothing changes), SP_ELIMIT at the ceiling, SP_ENOMEM. */
enum sp_status sp_hash_add(struct sp_hash *table, struct sp_str key, void *value) SP_MUST_CHECK;
/* Adds or replaces. */
enum sp_status sp_hash_put(struct sp_hash *table, struct sp_str key, void *value) SP_MUST_CHECK;
/* Removes and returns the value, or NULL when there was none. */
void *sp_hash_remove(struct sp_hash *table, struct sp_str key);
/* The next occupied slot at or after *cursor (start with 0), in no particular order; NULL at the end. The
 * table must not change between calls. */
const struct sp_hash_slot *sp_hash_next(const struct sp_hash *table, size_t *cursor);

/* SipHash-1-3 under the process key; never 0. */
uint64_t sp_hash_bytes(const void *bytes, size_t len);
/* SipHash-c-d (Aumasson and Bernstein, 2012) under a key of 16 bytes. */
uint64_t sp_siphash(const unsigned char key[16], int c_rounds, int d_rounds, const void *bytes, size_t len);
/* SipHash-2-4 of 128 bits (the same authors' reference code, 2014); the halves in the order in which their
 * bytes are written, each little-endian. */
void sp_siphash128(const unsigned char key[16], const void *bytes, size_t len, uint64_t ret_hash[2]);

#endif
