/* SPDX-License-Identifier: Apache-2.0
 * fuzz_region_definition.c: any text defines a region or is refused with a reason.
 */
#include <stdlib.h>

#include "region/definition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sp_definition *definition = NULL;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    sp_arena_init(&arena, 64u << 20);
    enum sp_status status =
        sp_definition_read(sp_str_from(data, size), "fuzz", SP_STR("/dir"), &arena, &definition, &err);
    if (status == SP_OK) {
        if (!definition->workers || !definition->max_tasks || !definition->modules.len ||
            (!definition->host.ptr && !definition->unix_path.len))
            abort();
        for (size_t i = 0; i < definition->program_count; i++)
            if (!sp_definition_program(definition, definition->programs[i].name))
                abort();
        (void)sp_definition_ipconn(definition, SP_STR("A"), SP_STR("N"));
    } else if (!err.text[0]) {
        abort();
    }
    sp_arena_finish(&arena);
    return 0;
}
