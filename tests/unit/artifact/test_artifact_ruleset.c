/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artifact/ruleset.h"

static struct sp_arena arena;
static struct sp_rule_set *set;
static struct sp_error err;

static int set_up(void **state)
{
    sp_arena_init(&arena, (size_t)64 << 20);
    set = NULL;
    sp_error_clear(&err);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static enum sp_status read_text(const char *text)
{
    return sp_rule_set_read(sp_str_of(text), "rules.xml", &arena, &set, &err);
}

static void assert_refused(enum sp_status status, unsigned line, const char *what, const char *text)
{
    assert_int_equal(read_text(text), status);
    if (!strstr(err.text, what))
        fail_msg("\"%s\" does not say \"%s\"", err.text, what);
    assert_string_equal(err.file, "rules.xml");
    assert_int_equal(err.line, line);
    assert_null(set);
}

#define RULE(conditions, actions)                                                                \
    "<ruleset>\n<rule name='r'>\n<conditions>\n" conditions "</conditions>\n<actions>\n" actions \
    "</actions></rule></ruleset>"
#define HEADER "<header name='X-Env' value='a'/>\n"
#define SET "<set property='cicsTransId' value='ABCD'/>\n"

static void a_rule_set_is_read_whole(void **state)
{
    assert_int_equal(
        read_text(
            "<?xml version='1.0'?><ruleset name='all'><rule name='first'><conditions>"
            "<header name='X-Env' value='test, qa ,dev'/><header name='X-Tran' match='ANY_VALUE' value=''/>"
            "</conditions><actions><set property='cicsConnectionRef' value='cics-${x-env}-${X-Tran}'/>"
            "<set property='cicsCcsid' value=' 1047 '/></actions></rule>"
            "<rule name='second'><actions><set property='imsTranCode' value='IV$NO'/></actions>"
            "<conditions><header name='h' value='x'/></conditions></rule></ruleset>"),
        SP_OK);
    assert_true(sp_str_is(set->name, "all"));
    assert_int_equal(set->rule_count, 2);
    const struct sp_rule *rule = &set->rules[0];
    assert_true(sp_str_is(rule->name, "first"));
    assert_int_equal(rule->condition_count, 2);
    assert_int_equal(rule->conditions[0].value_count, 3);
    assert_true(sp_str_is(rule->conditions[0].values[1], "qa"));
    assert_true(sp_str_is(rule->conditions[0].values[2], "dev"));
    assert_int_equal(rule->conditions[1].value_count, 0);
    assert_int_equal(rule->action_count, 2);
    const struct sp_rule_action *action = &rule->actions[0];
    assert_int_equal(action->property, SP_RULE_CONNECTION);
    assert_int_equal(action->part_count, 4);
    assert_true(sp_str_is(action->parts[0].text, "cics-"));
    assert_ptr_equal(action->parts[1].condition, &rule->conditions[0]);
    assert_true(sp_str_is(action->parts[2].text, "-"));
    assert_ptr_equal(action->parts[3].condition, &rule->conditions[1]);
    assert_int_equal(rule->actions[1].property, SP_RULE_CCSID);
    assert_true(sp_str_is(rule->actions[1].parts[0].text, "1047"));
    assert_int_equal(set->rules[1].actions[0].property, SP_RULE_OF_OTHERS);
    assert_true(sp_str_is(set->rules[1].actions[0].parts[0].text, "IV$NO"));
}

static void a_rule_set_needs_no_name(void **state)
{
    assert_int_equal(read_text(RULE(HEADER, SET)), SP_OK);
    assert_int_equal(set->name.len, 0);
}

static void what_is_not_of_the_format_is_refused(void **state)
{
    assert_refused(SP_EINVAL, 1, "begins with <rules>", "<rules/>");
    assert_refused(SP_ESYNTAX, 1, "", "<ruleset>");
    assert_refused(SP_EINVAL, 2, "<rulee> does not belong into <ruleset>", "<ruleset>\n<rulee/></ruleset>");
    assert_refused(SP_EINVAL, 1, "no attribute \"nmae\"", "<ruleset nmae='x'/>");
    assert_refused(SP_EINVAL, 4, "no attribute \"values\"", RULE("<header name='h' values='a'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "<query> does not belong", RULE("<query name='h' value='a'/>\n", SET));
    assert_refused(SP_EINVAL, 7, "<unset> does not belong", RULE(HEADER, "<unset property='x'/>\n"));
    assert_refused(SP_EINVAL, 3, "there is text", RULE("not " HEADER, SET));
}

static void missing_parts_are_refused(void **state)
{
    assert_refused(SP_EINVAL, 1, "<ruleset> is empty", "<ruleset/>");
    assert_refused(SP_EINVAL, 3, "<conditions> is empty", RULE("", SET));
    assert_refused(SP_EINVAL, 6, "<actions> is empty", RULE(HEADER, ""));
    assert_refused(SP_EINVAL, 1, "<rule> has no <conditions>",
                   "<ruleset><rule name='a'><actions/></rule></ruleset>");
    assert_refused(SP_EINVAL, 1, "<rule> has no <actions>",
                   "<ruleset><rule name='a'><conditions/></rule></ruleset>");
    assert_refused(SP_EINVAL, 1, "<rule> has no name",
                   "<ruleset><rule><conditions/><actions/></rule></ruleset>");
    assert_refused(SP_EEXISTS, 2, "<conditions> twice",
                   "<ruleset><rule name='a'><conditions/>\n<conditions/><actions/></rule></ruleset>");
    assert_refused(SP_EINVAL, 4, "neither value nor match", RULE("<header name='h'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "name of a header is missing", RULE("<header value='a'/>\n", SET));
    assert_refused(SP_EINVAL, 7, "no value", RULE(HEADER, "<set property='cicsTransId'/>\n"));
    assert_refused(SP_EINVAL, 7, "no property", RULE(HEADER, "<set value='A'/>\n"));
}

static void conditions_that_mean_nothing_are_refused(void **state)
{
    assert_refused(SP_EINVAL, 4, "is empty", RULE("<header name='h' value='a,,b'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "is empty", RULE("<header name='h' value=' '/>\n", SET));
    assert_refused(SP_EINVAL, 4, "is empty", RULE("<header name='h' value='a,'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "not printable", RULE("<header name='h' value='a&#9;b'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "ANY_VALUE only", RULE("<header name='h' match='any'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "keep one", RULE("<header name='h' match='ANY_VALUE' value='a'/>\n", SET));
    assert_refused(SP_EINVAL, 4, "not one that a header can have",
                   RULE("<header name='a b' value='a'/>\n", SET));
    assert_refused(SP_EEXISTS, 5, "two conditions", RULE(HEADER "<header name='x-env' value='b'/>\n", SET));
}

static void actions_that_mean_nothing_are_refused(void **state)
{
    assert_refused(SP_EINVAL, 7, "did you mean cicsTransId?",
                   RULE(HEADER, "<set property='cicsTransID' value='A'/>\n"));
    assert_refused(SP_EINVAL, 7, "no property \"colour\"",
                   RULE(HEADER, "<set property='colour' value='A'/>\n"));
    assert_refused(SP_EINVAL, 7, "no property \"ims\"", RULE(HEADER, "<set property='ims' value='A'/>\n"));
    assert_refused(SP_EEXISTS, 8, "set twice", RULE(HEADER, SET SET));
    assert_refused(SP_ESYNTAX, 7, "without its }",
                   RULE(HEADER, "<set property='cicsTransId' value='A${X-Env'/>\n"));
    assert_refused(SP_EINVAL, 7, "${X-Other} in the value of cicsTransId",
                   RULE(HEADER, "<set property='cicsTransId' value='${X-Other}'/>\n"));
    assert_refused(SP_EINVAL, 7, "${}", RULE(HEADER, "<set property='cicsTransId' value='${}'/>\n"));
}

/* `count` times `piece` in the middle of a rule set. */
static char *repeated(const char *before, const char *piece, size_t count, const char *after)
{
    size_t size = strlen(before) + strlen(after) + count * (strlen(piece) + 8) + 1;
    char *text = malloc(size), *at = text;
    assert_non_null(text);
    at += sprintf(at, "%s", before);
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, piece, (unsigned)i);
    sprintf(at, "%s", after);
    return text;
}

static enum sp_status read_repeated(const char *before, const char *piece, size_t count, const char *after)
{
    char *text = repeated(before, piece, count, after);
    set = NULL;
    enum sp_status status = read_text(text);
    assert_int_equal(status == SP_OK, set != NULL);
    free(text);
    return status;
}

#define OPEN "<ruleset><rule name='r'><conditions>"
#define MIDDLE "</conditions><actions>"
#define CLOSE "</actions></rule></ruleset>"

static void limits_hold_at_and_beyond(void **state)
{
    const struct {
        const char *before, *piece, *after;
        size_t most;
    } cases[] = {
        {"<ruleset>", "<rule name='r%u'><conditions>" HEADER "</conditions><actions>" SET "</actions></rule>",
         "</ruleset>", SP_RULES_MAX},
        {OPEN, "<header name='h%u' value='a'/>", MIDDLE SET CLOSE, SP_RULE_CONDITIONS_MAX},
        {OPEN "<header name='h' value='x", ",v%u", "'/>" MIDDLE SET CLOSE, SP_RULE_VALUES_MAX - 1},
        {OPEN HEADER MIDDLE, "<set property='ims%u' value='a'/>", CLOSE, SP_RULE_ACTIONS_MAX},
        {OPEN "<header name='h' value='x'/>" MIDDLE "<set property='imsX' value='", "${h}", "'/>" CLOSE,
         SP_RULE_PARTS_MAX},
        {OPEN HEADER MIDDLE "<set property='imsX' value='", "x", "'/>" CLOSE, SP_RULE_VALUE_BYTES_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(read_repeated(cases[i].before, cases[i].piece, cases[i].most, cases[i].after),
                         SP_OK);
        assert_int_equal(read_repeated(cases[i].before, cases[i].piece, cases[i].most + 1, cases[i].after),
                         SP_ELIMIT);
    }
    const char *rest = "<ruleset><rule name='r'><conditions>" HEADER "</conditions><actions>" SET CLOSE;
    assert_int_equal(read_repeated("", " ", SP_RULE_SET_BYTES_MAX - strlen(rest), rest), SP_OK);
    assert_int_equal(read_repeated("", " ", SP_RULE_SET_BYTES_MAX - strlen(rest) + 1, rest), SP_ELIMIT);
}

static void memory_that_runs_out_is_told(void **state)
{
    for (size_t ceiling = 1; ceiling < 200000; ceiling += 4000) {
        struct sp_arena small;
        sp_arena_init(&small, ceiling);
        set = NULL;
        enum sp_status status =
            sp_rule_set_read(sp_str_of(RULE(HEADER, SET)), "rules.xml", &small, &set, &err);
        assert_true(status == SP_ENOMEM || (status == SP_OK && set));
        sp_arena_finish(&small);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rule_set_is_read_whole),
        TEST(a_rule_set_needs_no_name),
        TEST(what_is_not_of_the_format_is_refused),
        TEST(missing_parts_are_refused),
        TEST(conditions_that_mean_nothing_are_refused),
        TEST(actions_that_mean_nothing_are_refused),
        TEST(limits_hold_at_and_beyond),
        TEST(memory_that_runs_out_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
