/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/record.h"

#include <time.h>

#include "intercept/smf/stck.h"
#include "text/utf8.h"

#define FLAG 0x5Eu
#define TYPE_AT 5u
#define BLANK 0x40u
#define QUESTION_MARK 0x6Fu
#define V2_TRIPLETS_AT 40u
#define STCK_UNITS_PER_US 4096
#define VERSION_BYTES 4u /* the subtype's version, behind the standard header */

/* ---------------------------------------------------------------- writing */

enum sp_status sp_smf_text_init(struct sp_smf_text *text, unsigned ccsid, struct sp_error *err)
{
    const struct sp_codepage *page = sp_codepage_find(ccsid, SP_NEWLINE_15);
    struct sp_str blank = page ? sp_codepage_blank(page) : SP_STR("");
    if (!page || !sp_codepage_is_single_byte(page) || (unsigned char)blank.ptr[0] != BLANK)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "CCSID %u is no single-byte EBCDIC code page", ccsid);
    text->page = page;
    for (unsigned c = 0; c < sizeof text->ascii; c++) {
        char character = (char)c;
        size_t len = 0;
        if (c < 0x20 || c == 0x7f ||
            sp_codepage_encode_into(page, sp_str_from(&character, 1), &text->ascii[c], 1, &len, NULL) !=
                SP_OK)
            text->ascii[c] = QUESTION_MARK;
    }
    return SP_OK;
}

static unsigned char encode_other(const struct sp_smf_text *text, struct sp_str character)
{
    unsigned char byte;
    size_t len = 0;
    return sp_codepage_encode_into(text->page, character, &byte, 1, &len, NULL) == SP_OK && len == 1
               ? byte
               : QUESTION_MARK;
}

static void put_text(const struct sp_smf_text *text, struct sp_str value, unsigned char *at, size_t length)
{
    size_t from = 0, to = 0;
    while (from < value.len && to < length) {
        unsigned char c = (unsigned char)value.ptr[from];
        if (c < 0x80) {
            at[to++] = text->ascii[c];
            from++;
            continue;
        }
        size_t start = from;
        int32_t known = sp_utf8_next(value, &from);
        at[to++] = known < 0 ? QUESTION_MARK : encode_other(text, sp_str_slice(value, start, from));
    }
    memset(at + to, BLANK, length - to);
}

static void put_number(uint64_t value, unsigned char *at, size_t length)
{
    uint64_t greatest = length >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * length) - 1;
    if (value > greatest)
        value = greatest;
    for (size_t i = length; i-- > 0; value >>= 8)
        at[i] = (unsigned char)value;
}

static void put_bytes(struct sp_str value, unsigned char *at, size_t length)
{
    size_t len = value.len < length ? value.len : length;
    if (len)
        memcpy(at, value.ptr, len);
    memset(at + len, 0, length - len);
}

/* Packed decimal 0CYYDDDF, C being 0 for the twentieth century. */
static void put_date(uint64_t date, unsigned char *at)
{
    uint64_t year = date / 1000, day = date % 1000;
    uint64_t digits = (year - 1900) * 1000 + day;
    uint32_t packed = 0xF;
    for (unsigned shift = 4; shift < 32; shift += 4, digits /= 10)
        packed |= (uint32_t)(digits % 10) << shift;
    sp_put_u32(at, packed);
}

static uint64_t number_of(const void *member)
{
    return *(const uint64_t *)member;
}

static void put_field(const struct sp_smf_field *field, const struct sp_smf_text *text, const void *member,
                      unsigned char *at)
{
    switch (field->kind) {
    case SP_SMF_NUMBER:
    case SP_SMF_TIME:
        put_number(number_of(member), at, field->length);
        break;
    case SP_SMF_SIGNED:
        sp_put_u64(at, (uint64_t) * (const int64_t *)member);
        break;
    case SP_SMF_TEXT:
        put_text(text, *(const struct sp_str *)member, at, field->length);
        break;
    case SP_SMF_BYTES:
        put_bytes(*(const struct sp_str *)member, at, field->length);
        break;
    case SP_SMF_STCK:
        sp_put_u64(at, *(const int64_t *)member ? sp_stck_from_us(*(const int64_t *)member) : 0);
        break;
    case SP_SMF_STCKE:
        memset(at, 0, field->length);
        if (*(const int64_t *)member)
            sp_stcke_from_us(*(const int64_t *)member, at);
        break;
    case SP_SMF_DATE:
        put_date(number_of(member), at);
        break;
    case SP_SMF_RESERVED:
        memset(at, 0, field->length);
        break;
    }
}

void sp_smf_section_write(const struct sp_smf_section *section, const struct sp_smf_text *text,
                          const void *values, unsigned char *ret_bytes)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct sp_smf_field *field = &section->fields[i];
        put_field(field, text, (const char *)values + field->member, ret_bytes + field->offset);
    }
}

uint64_t sp_smf_date(int64_t local_us)
{
    time_t seconds = (time_t)(local_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return (uint64_t)(tm.tm_year + 1900) * 1000 + (uint64_t)tm.tm_yday + 1;
}

uint64_t sp_smf_time(int64_t local_us)
{
    return (uint64_t)(local_us % INT64_C(86400000000)) / 10000;
}

/* What version 1 and 2 share; sections follow each other without gaps. */
static struct sp_smf_standard standard_head(const struct sp_smf_version *layout,
                                            const struct sp_smf_origin *origin, size_t requests,
                                            int64_t written_us, int64_t local_offset_us)
{
    const size_t items_at = layout->head.bytes + layout->server.bytes;
    return (struct sp_smf_standard){
        .length = items_at + requests * layout->item.bytes,
        .flag = FLAG,
        .type = layout->type,
        .time = sp_smf_time(written_us + local_offset_us),
        .date = sp_smf_date(written_us + local_offset_us),
        .sid = origin->sid,
        .ssi = SP_STR_INIT("ZCON"),
        .subtype = layout->subtype,
        .subtype_version = layout->version,
        .triplets = 2,
        .server_offset = layout->head.bytes,
        .server_length = layout->server.bytes,
        .server_count = 1,
        .request_offset = items_at,
        .request_length = layout->item.bytes,
        .request_count = requests,
    };
}

static void write_server(const struct sp_smf_version *layout, const struct sp_smf_origin *origin,
                         unsigned char *record)
{
    struct sp_smf_server server = origin->server;
    server.version = 1;
    sp_smf_section_write(&layout->server, &origin->text, &server, record + layout->head.bytes);
}

void sp_smf_v1_write(const struct sp_smf_origin *origin, const struct sp_smf_request *request,
                     int64_t written_us, int64_t local_offset_us, unsigned char ret_record[SP_SMF_V1_BYTES])
{
    const struct sp_smf_version *layout = &sp_smf_versions[SP_SMF_PROVIDER_1];
    struct sp_smf_standard head = standard_head(layout, origin, 1, written_us, local_offset_us);
    head.record_index = head.record_total = 1;
    sp_smf_section_write(&layout->head, &origin->text, &head, ret_record);
    write_server(layout, origin, ret_record);
    struct sp_smf_request user_data = *request;
    user_data.version = 1;
    user_data.data_type = SP_SMF_V1_DATA_TYPE;
    user_data.data_length = layout->item.bytes - 12; /* behind the field itself */
    user_data.data_version = 3;
    sp_smf_section_write(&layout->item, &origin->text, &user_data, ret_record + head.request_offset);
}

/* Header and server section as version 2 has them. */
static void write_v2_head(const struct sp_smf_version *layout, const struct sp_smf_origin *origin,
                          size_t items, int64_t written_us, int64_t local_offset_us,
                          unsigned char *ret_record)
{
    struct sp_smf_standard head = standard_head(layout, origin, items, written_us, local_offset_us);
    head.triplet_offset = V2_TRIPLETS_AT;
    head.local_offset = local_offset_us * STCK_UNITS_PER_US;
    sp_smf_section_write(&layout->head, &origin->text, &head, ret_record);
    write_server(layout, origin, ret_record);
}

void sp_smf_v2_write_request(const struct sp_smf_origin *origin, const struct sp_smf_request *request,
                             unsigned char ret_section[SP_SMF_V2_REQUEST_BYTES])
{
    struct sp_smf_request section = *request;
    section.version = 1;
    sp_smf_section_write(&sp_smf_versions[SP_SMF_PROVIDER_2].item, &origin->text, &section, ret_section);
}

void sp_smf_v2_write_head(const struct sp_smf_origin *origin, size_t requests, int64_t written_us,
                          int64_t local_offset_us, unsigned char ret_record[SP_SMF_V2_FIRST_REQUEST])
{
    write_v2_head(&sp_smf_versions[SP_SMF_PROVIDER_2], origin, requests, written_us, local_offset_us,
                  ret_record);
}

void sp_smf_requester_write(const struct sp_smf_origin *origin, const struct sp_smf_requester *call,
                            unsigned char ret_section[SP_SMF_V2_REQUEST_BYTES])
{
    struct sp_smf_requester section = *call;
    section.version = 1;
    sp_smf_section_write(&sp_smf_versions[SP_SMF_REQUESTER_2].item, &origin->text, &section, ret_section);
}

void sp_smf_requester_write_head(const struct sp_smf_origin *origin, size_t calls, int64_t written_us,
                                 int64_t local_offset_us, unsigned char ret_record[SP_SMF_V2_FIRST_REQUEST])
{
    write_v2_head(&sp_smf_versions[SP_SMF_REQUESTER_2], origin, calls, written_us, local_offset_us,
                  ret_record);
}

void sp_smf_security_write(const struct sp_smf_origin *origin, const struct sp_smf_security *event,
                           int64_t written_us, int64_t local_offset_us,
                           unsigned char ret_record[SP_SMF_SECURITY_BYTES])
{
    const struct sp_smf_version *layout = &sp_smf_versions[SP_SMF_SECURITY_1];
    struct sp_smf_security section = *event;
    section.version = 1;
    write_v2_head(layout, origin, 1, written_us, local_offset_us, ret_record);
    sp_smf_section_write(&layout->item, &origin->text, &section,
                         ret_record + layout->head.bytes + layout->server.bytes);
}

/* ---------------------------------------------------------------- reading */

static uint64_t get_number(const unsigned char *at, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value = value << 8 | at[i];
    return value;
}

static enum sp_status get_date(const unsigned char *at, uint64_t *ret_date)
{
    uint32_t packed = sp_get_u32(at);
    uint64_t digits = 0;
    for (unsigned shift = 32; shift > 4;) {
        shift -= 4;
        uint32_t digit = packed >> shift & 0xF;
        if (digit > 9)
            return SP_EPROTO;
        digits = digits * 10 + digit;
    }
    *ret_date = 1900 * 1000 + digits;
    return (packed & 0xF) == 0xF ? SP_OK : SP_EPROTO;
}

static enum sp_status get_text(const struct sp_smf_text *text, const unsigned char *at, size_t length,
                               struct sp_arena *arena, struct sp_str *ret_text)
{
    while (length && (at[length - 1] == BLANK || at[length - 1] == 0))
        length--;
    const uint16_t *table = sp_codepage_table(text->page);
    char *utf8 = sp_arena_alloc(arena, length * 3 + 1);
    if (!utf8)
        return SP_ENOMEM;
    size_t len = 0;
    for (size_t i = 0; i < length; i++)
        len += sp_utf8_encode(table[at[i]], (unsigned char *)utf8 + len);
    utf8[len] = 0;
    *ret_text = sp_str_from(utf8, len);
    return SP_OK;
}

static enum sp_status get_field(const struct sp_smf_field *field, const struct sp_smf_text *text,
                                const unsigned char *at, struct sp_arena *arena, void *member)
{
    switch (field->kind) {
    case SP_SMF_NUMBER:
    case SP_SMF_TIME:
        *(uint64_t *)member = get_number(at, field->length);
        break;
    case SP_SMF_SIGNED:
        *(int64_t *)member = (int64_t)sp_get_u64(at);
        break;
    case SP_SMF_TEXT:
        return get_text(text, at, field->length, arena, member);
    case SP_SMF_BYTES:
        *(struct sp_str *)member = sp_str_from(at, field->length);
        break;
    case SP_SMF_STCK:
        *(int64_t *)member = sp_get_u64(at) ? sp_stck_to_us(sp_get_u64(at)) : 0;
        break;
    case SP_SMF_STCKE:
        *(int64_t *)member = at[0] || sp_get_u64(at + 1) ? sp_stcke_to_us(at) : 0;
        break;
    case SP_SMF_DATE:
        return get_date(at, member);
    case SP_SMF_RESERVED:
        break;
    }
    return SP_OK;
}

/* `len` may be less than the section's own. */
static enum sp_status read_section(const struct sp_smf_section *section, const struct sp_smf_text *text,
                                   struct sp_str record, size_t at, size_t len, struct sp_arena *arena,
                                   void *ret_values, struct sp_error *err)
{
    const unsigned char *bytes = (const unsigned char *)record.ptr + at;
    for (size_t i = 0; i < section->count; i++) {
        const struct sp_smf_field *field = &section->fields[i];
        if (field->offset + (size_t)field->length > len)
            continue;
        enum sp_status status =
            get_field(field, text, bytes + field->offset, arena, (char *)ret_values + field->member);
        if (status != SP_OK) {
            sp_error_set(err, status, NULL, "field %s cannot be read", field->name);
            sp_error_at_offset(err, NULL, (int64_t)(at + field->offset));
            return status;
        }
    }
    return SP_OK;
}

static enum sp_status bad(struct sp_error *err, enum sp_status status, size_t offset, const char *what,
                          uint64_t found)
{
    sp_error_set(err, status, NULL, "%s (found %llu)", what, (unsigned long long)found);
    sp_error_at_offset(err, NULL, (int64_t)offset);
    return status;
}

static enum sp_status find_version(struct sp_str record, const struct sp_smf_version **ret_version,
                                   struct sp_error *err)
{
    const unsigned char *bytes = (const unsigned char *)record.ptr;
    if (record.len < SP_SMF_HEADER_BYTES + VERSION_BYTES)
        return bad(err, SP_EPROTO, 0, "the record is too short for a header", record.len);
    if (sp_get_u16(bytes) != record.len)
        return bad(err, SP_EPROTO, 0, "the record's length is not that of its descriptor", sp_get_u16(bytes));
    if (sp_get_u16(bytes + 2) != 0)
        return bad(err, SP_EUNSUPPORTED, 2, "spanned records are not read: dump them unspanned",
                   sp_get_u16(bytes + 2));
    uint64_t type = bytes[TYPE_AT], subtype = sp_get_u16(bytes + 22), version = sp_get_u32(bytes + 24);
    if (type != SP_SMF_TYPE && type != SP_SMF_SECURITY_TYPE)
        return bad(err, SP_EUNSUPPORTED, TYPE_AT, "the record is not of type 123 or 208", type);
    for (size_t i = 0; i < sp_smf_version_count; i++) {
        const struct sp_smf_version *known = &sp_smf_versions[i];
        if (known->type == type && known->subtype == subtype && known->version == version) {
            *ret_version = known;
            return SP_OK;
        }
    }
    sp_error_set(err, SP_EUNSUPPORTED, NULL, "records of type %llu subtype %llu version %llu are not known",
                 (unsigned long long)type, (unsigned long long)subtype, (unsigned long long)version);
    sp_error_at_offset(err, NULL, 22);
    return SP_EUNSUPPORTED;
}

static enum sp_status check_triplet(struct sp_str record, const char *name, uint64_t offset, uint64_t length,
                                    uint64_t count, uint64_t most, struct sp_error *err)
{
    if (count <= most && offset <= record.len && (count == 0 || length <= (record.len - offset) / count))
        return SP_OK;
    return sp_error_set(err, SP_EPROTO, NULL,
                        "the %s section (offset %llu, length %llu, count %llu) is not inside the record",
                        name, (unsigned long long)offset, (unsigned long long)length,
                        (unsigned long long)count);
}

static enum sp_status read_items(struct sp_str record, const struct sp_smf_text *text, struct sp_arena *arena,
                                 struct sp_smf_record *out, struct sp_error *err)
{
    const struct sp_smf_standard *head = &out->head;
    char *items = sp_arena_calloc(arena, head->request_count + 1, out->version->item_size);
    if (!items)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a record's sections");
    for (size_t i = 0; i < head->request_count; i++) {
        enum sp_status status =
            read_section(&out->version->item, text, record, head->request_offset + i * head->request_length,
                         head->request_length, arena, items + i * out->version->item_size, err);
        if (status != SP_OK)
            return status;
    }
    out->items = items;
    out->item_count = head->request_count;
    return SP_OK;
}

enum sp_status sp_smf_record_read(struct sp_str record, const struct sp_smf_text *text,
                                  struct sp_arena *arena, struct sp_smf_record *ret_record,
                                  struct sp_error *err)
{
    struct sp_smf_record out = {0};
    enum sp_status status = find_version(record, &out.version, err);
    if (status != SP_OK)
        return status;
    if (record.len < out.version->head.bytes)
        return bad(err, SP_EPROTO, 0, "the record is too short for its header", record.len);
    const struct sp_smf_standard *head = &out.head;
    status =
        read_section(&out.version->head, text, record, 0, out.version->head.bytes, arena, &out.head, err);
    if (status == SP_OK)
        status = check_triplet(record, "server", head->server_offset, head->server_length, head->server_count,
                               1, err);
    if (status == SP_OK)
        status = check_triplet(record, "request", head->request_offset, head->request_length,
                               head->request_count, SP_SMF_REQUESTS_MAX, err);
    if (status == SP_OK && head->server_count)
        status = read_section(&out.version->server, text, record, head->server_offset, head->server_length,
                              arena, &out.server, err);
    if (status == SP_OK)
        status = read_items(record, text, arena, &out, err);
    if (status == SP_OK)
        *ret_record = out;
    return status;
}
