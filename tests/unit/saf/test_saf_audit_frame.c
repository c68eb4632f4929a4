/* SPDX-License-Identifier: Apache-2.0
 * Events of the security database on their way to another process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "saf/audit_frame.h"

static struct sp_buf buf;
static struct sp_error err;
static struct sp_saf_audit_frame sent, got;

static int set_up(void **state)
{
    sp_buf_init(&buf, SP_SAF_FRAME_MAX);
    err = (struct sp_error)SP_ERROR_INIT;
    sent = (struct sp_saf_audit_frame){.number = 7, .lost = 3, .sender = "CICSTEST"};
    sent.event = (struct sp_saf_audit_event){
        .time_us = 1687944334844246,
        .code = SP_SAF_EVENT_ACCESS,
        .qualifier = 1,
        .violation = true,
        .saf_rc = 8,
        .racf_rc = 8,
        .user = "FRED",
        .group = "SYS1",
        .name = "FRED F",
        .class = "TCICSTRN",
        .resource = "ACCT",
        .profile = "A*",
        .profile_is_generic = true,
        .intent = SP_SAF_READ,
        .by = "UACC",
        .address = "192.0.2.7",
        .correlator = "00-1",
        .dist_name = "cn=Fr\xc3\xa9"
                     "d",
        .dist_realm = "R",
        .message = "ICH408I ...",
    };
    return 0;
}

static int tear_down(void **state)
{
    sp_buf_finish(&buf);
    return 0;
}

static enum sp_status read_back(void)
{
    memset(&got, 0x55, sizeof got);
    return sp_saf_frame_read(sp_buf_str(&buf), &got, &err);
}

static void an_event_comes_as_it_was_sent(void **state)
{
    assert_int_equal(sp_saf_frame_write(&buf, &sent), SP_OK);
    assert_int_equal(read_back(), SP_OK);
    assert_int_equal(got.number, 7);
    assert_int_equal(got.lost, 3);
    assert_string_equal(got.sender, "CICSTEST");
    assert_int_equal(got.event.time_us, sent.event.time_us);
    assert_int_equal(got.event.code, SP_SAF_EVENT_ACCESS);
    assert_int_equal(got.event.qualifier, 1);
    assert_true(got.event.violation && !got.event.warning && !got.event.asked_for);
    assert_true(got.event.profile_is_generic && !got.event.user_is_undefined && !got.event.by_passticket);
    assert_int_equal(got.event.saf_rc, 8);
    assert_int_equal(got.event.racf_rc, 8);
    assert_int_equal(got.event.racf_reason, 0);
    assert_int_equal(got.event.intent, SP_SAF_READ);
    assert_int_equal(got.event.allowed, SP_SAF_NONE);
    assert_int_equal(got.event.outcome, SP_SAF_VERIFIED);
    assert_string_equal(got.event.user, "FRED");
    assert_string_equal(got.event.group, "SYS1");
    assert_string_equal(got.event.name, "FRED F");
    assert_string_equal(got.event.appl, "");
    assert_string_equal(got.event.class, "TCICSTRN");
    assert_string_equal(got.event.resource, "ACCT");
    assert_string_equal(got.event.profile, "A*");
    assert_string_equal(got.event.by, "UACC");
    assert_string_equal(got.event.address, "192.0.2.7");
    assert_string_equal(got.event.correlator, "00-1");
    assert_string_equal(got.event.dist_name, sent.event.dist_name);
    assert_string_equal(got.event.dist_realm, "R");
    assert_string_equal(got.event.message, "ICH408I ...");
}

#define FILL(text) memset(sent.event.text, 'x', sizeof sent.event.text - 1)

static void the_longest_event_fits(void **state)
{
    FILL(user), FILL(group), FILL(name), FILL(appl), FILL(class), FILL(resource), FILL(profile), FILL(by);
    FILL(address), FILL(correlator), FILL(dist_name), FILL(dist_realm), FILL(message);
    assert_int_equal(sp_saf_frame_write(&buf, &sent), SP_OK);
    assert_int_equal(read_back(), SP_OK);
    assert_memory_equal(got.event.message, sent.event.message, sizeof sent.event.message);
    assert_int_equal(strlen(got.event.resource), SP_SAF_EVENT_TEXT_MAX);
}

static void a_length_is_known_from_four_bytes_and_bounded(void **state)
{
    size_t len = 99;
    assert_int_equal(sp_saf_frame_length(SP_STR("\0\0\1"), &len, &err), SP_OK);
    assert_int_equal(len, 0);
    assert_int_equal(sp_saf_frame_length(sp_str_from("\0\0\x10\0", 4), &len, &err), SP_OK);
    assert_int_equal(len, SP_SAF_FRAME_MAX);
    assert_int_equal(sp_saf_frame_length(sp_str_from("\0\0\x10\1", 4), &len, &err), SP_EPROTO);
    assert_int_equal(sp_saf_frame_length(sp_str_from("\0\0\0\x17", 4), &len, &err), SP_EPROTO);
    assert_non_null(strstr(err.text, "24 to 4096"));
}

/* Every single byte that is missing, or too many. */
static void a_frame_that_is_cut_or_too_long_is_refused(void **state)
{
    unsigned char bytes[SP_SAF_FRAME_MAX + 1] = {0};
    assert_int_equal(sp_saf_frame_write(&buf, &sent), SP_OK);
    memcpy(bytes, buf.ptr, buf.len);
    for (size_t len = 0; len <= buf.len + 1; len++) {
        if (len >= 24)
            sp_put_u32(bytes, (uint32_t)len);
        assert_int_equal(sp_saf_frame_read(sp_str_from(bytes, len), &got, &err),
                         len == buf.len ? SP_OK : SP_EPROTO);
        sp_put_u32(bytes, (uint32_t)buf.len);
    }
}

static enum sp_status with_byte(size_t at, unsigned char byte)
{
    unsigned char before = (unsigned char)buf.ptr[at];
    buf.ptr[at] = (char)byte;
    enum sp_status status = read_back();
    buf.ptr[at] = (char)before;
    return status;
}

static void values_that_an_event_cannot_have_are_refused(void **state)
{
    assert_int_equal(sp_saf_frame_write(&buf, &sent), SP_OK);
    size_t members = 24 + 2 + strlen(sent.sender); /* time, code, qualifier, violation, ... */
    assert_int_equal(read_back(), SP_OK);
    assert_int_equal(with_byte(7, 2), SP_EUNSUPPORTED);                /* version */
    assert_int_equal(with_byte(24 + 1, SP_SAF_ID_MAX + 1), SP_EPROTO); /* sender */
    assert_int_equal(with_byte(26, 0), SP_EPROTO);                     /* a NUL in it */
    assert_int_equal(with_byte(members, 0x80), SP_EPROTO);             /* a time before 1970 */
    assert_int_equal(with_byte(members + 15, 0), SP_EPROTO);           /* code */
    assert_int_equal(with_byte(members + 15, 3), SP_EPROTO);
    assert_int_equal(with_byte(members + 22, 1), SP_EPROTO); /* qualifier 257 */
    assert_int_equal(with_byte(members + 31, 2), SP_EPROTO); /* violation */
    assert_int_equal(with_byte(members + 31, 0), SP_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_comes_as_it_was_sent),
        TEST(the_longest_event_fits),
        TEST(a_length_is_known_from_four_bytes_and_bounded),
        TEST(a_frame_that_is_cut_or_too_long_is_refused),
        TEST(values_that_an_event_cannot_have_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("saf_audit_frame", tests, NULL, NULL);
}
