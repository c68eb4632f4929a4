/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/name_set.h"

#define SLOTS_LEAST 4u
#define LONG 63u

/* FNV-1a, 64 bits. */
#define FNV_BASIS 14695981039346656037u
#define FNV_PRIME 1099511628211u

static uint64_t hash_on(uint64_t hash, struct sp_str part)
{
    for (size_t i = 0; i < part.len; i++)
        hash = (hash ^ (unsigned char)part.ptr[i]) * FNV_PRIME;
    return hash;
}

static uint64_t bit_of(size_t len)
{
    return (uint64_t)1 << (len < LONG ? len : LONG);
}

enum sp_status sp_name_set_init(struct sp_name_set *set, size_t most, struct sp_arena *arena)
{
    size_t slots = SLOTS_LEAST;
    while (slots < 2 * most)
        slots *= 2;
    struct sp_str *memory = sp_arena_calloc(arena, slots, sizeof *memory);
    if (!memory)
        return SP_ENOMEM;
    *set = (struct sp_name_set){.mask = slots - 1, .slots = memory};
    return SP_OK;
}

static bool equals_parts(struct sp_str name, const struct sp_str *parts, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > name.len - at ||
            (parts[i].len && memcmp(name.ptr + at, parts[i].ptr, parts[i].len) != 0))
            return false;
        at += parts[i].len;
    }
    return at == name.len;
}

/* The slot of the name, or the free one where it would be. */
static size_t slot_of(const struct sp_name_set *set, const struct sp_str *parts, size_t count)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < count; i++)
        hash = hash_on(hash, parts[i]);
    size_t at = (size_t)(hash ^ hash >> 32) & set->mask;
    while (set->slots[at].ptr && !equals_parts(set->slots[at], parts, count))
        at = (at + 1) & set->mask;
    return at;
}

void sp_name_set_add(struct sp_name_set *set, struct sp_str name)
{
    if (!name.ptr)
        return;
    struct sp_str *slot = (struct sp_str *)&set->slots[slot_of(set, &name, 1)];
    set->count += !slot->ptr;
    set->lengths |= bit_of(name.len);
    *slot = name;
}

void sp_name_set_add_all(struct sp_name_set *set, const struct sp_str_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        sp_name_set_add(set, names->items[i]);
}

bool sp_name_set_has_parts(const struct sp_name_set *set, const struct sp_str *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    return (set->lengths & bit_of(len)) && set->slots[slot_of(set, parts, count)].ptr;
}

bool sp_name_set_has(const struct sp_name_set *set, struct sp_str name)
{
    return sp_name_set_has_parts(set, &name, 1);
}

const struct sp_str *sp_name_set_first(const struct sp_name_set *set, const struct sp_str_list *names)
{
    for (size_t i = 0; set->count && i < names->count; i++)
        if (sp_name_set_has(set, names->items[i]))
            return &names->items[i];
    return NULL;
}
