/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/correlator.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void the_examples_of_the_standard_are_valid(void **state)
{
    assert_true(sp_traceparent_is_valid(SP_STR(GOOD)));
    assert_true(sp_traceparent_is_valid(SP_STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));
    assert_true(
        sp_traceparent_is_valid(SP_STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-new")));
}

static void anything_else_is_not(void **state)
{
    const char *bad[] = {
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sp_traceparent_is_valid(sp_str_of(bad[i])));
}

static struct sp_str correlate(struct sp_arena *arena, uint64_t id, const char *first, const char *second)
{
    static const unsigned char seed[16] = {1, 2, 3};
    const struct sp_http_header headers[] = {{SP_STR_INIT("Traceparent"), sp_str_of(first)},
                                             {SP_STR_INIT("traceparent"), sp_str_of(second)}};
    const struct sp_http_request request = {.headers = headers, .header_count = second ? 2 : first ? 1 : 0};
    return sp_correlator(&request, seed, id, arena);
}

static void the_clients_own_is_kept_and_another_made_for_the_rest(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 100000);
    assert_true(sp_str_is(correlate(&arena, 1, GOOD, NULL), GOOD));
    struct sp_str made = correlate(&arena, 1, NULL, NULL), other = correlate(&arena, 2, NULL, NULL);
    assert_true(sp_traceparent_is_valid(made));
    assert_int_equal(made.len, SP_CORRELATOR_BYTES);
    assert_false(sp_str_eq(made, other));
    assert_true(sp_str_eq(correlate(&arena, 1, "nonsense", NULL), made));
    assert_true(sp_str_eq(correlate(&arena, 1, GOOD, GOOD), made));
    sp_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_are_valid),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(the_clients_own_is_kept_and_another_made_for_the_rest),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_correlator", tests, NULL, NULL);
}
