/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/target.h"

static size_t count_segments(struct sp_str text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '/';
    return count;
}

enum sp_status sp_path_read(struct sp_str path, struct sp_arena *arena, struct sp_path *ret_path,
                            struct sp_error *err)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return sp_error_set(err, SP_ESYNTAX, NULL, "the path does not begin with '/'");
    struct sp_str rest = sp_str_slice(path, 1, path.len), part;
    size_t count = count_segments(rest);
    if (count > SP_PATH_SEGMENTS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the path has more than %u segments", SP_PATH_SEGMENTS_MAX);
    struct sp_str *segments = sp_arena_calloc(arena, count, sizeof *segments);
    char *out = sp_arena_alloc(arena, path.len + 1);
    if (!segments || !out)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the path");
    for (size_t n = 0; n < count; n++) {
        size_t end = sp_str_find(rest, '/');
        part = sp_str_slice(rest, 0, end);
        rest = sp_str_slice(rest, end + 1, rest.len);
        enum sp_status status = sp_percent_decode(part, false, "path", out, &segments[n], err);
        if (status != SP_OK)
            return status;
        if (sp_str_is(segments[n], ".") || sp_str_is(segments[n], ".."))
            return sp_error_set(err, SP_ESYNTAX, NULL, "the path has a segment \"%.*s\"",
                                SP_STR_ARG(segments[n]));
        out += segments[n].len;
        *out++ = 0;
    }
    *ret_path = (struct sp_path){segments, count};
    return SP_OK;
}
