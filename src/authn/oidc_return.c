/* SPDX-License-Identifier: Apache-2.0
 * The browser comes back from the OpenID provider: a code becomes tokens, the ID token a session (OpenID
 * Connect Core 1.0 section 3.1.2.5 to 3.1.3.7). io_oidc_return comes last: read it first.
 */
#include <string.h>

#include "authn/browser.h"
#include "authn/oidc_client.h"
#include "authn/oidc_request.h"
#include "base/clock.h"
#include "base/secret.h"
#include "text/json.h"
#include "text/percent.h"

#define FORM_MAX 16384u
#define US_PER_S 1000000
#define SESSION_S_MAX (366 * 24 * 3600)

struct answer {
    struct sp_str code, state, issuer, problem, description;
};

/* Each at most once (RFC 6749 section 3.1). */
static enum sp_status read_answer(struct sp_str query, struct sp_arena *arena, struct answer *ret_answer,
                                  struct sp_error *err)
{
    const struct sp_parameter *parameters;
    size_t count;
    struct answer answer = {.code = {NULL, 0}};
    const struct {
        const char *name;
        struct sp_str *value;
    } wanted[] = {{"code", &answer.code},
                  {"state", &answer.state},
                  {"iss", &answer.issuer},
                  {"error", &answer.problem},
                  {"error_description", &answer.description}};
    enum sp_status status = sp_form_read(query, "query", arena, &parameters, &count, err);
    for (size_t p = 0; status == SP_OK && p < count; p++)
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
            if (!sp_str_is(parameters[p].name, wanted[i].name))
                continue;
            if (wanted[i].value->ptr)
                return sp_error_set(err, SP_ESYNTAX, NULL, "the provider's answer has %s twice",
                                    wanted[i].name);
            *wanted[i].value = parameters[p].value;
        }
    if (status == SP_OK)
        *ret_answer = answer;
    return status;
}

/* The login that this browser began, and that the answer is to. */
static enum sp_status find_login(const struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                 const struct answer *answer, struct sp_str *ret_cookie,
                                 struct sp_oidc_login *ret_login, struct sp_error *err)
{
    struct sp_oidc_login login;
    struct sp_str name = sp_oidc_login_cookie(answer->state, attempt->arena);
    struct sp_str sealed = name.ptr ? sp_http_cookie_get(attempt->request, name) : (struct sp_str){NULL, 0};
    if (!sealed.ptr)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "this browser began no login with the state of the provider's answer");
    enum sp_status status =
        sp_oidc_login_open(sealed, &client->login_seal, attempt->now_us, attempt->arena, &login, err);
    if (status != SP_OK)
        return status;
    if (!sp_str_eq(login.client, client->config->id) || !sp_secret_eq(login.state, answer->state))
        return sp_error_set(err, SP_EDENIED, NULL, "the state of the provider's answer is of another login");
    *ret_cookie = name;
    *ret_login = login;
    return SP_OK;
}

static bool is_one_of(const struct sp_str_list *list, struct sp_str text)
{
    for (size_t i = 0; i < list->count; i++)
        if (sp_str_eq(list->items[i], text))
            return true;
    return false;
}

/* ---------------------------------------------------------------- tokens */

static enum sp_status read_tokens(const struct sp_fetch_response *response, struct sp_arena *arena,
                                  struct sp_oidc_tokens *ret_tokens, struct sp_error *err)
{
    struct sp_json_value *object;
    struct sp_error detail = SP_ERROR_INIT;
    if (sp_json_parse(response->body, arena, NULL, &object, &detail) != SP_OK ||
        object->kind != SP_JSON_IS_OBJECT)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the token endpoint answered with status %u and no JSON object",
                            response->status);
    if (response->status != 200) {
        struct sp_str problem = sp_json_member_text(object, SP_STR("error"));
        bool ours = sp_str_is(problem, "invalid_grant");
        return sp_error_set(err, ours ? SP_EDENIED : SP_EUNAVAIL, NULL,
                            "the token endpoint answered with status %u, error '%.*s'", response->status,
                            (int)(problem.len > 100 ? 100 : problem.len), problem.ptr ? problem.ptr : "");
    }
    struct sp_oidc_tokens tokens = {
        .id_token = sp_json_member_text(object, SP_STR("id_token")),
        .access_token = sp_json_member_text(object, SP_STR("access_token")),
    };
    if (!sp_str_caseless_eq(sp_json_member_text(object, SP_STR("token_type")), SP_STR("Bearer")))
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the token endpoint gave tokens of a token_type other than Bearer");
    if (!tokens.id_token.len)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the token endpoint gave no id_token: is this client one of OpenID Connect?");
    if (!sp_json_member_i64(object, SP_STR("expires_in"), &tokens.expires_in_s) || tokens.expires_in_s < 0 ||
        tokens.expires_in_s > SESSION_S_MAX)
        tokens.expires_in_s = 0;
    *ret_tokens = tokens;
    return SP_OK;
}

static enum sp_status io_exchange(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                  const struct sp_issuer_endpoints *endpoints,
                                  const struct sp_oidc_login *login, struct sp_str code, int64_t deadline_us,
                                  struct sp_oidc_tokens *ret_tokens, struct sp_error *err)
{
    struct sp_fetch_response response;
    struct sp_str uri = sp_oidc_redirect_uri(client, attempt);
    struct sp_str text = sp_oidc_code_form(client->config, login, code, uri, attempt->arena);
    struct sp_str audience = endpoints->issuer.len ? endpoints->issuer : endpoints->token_url;
    struct sp_buf form;
    if (!uri.ptr || !text.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
    if (!endpoints->token_url.len)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the token endpoint is not known: set tokenEndpointUrl");
    sp_buf_init(&form, FORM_MAX);
    sp_buf_append_str(&form, text);
    enum sp_status status = io_issuer_post(client->issuer, endpoints->token_url, audience, &form, deadline_us,
                                           attempt->arena, &response, err);
    return status == SP_OK ? read_tokens(&response, attempt->arena, ret_tokens, err) : status;
}

/* ---------------------------------------------------------------- the session */

static int64_t session_end(const struct sp_oidc_client *client, int64_t now_us,
                           const struct sp_oidc_tokens *tokens)
{
    int64_t length_us = client->parts->config->ltpa.expiration_us;
    int64_t token_us = tokens->expires_in_s * US_PER_S, cushion_us = client->config->login.again_cushion_us;
    if (client->config->login.again_when_token_ends && token_us > 0 && token_us - cushion_us < length_us)
        length_us = token_us > cushion_us ? token_us - cushion_us : 0;
    return now_us + length_us;
}

static enum sp_status begin_session(const struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                    const struct sp_oidc_identity *identity,
                                    const struct sp_oidc_tokens *tokens, struct sp_challenge *challenge,
                                    struct sp_error *err)
{
    struct sp_session session = {.provider = client->config->id, .assertion = identity->assertion};
    struct sp_buf sealed;
    sp_session_begin(&session, attempt->now_us);
    session.subject = sp_session_name(identity->subject, attempt->arena);
    session.provider_session = sp_session_name(identity->provider_session, attempt->arena);
    session.expires_us = session_end(client, attempt->now_us, tokens);
    sp_buf_init(&sealed, SP_SESSION_SEALED_MAX);
    enum sp_status status = sp_session_seal(&session, &client->session_seal, &sealed, err);
    if (status == SP_OK && !sp_browser_set_cookie(attempt, challenge, client->session_cookie, SP_STR("/"),
                                                  sp_buf_str(&sealed), 0, SP_SAME_SITE_LAX))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a session");
    sp_buf_finish(&sealed);
    if (status == SP_ELIMIT) { /* he is who he says, and belongs to more groups than a cookie holds */
        challenge->status = 403;
        status = err ? (err->status = SP_EDENIED) : SP_EDENIED;
    }
    return status;
}

/* Once, even for who kept the cookie that the first answer took away. Only logins that succeed are noted, so
 * that who cannot log in cannot fill the memory of them. */
static enum sp_status use_up(const struct sp_oidc_client *client, const struct sp_oidc_login *login,
                             int64_t now_us, struct sp_error *err)
{
    switch (sp_session_store_use_login(client->parts->sessions, login->state, now_us, login->expires_us)) {
    case SP_OK:
        return SP_OK;
    case SP_EEXISTS:
        return sp_error_set(err, SP_EDENIED, NULL, "the login has succeeded before, and counts once (state)");
    default:
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the memory of logins that were used is full or busy");
    }
}

static enum sp_status io_take_code(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                   const struct sp_issuer_endpoints *endpoints, const struct answer *answer,
                                   const struct sp_oidc_login *login, int64_t deadline_us,
                                   struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_oidc_tokens tokens = {.expires_in_s = 0};
    struct sp_oidc_identity identity;
    enum sp_status status =
        io_exchange(client, attempt, endpoints, login, answer->code, deadline_us, &tokens, err);
    if (status == SP_OK)
        status = io_oidc_identify(client, attempt, endpoints, login, &tokens, deadline_us, &identity, err);
    if (status == SP_OK)
        status = use_up(client, login, attempt->now_us, err);
    return status == SP_OK ? begin_session(client, attempt, &identity, &tokens, challenge, err) : status;
}

/* RFC 9207 section 2.4. */
static enum sp_status check_issuer(const struct sp_issuer_endpoints *endpoints, const struct answer *answer,
                                   struct sp_error *err)
{
    if (!answer->issuer.ptr)
        return endpoints->names_itself
                   ? sp_error_set(err, SP_EDENIED, NULL,
                                  "the answer does not name the provider (iss), which names itself otherwise")
                   : SP_OK;
    return is_one_of(&endpoints->issuers, answer->issuer) || sp_str_eq(answer->issuer, endpoints->issuer)
               ? SP_OK
               : sp_error_set(err, SP_EDENIED, NULL, "the answer is of another provider (iss)");
}

static enum sp_status check_answer(const struct answer *answer, struct sp_error *err)
{
    if (answer->problem.ptr)
        return sp_error_set(err, SP_EDENIED, NULL, "the provider refused the login: %.*s%s%.*s",
                            (int)(answer->problem.len > 100 ? 100 : answer->problem.len), answer->problem.ptr,
                            answer->description.len ? ": " : "",
                            (int)(answer->description.len > 300 ? 300 : answer->description.len),
                            answer->description.len ? answer->description.ptr : "");
    if (!answer->code.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the provider's answer has no code");
    return SP_OK;
}

/* What the provider says is checked where it is read, and is never SP_ESYNTAX or SP_ELIMIT here. */
static unsigned status_of(enum sp_status status, const struct sp_challenge *challenge)
{
    switch (status) {
    case SP_ESYNTAX: /* of what the browser brought */
    case SP_ELIMIT:
        return 400;
    case SP_EDENIED:
    case SP_ETIMEDOUT: /* authenticationTimeLimit */
        return challenge->status ? challenge->status : 401;
    default:
        return 503;
    }
}

enum sp_status io_oidc_return(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                              struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct answer answer = {.code = {NULL, 0}};
    struct sp_oidc_login login;
    struct sp_str cookie = {NULL, 0};
    const struct sp_issuer_endpoints *endpoints = NULL;
    int64_t deadline_us = sp_clock_monotonic_us() + SP_OIDC_PATIENCE_US;
    enum sp_status status = read_answer(attempt->request->query, attempt->arena, &answer, err);
    if (status == SP_OK)
        status = find_login(client, attempt, &answer, &cookie, &login, err);
    if (status == SP_OK)
        status = io_issuer_endpoints(client->issuer, deadline_us, &endpoints, err);
    if (status == SP_OK)
        status = check_issuer(endpoints, &answer, err);
    if (status == SP_OK)
        status = check_answer(&answer, err);
    if (status == SP_OK)
        status = io_take_code(client, attempt, endpoints, &answer, &login, deadline_us, ret_challenge, err);
    sp_issuer_endpoints_release(endpoints);
    /* A login is over, however it ended. */
    if (cookie.ptr)
        sp_browser_set_cookie(attempt, ret_challenge, cookie, client->outer_path, SP_STR(""), -1,
                              SP_SAME_SITE_LAX);
    if (status == SP_OK)
        return sp_browser_send_to(ret_challenge, login.target, err);
    sp_challenge_add(ret_challenge, "Cache-Control", SP_STR("no-store"));
    ret_challenge->status = status_of(status, ret_challenge);
    return status;
}
