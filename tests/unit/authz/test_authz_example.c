/* SPDX-License-Identifier: Apache-2.0
 * The worked example of groups that override each other, cell by cell: tests/data/authz/worked_example.txt,
 * for each action, item, kind of thing, user and pair of rules. The decision and the list of ways must both
 * agree with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "authz/authz.h"

#define LIST(...)                                                                \
    {                                                                            \
        (const struct sp_str[]){__VA_ARGS__},                                    \
            sizeof((const struct sp_str[]){__VA_ARGS__}) / sizeof(struct sp_str) \
    }

static const struct sp_cfg_groups global = {
    .admin = LIST(SP_STR_INIT("SYSPGRP")),
    .operations = LIST(SP_STR_INIT("GBLOPERS"), SP_STR_INIT("CSCOPERS"), SP_STR_INIT("DB2OPERS")),
    .invoke = LIST(SP_STR_INIT("GBLINVKE")),
    .reader = LIST(SP_STR_INIT("GBLRDR")),
};
static const struct sp_cfg_groups cscvinc = {.operations = LIST(SP_STR_INIT("CSCOPERS")),
                                             .invoke = LIST(SP_STR_INIT("CSCINV"))};
static const struct sp_cfg_groups db2employee = {.operations = LIST(SP_STR_INIT("DB2OPERS")),
                                                 .invoke = LIST(SP_STR_INIT("DB2INVKE"))};
static const struct sp_cfg_groups says_nothing;

/* Columns of the file. An element without groups is as none. */
enum column { CSCVINC, DB2EMPLOYEE, PLAIN, SERVER, COLUMNS };

static const struct {
    char letter;
    struct sp_str group; /* empty: no group at all */
} users[] = {
    {'S', SP_STR_INIT("SYSPGRP")},  {'G', SP_STR_INIT("GBLOPERS")}, {'C', SP_STR_INIT("CSCOPERS")},
    {'D', SP_STR_INIT("DB2OPERS")}, {'I', SP_STR_INIT("GBLINVKE")}, {'R', SP_STR_INIT("GBLRDR")},
    {'c', SP_STR_INIT("CSCINV")},   {'d', SP_STR_INIT("DB2INVKE")}, {'n', SP_STR_INIT("")},
};
#define USERS (sizeof users / sizeof users[0])

static struct sp_arena arena;
static unsigned cells;

static bool is_a_way(const struct sp_authz_access *access, enum sp_authz_action action, struct sp_str group)
{
    const struct sp_authz_grant *ways;
    size_t count;
    assert_int_equal(sp_authz_ways(access, action, &arena, &ways, &count), SP_OK);
    for (size_t i = 0; i < count; i++)
        if (sp_str_eq(ways[i].group, group))
            return true;
    return false;
}

static void check_cell(const struct sp_authz_rules *rules, enum sp_authz_object kind,
                       const struct sp_cfg_groups *item, enum sp_authz_action action, const char *expected)
{
    const struct sp_authz_access_options options = {rules, kind, &global, item, false};
    const struct sp_authz_access *access;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_authz_access_new(&options, &arena, &access, &err), SP_OK);
    for (size_t u = 0; u < USERS; u++) {
        const struct sp_principal principal = {
            .authenticated = true, .name = SP_STR("SOMEBODY"), .groups = {&users[u].group, 1}};
        bool may = strchr(expected, users[u].letter);
        bool permitted = sp_authz_level(access, action, &principal, &err) == SP_OK;
        if (permitted != may || is_a_way(access, action, users[u].group) != may)
            fail_msg("%s of %s, %s, %s: '%c' %s", sp_authz_action_name(action), sp_authz_object_name(kind),
                     rules->per_level ? "LEVEL" : "FUNCTION", rules->admin_invokes ? "yes" : "no",
                     users[u].letter, may ? "may, and is refused" : "may not, and is permitted");
        cells++;
    }
}

static void check_row(const struct sp_authz_rules *rules, enum sp_authz_action action,
                      char expected[COLUMNS][12])
{
    static const struct sp_cfg_groups *const items[] = {&cscvinc, &db2employee, &says_nothing};
    for (enum sp_authz_object kind = SP_OBJECT_API; kind < SP_OBJECTS; kind++)
        for (enum column c = 0; sp_authz_has_action(kind, action) && c < SERVER; c++)
            check_cell(rules, kind, items[c], action, expected[c]);
    assert_int_equal(sp_authz_has_action(SP_OBJECT_SERVER, action), expected[SERVER][0] != '.');
    if (expected[SERVER][0] != '.')
        check_cell(rules, SP_OBJECT_SERVER, NULL, action, expected[SERVER]);
}

static void read_line(const char *line, struct sp_authz_rules *rules, unsigned *rows)
{
    char override[12], admin[6], name[16], expected[COLUMNS][12];
    enum sp_authz_action action;
    if (line[0] == '#' || line[0] == '\n')
        return;
    if (sscanf(line, "[%11[A-Z], %5[a-z]]", override, admin) == 2) {
        rules->per_level = strcmp(override, "LEVEL") == 0;
        rules->admin_invokes = strcmp(admin, "yes") == 0;
        return;
    }
    assert_int_equal(
        sscanf(line, "%15s %11s %11s %11s %11s", name, expected[0], expected[1], expected[2], expected[3]),
        5);
    assert_true(sp_authz_action_named(sp_str_of(name), &action));
    check_row(rules, action, expected);
    ++*rows;
}

static void every_cell_of_the_example(void **state)
{
    char path[512], line[256];
    struct sp_authz_rules rules = sp_authz_default_rules;
    unsigned rows = 0;
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    assert_non_null(root);
    snprintf(path, sizeof path, "%s/tests/data/authz/worked_example.txt", root);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    sp_arena_init(&arena, 64u << 20);
    while (fgets(line, sizeof line, file))
        read_line(line, &rules, &rows);
    fclose(file);
    sp_arena_finish(&arena);
    /* 4 pairs of rules, 9 users; 3 items of each kind that has the action, and the server for four of them.
     */
    assert_int_equal(rows, 4 * SP_ACTIONS);
    assert_int_equal(cells, 4 * 9 * (3 * (8 * 3 + 2 + 1) + 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_example),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authz_example", tests, NULL, NULL);
}
