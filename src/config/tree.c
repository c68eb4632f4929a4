/* SPDX-License-Identifier: Apache-2.0 */
#include "config/tree.h"

#define ELEMENTS_MAX 1000000

void sp_cfg_tree_init(struct sp_cfg_tree *tree, struct sp_arena *arena)
{
    *tree = (struct sp_cfg_tree){.arena = arena};
    tree->documents_tail = &tree->documents;
    tree->occurrences_tail = &tree->occurrences;
    tree->nodes_tail = &tree->nodes;
    tree->sources_tail = &tree->sources;
    sp_hash_init(&tree->by_key, ELEMENTS_MAX);
    sp_variables_init(&tree->variables, arena);
}

void sp_cfg_tree_finish(struct sp_cfg_tree *tree)
{
    if (!tree || !tree->arena)
        return;
    sp_hash_finish(&tree->by_key);
    sp_variables_finish(&tree->variables);
}

struct sp_cfg_field *sp_cfg_node_field(const struct sp_cfg_node *node, struct sp_str name)
{
    for (struct sp_cfg_field *field = node->fields; field; field = field->next) {
        if (sp_str_caseless_eq(field->name, name))
            return field;
    }
    return NULL;
}

static struct sp_cfg_field *add_field(struct sp_cfg_tree *tree, struct sp_cfg_node *node, struct sp_str name)
{
    struct sp_cfg_field *field = sp_arena_calloc(tree->arena, 1, sizeof *field);
    if (!field)
        return NULL;
    field->name = name;
    *node->tail = field;
    node->tail = &field->next;
    return field;
}

static struct sp_cfg_value *add_value(struct sp_cfg_tree *tree, struct sp_cfg_field *field,
                                      const struct sp_cfg_node *node, unsigned line, unsigned column)
{
    struct sp_cfg_value *value = sp_arena_calloc(tree->arena, 1, sizeof *value);
    if (!value)
        return NULL;
    value->document = node->document;
    value->line = line;
    value->column = column;
    if (field->last)
        field->last->next = value;
    else
        field->first = value;
    field->last = value;
    field->count++;
    return value;
}

static enum sp_status add_attributes(struct sp_cfg_tree *tree, struct sp_cfg_node *node,
                                     const struct sp_xml_element *element)
{
    for (const struct sp_xml_attribute *a = element->attributes; a; a = a->next) {
        struct sp_cfg_field *field = sp_cfg_node_field(node, a->name);
        if (field) /* the same name in another case: the later one counts */
            *field->first = (struct sp_cfg_value){
                .text = a->value, .document = node->document, .line = a->line, .column = a->column};
        if (field)
            continue;
        field = add_field(tree, node, a->name);
        struct sp_cfg_value *value = field ? add_value(tree, field, node, a->line, a->column) : NULL;
        if (!value)
            return SP_ENOMEM;
        value->text = a->value;
    }
    return SP_OK;
}

static struct sp_cfg_node *build(struct sp_cfg_tree *tree, const struct sp_cfg_document *document,
                                 const struct sp_xml_element *element, struct sp_error *err);

/* Whether an element is but text: no attributes (merge-op aside) and no children, and not empty. */
static bool is_text(const struct sp_xml_element *element)
{
    if (sp_xml_attribute(element, "merge-op").ptr)
        return true;
    return !element->attributes && !element->first && sp_str_trim(element->text).len > 0;
}

static enum sp_status fill_child(struct sp_cfg_tree *tree, struct sp_cfg_node *node,
                                 struct sp_cfg_value *value, const struct sp_xml_element *child,
                                 struct sp_error *err)
{
    struct sp_str ref = sp_xml_attribute(child, "ref");
    if (is_text(child)) {
        value->text = child->text;
    } else if (ref.ptr) {
        value->text = ref;
        value->reference = true;
    } else {
        value->node = build(tree, node->document, child, err);
        if (!value->node)
            return err && err->status != SP_OK ? err->status : SP_ENOMEM;
        value->node->parent = node;
    }
    return SP_OK;
}

static enum sp_status add_children(struct sp_cfg_tree *tree, struct sp_cfg_node *node,
                                   const struct sp_xml_element *element, struct sp_error *err)
{
    for (const struct sp_xml_element *child = element->first; child; child = child->next) {
        struct sp_cfg_field *field = sp_cfg_node_field(node, child->name);
        if (field && !field->listed) {
            sp_error_set(err, SP_EINVAL, NULL,
                         "\"%.*s\" is given both as an attribute and as a child element",
                         SP_STR_ARG(child->name));
            sp_error_at(err, NULL, child->line, child->column);
            return SP_EINVAL;
        }
        if (!field)
            field = add_field(tree, node, child->name);
        struct sp_cfg_value *value = field ? add_value(tree, field, node, child->line, child->column) : NULL;
        if (!value)
            return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the configuration");
        field->listed = true;
        struct sp_str operation = sp_xml_attribute(child, "merge-op");
        field->replaces |= sp_str_is(operation, "set");
        field->appends |= sp_str_is(operation, "append");
        enum sp_status status = fill_child(tree, node, value, child, err);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

static struct sp_cfg_node *build(struct sp_cfg_tree *tree, const struct sp_cfg_document *document,
                                 const struct sp_xml_element *element, struct sp_error *err)
{
    struct sp_cfg_node *node = sp_arena_calloc(tree->arena, 1, sizeof *node);
    if (!node)
        return NULL;
    node->name = element->name;
    node->id = sp_xml_attribute(element, "id");
    node->text = element->text;
    node->tail = &node->fields;
    node->document = document;
    node->conflict = document->conflict;
    node->line = element->line;
    node->column = element->column;
    if (add_attributes(tree, node, element) != SP_OK || add_children(tree, node, element, err) != SP_OK)
        return NULL;
    return node;
}

enum sp_status sp_cfg_tree_add(struct sp_cfg_tree *tree, const struct sp_cfg_document *document,
                               const struct sp_xml_element *element, struct sp_error *err)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_cfg_node *node = build(tree, document, element, &why);
    if (!node) {
        if (why.status == SP_OK)
            sp_error_set(&why, SP_ENOMEM, NULL, "no memory for the configuration");
        if (err)
            *err = why;
        return why.status;
    }
    *tree->occurrences_tail = node;
    tree->occurrences_tail = &node->next;
    return SP_OK;
}

static struct sp_str index_key(struct sp_arena *arena, const char *name, struct sp_str id)
{
    return sp_arena_printf(arena, "%s%c%.*s", name, '\0', SP_STR_ARG(id));
}

enum sp_status sp_cfg_tree_index(struct sp_cfg_tree *tree, struct sp_cfg_node *node)
{
    struct sp_str key = index_key(tree->arena, node->row->name, node->key);
    return key.ptr ? sp_hash_add(&tree->by_key, key, node) : SP_ENOMEM;
}

struct sp_cfg_node *sp_cfg_tree_find(const struct sp_cfg_tree *tree, const char *targets, struct sp_str id)
{
    struct sp_str rest = sp_str_of(targets), name;
    while (sp_str_split(&rest, ' ', &name)) {
        char key[512];
        size_t len = name.len + 1 + id.len;
        if (len > sizeof key)
            continue;
        memcpy(key, name.ptr, name.len);
        key[name.len] = '\0';
        if (id.len)
            memcpy(key + name.len + 1, id.ptr, id.len);
        struct sp_cfg_node *node = sp_hash_get(&tree->by_key, sp_str_from(key, len));
        if (node)
            return node;
    }
    return NULL;
}

static struct sp_cfg_node *child_of(const struct sp_cfg_node *parent, const void *memory)
{
    for (const struct sp_cfg_field *field = parent->fields; field; field = field->next)
        for (const struct sp_cfg_value *value = field->first; value; value = value->next)
            if (value->node && value->node->memory == memory)
                return value->node;
    return NULL;
}

struct sp_cfg_node *sp_cfg_tree_node_of(const struct sp_cfg_tree *tree, const void *memory)
{
    struct sp_cfg_node *child = NULL;
    for (struct sp_cfg_node *node = tree->nodes; node; node = node->next)
        if (node->memory == memory)
            return node;
    for (struct sp_cfg_node *node = tree->nodes; node && !child; node = node->next)
        child = child_of(node, memory);
    return child;
}
