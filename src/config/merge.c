/* SPDX-License-Identifier: Apache-2.0
 * Merging repeated elements (reference: Liberty's ConfigElement.merge and override).
 */
#include "config/tree.h"

static bool same_document(const struct sp_cfg_document *a, const struct sp_cfg_document *b)
{
    return a == b || sp_str_eq(a->path, b->path);
}

static void join_values(struct sp_cfg_field *into, struct sp_cfg_field *from)
{
    if (into->last)
        into->last->next = from->first;
    else
        into->first = from->first;
    if (from->last)
        into->last = from->last;
    into->count += from->count;
}

static void replace_values(struct sp_cfg_field *into, const struct sp_cfg_field *from)
{
    into->first = from->first;
    into->last = from->last;
    into->count = from->count;
    into->listed = from->listed;
}

/* What `later` says comes over what `older` says; `later` is used up. */
static void override(struct sp_cfg_node *older, struct sp_cfg_node *later)
{
    bool same = same_document(older->document, later->document) || older->document->built_in;
    if (!same && later->conflict == SP_CFG_IGNORE)
        return;
    bool replace = !same && later->conflict == SP_CFG_REPLACE;
    for (struct sp_cfg_field *next, *field = later->fields; field; field = next) {
        next = field->next;
        struct sp_cfg_field *into = sp_cfg_node_field(older, field->name);
        if (!into) {
            field->next = NULL;
            *older->tail = field;
            older->tail = &field->next;
        } else if (field->listed && into->listed && !field->replaces && (!replace || field->appends)) {
            join_values(into, field);
        } else {
            replace_values(into, field);
        }
    }
    later->fields = NULL;
    if (older->document->built_in) { /* what somebody wrote counts as the first occurrence */
        older->document = later->document;
        older->conflict = later->conflict;
        older->line = later->line;
        older->column = later->column;
    }
    if (sp_str_trim(later->text).len)
        older->text = later->text;
}

/* The ancestor of `document` (itself not) whose file is that of `file`, and the behaviour of the include that
 * leads from there towards `document`. */
static bool included_by(const struct sp_cfg_document *document, const struct sp_cfg_document *file,
                        enum sp_cfg_conflict *ret_conflict)
{
    for (; document->parent; document = document->parent) {
        if (same_document(document->parent, file)) {
            *ret_conflict = document->conflict;
            return true;
        }
    }
    return false;
}

/* One node of the occurrences, which are in the order of the files. First, from the end, each one is put
 * onto its predecessor where that stands in the same file or in one that includes its file; then what
 * remains unrelated is put together from the beginning. */
static struct sp_cfg_node *merge_occurrences(struct sp_cfg_node **list, size_t count)
{
    size_t kept = 0; /* unrelated ones, last first, at the end of the list */
    struct sp_cfg_node *later = list[count - 1];
    for (size_t i = count - 1; i > 0; i--) {
        struct sp_cfg_node *older = list[i - 1];
        if (same_document(older->document, later->document) ||
            included_by(later->document, older->document, &later->conflict)) {
            if (same_document(older->document, later->document))
                older->repeated_line = later->line;
            override(older, later);
        } else {
            list[count - 1 - kept++] = later;
        }
        later = older;
    }
    for (size_t i = count - kept; i < count; i++)
        override(later, list[i]);
    return later;
}

/* An array of the nodes in a chain. */
static struct sp_cfg_node **as_array(struct sp_arena *arena, struct sp_cfg_node *first, size_t *ret_count)
{
    size_t count = 0;
    for (struct sp_cfg_node *node = first; node; node = node->next)
        count++;
    struct sp_cfg_node **array = sp_arena_calloc(arena, count ? count : 1, sizeof(struct sp_cfg_node *));
    if (!array)
        return NULL;
    count = 0;
    for (struct sp_cfg_node *node = first; node; node = node->next)
        array[count++] = node;
    *ret_count = count;
    return array;
}

/* A chain of occurrences that are one element. */
struct group {
    struct sp_cfg_node *first, *last;
    struct group *next;
};

struct groups {
    struct sp_cfg_tree *tree;
    struct group *first, **tail;
    struct sp_hash by_key;
    struct sp_hash unnamed; /* name -> number of occurrences that got an id of their own */
};

static enum sp_status add_to_group(struct groups *groups, struct sp_str key, struct sp_cfg_node *node)
{
    struct group *group = sp_hash_get(&groups->by_key, key);
    if (group) {
        group->last->next = node;
        group->last = node;
        return SP_OK;
    }
    group = sp_arena_calloc(groups->tree->arena, 1, sizeof *group);
    if (!group)
        return SP_ENOMEM;
    group->first = group->last = node;
    *groups->tail = group;
    groups->tail = &group->next;
    return sp_hash_add(&groups->by_key, key, group);
}

static struct sp_str attribute_text(const struct sp_cfg_node *node, const char *name)
{
    const struct sp_cfg_field *field = name ? sp_cfg_node_field(node, sp_str_of(name)) : NULL;
    return field && field->first ? field->first->text : (struct sp_str){NULL, 0};
}

/* "default-0", "default-1", ... for each name. */
static struct sp_str numbered(struct groups *groups, struct sp_str name)
{
    uintptr_t number = (uintptr_t)sp_hash_get(&groups->unnamed, name);
    if (sp_hash_put(&groups->unnamed, name, (void *)(number + 1)) != SP_OK)
        return (struct sp_str){NULL, 0};
    return sp_arena_printf(groups->tree->arena, "default-%u", (unsigned)number);
}

/* What the occurrence is called among its like; gives it its key. */
static enum sp_status identify(struct groups *groups, struct sp_cfg_node *node, struct sp_str *ret_key)
{
    const struct sp_cfg_element *row = node->row;
    struct sp_arena *arena = groups->tree->arena;
    struct sp_str own = node->id, by_key = attribute_text(node, row ? row->key : NULL);
    struct sp_str name = row ? sp_str_of(row->name) : node->name;
    char mark = '#';
    if (row && (row->kind == SP_CFG_SINGLETON || row->kind == SP_CFG_NESTED_ONE)) {
        own = SP_STR("");
    } else if (own.ptr) {
        mark = '=';
    } else if (row && row->default_id) {
        own = sp_str_of(row->default_id);
        mark = '=';
    } else if (by_key.ptr) {
        own = by_key;
        mark = '@';
    } else {
        own = numbered(groups, name);
    }
    node->key = own;
    *ret_key = sp_arena_printf(arena, "%.*s%c%.*s", SP_STR_ARG(name), mark, SP_STR_ARG(own));
    return own.ptr && ret_key->ptr ? SP_OK : SP_ENOMEM;
}

static enum sp_status merge_children(struct sp_cfg_tree *tree, struct sp_cfg_node *parent);

/* Merge a chain of occurrences by what they are called; appends to *tail. */
static enum sp_status merge_chain(struct sp_cfg_tree *tree, struct sp_cfg_node *chain,
                                  struct sp_cfg_node ***tail)
{
    struct groups groups = {.tree = tree, .tail = &groups.first};
    sp_hash_init(&groups.by_key, SIZE_MAX / 2);
    sp_hash_init(&groups.unnamed, SIZE_MAX / 2);
    enum sp_status status = SP_OK;
    for (struct sp_cfg_node *next, *node = chain; node && status == SP_OK; node = next) {
        next = node->next;
        node->next = NULL;
        struct sp_str key;
        status = identify(&groups, node, &key);
        if (status == SP_OK)
            status = add_to_group(&groups, key, node);
    }
    sp_hash_finish(&groups.by_key);
    sp_hash_finish(&groups.unnamed);
    for (struct group *group = groups.first; group && status == SP_OK; group = group->next) {
        size_t count;
        struct sp_cfg_node **list = as_array(tree->arena, group->first, &count);
        if (!list)
            return SP_ENOMEM;
        struct sp_cfg_node *merged = merge_occurrences(list, count);
        merged->next = NULL;
        **tail = merged;
        *tail = &merged->next;
        status = merge_children(tree, merged);
    }
    return status;
}

/* The row of a nested element: a child of its parent's row, or the target of a reference it stands for. */
static const struct sp_cfg_element *nested_row(const struct sp_cfg_node *parent, struct sp_str name)
{
    if (!parent->row)
        return NULL;
    const struct sp_cfg_element *row = sp_cfg_child_find(parent->row, name);
    const struct sp_cfg_attribute *reference = row ? NULL : sp_cfg_reference_find(parent->row, name);
    if (!reference)
        return row;
    if (sp_cfg_named_in(reference->target, name))
        return sp_cfg_element_find(name) ? sp_cfg_element_find(name) : row;
    struct sp_str rest = sp_str_of(reference->target), first = {NULL, 0};
    return sp_str_split(&rest, ' ', &first) ? sp_cfg_element_find(first) : NULL;
}

/* Nested elements in a field, merged by their ids within this parent. */
static enum sp_status merge_field(struct sp_cfg_tree *tree, struct sp_cfg_node *parent,
                                  struct sp_cfg_field *field)
{
    struct sp_cfg_node *chain = NULL, **chain_tail = &chain, *merged = NULL, **merged_tail = &merged;
    struct sp_cfg_value *texts = NULL, **texts_tail = &texts;
    const struct sp_cfg_element *row = nested_row(parent, field->name);
    for (struct sp_cfg_value *next, *value = field->first; value; value = next) {
        next = value->next;
        if (value->node) {
            value->node->row = row;
            value->node->parent = parent;
            *chain_tail = value->node;
            chain_tail = &value->node->next;
        } else {
            value->next = NULL;
            *texts_tail = value;
            texts_tail = &value->next;
        }
    }
    enum sp_status status = merge_chain(tree, chain, &merged_tail);
    field->first = texts;
    field->last = NULL;
    field->count = 0;
    for (struct sp_cfg_value *value = texts; value; value = value->next) {
        field->last = value;
        field->count++;
    }
    for (struct sp_cfg_node *node = merged; node && status == SP_OK; node = node->next) {
        struct sp_cfg_value *value = sp_arena_calloc(tree->arena, 1, sizeof *value);
        if (!value)
            return SP_ENOMEM;
        *value = (struct sp_cfg_value){
            .node = node, .document = node->document, .line = node->line, .column = node->column};
        struct sp_cfg_field one = {.first = value, .last = value, .count = 1};
        join_values(field, &one);
    }
    return status;
}

static enum sp_status merge_children(struct sp_cfg_tree *tree, struct sp_cfg_node *parent)
{
    enum sp_status status = SP_OK;
    for (struct sp_cfg_field *field = parent->fields; field && status == SP_OK; field = field->next) {
        bool nested = false;
        for (struct sp_cfg_value *value = field->first; value && !nested; value = value->next)
            nested = value->node != NULL;
        if (nested)
            status = merge_field(tree, parent, field);
    }
    return status;
}

enum sp_status sp_cfg_tree_merge(struct sp_cfg_tree *tree)
{
    for (struct sp_cfg_node *node = tree->occurrences; node; node = node->next)
        node->row = sp_cfg_element_find(node->name);
    struct sp_cfg_node *chain = tree->occurrences;
    tree->occurrences = NULL;
    enum sp_status status = merge_chain(tree, chain, &tree->nodes_tail);
    for (struct sp_cfg_node *node = tree->nodes; node && status == SP_OK; node = node->next) {
        if (node->row && node->row->kind == SP_CFG_FACTORY)
            status = sp_cfg_tree_index(tree, node);
        if (status == SP_EEXISTS) /* an id that looks like one we gave */
            status = SP_OK;
    }
    return status;
}
