/* SPDX-License-Identifier: Apache-2.0
 * client_auth.h: how we prove to an OAuth server which client we are (RFC 6749 section 2.3, RFC 7523, RFC
 * 8705).
 */
#ifndef SP_AUTHN_CLIENT_AUTH_H
#define SP_AUTHN_CLIENT_AUTH_H

#include "base/arena.h"
#include "config/config.h"
#include "crypto/jwk.h"
#include "io/http_client.h"

enum sp_client_auth_method {
    SP_CLIENT_AUTH_POST,
    SP_CLIENT_AUTH_BASIC,
    SP_CLIENT_AUTH_PRIVATE_KEY_JWT,
    SP_CLIENT_AUTH_TLS /* the certificate of the connection */
};

struct sp_client_auth {
    enum sp_client_auth_method method;
    struct sp_str id, secret; /* of the configuration; a secret */
    enum sp_jwa alg;          /* of private_key_jwt */
    struct sp_jwk_set *key;   /* NULL */
};

/* After an openidConnectClient; reads the key store for private_key_jwt (blocks): keyAliasName in the key
 * store of its ssl element. SP_EINVAL: keys or names are missing. */
enum sp_status sp_client_auth_init(struct sp_client_auth *auth, const struct sp_cfg_oidc *client,
                                   const struct sp_cfg_ssl *ssl, struct sp_error *err) SP_MUST_CHECK;
/* Accepts one that is all zeros. */
void sp_client_auth_finish(struct sp_client_auth *auth);

/* Add the proof to a form and, for basic, to the request; `audience` is who shall believe an assertion: the
 * issuer, or the URL that is called. What is added to the request lives in the arena. SP_ELIMIT when the form
 * is full, SP_ENOMEM. */
enum sp_status sp_client_auth_add(const struct sp_client_auth *auth, struct sp_str audience, int64_t now_us,
                                  struct sp_arena *arena, struct sp_buf *form,
                                  struct sp_fetch_request *request, struct sp_error *err) SP_MUST_CHECK;

#endif
