/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/secret.h"
#include "saf/seal_token.h"
#include "text/base64.h"

enum { VERSION = 1, NONCE = 12, TAG = 16, HEX = 2 * SP_SEAL_KEY_LEN };

static enum sp_status make_file(const char *path, struct sp_error *err)
{
    unsigned char key[SP_SEAL_KEY_LEN];
    struct sp_buf hex;
    sp_buf_init(&hex, HEX + 1);
    sp_secret_random(key, sizeof key);
    enum sp_status status = sp_hex_encode(sp_str_from(key, sizeof key), &hex);
    sp_secret_wipe(key, sizeof key);
    if (!status)
        status = sp_buf_append_byte(&hex, '\n');
    if (status) {
        sp_buf_wipe(&hex);
        return sp_error_set(err, status, NULL, "no memory for the key of %s", path);
    }
    /* Whole under another name first: whoever opens the file meanwhile finds all of it or none. */
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        status = sp_error_errno(err, SP_EIO, errno, "make the key file %s", temporary);
    else if (write(fd, hex.ptr, hex.len) != (ssize_t)hex.len || fsync(fd) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "write the key file %s", temporary);
    else if (link(temporary, path) != 0)
        status =
            sp_error_errno(err, errno == EEXIST ? SP_EEXISTS : SP_EIO, errno, "make the key file %s", path);
    if (fd >= 0) {
        close(fd);
        unlink(temporary);
    }
    sp_buf_wipe(&hex);
    return status;
}

static enum sp_status check_file(int fd, const char *path, const char *what, struct sp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sp_error_errno(err, SP_EIO, errno, "look at the %s %s", what, path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) || (st.st_uid != geteuid() && geteuid() != 0))
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "the %s %s must be a plain file of this user that nobody else may use: chmod 600 it", what, path);
    return SP_OK;
}

enum sp_status sp_seal_read_private(const char *path, const char *what, char *ret_text, size_t size,
                                    size_t *ret_len, struct sp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno, "open the %s %s", what,
                              path);
    char more;
    enum sp_status status = check_file(fd, path, what, err);
    ssize_t n = status ? 0 : read(fd, ret_text, size);
    if (n < 0)
        status = sp_error_errno(err, SP_EIO, errno, "read the %s %s", what, path);
    else if ((size_t)n == size && read(fd, &more, 1) > 0)
        status = sp_error_set(err, SP_ELIMIT, NULL, "the %s %s has more than %zu bytes", what, path, size);
    close(fd);
    if (status)
        return status;
    *ret_len = (size_t)n;
    return SP_OK;
}

static enum sp_status take_digits(struct sp_seal *seal, struct sp_str text, const char *path,
                                  struct sp_error *err)
{
    struct sp_buf key;
    enum sp_status status = SP_OK;
    sp_buf_init(&key, SP_SEAL_KEY_LEN);
    if (text.len < HEX || (text.len == HEX + 1 && text.ptr[HEX] != '\n') || text.len > HEX + 1 ||
        sp_hex_decode(sp_str_from(text.ptr, HEX), &key))
        status = sp_error_set(err, SP_ESYNTAX, NULL, "the key file %s does not hold %d hexadecimal digits",
                              path, HEX);
    else
        memcpy(seal->key, key.ptr, SP_SEAL_KEY_LEN);
    sp_buf_wipe(&key);
    return status;
}

enum sp_status sp_seal_load(struct sp_seal *ret_seal, const char *path, bool create, struct sp_error *err)
{
    char text[SP_SEAL_FILE_MAX];
    size_t len = 0;
    enum sp_status status = SP_OK;
    if (create && access(path, F_OK) != 0 && errno == ENOENT)
        status = make_file(path, err);
    if (status && status != SP_EEXISTS)
        return status;
    status = sp_seal_read_private(path, "key file", text, sizeof text, &len, err);
    if (status)
        return status == SP_ELIMIT
                   ? sp_error_set(err, SP_ESYNTAX, NULL,
                                  "the key file %s does not hold %d hexadecimal digits", path, HEX)
                   : status;
    struct sp_str content = sp_str_from(text, len);
    status = sp_seal_token_is(content) ? sp_seal_token_open(content, path, ret_seal->key, err)
                                       : take_digits(ret_seal, content, path, err);
    sp_secret_wipe(text, len);
    return status;
}

void sp_seal_finish(struct sp_seal *seal)
{
    if (seal)
        sp_secret_wipe(seal->key, sizeof seal->key);
}

enum sp_status sp_seal_close(const struct sp_seal *seal, struct sp_str belongs_to, struct sp_str secret,
                             struct sp_buf *buf)
{
    if (secret.len > INT32_MAX - SP_SEAL_OVERHEAD)
        return SP_ELIMIT;
    unsigned char *at = sp_buf_reserve(buf, secret.len + SP_SEAL_OVERHEAD);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    if (!at || !gcm) {
        EVP_CIPHER_CTX_free(gcm);
        return at ? SP_ENOMEM : SP_ELIMIT;
    }
    at[0] = VERSION;
    sp_secret_random(at + 1, NONCE);
    unsigned char *out = at + 1 + NONCE;
    int n;
    bool ok =
        EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, seal->key, at + 1) == 1 &&
        EVP_EncryptUpdate(gcm, NULL, &n, (const unsigned char *)belongs_to.ptr, (int)belongs_to.len) == 1 &&
        EVP_EncryptUpdate(gcm, out, &n, (const unsigned char *)secret.ptr, (int)secret.len) == 1 &&
        EVP_EncryptFinal_ex(gcm, out + secret.len, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_GET_TAG, TAG, out + secret.len) == 1;
    EVP_CIPHER_CTX_free(gcm);
    if (!ok)
        return SP_EINTERNAL;
    buf->len += secret.len + SP_SEAL_OVERHEAD;
    return SP_OK;
}

enum sp_status sp_seal_open(const struct sp_seal *seal, struct sp_str belongs_to, struct sp_str sealed,
                            struct sp_buf *buf)
{
    if (sealed.len < SP_SEAL_OVERHEAD || sealed.len > INT32_MAX || sealed.ptr[0] != VERSION)
        return SP_EDENIED;
    size_t len = sealed.len - SP_SEAL_OVERHEAD;
    unsigned char *out = sp_buf_reserve(buf, len);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    if (!out || !gcm) {
        EVP_CIPHER_CTX_free(gcm);
        return out ? SP_ENOMEM : SP_ELIMIT;
    }
    const unsigned char *in = (const unsigned char *)sealed.ptr;
    unsigned char tag[TAG];
    memcpy(tag, in + 1 + NONCE + len, TAG);
    int n;
    bool ok =
        EVP_DecryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, seal->key, in + 1) == 1 &&
        EVP_DecryptUpdate(gcm, NULL, &n, (const unsigned char *)belongs_to.ptr, (int)belongs_to.len) == 1 &&
        EVP_DecryptUpdate(gcm, out, &n, in + 1 + NONCE, (int)len) == 1 &&
        EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
        EVP_DecryptFinal_ex(gcm, out, &n) == 1;
    EVP_CIPHER_CTX_free(gcm);
    if (!ok) {
        sp_secret_wipe(out, len);
        return SP_EDENIED;
    }
    buf->len += len;
    return SP_OK;
}
