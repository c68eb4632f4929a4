/* SPDX-License-Identifier: Apache-2.0
 * oidc_claims.h: what is known of a person after a login in a browser, out of ID token, userinfo endpoint and
 * access token (OpenID Connect Core 1.0 section 5; tokenOrderToFetchCallerClaims).
 */
#ifndef SP_AUTHN_OIDC_CLAIMS_H
#define SP_AUTHN_OIDC_CLAIMS_H

#include "base/arena.h"
#include "config/config.h"

struct sp_json_value;

/* NULL: was not asked, or is none that can be read. */
struct sp_oidc_sources {
    const struct sp_json_value *id_token, *access_token, *user_info;
};

/* Whether every word of the order is one of the sources, and each that is named is asked: NULL, or what is
 * wrong. */
const char *sp_oidc_order_fault(const struct sp_cfg_oidc_login *login);
bool sp_oidc_order_has(struct sp_str order, const char *source);

/* Name, groups and realm are looked for in `ret_caller`: the members of the sources of the order, of which
 * the first that has one counts. `ret_all` is everything: what else the sources know is added to it. Objects
 * of the arena, which share members with the sources. SP_ENOMEM. */
enum sp_status sp_oidc_claims_join(const struct sp_oidc_sources *sources, struct sp_str order,
                                   struct sp_arena *arena, const struct sp_json_value **ret_caller,
                                   const struct sp_json_value **ret_all) SP_MUST_CHECK;

#endif
