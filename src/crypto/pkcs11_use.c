/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_use.h"

#include <stdlib.h>

#include <openssl/ecdsa.h>

#define RAW_MAX 512 /* r and s of the largest curve, and more */

struct use {
    struct sp_pkcs11_key *key;
    bool decrypt;
    CK_MECHANISM mechanism;
    struct sp_str in;
    unsigned char *out;
    CK_ULONG len;
};

struct sp_pkcs11_key *sp_pkcs11_key_hold(struct sp_pkcs11_key *key)
{
    __atomic_add_fetch(&key->references, 1, __ATOMIC_RELAXED);
    return key;
}

void sp_pkcs11_key_release(struct sp_pkcs11_key *key)
{
    if (!key || __atomic_sub_fetch(&key->references, 1, __ATOMIC_ACQ_REL))
        return;
    sp_pkcs11_token_release(key->token);
    EVP_PKEY_free(key->public_key);
    free(key);
}

static CK_RV find_object(const struct sp_pkcs11_session *session, struct sp_pkcs11_key *key)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = key->is_ec ? CKK_EC : CKK_RSA;
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_ID, key->id, key->id_len},
    };
    if (!key->id_len)
        attributes[2] = (CK_ATTRIBUTE){CKA_LABEL, key->label, strlen(key->label)};
    CK_RV rv = sp_pkcs11_find(session, attributes, 3, &key->object);
    if (rv == CKR_OK)
        key->session = session->number;
    return rv;
}

static CK_RV begin(const struct sp_pkcs11_session *session, struct use *use)
{
    CK_FUNCTION_LIST *functions = session->functions;
    CK_OBJECT_HANDLE object = use->key->object;
    CK_RV rv = use->decrypt ? functions->C_DecryptInit(session->handle, &use->mechanism, object)
                            : functions->C_SignInit(session->handle, &use->mechanism, object);
    if (rv == CKR_OK && use->key->pin_each_time && session->pin.ptr)
        rv = functions->C_Login(session->handle, CKU_CONTEXT_SPECIFIC,
                                (unsigned char *)(uintptr_t)session->pin.ptr, session->pin.len);
    return rv;
}

/* Tokens differ in how they say that a cipher text is not for the key; some call it a failure of their own.
 * Whoever sends cipher texts must not be able to make us open session after session. */
static CK_RV judge_decryption(const struct sp_pkcs11_session *session, CK_RV rv)
{
    CK_SESSION_INFO info;
    bool unclear = rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED;
    return unclear && session->functions->C_GetSessionInfo(session->handle, &info) == CKR_OK
               ? CKR_ENCRYPTED_DATA_INVALID
               : rv;
}

static CK_RV use_object(const struct sp_pkcs11_session *session, void *arg)
{
    struct use *use = arg;
    CK_FUNCTION_LIST *functions = session->functions;
    unsigned char *in = (unsigned char *)(uintptr_t)use->in.ptr;
    CK_ULONG len = use->len;
    CK_RV rv = use->key->session == session->number ? CKR_OK : find_object(session, use->key);
    if (rv == CKR_OK)
        rv = begin(session, use);
    if (rv == CKR_OK)
        rv = use->decrypt ? judge_decryption(session, functions->C_Decrypt(session->handle, in, use->in.len,
                                                                           use->out, &len))
                          : functions->C_Sign(session->handle, in, use->in.len, use->out, &len);
    if (rv == CKR_OK)
        use->len = len;
    else
        use->key->session = 0;
    return rv;
}

static enum sp_status run(struct use *use, size_t *len, struct sp_error *err)
{
    use->len = *len;
    enum sp_status status =
        sp_pkcs11_run(use->key->token, use->decrypt ? "decrypt" : "sign", use_object, use, err);
    if (status == SP_OK)
        *len = use->len;
    if (status == SP_ENOTFOUND && err && use->key->token)
        sp_error_prefix(err, "the private key '%s' is not there", use->key->label);
    return status;
}

static CK_MECHANISM_TYPE hash_mechanism(const EVP_MD *md)
{
    switch (EVP_MD_get_type(md)) {
    case NID_sha1:
        return CKM_SHA_1;
    case NID_sha224:
        return CKM_SHA224;
    case NID_sha256:
        return CKM_SHA256;
    case NID_sha384:
        return CKM_SHA384;
    default:
        return CKM_SHA512;
    }
}

static CK_RSA_PKCS_MGF_TYPE mask_function(const EVP_MD *md)
{
    switch (EVP_MD_get_type(md)) {
    case NID_sha1:
        return CKG_MGF1_SHA1;
    case NID_sha224:
        return CKG_MGF1_SHA224;
    case NID_sha256:
        return CKG_MGF1_SHA256;
    case NID_sha384:
        return CKG_MGF1_SHA384;
    default:
        return CKG_MGF1_SHA512;
    }
}

enum sp_status sp_pkcs11_sign_pkcs1(struct sp_pkcs11_key *key, struct sp_str in, unsigned char *out,
                                    size_t *len, struct sp_error *err)
{
    struct use use = {.key = key, .mechanism = {CKM_RSA_PKCS, NULL, 0}, .in = in, .out = out};
    return run(&use, len, err);
}

enum sp_status sp_pkcs11_sign_pss(struct sp_pkcs11_key *key, const EVP_MD *md, const EVP_MD *mgf,
                                  size_t salt_len, struct sp_str hash, unsigned char *out, size_t *len,
                                  struct sp_error *err)
{
    CK_RSA_PKCS_PSS_PARAMS parameters = {hash_mechanism(md), mask_function(mgf), salt_len};
    struct use use = {
        .key = key, .mechanism = {CKM_RSA_PKCS_PSS, &parameters, sizeof parameters}, .in = hash, .out = out};
    return run(&use, len, err);
}

/* A token gives r and s, one after the other. */
static bool to_asn1(const unsigned char *raw, size_t len, unsigned char *out, size_t *out_len)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)(len / 2), NULL), *s = BN_bin2bn(raw + len / 2, (int)(len / 2), NULL);
    bool made = signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1;
    if (!made) {
        BN_free(r);
        BN_free(s);
    }
    int size = made ? i2d_ECDSA_SIG(signature, NULL) : -1;
    made = size > 0 && (size_t)size <= *out_len;
    if (made)
        *out_len = (size_t)i2d_ECDSA_SIG(signature, &out);
    ECDSA_SIG_free(signature);
    return made;
}

enum sp_status sp_pkcs11_sign_ecdsa(struct sp_pkcs11_key *key, struct sp_str hash, unsigned char *out,
                                    size_t *len, struct sp_error *err)
{
    unsigned char raw[RAW_MAX];
    size_t raw_len = sizeof raw;
    struct use use = {.key = key, .mechanism = {CKM_ECDSA, NULL, 0}, .in = hash, .out = raw};
    enum sp_status status = run(&use, &raw_len, err);
    if (status != SP_OK)
        return status;
    if (!raw_len || raw_len % 2 || !to_asn1(raw, raw_len, out, len))
        return sp_error_set(err, SP_EPROTO, NULL, "the token gave a signature of %zu bytes", raw_len);
    return SP_OK;
}

enum sp_status sp_pkcs11_decrypt_oaep(struct sp_pkcs11_key *key, const EVP_MD *md, const EVP_MD *mgf,
                                      struct sp_str label, struct sp_str in, unsigned char *out, size_t *len,
                                      struct sp_error *err)
{
    CK_RSA_PKCS_OAEP_PARAMS parameters = {hash_mechanism(md), mask_function(mgf), CKZ_DATA_SPECIFIED,
                                          label.len ? (void *)(uintptr_t)label.ptr : NULL, label.len};
    struct use use = {.key = key,
                      .decrypt = true,
                      .mechanism = {CKM_RSA_PKCS_OAEP, &parameters, sizeof parameters},
                      .in = in,
                      .out = out};
    return run(&use, len, err);
}
