/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "store/change.h"

static struct sp_arena arena;
static struct sp_error err;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1u << 20);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static void a_change_survives_its_line(void **state)
{
    static const struct sp_store_change changes[] = {
        {.act = SP_STORE_DEPLOY,
         .kind = SP_STORE_API,
         .name = SP_STR_INIT("a \"b\"\n"),
         .stopped = true,
         .staged = SP_STR_INIT("/d/.x"),
         .by = SP_STR_INIT("fred")},
        {.act = SP_STORE_UPDATE,
         .kind = SP_STORE_SERVICE,
         .name = SP_STR_INIT("s"),
         .staged = SP_STR_INIT("/d/.x")},
        {.act = SP_STORE_START, .kind = SP_STORE_REQUESTER, .name = SP_STR_INIT("r_1")},
        {.act = SP_STORE_STOP, .kind = SP_STORE_REQUESTER, .name = SP_STR_INIT("r_1")},
        {.act = SP_STORE_DELETE, .kind = SP_STORE_API, .name = SP_STR_INIT("K\xc3\xb6ln")},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct sp_buf buf;
        struct sp_store_change read;
        sp_buf_init(&buf, SP_STORE_CHANGE_BYTES_MAX);
        assert_int_equal(sp_store_change_write(&changes[i], &buf), SP_OK);
        assert_int_equal(sp_str_find(sp_buf_str(&buf), '\n'), buf.len - 1);
        assert_int_equal(sp_store_change_read(sp_buf_str(&buf), &arena, &read, &err), SP_OK);
        assert_int_equal(read.act, changes[i].act);
        assert_int_equal(read.kind, changes[i].kind);
        assert_int_equal(read.stopped, changes[i].stopped);
        assert_true(sp_str_eq(read.name, changes[i].name));
        assert_true(sp_str_eq(read.staged, changes[i].staged));
        assert_true(sp_str_eq(read.by, changes[i].by));
        sp_buf_finish(&buf);
    }
}

static void what_is_no_change_is_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "{}",
        "{\"act\":\"deploy\",\"kind\":\".aar\",\"name\":\"x\"}",
        "{\"act\":\"deploy\",\"kind\":\".aar\",\"name\":\"\",\"staged\":\"/d/x\"}",
        "{\"act\":\"drop\",\"kind\":\".aar\",\"name\":\"x\"}",
        "{\"act\":\"stop\",\"kind\":\".zip\",\"name\":\"x\"}",
    };
    struct sp_store_change change;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_not_equal(sp_store_change_read(sp_str_of(lines[i]), &arena, &change, &err), SP_OK);
}

static void a_change_that_is_too_long_is_refused(void **state)
{
    static char name[SP_STORE_CHANGE_BYTES_MAX];
    struct sp_buf buf;
    memset(name, 'n', sizeof name);
    const struct sp_store_change change = {.act = SP_STORE_STOP, .name = sp_str_from(name, sizeof name)};
    sp_buf_init(&buf, 1u << 20);
    assert_int_equal(sp_store_change_write(&change, &buf), SP_ELIMIT);
    sp_buf_finish(&buf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_survives_its_line),
        TEST(what_is_no_change_is_refused),
        TEST(a_change_that_is_too_long_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
