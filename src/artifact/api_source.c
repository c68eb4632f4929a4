/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/api_source.h"

#include "artifact/archive.h"
#include "artifact/map.h"
#include "artifact/mapping_xml.h"
#include "artifact/package.h"
#include "artifact/scalar.h"
#include "base/hash.h"
#include "text/yaml.h"

struct reading {
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_api_source *source;
    struct sp_str where; /* "GET /accounts/{number}", or empty */
};

static enum sp_status fail(const struct reading *r, enum sp_status status, const char *fmt, ...)
    SP_PRINTF(3, 4);

static enum sp_status fail(const struct reading *r, enum sp_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(r->err, status, NULL, fmt, args);
    va_end(args);
    if (r->where.len)
        sp_error_prefix(r->err, "%.*s", SP_STR_ARG(r->where));
    sp_error_at(r->err, r->file, 0, 0);
    return status;
}

static enum sp_status no_memory(const struct reading *r)
{
    return fail(r, SP_ENOMEM, "the API needs more memory than there is");
}

/* `object` is a mapping with no other keys than these, which end with NULL. */
static enum sp_status check_keys(const struct reading *r, const struct sp_json_value *object,
                                 const char *what, const char *const *keys)
{
    if (!object || object->kind != SP_JSON_IS_OBJECT)
        return fail(r, SP_EINVAL, "%s must be a mapping of keys to values", what);
    for (const struct sp_json_value *m = object->first; m; m = m->next) {
        const char *const *key = keys;
        while (*key && !sp_str_is(m->name, *key))
            key++;
        if (!*key)
            return fail(r, SP_EINVAL, "%s has no key \"%.*s\"", what, SP_STR_ARG(m->name));
    }
    return SP_OK;
}

/* The list that is a member, or NULL when there is none. */
static enum sp_status list_of(const struct reading *r, const struct sp_json_value *object, const char *name,
                              size_t most, const struct sp_json_value **ret_list)
{
    const struct sp_json_value *list = sp_json_member(object, sp_str_of(name));
    *ret_list = list;
    if (list && list->kind != SP_JSON_IS_ARRAY)
        return fail(r, SP_EINVAL, "%s must be a list", name);
    if (list && list->count > most)
        return fail(r, SP_ELIMIT, "%s has %zu members; at most %zu are supported", name, list->count, most);
    return SP_OK;
}

static enum sp_status read_boolean(const struct reading *r, const struct sp_json_value *object,
                                   const char *name, bool otherwise, bool *ret_value)
{
    struct sp_str text = sp_scalar_member(object, name);
    *ret_value = text.ptr ? sp_str_is(text, "true") : otherwise;
    if (text.ptr && !*ret_value && !sp_str_is(text, "false"))
        return fail(r, SP_EINVAL, "%s is true or false, not \"%.*s\"", name, SP_STR_ARG(text));
    return SP_OK;
}

/* ---------------------------------------------------------------- steps */

/* The one key of these that the step has. */
static enum sp_status one_of(const struct reading *r, const struct sp_json_value *step, const char *what,
                             const char *const *keys, unsigned *ret_which, struct sp_str *ret_text)
{
    unsigned found = 0;
    for (unsigned i = 0; keys[i]; i++) {
        struct sp_str text = sp_scalar_member(step, keys[i]);
        if (text.len) {
            *ret_which = i;
            *ret_text = text;
            found++;
        }
    }
    return found == 1 ? SP_OK : fail(r, SP_EINVAL, "%s", what);
}

static enum sp_status read_request_move(const struct reading *r, const struct sp_json_value *value,
                                        struct sp_map_step *step)
{
    static const char *const keys[] = {"path", "query", "header", "to", "required", NULL};
    static const char *const sources[] = {"path", "query", "header", NULL};
    static const enum sp_map_place places[] = {SP_MAP_PATH, SP_MAP_QUERY, SP_MAP_HEADER};
    unsigned which = 0;
    enum sp_status status = check_keys(r, value, "move", keys);
    if (status == SP_OK)
        status = one_of(r, value, "move takes one of path, query and header", sources, &which, &step->from);
    if (status != SP_OK)
        return status;
    step->from_place = places[which];
    step->to = sp_scalar_member(value, "to");
    if (!step->to.len)
        return fail(r, SP_EINVAL, "move needs to, the field");
    return read_boolean(r, value, "required", step->from_place != SP_MAP_HEADER, &step->required);
}

static enum sp_status read_response_move(const struct reading *r, const struct sp_json_value *value,
                                         struct sp_map_step *step)
{
    static const char *const keys[] = {"from", "header", NULL};
    enum sp_status status = check_keys(r, value, "move", keys);
    step->from = sp_scalar_member(value, "from");
    step->to = sp_scalar_member(value, "header");
    step->to_place = SP_MAP_HEADER;
    if (status == SP_OK && (!step->from.len || !step->to.len))
        status = fail(r, SP_EINVAL, "move takes from, a field, and header");
    return status;
}

static enum sp_status read_assign(const struct reading *r, const struct sp_json_value *value,
                                  enum sp_map_side side, struct sp_map_step *step)
{
    static const char *const request_keys[] = {"to", "value", "visible", NULL};
    static const char *const response_keys[] = {"to", "header", "value", NULL};
    static const char *const targets[] = {"to", "header", NULL};
    unsigned which = 0;
    bool visible = true;
    enum sp_status status =
        check_keys(r, value, "assign", side == SP_MAP_REQUEST ? request_keys : response_keys);
    if (status == SP_OK)
        status =
            one_of(r, value, "assign takes to, a field, or in a response header", targets, &which, &step->to);
    if (status != SP_OK)
        return status;
    step->to_place = which ? SP_MAP_HEADER : SP_MAP_BODY;
    step->value = sp_scalar_member(value, "value");
    if (!step->value.ptr)
        return fail(r, SP_EINVAL, "assign needs a value");
    if (side == SP_MAP_REQUEST)
        status = read_boolean(r, value, "visible", false, &visible);
    step->omit = !visible;
    return status;
}

static enum sp_status read_step(const struct reading *r, const struct sp_json_value *item,
                                enum sp_map_side side, struct sp_map_step *step)
{
    const struct sp_json_value *value =
        item->kind == SP_JSON_IS_OBJECT && item->count == 1 ? item->first : NULL;
    struct sp_str verb = value ? value->name : SP_STR("");
    if (sp_str_is(verb, "move")) {
        step->verb = SP_MAP_MOVE;
        return side == SP_MAP_REQUEST ? read_request_move(r, value, step)
                                      : read_response_move(r, value, step);
    }
    if (sp_str_is(verb, "assign")) {
        step->verb = SP_MAP_ASSIGN;
        return read_assign(r, value, side, step);
    }
    if (sp_str_is(verb, "remove")) {
        step->verb = SP_MAP_REMOVE;
        step->to = sp_scalar_text(value);
        return step->to.len ? SP_OK : fail(r, SP_EINVAL, "remove needs a field");
    }
    return fail(r, SP_EINVAL, "a step is one of move, assign and remove");
}

static enum sp_status read_steps(const struct reading *r, const struct sp_json_value *object,
                                 const char *name, enum sp_map_side side,
                                 const struct sp_map_step **ret_steps, size_t *ret_count)
{
    const struct sp_json_value *list = NULL;
    enum sp_status status = list_of(r, object, name, SP_MAP_STEPS_MAX, &list);
    if (status != SP_OK || !list)
        return status;
    struct sp_map_step *steps = sp_arena_calloc(r->arena, list->count, sizeof *steps);
    if (!steps)
        return no_memory(r);
    unsigned i = 0;
    for (const struct sp_json_value *item = list->first; item && status == SP_OK; item = item->next) {
        struct reading at_step = *r;
        at_step.where = sp_arena_printf(r->arena, "%.*s, %s, step %u", SP_STR_ARG(r->where), name, i + 1);
        status = at_step.where.ptr ? read_step(&at_step, item, side, &steps[i++]) : no_memory(r);
    }
    if (status != SP_OK)
        return status;
    *ret_steps = steps;
    *ret_count = list->count;
    return SP_OK;
}

/* ---------------------------------------------------------------- operations */

static enum sp_status read_response(const struct reading *r, const struct sp_json_value *item,
                                    struct sp_api_response *responses, size_t count)
{
    static const char *const keys[] = {"code", "description", "default", "steps", NULL};
    struct sp_api_response *response = &responses[count];
    struct sp_str code = sp_scalar_member(item, "code");
    uint64_t number = 0;
    enum sp_status status = check_keys(r, item, "a response", keys);
    if (status != SP_OK)
        return status;
    if (sp_str_to_u64(code, &number) != SP_OK || number < 100 || number > 599)
        return fail(r, SP_EINVAL, "\"%.*s\" is no status; there are 100 to 599", SP_STR_ARG(code));
    response->code = (unsigned)number;
    response->description = sp_scalar_member(item, "description");
    if (!response->description.len)
        response->description = number == 200 ? SP_STR("OK") : SP_STR("");
    for (size_t i = 0; i < count; i++)
        if (responses[i].code == response->code)
            return fail(r, SP_EEXISTS, "there are two responses with status %u", response->code);
    status = read_boolean(r, item, "default", false, &response->is_default);
    if (status != SP_OK)
        return status;
    return read_steps(r, item, "steps", SP_MAP_RESPONSE, &response->steps, &response->step_count);
}

static enum sp_status read_responses(const struct reading *r, const struct sp_json_value *object,
                                     struct sp_api_operation *operation)
{
    const struct sp_json_value *list = NULL;
    size_t count = 0, defaults = 0;
    enum sp_status status = list_of(r, object, "responses", SP_RESPONSES_MAX, &list);
    if (status != SP_OK)
        return status;
    struct sp_api_response *responses =
        sp_arena_calloc(r->arena, list && list->count ? list->count : 1, sizeof *responses);
    if (!responses)
        return no_memory(r);
    for (const struct sp_json_value *item = list ? list->first : NULL; item; item = item->next) {
        status = read_response(r, item, responses, count);
        if (status != SP_OK)
            return status;
        defaults += responses[count++].is_default;
    }
    if (!count)
        responses[count++] =
            (struct sp_api_response){.code = 200, .description = SP_STR("OK"), .is_default = true};
    else if (count == 1)
        responses[0].is_default = true;
    else if (defaults != 1)
        return fail(r, SP_EINVAL, "one of several responses must have default: true");
    operation->responses = responses;
    operation->response_count = count;
    return SP_OK;
}

/* "getenquire": the method in lower case and the service. */
static struct sp_str made_id(const struct reading *r, const struct sp_api_operation *operation)
{
    struct sp_str id =
        sp_arena_printf(r->arena, "%.*s%.*s", SP_STR_ARG(operation->method), SP_STR_ARG(operation->service));
    for (size_t i = 0; id.ptr && i < operation->method.len; i++)
        ((char *)id.ptr)[i] = sp_lower(id.ptr[i]);
    return id;
}

static enum sp_status read_operation(struct reading *r, const struct sp_json_value *item,
                                     struct sp_api_operation *operation)
{
    static const char *const keys[] = {"path", "method",  "service",   "operationId", "summary",
                                       "body", "request", "responses", NULL};
    enum sp_status status = check_keys(r, item, "an operation", keys);
    if (status != SP_OK)
        return status;
    operation->method = sp_http_method(sp_scalar_member(item, "method"));
    operation->path = sp_scalar_member(item, "path");
    operation->service = sp_scalar_member(item, "service");
    operation->operation_id = sp_scalar_member(item, "operationId");
    operation->summary = sp_scalar_member(item, "summary");
    if (!operation->method.len || !operation->path.len || !operation->service.len)
        return fail(r, SP_EINVAL, "an operation needs path, method (one of HTTP) and service");
    r->where =
        sp_arena_printf(r->arena, "%.*s %.*s", SP_STR_ARG(operation->method), SP_STR_ARG(operation->path));
    const char *wrong = sp_path_template_wrong(operation->path);
    if (wrong)
        return fail(r, SP_EINVAL, "the path %s", wrong);
    if (!operation->operation_id.len)
        operation->operation_id = made_id(r, operation);
    if (!r->where.ptr || !operation->operation_id.ptr)
        return no_memory(r);
    struct sp_str body = sp_scalar_member(item, "body");
    operation->no_body = sp_str_is(body, "none");
    if (body.ptr && !operation->no_body)
        return fail(r, SP_EINVAL, "body can only be none, not \"%.*s\"", SP_STR_ARG(body));
    status = read_steps(r, item, "request", SP_MAP_REQUEST, &operation->steps, &operation->step_count);
    return status == SP_OK ? read_responses(r, item, operation) : status;
}

/* `keys` holds what must differ; `what` says of whom it is. */
static enum sp_status add_key(const struct reading *r, struct sp_hash *keys, struct sp_str key,
                              const char *what)
{
    enum sp_status status = key.ptr ? sp_hash_add(keys, key, r->source) : SP_ENOMEM;
    if (status == SP_EEXISTS)
        return fail(r, status, "%s", what);
    return status == SP_OK ? SP_OK : no_memory(r);
}

static enum sp_status check_distinct(struct reading *r, const struct sp_api_operation *operations,
                                     size_t count)
{
    struct sp_hash ids, urls;
    enum sp_status status = SP_OK;
    sp_hash_init(&ids, SP_PACKAGE_METHODS_MAX);
    sp_hash_init(&urls, SP_PACKAGE_METHODS_MAX);
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        const struct sp_api_operation *o = &operations[i];
        r->where = sp_arena_printf(r->arena, "%.*s %.*s", SP_STR_ARG(o->method), SP_STR_ARG(o->path));
        status = add_key(r, &urls, sp_path_url_key(r->arena, o->method, o->path), "is there twice");
        if (status == SP_OK)
            status = add_key(r, &ids, o->operation_id,
                             "another operation has the same operationId; give one of them another");
    }
    sp_hash_finish(&ids);
    sp_hash_finish(&urls);
    return status;
}

static enum sp_status read_operations(struct reading *r, const struct sp_json_value *root)
{
    const struct sp_json_value *list = NULL;
    enum sp_status status = list_of(r, root, "operations", SP_PACKAGE_METHODS_MAX, &list);
    if (status != SP_OK)
        return status;
    if (!list || !list->count)
        return fail(r, SP_EINVAL, "operations, a list, is missing");
    struct sp_api_operation *operations = sp_arena_calloc(r->arena, list->count, sizeof *operations);
    if (!operations)
        return no_memory(r);
    size_t count = 0;
    for (const struct sp_json_value *item = list->first; item && status == SP_OK; item = item->next) {
        status = read_operation(r, item, &operations[count++]);
        if (status == SP_OK)
            r->where = SP_STR("");
    }
    r->source->operations = operations;
    r->source->operation_count = count;
    return status == SP_OK ? check_distinct(r, operations, count) : status;
}

/* ---------------------------------------------------------------- the whole */

static enum sp_status read_services(struct reading *r, const struct sp_json_value *root)
{
    const struct sp_json_value *list = NULL;
    enum sp_status status = list_of(r, root, "services", SP_API_SERVICES_MAX, &list);
    if (status != SP_OK)
        return status;
    if (!list || !list->count)
        return fail(r, SP_EINVAL, "services, a list of service archives, is missing");
    struct sp_str *services = sp_arena_calloc(r->arena, list->count, sizeof *services);
    if (!services)
        return no_memory(r);
    for (const struct sp_json_value *item = list->first; item; item = item->next) {
        struct sp_str name = sp_scalar_text(item);
        if (!name.len)
            return fail(r, SP_EINVAL, "services must be names of files");
        services[r->source->service_count++] = name;
    }
    r->source->services = services;
    return SP_OK;
}

static struct sp_str text_or(struct sp_str text, struct sp_str otherwise)
{
    return text.len ? text : otherwise;
}

static enum sp_status read_root(struct reading *r, const struct sp_json_value *root)
{
    static const char *const keys[] = {"name",     "title",    "version",    "description",
                                       "basePath", "services", "operations", NULL};
    struct sp_api_source *s = r->source;
    enum sp_status status = check_keys(r, root, "an API", keys);
    if (status != SP_OK)
        return status;
    s->name = sp_scalar_member(root, "name");
    s->title = text_or(sp_scalar_member(root, "title"), s->name);
    s->version = text_or(sp_scalar_member(root, "version"), SP_STR("1.0.0"));
    s->description = text_or(sp_scalar_member(root, "description"), SP_STR(""));
    s->base_path = sp_scalar_member(root, "basePath");
    if (!sp_artifact_name_ok(s->name))
        return fail(r, SP_EINVAL, "\"%.*s\" cannot be the name of an API: it is part of URLs and file names",
                    SP_STR_ARG(s->name));
    const char *wrong = sp_path_template_wrong(s->base_path);
    if (wrong || sp_str_find(s->base_path, '{') != s->base_path.len)
        return fail(r, SP_EINVAL, "the basePath \"%.*s\" %s", SP_STR_ARG(s->base_path),
                    wrong ? wrong : "has a parameter");
    status = read_services(r, root);
    return status == SP_OK ? read_operations(r, root) : status;
}

enum sp_status sp_api_source_read(struct sp_str text, const char *file, struct sp_arena *arena,
                                  struct sp_api_source *ret_source, struct sp_error *err)
{
    struct sp_api_source source = {.file = file};
    struct reading r = {.file = file, .arena = arena, .err = err, .source = &source, .where = SP_STR("")};
    struct sp_json_value *root = NULL;
    text = sp_arena_str(arena, text);
    if (!text.ptr)
        return no_memory(&r);
    enum sp_status status = sp_yaml_parse(text, file, arena, NULL, &root, err);
    if (status == SP_OK)
        status = read_root(&r, root);
    if (status == SP_OK)
        *ret_source = source;
    return status;
}
