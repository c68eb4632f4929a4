/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/kind.h"

/* The registry of a configuration that names none. */

static enum sp_status nobody_verify(struct sp_registry *self, struct sp_str name, struct sp_str password,
                                    struct sp_arena *arena, struct sp_registry_user *ret_user,
                                    struct sp_error *err)
{
    return sp_error_set(err, SP_EDENIED, NULL,
                        "nobody can log in: the configuration has no user registry (add a basicRegistry)");
}

static enum sp_status nobody_find(struct sp_registry *self, struct sp_str name, struct sp_arena *arena,
                                  struct sp_registry_user *ret_user, struct sp_error *err)
{
    return sp_error_set(err, SP_ENOTFOUND, NULL, "the configuration has no user registry");
}

static enum sp_status nobody_find_certificate(struct sp_registry *self, struct sp_str der,
                                              struct sp_arena *arena, struct sp_registry_user *ret_user,
                                              struct sp_error *err)
{
    return nobody_find(self, der, arena, ret_user, err);
}

static enum sp_status nobody_find_group(struct sp_registry *self, struct sp_str name, struct sp_arena *arena,
                                        struct sp_str *ret_name, struct sp_error *err)
{
    return nobody_find(self, name, arena, NULL, err);
}

static void nobody_free(struct sp_registry *self)
{
}

static const struct sp_registry_kind nobody_kind = {nobody_verify,     nobody_find, nobody_find_certificate,
                                                    nobody_find_group, NULL,        nobody_free};
static struct sp_registry nobody = {.kind = &nobody_kind, .realm = SP_STR_INIT("defaultRealm")};

/* The LDAP registries and the basic one, in the order of their answers. */
static enum sp_status make_parts(const struct sp_config *config, struct sp_registry *parts[],
                                 size_t *ret_count, struct sp_error *err)
{
    size_t count = 0;
    enum sp_status status = SP_OK;
    if (config->ldap_registry_count >= SP_FEDERATION_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "there are more than %u registries", SP_FEDERATION_MAX);
    for (size_t i = 0; status == SP_OK && i < config->ldap_registry_count; i++) {
        status = sp_registry_ldap_new(&config->ldap_registries[i], config, &parts[count], err);
        count += status == SP_OK;
    }
    if (status == SP_OK && config->basic_registry) {
        status = sp_registry_basic_new(config->basic_registry, &parts[count], err);
        count += status == SP_OK;
    }
    for (size_t i = 0; status != SP_OK && i < count; i++)
        sp_registry_free(parts[i]);
    *ret_count = count;
    return status;
}

enum sp_status sp_registry_new(const struct sp_config *config, struct sp_saf_link *saf,
                               struct sp_shared_cache *logins, struct sp_registry **ret_registry,
                               struct sp_error *err)
{
    if (config->saf_registry_count && !saf)
        return sp_error_set(err, SP_EINVAL, NULL, "a SAF registry needs the security database");
    if (config->saf_registry_count)
        return sp_registry_saf_new(config, saf, logins, ret_registry, err);
    struct sp_registry *parts[SP_FEDERATION_MAX];
    size_t count = 0;
    enum sp_status status = make_parts(config, parts, &count, err);
    if (status != SP_OK)
        return status;
    if (count > 1)
        return sp_registry_federation_new(config, parts, count, ret_registry, err);
    *ret_registry = count ? parts[0] : &nobody;
    return SP_OK;
}

void sp_registry_start(struct sp_registry *registry, struct sp_loop *loop)
{
    if (registry->kind->start)
        registry->kind->start(registry, loop);
}

void sp_registry_free(struct sp_registry *registry)
{
    if (registry)
        registry->kind->free(registry);
}

struct sp_str sp_registry_realm(const struct sp_registry *registry)
{
    return registry->realm;
}

enum sp_status io_registry_verify(struct sp_registry *registry, struct sp_str name, struct sp_str password,
                                  struct sp_arena *arena, struct sp_registry_user *ret_user,
                                  struct sp_error *err)
{
    return registry->kind->verify(registry, name, password, arena, ret_user, err);
}

enum sp_status io_registry_find(struct sp_registry *registry, struct sp_str name, struct sp_arena *arena,
                                struct sp_registry_user *ret_user, struct sp_error *err)
{
    return registry->kind->find(registry, name, arena, ret_user, err);
}

enum sp_status io_registry_find_certificate(struct sp_registry *registry, struct sp_str der,
                                            struct sp_arena *arena, struct sp_registry_user *ret_user,
                                            struct sp_error *err)
{
    return registry->kind->find_certificate(registry, der, arena, ret_user, err);
}

enum sp_status io_registry_find_group(struct sp_registry *registry, struct sp_str name,
                                      struct sp_arena *arena, struct sp_str *ret_name, struct sp_error *err)
{
    return registry->kind->find_group(registry, name, arena, ret_name, err);
}

/* ---------------------------------------------------------------- figures */

static _Atomic uint64_t logins_known, logins_verified;

void sp_registry_count_login(bool known)
{
    known ? logins_known++ : logins_verified++;
}

void sp_registry_login_counts(uint64_t *ret_known, uint64_t *ret_verified)
{
    *ret_known = logins_known;
    *ret_verified = logins_verified;
}
