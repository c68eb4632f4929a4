/* SPDX-License-Identifier: Apache-2.0
 * update_change.h: asking for a change of what is deployed.
 */
#ifndef SP_GATEWAY_UPDATE_CHANGE_H
#define SP_GATEWAY_UPDATE_CHANGE_H

#include "gateway/gateway.h"
#include "store/change.h"

/* Check and stage the archive, ask worker 0 to make the change, and wait until every worker uses it. The name
 * of something new is filled in. Otherwise *ret_status is the HTTP status of the refusal, `err` what was
 * refused and *ret_details (may stay ptr NULL) why, in the arena. In a fiber; after a cancel the change may
 * still be made. */
enum sp_status io_update_change(struct sp_gateway *gateway, struct sp_store_change *change,
                                struct sp_arena *arena, unsigned *ret_status, struct sp_str *ret_details,
                                struct sp_error *err) SP_MUST_CHECK;

#endif
