/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/password.h"
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
    return sp_registry_new(&config, NULL, NULL, &fixture->registry, &fixture->err) == SP_OK ? 0 : -1;
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

static void passwords_of_every_length_match_themselves_alone(void **state)
{
    char stored[130], presented[130];
    memset(stored, 'x', sizeof stored);
    memset(presented, 'x', sizeof presented);
    for (size_t len = 1; len < sizeof stored; len++) {
        const struct sp_cfg_user one = {SP_STR_INIT("one"), {stored, len}};
        struct sp_cfg_basic_registry basic = {.users = &one, .user_count = 1};
        struct sp_config config = {.basic_registry = &basic};
        struct sp_registry *registry;
        struct sp_registry_user user;
        struct sp_error err = SP_ERROR_INIT;
        assert_int_equal(sp_registry_new(&config, NULL, NULL, &registry, &err), SP_OK);
        for (size_t tried = 0; tried <= sizeof presented; tried++)
            assert_int_equal(
                io_registry_verify(registry, SP_STR("one"), sp_str_from(presented, tried), NULL, &user, &err),
                tried == len ? SP_OK : SP_EDENIED);
        presented[len - 1] = 'y';
        assert_int_equal(
            io_registry_verify(registry, SP_STR("one"), sp_str_from(presented, len), NULL, &user, &err),
            SP_EDENIED);
        presented[len - 1] = 'x';
        sp_registry_free(registry);
    }
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

static void groups_are_found_by_name(void **state)
{
    struct fixture *f = *state;
    struct sp_str name;
    assert_int_equal(io_registry_find_group(f->registry, SP_STR("STAFF"), &f->arena, &name, &f->err), SP_OK);
    assert_true(sp_str_is(name, "STAFF"));
    assert_int_equal(io_registry_find_group(f->registry, SP_STR("staff"), &f->arena, &name, &f->err),
                     SP_ENOTFOUND);
    assert_int_equal(io_registry_find_group(f->registry, SP_STR(""), &f->arena, &name, &f->err),
                     SP_ENOTFOUND);
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
    assert_int_equal(sp_registry_new(&config, NULL, NULL, &registry, &err), SP_OK);
    sp_registry_free(registry);
    registry = NULL;
    basic.ignore_case = true;
    assert_int_equal(sp_registry_new(&config, NULL, NULL, &registry, &err), SP_EEXISTS);
    assert_null(registry);
    assert_non_null(strstr(err.text, "fred"));
}

/* A registry of one user with a hashed password and one with a clear one. */
static struct sp_registry *make_hashed(struct sp_buf *hash, struct sp_cfg_user ret_users[2])
{
    struct sp_password_keys keys;
    struct sp_error err = SP_ERROR_INIT;
    sp_password_keys_init(&keys, (struct sp_str){NULL, 0});
    sp_buf_init(hash, 1000);
    assert_int_equal(sp_password_encode(&keys, SP_PASSWORD_AS_HASH, SP_STR("sesame"), hash, &err), SP_OK);
    sp_password_keys_finish(&keys);
    ret_users[0] = (struct sp_cfg_user){SP_STR("ali"), sp_buf_str(hash)};
    ret_users[1] = (struct sp_cfg_user){SP_STR("clear"), SP_STR("text")};
    static struct sp_cfg_basic_registry basic;
    basic = (struct sp_cfg_basic_registry){.users = ret_users, .user_count = 2};
    struct sp_config config = {.basic_registry = &basic};
    struct sp_registry *registry;
    assert_int_equal(sp_registry_new(&config, NULL, NULL, &registry, &err), SP_OK);
    return registry;
}

static enum sp_status log_in(struct sp_registry *registry, const char *name, const char *password)
{
    struct sp_registry_user user;
    struct sp_error err = SP_ERROR_INIT;
    return io_registry_verify(registry, sp_str_of(name), sp_str_of(password), NULL, &user, &err);
}

static void a_hashed_password_is_verified_and_the_hash_is_no_password(void **state)
{
    struct sp_buf hash;
    struct sp_cfg_user with_hash[2];
    struct sp_registry *registry = make_hashed(&hash, with_hash);
    char *as_text = strndup((const char *)hash.ptr, hash.len);
    assert_int_equal(log_in(registry, "ali", "sesame"), SP_OK);
    assert_int_equal(log_in(registry, "ali", "Sesame"), SP_EDENIED);
    assert_int_equal(log_in(registry, "ali", as_text), SP_EDENIED);
    assert_int_equal(log_in(registry, "clear", "text"), SP_OK);
    assert_int_equal(log_in(registry, "clear", "sesame"), SP_EDENIED);
    assert_int_equal(log_in(registry, "nobody", "sesame"), SP_EDENIED);
    free(as_text);
    sp_registry_free(registry);
    sp_buf_finish(&hash);
}

/* Of this process alone, so that others on the machine do not count. */
static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t time_of(struct sp_registry *registry, const char *name, const char *password)
{
    int64_t begun = cpu_us();
    enum sp_status status = log_in(registry, name, password);
    (void)status;
    return cpu_us() - begun;
}

static void a_login_tells_nothing_by_its_time(void **state)
{
    struct sp_buf hash;
    struct sp_cfg_user with_hash[2];
    struct sp_registry *registry = make_hashed(&hash, with_hash);
    int64_t slow = time_of(registry, "ali", "sesame");
    /* Each of these runs one hash; nothing else comes near its time. */
    assert_true(time_of(registry, "ali", "wrong") > slow / 4);
    assert_true(time_of(registry, "ali", "wrong") > slow / 4);
    assert_true(time_of(registry, "clear", "wrong") > slow / 4);
    assert_true(time_of(registry, "nobody", "wrong") > slow / 4);
    sp_registry_free(registry);
    sp_buf_finish(&hash);
}

static void without_a_registry_nobody_gets_in(void **state)
{
    struct sp_config config = {0};
    struct sp_registry *registry = NULL;
    struct sp_registry_user user;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_registry_new(&config, NULL, NULL, &registry, &err), SP_OK);
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
        cmocka_unit_test(passwords_of_every_length_match_themselves_alone),
        cmocka_unit_test_setup_teardown(overlong_names_and_passwords_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_user_is_found_without_a_password, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_found_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(case_may_be_ignored_for_users_but_not_passwords, set_up_caseless,
                                        tear_down),
        cmocka_unit_test(a_user_given_twice_is_refused),
        cmocka_unit_test(a_hashed_password_is_verified_and_the_hash_is_no_password),
        cmocka_unit_test(a_login_tells_nothing_by_its_time),
        cmocka_unit_test(without_a_registry_nobody_gets_in),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("registry_basic", tests, NULL, NULL);
}
