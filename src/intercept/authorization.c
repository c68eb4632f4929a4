/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/kind.h"

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    *ret_status = 403;
    return sp_authz_level(data->access, data->action, data->principal, err);
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
}

const struct sp_interceptor_kind sp_interceptor_authorization = {
    .display_name = "zosConnectAuthorization",
    .pre = pre,
    .post = post,
};
