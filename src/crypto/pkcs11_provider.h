/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_provider.h: private to the files pkcs11_*.c: the parts of our OpenSSL provider (provider(7)).
 */
#ifndef SP_CRYPTO_PKCS11_PROVIDER_H
#define SP_CRYPTO_PKCS11_PROVIDER_H

#include <openssl/core_dispatch.h>

#include "crypto/pkcs11_use.h"

/* What the provider has as a key. */
struct sp_pkcs11_key_data {
    struct sp_pkcs11_key *key; /* NULL until it is imported */
};

extern const OSSL_DISPATCH sp_pkcs11_rsa_signature[], sp_pkcs11_ec_signature[], sp_pkcs11_rsa_cipher[];

/* Put a failure of the token into OpenSSL's error queue. */
void sp_pkcs11_raise(const struct sp_error *err);

#endif
