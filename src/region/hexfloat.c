/* SPDX-License-Identifier: Apache-2.0 */
#include "region/hexfloat.h"

#include <math.h>

#include "base/buf.h"

enum sp_status sp_hexfloat_to_single(const unsigned char hex[4], float *ret_value)
{
    uint32_t bits = sp_get_u32(hex);
    int exponent = (int)(bits >> 24 & 0x7f) - 64;
    float value = ldexpf((float)(bits & 0xffffff), 4 * exponent - 24);
    if (isinf(value))
        return SP_ELIMIT;
    *ret_value = bits >> 31 ? -value : value;
    return SP_OK;
}

double sp_hexfloat_to_double(const unsigned char hex[8])
{
    uint64_t bits = sp_get_u64(hex);
    int exponent = (int)(bits >> 56 & 0x7f) - 64;
    double value = ldexp((double)(bits & 0xffffffffffffffULL), 4 * exponent - 56);
    return bits >> 63 ? -value : value;
}

/* Sign, exponent and fraction of `digits` bits (24 or 56); `value` is finite. */
static enum sp_status split(double value, int digits, uint64_t *ret_exponent, uint64_t *ret_fraction)
{
    int two;
    double half = frexp(fabs(value), &two);    /* half * 2^two, half in [0.5, 1) */
    int sixteen = (two + 3 + 4096) / 4 - 1024; /* two / 4, rounded up also when negative */
    /* nearbyint rounds to even as the default mode has it. */
    uint64_t fraction = (uint64_t)nearbyint(ldexp(half, digits - (4 * sixteen - two)));
    if (fraction >> digits) {
        fraction >>= 4;
        sixteen++;
    }
    if (fraction && sixteen + 64 > 127)
        return SP_ELIMIT;
    if (!fraction || sixteen + 64 < 0) {
        *ret_exponent = *ret_fraction = 0;
        return SP_OK;
    }
    *ret_exponent = (uint64_t)(sixteen + 64);
    *ret_fraction = fraction;
    return SP_OK;
}

enum sp_status sp_hexfloat_from_single(float value, unsigned char ret_hex[4])
{
    uint64_t exponent, fraction;
    if (!isfinite(value) || split(value, 24, &exponent, &fraction) != SP_OK)
        return SP_ELIMIT;
    uint32_t sign = fraction && value < 0;
    sp_put_u32(ret_hex, sign << 31 | (uint32_t)exponent << 24 | (uint32_t)fraction);
    return SP_OK;
}

enum sp_status sp_hexfloat_from_double(double value, unsigned char ret_hex[8])
{
    uint64_t exponent, fraction;
    if (!isfinite(value) || split(value, 56, &exponent, &fraction) != SP_OK)
        return SP_ELIMIT;
    uint64_t sign = fraction && value < 0;
    sp_put_u64(ret_hex, sign << 63 | exponent << 56 | fraction);
    return SP_OK;
}
