/* SPDX-License-Identifier: Apache-2.0
 * program.h: what an operation is compiled to; for the files of this room only.
 *
 * Each direction has a tree of nodes: the JSON objects and arrays that callers see down to the fields, with
 * fields that are hidden among them because their bytes count. Bytes belong to a scope: a segment, or one
 * element of an array. The offset of a node is that of its first byte in its scope when every array before it
 * there has its greatest size. A request is written at these offsets and then moved together; an answer is
 * read with the slack subtracted.
 */
#ifndef SP_MAPPING_PROGRAM_H
#define SP_MAPPING_PROGRAM_H

#include "mapping/chars.h"
#include "mapping/hexfloat.h"
#include "mapping/mapping.h"

#define SP_MAPPING_DEPTH_MAX 60 /* of JSON objects and arrays */
#define SP_MAPPING_NONE UINT32_MAX

enum sp_node_kind {
    SP_NODE_OBJECT,
    SP_NODE_ARRAY,
    SP_NODE_CHAR,
    SP_NODE_ZONED,
    SP_NODE_PACKED,
    SP_NODE_BINARY,
    SP_NODE_FLOAT,
};

struct sp_node;
struct sp_scope;

/* Looking up the visible children of an object by name: open addressing, at most half full. */
struct sp_names {
    const struct sp_node **slots; /* NULL: free */
    uint32_t mask;
};

struct sp_object {
    struct sp_node *children; /* in the order of the layout */
    uint32_t count;
    const struct sp_node *first_visible;
    const struct sp_node *const
        *visits; /* response: the children that are written or walked, NULL behind them */
    struct sp_names names;
    uint32_t given_at;            /* request: first of the words that note which children were given */
    uint32_t area_at, area_count; /* redefined areas among the children with several visible alternatives */
};

/* Initial bytes; arrays that grow are left out of the runs and initialised element by element. */
struct sp_run {
    uint32_t at, len;
};

struct sp_image {
    const unsigned char *bytes;
    const struct sp_run *runs;
    uint32_t run_count;
};

struct sp_array {
    struct sp_node *element;
    uint32_t min, max, element_bytes;
    uint32_t level;               /* how many arrays are around it */
    struct sp_counter *counter;   /* NULL: always `max` elements in storage */
    const struct sp_scope *scope; /* of an element */
    struct sp_image image;        /* request: of an element */
    bool grows;                   /* request: elements are initialised when they come */
    bool varies;                  /* its size in storage is not always the same */
};

struct sp_node {
    unsigned char kind;
    bool included;  /* by the interface, and so is everything around it */
    bool visible;   /* included, and left in the body by the API map */
    bool moved;     /* request: a parameter gives the value */
    bool redefines; /* lies on a sibling before it */
    bool owner;     /* the one among the alternatives of an area that gives its initial bytes */
    bool walked;    /* response: not visible, but counters or arrays that vary are inside */
    bool simple;    /* response: a scalar that is written or not, and nothing else */
    struct sp_number_shape shape;
    uint32_t offset, bytes;
    uint32_t segment;       /* whose bytes begin here; SP_MAPPING_NONE: those around it */
    uint32_t home;          /* the segment it belongs to, or SP_MAPPING_NONE above segments */
    uint32_t area;          /* running number of the redefined area, or SP_MAPPING_NONE */
    uint32_t header;        /* response: number of the header that takes the value, or SP_MAPPING_NONE */
    uint32_t position;      /* among the siblings */
    uint32_t order;         /* in the layout */
    struct sp_str name;     /* empty: an element, or the root */
    struct sp_str quoted;   /* the name in JSON, of what is visible */
    struct sp_str constant; /* request: assigned text; response: JSON text; ptr NULL: none */
    const struct sp_charset *charset; /* SP_NODE_CHAR */
    struct sp_counter *counter;       /* that this field is, or NULL */
    const struct sp_field *field;     /* NULL: root, wrapper, container */
    const struct sp_node *parent;
    const struct sp_node *inside;       /* the innermost array around it, or NULL */
    const struct sp_node *next_visible; /* sibling */
    const unsigned char *image; /* request, an alternative that does not own its area: its initial bytes */
    union {
        struct sp_object object;
        struct sp_array array;
    };
};

/* A field that holds the number of elements of arrays. */
struct sp_counter {
    struct sp_node *node;
    const struct sp_node *array; /* the first of its arrays */
    uint32_t arrays;
    uint32_t slot;     /* in the counts of a run */
    uint32_t min, max; /* greatest minimum and least maximum of its arrays */
    bool alone;        /* one array, beside it in the same scope */
    bool from_field;   /* callers cannot give one of its arrays: the field itself says how many */
};

struct sp_scope {
    uint32_t bytes;                     /* greatest size */
    const struct sp_node *const *items; /* counters and arrays that vary, in the order of the layout */
    uint32_t count;
    bool varies;
};

struct sp_segment_program {
    struct sp_str container; /* empty: COMMAREA */
    struct sp_str name;
    bool is_char, required;
    uint32_t min_bytes;
    const struct sp_scope *scope;
    struct sp_image image; /* request */
};

/* A parameter that becomes a field. */
struct sp_move {
    enum sp_map_place place;
    struct sp_str name;
    struct sp_node *node;
    bool required;
};

struct sp_direction {
    struct sp_node *root; /* the JSON object */
    struct sp_segment_program *segments;
    struct sp_counter *counters;
    struct sp_move *moves;            /* request */
    struct sp_mapped_header *headers; /* response: names, and the values of those that are constant */
    uint32_t segment_count, counter_count, area_count, level_count, given_words, move_count, header_count;
    bool is_channel;
};

struct sp_mapping {
    struct sp_mapping_options options;
    struct sp_conversion conversion;
    struct sp_charset charset, wide; /* of the program; UTF-16BE */
    enum sp_float_format float_format;
    bool little_endian_native;
    struct sp_direction request, response;
    unsigned status;
    uint32_t answer_bytes; /* greatest record of the response */
    uint32_t text_room;    /* UTF-8 bytes of the longest text of a response field */
    size_t body_room;      /* a first guess at the size of a response body */
};

static inline uint32_t sp_words(uint32_t bits)
{
    return (bits + 63) / 64;
}

#endif
