/* SPDX-License-Identifier: Apache-2.0
 * jwa.h: the signature algorithms of JOSE (RFC 7518 section 3, RFC 8037) over OpenSSL.
 *
 * An algorithm is always what the caller expects, never what a token says of itself; there is no "none".
 */
#ifndef SP_CRYPTO_JWA_H
#define SP_CRYPTO_JWA_H

#include "base/buf.h"

struct sp_jwk;

enum sp_jwa {
    SP_JWA_UNKNOWN,
    SP_JWA_RS256,
    SP_JWA_RS384,
    SP_JWA_RS512,
    SP_JWA_PS256,
    SP_JWA_PS384,
    SP_JWA_PS512,
    SP_JWA_ES256,
    SP_JWA_ES384,
    SP_JWA_ES512,
    SP_JWA_EDDSA, /* Ed25519 only */
    SP_JWA_HS256,
    SP_JWA_HS384,
    SP_JWA_HS512,
    SP_JWA_COUNT
};

/* By the exact name; SP_JWA_UNKNOWN for every other one, "none" among them. */
enum sp_jwa sp_jwa_from(struct sp_str name);
/* "RS256"; "unknown". */
const char *sp_jwa_name(enum sp_jwa alg);
/* Whether the key is a secret shared by both sides (HS). */
bool sp_jwa_is_symmetric(enum sp_jwa alg);
/* Bits of the hash that belongs to the algorithm: 256, 384, 512. */
unsigned sp_jwa_hash_bits(enum sp_jwa alg);

#define SP_JWA_SIGNATURE_MAX 1024u

/* Whether the key may be used with the algorithm: type, curve, size (of a secret: at least that of the hash),
 * and what its alg, use and key_ops say. SP_EDENIED with the reason. `sign`: to sign rather than to verify.
 */
enum sp_status sp_jwa_check_key(enum sp_jwa alg, const struct sp_jwk *key, bool sign,
                                struct sp_error *err) SP_MUST_CHECK;
/* Verify a signature as JWS has it (ES: r and s, one after the other). Checks the key as above. SP_EDENIED
 * when it is not one of `bytes` by `key`, whatever is wrong with it; SP_ENOMEM. */
enum sp_status sp_jwa_verify(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes,
                             struct sp_str signature, struct sp_error *err) SP_MUST_CHECK;
/* Append the signature. SP_EDENIED: the key is none to sign with; SP_EINTERNAL. */
enum sp_status sp_jwa_sign(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes, struct sp_buf *buf,
                           struct sp_error *err) SP_MUST_CHECK;

/* SHA-256, SHA-384 or SHA-512. SP_ENOMEM. */
enum sp_status sp_jwa_hash(unsigned bits, struct sp_str bytes, unsigned char ret_hash[64]) SP_MUST_CHECK;

#endif
