/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "cli/smf_report.h"

#define FLAG 0x5Eu
#define HUNDREDTHS_A_DAY 8640000u

static void SP_PRINTF(3, 4) tell(struct sp_smf_verify *verify, size_t offset, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    verify->problems++;
    printf("offset %zu: %s\n", offset, text);
}

static void verify_triplets(struct sp_smf_verify *verify, const struct sp_smf_record *record, size_t length,
                            size_t offset)
{
    const struct sp_smf_standard *head = &record->head;
    const struct sp_smf_version *version = record->version;
    uint64_t server_end = head->server_offset + head->server_length * head->server_count;
    uint64_t items_end = head->request_offset + head->request_length * head->request_count;
    if (head->triplets != 2)
        tell(verify, offset, "there are %llu triplets, not 2", (unsigned long long)head->triplets);
    if (head->server_count != 1 || head->server_length < version->server.bytes)
        tell(verify, offset, "the server section has %llu of %llu bytes, not 1 of %zu",
             (unsigned long long)head->server_count, (unsigned long long)head->server_length,
             version->server.bytes);
    if (head->server_offset < version->head.bytes || head->request_offset < server_end)
        tell(verify, offset, "sections overlap: the server's is at %llu, the others at %llu",
             (unsigned long long)head->server_offset, (unsigned long long)head->request_offset);
    if (head->request_count < 1 || head->request_length < version->item.bytes)
        tell(verify, offset, "there are %llu sections of %llu bytes, not 1 or more of %zu",
             (unsigned long long)head->request_count, (unsigned long long)head->request_length,
             version->item.bytes);
    if (items_end != length)
        tell(verify, offset, "the record has %zu bytes, its sections end at %llu", length,
             (unsigned long long)items_end);
}

static void verify_reserved(struct sp_smf_verify *verify, const struct sp_smf_section *section,
                            struct sp_str bytes, uint64_t at, size_t offset)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct sp_smf_field *field = &section->fields[i];
        if (field->kind != SP_SMF_RESERVED || at + field->offset + field->length > bytes.len)
            continue;
        for (size_t b = 0; b < field->length; b++)
            if (bytes.ptr[at + field->offset + b]) {
                tell(verify, offset + (size_t)at + field->offset + b, "a reserved byte is not 0");
                break;
            }
    }
}

void sp_smf_verify_record(struct sp_smf_verify *verify, const struct sp_smf_record *record,
                          struct sp_str bytes, size_t offset)
{
    const struct sp_smf_standard *head = &record->head;
    verify->records++;
    verify->items += record->item_count;
    if (head->flag != FLAG)
        tell(verify, offset + 4, "the flags are X'%02llX', not X'5E'", (unsigned long long)head->flag);
    if (head->time >= HUNDREDTHS_A_DAY || head->date % 1000 < 1 || head->date % 1000 > 366)
        tell(verify, offset + 6, "time and date are none: %llu, %llu", (unsigned long long)head->time,
             (unsigned long long)head->date);
    verify_triplets(verify, record, bytes.len, offset);
    verify_reserved(verify, &record->version->head, bytes, 0, offset);
    for (size_t i = 0; i < record->item_count; i++) {
        struct sp_smf_view view;
        verify_reserved(verify, &record->version->item, bytes,
                        head->request_offset + i * head->request_length, offset);
        sp_smf_view_of(record, i, &view);
        if (!view.at_us)
            tell(verify, offset, "section %zu has no time of arrival", i);
    }
}
