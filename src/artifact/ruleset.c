/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/ruleset.h"

#include <stdio.h>

#include "text/xml.h"

static const char *const property_names[SP_RULE_PROPERTY_COUNT] = {
    [SP_RULE_CONNECTION] = "cicsConnectionRef",
    [SP_RULE_TRANSACTION] = "cicsTransId",
    [SP_RULE_CCSID] = "cicsCcsid",
    [SP_RULE_PROGRAM] = "cicsProgram",
};

static const struct sp_xml_limits limits = {
    .bytes = SP_RULE_SET_BYTES_MAX, .depth = 8, .elements = 50000, .attributes = 8};

struct reader {
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
};

static enum sp_status fail(const struct reader *reader, unsigned line, enum sp_status status, const char *fmt,
                           ...) SP_PRINTF(4, 5);

static enum sp_status fail(const struct reader *reader, unsigned line, enum sp_status status, const char *fmt,
                           ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(reader->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(reader->err, reader->file, line, 0);
    return status;
}

static void *list_of(const struct reader *reader, unsigned line, size_t count, size_t size)
{
    void *list = sp_arena_calloc(reader->arena, count, size);
    if (!list)
        fail(reader, line, SP_ENOMEM, "no memory for the rules");
    return list;
}

const char *sp_rule_property_name(enum sp_rule_property property)
{
    return property_names[property];
}

/* ---------------------------------------------------------------- grammar of the elements */

static bool is_among(struct sp_str name, const char *const *names)
{
    for (; *names; names++)
        if (sp_str_is(name, *names))
            return true;
    return false;
}

/* Only these attributes, only this child, no text. */
static enum sp_status check_form(const struct reader *reader, const struct sp_xml_element *xml,
                                 const char *const *attributes, const char *const *children)
{
    for (const struct sp_xml_attribute *a = xml->attributes; a; a = a->next)
        if (!is_among(a->name, attributes))
            return fail(reader, a->line, SP_EINVAL, "<%.*s> has no attribute \"%.*s\"", SP_STR_ARG(xml->name),
                        SP_STR_ARG(a->name));
    for (const struct sp_xml_element *child = xml->first; child; child = child->next)
        if (!is_among(child->name, children))
            return fail(reader, child->line, SP_EINVAL, "<%.*s> does not belong into <%.*s>",
                        SP_STR_ARG(child->name), SP_STR_ARG(xml->name));
    if (sp_str_trim(xml->text).len)
        return fail(reader, xml->line, SP_EINVAL, "there is text in <%.*s>", SP_STR_ARG(xml->name));
    return SP_OK;
}

/* From 1 to `max` children. */
static enum sp_status count_children(const struct reader *reader, const struct sp_xml_element *xml,
                                     size_t max, size_t *ret_count)
{
    size_t count = 0;
    for (const struct sp_xml_element *child = xml->first; child; child = child->next)
        count++;
    if (!count)
        return fail(reader, xml->line, SP_EINVAL, "<%.*s> is empty", SP_STR_ARG(xml->name));
    if (count > max)
        return fail(reader, xml->line, SP_ELIMIT, "<%.*s> has %zu elements; at most %zu",
                    SP_STR_ARG(xml->name), count, max);
    *ret_count = count;
    return SP_OK;
}

/* ---------------------------------------------------------------- conditions */

static bool is_token(struct sp_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return s.len > 0 && s.len <= SP_RULE_HEADER_BYTES_MAX;
}

static bool has_control(struct sp_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}

static enum sp_status read_values(const struct reader *reader, const struct sp_xml_element *xml,
                                  struct sp_str text, struct sp_rule_condition *condition)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == ',';
    if (count > SP_RULE_VALUES_MAX)
        return fail(reader, xml->line, SP_ELIMIT, "header %.*s has %zu values; at most %u",
                    SP_STR_ARG(condition->header), count, SP_RULE_VALUES_MAX);
    struct sp_str *values = list_of(reader, xml->line, count, sizeof *values), value;
    if (!values)
        return SP_ENOMEM;
    while (sp_str_split(&text, ',', &value)) {
        value = sp_str_trim(value);
        if (!value.len || has_control(value))
            return fail(reader, xml->line, SP_EINVAL, "a value of header %.*s is %s",
                        SP_STR_ARG(condition->header), value.len ? "not printable" : "empty");
        values[condition->value_count++] = value;
    }
    condition->values = values;
    return SP_OK;
}

static enum sp_status read_condition(const struct reader *reader, const struct sp_xml_element *xml,
                                     struct sp_rule_condition *conditions, size_t before)
{
    static const char *const attributes[] = {"name", "value", "match", NULL}, *const none[] = {NULL};
    struct sp_rule_condition *condition = &conditions[before];
    struct sp_str match = sp_xml_attribute(xml, "match"), value = sp_xml_attribute(xml, "value");
    enum sp_status status = check_form(reader, xml, attributes, none);
    if (status != SP_OK)
        return status;
    condition->header = sp_xml_attribute(xml, "name");
    if (!is_token(condition->header))
        return fail(reader, xml->line, SP_EINVAL, "the name of a header is %s",
                    condition->header.len ? "not one that a header can have" : "missing");
    for (size_t i = 0; i < before; i++)
        if (sp_str_caseless_eq(conditions[i].header, condition->header))
            return fail(reader, xml->line, SP_EEXISTS,
                        "header %.*s has two conditions in one rule; write its values with commas between",
                        SP_STR_ARG(condition->header));
    if (match.ptr && !sp_str_is(match, "ANY_VALUE"))
        return fail(reader, xml->line, SP_EINVAL, "match is \"%.*s\"; there is ANY_VALUE only",
                    SP_STR_ARG(match));
    if (match.ptr && sp_str_trim(value).len)
        return fail(reader, xml->line, SP_EINVAL, "header %.*s has values and ANY_VALUE; keep one of them",
                    SP_STR_ARG(condition->header));
    if (match.ptr)
        return SP_OK;
    if (!value.ptr)
        return fail(reader, xml->line, SP_EINVAL, "header %.*s has neither value nor match",
                    SP_STR_ARG(condition->header));
    return read_values(reader, xml, value, condition);
}

static enum sp_status read_conditions(const struct reader *reader, const struct sp_xml_element *xml,
                                      struct sp_rule *rule)
{
    static const char *const none[] = {NULL}, *const children[] = {"header", NULL};
    size_t count = 0;
    enum sp_status status = check_form(reader, xml, none, children);
    if (status == SP_OK)
        status = count_children(reader, xml, SP_RULE_CONDITIONS_MAX, &count);
    if (status != SP_OK)
        return status;
    struct sp_rule_condition *conditions = list_of(reader, xml->line, count, sizeof *conditions);
    if (!conditions)
        return SP_ENOMEM;
    for (const struct sp_xml_element *child = xml->first; child && status == SP_OK; child = child->next)
        status = read_condition(reader, child, conditions, rule->condition_count++);
    rule->conditions = conditions;
    return status;
}

/* ---------------------------------------------------------------- actions */

static enum sp_status find_property(const struct reader *reader, struct sp_rule_action *action)
{
    static const char *const others[] = {"ims", "db2", "mq"};
    for (unsigned i = 0; i < SP_RULE_PROPERTY_COUNT; i++)
        if (sp_str_is(action->name, property_names[i])) {
            action->property = i;
            return SP_OK;
        }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (sp_str_starts(action->name, sp_str_of(others[i])) && action->name.len > strlen(others[i]) &&
            is_token(action->name)) {
            action->property = SP_RULE_OF_OTHERS;
            return SP_OK;
        }
    for (unsigned i = 0; i < SP_RULE_PROPERTY_COUNT; i++)
        if (sp_str_distance(action->name, sp_str_of(property_names[i]), 4) < 4)
            return fail(reader, action->line, SP_EINVAL, "there is no property \"%.*s\"; did you mean %s?",
                        SP_STR_ARG(action->name), property_names[i]);
    return fail(reader, action->line, SP_EINVAL, "there is no property \"%.*s\"", SP_STR_ARG(action->name));
}

/* "${header}" at the beginning of `rest`, which is cut off; the header must have a condition in this rule. */
static enum sp_status read_variable(const struct reader *reader, const struct sp_rule *rule,
                                    const struct sp_rule_action *action, struct sp_str *rest,
                                    struct sp_rule_part *part)
{
    size_t end = sp_str_find(*rest, '}');
    struct sp_str name = sp_str_slice(*rest, 2, end);
    if (end == rest->len)
        return fail(reader, action->line, SP_ESYNTAX, "the value of %.*s has a ${ without its }",
                    SP_STR_ARG(action->name));
    *rest = sp_str_slice(*rest, end + 1, rest->len);
    for (size_t i = 0; i < rule->condition_count; i++)
        if (sp_str_caseless_eq(rule->conditions[i].header, name)) {
            part->condition = &rule->conditions[i];
            return SP_OK;
        }
    return fail(reader, action->line, SP_EINVAL,
                "${%.*s} in the value of %.*s is not a header that this rule has a condition on",
                SP_STR_ARG(name), SP_STR_ARG(action->name));
}

static size_t find_variable(struct sp_str s)
{
    const char *at = s.len ? memmem(s.ptr, s.len, "${", 2) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

static enum sp_status read_parts(const struct reader *reader, const struct sp_rule *rule,
                                 struct sp_rule_action *action)
{
    struct sp_rule_part *parts = list_of(reader, action->line, SP_RULE_PARTS_MAX, sizeof *parts);
    struct sp_str rest = action->value;
    enum sp_status status = parts ? SP_OK : SP_ENOMEM;
    while (status == SP_OK && rest.len) {
        if (action->part_count == SP_RULE_PARTS_MAX)
            return fail(reader, action->line, SP_ELIMIT, "the value of %.*s has more than %u parts",
                        SP_STR_ARG(action->name), SP_RULE_PARTS_MAX);
        struct sp_rule_part *part = &parts[action->part_count++];
        size_t text = find_variable(rest);
        if (text) {
            part->text = sp_str_slice(rest, 0, text);
            rest = sp_str_slice(rest, text, rest.len);
        } else {
            status = read_variable(reader, rule, action, &rest, part);
        }
    }
    action->parts = parts;
    return status;
}

static enum sp_status read_action(const struct reader *reader, const struct sp_xml_element *xml,
                                  const struct sp_rule *rule, struct sp_rule_action *actions, size_t before)
{
    static const char *const attributes[] = {"property", "value", NULL}, *const none[] = {NULL};
    struct sp_rule_action *action = &actions[before];
    enum sp_status status = check_form(reader, xml, attributes, none);
    if (status != SP_OK)
        return status;
    *action = (struct sp_rule_action){.name = sp_xml_attribute(xml, "property"),
                                      .value = sp_str_trim(sp_xml_attribute(xml, "value")),
                                      .line = xml->line};
    if (!action->name.len || !action->value.len)
        return fail(reader, xml->line, SP_EINVAL, "<set> has no %s", action->name.len ? "value" : "property");
    if (action->value.len > SP_RULE_VALUE_BYTES_MAX)
        return fail(reader, xml->line, SP_ELIMIT, "the value of %.*s has %zu bytes; at most %u",
                    SP_STR_ARG(action->name), action->value.len, SP_RULE_VALUE_BYTES_MAX);
    for (size_t i = 0; i < before; i++)
        if (sp_str_eq(actions[i].name, action->name))
            return fail(reader, xml->line, SP_EEXISTS, "%.*s is set twice in one rule",
                        SP_STR_ARG(action->name));
    status = find_property(reader, action);
    return status == SP_OK ? read_parts(reader, rule, action) : status;
}

static enum sp_status read_actions(const struct reader *reader, const struct sp_xml_element *xml,
                                   struct sp_rule *rule)
{
    static const char *const none[] = {NULL}, *const children[] = {"set", NULL};
    size_t count = 0;
    enum sp_status status = check_form(reader, xml, none, children);
    if (status == SP_OK)
        status = count_children(reader, xml, SP_RULE_ACTIONS_MAX, &count);
    if (status != SP_OK)
        return status;
    struct sp_rule_action *actions = list_of(reader, xml->line, count, sizeof *actions);
    if (!actions)
        return SP_ENOMEM;
    for (const struct sp_xml_element *child = xml->first; child && status == SP_OK; child = child->next)
        status = read_action(reader, child, rule, actions, rule->action_count++);
    rule->actions = actions;
    return status;
}

/* ---------------------------------------------------------------- rules */

/* The one child of that name. */
static enum sp_status only_child(const struct reader *reader, const struct sp_xml_element *xml,
                                 const char *name, const struct sp_xml_element **ret_child)
{
    const struct sp_xml_element *child = sp_xml_child(xml, name);
    const struct sp_xml_element *second = child ? sp_xml_sibling(child, name) : NULL;
    if (!child)
        return fail(reader, xml->line, SP_EINVAL, "<rule> has no <%s>", name);
    if (second)
        return fail(reader, second->line, SP_EEXISTS, "<rule> has <%s> twice", name);
    *ret_child = child;
    return SP_OK;
}

static enum sp_status read_rule(const struct reader *reader, const struct sp_xml_element *xml,
                                struct sp_rule *rule)
{
    static const char *const attributes[] = {"name", NULL}, *const children[] = {"conditions", "actions",
                                                                                 NULL};
    const struct sp_xml_element *conditions = NULL, *actions = NULL;
    rule->line = xml->line;
    rule->name = sp_str_trim(sp_xml_attribute(xml, "name"));
    enum sp_status status = check_form(reader, xml, attributes, children);
    if (status == SP_OK && (!rule->name.len || has_control(rule->name)))
        status = fail(reader, xml->line, SP_EINVAL, "<rule> has no name");
    if (status == SP_OK)
        status = only_child(reader, xml, "conditions", &conditions);
    if (status == SP_OK)
        status = only_child(reader, xml, "actions", &actions);
    if (status == SP_OK)
        status = read_conditions(reader, conditions, rule);
    return status == SP_OK ? read_actions(reader, actions, rule) : status;
}

enum sp_status sp_rule_set_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                                struct sp_rule_set **ret_set, struct sp_error *err)
{
    static const char *const attributes[] = {"name", NULL}, *const children[] = {"rule", NULL};
    const struct reader reader = {file, arena, err};
    struct sp_xml_element *root = NULL;
    size_t count = 0;
    enum sp_status status = sp_xml_parse(bytes, file, arena, &limits, &root, err);
    if (status != SP_OK)
        return status;
    if (!sp_str_is(root->name, "ruleset"))
        return fail(&reader, root->line, SP_EINVAL, "the file begins with <%.*s>; a rule set is <ruleset>",
                    SP_STR_ARG(root->name));
    status = check_form(&reader, root, attributes, children);
    if (status == SP_OK)
        status = count_children(&reader, root, SP_RULES_MAX, &count);
    if (status != SP_OK)
        return status;
    struct sp_rule_set *set = list_of(&reader, root->line, 1, sizeof *set);
    struct sp_rule *rules = list_of(&reader, root->line, count, sizeof *rules);
    if (!set || !rules)
        return SP_ENOMEM;
    set->name = sp_xml_attribute(root, "name");
    set->rules = rules;
    for (const struct sp_xml_element *child = root->first; child && status == SP_OK; child = child->next)
        status = read_rule(&reader, child, &rules[set->rule_count++]);
    if (status == SP_OK)
        *ret_set = set;
    return status;
}
