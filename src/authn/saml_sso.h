/* SPDX-License-Identifier: Apache-2.0
 * saml_sso.h: the service provider of a login in a browser (SAML profiles 4.1 and 4.4), its insides, for
 * saml_sso.c, saml_return.c and saml_logout.c.
 */
#ifndef SP_AUTHN_SAML_SSO_H
#define SP_AUTHN_SAML_SSO_H

#include "authn/oidc_login.h"
#include "authn/saml_check.h"
#include "authn/saml_request.h"
#include "authn/saml_send.h"
#include "authn/session_store.h"

#define SP_SAML_PATHS 4

struct sp_saml_sso {
    struct sp_authn_provider provider;
    const struct sp_authn_parts *parts;
    const struct sp_cfg_saml *config;
    struct sp_saml_settings *settings;
    struct sp_cookie_seal login_seal, session_seal;
    struct sp_str base; /* "/ibm/saml20/<id>" */
    struct sp_str acs_path, metadata_path, logout_path, messages_path;
    struct sp_str paths[SP_SAML_PATHS]; /* the same, as the core wants them */
    struct sp_str origin;               /* of spHostAndPort; empty: as the browser addressed us */
    struct sp_str session_cookie;       /* its name */
    struct sp_str target_cookie;        /* of the page that was asked for, with loginPageURL */
    bool gives_ltpa;                    /* an LTPA cookie is the session */
    struct sp_arena arena;              /* of the texts */
};

/* Add the provider of an element to the table. SP_EINVAL when it cannot be used as it is written. */
enum sp_status sp_saml_sso_add(const struct sp_authn_parts *parts, const struct sp_cfg_saml *config,
                               struct sp_authn_table *table, struct sp_error *err) SP_MUST_CHECK;

/* As this browser sees us; in the request's arena. False without memory. */
bool sp_saml_sso_self(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                      struct sp_saml_self *ret_self);

/* Name of the cookie of a login, by its state; ptr NULL: no memory, or no state of ours. */
struct sp_str sp_saml_login_cookie(struct sp_str state, struct sp_arena *arena);
/* A cookie that comes along with a form which the provider's page sends. */
bool sp_saml_sso_set_login_cookie(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                  struct sp_challenge *challenge, struct sp_str name, struct sp_str value,
                                  int64_t max_age_s);
/* What signs our messages; without key where authnRequestsSigned="false". */
struct sp_saml_signer sp_saml_sso_signer(const struct sp_saml_sso *sso);
/* No session holds longer, whatever the assertion says: as long is remembered that it was ended. */
int64_t sp_saml_sso_session_max_us(const struct sp_saml_sso *sso);
/* Plain HTTP, where httpsRequired: 403. */
enum sp_status sp_saml_sso_secure(const struct sp_saml_sso *sso, const struct sp_authn_attempt *attempt,
                                  struct sp_error *err) SP_MUST_CHECK;

/* The session that the browser brings. SP_EDENIED, SP_ETIMEDOUT, SP_ENOTFOUND. */
enum sp_status sp_saml_sso_session(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                   struct sp_session *ret_session, struct sp_error *err) SP_MUST_CHECK;

/* saml_page.c: tell a person that there is no login: a page, or errorPageURL. Returns `status`. */
enum sp_status sp_saml_tell(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                            struct sp_challenge *challenge, enum sp_status status);

/* saml_return.c: the provider sends an assertion by the browser. In a fiber. */
enum sp_status io_saml_return(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                              struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;
/* saml_logout.c: the user logs out here; a message about a logout comes from the provider. */
enum sp_status sp_saml_log_out(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                               struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;
enum sp_status io_saml_logout_message(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                      struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;
/* The name by which a provider ends a session, or all of a user when the index is empty; in the arena, ptr
 * NULL: there is none, or no memory. */
struct sp_str sp_saml_session_name(struct sp_str issuer, struct sp_str name_id, struct sp_str index,
                                   struct sp_arena *arena);

#endif
