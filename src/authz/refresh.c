/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/identity.h"
#include "authz/authz.h"
#include "base/clock.h"

bool sp_authz_refresh(struct sp_saf_link *saf, const struct sp_principal *principal, int64_t max_age_us,
                      struct sp_arena *arena, struct sp_principal *ret_fresh)
{
    if (max_age_us < 0 || !principal->groups_read_us || !principal->saf_user.len || !saf ||
        sp_clock_monotonic_us() - principal->groups_read_us <= max_age_us)
        return false;
    const struct sp_saf_image *image = sp_saf_link_image(saf);
    *ret_fresh = *principal;
    /* Without them nobody is let in by a group that he may have lost. */
    if (!image || sp_identity_groups(image, principal->saf_user, arena, &ret_fresh->groups) != SP_OK)
        ret_fresh->groups = (struct sp_str_list){NULL, 0};
    sp_saf_image_release(image);
    return true;
}
