/* SPDX-License-Identifier: Apache-2.0
 * cmd_leftover.h: where a name is still used when its user or group is gone. Private to the room.
 */
#ifndef SP_SAF_CMD_LEFTOVER_H
#define SP_SAF_CMD_LEFTOVER_H

#include "saf/command_int.h"

/* Say where `id` is on an access list, owner of something, to be notified, or in STDATA. SP_RC_OK when it is
 * nowhere, else SP_RC_WARNING: whoever gets the name next gets these with it. */
int sp_report_leftovers(struct sp_run *run, struct sp_str id);

#endif
