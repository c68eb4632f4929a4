/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "authn/authn.h"

#define FRED "Basic ZnJlZDpmcmVkcHdk" /* fred:fredpwd */

struct fixture {
    struct sp_cfg_basic_registry basic;
    struct sp_config config;
    struct sp_registry *registry;
    struct sp_authn *authn;
    struct sp_arena arena;
    struct sp_principal principal;
    struct sp_challenge challenge;
    struct sp_error err;
};

static const struct sp_cfg_user users[] = {{SP_STR_INIT("fred"), SP_STR_INIT("fredpwd")}};
static const struct sp_str members[] = {SP_STR_INIT("fred")};
static const struct sp_cfg_group groups[] = {{SP_STR_INIT("STAFF"), {members, 1}}};

static void start(struct fixture *f)
{
    assert_int_equal(sp_registry_new(&f->config, NULL, NULL, &f->registry, &f->err), SP_OK);
    assert_int_equal(sp_authn_new(&(struct sp_authn_parts){.config = &f->config, .registry = f->registry},
                                  &f->authn, &f->err),
                     SP_OK);
}

/* With what the configuration says now. */
static void restart(struct fixture *f)
{
    sp_authn_free(f->authn);
    sp_registry_free(f->registry);
    start(f);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->basic = (struct sp_cfg_basic_registry){.realm = SP_STR_INIT("zos\"Connect"),
                                              .users = users,
                                              .user_count = 1,
                                              .groups = groups,
                                              .group_count = 1};
    f->config.basic_registry = &f->basic;
    f->config.web_app_security.allow_fail_over_to_basic_auth = true;
    sp_arena_init(&f->arena, 100000);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_authn_free(f->authn);
    sp_registry_free(f->registry);
    sp_arena_finish(&f->arena);
    free(f);
    return 0;
}

static enum sp_status run(struct fixture *f, bool required, const char *first, const char *second)
{
    struct sp_http_header headers[] = {{SP_STR_INIT("Host"), SP_STR_INIT("h")},
                                       {SP_STR_INIT("aUTHORIZATION"), sp_str_of(first)},
                                       {SP_STR_INIT("Authorization"), sp_str_of(second)}};
    struct sp_http_request request = {.headers = headers, .header_count = second ? 3 : first ? 2 : 1};
    f->principal = (struct sp_principal){0};
    f->challenge = (struct sp_challenge){0};
    return io_authn_run(f->authn, &request, required, &f->arena, &f->principal, &f->challenge, &f->err);
}

static void good_credentials_give_a_principal(void **state)
{
    struct fixture *f = *state;
    start(f);
    for (int required = 0; required <= 1; required++) {
        assert_int_equal(run(f, required, FRED, NULL), SP_OK);
        assert_true(f->principal.authenticated);
        assert_int_equal(f->principal.scheme, SP_AUTHN_BASIC);
        assert_true(sp_str_is(f->principal.name, "fred"));
        assert_true(sp_str_is(f->principal.saf_user, "FRED"));
        assert_true(sp_str_is(f->principal.realm, "zos\"Connect"));
        assert_int_equal(f->principal.groups.count, 1);
        assert_true(sp_str_is(f->principal.groups.items[0], "STAFF"));
    }
}

static void without_credentials_a_challenge_comes_when_needed(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_int_equal(run(f, true, NULL, NULL), SP_EDENIED);
    assert_int_equal(f->challenge.status, 401);
    assert_true(sp_str_is(sp_challenge_header(&f->challenge, "WWW-Authenticate"),
                          "Basic realm=\"defaultRealm\", charset=\"UTF-8\""));
    assert_int_equal(run(f, false, NULL, NULL), SP_OK);
    assert_false(f->principal.authenticated);
    assert_int_equal(f->principal.name.len, 0);
}

static void bad_credentials_are_refused_even_when_none_are_needed(void **state)
{
    struct fixture *f = *state;
    start(f);
    const char *bad[] = {
        "Basic ZnJlZDp3cm9uZw==", "Basic bm9ib2R5Ong=", "Basic ZnJlZA==", "Basic !!", "Basic", "basic "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (int required = 0; required <= 1; required++) {
            assert_int_not_equal(run(f, required, bad[i], NULL), SP_OK);
            assert_int_equal(f->challenge.status, 401);
            assert_non_null(sp_challenge_header(&f->challenge, "WWW-Authenticate").ptr);
            assert_false(f->principal.authenticated);
        }
}

static void two_authorization_headers_are_refused(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_int_equal(run(f, true, FRED, FRED), SP_ESYNTAX);
    assert_int_equal(f->challenge.status, 401);
    assert_int_equal(run(f, false, FRED, "Bearer x"), SP_ESYNTAX);
}

static void another_scheme_counts_as_none(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_int_equal(run(f, true, "Bearer eyJ", NULL), SP_EDENIED);
    assert_int_equal(f->challenge.status, 401);
    assert_int_equal(run(f, false, "Bearer eyJ", NULL), SP_OK);
    assert_false(f->principal.authenticated);
}

static void without_fail_over_passwords_are_not_taken(void **state)
{
    struct fixture *f = *state;
    f->config.web_app_security.allow_fail_over_to_basic_auth = false;
    start(f);
    assert_int_equal(run(f, true, FRED, NULL), SP_EDENIED);
    assert_int_equal(f->challenge.status, 403);
    assert_null(sp_challenge_header(&f->challenge, "WWW-Authenticate").ptr);
    assert_non_null(strstr(f->err.text, "allowFailOverToBasicAuth"));
    assert_int_equal(run(f, false, FRED, NULL), SP_OK);
    assert_false(f->principal.authenticated);
}

static void basic_can_be_the_method_or_the_fail_over(void **state)
{
    struct fixture *f = *state;
    struct sp_cfg_web_app_security *security = &f->config.web_app_security;
    security->allow_fail_over_to_basic_auth = false;
    start(f);
    security->override_method = SP_STR("BASIC");
    restart(f);
    assert_int_equal(run(f, true, FRED, NULL), SP_OK);
    assert_int_equal(run(f, true, NULL, NULL), SP_EDENIED);
    assert_int_equal(f->challenge.status, 401);
    security->override_method = SP_STR("CLIENT_CERT");
    restart(f);
    assert_int_equal(run(f, true, FRED, NULL), SP_EDENIED);
    assert_int_equal(f->challenge.status, 403);
    security->fail_over_method = SP_STR("BASIC");
    restart(f);
    assert_int_equal(run(f, true, FRED, NULL), SP_OK);
    security->fail_over_method = SP_STR("FORM");
    restart(f);
    assert_int_equal(run(f, true, FRED, NULL), SP_EDENIED);
}

static void the_realm_is_shown_when_asked_for(void **state)
{
    struct fixture *f = *state;
    f->config.web_app_security.display_authentication_realm = true;
    start(f);
    assert_int_equal(run(f, true, NULL, NULL), SP_EDENIED);
    assert_true(sp_str_is(sp_challenge_header(&f->challenge, "WWW-Authenticate"),
                          "Basic realm=\"zos\\\"Connect\", charset=\"UTF-8\""));
}

static void a_realm_name_of_its_own_wins(void **state)
{
    struct fixture *f = *state;
    f->config.web_app_security.display_authentication_realm = true;
    f->config.web_app_security.basic_authentication_realm = SP_STR("Bank\r\nX: y");
    start(f);
    assert_int_equal(run(f, true, NULL, NULL), SP_EDENIED);
    assert_true(sp_str_is(sp_challenge_header(&f->challenge, "WWW-Authenticate"),
                          "Basic realm=\"BankX: y\", charset=\"UTF-8\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_credentials_give_a_principal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_credentials_a_challenge_comes_when_needed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_credentials_are_refused_even_when_none_are_needed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_authorization_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_scheme_counts_as_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_fail_over_passwords_are_not_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(basic_can_be_the_method_or_the_fail_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_realm_is_shown_when_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_realm_name_of_its_own_wins, set_up, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_run", tests, NULL, NULL);
}
