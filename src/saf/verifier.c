/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/verifier.h"

#include <openssl/evp.h>

#include "base/secret.h"
#include "text/base64.h"

enum { LOG_N = 15, R = 8, P = 1, SALT = 16, HASH = 32, LOG_N_MAX = 20, R_MAX = 32, P_MAX = 16 };
#define MEMORY_MAX ((uint64_t)256 << 20)

struct parameters {
    uint64_t log_n, r, p;
};

static bool derive(struct sp_str secret, const unsigned char *salt, size_t salt_len,
                   const struct parameters *with, unsigned char ret_hash[HASH])
{
    return EVP_PBE_scrypt(secret.ptr ? secret.ptr : "", secret.len, salt, salt_len,
                          (uint64_t)1 << with->log_n, with->r, with->p, MEMORY_MAX + (1 << 20), ret_hash,
                          HASH) == 1;
}

enum sp_status sp_verifier_make(struct sp_str secret, struct sp_buf *buf, struct sp_error *err)
{
    static const struct parameters today = {LOG_N, R, P};
    unsigned char salt[SALT], hash[HASH];
    sp_secret_random(salt, sizeof salt);
    if (!derive(secret, salt, sizeof salt, &today, hash))
        return sp_error_set(err, SP_ENOMEM, NULL,
                            "the password could not be hashed: scrypt wants 32 MiB of memory");
    sp_buf_printf(buf, "scrypt$%d$%d$%d$", LOG_N, R, P);
    enum sp_status status = sp_base64_encode(SP_BASE64_URL, sp_str_from(salt, sizeof salt), buf);
    if (!status)
        status = sp_buf_append_byte(buf, '$');
    if (!status)
        status = sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, sizeof hash), buf);
    sp_secret_wipe(hash, sizeof hash);
    return status || buf->failed ? sp_error_set(err, SP_ELIMIT, NULL, "no room for the password's verifier")
                                 : SP_OK;
}

static bool number_part(struct sp_str *rest, uint64_t most, uint64_t *ret_value)
{
    struct sp_str part;
    return sp_str_split(rest, '$', &part) && sp_str_to_u64(part, ret_value) == SP_OK && *ret_value >= 1 &&
           *ret_value <= most;
}

static bool bytes_part(struct sp_str *rest, struct sp_buf *buf)
{
    struct sp_str part;
    return sp_str_split(rest, '$', &part) && sp_base64_decode(SP_BASE64_URL, part, buf) == SP_OK;
}

static bool parse(struct sp_str text, struct parameters *ret, struct sp_buf *salt, struct sp_buf *hash)
{
    struct sp_str kind;
    return sp_str_split(&text, '$', &kind) && sp_str_is(kind, "scrypt") &&
           number_part(&text, LOG_N_MAX, &ret->log_n) && number_part(&text, R_MAX, &ret->r) &&
           number_part(&text, P_MAX, &ret->p) && bytes_part(&text, salt) && bytes_part(&text, hash) &&
           !text.ptr && salt->len >= 8 && hash->len == HASH &&
           ((uint64_t)128 << ret->log_n) * ret->r <= MEMORY_MAX;
}

enum sp_status sp_verifier_check(struct sp_str verifier, struct sp_str secret, bool *ret_outdated)
{
    struct sp_buf salt, hash;
    struct parameters with;
    unsigned char derived[HASH];
    if (sp_str_starts(verifier, SP_STR(SP_VERIFIER_UNLOADED))) {
        sp_verifier_pretend(secret);
        return SP_EDENIED;
    }
    sp_buf_init(&salt, 64);
    sp_buf_init(&hash, 64);
    enum sp_status status = SP_ESYNTAX;
    if (parse(verifier, &with, &salt, &hash) && derive(secret, salt.ptr, salt.len, &with, derived)) {
        status = sp_secret_eq(sp_str_from(derived, HASH), sp_buf_str(&hash)) ? SP_OK : SP_EDENIED;
        if (ret_outdated)
            *ret_outdated = with.log_n < LOG_N || with.r < R || with.p < P;
        sp_secret_wipe(derived, sizeof derived);
    }
    sp_buf_finish(&salt);
    sp_buf_wipe(&hash);
    return status;
}

void sp_verifier_pretend(struct sp_str secret)
{
    static const struct parameters today = {LOG_N, R, P};
    static const unsigned char salt[SALT] = {0};
    unsigned char hash[HASH];
    if (derive(secret, salt, sizeof salt, &today, hash))
        sp_secret_wipe(hash, sizeof hash);
}
