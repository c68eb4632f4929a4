/* SPDX-License-Identifier: Apache-2.0
 * fuzz_region_layout.c: a layout that is read can be written and read again, and translates any data without
 * leaving them; what is translated to the program and back is what it was.
 */
#include <stdlib.h>

#include "region/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static bool has_floats(const struct sp_layout_item *item)
{
    for (; item; item = item->next)
        if (item->kind == SP_LAYOUT_FLOAT || item->kind == SP_LAYOUT_DOUBLE || has_floats(item->first))
            return true;
    return false;
}

static void translate(const struct sp_layout_record *record, const uint8_t *data, size_t size)
{
    static struct sp_translation translation;
    if (!translation.ccsid)
        must(sp_translation_init(&translation, 37, NULL) == SP_OK);
    unsigned char *copy = malloc(size ? size : 1);
    must(copy != NULL);
    memcpy(copy, data, size);
    if (sp_translate_record(&translation, record, SP_TO_PROGRAM, copy, size, NULL) == SP_OK &&
        sp_translate_record(&translation, record, SP_TO_WIRE, copy, size, NULL) == SP_OK)
        must(has_floats(record->root) || memcmp(copy, data, size) == 0);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_layout *layout, *again;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    struct sp_buf buf;
    sp_arena_init(&arena, 64u << 20);
    sp_buf_init(&buf, 16u << 20);
    if (sp_layout_read(sp_str_from(data, size), "fuzz", &arena, &layout, &err) == SP_OK) {
        must(sp_layout_write(layout, &buf) == SP_OK);
        must(sp_layout_read(sp_buf_str(&buf), "fuzz", &arena, &again, &err) == SP_OK);
        for (const struct sp_layout_record *r = layout->records; r; r = r->next)
            translate(r, data, size);
    } else {
        must(err.text[0] != '\0');
    }
    sp_buf_finish(&buf);
    sp_arena_finish(&arena);
    return 0;
}
