/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "text/json_write.h"
#include "text/yaml.h"

static struct sp_arena arena;
static struct sp_buf json;
static struct sp_error err;

static int start(void **state)
{
    sp_arena_init(&arena, 8 << 20);
    sp_buf_init(&json, 1 << 20);
    sp_error_clear(&err);
    return 0;
}

static int stop(void **state)
{
    sp_arena_finish(&arena);
    sp_buf_finish(&json);
    return 0;
}

/* Reads YAML and writes the tree as JSON into `json`. */
static enum sp_status to_json(struct sp_str yaml, const struct sp_json_limits *limits)
{
    struct sp_json_value *value = NULL;
    struct sp_json_writer writer;
    sp_buf_reset(&json);
    enum sp_status status = sp_yaml_parse(yaml, "api.yaml", &arena, limits, &value, &err);
    assert_int_equal(value == NULL, status != SP_OK);
    if (status)
        return status;
    sp_json_writer_init(&writer, &json, 0);
    sp_json_tree(&writer, value);
    assert_false(json.failed);
    return SP_OK;
}

static void documents_become_the_json_they_mean(void **state)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"a: 1\nb: [x, 'y', \"z\\n\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\\n\"]}"},
        {"- 1\n- - 2\n  - 3\n- {}\n- []\n", "[1,[2,3],{},[]]"},
        {"{\"json\": [1, 2.50, true, null, \"s\"]}", "{\"json\":[1,2.50,true,null,\"s\"]}"},
        {"scalar", "\"scalar\""},
        {"--- 5\n...\n", "5"},
        {"%YAML 1.1\n---\na: b\n", "{\"a\":\"b\"}"},
        {"# only a comment before\na: b # and behind\n", "{\"a\":\"b\"}"},
        {"a:\nb: ~\nc: null\nd: Null\ne: NULL\nf: ''\n",
         "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":\"\"}"},
        {"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
        {"[yes, no, on, off, y, n, tRUE, nULL]",
         "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"tRUE\",\"nULL\"]"},
        {"[0, -0, 12, -7, 1.50, 1e3, -2E-4]", "[0,-0,12,-7,1.50,1e3,-2E-4]"},
        {"[010, 0x1F, 0o17, +5, .5, 1., 1_000, .inf, -.INF, .nan, 1:30, 2026-01-31]",
         "[\"010\",\"0x1F\",\"0o17\",\"+5\",\".5\",\"1.\",\"1_000\",\".inf\",\"-.INF\",\".nan\",\"1:30\","
         "\"2026-01-31\"]"},
        {"['1', \"true\", 'null', \"~\"]", "[\"1\",\"true\",\"null\",\"~\"]"},
        {"a: |\n  one\n  two\nb: >-\n  one\n  two\nc: |\n  5\n",
         "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\",\"c\":\"5\\n\"}"},
        {"200: ok\n404: gone\ntrue: x\n\"\": empty\n",
         "{\"200\":\"ok\",\"404\":\"gone\",\"true\":\"x\",\"\":\"empty\"}"},
        {"a: !!str 5\nb: !!int 5\nc: !!float 1.5\nd: !!bool true\ne: !!null ~\nf: !!map {}\ng: !!seq []\nh: "
         "!!float 3\n",
         "{\"a\":\"5\",\"b\":5,\"c\":1.5,\"d\":true,\"e\":null,\"f\":{},\"g\":[],\"h\":3}"},
        {"a: !!int '5'\nb: ! 'x'\n!!str c: d\n", "{\"a\":5,\"b\":\"x\",\"c\":\"d\"}"},
        {"name: M\xc3\xa4rta \xe2\x82\xac \xf0\x9f\x94\x91\nesc: \"\\u00e4\\x41\\U0001F511\"\n",
         "{\"name\":\"M\xc3\xa4rta \xe2\x82\xac \xf0\x9f\x94\x91\",\"esc\":\"\xc3\xa4"
         "A\xf0\x9f\x94\x91\"}"},
        {"\xef\xbb\xbf"
         "a: b\n",
         "{\"a\":\"b\"}"},
        {"a: b\r\nc:\r\n  - d\r\n", "{\"a\":\"b\",\"c\":[\"d\"]}"},
        {"<<: {a: 1}\n", "{\"<<\":{\"a\":1}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sp_status status = to_json(sp_str_of(cases[i].yaml), NULL);
        if (status || !sp_str_is(sp_buf_str(&json), cases[i].json))
            fail_msg("%s gives %.*s %s", cases[i].yaml, SP_STR_ARG(sp_buf_str(&json)),
                     status ? err.text : "");
    }
}

static void what_is_not_provided_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *yaml;
        enum sp_status status;
        unsigned line, column;
        const char *word;
    } cases[] = {
        {"a: &x 1\nb: 2\n", SP_EUNSUPPORTED, 1, 4, "anchors"},
        {"a: &x [1]\n", SP_EUNSUPPORTED, 1, 4, "anchors"},
        {"a: &x {b: 1}\n", SP_EUNSUPPORTED, 1, 4, "anchors"},
        {"&x a: 1\n", SP_EUNSUPPORTED, 1, 1, "anchors"},
        {"a: *x\n", SP_EUNSUPPORTED, 1, 4, "aliases"},
        {"a: !mine 1\n", SP_EUNSUPPORTED, 1, 4, "tag !mine"},
        {"a: !!binary aGk=\n", SP_EUNSUPPORTED, 1, 4, "binary"},
        {"a: !!timestamp 2026-01-31\n", SP_EUNSUPPORTED, 1, 4, "timestamp"},
        {"a: !mine {}\n", SP_EUNSUPPORTED, 1, 4, "tag !mine"},
        {"a: !!set {x}\n", SP_EUNSUPPORTED, 1, 4, "set"},
        {"a: 1\n---\nb: 2\n", SP_EUNSUPPORTED, 2, 1, "more than one"},
        {"? [a, b]\n: 1\n", SP_EUNSUPPORTED, 1, 3, "a key must be a text"},
        {"? {a: b}\n: 1\n", SP_EUNSUPPORTED, 1, 3, "a key must be a text"},
        {"a: 1\n? \n: 2\n", SP_EUNSUPPORTED, 2, 2, "a key is missing"},
        {"a: !!int x\n", SP_ESYNTAX, 1, 4, "!!int"},
        {"a: !!int 1.5\n", SP_ESYNTAX, 1, 4, "!!int"},
        {"a: !!int 1e5\n", SP_ESYNTAX, 1, 4, "!!int"},
        {"a: !!bool yes\n", SP_ESYNTAX, 1, 4, "!!bool"},
        {"a: !!null x\n", SP_ESYNTAX, 1, 4, "!!null"},
        {"a: !!float .inf\n", SP_ESYNTAX, 1, 4, "!!float"},
        {"a: !!map x\n", SP_ESYNTAX, 1, 4, "!!map"},
        {"a: !!seq {}\n", SP_ESYNTAX, 1, 4, "!!seq"},
        {"a: !!str []\n", SP_ESYNTAX, 1, 4, "!!str"},
        {"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", SP_EEXISTS, 5, 3, "\"c\" is given twice"},
        {"200: a\n'200': b\n", SP_EEXISTS, 2, 1, "\"200\" is given twice"},
        {"", SP_ESYNTAX, 1, 1, "no YAML document"},
        {"# nothing\n", SP_ESYNTAX, 2, 1, "no YAML document"},
        {"a: [1\nb: 2\n", SP_ESYNTAX, 2, 2, "flow sequence"},
        {"a: 'open\n", SP_ESYNTAX, 2, 1, "quoted scalar"},
        {"a: b: c\n", SP_ESYNTAX, 1, 5, "mapping values are not allowed"},
        {"\tb: c\n", SP_ESYNTAX, 1, 1, "cannot start any token"},
        {"a: \"\\q\"\n", SP_ESYNTAX, 1, 5, "escape"},
        {"a: \"\\uD800\"\n", SP_ESYNTAX, 1, 7, "Unicode"},
        {"a: \"\\0\"\n", SP_ESYNTAX, 1, 4, "U+0000"},
        {"x: 1\na: \xff\n", SP_ESYNTAX, 2, 4, "UTF-8"},
        {"a: \xc0\xaf\n", SP_ESYNTAX, 1, 4, "UTF-8"},
        {"a: \xed\xa0\x80\n", SP_ESYNTAX, 1, 4, "Unicode"},
        {"a: b\x01\n", SP_ESYNTAX, 1, 5, "control characters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sp_status status = to_json(sp_str_of(cases[i].yaml), NULL);
        if (status != cases[i].status || err.status != status || err.line != cases[i].line ||
            err.column != cases[i].column || !strstr(err.text, cases[i].word))
            fail_msg("%s: %s at %u:%u: %s", cases[i].yaml, sp_status_name(status), err.line, err.column,
                     err.text);
        assert_string_equal(err.file, "api.yaml");
    }
}

static void every_limit_of_json_holds(void **state)
{
    static const struct {
        const char *fits, *over;
    } cases[] = {
        {"[[[]]]", "[[[[]]]]"},
        {"- - - x\n", "- - - - x\n"},
        {"a: {b: {c: 1}}", "a: {b: {c: {}}}"},
        {"'12345'", "'123456'"},
        {"12345: x", "123456: x"},
        {"\xc3\xa4\xc3\xa4x", "\xc3\xa4\xc3\xa4\xc3\xa4"},
        {"1234", "12345"},
        {"{a: 1, b: 2}", "{a: 1, b: 2, c: 3}"},
    };
    struct sp_json_limits limits = {.depth = 3, .string_bytes = 5, .number_bytes = 4, .members = 2};
    for (int duplicates = 0; duplicates < 2; duplicates++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            limits.allow_duplicates = duplicates;
            if (to_json(sp_str_of(cases[i].fits), &limits) != SP_OK)
                fail_msg("%s: %s", cases[i].fits, err.text);
            if (to_json(sp_str_of(cases[i].over), &limits) != SP_ELIMIT)
                fail_msg("%s: %s", cases[i].over, err.text);
        }
    assert_int_equal(to_json(SP_STR("{a: 1, a: 2}"), &limits), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&json), "{\"a\":1,\"a\":2}"));
    limits.allow_nul = true;
    assert_int_equal(to_json(SP_STR("\"\\0\""), &limits), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&json), "\"\\u0000\""));
}

static void nesting_never_goes_beyond_what_the_tree_can_hold(void **state)
{
    struct sp_json_limits limits = sp_json_default_limits;
    struct sp_buf yaml;
    limits.depth = 100000;
    sp_buf_init(&yaml, 1 << 20);
    for (unsigned depth = SP_JSON_DEPTH_MAX; depth <= SP_JSON_DEPTH_MAX + 1; depth++) {
        sp_buf_reset(&yaml);
        assert_int_equal(sp_buf_append_fill(&yaml, '[', depth), SP_OK);
        assert_int_equal(sp_buf_append_fill(&yaml, ']', depth), SP_OK);
        assert_int_equal(to_json(sp_buf_str(&yaml), &limits), depth > SP_JSON_DEPTH_MAX ? SP_ELIMIT : SP_OK);
    }
    sp_buf_finish(&yaml);
}

static void an_arena_that_is_full_is_an_error_not_a_crash(void **state)
{
    bool done = false;
    for (size_t ceiling = 1; !done; ceiling += 16) {
        struct sp_arena small;
        struct sp_json_value *value = NULL;
        sp_arena_init(&small, ceiling);
        enum sp_status status =
            sp_yaml_parse(SP_STR("a: {b: [x, 1, ~]}\nc: |\n  text\n"), NULL, &small, NULL, &value, &err);
        done = status == SP_OK;
        assert_true(done || status == SP_ENOMEM);
        sp_arena_finish(&small);
    }
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(documents_become_the_json_they_mean),
        EACH(what_is_not_provided_is_refused_with_its_place),
        EACH(every_limit_of_json_holds),
        EACH(nesting_never_goes_beyond_what_the_tree_can_hold),
        EACH(an_arena_that_is_full_is_an_error_not_a_crash),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
