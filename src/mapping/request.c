/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/request.h"

#include "mapping/image.h"
#include "mapping/names.h"
#include "mapping/place.h"
#include "mapping/scope.h"
#include "mapping/store.h"

#define UNSET UINT32_MAX

static enum sp_status read_object(struct sp_request_run *run, const struct sp_node *node,
                                  unsigned char *base);
static enum sp_status read_array(struct sp_request_run *run, const struct sp_node *node, unsigned char *base);

static enum sp_status json_error(struct sp_request_run *run)
{
    struct sp_error *err = run->err;
    if (!err || err->status == SP_ENOMEM)
        return err ? err->status : SP_ESYNTAX;
    char detail[SP_ERROR_TEXT_MAX];
    unsigned line = err->line, column = err->column;
    memcpy(detail, err->text, sizeof detail);
    return sp_error_set(err, SP_ESYNTAX, SP_ID_NOT_JSON,
                        "The request payload could not be parsed. A JSON object format payload is expected. "
                        "Error: %.400s on line %u, column %u.",
                        detail, line, column);
}

static enum sp_status no_memory(struct sp_request_run *run)
{
    return sp_error_set(run->err, SP_ENOMEM, NULL, "The memory allowed for this request is used up.");
}

/* The first value of a redefined area decides what the area is. */
enum sp_status sp_request_claim(struct sp_request_run *run, const struct sp_node *node, unsigned char *base)
{
    const struct sp_node **area = &run->areas[node->area];
    if (*area == node)
        return SP_OK;
    if (*area) {
        char other[SP_PLACE_MAX];
        sp_place_text(*area, run->index, other);
        return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_TWO_ALTERNATIVES,
                             "takes the same bytes as %s, which is given too; give one of them.", other);
    }
    *area = node;
    if (!node->owner)
        memcpy(base + node->offset, node->image, node->bytes);
    return SP_OK;
}

static void open_scope(struct sp_request_run *run, const struct sp_scope *scope)
{
    for (uint32_t i = 0; i < scope->count; i++) {
        const struct sp_counter *counter = scope->items[i]->counter;
        if (counter) {
            run->counts[counter->slot] = UNSET;
            run->counter_given[counter->slot] = false;
        }
    }
}

/* The elements that are counted without having been given: with all that is in them. */
static void add_elements(const struct sp_node *array, unsigned char *base, uint32_t have, uint32_t want)
{
    uint32_t size = array->array.element_bytes;
    for (uint32_t i = have; i < want; i++)
        memcpy(base + array->offset + (size_t)i * size, array->array.image.bytes, size);
}

static enum sp_status close_counter(struct sp_request_run *run, const struct sp_counter *counter,
                                    unsigned char *base)
{
    const struct sp_node *node = counter->node;
    unsigned char *bytes = base + node->offset;
    uint32_t have = run->counts[counter->slot], held = 0;
    bool readable = sp_counter_read(node, bytes, &held);
    if (have == UNSET)
        have = counter->from_field && readable ? held : 0;
    uint32_t count = have;
    if (run->mapping->conversion.enforce_min_occurs_request && count < counter->min)
        count = counter->min;
    if (count > counter->max)
        return sp_place_fail(run->err, counter->array, run->index, SP_EINVAL, SP_ID_TOO_MANY_ELEMENTS,
                             "counts %u elements; the arrays it counts hold at most %u.", count,
                             counter->max);
    if (run->counter_given[counter->slot] && held != count)
        return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_COUNTER_DIFFERS,
                             "says %u, and its array has %u elements; leave it out or correct it.", held,
                             count);
    if (sp_counter_write(node, count, bytes) != SP_CONVERT_OK)
        return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_TOO_MANY_ELEMENTS,
                             "cannot hold the number of elements, %u.", count);
    run->counts[counter->slot] = count;
    if (counter->array->array.grows)
        add_elements(counter->array, base, have, count);
    return SP_OK;
}

static enum sp_status close_scope(struct sp_request_run *run, const struct sp_scope *scope,
                                  unsigned char *base)
{
    enum sp_status status = SP_OK;
    for (uint32_t i = 0; status == SP_OK && i < scope->count; i++)
        if (scope->items[i]->counter)
            status = close_counter(run, scope->items[i]->counter, base);
    return status;
}

/* Room for the next element of an array, with its initial bytes. */
enum sp_status sp_request_next_element(struct sp_request_run *run, const struct sp_node *node,
                                       unsigned char *base, uint32_t number, unsigned char **ret_element)
{
    const struct sp_array *array = &node->array;
    if (number >= array->max)
        return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_TOO_MANY_ELEMENTS,
                             "has too many elements; it takes at most %u.", array->max);
    unsigned char *element = base + node->offset + (size_t)number * array->element_bytes;
    if (array->grows)
        sp_image_copy(&array->image, element);
    run->index[array->level] = number;
    open_scope(run, array->scope);
    *ret_element = element;
    return SP_OK;
}

enum sp_status sp_request_end_array(struct sp_request_run *run, const struct sp_node *node, uint32_t count)
{
    const struct sp_counter *counter = node->array.counter;
    if (!counter)
        return SP_OK;
    uint32_t *known = &run->counts[counter->slot];
    if (*known != UNSET && *known != count)
        return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_COUNTER_DIFFERS,
                             "has %u elements, and another array of the same count has %u; make them equal.",
                             count, *known);
    *known = count;
    return SP_OK;
}

enum sp_status sp_request_store(struct sp_request_run *run, const struct sp_node *node, struct sp_str text,
                                enum sp_spelling spelling, unsigned char *base)
{
    enum sp_convert cause = sp_store_text(run->mapping, node, text, spelling, base + node->offset);
    if (cause != SP_CONVERT_OK)
        return sp_place_fail_value(run->err, node, run->index, cause);
    if (node->counter)
        run->counter_given[node->counter->slot] = true;
    return SP_OK;
}

static enum sp_status read_scalar(struct sp_request_run *run, const struct sp_node *node,
                                  enum sp_json_token token, unsigned char *base)
{
    bool text_field = node->kind == SP_NODE_CHAR, convert = run->mapping->options.convert_scalars;
    struct sp_str text = run->reader.text;
    switch (token) {
    case SP_JSON_STRING:
        if (text_field || convert)
            return sp_request_store(run, node, text, text_field ? SP_SPELLING_JSON : SP_SPELLING_LOOSE, base);
        break;
    case SP_JSON_NUMBER:
        if (!text_field || convert)
            return sp_request_store(run, node, text, SP_SPELLING_JSON, base);
        break;
    case SP_JSON_TRUE:
    case SP_JSON_FALSE:
        if (text_field && convert)
            return sp_request_store(run, node, token == SP_JSON_TRUE ? SP_STR("true") : SP_STR("false"),
                                    SP_SPELLING_JSON, base);
        break;
    default:
        break;
    }
    return sp_place_fail_type(run->err, node, run->index, sp_json_token_name(token));
}

/* A value of which `token` is the first token; null leaves the field as if it had not been named. */
static enum sp_status read_value(struct sp_request_run *run, const struct sp_node *node,
                                 enum sp_json_token token, unsigned char *base)
{
    if (token == SP_JSON_ERROR)
        return json_error(run);
    if (token == SP_JSON_NULL)
        return SP_OK;
    if (node->segment != SP_MAPPING_NONE) {
        base = run->bases[node->segment];
        run->segment_given[node->segment] = true;
    }
    if (node->area != SP_MAPPING_NONE) {
        enum sp_status status = sp_request_claim(run, node, base);
        if (status != SP_OK)
            return status;
    }
    if (node->kind == SP_NODE_OBJECT && token == SP_JSON_OBJECT_BEGIN)
        return read_object(run, node, base);
    if (node->kind == SP_NODE_ARRAY && token == SP_JSON_ARRAY_BEGIN)
        return read_array(run, node, base);
    if (node->kind == SP_NODE_OBJECT || node->kind == SP_NODE_ARRAY)
        return sp_place_fail_type(run->err, node, run->index, sp_json_token_name(token));
    return read_scalar(run, node, token, base);
}

static enum sp_status read_array(struct sp_request_run *run, const struct sp_node *node, unsigned char *base)
{
    const struct sp_array *array = &node->array;
    uint32_t count = 0;
    for (;; count++) {
        enum sp_json_token token = sp_json_next(&run->reader);
        if (token == SP_JSON_ARRAY_END)
            return sp_request_end_array(run, node, count);
        if (token == SP_JSON_ERROR)
            return json_error(run);
        unsigned char *element;
        enum sp_status status = sp_request_next_element(run, node, base, count, &element);
        if (status == SP_OK)
            status = read_value(run, array->element, token, element);
        if (status == SP_OK)
            status = close_scope(run, array->scope, element);
        if (status != SP_OK)
            return status;
    }
}

static enum sp_status unknown_member(struct sp_request_run *run, const struct sp_node *node)
{
    struct sp_str name = run->reader.text;
    if (run->mapping->options.ignore_unknown_members) {
        if (sp_json_skip(&run->reader, SP_JSON_NAME) == SP_OK)
            return SP_OK;
        return json_error(run);
    }
    char shown[65];
    size_t len = name.len < sizeof shown - 1 ? name.len : sizeof shown - 1;
    while (len < name.len && len > 0 && ((unsigned char)name.ptr[len] & 0xc0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        shown[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    shown[len] = '\0';
    const struct sp_node *nearest = sp_names_nearest(&node->object, name);
    if (nearest)
        return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_UNKNOWN_MEMBER,
                             "has no member \"%s\" in this operation; did you mean \"%.*s\"?", shown,
                             SP_STR_ARG(nearest->name));
    return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_UNKNOWN_MEMBER,
                         "has no member \"%s\" in this operation; remove it.", shown);
}

static enum sp_status given_twice(struct sp_request_run *run, const struct sp_node *node)
{
    return sp_place_fail(run->err, node, run->index, SP_EINVAL, SP_ID_GIVEN_TWICE, "is given twice.");
}

static enum sp_status read_object(struct sp_request_run *run, const struct sp_node *node, unsigned char *base)
{
    const struct sp_object *object = &node->object;
    const struct sp_node *expected = object->first_visible;
    uint64_t *given = run->given + object->given_at;
    memset(given, 0, sp_words(object->count) * sizeof *given);
    for (uint32_t i = 0; i < object->area_count; i++)
        run->areas[object->area_at + i] = NULL;
    for (;;) {
        enum sp_status status;
        const struct sp_node *child = expected;
        if (!child || !sp_json_take_name(&run->reader, child->quoted)) {
            enum sp_json_token token = sp_json_next(&run->reader);
            if (token == SP_JSON_OBJECT_END)
                return SP_OK;
            if (token == SP_JSON_ERROR)
                return json_error(run);
            child = sp_names_find(object, run->reader.text);
        }
        if (!child) {
            status = unknown_member(run, node);
        } else {
            uint64_t bit = (uint64_t)1 << child->position % 64, *word = &given[child->position / 64];
            if (*word & bit)
                return given_twice(run, child);
            *word |= bit;
            expected = child->next_visible;
            status = read_value(run, child, sp_json_next(&run->reader), base);
        }
        if (status != SP_OK)
            return status;
    }
}

static enum sp_status read_body(struct sp_request_run *run, struct sp_str body)
{
    static const struct sp_json_limits limits = {
        .depth = 64,
        .string_bytes = SP_RECORD_BYTES_MAX,
        .number_bytes = 512,
        .members = 65536,
        .allow_nul = true,        /* X'00' may be in a record */
        .allow_duplicates = true, /* found here, without a table */
    };
    if (body.len == 0)
        return SP_OK;
    sp_json_reader_init(&run->reader, body, run->arena, &limits, run->err);
    enum sp_json_token token = sp_json_next(&run->reader);
    if (token == SP_JSON_ERROR)
        return json_error(run);
    if (token != SP_JSON_OBJECT_BEGIN)
        return sp_error_set(
            run->err, SP_ESYNTAX, SP_ID_NOT_JSON,
            "The request payload could not be parsed. A JSON object format payload is expected. "
            "Error: the payload is %s.",
            sp_json_token_name(token));
    enum sp_status status = read_object(run, run->mapping->request.root, NULL);
    if (status == SP_OK && sp_json_next(&run->reader) != SP_JSON_END)
        status = json_error(run);
    return status;
}

/* One allocation for all that a run notes, and one a segment. */
static enum sp_status prepare(struct sp_request_run *run)
{
    const struct sp_direction *direction = &run->mapping->request;
    uint32_t segments = direction->segment_count, counters = direction->counter_count;
    size_t size = segments * sizeof *run->bases + direction->given_words * sizeof *run->given +
                  direction->area_count * sizeof *run->areas + counters * sizeof *run->counts +
                  direction->level_count * sizeof *run->index + segments + counters;
    unsigned char *memory = sp_arena_calloc(run->arena, 1, size + 1);
    if (!memory)
        return no_memory(run);
    run->bases = (unsigned char **)memory;
    run->given = (uint64_t *)(run->bases + segments);
    run->areas = (const struct sp_node **)(run->given + direction->given_words);
    run->counts = (uint32_t *)(run->areas + direction->area_count);
    run->index = run->counts + counters;
    run->segment_given = (bool *)(run->index + direction->level_count);
    run->counter_given = run->segment_given + segments;
    for (uint32_t i = 0; i < segments; i++) {
        const struct sp_segment_program *segment = &direction->segments[i];
        run->bases[i] = sp_arena_alloc(run->arena, segment->scope->bytes + 1u);
        if (!run->bases[i])
            return no_memory(run);
        sp_image_copy(&segment->image, run->bases[i]);
        open_scope(run, segment->scope);
    }
    return SP_OK;
}

/* Optional containers of which nothing was given are not sent. */
static enum sp_status finish(struct sp_request_run *run, struct sp_record_set *ret_records)
{
    const struct sp_direction *direction = &run->mapping->request;
    struct sp_record *records = sp_arena_alloc(run->arena, (direction->segment_count + 1) * sizeof *records);
    if (!records)
        return no_memory(run);
    size_t count = 0;
    for (uint32_t i = 0; i < direction->segment_count; i++) {
        const struct sp_segment_program *segment = &direction->segments[i];
        enum sp_status status = close_scope(run, segment->scope, run->bases[i]);
        if (status != SP_OK)
            return status;
        if (direction->is_channel && !segment->required && !run->segment_given[i] &&
            direction->segment_count > 1)
            continue;
        size_t len = sp_scope_pack(segment->scope, run->bases[i], run->counts);
        records[count++] =
            (struct sp_record){segment->container, segment->is_char, sp_str_from(run->bases[i], len)};
    }
    *ret_records = (struct sp_record_set){records, count};
    return SP_OK;
}

enum sp_status sp_mapping_request(const struct sp_mapping *mapping, const struct sp_request_values *values,
                                  struct sp_arena *arena, struct sp_record_set *ret_records,
                                  struct sp_error *err)
{
    struct sp_error own = SP_ERROR_INIT;
    struct sp_request_run run = {.mapping = mapping, .arena = arena, .err = err ? err : &own};
    enum sp_status status = prepare(&run);
    if (status == SP_OK)
        status = read_body(&run, values->body);
    if (status == SP_OK)
        status = sp_request_run_moves(&run, values);
    return status == SP_OK ? finish(&run, ret_records) : status;
}
