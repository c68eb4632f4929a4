/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>

/* The stream as OpenSSL's source and sink of bytes */

static int bio_result(BIO *bio, enum sp_stream_step step, size_t moved)
{
    BIO_clear_retry_flags(bio);
    switch (step) {
    case SP_STEP_MOVED:
        return (int)moved;
    case SP_STEP_WANT_READ:
        BIO_set_retry_read(bio);
        return -1;
    case SP_STEP_WANT_WRITE:
        BIO_set_retry_write(bio);
        return -1;
    case SP_STEP_EOF: { /* without the goodbye that TLS asks for */
        struct sp_stream *stream = BIO_get_data(bio);
        stream->failure = SP_ECLOSED;
        return 0;
    }
    case SP_STEP_FAILED:
        break;
    }
    return -1;
}

static int bio_read(BIO *bio, char *bytes, int room)
{
    size_t moved = 0;
    enum sp_stream_step step =
        room > 0 ? sp_stream_recv(BIO_get_data(bio), bytes, (size_t)room, &moved) : SP_STEP_FAILED;
    return bio_result(bio, step, moved);
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    size_t moved = 0;
    enum sp_stream_step step =
        len > 0 ? sp_stream_send(BIO_get_data(bio), bytes, (size_t)len, &moved) : SP_STEP_FAILED;
    return bio_result(bio, step, moved);
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

static void bio_method_make(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sallyport stream");
    if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
        BIO_meth_set_ctrl(method, bio_ctrl))
        bio_method = method;
    else
        BIO_meth_free(method);
}

static bool attach_bio(struct sp_stream *stream)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, bio_method_make);
    BIO *bio = bio_method ? BIO_new(bio_method) : NULL;
    if (!bio)
        return false;
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(stream->ssl, bio, bio);
    return true;
}

/* Bytes */

static enum sp_stream_step step_of(struct sp_stream *stream, int result)
{
    stream->failure = stream->failure ? stream->failure : SP_EPROTO;
    switch (SSL_get_error(stream->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        stream->failure = SP_OK;
        return SP_STEP_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        stream->failure = SP_OK;
        return SP_STEP_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return SP_STEP_EOF;
    default:
        return SP_STEP_FAILED;
    }
}

enum sp_stream_step sp_tls_read(struct sp_stream *stream, void *bytes, size_t room, size_t *ret_moved)
{
    ERR_clear_error();
    int result = SSL_read_ex(stream->ssl, bytes, room, ret_moved);
    return result > 0 ? SP_STEP_MOVED : step_of(stream, result);
}

enum sp_stream_step sp_tls_write(struct sp_stream *stream, const void *bytes, size_t len, size_t *ret_moved)
{
    ERR_clear_error();
    int result = SSL_write_ex(stream->ssl, bytes, len, ret_moved);
    return result > 0 ? SP_STEP_MOVED : step_of(stream, result);
}

/* Handshake */

static enum sp_status explain(const struct sp_stream *stream, enum sp_status status, struct sp_error *err)
{
    long verdict = SSL_get_verify_result(stream->ssl);
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    switch (status) {
    case SP_ETIMEDOUT:
        return sp_error_set(err, status, NULL, "TLS with %s: the handshake took too long", stream->peer);
    case SP_ECANCELED:
        return sp_error_set(err, status, NULL, "TLS with %s: the request that needs it is gone",
                            stream->peer);
    case SP_ECLOSED:
        return sp_error_set(err, status, NULL, "TLS with %s: the peer closed during the handshake",
                            stream->peer);
    case SP_EPROTO:
        if (verdict != X509_V_OK)
            return sp_error_set(err, SP_EDENIED, NULL, "TLS with %s: its certificate is refused: %s",
                                stream->peer, X509_verify_cert_error_string(verdict));
        return sp_error_set(err, status, NULL, "TLS with %s: the handshake failed: %s", stream->peer,
                            reason ? reason : "no reason given");
    default:
        return sp_error_set(err, status, NULL, "TLS with %s: %s", stream->peer, sp_status_name(status));
    }
}

static enum sp_status io_handshake(struct sp_stream *stream, int64_t deadline_us, struct sp_error *err)
{
    for (;;) {
        ERR_clear_error();
        int result = SSL_do_handshake(stream->ssl);
        if (result == 1)
            return SP_OK;
        enum sp_stream_step step = step_of(stream, result);
        if (step == SP_STEP_EOF)
            return explain(stream, SP_ECLOSED, err);
        if (step == SP_STEP_FAILED)
            return explain(stream, stream->failure, err);
        enum sp_status status = io_stream_wait(stream, step, deadline_us);
        if (status != SP_OK)
            return explain(stream, status, err);
    }
}

static enum sp_status start(struct sp_stream *stream, SSL_CTX *ctx, struct sp_error *err)
{
    ERR_clear_error();
    stream->ssl = SSL_new(ctx);
    if (!stream->ssl || !attach_bio(stream))
        return sp_error_set(err, SP_ENOMEM, NULL, "TLS with %s: no memory for its state", stream->peer);
    SSL_set_mode(stream->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return SP_OK;
}

static bool expect_host(SSL *ssl, const char *host)
{
    SSL_set_verify(ssl, SSL_VERIFY_PEER, SSL_get_verify_callback(ssl));
    if (sp_address_is_number(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

enum sp_status io_tls_connect(struct sp_stream *stream, SSL_CTX *ctx, const char *host,
                              struct ssl_session_st *session, int64_t deadline_us, struct sp_error *err)
{
    enum sp_status status = start(stream, ctx, err);
    if (status != SP_OK)
        return status;
    if (!expect_host(stream->ssl, host))
        return sp_error_set(err, SP_EINVAL, NULL, "TLS with %s: \"%s\" is not a name to verify", stream->peer,
                            host);
    if (session)
        (void)SSL_set_session(stream->ssl, session);
    SSL_set_connect_state(stream->ssl);
    return io_handshake(stream, deadline_us, err);
}

enum sp_status io_tls_accept(struct sp_stream *stream, SSL_CTX *ctx, int64_t deadline_us,
                             struct sp_error *err)
{
    enum sp_status status = start(stream, ctx, err);
    if (status != SP_OK)
        return status;
    SSL_set_accept_state(stream->ssl);
    return io_handshake(stream, deadline_us, err);
}

bool sp_tls_pending(const struct sp_stream *stream)
{
    return stream->ssl && SSL_pending(stream->ssl) > 0;
}

void sp_tls_finish(struct sp_stream *stream)
{
    if (!stream->ssl)
        return;
    if (!stream->broken && SSL_is_init_finished(stream->ssl))
        (void)SSL_shutdown(stream->ssl);
    ERR_clear_error();
    SSL_free(stream->ssl);
    stream->ssl = NULL;
}

struct ssl_session_st *sp_tls_session(struct sp_stream *stream)
{
    struct ssl_session_st *session = stream->ssl ? SSL_get1_session(stream->ssl) : NULL;
    if (session && !SSL_SESSION_is_resumable(session)) {
        SSL_SESSION_free(session);
        return NULL;
    }
    return session;
}

void sp_tls_session_free(struct ssl_session_st *session)
{
    SSL_SESSION_free(session);
}
