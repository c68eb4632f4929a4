/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/packed.h"

static unsigned char sign_code(const struct sp_number_shape *shape, bool negative)
{
    if (!shape->is_signed)
        return 0x0f;
    return negative ? 0x0d : 0x0c;
}

enum sp_convert sp_packed_write(const struct sp_number_shape *shape, const struct sp_decimal *value,
                                unsigned char *ret_bytes)
{
    /* One place in front so that an odd number of digits pairs up with the sign. */
    unsigned char digits[SP_FIXED_DIGITS_MAX + 2];
    unsigned spare = shape->digits % 2 ? 0 : 1;
    digits[0] = 0;
    enum sp_convert cause = sp_decimal_place(value, shape, digits + spare);
    if (cause != SP_CONVERT_OK)
        return cause;
    unsigned bytes = sp_packed_bytes(shape);
    digits[2 * bytes - 1] = sign_code(shape, value->negative);
    for (unsigned i = 0; i < bytes; i++)
        ret_bytes[i] = (unsigned char)(digits[2 * i] << 4 | digits[2 * i + 1]);
    return SP_CONVERT_OK;
}

void sp_packed_zero(const struct sp_number_shape *shape, unsigned char *ret_bytes)
{
    unsigned bytes = sp_packed_bytes(shape);
    memset(ret_bytes, 0, bytes);
    ret_bytes[bytes - 1] = sign_code(shape, false);
}

enum sp_convert sp_packed_read(const struct sp_number_shape *shape, const unsigned char *bytes,
                               struct sp_fixed *ret_value)
{
    unsigned count = shape->digits, spare = count % 2 ? 0 : 1, last = sp_packed_bytes(shape) - 1;
    unsigned char sign = bytes[last] & 0x0f, halves[SP_FIXED_DIGITS_MAX + 2], bad = bytes[last] >= 0xa0;
    for (unsigned i = 0; i < last; i++) {
        unsigned char high = bytes[i] >> 4, low = bytes[i] & 0x0f;
        bad |= (high > 9) | (low > 9);
        halves[2 * i] = high;
        halves[2 * i + 1] = low;
    }
    halves[2 * last] = bytes[last] >> 4;
    if (bad)
        return SP_CONVERT_BAD_DIGIT;
    if (sign < 0x0a)
        return SP_CONVERT_BAD_SIGN;
    if (spare && halves[0])
        return SP_CONVERT_OUT_OF_RANGE;
    bool negative = sign == 0x0b || sign == 0x0d;
    if (negative && !shape->is_signed)
        return SP_CONVERT_NEGATIVE_UNSIGNED;
    memcpy(ret_value->digits, halves + spare, count);
    ret_value->count = (unsigned char)count;
    ret_value->negative = negative;
    return SP_CONVERT_OK;
}
