/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256u

void sp_buf_init(struct sp_buf *buf, size_t ceiling)
{
    *buf = (struct sp_buf){.ceiling = ceiling};
}

void sp_buf_finish(struct sp_buf *buf)
{
    if (!buf)
        return;
    free(buf->ptr);
    *buf = (struct sp_buf){.ceiling = buf->ceiling};
}

void sp_buf_wipe(struct sp_buf *buf)
{
    if (buf && buf->ptr)
        explicit_bzero(buf->ptr, buf->cap);
    sp_buf_finish(buf);
}

void sp_buf_reset(struct sp_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

unsigned char *sp_buf_reserve(struct sp_buf *buf, size_t len)
{
    if (len > buf->ceiling || buf->len > buf->ceiling - len) {
        buf->failed = true;
        return NULL;
    }
    size_t need = buf->len + len;
    if (need > buf->cap || !buf->ptr) {
        size_t cap = buf->cap ? buf->cap : FIRST_CAPACITY;
        while (cap < need)
            cap = cap > SIZE_MAX / 2 ? need : cap * 2;
        /* Not realloc: what may be a secret must not stay behind in memory that was given back. */
        unsigned char *grown = malloc(cap);
        if (!grown) {
            buf->failed = true;
            return NULL;
        }
        if (buf->ptr) {
            memcpy(grown, buf->ptr, buf->len);
            explicit_bzero(buf->ptr, buf->len);
            free(buf->ptr);
        }
        buf->ptr = grown;
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

static enum sp_status why_not(const struct sp_buf *buf, size_t len)
{
    return len > buf->ceiling || buf->len > buf->ceiling - len ? SP_ELIMIT : SP_ENOMEM;
}

enum sp_status sp_buf_append(struct sp_buf *buf, const void *bytes, size_t len)
{
    unsigned char *room = sp_buf_reserve(buf, len);
    if (!room)
        return why_not(buf, len);
    if (len)
        memcpy(room, bytes, len);
    buf->len += len;
    return SP_OK;
}

enum sp_status sp_buf_append_str(struct sp_buf *buf, struct sp_str s)
{
    return sp_buf_append(buf, s.ptr, s.len);
}

enum sp_status sp_buf_append_byte(struct sp_buf *buf, unsigned char byte)
{
    return sp_buf_append(buf, &byte, 1);
}

enum sp_status sp_buf_append_fill(struct sp_buf *buf, unsigned char byte, size_t len)
{
    unsigned char *room = sp_buf_reserve(buf, len);
    if (!room)
        return why_not(buf, len);
    memset(room, byte, len);
    buf->len += len;
    return SP_OK;
}

enum sp_status sp_buf_printf(struct sp_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    enum sp_status status = SP_OK;
    /* One more for the NUL that vsnprintf writes; it is not counted in the contents. */
    unsigned char *room = n >= 0 ? sp_buf_reserve(buf, (size_t)n + 1) : NULL;
    if (room) {
        vsnprintf((char *)room, (size_t)n + 1, fmt, again);
        buf->len += (size_t)n;
    } else {
        status = n < 0 ? SP_EINVAL : why_not(buf, (size_t)n + 1);
    }
    va_end(again);
    return status;
}

enum sp_status sp_buf_append_u16(struct sp_buf *buf, uint16_t value)
{
    unsigned char bytes[2];
    sp_put_u16(bytes, value);
    return sp_buf_append(buf, bytes, sizeof bytes);
}

enum sp_status sp_buf_append_u32(struct sp_buf *buf, uint32_t value)
{
    unsigned char bytes[4];
    sp_put_u32(bytes, value);
    return sp_buf_append(buf, bytes, sizeof bytes);
}

enum sp_status sp_buf_append_u64(struct sp_buf *buf, uint64_t value)
{
    unsigned char bytes[8];
    sp_put_u64(bytes, value);
    return sp_buf_append(buf, bytes, sizeof bytes);
}

void sp_buf_consume(struct sp_buf *buf, size_t len)
{
    if (len >= buf->len) {
        buf->len = 0;
        return;
    }
    memmove(buf->ptr, buf->ptr + len, buf->len - len);
    buf->len -= len;
}
