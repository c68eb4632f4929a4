/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as base64 and hexadecimal: what is decoded is encoded to the same text, but for padding and case;
 * and any bytes are encoded to what decodes to them.
 */
#include <stdint.h>
#include <stdlib.h>

#include "text/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void decode(enum sp_base64_form form, struct sp_str text)
{
    struct sp_buf bytes, again;
    sp_buf_init(&bytes, 1 << 20);
    sp_buf_init(&again, 1 << 20);
    enum sp_status status = sp_base64_decode(form, text, &bytes);
    check(status == SP_OK || (status == SP_ESYNTAX && bytes.len == 0));
    if (!status) {
        check(sp_base64_encode(form, sp_buf_str(&bytes), &again) == SP_OK);
        check(form == SP_BASE64_LOOSE ? again.len >= text.len && again.len - text.len <= 2
                                      : again.len == text.len);
        check(sp_str_eq(text, sp_str_slice(sp_buf_str(&again), 0, text.len)));
    }
    sp_buf_finish(&bytes);
    sp_buf_finish(&again);
}

static void encode(enum sp_base64_form form, struct sp_str bytes)
{
    struct sp_buf text, back;
    sp_buf_init(&text, 1 << 20);
    sp_buf_init(&back, 1 << 20);
    check(sp_base64_encode(form, bytes, &text) == SP_OK);
    check(sp_base64_decode(form, sp_buf_str(&text), &back) == SP_OK);
    check(sp_str_eq(sp_buf_str(&back), bytes));
    sp_buf_finish(&text);
    sp_buf_finish(&back);
}

static void decode_hex(struct sp_str text)
{
    struct sp_buf bytes, again;
    sp_buf_init(&bytes, 1 << 20);
    sp_buf_init(&again, 1 << 20);
    enum sp_status status = sp_hex_decode(text, &bytes);
    check(status == SP_OK || (status == SP_ESYNTAX && bytes.len == 0));
    if (!status) {
        check(sp_hex_encode(sp_buf_str(&bytes), &again) == SP_OK);
        check(sp_str_caseless_eq(sp_buf_str(&again), text));
    }
    sp_buf_finish(&bytes);
    sp_buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str input = sp_str_from(data, size < 100000 ? size : 100000);
    for (int form = SP_BASE64; form <= SP_BASE64_LOOSE; form++) {
        decode(form, input);
        encode(form, input);
    }
    decode_hex(input);
    return 0;
}
