/* SPDX-License-Identifier: Apache-2.0
 * kind.h: what a scheme implements; for the files of this room.
 *
 * A provider is one element of server.xml that can authenticate (an openidConnectClient, a samlWebSso20,
 * ltpa), or a method that needs none (certificate, basic). Each scheme has a maker in provider_<scheme>.c
 * that adds its providers to the table when authentication is made; the core asks them in the order of their
 * stages, within a stage as docs/authentication.md says ("Which provider"), and takes the first that has an
 * answer.
 */
#ifndef SP_AUTHN_KIND_H
#define SP_AUTHN_KIND_H

#include "authn/authn.h"

struct sp_auth_filter;
struct sp_authn_attempt;
struct sp_authn_provider;
struct sp_authn_table;
struct sp_authn_trace;

/* The order of Liberty. */
enum sp_authn_stage {
    SP_STAGE_BEFORE_SSO, /* samlWebSso20; openidConnectClient with inboundPropagation="required" or
                            disableLtpaCookie */
    SP_STAGE_SSO,        /* the LTPA cookie */
    SP_STAGE_AFTER_SSO,  /* other openidConnectClients */
    SP_STAGE_METHOD      /* certificate, basic */
};

enum sp_offer {
    SP_OFFER_NONE,       /* the request has nothing for this provider */
    SP_OFFER_CREDENTIAL, /* it has what the provider must check */
    SP_OFFER_DEMAND,     /* it has not, but the provider insists (inboundPropagation="required", login in a
                            browser): where an identity is required, io_check is asked and says what to answer */
};

/* How an assertion becomes a principal. */
enum sp_assertion_kind {
    SP_ASSERT_CLAIMED,  /* name, realm and groups are those of the assertion; no registry is asked */
    SP_ASSERT_LOOK_UP,  /* name is looked up in the registry, which gives all else; unknown: 403 */
    SP_ASSERT_REGISTRY, /* `user` is what the registry gave already */
    SP_ASSERT_GROUPS,   /* as SP_ASSERT_CLAIMED, but the groups are some that the registry knows */
};

/* What a provider found out. Everything lives in the request's arena or longer. */
struct sp_assertion {
    enum sp_assertion_kind kind;
    enum sp_authn_scheme scheme;
    enum sp_authn_strength strength;
    struct sp_str name, realm, unique_id; /* unique_id empty: the name */
    struct sp_str_list groups;
    struct sp_registry_user user; /* of SP_ASSERT_REGISTRY */
    struct sp_str claims_json;
    struct sp_str_list scopes;
    int64_t expires_us; /* realtime; 0: no end */
    bool gives_sso;     /* the reply may carry an LTPA cookie for the principal */
    bool is_saf;        /* `name` is a SAF user id already (an LTPA token of such a user) */
};

/* No registry was asked for the name. */
static inline bool sp_assertion_is_claimed(const struct sp_assertion *assertion)
{
    return assertion->kind == SP_ASSERT_CLAIMED || assertion->kind == SP_ASSERT_GROUPS;
}

struct sp_authn_provider_kind {
    const char *name; /* of the element, or of the method: "openidConnectClient", "basic" */
    /* Whether the request has something for this provider; cheap, and nothing is checked yet. The filter was
     * asked before. */
    enum sp_offer (*offers)(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt);
    /* Whether the credential names an issuer that this provider is for; asked only where several providers of
     * the kind could check it. NULL: never. */
    bool (*knows_issuer)(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt);
    /* In a fiber. SP_OK with an assertion. SP_OK with challenge->status set: the browser is sent on, no
     * refusal. A failure with challenge->status set ends the request with that answer; with status 0 the
     * provider passes: `err` is kept as the reason, and the next provider is asked. Headers for the reply of
     * a request that succeeds may be added. SP_ECANCELED as usual. */
    enum sp_status (*io_check)(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err);
    /* In a fiber: answer a request for one of `paths`; fills the challenge's status also on failure (then
     * `err` is logged). NULL when there are none. */
    enum sp_status (*io_answer)(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                                struct sp_challenge *ret_challenge, struct sp_error *err);
    /* A principal was made of an assertion of whichever provider: may add headers for the reply (the LTPA
     * cookie when assertion->gives_sso). NULL: nothing. */
    void (*logged_in)(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                      const struct sp_assertion *assertion, const struct sp_principal *principal,
                      struct sp_challenge *challenge);
    /* In the loop's thread, once, when requests begin to come. NULL: nothing. */
    void (*start)(struct sp_authn_provider *self);
    /* In the loop's thread; also of a provider that was never started. */
    void (*free)(struct sp_authn_provider *self);
};

/* The first member of each scheme's own structure. */
struct sp_authn_provider {
    const struct sp_authn_provider_kind *kind;
    struct sp_str id; /* of the element; empty for methods */
    enum sp_authn_stage stage;
    struct sp_str header; /* that carries the credential, for the refusal of contradictory ones: ptr NULL
                             when it is none that the caller chooses to send (cookie, certificate) */
    struct sp_str cookie; /* that carries the credential; it may be there once. ptr NULL: none does */
    const struct sp_str *paths; /* exact, not decoded: "/oidcclient/redirect/<id>"; must outlive it */
    size_t path_count;
    struct sp_auth_filter *filter; /* or several; set and freed by the table; NULL: every request */
};

/* One request under authentication. */
struct sp_authn_attempt {
    const struct sp_authn_parts *parts;
    const struct sp_http_request *request;
    struct sp_arena *arena;
    bool required;                /* the target demands an identity */
    struct sp_str authorization;  /* the one Authorization header; ptr NULL: there is none */
    int64_t now_us;               /* realtime */
    struct sp_str url;            /* see sp_attempt_url */
    struct sp_authn_trace *trace; /* what is done, for people (authn/trace.h); NULL: nobody asks */
    /* Of a provider that answered a request of its own URL with SP_OK: who has logged in by it. In the arena.
     * The core finds out whether he can be somebody here, and tells the providers (logged_in). */
    const struct sp_assertion *login;
    struct sp_str claimed_name, claimed_realm; /* see struct sp_challenge */
    bool from_other_site; /* it has the cookie of a session, which does not count: see authn/browser.h */
    void *peeked;         /* of the tokens' provider: what it read of the credential already; NULL */
};

/* "https://host:port/path?query" as the client addressed us (io/origin.h); made once. ptr NULL: no memory. */
struct sp_str sp_attempt_url(struct sp_authn_attempt *attempt);

/* Add a provider; its place in the stage is its place in the configuration. `filters`: of authFilterRef,
 * NULL: none. The table owns the provider from here on, also when this fails. SP_EINVAL for a filter or a
 * path that cannot be used, SP_ENOMEM. */
enum sp_status sp_authn_table_add(struct sp_authn_table *table, struct sp_authn_provider *provider,
                                  const struct sp_cfg_auth_filters *filters,
                                  struct sp_error *err) SP_MUST_CHECK;

/* Makers: add the providers that the configuration asks for. Listed in provider.c. */
enum sp_status sp_authn_make_certificate(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                         struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_authn_make_token(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Whether an element is for logins in a browser (oidc.c). */
bool sp_oidc_logs_in(const struct sp_cfg_oidc *client);
/* Whether the element can be used for that as it is written. SP_EINVAL. */
enum sp_status sp_oidc_check(const struct sp_cfg_oidc *client, struct sp_error *err) SP_MUST_CHECK;
/* Whether the element is for something at all, and can check tokens if it is for them. SP_EINVAL. */
enum sp_status sp_token_check_element(const struct sp_cfg_oidc *client, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_authn_make_oidc(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_authn_make_ltpa(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_authn_make_saml(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_authn_make_basic(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                   struct sp_error *err) SP_MUST_CHECK;

#endif
