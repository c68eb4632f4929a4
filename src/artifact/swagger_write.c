/* SPDX-License-Identifier: Apache-2.0
 * swagger_write.c: the OpenAPI 2.0 document of an API that is built.
 */
#include "artifact/api_made.h"

#include <stdio.h>

#include "artifact/schema_write.h"

static struct sp_schema_options options_of(const struct sp_made_map *map)
{
    return (struct sp_schema_options){.openapi = true, .wrapper = map->root, .hidden = map->hidden};
}

/* Something of the body is left to be given by clients. */
static bool has_body(const struct sp_made_map *map)
{
    struct sp_schema_options options = options_of(map);
    for (const struct sp_segment *s = map->interface->segments; s; s = s->next)
        for (const struct sp_field *f = s->first; f; f = f->next)
            if (sp_schema_shows(f, &options))
                return true;
    return false;
}

static void put_name(struct sp_json_writer *w, const char *before, struct sp_str id, const char *behind)
{
    struct sp_buf text;
    sp_buf_init(&text, id.len + 64);
    sp_buf_printf(&text, "%s%.*s%s", before, SP_STR_ARG(id), behind);
    sp_json_string(w, sp_buf_str(&text));
    sp_buf_finish(&text);
}

static void put_definition_name(struct sp_json_writer *w, struct sp_str id, const char *behind)
{
    struct sp_buf text;
    sp_buf_init(&text, id.len + 64);
    sp_buf_printf(&text, "%.*s%s", SP_STR_ARG(id), behind);
    sp_json_name(w, sp_buf_str(&text));
    sp_buf_finish(&text);
}

static void put_reference(struct sp_json_writer *w, struct sp_str id, const char *behind)
{
    sp_json_name(w, SP_STR("schema"));
    sp_json_object_begin(w);
    sp_json_name(w, SP_STR("$ref"));
    put_name(w, "#/definitions/", id, behind);
    sp_json_object_end(w);
}

/* ---------------------------------------------------------------- parameters */

static void write_parameter(struct sp_json_writer *w, const struct sp_map_step *step,
                            const struct sp_field *field)
{
    static const char *const in[] = {"body", "path", "query", "header"};
    sp_json_object_begin(w);
    sp_json_put_string(w, "name", step->from);
    sp_json_put_text(w, "in", in[step->from_place]);
    sp_json_put_bool(w, "required", step->required || step->from_place == SP_MAP_PATH);
    sp_schema_write_members(field->type == SP_FIELD_ARRAY ? field->first : field, true, w);
    sp_json_object_end(w);
}

/* A parameter of the path that no step uses must be in the document, too. */
static bool path_parameter_moved(const struct sp_made_map *map, struct sp_str name)
{
    for (size_t i = 0; i < map->step_count; i++)
        if (map->steps[i].verb == SP_MAP_MOVE && map->steps[i].from_place == SP_MAP_PATH &&
            sp_str_eq(map->steps[i].from, name))
            return true;
    return false;
}

static void write_unused_parameters(struct sp_json_writer *w, const struct sp_made_operation *operation)
{
    struct sp_str rest = operation->source->path, part;
    while (sp_str_split(&rest, '/', &part)) {
        struct sp_str name = part.len > 2 ? sp_str_slice(part, 1, part.len - 1) : part;
        if (part.len < 3 || part.ptr[0] != '{' || path_parameter_moved(&operation->request, name))
            continue;
        sp_json_object_begin(w);
        sp_json_put_string(w, "name", name);
        sp_json_put_text(w, "in", "path");
        sp_json_put_bool(w, "required", true);
        sp_json_put_text(w, "type", "string");
        sp_json_object_end(w);
    }
}

static void write_authorization(struct sp_json_writer *w)
{
    sp_json_object_begin(w);
    sp_json_put_text(w, "name", "Authorization");
    sp_json_put_text(w, "in", "header");
    sp_json_put_bool(w, "required", false);
    sp_json_put_text(w, "type", "string");
    sp_json_object_end(w);
}

static void write_body(struct sp_json_writer *w, struct sp_str id)
{
    sp_json_object_begin(w);
    sp_json_put_text(w, "in", "body");
    sp_json_name(w, SP_STR("name"));
    put_name(w, "", id, "_request");
    sp_json_put_text(w, "description", "request body");
    sp_json_put_bool(w, "required", true);
    put_reference(w, id, "_request");
    sp_json_object_end(w);
}

static void write_parameters(struct sp_json_writer *w, const struct sp_made_operation *operation)
{
    const struct sp_made_map *map = &operation->request;
    sp_json_name(w, SP_STR("parameters"));
    sp_json_array_begin(w);
    write_authorization(w);
    for (size_t i = 0; i < map->step_count; i++)
        if (map->steps[i].verb == SP_MAP_MOVE && !sp_made_repeats(map, i) &&
            !sp_str_caseless_eq(map->steps[i].from, SP_STR("Authorization")))
            write_parameter(w, &map->steps[i], map->fields[i]);
    write_unused_parameters(w, operation);
    if (has_body(map))
        write_body(w, operation->source->operation_id);
    sp_json_array_end(w);
}

/* ---------------------------------------------------------------- operations */

static void response_suffix(const struct sp_api_response *response, char ret_text[24])
{
    snprintf(ret_text, 24, "_response_%u", response->code);
}

static void write_response_headers(struct sp_json_writer *w, const struct sp_made_map *map)
{
    bool any = false;
    for (size_t i = 0; i < map->step_count; i++) {
        if (map->steps[i].to_place != SP_MAP_HEADER)
            continue;
        if (!any) {
            sp_json_name(w, SP_STR("headers"));
            sp_json_object_begin(w);
        }
        any = true;
        sp_json_name(w, map->steps[i].to);
        sp_json_object_begin(w);
        sp_json_put_text(w, "type", "string");
        sp_json_object_end(w);
    }
    if (any)
        sp_json_object_end(w);
}

static void write_responses(struct sp_json_writer *w, const struct sp_made_operation *operation)
{
    sp_json_name(w, SP_STR("responses"));
    sp_json_object_begin(w);
    for (size_t i = 0; i < operation->source->response_count; i++) {
        const struct sp_api_response *response = &operation->source->responses[i];
        char code[24], suffix[24];
        snprintf(code, sizeof code, "%u", response->code);
        response_suffix(response, suffix);
        sp_json_name(w, sp_str_of(code));
        sp_json_object_begin(w);
        sp_json_put_string(w, "description", response->description);
        put_reference(w, operation->source->operation_id, suffix);
        write_response_headers(w, &operation->responses[i]);
        sp_json_object_end(w);
    }
    sp_json_object_end(w);
}

static void write_operation(struct sp_json_writer *w, const struct sp_made_api *api,
                            const struct sp_made_operation *operation)
{
    char method[16];
    size_t len = operation->source->method.len < sizeof method ? operation->source->method.len : 0;
    for (size_t i = 0; i < len; i++)
        method[i] = sp_lower(operation->source->method.ptr[i]);
    sp_json_name(w, sp_str_from(method, len));
    sp_json_object_begin(w);
    sp_json_name(w, SP_STR("tags"));
    sp_json_array_begin(w);
    sp_json_string(w, api->source->name);
    sp_json_array_end(w);
    if (operation->source->summary.len)
        sp_json_put_string(w, "summary", operation->source->summary);
    sp_json_put_string(w, "operationId", operation->source->operation_id);
    write_parameters(w, operation);
    write_responses(w, operation);
    sp_json_object_end(w);
}

/* Operations of one path stand together, where the first of them is. */
static void write_paths(struct sp_json_writer *w, const struct sp_made_api *api)
{
    sp_json_name(w, SP_STR("paths"));
    sp_json_object_begin(w);
    for (size_t i = 0; i < api->source->operation_count; i++) {
        struct sp_str path = api->source->operations[i].path;
        size_t first = 0;
        while (!sp_str_eq(api->source->operations[first].path, path))
            first++;
        if (first < i)
            continue;
        sp_json_name(w, path);
        sp_json_object_begin(w);
        for (size_t k = i; k < api->source->operation_count; k++)
            if (sp_str_eq(api->source->operations[k].path, path))
                write_operation(w, api, &api->operations[k]);
        sp_json_object_end(w);
    }
    sp_json_object_end(w);
}

static void write_definitions(struct sp_json_writer *w, const struct sp_made_api *api)
{
    sp_json_name(w, SP_STR("definitions"));
    sp_json_object_begin(w);
    for (size_t i = 0; i < api->source->operation_count; i++) {
        const struct sp_made_operation *operation = &api->operations[i];
        struct sp_schema_options options = options_of(&operation->request);
        if (has_body(&operation->request)) {
            put_definition_name(w, operation->source->operation_id, "_request");
            sp_schema_write(operation->request.interface, &options, w);
        }
        for (size_t k = 0; k < operation->source->response_count; k++) {
            char suffix[24];
            response_suffix(&operation->source->responses[k], suffix);
            options = options_of(&operation->responses[k]);
            put_definition_name(w, operation->source->operation_id, suffix);
            sp_schema_write(operation->responses[k].interface, &options, w);
        }
    }
    sp_json_object_end(w);
}

static void write_strings(struct sp_json_writer *w, const char *name, const char *a, const char *b)
{
    sp_json_name(w, sp_str_of(name));
    sp_json_array_begin(w);
    sp_json_string(w, sp_str_of(a));
    if (b)
        sp_json_string(w, sp_str_of(b));
    sp_json_array_end(w);
}

void sp_swagger_write(const struct sp_made_api *api, struct sp_buf *buf)
{
    struct sp_json_writer w;
    sp_json_writer_init(&w, buf, 2);
    sp_json_object_begin(&w);
    sp_json_put_text(&w, "swagger", "2.0");
    sp_json_name(&w, SP_STR("info"));
    sp_json_object_begin(&w);
    sp_json_put_string(&w, "description", api->source->description);
    sp_json_put_string(&w, "version", api->source->version);
    sp_json_put_string(&w, "title", api->source->title);
    sp_json_object_end(&w);
    sp_json_put_text(&w, "host", "localhost:8080");
    sp_json_put_string(&w, "basePath", api->source->base_path);
    write_strings(&w, "schemes", "https", "http");
    write_strings(&w, "consumes", "application/json", NULL);
    write_strings(&w, "produces", "application/json", NULL);
    write_paths(&w, api);
    write_definitions(&w, api);
    sp_json_object_end(&w);
    sp_buf_append_byte(buf, '\n');
}
