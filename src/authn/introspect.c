/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/introspect.h"

#include "crypto/jwe.h"
#include "text/json.h"
#include "text/percent.h"

static const struct sp_json_limits limits = {
    .depth = 16, .string_bytes = 65536, .number_bytes = 64, .members = 500};

struct question {
    struct sp_issuer *issuer;
    const struct sp_cfg_oidc *client;
    const struct sp_issuer_endpoints *endpoints;
    struct sp_str token;
    int64_t now_us, deadline_us;
    struct sp_arena *arena;
    struct sp_error *err;
    bool userinfo, inactive;
};

static enum sp_status io_ask(struct question *q, struct sp_fetch_response *ret_response)
{
    struct sp_buf form;
    struct sp_str url = q->endpoints->validation_url;
    if (q->userinfo)
        return io_issuer_get(q->issuer, url, q->token, q->deadline_us, q->arena, ret_response, q->err);
    sp_buf_init(&form, 4 * SP_JWS_MAX);
    if (sp_form_append(&form, "token", q->token) != SP_OK ||
        sp_form_append(&form, "token_type_hint", SP_STR("access_token")) != SP_OK) {
        sp_buf_wipe(&form);
        return sp_error_set(q->err, SP_ENOMEM, NULL, "no memory to ask about a token");
    }
    return io_issuer_post(q->issuer, url, q->endpoints->issuer.len ? q->endpoints->issuer : url, &form,
                          q->deadline_us, q->arena, ret_response, q->err);
}

/* An answer that is not one says nothing of the token, but of the issuer or of our configuration. */
static enum sp_status check_status(struct question *q, const struct sp_fetch_response *response)
{
    struct sp_json_value *body;
    struct sp_str url = q->endpoints->validation_url, error = {0};
    if (response->status == 200)
        return SP_OK;
    if (q->userinfo && (response->status == 401 || response->status == 403)) {
        q->inactive = true;
        return sp_error_set(q->err, SP_EDENIED, "CWWKS1720E",
                            "the issuer does not take the token (status %u)", response->status);
    }
    if (sp_json_parse(response->body, q->arena, &limits, &body, NULL) == SP_OK)
        error = sp_json_member_text(body, SP_STR("error"));
    return sp_error_set(q->err, SP_EUNAVAIL, sp_str_is(error, "invalid_client") ? "CWWKS1723E" : "CWWKS1725E",
                        "%.*s answers with status %u%s%.*s instead of an answer about the token%s",
                        SP_STR_ARG(url), response->status, error.len ? ", error " : "",
                        (int)(error.len > 64 ? 64 : error.len), error.ptr ? error.ptr : "",
                        sp_str_is(error, "invalid_client") || response->status == 401
                            ? "; look at clientId, clientSecret and tokenEndpointAuthMethod"
                            : "");
}

static enum sp_status read_answer(struct question *q, const struct sp_fetch_response *response,
                                  struct sp_token_result *result)
{
    struct sp_json_value *claims;
    struct sp_claims_rules rules;
    enum sp_status status = check_status(q, response);
    if (status != SP_OK)
        return status;
    if (sp_json_parse(response->body, q->arena, &limits, &claims, NULL) != SP_OK ||
        claims->kind != SP_JSON_IS_OBJECT)
        return sp_error_set(q->err, SP_EUNAVAIL, "CWWKS1725E",
                            "%.*s answers with something that is no JSON object",
                            SP_STR_ARG(q->endpoints->validation_url));
    const struct sp_json_value *active = sp_json_member(claims, SP_STR("active"));
    if (!q->userinfo && (!active || active->kind != SP_JSON_IS_TRUE)) {
        q->inactive = true;
        return sp_error_set(q->err, SP_EDENIED, "CWWKS1720E", "the issuer says that the token is not active");
    }
    if (sp_claims_rules_make(q->client, q->endpoints->issuers, true, q->arena, &rules) != SP_OK)
        return sp_error_set(q->err, SP_ENOMEM, NULL, "no memory to check a token");
    status = sp_claims_check_answer(&rules, claims, q->userinfo, q->now_us, q->err);
    if (status == SP_OK)
        status = sp_claims_subject(&rules, claims, q->arena, &result->subject, q->err);
    if (status == SP_OK)
        status = sp_token_binding_read(claims, result, q->err);
    result->claims_json = response->body;
    result->asked = true;
    return status;
}

static bool asks_userinfo(const struct sp_cfg_oidc *client)
{
    return sp_str_caseless_eq(client->validation_method, SP_STR("userinfo"));
}

enum sp_status sp_introspect_read(const struct sp_cfg_oidc *client,
                                  const struct sp_issuer_endpoints *endpoints,
                                  const struct sp_fetch_response *response, int64_t now_us,
                                  struct sp_arena *arena, struct sp_token_result *ret_result,
                                  bool *ret_inactive, struct sp_error *err)
{
    struct sp_token_result result = {0};
    struct question q = {.client = client,
                         .endpoints = endpoints,
                         .now_us = now_us,
                         .arena = arena,
                         .err = err,
                         .userinfo = asks_userinfo(client)};
    enum sp_status status = read_answer(&q, response, &result);
    *ret_inactive = q.inactive;
    if (status == SP_OK)
        *ret_result = result;
    return status;
}

enum sp_status io_introspect(struct sp_issuer *issuer, const struct sp_cfg_oidc *client, struct sp_str token,
                             int64_t now_us, int64_t deadline_us, struct sp_arena *arena,
                             struct sp_token_result *ret_result, bool *ret_inactive, struct sp_error *err)
{
    struct sp_fetch_response response;
    struct sp_token_result result = {0};
    struct question q = {.issuer = issuer,
                         .client = client,
                         .token = token,
                         .now_us = now_us,
                         .deadline_us = deadline_us,
                         .arena = arena,
                         .err = err,
                         .userinfo = asks_userinfo(client)};
    *ret_inactive = false;
    enum sp_status status = io_issuer_endpoints(issuer, deadline_us, &q.endpoints, err);
    if (status != SP_OK)
        return status;
    if (!q.endpoints->validation_url.len)
        status = sp_error_set(err, SP_EDENIED, "CWWKS1703E",
                              "the token is %s, and validationEndpointUrl does not say where to ask about it",
                              sp_jwe_is_like(token) ? "encrypted, keyManagementKeyAlias names no key for it"
                                                    : "opaque");
    if (status == SP_OK)
        status = io_ask(&q, &response);
    if (status == SP_OK)
        status =
            sp_introspect_read(client, q.endpoints, &response, now_us, arena, &result, ret_inactive, err);
    sp_issuer_endpoints_release(q.endpoints);
    if (status == SP_OK)
        *ret_result = result;
    else if (status != SP_EDENIED && status != SP_ECANCELED && status != SP_ENOMEM)
        return err ? (err->status = SP_EUNAVAIL) : SP_EUNAVAIL;
    return status;
}
