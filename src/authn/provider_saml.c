/* SPDX-License-Identifier: Apache-2.0
 * SAML 2.0 assertions that callers bring along in a header (samlWebSso20 inboundPropagation="required").
 */
#include <stdlib.h>

#include "authn/caches.h"
#include "authn/kind.h"
#include "authn/saml_check.h"
#include "authn/saml_result.h"
#include "authn/saml_sso.h"
#include "authn/saml_subject.h"
#include "authn/saml_token.h"
#include "base/secret.h"

#define RESULT_MAX 16384u
/* A certificate that ends or is revoked meanwhile is noticed after that. */
#define REMEMBERED_MAX_US (600 * INT64_C(1000000))

struct saml {
    struct sp_authn_provider provider;
    const struct sp_cfg_saml *config;
    struct sp_saml_settings *settings;
    unsigned char nonce[16]; /* of what this provider remembers: another one may trust others */
    char challenge[300];
};

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

static bool is_for_one_use(const struct saml *self, const struct sp_saml_facts *facts)
{
    return facts->one_time || !self->config->assertion_reuse;
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
    if (!memory || is_for_one_use(self, facts) || facts->is_bound ||
        sp_saml_result_write(facts, &result) != SP_OK)
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

static enum sp_status io_verify(const struct saml *self, struct sp_str token,
                                const struct sp_authn_attempt *attempt, struct sp_saml_facts *ret_facts,
                                struct sp_error *err)
{
    const struct sp_saml_question question = {
        .token = token,
        .client_certificate = attempt->request->client_certificate,
        .now_us = attempt->now_us,
    };
    return io_saml_check(self->settings, &question, attempt->arena, ret_facts, err);
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
    if (status == SP_OK && is_for_one_use(self, &facts))
        status = sp_saml_use_once(self->config, attempt, &facts, err);
    if (status == SP_OK)
        status = io_saml_subject(self->config, attempt, &facts, ret_assertion, err);
    if (status == SP_ENOTFOUND)
        status = SP_EDENIED;
    return status == SP_OK || status == SP_ECANCELED ? status : refuse(self, ret_challenge, status);
}

static void saml_free(struct sp_authn_provider *provider)
{
    struct saml *self = (struct saml *)provider;
    sp_saml_settings_release(self->settings);
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
    struct saml *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    enum sp_status status = sp_saml_settings_new(config, parts->config->default_ssl, &self->settings, err);
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
    write_challenge(config->realm_name.len ? config->realm_name : config->id, self->challenge);
    return sp_authn_table_add(table, &self->provider, &config->auth_filters, err);
}

enum sp_status sp_authn_make_saml(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err)
{
    for (size_t i = 0; i < parts->config->saml_count; i++) {
        const struct sp_cfg_saml *config = &parts->config->saml[i];
        if (!config->enabled)
            continue;
        /* Without sessions (a command that only explains) nobody logs in by a browser. */
        if (sp_saml_logs_in(config) && !parts->sessions)
            continue;
        enum sp_status status = sp_saml_logs_in(config) ? sp_saml_sso_add(parts, config, table, err)
                                                        : make_one(parts, config, table, err);
        if (status != SP_OK) {
            sp_error_prefix(err, "samlWebSso20[%.*s]", SP_STR_ARG(config->id));
            return status;
        }
    }
    return SP_OK;
}
