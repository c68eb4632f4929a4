/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "intercept/smf/print.h"
#include "intercept/smf/record.h"
#include "intercept/smf/stck.h"
#include "text/base64.h"

/* 2023-06-28 09:25:34.844246 UTC, local time two hours ahead. */
#define EXAMPLE_US INT64_C(1687944334844246)
#define TWO_HOURS_US INT64_C(7200000000)

static const struct sp_smf_request *request_at(const struct sp_smf_record *record, size_t index)
{
    return sp_smf_item(record, index);
}

static struct sp_arena arena;
static struct sp_smf_origin origin = {
    .sid = SP_STR_INIT("SYS1"),
    .server = {.system = SP_STR_INIT("SYSA"),
               .sysplex = SP_STR_INIT("PLEX1"),
               .job_id = SP_STR_INIT("P0000042"),
               .job_name = SP_STR_INIT("ZCEESRVR"),
               .stoken = UINT64_C(0x0000000800000001),
               .config_dir = SP_STR_INIT("/srv/zcon/myserver/"),
               .product = SP_STR_INIT("0.1.0")},
};

static struct sp_smf_request example(void)
{
    return (struct sp_smf_request){
        .type = 1,
        .status = 200,
        .user = SP_STR_INIT("fred"),
        .mapped_user = SP_STR_INIT("FRED"),
        .client_address = SP_STR_INIT("192.0.2.7"),
        .api_name = SP_STR_INIT("inqaccz"),
        .api_version = SP_STR_INIT("1.0.0"),
        .service_name = SP_STR_INIT("CSaccenq"),
        .method = SP_STR_INIT("GET"),
        .query = SP_STR_INIT("a=1"),
        .uri = SP_STR_INIT("/inqaccz/enquiry/12"),
        .response_bytes = 212,
        .entry_us = EXAMPLE_US,
        .exit_us = EXAMPLE_US + 15200,
        .sor_sent_us = EXAMPLE_US + 2100,
        .sor_received_us = EXAMPLE_US + 13400,
        .provider = SP_STR_INIT("CICS-1.0"),
        .id = 77,
    };
}

static int set_up(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 1000000);
    return sp_smf_text_init(&origin.text, 1047, &err) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* Bytes against hexadecimal digits with blanks between them. */
static void assert_hex(const unsigned char *bytes, const char *expected)
{
    char found[400] = "", wanted[400] = "";
    size_t n = 0;
    for (const char *c = expected; *c; c++)
        if (*c != ' ')
            wanted[n++] = sp_lower(*c);
    for (size_t i = 0; i < n / 2; i++)
        snprintf(found + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(found, wanted);
}

static void times_are_those_of_the_clock(void **state)
{
    unsigned char stcke[SP_STCKE_BYTES];
    assert_true(sp_stck_from_us(EXAMPLE_US) == UINT64_C(0xDD83D73374156000));
    assert_true(sp_stck_to_us(UINT64_C(0xDD83D73374156000)) == EXAMPLE_US);
    sp_stcke_from_us(EXAMPLE_US, stcke);
    assert_hex(stcke, "00DD83D7337415600000000000000000");
    assert_true(sp_stcke_to_us(stcke) == EXAMPLE_US);
    assert_true(sp_smf_date(EXAMPLE_US + TWO_HOURS_US) == 2023179);
    assert_true(sp_smf_time(EXAMPLE_US + TWO_HOURS_US) == 4113484);
}

static void times_go_on_after_2042(void **state)
{
    const int64_t last = INT64_C(2294610827370495); /* 2^52 microseconds after 1900, less one */
    unsigned char stcke[SP_STCKE_BYTES];
    assert_true(sp_stck_from_us(last) == UINT64_C(0xFFFFFFFFFFFFF000));
    assert_true(sp_stck_from_us(last + 1) == 0);
    sp_stcke_from_us(last + 1, stcke);
    assert_hex(stcke, "01000000000000000000000000000000");
    assert_true(sp_stcke_to_us(stcke) == last + 1);
    assert_true(sp_stck_to_us(sp_stck_from_us(last)) == last);
    assert_true(sp_stck_to_us(sp_stck_from_us(last + 86400000000)) == last + 86400000000);
}

static void a_version_1_record_begins_as_documented(void **state)
{
    unsigned char record[SP_SMF_V1_BYTES];
    struct sp_smf_request request = example();
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, TWO_HOURS_US, record);
    assert_hex(record,
               "01E80000 5E7B003E C44C0123 179FE2E8 E2F1E9C3 D6D50001 00000001 00000002 00000001 00000001"
               "0000000000000000 00000048 00000050 00000001 00000098 00000150 00000001");
}

static void a_version_1_record_has_each_field_in_its_place(void **state)
{
    unsigned char record[SP_SMF_V1_BYTES];
    struct sp_smf_request request = example();
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, TWO_HOURS_US, record);
    const unsigned char *server = record + 72, *data = record + 152;
    assert_hex(server, "00000001 E2E8E2C1 40404040 D7D3C5E7 F1404040 D7F0F0F0 F0F0F4F2 E9C3C5C5 E2D9E5D9"
                       "0000000800000001");
    for (size_t i = 44; i < 80; i++)
        assert_int_equal(server[i], 0);
    assert_hex(data, "00000001 00000066 00000144 00000003 DD83D73374156000 DD83D73377CB6000 61");
}

static void a_version_2_record_begins_as_documented(void **state)
{
    unsigned char record[SP_SMF_V2_BYTES(1)];
    struct sp_smf_request request = example();
    sp_smf_v2_write_request(&origin, &request, record + SP_SMF_V2_BYTES(0));
    sp_smf_v2_write_head(&origin, 1, EXAMPLE_US, TWO_HOURS_US, record);
    assert_hex(record,
               "070C0000 5E7B003E C44C0123 179FE2E8 E2F1E9C3 D6D50001 00000002 02280000 00001AD2 74800000"
               "00000038 00BC0001 000000F4 06180001");
    const unsigned char *section = record + 244;
    assert_hex(section, "01 01 00C8 00 000000 86998584 40404040");
    assert_hex(section + 72, "C6D9C5C4 40404040");
    assert_hex(section + 664, "00000000 000000D4"
                              "00DD83D7 33741560 00000000 00000000 00DD83D7 3377CB60 00000000 00000000"
                              "00DD83D7 337498A0 00000000 00000000 00DD83D7 33775AE0 00000000 00000000"
                              "C3C9C3E2 60F14BF0 40404040 40404040");
    assert_hex(section + 976, "000000000000004D");
    assert_int_equal(sizeof record, 1804);
    assert_int_equal(SP_SMF_V2_BYTES(SP_SMF_REQUESTS_MAX), 31444);
}

static void the_tables_cover_their_sections_without_gap_or_overlap(void **state)
{
    for (size_t v = 0; v < sp_smf_version_count; v++) {
        const struct sp_smf_section *sections[] = {&sp_smf_versions[v].head, &sp_smf_versions[v].server,
                                                   &sp_smf_versions[v].item};
        for (size_t s = 0; s < 3; s++) {
            size_t at = 0;
            for (size_t i = 0; i < sections[s]->count; i++) {
                assert_int_equal(sections[s]->fields[i].offset, at);
                at += sections[s]->fields[i].length;
            }
            assert_int_equal(at, sections[s]->bytes);
        }
    }
}

static void what_is_written_is_read_back(void **state)
{
    unsigned char bytes[SP_SMF_V2_BYTES(2)];
    struct sp_smf_request request = example();
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    for (size_t i = 0; i < 2; i++) {
        request.id = 77 + i;
        sp_smf_v2_write_request(&origin, &request, bytes + SP_SMF_V2_BYTES(i));
    }
    sp_smf_v2_write_head(&origin, 2, EXAMPLE_US, -TWO_HOURS_US, bytes);
    assert_int_equal(
        sp_smf_record_read(sp_str_from(bytes, sizeof bytes), &origin.text, &arena, &record, &err), SP_OK);
    assert_int_equal(record.item_count, 2);
    assert_true(record.head.date == 2023179);
    assert_true(record.head.local_offset == -TWO_HOURS_US * 4096);
    assert_true(sp_str_is(record.head.ssi, "ZCON"));
    assert_true(sp_str_is(record.server.config_dir, "/srv/zcon/myserver/"));
    assert_true(sp_str_is(request_at(&record, 1)->uri, "/inqaccz/enquiry/12"));
    assert_true(request_at(&record, 1)->id == 78);
    assert_true(request_at(&record, 0)->exit_us == EXAMPLE_US + 15200);
    assert_int_equal(request_at(&record, 0)->service_version.len, 0);
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, 0, bytes);
    assert_int_equal(
        sp_smf_record_read(sp_str_from(bytes, SP_SMF_V1_BYTES), &origin.text, &arena, &record, &err), SP_OK);
    assert_int_equal(record.item_count, 1);
    assert_true(request_at(&record, 0)->data_type == 102);
    assert_true(request_at(&record, 0)->entry_us == EXAMPLE_US);
    assert_true(sp_str_is(request_at(&record, 0)->service_name, "CSaccenq"));
    assert_true(sp_str_is(record.server.job_name, "ZCEESRVR"));
}

static void a_call_of_a_requester_is_read_back(void **state)
{
    static const char work[] = "\x01\x02\x03\x04\x05\x06\x07\x08";
    const struct sp_smf_requester call = {
        .application_type = 1,
        .status = 200,
        .result = 0,
        .flags = 0x80,
        .request_bytes = 10,
        .response_bytes = 20,
        .user = SP_STR_INIT("LINKUSER"),
        .asserted_user = SP_STR_INIT("FRED"),
        .name = SP_STR_INIT("claims"),
        .endpoint_reference = SP_STR_INIT("claimsConn"),
        .endpoint_host = SP_STR_INIT("claims.example.com"),
        .endpoint_port = 9443,
        .path = SP_STR_INIT("/claim/rule"),
        .method = SP_STR_INIT("GET"),
        .entry_us = EXAMPLE_US,
        .endpoint_received_us = EXAMPLE_US + 13400,
        .cics_applid = SP_STR_INIT("CICS1"),
        .cics_task = 123,
        .cics_unit_of_work = {work, 8},
        .id = 42,
    };
    unsigned char bytes[SP_SMF_V2_BYTES(1)];
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_requester_write(&origin, &call, bytes + SP_SMF_V2_FIRST_REQUEST);
    sp_smf_requester_write_head(&origin, 1, EXAMPLE_US, TWO_HOURS_US, bytes);
    assert_hex(bytes, "070C00005E7B003EC44C0123179FE2E8E2F1E9C3D6D50002"
                      "0000000202280000"
                      "00001AD274800000"
                      "0000003800BC0001000000F406180001");
    assert_hex(bytes + SP_SMF_V2_FIRST_REQUEST, "010100C80000800000"
                                                "00000A00000014"
                                                "D3C9D5D2E4E2C5D9");
    assert_int_equal(
        sp_smf_record_read(sp_str_from(bytes, sizeof bytes), &origin.text, &arena, &record, &err), SP_OK);
    const struct sp_smf_requester *read = sp_smf_item(&record, 0);
    assert_true(sp_str_is(read->asserted_user, "FRED") && sp_str_is(read->path, "/claim/rule"));
    assert_true(read->endpoint_port == 9443 && read->cics_task == 123 && read->id == 42 &&
                read->version == 1);
    assert_memory_equal(read->cics_unit_of_work.ptr, work, 8);
    assert_true(read->endpoint_received_us == EXAMPLE_US + 13400 && read->stub_sent_us == 0);
}

static void a_failure_of_security_is_read_back(void **state)
{
    const struct sp_smf_security event = {
        .event = SP_SMF_ACCESS,
        .qualifier = 1,
        .origin = SP_SMF_FROM_SAF,
        .status = 403,
        .user = SP_STR_INIT("mary"),
        .saf_user = SP_STR_INIT("MARY"),
        .class_name = SP_STR_INIT("SERVAUTH"),
        .resource = SP_STR_INIT("A.B"),
        .reason = SP_STR_INIT("no"),
        .at_us = EXAMPLE_US,
        .lost = 7,
        .since_us = EXAMPLE_US,
    };
    unsigned char bytes[SP_SMF_SECURITY_BYTES];
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_security_write(&origin, &event, EXAMPLE_US, TWO_HOURS_US, bytes);
    assert_hex(bytes, "053400005ED0003EC44C0123179FE2E8E2F1E9C3D6D50001");
    assert_hex(bytes + SP_SMF_V2_FIRST_REQUEST, "0102010401930000"
                                                "948199A8"
                                                "40404040");
    assert_int_equal(
        sp_smf_record_read(sp_str_from(bytes, sizeof bytes), &origin.text, &arena, &record, &err), SP_OK);
    const struct sp_smf_security *read = sp_smf_item(&record, 0);
    assert_true(read->lost == 7 && read->since_us == EXAMPLE_US && read->at_us == EXAMPLE_US);
    assert_true(sp_str_is(read->class_name, "SERVAUTH") && sp_str_is(read->resource, "A.B"));
}

static void long_texts_are_cut_and_strange_ones_written_visibly(void **state)
{
    unsigned char bytes[SP_SMF_V1_BYTES];
    char longer[200];
    memset(longer, 'x', sizeof longer);
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_smf_request request = example();
    request.uri = sp_str_from(longer, sizeof longer);
    request.user = SP_STR("J\xc3\xbcrgen\n\xff\xe2\x82\xac<");
    request.mapped_user = SP_STR("TOOLONGNAME");
    request.request_bytes = UINT64_C(1) << 40;
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, 0, bytes);
    assert_int_equal(
        sp_smf_record_read(sp_str_from(bytes, sizeof bytes), &origin.text, &arena, &record, &err), SP_OK);
    assert_int_equal(request_at(&record, 0)->uri.len, 64);
    assert_true(sp_str_is(request_at(&record, 0)->user, "J\xc3\xbcrgen??"
                                                        "?<"));
    assert_true(sp_str_is(request_at(&record, 0)->mapped_user, "TOOLONGN"));
    assert_true(request_at(&record, 0)->request_bytes == UINT32_MAX);
}

static void a_shorter_section_leaves_the_rest_empty(void **state)
{
    unsigned char bytes[SP_SMF_V1_BYTES];
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_smf_request request = example();
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, 0, bytes);
    sp_put_u32(bytes + 64, 240); /* ends before the request's id */
    sp_put_u16(bytes, 152 + 240);
    assert_int_equal(sp_smf_record_read(sp_str_from(bytes, 152 + 240), &origin.text, &arena, &record, &err),
                     SP_OK);
    assert_true(sp_str_is(request_at(&record, 0)->user, "fred"));
    assert_true(request_at(&record, 0)->id == 0);
    assert_int_equal(request_at(&record, 0)->mapped_user.len, 0);
}

static void records_that_lie_are_refused(void **state)
{
    static const struct {
        size_t at, length;
        uint32_t value;
        enum sp_status status;
    } rows[] = {
        {0, 2, 487, SP_EPROTO},         {2, 2, 1, SP_EUNSUPPORTED},  {5, 1, 120, SP_EUNSUPPORTED},
        {22, 2, 2, SP_EUNSUPPORTED},    {24, 4, 3, SP_EUNSUPPORTED}, {10, 4, 0xA123179F, SP_EPROTO},
        {10, 4, 0x0123179C, SP_EPROTO}, {48, 4, 489, SP_EPROTO},     {52, 4, 417, SP_EPROTO},
        {56, 4, 2, SP_EPROTO},          {60, 4, 153, SP_EPROTO},     {60, 4, 0xFFFFFFFF, SP_EPROTO},
        {64, 4, 0xFFFFFFFF, SP_EPROTO}, {68, 4, 21, SP_EPROTO},      {68, 4, 0xFFFFFFFF, SP_EPROTO},
        {24, 4, 2, SP_EPROTO},
    };
    unsigned char good[SP_SMF_V1_BYTES], bytes[SP_SMF_V1_BYTES];
    struct sp_smf_request request = example();
    struct sp_smf_record record = {.item_count = 99};
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, 0, good);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_error err = SP_ERROR_INIT;
        memcpy(bytes, good, sizeof good);
        for (size_t n = 0; n < rows[i].length; n++)
            bytes[rows[i].at + n] = (unsigned char)(rows[i].value >> 8 * (rows[i].length - 1 - n));
        assert_int_equal(
            sp_smf_record_read(sp_str_from(bytes, sizeof bytes), &origin.text, &arena, &record, &err),
            rows[i].status);
        assert_true(err.text[0] != 0);
        assert_int_equal(record.item_count, 99);
    }
    for (size_t len = 0; len < SP_SMF_V1_BYTES; len++) {
        struct sp_error err = SP_ERROR_INIT;
        assert_int_not_equal(sp_smf_record_read(sp_str_from(good, len), &origin.text, &arena, &record, &err),
                             SP_OK);
    }
}

static void only_an_ebcdic_page_is_taken(void **state)
{
    struct sp_smf_text text;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_smf_text_init(&text, 37, &err), SP_OK);
    assert_int_equal(sp_smf_text_init(&text, 1208, &err), SP_EUNSUPPORTED);
    assert_int_equal(sp_smf_text_init(&text, 819, &err), SP_EUNSUPPORTED);
    assert_int_equal(sp_smf_text_init(&text, 9999, &err), SP_EUNSUPPORTED);
}

static void a_record_is_printed_for_people_and_programs(void **state)
{
    unsigned char bytes[SP_SMF_V1_BYTES];
    struct sp_smf_request request = example();
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_v1_write(&origin, &request, EXAMPLE_US, TWO_HOURS_US, bytes);
    assert_int_equal(
        sp_smf_record_read(sp_str_from(bytes, sizeof bytes), &origin.text, &arena, &record, &err), SP_OK);
    struct sp_buf buf;
    sp_buf_init(&buf, 100000);
    sp_smf_print_text(&record, &buf);
    sp_buf_append_byte(&buf, 0);
    const char *text = (const char *)buf.ptr;
    assert_non_null(strstr(text, "  TIME                 11:25:34.84\n"));
    assert_non_null(strstr(text, "  DATE                 2023-179\n"));
    assert_non_null(strstr(text, "  TIME_ZC_ENTRY        2023-06-28T09:25:34.844246Z\n"));
    assert_non_null(strstr(text, "  USER_NAME_MAPPED     FRED\n"));
    assert_null(strstr(text, "SERVICE_GROUP_NAME"));
    sp_buf_reset(&buf);
    struct sp_json_writer writer;
    sp_json_writer_init(&writer, &buf, 0);
    sp_smf_print_json(&record, &writer);
    sp_buf_append_byte(&buf, 0);
    text = (const char *)buf.ptr;
    assert_non_null(strstr(text, "\"SID\":\"SYS1\""));
    assert_non_null(strstr(text, "\"REQ_PAYLOAD_LEN\":0,"));
    assert_non_null(strstr(text, "\"REQ_ID\":77"));
    assert_non_null(strstr(text, "\"TIME_ZC_EXIT\":\"2023-06-28T09:25:34.859446Z\""));
    assert_false(buf.failed);
    sp_buf_finish(&buf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_are_those_of_the_clock),
        TEST(times_go_on_after_2042),
        TEST(a_version_1_record_begins_as_documented),
        TEST(a_version_1_record_has_each_field_in_its_place),
        TEST(a_version_2_record_begins_as_documented),
        TEST(the_tables_cover_their_sections_without_gap_or_overlap),
        TEST(what_is_written_is_read_back),
        TEST(a_call_of_a_requester_is_read_back),
        TEST(a_failure_of_security_is_read_back),
        TEST(long_texts_are_cut_and_strange_ones_written_visibly),
        TEST(a_shorter_section_leaves_the_rest_empty),
        TEST(records_that_lie_are_refused),
        TEST(only_an_ebcdic_page_is_taken),
        TEST(a_record_is_printed_for_people_and_programs),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_record", tests, NULL, NULL);
}
