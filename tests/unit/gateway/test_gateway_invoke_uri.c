/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "gateway/invoke_uri.h"

#define MANY 8u

static struct sp_arena arena;
static struct sp_error err;
static struct sp_invoke_uris uris;

static int set_up(void **state)
{
    err = (struct sp_error)SP_ERROR_INIT;
    sp_arena_init(&arena, 1000000);
    return sp_invoke_uris_init(&uris, MANY, &arena) != SP_OK;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* Each is its own target. */
static enum sp_status add(const char *uri)
{
    return sp_invoke_uris_add(&uris, sp_str_of(uri), uri, &arena, &err);
}

static const char *found(const char *text)
{
    struct sp_path path;
    assert_int_equal(sp_path_read(sp_str_of(text), &arena, &path, &err), SP_OK);
    const struct sp_invoke_uri *uri = sp_invoke_uris_find(&uris, &path);
    return uri ? uri->target : "none";
}

static void the_longest_that_matches_counts(void **state)
{
    static const char *const all[] = {"/a/*", "/a/b*", "/a/b/*", "/a/b", "/x/y%2Fz", "/c/d/e", "/*"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_int_equal(add(all[i]), SP_OK);
    static const char *const cases[][2] = {
        {"/a", "/a/*"},     {"/a/", "/a/*"},      {"/a/x", "/a/*"},    {"/a/x/y", "/a/*"},
        {"/ab", "/*"},      {"/a/b", "/a/b"},     {"/a/b/", "/a/b/*"}, {"/a/b/c", "/a/b/*"},
        {"/a/bc", "/a/b*"}, {"/a/bc/d", "/a/b*"}, {"/A/b", "/*"},      {"/x/y%2fz", "/x/y%2Fz"},
        {"/x/y/z", "/*"},   {"/c/d/e", "/c/d/e"}, {"/c/d/e/", "/*"},   {"/%61/%62", "/a/b"},
        {"/", "/*"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(found(cases[i][0]), cases[i][1]);
}

static void without_a_match_there_is_none(void **state)
{
    assert_string_equal(found("/a"), "none");
    assert_int_equal(add("/a/b*"), SP_OK);
    assert_string_equal(found("/a"), "none");
    assert_string_equal(found("/a/"), "none");
    assert_string_equal(found("/c/a/b"), "none");
}

static void a_path_is_given_once_however_it_is_written(void **state)
{
    assert_int_equal(add("/a/b"), SP_OK);
    assert_int_equal(add("/a/b*"), SP_OK);
    assert_int_equal(add("/a/b/*"), SP_OK);
    assert_int_equal(add("/%61/b"), SP_EEXISTS);
    assert_non_null(strstr(err.text, "invokeURI \"/%61/b\" is given twice"));
    assert_int_equal(add("/a/%62/*"), SP_EEXISTS);
}

static void what_is_no_path_is_refused(void **state)
{
    assert_int_equal(add("a/b"), SP_ESYNTAX);
    assert_int_equal(add("/a/../b"), SP_ESYNTAX);
    assert_int_equal(add("/a%2"), SP_ESYNTAX);
    assert_int_equal(add("/a*b"), SP_OK); /* a star inside is the configuration's to refuse */
    assert_int_equal(uris.count, 1);
}

static void there_is_room_for_as_many_as_wanted(void **state)
{
    char text[MANY + 1][8];
    for (unsigned i = 0; i <= MANY; i++) {
        snprintf(text[i], sizeof text[i], "/%u", i);
        assert_int_equal(add(text[i]), i < MANY ? SP_OK : SP_ELIMIT);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_longest_that_matches_counts),
        TEST(without_a_match_there_is_none),
        TEST(a_path_is_given_once_however_it_is_written),
        TEST(what_is_no_path_is_refused),
        TEST(there_is_room_for_as_many_as_wanted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_invoke_uri", tests, NULL, NULL);
}
