/* SPDX-License-Identifier: Apache-2.0
 * convert.h: what can go wrong with one value, and what a number field looks like.
 *
 * The value codecs beside this file (decimal, zoned, packed, binary, hexfloat, floattext, chars) know bytes
 * and texts and nothing of fields, paths or messages; they return one of these causes. The names follow those
 * of the reason texts of CICS message DFHPI1009 where there is one.
 */
#ifndef SP_MAPPING_CONVERT_H
#define SP_MAPPING_CONVERT_H

#include "base/str.h"

enum sp_convert {
    SP_CONVERT_OK = 0,
    /* a text that is to become a field */
    SP_CONVERT_NOT_A_NUMBER,
    SP_CONVERT_INPUT_TOO_LONG, /* more significant digits than any field has */
    SP_CONVERT_OVERFLOW,       /* too many digits before the point, or out of the range of a binary field */
    SP_CONVERT_NEGATIVE_UNSIGNED,
    SP_CONVERT_NO_FRACTION_DIGITS, /* a fraction, and the field has no decimals */
    SP_CONVERT_FRACTION_TOO_LONG,  /* more decimals than the field has */
    SP_CONVERT_EXPONENT_OVERFLOW,  /* beyond the greatest number of the format */
    SP_CONVERT_EXPONENT_UNDERFLOW, /* not zero, and nearer to it than the least number of the format */
    SP_CONVERT_TEXT_TOO_LONG,
    SP_CONVERT_INVALID_CHARACTER, /* no place in the code page */
    /* bytes that are to become a value */
    SP_CONVERT_BAD_DIGIT,
    SP_CONVERT_BAD_SIGN,
    SP_CONVERT_OUT_OF_RANGE, /* more digits than the field declares */
    SP_CONVERT_BAD_CHARACTER,
    SP_CONVERT_NOT_FINITE, /* an IEEE infinity or NaN */
};

/* What the cause means, as the end of a sentence that began with the field: "is not a number". */
const char *sp_convert_text(enum sp_convert cause);

/* The declaration of a number that is kept in decimal or binary form. */
struct sp_number_shape {
    unsigned char digits; /* 1..31, in all; binary 1..20 */
    unsigned char scale;  /* decimals; may exceed `digits` (PIC VP(2)9) */
    unsigned char bytes;  /* of storage */
    bool is_signed;
    bool sign_leading, sign_separate; /* zoned */
    bool ascii;                       /* zoned digits are '0'..'9' of ASCII instead of X'F0'..X'F9' */
    bool little_endian;               /* binary */
    bool full_range;                  /* binary: limited by the bytes rather than by the digits (COMP-5) */
};

#define SP_FIXED_DIGITS_MAX 31

/* A number read from a field: `count` digits 0..9, the most significant first, leading zeros kept. */
struct sp_fixed {
    bool negative;
    unsigned char count;
    unsigned char digits[SP_FIXED_DIGITS_MAX + 1];
};

#endif
