/* SPDX-License-Identifier: Apache-2.0
 * What the audit records of requests, whatever way they end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>
#include <stdlib.h>

#include "intercept/intercept.h"
#include "intercept/smf/block.h"
#include "intercept/smf/record.h"
#include "server.h"

#define AUDITED "requireSecure='false' globalInterceptorsRef='all' globalInvokeGroup='CLERKS'"
#define INTERCEPTORS(version)                                                                    \
    "<zosconnect_zosConnectInterceptors id='all' interceptorRef='auth,audit'/>"                  \
    "<zosconnect_auditInterceptor id='audit' sequence='1' apiProviderSmfVersion='" version "'/>" \
    "<zosconnect_authorizationInterceptor id='auth' sequence='2'/>"

static const struct sp_smf_request *request_at(const struct sp_smf_record *record, size_t index)
{
    return sp_smf_item(record, index);
}

static struct server server;
static struct sp_arena arena;
static struct sp_smf_request requests[32];
static struct sp_smf_standard head;
static struct sp_smf_server origin;
static size_t count;

static int set_up(void **state)
{
    server_init(&server);
    sp_arena_init(&arena, 1000000);
    return 0;
}

static int tear_down(void **state)
{
    server_finish(&server);
    sp_arena_finish(&arena);
    return 0;
}

/* Stop the gateway and read what it recorded. */
static void read_file(const char *name)
{
    char path[200];
    static char bytes[100000];
    struct sp_smf_text text;
    struct sp_error err = SP_ERROR_INIT;
    sp_gateway_free(server.gateway);
    server.gateway = NULL;
    snprintf(path, sizeof path, "%s%s", server.directory, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_equal(sp_smf_text_init(&text, 1047, &err), SP_OK);
    struct sp_smf_reader reader;
    struct sp_str record_bytes;
    struct sp_smf_record record;
    count = 0;
    sp_smf_reader_init(&reader, sp_str_from(bytes, len));
    while (sp_smf_reader_next(&reader, &record_bytes, &err) == SP_OK) {
        assert_int_equal(sp_smf_record_read(record_bytes, &text, &arena, &record, &err), SP_OK);
        head = record.head;
        origin = record.server;
        for (size_t i = 0; record.version->type == SP_SMF_TYPE && i < record.item_count; i++)
            requests[count++] = *request_at(&record, i);
    }
}

static void read_records(void)
{
    read_file("logs/smf/smf123");
}

static void assert_text(struct sp_str found, const char *expected)
{
    char text[300];
    snprintf(text, sizeof text, "%.*s", SP_STR_ARG(found));
    assert_string_equal(text, expected);
}

static void a_call_is_recorded_with_all_it_was(void **state)
{
    server_start(&server, AUDITED, INTERCEPTORS("2"));
    const char *headers = FRED "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n";
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", headers, NULL).status, 200);
    read_records();
    assert_int_equal(count, 1);
    const struct sp_smf_request *r = &requests[0];
    assert_int_equal(r->type, SP_REQUEST_API);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->flags, 0);
    assert_text(r->user, "fred");
    assert_text(r->mapped_user, "FRED");
    assert_text(r->client_address, "192.0.2.7");
    assert_text(r->api_name, "accounts");
    assert_text(r->api_version, "1.2");
    assert_text(r->service_name, "enquire");
    assert_text(r->service_version, "1.0.0");
    assert_text(r->method, "GET");
    assert_text(r->uri, "/accounts/42");
    assert_text(r->query, "name=x");
    assert_int_equal(r->request_bytes, 0);
    assert_int_equal(r->response_bytes, strlen("{\"Acc\":{\"Number\":42,\"Name\":\"x\",\"Balance\":0.00}}"));
    assert_true(r->entry_us && r->entry_us <= r->sor_sent_us && r->sor_sent_us <= r->sor_received_us &&
                r->sor_received_us <= r->exit_us);
    assert_text(r->provider, "CICS-1.0");
    assert_text(r->sor_reference, "cicsConn");
    assert_text(r->sor_identifier, "CICSA");
    assert_text(r->sor_resource, "CSMI,ENQUIRE");
    assert_int_equal(r->id, 1);
    assert_memory_equal(r->token.ptr, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\0", 56);
    assert_text(origin.config_dir, server.directory);
}

static void version_1_is_a_record_a_request(void **state)
{
    server_start(&server, AUDITED, INTERCEPTORS("1"));
    const char *body = "{\"Acc\":{\"Number\":7}}";
    assert_int_equal(server_ask(&server, "POST", "/accounts/new", FRED, body).status, 200);
    assert_int_equal(
        server_ask(&server, "PUT", "/zosConnect/services/enquire?action=invoke", FRED, body).status, 200);
    read_records();
    assert_int_equal(count, 2);
    assert_int_equal(requests[0].request_bytes, strlen(body));
    assert_text(requests[0].uri, "/accounts/new");
    assert_text(requests[1].uri, "/zosConnect/services/enquire");
    assert_text(requests[1].service_name, "enquire");
    assert_int_equal(requests[1].id, 2);
}

static void requests_that_fail_are_recorded_too(void **state)
{
    server_start(&server, AUDITED " asyncRequestTimeout='50ms'", INTERCEPTORS("2"));
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", EVE, NULL).status, 403);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42", FRED, NULL).status, 400);
    played_sor.status = SP_EPROTO;
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 500);
    played_sor.hangs = true;
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 503);
    server_cancel(server_send(&server, "GET", "/accounts/43?name=x", FRED, NULL));
    read_records();
    static const struct {
        unsigned status, flags;
        const char *user, *uri;
        bool sent;
    } expected[] = {
        {403, 0, "eve", "/accounts/42", false}, {400, 0, "fred", "/accounts/42", false},
        {500, 0, "fred", "/accounts/42", true}, {503, 0x80, "fred", "/accounts/42", true},
        {0, 0, "fred", "/accounts/43", true}, /* the client went: nothing was sent */
    };
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(requests[i].status, expected[i].status);
        assert_int_equal(requests[i].flags, expected[i].flags);
        assert_text(requests[i].user, expected[i].user);
        assert_text(requests[i].uri, expected[i].uri);
        assert_int_equal(requests[i].sor_sent_us != 0, expected[i].sent);
        assert_int_equal(requests[i].sor_received_us, 0);
    }
}

static void what_ends_before_the_interceptors_leaves_no_record(void **state)
{
    server_start(&server, AUDITED, INTERCEPTORS("2"));
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", NULL, NULL).status, 401);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", MALLORY, NULL).status, 403);
    assert_int_equal(server_ask(&server, "GET", "/nothing", FRED, NULL).status, 404);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
    read_records();
    assert_int_equal(count, 1);
    assert_int_equal(requests[0].id, 4);
}

static void early_failures_are_recorded_on_request(void **state)
{
    server_start(&server, AUDITED " requireAuth='true'",
                 "<zosconnect_zosConnectInterceptors id='all' interceptorRef='auth,audit'/>"
                 "<zosconnect_auditInterceptor id='audit' sequence='1' apiProviderSmfVersion='2' "
                 "apiProviderEarlyFailure='true'/>"
                 "<zosconnect_authorizationInterceptor id='auth' sequence='2'/>");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", NULL, NULL).status, 401);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", MALLORY, NULL).status, 403);
    assert_int_equal(server_ask(&server, "GET", "/nothing", FRED, NULL).status, 404);
    assert_int_equal(server_ask(&server, "GET", "/%zz", NULL, NULL).status, 400);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", EVE, NULL).status, 403);
    read_records();
    static const struct {
        unsigned status, type;
        const char *user, *uri, *api;
    } expected[] = {
        {401, SP_REQUEST_API, "", "/accounts/42", "accounts"},
        {403, SP_REQUEST_API, "mallory", "/accounts/42", "accounts"},
        {404, SP_REQUEST_UNKNOWN, "fred", "/nothing", ""},
        {400, SP_REQUEST_UNKNOWN, "", "/%zz", ""},
        {403, SP_REQUEST_API, "eve", "/accounts/42", "accounts"},
    };
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(requests[i].status, expected[i].status);
        assert_int_equal(requests[i].type, expected[i].type);
        assert_text(requests[i].user, expected[i].user);
        assert_text(requests[i].uri, expected[i].uri);
        assert_text(requests[i].api_name, expected[i].api);
    }
}

static void server_xml_says_where_and_by_whom(void **state)
{
    server_start(&server, AUDITED,
                 INTERCEPTORS("1") "<sallyport_smf file='${server.output.dir}/a/b/records' sid='SYS1' "
                                   "systemName='MVSA' sysplexName='PLEX1' ccsid='37' writeDelay='5ms'/>");
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
    read_file("a/b/records");
    assert_int_equal(count, 1);
    assert_text(head.sid, "SYS1");
    assert_text(origin.system, "MVSA");
    assert_text(origin.sysplex, "PLEX1");
}

static unsigned files_in(const char *name)
{
    char path[200];
    unsigned found = 0;
    snprintf(path, sizeof path, "%s%s", server.directory, name);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        found += entry->d_name[0] != '.';
    closedir(dir);
    return found;
}

static void files_are_begun_anew_as_server_xml_says(void **state)
{
    server_start(&server, AUDITED,
                 INTERCEPTORS("1") "<sallyport_smf file='${server.output.dir}/a/b/records' writeDelay='1ms' "
                                   "rotateInterval='1ms' maxFiles='2'/>");
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
        usleep(50000);
    }
    read_file("a/b/records");
    assert_true(count >= 1 && count < 4);
    assert_int_equal(files_in("a/b"), 2);
}

#define WITH_HEADERS(attributes)                                           \
    "<zosconnect_zosConnectInterceptors id='all' interceptorRef='audit'/>" \
    "<zosconnect_auditInterceptor id='audit' sequence='1' " attributes "/>"

static bool has_problem(const char *id)
{
    for (const struct sp_problem *p = server.problems.first; p; p = p->next)
        if (strcmp(p->id, id) == 0)
            return true;
    return false;
}

static void headers_that_are_asked_for_are_recorded(void **state)
{
    server_start(
        &server, AUDITED,
        WITH_HEADERS("apiProviderSmfVersion='2' apiProviderRequestHeaders='User-Agent,X-None,x-long'"));
    const char *headers =
        FRED "USER-AGENT: curl/8\n"
             "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\n";
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", headers, NULL).status, 200);
    assert_true(has_problem("BAQR0803I"));
    read_records();
    assert_int_equal(count, 1);
    assert_text(requests[0].request_headers[0], "User-Agent:curl/8");
    assert_text(requests[0].request_headers[1], "");
    assert_int_equal(requests[0].request_headers[2].len, 64);
    assert_text(requests[0].request_headers[3], "");
}

static void more_than_four_headers_are_none(void **state)
{
    server_start(
        &server, AUDITED,
        WITH_HEADERS("apiProviderSmfVersion='2' apiProviderRequestHeaders='Host,a,b,c,Authorization'"));
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
    assert_true(has_problem("BAQR0802E"));
    read_records();
    for (size_t i = 0; i < 4; i++)
        assert_text(requests[0].request_headers[i], "");
}

static void headers_need_version_2(void **state)
{
    server_start(&server, AUDITED, WITH_HEADERS("apiProviderRequestHeaders='Host'"));
    assert_true(has_problem("BAQR0805E"));
    assert_true(has_problem("BAQR0801I"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_recorded_with_all_it_was),
        TEST(version_1_is_a_record_a_request),
        TEST(requests_that_fail_are_recorded_too),
        TEST(what_ends_before_the_interceptors_leaves_no_record),
        TEST(early_failures_are_recorded_on_request),
        TEST(server_xml_says_where_and_by_whom),
        TEST(files_are_begun_anew_as_server_xml_says),
        TEST(headers_that_are_asked_for_are_recorded),
        TEST(more_than_four_headers_are_none),
        TEST(headers_need_version_2),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_audit", tests, NULL, NULL);
}
