/* SPDX-License-Identifier: Apache-2.0
 * check_user.h: what VERIFY asks of a user beside the password. Private to the room.
 */
#ifndef SP_SAF_CHECK_USER_H
#define SP_SAF_CHECK_USER_H

#include "saf/image.h"

/* Whether the user may log on at this time (seconds since 1970, UTC). */
bool sp_saf_day_and_time_fit(const struct sp_saf_user *user, int64_t now);
/* READ to the application in class APPL; one that no profile protects is open, as in RACF. */
bool sp_saf_may_use_appl(const struct sp_saf_image *image, struct sp_str user, struct sp_str group,
                         struct sp_str appl, struct sp_arena *arena);

#endif
