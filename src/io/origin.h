/* SPDX-License-Identifier: Apache-2.0
 * origin.h: this server as a client addressed it.
 */
#ifndef SP_IO_ORIGIN_H
#define SP_IO_ORIGIN_H

#include "base/arena.h"
#include "io/port.h"

/* "https://host:8443", without the port that is the scheme's own; `port` 0: as addressed. The host is that of
 * the Host header when it is made of characters a host may have, otherwise the local address. In the arena;
 * ptr NULL without memory. */
struct sp_str sp_http_origin(const struct sp_http_request *request, bool tls, unsigned port,
                             struct sp_arena *arena);

/* Whether a text has the form of a host: "name", "[IPv6]", each with or without ":port". */
bool sp_http_is_host(struct sp_str host);

#endif
