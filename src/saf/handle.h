/* SPDX-License-Identifier: Apache-2.0
 * handle.h: what a process holds of the security database. Private to the room.
 */
#ifndef SP_SAF_HANDLE_H
#define SP_SAF_HANDLE_H

#include "saf/image.h"

/* A connection that may write, borrowed by one thread at a time; SP_EUNAVAIL when none can be opened. */
enum sp_status sp_saf_borrow_db(struct sp_saf *saf, struct sp_saf_db **ret_db,
                                struct sp_error *err) SP_MUST_CHECK;
void sp_saf_give_back_db(struct sp_saf *saf, struct sp_saf_db *db);

/* Days since 1970, and seconds of the day, UTC. */
int32_t sp_saf_today(void);

#endif
