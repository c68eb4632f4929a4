/* SPDX-License-Identifier: Apache-2.0
 * chunks.h: the frame of a chunked body (RFC 9112, 7.1), strictly.
 *
 * nginx takes a bare LF for the end of a chunk's line and of its data, also inside an extension, where others
 * read on: two servers then see two requests. This looks over the bytes before nginx does.
 */
#ifndef SP_ENGINE_CHUNKS_H
#define SP_ENGINE_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_CHUNK_DIGITS_MAX 15u
/* Bytes of an extension, which means nothing to us. */
#define SP_CHUNK_EXTENSION_MAX 256u

enum sp_chunk_state {
    SP_CHUNK_SIZE, /* all zeros is the beginning */
    SP_CHUNK_BLANK,
    SP_CHUNK_EXTENSION,
    SP_CHUNK_SIZE_LF,
    SP_CHUNK_DATA,
    SP_CHUNK_DATA_CR,
    SP_CHUNK_DATA_LF,
    SP_CHUNK_LAST, /* behind the last chunk's line: trailers, and what is not of this body */
    SP_CHUNK_BAD
};

struct sp_chunks {
    enum sp_chunk_state state;
    uint64_t left;             /* of the size as read so far, or of the data */
    unsigned digits, extended; /* of the line */
};

/* Look over the next bytes. Gives the offset of the first that is wrong, `len` when none is; then, and
 * afterwards, the state is SP_CHUNK_BAD. */
size_t sp_chunks_feed(struct sp_chunks *chunks, const unsigned char *bytes, size_t len);

#endif
