/* SPDX-License-Identifier: Apache-2.0
 * identity.h: from the name of an authenticated user to the identity that flows on.
 */
#ifndef SP_AUTHN_IDENTITY_H
#define SP_AUTHN_IDENTITY_H

#include "registry/saf_link.h"

#define SP_SAF_USER_MAX 8u

/* Whether the name can be a SAF user id: 1 to 8 characters A-Z, 0-9, '#', '@', '$', letters in either case.
 */
bool sp_saf_user_is_legal(struct sp_str name);
/* The name in upper case when it is legal, in the arena; empty when it is not. SP_ENOMEM. */
enum sp_status sp_saf_user_from(struct sp_str name, struct sp_arena *arena,
                                struct sp_str *ret_saf_user) SP_MUST_CHECK;

/* Groups of a user of the security database, in the arena. SP_ENOMEM. */
enum sp_status sp_identity_groups(const struct sp_saf_image *image, struct sp_str user,
                                  struct sp_arena *arena, struct sp_str_list *ret_groups) SP_MUST_CHECK;

/* What the name of another registry is mapped to by RACMAP. */
struct sp_mapped_identity {
    struct sp_str saf_user; /* empty: nothing maps it */
    struct sp_str_list groups;
    enum sp_saf_verify_outcome
        outcome; /* of what VERIFY asks of that user; SP_SAF_VERIFIED when there is none */
};

/* In the arena. SP_EUNAVAIL while the database is not open, SP_ENOMEM. */
enum sp_status sp_identity_map(struct sp_saf_link *saf, struct sp_str name, struct sp_str realm,
                               struct sp_str appl, struct sp_arena *arena,
                               struct sp_mapped_identity *ret_identity, struct sp_error *err) SP_MUST_CHECK;

#endif
