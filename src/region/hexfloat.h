/* SPDX-License-Identifier: Apache-2.0
 * hexfloat.h: floating point of z/Architecture (hexadecimal) to IEEE 754 and back.
 *
 * A hexadecimal number is a sign bit, seven bits of exponent to the base 16 (excess 64), and a fraction of 24
 * (COMP-1) or 56 bits (COMP-2) below the point (z/Architecture Principles of Operation, chapter
 * "Floating-Point Overview"). Bytes are big-endian on that side and in the machine's order on the IEEE side.
 * Inexact results are rounded to the nearest, ties to even.
 */
#ifndef SP_REGION_HEXFLOAT_H
#define SP_REGION_HEXFLOAT_H

#include "base/error.h"

/* COMP-1: 4 bytes. SP_ELIMIT when the value is too great for an IEEE single. */
enum sp_status sp_hexfloat_to_single(const unsigned char hex[4], float *ret_value) SP_MUST_CHECK;
/* COMP-2: 8 bytes; every value fits. */
double sp_hexfloat_to_double(const unsigned char hex[8]);
/* SP_ELIMIT for infinities, NaN and, of a double, values of 16^63 and more. What is too small is zero. */
enum sp_status sp_hexfloat_from_single(float value, unsigned char ret_hex[4]) SP_MUST_CHECK;
enum sp_status sp_hexfloat_from_double(double value, unsigned char ret_hex[8]) SP_MUST_CHECK;

#endif
