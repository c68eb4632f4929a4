/* SPDX-License-Identifier: Apache-2.0
 * resolve.h: from a host's name to its addresses.
 *
 * Addresses written as numbers are read at once. Names are asked of the system's resolver in a thread
 * (io/offload.h), once for all fibers that want the same name; answers are kept for 30 seconds, refusals for
 * one. When a name cannot be resolved again, its last known addresses go on being used.
 */
#ifndef SP_IO_RESOLVE_H
#define SP_IO_RESOLVE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct sp_loop;

#define SP_ADDRESSES_MAX 8

struct sp_address {
    struct sockaddr_storage addr;
    socklen_t len;
};

struct sp_addresses {
    unsigned count; /* at least 1 after success */
    struct sp_address list[SP_ADDRESSES_MAX];
};

/* The addresses of `host` (at most 253 bytes) with `port` in them, in the order of preference; those beyond
 * SP_ADDRESSES_MAX are left out. SP_EUNAVAIL when the name is not known or nobody answers, SP_EINVAL for a
 * name that is too long or empty, SP_ETIMEDOUT, SP_ECANCELED, SP_ELIMIT, SP_ENOMEM. Only in a fiber. */
enum sp_status io_resolve(struct sp_loop *loop, const char *host, unsigned port, int64_t deadline_us,
                          struct sp_addresses *ret_addresses, struct sp_error *err) SP_MUST_CHECK;

/* Whether `host` is written as a number: an IPv4 or IPv6 address, with a zone or without. */
bool sp_address_is_number(const char *host);

#define SP_ADDRESS_TEXT_MAX 128
/* "192.0.2.1:80", "[2001:db8::1]:80", or a local socket's path. */
void sp_address_text(const struct sp_address *address, char ret_text[SP_ADDRESS_TEXT_MAX]);

#endif
