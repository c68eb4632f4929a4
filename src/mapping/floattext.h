/* SPDX-License-Identifier: Apache-2.0
 * floattext.h: JSON numbers to floating point and back.
 *
 * Reading rounds correctly (half to even) whatever the length of the text. Writing gives the shortest digits
 * that lead back to the same stored value, and among those the nearest. Independent of the locale.
 */
#ifndef SP_MAPPING_FLOATTEXT_H
#define SP_MAPPING_FLOATTEXT_H

#include "mapping/decimal.h"
#include "mapping/hexfloat.h"

#define SP_FLOAT_INPUT_MAX 512 /* bytes of a number text */

/* `loose` as in sp_decimal_read. Causes: NOT_A_NUMBER, INPUT_TOO_LONG, EXPONENT_OVERFLOW, EXPONENT_UNDERFLOW
 * (not zero, but less than half of the least double). */
enum sp_convert sp_float_parse(struct sp_str text, bool loose, double *ret_value);

#define SP_FLOAT_TEXT_MAX 32
/* A finite value that was loaded from a field of this format and size, as a JSON number without NUL. From
 * 1e-6 up to below 1e21 in plain digits with at least one decimal ("100.0"; with `trim` "100"), otherwise
 * with an exponent ("3.4028235E38"). Returns the length. */
size_t sp_float_write(double value, enum sp_float_format format, unsigned bytes, bool trim,
                      char ret_text[SP_FLOAT_TEXT_MAX]);

#endif
