/* SPDX-License-Identifier: Apache-2.0 */
#include "region/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/fiber.h"
#include "io/stream.h"
#include "text/region_frame.h"

#define HELLO_LIMIT_US 10000000
#define WRITE_LIMIT_US 30000000
/* Answers that a gateway leaves unread. */
#define OUT_BYTES_MAX (4 * (size_t)SP_REGION_FRAME_MAX)

void sp_connection_hold(struct sp_connection *connection)
{
    connection->references++;
}

void sp_connection_release(struct sp_connection *connection)
{
    if (--connection->references)
        return;
    connection->region->connections--;
    sp_buf_wipe(&connection->out);
    sp_buf_wipe(&connection->sending);
    free(connection);
}

bool sp_connection_open_request(struct sp_connection *connection, uint32_t id)
{
    for (unsigned i = 0; i < connection->open_count; i++)
        if (connection->open[i] == id)
            return false;
    if (connection->open_count == SP_CONNECTION_REQUESTS_MAX)
        return false;
    connection->open[connection->open_count++] = id;
    return true;
}

bool sp_connection_close_request(struct sp_connection *connection, uint32_t id)
{
    for (unsigned i = 0; i < connection->open_count; i++) {
        if (connection->open[i] == id) {
            connection->open[i] = connection->open[--connection->open_count];
            return true;
        }
    }
    return false;
}

/* --- writing ----------------------------------------------------------------------------------------- */

void sp_connection_send(struct sp_connection *connection, struct sp_str frame)
{
    if (connection->gone || connection->closing)
        return;
    if (sp_buf_append_str(&connection->out, frame) != SP_OK) {
        connection->gone = true;
        sp_log(SP_LOG_WARNING, NULL, "connection from %s is closed: it does not read its answers",
               connection->peer);
        if (connection->reader && connection->reader != sp_fiber_self())
            sp_fiber_cancel(connection->reader);
    }
    if (connection->writer)
        sp_fiber_wake(connection->writer);
}

static void stop_reading(struct sp_connection *connection)
{
    connection->gone = true;
    if (connection->reader)
        sp_fiber_cancel(connection->reader);
}

static void writer_fiber(void *arg)
{
    struct sp_connection *connection = arg;
    enum sp_status status = SP_OK;
    connection->writer = sp_fiber_self();
    while (status == SP_OK && !connection->gone) {
        if (!connection->out.len) {
            if (connection->closing)
                break;
            status = sp_fiber_wait(0);
            continue;
        }
        /* What tasks add while this is written goes next. */
        struct sp_buf full = connection->out;
        connection->out = connection->sending;
        connection->sending = full;
        status = io_stream_write(connection->stream, sp_buf_str(&connection->sending),
                                 sp_clock_monotonic_us() + WRITE_LIMIT_US);
        sp_buf_reset(&connection->sending);
    }
    connection->writer = NULL;
    stop_reading(connection);
    /* The reader gives the stream back, unless it has left already. */
    if (!connection->reader)
        sp_stream_give_back(connection->stream, false);
    sp_connection_release(connection);
}

/* --- reading ----------------------------------------------------------------------------------------- */

/* Request 0 tells the gateway that whatever it has no answer to was not read: not while there are tasks. */
static void send_refusal(struct sp_connection *connection, uint32_t request_id, const char *reason)
{
    struct sp_buf buf;
    char text[SP_REGION_REASON_MAX];
    if (!request_id && connection->open_count)
        request_id = connection->open[0];
    snprintf(text, sizeof text, "%s", reason);
    sp_buf_init(&buf, 4096);
    if (sp_region_refuse_write(&buf, request_id, sp_str_of(text)) == SP_OK)
        sp_connection_send(connection, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    sp_log(SP_LOG_WARNING, NULL, "connection from %s is refused: %s", connection->peer, reason);
}

static void send_bare(struct sp_connection *connection, enum sp_region_kind kind, uint32_t request_id)
{
    struct sp_buf buf;
    sp_buf_init(&buf, SP_REGION_HEADER_BYTES);
    if (sp_region_bare_write(&buf, kind, request_id) == SP_OK)
        sp_connection_send(connection, sp_buf_str(&buf));
    sp_buf_finish(&buf);
}

static bool send_hello(struct sp_connection *connection, uint32_t request_id)
{
    const struct sp_definition *definition = connection->region->definition;
    struct sp_region_hello hello = {.request_id = request_id,
                                    .applid = definition->applid,
                                    .networkid = definition->networkid,
                                    .ccsid = definition->ccsid};
    struct sp_buf buf;
    sp_buf_init(&buf, 4096);
    bool written = sp_region_hello_write(&buf, &hello) == SP_OK;
    if (written)
        sp_connection_send(connection, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return written;
}

static enum sp_status io_read(struct sp_connection *connection, int64_t deadline_us, struct sp_str *ret_frame)
{
    return io_stream_read_frame(connection->stream, sp_region_frame_length, NULL, SP_REGION_FRAME_MAX,
                                deadline_us, ret_frame);
}

/* The gateway says who it is, and some connection is defined for it. */
static bool io_greet(struct sp_connection *connection)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_region_hello hello;
    struct sp_str frame;
    char text[160];
    enum sp_status status = io_read(connection, sp_clock_monotonic_us() + HELLO_LIMIT_US, &frame);
    if (status == SP_EPROTO)
        send_refusal(connection, 0, "this is not the region's protocol");
    if (status != SP_OK)
        return false;
    if (sp_region_hello_read(frame, &hello, &err) != SP_OK) {
        send_refusal(connection, 0, err.text);
        return false;
    }
    connection->ipconn = sp_definition_ipconn(connection->region->definition, hello.applid, hello.networkid);
    snprintf(connection->applid, sizeof connection->applid, "%.*s", SP_STR_ARG(hello.applid));
    if (!connection->ipconn) {
        snprintf(text, sizeof text, "no connection is defined for applid \"%.*s\", networkid \"%.*s\"",
                 SP_STR_ARG(hello.applid), SP_STR_ARG(hello.networkid));
        send_refusal(connection, hello.request_id, text);
        return false;
    }
    sp_log(SP_LOG_INFO, NULL, "connection %.*s from %s, applid \"%s\"", SP_STR_ARG(connection->ipconn->name),
           connection->peer, connection->applid);
    return send_hello(connection, hello.request_id);
}

static bool handle(struct sp_connection *connection, struct sp_str frame)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_region_header header;
    if (sp_region_header_read(frame, &header, &err) != SP_OK) {
        send_refusal(connection, 0, err.text);
        return false;
    }
    switch (header.kind) {
    case SP_REGION_LINK:
        if (sp_dispatch(connection, frame, &err) == SP_OK)
            return true;
        send_refusal(connection, header.request_id, err.text);
        return false;
    case SP_REGION_CANCEL:
        sp_connection_close_request(connection, header.request_id);
        return true;
    case SP_REGION_PING:
        send_bare(connection, SP_REGION_PONG, header.request_id);
        return true;
    case SP_REGION_PONG:
        return true;
    default:
        send_refusal(connection, header.request_id, "a frame of this kind is not expected here");
        return false;
    }
}

static void io_read_all(struct sp_connection *connection)
{
    struct sp_str frame;
    enum sp_status status = SP_OK;
    if (!io_greet(connection))
        return;
    while (status == SP_OK && !connection->gone) {
        status = io_read(connection, 0, &frame);
        if (status == SP_OK && !handle(connection, frame))
            return;
    }
    if (status == SP_EPROTO || status == SP_ELIMIT)
        send_refusal(connection, 0, "what arrived is no frame of the region's protocol");
    else if (status == SP_ECANCELED && !connection->gone)
        send_refusal(connection, 0, "the region ends");
}

static bool is_local_peer(const char *peer)
{
    struct sp_str text = sp_str_of(peer);
    return sp_str_starts(text, SP_STR("127.")) || sp_str_starts(text, SP_STR("[::1]")) ||
           sp_str_find(text, ':') == text.len;
}

void sp_region_connection(void *arg, struct sp_stream *stream)
{
    struct sp_connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        sp_stream_give_back(stream, false);
        return;
    }
    connection->region = arg;
    connection->stream = stream;
    connection->references = 1;
    connection->reader = sp_fiber_self();
    connection->region->connections++;
    snprintf(connection->peer, sizeof connection->peer, "%s", sp_stream_peer(stream));
    connection->is_local = is_local_peer(connection->peer);
    sp_buf_init(&connection->out, OUT_BYTES_MAX);
    sp_buf_init(&connection->sending, OUT_BYTES_MAX);
    sp_connection_hold(connection);
    if (sp_fiber_start(connection->region->loop, writer_fiber, connection, NULL) != SP_OK)
        sp_connection_release(connection);
    else
        io_read_all(connection);
    connection->reader = NULL;
    connection->closing = true;
    if (connection->writer)
        sp_fiber_wake(connection->writer);
    else
        sp_stream_give_back(stream, false);
    sp_connection_release(connection);
}
