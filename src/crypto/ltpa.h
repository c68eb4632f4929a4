/* SPDX-License-Identifier: Apache-2.0
 * ltpa.h: LTPA keys files and LTPA2 tokens, as WebSphere and Liberty exchange them.
 *
 * A keys file (version 1.0) holds a shared 3DES key, of which the first 16 bytes are the AES key and
 * initialisation vector of tokens, and an RSA key of 1024 bits; both are encrypted under the SHA-1 of a
 * password. A token is base64(AES-128-CBC("userdata%expiration%signature")), its signature SHA1withRSA over
 * the SHA-1 of the user data. The strength is that of the format: who can read the file and guess the
 * password can be anybody. Version 2.0 (FIPS) is not read: its details are not published.
 *
 * Sans-IO. Keys are immutable once they are made: any thread may use them.
 */
#ifndef SP_CRYPTO_LTPA_H
#define SP_CRYPTO_LTPA_H

#include "base/arena.h"
#include "base/buf.h"

#define SP_LTPA_FILE_MAX 65536u
#define SP_LTPA_TOKEN_MAX 8192u /* characters */
#define SP_LTPA_ATTRIBUTES_MAX 64u

struct sp_ltpa_keys;

/* Read a keys file. SP_ESYNTAX; SP_EINVAL for a property that is missing or keys that do not belong together;
 * SP_EDENIED when the password does not open it; SP_EUNSUPPORTED for another version; SP_ELIMIT. */
enum sp_status sp_ltpa_keys_read(struct sp_str file, struct sp_str password, struct sp_ltpa_keys **ret_keys,
                                 struct sp_error *err) SP_MUST_CHECK;
/* New keys for a realm. Takes some tens of milliseconds. */
enum sp_status sp_ltpa_keys_make(struct sp_str realm, struct sp_ltpa_keys **ret_keys,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Append the keys file. `date` and `host` are for people. */
enum sp_status sp_ltpa_keys_write(const struct sp_ltpa_keys *keys, struct sp_str password, struct sp_str date,
                                  struct sp_str host, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
/* Wipes them. Accepts NULL. */
void sp_ltpa_keys_free(struct sp_ltpa_keys *keys);
/* "defaultRealm" as a rule; empty when the file names none. */
struct sp_str sp_ltpa_keys_realm(const struct sp_ltpa_keys *keys);

struct sp_ltpa_attribute {
    struct sp_str name;
    const struct sp_str *values; /* one or more */
    size_t count;
};

struct sp_ltpa_token {
    struct sp_str user; /* access id, attribute "u": "user:<realm>/<unique id>" */
    int64_t expires_ms; /* since 1970, attribute "expire" */
    /* The others, by name. */
    const struct sp_ltpa_attribute *attributes;
    size_t attribute_count;
};

/* Append a token. Attributes may come in any order. SP_EINVAL (a name twice, empty, or "u" or "expire"; no
 * value), SP_ELIMIT. */
enum sp_status sp_ltpa_token_write(const struct sp_ltpa_keys *keys, const struct sp_ltpa_token *token,
                                   struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
/* Read one. Texts are in the arena. SP_EDENIED, with one text for all causes, unless keys that match made it
 * as it is (the signature is looked at whatever else is wrong); SP_ETIMEDOUT when it is good and has ended;
 * SP_ENOMEM. A token is refused when its user data are not as a writer makes them (sorted, each attribute
 * once), without "u" or "expire", or when its second expiration differs by more than `difference_ms` (below
 * 0: it is not looked at). */
enum sp_status sp_ltpa_token_read(const struct sp_ltpa_keys *keys, struct sp_str text, int64_t now_ms,
                                  int64_t difference_ms, struct sp_arena *arena,
                                  struct sp_ltpa_token *ret_token, struct sp_error *err) SP_MUST_CHECK;

#endif
