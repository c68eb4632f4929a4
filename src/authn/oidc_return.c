/* SPDX-License-Identifier: Apache-2.0
 * The browser comes back from the OpenID provider: a code becomes tokens, the ID token a session (OpenID
 * Connect Core 1.0 section 3.1.2.5 to 3.1.3.7). io_oidc_return comes last: read it first.
 */
#include <string.h>

#include "authn/oidc_client.h"
#include "authn/oidc_request.h"
#include "authn/token_claims.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/jws.h"
#include "text/base64.h"
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

struct tokens {
    struct sp_str id_token, access_token;
    int64_t expires_in_s; /* 0: not said */
};

static enum sp_status read_tokens(const struct sp_fetch_response *response, struct sp_arena *arena,
                                  struct tokens *ret_tokens, struct sp_error *err)
{
    struct sp_json_value *object;
    struct sp_error detail = SP_ERROR_INIT;
    if (sp_json_parse(response->body, arena, NULL, &object, &detail) != SP_OK)
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
    struct tokens tokens = {
        .id_token = sp_json_member_text(object, SP_STR("id_token")),
        .access_token = sp_json_member_text(object, SP_STR("access_token")),
    };
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
                                  struct tokens *ret_tokens, struct sp_error *err)
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

/* The left half of the hash of the access token, as the ID token has it (section 3.1.3.6). */
static bool is_hash_of(enum sp_jwa alg, struct sp_str access_token, struct sp_str claimed)
{
    unsigned char hash[64];
    char text[64];
    struct sp_buf buf = sp_buf_over(text, sizeof text);
    unsigned bits = sp_jwa_hash_bits(alg);
    return sp_jwa_hash(bits, access_token, hash) == SP_OK &&
           sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, bits / 16), &buf) == SP_OK &&
           sp_secret_eq(sp_buf_str(&buf), claimed);
}

static enum sp_status check_login_claims(const struct sp_oidc_client *client,
                                         const struct sp_json_value *claims,
                                         const struct sp_oidc_login *login, const struct tokens *tokens,
                                         struct sp_error *err)
{
    const struct sp_json_value *audience = sp_json_member(claims, SP_STR("aud"));
    const struct sp_json_value *party = sp_json_member(claims, SP_STR("azp"));
    const struct sp_json_value *hash = sp_json_member(claims, SP_STR("at_hash"));
    const char *wrong = NULL;
    bool several = audience && audience->kind == SP_JSON_IS_ARRAY && audience->count > 1;
    if (!audience)
        wrong = "it is for no audience";
    else if (!sp_json_member_text(claims, SP_STR("sub")).len)
        wrong = "it has no subject";
    else if (!sp_secret_eq(sp_json_member_text(claims, SP_STR("nonce")), login->nonce))
        wrong = "its nonce is not that of the login";
    else if (several && !party)
        wrong = "it is for several audiences and does not say who got it (azp)";
    else if (party &&
             (party->kind != SP_JSON_IS_STRING || !sp_str_eq(party->text, client->config->client_id)))
        wrong = "it was given to another client (azp)";
    else if (hash &&
             (hash->kind != SP_JSON_IS_STRING || !is_hash_of(client->alg, tokens->access_token, hash->text)))
        wrong = "the access token beside it is another (at_hash)";
    return wrong ? sp_error_set(err, SP_EDENIED, NULL, "the ID token is refused: %s", wrong) : SP_OK;
}

static enum sp_status io_verify(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                const struct tokens *tokens, int64_t deadline_us, struct sp_jws *ret_jws,
                                struct sp_error *err)
{
    struct sp_jwk_set *set = NULL;
    const struct sp_jwk *key;
    enum sp_status status = sp_jws_parse(tokens->id_token, attempt->arena, ret_jws, err);
    if (status == SP_OK)
        status =
            io_issuer_find_key(client->issuer, client->alg, &ret_jws->key_name, deadline_us, &set, &key, err);
    if (status == SP_OK)
        status = sp_jws_verify(ret_jws, client->alg, key, err);
    sp_jwk_set_release(set);
    return status;
}

/* Who the ID token says it is. */
static enum sp_status io_identify(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                  const struct sp_issuer_endpoints *endpoints,
                                  const struct sp_oidc_login *login, const struct tokens *tokens,
                                  int64_t deadline_us, struct sp_assertion *ret_assertion,
                                  struct sp_error *err)
{
    struct sp_jws jws;
    struct sp_json_value *claims = NULL;
    struct sp_claims_rules rules;
    struct sp_token_subject subject;
    enum sp_status status = io_verify(client, attempt, tokens, deadline_us, &jws, err);
    if (status == SP_OK)
        status = sp_json_parse(jws.payload, attempt->arena, NULL, &claims, err);
    if (status == SP_OK)
        status = sp_claims_rules_make(&client->id_token, endpoints->issuers, false, attempt->arena, &rules);
    if (status == SP_OK)
        status = sp_claims_check_jwt(&rules, claims, SP_STR(""), attempt->now_us, err);
    if (status == SP_OK)
        status = check_login_claims(client, claims, login, tokens, err);
    if (status == SP_OK)
        status = sp_claims_subject(&rules, claims, attempt->arena, &subject, err);
    if (status != SP_OK)
        return status;
    *ret_assertion = (struct sp_assertion){
        .kind = client->config->map_identity_to_registry_user ? SP_ASSERT_LOOK_UP : SP_ASSERT_CLAIMED,
        .scheme = SP_AUTHN_OIDC,
        .strength = SP_STRENGTH_PASSWORD,
        .name = subject.name,
        .realm = subject.realm,
        .unique_id = subject.unique_id,
        .groups = subject.groups,
        .scopes = subject.scopes,
        .claims_json = jws.payload,
    };
    return SP_OK;
}

/* ---------------------------------------------------------------- the session */

static int64_t session_end(const struct sp_oidc_client *client, int64_t now_us, const struct tokens *tokens)
{
    int64_t length_us = client->parts->config->ltpa.expiration_us;
    int64_t token_us = tokens->expires_in_s * US_PER_S;
    if (client->config->login.again_when_token_ends && token_us > 0 && token_us < length_us)
        length_us = token_us;
    return now_us + length_us;
}

static enum sp_status begin_session(const struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                    const struct sp_assertion *assertion, const struct tokens *tokens,
                                    struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_session session = {.provider = client->config->id, .assertion = *assertion};
    struct sp_buf sealed;
    sp_session_begin(&session, attempt->now_us);
    session.expires_us = session_end(client, attempt->now_us, tokens);
    sp_buf_init(&sealed, SP_SESSION_SEALED_MAX);
    enum sp_status status = sp_session_seal(&session, &client->session_seal, &sealed, err);
    if (status == SP_OK && !sp_oidc_set_cookie(client, attempt, challenge, client->session_cookie,
                                               SP_STR("/"), sp_buf_str(&sealed), 0))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a session");
    sp_buf_finish(&sealed);
    return status;
}

static enum sp_status io_take_code(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                   const struct sp_issuer_endpoints *endpoints, const struct answer *answer,
                                   const struct sp_oidc_login *login, int64_t deadline_us,
                                   struct sp_challenge *challenge, struct sp_error *err)
{
    struct tokens tokens = {.expires_in_s = 0};
    struct sp_assertion assertion;
    if (answer->issuer.ptr && !is_one_of(&endpoints->issuers, answer->issuer) &&
        !sp_str_eq(answer->issuer, endpoints->issuer))
        return sp_error_set(err, SP_EDENIED, NULL, "the answer is of another provider (iss)");
    enum sp_status status =
        io_exchange(client, attempt, endpoints, login, answer->code, deadline_us, &tokens, err);
    if (status == SP_OK)
        status = io_identify(client, attempt, endpoints, login, &tokens, deadline_us, &assertion, err);
    return status == SP_OK ? begin_session(client, attempt, &assertion, &tokens, challenge, err) : status;
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
        status = check_answer(&answer, err);
    if (status == SP_OK)
        status = io_issuer_endpoints(client->issuer, deadline_us, &endpoints, err);
    if (status == SP_OK)
        status = io_take_code(client, attempt, endpoints, &answer, &login, deadline_us, ret_challenge, err);
    sp_issuer_endpoints_release(endpoints);
    /* A login is over, however it ended. */
    if (cookie.ptr)
        sp_oidc_set_cookie(client, attempt, ret_challenge, cookie, client->redirect_path, SP_STR(""), -1);
    if (status == SP_OK)
        return sp_oidc_send_to(ret_challenge, login.target, err);
    sp_challenge_add(ret_challenge, "Cache-Control", SP_STR("no-store"));
    ret_challenge->status = status == SP_ESYNTAX || status == SP_ELIMIT                              ? 400
                            : status == SP_EDENIED || status == SP_ENOTFOUND || status == SP_EEXISTS ? 401
                            : status == SP_ETIMEDOUT                                                 ? 401
                                                                                                     : 503;
    return status;
}
