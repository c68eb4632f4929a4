/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a change of what is deployed: what is read and written again is the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "store/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct sp_store_change *a, const struct sp_store_change *b)
{
    return a->act == b->act && a->kind == b->kind && a->stopped == b->stopped &&
           sp_str_eq(a->name, b->name) && sp_str_eq(a->staged, b->staged) && sp_str_eq(a->by, b->by);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_store_change change, again;
    struct sp_buf buf;
    sp_arena_init(&arena, (size_t)4 << 20);
    sp_buf_init(&buf, (size_t)8 << 20);
    enum sp_status status = sp_store_change_read(sp_str_from(data, size), &arena, &change, &err);
    if (status != SP_OK && err.text[0] == '\0')
        abort();
    if (status == SP_OK && sp_store_change_write(&change, &buf) == SP_OK &&
        (sp_store_change_read(sp_buf_str(&buf), &arena, &again, &err) != SP_OK || !same(&change, &again)))
        abort();
    sp_buf_finish(&buf);
    sp_arena_finish(&arena);
    return 0;
}
