/* SPDX-License-Identifier: Apache-2.0
 * SAML 2.0 assertions that callers bring along in a header (samlWebSso20 inboundPropagation="required").
 */
#include <stdlib.h>

#include "authn/caches.h"
#include "authn/kind.h"
#include "authn/saml_assertion.h"
#include "authn/saml_result.h"
#include "authn/saml_signature.h"
#include "authn/saml_token.h"
#include "base/clock.h"
#include "base/secret.h"
#include "io/fiber.h"
#include "io/offload.h"

#define JOB_MEMORY_MAX ((size_t)16 << 20)
#define SETTINGS_MEMORY_MAX (1u << 20)
#define WAIT_US 5000000
#define PROPAGATION_REQUIRED 0u /* "required", the first of the attribute's values */
#define RESULT_MAX 16384u
/* A certificate that ends or is revoked meanwhile is noticed after that. */
#define REMEMBERED_MAX_US (600 * INT64_C(1000000))

/* ---------------------------------------------------------------- settings, held by threads too */

struct settings {
    unsigned references; /* atomic */
    struct sp_saml_rules rules;
    struct sp_saml_trust *trust; /* NULL: assertions need no signature */
    struct sp_saml_signature_policy policy;
    struct sp_arena arena;
};

struct saml {
    struct sp_authn_provider provider;
    const struct sp_cfg_saml *config;
    struct settings *settings;
    bool looks_up;
    unsigned char nonce[16]; /* of what this provider remembers: another one may trust others */
    char challenge[300];
};

static void settings_release(struct settings *settings)
{
    if (!settings || __atomic_sub_fetch(&settings->references, 1, __ATOMIC_ACQ_REL))
        return;
    sp_saml_trust_free(settings->trust);
    sp_arena_finish(&settings->arena);
    free(settings);
}

static bool copy_list(struct settings *settings, const struct sp_str_list *from, struct sp_str_list *ret_list)
{
    struct sp_str *items = sp_arena_calloc(&settings->arena, from->count, sizeof *items);
    for (size_t i = 0; items && i < from->count; i++) {
        items[i] = sp_arena_str(&settings->arena, from->items[i]);
        if (!items[i].ptr)
            return false;
    }
    *ret_list = (struct sp_str_list){items, from->count};
    return items != NULL;
}

static bool copy_text(struct settings *settings, struct sp_str from, struct sp_str *ret_text)
{
    *ret_text = sp_arena_str(&settings->arena, from);
    return ret_text->ptr != NULL;
}

static bool copy_rules(struct settings *settings, const struct sp_cfg_saml *config)
{
    struct sp_saml_rules *rules = &settings->rules;
    bool by_name_id = sp_str_is(config->user_identifier, "NameID");
    rules->clock_skew_us = config->clock_skew_us;
    return copy_list(settings, &config->pkix.trusted_issuers, &rules->trusted_issuers) &&
           copy_list(settings, &config->audiences, &rules->audiences) &&
           copy_text(settings, by_name_id ? SP_STR("") : config->user_identifier, &rules->user_identifier) &&
           copy_text(settings, config->group_identifier, &rules->group_identifier) &&
           copy_text(settings, config->unique_user_identifier, &rules->unique_user_identifier) &&
           copy_text(settings, config->realm_identifier, &rules->realm_identifier) &&
           copy_text(settings, config->realm_name, &rules->realm_name);
}

static enum sp_status settings_new(const struct sp_cfg_saml *config, const struct sp_cfg_ssl *fallback,
                                   struct settings **ret_settings, struct sp_error *err)
{
    struct settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    settings->references = 1;
    sp_arena_init(&settings->arena, SETTINGS_MEMORY_MAX);
    settings->policy.allows_sha1 = sp_str_caseless_eq(config->signature_method, SP_STR("SHA1")) ||
                                   sp_str_caseless_eq(config->signature_method, SP_STR("SHA128"));
    enum sp_status status = copy_rules(settings, config)
                                ? SP_OK
                                : sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    if (status == SP_OK && config->want_assertions_signed)
        status = sp_saml_trust_new(config, fallback, &settings->trust, err);
    if (status != SP_OK) {
        settings_release(settings);
        return status;
    }
    *ret_settings = settings;
    return SP_OK;
}

/* ---------------------------------------------------------------- checking, in a thread */

struct job {
    struct settings *settings;
    struct sp_str token, client_certificate;
    int64_t now_us;
    struct sp_arena arena;
    struct sp_saml_facts facts;
    struct sp_error err;
};

static enum sp_status read_job(struct job *job, struct sp_buf *document, struct sp_buf *signed_bytes)
{
    const struct settings *settings = job->settings;
    struct sp_saml_rules rules = settings->rules;
    rules.client_certificate = job->client_certificate;
    enum sp_status status = sp_saml_token_decode(job->token, document, &job->err);
    if (status == SP_OK && settings->trust)
        status = sp_saml_signature_check(sp_buf_str(document), settings->trust, &settings->policy,
                                         signed_bytes, &job->err);
    if (status != SP_OK)
        return status;
    struct sp_str bytes = settings->trust ? sp_buf_str(signed_bytes) : sp_buf_str(document);
    return sp_saml_assertion_read(bytes, &rules, job->now_us, &job->arena, &job->facts, &job->err);
}

static enum sp_status run_job(void *arg)
{
    struct job *job = arg;
    struct sp_buf document, signed_bytes;
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    sp_buf_init(&signed_bytes, 4 * SP_SAML_DOCUMENT_MAX);
    enum sp_status status = read_job(job, &document, &signed_bytes);
    sp_buf_wipe(&document);
    sp_buf_wipe(&signed_bytes);
    /* Whatever is wrong with it, it is not accepted. */
    return status == SP_OK || status == SP_ENOMEM || status == SP_EINTERNAL ? status : SP_EDENIED;
}

static void free_job(void *arg)
{
    struct job *job = arg;
    sp_arena_wipe(&job->arena);
    settings_release(job->settings);
    free(job);
}

static struct job *new_job(const struct saml *self, struct sp_str token,
                           const struct sp_authn_attempt *attempt)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    __atomic_add_fetch(&self->settings->references, 1, __ATOMIC_RELAXED);
    job->settings = self->settings;
    job->now_us = attempt->now_us;
    sp_arena_init(&job->arena, JOB_MEMORY_MAX);
    job->token = sp_arena_str(&job->arena, token);
    job->client_certificate = sp_arena_str(&job->arena, attempt->request->client_certificate);
    if (job->token.ptr && job->client_certificate.ptr)
        return job;
    free_job(job);
    return NULL;
}

static bool copy_facts(const struct sp_saml_facts *from, struct sp_arena *arena,
                       struct sp_saml_facts *ret_facts)
{
    struct sp_saml_facts facts = *from;
    struct sp_str *groups = sp_arena_calloc(arena, from->groups.count, sizeof *groups);
    facts.id = sp_arena_str(arena, from->id);
    facts.issuer = sp_arena_str(arena, from->issuer);
    facts.user = sp_arena_str(arena, from->user);
    facts.unique_id = sp_arena_str(arena, from->unique_id);
    facts.realm = sp_arena_str(arena, from->realm);
    bool whole = groups && facts.id.ptr && facts.issuer.ptr && facts.user.ptr && facts.unique_id.ptr &&
                 facts.realm.ptr;
    for (size_t i = 0; whole && i < from->groups.count; i++) {
        groups[i] = sp_arena_str(arena, from->groups.items[i]);
        whole = groups[i].ptr != NULL;
    }
    facts.groups = (struct sp_str_list){groups, from->groups.count};
    *ret_facts = facts;
    return whole;
}

static enum sp_status io_verify(const struct saml *self, struct sp_str token,
                                const struct sp_authn_attempt *attempt, struct sp_saml_facts *ret_facts,
                                struct sp_error *err)
{
    struct job *job = new_job(self, token, attempt);
    if (!job)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to verify an assertion");
    enum sp_status status = sp_fiber_self() ? io_offload_lane(SP_OFFLOAD_DOCUMENT, run_job, job, free_job,
                                                              sp_clock_monotonic_us() + WAIT_US, 0)
                                            : run_job(job);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the request is gone");
    if (status == SP_OK && !copy_facts(&job->facts, attempt->arena, ret_facts))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for an assertion");
    else if (status != SP_OK && job->err.text[0])
        *err = job->err;
    else if (status != SP_OK)
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "too many assertions wait to be verified");
    free_job(job);
    return status;
}

/* ---------------------------------------------------------------- assertions that were seen before */

static struct sp_shared_cache *memory_of(const struct sp_authn_attempt *attempt)
{
    return attempt->parts->caches ? attempt->parts->caches->tokens : NULL;
}

static struct sp_cache_key key_of(const struct saml *self, struct sp_shared_cache *memory,
                                  struct sp_str token)
{
    const struct sp_str parts[] = {SP_STR("saml"), sp_str_from(self->nonce, sizeof self->nonce), token};
    return sp_shared_cache_key(memory, parts, 3);
}

static bool recall(const struct saml *self, struct sp_str token, const struct sp_authn_attempt *attempt,
                   struct sp_saml_facts *ret_facts)
{
    struct sp_shared_cache *memory = memory_of(attempt);
    unsigned char bytes[RESULT_MAX];
    size_t len;
    if (!memory ||
        !sp_shared_cache_get(memory, key_of(self, memory, token), attempt->now_us, bytes, sizeof bytes, &len))
        return false;
    struct sp_str copy = sp_arena_str(attempt->arena, sp_str_from(bytes, len));
    return copy.ptr && sp_saml_result_read(copy, attempt->arena, ret_facts) == SP_OK &&
           ret_facts->expires_us > attempt->now_us;
}

/* Not those that are for one use, or for one caller. */
static void remember(const struct saml *self, struct sp_str token, const struct sp_authn_attempt *attempt,
                     const struct sp_saml_facts *facts)
{
    struct sp_shared_cache *memory = memory_of(attempt);
    unsigned char bytes[RESULT_MAX];
    struct sp_buf result = sp_buf_over(bytes, sizeof bytes);
    int64_t until_us = attempt->now_us + REMEMBERED_MAX_US;
    if (!memory || facts->one_time || facts->is_bound || sp_saml_result_write(facts, &result) != SP_OK)
        return;
    if (facts->expires_us < until_us)
        until_us = facts->expires_us;
    sp_shared_cache_put(memory, key_of(self, memory, token), attempt->now_us, until_us, sp_buf_str(&result));
}

/* ---------------------------------------------------------------- the provider */

static enum sp_offer offers(const struct sp_authn_provider *provider, struct sp_authn_attempt *attempt)
{
    const struct saml *self = (const struct saml *)provider;
    struct sp_str token =
        sp_saml_token_find(attempt->request, &self->config->header_names, attempt->authorization);
    return token.ptr ? SP_OFFER_CREDENTIAL : SP_OFFER_DEMAND;
}

static enum sp_status refuse(const struct saml *self, struct sp_challenge *challenge, enum sp_status status)
{
    if (status == SP_EDENIED) {
        challenge->status = 401;
        sp_challenge_add(challenge, "WWW-Authenticate", sp_str_of(self->challenge));
    } else {
        challenge->status = 503;
    }
    return status;
}

/* What its issuer wants to be used once. Until it ends nobody forgets it. */
static enum sp_status claim(const struct sp_authn_attempt *attempt, const struct sp_saml_facts *facts,
                            struct sp_error *err)
{
    struct sp_shared_cache *replays = attempt->parts->caches ? attempt->parts->caches->replays : NULL;
    if (!facts->one_time)
        return SP_OK;
    if (!replays)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "there is no memory of assertions that were used");
    const struct sp_str parts[] = {SP_STR("saml"), facts->issuer, facts->id};
    enum sp_status status = sp_shared_cache_claim(replays, sp_shared_cache_key(replays, parts, 3),
                                                  attempt->now_us, facts->expires_us);
    if (status == SP_EEXISTS)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "SAML: the assertion %.*s was used before, and is for one use only",
                            SP_STR_ARG(facts->id));
    return status == SP_OK ? SP_OK
                           : sp_error_set(err, SP_EUNAVAIL, NULL,
                                          "the memory of assertions that were used is full or busy");
}

static enum sp_status io_assert(const struct saml *self, struct sp_authn_attempt *attempt,
                                const struct sp_saml_facts *facts, struct sp_assertion *ret_assertion,
                                struct sp_error *err)
{
    struct sp_assertion assertion = {
        .kind = self->looks_up ? SP_ASSERT_REGISTRY : SP_ASSERT_CLAIMED,
        .scheme = SP_AUTHN_SAML,
        .strength = facts->is_bound ? SP_STRENGTH_POSSESSION : SP_STRENGTH_BEARER,
        .name = facts->user,
        .realm = facts->realm,
        .unique_id = facts->unique_id,
        .groups = facts->groups,
        .expires_us = facts->expires_us,
    };
    enum sp_status status = SP_OK;
    if (self->looks_up)
        status =
            io_registry_find(attempt->parts->registry, facts->user, attempt->arena, &assertion.user, err);
    if (status == SP_OK)
        *ret_assertion = assertion;
    return status == SP_ENOTFOUND ? SP_EDENIED : status;
}

static enum sp_status io_check(struct sp_authn_provider *provider, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    const struct saml *self = (const struct saml *)provider;
    const struct sp_str_list *names = &self->config->header_names;
    struct sp_str token = sp_saml_token_find(attempt->request, names, attempt->authorization);
    struct sp_saml_facts facts = {.expires_us = 0};
    enum sp_status status = SP_OK;
    if (!token.ptr)
        status = sp_error_set(err, SP_EDENIED, "CWWKS5013E", "the request carries no SAML assertion");
    else if (sp_saml_token_is_ambiguous(attempt->request, names))
        status = sp_error_set(err, SP_EDENIED, NULL, "the request carries several SAML assertions");
    if (status == SP_OK && !recall(self, token, attempt, &facts)) {
        status = io_verify(self, token, attempt, &facts, err);
        if (status == SP_OK)
            remember(self, token, attempt, &facts);
    }
    if (status == SP_OK)
        status = claim(attempt, &facts, err);
    if (status == SP_OK)
        status = io_assert(self, attempt, &facts, ret_assertion, err);
    return status == SP_OK || status == SP_ECANCELED ? status : refuse(self, ret_challenge, status);
}

static void saml_free(struct sp_authn_provider *provider)
{
    struct saml *self = (struct saml *)provider;
    settings_release(self->settings);
    free(self);
}

static const struct sp_authn_provider_kind kind = {
    .name = "samlWebSso20",
    .offers = offers,
    .io_check = io_check,
    .free = saml_free,
};

/* A quoted-string of RFC 9110, of what is harmless in one. */
static void write_challenge(struct sp_str realm, char ret_text[300])
{
    char *at = stpcpy(ret_text, "SAML realm=\"");
    for (size_t i = 0; i < realm.len && i < 256; i++)
        if (realm.ptr[i] >= 0x20 && realm.ptr[i] < 0x7f && realm.ptr[i] != '"' && realm.ptr[i] != '\\')
            *at++ = realm.ptr[i];
    *at++ = '"';
    *at = '\0';
}

static enum sp_status make_one(const struct sp_authn_parts *parts, const struct sp_cfg_saml *config,
                               struct sp_authn_table *table, struct sp_error *err)
{
    if (config->propagation != PROPAGATION_REQUIRED)
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "the login in a browser is not provided; write inboundPropagation=\"required\", or "
            "take the element away");
    if (sp_str_caseless_eq(config->map_to_user_registry, SP_STR("Group")))
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "mapToUserRegistry=\"Group\" is not provided; User has the registry give the groups");
    struct saml *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    enum sp_status status = settings_new(config, parts->config->default_ssl, &self->settings, err);
    if (status != SP_OK) {
        free(self);
        return status;
    }
    self->provider = (struct sp_authn_provider){
        .kind = &kind,
        .id = config->id,
        .stage = SP_STAGE_BEFORE_SSO,
        .header = config->header_names.count ? config->header_names.items[0] : SP_STR("Authorization"),
    };
    self->config = config;
    sp_secret_random(self->nonce, sizeof self->nonce);
    self->looks_up = sp_str_caseless_eq(config->map_to_user_registry, SP_STR("User"));
    write_challenge(config->realm_name.len ? config->realm_name : config->id, self->challenge);
    return sp_authn_table_add(table, &self->provider, config->auth_filter, err);
}

enum sp_status sp_authn_make_saml(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err)
{
    for (size_t i = 0; i < parts->config->saml_count; i++) {
        const struct sp_cfg_saml *config = &parts->config->saml[i];
        if (!config->enabled)
            continue;
        enum sp_status status = make_one(parts, config, table, err);
        if (status != SP_OK) {
            sp_error_prefix(err, "samlWebSso20[%.*s]", SP_STR_ARG(config->id));
            return status;
        }
    }
    return SP_OK;
}
