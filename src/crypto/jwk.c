/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "crypto/jwk_internal.h"
#include "crypto/pkcs11_key.h"
#include "crypto/rsa_check.h"
#include "text/base64.h"

#define SET_BYTES_MAX ((size_t)1 << 20)
#define WEAK_RSA_BITS 1024u
#define NUMBER_BYTES_MAX (SP_JWK_RSA_BITS_MAX / 8u)

/* ---- sets ---- */

enum sp_status sp_jwk_set_make(size_t room, struct sp_jwk_set **ret_set, struct sp_error *err)
{
    struct sp_jwk_set *set = calloc(1, sizeof *set);
    if (set) {
        set->references = 1;
        sp_arena_init(&set->arena, SET_BYTES_MAX);
        set->keys = sp_arena_calloc(&set->arena, room ? room : 1, sizeof *set->keys);
    }
    if (!set || !set->keys) {
        sp_jwk_set_release(set);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for keys");
    }
    *ret_set = set;
    return SP_OK;
}

struct sp_jwk_set *sp_jwk_set_hold(struct sp_jwk_set *set)
{
    set->references++;
    return set;
}

void sp_jwk_set_release(struct sp_jwk_set *set)
{
    if (!set || --set->references)
        return;
    for (size_t i = 0; i < set->count; i++) {
        const struct sp_jwk *key = &set->keys[i];
        for (int alg = 0; key->contexts && alg < SP_JWA_COUNT; alg++)
            EVP_PKEY_CTX_free(key->contexts[alg]);
        EVP_PKEY_free(key->pkey);
    }
    sp_arena_wipe(&set->arena);
    free(set);
}

void sp_jwk_set_leave_out(struct sp_jwk_set *set, struct sp_str kid, const char *why)
{
    set->left_out++;
    snprintf(set->why, sizeof set->why, "%.*s%s%s", (int)(kid.len > 64 ? 64 : kid.len),
             kid.ptr ? kid.ptr : "", kid.len ? ": " : "", why);
}

/* The names of a key, copied into the set. */
static bool take_names(struct sp_jwk_set *set, const struct sp_jwk *about, struct sp_jwk *key)
{
    key->alg = about->alg;
    key->kid = about->kid.ptr ? sp_arena_str(&set->arena, about->kid) : about->kid;
    key->x5t = about->x5t.ptr ? sp_arena_str(&set->arena, about->x5t) : about->x5t;
    key->x5t_s256 = about->x5t_s256.ptr ? sp_arena_str(&set->arena, about->x5t_s256) : about->x5t_s256;
    return (key->kid.ptr || !about->kid.ptr) && (key->x5t.ptr || !about->x5t.ptr) &&
           (key->x5t_s256.ptr || !about->x5t_s256.ptr);
}

static struct sp_jwk *next_key(struct sp_jwk_set *set)
{
    return (struct sp_jwk *)(uintptr_t)&set->keys[set->count];
}

/* ---- keys of OpenSSL ---- */

static BIGNUM *number_of(const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *number = NULL;
    return EVP_PKEY_get_bn_param(pkey, name, &number) == 1 ? number : NULL;
}

static bool has_number(const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *number = number_of(pkey, name);
    BN_clear_free(number);
    return number != NULL;
}

static const char *describe_rsa(const EVP_PKEY *pkey, bool weak, struct sp_jwk *key)
{
    BIGNUM *n = number_of(pkey, OSSL_PKEY_PARAM_RSA_N), *e = number_of(pkey, OSSL_PKEY_PARAM_RSA_E);
    const char *wrong = !n || !e ? "the RSA key cannot be read"
                                 : sp_rsa_check(n, e, weak ? WEAK_RSA_BITS : SP_JWK_RSA_BITS_MIN);
    BN_free(n);
    BN_free(e);
    key->type = SP_JWK_RSA;
    key->bits = (unsigned)EVP_PKEY_get_bits(pkey);
    key->may_sign = sp_pkcs11_key_is(pkey) || has_number(pkey, OSSL_PKEY_PARAM_RSA_D);
    return wrong;
}

static const char *describe_ec(const EVP_PKEY *pkey, struct sp_jwk *key)
{
    char curve[32] = "";
    size_t len;
    (void)EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, &len);
    key->type = SP_JWK_EC;
    key->may_sign = sp_pkcs11_key_is(pkey) || has_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY);
    if (strcmp(curve, "prime256v1") == 0)
        key->bits = 256;
    else if (strcmp(curve, "secp384r1") == 0)
        key->bits = 384;
    else if (strcmp(curve, "secp521r1") == 0)
        key->bits = 521;
    else
        return "the curve is none of P-256, P-384, P-521";
    return NULL;
}

static const char *describe(const EVP_PKEY *pkey, bool weak_rsa, struct sp_jwk *key)
{
    size_t len = 0;
    if (EVP_PKEY_is_a(pkey, "RSA"))
        return describe_rsa(pkey, weak_rsa, key);
    if (EVP_PKEY_is_a(pkey, "EC"))
        return describe_ec(pkey, key);
    if (!EVP_PKEY_is_a(pkey, "ED25519"))
        return "the key is none of RSA, EC, Ed25519";
    key->type = SP_JWK_OKP;
    key->bits = 253;
    key->may_sign = EVP_PKEY_get_raw_private_key(pkey, NULL, &len) == 1;
    ERR_clear_error();
    return NULL;
}

enum sp_status sp_jwk_set_add_pkey(struct sp_jwk_set *set, EVP_PKEY *pkey, const struct sp_jwk *about,
                                   bool weak_rsa, struct sp_error *err)
{
    struct sp_jwk key = {.pkey = pkey};
    const char *wrong = describe(pkey, weak_rsa, &key);
    ERR_clear_error();
    if (wrong) {
        EVP_PKEY_free(pkey);
        return sp_error_set(err, SP_EDENIED, NULL, "%s", wrong);
    }
    key.contexts = sp_arena_calloc(&set->arena, SP_JWA_COUNT, sizeof *key.contexts);
    if (!key.contexts || !take_names(set, about, &key)) {
        EVP_PKEY_free(pkey);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for keys");
    }
    if (key.alg != SP_JWA_UNKNOWN && sp_jwa_check_key(key.alg, &key, false, err) != SP_OK) {
        EVP_PKEY_free(pkey);
        return SP_EDENIED;
    }
    *next_key(set) = key;
    set->count++;
    return SP_OK;
}

enum sp_status sp_jwk_set_add_secret(struct sp_jwk_set *set, struct sp_str secret, const struct sp_jwk *about,
                                     struct sp_error *err)
{
    if (!secret.len || secret.len > SP_JWK_SECRET_MAX)
        return sp_error_set(err, SP_EDENIED, NULL, "the shared key is empty or longer than %u bytes",
                            SP_JWK_SECRET_MAX);
    struct sp_jwk key = {.type = SP_JWK_OCT, .bits = 8 * (unsigned)secret.len, .may_sign = true};
    key.secret = sp_arena_str(&set->arena, secret);
    if (!key.secret.ptr || !take_names(set, about, &key))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for keys");
    if (key.alg != SP_JWA_UNKNOWN && sp_jwa_check_key(key.alg, &key, false, err) != SP_OK)
        return SP_EDENIED;
    *next_key(set) = key;
    set->count++;
    return SP_OK;
}

/* ---- sets of one configured key ---- */

/* base64url of a digest of the whole certificate. */
static struct sp_str certificate_hash(const X509 *certificate, const EVP_MD *hash, char room[48])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct sp_buf text = sp_buf_over(room, 48);
    if (!certificate || X509_digest(certificate, hash, digest, &len) != 1 ||
        sp_base64_encode(SP_BASE64_URL, sp_str_from(digest, len), &text) != SP_OK)
        return (struct sp_str){0};
    return sp_buf_str(&text);
}

enum sp_status sp_jwk_set_from_pkey(EVP_PKEY *pkey, X509 *certificate, bool weak_rsa,
                                    struct sp_jwk_set **ret_set, struct sp_error *err)
{
    struct sp_jwk_set *set;
    char sha1[48], sha256[48];
    enum sp_status status = sp_jwk_set_make(1, &set, err);
    if (status != SP_OK)
        return status;
    struct sp_jwk about = {.x5t = certificate_hash(certificate, EVP_sha1(), sha1),
                           .x5t_s256 = certificate_hash(certificate, EVP_sha256(), sha256)};
    EVP_PKEY_up_ref(pkey);
    status = sp_jwk_set_add_pkey(set, pkey, &about, weak_rsa, err);
    set->any_kid = true;
    if (status == SP_OK)
        *ret_set = set;
    else
        sp_jwk_set_release(set);
    return status;
}

enum sp_status sp_jwk_set_from_secret(struct sp_str secret, struct sp_jwk_set **ret_set, struct sp_error *err)
{
    struct sp_jwk_set *set;
    enum sp_status status = sp_jwk_set_make(1, &set, err);
    if (status != SP_OK)
        return status;
    status = sp_jwk_set_add_secret(set, secret, &(struct sp_jwk){0}, err);
    set->any_kid = true;
    if (status == SP_OK)
        *ret_set = set;
    else
        sp_jwk_set_release(set);
    return status;
}

/* ---- choice ---- */

static bool has_name(const struct sp_jwk_set *set, const struct sp_jwk *key, const struct sp_jwk_name *name)
{
    if (name->kid.ptr && !set->any_kid)
        return key->kid.ptr && sp_str_eq(key->kid, name->kid);
    if (name->x5t_s256.ptr && key->x5t_s256.ptr)
        return sp_str_eq(key->x5t_s256, name->x5t_s256);
    if (name->x5t.ptr && key->x5t.ptr)
        return sp_str_eq(key->x5t, name->x5t);
    /* A published set without certificates cannot answer for one. */
    return set->any_kid || (!name->x5t.ptr && !name->x5t_s256.ptr);
}

enum sp_status sp_jwk_set_choose(const struct sp_jwk_set *set, enum sp_jwa alg,
                                 const struct sp_jwk_name *name, const struct sp_jwk **ret_key,
                                 struct sp_error *err)
{
    const struct sp_jwk *found = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct sp_jwk *key = &set->keys[i];
        if (!has_name(set, key, name) || sp_jwa_check_key(alg, key, false, NULL) != SP_OK)
            continue;
        if (found)
            return sp_error_set(err, SP_EEXISTS, NULL,
                                "several keys for %s have the name that the token gives", sp_jwa_name(alg));
        found = key;
    }
    if (!found)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "there is no key for %s that the token names (%zu known%s%s)", sp_jwa_name(alg),
                            set->count, set->left_out ? ", others left out: " : "",
                            set->left_out ? set->why : "");
    *ret_key = found;
    return SP_OK;
}

/* ---- writing ---- */

static bool put_bytes(struct sp_buf *buf, const char *name, const unsigned char *bytes, size_t len)
{
    return sp_buf_printf(buf, "\"%s\":\"", name) == SP_OK &&
           sp_base64_encode(SP_BASE64_URL, sp_str_from(bytes, len), buf) == SP_OK &&
           sp_buf_append_byte(buf, '"') == SP_OK;
}

/* `width` 0: as few bytes as the number needs. */
static bool put_number(struct sp_buf *buf, const char *name, const EVP_PKEY *pkey, const char *parameter,
                       int width)
{
    unsigned char bytes[NUMBER_BYTES_MAX];
    BIGNUM *number = number_of(pkey, parameter);
    int len = number && BN_num_bytes(number) <= (int)sizeof bytes
                  ? BN_bn2binpad(number, bytes, width ? width : BN_num_bytes(number))
                  : -1;
    BN_free(number);
    return len > 0 && put_bytes(buf, name, bytes, (size_t)len);
}

static bool put_okp(struct sp_buf *buf, const struct sp_jwk *key)
{
    unsigned char bytes[32];
    size_t len = sizeof bytes;
    sp_buf_append_str(buf, SP_STR("{\"crv\":\"Ed25519\",\"kty\":\"OKP\","));
    return EVP_PKEY_get_raw_public_key(key->pkey, bytes, &len) == 1 && put_bytes(buf, "x", bytes, len);
}

static bool put_ec(struct sp_buf *buf, const struct sp_jwk *key)
{
    int width = (int)(key->bits + 7) / 8;
    sp_buf_printf(buf, "{\"crv\":\"P-%u\",\"kty\":\"EC\",", key->bits);
    return put_number(buf, "x", key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, width) &&
           sp_buf_append_byte(buf, ',') == SP_OK &&
           put_number(buf, "y", key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, width);
}

static bool put_rsa(struct sp_buf *buf, const struct sp_jwk *key)
{
    sp_buf_append_byte(buf, '{');
    return put_number(buf, "e", key->pkey, OSSL_PKEY_PARAM_RSA_E, 0) &&
           sp_buf_append_str(buf, SP_STR(",\"kty\":\"RSA\",")) == SP_OK &&
           put_number(buf, "n", key->pkey, OSSL_PKEY_PARAM_RSA_N, 0);
}

/* Exactly the members of RFC 7638 section 3.2, in their order. */
enum sp_status sp_jwk_write(const struct sp_jwk *key, struct sp_buf *buf)
{
    bool written = key->type == SP_JWK_RSA   ? put_rsa(buf, key)
                   : key->type == SP_JWK_EC  ? put_ec(buf, key)
                   : key->type == SP_JWK_OKP ? put_okp(buf, key)
                                             : false;
    sp_buf_append_byte(buf, '}');
    ERR_clear_error();
    return written && !buf->failed ? SP_OK : SP_EINTERNAL;
}

enum sp_status sp_jwk_thumbprint(const struct sp_jwk *key, char ret_text[SP_JWK_THUMBPRINT_TEXT])
{
    unsigned char hash[64], room[4 * NUMBER_BYTES_MAX];
    struct sp_buf members = sp_buf_over(room, sizeof room);
    struct sp_buf text = sp_buf_over(ret_text, SP_JWK_THUMBPRINT_TEXT);
    enum sp_status status = sp_jwk_write(key, &members);
    if (status == SP_OK)
        status = sp_jwa_hash(256, sp_buf_str(&members), hash);
    if (status == SP_OK)
        status = sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, 32), &text);
    return status == SP_OK ? sp_buf_append_byte(&text, 0) : status;
}
