/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

bool sp_str_caseless_eq(struct sp_str a, struct sp_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (sp_lower(a.ptr[i]) != sp_lower(b.ptr[i]))
            return false;
    return true;
}

int sp_str_cmp(struct sp_str a, struct sp_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool sp_str_starts(struct sp_str s, struct sp_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool sp_str_ends(struct sp_str s, struct sp_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

size_t sp_str_find(struct sp_str s, char byte)
{
    const char *hit = s.len ? memchr(s.ptr, byte, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

struct sp_str sp_str_slice(struct sp_str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct sp_str){s.ptr ? s.ptr + from : NULL, to - from};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct sp_str sp_str_trim(struct sp_str s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool sp_str_split(struct sp_str *rest, char separator, struct sp_str *ret_part)
{
    if (!rest->ptr)
        return false;
    size_t at = sp_str_find(*rest, separator);
    *ret_part = sp_str_slice(*rest, 0, at);
    if (at == rest->len)
        *rest = (struct sp_str){NULL, 0};
    else
        *rest = sp_str_slice(*rest, at + 1, rest->len);
    return true;
}

enum sp_status sp_str_to_u64(struct sp_str s, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (s.len == 0)
        return SP_EINVAL;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return SP_EINVAL;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
            return SP_ELIMIT;
    }
    *ret_value = value;
    return SP_OK;
}

enum sp_status sp_str_to_i64(struct sp_str s, int64_t *ret_value)
{
    bool negative = s.len && s.ptr[0] == '-';
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = sp_str_slice(s, 1, s.len);
    uint64_t magnitude;
    enum sp_status status = sp_str_to_u64(s, &magnitude);
    if (status)
        return status;
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return SP_ELIMIT;
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return SP_OK;
}

unsigned sp_str_distance(struct sp_str a, struct sp_str b, unsigned limit)
{
    enum { MAX = 64 };
    if (a.len > MAX || b.len > MAX)
        return limit;
    unsigned row[MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned above = row[j];
            unsigned replace = diagonal + (sp_lower(a.ptr[i - 1]) != sp_lower(b.ptr[j - 1]));
            unsigned insert = (above < row[j - 1] ? above : row[j - 1]) + 1;
            row[j] = replace < insert ? replace : insert;
            diagonal = above;
        }
    }
    return row[b.len] < limit ? row[b.len] : limit;
}
