/* SPDX-License-Identifier: Apache-2.0
 * bignum.h: natural numbers of up to 4096 bits, as much of them as exact floating point conversion needs.
 *
 * The caller keeps results within SP_BIGNUM_WORDS words; going beyond is a defect and caught by assert.
 */
#ifndef SP_MAPPING_BIGNUM_H
#define SP_MAPPING_BIGNUM_H

#include <stdint.h>

#define SP_BIGNUM_WORDS 128

struct sp_bignum {
    unsigned count; /* words in use; 0: zero */
    uint32_t words[SP_BIGNUM_WORDS];
};

void sp_bignum_set(struct sp_bignum *n, uint64_t value);
/* n = n * factor + addend */
void sp_bignum_muladd(struct sp_bignum *n, uint32_t factor, uint32_t addend);
/* n = n * 10^power */
void sp_bignum_mul_pow10(struct sp_bignum *n, unsigned power);
void sp_bignum_shift_left(struct sp_bignum *n, unsigned bits);
int sp_bignum_cmp(const struct sp_bignum *a, const struct sp_bignum *b);
/* Compare a + b with c. */
int sp_bignum_cmp_sum(const struct sp_bignum *a, const struct sp_bignum *b, const struct sp_bignum *c);
/* a = a - b, where a >= b. */
void sp_bignum_sub(struct sp_bignum *a, const struct sp_bignum *b);
/* Bits up to the highest one that is set. */
unsigned sp_bignum_bits(const struct sp_bignum *n);

#endif
