/* SPDX-License-Identifier: Apache-2.0
 * authn.h: from a request's credential to a principal.
 *
 * The core chooses the provider (authn/provider.c), the provider checks the credential and asserts who it is
 * by (authn/kind.h, one file per scheme), and the core makes a principal of that (authn/principal.c).
 */
#ifndef SP_AUTHN_AUTHN_H
#define SP_AUTHN_AUTHN_H

#include "io/port.h"
#include "registry/registry.h"

struct sp_authn_caches;
struct sp_claims;
struct sp_json_value;
struct sp_loop;
struct sp_problems;
struct sp_issuers;
struct sp_session_store;

enum sp_authn_scheme {
    SP_AUTHN_NONE,
    SP_AUTHN_BASIC,
    SP_AUTHN_CERTIFICATE,
    SP_AUTHN_JWT,           /* a token that was verified here */
    SP_AUTHN_INTROSPECTION, /* a token that its issuer was asked about: introspection or userinfo */
    SP_AUTHN_OIDC,          /* a login in a browser */
    SP_AUTHN_LTPA,
    SP_AUTHN_SAML
};

/* What the caller proved. */
enum sp_authn_strength {
    SP_STRENGTH_NONE,
    SP_STRENGTH_BEARER,    /* that he has something which works for whoever has it */
    SP_STRENGTH_PASSWORD,  /* that he knows a secret of his own */
    SP_STRENGTH_POSSESSION /* that he holds a private key: certificate, token bound to a key */
};

/* Who a request is by. Immutable once made; lives in the request's arena. Texts that are not known are empty.
 */
struct sp_principal {
    enum sp_authn_scheme scheme;
    enum sp_authn_strength strength;
    bool authenticated;
    bool demoted; /* had good credentials, but may not use this server; `err` of io_authn_run says why */

    struct sp_str name; /* as authenticated: the distributed name, or the registry's */
    struct sp_str realm;
    struct sp_str unique_id; /* "user:<realm>/<unique_id>" is the access id */
    struct sp_str registry;  /* that knows him: "basic", "saf", or the id of an ldapRegistry */
    struct sp_str provider;  /* id of the element that authenticated */
    /* Who the credential says it is: differs from `name` and `realm` when these came from a registry. */
    struct sp_str original_name, original_realm;
    struct sp_str saf_user; /* mapped SAF user id, upper case; empty when there is none. Of
                               unauthenticatedUser when nobody is authenticated, see authn/guest.h */
    bool is_mapped;         /* `saf_user` and `groups` are by a distributed identity filter (RACMAP) */
    struct sp_str_list groups;
    /* That name, or these groups, are an issuer's word where a registry could have been asked; and so is that
     * the realm is the registry's own. */
    bool claimed_name, claimed_groups, claimed_realm;
    int64_t groups_read_us; /* monotonic, when the registry was asked for them; 0: for this request. Whoever
                               remembers principals sets it */

    struct sp_str claims_json; /* an object, as it was signed or sent; empty: there are none */
    struct sp_claims *claims;  /* the same, parsed when somebody asks: see authn/claims.h */
    struct sp_str_list scopes;
    int64_t expires_us; /* realtime: when the credential ends; 0: no end */
};

#define SP_CHALLENGE_HEADERS_MAX 16u

/* What authentication says to the client. */
struct sp_challenge {
    unsigned status; /* 0: the request goes on, and the headers go into its reply (Set-Cookie); otherwise what
                        is answered instead: 302, 400, 401, 403, 429, 503, or what an own URL says */
    struct sp_http_header headers[SP_CHALLENGE_HEADERS_MAX];
    size_t header_count;
    struct sp_str body; /* its Content-Type is among the headers; ptr NULL: the server's own error object */
    /* Who a credential that was refused, or that makes its bearer a guest, says it is of. For records alone:
     * a name that a token claims may be anybody's, and of Basic credentials and certificates none is told. */
    struct sp_str claimed_name, claimed_realm;
};

/* Both texts must live as long as the request. False, and nothing changes, when there is no place. */
bool sp_challenge_add(struct sp_challenge *challenge, const char *name, struct sp_str value);
/* Value of the first header of that name, ptr NULL when there is none. */
struct sp_str sp_challenge_header(const struct sp_challenge *challenge, const char *name);

struct sp_authn;

/* What authentication works with; all must outlive it. */
struct sp_authn_parts {
    const struct sp_config *config;
    struct sp_registry *registry;
    struct sp_saf_link *saf;           /* NULL: there is none */
    struct sp_authn_caches *caches;    /* of the worker, see authn/caches.h; NULL: nothing is remembered */
    uint64_t fingerprint;              /* of the configuration; set by sp_authn_new */
    struct sp_loop *loop;              /* for providers that fetch; NULL: they cannot (a test, a command) */
    struct sp_session_store *sessions; /* of the worker; NULL: nobody logs in by a browser */
    struct sp_issuers *issuers;        /* set by sp_authn_new */
};

/* In any thread. SP_EINVAL when an element cannot be used as it is written. */
enum sp_status sp_authn_new(const struct sp_authn_parts *parts, struct sp_authn **ret_authn,
                            struct sp_error *err) SP_MUST_CHECK;
/* What is wrong with the openidConnectClient elements of a configuration, without serving it: each that
 * cannot be used is an error among the problems (SP_EINVAL then, `err` is the first), each that can do
 * nothing a warning. Reads key stores (blocks). */
enum sp_status sp_authn_check(const struct sp_config *config, struct sp_problems *problems,
                              struct sp_error *err) SP_MUST_CHECK;
/* In the loop's thread, when requests begin to come: providers may start what runs in the background. */
void sp_authn_start(struct sp_authn *authn);
/* The id of an element that waits for keys or discovery which it has never had, so that its tokens get 503;
 * ptr NULL: none does. */
struct sp_str sp_authn_waits_for(const struct sp_authn *authn);
/* In the loop's thread. Accepts NULL. */
void sp_authn_free(struct sp_authn *authn);

/* In a fiber. SP_OK, and the challenge's status is 0: the request goes on with this principal (not
 * authenticated when the request carries no credential and none is needed, or when the registry knows the
 * user but does not let him use this server: then he goes on as the guest, whom no target that demands an
 * identity lets in). SP_OK, and the status is not 0: a provider answers, and that is no refusal (a URL of its
 * own, a browser that is sent to log in). Otherwise the challenge says what to answer, and `err` says why for
 * the log. `required`: the target demands an identity. */
enum sp_status io_authn_run(struct sp_authn *authn, const struct sp_http_request *request, bool required,
                            struct sp_arena *arena, struct sp_principal *ret_principal,
                            struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;

/* Whether credentials can be in a form that is sent in the body. */
bool sp_authn_reads_forms(const struct sp_authn *authn);
/* Whether the path is one that a provider answers itself. */
bool sp_authn_owns_path(const struct sp_authn *authn, struct sp_str path);

/* "basic", "jwt", ... for logs and records; never NULL. */
const char *sp_authn_scheme_name(enum sp_authn_scheme scheme);
/* "none", "bearer", "password", "possession"; never NULL. */
const char *sp_authn_strength_name(enum sp_authn_strength strength);

#endif
