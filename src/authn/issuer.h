/* SPDX-License-Identifier: Apache-2.0
 * issuer.h: the OAuth or OpenID Connect server of an openidConnectClient: where its endpoints are, its keys,
 * and the connections to it.
 *
 * Endpoints are those of the configuration, or found by discovery (OpenID Connect Discovery 1.0 section 4),
 * which is asked again from time to time. What the configuration says wins over what is discovered,
 * issuerIdentifier most of all.
 */
#ifndef SP_AUTHN_ISSUER_H
#define SP_AUTHN_ISSUER_H

#include "authn/client_auth.h"

struct sp_issuer;
struct sp_loop;

/* What is known of it now. Texts that are not known are empty. */
struct sp_issuer_endpoints {
    struct sp_str_list issuers; /* that tokens may name; of discovery only when none is configured. May be
                                   empty: see sp_claims_rules_make */
    struct sp_str issuer;       /* of discovery */
    struct sp_str token_url, authorization_url, jwks_url, validation_url, user_info_url, end_session_url;
    bool names_itself;   /* its answers to logins have an iss (RFC 9207 section 3) */
    unsigned references; /* private, as what follows */
    struct sp_arena arena;
};

/* Reads key stores (blocks). `loop` NULL: nothing can be fetched (a check of the configuration).
 * SP_EINVAL when the element cannot be used: keys that are not there, URLs that are not https while
 * httpsRequired is set. */
enum sp_status sp_issuer_new(struct sp_loop *loop, const struct sp_config *config,
                             const struct sp_cfg_oidc *client, struct sp_issuer **ret_issuer,
                             struct sp_error *err) SP_MUST_CHECK;
/* Whether what must be fetched of it has been fetched once. */
bool sp_issuer_is_ready(const struct sp_issuer *issuer);
/* Whether there is anything by which a JWT could be verified: keys, or where to find them. */
bool sp_issuer_has_keys(const struct sp_issuer *issuer);
/* In the loop's thread; begins to fetch keys and what is discovered. */
void sp_issuer_start(struct sp_issuer *issuer);
/* In the loop's thread. Accepts NULL. */
void sp_issuer_free(struct sp_issuer *issuer);

/* In a fiber: the endpoints, held for the caller. Waits for the first discovery. SP_EUNAVAIL when nothing was
 * discovered yet, SP_ECANCELED. */
enum sp_status io_issuer_endpoints(struct sp_issuer *issuer, int64_t deadline_us,
                                   const struct sp_issuer_endpoints **ret_endpoints,
                                   struct sp_error *err) SP_MUST_CHECK;
/* What the configuration says, with one holder. NULL: no memory. */
struct sp_issuer_endpoints *sp_issuer_endpoints_new(const struct sp_cfg_oidc *client);
/* Add what a discovery document (OpenID Connect Discovery 1.0 section 4.2, RFC 8414) says. SP_ESYNTAX,
 * SP_ELIMIT: it is no JSON within limits; SP_EPROTO: no object, of another issuer than its URL, or with URLs
 * that must not be called; SP_ENOMEM. */
enum sp_status sp_issuer_read_discovery(const struct sp_cfg_oidc *client, struct sp_str text,
                                        struct sp_issuer_endpoints *endpoints,
                                        struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_issuer_endpoints_release(const struct sp_issuer_endpoints *endpoints);

/* In a fiber: the key that signed a token. As io_jwk_source_find; a shared key, a certificate of the trust
 * store or jsonWebKey need not be fetched. */
enum sp_status io_issuer_find_key(struct sp_issuer *issuer, enum sp_jwa alg, const struct sp_jwk_name *name,
                                  int64_t deadline_us, struct sp_jwk_set **ret_set,
                                  const struct sp_jwk **ret_key, struct sp_error *err) SP_MUST_CHECK;

/* A token that was encrypted to us: what is in it, in the arena; must be a signed JWT then. SP_EDENIED,
 * SP_ESYNTAX, SP_EUNSUPPORTED, SP_ELIMIT: it is not good. SP_ENOTFOUND: no keyManagementKeyAlias is set. */
enum sp_status sp_issuer_decrypt(const struct sp_issuer *issuer, struct sp_str token, struct sp_arena *arena,
                                 struct sp_str *ret_jws, struct sp_error *err) SP_MUST_CHECK;
bool sp_issuer_decrypts(const struct sp_issuer *issuer);

/* In a fiber: post a form to an endpoint, with our proof who we are; `form` is taken and wiped. `audience` as
 * for sp_client_auth_add. SP_EUNAVAIL when no answer came that can be read, for whatever reason: that never
 * means that somebody is refused. */
enum sp_status io_issuer_post(struct sp_issuer *issuer, struct sp_str url, struct sp_str audience,
                              struct sp_buf *form, int64_t deadline_us, struct sp_arena *arena,
                              struct sp_fetch_response *ret_response, struct sp_error *err) SP_MUST_CHECK;
/* In a fiber: get with a bearer token. The same errors. */
enum sp_status io_issuer_get(struct sp_issuer *issuer, struct sp_str url, struct sp_str token,
                             int64_t deadline_us, struct sp_arena *arena,
                             struct sp_fetch_response *ret_response, struct sp_error *err) SP_MUST_CHECK;

/* Whether the URL may be called: http or https, and https when the element needs it. */
bool sp_issuer_takes_url(const struct sp_cfg_oidc *client, struct sp_str url);

#endif
