/* SPDX-License-Identifier: Apache-2.0
 * JSON as a request of one of several operations, and bytes as the answer of its program. What was accepted
 * and answered once is stable: the answer's JSON sent again gives records that answer with the same JSON.
 *
 * Byte 0: the layout; byte 1: conversion options; byte 2: other options and which way; the rest is the JSON,
 * or the records' bytes (two containers: halves).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "layout_text.h"
#include "mapping/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const layouts[] = {
    "A{ Eye:X4 No:Z8 Rate:Z6.2 Bal:SZ12.2 Lead:SZ3l Sep:SZ3e Both:SZ3le Fine:SZ8.6 P:SP7.2 Q:P4 R:SP31 }",
    "A{ B:SB2/4 C:B2/4n D:SB4/8.2 E:SB8/18 F:B8/20n G:SB1/2 H:F4 I:F8 J:N4 K:X1 }",
    "A{ -C:Z2 L[0..20 C]{ T:X6 -D:SB2/4 M[1..3 D]:SP5.2 U:X2 } Tail:X3 } B:Z2",
    "A{ N:Z1 L[0..5 N]:X2 M[0..4 N]:Z2 O[2]{ -K:P3 V[0..3 K]{ W:F4 } } }",
    "ONE| A{ X:X4=x ^Y{ Z:SP3=5 } ^W:Z4 V:X2 } |TWO?| B{ -H:Z2=3 -G[0..5 H]{ I:X1=i } J:X3 }",
    "A{ Id:X8 Sub{ Deep{ Deeper{ T:X3=t N:Z3=7 } } } Codes[4]:Z2 -Hid:SP3=x'012c' }",
};

#define LAYOUTS (sizeof layouts / sizeof layouts[0])

struct service {
    uint32_t key; /* 0: none */
    const struct sp_mapping *mapping;
    bool has_operation;
    struct sp_arena arena;
    struct sp_sar sar;
    struct sp_host_profile profile;
    struct sp_aar_operation operation;
};

static struct sp_map_step request_steps[] = {
    {.verb = SP_MAP_MOVE, .from_place = SP_MAP_QUERY, .from = SP_STR_INIT("id"), .to = SP_STR_INIT("Id")},
    {.verb = SP_MAP_MOVE,
     .from_place = SP_MAP_QUERY,
     .from = SP_STR_INIT("code"),
     .to = SP_STR_INIT("Codes")},
    {.verb = SP_MAP_ASSIGN, .to = SP_STR_INIT("Sub/Deep/Deeper/N"), .value = SP_STR_INIT("42")},
};
static struct sp_map_step response_steps[] = {
    {.verb = SP_MAP_MOVE,
     .from_place = SP_MAP_BODY,
     .from = SP_STR_INIT("Id"),
     .to_place = SP_MAP_HEADER,
     .to = SP_STR_INIT("X-Id")},
    {.verb = SP_MAP_REMOVE, .to = SP_STR_INIT("Codes")},
};
static const struct sp_map request_map = {SP_STR_INIT("A"), request_steps, 3};
static const struct sp_map response_map = {SP_STR_INIT("A"), response_steps, 2};
static const struct sp_aar_response response = {.code = 200, .map = &response_map, .is_default = true};

static void check(bool holds, const char *what, const struct sp_error *err)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_mapping: %s: %s %s\n", what, err->id, err->text);
    abort();
}

static void prepare(struct service *s, unsigned number, uint8_t conversion)
{
    sp_arena_init(&s->arena, 1 << 24);
    s->sar.name = SP_STR("S");
    s->sar.request = s->sar.response = layout_from_text(layouts[number], &s->arena);
    s->sar.conversion = (struct sp_conversion){
        .trim_output_trailing = !(conversion & 1),
        .trim_output_leading = conversion & 2,
        .escape_output_control = conversion & 4,
        .omit_output_by_value = conversion & 8,
        .omit_output_byte = conversion & 128 ? 0x40 : 0,
        .omit_output_empty = conversion & 16,
        .initialize_input = !(conversion & 32),
        .enforce_min_occurs_request = conversion & 64,
        .enforce_min_occurs_response = conversion & 64,
    };
    s->operation = (struct sp_aar_operation){
        .method = SP_STR("POST"),
        .template = SP_STR("/x"),
        .request = &request_map,
        .responses = &response,
        .response_count = 1,
    };
}

static void check_answer(const struct sp_mapped_response *answer, struct sp_arena *arena,
                         struct sp_error *err)
{
    struct sp_json_limits limits = sp_json_default_limits;
    struct sp_json_value *tree;
    limits.allow_nul = true;
    check(sp_json_parse(answer->body, arena, &limits, &tree, err) == SP_OK, "the answer is no JSON", err);
    check(tree->kind == SP_JSON_IS_OBJECT, "the answer is no object", err);
    for (size_t i = 0; i < answer->header_count; i++)
        check(!memchr(answer->headers[i].value.ptr, '\n', answer->headers[i].value.len), "a header breaks",
              err);
}

static void check_error(enum sp_status status, const struct sp_error *err)
{
    check(status == err->status && err->text[0], "an error without a text", err);
    check(status != SP_EINTERNAL, "a defect", err);
}

/* The wrapper of a channel has another name in a request. */
static struct sp_str as_request(struct sp_str body, bool is_channel, struct sp_arena *arena)
{
    if (!is_channel)
        return body;
    struct sp_str head = SP_STR("{\"SOperationResponse\"");
    return sp_arena_printf(arena, "{\"SOperation\"%.*s", SP_STR_ARG(sp_str_slice(body, head.len, body.len)));
}

static void send(const struct sp_mapping *mapping, const struct service *s,
                 const struct sp_request_values *values, bool again)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_record_set records;
    struct sp_mapped_response answer, second;
    sp_arena_init(&arena, 1 << 24);
    enum sp_status status = sp_mapping_request(mapping, values, &arena, &records, &err);
    if (status == SP_OK) {
        for (size_t i = 0; i < records.count; i++)
            check(records.records[i].bytes.len <= sp_mapping_answer_bytes(mapping), "a record is too long",
                  &err);
        status = sp_mapping_response(mapping, &records, &arena, &answer, &err);
        /* With every field given or initialised the program could answer with what it was sent. */
        if (status != SP_OK && s->sar.conversion.initialize_input && !s->sar.conversion.omit_output_by_value)
            check(strcmp(err.id, "SALM2005E") == 0 || s->sar.conversion.enforce_min_occurs_response,
                  "no answer", &err);
    }
    if (status != SP_OK) {
        check_error(status, &err);
    } else {
        check_answer(&answer, &arena, &err);
        struct sp_request_values back = {.body = as_request(answer.body, s->sar.request->is_channel, &arena)};
        if (again && sp_mapping_request(mapping, &back, &arena, &records, &err) == SP_OK &&
            sp_mapping_response(mapping, &records, &arena, &second, &err) == SP_OK)
            check(sp_str_eq(answer.body, second.body), "the second answer differs", &err);
    }
    sp_arena_finish(&arena);
}

static void receive(const struct sp_mapping *mapping, const struct service *s, struct sp_str bytes)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_mapped_response answer;
    struct sp_record parts[2];
    struct sp_record_set records = {parts, s->sar.response->segment_count};
    size_t middle = records.count == 2 ? bytes.len / 2 : bytes.len;
    const struct sp_segment *segment = s->sar.response->segments;
    for (size_t i = 0; i < records.count; i++, segment = segment->next) {
        struct sp_str part = i ? sp_str_slice(bytes, middle, bytes.len) : sp_str_slice(bytes, 0, middle);
        /* Exactly as long, so that reading beyond is seen. */
        char *copy = malloc(part.len ? part.len : 1);
        memcpy(copy, part.ptr, part.len);
        parts[i] = (struct sp_record){.container = segment->original, .bytes = sp_str_from(copy, part.len)};
    }
    sp_arena_init(&arena, 1 << 24);
    enum sp_status status = sp_mapping_response(mapping, &records, &arena, &answer, &err);
    if (status == SP_OK)
        check_answer(&answer, &arena, &err);
    else
        check_error(status, &err);
    for (size_t i = 0; i < records.count; i++)
        free((char *)parts[i].bytes.ptr);
    sp_arena_finish(&arena);
}

/* Nothing that was in the first answer is missing from the second request, or filled otherwise. */
static bool is_stable(const struct service *s)
{
    const struct sp_conversion *c = &s->sar.conversion;
    return !s->has_operation && c->initialize_input && !c->omit_output_by_value && !c->omit_output_empty &&
           (c->trim_output_trailing || !c->trim_output_leading);
}

/* Compiling takes much longer than mapping: what was compiled lately is kept. */
static struct service *service_of(unsigned number, uint8_t conversion, uint8_t choices)
{
    static struct service kept[256];
    uint32_t key = 1 + number + 256u * conversion + 65536u * choices;
    struct service *s = &kept[key * 2654435761u >> 24];
    if (s->key == key)
        return s;
    sp_arena_finish(&s->arena);
    *s = (struct service){.key = key};
    prepare(s, number, conversion);
    struct sp_mapping_options options = {
        .trim_fraction_zeros = choices & 1,
        .ignore_unknown_members = choices & 2,
        .convert_scalars = choices & 4,
        .whole_answers = choices & 8,
    };
    struct sp_error err = SP_ERROR_INIT;
    s->profile.codepage = sp_codepage_find(choices & 16 ? 819 : choices & 32 ? 1208 : 37, SP_NEWLINE_15);
    s->profile.little_endian_native = s->profile.ieee_float = choices & 16;
    s->has_operation = number == LAYOUTS - 1;
    check(sp_mapping_compile(&s->sar, s->has_operation ? &s->operation : NULL, &s->profile, &options,
                             &s->arena, &s->mapping, &err) == SP_OK,
          "compile", &err);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct service *s = service_of(data[0] % LAYOUTS, data[1], data[2] & 63);
    /* No byte before or behind the rest belongs to it. */
    char *rest = malloc(size - 2);
    memcpy(rest, data + 3, size - 3);
    struct sp_str text = sp_str_from(rest, size - 3);
    if (data[2] & 128) {
        receive(s->mapping, s, text);
    } else {
        size_t cut = s->has_operation ? sp_str_find(text, '\n') : 0;
        struct sp_parameter query[] = {{SP_STR("id"), sp_str_slice(text, 0, cut)},
                                       {SP_STR("code"), sp_str_slice(text, 0, cut)}};
        struct sp_request_values values = {.body = sp_str_slice(text, cut, text.len)};
        if (data[2] & 64) {
            values.query = query;
            values.query_count = 2;
        }
        send(s->mapping, s, &values, is_stable(s));
    }
    free(rest);
    return 0;
}
