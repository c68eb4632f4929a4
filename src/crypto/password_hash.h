/* SPDX-License-Identifier: Apache-2.0
 * password_hash.h: what stands behind {hash}: PBKDF2 with its parameters, as tags and values.
 *
 * One byte X'01', then in any order: X'10' algorithm (4 bytes of length, text), X'20' rounds (4 bytes), X'30'
 * salt (length, bytes), X'40' digest (length, bytes), X'50' length of the output in bits (4 bytes); all
 * big-endian. Algorithm, rounds and output length may be missing: PBKDF2WithHmacSHA1, 6384, 256.
 */
#ifndef SP_CRYPTO_PASSWORD_HASH_H
#define SP_CRYPTO_PASSWORD_HASH_H

#include "base/buf.h"

/* A hash of the password with a new salt, appended. SP_ENOMEM. */
enum sp_status sp_password_hash_make(struct sp_str password, struct sp_buf *buf) SP_MUST_CHECK;
/* SP_OK, SP_EDENIED, SP_EINVAL when the structure is broken, SP_ELIMIT over 10 million rounds or 64 bytes of
 * output, SP_EUNSUPPORTED for another algorithm. */
enum sp_status sp_password_hash_verify(struct sp_str hash, struct sp_str password,
                                       struct sp_error *err) SP_MUST_CHECK;
/* Whether the structure is one that verify can work with. */
enum sp_status sp_password_hash_check(struct sp_str hash, struct sp_error *err) SP_MUST_CHECK;

#endif
