/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a rule set: problems, or rules within their limits.
 */
#include <stdint.h>
#include <stdlib.h>

#include "config/rule_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_problems problems;
    struct sp_rule_set set;
    sp_arena_init(&arena, (size_t)8 << 20);
    sp_problems_init(&problems);
    enum sp_status status =
        sp_rule_set_parse(sp_str_from(data, size), SP_STR("fuzz"), &arena, &problems, &set);
    if ((status == SP_EINVAL) != (problems.errors > 0))
        abort();
    for (size_t i = 0; status == SP_OK && i < set.rule_count; i++)
        for (size_t k = 0; k < set.rules[i].action_count; k++)
            if (!set.rules[i].actions[k].name.ptr || set.rules[i].actions[k].value.len > 256)
                abort();
    sp_problems_finish(&problems);
    sp_arena_finish(&arena);
    return 0;
}
