/* SPDX-License-Identifier: Apache-2.0
 * listen.h: accepting connections, one fiber for each.
 */
#ifndef SP_IO_LISTEN_H
#define SP_IO_LISTEN_H

#include "io/stream.h"

struct sp_listener;

struct sp_listener_options {
    struct sp_stream_address address; /* host NULL: all interfaces; port 0: any free one */
    unsigned max_connections;         /* at once; more wait in the kernel's queue. 0: 1000 */
    int64_t handshake_timeout_us;     /* of TLS; 0: 10 s */
    void *ssl_ctx;                    /* SSL_CTX * of OpenSSL for TLS, or NULL; borrowed */
};

/* Serve one connection, in a fiber of its own. The stream is fn's: it reads with io_stream_read_frame,
 * answers with io_stream_write, and ends with sp_stream_give_back, which closes it. When the peer closes
 * between two frames, io_stream_read_frame returns SP_ECLOSED; SP_ECANCELED means that the listener or the
 * loop is being freed. */
typedef void sp_listener_fn(void *arg, struct sp_stream *stream);

/* Listen, and call `fn(arg, stream)` in a new fiber for each connection (with TLS: whose handshake
 * succeeded). A host's name is resolved here and blocks: call this before serving. A file at the path of a
 * local socket is replaced when it is a socket on which nobody listens any more. SP_EINVAL for an address
 * that cannot be one, SP_EEXISTS when it is in use, SP_EDENIED, SP_ELIMIT, SP_ENOMEM, SP_EIO. */
enum sp_status sp_listener_new(struct sp_loop *loop, const struct sp_listener_options *options,
                               sp_listener_fn *fn, void *arg, struct sp_listener **ret_listener,
                               struct sp_error *err) SP_MUST_CHECK;
/* Accept no more, and let the connections that there are come to their end. Free it all the same. */
void sp_listener_stop(struct sp_listener *listener);
/* Stop, and cancel the fibers of its connections, which run to their end in the loop's next turns; nothing of
 * the listener's `arg` may go before sp_loop_fibers says that they are gone, or the loop was freed. Before
 * the loop is freed. Accepts NULL. */
void sp_listener_free(struct sp_listener *listener);

/* The port, useful when it was 0; 0 for a local socket. */
unsigned sp_listener_port(const struct sp_listener *listener);
/* Connections being served. */
unsigned sp_listener_connections(const struct sp_listener *listener);

#endif
