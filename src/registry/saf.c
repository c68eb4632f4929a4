/* SPDX-License-Identifier: Apache-2.0
 * The security database as a registry: user ids with passwords, phrases and PassTickets.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "io/fiber.h"
#include "io/offload.h"
#include "registry/kind.h"
#include "registry/saf_link.h"
#include "saf/audit_event.h"

#define APPL_MAX 8u
#define JOB_MEMORY_MAX (4u * 1024u * 1024u)

struct saf {
    struct sp_registry registry;
    struct sp_saf_link *link;
    struct sp_str appl;
    struct sp_shared_cache *logins; /* NULL: none are remembered */
    int64_t lifetime_us;
};

/* ---------------------------------------------------------------- verifying, in a thread */

/* It may outlive the request, so it has its own copies. */
struct verify_job {
    struct sp_saf_link *link;
    char user[SP_SAF_ID_MAX], appl[APPL_MAX];
    unsigned char password[SP_REGISTRY_PASSWORD_MAX];
    size_t user_len, appl_len, password_len;
    char address[64], correlator[65]; /* of the request */
    struct sp_arena arena;
    struct sp_saf_verified verified;
    struct sp_error err;
};

static enum sp_status run_verify(void *arg)
{
    struct verify_job *job = arg;
    struct sp_saf *saf = sp_saf_link_open(job->link, &job->err);
    if (!saf)
        return SP_EUNAVAIL;
    const struct sp_saf_origin origin = {.address = sp_str_of(job->address),
                                         .correlator = sp_str_of(job->correlator)};
    const struct sp_saf_verify request = {
        .origin = &origin,
        .user = sp_str_from(job->user, job->user_len),
        .password = sp_str_from(job->password, job->password_len),
        .appl = sp_str_from(job->appl, job->appl_len),
    };
    enum sp_status status = sp_saf_verify_blocking(saf, &request, &job->arena, &job->verified, &job->err);
    /* What cannot be decided is no refusal, whatever the cause. */
    return status == SP_OK ? SP_OK : SP_EUNAVAIL;
}

static void free_verify(void *arg)
{
    struct verify_job *job = arg;
    sp_arena_finish(&job->arena);
    sp_saf_link_release(job->link);
    sp_secret_wipe(job, sizeof *job);
    free(job);
}

static struct verify_job *new_verify(const struct saf *self, struct sp_str user, struct sp_str password)
{
    struct verify_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->link = sp_saf_link_hold(self->link);
    sp_arena_init(&job->arena, JOB_MEMORY_MAX);
    memcpy(job->user, user.ptr, job->user_len = user.len);
    memcpy(job->appl, self->appl.ptr, job->appl_len = self->appl.len);
    const struct sp_saf_origin *origin = sp_saf_audit_origin();
    if (origin) {
        snprintf(job->address, sizeof job->address, "%.*s", SP_STR_ARG(origin->address));
        snprintf(job->correlator, sizeof job->correlator, "%.*s", SP_STR_ARG(origin->correlator));
    }
    if (password.len)
        memcpy(job->password, password.ptr, job->password_len = password.len);
    return job;
}

static enum sp_status io_verify(const struct saf *self, struct sp_str user, struct sp_str password,
                                struct sp_saf_verified *ret_verified, struct sp_error *err)
{
    struct verify_job *job = new_verify(self, user, password);
    if (!job)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to verify a password");
    enum sp_status status = sp_fiber_self()
                                ? io_offload_lane(SP_OFFLOAD_PASSWORD, run_verify, job, free_verify, 0, 0)
                                : run_verify(job);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the request is gone");
    if (status == SP_OK) {
        *ret_verified = job->verified;
        ret_verified->group = SP_STR(""); /* of the job's memory */
    } else if (status == SP_EUNAVAIL) {
        sp_error_set(err, status, NULL, "the security database cannot be asked: %s", job->err.text);
    } else {
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "too many passwords are being verified");
    }
    free_verify(job);
    return status;
}

/* ---------------------------------------------------------------- what is answered */

static enum sp_status describe(const struct sp_saf_image *image, struct sp_str user, struct sp_arena *arena,
                               struct sp_registry_user *ret_user, struct sp_error *err)
{
    const struct sp_str *groups = NULL;
    size_t count = image ? sp_saf_groups_of(image, user, &groups) : 0;
    struct sp_str *copies = sp_arena_calloc(arena, count, sizeof *copies);
    struct sp_str name = sp_arena_str(arena, user);
    bool whole = copies && name.ptr;
    for (size_t i = 0; whole && i < count; i++) {
        copies[i] = sp_arena_str(arena, groups[i]);
        whole = copies[i].ptr != NULL;
    }
    if (!whole)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a user's groups");
    *ret_user = (struct sp_registry_user){.name = name,
                                          .unique_id = name,
                                          .registry = SP_STR("saf"),
                                          .groups = {copies, count},
                                          .is_saf = true};
    return SP_OK;
}

static enum sp_status refuse(const struct saf *self, const struct sp_saf_image *image, struct sp_str user,
                             const struct sp_saf_verified *verified, struct sp_arena *arena,
                             struct sp_error *err)
{
    if (verified->outcome == SP_SAF_NO_APPL)
        return sp_error_set(err, SP_EDENIED, SP_REGISTRY_NO_APPL,
                            "SAF Service IRRSIA00_CREATE did not succeed because user %.*s has insufficient "
                            "authority to access APPL-ID %.*s. SAF return code 0x00000008. RACF return code "
                            "0x00000008. RACF reason code 0x00000020.",
                            SP_STR_ARG(user), SP_STR_ARG(self->appl));
    struct sp_str detail = image ? sp_saf_ich408i_verify(image, user, verified, arena) : SP_STR("");
    return sp_error_set(err, SP_EDENIED, SP_REGISTRY_NOT_VERIFIED,
                        "Authentication did not succeed for user ID %.*s (SAF %u, RACF %u, reason %u). %.*s",
                        SP_STR_ARG(user), verified->saf_rc, verified->racf_rc, verified->racf_reason,
                        SP_STR_ARG(detail));
}

/* The user id, folded; false when the name can be none. */
static bool fold(struct sp_str name, char folded[SP_SAF_ID_MAX])
{
    if (!name.len || name.len > SP_SAF_ID_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = folded[i] = sp_upper(name.ptr[i]);
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '#' || c == '@' || c == '$'))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- logins that are remembered */

/* A login is known under the user id and the mark of what is stored of his password and phrase, so that one
 * that was changed is not known any more. False: this one cannot be remembered. */
static bool key_of(const struct saf *self, const struct sp_saf_image *image, struct sp_str user,
                   struct sp_str password, struct sp_cache_key *ret_key)
{
    const struct sp_saf_user *known = image && self->logins ? sp_saf_find_user(image, user) : NULL;
    if (!known || known->flags & (SP_SAF_PASSWORD_EXPIRED | SP_SAF_PHRASE_EXPIRED))
        return false;
    const uint64_t mark = sp_saf_password_mark(image, user);
    const struct sp_str parts[] = {SP_STR_INIT("saf"), user, sp_str_from(&mark, sizeof mark), password};
    *ret_key = sp_shared_cache_key(self->logins, parts, sizeof parts / sizeof parts[0]);
    return true;
}

/* Whether the password is known to be right. What may have changed since is asked of the image. */
static bool is_remembered(const struct saf *self, const struct sp_saf_image *image, struct sp_str user,
                          struct sp_str password)
{
    struct sp_cache_key key;
    size_t len;
    return key_of(self, image, user, password, &key) &&
           sp_shared_cache_get(self->logins, key, sp_clock_monotonic_us(), NULL, 0, &len);
}

/* Whoever is refused for another reason than his password had the right one: he need not be asked for it
 * again, and does not cost a hash with every request. */
static bool was_right(const struct sp_saf_verified *verified)
{
    return !verified->by_passticket &&
           (verified->outcome == SP_SAF_VERIFIED || verified->outcome == SP_SAF_NO_APPL ||
            verified->outcome == SP_SAF_DAY_TIME || verified->outcome == SP_SAF_USER_REVOKED);
}

/* ---------------------------------------------------------------- the registry's calls */

static enum sp_status io_log_in(struct saf *self, struct sp_str user, struct sp_str password,
                                struct sp_arena *arena, struct sp_registry_user *ret_user,
                                struct sp_error *err)
{
    struct sp_saf_verified verified;
    struct sp_cache_key key;
    const struct sp_saf_image *image = sp_saf_link_image(self->link);
    /* The mark of before: a password that changes meanwhile is not taken for the new one. */
    bool has_key = key_of(self, image, user, password, &key);
    sp_saf_image_release(image);
    enum sp_status status = io_verify(self, user, password, &verified, err);
    if (status != SP_OK)
        return status;
    int64_t now_us = sp_clock_monotonic_us();
    if (has_key && was_right(&verified))
        sp_shared_cache_put(self->logins, key, now_us, now_us + self->lifetime_us, SP_STR(""));
    image = sp_saf_link_image(self->link);
    if (verified.outcome != SP_SAF_VERIFIED)
        status = refuse(self, image, user, &verified, arena, err);
    else
        status = describe(image, user, arena, ret_user, err);
    sp_saf_image_release(image);
    return status;
}

/* Who he is, is established: may he come in? */
static enum sp_status admit(const struct saf *self, const struct sp_saf_image *image, struct sp_str user,
                            struct sp_arena *arena, struct sp_registry_user *ret_user, struct sp_error *err)
{
    const struct sp_saf_verified verified =
        sp_saf_verified_of(sp_saf_check_user(image, user, self->appl, arena));
    if (verified.outcome == SP_SAF_VERIFIED)
        return describe(image, user, arena, ret_user, err);
    sp_saf_audit_logon(image, user, self->appl, NULL, &verified);
    return refuse(self, image, user, &verified, arena, err);
}

static enum sp_status saf_verify(struct sp_registry *registry, struct sp_str name, struct sp_str password,
                                 struct sp_arena *arena, struct sp_registry_user *ret_user,
                                 struct sp_error *err)
{
    struct saf *self = (struct saf *)registry;
    char folded[SP_SAF_ID_MAX];
    if (!fold(name, folded) || password.len > SP_REGISTRY_PASSWORD_MAX)
        return sp_error_set(err, SP_EDENIED, SP_REGISTRY_NOT_VERIFIED,
                            "Authentication did not succeed for user ID %.*s: a user id has 1 to 8 "
                            "characters A-Z, 0-9, #, @, $, and a password at most %u bytes",
                            SP_STR_ARG(name), SP_REGISTRY_PASSWORD_MAX);
    struct sp_str user = sp_str_from(folded, name.len);
    const struct sp_saf_image *image = sp_saf_link_image(self->link);
    bool known = is_remembered(self, image, user, password);
    sp_registry_count_login(known);
    enum sp_status status = known ? admit(self, image, user, arena, ret_user, err) : SP_OK;
    sp_saf_image_release(image);
    return known ? status : io_log_in(self, user, password, arena, ret_user, err);
}

/* The identity was established by something else than a password: who may not log on is refused all the same.
 */
static enum sp_status saf_find(struct sp_registry *registry, struct sp_str name, struct sp_arena *arena,
                               struct sp_registry_user *ret_user, struct sp_error *err)
{
    struct saf *self = (struct saf *)registry;
    char folded[SP_SAF_ID_MAX];
    const struct sp_saf_image *image = sp_saf_link_image(self->link);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the security database is not available");
    enum sp_status status = SP_ENOTFOUND;
    if (fold(name, folded) && sp_saf_find_user(image, sp_str_from(folded, name.len)))
        status = admit(self, image, sp_str_from(folded, name.len), arena, ret_user, err);
    else
        sp_error_set(err, status, NULL, "user %.*s is not in the security database", SP_STR_ARG(name));
    sp_saf_image_release(image);
    return status;
}

static enum sp_status find_mapped(struct saf *self, const struct sp_saf_image *image, struct sp_str der,
                                  struct sp_arena *arena, struct sp_registry_user *ret_user,
                                  struct sp_error *err)
{
    struct sp_str user, how;
    enum sp_status status = sp_saf_map_certificate(image, der, self->appl, arena, &user, &how, err);
    if (status != SP_OK)
        return status;
    status = admit(self, image, user, arena, ret_user, err);
    if (status == SP_EDENIED && err && strcmp(err->id, SP_REGISTRY_NO_APPL) != 0)
        return sp_error_set(
            err, SP_EDENIED, SP_REGISTRY_NOT_VERIFIED,
            "the client certificate names user %.*s (%.*s), who is not defined, is revoked or "
            "may not log on now",
            SP_STR_ARG(user), SP_STR_ARG(how));
    return status;
}

static enum sp_status saf_find_certificate(struct sp_registry *registry, struct sp_str der,
                                           struct sp_arena *arena, struct sp_registry_user *ret_user,
                                           struct sp_error *err)
{
    struct saf *self = (struct saf *)registry;
    const struct sp_saf_image *image = sp_saf_link_image(self->link);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the security database is not available");
    enum sp_status status = find_mapped(self, image, der, arena, ret_user, err);
    sp_saf_image_release(image);
    return status;
}

static enum sp_status saf_find_group(struct sp_registry *registry, struct sp_str name, struct sp_arena *arena,
                                     struct sp_str *ret_name, struct sp_error *err)
{
    char folded[SP_SAF_ID_MAX];
    const struct sp_saf_image *image = sp_saf_link_image(((struct saf *)registry)->link);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the security database is not available");
    bool is_known = fold(name, folded) && sp_saf_find_group(image, sp_str_from(folded, name.len));
    sp_saf_image_release(image);
    if (!is_known)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "group %.*s is not in the security database",
                            SP_STR_ARG(name));
    *ret_name = sp_arena_str(arena, sp_str_from(folded, name.len));
    return ret_name->ptr ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a group");
}

static void saf_free(struct sp_registry *registry)
{
    struct saf *self = (struct saf *)registry;
    sp_saf_link_release(self->link);
    free(self);
}

static const struct sp_registry_kind saf_kind = {saf_verify,     saf_find, saf_find_certificate,
                                                 saf_find_group, NULL,     saf_free};

enum sp_status sp_registry_saf_check(const struct sp_config *config, struct sp_error *err)
{
    struct sp_str appl = config->saf_credentials.profile_prefix;
    if (appl.len <= APPL_MAX)
        return SP_OK;
    return sp_error_set(err, SP_EINVAL, NULL,
                        "safCredentials: profilePrefix \"%.*s\" has more than %u characters",
                        SP_STR_ARG(appl), APPL_MAX);
}

enum sp_status sp_registry_saf_new(const struct sp_config *config, struct sp_saf_link *link,
                                   struct sp_shared_cache *logins, struct sp_registry **ret_registry,
                                   struct sp_error *err)
{
    enum sp_status status = sp_registry_saf_check(config, err);
    if (status != SP_OK)
        return status;
    struct saf *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the SAF registry");
    struct sp_str realm = config->saf_registries[0].realm;
    self->registry = (struct sp_registry){&saf_kind, realm.len ? realm : config->smf.sysplex};
    self->link = sp_saf_link_hold(link);
    self->appl = config->saf_credentials.profile_prefix;
    if (config->auth_cache.enabled && config->auth_cache.allow_basic_auth_lookup)
        self->logins = logins;
    self->lifetime_us = config->auth_cache.timeout_us;
    *ret_registry = &self->registry;
    return SP_OK;
}
