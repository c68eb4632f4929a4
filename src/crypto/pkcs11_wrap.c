/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_wrap.h"

#include "base/secret.h"
#include "crypto/pkcs11_int.h"

#define NONCE 12u
#define TAG 16u

struct wrapping {
    const struct sp_pkcs11_place *place;
    bool open;
    struct sp_str belongs_to, in;
    unsigned char nonce[NONCE];
    unsigned char out[SP_PKCS11_WRAP_MAX + TAG];
    CK_ULONG len;
};

static CK_RV find_key(const struct sp_pkcs11_session *session, const struct sp_pkcs11_place *place,
                      CK_OBJECT_HANDLE *ret_key)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ULONG count = 2;
    CK_ATTRIBUTE attributes[4] = {{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}};
    if (place->object[0])
        attributes[count++] =
            (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)place->object, strlen(place->object)};
    if (place->id_len)
        attributes[count++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)place->id, place->id_len};
    return sp_pkcs11_find(session, attributes, count, ret_key);
}

static CK_RV work(const struct sp_pkcs11_session *session, void *arg)
{
    struct wrapping *wrapping = arg;
    CK_FUNCTION_LIST *functions = session->functions;
    CK_GCM_PARAMS parameters = {.pIv = wrapping->nonce,
                                .ulIvLen = NONCE,
                                .ulIvBits = NONCE * 8ul,
                                .pAAD = (unsigned char *)(uintptr_t)wrapping->belongs_to.ptr,
                                .ulAADLen = wrapping->belongs_to.len,
                                .ulTagBits = TAG * 8ul};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    CK_OBJECT_HANDLE key;
    unsigned char *in = (unsigned char *)(uintptr_t)wrapping->in.ptr;
    wrapping->len = sizeof wrapping->out;
    CK_RV rv = find_key(session, wrapping->place, &key);
    if (rv == CKR_OK)
        rv = wrapping->open ? functions->C_DecryptInit(session->handle, &mechanism, key)
                            : functions->C_EncryptInit(session->handle, &mechanism, key);
    if (rv != CKR_OK)
        return rv;
    rv = wrapping->open
             ? functions->C_Decrypt(session->handle, in, wrapping->in.len, wrapping->out, &wrapping->len)
             : functions->C_Encrypt(session->handle, in, wrapping->in.len, wrapping->out, &wrapping->len);
    /* Tokens differ in how they say that the tag is wrong. */
    return rv != CKR_OK && wrapping->open ? CKR_ENCRYPTED_DATA_INVALID : rv;
}

static enum sp_status run(struct sp_pkcs11_token *token, struct wrapping *wrapping, struct sp_error *err)
{
    wrapping->place = sp_pkcs11_token_place(token);
    enum sp_status status = sp_pkcs11_run(token, wrapping->open ? "decrypt" : "encrypt", work, wrapping, err);
    if (status == SP_ENOTFOUND)
        sp_error_prefix(err, "there is no AES key%s%s", wrapping->place->object[0] ? " " : "",
                        wrapping->place->object);
    return status;
}

enum sp_status sp_pkcs11_wrap(struct sp_pkcs11_token *token, struct sp_str belongs_to, struct sp_str secret,
                              struct sp_buf *buf, struct sp_error *err)
{
    struct wrapping wrapping = {.belongs_to = belongs_to, .in = secret};
    if (secret.len > SP_PKCS11_WRAP_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "more than %u bytes cannot be wrapped", SP_PKCS11_WRAP_MAX);
    sp_secret_random(wrapping.nonce, NONCE);
    enum sp_status status = run(token, &wrapping, err);
    if (status == SP_OK && wrapping.len != secret.len + TAG)
        status = sp_error_set(err, SP_EPROTO, NULL, "the token gave %lu bytes for %zu", wrapping.len,
                              secret.len + TAG);
    if (status != SP_OK)
        return status;
    sp_buf_append(buf, wrapping.nonce, NONCE);
    sp_buf_append(buf, wrapping.out, wrapping.len);
    return buf->failed ? sp_error_set(err, SP_ELIMIT, NULL, "no room for a wrapped key") : SP_OK;
}

enum sp_status sp_pkcs11_unwrap(struct sp_pkcs11_token *token, struct sp_str belongs_to,
                                struct sp_str wrapped, struct sp_buf *buf, struct sp_error *err)
{
    struct wrapping wrapping = {.open = true, .belongs_to = belongs_to};
    if (wrapped.len < SP_PKCS11_WRAP_OVERHEAD || wrapped.len > SP_PKCS11_WRAP_MAX + SP_PKCS11_WRAP_OVERHEAD)
        return sp_error_set(err, SP_EDENIED, NULL, "it is no wrapped key");
    memcpy(wrapping.nonce, wrapped.ptr, NONCE);
    wrapping.in = sp_str_slice(wrapped, NONCE, wrapped.len);
    enum sp_status status = run(token, &wrapping, err);
    if (status == SP_EIO)
        status = sp_error_set(err, SP_EDENIED, NULL,
                              "the token's key does not open it: it was wrapped by another, or was changed");
    if (status == SP_OK && sp_buf_append(buf, wrapping.out, wrapping.len) != SP_OK)
        status = sp_error_set(err, SP_ELIMIT, NULL, "no room for an unwrapped key");
    sp_secret_wipe(wrapping.out, sizeof wrapping.out);
    return status;
}
