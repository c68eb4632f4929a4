/* SPDX-License-Identifier: Apache-2.0
 * Rules of a policy: what is refused when the server starts, and what they say of a request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/message.h"
#include "gateway/policy.h"
#include "server.h"

#define TARGET "/accounts/42?name=Smith"
#define MANAGER "requireAuth='false' requireSecure='false'"
#define ELEMENTS                                                                              \
    "<zosconnect_cicsIpicConnection id='testConn' host='127.0.0.1' port='2' transid='TEST'/>" \
    "<zosconnect_cicsIpicConnection id='qaConn' host='127.0.0.1' port='3'/>"                  \
    "<zosconnect_zosConnectAPIs policyRef='routing'/>"                                        \
    "<zosconnect_policy id='routing'><ruleset file='one.xml'/><ruleset file='two.xml'/></zosconnect_policy>"

#define RULE(name, conditions, actions) \
    "<rule name='" name "'><conditions>" conditions "</conditions><actions>" actions "</actions></rule>"
#define HEADER(name, values) "<header name='" name "' value='" values "'/>"
#define ANY(name) "<header name='" name "' match='ANY_VALUE'/>"
#define SET(property, value) "<set property='" property "' value='" value "'/>"
#define OPEN_CHOICE "SALC0091W" /* of the configuration */
/* A rule that never holds: every policy of these tests has two files. */
#define NEVER RULE("never", HEADER("X-Never", "x"), SET("cicsTransId", "NEVR"))

static struct server server;

static int set_up(void **state)
{
    server_init(&server);
    return 0;
}

static int tear_down(void **state)
{
    server_finish(&server);
    return 0;
}

static void put_rules(const char *name, const char *rules)
{
    char path[200], text[4096];
    snprintf(path, sizeof path, "resources/zosconnect/rules/%s", name);
    snprintf(text, sizeof text, "<ruleset>\n%s\n</ruleset>", rules);
    server_file(&server, path, text);
}

static void start(const char *one, const char *two)
{
    put_rules("one.xml", one);
    put_rules("two.xml", two);
    server_start(&server, MANAGER, ELEMENTS);
}

static const struct sp_problem *problem(const char *id)
{
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        if (strcmp(p->id, id) == 0)
            return p;
    return NULL;
}

static void assert_problem(const char *id, const char *what)
{
    const struct sp_problem *found = problem(id);
    if (!found)
        fail_msg("there is no problem %s", id);
    if (!memmem(found->text.ptr, found->text.len, what, strlen(what)))
        fail_msg("\"%.*s\" does not say \"%s\"", SP_STR_ARG(found->text), what);
}

/* Ask; what connection and overrides ("name=value;" each) came to the system of record. */
static void assert_call(const char *headers, const char *connection, const char *overrides)
{
    played_sor.calls = 0;
    struct reply reply = server_ask(&server, "GET", TARGET, headers, NULL);
    if (reply.status != 200)
        fail_msg("%u %s", reply.status, reply.body);
    assert_int_equal(played_sor.calls, 1);
    assert_string_equal(played_sor.connection, connection);
    assert_string_equal(played_sor.overrides, overrides);
}

static void assert_400(const char *headers, const char *what)
{
    played_sor.calls = 0;
    struct reply reply = server_ask(&server, "GET", TARGET, headers, NULL);
    assert_int_equal(reply.status, 400);
    if (!strstr(reply.body, what))
        fail_msg("%s does not say %s", reply.body, what);
    assert_null(strstr(reply.body, "testConn")); /* what there is, is not for clients */
    assert_int_equal(played_sor.calls, 0);
}

/* ---------------------------------------------------------------- requests */

static void a_header_chooses_connection_and_transaction(void **state)
{
    start(RULE("test", HEADER("X-Env", "test, qa"),
               SET("cicsConnectionRef", "${x-env}Conn") SET("cicsTransId", "T$01")),
          NEVER);
    assert_null(problem(SP_MSG_RULE_SET_REFUSED));
    assert_call(NULL, "cicsConn", "");
    assert_call("X-Env: test\n", "testConn", "transid=T$01;");
    assert_call("x-eNV:  qa \n", "qaConn", "transid=T$01;");
    assert_call("X-Env: TEST\n", "cicsConn", "");
    assert_call("X-Env: test, qa\n", "cicsConn", "");
    assert_call("X-Env:\n", "cicsConn", "");
}

static void all_conditions_of_a_rule_must_hold(void **state)
{
    start(RULE("both", HEADER("A", "1,2") ANY("B"), SET("cicsTransId", "BOTH")), NEVER);
    assert_call("A: 1\n", "cicsConn", "");
    assert_call("B: x\n", "cicsConn", "");
    assert_call("A: 3\nB: x\n", "cicsConn", "");
    assert_call("A: 2\nB: x\n", "cicsConn", "transid=BOTH;");
    assert_call("A: 2\nB:\n", "cicsConn", "transid=BOTH;");
}

static void every_rule_that_holds_is_applied(void **state)
{
    start(
        RULE("transaction", HEADER("A", "1"), SET("cicsTransId", "TRN1")),
        RULE("connection", HEADER("B", "1"), SET("cicsConnectionRef", "qaConn") SET("cicsProgram", "OTHER")));
    assert_call("A: 1\nB: 1\n", "qaConn", "transid=TRN1;program=OTHER;");
    assert_call("B: 1\n", "qaConn", "program=OTHER;");
}

static void more_conditions_win_and_then_the_first_rule(void **state)
{
    start(RULE("one", HEADER("A", "1"), SET("cicsTransId", "ONE"))
              RULE("two", HEADER("B", "1"), SET("cicsTransId", "TWO")),
          RULE("both", HEADER("A", "1") HEADER("B", "1"), SET("cicsTransId", "BOTH"))
              RULE("three", HEADER("C", "1"), SET("cicsTransId", "THRE")));
    assert_call("A: 1\nB: 1\n", "cicsConn", "transid=BOTH;");
    assert_call("B: 1\nC: 1\n", "cicsConn", "transid=TWO;");
    assert_call("C: 1\nA: 1\n", "cicsConn", "transid=ONE;");
    assert_call("C: 1\n", "cicsConn", "transid=THRE;");
    assert_problem(SP_MSG_RULE_CONFLICT, "\"one\" and \"two\"");
}

static void rules_that_cannot_both_hold_do_not_contradict(void **state)
{
    start(RULE("one", HEADER("A", "1,2"), SET("cicsTransId", "ONE"))
              RULE("two", HEADER("a", "3"), SET("cicsTransId", "TWO")),
          RULE("same", HEADER("B", "1"), SET("cicsProgram", "OTHER")));
    assert_null(problem(SP_MSG_RULE_CONFLICT));
}

static void rules_win_over_server_xml_and_that_over_the_archive(void **state)
{
    put_rules("one.xml", RULE("program", HEADER("A", "1"), SET("cicsProgram", "OTHER")));
    put_rules("two.xml", NEVER);
    server_start(&server, MANAGER,
                 ELEMENTS
                 "<zosconnect_services><service name='enquire'><property name='program' value='MINE'/>"
                 "</service></zosconnect_services>");
    assert_call(NULL, "cicsConn", "program=MINE;");
    assert_call("A: 1\n", "cicsConn", "program=OTHER;program=MINE;"); /* the first one counts */
}

static void a_value_from_a_header_must_be_usable(void **state)
{
    start(RULE("free", ANY("X-Tran"), SET("cicsTransId", "${X-Tran}")),
          RULE("connection", ANY("X-Conn"), SET("cicsConnectionRef", "${X-Conn}")));
    assert_call("X-Tran: AB#1\n", "cicsConn", "transid=AB#1;");
    assert_call("X-Conn: qaConn\n", "qaConn", "");
    assert_400("X-Tran: ABCDE\n", "header X-Tran cannot be used");
    assert_400("X-Tran: A B\n", "cicsTransId must be a transaction id");
    assert_400("X-Tran:\n", "header X-Tran");
    assert_400("X-Tran: \xc3\xa4\n", "header X-Tran");
    assert_400("X-Conn: qaconn\n", "must be the id of a connection to CICS");
    assert_400("X-Conn: ../x\n", "header X-Conn");
}

static void a_value_made_of_headers_has_a_limit(void **state)
{
    char headers[600];
    start(RULE("connection", ANY("X-Conn"), SET("cicsConnectionRef", "qa${X-Conn}")), NEVER);
    assert_call("X-Conn: Conn\n", "qaConn", "");
    snprintf(headers, sizeof headers, "X-Conn: %0254d\n", 0);
    assert_400(headers, "header X-Conn");
    snprintf(headers, sizeof headers, "X-Conn: %0255d\n", 0);
    assert_400(headers, "header X-Conn");
}

static void a_header_that_rules_look_at_comes_once(void **state)
{
    start(RULE("test", HEADER("X-Env", "test"), SET("cicsConnectionRef", "testConn")), NEVER);
    assert_400("X-Env: test\nx-env: test\n", "Header X-Env is given more than once");
    assert_400("X-Env:\nX-Env: test\n", "Header X-Env is given more than once");
    assert_call("X-Other: 1\nX-Other: 2\n", "cicsConn", "");
}

static void the_code_page_is_used_for_the_record_and_told(void **state)
{
    start(RULE("page", HEADER("X-Page", "1047,819"), SET("cicsCcsid", "${X-Page}")), NEVER);
    assert_call(NULL, "cicsConn", "");
    assert_int_equal(played_sor.record[8], 0xe2); /* S */
    assert_call("X-Page: 819\n", "cicsConn", "ccsid=819;");
    assert_int_equal(played_sor.record[8], 'S');
    assert_int_equal(played_sor.record[0], '0');
}

static void direct_calls_of_a_service_have_no_policy(void **state)
{
    start(RULE("test", HEADER("X-Env", "test"), SET("cicsConnectionRef", "testConn")), NEVER);
    struct reply reply = server_ask(&server, "POST", "/zosConnect/services/enquire?action=invoke",
                                    "X-Env: test\n", "{\"Acc\":{\"Number\":1}}");
    assert_int_equal(reply.status, 200);
    assert_string_equal(played_sor.connection, "cicsConn");
}

/* ---------------------------------------------------------------- the configuration */

static void an_api_has_its_own_policy_instead_of_that_of_all(void **state)
{
    put_rules("one.xml", RULE("one", HEADER("A", "1"), SET("cicsTransId", "ONE")));
    server_file(&server, "rules/mine.xml",
                "<ruleset>" RULE("mine", HEADER("B", "1"), SET("cicsTransId", "MINE")) "</ruleset>");
    server_start(
        &server, MANAGER,
        "<zosconnect_zosConnectAPIs policyRef='all'><zosConnectAPI name='accounts' policyRef='mine'/>"
        "</zosconnect_zosConnectAPIs><zosconnect_policy id='all'><ruleset file='one.xml'/>"
        "</zosconnect_policy><zosconnect_policy id='mine' location='${server.config.dir}/rules'>"
        "<ruleset file='mine.xml'/></zosconnect_policy>");
    assert_call("A: 1\nB: 1\n", "cicsConn", "transid=MINE;");
    assert_call("A: 1\n", "cicsConn", "");
}

static void assert_not_deployed(const char *rules, const char *what)
{
    start(rules, NEVER);
    assert_problem(SP_MSG_RULE_SET_REFUSED, what);
    assert_problem(SP_MSG_ARCHIVE_REFUSED, "policy routing cannot be used");
    assert_int_equal(server_ask(&server, "GET", TARGET, NULL, NULL).status, 404);
    server_finish(&server);
    server_init(&server);
}

static void without_its_rules_an_api_is_not_deployed(void **state)
{
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsConnectionRef", "nowhere")),
                        "rule \"r\": cicsConnectionRef=\"nowhere\" must be the id of a connection to CICS");
    assert_not_deployed(RULE("r", HEADER("A", "test,no"), SET("cicsConnectionRef", "${A}Conn")),
                        "value \"noConn\": rule \"r\"");
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsTransId", "ABCDE")), "1 to 4 characters");
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsProgram", "A.B")), "1 to 8 characters");
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsCcsid", "9999")), "a code page that is known");
    assert_not_deployed(RULE("r", ANY("A"), SET("cicsCcsid", "${A}")), "list the header's values");
    assert_not_deployed(RULE("r", ANY("A"), SET("cicsProgram", "${A}")), "list the header's values");
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsTransId", "A${A")), "a ${ has no }");
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsTransId", "${B}")),
                        "a condition in the same rule");
    assert_not_deployed(RULE("r", HEADER("A", "1"), SET("cicsTransId", "A") SET("cicsTransId", "B")),
                        "is set twice");
    server_start(&server, MANAGER, "");
}

static void a_policy_without_a_file_is_refused(void **state)
{
    server_start(&server, MANAGER, "<zosconnect_zosConnectAPIs policyRef='p'/><zosconnect_policy id='p'/>");
    assert_problem(SP_MSG_RULE_SET_REFUSED, "it has no <ruleset");
    assert_int_equal(server_ask(&server, "GET", TARGET, NULL, NULL).status, 404);
}

static void a_free_choice_of_the_client_is_told(void **state)
{
    start(RULE("free", ANY("X-Tran"), SET("cicsTransId", "${X-Tran}")), NEVER);
    assert_problem(OPEN_CHOICE, "rule free: callers choose cicsTransId freely");
    assert_int_equal(problem(OPEN_CHOICE)->line, 2);
    server_finish(&server);
    server_init(&server);
    start(RULE("listed", HEADER("X-Tran", "AB,CD") ANY("B"), SET("cicsTransId", "${X-Tran}")), NEVER);
    assert_null(problem(OPEN_CHOICE));
}

static void properties_of_other_providers_are_told_and_change_nothing(void **state)
{
    start(RULE("ims", HEADER("A", "1"), SET("imsTranCode", "IVTNO") SET("db2CollectionID", "X")), NEVER);
    assert_problem(SP_MSG_RULE_NOT_APPLICABLE, "imsTranCode");
    assert_call("A: 1\n", "cicsConn", "");
}

static void rules_of_one_policy_have_a_limit(void **state)
{
    enum { FILES = 8, EACH = SP_POLICY_RULES_MAX / FILES }; /* a file has fewer rules */
    static char text[EACH * 200];
    char name[64], elements[1000];
    size_t len = (size_t)snprintf(text, sizeof text, "<ruleset>");
    for (unsigned i = 0; i < EACH; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                RULE("r%u", HEADER("A", "%u"), SET("imsTranCode", "1")), i, i);
    snprintf(text + len, sizeof text - len, "</ruleset>");
    for (int beyond = 0; beyond < 2; beyond++) {
        len = (size_t)snprintf(elements, sizeof elements,
                               "<zosconnect_zosConnectAPIs policyRef='p'/><zosconnect_policy id='p'>");
        for (int file = 0; file < FILES + beyond; file++) {
            snprintf(name, sizeof name, "resources/zosconnect/rules/%d.xml", file);
            server_file(&server, name,
                        file < FILES
                            ? text
                            : "<ruleset>" RULE("r", HEADER("A", "x"), SET("imsTranCode", "1")) "</ruleset>");
            len += (size_t)snprintf(elements + len, sizeof elements - len, "<ruleset file='%d.xml'/>", file);
        }
        snprintf(elements + len, sizeof elements - len, "</zosconnect_policy>");
        server_start(&server, MANAGER, elements);
        if (beyond)
            assert_problem(SP_MSG_RULE_SET_REFUSED, "more than 1024 rules");
        else
            assert_null(problem(SP_MSG_RULE_SET_REFUSED));
        server_finish(&server);
        server_init(&server);
    }
}

static void parts_of_a_value_have_a_limit(void **state)
{
    char value[200] = "";
    for (unsigned i = 0; i < 16; i++)
        strcat(value, "${A}");
    for (int beyond = 0; beyond < 2; beyond++) {
        char rule[600];
        snprintf(rule, sizeof rule, RULE("r", ANY("A"), SET("cicsTransId", "%s%s")), value,
                 beyond ? "x" : "");
        start(rule, NEVER);
        if (beyond)
            assert_problem(SP_MSG_RULE_SET_REFUSED, "more than 16 parts");
        else
            assert_null(problem(SP_MSG_RULE_SET_REFUSED));
        server_finish(&server);
        server_init(&server);
    }
}

static void headers_of_one_policy_have_a_limit(void **state)
{
    char rules[SP_POLICY_HEADERS_MAX * 160] = "";
    for (unsigned i = 0; i < SP_POLICY_HEADERS_MAX; i++)
        sprintf(rules + strlen(rules), RULE("r", HEADER("H%u", "1"), SET("imsTranCode", "1")), i);
    char text[sizeof rules + 100];
    for (int beyond = 0; beyond < 2; beyond++) {
        snprintf(text, sizeof text, "<ruleset>%s%s</ruleset>", rules,
                 beyond ? RULE("r", HEADER("Beyond", "1"), SET("imsTranCode", "1")) : "");
        server_file(&server, "resources/zosconnect/rules/one.xml", text);
        server_start(&server, MANAGER,
                     "<zosconnect_zosConnectAPIs policyRef='p'/><zosconnect_policy id='p'>"
                     "<ruleset file='one.xml'/></zosconnect_policy>");
        if (beyond)
            assert_problem(SP_MSG_RULE_SET_REFUSED, "more than 64 headers");
        else
            assert_null(problem(SP_MSG_RULE_SET_REFUSED));
        server_finish(&server);
        server_init(&server);
    }
    server_start(&server, MANAGER, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_header_chooses_connection_and_transaction),
        TEST(all_conditions_of_a_rule_must_hold),
        TEST(every_rule_that_holds_is_applied),
        TEST(more_conditions_win_and_then_the_first_rule),
        TEST(rules_that_cannot_both_hold_do_not_contradict),
        TEST(rules_win_over_server_xml_and_that_over_the_archive),
        TEST(a_value_from_a_header_must_be_usable),
        TEST(a_value_made_of_headers_has_a_limit),
        TEST(a_header_that_rules_look_at_comes_once),
        TEST(the_code_page_is_used_for_the_record_and_told),
        TEST(direct_calls_of_a_service_have_no_policy),
        TEST(an_api_has_its_own_policy_instead_of_that_of_all),
        TEST(without_its_rules_an_api_is_not_deployed),
        TEST(a_policy_without_a_file_is_refused),
        TEST(a_free_choice_of_the_client_is_told),
        TEST(properties_of_other_providers_are_told_and_change_nothing),
        TEST(rules_of_one_policy_have_a_limit),
        TEST(parts_of_a_value_have_a_limit),
        TEST(headers_of_one_policy_have_a_limit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_policy", tests, NULL, NULL);
}
