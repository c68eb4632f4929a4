/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/oidc_login.h"

#include <openssl/sha.h>

#include "base/secret.h"
#include "text/base64.h"
#include "text/json.h"
#include "text/json_write.h"

#define RANDOM_BYTES 32u
#define RANDOM_TEXT 43u
#define CLEAR_MAX (SP_OIDC_TARGET_MAX + 1024u)

static struct sp_str in_base64url(const void *bytes, size_t len, struct sp_arena *arena)
{
    char memory[64];
    struct sp_buf buf = sp_buf_over(memory, sizeof memory);
    if (sp_base64_encode(SP_BASE64_URL, sp_str_from(bytes, len), &buf) != SP_OK)
        return (struct sp_str){NULL, 0};
    struct sp_str text = sp_arena_str(arena, sp_buf_str(&buf));
    sp_secret_wipe(memory, sizeof memory);
    return text;
}

static struct sp_str random_text(struct sp_arena *arena)
{
    unsigned char bytes[RANDOM_BYTES];
    sp_secret_random(bytes, sizeof bytes);
    struct sp_str text = in_base64url(bytes, sizeof bytes, arena);
    sp_secret_wipe(bytes, sizeof bytes);
    return text;
}

/* "//host" and "/\host" leave this server in the eyes of browsers. */
bool sp_oidc_target_ok(struct sp_str target)
{
    if (target.len == 0 || target.len > SP_OIDC_TARGET_MAX || target.ptr[0] != '/' ||
        (target.len > 1 && target.ptr[1] == '/'))
        return false;
    for (size_t i = 0; i < target.len; i++)
        if (target.ptr[i] <= 0x20 || target.ptr[i] >= 0x7f || target.ptr[i] == '\\')
            return false;
    return true;
}

enum sp_status sp_oidc_login_make(struct sp_str client, struct sp_str target, int64_t expires_us,
                                  struct sp_arena *arena, struct sp_oidc_login *ret_login)
{
    struct sp_oidc_login login = {
        .client = client,
        .state = random_text(arena),
        .nonce = random_text(arena),
        .verifier = random_text(arena),
        .target = sp_oidc_target_ok(target) ? target : SP_STR("/"),
        .expires_us = expires_us,
    };
    if (!login.state.ptr || !login.nonce.ptr || !login.verifier.ptr)
        return SP_ENOMEM;
    *ret_login = login;
    return SP_OK;
}

enum sp_status sp_oidc_login_seal(const struct sp_oidc_login *login, const struct sp_cookie_seal *seal,
                                  struct sp_buf *buf, struct sp_error *err)
{
    struct sp_buf clear;
    sp_buf_init(&clear, CLEAR_MAX);
    struct sp_json_writer json;
    sp_json_writer_init(&json, &clear, 0);
    sp_json_object_begin(&json);
    sp_json_put_string(&json, "client", login->client);
    sp_json_put_string(&json, "state", login->state);
    sp_json_put_string(&json, "nonce", login->nonce);
    sp_json_put_string(&json, "verifier", login->verifier);
    sp_json_put_string(&json, "target", login->target);
    sp_json_put_i64(&json, "expires", login->expires_us);
    sp_json_object_end(&json);
    enum sp_status status = clear.failed
                                ? sp_error_set(err, SP_ELIMIT, NULL, "the login does not fit a cookie")
                                : sp_cookie_seal_text(seal, sp_buf_str(&clear), buf, err);
    sp_buf_wipe(&clear);
    return status;
}

/* What opens was written by us: a mistake in it would be a defect, not an attack. */
static bool read_clear(struct sp_str clear, struct sp_arena *arena, struct sp_oidc_login *ret_login)
{
    struct sp_json_value *object;
    struct sp_str text = sp_arena_str(arena, clear);
    if (!text.ptr || sp_json_parse(text, arena, NULL, &object, NULL) != SP_OK)
        return false;
    struct sp_oidc_login login = {
        .client = sp_json_member_text(object, SP_STR("client")),
        .state = sp_json_member_text(object, SP_STR("state")),
        .nonce = sp_json_member_text(object, SP_STR("nonce")),
        .verifier = sp_json_member_text(object, SP_STR("verifier")),
        .target = sp_json_member_text(object, SP_STR("target")),
    };
    if (!login.client.ptr || login.state.len != RANDOM_TEXT || login.nonce.len != RANDOM_TEXT ||
        login.verifier.len != RANDOM_TEXT || !sp_oidc_target_ok(login.target) ||
        !sp_json_member_i64(object, SP_STR("expires"), &login.expires_us))
        return false;
    *ret_login = login;
    return true;
}

enum sp_status sp_oidc_login_open(struct sp_str sealed, const struct sp_cookie_seal *seal, int64_t now_us,
                                  struct sp_arena *arena, struct sp_oidc_login *ret_login,
                                  struct sp_error *err)
{
    struct sp_oidc_login login;
    struct sp_buf clear;
    sp_buf_init(&clear, CLEAR_MAX);
    enum sp_status status = sp_cookie_unseal_text(seal, sealed, &clear, err);
    if (status == SP_OK && !read_clear(sp_buf_str(&clear), arena, &login))
        status = sp_error_set(err, SP_EDENIED, NULL, "the cookie of the login is not of this server");
    if (status == SP_OK && now_us >= login.expires_us)
        status = sp_error_set(err, SP_ETIMEDOUT, NULL,
                              "the login took longer than authenticationTimeLimit of openidConnectClient "
                              "'%.*s' allows",
                              SP_STR_ARG(login.client));
    sp_buf_wipe(&clear);
    if (status == SP_OK)
        *ret_login = login;
    return status;
}

struct sp_str sp_oidc_code_challenge(struct sp_str verifier, struct sp_arena *arena)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)verifier.ptr, verifier.len, digest);
    return in_base64url(digest, sizeof digest, arena);
}
