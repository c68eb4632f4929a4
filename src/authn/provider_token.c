/* SPDX-License-Identifier: Apache-2.0
 * Tokens that come with the request: openidConnectClient with inboundPropagation "required" or "supported".
 */
#include <stdlib.h>

#include "authn/caches.h"
#include "authn/dpop.h"
#include "authn/issuers.h"
#include "authn/kind.h"
#include "authn/token_check.h"
#include "base/secret.h"
#include "crypto/jws.h"
#include "text/base64.h"
#include "text/json.h"

#define JWT_CHALLENGE "Bearer realm=\"jwt\", error=\"invalid_token\", error_description=\"Check JWT token\""
#define OPAQUE_CHALLENGE \
    "Bearer realm=\"oauth\", error=\"invalid_token\", error_description=\"Check access token\""
#define DPOP_CHALLENGE "DPoP realm=\"oauth\", error=\"invalid_dpop_proof\", algs=\"" SP_DPOP_ALGS "\""
#define DPOP_NEEDED "DPoP realm=\"oauth\", algs=\"" SP_DPOP_ALGS "\""
#define FAILURE_BODY "{\"error\":401,\"error_description\":\"OpenID Connect client failed the request...\"}"
#define SEND_401_BODY \
    "{\"error\":401,\"error_description\":\"OpenID Connect client returned with status: SEND_401\"}"

struct token {
    struct sp_authn_provider provider;
    const struct sp_cfg_oidc *client;
    struct sp_token_checker *checker;
};

/* What was read of the request for one header; several providers may look. */
struct peeked {
    struct sp_str header;
    enum sp_status status;
    struct sp_error err;
    struct sp_bearer bearer;
};

/* ---- what the request has ---- */

static const struct peeked *peek(const struct token *self, struct sp_authn_attempt *attempt)
{
    static const struct peeked no_memory = {.status = SP_ENOMEM};
    struct peeked *peeked = attempt->peeked;
    if (peeked && sp_str_caseless_eq(peeked->header, self->client->header_name))
        return peeked;
    peeked = sp_arena_alloc(attempt->arena, sizeof *peeked);
    if (!peeked)
        return &no_memory;
    *peeked = (struct peeked){.header = self->client->header_name, .err = SP_ERROR_INIT};
    peeked->status = sp_bearer_find(attempt->request, self->client->header_name, attempt->arena,
                                    &peeked->bearer, &peeked->err);
    attempt->peeked = peeked;
    return peeked;
}

static enum sp_offer offers(const struct sp_authn_provider *provider, struct sp_authn_attempt *attempt)
{
    const struct token *self = (const struct token *)provider;
    const struct peeked *peeked = peek(self, attempt);
    if (peeked->status != SP_OK || peeked->bearer.scheme != SP_BEARER_NONE)
        return SP_OFFER_CREDENTIAL;
    return self->client->propagation == SP_CFG_PROPAGATION_REQUIRED ? SP_OFFER_DEMAND : SP_OFFER_NONE;
}

/* What a JWT says of itself, whoever made it; NULL: it is none, or does not say. */
static const struct sp_json_value *unverified_claims(const struct peeked *peeked,
                                                     const struct sp_authn_attempt *attempt)
{
    static const struct sp_json_limits limits = {
        .depth = 16, .string_bytes = SP_JWS_MAX, .number_bytes = 64, .members = 500};
    struct sp_jws jws;
    struct sp_json_value *claims;
    if (peeked->status != SP_OK || !peeked->bearer.is_jws ||
        sp_jws_parse(peeked->bearer.token, attempt->arena, &jws, NULL) != SP_OK ||
        sp_json_parse(jws.payload, attempt->arena, &limits, &claims, NULL) != SP_OK ||
        claims->kind != SP_JSON_IS_OBJECT)
        return NULL;
    return claims;
}

static bool knows_issuer(const struct sp_authn_provider *provider, struct sp_authn_attempt *attempt)
{
    const struct token *self = (const struct token *)provider;
    const struct sp_json_value *claims = unverified_claims(peek(self, attempt), attempt);
    struct sp_str issuer = claims ? sp_json_member_text(claims, SP_STR("iss")) : SP_STR("");
    for (size_t i = 0; issuer.len && i < self->client->issuers.count; i++)
        if (sp_str_eq(self->client->issuers.items[i], issuer))
            return true;
    return false;
}

/* ---- answers ---- */

static void answer_401(const char *challenge, const char *body, struct sp_challenge *ret_challenge)
{
    ret_challenge->status = 401;
    ret_challenge->body = sp_str_of(body);
    sp_challenge_add(ret_challenge, "WWW-Authenticate", sp_str_of(challenge));
    sp_challenge_add(ret_challenge, "Content-Type", SP_STR("application/json"));
}

/* "supported" lets others try; but what cannot be decided is not decided by others either. */
static enum sp_status refuse(const struct token *self, const struct peeked *peeked, enum sp_status status,
                             struct sp_challenge *ret_challenge)
{
    if (status == SP_ECANCELED)
        return status;
    if (status != SP_EDENIED && status != SP_ESYNTAX && status != SP_ELIMIT) {
        ret_challenge->status = 503;
        return status;
    }
    if (self->client->propagation == SP_CFG_PROPAGATION_SUPPORTED)
        return status;
    if (peeked->bearer.is_jws || peeked->bearer.is_jwe)
        answer_401(JWT_CHALLENGE, SEND_401_BODY, ret_challenge);
    else
        answer_401(OPAQUE_CHALLENGE, FAILURE_BODY, ret_challenge);
    return status;
}

/* ---- possession ---- */

static enum sp_status check_certificate(const struct sp_authn_attempt *attempt,
                                        const struct sp_token_result *result, struct sp_error *err)
{
    struct sp_str der = attempt->request->client_certificate;
    unsigned char hash[64];
    char text[48];
    struct sp_buf room = sp_buf_over(text, sizeof text);
    if (!der.len)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the token is bound to a client certificate, and the connection has none");
    if (sp_jwa_hash(256, der, hash) != SP_OK ||
        sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, 32), &room) != SP_OK)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    return sp_secret_eq(sp_buf_str(&room), sp_str_of(result->bound_to))
               ? SP_OK
               : sp_error_set(err, SP_EDENIED, NULL,
                              "the token is bound to another client certificate than that of the connection");
}

static enum sp_status check_proof(struct token *self, struct sp_authn_attempt *attempt, struct sp_str token,
                                  const struct sp_token_result *result, struct sp_error *err)
{
    struct sp_dpop_proof proof;
    struct sp_dpop_request request = {.proof = sp_http_header_get(attempt->request, "DPoP"),
                                      .method = attempt->request->method,
                                      .url = sp_attempt_url(attempt),
                                      .token = token,
                                      .now_us = attempt->now_us,
                                      .tolerance_us = self->client->clock_skew_us};
    if (sp_http_header_count(attempt->request, "DPoP") != 1)
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "the token needs a proof of possession, and the request has not exactly one DPoP header");
    enum sp_status status = sp_dpop_check(&request, attempt->arena, &proof, err);
    if (status != SP_OK)
        return status == SP_ENOMEM ? status : SP_EDENIED;
    if (!sp_secret_eq(sp_str_of(proof.thumbprint), sp_str_of(result->bound_to)))
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the token is bound to another key than that of the DPoP proof");
    return sp_token_use_once(self->checker, SP_STR("DPoP proof"), sp_str_of(proof.thumbprint), proof.jti,
                             attempt->now_us, proof.until_us, err);
}

/* RFC 9449 section 7: a bound token comes with the scheme DPoP, another one does not. */
static enum sp_status check_possession(struct token *self, struct sp_authn_attempt *attempt,
                                       const struct sp_bearer *bearer, const struct sp_token_result *result,
                                       const char **ret_challenge, struct sp_error *err)
{
    bool needs_proof = sp_str_caseless_eq(self->client->dpop, SP_STR("required"));
    *ret_challenge = NULL;
    if (result->binding == SP_TOKEN_BOUND_TO_CERTIFICATE && !needs_proof && bearer->scheme == SP_BEARER_PLAIN)
        return check_certificate(attempt, result, err);
    if (result->binding != SP_TOKEN_BOUND_TO_KEY) {
        if (!needs_proof && bearer->scheme == SP_BEARER_PLAIN)
            return SP_OK;
        *ret_challenge = DPOP_NEEDED;
        return sp_error_set(err, SP_EDENIED, NULL, "the token is not bound to a key (cnf jkt), and %s",
                            needs_proof ? "sallyport_dpop=\"required\"" : "is used as if it were");
    }
    if (bearer->scheme != SP_BEARER_DPOP) {
        *ret_challenge = DPOP_NEEDED;
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the token is bound to a key, and comes as Bearer instead of DPoP");
    }
    *ret_challenge = DPOP_CHALLENGE;
    return check_proof(self, attempt, bearer->token, result, err);
}

/* ---- checking ---- */

static enum sp_status assert_subject(const struct token *self, const struct sp_token_result *result,
                                     struct sp_assertion *ret_assertion, struct sp_error *err)
{
    bool maps = self->client->map_identity_to_registry_user;
    *ret_assertion = (struct sp_assertion){
        .kind = maps ? SP_ASSERT_LOOK_UP : SP_ASSERT_CLAIMED,
        .scheme = result->asked ? SP_AUTHN_INTROSPECTION : SP_AUTHN_JWT,
        .strength = result->binding == SP_TOKEN_UNBOUND ? SP_STRENGTH_BEARER : SP_STRENGTH_POSSESSION,
        .name = result->subject.name,
        .realm = result->subject.realm,
        .unique_id = result->subject.unique_id,
        .groups = result->subject.groups,
        .claims_json = result->claims_json,
        .scopes = result->subject.scopes,
        .expires_us = result->subject.expires_us,
        .gives_sso =
            self->client->propagation == SP_CFG_PROPAGATION_REQUIRED && !self->client->authn_session_disabled,
    };
    return SP_OK;
}

/* The user that the token is of by its own account, for the record of its refusal. */
static void claim(const struct token *self, const struct peeked *peeked, struct sp_authn_attempt *attempt)
{
    const struct sp_json_value *claims = unverified_claims(peeked, attempt);
    struct sp_str name = self->client->user_identifier;
    if (!claims)
        return;
    attempt->claimed_name = sp_json_member_text(claims, name.len ? name : SP_STR("sub"));
    attempt->claimed_realm = sp_json_member_text(claims, SP_STR("iss"));
}

static enum sp_status io_check(struct sp_authn_provider *provider, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    struct token *self = (struct token *)provider;
    const struct peeked *peeked = peek(self, attempt);
    struct sp_token_result result;
    struct sp_cache_key key;
    const char *challenge;
    if (peeked->status != SP_OK || peeked->bearer.scheme == SP_BEARER_NONE) {
        enum sp_status status = peeked->status;
        if (status == SP_OK)
            status = sp_error_set(err, SP_EDENIED, NULL, "the request has no token, and %.*s needs one",
                                  SP_STR_ARG(self->client->id));
        else if (err)
            *err = peeked->err;
        return refuse(self, peeked, status, ret_challenge);
    }
    struct sp_token_question question = {.bearer = peeked->bearer,
                                         .server_url = sp_attempt_url(attempt),
                                         .now_us = attempt->now_us,
                                         .arena = attempt->arena};
    enum sp_status status = io_token_check(self->checker, &question, &result, &key, err);
    if (status != SP_OK)
        claim(self, peeked, attempt);
    if (status != SP_OK)
        return refuse(self, peeked, status, ret_challenge);
    status = check_possession(self, attempt, &peeked->bearer, &result, &challenge, err);
    if (status == SP_OK)
        return assert_subject(self, &result, ret_assertion, err);
    if (status == SP_EDENIED && challenge) {
        answer_401(challenge, SEND_401_BODY, ret_challenge);
        return status;
    }
    return refuse(self, peeked, status, ret_challenge);
}

/* ---- life ---- */

static void token_free(struct sp_authn_provider *provider)
{
    struct token *self = (struct token *)provider;
    sp_token_checker_free(self->checker);
    free(self);
}

static const struct sp_authn_provider_kind kind = {
    .name = "openidConnectClient",
    .offers = offers,
    .knows_issuer = knows_issuer,
    .io_check = io_check,
    .free = token_free,
};

static enum sp_status make_one(const struct sp_authn_parts *parts, const struct sp_cfg_oidc *client,
                               struct sp_authn_table *table, struct sp_error *err)
{
    bool first = client->propagation == SP_CFG_PROPAGATION_REQUIRED || client->disable_ltpa_cookie;
    struct sp_token_checker_options options = {.client = client,
                                               .results = parts->caches ? parts->caches->tokens : NULL,
                                               .replays = parts->caches ? parts->caches->replays : NULL};
    struct token *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    self->client = client;
    self->provider = (struct sp_authn_provider){
        .kind = &kind,
        .id = client->id,
        .stage = first ? SP_STAGE_BEFORE_SSO : SP_STAGE_AFTER_SSO,
        .header = client->header_name.len ? client->header_name : SP_STR("Authorization"),
    };
    enum sp_status status = sp_issuers_get(parts->issuers, client, &options.issuer, err);
    if (status == SP_OK)
        status = sp_token_checker_new(&options, &self->checker, err);
    if (status != SP_OK) {
        token_free(&self->provider);
        return status;
    }
    return sp_authn_table_add(table, &self->provider, &client->auth_filters, err);
}

enum sp_status sp_token_check_element(const struct sp_cfg_oidc *client, struct sp_error *err)
{
    struct sp_str id = client->id;
    if (client->propagation == SP_CFG_PROPAGATION_NONE && !sp_oidc_logs_in(client))
        return sp_error_set(
            err, SP_EINVAL, NULL,
            "openidConnectClient %.*s: inboundPropagation=\"none\" (which is the default) is a "
            "login in a browser, which needs clientId, and discoveryEndpointUrl or "
            "authorizationEndpointUrl; for tokens in requests say \"required\"",
            SP_STR_ARG(id));
    if (client->propagation != SP_CFG_PROPAGATION_NONE &&
        sp_jwa_from(client->signature_algorithm) == SP_JWA_UNKNOWN)
        return sp_error_set(
            err, SP_EINVAL, "CWWKS1741W",
            "openidConnectClient %.*s: signatureAlgorithm=\"%.*s\" would take every token as it "
            "is: name the algorithm that the issuer signs with",
            SP_STR_ARG(id), SP_STR_ARG(client->signature_algorithm));
    return SP_OK;
}

enum sp_status sp_authn_make_token(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                   struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < parts->config->oidc_client_count; i++) {
        const struct sp_cfg_oidc *client = &parts->config->oidc_clients[i];
        status = sp_token_check_element(client, err);
        if (status == SP_OK && client->propagation != SP_CFG_PROPAGATION_NONE)
            status = make_one(parts, client, table, err);
    }
    return status;
}
