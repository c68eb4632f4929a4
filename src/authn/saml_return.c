/* SPDX-License-Identifier: Apache-2.0
 * The browser brings an assertion of the identity provider (SAML profiles 4.1.4, 4.1.5): it becomes a
 * session. io_saml_return comes last: read it first.
 */
#include "authn/browser.h"
#include "authn/saml_form.h"
#include "authn/saml_response.h"
#include "authn/saml_sso.h"
#include "authn/saml_subject.h"
#include "base/secret.h"
#include "text/json_write.h"

#define CLAIMS_MAX 8192u

/* ---------------------------------------------------------------- the login that it is the end of */

struct start {
    struct sp_oidc_login login;
    struct sp_str request_id; /* empty: the provider began */
    struct sp_str cookie;     /* to be forgotten; ptr NULL: none */
};

static enum sp_status open_cookie(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                  struct sp_str sealed, struct sp_oidc_login *ret_login, struct sp_error *err)
{
    enum sp_status status =
        sp_oidc_login_open(sealed, &sso->login_seal, attempt->now_us, attempt->arena, ret_login, err);
    if (status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL,
                            "the login took longer than authnRequestTime of samlWebSso20 %.*s allows",
                            SP_STR_ARG(sso->config->id));
    if (status == SP_OK && !sp_str_eq(ret_login->client, sso->config->id))
        return sp_error_set(err, SP_EDENIED, NULL, "the login is of another samlWebSso20 element");
    return status;
}

/* By the relay state, which we gave, the login that this browser began. */
static enum sp_status find_start(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                 struct sp_str relay_state, struct start *start, struct sp_error *err)
{
    struct sp_str name = sp_saml_login_cookie(relay_state, attempt->arena);
    struct sp_str sealed = name.ptr ? sp_http_cookie_get(attempt->request, name) : (struct sp_str){NULL, 0};
    if (!sealed.ptr)
        return sso->config->login.takes_unsolicited
                   ? SP_OK
                   : sp_error_set(err, SP_EDENIED, NULL,
                                  "this browser began no login that the answer belongs to, and providers may "
                                  "not begin one (sallyport_unsolicitedResponses)");
    start->cookie = name;
    enum sp_status status = open_cookie(sso, attempt, sealed, &start->login, err);
    if (status == SP_OK && !sp_secret_eq(start->login.state, relay_state))
        status = sp_error_set(err, SP_EDENIED, NULL, "the relay state is that of another login");
    if (status != SP_OK)
        return status;
    start->request_id = sp_arena_printf(attempt->arena, "_%.*s", SP_STR_ARG(start->login.nonce));
    return start->request_id.ptr ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
}

/* ---------------------------------------------------------------- where it leads */

/* A page of this server: never one of another, whatever the provider's page says. */
static struct sp_str own_page(struct sp_str url, const struct sp_saml_self *self, struct sp_str base)
{
    struct sp_str origin = sp_str_slice(self->entity_id, 0, self->entity_id.len - base.len);
    if (sp_str_starts(url, origin))
        url = sp_str_slice(url, origin.len, url.len);
    return sp_oidc_target_ok(url) ? url : (struct sp_str){NULL, 0};
}

static struct sp_str usual_page(const struct sp_saml_sso *sso)
{
    struct sp_str page = sso->config->login.target_page_url;
    return page.len ? page : SP_STR("/");
}

static struct sp_str target_of(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                               const struct sp_saml_self *self, struct sp_str relay_state,
                               const struct start *start)
{
    const struct sp_cfg_saml_login *config = &sso->config->login;
    struct sp_oidc_login wanted;
    struct sp_error ignored = SP_ERROR_INIT;
    if (start->request_id.len)
        return config->forgets_target ? usual_page(sso) : start->login.target;
    struct sp_str page =
        config->relay_state_is_target ? own_page(relay_state, self, sso->base) : (struct sp_str){NULL, 0};
    if (page.ptr)
        return page;
    struct sp_str sealed = sp_http_cookie_get(attempt->request, sso->target_cookie);
    if (sealed.ptr && open_cookie(sso, attempt, sealed, &wanted, &ignored) == SP_OK)
        return wanted.target;
    return usual_page(sso);
}

/* ---------------------------------------------------------------- the session */

/* What a logout must say of it. */
static struct sp_str write_claims(const struct sp_saml_facts *facts, struct sp_arena *arena)
{
    struct sp_buf text;
    struct sp_json_writer json;
    sp_buf_init(&text, CLAIMS_MAX);
    sp_json_writer_init(&json, &text, 0);
    sp_json_object_begin(&json);
    sp_json_put_string(&json, "iss", facts->issuer);
    sp_json_put_string(&json, "name_id", facts->name_id);
    sp_json_put_string(&json, "name_id_format",
                       facts->name_id_format.len ? facts->name_id_format : SP_STR(""));
    sp_json_put_string(&json, "session_index", facts->session_index);
    sp_json_object_end(&json);
    struct sp_str claims = text.failed ? (struct sp_str){NULL, 0} : sp_arena_str(arena, sp_buf_str(&text));
    sp_buf_finish(&text);
    return claims;
}

static int64_t session_end(const struct sp_saml_sso *sso, int64_t now_us, const struct sp_saml_facts *facts)
{
    const struct sp_cfg_saml_login *config = &sso->config->login;
    int64_t end_us = facts->session_until_us ? facts->session_until_us : now_us + config->session_us;
    int64_t last_us = now_us + sp_saml_sso_session_max_us(sso);
    if (end_us > last_us)
        end_us = last_us;
    int64_t assertion_us = facts->conditions_until_us;
    if (facts->session_until_us && (!assertion_us || facts->session_until_us < assertion_us))
        assertion_us = facts->session_until_us;
    if (config->again_when_assertion_ends && assertion_us && assertion_us - config->again_cushion_us < end_us)
        end_us = assertion_us - config->again_cushion_us;
    return end_us;
}

static enum sp_status begin_session(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                    const struct sp_saml_facts *facts, struct sp_assertion *assertion,
                                    struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_session session = {.provider = sso->config->id};
    struct sp_buf sealed;
    sp_session_begin(&session, attempt->now_us);
    session.expires_us = session_end(sso, attempt->now_us, facts);
    session.subject = sp_saml_session_name(facts->issuer, facts->name_id, SP_STR(""), attempt->arena);
    if (facts->session_index.len)
        session.provider_session =
            sp_saml_session_name(facts->issuer, facts->name_id, facts->session_index, attempt->arena);
    assertion->claims_json = write_claims(facts, attempt->arena);
    session.assertion = *assertion;
    if (session.expires_us <= attempt->now_us)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "SAML: a session would have ended already (reAuthnOnAssertionExpire, "
                            "reAuthnCushion)");
    sp_buf_init(&sealed, SP_SESSION_SEALED_MAX);
    enum sp_status status = sp_session_seal(&session, &sso->session_seal, &sealed, err);
    if (status == SP_OK && !sp_browser_set_cookie(attempt, challenge, sso->session_cookie, SP_STR("/"),
                                                  sp_buf_str(&sealed), 0, SP_SAME_SITE_LAX))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a session");
    sp_buf_finish(&sealed);
    return status;
}

/* ---------------------------------------------------------------- the assertion */

static enum sp_status io_take(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                              const struct sp_saml_self *self, struct sp_str response,
                              const struct start *start, struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_saml_facts facts;
    struct sp_assertion *assertion = sp_arena_calloc(attempt->arena, 1, sizeof *assertion);
    const struct sp_saml_question question = {
        .token = response,
        .is_response = true,
        .client_certificate = attempt->request->client_certificate,
        .destination = self->acs_url,
        .entity_id = self->entity_id,
        .in_response_to = start->request_id,
        .now_us = attempt->now_us,
    };
    if (!assertion)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
    enum sp_status status = io_saml_check(sso->settings, &question, attempt->arena, &facts, err);
    if (status == SP_OK && start->request_id.len)
        status = sp_saml_answer_once(sso->config, attempt, start->request_id, start->login.expires_us, err);
    if (status == SP_OK)
        status = sp_saml_use_once(sso->config, attempt, &facts, err);
    if (status == SP_OK)
        status = io_saml_subject(sso->config, attempt, &facts, assertion, err);
    /* It is the session that ends, not the assertion that began it. */
    assertion->expires_us = session_end(sso, attempt->now_us, &facts);
    if (status == SP_OK && !sso->gives_ltpa)
        status = begin_session(sso, attempt, &facts, assertion, challenge, err);
    if (status == SP_OK)
        attempt->login = assertion;
    return status;
}

static enum sp_status io_end_login(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                   struct start *start, struct sp_challenge *challenge,
                                   struct sp_str *ret_target, struct sp_error *err)
{
    struct sp_saml_form form;
    struct sp_saml_self self;
    enum sp_status status = sp_saml_sso_secure(sso, attempt, err);
    if (status == SP_OK)
        status = sp_saml_form_read(attempt->request, false, attempt->arena, &form, err);
    if (status == SP_OK && !sp_saml_sso_self(sso, attempt, &self))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
    if (status == SP_OK)
        status = find_start(sso, attempt, form.relay_state, start, err);
    if (status == SP_OK)
        status = io_take(sso, attempt, &self, form.message, start, challenge, err);
    if (status == SP_OK)
        *ret_target = target_of(sso, attempt, &self, form.relay_state, start);
    return status;
}

enum sp_status io_saml_return(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                              struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct start start = {.request_id = SP_STR(""), .cookie = {NULL, 0}};
    struct sp_str target = {NULL, 0};
    enum sp_status status = io_end_login(sso, attempt, &start, ret_challenge, &target, err);
    if (status == SP_ECANCELED)
        return status;
    /* A login is over, however it ended. */
    if (start.cookie.ptr)
        sp_saml_sso_set_login_cookie(sso, attempt, ret_challenge, start.cookie, SP_STR(""), -1);
    if (status == SP_OK && !start.request_id.len &&
        sp_http_cookie_get(attempt->request, sso->target_cookie).ptr)
        sp_saml_sso_set_login_cookie(sso, attempt, ret_challenge, sso->target_cookie, SP_STR(""), -1);
    return status == SP_OK ? sp_browser_send_to(ret_challenge, target, err)
                           : sp_saml_tell(sso, attempt, ret_challenge, status);
}
