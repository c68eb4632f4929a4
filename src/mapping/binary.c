/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/binary.h"

#define U64_DIGITS 20

static const uint64_t powers[U64_DIGITS] = {1u,
                                            10u,
                                            100u,
                                            1000u,
                                            10000u,
                                            100000u,
                                            1000000u,
                                            10000000u,
                                            100000000u,
                                            1000000000u,
                                            10000000000u,
                                            100000000000u,
                                            1000000000000u,
                                            10000000000000u,
                                            100000000000000u,
                                            1000000000000000u,
                                            10000000000000000u,
                                            100000000000000000u,
                                            1000000000000000000u,
                                            10000000000000000000u};

uint64_t sp_binary_limit(const struct sp_number_shape *shape, bool negative)
{
    if (negative && !shape->is_signed)
        return 0;
    unsigned bits = shape->bytes * 8u - (shape->is_signed ? 1u : 0u);
    uint64_t by_bytes = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    if (negative)
        by_bytes++;
    if (shape->full_range || shape->digits >= U64_DIGITS)
        return by_bytes;
    uint64_t by_digits = powers[shape->digits] - 1;
    return by_digits < by_bytes ? by_digits : by_bytes;
}

void sp_binary_store(const struct sp_number_shape *shape, uint64_t magnitude, bool negative,
                     unsigned char *ret_bytes)
{
    uint64_t bits = negative ? 0 - magnitude : magnitude;
    unsigned bytes = shape->bytes;
    for (unsigned i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)(bits >> (8 * i));
        ret_bytes[shape->little_endian ? i : bytes - 1 - i] = byte;
    }
}

uint64_t sp_binary_magnitude(const struct sp_number_shape *shape, const unsigned char *bytes,
                             bool *ret_negative)
{
    uint64_t bits = 0;
    unsigned count = shape->bytes;
    for (unsigned i = 0; i < count; i++)
        bits = bits << 8 | bytes[shape->little_endian ? count - 1 - i : i];
    *ret_negative = shape->is_signed && bits >> (8 * count - 1);
    if (!*ret_negative)
        return bits;
    uint64_t extended = count == 8 ? bits : bits | UINT64_MAX << (8 * count);
    return 0 - extended;
}

enum sp_convert sp_binary_write(const struct sp_number_shape *shape, const struct sp_decimal *value,
                                unsigned char *ret_bytes)
{
    if (value->negative && !shape->is_signed)
        return SP_CONVERT_NEGATIVE_UNSIGNED;
    int32_t decimals = (int32_t)value->count - value->point;
    if (value->count && decimals > (int32_t)shape->scale)
        return shape->scale ? SP_CONVERT_FRACTION_TOO_LONG : SP_CONVERT_NO_FRACTION_DIGITS;
    uint64_t magnitude = 0;
    int32_t places =
        value->count ? value->point + (int32_t)shape->scale : 0; /* of the integer that is stored */
    if (places > U64_DIGITS)
        return SP_CONVERT_OVERFLOW;
    const unsigned char *digits = value->digits + value->first;
    for (int32_t i = 0; i < value->count && i < U64_DIGITS - 1; i++)
        magnitude = magnitude * 10 + digits[i];
    if (value->count < U64_DIGITS) {
        if (__builtin_mul_overflow(magnitude, powers[places - value->count], &magnitude))
            return SP_CONVERT_OVERFLOW;
    } else if (__builtin_mul_overflow(magnitude, (uint64_t)10, &magnitude) ||
               __builtin_add_overflow(magnitude, (uint64_t)digits[U64_DIGITS - 1], &magnitude)) {
        return SP_CONVERT_OVERFLOW;
    }
    if (magnitude > sp_binary_limit(shape, value->negative))
        return SP_CONVERT_OVERFLOW;
    sp_binary_store(shape, magnitude, value->negative, ret_bytes);
    return SP_CONVERT_OK;
}

enum sp_convert sp_binary_read(const struct sp_number_shape *shape, const unsigned char *bytes,
                               struct sp_fixed *ret_value)
{
    bool negative;
    uint64_t magnitude = sp_binary_magnitude(shape, bytes, &negative);
    if (magnitude > sp_binary_limit(shape, negative))
        return SP_CONVERT_OUT_OF_RANGE;
    unsigned count = 1;
    while (count < U64_DIGITS && magnitude >= powers[count])
        count++;
    for (unsigned i = count; i-- > 0; magnitude /= 10)
        ret_value->digits[i] = (unsigned char)(magnitude % 10);
    ret_value->count = (unsigned char)count;
    ret_value->negative = negative;
    return SP_CONVERT_OK;
}
