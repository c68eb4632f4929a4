/* SPDX-License-Identifier: Apache-2.0
 * identity.h: from the name of an authenticated user to the identity that flows on.
 */
#ifndef SP_AUTHN_IDENTITY_H
#define SP_AUTHN_IDENTITY_H

#include "base/arena.h"

#define SP_SAF_USER_MAX 8u

/* Whether the name can be a SAF user id: 1 to 8 characters A-Z, 0-9, '#', '@', '$', letters in either case.
 */
bool sp_saf_user_is_legal(struct sp_str name);
/* The name in upper case when it is legal, in the arena; empty when it is not. SP_ENOMEM. */
enum sp_status sp_saf_user_from(struct sp_str name, struct sp_arena *arena,
                                struct sp_str *ret_saf_user) SP_MUST_CHECK;

#endif
