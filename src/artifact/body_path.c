/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/body_path.h"

static const struct sp_field *below(const struct sp_field *field)
{
    while (field->type == SP_FIELD_ARRAY)
        field = field->first;
    return field->type == SP_FIELD_STRUCT ? field->first : NULL;
}

static const struct sp_field *find_below(const struct sp_field *first, struct sp_str path)
{
    const struct sp_field *found = NULL;
    struct sp_str name;
    while (sp_str_split(&path, '/', &name)) {
        for (found = first; found && !(found->included && sp_str_eq(found->name, name)); found = found->next)
            ;
        if (!found)
            return NULL;
        first = below(found);
    }
    return found;
}

const struct sp_field *sp_body_path_find(const struct sp_interface *interface, struct sp_str path,
                                         const char **ret_reason)
{
    const struct sp_field *first = interface->segments->first;
    *ret_reason = "is no included field of the service";
    if (!interface->is_channel) {
        if (first->next) {
            *ret_reason = "cannot be told from others: the record has several top fields";
            return NULL;
        }
        return find_below(below(first), path);
    }
    size_t slash = sp_str_find(path, '/');
    struct sp_str container = sp_str_slice(path, 0, slash);
    for (const struct sp_segment *s = interface->segments; s; s = s->next) {
        if (!sp_str_eq(s->name, container))
            continue;
        if (slash < path.len)
            return find_below(s->first, sp_str_slice(path, slash + 1, path.len));
        *ret_reason = "is a container; name a field in it";
        return NULL;
    }
    return NULL;
}

bool sp_body_path_repeats(const struct sp_field *field)
{
    for (const struct sp_field *above = field->parent; above; above = above->parent)
        if (above->type == SP_FIELD_ARRAY)
            return true;
    return false;
}
