/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/message.h"
#include "server.h"

#define OPEN "requireSecure='false'"

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

/* An archive like `from`, with `old` in entry `name` replaced; the entry's text is static until the next
 * call. `old` NULL: the entry is `new`. */
static const char *const *changed(const char *const *from, const char *name, const char *old, const char *new)
{
    static const char *entries[24];
    static char text[8192];
    size_t n = 0;
    for (; from[n]; n += 2) {
        entries[n] = from[n];
        entries[n + 1] = from[n + 1];
        if (strcmp(from[n], name) != 0)
            continue;
        const char *at = old ? strstr(from[n + 1], old) : from[n + 1];
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - from[n + 1]), from[n + 1], new,
                 old ? at + strlen(old) : "");
        entries[n + 1] = text;
    }
    entries[n] = NULL;
    return entries;
}

static void assert_no_errors(void)
{
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        if (p->severity == SP_PROBLEM_ERROR)
            fail_msg("%.*s: %.*s", SP_STR_ARG(p->file), SP_STR_ARG(p->text));
}

static const struct sp_problem *problem(const char *id)
{
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        if (strcmp(p->id, id) == 0)
            return p;
    return NULL;
}

static void assert_problem(const char *id, const char *file, const char *text)
{
    const struct sp_problem *found = problem(id);
    if (!found)
        fail_msg("there is no problem %s", id);
    char *said = strndup(found->text.ptr, found->text.len);
    if (!strstr(said, text))
        fail_msg("\"%s\" does not say \"%s\"", said, text);
    free(said);
    assert_true(sp_str_ends(found->file, sp_str_of(file)));
}

static unsigned status_of(const char *target)
{
    return server_ask(&server, "GET", target, FRED, NULL).status;
}

static void a_broken_archive_is_left_out_and_the_others_work(void **state)
{
    static const char *const rubbish[] = {"readme.txt", "nothing", NULL};
    server_archive(&server, "resources/zosconnect/apis/aaa.aar", rubbish);
    server_archive(&server, "resources/zosconnect/services/aaa.sar", rubbish);
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_ARCHIVE_REFUSED, "aaa.sar", "the archive is not deployed");
    assert_int_equal(server.problems.errors, 2);
    assert_int_equal(status_of("/accounts/42?name=x"), 200);
}

static void an_api_without_its_service_is_left_out(void **state)
{
    server_archive(&server, "resources/zosconnect/services/enquire.sar",
                   changed(server_service, "manifest.yml", "name: \"enquire\"", "name: \"other\""));
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_SERVICE_MISSING, "accounts.aar",
                   "operation GET /{number}: service enquire, which it calls, is not deployed");
    assert_int_equal(status_of("/accounts/42?name=x"), 404);
}

static void a_service_needs_its_connection(void **state)
{
    server_archive(&server, "resources/zosconnect/services/enquire.sar",
                   changed(server_service, "manifest.yml", "cicsConn", "nowhere"));
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_ARCHIVE_REFUSED, "enquire.sar", "id=\"nowhere\"");
}

static void server_xml_can_name_another_connection(void **state)
{
    server_archive(&server, "resources/zosconnect/services/enquire.sar",
                   changed(server_service, "manifest.yml", "cicsConn", "nowhere"));
    server_start(&server, OPEN,
                 "<zosconnect_services><service name='enquire'><property name='connectionRef' "
                 "value='cicsConn'/></service></zosconnect_services>");
    assert_int_equal(status_of("/accounts/42?name=x"), 200);
}

static void a_provider_that_is_not_supported_is_named(void **state)
{
    server_archive(&server, "resources/zosconnect/services/enquire.sar",
                   changed(server_service, "manifest.yml", "CICS-1.0", "WOLA-1.1"));
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_ARCHIVE_REFUSED, "enquire.sar", "WOLA-1.1");
}

static void a_service_that_is_less_guarded_than_its_api_is_told(void **state)
{
    server_start(&server, OPEN,
                 "<zosconnect_zosConnectAPIs><zosConnectAPI name='accounts' invokeGroup='CLERKS'/>"
                 "</zosconnect_zosConnectAPIs>");
    assert_problem(SP_MSG_SERVICE_OPEN, "accounts.aar",
                   "API accounts has an invokeGroup of its own, but service enquire");
    unsigned told = 0;
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        told += strcmp(p->id, SP_MSG_SERVICE_OPEN) == 0;
    assert_int_equal(told, 1);
}

static void a_service_without_requireauth_is_told(void **state)
{
    server_start(&server, OPEN,
                 "<zosconnect_services><service name='enquire' requireAuth='false'/></zosconnect_services>");
    assert_problem(SP_MSG_SERVICE_OPEN, "accounts.aar", "API accounts has requireAuth, but service enquire");
}

static void a_service_that_is_guarded_as_its_api_is_not_told(void **state)
{
    server_start(&server, OPEN,
                 "<zosconnect_zosConnectAPIs><zosConnectAPI name='accounts' invokeGroup='CLERKS'/>"
                 "</zosconnect_zosConnectAPIs>"
                 "<zosconnect_services><service name='enquire' invokeGroup='CLERKS'/></zosconnect_services>");
    assert_null(problem(SP_MSG_SERVICE_OPEN));
}

static void the_second_of_one_name_is_left_out(void **state)
{
    server_archive(&server, "resources/zosconnect/services/second.sar", server_service);
    server_archive(&server, "resources/zosconnect/apis/second.aar",
                   changed(server_api, "package.xml", "basePath='/accounts'", "basePath='/second'"));
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_NAME_TAKEN, "second.sar", "service enquire");
    assert_int_equal(server.problems.errors, 2);
    assert_int_equal(status_of("/second/42?name=x"), 404);
    assert_int_equal(status_of("/accounts/42?name=x"), 200);
}

static void a_base_path_belongs_to_one_api(void **state)
{
    server_archive(&server, "resources/zosconnect/apis/second.aar",
                   changed(server_api, "package.xml", "id='accounts'", "id='second'"));
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_BASE_PATH_TAKEN, "second.aar", "belongs to API accounts");
}

static void the_longest_base_path_wins(void **state)
{
    char package[4096];
    snprintf(package, sizeof package, "%s", server_api[1]);
    char *id = strstr(package, "id='accounts'");
    memcpy(id, "id='deepones'", 13);
    const char *deep[] = {"package.xml", package, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
    memcpy(deep + 2, server_api + 2, 8 * sizeof *deep);
    server_archive(&server, "resources/zosconnect/apis/deep.aar",
                   changed(deep, "package.xml", "basePath='/accounts'", "basePath='/accounts/deep'"));
    server_start(&server, OPEN, "");
    assert_no_errors();
    assert_int_equal(status_of("/accounts/deep/42?name=x"), 200);
    assert_int_equal(status_of("/accounts/42?name=x"), 200);
    assert_int_equal(status_of("/accounts/deep"), 404); /* not number "deep" of the other one */
    assert_int_equal(status_of("/accounts%2Fdeep/42?name=x"), 404);
}

static void the_products_own_base_path_is_refused(void **state)
{
    server_archive(&server, "resources/zosconnect/apis/accounts.aar",
                   changed(server_api, "package.xml", "basePath='/accounts'", "basePath='/zosConnect/x'"));
    server_start(&server, OPEN, "");
    assert_problem(SP_MSG_ARCHIVE_REFUSED, "accounts.aar", "the product's own");
}

static void an_element_for_nothing_is_a_warning(void **state)
{
    server_start(&server, OPEN,
                 "<zosconnect_zosConnectAPIs><zosConnectAPI name='acounts' invokeGroup='X'/>"
                 "</zosconnect_zosConnectAPIs>");
    assert_problem(SP_MSG_ITEM_WITHOUT_ARCHIVE, "server.xml", "zosConnectAPI name=\"acounts\"");
    assert_no_errors();
}

static void missing_directories_are_no_failure(void **state)
{
    server_start(&server, OPEN,
                 "<zosconnect_zosConnectAPIs location='${server.config.dir}/none'/>"
                 "<zosconnect_services location='${server.config.dir}/none'/>");
    assert_non_null(problem(SP_MSG_DIRECTORY_MISSING));
    assert_no_errors();
    assert_int_equal(status_of("/accounts/42"), 404);
}

#define OF_ENQUIRE "<zosconnect_zosConnectService serviceName='enquire' serviceRef='enquire' "
#define ENQUIRE "/zosConnect/services/enquire"
#define AUTHORIZED OPEN " globalInterceptorsRef='all'"
#define AUTHORIZATION                                                   \
    "<zosconnect_zosConnectInterceptors id='all' interceptorRef='az'/>" \
    "<zosconnect_zosConnectInterceptors id='own' interceptorRef='az'/>" \
    "<zosconnect_authorizationInterceptor id='az'/>"

static void a_service_element_describes_and_admits(void **state)
{
    server_start(&server, OPEN, OF_ENQUIRE "serviceDescription='Of old' requireAuth='false'/>");
    struct reply reply = server_ask(&server, "GET", ENQUIRE, FRED, NULL);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"serviceDescription\":\"Of old\""));
    reply = server_ask(&server, "POST", ENQUIRE "?action=invoke", NULL, "{}");
    assert_int_not_equal(reply.status, 401);
    assert_int_equal(played_sor.calls, 1);
}

static void a_service_element_may_want_tls(void **state)
{
    server_https_port = 9443;
    server_start(&server, OPEN, OF_ENQUIRE "requireSecure='true'/>");
    assert_int_equal(server_ask(&server, "POST", ENQUIRE "?action=invoke", FRED, "{}").status, 302);
    assert_int_equal(played_sor.calls, 0);
}

static void a_service_element_has_groups_and_interceptors(void **state)
{
    static const char *const closed[] = {
        OF_ENQUIRE "adminGroup='A' operationsGroup='B' readerGroup='C' invokeGroup='D'/>" AUTHORIZATION,
        OF_ENQUIRE "runGlobalInterceptors='false' interceptorsRef='own' invokeGroup='D'/>" AUTHORIZATION};
    static const char *const open =
        OF_ENQUIRE "runGlobalInterceptors='false' invokeGroup='D'/>" AUTHORIZATION;
    for (size_t i = 0; i < 2; i++) {
        server_start(&server, AUTHORIZED, closed[i]);
        assert_int_equal(server_ask(&server, "POST", ENQUIRE "?action=invoke", FRED, "{}").status, 403);
        assert_int_equal(server_ask(&server, "GET", ENQUIRE, FRED, NULL).status, 403);
        server_finish(&server);
        server_init(&server);
    }
    server_start(&server, AUTHORIZED, open);
    server_ask(&server, "POST", ENQUIRE "?action=invoke", FRED, "{}");
    assert_int_equal(played_sor.calls, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broken_archive_is_left_out_and_the_others_work),
        TEST(an_api_without_its_service_is_left_out),
        TEST(a_service_needs_its_connection),
        TEST(server_xml_can_name_another_connection),
        TEST(a_provider_that_is_not_supported_is_named),
        TEST(a_service_that_is_less_guarded_than_its_api_is_told),
        TEST(a_service_without_requireauth_is_told),
        TEST(a_service_that_is_guarded_as_its_api_is_not_told),
        TEST(the_second_of_one_name_is_left_out),
        TEST(a_base_path_belongs_to_one_api),
        TEST(the_longest_base_path_wins),
        TEST(the_products_own_base_path_is_refused),
        TEST(an_element_for_nothing_is_a_warning),
        TEST(missing_directories_are_no_failure),
        TEST(a_service_element_describes_and_admits),
        TEST(a_service_element_may_want_tls),
        TEST(a_service_element_has_groups_and_interceptors),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_snapshot", tests, NULL, NULL);
}
