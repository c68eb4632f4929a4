/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/manifest.h"

#include "artifact/scalar.h"
#include "text/yaml.h"

#define ENTRY SP_STR("manifest.yml")

static enum sp_status read_names(struct sp_archive *archive, const struct sp_json_value *root,
                                 struct sp_manifest *m)
{
    m->name = sp_scalar_member(root, "name");
    m->version = sp_scalar_member(root, "version");
    m->description = sp_scalar_member(root, "description");
    m->provider = sp_scalar_member(root, "provider");
    if (!m->name.len)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "the manifest gives the service no name");
    if (!sp_artifact_name_ok(m->name))
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL,
                               "\"%.*s\" cannot be the name of a service: it is part of URLs and file names",
                               SP_STR_ARG(m->name));
    if (!m->provider.len)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "the manifest names no provider");
    m->version = m->version.ptr ? m->version : SP_STR("");
    m->description = m->description.ptr ? m->description : SP_STR("");
    return SP_OK;
}

/* {value: "file:///schemas/x.json", type: "JSONSchema"} */
static enum sp_status read_schema(struct sp_archive *archive, const struct sp_json_value *root,
                                  const char *name, struct sp_str *ret_entry)
{
    const struct sp_json_value *schema = sp_json_member(root, sp_str_of(name));
    struct sp_str value = sp_scalar_member(schema, "value"), type = sp_scalar_member(schema, "type");
    struct sp_str scheme = SP_STR("file:///");
    if (!value.len)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "the manifest names no %s", name);
    if (!sp_str_is(type, "JSONSchema"))
        return sp_archive_fail(archive, ENTRY, 0, SP_EUNSUPPORTED,
                               "%s is of type \"%.*s\"; JSONSchema is supported", name, SP_STR_ARG(type));
    if (sp_str_starts(value, scheme))
        value = sp_str_slice(value, scheme.len, value.len);
    *ret_entry = value;
    return SP_OK;
}

static enum sp_status read_property(struct sp_archive *archive, const struct sp_json_value *item,
                                    struct sp_property *seen, size_t count)
{
    struct sp_property property = {sp_scalar_member(item, "propertyName"), sp_scalar_member(item, "value")};
    if (!property.name.len)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "provider property %zu has no propertyName",
                               count + 1);
    if (!property.value.ptr)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "provider property %.*s has no value",
                               SP_STR_ARG(property.name));
    for (size_t i = 0; i < count; i++)
        if (sp_str_eq(seen[i].name, property.name))
            return sp_archive_fail(archive, ENTRY, 0, SP_EEXISTS, "provider property %.*s is given twice",
                                   SP_STR_ARG(property.name));
    seen[count] = property;
    return SP_OK;
}

static enum sp_status read_properties(struct sp_archive *archive, const struct sp_json_value *root,
                                      struct sp_manifest *m)
{
    const struct sp_json_value *list = sp_json_member(root, SP_STR("providerProperties"));
    if (!list || list->kind != SP_JSON_IS_ARRAY)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "the manifest has no list providerProperties");
    if (list->count > SP_MANIFEST_PROPERTIES_MAX)
        return sp_archive_fail(archive, ENTRY, 0, SP_ELIMIT, "the manifest has %zu properties; at most %u",
                               list->count, SP_MANIFEST_PROPERTIES_MAX);
    struct sp_property *properties = sp_arena_calloc(archive->arena, list->count, sizeof *properties);
    if (!properties)
        return sp_archive_fail(archive, ENTRY, 0, SP_ENOMEM, "the manifest needs more memory than there is");
    enum sp_status status = SP_OK;
    for (const struct sp_json_value *item = list->first; item && status == SP_OK; item = item->next)
        status = read_property(archive, item, properties, m->property_count++);
    m->properties = properties;
    return status;
}

enum sp_status sp_manifest_read(struct sp_archive *archive, struct sp_manifest *ret_manifest)
{
    struct sp_manifest m = {0};
    struct sp_str bytes = {NULL, 0};
    struct sp_json_value *root = NULL;
    enum sp_status status = sp_archive_read(archive, ENTRY, &bytes);
    if (status == SP_ENOTFOUND)
        return sp_archive_fail(archive, (struct sp_str){NULL, 0}, 0, SP_EINVAL,
                               "this is no service archive: it has no manifest.yml");
    if (status == SP_OK)
        status =
            sp_yaml_parse(bytes, sp_archive_place(archive, ENTRY), archive->arena, NULL, &root, archive->err);
    if (status != SP_OK)
        return status;
    if (root->kind != SP_JSON_IS_OBJECT)
        return sp_archive_fail(archive, ENTRY, 0, SP_EINVAL, "the manifest is no mapping of keys to values");
    status = read_names(archive, root, &m);
    if (status == SP_OK)
        status = read_schema(archive, root, "requestSchema", &m.request_schema);
    if (status == SP_OK)
        status = read_schema(archive, root, "responseSchema", &m.response_schema);
    if (status == SP_OK)
        status = read_properties(archive, root, &m);
    if (status == SP_OK)
        *ret_manifest = m;
    return status;
}
