/* SPDX-License-Identifier: Apache-2.0
 * authn.h: from a request's credential to a principal.
 *
 * sp_authn_run chooses the scheme, checks the credential and maps the identity. One file per scheme beside
 * this one.
 */
#ifndef SP_AUTHN_AUTHN_H
#define SP_AUTHN_AUTHN_H

#include "io/port.h"
#include "registry/registry.h"

enum sp_authn_scheme { SP_AUTHN_NONE, SP_AUTHN_BASIC };

/* Who a request is by. Immutable once made; lives in the request's arena. */
struct sp_principal {
    enum sp_authn_scheme scheme;
    bool authenticated;
    struct sp_str name; /* as authenticated: the distributed name, or the registry's */
    struct sp_str realm;
    struct sp_str saf_user; /* mapped SAF user id, upper case; empty when there is none. Of
                               unauthenticatedUser when nobody is authenticated, see authn/guest.h */
    struct sp_str_list groups;
    bool demoted; /* had good credentials, but may not use this server; `err` of io_authn_run says why */
};

/* What to answer when authentication failed. */
struct sp_challenge {
    unsigned status;                /* 401, 403 or 503 */
    struct sp_str www_authenticate; /* header value, ptr NULL: none */
};

struct sp_authn;

/* `saf` may be NULL; all must outlive it. */
enum sp_status sp_authn_new(const struct sp_config *config, struct sp_registry *registry,
                            struct sp_saf_link *saf, struct sp_authn **ret_authn,
                            struct sp_error *err) SP_MUST_CHECK;
void sp_authn_free(struct sp_authn *authn);

/* In a fiber. SP_OK with a principal (not authenticated when the request carries no credential and none is
 * needed, or when the registry knows the user but does not let him use this server: then he goes on as the
 * guest, whom no target that demands an identity lets in); otherwise the challenge is filled, and `err` says
 * why for the log. `required`: the target demands an identity. */
enum sp_status io_authn_run(struct sp_authn *authn, const struct sp_http_request *request, bool required,
                            struct sp_arena *arena, struct sp_principal *ret_principal,
                            struct sp_challenge *ret_challenge, struct sp_error *err) SP_MUST_CHECK;

#endif
