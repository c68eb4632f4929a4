/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as the state of archives: what is read and written again is the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "store/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_state(struct sp_store_state *state, struct sp_buf *buf)
{
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(buf, (size_t)8 << 20);
    if (sp_store_state_write(state, buf, &err) != SP_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_store_state state, again;
    sp_arena_init(&arena, (size_t)16 << 20);
    sp_store_state_init(&state, &arena);
    sp_store_state_init(&again, &arena);
    enum sp_status status = sp_store_state_read(&state, sp_str_from(data, size), &err);
    if (status != SP_OK && err.text[0] == '\0')
        abort();
    if (status == SP_OK) {
        struct sp_buf first, second;
        write_state(&state, &first);
        if (sp_store_state_read(&again, sp_buf_str(&first), &err) != SP_OK)
            abort();
        write_state(&again, &second);
        if (!sp_str_eq(sp_buf_str(&first), sp_buf_str(&second)))
            abort();
        sp_buf_finish(&first);
        sp_buf_finish(&second);
    }
    sp_store_state_finish(&state);
    sp_store_state_finish(&again);
    sp_arena_finish(&arena);
    return 0;
}
