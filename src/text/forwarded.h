/* SPDX-License-Identifier: Apache-2.0
 * forwarded.h: what proxies write about the client: Forwarded (RFC 7239) and X-Forwarded-For.
 *
 * Only the texts; whom to believe is the caller's matter. Everything read is a view of the header's value.
 */
#ifndef SP_TEXT_FORWARDED_H
#define SP_TEXT_FORWARDED_H

#include "text/ip_range.h"

/* More proxies than any request passes. */
#define SP_FORWARDED_HOPS_MAX 64u

/* What one proxy says of who called it; ptr NULL: it says nothing of that. */
struct sp_forwarded_hop {
    struct sp_str node; /* address, perhaps with a port; "unknown"; "_hidden" */
    struct sp_str proto, host;
};

/* In the order of the header: the last one was written by the proxy that is nearest to us. */
struct sp_forwarded {
    struct sp_forwarded_hop hops[SP_FORWARDED_HOPS_MAX];
    size_t count;
};

/* Append the elements of one Forwarded line. Empty elements are skipped, parameters that are not known too.
 * SP_ESYNTAX (also for a parameter that comes twice in an element, and for a quoted value with a backslash,
 * which no address, scheme or host needs), SP_ELIMIT. */
enum sp_status sp_forwarded_add(struct sp_forwarded *list, struct sp_str value,
                                struct sp_error *err) SP_MUST_CHECK;
/* The same for one X-Forwarded-For line, which has nodes only, with commas between. SP_ELIMIT. */
enum sp_status sp_forwarded_add_nodes(struct sp_forwarded *list, struct sp_str value,
                                      struct sp_error *err) SP_MUST_CHECK;

struct sp_forwarded_node {
    struct sp_ip_text address;
    unsigned port; /* 0: none, or a hidden one */
};

/* A node as RFC 7239, 6 has it, or an IPv6 address without brackets, as X-Forwarded-For has them.
 * SP_ENOTFOUND: it is "unknown" or hidden ("_name"); SP_ESYNTAX: it is none of all that. */
enum sp_status sp_forwarded_node_read(struct sp_str text, struct sp_forwarded_node *ret_node) SP_MUST_CHECK;

#endif
