/* SPDX-License-Identifier: Apache-2.0
 * What requests may look like: methods, media types, queries, paths, and pages of other origins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/message.h"
#include "gateway/cors.h"
#include "server.h"

#define OPEN "requireSecure='false'"
#define GOOD "{\"Acc\":{\"Number\":42}}"
#define TARGET "/accounts/42?name=x"

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

static bool has_header(const struct reply *reply, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s\n", line);
    return strstr(reply->headers, whole) != NULL;
}

#define assert_header(reply, line)                                  \
    do {                                                            \
        if (!has_header(&(reply), (line)))                          \
            fail_msg("no \"%s\" in:\n%s", (line), (reply).headers); \
    } while (0)

/* ---------------------------------------------------------------- methods */

static void head_is_get(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(server_ask(&server, "HEAD", TARGET, FRED, NULL).status, 200);
    assert_int_equal(played_sor.calls, 1);
    assert_int_equal(server_ask(&server, "HEAD", "/accounts/42?name=x", NULL, NULL).status, 401);
    assert_int_equal(
        server_ask(&server, "HEAD", "/zosConnect/services/enquire?action=invoke", FRED, NULL).status, 405);
}

static void options_tells_the_methods_to_those_who_may_ask(void **state)
{
    server_start(&server, OPEN, "");
    struct reply reply = server_ask(&server, "OPTIONS", "/accounts/new", FRED, NULL);
    assert_int_equal(reply.status, 204);
    assert_header(reply, "Allow: POST, GET, HEAD, OPTIONS");
    assert_string_equal(reply.body, "");
    reply = server_ask(&server, "OPTIONS", "/zosConnect/services/enquire?action=invoke", FRED, NULL);
    assert_int_equal(reply.status, 204);
    assert_header(reply, "Allow: PUT, POST, OPTIONS");
    assert_int_equal(server_ask(&server, "OPTIONS", "/accounts/new", NULL, NULL).status, 401);
    assert_int_equal(server_ask(&server, "OPTIONS", "/nothing", FRED, NULL).status, 404);
    assert_int_equal(played_sor.calls, 0);
    reply = server_ask(&server, "PATCH", "/accounts/42", FRED, NULL);
    assert_int_equal(reply.status, 405);
    assert_header(reply, "Allow: GET, HEAD, OPTIONS");
}

/* ---------------------------------------------------------------- bodies */

static unsigned post(const char *type, const char *body)
{
    char headers[256];
    snprintf(headers, sizeof headers, FRED "%s%s%s", type ? "Content-Type: " : "", type ? type : "",
             type ? "\n" : "");
    return server_ask(&server, "POST", "/accounts/new", headers, body).status;
}

static void json_in_utf8_is_what_is_taken(void **state)
{
    server_start(&server, OPEN, "");
    static const char *const good[] = {
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; charset=US-ASCII",
        "application/vnd.bank+json",
        "application/json; profile=\"x\"",
        NULL,
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(post(good[i], GOOD), 200);
    static const char *const bad[] = {
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "json",
        "",
        "application/+json",
        "multipart/form-data; boundary=x",
        "application/json; charset=ISO-8859-1",
        "application/json; charset=UTF-16",
        "application/json; charset=",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(post(bad[i], GOOD), 415);
    struct reply reply =
        server_ask(&server, "POST", "/accounts/new", FRED "Content-Type: text/plain\n", GOOD);
    assert_non_null(strstr(reply.body, "BAQR0417W: The request payload could not be parsed."));
    assert_non_null(strstr(reply.body, "text/plain"));
    assert_int_equal(server_ask(&server, "POST", "/accounts/new",
                                FRED "Content-Type: application/json\nContent-Type: application/json\n", GOOD)
                         .status,
                     400);
}

static void any_media_type_may_be_taken(void **state)
{
    server_start(&server, OPEN, "<sallyport_requests mediaTypes='any'/>");
    assert_int_equal(post("text/plain", GOOD), 200);
    assert_int_equal(post("text/plain", "hello"), 400);
}

static void an_empty_body_has_no_media_type(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(server_ask(&server, "GET", TARGET, FRED "Content-Type: text/plain\n", NULL).status, 200);
    /* An empty body is an object without fields. */
    assert_int_equal(post("text/plain", ""), 200);
    assert_int_equal(post(NULL, ""), 200);
    assert_int_equal(post(NULL, " "), 400);
}

static void those_who_may_not_ask_do_not_learn_what_is_taken(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(server_ask(&server, "POST", "/accounts/new", "Content-Type: text/plain\n", GOOD).status,
                     401);
}

/* ---------------------------------------------------------------- paths and queries */

static void unknown_query_parameters_are_ignored_or_refused(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x&other=1&other=2", FRED, NULL).status,
                     200);
}

static void unknown_query_parameters_may_be_refused(void **state)
{
    server_start(&server, OPEN, "<sallyport_requests unknownQueryParameters='refuse'/>");
    assert_int_equal(server_ask(&server, "GET", TARGET, FRED, NULL).status, 200);
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x&other=1", FRED, NULL);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body, "no query parameter other"));
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?Name=x", FRED, NULL).status, 400);
}

static void an_encoded_slash_separates_nothing(void **state)
{
    server_start(&server, OPEN, "");
    /* One segment, which is no number. */
    assert_int_equal(server_ask(&server, "GET", "/accounts/4%2F2?name=x", FRED, NULL).status, 400);
    assert_int_equal(server_ask(&server, "GET", "/accounts%2F42?name=x", FRED, NULL).status, 404);
}

static void a_slash_at_the_end_makes_another_path(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42/?name=x", FRED, NULL).status, 404);
    assert_int_equal(server_ask(&server, "GET", "/accounts//42?name=x", FRED, NULL).status, 404);
}

/* ---------------------------------------------------------------- pages of other origins */

#define CORS                                                                                     \
    "<cors domain='/accounts' allowedOrigins='https://app.example, https://other.example:8443' " \
    "allowedMethods='GET, POST, DELETE' allowedHeaders='Authorization, Content-Type' "           \
    "exposeHeaders='X-A,X-B' "                                                                   \
    "allowCredentials='true' maxAge='3600'/>"
#define PAGE "Origin: https://app.example\n"
#define PREFLIGHT                                                                  \
    PAGE "Access-Control-Request-Method: DELETE\nAccess-Control-Request-Headers: " \
         "content-type,authorization\n"

static void a_preflight_is_answered_without_credentials(void **state)
{
    server_start(&server, OPEN, CORS);
    struct reply reply = server_ask(&server, "OPTIONS", "/accounts/42", PREFLIGHT, NULL);
    assert_int_equal(reply.status, 204);
    assert_header(reply, "Access-Control-Allow-Origin: https://app.example");
    assert_header(reply, "Access-Control-Allow-Credentials: true");
    assert_header(reply, "Access-Control-Allow-Methods: GET, POST, DELETE");
    assert_header(reply, "Access-Control-Allow-Headers: Authorization, Content-Type");
    assert_header(reply, "Access-Control-Max-Age: 3600");
    assert_header(reply, "Vary: Origin");
    assert_null(strstr(reply.headers, "Expose"));
    assert_int_equal(played_sor.calls, 0);
}

static void a_preflight_for_what_is_not_allowed_is_refused(void **state)
{
    static const char *const refused[] = {
        "Origin: https://evil.example\nAccess-Control-Request-Method: GET\n",
        "Origin: https://app.example.evil.example\nAccess-Control-Request-Method: GET\n",
        "Origin: http://app.example\nAccess-Control-Request-Method: GET\n",
        "Origin: null\nAccess-Control-Request-Method: GET\n",
        PAGE "Access-Control-Request-Method: PUT\n",
        PAGE "Access-Control-Request-Method: get\n",
        PAGE "Access-Control-Request-Method: GET\nAccess-Control-Request-Headers: authorization, x-other\n",
    };
    server_start(&server, OPEN, CORS);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct reply reply = server_ask(&server, "OPTIONS", "/accounts/42", refused[i], NULL);
        assert_int_equal(reply.status, 403);
        assert_null(strstr(reply.headers, "evil"));
    }
}

/* All that can be in an answer is in it; of what a page may name, so many bytes are looked at. */
static void a_preflight_names_headers_up_to_a_limit(void **state)
{
    char headers[4400];
    server_start(&server, OPEN, CORS);
    for (int more = 0; more < 2; more++) {
        size_t len = (size_t)snprintf(headers, sizeof headers,
                                      PAGE "Access-Control-Request-Method: GET\n"
                                           "Access-Control-Request-Headers: authorization");
        memset(headers + len, ',', 4096 - strlen("authorization") + (size_t)more);
        strcpy(headers + len + 4096 - strlen("authorization") + more, "\n");
        struct reply reply = server_ask(&server, "OPTIONS", "/accounts/42", headers, NULL);
        assert_int_equal(reply.status, more ? 403 : 204);
        if (more) {
            assert_non_null(strstr(reply.body, "Pages of this origin may not send such a request."));
            break;
        }
        size_t lines = 1; /* Vary */
        for (const char *at = reply.headers; (at = strstr(at, "Access-Control-")); at++)
            lines++;
        assert_int_equal(lines, SP_CORS_HEADERS_MAX);
    }
}

static void a_page_may_read_replies_errors_among_them(void **state)
{
    server_start(&server, OPEN, CORS);
    struct reply reply = server_ask(&server, "GET", TARGET, PAGE FRED, NULL);
    assert_int_equal(reply.status, 200);
    assert_header(reply, "Access-Control-Allow-Origin: https://app.example");
    assert_header(reply, "Access-Control-Expose-Headers: X-A, X-B");
    assert_null(strstr(reply.headers, "Allow-Methods"));
    reply = server_ask(&server, "GET", TARGET, PAGE, NULL);
    assert_int_equal(reply.status, 401);
    assert_header(reply, "Access-Control-Allow-Origin: https://app.example");
}

static void a_page_of_another_origin_gets_no_leave(void **state)
{
    server_start(&server, OPEN, CORS);
    static const char *const others[] = {"Origin: https://evil.example\n", "Origin: null\n",
                                         PAGE "Origin: https://evil.example\n", ""};
    for (size_t i = 0; i < 4; i++) {
        char headers[256];
        snprintf(headers, sizeof headers, FRED "%s", others[i]);
        struct reply reply = server_ask(&server, "GET", TARGET, headers, NULL);
        assert_int_equal(reply.status, 200);
        assert_null(strstr(reply.headers, "Access-Control"));
    }
}

static void every_origin_never_goes_with_credentials(void **state)
{
    server_start(&server, OPEN,
                 "<cors domain='/' allowedOrigins='*' allowedMethods='GET' allowCredentials='true'/>");
    struct reply reply = server_ask(&server, "GET", TARGET, PAGE FRED, NULL);
    assert_header(reply, "Access-Control-Allow-Origin: *");
    assert_null(strstr(reply.headers, "Credentials"));
    assert_null(strstr(reply.headers, "Vary"));
}

static void the_longest_domain_counts_segment_by_segment(void **state)
{
    server_start(&server, OPEN,
                 "<cors id='a' domain='/' allowedOrigins='https://all.example'/>"
                 "<cors id='b' domain='/accounts/' allowedOrigins='https://app.example'/>"
                 "<cors id='c' domain='/account' allowedOrigins='https://short.example'/>");
    struct reply reply = server_ask(&server, "GET", TARGET, FRED "Origin: https://app.example\n", NULL);
    assert_header(reply, "Access-Control-Allow-Origin: https://app.example");
    /* However the path is written. */
    reply = server_ask(&server, "GET", "/%61ccounts/42?name=x", FRED "Origin: https://all.example\n", NULL);
    assert_int_equal(reply.status, 200);
    assert_null(strstr(reply.headers, "Allow-Origin"));
    reply = server_ask(&server, "GET", "/nothing", FRED "Origin: https://all.example\n", NULL);
    assert_header(reply, "Access-Control-Allow-Origin: https://all.example");
}

static void without_an_element_there_is_no_leave(void **state)
{
    server_start(&server, OPEN, "");
    struct reply reply = server_ask(&server, "GET", TARGET, PAGE FRED, NULL);
    assert_int_equal(reply.status, 200);
    assert_null(strstr(reply.headers, "Access-Control"));
    assert_int_equal(server_ask(&server, "OPTIONS", "/accounts/42", PREFLIGHT, NULL).status, 401);
}

/* ---------------------------------------------------------------- paths of services */

#define OF_ENQUIRE "<zosconnect_zosConnectService serviceName='enquire' serviceRef='enquire' "

static void a_service_has_paths_of_its_own(void **state)
{
    server_start(&server, OPEN, OF_ENQUIRE "invokeURI='/legacy/enquire,/old/*'/>");
    assert_int_equal(server.problems.errors, 0);
    assert_int_equal(server_ask(&server, "POST", "/legacy/enquire", FRED, GOOD).status, 200);
    assert_int_equal(server_ask(&server, "PUT", "/old/a/b?c=d", FRED, GOOD).status, 200);
    assert_int_equal(played_sor.calls, 2);
    struct reply reply = server_ask(&server, "GET", "/legacy/enquire", FRED, NULL);
    assert_int_equal(reply.status, 405);
    assert_header(reply, "Allow: PUT, POST, OPTIONS");
    assert_int_equal(server_ask(&server, "POST", "/legacy/enquire", NULL, GOOD).status, 401);
    assert_int_equal(server_ask(&server, "POST", "/legacy/enquire/", FRED, GOOD).status, 404);
    assert_int_equal(played_sor.calls, 2);
}

static void who_may_call_a_service_may_call_its_paths(void **state)
{
    server_start(&server, OPEN " globalInterceptorsRef='all'",
                 OF_ENQUIRE "invokeURI='/legacy/*' invokeGroup='NOBODY'/>"
                            "<zosconnect_zosConnectInterceptors id='all' interceptorRef='az'/>"
                            "<zosconnect_authorizationInterceptor id='az'/>");
    struct reply reply = server_ask(&server, "POST", "/legacy/x", FRED, GOOD);
    assert_int_equal(reply.status, 403);
    assert_non_null(strstr(reply.body, "BAQR0406W"));
    assert_non_null(strstr(reply.body, "for service enquire"));
    assert_int_equal(played_sor.calls, 0);
}

static void the_longer_of_base_path_and_service_path_counts(void **state)
{
    server_start(&server, OPEN, OF_ENQUIRE "invokeURI='/accounts/*,/accounts/legacy'/>");
    assert_int_equal(server_ask(&server, "GET", TARGET, FRED, NULL).status, 200);
    assert_int_equal(server_ask(&server, "POST", "/accounts/legacy", FRED, GOOD).status, 200);
    bool told = false;
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        told |= strcmp(p->id, SP_MSG_INVOKE_URI_HIDDEN) == 0;
    assert_true(told);
}

static void paths_of_the_product_are_not_given_away(void **state)
{
    server_start(&server, OPEN, OF_ENQUIRE "invokeURI='/zosConnect/services/*,/a/../b'/>");
    assert_int_equal(server.problems.errors, 2);
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        assert_true(p->severity != SP_PROBLEM_ERROR || strcmp(p->id, SP_MSG_INVOKE_URI_REFUSED) == 0);
}

static void a_service_may_have_its_own_time(void **state)
{
    server_start(&server, OPEN " asyncRequestTimeout='20s'",
                 OF_ENQUIRE "serviceAsyncRequestTimeout='60ms' invokeURI='/slow'/>");
    played_sor.hangs = true;
    static const char *const targets[][2] = {{"POST", "/slow"}, {"GET", TARGET}};
    for (size_t i = 0; i < 2; i++) {
        struct reply reply = server_ask(&server, targets[i][0], targets[i][1], FRED, i ? NULL : GOOD);
        assert_int_equal(reply.status, 503);
        assert_non_null(
            strstr(reply.body, "BAQR0433W: The asynchronous request has timed out after 60 mill"));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(head_is_get),
        TEST(options_tells_the_methods_to_those_who_may_ask),
        TEST(json_in_utf8_is_what_is_taken),
        TEST(any_media_type_may_be_taken),
        TEST(an_empty_body_has_no_media_type),
        TEST(those_who_may_not_ask_do_not_learn_what_is_taken),
        TEST(unknown_query_parameters_are_ignored_or_refused),
        TEST(unknown_query_parameters_may_be_refused),
        TEST(an_encoded_slash_separates_nothing),
        TEST(a_slash_at_the_end_makes_another_path),
        TEST(a_preflight_is_answered_without_credentials),
        TEST(a_preflight_for_what_is_not_allowed_is_refused),
        TEST(a_preflight_names_headers_up_to_a_limit),
        TEST(a_page_may_read_replies_errors_among_them),
        TEST(a_page_of_another_origin_gets_no_leave),
        TEST(every_origin_never_goes_with_credentials),
        TEST(the_longest_domain_counts_segment_by_segment),
        TEST(without_an_element_there_is_no_leave),
        TEST(a_service_has_paths_of_its_own),
        TEST(who_may_call_a_service_may_call_its_paths),
        TEST(the_longer_of_base_path_and_service_path_counts),
        TEST(paths_of_the_product_are_not_given_away),
        TEST(a_service_may_have_its_own_time),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_requests", tests, NULL, NULL);
}
