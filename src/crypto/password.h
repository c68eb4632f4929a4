/* SPDX-License-Identifier: Apache-2.0
 * password.h: the encodings of passwords in server.xml: {xor}, {aes}, {hash} (Open Liberty's
 * com.ibm.ws.crypto.passwordutil).
 *
 * {xor} hides a password from a passing look only. {aes} protects it as well as the key is protected: without
 * a key of one's own it is that of every Liberty. {hash} cannot be turned back.
 */
#ifndef SP_CRYPTO_PASSWORD_H
#define SP_CRYPTO_PASSWORD_H

#include "base/buf.h"

enum sp_password_kind {
    SP_PASSWORD_CLEAR, /* no tag, or {} */
    SP_PASSWORD_XOR,
    SP_PASSWORD_AES,
    SP_PASSWORD_HASH,
    SP_PASSWORD_UNKNOWN, /* a tag that is none of these */
};

/* By the tag, any case; blanks around the text do not count. */
enum sp_password_kind sp_password_kind(struct sp_str text);

/* The keys of {aes}: derived when first needed, kept until finish, which wipes them. */
struct sp_password_keys {
    struct sp_str phrase; /* value of wlp.password.encryption.key, ptr NULL: not set. The caller's */
    bool derived[2];
    unsigned char key[2][32];
};

void sp_password_keys_init(struct sp_password_keys *keys, struct sp_str phrase);
void sp_password_keys_finish(struct sp_password_keys *keys);

/* The clear text, appended. SP_EINVAL: the text is broken, or the key is not the one it was encoded with;
 * SP_EUNSUPPORTED: {hash}, {custom}, an unknown tag or version. Never tells any of the text. On failure
 * nothing is appended. */
enum sp_status sp_password_decode(struct sp_password_keys *keys, struct sp_str text, struct sp_buf *buf,
                                  struct sp_error *err) SP_MUST_CHECK;

enum sp_password_form {
    SP_PASSWORD_AS_XOR,
    SP_PASSWORD_AS_AES_128, /* version 0: what every Liberty reads */
    SP_PASSWORD_AS_AES_256, /* version 1 */
    SP_PASSWORD_AS_HASH,    /* PBKDF2 with HMAC-SHA-512, 210000 rounds, 32 bytes, salt of 64 bytes */
};

/* The encoded text with its tag, appended. SP_EINVAL when it begins with a tag already. */
enum sp_status sp_password_encode(struct sp_password_keys *keys, enum sp_password_form form,
                                  struct sp_str clear, struct sp_buf *buf,
                                  struct sp_error *err) SP_MUST_CHECK;

/* Whether a {hash} is one that sp_password_verify can work with; SP_EINVAL, SP_EUNSUPPORTED. Hashes nothing.
 */
enum sp_status sp_password_hashed_check(struct sp_str stored, struct sp_error *err) SP_MUST_CHECK;

/* Whether `password` is the one that `stored` holds, in any kind; takes the same time wherever a clear text
 * differs. SP_OK or SP_EDENIED; otherwise `stored` is broken. */
enum sp_status sp_password_verify(struct sp_password_keys *keys, struct sp_str stored, struct sp_str password,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
