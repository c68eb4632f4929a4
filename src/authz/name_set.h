/* SPDX-License-Identifier: Apache-2.0
 * name_set.h: names of the configuration, compiled for "is it one of them".
 *
 * Built once, read by every request. The table is at most half full, and what is asked for cannot grow it: a
 * caller who chooses the names he asks for finds at worst the longest row of names that the administrator
 * wrote.
 */
#ifndef SP_AUTHZ_NAME_SET_H
#define SP_AUTHZ_NAME_SET_H

#include "base/arena.h"
#include "config/config_base.h"

struct sp_name_set {
    size_t count;
    uint64_t lengths;           /* bit n: there is a name of n bytes; bit 63: of 63 or more */
    size_t mask;                /* slots - 1 */
    const struct sp_str *slots; /* ptr NULL: free */
};

/* A set for at most `most` names, in the arena, which must outlive it. */
enum sp_status sp_name_set_init(struct sp_name_set *set, size_t most, struct sp_arena *arena) SP_MUST_CHECK;
/* Add a name; it must live as long as the set. No more than were announced; one that is there stays one. */
void sp_name_set_add(struct sp_name_set *set, struct sp_str name);
void sp_name_set_add_all(struct sp_name_set *set, const struct sp_str_list *names);

bool sp_name_set_has(const struct sp_name_set *set, struct sp_str name);
/* Whether it has the name that the parts make when they are written one after another. */
bool sp_name_set_has_parts(const struct sp_name_set *set, const struct sp_str *parts, size_t count);
/* The first of the names that is in the set, or NULL. */
const struct sp_str *sp_name_set_first(const struct sp_name_set *set, const struct sp_str_list *names);

#endif
