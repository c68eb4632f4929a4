/* SPDX-License-Identifier: Apache-2.0
 * stream.h: connections to other systems, with pools, for use in a fiber.
 *
 * A pool keeps connections to one address. A fiber borrows one (or waits for one), writes a request, reads
 * until its frame is whole, and gives it back; a connection on which anything went wrong (time-out, cancel,
 * protocol error) is closed instead, because what comes next on it could be the answer to somebody else's
 * request.
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
    int64_t connect_timeout_us;       /* 0: 30 s */
    int64_t idle_timeout_us;          /* an unused connection is closed after this; 0: 60 s */
    void *ssl_ctx;                    /* SSL_CTX * of OpenSSL for TLS, or NULL; borrowed */
    const char *tls_host;             /* name to be verified and sent as SNI; NULL: address.host */
};

enum sp_status sp_stream_pool_new(struct sp_loop *loop, const struct sp_stream_pool_options *options,
                                  struct sp_stream_pool **ret_pool, struct sp_error *err) SP_MUST_CHECK;
/* Closes idle connections; those borrowed are closed when they are given back, and the pool's memory goes
 * with the last. Accepts NULL. */
void sp_stream_pool_free(struct sp_stream_pool *pool);

/* A connected stream, reused when one is idle and still open. Fresh connections that a peer refuses give
 * SP_EUNAVAIL, with the address in the error's text; SP_ETIMEDOUT, SP_ECANCELED, SP_ELIMIT. `*ret_reused`
 * (may be NULL) tells whether the connection had been used before, so that a caller may try once more when a
 * stale one fails at once. */
enum sp_status io_stream_borrow(struct sp_stream_pool *pool, int64_t deadline_us,
                                struct sp_stream **ret_stream, bool *ret_reused,
                                struct sp_error *err) SP_MUST_CHECK;
/* Give it back. `healthy` false, or bytes left unread: it is closed. Accepts NULL. */
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

struct sp_stream_pool_counts {
    unsigned open, idle, waiting;
    uint64_t connects, reuses, failures;
};
void sp_stream_pool_counts(const struct sp_stream_pool *pool, struct sp_stream_pool_counts *ret_counts);

#endif
