/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/seal_token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "crypto/pkcs11_wrap.h"
#include "text/base64.h"

#define TOKEN SP_STR("token ")
#define KEY SP_STR("key ")
#define BELONGS_TO SP_STR("sallyport saf key file 1")
#define PIN_FILE_MAX (SP_PKCS11_PIN_MAX + 2)

bool sp_seal_token_is(struct sp_str text)
{
    return sp_str_starts(text, TOKEN);
}

/* ---- what was opened ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    char text[SP_SEAL_FILE_MAX];
    size_t len;
    unsigned char key[SP_SEAL_KEY_LEN];
} opened;

static bool recall(struct sp_str text, unsigned char ret_key[SP_SEAL_KEY_LEN])
{
    pthread_mutex_lock(&mutex);
    bool known = opened.len && sp_str_eq(text, sp_str_from(opened.text, opened.len));
    if (known)
        memcpy(ret_key, opened.key, SP_SEAL_KEY_LEN);
    pthread_mutex_unlock(&mutex);
    return known;
}

static void remember(struct sp_str text, const unsigned char key[SP_SEAL_KEY_LEN])
{
    pthread_mutex_lock(&mutex);
    memcpy(opened.text, text.ptr, text.len);
    opened.len = text.len;
    memcpy(opened.key, key, SP_SEAL_KEY_LEN);
    pthread_mutex_unlock(&mutex);
}

/* ---- the token ---- */

static enum sp_status read_pin(const char *path, char pin[PIN_FILE_MAX], size_t *ret_len,
                               struct sp_error *err)
{
    char beside[PATH_MAX];
    if ((size_t)snprintf(beside, sizeof beside, "%s.pin", path) >= sizeof beside)
        return sp_error_set(err, SP_ELIMIT, NULL, "the name of the key file is too long");
    enum sp_status status = sp_seal_read_private(beside, "PIN file", pin, PIN_FILE_MAX, ret_len, err);
    if (status != SP_OK)
        return status;
    if (*ret_len && pin[*ret_len - 1] == '\n')
        --*ret_len;
    return *ret_len ? SP_OK : sp_error_set(err, SP_EINVAL, NULL, "the PIN file %s is empty", beside);
}

static enum sp_status find_token(struct sp_str location, const char *path, struct sp_pkcs11_token **ret_token,
                                 struct sp_error *err)
{
    struct sp_pkcs11_place place;
    char pin[PIN_FILE_MAX];
    size_t len = 0;
    enum sp_status status = sp_pkcs11_place_parse_uri(location, &place, err);
    if (status == SP_OK && !place.object[0] && !place.id_len)
        status = sp_error_set(err, SP_EINVAL, NULL,
                              "the URI names no key: add object=LABEL or id=... of an AES key in the token");
    if (status == SP_OK)
        status = read_pin(path, pin, &len, err);
    if (status == SP_OK)
        status = sp_pkcs11_token_new(&place, sp_str_from(pin, len), ret_token, err);
    sp_secret_wipe(pin, sizeof pin);
    return status;
}

static enum sp_status unwrap(struct sp_pkcs11_token *token, struct sp_str wrapped,
                             unsigned char ret_key[SP_SEAL_KEY_LEN], struct sp_error *err)
{
    struct sp_buf key;
    sp_buf_init(&key, SP_PKCS11_WRAP_MAX);
    enum sp_status status = sp_pkcs11_unwrap(token, BELONGS_TO, wrapped, &key, err);
    if (status == SP_OK && key.len != SP_SEAL_KEY_LEN)
        status = sp_error_set(err, SP_EDENIED, NULL, "it is no key of a security database");
    if (status == SP_OK)
        memcpy(ret_key, key.ptr, SP_SEAL_KEY_LEN);
    sp_buf_wipe(&key);
    return status;
}

static enum sp_status split(struct sp_str text, struct sp_str *ret_location, struct sp_buf *wrapped,
                            struct sp_error *err)
{
    struct sp_str line, rest = sp_str_slice(text, TOKEN.len, text.len);
    if (!sp_str_split(&rest, '\n', ret_location) || !sp_str_split(&rest, '\n', &line) || rest.len ||
        !sp_str_starts(line, KEY) ||
        sp_base64_decode(SP_BASE64, sp_str_slice(line, KEY.len, line.len), wrapped) != SP_OK)
        return sp_error_set(err, SP_ESYNTAX, NULL, "it does not hold the lines 'token URI' and 'key BASE64'");
    return SP_OK;
}

enum sp_status sp_seal_token_open(struct sp_str text, const char *path,
                                  unsigned char ret_key[SP_SEAL_KEY_LEN], struct sp_error *err)
{
    struct sp_pkcs11_token *token = NULL;
    struct sp_str location;
    struct sp_buf wrapped;
    if (text.len > SP_SEAL_FILE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the key file %s is too long", path);
    if (recall(text, ret_key))
        return SP_OK;
    sp_buf_init(&wrapped, SP_PKCS11_WRAP_MAX + SP_PKCS11_WRAP_OVERHEAD);
    enum sp_status status = split(text, &location, &wrapped, err);
    if (status == SP_OK)
        status = find_token(location, path, &token, err);
    if (status == SP_OK)
        status = unwrap(token, sp_buf_str(&wrapped), ret_key, err);
    if (status == SP_OK)
        remember(text, ret_key);
    else
        sp_error_prefix(err, "the key file %s", path);
    sp_pkcs11_token_release(token);
    sp_buf_finish(&wrapped);
    return status;
}

/* ---- moving ---- */

static enum sp_status replace(const char *path, struct sp_str text, struct sp_error *err)
{
    char temporary[PATH_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid()) >= sizeof temporary)
        return sp_error_set(err, SP_ELIMIT, NULL, "the name of the key file is too long");
    struct stat st;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool written = fd >= 0 && stat(path, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0 &&
                   write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0 &&
                   rename(temporary, path) == 0;
    int problem = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !written)
        unlink(temporary);
    return written ? SP_OK : sp_error_errno(err, SP_EIO, problem, "write the key file %s", path);
}

static enum sp_status wrap(struct sp_pkcs11_token *token, const struct sp_seal *seal, struct sp_buf *wrapped,
                           struct sp_error *err)
{
    unsigned char again[SP_SEAL_KEY_LEN];
    struct sp_str key = sp_str_from(seal->key, sizeof seal->key);
    enum sp_status status = sp_pkcs11_wrap(token, BELONGS_TO, key, wrapped, err);
    if (status == SP_OK)
        status = unwrap(token, sp_buf_str(wrapped), again, err);
    if (status == SP_OK && !sp_secret_eq(key, sp_str_from(again, sizeof again)))
        status = sp_error_set(err, SP_EPROTO, NULL, "the token does not give back what it took");
    sp_secret_wipe(again, sizeof again);
    return status;
}

enum sp_status sp_seal_token_move(const struct sp_seal *seal, const char *path, struct sp_str location,
                                  struct sp_error *err)
{
    struct sp_pkcs11_token *token = NULL;
    struct sp_buf wrapped, text;
    sp_buf_init(&wrapped, SP_PKCS11_WRAP_MAX + SP_PKCS11_WRAP_OVERHEAD);
    sp_buf_init(&text, SP_SEAL_FILE_MAX);
    enum sp_status status = find_token(location, path, &token, err);
    if (status == SP_OK)
        status = wrap(token, seal, &wrapped, err);
    if (status == SP_OK) {
        sp_buf_printf(&text, "token %.*s\nkey ", SP_STR_ARG(location));
        status = sp_base64_encode(SP_BASE64, sp_buf_str(&wrapped), &text);
        sp_buf_append_byte(&text, '\n');
        status = status != SP_OK || text.failed ? sp_error_set(err, SP_ELIMIT, NULL, "the URI is too long")
                                                : replace(path, sp_buf_str(&text), err);
    }
    sp_pkcs11_token_release(token);
    sp_buf_finish(&wrapped);
    sp_buf_finish(&text);
    return status;
}
