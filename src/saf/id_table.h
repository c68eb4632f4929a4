/* SPDX-License-Identifier: Apache-2.0
 * id_table.h: a table from names of users, groups and classes to pointers. Private to the room.
 *
 * Such names have at most eight characters, so that one is a number of 64 bits: looking one up touches one
 * place in memory, and comparing two is comparing numbers. Slots are chosen by SipHash under the process key.
 */
#ifndef SP_SAF_ID_TABLE_H
#define SP_SAF_ID_TABLE_H

#include "base/str.h"

/* The name as a number; 0 when it is empty or longer than eight bytes. */
static inline uint64_t sp_saf_id_key(struct sp_str id)
{
    uint64_t key = 0;
    if (id.len - 1 < sizeof key)
        memcpy(&key, id.ptr, id.len);
    return key;
}

struct sp_saf_id_slot {
    uint64_t key; /* 0: free */
    void *value;
};

/* All zeros is an empty one. */
struct sp_saf_id_table {
    struct sp_saf_id_slot *slots;
    size_t capacity; /* power of two, or 0 */
    size_t count;
};

void sp_saf_id_table_finish(struct sp_saf_id_table *table);
/* The value, or NULL. */
void *sp_saf_id_table_get(const struct sp_saf_id_table *table, uint64_t key);
/* Add or replace. SP_EINVAL for key 0, SP_ENOMEM. */
enum sp_status sp_saf_id_table_put(struct sp_saf_id_table *table, uint64_t key, void *value) SP_MUST_CHECK;

#endif
