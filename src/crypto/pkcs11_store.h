/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_store.h: the keys and certificates of a PKCS#11 token as a key store.
 *
 * Each private key (RSA, EC) with the certificate of the same CKA_ID is an entry; its alias is the key's
 * CKA_LABEL, or the certificate's. The key stays in the token: its EVP_PKEY asks the token to sign. Trusted
 * are the certificates with CKA_TRUSTED, and no others.
 */
#ifndef SP_CRYPTO_PKCS11_STORE_H
#define SP_CRYPTO_PKCS11_STORE_H

#include "crypto/key_store.h"
#include "crypto/pkcs11_token.h"

#define SP_PKCS11_CERTIFICATES_MAX 256
#define SP_PKCS11_CERTIFICATE_BYTES_MAX 65536u

/* Opens a session and reads. Beside the errors of the token (pkcs11_int.h): SP_ENOTFOUND: a private key
 * without a certificate, and no other; nothing at all; SP_EINVAL: a key that is not the certificate's;
 * SP_ELIMIT. */
enum sp_status sp_pkcs11_store_open(struct sp_pkcs11_token *token, struct sp_key_store **ret_store,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
