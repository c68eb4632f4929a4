/* SPDX-License-Identifier: Apache-2.0
 * str.h: views of bytes that somebody else owns.
 *
 * A struct sp_str is a pointer and a length, not terminated by NUL, valid as long as its owner keeps the
 * bytes. All comparisons are bytewise; "caseless" folds ASCII letters only, whatever the locale.
 */
#ifndef SP_BASE_STR_H
#define SP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct sp_str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;      /* bytes */
};

/* A view of a string literal, usable in static initialisers. */
#define SP_STR(lit) ((struct sp_str){(lit), sizeof(lit) - 1})
#define SP_STR_INIT(lit)       \
    {                          \
        (lit), sizeof(lit) - 1 \
    }
/* For printf: "%.*s" with SP_STR_ARG(s). */
#define SP_STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct sp_str sp_str_of(const char *text)
{
    return (struct sp_str){text, text ? strlen(text) : 0};
}

static inline struct sp_str sp_str_from(const void *ptr, size_t len)
{
    return (struct sp_str){(const char *)ptr, len};
}

static inline bool sp_str_eq(struct sp_str a, struct sp_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool sp_str_is(struct sp_str a, const char *text)
{
    return sp_str_eq(a, sp_str_of(text));
}

bool sp_str_caseless_eq(struct sp_str a, struct sp_str b);
/* Order of the bytes as unsigned numbers; a prefix comes before the longer one. */
int sp_str_cmp(struct sp_str a, struct sp_str b);
bool sp_str_starts(struct sp_str s, struct sp_str prefix);
bool sp_str_ends(struct sp_str s, struct sp_str suffix);
/* Offset of the first `byte`, or s.len when there is none. */
size_t sp_str_find(struct sp_str s, char byte);
/* s[from, to) with both ends cut to the length. */
struct sp_str sp_str_slice(struct sp_str s, size_t from, size_t to);
/* Without blank, tab, CR, LF, VT, FF at both ends. */
struct sp_str sp_str_trim(struct sp_str s);

/* Cut the text before the first `separator` off `*rest` into `*ret_part`; false when `*rest` is used up.
 * "a,,b" gives "a", "", "b"; an empty text gives one empty part only when `rest->ptr` is not NULL. */
bool sp_str_split(struct sp_str *rest, char separator, struct sp_str *ret_part);

/* Whole-text conversion of decimal digits with optional sign. SP_EINVAL when `s` is anything else, SP_ELIMIT
 * when it does not fit. */
enum sp_status sp_str_to_i64(struct sp_str s, int64_t *ret_value) SP_MUST_CHECK;
/* Digits only, no sign. */
enum sp_status sp_str_to_u64(struct sp_str s, uint64_t *ret_value) SP_MUST_CHECK;

/* Upper and lower case of one ASCII byte. */
static inline char sp_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char sp_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Smallest number of single-byte insertions, deletions and replacements (caseless) that turns `a` into `b`,
 * counted up to `limit`; texts of more than 64 bytes count as `limit`. Used to name the nearest known word.
 */
unsigned sp_str_distance(struct sp_str a, struct sp_str b, unsigned limit);

#endif
