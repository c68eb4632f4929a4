/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/convert.h"

static const char *const causes[] = {
    [SP_CONVERT_OK] = "is good",
    [SP_CONVERT_NOT_A_NUMBER] = "is not a number",
    [SP_CONVERT_INPUT_TOO_LONG] = "has too many digits",
    [SP_CONVERT_OVERFLOW] = "is too large",
    [SP_CONVERT_NEGATIVE_UNSIGNED] = "is negative, and the field has no sign",
    [SP_CONVERT_NO_FRACTION_DIGITS] = "has decimals, and the field is an integer",
    [SP_CONVERT_FRACTION_TOO_LONG] = "has too many decimals",
    [SP_CONVERT_EXPONENT_OVERFLOW] = "is too large for the field's floating point",
    [SP_CONVERT_EXPONENT_UNDERFLOW] = "is too small for the field's floating point",
    [SP_CONVERT_TEXT_TOO_LONG] = "is too long",
    [SP_CONVERT_INVALID_CHARACTER] = "has a character that the code page does not have",
    [SP_CONVERT_BAD_DIGIT] = "has a byte that is not a digit",
    [SP_CONVERT_BAD_SIGN] = "has no valid sign",
    [SP_CONVERT_OUT_OF_RANGE] = "is greater than its declaration allows",
    [SP_CONVERT_BAD_CHARACTER] = "has bytes that are no character",
    [SP_CONVERT_NOT_FINITE] = "is an infinity or not a number",
};

#define CAUSES (sizeof causes / sizeof causes[0])

const char *sp_convert_text(enum sp_convert cause)
{
    return (unsigned)cause < CAUSES ? causes[cause] : "cannot be converted";
}
