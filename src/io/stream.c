/* SPDX-License-Identifier: Apache-2.0 */
#include "io/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/fiber.h"
#include "io/loop_internal.h"
#include "io/stream_internal.h"
#include "io/tls.h"

/* The least room offered to one read; also what may be read beyond a frame's ceiling. */
#define READ_CHUNK ((size_t)16384)
/* A buffer that one large frame has made larger than this is given back to the heap after the exchange. */
#define KEEP_BUFFER ((size_t)65536)

struct sp_stream *sp_stream_new(struct sp_loop *loop)
{
    struct sp_stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return NULL;
    stream->loop = loop;
    stream->watch.fd = -1;
    sp_buf_init(&stream->in, 0);
    return stream;
}

static void happened(void *arg, uint32_t events)
{
    struct sp_stream *stream = arg;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        stream->peer_done = true;
    if (events & EPOLLIN || stream->peer_done)
        stream->can_read = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        stream->can_write = true;
    if (stream->idle) {
        sp_stream_pool_disturbed(stream);
        return;
    }
    /* A fiber that is woken runs later, so that the stream is still there for the second. */
    for (int i = 0; i < 2; i++)
        if (stream->waiters[i])
            sp_fiber_wake(stream->waiters[i]);
}

enum sp_status sp_stream_adopt(struct sp_loop *loop, int fd, const char *name, struct sp_stream **ret_stream)
{
    struct sp_stream *stream = sp_stream_new(loop);
    if (!stream) {
        close(fd);
        return SP_ENOMEM;
    }
    snprintf(stream->peer, sizeof stream->peer, "%s", name);
    enum sp_status status = sp_stream_attach(stream, fd, true);
    if (status != SP_OK) {
        sp_stream_close(stream);
        return status;
    }
    *ret_stream = stream;
    return SP_OK;
}

enum sp_status sp_stream_attach(struct sp_stream *stream, int fd, bool connected)
{
    stream->can_read = stream->can_write = connected;
    stream->peer_done = false;
    stream->watch = (struct sp_watch){.fd = fd,
                                      .events = EPOLLIN | EPOLLRDHUP | EPOLLET | (connected ? 0 : EPOLLOUT),
                                      .fn = happened,
                                      .arg = stream};
    return sp_watch_add(stream->loop, &stream->watch);
}

void sp_stream_close(struct sp_stream *stream)
{
    if (!stream)
        return;
    sp_tls_finish(stream);
    sp_watch_remove(&stream->watch);
    if (stream->watch.fd >= 0)
        close(stream->watch.fd);
    sp_buf_wipe(&stream->in);
    free(stream);
}

/* Moving bytes */

static enum sp_stream_step failed(struct sp_stream *stream, int errnum)
{
    stream->failure = sp_io_status(errnum);
    return SP_STEP_FAILED;
}

enum sp_stream_step sp_stream_recv(struct sp_stream *stream, void *bytes, size_t room, size_t *ret_moved)
{
    if (!stream->can_read)
        return SP_STEP_WANT_READ;
    ssize_t n;
    do
        n = recv(stream->watch.fd, bytes, room, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return SP_STEP_EOF;
    if (n < 0 && errno != EAGAIN)
        return failed(stream, errno);
    /* Less than was asked for means that there is no more, unless the end was announced already: then
     * no further event will come. */
    if ((n < 0 || (size_t)n < room) && !stream->peer_done)
        stream->can_read = false;
    if (n < 0)
        return SP_STEP_WANT_READ;
    *ret_moved = (size_t)n;
    return SP_STEP_MOVED;
}

enum sp_stream_step sp_stream_send(struct sp_stream *stream, const void *bytes, size_t len, size_t *ret_moved)
{
    if (!stream->can_write)
        return SP_STEP_WANT_WRITE;
    ssize_t n;
    do
        n = send(stream->watch.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN)
        return failed(stream, errno);
    if (n < 0) {
        stream->can_write = false;
        return SP_STEP_WANT_WRITE;
    }
    *ret_moved = (size_t)n;
    return SP_STEP_MOVED;
}

static enum sp_stream_step step_read(struct sp_stream *stream, void *bytes, size_t room, size_t *ret_moved)
{
    return stream->ssl ? sp_tls_read(stream, bytes, room, ret_moved)
                       : sp_stream_recv(stream, bytes, room, ret_moved);
}

static enum sp_stream_step step_write(struct sp_stream *stream, const void *bytes, size_t len,
                                      size_t *ret_moved)
{
    return stream->ssl ? sp_tls_write(stream, bytes, len, ret_moved)
                       : sp_stream_send(stream, bytes, len, ret_moved);
}

enum sp_status io_stream_wait(struct sp_stream *stream, enum sp_stream_step want, int64_t deadline_us)
{
    const bool *ready = want == SP_STEP_WANT_READ ? &stream->can_read : &stream->can_write;
    enum sp_status status = SP_OK;
    /* Writing seldom has to wait, so it is watched for only from the first time on. */
    if (want == SP_STEP_WANT_WRITE && !*ready && !(stream->watch.events & EPOLLOUT))
        status = sp_watch_change(&stream->watch, stream->watch.events | EPOLLOUT);
    struct sp_fiber **place = &stream->waiters[stream->waiters[0] ? 1 : 0];
    *place = sp_fiber_self();
    while (status == SP_OK && !*ready)
        status = sp_fiber_wait(deadline_us);
    *place = NULL;
    return status;
}

bool sp_stream_is_quiet(struct sp_stream *stream)
{
    char byte;
    ssize_t n = recv(stream->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0) {
        stream->can_read = stream->peer_done;
        return errno == EAGAIN;
    }
    if (n == 0 || !stream->ssl)
        return false;
    /* TLS may send what is not data: new session tickets, new keys. */
    size_t moved = 0;
    stream->can_read = true;
    return sp_tls_read(stream, &byte, 1, &moved) == SP_STEP_WANT_READ;
}

/* Exchanges */

static enum sp_status broke(struct sp_stream *stream, enum sp_status status)
{
    stream->broken = true;
    return status;
}

/* SP_OK after MOVED, or when it is worth another attempt. */
static enum sp_status io_after(struct sp_stream *stream, enum sp_stream_step step, int64_t deadline_us)
{
    switch (step) {
    case SP_STEP_MOVED:
        return SP_OK;
    case SP_STEP_WANT_READ:
    case SP_STEP_WANT_WRITE:
        return io_stream_wait(stream, step, deadline_us);
    case SP_STEP_EOF:
        return SP_ECLOSED;
    case SP_STEP_FAILED:
        break;
    }
    return stream->failure;
}

enum sp_status io_stream_write(struct sp_stream *stream, struct sp_str bytes, int64_t deadline_us)
{
    if (sp_fiber_canceled())
        return broke(stream, SP_ECANCELED);
    while (bytes.len > 0) {
        size_t moved = 0;
        enum sp_stream_step step = step_write(stream, bytes.ptr, bytes.len, &moved);
        enum sp_status status = io_after(stream, step, deadline_us);
        if (status != SP_OK)
            return broke(stream, status);
        bytes = sp_str_slice(bytes, moved, bytes.len);
    }
    return SP_OK;
}

/* Some more bytes into `in`. `missing`: what the frame lacks, 0 when that is not known yet. */
static enum sp_status io_fill(struct sp_stream *stream, size_t missing, int64_t deadline_us)
{
    struct sp_buf *in = &stream->in;
    /* Not all that the peer announces at once: the memory comes as the bytes do. */
    size_t room = missing > in->len ? in->len : missing;
    if (room < READ_CHUNK)
        room = READ_CHUNK;
    unsigned char *at = sp_buf_reserve(in, room);
    if (!at)
        return SP_ENOMEM;
    for (;;) {
        size_t moved = 0;
        enum sp_stream_step step = step_read(stream, at, room, &moved);
        in->len += moved;
        enum sp_status status = io_after(stream, step, deadline_us);
        if (status != SP_OK || moved > 0)
            return status;
    }
}

static enum sp_status io_read_frame(struct sp_stream *stream, sp_stream_frame_fn *frame, void *arg,
                                    size_t max_frame, int64_t deadline_us)
{
    struct sp_buf *in = &stream->in;
    size_t len = 0;
    for (;;) {
        enum sp_status status = SP_OK;
        if (len == 0 && in->len > 0)
            status = frame(arg, sp_buf_str(in), &len);
        if (status != SP_OK)
            return status;
        if (len > max_frame || (len == 0 && in->len >= max_frame))
            return SP_ELIMIT;
        if (len > 0 && in->len >= len) {
            stream->frame_len = len;
            return SP_OK;
        }
        status = io_fill(stream, len > 0 ? len - in->len : 0, deadline_us);
        if (status != SP_OK)
            return status;
    }
}

enum sp_status io_stream_read_frame(struct sp_stream *stream, sp_stream_frame_fn *frame, void *arg,
                                    size_t max_frame, int64_t deadline_us, struct sp_str *ret_frame)
{
    struct sp_buf *in = &stream->in;
    if (sp_fiber_canceled())
        return broke(stream, SP_ECANCELED);
    sp_buf_consume(in, stream->frame_len);
    stream->frame_len = 0;
    in->ceiling = max_frame > SIZE_MAX - READ_CHUNK ? SIZE_MAX : max_frame + READ_CHUNK;
    enum sp_status status = io_read_frame(stream, frame, arg, max_frame, deadline_us);
    if (status != SP_OK)
        return broke(stream, status);
    *ret_frame = sp_str_from(in->ptr, stream->frame_len);
    return SP_OK;
}

const char *sp_stream_peer(const struct sp_stream *stream)
{
    return stream->peer;
}

bool sp_stream_reusable(struct sp_stream *stream)
{
    if (stream->broken || stream->peer_done || stream->in.len != stream->frame_len || sp_tls_pending(stream))
        return false;
    stream->frame_len = 0;
    if (stream->in.cap > KEEP_BUFFER)
        sp_buf_wipe(&stream->in);
    sp_buf_reset(&stream->in);
    return true;
}

void sp_stream_give_back(struct sp_stream *stream, bool healthy)
{
    if (!stream)
        return;
    if (stream->pool) {
        sp_stream_pool_take_back(stream, healthy);
        return;
    }
    if (!healthy)
        stream->broken = true;
    sp_stream_close(stream);
}
