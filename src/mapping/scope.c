/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/scope.h"

#include "mapping/binary.h"
#include "mapping/packed.h"
#include "mapping/zoned.h"

struct collector {
    const struct sp_node **items;
    uint32_t count;
    bool varies;
};

static enum sp_status scope_of(struct sp_node *const *tops, uint32_t count, uint32_t bytes,
                               struct sp_arena *arena, struct sp_error *err,
                               const struct sp_scope **ret_scope);

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "There is not enough memory to compile a mapping.");
}

/* The arrays below a node first, so that it is known which vary. */
static enum sp_status build_below(struct sp_node *node, struct sp_arena *arena, struct sp_error *err)
{
    if (node->kind == SP_NODE_OBJECT) {
        for (uint32_t i = 0; i < node->object.count; i++) {
            enum sp_status status = build_below(&node->object.children[i], arena, err);
            if (status != SP_OK)
                return status;
        }
    }
    if (node->kind != SP_NODE_ARRAY)
        return SP_OK;
    struct sp_array *array = &node->array;
    enum sp_status status = scope_of(&array->element, 1, array->element_bytes, arena, err, &array->scope);
    if (status != SP_OK)
        return status;
    array->varies = array->counter || array->scope->varies;
    array->grows = array->counter && array->counter->alone && !array->counter->from_field;
    return SP_OK;
}

static uint32_t count_items(const struct sp_node *node)
{
    if (node->kind == SP_NODE_ARRAY)
        return node->array.varies;
    uint32_t items = node->counter ? 1 : 0;
    for (uint32_t i = 0; node->kind == SP_NODE_OBJECT && i < node->object.count; i++)
        items += count_items(&node->object.children[i]);
    return items;
}

static void collect(struct collector *collector, const struct sp_node *node)
{
    if (node->kind == SP_NODE_ARRAY && node->array.varies) {
        collector->varies = true;
        collector->items[collector->count++] = node;
    }
    if (node->counter)
        collector->items[collector->count++] = node;
    for (uint32_t i = 0; node->kind == SP_NODE_OBJECT && i < node->object.count; i++)
        collect(collector, &node->object.children[i]);
}

static enum sp_status scope_of(struct sp_node *const *tops, uint32_t count, uint32_t bytes,
                               struct sp_arena *arena, struct sp_error *err,
                               const struct sp_scope **ret_scope)
{
    uint32_t items = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum sp_status status = build_below(tops[i], arena, err);
        if (status != SP_OK)
            return status;
        items += count_items(tops[i]);
    }
    struct sp_scope *scope = sp_arena_calloc(arena, 1, sizeof *scope);
    struct collector collector = {sp_arena_calloc(arena, items + 1u, sizeof *collector.items), 0, false};
    if (!scope || !collector.items)
        return no_memory(err);
    for (uint32_t i = 0; i < count; i++)
        collect(&collector, tops[i]);
    *scope = (struct sp_scope){bytes, collector.items, collector.count, collector.varies};
    *ret_scope = scope;
    return SP_OK;
}

/* The nodes at the top of a segment: the children of its container, or those of the root that are in it. */
static uint32_t tops_of(struct sp_node *root, uint32_t segment, bool is_channel, struct sp_node **tops)
{
    struct sp_object *object = &root->object;
    if (is_channel)
        object = &object->children[0].object.children[segment].object;
    uint32_t count = 0;
    for (uint32_t i = 0; i < object->count; i++)
        if (object->children[i].home == segment)
            tops[count++] = &object->children[i];
    return count;
}

static void find_hidden_arrays(struct sp_node *node)
{
    if (node->kind == SP_NODE_ARRAY) {
        if (node->array.counter && !node->visible && !node->moved)
            node->array.counter->from_field = true;
        find_hidden_arrays(node->array.element);
    }
    for (uint32_t i = 0; node->kind == SP_NODE_OBJECT && i < node->object.count; i++)
        find_hidden_arrays(&node->object.children[i]);
}

enum sp_status sp_scope_build(struct sp_direction *direction, const struct sp_interface *interface,
                              struct sp_arena *arena, struct sp_error *err)
{
    struct sp_node **tops = sp_arena_calloc(arena, interface->field_count + 1u, sizeof *tops);
    if (!tops)
        return no_memory(err);
    find_hidden_arrays(direction->root);
    const struct sp_segment *segment = interface->segments;
    for (uint32_t i = 0; i < direction->segment_count; i++, segment = segment->next) {
        uint32_t count = tops_of(direction->root, i, direction->is_channel, tops);
        enum sp_status status =
            scope_of(tops, count, segment->bytes, arena, err, &direction->segments[i].scope);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

bool sp_counter_read(const struct sp_node *node, const unsigned char *bytes, uint32_t *ret_count)
{
    struct sp_fixed fixed;
    uint64_t count = 0;
    if (node->kind == SP_NODE_BINARY) {
        bool negative;
        count = sp_binary_magnitude(&node->shape, bytes, &negative);
        if (negative)
            return false;
    } else {
        enum sp_convert cause = node->kind == SP_NODE_ZONED ? sp_zoned_read(&node->shape, bytes, &fixed)
                                                            : sp_packed_read(&node->shape, bytes, &fixed);
        if (cause != SP_CONVERT_OK)
            return false;
        for (unsigned i = 0; i < fixed.count && count < UINT32_MAX; i++)
            count = count * 10 + fixed.digits[i];
        if (fixed.negative && count)
            return false;
    }
    if (count >= UINT32_MAX)
        return false;
    *ret_count = (uint32_t)count;
    return true;
}

enum sp_convert sp_counter_write(const struct sp_node *node, uint32_t count, unsigned char *bytes)
{
    struct sp_decimal value;
    char text[16];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count);
    enum sp_convert cause = sp_decimal_read(sp_str_from(text + at, sizeof text - at), false, &value);
    if (cause != SP_CONVERT_OK)
        return cause;
    if (node->kind == SP_NODE_ZONED)
        return sp_zoned_write(&node->shape, &value, bytes);
    return node->kind == SP_NODE_PACKED ? sp_packed_write(&node->shape, &value, bytes)
                                        : sp_binary_write(&node->shape, &value, bytes);
}

static void move_down(unsigned char *to, const unsigned char *from, size_t len)
{
    if (to != from && len)
        memmove(to, from, len);
}

static size_t pack(const struct sp_scope *scope, const unsigned char *from, unsigned char *to,
                   uint32_t *counts)
{
    size_t at = 0, len = 0; /* taken from, put to */
    for (uint32_t i = 0; i < scope->count; i++) {
        const struct sp_node *node = scope->items[i];
        if (node->kind != SP_NODE_ARRAY) {
            if (!sp_counter_read(node, from + node->offset, &counts[node->counter->slot]))
                counts[node->counter->slot] = 0;
            continue;
        }
        const struct sp_array *array = &node->array;
        move_down(to + len, from + at, node->offset - at);
        len += node->offset - at;
        at = node->offset;
        uint32_t count = array->counter ? counts[array->counter->slot] : array->max;
        if (count > array->max)
            count = array->max;
        if (array->scope->varies) {
            for (uint32_t e = 0; e < count; e++)
                len += pack(array->scope, from + at + (size_t)e * array->element_bytes, to + len, counts);
        } else {
            move_down(to + len, from + at, (size_t)count * array->element_bytes);
            len += (size_t)count * array->element_bytes;
        }
        at += node->bytes;
    }
    move_down(to + len, from + at, scope->bytes - at);
    return len + scope->bytes - at;
}

size_t sp_scope_pack(const struct sp_scope *scope, unsigned char *bytes, uint32_t *counts)
{
    return scope->varies ? pack(scope, bytes, bytes, counts) : scope->bytes;
}
