/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authn/session.h"

static const unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES] = "0123456789abcdef0123456789abcde";
static struct sp_cookie_seal seal;
static struct sp_arena arena;
static struct sp_error err;
static struct sp_str groups[400];

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

static struct sp_session session_with(size_t group_count, struct sp_str claims)
{
    struct sp_session session = {.provider = SP_STR("op"), .expires_us = 5000};
    sp_session_begin(&session, 1000);
    for (size_t i = 0; i < group_count; i++)
        groups[i] = SP_STR("a-group-of-some-length");
    session.assertion = (struct sp_assertion){.kind = SP_ASSERT_CLAIMED,
                                              .scheme = SP_AUTHN_OIDC,
                                              .strength = SP_STRENGTH_PASSWORD,
                                              .name = SP_STR("J\xc3\xbcrgen"),
                                              .realm = SP_STR("https://op.example"),
                                              .unique_id = SP_STR("4711"),
                                              .groups = {groups, group_count},
                                              .claims_json = claims};
    return session;
}

static void a_session_comes_back_as_it_went(void **state)
{
    struct sp_session session = session_with(2, SP_STR("{\"sub\":\"4711\",\"n\":[1.50]}")), back;
    struct sp_buf sealed;
    sp_buf_init(&sealed, 5000);
    assert_int_equal(sp_session_seal(&session, &seal, &sealed, &err), SP_OK);
    assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, 4999, &arena, &back, &err), SP_OK);
    assert_memory_equal(back.id, session.id, sizeof back.id);
    assert_true(sp_str_is(back.provider, "op"));
    assert_int_equal(back.issued_us, 1000);
    assert_int_equal(back.assertion.expires_us, 5000);
    assert_int_equal(back.assertion.kind, SP_ASSERT_CLAIMED);
    assert_int_equal(back.assertion.scheme, SP_AUTHN_OIDC);
    assert_int_equal(back.assertion.strength, SP_STRENGTH_PASSWORD);
    assert_true(sp_str_is(back.assertion.name, "J\xc3\xbcrgen"));
    assert_true(sp_str_is(back.assertion.realm, "https://op.example"));
    assert_true(sp_str_is(back.assertion.unique_id, "4711"));
    assert_int_equal(back.assertion.groups.count, 2);
    assert_true(sp_str_is(back.assertion.groups.items[1], "a-group-of-some-length"));
    assert_true(sp_str_is(back.assertion.claims_json, "{\"sub\":\"4711\",\"n\":[1.50]}"));
    sp_buf_finish(&sealed);
}

static void a_session_ends_and_cannot_be_changed(void **state)
{
    struct sp_session session = session_with(0, SP_STR("")), back;
    struct sp_buf sealed;
    sp_buf_init(&sealed, 5000);
    assert_int_equal(sp_session_seal(&session, &seal, &sealed, &err), SP_OK);
    assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, 5000, &arena, &back, &err), SP_ETIMEDOUT);
    sealed.ptr[30] ^= 1;
    assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, 1000, &arena, &back, &err), SP_EDENIED);
    assert_int_equal(sp_session_open(SP_STR(""), &seal, 1000, &arena, &back, &err), SP_EDENIED);
    sp_buf_finish(&sealed);
}

static void each_login_is_a_session_of_its_own(void **state)
{
    struct sp_session one = session_with(0, SP_STR("")), two = session_with(0, SP_STR(""));
    assert_memory_not_equal(one.id, two.id, sizeof one.id);
}

static void claims_give_way_where_a_cookie_is_too_small(void **state)
{
    char claims[3000];
    memset(claims, 'x', sizeof claims);
    memcpy(claims, "{\"a\":\"", 6);
    memcpy(claims + sizeof claims - 2, "\"}", 2);
    struct sp_session session = session_with(2, sp_str_from(claims, sizeof claims)), back;
    struct sp_buf sealed;
    sp_buf_init(&sealed, 5000);
    assert_int_equal(sp_session_seal(&session, &seal, &sealed, &err), SP_OK);
    assert_true(sealed.len <= SP_SESSION_SEALED_MAX);
    assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, 1000, &arena, &back, &err), SP_OK);
    assert_int_equal(back.assertion.claims_json.len, 0);
    assert_int_equal(back.assertion.groups.count, 2);
    sp_buf_finish(&sealed);
}

/* Whatever the size of what a cookie holds: no byte of it is lost where its form has its ends. */
static void a_session_of_each_size_is_whole_or_has_no_claims(void **state)
{
    char claims[3200];
    size_t whole = 0, without = 0;
    memset(claims, 'x', sizeof claims);
    memcpy(claims, "{\"a\":\"", 6);
    for (size_t len = 8; len <= sizeof claims; len += len < 2400 && len > 200 ? 61 : 1) {
        struct sp_str text = sp_str_from(claims, len);
        struct sp_session back, session = session_with(1, text);
        struct sp_buf sealed;
        struct sp_arena room;
        sp_arena_init(&room, 100000);
        memcpy(claims + len - 2, "\"}", 2);
        sp_buf_init(&sealed, 5000);
        assert_int_equal(sp_session_seal(&session, &seal, &sealed, &err), SP_OK);
        assert_true(sealed.len <= SP_SESSION_SEALED_MAX);
        assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, 1000, &room, &back, &err), SP_OK);
        assert_int_equal(back.assertion.groups.count, 1);
        if (back.assertion.claims_json.len)
            assert_true(!without && sp_str_eq(back.assertion.claims_json, text));
        *(back.assertion.claims_json.len ? &whole : &without) += 1;
        memset(claims + len - 2, 'x', 2);
        sp_buf_finish(&sealed);
        sp_arena_finish(&room);
    }
    assert_true(whole > 200 && without > 200);
}

static void a_session_ends_after_2038_when_it_says(void **state)
{
    const int64_t end_us = INT64_C(4102444800000000); /* 2100 */
    struct sp_session back, session = session_with(1, SP_STR(""));
    struct sp_buf sealed;
    session.expires_us = session.assertion.expires_us = end_us;
    sp_buf_init(&sealed, 5000);
    assert_int_equal(sp_session_seal(&session, &seal, &sealed, &err), SP_OK);
    assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, end_us - 1, &arena, &back, &err), SP_OK);
    assert_int_equal(back.expires_us, end_us);
    assert_int_equal(sp_session_open(sp_buf_str(&sealed), &seal, end_us, &arena, &back, &err), SP_ETIMEDOUT);
    sp_buf_finish(&sealed);
}

static void groups_never_give_way(void **state)
{
    struct sp_session session = session_with(400, SP_STR(""));
    struct sp_buf sealed;
    sp_buf_init(&sealed, 50000);
    assert_int_equal(sp_session_seal(&session, &seal, &sealed, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "400 groups"));
    assert_int_equal(sealed.len, 0);
    sp_buf_finish(&sealed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_session_comes_back_as_it_went),
        TEST(a_session_ends_and_cannot_be_changed),
        TEST(each_login_is_a_session_of_its_own),
        TEST(claims_give_way_where_a_cookie_is_too_small),
        TEST(a_session_of_each_size_is_whole_or_has_no_claims),
        TEST(a_session_ends_after_2038_when_it_says),
        TEST(groups_never_give_way),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
