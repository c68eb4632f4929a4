/* SPDX-License-Identifier: Apache-2.0
 * What a worker says of a request comes out of the slot as it went in, cut where a slot ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/buf.h"
#include "intercept/smf/event.h"
#include "intercept/smf/event_json.h"

static _Alignas(8) unsigned char slot[SP_SMF_EVENT_BYTES];
static char texts[64][SP_SMF_EVENT_TEXT_MAX + 1];

static const enum sp_smf_version_index layouts[] = {SP_SMF_PROVIDER_2, SP_SMF_REQUESTER_2, SP_SMF_SECURITY_1};

static bool is_text(const struct sp_smf_field *field)
{
    return field->kind == SP_SMF_TEXT || field->kind == SP_SMF_BYTES;
}

static struct sp_str *text_of(struct sp_smf_event *event, const struct sp_smf_field *field)
{
    return (struct sp_str *)(void *)((char *)&event->of + field->member);
}

static uint64_t *number_of(struct sp_smf_event *event, const struct sp_smf_field *field)
{
    return (uint64_t *)(void *)((char *)&event->of + field->member);
}

/* An event whose every field says which it is; its texts have `len` bytes. */
static struct sp_smf_event event_of(enum sp_smf_event_kind kind, size_t len)
{
    struct sp_smf_event event;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    event.version = 2;
    event.at_us = 1700000000123456;
    event.delay_us = 250000;
    const struct sp_smf_section *item = &sp_smf_versions[layouts[kind]].item;
    for (size_t i = 0; i < item->count; i++) {
        const struct sp_smf_field *field = &item->fields[i];
        if (is_text(field)) {
            memset(texts[i], 'A' + (int)i % 26, len);
            *text_of(&event, field) = sp_str_from(texts[i], len);
        } else if (field->kind != SP_SMF_RESERVED) {
            *number_of(&event, field) = UINT64_C(0x8000000000000000) + i;
        }
    }
    return event;
}

static size_t text_count(enum sp_smf_event_kind kind)
{
    const struct sp_smf_section *item = &sp_smf_versions[layouts[kind]].item;
    size_t count = 0;
    for (size_t i = 0; i < item->count; i++)
        count += is_text(&item->fields[i]);
    return count;
}

static void every_field_of_every_kind_comes_out_as_it_went_in(void **state)
{
    for (enum sp_smf_event_kind kind = SP_SMF_EVENT_REQUEST; kind <= SP_SMF_EVENT_SECURITY; kind++) {
        const struct sp_smf_section *item = &sp_smf_versions[layouts[kind]].item;
        struct sp_smf_event in = event_of(kind, 5), head = {0}, out;
        memset(slot, 0xEE, sizeof slot);
        assert_true(sp_smf_event_pack(&in, slot) <= sizeof slot);
        assert_true(sp_smf_event_peek(slot, &head));
        assert_int_equal(head.kind, kind);
        assert_int_equal(head.version, 2);
        assert_int_equal(head.at_us, in.at_us);
        assert_int_equal(head.delay_us, in.delay_us);
        assert_true(sp_smf_event_unpack(slot, &out));
        assert_int_equal(out.at_us, in.at_us);
        for (size_t i = 0; i < item->count; i++) {
            const struct sp_smf_field *field = &item->fields[i];
            if (is_text(field))
                assert_true(sp_str_eq(*text_of(&out, field), *text_of(&in, field)));
            else if (field->kind != SP_SMF_RESERVED)
                assert_int_equal(*number_of(&out, field), *number_of(&in, field));
        }
    }
}

static void a_usual_request_takes_few_lines_of_the_cache(void **state)
{
    struct sp_smf_event event = event_of(SP_SMF_EVENT_REQUEST, 0);
    event.of.request.user = SP_STR("fred");
    event.of.request.mapped_user = SP_STR("FRED");
    event.of.request.client_address = SP_STR("192.0.2.100");
    event.of.request.api_name = event.of.request.service_name = SP_STR("accounts");
    event.of.request.method = SP_STR("POST");
    event.of.request.uri = SP_STR("/accounts/v1/customers/0815/transactions");
    event.of.request.provider = SP_STR("CICS-1.0");
    event.of.request.sor_reference = SP_STR("cicsConnection");
    event.of.request.sor_resource = SP_STR("CSMI,ACCOUNTS,INQUIRE");
    assert_true(sp_smf_event_pack(&event, slot) <= 440);
}

static void what_is_longer_than_a_text_or_a_slot_is_cut(void **state)
{
    for (enum sp_smf_event_kind kind = SP_SMF_EVENT_REQUEST; kind <= SP_SMF_EVENT_SECURITY; kind++) {
        const struct sp_smf_section *item = &sp_smf_versions[layouts[kind]].item;
        struct sp_smf_event in = event_of(kind, SP_SMF_EVENT_TEXT_MAX + 1), out;
        size_t seen = 0, whole = 0;
        assert_int_equal(sp_smf_event_pack(&in, slot), SP_SMF_EVENT_BYTES);
        assert_true(sp_smf_event_unpack(slot, &out));
        for (size_t i = 0; i < item->count; i++) {
            const struct sp_smf_field *field = &item->fields[i];
            if (!is_text(field))
                continue;
            struct sp_str text = *text_of(&out, field);
            assert_true(text.len <= SP_SMF_EVENT_TEXT_MAX);
            assert_memory_equal(text.ptr, text_of(&in, field)->ptr, text.len);
            whole += text.len == SP_SMF_EVENT_TEXT_MAX;
            seen++;
        }
        assert_int_equal(seen, text_count(kind));
        assert_int_equal(whole, 3);
    }
}

static void what_fills_the_slot_to_its_last_byte_is_whole(void **state)
{
    struct sp_smf_event in = event_of(SP_SMF_EVENT_REQUEST, 0), out;
    size_t empty = sp_smf_event_pack(&in, slot), left = SP_SMF_EVENT_BYTES - empty;
    in.of.request.uri = sp_str_from(texts[0], SP_SMF_EVENT_TEXT_MAX);
    in.of.request.query = sp_str_from(texts[1], SP_SMF_EVENT_TEXT_MAX);
    in.of.request.user = sp_str_from(texts[2], SP_SMF_EVENT_TEXT_MAX);
    left -= 3 * SP_SMF_EVENT_TEXT_MAX;
    in.of.request.token = sp_str_from(texts[3], left);
    assert_int_equal(sp_smf_event_pack(&in, slot), SP_SMF_EVENT_BYTES);
    assert_true(sp_smf_event_unpack(slot, &out));
    assert_int_equal(out.of.request.token.len, left);
    in.of.request.token = sp_str_from(texts[3], left + 1);
    assert_int_equal(sp_smf_event_pack(&in, slot), SP_SMF_EVENT_BYTES);
    assert_true(sp_smf_event_unpack(slot, &out));
    assert_int_equal(out.of.request.token.len, left);
}

/* Whatever stands in a slot: it is taken for no event, or its texts lie within it. */
static void bytes_that_are_no_event_are_not_read_beyond_the_slot(void **state)
{
    struct sp_smf_event in = event_of(SP_SMF_EVENT_REQUEST, 9), out;
    memset(slot, 0xFF, sizeof slot);
    assert_false(sp_smf_event_peek(slot, &out));
    assert_false(sp_smf_event_unpack(slot, &out));
    memset(slot, 0, sizeof slot);
    assert_false(sp_smf_event_unpack(slot, &out)); /* never written */
    srandom(1);
    unsigned refused = 0;
    for (int round = 0; round < 20000; round++) {
        size_t len = sp_smf_event_pack(&in, slot);
        slot[(size_t)random() % len] ^= (unsigned char)(1 + random() % 255);
        if (!sp_smf_event_unpack(slot, &out)) {
            refused++;
            continue;
        }
        const struct sp_smf_section *item = &sp_smf_versions[layouts[out.kind]].item;
        for (size_t i = 0; i < item->count; i++)
            if (is_text(&item->fields[i])) {
                struct sp_str text = *text_of(&out, &item->fields[i]);
                assert_true((const unsigned char *)text.ptr >= slot);
                assert_true((const unsigned char *)text.ptr + text.len <= slot + sizeof slot);
            }
    }
    assert_true(refused > 1000);
}

static const char *packed(const struct sp_smf_event *event)
{
    static unsigned char text[8192];
    struct sp_smf_event unpacked;
    struct sp_buf buf = sp_buf_over(text, sizeof text);
    struct sp_json_writer writer;
    sp_smf_event_pack(event, slot);
    assert_true(sp_smf_event_unpack(slot, &unpacked));
    sp_json_writer_init(&writer, &buf, 0);
    sp_smf_event_json(&unpacked, &writer);
    sp_buf_append_byte(&buf, 0);
    assert_false(buf.failed);
    return (const char *)text;
}

static void an_event_has_what_records_have_no_place_for(void **state)
{
    static char uri[1024], query[1024], api[1024];
    struct sp_smf_event event = {.kind = SP_SMF_EVENT_REQUEST,
                                 .version = 2,
                                 .of.request = {.type = 1,
                                                .user = SP_STR_INIT("anna"),
                                                .scheme = SP_STR_INIT("jwt"),
                                                .realm = SP_STR_INIT("https://issuer"),
                                                .original_user = SP_STR_INIT("4711"),
                                                .scopes = SP_STR_INIT("read write"),
                                                .claims = SP_STR_INIT("{\"azp\":\"app\"}")}};
    assert_non_null(strstr(packed(&event), "\"user\":\"anna\",\"realm\":\"https://issuer\",\"originalUser\":"
                                           "\"4711\",\"scheme\":\"jwt\",\"scopes\":\"read write\","
                                           "\"claims\":{\"azp\":\"app\"}"));
    /* Where there is no room the rest stays JSON. */
    memset(uri, 'u', sizeof uri);
    memset(query, 'q', sizeof query);
    memset(api, 'a', sizeof api);
    event.of.request.uri = sp_str_from(uri, sizeof uri);
    event.of.request.query = sp_str_from(query, sizeof query);
    event.of.request.api_name = sp_str_from(api, sizeof api);
    event.of.request.service_name = sp_str_from(api, sizeof api);
    const char *text = packed(&event);
    assert_null(strstr(text, "claims"));
    assert_int_equal(text[strlen(text) - 1], '}');
    event.of.request = (struct sp_smf_request){.user = SP_STR_INIT("anna")};
    assert_null(strstr(packed(&event), "scheme"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_kind_comes_out_as_it_went_in),
        cmocka_unit_test(a_usual_request_takes_few_lines_of_the_cache),
        cmocka_unit_test(what_is_longer_than_a_text_or_a_slot_is_cut),
        cmocka_unit_test(what_fills_the_slot_to_its_last_byte_is_whole),
        cmocka_unit_test(an_event_has_what_records_have_no_place_for),
        cmocka_unit_test(bytes_that_are_no_event_are_not_read_beyond_the_slot),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_event", tests, NULL, NULL);
}
