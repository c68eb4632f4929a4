/* SPDX-License-Identifier: Apache-2.0
 * authz.h: what a principal may do: the role, and the four levels of authority.
 */
#ifndef SP_AUTHZ_AUTHZ_H
#define SP_AUTHZ_AUTHZ_H

#include "authn/authn.h"

/* The role every user of a protected item needs. */
#define SP_AUTHZ_ROLE "zosConnectAccess"

/* Functions that need authority; docs/authorization.md has the table of levels that grant them. */
enum sp_authz_action {
    SP_ACT_INVOKE,
    SP_ACT_LIST,
    SP_ACT_DETAILS,
    SP_ACT_DEPLOY,
    SP_ACT_UPDATE, /* update, start, stop, delete */
    SP_ACT_STATISTICS,
};

/* Whether the principal holds role zosConnectAccess: by name, by a group, or by a special subject. Nobody
 * holds it when the configuration does not bind it. Names are compared exactly. SP_OK or SP_EDENIED with the
 * reason, for the log. */
enum sp_status sp_authz_role(const struct sp_config *config, const struct sp_principal *principal,
                             struct sp_error *err) SP_MUST_CHECK;

/* The same by the security database (safAuthorization): READ to profile
 * <profilePrefix>.zos.connect.access.roles.zosConnectAccess in class EJBROLE. A resource that no profile
 * covers is refused; so is who is not authenticated, whatever his user id may do. `*ret_message`, in the
 * arena: the ICH408I for the log where racRouteLog asks for it, otherwise empty. SP_OK, SP_EDENIED,
 * SP_EUNAVAIL. */
enum sp_status sp_authz_role_by_saf(const struct sp_config *config, struct sp_saf_link *saf,
                                    const struct sp_principal *principal, struct sp_arena *arena,
                                    struct sp_str *ret_message, struct sp_error *err) SP_MUST_CHECK;

/* Where IBM's documents leave the rule open. */
struct sp_authz_rules {
    bool admin_invokes; /* level admin grants invoke too */
    bool per_level;     /* an item overrides level by level, rather than the whole function */
};

/* Both false: the stricter reading of each. */
extern const struct sp_authz_rules sp_authz_default_rules;

/* Whether the principal's groups permit the action, by `rules`. Per function: when the item names groups at
 * any level that grants the action, only those count; otherwise the global ones. Per level: for each level
 * that grants the action, the item's groups when it names some, otherwise the global ones. SP_ACT_LIST and
 * SP_ACT_DEPLOY have no item and look at the global ones only, as everything does when `item` is NULL. A
 * level without groups is held by nobody. SP_OK or SP_EDENIED with the reason (BAQR0409W). */
enum sp_status sp_authz_level_by(const struct sp_authz_rules *rules, const struct sp_cfg_groups *global,
                                 const struct sp_cfg_groups *item, enum sp_authz_action action,
                                 const struct sp_principal *principal, struct sp_error *err) SP_MUST_CHECK;

/* The same by the default rules. */
enum sp_status sp_authz_level(const struct sp_cfg_groups *global, const struct sp_cfg_groups *item,
                              enum sp_authz_action action, const struct sp_principal *principal,
                              struct sp_error *err) SP_MUST_CHECK;

#endif
