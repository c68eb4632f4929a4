/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "text/json.h"

/* Reads all of it; the status of the error, or SP_OK. */
static enum sp_status read_all(struct sp_str input, const struct sp_json_limits *limits, struct sp_error *err)
{
    struct sp_arena arena;
    struct sp_json_reader reader;
    enum sp_json_token token;
    sp_error_clear(err);
    sp_arena_init(&arena, 64 << 20);
    sp_json_reader_init(&reader, input, &arena, limits, err);
    do
        token = sp_json_next(&reader);
    while (token != SP_JSON_ERROR && token != SP_JSON_END);
    sp_arena_finish(&arena);
    return token == SP_JSON_END ? SP_OK : err->status;
}

static void append(struct sp_buf *buf, const char *text, unsigned times)
{
    while (times-- > 0)
        assert_int_equal(sp_buf_append_str(buf, sp_str_of(text)), SP_OK);
}

/* `levels` nested arrays and objects by turns. */
static void nest(struct sp_buf *buf, unsigned levels)
{
    sp_buf_reset(buf);
    for (unsigned i = 0; i < levels; i++)
        append(buf, i % 2 ? "{\"a\":" : "[", 1);
    append(buf, "0", 1);
    for (unsigned i = levels; i-- > 0;)
        append(buf, i % 2 ? "}" : "]", 1);
}

static void nesting_ends_at_its_limit(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_limits limits = sp_json_default_limits;
    static const unsigned depths[] = {1, 2, 7, 8, 9, 64, SP_JSON_DEPTH_MAX};
    sp_buf_init(&buf, 1 << 20);
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        limits.depth = depths[i];
        nest(&buf, depths[i]);
        assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_OK);
        nest(&buf, depths[i] + 1);
        assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_ELIMIT);
        assert_non_null(strstr(err.text, "nested deeper"));
    }
    /* A limit beyond what the reader can keep is cut, not trusted. */
    limits.depth = 100000;
    nest(&buf, SP_JSON_DEPTH_MAX);
    assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_OK);
    nest(&buf, SP_JSON_DEPTH_MAX + 1);
    assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "256"));
    sp_buf_reset(&buf);
    append(&buf, "[", 100000);
    assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), SP_ELIMIT);
    assert_int_equal(err.offset, 64);
    /* Width is not depth. */
    sp_buf_reset(&buf);
    append(&buf, "[", 1);
    append(&buf, "[],{},", 1000);
    append(&buf, "[]]", 1);
    limits.depth = 2;
    assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_OK);
    sp_buf_finish(&buf);
}

static void strings_end_at_their_limit(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_limits limits = sp_json_default_limits;
    limits.string_bytes = 4;
    static const char *const fit[] = {
        "\"1234\"",         "\"\\u20acx\"",   "\"\\ud83d\\udd11\"", "\"a\\nb\\n\"",
        "{\"1234\":\"x\"}", "\"\xc3\xa4xy\"", "\"\\\"\\\"12\"",     "\"\""};
    static const char *const over[] = {"\"12345\"",       "\"\\u20acxy\"",    "\"\\ud83d\\udd11x\"",
                                       "\"a\\nb\\nc\"",   "{\"12345\":\"\"}", "\"\xc3\xa4xyz\"",
                                       "\"\\\"\\\"123\"", "\"1234\\n\""};
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
        assert_int_equal(read_all(sp_str_of(fit[i]), &limits, &err), SP_OK);
        assert_int_equal(read_all(sp_str_of(over[i]), &limits, &err), SP_ELIMIT);
        assert_non_null(strstr(err.text, "4 bytes"));
    }
    limits.string_bytes = 0;
    assert_int_equal(read_all(SP_STR("\"\""), &limits, &err), SP_OK);
    assert_int_equal(read_all(SP_STR("\"\\n\""), &limits, &err), SP_ELIMIT);
    /* What is wrong with the grammar is told even behind the limit. */
    assert_int_equal(read_all(SP_STR("\"\\n\\q\""), &limits, &err), SP_ESYNTAX);
}

static void a_string_of_the_default_limit_is_read(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&buf, 4 << 20);
    for (size_t over = 0; over < 2; over++) {
        sp_buf_reset(&buf);
        append(&buf, "\"\\n", 1);
        assert_int_equal(sp_buf_append_fill(&buf, 'x', sp_json_default_limits.string_bytes - 1 + over),
                         SP_OK);
        append(&buf, "\"", 1);
        assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), over ? SP_ELIMIT : SP_OK);
    }
    sp_buf_finish(&buf);
}

static void numbers_end_at_their_limit(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_limits limits = sp_json_default_limits;
    limits.number_bytes = 6;
    assert_int_equal(read_all(SP_STR("-12.5e"
                                     "1"),
                              &limits, &err),
                     SP_ELIMIT);
    assert_int_equal(read_all(SP_STR("123456"), &limits, &err), SP_OK);
    assert_int_equal(read_all(SP_STR("[1234567]"), &limits, &err), SP_ELIMIT);
    assert_int_equal(err.offset, 1);
    assert_non_null(strstr(err.text, "6 bytes"));
    struct sp_buf buf;
    sp_buf_init(&buf, 1000);
    append(&buf, "9", 512);
    assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), SP_OK);
    append(&buf, "9", 1);
    assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), SP_ELIMIT);
    sp_buf_finish(&buf);
}

/* {"n0":0,"n1":0,...} with `members` names; `again` (if not -1) is added as one name more. */
static void members(struct sp_buf *buf, unsigned count, int again)
{
    append(buf, "{", 1);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(sp_buf_printf(buf, "%s\"n%u\":0", i ? "," : "", i), SP_OK);
    if (again >= 0)
        assert_int_equal(sp_buf_printf(buf, ",\"\\u006e%d\":0", again), SP_OK);
    append(buf, "}", 1);
}

static void members_end_at_their_limit(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_limits limits = sp_json_default_limits;
    static const unsigned most[] = {0, 1, 31, 32, 33, 96, 97, 65536};
    sp_buf_init(&buf, 4 << 20);
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++)
        for (int duplicates = 0; duplicates < 2; duplicates++) {
            limits.members = most[i];
            limits.allow_duplicates = duplicates;
            sp_buf_reset(&buf);
            members(&buf, most[i], -1);
            assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_OK);
            sp_buf_reset(&buf);
            members(&buf, most[i] + 1, -1);
            assert_int_equal(read_all(sp_buf_str(&buf), &limits, &err), SP_ELIMIT);
        }
    assert_int_equal(sp_json_default_limits.members, 65536);
    sp_buf_finish(&buf);
}

static void a_name_given_twice_is_found_in_objects_of_every_size(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_limits lax = sp_json_default_limits;
    lax.allow_duplicates = true;
    sp_buf_init(&buf, 1 << 20);
    for (unsigned count = 1; count < 120; count++)
        for (unsigned again = 0; again < count; again++) {
            sp_buf_reset(&buf);
            members(&buf, count, (int)again);
            assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), SP_EEXISTS);
            assert_int_equal(read_all(sp_buf_str(&buf), &lax, &err), SP_OK);
        }
    sp_buf_finish(&buf);
}

/* The set of names of a level is used again by the next object there, whatever their sizes. */
static void objects_side_by_side_do_not_share_names(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    static const unsigned sizes[] = {3, 20, 32, 33, 300, 33, 5, 100, 0, 40, 33, 32};
    sp_buf_init(&buf, 1 << 20);
    for (int bad = -1; bad < (int)(sizeof sizes / sizeof sizes[0]); bad++) {
        sp_buf_reset(&buf);
        append(&buf, "[", 1);
        for (int i = 0; i < (int)(sizeof sizes / sizeof sizes[0]); i++) {
            append(&buf, ",", i > 0);
            members(&buf, sizes[i], bad == i && sizes[i] ? (int)sizes[i] - 1 : -1);
        }
        append(&buf, "]", 1);
        bool good = bad < 0 || !sizes[bad];
        assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), good ? SP_OK : SP_EEXISTS);
    }
    sp_buf_finish(&buf);
}

static void read_within(struct sp_str input, size_t arena_bytes)
{
    struct sp_arena arena;
    struct sp_json_reader reader;
    enum sp_json_token token;
    sp_arena_init(&arena, arena_bytes);
    sp_json_reader_init(&reader, input, &arena, NULL, NULL);
    do
        token = sp_json_next(&reader);
    while (token != SP_JSON_ERROR && token != SP_JSON_END);
    assert_int_equal(token, SP_JSON_END);
    sp_arena_finish(&arena);
}

/* A set of names costs arena once a level, not once an object. */
static void many_objects_take_the_memory_of_one(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 4 << 20);
    append(&buf, "[", 1);
    append(&buf, "{\"a\":{\"b\":1}},", 20000);
    append(&buf, "0]", 1);
    read_within(sp_buf_str(&buf), 10000);
    sp_buf_reset(&buf);
    append(&buf, "[", 1);
    for (unsigned i = 0; i < 300; i++) {
        members(&buf, i % 2 ? 40 : 400, -1);
        append(&buf, ",", 1);
    }
    append(&buf, "0]", 1);
    read_within(sp_buf_str(&buf), 100000);
    sp_buf_finish(&buf);
}

static void a_long_name_given_twice_is_cut_in_the_message(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf buf;
    sp_buf_init(&buf, 10000);
    append(&buf, "{\"x", 1);
    append(&buf, "\xe2\x82\xac", 500);
    append(&buf, "\":1,\"x", 1);
    append(&buf, "\xe2\x82\xac", 500);
    append(&buf, "\":1}", 1);
    assert_int_equal(read_all(sp_buf_str(&buf), NULL, &err), SP_EEXISTS);
    assert_non_null(strstr(err.text, "\xe2\x82\xac\" is given twice"));
    assert_true(strlen(err.text) < 120);
    sp_buf_finish(&buf);
}

static void nul_is_allowed_on_request(void **state)
{
    struct sp_arena arena;
    struct sp_json_reader reader;
    struct sp_json_limits limits = sp_json_default_limits;
    struct sp_error err = SP_ERROR_INIT;
    limits.allow_nul = true;
    sp_arena_init(&arena, 10000);
    sp_json_reader_init(&reader, SP_STR("\"a\\u0000b\""), &arena, &limits, &err);
    assert_int_equal(sp_json_next(&reader), SP_JSON_STRING);
    assert_true(sp_str_eq(reader.text, SP_STR("a\0b")));
    /* Only as an escape. */
    assert_int_equal(read_all(SP_STR("\"a\0b\""), &limits, &err), SP_ESYNTAX);
    sp_arena_finish(&arena);
}

static void an_arena_that_is_full_is_an_error_not_a_crash(void **state)
{
    static const char *const texts[] = {"{\"a\":{\"b\":\"\\n\"}}", "\"a\\nb\"", "[{},\"\\u0041\"]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sp_arena arena;
        struct sp_error err = SP_ERROR_INIT;
        struct sp_json_value *value = NULL;
        bool done = false;
        for (size_t ceiling = 1; !done; ceiling += 8) {
            sp_arena_init(&arena, ceiling);
            enum sp_status status = sp_json_parse(sp_str_of(texts[i]), &arena, NULL, &value, &err);
            done = status == SP_OK;
            if (!done) {
                assert_int_equal(status, SP_ENOMEM);
                assert_null(value);
            }
            sp_arena_finish(&arena);
        }
    }
    struct sp_buf buf;
    sp_buf_init(&buf, 1 << 20);
    members(&buf, 1000, -1);
    for (size_t ceiling = 1500; ceiling < 120000; ceiling += 500) {
        struct sp_arena arena;
        struct sp_json_reader reader;
        sp_arena_init(&arena, ceiling);
        sp_json_reader_init(&reader, sp_buf_str(&buf), &arena, NULL, NULL);
        assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
        enum sp_status status = sp_json_skip(&reader, SP_JSON_OBJECT_BEGIN);
        assert_true(status == SP_OK || status == SP_ENOMEM);
        sp_arena_finish(&arena);
    }
    sp_buf_finish(&buf);
}

static void strings_without_escapes_are_views_of_the_input(void **state)
{
    struct sp_arena arena;
    struct sp_json_reader reader;
    struct sp_str input = SP_STR("[\"plain text\",12.5]");
    sp_arena_init(&arena, 1);
    sp_json_reader_init(&reader, input, &arena, NULL, NULL);
    assert_int_equal(sp_json_next(&reader), SP_JSON_ARRAY_BEGIN);
    assert_int_equal(sp_json_next(&reader), SP_JSON_STRING);
    assert_ptr_equal(reader.text.ptr, input.ptr + 2);
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_ptr_equal(reader.text.ptr, input.ptr + 14);
    sp_arena_finish(&arena);
}

static void skipping_reads_over_exactly_one_value(void **state)
{
    struct sp_arena arena;
    struct sp_json_reader reader;
    sp_arena_init(&arena, 1 << 20);
    sp_json_reader_init(&reader, SP_STR("[{\"a\":[1,{}]},[[]],7,\"x\",{\"k\":[0],\"l\":2}]"), &arena, NULL,
                        NULL);
    assert_int_equal(sp_json_next(&reader), SP_JSON_ARRAY_BEGIN);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sp_json_skip(&reader, sp_json_next(&reader)), SP_OK);
    assert_int_equal(reader.depth, 1);
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
    assert_int_equal(sp_json_next(&reader), SP_JSON_NAME);
    assert_int_equal(sp_json_skip(&reader, SP_JSON_NAME), SP_OK);
    assert_int_equal(sp_json_next(&reader), SP_JSON_NAME);
    assert_true(sp_str_is(reader.text, "l"));
    assert_int_equal(sp_json_skip(&reader, SP_JSON_NAME), SP_OK);
    enum sp_json_token token = sp_json_next(&reader);
    assert_int_equal(token, SP_JSON_OBJECT_END);
    assert_int_equal(sp_json_skip(&reader, token), SP_EINVAL);
    assert_int_equal(sp_json_next(&reader), SP_JSON_ARRAY_END);
    token = sp_json_next(&reader);
    assert_int_equal(token, SP_JSON_END);
    assert_int_equal(sp_json_skip(&reader, token), SP_EINVAL);
    sp_json_reader_init(&reader, SP_STR("[[1,{\"a\":1,\"a\":2}]]"), &arena, NULL, NULL);
    assert_int_equal(sp_json_skip(&reader, sp_json_next(&reader)), SP_EEXISTS);
    assert_int_equal(sp_json_skip(&reader, sp_json_next(&reader)), SP_EEXISTS);
    sp_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_ends_at_its_limit),
        cmocka_unit_test(strings_end_at_their_limit),
        cmocka_unit_test(a_string_of_the_default_limit_is_read),
        cmocka_unit_test(numbers_end_at_their_limit),
        cmocka_unit_test(members_end_at_their_limit),
        cmocka_unit_test(a_name_given_twice_is_found_in_objects_of_every_size),
        cmocka_unit_test(objects_side_by_side_do_not_share_names),
        cmocka_unit_test(many_objects_take_the_memory_of_one),
        cmocka_unit_test(a_long_name_given_twice_is_cut_in_the_message),
        cmocka_unit_test(nul_is_allowed_on_request),
        cmocka_unit_test(an_arena_that_is_full_is_an_error_not_a_crash),
        cmocka_unit_test(strings_without_escapes_are_views_of_the_input),
        cmocka_unit_test(skipping_reads_over_exactly_one_value),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
