/* SPDX-License-Identifier: Apache-2.0
 * One openidConnectClient: what is told of it before it serves, what its uses share, and what they tell of a
 * token's claims.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "authn/claims.h"
#include "authn/session_store.h"
#include "config/problem.h"
#include "issuer_server.h"
#include "text/json.h"
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

/* ---- claims ---- */

/* What mapping, interceptors and audit can ask for, of a token that is new or was seen before. */
static void assert_claims(const struct sp_principal *p)
{
    struct sp_arena arena;
    const struct sp_str wanted[] = {SP_STR_INIT("n"), SP_STR_INIT("nothing"),
                                    SP_STR_INIT("uniqueSecurityName"), SP_STR_INIT("groupIds")};
    const struct sp_str_list names = {wanted, 4};
    sp_arena_init(&arena, 65536);
    assert_int_equal(sp_principal_claims(p)->count, 8);
    assert_ptr_equal(sp_principal_claims(p), sp_principal_claims(p));
    assert_true(sp_str_is(sp_principal_claim_text(p, SP_STR("sub")), "anna"));
    assert_true(sp_str_is(sp_principal_claim_text(p, SP_STR("n")), "{\"d\":[1,2]}"));
    assert_true(sp_str_is(sp_principal_claim_text(p, SP_STR("exp")), "4000000000.5"));
    assert_null(sp_principal_claim_text(p, SP_STR("SUB")).ptr);
    assert_true(sp_principal_has_scope(p, SP_STR("write")));
    assert_false(sp_principal_has_scope(p, SP_STR("writ")));
    assert_true(sp_str_is(sp_principal_claims_named(p, &names, 1024, &arena),
                          "{\"n\":{\"d\":[1,2]},\"uniqueSecurityName\":\"u1\",\"groupIds\":[\"A\",\"B\"]}"));
    /* What has no room is left out, whole. */
    assert_true(sp_str_is(sp_principal_claims_named(p, &names, 30, &arena), "{\"n\":{\"d\":[1,2]}}"));
    assert_true(sp_str_is(sp_principal_claims_named(p, &names, 40, &arena),
                          "{\"n\":{\"d\":[1,2]},\"groupIds\":[\"A\",\"B\"]}"));
    assert_int_equal(sp_principal_claims_named(p, &names, 5, &arena).len, 0);
    assert_int_equal(sp_principal_claims_named(p, &(struct sp_str_list){wanted + 1, 1}, 99, &arena).len, 0);
    sp_arena_finish(&arena);
}

static void who_has_no_token_has_no_claims(void **state)
{
    struct token_fixture *f = *state;
    f->not_required = true;
    start(f);
    token_fixture_header(f, "X-Other", SP_STR("x"));
    assert_int_equal(token_fixture_request(f), SP_OK);
    assert_null(sp_principal_claims(&f->principal));
    assert_null(sp_principal_claim(&f->principal, SP_STR("sub")));
    assert_null(sp_principal_claim_text(&f->principal, SP_STR("sub")).ptr);
    assert_false(sp_principal_has_scope(&f->principal, SP_STR("read")));
}

static void claims_are_the_same_when_a_token_comes_again(void **state)
{
    struct token_fixture *f = *state;
    start(f);
    for (int time = 0; time < 3; time++) { /* the first is verified, the others are remembered */
        struct sp_str token =
            hs256(f, SP_STR("{\"iss\":\"https://issuer.example.com\",\"aud\":[\"x\",\"us\"],\"sub\":\"anna\","
                            "\"exp\":4000000000.5,\"groupIds\":[\"A\",\"B\"],\"scope\":\"read  write\","
                            "\"uniqueSecurityName\":\"u1\",\"n\":{\"d\":[1,2]}}"));
        assert_int_equal(token_fixture_bearer(f, token), SP_OK);
        assert_claims(&f->principal);
    }
}

/* ---- one issuer ---- */

static void token_checks_and_logins_share_keys_and_discovery(void **state)
{
    struct token_fixture *f = *state;
    struct issuer_server server = {0};
    struct sp_session_store *sessions;
    assert_true(issuer_server_start(&server, f->loop));
    f->client.propagation = SP_CFG_PROPAGATION_SUPPORTED;
    f->client.signature_algorithm = SP_STR("ES256");
    f->client.client_id = SP_STR("gateway");
    f->client.discovery_url = issuer_server_url(&server, "/.well-known/openid-configuration", &f->arena);
    server.pages[ISSUER_KEYS].body = "{\"keys\":[]}";
    server.pages[ISSUER_DISCOVERY].body =
        sp_arena_printf(&f->arena, "{\"issuer\":\"x\",\"jwks_uri\":\"http://127.0.0.1:%u/keys\"}",
                        server.port)
            .ptr;
    assert_int_equal(sp_session_store_open(NULL, 0, &sessions, &f->err), SP_OK);
    assert_int_equal(sp_registry_new(&f->config, NULL, NULL, &f->registry, &f->err), SP_OK);
    struct sp_authn_parts parts = {
        .config = &f->config, .registry = f->registry, .loop = f->loop, .sessions = sessions};
    assert_int_equal(sp_authn_new(&parts, &f->authn, &f->err), SP_OK);
    assert_true(sp_authn_owns_path(f->authn, SP_STR("/oidcclient/redirect/rs")));
    sp_authn_start(f->authn);
    int64_t until = sp_clock_monotonic_us() + 300000;
    while (sp_clock_monotonic_us() < until)
        sp_loop_run_once(f->loop, 10);
    assert_int_equal(server.pages[ISSUER_DISCOVERY].asked, 1);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 1);
    sp_authn_free(f->authn);
    f->authn = NULL;
    sp_session_store_close(sessions);
    issuer_server_stop(&server);
}

/* ---- what is told before it serves ---- */

/* The only problem; ptr NULL: there is none. */
static struct sp_str checked(struct token_fixture *f, enum sp_status expected, const char *id)
{
    struct sp_problems problems;
    struct sp_str text = {NULL, 0};
    sp_problems_init(&problems);
    f->err = (struct sp_error)SP_ERROR_INIT;
    assert_int_equal(sp_authn_check(&f->config, &problems, &f->err), expected);
    assert_int_equal(problems.errors, expected == SP_OK ? 0 : 1);
    assert_int_equal(problems.warnings, expected == SP_OK && id ? 1 : 0);
    if (problems.first) {
        assert_non_null(id);
        assert_string_equal(problems.first->id, id);
        assert_null(problems.first->next);
        text = sp_arena_str(&f->arena, problems.first->text);
        assert_non_null(strstr(text.ptr, "openidConnectClient rs"));
    }
    sp_problems_finish(&problems);
    return text;
}

static void assert_says(struct sp_str text, const char *words)
{
    if (!text.ptr || !memmem(text.ptr, text.len, words, strlen(words)))
        fail_msg("not '%s', but: %.*s", words, SP_STR_ARG(text));
}

static void what_cannot_be_used_is_told_before_it_serves(void **state)
{
    struct token_fixture *f = *state;
    static const struct sp_cfg_key_store missing = {
        .id = SP_STR_INIT("lost"), .location = SP_STR_INIT("/nowhere/keys.p12"), .file_based = true};
    static const struct sp_cfg_ssl ssl = {
        .id = SP_STR_INIT("out"), .key_store = &missing, .trust_store = &missing, .verify_hostname = true};
    const struct sp_cfg_oidc good = f->client;
    assert_null(checked(f, SP_OK, NULL).ptr);
    f->client.https_required = true;
    f->client.jwk_url = SP_STR("http://issuer.example.com/keys");
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "jwkEndpointUrl=\"http://issuer.example.com/keys\"");
    f->client = good;
    f->client.signature_algorithm = SP_STR("none");
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "signatureAlgorithm=\"none\"");
    f->client = good;
    f->client.shared_key = SP_STR("short");
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "rs");
    f->client = good;
    f->client.signature_algorithm = SP_STR("RS256");
    f->client.trust_store = &missing;
    f->client.trust_alias = SP_STR("issuer");
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "/nowhere/keys.p12");
    f->client = good;
    f->client.signature_algorithm = SP_STR("RS256");
    f->client.jwk_url = SP_STR("https://issuer.example.com/keys");
    f->client.ssl = &ssl;
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "/nowhere/keys.p12");
    f->client = good;
    f->client.propagation = SP_CFG_PROPAGATION_NONE;
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "inboundPropagation=\"none\"");
    f->client.client_id = SP_STR("gateway");
    f->client.login.authorization_url = SP_STR("https://issuer.example.com/authorize");
    f->client.login.grant_type = SP_STR("implicit");
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "grantType");
    f->client = good;
    f->client.client_id = SP_STR("gateway");
    f->client.token_endpoint_auth_method = SP_STR("private_key_jwt");
    assert_says(checked(f, SP_EINVAL, "SALA0040E"), "private_key_jwt needs a key");
}

static void what_can_do_nothing_is_told_too(void **state)
{
    struct token_fixture *f = *state;
    const struct sp_cfg_oidc good = f->client;
    f->client.signature_algorithm = SP_STR("RS256");
    f->client.shared_key = (struct sp_str){0};
    assert_says(checked(f, SP_OK, "SALA0041W"), "RS256");
    f->client.jwk_url = SP_STR("https://issuer.example.com/keys");
    assert_null(checked(f, SP_OK, NULL).ptr);
    f->client = good;
    f->client.shared_key = (struct sp_str){0};
    f->client.discovery_url = SP_STR("https://issuer.example.com/.well-known/openid-configuration");
    f->client.client_id = SP_STR("gateway");
    assert_says(checked(f, SP_OK, "SALA0041W"), "HS256"); /* which nobody publishes */
    f->client = good;
    f->client.validation_url = SP_STR("https://issuer.example.com/introspect");
    assert_says(checked(f, SP_OK, "SALA0042W"), "clientId");
    f->client.validation_method = SP_STR("userinfo");
    assert_null(checked(f, SP_OK, NULL).ptr);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(claims_are_the_same_when_a_token_comes_again),
        TEST(who_has_no_token_has_no_claims),
        TEST(token_checks_and_logins_share_keys_and_discovery),
        TEST(what_cannot_be_used_is_told_before_it_serves),
        TEST(what_can_do_nothing_is_told_too),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
