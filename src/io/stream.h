/* SPDX-License-Identifier: Apache-2.0
 * stream.h: connections to other systems, with pools, for use in a fiber.
 *
 * A pool keeps connections to one address. A fiber borrows one (or waits for one), writes a request, reads
 * until its frame is whole, and gives it back; a connection on which anything went wrong (time-out, cancel,
 * protocol error) is closed instead, because what comes next on it could be the answer to somebody else's
 * request. One fiber may read from a stream while another one writes to it.
 */
#ifndef SP_IO_STREAM_H
#define SP_IO_STREAM_H

#include "base/buf.h"

struct sp_loop;
struct sp_stream;
struct sp_stream_pool;

struct sp_stream_address {
    const char *host; /* name or address; NULL when path is given */
    unsigned port;
    const char *unix_path; /* of a local socket */
};

struct sp_stream_pool_options {
    struct sp_stream_address address; /* copied */
    unsigned max_streams;             /* open at once; further borrowers wait. 0: 100 */
    unsigned max_waiting;             /* fibers that may wait for one; more get SP_ELIMIT. 0: 1000 */
    int64_t connect_timeout_us;       /* TLS handshake included; 0: 30 s */
    int64_t idle_timeout_us;          /* an unused connection is closed after this; 0: 60 s */
    void *ssl_ctx;                    /* SSL_CTX * of OpenSSL for TLS, or NULL; borrowed */
    const char *tls_host;             /* to be verified, and sent as SNI when a name; NULL: address.host */
};

/* The pool opens nothing yet. SP_EINVAL for an address that cannot be one, SP_ENOMEM. */
enum sp_status sp_stream_pool_new(struct sp_loop *loop, const struct sp_stream_pool_options *options,
                                  struct sp_stream_pool **ret_pool, struct sp_error *err) SP_MUST_CHECK;
/* Closes idle connections and refuses those who wait with SP_EUNAVAIL; those borrowed are closed when they
 * are given back, and the pool's memory goes with the last. Accepts NULL. */
void sp_stream_pool_free(struct sp_stream_pool *pool);

/* A connected stream: an idle one that is still open (the one used last), a fresh connection, or, when as
 * many as the pool may have are out, the next that comes back; those who wait are served in the order they
 * came. Nothing was sent to the peer when this fails: SP_EUNAVAIL when it refuses or its name is unknown,
 * SP_ETIMEDOUT when the deadline (monotonic microseconds, 0: none) or the connect time-out passes, SP_ELIMIT
 * when too many wait, SP_EDENIED when its certificate is refused, SP_EPROTO and SP_ECLOSED when the TLS
 * handshake fails, SP_ECANCELED, SP_ENOMEM; the error's text has the address. `*ret_reused` (may be NULL)
 * tells whether the connection had been used before, so that a caller may try once more when a stale one
 * fails at once. Only in a fiber. */
enum sp_status io_stream_borrow(struct sp_stream_pool *pool, int64_t deadline_us,
                                struct sp_stream **ret_stream, bool *ret_reused,
                                struct sp_error *err) SP_MUST_CHECK;
/* A connected socket that somebody else made (one end of a socket pair) as a stream of no pool; `fd` is the
 * stream's from now on, also on failure. `name` is what sp_stream_peer gives. SP_ENOMEM, SP_EIO. */
enum sp_status sp_stream_adopt(struct sp_loop *loop, int fd, const char *name,
                               struct sp_stream **ret_stream) SP_MUST_CHECK;
/* Give it back. `healthy` false, a failure before, or bytes left unread: it is closed. A stream that belongs
 * to no pool (io/listen.h) is always closed. Accepts NULL. */
void sp_stream_give_back(struct sp_stream *stream, bool healthy);

/* All bytes, or a failure. Deadlines are monotonic microseconds, 0: none. SP_ECLOSED, SP_ETIMEDOUT,
 * SP_ECANCELED, SP_EIO. */
enum sp_status io_stream_write(struct sp_stream *stream, struct sp_str bytes,
                               int64_t deadline_us) SP_MUST_CHECK;

/* Looks at what was read so far and says how long the first frame is: 0 = cannot tell yet, more is needed;
 * otherwise the frame's whole length. An error status ends the exchange. */
typedef enum sp_status sp_stream_frame_fn(void *arg, struct sp_str have, size_t *ret_frame_len);
/* Read until one frame is whole and hand out its bytes, valid until the next call on this stream. `max_frame`
 * bounds it: SP_ELIMIT. End of file in the middle of a frame is SP_ECLOSED. */
enum sp_status io_stream_read_frame(struct sp_stream *stream, sp_stream_frame_fn *frame, void *arg,
                                    size_t max_frame, int64_t deadline_us,
                                    struct sp_str *ret_frame) SP_MUST_CHECK;

/* Where it leads: "192.0.2.1:1435", "cics.example.com:1435", a path. For messages. */
const char *sp_stream_peer(const struct sp_stream *stream);

struct sp_stream_pool_counts {
    unsigned open;     /* connections, those being made among them */
    unsigned idle;     /* of these, unused */
    unsigned waiting;  /* fibers that wait for one */
    uint64_t connects; /* connections made since the pool was */
    uint64_t reuses;   /* times a connection served again */
    uint64_t failures; /* connections that could not be made */
};
void sp_stream_pool_counts(const struct sp_stream_pool *pool, struct sp_stream_pool_counts *ret_counts);

#endif
