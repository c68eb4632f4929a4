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
        names->slots = NULL;
        names->room = 0;
        *place = names;
    }
    names->count = 0;
    names->seen = 0;
    names->mask = 0;
    return names;
}

/* A free slot's pointer is NULL, so an empty name needs one that is not. */
static struct sp_str named(struct sp_str name)
{
    return name.len ? name : SP_STR("");
}

/* The slot that holds the name, or the free one where it belongs. The table is never full. */
static struct sp_str *slot_for(const struct sp_json_names *names, struct sp_str name)
{
    for (size_t at = (size_t)sp_hash_bytes(name.ptr, name.len);; at++) {
        struct sp_str *slot = &names->slots[at & names->mask];
        if (!slot->ptr || sp_str_eq(*slot, name))
            return slot;
    }
}

/* Clears as many slots as the set needs, not as many as there is memory for: else a document of one large
 * object and many of moderate size would cost their product. */
static enum sp_status grow(struct sp_json_names *names, struct sp_arena *arena)
{
    size_t old_size = names->mask ? names->mask + 1 : SP_JSON_NAMES_SMALL;
    const struct sp_str *old = names->mask ? names->slots : names->small;
    size_t size = names->mask ? old_size * 2 : old_size * 4;
    struct sp_str *slots = names->slots;
    if (old == slots || names->room < size) {
        slots = sp_arena_calloc(arena, size, sizeof *slots);
        if (!slots)
            return SP_ENOMEM;
        names->room = size;
    } else {
        memset(slots, 0, size * sizeof *slots);
    }
    names->slots = slots;
    names->mask = size - 1;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].ptr)
            *slot_for(names, old[i]) = old[i];
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
    if (!names->mask || names->count >= names->mask / 4 * 3) {
        enum sp_status status = grow(names, arena);
        if (status)
            return status;
    }
    struct sp_str *slot = slot_for(names, name);
    if (slot->ptr)
        return SP_EEXISTS;
    *slot = name;
    names->count++;
    return SP_OK;
}

enum sp_status sp_json_names_add(struct sp_json_names *names, struct sp_str name, struct sp_arena *arena)
{
    name = named(name);
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
