/* SPDX-License-Identifier: Apache-2.0
 * Requests with JWTs, from the header to the principal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "authn/dpop.h"
#include "authn/issuers.h"
#include "authn/provider.h"
#include "text/base64.h"
#include "token_request.h"

static int set_up(void **state)
{
    *state = token_fixture_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    token_fixture_free(*state);
    return 0;
}

static void start(struct token_fixture *f)
{
    if (token_fixture_start(f) != SP_OK)
        fail_msg("%s", f->err.text);
}

static enum sp_status send(struct token_fixture *f, const char *claims)
{
    return token_fixture_bearer(f, hs256(f, sp_str_of(claims)));
}

static enum sp_status send_more(struct token_fixture *f, const char *more)
{
    return token_fixture_bearer(f, hs256(f, good_claims(f, more)));
}

static void assert_challenge(struct token_fixture *f, const char *realm)
{
    char expected[64];
    assert_int_equal(f->challenge.status, 401);
    snprintf(expected, sizeof expected, "Bearer realm=\"%s\", error=\"invalid_token\"", realm);
    struct sp_str challenge = sp_challenge_header(&f->challenge, "WWW-Authenticate");
    if (!sp_str_starts(challenge, sp_str_of(expected)))
        fail_msg("%.*s (%s)", SP_STR_ARG(challenge), f->err.text);
    assert_true(sp_str_is(sp_challenge_header(&f->challenge, "Content-Type"), "application/json"));
    assert_non_null(f->challenge.body.ptr);
    assert_false(f->principal.authenticated);
}

static void assert_refused(struct token_fixture *f, enum sp_status status, const char *id)
{
    assert_int_not_equal(status, SP_OK);
    if (strcmp(f->err.id, id) != 0)
        fail_msg("%s instead of %s: %s", f->err.id, id, f->err.text);
    assert_challenge(f, "jwt");
}

/* ---- good tokens ---- */

static void a_good_token_gives_the_principal_of_its_claims(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    for (int time = 0; time < 3; time++) { /* the first is verified, the others are remembered */
        struct sp_str token =
            hs256(f, SP_STR("{\"iss\":\"https://issuer.example.com\",\"aud\":[\"x\",\"us\"],\"sub\":\"anna\","
                            "\"exp\":4000000000.5,\"groupIds\":[\"A\",\"B\"],\"scope\":\"read  write\","
                            "\"uniqueSecurityName\":\"u1\",\"n\":{\"d\":[1,2]}}"));
        assert_int_equal(token_fixture_bearer(f, token), SP_OK);
        const struct sp_principal *p = &f->principal;
        assert_true(p->authenticated);
        assert_int_equal(p->scheme, SP_AUTHN_JWT);
        assert_int_equal(p->strength, SP_STRENGTH_BEARER);
        assert_true(sp_str_is(p->name, "anna"));
        assert_true(sp_str_is(p->realm, "https://issuer.example.com"));
        assert_true(sp_str_is(p->unique_id, "u1"));
        assert_true(sp_str_is(p->provider, "rs"));
        assert_int_equal(p->groups.count, 2);
        assert_true(sp_str_is(p->groups.items[1], "B"));
        assert_int_equal(p->scopes.count, 2);
        assert_true(sp_str_is(p->scopes.items[0], "read"));
        assert_true(p->expires_us == 4000000000500000);
        assert_true(sp_str_ends(p->claims_json, SP_STR("\"n\":{\"d\":[1,2]}}")));
        assert_int_equal(p->saf_user.len, 0); /* what an issuer says is no user id of ours */
    }
}

static void claims_with_other_names_are_read(void **state)
{
    struct token_fixture *f = *state;
    f->client.user_identifier = SP_STR("email");
    f->client.group_identifier = SP_STR("roles");
    f->client.realm_identifier = SP_STR("tenant");
    f->client.unique_user_identifier = SP_STR("oid");
    start(f);
    assert_int_equal(
        send_more(f, ",\"email\":\"a@b\",\"roles\":\"one\",\"tenant\":\"t\",\"oid\":\"7\",\"scp\":[\"s\"]"),
        SP_OK);
    assert_true(sp_str_is(f->principal.name, "a@b"));
    assert_true(sp_str_is(f->principal.realm, "t"));
    assert_true(sp_str_is(f->principal.unique_id, "7"));
    assert_int_equal(f->principal.groups.count, 1);
    assert_int_equal(f->principal.scopes.count, 1);
    f->client.realm_name = SP_STR("fixed");
    start(f);
    assert_int_equal(send_more(f, ",\"email\":\"a@b\",\"tenant\":\"t\""), SP_OK);
    assert_true(sp_str_is(f->principal.realm, "fixed"));
    assert_refused(f, send_more(f, ""), "CWWKS1738E"); /* sub does not count beside userIdentifier */
}

static void names_and_groups_are_texts(void **state)
{
    static const char *const bad[] = {",\"groupIds\":[1]",          ",\"groupIds\":{}",
                                      ",\"groupIds\":[\"\"]",       ",\"groupIds\":[\"a\\nb\"]",
                                      ",\"realmName\":1",           ",\"realmName\":\"\"",
                                      ",\"uniqueSecurityName\":[]", ",\"uniqueSecurityName\":\"\\u0007\""};
    struct token_fixture *f = *state;
    char claims[1024], name[300];
    start(f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(f, send_more(f, bad[i]), "CWWKS1730E");
    static const char *const subjects[] = {"1",    "null",         "[\"a\"]",     "{}",
                                           "\"\"", "\"a\\u0000\"", "\"a\\r\\nb\""};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"https://issuer.example.com\",\"aud\":\"us\",\"exp\":4000000000,\"sub\":%s}",
                 subjects[i]);
        assert_int_not_equal(send(f, claims), SP_OK);
        assert_challenge(f, "jwt");
    }
    for (size_t len = 256; len <= 257; len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"https://issuer.example.com\",\"aud\":\"us\",\"exp\":4000000000,\"sub\":\"%s\"}",
                 name);
        assert_int_equal(send(f, claims), len == 256 ? SP_OK : SP_EDENIED);
    }
}

/* ---- issuer, audience, times ---- */

static void the_issuer_is_exactly_one_of_those_named(void **state)
{
    static const char *const bad[] = {"\"iss\":\"https://issuer.example.com/\"",
                                      "\"iss\":\"HTTPS://issuer.example.com\"",
                                      "\"iss\":\"https://issuer.example.co\"",
                                      "\"iss\":[\"https://issuer.example.com\"]",
                                      "\"iss\":null",
                                      "\"x\":1"};
    struct token_fixture *f = *state;
    char claims[256];
    start(f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(claims, sizeof claims, "{%s,\"aud\":\"us\",\"exp\":4000000000,\"sub\":\"a\"}", bad[i]);
        assert_refused(f, send(f, claims), "CWWKS1781E");
    }
    f->client.issuers = (struct sp_str_list){0};
    f->client.token_endpoint_url = SP_STR("https://issuer.example.com/token");
    start(f);
    assert_int_equal(send_more(f, ""), SP_OK); /* the token endpoint without its last part */
    f->client.token_endpoint_url = (struct sp_str){0};
    start(f);
    assert_refused(f, send_more(f, ""), "CWWKS1781E");
    f->client.disable_iss_checking = true;
    start(f);
    assert_refused(f, send_more(f, ""), "CWWKS1782E");
    assert_int_equal(send(f, "{\"aud\":\"us\",\"exp\":4000000000,\"sub\":\"a\"}"), SP_OK);
}

static enum sp_status send_audience(struct token_fixture *f, const char *aud)
{
    char claims[512];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"https://issuer.example.com\",\"exp\":4000000000,\"sub\":\"a\"%s%s}",
             aud ? ",\"aud\":" : "", aud ? aud : "");
    return send(f, claims);
}

static void one_audience_is_exactly_one_of_ours(void **state)
{
    static const char *const bad[] = {"\"US\"", "\"us \"", "[]",         "[\"them\"]", "null",
                                      "1",      "{}",      "[[\"us\"]]", "\"\""};
    struct token_fixture *f = *state;
    start(f);
    assert_int_equal(send_audience(f, "\"us\""), SP_OK);
    assert_int_equal(send_audience(f, "[1,\"them\",\"us\"]"), SP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(f, send_audience(f, bad[i]), "CWWKS1774E");
    assert_refused(f, send_audience(f, NULL), "CWWKS1779E");
    f->client.audiences = one_text(&f->arena, "ALL_AUDIENCES");
    start(f);
    assert_int_equal(send_audience(f, "\"them\""), SP_OK);
    assert_int_equal(send_audience(f, NULL), SP_OK);
}

static void without_audiences_a_token_is_for_the_url_of_this_server(void **state)
{
    static const char *const good[] = {"\"https://api.example.com\"", "\"https://api.example.com/api\"",
                                       "\"https://api.example.com:443/x\"",
                                       "[\"y\",\"https://api.example.com/\"]"};
    static const char *const bad[] = {"\"https://api.example.com.evil.example\"",
                                      "\"http://api.example.com\"",
                                      "\"https://api.example.com:8443\"",
                                      "\"api.example.com\"",
                                      "\"https://api.example.co\"",
                                      "\"us\""};
    struct token_fixture *f = *state;
    f->client.audiences = (struct sp_str_list){0};
    start(f);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(send_audience(f, good[i]), SP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(f, send_audience(f, bad[i]), "CWWKS1774E");
    assert_int_equal(send_audience(f, NULL), SP_OK);
    /* What is remembered under one name is not good under another. */
    f->host = "other.example.com";
    assert_refused(f, send_audience(f, good[0]), "CWWKS1774E");
}

static enum sp_status send_times(struct token_fixture *f, const char *times)
{
    char claims[512];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"https://issuer.example.com\",\"aud\":\"us\",\"sub\":\"a\"%s%s}", times[0] ? "," : "",
             times);
    return send(f, claims);
}

static void a_token_without_end_is_refused(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    assert_refused(f, send_times(f, ""), "CWWKS1773E");
}

static void times_are_numbers_of_seconds(void **state)
{
    static const char *const bad[] = {"\"exp\":\"4000000000\"",
                                      "\"exp\":null",
                                      "\"exp\":true",
                                      "\"exp\":-1",
                                      "\"exp\":1e300",
                                      "\"exp\":1e999999",
                                      "\"exp\":253402300800",
                                      "\"exp\":4000000000000",
                                      "\"exp\":[4000000000]",
                                      "\"exp\":4e9,\"iat\":\"1\"",
                                      "\"exp\":4e9,\"nbf\":{}",
                                      "\"exp\":4e9,\"nbf\":1e400",
                                      "\"exp\":9223372036854775807"};
    static const char *const good[] = {"\"exp\":4000000000",
                                       "\"exp\":4e9",
                                       "\"exp\":4000000000.999",
                                       "\"exp\":253402300799",
                                       "\"exp\":99999999999",
                                       "\"exp\":4e9,\"iat\":0,\"nbf\":0.5",
                                       "\"exp\":2147483648000e-3,\"iat\":1"};
    struct token_fixture *f = *state;
    start(f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(f, send_times(f, bad[i]), "CWWKS1773E");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (send_times(f, good[i]) != SP_OK)
            fail_msg("%s: %s", good[i], f->err.text);
}

static enum sp_status send_relative(struct token_fixture *f, const char *format, long long offset)
{
    char times[128];
    snprintf(times, sizeof times, format, (long long)token_now() + offset, (long long)token_now() + offset);
    return send_times(f, times);
}

static void times_count_within_the_clock_skew(void **state)
{
    struct token_fixture *f = *state;
    f->client.clock_skew_us = 60000000;
    start(f);
    assert_int_equal(send_relative(f, "\"exp\":%lld", -50), SP_OK);
    assert_refused(f, send_relative(f, "\"exp\":%lld", -61), "CWWKS1773E");
    assert_int_equal(send_relative(f, "\"exp\":4000000000,\"iat\":%lld", 50), SP_OK);
    assert_refused(f, send_relative(f, "\"exp\":4000000000,\"iat\":%lld", 62), "CWWKS1773E");
    assert_int_equal(send_relative(f, "\"exp\":4000000000,\"nbf\":%lld", 50), SP_OK);
    assert_refused(f, send_relative(f, "\"exp\":4000000000,\"nbf\":%lld", 70), "CWWKS1780E");
    assert_refused(f, send_relative(f, "\"exp\":%lld,\"iat\":1%lld", 10), "CWWKS1773E");
    f->client.clock_skew_us = 0;
    start(f);
    assert_refused(f, send_relative(f, "\"exp\":%lld", -1), "CWWKS1773E");
    assert_refused(f, send_relative(f, "\"exp\":%lld,\"iat\":%lld.5", 0), "CWWKS1773E");
}

static void a_remembered_token_ends_when_it_says(void **state)
{
    struct token_fixture *f = *state;
    f->client.clock_skew_us = 0;
    start(f);
    char claims[256];
    double end = (double)sp_clock_realtime_us() / 1e6 + 0.4;
    snprintf(claims, sizeof claims,
             "{\"iss\":\"https://issuer.example.com\",\"aud\":\"us\",\"sub\":\"a\",\"exp\":%.6f}", end);
    struct sp_str token = hs256(f, sp_str_of(claims));
    assert_int_equal(token_fixture_bearer(f, token), SP_OK);
    assert_int_equal(token_fixture_bearer(f, token), SP_OK);
    while ((double)sp_clock_realtime_us() / 1e6 < end)
        sp_loop_run_once(f->loop, 50);
    assert_refused(f, token_fixture_bearer(f, token), "CWWKS1773E");
}

/* ---- signature and form ---- */

static void a_wrong_signature_is_refused_again_and_again(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    struct sp_str good = hs256(f, good_claims(f, ""));
    char *token = sp_arena_cstr(&f->arena, good);
    token[good.len - 5] = token[good.len - 5] == 'A' ? 'B' : 'A';
    for (int i = 0; i < 3; i++)
        assert_refused(f, token_fixture_bearer(f, sp_str_of(token)), "CWWKS1776E");
    assert_int_equal(token_fixture_bearer(f, good), SP_OK);
}

static void another_algorithm_is_refused(void **state)
{
    struct token_fixture *f = *state;
    f->client.signature_algorithm = SP_STR("HS512");
    f->client.shared_key = SP_STR(SECRET SECRET);
    start(f);
    assert_refused(f, send_more(f, ""), "CWWKS1777E");
}

static void what_is_no_jwt_inside_is_refused(void **state)
{
    static const char *const payloads[] = {"",
                                           "x",
                                           "[]",
                                           "\"a\"",
                                           "{\"iss\":1,\"iss\":2}",
                                           "{} {}",
                                           "{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}"};
    struct token_fixture *f = *state;
    start(f);
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        assert_refused(f, send(f, payloads[i]), "CWWKS1737E");
}

static void tokens_for_other_purposes_are_refused(void **state)
{
    static const struct {
        const char *typ;
        bool good;
    } types[] = {{"JWT", true},       {"at+jwt", true},      {"application/AT+JWT", true},
                 {"dpop+jwt", false}, {"logout+jwt", false}, {"secevent+jwt", false}};
    struct token_fixture *f = *state;
    struct sp_jwk_set *set;
    start(f);
    assert_int_equal(sp_jwk_set_from_secret(SP_STR(SECRET), &set, NULL), SP_OK);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char header[64];
        struct sp_buf buf;
        sp_buf_init(&buf, 8192);
        snprintf(header, sizeof header, "\"typ\":\"%s\"", types[i].typ);
        assert_int_equal(
            sp_jws_sign(SP_JWA_HS256, &set->keys[0], sp_str_of(header), good_claims(f, ""), &buf, NULL),
            SP_OK);
        assert_int_equal(token_fixture_bearer(f, sp_buf_str(&buf)), types[i].good ? SP_OK : SP_EDENIED);
        sp_buf_finish(&buf);
    }
    sp_jwk_set_release(set);
}

static void an_id_counts_once_unless_tokens_may_be_used_again(void **state)
{
    struct token_fixture *f = *state;
    f->client.token_reuse = false;
    start(f);
    struct sp_str token = hs256(f, good_claims(f, ",\"jti\":\"1\""));
    assert_int_equal(token_fixture_bearer(f, token), SP_OK);
    assert_refused(f, token_fixture_bearer(f, token), "CWWKS1743E");
    assert_refused(f, send_more(f, ",\"jti\":\"1\",\"x\":1"), "CWWKS1743E"); /* another token, the same id */
    assert_int_equal(send_more(f, ",\"jti\":\"2\""), SP_OK);
    assert_refused(f, send_more(f, ",\"jti\":3"), "CWWKS1730E");
    struct sp_str without = hs256(f, good_claims(f, ""));
    assert_int_equal(token_fixture_bearer(f, without), SP_OK);
    assert_int_equal(token_fixture_bearer(f, without), SP_OK);
}

/* ---- where the token is ---- */

static void the_scheme_is_read_in_any_case_and_others_are_no_tokens(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    struct sp_str token = hs256(f, good_claims(f, ""));
    static const char *const formats[] = {"bearer %.*s", "BEARER   %.*s  "};
    for (size_t i = 0; i < 2; i++) {
        token_fixture_header(f, "authorization", sp_arena_printf(&f->arena, formats[i], SP_STR_ARG(token)));
        assert_int_equal(token_fixture_request(f), SP_OK);
        assert_true(f->principal.authenticated);
    }
    static const char *const none[] = {"Basic ZnJlZDpmcmVkcHdk", "Negotiate abc", "Bearertoken", "Token x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        token_fixture_header(f, "Authorization", sp_str_of(none[i]));
        assert_int_not_equal(token_fixture_request(f), SP_OK);
        assert_challenge(f, "oauth");
    }
    static const char *const broken[] = {"Bearer",      "Bearer ",  "Bearer a b",
                                         "Bearer a\"b", "Bearer =", "Bearer \xc3\xa4"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        token_fixture_header(f, "Authorization", sp_str_of(broken[i]));
        assert_int_not_equal(token_fixture_request(f), SP_OK);
        assert_challenge(f, "oauth");
    }
}

static void a_form_may_carry_the_token_alone(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    struct sp_str token = hs256(f, good_claims(f, ""));
    f->method = "POST";
    f->body = sp_arena_printf(&f->arena, "x=1&access_token=%.*s", SP_STR_ARG(token));
    token_fixture_header(f, "Content-Type", SP_STR("application/x-www-form-urlencoded"));
    assert_int_equal(token_fixture_request(f), SP_OK);
    f->body = sp_arena_printf(&f->arena, "access_token=%.*s&access_token=%.*s", SP_STR_ARG(token),
                              SP_STR_ARG(token));
    token_fixture_header(f, "Content-Type", SP_STR("application/x-www-form-urlencoded"));
    assert_int_equal(token_fixture_request(f), SP_ESYNTAX);
    assert_challenge(f, "oauth");
    f->body = sp_arena_printf(&f->arena, "access_token=%.*s", SP_STR_ARG(token));
    token_fixture_header(f, "Content-Type", SP_STR("application/x-www-form-urlencoded"));
    assert_int_equal(token_fixture_bearer(f, token), SP_ESYNTAX);
    f->method = "GET";
    token_fixture_header(f, "Content-Type", SP_STR("application/x-www-form-urlencoded"));
    assert_int_equal(token_fixture_request(f), SP_EDENIED);
}

static void a_header_of_its_own_and_its_segments_are_read(void **state)
{
    struct token_fixture *f = *state;
    f->client.header_name = SP_STR("X-Token");
    start(f);
    struct sp_str token = hs256(f, good_claims(f, ""));
    token_fixture_header(f, "x-token", token);
    assert_int_equal(token_fixture_request(f), SP_OK);
    token_fixture_header(f, "X-Token", sp_arena_printf(&f->arena, " Bearer %.*s ", SP_STR_ARG(token)));
    assert_int_equal(token_fixture_request(f), SP_OK);
    for (int with_scheme = 0; with_scheme < 2; with_scheme++) {
        struct sp_str all =
            sp_arena_printf(&f->arena, "%s%.*s", with_scheme ? "Bearer " : "", SP_STR_ARG(token));
        token_fixture_header(f, "X-Token-segments", SP_STR("3"));
        token_fixture_header(f, "X-Token-3", sp_str_slice(all, 60, all.len));
        token_fixture_header(f, "X-Token-1", sp_str_slice(all, 0, 30));
        token_fixture_header(f, "X-Token-2", sp_str_slice(all, 30, 60));
        assert_int_equal(token_fixture_request(f), SP_OK);
    }
    assert_int_equal(token_fixture_bearer(f, token), SP_EDENIED); /* Authorization is not looked at */
    token_fixture_header(f, "X-Token", token);
    token_fixture_header(f, "X-Token", token);
    assert_int_equal(token_fixture_request(f), SP_ESYNTAX);
    token_fixture_header(f, "X-Token", token); /* whole and in segments */
    token_fixture_header(f, "X-Token-segments", SP_STR("1"));
    token_fixture_header(f, "X-Token-1", token);
    assert_int_equal(token_fixture_request(f), SP_ESYNTAX);
    static const char *const counts[] = {"0", "65", "x", "-1", "2"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        token_fixture_header(f, "X-Token-segments", sp_str_of(counts[i]));
        token_fixture_header(f, "X-Token-1", token);
        assert_int_equal(token_fixture_request(f), SP_ESYNTAX);
    }
}

static void a_token_longer_than_the_limit_is_refused(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    char *text = sp_arena_alloc(&f->arena, SP_JWS_MAX + 2);
    memset(text, 'a', SP_JWS_MAX + 1);
    assert_int_equal(token_fixture_bearer(f, sp_str_from(text, SP_JWS_MAX + 1)), SP_ELIMIT);
    assert_challenge(f, "oauth");
}

/* ---- modes ---- */

static void required_says_so_and_supported_lets_others_try(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    token_fixture_header(f, "Accept", SP_STR("*/*"));
    assert_int_equal(token_fixture_request(f), SP_EDENIED);
    assert_challenge(f, "oauth");
    f->not_required = true;
    token_fixture_header(f, "Accept", SP_STR("*/*"));
    assert_int_equal(token_fixture_request(f), SP_OK);
    assert_false(f->principal.authenticated);
    assert_int_not_equal(token_fixture_bearer(f, SP_STR("a.b.c")), SP_OK); /* a bad one is bad all the same */
    f->not_required = false;
    f->client.propagation = SP_CFG_PROPAGATION_SUPPORTED;
    start(f);
    assert_int_equal(send_more(f, ""), SP_OK);
    assert_true(f->principal.authenticated);
    assert_int_not_equal(token_fixture_bearer(f, SP_STR("a.b.c")), SP_OK);
    assert_int_equal(f->challenge.status, 401);
    assert_true(sp_str_starts(sp_challenge_header(&f->challenge, "WWW-Authenticate"), SP_STR("Basic")));
}

static void the_registry_may_have_to_know_the_user(void **state)
{
    static const struct sp_cfg_user users[] = {{SP_STR_INIT("anna"), SP_STR_INIT("x")}};
    static const struct sp_str members[] = {SP_STR_INIT("anna")};
    static const struct sp_cfg_group groups[] = {{SP_STR_INIT("STAFF"), {members, 1}}};
    struct token_fixture *f = *state;
    start(f);
    assert_int_equal(send_more(f, ",\"groupIds\":\"CLAIMED\""), SP_OK);
    assert_true(f->principal.claimed_name && f->principal.claimed_groups && !f->principal.claimed_realm);
    f->client.map_identity_to_registry_user = true;
    start(f);
    assert_int_equal(send_more(f, ",\"groupIds\":\"CLAIMED\""), SP_ENOTFOUND);
    assert_int_equal(f->challenge.status, 403);
    f->basic.users = users;
    f->basic.user_count = 1;
    f->basic.groups = groups;
    f->basic.group_count = 1;
    start(f);
    assert_int_equal(send_more(f, ",\"groupIds\":\"CLAIMED\""), SP_OK);
    assert_true(sp_str_is(f->principal.realm, "basicRealm"));
    assert_true(!f->principal.claimed_name && !f->principal.claimed_groups);
    assert_int_equal(f->principal.groups.count, 1);
    assert_true(sp_str_is(f->principal.groups.items[0], "STAFF"));
    assert_true(sp_str_is(f->principal.original_realm, "https://issuer.example.com"));
}

static void a_filter_chooses_the_client(void **state)
{
    static const struct sp_cfg_condition condition = {.what = SP_STR_INIT("/api/two"),
                                                      .match = SP_CFG_CONTAINS};
    static const struct sp_cfg_auth_filter filter = {.id = SP_STR_INIT("two"),
                                                     .request_url = {&condition, 1}};
    struct token_fixture *f = *state;
    static const struct sp_cfg_auth_filter *const filters[] = {&filter};
    f->client.auth_filters = (struct sp_cfg_auth_filters){filters, 1};
    start(f);
    assert_int_equal(send_more(f, ""), SP_EDENIED); /* of /api/one: nobody looks at the token */
    assert_true(sp_str_starts(sp_challenge_header(&f->challenge, "WWW-Authenticate"), SP_STR("Basic")));
    f->url_path = "/api/two";
    assert_int_equal(send_more(f, ""), SP_OK);
}

static void of_several_clients_the_issuer_of_the_token_chooses(void **state)
{
    struct token_fixture *f = *state;
    struct sp_cfg_oidc clients[2] = {f->client, f->client};
    clients[0].id = SP_STR("first");
    clients[0].issuers = one_text(&f->arena, "https://first.example.com");
    clients[1].id = SP_STR("second");
    f->config.oidc_clients = clients;
    f->config.oidc_client_count = 2;
    start(f);
    assert_int_equal(send_more(f, ""), SP_OK);
    assert_true(sp_str_is(f->principal.provider, "second"));
    assert_int_equal(
        send(f, "{\"iss\":\"https://third.example.com\",\"sub\":\"a\",\"aud\":\"us\",\"exp\":4e9}"),
        SP_EDENIED); /* nobody's: the first says no */
    assert_string_equal(f->err.id, "CWWKS1781E");
}

static void a_client_comes_before_or_behind_the_cookie(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    f->client.propagation = SP_CFG_PROPAGATION_SUPPORTED;
    for (int disabled = 0; disabled < 2; disabled++) {
        struct sp_authn_table table;
        struct sp_authn_parts parts = {.config = &f->config, .registry = f->registry};
        assert_int_equal(sp_issuers_new(NULL, &f->config, &parts.issuers, &f->err), SP_OK);
        f->client.disable_ltpa_cookie = disabled;
        assert_int_equal(sp_authn_table_init(&parts, &table, &f->err), SP_OK);
        assert_int_equal(table.providers[0]->stage, disabled ? SP_STAGE_BEFORE_SSO : SP_STAGE_AFTER_SSO);
        sp_authn_table_finish(&table);
        sp_issuers_free(parts.issuers);
    }
}

static void no_algorithm_at_all_does_not_start(void **state)
{
    struct token_fixture *f = *state;
    f->client.signature_algorithm = SP_STR("none");
    assert_int_equal(token_fixture_start(f), SP_EINVAL);
    assert_non_null(strstr(f->err.text, "openidConnectClient rs"));
    f->client.signature_algorithm = SP_STR("HS256");
    f->client.shared_key = SP_STR("too short");
    assert_int_equal(token_fixture_start(f), SP_EDENIED);
    f->client.shared_key = (struct sp_str){0};
    start(f);
    assert_refused(f, send_more(f, ""), "CWWKS1739E");
}

static void urls_are_https_unless_that_is_not_needed(void **state)
{
    struct token_fixture *f = *state;
    f->client.https_required = true;
    f->client.signature_algorithm = SP_STR("RS256");
    f->client.jwk_url = SP_STR("http://127.0.0.1:1/keys");
    assert_int_equal(token_fixture_start(f), SP_EINVAL);
    assert_string_equal(f->err.id, "CWWKS1703E");
    f->client.https_required = false;
    start(f);
}

/* ---- possession ---- */

static struct sp_str hash_text(struct token_fixture *f, struct sp_str bytes)
{
    unsigned char hash[64];
    struct sp_buf text;
    sp_buf_init(&text, 64);
    assert_int_equal(sp_jwa_hash(256, bytes, hash), SP_OK);
    assert_int_equal(sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, 32), &text), SP_OK);
    struct sp_str copy = sp_arena_str(&f->arena, sp_buf_str(&text));
    sp_buf_finish(&text);
    return copy;
}

static void a_token_bound_to_a_certificate_needs_that_certificate(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    struct sp_str der = SP_STR("the certificate");
    struct sp_str token =
        hs256(f, good_claims(f, sp_arena_printf(&f->arena, ",\"cnf\":{\"x5t#S256\":\"%.*s\"}",
                                                SP_STR_ARG(hash_text(f, der)))
                                    .ptr));
    for (int time = 0; time < 2; time++) { /* remembered, it needs it too */
        f->certificate = der;
        assert_int_equal(token_fixture_bearer(f, token), SP_OK);
        assert_int_equal(f->principal.strength, SP_STRENGTH_POSSESSION);
        f->certificate = SP_STR("another one");
        assert_int_equal(token_fixture_bearer(f, token), SP_EDENIED);
        assert_challenge(f, "jwt");
        f->certificate = (struct sp_str){0};
        assert_int_equal(token_fixture_bearer(f, token), SP_EDENIED);
    }
    static const char *const unknown[] = {",\"cnf\":{}", ",\"cnf\":{\"kid\":\"x\"}", ",\"cnf\":1",
                                          ",\"cnf\":{\"jkt\":\"short\"}", ",\"cnf\":{\"x5t#S256\":1}"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(send_more(f, unknown[i]), SP_EDENIED);
}

struct proof {
    const char *typ, *htm, *htu, *jti, *ath;
    long long iat;
    bool other_key, without_key;
};

static struct sp_jwk_set *proof_keys[2];

static struct sp_str make_proof(struct token_fixture *f, struct sp_str token, const struct proof *how)
{
    struct sp_buf jwk, buf;
    sp_buf_init(&jwk, 1024);
    sp_buf_init(&buf, 8192);
    assert_int_equal(sp_jwk_write(&proof_keys[0]->keys[0], &jwk), SP_OK);
    struct sp_str header = sp_arena_printf(
        &f->arena, "\"typ\":\"%s\"%s%.*s", how->typ ? how->typ : "dpop+jwt",
        how->without_key ? "" : ",\"jwk\":", how->without_key ? 0 : (int)jwk.len, (char *)jwk.ptr);
    struct sp_str claims = sp_arena_printf(
        &f->arena, "{\"htm\":\"%s\",\"htu\":\"%s\",\"jti\":\"%s\",\"iat\":%lld,\"ath\":\"%s\"}",
        how->htm ? how->htm : "GET", how->htu ? how->htu : "https://API.example.com:443/api/one", how->jti,
        (long long)token_now() + how->iat, how->ath ? how->ath : hash_text(f, token).ptr);
    assert_int_equal(
        sp_jws_sign(SP_JWA_ES256, &proof_keys[how->other_key]->keys[0], header, claims, &buf, NULL), SP_OK);
    struct sp_str proof = sp_arena_str(&f->arena, sp_buf_str(&buf));
    sp_buf_finish(&jwk);
    sp_buf_finish(&buf);
    return proof;
}

static enum sp_status send_proof(struct token_fixture *f, struct sp_str token, const struct proof *how)
{
    token_fixture_header(f, "DPoP", make_proof(f, token, how));
    token_fixture_header(f, "Authorization", sp_arena_printf(&f->arena, "DPoP %.*s", SP_STR_ARG(token)));
    return token_fixture_request(f);
}

static void make_proof_keys(void)
{
    for (int i = 0; i < 2; i++) {
        EVP_PKEY *pkey = EVP_EC_gen("P-256");
        assert_int_equal(sp_jwk_set_from_pkey(pkey, NULL, false, &proof_keys[i], NULL), SP_OK);
        EVP_PKEY_free(pkey);
    }
}

static void a_token_bound_to_a_key_needs_a_fresh_proof_of_it(void **state)
{
    static const struct proof bad[] = {
        {.jti = "b1", .typ = "JWT"},
        {.jti = "b2", .htm = "POST"},
        {.jti = "b3", .htu = "https://api.example.com/api/two"},
        {.jti = "b4", .htu = "http://api.example.com/api/one"},
        {.jti = "b5", .htu = "https://api.example.com:8443/api/one"},
        {.jti = "b6", .iat = -302},
        {.jti = "b7", .iat = 302},
        {.jti = "b8", .ath = "x"},
        {.jti = "b9", .other_key = true},
        {.jti = "b10", .without_key = true},
        {.jti = ""},
    };
    struct token_fixture *f = *state;
    char thumbprint[SP_JWK_THUMBPRINT_TEXT];
    make_proof_keys();
    start(f);
    assert_int_equal(sp_jwk_thumbprint(&proof_keys[0]->keys[0], thumbprint), SP_OK);
    struct sp_str token =
        hs256(f, good_claims(f, sp_arena_printf(&f->arena, ",\"cnf\":{\"jkt\":\"%s\"}", thumbprint).ptr));
    assert_int_equal(send_proof(f, token, &(struct proof){.jti = "1"}), SP_OK);
    assert_int_equal(f->principal.strength, SP_STRENGTH_POSSESSION);
    assert_int_equal(
        send_proof(f, token, &(struct proof){.jti = "2", .htu = "https://api.example.com/api/one#x"}), SP_OK);
    assert_int_equal(send_proof(f, token, &(struct proof){.jti = "1"}), SP_EDENIED); /* again */
    assert_string_equal(f->err.id, "CWWKS1743E");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(send_proof(f, token, &bad[i]), SP_EDENIED);
        assert_int_equal(f->challenge.status, 401);
        assert_non_null(
            strstr(sp_challenge_header(&f->challenge, "WWW-Authenticate").ptr, "invalid_dpop_proof"));
    }
    assert_int_equal(token_fixture_bearer(f, token), SP_EDENIED); /* not as Bearer */
    token_fixture_header(f, "Authorization", sp_arena_printf(&f->arena, "DPoP %.*s", SP_STR_ARG(token)));
    assert_int_equal(token_fixture_request(f), SP_EDENIED); /* without a proof */
    token_fixture_header(f, "DPoP", make_proof(f, token, &(struct proof){.jti = "3"}));
    token_fixture_header(f, "DPoP", make_proof(f, token, &(struct proof){.jti = "4"}));
    token_fixture_header(f, "Authorization", sp_arena_printf(&f->arena, "DPoP %.*s", SP_STR_ARG(token)));
    assert_int_equal(token_fixture_request(f), SP_EDENIED); /* with two */
    sp_jwk_set_release(proof_keys[0]);
    sp_jwk_set_release(proof_keys[1]);
}

static void a_proof_can_be_required_of_every_token(void **state)
{
    struct token_fixture *f = *state;
    f->client.dpop = SP_STR("required");
    start(f);
    assert_int_equal(send_more(f, ""), SP_EDENIED);
    assert_true(sp_str_starts(sp_challenge_header(&f->challenge, "WWW-Authenticate"), SP_STR("DPoP ")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_good_token_gives_the_principal_of_its_claims),
        TEST(claims_with_other_names_are_read),
        TEST(names_and_groups_are_texts),
        TEST(the_issuer_is_exactly_one_of_those_named),
        TEST(one_audience_is_exactly_one_of_ours),
        TEST(without_audiences_a_token_is_for_the_url_of_this_server),
        TEST(a_token_without_end_is_refused),
        TEST(times_are_numbers_of_seconds),
        TEST(times_count_within_the_clock_skew),
        TEST(a_remembered_token_ends_when_it_says),
        TEST(a_wrong_signature_is_refused_again_and_again),
        TEST(another_algorithm_is_refused),
        TEST(what_is_no_jwt_inside_is_refused),
        TEST(tokens_for_other_purposes_are_refused),
        TEST(an_id_counts_once_unless_tokens_may_be_used_again),
        TEST(the_scheme_is_read_in_any_case_and_others_are_no_tokens),
        TEST(a_form_may_carry_the_token_alone),
        TEST(a_header_of_its_own_and_its_segments_are_read),
        TEST(a_token_longer_than_the_limit_is_refused),
        TEST(required_says_so_and_supported_lets_others_try),
        TEST(the_registry_may_have_to_know_the_user),
        TEST(a_filter_chooses_the_client),
        TEST(of_several_clients_the_issuer_of_the_token_chooses),
        TEST(a_client_comes_before_or_behind_the_cookie),
        TEST(no_algorithm_at_all_does_not_start),
        TEST(urls_are_https_unless_that_is_not_needed),
        TEST(a_token_bound_to_a_certificate_needs_that_certificate),
        TEST(a_token_bound_to_a_key_needs_a_fresh_proof_of_it),
        TEST(a_proof_can_be_required_of_every_token),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
