/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa_check.h"

#include <openssl/bn.h>

#include "crypto/jwk.h"

/* Primes of the keys of CVE-2017-15361 are powers of 65537 modulo the product of the first primes; so is then
 * the modulus, modulo each of them. These are the ones of which 65537 does not generate nearly all. */
static bool has_roca_structure(const BIGNUM *n)
{
    static const unsigned short primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                            79, 97, 103, 107, 109, 127, 151, 157};
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
        unsigned p = primes[i], rest = (unsigned)BN_mod_word(n, p), power = 1;
        bool found = false;
        for (unsigned k = 0; k < p && !found; k++) {
            found = power == rest;
            power = power * (65537 % p) % p;
        }
        if (!found)
            return false;
    }
    return true;
}

const char *sp_rsa_check(const BIGNUM *n, const BIGNUM *e, unsigned least)
{
    unsigned bits = (unsigned)BN_num_bits(n);
    if (bits < least)
        return "the RSA key is too short";
    if (bits > SP_JWK_RSA_BITS_MAX)
        return "the RSA key is longer than 8192 bits";
    if (!BN_is_odd(n))
        return "the RSA modulus is even";
    if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 64)
        return "the RSA exponent is none";
    return has_roca_structure(n) ? "the RSA key is one that can be factored (CVE-2017-15361)" : NULL;
}
