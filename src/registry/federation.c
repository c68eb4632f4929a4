/* SPDX-License-Identifier: Apache-2.0
 * Several registries as one. A name belongs to the one registry that knows it.
 */
#include <stdlib.h>

#include "registry/kind.h"

struct federation {
    struct sp_registry registry;
    bool goes_on; /* when a part cannot be asked */
    char *realm;
    size_t count;
    struct sp_registry *parts[SP_FEDERATION_MAX];
};

/* What is looked for: a name, or a certificate. */
struct wanted {
    struct sp_str key;
    bool is_certificate;
};

static enum sp_status ask_part(struct sp_registry *part, const struct wanted *wanted, struct sp_arena *arena,
                               struct sp_registry_user *ret_user, struct sp_error *err)
{
    if (wanted->is_certificate)
        return part->kind->find_certificate(part, wanted->key, arena, ret_user, err);
    return part->kind->find(part, wanted->key, arena, ret_user, err);
}

/* The part that knows it. A part that cannot be asked might know it as well, so without allowOpIfRepoDown
 * there is no answer then. */
static enum sp_status find_part(const struct federation *self, const struct wanted *wanted,
                                struct sp_arena *arena, struct sp_registry **ret_part,
                                struct sp_registry_user *ret_user, struct sp_error *err)
{
    struct sp_registry *found = NULL;
    struct sp_registry_user user, found_user = {.is_saf = false};
    struct sp_error refusal = SP_ERROR_INIT, cause = SP_ERROR_INIT;
    for (size_t i = 0; i < self->count; i++) {
        enum sp_status status = ask_part(self->parts[i], wanted, arena, &user, &cause);
        bool unavailable = status != SP_OK && status != SP_ENOTFOUND && status != SP_EDENIED;
        if (unavailable && (!self->goes_on || status != SP_EUNAVAIL)) {
            *err = cause;
            return status;
        }
        if (status == SP_OK && found)
            return sp_error_set(
                err, SP_EDENIED, NULL, "user %.*s is in more than one registry, %.*s and %.*s among them",
                SP_STR_ARG(user.name), SP_STR_ARG(found->realm), SP_STR_ARG(self->parts[i]->realm));
        if (status == SP_OK) {
            found = self->parts[i];
            found_user = user;
        } else if (!refusal.text[0] || status != SP_ENOTFOUND) {
            refusal = cause;
        }
    }
    if (!found) {
        *err = refusal;
        return refusal.status;
    }
    *ret_part = found;
    *ret_user = found_user;
    return SP_OK;
}

static enum sp_status federation_verify(struct sp_registry *registry, struct sp_str name,
                                        struct sp_str password, struct sp_arena *arena,
                                        struct sp_registry_user *ret_user, struct sp_error *err)
{
    const struct federation *self = (const struct federation *)registry;
    const struct wanted wanted = {name, false};
    struct sp_registry *part;
    struct sp_registry_user user;
    enum sp_status status = find_part(self, &wanted, arena, &part, &user, err);
    if (status == SP_ENOTFOUND)
        return sp_error_set(err, SP_EDENIED, NULL, "user %.*s is unknown or the password is wrong",
                            SP_STR_ARG(name));
    return status == SP_OK ? part->kind->verify(part, name, password, arena, ret_user, err) : status;
}

static enum sp_status federation_find(struct sp_registry *registry, struct sp_str name,
                                      struct sp_arena *arena, struct sp_registry_user *ret_user,
                                      struct sp_error *err)
{
    const struct wanted wanted = {name, false};
    struct sp_registry *part;
    enum sp_status status =
        find_part((const struct federation *)registry, &wanted, arena, &part, ret_user, err);
    if (status != SP_EDENIED)
        return status;
    err->status = SP_ENOTFOUND;
    return SP_ENOTFOUND;
}

static enum sp_status federation_find_certificate(struct sp_registry *registry, struct sp_str der,
                                                  struct sp_arena *arena, struct sp_registry_user *ret_user,
                                                  struct sp_error *err)
{
    const struct wanted wanted = {der, true};
    struct sp_registry *part;
    return find_part((const struct federation *)registry, &wanted, arena, &part, ret_user, err);
}

/* A group need not be of one registry alone. */
static enum sp_status federation_find_group(struct sp_registry *registry, struct sp_str name,
                                            struct sp_arena *arena, struct sp_str *ret_name,
                                            struct sp_error *err)
{
    const struct federation *self = (const struct federation *)registry;
    enum sp_status worst = SP_ENOTFOUND;
    for (size_t i = 0; i < self->count; i++) {
        struct sp_registry *part = self->parts[i];
        struct sp_error cause = SP_ERROR_INIT;
        enum sp_status status = part->kind->find_group(part, name, arena, ret_name, &cause);
        if (status == SP_OK)
            return SP_OK;
        bool is_answer = status == SP_ENOTFOUND || (status == SP_EUNAVAIL && self->goes_on);
        if (!is_answer || worst == SP_ENOTFOUND)
            *err = cause;
        if (!is_answer)
            worst = status;
    }
    return worst;
}

static void federation_start(struct sp_registry *registry, struct sp_loop *loop)
{
    struct federation *self = (struct federation *)registry;
    for (size_t i = 0; i < self->count; i++)
        sp_registry_start(self->parts[i], loop);
}

static void federation_free(struct sp_registry *registry)
{
    struct federation *self = (struct federation *)registry;
    for (size_t i = 0; i < self->count; i++)
        sp_registry_free(self->parts[i]);
    free(self->realm);
    free(self);
}

static const struct sp_registry_kind federation_kind = {
    federation_verify,     federation_find,  federation_find_certificate,
    federation_find_group, federation_start, federation_free};

enum sp_status sp_registry_federation_new(const struct sp_config *config, struct sp_registry *const parts[],
                                          size_t count, struct sp_registry **ret_registry,
                                          struct sp_error *err)
{
    struct sp_str realm = config->primary_realm.len ? config->primary_realm : parts[0]->realm;
    struct federation *self = calloc(1, sizeof *self);
    char *own_realm = strndup(realm.ptr, realm.len);
    if (!self || !own_realm) {
        for (size_t i = 0; i < count; i++)
            sp_registry_free(parts[i]);
        free(self);
        free(own_realm);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the registries");
    }
    self->realm = own_realm;
    self->registry = (struct sp_registry){&federation_kind, sp_str_of(own_realm)};
    self->goes_on = config->allow_op_if_repo_down;
    self->count = count;
    memcpy(self->parts, parts, count * sizeof *parts);
    *ret_registry = &self->registry;
    return SP_OK;
}
