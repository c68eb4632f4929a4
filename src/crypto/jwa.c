/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwa.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <pthread.h>

#include "base/secret.h"
#include "crypto/jwk.h"
#include "crypto/pkcs11_key.h"

#define ECDSA_DER_MAX 144u

enum scheme { NO_SCHEME, PKCS1, PSS, ECDSA, EDDSA, HMAC_SHA2 };

static const struct {
    char name[8];
    enum scheme scheme;
    enum sp_jwk_type type;
    unsigned hash_bits;
    unsigned curve_bits; /* ECDSA, EdDSA */
    unsigned half;       /* ECDSA: bytes of r and of s */
} algorithms[SP_JWA_COUNT] = {
    [SP_JWA_UNKNOWN] = {"unknown", NO_SCHEME, SP_JWK_RSA, 256, 0, 0},
    [SP_JWA_RS256] = {"RS256", PKCS1, SP_JWK_RSA, 256, 0, 0},
    [SP_JWA_RS384] = {"RS384", PKCS1, SP_JWK_RSA, 384, 0, 0},
    [SP_JWA_RS512] = {"RS512", PKCS1, SP_JWK_RSA, 512, 0, 0},
    [SP_JWA_PS256] = {"PS256", PSS, SP_JWK_RSA, 256, 0, 0},
    [SP_JWA_PS384] = {"PS384", PSS, SP_JWK_RSA, 384, 0, 0},
    [SP_JWA_PS512] = {"PS512", PSS, SP_JWK_RSA, 512, 0, 0},
    [SP_JWA_ES256] = {"ES256", ECDSA, SP_JWK_EC, 256, 256, 32},
    [SP_JWA_ES384] = {"ES384", ECDSA, SP_JWK_EC, 384, 384, 48},
    [SP_JWA_ES512] = {"ES512", ECDSA, SP_JWK_EC, 512, 521, 66},
    [SP_JWA_EDDSA] = {"EdDSA", EDDSA, SP_JWK_OKP, 512, 253, 0},
    [SP_JWA_HS256] = {"HS256", HMAC_SHA2, SP_JWK_OCT, 256, 0, 0},
    [SP_JWA_HS384] = {"HS384", HMAC_SHA2, SP_JWK_OCT, 384, 0, 0},
    [SP_JWA_HS512] = {"HS512", HMAC_SHA2, SP_JWK_OCT, 512, 0, 0},
};

enum sp_jwa sp_jwa_from(struct sp_str name)
{
    for (int alg = SP_JWA_UNKNOWN + 1; alg < SP_JWA_COUNT; alg++)
        if (sp_str_is(name, algorithms[alg].name))
            return (enum sp_jwa)alg;
    return SP_JWA_UNKNOWN;
}

const char *sp_jwa_name(enum sp_jwa alg)
{
    return algorithms[alg].name;
}

bool sp_jwa_is_symmetric(enum sp_jwa alg)
{
    return algorithms[alg].scheme == HMAC_SHA2;
}

unsigned sp_jwa_hash_bits(enum sp_jwa alg)
{
    return algorithms[alg].hash_bits;
}

/* ---- hashes: fetched once, as each fetch costs as much as hashing a token ---- */

static EVP_MD *hashes[3];

static void fetch_hashes(void)
{
    hashes[0] = EVP_MD_fetch(NULL, "SHA256", NULL);
    hashes[1] = EVP_MD_fetch(NULL, "SHA384", NULL);
    hashes[2] = EVP_MD_fetch(NULL, "SHA512", NULL);
}

static const EVP_MD *hash_of(unsigned bits)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, fetch_hashes);
    return hashes[bits == 256 ? 0 : bits == 384 ? 1 : 2];
}

enum sp_status sp_jwa_hash(unsigned bits, struct sp_str bytes, unsigned char ret_hash[64])
{
    const EVP_MD *hash = hash_of(bits);
    return hash && EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, ret_hash, NULL, hash, NULL) == 1
               ? SP_OK
               : SP_ENOMEM;
}

/* ---- keys ---- */

static const char *wrong_with_key(enum sp_jwa alg, const struct sp_jwk *key, bool sign)
{
    if (alg == SP_JWA_UNKNOWN)
        return "there is no such algorithm";
    if (key->type != algorithms[alg].type)
        return "the key is of another type";
    if (key->alg != SP_JWA_UNKNOWN && key->alg != alg)
        return "the key is for another algorithm";
    if (algorithms[alg].curve_bits && key->bits != algorithms[alg].curve_bits)
        return "the key is of another curve";
    if (key->type == SP_JWK_OCT && key->bits < algorithms[alg].hash_bits)
        return "the shared key is shorter than the hash (RFC 7518 section 3.2)";
    return sign && !key->may_sign ? "the key is not the private one" : NULL;
}

enum sp_status sp_jwa_check_key(enum sp_jwa alg, const struct sp_jwk *key, bool sign, struct sp_error *err)
{
    const char *wrong = wrong_with_key(alg, key, sign);
    return wrong ? sp_error_set(err, SP_EDENIED, NULL, "%s: %s", sp_jwa_name(alg), wrong) : SP_OK;
}

/* ---- HMAC ---- */

static bool hmac(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes, unsigned char mac[64])
{
    return HMAC(hash_of(algorithms[alg].hash_bits), key->secret.ptr, (int)key->secret.len,
                (const unsigned char *)(bytes.ptr ? bytes.ptr : ""), bytes.len, mac, NULL) != NULL;
}

static bool hmac_verifies(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes,
                          struct sp_str signature)
{
    unsigned char mac[64];
    bool same = hmac(alg, key, bytes, mac) &&
                sp_secret_eq(sp_str_from(mac, algorithms[alg].hash_bits / 8), signature);
    sp_secret_wipe(mac, sizeof mac);
    return same;
}

/* ---- RSA and ECDSA ---- */

static bool set_parameters(enum sp_jwa alg, EVP_PKEY_CTX *context)
{
    if (EVP_PKEY_CTX_set_signature_md(context, hash_of(algorithms[alg].hash_bits)) != 1)
        return false;
    if (algorithms[alg].scheme == PKCS1)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    if (algorithms[alg].scheme == PSS)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    return true;
}

/* A context costs more to make than an RSA signature to verify. */
static EVP_PKEY_CTX *verifier(enum sp_jwa alg, const struct sp_jwk *key)
{
    EVP_PKEY_CTX *context = key->contexts[alg];
    if (context)
        return context;
    context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context && EVP_PKEY_verify_init(context) == 1 && set_parameters(alg, context)) {
        key->contexts[alg] = context;
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

/* r and s as an ASN.1 sequence; 0 when one of them cannot be part of a signature. */
static size_t der_of(enum sp_jwa alg, struct sp_str raw, unsigned char der[ECDSA_DER_MAX])
{
    int half = (int)algorithms[alg].half, len = 0;
    if (raw.len != 2 * (size_t)half)
        return 0;
    BIGNUM *r = BN_bin2bn((const unsigned char *)raw.ptr, half, NULL);
    BIGNUM *s = BN_bin2bn((const unsigned char *)raw.ptr + half, half, NULL);
    ECDSA_SIG *signature = ECDSA_SIG_new();
    if (signature && r && s && !BN_is_zero(r) && !BN_is_zero(s) && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL;
        unsigned char *at = der;
        if (i2d_ECDSA_SIG(signature, NULL) <= (int)ECDSA_DER_MAX)
            len = i2d_ECDSA_SIG(signature, &at);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return len > 0 ? (size_t)len : 0;
}

static bool pkey_verifies(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes,
                          struct sp_str signature)
{
    unsigned char hash[64], der[ECDSA_DER_MAX];
    size_t len = signature.len;
    const unsigned char *at = (const unsigned char *)signature.ptr;
    EVP_PKEY_CTX *context = verifier(alg, key);
    if (algorithms[alg].scheme == ECDSA) {
        len = der_of(alg, signature, der);
        at = der;
    } else if (len != (key->bits + 7) / 8) {
        return false;
    }
    return context && len && sp_jwa_hash(algorithms[alg].hash_bits, bytes, hash) == SP_OK &&
           EVP_PKEY_verify(context, at, len, hash, algorithms[alg].hash_bits / 8) == 1;
}

static bool eddsa_verifies(const struct sp_jwk *key, struct sp_str bytes, struct sp_str signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool same = signature.len == 64 && context &&
                EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len,
                                 (const unsigned char *)(bytes.ptr ? bytes.ptr : ""), bytes.len) == 1;
    EVP_MD_CTX_free(context);
    return same;
}

enum sp_status sp_jwa_verify(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes,
                             struct sp_str signature, struct sp_error *err)
{
    enum sp_status status = sp_jwa_check_key(alg, key, false, err);
    if (status != SP_OK)
        return status;
    bool same = false;
    if (algorithms[alg].scheme == HMAC_SHA2)
        same = hmac_verifies(alg, key, bytes, signature);
    else if (algorithms[alg].scheme == EDDSA)
        same = eddsa_verifies(key, bytes, signature);
    else
        same = pkey_verifies(alg, key, bytes, signature);
    ERR_clear_error();
    return same ? SP_OK : sp_error_set(err, SP_EDENIED, NULL, "the signature is not one by the key");
}

/* ---- signing ---- */

/* From ASN.1 to r and s with leading zeros. */
static bool raw_of(enum sp_jwa alg, const unsigned char *der, size_t len, struct sp_buf *buf)
{
    int half = (int)algorithms[alg].half;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
    unsigned char *room = signature ? sp_buf_reserve(buf, 2 * (size_t)half) : NULL;
    bool written = room && BN_bn2binpad(ECDSA_SIG_get0_r(signature), room, half) == half &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(signature), room + half, half) == half;
    if (written)
        buf->len += 2 * (size_t)half;
    ECDSA_SIG_free(signature);
    return written;
}

static bool pkey_signs(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes, struct sp_buf *buf)
{
    unsigned char hash[64], signature[SP_JWA_SIGNATURE_MAX];
    size_t len = sizeof signature;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool made = context && sp_jwa_hash(algorithms[alg].hash_bits, bytes, hash) == SP_OK &&
                EVP_PKEY_sign_init(context) == 1 && set_parameters(alg, context) &&
                EVP_PKEY_sign(context, signature, &len, hash, algorithms[alg].hash_bits / 8) == 1;
    EVP_PKEY_CTX_free(context);
    if (!made)
        return false;
    return algorithms[alg].scheme == ECDSA ? raw_of(alg, signature, len, buf)
                                           : sp_buf_append(buf, signature, len) == SP_OK;
}

static bool eddsa_signs(const struct sp_jwk *key, struct sp_str bytes, struct sp_buf *buf)
{
    unsigned char signature[64];
    size_t len = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(context, signature, &len, (const unsigned char *)(bytes.ptr ? bytes.ptr : ""),
                               bytes.len) == 1;
    EVP_MD_CTX_free(context);
    return made && sp_buf_append(buf, signature, len) == SP_OK;
}

static bool hmac_signs(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes, struct sp_buf *buf)
{
    unsigned char mac[64];
    return hmac(alg, key, bytes, mac) && sp_buf_append(buf, mac, algorithms[alg].hash_bits / 8) == SP_OK;
}

enum sp_status sp_jwa_sign(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str bytes, struct sp_buf *buf,
                           struct sp_error *err)
{
    enum sp_status status = sp_jwa_check_key(alg, key, true, err);
    if (status != SP_OK)
        return status;
    bool made = false;
    if (algorithms[alg].scheme == HMAC_SHA2)
        made = hmac_signs(alg, key, bytes, buf);
    else if (algorithms[alg].scheme == EDDSA)
        made = eddsa_signs(key, bytes, buf);
    else
        made = pkey_signs(alg, key, bytes, buf);
    char failure[SP_ERROR_TEXT_MAX];
    bool of_token = !made && sp_pkcs11_key_failure(failure, sizeof failure);
    ERR_clear_error();
    if (of_token)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "%s: %s", sp_jwa_name(alg), failure);
    return made ? SP_OK : sp_error_set(err, SP_EINTERNAL, NULL, "%s: nothing was signed", sp_jwa_name(alg));
}
