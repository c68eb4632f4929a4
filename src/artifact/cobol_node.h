/* SPDX-License-Identifier: Apache-2.0
 * cobol_node.h: a data description entry while a copybook is read; between the cobol*.c files only.
 */
#ifndef SP_ARTIFACT_COBOL_NODE_H
#define SP_ARTIFACT_COBOL_NODE_H

#include "artifact/cobol.h"
#include "artifact/cobol_picture.h"
#include "artifact/cobol_scan.h"

enum sp_cobol_usage {
    SP_USAGE_NONE, /* not said: that of the group, or DISPLAY */
    SP_USAGE_DISPLAY,
    SP_USAGE_BINARY, /* COMP, COMP-4, BINARY */
    SP_USAGE_NATIVE, /* COMP-5 */
    SP_USAGE_PACKED, /* COMP-3, PACKED-DECIMAL */
    SP_USAGE_FLOAT,  /* COMP-1 */
    SP_USAGE_DOUBLE, /* COMP-2 */
    SP_USAGE_NATIONAL,
};

#define SP_COBOL_QUALIFIERS_MAX 8u

/* The field comes first, so that a field of the tree is the node of the source. */
struct sp_cobol_node {
    struct sp_field field;
    unsigned level, line;
    bool alone;               /* level 77 */
    struct sp_field *last;    /* of its children */
    struct sp_str cobol_name; /* as in the source, upper case; empty for FILLER */
    enum sp_cobol_usage usage;
    bool has_picture;
    struct sp_picture picture;
    bool has_sign, sign_leading, sign_separate;
    bool sync;
    bool occurs;
    uint32_t min_occurs, max_occurs;
    struct sp_str redefines;
    struct sp_str depends, depends_of[SP_COBOL_QUALIFIERS_MAX]; /* counter and its qualifiers */
    unsigned depends_of_count;
    struct sp_field *base; /* what it redefines */
    unsigned alignment;    /* of an elementary item; 1 without SYNC */
    uint32_t position;     /* in the record, with the first occurrence of every array */
};

static inline struct sp_cobol_node *sp_cobol_node_of(const struct sp_field *field)
{
    return (struct sp_cobol_node *)field;
}

/* The words that begin a clause; a name cannot be one. */
bool sp_cobol_begins_clause(struct sp_str word);

/* A reader of entries: the scanner and the token it stands at. */
struct sp_cobol_reader {
    struct sp_cobol_scan scan;
    enum sp_cobol_token token;
    const struct sp_cobol_options *options;
    unsigned fillers; /* so far */
    unsigned entries;
};

enum sp_status sp_cobol_advance(struct sp_cobol_reader *reader) SP_MUST_CHECK;
/* At the token is that word. */
bool sp_cobol_at(const struct sp_cobol_reader *reader, const char *word);
/* Clauses of an entry up to its full stop, which is read over. */
enum sp_status sp_cobol_read_clauses(struct sp_cobol_reader *reader,
                                     struct sp_cobol_node *node) SP_MUST_CHECK;

/* Types and sizes of what is elementary, arrays made of what occurs, positions, counters. */
enum sp_status sp_cobol_lay_out(struct sp_cobol_reader *reader, struct sp_field *record) SP_MUST_CHECK;

#endif
