/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/binary.h"
#include "mapping/floattext.h"
#include "mapping/packed.h"
#include "mapping/place.h"
#include "mapping/program.h"
#include "mapping/scope.h"
#include "mapping/zoned.h"
#include "text/json_write.h"

#define HEX_BYTES_MAX 32

/* The record that is being read, and how its offsets are to be taken: `at` + offset is the place of a field,
 * where `at` has the slack of arrays before it subtracted (modulo the size of size_t). */
struct place {
    const unsigned char *bytes;
    size_t len;
    size_t at;
};

struct run {
    const struct sp_mapping *mapping;
    const struct sp_record_set *records;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_json_writer writer;
    struct sp_buf body, scratch;
    struct sp_mapped_header *headers;
    struct place *places;     /* by segment */
    uint32_t *counts, *index; /* of counters (UNKNOWN: not in the record), and by level of arrays */
};

#define UNKNOWN UINT32_MAX

static enum sp_status write_value(struct run *run, const struct sp_node *node, struct place *place,
                                  bool named);

static enum sp_status no_memory(struct run *run)
{
    return sp_error_set(run->err, SP_ENOMEM, NULL, "The memory allowed for this answer is used up.");
}

static enum sp_status short_record(struct run *run, const struct sp_node *node, const struct place *place)
{
    enum sp_status status = sp_place_fail(run->err, node, run->index, SP_EPROTO, SP_ID_SHORT_RECORD,
                                          "begins at offset %zu and takes %u bytes; the answer has only %zu.",
                                          place->at + node->offset, node->bytes, place->len);
    sp_error_at_offset(run->err, NULL, (int64_t)(place->at + node->offset));
    return status;
}

static enum sp_status bad_data(struct run *run, const struct sp_node *node, const unsigned char *bytes,
                               size_t at, enum sp_convert cause)
{
    char hex[2 * HEX_BYTES_MAX + 1];
    unsigned shown = node->bytes < HEX_BYTES_MAX ? node->bytes : HEX_BYTES_MAX;
    for (unsigned i = 0; i < shown; i++) {
        hex[2 * i] = "0123456789ABCDEF"[bytes[i] >> 4];
        hex[2 * i + 1] = "0123456789ABCDEF"[bytes[i] & 15];
    }
    hex[2 * shown] = '\0';
    enum sp_status status =
        sp_place_fail(run->err, node, run->index, SP_EPROTO, SP_ID_BAD_DATA, "%s: offset %zu, X'%s'%s.",
                      sp_convert_text(cause), at, hex, shown < node->bytes ? "..." : "");
    sp_error_at_offset(run->err, NULL, (int64_t)at);
    return status;
}

/* The text of a scalar: of a number in `room`, of characters in the scratch buffer. */
static enum sp_convert scalar_text(struct run *run, const struct sp_node *node, const unsigned char *bytes,
                                   char room[SP_DECIMAL_TEXT_MAX], struct sp_str *ret_text)
{
    const struct sp_mapping *mapping = run->mapping;
    bool trim = mapping->options.trim_fraction_zeros;
    struct sp_fixed fixed;
    enum sp_convert cause;
    double value;
    switch (node->kind) {
    case SP_NODE_CHAR:
        return sp_chars_read(node->charset, bytes, node->bytes, mapping->conversion.trim_output_leading,
                             mapping->conversion.trim_output_trailing, &run->scratch, ret_text);
    case SP_NODE_FLOAT:
        cause = sp_float_load(mapping->float_format, node->bytes, bytes, &value);
        if (cause == SP_CONVERT_OK)
            *ret_text =
                sp_str_from(room, sp_float_write(value, mapping->float_format, node->bytes, trim, room));
        return cause;
    case SP_NODE_ZONED:
        cause = sp_zoned_read(&node->shape, bytes, &fixed);
        break;
    case SP_NODE_PACKED:
        cause = sp_packed_read(&node->shape, bytes, &fixed);
        break;
    default:
        cause = sp_binary_read(&node->shape, bytes, &fixed);
        break;
    }
    if (cause == SP_CONVERT_OK)
        *ret_text = sp_str_from(room, sp_decimal_write(&fixed, node->shape.scale, trim, room));
    return cause;
}

static bool all_bytes_are(const unsigned char *bytes, size_t len, unsigned char byte)
{
    return bytes[0] == byte && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static enum sp_status read_counter(struct run *run, const struct sp_node *node, const unsigned char *bytes,
                                   size_t at)
{
    uint32_t count;
    if (!sp_counter_read(node, bytes, &count))
        return bad_data(run, node, bytes, at, SP_CONVERT_BAD_DIGIT);
    if (count > node->counter->max)
        return sp_place_fail(run->err, node, run->index, SP_EPROTO, SP_ID_BAD_COUNT,
                             "says %u; its array %.*s holds at most %u elements.", count,
                             SP_STR_ARG(node->counter->array->name), node->counter->max);
    if (run->mapping->conversion.enforce_min_occurs_response && count < node->counter->min)
        return sp_place_fail(run->err, node, run->index, SP_EPROTO, SP_ID_BAD_COUNT,
                             "says %u; its array %.*s has at least %u elements.", count,
                             SP_STR_ARG(node->counter->array->name), node->counter->min);
    run->counts[node->counter->slot] = count;
    return SP_OK;
}

/* A header must not carry line ends or other controls into the response's head. */
static enum sp_status set_header(struct run *run, const struct sp_node *node, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return sp_place_fail(run->err, node, run->index, SP_EPROTO, SP_ID_BAD_HEADER,
                                 "has a control character and cannot become the header %.*s.",
                                 SP_STR_ARG(run->headers[node->header].name));
    struct sp_str value = sp_arena_str(run->arena, text);
    if (!value.ptr)
        return no_memory(run);
    run->headers[node->header].value = value;
    return SP_OK;
}

/* What was written since, is taken back. */
struct mark {
    struct sp_json_writer writer;
    size_t len;
};

static struct mark mark(const struct run *run)
{
    return (struct mark){run->writer, run->body.len};
}

static void go_back(struct run *run, const struct mark *to)
{
    run->writer = to->writer;
    run->body.len = to->len;
}

/* Ordinary text goes from the record straight into the body. False when it is not ordinary. */
static bool write_plain(struct run *run, const struct sp_node *node, const unsigned char *bytes, bool named)
{
    const struct sp_conversion *conversion = &run->mapping->conversion;
    size_t size = node->bytes;
    if (!sp_chars_trim(node->charset, &bytes, &size, conversion->trim_output_leading,
                       conversion->trim_output_trailing))
        return false;
    if (size == 0 && conversion->omit_output_empty)
        return true;
    struct mark before = mark(run);
    if (named)
        sp_json_quoted_name(&run->writer, node->quoted);
    unsigned char *room = sp_json_plain_room(&run->writer, size);
    if (room && sp_chars_read_plain(node->charset, bytes, size, room)) {
        sp_json_plain_done(&run->writer, size);
        return true;
    }
    go_back(run, &before);
    return false;
}

/* The value of a field that is in the record, as a member or an element. */
static enum sp_status write_field(struct run *run, const struct sp_node *node, const unsigned char *bytes,
                                  size_t at, bool named)
{
    const struct sp_conversion *conversion = &run->mapping->conversion;
    if (conversion->omit_output_by_value && all_bytes_are(bytes, node->bytes, conversion->omit_output_byte))
        return SP_OK;
    if (node->kind == SP_NODE_CHAR && write_plain(run, node, bytes, named))
        return SP_OK;
    char room[SP_DECIMAL_TEXT_MAX];
    struct sp_str text;
    enum sp_convert cause = scalar_text(run, node, bytes, room, &text);
    if (cause != SP_CONVERT_OK)
        return bad_data(run, node, bytes, at, cause);
    if (conversion->omit_output_empty && text.len == 0)
        return SP_OK;
    if (named)
        sp_json_quoted_name(&run->writer, node->quoted);
    if (node->kind == SP_NODE_CHAR)
        sp_json_string(&run->writer, text);
    else
        sp_json_raw(&run->writer, text);
    return SP_OK;
}

static enum sp_status write_header(struct run *run, const struct sp_node *node, const unsigned char *bytes,
                                   size_t at)
{
    const struct sp_conversion *conversion = &run->mapping->conversion;
    if (conversion->omit_output_by_value && all_bytes_are(bytes, node->bytes, conversion->omit_output_byte))
        return SP_OK;
    char room[SP_DECIMAL_TEXT_MAX];
    struct sp_str text;
    enum sp_convert cause = scalar_text(run, node, bytes, room, &text);
    return cause == SP_CONVERT_OK ? set_header(run, node, text) : bad_data(run, node, bytes, at, cause);
}

static enum sp_status write_scalar(struct run *run, const struct sp_node *node, struct place *place,
                                   bool named)
{
    size_t at = place->at + node->offset;
    if (at >= place->len) {
        if (node->counter)
            run->counts[node->counter->slot] = UNKNOWN;
        return SP_OK;
    }
    if (node->bytes > place->len - at)
        return short_record(run, node, place);
    const unsigned char *bytes = place->bytes + at;
    if (node->simple)
        return write_field(run, node, bytes, at, named);
    enum sp_status status = node->counter ? read_counter(run, node, bytes, at) : SP_OK;
    if (status != SP_OK)
        return status;
    if (node->header != SP_MAPPING_NONE)
        return write_header(run, node, bytes, at);
    if (!node->visible)
        return SP_OK;
    if (!node->constant.ptr)
        return write_field(run, node, bytes, at, named);
    if (named)
        sp_json_quoted_name(&run->writer, node->quoted);
    sp_json_raw(&run->writer, node->constant);
    return SP_OK;
}

/* Alternatives of a redefined area are tried in turn: what cannot be read as one of them is left out, unless
 * it cannot be read as any. */
struct area {
    uint32_t number;
    bool written;
    struct sp_error *failure; /* in the arena: objects are in each other, and their stack is a fiber's */
};

static enum sp_status write_alternative(struct run *run, const struct sp_node *node, struct place *place,
                                        struct area *area)
{
    struct mark before = mark(run);
    if (area->number != node->area)
        *area = (struct area){.number = node->area};
    enum sp_status status = write_value(run, node, place, true);
    if (status != SP_EPROTO) {
        area->written |= status == SP_OK;
        return status;
    }
    if (!area->failure) {
        area->failure = sp_arena_alloc(run->arena, sizeof *area->failure);
        if (!area->failure)
            return no_memory(run);
        *area->failure = *run->err;
    }
    go_back(run, &before);
    return SP_OK;
}

static bool is_last_of_area(const struct sp_node *parent, const struct sp_node *node)
{
    for (uint32_t i = node->position + 1; i < parent->object.count; i++)
        if (parent->object.children[i].area == node->area)
            return false;
    return true;
}

static enum sp_status write_members(struct run *run, const struct sp_node *node, struct place *place)
{
    struct area area = {.number = SP_MAPPING_NONE};
    for (const struct sp_node *const *visit = node->object.visits; *visit; visit++) {
        const struct sp_node *child = *visit;
        enum sp_status status;
        if (child->simple) {
            status = write_scalar(run, child, place, true);
        } else if (child->area == SP_MAPPING_NONE || !child->visible) {
            status = write_value(run, child, place, true);
        } else {
            status = write_alternative(run, child, place, &area);
            if (status == SP_OK && !area.written && area.failure && is_last_of_area(node, child)) {
                *run->err = *area.failure;
                status = run->err->status;
            }
        }
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

static enum sp_status write_object(struct run *run, const struct sp_node *node, struct place *place,
                                   bool named)
{
    if (!node->visible)
        return write_members(run, node, place);
    struct mark before = mark(run);
    if (named)
        sp_json_quoted_name(&run->writer, node->quoted);
    sp_json_object_begin(&run->writer);
    enum sp_status status = write_members(run, node, place);
    bool empty = run->writer.first;
    sp_json_object_end(&run->writer);
    bool outermost = !node->parent || !node->parent->parent;
    if (empty && !outermost && status == SP_OK && run->mapping->conversion.omit_output_empty)
        go_back(run, &before);
    return status;
}

/* Every element of an array at its place; those of arrays that vary in size follow each other. */
static enum sp_status write_elements(struct run *run, const struct sp_node *node, struct place *place,
                                     uint32_t count)
{
    const struct sp_array *array = &node->array;
    struct place element = *place;
    element.at = place->at + node->offset;
    for (uint32_t i = 0; i < count; i++) {
        size_t begin = element.at;
        run->index[array->level] = i;
        if (begin >= place->len ||
            (array->counter && !array->scope->varies && array->element_bytes > place->len - begin)) {
            if (array->counter)
                return sp_place_fail(
                    run->err, node, run->index, SP_EPROTO, SP_ID_SHORT_RECORD,
                    "has %u elements by its count; the answer of %zu bytes ends in number %u.", count,
                    place->len, i);
            return SP_OK;
        }
        enum sp_status status = SP_OK;
        if (node->visible || node->walked)
            status = write_value(run, array->element, &element, false);
        if (status != SP_OK)
            return status;
        element.at += array->element_bytes;
    }
    place->at = element.at - node->offset - node->bytes;
    return SP_OK;
}

static enum sp_status write_array(struct run *run, const struct sp_node *node, struct place *place,
                                  bool named)
{
    uint32_t count = node->array.counter ? run->counts[node->array.counter->slot] : node->array.max;
    /* An array is not there when its count is not, or when the record ends before it. */
    if (count == UNKNOWN || (!node->array.counter && place->at + node->offset >= place->len))
        return SP_OK;
    if (!node->visible)
        return write_elements(run, node, place, count);
    struct mark before = mark(run);
    if (named)
        sp_json_quoted_name(&run->writer, node->quoted);
    sp_json_array_begin(&run->writer);
    enum sp_status status = write_elements(run, node, place, count);
    bool empty = run->writer.first;
    sp_json_array_end(&run->writer);
    if (empty && status == SP_OK && run->mapping->conversion.omit_output_empty)
        go_back(run, &before);
    return status;
}

/* The record of a segment, the first time that something in it is wanted. NULL after an error, and for an
 * optional container that the program did not give. */
static struct place *place_of(struct run *run, uint32_t number, enum sp_status *ret_status)
{
    const struct sp_direction *direction = &run->mapping->response;
    const struct sp_segment_program *segment = &direction->segments[number];
    const struct sp_record *found = NULL;
    struct place *place = &run->places[number];
    *ret_status = SP_OK;
    if (place->bytes)
        return place;
    if (!direction->is_channel && number < run->records->count)
        found = &run->records->records[number];
    for (size_t i = 0; direction->is_channel && i < run->records->count; i++)
        if (sp_str_eq(run->records->records[i].container, segment->container))
            found = &run->records->records[i];
    if (!found && direction->is_channel && !segment->required)
        return NULL;
    if (!found)
        *ret_status =
            sp_error_set(run->err, SP_EPROTO, SP_ID_NO_CONTAINER, "The program's answer has no %s%.*s.",
                         direction->is_channel ? "container " : "record", SP_STR_ARG(segment->container));
    else if (run->mapping->options.whole_answers && found->bytes.len < segment->min_bytes)
        *ret_status = sp_error_set(run->err, SP_EPROTO, SP_ID_SHORT_RECORD,
                                   "The program's answer has %zu bytes; its layout %.*s has at least %u.",
                                   found->bytes.len, SP_STR_ARG(segment->name), segment->min_bytes);
    if (*ret_status != SP_OK)
        return NULL;
    *place = (struct place){(const unsigned char *)(found->bytes.len ? found->bytes.ptr : ""),
                            found->bytes.len, 0};
    return place;
}

static enum sp_status write_value(struct run *run, const struct sp_node *node, struct place *place,
                                  bool named)
{
    if (node->segment != SP_MAPPING_NONE) {
        enum sp_status status;
        place = place_of(run, node->segment, &status);
        if (!place)
            return status;
    }
    if (node->kind == SP_NODE_OBJECT)
        return write_object(run, node, place, named);
    if (node->kind == SP_NODE_ARRAY)
        return write_array(run, node, place, named);
    return write_scalar(run, node, place, named);
}

/* Buffers of a ceiling that is also their size never touch the heap. */
static bool fixed_buffer(struct run *run, struct sp_buf *buf, size_t size)
{
    unsigned char *memory = sp_arena_alloc(run->arena, size);
    *buf = (struct sp_buf){.ptr = memory, .cap = size, .ceiling = size};
    return memory;
}

static enum sp_status prepare(struct run *run)
{
    const struct sp_direction *direction = &run->mapping->response;
    size_t size = (direction->counter_count + direction->level_count) * sizeof *run->counts;
    run->counts = sp_arena_calloc(run->arena, 1, size + 1);
    run->headers = sp_arena_calloc(run->arena, direction->header_count + 1u, sizeof *run->headers);
    run->places = sp_arena_alloc(run->arena, (direction->segment_count + 1u) * sizeof *run->places);
    if (!run->counts || !run->headers || !run->places ||
        !fixed_buffer(run, &run->scratch, run->mapping->text_room))
        return no_memory(run);
    run->index = run->counts + direction->counter_count;
    return SP_OK;
}

/* Once more with more room when the guess was too small (characters that need escapes or several bytes), as
 * long as the arena has it. */
static enum sp_status write_body(struct run *run)
{
    const struct sp_direction *direction = &run->mapping->response;
    for (size_t room = run->mapping->body_room;; room *= 4) {
        if (!fixed_buffer(run, &run->body, room))
            return no_memory(run);
        sp_json_writer_init(&run->writer, &run->body, 0);
        run->writer.escape_controls = run->mapping->conversion.escape_output_control;
        memset(run->places, 0, direction->segment_count * sizeof *run->places);
        if (direction->header_count)
            memcpy(run->headers, direction->headers, direction->header_count * sizeof *run->headers);
        enum sp_status status = write_value(run, direction->root, NULL, false);
        if (status != SP_OK || !run->body.failed)
            return status;
    }
}

/* Headers whose field was absent are not set. */
static size_t drop_unset(struct sp_mapped_header *headers, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (headers[i].value.ptr)
            headers[kept++] = headers[i];
    return kept;
}

enum sp_status sp_mapping_response(const struct sp_mapping *mapping, const struct sp_record_set *records,
                                   struct sp_arena *arena, struct sp_mapped_response *ret_response,
                                   struct sp_error *err)
{
    struct sp_error own = SP_ERROR_INIT;
    struct run run = {.mapping = mapping, .records = records, .arena = arena, .err = err ? err : &own};
    enum sp_status status = prepare(&run);
    if (status == SP_OK)
        status = write_body(&run);
    if (status != SP_OK)
        return status;
    sp_error_clear(run.err);
    *ret_response = (struct sp_mapped_response){
        .status = mapping->status,
        .body = sp_buf_str(&run.body),
        .headers = run.headers,
        .header_count = drop_unset(run.headers, mapping->response.header_count),
    };
    return SP_OK;
}
