/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/chars.h"

static bool is_space(uint32_t code_point)
{
    return code_point == ' ' || (code_point >= '\t' && code_point <= '\r');
}

void sp_charset_init(struct sp_charset *charset, const struct sp_codepage *page)
{
    *charset = (struct sp_charset){.page = page};
    struct sp_str blank = sp_codepage_blank(page);
    memcpy(charset->blank, blank.ptr, blank.len);
    charset->blank_bytes = (unsigned char)blank.len;
    charset->is_ascii = blank.len == 1 && charset->blank[0] == ' ';
    const uint16_t *table = sp_codepage_is_single_byte(page) ? sp_codepage_table(page) : NULL;
    if (!table)
        return;
    bool have[128] = {false};
    unsigned missing = 128;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint16_t c = table[byte];
        charset->is_space[byte] = is_space(c);
        if (c >= 128)
            continue;
        if (!have[c])
            missing--;
        have[c] = true;
        charset->to_host[c] = (unsigned char)byte;
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            charset->to_ascii[byte] = (unsigned char)c;
    }
    charset->has_tables = missing == 0;
}

void sp_chars_blank(const struct sp_charset *charset, unsigned char *ret_bytes, size_t size)
{
    if (charset->blank_bytes == 1) {
        memset(ret_bytes, charset->blank[0], size);
        return;
    }
    for (size_t i = 0; i + 1 < size; i += 2)
        memcpy(ret_bytes + i, charset->blank, 2);
}

static enum sp_convert write_any(const struct sp_charset *charset, struct sp_str text,
                                 unsigned char *ret_bytes, size_t size, size_t *ret_at)
{
    size_t len;
    enum sp_status status = sp_codepage_encode_into(charset->page, text, ret_bytes, size, &len, ret_at);
    if (status == SP_ELIMIT)
        return SP_CONVERT_TEXT_TOO_LONG;
    if (status != SP_OK)
        return SP_CONVERT_INVALID_CHARACTER;
    sp_chars_blank(charset, ret_bytes + len, size - len);
    return SP_CONVERT_OK;
}

enum sp_convert sp_chars_write(const struct sp_charset *charset, struct sp_str text, unsigned char *ret_bytes,
                               size_t size, size_t *ret_at)
{
    if (!charset->has_tables)
        return write_any(charset, text, ret_bytes, size, ret_at);
    size_t len = text.len < size ? text.len : size, i = 0;
    uint64_t seen = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + i, 8);
        seen |= word;
        for (unsigned b = 0; b < 8; b++)
            ret_bytes[i + b] = charset->to_host[text.ptr[i + b] & 0x7f];
    }
    for (; i < len; i++) {
        seen |= (unsigned char)text.ptr[i];
        ret_bytes[i] = charset->to_host[text.ptr[i] & 0x7f];
    }
    if (seen & UINT64_C(0x8080808080808080))
        return write_any(charset, text, ret_bytes, size, ret_at);
    if (text.len > size)
        /* Whatever follows, there is a character too many: each takes one byte of the field. */
        return SP_CONVERT_TEXT_TOO_LONG;
    memset(ret_bytes + len, charset->blank[0], size - len);
    return SP_CONVERT_OK;
}

static struct sp_str trim(struct sp_str text, bool leading, bool trailing)
{
    while (trailing && text.len && is_space((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    while (leading && text.len && is_space((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    return text;
}

bool sp_chars_trim(const struct sp_charset *charset, const unsigned char **bytes, size_t *size, bool leading,
                   bool trailing)
{
    if (!charset->has_tables)
        return false;
    uint64_t blanks = UINT64_C(0x0101010101010101) * charset->blank[0];
    while (trailing && *size >= 8 && memcmp(*bytes + *size - 8, &blanks, 8) == 0)
        *size -= 8;
    while (trailing && *size && charset->is_space[(*bytes)[*size - 1]])
        (*size)--;
    for (; leading && *size && charset->is_space[**bytes]; (*size)--)
        (*bytes)++;
    return true;
}

bool sp_chars_read_plain(const struct sp_charset *charset, const unsigned char *bytes, size_t size,
                         unsigned char *ret_ascii)
{
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        unsigned char plain[8];
        unsigned missing = 0;
        for (unsigned b = 0; b < 8; b++) {
            plain[b] = charset->to_ascii[bytes[i + b]];
            missing |= plain[b] == 0;
        }
        if (missing)
            return false;
        memcpy(ret_ascii + i, plain, 8);
    }
    for (; i < size; i++) {
        ret_ascii[i] = charset->to_ascii[bytes[i]];
        if (!ret_ascii[i])
            return false;
    }
    return true;
}

enum sp_convert sp_chars_read(const struct sp_charset *charset, const unsigned char *bytes, size_t size,
                              bool trim_leading, bool trim_trailing, struct sp_buf *scratch,
                              struct sp_str *ret_text)
{
    sp_buf_reset(scratch);
    bool trimmed = sp_chars_trim(charset, &bytes, &size, trim_leading, trim_trailing);
    if (sp_codepage_decode(charset->page, sp_str_from(bytes, size), scratch) != SP_OK)
        return SP_CONVERT_BAD_CHARACTER;
    *ret_text = sp_buf_str(scratch);
    if (!trimmed)
        *ret_text = trim(*ret_text, trim_leading, trim_trailing);
    return SP_CONVERT_OK;
}
