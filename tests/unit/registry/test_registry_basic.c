/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "registry/registry.h"

static const struct sp_cfg_user users[] = {
    {SP_STR_INIT("Fred"), SP_STR_INIT("fredpwd")},
    {SP_STR_INIT("USER1"), SP_STR_INIT("user1")},
    {SP_STR_INIT("nopass"), {NULL, 0}},
    {SP_STR_INIT("J\xc3\xbcrgen"), SP_STR_INIT("gr\xc3\xbc\xc3\x9f")},
};
static const struct sp_str staff[] = {SP_STR_INIT("Fred"), SP_STR_INIT("USER1"), SP_STR_INIT("Fred"),
                                      SP_STR_INIT("gone")};
static const struct sp_str claims[] = {SP_STR_INIT("fred")};
static const struct sp_cfg_group groups[] = {{SP_STR_INIT("STAFF"), {staff, 4}},
                                             {SP_STR_INIT("CLAIMS"), {claims, 1}},
                                             {SP_STR_INIT("STAFF"), {staff, 1}}};

struct fixture {
    struct sp_registry *registry;
    struct sp_arena arena;
    struct sp_error err;
};

static int make(void **state, bool ignore_case)
{
    static struct sp_cfg_basic_registry basic;
    basic = (struct sp_cfg_basic_registry){.realm = SP_STR_INIT("zosConnect"),
                                           .ignore_case = ignore_case,
                                           .users = users,
                                           .user_count = 4,
                                           .groups = groups,
                                           .group_count = 3};
    struct sp_config config = {.basic_registry = &basic};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    sp_arena_init(&fixture->arena, 100000);
    *state = fixture;
    return sp_registry_new(&config, &fixture->registry, &fixture->err) == SP_OK ? 0 : -1;
}

static int set_up(void **state)
{
    return make(state, false);
}

static int set_up_caseless(void **state)
{
    return make(state, true);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    sp_registry_free(fixture->registry);
    sp_arena_finish(&fixture->arena);
    free(fixture);
    return 0;
}

static enum sp_status verify(struct fixture *f, const char *name, const char *password,
                             struct sp_registry_user *ret_user)
{
    return io_registry_verify(f->registry, sp_str_of(name), sp_str_of(password), &f->arena, ret_user,
                              &f->err);
}

static void the_right_password_gives_name_and_groups(void **state)
{
    struct fixture *f = *state;
    struct sp_registry_user user;
    assert_int_equal(verify(f, "Fred", "fredpwd", &user), SP_OK);
    assert_true(sp_str_is(user.name, "Fred"));
    assert_true(sp_str_is(user.unique_id, "Fred"));
    assert_false(user.is_saf);
    assert_int_equal(user.groups.count, 1);
    assert_true(sp_str_is(user.groups.items[0], "STAFF"));
    assert_int_equal(verify(f, "J\xc3\xbcrgen", "gr\xc3\xbc\xc3\x9f", &user), SP_OK);
    assert_int_equal(user.groups.count, 0);
    assert_true(sp_str_is(sp_registry_realm(f->registry), "zosConnect"));
}

static void unknown_user_and_wrong_password_look_alike(void **state)
{
    struct fixture *f = *state;
    struct sp_registry_user user = {.name = SP_STR_INIT("untouched")};
    const char *wrong[][2] = {
        {"Fred", "fredpwD"}, {"Fred", "fredpw"}, {"Fred", "fredpwdd"}, {"Fred", ""},    {"fred", "fredpwd"},
        {"nobody", "x"},     {"", ""},           {"nopass", ""},       {"nopass", "x"}, {"nopass", "\xff"},
        {"nobody", "\xff"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(verify(f, wrong[i][0], wrong[i][1], &user), SP_EDENIED);
        assert_non_null(strstr(f->err.text, "unknown or the password is wrong"));
    }
    assert_true(sp_str_is(user.name, "untouched"));
}

static void passwords_with_nul_bytes_are_compared_whole(void **state)
{
    struct fixture *f = *state;
    struct sp_registry_user user;
    assert_int_equal(
        io_registry_verify(f->registry, SP_STR("Fred"), SP_STR("fredpwd\0"), &f->arena, &user, &f->err),
        SP_EDENIED);
    assert_int_equal(
        io_registry_verify(f->registry, SP_STR("Fred"), SP_STR("fredpwd\0x"), &f->arena, &user, &f->err),
        SP_EDENIED);
}

static void overlong_names_and_passwords_are_refused(void **state)
{
    struct fixture *f = *state;
    struct sp_registry_user user;
    char text[2000];
    memset(text, 'x', sizeof text);
    for (size_t len = 255; len <= 257; len++)
        assert_int_equal(
            io_registry_verify(f->registry, sp_str_from(text, len), SP_STR("x"), &f->arena, &user, &f->err),
            SP_EDENIED);
    for (size_t len = 1023; len <= 1025; len++)
        assert_int_equal(io_registry_verify(f->registry, SP_STR("Fred"), sp_str_from(text, len), &f->arena,
                                            &user, &f->err),
                         SP_EDENIED);
    assert_int_equal(io_registry_find(f->registry, sp_str_from(text, 2000), &f->arena, &user, &f->err),
                     SP_ENOTFOUND);
}

static void a_user_is_found_without_a_password(void **state)
{
    struct fixture *f = *state;
    struct sp_registry_user user;
    assert_int_equal(io_registry_find(f->registry, SP_STR("nopass"), &f->arena, &user, &f->err), SP_OK);
    assert_int_equal(io_registry_find(f->registry, SP_STR("fred"), &f->arena, &user, &f->err), SP_ENOTFOUND);
}

static void case_may_be_ignored_for_users_but_not_passwords(void **state)
{
    struct fixture *f = *state;
    struct sp_registry_user user;
    assert_int_equal(verify(f, "fRED", "fredpwd", &user), SP_OK);
    assert_true(sp_str_is(user.name, "Fred"));
    assert_int_equal(user.groups.count, 2);
    assert_true(sp_str_is(user.groups.items[0], "STAFF"));
    assert_true(sp_str_is(user.groups.items[1], "CLAIMS"));
    assert_int_equal(verify(f, "fRED", "FREDPWD", &user), SP_EDENIED);
}

static void a_user_given_twice_is_refused(void **state)
{
    const struct sp_cfg_user twice[] = {{SP_STR_INIT("Fred"), SP_STR_INIT("a")},
                                        {SP_STR_INIT("fred"), SP_STR_INIT("b")}};
    struct sp_cfg_basic_registry basic = {.users = twice, .user_count = 2};
    struct sp_config config = {.basic_registry = &basic};
    struct sp_registry *registry = NULL;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_registry_new(&config, &registry, &err), SP_OK);
    sp_registry_free(registry);
    registry = NULL;
    basic.ignore_case = true;
    assert_int_equal(sp_registry_new(&config, &registry, &err), SP_EEXISTS);
    assert_null(registry);
    assert_non_null(strstr(err.text, "fred"));
}

static void without_a_registry_nobody_gets_in(void **state)
{
    struct sp_config config = {0};
    struct sp_registry *registry = NULL;
    struct sp_registry_user user;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_registry_new(&config, &registry, &err), SP_OK);
    assert_int_equal(io_registry_verify(registry, SP_STR("a"), SP_STR("b"), NULL, &user, &err), SP_EDENIED);
    assert_int_equal(io_registry_find(registry, SP_STR("a"), NULL, &user, &err), SP_ENOTFOUND);
    sp_registry_free(registry);
    sp_registry_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_right_password_gives_name_and_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_user_and_wrong_password_look_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(passwords_with_nul_bytes_are_compared_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overlong_names_and_passwords_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_user_is_found_without_a_password, set_up, tear_down),
        cmocka_unit_test_setup_teardown(case_may_be_ignored_for_users_but_not_passwords, set_up_caseless,
                                        tear_down),
        cmocka_unit_test(a_user_given_twice_is_refused),
        cmocka_unit_test(without_a_registry_nobody_gets_in),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("registry_basic", tests, NULL, NULL);
}
