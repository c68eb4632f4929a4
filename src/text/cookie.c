/* SPDX-License-Identifier: Apache-2.0 */
#include "text/cookie.h"

static struct sp_str trimmed(struct sp_str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = sp_str_slice(text, 1, text.len);
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

bool sp_cookie_next(struct sp_str *rest, struct sp_str *ret_name, struct sp_str *ret_value)
{
    struct sp_str piece;
    do {
        if (!rest->len)
            return false;
        size_t end = sp_str_find(*rest, ';');
        piece = trimmed(sp_str_slice(*rest, 0, end));
        *rest = sp_str_slice(*rest, end + 1, rest->len);
    } while (!piece.len);
    size_t equals = sp_str_find(piece, '=');
    struct sp_str value = trimmed(sp_str_slice(piece, equals + 1, piece.len));
    *ret_name = trimmed(sp_str_slice(piece, 0, equals));
    if (equals == piece.len) {
        *ret_name = SP_STR("");
        value = piece;
    }
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = sp_str_slice(value, 1, value.len - 1);
    *ret_value = value;
    return true;
}

static bool has_only_legal(struct sp_str text, const char *illegal)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f || strchr(illegal, text.ptr[i]))
            return false;
    return true;
}

enum sp_status sp_cookie_write(const struct sp_set_cookie *cookie, struct sp_buf *buf)
{
    static const char *const same_site[] = {"", "; SameSite=Lax", "; SameSite=Strict", "; SameSite=None"};
    if (!cookie->name.len || !has_only_legal(cookie->name, "()<>@,;:\\\"/[]?={}") ||
        !has_only_legal(cookie->value, "\",;\\") || !has_only_legal(cookie->path, ";") ||
        !has_only_legal(cookie->domain, ";,"))
        return SP_EINVAL;
    size_t before = buf->len;
    struct sp_str path = cookie->path.len ? cookie->path : SP_STR("/");
    sp_buf_printf(buf, "%.*s=%.*s; Path=%.*s", SP_STR_ARG(cookie->name), SP_STR_ARG(cookie->value),
                  SP_STR_ARG(path));
    if (cookie->domain.len)
        sp_buf_printf(buf, "; Domain=%.*s", SP_STR_ARG(cookie->domain));
    if (cookie->max_age_s)
        sp_buf_printf(buf, "; Max-Age=%lld", (long long)(cookie->max_age_s > 0 ? cookie->max_age_s : 0));
    if (cookie->secure || cookie->same_site == SP_SAME_SITE_NONE)
        sp_buf_append_str(buf, SP_STR("; Secure"));
    if (cookie->http_only)
        sp_buf_append_str(buf, SP_STR("; HttpOnly"));
    sp_buf_append_str(buf, sp_str_of(same_site[cookie->same_site]));
    if (!buf->failed)
        return SP_OK;
    buf->len = before;
    return SP_ELIMIT;
}
