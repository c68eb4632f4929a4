/* SPDX-License-Identifier: Apache-2.0
 * percent.h: percent-encoding (RFC 3986 section 2), and the names and values of queries and forms
 * (application/x-www-form-urlencoded).
 *
 * Refused rather than repaired: a '%' without two hexadecimal digits, bytes that must be encoded and are not,
 * what does not decode to UTF-8 without control characters.
 */
#ifndef SP_TEXT_PERCENT_H
#define SP_TEXT_PERCENT_H

#include "base/arena.h"
#include "base/buf.h"

#define SP_FORM_FIELDS_MAX 256u

/* A name and its value; decoded UTF-8. */
struct sp_parameter {
    struct sp_str name;
    struct sp_str value;
};

/* Decode `part` to `out`, which has room for its length. `what` names it in messages: "path". SP_ESYNTAX. */
enum sp_status sp_percent_decode(struct sp_str part, bool plus_is_blank, const char *what, char *out,
                                 struct sp_str *ret_decoded, struct sp_error *err) SP_MUST_CHECK;

/* Append `text` with all bytes encoded but letters, digits and "-._~", so that it may stand anywhere in a URL
 * or form. */
enum sp_status sp_percent_encode(struct sp_str text, struct sp_buf *buf);

/* "a=1&b=x+y&flag" gives a, b ("x y") and flag (""): '+' is a blank. Empty pieces are left out, repeated
 * names kept; `what` as above. SP_ESYNTAX, SP_ELIMIT (more than SP_FORM_FIELDS_MAX), SP_ENOMEM. */
enum sp_status sp_form_read(struct sp_str form, const char *what, struct sp_arena *arena,
                            const struct sp_parameter **ret_parameters, size_t *ret_count,
                            struct sp_error *err) SP_MUST_CHECK;

/* Append "name=value", encoded, behind a '&' unless the buffer is empty or ends with '?'. */
enum sp_status sp_form_append(struct sp_buf *buf, const char *name, struct sp_str value);

#endif
