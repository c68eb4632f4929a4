/* SPDX-License-Identifier: Apache-2.0
 * remembered.h: what a registry answered, in authCache.
 *
 * Users of the security database are not kept here: what is known of them changes at any time, and its
 * registry asks its own image at no cost.
 */
#ifndef SP_AUTHN_REMEMBERED_H
#define SP_AUTHN_REMEMBERED_H

#include "authn/kind.h"
#include "base/shared_cache.h"

/* Key of a credential or question of the kind `what` ("basic", ...), for this configuration: what changes the
 * configuration forgets all. */
struct sp_cache_key sp_remembered_key(const struct sp_authn_parts *parts, const char *what,
                                      struct sp_str first, struct sp_str second);
/* False when nothing is remembered; the user lives in the arena. */
bool sp_remembered_user(const struct sp_authn_parts *parts, struct sp_cache_key key, struct sp_arena *arena,
                        struct sp_registry_user *ret_user);
/* For authCache timeout, but not longer than until `expires_us` (realtime, 0: no end). */
void sp_remember_user(const struct sp_authn_parts *parts, struct sp_cache_key key, int64_t expires_us,
                      const struct sp_registry_user *user);

/* A login: the password that the registry found right for that name, for authCache timeout, where
 * allowBasicAuthLookup lets it. There is one for each name, its case not counted: a password that was found
 * right later takes the place of the one before. */
bool sp_remembered_login(const struct sp_authn_parts *parts, struct sp_str name, struct sp_str password,
                         struct sp_arena *arena, struct sp_registry_user *ret_user);
void sp_remember_login(const struct sp_authn_parts *parts, struct sp_str name, struct sp_str password,
                       const struct sp_registry_user *user);

#endif
