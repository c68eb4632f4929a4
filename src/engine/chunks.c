/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/chunks.h"

static int digit_of(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum sp_chunk_state in_size(struct sp_chunks *chunks, unsigned char c)
{
    int digit = digit_of(c);
    if (digit >= 0) {
        chunks->left = chunks->left << 4 | (unsigned)digit;
        return ++chunks->digits <= SP_CHUNK_DIGITS_MAX ? SP_CHUNK_SIZE : SP_CHUNK_BAD;
    }
    if (chunks->digits == 0)
        return SP_CHUNK_BAD;
    if (c == ' ' || c == '\t')
        return SP_CHUNK_BLANK;
    return c == ';' ? SP_CHUNK_EXTENSION : c == '\r' ? SP_CHUNK_SIZE_LF : SP_CHUNK_BAD;
}

/* The end of a line: the next begins with a size, or there is none. */
static enum sp_chunk_state behind_line(struct sp_chunks *chunks)
{
    chunks->digits = chunks->extended = 0;
    return chunks->left ? SP_CHUNK_DATA : SP_CHUNK_LAST;
}

static enum sp_chunk_state in_line(struct sp_chunks *chunks, unsigned char c)
{
    if (++chunks->extended > SP_CHUNK_EXTENSION_MAX)
        return SP_CHUNK_BAD;
    if (chunks->state == SP_CHUNK_BLANK)
        return c == ' ' || c == '\t' ? SP_CHUNK_BLANK : c == ';' ? SP_CHUNK_EXTENSION : SP_CHUNK_BAD;
    if (c == '\r')
        return SP_CHUNK_SIZE_LF;
    return (c >= 0x20 && c != 0x7f) || c == '\t' ? SP_CHUNK_EXTENSION : SP_CHUNK_BAD;
}

static enum sp_chunk_state next(struct sp_chunks *chunks, unsigned char c)
{
    switch (chunks->state) {
    case SP_CHUNK_SIZE:
        return in_size(chunks, c);
    case SP_CHUNK_BLANK:
    case SP_CHUNK_EXTENSION:
        return in_line(chunks, c);
    case SP_CHUNK_SIZE_LF:
        return c == '\n' ? behind_line(chunks) : SP_CHUNK_BAD;
    case SP_CHUNK_DATA_CR:
        return c == '\r' ? SP_CHUNK_DATA_LF : SP_CHUNK_BAD;
    case SP_CHUNK_DATA_LF:
        return c == '\n' ? SP_CHUNK_SIZE : SP_CHUNK_BAD;
    default:
        return chunks->state;
    }
}

size_t sp_chunks_feed(struct sp_chunks *chunks, const unsigned char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && chunks->state != SP_CHUNK_LAST) {
        if (chunks->state == SP_CHUNK_DATA) {
            size_t take = chunks->left < len - at ? (size_t)chunks->left : len - at;
            at += take;
            chunks->left -= take;
            if (chunks->left == 0)
                chunks->state = SP_CHUNK_DATA_CR;
            continue;
        }
        chunks->state = next(chunks, bytes[at]);
        if (chunks->state == SP_CHUNK_BAD)
            return at;
        at++;
    }
    return len;
}
