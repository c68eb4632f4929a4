/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/authz.h"

const char *sp_authz_object_name(enum sp_authz_object kind)
{
    static const char *const names[] = {"server", "API", "service", "API requester"};
    return names[kind];
}

static void take(unsigned said, const char *by, bool *value, const char **from)
{
    if (said == SP_UNSET)
        return;
    *value = said == SP_TRUE;
    *from = by;
}

void sp_authz_demands(const struct sp_config *config, enum sp_authz_object kind,
                      const struct sp_cfg_item *item, struct sp_authz_demands *ret_demands)
{
    static const char *const elements[] = {"zosconnect_zosConnectManager", "zosConnectAPI", "service",
                                           "apiRequester"};
    struct sp_authz_demands demands = {config->manager.require_auth, config->manager.require_secure,
                                       elements[SP_OBJECT_SERVER], elements[SP_OBJECT_SERVER]};
    if (kind == SP_OBJECT_REQUESTER)
        take(config->api_requesters.require_auth, "zosconnect_apiRequesters", &demands.auth,
             &demands.auth_from);
    if (item && kind != SP_OBJECT_SERVER) {
        take(item->require_auth, elements[kind], &demands.auth, &demands.auth_from);
        take(item->require_secure, elements[kind], &demands.secure, &demands.secure_from);
    }
    *ret_demands = demands;
}
