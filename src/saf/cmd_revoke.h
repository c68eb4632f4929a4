/* SPDX-License-Identifier: Apache-2.0
 * cmd_revoke.h: operands that users and connections share: REVOKE and RESUME, AUTHORITY. Private to the room.
 */
#ifndef SP_SAF_CMD_REVOKE_H
#define SP_SAF_CMD_REVOKE_H

#include "saf/command_int.h"

struct sp_revocation {
    bool revoke, resume, clear_revoke, clear_resume;
    int32_t revoke_date, resume_date; /* SP_SAF_NO_DATE: at once */
};

/* Read REVOKE[(date)] or RESUME[(date)]. SP_RC_OK or a message. */
int sp_take_revocation(struct sp_run *run, const struct sp_saf_operand *operand, bool revoke,
                       struct sp_revocation *revocation);
/* True when a REVOKE or RESUME without a date found what it asks for done already; that one changes nothing.
 */
bool sp_apply_revocation(const struct sp_run *run, const struct sp_revocation *revocation, unsigned *flags,
                         int32_t *revoke_date, int32_t *resume_date);

/* Read AUTHORITY(USE | CREATE | CONNECT | JOIN). SP_RC_OK or a message. */
int sp_take_authority(struct sp_run *run, const struct sp_saf_operand *operand,
                      enum sp_saf_authority *ret_authority);

#endif
