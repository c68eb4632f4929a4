/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/ara.h"

#include "artifact/mapping_xml.h"
#include "artifact/package.h"
#include "text/json.h"

#define WSBIND_LEAST 64u /* bytes; shorter than any header */

struct reading {
    struct sp_archive archive;
    struct sp_package package;
    struct sp_ara *ara;
};

static enum sp_status no_memory(struct reading *r)
{
    return sp_archive_fail(&r->archive, SP_STR("package.xml"), 0, SP_ENOMEM,
                           "the API requester needs more memory than there is");
}

/* An entry that must be JSON; `needed` false: *ret_text stays as it is when there is none. */
static enum sp_status read_json(struct reading *r, struct sp_str entry, bool needed, struct sp_str *ret_text)
{
    struct sp_str text = {NULL, 0}, bom = SP_STR("\xef\xbb\xbf");
    struct sp_json_value *root = NULL;
    if (!entry.ptr)
        return no_memory(r);
    if (!sp_zip_has(r->archive.zip, entry)) {
        if (!needed)
            return SP_OK;
        return sp_archive_fail(&r->archive, entry, 0, SP_EINVAL, "this is not in the archive");
    }
    enum sp_status status = sp_archive_read(&r->archive, entry, &text);
    if (status != SP_OK)
        return status;
    if (sp_str_starts(text, bom))
        text = sp_str_slice(text, bom.len, text.len);
    status = sp_json_parse(text, r->archive.arena, NULL, &root, r->archive.err);
    if (status != SP_OK) {
        struct sp_error *err = r->archive.err;
        sp_error_at(err, sp_archive_place(&r->archive, entry), err ? err->line : 0, err ? err->column : 0);
        return status;
    }
    if (root->kind != SP_JSON_IS_OBJECT)
        return sp_archive_fail(&r->archive, entry, 1, SP_EINVAL, "this is no JSON object");
    *ret_text = text;
    return SP_OK;
}

static enum sp_status check_map(struct reading *r, struct sp_str mapping, struct sp_str entry)
{
    if (!entry.len || sp_zip_has(r->archive.zip, entry))
        return SP_OK;
    return sp_archive_fail(&r->archive, mapping, 0, SP_EINVAL, "the mapping %.*s is not in the archive",
                           SP_STR_ARG(entry));
}

static enum sp_status read_bindings(struct reading *r, struct sp_ara_operation *operation)
{
    struct sp_str entry =
        sp_arena_printf(r->archive.arena, "ws-binds/%.*s.wsbind", SP_STR_ARG(operation->operation_id));
    if (!entry.ptr)
        return no_memory(r);
    enum sp_status status = sp_archive_read(&r->archive, entry, &operation->bindings);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(&r->archive, entry, 0, SP_EINVAL,
                               "the layout of operation %.*s is not in the archive",
                               SP_STR_ARG(operation->operation_id));
    if (status == SP_OK && operation->bindings.len < WSBIND_LEAST)
        return sp_archive_fail(&r->archive, entry, 0, SP_ESYNTAX, "this is no .wsbind file: %zu bytes",
                               operation->bindings.len);
    return status;
}

static enum sp_status read_schemas(struct reading *r, struct sp_ara_operation *operation)
{
    struct sp_arena *arena = r->archive.arena;
    struct sp_str id = operation->operation_id;
    enum sp_status status = read_json(
        r, sp_arena_printf(arena, "services/%.*s/schemas/%.*s_request.json", SP_STR_ARG(id), SP_STR_ARG(id)),
        false, &operation->request_schema);
    if (status != SP_OK)
        return status;
    return read_json(r,
                     sp_arena_printf(arena, "services/%.*s/schemas/%.*s_%u_response.json", SP_STR_ARG(id),
                                     SP_STR_ARG(id), operation->response_code),
                     false, &operation->response_schema);
}

static enum sp_status read_operation(struct reading *r, const struct sp_package_method *method,
                                     struct sp_ara_operation *operation)
{
    struct sp_mapping_xml mapping;
    *operation = (struct sp_ara_operation){
        .method = method->method, .template = method->path, .operation_id = method->operation_id};
    if (!sp_artifact_name_ok(method->operation_id))
        return sp_archive_fail(&r->archive, SP_STR("package.xml"), method->line, SP_EINVAL,
                               "\"%.*s\" cannot be an operationId: files are named by it",
                               SP_STR_ARG(method->operation_id));
    enum sp_status status = sp_mapping_xml_read(&r->archive, method->mapping, &mapping);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(&r->archive, SP_STR("package.xml"), method->line, SP_EINVAL,
                               "the mapping %.*s is not in the archive", SP_STR_ARG(method->mapping));
    if (status != SP_OK)
        return status;
    if (!sp_str_eq(mapping.service, method->operation_id))
        return sp_archive_fail(&r->archive, method->mapping, 0, SP_EINVAL,
                               "the mapping is for operation \"%.*s\", package.xml names \"%.*s\"",
                               SP_STR_ARG(mapping.service), SP_STR_ARG(method->operation_id));
    status = check_map(r, method->mapping, mapping.request_map);
    for (size_t i = 0; status == SP_OK && i < mapping.response_count; i++) {
        status = check_map(r, method->mapping, mapping.responses[i].map);
        if (mapping.responses[i].is_default)
            operation->response_code = mapping.responses[i].code;
    }
    if (status == SP_OK)
        status = read_bindings(r, operation);
    return status == SP_OK ? read_schemas(r, operation) : status;
}

static enum sp_status read_archive(struct reading *r)
{
    enum sp_status status = sp_package_read_requester(&r->archive, &r->package);
    if (status != SP_OK)
        return status;
    const struct sp_package *p = &r->package;
    const struct sp_str none = SP_STR("");
    struct sp_ara_operation *operations =
        sp_arena_calloc(r->archive.arena, p->method_count, sizeof *operations);
    if (!operations)
        return no_memory(r);
    for (size_t i = 0; status == SP_OK && i < p->method_count; i++)
        status = read_operation(r, &p->methods[i], &operations[i]);
    *r->ara = (struct sp_ara){
        .name = p->id,
        .version = p->version.ptr ? p->version : none,
        .title = p->title.ptr ? p->title : none,
        .description = p->description.ptr ? p->description : none,
        .base_path = p->base_path,
        .connection = p->connection,
        .operations = operations,
        .operation_count = p->method_count,
    };
    return status == SP_OK ? read_json(r, p->swagger, true, &r->ara->swagger) : status;
}

enum sp_status sp_ara_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                           struct sp_ara **ret_ara, struct sp_error *err)
{
    struct reading r = {.ara = sp_arena_calloc(arena, 1, sizeof *r.ara)};
    if (!r.ara)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read an API requester archive");
    enum sp_status status = sp_archive_init(&r.archive, bytes, file, arena, err);
    if (status == SP_OK)
        status = read_archive(&r);
    sp_archive_finish(&r.archive);
    if (status == SP_OK)
        *ret_ara = r.ara;
    return status;
}
