/* SPDX-License-Identifier: Apache-2.0
 * base64.h: base64 and base64url (RFC 4648), strict; and hexadecimal.
 */
#ifndef SP_TEXT_BASE64_H
#define SP_TEXT_BASE64_H

#include "base/buf.h"

enum sp_base64_form {
    SP_BASE64,       /* alphabet of section 4, padded */
    SP_BASE64_URL,   /* alphabet of section 5, not padded (RFC 7515) */
    SP_BASE64_LOOSE, /* section 4, padding optional, for what people type */
};

/* Appends the decoded bytes. SP_ESYNTAX on any other character, wrong length or padding, or bits left over
 * that are not zero; then nothing is appended. */
enum sp_status sp_base64_decode(enum sp_base64_form form, struct sp_str text,
                                struct sp_buf *buf) SP_MUST_CHECK;
enum sp_status sp_base64_encode(enum sp_base64_form form, struct sp_str bytes,
                                struct sp_buf *buf) SP_MUST_CHECK;

/* Pairs of hexadecimal digits in either case, nothing else. SP_ESYNTAX. Encoding writes lower case. */
enum sp_status sp_hex_decode(struct sp_str text, struct sp_buf *buf) SP_MUST_CHECK;
enum sp_status sp_hex_encode(struct sp_str bytes, struct sp_buf *buf) SP_MUST_CHECK;

#endif
