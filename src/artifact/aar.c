/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/aar.h"

#include "artifact/archive.h"
#include "artifact/map.h"
#include "artifact/mapping_xml.h"
#include "artifact/package.h"
#include "artifact/swagger.h"

#define WARNINGS_MAX 100u

/* What a body without a mapping file gets. */
static const struct sp_map pass_through = {.root = SP_STR_INIT("")};

struct reading {
    struct sp_archive archive;
    struct sp_package package;
    struct sp_aar *aar;
    struct sp_str *warnings; /* WARNINGS_MAX of them */
};

/* ---------------------------------------------------------------- warnings */

static bool warn(void *arg, struct sp_str text)
{
    struct reading *r = arg;
    if (r->aar->warning_count == WARNINGS_MAX)
        return false;
    r->warnings[r->aar->warning_count++] = text;
    return true;
}

/* `text` was made in the arena; without memory there is none, and no warning. */
static void warn_made(struct reading *r, struct sp_str text)
{
    if (text.ptr)
        warn(r, text);
}

/* ---------------------------------------------------------------- operations */

static enum sp_status read_map(struct reading *r, struct sp_str mapping_entry, struct sp_str entry,
                               enum sp_map_side side, const struct sp_map **ret_map)
{
    struct sp_str bytes = {NULL, 0};
    *ret_map = &pass_through;
    if (!entry.len)
        return SP_OK;
    enum sp_status status = sp_archive_read(&r->archive, entry, &bytes);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(&r->archive, mapping_entry, 0, SP_EINVAL,
                               "the mapping %.*s is not in the archive", SP_STR_ARG(entry));
    if (status != SP_OK)
        return status;
    return sp_map_read(bytes, sp_archive_place(&r->archive, entry), side, r->archive.arena, ret_map,
                       r->archive.err);
}

/* package.xml decides; a mapping for another service would call the wrong program. */
static enum sp_status check_context(struct reading *r, const struct sp_package_method *method,
                                    const struct sp_mapping_xml *mapping)
{
    struct sp_str base = sp_str_is(mapping->base_path, "/") ? SP_STR("") : mapping->base_path;
    if (!sp_str_eq(mapping->service, method->service))
        return sp_archive_fail(&r->archive, method->mapping, 0, SP_EINVAL,
                               "the mapping is for service \"%.*s\", package.xml names \"%.*s\"",
                               SP_STR_ARG(mapping->service), SP_STR_ARG(method->service));
    if (!sp_str_eq(mapping->path, method->path) || !sp_str_caseless_eq(mapping->method, method->method) ||
        !sp_str_eq(base, r->package.base_path))
        warn_made(r, sp_arena_printf(r->archive.arena,
                                     "%.*s was made for %.*s %.*s%.*s, package.xml uses it for %.*s %.*s%.*s",
                                     SP_STR_ARG(method->mapping), SP_STR_ARG(mapping->method),
                                     SP_STR_ARG(base), SP_STR_ARG(mapping->path), SP_STR_ARG(method->method),
                                     SP_STR_ARG(r->package.base_path), SP_STR_ARG(method->path)));
    return SP_OK;
}

static enum sp_status read_responses(struct reading *r, const struct sp_package_method *method,
                                     const struct sp_mapping_xml *mapping, struct sp_aar_operation *operation)
{
    struct sp_aar_response *responses =
        sp_arena_calloc(r->archive.arena, mapping->response_count, sizeof *responses);
    if (!responses)
        return sp_archive_fail(&r->archive, method->mapping, 0, SP_ENOMEM,
                               "the API needs more memory than there is");
    for (size_t i = 0; i < mapping->response_count; i++) {
        const struct sp_mapping_response *from = &mapping->responses[i];
        responses[i] = (struct sp_aar_response){
            .code = from->code, .description = from->description, .is_default = from->is_default};
        enum sp_status status = read_map(r, method->mapping, from->map, SP_MAP_RESPONSE, &responses[i].map);
        if (status != SP_OK)
            return status;
        if (!from->is_default || from->has_rule)
            warn_made(r, sp_arena_printf(r->archive.arena,
                                         "%.*s %.*s: response %u is %s chosen, because the rules that choose "
                                         "among responses are not evaluated",
                                         SP_STR_ARG(method->method), SP_STR_ARG(method->path), from->code,
                                         from->is_default ? "always" : "never"));
    }
    operation->responses = responses;
    operation->response_count = mapping->response_count;
    return SP_OK;
}

static enum sp_status read_operation(struct reading *r, const struct sp_package_method *method,
                                     struct sp_aar_operation *operation)
{
    struct sp_mapping_xml mapping;
    *operation = (struct sp_aar_operation){.method = method->method,
                                           .template = method->path,
                                           .service = method->service,
                                           .operation_id = method->operation_id};
    enum sp_status status = sp_mapping_xml_read(&r->archive, method->mapping, &mapping);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(&r->archive, SP_STR("package.xml"), method->line, SP_EINVAL,
                               "the mapping %.*s is not in the archive", SP_STR_ARG(method->mapping));
    if (status == SP_OK)
        status = check_context(r, method, &mapping);
    if (status == SP_OK)
        status = read_map(r, method->mapping, mapping.request_map, SP_MAP_REQUEST, &operation->request);
    return status == SP_OK ? read_responses(r, method, &mapping, operation) : status;
}

static enum sp_status read_operations(struct reading *r)
{
    size_t count = r->package.method_count;
    struct sp_aar_operation *operations = sp_arena_calloc(r->archive.arena, count, sizeof *operations);
    if (!operations)
        return sp_archive_fail(&r->archive, SP_STR("package.xml"), 0, SP_ENOMEM,
                               "the API needs more memory than there is");
    for (size_t i = 0; i < count; i++) {
        enum sp_status status = read_operation(r, &r->package.methods[i], &operations[i]);
        if (status != SP_OK)
            return status;
    }
    r->aar->operations = operations;
    r->aar->operation_count = count;
    return SP_OK;
}

/* ---------------------------------------------------------------- the document */

static enum sp_status read_document(struct reading *r)
{
    struct sp_str entry = r->package.swagger, bom = SP_STR("\xef\xbb\xbf");
    struct sp_json_value *document = NULL;
    enum sp_status status = sp_archive_read(&r->archive, entry, &r->aar->swagger);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(&r->archive, SP_STR("package.xml"), 0, SP_EINVAL,
                               "the API's document %.*s is not in the archive", SP_STR_ARG(entry));
    if (status != SP_OK)
        return status;
    if (sp_str_starts(r->aar->swagger, bom))
        r->aar->swagger = sp_str_slice(r->aar->swagger, bom.len, r->aar->swagger.len);
    status = sp_json_parse(r->aar->swagger, r->archive.arena, NULL, &document, r->archive.err);
    if (status != SP_OK) {
        struct sp_error *err = r->archive.err;
        sp_error_prefix(err, "the API's document is no JSON");
        sp_error_at(err, sp_archive_place(&r->archive, entry), err ? err->line : 0, err ? err->column : 0);
        return status;
    }
    if (document->kind != SP_JSON_IS_OBJECT)
        return sp_archive_fail(&r->archive, entry, 1, SP_EINVAL, "the API's document is no JSON object");
    sp_swagger_compare(document, &r->package, r->archive.arena, warn, r);
    return SP_OK;
}

static enum sp_status read_archive(struct reading *r)
{
    enum sp_status status = sp_package_read(&r->archive, &r->package);
    if (status != SP_OK)
        return status;
    const struct sp_package *p = &r->package;
    r->aar->name = p->id;
    r->aar->version = p->version.ptr ? p->version : SP_STR("");
    r->aar->description = p->description.ptr ? p->description : SP_STR("");
    r->aar->base_path = p->base_path;
    r->aar->warnings = r->warnings;
    status = read_operations(r);
    return status == SP_OK ? read_document(r) : status;
}

enum sp_status sp_aar_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                           struct sp_aar **ret_aar, struct sp_error *err)
{
    struct reading r = {.aar = sp_arena_calloc(arena, 1, sizeof *r.aar),
                        .warnings = sp_arena_calloc(arena, WARNINGS_MAX, sizeof *r.warnings)};
    if (!r.aar || !r.warnings)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read an API archive");
    enum sp_status status = sp_archive_init(&r.archive, bytes, file, arena, err);
    if (status == SP_OK)
        status = read_archive(&r);
    sp_archive_finish(&r.archive);
    if (status == SP_OK)
        *ret_aar = r.aar;
    return status;
}
