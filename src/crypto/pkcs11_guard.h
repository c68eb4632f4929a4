/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_guard.h: private to the files pkcs11_*.c: one process at a time logs in, and no refused PIN twice.
 */
#ifndef SP_CRYPTO_PKCS11_GUARD_H
#define SP_CRYPTO_PKCS11_GUARD_H

#include "base/str.h"

/* Until sp_pkcs11_guard_leave, no other process of the server logs in. */
void sp_pkcs11_guard_enter(void);
void sp_pkcs11_guard_leave(void);
/* Between both. `token` names the token, whatever the configuration calls it. */
bool sp_pkcs11_guard_refused(struct sp_str token, struct sp_str pin);
void sp_pkcs11_guard_refuse(struct sp_str token, struct sp_str pin);

#endif
