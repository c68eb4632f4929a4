/* SPDX-License-Identifier: Apache-2.0
 * json.h: reading JSON (RFC 8259), strictly.
 *
 * A pull reader over a text that is wholly in memory: each call gives the next token. Numbers are given as
 * the text that was written, so that decimals are never rounded; strings are given decoded, as UTF-8, either
 * as a view of the input (no escapes) or as a copy in the arena. Refused: anything the grammar does not have
 * (comments, leading zeros, trailing commas, a byte order mark), invalid UTF-8, unpaired surrogates, control
 * characters in strings, U+0000 unless allowed, nesting or lengths over the limits, a member name given twice
 * in one object.
 */
#ifndef SP_TEXT_JSON_H
#define SP_TEXT_JSON_H

#include "base/arena.h"

enum sp_json_token {
    SP_JSON_ERROR = 0, /* see the error given to sp_json_reader_init; the reader stays in this state */
    SP_JSON_END,       /* after the one value and nothing but white space */
    SP_JSON_OBJECT_BEGIN,
    SP_JSON_OBJECT_END,
    SP_JSON_ARRAY_BEGIN,
    SP_JSON_ARRAY_END,
    SP_JSON_NAME,   /* of a member; its value follows. reader->text */
    SP_JSON_STRING, /* reader->text */
    SP_JSON_NUMBER, /* reader->text, as written */
    SP_JSON_TRUE,
    SP_JSON_FALSE,
    SP_JSON_NULL,
};

struct sp_json_limits {
    unsigned depth;        /* greatest nesting of objects and arrays; 1..SP_JSON_DEPTH_MAX */
    size_t string_bytes;   /* longest decoded string or name */
    size_t number_bytes;   /* longest number text */
    unsigned members;      /* most members in one object */
    bool allow_nul;        /* \u0000 in strings */
    bool allow_duplicates; /* report no duplicate names */
};

#define SP_JSON_DEPTH_MAX 256
/* depth 64, strings 1 MiB, numbers 512, members 65536, no NUL, no duplicates. */
extern const struct sp_json_limits sp_json_default_limits;

struct sp_json_names; /* the names seen in an open object */

struct sp_json_reader {
    struct sp_str text; /* of the last NAME, STRING or NUMBER */
    size_t token_at;    /* byte offset where the last token began */
    unsigned depth;     /* objects and arrays open */

    /* private */
    struct sp_str input;
    size_t at;
    const struct sp_json_limits *limits;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_json_names *names; /* of the innermost open object, or NULL */
    struct sp_json_names *spare; /* the outermost set made so far, for the next object to use again */
    enum sp_status failed;       /* SP_OK until the first error */
    unsigned char expect;
    unsigned char open[SP_JSON_DEPTH_MAX / 8]; /* a bit a level: object or array */
};

/* `input` must outlive the reader; `arena` takes decoded strings and the names of open objects; `limits`
 * NULL: the default ones; `err` (may be NULL) is filled at SP_JSON_ERROR with SP_ESYNTAX, SP_EEXISTS
 * (duplicate name), SP_ELIMIT or SP_ENOMEM, with line, column and offset. */
void sp_json_reader_init(struct sp_json_reader *reader, struct sp_str input, struct sp_arena *arena,
                         const struct sp_json_limits *limits, struct sp_error *err);
enum sp_json_token sp_json_next(struct sp_json_reader *reader);
/* When the next token is the name that is written like `quoted` (in its quotes), take it, as sp_json_next
 * would, and return true; reader->text is empty then. False, and nothing is read, when it is another token,
 * is written otherwise, or names given twice are to be reported. For readers that know what to expect. */
bool sp_json_take_name(struct sp_json_reader *reader, struct sp_str quoted);
/* Read over the rest of the value whose first token was `first` (for a scalar nothing is left; a NAME counts
 * as the start of its member's value). The status of the error when reading fails; SP_EINVAL when `first`
 * does not begin a value. */
enum sp_status sp_json_skip(struct sp_json_reader *reader, enum sp_json_token first) SP_MUST_CHECK;
/* Line and column (from 1, in bytes) of a byte offset of the input. */
void sp_json_place(const struct sp_json_reader *reader, size_t offset, unsigned *ret_line,
                   unsigned *ret_column);
/* "an object", "a string", ... for messages. */
const char *sp_json_token_name(enum sp_json_token token);

/* The same document as a tree, for documents that are looked up rather than streamed. */
enum sp_json_kind {
    SP_JSON_IS_NULL,
    SP_JSON_IS_FALSE,
    SP_JSON_IS_TRUE,
    SP_JSON_IS_NUMBER,
    SP_JSON_IS_STRING,
    SP_JSON_IS_ARRAY,
    SP_JSON_IS_OBJECT
};

struct sp_json_value {
    enum sp_json_kind kind;
    struct sp_str text;          /* number as written, string decoded */
    struct sp_str name;          /* when it is a member */
    struct sp_json_value *first; /* of an array or object, in document order */
    struct sp_json_value *next;  /* sibling */
    size_t count;                /* elements or members */
};

/* Values live in the arena and may point into `input`. */
enum sp_status sp_json_parse(struct sp_str input, struct sp_arena *arena, const struct sp_json_limits *limits,
                             struct sp_json_value **ret_value, struct sp_error *err) SP_MUST_CHECK;
/* Member of an object, or NULL (also when `object` is NULL or no object). */
const struct sp_json_value *sp_json_member(const struct sp_json_value *object, struct sp_str name);
/* Text of a string member; an empty view with ptr NULL when there is none or it is no string. */
struct sp_str sp_json_member_text(const struct sp_json_value *object, struct sp_str name);
/* A member that is written as a whole number, without fraction or exponent, and fits. False: there is none,
 * or it is something else. */
bool sp_json_member_i64(const struct sp_json_value *object, struct sp_str name, int64_t *ret_number);

#endif
