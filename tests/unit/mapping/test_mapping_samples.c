/* SPDX-License-Identifier: Apache-2.0
 * Archives that other tools made. They are not part of the project; without them nothing is tested here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

static char samples[512];

static bool find_samples(void)
{
    const char *shared = getenv("SALLYPORT_SHARED"), *root = getenv("SALLYPORT_SOURCE_ROOT");
    char candidates[2][400];
    snprintf(candidates[0], sizeof candidates[0], "%s/samples", shared ? shared : "");
    snprintf(candidates[1], sizeof candidates[1], "%s/../shared/samples", root ? root : ".");
    for (size_t i = shared ? 0 : 1; i < 2; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/bank/CSaccenq.sar", candidates[i]);
        FILE *file = fopen(path, "rb");
        if (!file)
            continue;
        fclose(file);
        snprintf(samples, sizeof samples, "%s", candidates[i]);
        return true;
    }
    return false;
}

static struct sp_str load(struct fixture *f, const char *name)
{
    char path[600];
    const size_t most = 1 << 20;
    snprintf(path, sizeof path, "%s/%s", samples, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = sp_arena_alloc(&f->arena, most);
    assert_non_null(bytes);
    struct sp_str text = {bytes, fread(bytes, 1, most, file)};
    fclose(file);
    return text;
}

/* The service, and the operation `number` of the API (NULL: none). */
static void set_up(struct fixture *f, const char *service, const char *api, const char *operation_id)
{
    struct sp_sar *sar = NULL;
    struct sp_aar *aar = NULL;
    fixture_init(f, "A{ X:X1 }");
    if (sp_sar_read(load(f, service), service, &f->arena, &sar, &f->err) != SP_OK)
        fail_msg("%s: %s", service, f->err.text);
    f->sar = *sar;
    f->profile.codepage = sp_codepage_named(sar->ccsid, SP_NEWLINE_15);
    assert_non_null(f->profile.codepage);
    if (!api) {
        fixture_compile(f);
        return;
    }
    if (sp_aar_read(load(f, api), api, &f->arena, &aar, &f->err) != SP_OK)
        fail_msg("%s: %s", api, f->err.text);
    for (size_t i = 0; i < aar->operation_count; i++)
        if (sp_str_is(aar->operations[i].operation_id, operation_id))
            f->operation = aar->operations[i];
    fixture_compile_operation(f);
}

static const char account_hex[] =
    "c1c3c3e3 f0f0f0f0f0f0f0f0f0f1 f9f8f7f6f5f4 f1f2f3f4f5f6f7f8 c9e2c14040404040 f0f0f0f2f1f0 "
    "f0f1f0f1f2f0f2f4 f0f0f0f0f0f0f0f0 f0f1f0f7f2f0f2f3 f0f1f0f8f2f0f2f3 "
    "f0f0f0f0f0f0f0f1f2f3f4d5 f0f0f0f0f0f2f5f0f0f0f5c0 e8 40404040";

static const char account_json[] =
    "{\"InqAcc\":{\"InqAccEye\":\"ACCT\",\"InqAccCustno\":1,\"InqAccScode\":987654,\"InqAccAccno\":12345678,"
    "\"InqAccAccType\":\"ISA\",\"InqAccIntRate\":2.10,\"InqAccOpened\":1012024,\"InqAccOverdraft\":0,"
    "\"InqAccLastStmtDt\":1072023,\"InqAccNextStmtDt\":1082023,\"InqAccAvailBal\":-123.45,"
    "\"InqAccActualBal\":25000.50,\"InqAccSuccess\":\"Y\",\"InqAccPcb1Pointer\":\"\"}}";

static void the_bank_enquires_an_account(void **state)
{
    struct fixture f;
    set_up(&f, "bank/CSaccenq.sar", NULL, NULL);
    assert_int_equal(sp_mapping_answer_bytes(f.mapping), 103);
    check_both(&f, account_json, account_hex);
    fixture_finish(&f);
    set_up(&f, "bank/CSaccenq.sar", "bank/inqaccz.aar", "getCSaccenq");
    fixture_give(&f, SP_MAP_PATH, "accno=00012345");
    check_request(&f, "", "00*20 f0f0f0f1f2f3f4f5 00*75");
    check_response(&f, account_hex, account_json);
    fixture_give(&f, SP_MAP_PATH, "accno=abc");
    check_refused(&f, "", "SALM1006E", "The parameter accno: The field InqAcc.InqAccAccno is not a number");
    fixture_finish(&f);
}

static void the_bank_lists_accounts(void **state)
{
    struct fixture f;
    set_up(&f, "bank/CScustacc.sar", "bank/inqacccz.aar", "getCScustacc");
    assert_int_equal(sp_mapping_answer_bytes(f.mapping), 1981);
    fixture_give(&f, SP_MAP_PATH, "custno=77");
    check_request(&f, "", "00000000 f0f0f0f0f0f0f0f0f7f7 00*7");
    struct sp_mapped_response response;
    char hex[20000] = "00000014 f0f0f0f0f0f0f0f0f7f7 e8 f0 e8 40404040";
    for (unsigned i = 0; i < 20; i++)
        snprintf(
            hex + strlen(hex), sizeof hex - strlen(hex),
            " c1c3c3e3 f0*9f1 f9f8f7f6f5f4 f0*6f%uf%u c9e2c14040404040 f0f0f0f2f1f0 f0f1f0f1f2f0f2f4 f0*8 "
            "f0f1f0f7f2f0f2f3 f0f1f0f8f2f0f2f3 f0*7f1f2f3f4d5 f0*5f2f5f0f0f0f5c0",
            (i + 1) / 10, (i + 1) % 10);
    assert_int_equal(fixture_answer(&f, hex, &response), SP_OK);
    struct sp_json_value *tree;
    assert_int_equal(sp_json_parse(response.body, &f.request_arena, NULL, &tree, &f.err), SP_OK);
    const struct sp_json_value *list =
        sp_json_member(sp_json_member(tree, SP_STR("InqAccZ")), SP_STR("AccountDetails"));
    assert_int_equal(list->count, 20);
    const struct sp_json_value *last = list->first;
    while (last->next)
        last = last->next;
    assert_true(sp_str_is(sp_json_member(last, SP_STR("CommAccno"))->text, "20"));
    assert_true(sp_str_is(sp_json_member(last, SP_STR("CommAvailBal"))->text, "-123.45"));
    fixture_finish(&f);
}

static void claims_are_enquired_submitted_and_updated(void **state)
{
    struct fixture f;
    const char *service = "claims/CICSClaimsService.sar", *api = "claims/cicsClaimsAPI.aar";
    struct sp_record_set set;
    set_up(&f, service, api, "getCICSClaimsService");
    assert_int_equal(sp_mapping_answer_bytes(f.mapping), 168);
    fixture_give(&f, SP_MAP_PATH, "claimID=MED001");
    check_request(&f, "", "d4c5c4f0f0f14040 00*72 d9");
    assert_int_equal(fixture_ask(&f, SP_STR(""), &set), SP_OK);
    assert_true(sp_str_is(set.records[0].container, "CLAIMCI0_CONT"));
    check_refused(&f,
                  "{\"CICSClaimsServiceOperation\":{\"CLAIMCI0_CONT\":{\"REQ_CLAIM_CONTAINER\":{"
                  "\"ActionType\":\"D\"}}}}",
                  "SALM1001E", "ActionType");
    fixture_finish(&f);

    set_up(&f, service, api, "postCICSClaimsService");
    fixture_give(&f, SP_MAP_PATH, "claimID=MED001");
    check_request(
        &f,
        "{\"CICSClaimsServiceOperation\":{\"CLAIMCI0_CONT\":{\"REQ_CLAIM_CONTAINER\":{\"REQ_CLAIM_RECORD\":{"
        "\"REQ_CLAIM_DETAILS\":{\"ClaimType\":\"MEDICAL\",\"ClaimAmount\":100.0,"
        "\"ServiceDate\":\"2019-01-07\",\"Description\":\"CHECK UP\",\"ServiceProvider\":\"MR SMITH\"}}}}}}",
        "d4c5c4f0f0f14040 d4c5c4c9c3c1d340 4264000000000000 f2f0f1f960f0f160f0f7 "
        "c3c8c5c3d240e4d7 40*13 d4d940e2d4c9e3c8 40*13 00000000 e2");
    fixture_finish(&f);

    set_up(&f, service, api, "putCICSClaimsService");
    fixture_give(&f, SP_MAP_QUERY, "claimID=MED001&claimStatus=OK");
    check_request(&f, "", "d4c5c4f0f0f14040 00*68 d6d24040 e4");
    fixture_give(&f, SP_MAP_QUERY, "claimID=MED001");
    check_refused(&f, "", "BAQR7018E", "The HTTP request is missing parameter claimStatus");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bank_enquires_an_account),
        cmocka_unit_test(the_bank_lists_accounts),
        cmocka_unit_test(claims_are_enquired_submitted_and_updated),
    };
    if (!find_samples()) {
        printf("1..0 # SKIP there are no sample archives beside the project\n");
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_samples", tests, NULL, NULL);
}
