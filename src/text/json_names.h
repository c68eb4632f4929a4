/* SPDX-License-Identifier: Apache-2.0
 * json_names.h: the member names of the objects that are open, to find one that is given twice.
 *
 * One set a level of nesting, used again by the next object on that level, all in the arena. A small set is
 * compared name by name, a larger one is a hash table. For the files of this room only.
 */
#ifndef SP_TEXT_JSON_NAMES_H
#define SP_TEXT_JSON_NAMES_H

#include "base/arena.h"

#define SP_JSON_NAMES_SMALL 32u
#define SP_JSON_NAMES_SIZES 24u /* the smallest has 128 slots, each next one twice as many */

struct sp_json_names_slot {
    uint64_t hash; /* 0: free */
    struct sp_str name;
};

struct sp_json_names {
    struct sp_json_names *outer; /* set of the object around this one, or NULL */
    struct sp_json_names *inner; /* made earlier for the next level, or NULL */
    size_t count;
    uint64_t seen;                    /* a bit for each sort of name, so that most need no compare */
    struct sp_json_names_slot *slots; /* the hash table, NULL while the set is small */
    size_t mask;                      /* its size - 1 */
    /* One table of each size, made when first needed and kept for the objects to come. */
    struct sp_json_names_slot *tables[SP_JSON_NAMES_SIZES];
    struct sp_str small[SP_JSON_NAMES_SMALL];
};

/* An empty set for an object inside that of `outer` (NULL: the outermost object; then `*spare` is the set to
 * use again, and is set when one is made). NULL: no memory. */
struct sp_json_names *sp_json_names_open(struct sp_json_names *outer, struct sp_json_names **spare,
                                         struct sp_arena *arena);
/* `name` must live as long as the set. SP_EEXISTS, SP_ENOMEM. */
enum sp_status sp_json_names_add(struct sp_json_names *names, struct sp_str name,
                                 struct sp_arena *arena) SP_MUST_CHECK;

#endif
