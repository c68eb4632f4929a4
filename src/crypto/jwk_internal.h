/* SPDX-License-Identifier: Apache-2.0
 * jwk_internal.h: making sets of keys. For the files of this mechanism only.
 */
#ifndef SP_CRYPTO_JWK_INTERNAL_H
#define SP_CRYPTO_JWK_INTERNAL_H

#include "crypto/jwk.h"

/* An empty set with one reference and room for so many keys. SP_ENOMEM. */
enum sp_status sp_jwk_set_make(size_t room, struct sp_jwk_set **ret_set, struct sp_error *err) SP_MUST_CHECK;
/* Add a key with the names and the alg of `about`, which are copied; `pkey` is taken over, also on failure.
 * SP_EDENIED with the reason in `err` when it cannot be used, SP_ENOMEM. */
enum sp_status sp_jwk_set_add_pkey(struct sp_jwk_set *set, struct evp_pkey_st *pkey,
                                   const struct sp_jwk *about, bool weak_rsa,
                                   struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_jwk_set_add_secret(struct sp_jwk_set *set, struct sp_str secret, const struct sp_jwk *about,
                                     struct sp_error *err) SP_MUST_CHECK;
/* Count a key that cannot be used, and remember why. */
void sp_jwk_set_leave_out(struct sp_jwk_set *set, struct sp_str kid, const char *why);

#endif
