/* SPDX-License-Identifier: Apache-2.0
 * cmd_setropts.h: the parts of SETROPTS. Private to the room.
 */
#ifndef SP_SAF_CMD_SETROPTS_H
#define SP_SAF_CMD_SETROPTS_H

#include "saf/command_int.h"

/* PASSWORD(...): change `options`. SP_RC_OK or a message. */
int sp_setropts_password(struct sp_run *run, const struct sp_saf_operand *operand,
                         struct sp_saf_options *options);
/* LIST. */
int sp_setropts_list(struct sp_run *run);

#endif
