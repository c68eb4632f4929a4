/* SPDX-License-Identifier: Apache-2.0
 * requester_records FILE: records of subtype 2 of 21 calls, as the writer makes them, for a reader of the
 * tests. Every field has a value of its own; test_audit_fields.py knows which.
 */
#include <stdio.h>

#include "intercept/smf/encode.h"

#define AT INT64_C(1687944334000000) /* 2023-06-28T09:25:34Z */

static struct sp_smf_requester call_of(unsigned number)
{
    return (struct sp_smf_requester){
        .application_type = 1 + number % 3,
        .status = 200 + number,
        .result = 500 + number,
        .flags = 0x80,
        .request_bytes = 1000 + number,
        .response_bytes = 2000 + number,
        .user = SP_STR_INIT("link user"),
        .mapped_user = SP_STR_INIT("MAPPED"),
        .asserted_user = SP_STR_INIT("ASSERTED"),
        .name = SP_STR_INIT("claims_1.0.0"),
        .api_version = SP_STR_INIT("1.0.0"),
        .endpoint_reference = SP_STR_INIT("claimsConn"),
        .endpoint_host = SP_STR_INIT("api.example.com"),
        .endpoint_port = 9443,
        .path = SP_STR_INIT("/claims/\xc3\xa4"),
        .method = SP_STR_INIT("DELETE"),
        .query = SP_STR_INIT("a=1&b=[2]"),
        .stub_sent_us = AT + 1,
        .entry_us = AT + 2,
        .exit_us = AT + 9,
        .token_start_us = AT + 3,
        .token_finish_us = AT + 4,
        .endpoint_sent_us = AT + 5,
        .endpoint_received_us = AT + 6,
        .job_name = SP_STR_INIT("JOBNAME1"),
        .job_id = SP_STR_INIT("JOB00042"),
        .system = SP_STR_INIT("SYSA"),
        .asid = 77,
        .sid = SP_STR_INIT("SY1"),
        .cics_applid = SP_STR_INIT("CICSAPPL"),
        .cics_task = 12345,
        .cics_transaction = SP_STR_INIT("CLAI"),
        .cics_unit_of_work = SP_STR_INIT("12345678"),
        .cics_network_prefix = SP_STR_INIT("ABCDEFGHIJKLMNOPQRST"),
        .cics_network_suffix = SP_STR_INIT("87654321"),
        .ims_identifier = SP_STR_INIT("IMSA"),
        .ims_region = 66,
        .ims_transaction = SP_STR_INIT("IMSTRAN"),
        .ims_application = SP_STR_INIT("IMSAPPL"),
        .ims_psb = SP_STR_INIT("IMSPSB"),
        .ims_recovery_token = SP_STR_INIT("0123456789abcdef"),
        .id = 4711 + number,
        .token = SP_STR_INIT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        .request_headers = {SP_STR_INIT("x-a:1"), SP_STR_INIT("x-b:2"), SP_STR_INIT("x-c:3"),
                            SP_STR_INIT("x-d:4")},
        .response_headers = {SP_STR_INIT("y-a:5"), SP_STR_INIT("y-b:6"), SP_STR_INIT("y-c:7"),
                             SP_STR_INIT("y-d:8")},
    };
}

int main(int argc, char **argv)
{
    static struct sp_smf_encoder encoder;
    static struct sp_smf_origin origin = {.sid = SP_STR_INIT("SYS1"),
                                          .server = {.system = SP_STR_INIT("SYSTEM")}};
    struct sp_error err = SP_ERROR_INIT;
    FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (!file || sp_smf_text_init(&origin.text, 1047, &err) != SP_OK)
        return 2;
    sp_smf_encoder_init(&encoder, 1u << 20);
    sp_smf_encoder_reset(&encoder, &origin, false);
    for (unsigned n = 0; n < SP_SMF_REQUESTS_MAX + 1; n++) {
        const struct sp_smf_event event = {
            .kind = SP_SMF_EVENT_CALL, .version = 2, .at_us = AT, .of.call = call_of(n)};
        sp_smf_encoder_add(&encoder, &event);
    }
    bool good = sp_smf_encoder_flush(&encoder) &&
                fwrite(encoder.bytes.ptr, 1, encoder.bytes.len, file) == encoder.bytes.len;
    sp_smf_encoder_finish(&encoder);
    return fclose(file) == 0 && good ? 0 : 1;
}
