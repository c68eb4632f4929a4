/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "fixture.h"

/* The account enquiry of a bank: 103 bytes. */
static const char inqaccz[] =
    "InqAcc{ InqAccEye:X4 InqAccCustno:Z10 InqAccScode:Z6 InqAccAccno:Z8 InqAccAccType:X8 InqAccIntRate:Z6.2 "
    "InqAccOpened:Z8 InqAccOverdraft:Z8 InqAccLastStmtDt:Z8 InqAccNextStmtDt:Z8 InqAccAvailBal:SZ12.2 "
    "InqAccActualBal:SZ12.2 InqAccSuccess:X1 InqAccPcb1Pointer:X4 }";

static const char inqaccz_hex[] =
    "c1c3c3e3 f0f0f0f0f0f0f0f0f0f1 f9f8f7f6f5f4 f1f2f3f4f5f6f7f8 c9e2c14040404040 f0f0f0f2f1f0 "
    "f0f1f0f1f2f0f2f4 f0f0f0f0f0f0f0f0 f0f1f0f7f2f0f2f3 f0f1f0f8f2f0f2f3 "
    "f0f0f0f0f0f0f0f1f2f3f4d5 f0f0f0f0f0f2f5f0f0f0f5c0 e8 40404040";

static const char inqaccz_json[] =
    "{\"InqAcc\":{\"InqAccEye\":\"ACCT\",\"InqAccCustno\":1,\"InqAccScode\":987654,\"InqAccAccno\":12345678,"
    "\"InqAccAccType\":\"ISA\",\"InqAccIntRate\":2.10,\"InqAccOpened\":1012024,\"InqAccOverdraft\":0,"
    "\"InqAccLastStmtDt\":1072023,\"InqAccNextStmtDt\":1082023,\"InqAccAvailBal\":-123.45,"
    "\"InqAccActualBal\":25000.50,\"InqAccSuccess\":\"Y\",\"InqAccPcb1Pointer\":\"\"}}";

static void an_account_goes_both_ways(void **state)
{
    struct fixture f;
    fixture_init(&f, inqaccz);
    fixture_compile(&f);
    assert_int_equal(sp_mapping_answer_bytes(f.mapping), 103);
    check_both(&f, inqaccz_json, inqaccz_hex);
    /* In any order, with other spellings of the same numbers. */
    check_request(&f,
                  " {\"InqAcc\" : {\"InqAccPcb1Pointer\":\"\", \"InqAccSuccess\":\"Y\","
                  "\"InqAccNextStmtDt\":1082023, \"InqAccActualBal\":2.50005e4, \"InqAccAvailBal\":-12345e-2,"
                  "\"InqAccLastStmtDt\":1072023,\"InqAccOverdraft\":0,\"InqAccOpened\":1012024.0,"
                  "\"InqAccIntRate\":2.1,\"InqAccAccType\":\"\\u0049SA\",\"InqAccAccno\":12345678,"
                  "\"InqAccScode\":987654,\"InqAccCustno\":1,\"InqAccEye\":\"ACCT\"}}\r\n",
                  inqaccz_hex);
    fixture_finish(&f);
}

static void decimals_can_be_trimmed(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ R:Z6.2 D:F8 S:SP5.2 }");
    f.options.trim_fraction_zeros = true;
    fixture_compile(&f);
    check_response(&f, "f0f0f0f2f1f0 4264000000000000 02500c", "{\"A\":{\"R\":2.1,\"D\":100,\"S\":25}}");
    fixture_finish(&f);
}

static const char claim[] =
    "CONT| REQ{ RECORD{ ClaimID:X8 DETAILS{ ClaimType:X8 ClaimAmount:F8 ServiceDate:X10 Description:X21 "
    "Provider:X21 Status:X4 } } ActionType:X1 }";

static void a_claim_fills_its_container(void **state)
{
    struct fixture f;
    fixture_init(&f, claim);
    fixture_compile(&f);
    assert_int_equal(sp_mapping_answer_bytes(f.mapping), 81);
    const char *json =
        "{\"SvcOperation\":{\"CONT\":{\"REQ\":{\"RECORD\":{\"ClaimID\":\"MED001\",\"DETAILS\":{"
        "\"ClaimType\":\"MEDICAL\",\"ClaimAmount\":100.0,\"ServiceDate\":\"2019-01-07\","
        "\"Description\":\"CHECK UP\",\"Provider\":\"MR SMITH\",\"Status\":\"\"}},"
        "\"ActionType\":\"C\"}}}}";
    const char *hex = "d4c5c4f0f0f14040 d4c5c4c9c3c1d340 4264000000000000 f2f0f1f960f0f160f0f7 "
                      "c3c8c5c3d240e4d7 40*13 d4d940e2d4c9e3c8 40*13 40404040 c3";
    check_request(&f, json, hex);
    check_response(
        &f, hex,
        "{\"SvcOperationResponse\":{\"CONT\":{\"REQ\":{\"RECORD\":{\"ClaimID\":\"MED001\",\"DETAILS\":{"
        "\"ClaimType\":\"MEDICAL\",\"ClaimAmount\":100.0,\"ServiceDate\":\"2019-01-07\","
        "\"Description\":\"CHECK UP\",\"Provider\":\"MR SMITH\",\"Status\":\"\"}},"
        "\"ActionType\":\"C\"}}}}");
    struct sp_record_set set;
    assert_int_equal(fixture_ask(&f, sp_str_of(json), &set), SP_OK);
    assert_true(sp_str_is(set.records[0].container, "CONT"));
    assert_false(set.records[0].is_char);
    fixture_finish(&f);
}

static void plain_records_decode(void **state)
{
    struct fixture f;
    fixture_init(&f, "R{ ComNumber:Z6 ComName:X20 ComAmount:P7.2 }");
    fixture_compile(&f);
    check_both(&f, "{\"R\":{\"ComNumber\":1043,\"ComName\":\"NAME000043\",\"ComAmount\":2150.00}}",
               "f0f0f1f0f4f3 d5c1d4c5f0f0f0f0f4f3 40*10 0215000f");
    fixture_finish(&f);
    fixture_init(&f, "R{ ComNumber:Z6 ComName:X20 ComAmount:P7.2 ComArray[5]:B2/2 }");
    fixture_compile(&f);
    check_both(&f,
               "{\"R\":{\"ComNumber\":1043,\"ComName\":\"NAME000043\",\"ComAmount\":3100.00,"
               "\"ComArray\":[62,31,20,15,12]}}",
               "f0f0f1f0f4f3 d5c1d4c5f0f0f0f0f4f3 40*10 0310000f 003e 001f 0014 000f 000c");
    check_bad_answer(&f, "f0f0f1f0f4f3 d5c1d4c5f0f0f0f0f4f3 40*10 0310000f 003e 001f 0f1f 000f 000c",
                     "SALM2001E", "R.ComArray[2] is greater than its declaration allows: offset 34, X'0F1F'");
    assert_int_equal(f.err.offset, 34);
    fixture_finish(&f);
    fixture_init(&f, "R{ N:Z6 A[5]{ I:B2/4 X:X2 } }");
    fixture_compile(&f);
    check_both(
        &f,
        "{\"R\":{\"N\":62,\"A\":[{\"I\":62,\"X\":\"AB\"},{\"I\":31,\"X\":\"AB\"},{\"I\":20,\"X\":\"AB\"},"
        "{\"I\":15,\"X\":\"AB\"},{\"I\":12,\"X\":\"AB\"}]}}",
        "f0f0f0f0f6f2 003ec1c2 001fc1c2 0014c1c2 000fc1c2 000cc1c2");
    fixture_finish(&f);
}

static void arrays_that_depend_on_a_count_take_no_more_than_they_need(void **state)
{
    struct fixture f;
    fixture_init(&f, "R{ Number:Z6 Name:X20 -Count:B2/4 List[0..5 Count]:SP15.2 }");
    fixture_compile(&f);
    check_both(&f, "{\"R\":{\"Number\":1,\"Name\":\"A\",\"List\":[]}}", "f0f0f0f0f0f1 c1 40*19 0000");
    check_both(&f, "{\"R\":{\"Number\":1,\"Name\":\"A\",\"List\":[235.56]}}",
               "f0f0f0f0f0f1 c1 40*19 0001 000000000023556c");
    check_both(&f, "{\"R\":{\"Number\":1,\"Name\":\"A\",\"List\":[1.00,2.00,3.00,4.00,-5.00]}}",
               "f0f0f0f0f0f1 c1 40*19 0005 000000000000100c 000000000000200c 000000000000300c "
               "000000000000400c 000000000000500d");
    check_refused(&f, "{\"R\":{\"List\":[1,2,3,4,5,6]}}", "SALM1010E", "R.List has too many elements");
    check_bad_answer(&f, "f0f0f0f0f0f1 c1 40*19 0006 000000000000100c*6", "SALM2003E",
                     "R.Count says 6; its array List holds at most 5");
    check_bad_answer(&f, "f0f0f0f0f0f1 c1 40*19 0002 000000000000100c", "SALM2002E",
                     "R.List has 2 elements by its count; the answer of 36 bytes ends in number 1");
    /* An answer of the greatest size has bytes behind the last element. */
    check_response(&f, "f0f0f0f0f0f1 c1 40*19 0001 000000000023556c 40*32",
                   "{\"R\":{\"Number\":1,\"Name\":\"A\",\"List\":[235.56]}}");
    fixture_finish(&f);
}

static void arrays_in_arrays_depend_on_counts_of_their_element(void **state)
{
    struct fixture f;
    fixture_init(&f, "R{ -N:Z5 T[0..5 N]{ -M:Z3 S[0..5 M]{ C:X4 } } }");
    fixture_compile(&f);
    check_both(&f, "{\"R\":{\"T\":[{\"S\":[{\"C\":\"ABCD\"},{\"C\":\"EFGH\"}]},{\"S\":[{\"C\":\"IJKL\"}]}]}}",
               "f0f0f0f0f2 f0f0f2 c1c2c3c4c5c6c7c8 f0f0f1 c9d1d2d3");
    check_both(&f, "{\"R\":{\"T\":[{\"S\":[]},{\"S\":[]},{\"S\":[{\"C\":\"A\"}]}]}}",
               "f0f0f0f0f3 f0f0f0 f0f0f0 f0f0f1 c1404040");
    fixture_finish(&f);
}

/* The accounts of a customer: 1981 bytes with 20 of them. */
static void a_list_has_up_to_twenty_accounts(void **state)
{
    struct fixture f;
    fixture_init(&f,
                 "InqAccZ{ -NUMBER_OF_ACCOUNTS:SB4/8 CustomerNumber:Z10 CommSuccess:X1 CommFailCode:X1 "
                 "CustomerFound:X1 CommPcbPointer:X4 AccountDetails[1..20 NUMBER_OF_ACCOUNTS]{ CommEye:X4 "
                 "CommCustno:X10 -CommScode:X6 CommAccno:Z8 CommAccType:X8 CommIntRate:Z6.2 CommOpened:Z8 "
                 "^-CommOpenedGroup{ Day:Z2 Month:Z2 Year:Z4 } CommOverdraft:Z8 CommLastStmtDt:Z8 "
                 "^-CommLastGroup{ Day:Z2 Month:Z2 Year:Z4 } CommNextStmtDt:Z8 "
                 "^-CommNextGroup{ Day:Z2 Month:Z2 Year:Z4 } CommAvailBal:SZ12.2 CommActualBal:SZ12.2 } }");
    fixture_compile(&f);
    assert_int_equal(sp_mapping_answer_bytes(f.mapping), 1981);
    check_request(&f, "{\"InqAccZ\":{\"CustomerNumber\":77}}", "00000000 f0f0f0f0f0f0f0f0f7f7 00*7");
    check_request(&f, "", "00000000 00*10 00*7");
    char json[4096], hex[8192] = "00000014 f0f0f0f0f0f0f0f0f7f7 e8 f0 e8 40404040";
    size_t len = (size_t)snprintf(json, sizeof json,
                                  "{\"InqAccZ\":{\"CustomerNumber\":77,\"CommSuccess\":\"Y\","
                                  "\"CommFailCode\":\"0\",\"CustomerFound\":\"Y\",\"CommPcbPointer\":\"\","
                                  "\"AccountDetails\":[");
    for (unsigned i = 0; i < 20; i++) {
        len += (size_t)snprintf(json + len, sizeof json - len,
                                "%s{\"CommAccno\":%u,\"CommAvailBal\":-0.%02u}", i ? "," : "", i + 1, i + 1);
        snprintf(hex + strlen(hex), sizeof hex - strlen(hex),
                 " 00*14 00*6 f0f0f0f0f0f0f%uf%u 00*8 00*6 00*8 00*8 00*8 00*8 f0*10 f%ud%u 00*12",
                 (i + 1) / 10, (i + 1) % 10, (i + 1) / 10, (i + 1) % 10);
    }
    snprintf(json + len, sizeof json - len, "]}}");
    check_request(&f, json, hex);
    fixture_finish(&f);
}

static void what_stands_behind_an_array_that_varies_slides(void **state)
{
    struct fixture f;
    fixture_init(&f, "R{ -N:Z1 A[0..3 N]:X2 -M:Z1 B[1..4 M]{ -K:Z1 C[0..2 K]:X1 D:X1 } E:X3 } Tail:X2");
    fixture_compile(&f);
    check_both(&f,
               "{\"R\":{\"A\":[\"aa\"],\"B\":[{\"C\":[\"x\",\"y\"],\"D\":\"d\"},{\"C\":[],\"D\":\"e\"}],"
               "\"E\":\"eee\"},\"Tail\":\"tt\"}",
               "f1 8181 f2 f2a7a884 f085 858585 a3a3");
    check_both(&f, "{\"R\":{\"A\":[],\"B\":[],\"E\":\"\"},\"Tail\":\"t\"}", "f0 f0 404040 a340");
    /* Members may come in any order: the places are known at the end. */
    check_request(&f,
                  "{\"Tail\":\"tt\",\"R\":{\"E\":\"eee\",\"B\":[{\"D\":\"d\"}],\"A\":[\"a\",\"b\",\"c\"]}}",
                  "f3 814082408340 f1 f084 858585 a3a3");
    check_bad_answer(&f, "f1 8181 f2 f3a7a884", "SALM2003E", "R.B[0].K says 3");
    fixture_finish(&f);
}

static void a_hidden_array_still_takes_its_bytes(void **state)
{
    struct fixture f;
    fixture_init(&f, "R{ -N:Z1 -A[0..3 N]{ -K:Z1 B[0..2 K]:X1 } E:X2 }");
    fixture_compile(&f);
    check_response(&f, "f2 f1c1 f0 e7e7", "{\"R\":{\"E\":\"XX\"}}");
    check_response(&f, "f0 e7e7", "{\"R\":{\"E\":\"XX\"}}");
    check_request(&f, "{\"R\":{\"E\":\"X\"}}", "f0 e740");
    fixture_finish(&f);
    /* Its default count stands, and its elements take their defaults. */
    fixture_init(&f, "R{ -N:Z1=2 -A[0..3 N]{ B:X1=b C:X1 } E:X2 }");
    fixture_compile(&f);
    check_request(&f, "{\"R\":{\"E\":\"X\"}}", "f2 8200 8200 e740");
    fixture_finish(&f);
}

static void a_redefinition_is_read_as_what_it_is(void **state)
{
    struct fixture f;
    fixture_init(&f, "R{ Select:B2/4 -Detail1{ Name:X10 } ^Detail2{ Amount:P7.2 } }");
    fixture_compile(&f);
    check_response(&f, "0001 0250000f 40*6", "{\"R\":{\"Select\":1,\"Detail2\":{\"Amount\":2500.00}}}");
    check_response(&f, "0001 0250000f", "{\"R\":{\"Select\":1,\"Detail2\":{\"Amount\":2500.00}}}");
    check_request(&f, "{\"R\":{\"Select\":1,\"Detail2\":{\"Amount\":2500}}}", "0001 0250000f 00*6");
    fixture_finish(&f);
}

static void a_customer_has_transactions(void **state)
{
    struct fixture f;
    fixture_init(&f, "C{ Id:Z6 Personal{ Name:X20 Address:X20 Phone:X8 } T{ -Nbr:B4/9 "
                     "Tx[0..5 Nbr]{ Date:X8 Amount:SP15.2 Comment:X9 } } }");
    fixture_compile(&f);
    check_both(&f,
               "{\"C\":{\"Id\":1,\"Personal\":{\"Name\":\"JOE\",\"Address\":\"\",\"Phone\":\"38791206\"},"
               "\"T\":{\"Tx\":[{\"Date\":\"30/10/10\",\"Amount\":235.56,\"Comment\":\"*********\"},"
               "{\"Date\":\"30/10/10\",\"Amount\":235.56,\"Comment\":\"\"}]}}}",
               "f0f0f0f0f0f1 d1d6c5 40*17 40*20 f3f8f7f9f1f2f0f6 00000002 "
               "f3f061f1f061f1f0 000000000023556c 5c*9 f3f061f1f061f1f0 000000000023556c 40*9");
    fixture_finish(&f);
}

static void every_kind_of_field_goes_both_ways(void **state)
{
    struct fixture f;
    fixture_init(
        &f, "R{ A:X3 B:N2 C:Z3.1 D:SZ3l E:SZ3e F:SZ3le G:P4 H:SP5.5 I:B2/4n J:SB8/18 K:F4 L:F8 M:SB1/2 }");
    fixture_compile(&f);
    check_both(
        &f,
        "{\"R\":{\"A\":\"a\xc3\xa4\",\"B\":\"\xe2\x82\xac\",\"C\":12.3,\"D\":-123,\"E\":-123,\"F\":123,"
        "\"G\":9999,\"H\":-0.00001,\"I\":65535,\"J\":-999999999999999999,\"K\":1.5,\"L\":-118.625,"
        "\"M\":-99}}",
        "814340 20ac0020 f1f2f3 d1f2f3 f1f2f360 4ef1f2f3 09999f 00001d ffff f21f494c589c0001 41180000 "
        "c276a00000000000 9d");
    fixture_finish(&f);
    /* The same on the machine of a GnuCOBOL program. */
    fixture_init(&f, "R{ A:X3 D:SZ3 E:SZ3e G:P4 I:B2/4n J:SB4/9 K:F4 L:F8 }");
    f.profile = (struct sp_host_profile){sp_codepage_find(819, SP_NEWLINE_15), true, true};
    fixture_compile(&f);
    check_both(&f,
               "{\"R\":{\"A\":\"a\xc3\xa4\",\"D\":-123,\"E\":-123,\"G\":9999,\"I\":258,\"J\":258,\"K\":1.5,"
               "\"L\":0.1}}",
               "61e420 31324c 3132332d 09999f 0201 00000102 0000c03f 9a9999999999b93f");
    fixture_finish(&f);
}

static void several_containers_are_several_records(void **state)
{
    struct fixture f;
    fixture_init(&f, "ONE| A{ X:X2 } |TWO?| B{ Y:X2 } |THREE?| C{ Z:Z2 }");
    fixture_compile(&f);
    check_request(&f, "{\"SvcOperation\":{\"TWO\":{\"B\":{\"Y\":\"y\"}},\"ONE\":{\"A\":{\"X\":\"x\"}}}}",
                  "a740|a840");
    check_request(&f, "{\"SvcOperation\":{\"THREE\":{}}}", "0000|0000");
    check_request(&f, "", "0000");
    check_response(
        &f, "a740|a840",
        "{\"SvcOperationResponse\":{\"ONE\":{\"A\":{\"X\":\"x\"}},\"TWO\":{\"B\":{\"Y\":\"y\"}}}}");
    check_response(&f, "a740", "{\"SvcOperationResponse\":{\"ONE\":{\"A\":{\"X\":\"x\"}}}}");
    struct sp_record wrong = {.container = SP_STR("TWO"), .bytes = SP_STR("\xa8\x40")};
    struct sp_record_set set = {&wrong, 1};
    struct sp_mapped_response response;
    assert_int_equal(sp_mapping_response(f.mapping, &set, &f.request_arena, &response, &f.err), SP_EPROTO);
    assert_string_equal(f.err.id, "SALM2004E");
    assert_non_null(strstr(f.err.text, "no container ONE"));
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_goes_both_ways),
        cmocka_unit_test(decimals_can_be_trimmed),
        cmocka_unit_test(a_claim_fills_its_container),
        cmocka_unit_test(plain_records_decode),
        cmocka_unit_test(arrays_that_depend_on_a_count_take_no_more_than_they_need),
        cmocka_unit_test(arrays_in_arrays_depend_on_counts_of_their_element),
        cmocka_unit_test(a_list_has_up_to_twenty_accounts),
        cmocka_unit_test(what_stands_behind_an_array_that_varies_slides),
        cmocka_unit_test(a_hidden_array_still_takes_its_bytes),
        cmocka_unit_test(a_redefinition_is_read_as_what_it_is),
        cmocka_unit_test(a_customer_has_transactions),
        cmocka_unit_test(every_kind_of_field_goes_both_ways),
        cmocka_unit_test(several_containers_are_several_records),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_records", tests, NULL, NULL);
}
