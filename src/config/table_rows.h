/* SPDX-License-Identifier: Apache-2.0
 * table_rows.h: short forms for writing rows of the table. For table_<area>.c only.
 */
#ifndef SP_CONFIG_TABLE_ROWS_H
#define SP_CONFIG_TABLE_ROWS_H

#include <stddef.h>

#include "config/config.h"
#include "config/table.h"

/* Where a value is kept follows from the type of the member. */
#define STORAGE(S, member)                       \
    _Generic(((S *)NULL)->member, bool           \
             : SP_CFG_IN_BOOL, unsigned          \
             : SP_CFG_IN_UNSIGNED, int64_t       \
             : SP_CFG_IN_I64, struct sp_str      \
             : SP_CFG_IN_STR, struct sp_str_list \
             : SP_CFG_IN_STR_LIST, default       \
             : SP_CFG_IN_POINTER)

/* An attribute: name, type, flags, then its meaning and what else there is to say. */
#define A(name_, type_, flags_, ...)                                                       \
    {                                                                                      \
        .name = (name_), .type = SP_CFG_##type_, .flags = (flags_), .meaning = __VA_ARGS__ \
    }
#define INTO(S, member) .field = #member, .storage = STORAGE(S, member), .offset = offsetof(S, member)
#define COUNT(S, member) .count_offset = offsetof(S, member), .counted = true
#define GIVEN(S, member) .given_offset = offsetof(S, member), .noted = true
#define DEFAULT(text) .fallback = (text)
#define PROVIDED(values) .provided = (values)
#define SINCE(version) .since = (version)
#define TARGET(elements) .target = (elements)
#define ONE_OF(...)                  \
    .options = (const char *const[]) \
    {                                \
        __VA_ARGS__, NULL            \
    }
#define RANGE(low, high) .min = (low), .max = (high)

#define ACTED SP_CFG_ACTED
#define SECURITY SP_CFG_SECURITY
#define REQUIRED SP_CFG_REQUIRED
#define LIST SP_CFG_LIST
#define LATE_LIST (SP_CFG_LIST | SP_CFG_LATE_LIST)
#define BLANK_LIST (SP_CFG_LIST | SP_CFG_BLANK_LIST)
#define UNCONFIRMED SP_CFG_UNCONFIRMED
#define INTERNAL SP_CFG_INTERNAL
#define LISTENER SP_CFG_LISTENER

#define ID A("id", STRING, ACTED | SP_CFG_LITERAL, "Name by which references find the element.")
#define ID_INTO(S) \
    A("id", STRING, ACTED | SP_CFG_LITERAL, "Name by which references find the element.", INTO(S, id))
#define UPDATE_TRIGGERS ONE_OF("polled", "mbean", "disabled")

/* An element: what goes behind its name, kind and flags. */
#define ROWS(array) .attributes = (array), .attribute_count = sizeof(array) / sizeof((array)[0])
#define CHILDREN(...)                                  \
    .children = (const struct sp_cfg_element *const[]) \
    {                                                  \
        __VA_ARGS__, NULL                              \
    }
#define STRUCT(S) .size = sizeof(S)
/* The member of the parent's structure that holds the array of this element's structures. */
#define ARRAY(P, member, counter) \
    .field = #member, .offset = offsetof(P, member), .count_offset = offsetof(P, counter), .counted = true
#define PLACE(P, member) .field = #member, .offset = offsetof(P, member)
#define FLATTENED(P, member) .field = #member, .offset = offsetof(P, member), .flattened = true
#define INLINED .inlined = true
#define KIND(S, member, value) .kind_offset = offsetof(S, member), .kinded = true, .kind_value = (value)
#define ELEMENT_GIVEN(S, member) .given_offset = offsetof(S, member), .noted = true

#endif
