/* SPDX-License-Identifier: Apache-2.0
 * Archives that other tools made. They are not part of the project; without them nothing is tested here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "artifact/aar.h"
#include "artifact/ara.h"
#include "artifact/archive.h"
#include "artifact/sar.h"
#include "base/buf.h"

static char samples[512];

struct fixture {
    struct sp_arena arena;
    struct sp_buf bytes;
    struct sp_error err;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)64 << 20);
    sp_buf_init(&f.bytes, (size_t)1 << 20);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_buf_finish(&f->bytes);
    sp_arena_finish(&f->arena);
    return 0;
}

static struct sp_str load(struct fixture *f, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", samples, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    sp_buf_reset(&f->bytes);
    unsigned char *room = sp_buf_reserve(&f->bytes, (size_t)1 << 20);
    f->bytes.len = fread(room, 1, (size_t)1 << 20, file);
    fclose(file);
    return sp_buf_str(&f->bytes);
}

static const struct sp_sar *load_sar(struct fixture *f, const char *name)
{
    struct sp_sar *sar = NULL;
    enum sp_artifact_kind kind = SP_ARTIFACT_ARA;
    struct sp_str bytes = load(f, name);
    assert_int_equal(sp_artifact_kind(bytes, name, &kind, &f->err), SP_OK);
    assert_int_equal(kind, SP_ARTIFACT_SAR);
    if (sp_sar_read(bytes, name, &f->arena, &sar, &f->err) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    return sar;
}

static const struct sp_aar *load_aar(struct fixture *f, const char *name)
{
    struct sp_aar *aar = NULL;
    enum sp_artifact_kind kind = SP_ARTIFACT_ARA;
    struct sp_str bytes = load(f, name);
    assert_int_equal(sp_artifact_kind(bytes, name, &kind, &f->err), SP_OK);
    assert_int_equal(kind, SP_ARTIFACT_AAR);
    if (sp_aar_read(bytes, name, &f->arena, &aar, &f->err) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    return aar;
}

static void an_api_requester_of_another_tool_is_read(void **state)
{
    struct fixture *f = *state;
    struct sp_ara *ara = NULL;
    struct sp_str bytes = load(f, "claims/claims.ara");
    if (sp_ara_read(bytes, "claims.ara", &f->arena, &ara, &f->err) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    assert_true(sp_str_is(ara->name, "Sample-Node.js-Claims-Rule-API_1.0"));
    assert_true(sp_str_is(ara->connection, "nodejsClaims"));
    assert_int_equal(ara->operation_count, 1);
    assert_true(sp_str_is(ara->operations[0].operation_id, "getClaimRule"));
    assert_int_equal(ara->operations[0].bindings.len, 7192);
    assert_int_equal(ara->operations[0].response_schema.len, 853);
}

struct row {
    const char *name;
    enum sp_field_type type;
    unsigned offset, bytes, digits, scale;
    bool is_signed, redefines;
};

/* The children of `parent` are exactly these. */
static void assert_rows(const struct sp_field *parent, const struct row *rows, size_t count)
{
    const struct sp_field *f = parent->first;
    for (size_t i = 0; i < count; i++, f = f->next) {
        assert_non_null(f);
        if (!sp_str_is(f->name, rows[i].name))
            fail_msg("%.*s instead of %s", SP_STR_ARG(f->name), rows[i].name);
        assert_int_equal(f->type, rows[i].type);
        assert_int_equal(f->offset, rows[i].offset);
        assert_int_equal(f->bytes, rows[i].bytes);
        assert_int_equal(f->digits, rows[i].digits);
        assert_int_equal(f->scale, rows[i].scale);
        assert_int_equal(f->is_signed, rows[i].is_signed);
        assert_int_equal(f->redefines, rows[i].redefines);
    }
    assert_null(f);
}

#define ROWS(...) \
    (const struct row[]){__VA_ARGS__}, sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row)
#define C(n, at, len)                                 \
    {                                                 \
        n, SP_FIELD_CHAR, at, len, 0, 0, false, false \
    }
#define Z(n, at, len, dec, sgn)                          \
    {                                                    \
        n, SP_FIELD_ZONED, at, len, len, dec, sgn, false \
    }
#define S(n, at, len)                                   \
    {                                                   \
        n, SP_FIELD_STRUCT, at, len, 0, 0, false, false \
    }
#define R(n, at, len)                                  \
    {                                                  \
        n, SP_FIELD_STRUCT, at, len, 0, 0, false, true \
    }
#define I(n, at)                                     \
    {                                                \
        n, SP_FIELD_BINARY, at, 4, 8, 0, true, false \
    }
#define D(n, at)                                     \
    {                                                \
        n, SP_FIELD_DOUBLE, at, 8, 0, 0, true, false \
    }

static void the_account_enquiry_has_103_bytes_field_by_field(void **state)
{
    const struct sp_sar *sar = load_sar(*state, "bank/CSaccenq.sar");
    assert_true(sp_str_is(sar->name, "CSaccenq"));
    assert_true(sp_str_is(sp_sar_property(sar, "program"), "INQACC"));
    assert_true(sp_str_is(sar->ccsid, "IBM037"));
    assert_true(sar->conversion.trim_output_trailing);
    assert_ptr_equal(sar->request, sar->response);
    assert_false(sar->request->is_channel);
    const struct sp_segment *s = sar->request->segments;
    assert_true(sp_str_is(s->original, "COMMAREA"));
    assert_int_equal(s->bytes, 103);
    assert_int_equal(s->min_bytes, 103);
    assert_int_equal(s->first->bytes, 103);
    assert_rows(s->first, ROWS(C("InqAccEye", 0, 4), Z("InqAccCustno", 4, 10, 0, false),
                               Z("InqAccScode", 14, 6, 0, false), Z("InqAccAccno", 20, 8, 0, false),
                               C("InqAccAccType", 28, 8), Z("InqAccIntRate", 36, 6, 2, false),
                               Z("InqAccOpened", 42, 8, 0, false), R("InqAccOpenedGroup", 42, 8),
                               Z("InqAccOverdraft", 50, 8, 0, false), Z("InqAccLastStmtDt", 58, 8, 0, false),
                               R("InqAccLastStmtGroup", 58, 8), Z("InqAccNextStmtDt", 66, 8, 0, false),
                               R("InqAccNextStmtGroup", 66, 8), Z("InqAccAvailBal", 74, 12, 2, true),
                               Z("InqAccActualBal", 86, 12, 2, true), C("InqAccSuccess", 98, 1),
                               C("InqAccPcb1Pointer", 99, 4)));
    const struct sp_field *group = s->first->first;
    while (!sp_str_is(group->name, "InqAccNextStmtGroup"))
        group = group->next;
    assert_false(group->included);
    assert_rows(group,
                ROWS(Z("InqAccNextStmtDay", 66, 2, 0, false), Z("InqAccNextStmtMonth", 68, 2, 0, false),
                     Z("InqAccNextStmtYear", 70, 4, 0, false)));
}

static void the_account_list_has_up_to_1981_bytes(void **state)
{
    const struct sp_sar *sar = load_sar(*state, "bank/CScustacc.sar");
    const struct sp_segment *s = sar->request->segments;
    assert_int_equal(s->bytes, 1981);
    assert_int_equal(s->min_bytes, 21 + 98);
    const struct sp_field *counter = s->first->first, *array = counter;
    assert_true(sp_str_is(counter->name, "NUMBER_OF_ACCOUNTS"));
    assert_true(counter->is_counter);
    assert_false(counter->included);
    while (array->type != SP_FIELD_ARRAY)
        array = array->next;
    assert_int_equal(array->offset, 21);
    assert_int_equal(array->element_bytes, 98);
    assert_int_equal(array->min_occurs, 1);
    assert_int_equal(array->max_occurs, 20);
    assert_ptr_equal(array->counter, counter);
    assert_rows(array->first, ROWS(C("CommEye", 0, 4), C("CommCustno", 4, 10), C("CommScode", 14, 6),
                                   Z("CommAccno", 20, 8, 0, false), C("CommAccType", 28, 8),
                                   Z("CommIntRate", 36, 6, 2, false), Z("CommOpened", 42, 8, 0, false),
                                   R("CommOpenedGroup", 42, 8), Z("CommOverdraft", 50, 8, 0, false),
                                   Z("CommLastStmtDt", 58, 8, 0, false), R("CommLastStmtGroup", 58, 8),
                                   Z("CommNextStmtDt", 66, 8, 0, false), R("CommNextStmtGroup", 66, 8),
                                   Z("CommAvailBal", 74, 12, 2, true), Z("CommActualBal", 86, 12, 2, true)));
}

static void the_claims_service_has_containers_of_81_and_168_bytes(void **state)
{
    const struct sp_sar *sar = load_sar(*state, "claims/CICSClaimsService.sar");
    const struct sp_segment *request = sar->request->segments, *response = sar->response->segments;
    assert_true(sar->request->is_channel && sar->response->is_channel);
    assert_true(sp_str_is(request->original, "CLAIMCI0_CONT"));
    assert_true(sp_str_is(request->name, "CLAIMCI0_CONT"));
    assert_true(request->is_bit && request->required);
    assert_int_equal(request->bytes, 81);
    assert_int_equal(response->bytes, 168);
    const struct sp_field *record = request->first->first;
    assert_rows(record->first->next,
                ROWS(C("ClaimType", 8, 8), D("ClaimAmount", 16), C("ServiceDate", 24, 10),
                     C("Description", 34, 21), C("ServiceProvider", 55, 21), C("StatusUpdate", 76, 4)));
    assert_rows(response->first, ROWS(S("RSP_CLAIM_RECORD", 0, 80), I("CICSResponseCode", 80),
                                      I("CICSResponseCode2", 84), C("OutputMessage", 88, 80)));
    assert_true(sp_str_starts(record->first->remarks, SP_STR("An 8-character claim ID")));
}

static void the_bank_apis_move_a_path_parameter(void **state)
{
    const struct sp_aar *aar = load_aar(*state, "bank/inqaccz.aar");
    assert_true(sp_str_is(aar->name, "inqaccz"));
    assert_true(sp_str_is(aar->base_path, "/inqaccz"));
    assert_int_equal(aar->warning_count, 0);
    assert_int_equal(aar->operation_count, 1);
    const struct sp_aar_operation *op = aar->operations;
    assert_true(sp_str_is(op->template, "/enquiry/{accno}"));
    assert_true(sp_str_is(op->service, "CSaccenq"));
    assert_true(sp_str_is(op->request->root, "InqAcc"));
    assert_int_equal(op->request->step_count, 1);
    assert_true(sp_str_is(op->request->steps[0].from, "accno"));
    assert_true(sp_str_is(op->request->steps[0].to, "InqAccAccno"));
    assert_true(sp_str_is(op->request->steps[0].xsd_type, "integer"));
    assert_int_equal(op->responses[0].map->step_count, 0);
    aar = load_aar(*state, "bank/inqacccz.aar");
    assert_int_equal(aar->warning_count, 0);
    assert_true(sp_str_is(aar->operations->request->steps[0].to, "CustomerNumber"));
}

static void the_claims_api_moves_assigns_and_removes(void **state)
{
    const struct sp_aar *aar = load_aar(*state, "claims/cicsClaimsAPI.aar");
    assert_true(sp_str_is(aar->base_path, "/cics/health"));
    assert_int_equal(aar->warning_count, 0);
    assert_int_equal(aar->operation_count, 3);
    const struct sp_aar_operation *post = &aar->operations[0], *put = &aar->operations[2];
    assert_true(sp_str_is(post->method, "POST"));
    assert_true(sp_str_is(post->request->root, "CICSClaimsServiceOperation"));
    assert_true(sp_str_is(post->responses[0].map->root, "CICSClaimsServiceOperationResponse"));
    assert_int_equal(post->request->step_count, 3);
    assert_int_equal(post->request->steps[0].verb, SP_MAP_ASSIGN);
    assert_true(sp_str_is(post->request->steps[0].value, "S"));
    assert_int_equal(post->request->steps[2].verb, SP_MAP_REMOVE);
    assert_true(sp_str_is(put->template, "/claim/status"));
    assert_int_equal(put->request->step_count, 8);
    assert_int_equal(put->request->steps[0].from_place, SP_MAP_QUERY);
    assert_true(sp_str_is(put->request->steps[0].from, "claimID"));
    assert_true(put->request->steps[0].required);
    assert_true(
        sp_str_is(put->request->steps[6].to,
                  "CLAIMCI0_CONT/REQ_CLAIM_CONTAINER/REQ_CLAIM_RECORD/REQ_CLAIM_DETAILS/StatusUpdate"));
}

static void a_requester_is_known_and_refused_as_an_api(void **state)
{
    struct fixture *f = *state;
    struct sp_aar *aar = NULL;
    enum sp_artifact_kind kind = SP_ARTIFACT_SAR;
    struct sp_str bytes = load(f, "claims/claims.ara");
    assert_int_equal(sp_artifact_kind(bytes, "claims.ara", &kind, &f->err), SP_OK);
    assert_int_equal(kind, SP_ARTIFACT_ARA);
    assert_int_equal(sp_aar_read(bytes, "claims.ara", &f->arena, &aar, &f->err), SP_EUNSUPPORTED);
    assert_non_null(strstr(f->err.text, "API requester archive (.ara)"));
}

/* Where the samples are, or false. */
static bool find_samples(void)
{
    const char *shared = getenv("SALLYPORT_SHARED"), *root = getenv("SALLYPORT_SOURCE_ROOT");
    if (shared)
        snprintf(samples, sizeof samples, "%s/samples", shared);
    else
        snprintf(samples, sizeof samples, "%s/../shared/samples", root ? root : ".");
    char path[600];
    snprintf(path, sizeof path, "%s/bank/CSaccenq.sar", samples);
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_account_enquiry_has_103_bytes_field_by_field),
        TEST(the_account_list_has_up_to_1981_bytes),
        TEST(the_claims_service_has_containers_of_81_and_168_bytes),
        TEST(the_bank_apis_move_a_path_parameter),
        TEST(the_claims_api_moves_assigns_and_removes),
        TEST(a_requester_is_known_and_refused_as_an_api),
        TEST(an_api_requester_of_another_tool_is_read),
    };
    if (!find_samples()) {
        printf("1..0 # SKIP there are no archives in %s; SALLYPORT_SHARED names their parent\n", samples);
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
