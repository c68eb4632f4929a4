/* SPDX-License-Identifier: Apache-2.0
 * self_signed.h: a key and a certificate to begin with.
 */
#ifndef SP_CRYPTO_SELF_SIGNED_H
#define SP_CRYPTO_SELF_SIGNED_H

#include "base/buf.h"

/* A new P-256 key with a certificate that it signed itself, for TLS servers: subject CN=`name`, O=sallyport,
 * the names of `name`, localhost, 127.0.0.1 and ::1, valid for `days` (1 to 3650). Appended as PKCS#12,
 * encrypted with the password (AES-256, PBKDF2), entry "default". SP_EINVAL for a name that is no host name,
 * SP_ENOMEM. */
enum sp_status sp_self_signed_pkcs12(struct sp_str name, int days, struct sp_str password, struct sp_buf *buf,
                                     struct sp_error *err) SP_MUST_CHECK;

#endif
