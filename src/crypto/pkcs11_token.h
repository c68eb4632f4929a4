/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_token.h: PKCS#11 tokens (OASIS PKCS#11 2.40) whose keys we use where they are.
 *
 * A token is only known at first; what needs it opens a session, each process its own (section 6.6.1: nothing
 * survives a fork). When the token goes away and comes back, the session is opened anew, at most once a
 * second. Calls of one library run one after the other and block for as long as the token takes.
 *
 * A PIN that a token refused is not tried again by any process that descends from the one which called
 * sp_pkcs11_guard, nor is the last try that a token allows: tokens lock themselves after few wrong PINs.
 */
#ifndef SP_CRYPTO_PKCS11_TOKEN_H
#define SP_CRYPTO_PKCS11_TOKEN_H

#include "crypto/pkcs11_place.h"

#define SP_PKCS11_PIN_MAX 255u

struct sp_pkcs11_token;

/* Copies both; `pin` ptr NULL: nothing logs in, which only shows objects that are public. SP_ELIMIT,
 * SP_ENOMEM. */
enum sp_status sp_pkcs11_token_new(const struct sp_pkcs11_place *place, struct sp_str pin,
                                   struct sp_pkcs11_token **ret_token, struct sp_error *err) SP_MUST_CHECK;
struct sp_pkcs11_token *sp_pkcs11_token_hold(struct sp_pkcs11_token *token);
/* Wipes the PIN with the last holder. Accepts NULL. */
void sp_pkcs11_token_release(struct sp_pkcs11_token *token);
const struct sp_pkcs11_place *sp_pkcs11_token_place(const struct sp_pkcs11_token *token);

/* In a process that will fork, before it does: refused PINs are remembered by all. Called again, the PINs
 * that were refused may be tried once more. */
void sp_pkcs11_guard(void);
/* Before a fork, and before the end of a process: all libraries are finalized. Sessions open themselves again
 * when they are needed. */
void sp_pkcs11_rest(void);
/* What libraries see as their environment while they are loaded and initialized, for nginx takes it away from
 * its workers. Must stay; NULL: the process's own. */
void sp_pkcs11_use_environment(const char *const *environment);

#endif
