/* SPDX-License-Identifier: Apache-2.0
 * cobc_dump.h: the layout of a record out of the C that cobc writes.
 *
 * With -C -fdump=ALL, cobc 3.1 writes a call for each item of a program's data that would show the item when
 * the program fails: level, name, size, offset, attributes, loops for arrays. That is where the compiler
 * itself has the fields. Items that redefine others are left out of it; cobc_listing.h knows them.
 */
#ifndef SP_REGION_COBC_DUMP_H
#define SP_REGION_COBC_DUMP_H

#include "region/layout.h"

struct sp_cobc_text {
    struct sp_str source;  /* <name>.c */
    struct sp_str globals; /* <name>.c.h: attributes */
    struct sp_str
        locals; /* <name>.c.l.h; of several programs <name>.c.l1.h, ... one behind the other: fields */
};

/* The level 01 (or 77) `record` of `program`: of its linkage section when there is one of that name, else of
 * another section. The result lives in the arena and is checked (sp_layout_check). SP_ENOTFOUND;
 * SP_EUNSUPPORTED for items that cannot be translated (national, pointers, ...) or that this compiler places
 * wrongly; SP_ESYNTAX when cobc wrote what is not understood. */
enum sp_status sp_cobc_dump_read(const struct sp_cobc_text *text, struct sp_str program, struct sp_str record,
                                 struct sp_arena *arena, struct sp_layout_record **ret_record,
                                 struct sp_error *err) SP_MUST_CHECK;
/* PROGRAM-ID of the first program of the source; empty when there is none. */
struct sp_str sp_cobc_dump_program(const struct sp_cobc_text *text);
/* What generated it, such as "cobc 3.1.2.0"; empty when it does not say. */
struct sp_str sp_cobc_dump_compiler(const struct sp_cobc_text *text);
/* Names of the level 01 items of the program's linkage section, at most `size`; returns how many there are.
 */
size_t sp_cobc_dump_linkage(const struct sp_cobc_text *text, struct sp_str program, struct sp_str *ret_names,
                            size_t size);

#endif
