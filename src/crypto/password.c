/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/secret.h"
#include "crypto/password_hash.h"
#include "text/base64.h"

#define XOR_BYTE 0x5F
#define TEXT_MAX_BYTES 16384
#define TAG_LEN 16
#define IV_LEN 16
/* The password of the key derivation when the variable is not set. */
#define NO_PHRASE "${wlp.password.encryption.key}"

/* The versions of {aes}, by their first byte. */
static const struct version {
    const char *digest;
    int rounds;
    size_t key_len;
    size_t padding_len; /* random bytes before the password */
    const unsigned char *salt;
    size_t salt_len;
} versions[] = {
    {"SHA1", 84756, 16, 20,
     (const unsigned char
          *)"\xa7\xa2\x83\x39\x4c\x5a\xb3\x4f\x32\x15\x0a\x9e\x2f\x17\x11\x38\xc3\x2e\x7d\x80",
     20},
    {"SHA512", 210000, 32, 64,
     (const unsigned char
          *)"\xa7\xc1\x16\x0f\x87\x0b\x66\x4b\xa5\x44\xa2\xa7\x60\x53\xeb\xbb\xd3\x1d\x1a\x6a\xee\x45\x3c\xfa"
            "\x6c\x49\x6f\x7a\x29\xed\xb2\xb1\xe4\x66\x39\xf6\x42\x30\x36\x6f\x23\x5c\x3b\x87\x24\x0f\x0e\xc1"
            "\xd5\x6b\x3f\xee\x57\x2b\xc7\x4a\x00\x6b\x89\xfe\xf9\xf9\xd2\xa1\xd4\x24\xf6\x56\x89\xb0\x8e\x0a"
            "\x55\x18\x18\x87\xe2\x3f\x3b\x31\x34\xb4\x86\x6c\xac\x10\x04\xd9\x3a\x4b\x09\xe7\x7e\x7f\xa0\x7a"
            "\xc2\xa2\x47\xf8\x9b\xdf\x39\xd4\xa3\x56\x4c\x8d\x71\x84\x68\xd8\x87\xf7\x56\x79\xd0\xc7\xb3\xc6"
            "\x49\x07\x0c\x04\x18\xaf\xc0\x6b",
     128},
};

void sp_password_keys_init(struct sp_password_keys *keys, struct sp_str phrase)
{
    *keys = (struct sp_password_keys){.phrase = phrase};
}

void sp_password_keys_finish(struct sp_password_keys *keys)
{
    if (keys)
        sp_secret_wipe(keys, sizeof *keys);
}

static const unsigned char *derive(struct sp_password_keys *keys, unsigned version)
{
    const struct version *v = &versions[version];
    struct sp_str phrase = keys->phrase.ptr ? keys->phrase : SP_STR(NO_PHRASE);
    if (!keys->derived[version]) {
        EVP_MD *digest = EVP_MD_fetch(NULL, v->digest, NULL);
        keys->derived[version] =
            digest && PKCS5_PBKDF2_HMAC(phrase.ptr, (int)phrase.len, v->salt, (int)v->salt_len, v->rounds,
                                        digest, (int)v->key_len, keys->key[version]) == 1;
        EVP_MD_free(digest);
    }
    return keys->derived[version] ? keys->key[version] : NULL;
}

/* The tag without its braces and what stands behind it; false when there is no tag. */
static bool split_tag(struct sp_str text, struct sp_str *ret_tag, struct sp_str *ret_data)
{
    text = sp_str_trim(text);
    size_t end = sp_str_find(text, '}');
    if (text.len == 0 || text.ptr[0] != '{' || end == text.len)
        return false;
    *ret_tag = sp_str_trim(sp_str_slice(text, 1, end));
    *ret_data = sp_str_slice(text, end + 1, text.len);
    return true;
}

enum sp_password_kind sp_password_kind(struct sp_str text)
{
    struct sp_str tag, data;
    if (!split_tag(text, &tag, &data) || tag.len == 0)
        return SP_PASSWORD_CLEAR;
    if (sp_str_caseless_eq(tag, SP_STR("xor")))
        return SP_PASSWORD_XOR;
    if (sp_str_caseless_eq(tag, SP_STR("aes")))
        return SP_PASSWORD_AES;
    return sp_str_caseless_eq(tag, SP_STR("hash")) ? SP_PASSWORD_HASH : SP_PASSWORD_UNKNOWN;
}

static enum sp_status broken(struct sp_error *err)
{
    return sp_error_set(err, SP_EINVAL, NULL,
                        "the encoded password is damaged, or was encoded with another key; encode it again");
}

static enum sp_status undo_cbc(const unsigned char *key, struct sp_str data, unsigned char *out,
                               size_t *ret_len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, last = 0;
    /* The initialisation vector is the key: so it is defined. */
    bool good = ctx && EVP_DecryptInit_ex2(ctx, EVP_aes_128_cbc(), key, key, NULL) == 1 &&
                EVP_DecryptUpdate(ctx, out, &n, (const unsigned char *)data.ptr, (int)data.len) == 1 &&
                EVP_DecryptFinal_ex(ctx, out + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *ret_len = (size_t)(n + last);
    return good ? SP_OK : SP_EINVAL;
}

/* One byte length of the vector, vector, ciphertext, tag. */
static enum sp_status undo_gcm(const unsigned char *key, struct sp_str data, unsigned char *out,
                               size_t *ret_len)
{
    size_t iv_len = data.len ? (unsigned char)data.ptr[0] : 0;
    if (iv_len == 0 || data.len < 1 + iv_len + TAG_LEN)
        return SP_EINVAL;
    const unsigned char *iv = (const unsigned char *)data.ptr + 1, *text = iv + iv_len;
    size_t len = data.len - 1 - iv_len - TAG_LEN;
    unsigned char tag[TAG_LEN];
    memcpy(tag, text + len, TAG_LEN);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, last = 0;
    bool good = ctx && EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), NULL, NULL, NULL) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)iv_len, NULL) == 1 &&
                EVP_DecryptInit_ex2(ctx, NULL, key, iv, NULL) == 1 &&
                EVP_DecryptUpdate(ctx, out, &n, text, (int)len) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1 &&
                EVP_DecryptFinal_ex(ctx, out + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *ret_len = (size_t)(n + last);
    return good ? SP_OK : SP_EINVAL;
}

static enum sp_status decode_aes(struct sp_password_keys *keys, struct sp_str data, struct sp_buf *buf,
                                 struct sp_error *err)
{
    if (data.len == 0)
        return SP_OK;
    unsigned version = (unsigned char)data.ptr[0];
    if (version >= sizeof versions / sizeof versions[0])
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "the {aes} password is of version %u, which is not known", version);
    const unsigned char *key = derive(keys, version);
    unsigned char *out = sp_buf_reserve(buf, data.len + EVP_MAX_BLOCK_LENGTH);
    if (!key || !out)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to decode a password");
    size_t len, room = data.len + EVP_MAX_BLOCK_LENGTH;
    data = sp_str_slice(data, 1, data.len);
    enum sp_status status = version == 0 ? undo_cbc(key, data, out, &len) : undo_gcm(key, data, out, &len);
    size_t skip = status == SP_OK && len ? 1 + (size_t)out[0] : 0;
    if (status == SP_OK && (len == 0 || skip > len))
        status = SP_EINVAL;
    if (status == SP_OK) {
        len -= skip;
        memmove(out, out + skip, len);
        buf->len += len;
        sp_secret_wipe(out + len, room - len);
        return SP_OK;
    }
    sp_secret_wipe(out, room);
    return broken(err);
}

static enum sp_status decode_data(struct sp_password_keys *keys, enum sp_password_kind kind,
                                  struct sp_str data, struct sp_buf *buf, struct sp_error *err)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, TEXT_MAX_BYTES);
    enum sp_status status = sp_base64_decode(SP_BASE64, data, &bytes);
    if (status != SP_OK)
        status = sp_error_set(err, SP_EINVAL, NULL, "what stands behind the password's tag is not base64");
    else if (kind == SP_PASSWORD_AES)
        status = decode_aes(keys, sp_buf_str(&bytes), buf, err);
    else
        for (size_t i = 0; i < bytes.len && status == SP_OK; i++)
            status = sp_buf_append_byte(buf, bytes.ptr[i] ^ XOR_BYTE);
    sp_buf_wipe(&bytes);
    return status;
}

enum sp_status sp_password_decode(struct sp_password_keys *keys, struct sp_str text, struct sp_buf *buf,
                                  struct sp_error *err)
{
    struct sp_str tag, data;
    enum sp_password_kind kind = sp_password_kind(text);
    if (text.len > TEXT_MAX_BYTES)
        return sp_error_set(err, SP_ELIMIT, NULL, "a password is longer than %d bytes", TEXT_MAX_BYTES);
    switch (kind) {
    case SP_PASSWORD_CLEAR:
        return sp_buf_append_str(buf, split_tag(text, &tag, &data) ? data : text);
    case SP_PASSWORD_XOR:
    case SP_PASSWORD_AES:
        split_tag(text, &tag, &data);
        return decode_data(keys, kind, data, buf, err);
    case SP_PASSWORD_HASH:
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "a {hash} password cannot be used here, because the clear one is needed; use {aes}");
    default:
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "the password's tag is not {xor}, {aes} or {hash}; a clear password that begins with "
            "{ is written {}{...");
    }
}

/* Version byte, and CBC of: length of the padding, padding, password. */
static enum sp_status make_cbc(const unsigned char *key, struct sp_str clear, unsigned char *out,
                               size_t *ret_len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, last = 0;
    bool good = ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_128_cbc(), key, key, NULL) == 1 &&
                EVP_EncryptUpdate(ctx, out, &n, (const unsigned char *)clear.ptr, (int)clear.len) == 1 &&
                EVP_EncryptFinal_ex(ctx, out + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *ret_len = (size_t)(n + last);
    return good ? SP_OK : SP_ENOMEM;
}

static enum sp_status make_gcm(const unsigned char *key, struct sp_str clear, unsigned char *out,
                               size_t *ret_len)
{
    unsigned char *iv = out + 1, *text = iv + IV_LEN;
    out[0] = IV_LEN;
    sp_secret_random(iv, IV_LEN);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, last = 0;
    bool good = ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), NULL, NULL, NULL) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, IV_LEN, NULL) == 1 &&
                EVP_EncryptInit_ex2(ctx, NULL, key, iv, NULL) == 1 &&
                EVP_EncryptUpdate(ctx, text, &n, (const unsigned char *)clear.ptr, (int)clear.len) == 1 &&
                EVP_EncryptFinal_ex(ctx, text + n, &last) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, text + n + last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *ret_len = 1 + IV_LEN + (size_t)(n + last) + TAG_LEN;
    return good ? SP_OK : SP_ENOMEM;
}

static enum sp_status encode_aes(struct sp_password_keys *keys, unsigned version, struct sp_str clear,
                                 struct sp_buf *bytes)
{
    const struct version *v = &versions[version];
    const unsigned char *key = derive(keys, version);
    struct sp_buf plain;
    unsigned char padding[64];
    sp_secret_random(padding, v->padding_len);
    sp_buf_init(&plain, TEXT_MAX_BYTES);
    sp_buf_append_byte(&plain, (unsigned char)v->padding_len);
    sp_buf_append(&plain, padding, v->padding_len);
    sp_buf_append_str(&plain, clear);
    sp_buf_append_byte(bytes, (unsigned char)version);
    unsigned char *out = sp_buf_reserve(bytes, plain.len + 1 + IV_LEN + TAG_LEN + EVP_MAX_BLOCK_LENGTH);
    enum sp_status status = key && out && !plain.failed ? SP_OK : SP_ENOMEM;
    size_t len = 0;
    if (status == SP_OK)
        status = version == 0 ? make_cbc(key, sp_buf_str(&plain), out, &len)
                              : make_gcm(key, sp_buf_str(&plain), out, &len);
    bytes->len += len;
    sp_buf_wipe(&plain);
    return status;
}

static enum sp_status encode_xor(struct sp_str clear, struct sp_buf *bytes)
{
    for (size_t i = 0; i < clear.len; i++)
        sp_buf_append_byte(bytes, (unsigned char)clear.ptr[i] ^ XOR_BYTE);
    return bytes->failed ? SP_ENOMEM : SP_OK;
}

enum sp_status sp_password_encode(struct sp_password_keys *keys, enum sp_password_form form,
                                  struct sp_str clear, struct sp_buf *buf, struct sp_error *err)
{
    static const char *const tags[] = {"{xor}", "{aes}", "{aes}", "{hash}"};
    if (sp_password_kind(clear) != SP_PASSWORD_CLEAR)
        return sp_error_set(err, SP_EINVAL, NULL, "the password begins with a tag: it is encoded already");
    struct sp_buf bytes;
    sp_buf_init(&bytes, TEXT_MAX_BYTES);
    enum sp_status status = clear.len > TEXT_MAX_BYTES / 4 ? SP_ELIMIT
                            : form == SP_PASSWORD_AS_XOR   ? encode_xor(clear, &bytes)
                            : form == SP_PASSWORD_AS_HASH
                                ? sp_password_hash_make(clear, &bytes)
                                : encode_aes(keys, form == SP_PASSWORD_AS_AES_256, clear, &bytes);
    if (status == SP_OK) {
        sp_buf_append_str(buf, sp_str_of(tags[form]));
        status = sp_base64_encode(SP_BASE64, sp_buf_str(&bytes), buf);
    }
    sp_buf_wipe(&bytes);
    if (status == SP_ELIMIT)
        return sp_error_set(err, status, NULL, "the password is longer than %d bytes", TEXT_MAX_BYTES / 4);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory to encode a password");
    return SP_OK;
}

/* The bytes behind {hash}; finish the buffer in any case. */
static enum sp_status hash_bytes(struct sp_str stored, struct sp_buf *bytes, struct sp_error *err)
{
    struct sp_str tag, data;
    sp_buf_init(bytes, TEXT_MAX_BYTES);
    if (sp_password_kind(stored) != SP_PASSWORD_HASH || !split_tag(stored, &tag, &data))
        return sp_error_set(err, SP_EINVAL, NULL, "the password is no {hash}");
    if (sp_base64_decode(SP_BASE64, data, bytes) != SP_OK)
        return sp_error_set(err, SP_EINVAL, NULL, "what stands behind {hash} is not base64");
    return SP_OK;
}

static enum sp_status verify_hash(struct sp_str stored, struct sp_str password, struct sp_error *err)
{
    struct sp_buf bytes;
    enum sp_status status = hash_bytes(stored, &bytes, err);
    if (status == SP_OK)
        status = sp_password_hash_verify(sp_buf_str(&bytes), password, err);
    sp_buf_finish(&bytes);
    return status;
}

enum sp_status sp_password_hashed_check(struct sp_str stored, struct sp_error *err)
{
    struct sp_buf bytes;
    enum sp_status status = hash_bytes(stored, &bytes, err);
    if (status == SP_OK)
        status = sp_password_hash_check(sp_buf_str(&bytes), err);
    sp_buf_finish(&bytes);
    return status;
}

enum sp_status sp_password_verify(struct sp_password_keys *keys, struct sp_str stored, struct sp_str password,
                                  struct sp_error *err)
{
    if (sp_password_kind(stored) == SP_PASSWORD_HASH)
        return verify_hash(stored, password, err);
    struct sp_buf clear;
    sp_buf_init(&clear, TEXT_MAX_BYTES + EVP_MAX_BLOCK_LENGTH);
    enum sp_status status = sp_password_decode(keys, stored, &clear, err);
    if (status == SP_OK && !sp_secret_eq(sp_buf_str(&clear), password))
        status = sp_error_set(err, SP_EDENIED, NULL, "the password is wrong");
    sp_buf_wipe(&clear);
    return status;
}
