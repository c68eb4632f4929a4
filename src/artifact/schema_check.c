/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/schema_check.h"

#include <stdio.h>

#define PATH_BYTES_MAX 256u

static const struct sp_json_value *properties_of(const struct sp_json_value *schema)
{
    const struct sp_json_value *properties = sp_json_member(schema, SP_STR("properties"));
    return properties && properties->kind == SP_JSON_IS_OBJECT ? properties->first : NULL;
}

static const struct sp_field *find_field(const struct sp_field *first, struct sp_str name)
{
    while (first && !sp_str_eq(first->name, name))
        first = first->next;
    return first;
}

static const char *kind_of(const struct sp_field *field)
{
    switch (field->type) {
    case SP_FIELD_STRUCT:
        return "a structure";
    case SP_FIELD_ARRAY:
        return "an array";
    case SP_FIELD_CHAR:
        return "characters";
    default:
        return "a number";
    }
}

/* A type that this file does not know, or a choice of several, is not judged. */
static bool fits(const struct sp_field *field, struct sp_str type)
{
    if (sp_str_is(type, "object"))
        return field->type == SP_FIELD_STRUCT;
    if (sp_str_is(type, "array"))
        return field->type == SP_FIELD_ARRAY;
    if (sp_str_is(type, "string"))
        return field->type == SP_FIELD_CHAR;
    if (sp_str_is(type, "integer") || sp_str_is(type, "number"))
        return field->type != SP_FIELD_STRUCT && field->type != SP_FIELD_ARRAY &&
               field->type != SP_FIELD_CHAR;
    return true;
}

static enum sp_status check_properties(const struct sp_json_value *schema, const struct sp_field *fields,
                                       const char *path, struct sp_error *err);

/* The schema nests no deeper than the JSON reader lets it. */
static enum sp_status check_field(const struct sp_json_value *schema, const struct sp_field *field,
                                  const char *path, struct sp_error *err)
{
    struct sp_str type = sp_json_member_text(schema, SP_STR("type"));
    if (!fits(field, type))
        return sp_error_set(err, SP_EINVAL, NULL, "%s is of type %.*s in the schema, and %s in the interface",
                            path, SP_STR_ARG(type), kind_of(field));
    if (field->type == SP_FIELD_STRUCT)
        return check_properties(schema, field->first, path, err);
    const struct sp_json_value *items = sp_json_member(schema, SP_STR("items"));
    if (field->type == SP_FIELD_ARRAY && items && field->first)
        return check_field(items, field->first, path, err);
    return SP_OK;
}

static enum sp_status check_properties(const struct sp_json_value *schema, const struct sp_field *fields,
                                       const char *path, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (const struct sp_json_value *p = properties_of(schema); p && status == SP_OK; p = p->next) {
        char deeper[PATH_BYTES_MAX];
        const struct sp_field *field = find_field(fields, p->name);
        snprintf(deeper, sizeof deeper, "%s%s%.*s", path, path[0] ? "." : "", SP_STR_ARG(p->name));
        status = field ? check_field(p, field, deeper, err)
                       : sp_error_set(err, SP_EINVAL, NULL, "%s is in the schema, and not in the interface",
                                      deeper);
    }
    return status;
}

static enum sp_status check_container(const struct sp_json_value *schema,
                                      const struct sp_interface *interface, struct sp_error *err)
{
    char path[PATH_BYTES_MAX];
    const struct sp_segment *segment = interface->segments;
    while (segment && !sp_str_eq(segment->name, schema->name))
        segment = segment->next;
    snprintf(path, sizeof path, "%.*s", SP_STR_ARG(schema->name));
    if (!segment)
        return sp_error_set(err, SP_EINVAL, NULL, "%s is in the schema, and no container of the interface",
                            path);
    return check_properties(schema, segment->first, path, err);
}

enum sp_status sp_schema_check(const struct sp_json_value *schema, const struct sp_interface *interface,
                               struct sp_error *err)
{
    if (!interface->is_channel)
        return check_properties(schema, interface->segments ? interface->segments->first : NULL, "", err);
    const struct sp_json_value *wrapper = properties_of(schema);
    enum sp_status status = SP_OK;
    for (const struct sp_json_value *p = wrapper ? properties_of(wrapper) : NULL; p && status == SP_OK;
         p = p->next)
        status = check_container(p, interface, err);
    return status;
}
