/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a rule set of a policy: refused with a text, or compiled; then what it says of requests is
 * made of values that its properties can have.
 */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sp_http_header headers[] = {
    {SP_STR_INIT("h"), SP_STR_INIT("a")},
    {SP_STR_INIT("X-Region"), SP_STR_INIT(" qa ")},
    {SP_STR_INIT("X-Tran"), SP_STR_INIT("AB$1")},
    {SP_STR_INIT("x-tran"), SP_STR_INIT("twice")},
};

static void apply(const struct sp_policy_rules *rules, size_t count, struct sp_arena *arena)
{
    struct sp_policy_choice choice;
    struct sp_error err = SP_ERROR_INIT;
    size_t pages;
    sp_policy_rules_pages(rules, &pages);
    if (sp_policy_rules_apply(rules, headers, count, arena, &choice, &err) != SP_OK) {
        if (err.text[0] == '\0')
            abort();
        return;
    }
    /* There is no connection that could be chosen. */
    if (choice.connection || choice.page > pages || choice.override_count > SP_POLICY_PROPERTY_COUNT)
        abort();
    for (size_t i = 0; i < choice.override_count; i++) {
        struct sp_str value = choice.overrides[i].value;
        size_t longest = sp_str_is(choice.overrides[i].name, "transid") ? 4 : 16;
        if (!value.len || value.len > longest)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_problems problems;
    struct sp_rule_set set;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str file = SP_STR("rules.xml");
    const struct sp_policy_rules *rules = NULL;
    sp_arena_init(&arena, (size_t)32 << 20);
    sp_problems_init(&problems);
    const struct sp_cfg_policy policy = {
        .id = SP_STR_INIT("p"), .rule_sets = {&file, 1}, .sets = &set, .set_count = 1};
    if (sp_rule_set_parse(sp_str_from(data, size), file, &arena, &problems, &set) == SP_OK) {
        enum sp_status status = sp_policy_rules_new(&policy, NULL, 0, &arena, &problems, &rules, &err);
        if ((status == SP_OK) != (rules != NULL) || (status != SP_OK && err.text[0] == '\0'))
            abort();
        for (size_t count = 0; rules && count <= sizeof headers / sizeof headers[0]; count++)
            apply(rules, count, &arena);
    }
    sp_problems_finish(&problems);
    sp_arena_finish(&arena);
    return 0;
}
