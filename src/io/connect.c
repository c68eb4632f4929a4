/* SPDX-License-Identifier: Apache-2.0 */
#include "io/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop_internal.h"

/* A local socket whose queue is full says EAGAIN and gives no event when there is room again. */
#define QUEUE_FULL_PAUSE_US 2000

enum sp_status sp_connect_check(const struct sp_stream_address *where, struct sp_error *err)
{
    if (where->unix_path) {
        size_t len = strlen(where->unix_path), most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
        if (len == 0 || len > most)
            return sp_error_set(err, SP_EINVAL, NULL,
                                "the path of a local socket has %zu bytes; it may have 1 to %zu", len, most);
        return SP_OK;
    }
    if (!where->host || !*where->host)
        return sp_error_set(err, SP_EINVAL, NULL, "an address needs a host or the path of a local socket");
    if (where->port == 0 || where->port > 65535)
        return sp_error_set(err, SP_EINVAL, NULL, "port %u of host %s is not within 1 and 65535", where->port,
                            where->host);
    return SP_OK;
}

void sp_connect_unix_address(const char *path, struct sp_address *ret_address)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    memcpy(addr.sun_path, path, strlen(path) + 1);
    *ret_address = (struct sp_address){.len = sizeof addr};
    memcpy(&ret_address->addr, &addr, sizeof addr);
}

static enum sp_status explain(struct sp_error *err, const char *text, const struct sp_address *address,
                              enum sp_status status, int errnum)
{
    char number[SP_ADDRESS_TEXT_MAX];
    sp_address_text(address, number);
    bool same = strcmp(number, text) == 0;
    const char *open = same ? "" : " (", *close = same ? "" : ")";
    if (same)
        number[0] = 0;
    switch (status) {
    case SP_ETIMEDOUT:
        return sp_error_set(err, status, NULL, "connect to %s%s%s%s: no answer in time", text, open, number,
                            close);
    case SP_ECANCELED:
        return sp_error_set(err, status, NULL, "connect to %s%s%s%s: the request that needs it is gone", text,
                            open, number, close);
    default:
        return sp_error_errno(err, status, errnum, "connect to %s%s%s%s", text, open, number, close);
    }
}

/* What is short on our side keeps its name; all else is the peer's not being there. */
static enum sp_status unreachable(int errnum)
{
    enum sp_status status = sp_io_status(errnum);
    return status == SP_ENOMEM || status == SP_ELIMIT ? status : SP_EUNAVAIL;
}

/* A port of this host that nobody listens on may be chosen as our own, and TCP then connects it to itself. */
static bool is_itself(int fd, const struct sp_address *address)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;
    return address->addr.ss_family != AF_UNIX && getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
           len == address->len && memcmp(&own, &address->addr, len) == 0;
}

static enum sp_status io_connect_begin(int fd, const struct sp_address *address, int64_t deadline_us,
                                       bool *ret_connected, int *ret_errno)
{
    while (connect(fd, (const struct sockaddr *)&address->addr, address->len) != 0) {
        *ret_errno = errno;
        if (errno == EINTR || errno == EINPROGRESS) {
            *ret_connected = false;
            return SP_OK;
        }
        if (errno != EAGAIN || address->addr.ss_family != AF_UNIX)
            return unreachable(errno);
        if (deadline_us && sp_clock_monotonic_us() >= deadline_us)
            return SP_ETIMEDOUT;
        enum sp_status status = sp_fiber_sleep(QUEUE_FULL_PAUSE_US);
        if (status != SP_OK)
            return status;
    }
    *ret_connected = true;
    return SP_OK;
}

static enum sp_status io_connect_end(struct sp_stream *stream, const struct sp_address *address,
                                     bool connected, int64_t deadline_us, int *ret_errno)
{
    int fd = stream->watch.fd;
    if (!connected) {
        enum sp_status status = io_stream_wait(stream, SP_STEP_WANT_WRITE, deadline_us);
        if (status != SP_OK)
            return status;
        socklen_t len = sizeof *ret_errno;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, ret_errno, &len) != 0)
            *ret_errno = errno;
        if (*ret_errno)
            return unreachable(*ret_errno);
    }
    if (is_itself(fd, address)) {
        *ret_errno = ECONNREFUSED;
        return SP_EUNAVAIL;
    }
    return SP_OK;
}

static void detach(struct sp_stream *stream)
{
    sp_watch_remove(&stream->watch);
    close(stream->watch.fd);
    stream->watch.fd = -1;
}

static enum sp_status io_connect_one(struct sp_stream *stream, const struct sp_address *address,
                                     int64_t deadline_us, int *ret_errno)
{
    int fd = socket(address->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *ret_errno = errno;
        return unreachable(errno);
    }
    if (address->addr.ss_family != AF_UNIX) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    bool connected = false;
    enum sp_status status = io_connect_begin(fd, address, deadline_us, &connected, ret_errno);
    if (status != SP_OK) {
        close(fd);
        return status;
    }
    status = sp_stream_attach(stream, fd, connected);
    if (status == SP_OK)
        status = io_connect_end(stream, address, connected, deadline_us, ret_errno);
    if (status != SP_OK)
        detach(stream);
    return status;
}

static int64_t share_of(int64_t deadline_us, unsigned parts)
{
    if (!deadline_us || parts <= 1)
        return deadline_us;
    int64_t now = sp_clock_monotonic_us();
    return now + (deadline_us - now) / parts;
}

enum sp_status io_connect(struct sp_stream *stream, const struct sp_stream_address *where, const char *text,
                          int64_t deadline_us, struct sp_error *err)
{
    struct sp_addresses addresses = {.count = 1};
    enum sp_status status = SP_OK;
    if (where->unix_path)
        sp_connect_unix_address(where->unix_path, &addresses.list[0]);
    else
        status = io_resolve(stream->loop, where->host, where->port, deadline_us, &addresses, err);
    if (status != SP_OK)
        return status;
    for (unsigned i = 0; i < addresses.count; i++) {
        int errnum = 0;
        status =
            io_connect_one(stream, &addresses.list[i], share_of(deadline_us, addresses.count - i), &errnum);
        if (status == SP_OK)
            return SP_OK;
        explain(err, text, &addresses.list[i], status, errnum);
        if (status != SP_EUNAVAIL && status != SP_ETIMEDOUT)
            break;
    }
    return status;
}
