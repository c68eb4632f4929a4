/* SPDX-License-Identifier: Apache-2.0
 * cookie_seal.h: texts that travel through a client's hands and come back unread and unchanged: cookies.
 *
 * AES-256-GCM (NIST SP 800-38D) under a key made of a secret and a purpose (HKDF-SHA-256, RFC 5869), so that
 * what is sealed for one purpose does not open for another. On the wire: version, nonce and ciphertext with
 * its tag, as base64url. Who seals must put a time into the text himself if it shall end.
 */
#ifndef SP_CRYPTO_COOKIE_SEAL_H
#define SP_CRYPTO_COOKIE_SEAL_H

#include "base/buf.h"

#define SP_COOKIE_SEAL_SECRET_BYTES 32u
#define SP_COOKIE_TEXT_MAX ((size_t)64 << 10)

/* Greatest length of what `bytes` bytes become. */
#define SP_COOKIE_SEALED_MAX(bytes) (((bytes) + 1 + 12 + 16) * 4 / 3 + 4)

/* A key in the caller's memory: wipe it with sp_cookie_seal_finish. */
struct sp_cookie_seal {
    unsigned char key[32];
};

/* `purpose`: any text, the same on both sides. SP_EINTERNAL when the cryptographic library refuses. */
enum sp_status sp_cookie_seal_init(struct sp_cookie_seal *seal,
                                   const unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES],
                                   struct sp_str purpose, struct sp_error *err) SP_MUST_CHECK;
void sp_cookie_seal_finish(struct sp_cookie_seal *seal);

/* Append the sealed text. SP_ELIMIT over SP_COOKIE_TEXT_MAX or the buffer's ceiling; then nothing is
 * appended.
 */
enum sp_status sp_cookie_seal_text(const struct sp_cookie_seal *seal, struct sp_str text, struct sp_buf *buf,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Append the text that was sealed. SP_EDENIED when it was not sealed by this key for this purpose, or was
 * changed; then nothing is appended. */
enum sp_status sp_cookie_unseal_text(const struct sp_cookie_seal *seal, struct sp_str sealed,
                                     struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

#endif
