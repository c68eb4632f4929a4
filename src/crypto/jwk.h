/* SPDX-License-Identifier: Apache-2.0
 * jwk.h: keys of JOSE (RFC 7517), alone and in sets.
 *
 * A set is made of JSON, of a key that OpenSSL has, or of a secret. Keys that cannot be used to verify
 * signatures are left out of it, each with its reason: other types and curves, weak RSA keys, encryption
 * keys, private keys that somebody published. A set does not change once it was made; it belongs to one
 * thread.
 */
#ifndef SP_CRYPTO_JWK_H
#define SP_CRYPTO_JWK_H

#include "base/arena.h"
#include "crypto/jwa.h"

struct evp_pkey_st;
struct evp_pkey_ctx_st;
struct sp_json_value;
struct x509_st;

#define SP_JWK_TEXT_MAX (256u << 10)
#define SP_JWK_KEYS_MAX 100u
#define SP_JWK_KID_MAX 256u
#define SP_JWK_RSA_BITS_MIN 2048u
#define SP_JWK_RSA_BITS_MAX 8192u
#define SP_JWK_SECRET_MAX 1024u

enum sp_jwk_type { SP_JWK_RSA, SP_JWK_EC, SP_JWK_OKP, SP_JWK_OCT };

struct sp_jwk {
    enum sp_jwk_type type;
    struct sp_str kid;           /* ptr NULL: none */
    struct sp_str x5t, x5t_s256; /* as written; ptr NULL: none */
    enum sp_jwa alg;             /* the only one it may be used with; SP_JWA_UNKNOWN: any that fits */
    unsigned bits;               /* of the modulus, of the curve's order, of the secret */
    bool may_sign;               /* the private key is there */
    struct evp_pkey_st *pkey;    /* NULL for a secret */
    struct sp_str secret;
    struct evp_pkey_ctx_st **contexts; /* for verifying, by algorithm, made when first needed */
};

struct sp_jwk_set {
    const struct sp_jwk *keys;
    size_t count;
    bool any_kid;      /* configured rather than published: the one key counts, whatever kid a token names */
    unsigned left_out; /* keys that cannot be used */
    char why[160];     /* of the last that was left out */
    /* private */
    unsigned references;
    struct sp_arena arena;
};

/* Where a set comes from decides what may be in it. */
struct sp_jwk_rules {
    bool published; /* by a server to everybody: shared secrets have no place in it, and are left out */
    bool weak_rsa;  /* RSA from 1024 bits on */
};

/* A JWK, a JWK set, or PEM (a public key or certificates). SP_ESYNTAX, SP_ELIMIT; SP_EINVAL for a set with
 * both shared secrets and public keys, of which a token could choose the kind. A set in which no key can be
 * used is no failure. */
enum sp_status sp_jwk_set_parse(struct sp_str text, const struct sp_jwk_rules *rules,
                                struct sp_jwk_set **ret_set, struct sp_error *err) SP_MUST_CHECK;
/* One key out of a member such as "jwk", by the rules of a published one; SP_EDENIED with the reason when it
 * cannot be used. */
enum sp_status sp_jwk_set_from_json(const struct sp_json_value *value, struct sp_jwk_set **ret_set,
                                    struct sp_error *err) SP_MUST_CHECK;
/* A key of a key store, private or public; `certificate` (may be NULL) gives x5t. SP_EDENIED when it cannot
 * be used. */
enum sp_status sp_jwk_set_from_pkey(struct evp_pkey_st *pkey, struct x509_st *certificate, bool weak_rsa,
                                    struct sp_jwk_set **ret_set, struct sp_error *err) SP_MUST_CHECK;
/* A shared secret; its bytes are copied, and wiped in the end. */
enum sp_status sp_jwk_set_from_secret(struct sp_str secret, struct sp_jwk_set **ret_set,
                                      struct sp_error *err) SP_MUST_CHECK;
struct sp_jwk_set *sp_jwk_set_hold(struct sp_jwk_set *set);
/* Accepts NULL. */
void sp_jwk_set_release(struct sp_jwk_set *set);

/* How a token names its key; each may have ptr NULL. */
struct sp_jwk_name {
    struct sp_str kid, x5t, x5t_s256;
};

/* The key for a token: by kid when it has one, otherwise by x5t#S256 or x5t, otherwise the only one that fits
 * the algorithm. SP_ENOTFOUND; SP_EEXISTS when several have that name. */
enum sp_status sp_jwk_set_choose(const struct sp_jwk_set *set, enum sp_jwa alg,
                                 const struct sp_jwk_name *name, const struct sp_jwk **ret_key,
                                 struct sp_error *err) SP_MUST_CHECK;

/* RFC 7638, SHA-256; base64url in `ret_text` with its NUL. Not for secrets. SP_EINTERNAL, SP_ENOMEM. */
#define SP_JWK_THUMBPRINT_TEXT 44
enum sp_status sp_jwk_thumbprint(const struct sp_jwk *key,
                                 char ret_text[SP_JWK_THUMBPRINT_TEXT]) SP_MUST_CHECK;
/* The public key as a JSON object (kty and what belongs to it), appended. */
enum sp_status sp_jwk_write(const struct sp_jwk *key, struct sp_buf *buf) SP_MUST_CHECK;

#endif
