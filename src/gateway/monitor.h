/* SPDX-License-Identifier: Apache-2.0
 * monitor.h: what tells of the server itself: /health/live, /health/ready, /metrics.
 *
 * On the listener of sallyport_monitoring all of it, to whoever reaches it. On the other endpoints only
 * whether the server is alive and ready, without reasons, and only where no API has these paths.
 */
#ifndef SP_GATEWAY_MONITOR_H
#define SP_GATEWAY_MONITOR_H

#include "authn/authn.h"
#include "gateway/metrics.h"
#include "io/loop.h"

struct sp_call;
struct sp_exchange;
struct sp_gateway;

enum sp_authentication { SP_AUTHENTICATION_ACCEPTED, SP_AUTHENTICATION_REFUSED, SP_AUTHENTICATION_NONE };
#define SP_AUTHENTICATION_RESULTS 3u

/* Of a worker. */
struct sp_monitor {
    struct sp_metrics *metrics; /* NULL: nothing is shared, nothing is counted */
    struct sp_timer timer;      /* sets the gauges */
    /* As last followed. */
    uint64_t login_hits, login_misses, decision_hits, decision_misses;
    _Atomic int64_t *authentications[SP_AUTHN_SAML + 1][SP_AUTHENTICATION_RESULTS];
};

/* In the worker, when its gateway is there. */
void sp_monitor_open(struct sp_gateway *gateway);
void sp_monitor_close(struct sp_gateway *gateway);

/* A request on the listener of its own. At once, without a fiber. */
void sp_monitor_answer(struct sp_gateway *gateway, struct sp_exchange *exchange);
/* Whether the request is a probe; then it has ended, and the answer is the call's failure. */
bool sp_monitor_takes(struct sp_call *call);

/* A TLS connection failed; `what` names the alert. `gateway` NULL: nothing is counted. */
void sp_monitor_count_alert(struct sp_gateway *gateway, bool sent, const char *what);
void sp_monitor_count_call(struct sp_call *call);
void sp_monitor_count_authentication(struct sp_call *call, bool accepted);

#endif
