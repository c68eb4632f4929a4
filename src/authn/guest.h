/* SPDX-License-Identifier: Apache-2.0
 * guest.h: the user id of requests that are not authenticated (safCredentials unauthenticatedUser).
 */
#ifndef SP_AUTHN_GUEST_H
#define SP_AUTHN_GUEST_H

#include "authn/authn.h"

#define SP_MSG_GUEST_UNUSABLE "CWWKS2960W"

/* Warnings about a guest that cannot be used, or that may do more than a guest should. */
void sp_guest_check(const struct sp_config *config, struct sp_saf_link *saf, struct sp_problems *problems);

/* The guest as principal: not authenticated, with user id and groups of its own; without either when the
 * security database does not let it in, or there is no security database (`saf` NULL). SP_ENOMEM. */
enum sp_status sp_guest_take(const struct sp_config *config, struct sp_saf_link *saf, struct sp_arena *arena,
                             struct sp_principal *ret_principal) SP_MUST_CHECK;

#endif
