/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a copybook, in columns and without: an error with a text, or a record whose layout is refused
 * or holds.
 */
#include <stdint.h>
#include <stdlib.h>

#include "artifact/cobol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct sp_field *first, uint64_t from, uint64_t to)
{
    for (const struct sp_field *f = first; f; f = f->next) {
        if (f->bytes == 0 || f->offset < from || f->offset + (uint64_t)f->bytes > to || !f->name.len)
            abort();
        if (f->type == SP_FIELD_ARRAY)
            walk(f->first, 0, f->element_bytes);
        else
            walk(f->first, f->offset, f->offset + (uint64_t)f->bytes);
    }
}

static void read_record(struct sp_str source, bool free_format)
{
    struct sp_arena arena;
    struct sp_cobol_options options = {.free_format = free_format, .wrapper = SP_STR("WRAPPER")};
    struct sp_field *record = NULL;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, (size_t)16 << 20);
    enum sp_status status = sp_cobol_read(source, "fuzz", &options, &arena, &record, &err);
    if ((status == SP_OK) != (record != NULL) || (status != SP_OK && err.text[0] == '\0'))
        abort();
    if (record) {
        struct sp_segment segment = {.name = SP_STR("R"), .original = SP_STR("R"), .first = record};
        struct sp_interface interface = {.segments = &segment};
        status = sp_layout_finish(&interface, NULL, &err);
        if (status == SP_EINTERNAL)
            abort();
        if (status == SP_OK)
            walk(record, 0, segment.bytes);
    }
    sp_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_record(sp_str_from(data, size), false);
    read_record(sp_str_from(data, size), true);
    return 0;
}
