/* SPDX-License-Identifier: Apache-2.0
 * oidc_request.h: the URLs and forms of a login in a browser (OpenID Connect Core 1.0 section 3.1.2, RFC
 * 7636, RFC 8707).
 */
#ifndef SP_AUTHN_OIDC_REQUEST_H
#define SP_AUTHN_OIDC_REQUEST_H

#include "authn/oidc_login.h"
#include "config/config.h"

/* Where the browser is sent: the authorization endpoint with its parameters. `query` is that of the browser's
 * request, from which forwardLoginParameter takes some; one that would replace a parameter of the protocol is
 * passed over. In the arena. SP_EINVAL when the endpoint is no usable URL, SP_ENOMEM. */
enum sp_status sp_oidc_authorization_url(const struct sp_cfg_oidc *config, struct sp_str endpoint,
                                         const struct sp_oidc_login *login, struct sp_str redirect_uri,
                                         struct sp_str query, struct sp_arena *arena, struct sp_str *ret_url,
                                         struct sp_error *err) SP_MUST_CHECK;

/* The form that gets tokens for a code; how the client proves itself is added by who sends it. In the arena;
 * a secret. ptr NULL: no memory. */
struct sp_str sp_oidc_code_form(const struct sp_cfg_oidc *config, const struct sp_oidc_login *login,
                                struct sp_str code, struct sp_str redirect_uri, struct sp_arena *arena);

/* Where the browser is sent at a logout, when the provider offers that (OpenID Connect RP-Initiated Logout
 * 1.0): client_id and post_logout_redirect_uri are added. In the arena; ptr NULL: no memory. */
struct sp_str sp_oidc_logout_url(const struct sp_cfg_oidc *config, struct sp_str endpoint,
                                 struct sp_str return_uri, struct sp_arena *arena);

#endif
