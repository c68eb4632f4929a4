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

#define ALL_GROUPS                                                                   \
    {                                                                                \
        .admin = LIST(SP_STR_INIT("GADM")), .operations = LIST(SP_STR_INIT("GOPR")), \
        .invoke = LIST(SP_STR_INIT("GINV")), .reader = LIST(SP_STR_INIT("GRDR"))     \
    }

static const struct sp_authz_rules per_function = {.per_level = false};
static const struct sp_authz_rules per_level = {.per_level = true};

static bool may(const struct sp_authz_rules *rules, const char *group, enum sp_authz_action action,
                const struct sp_cfg_groups *global, const struct sp_cfg_groups *item)
{
    const struct sp_str of[] = {sp_str_of("OTHER"), sp_str_of(group)};
    struct sp_principal principal = {.authenticated = true, .name = SP_STR("USER1"), .groups = {of, 2}};
    struct sp_error err = SP_ERROR_INIT;
    return sp_authz_level_by(rules, global, item, action, &principal, &err) == SP_OK;
}

static void each_level_grants_its_actions_and_no_other(void **state)
{
    const struct sp_cfg_groups global = ALL_GROUPS;
    static const struct {
        enum sp_authz_action action;
        bool admin, operations, invoke, reader;
    } rows[] = {
        {SP_ACT_INVOKE, false, false, true, false}, {SP_ACT_LIST, true, true, false, true},
        {SP_ACT_DETAILS, true, true, false, true},  {SP_ACT_DEPLOY, true, true, false, false},
        {SP_ACT_UPDATE, true, true, false, false},  {SP_ACT_STATISTICS, true, true, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(may(&per_function, "GADM", rows[i].action, &global, NULL), rows[i].admin);
        assert_int_equal(may(&per_function, "GOPR", rows[i].action, &global, NULL), rows[i].operations);
        assert_int_equal(may(&per_function, "GINV", rows[i].action, &global, NULL), rows[i].invoke);
        assert_int_equal(may(&per_function, "GRDR", rows[i].action, &global, NULL), rows[i].reader);
        assert_false(may(&per_function, "NONE", rows[i].action, &global, NULL));
    }
}

/* Groups of the reference's example: one API with groups of its own at two levels. */
static const struct sp_cfg_groups example_global = {
    .admin = LIST(SP_STR_INIT("SYSPGRP")),
    .operations = LIST(SP_STR_INIT("GBLOPERS"), SP_STR_INIT("CSCOPERS"), SP_STR_INIT("DB2OPERS")),
    .invoke = LIST(SP_STR_INIT("GBLINVKE")),
    .reader = LIST(SP_STR_INIT("GBLRDR")),
};
static const struct sp_cfg_groups cscvinc = {.operations = LIST(SP_STR_INIT("CSCOPERS")),
                                             .invoke = LIST(SP_STR_INIT("CSCINV"))};

static void only_these(const struct sp_authz_rules *rules, enum sp_authz_action action, const char *expected)
{
    static const char *const groups[] = {"SYSPGRP",  "GBLOPERS", "CSCOPERS", "DB2OPERS",
                                         "GBLINVKE", "GBLRDR",   "CSCINV",   "DB2INVKE"};
    char held[200] = "";
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (may(rules, groups[i], action, &example_global, &cscvinc))
            snprintf(held + strlen(held), sizeof held - strlen(held), "%s ", groups[i]);
    assert_string_equal(held, expected);
}

static void groups_of_an_item_override_per_function(void **state)
{
    only_these(&per_function, SP_ACT_LIST, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS GBLRDR ");
    only_these(&per_function, SP_ACT_DEPLOY, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS ");
    only_these(&per_function, SP_ACT_UPDATE, "CSCOPERS ");
    only_these(&per_function, SP_ACT_STATISTICS, "CSCOPERS ");
    only_these(&per_function, SP_ACT_INVOKE, "CSCINV ");
}

static void groups_of_an_item_can_override_per_level(void **state)
{
    only_these(&per_level, SP_ACT_LIST, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS GBLRDR ");
    only_these(&per_level, SP_ACT_UPDATE, "SYSPGRP CSCOPERS ");
    only_these(&per_level, SP_ACT_DETAILS, "SYSPGRP CSCOPERS GBLRDR ");
    only_these(&per_level, SP_ACT_INVOKE, "CSCINV ");
}

static void the_default_is_per_function_without_invoke_for_admin(void **state)
{
    const struct sp_str syspgrp = SP_STR_INIT("SYSPGRP");
    struct sp_principal principal = {.authenticated = true, .name = SP_STR("USER1"), .groups = {&syspgrp, 1}};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_authz_level(&example_global, &cscvinc, SP_ACT_UPDATE, &principal, &err), SP_EDENIED);
    assert_int_equal(sp_authz_level(&example_global, NULL, SP_ACT_INVOKE, &principal, &err), SP_EDENIED);
    assert_int_equal(sp_authz_level(&example_global, NULL, SP_ACT_UPDATE, &principal, &err), SP_OK);
}

static void a_function_the_item_does_not_protect_falls_back(void **state)
{
    const struct sp_cfg_groups only_invoke = {.invoke = LIST(SP_STR_INIT("CSCINV"))};
    assert_true(may(&per_function, "SYSPGRP", SP_ACT_UPDATE, &example_global, &only_invoke));
    assert_true(may(&per_function, "GBLRDR", SP_ACT_DETAILS, &example_global, &only_invoke));
    assert_false(may(&per_function, "GBLINVKE", SP_ACT_INVOKE, &example_global, &only_invoke));
}

static void admin_may_be_given_invoke(void **state)
{
    const struct sp_authz_rules rules = {.admin_invokes = true};
    assert_true(may(&rules, "SYSPGRP", SP_ACT_INVOKE, &example_global, NULL));
    assert_false(may(&rules, "SYSPGRP", SP_ACT_INVOKE, &example_global, &cscvinc));
    assert_false(may(&rules, "GBLOPERS", SP_ACT_INVOKE, &example_global, NULL));
    const struct sp_cfg_groups own_admin = {.admin = LIST(SP_STR_INIT("CSCADM"))};
    assert_true(may(&rules, "CSCADM", SP_ACT_INVOKE, &example_global, &own_admin));
    assert_false(may(&rules, "GBLINVKE", SP_ACT_INVOKE, &example_global, &own_admin));
}

static void without_groups_nobody_holds_a_level(void **state)
{
    const struct sp_cfg_groups none = {.admin = {NULL, 0}};
    for (enum sp_authz_action action = SP_ACT_INVOKE; action <= SP_ACT_STATISTICS; action++) {
        assert_false(may(&per_function, "GADM", action, &none, NULL));
        assert_false(may(&per_level, "GADM", action, &none, &none));
    }
}

static void the_refusal_names_the_user(void **state)
{
    const struct sp_cfg_groups global = ALL_GROUPS;
    struct sp_principal principal = {.authenticated = true, .name = SP_STR("USER1")};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_authz_level(&global, NULL, SP_ACT_INVOKE, &principal, &err), SP_EDENIED);
    assert_string_equal(err.id, "BAQR0409W");
    assert_string_equal(err.text, "User USER1 is not authorized to perform the request.");
}

static void nobody_is_in_no_group(void **state)
{
    const struct sp_cfg_groups global = ALL_GROUPS;
    const struct sp_str ginv = SP_STR_INIT("GINV");
    struct sp_principal principal = {.authenticated = false, .groups = {&ginv, 1}};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_authz_level(&global, NULL, SP_ACT_INVOKE, &principal, &err), SP_EDENIED);
    assert_string_equal(err.text, "User UNAUTHENTICATED is not authorized to perform the request.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_grants_its_actions_and_no_other),
        cmocka_unit_test(groups_of_an_item_override_per_function),
        cmocka_unit_test(groups_of_an_item_can_override_per_level),
        cmocka_unit_test(the_default_is_per_function_without_invoke_for_admin),
        cmocka_unit_test(a_function_the_item_does_not_protect_falls_back),
        cmocka_unit_test(admin_may_be_given_invoke),
        cmocka_unit_test(without_groups_nobody_holds_a_level),
        cmocka_unit_test(the_refusal_names_the_user),
        cmocka_unit_test(nobody_is_in_no_group),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authz_level", tests, NULL, NULL);
}
