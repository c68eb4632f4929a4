/* SPDX-License-Identifier: Apache-2.0
 *
 * The provider: signatures and decryption. Hashes are made here, of them the token makes signatures.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/pkcs11_provider.h"

#define DIGEST_INFO_MAX 256

struct work {
    struct sp_pkcs11_key *key;
    EVP_MD *md, *mgf;
    EVP_MD_CTX *digest;
    int padding;  /* RSA_PKCS1_PADDING, ... */
    int salt_len; /* or RSA_PSS_SALTLEN_... */
    unsigned char *label;
    size_t label_len;
};

static void *work_new(void *provider, const char *properties)
{
    struct work *work = calloc(1, sizeof *work);
    if (work) {
        work->padding = RSA_PKCS1_PADDING;
        work->salt_len = RSA_PSS_SALTLEN_AUTO;
    }
    return work;
}

static void *cipher_new(void *provider)
{
    return work_new(provider, NULL);
}

static void work_free(void *arg)
{
    struct work *work = arg;
    if (!work)
        return;
    sp_pkcs11_key_release(work->key);
    EVP_MD_free(work->md);
    EVP_MD_free(work->mgf);
    EVP_MD_CTX_free(work->digest);
    OPENSSL_free(work->label);
    free(work);
}

static void *work_dup(void *arg)
{
    const struct work *from = arg;
    struct work *to = work_new(NULL, NULL);
    if (!to)
        return NULL;
    *to = *from;
    to->digest = NULL;
    to->label = NULL;
    if (to->key)
        sp_pkcs11_key_hold(to->key);
    if (to->md)
        EVP_MD_up_ref(to->md);
    if (to->mgf)
        EVP_MD_up_ref(to->mgf);
    bool done = true;
    if (from->digest)
        done = (to->digest = EVP_MD_CTX_new()) && EVP_MD_CTX_copy_ex(to->digest, from->digest) == 1;
    if (from->label_len)
        done = done && (to->label = OPENSSL_memdup(from->label, from->label_len));
    if (done)
        return to;
    work_free(to);
    return NULL;
}

/* ---- parameters ---- */

static bool take_md(EVP_MD **md, const char *name)
{
    EVP_MD *found = EVP_MD_fetch(NULL, name, NULL);
    if (!found)
        return false;
    EVP_MD_free(*md);
    *md = found;
    return true;
}

static bool take_md_param(EVP_MD **md, const OSSL_PARAM *param)
{
    const char *name = NULL;
    return !param || (OSSL_PARAM_get_utf8_string_ptr(param, &name) && take_md(md, name));
}

/* Both come as numbers or as words. */
static bool take_number(const OSSL_PARAM *param, const char *const words[], const int values[],
                        int *ret_value)
{
    const char *text = NULL;
    char *end = NULL;
    if (!param)
        return true;
    if (param->data_type != OSSL_PARAM_UTF8_STRING)
        return OSSL_PARAM_get_int(param, ret_value);
    if (!OSSL_PARAM_get_utf8_string_ptr(param, &text))
        return false;
    for (size_t i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0) {
            *ret_value = values[i];
            return true;
        }
    long number = strtol(text, &end, 10);
    *ret_value = (int)number;
    return end != text && !*end && number >= 0 && number < 1024;
}

static int set_params(void *arg, const OSSL_PARAM params[])
{
    static const char *const paddings[] = {OSSL_PKEY_RSA_PAD_MODE_PKCSV15, OSSL_PKEY_RSA_PAD_MODE_PSS,
                                           OSSL_PKEY_RSA_PAD_MODE_OAEP, NULL};
    static const int padding_values[] = {RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PKCS1_OAEP_PADDING};
    static const char *const salts[] = {OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST, OSSL_PKEY_RSA_PSS_SALT_LEN_MAX,
                                        OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO, NULL};
    static const int salt_values[] = {RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX, RSA_PSS_SALTLEN_AUTO};
    struct work *work = arg;
    if (!params)
        return 1;
    const OSSL_PARAM *label = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
    if (label) {
        OPENSSL_free(work->label);
        work->label = NULL;
        if (!OSSL_PARAM_get_octet_string(label, (void **)&work->label, 0, &work->label_len))
            return 0;
    }
    return take_md_param(&work->md, OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST)) &&
           take_md_param(&work->mgf, OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST)) &&
           take_number(OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE), paddings,
                       padding_values, &work->padding) &&
           take_number(OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN), salts, salt_values,
                       &work->salt_len);
}

static const OSSL_PARAM *settable(void *arg, void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
        OSSL_PARAM_END,
    };
    return types;
}

static int begin(void *arg, void *key, const OSSL_PARAM params[])
{
    struct work *work = arg;
    const struct sp_pkcs11_key_data *data = key;
    if (data) {
        struct sp_pkcs11_key *old = work->key;
        work->key = data->key ? sp_pkcs11_key_hold(data->key) : NULL;
        sp_pkcs11_key_release(old);
    }
    return work->key && set_params(work, params);
}

/* ---- signatures ---- */

static enum sp_status sign_pkcs1(struct work *work, struct sp_str hash, unsigned char *out, size_t *len,
                                 struct sp_error *err)
{
    unsigned char info[DIGEST_INFO_MAX], *at = info;
    X509_ALGOR *algorithm = NULL;
    ASN1_OCTET_STRING *digest = NULL;
    if (!work->md)
        return sp_pkcs11_sign_pkcs1(work->key, hash, out, len, err);
    X509_SIG *signature = X509_SIG_new();
    if (signature)
        X509_SIG_getm(signature, &algorithm, &digest);
    bool made = signature &&
                X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(work->md)), V_ASN1_NULL, NULL) == 1 &&
                ASN1_OCTET_STRING_set(digest, (const unsigned char *)hash.ptr, (int)hash.len) == 1 &&
                i2d_X509_SIG(signature, NULL) <= (int)sizeof info;
    int info_len = made ? i2d_X509_SIG(signature, &at) : 0;
    X509_SIG_free(signature);
    if (info_len <= 0)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a signature");
    return sp_pkcs11_sign_pkcs1(work->key, sp_str_from(info, (size_t)info_len), out, len, err);
}

static enum sp_status sign_pss(struct work *work, struct sp_str hash, unsigned char *out, size_t *len,
                               struct sp_error *err)
{
    int room = (EVP_PKEY_get_bits(work->key->public_key) + 6) / 8 - (int)hash.len - 2;
    int salt = work->salt_len >= 0                        ? work->salt_len
               : work->salt_len == RSA_PSS_SALTLEN_DIGEST ? (int)hash.len
                                                          : room;
    if (!work->md || salt < 0 || salt > room)
        return sp_error_set(err, SP_EINVAL, NULL, "the key is too short for the signature");
    return sp_pkcs11_sign_pss(work->key, work->md, work->mgf ? work->mgf : work->md, (size_t)salt, hash, out,
                              len, err);
}

static int sign(void *arg, unsigned char *signature, size_t *len, size_t room, const unsigned char *hash,
                size_t hash_len)
{
    struct work *work = arg;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str in = sp_str_from(hash, hash_len);
    enum sp_status status;
    size_t size = (size_t)EVP_PKEY_get_size(work->key->public_key);
    if (!signature) {
        *len = size;
        return 1;
    }
    if (room < size || (work->md && hash_len != (size_t)EVP_MD_get_size(work->md)))
        return 0;
    *len = room;
    if (work->key->is_ec)
        status = sp_pkcs11_sign_ecdsa(work->key, in, signature, len, &err);
    else if (work->padding == RSA_PKCS1_PSS_PADDING)
        status = sign_pss(work, in, signature, len, &err);
    else if (work->padding == RSA_PKCS1_PADDING)
        status = sign_pkcs1(work, in, signature, len, &err);
    else
        status = sp_error_set(&err, SP_EUNSUPPORTED, NULL, "this padding is not made by tokens");
    if (status != SP_OK)
        sp_pkcs11_raise(&err);
    return status == SP_OK;
}

static int digest_begin(void *arg, const char *name, void *key, const OSSL_PARAM params[])
{
    struct work *work = arg;
    if (!begin(work, key, params))
        return 0;
    if (name && name[0] ? !take_md(&work->md, name) : !work->md && !take_md(&work->md, "SHA256"))
        return 0;
    if (!work->digest)
        work->digest = EVP_MD_CTX_new();
    return work->digest && EVP_DigestInit_ex(work->digest, work->md, NULL) == 1;
}

static int digest_update(void *arg, const unsigned char *bytes, size_t len)
{
    const struct work *work = arg;
    return work->digest && EVP_DigestUpdate(work->digest, bytes, len) == 1;
}

static int digest_end(void *arg, unsigned char *signature, size_t *len, size_t room)
{
    struct work *work = arg;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len = 0;
    if (!signature)
        return sign(work, NULL, len, 0, NULL, 0);
    return work->digest && EVP_DigestFinal_ex(work->digest, hash, &hash_len) == 1 &&
           sign(work, signature, len, room, hash, hash_len);
}

/* ---- decryption ---- */

static int decrypt(void *arg, unsigned char *out, size_t *len, size_t room, const unsigned char *in,
                   size_t in_len)
{
    struct work *work = arg;
    struct sp_error err = SP_ERROR_INIT;
    size_t size = (size_t)EVP_PKEY_get_size(work->key->public_key);
    if (!out) {
        *len = size;
        return 1;
    }
    enum sp_status status = SP_EUNSUPPORTED;
    *len = room;
    if (work->padding != RSA_PKCS1_OAEP_PADDING)
        sp_error_set(&err, status, NULL, "keys in tokens decrypt with OAEP only");
    else if (!work->md && !take_md(&work->md, "SHA1"))
        sp_error_set(&err, status, NULL, "there is no SHA-1");
    else
        status = sp_pkcs11_decrypt_oaep(work->key, work->md, work->mgf ? work->mgf : work->md,
                                        sp_str_from(work->label, work->label_len), sp_str_from(in, in_len),
                                        out, len, &err);
    if (status != SP_OK)
        sp_pkcs11_raise(&err);
    return status == SP_OK;
}

/* ---- tables ---- */

#define FUNCTION(id, function)           \
    {                                    \
        (id), (void (*)(void))(function) \
    }
#define SIGNATURE_FUNCTIONS                                                                             \
    FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, work_new), FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, work_free),   \
        FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, work_dup), FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, begin), \
        FUNCTION(OSSL_FUNC_SIGNATURE_SIGN, sign),                                                       \
        FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_begin),                                   \
        FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, digest_update),                                \
        FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_end),                                    \
        FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_params),                                       \
        FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settable)

const OSSL_DISPATCH sp_pkcs11_rsa_signature[] = {SIGNATURE_FUNCTIONS, {0, NULL}};
const OSSL_DISPATCH sp_pkcs11_ec_signature[] = {SIGNATURE_FUNCTIONS, {0, NULL}};
const OSSL_DISPATCH sp_pkcs11_rsa_cipher[] = {
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_NEWCTX, cipher_new),
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_FREECTX, work_free),
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_DUPCTX, work_dup),
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, begin),
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_DECRYPT, decrypt),
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, set_params),
    FUNCTION(OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, settable),
    {0, NULL},
};
