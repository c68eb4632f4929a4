/* SPDX-License-Identifier: Apache-2.0
 * Events as syslog messages (RFC 5424), each with its length before it (RFC 6587 3.4.1), over TLS (RFC 5425).
 *
 * The protocol has no answer: what was written to a connection that breaks may be lost. So a batch counts as
 * delivered when the connection is still there after it, and is sent again otherwise.
 */
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/smf/sink.h"
#include "intercept/smf/sink_tls.h"

#define PORT "6514"
#define FACILITY_AUDIT 13u
#define SEVERITY_NOTICE 5u
#define SEVERITY_WARNING 4u
#define HOST_MAX 256u

struct syslog {
    const struct sp_smf_sink_settings *settings;
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    char host[HOST_MAX];
    const char *port;
    struct sp_buf text;
    char hostname[HOST_MAX];
};

/* ---------------------------------------------------------------- the connection */

static enum sp_status split_endpoint(struct syslog *syslog, struct sp_error *err)
{
    struct sp_str endpoint = syslog->settings->endpoint;
    bool bracket = endpoint.len && endpoint.ptr[0] == '[';
    size_t end = bracket ? sp_str_find(endpoint, ']') : sp_str_find(endpoint, ':');
    struct sp_str host = sp_str_slice(endpoint, bracket, end);
    struct sp_str rest = sp_str_slice(endpoint, end + bracket, endpoint.len);
    if (!host.len || host.len + rest.len + 2 > HOST_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "\"%.*s\" is not host:port", SP_STR_ARG(endpoint));
    memcpy(syslog->host, host.ptr, host.len);
    syslog->host[host.len] = 0;
    syslog->port = PORT;
    if (rest.len > 1) {
        memcpy(syslog->host + host.len + 1, rest.ptr + 1, rest.len - 1);
        syslog->host[host.len + rest.len] = 0;
        syslog->port = syslog->host + host.len + 1;
    }
    return SP_OK;
}

static int connect_one(const struct addrinfo *address, int64_t timeout_us)
{
    const struct timeval limit = {timeout_us / 1000000, timeout_us % 1000000};
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -1;
    /* connect() heeds the time-out of sending. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    close(fd);
    return -1;
}

static enum sp_status connect_host(struct syslog *syslog, struct sp_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(syslog->host, syslog->port, &hints, &found);
    if (failed)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "%s: %s", syslog->host, gai_strerror(failed));
    for (const struct addrinfo *each = found; each && syslog->fd < 0; each = each->ai_next)
        syslog->fd = connect_one(each, syslog->settings->timeout_us);
    int cause = errno;
    freeaddrinfo(found);
    return syslog->fd >= 0
               ? SP_OK
               : sp_error_errno(err, SP_EUNAVAIL, cause, "%s port %s", syslog->host, syslog->port);
}

static enum sp_status tls_failed(const struct syslog *syslog, const char *what, struct sp_error *err)
{
    char text[200] = "the connection was closed";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, text, sizeof text);
    if (syslog->ssl && SSL_get_verify_result(syslog->ssl) != X509_V_OK)
        snprintf(text, sizeof text, "%s", X509_verify_cert_error_string(SSL_get_verify_result(syslog->ssl)));
    ERR_clear_error();
    return sp_error_set(err, SP_EUNAVAIL, NULL, "%s port %s: %s: %s", syslog->host, syslog->port, what, text);
}

static enum sp_status begin_tls(struct syslog *syslog, struct sp_error *err)
{
    enum sp_status status = sp_smf_sink_tls_new(syslog->settings, &syslog->context, err);
    if (status != SP_OK)
        return status;
    syslog->ssl = SSL_new(syslog->context);
    if (!syslog->ssl || SSL_set_fd(syslog->ssl, syslog->fd) != 1)
        return tls_failed(syslog, "TLS", err);
    SSL_set_mode(syslog->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE); /* so that the time is looked at in between */
    /* The name, or the address, that the certificate must be of. */
    X509_VERIFY_PARAM *expected = SSL_get0_param(syslog->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, syslog->host) != 1) {
        ERR_clear_error();
        SSL_set_tlsext_host_name(syslog->ssl, syslog->host);
        if (X509_VERIFY_PARAM_set1_host(expected, syslog->host, 0) != 1)
            return tls_failed(syslog, "TLS", err);
    }
    return SSL_connect(syslog->ssl) == 1 ? SP_OK : tls_failed(syslog, "TLS", err);
}

static void close_syslog(void *state)
{
    struct syslog *syslog = state;
    if (syslog->ssl) {
        SSL_shutdown(syslog->ssl);
        SSL_free(syslog->ssl);
    }
    SSL_CTX_free(syslog->context);
    if (syslog->fd >= 0)
        close(syslog->fd);
    sp_buf_finish(&syslog->text);
    free(syslog);
}

static enum sp_status open_syslog(const struct sp_smf_sink_settings *settings,
                                  const struct sp_smf_settings *server, void **ret_state,
                                  struct sp_error *err)
{
    struct syslog *syslog = calloc(1, sizeof *syslog);
    if (!syslog)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for syslog");
    syslog->settings = settings;
    syslog->fd = -1;
    sp_buf_init(&syslog->text, 4u * 1024 * 1024);
    if (gethostname(syslog->hostname, sizeof syslog->hostname - 1) != 0)
        syslog->hostname[0] = 0;
    enum sp_status status = split_endpoint(syslog, err);
    if (status == SP_OK)
        status = connect_host(syslog, err);
    if (status == SP_OK && settings->tls)
        status = begin_tls(syslog, err);
    if (status != SP_OK)
        close_syslog(syslog);
    else
        *ret_state = syslog;
    return status;
}

/* ---------------------------------------------------------------- messages */

/* HOSTNAME, APP-NAME and so on hold printable ASCII without blanks. */
static const char *word(const char *text, size_t most, char *ret_word)
{
    size_t len = 0;
    for (; text[len] && len < most; len++)
        ret_word[len] = text[len] > ' ' && text[len] < 0x7f ? text[len] : '_';
    ret_word[len] = 0;
    return len ? ret_word : "-";
}

static void add_message(struct syslog *syslog, const struct sp_smf_message *message)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    char head[512], when[SP_CLOCK_TEXT_MAX], host[HOST_MAX], app[49], topic[49];
    unsigned severity = message->security ? SEVERITY_WARNING : SEVERITY_NOTICE;
    snprintf(topic, sizeof topic, "%.*s", SP_STR_ARG(syslog->settings->topic));
    sp_clock_text(message->at_us, when);
    int len =
        snprintf(head, sizeof head, "<%u>1 %s %s %s - %s - %s", FACILITY_AUDIT * 8 + severity, when,
                 word(syslog->hostname, 255, host), word(topic, 48, app), message->name, byte_order_mark);
    sp_buf_printf(&syslog->text, "%zu %s", (size_t)len + message->json.len, head);
    sp_buf_append_str(&syslog->text, message->json);
}

static ssize_t write_some(struct syslog *syslog, struct sp_str bytes)
{
    if (!syslog->ssl)
        return send(syslog->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    size_t written;
    return SSL_write_ex(syslog->ssl, bytes.ptr, bytes.len, &written) == 1 ? (ssize_t)written : -1;
}

/* The receiver never says anything: what comes is the end. */
static bool is_open(struct syslog *syslog)
{
    struct pollfd poll_fd = {.fd = syslog->fd, .events = POLLIN};
    char byte;
    if (poll(&poll_fd, 1, 0) <= 0)
        return true;
    if (!syslog->ssl)
        return false;
    /* Session tickets of TLS 1.3 are no end. */
    const struct timeval at_once = {0, 1000}, limit = {syslog->settings->timeout_us / 1000000,
                                                       syslog->settings->timeout_us % 1000000};
    setsockopt(syslog->fd, SOL_SOCKET, SO_RCVTIMEO, &at_once, sizeof at_once);
    int n = SSL_read(syslog->ssl, &byte, 1);
    bool open = n > 0 || SSL_get_error(syslog->ssl, n) == SSL_ERROR_WANT_READ;
    setsockopt(syslog->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ERR_clear_error();
    return open;
}

static enum sp_status send_messages(void *state, const struct sp_smf_message *messages, size_t count,
                                    struct sp_error *err)
{
    struct syslog *syslog = state;
    sp_buf_reset(&syslog->text);
    for (size_t i = 0; i < count; i++)
        add_message(syslog, &messages[i]);
    if (syslog->text.failed)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for syslog");
    struct sp_str bytes = sp_buf_str(&syslog->text);
    int64_t end = sp_clock_monotonic_us() + syslog->settings->timeout_us;
    while (bytes.len) {
        ssize_t n = is_open(syslog) && sp_clock_monotonic_us() < end ? write_some(syslog, bytes) : 0;
        if (n <= 0)
            return sp_error_set(err, SP_EUNAVAIL, NULL, "%s port %s closed the connection or is too slow",
                                syslog->host, syslog->port);
        bytes = sp_str_slice(bytes, (size_t)n, bytes.len);
    }
    return is_open(syslog) ? SP_OK
                           : sp_error_set(err, SP_EUNAVAIL, NULL, "%s port %s closed the connection",
                                          syslog->host, syslog->port);
}

const struct sp_smf_sink_kind sp_smf_sink_syslog = {
    .name = "syslog", .open = open_syslog, .send = send_messages, .close = close_syslog};
