/* SPDX-License-Identifier: Apache-2.0
 * ip_range.h: IP addresses and ranges of them.
 *
 * Ranges are written as Liberty has them in authFilter: "10.7.1.4", "10.7.1.*", "192.168.[7-13].*",
 * "2001:db8:*:*:*:*:*:*", and besides as a network, "10.0.0.0/8", "2001:db8::/32". After the first '*' or
 * [low-high] every further part is '*'. Names are not resolved.
 */
#ifndef SP_TEXT_IP_RANGE_H
#define SP_TEXT_IP_RANGE_H

#include "base/str.h"

/* IPv4 addresses are the last four bytes, the others zero; so are IPv6 addresses that hold an IPv4 one
 * (::ffff:10.0.0.1). */
struct sp_ip {
    unsigned char bytes[16];
};

struct sp_ip_range {
    struct sp_ip low, high;
};

/* An address, without a zone ("fe80::1%eth0" is read as fe80::1). SP_ESYNTAX. */
enum sp_status sp_ip_read(struct sp_str text, struct sp_ip *ret_ip) SP_MUST_CHECK;
/* An address as it is written in one way only (RFC 5952; an IPv6 address that holds an IPv4 one as that), and
 * with all its eight parts, as Java writes IPv6. NUL-terminated. */
#define SP_IP_TEXT_MAX 46u
struct sp_ip_text {
    char text[SP_IP_TEXT_MAX], whole[SP_IP_TEXT_MAX];
};
/* Without a zone, as sp_ip_read. SP_ESYNTAX. */
enum sp_status sp_ip_text_read(struct sp_str text, struct sp_ip_text *ret_text) SP_MUST_CHECK;
/* SP_ESYNTAX; `err` quotes the text. */
enum sp_status sp_ip_range_read(struct sp_str text, struct sp_ip_range *ret_range,
                                struct sp_error *err) SP_MUST_CHECK;
/* -1: below the range, 0: in it, 1: above it. */
int sp_ip_range_compare(const struct sp_ip_range *range, const struct sp_ip *ip);

#endif
