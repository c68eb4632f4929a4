/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/floattext.h"

#include <float.h>
#include <math.h>

#include "base/buf.h"
#include "mapping/bignum.h"

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define EXACT_POWER 22 /* the greatest power of ten that a double holds exactly */
#define SMALLEST_BIT (-1074)

/* The integer part of n / d, below 2^56, and whether something is left. Destroys both. */
static uint64_t divide(struct sp_bignum *n, struct sp_bignum *d, bool *ret_rest)
{
    uint64_t quotient = 0;
    sp_bignum_shift_left(d, 55);
    for (int i = 0; i < 56; i++) {
        quotient <<= 1;
        if (sp_bignum_cmp(n, d) >= 0) {
            sp_bignum_sub(n, d);
            quotient |= 1;
        }
        sp_bignum_shift_left(n, 1);
    }
    *ret_rest = n->count != 0;
    return quotient;
}

/* digits * 10^exponent, correctly rounded; infinity and 0 tell what does not fit. */
static double round_exactly(const unsigned char *digits, unsigned count, int exponent)
{
    struct sp_bignum n, d;
    sp_bignum_set(&n, digits[0]);
    for (unsigned i = 1; i < count; i++)
        sp_bignum_muladd(&n, 10, digits[i]);
    sp_bignum_set(&d, 1);
    if (exponent >= 0)
        sp_bignum_mul_pow10(&n, (unsigned)exponent);
    else
        sp_bignum_mul_pow10(&d, (unsigned)-exponent);
    /* A quotient of 54 or 55 bits, fewer where the number is too small to have so many. */
    int shift = DBL_MANT_DIG + 1 - ((int)sp_bignum_bits(&n) - (int)sp_bignum_bits(&d));
    if (shift > 1 - SMALLEST_BIT)
        shift = 1 - SMALLEST_BIT;
    if (shift > 0)
        sp_bignum_shift_left(&n, (unsigned)shift);
    else
        sp_bignum_shift_left(&d, (unsigned)-shift);
    bool rest;
    uint64_t quotient = divide(&n, &d, &rest);
    int drop = quotient >> (DBL_MANT_DIG + 1) ? 2 : 1;
    uint64_t half = (uint64_t)1 << (drop - 1), low = quotient & (2 * half - 1);
    quotient >>= drop;
    if (low > half || (low == half && (rest || (quotient & 1))))
        quotient++;
    return ldexp((double)quotient, drop - shift);
}

static double from_digits(const unsigned char *digits, unsigned count, int exponent)
{
    if (count <= DBL_DIG && exponent >= -EXACT_POWER && exponent <= EXACT_POWER) {
        uint64_t whole = 0;
        for (unsigned i = 0; i < count; i++)
            whole = whole * 10 + digits[i];
        /* Both operands are exact, so that the one operation rounds correctly. */
        return exponent < 0 ? (double)whole / powers[-exponent] : (double)whole * powers[exponent];
    }
    return round_exactly(digits, count, exponent);
}

enum sp_convert sp_float_parse(struct sp_str text, bool loose, double *ret_value)
{
    unsigned char digits[SP_FLOAT_INPUT_MAX];
    struct sp_decimal_scan scan;
    enum sp_convert cause = sp_decimal_scan(text, loose, sizeof digits, digits, &scan);
    if (cause != SP_CONVERT_OK)
        return cause;
    double value = 0;
    if (scan.count) {
        if (scan.point > DBL_MAX_10_EXP + 1)
            return SP_CONVERT_EXPONENT_OVERFLOW;
        if (scan.point < -325)
            return SP_CONVERT_EXPONENT_UNDERFLOW;
        value = from_digits(digits, scan.count, scan.point - (int)scan.count);
        if (isinf(value))
            return SP_CONVERT_EXPONENT_OVERFLOW;
        if (value == 0)
            return SP_CONVERT_EXPONENT_UNDERFLOW;
    }
    *ret_value = scan.negative ? -value : value;
    return SP_CONVERT_OK;
}

/* A positive value as the format sees it: significand * 2^exponent. */
struct parts {
    uint64_t significand;
    int exponent;
    unsigned below;   /* how many times nearer the next lower number is than the next higher one */
    bool ends_belong; /* a text exactly between two numbers leads to this one */
};

static struct parts split(double value, enum sp_float_format format, unsigned bytes)
{
    struct parts parts = {.below = 1};
    unsigned char stored[4];
    /* A fraction that is not normalised can be smaller than what a store gives: that one goes as a double. */
    if (bytes == 4 && format == SP_FLOAT_HEX && sp_float_store(format, 4, value, stored) == SP_CONVERT_OK) {
        parts.significand = sp_get_u32(stored) & 0xffffff;
        parts.exponent = 4 * ((stored[0] & 0x7f) - 64) - 24;
        parts.ends_belong = parts.significand % 2 == 0;
        if (parts.significand == 0x100000)
            parts.below = 16;
        return parts;
    }
    bool single = bytes == 4 && format != SP_FLOAT_HEX;
    int precision = single ? FLT_MANT_DIG : DBL_MANT_DIG;
    int least = single ? FLT_MIN_EXP - FLT_MANT_DIG : SMALLEST_BIT;
    int two;
    double fraction = frexp(value, &two);
    parts.exponent = two - precision < least ? least : two - precision;
    parts.significand = (uint64_t)ldexp(fraction, two - parts.exponent);
    if (parts.significand == (uint64_t)1 << (precision - 1) && parts.exponent > least)
        parts.below = 2;
    parts.ends_belong = parts.significand % 2 == 0;
    return parts;
}

/* Steele and White's free-format algorithm (1990): remainder, divisor and the distances to the ends of the
 * interval of texts that lead back to the value, all scaled alike. */
struct digit_maker {
    struct sp_bignum rest, divisor, up, down;
    bool ends_belong;
};

static bool too_high(const struct digit_maker *maker)
{
    int order = sp_bignum_cmp_sum(&maker->rest, &maker->up, &maker->divisor);
    return maker->ends_belong ? order >= 0 : order > 0;
}

static bool low_enough(const struct digit_maker *maker)
{
    int order = sp_bignum_cmp(&maker->rest, &maker->down);
    return maker->ends_belong ? order <= 0 : order < 0;
}

static void times_ten(struct digit_maker *maker)
{
    sp_bignum_muladd(&maker->rest, 10, 0);
    sp_bignum_muladd(&maker->up, 10, 0);
    sp_bignum_muladd(&maker->down, 10, 0);
}

static void maker_init(struct digit_maker *maker, const struct parts *parts, int point)
{
    unsigned left = parts->exponent > 0 ? (unsigned)parts->exponent : 0;
    unsigned right = parts->exponent < 0 ? (unsigned)-parts->exponent : 0;
    maker->ends_belong = parts->ends_belong;
    sp_bignum_set(&maker->rest, parts->significand);
    sp_bignum_muladd(&maker->rest, 2 * parts->below, 0);
    sp_bignum_set(&maker->divisor, 2 * parts->below);
    sp_bignum_set(&maker->up, parts->below);
    sp_bignum_set(&maker->down, 1);
    sp_bignum_shift_left(&maker->rest, left);
    sp_bignum_shift_left(&maker->up, left);
    sp_bignum_shift_left(&maker->down, left);
    sp_bignum_shift_left(&maker->divisor, right);
    if (point >= 0) {
        sp_bignum_mul_pow10(&maker->divisor, (unsigned)point);
    } else {
        sp_bignum_mul_pow10(&maker->rest, (unsigned)-point);
        sp_bignum_mul_pow10(&maker->up, (unsigned)-point);
        sp_bignum_mul_pow10(&maker->down, (unsigned)-point);
    }
}

static unsigned next_digit(struct digit_maker *maker)
{
    unsigned digit = 0;
    times_ten(maker);
    while (sp_bignum_cmp(&maker->rest, &maker->divisor) >= 0) {
        sp_bignum_sub(&maker->rest, &maker->divisor);
        digit++;
    }
    return digit;
}

/* Shortest digits of a positive value; value = 0.d1d2... * 10^*ret_point. Returns their number. */
static unsigned make_digits(double value, enum sp_float_format format, unsigned bytes, char *ret_digits,
                            int *ret_point)
{
    struct parts parts = split(value, format, bytes);
    struct digit_maker maker;
    int point = (int)ceil(log10(value) - 1e-9);
    maker_init(&maker, &parts, point);
    while (too_high(&maker)) {
        sp_bignum_muladd(&maker.divisor, 10, 0);
        point++;
    }
    unsigned count = 0;
    for (;;) {
        unsigned digit = next_digit(&maker);
        bool low = low_enough(&maker), high = too_high(&maker);
        if (low || high) {
            if (high && (!low || sp_bignum_cmp_sum(&maker.rest, &maker.rest, &maker.divisor) >= 0))
                digit++;
            ret_digits[count++] = (char)('0' + digit);
            break;
        }
        if (count == 0 && digit == 0)
            point--; /* the estimate was one too high */
        else
            ret_digits[count++] = (char)('0' + digit);
    }
    *ret_point = point;
    return count;
}

static bool same_stored(double a, double b, enum sp_float_format format, unsigned bytes)
{
    if (bytes == 8)
        return a == b;
    if (format != SP_FLOAT_HEX)
        return (float)a == (float)b;
    unsigned char x[4], y[4];
    return sp_float_store(format, 4, a, x) == SP_CONVERT_OK &&
           sp_float_store(format, 4, b, y) == SP_CONVERT_OK && memcmp(x, y, 4) == 0;
}

static unsigned decimal_length(uint64_t value)
{
    unsigned length = 1;
    for (; value >= 10; value /= 10)
        length++;
    return length;
}

/* Values of few digits without long arithmetic: a text of at most 15 (short forms: 6) digits that leads back
 * to the value is the only one of so few digits. Returns 0 when there is none. */
static unsigned few_digits(double value, enum sp_float_format format, unsigned bytes, char *ret_digits,
                           int *ret_point)
{
    double most = bytes == 4 ? 1e6 : 1e15;
    if (value >= most || value < 1e-6)
        return 0;
    for (int decimals = 0; decimals <= EXACT_POWER; decimals++) {
        double scaled = nearbyint(value * powers[decimals]);
        if (scaled >= most)
            return 0;
        if (scaled < 1 || !same_stored(scaled / powers[decimals], value, format, bytes))
            continue;
        uint64_t whole = (uint64_t)scaled;
        int point = -decimals;
        for (; whole % 10 == 0; whole /= 10)
            point++;
        unsigned count = decimal_length(whole);
        for (unsigned i = count; i-- > 0; whole /= 10)
            ret_digits[i] = (char)('0' + whole % 10);
        *ret_point = point + (int)count;
        return count;
    }
    return 0;
}

/* 0.digits * 10^point in plain digits. */
static char *put_plain(char *out, const char *digits, unsigned count, int point, bool trim)
{
    unsigned at = 0;
    if (point <= 0)
        *out++ = '0';
    for (int i = 0; i < point; i++)
        *out++ = at < count ? digits[at++] : '0';
    if (at == count && trim)
        return out;
    *out++ = '.';
    for (int i = point; i < 0; i++)
        *out++ = '0';
    if (at == count)
        *out++ = '0';
    while (at < count)
        *out++ = digits[at++];
    return out;
}

static char *put_exponent(char *out, const char *digits, unsigned count, int point, bool trim)
{
    *out++ = digits[0];
    if (count > 1 || !trim)
        *out++ = '.';
    if (count == 1 && !trim)
        *out++ = '0';
    memcpy(out, digits + 1, count - 1);
    out += count - 1;
    *out++ = 'E';
    int exponent = point - 1;
    if (exponent < 0)
        *out++ = '-';
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (size >= 100)
        *out++ = (char)('0' + size / 100);
    if (size >= 10)
        *out++ = (char)('0' + size / 10 % 10);
    *out++ = (char)('0' + size % 10);
    return out;
}

size_t sp_float_write(double value, enum sp_float_format format, unsigned bytes, bool trim,
                      char ret_text[SP_FLOAT_TEXT_MAX])
{
    char *out = ret_text, digits[SP_FLOAT_TEXT_MAX];
    if (signbit(value))
        *out++ = '-';
    value = fabs(value);
    if (value == 0) {
        out = put_plain(out, "0", 1, 1, trim);
        return (size_t)(out - ret_text);
    }
    int point;
    unsigned count = few_digits(value, format, bytes, digits, &point);
    if (count == 0)
        count = make_digits(value, format, bytes, digits, &point);
    if (point >= -5 && point <= 21)
        out = put_plain(out, digits, count, point, trim);
    else
        out = put_exponent(out, digits, count, point, trim);
    return (size_t)(out - ret_text);
}
