/* SPDX-License-Identifier: Apache-2.0 */
#include "config/value.h"

#include "base/buf.h"

enum sp_status sp_value_boolean(struct sp_str text, bool *ret_value)
{
    bool yes = sp_str_caseless_eq(text, SP_STR("true"));
    if (!yes && !sp_str_caseless_eq(text, SP_STR("false")))
        return SP_EINVAL;
    *ret_value = yes;
    return SP_OK;
}

enum sp_status sp_value_int(struct sp_str text, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t value;
    enum sp_status status = sp_str_to_i64(text, &value);
    if (status != SP_OK)
        return status;
    if (value < min || value > max)
        return SP_ELIMIT;
    *ret_value = value;
    return SP_OK;
}

/* Names of units, lower case; every language that Liberty's own messages speak. */
static const struct unit {
    const char *names;
    int64_t us;
} units[] = {
    {"d dnů g j n t z д 天", INT64_C(86400000000)},
    {"h hod ó ч 小時", INT64_C(3600000000)},
    {"m min м 分", INT64_C(60000000)},
    {"s e mp с 秒", INT64_C(1000000)},
    {"ms мс 毫秒", INT64_C(1000)},
};

/* Cyrillic capital letters of two bytes (U+0410..U+042F) among the unit names, and ASCII and Latin-1 ones. */
static void lower_case(struct sp_str in, char *out)
{
    for (size_t i = 0; i < in.len; i++) {
        unsigned char c = (unsigned char)in.ptr[i], previous = i ? (unsigned char)in.ptr[i - 1] : 0;
        out[i] = sp_lower(in.ptr[i]);
        if (previous == 0xD0 && c >= 0x90 && c <= 0x9F) {
            out[i] = (char)(c + 0x20);
        } else if (previous == 0xD0 && c >= 0xA0 && c <= 0xAF) {
            out[i - 1] = (char)0xD1;
            out[i] = (char)(c - 0x20);
        } else if ((previous == 0xC3 && c >= 0x80 && c <= 0x9E) || (previous == 0xC5 && c == 0xAE)) {
            out[i] = (char)(previous == 0xC3 ? c + 0x20 : c + 1);
        }
    }
}

static int64_t find_unit(struct sp_str name)
{
    char lower[32];
    if (name.len == 0 || name.len > sizeof lower)
        return 0;
    lower_case(name, lower);
    name.ptr = lower;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct sp_str rest = sp_str_of(units[i].names), one;
        while (sp_str_split(&rest, ' ', &one)) {
            if (sp_str_eq(one, name))
                return units[i].us;
        }
    }
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "<digits><not digits>" off the front of `*rest`; false when there is no more. */
static bool next_part(struct sp_str *rest, struct sp_str *ret_number, struct sp_str *ret_unit)
{
    struct sp_str s = *rest;
    size_t from = 0, digits, end;
    while (from < s.len && !is_digit(s.ptr[from]))
        from++;
    for (digits = from; digits < s.len && is_digit(s.ptr[digits]);)
        digits++;
    for (end = digits; end < s.len && !is_digit(s.ptr[end]);)
        end++;
    *ret_number = sp_str_slice(s, from, digits);
    *ret_unit = sp_str_trim(sp_str_slice(s, digits, end));
    *rest = sp_str_slice(s, end, s.len);
    return ret_number->len > 0 && end > digits;
}

enum sp_status sp_value_duration(struct sp_str text, int64_t unit_us, int64_t *ret_us)
{
    int64_t value, total = 0, part;
    enum sp_status status = sp_str_to_i64(text, &value);
    if (status == SP_ELIMIT)
        return status;
    if (status == SP_OK) {
        if (__builtin_mul_overflow(value, unit_us, &total))
            return SP_ELIMIT;
        *ret_us = total;
        return SP_OK;
    }
    struct sp_str number, unit;
    bool any = false;
    while (next_part(&text, &number, &unit)) {
        int64_t us = find_unit(unit);
        if (us == 0)
            return SP_EINVAL;
        if (sp_str_to_i64(number, &value) != SP_OK || __builtin_mul_overflow(value, us, &part) ||
            __builtin_add_overflow(total, part - part % unit_us, &total))
            return SP_ELIMIT;
        any = true;
    }
    if (!any)
        return SP_EINVAL;
    *ret_us = total;
    return SP_OK;
}

enum sp_status sp_value_option(struct sp_str text, const char *const *options, size_t *ret_index)
{
    for (size_t i = 0; options[i]; i++) {
        if (sp_str_caseless_eq(text, sp_str_of(options[i]))) {
            *ret_index = i;
            return SP_OK;
        }
    }
    return SP_EINVAL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* The end of the item that begins at `at`. */
static size_t item_end(struct sp_str text, bool blanks, size_t at)
{
    while (at < text.len && text.ptr[at] != ',' && !(blanks && is_blank(text.ptr[at])))
        at += text.ptr[at] == '\\' && at + 1 < text.len ? 2 : 1;
    return at;
}

/* Trimmed, with the backslashes taken away. A blank behind a backslash is kept. */
static enum sp_status add_item(struct sp_str item, struct sp_arena *arena, struct sp_str *ret_item)
{
    while (item.len && is_blank(item.ptr[0]))
        item = sp_str_slice(item, 1, item.len);
    char *out = sp_arena_alloc(arena, item.len + 1);
    if (!out)
        return SP_ENOMEM;
    size_t len = 0, keep = 0;
    for (size_t i = 0; i < item.len; i++) {
        bool escaped = item.ptr[i] == '\\' && i + 1 < item.len;
        i += escaped;
        out[len++] = item.ptr[i];
        if (escaped || !is_blank(item.ptr[i]))
            keep = len;
    }
    out[keep] = '\0';
    *ret_item = sp_str_from(out, keep);
    return SP_OK;
}

enum sp_status sp_value_list(struct sp_str text, bool blanks, struct sp_arena *arena,
                             struct sp_str **ret_items, size_t *ret_count)
{
    size_t most = 1, count = 0;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == ',' || (blanks && is_blank(text.ptr[i]));
    struct sp_str *items = sp_arena_calloc(arena, most, sizeof *items);
    if (!items)
        return SP_ENOMEM;
    for (size_t at = 0; at < text.len;) {
        size_t end = item_end(text, blanks, at);
        if (add_item(sp_str_slice(text, at, end), arena, &items[count]) != SP_OK)
            return SP_ENOMEM;
        count += items[count].len > 0;
        at = end + 1;
    }
    *ret_items = items;
    *ret_count = count;
    return SP_OK;
}

struct sp_str sp_value_token(struct sp_str text, struct sp_arena *arena)
{
    text = sp_str_trim(text);
    char *out = sp_arena_alloc(arena, text.len + 1);
    if (!out)
        return (struct sp_str){NULL, 0};
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool blank = is_blank(text.ptr[i]);
        if (!blank || out[len - 1] != ' ')
            out[len++] = blank ? ' ' : text.ptr[i];
    }
    out[len] = '\0';
    return sp_str_from(out, len);
}

bool sp_value_is_uri(struct sp_str text)
{
    size_t i = 0;
    while (i < text.len && ((sp_lower(text.ptr[i]) >= 'a' && sp_lower(text.ptr[i]) <= 'z') ||
                            (i && (is_digit(text.ptr[i]) || memchr("+-.", text.ptr[i], 3)))))
        i++;
    return i > 1 && i < text.len && text.ptr[i] == ':';
}

/* Drop the last segment of the path in `out`; what it cannot drop ("..", nothing) stays. */
static bool drop_segment(char *out, size_t *len, size_t floor)
{
    size_t at = *len;
    while (at > floor && out[at - 1] != '/')
        at--;
    if (at == *len || sp_str_eq(sp_str_from(out + at, *len - at), SP_STR("..")))
        return false;
    *len = at > floor ? at - 1 : floor;
    return true;
}

struct sp_str sp_value_path(struct sp_str text, struct sp_arena *arena)
{
    text = sp_str_trim(text);
    if (sp_value_is_uri(text) || text.len == 0)
        return sp_arena_str(arena, text);
    char *out = sp_arena_alloc(arena, text.len + 2);
    if (!out)
        return (struct sp_str){NULL, 0};
    size_t floor = text.ptr[0] == '/', len = floor;
    out[0] = '/';
    struct sp_str rest = text, segment = {NULL, 0};
    while (sp_str_split(&rest, '/', &segment)) {
        if (segment.len == 0 || sp_str_is(segment, "."))
            continue;
        if (sp_str_is(segment, "..") && (drop_segment(out, &len, floor) || floor))
            continue;
        if (len > floor)
            out[len++] = '/';
        memcpy(out + len, segment.ptr, segment.len);
        len += segment.len;
    }
    if (text.ptr[text.len - 1] == '/' && len > floor)
        out[len++] = '/';
    out[len] = '\0';
    return sp_str_from(out, len);
}
