/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/router.h"

enum sp_status sp_router_init(struct sp_router *router, struct sp_arena *arena)
{
    router->arena = arena;
    router->root = sp_arena_calloc(arena, 1, sizeof *router->root);
    return router->root ? SP_OK : SP_ENOMEM;
}

/* ---------------------------------------------------------------- adding */

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the router");
}

static struct sp_route_node *literal_child(const struct sp_route_node *node, struct sp_str literal)
{
    struct sp_route_node *child = node->first;
    while (child && !sp_str_eq(child->literal, literal))
        child = child->next;
    return child;
}

static struct sp_route_node *add_literal(struct sp_router *router, struct sp_route_node *node,
                                         struct sp_str literal)
{
    struct sp_route_node *child = literal_child(node, literal);
    if (child)
        return child;
    child = sp_arena_calloc(router->arena, 1, sizeof *child);
    if (!child)
        return NULL;
    child->literal = literal;
    child->next = node->first;
    node->first = child;
    return child;
}

static struct sp_route_node *add_any(struct sp_router *router, struct sp_route_node *node)
{
    if (!node->any)
        node->any = sp_arena_calloc(router->arena, 1, sizeof *node->any);
    return node->any;
}

/* "{name}" gives the name, anything without braces nothing. */
static enum sp_status parameter_name(struct sp_str segment, struct sp_str *ret_name, struct sp_error *err)
{
    *ret_name = SP_STR("");
    bool has_brace = sp_str_find(segment, '{') < segment.len || sp_str_find(segment, '}') < segment.len;
    if (!has_brace)
        return SP_OK;
    struct sp_str inside = sp_str_slice(segment, 1, segment.len - 1);
    if (segment.len < 3 || segment.ptr[0] != '{' || segment.ptr[segment.len - 1] != '}' ||
        sp_str_find(inside, '{') < inside.len || sp_str_find(inside, '}') < inside.len)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "segment \"%.*s\" of a path is only partly a parameter", SP_STR_ARG(segment));
    *ret_name = inside;
    return SP_OK;
}

static enum sp_status add_literal_segment(struct sp_router *router, struct sp_str segment,
                                          struct sp_route_node **node, struct sp_error *err)
{
    struct sp_str with_slash = sp_arena_printf(router->arena, "/%.*s", SP_STR_ARG(segment));
    struct sp_path decoded;
    if (!with_slash.ptr)
        return no_memory(err);
    enum sp_status status = sp_path_read(with_slash, router->arena, &decoded, err);
    if (status != SP_OK)
        return status;
    *node = add_literal(router, *node, decoded.segments[0]);
    return *node ? SP_OK : no_memory(err);
}

static enum sp_status add_parameter(struct sp_router *router, struct sp_str name, struct sp_str *names,
                                    size_t *count, struct sp_route_node **node, struct sp_error *err)
{
    for (size_t i = 0; i < *count; i++)
        if (sp_str_eq(names[i], name))
            return sp_error_set(err, SP_EEXISTS, NULL, "parameter {%.*s} is in the path twice",
                                SP_STR_ARG(name));
    names[(*count)++] = name;
    *node = add_any(router, *node);
    return *node ? SP_OK : no_memory(err);
}

static enum sp_status add_method(struct sp_router *router, struct sp_route_node *node,
                                 const struct sp_route_method *what, struct sp_error *err)
{
    size_t others = 0;
    if (what->name.len == 0 || what->name.len > SP_ROUTER_METHOD_BYTES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "\"%.*s\" has not 1 to %u bytes, as methods must have",
                            SP_STR_ARG(what->name), SP_ROUTER_METHOD_BYTES_MAX);
    for (const struct sp_route_method *m = node->methods; m; m = m->next, others++)
        if (sp_str_eq(m->name, what->name))
            return sp_error_set(err, SP_EEXISTS, NULL, "method %.*s is there twice for one path",
                                SP_STR_ARG(what->name));
    if (others == SP_ROUTER_METHODS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "a path has more than %u methods", SP_ROUTER_METHODS_MAX);
    struct sp_route_method *method = sp_arena_calloc(router->arena, 1, sizeof *method);
    if (!method)
        return no_memory(err);
    *method = *what;
    method->next = node->methods;
    node->methods = method;
    return SP_OK;
}

enum sp_status sp_router_add(struct sp_router *router, struct sp_str method, struct sp_str template,
                             uint32_t target, struct sp_error *err)
{
    struct sp_str names[SP_PATH_SEGMENTS_MAX];
    struct sp_str rest = template, segment, name;
    if (rest.len && rest.ptr[0] == '/')
        rest = sp_str_slice(rest, 1, rest.len);
    struct sp_route_node *node = router->root;
    size_t segments = 0, count = 0;
    enum sp_status status = SP_OK;
    if (rest.len == 0)
        rest = (struct sp_str){NULL, 0};
    while (status == SP_OK && sp_str_split(&rest, '/', &segment)) {
        if (++segments > SP_PATH_SEGMENTS_MAX)
            return sp_error_set(err, SP_ELIMIT, NULL, "the path has more than %u segments",
                                SP_PATH_SEGMENTS_MAX);
        status = parameter_name(segment, &name, err);
        if (status == SP_OK && name.len)
            status = add_parameter(router, name, names, &count, &node, err);
        else if (status == SP_OK)
            status = add_literal_segment(router, segment, &node, err);
    }
    struct sp_str *kept = status == SP_OK ? sp_arena_calloc(router->arena, count, sizeof *kept) : NULL;
    if (status == SP_OK && !kept)
        return no_memory(err);
    if (status == SP_OK) {
        memcpy(kept, names, count * sizeof *kept);
        status = add_method(
            router, node,
            &(struct sp_route_method){
                .name = method, .target = target, .parameters = kept, .parameter_count = (uint32_t)count},
            err);
    }
    if (status != SP_OK)
        sp_error_prefix(err, "%.*s %.*s", SP_STR_ARG(method), SP_STR_ARG(template));
    return status;
}
