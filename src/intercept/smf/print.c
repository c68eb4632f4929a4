/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/print.h"

#include <stdio.h>

#include "base/clock.h"
#include "text/utf8.h"

#define VALUE_MAX 160 /* a tracking token in hexadecimal is the longest that is not a text */
#define EXACT_IN_JSON (UINT64_C(1) << 53)

static void print_hex(struct sp_str bytes, char *value, size_t size)
{
    value[0] = 0;
    for (size_t i = 0; i < bytes.len && 2 * i + 3 <= size; i++)
        snprintf(value + 2 * i, 3, "%02x", (unsigned char)bytes.ptr[i]);
}

static bool is_empty(const struct sp_smf_field *field, const void *member)
{
    switch (field->kind) {
    case SP_SMF_TEXT:
        return ((const struct sp_str *)member)->len == 0;
    case SP_SMF_STCK:
    case SP_SMF_STCKE:
        return *(const int64_t *)member == 0;
    case SP_SMF_BYTES: {
        struct sp_str bytes = *(const struct sp_str *)member;
        for (size_t i = 0; i < bytes.len; i++)
            if (bytes.ptr[i])
                return false;
        return true;
    }
    case SP_SMF_RESERVED:
        return true;
    default:
        return false;
    }
}

/* Everything but texts. */
static void print_value(const struct sp_smf_field *field, const void *member, char value[VALUE_MAX])
{
    unsigned long long number =
        field->kind == SP_SMF_BYTES || field->kind == SP_SMF_TEXT ? 0 : *(const uint64_t *)member;
    switch (field->kind) {
    case SP_SMF_SIGNED:
        snprintf(value, VALUE_MAX, "%lld", (long long)*(const int64_t *)member);
        break;
    case SP_SMF_BYTES:
        print_hex(*(const struct sp_str *)member, value, VALUE_MAX);
        break;
    case SP_SMF_STCK:
    case SP_SMF_STCKE:
        sp_clock_text(*(const int64_t *)member, value);
        break;
    case SP_SMF_TIME:
        snprintf(value, VALUE_MAX, "%02llu:%02llu:%02llu.%02llu", number / 360000, number / 6000 % 60,
                 number / 100 % 60, number % 100);
        break;
    case SP_SMF_DATE:
        snprintf(value, VALUE_MAX, "%04llu-%03llu", number / 1000, number % 1000);
        break;
    default:
        snprintf(value, VALUE_MAX, number >= EXACT_IN_JSON ? "0x%016llx" : "%llu", number);
    }
}

/* A dump goes to terminals: no control characters. */
static void print_visible(struct sp_str text, struct sp_buf *buf)
{
    size_t at = 0;
    while (at < text.len) {
        size_t start = at;
        int32_t c = sp_utf8_next(text, &at);
        bool visible = c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0);
        sp_buf_append_str(buf, visible ? sp_str_slice(text, start, at) : SP_STR("?"));
    }
}

static void print_section_text(const struct sp_smf_section *section, const void *values, const char *title,
                               struct sp_buf *buf)
{
    sp_buf_printf(buf, "%s\n", title);
    for (size_t i = 0; i < section->count; i++) {
        const struct sp_smf_field *field = &section->fields[i];
        const void *member = (const char *)values + field->member;
        if (is_empty(field, member))
            continue;
        char value[VALUE_MAX];
        sp_buf_printf(buf, "  %-20s ", field->name);
        if (field->kind == SP_SMF_TEXT) {
            print_visible(*(const struct sp_str *)member, buf);
        } else {
            print_value(field, member, value);
            sp_buf_append_str(buf, sp_str_of(value));
        }
        sp_buf_append_byte(buf, '\n');
    }
}

static const char *item_title(const struct sp_smf_version *version)
{
    if (version->type == SP_SMF_SECURITY_TYPE)
        return " event";
    return version->subtype == 2 ? " call" : " request";
}

struct sp_str sp_smf_items_name(const struct sp_smf_version *version)
{
    if (version->type == SP_SMF_SECURITY_TYPE)
        return SP_STR("events");
    return version->subtype == 2 ? SP_STR("calls") : SP_STR("requests");
}

void sp_smf_print_text(const struct sp_smf_record *record, struct sp_buf *buf)
{
    print_section_text(&record->version->head, &record->head, "record", buf);
    print_section_text(&record->version->server, &record->server, " server", buf);
    for (size_t i = 0; i < record->item_count; i++)
        print_section_text(&record->version->item, sp_smf_item(record, i), item_title(record->version), buf);
}

static void print_section_json(const struct sp_smf_section *section, const void *values,
                               struct sp_json_writer *writer)
{
    sp_json_object_begin(writer);
    for (size_t i = 0; i < section->count; i++) {
        const struct sp_smf_field *field = &section->fields[i];
        const void *member = (const char *)values + field->member;
        char value[VALUE_MAX];
        if (field->kind == SP_SMF_RESERVED)
            continue;
        sp_json_name(writer, sp_str_of(field->name));
        if (field->kind == SP_SMF_TEXT) {
            sp_json_string(writer, *(const struct sp_str *)member);
        } else if (is_empty(field, member)) {
            sp_json_null(writer);
        } else {
            print_value(field, member, value);
            bool exact = field->kind == SP_SMF_SIGNED ||
                         (field->kind == SP_SMF_NUMBER && *(const uint64_t *)member < EXACT_IN_JSON);
            if (exact)
                sp_json_number(writer, sp_str_of(value));
            else
                sp_json_string(writer, sp_str_of(value));
        }
    }
    sp_json_object_end(writer);
}

void sp_smf_print_json(const struct sp_smf_record *record, struct sp_json_writer *writer)
{
    sp_json_object_begin(writer);
    sp_json_name(writer, SP_STR("header"));
    print_section_json(&record->version->head, &record->head, writer);
    sp_json_name(writer, SP_STR("server"));
    print_section_json(&record->version->server, &record->server, writer);
    sp_json_name(writer, sp_smf_items_name(record->version));
    sp_json_array_begin(writer);
    for (size_t i = 0; i < record->item_count; i++)
        print_section_json(&record->version->item, sp_smf_item(record, i), writer);
    sp_json_array_end(writer);
    sp_json_object_end(writer);
}
