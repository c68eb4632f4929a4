/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"

static void arena_gives_aligned_memory(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    for (size_t size = 0; size < 70; size++) {
        void *p = sp_arena_alloc(&arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 0xaa, size);
    }
    sp_arena_finish(&arena);
}

static void an_arena_that_reserves_what_was_given_takes_no_more(void **state)
{
    struct sp_arena first, second;
    sp_arena_init(&first, 1 << 20);
    sp_arena_init(&second, 1 << 20);
    for (size_t size = 0; size < 300; size++)
        assert_non_null(sp_arena_alloc(&first, size));
    sp_arena_reserve(&second, sp_arena_given(&first));
    size_t reserved = second.used;
    for (size_t size = 0; size < 300; size++)
        memset(sp_arena_alloc(&second, size), 1, size);
    assert_int_equal(second.used, reserved);
    assert_non_null(sp_arena_alloc(&second, reserved));
    assert_true(second.used > reserved);
    sp_arena_finish(&first);
    sp_arena_finish(&second);
    sp_arena_init(&second, 100);
    sp_arena_reserve(&second, 1000);
    assert_int_equal(second.used, 0);
    assert_int_equal(sp_arena_given(&second), 0);
    sp_arena_finish(&second);
}

static void arena_keeps_its_ceiling(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 20000);
    assert_null(sp_arena_alloc(&arena, 20001));
    assert_non_null(sp_arena_alloc(&arena, 8000));
    assert_null(sp_arena_alloc(&arena, 19000));
    assert_non_null(sp_arena_alloc(&arena, 8000));
    assert_true(arena.used <= 20000);
    volatile size_t half = SIZE_MAX / 2;
    assert_null(sp_arena_calloc(&arena, half, 3));
    sp_arena_finish(&arena);
}

static void arena_reset_takes_nothing_new_from_the_heap(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    void *first = sp_arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++)
        assert_non_null(sp_arena_alloc(&arena, 1000));
    sp_arena_reset(&arena);
    size_t used = arena.used;
    assert_ptr_equal(sp_arena_alloc(&arena, 100), first);
    assert_int_equal(arena.used, used);
    sp_arena_finish(&arena);
    sp_arena_finish(NULL);
}

static void arena_copies_end_in_nul(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    struct sp_str copy = sp_arena_str(&arena, SP_STR("abc"));
    assert_string_equal(copy.ptr, "abc");
    assert_int_equal(sp_arena_printf(&arena, "%d-%s", 7, "x").len, 3);
    assert_string_equal(sp_arena_cstr(&arena, (struct sp_str){NULL, 0}), "");
    sp_arena_finish(&arena);
}

static void buf_stops_at_its_ceiling_and_keeps_what_it_had(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 10);
    assert_int_equal(sp_buf_append(&buf, "12345", 5), SP_OK);
    assert_int_equal(sp_buf_append(&buf, "67890", 5), SP_OK);
    assert_int_equal(sp_buf_append_byte(&buf, 'x'), SP_ELIMIT);
    assert_true(buf.failed);
    assert_true(sp_str_is(sp_buf_str(&buf), "1234567890"));
    sp_buf_reset(&buf);
    assert_false(buf.failed);
    assert_int_equal(sp_buf_append_u32(&buf, 0x01020304), SP_OK);
    assert_int_equal(sp_get_u32(buf.ptr), 0x01020304);
    sp_buf_finish(&buf);
    sp_buf_finish(NULL);
}

static void buf_consumes_from_the_front(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 1000);
    assert_int_equal(sp_buf_printf(&buf, "%s-%d", "frame", 12), SP_OK);
    sp_buf_consume(&buf, 6);
    assert_true(sp_str_is(sp_buf_str(&buf), "12"));
    sp_buf_consume(&buf, 99);
    assert_int_equal(buf.len, 0);
    assert_int_equal(sp_buf_append_u64(&buf, 0x0102030405060708u), SP_OK);
    assert_true(sp_get_u64(buf.ptr) == 0x0102030405060708u);
    assert_int_equal(sp_buf_append_u16(&buf, 0xfffe), SP_OK);
    assert_int_equal(sp_get_u16(buf.ptr + 8), 0xfffe);
    sp_buf_wipe(&buf);
}

static void secrets_compare_by_content(void **state)
{
    assert_true(sp_secret_eq(SP_STR("same"), SP_STR("same")));
    assert_false(sp_secret_eq(SP_STR("same"), SP_STR("samf")));
    assert_false(sp_secret_eq(SP_STR("same"), SP_STR("sam")));
    assert_true(sp_secret_eq((struct sp_str){NULL, 0}, SP_STR("")));
    unsigned char a[32] = {0}, b[32] = {0};
    sp_secret_random(a, sizeof a);
    sp_secret_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    sp_secret_wipe(a, sizeof a);
    assert_memory_equal(a, (unsigned char[32]){0}, sizeof a);
}

static void a_wiped_arena_leaves_nothing_behind(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    assert_non_null(sp_arena_cstr(&arena, SP_STR("secret")));
    sp_arena_wipe(&arena);
    assert_null(arena.chunks);
    assert_int_equal(arena.used, 0);
    assert_non_null(sp_arena_alloc(&arena, 16));
    sp_arena_wipe(&arena);
    sp_arena_wipe(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wiped_arena_leaves_nothing_behind),
        cmocka_unit_test(arena_gives_aligned_memory),
        cmocka_unit_test(an_arena_that_reserves_what_was_given_takes_no_more),
        cmocka_unit_test(arena_keeps_its_ceiling),
        cmocka_unit_test(arena_reset_takes_nothing_new_from_the_heap),
        cmocka_unit_test(arena_copies_end_in_nul),
        cmocka_unit_test(buf_stops_at_its_ceiling_and_keeps_what_it_had),
        cmocka_unit_test(buf_consumes_from_the_front),
        cmocka_unit_test(secrets_compare_by_content),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
