/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_text.h"

#include <stdlib.h>

#include "text/base64.h"
#include "text/utf8.h"

#define FILTER_DEPTH_MAX 16u
#define AVAS_MAX 8u

/* A zero byte is in no set. */
static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* ---------------------------------------------------------------- escapes */

static enum sp_status append_hex(struct sp_buf *buf, unsigned char byte)
{
    return sp_buf_printf(buf, "\\%02x", byte);
}

enum sp_status sp_ldap_filter_escape(struct sp_str value, struct sp_buf *buf)
{
    for (size_t at = 0; at < value.len && !buf->failed;) {
        size_t from = at;
        unsigned char c = (unsigned char)value.ptr[at];
        bool plain = sp_utf8_next(value, &at) >= 0 && c >= 0x20 && c != 0x7f && !strchr("*()\\", c);
        if (plain)
            sp_buf_append(buf, value.ptr + from, at - from);
        else
            append_hex(buf, c);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

enum sp_status sp_ldap_dn_escape(struct sp_str value, struct sp_buf *buf)
{
    for (size_t i = 0; i < value.len && !buf->failed; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        bool at_end = i == 0 || i + 1 == value.len;
        if (c < 0x20 || c == 0x7f)
            append_hex(buf, c);
        else if (strchr("\"+,;<>\\=", c) || (c == ' ' && at_end) || (c == '#' && i == 0))
            sp_buf_printf(buf, "\\%c", c);
        else
            sp_buf_append_byte(buf, c);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* ---------------------------------------------------------------- filters */

static bool is_attribute_byte(char c)
{
    return (sp_lower(c) >= 'a' && sp_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == ';' || c == '_';
}

bool sp_ldap_attribute_ok(struct sp_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_attribute_byte(name.ptr[i]))
            return false;
    return name.len && name.len <= 256;
}

struct filter {
    struct sp_str text;
    size_t at;
    unsigned depth;
    struct sp_error *err;
};

static enum sp_status filter_wrong(const struct filter *f, const char *what)
{
    return sp_error_set(f->err, SP_ESYNTAX, NULL, "the filter \"%.*s\" is wrong at its byte %zu: %s",
                        SP_STR_ARG(f->text), f->at + 1, what);
}

static bool is_next(const struct filter *f, char c)
{
    return f->at < f->text.len && f->text.ptr[f->at] == c;
}

/* attribute, matching rule, operator, value; up to the closing parenthesis. */
static enum sp_status check_item(struct filter *f)
{
    size_t from = f->at;
    while (f->at < f->text.len && (is_attribute_byte(f->text.ptr[f->at]) || f->text.ptr[f->at] == ':'))
        f->at++;
    if (f->at == from)
        return filter_wrong(f, "the name of an attribute is expected");
    if (f->at < f->text.len && is_one_of(f->text.ptr[f->at], "~<>"))
        f->at++;
    if (!is_next(f, '='))
        return filter_wrong(f, "'=' is expected");
    for (f->at++; f->at < f->text.len && f->text.ptr[f->at] != ')'; f->at++) {
        char c = f->text.ptr[f->at];
        if (c == '(' || c == '\0')
            return filter_wrong(f, "this byte must be written as \\28 or \\00 in a value");
        if (c != '\\')
            continue;
        struct sp_buf byte = sp_buf_over((char[1]){0}, 1);
        if (sp_hex_decode(sp_str_slice(f->text, f->at + 1, f->at + 3), &byte) != SP_OK || byte.len != 1)
            return filter_wrong(f, "two hexadecimal digits are expected behind '\\'");
        f->at += 2;
    }
    return SP_OK;
}

static enum sp_status check_filter(struct filter *f);

static enum sp_status check_list(struct filter *f)
{
    bool negation = is_next(f, '!');
    f->at++;
    if (!is_next(f, '('))
        return filter_wrong(f, "'(' is expected");
    enum sp_status status = SP_OK;
    for (bool first = true; status == SP_OK && is_next(f, '(') && (first || !negation); first = false)
        status = check_filter(f);
    return status;
}

static enum sp_status check_filter(struct filter *f)
{
    if (!is_next(f, '('))
        return filter_wrong(f, "'(' is expected");
    if (f->depth++ == FILTER_DEPTH_MAX)
        return filter_wrong(f, "it is nested too deeply");
    f->at++;
    bool list = is_next(f, '&') || is_next(f, '|') || is_next(f, '!');
    enum sp_status status = list ? check_list(f) : check_item(f);
    if (status != SP_OK)
        return status;
    if (!is_next(f, ')'))
        return filter_wrong(f, "')' is expected");
    f->at++;
    f->depth--;
    return SP_OK;
}

enum sp_status sp_ldap_filter_check(struct sp_str filter, struct sp_error *err)
{
    struct filter f = {.text = filter, .err = err};
    if (filter.len > SP_LDAP_FILTER_MAX / 2)
        return sp_error_set(err, SP_ELIMIT, NULL, "a filter has more than %u bytes", SP_LDAP_FILTER_MAX / 2);
    enum sp_status status = check_filter(&f);
    if (status == SP_OK && f.at < filter.len)
        return filter_wrong(&f, "the filter ended before");
    return status;
}

static enum sp_status fill(struct sp_str filter, struct sp_str value, bool any, struct sp_buf *buf)
{
    for (size_t i = 0; i < filter.len && !buf->failed; i++) {
        if (filter.ptr[i] != '%' || i + 1 == filter.len || filter.ptr[i + 1] != 'v') {
            sp_buf_append_byte(buf, (unsigned char)filter.ptr[i]);
            continue;
        }
        if (any)
            sp_buf_append_byte(buf, '*');
        else
            sp_ldap_filter_escape(value, buf);
        i++;
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

enum sp_status sp_ldap_filter_fill(struct sp_str filter, struct sp_str value, struct sp_buf *buf)
{
    return fill(filter, value, false, buf);
}

enum sp_status sp_ldap_filter_fill_any(struct sp_str filter, struct sp_buf *buf)
{
    return fill(filter, SP_STR(""), true, buf);
}

struct sp_str sp_ldap_filter_attribute(struct sp_str filter)
{
    for (size_t i = 0; i + 2 < filter.len; i++) {
        if (memcmp(filter.ptr + i, "=%v", 3) != 0)
            continue;
        size_t from = i;
        while (from > 0 && is_attribute_byte(filter.ptr[from - 1]))
            from--;
        if (from < i)
            return sp_str_slice(filter, from, i);
    }
    return (struct sp_str){NULL, 0};
}

/* ---------------------------------------------------------------- distinguished names */

struct ava {
    struct sp_str type;
    size_t from, len; /* of the value, in the reader's bytes */
};

/* One RDN at a time. */
struct dn_reader {
    struct sp_str text;
    size_t at;
    struct ava avas[AVAS_MAX];
    size_t count;
    unsigned char bytes[SP_LDAP_DN_MAX]; /* values, unescaped */
    size_t used;
    bool ended;
};

static void skip_blanks(struct dn_reader *r)
{
    while (r->at < r->text.len && r->text.ptr[r->at] == ' ')
        r->at++;
}

static bool at_separator(const struct dn_reader *r)
{
    return r->at == r->text.len || is_one_of(r->text.ptr[r->at], ",;+");
}

/* Behind a backslash: a special character or two hexadecimal digits. */
static bool read_escape(struct dn_reader *r, unsigned char *ret_byte)
{
    struct sp_buf byte = sp_buf_over(ret_byte, 1);
    struct sp_str digits = sp_str_slice(r->text, r->at, r->at + 2);
    if (digits.len == 2 && sp_hex_decode(digits, &byte) == SP_OK) {
        r->at += 2;
        return true;
    }
    if (r->at == r->text.len || !is_one_of(r->text.ptr[r->at], "\"+,;<>\\= #"))
        return false;
    *ret_byte = (unsigned char)r->text.ptr[r->at++];
    return true;
}

static bool read_hex_value(struct dn_reader *r)
{
    size_t from = ++r->at;
    while (!at_separator(r) && r->text.ptr[r->at] != ' ')
        r->at++;
    struct sp_buf bytes = sp_buf_over(r->bytes + r->used, sizeof r->bytes - r->used);
    if (r->at == from || sp_hex_decode(sp_str_slice(r->text, from, r->at), &bytes) != SP_OK)
        return false;
    r->used += bytes.len;
    return true;
}

/* Unescaped, without the blanks at its end that are neither escaped nor quoted. */
static bool read_value(struct dn_reader *r)
{
    bool quoted = r->at < r->text.len && r->text.ptr[r->at] == '"';
    size_t keep = r->used;
    for (r->at += quoted; r->at < r->text.len;) {
        unsigned char c = (unsigned char)r->text.ptr[r->at];
        if (quoted ? c == '"' : is_one_of((char)c, ",;+"))
            break;
        if (!c || (!quoted && is_one_of((char)c, "\"<>")))
            return false;
        r->at++;
        bool escaped = c == '\\';
        if (escaped && !read_escape(r, &c))
            return false;
        r->bytes[r->used++] = c; /* never more than the text, which fits */
        if (c != ' ' || escaped || quoted)
            keep = r->used;
    }
    r->used = keep;
    if (!quoted)
        return true;
    return r->at < r->text.len && r->text.ptr[r->at++] == '"';
}

static bool read_ava(struct dn_reader *r)
{
    if (r->count == AVAS_MAX)
        return false;
    struct ava *ava = &r->avas[r->count++];
    skip_blanks(r);
    size_t from = r->at;
    while (r->at < r->text.len && is_attribute_byte(r->text.ptr[r->at]) && r->text.ptr[r->at] != ';')
        r->at++;
    ava->type = sp_str_slice(r->text, from, r->at);
    skip_blanks(r);
    if (!ava->type.len || r->at == r->text.len || r->text.ptr[r->at] != '=')
        return false;
    r->at++;
    skip_blanks(r);
    ava->from = r->used;
    bool hex = r->at < r->text.len && r->text.ptr[r->at] == '#';
    if (!(hex ? read_hex_value(r) : read_value(r)))
        return false;
    ava->len = r->used - ava->from;
    skip_blanks(r);
    return at_separator(r);
}

/* The next RDN; false at the end with `ended`, or when the name is wrong. */
static bool read_rdn(struct dn_reader *r)
{
    r->ended = r->at == r->text.len;
    r->count = r->used = 0;
    if (r->ended)
        return false;
    for (;;) {
        if (!read_ava(r))
            return false;
        if (r->at == r->text.len)
            return true;
        bool more = r->text.ptr[r->at++] == '+';
        if (!more)
            return r->at < r->text.len; /* a comma at the very end has no RDN behind it */
    }
}

static void init_reader(struct dn_reader *r, struct sp_str dn)
{
    *r = (struct dn_reader){.text = sp_str_trim(dn)};
}

/* Lower case, blanks at the ends dropped, runs of blanks one. */
static struct sp_str fold_value(struct dn_reader *r, const struct ava *ava)
{
    unsigned char *value = r->bytes + ava->from;
    size_t len = 0;
    for (size_t i = 0; i < ava->len; i++) {
        bool again = value[i] == ' ' && (len == 0 || value[len - 1] == ' ');
        if (!again)
            value[len++] = (unsigned char)sp_lower((char)value[i]);
    }
    if (len && value[len - 1] == ' ')
        len--;
    return sp_str_from(value, len);
}

static int compare_texts(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

static enum sp_status append_rdn(struct dn_reader *r, struct sp_buf *buf)
{
    unsigned char memory[4 * SP_LDAP_DN_MAX];
    struct sp_buf texts = sp_buf_over(memory, sizeof memory);
    struct sp_str parts[AVAS_MAX];
    for (size_t i = 0; i < r->count; i++) {
        size_t from = texts.len;
        for (size_t k = 0; k < r->avas[i].type.len; k++)
            sp_buf_append_byte(&texts, (unsigned char)sp_lower(r->avas[i].type.ptr[k]));
        sp_buf_append_byte(&texts, '=');
        sp_ldap_dn_escape(fold_value(r, &r->avas[i]), &texts);
        if (texts.failed)
            return SP_ELIMIT;
        parts[i] = sp_str_from(memory + from, texts.len - from);
    }
    qsort(parts, r->count, sizeof parts[0], compare_texts);
    for (size_t i = 0; i < r->count; i++) {
        if (i)
            sp_buf_append_byte(buf, '+');
        sp_buf_append_str(buf, parts[i]);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

enum sp_status sp_ldap_dn_normalise(struct sp_str dn, struct sp_buf *buf)
{
    struct dn_reader r;
    if (dn.len > SP_LDAP_DN_MAX)
        return SP_ELIMIT;
    init_reader(&r, dn);
    for (size_t n = 0; read_rdn(&r); n++) {
        if (n == SP_LDAP_RDNS_MAX)
            return SP_ELIMIT;
        if (n)
            sp_buf_append_byte(buf, ',');
        enum sp_status status = append_rdn(&r, buf);
        if (status != SP_OK)
            return status;
    }
    return r.ended ? SP_OK : SP_ESYNTAX;
}

bool sp_ldap_dn_within(struct sp_str dn, struct sp_str base)
{
    if (!base.len || sp_str_eq(dn, base))
        return true;
    if (!sp_str_ends(dn, base) || dn.ptr[dn.len - base.len - 1] != ',')
        return false;
    /* An escaped comma separates nothing. */
    size_t slashes = 0;
    while (dn.len >= base.len + 2 + slashes && dn.ptr[dn.len - base.len - 2 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 0;
}

enum sp_status sp_ldap_dn_first(struct sp_str dn, struct sp_str type, struct sp_arena *arena,
                                struct sp_str *ret_value)
{
    struct dn_reader r;
    *ret_value = (struct sp_str){NULL, 0};
    if (dn.len > SP_LDAP_DN_MAX)
        return SP_OK;
    init_reader(&r, dn);
    if (!read_rdn(&r))
        return SP_OK;
    for (size_t i = 0; i < r.count; i++) {
        if (!sp_str_caseless_eq(r.avas[i].type, type))
            continue;
        *ret_value = sp_arena_str(arena, sp_str_from(r.bytes + r.avas[i].from, r.avas[i].len));
        return ret_value->ptr ? SP_OK : SP_ENOMEM;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- maps */

enum sp_status sp_ldap_map_read(struct sp_str text, const char *name, struct sp_ldap_map ret_maps[],
                                size_t *ret_count, struct sp_error *err)
{
    size_t count = 0;
    struct sp_str part;
    while (sp_str_split(&text, ';', &part)) {
        part = sp_str_trim(part);
        if (!part.len)
            continue;
        if (count == SP_LDAP_MAPS_MAX)
            return sp_error_set(err, SP_ELIMIT, NULL, "%s has more than %u parts", name, SP_LDAP_MAPS_MAX);
        size_t colon = sp_str_find(part, ':');
        struct sp_ldap_map map = {sp_str_trim(sp_str_slice(part, 0, colon)),
                                  sp_str_trim(sp_str_slice(part, colon + 1, part.len))};
        bool any = sp_str_is(map.object_class, "*");
        if ((!any && !sp_ldap_attribute_ok(map.object_class)) || !sp_ldap_attribute_ok(map.attribute))
            return sp_error_set(err, SP_ESYNTAX, NULL,
                                "%s: \"%.*s\" is not of the form objectclass:attribute", name,
                                SP_STR_ARG(part));
        ret_maps[count++] = map;
    }
    *ret_count = count;
    return SP_OK;
}
