/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "text/json.h"
#include "text/json_write.h"

static struct sp_arena arena;

static int start(void **state)
{
    sp_arena_init(&arena, 8 << 20);
    return 0;
}

static int stop(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static struct sp_json_value *parse(const char *text)
{
    struct sp_json_value *value = NULL;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_json_parse(sp_str_of(text), &arena, NULL, &value, &err), SP_OK);
    assert_non_null(value);
    return value;
}

static void a_tree_keeps_kinds_order_and_counts(void **state)
{
    const struct sp_json_value *root =
        parse("{\"b\":[1,-2.50,\"x\\n\",null],\"a\":{\"t\":true,\"f\":false},\"empty\":[],\"\":{}}");
    assert_int_equal(root->kind, SP_JSON_IS_OBJECT);
    assert_int_equal(root->count, 4);
    assert_null(root->next);
    const struct sp_json_value *b = root->first;
    assert_true(sp_str_is(b->name, "b"));
    assert_int_equal(b->kind, SP_JSON_IS_ARRAY);
    assert_int_equal(b->count, 4);
    const struct sp_json_value *element = b->first;
    assert_int_equal(element->kind, SP_JSON_IS_NUMBER);
    assert_true(sp_str_is(element->text, "1"));
    assert_null(element->name.ptr);
    element = element->next;
    assert_true(sp_str_is(element->text, "-2.50"));
    element = element->next;
    assert_int_equal(element->kind, SP_JSON_IS_STRING);
    assert_true(sp_str_is(element->text, "x\n"));
    element = element->next;
    assert_int_equal(element->kind, SP_JSON_IS_NULL);
    assert_null(element->next);
    const struct sp_json_value *a = b->next;
    assert_true(sp_str_is(a->name, "a"));
    assert_int_equal(sp_json_member(a, SP_STR("t"))->kind, SP_JSON_IS_TRUE);
    assert_int_equal(sp_json_member(a, SP_STR("f"))->kind, SP_JSON_IS_FALSE);
    const struct sp_json_value *empty = sp_json_member(root, SP_STR("empty"));
    assert_null(empty->first);
    assert_int_equal(empty->count, 0);
    assert_int_equal(sp_json_member(root, SP_STR(""))->kind, SP_JSON_IS_OBJECT);
}

static void members_are_looked_up_exactly(void **state)
{
    const struct sp_json_value *root = parse("{\"Name\":\"v\",\"n\":5,\"e\":\"\"}");
    assert_true(sp_str_is(sp_json_member_text(root, SP_STR("Name")), "v"));
    assert_null(sp_json_member_text(root, SP_STR("name")).ptr);
    assert_null(sp_json_member_text(root, SP_STR("n")).ptr);
    assert_non_null(sp_json_member_text(root, SP_STR("e")).ptr);
    assert_int_equal(sp_json_member_text(root, SP_STR("e")).len, 0);
    assert_null(sp_json_member(root, SP_STR("Nam")));
    assert_null(sp_json_member(NULL, SP_STR("x")));
    assert_null(sp_json_member(root->first, SP_STR("x")));
    assert_null(sp_json_member(parse("[{\"x\":1}]"), SP_STR("x")));
}

static void a_refused_text_leaves_the_result_alone(void **state)
{
    struct sp_json_value *value = (struct sp_json_value *)&arena;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_json_parse(SP_STR("{\"a\":1,"), &arena, NULL, &value, &err), SP_ESYNTAX);
    assert_int_equal(err.status, SP_ESYNTAX);
    assert_int_equal(sp_json_parse(SP_STR("[{\"a\":1,\"a\":1}]"), &arena, NULL, &value, NULL), SP_EEXISTS);
    assert_int_equal(sp_json_parse(SP_STR("1 1"), &arena, NULL, &value, NULL), SP_ESYNTAX);
    assert_ptr_equal(value, &arena);
}

static void a_tree_of_the_greatest_depth_is_written_as_it_was_read(void **state)
{
    struct sp_json_limits limits = sp_json_default_limits;
    struct sp_buf text, back;
    limits.depth = SP_JSON_DEPTH_MAX;
    sp_buf_init(&text, 100000);
    sp_buf_init(&back, 100000);
    for (unsigned i = 0; i < SP_JSON_DEPTH_MAX; i++)
        assert_int_equal(sp_buf_append_str(&text, i % 3 ? SP_STR("{\"k\":") : SP_STR("[1,")), SP_OK);
    assert_int_equal(sp_buf_append_str(&text, SP_STR("null")), SP_OK);
    for (unsigned i = SP_JSON_DEPTH_MAX; i-- > 0;)
        assert_int_equal(sp_buf_append_byte(&text, i % 3 ? '}' : ']'), SP_OK);
    struct sp_json_value *value;
    struct sp_json_writer writer;
    assert_int_equal(sp_json_parse(sp_buf_str(&text), &arena, &limits, &value, NULL), SP_OK);
    sp_json_writer_init(&writer, &back, 0);
    sp_json_tree(&writer, value);
    assert_false(back.failed);
    assert_true(sp_str_eq(sp_buf_str(&text), sp_buf_str(&back)));
    sp_buf_finish(&text);
    sp_buf_finish(&back);
}

static void whole_numbers_are_read_as_such(void **state)
{
    struct sp_json_value *object;
    int64_t number = 7;
    assert_int_equal(
        sp_json_parse(SP_STR("{\"a\":0,\"b\":-0,\"c\":9223372036854775807,\"d\":-9223372036854775808,"
                             "\"e\":9223372036854775808,\"f\":1.0,\"g\":1e3,\"h\":\"1\",\"i\":"
                             "-9223372036854775809,\"j\":99999999999999999999,\"k\":1795430400}"),
                      &arena, NULL, &object, NULL),
        SP_OK);
    assert_true(sp_json_member_i64(object, SP_STR("a"), &number) && number == 0);
    assert_true(sp_json_member_i64(object, SP_STR("b"), &number) && number == 0);
    assert_true(sp_json_member_i64(object, SP_STR("c"), &number) && number == INT64_MAX);
    assert_true(sp_json_member_i64(object, SP_STR("d"), &number) && number == INT64_MIN);
    assert_true(sp_json_member_i64(object, SP_STR("k"), &number) && number == 1795430400);
    const char *others[] = {"e", "f", "g", "h", "i", "j", "nothing"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(sp_json_member_i64(object, sp_str_of(others[i]), &number));
    assert_int_equal(number, 1795430400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_as_such),
        cmocka_unit_test(a_tree_keeps_kinds_order_and_counts),
        cmocka_unit_test(members_are_looked_up_exactly),
        cmocka_unit_test(a_refused_text_leaves_the_result_alone),
        cmocka_unit_test(a_tree_of_the_greatest_depth_is_written_as_it_was_read),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start, stop);
}
