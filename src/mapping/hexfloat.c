/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/hexfloat.h"

#include <math.h>

#include "base/buf.h"

#define DOUBLE_BITS 53
#define EXCESS 64

/* The fraction of 56 bits with a first hexadecimal digit that is not 0, and the exponent to the base 16. */
static uint64_t to_hex_fraction(double magnitude, int *ret_exponent)
{
    int two;
    double fraction = frexp(magnitude, &two); /* 0.5 <= fraction < 1 */
    uint64_t bits = (uint64_t)ldexp(fraction, DOUBLE_BITS) << 3;
    int sixteen = two > 0 ? (two + 3) / 4 : -(-two / 4);
    *ret_exponent = sixteen;
    return bits >> (4 * sixteen - two);
}

static uint64_t round_half_even(uint64_t bits, unsigned drop)
{
    uint64_t half = (uint64_t)1 << (drop - 1), rest = bits & ((half << 1) - 1);
    bits >>= drop;
    if (rest > half || (rest == half && (bits & 1)))
        bits++;
    return bits;
}

static enum sp_convert store_hex(unsigned bytes, double value, unsigned char *ret_bytes)
{
    unsigned char sign = signbit(value) ? 0x80 : 0;
    if (value == 0) {
        memset(ret_bytes, 0, bytes);
        ret_bytes[0] = sign;
        return SP_CONVERT_OK;
    }
    int exponent;
    uint64_t fraction = to_hex_fraction(fabs(value), &exponent);
    if (bytes == 4) {
        fraction = round_half_even(fraction, 32);
        if (fraction >> 24) {
            fraction >>= 4;
            exponent++;
        }
    }
    if (exponent > EXCESS - 1)
        return SP_CONVERT_EXPONENT_OVERFLOW;
    if (exponent < -EXCESS)
        return SP_CONVERT_EXPONENT_UNDERFLOW;
    unsigned char head = (unsigned char)(sign | (unsigned)(exponent + EXCESS));
    if (bytes == 4)
        sp_put_u32(ret_bytes, (uint32_t)fraction);
    else
        sp_put_u64(ret_bytes, fraction);
    ret_bytes[0] = head;
    return SP_CONVERT_OK;
}

static double load_hex(unsigned bytes, const unsigned char *from)
{
    uint64_t fraction = bytes == 4 ? (uint64_t)(sp_get_u32(from) & 0xffffff) << 32
                                   : sp_get_u64(from) & (((uint64_t)1 << 56) - 1);
    /* The conversion of an integer rounds half to even, the scaling by a power of two is exact. */
    double magnitude = ldexp((double)fraction, 4 * ((from[0] & 0x7f) - EXCESS) - 56);
    return from[0] & 0x80 ? -magnitude : magnitude;
}

static void reverse(unsigned char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count / 2; i++) {
        unsigned char keep = bytes[i];
        bytes[i] = bytes[count - 1 - i];
        bytes[count - 1 - i] = keep;
    }
}

static enum sp_convert store_ieee(bool little, unsigned bytes, double value, unsigned char *ret_bytes)
{
    if (bytes == 4) {
        float single = (float)value;
        uint32_t bits;
        if (isinf(single))
            return SP_CONVERT_EXPONENT_OVERFLOW;
        if (single == 0 && value != 0)
            return SP_CONVERT_EXPONENT_UNDERFLOW;
        memcpy(&bits, &single, sizeof bits);
        sp_put_u32(ret_bytes, bits);
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        sp_put_u64(ret_bytes, bits);
    }
    if (little)
        reverse(ret_bytes, bytes);
    return SP_CONVERT_OK;
}

static double load_ieee(bool little, unsigned bytes, const unsigned char *from)
{
    unsigned char big[8];
    memcpy(big, from, bytes);
    if (little)
        reverse(big, bytes);
    if (bytes == 4) {
        uint32_t bits = sp_get_u32(big);
        float single;
        memcpy(&single, &bits, sizeof single);
        return single;
    }
    uint64_t bits = sp_get_u64(big);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum sp_convert sp_float_store(enum sp_float_format format, unsigned bytes, double value,
                               unsigned char *ret_bytes)
{
    if (format == SP_FLOAT_HEX)
        return store_hex(bytes, value, ret_bytes);
    return store_ieee(format == SP_FLOAT_IEEE_LITTLE, bytes, value, ret_bytes);
}

enum sp_convert sp_float_load(enum sp_float_format format, unsigned bytes, const unsigned char *from,
                              double *ret_value)
{
    double value = format == SP_FLOAT_HEX ? load_hex(bytes, from)
                                          : load_ieee(format == SP_FLOAT_IEEE_LITTLE, bytes, from);
    if (!isfinite(value))
        return SP_CONVERT_NOT_FINITE;
    *ret_value = value;
    return SP_CONVERT_OK;
}
