/* SPDX-License-Identifier: Apache-2.0
 * layout.h: where each field of a program's record is.
 *
 * One tree per interface, whatever front end read it (.si now; .wsbind and copybooks give the same tree).
 * Offsets are those of the first byte of a field when every array before it has its greatest size; inside an
 * array they are relative to the element.
 */
#ifndef SP_ARTIFACT_LAYOUT_H
#define SP_ARTIFACT_LAYOUT_H

#include "base/arena.h"

enum sp_field_type {
    SP_FIELD_STRUCT,
    SP_FIELD_ARRAY, /* one child: the element */
    SP_FIELD_CHAR,  /* in the code page of the program, or UTF-16BE */
    SP_FIELD_ZONED,
    SP_FIELD_PACKED,
    SP_FIELD_BINARY, /* two's complement or unsigned, 1 to 8 bytes */
    SP_FIELD_FLOAT,  /* 4 bytes */
    SP_FIELD_DOUBLE, /* 8 bytes */
};

struct sp_field {
    enum sp_field_type type;
    struct sp_str name;     /* in JSON */
    struct sp_str original; /* in COBOL */
    bool included;          /* visible in JSON */
    bool redefines;         /* lies on another field and does not advance */
    bool utf16;             /* SP_FIELD_CHAR: UTF-16BE */
    bool is_signed, sign_leading, sign_separate;
    bool native;            /* SP_FIELD_BINARY: COMP-5, limited by its width rather than by its digits */
    unsigned digits, scale; /* numbers: in all, behind the point */
    uint32_t offset;        /* see above */
    uint32_t bytes;         /* of storage at the greatest size; an array: of all elements */
    uint32_t min_occurs, max_occurs, element_bytes; /* arrays */
    struct sp_field *counter; /* array: the field that holds its count (OCCURS DEPENDING ON), or NULL */
    bool is_counter;
    bool has_default;
    struct sp_str default_value; /* text, or bytes when default_is_hex */
    bool default_is_hex;
    struct sp_str remarks;
    struct sp_field *parent, *first, *next;
    unsigned index; /* running number in the interface, from 0 */
};

struct sp_segment {         /* the COMMAREA, or one container */
    struct sp_str name;     /* in JSON */
    struct sp_str original; /* container name, up to 16 characters */
    bool is_container;
    bool is_bit; /* containerType BIT */
    bool required;
    uint32_t bytes;     /* greatest size */
    uint32_t min_bytes; /* with every OCCURS DEPENDING ON array at its least */
    struct sp_field *first;
    struct sp_segment *next;
};

struct sp_interface {
    struct sp_str name;
    bool is_channel;
    struct sp_segment *segments;
    unsigned segment_count, field_count;
};

#endif
