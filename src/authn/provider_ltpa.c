/* SPDX-License-Identifier: Apache-2.0
 * The ltpa element: a login that was done before, here or at another server with the same keys. A token is
 * accepted when it is of this server's realm and the registry knows its user today. Whoever logs in by name
 * and password or by certificate gets one.
 */
#include <stdlib.h>

#include "authn/kind.h"
#include "authn/ltpa_cookie.h"
#include "authn/ltpa_keys.h"
#include "authn/message.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shared_cache.h"
#include "io/fiber.h"
#include "io/offload.h"

#define MSG_KEYS_ANEW "SALA0030I"
#define USER_PREFIX SP_STR("user:")
#define NAME_ATTRIBUTE "name" /* of tokens made here, where the name is another than the unique id */
#define TOKENS_REMEMBERED 4096u
#define USUAL_BYTES 320u
#define ISSUE_AGAIN_MS 600000
#define INTERVAL_MIN_US 100000

struct watcher;

struct ltpa {
    struct sp_authn_provider provider;
    const struct sp_cfg_ltpa *config;
    const struct sp_cfg_web_app_security *security;
    struct sp_loop *loop;
    struct sp_ltpa_sources *sources;
    struct sp_ltpa_key_set *keys;
    uint64_t serial;               /* of the keys */
    struct sp_shared_cache *known; /* tokens that were good, and those that were made; of this process */
    struct watcher *watcher;
};

/* What is remembered of a token; the texts follow. */
struct known {
    int64_t expires_ms;
    uint16_t name_len, unique_id_len;
};

static struct sp_cache_key key_of(const struct ltpa *self, const char *what, struct sp_str text)
{
    const struct sp_str parts[] = {sp_str_of(what), sp_str_from(&self->serial, sizeof self->serial), text};
    return sp_shared_cache_key(self->known, parts, 3);
}

/* ---------------------------------------------------------------- a token that comes */

/* What it says of whom. */
struct user {
    struct sp_str name, unique_id;
    int64_t expires_ms;
};

static bool recall(const struct ltpa *self, struct sp_cache_key key, int64_t now_ms, struct sp_arena *arena,
                   struct user *ret_user)
{
    char *bytes = sp_arena_alloc(arena, SP_LTPA_TOKEN_MAX);
    struct known known;
    size_t len;
    if (!bytes || !sp_shared_cache_get(self->known, key, now_ms * 1000, bytes, SP_LTPA_TOKEN_MAX, &len) ||
        len < sizeof known)
        return false;
    memcpy(&known, bytes, sizeof known);
    *ret_user = (struct user){sp_str_from(bytes + sizeof known, known.name_len),
                              sp_str_from(bytes + sizeof known + known.name_len, known.unique_id_len),
                              known.expires_ms};
    return true;
}

static void remember(const struct ltpa *self, struct sp_cache_key key, int64_t now_ms, int64_t until_ms,
                     const struct user *user)
{
    unsigned char bytes[SP_LTPA_TOKEN_MAX];
    struct known known = {user->expires_ms, (uint16_t)user->name.len, (uint16_t)user->unique_id.len};
    struct sp_buf value = sp_buf_over(bytes, sizeof bytes);
    (void)sp_buf_append(&value, &known, sizeof known);
    (void)sp_buf_append_str(&value, user->name);
    if (sp_buf_append_str(&value, user->unique_id) == SP_OK)
        (void)sp_shared_cache_put(self->known, key, now_ms * 1000, until_ms * 1000, sp_buf_str(&value));
}

/* The name under which the registry looks: that of the token, else the first value of a distinguished name.
 */
static struct sp_str name_of(const struct sp_ltpa_token *token, struct sp_str unique_id)
{
    for (size_t i = 0; i < token->attribute_count; i++)
        if (sp_str_is(token->attributes[i].name, NAME_ATTRIBUTE) && token->attributes[i].count == 1)
            return token->attributes[i].values[0];
    size_t equals = sp_str_find(unique_id, '='), comma = sp_str_find(unique_id, ',');
    return equals < comma ? sp_str_slice(unique_id, equals + 1, comma) : unique_id;
}

static enum sp_status user_of(const struct ltpa *self, const struct sp_ltpa_token *token, struct sp_str realm,
                              struct user *ret_user, struct sp_error *err)
{
    struct sp_str id = token->user;
    bool is_user = sp_str_starts(id, USER_PREFIX);
    id = sp_str_slice(id, USER_PREFIX.len, id.len);
    if (!is_user || !sp_str_starts(id, realm) || id.len <= realm.len + 1 || id.ptr[realm.len] != '/')
        return sp_error_set(err, SP_EDENIED, NULL, "the LTPA token is of %.*s, who is no user of realm %.*s",
                            SP_STR_ARG(token->user), SP_STR_ARG(realm));
    ret_user->unique_id = sp_str_slice(id, realm.len + 1, id.len);
    ret_user->name = name_of(token, ret_user->unique_id);
    ret_user->expires_ms = token->expires_ms;
    return SP_OK;
}

/* With the keys that make tokens first, then those that are accepted besides. */
static enum sp_status check_token(const struct ltpa *self, struct sp_authn_attempt *attempt,
                                  struct sp_str text, struct user *ret_user, struct sp_error *err)
{
    int64_t now_ms = attempt->now_us / 1000, until_ms = 0;
    int64_t difference_us = self->config->expiration_difference_us;
    struct sp_cache_key key = key_of(self, "token", text);
    if (recall(self, key, now_ms, attempt->arena, ret_user))
        return SP_OK;
    struct sp_ltpa_token token;
    enum sp_status status = SP_EDENIED;
    for (size_t i = 0; i < self->keys->count && status == SP_EDENIED; i++) {
        until_ms = self->keys->until_ms[i];
        if (until_ms > now_ms)
            status = sp_ltpa_token_read(self->keys->keys[i], text, now_ms,
                                        difference_us < 0 ? -1 : difference_us / 1000, attempt->arena, &token,
                                        err);
    }
    if (status == SP_OK)
        status = user_of(self, &token, sp_registry_realm(attempt->parts->registry), ret_user, err);
    if (status == SP_OK)
        remember(self, key, now_ms, token.expires_ms < until_ms ? token.expires_ms : until_ms, ret_user);
    return status;
}

static enum sp_offer offers(const struct sp_authn_provider *provider, struct sp_authn_attempt *attempt)
{
    const struct ltpa *self = (const struct ltpa *)provider;
    return sp_ltpa_cookie_get(self->security, attempt->request, attempt->arena).len ? SP_OFFER_CREDENTIAL
                                                                                    : SP_OFFER_NONE;
}

static enum sp_status io_check(struct sp_authn_provider *provider, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    const struct ltpa *self = (const struct ltpa *)provider;
    struct sp_assertion assertion = {
        .kind = SP_ASSERT_REGISTRY, .scheme = SP_AUTHN_LTPA, .strength = SP_STRENGTH_BEARER};
    struct user user;
    struct sp_str text = sp_ltpa_cookie_get(self->security, attempt->request, attempt->arena);
    enum sp_status status = check_token(self, attempt, text, &user, err);
    if (status != SP_OK)
        return status;
    attempt->claimed_name = user.name;
    attempt->claimed_realm = sp_registry_realm(attempt->parts->registry);
    status = io_registry_find(attempt->parts->registry, user.name, attempt->arena, &assertion.user, err);
    if (status == SP_OK && !sp_str_caseless_eq(assertion.user.unique_id, user.unique_id))
        status = sp_error_set(err, SP_ENOTFOUND, NULL, "the LTPA token is of %.*s, and %.*s is %.*s now",
                              SP_STR_ARG(user.unique_id), SP_STR_ARG(user.name),
                              SP_STR_ARG(assertion.user.unique_id));
    if (status == SP_OK) {
        assertion.name = assertion.user.name;
        assertion.realm = sp_registry_realm(attempt->parts->registry);
        assertion.expires_us = user.expires_ms * 1000;
        *ret_assertion = assertion;
    } else if (status == SP_EDENIED && err && strcmp(err->id, SP_REGISTRY_NO_APPL) == 0) {
        ret_challenge->status = 403;
    } else if (status != SP_EDENIED && status != SP_ENOTFOUND) {
        ret_challenge->status = 503;
    }
    return status;
}

/* ---------------------------------------------------------------- a token that is given */

static struct sp_str make_token(const struct ltpa *self, const struct sp_principal *principal,
                                struct sp_str access_id, int64_t now_ms, struct sp_arena *arena)
{
    const struct sp_ltpa_attribute name = {SP_STR(NAME_ATTRIBUTE), &principal->name, 1};
    const struct sp_ltpa_token token = {
        .user = access_id,
        .expires_ms = now_ms + self->config->expiration_us / 1000,
        .attributes = &name,
        .attribute_count = !sp_str_eq(principal->name, principal->unique_id),
    };
    char bytes[SP_LTPA_TOKEN_MAX];
    struct sp_buf text = sp_buf_over(bytes, sizeof bytes);
    return sp_ltpa_token_write(self->keys->keys[0], &token, &text, NULL) == SP_OK
               ? sp_arena_str(arena, sp_buf_str(&text))
               : (struct sp_str){NULL, 0};
}

/* One that was made a short while ago is given again: a client that logs in with every request does not have
 * one signed for each. */
static struct sp_str token_for(const struct ltpa *self, const struct sp_principal *principal, int64_t now_ms,
                               struct sp_arena *arena)
{
    struct sp_str access_id = sp_arena_printf(arena, "user:%.*s/%.*s", SP_STR_ARG(principal->realm),
                                              SP_STR_ARG(principal->unique_id));
    char *bytes = sp_arena_alloc(arena, SP_LTPA_TOKEN_MAX);
    if (!access_id.ptr || !bytes)
        return (struct sp_str){NULL, 0};
    struct sp_cache_key key = key_of(self, "user", access_id);
    size_t len;
    if (sp_shared_cache_get(self->known, key, now_ms * 1000, bytes, SP_LTPA_TOKEN_MAX, &len))
        return sp_str_from(bytes, len);
    struct sp_str token = make_token(self, principal, access_id, now_ms, arena);
    int64_t half_ms = self->config->expiration_us / 2000;
    int64_t again_ms = half_ms < ISSUE_AGAIN_MS ? half_ms : ISSUE_AGAIN_MS;
    if (token.ptr && again_ms > 0)
        (void)sp_shared_cache_put(self->known, key, now_ms * 1000, (now_ms + again_ms) * 1000, token);
    return token;
}

static void logged_in(struct sp_authn_provider *provider, struct sp_authn_attempt *attempt,
                      const struct sp_assertion *assertion, const struct sp_principal *principal,
                      struct sp_challenge *challenge)
{
    const struct ltpa *self = (const struct ltpa *)provider;
    /* Of others than its own the registry would know nothing when the token comes back. */
    if (!assertion->gives_sso || sp_assertion_is_claimed(assertion) || !principal->authenticated)
        return;
    struct sp_str token = token_for(self, principal, attempt->now_us / 1000, attempt->arena);
    struct sp_str cookie =
        token.ptr ? sp_ltpa_cookie_make(self->security, attempt->request, token, attempt->arena) : token;
    if (cookie.ptr)
        (void)sp_challenge_add(challenge, "Set-Cookie", cookie);
}

/* ---------------------------------------------------------------- keys that change */

/* The fiber's own; it may end after its provider. */
struct watcher {
    struct ltpa *owner; /* NULL: it is gone */
    struct sp_fiber *fiber;
    int64_t interval_us;
};

struct job {
    struct sp_ltpa_sources *sources;
    uint64_t stamp; /* of what there is; a failure is told once */
    uint64_t failed;
    struct sp_ltpa_key_set *keys;
    struct sp_error problem, err;
};

static enum sp_status run_job(void *arg)
{
    struct job *job = arg;
    uint64_t now = sp_ltpa_sources_stamp(job->sources);
    if (now == job->stamp || now == job->failed)
        return SP_OK;
    enum sp_status status = sp_ltpa_key_set_read(job->sources, &job->keys, &job->problem, &job->err);
    bool is_whole = status == SP_OK && job->problem.status == SP_OK;
    if (sp_ltpa_sources_stamp(job->sources) != now ||
        (!is_whole && !sp_ltpa_sources_settled(job->sources, sp_clock_realtime_us()))) {
        sp_ltpa_key_set_free(job->keys);
        job->keys = NULL;
        return SP_OK; /* somebody is writing: the next look */
    }
    job->failed = now;
    return status;
}

static void free_job(void *arg)
{
    struct job *job = arg;
    sp_ltpa_sources_release(job->sources);
    sp_ltpa_key_set_free(job->keys);
    free(job);
}

static void take_keys(struct ltpa *self, struct job *job, enum sp_status status)
{
    if (status != SP_OK)
        sp_log(SP_LOG_ERROR, SP_MSG_LTPA_KEYS,
               "LTPA keys have changed and cannot be used; the old ones stay: %s", job->err.text);
    if (!job->keys)
        return;
    if (job->problem.status)
        sp_log(SP_LOG_ERROR, SP_MSG_LTPA_KEYS,
               "validationKeys cannot be used, those that were read before stay: %s", job->problem.text);
    sp_ltpa_key_set_keep(job->keys, self->keys);
    sp_ltpa_key_set_free(self->keys);
    self->keys = job->keys;
    self->serial++;
    job->keys = NULL;
    sp_log(SP_LOG_AUDIT, MSG_KEYS_ANEW, "LTPA keys have changed and are used now; sets of keys: %zu",
           self->keys->count);
}

/* False when the fiber has to end. */
static bool io_look(struct watcher *watcher, uint64_t *failed)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return true;
    job->sources = sp_ltpa_sources_hold(watcher->owner->sources);
    job->stamp = watcher->owner->keys->stamp;
    job->failed = *failed;
    enum sp_status status = io_offload(run_job, job, free_job, 0);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return false;
    *failed = job->failed;
    if (watcher->owner && status != SP_ELIMIT)
        take_keys(watcher->owner, job, status);
    free_job(job);
    return true;
}

/* All workers look at the same times of the clock: a cookie that one makes with new keys is taken by the
 * others. */
static enum sp_status io_wait(const struct watcher *watcher)
{
    return sp_fiber_sleep(watcher->interval_us - sp_clock_realtime_us() % watcher->interval_us);
}

static void watch(void *arg)
{
    struct watcher *watcher = arg;
    uint64_t failed = 0;
    while (io_wait(watcher) == SP_OK && watcher->owner && io_look(watcher, &failed))
        continue;
    if (watcher->owner)
        watcher->owner->watcher = NULL;
    free(watcher);
}

static void start(struct sp_authn_provider *provider)
{
    struct ltpa *self = (struct ltpa *)provider;
    bool polled = self->config->update_trigger == 0 && self->config->monitor_interval_us > 0;
    if (!polled || !self->loop || self->watcher)
        return;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (!watcher)
        return;
    watcher->owner = self;
    watcher->interval_us = self->config->monitor_interval_us < INTERVAL_MIN_US
                               ? INTERVAL_MIN_US
                               : self->config->monitor_interval_us;
    self->watcher = watcher;
    if (sp_fiber_start(self->loop, watch, watcher, &watcher->fiber) != SP_OK) {
        self->watcher = NULL;
        free(watcher);
    }
}

/* ---------------------------------------------------------------- the provider */

static void ltpa_free(struct sp_authn_provider *provider)
{
    struct ltpa *self = (struct ltpa *)provider;
    if (self->watcher) {
        self->watcher->owner = NULL;
        sp_fiber_cancel(self->watcher->fiber);
    }
    sp_shared_cache_close(self->known);
    sp_ltpa_key_set_free(self->keys);
    sp_ltpa_sources_release(self->sources);
    free(self);
}

static const struct sp_authn_provider_kind kind = {
    .name = "ltpa",
    .offers = offers,
    .io_check = io_check,
    .logged_in = logged_in,
    .start = start,
    .free = ltpa_free,
};

static enum sp_status prepare(struct ltpa *self, struct sp_error *err)
{
    struct sp_error problem = SP_ERROR_INIT;
    const struct sp_shared_cache_size size = {TOKENS_REMEMBERED, USUAL_BYTES};
    enum sp_status status = sp_ltpa_sources_new(self->config, &self->sources, err);
    if (status == SP_OK)
        status = sp_ltpa_key_set_read(self->sources, &self->keys, &problem, err);
    if (status == SP_OK && problem.status)
        sp_log(SP_LOG_ERROR, SP_MSG_LTPA_KEYS, "validationKeys are left out: %s", problem.text);
    if (status == SP_OK)
        status = sp_shared_cache_open(NULL, 0, size, &self->known, err);
    return status == SP_OK || status == SP_ENOMEM ? status : SP_EINVAL;
}

enum sp_status sp_authn_make_ltpa(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err)
{
    const struct sp_config *config = parts->config;
    if (!config->ltpa.given || !config->web_app_security.single_signon_enabled)
        return SP_OK;
    struct ltpa *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    self->provider = (struct sp_authn_provider){
        .kind = &kind, .stage = SP_STAGE_SSO, .cookie = config->web_app_security.sso_cookie_name};
    self->config = &config->ltpa;
    self->security = &config->web_app_security;
    self->loop = parts->loop;
    enum sp_status status = prepare(self, err);
    if (status != SP_OK) {
        ltpa_free(&self->provider);
        return status;
    }
    return sp_authn_table_add(table, &self->provider, &config->ltpa.auth_filters, err);
}
