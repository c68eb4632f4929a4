/* SPDX-License-Identifier: Apache-2.0
 * password_history.h: passwords and phrases that were used before. Private to the room.
 */
#ifndef SP_SAF_PASSWORD_HISTORY_H
#define SP_SAF_PASSWORD_HISTORY_H

#include "saf/db.h"

/* Whether it is the user's current one, or one of those before it that SETROPTS PASSWORD(HISTORY) counts.
 * Each comparison takes the time of a hash. */
bool sp_password_used_before(struct sp_saf_db *db, const struct sp_saf_options *options,
                             const struct sp_saf_user *user, struct sp_str text, bool is_phrase);
/* Put the current one, which is about to be replaced, into the history. In the caller's transaction. */
enum sp_status sp_password_keep(struct sp_saf_db *db, const struct sp_saf_options *options,
                                const struct sp_saf_user *user, bool is_phrase,
                                struct sp_error *err) SP_MUST_CHECK;

#endif
