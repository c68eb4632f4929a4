/* SPDX-License-Identifier: Apache-2.0
 * binary.h: COMP, COMP-4, COMP-5 and BINARY numbers, 1 to 8 bytes, two's complement when signed.
 *
 * A COMP field holds what its digits can say, a COMP-5 field (shape->full_range) what its bytes can.
 */
#ifndef SP_MAPPING_BINARY_H
#define SP_MAPPING_BINARY_H

#include "mapping/decimal.h"

/* Causes: those of sp_decimal_place. */
enum sp_convert sp_binary_write(const struct sp_number_shape *shape, const struct sp_decimal *value,
                                unsigned char *ret_bytes);
/* Causes: OUT_OF_RANGE when the value has more digits than the field declares. */
enum sp_convert sp_binary_read(const struct sp_number_shape *shape, const unsigned char *bytes,
                               struct sp_fixed *ret_value);

/* The bytes as they are: sign and magnitude. */
uint64_t sp_binary_magnitude(const struct sp_number_shape *shape, const unsigned char *bytes,
                             bool *ret_negative);
/* Store a magnitude; the caller has seen to it that it fits. */
void sp_binary_store(const struct sp_number_shape *shape, uint64_t magnitude, bool negative,
                     unsigned char *ret_bytes);
/* Greatest magnitude of a number of this shape with this sign. */
uint64_t sp_binary_limit(const struct sp_number_shape *shape, bool negative);

#endif
