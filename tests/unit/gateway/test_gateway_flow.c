/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

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

static void an_api_call_goes_to_the_program_and_back(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.answer = SP_STR("\xf0\xf0\xf0\xf0\xf0\xf0\xf4\xf2\xc6\x99\x85\x84\x40\x40\x40\x40\x40\x40"
                               "\xf0\xf0\xf1\xf2\xf3\xf4\xd5");
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=J%C3%BCr+g", FRED, NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Acc\":{\"Number\":42,\"Name\":\"Fred\",\"Balance\":-123.45}}");
    assert_string_equal(reply.headers, "Content-Type: application/json\n");
    assert_int_equal(played_sor.calls, 1);
    assert_int_equal(played_sor.record_len, 25);
    assert_memory_equal(played_sor.record, "\xf0\xf0\xf0\xf0\xf0\xf0\xf4\xf2\xd1\xdc\x99\x40\x87\x40", 14);
    assert_string_equal(played_sor.user, "FRED");
    assert_string_equal(played_sor.dist_name, "");
    assert_int_equal(strlen(played_sor.correlator), 55);
}

static void a_body_is_mapped(void **state)
{
    server_start(&server, OPEN " setUTF8ResponseEncoding='true'", "");
    const char *body = "{\"Acc\":{\"Number\":7,\"Name\":\"Eve\",\"Balance\":12.5}}";
    struct reply reply = server_ask(&server, "POST", "/accounts/new", FRED, body);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Acc\":{\"Number\":7,\"Name\":\"Eve\",\"Balance\":12.50}}");
    assert_string_equal(reply.headers, "Content-Type: application/json;charset=UTF-8\n");
}

static void a_traceparent_goes_along(void **state)
{
    server_start(&server, OPEN, "");
    const char *headers = FRED "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n";
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", headers, NULL).status, 200);
    assert_string_equal(played_sor.correlator, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

static void a_service_is_called_directly(void **state)
{
    server_start(&server, OPEN,
                 "<zosconnect_services><service name='enquire'>"
                 "<property name='transid' value='ENQT'/></service></zosconnect_services>");
    const char *target = "/zosConnect/services/enquire?action=invoke";
    const char *body = "{\"Acc\":{\"Number\":7,\"Name\":\"Eve\",\"Balance\":0}}";
    assert_int_equal(server_ask(&server, "PUT", target, FRED, body).status, 200);
    struct reply reply = server_ask(&server, "POST", target, FRED, body);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Acc\":{\"Number\":7,\"Name\":\"Eve\",\"Balance\":0.00}}");
    assert_string_equal(played_sor.override, "ENQT");
    reply = server_ask(&server, "GET", target, FRED, NULL);
    assert_int_equal(reply.status, 405);
    assert_non_null(strstr(reply.headers, "Allow: PUT, POST, OPTIONS\n"));
    reply = server_ask(&server, "PUT", "/zosConnect/services/enq%3Cuire?action=invoke", FRED, body);
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.body,
                        "{\"errorMessage\":\"BAQR0431W: Service enq&lt;uire is not available.\"}");
}

static void without_credentials_comes_a_challenge(void **state)
{
    server_start(&server, OPEN, "");
    const char *bad[] = {NULL, "Authorization: Basic ZnJlZDp3cm9uZw==\n", FRED FRED,
                         "Authorization: Bearer x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x", bad[i], NULL);
        assert_int_equal(reply.status, 401);
        assert_string_equal(reply.headers,
                            "Content-Type: application/json\n"
                            "WWW-Authenticate: Basic realm=\"defaultRealm\", charset=\"UTF-8\"\n");
        assert_string_equal(reply.body, "{\"errorMessage\":\"Error 401: Unauthorized\"}");
    }
    assert_int_equal(played_sor.calls, 0);
}

static void without_the_role_nothing_is_told(void **state)
{
    server_start(&server, OPEN, "");
    const char *targets[] = {"/accounts/42?name=x", "/accounts", "/nothing",
                             "/zosConnect/services/x?action=invoke", "/accounts/api-docs"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct reply reply = server_ask(&server, "GET", targets[i], MALLORY, NULL);
        assert_int_equal(reply.status, 403);
        assert_string_equal(reply.body, "{\"errorMessage\":\"Error 403: AuthorizationFailed\"}");
        assert_int_equal(server_ask(&server, "GET", targets[i], NULL, NULL).status, 401);
    }
}

#define AUTHORIZED OPEN " globalInterceptorsRef='all' globalInvokeGroup='CLERKS' globalReaderGroup='CLERKS'"
#define INTERCEPTORS                                                      \
    "<zosconnect_zosConnectInterceptors id='all' interceptorRef='auth'/>" \
    "<zosconnect_authorizationInterceptor id='auth' sequence='2'/>"

static void without_the_group_the_interceptor_refuses(void **state)
{
    server_start(&server, AUTHORIZED, INTERCEPTORS);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x", EVE, NULL);
    assert_int_equal(reply.status, 403);
    assert_string_equal(
        reply.body, "{\"errorMessage\":\"BAQR0406W: The zosConnectAuthorization interceptor encountered an "
                    "error while processing a request for API accounts under request URL "
                    "http://api.example.com:9080/accounts/42.\","
                    "\"errorDetails\":\"BAQR0409W: User eve is not authorized to perform the request.\"}");
    reply = server_ask(&server, "PUT", "/zosConnect/services/enquire?action=invoke", EVE, "{}");
    assert_int_equal(reply.status, 403);
    assert_non_null(strstr(reply.body, "a request for service enquire under request URL "
                                       "http://api.example.com:9080/zosConnect/services/enquire."));
    assert_int_equal(played_sor.calls, 1);
}

static void groups_of_an_api_override_the_global_ones(void **state)
{
    server_start(&server, AUTHORIZED,
                 INTERCEPTORS
                 "<zosconnect_zosConnectAPIs><zosConnectAPI name='accounts' invokeGroup='OTHERS'/>"
                 "</zosconnect_zosConnectAPIs>");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 403);
    assert_int_equal(server_ask(&server, "GET", "/accounts/api-docs", FRED, NULL).status, 200);
    assert_int_equal(
        server_ask(&server, "PUT", "/zosConnect/services/enquire?action=invoke", FRED, "{\"Acc\":{}}").status,
        200);
}

static void an_api_may_do_without_authentication(void **state)
{
    server_start(&server, "requireSecure='true'",
                 "<zosconnect_zosConnectAPIs><zosConnectAPI name='accounts' requireAuth='false' "
                 "requireSecure='false'/></zosconnect_zosConnectAPIs>");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", NULL, NULL).status, 200);
    assert_string_equal(played_sor.user, "");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", MALLORY, NULL).status, 200);
    assert_string_equal(played_sor.user, "MALLORY");
    /* The service it calls keeps its own protection. */
    server_tls = true;
    assert_int_equal(
        server_ask(&server, "PUT", "/zosConnect/services/enquire?action=invoke", NULL, "{}").status, 401);
}

static void plain_http_is_sent_to_https(void **state)
{
    server_start(&server, "requireSecure='true'", "");
    server_https_port = 9443;
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x%20y", FRED, NULL);
    assert_int_equal(reply.status, 302);
    assert_non_null(strstr(reply.headers, "Location: https://api.example.com:9443/accounts/42?name=x%20y\n"));
    server_https_port = 443;
    reply = server_ask(&server, "GET", "/nothing", NULL, NULL);
    assert_int_equal(reply.status, 302);
    assert_non_null(strstr(reply.headers, "Location: https://api.example.com/nothing\n"));
    server_https_port = 0;
    assert_int_equal(server_ask(&server, "GET", "/accounts/42", FRED, NULL).status, 403);
    server_tls = true;
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
}

static void an_endpoint_with_names_is_called_by_them_alone(void **state)
{
    static const char *const rows[][2] = {
        {"shop.example", "https://shop.example:9443/x"},
        {"SHOP.example:80", "https://SHOP.example:9443/x"},
        {"[2001:db8::1]:9080", "https://[2001:db8::1]:9443/x"},
        {"evil.example", "https://shop.example:9443/x"},
        {"shop.example.evil", "https://shop.example:9443/x"},
        {"", "https://shop.example:9443/x"},
        {"a b", "https://shop.example:9443/x"},
    };
    server_start(
        &server, "requireSecure='true'",
        "<httpEndpoint id='defaultHttpEndpoint' sallyport_hostNames='shop.example, [2001:db8::1]'/>");
    server_https_port = 9443;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[200];
        server_host = rows[i][0];
        struct reply reply = server_ask(&server, "GET", "/x", NULL, NULL);
        snprintf(expected, sizeof expected, "Location: %s\n", rows[i][1]);
        assert_int_equal(reply.status, 302);
        if (!strstr(reply.headers, expected))
            fail_msg("%s: %s", rows[i][0], reply.headers);
    }
}

static void a_redirect_goes_only_where_the_client_came_from(void **state)
{
    static const char *const rows[][2] = {
        {"localhost", "https://localhost:9443/x"},
        {"localhost:80", "https://localhost:9443/x"},
        {"[2001:db8::1]:9080", "https://[2001:db8::1]:9443/x"},
        {"[2001:db8::1]", "https://[2001:db8::1]:9443/x"},
        {"", "https://[::1]:9443/x"}, /* the local address */
        {"a b", "https://[::1]:9443/x"},
        {"user@evil.example", "https://[::1]:9443/x"},
        {"evil.example/..", "https://[::1]:9443/x"},
        {"[", "https://[::1]:9443/x"},
        {"]:80", "https://[::1]:9443/x"},
        {"[::1", "https://[::1]:9443/x"},
        {"[::1]80", "https://[::1]:9443/x"},
        {":80", "https://[::1]:9443/x"},
        {"a:b:c", "https://[::1]:9443/x"},
        {"a:80:90", "https://[::1]:9443/x"},
        {"a:8x", "https://[::1]:9443/x"},
        {"evil\r\nX: y", "https://[::1]:9443/x"},
    };
    server_start(&server, "requireSecure='true'", "");
    server_https_port = 9443;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[200];
        server_host = rows[i][0];
        struct reply reply = server_ask(&server, "GET", "/x", NULL, NULL);
        snprintf(expected, sizeof expected, "Content-Type: application/json\nLocation: %s\n", rows[i][1]);
        assert_int_equal(reply.status, 302);
        assert_string_equal(reply.headers, expected);
    }
}

static void more_requests_than_there_is_room_for_are_told_so(void **state)
{
    server_fibers = 2;
    server_start(&server, OPEN, "");
    played_sor.wait_us = 30000;
    struct client *first = server_send(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    struct client *second = server_send(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.headers, "Retry-After: 1\n"));
    assert_non_null(strstr(reply.body, "as many requests in work as it can take"));
    assert_int_equal(server_await(first).status, 200);
    assert_int_equal(server_await(second).status, 200);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
    server_start(&server, OPEN, "");
    const char *unknown[] = {"/",
                             "/accounts",
                             "/accounts/",
                             "/accounts/1/2",
                             "/Accounts/1",
                             "/accounts%2F1",
                             "/x",
                             "/zosConnect",
                             "/zosConnect/services/absent",
                             "/zosConnect/services/absent?action=status"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(server_ask(&server, "GET", unknown[i], FRED, NULL).status, 404);
    struct reply reply = server_ask(&server, "DELETE", "/accounts/new", FRED, NULL);
    assert_int_equal(reply.status, 405);
    assert_non_null(strstr(reply.headers, "Allow: POST, GET, HEAD, OPTIONS\n"));
    assert_string_equal(
        reply.body, "{\"errorMessage\":\"Method DELETE is not available under the path of this request.\"}");
}

static void a_target_that_cannot_be_read_is_refused(void **state)
{
    server_start(&server, OPEN, "");
    const char *bad[] = {"/accounts/../x", "/accounts/%2e%2e", "/accounts/%", "/accounts/1?name=%zz",
                         "/accounts/%00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply reply = server_ask(&server, "GET", bad[i], FRED, NULL);
        assert_int_equal(reply.status, 400);
        assert_non_null(strstr(reply.body, "\"errorMessage\":\"The request is refused: "));
    }
}

static void a_body_that_is_no_json_object_is_refused(void **state)
{
    server_start(&server, OPEN, "");
    struct reply reply = server_ask(&server, "POST", "/accounts/new", FRED, "notjson");
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body,
                           "{\"errorMessage\":\"BAQR0417W: The request payload could not be parsed. A "
                           "JSON object format payload is expected. Error: "));
    const char *bad[] = {"[1]",
                         "7",
                         "{\"Acc\":{\"Number\":1,\"Number\":2}}",
                         "{\"Acc\":{\"Number\":123456789}}",
                         "{\"Acc\":{\"Number\":\"x\"}}",
                         "{\"Acc\":{\"Other\":1}}",
                         "{"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(server_ask(&server, "POST", "/accounts/new", FRED, bad[i]).status, 400);
    assert_int_equal(played_sor.calls, 0);
}

static void a_parameter_must_be_there_once_and_fit(void **state)
{
    server_start(&server, OPEN, "");
    struct reply reply = server_ask(&server, "GET", "/accounts/42", FRED, NULL);
    assert_int_equal(reply.status, 400);
    assert_string_equal(reply.body,
                        "{\"errorMessage\":\"BAQR7018E: The HTTP request is missing parameter name\"}");
    reply = server_ask(&server, "GET", "/accounts/42?name=a&name=b", FRED, NULL);
    assert_int_equal(reply.status, 400);
    assert_string_equal(reply.body, "{\"errorMessage\":\"Query parameter name is given 2 times.\"}");
    assert_int_equal(server_ask(&server, "GET", "/accounts/x?name=a", FRED, NULL).status, 400);
    assert_int_equal(server_ask(&server, "GET", "/accounts/123456789?name=a", FRED, NULL).status, 400);
    assert_int_equal(server_ask(&server, "GET", "/accounts/1?name=a&other=1&other=2", FRED, NULL).status,
                     200);
}

static void failures_of_the_system_of_record_have_their_status(void **state)
{
    server_start(&server, OPEN, "");
    static const struct {
        enum sp_status status;
        unsigned http;
        const char *body;
    } rows[] = {
        {SP_EUNAVAIL, 503,
         "{\"errorMessage\":\"The system of record of service enquire is not available.\"}"},
        {SP_ETIMEDOUT, 503,
         "{\"errorMessage\":\"The system of record of service enquire is not available.\"}"},
        {SP_ELIMIT, 503, "{\"errorMessage\":\"The system of record of service enquire is not available.\"}"},
        {SP_EDENIED, 403,
         "{\"errorMessage\":\"The system of record refused the request to service enquire.\"}"},
        {SP_EPROTO, 500, "{\"errorMessage\":\"Program ENQUIRE ended with abend ASRA\"}"},
        {SP_ENOTFOUND, 500, "{\"errorMessage\":\"Program ENQUIRE ended with abend ASRA\"}"},
        {SP_EINTERNAL, 500, "{\"errorMessage\":\"BAQR7033E: Service enquire could not be invoked.\"}"},
    };
    played_sor.error_text = "Program ENQUIRE ended with abend ASRA";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        played_sor.status = rows[i].status;
        struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL);
        assert_int_equal(reply.status, rows[i].http);
        assert_string_equal(reply.body, rows[i].body);
    }
}

static void an_answer_that_cannot_be_mapped_is_not_shown(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.answer = SP_STR("\xf0\xf0\xf0\xf0\xf0\xf0\xf4SECRETSECRETSECRE\xd5");
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    assert_int_equal(reply.status, 500);
    assert_string_equal(
        reply.body,
        "{\"errorMessage\":\"BAQR7033E: The answer of service enquire could not be converted.\"}");
}

static void a_request_that_takes_too_long_is_ended(void **state)
{
    server_start(&server, OPEN " asyncRequestTimeout='50ms'", "");
    played_sor.hangs = true;
    struct reply reply = server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    assert_int_equal(reply.status, 503);
    assert_string_equal(
        reply.body,
        "{\"errorMessage\":\"BAQR0433W: The asynchronous request has timed out after 50 milliseconds.\"}");
}

static void requests_run_beside_each_other(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.wait_us = 30000;
    struct client *clients[50];
    for (size_t i = 0; i < 50; i++)
        clients[i] = server_send(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    assert_int_equal(sp_loop_fibers(server.loop), 50);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(server_await(clients[i]).status, 200);
    assert_int_equal(played_sor.calls, 50);
}

static void a_client_that_goes_cancels_the_call(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.hangs = true;
    struct client *gone = server_send(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    struct client *stays = server_send(&server, "GET", "/accounts/43?name=x", FRED, NULL);
    server_cancel(gone);
    assert_int_equal(played_sor.canceled, 1);
    assert_int_equal(sp_loop_fibers(server.loop), 1);
    server_cancel(stays);
    assert_int_equal(sp_loop_fibers(server.loop), 0);
}

static void the_end_of_the_server_ends_its_requests(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.hangs = true;
    struct client *client = server_send(&server, "GET", "/accounts/42?name=x", FRED, NULL);
    sp_gateway_free(server.gateway);
    server.gateway = NULL;
    struct reply reply = server_await(client);
    assert_int_equal(reply.status, 503);
    assert_string_equal(reply.body, "{\"errorMessage\":\"The server is stopping.\"}");
}

static void the_document_of_an_api_tells_where_it_is(void **state)
{
    server_start(&server, OPEN, "");
    struct reply reply = server_ask(&server, "GET", "/accounts/api-docs", FRED, NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.headers, "Content-Type: application/json\n");
    assert_string_equal(reply.body,
                        "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Accounts\",\"version\":\"1.2\"},"
                        "\"host\":\"api.example.com:9080\",\"basePath\":\"/accounts\",\"schemes\":[\"http\"],"
                        "\"paths\":{\"/{number}\":{\"get\":{\"operationId\":\"get\"}},"
                        "\"/new\":{\"post\":{\"operationId\":\"post\"}}}}");
}

static void errors_may_be_plain_text(void **state)
{
    server_start(&server, OPEN " useJsonErrorResponses='false'", "");
    struct reply reply = server_ask(&server, "GET", "/nothing", FRED, NULL);
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.headers, "Content-Type: text/plain;charset=UTF-8\n");
    assert_string_equal(reply.body, "Nothing is deployed under the path of this request.\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_api_call_goes_to_the_program_and_back),
        TEST(a_body_is_mapped),
        TEST(a_traceparent_goes_along),
        TEST(a_service_is_called_directly),
        TEST(without_credentials_comes_a_challenge),
        TEST(without_the_role_nothing_is_told),
        TEST(without_the_group_the_interceptor_refuses),
        TEST(groups_of_an_api_override_the_global_ones),
        TEST(an_api_may_do_without_authentication),
        TEST(plain_http_is_sent_to_https),
        TEST(a_redirect_goes_only_where_the_client_came_from),
        TEST(an_endpoint_with_names_is_called_by_them_alone),
        TEST(more_requests_than_there_is_room_for_are_told_so),
        TEST(unknown_paths_and_methods_are_told_apart),
        TEST(a_target_that_cannot_be_read_is_refused),
        TEST(a_body_that_is_no_json_object_is_refused),
        TEST(a_parameter_must_be_there_once_and_fit),
        TEST(failures_of_the_system_of_record_have_their_status),
        TEST(an_answer_that_cannot_be_mapped_is_not_shown),
        TEST(a_request_that_takes_too_long_is_ended),
        TEST(requests_run_beside_each_other),
        TEST(a_client_that_goes_cancels_the_call),
        TEST(the_end_of_the_server_ends_its_requests),
        TEST(the_document_of_an_api_tells_where_it_is),
        TEST(errors_may_be_plain_text),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_flow", tests, NULL, NULL);
}
