/* SPDX-License-Identifier: Apache-2.0
 * ciphers.h: the cipher suites of an <ssl> element as OpenSSL names them.
 */
#ifndef SP_ENGINE_CIPHERS_H
#define SP_ENGINE_CIPHERS_H

#include "base/buf.h"
#include "config/config.h"

struct sp_ciphers {
    struct sp_buf tls12; /* OpenSSL's list for TLS 1.2, "A:B" */
    struct sp_buf tls13; /* OpenSSL's list of TLS 1.3 suites; empty: its default */
    bool offers12, offers13;
};

/* Accepts one that is all zeros. */
void sp_ciphers_finish(struct sp_ciphers *ciphers);

/* By enabledCiphers (IANA names, or Java's and IBM's that begin with SSL_), else by securityLevel:
 *   HIGH    ECDHE with AES-GCM or ChaCha20-Poly1305
 *   MEDIUM  and ECDHE with AES-CBC and SHA-2, RSA key exchange with AES-GCM
 *   LOW     and AES-CBC with SHA-1
 * and by sslProtocol. A version for which no suite is left is not offered. A name that is unknown or that
 * this OpenSSL does not provide is left out (sp_config_load told it); SP_EINVAL when none is left. */
enum sp_status sp_ciphers_choose(const struct sp_cfg_ssl *ssl, struct sp_ciphers *ret_ciphers,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
