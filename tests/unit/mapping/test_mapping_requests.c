/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

static const char mixed[] =
    "Acc{ Id:X4 No:Z3 Bal:SP5.2 Cnt:B2/4 F:F4 Sub{ Wide:N2 } Lines[2]{ T:X2 } Codes[3]:Z1 }";

static void what_is_not_given_stays_binary_zero(void **state)
{
    struct fixture f;
    fixture_init(&f, mixed);
    fixture_compile(&f);
    check_request(&f, "", "00*27");
    check_request(&f, "{}", "00*27");
    check_request(&f, "{\"Acc\":{}}", "00*27");
    check_request(&f, "{\"Acc\":{\"Sub\":{},\"Lines\":[],\"Codes\":[]}}", "00*27");
    /* An empty string is a value: blanks. */
    check_request(&f, "{\"Acc\":{\"Id\":\"\",\"No\":1}}", "40404040 f0f0f1 00*20");
    fixture_finish(&f);
}

static void null_is_as_if_it_were_not_given(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ I:X2=ab L[2]:Z1=7 S{ J:X1=c } -N:Z1 V[0..3 N]{ K:X1=k } }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"I\":null,\"L\":null,\"S\":null,\"V\":null}}", "8182 f7f7 83 f0");
    check_request(&f, "{\"A\":{\"L\":[null,3],\"S\":{\"J\":null},\"V\":[null,{\"K\":null},{\"K\":\"x\"}]}}",
                  "8182 f7f3 83 f3 92 92 a7");
    check_request(&f, "{\"A\":null}", "8182 f7f7 83 f0");
    check_refused(&f, "{\"A\":{\"I\":null,\"I\":\"x\"}}", "SALM1002E", "A.I is given twice");
    fixture_finish(&f);
}

static void a_payload_that_is_no_json_object_is_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, mixed);
    fixture_compile(&f);
    check_refused(
        &f, "notjson", "BAQR0417W",
        "The request payload could not be parsed. A JSON object format payload is expected. Error: ");
    check_refused(&f, "{\"Acc\":\n {\"Id\":x}}", "BAQR0417W", "on line 2, column 8.");
    check_refused(&f, "[]", "BAQR0417W", "the payload is an array");
    check_refused(&f, "\"x\"", "BAQR0417W", "the payload is a string");
    check_refused(&f, "12", "BAQR0417W", "the payload is a number");
    check_refused(&f, "null", "BAQR0417W", "the payload is null");
    check_refused(&f, " ", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"Id\":\"a\"}", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"Id\":\"a\"}}}", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"Id\":\"a\",}}", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"Lines\":[{}", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"No\":012}}", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"Id\":\"\xff\"}}", "BAQR0417W", "");
    check_refused(&f, "{\"Acc\":{\"Lines\":[{},", "BAQR0417W", "");
    check_refused(&f, "\xef\xbb\xbf{}", "BAQR0417W", "byte order mark");
    fixture_finish(&f);
}

static void a_member_that_is_no_field_is_refused_by_name(void **state)
{
    struct fixture f;
    fixture_init(&f, "Acc{ Id:X4 -Secret:X4 Lines[2]{ T:X2 } }");
    fixture_compile(&f);
    check_refused(&f, "{\"Acc\":{\"ID\":\"x\"}}", "SALM1001E",
                  "The field Acc has no member \"ID\" in this operation; did you mean \"Id\"?");
    check_refused(&f, "{\"Acc\":{\"Lines\":[{},{\"Text\":1}]}}", "SALM1001E",
                  "Acc.Lines[1] has no member \"Text\"");
    check_refused(&f, "{\"Account\":{}}", "SALM1001E", "The JSON object has no member \"Account\"");
    /* Hidden fields are no members, and nothing tells that they are there. */
    check_refused(&f, "{\"Acc\":{\"Secret\":\"x\"}}", "SALM1001E",
                  "has no member \"Secret\" in this operation; remove");
    check_refused(&f, "{\"Acc\":{\"Secre\":\"x\"}}", "SALM1001E",
                  "has no member \"Secre\" in this operation; remove");
    check_refused(&f, "{\"Acc\":{\"a\\nb\":1}}", "SALM1001E", "\"a?b\"");
    check_refused(&f, "{\"Acc\":{\"\":1}}", "SALM1001E", "\"\"");
    /* Unless it is asked to pass over them, whatever they hold. */
    f.options.ignore_unknown_members = true;
    fixture_compile(&f);
    check_request(
        &f, "{\"x\":[1,{\"y\":[]}],\"Acc\":{\"Secret\":\"x\",\"Id\":\"a\",\"z\":{\"Id\":\"b\"},\"z\":1}}",
        "81404040 00*8");
    check_refused(&f, "{\"x\":[1,{\"y\":[}],\"Acc\":{}}", "BAQR0417W", "");
    fixture_finish(&f);
}

static void a_member_given_twice_is_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ I:X1 L[2]{ J:X1 } } B{ K:X1 }");
    fixture_compile(&f);
    check_refused(&f, "{\"A\":{\"I\":\"x\",\"I\":\"y\"}}", "SALM1002E", "A.I is given twice");
    check_refused(&f, "{\"A\":{},\"B\":{},\"A\":{}}", "SALM1002E", "A is given twice");
    check_refused(&f, "{\"A\":{\"L\":[{\"J\":\"x\"},{\"J\":\"x\",\"\\u004a\":\"y\"}]}}", "SALM1002E",
                  "A.L[1].J");
    check_request(&f, "{\"A\":{\"L\":[{\"J\":\"x\"},{\"J\":\"y\"}]}}", "00a7a800");
    fixture_finish(&f);
}

static void a_value_of_another_type_is_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, mixed);
    fixture_compile(&f);
    check_refused(&f, "{\"Acc\":{\"Id\":5}}", "SALM1003E",
                  "Acc.Id is a number; it takes a string of up to 4 char");
    check_refused(&f, "{\"Acc\":{\"Id\":true}}", "SALM1003E", "Acc.Id is true; it takes a string");
    check_refused(&f, "{\"Acc\":{\"Id\":{}}}", "SALM1003E", "Acc.Id is an object; it takes a string");
    check_refused(&f, "{\"Acc\":{\"Id\":[\"x\"]}}", "SALM1003E", "Acc.Id is an array; it takes a string");
    check_refused(&f, "{\"Acc\":{\"No\":\"5\"}}", "SALM1003E",
                  "Acc.No is a string; it takes an integer of up to 3");
    check_refused(&f, "{\"Acc\":{\"F\":false}}", "SALM1003E", "Acc.F is false; it takes a number");
    check_refused(&f, "{\"Acc\":{\"Sub\":[]}}", "SALM1003E", "Acc.Sub is an array; it takes an object");
    check_refused(&f, "{\"Acc\":{\"Lines\":{}}}", "SALM1003E",
                  "Acc.Lines is an object; it takes an array of up to 2");
    check_refused(&f, "{\"Acc\":{\"Lines\":[\"x\"]}}", "SALM1003E",
                  "Acc.Lines[0] is a string; it takes an object");
    check_refused(&f, "{\"Acc\":{\"Codes\":[1,\"2\"]}}", "SALM1003E", "Acc.Codes[1] is a string");
    check_refused(&f, "{\"Acc\":\"x\"}", "SALM1003E", "Acc is a string; it takes an object");
    f.options.convert_scalars = true;
    fixture_compile(&f);
    check_request(&f, "{\"Acc\":{\"Id\":5e1,\"No\":\"007\",\"Bal\":\"-1.5\",\"F\":\"+1\"}}",
                  "f585f140 f0f0f7 00150d 0000 41100000 00*11");
    check_request(&f, "{\"Acc\":{\"Id\":true}}", "a399a485 00*23");
    check_refused(&f, "{\"Acc\":{\"No\":\"x\"}}", "SALM1006E", "Acc.No is not a number");
    check_refused(&f, "{\"Acc\":{\"No\":\"\"}}", "SALM1006E", "Acc.No is not a number");
    check_refused(&f, "{\"Acc\":{\"No\":true}}", "SALM1003E", "Acc.No is true");
    fixture_finish(&f);
}

static void a_value_that_does_not_fit_is_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X4 W:N2 U:Z3 S:SP5.2 B:B2/4n D:B2/4 F:F4 L[2]:X1 }");
    fixture_compile(&f);
    check_refused(&f, "{\"A\":{\"T\":\"12345\"}}", "SALM1004E",
                  "A.T is too long; it takes a string of up to 4 char");
    check_refused(&f, "{\"A\":{\"T\":\"1234 \"}}", "SALM1004E", "A.T is too long");
    check_refused(&f, "{\"A\":{\"T\":\"12\xc3\xa4\xc3\xa4z\"}}", "SALM1004E", "A.T is too long");
    check_refused(&f, "{\"A\":{\"W\":\"abc\"}}", "SALM1004E",
                  "A.W is too long; it takes a string of up to 2 char");
    check_refused(&f, "{\"A\":{\"W\":\"a\xf0\x9f\x98\x80\"}}", "SALM1004E", "A.W is too long");
    check_refused(&f, "{\"A\":{\"T\":\"\xe4\xb8\xad\"}}", "SALM1005E",
                  "A.T has a character that the code page");
    check_refused(&f, "{\"A\":{\"U\":1000}}", "SALM1007E",
                  "A.U is too large; it takes an integer of up to 3 digits, not");
    check_refused(&f, "{\"A\":{\"U\":-1}}", "SALM1008E", "A.U is negative");
    check_refused(&f, "{\"A\":{\"U\":1.5}}", "SALM1009E", "A.U has decimals, and the field is an integer");
    check_refused(
        &f, "{\"A\":{\"S\":1.005}}", "SALM1009E",
        "A.S has too many decimals; it takes a number of up to 3 digits before and 2 behind the point.");
    check_refused(&f, "{\"A\":{\"S\":1000}}", "SALM1007E", "A.S is too large");
    check_refused(&f, "{\"A\":{\"B\":65536}}", "SALM1007E",
                  "A.B is too large; it takes an integer from 0 to 65535.");
    check_refused(&f, "{\"A\":{\"D\":10000}}", "SALM1007E",
                  "A.D is too large; it takes an integer of up to 4 digits");
    check_refused(&f, "{\"A\":{\"F\":1e76}}", "SALM1007E", "A.F is too large for the field's floating point");
    check_refused(&f, "{\"A\":{\"F\":1e-80}}", "SALM1009E", "A.F is too small");
    check_refused(&f, "{\"A\":{\"L\":[\"a\",\"b\",\"c\"]}}", "SALM1010E",
                  "A.L has too many elements; it takes at most 2");
    /* At the limits. */
    check_request(&f,
                  "{\"A\":{\"T\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\",\"W\":\"\xf0\x9f\x98\x80\",\"U\":999,"
                  "\"S\":-999.9900,\"B\":65535,\"D\":9999,\"F\":7.2e75,\"L\":[\"a\",\"b\"]}}",
                  "43ccdc59 d83dde00 f9f9f9 99999d ffff 270f 7ffeb0e4 8182");
    fixture_finish(&f);
}

static void characters_that_cobol_knows_may_all_be_sent(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X8 }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"T\":\"\\u0000\\n\\\"\\\\\\/\\t\"}}", "00157fe061054040");
    check_response(&f, "00157fe061054040", "{\"A\":{\"T\":\"\\u0000\\n\\\"\\\\/\"}}");
    fixture_finish(&f);
}

static void a_counter_that_is_given_must_agree(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z1 L[0..3 N]:X1 }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"N\":2,\"L\":[\"a\",\"b\"]}}", "f2 8182");
    check_request(&f, "{\"A\":{\"L\":[\"a\",\"b\"]}}", "f2 8182");
    check_request(&f, "{\"A\":{\"N\":null,\"L\":[\"a\"]}}", "f1 81");
    check_request(&f, "{\"A\":{\"N\":0}}", "f0");
    check_refused(&f, "{\"A\":{\"N\":3,\"L\":[\"a\",\"b\"]}}", "SALM1012E",
                  "A.N says 3, and its array has 2 elements");
    check_refused(&f, "{\"A\":{\"N\":3}}", "SALM1012E", "A.N says 3, and its array has 0 elements");
    fixture_finish(&f);
    fixture_init(&f, "R[2]{ N:Z1 L[0..3 N]:X1 }");
    fixture_compile(&f);
    check_request(&f, "{\"R\":[{\"N\":1,\"L\":[\"a\"]},{\"L\":[\"b\",\"c\"]}]}", "f181 f28283");
    check_request(&f, "{\"R\":[{\"N\":1,\"L\":[\"a\"]},{}]}", "f181 f0");
    check_request(&f, "{\"R\":[{\"N\":1,\"L\":[\"a\"]}]}", "f181 f0");
    check_request(&f, "{}", "f0 f0");
    check_refused(&f, "{\"R\":[{\"N\":1,\"L\":[\"a\"]},{\"N\":2}]}", "SALM1012E", "R[1].N says 2");
    fixture_finish(&f);
}

static void arrays_of_one_count_have_one_length(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ -N:Z1 L[0..3 N]:X1=l M[0..2 N]:X1=m }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"L\":[\"a\",\"b\"],\"M\":[\"c\",\"d\"]}}", "f2 8182 8384");
    check_request(&f, "{\"A\":{\"L\":[\"a\",\"b\"]}}", "f2 8182 9494");
    check_request(&f, "{\"A\":{\"M\":[\"c\"]}}", "f1 93 83");
    check_request(&f, "{\"A\":{}}", "f0");
    check_refused(&f, "{\"A\":{\"L\":[\"a\",\"b\"],\"M\":[\"c\"]}}", "SALM1012E",
                  "A.M has 1 elements, and another array of the same count has 2");
    check_refused(&f, "{\"A\":{\"L\":[\"a\",\"b\",\"c\"]}}", "SALM1010E", "A.L counts 3 elements");
    check_response(&f, "f2 8182 8384", "{\"A\":{\"L\":[\"a\",\"b\"],\"M\":[\"c\",\"d\"]}}");
    fixture_finish(&f);
    /* A count outside of the element, for the arrays of all elements. */
    fixture_init(&f, "A{ -N:Z1 L[2]{ M[0..3 N]:X1=m Z:X1 } }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"L\":[{\"M\":[\"a\",\"b\"],\"Z\":\"y\"},{\"Z\":\"z\"}]}}",
                  "f2 8182a8 9494a9");
    check_refused(&f, "{\"A\":{\"L\":[{\"M\":[\"a\",\"b\"]},{\"M\":[]}]}}", "SALM1012E",
                  "A.L[1].M has 0 elements");
    check_response(&f, "f1 81a8 82a9",
                   "{\"A\":{\"L\":[{\"M\":[\"a\"],\"Z\":\"y\"},{\"M\":[\"b\"],\"Z\":\"z\"}]}}");
    fixture_finish(&f);
}

static void a_count_has_room_in_its_field(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ -N:Z1 L[0..12 N]:X1 }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"L\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}}", "f9 40*9");
    check_refused(&f, "{\"A\":{\"L\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}}", "SALM1010E",
                  "A.N cannot hold the number of elements, 10");
    fixture_finish(&f);
}

static void nesting_and_numbers_have_limits(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z9 F:F8 }");
    f.options.ignore_unknown_members = true;
    fixture_compile(&f);
    static char json[2048];
    for (unsigned depth = 63; depth <= 64; depth++) {
        size_t len = (size_t)snprintf(json, sizeof json, "{\"x\":");
        memset(json + len, '[', depth);
        memset(json + len + depth, ']', depth);
        snprintf(json + len + 2 * depth, sizeof json - len - 2 * depth, "}");
        if (depth == 63)
            check_request(&f, json, "00*17");
        else
            check_refused(&f, json, "BAQR0417W", "64 levels");
    }
    for (unsigned digits = 512; digits <= 513; digits++) {
        size_t len = (size_t)snprintf(json, sizeof json, "{\"A\":{\"F\":0.");
        memset(json + len, '5', digits - 2);
        snprintf(json + len + digits - 2, sizeof json - len - digits + 2, "}}");
        if (digits == 512)
            check_request(&f, json, "00*9 408e38e38e38e390");
        else
            check_refused(&f, json, "BAQR0417W", "512 bytes");
    }
    check_refused(&f,
                  "{\"A\":{\"N\":0.00000000000000000000000000000000000000000000000000000000000000000001}}",
                  "SALM1009E", "A.N has decimals");
    check_refused(&f, "{\"A\":{\"N\":11111111111111111111111111111111111111111111111111111111111111111}}",
                  "SALM1007E", "A.N has too many digits");
    fixture_finish(&f);
}

static void memory_that_is_used_up_is_no_fault_of_the_caller(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ L[1000]{ T:X30 } }");
    fixture_compile(&f);
    struct sp_record_set set;
    sp_arena_finish(&f.request_arena);
    sp_arena_init(&f.request_arena, 1000);
    assert_int_equal(fixture_ask(&f, SP_STR("{}"), &set), SP_ENOMEM);
    sp_arena_finish(&f.request_arena);
    sp_arena_init(&f.request_arena, 40000);
    assert_int_equal(fixture_ask(&f, SP_STR("{}"), &set), SP_OK);
    struct sp_mapped_response response;
    assert_int_equal(fixture_answer(&f, "c1*30000", &response), SP_ENOMEM);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_stays_binary_zero),
        cmocka_unit_test(null_is_as_if_it_were_not_given),
        cmocka_unit_test(a_payload_that_is_no_json_object_is_refused),
        cmocka_unit_test(a_member_that_is_no_field_is_refused_by_name),
        cmocka_unit_test(a_member_given_twice_is_refused),
        cmocka_unit_test(a_value_of_another_type_is_refused),
        cmocka_unit_test(a_value_that_does_not_fit_is_refused),
        cmocka_unit_test(characters_that_cobol_knows_may_all_be_sent),
        cmocka_unit_test(a_counter_that_is_given_must_agree),
        cmocka_unit_test(arrays_of_one_count_have_one_length),
        cmocka_unit_test(a_count_has_room_in_its_field),
        cmocka_unit_test(nesting_and_numbers_have_limits),
        cmocka_unit_test(memory_that_is_used_up_is_no_fault_of_the_caller),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_requests", tests, NULL, NULL);
}
