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

static struct sp_arena arena;
static enum sp_authz_object item_kind = SP_OBJECT_API;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1000000);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static const struct sp_authz_access *access_of(const struct sp_authz_rules *rules, enum sp_authz_object kind,
                                               const struct sp_cfg_groups *global,
                                               const struct sp_cfg_groups *item, bool own_check)
{
    const struct sp_authz_access_options options = {rules, kind, global, item, own_check};
    const struct sp_authz_access *access;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_authz_access_new(&options, &arena, &access, &err), SP_OK);
    return access;
}

/* By the decision, which must agree with the list of ways. */
static bool may(const struct sp_authz_rules *rules, const char *group, enum sp_authz_action action,
                const struct sp_cfg_groups *global, const struct sp_cfg_groups *item)
{
    const struct sp_str of[] = {sp_str_of("OTHER"), sp_str_of(group)};
    const struct sp_authz_grant *ways;
    size_t count;
    bool listed = false;
    struct sp_principal principal = {.authenticated = true, .name = SP_STR("USER1"), .groups = {of, 2}};
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_authz_access *access =
        access_of(rules, item ? item_kind : SP_OBJECT_SERVER, global, item, false);
    bool permitted = sp_authz_level(access, action, &principal, &err) == SP_OK;
    assert_int_equal(sp_authz_ways(access, action, &arena, &ways, &count), SP_OK);
    for (size_t i = 0; i < count; i++)
        listed |= sp_str_is(ways[i].group, group);
    assert_int_equal(permitted, listed);
    return permitted;
}

/* docs/authorization.md, row by row. */
static const struct {
    enum sp_authz_action action;
    const char *name;
    bool admin, operations, invoke, reader;
    bool of_item;
    const char *objects; /* that have the action: a, s, r, and v for the server */
} table[] = {
    {SP_ACT_INVOKE, "invoke", false, false, true, false, true, "asr"},
    {SP_ACT_LIST, "list", true, true, false, true, false, "asrv"},
    {SP_ACT_DETAILS, "details", true, true, false, true, true, "asr"},
    {SP_ACT_DOCUMENT, "document", true, true, false, true, true, "asv"},
    {SP_ACT_DEPLOY, "deploy", true, true, false, false, false, "asrv"},
    {SP_ACT_UPDATE, "update", true, true, false, false, true, "asr"},
    {SP_ACT_START, "start", true, true, false, false, true, "asr"},
    {SP_ACT_STOP, "stop", true, true, false, false, true, "asr"},
    {SP_ACT_DELETE, "delete", true, true, false, false, true, "asr"},
    {SP_ACT_STATISTICS, "statistics", true, true, false, false, true, "sv"},
};
#define ROWS (sizeof table / sizeof table[0])

static void each_level_grants_its_actions_and_no_other(void **state)
{
    const struct sp_cfg_groups global = ALL_GROUPS;
    assert_int_equal(ROWS, SP_ACTIONS);
    for (size_t i = 0; i < ROWS; i++) {
        enum sp_authz_action action = table[i].action;
        assert_int_equal(may(&per_function, "GADM", action, &global, NULL), table[i].admin);
        assert_int_equal(may(&per_function, "GOPR", action, &global, NULL), table[i].operations);
        assert_int_equal(may(&per_function, "GINV", action, &global, NULL), table[i].invoke);
        assert_int_equal(may(&per_function, "GRDR", action, &global, NULL), table[i].reader);
        assert_false(may(&per_function, "NONE", action, &global, NULL));
    }
}

static void check_item_levels(const struct sp_cfg_groups *global, const struct sp_cfg_groups *item)
{
    static const char *const own[] = {"IADM", "IOPR", "IINV", "IRDR"};
    static const char *const of_all[] = {"GADM", "GOPR", "GINV", "GRDR"};
    for (size_t i = 0; i < ROWS; i++) {
        const bool granted[] = {table[i].admin, table[i].operations, table[i].invoke, table[i].reader};
        for (size_t g = 0; g < 4; g++) {
            bool expected = granted[g] && table[i].of_item;
            assert_int_equal(may(&per_function, own[g], table[i].action, global, item), expected);
            assert_int_equal(may(&per_level, own[g], table[i].action, global, item), expected);
            expected = granted[g] && !table[i].of_item;
            assert_int_equal(may(&per_function, of_all[g], table[i].action, global, item), expected);
            assert_int_equal(may(&per_level, of_all[g], table[i].action, global, item), expected);
        }
        assert_false(may(&per_function, "NONE", table[i].action, global, item));
    }
}

static void each_level_of_an_item_grants_the_same_of_it_and_nothing_of_the_collection(void **state)
{
    const struct sp_cfg_groups global = ALL_GROUPS;
    const struct sp_cfg_groups item = {.admin = LIST(SP_STR_INIT("IADM")),
                                       .operations = LIST(SP_STR_INIT("IOPR")),
                                       .invoke = LIST(SP_STR_INIT("IINV")),
                                       .reader = LIST(SP_STR_INIT("IRDR"))};
    for (item_kind = SP_OBJECT_API; item_kind < SP_OBJECTS; item_kind++)
        check_item_levels(&global, &item);
    item_kind = SP_OBJECT_API;
}

static void actions_have_names_and_objects(void **state)
{
    static const char letters[] = {[SP_OBJECT_SERVER] = 'v',
                                   [SP_OBJECT_API] = 'a',
                                   [SP_OBJECT_SERVICE] = 's',
                                   [SP_OBJECT_REQUESTER] = 'r'};
    enum sp_authz_action action;
    for (size_t i = 0; i < ROWS; i++) {
        assert_string_equal(sp_authz_action_name(table[i].action), table[i].name);
        assert_true(sp_authz_action_named(sp_str_of(table[i].name), &action));
        assert_int_equal(action, table[i].action);
        assert_int_equal(sp_authz_is_of_item(table[i].action), table[i].of_item);
        for (enum sp_authz_object kind = 0; kind < SP_OBJECTS; kind++)
            assert_int_equal(sp_authz_has_action(kind, table[i].action),
                             strchr(table[i].objects, letters[kind]) != NULL);
    }
    assert_false(sp_authz_action_named(SP_STR("Invoke"), &action));
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
static const struct sp_cfg_groups db2employee = {.operations = LIST(SP_STR_INIT("DB2OPERS")),
                                                 .invoke = LIST(SP_STR_INIT("DB2INVKE"))};

static void only_these(const struct sp_authz_rules *rules, enum sp_authz_action action,
                       const struct sp_cfg_groups *item, const char *expected)
{
    static const char *const groups[] = {"SYSPGRP",  "GBLOPERS", "CSCOPERS", "DB2OPERS",
                                         "GBLINVKE", "GBLRDR",   "CSCINV",   "DB2INVKE"};
    char held[200] = "";
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (may(rules, groups[i], action, &example_global, item))
            snprintf(held + strlen(held), sizeof held - strlen(held), "%s ", groups[i]);
    assert_string_equal(held, expected);
}

static void groups_of_an_item_override_per_function(void **state)
{
    static const enum sp_authz_action managing[] = {SP_ACT_UPDATE, SP_ACT_START, SP_ACT_STOP, SP_ACT_DELETE,
                                                    SP_ACT_STATISTICS};
    only_these(&per_function, SP_ACT_LIST, &cscvinc, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS GBLRDR ");
    only_these(&per_function, SP_ACT_DEPLOY, &cscvinc, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS ");
    for (size_t i = 0; i < sizeof managing / sizeof managing[0]; i++) {
        only_these(&per_function, managing[i], &cscvinc, "CSCOPERS ");
        only_these(&per_function, managing[i], &db2employee, "DB2OPERS ");
        only_these(&per_function, managing[i], NULL, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS ");
    }
    only_these(&per_function, SP_ACT_DETAILS, &cscvinc, "CSCOPERS ");
    only_these(&per_function, SP_ACT_DOCUMENT, &cscvinc, "CSCOPERS ");
    only_these(&per_function, SP_ACT_INVOKE, &cscvinc, "CSCINV ");
    only_these(&per_function, SP_ACT_INVOKE, &db2employee, "DB2INVKE ");
    only_these(&per_function, SP_ACT_INVOKE, NULL, "GBLINVKE ");
}

static void groups_of_an_item_can_override_per_level(void **state)
{
    only_these(&per_level, SP_ACT_LIST, &cscvinc, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS GBLRDR ");
    only_these(&per_level, SP_ACT_DEPLOY, &cscvinc, "SYSPGRP GBLOPERS CSCOPERS DB2OPERS ");
    only_these(&per_level, SP_ACT_UPDATE, &cscvinc, "SYSPGRP CSCOPERS ");
    only_these(&per_level, SP_ACT_STOP, &db2employee, "SYSPGRP DB2OPERS ");
    only_these(&per_level, SP_ACT_DETAILS, &cscvinc, "SYSPGRP CSCOPERS GBLRDR ");
    only_these(&per_level, SP_ACT_INVOKE, &cscvinc, "CSCINV ");
}

static void the_configuration_chooses_the_rules(void **state)
{
    struct sp_config config = {0};
    struct sp_authz_rules rules = sp_authz_rules_of(&config);
    assert_true(!rules.admin_invokes && !rules.per_level && !rules.filter_all_lists && !rules.claimed_names);
    config.manager.admin_invokes = true;
    config.manager.group_override = SP_CFG_OVERRIDE_LEVEL;
    config.manager.filter_lists = SP_CFG_FILTER_ALL;
    rules = sp_authz_rules_of(&config);
    assert_true(rules.admin_invokes && rules.per_level && rules.filter_all_lists && !rules.claimed_names);
    config.manager.claimed_names = true;
    assert_true(sp_authz_rules_of(&config).claimed_names);
}

static void the_default_is_per_function_without_invoke_for_admin(void **state)
{
    only_these(NULL, SP_ACT_UPDATE, &cscvinc, "CSCOPERS ");
    only_these(NULL, SP_ACT_INVOKE, NULL, "GBLINVKE ");
}

static void a_function_the_item_does_not_protect_falls_back(void **state)
{
    const struct sp_cfg_groups only_invoke = {.invoke = LIST(SP_STR_INIT("CSCINV"))};
    assert_true(may(&per_function, "SYSPGRP", SP_ACT_UPDATE, &example_global, &only_invoke));
    assert_true(may(&per_function, "GBLRDR", SP_ACT_DETAILS, &example_global, &only_invoke));
    assert_false(may(&per_function, "GBLINVKE", SP_ACT_INVOKE, &example_global, &only_invoke));
}

/* One level of the item has a group, the others none: who holds a global level still may what the item does
 * not protect, or what the level of his does not take away. */
static void each_level_of_an_item_alone(void **state)
{
    static const char *const of_all[] = {"GADM", "GOPR", "GINV", "GRDR"};
    const struct sp_cfg_groups global = ALL_GROUPS;
    const struct sp_cfg_groups own[] = {
        {.admin = LIST(SP_STR_INIT("OWN"))},
        {.operations = LIST(SP_STR_INIT("OWN"))},
        {.invoke = LIST(SP_STR_INIT("OWN"))},
        {.reader = LIST(SP_STR_INIT("OWN"))},
    };
    for (size_t set = 0; set < 4; set++)
        for (size_t i = 0; i < ROWS; i++) {
            const bool granted[] = {table[i].admin, table[i].operations, table[i].invoke, table[i].reader};
            bool protects = table[i].of_item && granted[set];
            assert_int_equal(may(&per_function, "OWN", table[i].action, &global, &own[set]), protects);
            assert_int_equal(may(&per_level, "OWN", table[i].action, &global, &own[set]), protects);
            for (size_t g = 0; g < 4; g++) {
                bool by_function = granted[g] && !protects;
                bool by_level = granted[g] && !(protects && g == set);
                assert_int_equal(may(&per_function, of_all[g], table[i].action, &global, &own[set]),
                                 by_function);
                assert_int_equal(may(&per_level, of_all[g], table[i].action, &global, &own[set]), by_level);
            }
        }
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
    for (enum sp_authz_action action = 0; action < SP_ACTIONS; action++) {
        assert_false(may(&per_function, "GADM", action, &none, NULL));
        assert_false(may(&per_level, "GADM", action, &none, &none));
    }
}

/* ---------------------------------------------------------------- lists */

static void lists_leave_out_what_its_own_groups_protect(void **state)
{
    static const struct sp_authz_rules services = {.filter_all_lists = false};
    static const struct sp_authz_rules all = {.filter_all_lists = true};
    const struct sp_cfg_groups readers = {.reader = LIST(SP_STR_INIT("OWNRDR")),
                                          .invoke = LIST(SP_STR_INIT("OWNINV"))};
    const struct sp_cfg_groups invokers = {.invoke = LIST(SP_STR_INIT("OWNINV"))};
    static const struct {
        const struct sp_authz_rules *rules;
        enum sp_authz_object kind;
        bool own_check, own_readers; /* interceptor and groups of its own */
        bool to_global_reader, to_own_reader, to_own_invoker;
    } rows[] = {
        {&services, SP_OBJECT_SERVICE, true, true, false, true, false},
        {&services, SP_OBJECT_SERVICE, true, false, true, true, true},
        {&services, SP_OBJECT_SERVICE, false, true, true, true, true},
        {&services, SP_OBJECT_API, true, true, true, true, true},
        {&services, SP_OBJECT_REQUESTER, true, true, true, true, true},
        {&all, SP_OBJECT_SERVICE, true, true, false, true, false},
        {&all, SP_OBJECT_API, true, true, false, true, false},
        {&all, SP_OBJECT_API, false, true, true, true, true},
        {&all, SP_OBJECT_API, true, false, true, true, true},
        {&all, SP_OBJECT_REQUESTER, true, true, false, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sp_authz_access *access =
            access_of(rows[i].rules, rows[i].kind, &example_global,
                      rows[i].own_readers ? &readers : &invokers, rows[i].own_check);
        const struct sp_str groups[] = {SP_STR("GBLRDR"), SP_STR("OWNRDR"), SP_STR("OWNINV")};
        const bool expected[] = {rows[i].to_global_reader, rows[i].to_own_reader, rows[i].to_own_invoker};
        for (size_t g = 0; g < 3; g++) {
            const struct sp_principal principal = {.authenticated = true, .groups = {&groups[g], 1}};
            assert_int_equal(sp_authz_is_listed(access, &principal), expected[g]);
        }
        const struct sp_principal nobody = {.groups = {groups, 3}};
        assert_int_equal(sp_authz_is_listed(access, &nobody), rows[i].to_global_reader);
    }
}

/* ---------------------------------------------------------------- who is asked about */

static enum sp_status refusal(const struct sp_principal *principal, struct sp_error *err)
{
    const struct sp_cfg_groups global = ALL_GROUPS;
    return sp_authz_level(access_of(NULL, SP_OBJECT_SERVER, &global, NULL, false), SP_ACT_INVOKE, principal,
                          err);
}

static void the_refusal_names_the_user(void **state)
{
    struct sp_principal principal = {.authenticated = true, .name = SP_STR("USER1")};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(refusal(&principal, &err), SP_EDENIED);
    assert_string_equal(err.id, "BAQR0409W");
    assert_string_equal(err.text, "User USER1 is not authorized to perform the request.");
}

static void nobody_is_in_no_group(void **state)
{
    const struct sp_str ginv = SP_STR_INIT("GINV");
    struct sp_principal principal = {.authenticated = false, .groups = {&ginv, 1}};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(refusal(&principal, &err), SP_EDENIED);
    assert_string_equal(err.text, "User UNAUTHENTICATED is not authorized to perform the request.");
}

static void the_unauthenticated_user_has_the_groups_of_his_user_id(void **state)
{
    const struct sp_str guests[] = {SP_STR_INIT("WSGUESTG"), SP_STR_INIT("GINV")};
    struct sp_principal principal = {
        .name = SP_STR("WSGUEST"), .saf_user = SP_STR("WSGUEST"), .groups = {guests, 1}};
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(refusal(&principal, &err), SP_EDENIED);
    assert_string_equal(err.text, "User WSGUEST is not authorized to perform the request.");
    principal.groups.count = 2;
    assert_int_equal(refusal(&principal, &err), SP_OK);
}

static void groups_that_an_issuer_claims_count_where_it_is_said(void **state)
{
    const struct sp_authz_rules claimed = {.claimed_names = true};
    const struct sp_cfg_groups global = ALL_GROUPS;
    static const struct sp_str of[] = {SP_STR_INIT("GINV"), SP_STR_INIT("GRDR"), SP_STR_INIT("GADM")};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_principal principal = {
        .authenticated = true, .name = SP_STR("USER1"), .groups = {of, 3}, .claimed_groups = true};
    for (enum sp_authz_action action = 0; action < SP_ACTIONS; action++) {
        const struct sp_authz_access *strict = access_of(NULL, SP_OBJECT_API, &global, NULL, false);
        const struct sp_authz_access *open = access_of(&claimed, SP_OBJECT_API, &global, NULL, false);
        principal.claimed_groups = true;
        assert_int_equal(sp_authz_level(strict, action, &principal, &err), SP_EDENIED);
        assert_int_equal(sp_authz_level(open, action, &principal, &err), SP_OK);
        principal.claimed_groups = false;
        assert_int_equal(sp_authz_level(strict, action, &principal, &err), SP_OK);
    }
    const struct sp_authz_access *hidden = access_of(NULL, SP_OBJECT_SERVICE, &global, &global, true);
    assert_true(sp_authz_is_listed(hidden, &principal));
    principal.claimed_groups = true;
    assert_false(sp_authz_is_listed(hidden, &principal));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_level_grants_its_actions_and_no_other),
        TEST(each_level_of_an_item_grants_the_same_of_it_and_nothing_of_the_collection),
        TEST(actions_have_names_and_objects),
        TEST(groups_of_an_item_override_per_function),
        TEST(groups_of_an_item_can_override_per_level),
        TEST(the_configuration_chooses_the_rules),
        TEST(the_default_is_per_function_without_invoke_for_admin),
        TEST(a_function_the_item_does_not_protect_falls_back),
        TEST(each_level_of_an_item_alone),
        TEST(admin_may_be_given_invoke),
        TEST(without_groups_nobody_holds_a_level),
        TEST(lists_leave_out_what_its_own_groups_protect),
        TEST(the_refusal_names_the_user),
        TEST(nobody_is_in_no_group),
        TEST(the_unauthenticated_user_has_the_groups_of_his_user_id),
        TEST(groups_that_an_issuer_claims_count_where_it_is_said),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authz_level", tests, NULL, NULL);
}
