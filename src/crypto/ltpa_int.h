/* SPDX-License-Identifier: Apache-2.0
 * ltpa_int.h: what the files of LTPA share. Private to them.
 */
#ifndef SP_CRYPTO_LTPA_INT_H
#define SP_CRYPTO_LTPA_INT_H

#include <openssl/evp.h>

#include "crypto/ltpa.h"

#define SP_LTPA_SHARED_BYTES 24u
#define SP_LTPA_MODULUS_BYTES 128u

struct sp_ltpa_keys {
    unsigned char shared[SP_LTPA_SHARED_BYTES];
    EVP_PKEY *rsa; /* with the private key */
    char realm[256];
};

/* Encrypt or decrypt whole blocks with PKCS#5 padding, appended to `buf`. False when the padding is wrong or
 * the library refuses. */
bool sp_ltpa_cipher(const EVP_CIPHER *cipher, const unsigned char *key, const unsigned char *iv, bool encrypt,
                    struct sp_str bytes, struct sp_buf *buf);

#endif
