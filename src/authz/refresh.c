/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/identity.h"
#include "authz/authz.h"
#include "base/clock.h"

static bool is_too_old(const struct sp_principal *principal, int64_t max_age_us)
{
    return max_age_us >= 0 && principal->groups_read_us && principal->saf_user.len &&
           sp_clock_monotonic_us() - principal->groups_read_us > max_age_us;
}

enum sp_status sp_authz_refresh(struct sp_saf_link *saf, int64_t max_age_us, struct sp_arena *arena,
                                const struct sp_principal **principal, struct sp_error *err)
{
    if (!saf || !is_too_old(*principal, max_age_us))
        return SP_OK;
    const struct sp_saf_image *image = sp_saf_link_image(saf);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the security database is not available, so the groups of %.*s are not known",
                            SP_STR_ARG((*principal)->saf_user));
    struct sp_principal *fresh = sp_arena_calloc(arena, 1, sizeof *fresh);
    enum sp_status status = fresh ? SP_OK : SP_ENOMEM;
    if (fresh) {
        *fresh = **principal;
        status = sp_identity_groups(image, fresh->saf_user, arena, &fresh->groups);
    }
    sp_saf_image_release(image);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for a user's groups");
    *principal = fresh;
    return SP_OK;
}
