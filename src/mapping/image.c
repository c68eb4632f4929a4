/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/image.h"

#include "mapping/packed.h"
#include "mapping/place.h"
#include "mapping/scope.h"
#include "mapping/store.h"
#include "mapping/zoned.h"

struct painter {
    const struct sp_mapping *mapping;
    struct sp_arena *arena;
    struct sp_error *err;
};

/* Bytes of a scope, or of the part of it that begins at `origin`. */
struct canvas {
    unsigned char *bytes;
    uint32_t origin;
};

static enum sp_status paint(struct painter *p, struct sp_node *node, struct canvas canvas);

static enum sp_status no_memory(struct painter *p)
{
    return sp_error_set(p->err, SP_ENOMEM, NULL, "There is not enough memory to compile a mapping.");
}

static enum sp_status bad_value(struct painter *p, const struct sp_node *node, enum sp_convert cause,
                                const char *id, const char *what)
{
    return sp_place_fail(p->err, node, NULL, SP_EINVAL, id, "has %s that %s.", what, sp_convert_text(cause));
}

static enum sp_status paint_hex(struct painter *p, const struct sp_node *node, unsigned char *bytes)
{
    struct sp_str hex = node->field->default_value;
    if (hex.len > node->bytes)
        return sp_place_fail(p->err, node, NULL, SP_EINVAL, SP_ID_BAD_DEFAULT,
                             "has a default of %zu bytes and holds only %u.", hex.len, node->bytes);
    memcpy(bytes, hex.ptr, hex.len);
    return SP_OK;
}

static void paint_empty(const struct sp_mapping *mapping, const struct sp_node *node, unsigned char *bytes)
{
    /* A count must be a number in any case. */
    if (!mapping->conversion.initialize_input && !node->counter)
        return;
    if (node->kind == SP_NODE_CHAR)
        sp_chars_blank(node->charset, bytes, node->bytes);
    else if (node->kind == SP_NODE_ZONED)
        sp_zoned_zero(&node->shape, bytes);
    else if (node->kind == SP_NODE_PACKED)
        sp_packed_zero(&node->shape, bytes);
}

static enum sp_status paint_counter(struct painter *p, struct sp_node *node, unsigned char *bytes)
{
    uint32_t least = p->mapping->conversion.enforce_min_occurs_request ? node->counter->min : 0;
    enum sp_convert cause = sp_counter_write(node, least, bytes);
    if (cause != SP_CONVERT_OK)
        return sp_place_fail(p->err, node, NULL, SP_EINVAL, SP_ID_BAD_LAYOUT,
                             "counts at least %u elements and cannot hold that number.", least);
    return SP_OK;
}

static enum sp_status paint_scalar(struct painter *p, struct sp_node *node, unsigned char *bytes)
{
    const struct sp_field *field = node->field;
    enum sp_convert cause;
    paint_empty(p->mapping, node, bytes);
    if (node->constant.ptr) {
        cause = sp_store_text(p->mapping, node, node->constant, SP_SPELLING_LOOSE, bytes);
        return cause == SP_CONVERT_OK ? SP_OK : bad_value(p, node, cause, SP_ID_BAD_MAP, "an assigned value");
    }
    if (node->counter && !node->counter->from_field)
        return paint_counter(p, node, bytes);
    if (!field->has_default || field->default_value.len == 0)
        return SP_OK;
    if (field->default_is_hex)
        return paint_hex(p, node, bytes);
    cause = sp_store_text(p->mapping, node, field->default_value, SP_SPELLING_LOOSE, bytes);
    return cause == SP_CONVERT_OK ? SP_OK : bad_value(p, node, cause, SP_ID_BAD_DEFAULT, "a default");
}

/* The runs of a scope: everything but the arrays that grow in it. */
static enum sp_status make_runs(struct painter *p, const struct sp_scope *scope, struct sp_image *image)
{
    struct sp_run *runs = sp_arena_calloc(p->arena, scope->count + 1u, sizeof *runs);
    if (!runs)
        return no_memory(p);
    uint32_t at = 0, count = 0;
    for (uint32_t i = 0; i < scope->count; i++) {
        const struct sp_node *node = scope->items[i];
        if (node->kind != SP_NODE_ARRAY || !node->array.grows)
            continue;
        if (node->offset > at)
            runs[count++] = (struct sp_run){at, node->offset - at};
        at = node->offset + node->bytes;
    }
    if (scope->bytes > at)
        runs[count++] = (struct sp_run){at, scope->bytes - at};
    image->runs = runs;
    image->run_count = count;
    return SP_OK;
}

static enum sp_status paint_array(struct painter *p, struct sp_node *node, unsigned char *bytes)
{
    struct sp_array *array = &node->array;
    unsigned char *element = sp_arena_calloc(p->arena, 1, array->element_bytes);
    if (!element)
        return no_memory(p);
    enum sp_status status = paint(p, array->element, (struct canvas){element, 0});
    if (status == SP_OK)
        status = make_runs(p, array->scope, &array->image);
    if (status != SP_OK)
        return status;
    array->image.bytes = element;
    for (uint32_t i = 0; i < array->max; i++)
        memcpy(bytes + (size_t)i * array->element_bytes, element, array->element_bytes);
    return SP_OK;
}

/* An alternative that does not own its area keeps its initial bytes beside the scope's. */
static enum sp_status paint_alternative(struct painter *p, struct sp_node *node)
{
    unsigned char *bytes = sp_arena_calloc(p->arena, 1, node->bytes);
    if (!bytes)
        return no_memory(p);
    node->image = bytes;
    return paint(p, node, (struct canvas){bytes, node->offset});
}

static enum sp_status paint_counters(struct painter *p, struct sp_node *node, struct canvas canvas)
{
    if (node->counter)
        return paint_scalar(p, node, canvas.bytes + (node->offset - canvas.origin));
    enum sp_status status = SP_OK;
    for (uint32_t i = 0; node->kind == SP_NODE_OBJECT && status == SP_OK && i < node->object.count; i++)
        status = paint_counters(p, &node->object.children[i], canvas);
    return status;
}

static enum sp_status paint_child(struct painter *p, struct sp_node *node, struct canvas canvas)
{
    enum sp_status status = SP_OK;
    if (!node->owner && node->included)
        status = paint_alternative(p, node);
    if (status != SP_OK)
        return status;
    return node->redefines && !node->owner ? paint_counters(p, node, canvas) : paint(p, node, canvas);
}

static enum sp_status paint(struct painter *p, struct sp_node *node, struct canvas canvas)
{
    unsigned char *bytes = canvas.bytes + (node->offset - canvas.origin);
    if (node->kind == SP_NODE_ARRAY)
        return paint_array(p, node, bytes);
    if (node->kind != SP_NODE_OBJECT)
        return paint_scalar(p, node, bytes);
    /* A redefinition starts afresh on the bytes of its base. */
    if (node->redefines)
        memset(bytes, 0, node->bytes);
    enum sp_status status = SP_OK;
    if (node->field && node->field->has_default && node->field->default_is_hex)
        status = paint_hex(p, node, bytes);
    for (uint32_t i = 0; status == SP_OK && i < node->object.count; i++)
        status = paint_child(p, &node->object.children[i], canvas);
    return status;
}

/* The children of a container, or those members of the root that are in the segment. */
static enum sp_status paint_segment(struct painter *p, struct sp_direction *direction, uint32_t number)
{
    struct sp_segment_program *segment = &direction->segments[number];
    unsigned char *bytes = sp_arena_calloc(p->arena, 1, segment->scope->bytes + 1u);
    if (!bytes)
        return no_memory(p);
    segment->image.bytes = bytes;
    struct sp_object *object = &direction->root->object;
    if (direction->is_channel)
        object = &object->children[0].object.children[number].object;
    enum sp_status status = make_runs(p, segment->scope, &segment->image);
    for (uint32_t i = 0; status == SP_OK && i < object->count; i++)
        if (object->children[i].home == number)
            status = paint_child(p, &object->children[i], (struct canvas){bytes, 0});
    return status;
}

enum sp_status sp_image_build(struct sp_mapping *mapping, struct sp_arena *arena, struct sp_error *err)
{
    struct painter p = {mapping, arena, err};
    enum sp_status status = SP_OK;
    for (uint32_t i = 0; status == SP_OK && i < mapping->request.segment_count; i++)
        status = paint_segment(&p, &mapping->request, i);
    return status;
}
