/* SPDX-License-Identifier: Apache-2.0
 * authz.h: what a principal may do: the role, and the four levels of authority.
 */
#ifndef SP_AUTHZ_AUTHZ_H
#define SP_AUTHZ_AUTHZ_H

#include "authn/authn.h"

/* Functions that need authority; docs/authorization.md has the table of levels that grant them. */
enum sp_authz_action {
    SP_ACT_INVOKE,
    SP_ACT_LIST,
    SP_ACT_DETAILS,
    SP_ACT_DEPLOY,
    SP_ACT_UPDATE, /* update, start, stop, delete */
    SP_ACT_STATISTICS,
};

/* Whether the principal holds role zosConnectAccess. SP_OK or SP_EDENIED with the reason. */
enum sp_status sp_authz_role(const struct sp_config *config, const struct sp_principal *principal,
                             struct sp_error *err) SP_MUST_CHECK;

/* Whether the principal's groups permit the action: on an item that sets groups for the action's function,
 * those alone; otherwise the global ones (override per function; see docs/authorization.md). `item` NULL: a
 * collection. SP_OK or SP_EDENIED with the reason (BAQR0409W). */
enum sp_status sp_authz_level(const struct sp_cfg_groups *global, const struct sp_cfg_groups *item,
                              enum sp_authz_action action, const struct sp_principal *principal,
                              struct sp_error *err) SP_MUST_CHECK;

#endif
