/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cookie_seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "text/base64.h"

#define VERSION 1
#define NONCE 12u
#define TAG 16u
#define HEADER (1 + NONCE)
#define UNSEALED_MAX (SP_COOKIE_TEXT_MAX + HEADER + TAG)

enum sp_status sp_cookie_seal_init(struct sp_cookie_seal *seal,
                                   const unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES],
                                   struct sp_str purpose, struct sp_error *err)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    EVP_KDF_free(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret,
                                          SP_COOKIE_SEAL_SECRET_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)purpose.ptr, purpose.len),
        OSSL_PARAM_construct_end(),
    };
    int ok = context ? EVP_KDF_derive(context, seal->key, sizeof seal->key, params) : 0;
    EVP_KDF_CTX_free(context);
    return ok == 1 ? SP_OK : sp_error_set(err, SP_EINTERNAL, NULL, "a key for sealing cannot be derived");
}

void sp_cookie_seal_finish(struct sp_cookie_seal *seal)
{
    if (seal)
        sp_secret_wipe(seal, sizeof *seal);
}

/* `bytes`: version, nonce, then the text, which becomes ciphertext and tag in place. */
static bool encrypt(const struct sp_cookie_seal *seal, unsigned char *bytes, size_t len)
{
    int n = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, seal->key, bytes + 1) == 1 &&
              EVP_EncryptUpdate(context, NULL, &n, bytes, 1) == 1 &&
              EVP_EncryptUpdate(context, bytes + HEADER, &n, bytes + HEADER, (int)len) == 1 &&
              EVP_EncryptFinal_ex(context, bytes + HEADER + len, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, bytes + HEADER + len) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok;
}

static bool decrypt(const struct sp_cookie_seal *seal, unsigned char *bytes, size_t len)
{
    int n = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, seal->key, bytes + 1) == 1 &&
              EVP_DecryptUpdate(context, NULL, &n, bytes, 1) == 1 &&
              EVP_DecryptUpdate(context, bytes + HEADER, &n, bytes + HEADER, (int)len) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG, bytes + HEADER + len) == 1 &&
              EVP_DecryptFinal_ex(context, bytes + HEADER + len, &n) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok;
}

enum sp_status sp_cookie_seal_text(const struct sp_cookie_seal *seal, struct sp_str text, struct sp_buf *buf,
                                   struct sp_error *err)
{
    if (text.len > SP_COOKIE_TEXT_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "%zu bytes are more than the %zu that can be sealed",
                            text.len, SP_COOKIE_TEXT_MAX);
    struct sp_buf plain;
    sp_buf_init(&plain, UNSEALED_MAX);
    sp_buf_append_byte(&plain, VERSION);
    unsigned char *nonce = sp_buf_reserve(&plain, NONCE);
    if (nonce) {
        sp_secret_random(nonce, NONCE);
        plain.len += NONCE;
    }
    sp_buf_append_str(&plain, text);
    enum sp_status status = sp_buf_append_fill(&plain, 0, TAG);
    if (status == SP_OK && !plain.failed && !encrypt(seal, plain.ptr, text.len))
        status = SP_EINTERNAL;
    size_t before = buf->len;
    if (status == SP_OK)
        status = sp_base64_encode(SP_BASE64_URL, sp_buf_str(&plain), buf);
    if (status != SP_OK)
        buf->len = before;
    sp_buf_wipe(&plain);
    return status == SP_OK ? SP_OK : sp_error_set(err, status, NULL, "a text cannot be sealed");
}

enum sp_status sp_cookie_unseal_text(const struct sp_cookie_seal *seal, struct sp_str sealed,
                                     struct sp_buf *buf, struct sp_error *err)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, UNSEALED_MAX);
    enum sp_status status = sealed.len <= SP_COOKIE_SEALED_MAX(SP_COOKIE_TEXT_MAX)
                                ? sp_base64_decode(SP_BASE64_URL, sealed, &bytes)
                                : SP_ELIMIT;
    if (status == SP_OK && (bytes.len < HEADER + TAG || bytes.ptr[0] != VERSION ||
                            !decrypt(seal, bytes.ptr, bytes.len - HEADER - TAG)))
        status = SP_EDENIED;
    if (status == SP_OK)
        status = sp_buf_append(buf, bytes.ptr + HEADER, bytes.len - HEADER - TAG);
    else
        status = status == SP_ENOMEM ? status : SP_EDENIED;
    sp_buf_wipe(&bytes);
    return status == SP_OK ? SP_OK
                           : sp_error_set(err, status, NULL, "it was not sealed here, or was changed");
}
