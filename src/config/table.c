/* SPDX-License-Identifier: Apache-2.0 */
#include "config/table.h"

#include "config/table_area.h"

#define NEAREST_LIMIT 4

static const struct sp_cfg_element *const table[] = {
    &sp_cfg_feature_manager,
    &sp_cfg_include,
    &sp_cfg_variable,
    &sp_cfg_http_options_element,
    &sp_cfg_http_endpoint_element,
    &sp_cfg_key_store_element,
    &sp_cfg_ssl_element,
    &sp_cfg_ssl_default_element,
    &sp_cfg_ssl_options_element,
    &sp_cfg_basic_registry_element,
    &sp_cfg_authorization_roles_element,
    &sp_cfg_web_app_security_element,
    &sp_cfg_manager_element,
    &sp_cfg_apis_element,
    &sp_cfg_services_element,
    &sp_cfg_interceptor_list_element,
    &sp_cfg_authorization_element,
    &sp_cfg_audit_element,
    &sp_cfg_auth_data_element,
    &sp_cfg_cics_element,
    NULL,
};

const struct sp_cfg_element *const *sp_cfg_table(void)
{
    return table;
}

/* A misprint has a row of its own, without attributes, that names the right one. */
static bool is_misprint(const struct sp_cfg_element *row)
{
    return row->instead && row->attribute_count == 0;
}

const struct sp_cfg_element *sp_cfg_element_find(struct sp_str name)
{
    for (size_t i = 0; table[i]; i++) {
        if (sp_str_is(name, table[i]->name))
            return is_misprint(table[i]) ? sp_cfg_element_find(sp_str_of(table[i]->instead)) : table[i];
    }
    return NULL;
}

const struct sp_cfg_element *sp_cfg_child_find(const struct sp_cfg_element *parent, struct sp_str name)
{
    for (size_t i = 0; parent->children && parent->children[i]; i++) {
        const struct sp_cfg_element *row = parent->children[i];
        if (sp_str_caseless_eq(name, sp_str_of(row->name)))
            return is_misprint(row) ? sp_cfg_child_find(parent, sp_str_of(row->instead)) : row;
    }
    return NULL;
}

const struct sp_cfg_attribute *sp_cfg_attribute_find(const struct sp_cfg_element *element, struct sp_str name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (sp_str_caseless_eq(name, sp_str_of(element->attributes[i].name)))
            return &element->attributes[i];
    }
    return NULL;
}

static struct sp_str without_ref(const char *name)
{
    struct sp_str s = sp_str_of(name);
    return sp_str_ends(s, SP_STR("Ref")) ? sp_str_slice(s, 0, s.len - 3) : s;
}

const struct sp_cfg_attribute *sp_cfg_reference_find(const struct sp_cfg_element *element, struct sp_str name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        if (a->type == SP_CFG_REF && sp_str_caseless_eq(name, without_ref(a->name)))
            return a;
    }
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        if (a->type == SP_CFG_REF && sp_cfg_named_in(a->target, name))
            return a;
    }
    return NULL;
}

bool sp_cfg_named_in(const char *names, struct sp_str name)
{
    struct sp_str rest = sp_str_of(names), one;
    while (names && sp_str_split(&rest, ' ', &one)) {
        if (sp_str_caseless_eq(one, name))
            return true;
    }
    return false;
}

/* Names that are shorter than the number of changes are near to everything. */
static void consider(struct sp_str name, const char *candidate, unsigned *best, const char **ret_nearest)
{
    unsigned limit = name.len < 6 ? 2 : NEAREST_LIMIT;
    unsigned distance = sp_str_distance(name, sp_str_of(candidate), limit);
    if (distance < limit && distance < *best) {
        *best = distance;
        *ret_nearest = candidate;
    }
}

const char *sp_cfg_nearest_element(const struct sp_cfg_element *parent, struct sp_str name)
{
    const struct sp_cfg_element *const *rows = parent ? parent->children : table;
    const char *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; rows && rows[i]; i++) {
        if (!rows[i]->instead)
            consider(name, rows[i]->name, &best, &nearest);
    }
    return nearest;
}

const char *sp_cfg_nearest_attribute(const struct sp_cfg_element *element, struct sp_str name)
{
    const char *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (!element->attributes[i].instead)
            consider(name, element->attributes[i].name, &best, &nearest);
    }
    return nearest;
}

const char *sp_cfg_type_name(const struct sp_cfg_attribute *attribute)
{
    static const char *const names[] = {
        [SP_CFG_STRING] = "string",
        [SP_CFG_TOKEN] = "token",
        [SP_CFG_BOOLEAN] = "boolean",
        [SP_CFG_INT] = "int",
        [SP_CFG_ENUM] = "choice",
        [SP_CFG_DURATION] = "duration (ms)",
        [SP_CFG_SECONDS] = "duration (s)",
        [SP_CFG_MINUTES] = "duration (m)",
        [SP_CFG_HOURS] = "duration (h)",
        [SP_CFG_PASSWORD] = "password",
        [SP_CFG_PASSWORD_HASH] = "password or hash",
        [SP_CFG_FILE] = "file",
        [SP_CFG_DIRECTORY] = "directory",
        [SP_CFG_REF] = "reference",
    };
    return names[attribute->type];
}
