/* SPDX-License-Identifier: Apache-2.0
 * hexfloat.h: COMP-1 and COMP-2 in the program's format.
 *
 * IBM hexadecimal (z/Architecture Principles of Operation, chapter 18): a sign bit, 7 bits of exponent to the
 * base 16 in excess 64, a fraction of 24 or 56 bits below the point. Every IEEE double within the range has
 * an exact long form; the short form and the way back round half to even. IEEE 754 single and double, in
 * either byte order, are the other format.
 */
#ifndef SP_MAPPING_HEXFLOAT_H
#define SP_MAPPING_HEXFLOAT_H

#include "mapping/convert.h"

enum sp_float_format {
    SP_FLOAT_HEX,         /* IBM hexadecimal, big-endian */
    SP_FLOAT_IEEE_BIG,    /* IEEE 754 */
    SP_FLOAT_IEEE_LITTLE, /* IEEE 754, least significant byte first */
};

/* `bytes` is 4 or 8, `value` finite. Causes: EXPONENT_OVERFLOW; EXPONENT_UNDERFLOW when a value that is not
 * zero would become zero or would lose its leading digits. A negative zero keeps its sign bit. */
enum sp_convert sp_float_store(enum sp_float_format format, unsigned bytes, double value,
                               unsigned char *ret_bytes);
/* The value, rounded to a double where the long hexadecimal form has more bits. Cause: NOT_FINITE. */
enum sp_convert sp_float_load(enum sp_float_format format, unsigned bytes, const unsigned char *from,
                              double *ret_value);

#endif
