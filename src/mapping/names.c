/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/names.h"

#include "mapping/place.h"
#include "text/json_write.h"

/* Callers choose the names that are looked up, not those in the table, and the table is at most half full: a
 * plain mixing of eight bytes at a time is enough. */
static uint64_t hash_of(struct sp_str name)
{
    uint64_t hash = name.len * UINT64_C(0x9e3779b97f4a7c15);
    const char *p = name.ptr;
    size_t left = name.len;
    for (; left >= 8; left -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        hash = (hash ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 32;
    }
    uint64_t rest = 0;
    if (left)
        memcpy(&rest, p, left);
    hash = (hash ^ rest) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 29;
}

const struct sp_node *sp_names_find(const struct sp_object *object, struct sp_str name)
{
    for (uint64_t at = hash_of(name);; at++) {
        const struct sp_node *node = object->names.slots[at & object->names.mask];
        if (!node || sp_str_eq(node->name, name))
            return node;
    }
}

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "There is not enough memory to compile a mapping.");
}

static enum sp_status add(struct sp_object *object, const struct sp_node *child, struct sp_error *err)
{
    uint64_t at = hash_of(child->name);
    for (;; at++) {
        const struct sp_node **slot = &object->names.slots[at & object->names.mask];
        if (!*slot) {
            *slot = child;
            return SP_OK;
        }
        if (sp_str_eq((*slot)->name, child->name))
            return sp_place_fail(err, child, NULL, SP_EINVAL, SP_ID_BAD_LAYOUT,
                                 "has the name of another field beside it; rename one of them.");
    }
}

static enum sp_status quote(struct sp_node *node, struct sp_arena *arena, struct sp_error *err)
{
    struct sp_buf text;
    struct sp_json_writer writer;
    sp_buf_init(&text, 6 * node->name.len + 2);
    sp_json_writer_init(&writer, &text, 0);
    sp_json_string(&writer, node->name);
    node->quoted = sp_arena_str(arena, sp_buf_str(&text));
    bool failed = text.failed || !node->quoted.ptr;
    sp_buf_finish(&text);
    return failed ? no_memory(err) : SP_OK;
}

static enum sp_status index_object(struct sp_object *object, struct sp_arena *arena, struct sp_error *err)
{
    uint32_t visible = 0, size = 2;
    for (uint32_t i = 0; i < object->count; i++)
        visible += object->children[i].visible;
    while (size < 2 * visible)
        size *= 2;
    object->names.slots = sp_arena_calloc(arena, size, sizeof *object->names.slots);
    if (!object->names.slots)
        return no_memory(err);
    object->names.mask = size - 1;
    const struct sp_node **link = &object->first_visible;
    for (uint32_t i = 0; i < object->count; i++) {
        struct sp_node *child = &object->children[i];
        if (!child->visible)
            continue;
        *link = child;
        link = &child->next_visible;
        enum sp_status status = add(object, child, err);
        if (status == SP_OK)
            status = quote(child, arena, err);
        if (status != SP_OK)
            return status;
    }
    *link = NULL;
    return SP_OK;
}

static enum sp_status index_node(struct sp_direction *direction, struct sp_node *node, struct sp_arena *arena,
                                 struct sp_error *err)
{
    if (node->kind == SP_NODE_ARRAY)
        return index_node(direction, node->array.element, arena, err);
    if (node->kind != SP_NODE_OBJECT)
        return SP_OK;
    node->object.given_at = direction->given_words;
    direction->given_words += sp_words(node->object.count);
    enum sp_status status = index_object(&node->object, arena, err);
    for (uint32_t i = 0; status == SP_OK && i < node->object.count; i++)
        status = index_node(direction, &node->object.children[i], arena, err);
    return status;
}

enum sp_status sp_names_index(struct sp_direction *direction, struct sp_arena *arena, struct sp_error *err)
{
    return index_node(direction, direction->root, arena, err);
}

const struct sp_node *sp_names_nearest(const struct sp_object *object, struct sp_str name)
{
    const struct sp_node *nearest = NULL;
    unsigned best = 4;
    for (const struct sp_node *child = object->first_visible; child; child = child->next_visible) {
        unsigned distance = sp_str_distance(child->name, name, best);
        if (distance < best) {
            best = distance;
            nearest = child;
        }
    }
    return nearest;
}
