/* SPDX-License-Identifier: Apache-2.0
 * jws.h: JSON Web Signature (RFC 7515) in its compact form.
 *
 * Parsing checks the form and reads the header; it trusts nothing. Verifying takes the algorithm and the key
 * from the caller. Members that name or carry keys (jwk, jku, x5c, x5u) are not looked at.
 */
#ifndef SP_CRYPTO_JWS_H
#define SP_CRYPTO_JWS_H

#include "crypto/jwk.h"

struct sp_json_value;

#define SP_JWS_MAX 16384u
#define SP_JWS_HEADER_MAX 8192u

struct sp_jws {
    struct sp_str signed_part;          /* header, dot, payload: as received */
    const struct sp_json_value *header; /* an object */
    struct sp_str alg;                  /* as written */
    struct sp_str typ;                  /* without "application/"; ptr NULL: none */
    struct sp_jwk_name key_name;
    struct sp_str payload, signature; /* decoded */
};

/* Whether the text could be one: exactly two dots, and its first part decodes to what begins like a JSON
 * object. Tells tokens that are validated here from opaque ones. */
bool sp_jws_is_like(struct sp_str text);

/* In the arena; views of `text` among it. SP_ESYNTAX (three parts of base64url without padding; a header that
 * is a strict JSON object with alg, none of its members twice; a signature that is not empty), SP_ELIMIT
 * (SP_JWS_MAX bytes, kid of SP_JWK_KID_MAX), SP_EUNSUPPORTED for crit and for b64, since no extension is
 * known. Messages quote nothing. */
enum sp_status sp_jws_parse(struct sp_str text, struct sp_arena *arena, struct sp_jws *ret_jws,
                            struct sp_error *err) SP_MUST_CHECK;
/* SP_EDENIED: its header names another algorithm than `alg`, the key is not for it, or the signature is
 * wrong. */
enum sp_status sp_jws_verify(const struct sp_jws *jws, enum sp_jwa alg, const struct sp_jwk *key,
                             struct sp_error *err) SP_MUST_CHECK;

/* Append a signed token. `header` has the members beside alg as JSON text without braces ("\"typ\":\"JWT\"");
 * empty: none. SP_EDENIED: the key cannot sign with that algorithm. */
enum sp_status sp_jws_sign(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str header,
                           struct sp_str payload, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

#endif
