/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/copy.h"

#include <stdlib.h>

#include "base/hash.h"

#define TEXTS_MAX 65536u     /* that are compared; further ones are just copied */
#define SHARED_TEXT_MAX 512u /* bytes; longer texts are hardly ever equal */

struct copying {
    struct sp_arena *arena;
    struct sp_hash texts; /* text -> itself */
    bool failed;          /* no memory */
};

static void begin(struct copying *copying, struct sp_arena *arena)
{
    *copying = (struct copying){.arena = arena};
    sp_hash_init(&copying->texts, TEXTS_MAX);
}

static enum sp_status end(struct copying *copying)
{
    sp_hash_finish(&copying->texts);
    return copying->failed ? SP_ENOMEM : SP_OK;
}

static void *take(struct copying *copying, size_t count, size_t size)
{
    void *memory = sp_arena_calloc(copying->arena, count, size);
    copying->failed |= !memory;
    return memory;
}

/* A text with a NUL behind it; ptr NULL stays so. */
static void text(struct copying *copying, struct sp_str *at)
{
    struct sp_str from = *at;
    if (!from.ptr)
        return;
    bool shared = from.len <= SHARED_TEXT_MAX;
    const char *known = shared ? sp_hash_get(&copying->texts, from) : NULL;
    if (known) {
        at->ptr = known;
        return;
    }
    *at = sp_arena_str(copying->arena, from);
    copying->failed |= !at->ptr;
    if (shared && at->ptr && sp_hash_add(&copying->texts, *at, (void *)at->ptr) != SP_OK)
        return; /* it is there twice then */
}

static struct sp_str *text_list(struct copying *copying, const struct sp_str *from, size_t count)
{
    struct sp_str *list = count ? take(copying, count, sizeof *list) : NULL;
    for (size_t i = 0; list && i < count; i++) {
        list[i] = from[i];
        text(copying, &list[i]);
    }
    return list;
}

/* ---------------------------------------------------------------- APIs */

static const struct sp_map nothing = {.root = SP_STR_INIT("")};

static const struct sp_map *copy_map(struct copying *copying, const struct sp_map *from)
{
    if (!from->root.len && !from->step_count)
        return &nothing;
    struct sp_map *map = take(copying, 1, sizeof *map);
    struct sp_map_step *steps = from->step_count ? take(copying, from->step_count, sizeof *steps) : NULL;
    if (!map || (from->step_count && !steps))
        return &nothing;
    for (size_t i = 0; i < from->step_count; i++) {
        steps[i] = from->steps[i];
        text(copying, &steps[i].from);
        text(copying, &steps[i].to);
        text(copying, &steps[i].value);
        text(copying, &steps[i].xsd_type);
    }
    *map = (struct sp_map){from->root, steps, from->step_count};
    text(copying, &map->root);
    return map;
}

static void copy_operation(struct copying *copying, struct sp_aar_operation *operation)
{
    text(copying, &operation->method);
    text(copying, &operation->template);
    text(copying, &operation->service);
    text(copying, &operation->operation_id);
    operation->request = copy_map(copying, operation->request);
    struct sp_aar_response *responses = take(copying, operation->response_count, sizeof *responses);
    for (size_t i = 0; responses && i < operation->response_count; i++) {
        responses[i] = operation->responses[i];
        text(copying, &responses[i].description);
        responses[i].map = copy_map(copying, responses[i].map);
    }
    operation->responses = responses;
}

enum sp_status sp_aar_operation_copy(const struct sp_aar_operation *operation, struct sp_arena *arena,
                                     const struct sp_aar_operation **ret_operation)
{
    struct copying copying;
    begin(&copying, arena);
    struct sp_aar_operation *copy = take(&copying, 1, sizeof *copy);
    if (copy) {
        *copy = *operation;
        copy_operation(&copying, copy);
    }
    enum sp_status status = end(&copying);
    if (status == SP_OK)
        *ret_operation = copy;
    return status;
}

static void copy_api(struct copying *copying, const struct sp_aar *from, struct sp_aar *aar)
{
    *aar = *from;
    text(copying, &aar->name);
    text(copying, &aar->version);
    text(copying, &aar->description);
    text(copying, &aar->base_path);
    struct sp_aar_operation *operations = take(copying, from->operation_count, sizeof *operations);
    for (size_t i = 0; operations && i < from->operation_count; i++) {
        operations[i] = from->operations[i];
        copy_operation(copying, &operations[i]);
    }
    aar->operations = operations;
    text(copying, &aar->swagger);
    aar->warnings = text_list(copying, from->warnings, from->warning_count);
}

enum sp_status sp_aar_copy(const struct sp_aar *from, struct sp_arena *arena, const struct sp_aar **ret_aar)
{
    struct copying copying;
    begin(&copying, arena);
    struct sp_aar *aar = take(&copying, 1, sizeof *aar);
    if (aar)
        copy_api(&copying, from, aar);
    enum sp_status status = end(&copying);
    if (status == SP_OK)
        *ret_aar = aar;
    return status;
}

/* ---------------------------------------------------------------- services */

struct tree {
    struct copying *copying;
    struct sp_field **of; /* copies, by index */
};

static struct sp_field *copy_fields(struct tree *tree, const struct sp_field *from, struct sp_field *parent)
{
    struct sp_field *first = NULL, **at = &first;
    for (; from; from = from->next) {
        struct sp_field *field = take(tree->copying, 1, sizeof *field);
        if (!field)
            break;
        *field = *from;
        text(tree->copying, &field->name);
        text(tree->copying, &field->original);
        text(tree->copying, &field->default_value);
        text(tree->copying, &field->remarks);
        field->parent = parent;
        field->next = NULL;
        tree->of[from->index] = field;
        /* Counters come before their arrays. */
        field->counter = from->counter ? tree->of[from->counter->index] : NULL;
        field->first = copy_fields(tree, from->first, field);
        *at = field;
        at = &field->next;
    }
    return first;
}

static struct sp_segment *copy_segments(struct tree *tree, const struct sp_segment *from)
{
    struct sp_segment *first = NULL, **at = &first;
    for (; from; from = from->next) {
        struct sp_segment *segment = take(tree->copying, 1, sizeof *segment);
        if (!segment)
            break;
        *segment = *from;
        text(tree->copying, &segment->name);
        text(tree->copying, &segment->original);
        segment->first = copy_fields(tree, from->first, NULL);
        segment->next = NULL;
        *at = segment;
        at = &segment->next;
    }
    return first;
}

static const struct sp_interface *copy_interface(struct copying *copying, const struct sp_interface *from)
{
    if (!from)
        return NULL;
    struct sp_interface *interface = take(copying, 1, sizeof *interface);
    struct tree tree = {copying, calloc(from->field_count + 1u, sizeof(struct sp_field *))};
    copying->failed |= !tree.of;
    if (interface && tree.of) {
        *interface = *from;
        text(copying, &interface->name);
        interface->segments = copy_segments(&tree, from->segments);
    }
    free((void *)tree.of);
    return interface;
}

static void copy_service(struct copying *copying, const struct sp_sar *from, struct sp_sar *sar)
{
    *sar = *from;
    text(copying, &sar->name);
    text(copying, &sar->version);
    text(copying, &sar->description);
    text(copying, &sar->provider);
    text(copying, &sar->ccsid);
    text(copying, &sar->request_schema);
    text(copying, &sar->response_schema);
    struct sp_property *properties = take(copying, from->property_count, sizeof *properties);
    for (size_t i = 0; properties && i < from->property_count; i++) {
        properties[i] = from->properties[i];
        text(copying, &properties[i].name);
        text(copying, &properties[i].value);
    }
    sar->properties = properties;
    sar->request = copy_interface(copying, from->request);
    sar->response = copy_interface(copying, from->response);
}

enum sp_status sp_sar_copy(const struct sp_sar *from, struct sp_arena *arena, const struct sp_sar **ret_sar)
{
    struct copying copying;
    begin(&copying, arena);
    struct sp_sar *sar = take(&copying, 1, sizeof *sar);
    if (sar)
        copy_service(&copying, from, sar);
    enum sp_status status = end(&copying);
    if (status == SP_OK)
        *ret_sar = sar;
    return status;
}
