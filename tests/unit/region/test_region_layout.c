/* SPDX-License-Identifier: Apache-2.0
 * Layouts as cobc gives them: the compiler is run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "region/compile.h"
#include "region/file.h"

static struct sp_arena arena;
static struct sp_error err;
static char directory[] = "/tmp/sallyport-layout-XXXXXX";
static struct sp_layout *layout;

static int make_directory(void **state)
{
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static int setup(void **state)
{
    sp_arena_init(&arena, 512u << 20);
    sp_error_clear(&err);
    return 0;
}

static int teardown(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* A program with these data divisions' lines; `redefines` and `record` NULL: none. */
static enum sp_status compile(const char *working, const char *linkage, const char *redefines,
                              const char *record)
{
    char path[128];
    struct sp_str text = sp_arena_printf(&arena,
                                         "       IDENTIFICATION DIVISION.\n"
                                         "       PROGRAM-ID. LAYTEST.\n"
                                         "       DATA DIVISION.\n"
                                         "       WORKING-STORAGE SECTION.\n%s"
                                         "       LINKAGE SECTION.\n%s"
                                         "       PROCEDURE DIVISION%s.\n"
                                         "           GOBACK.\n",
                                         working, linkage, *linkage ? " USING DFHCOMMAREA" : "");
    snprintf(path, sizeof path, "%s/laytest.cbl", directory);
    assert_int_equal(sp_file_write(path, text, &err), SP_OK);
    struct sp_str redefinition = sp_str_of(redefines), extra = sp_str_of(record);
    struct sp_compile_options options = {.source = path,
                                         .modules = directory,
                                         .redefines = &redefinition,
                                         .redefine_count = redefines != NULL,
                                         .records = &extra,
                                         .record_count = record != NULL};
    return sp_compile(&options, &arena, &layout, &err);
}

/* "NAME kind at bytes [x occurs] [counter]" of every item, children in braces. */
static void describe(const struct sp_layout_item *item, struct sp_buf *buf)
{
    for (; item; item = item->next) {
        sp_buf_printf(buf, "%.*s %s %u %u", SP_STR_ARG(item->name), sp_layout_kind_name(item->kind), item->at,
                      item->bytes);
        if (item->max)
            sp_buf_printf(buf, " x%u", item->max);
        if (item->counter)
            sp_buf_printf(buf, " by %.*s", SP_STR_ARG(item->counter->name));
        if (item->first) {
            sp_buf_append_str(buf, SP_STR(" { "));
            describe(item->first, buf);
            sp_buf_append_str(buf, SP_STR("}"));
        }
        sp_buf_append_str(buf, SP_STR(" "));
    }
}

static void assert_layout(const char *record, const char *wanted)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 65536);
    const struct sp_layout_record *r = sp_layout_find(layout, sp_str_of(record));
    assert_non_null(r);
    describe(r->root, &buf);
    if (!sp_str_eq(sp_buf_str(&buf), sp_str_of(wanted)))
        fail_msg("\n%.*s\ninstead of\n%s", SP_STR_ARG(sp_buf_str(&buf)), wanted);
    sp_buf_finish(&buf);
}

static void every_usage_has_its_place(void **state)
{
    assert_int_equal(compile("",
                             "       01 DFHCOMMAREA.\n"
                             "          05 A PIC X(3).\n"
                             "          05 B PIC S9(7)V99.\n"
                             "          05 FILLER PIC X(2).\n"
                             "          05 C PIC S9(9) COMP SYNC.\n"
                             "          05 D.\n"
                             "             10 E PIC S9(5) COMP-3.\n"
                             "             10 F PIC S9(4) COMP-5.\n"
                             "          05 G COMP-1.\n"
                             "          05 H COMP-2 SYNC.\n"
                             "          05 I PIC ZZ9.99.\n"
                             "          05 J PIC S9(3) SIGN LEADING SEPARATE.\n"
                             "          05 K PIC 9(2) COMP.\n"
                             "          05 L PIC A(4).\n",
                             NULL, NULL),
                     SP_OK);
    assert_true(sp_str_is(layout->program, "LAYTEST"));
    assert_true(sp_str_is(layout->commarea, "DFHCOMMAREA"));
    assert_true(sp_str_starts(layout->compiler, SP_STR("cobc 3.")));
    assert_layout("DFHCOMMAREA",
                  "DFHCOMMAREA group 0 56 { A char 0 3 B zoned 3 9 FILLER char 12 2 C binary 16 4 "
                  "D group 20 5 { E packed 20 3 F native 23 2 } G float 25 4 H double 32 8 I char 40 6 "
                  "J zoned 46 4 K binary 50 2 L char 52 4 } ");
}

static void arrays_and_counters_are_found(void **state)
{
    assert_int_equal(compile("       01 WS-REC.\n"
                             "          05 WN PIC 9(2).\n"
                             "          05 WT OCCURS 1 TO 10 DEPENDING ON WN PIC X(2).\n"
                             "          05 WA PIC X(3).\n",
                             "       01 DFHCOMMAREA.\n"
                             "          05 N PIC S9(4) COMP-5.\n"
                             "          05 T OCCURS 3.\n"
                             "             10 T1 PIC X OCCURS 2.\n"
                             "             10 T2 PIC 9(3) COMP-3.\n"
                             "          05 V OCCURS 0 TO 5 DEPENDING ON N INDEXED BY IX.\n"
                             "             10 V1 PIC X(4).\n"
                             "             10 V2 PIC S9(4) COMP-5.\n"
                             "          05 M PIC 9(3) COMP-3.\n"
                             "          05 U PIC X OCCURS 1 TO 4 DEPENDING ON M.\n"
                             "          05 Z PIC X(5).\n",
                             NULL, "WS-REC"),
                     SP_OK);
    assert_layout("DFHCOMMAREA",
                  "DFHCOMMAREA group 0 55 { N native 0 2 T group 2 4 x3 { T1 char 2 1 x2 T2 packed 4 2 } "
                  "V group 14 6 x5 by N { V1 char 14 4 V2 native 18 2 } M packed 44 2 U char 46 1 x4 by M "
                  "Z char 50 5 } ");
    assert_layout("WS-REC", "WS-REC group 0 25 { WN zoned 0 2 WT char 2 2 x10 by WN WA char 22 3 } ");
}

static void the_first_item_decides_unless_a_redefinition_is_named(void **state)
{
    static const char linkage[] = "       01 DFHCOMMAREA.\n"
                                  "          05 KIND PIC X.\n"
                                  "          05 A-TEXT PIC X(12).\n"
                                  "          05 A-NUMBERS REDEFINES A-TEXT.\n"
                                  "             10 N1 PIC S9(7)V99 COMP-3.\n"
                                  "             10 N2 PIC S9(8) COMP OCCURS 1.\n"
                                  "             10 N3 PIC S9(2) COMP-5.\n"
                                  "             10 NE PIC Z.\n"
                                  "             10 NF REDEFINES NE PIC X.\n"
                                  "          05 A-SYNC REDEFINES A-TEXT.\n"
                                  "             10 S1 PIC X.\n"
                                  "             10 S2 PIC S9(8) COMP SYNC.\n"
                                  "          05 LAST-ONE PIC X.\n";
    assert_int_equal(compile("", linkage, NULL, NULL), SP_OK);
    assert_layout("DFHCOMMAREA",
                  "DFHCOMMAREA group 0 14 { KIND char 0 1 A-TEXT char 1 12 LAST-ONE char 13 1 } ");
    assert_int_equal(compile("", linkage, "A-NUMBERS", NULL), SP_OK);
    assert_layout(
        "DFHCOMMAREA",
        "DFHCOMMAREA group 0 14 { KIND char 0 1 A-NUMBERS group 1 11 { N1 packed 1 5 N2 binary 6 4 x1 "
        "N3 native 10 1 NE char 11 1 } LAST-ONE char 13 1 } ");
    assert_int_equal(compile("", linkage, "A-SYNC", NULL), SP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "SYNCHRONIZED"));
    assert_int_equal(compile("", linkage, "A-TEXT", NULL), SP_ENOTFOUND);
}

static void what_cannot_be_translated_is_refused(void **state)
{
    static const struct {
        const char *linkage, *named;
    } cases[] = {
        {"       01 DFHCOMMAREA.\n          05 P POINTER.\n", "P"},
        {"       01 DFHCOMMAREA.\n          05 N PIC N(4).\n", "N"},
        {"       01 DFHCOMMAREA.\n          05 C PIC 9.\n          05 T OCCURS 1 TO 3 DEPENDING ON C.\n"
         "             10 D PIC 9.\n             10 U PIC X OCCURS 1 TO 3 DEPENDING ON D.\n",
         "item"},
        {"       01 DFHCOMMAREA.\n          05 C PIC 9.\n          05 T PIC X OCCURS 1 TO 3 DEPENDING ON C.\n"
         "          05 R PIC X(2).\n          05 S REDEFINES R PIC 9(2).\n          05 AFTER-IT PIC X.\n",
         "AFTER-IT"},
        {"       01 DFHCOMMAREA.\n          05 T PIC X OCCURS 1 TO 3 DEPENDING ON ELSEWHERE.\n", "T"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sp_status status = compile("       01 ELSEWHERE PIC 9.\n", cases[i].linkage, NULL, NULL);
        if (status != SP_EUNSUPPORTED && status != SP_EINVAL)
            fail_msg("case %zu: %s, %s", i, sp_status_name(status), err.text);
        assert_non_null(strstr(err.text, cases[i].named));
    }
}

static void messages_of_the_compiler_are_given(void **state)
{
    char path[128];
    assert_int_equal(compile("", "       01 DFHCOMMAREA PIC Q.\n", NULL, NULL), SP_ESYNTAX);
    assert_non_null(strstr(err.text, "laytest.cbl:6"));
    snprintf(path, sizeof path, "%s/none.cbl", directory);
    struct sp_compile_options options = {.source = path, .modules = directory};
    assert_int_equal(sp_compile(&options, &arena, NULL, &err), SP_EIO);
}

static void a_program_may_have_no_commarea(void **state)
{
    assert_int_equal(compile("       01 W PIC X.\n", "", NULL, NULL), SP_OK);
    assert_int_equal(layout->commarea.len, 0);
    assert_null(layout->records);
}

static void a_written_layout_reads_the_same(void **state)
{
    struct sp_layout *again;
    struct sp_buf one, two;
    sp_buf_init(&one, 1u << 20);
    sp_buf_init(&two, 1u << 20);
    arrays_and_counters_are_found(state);
    assert_int_equal(sp_layout_write(layout, &one), SP_OK);
    assert_int_equal(sp_layout_read(sp_buf_str(&one), "x.layout", &arena, &again, &err), SP_OK);
    assert_int_equal(sp_layout_write(again, &two), SP_OK);
    assert_true(sp_str_eq(sp_buf_str(&one), sp_buf_str(&two)));
    assert_int_equal(again->records->counters, 2);
    sp_buf_finish(&one);
    sp_buf_finish(&two);
}

static void a_broken_layout_is_refused(void **state)
{
#define HEAD                                                                                                \
    "{\"layout\":1,\"program\":\"P\",\"records\":[{\"name\":\"R\",\"kind\":\"group\",\"at\":0,\"bytes\":8," \
    "\"items\":["
#define ITEM(at, bytes) "{\"name\":\"I\",\"kind\":\"char\",\"at\":" #at ",\"bytes\":" #bytes "}"
#define COUNTED(at) \
    "{\"name\":\"T\",\"kind\":\"char\",\"at\":2,\"bytes\":1,\"occurs\":6,\"counterAt\":" #at "}"
    static const char *const bad[] = {
        "",
        "{}",
        "{\"layout\":2}",
        "{\"layout\":1,\"commarea\":\"X\"}",
        HEAD "]}]}",
        HEAD ITEM(0, 9) "]}]}",
        HEAD ITEM(8, 1) "]}]}",
        HEAD ITEM(0, 4) "," ITEM(3, 4) "]}]}",
        HEAD ITEM(0, 0) "]}]}",
        HEAD ITEM(0, 4294967295) "]}]}",
        HEAD ITEM(4294967295, 4) "]}]}",
        HEAD ITEM(0, 99999999999) "]}]}",
        HEAD "{\"name\":\"I\",\"kind\":\"float\",\"at\":0,\"bytes\":8}]}]}",
        HEAD "{\"name\":\"I\",\"kind\":\"pointer\",\"at\":0,\"bytes\":8}]}]}",
        HEAD "{\"name\":\"I\",\"kind\":\"char\",\"at\":0,\"bytes\":4,\"occurs\":3}]}]}",
        HEAD "{\"name\":\"I\",\"kind\":\"char\",\"at\":0,\"bytes\":4,\"occurs\":1073741825}]}]}",
        HEAD ITEM(0, 2) "," COUNTED(0) "]}]}",
        HEAD ITEM(0, 2) "," COUNTED(1) "]}]}",
        HEAD ITEM(0, 2) "," COUNTED(2) "]}]}",
    };
    struct sp_layout *none;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_layout_read(sp_str_of(bad[i]), "x.layout", &arena, &none, &err) == SP_OK)
            fail_msg("case %zu was read", i);
    assert_int_equal(sp_layout_read(SP_STR(HEAD ITEM(0, 8) "]}]}"), "x.layout", &arena, &none, &err), SP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_usage_has_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(arrays_and_counters_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_item_decides_unless_a_redefinition_is_named, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_translated_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_of_the_compiler_are_given, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_may_have_no_commarea, setup, teardown),
        cmocka_unit_test_setup_teardown(a_written_layout_reads_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_layout_is_refused, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
