/* SPDX-License-Identifier: Apache-2.0
 * tls.h: TLS over a stream's socket, by OpenSSL. Private to this room.
 *
 * OpenSSL reads and writes through the stream (so that no SIGPIPE is raised and readiness is known), never on
 * the descriptor.
 */
#ifndef SP_IO_TLS_H
#define SP_IO_TLS_H

#include "io/stream_internal.h"

struct ssl_session_st; /* SSL_SESSION of OpenSSL */

/* Handshake as a client. The server's certificate must be valid under `ctx` for `host` (a name or an IP
 * address), whatever verify mode `ctx` has; a name is sent as SNI. `session` (may be NULL) is offered for
 * resumption. SP_EDENIED when the certificate is refused, SP_EPROTO when the handshake fails otherwise,
 * SP_ECLOSED, SP_ETIMEDOUT, SP_ECANCELED, SP_ENOMEM. */
enum sp_status io_tls_connect(struct sp_stream *stream, SSL_CTX *ctx, const char *host,
                              struct ssl_session_st *session, int64_t deadline_us,
                              struct sp_error *err) SP_MUST_CHECK;
/* Handshake as a server; whether the client needs a certificate is `ctx`'s matter. */
enum sp_status io_tls_accept(struct sp_stream *stream, SSL_CTX *ctx, int64_t deadline_us,
                             struct sp_error *err) SP_MUST_CHECK;

enum sp_stream_step sp_tls_read(struct sp_stream *stream, void *bytes, size_t room, size_t *ret_moved);
enum sp_stream_step sp_tls_write(struct sp_stream *stream, const void *bytes, size_t len, size_t *ret_moved);
/* Whether data was decrypted that nobody has read. */
bool sp_tls_pending(const struct sp_stream *stream);
/* Say goodbye if that is possible at once, and free the TLS state. */
void sp_tls_finish(struct sp_stream *stream);
/* A session to resume later, owned by the caller; NULL when there is none. */
struct ssl_session_st *sp_tls_session(struct sp_stream *stream);
void sp_tls_session_free(struct ssl_session_st *session);

#endif
