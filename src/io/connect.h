/* SPDX-License-Identifier: Apache-2.0
 * connect.h: from an address to a connected stream. Private to this room.
 */
#ifndef SP_IO_CONNECT_H
#define SP_IO_CONNECT_H

#include "io/stream_internal.h"

/* Connect the fresh `stream` to `where`; a host's addresses are tried in their order, each with an equal
 * share of the time that is left. `text` names the peer in messages. Errors as io_stream_borrow, without TLS.
 */
enum sp_status io_connect(struct sp_stream *stream, const struct sp_stream_address *where, const char *text,
                          int64_t deadline_us, struct sp_error *err) SP_MUST_CHECK;

/* SP_EINVAL unless there is a path that fits a socket's address, or a host and a port of 1 to 65535. */
enum sp_status sp_connect_check(const struct sp_stream_address *where, struct sp_error *err) SP_MUST_CHECK;
/* The address of the local socket with that path, which fits. */
void sp_connect_unix_address(const char *path, struct sp_address *ret_address);

#endif
