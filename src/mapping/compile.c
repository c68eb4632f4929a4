/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/apimap.h"
#include "mapping/image.h"
#include "mapping/names.h"
#include "mapping/place.h"
#include "mapping/properties.h"
#include "mapping/scope.h"
#include "mapping/tree.h"

#include <stdio.h>

#define BODY_GUESS_MAX (64u * 1024)

struct compiler {
    struct sp_mapping *mapping;
    const struct sp_sar *sar;
    const struct sp_aar_operation *operation;
    struct sp_arena *arena;
    struct sp_error *err;
};

static enum sp_status no_memory(struct compiler *c)
{
    return sp_error_set(c->err, SP_ENOMEM, NULL, "There is not enough memory to compile the mapping of %.*s.",
                        SP_STR_ARG(c->sar->name));
}

/* Everything hidden below what is hidden, so that no later step needs to look up. */
static void spread(struct sp_node *node, bool visible)
{
    node->visible = node->visible && visible;
    if (node->kind == SP_NODE_ARRAY)
        spread(node->array.element, node->visible || node->moved);
    for (uint32_t i = 0; node->kind == SP_NODE_OBJECT && i < node->object.count; i++)
        spread(&node->object.children[i], node->visible);
}

static void name_map(const struct compiler *c, const char *kind, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "the %s map of %.*s %.*s", kind, SP_STR_ARG(c->operation->method),
             SP_STR_ARG(c->operation->template));
}

static enum sp_status compile_request(struct compiler *c)
{
    struct sp_mapping *mapping = c->mapping;
    struct sp_direction *direction = &mapping->request;
    struct sp_str wrapper = sp_arena_printf(c->arena, "%.*sOperation", SP_STR_ARG(c->sar->name));
    if (!wrapper.ptr)
        return no_memory(c);
    enum sp_status status = sp_tree_build(mapping, c->sar->request, wrapper, c->arena, direction, c->err);
    if (status == SP_OK && c->operation) {
        char what[128];
        name_map(c, "request", what, sizeof what);
        status = sp_apimap_request(c->operation->request, what, c->arena, direction, c->err);
    }
    if (status != SP_OK)
        return status;
    spread(direction->root, true);
    status = sp_scope_build(direction, c->sar->request, c->arena, c->err);
    if (status == SP_OK)
        status = sp_names_index(direction, c->arena, c->err);
    return status == SP_OK ? sp_image_build(mapping, c->arena, c->err) : status;
}

/* Hidden nodes that must be read all the same, and the room that an answer takes. */
struct room {
    size_t body;
    uint32_t text;
};

static void add_saturating(size_t *sum, size_t count, size_t each)
{
    size_t product;
    if (__builtin_mul_overflow(count, each, &product) || __builtin_add_overflow(*sum, product, sum))
        *sum = SIZE_MAX;
}

static void measure(struct sp_node *node, struct room *room)
{
    node->walked = node->counter || (node->kind == SP_NODE_ARRAY && node->array.varies) ||
                   node->header != SP_MAPPING_NONE;
    add_saturating(&room->body, 1, 6 * node->name.len + 4);
    if (node->kind == SP_NODE_ARRAY) {
        struct room element = {0};
        measure(node->array.element, &element);
        add_saturating(&room->body, node->array.max, element.body);
        room->text = element.text > room->text ? element.text : room->text;
    } else if (node->kind == SP_NODE_OBJECT) {
        for (uint32_t i = 0; i < node->object.count; i++) {
            measure(&node->object.children[i], room);
            node->walked |= node->object.children[i].walked;
        }
    } else {
        add_saturating(&room->body, 1, node->constant.len + (node->kind == SP_NODE_CHAR ? node->bytes : 40));
        room->text = node->bytes > room->text ? node->bytes : room->text;
    }
}

/* What an answer is written from, without looking at what has no part in it. */
static enum sp_status plan(struct compiler *c, struct sp_node *node)
{
    if (node->kind == SP_NODE_ARRAY)
        return plan(c, node->array.element);
    node->simple = node->kind != SP_NODE_OBJECT && node->visible && !node->counter && !node->constant.ptr &&
                   node->segment == SP_MAPPING_NONE && node->area == SP_MAPPING_NONE;
    if (node->kind != SP_NODE_OBJECT)
        return SP_OK;
    const struct sp_node **visits = sp_arena_calloc(c->arena, node->object.count + 1u, sizeof *visits);
    if (!visits)
        return no_memory(c);
    node->object.visits = visits;
    for (uint32_t i = 0; i < node->object.count; i++) {
        struct sp_node *child = &node->object.children[i];
        if (child->visible || child->walked)
            *visits++ = child;
        enum sp_status status = plan(c, child);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* The response that is the default one; else the first. */
static const struct sp_aar_response *default_response(const struct sp_aar_operation *operation)
{
    for (size_t i = 0; i < operation->response_count; i++)
        if (operation->responses[i].is_default)
            return &operation->responses[i];
    return operation->responses;
}

static enum sp_status compile_response(struct compiler *c)
{
    struct sp_mapping *mapping = c->mapping;
    struct sp_direction *direction = &mapping->response;
    struct sp_str wrapper = sp_arena_printf(c->arena, "%.*sOperationResponse", SP_STR_ARG(c->sar->name));
    if (!wrapper.ptr)
        return no_memory(c);
    enum sp_status status = sp_tree_build(mapping, c->sar->response, wrapper, c->arena, direction, c->err);
    mapping->status = 200;
    if (status == SP_OK && c->operation && c->operation->response_count) {
        const struct sp_aar_response *response = default_response(c->operation);
        char what[128];
        name_map(c, "response", what, sizeof what);
        mapping->status = response->code;
        status = sp_apimap_response(mapping, response->map, what, c->arena, direction, c->err);
    }
    if (status != SP_OK)
        return status;
    spread(direction->root, true);
    status = sp_scope_build(direction, c->sar->response, c->arena, c->err);
    if (status == SP_OK)
        status = sp_names_index(direction, c->arena, c->err);
    struct room room = {0};
    if (status == SP_OK)
        measure(direction->root, &room);
    if (status == SP_OK)
        status = plan(c, direction->root);
    mapping->body_room = room.body < BODY_GUESS_MAX ? room.body + 64 : BODY_GUESS_MAX;
    /* A byte of a code page becomes at most three of UTF-8. */
    mapping->text_room = 3 * room.text + 64;
    for (uint32_t i = 0; status == SP_OK && i < direction->segment_count; i++)
        if (direction->segments[i].scope->bytes > mapping->answer_bytes)
            mapping->answer_bytes = direction->segments[i].scope->bytes;
    return status;
}

static enum sp_status set_profile(struct compiler *c, const struct sp_host_profile *profile)
{
    struct sp_mapping *mapping = c->mapping;
    const struct sp_codepage *wide = sp_codepage_find(1200, SP_NEWLINE_15);
    if (!profile->codepage || !wide || profile->codepage == wide)
        return sp_error_set(
            c->err, SP_EINVAL, SP_ID_BAD_PROFILE,
            "The mapping of %.*s needs the code page of its program; name one of single bytes.",
            SP_STR_ARG(c->sar->name));
    sp_charset_init(&mapping->charset, profile->codepage);
    sp_charset_init(&mapping->wide, wide);
    mapping->little_endian_native = profile->little_endian_native;
    mapping->float_format = SP_FLOAT_HEX;
    if (profile->ieee_float)
        mapping->float_format = profile->little_endian_native ? SP_FLOAT_IEEE_LITTLE : SP_FLOAT_IEEE_BIG;
    return SP_OK;
}

/* The archive's properties, then those of server.xml. */
static enum sp_status set_options(struct compiler *c)
{
    struct sp_mapping *mapping = c->mapping;
    enum sp_status status = sp_properties_apply(c->sar->properties, c->sar->property_count, c->sar->name,
                                                &mapping->conversion, &mapping->options, c->err);
    if (status == SP_OK)
        status = sp_properties_apply(mapping->options.overrides, mapping->options.override_count,
                                     c->sar->name, &mapping->conversion, &mapping->options, c->err);
    return status;
}

enum sp_status sp_mapping_compile(const struct sp_sar *sar, const struct sp_aar_operation *operation,
                                  const struct sp_host_profile *profile,
                                  const struct sp_mapping_options *options, struct sp_arena *arena,
                                  const struct sp_mapping **ret_mapping, struct sp_error *err)
{
    struct compiler c = {NULL, sar, operation, arena, err};
    if (!sar->request || !sar->response)
        return sp_error_set(err, SP_EUNSUPPORTED, SP_ID_UNSUPPORTED_LAYOUT,
                            "The service %.*s has no record interfaces to map.", SP_STR_ARG(sar->name));
    c.mapping = sp_arena_calloc(arena, 1, sizeof *c.mapping);
    if (!c.mapping)
        return no_memory(&c);
    c.mapping->conversion = sar->conversion;
    if (options)
        c.mapping->options = *options;
    enum sp_status status = set_options(&c);
    if (status == SP_OK)
        status = set_profile(&c, profile);
    if (status == SP_OK)
        status = compile_request(&c);
    if (status == SP_OK)
        status = compile_response(&c);
    if (status == SP_OK)
        *ret_mapping = c.mapping;
    return status;
}

uint32_t sp_mapping_answer_bytes(const struct sp_mapping *mapping)
{
    return mapping->answer_bytes;
}
