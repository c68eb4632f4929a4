/* SPDX-License-Identifier: Apache-2.0
 * decimal.h: exact decimal numbers between JSON texts and fields.
 *
 * No binary floating point is involved, so 0.1 stays 0.1 and 18 digits stay 18 digits.
 */
#ifndef SP_MAPPING_DECIMAL_H
#define SP_MAPPING_DECIMAL_H

#include "mapping/convert.h"

#define SP_DECIMAL_ROOM 64
#define SP_DECIMAL_EXPONENT_MAX 9999

/* The value is 0.d1d2d3... * 10^point, negative or not; zero has no digits and no sign. */
struct sp_decimal {
    bool negative;
    unsigned char first; /* where d1 is in `digits` */
    unsigned char count; /* significant digits: the first and the last are not 0 */
    int32_t point;
    unsigned char digits[SP_DECIMAL_ROOM]; /* 0..9 */
};

/* The same with room for as many digits as the caller gives. */
struct sp_decimal_scan {
    bool negative;
    unsigned count;
    int32_t point;
};

/* Read a number as JSON writes it (RFC 8259 section 6). `loose` is for path and query parameters and for
 * defaults in archives: it also takes a leading '+' and leading zeros. Causes: NOT_A_NUMBER; INPUT_TOO_LONG
 * for more than SP_DECIMAL_ROOM significant digits; EXPONENT_OVERFLOW and EXPONENT_UNDERFLOW for a
 * value that is not zero and whose exponent is beyond SP_DECIMAL_EXPONENT_MAX either way. */
enum sp_convert sp_decimal_read(struct sp_str text, bool loose, struct sp_decimal *ret_value);
/* The same into `ret_digits` of `room` digits; INPUT_TOO_LONG beyond. */
enum sp_convert sp_decimal_scan(struct sp_str text, bool loose, unsigned room, unsigned char *ret_digits,
                                struct sp_decimal_scan *ret_scan);

/* The `shape->digits` digits (0..9) of the value in a field of that many digits and `shape->scale` decimals;
 * zeros behind the last decimal of the value do not count. Causes: NEGATIVE_UNSIGNED, OVERFLOW,
 * NO_FRACTION_DIGITS, FRACTION_TOO_LONG. */
enum sp_convert sp_decimal_place(const struct sp_decimal *value, const struct sp_number_shape *shape,
                                 unsigned char *ret_digits);

#define SP_DECIMAL_TEXT_MAX 320
/* Write digits with `scale` decimals as a JSON number, without NUL; returns the length. With `trim`, zeros at
 * the end of the decimals are left out, and the point with them. Zero is never negative. */
size_t sp_decimal_write(const struct sp_fixed *value, unsigned scale, bool trim,
                        char ret_text[SP_DECIMAL_TEXT_MAX]);

#endif
