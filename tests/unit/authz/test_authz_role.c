/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "authz/authz.h"

#define LIST(...)                                                                \
    {                                                                            \
        (const struct sp_str[]){__VA_ARGS__},                                    \
            sizeof((const struct sp_str[]){__VA_ARGS__}) / sizeof(struct sp_str) \
    }

#define USERS(...)                                             \
    .users = (const struct sp_cfg_role_member[]){__VA_ARGS__}, \
    .user_count =                                              \
        sizeof((const struct sp_cfg_role_member[]){__VA_ARGS__}) / sizeof(struct sp_cfg_role_member)
#define GROUPS(...)                                             \
    .groups = (const struct sp_cfg_role_member[]){__VA_ARGS__}, \
    .group_count =                                              \
        sizeof((const struct sp_cfg_role_member[]){__VA_ARGS__}) / sizeof(struct sp_cfg_role_member)
#define NAMED(text)               \
    {                             \
        .name = SP_STR_INIT(text) \
    }
#define WITH_ID(text, id)                                       \
    {                                                           \
        .name = SP_STR_INIT(text), .access_id = SP_STR_INIT(id) \
    }
#define ROLE .name = SP_STR_INIT("zosConnectAccess")

static struct sp_error err;
static bool claimed_names;

/* By what the principal holds the role, or "". */
static const char *held_by(const struct sp_cfg_security_role *role, const struct sp_principal *principal)
{
    static char text[200];
    const struct sp_cfg_authorization_roles roles = {.roles = role, .role_count = role ? 1 : 0};
    const struct sp_config config = {.roles = role ? &roles : NULL, .manager.claimed_names = claimed_names};
    const struct sp_authz_role *compiled;
    struct sp_arena arena;
    sp_arena_init(&arena, 1000000);
    sp_error_clear(&err);
    assert_int_equal(sp_authz_role_new(&config, &arena, &compiled, &err), SP_OK);
    enum sp_status status = sp_authz_role(compiled, principal, &err);
    struct sp_str by = sp_authz_role_by(compiled, principal, &arena);
    assert_int_equal(status, by.ptr ? SP_OK : SP_EDENIED);
    snprintf(text, sizeof text, "%.*s", SP_STR_ARG(by));
    sp_arena_finish(&arena);
    return text;
}

static const struct sp_principal anonymous;
static const struct sp_principal fred = {.authenticated = true,
                                         .name = SP_STR_INIT("Fred"),
                                         .unique_id = SP_STR_INIT("uid=fred,o=shop"),
                                         .realm = SP_STR_INIT("https://issuer.example/op"),
                                         .groups = LIST(SP_STR_INIT("STAFF"), SP_STR_INIT("CLAIMS"))};

static void a_user_named_in_the_role_holds_it(void **state)
{
    const struct sp_cfg_security_role named = {ROLE, USERS(NAMED("Mary"), NAMED("Fred"))};
    const struct sp_cfg_security_role near = {ROLE, USERS(NAMED("FRED"), NAMED("Fre"), NAMED("Freda"))};
    assert_string_equal(held_by(&named, &fred), "user Fred");
    assert_string_equal(held_by(&near, &fred), "");
    assert_string_equal(err.text, "user Fred does not hold role zosConnectAccess");
}

static void a_member_of_a_group_of_the_role_holds_it(void **state)
{
    const struct sp_cfg_security_role named = {ROLE, GROUPS(NAMED("CLAIMS"))};
    const struct sp_cfg_security_role near = {ROLE, GROUPS(NAMED("Fred"), NAMED("claims"))};
    assert_string_equal(held_by(&named, &fred), "group CLAIMS");
    assert_string_equal(held_by(&near, &fred), "");
}

static void an_access_id_counts_instead_of_the_name(void **state)
{
    const struct {
        struct sp_cfg_security_role role;
        const char *by;
    } rows[] = {
        {{ROLE, USERS(WITH_ID("x", "user:https://issuer.example/op/Fred"))},
         ""}, /* his unique id is another */
        {{ROLE, USERS(WITH_ID("x", "user:https://issuer.example/op/uid=fred,o=shop"))}, "user Fred"},
        {{ROLE, USERS(WITH_ID("Fred", "user:https://other.example/op/Fred"))}, ""},
        {{ROLE, USERS(WITH_ID("Fred", "user:https://issuer.example/op/Mary"))}, ""},
        {{ROLE, USERS(WITH_ID("x", "group:https://issuer.example/op/Fred"))}, ""},
        {{ROLE, USERS(WITH_ID("x", "user:https://issuer.example/opFred"))}, ""},
        {{ROLE, USERS(WITH_ID("x", "https://issuer.example/op/Fred"))}, ""},
        {{ROLE, GROUPS(WITH_ID("x", "group:https://issuer.example/op/CLAIMS"))}, "group CLAIMS"},
        {{ROLE, GROUPS(WITH_ID("CLAIMS", "group:https://other.example/op/CLAIMS"))}, ""},
        {{ROLE, GROUPS(WITH_ID("x", "user:https://issuer.example/op/CLAIMS"))}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(held_by(&rows[i].role, &fred), rows[i].by);
    struct sp_principal without_id = fred;
    without_id.unique_id = SP_STR("");
    assert_string_equal(held_by(&rows[0].role, &without_id), "user Fred");
    assert_string_equal(held_by(&rows[1].role, &without_id), "");
    struct sp_principal without_realm = fred;
    without_realm.realm = SP_STR("");
    assert_string_equal(held_by(&rows[1].role, &without_realm), "");
}

static void what_an_issuer_claims_counts_by_its_access_id(void **state)
{
    const struct sp_cfg_security_role names = {ROLE, USERS(NAMED("Fred")), GROUPS(NAMED("CLAIMS"))};
    const struct sp_cfg_security_role user = {
        ROLE, USERS(WITH_ID("x", "user:https://issuer.example/op/uid=fred,o=shop"))};
    const struct sp_cfg_security_role group = {
        ROLE, GROUPS(WITH_ID("x", "group:https://issuer.example/op/CLAIMS"))};
    struct sp_principal claimed = fred;
    claimed.claimed_name = claimed.claimed_groups = true;
    assert_string_equal(held_by(&names, &claimed), "");
    assert_non_null(strstr(err.text, "sallyport_claimedNames"));
    assert_string_equal(held_by(&user, &claimed), "user Fred");
    assert_string_equal(held_by(&group, &claimed), "group CLAIMS");
    claimed.claimed_realm = true;
    assert_string_equal(held_by(&user, &claimed), "");
    assert_string_equal(held_by(&group, &claimed), "");
    claimed.claimed_groups = false; /* the registry knows them */
    assert_string_equal(held_by(&group, &claimed), "group CLAIMS");
    assert_string_equal(held_by(&names, &claimed), "group CLAIMS");
    claimed_names = true;
    claimed.claimed_groups = true;
    assert_string_equal(held_by(&names, &claimed), "user Fred");
    assert_string_equal(held_by(&user, &claimed), "user Fred");
    claimed.name = SP_STR("Other");
    assert_string_equal(held_by(&names, &claimed), "group CLAIMS");
    claimed_names = false;
}

static void who_is_mapped_has_the_name_of_his_user_id(void **state)
{
    const struct sp_cfg_security_role own = {ROLE, USERS(NAMED("Fred"))};
    const struct sp_cfg_security_role mapped = {ROLE, USERS(NAMED("NINA"))};
    const struct sp_cfg_security_role id = {
        ROLE, USERS(WITH_ID("x", "user:https://issuer.example/op/uid=fred,o=shop"))};
    struct sp_principal nina = fred;
    nina.saf_user = SP_STR("NINA");
    assert_string_equal(held_by(&mapped, &nina), ""); /* a user id of another kind is no name of his */
    nina.is_mapped = nina.claimed_name = true;
    assert_string_equal(held_by(&mapped, &nina), "user NINA");
    assert_string_equal(held_by(&own, &nina), "");
    assert_string_equal(held_by(&id, &nina), "user NINA");
}

static void special_subjects_stand_for_all(void **state)
{
    const struct sp_cfg_security_role authenticated = {ROLE, .all_authenticated = true};
    const struct sp_cfg_security_role everyone = {ROLE, .everyone = true};
    assert_string_equal(held_by(&authenticated, &fred), "ALL_AUTHENTICATED_USERS");
    assert_string_equal(held_by(&authenticated, &anonymous), "");
    assert_string_equal(err.text, "a request without identity does not hold role zosConnectAccess");
    assert_string_equal(held_by(&everyone, &anonymous), "EVERYONE");
    assert_string_equal(held_by(&everyone, &fred), "EVERYONE");
}

static void a_name_without_authentication_holds_nothing(void **state)
{
    const struct sp_cfg_security_role role = {
        ROLE, USERS(NAMED("Fred"), WITH_ID("x", "user:https://issuer.example/op/Fred")),
        GROUPS(NAMED("STAFF")), .all_authenticated = true};
    struct sp_principal claimed = fred;
    claimed.authenticated = false;
    assert_string_equal(held_by(&role, &claimed), "");
}

static void another_role_does_not_count(void **state)
{
    const struct sp_cfg_security_role role = {.name = SP_STR_INIT("zosconnectaccess"), .everyone = true};
    assert_string_equal(held_by(&role, &fred), "");
}

static void without_a_binding_nobody_holds_the_role(void **state)
{
    assert_string_equal(held_by(NULL, &fred), "");
    assert_non_null(strstr(err.text, "authorization-roles"));
}

static void many_members_are_told_apart(void **state)
{
    static char names[2000][8];
    static struct sp_cfg_role_member members[2000];
    for (size_t i = 0; i < 2000; i++) {
        snprintf(names[i], sizeof names[i], "U%zu", i);
        members[i].name = sp_str_of(names[i]);
    }
    const struct sp_cfg_security_role role = {ROLE, .users = members, .user_count = 1000};
    for (size_t i = 0; i < 2000; i += 37) {
        const struct sp_principal user = {.authenticated = true, .name = members[i].name};
        assert_int_equal(held_by(&role, &user)[0] != 0, i < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_named_in_the_role_holds_it),
        cmocka_unit_test(a_member_of_a_group_of_the_role_holds_it),
        cmocka_unit_test(an_access_id_counts_instead_of_the_name),
        cmocka_unit_test(what_an_issuer_claims_counts_by_its_access_id),
        cmocka_unit_test(who_is_mapped_has_the_name_of_his_user_id),
        cmocka_unit_test(special_subjects_stand_for_all),
        cmocka_unit_test(a_name_without_authentication_holds_nothing),
        cmocka_unit_test(another_role_does_not_count),
        cmocka_unit_test(without_a_binding_nobody_holds_the_role),
        cmocka_unit_test(many_members_are_told_apart),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authz_role", tests, NULL, NULL);
}
