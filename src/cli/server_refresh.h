/* SPDX-License-Identifier: Apache-2.0
 * server_refresh.h: asking a running server to take over changed files.
 */
#ifndef SP_CLI_SERVER_REFRESH_H
#define SP_CLI_SERVER_REFRESH_H

#include "base/buf.h"
#include "cli/server_place.h"

enum sp_refresh_outcome {
    SP_REFRESH_TAKEN,
    SP_REFRESH_UNCHANGED,
    SP_REFRESH_NEEDS_RELOAD,
    SP_REFRESH_REFUSED
};

/* Ask, and wait for the outcome. `text` gets what the server says of it, lines. SP_EUNAVAIL when it cannot be
 * asked, SP_ETIMEDOUT, SP_EPROTO. */
enum sp_status sp_server_refresh(const struct sp_server_place *place, unsigned seconds,
                                 enum sp_refresh_outcome *ret_outcome, struct sp_buf *text,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
