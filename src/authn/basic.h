/* SPDX-License-Identifier: Apache-2.0
 * basic.h: the Basic scheme (RFC 7617).
 */
#ifndef SP_AUTHN_BASIC_H
#define SP_AUTHN_BASIC_H

#include "base/buf.h"

#define SP_BASIC_NAME_MAX 256u
#define SP_BASIC_PASSWORD_MAX 1024u
#define SP_BASIC_BYTES_MAX (SP_BASIC_NAME_MAX + 1 + SP_BASIC_PASSWORD_MAX)

/* A secret: wipe it. */
struct sp_basic_credentials {
    struct sp_str name, password; /* views of `bytes` */
    unsigned char bytes[SP_BASIC_BYTES_MAX];
};

/* Whether a value of Authorization is of this scheme. */
bool sp_basic_is(struct sp_str authorization);

/* Read "Basic <base64 of name:password>". The scheme's case does not count; base64 is strict and padded; name
 * and password are UTF-8 without control characters, the name not empty. SP_ESYNTAX, SP_ELIMIT, SP_EINVAL for
 * another scheme; texts do not quote the value. On failure nothing secret is left in `ret_credentials`. */
enum sp_status sp_basic_read(struct sp_str authorization, struct sp_basic_credentials *ret_credentials,
                             struct sp_error *err) SP_MUST_CHECK;
void sp_basic_wipe(struct sp_basic_credentials *credentials);

#endif
