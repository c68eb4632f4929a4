/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "hex.h"
#include "layout_text.h"

#define RECORD_MAX 40000

void fixture_init(struct fixture *f, const char *layout)
{
    *f = (struct fixture){0};
    sp_arena_init(&f->arena, 64 << 20);
    sp_arena_init(&f->request_arena, 64 << 20);
    f->sar.name = SP_STR("Svc");
    f->sar.request = f->sar.response = layout_from_text(layout, &f->arena);
    f->sar.conversion.trim_output_trailing = true;
    f->profile.codepage = sp_codepage_find(37, SP_NEWLINE_15);
    f->request_map.steps = f->request_steps;
    f->response_map.steps = f->response_steps;
    f->response = (struct sp_aar_response){.code = 200, .map = &f->response_map, .is_default = true};
    f->operation = (struct sp_aar_operation){
        .method = SP_STR("POST"),
        .template = SP_STR("/x/{id}"),
        .request = &f->request_map,
        .responses = &f->response,
        .response_count = 1,
    };
}

void fixture_response(struct fixture *f, const char *layout)
{
    f->sar.response = layout_from_text(layout, &f->arena);
}

void fixture_finish(struct fixture *f)
{
    sp_arena_finish(&f->arena);
    sp_arena_finish(&f->request_arena);
}

void fixture_request_step(struct fixture *f, struct sp_map_step step)
{
    f->request_steps[f->request_map.step_count++] = step;
}

void fixture_response_step(struct fixture *f, struct sp_map_step step)
{
    f->response_steps[f->response_map.step_count++] = step;
}

void fixture_give(struct fixture *f, enum sp_map_place place, const char *text)
{
    unsigned number = place == SP_MAP_PATH ? 0 : place == SP_MAP_QUERY ? 1 : 2;
    struct sp_parameter *list = f->parameters[number];
    struct sp_str rest = sp_str_of(text), part;
    size_t count = 0;
    while (rest.len && sp_str_split(&rest, '&', &part)) {
        size_t equals = sp_str_find(part, '=');
        list[count].name = sp_str_slice(part, 0, equals);
        list[count++].value = sp_str_slice(part, equals + 1, part.len);
    }
    if (number == 0) {
        f->values.path = list;
        f->values.path_count = count;
    } else if (number == 1) {
        f->values.query = list;
        f->values.query_count = count;
    } else {
        f->values.headers = list;
        f->values.header_count = count;
    }
}

enum sp_status fixture_try_compile(struct fixture *f, bool with_operation)
{
    return sp_mapping_compile(&f->sar, with_operation ? &f->operation : NULL, &f->profile, &f->options,
                              &f->arena, &f->mapping, &f->err);
}

static void compile(struct fixture *f, bool with_operation)
{
    if (fixture_try_compile(f, with_operation) != SP_OK)
        fail_msg("%s %s", f->err.id, f->err.text);
}

void fixture_compile(struct fixture *f)
{
    compile(f, false);
}

void fixture_compile_operation(struct fixture *f)
{
    compile(f, true);
}

enum sp_status fixture_ask(struct fixture *f, struct sp_str json, struct sp_record_set *ret_records)
{
    sp_arena_reset(&f->request_arena);
    f->values.body = json;
    return sp_mapping_request(f->mapping, &f->values, &f->request_arena, ret_records, &f->err);
}

void check_request(struct fixture *f, const char *json, const char *hex)
{
    struct sp_record_set set;
    if (fixture_ask(f, sp_str_of(json), &set) != SP_OK)
        fail_msg("%s: %s %s", json, f->err.id, f->err.text);
    struct sp_str rest = sp_str_of(hex), part;
    size_t number = 0;
    while (sp_str_split(&rest, '|', &part)) {
        static unsigned char expected[RECORD_MAX];
        static char one[2 * RECORD_MAX + 1], want[2 * RECORD_MAX + 1], have[2 * RECORD_MAX + 1];
        snprintf(one, sizeof one, "%.*s", SP_STR_ARG(part));
        size_t len = hex_read(one, expected, sizeof expected);
        assert_true(number < set.count);
        struct sp_str bytes = set.records[number++].bytes;
        hex_write(expected, len, want, sizeof want);
        hex_write((const unsigned char *)bytes.ptr, bytes.len, have, sizeof have);
        assert_string_equal(have, want);
    }
    assert_int_equal(number, set.count);
}

static void check_error(struct fixture *f, const char *what, const char *id, const char *text)
{
    if (strcmp(f->err.id, id) != 0 || !strstr(f->err.text, text))
        fail_msg("%s: %s %s (expected %s %s)", what, f->err.id, f->err.text, id, text);
}

void check_refused(struct fixture *f, const char *json, const char *id, const char *text)
{
    struct sp_record_set set = {0};
    enum sp_status status = fixture_ask(f, sp_str_of(json), &set);
    if (status == SP_OK)
        fail_msg("accepted: %s", json);
    assert_true(status == SP_EINVAL || status == SP_ESYNTAX);
    assert_int_equal(f->err.status, status);
    assert_null(set.records);
    check_error(f, json, id, text);
}

enum sp_status fixture_answer(struct fixture *f, const char *hex, struct sp_mapped_response *ret_response)
{
    static unsigned char bytes[8][RECORD_MAX];
    struct sp_record records[8] = {0};
    size_t count = 0;
    struct sp_str rest = sp_str_of(hex), part;
    const struct sp_segment *segment = f->sar.response->segments;
    sp_arena_reset(&f->request_arena);
    while (sp_str_split(&rest, '|', &part)) {
        static char one[2 * RECORD_MAX + 1];
        snprintf(one, sizeof one, "%.*s", SP_STR_ARG(part));
        size_t len = hex_read(one, bytes[count], RECORD_MAX);
        /* A copy of exactly this size, so that reading behind it is seen. */
        char *copy = malloc(len ? len : 1);
        memcpy(copy, bytes[count], len);
        records[count].bytes = sp_str_from(copy, len);
        if (segment && f->sar.response->is_channel)
            records[count].container = segment->original;
        segment = segment ? segment->next : NULL;
        count++;
    }
    struct sp_record_set set = {records, count};
    enum sp_status status = sp_mapping_response(f->mapping, &set, &f->request_arena, ret_response, &f->err);
    for (size_t i = 0; i < count; i++)
        free((char *)records[i].bytes.ptr);
    return status;
}

void check_response(struct fixture *f, const char *hex, const char *json)
{
    struct sp_mapped_response response;
    if (fixture_answer(f, hex, &response) != SP_OK)
        fail_msg("%s: %s %s", hex, f->err.id, f->err.text);
    struct sp_str body = sp_arena_str(&f->request_arena, response.body);
    assert_string_equal(body.ptr, json);
}

void check_bad_answer(struct fixture *f, const char *hex, const char *id, const char *text)
{
    struct sp_mapped_response response = {0};
    enum sp_status status = fixture_answer(f, hex, &response);
    if (status == SP_OK)
        fail_msg("accepted: %s -> %.*s", hex, SP_STR_ARG(response.body));
    assert_int_equal(status, SP_EPROTO);
    assert_null(response.body.ptr);
    check_error(f, hex, id, text);
}

void check_both(struct fixture *f, const char *json, const char *hex)
{
    check_request(f, json, hex);
    check_response(f, hex, json);
}
