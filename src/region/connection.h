/* SPDX-License-Identifier: Apache-2.0
 * connection.h: one gateway's connection.
 *
 * One fiber reads frames and starts a task for each LINK; one writes what tasks have to say. Tasks keep the
 * connection until they are done, whether or not anybody listens any more.
 */
#ifndef SP_REGION_CONNECTION_H
#define SP_REGION_CONNECTION_H

#include "region/region.h"

/* Requests of one connection that have no answer yet. */
#define SP_CONNECTION_REQUESTS_MAX 2000u

struct sp_connection {
    struct sp_region *region;
    const struct sp_ipconn *ipconn;
    struct sp_stream *stream;
    struct sp_fiber *reader, *writer;
    struct sp_buf out, sending;
    unsigned references; /* reader, writer, tasks */
    bool gone;           /* nobody listens any more */
    bool closing;        /* write what there is, then close */
    bool is_local;
    char peer[96];
    char applid[9];
    uint32_t open[SP_CONNECTION_REQUESTS_MAX]; /* request ids */
    unsigned open_count;
};

void sp_connection_hold(struct sp_connection *connection);
void sp_connection_release(struct sp_connection *connection);
/* Have the frame written; dropped when nobody listens. */
void sp_connection_send(struct sp_connection *connection, struct sp_str frame);

/* False when it is open already, or too many are. */
bool sp_connection_open_request(struct sp_connection *connection, uint32_t id);
/* False when it was not open: nobody waits for its answer. */
bool sp_connection_close_request(struct sp_connection *connection, uint32_t id);

/* dispatch.c: start a task for a LINK frame. SP_EPROTO when it is broken, with the reason. */
enum sp_status sp_dispatch(struct sp_connection *connection, struct sp_str frame, struct sp_error *err);

#endif
