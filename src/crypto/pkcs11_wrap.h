/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_wrap.h: a secret under an AES key that stays in a token (AES-GCM, NIST SP 800-38D).
 */
#ifndef SP_CRYPTO_PKCS11_WRAP_H
#define SP_CRYPTO_PKCS11_WRAP_H

#include "base/buf.h"
#include "crypto/pkcs11_token.h"

#define SP_PKCS11_WRAP_MAX 1024u    /* bytes of a secret */
#define SP_PKCS11_WRAP_OVERHEAD 28u /* nonce and tag */

/* Append nonce, ciphertext and tag. The key is the token's AES key that its place names by object or id.
 * `belongs_to` is authenticated. Errors of pkcs11_int.h; SP_ENOTFOUND: there is no such key; SP_ELIMIT. */
enum sp_status sp_pkcs11_wrap(struct sp_pkcs11_token *token, struct sp_str belongs_to, struct sp_str secret,
                              struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
/* Append the secret; SP_EDENIED when it was wrapped by another key, for something else, or was changed. */
enum sp_status sp_pkcs11_unwrap(struct sp_pkcs11_token *token, struct sp_str belongs_to,
                                struct sp_str wrapped, struct sp_buf *buf,
                                struct sp_error *err) SP_MUST_CHECK;

#endif
