/* SPDX-License-Identifier: Apache-2.0
 * Logging out: of this server's session, and with spLogout of the identity provider's (SAML profiles 4.4, by
 * HTTP-Redirect).
 */
#include <stdio.h>

#include "authn/browser.h"
#include "authn/ltpa_cookie.h"
#include "authn/saml_logout_read.h"
#include "authn/saml_sso.h"
#include "base/secret.h"
#include "io/origin.h"
#include "text/base64.h"
#include "text/cookie.h"
#include "text/json.h"

#define ID_BYTES 16u
#define SUCCESS SP_STR("urn:oasis:names:tc:SAML:2.0:status:Success")
#define DENIED SP_STR("urn:oasis:names:tc:SAML:2.0:status:Requester")

static enum sp_status refuse(struct sp_challenge *challenge, unsigned code, enum sp_status status,
                             struct sp_error *err, const char *reason)
{
    challenge->status = code;
    sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store"));
    return sp_error_set(err, status, NULL, "%s", reason);
}

static struct sp_str end_page(const struct sp_saml_sso *sso)
{
    struct sp_str page = sso->config->login.post_logout_url;
    return page.len ? page : SP_STR("/");
}

static struct sp_str new_id(struct sp_arena *arena)
{
    unsigned char bytes[ID_BYTES];
    char memory[2 * ID_BYTES];
    struct sp_buf hex = sp_buf_over(memory, sizeof memory);
    sp_secret_random(bytes, sizeof bytes);
    return sp_hex_encode(sp_str_from(bytes, sizeof bytes), &hex) == SP_OK
               ? sp_arena_printf(arena, "_%.*s", (int)hex.len, memory)
               : (struct sp_str){NULL, 0};
}

/* ---------------------------------------------------------------- the own session */

static bool forget_ltpa(struct sp_authn_attempt *attempt, struct sp_challenge *challenge)
{
    const struct sp_cfg_web_app_security *security = &attempt->parts->config->web_app_security;
    const struct sp_set_cookie cookie = {
        .name = security->sso_cookie_name,
        .domain = sp_ltpa_cookie_domain(security, attempt->request->host),
        .max_age_s = -1,
        .secure = security->sso_requires_ssl,
        .http_only = security->http_only_cookies,
    };
    size_t size = cookie.name.len + cookie.domain.len + 200;
    char *memory = sp_arena_alloc(attempt->arena, size);
    if (!memory)
        return false;
    struct sp_buf buf = sp_buf_over(memory, size);
    return sp_cookie_write(&cookie, &buf) == SP_OK &&
           sp_challenge_add(challenge, "Set-Cookie", sp_buf_str(&buf));
}

static bool forget_cookies(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                           struct sp_challenge *challenge)
{
    return sp_browser_set_cookie(attempt, challenge, sso->session_cookie, SP_STR("/"), SP_STR(""), -1,
                                 SP_SAME_SITE_LAX) &&
           (!sso->gives_ltpa || forget_ltpa(attempt, challenge));
}

/* ---------------------------------------------------------------- the user logs out here */

/* What the provider called the user and his session; NULL: it does not say, or nobody is logged in. */
static const struct sp_json_value *claims_of(const struct sp_session *session, struct sp_arena *arena)
{
    struct sp_json_value *claims;
    return session && session->assertion.claims_json.len &&
                   sp_json_parse(session->assertion.claims_json, arena, NULL, &claims, NULL) == SP_OK
               ? claims
               : NULL;
}

static struct sp_str claim_of(const struct sp_json_value *claims, const char *name)
{
    struct sp_str text = claims ? sp_json_member_text(claims, sp_str_of(name)) : SP_STR("");
    return text.ptr ? text : SP_STR("");
}

/* To the provider, when it takes part; else to where logging out leads. */
static enum sp_status next_page(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                const struct sp_session *session, struct sp_str *ret_url,
                                struct sp_error *err)
{
    const struct sp_saml_settings *settings = sso->settings;
    struct sp_saml_self self;
    const struct sp_json_value *claims = claims_of(session, attempt->arena);
    struct sp_saml_logout logout = {
        .id = new_id(attempt->arena),
        .destination = settings->idp.logout_url,
        .name_id = claim_of(claims, "name_id"),
        .name_id_format = claim_of(claims, "name_id_format"),
        .session_index = claim_of(claims, "session_index"),
    };
    *ret_url = end_page(sso);
    if (!sso->config->login.tells_provider || !logout.destination.len || !logout.name_id.len)
        return SP_OK;
    if (!logout.id.ptr || !sp_saml_sso_self(sso, attempt, &self))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a logout");
    const struct sp_saml_redirect redirect = {
        .endpoint = logout.destination,
        .field = "SAMLRequest",
        .document = sp_saml_logout_request(&self, &logout, attempt->now_us, attempt->arena),
        .key = settings->key,
        .signature_method = sso->config->signature_method,
    };
    return redirect.document.ptr ? sp_saml_redirect_url(&redirect, attempt->arena, ret_url, err)
                                 : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a logout");
}

enum sp_status sp_saml_log_out(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                               struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct sp_str site = sp_http_header_get(attempt->request, "Sec-Fetch-Site");
    struct sp_error ignored = SP_ERROR_INIT;
    struct sp_session session;
    struct sp_str url;
    if (site.ptr && !sp_str_is(site, "same-origin") && !sp_str_is(site, "none"))
        return refuse(ret_challenge, 403, SP_EDENIED, err, "a page of another site asked for a logout");
    bool is_known = sp_saml_sso_session(sso, attempt, &session, &ignored) == SP_OK;
    if (is_known && sp_session_store_end(sso->parts->sessions, &session, attempt->now_us) != SP_OK)
        return refuse(ret_challenge, 503, SP_ELIMIT, err,
                      "the session cannot be ended now: too many others were");
    enum sp_status status = next_page(sso, attempt, is_known ? &session : NULL, &url, err);
    if (status != SP_OK || !forget_cookies(sso, attempt, ret_challenge))
        return refuse(ret_challenge, 503, SP_ENOMEM, err, "a logout cannot be prepared");
    return sp_browser_send_to(ret_challenge, url, err);
}

/* ---------------------------------------------------------------- the provider speaks */

/* The session of this browser, when it is the one that the provider means. */
static enum sp_status end_session(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                  const struct sp_saml_logout_asked *asked, struct sp_error *err)
{
    struct sp_session session;
    struct sp_error ignored = SP_ERROR_INIT;
    if (sp_saml_sso_session(sso, attempt, &session, &ignored) != SP_OK)
        return SP_OK; /* there is none any more: that is what was wanted */
    const struct sp_json_value *claims = claims_of(&session, attempt->arena);
    struct sp_str index = claim_of(claims, "session_index");
    if (!sp_str_eq(claim_of(claims, "name_id"), asked->name_id) ||
        (asked->session_index_count && !sp_saml_logout_names(asked, index)))
        return sp_error_set(err, SP_EDENIED, NULL,
                            "SAML logout: the provider means another session than that of this browser");
    return sp_session_store_end(sso->parts->sessions, &session, attempt->now_us) == SP_OK
               ? SP_OK
               : sp_error_set(err, SP_ELIMIT, NULL, "the session cannot be ended now: too many others were");
}

static enum sp_status answer_provider(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                      const struct sp_saml_logout_asked *asked,
                                      const struct sp_saml_self *self, struct sp_str relay_state, bool done,
                                      struct sp_str *ret_url, struct sp_error *err)
{
    const struct sp_saml_logout logout = {
        .id = new_id(attempt->arena),
        .destination = sso->settings->idp.logout_answer_url,
        .in_response_to = asked->id,
        .status = done ? SUCCESS : DENIED,
    };
    const struct sp_saml_redirect redirect = {
        .endpoint = logout.destination,
        .field = "SAMLResponse",
        .document =
            logout.id.ptr ? sp_saml_logout_answer(self, &logout, attempt->now_us, attempt->arena) : logout.id,
        .relay_state = relay_state,
        .key = sso->settings->key,
        .signature_method = sso->config->signature_method,
    };
    return redirect.document.ptr ? sp_saml_redirect_url(&redirect, attempt->arena, ret_url, err)
                                 : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a logout");
}

static enum sp_status take_request(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                   struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_saml_logout_asked asked;
    struct sp_saml_self self;
    struct sp_str url;
    if (!sp_saml_sso_self(sso, attempt, &self))
        return refuse(challenge, 503, SP_ENOMEM, err, "no memory for a logout");
    const struct sp_saml_logout_rules rules = {
        .idp = &sso->settings->idp,
        .trust = sso->settings->trust,
        .destination = self.logout_url,
        .allows_sha1 = sso->settings->policy.allows_sha1,
        .clock_skew_us = sso->config->clock_skew_us,
        .now_us = attempt->now_us,
    };
    enum sp_status status = sp_saml_logout_read(attempt->request->query, &rules, attempt->arena, &asked, err);
    if (status != SP_OK)
        return sp_saml_tell(sso, attempt, challenge, status);
    enum sp_status ended = end_session(sso, attempt, &asked, err);
    if (ended == SP_OK && !forget_cookies(sso, attempt, challenge))
        return refuse(challenge, 503, SP_ENOMEM, err, "a logout cannot be prepared");
    status = answer_provider(sso, attempt, &asked, &self, asked.relay_state, ended == SP_OK, &url, err);
    if (status != SP_OK)
        return refuse(challenge, 503, status, err, "a logout cannot be answered");
    status = sp_browser_send_to(challenge, url, err);
    return status == SP_OK ? ended : status;
}

enum sp_status sp_saml_logout_message(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                      struct sp_challenge *ret_challenge, struct sp_error *err)
{
    enum sp_status status = sp_saml_sso_secure(sso, attempt, err);
    if (status != SP_OK)
        return sp_saml_tell(sso, attempt, ret_challenge, status);
    if (sp_saml_logout_is_request(attempt->request->query))
        return take_request(sso, attempt, ret_challenge, err);
    /* The answer to our own request: the session has ended before it was asked for, whatever it says. */
    return sp_browser_send_to(ret_challenge, end_page(sso), err);
}
