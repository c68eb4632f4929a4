/* SPDX-License-Identifier: Apache-2.0
 * jwe.h: reading JSON Web Encryption (RFC 7516) in its compact form, for tokens that are encrypted to us.
 *
 * Key management: RSA-OAEP, RSA-OAEP-256, ECDH-ES, ECDH-ES+A128KW, +A192KW, +A256KW. Content: A128GCM to
 * A256GCM, A128CBC-HS256 to A256CBC-HS512. Everything else is refused: RSA1_5 (RFC 8725bis), shared keys and
 * passwords, compression (zip), and extensions (crit). What is wrong with a ciphertext is never told: one
 * failure looks like the other, and takes as long (RFC 7516 section 11.5).
 */
#ifndef SP_CRYPTO_JWE_H
#define SP_CRYPTO_JWE_H

#include "crypto/jws.h"

struct evp_pkey_st;

#define SP_JWE_MAX 16384u
#define SP_JWE_HEADER_MAX 8192u

struct sp_jwe {
    struct sp_str protected_part;       /* the header as received: what is authenticated besides */
    const struct sp_json_value *header; /* an object */
    struct sp_str alg, enc;             /* as written */
    struct sp_str cty;                  /* without "application/"; ptr NULL: none */
    struct sp_str encrypted_key, iv, ciphertext, tag; /* decoded */
};

/* Whether the text could be one: exactly four dots, and its first part decodes to what begins like a JSON
 * object. */
bool sp_jwe_is_like(struct sp_str text);

/* In the arena; views of `text` among it. SP_ESYNTAX (five parts of base64url without padding; a header that
 * is a strict JSON object with alg and enc), SP_ELIMIT (SP_JWE_MAX bytes), SP_EUNSUPPORTED for crit and zip,
 * and for algorithms that are not among those above. Messages quote nothing. */
enum sp_status sp_jwe_parse(struct sp_str text, struct sp_arena *arena, struct sp_jwe *ret_jwe,
                            struct sp_error *err) SP_MUST_CHECK;

/* Whether tokens can be encrypted to the key: RSA from 2048 bits on, or P-256, P-384, P-521, with its private
 * part. SP_EDENIED with the reason. */
enum sp_status sp_jwe_check_key(struct evp_pkey_st *key, struct sp_error *err) SP_MUST_CHECK;

/* In the arena. SP_EDENIED: it is not encrypted to the key, or was changed. SP_EUNAVAIL: the key is in a
 * token that cannot be used now. SP_ENOMEM. */
enum sp_status sp_jwe_decrypt(const struct sp_jwe *jwe, struct evp_pkey_st *key, struct sp_arena *arena,
                              struct sp_str *ret_plaintext, struct sp_error *err) SP_MUST_CHECK;

#endif
