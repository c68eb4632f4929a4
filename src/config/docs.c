/* SPDX-License-Identifier: Apache-2.0 */
#include "config/docs.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/table.h"

static const char elements_head[] =
    "# server.xml: elements and attributes\n"
    "\n"
    "This page is made from the table that the server itself reads by (`sallyport server check "
    "--docs=elements`); a "
    "test compares\nthe two. How files are read, included, merged and how variables are replaced is "
    "described in "
    "[configuration](configuration.md).\n"
    "`sallyport server check --explain NAME` answers from the same table.\n"
    "\n"
    "How to read the tables:\n"
    "\n"
    "- **type**: a `duration (s)` without a unit counts seconds, `(ms)` milliseconds, and so on; `1m30s` "
    "means the same "
    "everywhere. A list is\n  written with commas or as repeated child elements. A reference names the id of "
    "another "
    "element, or is written as a nested\n  element in its place.\n"
    "- **acted on**: *yes*, or *no*: understood and told, but without effect in this version. What matters "
    "for "
    "security\n  (marked *security*) and is not acted on stops the server, unless `<sallyport "
    "allowInert=\"...\"/>` names "
    "it. Values in brackets\n  are what this version does anyway; they are accepted without a word.\n"
    "- *unconfirmed*: no public source confirms the name or the default.\n"
    "- A bad value is told and the default is taken; where it matters for security the server does not "
    "start.\n"
    "\n";

static bool is_misprint(const struct sp_cfg_element *element)
{
    return element->instead && element->attribute_count == 0;
}

/* Text in a cell of a Markdown table. */
static void append_cell(struct sp_buf *buf, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '|')
            sp_buf_append_byte(buf, '\\');
        if (*text == '*')
            sp_buf_append_byte(buf, '\\');
        sp_buf_append_byte(buf, (unsigned char)*text);
    }
}

static void append_type(struct sp_buf *buf, const struct sp_cfg_attribute *a)
{
    if (a->type == SP_CFG_ENUM) {
        for (size_t i = 0; a->options[i]; i++)
            sp_buf_printf(buf, "%s%s", i ? ", " : "", a->options[i]);
        return;
    }
    sp_buf_append_str(buf, sp_str_of(sp_cfg_type_name(a)));
    if (a->flags & SP_CFG_LIST)
        sp_buf_append_str(buf, SP_STR(" list"));
    if (a->type != SP_CFG_INT || (a->min == 0 && a->max == 0))
        return;
    if (a->max >= INT32_MAX)
        sp_buf_printf(buf, " from %lld", (long long)a->min);
    else
        sp_buf_printf(buf, " %lld..%lld", (long long)a->min, (long long)a->max);
}

static void append_remarks(struct sp_buf *buf, const struct sp_cfg_attribute *a)
{
    append_cell(buf, a->meaning);
    if (a->target)
        sp_buf_printf(buf, " Names `%s`.", a->target);
    if (a->flags & SP_CFG_REQUIRED)
        sp_buf_append_str(buf, SP_STR(" **Required.**"));
    if (a->instead)
        sp_buf_printf(buf, " Write `%s` instead.", a->instead);
    if (a->since)
        sp_buf_printf(buf, " Since %s.", a->since);
    if (a->flags & SP_CFG_INTERNAL)
        sp_buf_append_str(buf, SP_STR(" Internal."));
    if (a->flags & SP_CFG_UNCONFIRMED)
        sp_buf_append_str(buf, SP_STR(" *unconfirmed*"));
}

static void append_acted(struct sp_buf *buf, const struct sp_cfg_element *element,
                         const struct sp_cfg_attribute *a)
{
    bool acted = (a->flags & SP_CFG_ACTED) && (element->flags & SP_CFG_ACTED);
    sp_buf_append_str(buf, sp_str_of(acted ? "yes" : a->instead ? "as that" : "no"));
    if (!acted && a->provided)
        sp_buf_printf(buf, " [%s]", strcmp(a->provided, "*") == 0 ? "any" : a->provided);
    if (a->flags & SP_CFG_SECURITY)
        sp_buf_append_str(buf, SP_STR(", *security*"));
}

static void append_attributes(struct sp_buf *buf, const struct sp_cfg_element *element)
{
    if (element->attribute_count == 0)
        return;
    sp_buf_append_str(buf,
                      SP_STR("| attribute | type | default | acted on | meaning |\n|---|---|---|---|---|\n"));
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        sp_buf_append_str(buf, SP_STR("| `"));
        sp_buf_append_str(buf, sp_str_of(a->name));
        sp_buf_append_str(buf, SP_STR("` | "));
        append_type(buf, a);
        sp_buf_append_str(buf, SP_STR(" | "));
        if (a->fallback) {
            sp_buf_append_str(buf, SP_STR("`"));
            sp_buf_append_str(buf, sp_str_of(a->fallback));
            sp_buf_append_str(buf, SP_STR("`"));
        }
        sp_buf_append_str(buf, SP_STR(" | "));
        append_acted(buf, element, a);
        sp_buf_append_str(buf, SP_STR(" | "));
        append_remarks(buf, a);
        sp_buf_append_str(buf, SP_STR(" |\n"));
    }
    sp_buf_append_byte(buf, '\n');
}

static const char *kind_text(const struct sp_cfg_element *element)
{
    switch (element->kind) {
    case SP_CFG_SINGLETON:
        return "One for the server; repeated ones are merged.";
    case SP_CFG_FACTORY:
        return element->flags & SP_CFG_ROOT_ONLY ? "Any number, directly in `<server>`."
                                                 : "One for each id; repeated ones of an id are merged.";
    case SP_CFG_NESTED:
        return "Any number.";
    default:
        return "At most one.";
    }
}

static void append_kind(struct sp_buf *buf, const struct sp_cfg_element *element)
{
    sp_buf_append_str(buf, sp_str_of(kind_text(element)));
    if (element->default_id)
        sp_buf_printf(buf, " Without an id it is `%s`.", element->default_id);
    if (element->since)
        sp_buf_printf(buf, " Since %s.", element->since);
    if (element->flags & SP_CFG_UNCONFIRMED)
        sp_buf_append_str(buf, SP_STR(" *unconfirmed*"));
    if (!(element->flags & SP_CFG_ACTED))
        sp_buf_append_str(buf, element->flags & SP_CFG_SECURITY
                                   ? SP_STR(" **Not acted on in this version; it matters for security.**")
                                   : SP_STR(" **Not acted on in this version.**"));
}

static void append_element(struct sp_buf *buf, const struct sp_cfg_element *element, const char *path,
                           int level)
{
    char own[256];
    snprintf(own, sizeof own, "%s%s%s", path, path[0] ? " > " : "", element->name);
    sp_buf_append_fill(buf, '#', level > 4 ? 4u : (size_t)level);
    sp_buf_printf(buf, " %s\n\n", own);
    append_cell(buf, element->meaning);
    if (is_misprint(element)) {
        sp_buf_printf(buf, " It is taken for `%s`, with a warning.\n\n", element->instead);
        return;
    }
    sp_buf_append_byte(buf, ' ');
    append_kind(buf, element);
    sp_buf_append_str(buf, SP_STR("\n\n"));
    append_attributes(buf, element);
    for (size_t i = 0; element->children && element->children[i]; i++)
        append_element(buf, element->children[i], own, level + 1);
}

static int by_name(const void *a, const void *b)
{
    const struct sp_cfg_element *const *x = a, *const *y = b;
    return strcasecmp((*x)->name, (*y)->name);
}

enum sp_status sp_cfg_docs_elements(struct sp_buf *buf)
{
    const struct sp_cfg_element *const *table = sp_cfg_table();
    size_t count = 0;
    while (table[count])
        count++;
    const struct sp_cfg_element **sorted = calloc(count + 1, sizeof(struct sp_cfg_element *));
    if (!sorted)
        return SP_ENOMEM;
    memcpy(sorted, table, count * sizeof(struct sp_cfg_element *));
    qsort(sorted, count, sizeof(struct sp_cfg_element *), by_name);
    sp_buf_append_str(buf, sp_str_of(elements_head));
    for (size_t i = 0; i < count; i++)
        append_element(buf, sorted[i], "", 2);
    free(sorted);
    if (!buf->failed && buf->len)
        buf->len--; /* one new line at the end is enough */
    return buf->failed ? SP_ELIMIT : SP_OK;
}

enum sp_status sp_cfg_docs_messages(struct sp_buf *buf)
{
    sp_buf_append_str(buf, SP_STR("| id | cause | action |\n|---|---|---|\n"));
    for (const struct sp_cfg_message *m = sp_cfg_messages; m->id; m++) {
        sp_buf_printf(buf, "| %s | ", m->id);
        append_cell(buf, m->cause);
        sp_buf_append_str(buf, SP_STR(" | "));
        append_cell(buf, m->action);
        sp_buf_append_str(buf, SP_STR(" |\n"));
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* The row of "a/b/c". */
static const struct sp_cfg_element *find_path(struct sp_str path, struct sp_error *err)
{
    const struct sp_cfg_element *element = NULL;
    struct sp_str rest = path, name;
    while (sp_str_split(&rest, '/', &name)) {
        const struct sp_cfg_element *parent = element;
        element = parent ? sp_cfg_child_find(parent, name) : sp_cfg_element_find(name);
        if (element)
            continue;
        const char *nearest = sp_cfg_nearest_element(parent, name);
        sp_error_set(err, SP_ENOTFOUND, NULL, "there is no element %.*s%s%s%s%s%s", SP_STR_ARG(name),
                     parent ? " in " : "", parent ? parent->name : "", nearest ? "; did you mean " : "",
                     nearest ? nearest : "", nearest ? "?" : "");
        return NULL;
    }
    return element;
}

static void explain_attribute(const struct sp_cfg_element *element, const struct sp_cfg_attribute *a,
                              struct sp_buf *buf)
{
    sp_buf_printf(buf, "%s@%s: ", element->name, a->name);
    append_type(buf, a);
    sp_buf_printf(buf, "\n  %s\n", a->meaning);
    if (a->fallback)
        sp_buf_printf(buf, "  default: %s\n", a->fallback);
    else
        sp_buf_append_str(buf,
                          a->flags & SP_CFG_REQUIRED ? SP_STR("  required\n") : SP_STR("  no default\n"));
    if (a->target)
        sp_buf_printf(buf, "  names: %s\n", a->target);
    if (a->instead)
        sp_buf_printf(buf, "  write instead: %s\n", a->instead);
    if (a->since)
        sp_buf_printf(buf, "  since: %s\n", a->since);
    bool acted = (a->flags & SP_CFG_ACTED) && (element->flags & SP_CFG_ACTED);
    sp_buf_printf(buf, "  acted on: %s%s\n", acted ? "yes" : "no",
                  a->flags & SP_CFG_SECURITY ? "; matters for security" : "");
    if (!acted && a->provided)
        sp_buf_printf(buf, "  values without need of action: %s\n", a->provided);
    if (a->flags & SP_CFG_UNCONFIRMED)
        sp_buf_append_str(buf, SP_STR("  name or default not confirmed by a public source\n"));
}

static void explain_element(const struct sp_cfg_element *element, struct sp_buf *buf)
{
    sp_buf_printf(buf, "%s\n  %s\n  ", element->name, element->meaning);
    sp_buf_append_str(buf, sp_str_of(kind_text(element)));
    sp_buf_printf(buf, "\n  acted on: %s%s\n", element->flags & SP_CFG_ACTED ? "yes" : "no",
                  element->flags & SP_CFG_SECURITY ? "; matters for security" : "");
    if (element->attribute_count)
        sp_buf_append_str(buf, SP_STR("  attributes:\n"));
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        sp_buf_printf(buf, "    %-34s ", a->name);
        append_type(buf, a);
        sp_buf_printf(buf, "%s%s\n", a->fallback ? ", default " : "", a->fallback ? a->fallback : "");
    }
    if (element->children)
        sp_buf_append_str(buf, SP_STR("  elements inside:\n"));
    for (size_t i = 0; element->children && element->children[i]; i++)
        sp_buf_printf(buf, "    %-34s %s\n", element->children[i]->name, element->children[i]->meaning);
}

enum sp_status sp_cfg_explain(struct sp_str name, struct sp_buf *buf, struct sp_error *err)
{
    size_t mark = sp_str_find(name, '@');
    const struct sp_cfg_element *element = find_path(sp_str_slice(name, 0, mark), err);
    if (!element)
        return SP_ENOTFOUND;
    if (mark == name.len) {
        explain_element(element, buf);
        return buf->failed ? SP_ELIMIT : SP_OK;
    }
    struct sp_str wanted = sp_str_slice(name, mark + 1, name.len);
    const struct sp_cfg_attribute *attribute = sp_cfg_attribute_find(element, wanted);
    if (!attribute) {
        const char *nearest = sp_cfg_nearest_attribute(element, wanted);
        return sp_error_set(err, SP_ENOTFOUND, NULL, "%s has no attribute %.*s%s%s%s", element->name,
                            SP_STR_ARG(wanted), nearest ? "; did you mean " : "", nearest ? nearest : "",
                            nearest ? "?" : "");
    }
    explain_attribute(element, attribute, buf);
    return buf->failed ? SP_ELIMIT : SP_OK;
}
