/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/bignum.h"

#include <assert.h>
#include <string.h>

void sp_bignum_set(struct sp_bignum *n, uint64_t value)
{
    n->words[0] = (uint32_t)value;
    n->words[1] = (uint32_t)(value >> 32);
    n->count = n->words[1] ? 2 : n->words[0] ? 1 : 0;
}

static void push(struct sp_bignum *n, uint32_t word)
{
    assert(n->count < SP_BIGNUM_WORDS);
    n->words[n->count++] = word;
}

void sp_bignum_muladd(struct sp_bignum *n, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (unsigned i = 0; i < n->count; i++) {
        carry += (uint64_t)n->words[i] * factor;
        n->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        push(n, (uint32_t)carry);
}

void sp_bignum_mul_pow10(struct sp_bignum *n, unsigned power)
{
    static const uint32_t small[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    for (; power >= 9; power -= 9)
        sp_bignum_muladd(n, 1000000000, 0);
    if (power)
        sp_bignum_muladd(n, small[power], 0);
}

void sp_bignum_shift_left(struct sp_bignum *n, unsigned bits)
{
    unsigned words = bits / 32, rest = bits % 32;
    if (n->count == 0 || bits == 0)
        return;
    if (rest)
        sp_bignum_muladd(n, (uint32_t)1 << rest, 0);
    if (words) {
        assert(n->count + words <= SP_BIGNUM_WORDS);
        memmove(n->words + words, n->words, n->count * sizeof n->words[0]);
        memset(n->words, 0, words * sizeof n->words[0]);
        n->count += words;
    }
}

int sp_bignum_cmp(const struct sp_bignum *a, const struct sp_bignum *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (unsigned i = a->count; i-- > 0;) {
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    }
    return 0;
}

int sp_bignum_cmp_sum(const struct sp_bignum *a, const struct sp_bignum *b, const struct sp_bignum *c)
{
    struct sp_bignum sum;
    const struct sp_bignum *longer = a->count >= b->count ? a : b, *shorter = longer == a ? b : a;
    uint64_t carry = 0;
    sum.count = 0;
    for (unsigned i = 0; i < longer->count; i++) {
        carry += (uint64_t)longer->words[i] + (i < shorter->count ? shorter->words[i] : 0);
        push(&sum, (uint32_t)carry);
        carry >>= 32;
    }
    if (carry)
        push(&sum, (uint32_t)carry);
    return sp_bignum_cmp(&sum, c);
}

void sp_bignum_sub(struct sp_bignum *a, const struct sp_bignum *b)
{
    int64_t borrow = 0;
    for (unsigned i = 0; i < a->count; i++) {
        int64_t word = (int64_t)a->words[i] - (i < b->count ? b->words[i] : 0) + borrow;
        a->words[i] = (uint32_t)word;
        borrow = word >> 32;
    }
    assert(borrow == 0);
    while (a->count && a->words[a->count - 1] == 0)
        a->count--;
}

unsigned sp_bignum_bits(const struct sp_bignum *n)
{
    return n->count ? 32 * n->count - (unsigned)__builtin_clz(n->words[n->count - 1]) : 0;
}
