/* SPDX-License-Identifier: Apache-2.0
 * An ordinary request takes nothing from the heap once the pools are filled. Linked with --wrap, so that the
 * allocations of all rooms are seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "server.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool counting;
static unsigned allocations;

void *__wrap_malloc(size_t size)
{
    allocations += counting;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations += counting;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations += counting;
    return __real_realloc(memory, size);
}

static struct sp_handler gateway_handler;

static void counted_start(void *handler, struct sp_exchange *exchange)
{
    counting = true;
    gateway_handler.start(handler, exchange);
    counting = false;
}

static struct server server;

static int tear_down(void **state)
{
    server_finish(&server);
    return 0;
}

/* Between requests there is time to write SMF blocks, so that their memory returns. */
static void ask_in_turns(unsigned requests)
{
    while (requests--) {
        assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", FRED, NULL).status, 200);
        if (requests % 20 == 0)
            for (int turn = 0; turn < 5; turn++)
                sp_loop_run_once(server.loop, 20);
    }
}

static void ordinary_requests_allocate_nothing(void **state)
{
    server_init(&server);
    server_start(&server, "requireSecure='false' globalInterceptorsRef='all' globalInvokeGroup='CLERKS'",
                 "<zosconnect_zosConnectInterceptors id='all' interceptorRef='auth,audit'/>"
                 "<zosconnect_auditInterceptor id='audit' sequence='1' apiProviderSmfVersion='2'/>"
                 "<zosconnect_authorizationInterceptor id='auth' sequence='2'/>");
    gateway_handler = server.handler;
    server.handler.start = counted_start;
    ask_in_turns(80);             /* fills the pools: calls, stacks, SMF blocks */
    assert_true(allocations > 0); /* it does count */
    allocations = 0;
    ask_in_turns(100);
    assert_int_equal(allocations, 0);
    assert_int_equal(server_ask(&server, "GET", "/nothing", FRED, NULL).status, 404);
    assert_int_equal(server_ask(&server, "GET", "/accounts/42?name=x", NULL, NULL).status, 401);
    assert_int_equal(allocations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ordinary_requests_allocate_nothing, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_heap", tests, NULL, NULL);
}
