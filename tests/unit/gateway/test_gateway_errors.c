/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "gateway/call.h"

static struct sp_arena arena;

static int set_up(void **state)
{
    sp_arena_init(&arena, 100000);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static void a_failure_becomes_json_with_entities(void **state)
{
    const struct sp_failure failure = {
        .status = 403,
        .message = SP_STR_INIT("BAQR0406W: for <a href='x'> & \"y\""),
        .details = SP_STR_INIT("BAQR0409W: User J\xc3\xbcrgen\n\\"),
    };
    struct sp_http_reply reply;
    sp_failure_reply(&failure, true, &arena, &reply);
    assert_int_equal(reply.status, 403);
    assert_true(sp_str_is(
        reply.body, "{\"errorMessage\":\"BAQR0406W: for &lt;a href=&#39;x&#39;&gt; &amp; &quot;y&quot;\","
                    "\"errorDetails\":\"BAQR0409W: User J\xc3\xbcrgen\\n\\\\\"}"));
    assert_int_equal(reply.header_count, 1);
    assert_true(sp_str_is(reply.headers[0].name, "Content-Type"));
    assert_true(sp_str_is(reply.headers[0].value, "application/json"));
}

static void details_and_headers_are_optional(void **state)
{
    struct sp_failure failure = {
        .status = 405,
        .message = SP_STR_INIT("no"),
        .headers = {{SP_STR_INIT("Allow"), SP_STR_INIT("GET")}},
        .header_count = 1,
    };
    struct sp_http_reply reply;
    sp_failure_reply(&failure, true, &arena, &reply);
    assert_true(sp_str_is(reply.body, "{\"errorMessage\":\"no\"}"));
    assert_int_equal(reply.header_count, 2);
    assert_true(sp_str_is(reply.headers[1].name, "Allow"));
    sp_failure_reply(&failure, false, &arena, &reply);
    assert_true(sp_str_is(reply.body, "no\n"));
    assert_true(sp_str_is(reply.headers[0].value, "text/plain;charset=UTF-8"));
}

static void an_exhausted_arena_still_gives_the_status(void **state)
{
    struct sp_arena small;
    sp_arena_init(&small, 1);
    const struct sp_failure failure = {.status = 503, .message = SP_STR_INIT("busy")};
    struct sp_http_reply reply;
    sp_failure_reply(&failure, true, &small, &reply);
    assert_int_equal(reply.status, 503);
    assert_int_equal(reply.body.len, 0);
    struct sp_error err = SP_ERROR_INIT;
    sp_error_set(&err, SP_EPROTO, "BAQR7033E", "x");
    assert_true(sp_failure_text(&err, &small).len > 0);
    assert_true(sp_str_is(sp_failure_text(&err, &arena), "BAQR7033E: x"));
    sp_arena_finish(&small);
}

static void a_failure_has_room_for_the_headers_of_every_challenge(void **state)
{
    static struct sp_call call;
    char names[SP_FAILURE_HEADERS_MAX + 1][8];
    struct sp_http_reply reply;
    assert_true(SP_CHALLENGE_HEADERS_MAX < SP_FAILURE_HEADERS_MAX);
    for (unsigned i = 0; i <= SP_FAILURE_HEADERS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "X-%u", i);
        sp_call_fail_header(&call, names[i], SP_STR("v"));
        assert_int_equal(call.failure.header_count, i < SP_FAILURE_HEADERS_MAX ? i + 1 : i);
    }
    call.failure.status = 403;
    call.failure.message = SP_STR("no");
    sp_failure_reply(&call.failure, true, &arena, &reply);
    assert_int_equal(reply.header_count, 1 + SP_FAILURE_HEADERS_MAX);
    assert_true(sp_str_is(reply.headers[SP_FAILURE_HEADERS_MAX].name, "X-17"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_becomes_json_with_entities),
        cmocka_unit_test(details_and_headers_are_optional),
        cmocka_unit_test(an_exhausted_arena_still_gives_the_status),
        cmocka_unit_test(a_failure_has_room_for_the_headers_of_every_challenge),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_errors", tests, set_up, tear_down);
}
