/* SPDX-License-Identifier: Apache-2.0
 * introspect.h: asking the issuer about a token: introspection (RFC 7662) or userinfo (OpenID Connect Core
 * section 5.3).
 */
#ifndef SP_AUTHN_INTROSPECT_H
#define SP_AUTHN_INTROSPECT_H

#include "authn/issuer.h"
#include "authn/token_result.h"

/* In a fiber. SP_OK: the token is good, and the result says whose. SP_EDENIED: it is not (active is not true,
 * its claims are not as they must be). SP_EUNAVAIL: the issuer did not answer, or not as it should; nothing
 * is known of the token. SP_ECANCELED, SP_ENOMEM. `*ret_inactive`: the issuer itself says that the token is
 * not good. */
enum sp_status io_introspect(struct sp_issuer *issuer, const struct sp_cfg_oidc *client, struct sp_str token,
                             int64_t now_us, int64_t deadline_us, struct sp_arena *arena,
                             struct sp_token_result *ret_result, bool *ret_inactive,
                             struct sp_error *err) SP_MUST_CHECK;

/* Read such an answer. As above but for what is of the way to it. */
enum sp_status sp_introspect_read(const struct sp_cfg_oidc *client,
                                  const struct sp_issuer_endpoints *endpoints,
                                  const struct sp_fetch_response *response, int64_t now_us,
                                  struct sp_arena *arena, struct sp_token_result *ret_result,
                                  bool *ret_inactive, struct sp_error *err) SP_MUST_CHECK;

#endif
