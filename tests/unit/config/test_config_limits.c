/* SPDX-License-Identifier: Apache-2.0
 * Limits of what is read: at the limit, and beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/value.h"
#include "config/variable.h"
#include "memory_files.h"

static struct memory_files tree;
static struct sp_problems problems;
static struct sp_config *config;

static int begin(void **state)
{
    memory_files_init(&tree);
    sp_problems_init(&problems);
    config = NULL;
    return 0;
}

static int end(void **state)
{
    sp_config_free(config);
    sp_problems_finish(&problems);
    return 0;
}

static enum sp_status load(void)
{
    static const char *const environment[] = {NULL};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_config_options options = {
        .config_dir = "/s", .files = &tree.interface, .environment = environment};
    return sp_config_load(&options, &problems, &config, &err);
}

static bool told(const char *id)
{
    for (const struct sp_problem *p = problems.first; p; p = p->next) {
        if (strcmp(p->id, id) == 0)
            return true;
    }
    return false;
}

/* server.xml includes 1.xml, which includes 2.xml, ... up to `depth`. */
static void chain(unsigned depth, char texts[][80], char paths[][32])
{
    for (unsigned i = 0; i <= depth; i++) {
        if (i < depth)
            snprintf(texts[i], 80, "<server><include location='%u.xml'/></server>", i + 1);
        else
            snprintf(texts[i], 80, "<server><httpOptions id='deep'/></server>");
        snprintf(paths[i], 32, i ? "/s/%u.xml" : "/s/server.xml", i);
        memory_files_add(&tree, sp_str_of(paths[i]), sp_str_of(texts[i]));
    }
}

static void includes_reach_31_levels_deep(void **state)
{
    static char texts[40][80], paths[40][32];
    chain(31, texts, paths);
    assert_int_equal(load(), SP_OK);
    assert_int_equal(config->http_options_count, 2); /* with the built-in one */
    end(state);
    begin(state);
    chain(32, texts, paths);
    assert_int_equal(load(), SP_EINVAL);
    assert_true(told("SALC0013E"));
}

static void files_that_multiply_are_cut_off(void **state)
{
    static char texts[16][256], paths[16][32];
    for (unsigned i = 0; i < 14; i++) {
        snprintf(texts[i], sizeof texts[i],
                 "<server><include location='%u.xml'/><include location='%u.xml'/></server>", i + 1, i + 1);
        snprintf(paths[i], sizeof paths[i], i ? "/s/%u.xml" : "/s/server.xml", i);
        memory_files_add(&tree, sp_str_of(paths[i]), sp_str_of(texts[i]));
    }
    memory_files_add(&tree, SP_STR("/s/14.xml"), SP_STR("<server/>"));
    assert_int_equal(load(), SP_EINVAL);
    assert_true(told("SALC0013E"));
}

static void a_file_of_16_mib_is_read_and_no_larger_one(void **state)
{
    static const char head[] = "<server>", tail[] = "</server>";
    for (size_t size = ((size_t)16 << 20); size <= ((size_t)16 << 20) + 1; size++) {
        char *text = malloc(size);
        assert_non_null(text);
        memset(text, ' ', size);
        memcpy(text, head, strlen(head));
        memcpy(text + size - strlen(tail), tail, strlen(tail));
        end(state);
        begin(state);
        memory_files_add(&tree, SP_STR("/s/server.xml"), sp_str_from(text, size));
        assert_int_equal(load(), size == (size_t)16 << 20 ? SP_OK : SP_EINVAL);
        free(text);
    }
}

static void elements_nest_64_deep(void **state)
{
    for (unsigned depth = 64; depth <= 65; depth++) {
        struct sp_buf text;
        sp_buf_init(&text, 65536);
        sp_buf_append_str(&text, SP_STR("<server>"));
        for (unsigned i = 1; i < depth; i++)
            sp_buf_append_str(&text, SP_STR("<a x='1'>"));
        for (unsigned i = 1; i < depth; i++)
            sp_buf_append_str(&text, SP_STR("</a>"));
        sp_buf_append_str(&text, SP_STR("</server>"));
        end(state);
        begin(state);
        memory_files_add(&tree, SP_STR("/s/server.xml"), sp_buf_str(&text));
        assert_int_equal(load(), depth == 64 ? SP_OK : SP_EINVAL);
        assert_int_equal(told("SALC0007E"), depth == 65);
        sp_buf_finish(&text);
    }
}

static void variables_that_multiply_are_cut_off(void **state)
{
    struct sp_buf text;
    sp_buf_init(&text, 65536);
    sp_buf_append_str(
        &text, SP_STR("<server><basicRegistry realm='${v20}'/><variable name='v0' value='xxxxxxxx'/>"));
    for (int i = 1; i <= 20; i++)
        sp_buf_printf(&text, "<variable name='v%d' value='${v%d}${v%d}${v%d}'/>", i, i - 1, i - 1, i - 1);
    sp_buf_append_str(&text, SP_STR("</server>"));
    memory_files_add(&tree, SP_STR("/s/server.xml"), sp_buf_str(&text));
    assert_int_equal(load(), SP_EINVAL);
    assert_true(told("SALC0023W") && told("SALC0041E"));
    sp_buf_finish(&text);
}

static void variables_refer_to_each_other_32_deep(void **state)
{
    struct sp_arena arena;
    struct sp_variables variables;
    struct sp_variable_result result;
    struct sp_error err = SP_ERROR_INIT;
    char name[16], value[32];
    sp_arena_init(&arena, 1 << 20);
    sp_variables_init(&variables, &arena);
    for (int i = 0; i < 33; i++) {
        snprintf(name, sizeof name, "v%d", i);
        snprintf(value, sizeof value, i ? "${v%d}" : "end", i - 1);
        assert_int_equal(sp_variables_set(&variables, SP_VAR_SERVER_XML, sp_str_of(name), sp_str_of(value)),
                         SP_OK);
    }
    assert_int_equal(sp_variables_resolve(&variables, SP_STR("${v31}"), NULL, &result, &err), SP_OK);
    assert_true(sp_str_is(result.text, "end") && result.replaced);
    assert_int_equal(sp_variables_resolve(&variables, SP_STR("${v32}"), NULL, &result, &err), SP_ELIMIT);
    assert_int_equal(sp_variables_resolve(&variables, SP_STR("${none}"), NULL, &result, &err), SP_OK);
    assert_true(sp_str_is(result.undefined, "none") && !result.replaced);
    sp_variables_finish(&variables);
    sp_arena_finish(&arena);
}

static void paths_are_normalised(void **state)
{
    static const char *const pairs[][2] = {
        {"/a/b", "/a/b"},
        {"//a///b//", "/a/b/"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/..", "/"},
        {"/../../a", "/a"},
        {"/a/..", "/"},
        {"a/../b", "b"},
        {"../a", "../a"},
        {"a/../../b", "../b"},
        {"./a", "a"},
        {"/", "/"},
        {"", ""},
        {" /a ", "/a"},
        {"/a/b/..", "/a"},
        {"file:///x/../y", "file:///x/../y"},
        {"safkeyring://O/R", "safkeyring://O/R"},
        {"c:/x", "c:/x"},
    };
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct sp_str path = sp_value_path(sp_str_of(pairs[i][0]), &arena);
        if (!sp_str_is(path, pairs[i][1]))
            fail_msg("%s gives %.*s", pairs[i][0], SP_STR_ARG(path));
    }
    sp_arena_finish(&arena);
}

/* The durations table: text, milliseconds' and seconds' attribute, -1 for an error. */
static void durations_are_those_of_liberty(void **state)
{
    static const struct {
        const char *text;
        int64_t as_ms, as_s;
    } rows[] = {
        {"1m30s", 90000, 90}, {"500ms", 500, 0},       {"500", 500, 500},       {"1m", 60000, 60},
        {"10 s", 10000, 10},  {"1m30", 60000, 60},     {"1.5s", -1, -1},        {"abc5s", 5000, 5},
        {"-5s", 5000, 5},     {"1d", 86400000, 86400}, {"999ms999ms", 1998, 0}, {"5x", -1, -1},
        {"ms", -1, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1000, s = -1000000;
        (void)!sp_value_duration(sp_str_of(rows[i].text), 1000, &ms);
        (void)!sp_value_duration(sp_str_of(rows[i].text), 1000000, &s);
        if (ms != rows[i].as_ms * 1000 || s != rows[i].as_s * 1000000)
            fail_msg("%s gives %lld and %lld", rows[i].text, (long long)ms, (long long)s);
    }
    int64_t us;
    assert_int_equal(sp_value_duration(SP_STR("-1"), 1000000, &us), SP_OK);
    assert_true(us == -1000000);
    assert_int_equal(sp_value_duration(SP_STR("2"), INT64_C(3600000000), &us), SP_OK);
    assert_true(us == INT64_C(7200000000));
    assert_int_equal(sp_value_duration(SP_STR("106751991d"), 1000, &us), SP_OK);
    assert_int_equal(sp_value_duration(SP_STR("106751992d"), 1000, &us), SP_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(includes_reach_31_levels_deep, begin, end),
        cmocka_unit_test_setup_teardown(files_that_multiply_are_cut_off, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_16_mib_is_read_and_no_larger_one, begin, end),
        cmocka_unit_test_setup_teardown(elements_nest_64_deep, begin, end),
        cmocka_unit_test_setup_teardown(variables_that_multiply_are_cut_off, begin, end),
        cmocka_unit_test(variables_refer_to_each_other_32_deep),
        cmocka_unit_test(paths_are_normalised),
        cmocka_unit_test(durations_are_those_of_liberty),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
