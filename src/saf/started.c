/* SPDX-License-Identifier: Apache-2.0
 * Class STARTED: as whom a started task runs.
 */
#include <stdio.h>

#include "saf/image.h"

struct sp_str sp_saf_started_user(const struct sp_saf_image *image, struct sp_str procedure,
                                  struct sp_str job)
{
    char name[2 * SP_SAF_ID_MAX + 2];
    const struct sp_saf_image_class *class;
    if (procedure.len > SP_SAF_ID_MAX || job.len > SP_SAF_ID_MAX)
        return (struct sp_str){NULL, 0};
    int len = snprintf(name, sizeof name, "%.*s.%.*s", SP_STR_ARG(procedure), SP_STR_ARG(job));
    const struct sp_saf_image_profile *found =
        sp_saf_image_find_profile(image, SP_STR("STARTED"), sp_str_from(name, (size_t)len), &class);
    if (!found || !class->settings.active || !found->profile->st_user.len)
        return (struct sp_str){NULL, 0};
    return sp_str_is(found->profile->st_user, "=MEMBER") ? procedure : found->profile->st_user;
}
