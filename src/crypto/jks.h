/* SPDX-License-Identifier: Apache-2.0
 * jks.h: Java's old key stores (type JKS, versions 1 and 2), as keytool writes them.
 *
 * The format is Sun's own: entries in big-endian order, private keys masked by a stream of SHA-1 digests
 * under the password, and a SHA-1 digest of password and contents at the end.
 */
#ifndef SP_CRYPTO_JKS_H
#define SP_CRYPTO_JKS_H

#include "base/str.h"

#define SP_JKS_ENTRIES_MAX 4096
#define SP_JKS_CHAIN_MAX 16

struct sp_jks_sink {
    void *arg;
    /* A certificate, in DER: one that is trusted, or one of a key's chain, its own first. */
    enum sp_status (*certificate)(void *arg, struct sp_str alias, struct sp_str der, bool trusted);
    /* A private key, PKCS#8 in DER, before its chain. ptr NULL: it has another password than the store. The
     * bytes are wiped afterwards. */
    enum sp_status (*key)(void *arg, struct sp_str alias, struct sp_str pkcs8);
};

/* Whether the bytes begin as a JKS store does. */
bool sp_jks_is(struct sp_str bytes);
/* Hand out what a store holds. SP_EDENIED when the password is wrong (or bytes were changed), SP_ESYNTAX,
 * SP_ELIMIT, or what the sink returned. `password` is UTF-8. */
enum sp_status sp_jks_read(struct sp_str bytes, struct sp_str password, const struct sp_jks_sink *sink,
                           struct sp_error *err) SP_MUST_CHECK;

#endif
