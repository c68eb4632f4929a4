/* SPDX-License-Identifier: Apache-2.0
 * zip_bytes.h: archives byte by byte, also such as no tool would write.
 */
#ifndef SP_TESTS_ZIP_BYTES_H
#define SP_TESTS_ZIP_BYTES_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct zip_made {
    const char *name;
    size_t name_len; /* 0: strlen */
    const void *data;
    size_t size;       /* bytes of `data`, as they stand in the archive */
    unsigned method;   /* 0 stored, 8 deflated */
    uint32_t unpacked; /* 0: size */
    uint32_t crc;      /* used when `has_crc`; otherwise that of `data` */
    bool has_crc;
    unsigned flags;
    uint32_t attributes; /* external */
};

static inline void put_le(struct sp_buf *buf, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        (void)sp_buf_append_byte(buf, (unsigned char)(value >> (8 * i)));
}

static inline uint32_t zip_crc(const void *data, size_t size)
{
    const unsigned char *p = data;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static inline void put_common(struct sp_buf *buf, const struct zip_made *made)
{
    size_t name_len = made->name_len ? made->name_len : strlen(made->name);
    put_le(buf, made->flags, 2);
    put_le(buf, made->method, 2);
    put_le(buf, 0, 2);
    put_le(buf, 0x21, 2);
    put_le(buf, made->has_crc ? made->crc : zip_crc(made->data, made->size), 4);
    put_le(buf, made->size, 4);
    put_le(buf, made->unpacked ? made->unpacked : made->size, 4);
    put_le(buf, name_len, 2);
    put_le(buf, 0, 2);
}

static inline void put_name(struct sp_buf *buf, const struct zip_made *made)
{
    (void)sp_buf_append(buf, made->name, made->name_len ? made->name_len : strlen(made->name));
}

/* Appends an archive of `count` entries. */
static inline void zip_make(struct sp_buf *buf, const struct zip_made *made, size_t count)
{
    size_t *at = calloc(count + 1, sizeof *at);
    for (size_t i = 0; i < count; i++) {
        at[i] = buf->len;
        (void)sp_buf_append(buf, "PK\3\4", 4);
        put_le(buf, 20, 2);
        put_common(buf, &made[i]);
        put_name(buf, &made[i]);
        (void)sp_buf_append(buf, made[i].data, made[i].size);
    }
    size_t directory = buf->len;
    for (size_t i = 0; i < count; i++) {
        (void)sp_buf_append(buf, "PK\1\2", 4);
        put_le(buf, 3 << 8 | 20, 2);
        put_le(buf, 20, 2);
        put_common(buf, &made[i]);
        put_le(buf, 0, 6); /* comment, disk, internal attributes */
        put_le(buf, made[i].attributes, 4);
        put_le(buf, at[i], 4);
        put_name(buf, &made[i]);
    }
    size_t end = buf->len;
    (void)sp_buf_append(buf, "PK\5\6", 4);
    put_le(buf, 0, 4);
    put_le(buf, count, 2);
    put_le(buf, count, 2);
    put_le(buf, end - directory, 4);
    put_le(buf, directory, 4);
    put_le(buf, 0, 2);
    free(at);
}

#endif
