/* SPDX-License-Identifier: Apache-2.0
 * buf.h: bytes that grow, up to a ceiling that is given when the buffer is made.
 *
 * Appending reports failure two ways: by its return value and by the `failed` mark, which stays set, so that
 * a writer may append many times and ask once. After a failure the contents are those of the last append that
 * fitted.
 */
#ifndef SP_BASE_BUF_H
#define SP_BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct sp_buf {
    unsigned char *ptr; /* NULL until the first byte */
    size_t len, cap;
    size_t ceiling; /* greatest len */
    bool failed;    /* an append did not fit, or the heap was exhausted */
};

void sp_buf_init(struct sp_buf *buf, size_t ceiling);
/* A buffer over `size` bytes of the caller's memory, which is its ceiling: it takes nothing from the heap and
 * must not be finished or wiped. */
static inline struct sp_buf sp_buf_over(void *memory, size_t size)
{
    return (struct sp_buf){.ptr = (unsigned char *)memory, .cap = size, .ceiling = size};
}
/* Accepts NULL and a buffer that is all zeros. */
void sp_buf_finish(struct sp_buf *buf);
/* Overwrite the contents, then finish: for buffers that held a secret. */
void sp_buf_wipe(struct sp_buf *buf);
/* Forget contents and failure, keep the memory. */
void sp_buf_reset(struct sp_buf *buf);

/* SP_ELIMIT over the ceiling, SP_ENOMEM when the heap is exhausted. */
enum sp_status sp_buf_append(struct sp_buf *buf, const void *bytes, size_t len);
enum sp_status sp_buf_append_str(struct sp_buf *buf, struct sp_str s);
enum sp_status sp_buf_append_byte(struct sp_buf *buf, unsigned char byte);
/* `len` times the same byte. */
enum sp_status sp_buf_append_fill(struct sp_buf *buf, unsigned char byte, size_t len);
enum sp_status sp_buf_printf(struct sp_buf *buf, const char *fmt, ...) SP_PRINTF(2, 3);
/* Big-endian numbers of 2, 4 and 8 bytes. */
enum sp_status sp_buf_append_u16(struct sp_buf *buf, uint16_t value);
enum sp_status sp_buf_append_u32(struct sp_buf *buf, uint32_t value);
enum sp_status sp_buf_append_u64(struct sp_buf *buf, uint64_t value);
/* Room for `len` more bytes behind the contents, not yet counted in them; NULL on failure. Add what was
 * written to `buf->len`. */
unsigned char *sp_buf_reserve(struct sp_buf *buf, size_t len);
/* Drop the first `len` bytes (at most all). */
void sp_buf_consume(struct sp_buf *buf, size_t len);

static inline struct sp_str sp_buf_str(const struct sp_buf *buf)
{
    return sp_str_from(buf->ptr, buf->len);
}

/* Big-endian numbers in memory. */
static inline uint16_t sp_get_u16(const unsigned char *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t sp_get_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t sp_get_u64(const unsigned char *p)
{
    return (uint64_t)sp_get_u32(p) << 32 | sp_get_u32(p + 4);
}

static inline void sp_put_u16(unsigned char *p, uint16_t v)
{
    p[0] = (unsigned char)(v >> 8);
    p[1] = (unsigned char)v;
}

static inline void sp_put_u32(unsigned char *p, uint32_t v)
{
    sp_put_u16(p, (uint16_t)(v >> 16));
    sp_put_u16(p + 2, (uint16_t)v);
}

static inline void sp_put_u64(unsigned char *p, uint64_t v)
{
    sp_put_u32(p, (uint32_t)(v >> 32));
    sp_put_u32(p + 4, (uint32_t)v);
}

#endif
