/* SPDX-License-Identifier: Apache-2.0
 * seal_token.h: a key file that does not hold the key, but the key encrypted by a PKCS#11 token.
 *
 * Two lines: "token <pkcs11: URI>", naming an AES key by object or id, and "key <base64>", what
 * sp_pkcs11_wrap made of the key. The PIN is in a file of its own, named as the key file with ".pin" behind
 * it and as private.
 */
#ifndef SP_SAF_SEAL_TOKEN_H
#define SP_SAF_SEAL_TOKEN_H

#include "saf/seal.h"

/* Whether the text of a key file is of that kind. */
bool sp_seal_token_is(struct sp_str text);
/* The key. It is remembered, so that a process asks the token once. SP_ESYNTAX, SP_EDENIED, SP_ENOTFOUND,
 * SP_EUNAVAIL (the token). */
enum sp_status sp_seal_token_open(struct sp_str text, const char *path,
                                  unsigned char ret_key[SP_SEAL_KEY_LEN], struct sp_error *err) SP_MUST_CHECK;
/* Replace the key file by one of that kind, after the token has shown that it can open it. */
enum sp_status sp_seal_token_move(const struct sp_seal *seal, const char *path, struct sp_str location,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
