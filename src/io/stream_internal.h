/* SPDX-License-Identifier: Apache-2.0
 * stream_internal.h: one connection, as the pools, listeners and TLS of this room see it.
 */
#ifndef SP_IO_STREAM_INTERNAL_H
#define SP_IO_STREAM_INTERNAL_H

#include <openssl/types.h>

#include "io/loop.h"
#include "io/resolve.h"
#include "io/stream.h"

struct sp_fiber;

/* How one attempt to move bytes ended. */
enum sp_stream_step { SP_STEP_MOVED, SP_STEP_WANT_READ, SP_STEP_WANT_WRITE, SP_STEP_EOF, SP_STEP_FAILED };

struct sp_stream {
    struct sp_loop *loop;
    struct sp_stream_pool *pool; /* NULL: belongs to none */
    SSL *ssl;                    /* NULL: plain */
    struct sp_watch watch;       /* edge-triggered, in the set from connect to close */
    struct sp_fiber *waiters[2]; /* to be woken when something happens: one may read while one writes */
    bool can_read, can_write;    /* as far as we know; an attempt that would block clears it */
    bool peer_done;              /* the peer has closed its side, or the connection is broken */
    bool broken;                 /* an exchange failed: what comes next on it belongs to nobody */
    bool idle;                   /* in its pool, unused */
    bool session_kept;           /* its TLS session is known to the pool */
    enum sp_status failure;      /* after SP_STEP_FAILED */
    struct sp_buf in;            /* read and not consumed */
    size_t frame_len;            /* bytes of `in` that were handed out as a frame */
    int64_t idle_since_us;
    struct sp_stream *next, *prev; /* in the pool's idle list */
    char peer[SP_ADDRESS_TEXT_MAX];
};

/* A stream without a connection. NULL when there is no memory. */
struct sp_stream *sp_stream_new(struct sp_loop *loop);
/* Put the connected or connecting descriptor in, which the stream closes from now on, even on failure. */
enum sp_status sp_stream_attach(struct sp_stream *stream, int fd, bool connected) SP_MUST_CHECK;
/* Tell the peer when TLS allows it, close, free. Accepts NULL. */
void sp_stream_close(struct sp_stream *stream);

/* Suspend until reading or writing is worth an attempt. */
enum sp_status io_stream_wait(struct sp_stream *stream, enum sp_stream_step want,
                              int64_t deadline_us) SP_MUST_CHECK;
/* One attempt on the socket itself, below TLS. MOVED sets *ret_moved; FAILED sets stream->failure. */
enum sp_stream_step sp_stream_recv(struct sp_stream *stream, void *bytes, size_t room, size_t *ret_moved);
enum sp_stream_step sp_stream_send(struct sp_stream *stream, const void *bytes, size_t len,
                                   size_t *ret_moved);
/* Whether nothing has come on an unused connection, and it is still open. */
bool sp_stream_is_quiet(struct sp_stream *stream);
/* Whether it could serve another exchange: nothing failed, nothing is left over. Forgets the last frame. */
bool sp_stream_reusable(struct sp_stream *stream);

/* stream_pool.c: something happened on an idle stream; it came back from its borrower. */
void sp_stream_pool_disturbed(struct sp_stream *stream);
void sp_stream_pool_take_back(struct sp_stream *stream, bool healthy);

#endif
