/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/target.h"

static struct sp_arena arena;
static struct sp_error err = SP_ERROR_INIT;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1000000);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* "a|b" for two segments. */
static const char *segments_of(const char *path)
{
    static char text[400];
    struct sp_path read;
    if (sp_path_read(sp_str_of(path), &arena, &read, &err) != SP_OK)
        return NULL;
    text[0] = 0;
    for (size_t i = 0; i < read.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? "|" : "",
                 SP_STR_ARG(read.segments[i]));
    return text;
}

static void a_path_is_cut_before_it_is_decoded(void **state)
{
    assert_string_equal(segments_of("/a/b"), "a|b");
    assert_string_equal(segments_of("/a/b%2Fc/d"), "a|b/c|d");
    assert_string_equal(segments_of("/a%2fb"), "a/b");
    assert_string_equal(segments_of("/"), "");
    assert_string_equal(segments_of("/a/"), "a|");
    assert_string_equal(segments_of("//a"), "|a");
    assert_string_equal(segments_of("/%7Euser/J%C3%BCrgen"), "~user|J\xc3\xbcrgen");
    assert_string_equal(segments_of("/a+b;v=1,2:@$!*'()&="), "a+b;v=1,2:@$!*'()&=");
    assert_string_equal(segments_of("/..."), "...");
    assert_string_equal(segments_of("/%25%32%46"), "%2F");
}

static void dot_segments_are_refused_however_written(void **state)
{
    const char *bad[] = {"/.", "/..", "/a/../b", "/a/./b", "/%2e", "/%2E%2e", "/.%2e/a", "/a/%2e%2E"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(segments_of(bad[i]));
}

static void broken_escapes_and_raw_bytes_are_refused(void **state)
{
    const char *bad[] = {"",     "a",    "/%",   "/%4",       "/%4g", "/%g4",    "/a%2",       "/%00",
                         "/%0a", "/%7f", "/a b", "/\xc3\xbc", "/%ff", "/%c0%80", "/%ed%a0%80", "/a\\b",
                         "/{x}", "/a|b", "/\"",  "/<",        "/^",   "/`",      "/\x01",      "/a#b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(segments_of(bad[i]));
}

static void an_escape_does_not_reach_into_the_next_segment(void **state)
{
    assert_null(segments_of("/%4/1"));
    assert_null(segments_of("/%/41"));
    assert_string_equal(segments_of("/%41/1"), "A|1");
}

static void segments_are_limited(void **state)
{
    char path[300] = "";
    for (unsigned i = 0; i < SP_PATH_SEGMENTS_MAX; i++)
        strcat(path, "/a");
    assert_non_null(segments_of(path));
    strcat(path, "/");
    assert_null(segments_of(path));
    assert_int_equal(err.status, SP_ELIMIT);
}

static void a_key_tells_a_slash_in_a_segment_from_one_between(void **state)
{
    struct sp_path one, two;
    assert_int_equal(sp_path_read(SP_STR("/a%2Fb/c"), &arena, &one, &err), SP_OK);
    assert_int_equal(sp_path_read(SP_STR("/a/b/c"), &arena, &two, &err), SP_OK);
    assert_true(sp_str_eq(sp_path_key(&two, 2), SP_STR("a\0b")));
    assert_true(sp_str_eq(sp_path_key(&one, 1), SP_STR("a/b")));
    assert_int_equal(sp_path_key(&one, 0).len, 0);
    assert_true(sp_str_eq(sp_path_key(&two, 3), SP_STR("a\0b\0c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_cut_before_it_is_decoded),
        cmocka_unit_test(dot_segments_are_refused_however_written),
        cmocka_unit_test(broken_escapes_and_raw_bytes_are_refused),
        cmocka_unit_test(an_escape_does_not_reach_into_the_next_segment),
        cmocka_unit_test(segments_are_limited),
        cmocka_unit_test(a_key_tells_a_slash_in_a_segment_from_one_between),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_target", tests, set_up, tear_down);
}
