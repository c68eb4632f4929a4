/* SPDX-License-Identifier: Apache-2.0
 * What the rules of a policy say of one request.
 */
#include "gateway/policy_rules.h"

/* The name by which a service's properties know what the rules set. */
static const char *const service_names[SP_POLICY_PROPERTY_COUNT] = {
    [SP_POLICY_CONNECTION] = "connectionRef",
    [SP_POLICY_TRANSACTION] = "transid",
    [SP_POLICY_CCSID] = "ccsid",
    [SP_POLICY_PROGRAM] = "program",
};

struct request {
    const struct sp_policy_rules *rules;
    struct sp_str values[SP_POLICY_HEADERS_MAX]; /* ptr NULL: the request has no such header */
    struct sp_arena *arena;
    struct sp_policy_choice *choice;
    bool chosen[SP_POLICY_PROPERTY_COUNT];
    struct sp_error *err;
};

/* ---------------------------------------------------------------- values */

size_t sp_policy_header_index(const struct sp_policy_rules *rules, struct sp_str name)
{
    size_t i = 0;
    while (i < rules->header_count && !sp_str_caseless_eq(rules->headers[i], name))
        i++;
    return i;
}

struct sp_sor_connection *sp_policy_connection(const struct sp_policy_rules *rules, struct sp_str id)
{
    for (size_t i = 0; i < rules->connection_count; i++)
        if (sp_str_eq(sp_sor_reference(rules->connections[i]), id))
            return rules->connections[i];
    return NULL;
}

static struct sp_str part_text(const struct sp_rule *rule, const struct sp_policy_part *part,
                               const struct sp_str *values)
{
    return part->condition ? values[part->condition - rule->conditions] : part->text;
}

struct sp_str sp_policy_expand(const struct sp_rule *rule, const struct sp_policy_action *action,
                               const struct sp_str *values, char room[SP_POLICY_VALUE_BYTES_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < action->part_count; i++) {
        struct sp_str part = part_text(rule, &action->parts[i], values);
        if (part.len > SP_POLICY_VALUE_BYTES_MAX - len)
            return (struct sp_str){NULL, 0};
        if (part.len)
            memcpy(room + len, part.ptr, part.len);
        len += part.len;
    }
    return sp_str_from(room, len);
}

/* Letters, digits and the characters that `others` lists. */
static bool is_made_of(struct sp_str s, size_t longest, const char *others)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = sp_upper(s.ptr[i]);
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(others, c))))
            return false;
    }
    return s.len > 0 && s.len <= longest;
}

const char *sp_policy_value_fault(const struct sp_policy_rules *rules, enum sp_policy_property property,
                                  struct sp_str value)
{
    switch (property) {
    case SP_POLICY_CONNECTION:
        return sp_policy_connection(rules, value) ? NULL : "must be the id of a connection to CICS";
    case SP_POLICY_TRANSACTION:
        return is_made_of(value, 4, "$@#./-_%&?!:|\"=,;<>")
                   ? NULL
                   : "must be a transaction id, 1 to 4 characters that CICS allows";
    case SP_POLICY_CCSID:
        return sp_codepage_named(value, SP_NEWLINE_15) ? NULL : "must be a code page that is known";
    case SP_POLICY_PROGRAM:
        return is_made_of(value, 8, "$@#")
                   ? NULL
                   : "must be the name of a program, 1 to 8 characters that CICS allows";
    case SP_POLICY_OF_OTHERS:
        break;
    }
    return NULL;
}

/* ---------------------------------------------------------------- the request */

/* The value of each header that the rules look at. Which of two counts would be a guess. */
static enum sp_status take_headers(struct request *request, const struct sp_http_header *headers,
                                   size_t count)
{
    const struct sp_policy_rules *rules = request->rules;
    memset(request->values, 0, rules->header_count * sizeof *request->values);
    for (size_t i = 0; i < count; i++) {
        size_t at = sp_policy_header_index(rules, headers[i].name);
        if (at == rules->header_count)
            continue;
        if (request->values[at].ptr)
            return sp_error_set(request->err, SP_EINVAL, NULL,
                                "Header %.*s is given more than once, and the policy of the API looks at it.",
                                SP_STR_ARG(rules->headers[at]));
        request->values[at] = sp_str_trim(headers[i].value);
        if (!request->values[at].len)
            request->values[at] = SP_STR("");
    }
    return SP_OK;
}

static bool holds(const struct sp_rule_condition *condition, struct sp_str value)
{
    bool found = !condition->values.count;
    for (size_t i = 0; i < condition->values.count && !found; i++)
        found = sp_str_eq(condition->values.items[i], value);
    return value.ptr && found;
}

static bool matches(const struct request *request, const struct sp_policy_rule *rule, struct sp_str *values)
{
    for (size_t i = 0; i < rule->source->condition_count; i++) {
        values[i] = request->values[rule->headers[i]];
        if (!holds(&rule->source->conditions[i], values[i]))
            return false;
    }
    return true;
}

/* The client learns which header was wrong, not what there is. */
static enum sp_status refuse(const struct request *request, const struct sp_policy_action *action,
                             const char *fault)
{
    struct sp_str header = SP_STR("");
    for (size_t i = 0; i < action->part_count && !header.len; i++)
        if (action->parts[i].condition)
            header = action->parts[i].condition->header;
    return sp_error_set(request->err, SP_EINVAL, NULL,
                        "The value of header %.*s cannot be used by the policy of the API: %s %s.",
                        SP_STR_ARG(header), sp_policy_property_name(action->property), fault);
}

static size_t page_index(const struct sp_policy_rules *rules, struct sp_str name)
{
    const struct sp_codepage *page = sp_codepage_named(name, SP_NEWLINE_15);
    size_t i = 0;
    while (i < rules->page_count && rules->pages[i] != page)
        i++;
    return i;
}

static enum sp_status choose(struct request *request, const struct sp_rule *rule,
                             const struct sp_policy_action *action, const struct sp_str *values)
{
    struct sp_policy_choice *choice = request->choice;
    char *room = sp_arena_alloc(request->arena, SP_POLICY_VALUE_BYTES_MAX);
    if (!room)
        return sp_error_set(request->err, SP_ENOMEM, NULL, "no memory for the policy's choice");
    struct sp_str value = sp_policy_expand(rule, action, values, room);
    const char *fault = sp_policy_value_fault(request->rules, action->property, value);
    size_t page = action->property == SP_POLICY_CCSID && !fault ? page_index(request->rules, value) : 0;
    if (action->property == SP_POLICY_CCSID && !fault && page == request->rules->page_count)
        fault = "must be a code page that the rule names";
    if (fault)
        return refuse(request, action, fault);
    if (action->property == SP_POLICY_CONNECTION) {
        choice->connection = sp_policy_connection(request->rules, value);
        return SP_OK;
    }
    if (action->property == SP_POLICY_CCSID)
        choice->page = 1 + page;
    choice->overrides[choice->override_count++] =
        (struct sp_property){sp_str_of(service_names[action->property]), value};
    return SP_OK;
}

static enum sp_status apply(struct request *request, const struct sp_policy_rule *rule,
                            const struct sp_str *values)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < rule->source->action_count && status == SP_OK; i++) {
        const struct sp_policy_action *action = &rule->actions[i];
        if (action->property == SP_POLICY_OF_OTHERS || request->chosen[action->property])
            continue;
        request->chosen[action->property] = true;
        status = choose(request, rule->source, action, values);
    }
    return status;
}

enum sp_status sp_policy_rules_apply(const struct sp_policy_rules *rules,
                                     const struct sp_http_header *headers, size_t header_count,
                                     struct sp_arena *arena, struct sp_policy_choice *ret_choice,
                                     struct sp_error *err)
{
    struct sp_policy_choice choice = {0};
    struct request request;
    struct sp_str values[SP_POLICY_CONDITIONS_MAX];
    request.rules = rules;
    request.arena = arena;
    request.choice = &choice;
    request.err = err;
    memset(request.chosen, 0, sizeof request.chosen);
    enum sp_status status = take_headers(&request, headers, header_count);
    for (size_t i = 0; i < rules->rule_count && status == SP_OK; i++)
        if (matches(&request, &rules->rules[i], values))
            status = apply(&request, &rules->rules[i], values);
    if (status == SP_OK)
        *ret_choice = choice;
    return status;
}
