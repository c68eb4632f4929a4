/* SPDX-License-Identifier: Apache-2.0
 * json_trees.h: comparing two trees of text/json.h, for the fuzz targets.
 */
#ifndef SP_FUZZ_JSON_TREES_H
#define SP_FUZZ_JSON_TREES_H

#include "text/json.h"

static inline bool trees_equal(const struct sp_json_value *a, const struct sp_json_value *b)
{
    if (a->kind != b->kind || a->count != b->count || !sp_str_eq(a->text, b->text) ||
        !sp_str_eq(a->name, b->name))
        return false;
    const struct sp_json_value *in_a = a->first, *in_b = b->first;
    for (; in_a && in_b; in_a = in_a->next, in_b = in_b->next)
        if (!trees_equal(in_a, in_b))
            return false;
    return !in_a && !in_b;
}

#endif
