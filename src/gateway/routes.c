/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/routes.h"

#include <stdlib.h>

#include "gateway/segment_hash.h"

/* Places are counted in words from the first; place 0 is the root, which is nobody's child. */
struct node {
    uint32_t any; /* place of the child that is a parameter, or 0 */
    uint32_t child_count, method_count;
    uint32_t literal_bytes;
    /* then: hashes of the children, ascending; places of the children; methods; the literal */
};
#define NODE_WORDS 4u

struct method {
    char name[SP_ROUTER_METHOD_BYTES_MAX]; /* zeros behind it */
    uint32_t target;
    uint32_t names; /* place of: count; then byte and length of each parameter's name */
};
#define METHOD_WORDS 4u

#define LINEAR_MAX 24u /* so many hashes are looked through one by one */

static uint32_t tag_of(struct sp_str segment)
{
    return (uint32_t)(sp_segment_hash(SP_SEGMENT_HASH_SEED, segment) >> 16);
}

static size_t words_for(size_t bytes)
{
    return (bytes + 3) / 4;
}

/* ---------------------------------------------------------------- making */

struct packing {
    struct sp_routes *routes;
    size_t at;      /* words used */
    size_t text_at; /* bytes */
    struct sp_arena *scratch;
    bool failed;                     /* no memory */
    const struct sp_str *last_names; /* those written last, and where */
    uint32_t last_count, last_place;
};

static void measure(const struct sp_route_node *node, size_t *words, size_t *text)
{
    *words += NODE_WORDS + words_for(node->literal.len);
    for (const struct sp_route_method *m = node->methods; m; m = m->next) {
        *words += METHOD_WORDS + 1 + 2 * (size_t)m->parameter_count;
        for (uint32_t i = 0; i < m->parameter_count; i++)
            *text += m->parameters[i].len;
    }
    for (const struct sp_route_node *child = node->first; child; child = child->next) {
        *words += 2;
        measure(child, words, text);
    }
    if (node->any)
        measure(node->any, words, text);
}

static bool same_names(const struct packing *p, const struct sp_route_method *m)
{
    if (!p->last_names || p->last_count != m->parameter_count)
        return false;
    for (uint32_t i = 0; i < m->parameter_count; i++)
        if (!sp_str_eq(p->last_names[i], m->parameters[i]))
            return false;
    return true;
}

static uint32_t pack_names(struct packing *p, const struct sp_route_method *m)
{
    if (same_names(p, m))
        return p->last_place;
    uint32_t place = (uint32_t)p->at, *words = p->routes->words + place;
    *words++ = m->parameter_count;
    for (uint32_t i = 0; i < m->parameter_count; i++) {
        struct sp_str name = m->parameters[i];
        memcpy((char *)p->routes->words + p->text_at, name.ptr, name.len);
        *words++ = (uint32_t)p->text_at;
        *words++ = (uint32_t)name.len;
        p->text_at += name.len;
    }
    p->at += 1 + 2 * (size_t)m->parameter_count;
    p->last_names = m->parameters;
    p->last_count = m->parameter_count;
    p->last_place = place;
    return place;
}

static void pack_methods(struct packing *p, const struct sp_route_node *from, uint32_t at)
{
    for (const struct sp_route_method *m = from->methods; m; m = m->next, at += METHOD_WORDS) {
        struct method method = {.target = m->target, .names = pack_names(p, m)};
        memcpy(method.name, m->name.ptr, m->name.len);
        memcpy(p->routes->words + at, &method, sizeof method);
    }
}

static int by_tag(const void *a, const void *b)
{
    const struct sp_route_node *x = *(const struct sp_route_node *const *)a;
    const struct sp_route_node *y = *(const struct sp_route_node *const *)b;
    uint32_t tag_x = tag_of(x->literal), tag_y = tag_of(y->literal);
    return tag_x < tag_y ? -1 : tag_x > tag_y ? 1 : sp_str_cmp(x->literal, y->literal);
}

static const struct sp_route_node **sorted_children(struct packing *p, const struct sp_route_node *node,
                                                    uint32_t count)
{
    const struct sp_route_node **sorted = sp_arena_calloc(p->scratch, count + 1, sizeof *sorted),
                               **at = sorted;
    p->failed |= !sorted;
    for (const struct sp_route_node *child = node->first; sorted && child; child = child->next)
        *at++ = child;
    if (sorted)
        qsort(sorted, count, sizeof *sorted, by_tag);
    return sorted;
}

static uint32_t pack_node(struct packing *p, const struct sp_route_node *from)
{
    uint32_t place = (uint32_t)p->at, *words = p->routes->words;
    struct node node = {.literal_bytes = (uint32_t)from->literal.len};
    for (const struct sp_route_node *child = from->first; child; child = child->next)
        node.child_count++;
    for (const struct sp_route_method *m = from->methods; m; m = m->next)
        node.method_count++;
    uint32_t tags = place + NODE_WORDS, children = tags + node.child_count;
    uint32_t methods = children + node.child_count, literal = methods + METHOD_WORDS * node.method_count;
    if (from->literal.len)
        memcpy(words + literal, from->literal.ptr, from->literal.len);
    p->at = literal + words_for(from->literal.len);
    pack_methods(p, from, methods);
    const struct sp_route_node **sorted = sorted_children(p, from, node.child_count);
    for (uint32_t i = 0; sorted && i < node.child_count; i++) {
        words[tags + i] = tag_of(sorted[i]->literal);
        words[children + i] = pack_node(p, sorted[i]);
    }
    if (from->any)
        node.any = pack_node(p, from->any);
    memcpy(words + place, &node, sizeof node);
    return place;
}

enum sp_status sp_routes_new(const struct sp_router *router, struct sp_arena *arena,
                             const struct sp_routes **ret_routes, struct sp_error *err)
{
    size_t words = 0, text = 0;
    measure(router->root, &words, &text);
    size_t bytes = (sizeof(struct sp_routes) + 4 * words + text + 7) / 8 * 8;
    if (bytes > SP_ROUTES_BYTES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the paths of the API need more than %u bytes",
                            SP_ROUTES_BYTES_MAX);
    struct sp_routes *routes = sp_arena_calloc(arena, 1, bytes);
    if (!routes)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the paths of the API");
    routes->bytes = (uint32_t)bytes;
    struct packing packing = {.routes = routes, .text_at = 4 * words, .scratch = router->arena};
    pack_node(&packing, router->root);
    if (packing.failed)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the paths of the API");
    *ret_routes = routes;
    return SP_OK;
}

/* ---------------------------------------------------------------- finding */

struct search {
    const struct sp_routes *routes;
    char method[SP_ROUTER_METHOD_BYTES_MAX];
    bool has_method; /* one that can be there */
    const struct sp_str *segments;
    size_t count;
    const struct method *found;
    struct sp_str values[SP_PATH_SEGMENTS_MAX];
    struct sp_route *route;
};

static const struct node *node_at(const struct sp_routes *routes, uint32_t place)
{
    return (const struct node *)(routes->words + place);
}

static struct sp_str method_name(const struct method *method)
{
    return sp_str_from(method->name, strnlen(method->name, sizeof method->name));
}

static void remember_method(struct sp_route *route, const struct method *method)
{
    struct sp_str name = method_name(method);
    for (size_t i = 0; i < route->allow_count; i++)
        if (sp_str_eq(route->allow[i], name))
            return;
    if (route->allow_count < SP_ROUTER_METHODS_MAX)
        route->allow[route->allow_count++] = name;
}

static bool ends_here(struct search *search, const struct node *node)
{
    const uint32_t *words = (const uint32_t *)node + NODE_WORDS + 2 * (size_t)node->child_count;
    const struct method *methods = (const struct method *)words;
    for (uint32_t i = 0; i < node->method_count; i++) {
        if (search->has_method && memcmp(methods[i].name, search->method, sizeof search->method) == 0) {
            search->found = &methods[i];
            return true;
        }
        remember_method(search->route, &methods[i]);
    }
    return false;
}

static struct sp_str literal_of(const struct node *node)
{
    const uint32_t *words = (const uint32_t *)node + NODE_WORDS + 2 * (size_t)node->child_count +
                            METHOD_WORDS * (size_t)node->method_count;
    return sp_str_from(words, node->literal_bytes);
}

/* The first of the ascending hashes that is not less. */
static uint32_t first_not_less(const uint32_t *tags, uint32_t count, uint32_t tag)
{
    uint32_t from = 0;
    while (count > LINEAR_MAX) {
        uint32_t half = count / 2;
        bool behind = tags[from + half - 1] < tag;
        from += behind ? half : 0;
        count = behind ? count - half : half;
    }
    for (uint32_t end = from + count; from < end && tags[from] < tag; from++)
        ;
    return from;
}

static const struct node *literal_child(const struct sp_routes *routes, const struct node *node,
                                        struct sp_str segment)
{
    const uint32_t *tags = (const uint32_t *)node + NODE_WORDS, *places = tags + node->child_count;
    uint32_t tag = node->child_count ? tag_of(segment) : 0;
    for (uint32_t i = first_not_less(tags, node->child_count, tag); i < node->child_count && tags[i] == tag;
         i++) {
        const struct node *child = node_at(routes, places[i]);
        if (sp_str_eq(literal_of(child), segment))
            return child;
    }
    return NULL;
}

/* Visits a node at most once: the tree bounds the work, not the path. */
static bool visit(struct search *search, const struct node *node, size_t depth, size_t parameters)
{
    if (depth == search->count)
        return ends_here(search, node);
    struct sp_str segment = search->segments[depth];
    const struct node *child = literal_child(search->routes, node, segment);
    if (child && visit(search, child, depth + 1, parameters))
        return true;
    if (!node->any || segment.len == 0)
        return false;
    search->values[parameters] = segment;
    return visit(search, node_at(search->routes, node->any), depth + 1, parameters + 1);
}

static enum sp_status take_parameters(const struct search *search, struct sp_arena *arena)
{
    const uint32_t *names = search->routes->words + search->found->names;
    const char *base = (const char *)search->routes->words;
    struct sp_route *route = search->route;
    route->target = search->found->target;
    route->parameter_count = *names++;
    if (!route->parameter_count)
        return SP_OK;
    route->parameters = sp_arena_alloc(arena, route->parameter_count * sizeof *route->parameters);
    if (!route->parameters)
        return SP_ENOMEM;
    for (size_t i = 0; i < route->parameter_count; i++, names += 2)
        route->parameters[i] =
            (struct sp_parameter){sp_str_from(base + names[0], names[1]), search->values[i]};
    return SP_OK;
}

enum sp_status sp_routes_find(const struct sp_routes *routes, struct sp_str method,
                              const struct sp_str *segments, size_t count, struct sp_arena *arena,
                              struct sp_route *ret_route)
{
    struct search search; /* not cleared: the values are written before they are read */
    search.routes = routes;
    search.route = ret_route;
    search.segments = segments;
    search.count = count;
    search.has_method = method.len > 0 && method.len <= sizeof search.method;
    memset(search.method, 0, sizeof search.method);
    if (search.has_method)
        memcpy(search.method, method.ptr, method.len);
    ret_route->target = SP_ROUTE_NONE;
    ret_route->parameters = NULL;
    ret_route->parameter_count = ret_route->allow_count = 0;
    if (count == 1 && segments[0].len == 0)
        search.count = 0; /* the base path with a slash behind it */
    if (search.count <= SP_PATH_SEGMENTS_MAX && visit(&search, node_at(routes, 0), 0, 0))
        return take_parameters(&search, arena);
    return SP_OK;
}
