/* SPDX-License-Identifier: Apache-2.0
 * region.h: the supervisor: gateways on one side, workers on the other.
 */
#ifndef SP_REGION_REGION_H
#define SP_REGION_REGION_H

#include "region/definition.h"
#include "region/event_link.h"
#include "region/pool.h"
#include "saf/decision_cache.h"

struct sp_loop;
struct sp_stream;

/* Of all requests that are held at a time. */
#define SP_REGION_HELD_BYTES_MAX (512u * 1024u * 1024u)

struct sp_region {
    struct sp_loop *loop;
    const struct sp_definition *definition;
    struct sp_pool *pool;
    struct sp_saf *saf; /* NULL: none */
    struct sp_saf_decision_cache decisions;
    struct sp_event_link *events; /* NULL: they go to the log alone */
    bool dump;                    /* log what arrives and leaves, in hexadecimal */
    unsigned connections;         /* of gateways */
    unsigned tasks;               /* at work or waiting */
    size_t held_bytes;            /* of their requests */
    uint32_t last_task;           /* number */
    uint64_t done, failed;
};

/* Serve one gateway: what a listener calls (sp_listener_fn), with the region as its argument. */
void sp_region_connection(void *region, struct sp_stream *stream);

#endif
