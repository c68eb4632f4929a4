/* SPDX-License-Identifier: Apache-2.0
 * gateway_internal.h: the gateway's insides, for the files of this room.
 */
#ifndef SP_GATEWAY_GATEWAY_INTERNAL_H
#define SP_GATEWAY_GATEWAY_INTERNAL_H

#include "gateway/call.h"
#include "gateway/gateway.h"
#include "intercept/audit.h"
#include "io/loop.h"

struct sp_gateway {
    const struct sp_config *config;
    const struct sp_worker *worker;
    struct sp_saf_link *saf; /* NULL: nothing asks the security database */
    struct sp_registry *registry;
    struct sp_authn *authn;
    struct sp_audit *audit; /* NULL: nothing asks for it */
    struct sp_sor_connection **connections;
    size_t connection_count;
    struct sp_snapshot *snapshot; /* the present one */

    struct sp_call *running, *idle;
    size_t idle_count;
    uint64_t requests;                 /* taken so far, for their ids */
    unsigned char correlator_seed[16]; /* of this worker, for those who send none */

    struct sp_timer audit_watch;
    uint64_t audit_lost, audit_failures; /* as last reported */
};

/* The flow's last act: the call goes back to the pool. */
void sp_gateway_call_ended(struct sp_call *call);

#endif
