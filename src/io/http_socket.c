/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http_socket.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"

struct sp_http_socket {
    struct sp_watch watch;
    struct sp_http_sockets *sockets;
    struct sp_http_socket *next, *prev;
};

static void act(struct sp_http_sockets *sockets, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(sockets->multi, fd, events, &running);
    ERR_clear_error(); /* curl leaves what went wrong for whoever uses OpenSSL next in this thread */
    sockets->progress(sockets->arg);
}

static void on_ready(void *arg, uint32_t events)
{
    const struct sp_http_socket *socket = arg;
    int what = 0;
    if (events & EPOLLIN)
        what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        what |= CURL_CSELECT_OUT;
    if (events & (EPOLLERR | EPOLLHUP))
        what |= CURL_CSELECT_ERR;
    act(socket->sockets, socket->watch.fd, what);
}

static void on_time(void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long milliseconds, void *arg)
{
    struct sp_http_sockets *sockets = arg;
    if (milliseconds < 0) {
        sp_timer_clear(&sockets->timer);
        return 0;
    }
    int64_t deadline_us = sp_clock_monotonic_us() + (int64_t)milliseconds * 1000;
    return sp_timer_set(sockets->loop, &sockets->timer, deadline_us) == SP_OK ? 0 : -1;
}

static void socket_drop(struct sp_http_socket *socket)
{
    sp_watch_remove(&socket->watch);
    if (socket->prev)
        socket->prev->next = socket->next;
    else
        socket->sockets->first = socket->next;
    if (socket->next)
        socket->next->prev = socket->prev;
    free(socket);
}

static struct sp_http_socket *socket_add(struct sp_http_sockets *sockets, curl_socket_t fd, uint32_t events)
{
    struct sp_http_socket *socket = calloc(1, sizeof *socket);
    if (!socket)
        return NULL;
    socket->sockets = sockets;
    socket->watch = (struct sp_watch){.fd = fd, .events = events, .fn = on_ready, .arg = socket};
    if (sp_watch_add(sockets->loop, &socket->watch) != SP_OK) {
        free(socket);
        return NULL;
    }
    socket->next = sockets->first;
    if (socket->next)
        socket->next->prev = socket;
    sockets->first = socket;
    return socket;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct sp_http_sockets *sockets = arg;
    struct sp_http_socket *socket = assigned;
    uint32_t events =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            socket_drop(socket);
        return 0;
    }
    if (socket)
        return sp_watch_change(&socket->watch, events) == SP_OK ? 0 : -1;
    socket = socket_add(sockets, fd, events);
    if (!socket)
        return -1;
    (void)curl_multi_assign(sockets->multi, fd, socket);
    return 0;
}

void sp_http_sockets_init(struct sp_http_sockets *sockets, struct sp_loop *loop, void *multi,
                          void (*progress)(void *arg), void *arg)
{
    *sockets = (struct sp_http_sockets){.loop = loop,
                                        .multi = multi,
                                        .timer = {.fn = on_time, .arg = sockets},
                                        .progress = progress,
                                        .arg = arg};
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, sockets);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, sockets);
}

void sp_http_sockets_finish(struct sp_http_sockets *sockets)
{
    sp_timer_clear(&sockets->timer);
    while (sockets->first)
        socket_drop(sockets->first);
}
