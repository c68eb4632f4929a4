/* SPDX-License-Identifier: Apache-2.0
 * bench_echo: a peer that costs next to nothing, on the loopback, one thread.
 *
 *   bench_echo PORT echo    answers a frame of 4 bytes length and a text by one with the text's last 8 bytes
 *   bench_echo PORT region  answers as a region would whose programs return their COMMAREA as it came
 *                           (docs/internals/region-protocol.md)
 *
 * It ends when its standard input does.
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
#include "text/region_frame.h"

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

/* One frame's answer, appended to `out`; false when the peer breaks the rules. */
static bool answer_echo(struct sp_str frame, struct sp_buf *out)
{
    if (frame.len < 4 + REPLY_TEXT)
        return false;
    sp_buf_append_u32(out, 4 + REPLY_TEXT);
    sp_buf_append_str(out, sp_str_slice(frame, frame.len - REPLY_TEXT, frame.len));
    return true;
}

static bool answer_region(struct sp_str frame, struct sp_buf *out)
{
    static struct sp_arena arena;
    struct sp_region_header header;
    struct sp_region_link link;
    if (!arena.ceiling)
        sp_arena_init(&arena, 1 << 20);
    sp_arena_reset(&arena);
    if (sp_region_header_read(frame, &header, NULL) != SP_OK)
        return false;
    if (header.kind == SP_REGION_HELLO) {
        const struct sp_region_hello hello = {
            .request_id = header.request_id, .applid = SP_STR("BENCH"), .ccsid = 37};
        return sp_region_hello_write(out, &hello) == SP_OK;
    }
    if (header.kind != SP_REGION_LINK)
        return header.kind == SP_REGION_CANCEL;
    if (sp_region_link_read(frame, &arena, &link, NULL) != SP_OK)
        return false;
    const struct sp_region_answer answer = {
        .request_id = link.request_id, .outcome = SP_REGION_NORMAL, .commarea = link.commarea};
    return sp_region_answer_write(out, &answer) == SP_OK;
}

static enum sp_status echo_length(void *unused, struct sp_str have, size_t *ret_len)
{
    *ret_len = have.len < 4 ? 0 : sp_get_u32((const unsigned char *)have.ptr);
    return SP_OK;
}

static const struct protocol {
    const char *name;
    enum sp_status (*length)(void *unused, struct sp_str have, size_t *ret_len);
    bool (*answer)(struct sp_str frame, struct sp_buf *out);
} protocols[] = {
    {"echo", echo_length, answer_echo},
    {"region", sp_region_frame_length, answer_region},
};
static const struct protocol *protocol;

/* Answer the whole frames that came; false when the peer breaks the rules. */
static bool answer(int fd, struct connection *c)
{
    static struct sp_buf out;
    size_t at = 0;
    if (!out.ceiling)
        sp_buf_init(&out, 1 << 20);
    sp_buf_reset(&out);
    for (;;) {
        size_t len = 0;
        if (protocol->length(NULL, sp_str_from(c->bytes + at, c->len - at), &len) != SP_OK || len > ROOM)
            return false;
        if (len == 0 || c->len - at < len)
            break;
        if (!protocol->answer(sp_str_from(c->bytes + at, len), &out))
            return false;
        at += len;
    }
    if (out.len && write(fd, out.ptr, out.len) != (ssize_t)out.len)
        return false;
    memmove(c->bytes, c->bytes + at, c->len - at);
    c->len -= at;
    return true;
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
    for (size_t i = 0; argc == 3 && i < sizeof protocols / sizeof protocols[0]; i++)
        if (!strcmp(argv[2], protocols[i].name))
            protocol = &protocols[i];
    if (!protocol || sp_str_to_u64(sp_str_of(argv[1]), &port) != SP_OK || port > 65535) {
        fputs("usage: bench_echo PORT echo|region\n", stderr);
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
