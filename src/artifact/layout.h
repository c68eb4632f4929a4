/* SPDX-License-Identifier: Apache-2.0
 * layout.h: where each field of a program's record is.
 *
 * One tree per interface, whatever front end read it: a service interface file (.si) or a copybook.
 * Offsets are those of the first byte of a field when every array before it has its greatest size; inside an
 * array they are relative to the element of the innermost one, at any depth.
 */
#ifndef SP_ARTIFACT_LAYOUT_H
#define SP_ARTIFACT_LAYOUT_H

#include "base/arena.h"

enum sp_field_type {
    SP_FIELD_STRUCT,
    SP_FIELD_ARRAY, /* one child: the element, at offset 0. A STRUCT made for the array has its name */
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
    unsigned index; /* running number in the interface, from 0, in document order */
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

/* A COMMAREA: what CICS recommends as the most for one. */
#define SP_COMMAREA_BYTES_MAX 32763u
/* A container or any other record: the greatest level 01 of classic COBOL. */
#define SP_RECORD_BYTES_MAX 16777215u
#define SP_LAYOUT_FIELDS_MAX 20000u
/* COBOL has levels 01 to 49; an array adds its element. */
#define SP_LAYOUT_DEPTH_MAX 99u
#define SP_LAYOUT_SEGMENTS_MAX 64u
#define SP_CONTAINER_NAME_MAX 16u
#define SP_FIELD_NAME_MAX 255u
/* Digits of zoned and packed numbers (ARITH(EXTEND) of Enterprise COBOL). */
#define SP_DECIMAL_DIGITS_MAX 31u

/* Number the fields, add up the sizes of segments and verify that the tree can be used: bytes against digits,
 * children inside their parent and not on each other unless they redefine, counters that exist, come first
 * and are whole numbers, no variable array on storage that is redefined, names of included siblings unique,
 * limits. Set by the caller: everything except index, parent, the bytes of segments and the counts.
 * SP_EINVAL, SP_EEXISTS, SP_ELIMIT, with the field's path in the text; the field itself in *ret_where (may be
 * NULL), so that the caller can add its line. */
enum sp_status sp_layout_finish(struct sp_interface *interface, const struct sp_field **ret_where,
                                struct sp_error *err) SP_MUST_CHECK;

#define SP_FIELD_PATH_MAX 256
/* "InqAcc.InqAccAccno": names in JSON from the top field down, cut in front when too long. Needs the parents
 * that sp_layout_finish sets. Returns `ret_path`. */
const char *sp_field_path(const struct sp_field *field, char ret_path[SP_FIELD_PATH_MAX]);

/* The field is, or has in it, an array of variable size. */
bool sp_field_varies(const struct sp_field *field);

/* Bytes of a number's storage by the rules of COBOL: zoned (with its separate sign), packed, binary (2, 4 or
 * 8). 0 when there is no such number. */
uint32_t sp_decimal_bytes(enum sp_field_type type, unsigned digits, bool sign_separate);

#endif
