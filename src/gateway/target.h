/* SPDX-License-Identifier: Apache-2.0
 * target.h: the path of a request, decoded (RFC 3986); its query is a form, see text/percent.h.
 *
 * The path is cut into segments first and each segment decoded afterwards, so that an encoded slash stays
 * inside its segment. Refused rather than repaired: a '%' without two hexadecimal digits, bytes that must be
 * encoded and are not, what does not decode to UTF-8 without control characters, and the segments "." and
 * ".." however they are written.
 */
#ifndef SP_GATEWAY_TARGET_H
#define SP_GATEWAY_TARGET_H

#include "base/arena.h"
#include "text/percent.h"

#define SP_PATH_SEGMENTS_MAX 64u

/* "/a/b%2Fc/" has the segments "a", "b/c" and "". They lie one behind the other in one piece of memory with a
 * NUL after each; no segment contains one. */
struct sp_path {
    const struct sp_str *segments;
    size_t count; /* at least 1 */
};

/* `path` begins with '/'. SP_ESYNTAX, SP_ELIMIT (too many segments), SP_ENOMEM. */
enum sp_status sp_path_read(struct sp_str path, struct sp_arena *arena, struct sp_path *ret_path,
                            struct sp_error *err) SP_MUST_CHECK;

/* The first `count` segments as one string, with the NULs between them: a key that no other path has. */
static inline struct sp_str sp_path_key(const struct sp_path *path, size_t count)
{
    if (count == 0)
        return SP_STR("");
    const struct sp_str *last = &path->segments[count - 1];
    return sp_str_from(path->segments[0].ptr, (size_t)(last->ptr + last->len - path->segments[0].ptr));
}

#endif
