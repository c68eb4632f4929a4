/* SPDX-License-Identifier: Apache-2.0
 * gateway_internal.h: the gateway's insides, for the files of this room.
 */
#ifndef SP_GATEWAY_GATEWAY_INTERNAL_H
#define SP_GATEWAY_GATEWAY_INTERNAL_H

#include <stdatomic.h>

#include "gateway/call.h"
#include "gateway/gateway.h"
#include "gateway/monitor.h"
#include "gateway/security_event.h"
#include "intercept/audit.h"
#include "intercept/file_logger.h"
#include "io/loop.h"

struct sp_gateway {
    const struct sp_worker *worker;
    struct sp_generation *present; /* that requests begin on */
    struct sp_update *update;      /* by which it is changed; NULL: it cannot be */
    const char *explorer;          /* directory of the explorer's page; NULL: none */
    struct sp_authn_caches *caches;

    struct sp_call *running, *idle;
    size_t idle_count;
    /* Requests taken so far by the whole server, for their ids; `own_count` where nothing is shared. */
    _Atomic uint64_t *request_count, own_count;
    unsigned char correlator_seed[16]; /* of this worker, for those who send none */

    struct sp_security_events security_events;
    struct sp_monitor monitor;
    struct sp_timer audit_watch;
    uint64_t audit_lost, audit_failures; /* as last reported */
    uint64_t sink_lost[SP_SMF_SINKS_MAX], sink_failures[SP_SMF_SINKS_MAX], events_refused;
};

/* The flow's last act: the call goes back to the pool. */
void sp_gateway_call_ended(struct sp_call *call);

/* Requests that begin from now on are of this generation, whose reference becomes the gateway's. */
void sp_gateway_use(struct sp_gateway *gateway, struct sp_generation *generation);

#endif
