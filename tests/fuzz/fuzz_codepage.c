/* SPDX-License-Identifier: Apache-2.0
 * Two bytes that choose a coded character set, then any bytes in it: what is decoded is valid UTF-8 and is
 * encoded to the same bytes; and whatever of the bytes as UTF-8 can be encoded comes back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "text/codepage.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void there_and_back(const struct sp_codepage *page, struct sp_str bytes, size_t ceiling)
{
    struct sp_buf utf8, again;
    sp_buf_init(&utf8, ceiling);
    sp_buf_init(&again, 1 << 22);
    enum sp_status status = sp_codepage_decode(page, bytes, &utf8);
    if (!status) {
        check(sp_utf8_check(sp_buf_str(&utf8)) == utf8.len);
        check(sp_codepage_encode(page, sp_buf_str(&utf8), &again, NULL) == SP_OK);
        check(sp_str_eq(sp_buf_str(&again), bytes));
    } else {
        check(utf8.len == 0 && (status == SP_EINVAL || (status == SP_ELIMIT && utf8.failed)));
    }
    sp_buf_finish(&utf8);
    sp_buf_finish(&again);
}

static void back_and_there(const struct sp_codepage *page, struct sp_str utf8, size_t ceiling)
{
    struct sp_buf bytes, again;
    size_t offset = SIZE_MAX;
    sp_buf_init(&bytes, ceiling);
    sp_buf_init(&again, 1 << 22);
    enum sp_status status = sp_codepage_encode(page, utf8, &bytes, &offset);
    if (!status) {
        check(sp_codepage_decode(page, sp_buf_str(&bytes), &again) == SP_OK);
        check(sp_str_eq(sp_buf_str(&again), utf8));
    } else {
        check(bytes.len == 0 && (status == SP_EINVAL ? offset < utf8.len : status == SP_ELIMIT));
    }
    sp_buf_finish(&bytes);
    sp_buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    unsigned ccsid = (unsigned)data[0] << 8 | data[1];
    struct sp_str rest = sp_str_from(data + 2, size - 2 < 100000 ? size - 2 : 100000);
    for (int newline = SP_NEWLINE_15; newline <= SP_NEWLINE_25; newline++) {
        const struct sp_codepage *page = sp_codepage_find(ccsid, newline);
        const struct sp_codepage *named = sp_codepage_named(rest, newline);
        check(!named || sp_codepage_blank(named).len > 0);
        if (!page)
            continue;
        there_and_back(page, rest, 1 << 22);
        there_and_back(page, rest, rest.len);
        back_and_there(page, rest, 1 << 22);
        back_and_there(page, rest, rest.len / 2);
    }
    return 0;
}
