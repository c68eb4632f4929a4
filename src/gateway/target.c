/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/target.h"

#include "text/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sp_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes that may stand for themselves: printable ASCII but for the delimiters no part of a path or query
 * has. */
static bool may_be_plain(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}#", c);
}

/* Decodes `part` to `out`, which has room for its length. */
static enum sp_status decode(struct sp_str part, bool plus_is_blank, const char *what, char *out,
                             struct sp_str *ret_decoded, struct sp_error *err)
{
    size_t len = 0;
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.ptr[i];
        if (c == '%') {
            int high = i + 2 < part.len ? hex_value(part.ptr[i + 1]) : -1;
            int low = i + 2 < part.len ? hex_value(part.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return sp_error_set(err, SP_ESYNTAX, NULL,
                                    "'%%' is not followed by two hexadecimal digits in the %s", what);
            c = (unsigned char)(high << 4 | low);
            i += 2;
        } else if (!may_be_plain(c)) {
            return sp_error_set(err, SP_ESYNTAX, NULL, "a byte X'%02X' must be percent-encoded in the %s", c,
                                what);
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return sp_error_set(err, SP_ESYNTAX, NULL, "there is a control character X'%02X' in the %s", c,
                                what);
        out[len++] = (char)c;
    }
    struct sp_str decoded = sp_str_from(out, len);
    if (sp_utf8_check(decoded) != len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the %s is not UTF-8", what);
    *ret_decoded = decoded;
    return SP_OK;
}

static size_t count_parts(struct sp_str text, char separator)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == separator;
    return count;
}

enum sp_status sp_path_read(struct sp_str path, struct sp_arena *arena, struct sp_path *ret_path,
                            struct sp_error *err)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return sp_error_set(err, SP_ESYNTAX, NULL, "the path does not begin with '/'");
    struct sp_str rest = sp_str_slice(path, 1, path.len), part;
    size_t count = count_parts(rest, '/');
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
        enum sp_status status = decode(part, false, "path", out, &segments[n], err);
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

/* One "name=value". */
static enum sp_status read_parameter(struct sp_str piece, char **out, struct sp_parameter *ret_parameter,
                                     struct sp_error *err)
{
    size_t equals = sp_str_find(piece, '=');
    enum sp_status status =
        decode(sp_str_slice(piece, 0, equals), true, "query", *out, &ret_parameter->name, err);
    if (status != SP_OK)
        return status;
    *out += ret_parameter->name.len;
    status =
        decode(sp_str_slice(piece, equals + 1, piece.len), true, "query", *out, &ret_parameter->value, err);
    if (status == SP_OK)
        *out += ret_parameter->value.len;
    return status;
}

enum sp_status sp_query_read(struct sp_str query, struct sp_arena *arena,
                             const struct sp_parameter **ret_parameters, size_t *ret_count,
                             struct sp_error *err)
{
    size_t most = count_parts(query, '&'), count = 0;
    if (most > SP_QUERY_PARAMETERS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the query has more than %u parameters",
                            SP_QUERY_PARAMETERS_MAX);
    struct sp_parameter *parameters = sp_arena_calloc(arena, most, sizeof *parameters);
    char *out = sp_arena_alloc(arena, query.len + 1);
    if (!parameters || !out)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the query");
    struct sp_str rest = query, piece;
    while (sp_str_split(&rest, '&', &piece)) {
        if (piece.len == 0)
            continue;
        enum sp_status status = read_parameter(piece, &out, &parameters[count], err);
        if (status != SP_OK)
            return status;
        count++;
    }
    *ret_parameters = parameters;
    *ret_count = count;
    return SP_OK;
}
