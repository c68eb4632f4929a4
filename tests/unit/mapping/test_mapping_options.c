/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "fixture.h"

static void blanks_at_the_ends_are_trimmed_where_asked(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X6 W:N4 }");
    static const struct {
        bool leading, trailing;
        const char *json;
    } cases[] = {
        {false, true, "{\"A\":{\"T\":\"  a b\",\"W\":\" x\"}}"},
        {true, false, "{\"A\":{\"T\":\"a b \",\"W\":\"x  \"}}"},
        {true, true, "{\"A\":{\"T\":\"a b\",\"W\":\"x\"}}"},
        {false, false, "{\"A\":{\"T\":\"  a b \",\"W\":\" x  \"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f.sar.conversion.trim_output_leading = cases[i].leading;
        f.sar.conversion.trim_output_trailing = cases[i].trailing;
        fixture_compile(&f);
        check_response(&f, "404081408240 0020007800200020", cases[i].json);
    }
    /* White space of all sorts, also among characters that are not plain. */
    f.sar.conversion.trim_output_leading = f.sar.conversion.trim_output_trailing = true;
    fixture_compile(&f);
    check_response(&f, "051543050d40 0009000a00e40020", "{\"A\":{\"T\":\"\xc3\xa4\",\"W\":\"\xc3\xa4\"}}");
    check_response(&f, "40*6 0020002000200020", "{\"A\":{\"T\":\"\",\"W\":\"\"}}");
    /* Low values are no white space. */
    check_response(&f, "810000000000 0020002000200020",
                   "{\"A\":{\"T\":\"a\\u0000\\u0000\\u0000\\u0000\\u0000\",\"W\":\"\"}}");
    fixture_finish(&f);
}

static void control_characters_are_escaped_where_asked(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X4 }");
    fixture_compile(&f);
    /* What JSON must escape is escaped in any case; X'07' is DEL, X'25' U+0085 in this variant. */
    check_response(&f, "15812507", "{\"A\":{\"T\":\"\\na\xc2\x85\x7f\"}}");
    f.sar.conversion.escape_output_control = true;
    fixture_compile(&f);
    check_response(&f, "15812507", "{\"A\":{\"T\":\"\\na\\u0085\\u007f\"}}");
    fixture_finish(&f);
}

static void fields_of_one_byte_value_are_left_out_where_asked(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X3 P:SP3 S{ Q:SP3 } L[3]:SP3 M[2]{ R:SP3 X:X1 } }");
    f.sar.conversion.omit_output_by_value = true;
    fixture_compile(&f);
    check_response(&f, "000000 0000 0000 0000 001c 0000 0000a7 002c00",
                   "{\"A\":{\"S\":{},\"L\":[1],\"M\":[{\"X\":\"x\"},{\"R\":2}]}}");
    check_bad_answer(&f, "000000 0000 0000 0000 001c 0001 0000a7 002c00", "SALM2001E",
                     "A.L[2] has no valid sign");
    f.sar.conversion.omit_output_byte = 0x40;
    fixture_compile(&f);
    check_response(&f, "404040 4040 001c 4040 4040 4040 404040 002c40",
                   "{\"A\":{\"S\":{\"Q\":1},\"L\":[],\"M\":[{},{\"R\":2}]}}");
    f.sar.conversion.omit_output_by_value = false;
    fixture_compile(&f);
    check_bad_answer(&f, "404040 4040 001c 4040 4040 4040 404040 002c40", "SALM2001E",
                     "A.P has no valid sign");
    fixture_finish(&f);
}

static void what_is_empty_is_left_out_where_asked(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X3 N:Z1 S{ Q:X2 U{ V:X1 } } -C:Z1 L[0..3 C]:X1 M[2]{ X:X1 } }");
    f.sar.conversion.omit_output_empty = true;
    fixture_compile(&f);
    check_response(&f, "404040 f0 4040 40 f2 4081 8240",
                   "{\"A\":{\"N\":0,\"L\":[\"a\"],\"M\":[{\"X\":\"b\"}]}}");
    check_response(&f, "404040 f0 4040 82 f0 4040", "{\"A\":{\"N\":0,\"S\":{\"U\":{\"V\":\"b\"}}}}");
    fixture_finish(&f);
    /* The body keeps its outermost member. */
    fixture_init(&f, "A{ T:X3 }");
    f.sar.conversion.omit_output_empty = true;
    fixture_compile(&f);
    check_response(&f, "404040", "{\"A\":{}}");
    /* Without trimming blanks are no empty string. */
    f.sar.conversion.trim_output_trailing = false;
    fixture_compile(&f);
    check_response(&f, "404040", "{\"A\":{\"T\":\"   \"}}");
    fixture_finish(&f);
}

static void input_fields_are_initialised_where_asked(void **state)
{
    struct fixture f;
    const char *layout =
        "A{ T:X2 W:N1 Z:Z2 S:SZ2 E:SZ2le P:P3 Q:SP3 B:B2/4 F:F4 -H:X1 -I:X1=i L[2]{ X:X1 Y:P1 } "
        "-C:P1 V[0..2 C]{ X:X1 } @50 G:X1 }";
    fixture_init(&f, layout);
    fixture_compile(&f);
    check_request(&f, "{}", "00*22 89 00*4 0f 00*20 00");
    f.sar.conversion.initialize_input = true;
    fixture_compile(&f);
    check_request(&f, "{}", "4040 0020 f0f0 f0c0 4ef0f0 000f 000c 0000 00000000 40 89 400f400f 0f 00*20 40");
    check_request(&f, "{\"A\":{\"L\":[{\"Y\":1}],\"V\":[{}]}}",
                  "4040 0020 f0f0 f0c0 4ef0f0 000f 000c 0000 00000000 40 89 401f400f 1f 40 00*20 40");
    fixture_finish(&f);
}

static void defaults_come_before_initial_values_and_after_what_is_given(void **state)
{
    struct fixture f;
    fixture_init(
        &f, "A{ T:X3=ab -U:Z3=7 -V:SP3.1=-1.5 H:X3=x'0102' B:B2/4=x'0a0b' F:F8=100 D:N1=x L[2]{ X:X1=q } }");
    fixture_compile(&f);
    check_request(&f, "{}", "818240 f0f0f7 015d 010200 0a0b 4264000000000000 0078 9898");
    check_request(&f, "{\"A\":{\"T\":\"\",\"H\":\"x\",\"B\":1,\"L\":[{},{\"X\":\"\"}]}}",
                  "404040 f0f0f7 015d a74040 0001 4264000000000000 0078 9840");
    f.sar.conversion.initialize_input = true;
    fixture_compile(&f);
    check_request(&f, "{}", "818240 f0f0f7 015d 010240 0a0b 4264000000000000 0078 9898");
    fixture_finish(&f);
}

static void arrays_are_filled_to_their_minimum_where_asked(void **state)
{
    struct fixture f;
    const char *layout = "A{ -C:Z1 V[2..3 C]{ X:X1=x -D:Z1 W[1..2 D]:X1=w } }";
    fixture_init(&f, layout);
    fixture_compile(&f);
    check_request(&f, "{}", "f0");
    check_request(&f, "{\"A\":{\"V\":[{\"X\":\"a\"}]}}", "f1 81f0");
    f.sar.conversion.enforce_min_occurs_request = true;
    fixture_compile(&f);
    check_request(&f, "{}", "f2 a7f1a6 a7f1a6");
    check_request(&f, "{\"A\":{\"V\":[{\"X\":\"a\",\"W\":[\"b\",\"c\"]}]}}", "f2 81f28283 a7f1a6");
    check_request(&f, "{\"A\":{\"V\":[{},{},{}]}}", "f3 a7f1a6 a7f1a6 a7f1a6");
    fixture_finish(&f);
    fixture_init(&f, "A{ -C:Z1 V[2..3 C]{ X:X1=x } E:X1 }");
    f.sar.conversion.enforce_min_occurs_request = true;
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"E\":\"e\"}}", "f2 a7a7 85");
    fixture_finish(&f);
}

static void answers_with_too_few_elements_are_refused_where_asked(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ -C:Z1 V[2..3 C]{ X:X1 } }");
    fixture_compile(&f);
    check_response(&f, "f1 81", "{\"A\":{\"V\":[{\"X\":\"a\"}]}}");
    f.sar.conversion.enforce_min_occurs_response = true;
    fixture_compile(&f);
    check_response(&f, "f2 8182", "{\"A\":{\"V\":[{\"X\":\"a\"},{\"X\":\"b\"}]}}");
    check_bad_answer(&f, "f1 81", "SALM2003E", "A.C says 1; its array V has at least 2 elements");
    fixture_finish(&f);
}

static void an_answer_may_end_early_unless_it_must_be_whole(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X2 S{ U:Z2 } L[3]{ X:X1 Y:X1 } -C:Z1 V[0..2 C]:X1 } B:X1");
    fixture_compile(&f);
    check_response(
        &f, "8181 f0f1 818281828182 f1 a7 82",
        "{\"A\":{\"T\":\"aa\",\"S\":{\"U\":1},\"L\":[{\"X\":\"a\",\"Y\":\"b\"},{\"X\":\"a\",\"Y\":\"b\"},"
        "{\"X\":\"a\",\"Y\":\"b\"}],\"V\":[\"x\"]},\"B\":\"b\"}");
    check_response(
        &f, "8181 f0f1 818281828182 f1 a7",
        "{\"A\":{\"T\":\"aa\",\"S\":{\"U\":1},\"L\":[{\"X\":\"a\",\"Y\":\"b\"},{\"X\":\"a\",\"Y\":\"b\"},"
        "{\"X\":\"a\",\"Y\":\"b\"}],\"V\":[\"x\"]}}");
    check_response(&f, "8181 f0f1 818281",
                   "{\"A\":{\"T\":\"aa\",\"S\":{\"U\":1},\"L\":[{\"X\":\"a\",\"Y\":\"b\"},"
                   "{\"X\":\"a\"}]}}");
    check_response(&f, "8181 f0f1", "{\"A\":{\"T\":\"aa\",\"S\":{\"U\":1}}}");
    check_response(&f, "8181", "{\"A\":{\"T\":\"aa\",\"S\":{}}}");
    check_response(&f, "", "{\"A\":{\"S\":{}}}");
    check_bad_answer(&f, "8181 f0", "SALM2002E",
                     "A.S.U begins at offset 2 and takes 2 bytes; the answer has only 3");
    assert_int_equal(f.err.offset, 2);
    check_bad_answer(&f, "81", "SALM2002E", "A.T begins at offset 0");
    check_bad_answer(&f, "8181 f0f1 818281828182 f2 a7", "SALM2002E", "A.V has 2 elements by its count");
    f.options.whole_answers = true;
    fixture_compile(&f);
    check_bad_answer(&f, "8181 f0f1 818281828182 f0", "SALM2002E",
                     "answer has 11 bytes; its layout COMMAREA has at least 12");
    check_response(
        &f, "8181 f0f1 404040404040 f0 82",
        "{\"A\":{\"T\":\"aa\",\"S\":{\"U\":1},\"L\":[{\"X\":\"\",\"Y\":\"\"},{\"X\":\"\",\"Y\":\"\"},"
        "{\"X\":\"\",\"Y\":\"\"}],\"V\":[]},\"B\":\"b\"}");
    fixture_finish(&f);
}

static void bad_data_is_told_with_its_place_and_bytes(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X2 P:SP3 L[2]{ Z:Z2 } -C:B2/4 V[0..2 C]:X1 U:N1 }");
    fixture_compile(&f);
    check_bad_answer(&f, "8181 12c3 f1f2 f1f2 0000 0041", "SALM2001E",
                     "A.P has a byte that is not a digit: offset 2, X'12C3'.");
    assert_int_equal(f.err.offset, 2);
    check_bad_answer(&f, "8181 123c f1f2 818a 0000 0041", "SALM2001E",
                     "A.L[1].Z has a byte that is not a digit: offset 6, X'818A'");
    check_bad_answer(&f, "8181 123c f1f2 f1f2 8000 0041", "SALM2003E", "A.C says");
    check_bad_answer(&f, "8181 123c f1f2 f1f2 0001 81 d800", "SALM2001E",
                     "A.U has bytes that are no character: offset 11, X'D800'");
    fixture_finish(&f);
    fixture_init(&f, "A{ T:X40 }");
    f.profile.codepage = sp_codepage_find(1208, SP_NEWLINE_15);
    fixture_compile(&f);
    check_bad_answer(&f, "ff*40", "SALM2001E",
                     "X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'...");
    check_both(&f, "{\"A\":{\"T\":\"\xe2\x82\xac\xc3\xa4\"}}", "e282acc3a4 20*35");
    fixture_finish(&f);
}

static void an_answer_that_needs_many_escapes_is_written(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X30000 }");
    fixture_compile(&f);
    struct sp_mapped_response response;
    assert_int_equal(fixture_answer(&f, "00*30000", &response), SP_OK);
    assert_int_equal(response.body.len, 14 + 6 * 30000);
    fixture_finish(&f);
}

static void properties_of_archive_and_server_choose(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z3.1 T:X2 U:X2 P:P3 }");
    static const struct sp_property archive[] = {{SP_STR_INIT("program"), SP_STR_INIT("P")},
                                                 {SP_STR_INIT("initializeInputFields"), SP_STR_INIT("true")},
                                                 {SP_STR_INIT("convertScalars"), SP_STR_INIT("true")}};
    static const struct sp_property server[] = {
        {SP_STR_INIT("initializeInputFields"), SP_STR_INIT("FALSE")},
        {SP_STR_INIT("trimFractionZeros"), SP_STR_INIT("true")},
        {SP_STR_INIT("ignoreUnknownMembers"), SP_STR_INIT(" true ")},
        {SP_STR_INIT("trimOutputTrailingWhitespace"), SP_STR_INIT("false")},
        {SP_STR_INIT("omitOutputFieldsByValue"), SP_STR_INIT("true")},
        {SP_STR_INIT("omitOutputFieldsByValueByte"), SP_STR_INIT("0xE7")},
        {SP_STR_INIT("wholeAnswers"), SP_STR_INIT("true")},
    };
    f.sar.properties = archive;
    f.sar.property_count = 3;
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"N\":\"1\"}}", "f0f1f0 4040 4040 000f");
    f.options.overrides = server;
    f.options.override_count = sizeof server / sizeof server[0];
    fixture_compile(&f);
    check_request(&f, "{\"x\":1,\"A\":{\"N\":\"1\"}}", "f0f1f0 0000 0000 0000");
    check_response(&f, "f0f1f0 8140 e7e7 001f", "{\"A\":{\"N\":1,\"T\":\"a \",\"P\":1}}");
    check_bad_answer(&f, "f0f1f0 8140 e7e7", "SALM2002E", "");
    static const struct {
        struct sp_property property;
        const char *text;
    } wrong[] = {
        {{SP_STR_INIT("wholeAnswers"), SP_STR_INIT("yes")},
         "The property wholeAnswers of the service Svc is \"yes\"; it takes true or false."},
        {{SP_STR_INIT("initializeInputFields"), SP_STR_INIT("")}, "it takes true or false"},
        {{SP_STR_INIT("omitOutputFieldsByValueByte"), SP_STR_INIT("0x4")}, "it takes a byte in hexadecimal"},
        {{SP_STR_INIT("omitOutputFieldsByValueByte"), SP_STR_INIT("zz")}, "it takes a byte in hexadecimal"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        f.options.overrides = &wrong[i].property;
        f.options.override_count = 1;
        assert_int_equal(fixture_try_compile(&f, false), SP_EINVAL);
        assert_string_equal(f.err.id, "SALM3006E");
        assert_non_null(strstr(f.err.text, wrong[i].text));
    }
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_at_the_ends_are_trimmed_where_asked),
        cmocka_unit_test(control_characters_are_escaped_where_asked),
        cmocka_unit_test(fields_of_one_byte_value_are_left_out_where_asked),
        cmocka_unit_test(what_is_empty_is_left_out_where_asked),
        cmocka_unit_test(input_fields_are_initialised_where_asked),
        cmocka_unit_test(defaults_come_before_initial_values_and_after_what_is_given),
        cmocka_unit_test(arrays_are_filled_to_their_minimum_where_asked),
        cmocka_unit_test(answers_with_too_few_elements_are_refused_where_asked),
        cmocka_unit_test(an_answer_may_end_early_unless_it_must_be_whole),
        cmocka_unit_test(bad_data_is_told_with_its_place_and_bytes),
        cmocka_unit_test(an_answer_that_needs_many_escapes_is_written),
        cmocka_unit_test(properties_of_archive_and_server_choose),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_options", tests, NULL, NULL);
}
