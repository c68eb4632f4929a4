/* SPDX-License-Identifier: Apache-2.0
 * Another generation while requests are in work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/gateway_internal.h"
#include "server.h"

#define OPEN "requireSecure='false'"
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

/* Replace `old` in server.xml; the file is small. */
static void edit(const char *old, const char *new)
{
    char path[200], text[8192], other[8192];
    snprintf(path, sizeof path, "%sserver.xml", server.directory);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *at = strstr(text, old);
    assert_non_null(at);
    snprintf(other, sizeof other, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    server_file(&server, "server.xml", other);
}

static struct sp_generation *made(void)
{
    const struct sp_config_options options = {.config_dir = server.directory};
    struct sp_config *config = NULL;
    struct sp_generation *generation = NULL;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_problems problems;
    sp_problems_init(&problems);
    if (sp_config_load(&options, &problems, &config, &err) != SP_OK)
        fail_msg("%s", err.text);
    sp_problems_finish(&problems);
    if (sp_generation_open(config, true, &server.worker, server.gateway->present, &generation, &err) !=
            SP_OK ||
        sp_generation_compile(generation, NULL, &err) != SP_OK)
        fail_msg("%s", err.text);
    return generation;
}

static struct client *ask(void)
{
    return server_send(&server, "GET", TARGET, FRED, NULL);
}

static void requests_end_on_what_they_began_with(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.wait_us = 50000;
    struct client *before = ask();
    while (!played_sor.calls)
        sp_loop_run_once(server.loop, 20);
    edit("<user name='fred' password='fredpwd'/>", "");
    struct sp_generation *old = sp_generation_hold(server.gateway->present);
    sp_gateway_use(server.gateway, made());
    assert_int_equal(old->references, 2); /* the request's, and ours */
    assert_int_equal(server_await(ask()).status, 401);
    assert_int_equal(server_await(before).status, 200);
    assert_int_equal(old->references, 1);
    sp_generation_release(old);
    assert_int_equal(server_await(ask()).status, 401);
}

static void many_generations_may_be_in_use(void **state)
{
    struct client *clients[8];
    server_start(&server, OPEN, "");
    played_sor.wait_us = 50000;
    for (unsigned i = 0; i < 8; i++) {
        clients[i] = ask();
        while (played_sor.calls <= i)
            sp_loop_run_once(server.loop, 20);
        sp_gateway_use(server.gateway, made());
    }
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(server_await(clients[i]).status, 200);
}

static void a_client_that_goes_away_lets_go_of_its_generation(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.hangs = true;
    struct client *client = ask();
    while (!played_sor.calls)
        sp_loop_run_once(server.loop, 20);
    struct sp_generation *old = sp_generation_hold(server.gateway->present);
    sp_gateway_use(server.gateway, made());
    server_cancel(client);
    while (server.gateway->running)
        sp_loop_run_once(server.loop, 20);
    assert_int_equal(old->references, 1);
    sp_generation_release(old);
}

static void a_connection_that_did_not_change_stays_open(void **state)
{
    server_start(&server, OPEN, "");
    const struct sp_sor_connection *before = server.gateway->present->connections[0];
    edit("<user name='mallory' password='mal'/>", "");
    sp_gateway_use(server.gateway, made());
    assert_ptr_equal(server.gateway->present->connections[0], before);
    edit("port='1'", "port='2'");
    sp_gateway_use(server.gateway, made());
    assert_ptr_not_equal(server.gateway->present->connections[0], before);
    assert_int_equal(server_await(ask()).status, 200);
}

static void a_changed_connection_serves_its_requests_to_their_end(void **state)
{
    server_start(&server, OPEN, "");
    played_sor.wait_us = 50000;
    struct client *client = ask();
    while (!played_sor.calls)
        sp_loop_run_once(server.loop, 20);
    edit("port='1'", "port='2'");
    sp_gateway_use(server.gateway, made());
    assert_int_equal(server_await(client).status, 200);
}

static void a_generation_that_nobody_uses_goes_without_a_trace(void **state)
{
    server_start(&server, OPEN, "");
    const struct sp_generation *present = server.gateway->present;
    edit("<user name='mallory' password='mal'/>", "");
    sp_generation_release(made());
    assert_ptr_equal(server.gateway->present, present);
    assert_int_equal(server_await(ask()).status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_end_on_what_they_began_with),
        TEST(many_generations_may_be_in_use),
        TEST(a_client_that_goes_away_lets_go_of_its_generation),
        TEST(a_connection_that_did_not_change_stays_open),
        TEST(a_changed_connection_serves_its_requests_to_their_end),
        TEST(a_generation_that_nobody_uses_goes_without_a_trace),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_generation", tests, NULL, NULL);
}
