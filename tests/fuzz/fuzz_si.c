/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a service interface: an error with a text, or a layout in which every field lies inside what
 * contains it and every array can be counted.
 */
#include <stdint.h>
#include <stdlib.h>

#include "artifact/si.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned walk(const struct sp_field *first, const struct sp_field *parent, uint64_t from, uint64_t to)
{
    unsigned count = 0;
    for (const struct sp_field *f = first; f; f = f->next, count++) {
        if (f->parent != parent || f->bytes == 0 || f->offset < from || f->offset + (uint64_t)f->bytes > to)
            abort();
        if (f->counter && (f->counter->index >= f->index || !f->counter->is_counter))
            abort();
        if (f->type == SP_FIELD_ARRAY) {
            if (!f->first || f->first->next || (uint64_t)f->element_bytes * f->max_occurs != f->bytes ||
                f->min_occurs > f->max_occurs)
                abort();
            count += walk(f->first, f, 0, f->element_bytes);
        } else {
            count += walk(f->first, f, f->offset, f->offset + (uint64_t)f->bytes);
        }
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    const struct sp_interface *interface = NULL;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, (size_t)16 << 20);
    enum sp_status status = sp_si_read(sp_str_from(data, size), "fuzz", NULL, &arena, &interface, &err);
    if ((status == SP_OK) != (interface != NULL) || (status != SP_OK && err.text[0] == '\0'))
        abort();
    unsigned fields = 0, segments = 0;
    for (const struct sp_segment *s = interface ? interface->segments : NULL; s; s = s->next, segments++) {
        if (s->min_bytes > s->bytes)
            abort();
        fields += walk(s->first, NULL, 0, s->bytes);
    }
    if (interface && (fields != interface->field_count || segments != interface->segment_count))
        abort();
    sp_arena_finish(&arena);
    return 0;
}
