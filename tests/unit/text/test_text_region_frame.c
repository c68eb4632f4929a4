/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "text/region_frame.h"

static struct sp_arena arena;
static struct sp_buf buf;
static struct sp_error err;

static int setup(void **state)
{
    sp_arena_init(&arena, 1u << 20);
    sp_buf_init(&buf, SP_REGION_FRAME_MAX);
    sp_error_clear(&err);
    return 0;
}

static int teardown(void **state)
{
    sp_arena_finish(&arena);
    sp_buf_finish(&buf);
    return 0;
}

static struct sp_region_link small_link(void)
{
    return (struct sp_region_link){.request_id = 7, .program = SP_STR("INQACC"), .commarea = SP_STR("\1\2")};
}

static void assert_str(struct sp_str have, const char *want)
{
    if (!sp_str_is(have, want))
        fail_msg("\"%.*s\" instead of \"%s\"", SP_STR_ARG(have), want);
}

/* The bytes of docs/internals/region-protocol.md. */
static const unsigned char example[] = {
    'S', 'P', 'R', 'G', 1, 2, 0, 0, 0,   0,   0,   48,  0,   0,   0, 7, 0, 0, 0, 2, 0, 0, 0, 0, /* header */
    0,   1,   0,   1,   0, 0, 0, 6, 'I', 'N', 'Q', 'A', 'C', 'C',                               /* PROGRAM */
    0,   13,  0,   1,   0, 0, 0, 2, 1,   2,                                                     /* COMMAREA */
};

static void a_link_has_the_documented_bytes(void **state)
{
    struct sp_region_link link = small_link();
    assert_int_equal(sp_region_link_write(&buf, &link), SP_OK);
    assert_int_equal(buf.len, sizeof example);
    assert_memory_equal(buf.ptr, example, sizeof example);
}

static void every_part_of_a_link_arrives(void **state)
{
    struct sp_region_container containers[] = {
        {SP_STR_INIT("REQ-CONT"), true, SP_STR_INIT("abc")},
        {SP_STR_INIT("\xc2\xac-23456789012345"), false, SP_STR_INIT("")},
    };
    struct sp_region_link sent = {
        .request_id = 0xfffffffe,
        .program = SP_STR("PROGRAM8"),
        .transaction = SP_STR("ABCD"),
        .transaction_is_mirror = true,
        .user = SP_STR("USER0001"),
        .password = SP_STR("pass phrase"),
        .dist_name = SP_STR("CN=Zo\xc3\xab,O=x"),
        .dist_realm = SP_STR("ldap"),
        .ccsid = 1047,
        .deadline_ms = 30000,
        .correlator = SP_STR("c-1"),
        .has_channel = true,
        .channel = SP_STR("CHANNEL-16-CHARS"),
        .containers = containers,
        .container_count = 2,
        .answer_bytes = 1981,
    };
    struct sp_region_link got;
    assert_int_equal(sp_region_link_write(&buf, &sent), SP_OK);
    assert_int_equal(sp_region_link_read(sp_buf_str(&buf), &arena, &got, &err), SP_OK);
    assert_true(got.request_id == 0xfffffffe);
    assert_str(got.program, "PROGRAM8");
    assert_str(got.transaction, "ABCD");
    assert_true(got.transaction_is_mirror);
    assert_str(got.user, "USER0001");
    assert_str(got.password, "pass phrase");
    assert_str(got.dist_name, "CN=Zo\xc3\xab,O=x");
    assert_str(got.dist_realm, "ldap");
    assert_int_equal(got.ccsid, 1047);
    assert_int_equal(got.deadline_ms, 30000);
    assert_str(got.correlator, "c-1");
    assert_true(got.has_channel);
    assert_str(got.channel, "CHANNEL-16-CHARS");
    assert_int_equal(got.container_count, 2);
    assert_str(got.containers[0].name, "REQ-CONT");
    assert_true(got.containers[0].is_char);
    assert_str(got.containers[0].data, "abc");
    assert_str(got.containers[1].name, "\xc2\xac-23456789012345");
    assert_false(got.containers[1].is_char);
    assert_int_equal(got.containers[1].data.len, 0);
    assert_int_equal(got.commarea.len, 0);
    assert_int_equal(got.answer_bytes, 1981);
}

static void every_part_of_an_answer_arrives(void **state)
{
    struct sp_region_answer sent = {.request_id = 3,
                                    .outcome = SP_REGION_ABEND,
                                    .abend = SP_STR("ASRA"),
                                    .reason = SP_STR("program check"),
                                    .commarea = SP_STR("\0xyz")};
    struct sp_region_answer got;
    assert_int_equal(sp_region_answer_write(&buf, &sent), SP_OK);
    assert_int_equal(sp_region_answer_read(sp_buf_str(&buf), &arena, &got, &err), SP_OK);
    assert_int_equal(got.request_id, 3);
    assert_int_equal(got.outcome, SP_REGION_ABEND);
    assert_str(got.abend, "ASRA");
    assert_str(got.reason, "program check");
    assert_false(got.has_channel);
    assert_int_equal(got.commarea.len, 4);

    /* A channel may come back without any container. */
    sp_buf_reset(&buf);
    sent = (struct sp_region_answer){.request_id = 4, .has_channel = true};
    assert_int_equal(sp_region_answer_write(&buf, &sent), SP_OK);
    assert_int_equal(sp_region_answer_read(sp_buf_str(&buf), &arena, &got, &err), SP_OK);
    assert_true(got.has_channel);
    assert_int_equal(got.container_count, 0);
    assert_int_equal(got.outcome, SP_REGION_NORMAL);
}

static void hello_refuse_and_bare_frames_arrive(void **state)
{
    struct sp_region_hello hello = {9, SP_STR("SALLYPRT"), SP_STR("NETA"), 37}, got;
    struct sp_region_header header;
    struct sp_str reason;
    assert_int_equal(sp_region_hello_write(&buf, &hello), SP_OK);
    assert_int_equal(sp_region_hello_read(sp_buf_str(&buf), &got, &err), SP_OK);
    assert_int_equal(got.request_id, 9);
    assert_str(got.applid, "SALLYPRT");
    assert_str(got.networkid, "NETA");
    assert_int_equal(got.ccsid, 37);

    sp_buf_reset(&buf);
    assert_int_equal(sp_region_refuse_write(&buf, 9, SP_STR("no")), SP_OK);
    assert_int_equal(sp_region_refuse_read(sp_buf_str(&buf), &reason, &err), SP_OK);
    assert_str(reason, "no");
    assert_int_equal(sp_region_hello_read(sp_buf_str(&buf), &got, &err), SP_EPROTO);

    const enum sp_region_kind bare[] = {SP_REGION_CANCEL, SP_REGION_PING, SP_REGION_PONG};
    for (size_t i = 0; i < 3; i++) {
        sp_buf_reset(&buf);
        assert_int_equal(sp_region_bare_write(&buf, bare[i], 5), SP_OK);
        assert_int_equal(buf.len, SP_REGION_HEADER_BYTES);
        assert_int_equal(sp_region_header_read(sp_buf_str(&buf), &header, &err), SP_OK);
        assert_int_equal(header.kind, bare[i]);
        assert_int_equal(header.request_id, 5);
    }
    sp_buf_reset(&buf);
    assert_int_equal(sp_region_bare_write(&buf, SP_REGION_LINK, 5), SP_EINVAL);
    assert_int_equal(buf.len, 0);
}

static void a_frames_length_is_known_from_its_header_alone(void **state)
{
    size_t len = 99;
    struct sp_str all = sp_str_from(example, sizeof example);
    for (size_t n = 0; n < SP_REGION_HEADER_BYTES; n++) {
        assert_int_equal(sp_region_frame_length(NULL, sp_str_slice(all, 0, n), &len), SP_OK);
        assert_int_equal(len, 0);
    }
    assert_int_equal(sp_region_frame_length(NULL, sp_str_slice(all, 0, 24), &len), SP_OK);
    assert_int_equal(len, 48);
    /* What cannot become a frame is told with its first byte. */
    assert_int_equal(sp_region_frame_length(NULL, SP_STR("G"), &len), SP_EPROTO);
    assert_int_equal(sp_region_frame_length(NULL, SP_STR("SPRX"), &len), SP_EPROTO);
    unsigned char header[24];
    memcpy(header, example, 24);
    sp_put_u32(header + 8, SP_REGION_FRAME_MAX);
    assert_int_equal(sp_region_frame_length(NULL, sp_str_from(header, 24), &len), SP_OK);
    assert_int_equal(len, SP_REGION_FRAME_MAX);
    sp_put_u32(header + 8, SP_REGION_FRAME_MAX + 1);
    assert_int_equal(sp_region_frame_length(NULL, sp_str_from(header, 24), &len), SP_EPROTO);
    sp_put_u32(header + 8, 23);
    assert_int_equal(sp_region_frame_length(NULL, sp_str_from(header, 24), &len), SP_EPROTO);
}

static void a_changed_byte_of_the_header_is_refused(void **state)
{
    static const struct {
        unsigned at;
        unsigned char value;
    } changes[] = {{0, 's'}, {4, 0},   {4, 2},  {5, 0},  {5, 8},  {7, 1},
                   {11, 49}, {11, 47}, {18, 3}, {19, 1}, {19, 3}, {23, 1}};
    struct sp_region_link got;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        unsigned char frame[sizeof example];
        memcpy(frame, example, sizeof frame);
        frame[changes[i].at] = changes[i].value;
        assert_int_equal(sp_region_link_read(sp_str_from(frame, sizeof frame), &arena, &got, &err),
                         SP_EPROTO);
        assert_true(err.offset >= 0);
    }
}

static void a_frame_cut_anywhere_is_refused(void **state)
{
    struct sp_region_link got;
    for (size_t n = 0; n < sizeof example; n++) {
        unsigned char frame[sizeof example];
        memcpy(frame, example, sizeof frame);
        sp_put_u32(frame + 8, (uint32_t)n);
        assert_int_equal(sp_region_link_read(sp_str_from(frame, n), &arena, &got, &err), SP_EPROTO);
    }
}

/* A frame from raw fields, each given as id, flags, bytes. */
static void raw(enum sp_region_kind kind, size_t count, ...)
{
    va_list args;
    va_start(args, count);
    sp_buf_reset(&buf);
    sp_buf_append(&buf, example, SP_REGION_HEADER_BYTES);
    for (size_t i = 0; i < count; i++) {
        sp_buf_append_u16(&buf, (uint16_t)va_arg(args, int));
        sp_buf_append_u16(&buf, (uint16_t)va_arg(args, int));
        struct sp_str value = va_arg(args, struct sp_str);
        sp_buf_append_u32(&buf, (uint32_t)value.len);
        sp_buf_append_str(&buf, value);
    }
    va_end(args);
    buf.ptr[5] = (unsigned char)kind;
    sp_put_u32(buf.ptr + 8, (uint32_t)buf.len);
    sp_put_u32(buf.ptr + 16, (uint32_t)count);
}

static enum sp_status read_raw_link(void)
{
    struct sp_region_link got;
    return sp_region_link_read(sp_buf_str(&buf), &arena, &got, &err);
}

static void an_unknown_field_is_skipped_unless_required(void **state)
{
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 999, 0, SP_STR("new"));
    assert_int_equal(read_raw_link(), SP_OK);
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 999, 1, SP_STR("new"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    assert_non_null(strstr(err.text, "999"));
    /* A field of another kind of frame is as unknown as any. */
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 16, 1, SP_STR("ASRA"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 1, 1, 3, SP_STR("P"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
}

static void a_field_given_twice_or_missing_is_refused(void **state)
{
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 1, 1, SP_STR("Q"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    assert_non_null(strstr(err.text, "PROGRAM is there twice"));
    raw(SP_REGION_LINK, 0);
    assert_int_equal(read_raw_link(), SP_EPROTO);
    assert_non_null(strstr(err.text, "PROGRAM is missing"));
    struct sp_region_answer answer;
    raw(SP_REGION_ANSWER, 0);
    assert_int_equal(sp_region_answer_read(sp_buf_str(&buf), &arena, &answer, &err), SP_EPROTO);
    raw(SP_REGION_ANSWER, 1, 15, 1, SP_STR("\0\0\0\7"));
    assert_int_equal(sp_region_answer_read(sp_buf_str(&buf), &arena, &answer, &err), SP_OK);
    raw(SP_REGION_ANSWER, 1, 15, 1, SP_STR("\0\0\0\10"));
    assert_int_equal(sp_region_answer_read(sp_buf_str(&buf), &arena, &answer, &err), SP_EPROTO);
}

static void channel_and_commarea_exclude_each_other(void **state)
{
    raw(SP_REGION_LINK, 3, 1, 1, SP_STR("P"), 11, 1, SP_STR("C"), 13, 1, SP_STR("x"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 12, 1, SP_STR("\0\1Ax"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 3, 1, 1, SP_STR("P"), 11, 1, SP_STR("C"), 12, 1, SP_STR("\0\1Ax"));
    assert_int_equal(read_raw_link(), SP_OK);
    raw(SP_REGION_LINK, 4, 1, 1, SP_STR("P"), 11, 1, SP_STR("C"), 12, 1, SP_STR("\0\1Ax"), 12, 1,
        SP_STR("\1\1Ay"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    assert_non_null(strstr(err.text, "two containers of one name"));

    struct sp_region_link link = small_link();
    sp_buf_reset(&buf);
    link.has_channel = true;
    assert_int_equal(sp_region_link_write(&buf, &link), SP_EINVAL);
    link = small_link();
    link.channel = SP_STR("C");
    assert_int_equal(sp_region_link_write(&buf, &link), SP_EINVAL);
    assert_int_equal(buf.len, 0);
}

static void a_broken_container_is_refused(void **state)
{
    static const struct sp_str bad[] = {
        SP_STR_INIT(""),
        SP_STR_INIT("\0"),
        SP_STR_INIT("\0\2A"),
        SP_STR_INIT("\2\1A"),
        SP_STR_INIT("\0\0abc"),
        SP_STR_INIT("\0\1 "),
        SP_STR_INIT("\0\2\302A"),
        SP_STR_INIT("\0\1\302"),
        SP_STR_INIT("\0\x11"
                    "12345678901234567"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        raw(SP_REGION_LINK, 3, 1, 1, SP_STR("P"), 11, 1, SP_STR("C"), 12, 1, bad[i]);
        assert_int_equal(read_raw_link(), SP_EPROTO);
    }
}

static void names_have_their_greatest_lengths(void **state)
{
    static const struct {
        int id;
        unsigned most;
    } names[] = {{1, 8},   {2, 4},   {4, 8},
                 {5, 100}, {6, 246}, {7, 252},
                 {10, 64}, {11, 16}, {13, SP_REGION_COMMAREA_MAX}};
    static char text[SP_REGION_COMMAREA_MAX + 1];
    memset(text, 'A', sizeof text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (unsigned over = 0; over < 2; over++) {
            struct sp_str value = {text, names[i].most + over};
            if (names[i].id == 1)
                raw(SP_REGION_LINK, 1, 1, 1, value);
            else
                raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), names[i].id, 1, value);
            assert_int_equal(read_raw_link(), over ? SP_EPROTO : SP_OK);
        }
    }
    raw(SP_REGION_LINK, 1, 1, 1, SP_STR(""));
    assert_int_equal(read_raw_link(), SP_EPROTO);
}

static void names_have_no_blanks_or_controls(void **state)
{
    static const struct sp_str bad[] = {SP_STR_INIT("A B"), SP_STR_INIT("A\n"), SP_STR_INIT("\0"),
                                        SP_STR_INIT("\xe9"), SP_STR_INIT("\x7f")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        raw(SP_REGION_LINK, 1, 1, 1, bad[i]);
        assert_int_equal(read_raw_link(), SP_EPROTO);
    }
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 6, 1, SP_STR("CN=a\nb"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 6, 1, SP_STR("CN=\xc3("));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 3, 1, SP_STR("\2"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 8, 1, SP_STR("\0\0\0"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
    raw(SP_REGION_LINK, 2, 1, 1, SP_STR("P"), 8, 1, SP_STR("\0\1\0\0"));
    assert_int_equal(read_raw_link(), SP_EPROTO);
}

static void the_greatest_number_of_containers_passes_and_one_more_does_not(void **state)
{
    static struct sp_region_container containers[SP_REGION_CONTAINERS_MAX + 1];
    static char names[SP_REGION_CONTAINERS_MAX + 1][8];
    for (unsigned i = 0; i <= SP_REGION_CONTAINERS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "C%u", i);
        containers[i].name = sp_str_of(names[i]);
    }
    struct sp_region_link got, link = {.program = SP_STR("P"),
                                       .has_channel = true,
                                       .channel = SP_STR("C"),
                                       .containers = containers,
                                       .container_count = SP_REGION_CONTAINERS_MAX};
    assert_int_equal(sp_region_link_write(&buf, &link), SP_OK);
    assert_int_equal(sp_region_link_read(sp_buf_str(&buf), &arena, &got, &err), SP_OK);
    assert_int_equal(got.container_count, SP_REGION_CONTAINERS_MAX);
    sp_buf_reset(&buf);
    link.container_count++;
    assert_int_equal(sp_region_link_write(&buf, &link), SP_EINVAL);

    /* The same bytes with one container more. */
    link.container_count--;
    assert_int_equal(sp_region_link_write(&buf, &link), SP_OK);
    static const unsigned char extra[] = {0, 12, 0, 1, 0, 0, 0, 3, 0, 1, 'X'};
    sp_buf_append(&buf, extra, sizeof extra);
    sp_put_u32(buf.ptr + 8, (uint32_t)buf.len);
    sp_put_u32(buf.ptr + 16, sp_get_u32(buf.ptr + 16) + 1);
    assert_int_equal(read_raw_link(), SP_EPROTO);
}

static void too_many_fields_are_refused(void **state)
{
    for (unsigned over = 0; over < 2; over++) {
        raw(SP_REGION_LINK, 1, 1, 1, SP_STR("P"));
        for (unsigned i = 1; i < SP_REGION_FIELDS_MAX + over; i++)
            sp_buf_append(&buf, "\3\350\0\0\0\0\0\0", 8);
        sp_put_u32(buf.ptr + 8, (uint32_t)buf.len);
        sp_put_u32(buf.ptr + 16, SP_REGION_FIELDS_MAX + over);
        assert_int_equal(read_raw_link(), over ? SP_EPROTO : SP_OK);
    }
}

static void a_value_out_of_range_is_not_written(void **state)
{
    struct sp_region_link link = small_link();
    assert_int_equal(sp_region_link_write(&buf, &link), SP_OK);
    size_t before = buf.len;
    link.program = SP_STR("TOOLONG99");
    assert_int_equal(sp_region_link_write(&buf, &link), SP_EINVAL);
    assert_int_equal(buf.len, before);
    link.program = SP_STR("");
    assert_int_equal(sp_region_link_write(&buf, &link), SP_EINVAL);
    link = small_link();
    link.answer_bytes = SP_REGION_FRAME_MAX + 1;
    assert_int_equal(sp_region_link_write(&buf, &link), SP_EINVAL);
    assert_int_equal(buf.len, before);
}

static void a_full_buffer_loses_nothing(void **state)
{
    struct sp_buf small;
    struct sp_region_link link = small_link();
    sp_buf_init(&small, sizeof example + 47);
    assert_int_equal(sp_region_link_write(&small, &link), SP_OK);
    assert_int_equal(sp_region_link_write(&small, &link), SP_ELIMIT);
    assert_int_equal(small.len, sizeof example);
    assert_memory_equal(small.ptr, example, sizeof example);
    sp_buf_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_link_has_the_documented_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(every_part_of_a_link_arrives, setup, teardown),
        cmocka_unit_test_setup_teardown(every_part_of_an_answer_arrives, setup, teardown),
        cmocka_unit_test_setup_teardown(hello_refuse_and_bare_frames_arrive, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frames_length_is_known_from_its_header_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_byte_of_the_header_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_cut_anywhere_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_field_is_skipped_unless_required, setup, teardown),
        cmocka_unit_test_setup_teardown(a_field_given_twice_or_missing_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(channel_and_commarea_exclude_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_container_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(names_have_their_greatest_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(names_have_no_blanks_or_controls, setup, teardown),
        cmocka_unit_test_setup_teardown(the_greatest_number_of_containers_passes_and_one_more_does_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(too_many_fields_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_out_of_range_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_buffer_loses_nothing, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
