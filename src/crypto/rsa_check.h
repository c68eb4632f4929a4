/* SPDX-License-Identifier: Apache-2.0
 * rsa_check.h: whether an RSA public key is one to rely on.
 */
#ifndef SP_CRYPTO_RSA_CHECK_H
#define SP_CRYPTO_RSA_CHECK_H

#include "base/str.h"

struct bignum_st;

/* NULL when it is; otherwise what is wrong: the modulus is even or not of `least` to 8192 bits, the exponent
 * even, 1, or longer than 64 bits, or the modulus has the structure of the keys of CVE-2017-15361, which can
 * be factored. */
const char *sp_rsa_check(const struct bignum_st *n, const struct bignum_st *e, unsigned least);

#endif
