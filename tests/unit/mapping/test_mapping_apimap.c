/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "fixture.h"

#define MOVE(place, name, path)                    \
    ((struct sp_map_step){.verb = SP_MAP_MOVE,     \
                          .from_place = place,     \
                          .from = SP_STR(name),    \
                          .to_place = SP_MAP_BODY, \
                          .to = SP_STR(path)})
#define ASSIGN(path, text) \
    ((struct sp_map_step){ \
        .verb = SP_MAP_ASSIGN, .to_place = SP_MAP_BODY, .to = SP_STR(path), .value = SP_STR(text)})
#define REMOVE(path) \
    ((struct sp_map_step){.verb = SP_MAP_REMOVE, .to_place = SP_MAP_BODY, .to = SP_STR(path)})
#define TO_HEADER(path, name)                        \
    ((struct sp_map_step){.verb = SP_MAP_MOVE,       \
                          .from_place = SP_MAP_BODY, \
                          .from = SP_STR(path),      \
                          .to_place = SP_MAP_HEADER, \
                          .to = SP_STR(name)})
#define ASSIGN_HEADER(name, text) \
    ((struct sp_map_step){        \
        .verb = SP_MAP_ASSIGN, .to_place = SP_MAP_HEADER, .to = SP_STR(name), .value = SP_STR(text)})

static const char account[] = "InqAcc{ Eye:X4 Accno:Z8 Bal:SZ5.2 Sub{ Type:X2 Rate:Z4.2 } }";

static void a_path_parameter_becomes_a_field(void **state)
{
    struct fixture f;
    fixture_init(&f, account);
    f.request_map.root = SP_STR("InqAcc");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "accno", "Accno"));
    fixture_compile_operation(&f);
    fixture_give(&f, SP_MAP_PATH, "accno=00012345");
    check_request(&f, "", "00*4 f0f0f0f1f2f3f4f5 00*11");
    check_request(&f, "{\"InqAcc\":{\"Eye\":\"ACCT\"}}", "c1c3c3e3 f0f0f0f1f2f3f4f5 00*11");
    /* It is no member of the body any more. */
    check_refused(&f, "{\"InqAcc\":{\"Accno\":1}}", "SALM1001E", "InqAcc has no member \"Accno\"");
    fixture_give(&f, SP_MAP_PATH, "accno=x1");
    check_refused(&f, "", "SALM1006E", "The parameter accno: The field InqAcc.Accno is not a number");
    fixture_give(&f, SP_MAP_PATH, "accno=123456789");
    check_refused(&f, "", "SALM1007E", "The parameter accno: The field InqAcc.Accno is too large");
    fixture_give(&f, SP_MAP_PATH, "accno=");
    check_refused(&f, "", "SALM1006E", "");
    fixture_give(&f, SP_MAP_PATH, "other=1");
    check_refused(&f, "", "BAQR7018E", "The HTTP request is missing parameter accno");
    fixture_give(&f, SP_MAP_PATH, "accno=1&accno=2");
    check_refused(&f, "", "SALM1002E", "has the parameter accno more than once");
    fixture_finish(&f);
}

static void query_and_header_parameters_become_fields(void **state)
{
    struct fixture f;
    fixture_init(&f, account);
    f.request_map.root = SP_STR("InqAcc");
    struct sp_map_step required = MOVE(SP_MAP_QUERY, "bal", "Bal");
    required.required = true;
    fixture_request_step(&f, required);
    fixture_request_step(&f, MOVE(SP_MAP_HEADER, "X-Type", "Sub/Type"));
    fixture_compile_operation(&f);
    fixture_give(&f, SP_MAP_QUERY, "bal=-1.5&BAL=9");
    fixture_give(&f, SP_MAP_HEADER, "Host=h&x-tYPE=a");
    check_request(&f, "", "00*4 00*8 f0f0f1f5d0 8140 00*4");
    fixture_give(&f, SP_MAP_HEADER, "Host=h");
    check_request(&f, "", "00*4 00*8 f0f0f1f5d0 0000 00*4");
    fixture_give(&f, SP_MAP_HEADER, "x-type=");
    check_request(&f, "", "00*4 00*8 f0f0f1f5d0 4040 00*4");
    fixture_give(&f, SP_MAP_HEADER, "x-type=abc");
    check_refused(&f, "", "SALM1004E", "The parameter X-Type: The field InqAcc.Sub.Type is too long");
    fixture_give(&f, SP_MAP_QUERY, "BAL=9");
    fixture_give(&f, SP_MAP_HEADER, "x-type=a");
    check_refused(&f, "", "BAQR7018E", "The HTTP request is missing parameter bal");
    fixture_finish(&f);
}

static void a_parameter_may_be_a_list(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ -C:Z1 Codes[0..4 C]:Z2 Fixed[2]:X1 }");
    f.request_map.root = SP_STR("A");
    fixture_request_step(&f, MOVE(SP_MAP_QUERY, "code", "Codes"));
    fixture_request_step(&f, MOVE(SP_MAP_QUERY, "fix", "Fixed"));
    fixture_compile_operation(&f);
    fixture_give(&f, SP_MAP_QUERY, "code=1,22&fix=x&code=3");
    check_request(&f, "", "f3 f0f1f2f2f0f3 a700");
    fixture_give(&f, SP_MAP_QUERY, "code=1,2,3,4,5");
    check_refused(&f, "", "SALM1010E", "The parameter code: The field A.Codes has too many elements");
    fixture_give(&f, SP_MAP_QUERY, "code=1,,3");
    check_refused(&f, "", "SALM1006E", "The parameter code: The field A.Codes[1] is not a number");
    fixture_give(&f, SP_MAP_QUERY, "fix=");
    check_request(&f, "", "f0 4000");
    fixture_give(&f, SP_MAP_QUERY, "");
    check_request(&f, "", "f0 0000");
    fixture_finish(&f);
}

static void a_claim_is_enquired_by_path(void **state)
{
    struct fixture f;
    fixture_init(&f, "CONT| REQ{ RECORD{ ClaimID:X8 DETAILS{ Type:X8 Amount:F8 } } ActionType:X1 }");
    f.request_map.root = SP_STR("SvcOperation");
    f.response_map.root = SP_STR("SvcOperationResponse");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "claimID", "CONT/REQ/RECORD/ClaimID"));
    struct sp_map_step action = ASSIGN("CONT/REQ/ActionType", "R");
    action.omit = true;
    fixture_request_step(&f, action);
    fixture_request_step(&f, REMOVE("CONT/REQ/RECORD/DETAILS"));
    fixture_compile_operation(&f);
    fixture_give(&f, SP_MAP_PATH, "claimID=MED001");
    check_request(&f, "", "d4c5c4f0f0f14040 00*16 d9");
    check_request(&f, "{\"SvcOperation\":{\"CONT\":{\"REQ\":{}}}}", "d4c5c4f0f0f14040 00*16 d9");
    check_refused(&f, "{\"SvcOperation\":{\"CONT\":{\"REQ\":{\"ActionType\":\"D\"}}}}", "SALM1001E",
                  "SvcOperation.CONT.REQ has no member \"ActionType\"");
    check_refused(&f, "{\"SvcOperation\":{\"CONT\":{\"REQ\":{\"RECORD\":{\"DETAILS\":{}}}}}}", "SALM1001E",
                  "DETAILS");
    /* Even when unknown members are passed over, they cannot set what the API took away. */
    f.options.ignore_unknown_members = true;
    fixture_compile_operation(&f);
    check_request(
        &f,
        "{\"SvcOperation\":{\"CONT\":{\"REQ\":{\"ActionType\":\"D\",\"RECORD\":{\"ClaimID\":\"other\","
        "\"DETAILS\":{\"Type\":\"x\"}}}}}}",
        "d4c5c4f0f0f14040 00*16 d9");
    fixture_finish(&f);
}

static void an_assigned_value_that_callers_see_is_a_default(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X3=def N:Z2 L[2]{ X:X1 } }");
    f.request_map.root = SP_STR("A");
    fixture_request_step(&f, ASSIGN("T", "map"));
    fixture_request_step(&f, ASSIGN("N", "7"));
    fixture_request_step(&f, ASSIGN("L/X", "e"));
    fixture_compile_operation(&f);
    check_request(&f, "", "948197 f0f7 8585");
    check_request(&f, "{\"A\":{\"T\":\"x\",\"N\":8,\"L\":[{},{\"X\":\"f\"}]}}", "a74040 f0f8 8586");
    fixture_finish(&f);
}

static void removed_fields_of_elements_are_gone(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ L[2]{ X:X1 Y:X1=y } }");
    f.request_map.root = f.response_map.root = SP_STR("A");
    fixture_request_step(&f, REMOVE("L/Y"));
    fixture_response_step(&f, REMOVE("L/X"));
    fixture_compile_operation(&f);
    check_request(&f, "{\"A\":{\"L\":[{\"X\":\"a\"}]}}", "81a8 00a8");
    check_refused(&f, "{\"A\":{\"L\":[{\"Y\":\"a\"}]}}", "SALM1001E", "A.L[0] has no member \"Y\"");
    check_response(&f, "81828384", "{\"A\":{\"L\":[{\"Y\":\"b\"},{\"Y\":\"d\"}]}}");
    fixture_finish(&f);
}

static void response_fields_become_headers(void **state)
{
    struct fixture f;
    fixture_init(&f, account);
    f.response_map.root = SP_STR("InqAcc");
    f.response.code = 201;
    fixture_response_step(&f, TO_HEADER("Eye", "X-Eye"));
    fixture_response_step(&f, TO_HEADER("Bal", "X-Balance"));
    fixture_response_step(&f, REMOVE("Sub"));
    fixture_response_step(&f, ASSIGN_HEADER("Cache-Control", "no-store"));
    fixture_compile_operation(&f);
    struct sp_mapped_response response;
    assert_int_equal(fixture_answer(&f, "c1c2 4040 f0f0f0f0f0f0f0f1 f0f0f1f2d5 4040 f0f0f0f0", &response),
                     SP_OK);
    assert_int_equal(response.status, 201);
    assert_true(sp_str_is(response.body, "{\"InqAcc\":{\"Accno\":1}}"));
    assert_int_equal(response.header_count, 3);
    assert_true(sp_str_is(response.headers[0].name, "X-Eye"));
    assert_true(sp_str_is(response.headers[0].value, "AB"));
    assert_true(sp_str_is(response.headers[1].value, "-1.25"));
    assert_true(sp_str_is(response.headers[2].name, "Cache-Control"));
    assert_true(sp_str_is(response.headers[2].value, "no-store"));
    /* A header is not set when the record ends before its field. */
    assert_int_equal(fixture_answer(&f, "c1c2 4040 f0f0f0f0f0f0f0f1", &response), SP_OK);
    assert_int_equal(response.header_count, 2);
    assert_true(sp_str_is(response.headers[1].name, "Cache-Control"));
    /* Nothing gets into the response's head by a line end. */
    check_bad_answer(&f, "c115c140 f0f0f0f0f0f0f0f1 f0f0f1f2d5", "SALM2005E",
                     "InqAcc.Eye has a control character and cannot become the header X-Eye");
    fixture_finish(&f);
}

static void response_fields_are_assigned(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X8 N:Z3.1 H:X1 L[2]{ X:X1 } }");
    f.response_map.root = SP_STR("A");
    fixture_response_step(&f, ASSIGN("T", "a\"b"));
    fixture_response_step(&f, ASSIGN("N", "1.5"));
    struct sp_map_step hidden = ASSIGN("H", "z");
    hidden.omit = true;
    fixture_response_step(&f, hidden);
    fixture_response_step(&f, ASSIGN("L/X", "k"));
    fixture_compile_operation(&f);
    /* Whatever the program gave. */
    check_response(&f, "ff*8 ffffff ff ffff",
                   "{\"A\":{\"T\":\"a\\\"b\",\"N\":1.5,\"L\":[{\"X\":\"k\"},{\"X\":\"k\"}]}}");
    fixture_finish(&f);
}

static void the_default_response_is_the_one_that_is_used(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ T:X1 }");
    struct sp_map empty = {0};
    const struct sp_aar_response responses[] = {{.code = 404, .map = &empty},
                                                {.code = 202, .map = &empty, .is_default = true},
                                                {.code = 200, .map = &empty}};
    f.operation.responses = responses;
    f.operation.response_count = 3;
    fixture_compile_operation(&f);
    struct sp_mapped_response response;
    assert_int_equal(fixture_answer(&f, "81", &response), SP_OK);
    assert_int_equal(response.status, 202);
    f.operation.response_count = 1;
    fixture_compile_operation(&f);
    assert_int_equal(fixture_answer(&f, "81", &response), SP_OK);
    assert_int_equal(response.status, 404);
    fixture_compile(&f);
    assert_int_equal(fixture_answer(&f, "81", &response), SP_OK);
    assert_int_equal(response.status, 200);
    fixture_finish(&f);
}

static void a_redefined_area_goes_to_what_is_moved_or_assigned(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:X4=abcd ^G{ Z:Z2 T:X2=tt } }");
    f.request_map.root = SP_STR("A");
    fixture_request_step(&f, MOVE(SP_MAP_QUERY, "z", "G/Z"));
    fixture_compile_operation(&f);
    check_request(&f, "", "81828384");
    fixture_give(&f, SP_MAP_QUERY, "z=5");
    check_request(&f, "", "f0f5a3a3");
    check_refused(&f, "{\"A\":{\"N\":\"x\"}}", "SALM1011E", "A.G takes the same bytes as A.N");
    f.request_map.step_count = 0;
    fixture_request_step(&f, ASSIGN("G/Z", "9"));
    fixture_compile_operation(&f);
    check_request(&f, "", "f0f9a3a3");
    check_request(&f, "{\"A\":{\"N\":\"x\"}}", "a7404040");
    fixture_finish(&f);
}

static void refused(struct fixture *f, enum sp_status status, const char *text)
{
    assert_int_equal(fixture_try_compile(f, true), status);
    assert_string_equal(f->err.id, "SALM3003E");
    if (!strstr(f->err.text, text))
        fail_msg("%s", f->err.text);
    f->request_map.step_count = f->response_map.step_count = 0;
}

static void maps_that_do_not_match_the_interface_are_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z2 -H:X1 S{ X:X1 } L[2]{ X:X1 } V[2]:X1 }");
    f.request_map.root = f.response_map.root = SP_STR("A");
    fixture_request_step(&f, REMOVE("N"));
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "None"));
    refused(&f, SP_EINVAL,
            "Step 2 of the request map of POST /x/{id} (None): the service's interface has no such field");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "H"));
    refused(&f, SP_EINVAL, "(H): the service's interface has no such field");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "S//X"));
    refused(&f, SP_EINVAL, "no such field");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "N/X"));
    refused(&f, SP_EINVAL, "no such field");
    fixture_request_step(&f, REMOVE(""));
    refused(&f, SP_EINVAL, "");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "S"));
    refused(&f, SP_EINVAL, "cannot become an object");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "L"));
    refused(&f, SP_EINVAL, "cannot become an object or an array of objects");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "L/X"));
    refused(&f, SP_EINVAL, "the field repeats");
    fixture_request_step(&f, MOVE(SP_MAP_PATH, "x", "N"));
    fixture_request_step(&f, MOVE(SP_MAP_QUERY, "y", "N"));
    refused(&f, SP_EINVAL, "another parameter");
    fixture_request_step(&f, ASSIGN("N", "abc"));
    refused(&f, SP_EINVAL, "The field A.N has an assigned value that is not a number.");
    fixture_request_step(&f, ASSIGN("N", "100"));
    refused(&f, SP_EINVAL, "The field A.N has an assigned value that is too large.");
    fixture_request_step(&f, ASSIGN("S", "x"));
    refused(&f, SP_EINVAL, "cannot be assigned to an object");
    fixture_request_step(&f, TO_HEADER("N", "X"));
    refused(&f, SP_EUNSUPPORTED, "Step 1 of the request map");
    fixture_response_step(&f, MOVE(SP_MAP_PATH, "x", "N"));
    refused(&f, SP_EUNSUPPORTED, "Step 1 of the response map");
    fixture_response_step(&f, TO_HEADER("S", "X"));
    refused(&f, SP_EINVAL, "only a field that is one value");
    fixture_response_step(&f, TO_HEADER("L/X", "X"));
    refused(&f, SP_EINVAL, "only a field that is one value");
    fixture_response_step(&f, TO_HEADER("N", "X Y"));
    refused(&f, SP_EINVAL, "cannot be a header");
    fixture_response_step(&f, ASSIGN_HEADER("X", "a\r\nb"));
    refused(&f, SP_EINVAL, "cannot be a header");
    fixture_response_step(&f, TO_HEADER("N", "X"));
    fixture_response_step(&f, ASSIGN_HEADER("x", "a"));
    refused(&f, SP_EINVAL, "the header is set twice");
    fixture_response_step(&f, TO_HEADER("N", "X"));
    fixture_response_step(&f, TO_HEADER("N", "Y"));
    refused(&f, SP_EINVAL, "moved twice");
    fixture_response_step(&f, ASSIGN("N", "x"));
    refused(&f, SP_EINVAL, "(N): is not a number");
    f.request_map.root = SP_STR("B");
    fixture_request_step(&f, REMOVE("N"));
    refused(&f, SP_EINVAL, "The root of the request map of POST /x/{id} is \"B\"");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_parameter_becomes_a_field),
        cmocka_unit_test(query_and_header_parameters_become_fields),
        cmocka_unit_test(a_parameter_may_be_a_list),
        cmocka_unit_test(a_claim_is_enquired_by_path),
        cmocka_unit_test(an_assigned_value_that_callers_see_is_a_default),
        cmocka_unit_test(removed_fields_of_elements_are_gone),
        cmocka_unit_test(response_fields_become_headers),
        cmocka_unit_test(response_fields_are_assigned),
        cmocka_unit_test(the_default_response_is_the_one_that_is_used),
        cmocka_unit_test(a_redefined_area_goes_to_what_is_moved_or_assigned),
        cmocka_unit_test(maps_that_do_not_match_the_interface_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_apimap", tests, NULL, NULL);
}
