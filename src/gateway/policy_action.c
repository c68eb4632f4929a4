/* SPDX-License-Identifier: Apache-2.0
 * What a rule sets, taken apart: the property, and text and headers that its value is made of.
 */
#include "gateway/message.h"
#include "gateway/policy_rules.h"

static const char *const property_names[SP_POLICY_PROPERTY_COUNT] = {
    [SP_POLICY_CONNECTION] = "cicsConnectionRef",
    [SP_POLICY_TRANSACTION] = "cicsTransId",
    [SP_POLICY_CCSID] = "cicsCcsid",
    [SP_POLICY_PROGRAM] = "cicsProgram",
};

const char *sp_policy_property_name(enum sp_policy_property property)
{
    return property_names[property];
}

/* The configuration knows which names there are; those that are not of CICS are of others. */
static enum sp_policy_property find_property(struct sp_str name)
{
    unsigned i = 0;
    while (i < SP_POLICY_PROPERTY_COUNT && !sp_str_is(name, property_names[i]))
        i++;
    return i;
}

static enum sp_status fail(const struct sp_policy_action *action, struct sp_error *err, const char *what)
{
    return sp_error_set(err, SP_EINVAL, SP_MSG_RULE_SET_REFUSED, "%.*s=\"%.*s\": %s",
                        SP_STR_ARG(action->name), SP_STR_ARG(action->value), what);
}

/* "${header}" at the beginning of `rest`, which is cut off. */
static enum sp_status read_variable(const struct sp_rule *rule, const struct sp_policy_action *action,
                                    struct sp_str *rest, struct sp_policy_part *part, struct sp_error *err)
{
    size_t end = sp_str_find(*rest, '}');
    struct sp_str name = sp_str_slice(*rest, 2, end);
    if (end == rest->len)
        return fail(action, err, "a ${ has no }");
    *rest = sp_str_slice(*rest, end + 1, rest->len);
    for (size_t i = 0; i < rule->condition_count; i++)
        if (sp_str_caseless_eq(rule->conditions[i].header, name)) {
            part->condition = &rule->conditions[i];
            return SP_OK;
        }
    return fail(action, err, "the header in ${} must have a condition in the same rule");
}

static size_t find_variable(struct sp_str s)
{
    const char *at = s.len ? memmem(s.ptr, s.len, "${", 2) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

enum sp_status sp_policy_action_read(const struct sp_rule *rule, const struct sp_cfg_property *source,
                                     struct sp_arena *arena, struct sp_policy_action *ret_action,
                                     struct sp_error *err)
{
    struct sp_policy_action action = {find_property(source->name), source->name, source->value, NULL, 0};
    struct sp_policy_part *parts = sp_arena_calloc(arena, SP_POLICY_PARTS_MAX, sizeof *parts);
    struct sp_str rest = action.value;
    enum sp_status status = SP_OK;
    if (!parts)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the rules of a policy");
    while (status == SP_OK && rest.len) {
        if (action.part_count == SP_POLICY_PARTS_MAX)
            return fail(&action, err, "it has more than 16 parts");
        struct sp_policy_part *part = &parts[action.part_count++];
        size_t text = find_variable(rest);
        part->text = sp_str_slice(rest, 0, text);
        if (text)
            rest = sp_str_slice(rest, text, rest.len);
        else
            status = read_variable(rule, &action, &rest, part, err);
    }
    action.parts = parts;
    if (status == SP_OK)
        *ret_action = action;
    return status;
}
