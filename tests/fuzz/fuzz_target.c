/* SPDX-License-Identifier: Apache-2.0
 * Path and query of a request, and a router that has both kinds of segments.
 */
#include <stdlib.h>

#include "gateway/routes.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct sp_str text)
{
    if (sp_utf8_check(text) != text.len || memchr(text.ptr, 0, text.len))
        abort();
}

static void route(const struct sp_path *path, struct sp_arena *arena)
{
    struct sp_router router;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_route found;
    const struct sp_routes *routes;
    if (sp_router_init(&router, arena) != SP_OK ||
        sp_router_add(&router, SP_STR("GET"), SP_STR("/a/{x}/c"), 0, &err) != SP_OK ||
        sp_router_add(&router, SP_STR("GET"), SP_STR("/a/b/{y}"), 1, &err) != SP_OK ||
        sp_routes_new(&router, arena, &routes, &err) != SP_OK ||
        sp_routes_find(routes, SP_STR("GET"), path->segments, path->count, arena, &found) != SP_OK)
        abort();
    for (size_t i = 0; i < found.parameter_count; i++)
        if (found.parameters[i].value.len == 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_path path;
    const struct sp_parameter *parameters;
    size_t count;
    sp_arena_init(&arena, 1024 * 1024 + 4 * size);
    struct sp_str target = sp_str_from(data, size);
    size_t question = sp_str_find(target, '?');
    if (sp_path_read(sp_str_slice(target, 0, question), &arena, &path, &err) == SP_OK) {
        for (size_t i = 0; i < path.count; i++) {
            check_text(path.segments[i]);
            if (sp_str_is(path.segments[i], ".."))
                abort();
        }
        route(&path, &arena);
    } else if (!err.text[0]) {
        abort();
    }
    struct sp_str query = sp_str_slice(target, question + 1, size);
    if (sp_form_read(query, "query", &arena, &parameters, &count, &err) == SP_OK)
        for (size_t i = 0; i < count; i++) {
            check_text(parameters[i].name);
            check_text(parameters[i].value);
        }
    sp_arena_finish(&arena);
    return 0;
}
