/* SPDX-License-Identifier: Apache-2.0
 * A password as server.xml has it, in any of its encodings. What is decoded is encoded to the same again.
 */
#include <stdlib.h>

#include "crypto/password.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sp_password_keys keys;
    static bool begun;
    if (!begun)
        sp_password_keys_init(&keys, SP_STR("a key of our own"));
    begun = true;
    struct sp_str text = sp_str_from(data, size);
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf clear, again;
    sp_buf_init(&clear, 1 << 16);
    sp_buf_init(&again, 1 << 17);
    enum sp_status status = sp_password_decode(&keys, text, &clear, &err);
    if (status != SP_OK && (!err.text[0] || clear.len))
        abort();
    if (status == SP_OK && sp_password_kind(text) != SP_PASSWORD_CLEAR &&
        sp_password_encode(&keys, SP_PASSWORD_AS_XOR, sp_buf_str(&clear), &again, NULL) == SP_OK) {
        struct sp_buf back;
        sp_buf_init(&back, 1 << 16);
        if (sp_password_decode(&keys, sp_buf_str(&again), &back, NULL) != SP_OK ||
            !sp_str_eq(sp_buf_str(&back), sp_buf_str(&clear)))
            abort();
        sp_buf_finish(&back);
    }
    sp_error_clear(&err);
    if (sp_password_hashed_check(text, &err) != SP_OK && !err.text[0])
        abort();
    sp_buf_finish(&clear);
    sp_buf_finish(&again);
    return 0;
}
