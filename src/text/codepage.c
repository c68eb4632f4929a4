/* SPDX-License-Identifier: Apache-2.0 */
#include "text/codepage_table.h"

#include "text/utf8.h"

static const struct sp_codepage utf16be = {
    .ccsid = 1200, .form = SP_CODEPAGE_UTF16BE, .blank = {0x00, 0x20}, .blank_len = 2};
static const struct sp_codepage utf8_page = {
    .ccsid = 1208, .form = SP_CODEPAGE_UTF8, .blank = {0x20}, .blank_len = 1};

const struct sp_codepage *sp_codepage_find(unsigned ccsid, enum sp_codepage_newline newline)
{
    if (ccsid == utf8_page.ccsid)
        return &utf8_page;
    if (ccsid == utf16be.ccsid)
        return &utf16be;
    for (size_t i = 0; i < sp_codepage_table_count; i++) {
        const struct sp_codepage *page = &sp_codepage_tables[i];
        if (page->ccsid == ccsid && (!page->is_ebcdic || page->newline == (uint8_t)newline))
            return page;
    }
    return NULL;
}

static bool drop_prefix(struct sp_str *name, struct sp_str prefix)
{
    if (!sp_str_caseless_eq(sp_str_slice(*name, 0, prefix.len), prefix))
        return false;
    *name = sp_str_slice(*name, prefix.len, name->len);
    return true;
}

const struct sp_codepage *sp_codepage_named(struct sp_str name, enum sp_codepage_newline newline)
{
    static const struct {
        struct sp_str name;
        unsigned ccsid;
    } words[] = {
        {SP_STR_INIT("UTF-8"), 1208},
        {SP_STR_INIT("UTF8"), 1208},
        {SP_STR_INIT("UTF-16BE"), 1200},
        {SP_STR_INIT("UTF16BE"), 1200},
        {SP_STR_INIT("UnicodeBigUnmarked"), 1200},
        {SP_STR_INIT("ISO-8859-1"), 819},
        {SP_STR_INIT("ISO8859-1"), 819},
        {SP_STR_INIT("ISO8859_1"), 819},
        {SP_STR_INIT("Latin1"), 819},
        {SP_STR_INIT("ISO-8859-15"), 923},
        {SP_STR_INIT("ISO8859-15"), 923},
        {SP_STR_INIT("ISO8859_15"), 923},
        {SP_STR_INIT("US-ASCII"), 367},
        {SP_STR_INIT("ASCII"), 367},
        {SP_STR_INIT("windows-1252"), 1252},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sp_str_caseless_eq(name, words[i].name))
            return sp_codepage_find(words[i].ccsid, newline);
    if (drop_prefix(&name, SP_STR("IBM")) || drop_prefix(&name, SP_STR("CP")))
        drop_prefix(&name, SP_STR("-"));
    uint64_t ccsid;
    if (name.len > 5 || sp_str_to_u64(name, &ccsid))
        return NULL;
    return sp_codepage_find((unsigned)ccsid, newline);
}

unsigned sp_codepage_ccsid(const struct sp_codepage *page)
{
    return page->ccsid;
}

struct sp_str sp_codepage_blank(const struct sp_codepage *page)
{
    return (struct sp_str){page->blank, page->blank_len};
}

bool sp_codepage_is_single_byte(const struct sp_codepage *page)
{
    return page->form == SP_CODEPAGE_SINGLE;
}

const uint16_t *sp_codepage_table(const struct sp_codepage *page)
{
    return page->form == SP_CODEPAGE_SINGLE ? page->code_points : NULL;
}

/* Bytes of the character in the set into `ret`; 0 when it has none. */
static unsigned encode_character(const struct sp_codepage *page, uint32_t character, unsigned char ret[4])
{
    switch (page->form) {
    case SP_CODEPAGE_UTF8:
        return sp_utf8_encode(character, ret);
    case SP_CODEPAGE_UTF16BE:
        if (character < 0x10000) {
            sp_put_u16(ret, (uint16_t)character);
            return 2;
        }
        sp_put_u16(ret, (uint16_t)(0xd800 + ((character - 0x10000) >> 10)));
        sp_put_u16(ret + 2, (uint16_t)(0xdc00 + (character & 0x3ff)));
        return 4;
    default:
        /* U+FFFF stands in the table for bytes that mean nothing. */
        if (character >= 0xffff)
            return 0;
        ret[0] = page->pages[page->index[character >> 8]][character & 0xff];
        return page->code_points[ret[0]] == character ? 1 : 0;
    }
}

/* Characters that take more than a look into the table; `*at` is behind what was converted. */
static enum sp_status encode_slowly(const struct sp_codepage *page, struct sp_str utf8, size_t *at,
                                    unsigned char *out, size_t size, size_t *ret_len)
{
    size_t next = *at;
    unsigned char bytes[4];
    int32_t character = sp_utf8_next(utf8, &next);
    unsigned len = character < 0 ? 0 : encode_character(page, (uint32_t)character, bytes);
    if (!len)
        return SP_EINVAL;
    if (len > size)
        return SP_ELIMIT;
    memcpy(out, bytes, len);
    *at = next;
    *ret_len = len;
    return SP_OK;
}

enum sp_status sp_codepage_encode_into(const struct sp_codepage *page, struct sp_str utf8,
                                       unsigned char *ret_bytes, size_t size, size_t *ret_len,
                                       size_t *ret_offset)
{
    /* ASCII, nearly all of it, in a loop of its own. */
    const uint8_t *ascii = page->form == SP_CODEPAGE_SINGLE ? page->pages[page->index[0]] : NULL;
    size_t at = 0, len = 0;
    while (at < utf8.len) {
        unsigned char c = (unsigned char)utf8.ptr[at];
        if (ascii && c < 0x80 && len < size && page->code_points[ascii[c]] == c) {
            ret_bytes[len++] = ascii[c];
            at++;
            continue;
        }
        size_t more;
        enum sp_status status = encode_slowly(page, utf8, &at, ret_bytes + len, size - len, &more);
        if (status) {
            if (status == SP_EINVAL && ret_offset)
                *ret_offset = at;
            return status;
        }
        len += more;
    }
    *ret_len = len;
    return SP_OK;
}

/* Room for `most` bytes, or for as many as the ceiling leaves; their number in *ret_room. */
static unsigned char *room_up_to(struct sp_buf *buf, size_t most, size_t *ret_room)
{
    size_t left = buf->ceiling - buf->len;
    *ret_room = most < left ? most : left;
    return sp_buf_reserve(buf, *ret_room);
}

enum sp_status sp_codepage_encode(const struct sp_codepage *page, struct sp_str utf8, struct sp_buf *buf,
                                  size_t *ret_offset)
{
    size_t room, len;
    if (utf8.len > SIZE_MAX / 4)
        return SP_ELIMIT;
    unsigned char *out = room_up_to(buf, page->form == SP_CODEPAGE_UTF16BE ? utf8.len * 2 : utf8.len, &room);
    if (!out)
        return SP_ENOMEM;
    enum sp_status status = sp_codepage_encode_into(page, utf8, out, room, &len, ret_offset);
    if (!status)
        buf->len += len;
    else if (status == SP_ELIMIT)
        buf->failed = true;
    return status;
}

/* The character at bytes[*at] and the place behind it; -1 when there is none. */
static int32_t decode_character(const struct sp_codepage *page, struct sp_str bytes, size_t *at)
{
    if (page->form == SP_CODEPAGE_UTF8)
        return sp_utf8_next(bytes, at);
    const unsigned char *p = (const unsigned char *)bytes.ptr + *at;
    if (page->form == SP_CODEPAGE_SINGLE) {
        *at += 1;
        return page->code_points[*p] == 0xffff ? -1 : page->code_points[*p];
    }
    size_t left = bytes.len - *at;
    if (left < 2)
        return -1;
    int32_t unit = sp_get_u16(p);
    *at += 2;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    int32_t low = left >= 4 ? sp_get_u16(p + 2) : 0;
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return -1;
    *at += 2;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static enum sp_status decode_into(const struct sp_codepage *page, struct sp_str bytes, unsigned char *out,
                                  size_t size, size_t *ret_len)
{
    const uint16_t *table = sp_codepage_table(page);
    size_t len = 0;
    for (size_t at = 0; at < bytes.len;) {
        uint16_t ascii = table ? table[(unsigned char)bytes.ptr[at]] : 0xffff;
        if (ascii < 0x80 && len < size) {
            out[len++] = (unsigned char)ascii;
            at++;
            continue;
        }
        unsigned char utf8[4];
        int32_t character = decode_character(page, bytes, &at);
        unsigned more = character < 0 ? 0 : sp_utf8_encode((uint32_t)character, utf8);
        if (!more)
            return SP_EINVAL;
        if (more > size - len)
            return SP_ELIMIT;
        memcpy(out + len, utf8, more);
        len += more;
    }
    *ret_len = len;
    return SP_OK;
}

enum sp_status sp_codepage_decode(const struct sp_codepage *page, struct sp_str bytes, struct sp_buf *buf)
{
    static const unsigned most[] = {
        [SP_CODEPAGE_SINGLE] = 3, [SP_CODEPAGE_UTF8] = 1, [SP_CODEPAGE_UTF16BE] = 2};
    size_t room, len;
    if (bytes.len > SIZE_MAX / 4)
        return SP_ELIMIT;
    unsigned char *out = room_up_to(buf, bytes.len * most[page->form], &room);
    if (!out)
        return SP_ENOMEM;
    enum sp_status status = decode_into(page, bytes, out, room, &len);
    if (!status)
        buf->len += len;
    else if (status == SP_ELIMIT)
        buf->failed = true;
    return status;
}
