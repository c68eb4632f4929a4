/* SPDX-License-Identifier: Apache-2.0
 * Rule sets to compiled rules: what can be known when the server starts is checked then.
 */
#include "gateway/policy.h"

#include <stdlib.h>

#include "gateway/message.h"
#include "gateway/policy_rules.h"

#define COMBINATIONS_MAX 4096u
#define COMPARISONS_MAX 20000000u
#define PAGES_MAX 64u

struct compiler {
    const struct sp_cfg_policy *config;
    struct sp_policy_rules *rules;
    struct sp_arena *arena;
    struct sp_problems *problems;
    struct sp_error *err;
};

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the rules of a policy");
}

/* A rule that cannot be used makes the policy unusable. */
static enum sp_status refuse(const struct compiler *c, const struct sp_policy_rule *rule,
                             const struct sp_policy_action *action, const char *fault)
{
    sp_error_set(c->err, SP_EINVAL, SP_MSG_RULE_SET_REFUSED, "rule \"%.*s\": %.*s=\"%.*s\" %s",
                 SP_STR_ARG(rule->source->name), SP_STR_ARG(action->name), SP_STR_ARG(action->value), fault);
    return SP_EINVAL;
}

/* ---------------------------------------------------------------- values that are set */

/* Every combination of the values that the conditions allow. */
struct combination {
    const struct sp_rule *rule;
    size_t at[SP_POLICY_CONDITIONS_MAX];
    bool used[SP_POLICY_CONDITIONS_MAX]; /* by the action */
    struct sp_str values[SP_POLICY_CONDITIONS_MAX];
    size_t count;
    bool open; /* a header that may have any value is used */
};

static void begin_combination(const struct sp_rule *rule, const struct sp_policy_action *action,
                              struct combination *ret)
{
    *ret = (struct combination){.rule = rule, .count = 1};
    for (size_t i = 0; i < action->part_count; i++)
        if (action->parts[i].condition)
            ret->used[action->parts[i].condition - rule->conditions] = true;
    for (size_t i = 0; i < rule->condition_count; i++) {
        size_t values = rule->conditions[i].values.count;
        if (ret->used[i] && !values)
            ret->open = true;
        else if (ret->used[i] && ret->count <= COMBINATIONS_MAX)
            ret->count *= values;
        if (ret->used[i] && values)
            ret->values[i] = rule->conditions[i].values.items[0];
    }
}

static void next_combination(struct combination *c)
{
    for (size_t i = 0; i < c->rule->condition_count; i++) {
        const struct sp_rule_condition *condition = &c->rule->conditions[i];
        if (!c->used[i])
            continue;
        c->at[i] = (c->at[i] + 1) % condition->values.count;
        c->values[i] = condition->values.items[c->at[i]];
        if (c->at[i])
            return;
    }
}

static enum sp_status add_page(const struct compiler *c, struct sp_str name)
{
    struct sp_policy_rules *rules = c->rules;
    const struct sp_codepage *page = sp_codepage_named(name, SP_NEWLINE_15);
    for (size_t i = 0; i < rules->page_count; i++)
        if (rules->pages[i] == page)
            return SP_OK;
    if (rules->page_count == PAGES_MAX)
        return sp_error_set(c->err, SP_ELIMIT, SP_MSG_RULE_SET_REFUSED,
                            "the rules choose more than %u code pages", PAGES_MAX);
    rules->pages[rules->page_count++] = page;
    return SP_OK;
}

static enum sp_status check_closed(const struct compiler *c, const struct sp_policy_rule *rule,
                                   const struct sp_policy_action *action, struct combination *combination)
{
    char room[SP_POLICY_VALUE_BYTES_MAX];
    enum sp_status status = SP_OK;
    if (combination->count > COMBINATIONS_MAX)
        return refuse(c, rule, action, "has too many values to be checked; use fewer headers or values");
    for (size_t i = 0; i < combination->count && status == SP_OK; i++, next_combination(combination)) {
        struct sp_str value = sp_policy_expand(rule->source, action, combination->values, room);
        const char *fault = sp_policy_value_fault(c->rules, action->property, value);
        if (fault && combination->count > 1) {
            status = refuse(c, rule, action, fault);
            sp_error_prefix(c->err, "value \"%.*s\"", SP_STR_ARG(value));
        } else if (fault) {
            status = refuse(c, rule, action, fault);
        } else if (action->property == SP_POLICY_CCSID) {
            status = add_page(c, value);
        }
    }
    return status;
}

/* A header of any value lets the client choose freely among what the property can be; the configuration has
 * told that. */
static enum sp_status check_open(const struct compiler *c, const struct sp_policy_rule *rule,
                                 const struct sp_policy_action *action)
{
    if (action->property != SP_POLICY_CONNECTION && action->property != SP_POLICY_TRANSACTION)
        return refuse(c, rule, action, "must not come from a header of ANY_VALUE; list the header's values");
    return SP_OK;
}

static enum sp_status check_action(const struct compiler *c, const struct sp_policy_rule *rule,
                                   const struct sp_policy_action *action)
{
    struct combination combination;
    if (action->property == SP_POLICY_OF_OTHERS) {
        sp_problem_add(c->problems, SP_PROBLEM_INFO, SP_MSG_RULE_NOT_APPLICABLE, rule->file,
                       rule->source->line, 0,
                       "rule \"%.*s\" of policy %.*s sets %.*s, which is not of CICS and has no effect here",
                       SP_STR_ARG(rule->source->name), SP_STR_ARG(c->config->id), SP_STR_ARG(action->name));
        return SP_OK;
    }
    begin_combination(rule->source, action, &combination);
    return combination.open ? check_open(c, rule, action) : check_closed(c, rule, action, &combination);
}

/* ---------------------------------------------------------------- rules */

static enum sp_status find_headers(const struct compiler *c, struct sp_policy_rule *rule)
{
    struct sp_policy_rules *rules = c->rules;
    size_t *indexes = sp_arena_calloc(c->arena, rule->source->condition_count, sizeof *indexes);
    if (!indexes)
        return no_memory(c->err);
    for (size_t i = 0; i < rule->source->condition_count; i++) {
        struct sp_str name = rule->source->conditions[i].header;
        indexes[i] = sp_policy_header_index(rules, name);
        if (indexes[i] == SP_POLICY_HEADERS_MAX)
            return sp_error_set(c->err, SP_ELIMIT, SP_MSG_RULE_SET_REFUSED,
                                "the rules look at more than %u headers", SP_POLICY_HEADERS_MAX);
        if (indexes[i] == rules->header_count)
            rules->headers[rules->header_count++] = name;
    }
    rule->headers = indexes;
    return SP_OK;
}

static enum sp_status add_actions(const struct compiler *c, struct sp_policy_rule *rule)
{
    const struct sp_rule *source = rule->source;
    struct sp_policy_action *actions = sp_arena_calloc(c->arena, source->action_count, sizeof *actions);
    enum sp_status status = actions ? SP_OK : no_memory(c->err);
    rule->actions = actions;
    for (size_t i = 0; i < source->action_count && status == SP_OK; i++) {
        for (size_t k = 0; k < i; k++)
            if (sp_str_eq(source->actions[k].name, source->actions[i].name))
                return refuse(c, rule, &actions[k], "is set twice");
        status = sp_policy_action_read(source, &source->actions[i], c->arena, &actions[i], c->err);
        if (status == SP_OK)
            status = check_action(c, rule, &actions[i]);
        else
            sp_error_prefix(c->err, "rule \"%.*s\"", SP_STR_ARG(source->name));
    }
    return status;
}

static enum sp_status add_rule(const struct compiler *c, const struct sp_rule *source, struct sp_str file)
{
    struct sp_policy_rules *rules = c->rules;
    if (rules->rule_count == SP_POLICY_RULES_MAX)
        return sp_error_set(c->err, SP_ELIMIT, SP_MSG_RULE_SET_REFUSED, "there are more than %u rules",
                            SP_POLICY_RULES_MAX);
    struct sp_policy_rule *rule = &rules->rules[rules->rule_count];
    *rule = (struct sp_policy_rule){.source = source, .file = file, .order = rules->rule_count};
    rules->rule_count++;
    enum sp_status status = find_headers(c, rule);
    if (status == SP_OK)
        status = add_actions(c, rule);
    if (status != SP_OK)
        sp_error_at(c->err, file.ptr, source->line, 0);
    return status;
}

static enum sp_status add_set(const struct compiler *c, const struct sp_rule_set *set)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < set->rule_count && status == SP_OK; i++)
        status = add_rule(c, &set->rules[i], set->file);
    return status;
}

/* ---------------------------------------------------------------- which rule wins */

static int by_precedence(const void *a, const void *b)
{
    const struct sp_policy_rule *one = a, *other = b;
    if (one->source->condition_count != other->source->condition_count)
        return one->source->condition_count > other->source->condition_count ? -1 : 1;
    return one->order < other->order ? -1 : 1;
}

/* Whether no value of one header satisfies both. */
static bool are_disjoint(const struct sp_rule_condition *a, const struct sp_rule_condition *b)
{
    if (!a->values.count || !b->values.count || !sp_str_caseless_eq(a->header, b->header))
        return false;
    for (size_t i = 0; i < a->values.count; i++)
        for (size_t k = 0; k < b->values.count; k++)
            if (sp_str_eq(a->values.items[i], b->values.items[k]))
                return false;
    return true;
}

static bool exclude_each_other(const struct sp_rule *a, const struct sp_rule *b, size_t *comparisons)
{
    for (size_t i = 0; i < a->condition_count; i++)
        for (size_t k = 0; k < b->condition_count; k++) {
            *comparisons += 1 + a->conditions[i].values.count * b->conditions[k].values.count;
            if (are_disjoint(&a->conditions[i], &b->conditions[k]))
                return true;
        }
    return false;
}

/* A property that both set to different values; NULL. */
static const struct sp_policy_action *conflict(const struct sp_policy_rule *a, const struct sp_policy_rule *b)
{
    for (size_t i = 0; i < a->source->action_count; i++)
        for (size_t k = 0; k < b->source->action_count; k++)
            if (a->actions[i].property != SP_POLICY_OF_OTHERS &&
                a->actions[i].property == b->actions[k].property &&
                !sp_str_eq(a->actions[i].value, b->actions[k].value))
                return &b->actions[k];
    return NULL;
}

/* The nearest rule before rule `k` that may hold together with it and contradicts it. */
static void tell_conflict(const struct compiler *c, size_t k, size_t *comparisons)
{
    const struct sp_policy_rule *other = &c->rules->rules[k];
    for (size_t i = k; i-- > 0 && *comparisons < COMPARISONS_MAX;) {
        const struct sp_policy_rule *one = &c->rules->rules[i];
        if (one->source->condition_count != other->source->condition_count)
            return;
        const struct sp_policy_action *action = conflict(one, other);
        ++*comparisons;
        if (!action || exclude_each_other(one->source, other->source, comparisons))
            continue;
        sp_problem_add(c->problems, SP_PROBLEM_WARNING, SP_MSG_RULE_CONFLICT, other->file,
                       other->source->line, 0,
                       "rules \"%.*s\" and \"%.*s\" of policy %.*s may hold for one request and both set "
                       "%.*s; the first one counts",
                       SP_STR_ARG(one->source->name), SP_STR_ARG(other->source->name),
                       SP_STR_ARG(c->config->id), SP_STR_ARG(action->name));
        return;
    }
}

/* Rules of as many conditions that may hold at once: only their place tells which one wins. Told as far as a
 * start does not wait for it. */
static void tell_conflicts(const struct compiler *c)
{
    size_t comparisons = 0;
    for (size_t k = 1; k < c->rules->rule_count; k++)
        tell_conflict(c, k, &comparisons);
}

/* ---------------------------------------------------------------- the policy */

static enum sp_status compile(const struct compiler *c)
{
    c->rules->rules = sp_arena_calloc(c->arena, SP_POLICY_RULES_MAX, sizeof *c->rules->rules);
    c->rules->pages = sp_arena_calloc(c->arena, PAGES_MAX, sizeof *c->rules->pages);
    if (!c->rules->rules || !c->rules->pages)
        return no_memory(c->err);
    if (!c->config->rule_sets.count)
        return sp_error_set(c->err, SP_EINVAL, NULL, "it has no <ruleset file=\"...\"/>");
    if (c->config->set_count != c->config->rule_sets.count)
        return sp_error_set(c->err, SP_EINVAL, NULL, "a file of its rules could not be read");
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < c->config->set_count && status == SP_OK; i++)
        status = add_set(c, &c->config->sets[i]);
    if (status != SP_OK)
        return status;
    qsort(c->rules->rules, c->rules->rule_count, sizeof *c->rules->rules, by_precedence);
    tell_conflicts(c);
    return SP_OK;
}

enum sp_status sp_policy_rules_new(const struct sp_cfg_policy *config,
                                   struct sp_sor_connection *const *connections, size_t connection_count,
                                   struct sp_arena *arena, struct sp_problems *problems,
                                   const struct sp_policy_rules **ret_rules, struct sp_error *err)
{
    struct sp_policy_rules *rules = sp_arena_calloc(arena, 1, sizeof *rules);
    struct sp_error cause = SP_ERROR_INIT;
    const struct compiler compiler = {config, rules, arena, problems, &cause};
    if (!rules)
        return no_memory(err);
    rules->connections = connections;
    rules->connection_count = connection_count;
    if (compile(&compiler) == SP_OK) {
        *ret_rules = rules;
        return SP_OK;
    }
    sp_problem_add(problems, SP_PROBLEM_ERROR, SP_MSG_RULE_SET_REFUSED,
                   cause.file[0] ? sp_str_of(cause.file) : SP_STR("server.xml"), cause.line, cause.column,
                   "policy %.*s cannot be used, and no API that it is for is deployed: %s",
                   SP_STR_ARG(config->id), cause.text);
    return sp_error_set(err, SP_EINVAL, NULL, "policy %.*s cannot be used", SP_STR_ARG(config->id));
}

const struct sp_codepage *const *sp_policy_rules_pages(const struct sp_policy_rules *rules, size_t *ret_count)
{
    *ret_count = rules->page_count;
    return rules->pages;
}
