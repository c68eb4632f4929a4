/* SPDX-License-Identifier: Apache-2.0
 * What the audit interceptor records of API requesters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "intercept/audit.h"
#include "intercept/kind.h"
#include "intercept/smf/block.h"
#include "io/loop.h"

static struct sp_loop *loop;
static struct sp_error err = SP_ERROR_INIT;
static char directory[64], path[96];
static struct sp_config config;
static struct sp_audit *audit;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_smf_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/smf", directory);
    config.smf = (struct sp_cfg_smf){
        .file = sp_str_of(path), .block_descriptors = true, .write_delay_us = 20000, .buffer_records = 64};
    return sp_loop_new(NULL, &loop, &err) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_loop_free(loop);
    return rmdir(directory);
}

static void make(void)
{
    assert_int_equal(sp_audit_new(loop, &config, NULL, SP_STR("0.1.0"), &audit, &err), SP_OK);
}

static void finish(void)
{
    assert_int_equal(sp_audit_free(audit, &err), SP_OK);
}

static struct {
    unsigned calls;
    struct sp_smf_record record;
    struct sp_smf_requester first;
    struct sp_smf_request request;
} called;
static char called_bytes[8192];
static struct sp_arena called_arena;

/* The only record of the file. */
static void read_call(void)
{
    struct sp_smf_reader reader;
    struct sp_smf_text text;
    struct sp_str bytes;
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(called_bytes, 1, sizeof called_bytes, file) : 0;
    if (file)
        fclose(file);
    assert_int_equal(sp_smf_text_init(&text, 1047, &err), SP_OK);
    sp_smf_reader_init(&reader, sp_str_from(called_bytes, len));
    assert_int_equal(sp_smf_reader_next(&reader, &bytes, &err), SP_OK);
    assert_int_equal(sp_smf_record_read(bytes, &text, &called_arena, &called.record, &err), SP_OK);
    assert_int_equal(called.record.item_count, 1);
    if (called.record.version == &sp_smf_versions[SP_SMF_REQUESTER_2])
        called.first = *(const struct sp_smf_requester *)sp_smf_item(&called.record, 0);
    else
        called.request = *(const struct sp_smf_request *)sp_smf_item(&called.record, 0);
    assert_int_equal(unlink(path), 0);
}

#define IS(member, text) assert_true(sp_str_is(called.first.member, text))

static void a_call_of_an_api_requester_is_recorded_with_all_that_is_known(void **state)
{
    static const struct sp_str wanted[] = {SP_STR_INIT("x-a"), SP_STR_INIT("X-B")};
    static const struct sp_http_header sent[] = {{SP_STR_INIT("X-A"), SP_STR_INIT("1")}},
                                       came[] = {{SP_STR_INIT("x-b"), SP_STR_INIT("2")}};
    const struct sp_cfg_interceptor interceptor = {.requester_smf_version = 2,
                                                   .requester_max_delay_us = 1000,
                                                   .requester_request_headers = {wanted, 2},
                                                   .requester_response_headers = {wanted, 2}};
    struct sp_http_request request = {.method = SP_STR_INIT("POST"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {.name = SP_STR_INIT("link"), .saf_user = SP_STR_INIT("LINK")};
    struct sp_intercept_endpoint endpoint = {
        .reference = SP_STR_INIT("conn"),
        .host = SP_STR_INIT("api.example.com"),
        .method = SP_STR_INIT("PUT"),
        .path = SP_STR_INIT("/claims"),
        .query = SP_STR_INIT("a=1"),
        .port = 9443,
        .status = 404,
        .retried = true,
        .token_start_us = 5000000,
        .token_finish_us = 6000000,
        .sent_us = 7000000,
        .received_us = 8000000,
        .request_bytes = 10,
        .response_bytes = 20,
        .request_headers = sent,
        .response_headers = came,
        .request_header_count = 1,
        .response_header_count = 1,
    };
    const struct sp_intercept_program program = {
        .application_type = SP_STR_INIT("CICS"),
        .job_name = SP_STR_INIT("CICSJOB"),
        .job_id = SP_STR_INIT("JOB00042"),
        .system_name = SP_STR_INIT("SYSA"),
        .system_id = SP_STR_INIT("SY1"),
        .asserted_user = SP_STR_INIT("FRED"),
        .asid = 77,
        .sent_us = 3000000,
        .cics_applid = SP_STR_INIT("CICSA"),
        .cics_transid = SP_STR_INIT("CLAI"),
        .cics_uow_id = SP_STR_INIT("12345678"),
        .cics_net_uow_id = SP_STR_INIT("ABCDEFGHIJKLMNOPQRST87654321"),
        .cics_task = 123,
    };
    struct sp_intercept_data data = {
        .request = &request,
        .principal = &principal,
        .type = SP_REQUEST_REQUESTER,
        .requester_name = SP_STR_INIT("claims_1.0"),
        .requester_version = SP_STR_INIT("1.0"),
        .endpoint = &endpoint,
        .program = &program,
        .response_status = 502,
        .entry_us = 4000000,
        .exit_us = 9000000,
        .request_id = 42,
        .correlator = SP_STR_INIT("00-1"),
    };
    sp_arena_init(&called_arena, 1u << 20);
    make();
    const struct sp_interceptor self = {&sp_interceptor_audit, &interceptor, audit};
    sp_interceptor_audit.post(&self, &data);
    finish();
    read_call();
    assert_ptr_equal(called.record.version, &sp_smf_versions[SP_SMF_REQUESTER_2]);
    const struct sp_smf_requester *call = &called.first;
    assert_true(call->application_type == 1 && call->status == 404 && call->result == 502 &&
                call->flags == 0x80);
    assert_true(call->request_bytes == 10 && call->response_bytes == 20 && call->endpoint_port == 9443);
    IS(user, "link"), IS(mapped_user, "LINK"), IS(asserted_user, "FRED"), IS(name, "claims_1.0");
    IS(api_version, "1.0"), IS(endpoint_reference, "conn"), IS(endpoint_host, "api.example.com");
    IS(path, "/claims"), IS(method, "PUT"), IS(query, "a=1");
    assert_true(call->stub_sent_us == 3000000 && call->entry_us == 4000000 && call->exit_us == 9000000);
    assert_true(call->token_start_us == 5000000 && call->token_finish_us == 6000000);
    assert_true(call->endpoint_sent_us == 7000000 && call->endpoint_received_us == 8000000);
    IS(job_name, "CICSJOB"), IS(job_id, "JOB00042"), IS(system, "SYSA"), IS(sid, "SY1"),
        IS(cics_applid, "CICSA");
    IS(cics_transaction, "CLAI"), IS(cics_unit_of_work, "12345678");
    IS(cics_network_prefix, "ABCDEFGHIJKLMNOPQRST"), IS(cics_network_suffix, "87654321");
    assert_true(call->asid == 77 && call->cics_task == 123 && call->id == 42);
    IS(request_headers[0], "x-a:1"), IS(request_headers[1], "");
    IS(response_headers[0], ""), IS(response_headers[1], "X-B:2");
    sp_arena_finish(&called_arena);
}

static void version_1_of_an_api_requester_is_a_record_of_a_request(void **state)
{
    struct sp_cfg_interceptor interceptor = {.requester_smf_version = 1, .provider_smf_version = 2};
    struct sp_http_request request = {.method = SP_STR_INIT("POST"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {.name = SP_STR_INIT("link")};
    struct sp_intercept_data data = {.request = &request,
                                     .principal = &principal,
                                     .type = SP_REQUEST_REQUESTER,
                                     .requester_name = SP_STR_INIT("claims_1.0")};
    sp_arena_init(&called_arena, 1u << 20);
    make();
    const struct sp_interceptor self = {&sp_interceptor_audit, &interceptor, audit};
    sp_interceptor_audit.early(&self, &data);
    interceptor.provider_early_failure = true; /* is for others */
    sp_interceptor_audit.early(&self, &data);
    struct sp_audit_counts counts;
    sp_audit_counts(audit, &counts);
    assert_int_equal(counts.put, 0);
    interceptor.requester_early_failure = true;
    sp_interceptor_audit.early(&self, &data);
    finish();
    read_call();
    assert_ptr_equal(called.record.version, &sp_smf_versions[SP_SMF_PROVIDER_1]);
    assert_true(sp_str_is(called.request.service_name, "claims_1.0") &&
                sp_str_is(called.request.user, "link"));
    sp_arena_finish(&called_arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_of_an_api_requester_is_recorded_with_all_that_is_known),
        TEST(version_1_of_an_api_requester_is_a_record_of_a_request),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("audit_requester", tests, NULL, NULL);
}
