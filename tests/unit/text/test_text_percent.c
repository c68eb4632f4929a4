/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/percent.h"

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

static const char *query_of(const char *query)
{
    static char text[400];
    const struct sp_parameter *parameters;
    size_t count;
    if (sp_form_read(sp_str_of(query), "query", &arena, &parameters, &count, &err) != SP_OK)
        return NULL;
    text[0] = 0;
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "[%.*s]=[%.*s]",
                 SP_STR_ARG(parameters[i].name), SP_STR_ARG(parameters[i].value));
    return text;
}

static void a_query_is_read_like_a_form(void **state)
{
    assert_string_equal(query_of("a=1&b=x+y&flag"), "[a]=[1][b]=[x y][flag]=[]");
    assert_string_equal(query_of("a=b=c"), "[a]=[b=c]");
    assert_string_equal(query_of("a%26b=%3D%2B"), "[a&b]=[=+]");
    assert_string_equal(query_of("a=1&a=2"), "[a]=[1][a]=[2]");
    assert_string_equal(query_of("&&a=1&"), "[a]=[1]");
    assert_string_equal(query_of("=1"), "[]=[1]");
    assert_string_equal(query_of("u=/a?b:c@d;e"), "[u]=[/a?b:c@d;e]");
    assert_string_equal(query_of(""), "");
    const struct sp_parameter *parameters;
    size_t count = 7;
    assert_int_equal(sp_form_read((struct sp_str){NULL, 0}, "query", &arena, &parameters, &count, &err),
                     SP_OK);
    assert_int_equal(count, 0);
}

static void a_broken_query_is_refused(void **state)
{
    const char *bad[] = {"a=%", "a=%4", "%zz=1", "a=%00", "a=b c", "a=\xff", "a=%ff", "a=%0d%0a", "a={b}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(query_of(bad[i]));
}

static void parameters_are_limited(void **state)
{
    char query[2000] = "a";
    for (unsigned i = 1; i < SP_FORM_FIELDS_MAX; i++)
        strcat(query, "&a");
    assert_non_null(query_of(query));
    strcat(query, "&a");
    assert_null(query_of(query));
    assert_int_equal(err.status, SP_ELIMIT);
}

static void what_is_written_reads_back(void **state)
{
    char memory[200];
    struct sp_buf buf = sp_buf_over(memory, sizeof memory);
    assert_int_equal(sp_form_append(&buf, "a", SP_STR("x y&=+%/")), SP_OK);
    assert_int_equal(sp_form_append(&buf, "b~", SP_STR("J\xc3\xbcrgen")), SP_OK);
    assert_true(sp_str_eq(sp_buf_str(&buf), SP_STR("a=x%20y%26%3D%2B%25%2F&b~=J%C3%BCrgen")));
    memory[buf.len] = 0;
    assert_string_equal(query_of(memory), "[a]=[x y&=+%/][b~]=[J\xc3\xbcrgen]");
    sp_buf_reset(&buf);
    sp_buf_append_str(&buf, SP_STR("https://host/path?"));
    sp_form_append(&buf, "a", SP_STR("1"));
    assert_true(sp_str_eq(sp_buf_str(&buf), SP_STR("https://host/path?a=1")));
    struct sp_buf small = sp_buf_over(memory, 3);
    assert_int_equal(sp_form_append(&small, "a", SP_STR("12")), SP_ELIMIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_query_is_read_like_a_form),
        TEST(a_broken_query_is_refused),
        TEST(parameters_are_limited),
        TEST(what_is_written_reads_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
