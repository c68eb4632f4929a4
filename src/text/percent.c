/* SPDX-License-Identifier: Apache-2.0 */
#include "text/percent.h"

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
enum sp_status sp_percent_decode(struct sp_str part, bool plus_is_blank, const char *what, char *out,
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

enum sp_status sp_percent_encode(struct sp_str text, struct sp_buf *buf)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], lower = sp_lower(c);
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
            sp_buf_append_byte(buf, (unsigned char)c);
        else
            sp_buf_printf(buf, "%%%02X", (unsigned char)c);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

enum sp_status sp_form_append(struct sp_buf *buf, const char *name, struct sp_str value)
{
    if (buf->len && buf->ptr[buf->len - 1] != '?')
        sp_buf_append_byte(buf, '&');
    sp_percent_encode(sp_str_of(name), buf);
    sp_buf_append_byte(buf, '=');
    return sp_percent_encode(value, buf);
}

static size_t count_pieces(struct sp_str form)
{
    size_t count = 1;
    for (size_t i = 0; i < form.len; i++)
        count += form.ptr[i] == '&';
    return count;
}

/* One "name=value". */
static enum sp_status read_parameter(struct sp_str piece, const char *what, char **out,
                                     struct sp_parameter *ret_parameter, struct sp_error *err)
{
    size_t equals = sp_str_find(piece, '=');
    enum sp_status status =
        sp_percent_decode(sp_str_slice(piece, 0, equals), true, what, *out, &ret_parameter->name, err);
    if (status != SP_OK)
        return status;
    *out += ret_parameter->name.len;
    status = sp_percent_decode(sp_str_slice(piece, equals + 1, piece.len), true, what, *out,
                               &ret_parameter->value, err);
    if (status == SP_OK)
        *out += ret_parameter->value.len;
    return status;
}

enum sp_status sp_form_read(struct sp_str form, const char *what, struct sp_arena *arena,
                            const struct sp_parameter **ret_parameters, size_t *ret_count,
                            struct sp_error *err)
{
    size_t most = count_pieces(form), count = 0;
    if (most > SP_FORM_FIELDS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the %s has more than %u parameters", what,
                            SP_FORM_FIELDS_MAX);
    struct sp_parameter *parameters = sp_arena_calloc(arena, most, sizeof *parameters);
    char *out = sp_arena_alloc(arena, form.len + 1);
    if (!parameters || !out)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the %s", what);
    struct sp_str rest = form, piece;
    while (sp_str_split(&rest, '&', &piece)) {
        if (piece.len == 0)
            continue;
        enum sp_status status = read_parameter(piece, what, &out, &parameters[count], err);
        if (status != SP_OK)
            return status;
        count++;
    }
    *ret_parameters = parameters;
    *ret_count = count;
    return SP_OK;
}
