/* SPDX-License-Identifier: Apache-2.0
 * fuzz_cobc_output.c: what cobc writes, dump and listing, is read or refused. The input is the generated C, a
 * line "====", and the listing.
 */
#include <stdlib.h>

#include "region/cobc_dump.h"
#include "region/cobc_listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str input = sp_str_from(data, size), listing = {"", 0};
    for (size_t i = 0; i + 6 <= size; i++) {
        if (memcmp(data + i, "\n====\n", 6) == 0) {
            listing = sp_str_slice(input, i + 6, size);
            input = sp_str_slice(input, 0, i);
            break;
        }
    }
    struct sp_cobc_text text = {.source = input, .globals = input, .locals = input};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_layout_record *record;
    struct sp_str names[8];
    struct sp_arena arena;
    sp_arena_init(&arena, 64u << 20);
    struct sp_str program = sp_cobc_dump_program(&text);
    (void)sp_cobc_dump_compiler(&text);
    size_t count = sp_cobc_dump_linkage(&text, program, names, 8);
    for (size_t i = 0; i < count && i < 8; i++) {
        if (sp_cobc_dump_read(&text, program, names[i], &arena, &record, &err) != SP_OK) {
            if (!err.text[0])
                abort();
            continue;
        }
        enum sp_status status = sp_cobc_listing_redefine(listing, record, SP_STR("R"), &arena, &err);
        if (status == SP_OK && sp_layout_check(record, &err) != SP_OK)
            abort();
    }
    sp_arena_finish(&arena);
    return 0;
}
