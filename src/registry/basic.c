/* SPDX-License-Identifier: Apache-2.0
 * The registry in server.xml: users with passwords, groups with members.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/secret.h"
#include "crypto/password.h"
#include "io/fiber.h"
#include "io/offload.h"
#include "registry/certificate_name.h"
#include "registry/kind.h"

#define USERS_MAX 100000u
#define NAME_MAX_BYTES 256u
#define PASSWORD_MAX_BYTES SP_REGISTRY_PASSWORD_MAX
#define PASSWORD_BLOCK 64u /* compared at one time */
#define MEMORY_MAX (64u * 1024u * 1024u)

struct user {
    struct sp_str name; /* as written */
    struct sp_str key;  /* by which it is found */
    struct sp_str password;
    bool hashed;
    struct sp_str *groups;
    size_t group_count;
};

struct basic {
    struct sp_registry registry;
    const struct sp_cfg_basic_registry *config;
    bool ignore_case, takes_certificates;
    struct sp_arena arena;
    struct sp_hash users; /* key -> struct user */
    struct sp_str decoy;  /* some user's hash, for names that are not there; empty when nobody has one */
};

/* The name as it is looked up: in lower case (ASCII) when case does not count. */
static struct sp_str key_of(const struct basic *self, struct sp_str name, char folded[NAME_MAX_BYTES])
{
    if (!self->ignore_case)
        return name;
    for (size_t i = 0; i < name.len; i++)
        folded[i] = sp_lower(name.ptr[i]);
    return sp_str_from(folded, name.len);
}

static struct user *find_user(const struct basic *self, struct sp_str name)
{
    char folded[NAME_MAX_BYTES];
    return name.len <= NAME_MAX_BYTES ? sp_hash_get(&self->users, key_of(self, name, folded)) : NULL;
}

/* Both are laid into blocks whose size the presented one alone decides, so that the time tells neither length
 * nor content of the stored one. */
static bool same_password(struct sp_str presented, struct sp_str stored)
{
    unsigned char blocks[2][PASSWORD_MAX_BYTES + PASSWORD_BLOCK];
    size_t size = (presented.len / PASSWORD_BLOCK + 1) * PASSWORD_BLOCK;
    memset(blocks[0], 0, size);
    memset(blocks[1], 0, size);
    if (presented.len)
        memcpy(blocks[0], presented.ptr, presented.len);
    memcpy(blocks[1], stored.ptr, stored.len < size ? stored.len : size);
    bool same = sp_secret_eq(sp_str_from(blocks[0], size), sp_str_from(blocks[1], size));
    sp_secret_wipe(blocks[0], size);
    sp_secret_wipe(blocks[1], size);
    return same && presented.len == stored.len;
}

static void describe(const struct user *user, struct sp_registry_user *ret_user)
{
    *ret_user = (struct sp_registry_user){.name = user->name,
                                          .unique_id = user->name,
                                          .registry = SP_STR("basic"),
                                          .groups = {user->groups, user->group_count}};
}

/* ---------------------------------------------------------------- hashed passwords */

/* For a thread; it may outlive the request, and with it the registry, so it has its own copies. */
struct hash_job {
    size_t len, stored_len;
    unsigned char password[PASSWORD_MAX_BYTES];
    struct sp_error err;
    char stored[];
};

static enum sp_status run_hash_job(void *arg)
{
    struct hash_job *job = arg;
    struct sp_password_keys keys;
    sp_password_keys_init(&keys, (struct sp_str){NULL, 0});
    enum sp_status status = sp_password_verify(&keys, sp_str_from(job->stored, job->stored_len),
                                               sp_str_from(job->password, job->len), &job->err);
    sp_password_keys_finish(&keys);
    return status;
}

static void free_hash_job(void *arg)
{
    struct hash_job *job = arg;
    sp_secret_wipe(job, sizeof *job + job->stored_len);
    free(job);
}

static enum sp_status io_check_hash(struct sp_str stored, struct sp_str password, struct sp_error *err)
{
    struct hash_job *job = calloc(1, sizeof *job + stored.len);
    if (!job)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to verify a password");
    job->stored_len = stored.len;
    memcpy(job->stored, stored.ptr, stored.len);
    job->len = password.len;
    if (password.len)
        memcpy(job->password, password.ptr, password.len);
    enum sp_status status = sp_fiber_self()
                                ? io_offload_lane(SP_OFFLOAD_PASSWORD, run_hash_job, job, free_hash_job, 0, 0)
                                : run_hash_job(job);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the request is gone");
    free_hash_job(job);
    if (status == SP_ELIMIT)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "too many passwords are being verified");
    return status;
}

/* ---------------------------------------------------------------- the registry's calls */

static enum sp_status wrong(struct sp_str name, struct sp_error *err)
{
    return sp_error_set(err, SP_EDENIED, NULL, "user %.*s is unknown or the password is wrong",
                        SP_STR_ARG(name));
}

static enum sp_status io_verify_hashed(const struct user *user, struct sp_str password, struct sp_error *err)
{
    enum sp_status status = io_check_hash(user->password, password, err);
    return status == SP_EDENIED ? wrong(user->name, err) : status;
}

/* A clear password, or no user at all: a failure costs what it costs a user with a hash, if there is one. */
static enum sp_status io_verify_clear(struct basic *self, const struct user *user, struct sp_str name,
                                      struct sp_str password, struct sp_error *err)
{
    bool has_password = user && user->password.len;
    bool same = same_password(password, has_password ? user->password : SP_STR("\xff"));
    if (has_password && same)
        return SP_OK;
    if (self->decoy.len) {
        enum sp_status status = io_check_hash(self->decoy, password, err);
        if (status == SP_ECANCELED || status == SP_EUNAVAIL)
            return status;
    }
    return wrong(name, err);
}

static enum sp_status basic_verify(struct sp_registry *registry, struct sp_str name, struct sp_str password,
                                   struct sp_arena *arena, struct sp_registry_user *ret_user,
                                   struct sp_error *err)
{
    struct basic *self = (struct basic *)registry;
    if (name.len > NAME_MAX_BYTES || password.len > PASSWORD_MAX_BYTES)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "a user name of %zu or a password of %zu bytes is too long", name.len,
                            password.len);
    sp_registry_count_login(false);
    const struct user *user = find_user(self, name);
    enum sp_status status = user && user->hashed ? io_verify_hashed(user, password, err)
                                                 : io_verify_clear(self, user, name, password, err);
    if (status == SP_OK)
        describe(user, ret_user);
    return status;
}

static enum sp_status basic_find(struct sp_registry *registry, struct sp_str name, struct sp_arena *arena,
                                 struct sp_registry_user *ret_user, struct sp_error *err)
{
    const struct user *user = find_user((const struct basic *)registry, name);
    if (!user)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "user %.*s is not in the basic registry",
                            SP_STR_ARG(name));
    describe(user, ret_user);
    return SP_OK;
}

static enum sp_status basic_find_certificate(struct sp_registry *registry, struct sp_str der,
                                             struct sp_arena *arena, struct sp_registry_user *ret_user,
                                             struct sp_error *err)
{
    if (!((struct basic *)registry)->takes_certificates)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "basicRegistry takes no client certificates: its certificateMapMode is not "
                            "PRINCIPAL_CN");
    struct sp_certificate_names names;
    enum sp_status status = sp_certificate_names_read(der, arena, &names, err);
    if (status != SP_OK)
        return status;
    struct sp_str name;
    status = sp_certificate_names_part(&names, false, SP_STR("CN"), arena, &name, err);
    sp_certificate_names_finish(&names);
    if (status != SP_OK)
        return status;
    if (!name.len)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "the client certificate's subject %.*s has no CN",
                            SP_STR_ARG(names.subject));
    return basic_find(registry, name, arena, ret_user, err);
}

static enum sp_status basic_find_group(struct sp_registry *registry, struct sp_str name,
                                       struct sp_arena *arena, struct sp_str *ret_name, struct sp_error *err)
{
    const struct sp_cfg_basic_registry *config = ((struct basic *)registry)->config;
    for (size_t i = 0; i < config->group_count; i++) {
        if (!sp_str_eq(config->groups[i].name, name))
            continue;
        *ret_name = config->groups[i].name;
        return SP_OK;
    }
    return sp_error_set(err, SP_ENOTFOUND, NULL, "group %.*s is not in the basic registry", SP_STR_ARG(name));
}

static void basic_free(struct sp_registry *registry)
{
    struct basic *self = (struct basic *)registry;
    sp_hash_finish(&self->users);
    sp_arena_finish(&self->arena);
    free(self);
}

static const struct sp_registry_kind basic_kind = {basic_verify,     basic_find, basic_find_certificate,
                                                   basic_find_group, NULL,       basic_free};

/* ---------------------------------------------------------------- making it */

static enum sp_status add_user(struct basic *self, const struct sp_cfg_user *config, struct sp_error *err)
{
    if (config->name.len == 0 || config->name.len > NAME_MAX_BYTES)
        return sp_error_set(err, SP_EINVAL, NULL, "basicRegistry: a user name has 1 to %u bytes, not %zu",
                            NAME_MAX_BYTES, config->name.len);
    if (config->password.len > PASSWORD_MAX_BYTES)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "basicRegistry: the password of %.*s has more than %u bytes",
                            SP_STR_ARG(config->name), PASSWORD_MAX_BYTES);
    bool hashed = sp_password_kind(config->password) == SP_PASSWORD_HASH;
    if (hashed && sp_password_hashed_check(config->password, err) != SP_OK) {
        sp_error_prefix(err, "basicRegistry: the password of %.*s", SP_STR_ARG(config->name));
        return SP_EINVAL;
    }
    char folded[NAME_MAX_BYTES];
    struct user *user = sp_arena_calloc(&self->arena, 1, sizeof *user);
    struct sp_str key = sp_arena_str(&self->arena, key_of(self, config->name, folded));
    if (!user || !key.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the basic registry");
    user->name = config->name;
    user->key = key;
    user->password = config->password;
    user->hashed = hashed;
    if (user->hashed)
        self->decoy = config->password;
    enum sp_status status = sp_hash_add(&self->users, user->key, user);
    if (status == SP_EEXISTS)
        return sp_error_set(err, status, NULL, "basicRegistry: user %.*s is there twice: remove one",
                            SP_STR_ARG(config->name));
    return status == SP_OK ? SP_OK
                           : sp_error_set(err, status, NULL, "basicRegistry: more than %u users", USERS_MAX);
}

/* Calls `fn` for each group of which a user is a member, once each. */
static void each_membership(const struct basic *self, const struct sp_cfg_basic_registry *config,
                            void (*fn)(struct user *user, struct sp_str group))
{
    for (size_t g = 0; g < config->group_count; g++) {
        const struct sp_cfg_group *group = &config->groups[g];
        for (size_t m = 0; m < group->members.count; m++) {
            struct user *user = find_user(self, group->members.items[m]);
            if (user)
                fn(user, group->name);
        }
    }
}

static void count_membership(struct user *user, struct sp_str group)
{
    user->group_count++;
}

static void add_membership(struct user *user, struct sp_str group)
{
    for (size_t i = 0; i < user->group_count; i++)
        if (sp_str_eq(user->groups[i], group))
            return;
    user->groups[user->group_count++] = group;
}

static enum sp_status add_groups(struct basic *self, const struct sp_cfg_basic_registry *config,
                                 struct sp_error *err)
{
    each_membership(self, config, count_membership);
    size_t cursor = 0;
    for (const struct sp_hash_slot *slot; (slot = sp_hash_next(&self->users, &cursor));) {
        struct user *user = slot->value;
        user->groups = sp_arena_calloc(&self->arena, user->group_count, sizeof *user->groups);
        if (!user->groups)
            return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the groups of the basic registry");
        user->group_count = 0;
    }
    each_membership(self, config, add_membership);
    return SP_OK;
}

enum sp_status sp_registry_basic_new(const struct sp_cfg_basic_registry *config,
                                     struct sp_registry **ret_registry, struct sp_error *err)
{
    struct basic *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the basic registry");
    self->registry = (struct sp_registry){&basic_kind, config->realm};
    self->ignore_case = config->ignore_case;
    self->takes_certificates = sp_str_caseless_eq(config->certificate_map_mode, SP_STR("PRINCIPAL_CN"));
    self->config = config;
    sp_arena_init(&self->arena, MEMORY_MAX);
    sp_hash_init(&self->users, USERS_MAX);
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < config->user_count; i++)
        status = add_user(self, &config->users[i], err);
    if (status == SP_OK)
        status = add_groups(self, config, err);
    if (status != SP_OK) {
        basic_free(&self->registry);
        return status;
    }
    *ret_registry = &self->registry;
    return SP_OK;
}
