/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/aar_write.h"

#include "artifact/api_made.h"
#include "artifact/body_path.h"
#include "artifact/map.h"
#include "artifact/si_write.h"
#include "text/zip_write.h"

#define ENTRY_BYTES_MAX ((size_t)16 << 20)

struct writing {
    struct sp_made_api api;
    const struct sp_sar **services;
    struct sp_made_operation *operations;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_zip_writer *zip;
    struct sp_buf text; /* of the present entry */
};

static enum sp_status no_memory(const struct writing *w)
{
    return sp_error_set(w->err, SP_ENOMEM, NULL, "the API needs more memory than there is");
}

static enum sp_status fail(const struct writing *w, const struct sp_api_operation *operation,
                           enum sp_status status, const char *fmt, ...) SP_PRINTF(4, 5);

static enum sp_status fail(const struct writing *w, const struct sp_api_operation *operation,
                           enum sp_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(w->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_prefix(w->err, "%.*s %.*s", SP_STR_ARG(operation->method), SP_STR_ARG(operation->path));
    sp_error_at(w->err, w->api.source->file, 0, 0);
    return status;
}

/* ---------------------------------------------------------------- services */

static enum sp_status load_services(struct writing *w, const struct sp_build_files *files)
{
    const struct sp_api_source *source = w->api.source;
    w->services = sp_arena_calloc(w->arena, source->service_count, sizeof *w->services);
    if (!w->services)
        return no_memory(w);
    for (size_t i = 0; i < source->service_count; i++) {
        struct sp_str bytes = {NULL, 0};
        struct sp_sar *sar = NULL;
        const char *file = sp_arena_cstr(w->arena, source->services[i]);
        if (!file)
            return no_memory(w);
        enum sp_status status = files->load(files->arg, source->services[i], w->arena, &bytes, w->err);
        if (status == SP_OK)
            status = sp_sar_read(bytes, file, w->arena, &sar, w->err);
        if (status != SP_OK)
            return status;
        for (size_t k = 0; k < i; k++)
            if (sp_str_eq(w->services[k]->name, sar->name)) {
                sp_error_set(w->err, SP_EEXISTS, NULL, "service %.*s comes from two archives",
                             SP_STR_ARG(sar->name));
                sp_error_at(w->err, source->file, 0, 0);
                return SP_EEXISTS;
            }
        w->services[i] = sar;
    }
    return SP_OK;
}

static const struct sp_sar *find_service(const struct writing *w, struct sp_str name)
{
    for (size_t i = 0; i < w->api.source->service_count; i++)
        if (sp_str_eq(w->services[i]->name, name))
            return w->services[i];
    return NULL;
}

/* ---------------------------------------------------------------- steps and their fields */

static void hide(const struct sp_field *field, bool *hidden)
{
    hidden[field->index] = true;
    for (const struct sp_field *child = field->first; child; child = child->next)
        hide(child, hidden);
}

static bool is_value(const struct sp_field *field)
{
    return field->type != SP_FIELD_STRUCT && field->type != SP_FIELD_ARRAY;
}

/* A parameter may fill an array of values, too. */
static bool fits(const struct sp_map_step *step, const struct sp_field *field)
{
    if (step->verb == SP_MAP_REMOVE)
        return true;
    if (sp_body_path_repeats(field))
        return false;
    bool array = step->verb == SP_MAP_MOVE && step->to_place == SP_MAP_BODY && field->type == SP_FIELD_ARRAY;
    return is_value(array ? field->first : field);
}

static bool in_template(struct sp_str path, struct sp_str name)
{
    struct sp_str segment;
    while (sp_str_split(&path, '/', &segment))
        if (segment.len == name.len + 2 && segment.ptr[0] == '{' &&
            sp_str_eq(sp_str_slice(segment, 1, segment.len - 1), name))
            return true;
    return false;
}

static enum sp_status bind_step(struct writing *w, const struct sp_api_operation *operation,
                                const struct sp_made_map *map, const struct sp_map_step *step,
                                const struct sp_field **ret_field, bool *hidden)
{
    bool from_body = step->verb == SP_MAP_MOVE && step->from_place == SP_MAP_BODY;
    struct sp_str path = from_body ? step->from : step->to;
    const char *reason = NULL;
    if (step->verb == SP_MAP_MOVE && step->from_place == SP_MAP_PATH &&
        !in_template(operation->path, step->from))
        return fail(w, operation, SP_EINVAL, "the path has no parameter {%.*s}", SP_STR_ARG(step->from));
    *ret_field = NULL;
    if (!from_body && step->to_place != SP_MAP_BODY)
        return SP_OK;
    const struct sp_field *field = sp_body_path_find(map->interface, path, &reason);
    if (!field)
        return fail(w, operation, SP_EINVAL, "%.*s %s", SP_STR_ARG(path), reason);
    if (!fits(step, field))
        return fail(
            w, operation, SP_EINVAL,
            "%.*s is a group, or there are several of it; only single values can be moved or assigned",
            SP_STR_ARG(path));
    *ret_field = field;
    if (step->verb != SP_MAP_ASSIGN || step->omit)
        hide(field, hidden);
    return SP_OK;
}

static enum sp_status bind_steps(struct writing *w, const struct sp_api_operation *operation,
                                 const struct sp_map_step *steps, size_t count, struct sp_made_map *map)
{
    const struct sp_field **fields = sp_arena_calloc(w->arena, count + 1, sizeof *fields);
    bool *hidden = sp_arena_calloc(w->arena, map->interface->field_count, sizeof *hidden);
    if (!fields || !hidden || !map->root.ptr)
        return no_memory(w);
    for (size_t i = 0; i < count; i++) {
        enum sp_status status = bind_step(w, operation, map, &steps[i], &fields[i], hidden);
        if (status != SP_OK)
            return status;
    }
    map->steps = steps;
    map->fields = fields;
    map->step_count = count;
    map->hidden = hidden;
    return SP_OK;
}

/* ---------------------------------------------------------------- body: none */

/* Removals of what is still to be seen, as far up as nothing below is filled by a step. */
struct removal {
    struct writing *w;
    const struct sp_made_map *map;
    struct sp_map_step *steps;
    const struct sp_field **fields;
    size_t count; /* steps of the source and removals */
    bool failed;
};

/* Some of the field, not all of it, is hidden by steps. */
static bool partly_hidden(const struct sp_field *field, const bool *hidden)
{
    bool found = hidden[field->index];
    for (const struct sp_field *child = field->first; child && !found; child = child->next)
        found = partly_hidden(child, hidden);
    return found;
}

static void remove_rest(struct removal *r, const struct sp_field *first, struct sp_str above)
{
    for (const struct sp_field *f = first; f && !r->failed; f = f->next) {
        struct sp_str path = sp_arena_printf(r->w->arena, "%.*s%s%.*s", SP_STR_ARG(above),
                                             above.len ? "/" : "", SP_STR_ARG(f->name));
        if (!path.ptr || r->count == SP_MAP_STEPS_MAX) {
            r->failed = true;
            return;
        }
        if (!f->included || r->map->hidden[f->index])
            continue;
        if (f->type == SP_FIELD_STRUCT && partly_hidden(f, r->map->hidden)) {
            remove_rest(r, f->first, path);
            continue;
        }
        r->steps[r->count] = (struct sp_map_step){.verb = SP_MAP_REMOVE, .to = path};
        r->fields[r->count++] = f;
        hide(f, (bool *)r->map->hidden);
    }
}

static enum sp_status remove_body(struct writing *w, const struct sp_api_operation *operation,
                                  struct sp_made_map *map)
{
    struct removal r = {.w = w, .map = map, .count = map->step_count};
    r.steps = sp_arena_calloc(w->arena, SP_MAP_STEPS_MAX, sizeof *r.steps);
    r.fields = sp_arena_calloc(w->arena, SP_MAP_STEPS_MAX, sizeof *r.fields);
    if (!r.steps || !r.fields)
        return no_memory(w);
    memcpy(r.steps, map->steps, map->step_count * sizeof *r.steps);
    memcpy(r.fields, map->fields, map->step_count * sizeof *r.fields);
    const struct sp_segment *s = map->interface->segments;
    if (!map->interface->is_channel)
        remove_rest(&r, s->first->first, SP_STR(""));
    for (; map->interface->is_channel && s; s = s->next)
        remove_rest(&r, s->first, s->name);
    if (r.failed)
        return fail(w, operation, SP_ELIMIT, "body: none needs more than %u steps", SP_MAP_STEPS_MAX);
    map->steps = r.steps;
    map->fields = r.fields;
    map->step_count = r.count;
    return SP_OK;
}

static struct sp_made_map map_for(struct writing *w, const struct sp_sar *service, bool is_request)
{
    struct sp_made_map map = {.interface = is_request ? service->request : service->response};
    map.root = map.interface->is_channel
                   ? sp_arena_printf(w->arena, "%.*sOperation%s", SP_STR_ARG(service->name),
                                     is_request ? "" : "Response")
                   : map.interface->segments->first->name;
    return map;
}

static enum sp_status bind_operation(struct writing *w, const struct sp_api_operation *source,
                                     struct sp_made_operation *operation)
{
    operation->source = source;
    operation->service = find_service(w, source->service);
    if (!operation->service)
        return fail(w, source, SP_ENOTFOUND, "service %.*s is in none of the archives listed under services",
                    SP_STR_ARG(source->service));
    struct sp_made_map *responses = sp_arena_calloc(w->arena, source->response_count, sizeof *responses);
    operation->folder = sp_arena_printf(w->arena, "api%.*s/%.*s",
                                        SP_STR_ARG(source->path.len > 1 ? source->path : SP_STR("")),
                                        SP_STR_ARG(source->method));
    if (!responses || !operation->folder.ptr)
        return no_memory(w);
    operation->responses = responses;
    operation->request = map_for(w, operation->service, true);
    enum sp_status status = bind_steps(w, source, source->steps, source->step_count, &operation->request);
    if (status == SP_OK && source->no_body)
        status = remove_body(w, source, &operation->request);
    for (size_t i = 0; i < source->response_count && status == SP_OK; i++) {
        responses[i] = map_for(w, operation->service, false);
        status =
            bind_steps(w, source, source->responses[i].steps, source->responses[i].step_count, &responses[i]);
    }
    return status;
}

static enum sp_status bind(struct writing *w)
{
    const struct sp_api_source *source = w->api.source;
    w->operations = sp_arena_calloc(w->arena, source->operation_count, sizeof *w->operations);
    if (!w->operations)
        return no_memory(w);
    w->api.operations = w->operations;
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < source->operation_count && status == SP_OK; i++)
        status = bind_operation(w, &source->operations[i], &w->operations[i]);
    return status;
}

/* ---------------------------------------------------------------- entries */

static enum sp_status add_entry(struct writing *w, struct sp_str entry)
{
    enum sp_status status = SP_OK;
    if (!entry.ptr)
        status = no_memory(w);
    else if (w->text.failed)
        status = sp_error_set(w->err, SP_ELIMIT, NULL, "%.*s has more than %zu bytes", SP_STR_ARG(entry),
                              ENTRY_BYTES_MAX);
    else
        status = sp_zip_writer_add(w->zip, entry, sp_buf_str(&w->text), w->err);
    sp_buf_reset(&w->text);
    return status;
}

static void attribute(struct writing *w, const char *name, struct sp_str value)
{
    sp_buf_printf(&w->text, " %s=\"", name);
    sp_xml_escape(value, &w->text);
    sp_buf_append_byte(&w->text, '"');
}

static void write_method(struct writing *w, const struct sp_made_operation *operation)
{
    sp_buf_printf(&w->text, "            <method");
    attribute(w, "type", operation->source->method);
    attribute(w, "zosConnectServiceRef", operation->source->service);
    sp_buf_printf(&w->text, " httpXformFile=\"");
    sp_xml_escape(operation->folder, &w->text);
    sp_buf_printf(&w->text, "/mapping.xml\"");
    attribute(w, "operationId", operation->source->operation_id);
    sp_buf_printf(&w->text, "/>\n");
}

static enum sp_status write_package(struct writing *w)
{
    const struct sp_api_source *s = w->api.source;
    sp_buf_printf(&w->text, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                            "<zosConnectApi xmlns=\"http://www.ibm.com/zosConnect/2.0/zosConnectApi\"");
    attribute(w, "id", s->name);
    sp_buf_printf(&w->text, ">\n    <apiSpec");
    attribute(w, "title", s->title);
    attribute(w, "basePath", s->base_path);
    attribute(w, "description", s->description);
    attribute(w, "version", s->version);
    sp_buf_printf(&w->text, ">\n");
    for (size_t i = 0; i < s->operation_count; i++) {
        sp_buf_printf(&w->text, "        <path");
        attribute(w, "relativePath", s->operations[i].path);
        sp_buf_printf(&w->text, ">\n");
        write_method(w, &w->operations[i]);
        sp_buf_printf(&w->text, "        </path>\n");
    }
    sp_buf_printf(&w->text, "        <apiDoc docType=\"SWAGGER\">api-docs/swagger.json</apiDoc>\n"
                            "    </apiSpec>\n</zosConnectApi>\n");
    return add_entry(w, SP_STR("package.xml"));
}

/* "request.map", "response.map", "response_404.map" */
static struct sp_str map_entry(struct writing *w, const struct sp_made_operation *operation, bool is_request,
                               const struct sp_api_response *response)
{
    if (is_request)
        return sp_arena_printf(w->arena, "%.*s/request.map", SP_STR_ARG(operation->folder));
    if (response->is_default)
        return sp_arena_printf(w->arena, "%.*s/response.map", SP_STR_ARG(operation->folder));
    return sp_arena_printf(w->arena, "%.*s/response_%u.map", SP_STR_ARG(operation->folder), response->code);
}

static void write_location(struct writing *w, struct sp_str entry)
{
    sp_buf_printf(&w->text, "        <mappingRootModel type=\"MSL\"");
    attribute(w, "location", entry);
    sp_buf_printf(&w->text, "/>\n");
}

static void write_response(struct writing *w, const struct sp_made_operation *operation,
                           const struct sp_api_response *response)
{
    sp_buf_printf(&w->text, "    <responseMessages code=\"%u\"", response->code);
    attribute(w, "description", response->description);
    if (!response->step_count) {
        sp_buf_printf(&w->text, "/>\n");
        return;
    }
    sp_buf_printf(&w->text, ">\n");
    write_location(w, map_entry(w, operation, false, response));
    sp_buf_printf(&w->text, "    </responseMessages>\n");
}

static enum sp_status write_mapping_xml(struct writing *w, const struct sp_made_operation *operation)
{
    const struct sp_api_operation *source = operation->source;
    unsigned code = 200;
    for (size_t i = 0; i < source->response_count; i++)
        if (source->responses[i].is_default)
            code = source->responses[i].code;
    sp_buf_printf(&w->text, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                            "<ns2:ZosConnectServiceMapping xmlns:ns2=\"http://www.ibm.com/zosConnect/2.0/"
                            "zosConnectServiceMapping\" mappingSpecVersion=\"1.0\">\n    <mappingContext");
    attribute(w, "basePath", w->api.source->base_path);
    attribute(w, "relativePath", source->path);
    attribute(w, "method", source->method);
    attribute(w, "serviceName", source->service);
    sp_buf_printf(&w->text, " defaultResponseCode=\"%u\"/>\n", code);
    if (operation->request.step_count) {
        sp_buf_printf(&w->text, "    <requestMessage>\n");
        write_location(w, map_entry(w, operation, true, NULL));
        sp_buf_printf(&w->text, "    </requestMessage>\n");
    }
    for (size_t i = 0; i < source->response_count; i++)
        write_response(w, operation, &source->responses[i]);
    sp_buf_printf(&w->text, "</ns2:ZosConnectServiceMapping>\n");
    return add_entry(w, sp_arena_printf(w->arena, "%.*s/mapping.xml", SP_STR_ARG(operation->folder)));
}

static enum sp_status write_operation(struct writing *w, const struct sp_made_operation *operation)
{
    const struct sp_api_operation *source = operation->source;
    enum sp_status status = write_mapping_xml(w, operation);
    if (status == SP_OK && operation->request.step_count) {
        sp_map_write(operation, &operation->request, true, &w->text);
        status = add_entry(w, map_entry(w, operation, true, NULL));
    }
    for (size_t i = 0; i < source->response_count && status == SP_OK; i++) {
        if (!source->responses[i].step_count)
            continue;
        sp_map_write(operation, &operation->responses[i], false, &w->text);
        status = add_entry(w, map_entry(w, operation, false, &source->responses[i]));
    }
    return status;
}

static enum sp_status write_entries(struct writing *w)
{
    enum sp_status status = write_package(w);
    if (status == SP_OK) {
        sp_swagger_write(&w->api, &w->text);
        status = add_entry(w, SP_STR("api-docs/swagger.json"));
    }
    for (size_t i = 0; i < w->api.source->operation_count && status == SP_OK; i++)
        status = write_operation(w, &w->operations[i]);
    return status;
}

/* Nobody should find out at deployment. */
static enum sp_status read_back(struct writing *w, struct sp_str archive)
{
    struct sp_aar *aar = NULL;
    enum sp_status status = sp_aar_read(archive, w->api.source->file, w->arena, &aar, w->err);
    if (status != SP_OK)
        sp_error_prefix(w->err, "the archive that was made cannot be read");
    return status;
}

enum sp_status sp_aar_write(const struct sp_api_source *source, const struct sp_build_files *files,
                            struct sp_arena *arena, struct sp_buf *buf, struct sp_error *err)
{
    struct writing w = {.api = {.source = source}, .arena = arena, .err = err};
    size_t before = buf->len;
    sp_buf_init(&w.text, ENTRY_BYTES_MAX);
    enum sp_status status = load_services(&w, files);
    if (status == SP_OK)
        status = bind(&w);
    if (status == SP_OK)
        status = sp_zip_writer_new(&w.zip, err);
    if (status == SP_OK)
        status = write_entries(&w);
    if (status == SP_OK)
        status = sp_zip_writer_end(w.zip, buf, err);
    if (status == SP_OK)
        status = read_back(&w, sp_str_from(buf->ptr + before, buf->len - before));
    if (status != SP_OK)
        buf->len = before;
    sp_zip_writer_free(w.zip);
    sp_buf_finish(&w.text);
    return status;
}
