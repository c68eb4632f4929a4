/* SPDX-License-Identifier: Apache-2.0
 * Logging out: of this server's session, and with spLogout of the identity provider's (SAML profiles 4.4).
 */
#include <stdio.h>

#include "authn/browser.h"
#include "authn/ltpa_cookie.h"
#include "authn/saml_form.h"
#include "authn/saml_logout_check.h"
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

/* A logout is always signed, where there is a key: providers must not take another. */
static struct sp_saml_signer signer_of(const struct sp_saml_sso *sso)
{
    struct sp_saml_signer signer = sp_saml_sso_signer(sso);
    signer.key = sso->settings->key;
    return signer;
}

/* To the provider, when it takes part; else to where logging out leads. */
static enum sp_status go_on(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                            const struct sp_session *session, struct sp_challenge *challenge,
                            struct sp_error *err)
{
    const struct sp_saml_endpoint *to = &sso->settings->idp.logout;
    struct sp_saml_self self;
    const struct sp_json_value *claims = claims_of(session, attempt->arena);
    const struct sp_saml_logout logout = {
        .id = new_id(attempt->arena),
        .destination = to->url,
        .name_id = claim_of(claims, "name_id"),
        .name_id_format = claim_of(claims, "name_id_format"),
        .session_index = claim_of(claims, "session_index"),
    };
    if (!sso->config->login.tells_provider || !to->url.len || !logout.name_id.len)
        return sp_browser_send_to(challenge, end_page(sso), err);
    if (!logout.id.ptr || !sp_saml_sso_self(sso, attempt, &self))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a logout");
    const struct sp_saml_sending sending = {
        .to = *to,
        .field = "SAMLRequest",
        .document = sp_saml_logout_request(&self, &logout, attempt->now_us, attempt->arena),
        .signer = signer_of(sso),
    };
    return sp_saml_send(&sending, attempt->arena, challenge, err);
}

enum sp_status sp_saml_log_out(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                               struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct sp_str site = sp_http_header_get(attempt->request, "Sec-Fetch-Site");
    struct sp_error ignored = SP_ERROR_INIT;
    struct sp_session session;
    if (site.ptr && !sp_str_is(site, "same-origin") && !sp_str_is(site, "none"))
        return refuse(ret_challenge, 403, SP_EDENIED, err, "a page of another site asked for a logout");
    bool is_known = sp_saml_sso_session(sso, attempt, &session, &ignored) == SP_OK;
    if (is_known && sp_session_store_end(sso->parts->sessions, &session, attempt->now_us) != SP_OK)
        return refuse(ret_challenge, 503, SP_ELIMIT, err,
                      "the session cannot be ended now: too many others were");
    if (!forget_cookies(sso, attempt, ret_challenge) ||
        go_on(sso, attempt, is_known ? &session : NULL, ret_challenge, err) != SP_OK)
        return refuse(ret_challenge, 503, SP_ENOMEM, err, "a logout cannot be prepared");
    return SP_OK;
}

/* ---------------------------------------------------------------- the provider speaks */

struct sp_str sp_saml_session_name(struct sp_str issuer, struct sp_str name_id, struct sp_str index,
                                   struct sp_arena *arena)
{
    /* No name has a line end in it. */
    struct sp_str whole = sp_arena_printf(arena, "%.*s\n%.*s\n%.*s", SP_STR_ARG(issuer), SP_STR_ARG(name_id),
                                          SP_STR_ARG(index));
    return whole.ptr && name_id.len ? sp_session_name(whole, arena) : (struct sp_str){NULL, 0};
}

/* One session of the provider's; all of the user's when that cannot be remembered any more. */
static enum sp_status end_one(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                              struct sp_str name_id, struct sp_str index)
{
    struct sp_session_store *sessions = sso->parts->sessions;
    struct sp_str issuer = sso->settings->idp.entity_id, provider = sso->config->id;
    int64_t until_us = attempt->now_us + sp_saml_sso_session_max_us(sso);
    struct sp_str name = sp_saml_session_name(issuer, name_id, index, attempt->arena);
    if (!name.ptr)
        return SP_ENOMEM;
    enum sp_status status = SP_ELIMIT;
    if (index.len)
        status = sp_session_store_end_at_provider(sessions, provider, name, attempt->now_us, until_us);
    if (status != SP_ELIMIT)
        return status;
    name = sp_saml_session_name(issuer, name_id, SP_STR(""), attempt->arena);
    return name.ptr ? sp_session_store_end_of_subject(sessions, provider, name, attempt->now_us, until_us)
                    : SP_ENOMEM;
}

/* Whichever browsers have their cookies: a request that comes in a frame or by a form brings none. */
static enum sp_status end_sessions(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                   const struct sp_saml_logout_asked *asked, struct sp_error *err)
{
    enum sp_status status = sp_session_store_use_once(sso->parts->sessions, sso->config->id, asked->id,
                                                      attempt->now_us, asked->ends_us);
    if (status == SP_EEXISTS)
        return sp_error_set(err, SP_EDENIED, NULL, "SAML logout: the request was used before");
    if (status == SP_OK && !asked->session_index_count)
        status = end_one(sso, attempt, asked->name_id, SP_STR(""));
    for (size_t i = 0; status == SP_OK && i < asked->session_index_count; i++)
        status = end_one(sso, attempt, asked->name_id, asked->session_indexes[i]);
    return status == SP_OK ? SP_OK
                           : sp_error_set(err, SP_EUNAVAIL, NULL,
                                          "the sessions cannot be ended now: too many others were");
}

/* Its own session goes on when the provider means another. */
static bool is_logged_in(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt)
{
    struct sp_session session;
    struct sp_error ignored = SP_ERROR_INIT;
    return sp_saml_sso_session(sso, attempt, &session, &ignored) == SP_OK;
}

static enum sp_status answer_provider(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                      const struct sp_saml_logout_asked *asked,
                                      const struct sp_saml_self *self, bool done,
                                      struct sp_challenge *challenge, struct sp_error *err)
{
    const struct sp_saml_endpoint *to = &sso->settings->idp.logout_answer;
    const struct sp_saml_logout logout = {
        .id = new_id(attempt->arena),
        .destination = to->url,
        .in_response_to = asked->id,
        .status = done ? SUCCESS : DENIED,
    };
    if (!to->url.len) /* it does not say where to: the browser stays here */
        return sp_browser_send_to(challenge, end_page(sso), err);
    const struct sp_saml_sending sending = {
        .to = *to,
        .field = "SAMLResponse",
        .document =
            logout.id.ptr ? sp_saml_logout_answer(self, &logout, attempt->now_us, attempt->arena) : logout.id,
        .relay_state = asked->relay_state,
        .signer = signer_of(sso),
    };
    return sp_saml_send(&sending, attempt->arena, challenge, err);
}

static enum sp_status io_take_request(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                      const struct sp_saml_form *form, struct sp_challenge *challenge,
                                      struct sp_error *err)
{
    struct sp_saml_logout_asked asked;
    struct sp_saml_self self;
    if (!sp_saml_sso_self(sso, attempt, &self))
        return refuse(challenge, 503, SP_ENOMEM, err, "no memory for a logout");
    const struct sp_saml_logout_question question = {
        .message = form ? form->message : attempt->request->query,
        .is_post = form != NULL,
        .destination = self.logout_url,
        .now_us = attempt->now_us,
    };
    enum sp_status status = io_saml_logout_check(sso->settings, &question, attempt->arena, &asked, err);
    if (status == SP_ECANCELED)
        return status;
    if (status != SP_OK)
        return sp_saml_tell(sso, attempt, challenge, status);
    if (form)
        asked.relay_state = form->relay_state;
    enum sp_status ended = end_sessions(sso, attempt, &asked, err);
    if (ended == SP_OK && !is_logged_in(sso, attempt) && !forget_cookies(sso, attempt, challenge))
        return refuse(challenge, 503, SP_ENOMEM, err, "a logout cannot be prepared");
    struct sp_error detail = SP_ERROR_INIT;
    status = answer_provider(sso, attempt, &asked, &self, ended == SP_OK, challenge, &detail);
    if (status != SP_OK)
        return refuse(challenge, 503, status, err, "a logout cannot be answered");
    return ended;
}

enum sp_status io_saml_logout_message(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                      struct sp_challenge *ret_challenge, struct sp_error *err)
{
    bool is_post = sp_str_is(attempt->request->method, "POST");
    struct sp_saml_form form = {.is_request = false};
    enum sp_status status = sp_saml_sso_secure(sso, attempt, err);
    if (status == SP_OK && is_post)
        status = sp_saml_form_read(attempt->request, true, attempt->arena, &form, err);
    if (status != SP_OK)
        return sp_saml_tell(sso, attempt, ret_challenge, status);
    if (is_post ? form.is_request : sp_saml_logout_is_request(attempt->request->query))
        return io_take_request(sso, attempt, is_post ? &form : NULL, ret_challenge, err);
    /* The answer to our own request: the session has ended before it was asked for, whatever it says. */
    return sp_browser_send_to(ret_challenge, end_page(sso), err);
}
