/* SPDX-License-Identifier: Apache-2.0 */
#include "text/region_frame.h"

#include <stdlib.h>

#include "text/utf8.h"

#define MAGIC "SPRG"
#define VERSION 1
#define FIELD_HEADER_BYTES 8u
#define FLAG_REQUIRED 0x0001u

enum field_id {
    FIELD_PROGRAM = 1,
    FIELD_TRANSACTION = 2,
    FIELD_MIRROR = 3,
    FIELD_USER = 4,
    FIELD_PASSWORD = 5,
    FIELD_DIST_NAME = 6,
    FIELD_DIST_REALM = 7,
    FIELD_CCSID = 8,
    FIELD_DEADLINE = 9,
    FIELD_CORRELATOR = 10,
    FIELD_CHANNEL = 11,
    FIELD_CONTAINER = 12,
    FIELD_COMMAREA = 13,
    FIELD_ANSWER_BYTES = 14,
    FIELD_OUTCOME = 15,
    FIELD_ABEND = 16,
    FIELD_REASON = 17,
    FIELD_APPLID = 18,
    FIELD_NETWORKID = 19,
};

enum form {
    FORM_NAME,      /* graphic ASCII */
    FORM_LONG_NAME, /* of a channel or container: graphic ASCII and the not sign; min and max in characters */
    FORM_TEXT,      /* UTF-8 without control characters */
    FORM_BYTES,     /* anything */
    FORM_NUMBER,    /* four bytes, unsigned; min and max of the value */
    FORM_FLAG,      /* one byte, 0 or 1 */
};

struct rule {
    uint16_t id;
    enum form form;
    uint32_t min, max; /* of the length, or of the value */
    size_t at;         /* offset in the object: sp_str, uint32_t or bool */
    bool mandatory;
    const char *name;
};

#define LINK(member) offsetof(struct sp_region_link, member)
static const struct rule link_rules[] = {
    {FIELD_PROGRAM, FORM_NAME, 1, 8, LINK(program), true, "PROGRAM"},
    {FIELD_TRANSACTION, FORM_NAME, 0, 4, LINK(transaction), false, "TRANSACTION"},
    {FIELD_MIRROR, FORM_FLAG, 0, 1, LINK(transaction_is_mirror), false, "MIRROR"},
    {FIELD_USER, FORM_NAME, 0, 8, LINK(user), false, "USER"},
    {FIELD_PASSWORD, FORM_BYTES, 0, SP_REGION_PASSWORD_MAX, LINK(password), false, "PASSWORD"},
    {FIELD_DIST_NAME, FORM_TEXT, 0, 246, LINK(dist_name), false, "DIST-NAME"},
    {FIELD_DIST_REALM, FORM_TEXT, 0, 252, LINK(dist_realm), false, "DIST-REALM"},
    {FIELD_CCSID, FORM_NUMBER, 0, 65535, LINK(ccsid), false, "CCSID"},
    {FIELD_DEADLINE, FORM_NUMBER, 0, UINT32_MAX, LINK(deadline_ms), false, "DEADLINE"},
    {FIELD_CORRELATOR, FORM_TEXT, 0, 64, LINK(correlator), false, "CORRELATOR"},
    {FIELD_CHANNEL, FORM_LONG_NAME, 1, 16, LINK(channel), false, "CHANNEL"},
    {FIELD_COMMAREA, FORM_BYTES, 0, SP_REGION_COMMAREA_MAX, LINK(commarea), false, "COMMAREA"},
    {FIELD_ANSWER_BYTES, FORM_NUMBER, 0, SP_REGION_FRAME_MAX, LINK(answer_bytes), false, "ANSWER-BYTES"},
};

/* An answer says with an empty CHANNEL that it has containers; it has no member for the name. */
struct answer_fields {
    struct sp_region_answer answer;
    struct sp_str channel;
    uint32_t outcome;
};

#define ANSWER(member) offsetof(struct answer_fields, member)
static const struct rule answer_rules[] = {
    {FIELD_OUTCOME, FORM_NUMBER, SP_REGION_NORMAL, SP_REGION_LENGTH, ANSWER(outcome), true, "OUTCOME"},
    {FIELD_ABEND, FORM_NAME, 0, 4, ANSWER(answer.abend), false, "ABEND"},
    {FIELD_REASON, FORM_TEXT, 0, SP_REGION_REASON_MAX, ANSWER(answer.reason), false, "REASON"},
    {FIELD_CHANNEL, FORM_LONG_NAME, 0, 0, ANSWER(channel), false, "CHANNEL"},
    {FIELD_COMMAREA, FORM_BYTES, 0, SP_REGION_COMMAREA_MAX, ANSWER(answer.commarea), false, "COMMAREA"},
};

#define HELLO(member) offsetof(struct sp_region_hello, member)
static const struct rule hello_rules[] = {
    {FIELD_APPLID, FORM_NAME, 0, 8, HELLO(applid), false, "APPLID"},
    {FIELD_NETWORKID, FORM_NAME, 0, 8, HELLO(networkid), false, "NETWORKID"},
    {FIELD_CCSID, FORM_NUMBER, 0, 65535, HELLO(ccsid), false, "CCSID"},
};

static const struct rule refuse_rules[] = {
    {FIELD_REASON, FORM_TEXT, 0, SP_REGION_REASON_MAX, 0, false, "REASON"},
};

#define COUNT(rules) (sizeof(rules) / sizeof(rules)[0])

static enum sp_status broken(struct sp_error *err, size_t offset, const char *fmt, ...) SP_PRINTF(3, 4);

static enum sp_status broken(struct sp_error *err, size_t offset, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(err, SP_EPROTO, NULL, fmt, args);
    va_end(args);
    sp_error_prefix(err, "region frame, byte %zu", offset);
    sp_error_at_offset(err, NULL, (int64_t)offset);
    return SP_EPROTO;
}

/* --- values ------------------------------------------------------------------------------------------ */

static bool is_graphic(struct sp_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
            return false;
    return true;
}

/* CICS names channels and containers with graphic characters of which one, the not sign (U+00AC), is outside
 * of ASCII. Returns false for anything else, the number of characters otherwise. */
static bool is_long_name(struct sp_str s, size_t *ret_characters)
{
    size_t characters = 0;
    for (size_t i = 0; i < s.len; i++, characters++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] == 0xac)
            i++;
        else if (c < 0x21 || c > 0x7e)
            return false;
    }
    *ret_characters = characters;
    return true;
}

static bool is_plain_text(struct sp_str s)
{
    if (sp_utf8_check(s) != s.len)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* NULL, or what is wrong with a text. */
static const char *text_fault(const struct rule *rule, struct sp_str value)
{
    size_t length = value.len;
    if (rule->form == FORM_NAME && !is_graphic(value))
        return "has a character that a name cannot have";
    if (rule->form == FORM_LONG_NAME && !is_long_name(value, &length))
        return "has a character that a name cannot have";
    if (rule->form == FORM_TEXT && !is_plain_text(value))
        return "has a control character or is not UTF-8";
    if (length < rule->min)
        return "is too short";
    if (length > rule->max)
        return "is too long";
    return NULL;
}

static bool is_text(const struct rule *rule)
{
    return rule->form != FORM_NUMBER && rule->form != FORM_FLAG;
}

static const struct rule container_name_rule = {FIELD_CONTAINER, FORM_LONG_NAME, 1, 16, 0,
                                                false,           "CONTAINER"};

static int order_by_name(const void *a, const void *b)
{
    const struct sp_region_container *const *x = a, *const *y = b;
    return sp_str_cmp((*x)->name, (*y)->name);
}

static bool is_name_given_twice(const struct sp_region_container *containers, size_t count)
{
    const struct sp_region_container *sorted[SP_REGION_CONTAINERS_MAX];
    if (count < 2) /* as nearly always: every call and every answer comes by */
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &containers[i];
    qsort(sorted, count, sizeof sorted[0], order_by_name);
    for (size_t i = 1; i < count; i++)
        if (sp_str_eq(sorted[i]->name, sorted[i - 1]->name))
            return true;
    return false;
}

/* --- reading ----------------------------------------------------------------------------------------- */

enum sp_status sp_region_frame_length(void *unused, struct sp_str have, size_t *ret_len)
{
    (void)unused;
    const unsigned char *p = (const unsigned char *)have.ptr;
    size_t known = have.len < 4 ? have.len : 4;
    if (known && memcmp(p, MAGIC, known) != 0)
        return SP_EPROTO;
    if (have.len < SP_REGION_HEADER_BYTES) {
        *ret_len = 0;
        return SP_OK;
    }
    uint32_t length = sp_get_u32(p + 8);
    if (length < SP_REGION_HEADER_BYTES || length > SP_REGION_FRAME_MAX)
        return SP_EPROTO;
    /* Judge the kind now, rather than after as many bytes as a broken header promises. */
    if (p[4] != VERSION || p[5] < SP_REGION_HELLO || p[5] > SP_REGION_PONG)
        return SP_EPROTO;
    *ret_len = length;
    return SP_OK;
}

enum sp_status sp_region_header_read(struct sp_str frame, struct sp_region_header *ret_header,
                                     struct sp_error *err)
{
    const unsigned char *p = (const unsigned char *)frame.ptr;
    if (frame.len < SP_REGION_HEADER_BYTES)
        return broken(err, frame.len, "the frame ends inside its header of %u bytes", SP_REGION_HEADER_BYTES);
    if (memcmp(p, MAGIC, 4) != 0)
        return broken(err, 0, "it does not begin with %s", MAGIC);
    if (p[4] != VERSION)
        return broken(err, 4, "version %u is not spoken here, only %u", p[4], VERSION);
    if (p[5] < SP_REGION_HELLO || p[5] > SP_REGION_PONG)
        return broken(err, 5, "kind %u is not known", p[5]);
    if (sp_get_u16(p + 6) != 0 || sp_get_u32(p + 20) != 0)
        return broken(err, sp_get_u16(p + 6) ? 6 : 20, "a reserved number is not zero");
    struct sp_region_header header = {
        .kind = p[5],
        .length = sp_get_u32(p + 8),
        .request_id = sp_get_u32(p + 12),
        .fields = sp_get_u32(p + 16),
    };
    if (header.length != frame.len || frame.len > SP_REGION_FRAME_MAX)
        return broken(err, 8, "the length says %u, the frame has %zu bytes", header.length, frame.len);
    if (header.fields > SP_REGION_FIELDS_MAX)
        return broken(err, 16, "%u fields, at most %u are allowed", header.fields, SP_REGION_FIELDS_MAX);
    *ret_header = header;
    return SP_OK;
}

struct reader {
    struct sp_str frame;
    size_t at; /* of the next field */
    const struct rule *rules;
    size_t rule_count;
    void *object;
    uint32_t seen; /* a bit a rule */
    struct sp_region_container *containers;
    size_t container_count;
    struct sp_error *err;
};

struct field {
    uint16_t id, flags;
    struct sp_str value;
    size_t at; /* of its header */
};

static enum sp_status next_field(struct sp_str frame, size_t *at, struct field *ret_field,
                                 struct sp_error *err)
{
    if (frame.len - *at < FIELD_HEADER_BYTES)
        return broken(err, *at, "the frame ends where a field should begin");
    const unsigned char *p = (const unsigned char *)frame.ptr + *at;
    uint32_t length = sp_get_u32(p + 4);
    if (length > frame.len - *at - FIELD_HEADER_BYTES)
        return broken(err, *at, "field %u says it has %u bytes, the frame ends before", sp_get_u16(p),
                      length);
    ret_field->id = sp_get_u16(p);
    ret_field->flags = sp_get_u16(p + 2);
    ret_field->value = sp_str_from(p + FIELD_HEADER_BYTES, length);
    ret_field->at = *at;
    *at += FIELD_HEADER_BYTES + length;
    return SP_OK;
}

static enum sp_status read_container(struct reader *reader, const struct field *field)
{
    struct sp_str value = field->value;
    if (value.len < 2 || (unsigned char)value.ptr[1] > value.len - 2)
        return broken(reader->err, field->at, "a container ends inside its name");
    if (value.ptr[0] != 0 && value.ptr[0] != 1)
        return broken(reader->err, field->at, "a container is neither BIT (0) nor CHAR (1)");
    struct sp_region_container container = {
        .is_char = value.ptr[0] == 1,
        .name = sp_str_slice(value, 2, 2u + (unsigned char)value.ptr[1]),
        .data = sp_str_slice(value, 2u + (unsigned char)value.ptr[1], value.len),
    };
    const char *fault = text_fault(&container_name_rule, container.name);
    if (fault)
        return broken(reader->err, field->at, "the name of a container %s", fault);
    reader->containers[reader->container_count++] = container;
    return SP_OK;
}

static enum sp_status read_number(struct reader *reader, const struct rule *rule, const struct field *field)
{
    if (field->value.len != 4)
        return broken(reader->err, field->at, "%s has %zu bytes instead of 4", rule->name, field->value.len);
    uint32_t number = sp_get_u32((const unsigned char *)field->value.ptr);
    if (number < rule->min || number > rule->max)
        return broken(reader->err, field->at, "%s is %u, not in %u..%u", rule->name, number, rule->min,
                      rule->max);
    memcpy((char *)reader->object + rule->at, &number, sizeof number);
    return SP_OK;
}

static enum sp_status read_field(struct reader *reader, const struct rule *rule, const struct field *field)
{
    void *place = (char *)reader->object + rule->at;
    if (field->flags & ~FLAG_REQUIRED)
        return broken(reader->err, field->at, "%s has unknown flags %#x", rule->name, field->flags);
    if (rule->form == FORM_NUMBER)
        return read_number(reader, rule, field);
    if (rule->form == FORM_FLAG) {
        if (field->value.len != 1 || (field->value.ptr[0] & ~1) != 0)
            return broken(reader->err, field->at, "%s is neither 0 nor 1", rule->name);
        *(bool *)place = field->value.ptr[0] == 1;
        return SP_OK;
    }
    const char *fault = text_fault(rule, field->value);
    if (fault)
        return broken(reader->err, field->at, "%s %s (%zu bytes)", rule->name, fault, field->value.len);
    *(struct sp_str *)place = field->value;
    return SP_OK;
}

static const struct rule *find_rule(const struct reader *reader, uint16_t id)
{
    for (size_t i = 0; i < reader->rule_count; i++)
        if (reader->rules[i].id == id)
            return &reader->rules[i];
    return NULL;
}

static bool was_seen(const struct reader *reader, uint16_t id)
{
    const struct rule *rule = find_rule(reader, id);
    return rule && (reader->seen & 1u << (rule - reader->rules)) != 0;
}

static enum sp_status read_one(struct reader *reader, const struct field *field)
{
    if (field->id == FIELD_CONTAINER && reader->containers) {
        if (field->flags & ~FLAG_REQUIRED)
            return broken(reader->err, field->at, "CONTAINER has unknown flags %#x", field->flags);
        return read_container(reader, field);
    }
    const struct rule *rule = find_rule(reader, field->id);
    if (!rule) {
        if (field->flags & FLAG_REQUIRED)
            return broken(reader->err, field->at, "field %u is required and not known here", field->id);
        return SP_OK;
    }
    uint32_t bit = 1u << (rule - reader->rules);
    if (reader->seen & bit)
        return broken(reader->err, field->at, "%s is there twice", rule->name);
    reader->seen |= bit;
    return read_field(reader, rule, field);
}

static enum sp_status read_fields(struct reader *reader, enum sp_region_kind kind,
                                  struct sp_region_header *ret_header)
{
    struct sp_region_header header;
    enum sp_status status = sp_region_header_read(reader->frame, &header, reader->err);
    if (status != SP_OK)
        return status;
    if (header.kind != kind)
        return broken(reader->err, 5, "kind %d where %d is expected", header.kind, kind);
    reader->at = SP_REGION_HEADER_BYTES;
    for (uint32_t i = 0; i < header.fields; i++) {
        struct field field = {0};
        status = next_field(reader->frame, &reader->at, &field, reader->err);
        if (status == SP_OK)
            status = read_one(reader, &field);
        if (status != SP_OK)
            return status;
    }
    if (reader->at != reader->frame.len)
        return broken(reader->err, reader->at, "bytes behind the last field");
    for (size_t i = 0; i < reader->rule_count; i++)
        if (reader->rules[i].mandatory && !(reader->seen & 1u << i))
            return broken(reader->err, reader->frame.len, "%s is missing", reader->rules[i].name);
    *ret_header = header;
    return SP_OK;
}

/* Give the reader an array as long as there are containers in the frame. Broken frames are told of later. */
static enum sp_status room_for_containers(struct reader *reader, struct sp_arena *arena)
{
    struct sp_region_header header;
    enum sp_status status = sp_region_header_read(reader->frame, &header, reader->err);
    size_t at = SP_REGION_HEADER_BYTES, count = 0;
    for (uint32_t i = 0; status == SP_OK && i < header.fields; i++) {
        struct field field = {0};
        status = next_field(reader->frame, &at, &field, reader->err);
        count += status == SP_OK && field.id == FIELD_CONTAINER;
    }
    if (status != SP_OK)
        return status;
    if (count > SP_REGION_CONTAINERS_MAX)
        return broken(reader->err, 16, "%zu containers, at most %u are allowed", count,
                      SP_REGION_CONTAINERS_MAX);
    reader->containers = sp_arena_calloc(arena, count ? count : 1, sizeof reader->containers[0]);
    if (!reader->containers)
        return sp_error_set(reader->err, SP_ENOMEM, NULL, "no memory for %zu containers", count);
    return SP_OK;
}

static enum sp_status check_areas(struct reader *reader)
{
    bool has_channel = was_seen(reader, FIELD_CHANNEL);
    size_t end = reader->frame.len;
    if (has_channel && was_seen(reader, FIELD_COMMAREA))
        return broken(reader->err, end, "both a channel and a COMMAREA");
    if (!has_channel && reader->container_count)
        return broken(reader->err, end, "containers without a channel");
    if (is_name_given_twice(reader->containers, reader->container_count))
        return broken(reader->err, end, "two containers of one name");
    return SP_OK;
}

enum sp_status sp_region_link_read(struct sp_str frame, struct sp_arena *arena,
                                   struct sp_region_link *ret_link, struct sp_error *err)
{
    struct sp_region_link link = {0};
    struct sp_region_header header;
    struct reader reader = {
        .frame = frame, .rules = link_rules, .rule_count = COUNT(link_rules), .object = &link, .err = err};
    enum sp_status status = room_for_containers(&reader, arena);
    if (status == SP_OK)
        status = read_fields(&reader, SP_REGION_LINK, &header);
    if (status == SP_OK)
        status = check_areas(&reader);
    if (status != SP_OK)
        return status;
    link.request_id = header.request_id;
    link.has_channel = was_seen(&reader, FIELD_CHANNEL);
    link.containers = reader.containers;
    link.container_count = reader.container_count;
    *ret_link = link;
    return SP_OK;
}

enum sp_status sp_region_answer_read(struct sp_str frame, struct sp_arena *arena,
                                     struct sp_region_answer *ret_answer, struct sp_error *err)
{
    struct answer_fields fields = {0};
    struct sp_region_header header;
    struct reader reader = {.frame = frame,
                            .rules = answer_rules,
                            .rule_count = COUNT(answer_rules),
                            .object = &fields,
                            .err = err};
    enum sp_status status = room_for_containers(&reader, arena);
    if (status == SP_OK)
        status = read_fields(&reader, SP_REGION_ANSWER, &header);
    if (status == SP_OK)
        status = check_areas(&reader);
    if (status != SP_OK)
        return status;
    fields.answer.request_id = header.request_id;
    fields.answer.outcome = (enum sp_region_outcome)fields.outcome;
    fields.answer.has_channel = was_seen(&reader, FIELD_CHANNEL);
    fields.answer.containers = reader.containers;
    fields.answer.container_count = reader.container_count;
    *ret_answer = fields.answer;
    return SP_OK;
}

enum sp_status sp_region_hello_read(struct sp_str frame, struct sp_region_hello *ret_hello,
                                    struct sp_error *err)
{
    struct sp_region_hello hello = {0};
    struct sp_region_header header;
    struct reader reader = {
        .frame = frame, .rules = hello_rules, .rule_count = COUNT(hello_rules), .object = &hello, .err = err};
    enum sp_status status = read_fields(&reader, SP_REGION_HELLO, &header);
    if (status != SP_OK)
        return status;
    hello.request_id = header.request_id;
    *ret_hello = hello;
    return SP_OK;
}

enum sp_status sp_region_refuse_read(struct sp_str frame, struct sp_str *ret_reason, struct sp_error *err)
{
    struct sp_str reason = {NULL, 0};
    struct sp_region_header header;
    struct reader reader = {.frame = frame,
                            .rules = refuse_rules,
                            .rule_count = COUNT(refuse_rules),
                            .object = &reason,
                            .err = err};
    enum sp_status status = read_fields(&reader, SP_REGION_REFUSE, &header);
    if (status != SP_OK)
        return status;
    *ret_reason = reason;
    return SP_OK;
}

/* --- writing ----------------------------------------------------------------------------------------- */

struct writer {
    struct sp_buf *buf;
    size_t start; /* of the frame in the buffer */
    uint32_t fields;
    bool out_of_range;
};

static void begin(struct writer *writer, struct sp_buf *buf, enum sp_region_kind kind, uint32_t request_id)
{
    *writer = (struct writer){.buf = buf, .start = buf->len};
    unsigned char header[SP_REGION_HEADER_BYTES] = MAGIC;
    header[4] = VERSION;
    header[5] = (unsigned char)kind;
    sp_put_u32(header + 12, request_id);
    sp_buf_append(buf, header, sizeof header);
}

static void put_header(struct writer *writer, uint16_t id, size_t length)
{
    writer->fields++;
    sp_buf_append_u16(writer->buf, id);
    sp_buf_append_u16(writer->buf, FLAG_REQUIRED);
    sp_buf_append_u32(writer->buf, (uint32_t)length);
}

static void put_text(struct writer *writer, const struct rule *rule, struct sp_str value)
{
    if (text_fault(rule, value)) {
        writer->out_of_range = true;
        return;
    }
    put_header(writer, rule->id, value.len);
    sp_buf_append_str(writer->buf, value);
}

/* What is empty, zero or false is left out: absence means the same. */
static void put_fields(struct writer *writer, const struct rule *rules, size_t count, const void *object)
{
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = &rules[i];
        const void *place = (const char *)object + rule->at;
        if (is_text(rule)) {
            struct sp_str value = *(const struct sp_str *)place;
            if (value.len || rule->mandatory)
                put_text(writer, rule, value);
        } else if (rule->form == FORM_FLAG) {
            if (*(const bool *)place) {
                put_header(writer, rule->id, 1);
                sp_buf_append_byte(writer->buf, 1);
            }
        } else {
            uint32_t number;
            memcpy(&number, place, sizeof number);
            if (number < rule->min || number > rule->max) {
                writer->out_of_range = true;
            } else if (number || rule->mandatory) {
                put_header(writer, rule->id, 4);
                sp_buf_append_u32(writer->buf, number);
            }
        }
    }
}

static void put_containers(struct writer *writer, const struct sp_region_container *containers, size_t count)
{
    if (count > SP_REGION_CONTAINERS_MAX || is_name_given_twice(containers, count)) {
        writer->out_of_range = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct sp_region_container *container = &containers[i];
        if (text_fault(&container_name_rule, container->name) || container->data.len > SP_REGION_FRAME_MAX) {
            writer->out_of_range = true;
            return;
        }
        put_header(writer, FIELD_CONTAINER, 2 + container->name.len + container->data.len);
        sp_buf_append_byte(writer->buf, container->is_char);
        sp_buf_append_byte(writer->buf, (unsigned char)container->name.len);
        sp_buf_append_str(writer->buf, container->name);
        sp_buf_append_str(writer->buf, container->data);
    }
}

/* Fill in length and count, or take the frame out of the buffer again. */
static enum sp_status finish(struct writer *writer)
{
    struct sp_buf *buf = writer->buf;
    enum sp_status status = SP_OK;
    if (writer->out_of_range)
        status = SP_EINVAL;
    else if (buf->failed || buf->len - writer->start > SP_REGION_FRAME_MAX)
        status = SP_ELIMIT;
    if (status != SP_OK) {
        buf->len = writer->start;
        return status;
    }
    sp_put_u32(buf->ptr + writer->start + 8, (uint32_t)(buf->len - writer->start));
    sp_put_u32(buf->ptr + writer->start + 16, writer->fields);
    return SP_OK;
}

enum sp_status sp_region_link_write(struct sp_buf *buf, const struct sp_region_link *link)
{
    struct writer writer;
    begin(&writer, buf, SP_REGION_LINK, link->request_id);
    put_fields(&writer, link_rules, COUNT(link_rules), link);
    if (link->has_channel ? !link->channel.len || link->commarea.len
                          : link->channel.len || link->container_count)
        writer.out_of_range = true;
    put_containers(&writer, link->containers, link->container_count);
    return finish(&writer);
}

enum sp_status sp_region_answer_write(struct sp_buf *buf, const struct sp_region_answer *answer)
{
    struct answer_fields fields = {.answer = *answer, .outcome = answer->outcome};
    struct writer writer;
    begin(&writer, buf, SP_REGION_ANSWER, answer->request_id);
    put_fields(&writer, answer_rules, COUNT(answer_rules), &fields);
    if (answer->has_channel ? answer->commarea.len != 0 : answer->container_count != 0)
        writer.out_of_range = true;
    if (answer->has_channel)
        put_header(&writer, FIELD_CHANNEL, 0);
    put_containers(&writer, answer->containers, answer->container_count);
    return finish(&writer);
}

enum sp_status sp_region_hello_write(struct sp_buf *buf, const struct sp_region_hello *hello)
{
    struct writer writer;
    begin(&writer, buf, SP_REGION_HELLO, hello->request_id);
    put_fields(&writer, hello_rules, COUNT(hello_rules), hello);
    return finish(&writer);
}

enum sp_status sp_region_refuse_write(struct sp_buf *buf, uint32_t request_id, struct sp_str reason)
{
    struct writer writer;
    begin(&writer, buf, SP_REGION_REFUSE, request_id);
    put_fields(&writer, refuse_rules, COUNT(refuse_rules), &reason);
    return finish(&writer);
}

enum sp_status sp_region_bare_write(struct sp_buf *buf, enum sp_region_kind kind, uint32_t request_id)
{
    struct writer writer;
    begin(&writer, buf, kind, request_id);
    if (kind != SP_REGION_PING && kind != SP_REGION_PONG && kind != SP_REGION_CANCEL)
        writer.out_of_range = true;
    return finish(&writer);
}
