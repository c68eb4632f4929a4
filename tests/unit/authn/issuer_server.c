/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer_server.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/fiber.h"
#include "io/listen.h"
#include "io/stream.h"

static const char *const paths[ISSUER_PAGES] = {"/keys", "/.well-known/openid-configuration", "/userinfo",
                                                "/introspect"};

/* Up to the end of the header, and as much body as it says. */
static enum sp_status request_length(void *arg, struct sp_str have, size_t *ret_len)
{
    static char text[16384];
    snprintf(text, sizeof text, "%.*s", SP_STR_ARG(have));
    const char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\nContent-Length:");
    if (!end)
        return SP_OK;
    size_t total = (size_t)(end + 4 - text) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    *ret_len = have.len >= total ? total : 0;
    return SP_OK;
}

static int page_of(const char *request)
{
    const char *path = strchr(request, ' ');
    for (int i = 0; path && i < ISSUER_PAGES; i++)
        if (strncmp(path + 1, paths[i], strlen(paths[i])) == 0)
            return i;
    return -1;
}

static bool answer(struct issuer_server *server, struct sp_stream *stream, int at)
{
    static char reply[65536];
    const char *body = at >= 0 && server->pages[at].body ? server->pages[at].body : "";
    unsigned status = at < 0 ? 404 : server->pages[at].status ? server->pages[at].status : 200;
    int len =
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 %u X\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s", status,
                 at >= 0 && server->pages[at].header ? server->pages[at].header : "", strlen(body), body);
    return io_stream_write(stream, sp_str_from(reply, (size_t)len), 0) == SP_OK;
}

static void serve(void *arg, struct sp_stream *stream)
{
    struct issuer_server *server = arg;
    struct sp_str frame;
    while (io_stream_read_frame(stream, request_length, NULL, sizeof server->last - 1, 0, &frame) == SP_OK) {
        memcpy(server->last, frame.ptr, frame.len);
        server->last[frame.len] = '\0';
        int at = page_of(server->last);
        if (at >= 0) {
            server->pages[at].asked++;
            if (server->pages[at].delay_ms &&
                sp_fiber_sleep((int64_t)server->pages[at].delay_ms * 1000) != SP_OK)
                break;
        }
        if (!answer(server, stream, at))
            break;
    }
    sp_stream_give_back(stream, false);
}

bool issuer_server_start(struct issuer_server *server, struct sp_loop *loop)
{
    struct sp_listener_options options = {.address = {.host = "127.0.0.1", .port = server->port}};
    if (sp_listener_new(loop, &options, serve, server, &server->listener, NULL) != SP_OK)
        return false;
    server->port = sp_listener_port(server->listener);
    return true;
}

void issuer_server_stop(struct issuer_server *server)
{
    sp_listener_free(server->listener);
    server->listener = NULL;
}

struct sp_str issuer_server_url(const struct issuer_server *server, const char *path, struct sp_arena *arena)
{
    return sp_arena_printf(arena, "http://127.0.0.1:%u%s", server->port, path);
}
