/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authn/oidc_login.h"

static const unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES] = "0123456789abcdef0123456789abcde";
static struct sp_cookie_seal seal;
static struct sp_arena arena;
static struct sp_error err;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1000000);
    return sp_cookie_seal_init(&seal, secret, SP_STR("test"), &err);
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static struct sp_oidc_login login_to(const char *target)
{
    struct sp_oidc_login login;
    assert_int_equal(sp_oidc_login_make(SP_STR("op"), sp_str_of(target), 1000, &arena, &login), SP_OK);
    return login;
}

static void a_login_comes_back_as_it_went(void **state)
{
    struct sp_oidc_login login = login_to("/console?a=%22b%22&c"), back;
    struct sp_buf sealed;
    sp_buf_init(&sealed, 10000);
    assert_int_equal(sp_oidc_login_seal(&login, &seal, &sealed, &err), SP_OK);
    assert_int_equal(sp_oidc_login_open(sp_buf_str(&sealed), &seal, 999, &arena, &back, &err), SP_OK);
    assert_true(sp_str_is(back.client, "op") && sp_str_is(back.target, "/console?a=%22b%22&c"));
    assert_true(sp_str_eq(back.state, login.state) && sp_str_eq(back.nonce, login.nonce));
    assert_true(sp_str_eq(back.verifier, login.verifier));
    assert_int_equal(back.expires_us, 1000);
    sp_buf_finish(&sealed);
}

static void a_login_ends(void **state)
{
    struct sp_oidc_login login = login_to("/"), back;
    struct sp_buf sealed;
    sp_buf_init(&sealed, 10000);
    assert_int_equal(sp_oidc_login_seal(&login, &seal, &sealed, &err), SP_OK);
    assert_int_equal(sp_oidc_login_open(sp_buf_str(&sealed), &seal, 1000, &arena, &back, &err), SP_ETIMEDOUT);
    assert_non_null(strstr(err.text, "authenticationTimeLimit"));
    sp_buf_finish(&sealed);
}

static void what_was_not_sealed_here_is_refused(void **state)
{
    struct sp_oidc_login back;
    assert_int_equal(sp_oidc_login_open(SP_STR("e30"), &seal, 0, &arena, &back, &err), SP_EDENIED);
    assert_int_equal(sp_oidc_login_open(SP_STR(""), &seal, 0, &arena, &back, &err), SP_EDENIED);
    /* Sealed by us for another use. */
    struct sp_buf sealed;
    sp_buf_init(&sealed, 10000);
    assert_int_equal(sp_cookie_seal_text(&seal, SP_STR("{\"client\":\"op\"}"), &sealed, &err), SP_OK);
    assert_int_equal(sp_oidc_login_open(sp_buf_str(&sealed), &seal, 0, &arena, &back, &err), SP_EDENIED);
    sp_buf_finish(&sealed);
}

static void two_logins_have_nothing_in_common(void **state)
{
    struct sp_oidc_login one = login_to("/"), two = login_to("/");
    assert_int_equal(one.state.len, 43);
    assert_false(sp_str_eq(one.state, two.state));
    assert_false(sp_str_eq(one.nonce, two.nonce));
    assert_false(sp_str_eq(one.verifier, two.verifier));
    assert_false(sp_str_eq(one.state, one.nonce));
}

static void targets_that_leave_this_server_become_its_root(void **state)
{
    const char *bad[] = {"//evil.example/",
                         "/\\evil.example",
                         "https://evil.example/",
                         "evil",
                         "",
                         "/a b",
                         "/a\r\nSet-Cookie: x=y",
                         "/\xc3\xa9",
                         "\\/evil"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(sp_oidc_target_ok(sp_str_of(bad[i])));
        assert_true(sp_str_is(login_to(bad[i]).target, "/"));
    }
    const char *good[] = {"/", "/a//b", "/a?b=//c", "/a%5Cb"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(sp_oidc_target_ok(sp_str_of(good[i])));
}

static void the_longest_target_is_kept_and_a_longer_one_is_not(void **state)
{
    char target[SP_OIDC_TARGET_MAX + 2];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[SP_OIDC_TARGET_MAX + 1] = 0;
    assert_true(sp_str_is(login_to(target).target, "/"));
    target[SP_OIDC_TARGET_MAX] = 0;
    struct sp_oidc_login login = login_to(target);
    assert_int_equal(login.target.len, SP_OIDC_TARGET_MAX);
    struct sp_buf sealed;
    sp_buf_init(&sealed, 4096);
    assert_int_equal(sp_oidc_login_seal(&login, &seal, &sealed, &err), SP_OK);
    sp_buf_finish(&sealed);
}

/* RFC 7636 appendix B. */
static void the_challenge_is_that_of_the_rfc(void **state)
{
    struct sp_str challenge =
        sp_oidc_code_challenge(SP_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), &arena);
    assert_true(sp_str_is(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_login_comes_back_as_it_went),
        TEST(a_login_ends),
        TEST(what_was_not_sealed_here_is_refused),
        TEST(two_logins_have_nothing_in_common),
        TEST(targets_that_leave_this_server_become_its_root),
        TEST(the_longest_target_is_kept_and_a_longer_one_is_not),
        TEST(the_challenge_is_that_of_the_rfc),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
