/* SPDX-License-Identifier: Apache-2.0
 * seal.h: secrets at rest: AES-256-GCM under a key that is kept in a file of its own.
 *
 * A sealed secret is version 1 | nonce 12 | ciphertext | tag 16. What it belongs to (table and key of its
 * row) is authenticated with it, so that a sealed secret copied to another row does not open.
 */
#ifndef SP_SAF_SEAL_H
#define SP_SAF_SEAL_H

#include "base/buf.h"

#define SP_SEAL_KEY_LEN 32u
#define SP_SEAL_OVERHEAD 29u
/* Longest key file. */
#define SP_SEAL_FILE_MAX 12288u

struct sp_seal {
    unsigned char key[SP_SEAL_KEY_LEN];
};

/* Read the key file, or make it (mode 0600, random, synced) when `create` and it is missing. SP_ENOTFOUND;
 * SP_EDENIED when group or others may read it or it belongs to another user; SP_ESYNTAX when it is neither 64
 * hexadecimal digits nor what saf/seal_token.h describes, whose errors follow. */
enum sp_status sp_seal_load(struct sp_seal *ret_seal, const char *path, bool create,
                            struct sp_error *err) SP_MUST_CHECK;
/* Read a file that only its user may use; `what` is for messages. SP_ENOTFOUND, SP_EIO, SP_EDENIED; SP_ELIMIT
 * when it has more than `size` bytes. */
enum sp_status sp_seal_read_private(const char *path, const char *what, char *ret_text, size_t size,
                                    size_t *ret_len, struct sp_error *err) SP_MUST_CHECK;
/* Overwrite the key. Accepts NULL. */
void sp_seal_finish(struct sp_seal *seal);

/* Append the sealed form of `secret`. */
enum sp_status sp_seal_close(const struct sp_seal *seal, struct sp_str belongs_to, struct sp_str secret,
                             struct sp_buf *buf) SP_MUST_CHECK;
/* Append the secret. SP_EDENIED when it was sealed with another key, for something else, or was changed. */
enum sp_status sp_seal_open(const struct sp_seal *seal, struct sp_str belongs_to, struct sp_str sealed,
                            struct sp_buf *buf) SP_MUST_CHECK;

#endif
