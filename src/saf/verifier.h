/* SPDX-License-Identifier: Apache-2.0
 * verifier.h: what is kept of a password or phrase: scrypt (RFC 7914) with a salt of its own.
 *
 * The text form is "scrypt$<log2 N>$<r>$<p>$<salt>$<hash>", salt and hash in base64url. Parameters travel
 * with it, so that stronger ones can be introduced: an old one verifies and says that it should be made anew.
 */
#ifndef SP_SAF_VERIFIER_H
#define SP_SAF_VERIFIER_H

#include "base/buf.h"

/* Begins the verifier of a user who came from elsewhere with a password that is not known here (the algorithm
 * there is behind): it fits nothing. */
#define SP_VERIFIER_UNLOADED "unloaded$"

/* Append the verifier of a secret, with the parameters of today (N 2^15, r 8, p 1: 32 MiB, some 60 ms). */
enum sp_status sp_verifier_make(struct sp_str secret, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

/* SP_OK: it is the secret; SP_EDENIED: it is not; SP_ESYNTAX: this is no verifier, or its parameters are
 * beyond reason (N over 2^20, more than 256 MiB). `*ret_outdated` (may be NULL): make it anew now that the
 * secret is known. */
enum sp_status sp_verifier_check(struct sp_str verifier, struct sp_str secret,
                                 bool *ret_outdated) SP_MUST_CHECK;

/* Take the time that a check takes, for users who do not exist. */
void sp_verifier_pretend(struct sp_str secret);

#endif
