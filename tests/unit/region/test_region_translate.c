/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "region/file.h"
#include "region/translate.h"
#include "text/base64.h"

static struct sp_arena arena;
static struct sp_error err;
static struct sp_translation cp37;

static int setup(void **state)
{
    sp_arena_init(&arena, 32u << 20);
    return sp_translation_init(&cp37, 37, &err) == SP_OK ? 0 : -1;
}

static int teardown(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* A record from items as JSON. */
static const struct sp_layout_record *record_of(unsigned bytes, const char *items)
{
    struct sp_layout *layout;
    struct sp_str text =
        sp_arena_printf(&arena,
                        "{\"layout\":1,\"program\":\"P\",\"records\":[{\"name\":\"R\",\"kind\":"
                        "\"group\",\"at\":0,\"bytes\":%u,\"items\":[%s]}]}",
                        bytes, items);
    assert_int_equal(sp_layout_read(text, "test", &arena, &layout, &err), SP_OK);
    return layout->records;
}

static size_t bytes_of(const char *hex, unsigned char *ret_bytes)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 4096);
    for (; *hex; hex++)
        if (*hex != ' ')
            sp_buf_append_byte(&buf, (unsigned char)*hex);
    struct sp_buf bytes;
    sp_buf_init(&bytes, 4096);
    assert_int_equal(sp_hex_decode(sp_buf_str(&buf), &bytes), SP_OK);
    size_t len = bytes.len;
    memcpy(ret_bytes, bytes.ptr, len);
    sp_buf_finish(&buf);
    sp_buf_finish(&bytes);
    return len;
}

/* To the program and back; both directions must give exactly what is wanted. */
static void assert_both_ways(const struct sp_layout_record *record, const char *wire_hex,
                             const char *program_hex)
{
    unsigned char wire[2048], program[2048], data[2048];
    size_t len = bytes_of(wire_hex, wire);
    assert_int_equal(bytes_of(program_hex, program), len);
    memcpy(data, wire, len);
    assert_int_equal(sp_translate_record(&cp37, record, SP_TO_PROGRAM, data, len, &err), SP_OK);
    assert_memory_equal(data, program, len);
    assert_int_equal(sp_translate_record(&cp37, record, SP_TO_WIRE, data, len, &err), SP_OK);
    assert_memory_equal(data, wire, len);
}

static void every_kind_of_field_is_translated(void **state)
{
    const struct sp_layout_record *record =
        record_of(33, "{\"name\":\"C\",\"kind\":\"char\",\"at\":0,\"bytes\":4},"
                      "{\"name\":\"Z\",\"kind\":\"zoned\",\"at\":4,\"bytes\":4},"
                      "{\"name\":\"P\",\"kind\":\"packed\",\"at\":8,\"bytes\":3},"
                      "{\"name\":\"B\",\"kind\":\"binary\",\"at\":11,\"bytes\":4},"
                      "{\"name\":\"N\",\"kind\":\"native\",\"at\":15,\"bytes\":4},"
                      "{\"name\":\"F\",\"kind\":\"float\",\"at\":19,\"bytes\":4},"
                      "{\"name\":\"D\",\"kind\":\"double\",\"at\":23,\"bytes\":8},"
                      "{\"name\":\"S\",\"kind\":\"zoned\",\"at\":31,\"bytes\":2}");
    assert_both_ways(record,
                     "c1 c2 40 5f  f1 f2 f3 d5  12 34 5d  00 00 01 02  00 00 01 02  41 10 00 00"
                     " c2 76 a0 00 00 00 00 00  60 f7",
                     "41 42 20 ac  31 32 33 4e  12 34 5d  00 00 01 02  02 01 00 00  00 00 80 3f"
                     " 00 00 00 00 00 a8 5d c0  2d 37");
}

static void the_account_record_is_translated_byte_by_byte(void **state)
{
    char path[512];
    struct sp_str text;
    struct sp_layout *layout;
    const char *yaml = getenv("SALLYPORT_REGION_YAML");
    assert_non_null(yaml);
    snprintf(path, sizeof path, "%.*s/modules/INQACC.layout", (int)(strrchr(yaml, '/') - yaml), yaml);
    assert_int_equal(sp_file_read(path, 1u << 20, &arena, &text, &err), SP_OK);
    assert_int_equal(sp_layout_read(text, path, &arena, &layout, &err), SP_OK);
    assert_int_equal(layout->records->bytes, 103);
    assert_both_ways(
        layout->records,
        "c1c3c3e3 f0f0f0f0f0f0f0f0f0f1 f9f8f7f6f5f4 f1f2f3f4f5f6f7f8 c9e2c14040404040 f0f0f0f2f1f0"
        "f0f1f0f1f2f0f2f4 f0f0f0f0f0f0f0f0 f0f1f0f7f2f0f2f3 f0f1f0f8f2f0f2f3"
        "f0f0f0f0f0f0f0f1f2f3f4d5 f0f0f0f0f0f2f5f0f0f0f5c0 e8 40404040",
        "41434354 30303030303030303031 393837363534 3132333435363738 4953412020202020 303030323130"
        "3031303132303234 3030303030303030 3031303732303233 3031303832303233"
        "30303030303030313233344e 30303030303235303030357b 59 20202020");
}

static void signs_are_where_they_are_in_every_set(void **state)
{
    /* In CCSID 273 X'C0' is a letter; in a number it is a positive zero all the same. */
    struct sp_translation german;
    assert_int_equal(sp_translation_init(&german, 273, &err), SP_OK);
    const struct sp_layout_record *record =
        record_of(2, "{\"name\":\"C\",\"kind\":\"char\",\"at\":0,\"bytes\":1},"
                     "{\"name\":\"Z\",\"kind\":\"zoned\",\"at\":1,\"bytes\":1}");
    unsigned char data[] = {0xc0, 0xc0};
    assert_int_equal(sp_translate_record(&german, record, SP_TO_PROGRAM, data, 2, &err), SP_OK);
    assert_int_equal(data[0], 0xe4);
    assert_int_equal(data[1], '{');
}

static void a_translation_loses_no_byte(void **state)
{
    static const unsigned sets[] = {37, 273, 277, 278, 280, 284, 285, 297, 500, 871, 1047, 1140, 1141, 1148};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct sp_translation t;
        assert_int_equal(sp_translation_init(&t, sets[i], &err), SP_OK);
        unsigned char data[256];
        for (unsigned b = 0; b < 256; b++)
            data[b] = (unsigned char)b;
        sp_translate_chars(&t, SP_TO_PROGRAM, data, 256);
        assert_int_equal(data[0x40], ' ');
        assert_int_equal(data[0xc1], 'A');
        assert_int_equal(data[0xf9], '9');
        sp_translate_chars(&t, SP_TO_WIRE, data, 256);
        for (unsigned b = 0; b < 256; b++)
            assert_int_equal(data[b], b);
    }
    struct sp_translation t;
    assert_int_equal(sp_translation_init(&t, 1208, &err), SP_EUNSUPPORTED);
    assert_int_equal(sp_translation_init(&t, 819, &err), SP_EUNSUPPORTED);
    assert_int_equal(sp_translation_init(&t, 4711, &err), SP_EUNSUPPORTED);
}

#define LIST                                                                                                \
    "{\"name\":\"N\",\"kind\":\"%s\",\"at\":0,\"bytes\":2%s},"                                              \
    "{\"name\":\"T\",\"kind\":\"group\",\"at\":2,\"bytes\":2,\"occurs\":3,\"counterAt\":0,\"items\":["      \
    "{\"name\":\"A\",\"kind\":\"char\",\"at\":2,\"bytes\":1},{\"name\":\"B\",\"kind\":\"binary\",\"at\":3," \
    "\"bytes\":1}]},"                                                                                       \
    "{\"name\":\"Z\",\"kind\":\"char\",\"at\":8,\"bytes\":2}"

static const struct sp_layout_record *list_of(const char *kind, const char *more)
{
    return record_of(10, sp_arena_printf(&arena, LIST, kind, more).ptr);
}

static void what_is_behind_an_array_moves_with_its_counter(void **state)
{
    assert_both_ways(list_of("zoned", ""), "f0f2 c1c1 c2c2 e9e9 eeee", "3032 41c1 42c2 5a5a eeee");
    assert_both_ways(list_of("binary", ""), "0001 c1c1 e9e9", "0001 41c1 5a5a");
    assert_both_ways(list_of("native", ""), "0001 c1c1 e9e9", "0100 41c1 5a5a");
    assert_both_ways(list_of("packed", ""), "003c c1c1 c2c2 c3c3 e9e9", "003c 41c1 42c2 43c3 5a5a");
    assert_both_ways(list_of("packed", ""), "000f e9e9", "000f 5a5a");
}

static void a_counter_that_makes_no_sense_counts_as_the_greatest(void **state)
{
    assert_both_ways(list_of("zoned", ""), "f9f9 c1c1 c2c2 c3c3 e9e9", "3939 41c1 42c2 43c3 5a5a");
    assert_both_ways(list_of("zoned", ""), "4040 c1c1 c2c2 c3c3 e9e9", "2020 41c1 42c2 43c3 5a5a");
    assert_both_ways(list_of("packed", ""), "0000 c1c1 c2c2 c3c3 e9e9", "0000 41c1 42c2 43c3 5a5a");
    assert_both_ways(list_of("binary", ""), "ffff c1c1 c2c2 c3c3 e9e9", "ffff 41c1 42c2 43c3 5a5a");
    /* Less than nothing is nothing. */
    assert_both_ways(list_of("binary", ",\"signed\":true"), "ffff e9e9", "ffff 5a5a");
    assert_both_ways(list_of("zoned", ",\"signed\":true"), "f0d2 e9e9", "304b 5a5a");
    assert_both_ways(list_of("packed", ""), "002d e9e9", "002d 5a5a");
}

static void data_may_end_early_or_go_on(void **state)
{
    const struct sp_layout_record *record =
        record_of(14, "{\"name\":\"C\",\"kind\":\"char\",\"at\":0,\"bytes\":4},"
                      "{\"name\":\"N\",\"kind\":\"native\",\"at\":4,\"bytes\":2},"
                      "{\"name\":\"D\",\"kind\":\"double\",\"at\":6,\"bytes\":8}");
    assert_both_ways(record, "c1c2", "4142");
    assert_both_ways(record, "c1c2c3c4 01", "41424344 01");
    assert_both_ways(record, "c1c2c3c4 0102 41100000", "41424344 0201 41100000");
    assert_both_ways(record, "c1c2c3c4 0102 4110000000000000 c1c1", "41424344 0201 000000000000f03f c1c1");
    assert_int_equal(sp_translate_record(&cp37, record, SP_TO_PROGRAM, NULL, 0, &err), SP_OK);
}

static void a_number_that_the_other_side_cannot_hold_is_told(void **state)
{
    const struct sp_layout_record *record =
        record_of(8, "{\"name\":\"BIG\",\"kind\":\"double\",\"at\":0,\"bytes\":8}");
    double infinite = INFINITY;
    unsigned char data[8];
    memcpy(data, &infinite, 8);
    assert_int_equal(sp_translate_record(&cp37, record, SP_TO_WIRE, data, 8, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "BIG"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_field_is_translated, setup, teardown),
        cmocka_unit_test_setup_teardown(the_account_record_is_translated_byte_by_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(signs_are_where_they_are_in_every_set, setup, teardown),
        cmocka_unit_test_setup_teardown(a_translation_loses_no_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_behind_an_array_moves_with_its_counter, setup, teardown),
        cmocka_unit_test_setup_teardown(a_counter_that_makes_no_sense_counts_as_the_greatest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(data_may_end_early_or_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_number_that_the_other_side_cannot_hold_is_told, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
