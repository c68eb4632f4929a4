/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text/json.h"
#include "text/json_write.h"

static struct sp_buf buf;
static struct sp_json_writer writer;

static int start(void **state)
{
    sp_buf_init(&buf, 1 << 20);
    sp_json_writer_init(&writer, &buf, 0);
    return 0;
}

static int stop(void **state)
{
    sp_buf_finish(&buf);
    return 0;
}

static void assert_written(const char *expected)
{
    assert_false(buf.failed);
    if (!sp_str_is(sp_buf_str(&buf), expected))
        fail_msg("%.*s", SP_STR_ARG(sp_buf_str(&buf)));
}

static void put_sample(void)
{
    sp_json_object_begin(&writer);
    sp_json_put_text(&writer, "s", "x");
    sp_json_name(&writer, SP_STR("list"));
    sp_json_array_begin(&writer);
    sp_json_i64(&writer, -1);
    sp_json_array_begin(&writer);
    sp_json_array_end(&writer);
    sp_json_object_begin(&writer);
    sp_json_put_bool(&writer, "yes", true);
    sp_json_put_bool(&writer, "no", false);
    sp_json_object_end(&writer);
    sp_json_null(&writer);
    sp_json_array_end(&writer);
    sp_json_name(&writer, SP_STR("none"));
    sp_json_object_begin(&writer);
    sp_json_object_end(&writer);
    sp_json_put_i64(&writer, "n", 7);
    sp_json_object_end(&writer);
}

static void commas_and_brackets_are_put_where_they_belong(void **state)
{
    put_sample();
    assert_written("{\"s\":\"x\",\"list\":[-1,[],{\"yes\":true,\"no\":false},null],\"none\":{},\"n\":7}");
    assert_int_equal(writer.depth, 0);
}

static void indented_text_has_a_line_each(void **state)
{
    sp_json_writer_init(&writer, &buf, 2);
    put_sample();
    assert_written(
        "{\n  \"s\": \"x\",\n  \"list\": [\n    -1,\n    [],\n    {\n      \"yes\": true,\n      \"no\": "
        "false\n    },\n    null\n  ],\n  \"none\": {},\n  \"n\": 7\n}");
}

static void every_control_character_and_quote_is_escaped(void **state)
{
    char text[0x80];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)i;
    sp_json_string(&writer, sp_str_from(text, sizeof text));
    assert_written(
        "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f"
        "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c"
        "\\u001d\\u001e\\u001f !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_"
        "`abcdefghijklmnopqrstuvwxyz{|}~\x7f\"");
}

static void characters_are_kept_and_bad_bytes_replaced(void **state)
{
    sp_json_array_begin(&writer);
    sp_json_string(&writer, SP_STR("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91"));
    sp_json_string(&writer, SP_STR("a\xff"
                                   "b\xc3"));
    sp_json_string(&writer, SP_STR("\xed\xa0\x80"));
    sp_json_string(&writer, (struct sp_str){NULL, 0});
    sp_json_array_end(&writer);
    assert_written("[\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91\",\"a\xef\xbf\xbd"
                   "b\xef\xbf\xbd\","
                   "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"\"]");
}

static void integers_are_written_to_their_ends(void **state)
{
    sp_json_array_begin(&writer);
    sp_json_i64(&writer, INT64_MIN);
    sp_json_i64(&writer, INT64_MAX);
    sp_json_i64(&writer, 0);
    sp_json_u64(&writer, UINT64_MAX);
    sp_json_u64(&writer, 0);
    sp_json_number(&writer, SP_STR("-1.50E+400"));
    sp_json_array_end(&writer);
    assert_written("[-9223372036854775808,9223372036854775807,0,18446744073709551615,0,-1.50E+400]");
}

static void scalar_alone(unsigned which)
{
    sp_buf_reset(&buf);
    sp_json_writer_init(&writer, &buf, 2);
    switch (which) {
    case 0:
        sp_json_bool(&writer, true);
        break;
    case 1:
        sp_json_bool(&writer, false);
        break;
    case 2:
        sp_json_null(&writer);
        break;
    case 3:
        sp_json_string(&writer, SP_STR("x"));
        break;
    default:
        sp_json_i64(&writer, -5);
        break;
    }
}

static void every_scalar_may_stand_alone(void **state)
{
    static const char *const expected[] = {"true", "false", "null", "\"x\"", "-5"};
    for (unsigned which = 0; which < sizeof expected / sizeof expected[0]; which++) {
        scalar_alone(which);
        assert_written(expected[which]);
    }
}

static void a_buffer_that_is_too_small_is_marked(void **state)
{
    static const char whole[] =
        "{\"s\":\"x\",\"list\":[-1,[],{\"yes\":true,\"no\":false},null],\"none\":{},\"n\":7}";
    for (size_t ceiling = 0; ceiling <= sizeof whole - 1; ceiling++) {
        sp_buf_finish(&buf);
        sp_buf_init(&buf, ceiling);
        sp_json_writer_init(&writer, &buf, 0);
        put_sample();
        assert_int_equal(buf.failed, ceiling < sizeof whole - 1);
        assert_true(buf.len <= ceiling);
    }
    assert_written(whole);
}

static void what_was_written_is_read_back(void **state)
{
    static const char text[] =
        "{\"a\":[1,2.50,-0,\"\\u0001\xc3\xa4\\n\",true,false,null,{}],\"\":{\"x\":[]}}";
    struct sp_arena arena;
    struct sp_json_value *value;
    sp_arena_init(&arena, 1 << 20);
    assert_int_equal(sp_json_parse(SP_STR(text), &arena, NULL, &value, NULL), SP_OK);
    sp_json_tree(&writer, value);
    assert_written(text);
    sp_arena_finish(&arena);
}

/* Runs a misuse in a child; true when it was stopped by abort. */
static bool is_stopped(void (*misuse)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        close(2);
        misuse();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void value_without_name(void)
{
    sp_json_object_begin(&writer);
    sp_json_null(&writer);
}

static void name_in_array(void)
{
    sp_json_array_begin(&writer);
    sp_json_name(&writer, SP_STR("a"));
}

static void name_twice(void)
{
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("a"));
    sp_json_name(&writer, SP_STR("b"));
}

static void name_without_value(void)
{
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("a"));
    sp_json_object_end(&writer);
}

static void wrong_end(void)
{
    sp_json_object_begin(&writer);
    sp_json_array_end(&writer);
}

static void end_of_nothing(void)
{
    sp_json_object_end(&writer);
}

static void two_roots(void)
{
    sp_json_null(&writer);
    sp_json_null(&writer);
}

static void not_a_number(void)
{
    sp_json_number(&writer, SP_STR("01"));
}

static void too_deep(void)
{
    for (unsigned i = 0; i <= SP_JSON_WRITE_DEPTH_MAX; i++)
        sp_json_array_begin(&writer);
}

static void deepest(void)
{
    for (unsigned i = 0; i < SP_JSON_WRITE_DEPTH_MAX; i++)
        sp_json_array_begin(&writer);
}

static void wrong_nesting_is_stopped(void **state)
{
    assert_true(is_stopped(value_without_name));
    assert_true(is_stopped(name_in_array));
    assert_true(is_stopped(name_twice));
    assert_true(is_stopped(name_without_value));
    assert_true(is_stopped(wrong_end));
    assert_true(is_stopped(end_of_nothing));
    assert_true(is_stopped(two_roots));
    assert_true(is_stopped(not_a_number));
    assert_true(is_stopped(too_deep));
    assert_false(is_stopped(deepest));
}

static void put_plain(const char *text)
{
    size_t len = strlen(text);
    unsigned char *room = sp_json_plain_room(&writer, len + 5);
    assert_non_null(room);
    memcpy(room, text, len);
    sp_json_plain_done(&writer, len);
}

static void what_is_json_already_is_written_as_it_is(void **state)
{
    sp_json_object_begin(&writer);
    sp_json_quoted_name(&writer, SP_STR("\"a\\n\""));
    sp_json_raw(&writer, SP_STR("[1,{}]"));
    sp_json_quoted_name(&writer, SP_STR("\"b\""));
    put_plain("x");
    sp_json_name(&writer, SP_STR("c"));
    sp_json_array_begin(&writer);
    put_plain("");
    put_plain("yz");
    sp_json_raw(&writer, SP_STR("null"));
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    assert_written("{\"a\\n\":[1,{}],\"b\":\"x\",\"c\":[\"\",\"yz\",null]}");
}

static void a_plain_string_that_is_given_up_leaves_no_trace(void **state)
{
    sp_json_array_begin(&writer);
    assert_non_null(sp_json_plain_room(&writer, 10));
    sp_json_string(&writer, SP_STR("a\"b"));
    assert_non_null(sp_json_plain_room(&writer, 10));
    sp_json_array_end(&writer);
    assert_written("[\"a\\\"b\"]");
    sp_buf_reset(&buf);
    buf.ceiling = 12;
    sp_json_writer_init(&writer, &buf, 0);
    assert_null(sp_json_plain_room(&writer, 11));
    assert_true(buf.failed);
    assert_null(sp_json_plain_room(&writer, SIZE_MAX));
    buf.failed = false;
    memset(sp_json_plain_room(&writer, 10), 'x', 10);
    sp_json_plain_done(&writer, 10);
    assert_written("\"xxxxxxxxxx\"");
}

static void controls_are_escaped_where_it_is_asked_for(void **state)
{
    struct sp_str text = SP_STR("a\x7f"
                                "b\xc2\x85\xc2\xa0\xc2\x9f\n\xc3\x84\xc2\x80");
    sp_json_array_begin(&writer);
    sp_json_string(&writer, text);
    writer.escape_controls = true;
    sp_json_string(&writer, text);
    sp_json_array_end(&writer);
    assert_written("[\"a\x7f"
                   "b\xc2\x85\xc2\xa0\xc2\x9f\\n\xc3\x84\xc2\x80\","
                   "\"a\\u007fb\\u0085\xc2\xa0\\u009f\\n\xc3\x84\\u0080\"]");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(commas_and_brackets_are_put_where_they_belong),
        EACH(indented_text_has_a_line_each),
        EACH(every_control_character_and_quote_is_escaped),
        EACH(characters_are_kept_and_bad_bytes_replaced),
        EACH(integers_are_written_to_their_ends),
        EACH(every_scalar_may_stand_alone),
        EACH(a_buffer_that_is_too_small_is_marked),
        EACH(what_was_written_is_read_back),
        EACH(wrong_nesting_is_stopped),
        EACH(what_is_json_already_is_written_as_it_is),
        EACH(a_plain_string_that_is_given_up_leaves_no_trace),
        EACH(controls_are_escaped_where_it_is_asked_for),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
