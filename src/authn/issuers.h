/* SPDX-License-Identifier: Apache-2.0
 * issuers.h: the issuers of a configuration, one to an openidConnectClient: who checks tokens and who logs
 * browsers in share its keys, what was discovered of it and the connections to it.
 */
#ifndef SP_AUTHN_ISSUERS_H
#define SP_AUTHN_ISSUERS_H

#include "authn/issuer.h"

struct sp_issuers;

/* `loop` as in sp_issuer_new; the configuration must outlive it. SP_ENOMEM. */
enum sp_status sp_issuers_new(struct sp_loop *loop, const struct sp_config *config,
                              struct sp_issuers **ret_issuers, struct sp_error *err) SP_MUST_CHECK;
/* That of one of the configuration's elements, made when it is first asked for; borrowed. Failures are those
 * of sp_issuer_new, with the element before the reason. */
enum sp_status sp_issuers_get(struct sp_issuers *issuers, const struct sp_cfg_oidc *client,
                              struct sp_issuer **ret_issuer, struct sp_error *err) SP_MUST_CHECK;
/* In the loop's thread: those that were made begin to fetch. */
void sp_issuers_start(struct sp_issuers *issuers);
/* The first element that waits for keys or discovery which it has never had; NULL: none does. */
const struct sp_cfg_oidc *sp_issuers_waiting(const struct sp_issuers *issuers);
/* In the loop's thread, when nobody uses them any more. Accepts NULL. */
void sp_issuers_free(struct sp_issuers *issuers);

#endif
