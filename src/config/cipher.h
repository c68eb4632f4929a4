/* SPDX-License-Identifier: Apache-2.0
 * cipher.h: cipher suites by the names that server.xml uses.
 */
#ifndef SP_CONFIG_CIPHER_H
#define SP_CONFIG_CIPHER_H

#include "base/str.h"

/* OpenSSL's name of a suite written as IANA and Java do ("TLS_RSA_WITH_AES_128_CBC_SHA") or as IBM's Java
 * does
 * ("SSL_..."); static storage. NULL: there is no such suite. Exact case. */
const char *sp_cipher_openssl_name(struct sp_str written);
/* Whether the suite is one of TLS 1.3, which OpenSSL keeps in a list of its own. */
bool sp_cipher_is_tls13(const char *openssl_name);
/* Whether the OpenSSL this process runs with provides it, at the security level it has by default. */
bool sp_cipher_is_provided(const char *openssl_name);

#endif
