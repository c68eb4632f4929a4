/* SPDX-License-Identifier: Apache-2.0
 * fuzz_saf_command.c: a deck is cut into commands and each is parsed and masked; nothing reads beyond it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "saf/command_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_operands(const struct sp_saf_operand *operand)
{
    size_t count = 0;
    for (; operand; operand = operand->next)
        count += 1 + count_operands(operand->first);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_saf_deck deck;
    struct sp_str text;
    unsigned line, last = 0;
    sp_saf_deck_init(&deck, sp_str_from(data, size));
    for (enum sp_status status = SP_OK; status != SP_ENOTFOUND;) {
        struct sp_arena arena;
        struct sp_saf_command command;
        sp_arena_init(&arena, 4 << 20);
        status = sp_saf_deck_next(&deck, &arena, &text, &line, NULL);
        if (status == SP_OK && line <= last)
            abort();
        if (status == SP_OK && sp_saf_command_parse(text, &arena, &command, NULL) == SP_OK &&
            count_operands(command.operands) > SP_SAF_COMMAND_OPERANDS_MAX)
            abort();
        if (status == SP_OK) {
            struct sp_buf shown;
            sp_buf_init(&shown, 4 * SP_SAF_COMMAND_BYTES_MAX);
            if (sp_saf_command_mask(text, &shown))
                abort();
            sp_buf_finish(&shown);
            last = line;
        }
        sp_arena_finish(&arena);
    }
    return 0;
}
