/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a rule set: problems, or rules that can be applied to headers.
 */
#include <stdint.h>
#include <stdlib.h>

#include "config/rule_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sp_str header(void *arg, struct sp_str name)
{
    static const struct sp_str values[] = {SP_STR_INIT("v"), SP_STR_INIT(""), {NULL, 0}};
    return values[name.len % 3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_problems problems;
    struct sp_rule_set set;
    struct sp_rule_settings settings;
    sp_arena_init(&arena, (size_t)8 << 20);
    sp_problems_init(&problems);
    enum sp_status status =
        sp_rule_set_parse(sp_str_from(data, size), SP_STR("fuzz"), &arena, &problems, &set);
    if ((status == SP_EINVAL) != (problems.errors > 0))
        abort();
    if (status == SP_OK && sp_rule_sets_apply(&set, 1, false, header, NULL, &arena, &settings) == SP_OK) {
        for (size_t i = 0; i < settings.count; i++) {
            if (!settings.items[i].name.ptr || settings.items[i].value.len > 256)
                abort();
        }
    }
    sp_problems_finish(&problems);
    sp_arena_finish(&arena);
    return 0;
}
