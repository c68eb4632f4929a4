/* SPDX-License-Identifier: Apache-2.0
 * Bodies that are still to come when the request begins: who has to send them, and who is refused without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "server.h"

#define OPEN "requireSecure='false'"
#define GOOD "{\"Acc\":{\"Number\":42}}"
#define TARGET "/accounts/new"
#define JSON "Content-Type: application/json\n"
#define LENGTH "Content-Length: 21\n"

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

static unsigned refused(const char *method, const char *target, const char *headers)
{
    struct client *client = server_send_header(&server, method, target, headers);
    assert_false(server_asked(client));
    return server_await(client).status;
}

static void who_may_not_call_is_refused_without_the_body(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(refused("POST", TARGET, LENGTH JSON), 401);
    assert_int_equal(refused("POST", TARGET, LENGTH JSON MALLORY), 403);
    assert_int_equal(refused("DELETE", TARGET, LENGTH JSON FRED), 405);
    assert_int_equal(refused("GET", "/nothing", LENGTH JSON FRED), 404);
    assert_int_equal(refused("POST", TARGET, LENGTH "Content-Type: text/plain\n" FRED), 415);
    assert_int_equal(refused("POST", "/zosConnect/apis", LENGTH JSON FRED), 415);
    assert_int_equal(refused("PUT", "/zosConnect/apis/none", LENGTH "Content-Type: application/zip\n" FRED),
                     404);
    assert_int_equal(played_sor.calls, 0);
}

static void who_may_call_is_asked_for_it_once(void **state)
{
    server_start(&server, OPEN, "");
    struct client *client = server_send_header(&server, "POST", TARGET, LENGTH JSON FRED);
    assert_true(server_asked(client));
    assert_int_equal(played_sor.calls, 0);
    server_give_body(client, GOOD);
    assert_int_equal(server_await(client).status, 200);
    assert_int_equal(played_sor.calls, 1);
}

static void a_body_without_a_length_may_be_empty(void **state)
{
    server_start(&server, OPEN, "");
    struct client *client = server_send_header(&server, "POST", TARGET, "Content-Type: text/plain\n" FRED);
    assert_true(server_asked(client));
    server_give_body(client, "");
    assert_int_equal(server_await(client).status, 200);
    client = server_send_header(&server, "POST", TARGET, "Content-Type: text/plain\n" FRED);
    server_give_body(client, GOOD);
    assert_int_equal(server_await(client).status, 415);
}

static void a_client_that_goes_meanwhile_is_no_harm(void **state)
{
    server_start(&server, OPEN, "");
    struct client *client = server_send_header(&server, "POST", TARGET, LENGTH JSON FRED);
    assert_true(server_asked(client));
    server_cancel(client);
    client = server_send_header(&server, "POST", TARGET, LENGTH JSON FRED);
    server_give_body(client, GOOD);
    server_cancel(client);
    assert_int_equal(server_ask(&server, "POST", TARGET, FRED, GOOD).status, 200);
}

static void the_time_of_a_slow_body_is_not_the_programs(void **state)
{
    server_start(&server, OPEN " asyncRequestTimeout='300ms'", "");
    struct client *client = server_send_header(&server, "POST", TARGET, LENGTH JSON FRED);
    int64_t until = sp_clock_monotonic_us() + 400000;
    while (sp_clock_monotonic_us() < until)
        sp_loop_run_once(server.loop, 20);
    server_give_body(client, GOOD);
    assert_int_equal(server_await(client).status, 200);
}

static void a_form_is_read_first_only_where_a_credential_can_be_in_it(void **state)
{
    server_start(&server, OPEN, "");
    assert_int_equal(refused("POST", TARGET, LENGTH "Content-Type: application/x-www-form-urlencoded\n"),
                     401);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_may_not_call_is_refused_without_the_body),
        TEST(who_may_call_is_asked_for_it_once),
        TEST(a_body_without_a_length_may_be_empty),
        TEST(a_client_that_goes_meanwhile_is_no_harm),
        TEST(the_time_of_a_slow_body_is_not_the_programs),
        TEST(a_form_is_read_first_only_where_a_credential_can_be_in_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway/body", tests, NULL, NULL);
}
