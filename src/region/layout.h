/* SPDX-License-Identifier: Apache-2.0
 * layout.h: where a program has its fields, as its compiler says.
 *
 * Made by `sallyport-region compile` from what cobc writes, kept beside the module as <PROGRAM>.layout
 * (JSON), read by the workers. Offsets are those of the compiler with every OCCURS DEPENDING ON array at its
 * greatest size; in an array they are those of its first element.
 */
#ifndef SP_REGION_LAYOUT_H
#define SP_REGION_LAYOUT_H

#include "base/arena.h"
#include "base/buf.h"

enum sp_layout_kind {
    SP_LAYOUT_GROUP,  /* has items */
    SP_LAYOUT_CHAR,   /* characters, edited numbers */
    SP_LAYOUT_ZONED,  /* USAGE DISPLAY numbers, separate signs among them */
    SP_LAYOUT_PACKED, /* COMP-3 */
    SP_LAYOUT_BINARY, /* COMP, COMP-4: big-endian on either machine */
    SP_LAYOUT_NATIVE, /* COMP-5, INDEX: in the order of the machine */
    SP_LAYOUT_FLOAT,  /* COMP-1 */
    SP_LAYOUT_DOUBLE, /* COMP-2 */
    SP_LAYOUT_KINDS
};

#define SP_LAYOUT_DEPTH_MAX 50
#define SP_LAYOUT_ITEMS_MAX 20000u
#define SP_LAYOUT_RECORD_MAX (16u * 1024u * 1024u)
#define SP_LAYOUT_COUNTERS_MAX 16u /* OCCURS DEPENDING ON arrays of one record */

struct sp_layout_item {
    enum sp_layout_kind kind;
    bool is_signed;
    struct sp_str name;
    uint32_t at;                          /* from the start of the record */
    uint32_t bytes;                       /* of one occurrence */
    uint32_t max;                         /* occurrences; 0: not an array */
    const struct sp_layout_item *counter; /* array: holds the number of occurrences; NULL: always `max` */
    unsigned slot;                        /* of a counter: from 1; 0: not a counter */
    struct sp_layout_item *first, *next, *parent;
};

struct sp_layout_record {
    struct sp_str name;          /* of the level 01 */
    uint32_t bytes;              /* at its greatest */
    unsigned counters;           /* slots used */
    struct sp_layout_item *root; /* a group, or the one elementary item */
    struct sp_layout_record *next;
};

struct sp_layout {
    struct sp_str program;
    struct sp_str compiler;
    struct sp_str commarea; /* name of the record that is the COMMAREA; empty: none */
    struct sp_layout_record *records;
};

/* NULL when there is none. Exact case. */
const struct sp_layout_record *sp_layout_find(const struct sp_layout *layout, struct sp_str record);

/* Check what both sources of a layout must keep: items lie inside of their group, do not go back, have a size
 * that fits their kind; counters are elementary, numeric, outside of arrays and before what depends on them;
 * no array of varying size inside of an array. Numbers the counters. SP_EINVAL naming record and item. */
enum sp_status sp_layout_check(struct sp_layout_record *record, struct sp_error *err) SP_MUST_CHECK;

/* The file's text, and back. Everything lives in the arena. SP_ESYNTAX, SP_EINVAL, SP_ELIMIT. */
enum sp_status sp_layout_write(const struct sp_layout *layout, struct sp_buf *buf) SP_MUST_CHECK;
enum sp_status sp_layout_read(struct sp_str text, const char *file, struct sp_arena *arena,
                              struct sp_layout **ret_layout, struct sp_error *err) SP_MUST_CHECK;
/* "char", "zoned", ... */
const char *sp_layout_kind_name(enum sp_layout_kind kind);

#endif
