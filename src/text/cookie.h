/* SPDX-License-Identifier: Apache-2.0
 * cookie.h: cookies as browsers send them and servers set them (RFC 6265).
 */
#ifndef SP_TEXT_COOKIE_H
#define SP_TEXT_COOKIE_H

#include "base/buf.h"

/* The next cookie in the value of a Cookie header; `rest` begins as that value. Blanks around it and quotes
 * around its value are left out; a piece without '=' has an empty name. False at the end. */
bool sp_cookie_next(struct sp_str *rest, struct sp_str *ret_name, struct sp_str *ret_value);

enum sp_same_site { SP_SAME_SITE_UNSAID, SP_SAME_SITE_LAX, SP_SAME_SITE_STRICT, SP_SAME_SITE_NONE };

struct sp_set_cookie {
    struct sp_str name, value;
    struct sp_str path;   /* empty: "/" */
    struct sp_str domain; /* empty: this host alone */
    int64_t max_age_s;    /* 0: until the browser ends; below 0: the browser forgets it */
    bool secure, http_only;
    enum sp_same_site same_site; /* None makes it secure, as browsers demand */
};

/* Append the value of a Set-Cookie header. SP_EINVAL when a text has a byte that it must not have (blank,
 * control character, quote, comma, semicolon, backslash; in a name also separators): nothing is appended. */
enum sp_status sp_cookie_write(const struct sp_set_cookie *cookie, struct sp_buf *buf) SP_MUST_CHECK;

#endif
