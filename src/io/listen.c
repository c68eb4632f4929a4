/* SPDX-License-Identifier: Apache-2.0 */
#include "io/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/connect.h"
#include "io/fiber.h"
#include "io/loop_internal.h"
#include "io/tls.h"

#define QUEUE_LENGTH 511
/* Connections taken in one go, so that a flood of them does not keep those that are served waiting. */
#define ACCEPT_BATCH 32
/* When descriptors or memory are short, accepting again at once would only spin. */
#define SHORTAGE_PAUSE_US 100000

struct connection {
    struct sp_listener *listener;
    struct sp_stream *stream;
    struct sp_fiber *fiber;
    struct connection *next, *prev;
};

struct sp_listener {
    struct sp_loop *loop;
    struct sp_listener_options options;
    sp_listener_fn *fn;
    void *arg;
    struct sp_watch watch; /* in the set while accepting */
    struct sp_timer pause;
    struct connection *connections;
    unsigned count;
    unsigned references; /* the owner and the connections */
    bool stopped;
    char *unix_path;
    dev_t device; /* of our socket's file, so that nobody else's is removed */
    ino_t inode;
};

static void unreference(struct sp_listener *listener)
{
    if (--listener->references > 0)
        return;
    free(listener->unix_path);
    free(listener);
}

/* Accepting */

static void accept_more(struct sp_listener *listener);

static void pause_over(void *arg)
{
    accept_more(arg);
}

static void accept_pause(struct sp_listener *listener)
{
    if (sp_timer_set(listener->loop, &listener->pause, sp_clock_monotonic_us() + SHORTAGE_PAUSE_US) == SP_OK)
        sp_watch_remove(&listener->watch);
}

/* Watch again, unless something forbids it. */
static void accept_more(struct sp_listener *listener)
{
    if (listener->stopped || listener->watch.loop || listener->count >= listener->options.max_connections)
        return;
    if (sp_watch_add(listener->loop, &listener->watch) != SP_OK)
        accept_pause(listener);
}

static void connection_free(struct connection *connection)
{
    struct sp_listener *listener = connection->listener;
    if (connection->prev)
        connection->prev->next = connection->next;
    else
        listener->connections = connection->next;
    if (connection->next)
        connection->next->prev = connection->prev;
    listener->count--;
    free(connection);
    if (!listener->pause.loop)
        accept_more(listener);
    unreference(listener);
}

static void connection_fiber(void *arg)
{
    struct connection *connection = arg;
    struct sp_listener *listener = connection->listener;
    struct sp_stream *stream = connection->stream;
    connection->fiber = sp_fiber_self();
    enum sp_status status = SP_OK;
    if (listener->options.ssl_ctx)
        status = io_tls_accept(stream, listener->options.ssl_ctx,
                               sp_clock_monotonic_us() + listener->options.handshake_timeout_us, NULL);
    if (status == SP_OK)
        listener->fn(listener->arg, stream);
    else
        sp_stream_give_back(stream, false);
    connection_free(connection);
}

/* Takes the descriptor. */
static enum sp_status serve(struct sp_listener *listener, int fd, const struct sp_address *from)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    struct sp_stream *stream = connection ? sp_stream_new(listener->loop) : NULL;
    if (!stream) {
        free(connection);
        close(fd);
        return SP_ENOMEM;
    }
    if (from->addr.ss_family != AF_UNIX) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    sp_address_text(from, stream->peer);
    enum sp_status status = sp_stream_attach(stream, fd, true);
    connection->listener = listener;
    connection->stream = stream;
    connection->next = listener->connections;
    if (connection->next)
        connection->next->prev = connection;
    listener->connections = connection;
    listener->count++;
    listener->references++;
    if (status == SP_OK)
        status = sp_fiber_start(listener->loop, connection_fiber, connection, NULL);
    if (status != SP_OK) {
        sp_stream_close(stream);
        connection_free(connection);
    }
    return status;
}

static bool is_shortage(int errnum)
{
    return errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM || errnum == ENOBUFS;
}

static void accept_ready(void *arg, uint32_t events)
{
    struct sp_listener *listener = arg;
    listener->references++; /* a connection's function may free the listener */
    for (int i = 0; i < ACCEPT_BATCH && !listener->stopped; i++) {
        if (listener->count >= listener->options.max_connections) {
            sp_watch_remove(&listener->watch);
            break;
        }
        struct sp_address from = {.len = sizeof from.addr};
        int fd = accept4(listener->watch.fd, (struct sockaddr *)&from.addr, &from.len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EAGAIN || is_shortage(errno))) {
            if (errno != EAGAIN)
                accept_pause(listener);
            break;
        }
        /* Other failures are of the one connection, which was reset in the queue. */
        if (fd >= 0 && serve(listener, fd, &from) != SP_OK && !listener->stopped) {
            accept_pause(listener);
            break;
        }
    }
    unreference(listener);
}

/* Opening */

static enum sp_status explain(struct sp_error *err, int errnum, const char *what)
{
    enum sp_status status = errnum == EADDRINUSE ? SP_EEXISTS : sp_io_status(errnum);
    return sp_error_errno(err, status, errnum, "cannot listen on %s", what);
}

/* The socket of a server that did not remove it answers a connection with a refusal. */
static bool is_abandoned(const struct sp_address *address, const char *path)
{
    struct stat file;
    if (lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)&address->addr, address->len) != 0 &&
                   errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

static int bind_and_listen(int fd, const struct sp_address *address)
{
    const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, addr, address->len) != 0) {
        if (errno != EADDRINUSE || addr->sa_family != AF_UNIX)
            return errno;
        const char *path = ((const struct sockaddr_un *)&address->addr)->sun_path;
        if (!is_abandoned(address, path))
            return EADDRINUSE;
        if (unlink(path) != 0 || bind(fd, addr, address->len) != 0)
            return errno;
    }
    return listen(fd, QUEUE_LENGTH) == 0 ? 0 : errno;
}

static enum sp_status find_address(const struct sp_stream_address *where, struct sp_address *ret_address,
                                   struct sp_error *err)
{
    if (where->unix_path) {
        enum sp_status status = sp_connect_check(where, err);
        if (status == SP_OK)
            sp_connect_unix_address(where->unix_path, ret_address);
        return status;
    }
    if (where->port > 65535)
        return sp_error_set(err, SP_EINVAL, NULL, "port %u to listen on is above 65535", where->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", where->port);
    int failure = getaddrinfo(where->host, port, &hints, &found);
    if (failure)
        return sp_error_set(err, SP_EINVAL, NULL, "host %s to listen on: %s", where->host ? where->host : "*",
                            gai_strerror(failure));
    *ret_address = (struct sp_address){.len = found->ai_addrlen};
    memcpy(&ret_address->addr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return SP_OK;
}

static enum sp_status open_socket(struct sp_listener *listener, const struct sp_stream_address *where,
                                  struct sp_error *err)
{
    struct sp_address address;
    char text[SP_ADDRESS_TEXT_MAX];
    enum sp_status status = find_address(where, &address, err);
    if (status != SP_OK)
        return status;
    sp_address_text(&address, text);
    int fd = socket(address.addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return explain(err, errno, text);
    int failure = bind_and_listen(fd, &address);
    if (failure) {
        close(fd);
        return explain(err, failure, text);
    }
    listener->watch = (struct sp_watch){.fd = fd, .events = EPOLLIN, .fn = accept_ready, .arg = listener};
    struct stat file;
    if (where->unix_path) {
        listener->unix_path = strdup(where->unix_path);
        if (lstat(where->unix_path, &file) == 0) {
            listener->device = file.st_dev;
            listener->inode = file.st_ino;
        }
    }
    status =
        where->unix_path && !listener->unix_path ? SP_ENOMEM : sp_watch_add(listener->loop, &listener->watch);
    if (status != SP_OK)
        sp_error_set(err, status, NULL, "cannot listen on %s: %s", text, sp_status_name(status));
    return status;
}

enum sp_status sp_listener_new(struct sp_loop *loop, const struct sp_listener_options *options,
                               sp_listener_fn *fn, void *arg, struct sp_listener **ret_listener,
                               struct sp_error *err)
{
    struct sp_listener *listener = calloc(1, sizeof(*listener));
    if (!listener)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a listener");
    *listener =
        (struct sp_listener){.loop = loop, .options = *options, .fn = fn, .arg = arg, .references = 1};
    listener->watch.fd = -1;
    listener->pause = (struct sp_timer){.fn = pause_over, .arg = listener};
    if (!listener->options.max_connections)
        listener->options.max_connections = 1000;
    if (!listener->options.handshake_timeout_us)
        listener->options.handshake_timeout_us = 10000000;
    enum sp_status status = open_socket(listener, &options->address, err);
    listener->options.address = (struct sp_stream_address){0}; /* the caller's texts */
    if (status != SP_OK) {
        sp_listener_free(listener);
        return status;
    }
    *ret_listener = listener;
    return SP_OK;
}

void sp_listener_stop(struct sp_listener *listener)
{
    if (listener->stopped)
        return;
    listener->stopped = true;
    sp_timer_clear(&listener->pause);
    sp_watch_remove(&listener->watch);
    if (listener->watch.fd >= 0)
        close(listener->watch.fd);
    struct stat file;
    if (listener->unix_path && lstat(listener->unix_path, &file) == 0 && file.st_dev == listener->device &&
        file.st_ino == listener->inode)
        unlink(listener->unix_path);
}

void sp_listener_free(struct sp_listener *listener)
{
    if (!listener)
        return;
    sp_listener_stop(listener);
    for (struct connection *c = listener->connections; c; c = c->next)
        if (c->fiber)
            sp_fiber_cancel(c->fiber);
    unreference(listener);
}

unsigned sp_listener_port(const struct sp_listener *listener)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;
    if (listener->stopped || getsockname(listener->watch.fd, (struct sockaddr *)&own, &len) != 0)
        return 0;
    if (own.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&own)->sin_port);
    if (own.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&own)->sin6_port);
    return 0;
}

unsigned sp_listener_connections(const struct sp_listener *listener)
{
    return listener->count;
}
