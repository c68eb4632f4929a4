/* SPDX-License-Identifier: Apache-2.0
 * oidc_client.h: the relying party's insides, for oidc*.c.
 */
#ifndef SP_AUTHN_OIDC_CLIENT_H
#define SP_AUTHN_OIDC_CLIENT_H

#include "authn/issuer.h"
#include "authn/kind.h"
#include "authn/oidc_login.h"
#include "authn/session_store.h"
#include "crypto/jws.h"

/* For all that a login asks of the provider in one request. */
#define SP_OIDC_PATIENCE_US 15000000

struct sp_oidc_client {
    struct sp_authn_provider provider;
    const struct sp_authn_parts *parts;
    const struct sp_cfg_oidc *config;
    struct sp_cfg_oidc
        id_token; /* the same, with the client as the only audience: what an ID token must be */
    enum sp_jwa alg;
    struct sp_issuer *issuer; /* borrowed: the same that checks the tokens of requests */
    struct sp_cookie_seal login_seal, session_seal;
    struct sp_str redirect_path, logout_path;
    struct sp_str provider_path;  /* where the provider tells of logouts */
    struct sp_str outer_path;     /* the first as browsers see it, in front of a proxy */
    struct sp_str session_cookie; /* its name */
    struct sp_str paths[3];       /* the same two and that of the provider, as the core wants them */
    struct sp_arena arena;        /* of the texts */
};

/* Name of the cookie of a login, by its state; ptr NULL: no memory, or no state of ours. */
struct sp_str sp_oidc_login_cookie(struct sp_str state, struct sp_arena *arena);

/* Where the provider sends the browser back to. ptr NULL: no memory. */
struct sp_str sp_oidc_redirect_uri(const struct sp_oidc_client *client, struct sp_authn_attempt *attempt);

/* What the token endpoint gave for a code. */
struct sp_oidc_tokens {
    struct sp_str id_token, access_token;
    int64_t expires_in_s; /* 0: not said */
};

/* Who logged in, and what the provider calls him and his session there (provider_session may be empty). */
struct sp_oidc_identity {
    struct sp_assertion assertion;
    struct sp_str subject, provider_session;
};

/* oidc_identity.c: in a fiber. SP_EDENIED: a token is not good; SP_EUNAVAIL: keys or userinfo cannot be got;
 * SP_ENOMEM, SP_ECANCELED. */
enum sp_status io_oidc_identify(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                const struct sp_issuer_endpoints *endpoints,
                                const struct sp_oidc_login *login, const struct sp_oidc_tokens *tokens,
                                int64_t deadline_us, struct sp_oidc_identity *ret_identity,
                                struct sp_error *err) SP_MUST_CHECK;

/* oidc_identity.c: a token of the provider, decrypted when it must be, with its signature checked.
 * SP_EDENIED, SP_ESYNTAX and others: it is not good; SP_EUNAVAIL: the keys are not there. In a fiber. */
enum sp_status io_oidc_verify(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                              struct sp_str token, int64_t deadline_us, struct sp_jws *ret_jws,
                              struct sp_error *err) SP_MUST_CHECK;

/* oidc_backchannel.c: the provider says that somebody has logged out (OpenID Connect Back-Channel
 * Logout 1.0). In a fiber. */
enum sp_status io_oidc_backchannel(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                   struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;

/* oidc_return.c: the browser comes back with a code. In a fiber. */
enum sp_status io_oidc_return(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                              struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;

#endif
