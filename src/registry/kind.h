/* SPDX-License-Identifier: Apache-2.0
 * kind.h: what a kind of registry implements; for the files of this room.
 */
#ifndef SP_REGISTRY_KIND_H
#define SP_REGISTRY_KIND_H

#include "registry/registry.h"

struct sp_registry_kind {
    enum sp_status (*verify)(struct sp_registry *self, struct sp_str name, struct sp_str password,
                             struct sp_arena *arena, struct sp_registry_user *ret_user, struct sp_error *err);
    enum sp_status (*find)(struct sp_registry *self, struct sp_str name, struct sp_arena *arena,
                           struct sp_registry_user *ret_user, struct sp_error *err);
    enum sp_status (*find_certificate)(struct sp_registry *self, struct sp_str der, struct sp_arena *arena,
                                       struct sp_registry_user *ret_user, struct sp_error *err);
    enum sp_status (*find_group)(struct sp_registry *self, struct sp_str name, struct sp_arena *arena,
                                 struct sp_str *ret_name, struct sp_error *err);
    /* NULL: nothing. See sp_registry_start. */
    void (*start)(struct sp_registry *self, struct sp_loop *loop);
    void (*free)(struct sp_registry *self);
};

/* The first member of each kind's own structure. */
struct sp_registry {
    const struct sp_registry_kind *kind;
    struct sp_str realm;
};

/* basic.c; the configuration must outlive it. SP_EEXISTS when a user is there twice. */
enum sp_status sp_registry_basic_new(const struct sp_cfg_basic_registry *config,
                                     struct sp_registry **ret_registry, struct sp_error *err) SP_MUST_CHECK;

/* saf.c; keeps a reference to the link. The configuration must outlive it, and so must `logins` (may be
 * NULL). SP_EINVAL. */
/* Whether what the configuration says of it can be used. SP_EINVAL. */
enum sp_status sp_registry_saf_check(const struct sp_config *config, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_registry_saf_new(const struct sp_config *config, struct sp_saf_link *link,
                                   struct sp_shared_cache *logins, struct sp_registry **ret_registry,
                                   struct sp_error *err) SP_MUST_CHECK;

/* ldap.c; `whole` is the configuration it is part of. Neither needs to outlive it. Asks no server yet. What
 * sp_ldap_settings_init says. */
enum sp_status sp_registry_ldap_new(const struct sp_cfg_ldap_registry *config, const struct sp_config *whole,
                                    struct sp_registry **ret_registry, struct sp_error *err) SP_MUST_CHECK;

/* federation.c: several registries as one; it owns them, whatever is returned. The realm is primaryRealm's,
 * else that of the first. SP_ENOMEM. */
#define SP_FEDERATION_MAX 16u
enum sp_status sp_registry_federation_new(const struct sp_config *config, struct sp_registry *const parts[],
                                          size_t count, struct sp_registry **ret_registry,
                                          struct sp_error *err) SP_MUST_CHECK;

#endif
