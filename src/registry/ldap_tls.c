/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_tls.h"

#include <errno.h>
#include <poll.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "io/resolve.h"

/* ---------------------------------------------------------------- the handshake */

enum sp_status sp_ldap_wait(int fd, bool to_write, int64_t deadline_us, const bool *stopping)
{
    for (;;) {
        int64_t left_us = deadline_us - sp_clock_monotonic_us();
        if (left_us <= 0 || __atomic_load_n(stopping, __ATOMIC_RELAXED))
            return SP_ETIMEDOUT;
        if (left_us > SP_LDAP_LOOK_US)
            left_us = SP_LDAP_LOOK_US;
        struct pollfd wanted = {.fd = fd, .events = to_write ? POLLOUT : POLLIN};
        int ready = poll(&wanted, 1, (int)(left_us / 1000 + 1));
        if (ready > 0)
            return SP_OK;
        if (ready < 0 && errno != EINTR)
            return SP_EIO;
    }
}

static bool set_host(SSL *tls, const char *host)
{
    if (sp_address_is_number(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1;
}

static enum sp_status refused(SSL *tls, struct sp_error *err)
{
    long verdict = SSL_get_verify_result(tls);
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (verdict != X509_V_OK)
        return sp_error_set(err, SP_EDENIED, NULL, "its certificate is refused: %s",
                            X509_verify_cert_error_string(verdict));
    return sp_error_set(err, SP_EPROTO, NULL, "the TLS handshake failed: %s",
                        reason ? reason : "the server closed the connection");
}

static enum sp_status handshake(SSL *tls, int fd, int64_t deadline_us, const bool *stopping,
                                struct sp_error *err)
{
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(tls);
        if (result == 1)
            return SP_OK;
        int wanted = SSL_get_error(tls, result);
        if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE)
            return refused(tls, err);
        enum sp_status status = sp_ldap_wait(fd, wanted == SSL_ERROR_WANT_WRITE, deadline_us, stopping);
        if (status != SP_OK)
            return sp_error_set(err, status, NULL, "the TLS handshake took too long");
    }
}

enum sp_status sp_ldap_tls_connect(struct ssl_ctx_st *context, int fd, const char *host, int64_t deadline_us,
                                   const bool *stopping, struct ssl_st **ret_tls, struct sp_error *err)
{
    SSL *tls = SSL_new(context);
    if (!tls || !set_host(tls, host) || !SSL_set_fd(tls, fd)) {
        SSL_free(tls);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for TLS");
    }
    SSL_set_verify(tls, SSL_VERIFY_PEER, SSL_get_verify_callback(tls));
    SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    enum sp_status status = handshake(tls, fd, deadline_us, stopping, err);
    if (status != SP_OK) {
        SSL_free(tls);
        return status;
    }
    *ret_tls = tls;
    return SP_OK;
}

/* ---------------------------------------------------------------- the layer */

static int layer_setup(Sockbuf_IO_Desc *layer, void *arg)
{
    layer->sbiod_pvt = arg;
    return 0;
}

static int layer_remove(Sockbuf_IO_Desc *layer)
{
    SSL_free(layer->sbiod_pvt);
    layer->sbiod_pvt = NULL;
    return 0;
}

static int layer_ctrl(Sockbuf_IO_Desc *layer, int option, void *arg)
{
    if (option == LBER_SB_OPT_DATA_READY && SSL_pending(layer->sbiod_pvt) > 0)
        return 1;
    return LBER_SBIOD_CTRL_NEXT(layer, option, arg);
}

/* As read(2) and write(2) answer on a descriptor that does not block. */
static ber_slen_t layer_result(SSL *tls, int result, size_t moved)
{
    if (result > 0)
        return (ber_slen_t)moved;
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EWOULDBLOCK;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        errno = ECONNRESET;
        return -1;
    }
}

static ber_slen_t layer_read(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t room)
{
    size_t moved = 0;
    ERR_clear_error();
    int result = SSL_read_ex(layer->sbiod_pvt, bytes, room, &moved);
    return layer_result(layer->sbiod_pvt, result, moved);
}

static ber_slen_t layer_write(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t len)
{
    size_t moved = 0;
    ERR_clear_error();
    int result = SSL_write_ex(layer->sbiod_pvt, bytes, len, &moved);
    return layer_result(layer->sbiod_pvt, result, moved);
}

static int layer_close(Sockbuf_IO_Desc *layer)
{
    SSL_shutdown(layer->sbiod_pvt);
    return 0;
}

enum sp_status sp_ldap_tls_install(LDAP *handle, struct ssl_st *tls)
{
    static Sockbuf_IO layer = {layer_setup, layer_remove, layer_ctrl, layer_read, layer_write, layer_close};
    Sockbuf *socket = NULL;
    if (ldap_get_option(handle, LDAP_OPT_SOCKBUF, &socket) != LDAP_OPT_SUCCESS || !socket ||
        ber_sockbuf_add_io(socket, &layer, LBER_SBIOD_LEVEL_TRANSPORT, tls) != 0)
        return SP_ENOMEM;
    return SP_OK;
}
