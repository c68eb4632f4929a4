/* SPDX-License-Identifier: Apache-2.0
 * The provider posts a logout token: sessions here end, whichever browser has their cookies (OpenID Connect
 * Back-Channel Logout 1.0 sections 2.4 to 2.8).
 */
#include "authn/oidc_client.h"
#include "authn/token_claims.h"
#include "base/clock.h"
#include "text/json.h"
#include "text/percent.h"

#define EVENT "http://schemas.openid.net/event/backchannel-logout"
#define AGE_MAX_US ((int64_t)600000000) /* of a token: so long its id is remembered */
#define ID_MAX 256u

/* ---- the request ---- */

static bool is_form(const struct sp_http_request *request)
{
    struct sp_str type = sp_http_header_get(request, "Content-Type");
    return sp_str_caseless_eq(sp_str_trim(sp_str_slice(type, 0, sp_str_find(type, ';'))),
                              SP_STR("application/x-www-form-urlencoded"));
}

static enum sp_status find_token(const struct sp_http_request *request, struct sp_arena *arena,
                                 struct sp_str *ret_token, struct sp_error *err)
{
    const struct sp_parameter *fields;
    size_t count, found = 0;
    if (!is_form(request))
        return sp_error_set(err, SP_ESYNTAX, NULL, "the provider's logout is no form");
    enum sp_status status = sp_form_read(request->body, "form", arena, &fields, &count, err);
    for (size_t i = 0; status == SP_OK && i < count; i++)
        if (sp_str_is(fields[i].name, "logout_token")) {
            *ret_token = fields[i].value;
            found++;
        }
    if (status == SP_OK && found != 1)
        status =
            sp_error_set(err, SP_ESYNTAX, NULL, "the provider's logout has %zu fields logout_token", found);
    return status;
}

/* ---- the token ---- */

struct logout {
    struct sp_str subject, session, id;
    int64_t issued_us;
};

static bool is_id(struct sp_str text)
{
    return text.len > 0 && text.len <= ID_MAX;
}

static enum sp_status check_claims(const struct sp_json_value *claims, int64_t now_us, int64_t skew_us,
                                   struct logout *logout, struct sp_error *err)
{
    const struct sp_json_value *events = sp_json_member(claims, SP_STR("events"));
    const struct sp_json_value *event = sp_json_member(events, SP_STR(EVENT));
    const char *wrong = NULL;
    bool has_iat;
    logout->subject = sp_json_member_text(claims, SP_STR("sub"));
    logout->session = sp_json_member_text(claims, SP_STR("sid"));
    logout->id = sp_json_member_text(claims, SP_STR("jti"));
    if (!sp_claims_time(claims, "iat", &has_iat, &logout->issued_us) || !has_iat)
        wrong = "it does not say when it was issued (iat)";
    else if (now_us - logout->issued_us > AGE_MAX_US + skew_us)
        wrong = "it is older than ten minutes";
    else if (!sp_json_member(claims, SP_STR("aud")))
        wrong = "it is for no audience";
    else if (!is_id(logout->id))
        wrong = "it has no jti of 1 to 256 bytes";
    else if (!event || event->kind != SP_JSON_IS_OBJECT)
        wrong = "its events do not have that of a logout";
    else if (sp_json_member(claims, SP_STR("nonce")))
        wrong = "it has a nonce, as an ID token";
    else if (!logout->subject.len && !logout->session.len)
        wrong = "it names neither a person (sub) nor a session (sid)";
    return wrong ? sp_error_set(err, SP_EDENIED, NULL, "the logout token is refused: %s", wrong) : SP_OK;
}

/* Tokens for other purposes say so. */
static bool is_type_wrong(struct sp_str typ)
{
    return typ.len && !sp_str_caseless_eq(typ, SP_STR("logout+jwt")) &&
           !sp_str_caseless_eq(typ, SP_STR("JWT"));
}

static enum sp_status io_read_token(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                    struct sp_str token, struct logout *ret_logout, struct sp_error *err)
{
    int64_t deadline_us = sp_clock_monotonic_us() + SP_OIDC_PATIENCE_US;
    const struct sp_issuer_endpoints *endpoints = NULL;
    struct sp_claims_rules rules;
    struct sp_json_value *claims;
    struct sp_jws jws;
    enum sp_status status = io_issuer_endpoints(client->issuer, deadline_us, &endpoints, err);
    if (status == SP_OK)
        status = io_oidc_verify(client, attempt, token, deadline_us, &jws, err);
    if (status == SP_OK && is_type_wrong(jws.typ))
        status =
            sp_error_set(err, SP_EDENIED, NULL, "the logout token is refused: it is of another type (typ)");
    if (status == SP_OK)
        status = sp_json_parse(jws.payload, attempt->arena, NULL, &claims, err);
    if (status == SP_OK)
        status = sp_claims_rules_make(&client->id_token, endpoints->issuers, false, attempt->arena, &rules);
    if (status == SP_OK)
        status = sp_claims_check_jwt(&rules, claims, SP_STR(""), attempt->now_us, err);
    sp_issuer_endpoints_release(endpoints);
    return status == SP_OK
               ? check_claims(claims, attempt->now_us, client->config->clock_skew_us, ret_logout, err)
               : status;
}

/* ---- what is done ---- */

static enum sp_status end_sessions(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                   const struct logout *logout, struct sp_error *err)
{
    struct sp_session_store *sessions = client->parts->sessions;
    int64_t now_us = attempt->now_us, until_us = now_us + client->parts->config->ltpa.expiration_us;
    bool one = logout->session.len;
    struct sp_str name = sp_session_name(one ? logout->session : logout->subject, attempt->arena);
    enum sp_status status = sp_session_store_use_once(sessions, client->config->id, logout->id, now_us,
                                                      logout->issued_us + AGE_MAX_US +
                                                          2 * client->config->clock_skew_us + 1000000);
    if (status == SP_EEXISTS)
        return sp_error_set(err, SP_EDENIED, NULL, "the logout token was used before (jti)");
    if (status == SP_OK && !name.ptr)
        status = SP_ENOMEM;
    if (status == SP_OK)
        status = one ? sp_session_store_end_at_provider(sessions, client->config->id, name, now_us, until_us)
                     : sp_session_store_end_of_subject(sessions, client->config->id, name, now_us, until_us);
    return status == SP_OK ? SP_OK
                           : sp_error_set(err, SP_EUNAVAIL, NULL,
                                          "the sessions cannot be ended now: too many others were");
}

enum sp_status io_oidc_backchannel(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                   struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct sp_str token;
    struct logout logout;
    sp_challenge_add(ret_challenge, "Cache-Control", SP_STR("no-store"));
    if (!sp_str_is(attempt->request->method, "POST")) {
        ret_challenge->status = 405;
        sp_challenge_add(ret_challenge, "Allow", SP_STR("POST"));
        return sp_error_set(err, SP_EDENIED, NULL, "the method is none of this URL");
    }
    enum sp_status status = find_token(attempt->request, attempt->arena, &token, err);
    if (status == SP_OK)
        status = io_read_token(client, attempt, token, &logout, err);
    if (status == SP_OK)
        status = end_sessions(client, attempt, &logout, err);
    if (status == SP_OK) {
        ret_challenge->status = 200;
        ret_challenge->body = SP_STR("");
    } else if (status == SP_EUNAVAIL || status == SP_ENOMEM || status == SP_ECANCELED ||
               status == SP_ETIMEDOUT)
        ret_challenge->status = 503;
    else {
        ret_challenge->status = 400;
        ret_challenge->body = SP_STR("{\"error\":\"invalid_request\"}");
        sp_challenge_add(ret_challenge, "Content-Type", SP_STR("application/json"));
    }
    return status;
}
