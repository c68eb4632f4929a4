/* SPDX-License-Identifier: Apache-2.0
 * si_node.h: a field of a .si file while it is read; between the si_*.c files only.
 */
#ifndef SP_ARTIFACT_SI_NODE_H
#define SP_ARTIFACT_SI_NODE_H

#include "artifact/layout.h"
#include "text/xml.h"

struct sp_si_reader {
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
};

/* The field comes first, so that a field of the tree is the node of the file. */
struct sp_si_node {
    struct sp_field field;
    const struct sp_xml_element *xml;
    uint32_t start;             /* startPos, from 1; 0 when absent */
    unsigned alignment;         /* of SYNC, when the offsets show that it was in effect; 1, 2, 4 or 8 */
    struct sp_str redefines;    /* originalName of the base, or empty */
    struct sp_field *base;      /* what it redefines; set by sp_si_place */
    struct sp_str depends_on;   /* originalName of the counter, or empty */
    struct sp_str depends_path; /* its path, or empty */
};

static inline struct sp_si_node *sp_si_node_of(const struct sp_field *field)
{
    return (struct sp_si_node *)field;
}

/* "field <path>: <text>" with the line of the field. Returns `status`. */
enum sp_status sp_si_fail(const struct sp_si_reader *reader, const struct sp_si_node *node,
                          enum sp_status status, const char *fmt, ...) SP_PRINTF(4, 5);

/* A number that is the text of a child element or an attribute's value, at most SP_RECORD_BYTES_MAX. */
enum sp_status sp_si_number(const struct sp_si_reader *reader, const struct sp_si_node *node,
                            const char *what, struct sp_str text, uint32_t *ret_number) SP_MUST_CHECK;

/* Datatype, digits, signs, encoding and default from the field's children and attributes; `bytes` is set. */
enum sp_status sp_si_read_type(const struct sp_si_reader *reader, struct sp_si_node *node) SP_MUST_CHECK;

/* Offsets of all fields of a segment from startPos, or from the sum of the bytes below arrays; then the
 * counters of variable arrays. */
enum sp_status sp_si_place(const struct sp_si_reader *reader, struct sp_segment *segment) SP_MUST_CHECK;

#endif
