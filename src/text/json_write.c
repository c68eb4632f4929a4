/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json_write.h"

#include <assert.h>

#include "text/json.h"
#include "text/scan.h"

_Static_assert(SP_JSON_WRITE_DEPTH_MAX >= SP_JSON_DEPTH_MAX, "what can be read can be written");

void sp_json_writer_init(struct sp_json_writer *writer, struct sp_buf *buf, unsigned indent)
{
    *writer = (struct sp_json_writer){.buf = buf, .indent = indent, .first = true};
}

/* Room for `len` bytes, as sp_buf_reserve, without a call when it is there. */
static inline unsigned char *room_for(struct sp_buf *buf, size_t len)
{
    size_t free_bytes = (buf->cap < buf->ceiling ? buf->cap : buf->ceiling) - buf->len;
    return len < free_bytes ? buf->ptr + buf->len : sp_buf_reserve(buf, len);
}

static void put(struct sp_json_writer *writer, const char *bytes, size_t len)
{
    unsigned char *room = room_for(writer->buf, len);
    if (room) {
        memcpy(room, bytes, len);
        writer->buf->len += len;
    }
}

static inline void put_byte(struct sp_json_writer *writer, char byte)
{
    unsigned char *room = room_for(writer->buf, 1);
    if (room) {
        *room = (unsigned char)byte;
        writer->buf->len++;
    }
}

static void put_line(struct sp_json_writer *writer)
{
    put_byte(writer, '\n');
    /* A failure is kept in the buffer's mark. */
    (void)!sp_buf_append_fill(writer->buf, ' ', (size_t)writer->depth * writer->indent);
}

static bool is_in_object(const struct sp_json_writer *writer)
{
    unsigned level = writer->depth - 1;
    return writer->open[level / 8] >> level % 8 & 1;
}

/* What stands between the last element or member and the next one. */
static void put_separator(struct sp_json_writer *writer)
{
    if (!writer->first)
        put_byte(writer, ',');
    writer->first = false;
    if (writer->indent)
        put_line(writer);
}

static void begin_value(struct sp_json_writer *writer)
{
    if (!writer->depth) {
        assert(writer->first);
        writer->first = false;
    } else if (is_in_object(writer)) {
        assert(writer->value_due);
        writer->value_due = false;
    } else {
        put_separator(writer);
    }
}

static void begin_level(struct sp_json_writer *writer, bool is_object)
{
    begin_value(writer);
    assert(writer->depth < SP_JSON_WRITE_DEPTH_MAX);
    unsigned char bit = (unsigned char)(1u << writer->depth % 8);
    unsigned char *bits = &writer->open[writer->depth / 8];
    *bits = (unsigned char)(is_object ? *bits | bit : *bits & ~bit);
    writer->depth++;
    writer->first = true;
    put_byte(writer, is_object ? '{' : '[');
}

static void end_level(struct sp_json_writer *writer, bool is_object)
{
    assert(writer->depth && is_in_object(writer) == is_object && !writer->value_due);
    bool was_empty = writer->first;
    writer->depth--;
    writer->first = false;
    if (writer->indent && !was_empty)
        put_line(writer);
    put_byte(writer, is_object ? '}' : ']');
}

void sp_json_object_begin(struct sp_json_writer *writer)
{
    begin_level(writer, true);
}

void sp_json_object_end(struct sp_json_writer *writer)
{
    end_level(writer, true);
}

void sp_json_array_begin(struct sp_json_writer *writer)
{
    begin_level(writer, false);
}

void sp_json_array_end(struct sp_json_writer *writer)
{
    end_level(writer, false);
}

/* The byte at `p`, which a string does not take as it is. */
static void put_escape(struct sp_json_writer *writer, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\'};
    if (c >= 0x80) {
        put(writer, "\xef\xbf\xbd", 3);
    } else if (letters[c]) {
        put(writer, (char[2]){'\\', letters[c]}, 2);
    } else {
        put(writer, (char[6]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
    }
}

/* The next control character that JSON would take as it is. */
static const char *find_control(const char *p, const char *end)
{
    for (; p < end; p++) {
        bool c1 = (unsigned char)*p == 0xc2 && end - p > 1 && (unsigned char)p[1] < 0xa0;
        if (*p == 0x7f || c1)
            return p;
    }
    return end;
}

static void put_characters(struct sp_json_writer *writer, const char *p, const char *end)
{
    static const char digits[] = "0123456789abcdef";
    while (writer->escape_controls && p < end) {
        const char *control = find_control(p, end);
        put(writer, p, (size_t)(control - p));
        if (control == end)
            return;
        unsigned char c = (unsigned char)control[*control == 0x7f ? 0 : 1];
        put(writer, (char[6]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
        p = control + (*control == 0x7f ? 1 : 2);
    }
    put(writer, p, (size_t)(end - p));
}

/* The characters before `done` need no escape by JSON. */
static void put_escaped(struct sp_json_writer *writer, struct sp_str utf8, const char *done)
{
    const char *run = utf8.ptr, *p = done, *end = utf8.ptr + utf8.len;
    put_byte(writer, '"');
    while (p < end) {
        put_characters(writer, run, p);
        put_escape(writer, (unsigned char)*p);
        run = p + 1;
        p = sp_scan_characters(run, end);
    }
    put_characters(writer, run, p);
    put_byte(writer, '"');
}

static void put_quoted(struct sp_json_writer *writer, struct sp_str utf8)
{
    if (!utf8.len)
        utf8 = SP_STR("");
    const char *end = utf8.ptr + utf8.len;
    const char *plain = sp_scan_characters(utf8.ptr, end);
    unsigned char *room =
        plain == end && !writer->escape_controls ? room_for(writer->buf, utf8.len + 2) : NULL;
    if (!room) {
        put_escaped(writer, utf8, plain);
        return;
    }
    room[0] = '"';
    memcpy(room + 1, utf8.ptr, utf8.len);
    room[utf8.len + 1] = '"';
    writer->buf->len += utf8.len + 2;
}

void sp_json_name(struct sp_json_writer *writer, struct sp_str name)
{
    assert(writer->depth && is_in_object(writer) && !writer->value_due);
    put_separator(writer);
    put_quoted(writer, name);
    put(writer, ": ", writer->indent ? 2 : 1);
    writer->value_due = true;
}

void sp_json_quoted_name(struct sp_json_writer *writer, struct sp_str quoted)
{
    assert(writer->depth && is_in_object(writer) && !writer->value_due);
    unsigned char *room = writer->indent ? NULL : room_for(writer->buf, quoted.len + 2);
    if (room) {
        *room = ',';
        room += !writer->first;
        memcpy(room, quoted.ptr, quoted.len);
        room[quoted.len] = ':';
        writer->buf->len += quoted.len + 1 + !writer->first;
        writer->first = false;
    } else {
        put_separator(writer);
        put(writer, quoted.ptr, quoted.len);
        put(writer, ": ", writer->indent ? 2 : 1);
    }
    writer->value_due = true;
}

void sp_json_raw(struct sp_json_writer *writer, struct sp_str json)
{
    begin_value(writer);
    put(writer, json.ptr, json.len);
}

/* Bytes from the end of the buffer to a plain string: its quote, and in an array the comma that begin_value
 * will put. */
static size_t plain_lead(const struct sp_json_writer *writer)
{
    bool in_array = writer->depth && !is_in_object(writer);
    assert(!in_array || !writer->indent);
    return in_array && !writer->first ? 2 : 1;
}

unsigned char *sp_json_plain_room(struct sp_json_writer *writer, size_t most)
{
    size_t lead = plain_lead(writer);
    unsigned char *room = room_for(writer->buf, most < SIZE_MAX - lead - 1 ? lead + most + 1 : most);
    return room ? room + lead : NULL;
}

void sp_json_plain_done(struct sp_json_writer *writer, size_t len)
{
    begin_value(writer);
    struct sp_buf *buf = writer->buf;
    buf->ptr[buf->len] = '"';
    buf->ptr[buf->len + 1 + len] = '"';
    buf->len += len + 2;
}

void sp_json_string(struct sp_json_writer *writer, struct sp_str utf8)
{
    begin_value(writer);
    put_quoted(writer, utf8);
}

static __attribute__((unused)) bool is_number(struct sp_str digits)
{
    const char *end = digits.ptr + digits.len, *bad;
    return sp_scan_number(digits.ptr, end, &bad) == end;
}

void sp_json_number(struct sp_json_writer *writer, struct sp_str digits)
{
    assert(is_number(digits));
    begin_value(writer);
    put(writer, digits.ptr, digits.len);
}

static void put_integer(struct sp_json_writer *writer, bool negative, uint64_t magnitude)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude);
    begin_value(writer);
    if (negative)
        put_byte(writer, '-');
    put(writer, digits + at, sizeof digits - at);
}

void sp_json_i64(struct sp_json_writer *writer, int64_t value)
{
    put_integer(writer, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void sp_json_u64(struct sp_json_writer *writer, uint64_t value)
{
    put_integer(writer, false, value);
}

void sp_json_bool(struct sp_json_writer *writer, bool value)
{
    begin_value(writer);
    put(writer, value ? "true" : "false", value ? 4 : 5);
}

void sp_json_null(struct sp_json_writer *writer)
{
    begin_value(writer);
    put(writer, "null", 4);
}

static void put_children(struct sp_json_writer *writer, const struct sp_json_value *parent)
{
    for (const struct sp_json_value *child = parent->first; child; child = child->next) {
        if (parent->kind == SP_JSON_IS_OBJECT)
            sp_json_name(writer, child->name);
        sp_json_tree(writer, child);
    }
}

/* Recursion is bounded by the depth a tree can have. */
void sp_json_tree(struct sp_json_writer *writer, const struct sp_json_value *value)
{
    switch (value->kind) {
    case SP_JSON_IS_NULL:
        sp_json_null(writer);
        break;
    case SP_JSON_IS_FALSE:
    case SP_JSON_IS_TRUE:
        sp_json_bool(writer, value->kind == SP_JSON_IS_TRUE);
        break;
    case SP_JSON_IS_NUMBER:
        sp_json_number(writer, value->text);
        break;
    case SP_JSON_IS_STRING:
        sp_json_string(writer, value->text);
        break;
    case SP_JSON_IS_ARRAY:
    case SP_JSON_IS_OBJECT:
        begin_level(writer, value->kind == SP_JSON_IS_OBJECT);
        put_children(writer, value);
        end_level(writer, value->kind == SP_JSON_IS_OBJECT);
        break;
    }
}

void sp_json_put_string(struct sp_json_writer *writer, const char *name, struct sp_str utf8)
{
    sp_json_name(writer, sp_str_of(name));
    sp_json_string(writer, utf8);
}

void sp_json_put_text(struct sp_json_writer *writer, const char *name, const char *utf8)
{
    sp_json_put_string(writer, name, sp_str_of(utf8));
}

void sp_json_put_i64(struct sp_json_writer *writer, const char *name, int64_t value)
{
    sp_json_name(writer, sp_str_of(name));
    sp_json_i64(writer, value);
}

void sp_json_put_bool(struct sp_json_writer *writer, const char *name, bool value)
{
    sp_json_name(writer, sp_str_of(name));
    sp_json_bool(writer, value);
}
