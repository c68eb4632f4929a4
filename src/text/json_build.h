/* SPDX-License-Identifier: Apache-2.0
 * json_build.h: putting together the tree of text/json.h, value by value in document order. For the files of
 * this room only.
 */
#ifndef SP_TEXT_JSON_BUILD_H
#define SP_TEXT_JSON_BUILD_H

#include "text/json.h"

struct sp_json_builder {
    struct sp_arena *arena;
    struct sp_json_value *root; /* NULL until the first value */
    struct sp_str name;         /* of the member whose value comes next */
    unsigned depth;
    struct {
        struct sp_json_value *value, *last; /* the open object or array and its latest child */
    } open[SP_JSON_DEPTH_MAX];
};

void sp_json_builder_init(struct sp_json_builder *builder, struct sp_arena *arena);
/* A new value behind those before it, inside the innermost one that is open; objects and arrays are open from
 * here until sp_json_builder_close. The caller keeps the depth within SP_JSON_DEPTH_MAX and gives one root.
 * NULL: no memory. */
struct sp_json_value *sp_json_builder_add(struct sp_json_builder *builder, enum sp_json_kind kind,
                                          struct sp_str text);
void sp_json_builder_close(struct sp_json_builder *builder);

#endif
