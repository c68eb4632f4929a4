/* SPDX-License-Identifier: Apache-2.0
 * Names: what is not known, misspelt, not acted on, missing, or stands for a reference.
 */
#include <stdio.h>

#include "config/bind.h"
#include "config/value.h"

#define PASSES_MAX 8

struct sp_str sp_bind_title(struct sp_load *load, const struct sp_cfg_node *node)
{
    struct sp_str name = node->row ? sp_str_of(node->row->name) : node->name;
    bool numbered = node->row && node->row->kind != SP_CFG_SINGLETON && node->row->kind != SP_CFG_NESTED_ONE;
    struct sp_str title = numbered && node->key.len ? sp_arena_printf(load->arena, "%.*s[%.*s]",
                                                                      SP_STR_ARG(name), SP_STR_ARG(node->key))
                                                    : name;
    if (node->parent && title.ptr &&
        !sp_str_starts(node->key, sp_str_of(node->parent->row ? node->parent->row->name : "?")))
        title = sp_arena_printf(load->arena, "%.*s/%.*s", SP_STR_ARG(sp_bind_title(load, node->parent)),
                                SP_STR_ARG(title));
    return title.ptr ? title : name;
}

struct sp_cfg_field *sp_bind_child_field(const struct sp_cfg_node *node, const struct sp_cfg_element *child)
{
    for (struct sp_cfg_field *field = node->fields; field; field = field->next) {
        if (field->first && field->first->node && sp_cfg_child_find(node->row, field->name) == child)
            return field;
    }
    return NULL;
}

struct sp_cfg_field *sp_bind_field(const struct sp_cfg_node *node, const struct sp_cfg_attribute *attribute)
{
    return sp_cfg_node_field(node, sp_str_of(attribute->name));
}

struct sp_cfg_field *sp_bind_nested_field(const struct sp_cfg_node *node, const struct sp_cfg_element *row,
                                          const struct sp_cfg_attribute *attribute)
{
    for (struct sp_cfg_field *field = node->fields; field; field = field->next) {
        if (field->listed && field->first && (field->first->node || field->first->reference) &&
            !sp_cfg_child_find(row, field->name) && sp_cfg_reference_find(row, field->name) == attribute)
            return field;
    }
    return NULL;
}

/* Whether <sallyport allowInert> names the element or the attribute. */
bool sp_load_is_allowed(const struct sp_load *load, const char *element, const char *attribute)
{
    char name[256];
    snprintf(name, sizeof name, "%s%s%s", element, attribute ? "@" : "", attribute ? attribute : "");
    for (size_t i = 0; i < load->allowed_count; i++) {
        if (sp_str_is(load->allowed[i], name) || sp_str_is(load->allowed[i], element))
            return true;
    }
    return false;
}

bool sp_bind_is_foreign(struct sp_load *load, struct sp_str id)
{
    for (const struct sp_cfg_node *node = load->tree->nodes; node; node = node->next) {
        if (node->row || !node->id.ptr || !sp_str_eq(node->id, id))
            continue;
        for (size_t i = 0; i < load->allowed_count; i++) {
            if (sp_str_eq(load->allowed[i], node->name))
                return true;
        }
    }
    return false;
}

static void tell_inert(struct sp_load *load, const struct sp_cfg_node *node,
                       const struct sp_cfg_attribute *attribute, struct sp_load_place place)
{
    unsigned flags = attribute ? attribute->flags : node->row->flags;
    const char *name = attribute ? attribute->name : NULL;
    struct sp_str title = sp_bind_title(load, node);
    const char *at = attribute ? ": " : "", *what = attribute ? attribute->name : "";
    if (!(flags & SP_CFG_SECURITY))
        sp_load_problem(load, SP_MSG_INERT, place,
                        "%.*s%s%s is understood, but this version does not act on it", SP_STR_ARG(title), at,
                        what);
    else if (sp_load_is_allowed(load, node->row->name, name))
        sp_load_problem(
            load, SP_MSG_INERT, place,
            "%.*s%s%s matters for security and this version does not act on it; allowInert permits that",
            SP_STR_ARG(title), at, what);
    else
        sp_load_problem(
            load, SP_MSG_INERT_SECURITY, place,
            "%.*s%s%s matters for security and this version does not act on it; take it away, or accept "
            "that with <sallyport allowInert=\"%s%s%s\"/>",
            SP_STR_ARG(title), at, what, node->row->name, name ? "@" : "", what);
}

static void tell_unknown_element(struct sp_load *load, const struct sp_cfg_node *node)
{
    const char *nearest = sp_cfg_nearest_element(node->parent ? node->parent->row : NULL, node->name);
    struct sp_str parent = node->parent ? node->parent->name : SP_STR("server");
    sp_load_fault(load, SP_MSG_ELEMENT_UNKNOWN, sp_load_at(node), "<%.*s> is not known in <%.*s>%s%s%s",
                  SP_STR_ARG(node->name), SP_STR_ARG(parent), nearest ? "; did you mean <" : "",
                  nearest ? nearest : "", nearest ? ">?" : "");
}

static void tell_unknown_attribute(struct sp_load *load, const struct sp_cfg_node *node,
                                   const struct sp_cfg_field *field)
{
    const char *nearest = sp_cfg_nearest_attribute(node->row, field->name);
    if (!nearest && field->listed)
        nearest = sp_cfg_nearest_element(node->row, field->name);
    sp_load_fault(load, SP_MSG_ATTRIBUTE_UNKNOWN, sp_load_at_value(field->first), "<%.*s> has no %.*s%s%s%s",
                  SP_STR_ARG(node->name), SP_STR_ARG(field->name), nearest ? "; did you mean " : "",
                  nearest ? nearest : "", nearest ? "?" : "");
}

/* Whether the behaviour of this version is what the value asks for already. */
static bool is_provided(struct sp_load *load, const struct sp_cfg_attribute *attribute,
                        const struct sp_cfg_field *field)
{
    if (!attribute->provided || field->count != 1 || field->first->node)
        return false;
    if (strcmp(attribute->provided, "*") == 0)
        return true;
    struct sp_variable_result result;
    return sp_variables_resolve(&load->tree->variables, field->first->text, NULL, &result, NULL) == SP_OK &&
           sp_cfg_named_in(attribute->provided, sp_str_trim(result.text));
}

static void check_attribute(struct sp_load *load, const struct sp_cfg_node *node, struct sp_cfg_field *field,
                            const struct sp_cfg_attribute *attribute)
{
    struct sp_load_place place = sp_load_at_value(field->first);
    if (attribute->instead)
        sp_load_problem(load, SP_MSG_SPELLING, place, "%.*s: %s is understood, but write %s",
                        SP_STR_ARG(sp_bind_title(load, node)), attribute->name, attribute->instead);
    else if (!(attribute->flags & SP_CFG_ACTED) && (node->row->flags & SP_CFG_ACTED) &&
             !is_provided(load, attribute, field))
        tell_inert(load, node, attribute, place);
}

static void check_id(struct sp_load *load, const struct sp_cfg_node *node)
{
    if (node->id.ptr && node->id.len && memmem(node->id.ptr, node->id.len, "${", 2))
        sp_load_fault(load, SP_MSG_VARIABLE_IN_ID, sp_load_at(node),
                      "<%.*s id=\"%.*s\">: variables are not replaced in an id", SP_STR_ARG(node->name),
                      SP_STR_ARG(node->id));
}

static bool is_disabled(const struct sp_cfg_node *node)
{
    const struct sp_cfg_field *field = sp_cfg_node_field(node, SP_STR("configurationEnabled"));
    return field && !field->listed && sp_str_caseless_eq(field->first->text, SP_STR("false"));
}

static enum sp_status check_node(struct sp_load *load, struct sp_cfg_node *node);

/* A nested element that stands for a reference becomes an element like those on top. */
static enum sp_status promote(struct sp_load *load, struct sp_cfg_node *node, const char *name)
{
    if (!node->row || node->row->kind != SP_CFG_FACTORY)
        return SP_OK;
    struct sp_str parent = sp_bind_title(load, node->parent);
    node->key =
        sp_arena_printf(load->arena, "%.*s/%s[%.*s]", SP_STR_ARG(parent), name, SP_STR_ARG(node->key));
    if (!node->key.ptr)
        return SP_ENOMEM;
    *load->tree->nodes_tail = node;
    load->tree->nodes_tail = &node->next;
    enum sp_status status = sp_cfg_tree_index(load->tree, node);
    return status == SP_EEXISTS ? SP_OK : status;
}

static enum sp_status check_nested(struct sp_load *load, struct sp_cfg_node *node, struct sp_cfg_field *field,
                                   bool reference)
{
    enum sp_status status = SP_OK;
    for (struct sp_cfg_value *value = field->first; value && status == SP_OK; value = value->next) {
        if (!value->node)
            continue;
        value->node->parent = node;
        if (reference)
            status = promote(load, value->node, value->node->row ? value->node->row->name : "?");
        else
            status = check_node(load, value->node);
    }
    return status;
}

static bool holds_nodes(const struct sp_cfg_field *field)
{
    return field->listed && field->first && (field->first->node || field->first->reference);
}

/* Attributes that every element may have. */
static bool is_common(struct sp_str name)
{
    return sp_cfg_named_in("id configurationEnabled merge-op", name);
}

static enum sp_status check_field(struct sp_load *load, struct sp_cfg_node *node, struct sp_cfg_field *field)
{
    const struct sp_cfg_attribute *attribute = sp_cfg_attribute_find(node->row, field->name);
    const struct sp_cfg_element *child = sp_cfg_child_find(node->row, field->name);
    const struct sp_cfg_attribute *reference =
        attribute || child ? NULL : sp_cfg_reference_find(node->row, field->name);
    if (child && (holds_nodes(field) || !attribute)) {
        if (!sp_str_caseless_eq(field->name, sp_str_of(child->name)))
            sp_load_problem(load, SP_MSG_SPELLING, sp_load_at_value(field->first),
                            "<%.*s> is taken for <%s>; correct the name", SP_STR_ARG(field->name),
                            child->name);
        return check_nested(load, node, field, false);
    }
    if (attribute && attribute->type == SP_CFG_REF && holds_nodes(field))
        return check_nested(load, node, field, true);
    if (attribute) {
        check_attribute(load, node, field, attribute);
    } else if (reference && holds_nodes(field)) {
        check_attribute(load, node, field, reference);
        return check_nested(load, node, field, true);
    } else if (!is_common(field->name)) {
        tell_unknown_attribute(load, node, field);
    }
    return SP_OK;
}

static enum sp_status check_node(struct sp_load *load, struct sp_cfg_node *node)
{
    if (is_disabled(node)) {
        node->invalid = true;
        sp_load_problem(load, SP_MSG_DISABLED, sp_load_at(node),
                        "%.*s is switched off by configurationEnabled",
                        SP_STR_ARG(sp_bind_title(load, node)));
        return SP_OK;
    }
    if (!node->row) {
        node->invalid = true;
        tell_unknown_element(load, node);
        return SP_OK;
    }
    if (!node->parent && !sp_str_is(node->name, node->row->name))
        sp_load_problem(load, SP_MSG_SPELLING, sp_load_at(node), "<%.*s> is taken for <%s>; correct the name",
                        SP_STR_ARG(node->name), node->row->name);
    check_id(load, node);
    bool inside_inert = node->parent && node->parent->row && !(node->parent->row->flags & SP_CFG_ACTED) &&
                        !sp_bind_is_promoted(node);
    if (!(node->row->flags & SP_CFG_ACTED) && !inside_inert)
        tell_inert(load, node, NULL, sp_load_at(node));
    enum sp_status status = SP_OK;
    for (struct sp_cfg_field *field = node->fields; field && status == SP_OK; field = field->next) {
        if (field->first)
            status = check_field(load, node, field);
    }
    return status;
}

bool sp_bind_is_promoted(const struct sp_cfg_node *node)
{
    return node->parent && node->row && node->row->kind == SP_CFG_FACTORY;
}

/* Whether a required attribute is there: written and not empty, or written as a nested element. */
static bool is_given(struct sp_load *load, struct sp_cfg_node *node, const struct sp_cfg_attribute *attribute)
{
    const struct sp_cfg_field *field = sp_bind_field(node, attribute);
    if (field && field->first)
        return field->first->node || field->first->text.len > 0;
    return attribute->type == SP_CFG_REF && sp_bind_nested_field(node, node->row, attribute);
}

/* Whether what a required reference names can be used. */
static bool leads_somewhere(struct sp_load *load, struct sp_cfg_node *node,
                            const struct sp_cfg_attribute *attribute)
{
    const struct sp_cfg_field *nested = sp_bind_nested_field(node, node->row, attribute);
    const struct sp_cfg_field *field = nested ? nested : sp_bind_field(node, attribute);
    if (!field || !field->first)
        return true;
    if (field->first->node)
        return !field->first->node->invalid;
    struct sp_variable_result result;
    if (sp_variables_resolve(&load->tree->variables, field->first->text, NULL, &result, NULL) != SP_OK)
        return false;
    const struct sp_cfg_node *target = sp_cfg_tree_find(load->tree, attribute->target, result.text);
    return target && !target->invalid;
}

static void tell_required(struct sp_load *load, struct sp_cfg_node *node,
                          const struct sp_cfg_attribute *attribute, bool given)
{
    struct sp_str title = sp_bind_title(load, node);
    const char *what = !given                          ? "is missing"
                       : attribute->type == SP_CFG_REF ? "names nothing that can be used"
                                                       : "has no value that can be used";
    if (node->document->built_in)
        return;
    if (node->row->flags & SP_CFG_SECURITY)
        sp_load_problem(load, SP_MSG_REQUIRED_SECURITY, sp_load_at(node), "%.*s: %s %s", SP_STR_ARG(title),
                        attribute->name, what);
    else
        sp_load_fault(load, SP_MSG_REQUIRED, sp_load_at(node), "%.*s: %s %s; the element is not used",
                      SP_STR_ARG(title), attribute->name, what);
}

/* Marks an element that cannot be used; true when that is new. */
static bool check_required(struct sp_load *load, struct sp_cfg_node *node)
{
    bool changed = false;
    if (!node->row || node->invalid)
        return false;
    for (size_t i = 0; i < node->row->attribute_count && !changed; i++) {
        const struct sp_cfg_attribute *attribute = &node->row->attributes[i];
        if (!(attribute->flags & SP_CFG_REQUIRED) || attribute->fallback)
            continue;
        bool given = is_given(load, node, attribute);
        changed = !given || (attribute->type == SP_CFG_REF && !leads_somewhere(load, node, attribute)) ||
                  !sp_bind_is_usable(load, node, attribute);
        if (changed) {
            node->invalid = true;
            tell_required(load, node, attribute, given);
        }
    }
    for (struct sp_cfg_field *field = node->fields; field && !node->invalid; field = field->next) {
        for (struct sp_cfg_value *value = field->first; value; value = value->next) {
            if (value->node && !sp_bind_is_promoted(value->node))
                changed |= check_required(load, value->node);
        }
    }
    return changed;
}

/* The names in <sallyport allowInert>. */
static enum sp_status find_allowed(struct sp_load *load)
{
    for (const struct sp_cfg_node *node = load->tree->nodes; node; node = node->next) {
        const struct sp_cfg_field *field =
            sp_str_is(node->name, "sallyport") ? sp_cfg_node_field(node, SP_STR("allowInert")) : NULL;
        if (field && field->first && !field->first->node)
            return sp_value_list(field->first->text, true, load->arena, &load->allowed, &load->allowed_count);
    }
    return SP_OK;
}

enum sp_status sp_bind_check(struct sp_load *load)
{
    enum sp_status status = find_allowed(load);
    for (struct sp_cfg_node *node = load->tree->nodes; node && status == SP_OK; node = node->next)
        status = check_node(load, node);
    bool changed = true;
    for (int pass = 0; changed && pass < PASSES_MAX; pass++) {
        changed = false;
        for (struct sp_cfg_node *node = load->tree->nodes; node; node = node->next)
            changed |= check_required(load, node);
    }
    return status;
}
