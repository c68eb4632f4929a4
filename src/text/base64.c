/* SPDX-License-Identifier: Apache-2.0 */
#include "text/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Room for `len` bytes, or why there is none. */
static enum sp_status room_for(struct sp_buf *buf, size_t len, unsigned char **ret_room)
{
    unsigned char *room = sp_buf_reserve(buf, len);
    if (!room)
        return len > buf->ceiling || buf->len > buf->ceiling - len ? SP_ELIMIT : SP_ENOMEM;
    *ret_room = room;
    return SP_OK;
}

static int letter_value(enum sp_base64_form form, char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (form == SP_BASE64_URL ? '-' : '+'))
        return 62;
    if (c == (form == SP_BASE64_URL ? '_' : '/'))
        return 63;
    return -1;
}

/* Length without padding; SP_ESYNTAX when the padding is not what the form asks for. */
static enum sp_status unpad(enum sp_base64_form form, struct sp_str text, size_t *ret_len)
{
    size_t len = text.len;
    if (form != SP_BASE64_URL) {
        while (len && text.len - len < 2 && text.ptr[len - 1] == '=')
            len--;
        bool padded = len < text.len || form == SP_BASE64;
        if (padded && text.len % 4 != 0)
            return SP_ESYNTAX;
    }
    if (len % 4 == 1)
        return SP_ESYNTAX;
    *ret_len = len;
    return SP_OK;
}

enum sp_status sp_base64_decode(enum sp_base64_form form, struct sp_str text, struct sp_buf *buf)
{
    size_t len;
    unsigned char *out;
    if (unpad(form, text, &len))
        return SP_ESYNTAX;
    size_t bytes = len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0);
    enum sp_status status = room_for(buf, bytes, &out);
    if (status)
        return status;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < len; i++) {
        int value = letter_value(form, text.ptr[i]);
        if (value < 0)
            return SP_ESYNTAX;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            *out++ = (unsigned char)(bits >> have);
        }
    }
    if (bits & ((1u << have) - 1))
        return SP_ESYNTAX;
    buf->len += bytes;
    return SP_OK;
}

enum sp_status sp_base64_encode(enum sp_base64_form form, struct sp_str bytes, struct sp_buf *buf)
{
    const char *letters = form == SP_BASE64_URL ? alphabet_url : alphabet;
    if (bytes.len > SIZE_MAX / 4 * 3 - 4)
        return SP_ELIMIT;
    size_t left = bytes.len % 3;
    size_t tail = !left ? 0 : form == SP_BASE64_URL ? left + 1 : 4;
    size_t len = bytes.len / 3 * 4 + tail;
    unsigned char *out;
    enum sp_status status = room_for(buf, len, &out);
    if (status)
        return status;
    const unsigned char *in = (const unsigned char *)bytes.ptr;
    size_t at = 0;
    for (; at + 3 <= bytes.len; at += 3) {
        uint32_t bits = (uint32_t)in[at] << 16 | (uint32_t)in[at + 1] << 8 | in[at + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = (unsigned char)letters[bits >> shift & 63];
    }
    if (left) {
        uint32_t bits = (uint32_t)in[at] << 16 | (left == 2 ? (uint32_t)in[at + 1] << 8 : 0);
        for (size_t i = 0; i < tail; i++, bits <<= 6)
            *out++ = i <= left ? (unsigned char)letters[bits >> 18 & 63] : '=';
    }
    buf->len += len;
    return SP_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sp_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum sp_status sp_hex_decode(struct sp_str text, struct sp_buf *buf)
{
    unsigned char *out;
    if (text.len % 2)
        return SP_ESYNTAX;
    enum sp_status status = room_for(buf, text.len / 2, &out);
    if (status)
        return status;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_value(text.ptr[i]), low = hex_value(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return SP_ESYNTAX;
        out[i / 2] = (unsigned char)(high << 4 | low);
    }
    buf->len += text.len / 2;
    return SP_OK;
}

enum sp_status sp_hex_encode(struct sp_str bytes, struct sp_buf *buf)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *out;
    if (bytes.len > SIZE_MAX / 2)
        return SP_ELIMIT;
    enum sp_status status = room_for(buf, bytes.len * 2, &out);
    if (status)
        return status;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        *out++ = (unsigned char)digits[byte >> 4];
        *out++ = (unsigned char)digits[byte & 15];
    }
    buf->len += bytes.len * 2;
    return SP_OK;
}
