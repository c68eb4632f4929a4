/* SPDX-License-Identifier: Apache-2.0
 * security_event.h: events of the security database, which wait in its queue, go to the audit.
 */
#ifndef SP_GATEWAY_SECURITY_EVENT_H
#define SP_GATEWAY_SECURITY_EVENT_H

#include "gateway/generation.h"
#include "io/loop.h"

struct sp_security_events {
    struct sp_loop *loop;
    struct sp_generation *const *present;
    struct sp_timer timer;
};

/* From now on, a few times a second. `*present` is the generation in use. */
void sp_security_events_start(struct sp_security_events *events, struct sp_loop *loop,
                              struct sp_generation *const *present);
void sp_security_events_stop(struct sp_security_events *events);
/* Those that wait now. Without an audit they stay where they are; so they do while it has no room and nothing
 * is to be lost, unless it is the end. */
void sp_security_events_take(const struct sp_generation *generation, bool at_the_end);

#endif
