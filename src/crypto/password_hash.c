/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password_hash.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/secret.h"

#define VERSION 1
#define DIGEST_MAX 64
#define ROUNDS_MAX 10000000
#define NEW_ROUNDS 210000
#define NEW_SALT_LEN 64
#define NEW_DIGEST_LEN 32
#define NEW_ALGORITHM "PBKDF2WithHmacSHA512"

enum { TAG_ALGORITHM = 0x10, TAG_ROUNDS = 0x20, TAG_SALT = 0x30, TAG_DIGEST = 0x40, TAG_BITS = 0x50 };

struct hash {
    struct sp_str algorithm, salt, digest;
    uint32_t rounds, bits;
};

static enum sp_status broken(struct sp_error *err, const char *what)
{
    return sp_error_set(err, SP_EINVAL, NULL, "the {hash} password is damaged (%s); make it again", what);
}

/* One tag and its value off the front of `*rest`. */
static enum sp_status read_item(struct sp_str *rest, struct hash *hash, struct sp_error *err)
{
    unsigned tag = (unsigned char)rest->ptr[0];
    if (rest->len < 5)
        return broken(err, "it ends early");
    uint32_t number = sp_get_u32((const unsigned char *)rest->ptr + 1);
    *rest = sp_str_slice(*rest, 5, rest->len);
    if (tag == TAG_ROUNDS || tag == TAG_BITS) {
        *(tag == TAG_ROUNDS ? &hash->rounds : &hash->bits) = number;
        return SP_OK;
    }
    if (tag != TAG_ALGORITHM && tag != TAG_SALT && tag != TAG_DIGEST)
        return broken(err, "it holds something unknown");
    if (number > rest->len)
        return broken(err, "it ends early");
    struct sp_str value = sp_str_slice(*rest, 0, number);
    *(tag == TAG_ALGORITHM ? &hash->algorithm : tag == TAG_SALT ? &hash->salt : &hash->digest) = value;
    *rest = sp_str_slice(*rest, number, rest->len);
    return SP_OK;
}

static enum sp_status read_hash(struct sp_str bytes, struct hash *ret_hash, struct sp_error *err)
{
    struct hash hash = {.algorithm = SP_STR("PBKDF2WithHmacSHA1"), .rounds = 6384, .bits = 256};
    if (bytes.len == 0 || bytes.ptr[0] != VERSION)
        return broken(err, "it is of an unknown version");
    struct sp_str rest = sp_str_slice(bytes, 1, bytes.len);
    while (rest.len) {
        enum sp_status status = read_item(&rest, &hash, err);
        if (status != SP_OK)
            return status;
    }
    if (!hash.salt.ptr || !hash.digest.ptr || hash.digest.len == 0)
        return broken(err, "salt or digest is missing");
    if (hash.rounds == 0 || hash.rounds > ROUNDS_MAX || hash.bits % 8 || hash.bits / 8 > DIGEST_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL,
                            "a {hash} password asks for %u rounds and %u bits; at most %d and %d",
                            hash.rounds, hash.bits, ROUNDS_MAX, DIGEST_MAX * 8);
    if (hash.digest.len != hash.bits / 8)
        return broken(err, "the digest has another length than it says");
    *ret_hash = hash;
    return SP_OK;
}

static const char *digest_of(struct sp_str algorithm)
{
    static const struct {
        const char *name, *digest;
    } known[] = {
        {"PBKDF2WithHmacSHA1", "SHA1"},     {"PBKDF2WithHmacSHA224", "SHA224"},
        {"PBKDF2WithHmacSHA256", "SHA256"}, {"PBKDF2WithHmacSHA384", "SHA384"},
        {"PBKDF2WithHmacSHA512", "SHA512"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (sp_str_caseless_eq(algorithm, sp_str_of(known[i].name)))
            return known[i].digest;
    }
    return NULL;
}

static enum sp_status compute(const struct hash *hash, struct sp_str password, unsigned char *ret_digest,
                              struct sp_error *err)
{
    const char *name = digest_of(hash->algorithm);
    if (!name)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "a {hash} password is made with %.*s, which is not known",
                            SP_STR_ARG(sp_str_slice(hash->algorithm, 0, 40)));
    EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);
    bool good = digest && password.len <= INT_MAX &&
                PKCS5_PBKDF2_HMAC(password.ptr ? password.ptr : "", (int)password.len,
                                  (const unsigned char *)hash->salt.ptr, (int)hash->salt.len,
                                  (int)hash->rounds, digest, (int)(hash->bits / 8), ret_digest) == 1;
    EVP_MD_free(digest);
    return good ? SP_OK : sp_error_set(err, SP_EINTERNAL, NULL, "the hash of a password cannot be computed");
}

enum sp_status sp_password_hash_check(struct sp_str hash, struct sp_error *err)
{
    struct hash parts;
    enum sp_status status = read_hash(hash, &parts, err);
    if (status == SP_OK && !digest_of(parts.algorithm))
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "a {hash} password is made with %.*s, which is not known",
                            SP_STR_ARG(sp_str_slice(parts.algorithm, 0, 40)));
    return status;
}

enum sp_status sp_password_hash_verify(struct sp_str hash, struct sp_str password, struct sp_error *err)
{
    struct hash parts;
    unsigned char digest[DIGEST_MAX];
    enum sp_status status = read_hash(hash, &parts, err);
    if (status == SP_OK)
        status = compute(&parts, password, digest, err);
    if (status == SP_OK && !sp_secret_eq(sp_str_from(digest, parts.digest.len), parts.digest))
        status = sp_error_set(err, SP_EDENIED, NULL, "the password is wrong");
    sp_secret_wipe(digest, sizeof digest);
    return status;
}

static void append_item(struct sp_buf *buf, unsigned tag, struct sp_str value)
{
    sp_buf_append_byte(buf, (unsigned char)tag);
    sp_buf_append_u32(buf, (uint32_t)value.len);
    sp_buf_append_str(buf, value);
}

enum sp_status sp_password_hash_make(struct sp_str password, struct sp_buf *buf)
{
    unsigned char salt[NEW_SALT_LEN], digest[DIGEST_MAX];
    struct hash hash = {.algorithm = SP_STR(NEW_ALGORITHM),
                        .salt = sp_str_from(salt, sizeof salt),
                        .rounds = NEW_ROUNDS,
                        .bits = NEW_DIGEST_LEN * 8};
    sp_secret_random(salt, sizeof salt);
    if (compute(&hash, password, digest, NULL) != SP_OK)
        return SP_ENOMEM;
    sp_buf_append_byte(buf, VERSION);
    append_item(buf, TAG_ALGORITHM, hash.algorithm);
    sp_buf_append_byte(buf, TAG_ROUNDS);
    sp_buf_append_u32(buf, hash.rounds);
    append_item(buf, TAG_SALT, hash.salt);
    sp_buf_append_byte(buf, TAG_BITS);
    sp_buf_append_u32(buf, hash.bits);
    append_item(buf, TAG_DIGEST, sp_str_from(digest, NEW_DIGEST_LEN));
    sp_secret_wipe(digest, sizeof digest);
    return buf->failed ? SP_ENOMEM : SP_OK;
}
