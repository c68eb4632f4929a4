/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_use.h: private to the files pkcs11_*.c: signing and decrypting inside of a token.
 */
#ifndef SP_CRYPTO_PKCS11_USE_H
#define SP_CRYPTO_PKCS11_USE_H

#include <openssl/evp.h>

#include "crypto/pkcs11_int.h"
#include "crypto/pkcs11_key.h"

struct sp_pkcs11_key {
    struct sp_pkcs11_token *token;
    EVP_PKEY *public_key;
    unsigned references;
    bool is_ec, pin_each_time;
    unsigned char id[SP_PKCS11_ID_MAX];
    size_t id_len;
    char label[SP_PKCS11_NAME_MAX + 1];
    uint64_t session; /* that `object` belongs to */
    CK_OBJECT_HANDLE object;
};

struct sp_pkcs11_key *sp_pkcs11_key_hold(struct sp_pkcs11_key *key);
/* Accepts NULL. */
void sp_pkcs11_key_release(struct sp_pkcs11_key *key);

/* What the token does: with PKCS#1 1.5 `in` is a DigestInfo, otherwise a hash. `*len`: room of `out`, then
 * what was written; a signature of EC is ASN.1. */
enum sp_status sp_pkcs11_sign_pkcs1(struct sp_pkcs11_key *key, struct sp_str in, unsigned char *out,
                                    size_t *len, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_pkcs11_sign_pss(struct sp_pkcs11_key *key, const EVP_MD *md, const EVP_MD *mgf,
                                  size_t salt_len, struct sp_str hash, unsigned char *out, size_t *len,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_pkcs11_sign_ecdsa(struct sp_pkcs11_key *key, struct sp_str hash, unsigned char *out,
                                    size_t *len, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_pkcs11_decrypt_oaep(struct sp_pkcs11_key *key, const EVP_MD *md, const EVP_MD *mgf,
                                      struct sp_str label, struct sp_str in, unsigned char *out, size_t *len,
                                      struct sp_error *err) SP_MUST_CHECK;

#endif
