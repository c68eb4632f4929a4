/* SPDX-License-Identifier: Apache-2.0
 * What callers send as a token, and what is remembered of one: the first byte says where the rest stands.
 */
#include <stdlib.h>

#include "authn/bearer.h"
#include "authn/claims.h"
#include "authn/dpop.h"
#include "authn/token_claims.h"
#include "authn/token_result.h"
#include "base/buf.h"
#include "crypto/jws.h"
#include "text/json.h"

#define NOW_US ((int64_t)1800000000 * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find_token(const struct sp_http_request *request, struct sp_str header, struct sp_arena *arena)
{
    struct sp_bearer bearer = {0};
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_bearer_find(request, header, arena, &bearer, &err);
    if (status != SP_OK && !err.text[0])
        abort();
    if (status == SP_OK && bearer.scheme != SP_BEARER_NONE &&
        (!bearer.token.len || bearer.token.len > SP_JWS_MAX))
        abort();
    if (bearer.is_jws && bearer.is_jwe)
        abort();
}

static void in_header(struct sp_str rest, struct sp_arena *arena)
{
    const struct sp_http_header headers[] = {{SP_STR_INIT("Authorization"), rest},
                                             {SP_STR_INIT("X-Token"), rest}};
    const struct sp_http_request request = {
        .method = SP_STR_INIT("GET"), .headers = headers, .header_count = 2};
    find_token(&request, (struct sp_str){0}, arena);
    find_token(&request, SP_STR("X-Token"), arena);
}

static void in_form(struct sp_str rest, struct sp_arena *arena)
{
    const struct sp_http_header header = {SP_STR_INIT("Content-Type"),
                                          SP_STR_INIT("application/x-www-form-urlencoded")};
    const struct sp_http_request request = {
        .method = SP_STR_INIT("POST"), .headers = &header, .header_count = 1, .body = rest};
    find_token(&request, (struct sp_str){0}, arena);
}

/* Pieces between line ends: how many segments are told, then each. */
static void in_segments(struct sp_str rest, struct sp_arena *arena)
{
    static const char *const names[] = {"X-Token-segments", "X-Token-1", "X-Token-2", "X-Token-3"};
    struct sp_http_header headers[4];
    size_t count = 0;
    struct sp_str piece;
    while (count < 4 && sp_str_split(&rest, '\n', &piece)) {
        headers[count] = (struct sp_http_header){sp_str_of(names[count]), piece};
        count++;
    }
    const struct sp_http_request request = {
        .method = SP_STR_INIT("GET"), .headers = headers, .header_count = count};
    find_token(&request, SP_STR("X-Token"), arena);
}

/* What is read is written the same. */
static void remembered(struct sp_str rest, struct sp_arena *arena)
{
    struct sp_token_result result;
    struct sp_buf buf;
    if (sp_token_result_read(rest, arena, &result) != SP_OK)
        return;
    sp_buf_init(&buf, SP_TOKEN_RESULT_MAX + rest.len);
    if (sp_token_result_write(&result, &buf) != SP_OK || buf.len != rest.len)
        abort();
    sp_buf_finish(&buf);
}

static void proof(struct sp_str rest, struct sp_arena *arena)
{
    struct sp_dpop_proof proof;
    const struct sp_dpop_request request = {.proof = rest,
                                            .method = SP_STR_INIT("GET"),
                                            .url = SP_STR_INIT("https://api.example.com/one?x=1"),
                                            .token = SP_STR_INIT("token"),
                                            .now_us = NOW_US,
                                            .tolerance_us = 300000000};
    struct sp_error err = SP_ERROR_INIT;
    if (sp_dpop_check(&request, arena, &proof, &err) == SP_OK ? proof.jti.len == 0 : !err.text[0])
        abort();
}

static void claims(struct sp_str rest, struct sp_arena *arena)
{
    static const struct sp_json_limits limits = {
        .depth = 16, .string_bytes = SP_JWS_MAX, .number_bytes = 64, .members = 500};
    static const struct sp_str issuers[] = {SP_STR_INIT("https://issuer.example.com")},
                               audiences[] = {SP_STR_INIT("us")};
    const struct sp_cfg_oidc client = {.issuers = {issuers, 1},
                                       .audiences = {audiences, 1},
                                       .clock_skew_us = 300000000,
                                       .user_identity = SP_STR_INIT("sub"),
                                       .group_identifier = SP_STR_INIT("groups"),
                                       .realm_identifier = SP_STR_INIT("realm")};
    struct sp_claims_rules rules;
    struct sp_json_value *object;
    struct sp_token_subject subject;
    struct sp_token_result result = {0};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_principal principal = {.claims_json = rest, .claims = sp_claims_new(rest, arena)};
    (void)sp_principal_claim_text(&principal, SP_STR("sub"));
    (void)sp_principal_claims_named(&principal, &client.audiences, 64, arena);
    if (sp_json_parse(rest, arena, &limits, &object, NULL) != SP_OK || object->kind != SP_JSON_IS_OBJECT ||
        sp_claims_rules_make(&client, (struct sp_str_list){0}, false, arena, &rules) != SP_OK)
        return;
    if (sp_token_binding_read(object, &result, &err) == SP_OK && result.binding != SP_TOKEN_UNBOUND &&
        strlen(result.bound_to) > 43)
        abort();
    if (sp_claims_check_jwt(&rules, object, SP_STR("https://gw.example.com/"), NOW_US, &err) == SP_OK &&
        sp_claims_subject(&rules, object, arena, &subject, &err) == SP_OK &&
        (!subject.name.len || subject.name.len > SP_TOKEN_NAME_MAX ||
         subject.groups.count > SP_TOKEN_GROUPS_MAX))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const places[])(struct sp_str rest, struct sp_arena * arena) = {
        in_header, in_form, in_segments, remembered, proof, claims};
    struct sp_arena arena;
    if (!size)
        return 0;
    sp_arena_init(&arena, (size_t)4 << 20);
    places[data[0] % (sizeof places / sizeof *places)](sp_str_from(data + 1, size - 1), &arena);
    sp_arena_finish(&arena);
    return 0;
}
