/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/zoned.h"

#define BAD 0xff
#define NEGATIVE 0x10

unsigned sp_zoned_bytes(const struct sp_number_shape *shape)
{
    return shape->digits + (shape->is_signed && shape->sign_separate ? 1u : 0u);
}

static unsigned char overpunch(const struct sp_number_shape *shape, unsigned char digit, bool negative)
{
    if (!shape->ascii)
        return (unsigned char)((negative ? 0xd0 : 0xc0) | digit);
    return (unsigned char)(negative ? "}JKLMNOPQR"[digit] : "{ABCDEFGHI"[digit]);
}

static unsigned char separate_sign(const struct sp_number_shape *shape, bool negative)
{
    if (shape->ascii)
        return negative ? '-' : '+';
    return negative ? 0x60 : 0x4e;
}

/* Digits 0..9 at ret_bytes + where they belong to characters, in place, and the sign. */
static void put_zones(const struct sp_number_shape *shape, unsigned char *digits, bool negative,
                      unsigned char *bytes)
{
    unsigned count = shape->digits, sign_at = shape->sign_leading ? 0 : count - 1;
    unsigned char sign_digit = digits[sign_at], zone = shape->ascii ? 0x30 : 0xf0;
    for (unsigned i = 0; i < count; i++)
        digits[i] |= zone;
    if (!shape->is_signed)
        return;
    if (shape->sign_separate)
        bytes[shape->sign_leading ? 0 : count] = separate_sign(shape, negative);
    else
        digits[sign_at] = overpunch(shape, sign_digit, negative);
}

static unsigned digits_at(const struct sp_number_shape *shape)
{
    return shape->is_signed && shape->sign_separate && shape->sign_leading ? 1 : 0;
}

enum sp_convert sp_zoned_write(const struct sp_number_shape *shape, const struct sp_decimal *value,
                               unsigned char *ret_bytes)
{
    unsigned char *digits = ret_bytes + digits_at(shape);
    enum sp_convert cause = sp_decimal_place(value, shape, digits);
    if (cause == SP_CONVERT_OK)
        put_zones(shape, digits, value->negative, ret_bytes);
    return cause;
}

void sp_zoned_zero(const struct sp_number_shape *shape, unsigned char *ret_bytes)
{
    unsigned char *digits = ret_bytes + digits_at(shape);
    memset(digits, 0, shape->digits);
    put_zones(shape, digits, false, ret_bytes);
}

/* 0..9, or BAD. */
static unsigned char plain_digit(const struct sp_number_shape *shape, unsigned char byte)
{
    unsigned char digit = byte & 0x0f;
    if (byte == 0 || byte == (shape->ascii ? 0x20 : 0x40))
        return 0;
    return byte >> 4 == (shape->ascii ? 0x3 : 0xf) && digit <= 9 ? digit : BAD;
}

/* 0..9 with or without NEGATIVE, or BAD. */
static unsigned char signed_digit_ascii(unsigned char byte)
{
    if (byte >= 'A' && byte <= 'I')
        return (unsigned char)(byte - 'A' + 1);
    if (byte >= 'J' && byte <= 'R')
        return (unsigned char)((byte - 'J' + 1) | NEGATIVE);
    if (byte >= 'p' && byte <= 'y')
        return (unsigned char)((byte - 'p') | NEGATIVE);
    if (byte == '{')
        return 0;
    return byte == '}' ? NEGATIVE : BAD;
}

static unsigned char signed_digit(const struct sp_number_shape *shape, unsigned char byte)
{
    unsigned char digit = plain_digit(shape, byte);
    if (digit != BAD)
        return digit;
    if (shape->ascii)
        return signed_digit_ascii(byte);
    digit = byte & 0x0f;
    unsigned char zone = byte >> 4;
    if (digit > 9 || zone < 0xa)
        return BAD;
    return zone == 0xb || zone == 0xd ? digit | NEGATIVE : digit;
}

static enum sp_convert read_separate_sign(const struct sp_number_shape *shape, unsigned char byte,
                                          bool *ret_negative)
{
    *ret_negative = byte == separate_sign(shape, true);
    if (*ret_negative || byte == separate_sign(shape, false) || byte == 0 ||
        byte == (shape->ascii ? 0x20 : 0x40))
        return SP_CONVERT_OK;
    return SP_CONVERT_BAD_SIGN;
}

enum sp_convert sp_zoned_read(const struct sp_number_shape *shape, const unsigned char *bytes,
                              struct sp_fixed *ret_value)
{
    unsigned count = shape->digits;
    const unsigned char *from = bytes + digits_at(shape);
    bool negative = false, separate = shape->is_signed && shape->sign_separate;
    unsigned sign_at = shape->is_signed && shape->sign_leading ? 0 : count - 1;
    /* Plain digits throughout, first; whatever else there is, digit by digit. */
    unsigned char zone = shape->ascii ? 0x30 : 0xf0, other = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned char digit = from[i] - zone;
        ret_value->digits[i] = digit;
        other |= digit > 9;
    }
    for (unsigned i = 0; other && i < count; i++) {
        bool with_sign = i == sign_at && !separate;
        unsigned char digit = with_sign ? signed_digit(shape, from[i]) : plain_digit(shape, from[i]);
        if (digit == BAD)
            return with_sign && (from[i] & 0x0f) <= 9 ? SP_CONVERT_BAD_SIGN : SP_CONVERT_BAD_DIGIT;
        if (digit & NEGATIVE)
            negative = true;
        ret_value->digits[i] = digit & 0x0f;
    }
    if (separate) {
        enum sp_convert cause = read_separate_sign(shape, bytes[shape->sign_leading ? 0 : count], &negative);
        if (cause != SP_CONVERT_OK)
            return cause;
    }
    if (negative && !shape->is_signed)
        return SP_CONVERT_NEGATIVE_UNSIGNED;
    ret_value->negative = negative;
    ret_value->count = (unsigned char)count;
    return SP_CONVERT_OK;
}
