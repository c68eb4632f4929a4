/* SPDX-License-Identifier: Apache-2.0
 * Name and password, checked by the registry.
 */
#include <stdio.h>
#include <stdlib.h>

#include "authn/basic.h"
#include "authn/basic_challenge.h"
#include "authn/brake.h"
#include "authn/caches.h"
#include "authn/kind.h"
#include "authn/message.h"
#include "authn/remembered.h"
#include "base/clock.h"

#define RETRY_LATER "1"

struct basic {
    struct sp_authn_provider provider;
    struct sp_basic_challenge challenge;
    int64_t in_work; /* passwords that are being verified */
};

static enum sp_offer offers(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    return sp_basic_is(attempt->authorization) || sp_str_caseless_eq(attempt->authorization, SP_STR("Basic"))
               ? SP_OFFER_CREDENTIAL
               : SP_OFFER_NONE;
}

/* ---------------------------------------------------------------- limits */

static enum sp_status hold(int64_t wait_us, struct sp_str name, struct sp_authn_attempt *attempt,
                           struct sp_challenge *challenge, struct sp_error *err)
{
    int64_t seconds = (wait_us + 999999) / 1000000;
    challenge->status = 429;
    sp_challenge_add(challenge, "Retry-After", sp_arena_printf(attempt->arena, "%lld", (long long)seconds));
    return sp_error_set(err, SP_ELIMIT, SP_MSG_LOGIN_HELD,
                        "too many logins of user %.*s from %.*s failed; the next one counts in %lld s",
                        SP_STR_ARG(name), SP_STR_ARG(attempt->request->peer_address), (long long)seconds);
}

static enum sp_status busy(const struct basic *self, struct sp_challenge *challenge, struct sp_error *err)
{
    challenge->status = 503;
    sp_challenge_add(challenge, "Retry-After", SP_STR(RETRY_LATER));
    return sp_error_set(err, SP_EUNAVAIL, SP_MSG_LOGINS_WAIT,
                        "%lld passwords are being verified already (maxLoginsWaiting)",
                        (long long)self->in_work);
}

/* ---------------------------------------------------------------- the check */

/* A wrong password counts; that a user may not use this server does not. */
static bool is_wrong(enum sp_status status, const struct sp_error *err)
{
    return status == SP_EDENIED && strcmp(err->id, SP_REGISTRY_NO_APPL) != 0;
}

static enum sp_status io_ask_registry(struct basic *self, struct sp_authn_attempt *attempt,
                                      const struct sp_basic_credentials *credentials,
                                      struct sp_registry_user *ret_user, struct sp_challenge *challenge,
                                      struct sp_error *err)
{
    const struct sp_authn_parts *parts = attempt->parts;
    const struct sp_cfg_authentication *rule = &parts->config->authentication;
    struct sp_shared_cache *failures = parts->caches ? parts->caches->failures : NULL;
    struct sp_cache_key brake = {{0}};
    if (failures) {
        brake = sp_brake_key(failures, credentials->name, attempt->request->peer_address);
        int64_t wait_us = sp_brake_wait_us(failures, brake, sp_clock_monotonic_us());
        if (wait_us)
            return hold(wait_us, credentials->name, attempt, challenge, err);
    }
    if (rule->max_logins_waiting && self->in_work >= rule->max_logins_waiting)
        return busy(self, challenge, err);
    self->in_work++;
    enum sp_status status = io_registry_verify(parts->registry, credentials->name, credentials->password,
                                               attempt->arena, ret_user, err);
    self->in_work--;
    if (failures && is_wrong(status, err))
        sp_brake_failed(failures, brake, rule, sp_clock_monotonic_us());
    else if (failures && status == SP_OK)
        sp_brake_succeeded(failures, brake);
    return status;
}

static enum sp_status io_log_in(struct basic *self, struct sp_authn_attempt *attempt,
                                const struct sp_basic_credentials *credentials,
                                struct sp_registry_user *ret_user, struct sp_challenge *challenge,
                                struct sp_error *err)
{
    const struct sp_authn_parts *parts = attempt->parts;
    if (sp_remembered_login(parts, credentials->name, credentials->password, attempt->arena, ret_user))
        return SP_OK;
    enum sp_status status = io_ask_registry(self, attempt, credentials, ret_user, challenge, err);
    if (status == SP_OK)
        sp_remember_login(parts, credentials->name, credentials->password, ret_user);
    return status;
}

static void name_error(struct sp_error *err, const char *id)
{
    if (!err->id[0])
        snprintf(err->id, sizeof err->id, "%s", id);
}

static enum sp_status io_check(struct sp_authn_provider *provider, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    struct basic *self = (struct basic *)provider;
    struct sp_assertion assertion = {.kind = SP_ASSERT_REGISTRY,
                                     .scheme = SP_AUTHN_BASIC,
                                     .strength = SP_STRENGTH_PASSWORD,
                                     .gives_sso = true};
    struct sp_basic_credentials credentials;
    enum sp_status status = sp_basic_read(attempt->authorization, &credentials, err);
    if (status != SP_OK) {
        name_error(err, SP_MSG_BASIC_MALFORMED);
        sp_basic_challenge_put(&self->challenge, ret_challenge);
        return SP_EDENIED;
    }
    status = io_log_in(self, attempt, &credentials, &assertion.user, ret_challenge, err);
    sp_basic_wipe(&credentials);
    if (status == SP_OK) {
        assertion.name = assertion.user.name;
        assertion.realm = sp_registry_realm(attempt->parts->registry);
        *ret_assertion = assertion;
    } else if (status == SP_EDENIED) {
        name_error(err, SP_MSG_WRONG_PASSWORD);
        sp_basic_challenge_put(&self->challenge, ret_challenge);
    } else if (ret_challenge->status == 0) {
        name_error(err, SP_MSG_AUTHORITY_UNAVAILABLE);
        ret_challenge->status = 503;
    }
    return status;
}

static void basic_free(struct sp_authn_provider *self)
{
    free(self);
}

static const struct sp_authn_provider_kind kind = {
    .name = "basic",
    .offers = offers,
    .io_check = io_check,
    .free = basic_free,
};

enum sp_status sp_authn_make_basic(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                   struct sp_error *err)
{
    if (!sp_basic_is_offered(&parts->config->web_app_security))
        return SP_OK;
    struct basic *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    self->provider = (struct sp_authn_provider){
        .kind = &kind, .stage = SP_STAGE_METHOD, .header = SP_STR_INIT("Authorization")};
    sp_basic_challenge_init(&self->challenge, &parts->config->web_app_security,
                            sp_registry_realm(parts->registry));
    return sp_authn_table_add(table, &self->provider, NULL, err);
}
