/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_key.h: a private key that stays in its token, as an EVP_PKEY.
 *
 * OpenSSL signs and decrypts with it as with any other: RSA (PKCS#1 1.5 and PSS signatures, OAEP decryption)
 * and EC (ECDSA). It goes through a provider of ours in a library context of its own, so that nothing else
 * ever chooses its algorithms. What fails is in OpenSSL's error queue, with the token's own words as its
 * data.
 *
 * Not offered, so that nothing can be learnt from padding errors: PKCS#1 1.5 decryption, and with it the
 * cipher suites of TLS 1.2 with RSA key exchange. Neither is ECDH with the key.
 */
#ifndef SP_CRYPTO_PKCS11_KEY_H
#define SP_CRYPTO_PKCS11_KEY_H

#include "crypto/pkcs11_token.h"

struct evp_pkey_st;

struct sp_pkcs11_key_name {
    const unsigned char *id; /* CKA_ID */
    size_t id_len;
    struct sp_str label; /* CKA_LABEL; counts when there is no id */
    bool pin_each_time;  /* CKA_ALWAYS_AUTHENTICATE */
};

/* The private key of that name, with what `certified` says of its public half (read, not taken). The token is
 * held. It is not asked. SP_EUNSUPPORTED (neither RSA nor EC), SP_ENOMEM, SP_EINTERNAL. */
enum sp_status sp_pkcs11_key_new(struct sp_pkcs11_token *token, const struct sp_pkcs11_key_name *name,
                                 struct evp_pkey_st *certified, struct evp_pkey_st **ret_key,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Whether the private half is in a token. */
bool sp_pkcs11_key_is(const struct evp_pkey_st *key);
/* The token's own words out of OpenSSL's error queue, which is left as it is; false when there are none. */
bool sp_pkcs11_key_failure(char *ret_text, size_t size);
/* After a decryption that failed: whether the token did not even try (it is away, refuses the PIN, has no
 * such key), so that nothing is known of what was to be decrypted. `err` then says so, with SP_EUNAVAIL. The
 * queue, empty before the call that failed, is left as it is. */
bool sp_pkcs11_key_is_away(struct sp_error *err);

#endif
