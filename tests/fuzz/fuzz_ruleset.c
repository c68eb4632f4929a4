/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a rule set: an error with a text, or rules that are whole.
 */
#include <stdint.h>
#include <stdlib.h>

#include "artifact/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_action(const struct sp_rule *rule, const struct sp_rule_action *action)
{
    size_t text = 0;
    if (!action->part_count || action->part_count > SP_RULE_PARTS_MAX || !action->name.len)
        abort();
    for (size_t i = 0; i < action->part_count; i++) {
        const struct sp_rule_condition *condition = action->parts[i].condition;
        if (condition &&
            (condition < rule->conditions || condition >= rule->conditions + rule->condition_count))
            abort();
        if (!condition && !action->parts[i].text.len)
            abort();
        text += action->parts[i].text.len;
    }
    if (text > action->value.len)
        abort();
}

static void check_rule(const struct sp_rule *rule)
{
    if (!rule->name.len || !rule->condition_count || !rule->action_count || !rule->line)
        abort();
    for (size_t i = 0; i < rule->condition_count; i++) {
        if (!rule->conditions[i].header.len)
            abort();
        for (size_t v = 0; v < rule->conditions[i].value_count; v++)
            if (!rule->conditions[i].values[v].len)
                abort();
    }
    for (size_t i = 0; i < rule->action_count; i++)
        check_action(rule, &rule->actions[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_rule_set *set = NULL;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, (size_t)16 << 20);
    enum sp_status status = sp_rule_set_read(sp_str_from(data, size), "fuzz", &arena, &set, &err);
    if ((status == SP_OK) != (set != NULL) || (status != SP_OK && err.text[0] == '\0'))
        abort();
    if (set && (!set->rule_count || set->rule_count > SP_RULES_MAX))
        abort();
    for (size_t i = 0; set && i < set->rule_count; i++)
        check_rule(&set->rules[i]);
    sp_arena_finish(&arena);
    return 0;
}
