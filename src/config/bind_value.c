/* SPDX-License-Identifier: Apache-2.0
 * One value: variables replaced, its type checked, put where it belongs.
 */
#include <stdio.h>

#include "config/bind.h"
#include "config/value.h"
#include "crypto/password.h"

#define PASSWORD_CEILING 65536
#define LIST_CEILING ((size_t)4 << 20)

struct sp_str sp_bind_scope_attribute(void *arg, struct sp_str name)
{
    const struct sp_bind_scope *scope = arg;
    const struct sp_cfg_attribute *attribute = scope->row ? sp_cfg_attribute_find(scope->row, name) : NULL;
    if (scope->self && attribute == scope->self)
        return (struct sp_str){NULL, 0};
    const struct sp_cfg_field *field = scope->node ? sp_cfg_node_field(scope->node, name) : NULL;
    if (field && field->first && !field->first->node)
        return field->first->text;
    return attribute ? sp_str_of(attribute->fallback) : (struct sp_str){NULL, 0};
}

/* One raw value on its way. */
struct binding {
    struct sp_load *load;
    struct sp_cfg_node *node; /* NULL: the element is not written */
    const struct sp_cfg_element *row;
    const struct sp_cfg_attribute *attribute;
    char *memory;
    struct sp_load_place place;
    bool defaulted; /* the value is the row's default */
    bool quiet;     /* bad values are not told */
};

#define MASK "*****"

static struct sp_str title_of(const struct binding *b)
{
    return b->node ? sp_bind_title(b->load, b->node) : sp_str_of(b->row->name);
}

static bool is_secret(const struct sp_cfg_attribute *attribute)
{
    return attribute->type == SP_CFG_PASSWORD || attribute->type == SP_CFG_PASSWORD_HASH;
}

/* The name of a variable that nobody defines is no password: whoever reads the file would know it. */
static struct sp_str known_secret(const struct binding *b, struct sp_str raw, struct sp_str text)
{
    struct sp_variable_result result;
    struct sp_error err = SP_ERROR_INIT;
    if (!text.ptr || sp_variables_resolve(&b->load->tree->variables, raw, NULL, &result, &err) != SP_OK ||
        !result.undefined.ptr)
        return text;
    sp_load_problem(b->load, SP_MSG_PASSWORD_MISSING, b->place,
                    "%.*s: %s is in the variable ${%.*s}, and nobody defines that", SP_STR_ARG(title_of(b)),
                    b->attribute->name, SP_STR_ARG(result.undefined));
    return (struct sp_str){NULL, 0};
}

static struct sp_str resolve(const struct binding *b, struct sp_str raw)
{
    struct sp_bind_scope scope = {b->node, b->row, b->attribute};
    const struct sp_variable_scope look_up = {sp_bind_scope_attribute, &scope};
    if (b->attribute->flags & SP_CFG_LITERAL)
        return raw;
    struct sp_str text = sp_load_resolve(b->load, raw, b->place, &look_up);
    if (!text.ptr && (b->attribute->flags & SP_CFG_SECURITY))
        sp_load_problem(b->load, SP_MSG_VALUE_BAD_SECURITY, b->place,
                        "%.*s: the variables in %s cannot be replaced", SP_STR_ARG(title_of(b)),
                        b->attribute->name);
    return is_secret(b->attribute) ? known_secret(b, raw, text) : text;
}

/* A bad value: an error where the default could open a door, else the default is taken. */
static void complain(const struct binding *b, struct sp_str text, const char *wanted)
{
    const struct sp_cfg_attribute *a = b->attribute;
    struct sp_str title = title_of(b);
    const char *fallback = a->fallback ? a->fallback : "nothing";
    if (b->quiet)
        return;
    if (a->flags & SP_CFG_SECURITY)
        sp_load_problem(b->load, SP_MSG_VALUE_BAD_SECURITY, b->place, "%.*s: %s=\"%.*s\" is not %s",
                        SP_STR_ARG(title), a->name, SP_STR_ARG(text), wanted);
    else
        sp_load_fault(b->load, SP_MSG_VALUE_BAD, b->place, "%.*s: %s=\"%.*s\" is not %s; %s is taken instead",
                      SP_STR_ARG(title), a->name, SP_STR_ARG(text), wanted, fallback);
}

static void wanted_int(const struct sp_cfg_attribute *a, char *text, size_t size)
{
    if (a->min == 0 && a->max == 0)
        snprintf(text, size, "a whole number");
    else if (a->max >= INT32_MAX)
        snprintf(text, size, "a whole number from %lld", (long long)a->min);
    else
        snprintf(text, size, "a whole number from %lld to %lld", (long long)a->min, (long long)a->max);
}

static int64_t unit_of(enum sp_cfg_type type)
{
    switch (type) {
    case SP_CFG_SECONDS:
        return INT64_C(1000000);
    case SP_CFG_MINUTES:
        return INT64_C(60000000);
    case SP_CFG_HOURS:
        return INT64_C(3600000000);
    default:
        return INT64_C(1000);
    }
}

/* The number that a value means; SP_EINVAL after telling. */
static enum sp_status number_of(const struct binding *b, struct sp_str text, int64_t *ret_number)
{
    const struct sp_cfg_attribute *a = b->attribute;
    char wanted[160] = "true or false";
    bool yes;
    size_t index;
    enum sp_status status;
    switch (a->type) {
    case SP_CFG_BOOLEAN:
        status = sp_value_boolean(text, &yes);
        if (status == SP_OK)
            *ret_number = a->storage != SP_CFG_IN_UNSIGNED ? yes : yes ? SP_TRUE : SP_FALSE;
        break;
    case SP_CFG_INT:
        wanted_int(a, wanted, sizeof wanted);
        status = a->min || a->max ? sp_value_int(text, a->min, a->max, ret_number)
                                  : sp_value_int(text, INT64_MIN, INT64_MAX, ret_number);
        break;
    case SP_CFG_ENUM:
        snprintf(wanted, sizeof wanted, "one of");
        for (size_t i = 0; a->options[i]; i++)
            snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), " %s", a->options[i]);
        status = sp_value_option(text, a->options, &index);
        if (status == SP_OK)
            *ret_number = (int64_t)index;
        break;
    default:
        snprintf(wanted, sizeof wanted, "a duration such as 30s, 1m30s or 500ms");
        status = sp_value_duration(text, unit_of(a->type), ret_number);
        break;
    }
    if (status != SP_OK)
        complain(b, text, wanted);
    return status;
}

static bool is_number(const struct sp_cfg_attribute *a)
{
    return a->type == SP_CFG_BOOLEAN || a->type == SP_CFG_INT || a->type == SP_CFG_ENUM ||
           (a->type >= SP_CFG_DURATION && a->type <= SP_CFG_HOURS);
}

static struct sp_str no_text(void)
{
    return (struct sp_str){NULL, 0};
}

/* Password with its encoding taken off; ptr NULL when that fails, after telling. */
static struct sp_str clear_password(const struct binding *b, struct sp_str text)
{
    struct sp_password_keys *keys = &b->load->keys;
    enum sp_password_kind kind = sp_password_kind(text);
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str title = title_of(b);
    if (kind == SP_PASSWORD_HASH && b->attribute->type == SP_CFG_PASSWORD_HASH)
        return sp_arena_str(b->load->arena, sp_str_trim(text));
    struct sp_buf buf;
    sp_buf_init(&buf, PASSWORD_CEILING);
    struct sp_str clear = no_text();
    if (sp_password_decode(keys, text, &buf, &err) != SP_OK)
        sp_load_problem(b->load, SP_MSG_PASSWORD_BROKEN, b->place, "%.*s: %s: %s", SP_STR_ARG(title),
                        b->attribute->name, err.text);
    else
        clear = sp_arena_str(b->load->arena, sp_buf_str(&buf));
    sp_buf_wipe(&buf);
    return clear;
}

/* Whether a variable that is not defined in server.xml itself keeps the value out of it. */
static bool is_kept_elsewhere(const struct binding *b, struct sp_str raw)
{
    const struct sp_variables *variables = &b->load->tree->variables;
    const char *open = raw.len ? memmem(raw.ptr, raw.len, "${", 2) : NULL;
    size_t from = open ? (size_t)(open - raw.ptr) + 2 : 0;
    struct sp_str name = sp_str_slice(raw, from, from + sp_str_find(sp_str_slice(raw, from, raw.len), '}'));
    if (!open)
        return false;
    enum sp_variable_source source = sp_variables_source(variables, name);
    return source != SP_VAR_SERVER_XML && source != SP_VAR_DEFAULT;
}

static void judge_password(const struct binding *b, struct sp_str raw, struct sp_str text)
{
    enum sp_password_kind kind = sp_password_kind(text);
    struct sp_str title = title_of(b);
    if (text.len == 0 || is_kept_elsewhere(b, raw))
        return;
    const struct sp_cfg_field *file_based = sp_cfg_node_field(b->node, SP_STR("fileBased"));
    if (file_based && file_based->first && sp_str_caseless_eq(file_based->first->text, SP_STR("false")))
        return; /* key rings have no password, only the attribute */
    if (kind == SP_PASSWORD_CLEAR)
        sp_load_problem(b->load, SP_MSG_PASSWORD_CLEAR, b->place,
                        "%.*s: %s is in clear text; encode it with \"sallyport password encode\"",
                        SP_STR_ARG(title), b->attribute->name);
    else if (kind == SP_PASSWORD_XOR)
        sp_load_problem(
            b->load, SP_MSG_PASSWORD_XOR, b->place,
            "%.*s: %s is {xor}, which anybody can turn back; use {aes} with a key of your own, or "
            "{hash} where it is possible",
            SP_STR_ARG(title), b->attribute->name);
}

/* Keep what the attribute came to, for people and for comparisons. */
static enum sp_status record(const struct binding *b, struct sp_str text)
{
    struct sp_cfg_setting *setting = b->node ? sp_arena_calloc(b->load->arena, 1, sizeof *setting) : NULL;
    if (!setting)
        return b->node ? SP_ENOMEM : SP_OK;
    setting->row = b->attribute;
    setting->fingerprint = sp_hash_bytes(text.ptr, text.len);
    setting->text = is_secret(b->attribute) && text.len ? SP_STR(MASK) : sp_arena_str(b->load->arena, text);
    setting->defaulted = b->defaulted;
    setting->document = b->place.document;
    setting->line = b->place.line;
    if (b->node->last_setting)
        b->node->last_setting->next = setting;
    else
        b->node->settings = setting;
    b->node->last_setting = setting;
    return setting->text.ptr ? SP_OK : SP_ENOMEM;
}

/* One text as the type wants it; ptr NULL when it is bad, after telling, or when there is no memory. */
static struct sp_str convert_text(const struct binding *b, struct sp_str text)
{
    const struct sp_cfg_attribute *a = b->attribute;
    int64_t number;
    switch (a->type) {
    case SP_CFG_TOKEN:
        return sp_value_token(text, b->load->arena);
    case SP_CFG_FILE:
    case SP_CFG_DIRECTORY:
        return sp_value_path(text, b->load->arena);
    case SP_CFG_ENUM:
        return number_of(b, text, &number) == SP_OK ? sp_str_of(a->options[number]) : no_text();
    case SP_CFG_PASSWORD:
    case SP_CFG_PASSWORD_HASH:
        return clear_password(b, text);
    case SP_CFG_STRING:
    case SP_CFG_REF:
        return text;
    default:
        return number_of(b, text, &number) == SP_OK ? text : no_text();
    }
}

/* A node that only wraps text: <feature id="x">name</feature>. */
static struct sp_str raw_text(const struct sp_cfg_value *value)
{
    return value->node ? value->node->text : value->text;
}

static void note_given(const struct binding *b)
{
    bool yes = true;
    if (b->attribute->noted)
        memcpy(b->memory + b->attribute->given_offset, &yes, sizeof yes);
}

/* The single value as written and resolved; ptr NULL when it is not written. */
static struct sp_str single(struct binding *b)
{
    struct sp_cfg_field *field = b->node ? sp_bind_field(b->node, b->attribute) : NULL;
    if (!field || !field->first)
        return no_text();
    b->place = sp_load_at_value(field->first);
    if (field->count > 1)
        sp_load_fault(b->load, SP_MSG_MORE_THAN_ONE, b->place,
                      "%.*s: %s is given %zu times; the first one counts", SP_STR_ARG(title_of(b)),
                      b->attribute->name, field->count);
    struct sp_str raw = raw_text(field->first);
    struct sp_str text = resolve(b, raw);
    if (text.ptr && is_secret(b->attribute))
        judge_password(b, raw, text);
    /* location="" means the default */
    if (text.ptr && sp_str_trim(text).len == 0 &&
        (b->attribute->type == SP_CFG_DIRECTORY || b->attribute->type == SP_CFG_FILE))
        return no_text();
    return text;
}

static struct sp_str fallback_text(const struct binding *b)
{
    return b->attribute->fallback ? resolve(b, sp_str_of(b->attribute->fallback)) : no_text();
}

enum sp_status sp_bind_text(struct sp_load *load, struct sp_cfg_node *node, const struct sp_cfg_element *row,
                            const struct sp_cfg_attribute *attribute, struct sp_str *ret_text)
{
    struct binding b = {load,      node, row,
                        attribute, NULL, node ? sp_load_at(node) : (struct sp_load_place){0}};
    struct sp_str text = single(&b);
    if (text.ptr)
        text = convert_text(&b, text);
    if (!text.ptr) {
        b.defaulted = true;
        text = fallback_text(&b);
        text = text.ptr ? convert_text(&b, text) : text;
    }
    *ret_text = text;
    return text.ptr ? record(&b, text) : SP_OK;
}

bool sp_bind_is_usable(struct sp_load *load, struct sp_cfg_node *node,
                       const struct sp_cfg_attribute *attribute)
{
    struct binding b = {.load = load, .node = node, .row = node->row, .attribute = attribute, .quiet = true};
    struct sp_cfg_field *field = sp_bind_field(node, attribute);
    if (!is_number(attribute) || !field || !field->first || field->first->node)
        return true;
    struct sp_bind_scope scope = {node, node->row, attribute};
    const struct sp_variable_scope look_up = {sp_bind_scope_attribute, &scope};
    struct sp_variable_result result;
    int64_t number;
    return sp_variables_resolve(&load->tree->variables, field->first->text, &look_up, &result, NULL) ==
               SP_OK &&
           number_of(&b, result.text, &number) == SP_OK;
}

static enum sp_status put_text(const struct binding *b, struct sp_str text)
{
    text = convert_text(b, text);
    if (!text.ptr)
        return SP_EINVAL;
    text = is_secret(b->attribute) ? text : sp_arena_str(b->load->arena, text);
    if (!text.ptr)
        return SP_ENOMEM;
    memcpy(b->memory + b->attribute->offset, &text, sizeof text);
    return record(b, text);
}

static enum sp_status put_number(const struct binding *b, struct sp_str text)
{
    int64_t number;
    if (number_of(b, text, &number) != SP_OK)
        return SP_EINVAL;
    char *to = b->memory + b->attribute->offset;
    unsigned small = (unsigned)number;
    bool yes = number != 0;
    switch (b->attribute->storage) {
    case SP_CFG_IN_BOOL:
        memcpy(to, &yes, sizeof yes);
        break;
    case SP_CFG_IN_UNSIGNED:
        memcpy(to, &small, sizeof small);
        break;
    default:
        memcpy(to, &number, sizeof number);
        break;
    }
    return record(b, b->attribute->type == SP_CFG_ENUM ? sp_str_of(b->attribute->options[number]) : text);
}

static enum sp_status put_single(const struct binding *b, struct sp_str text)
{
    if (b->attribute->storage == SP_CFG_NOWHERE) {
        text = convert_text(b, text);
        return text.ptr ? record(b, text) : SP_EINVAL;
    }
    if (b->attribute->storage == SP_CFG_IN_STR || !is_number(b->attribute))
        return put_text(b, text);
    return put_number(b, text);
}

static enum sp_status bind_single(struct binding *b)
{
    struct sp_str text = single(b);
    if (text.ptr) {
        enum sp_status status = put_single(b, text);
        if (status == SP_OK)
            note_given(b);
        if (status != SP_EINVAL)
            return status;
    }
    if (b->attribute->instead) /* another spelling: the right one has the default */
        return SP_OK;
    b->defaulted = true;
    text = fallback_text(b);
    if (!text.ptr)
        return SP_OK;
    enum sp_status status = put_single(b, text);
    return status == SP_ENOMEM ? status : SP_OK;
}

/* Items of a list as they are collected. */
struct items {
    struct sp_str *list;
    size_t count, room;
};

static enum sp_status add_item(struct sp_load *load, struct items *items, struct sp_str item)
{
    if (items->count == items->room) {
        size_t room = items->room ? items->room * 2 : 8;
        struct sp_str *larger = sp_arena_calloc(load->arena, room, sizeof *larger);
        if (!larger)
            return SP_ENOMEM;
        if (items->count)
            memcpy(larger, items->list, items->count * sizeof *larger);
        items->list = larger;
        items->room = room;
    }
    items->list[items->count++] = item;
    return SP_OK;
}

static enum sp_status add_split(const struct binding *b, struct items *items, struct sp_str text, bool late)
{
    struct sp_str *parts;
    size_t count;
    enum sp_status status =
        sp_value_list(text, b->attribute->flags & SP_CFG_BLANK_LIST, b->load->arena, &parts, &count);
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        struct sp_str item = late ? parts[i] : resolve(b, parts[i]);
        if (item.ptr)
            item = convert_text(b, item);
        if (item.ptr)
            status = add_item(b->load, items, item);
    }
    return status;
}

/* The whole of "${list(name)}", or ptr NULL. */
static struct sp_str list_variable(struct sp_str raw)
{
    const char *open = raw.len ? memmem(raw.ptr, raw.len, "${list(", 7) : NULL;
    size_t from = open ? (size_t)(open - raw.ptr) + 7 : 0;
    const char *close = open ? memmem(raw.ptr + from, raw.len - from, ")}", 2) : NULL;
    return close ? sp_str_slice(raw, from, (size_t)(close - raw.ptr)) : no_text();
}

/* The text of a child element is one item, commas or not. */
static enum sp_status add_child_text(const struct binding *b, struct items *items, struct sp_str raw)
{
    struct sp_str item = resolve(b, sp_str_trim(raw));
    if (item.ptr)
        item = convert_text(b, item);
    return item.len ? add_item(b->load, items, item) : SP_OK;
}

/* Commas that a variable brings do not separate, unless it is asked for as a list or the attribute is one
 * that its maker splits only at the end. */
static enum sp_status add_raw(const struct binding *b, struct items *items, struct sp_str raw, bool child)
{
    struct sp_str name = list_variable(raw);
    if (name.ptr) {
        struct sp_bind_scope scope = {b->node, b->row, b->attribute};
        const struct sp_variable_scope look_up = {sp_bind_scope_attribute, &scope};
        struct sp_str text = sp_variables_get(&b->load->tree->variables, name, &look_up);
        return add_split(b, items, text.ptr ? text : raw, false);
    }
    if (b->attribute->flags & SP_CFG_LATE_LIST) {
        struct sp_str text = resolve(b, raw);
        return text.ptr ? add_split(b, items, text, true) : SP_OK;
    }
    return child ? add_child_text(b, items, raw) : add_split(b, items, raw, false);
}

static enum sp_status collect(struct binding *b, struct items *items)
{
    struct sp_cfg_field *field = b->node ? sp_bind_field(b->node, b->attribute) : NULL;
    enum sp_status status = SP_OK;
    for (struct sp_cfg_value *value = field ? field->first : NULL; value && status == SP_OK;
         value = value->next) {
        b->place = sp_load_at_value(value);
        status = add_raw(b, items, raw_text(value), field->listed);
    }
    if (field && field->first) {
        note_given(b);
    } else if (b->attribute->fallback) {
        b->defaulted = true;
        status = add_split(b, items, sp_str_of(b->attribute->fallback), false);
    }
    return status;
}

/* A list as one text that reads back as the same list. */
static enum sp_status record_list(const struct binding *b, const struct items *items)
{
    struct sp_buf text;
    sp_buf_init(&text, LIST_CEILING);
    for (size_t i = 0; i < items->count; i++) {
        struct sp_str item = items->list[i];
        sp_buf_append_str(&text, i ? SP_STR(", ") : SP_STR(""));
        for (size_t c = 0; c < item.len; c++) {
            bool edge = c == 0 || c + 1 == item.len || b->attribute->flags & SP_CFG_BLANK_LIST;
            if (memchr(",\\", item.ptr[c], 2) || (edge && memchr(" \t\r\n", item.ptr[c], 4)))
                sp_buf_append_byte(&text, '\\');
            sp_buf_append_byte(&text, (unsigned char)item.ptr[c]);
        }
    }
    enum sp_status status = items->count ? record(b, sp_buf_str(&text)) : SP_OK;
    sp_buf_finish(&text);
    return status;
}

static enum sp_status bind_list(struct binding *b)
{
    struct items items = {0};
    enum sp_status status = collect(b, &items);
    if (status == SP_OK)
        status = record_list(b, &items);
    if (status != SP_OK || b->attribute->storage != SP_CFG_IN_STR_LIST)
        return status;
    for (size_t i = 0; i < items.count; i++) {
        items.list[i] = sp_arena_str(b->load->arena, items.list[i]);
        if (!items.list[i].ptr)
            return SP_ENOMEM;
    }
    if (b->attribute->instead && items.count == 0)
        return SP_OK;
    struct sp_str_list list = {items.list, items.count};
    memcpy(b->memory + b->attribute->offset, &list, sizeof list);
    return SP_OK;
}

/* The structure of the element an id names; NULL after telling. */
static void *referenced(const struct binding *b, struct sp_str id, bool written)
{
    const struct sp_cfg_attribute *a = b->attribute;
    struct sp_cfg_node *node = sp_cfg_tree_find(b->load->tree, a->target, id);
    if (node && !node->invalid)
        return node->memory;
    if (written && sp_bind_is_foreign(b->load, id))
        sp_load_problem(b->load, SP_MSG_REFERENCE, b->place,
                        "%.*s: %s=\"%.*s\" names an element of another product, which is left out; "
                        "allowInert permits that",
                        SP_STR_ARG(title_of(b)), a->name, SP_STR_ARG(id));
    else if (written && (a->flags & SP_CFG_SECURITY))
        sp_load_problem(b->load, SP_MSG_REFERENCE_SECURITY, b->place, "%.*s: %s=\"%.*s\" names no <%s>",
                        SP_STR_ARG(title_of(b)), a->name, SP_STR_ARG(id), a->target);
    else if (written)
        sp_load_fault(b->load, SP_MSG_REFERENCE, b->place, "%.*s: %s=\"%.*s\" names no <%s>; it is left out",
                      SP_STR_ARG(title_of(b)), a->name, SP_STR_ARG(id), a->target);
    return NULL;
}

static enum sp_status bind_reference(struct binding *b)
{
    struct sp_cfg_field *nested = b->node ? sp_bind_nested_field(b->node, b->row, b->attribute) : NULL;
    void *target = NULL;
    if (nested && nested->first->node) {
        target = nested->first->node->memory;
    } else {
        struct sp_str id = nested ? resolve(b, nested->first->text) : single(b);
        bool written = id.ptr != NULL && b->node && !b->node->document->built_in;
        b->defaulted = id.ptr == NULL;
        id = id.ptr ? id : b->attribute->instead ? id : fallback_text(b);
        target = id.ptr ? referenced(b, id, written) : NULL;
        if (id.ptr && (written || target) && record(b, id) != SP_OK)
            return SP_ENOMEM;
    }
    if (b->attribute->storage == SP_CFG_IN_POINTER && target)
        memcpy(b->memory + b->attribute->offset, &target, sizeof target);
    return SP_OK;
}

static enum sp_status bind_references(struct binding *b)
{
    struct sp_cfg_field *nested = b->node ? sp_bind_nested_field(b->node, b->row, b->attribute) : NULL;
    struct items ids = {0};
    enum sp_status status = collect(b, &ids);
    size_t count = 0;
    for (struct sp_cfg_value *value = nested ? nested->first : NULL; value && status == SP_OK;
         value = value->next) {
        struct sp_str id = value->node ? no_text() : resolve(b, value->text);
        b->place = sp_load_at_value(value);
        if (id.ptr)
            status = add_item(b->load, &ids, id);
    }
    if (status == SP_OK)
        status = record_list(b, &ids);
    void **pointers =
        status == SP_OK
            ? sp_arena_calloc(b->load->arena, ids.count + (nested ? nested->count : 0) + 1, sizeof(void *))
            : NULL;
    if (!pointers)
        return SP_ENOMEM;
    for (size_t i = 0; i < ids.count; i++) {
        void *target = referenced(b, ids.list[i], true);
        if (target)
            pointers[count++] = target;
    }
    for (struct sp_cfg_value *value = nested ? nested->first : NULL; value; value = value->next) {
        b->place = sp_load_at_value(value);
        if (value->node && value->node->memory)
            pointers[count++] = value->node->memory;
    }
    if (b->attribute->storage != SP_CFG_IN_POINTER || (b->attribute->instead && count == 0))
        return SP_OK;
    memcpy(b->memory + b->attribute->offset, &pointers, sizeof pointers);
    if (b->attribute->counted)
        memcpy(b->memory + b->attribute->count_offset, &count, sizeof count);
    return SP_OK;
}

enum sp_status sp_bind_attribute(struct sp_load *load, struct sp_cfg_node *node,
                                 const struct sp_cfg_element *row, const struct sp_cfg_attribute *attribute,
                                 void *memory)
{
    struct binding b = {load,      node,   row,
                        attribute, memory, node ? sp_load_at(node) : (struct sp_load_place){0}};
    if (attribute->type == SP_CFG_REF)
        return attribute->flags & SP_CFG_LIST ? bind_references(&b) : bind_reference(&b);
    return attribute->flags & SP_CFG_LIST ? bind_list(&b) : bind_single(&b);
}
