/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json_names.h"

#include "base/hash.h"

struct sp_json_names *sp_json_names_open(struct sp_json_names *outer, struct sp_json_names **spare,
                                         struct sp_arena *arena)
{
    struct sp_json_names **place = outer ? &outer->inner : spare;
    struct sp_json_names *names = *place;
    if (!names) {
        names = sp_arena_alloc(arena, sizeof *names);
        if (!names)
            return NULL;
        names->outer = outer;
        names->inner = NULL;
        memset(names->tables, 0, sizeof names->tables);
        *place = names;
    }
    names->count = 0;
    names->seen = 0;
    names->slots = NULL;
    names->mask = 0;
    return names;
}

/* The slot that holds the name, or the free one where it belongs. The table is never full. */
static struct sp_json_names_slot *slot_for(const struct sp_json_names *names, uint64_t hash,
                                           struct sp_str name)
{
    for (size_t at = (size_t)hash;; at++) {
        struct sp_json_names_slot *slot = &names->slots[at & names->mask];
        if (!slot->hash || (slot->hash == hash && sp_str_eq(slot->name, name)))
            return slot;
    }
}

static size_t size_of_table(size_t which)
{
    return (size_t)SP_JSON_NAMES_SMALL * 4 << which;
}

/* Begin to use the empty table of the next size: each object clears no more than it needs, however large the
 * objects before it were. */
static enum sp_status next_table(struct sp_json_names *names, struct sp_arena *arena)
{
    size_t which = 0;
    while (names->slots && which < SP_JSON_NAMES_SIZES && size_of_table(which) <= names->mask + 1)
        which++;
    if (which == SP_JSON_NAMES_SIZES)
        return SP_ENOMEM;
    size_t size = size_of_table(which);
    struct sp_json_names_slot *table = names->tables[which];
    if (!table)
        table = sp_arena_alloc(arena, size * sizeof *table);
    if (!table)
        return SP_ENOMEM;
    memset(table, 0, size * sizeof *table);
    names->tables[which] = table;
    names->slots = table;
    names->mask = size - 1;
    return SP_OK;
}

static void place(struct sp_json_names *names, uint64_t hash, struct sp_str name)
{
    *slot_for(names, hash, name) = (struct sp_json_names_slot){hash, name};
}

static enum sp_status grow(struct sp_json_names *names, struct sp_arena *arena)
{
    const struct sp_json_names_slot *old = names->slots;
    size_t old_size = old ? names->mask + 1 : 0;
    enum sp_status status = next_table(names, arena);
    if (status)
        return status;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].hash)
            place(names, old[i].hash, old[i].name);
    for (size_t i = 0; i < SP_JSON_NAMES_SMALL && !old; i++)
        place(names, sp_hash_bytes(names->small[i].ptr, names->small[i].len), names->small[i]);
    return SP_OK;
}

static uint64_t sort_of(struct sp_str name)
{
    unsigned first = name.len ? (unsigned char)name.ptr[0] : 0;
    unsigned last = name.len ? (unsigned char)name.ptr[name.len - 1] : 0;
    return UINT64_C(1) << ((first * 5 + last * 11 + name.len * 3) & 63);
}

static enum sp_status add_to_table(struct sp_json_names *names, struct sp_str name, struct sp_arena *arena)
{
    if (!names->slots || names->count >= names->mask / 4 * 3) {
        enum sp_status status = grow(names, arena);
        if (status)
            return status;
    }
    uint64_t hash = sp_hash_bytes(name.ptr, name.len);
    struct sp_json_names_slot *slot = slot_for(names, hash, name);
    if (slot->hash)
        return SP_EEXISTS;
    *slot = (struct sp_json_names_slot){hash, name};
    names->count++;
    return SP_OK;
}

enum sp_status sp_json_names_add(struct sp_json_names *names, struct sp_str name, struct sp_arena *arena)
{
    if (names->count >= SP_JSON_NAMES_SMALL)
        return add_to_table(names, name, arena);
    uint64_t sort = sort_of(name);
    if (names->seen & sort)
        for (size_t i = 0; i < names->count; i++)
            if (sp_str_eq(names->small[i], name))
                return SP_EEXISTS;
    names->seen |= sort;
    names->small[names->count++] = name;
    return SP_OK;
}
