/* SPDX-License-Identifier: Apache-2.0
 * fuzz_saf_audit_frame.c: whatever is read as an event of security is written again as the same bytes.
 */
#include <stdlib.h>

#include "saf/audit_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_frame(struct sp_str bytes)
{
    struct sp_saf_audit_frame frame;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf buf;
    if (sp_saf_frame_read(bytes, &frame, &err) != SP_OK) {
        if (!err.text[0])
            abort();
        return;
    }
    sp_buf_init(&buf, SP_SAF_FRAME_MAX);
    if (sp_saf_frame_write(&buf, &frame) != SP_OK || !sp_str_eq(sp_buf_str(&buf), bytes))
        abort();
    sp_buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_frame(sp_str_from(data, size));
    /* Once more with a length that is right, which a changed input seldom has. */
    unsigned char *copy = size >= 24 ? malloc(size) : NULL;
    if (copy) {
        memcpy(copy, data, size);
        sp_put_u32(copy, (uint32_t)size);
        try_frame(sp_str_from(copy, size));
        free(copy);
    }
    return 0;
}
