/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/tree.h"

#include "mapping/packed.h"
#include "mapping/place.h"
#include "mapping/zoned.h"

struct builder {
    const struct sp_mapping *mapping;
    const struct sp_interface *interface;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_direction *direction;
    struct sp_node **node_of; /* by index of the field; NULL: left out */
    uint32_t order;
};

/* Where a list of siblings lives: the range of bytes they may take, and what is around them. */
struct range {
    uint64_t from, to;
    uint32_t segment;
    const struct sp_node *inside;
    bool included;
    unsigned depth;
};

static enum sp_status bad(struct builder *b, const struct sp_node *node, const char *why)
{
    return sp_place_fail(b->err, node, NULL, SP_EINVAL, SP_ID_BAD_LAYOUT, "%s in the layout of %.*s.", why,
                         SP_STR_ARG(b->interface->name));
}

static enum sp_status unsupported(struct builder *b, const struct sp_node *node, const char *why)
{
    return sp_place_fail(b->err, node, NULL, SP_EUNSUPPORTED, SP_ID_UNSUPPORTED_LAYOUT, "%s.", why);
}

static enum sp_status no_memory(struct builder *b)
{
    return sp_error_set(b->err, SP_ENOMEM, NULL, "There is not enough memory to compile the mapping of %.*s.",
                        SP_STR_ARG(b->interface->name));
}

static struct sp_node *new_nodes(struct builder *b, size_t count)
{
    struct sp_node *nodes = sp_arena_calloc(b->arena, count ? count : 1, sizeof *nodes);
    for (size_t i = 0; nodes && i < count; i++)
        nodes[i].segment = nodes[i].home = nodes[i].area = nodes[i].header = SP_MAPPING_NONE;
    return nodes;
}

static bool has_counter(const struct sp_field *field)
{
    if (field->is_counter)
        return true;
    for (const struct sp_field *child = field->first; child; child = child->next)
        if (has_counter(child))
            return true;
    return false;
}

/* A redefinition that nobody sees has no effect, unless something counts by it. */
static bool left_out(const struct sp_field *field)
{
    return field->redefines && !field->included && !has_counter(field);
}

static enum sp_status check_number(struct builder *b, const struct sp_node *node)
{
    const struct sp_number_shape *shape = &node->shape;
    unsigned most = node->kind == SP_NODE_BINARY ? 20 : SP_FIXED_DIGITS_MAX;
    if (shape->digits < 1 || shape->digits > most || shape->scale > SP_FIXED_DIGITS_MAX)
        return bad(b, node, "has a precision or scale that its type does not have");
    unsigned bytes = node->kind == SP_NODE_ZONED ? sp_zoned_bytes(shape) : sp_packed_bytes(shape);
    if (node->kind != SP_NODE_BINARY && node->bytes != bytes)
        return bad(b, node, "takes another number of bytes than its digits");
    if (node->kind == SP_NODE_BINARY && (node->bytes < 1 || node->bytes > 8))
        return bad(b, node, "is binary, and does not take 1 to 8 bytes");
    return SP_OK;
}

static enum sp_status fill_number(struct builder *b, struct sp_node *node, const struct sp_field *field)
{
    if (field->digits > 255 || field->scale > 255)
        return bad(b, node, "has a precision or scale that its type does not have");
    node->shape = (struct sp_number_shape){
        .digits = (unsigned char)field->digits,
        .scale = (unsigned char)field->scale,
        .bytes = (unsigned char)field->bytes,
        .is_signed = field->is_signed,
        .sign_leading = field->sign_leading,
        .sign_separate = field->sign_separate,
        .ascii = b->mapping->charset.is_ascii,
        .little_endian = field->native && b->mapping->little_endian_native,
        .full_range = field->native,
    };
    return check_number(b, node);
}

static enum sp_status fill_scalar(struct builder *b, struct sp_node *node, const struct sp_field *field)
{
    if (field->bytes == 0)
        return bad(b, node, "takes no bytes");
    switch (field->type) {
    case SP_FIELD_CHAR:
        node->kind = SP_NODE_CHAR;
        node->charset = field->utf16 ? &b->mapping->wide : &b->mapping->charset;
        if (field->bytes % node->charset->blank_bytes)
            return bad(b, node, "ends within a character");
        return SP_OK;
    case SP_FIELD_FLOAT:
    case SP_FIELD_DOUBLE:
        node->kind = SP_NODE_FLOAT;
        if (field->bytes != (field->type == SP_FIELD_FLOAT ? 4 : 8))
            return bad(b, node, "takes another number of bytes than its type");
        return SP_OK;
    case SP_FIELD_ZONED:
        node->kind = SP_NODE_ZONED;
        break;
    case SP_FIELD_PACKED:
        node->kind = SP_NODE_PACKED;
        break;
    default:
        node->kind = SP_NODE_BINARY;
        break;
    }
    return fill_number(b, node, field);
}

static enum sp_status fill_children(struct builder *b, struct sp_node *node, const struct sp_field *first,
                                    const struct range *range);
static enum sp_status fill_node(struct builder *b, struct sp_node *node, const struct sp_field *field,
                                const struct range *range);

static enum sp_status fill_array(struct builder *b, struct sp_node *node, const struct sp_field *field,
                                 const struct range *range)
{
    node->kind = SP_NODE_ARRAY;
    uint32_t level = 0;
    for (const struct sp_node *outer = range->inside; outer; outer = outer->inside)
        level++;
    if (level >= b->direction->level_count)
        b->direction->level_count = level + 1;
    node->array = (struct sp_array){
        .min = field->min_occurs,
        .max = field->max_occurs,
        .element_bytes = field->element_bytes,
        .level = level,
    };
    if (!field->first || field->first->next)
        return bad(b, node, "is an array without exactly one element type");
    if (field->max_occurs < 1 || field->min_occurs > field->max_occurs || field->element_bytes < 1 ||
        (uint64_t)field->max_occurs * field->element_bytes != field->bytes)
        return bad(b, node, "is an array whose bounds and sizes do not agree");
    node->array.element = new_nodes(b, 1);
    if (!node->array.element)
        return no_memory(b);
    node->array.element->parent = node;
    struct range inner = {0, field->element_bytes, range->segment, node, node->included, range->depth + 1};
    enum sp_status status = fill_node(b, node->array.element, field->first, &inner);
    node->array.element->name = (struct sp_str){NULL, 0};
    return status;
}

static enum sp_status fill_node(struct builder *b, struct sp_node *node, const struct sp_field *field,
                                const struct range *range)
{
    node->field = field;
    node->name = field->name;
    /* An element is as visible as its array. */
    bool element = node->parent && node->parent->kind == SP_NODE_ARRAY;
    node->included = node->visible = range->included && (field->included || element);
    node->redefines = field->redefines && !element;
    node->owner = !node->redefines;
    node->offset = field->offset;
    node->bytes = field->bytes;
    node->home = range->segment;
    node->inside = range->inside;
    node->order = b->order++;
    if (field->index >= b->interface->field_count)
        return bad(b, node, "has a running number beyond the number of fields");
    b->node_of[field->index] = node;
    if (range->depth > SP_MAPPING_DEPTH_MAX)
        return sp_place_fail(b->err, node, NULL, SP_ELIMIT, SP_ID_BAD_LAYOUT,
                             "is nested deeper than %d levels.", SP_MAPPING_DEPTH_MAX);
    if (node->offset < range->from || (uint64_t)node->offset + node->bytes > range->to)
        return bad(b, node, "does not lie within what is around it");
    if (field->type == SP_FIELD_ARRAY)
        return fill_array(b, node, field, range);
    if (field->type != SP_FIELD_STRUCT)
        return fill_scalar(b, node, field);
    struct range inner = {node->offset,   (uint64_t)node->offset + node->bytes,
                          range->segment, range->inside,
                          node->included, range->depth + 1};
    return fill_children(b, node, field->first, &inner);
}

/* Siblings that redefine the same base share an area. The first visible one gives the initial bytes, the base
 * when none is visible; it takes two visible ones to be in each other's way. */
static enum sp_status find_areas(struct builder *b, struct sp_node *parent)
{
    struct sp_node *children = parent->object.children;
    parent->object.area_at = b->direction->area_count;
    for (uint32_t base = 0; base < parent->object.count; base++) {
        if (children[base].redefines)
            continue;
        struct sp_node *owner = children[base].included ? &children[base] : NULL;
        unsigned visible = owner ? 1 : 0;
        for (uint32_t i = base + 1; i < parent->object.count && children[i].redefines; i++) {
            if (children[i].offset != children[base].offset)
                return bad(b, &children[i], "does not begin where the field begins that it redefines");
            visible += children[i].included;
            if (!owner && children[i].included)
                owner = &children[i];
        }
        if (owner)
            owner->owner = true;
        if (visible < 2)
            continue;
        for (uint32_t i = base; i < parent->object.count && (i == base || children[i].redefines); i++)
            if (children[i].included)
                children[i].area = b->direction->area_count;
        b->direction->area_count++;
        parent->object.area_count++;
    }
    return SP_OK;
}

static enum sp_status check_order(struct builder *b, const struct sp_node *parent)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < parent->object.count; i++) {
        const struct sp_node *child = &parent->object.children[i];
        if (child->redefines && i == 0)
            return bad(b, child, "redefines nothing");
        if (!child->redefines && child->offset < end)
            return bad(b, child, "begins before the field in front of it ends");
        uint64_t stop = (uint64_t)child->offset + child->bytes;
        end = stop > end ? stop : end;
    }
    return SP_OK;
}

/* Append nodes for a list of sibling fields to the children that were allocated. */
static enum sp_status add_fields(struct builder *b, struct sp_node *parent, const struct sp_field *first,
                                 const struct range *range, bool begins_segment)
{
    for (const struct sp_field *field = first; field; field = field->next) {
        if (left_out(field))
            continue;
        struct sp_node *child = &parent->object.children[parent->object.count];
        child->parent = parent;
        child->position = parent->object.count++;
        if (begins_segment)
            child->segment = range->segment;
        enum sp_status status = fill_node(b, child, field, range);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

static size_t count_fields(const struct sp_field *first)
{
    size_t count = 0;
    for (const struct sp_field *field = first; field; field = field->next)
        count += !left_out(field);
    return count;
}

static enum sp_status fill_children(struct builder *b, struct sp_node *node, const struct sp_field *first,
                                    const struct range *range)
{
    node->kind = SP_NODE_OBJECT;
    node->object.children = new_nodes(b, count_fields(first));
    if (!node->object.children)
        return no_memory(b);
    enum sp_status status = add_fields(b, node, first, range, false);
    if (status == SP_OK)
        status = check_order(b, node);
    return status == SP_OK ? find_areas(b, node) : status;
}

static struct range segment_range(const struct sp_segment *segment, uint32_t number, unsigned depth)
{
    return (struct range){0, segment->bytes, number, NULL, true, depth};
}

static struct sp_str segment_name(const struct sp_segment *segment)
{
    return segment->name.len ? segment->name : segment->original;
}

/* {"<wrapper>":{"<container>":{...},...}} */
static enum sp_status build_channel(struct builder *b, struct sp_node *root, struct sp_str wrapper)
{
    struct sp_node *around = new_nodes(b, 1), *containers = new_nodes(b, b->interface->segment_count);
    if (!around || !containers)
        return no_memory(b);
    around->kind = SP_NODE_OBJECT;
    around->included = around->visible = around->owner = true;
    around->name = wrapper;
    around->parent = root;
    root->object.children = around;
    root->object.count = 1;
    around->object.children = containers;
    around->object.count = b->interface->segment_count;
    const struct sp_segment *segment = b->interface->segments;
    for (uint32_t i = 0; i < b->interface->segment_count; i++, segment = segment->next) {
        struct sp_node *container = &containers[i];
        container->included = container->visible = container->owner = true;
        container->name = segment_name(segment);
        container->parent = around;
        container->position = i;
        container->segment = i;
        container->bytes = segment->bytes;
        struct range range = segment_range(segment, i, 3);
        enum sp_status status = fill_children(b, container, segment->first, &range);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* {"<top field>":{...}}; the top fields of several segments are members of one object. */
static enum sp_status build_plain(struct builder *b, struct sp_node *root)
{
    size_t count = 0;
    for (const struct sp_segment *segment = b->interface->segments; segment; segment = segment->next)
        count += count_fields(segment->first);
    root->object.children = new_nodes(b, count);
    if (!root->object.children)
        return no_memory(b);
    uint32_t number = 0;
    for (const struct sp_segment *segment = b->interface->segments; segment; segment = segment->next) {
        uint32_t before = root->object.count;
        struct range range = segment_range(segment, number++, 2);
        enum sp_status status = add_fields(b, root, segment->first, &range, true);
        if (status != SP_OK)
            return status;
        struct sp_node of_segment = *root;
        of_segment.object.children += before;
        of_segment.object.count -= before;
        if ((status = check_order(b, &of_segment)) != SP_OK)
            return status;
    }
    return find_areas(b, root);
}

/* A count must be known before the elements that it counts, and so must stand before them in the layout, in
 * the same scope or one around it. */
static enum sp_status check_counter(struct builder *b, const struct sp_node *counter,
                                    const struct sp_node *array)
{
    bool integer =
        counter->kind == SP_NODE_ZONED || counter->kind == SP_NODE_PACKED || counter->kind == SP_NODE_BINARY;
    if (!integer || counter->shape.scale)
        return bad(b, counter, "counts elements, and is no integer");
    const struct sp_node *scope = array->inside;
    while (scope && scope != counter->inside)
        scope = scope->inside;
    if (scope != counter->inside || counter->home != array->home || counter->order > array->order)
        return unsupported(b, array, "depends on a counter that does not stand before it in the same record");
    return SP_OK;
}

static enum sp_status link_counter(struct builder *b, struct sp_node *array)
{
    const struct sp_field *field = array->field->counter;
    struct sp_node *node = field->index < b->interface->field_count ? b->node_of[field->index] : NULL;
    if (!node || node->field != field)
        return bad(b, array, "depends on a counter that is not part of the interface");
    enum sp_status status = check_counter(b, node, array);
    if (status != SP_OK)
        return status;
    struct sp_counter *counter = node->counter;
    if (!counter) {
        counter = &b->direction->counters[b->direction->counter_count];
        *counter =
            (struct sp_counter){.node = node, .slot = b->direction->counter_count++, .max = UINT32_MAX};
        counter->array = array;
        node->counter = counter;
    }
    counter->arrays++;
    counter->alone = counter->arrays == 1 && node->inside == array->inside;
    if (array->array.min > counter->min)
        counter->min = array->array.min;
    if (array->array.max < counter->max)
        counter->max = array->array.max;
    array->array.counter = counter;
    return SP_OK;
}

static bool in_redefined_area(const struct sp_node *node)
{
    for (; node->parent; node = node->parent) {
        if (node->redefines)
            return true;
        const struct sp_node *parent = node->parent;
        if (parent->kind == SP_NODE_OBJECT && node->position + 1 < parent->object.count && node[1].redefines)
            return true;
    }
    return false;
}

static enum sp_status link_counters(struct builder *b)
{
    uint32_t arrays = 0;
    for (uint32_t i = 0; i < b->interface->field_count; i++)
        arrays += b->node_of[i] && b->node_of[i]->kind == SP_NODE_ARRAY && b->node_of[i]->field->counter;
    b->direction->counters = sp_arena_calloc(b->arena, arrays ? arrays : 1, sizeof(struct sp_counter));
    if (!b->direction->counters)
        return no_memory(b);
    for (uint32_t i = 0; i < b->interface->field_count; i++) {
        struct sp_node *node = b->node_of[i];
        if (!node || node->kind != SP_NODE_ARRAY || !node->field->counter)
            continue;
        if (in_redefined_area(node))
            return unsupported(b, node, "is an array of varying size in an area that is redefined");
        enum sp_status status = link_counter(b, node);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

static enum sp_status make_segments(struct builder *b)
{
    struct sp_direction *direction = b->direction;
    direction->is_channel = b->interface->is_channel;
    direction->segment_count = b->interface->segment_count;
    direction->segments = sp_arena_calloc(b->arena, direction->segment_count ? direction->segment_count : 1,
                                          sizeof *direction->segments);
    if (!direction->segments)
        return no_memory(b);
    uint32_t count = 0;
    for (const struct sp_segment *segment = b->interface->segments; segment;
         segment = segment->next, count++) {
        if (count >= direction->segment_count)
            break;
        if (segment->bytes > SP_RECORD_BYTES_MAX)
            return sp_error_set(b->err, SP_ELIMIT, SP_ID_BAD_LAYOUT,
                                "A record of %.*s is %u bytes long; at most %u are supported.",
                                SP_STR_ARG(b->interface->name), segment->bytes, SP_RECORD_BYTES_MAX);
        direction->segments[count] = (struct sp_segment_program){
            .container = segment->is_container ? segment->original : (struct sp_str){"", 0},
            .name = segment_name(segment),
            .is_char = segment->is_container && !segment->is_bit,
            .required = segment->required,
            .min_bytes = segment->min_bytes,
        };
    }
    if (count != direction->segment_count)
        return sp_error_set(b->err, SP_EINVAL, SP_ID_BAD_LAYOUT,
                            "The interface %.*s does not have as many segments as it says.",
                            SP_STR_ARG(b->interface->name));
    return SP_OK;
}

enum sp_status sp_tree_build(const struct sp_mapping *mapping, const struct sp_interface *interface,
                             struct sp_str wrapper, struct sp_arena *arena,
                             struct sp_direction *ret_direction, struct sp_error *err)
{
    struct sp_direction direction = {0};
    struct builder b = {mapping, interface, arena, err, &direction, NULL, 0};
    b.node_of = sp_arena_calloc(arena, interface->field_count + 1u, sizeof(struct sp_node *));
    direction.root = new_nodes(&b, 1);
    if (!b.node_of || !direction.root)
        return no_memory(&b);
    direction.root->kind = SP_NODE_OBJECT;
    direction.root->included = direction.root->visible = direction.root->owner = true;
    enum sp_status status = make_segments(&b);
    if (status == SP_OK)
        status = interface->is_channel ? build_channel(&b, direction.root, wrapper)
                                       : build_plain(&b, direction.root);
    if (status == SP_OK)
        status = link_counters(&b);
    if (status == SP_OK)
        *ret_direction = direction;
    return status;
}
