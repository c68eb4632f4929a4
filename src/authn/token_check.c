/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/token_check.h"

#include <stdlib.h>

#include "authn/introspect.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/jws.h"
#include "text/json.h"

#define PATIENCE_US ((int64_t)10000000) /* for keys and answers */
#define REFUSALS 1024u                  /* a power of two */
#define REFUSED_JWT_US ((int64_t)10000000)
#define REFUSED_ANSWER_US ((int64_t)5000000)
#define RESULT_BYTES_MAX 16384u /* longer ones are not remembered */
#define REPLAY_WITHOUT_END_US ((int64_t)3600000000)

enum remote { REMOTE_NONE, REMOTE_ALLOW, REMOTE_REQUIRE };

struct refusal {
    struct sp_cache_key key;
    int64_t until_us; /* 0: free */
};

struct sp_token_checker {
    struct sp_token_checker_options options;
    enum sp_jwa alg;
    enum remote remote;
    unsigned char fingerprint[32];  /* of what the result depends on */
    struct sp_shared_cache *own[2]; /* NULL: not needed */
    struct refusal refusals[REFUSALS];
};

static const struct sp_json_limits limits = {
    .depth = 16, .string_bytes = SP_JWS_MAX, .number_bytes = 64, .members = 500};

/* ---- life ---- */

static void add_text(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_append_u32(buf, (uint32_t)text.len);
    sp_buf_append_str(buf, text);
}

static void add_list(struct sp_buf *buf, const struct sp_str_list *list)
{
    sp_buf_append_u32(buf, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        add_text(buf, list->items[i]);
}

/* Another configuration does not find what this one remembered. */
static enum sp_status take_fingerprint(struct sp_token_checker *checker)
{
    const struct sp_cfg_oidc *client = checker->options.client;
    const struct sp_str texts[] = {client->id,
                                   client->validation_method,
                                   client->validation_url,
                                   client->signature_algorithm,
                                   client->client_id,
                                   client->client_secret,
                                   client->shared_key,
                                   client->trust_alias,
                                   client->trust_store ? client->trust_store->location : (struct sp_str){0},
                                   client->jwk_url,
                                   client->json_web_key,
                                   client->discovery_url,
                                   client->token_endpoint_url,
                                   client->remote_validation,
                                   client->user_identifier,
                                   client->user_identity,
                                   client->group_identifier,
                                   client->realm_identifier,
                                   client->realm_name,
                                   client->unique_user_identifier,
                                   client->decryption_alias};
    unsigned char hash[64];
    struct sp_buf buf;
    sp_buf_init(&buf, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(&buf, texts[i]);
    add_list(&buf, &client->issuers);
    add_list(&buf, &client->audiences);
    sp_buf_append_byte(&buf, (unsigned char)(client->disable_iss_checking | client->token_reuse << 1 |
                                             client->weak_rsa_keys << 2 | client->require_exp << 3 |
                                             client->require_iat << 4));
    sp_buf_append_u64(&buf, (uint64_t)client->clock_skew_us);
    enum sp_status status = buf.failed ? SP_ELIMIT : sp_jwa_hash(256, sp_buf_str(&buf), hash);
    sp_buf_wipe(&buf);
    memcpy(checker->fingerprint, hash, sizeof checker->fingerprint);
    return status;
}

static void take_algorithm(struct sp_token_checker *checker)
{
    const struct sp_cfg_oidc *client = checker->options.client;
    struct sp_str remote = client->remote_validation;
    checker->alg = sp_jwa_from(client->signature_algorithm);
    if (sp_str_caseless_eq(remote, SP_STR("allow")))
        checker->remote = REMOTE_ALLOW;
    else if (sp_str_caseless_eq(remote, SP_STR("require")))
        checker->remote = REMOTE_REQUIRE;
}

static enum sp_status take_memory(struct sp_token_checker *checker, struct sp_error *err)
{
    static const struct sp_shared_cache_size sizes[] = {{1024, 1024}, {16384, 1}};
    struct sp_shared_cache **caches[] = {&checker->options.results, &checker->options.replays};
    for (size_t i = 0; i < 2; i++) {
        if (*caches[i])
            continue;
        enum sp_status status = sp_shared_cache_open(NULL, 0, sizes[i], &checker->own[i], err);
        if (status != SP_OK)
            return status;
        *caches[i] = checker->own[i];
    }
    return SP_OK;
}

enum sp_status sp_token_checker_new(const struct sp_token_checker_options *options,
                                    struct sp_token_checker **ret_checker, struct sp_error *err)
{
    struct sp_token_checker *checker = calloc(1, sizeof *checker);
    if (!checker)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    checker->options = *options;
    enum sp_status status = take_memory(checker, err);
    take_algorithm(checker);
    if (status == SP_OK && take_fingerprint(checker) != SP_OK)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    if (status != SP_OK) {
        sp_error_prefix(err, "openidConnectClient %.*s", SP_STR_ARG(options->client->id));
        sp_token_checker_free(checker);
        return status;
    }
    *ret_checker = checker;
    return SP_OK;
}

void sp_token_checker_free(struct sp_token_checker *checker)
{
    if (!checker)
        return;
    for (size_t i = 0; i < 2; i++)
        sp_shared_cache_close(checker->own[i]);
    free(checker);
}

/* ---- memory ---- */

/* Scheme, host and port of a URL. */
static struct sp_str origin_of(struct sp_str url)
{
    size_t slashes = 0, end = 0;
    while (end < url.len && (url.ptr[end] != '/' || ++slashes < 3))
        end++;
    return sp_str_slice(url, 0, end);
}

/* Without audiences a token is good for one name of this server, and may not be for another. */
static struct sp_cache_key key_of(const struct sp_token_checker *checker,
                                  const struct sp_token_question *question)
{
    bool any_name = checker->options.client->audiences.count > 0;
    const struct sp_str parts[] = {
        SP_STR("token"), sp_str_from(checker->fingerprint, sizeof checker->fingerprint),
        any_name ? SP_STR("") : origin_of(question->server_url), question->bearer.token};
    return sp_shared_cache_key(checker->options.results, parts, 4);
}

static bool recall(const struct sp_token_checker *checker, struct sp_cache_key key,
                   const struct sp_token_question *question, struct sp_token_result *ret_result)
{
    unsigned char bytes[RESULT_BYTES_MAX];
    size_t len;
    if (!sp_shared_cache_get(checker->options.results, key, question->now_us, bytes, sizeof bytes, &len))
        return false;
    struct sp_str value = sp_arena_str(question->arena, sp_str_from(bytes, len));
    return value.ptr && sp_token_result_read(value, question->arena, ret_result) == SP_OK;
}

static void remember(const struct sp_token_checker *checker, struct sp_cache_key key, int64_t now_us,
                     const struct sp_token_result *result)
{
    const struct sp_cfg_oidc *client = checker->options.client;
    struct sp_buf bytes;
    int64_t until = now_us + client->access_token_cache_timeout_us;
    if (!client->access_token_cache_enabled)
        return;
    if (result->subject.expires_us && result->subject.expires_us < until)
        until = result->subject.expires_us;
    if (until <= now_us)
        return;
    sp_buf_init(&bytes, RESULT_BYTES_MAX);
    if (sp_token_result_write(result, &bytes) == SP_OK)
        (void)sp_shared_cache_put(checker->options.results, key, now_us, until, sp_buf_str(&bytes));
    sp_buf_finish(&bytes);
}

static struct refusal *place_of(struct sp_token_checker *checker, struct sp_cache_key key)
{
    return &checker->refusals[key.half[0] & (REFUSALS - 1)];
}

static bool is_refused(struct sp_token_checker *checker, struct sp_cache_key key, int64_t now_us)
{
    const struct refusal *place = place_of(checker, key);
    return place->until_us > now_us && place->key.half[0] == key.half[0] && place->key.half[1] == key.half[1];
}

static void note_refusal(struct sp_token_checker *checker, struct sp_cache_key key, int64_t until_us)
{
    *place_of(checker, key) = (struct refusal){.key = key, .until_us = until_us};
}

enum sp_status sp_token_use_once(struct sp_token_checker *checker, struct sp_str kind, struct sp_str owner,
                                 struct sp_str id, int64_t now_us, int64_t until_us, struct sp_error *err)
{
    struct sp_shared_cache *replays = checker->options.replays;
    const struct sp_str parts[] = {kind, owner, id};
    switch (sp_shared_cache_claim(replays, sp_shared_cache_key(replays, parts, 3), now_us, until_us)) {
    case SP_OK:
        return SP_OK;
    case SP_EEXISTS:
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_REUSED, "the %.*s was used before", SP_STR_ARG(kind));
    default:
        return sp_error_set(
            err, SP_EUNAVAIL, SP_TOKEN_REUSED,
            "the memory of what was used before is full or busy, and nothing goes without it");
    }
}

/* ---- JWT ---- */

struct jwt {
    struct sp_jws jws;
    struct sp_json_value *claims;
    bool forged; /* the signature is wrong, or it is not encrypted to us: will be so for ever */
};

static enum sp_status read_jwt(const struct sp_token_checker *checker,
                               const struct sp_token_question *question, struct jwt *jwt,
                               struct sp_error *err)
{
    struct sp_str token = question->bearer.token;
    enum sp_status status = SP_OK;
    if (question->bearer.is_jwe) {
        status = sp_issuer_decrypt(checker->options.issuer, token, question->arena, &token, err);
        jwt->forged = status == SP_EDENIED;
    }
    if (status == SP_OK)
        status = sp_jws_parse(token, question->arena, &jwt->jws, err);
    if (status != SP_OK)
        return status;
    if (!sp_str_is(jwt->jws.alg, sp_jwa_name(checker->alg)))
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_ALGORITHM,
                            "the token is signed with '%.*s', and signatureAlgorithm is %s",
                            (int)(jwt->jws.alg.len > 32 ? 32 : jwt->jws.alg.len), jwt->jws.alg.ptr,
                            sp_jwa_name(checker->alg));
    if (sp_token_type_is_other(jwt->jws.typ) && !sp_str_caseless_eq(jwt->jws.typ, SP_STR("at+jwt")))
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_NOT_VALID, "the token is no access token, but a '%.*s'",
                            (int)(jwt->jws.typ.len > 32 ? 32 : jwt->jws.typ.len), jwt->jws.typ.ptr);
    status = sp_json_parse(jwt->jws.payload, question->arena, &limits, &jwt->claims, NULL);
    if (status == SP_OK && jwt->claims->kind == SP_JSON_IS_OBJECT)
        return SP_OK;
    return sp_error_set(err, SP_EDENIED, SP_TOKEN_NOT_VALID,
                        "the token's claims are not a JSON object within limits, or one is there twice");
}

static enum sp_status io_check_claims(struct sp_token_checker *checker,
                                      const struct sp_token_question *question, const struct jwt *jwt,
                                      int64_t deadline_us, struct sp_token_result *result,
                                      struct sp_error *err)
{
    const struct sp_issuer_endpoints *endpoints;
    struct sp_claims_rules rules;
    enum sp_status status = io_issuer_endpoints(checker->options.issuer, deadline_us, &endpoints, err);
    if (status != SP_OK)
        return status;
    status =
        sp_claims_rules_make(checker->options.client, endpoints->issuers, false, question->arena, &rules);
    if (status == SP_OK)
        status = sp_claims_check_jwt(&rules, jwt->claims, question->server_url, question->now_us, err);
    if (status == SP_OK)
        status = sp_claims_subject(&rules, jwt->claims, question->arena, &result->subject, err);
    sp_issuer_endpoints_release(endpoints);
    return status;
}

static enum sp_status io_check_signature(struct sp_token_checker *checker, struct jwt *jwt,
                                         int64_t deadline_us, struct sp_error *err)
{
    struct sp_jwk_set *set;
    const struct sp_jwk *key;
    enum sp_status status = io_issuer_find_key(checker->options.issuer, checker->alg, &jwt->jws.key_name,
                                               deadline_us, &set, &key, err);
    if (status == SP_ENOTFOUND || status == SP_EEXISTS) {
        struct sp_error why = *err;
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_NO_KEY, "%s", why.text);
    }
    if (status != SP_OK)
        return status;
    status = sp_jws_verify(&jwt->jws, checker->alg, key, err);
    sp_jwk_set_release(set);
    jwt->forged = status == SP_EDENIED;
    return status == SP_EDENIED ? sp_error_set(err, status, SP_TOKEN_SIGNATURE,
                                               "the token's signature is not by the issuer's key")
                                : status;
}

static enum sp_status check_once(struct sp_token_checker *checker, const struct sp_token_question *question,
                                 const struct jwt *jwt, const struct sp_token_result *result, bool *ret_once,
                                 struct sp_error *err)
{
    const struct sp_json_value *jti = sp_json_member(jwt->claims, SP_STR("jti"));
    int64_t end = result->subject.expires_us;
    *ret_once = jti && !checker->options.client->token_reuse;
    if (!*ret_once)
        return SP_OK;
    if (jti->kind != SP_JSON_IS_STRING)
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_CLAIM_TYPE, "claim 'jti' of the token is no text");
    end = end ? end + checker->options.client->clock_skew_us + 1000000
              : question->now_us + REPLAY_WITHOUT_END_US;
    enum sp_status status =
        sp_token_use_once(checker, SP_STR("token"), sp_json_member_text(jwt->claims, SP_STR("iss")),
                          jti->text, question->now_us, end, err);
    return status == SP_EDENIED
               ? sp_error_set(err, status, SP_TOKEN_REUSED,
                              "the token was used before: it has an id (jti), and tokenReuse is not \"true\"")
               : status;
}

static enum sp_status io_check_jwt(struct sp_token_checker *checker, const struct sp_token_question *question,
                                   int64_t deadline_us, struct sp_token_result *ret_result, bool *ret_once,
                                   bool *ret_forged, struct sp_error *err)
{
    struct jwt jwt = {0};
    struct sp_token_result result = {0};
    enum sp_status status = read_jwt(checker, question, &jwt, err);
    if (status == SP_OK)
        status = io_check_claims(checker, question, &jwt, deadline_us, &result, err);
    if (status == SP_OK)
        status = sp_token_binding_read(jwt.claims, &result, err);
    if (status == SP_OK)
        status = io_check_signature(checker, &jwt, deadline_us, err);
    if (status == SP_OK)
        status = check_once(checker, question, &jwt, &result, ret_once, err);
    *ret_forged = jwt.forged;
    result.claims_json = jwt.jws.payload;
    if (status == SP_OK)
        *ret_result = result;
    return status;
}

/* ---- a token ---- */

/* As an administrator has to see it: the token is bad, or something is not there. */
static enum sp_status as_told(enum sp_status status)
{
    switch (status) {
    case SP_OK:
    case SP_EDENIED:
    case SP_ECANCELED:
    case SP_ENOMEM:
        return status;
    case SP_ESYNTAX:
    case SP_ELIMIT:
    case SP_EUNSUPPORTED:
        return SP_EDENIED;
    default:
        return SP_EUNAVAIL;
    }
}

static enum sp_status io_ask(struct sp_token_checker *checker, const struct sp_token_question *question,
                             int64_t deadline_us, struct sp_token_result *ret_result, bool *ret_inactive,
                             struct sp_error *err)
{
    return io_introspect(checker->options.issuer, checker->options.client, question->bearer.token,
                         question->now_us, deadline_us, question->arena, ret_result, ret_inactive, err);
}

static enum sp_status io_find_out(struct sp_token_checker *checker, const struct sp_token_question *question,
                                  struct sp_cache_key key, struct sp_token_result *ret_result,
                                  struct sp_error *err)
{
    int64_t deadline = sp_clock_monotonic_us() + PATIENCE_US;
    bool encrypted = question->bearer.is_jwe && sp_issuer_decrypts(checker->options.issuer);
    bool here = (question->bearer.is_jws || encrypted) && checker->remote != REMOTE_REQUIRE;
    bool once = false, forged = false, inactive = false;
    enum sp_status status = SP_OK;
    if (here)
        status = as_told(io_check_jwt(checker, question, deadline, ret_result, &once, &forged, err));
    if (!here || (status == SP_EDENIED && !once && checker->remote == REMOTE_ALLOW))
        status = io_ask(checker, question, deadline, ret_result, &inactive, err);
    if (status == SP_OK && !once)
        remember(checker, key, question->now_us, ret_result);
    else if (status == SP_EDENIED && inactive)
        note_refusal(checker, key, question->now_us + REFUSED_ANSWER_US);
    else if (status == SP_EDENIED && forged)
        note_refusal(checker, key, question->now_us + REFUSED_JWT_US);
    return status;
}

enum sp_status io_token_check(struct sp_token_checker *checker, const struct sp_token_question *question,
                              struct sp_token_result *ret_result, struct sp_cache_key *ret_key,
                              struct sp_error *err)
{
    struct sp_cache_key key = key_of(checker, question);
    *ret_key = key;
    if (recall(checker, key, question, ret_result))
        return SP_OK;
    if (is_refused(checker, key, question->now_us))
        return sp_error_set(err, SP_EDENIED, SP_TOKEN_SIGNATURE,
                            "the token was refused a moment ago, for its signature or by its issuer");
    return io_find_out(checker, question, key, ret_result, err);
}
