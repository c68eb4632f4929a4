/* SPDX-License-Identifier: Apache-2.0
 * Random layouts with random values: what is sent comes back the same, byte for byte, in JSON and in records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "layout_text.h"
#include "mapping/floattext.h"
#include "text/json_write.h"

static uint64_t seed;

static unsigned pick(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 11) % below;
}

/* ---------------------------------------------------------------- layouts */

struct text {
    char bytes[16384];
    size_t len;
    unsigned names;
};

static void add(struct text *t, const char *fmt, ...) SP_PRINTF(2, 3);

static void add(struct text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    t->len += (size_t)vsnprintf(t->bytes + t->len, sizeof t->bytes - t->len, fmt, args);
    va_end(args);
    assert_true(t->len < sizeof t->bytes);
}

static void random_type(struct text *t)
{
    const char *sign = pick(2) ? "S" : "";
    unsigned digits = 1 + pick(18), scale = pick(2) ? pick(digits + 1) : 0, bytes = 1u << pick(4);
    static const unsigned most[] = {0, 2, 4, 0, 9, 0, 0, 0, 18};
    switch (pick(7)) {
    case 0:
        add(t, ":N%u", 1 + pick(6));
        break;
    case 1:
        add(t, ":%sZ%u.%u%s%s", sign, digits, scale, *sign && pick(2) ? "l" : "",
            *sign && pick(2) ? "e" : "");
        break;
    case 2:
        add(t, ":%sP%u.%u", sign, digits, scale);
        break;
    case 3:
        digits = 1 + pick(most[bytes]);
        add(t, ":%sB%u/%u.%u%s", sign, bytes, digits, pick(digits + 1), pick(3) ? "" : "n");
        break;
    case 4:
        add(t, ":F%u", pick(2) ? 4 : 8);
        break;
    default:
        add(t, ":X%u", 1 + pick(20));
        break;
    }
}

static void random_fields(struct text *t, unsigned depth)
{
    unsigned count = 1 + pick(6);
    while (count--) {
        unsigned name = t->names++;
        bool hidden = pick(8) == 0;
        if (pick(6) == 0) {
            static const char *const counters[] = {"Z2", "P3", "SB2/4", "B4/9n"};
            add(t, " -C%u:%s %sF%u[%u..%u C%u]", name, counters[pick(4)], hidden ? "-" : "", name, pick(3),
                3 + pick(4), name);
        } else if (pick(6) == 0) {
            add(t, " %sF%u[%u]", hidden ? "-" : "", name, 1 + pick(4));
        } else {
            add(t, " %sF%u", hidden ? "-" : "", name);
        }
        if (depth < 4 && pick(4) == 0) {
            add(t, "{");
            random_fields(t, depth + 1);
            add(t, " }");
        } else {
            random_type(t);
            if (pick(10) == 0 && t->bytes[t->len - 1] != ']')
                add(t, " ^-R%u:X1", name);
        }
    }
}

/* A hidden redefinition must not lie on an array whose size varies. */
static bool is_legal(const char *text)
{
    for (const char *at = strstr(text, " ^-"); at; at = strstr(at + 1, " ^-")) {
        const char *field = at;
        while (field > text && field[-1] != ' ')
            field--;
        if (memchr(field, ']', (size_t)(at - field)))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- values, as the response writes them */

static void random_string(struct sp_json_writer *json, unsigned most)
{
    static const char *const characters[] = {"a",  "Z", "0",        " ",        "\"", "\\",
                                             "\n", "/", "\xc3\xa4", "\xc2\xa7", "~"};
    char text[64] = "";
    unsigned count = pick(most + 1);
    for (unsigned i = 0; i < count; i++)
        strcat(text, characters[pick(sizeof characters / sizeof characters[0])]);
    size_t len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    sp_json_string(json, sp_str_from(text, len));
}

static void random_decimal(struct sp_json_writer *json, const struct sp_field *field)
{
    struct sp_fixed fixed = {.count = (unsigned char)field->digits, .negative = field->is_signed && pick(2)};
    unsigned from = pick(field->digits + 1);
    for (unsigned i = from; i < field->digits; i++)
        fixed.digits[i] = (unsigned char)pick(10);
    char text[SP_DECIMAL_TEXT_MAX];
    sp_json_number(json, sp_str_from(text, sp_decimal_write(&fixed, field->scale, false, text)));
}

static void random_float(struct sp_json_writer *json, const struct sp_field *field, const struct fixture *f)
{
    enum sp_float_format format = f->profile.ieee_float ? SP_FLOAT_IEEE_LITTLE : SP_FLOAT_HEX;
    unsigned char bytes[8];
    char text[SP_FLOAT_TEXT_MAX];
    double value = (double)(pick(2000001)) - 1000000;
    for (unsigned i = pick(30); i; i--)
        value = pick(2) ? value / 7 : value * 3;
    assert_int_equal(sp_float_store(format, field->bytes, value, bytes), SP_CONVERT_OK);
    assert_int_equal(sp_float_load(format, field->bytes, bytes, &value), SP_CONVERT_OK);
    sp_json_number(json, sp_str_from(text, sp_float_write(value, format, field->bytes, false, text)));
}

static void random_members(struct sp_json_writer *json, const struct sp_field *first,
                           const struct fixture *f);

static void random_value(struct sp_json_writer *json, const struct sp_field *field, const struct fixture *f)
{
    switch (field->type) {
    case SP_FIELD_STRUCT:
        sp_json_object_begin(json);
        random_members(json, field->first, f);
        sp_json_object_end(json);
        break;
    case SP_FIELD_ARRAY: {
        unsigned count = field->counter ? pick(field->max_occurs + 1) : field->max_occurs;
        sp_json_array_begin(json);
        while (count--)
            random_value(json, field->first, f);
        sp_json_array_end(json);
        break;
    }
    case SP_FIELD_CHAR:
        random_string(json, field->utf16 ? field->bytes / 2 : field->bytes);
        break;
    case SP_FIELD_FLOAT:
    case SP_FIELD_DOUBLE:
        random_float(json, field, f);
        break;
    default:
        random_decimal(json, field);
        break;
    }
}

static void random_members(struct sp_json_writer *json, const struct sp_field *first, const struct fixture *f)
{
    for (const struct sp_field *field = first; field; field = field->next) {
        if (!field->included)
            continue;
        sp_json_name(json, field->name);
        random_value(json, field, f);
    }
}

static void round_trip(unsigned number)
{
    struct fixture f;
    struct text layout = {.len = 0};
    do {
        layout.len = 0;
        add(&layout, "T{");
        random_fields(&layout, 1);
        add(&layout, " }");
    } while (!is_legal(layout.bytes));
    fixture_init(&f, layout.bytes);
    if (number % 2)
        f.profile = (struct sp_host_profile){sp_codepage_find(819, SP_NEWLINE_15), true, true};
    f.sar.conversion.initialize_input = true; /* so that hidden fields are readable */
    fixture_compile(&f);
    for (unsigned i = 0; i < 4; i++) {
        struct sp_buf body;
        struct sp_json_writer json;
        struct sp_record_set records;
        struct sp_mapped_response response;
        sp_buf_init(&body, 1 << 22);
        sp_json_writer_init(&json, &body, 0);
        sp_json_object_begin(&json);
        random_members(&json, f.sar.request->segments->first, &f);
        sp_json_object_end(&json);
        if (fixture_ask(&f, sp_buf_str(&body), &records) != SP_OK)
            fail_msg("%s\n%.*s\n%s", layout.bytes, SP_STR_ARG(sp_buf_str(&body)), f.err.text);
        struct sp_str bytes = records.records[0].bytes;
        assert_true(bytes.len <= f.sar.request->segments->bytes);
        if (sp_mapping_response(f.mapping, &records, &f.request_arena, &response, &f.err) != SP_OK)
            fail_msg("%s\n%.*s\n%s", layout.bytes, SP_STR_ARG(sp_buf_str(&body)), f.err.text);
        if (!sp_str_eq(response.body, sp_buf_str(&body)))
            fail_msg("%s\n%.*s\n%.*s", layout.bytes, SP_STR_ARG(sp_buf_str(&body)),
                     SP_STR_ARG(response.body));
        sp_buf_finish(&body);
    }
    fixture_finish(&f);
}

static void random_values_come_back_from_random_records(void **state)
{
    seed = 0x2545f4914f6cdd1du;
    for (unsigned i = 0; i < 600; i++)
        round_trip(i);
}

/* Random bytes never do harm, and what is taken for an answer is JSON. */
static void random_records_are_an_answer_or_an_error(void **state)
{
    static const char *const layouts[] = {
        "A{ T:X4 ^P:SP7.2 Z:SZ3 -C:Z1 L[0..5 C]{ -D:B1/2 M[0..3 D]:N1 F:F4 } W:N2 E[3]:B2/4 }",
        "A{ -C:B1/2 L[0..99 C]{ X:X1 } -D:B1/2 M[0..9 D]{ Y:Z1 ^Q:X1 } } B:X2",
    };
    seed = 88172645463325252u;
    unsigned answers = 0, errors = 0;
    for (unsigned i = 0; i < 4000; i++) {
        struct fixture f;
        fixture_init(&f, layouts[i % 2]);
        f.sar.conversion.omit_output_empty = pick(2);
        f.sar.conversion.omit_output_by_value = pick(2);
        f.options.whole_answers = pick(4) == 0;
        fixture_compile(&f);
        char hex[400] = "";
        unsigned len = pick(100);
        for (unsigned b = 0; b < len; b++)
            snprintf(hex + 2 * b, 3, "%02x", pick(3) ? 0xf0 + pick(4) : pick(4) ? pick(4) : pick(256));
        struct sp_mapped_response response;
        if (fixture_answer(&f, hex, &response) == SP_OK) {
            struct sp_json_limits limits = sp_json_default_limits;
            struct sp_json_value *tree;
            limits.allow_nul = true;
            answers++;
            if (sp_json_parse(response.body, &f.request_arena, &limits, &tree, &f.err) != SP_OK)
                fail_msg("%s %.*s", f.err.text, SP_STR_ARG(response.body));
        } else {
            errors++;
            assert_int_equal(f.err.status, SP_EPROTO);
            assert_true(strncmp(f.err.id, "SALM2", 5) == 0);
        }
        fixture_finish(&f);
    }
    assert_true(answers > 100 && errors > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_values_come_back_from_random_records),
        cmocka_unit_test(random_records_are_an_answer_or_an_error),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_random", tests, NULL, NULL);
}
