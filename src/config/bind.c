/* SPDX-License-Identifier: Apache-2.0
 * From merged elements to structures, row by row of the table.
 */
#include <stdlib.h>

#include "config/bind.h"
#include "config/load.h"

/* The row whose structures share an array with those of `row`: the first of the table. */
static const struct sp_cfg_element *family_of(const struct sp_cfg_element *row)
{
    const struct sp_cfg_element *const *table = sp_cfg_table();
    for (size_t i = 0; table[i]; i++) {
        if (table[i]->counted && table[i]->size && table[i]->offset == row->offset)
            return table[i];
    }
    return row;
}

static bool has_array(const struct sp_cfg_element *row)
{
    return row->kind == SP_CFG_FACTORY && row->counted && row->size;
}

static void put_array(void *structure, const struct sp_cfg_element *row, void *items, size_t count)
{
    memcpy((char *)structure + row->offset, &items, sizeof items);
    memcpy((char *)structure + row->count_offset, &count, sizeof count);
}

/* Memory for all elements of one array of the configuration. */
static enum sp_status place_family(struct sp_load *load, const struct sp_cfg_element *family)
{
    size_t count = 0;
    for (struct sp_cfg_node *node = load->tree->nodes; node; node = node->next)
        count += node->row && !node->invalid && has_array(node->row) && node->row->offset == family->offset;
    char *items = sp_arena_calloc(load->arena, count + 1, family->size);
    if (!items)
        return SP_ENOMEM;
    put_array(load->config, family, items, count);
    count = 0;
    for (struct sp_cfg_node *node = load->tree->nodes; node; node = node->next) {
        if (node->row && !node->invalid && has_array(node->row) && node->row->offset == family->offset)
            node->memory = items + family->size * count++;
    }
    return SP_OK;
}

/* A structure for each top element that is used. */
static enum sp_status place_all(struct sp_load *load)
{
    const struct sp_cfg_element *const *table = sp_cfg_table();
    enum sp_status status = SP_OK;
    for (size_t i = 0; table[i] && status == SP_OK; i++) {
        if (has_array(table[i]) && family_of(table[i]) == table[i])
            status = place_family(load, table[i]);
    }
    for (struct sp_cfg_node *node = load->tree->nodes; node; node = node->next) {
        if (node->row && node->row->kind == SP_CFG_SINGLETON && !node->invalid)
            node->memory = (char *)load->config + (node->row->field ? node->row->offset : 0);
    }
    return status;
}

static enum sp_status bind_structure(struct sp_load *load, struct sp_cfg_node *node,
                                     const struct sp_cfg_element *row, void *memory);

/* Values of the child elements' first attribute as the parent's list of strings. */
static enum sp_status bind_flattened(struct sp_load *load, const struct sp_cfg_field *field,
                                     const struct sp_cfg_element *row, void *memory)
{
    size_t count = 0;
    struct sp_str *items = sp_arena_calloc(load->arena, field ? field->count + 1 : 1, sizeof *items);
    if (!items)
        return SP_ENOMEM;
    for (struct sp_cfg_value *value = field ? field->first : NULL; value; value = value->next) {
        struct sp_str text = {NULL, 0};
        if (!value->node || value->node->invalid)
            continue;
        enum sp_status status = sp_bind_text(load, value->node, row, &row->attributes[0], &text);
        if (status != SP_OK)
            return status;
        if (text.ptr)
            items[count++] = text;
    }
    struct sp_str_list list = {items, count};
    memcpy((char *)memory + row->offset, &list, sizeof list);
    return SP_OK;
}

static enum sp_status bind_array(struct sp_load *load, const struct sp_cfg_field *field,
                                 const struct sp_cfg_element *row, void *memory)
{
    size_t count = 0;
    char *items = sp_arena_calloc(load->arena, field ? field->count + 1 : 1, row->size);
    if (!items)
        return SP_ENOMEM;
    enum sp_status status = SP_OK;
    for (struct sp_cfg_value *value = field ? field->first : NULL; value && status == SP_OK;
         value = value->next) {
        if (value->node && !value->node->invalid)
            status = bind_structure(load, value->node, row, items + row->size * count++);
    }
    put_array(memory, row, items, count);
    return status;
}

/* Elements that no structure holds: their values are checked all the same. */
static enum sp_status bind_loose(struct sp_load *load, const struct sp_cfg_field *field,
                                 const struct sp_cfg_element *row)
{
    enum sp_status status = SP_OK;
    for (struct sp_cfg_value *value = field ? field->first : NULL; value && status == SP_OK;
         value = value->next) {
        if (value->node && !value->node->invalid)
            status = bind_structure(load, value->node, row, NULL);
    }
    return status;
}

static enum sp_status bind_child(struct sp_load *load, struct sp_cfg_node *node,
                                 const struct sp_cfg_element *row, void *memory)
{
    const struct sp_cfg_field *field = node ? sp_bind_child_field(node, row) : NULL;
    if (row->flattened)
        return bind_flattened(load, field, row, memory);
    if (row->counted)
        return bind_array(load, field, row, memory);
    struct sp_cfg_node *child = field && field->first ? field->first->node : NULL;
    if (row->inlined)
        return bind_structure(load, child, row, memory);
    if (!row->field)
        return bind_loose(load, field, row);
    return bind_structure(load, child, row, (char *)memory + row->offset);
}

static enum sp_status bind_structure(struct sp_load *load, struct sp_cfg_node *node,
                                     const struct sp_cfg_element *row, void *memory)
{
    enum sp_status status = SP_OK;
    bool written = node && !node->absent;
    if (node)
        node->memory = memory;
    if (row->noted)
        memcpy((char *)memory + row->given_offset, &written, sizeof written);
    if (row->kinded)
        memcpy((char *)memory + row->kind_offset, &row->kind_value, sizeof row->kind_value);
    for (size_t i = 0; i < row->attribute_count && status == SP_OK; i++)
        status = sp_bind_attribute(load, node, row, &row->attributes[i], memory);
    for (size_t i = 0; row->children && row->children[i] && status == SP_OK; i++) {
        if (!row->children[i]->instead)
            status = bind_child(load, node, row->children[i], memory);
    }
    return status;
}

/* What is not written has its defaults too: a node stands for it, as if the server itself had written it. */
static enum sp_status add_absent_singletons(struct sp_load *load)
{
    const struct sp_cfg_element *const *table = sp_cfg_table();
    for (size_t i = 0; table[i]; i++) {
        bool written = false;
        if (table[i]->kind != SP_CFG_SINGLETON || table[i]->attribute_count == 0)
            continue;
        for (struct sp_cfg_node *node = load->tree->nodes; node && !written; node = node->next)
            written = node->row == table[i] && !node->invalid;
        if (written)
            continue;
        struct sp_cfg_node *node = sp_arena_calloc(load->arena, 1, sizeof *node);
        if (!node)
            return SP_ENOMEM;
        node->row = table[i];
        node->name = sp_str_of(table[i]->name);
        node->key = SP_STR("");
        node->tail = &node->fields;
        node->document = load->tree->documents; /* the built-in one */
        node->absent = true;
        *load->tree->nodes_tail = node;
        load->tree->nodes_tail = &node->next;
    }
    return SP_OK;
}

enum sp_status sp_load_bind(struct sp_load *load)
{
    enum sp_status status = sp_bind_check(load);
    if (status == SP_OK)
        status = add_absent_singletons(load);
    if (status == SP_OK)
        status = place_all(load);
    for (struct sp_cfg_node *node = load->tree->nodes; node && status == SP_OK; node = node->next) {
        if (node->row && !node->invalid)
            status = bind_structure(load, node, node->row, node->memory);
    }
    return status;
}
