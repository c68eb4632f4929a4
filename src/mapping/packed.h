/* SPDX-License-Identifier: Apache-2.0
 * packed.h: COMP-3 numbers, two digits a byte, the sign in the last half byte.
 *
 * Written are C and D for a signed field and F for an unsigned one; read are A, C, E, F as positive, B and D
 * as negative. With an even number of digits the first half byte is 0.
 */
#ifndef SP_MAPPING_PACKED_H
#define SP_MAPPING_PACKED_H

#include "mapping/decimal.h"

static inline unsigned sp_packed_bytes(const struct sp_number_shape *shape)
{
    return shape->digits / 2u + 1;
}

/* Causes: those of sp_decimal_place. */
enum sp_convert sp_packed_write(const struct sp_number_shape *shape, const struct sp_decimal *value,
                                unsigned char *ret_bytes);
/* Causes: BAD_DIGIT, BAD_SIGN, NEGATIVE_UNSIGNED, OUT_OF_RANGE (the spare first half byte is not 0). */
enum sp_convert sp_packed_read(const struct sp_number_shape *shape, const unsigned char *bytes,
                               struct sp_fixed *ret_value);
void sp_packed_zero(const struct sp_number_shape *shape, unsigned char *ret_bytes);

#endif
