/* SPDX-License-Identifier: Apache-2.0
 * event_port.h: a local socket of the writer, at which other processes bring events of their security
 * database (saf/audit_frame.h).
 *
 * The kernel says who connects: a process of the writer's user, of root, or of a user that was named. An
 * event goes into the ring before its receipt is sent, so that one with a receipt is never lost; while the
 * ring is full senders wait, and keep what they have. A thread of its own; nothing else of the writer waits
 * for it.
 */
#ifndef SP_INTERCEPT_SMF_EVENT_PORT_H
#define SP_INTERCEPT_SMF_EVENT_PORT_H

#include "intercept/smf/shared.h"

struct sp_smf_event_port;

/* `ring` is attached as a producer and outlives the port; path and users are copied. What is not taken is
 * told of in the shared memory. SP_EINVAL: a user that is not known, a path that is too long. */
enum sp_status sp_smf_event_port_start(struct sp_smf_ring *ring, struct sp_str path, struct sp_str users,
                                       struct sp_smf_event_port **ret_port,
                                       struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_smf_event_port_stop(struct sp_smf_event_port *port);

#endif
