/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/kind.h"

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    *ret_status = 403;
    struct sp_principal fresh;
    int64_t max_age_s = self->config->saf_cache_timeout;
    const struct sp_principal *principal = data->principal;
    if (max_age_s >= 0 && sp_authz_refresh(self->saf, principal, max_age_s * 1000000, data->arena, &fresh))
        principal = &fresh;
    return sp_authz_level(data->access, data->action, principal, err);
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
}

const struct sp_interceptor_kind sp_interceptor_authorization = {
    .display_name = "zosConnectAuthorization",
    .pre = pre,
    .post = post,
};
