/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/apimap.h"

#include "mapping/place.h"
#include "mapping/store.h"
#include "text/json_write.h"

struct worker {
    const struct sp_map *map;
    const char *what;
    struct sp_arena *arena;
    struct sp_direction *direction;
    struct sp_error *err;
    unsigned step; /* from 1 */
};

static enum sp_status no_memory(struct worker *w)
{
    return sp_error_set(w->err, SP_ENOMEM, NULL, "There is not enough memory to compile %s.", w->what);
}

static enum sp_status bad_step(struct worker *w, struct sp_str path, const char *why)
{
    return sp_error_set(w->err, SP_EINVAL, SP_ID_BAD_MAP, "Step %u of %s (%.*s): %s.", w->step, w->what,
                        SP_STR_ARG(path), why);
}

/* Arrays stand between the names of a path without being named themselves. */
static struct sp_node *within(struct sp_node *node)
{
    while (node->kind == SP_NODE_ARRAY)
        node = node->array.element;
    return node;
}

static struct sp_node *child_named(struct sp_node *parent, struct sp_str name)
{
    parent = within(parent);
    if (parent->kind != SP_NODE_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < parent->object.count; i++)
        if (parent->object.children[i].included && sp_str_eq(parent->object.children[i].name, name))
            return &parent->object.children[i];
    return NULL;
}

/* The node at "a/b/c" below the body's root; what the map calls its root is the one member of the body. */
static enum sp_status resolve(struct worker *w, struct sp_str path, struct sp_node **ret_node)
{
    struct sp_node *node = w->direction->root;
    if (w->map->root.len) {
        node = child_named(node, w->map->root);
        if (!node)
            return sp_error_set(w->err, SP_EINVAL, SP_ID_BAD_MAP,
                                "The root of %s is \"%.*s\", which the service's interface does not have.",
                                w->what, SP_STR_ARG(w->map->root));
    }
    struct sp_str rest = path, part;
    bool any = false;
    while (sp_str_split(&rest, '/', &part)) {
        node = part.len ? child_named(node, part) : NULL;
        if (!node)
            return bad_step(w, path, "the service's interface has no such field");
        any = true;
    }
    if (!any)
        return bad_step(w, path, "the step names no field");
    *ret_node = node;
    return SP_OK;
}

static bool is_scalar(const struct sp_node *node)
{
    return node->kind != SP_NODE_OBJECT && node->kind != SP_NODE_ARRAY;
}

static void hide(struct sp_node *node)
{
    node->visible = false;
}

static enum sp_status request_move(struct worker *w, const struct sp_map_step *step)
{
    struct sp_node *node;
    if (step->from_place == SP_MAP_BODY || step->to_place != SP_MAP_BODY)
        return sp_error_set(w->err, SP_EUNSUPPORTED, SP_ID_BAD_MAP,
                            "Step %u of %s moves something else than a parameter to a field of the body.",
                            w->step, w->what);
    enum sp_status status = resolve(w, step->to, &node);
    if (status != SP_OK)
        return status;
    const struct sp_node *scalar = node->kind == SP_NODE_ARRAY ? node->array.element : node;
    if (!is_scalar(scalar))
        return bad_step(w, step->to, "a parameter cannot become an object or an array of objects");
    if (node->inside)
        return bad_step(w, step->to,
                        "the field repeats, and the parameter does not say which element it is for");
    if (node->moved)
        return bad_step(w, step->to, "another parameter is moved to the same field");
    hide(node);
    node->moved = true;
    w->direction->moves[w->direction->move_count++] = (struct sp_move){
        .place = step->from_place,
        .name = step->from,
        .node = node,
        .required = step->required || step->from_place == SP_MAP_PATH,
    };
    return SP_OK;
}

/* The alternatives around an assigned field are the ones whose bytes are there from the start. */
static void make_owner(struct sp_node *node)
{
    for (; node->parent; node = (struct sp_node *)node->parent) {
        if (node->area == SP_MAPPING_NONE)
            continue;
        const struct sp_object *object = &node->parent->object;
        for (uint32_t i = 0; i < object->count; i++)
            if (object->children[i].area == node->area)
                object->children[i].owner = &object->children[i] == node;
    }
}

static enum sp_status request_assign(struct worker *w, const struct sp_map_step *step)
{
    struct sp_node *node;
    enum sp_status status = resolve(w, step->to, &node);
    if (status != SP_OK)
        return status;
    if (!is_scalar(node))
        return bad_step(w, step->to, "a value cannot be assigned to an object or array");
    node->constant = step->value.ptr ? step->value : SP_STR("");
    make_owner(node);
    if (step->omit)
        hide(node);
    return SP_OK;
}

enum sp_status sp_apimap_request(const struct sp_map *map, const char *what, struct sp_arena *arena,
                                 struct sp_direction *direction, struct sp_error *err)
{
    struct worker w = {map, what, arena, direction, err, 0};
    direction->moves = sp_arena_calloc(arena, map->step_count + 1, sizeof *direction->moves);
    if (!direction->moves)
        return no_memory(&w);
    for (size_t i = 0; i < map->step_count; i++) {
        const struct sp_map_step *step = &map->steps[i];
        struct sp_node *node;
        enum sp_status status;
        w.step = (unsigned)i + 1;
        if (step->verb == SP_MAP_MOVE) {
            status = request_move(&w, step);
        } else if (step->verb == SP_MAP_ASSIGN) {
            status = request_assign(&w, step);
        } else {
            status = resolve(&w, step->to, &node);
            if (status == SP_OK)
                hide(node);
        }
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* RFC 9110 section 5.1. */
static bool is_header_name(struct sp_str name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.len; i++) {
        char c = sp_lower(name.ptr[i]);
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alnum && (!c || !strchr(others, c)))
            return false;
    }
    return name.len > 0;
}

static bool is_header_value(struct sp_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7f)
            return false;
    return true;
}

static enum sp_status add_header(struct worker *w, struct sp_str name, struct sp_str value,
                                 uint32_t *ret_number)
{
    struct sp_direction *direction = w->direction;
    if (!is_header_name(name) || !is_header_value(value))
        return bad_step(w, name, "this cannot be a header");
    for (uint32_t i = 0; i < direction->header_count; i++)
        if (sp_str_caseless_eq(direction->headers[i].name, name))
            return bad_step(w, name, "the header is set twice");
    *ret_number = direction->header_count;
    direction->headers[direction->header_count++] = (struct sp_mapped_header){name, value};
    return SP_OK;
}

static enum sp_status response_move(struct worker *w, const struct sp_map_step *step)
{
    struct sp_node *node;
    if (step->from_place != SP_MAP_BODY || step->to_place != SP_MAP_HEADER)
        return sp_error_set(w->err, SP_EUNSUPPORTED, SP_ID_BAD_MAP,
                            "Step %u of %s moves something else than a field of the body to a header.",
                            w->step, w->what);
    enum sp_status status = resolve(w, step->from, &node);
    if (status != SP_OK)
        return status;
    if (!is_scalar(node) || node->inside)
        return bad_step(w, step->from, "only a field that is one value can become a header");
    if (node->header != SP_MAPPING_NONE)
        return bad_step(w, step->from, "the field is moved twice");
    hide(node);
    return add_header(w, step->to, (struct sp_str){NULL, 0}, &node->header);
}

/* The JSON text of a value for the field: as the field would write it if it held it. */
static enum sp_status constant_text(struct worker *w, const struct sp_mapping *mapping, struct sp_node *node,
                                    const struct sp_map_step *step)
{
    unsigned char *bytes = sp_arena_calloc(w->arena, 1, node->bytes);
    if (!bytes)
        return no_memory(w);
    enum sp_convert cause = sp_store_text(mapping, node, step->value, SP_SPELLING_JSON, bytes);
    if (cause != SP_CONVERT_OK)
        return bad_step(w, step->to, sp_convert_text(cause));
    if (node->kind != SP_NODE_CHAR) {
        node->constant = step->value;
        return SP_OK;
    }
    struct sp_buf text;
    struct sp_json_writer writer;
    sp_buf_init(&text, 6 * step->value.len + 16);
    sp_json_writer_init(&writer, &text, 0);
    sp_json_string(&writer, step->value);
    node->constant = sp_arena_str(w->arena, sp_buf_str(&text));
    bool failed = text.failed || !node->constant.ptr;
    sp_buf_finish(&text);
    return failed ? no_memory(w) : SP_OK;
}

static enum sp_status response_assign(struct worker *w, const struct sp_mapping *mapping,
                                      const struct sp_map_step *step)
{
    uint32_t number;
    if (step->to_place == SP_MAP_HEADER)
        return add_header(w, step->to, step->value.ptr ? step->value : SP_STR(""), &number);
    if (step->to_place != SP_MAP_BODY)
        return bad_step(w, step->to, "a response has no such place");
    struct sp_node *node;
    enum sp_status status = resolve(w, step->to, &node);
    if (status != SP_OK)
        return status;
    if (!is_scalar(node))
        return bad_step(w, step->to, "a value cannot be assigned to an object or array");
    if (step->omit) {
        hide(node);
        return SP_OK;
    }
    return constant_text(w, mapping, node, step);
}

enum sp_status sp_apimap_response(const struct sp_mapping *mapping, const struct sp_map *map,
                                  const char *what, struct sp_arena *arena, struct sp_direction *direction,
                                  struct sp_error *err)
{
    struct worker w = {map, what, arena, direction, err, 0};
    direction->headers = sp_arena_calloc(arena, map->step_count + 1, sizeof *direction->headers);
    if (!direction->headers)
        return no_memory(&w);
    for (size_t i = 0; i < map->step_count; i++) {
        const struct sp_map_step *step = &map->steps[i];
        struct sp_node *node;
        enum sp_status status;
        w.step = (unsigned)i + 1;
        if (step->verb == SP_MAP_MOVE) {
            status = response_move(&w, step);
        } else if (step->verb == SP_MAP_ASSIGN) {
            status = response_assign(&w, mapping, step);
        } else {
            status = resolve(&w, step->to, &node);
            if (status == SP_OK)
                hide(node);
        }
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}
