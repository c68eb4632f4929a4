/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/kind.h"

#define REFUSED 403u
#define UNDECIDED 503u

/* A request without credentials may be nobody's because nobody can say whose groups it has. */
static bool lacks_its_guest(const struct sp_interceptor *self, const struct sp_principal *principal)
{
    if (principal->authenticated || principal->saf_user.len || !self->saf)
        return false;
    const struct sp_saf_image *image = sp_saf_link_image(self->saf);
    bool lacks = !image;
    sp_saf_image_release(image);
    return lacks;
}

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    int64_t max_age_s = self->config->saf_cache_timeout;
    const struct sp_principal *principal = data->principal;
    *ret_status = UNDECIDED;
    enum sp_status status =
        sp_authz_refresh(self->saf, max_age_s < 0 ? -1 : max_age_s * 1000000, data->arena, &principal, err);
    if (status != SP_OK)
        return status;
    status = sp_authz_level(data->access, data->action, principal, err);
    if (status != SP_OK && lacks_its_guest(self, principal))
        return sp_error_set(
            err, SP_EUNAVAIL, NULL,
            "the security database is not available, so nobody knows what unauthenticatedUser "
            "may do");
    *ret_status = REFUSED;
    return status;
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
}

const struct sp_interceptor_kind sp_interceptor_authorization = {
    .display_name = "zosConnectAuthorization",
    .pre = pre,
    .post = post,
};
