/* SPDX-License-Identifier: Apache-2.0
 * oidc_login.h: a browser's login with an OpenID provider that is under way (OpenID Connect Core 1.0 section
 * 3.1, RFC 7636).
 *
 * What must be remembered between sending the browser to the provider and its return travels in a cookie of
 * the browser, sealed (crypto/cookie_seal.h): no worker keeps anything, and a return that another browser, or
 * another client of this server, began is refused.
 */
#ifndef SP_AUTHN_OIDC_LOGIN_H
#define SP_AUTHN_OIDC_LOGIN_H

#include "base/arena.h"
#include "crypto/cookie_seal.h"

/* Where the browser wanted to go; longer ones are sent to "/" afterwards. Browsers drop cookies over 4096. */
#define SP_OIDC_TARGET_MAX 2048u

struct sp_oidc_login {
    struct sp_str client;                 /* id of the openidConnectClient */
    struct sp_str state, nonce, verifier; /* 256 random bits each, as base64url: 43 characters */
    struct sp_str target;                 /* path and query on this server */
    int64_t expires_us;                   /* realtime */
};

/* Whether the target stays on this server: one '/' first, no '\' and no byte that is not printable ASCII. */
bool sp_oidc_target_ok(struct sp_str target);

/* A new login, with random parts in the arena; a target that is too long or not ok becomes "/". SP_ENOMEM. */
enum sp_status sp_oidc_login_make(struct sp_str client, struct sp_str target, int64_t expires_us,
                                  struct sp_arena *arena, struct sp_oidc_login *ret_login) SP_MUST_CHECK;

/* Append the sealed form. */
enum sp_status sp_oidc_login_seal(const struct sp_oidc_login *login, const struct sp_cookie_seal *seal,
                                  struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
/* Read it back, into the arena. SP_EDENIED when it was not sealed here; SP_ETIMEDOUT when it has expired. */
enum sp_status sp_oidc_login_open(struct sp_str sealed, const struct sp_cookie_seal *seal, int64_t now_us,
                                  struct sp_arena *arena, struct sp_oidc_login *ret_login,
                                  struct sp_error *err) SP_MUST_CHECK;

/* The S256 code challenge of a verifier, in the arena; ptr NULL: no memory. */
struct sp_str sp_oidc_code_challenge(struct sp_str verifier, struct sp_arena *arena);

#endif
