/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "config/rule_set.h"

static struct sp_arena arena;
static struct sp_problems problems;
static struct sp_rule_set set;

static int begin(void **state)
{
    sp_arena_init(&arena, 8 << 20);
    sp_problems_init(&problems);
    return 0;
}

static int end(void **state)
{
    sp_arena_finish(&arena);
    sp_problems_finish(&problems);
    return 0;
}

static void parse(const char *xml)
{
    if (sp_rule_set_parse(sp_str_of(xml), SP_STR("r.xml"), &arena, &problems, &set) != SP_OK)
        fail_msg("%s", problems.first->text.ptr);
}

static void refused(const char *xml, unsigned line, const char *text)
{
    assert_int_equal(sp_rule_set_parse(sp_str_of(xml), SP_STR("r.xml"), &arena, &problems, &set), SP_EINVAL);
    assert_string_equal(problems.first->id, "SALC0090E");
    if (!strstr(problems.first->text.ptr, text) || problems.first->line != line)
        fail_msg("line %u: %s", problems.first->line, problems.first->text.ptr);
    sp_problems_finish(&problems);
    sp_problems_init(&problems);
}

static void an_open_choice_is_warned_about(void **state)
{
    parse("<ruleset name='r'><rule name='o'><conditions><header name='c' match='ANY_VALUE'/></conditions>"
          "<actions><set property='cicsConnectionRef' value='${c}'/></actions></rule></ruleset>");
    assert_int_equal(problems.warnings, 1);
    assert_string_equal(problems.first->id, "SALC0091W");
}

#define RULE(conditions, actions)                                                                     \
    "<ruleset name='r'>\n<rule name='a'>\n<conditions>" conditions "</conditions>\n<actions>" actions \
    "</actions></rule></ruleset>"
#define GOOD_SET "<set property='cicsTransId' value='x'/>"
#define GOOD_HEADER "<header name='h' value='v'/>"

static void what_is_not_a_rule_is_refused_with_its_place(void **state)
{
    refused("<rules/>", 1, "not <ruleset>");
    refused("<ruleset", 1, "not well formed");
    refused("<ruleset><rule/></ruleset>", 1, "needs name");
    refused("<ruleset name='r'/>", 1, "holds 0 elements");
    refused("<ruleset name='r'><other/></ruleset>", 1, "<other> does not belong");
    refused("<ruleset name='r'>\n<rule name='a'/></ruleset>", 2, "exactly one <conditions>");
    refused(RULE("", GOOD_SET), 3, "holds 0 elements");
    refused(RULE(GOOD_HEADER, ""), 4, "holds 0 elements");
    refused(RULE("<header name='h'/>", GOOD_SET), 3, "needs value");
    refused(RULE("<header name='h' value=' , '/>", GOOD_SET), 3, "holds 0 values");
    refused(RULE("<header value='v'/>", GOOD_SET), 3, "needs name");
    refused(RULE("<header name='h' match='ALL'/>", GOOD_SET), 3, "not ANY_VALUE");
    refused(RULE("<header name='h' match='ANY_VALUE' value='v'/>", GOOD_SET), 3, "not both");
    refused(RULE("<header name='h h' value='v'/>", GOOD_SET), 3, "no header can have the name");
    refused(RULE("<header name='h' values='v'/>", GOOD_SET), 3, "has no attribute values");
    refused(RULE("text" GOOD_HEADER, GOOD_SET), 3, "there is text");
    refused(RULE("<cookie name='h'/>", GOOD_SET), 3, "<cookie> does not belong");
    refused(RULE(GOOD_HEADER, "<set property='cicsUser' value='x'/>"), 4, "cannot be set by a rule");
    refused(RULE(GOOD_HEADER, "<set property='cicsTransId'/>"), 4, "needs value");
    refused(RULE(GOOD_HEADER, "<set property='db2CollectionID' value='A#B'/>"), 4, "cannot hold #");
    refused("<ruleset name='r'><rule name='a'><conditions>" GOOD_HEADER
            "</conditions><conditions>" GOOD_HEADER "</conditions><actions>" GOOD_SET
            "</actions></rule></ruleset>",
            1, "exactly one <conditions>");
}

static void what_the_format_allows_is_read(void **state)
{
    parse("<ruleset>\n<rule name='a'><conditions><header name='h' match='ANY_VALUE' value=''/></conditions>"
          "<actions><set property='cicsProgram' value='PGM'/></actions></rule></ruleset>");
    assert_int_equal(set.name.len, 0);
    assert_int_equal(set.rules[0].line, 2);
    assert_string_equal(set.rules[0].actions[0].name.ptr, "cicsProgram");
    assert_string_equal(set.rules[0].actions[0].value.ptr, "PGM");
    assert_int_equal(set.rules[0].conditions[0].values.count, 0);
}

static void limits_hold(void **state)
{
    struct sp_buf xml;
    for (int rules = 1000; rules <= 1001; rules++) {
        sp_buf_init(&xml, 1 << 20);
        sp_buf_append_str(&xml, SP_STR("<ruleset name='r'>"));
        for (int i = 0; i < rules; i++)
            sp_buf_append_str(&xml, SP_STR("<rule name='a'><conditions>" GOOD_HEADER
                                           "</conditions><actions>" GOOD_SET "</actions></rule>"));
        sp_buf_append_str(&xml, SP_STR("</ruleset>"));
        assert_int_equal(sp_rule_set_parse(sp_buf_str(&xml), SP_STR("r"), &arena, &problems, &set),
                         rules == 1000 ? SP_OK : SP_EINVAL);
        sp_buf_finish(&xml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_open_choice_is_warned_about, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_a_rule_is_refused_with_its_place, begin, end),
        cmocka_unit_test_setup_teardown(what_the_format_allows_is_read, begin, end),
        cmocka_unit_test_setup_teardown(limits_hold, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
