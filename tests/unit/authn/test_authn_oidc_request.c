/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authn/oidc_request.h"

static struct sp_arena arena;
static struct sp_error err;
static struct sp_cfg_oidc config;
static const struct sp_oidc_login login = {
    .client = SP_STR_INIT("op"),
    .state = SP_STR_INIT("s"),
    .nonce = SP_STR_INIT("n"),
    .verifier = SP_STR_INIT("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
};

static int set_up(void **state)
{
    sp_arena_init(&arena, 1000000);
    config = (struct sp_cfg_oidc){
        .client_id = SP_STR("me&you"),
        .login = {.scope = SP_STR("openid profile"), .code_challenge_method = SP_STR("S256")}};
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static const char *url_to(const char *endpoint, const char *query)
{
    struct sp_str url;
    if (sp_oidc_authorization_url(&config, sp_str_of(endpoint), &login, SP_STR("https://here/cb"),
                                  sp_str_of(query), &arena, &url, &err) != SP_OK)
        return NULL;
    return sp_arena_cstr(&arena, url);
}

static void a_login_is_asked_for_with_code_state_nonce_and_proof(void **state)
{
    assert_string_equal(
        url_to("https://op/auth", ""),
        "https://op/auth?response_type=code&client_id=me%26you&redirect_uri=https%3A%2F%2Fhere%2Fcb"
        "&scope=openid%20profile&state=s&nonce=n"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
    config.login.code_challenge_method = SP_STR("plain");
    assert_non_null(strstr(url_to("https://op/auth", ""),
                           "&code_challenge=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&"
                           "code_challenge_method=plain"));
    config.login.code_challenge_method = SP_STR("disabled");
    assert_null(strstr(url_to("https://op/auth", ""), "code_challenge"));
}

static void an_endpoint_may_have_a_query_of_its_own(void **state)
{
    const char *url = url_to("https://op/auth?tenant=1", "");
    assert_int_equal(strncmp(url, "https://op/auth?tenant=1&response_type=code&", 44), 0);
}

static void openid_is_always_asked_for(void **state)
{
    config.login.scope = SP_STR("profile openidx");
    assert_non_null(strstr(url_to("https://op/auth", ""), "&scope=openid%20profile%20openidx&"));
    config.login.scope = SP_STR("");
    assert_non_null(strstr(url_to("https://op/auth", ""), "&scope=openid&"));
}

static void parameters_are_added_and_passed_on_but_never_those_of_the_protocol(void **state)
{
    struct sp_cfg_oidc_parameter more[] = {{SP_STR_INIT("acr_values"), SP_STR_INIT("gold")},
                                           {SP_STR_INIT("state"), SP_STR_INIT("mine")}};
    struct sp_str names[] = {SP_STR("login_hint"), SP_STR("redirect_uri"), SP_STR("absent")};
    config.login.authz_parameters = more;
    config.login.authz_parameter_count = 2;
    config.login.forwarded = (struct sp_str_list){names, 3};
    config.login.resource = SP_STR("urn:x");
    const char *url =
        url_to("https://op/auth", "a=1&login_hint=J%20D&redirect_uri=https://evil&login_hint=2");
    const char *end = strstr(url, "&resource=");
    assert_string_equal(end, "&resource=urn%3Ax&acr_values=gold&login_hint=J%20D");
    assert_null(strstr(url, "evil"));
    assert_null(strstr(url, "mine"));
}

static void endpoints_that_are_no_urls_are_refused(void **state)
{
    assert_null(url_to("https://op/a b", ""));
    assert_null(url_to("https://op/a\r\nX: y", ""));
    assert_null(url_to("https://op/#a", ""));
    char long_url[9000];
    memset(long_url, 'a', sizeof long_url);
    long_url[sizeof long_url - 1] = 0;
    assert_null(url_to(long_url, ""));
    assert_int_equal(err.status, SP_EINVAL);
}

static void a_code_is_changed_for_tokens_with_its_proof(void **state)
{
    struct sp_cfg_oidc_parameter more[] = {{SP_STR_INIT("tenant"), SP_STR_INIT("1")},
                                           {SP_STR_INIT("code"), SP_STR_INIT("mine")}};
    config.login.token_parameters = more;
    config.login.token_parameter_count = 2;
    struct sp_str form = sp_oidc_code_form(&config, &login, SP_STR("c d"), SP_STR("https://here/cb"), &arena);
    assert_true(sp_str_is(form,
                          "grant_type=authorization_code&code=c%20d&redirect_uri=https%3A%2F%2Fhere%2Fcb"
                          "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&tenant=1"));
}

static void a_logout_leads_back(void **state)
{
    struct sp_str url =
        sp_oidc_logout_url(&config, SP_STR("https://op/end"), SP_STR("https://here/"), &arena);
    assert_true(sp_str_is(url, "https://op/end?client_id=me%26you&post_logout_redirect_uri="
                               "https%3A%2F%2Fhere%2F"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_login_is_asked_for_with_code_state_nonce_and_proof),
        TEST(an_endpoint_may_have_a_query_of_its_own),
        TEST(openid_is_always_asked_for),
        TEST(parameters_are_added_and_passed_on_but_never_those_of_the_protocol),
        TEST(endpoints_that_are_no_urls_are_refused),
        TEST(a_code_is_changed_for_tokens_with_its_proof),
        TEST(a_logout_leads_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
