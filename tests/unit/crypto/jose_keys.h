/* SPDX-License-Identifier: Apache-2.0
 * jose_keys.h: fresh keys for tests of tokens.
 */
#ifndef SP_TESTS_JOSE_KEYS_H
#define SP_TESTS_JOSE_KEYS_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/jwk.h"

/* A set of one private key that fits the algorithm. */
static inline struct sp_jwk_set *jose_key(enum sp_jwa alg)
{
    struct sp_jwk_set *set = NULL;
    EVP_PKEY *pkey = NULL;
    enum sp_status status;
    if (sp_jwa_is_symmetric(alg)) {
        char secret[64];
        memset(secret, 'k', sizeof secret);
        return sp_jwk_set_from_secret(sp_str_from(secret, sizeof secret), &set, NULL) == SP_OK ? set : NULL;
    }
    if (alg == SP_JWA_EDDSA)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (alg >= SP_JWA_ES256)
        pkey = EVP_EC_gen(alg == SP_JWA_ES256 ? "P-256" : alg == SP_JWA_ES384 ? "P-384" : "P-521");
    else
        pkey = EVP_RSA_gen(2048);
    status = sp_jwk_set_from_pkey(pkey, NULL, false, &set, NULL);
    EVP_PKEY_free(pkey);
    return status == SP_OK ? set : NULL;
}

#endif
