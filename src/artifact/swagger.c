/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/swagger.h"

struct comparison {
    const struct sp_package *package;
    struct sp_arena *arena;
    sp_swagger_warn_fn *warn;
    void *arg;
};

static bool say(const struct comparison *c, const char *fmt, struct sp_str a, struct sp_str b)
{
    struct sp_str text = sp_arena_printf(c->arena, fmt, SP_STR_ARG(a), SP_STR_ARG(b));
    return text.ptr && c->warn(c->arg, text);
}

static const struct sp_json_value *find_operation(const struct sp_json_value *paths,
                                                  const struct sp_package_method *method)
{
    const struct sp_json_value *path = sp_json_member(paths, method->path);
    for (const struct sp_json_value *op = path && path->kind == SP_JSON_IS_OBJECT ? path->first : NULL; op;
         op = op->next)
        if (sp_str_caseless_eq(op->name, method->method))
            return op;
    return NULL;
}

static bool in_package(const struct sp_package *package, struct sp_str path, struct sp_str method)
{
    for (size_t i = 0; i < package->method_count; i++)
        if (sp_str_eq(package->methods[i].path, path) &&
            sp_str_caseless_eq(package->methods[i].method, method))
            return true;
    return false;
}

/* Members of a path item that are no operations. */
static bool is_operation(struct sp_str name)
{
    return !sp_str_is(name, "parameters") && !sp_str_is(name, "$ref") && !sp_str_starts(name, SP_STR("x-"));
}

static bool compare_forth(const struct comparison *c, const struct sp_json_value *paths)
{
    for (size_t i = 0; i < c->package->method_count; i++) {
        const struct sp_package_method *m = &c->package->methods[i];
        const struct sp_json_value *op = find_operation(paths, m);
        if (!op && !say(c, "%.*s %.*s is not in the API's document", m->method, m->path))
            return false;
        struct sp_str id = sp_json_member_text(op, SP_STR("operationId"));
        if (op && m->operation_id.len && !sp_str_eq(id, m->operation_id) &&
            !say(c, "operation %.*s is called \"%.*s\" in the API's document", m->operation_id, id))
            return false;
    }
    return true;
}

static void compare_back(const struct comparison *c, const struct sp_json_value *paths)
{
    for (const struct sp_json_value *path = paths ? paths->first : NULL; path; path = path->next)
        for (const struct sp_json_value *op = path->kind == SP_JSON_IS_OBJECT ? path->first : NULL; op;
             op = op->next)
            if (is_operation(op->name) && !in_package(c->package, path->name, op->name) &&
                !say(c, "%.*s %.*s is in the API's document and not in package.xml", op->name, path->name))
                return;
}

void sp_swagger_compare(const struct sp_json_value *document, const struct sp_package *package,
                        struct sp_arena *arena, sp_swagger_warn_fn *warn, void *arg)
{
    struct comparison c = {package, arena, warn, arg};
    struct sp_str version = sp_json_member_text(document, SP_STR("swagger"));
    struct sp_str base = sp_json_member_text(document, SP_STR("basePath"));
    const struct sp_json_value *paths = sp_json_member(document, SP_STR("paths"));
    if (!sp_str_is(version, "2.0") &&
        !say(&c, "the API's document has swagger \"%.*s\", not 2.0%.*s", version, SP_STR("")))
        return;
    if (!sp_str_eq(sp_str_is(base, "/") ? SP_STR("") : base, package->base_path) &&
        !say(&c, "the API's document has basePath \"%.*s\", package.xml \"%.*s\"", base, package->base_path))
        return;
    if (paths && paths->kind != SP_JSON_IS_OBJECT)
        paths = NULL;
    if (compare_forth(&c, paths))
        compare_back(&c, paths);
}
