/* SPDX-License-Identifier: Apache-2.0
 * Which credential counts, and what a client without one is told. io_authn_run comes last: read it first.
 */
#include <stdio.h>
#include <stdlib.h>

#include "authn/auth_filter.h"
#include "authn/basic_challenge.h"
#include "authn/certificate_status.h"
#include "authn/guest.h"
#include "authn/issuers.h"
#include "authn/principal.h"
#include "authn/provider.h"
#include "authn/trace.h"
#include "authn/message.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/effective.h"
#include "io/origin.h"

struct sp_authn {
    struct sp_authn_parts parts;
    struct sp_authn_table table;
    struct sp_certificate_status *revocation; /* NULL: nobody is asked */
    bool offers_basic;
    struct sp_basic_challenge challenge;
    bool rival_told; /* that the filters of two elements accept the same */
};

enum sp_status sp_authn_new(const struct sp_authn_parts *parts, struct sp_authn **ret_authn,
                            struct sp_error *err)
{
    const struct sp_cfg_web_app_security *security = &parts->config->web_app_security;
    struct sp_authn *authn = calloc(1, sizeof *authn);
    if (!authn)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    authn->parts = *parts;
    authn->parts.fingerprint = sp_config_fingerprint(parts->config);
    authn->offers_basic = sp_basic_is_offered(security);
    sp_basic_challenge_init(&authn->challenge, security, sp_registry_realm(parts->registry));
    enum sp_status status = sp_issuers_new(parts->loop, parts->config, &authn->parts.issuers, err);
    if (status == SP_OK)
        status = sp_certificate_status_new(parts->loop, parts->config, &authn->revocation, err);
    if (status == SP_OK)
        status = sp_authn_table_init(&authn->parts, &authn->table, err);
    if (status != SP_OK) {
        sp_certificate_status_free(authn->revocation);
        sp_issuers_free(authn->parts.issuers);
        free(authn);
        return status;
    }
    *ret_authn = authn;
    return SP_OK;
}

void sp_authn_start(struct sp_authn *authn)
{
    sp_issuers_start(authn->parts.issuers);
    for (size_t i = 0; i < authn->table.count; i++) {
        struct sp_authn_provider *provider = authn->table.providers[i];
        if (provider->kind->start)
            provider->kind->start(provider);
    }
}

struct sp_str sp_authn_waits_for(const struct sp_authn *authn)
{
    const struct sp_cfg_oidc *client = sp_issuers_waiting(authn->parts.issuers);
    return client ? client->id : (struct sp_str){NULL, 0};
}

void sp_authn_free(struct sp_authn *authn)
{
    if (!authn)
        return;
    sp_authn_table_finish(&authn->table);
    sp_issuers_free(authn->parts.issuers);
    sp_certificate_status_free(authn->revocation);
    free(authn);
}

/* Tokens and assertions may come in one, cookies and passwords not. */
bool sp_authn_reads_forms(const struct sp_authn *authn)
{
    for (size_t i = 0; i < authn->table.count; i++) {
        enum sp_authn_stage stage = authn->table.providers[i]->stage;
        if (stage == SP_STAGE_BEFORE_SSO || stage == SP_STAGE_AFTER_SSO)
            return true;
    }
    return false;
}

bool sp_authn_owns_path(const struct sp_authn *authn, struct sp_str path)
{
    return authn->table.paths.count && sp_hash_get(&authn->table.paths, path);
}

struct sp_str sp_attempt_url(struct sp_authn_attempt *attempt)
{
    const struct sp_http_request *request = attempt->request;
    if (attempt->url.ptr)
        return attempt->url;
    struct sp_str origin = sp_http_origin(request, request->tls, 0, attempt->arena);
    struct sp_str own_port = request->tls ? SP_STR(":443") : SP_STR(":80");
    if (origin.ptr && sp_str_ends(origin, own_port))
        origin = sp_str_slice(origin, 0, origin.len - own_port.len);
    if (origin.ptr)
        attempt->url =
            sp_arena_printf(attempt->arena, "%.*s%.*s", SP_STR_ARG(origin), SP_STR_ARG(request->target));
    return attempt->url;
}

/* ---------------------------------------------------------------- for people */

static const char *words_of(enum sp_offer offer)
{
    if (offer == SP_OFFER_CREDENTIAL)
        return "finds a credential";
    return offer == SP_OFFER_DEMAND ? "finds no credential, and insists on one" : "finds nothing";
}

static void trace_filters(struct sp_authn_attempt *attempt, const struct sp_authn_provider *provider)
{
    for (const struct sp_auth_filter *f = provider->filter; f; f = sp_auth_filter_next(f)) {
        struct sp_str id = sp_auth_filter_id(f), fault = sp_auth_filter_fault(f, attempt);
        if (fault.len)
            sp_trace_add(attempt, "filter", provider, "authFilter[%.*s] does not accept the request: %.*s",
                         SP_STR_ARG(id), SP_STR_ARG(fault));
        else
            sp_trace_add(attempt, "filter", provider, "authFilter[%.*s] accepts the request", SP_STR_ARG(id));
    }
}

/* Why this one of the group, and not another. */
static void trace_choice(const struct sp_authn *authn, const struct sp_authn_group *group,
                         struct sp_authn_attempt *attempt, const struct sp_authn_provider *chosen)
{
    for (size_t i = group->first; attempt->trace && i < group->first + group->count; i++) {
        const struct sp_authn_provider *provider = authn->table.providers[i];
        trace_filters(attempt, provider);
        if (provider->filter && !sp_auth_filters_accept(provider->filter, attempt))
            continue;
        enum sp_offer offer = provider->kind->offers(provider, attempt);
        bool knows = offer == SP_OFFER_CREDENTIAL && provider->kind->knows_issuer &&
                     provider->kind->knows_issuer(provider, attempt);
        sp_trace_add(attempt, "provider", provider, "%s%s", words_of(offer),
                     knows ? " of an issuer that it knows" : "");
    }
    if (chosen)
        sp_trace_add(attempt, "chosen", chosen, "is asked");
}

/* Two filters accept the request: the order of server.xml decides, and the administrator hears of it once. */
static void tell_rival(struct sp_authn *authn, const struct sp_authn_group *group,
                       struct sp_authn_attempt *attempt, const struct sp_authn_provider *chosen)
{
    if (!attempt->trace && authn->rival_told)
        return;
    const struct sp_authn_provider *rival = sp_authn_table_rival(&authn->table, group, chosen, attempt);
    if (!rival)
        return;
    sp_trace_add(attempt, "ambiguous", rival,
                 "its filter accepts the request too, and it is not asked: %.*s comes first in server.xml",
                 SP_STR_ARG(chosen->id));
    if (attempt->trace)
        return;
    authn->rival_told = true;
    sp_log(SP_LOG_WARNING, SP_MSG_FILTERS_RIVAL,
           "filters of %s[%.*s] and of %s[%.*s] accept one and the same request: the first one in server.xml "
           "is asked; this is told once",
           chosen->kind->name, SP_STR_ARG(chosen->id), rival->kind->name, SP_STR_ARG(rival->id));
}

static void trace_answer(const struct sp_authn_attempt *attempt, const struct sp_authn_provider *provider,
                         const struct sp_assertion *assertion, enum sp_status status,
                         const struct sp_challenge *challenge, const struct sp_error *err)
{
    static const char *const kinds[] = {[SP_ASSERT_CLAIMED] = "and no registry is asked",
                                        [SP_ASSERT_LOOK_UP] = "to be looked up in the registry",
                                        [SP_ASSERT_REGISTRY] = "known to the registry",
                                        [SP_ASSERT_GROUPS] = "and the registry knows the groups"};
    if (!attempt->trace)
        return;
    if (status != SP_OK)
        sp_trace_add(attempt, "answer", provider, "%s: %s%s%s",
                     challenge->status ? "refuses" : "passes, and the next is asked", err->id,
                     err->id[0] ? ": " : "", err->text);
    else if (challenge->status)
        sp_trace_add(attempt, "answer", provider, "answers %u itself", challenge->status);
    else
        sp_trace_add(attempt, "answer", provider, "the credential is good: user %.*s of realm %.*s, %s",
                     SP_STR_ARG(assertion->name), SP_STR_ARG(assertion->realm), kinds[assertion->kind]);
    if (status == SP_OK && assertion->claims_json.len)
        sp_trace_add(attempt, "claims", provider, "%.*s", SP_STR_ARG(assertion->claims_json));
}

static void trace_principal(const struct sp_authn_attempt *attempt, enum sp_status status,
                            const struct sp_principal *principal, const struct sp_error *err)
{
    if (status != SP_OK)
        sp_trace_add(attempt, "mapped", NULL, "no: %s%s%s", err->id, err->id[0] ? ": " : "", err->text);
    else
        sp_trace_add(attempt, "mapped", NULL, "%.*s of realm %.*s has user id %.*s",
                     SP_STR_ARG(principal->name), SP_STR_ARG(principal->realm),
                     SP_STR_ARG(principal->saf_user.len ? principal->saf_user : SP_STR("none")));
}

/* ---------------------------------------------------------------- a request */

static enum sp_status refuse(const struct sp_authn *authn, struct sp_challenge *challenge,
                             enum sp_status status)
{
    *challenge = (struct sp_challenge){0};
    if (authn->offers_basic)
        sp_basic_challenge_put(&authn->challenge, challenge);
    else
        challenge->status = 401;
    return status;
}

/* Known, but not let in: the request may no more than one without credentials. `err` stays as it is. */
static enum sp_status go_on_as_guest(const struct sp_authn_attempt *attempt,
                                     struct sp_principal *ret_principal, struct sp_error *err)
{
    struct sp_principal principal;
    enum sp_status status =
        sp_guest_take(attempt->parts->config, attempt->parts->saf, attempt->arena, &principal);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for a principal");
    principal.demoted = true;
    *ret_principal = principal;
    return SP_OK;
}

/* Known, but may not use this server, or has no user id where the administrator lets such people be guests.
 */
static bool is_for_the_guest(const struct sp_authn_attempt *attempt, const struct sp_error *err)
{
    return strcmp(err->id, SP_REGISTRY_NO_APPL) == 0 ||
           (strcmp(err->id, SP_MSG_NOT_MAPPED) == 0 &&
            attempt->parts->config->authentication.unmapped_identity == SP_CFG_UNMAPPED_GUEST);
}

static void tell_providers(struct sp_authn *authn, struct sp_authn_attempt *attempt,
                           const struct sp_assertion *assertion, const struct sp_principal *principal,
                           struct sp_challenge *challenge)
{
    for (size_t i = 0; i < authn->table.count; i++) {
        struct sp_authn_provider *provider = authn->table.providers[i];
        if (provider->kind->logged_in)
            provider->kind->logged_in(provider, attempt, assertion, principal, challenge);
    }
}

/* Each refusal has a stable id, where the scheme has none of its own for it. */
static void name_reason(enum sp_status status, const struct sp_challenge *challenge, struct sp_error *err)
{
    bool unavailable = challenge->status == 503 || status == SP_EUNAVAIL;
    if (status != SP_OK && status != SP_ECANCELED && !err->id[0])
        snprintf(err->id, sizeof err->id, "%s",
                 unavailable ? SP_MSG_AUTHORITY_UNAVAILABLE : SP_MSG_CREDENTIAL_REFUSED);
}

/* The credential is good: who is it? */
static enum sp_status io_admit(struct sp_authn *authn, struct sp_authn_attempt *attempt,
                               const struct sp_authn_provider *provider, const struct sp_assertion *assertion,
                               struct sp_principal *ret_principal, struct sp_challenge *challenge,
                               struct sp_error *err)
{
    enum sp_status status = io_principal_make(attempt, provider, assertion, ret_principal, err);
    name_reason(status, challenge, err);
    trace_principal(attempt, status, ret_principal, err);
    if (status == SP_OK) {
        tell_providers(authn, attempt, assertion, ret_principal, challenge);
        return SP_OK;
    }
    if (status == SP_EDENIED && is_for_the_guest(attempt, err))
        return go_on_as_guest(attempt, ret_principal, err);
    *challenge = (struct sp_challenge){0};
    if (status == SP_EDENIED && strcmp(err->id, SP_MSG_NOT_MAPPED) != 0 &&
        assertion->kind == SP_ASSERT_REGISTRY)
        return refuse(authn, challenge, status);
    challenge->status = status == SP_EDENIED || status == SP_ENOTFOUND ? 403 : 503;
    return status;
}

/* ---------------------------------------------------------------- asking */

static void claim(struct sp_authn_attempt *attempt, const struct sp_assertion *assertion)
{
    attempt->claimed_name = assertion->name;
    attempt->claimed_realm = assertion->realm;
}

/* One provider's answer. False: it passes, and `err` keeps why. */
static bool io_ask(struct sp_authn *authn, struct sp_authn_attempt *attempt,
                   struct sp_authn_provider *provider, struct sp_principal *ret_principal,
                   struct sp_challenge *challenge, enum sp_status *ret_status, struct sp_error *err)
{
    struct sp_assertion assertion = {0};
    *challenge = (struct sp_challenge){0};
    enum sp_status status = provider->kind->io_check(provider, attempt, &assertion, challenge, err);
    name_reason(status, challenge, err);
    trace_answer(attempt, provider, &assertion, status, challenge, err);
    if (status != SP_OK && status != SP_ECANCELED && challenge->status == 0)
        return false;
    if (status == SP_OK && challenge->status == 0)
        claim(attempt, &assertion);
    if (status == SP_OK && challenge->status == 0)
        status = io_admit(authn, attempt, provider, &assertion, ret_principal, challenge, err);
    else if (status == SP_EDENIED && strcmp(err->id, SP_REGISTRY_NO_APPL) == 0) {
        *challenge = (struct sp_challenge){0};
        status = go_on_as_guest(attempt, ret_principal, err);
    }
    *ret_status = status;
    return true;
}

/* No provider had an answer. `passed`: one found a credential, and `err` says why it was of no use. */
static enum sp_status anonymous(struct sp_authn *authn, const struct sp_authn_attempt *attempt, bool passed,
                                struct sp_principal *ret_principal, struct sp_challenge *challenge,
                                struct sp_error *err)
{
    *challenge = (struct sp_challenge){0};
    if (!attempt->required) {
        enum sp_status status =
            sp_guest_take(attempt->parts->config, attempt->parts->saf, attempt->arena, ret_principal);
        return status == SP_OK ? SP_OK : sp_error_set(err, status, NULL, "no memory for a principal");
    }
    if (!passed && attempt->from_other_site)
        sp_error_set(
            err, SP_EDENIED, SP_MSG_OTHER_SITE,
            "another site made the browser send the request (Sec-Fetch-Site: cross-site), and so the "
            "session that it has does not count");
    else if (!passed && !authn->offers_basic)
        sp_error_set(err, SP_EDENIED, SP_MSG_CERTIFICATE_MISSING,
                     "a client certificate is asked for and there is none; name and password are taken "
                     "only with webAppSecurity allowFailOverToBasicAuth=\"true\" or "
                     "overrideHttpAuthMethod=\"BASIC\"");
    else if (!passed)
        sp_error_set(err, SP_EDENIED,
                     attempt->authorization.ptr ? SP_MSG_SCHEME_NOT_TAKEN : SP_MSG_NO_CREDENTIALS, "%s",
                     attempt->authorization.ptr
                         ? "the Authorization header is of a scheme that is not taken here"
                         : "the request carries no credentials");
    if (authn->offers_basic)
        return refuse(authn, challenge, SP_EDENIED);
    challenge->status = 403;
    return SP_EDENIED;
}

/* Several credentials, of which one would count and the others would not. */
static bool is_ambiguous(const struct sp_authn *authn, struct sp_authn_attempt *attempt, size_t count,
                         struct sp_error *err)
{
    struct sp_str first, second, cookie = sp_authn_table_repeated_cookie(&authn->table, attempt->request);
    if (cookie.ptr) {
        sp_error_set(err, SP_ESYNTAX, SP_MSG_SEVERAL_CREDENTIALS,
                     "the request has cookie %.*s more than once", SP_STR_ARG(cookie));
        return true;
    }
    if (count > 1) {
        sp_error_set(err, SP_ESYNTAX, SP_MSG_SEVERAL_CREDENTIALS, "the request has %zu Authorization headers",
                     count);
        return true;
    }
    if (!sp_authn_table_is_contradictory(&authn->table, attempt, &first, &second))
        return false;
    sp_error_set(err, SP_ESYNTAX, SP_MSG_SEVERAL_CREDENTIALS,
                 "the request has credentials in header %.*s and in header %.*s: send one", SP_STR_ARG(first),
                 SP_STR_ARG(second));
    return true;
}

/* Somebody logged in at a provider's own URL. Who may only be a guest here is told so by the pages he gets.
 */
static enum sp_status io_log_in(struct sp_authn *authn, struct sp_authn_attempt *attempt,
                                const struct sp_authn_provider *provider, struct sp_challenge *challenge,
                                struct sp_error *err)
{
    struct sp_principal principal;
    claim(attempt, attempt->login);
    enum sp_status status = io_principal_make(attempt, provider, attempt->login, &principal, err);
    trace_principal(attempt, status, &principal, err);
    if (status == SP_OK)
        tell_providers(authn, attempt, attempt->login, &principal, challenge);
    if (status == SP_OK || (status == SP_EDENIED && is_for_the_guest(attempt, err)))
        return SP_OK;
    *challenge = (struct sp_challenge){0};
    challenge->status = status == SP_EDENIED || status == SP_ENOTFOUND ? 403 : 503;
    return status;
}

static enum sp_status io_answer(struct sp_authn *authn, struct sp_authn_provider *provider,
                                struct sp_authn_attempt *attempt, struct sp_challenge *challenge,
                                struct sp_error *err)
{
    *challenge = (struct sp_challenge){0};
    enum sp_status status = provider->kind->io_answer(provider, attempt, challenge, err);
    if (status == SP_OK && attempt->login)
        status = io_log_in(authn, attempt, provider, challenge, err);
    if (challenge->status == 0)
        challenge->status = 503;
    name_reason(status, challenge, err);
    return status;
}

static enum sp_status io_run(struct sp_authn *authn, struct sp_authn_attempt *attempt,
                             struct sp_principal *ret_principal, struct sp_challenge *ret_challenge,
                             struct sp_error *err)
{
    const struct sp_http_request *request = attempt->request;
    struct sp_authn_provider *owner =
        authn->table.paths.count ? sp_hash_get(&authn->table.paths, request->path) : NULL;
    bool passed = false;
    if (authn->parts.saf)
        io_saf_link_open(authn->parts.saf);
    enum sp_status certificate = io_certificate_status(authn->revocation, attempt, err);
    if (certificate != SP_OK) {
        ret_challenge->status = certificate == SP_EDENIED ? 400 : 503;
        return certificate;
    }
    if (is_ambiguous(authn, attempt, sp_http_header_count(request, "Authorization"), err))
        return refuse(authn, ret_challenge, SP_ESYNTAX);
    if (owner)
        return io_answer(authn, owner, attempt, ret_challenge, err);
    for (size_t i = 0; i < authn->table.group_count; i++) {
        const struct sp_authn_group *group = &authn->table.groups[i];
        struct sp_authn_provider *provider = sp_authn_table_choose(&authn->table, group, attempt);
        enum sp_status status;
        trace_choice(authn, group, attempt, provider);
        tell_rival(authn, group, attempt, provider);
        if (provider && io_ask(authn, attempt, provider, ret_principal, ret_challenge, &status, err))
            return status;
        passed |= provider != NULL;
    }
    return anonymous(authn, attempt, passed, ret_principal, ret_challenge, err);
}

enum sp_status io_authn_explain(struct sp_authn *authn, const struct sp_http_request *request, bool required,
                                struct sp_arena *arena, struct sp_authn_trace *trace,
                                struct sp_principal *ret_principal, struct sp_challenge *ret_challenge,
                                struct sp_error *err)
{
    struct sp_authn_attempt attempt = {
        .parts = &authn->parts,
        .request = request,
        .arena = arena,
        .required = required,
        .authorization = sp_http_header_get(request, "Authorization"),
        .now_us = sp_clock_realtime_us(),
        .trace = trace,
    };
    enum sp_status status = io_run(authn, &attempt, ret_principal, ret_challenge, err);
    if (status != SP_OK || ret_principal->demoted) {
        ret_challenge->claimed_name = attempt.claimed_name;
        ret_challenge->claimed_realm = attempt.claimed_realm;
    }
    return status;
}

enum sp_status io_authn_run(struct sp_authn *authn, const struct sp_http_request *request, bool required,
                            struct sp_arena *arena, struct sp_principal *ret_principal,
                            struct sp_challenge *ret_challenge, struct sp_error *err)
{
    return io_authn_explain(authn, request, required, arena, NULL, ret_principal, ret_challenge, err);
}
