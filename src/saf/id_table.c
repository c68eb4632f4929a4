/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/id_table.h"

#include <stdlib.h>

#include "base/hash.h"

enum { CAPACITY_FIRST = 64 };

/* The slot of the key, or the free one where it belongs. At most three quarters are taken. */
static struct sp_saf_id_slot *slot_of(struct sp_saf_id_slot *slots, size_t capacity, uint64_t key)
{
    size_t at = sp_hash_bytes(&key, sizeof key) & (capacity - 1);
    while (slots[at].key && slots[at].key != key)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

void sp_saf_id_table_finish(struct sp_saf_id_table *table)
{
    free(table->slots);
    *table = (struct sp_saf_id_table){.slots = NULL};
}

void *sp_saf_id_table_get(const struct sp_saf_id_table *table, uint64_t key)
{
    return table->capacity && key ? slot_of(table->slots, table->capacity, key)->value : NULL;
}

static enum sp_status grow(struct sp_saf_id_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : CAPACITY_FIRST;
    struct sp_saf_id_slot *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return SP_ENOMEM;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].key)
            *slot_of(slots, capacity, table->slots[i].key) = table->slots[i];
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return SP_OK;
}

enum sp_status sp_saf_id_table_put(struct sp_saf_id_table *table, uint64_t key, void *value)
{
    if (!key)
        return SP_EINVAL;
    if (table->count + 1 > table->capacity / 4 * 3 && grow(table))
        return SP_ENOMEM;
    struct sp_saf_id_slot *slot = slot_of(table->slots, table->capacity, key);
    table->count += !slot->key;
    *slot = (struct sp_saf_id_slot){key, value};
    return SP_OK;
}
