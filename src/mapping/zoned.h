/* SPDX-License-Identifier: Apache-2.0
 * zoned.h: DISPLAY numbers, one digit a byte.
 *
 * EBCDIC: zone X'F' with the digit; a sign that is not separate is in the zone of the last or the first
 * digit. Written are C and D for a signed field and F for an unsigned one; read are A, C, E, F as positive, B
 * and D as negative. A blank or low-value byte reads as the digit 0, because programs leave such bytes
 * behind. ASCII: '0'..'9', and in place of the overpunched digit the character that the EBCDIC one translates
 * to:
 * '{', 'A'..'I' positive, '}', 'J'..'R' negative (cobc -fsign=EBCDIC). Read are 'p'..'y' for negative too.
 * A separate sign is the character '+' or '-'.
 */
#ifndef SP_MAPPING_ZONED_H
#define SP_MAPPING_ZONED_H

#include "mapping/decimal.h"

/* Bytes that a field of this shape takes. */
unsigned sp_zoned_bytes(const struct sp_number_shape *shape);
/* Causes: those of sp_decimal_place. */
enum sp_convert sp_zoned_write(const struct sp_number_shape *shape, const struct sp_decimal *value,
                               unsigned char *ret_bytes);
/* Causes: BAD_DIGIT, BAD_SIGN, NEGATIVE_UNSIGNED. */
enum sp_convert sp_zoned_read(const struct sp_number_shape *shape, const unsigned char *bytes,
                              struct sp_fixed *ret_value);
/* Zero, as an initial value. */
void sp_zoned_zero(const struct sp_number_shape *shape, unsigned char *ret_bytes);

#endif
