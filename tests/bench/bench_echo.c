/* SPDX-License-Identifier: Apache-2.0
 * bench_echo: bench_echo PORT answers frames of 4 bytes length and a text, on the loopback, one thread.
 *
 * Each frame is answered by one whose text is the last 8 bytes of its own. The server ends when its standard
 * input does.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

#define CONNECTIONS_MAX 1024
#define ROOM 65536u
#define REPLY_TEXT 8u

struct connection {
    size_t len;
    unsigned char bytes[ROOM];
};
static struct connection *connections[CONNECTIONS_MAX];

static void end(int fd)
{
    free(connections[fd]);
    connections[fd] = NULL;
    close(fd);
}

/* Answer the whole frames that came; false when the peer breaks the rules. */
static int answer(int fd, struct connection *c)
{
    unsigned char reply[4 + REPLY_TEXT];
    size_t at = 0;
    while (c->len - at >= 4) {
        size_t frame = sp_get_u32(c->bytes + at);
        if (frame < sizeof reply || frame > ROOM)
            return 0;
        if (c->len - at < frame)
            break;
        sp_put_u32(reply, sizeof reply);
        memcpy(reply + 4, c->bytes + at + frame - REPLY_TEXT, REPLY_TEXT);
        if (write(fd, reply, sizeof reply) != (ssize_t)sizeof reply)
            return 0;
        at += frame;
    }
    memmove(c->bytes, c->bytes + at, c->len - at);
    c->len -= at;
    return 1;
}

static void serve(int fd)
{
    struct connection *c = connections[fd];
    ssize_t n = read(fd, c->bytes + c->len, ROOM - c->len);
    if (n <= 0) {
        end(fd);
        return;
    }
    c->len += (size_t)n;
    if (!answer(fd, c))
        end(fd);
}

static void take(int epoll, int listener)
{
    int fd = accept(listener, NULL, NULL), on = 1;
    if (fd < 0)
        return;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    struct connection *c = fd < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
    if (!c || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(c);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = c;
}

static int listen_at(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 512) == 0)
        return fd;
    close(fd);
    return -1;
}

int main(int argc, char **argv)
{
    struct epoll_event events[64], input = {.events = EPOLLIN, .data.fd = 0}, incoming = {.events = EPOLLIN};
    uint64_t port = 0;
    if (argc != 2 || sp_str_to_u64(sp_str_of(argv[1]), &port) != SP_OK || port > 65535) {
        fputs("usage: bench_echo PORT\n", stderr);
        return 2;
    }
    int epoll = epoll_create1(0), listener = listen_at((unsigned)port);
    incoming.data.fd = listener;
    if (epoll < 0 || listener < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &incoming) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input) != 0) {
        perror("bench_echo");
        return 1;
    }
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            char byte;
            if (fd == 0 && read(0, &byte, 1) <= 0)
                return 0;
            if (fd == listener)
                take(epoll, listener);
            else if (fd != 0)
                serve(fd);
        }
    }
}
