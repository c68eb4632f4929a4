/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "authz/authz.h"

#define LIST(...)                                                                \
    {                                                                            \
        (const struct sp_str[]){__VA_ARGS__},                                    \
            sizeof((const struct sp_str[]){__VA_ARGS__}) / sizeof(struct sp_str) \
    }

static enum sp_status decide(struct sp_cfg_security_role role, const struct sp_principal *principal)
{
    struct sp_cfg_authorization_roles roles = {.roles = &role, .role_count = 1};
    struct sp_config config = {.roles = &roles};
    struct sp_error err = SP_ERROR_INIT;
    return sp_authz_role(&config, principal, &err);
}

static const struct sp_principal anonymous;
static const struct sp_principal fred = {.authenticated = true,
                                         .name = SP_STR_INIT("Fred"),
                                         .groups = LIST(SP_STR_INIT("STAFF"), SP_STR_INIT("CLAIMS"))};

static void a_user_named_in_the_role_holds_it(void **state)
{
    struct sp_cfg_security_role role = {.name = SP_STR("zosConnectAccess"),
                                        .users = LIST(SP_STR_INIT("Fred"))};
    assert_int_equal(decide(role, &fred), SP_OK);
    role.users = (struct sp_str_list)LIST(SP_STR_INIT("FRED"), SP_STR_INIT("Fre"), SP_STR_INIT("Freda"));
    assert_int_equal(decide(role, &fred), SP_EDENIED);
}

static void a_member_of_a_group_of_the_role_holds_it(void **state)
{
    struct sp_cfg_security_role role = {.name = SP_STR("zosConnectAccess"),
                                        .groups = LIST(SP_STR_INIT("CLAIMS"))};
    assert_int_equal(decide(role, &fred), SP_OK);
    role.groups = (struct sp_str_list)LIST(SP_STR_INIT("Fred"), SP_STR_INIT("claims"));
    assert_int_equal(decide(role, &fred), SP_EDENIED);
}

static void special_subjects_stand_for_all(void **state)
{
    struct sp_cfg_security_role role = {.name = SP_STR("zosConnectAccess"), .all_authenticated = true};
    assert_int_equal(decide(role, &fred), SP_OK);
    assert_int_equal(decide(role, &anonymous), SP_EDENIED);
    role = (struct sp_cfg_security_role){.name = SP_STR("zosConnectAccess"), .everyone = true};
    assert_int_equal(decide(role, &anonymous), SP_OK);
}

static void a_name_without_authentication_holds_nothing(void **state)
{
    struct sp_principal claimed = fred;
    claimed.authenticated = false;
    struct sp_cfg_security_role role = {.name = SP_STR("zosConnectAccess"),
                                        .users = LIST(SP_STR_INIT("Fred")),
                                        .groups = LIST(SP_STR_INIT("STAFF"))};
    assert_int_equal(decide(role, &claimed), SP_EDENIED);
}

static void another_role_does_not_count(void **state)
{
    struct sp_cfg_security_role role = {.name = SP_STR("zosconnectaccess"), .everyone = true};
    assert_int_equal(decide(role, &fred), SP_EDENIED);
}

static void without_a_binding_nobody_holds_the_role(void **state)
{
    struct sp_config config = {0};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_authz_role(&config, &fred, &err), SP_EDENIED);
    assert_non_null(strstr(err.text, "authorization-roles"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_named_in_the_role_holds_it),
        cmocka_unit_test(a_member_of_a_group_of_the_role_holds_it),
        cmocka_unit_test(special_subjects_stand_for_all),
        cmocka_unit_test(a_name_without_authentication_holds_nothing),
        cmocka_unit_test(another_role_does_not_count),
        cmocka_unit_test(without_a_binding_nobody_holds_the_role),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authz_role", tests, NULL, NULL);
}
