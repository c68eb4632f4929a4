/* SPDX-License-Identifier: Apache-2.0
 * Who logged in: the ID token is verified, and what else is known of the person gathered (OpenID Connect Core
 * 1.0 sections 3.1.3.6, 3.1.3.7 and 5.3). io_oidc_identify comes last: read it first.
 */
#include <string.h>

#include "authn/oidc_claims.h"
#include "authn/oidc_client.h"
#include "authn/token_claims.h"
#include "base/secret.h"
#include "crypto/jwe.h"
#include "text/base64.h"
#include "text/json.h"
#include "text/json_write.h"

#define CLAIMS_MAX 65536u

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
                                         const struct sp_oidc_login *login,
                                         const struct sp_oidc_tokens *tokens, struct sp_error *err)
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
    else if (!sp_json_member(claims, SP_STR("iat")))
        wrong = "it does not say when it was issued (iat)";
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

static enum sp_status read_claims(struct sp_str text, struct sp_arena *arena,
                                  struct sp_json_value **ret_claims, struct sp_error *err)
{
    struct sp_json_value *claims;
    enum sp_status status = sp_json_parse(text, arena, NULL, &claims, NULL);
    if (status == SP_ENOMEM)
        return sp_error_set(err, status, NULL, "no memory for a token");
    if (status != SP_OK || claims->kind != SP_JSON_IS_OBJECT)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the token's claims are not a JSON object within limits, or one is there twice");
    *ret_claims = claims;
    return SP_OK;
}

enum sp_status io_oidc_verify(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                              struct sp_str token, int64_t deadline_us, struct sp_jws *ret_jws,
                              struct sp_error *err)
{
    struct sp_jwk_set *set = NULL;
    const struct sp_jwk *key;
    enum sp_status status =
        sp_jwe_is_like(token) ? sp_issuer_decrypt(client->issuer, token, attempt->arena, &token, err) : SP_OK;
    if (status == SP_OK)
        status = sp_jws_parse(token, attempt->arena, ret_jws, err);
    if (status == SP_OK)
        status =
            io_issuer_find_key(client->issuer, client->alg, &ret_jws->key_name, deadline_us, &set, &key, err);
    if (status == SP_OK)
        status = sp_jws_verify(ret_jws, client->alg, key, err);
    sp_jwk_set_release(set);
    return status;
}

/* ---------------------------------------------------------------- what else is known */

static bool names(const struct sp_json_value *audience, struct sp_str client_id)
{
    if (audience->kind != SP_JSON_IS_ARRAY)
        return audience->kind == SP_JSON_IS_STRING && sp_str_eq(audience->text, client_id);
    for (const struct sp_json_value *one = audience->first; one; one = one->next)
        if (one->kind == SP_JSON_IS_STRING && sp_str_eq(one->text, client_id))
            return true;
    return false;
}

/* Section 5.3.2: who signs it may say who he is and for whom, and must then be the issuer, and mean us. */
static enum sp_status check_signed_user_info(const struct sp_claims_rules *rules,
                                             const struct sp_json_value *claims, int64_t now_us,
                                             struct sp_error *err)
{
    const struct sp_json_value *audience = sp_json_member(claims, SP_STR("aud"));
    if (audience && !names(audience, rules->client->client_id))
        return sp_error_set(err, SP_EDENIED, NULL,
                            "what the userinfo endpoint says is for another client (aud)");
    return sp_claims_check_answer(rules, claims, true, now_us, err);
}

/* Section 5.3: it must be about the person whom the ID token names; it may be signed. */
static enum sp_status io_read_user_info(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                        const struct sp_claims_rules *rules, struct sp_str body,
                                        int64_t deadline_us, struct sp_json_value **ret_claims,
                                        struct sp_error *err)
{
    struct sp_jws jws;
    struct sp_json_value *claims;
    bool is_signed = sp_jws_is_like(body) || sp_jwe_is_like(body);
    enum sp_status status = is_signed ? io_oidc_verify(client, attempt, body, deadline_us, &jws, err) : SP_OK;
    if (status != SP_OK)
        return status;
    status = sp_json_parse(is_signed ? jws.payload : body, attempt->arena, NULL, &claims, NULL);
    if (status != SP_OK || claims->kind != SP_JSON_IS_OBJECT)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the userinfo endpoint answered with no JSON object");
    *ret_claims = claims;
    return is_signed ? check_signed_user_info(rules, claims, attempt->now_us, err) : SP_OK;
}

static enum sp_status io_ask_user_info(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                       const struct sp_issuer_endpoints *endpoints,
                                       const struct sp_oidc_tokens *tokens,
                                       const struct sp_claims_rules *rules, struct sp_str subject,
                                       int64_t deadline_us, const struct sp_json_value **ret_claims,
                                       struct sp_error *err)
{
    struct sp_fetch_response response;
    struct sp_json_value *claims = NULL;
    if (!endpoints->user_info_url.len || !tokens->access_token.len)
        return sp_error_set(
            err, SP_EUNAVAIL, NULL,
            "userinfo cannot be asked: its endpoint is not known, or there is no access token");
    enum sp_status status = io_issuer_get(client->issuer, endpoints->user_info_url, tokens->access_token,
                                          deadline_us, attempt->arena, &response, err);
    if (status == SP_OK && response.status != 200)
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "the userinfo endpoint answered with status %u",
                              response.status);
    if (status == SP_OK)
        status = io_read_user_info(client, attempt, rules, response.body, deadline_us, &claims, err);
    if (status == SP_OK && !sp_str_eq(sp_json_member_text(claims, SP_STR("sub")), subject))
        status =
            sp_error_set(err, SP_EDENIED, NULL,
                         "what the userinfo endpoint says is about another person than the ID token (sub)");
    if (status == SP_OK)
        *ret_claims = claims;
    return status;
}

/* Of an access token that is a JWT of the same issuer; of every other one nothing is known. */
static enum sp_status io_read_access_token(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                           const struct sp_claims_rules *rules, struct sp_str token,
                                           int64_t deadline_us, const struct sp_json_value **ret_claims,
                                           struct sp_error *err)
{
    struct sp_jws jws;
    struct sp_json_value *claims;
    struct sp_claims_rules any = *rules;
    any.any_audience = true; /* it is for those whom it is shown to, not for us */
    if (!sp_jws_is_like(token))
        return SP_OK;
    enum sp_status status = io_oidc_verify(client, attempt, token, deadline_us, &jws, err);
    if (status == SP_OK)
        status = read_claims(jws.payload, attempt->arena, &claims, err);
    if (status == SP_OK)
        status = sp_claims_check_jwt(&any, claims, SP_STR(""), attempt->now_us, err);
    if (status == SP_OK)
        *ret_claims = claims;
    return status;
}

static enum sp_status io_gather(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                const struct sp_issuer_endpoints *endpoints,
                                const struct sp_oidc_tokens *tokens, const struct sp_claims_rules *rules,
                                int64_t deadline_us, struct sp_oidc_sources *sources, struct sp_error *err)
{
    const struct sp_cfg_oidc_login *login = &client->config->login;
    enum sp_status status = SP_OK;
    if (login->user_info)
        status = io_ask_user_info(client, attempt, endpoints, tokens, rules,
                                  sp_json_member_text(sources->id_token, SP_STR("sub")), deadline_us,
                                  &sources->user_info, err);
    if (status == SP_OK && sp_oidc_order_has(login->claims_order, "AccessToken"))
        status = io_read_access_token(client, attempt, rules, tokens->access_token, deadline_us,
                                      &sources->access_token, err);
    return status;
}

static struct sp_str as_text(const struct sp_json_value *claims, struct sp_arena *arena)
{
    struct sp_json_writer writer;
    struct sp_buf buf;
    sp_buf_init(&buf, CLAIMS_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_tree(&writer, claims);
    struct sp_str text = buf.failed ? (struct sp_str){NULL, 0} : sp_arena_str(arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return text;
}

/* The ID token itself; `ret_rules` may be used for others of the same provider. */
static enum sp_status io_read_id_token(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                       const struct sp_issuer_endpoints *endpoints,
                                       const struct sp_oidc_login *login, const struct sp_oidc_tokens *tokens,
                                       int64_t deadline_us, struct sp_jws *ret_jws,
                                       struct sp_claims_rules *ret_rules,
                                       const struct sp_json_value **ret_claims, struct sp_error *err)
{
    struct sp_json_value *claims;
    enum sp_status status = io_oidc_verify(client, attempt, tokens->id_token, deadline_us, ret_jws, err);
    if (status == SP_OK && sp_token_type_is_other(ret_jws->typ))
        status = sp_error_set(err, SP_EDENIED, NULL, "the ID token is refused: it is of another type (typ)");
    if (status == SP_OK)
        status = read_claims(ret_jws->payload, attempt->arena, &claims, err);
    if (status == SP_OK)
        status =
            sp_claims_rules_make(&client->id_token, endpoints->issuers, false, attempt->arena, ret_rules);
    if (status == SP_OK)
        status = sp_claims_check_jwt(ret_rules, claims, SP_STR(""), attempt->now_us, err);
    if (status == SP_OK)
        status = check_login_claims(client, claims, login, tokens, err);
    if (status == SP_OK)
        *ret_claims = claims;
    return status;
}

/* Whatever is wrong with a token, it is refused; what is missing to say so is another thing. */
static enum sp_status refused(enum sp_status status, struct sp_error *err)
{
    if (status == SP_OK || status == SP_EUNAVAIL || status == SP_ENOMEM || status == SP_ECANCELED ||
        status == SP_EINTERNAL)
        return status;
    if (err)
        err->status = SP_EDENIED;
    return SP_EDENIED;
}

/* Who the ID token says it is. */
enum sp_status io_oidc_identify(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                const struct sp_issuer_endpoints *endpoints,
                                const struct sp_oidc_login *login, const struct sp_oidc_tokens *tokens,
                                int64_t deadline_us, struct sp_oidc_identity *ret_identity,
                                struct sp_error *err)
{
    struct sp_jws jws;
    struct sp_oidc_sources sources = {0};
    const struct sp_json_value *caller, *all = NULL;
    struct sp_claims_rules rules;
    struct sp_token_subject subject;
    enum sp_status status = io_read_id_token(client, attempt, endpoints, login, tokens, deadline_us, &jws,
                                             &rules, &sources.id_token, err);
    if (status == SP_OK)
        status = io_gather(client, attempt, endpoints, tokens, &rules, deadline_us, &sources, err);
    if (status == SP_OK)
        status =
            sp_oidc_claims_join(&sources, client->config->login.claims_order, attempt->arena, &caller, &all);
    if (status == SP_OK)
        status = sp_claims_subject(&rules, caller, attempt->arena, &subject, err);
    if (status != SP_OK)
        return refused(status, err);
    ret_identity->assertion = (struct sp_assertion){
        .kind = client->config->map_identity_to_registry_user ? SP_ASSERT_LOOK_UP : SP_ASSERT_CLAIMED,
        .scheme = SP_AUTHN_OIDC,
        .strength = SP_STRENGTH_PASSWORD,
        .name = subject.name,
        .realm = subject.realm,
        .unique_id = subject.unique_id,
        .groups = subject.groups,
        .scopes = subject.scopes,
        .claims_json = sources.user_info || sources.access_token ? as_text(all, attempt->arena) : jws.payload,
    };
    ret_identity->subject = sp_json_member_text(sources.id_token, SP_STR("sub"));
    ret_identity->provider_session = sp_json_member_text(sources.id_token, SP_STR("sid"));
    return SP_OK;
}
