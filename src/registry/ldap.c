/* SPDX-License-Identifier: Apache-2.0
 * The registry in an LDAP directory. What is not remembered is asked by threads.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/offload.h"
#include "registry/kind.h"
#include "registry/ldap_query.h"

#define NAME_MAX_BYTES 256u
#define JOB_MEMORY_MAX ((size_t)64 << 20)
#define CERTIFICATE_MAX 65536u

struct ldap {
    struct sp_registry registry;
    struct sp_ldap_directory *directory;
};

enum request_kind { VERIFY, FIND, FIND_CERTIFICATE, FIND_GROUP };

struct request {
    enum request_kind kind;
    struct sp_str name; /* the certificate (DER) of FIND_CERTIFICATE */
    struct sp_str password;
};

/* ---------------------------------------------------------------- the directory, held by threads too */

static void directory_release(struct sp_ldap_directory *directory)
{
    if (!directory || __atomic_sub_fetch(&directory->references, 1, __ATOMIC_ACQ_REL))
        return;
    sp_ldap_pool_free(directory->pool);
    sp_ldap_cache_free(directory->searches);
    sp_ldap_cache_free(directory->attributes);
    sp_ldap_settings_finish(&directory->settings);
    free(directory);
}

static struct sp_ldap_directory *directory_hold(struct sp_ldap_directory *directory)
{
    __atomic_add_fetch(&directory->references, 1, __ATOMIC_RELAXED);
    return directory;
}

static enum sp_status make_caches(struct sp_ldap_directory *directory, struct sp_error *err)
{
    const struct sp_ldap_settings *settings = &directory->settings;
    const struct sp_cfg_ldap_cache *searches = &settings->searches_cache;
    const struct sp_cfg_ldap_cache *attributes = &settings->attributes_cache;
    directory->pool = sp_ldap_pool_new(settings);
    bool whole = directory->pool != NULL;
    if (whole && searches->enabled) {
        directory->searches = sp_ldap_cache_new((size_t)searches->size, searches->timeout_us);
        whole = directory->searches != NULL;
    }
    if (whole && attributes->enabled) {
        directory->attributes = sp_ldap_cache_new((size_t)attributes->size, attributes->timeout_us);
        whole = directory->attributes != NULL;
    }
    return whole ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for an LDAP registry");
}

static enum sp_status directory_new(const struct sp_cfg_ldap_registry *config,
                                    const struct sp_cfg_ssl *outbound,
                                    struct sp_ldap_directory **ret_directory, struct sp_error *err)
{
    struct sp_ldap_directory *directory = calloc(1, sizeof *directory);
    if (!directory)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an LDAP registry");
    enum sp_status status = sp_ldap_settings_init(&directory->settings, config, outbound, err);
    if (status != SP_OK) {
        free(directory);
        return status;
    }
    directory->references = 1;
    status = make_caches(directory, err);
    if (status != SP_OK) {
        directory_release(directory);
        return status;
    }
    *ret_directory = directory;
    return SP_OK;
}

/* ---------------------------------------------------------------- one request */

static enum sp_status answer(struct sp_ldap_query *query, const struct request *request,
                             struct sp_registry_user *ret_user)
{
    struct sp_ldap_person person;
    struct sp_str_list groups;
    if (request->kind == FIND_GROUP) {
        *ret_user = (struct sp_registry_user){.unique_id = SP_STR("")};
        return sp_ldap_find_group(query, request->name, &ret_user->name);
    }
    enum sp_status status = request->kind == FIND_CERTIFICATE
                                ? sp_ldap_find_certificate(query, request->name, &person)
                                : sp_ldap_find_person(query, request->name, &person);
    if (status == SP_OK && request->kind == VERIFY)
        status = sp_ldap_check_password(query, &person, request->password);
    if (status == SP_OK)
        status = sp_ldap_find_groups(query, &person, &groups);
    if (status == SP_OK)
        *ret_user = (struct sp_registry_user){.name = person.name,
                                              .unique_id = person.entry.dn,
                                              .registry = query->directory->settings.id,
                                              .groups = groups};
    return status;
}

/* It may outlive the request, so it has its own copies. */
struct job {
    struct sp_ldap_directory *directory;
    struct request request;
    struct sp_arena arena; /* holds a password: wiped */
    struct sp_registry_user user;
    struct sp_error err;
};

static enum sp_status run_job(void *arg)
{
    struct job *job = arg;
    const struct sp_ldap_settings *settings = &job->directory->settings;
    struct sp_ldap_query query = {
        .directory = job->directory,
        .deadline_us = sp_clock_monotonic_us() + settings->connect_timeout_us + settings->search_timeout_us,
        .arena = &job->arena,
        .err = &job->err,
    };
    enum sp_status status = answer(&query, &job->request, &job->user);
    /* To the loop these two would mean that it was given up. */
    return status == SP_ETIMEDOUT || status == SP_ECANCELED ? SP_EUNAVAIL : status;
}

static void free_job(void *arg)
{
    struct job *job = arg;
    sp_arena_wipe(&job->arena);
    directory_release(job->directory);
    free(job);
}

static struct job *new_job(const struct ldap *self, const struct request *request)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->directory = directory_hold(self->directory);
    sp_arena_init(&job->arena, JOB_MEMORY_MAX);
    job->request.kind = request->kind;
    job->request.name = sp_arena_str(&job->arena, request->name);
    job->request.password = sp_arena_str(&job->arena, request->password);
    if (job->request.name.ptr && job->request.password.ptr)
        return job;
    free_job(job);
    return NULL;
}

static enum sp_status copy_user(const struct sp_registry_user *from, struct sp_arena *arena,
                                struct sp_registry_user *ret_user, struct sp_error *err)
{
    struct sp_str *groups = sp_arena_calloc(arena, from->groups.count, sizeof *groups);
    struct sp_registry_user user = {.name = sp_arena_str(arena, from->name),
                                    .unique_id = sp_arena_str(arena, from->unique_id),
                                    .registry = sp_arena_str(arena, from->registry),
                                    .groups = {groups, from->groups.count}};
    bool whole = groups && user.name.ptr && user.unique_id.ptr && user.registry.ptr;
    for (size_t i = 0; whole && i < from->groups.count; i++) {
        groups[i] = sp_arena_str(arena, from->groups.items[i]);
        whole = groups[i].ptr != NULL;
    }
    if (!whole)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a user of the directory");
    *ret_user = user;
    return SP_OK;
}

static enum sp_status io_ask(const struct ldap *self, const struct request *request, struct sp_arena *arena,
                             struct sp_registry_user *ret_user, struct sp_error *err)
{
    struct job *job = new_job(self, request);
    if (!job)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an enquiry of a directory");
    int64_t begin_by_us = sp_clock_monotonic_us() + self->directory->settings.wait_us;
    enum sp_status status =
        sp_fiber_self() ? io_offload_lane(SP_OFFLOAD_DIRECTORY, run_job, job, free_job, begin_by_us, 0)
                        : run_job(job);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the request is gone");
    if (status == SP_OK)
        status = copy_user(&job->user, arena, ret_user, err);
    else if (!job->err.text[0])
        status = sp_error_set(err, SP_EUNAVAIL, NULL,
                              "too many requests wait for the directory (contextPool waitTime)");
    else if (err)
        *err = job->err;
    free_job(job);
    return status;
}

/* Without a thread, when nothing must be asked. */
static bool recall(const struct ldap *self, const struct request *request, struct sp_arena *arena,
                   struct sp_registry_user *ret_user)
{
    struct sp_error ignored = SP_ERROR_INIT;
    struct sp_ldap_query query = {
        .directory = self->directory, .remembered_only = true, .arena = arena, .err = &ignored};
    return answer(&query, request, ret_user) == SP_OK;
}

/* ---------------------------------------------------------------- the registry's calls */

/* What is not a user is told apart by the log alone. */
static enum sp_status refusal(enum sp_status status, struct sp_error *err)
{
    if (status != SP_ENOTFOUND)
        return status;
    if (err)
        err->status = SP_EDENIED;
    return SP_EDENIED;
}

static enum sp_status ldap_verify(struct sp_registry *registry, struct sp_str name, struct sp_str password,
                                  struct sp_arena *arena, struct sp_registry_user *ret_user,
                                  struct sp_error *err)
{
    const struct ldap *self = (const struct ldap *)registry;
    /* A name with no password would be an unauthenticated bind (RFC 4513, 5.1.2). */
    if (!name.len || !password.len || name.len > NAME_MAX_BYTES || password.len > SP_REGISTRY_PASSWORD_MAX)
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "a user name has 1 to %u bytes and a password 1 to %u; an empty password is never "
            "accepted",
            NAME_MAX_BYTES, SP_REGISTRY_PASSWORD_MAX);
    sp_registry_count_login(false);
    const struct request request = {VERIFY, name, password};
    return refusal(io_ask(self, &request, arena, ret_user, err), err);
}

static enum sp_status ldap_find(struct sp_registry *registry, struct sp_str name, struct sp_arena *arena,
                                struct sp_registry_user *ret_user, struct sp_error *err)
{
    const struct ldap *self = (const struct ldap *)registry;
    if (!name.len || name.len > NAME_MAX_BYTES)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "a user name has 1 to %u bytes", NAME_MAX_BYTES);
    const struct request request = {FIND, name, SP_STR("")};
    if (recall(self, &request, arena, ret_user))
        return SP_OK;
    enum sp_status status = io_ask(self, &request, arena, ret_user, err);
    if (status != SP_EDENIED)
        return status;
    if (err)
        err->status = SP_ENOTFOUND;
    return SP_ENOTFOUND; /* a name that stands for several is nobody's */
}

static enum sp_status ldap_find_certificate(struct sp_registry *registry, struct sp_str der,
                                            struct sp_arena *arena, struct sp_registry_user *ret_user,
                                            struct sp_error *err)
{
    const struct ldap *self = (const struct ldap *)registry;
    if (der.len > CERTIFICATE_MAX)
        return sp_error_set(err, SP_ESYNTAX, NULL, "a client certificate has more than %u bytes",
                            CERTIFICATE_MAX);
    const struct request request = {FIND_CERTIFICATE, der, SP_STR("")};
    if (recall(self, &request, arena, ret_user))
        return SP_OK;
    return io_ask(self, &request, arena, ret_user, err);
}

static enum sp_status ldap_find_group(struct sp_registry *registry, struct sp_str name,
                                      struct sp_arena *arena, struct sp_str *ret_name, struct sp_error *err)
{
    const struct ldap *self = (const struct ldap *)registry;
    const struct request request = {FIND_GROUP, name, SP_STR("")};
    struct sp_registry_user found;
    if (!name.len || name.len > NAME_MAX_BYTES)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "a group's name has 1 to %u bytes", NAME_MAX_BYTES);
    enum sp_status status =
        recall(self, &request, arena, &found) ? SP_OK : io_ask(self, &request, arena, &found, err);
    if (status == SP_OK)
        *ret_name = found.name;
    return status;
}

/* ---------------------------------------------------------------- connections of the start */

static enum sp_status run_warm(void *arg)
{
    struct sp_ldap_directory *directory = arg;
    sp_ldap_pool_warm(directory->pool, sp_clock_monotonic_us() + directory->settings.connect_timeout_us);
    return SP_OK;
}

static void release_directory(void *arg)
{
    directory_release(arg);
}

static void warm(void *arg)
{
    enum sp_status status = io_offload_lane(SP_OFFLOAD_DIRECTORY, run_warm, arg, release_directory, 0, 0);
    if (status != SP_ECANCELED && status != SP_ETIMEDOUT)
        directory_release(arg);
}

static void ldap_start(struct sp_registry *registry, struct sp_loop *loop)
{
    struct ldap *self = (struct ldap *)registry;
    if (!self->directory->settings.initial_connections)
        return;
    /* Who cannot be reached now is told of when somebody logs in. */
    if (sp_fiber_start(loop, warm, directory_hold(self->directory), NULL) != SP_OK)
        directory_release(self->directory);
}

static void ldap_free(struct sp_registry *registry)
{
    struct ldap *self = (struct ldap *)registry;
    /* Whoever still asks asks for nobody: requests hold the registry. */
    __atomic_store_n(&self->directory->settings.stopping, true, __ATOMIC_RELAXED);
    directory_release(self->directory);
    free(self);
}

static const struct sp_registry_kind ldap_kind = {ldap_verify,     ldap_find,  ldap_find_certificate,
                                                  ldap_find_group, ldap_start, ldap_free};

enum sp_status sp_registry_ldap_new(const struct sp_cfg_ldap_registry *config, const struct sp_config *whole,
                                    struct sp_registry **ret_registry, struct sp_error *err)
{
    struct ldap *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an LDAP registry");
    enum sp_status status = directory_new(config, whole->ssl_default.outbound, &self->directory, err);
    if (status != SP_OK) {
        free(self);
        return status;
    }
    self->registry = (struct sp_registry){&ldap_kind, self->directory->settings.realm};
    *ret_registry = &self->registry;
    return SP_OK;
}
