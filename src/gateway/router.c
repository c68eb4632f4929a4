/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/router.h"

struct method {
    struct sp_str name;
    void *target;
    const struct sp_str *parameters; /* names, in the order of the path */
    size_t parameter_count;
    struct method *next;
};

struct sp_route_node {
    struct sp_str literal;       /* of this segment, decoded */
    struct sp_route_node *next;  /* sibling among the literals */
    struct sp_route_node *first; /* children that are written out */
    struct sp_route_node *any;   /* child that is a parameter, or NULL */
    struct method *methods;
};

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
                                 const struct method *what, struct sp_error *err)
{
    size_t others = 0;
    for (const struct method *m = node->methods; m; m = m->next, others++)
        if (sp_str_eq(m->name, what->name))
            return sp_error_set(err, SP_EEXISTS, NULL, "method %.*s is there twice for one path",
                                SP_STR_ARG(what->name));
    if (others == SP_ROUTER_METHODS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "a path has more than %u methods", SP_ROUTER_METHODS_MAX);
    struct method *method = sp_arena_calloc(router->arena, 1, sizeof *method);
    if (!method)
        return no_memory(err);
    *method = *what;
    method->next = node->methods;
    node->methods = method;
    return SP_OK;
}

enum sp_status sp_router_add(struct sp_router *router, struct sp_str method, struct sp_str template,
                             void *target, struct sp_error *err)
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
            &(struct method){.name = method, .target = target, .parameters = kept, .parameter_count = count},
            err);
    }
    if (status != SP_OK)
        sp_error_prefix(err, "%.*s %.*s", SP_STR_ARG(method), SP_STR_ARG(template));
    return status;
}

/* ---------------------------------------------------------------- finding */

struct search {
    struct sp_str method;
    const struct sp_str *segments;
    size_t count;
    const struct method *found;
    struct sp_str values[SP_PATH_SEGMENTS_MAX];
    struct sp_route *route;
};

static void remember_method(struct sp_route *route, struct sp_str name)
{
    for (size_t i = 0; i < route->allow_count; i++)
        if (sp_str_eq(route->allow[i], name))
            return;
    if (route->allow_count < SP_ROUTER_METHODS_MAX)
        route->allow[route->allow_count++] = name;
}

/* Visits a node at most once: the tree bounds the work, not the path. */
static bool visit(struct search *search, const struct sp_route_node *node, size_t depth, size_t parameters)
{
    if (depth == search->count) {
        for (const struct method *m = node->methods; m; m = m->next) {
            if (sp_str_eq(m->name, search->method)) {
                search->found = m;
                return true;
            }
            remember_method(search->route, m->name);
        }
        return false;
    }
    struct sp_str segment = search->segments[depth];
    const struct sp_route_node *child = literal_child(node, segment);
    if (child && visit(search, child, depth + 1, parameters))
        return true;
    if (!node->any || segment.len == 0)
        return false;
    search->values[parameters] = segment;
    return visit(search, node->any, depth + 1, parameters + 1);
}

enum sp_status sp_router_find(const struct sp_router *router, struct sp_str method,
                              const struct sp_str *segments, size_t count, struct sp_arena *arena,
                              struct sp_route *ret_route)
{
    struct sp_route route = {.target = NULL};
    struct search search = {.method = method, .segments = segments, .count = count, .route = &route};
    if (count == 1 && segments[0].len == 0)
        search.count = 0; /* the base path with a slash behind it */
    if (search.count <= SP_PATH_SEGMENTS_MAX && visit(&search, router->root, 0, 0)) {
        route.target = search.found->target;
        route.parameter_count = search.found->parameter_count;
        route.parameters = sp_arena_calloc(arena, route.parameter_count, sizeof *route.parameters);
        if (!route.parameters)
            return SP_ENOMEM;
        for (size_t i = 0; i < route.parameter_count; i++)
            route.parameters[i] = (struct sp_parameter){search.found->parameters[i], search.values[i]};
    }
    *ret_route = route;
    return SP_OK;
}
