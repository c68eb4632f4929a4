/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/counter.h"

static void a_name_has_one_counter(void **state)
{
    void *memory = calloc(1, sp_store_counters_bytes());
    struct sp_store_counter *a = sp_store_counter_of(memory, sp_store_counters_bytes(), SP_STR("a"));
    struct sp_store_counter *b = sp_store_counter_of(memory, sp_store_counters_bytes(), SP_STR("b"));
    assert_ptr_not_equal(a, b);
    int64_t since = atomic_load(&a->since_us);
    assert_true(since > 0);
    sp_store_count(a);
    sp_store_count(a);
    assert_ptr_equal(sp_store_counter_of(memory, sp_store_counters_bytes(), SP_STR("a")), a);
    assert_int_equal(atomic_load(&a->calls), 2);
    assert_int_equal(atomic_load(&a->since_us), since);
    assert_int_equal(atomic_load(&b->calls), 0);
    sp_store_counter_restart(a);
    assert_int_equal(atomic_load(&a->calls), 0);
    assert_true(atomic_load(&a->since_us) >= since);
    free(memory);
}

static void there_are_as_many_counters_as_is_said(void **state)
{
    size_t bytes = sp_store_counters_bytes();
    void *memory = calloc(1, bytes);
    char name[16];
    for (unsigned i = 0; i < SP_STORE_COUNTERS; i++) {
        snprintf(name, sizeof name, "s%u", i);
        assert_non_null(sp_store_counter_of(memory, bytes, sp_str_of(name)));
    }
    assert_null(sp_store_counter_of(memory, bytes, SP_STR("one more")));
    assert_non_null(sp_store_counter_of(memory, bytes, SP_STR("s0")));
    free(memory);
}

static void without_room_nothing_is_counted(void **state)
{
    struct sp_store_counter two[2] = {{0}};
    assert_null(sp_store_counter_of(NULL, 0, SP_STR("a")));
    assert_non_null(sp_store_counter_of(two, sizeof two, SP_STR("a")));
    assert_non_null(sp_store_counter_of(two, sizeof two, SP_STR("b")));
    assert_null(sp_store_counter_of(two, sizeof two, SP_STR("c")));
    sp_store_count(NULL);
    sp_store_counter_restart(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_one_counter),
        cmocka_unit_test(there_are_as_many_counters_as_is_said),
        cmocka_unit_test(without_room_nothing_is_counted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
