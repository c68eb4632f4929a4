/* SPDX-License-Identifier: Apache-2.0 */
#include "config/rule_set.h"

#include <stdio.h>

#include "base/buf.h"
#include "config/message.h"
#include "config/table.h"
#include "config/value.h"
#include "text/xml.h"

#define RULES_MAX 1000
#define PARTS_MAX 32
#define VALUES_MAX 256
#define VALUE_MAX_BYTES 256

/* What a rule may set. */
static const char *const properties[] = {
    "cicsCcsid",
    "cicsConnectionRef",
    "cicsTransId",
    "cicsProgram",
    "db2CollectionID",
    "db2ConnectionRef",
    "imsConnectionRef",
    "imsInteractionRef",
    "imsInteractionTimeout",
    "imsLtermOverrideName",
    "imsTranCode",
    "imsTranExpiration",
    NULL,
};

struct reader {
    struct sp_arena *arena;
    struct sp_problems *problems;
    struct sp_str file;
    bool wrong, exhausted;
};

static void wrong(struct reader *r, const struct sp_xml_element *at, const char *fmt, ...) SP_PRINTF(3, 4);

static void wrong(struct reader *r, const struct sp_xml_element *at, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    r->wrong = true;
    sp_problem_add(r->problems, SP_PROBLEM_ERROR, SP_MSG_RULE_SET, r->file, at->line, at->column, "%s", text);
}

/* Only these attributes, and no text. */
static void check_form(struct reader *r, const struct sp_xml_element *element, const char *attributes)
{
    for (const struct sp_xml_attribute *a = element->attributes; a; a = a->next) {
        if (!sp_cfg_named_in(attributes, a->name))
            wrong(r, element, "<%.*s> has no attribute %.*s", SP_STR_ARG(element->name), SP_STR_ARG(a->name));
    }
    if (sp_str_trim(element->text).len)
        wrong(r, element, "there is text in <%.*s>", SP_STR_ARG(element->name));
}

/* What the name of a header field is made of (RFC 9110, section 5.6.2). */
static bool is_token(struct sp_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return true;
}

static size_t count_children(const struct sp_xml_element *element)
{
    size_t count = 0;
    for (const struct sp_xml_element *child = element->first; child; child = child->next)
        count++;
    return count;
}

/* Room for the children of an element that must all be <name>, from 1 to `most`; NULL after telling. */
static void *room_for(struct reader *r, const struct sp_xml_element *parent, const char *name, size_t most,
                      size_t size)
{
    size_t count = count_children(parent);
    for (const struct sp_xml_element *child = parent->first; child; child = child->next) {
        if (!sp_str_is(child->name, name))
            wrong(r, child, "<%.*s> does not belong into <%.*s>, only <%s>", SP_STR_ARG(child->name),
                  SP_STR_ARG(parent->name), name);
    }
    if (count == 0 || count > most) {
        wrong(r, parent, "<%.*s> holds %zu elements, where 1 to %zu may be", SP_STR_ARG(parent->name), count,
              most);
        return NULL;
    }
    void *room = sp_arena_calloc(r->arena, count, size);
    r->exhausted |= room == NULL;
    return room;
}

static struct sp_str required(struct reader *r, const struct sp_xml_element *element, const char *name)
{
    struct sp_str value = sp_str_trim(sp_xml_attribute(element, name));
    if (value.len == 0)
        wrong(r, element, "<%.*s> needs %s=\"...\"", SP_STR_ARG(element->name), name);
    return value;
}

static void read_condition(struct reader *r, const struct sp_xml_element *element,
                           struct sp_rule_condition *condition)
{
    struct sp_str value = sp_xml_attribute(element, "value"), match = sp_xml_attribute(element, "match");
    struct sp_str *items = NULL;
    size_t count = 0;
    check_form(r, element, "name value match");
    condition->header = required(r, element, "name");
    if (!is_token(condition->header))
        wrong(r, element, "no header can have the name \"%.*s\"", SP_STR_ARG(condition->header));
    if (match.ptr && sp_str_trim(value).len == 0)
        value = (struct sp_str){NULL, 0}; /* value="" beside match */
    if (value.ptr && match.ptr)
        wrong(r, element, "<header> has value or match, not both");
    else if (match.ptr && !sp_str_is(match, "ANY_VALUE"))
        wrong(r, element, "match=\"%.*s\" is not ANY_VALUE", SP_STR_ARG(match));
    else if (!value.ptr && !match.ptr)
        wrong(r, element, "<header> needs value=\"...\" or match=\"ANY_VALUE\"");
    if (value.ptr && sp_value_list(value, false, r->arena, &items, &count) != SP_OK)
        r->exhausted = true;
    if (value.ptr && (count == 0 || count > VALUES_MAX))
        wrong(r, element, "value holds %zu values, where 1 to %d may be", count, VALUES_MAX);
    condition->values = (struct sp_str_list){items, count};
}

static const char *known_property(struct sp_str name)
{
    for (size_t i = 0; properties[i]; i++) {
        if (sp_str_is(name, properties[i]))
            return properties[i];
    }
    return NULL;
}

/* The name in the first ${name} of a value; ptr NULL when there is none. */
static struct sp_str header_in(struct sp_str value)
{
    const char *open = value.len ? memmem(value.ptr, value.len, "${", 2) : NULL;
    size_t from = open ? (size_t)(open - value.ptr) + 2 : 0;
    const char *close = open ? memchr(value.ptr + from, '}', value.len - from) : NULL;
    return close ? sp_str_slice(value, from, (size_t)(close - value.ptr)) : (struct sp_str){NULL, 0};
}

static void read_action(struct reader *r, const struct sp_xml_element *element,
                        struct sp_cfg_property *action)
{
    check_form(r, element, "property value");
    struct sp_str name = required(r, element, "property");
    const char *known = known_property(name);
    action->name = sp_str_of(known);
    action->value = sp_str_trim(required(r, element, "value"));
    if (name.len && !known)
        wrong(r, element, "property=\"%.*s\" cannot be set by a rule", SP_STR_ARG(name));
    if (action->value.len > VALUE_MAX_BYTES)
        wrong(r, element, "a value of %zu bytes is longer than %d", action->value.len, VALUE_MAX_BYTES);
    if (known && strcmp(known, "db2CollectionID") == 0 && memchr(action->value.ptr, '#', action->value.len))
        wrong(r, element, "a db2CollectionID cannot hold #");
}

/* A client who may send any value and whose value is taken over chooses freely among all connections. */
static void warn_open_choice(struct reader *r, const struct sp_xml_element *element,
                             const struct sp_rule *rule)
{
    for (size_t i = 0; i < rule->action_count; i++) {
        struct sp_str header = header_in(rule->actions[i].value);
        bool listed = header.ptr == NULL;
        for (size_t c = 0; c < rule->condition_count && !listed; c++)
            listed = sp_str_caseless_eq(rule->conditions[c].header, header) &&
                     rule->conditions[c].values.count > 0;
        if (!listed)
            sp_problem_add(
                r->problems, SP_PROBLEM_WARNING, SP_MSG_RULE_OPEN, r->file, element->line, element->column,
                "rule %.*s: callers choose %.*s freely by the header %.*s; list the values that may be",
                SP_STR_ARG(rule->name), SP_STR_ARG(rule->actions[i].name), SP_STR_ARG(header));
    }
}

static const struct sp_xml_element *only_child(struct reader *r, const struct sp_xml_element *rule,
                                               const char *name)
{
    const struct sp_xml_element *child = sp_xml_child(rule, name);
    if (!child || sp_xml_sibling(child, name))
        wrong(r, rule, "<rule> needs exactly one <%s>", name);
    return child;
}

static void read_rule(struct reader *r, const struct sp_xml_element *element, struct sp_rule *rule)
{
    check_form(r, element, "name");
    rule->line = element->line;
    rule->name = required(r, element, "name");
    const struct sp_xml_element *conditions = only_child(r, element, "conditions"),
                                *actions = only_child(r, element, "actions");
    if (conditions && actions && count_children(element) != 2)
        wrong(r, element, "<rule> holds more than <conditions> and <actions>");
    if (conditions)
        check_form(r, conditions, "");
    if (actions)
        check_form(r, actions, "");
    struct sp_rule_condition *condition =
        conditions ? room_for(r, conditions, "header", PARTS_MAX, sizeof *condition) : NULL;
    struct sp_cfg_property *action = actions ? room_for(r, actions, "set", PARTS_MAX, sizeof *action) : NULL;
    rule->conditions = condition;
    rule->actions = action;
    for (const struct sp_xml_element *e = condition ? conditions->first : NULL; e; e = e->next)
        read_condition(r, e, &condition[rule->condition_count++]);
    for (const struct sp_xml_element *e = action ? actions->first : NULL; e; e = e->next)
        read_action(r, e, &action[rule->action_count++]);
    if (!r->wrong)
        warn_open_choice(r, element, rule);
}

enum sp_status sp_rule_set_parse(struct sp_str xml, struct sp_str file, struct sp_arena *arena,
                                 struct sp_problems *problems, struct sp_rule_set *ret_set)
{
    struct reader r = {.arena = arena, .problems = problems, .file = file};
    struct sp_rule_set set = {.file = file};
    struct sp_xml_element *root;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_xml_parse(xml, NULL, arena, NULL, &root, &err);
    if (status == SP_ENOMEM)
        return status;
    if (status != SP_OK) {
        sp_problem_add(problems, SP_PROBLEM_ERROR, SP_MSG_RULE_SET, file, err.line, err.column, "%s",
                       err.text);
        return SP_EINVAL;
    }
    if (!sp_str_is(root->name, "ruleset"))
        wrong(&r, root, "the outermost element is <%.*s>, not <ruleset>", SP_STR_ARG(root->name));
    check_form(&r, root, "name");
    set.name = sp_str_trim(sp_xml_attribute(root, "name"));
    struct sp_rule *rules = room_for(&r, root, "rule", RULES_MAX, sizeof *rules);
    set.rules = rules;
    for (const struct sp_xml_element *e = rules ? root->first : NULL; e && !r.exhausted; e = e->next)
        read_rule(&r, e, &rules[set.rule_count++]);
    if (r.exhausted)
        return SP_ENOMEM;
    if (r.wrong)
        return SP_EINVAL;
    *ret_set = set;
    return SP_OK;
}
