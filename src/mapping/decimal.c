/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/decimal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent behind 'e', cut to what certainly is beyond the limit. */
static bool read_exponent(const char *p, const char *end, int32_t *ret_exponent)
{
    bool negative = false;
    if (p < end && (*p == '+' || *p == '-'))
        negative = *p++ == '-';
    if (p == end)
        return false;
    int32_t exponent = 0;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (exponent < 1000000)
            exponent = exponent * 10 + (*p - '0');
    }
    *ret_exponent = negative ? -exponent : exponent;
    return true;
}

struct digit_run {
    unsigned char *digits;
    unsigned room, count;
    unsigned zeros; /* seen behind the last digit that is not 0 */
    int32_t point;
    bool too_long;
};

static void take_digit(struct digit_run *run, unsigned char digit)
{
    if (run->too_long || run->zeros + 1 > run->room - run->count) {
        run->too_long = true;
        return;
    }
    while (run->zeros) {
        run->digits[run->count++] = 0;
        run->zeros--;
    }
    run->digits[run->count++] = digit;
}

/* Take digits up to the first other character. */
static const char *take_digits(const char *p, const char *end, bool before_point, struct digit_run *run)
{
    for (; p < end && is_digit(*p); p++) {
        if (before_point && (run->count || *p != '0'))
            run->point++;
        if (*p != '0')
            take_digit(run, (unsigned char)(*p - '0'));
        else if (run->count)
            run->zeros++;
        else if (!before_point)
            run->point--;
    }
    return p;
}

enum sp_convert sp_decimal_scan(struct sp_str text, bool loose, unsigned room, unsigned char *ret_digits,
                                struct sp_decimal_scan *ret_scan)
{
    if (text.len == 0 || text.len > INT32_MAX / 2)
        return SP_CONVERT_NOT_A_NUMBER;
    const char *p = text.ptr, *end = p + text.len;
    struct digit_run run = {.digits = ret_digits, .room = room};
    bool negative = *p == '-';
    if (negative || (loose && *p == '+'))
        p++;
    const char *whole = p;
    p = take_digits(p, end, true, &run);
    if (p == whole || (!loose && *whole == '0' && p - whole > 1))
        return SP_CONVERT_NOT_A_NUMBER;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = take_digits(p, end, false, &run);
        if (p == fraction)
            return SP_CONVERT_NOT_A_NUMBER;
    }
    int32_t exponent = 0;
    if (p < end && ((*p != 'e' && *p != 'E') || !read_exponent(p + 1, end, &exponent)))
        return SP_CONVERT_NOT_A_NUMBER;
    if (run.too_long)
        return SP_CONVERT_INPUT_TOO_LONG;
    if (run.count && exponent > SP_DECIMAL_EXPONENT_MAX)
        return SP_CONVERT_EXPONENT_OVERFLOW;
    if (run.count && exponent < -SP_DECIMAL_EXPONENT_MAX)
        return SP_CONVERT_EXPONENT_UNDERFLOW;
    *ret_scan = (struct sp_decimal_scan){negative, run.count, run.count ? run.point + exponent : 0};
    return SP_CONVERT_OK;
}

/* Numbers without exponent and of ordinary length, nearly all of them: false when it is none of these. */
static bool read_plain(struct sp_str text, struct sp_decimal *value)
{
    const char *p = text.ptr, *end = p + text.len;
    bool negative = *p == '-';
    p += negative;
    const char *whole = p;
    unsigned count = 0, whole_digits, first = 0;
    for (; p < end && is_digit(*p); p++)
        value->digits[count++] = (unsigned char)(*p - '0');
    whole_digits = count;
    if (whole_digits == 0 || (*whole == '0' && whole_digits > 1))
        return false;
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++)
            value->digits[count++] = (unsigned char)(*p - '0');
        if (count == whole_digits)
            return false;
    }
    if (p < end)
        return false;
    while (count && value->digits[count - 1] == 0)
        count--;
    while (first < count && value->digits[first] == 0)
        first++;
    value->negative = negative && count;
    value->first = (unsigned char)first;
    value->count = (unsigned char)(count - first);
    value->point = count ? (int32_t)whole_digits - (int32_t)first : 0;
    return true;
}

enum sp_convert sp_decimal_read(struct sp_str text, bool loose, struct sp_decimal *ret_value)
{
    if (text.len && text.len <= SP_DECIMAL_ROOM && read_plain(text, ret_value))
        return SP_CONVERT_OK;
    struct sp_decimal_scan scan;
    enum sp_convert cause = sp_decimal_scan(text, loose, SP_DECIMAL_ROOM, ret_value->digits, &scan);
    if (cause != SP_CONVERT_OK)
        return cause;
    ret_value->negative = scan.negative && scan.count;
    ret_value->first = 0;
    ret_value->count = (unsigned char)scan.count;
    ret_value->point = scan.point;
    return SP_CONVERT_OK;
}

enum sp_convert sp_decimal_place(const struct sp_decimal *value, const struct sp_number_shape *shape,
                                 unsigned char *ret_digits)
{
    if (value->negative && !shape->is_signed)
        return SP_CONVERT_NEGATIVE_UNSIGNED;
    if (value->count == 0) {
        memset(ret_digits, 0, shape->digits);
        return SP_CONVERT_OK;
    }
    int32_t before_point = (int32_t)shape->digits - shape->scale;
    int32_t decimals = (int32_t)value->count - value->point;
    if (decimals > (int32_t)shape->scale)
        return shape->scale ? SP_CONVERT_FRACTION_TOO_LONG : SP_CONVERT_NO_FRACTION_DIGITS;
    if (value->point > before_point)
        return SP_CONVERT_OVERFLOW;
    unsigned lead = (unsigned)(before_point - value->point);
    memset(ret_digits, 0, shape->digits);
    memcpy(ret_digits + lead, value->digits + value->first, value->count);
    return SP_CONVERT_OK;
}

size_t sp_decimal_write(const struct sp_fixed *value, unsigned scale, bool trim,
                        char ret_text[SP_DECIMAL_TEXT_MAX])
{
    unsigned count = value->count, at = 0, end = count;
    char digits[SP_FIXED_DIGITS_MAX + 1], *out = ret_text;
    while (at < count && value->digits[at] == 0)
        at++;
    *out = '-';
    out += value->negative && at < count;
    /* All of them, whatever they hold, is less work than as many as there are. */
    for (unsigned i = 0; i < sizeof digits; i++)
        digits[i] = (char)(value->digits[i] | '0');
    unsigned whole = count > scale ? count - scale : 0;
    if (at < whole) {
        memcpy(out, digits + at, whole - at);
        out += whole - at;
    } else {
        *out++ = '0';
    }
    while (trim && end > whole && value->digits[end - 1] == 0)
        end--;
    if (scale == 0 || (trim && end == whole))
        return (size_t)(out - ret_text);
    *out++ = '.';
    for (unsigned zeros = count < scale ? scale - count : 0; zeros; zeros--)
        *out++ = '0';
    memcpy(out, digits + whole, end - whole);
    return (size_t)(out - ret_text) + end - whole;
}
