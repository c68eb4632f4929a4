/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/agreement.h"
#include "gateway/shared_area.h"

static struct sp_config config;
static struct sp_error err;

static void parts_are_apart_and_stay(void **state)
{
    size_t bytes = sp_shared_area_bytes(&config, 3), size = 0;
    unsigned char *memory = calloc(1, bytes + 8);
    /* The engine gives memory that is aligned to 8 only. */
    struct sp_worker worker = {.count = 3, .shared = memory + 8, .shared_bytes = bytes};
    assert_int_equal(sp_shared_area_join(&worker, &config, &err), SP_OK);
    unsigned char *part = sp_shared_area_part(&worker, SP_SHARED_AGREEMENT, &size);
    assert_non_null(part);
    assert_int_equal((uintptr_t)part % 64, 0);
    assert_true(size >= sp_agreement_bytes(3));
    assert_true(part >= memory + 8 && part + size <= memory + 8 + bytes);
    memset(part, 7, size);
    struct sp_worker later = worker;
    later.index = 2;
    assert_int_equal(sp_shared_area_join(&later, &config, &err), SP_OK);
    assert_ptr_equal(sp_shared_area_part(&later, SP_SHARED_AGREEMENT, NULL), part);
    assert_int_equal(part[0], 7);
    free(memory);
}

static void memory_that_is_too_small_is_refused(void **state)
{
    size_t bytes = sp_shared_area_bytes(&config, 3);
    unsigned char *memory = calloc(1, bytes);
    struct sp_worker worker = {.count = 3, .shared = memory, .shared_bytes = bytes - 1};
    assert_int_equal(sp_shared_area_join(&worker, &config, &err), SP_ELIMIT);
    worker.shared_bytes = 8;
    assert_int_equal(sp_shared_area_join(&worker, &config, &err), SP_ELIMIT);
    free(memory);
}

static void without_memory_there_are_no_parts(void **state)
{
    struct sp_worker worker = {.count = 1};
    assert_null(sp_shared_area_part(&worker, SP_SHARED_AGREEMENT, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_apart_and_stay),
        cmocka_unit_test(memory_that_is_too_small_is_refused),
        cmocka_unit_test(without_memory_there_are_no_parts),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
