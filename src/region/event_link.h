/* SPDX-License-Identifier: Apache-2.0
 * event_link.h: decisions of the region's security database, on their way to a gateway's audit.
 *
 * What is put is kept until the audit has given a receipt for it (saf/audit_frame.h); while none can be
 * reached, up to SP_EVENT_LINK_EVENTS are kept, and those that come then are counted as lost, which the audit
 * is told with the next one. Nothing waits for it.
 */
#ifndef SP_REGION_EVENT_LINK_H
#define SP_REGION_EVENT_LINK_H

#include "base/error.h"
#include "base/str.h"
#include "saf/audit_event.h"

#define SP_EVENT_LINK_EVENTS 1024u

struct sp_loop;
struct sp_event_link;

/* `path`: the audit's eventSocket; `sender`: the region's applid. Both are copied. */
enum sp_status sp_event_link_new(struct sp_loop *loop, struct sp_str path, struct sp_str sender,
                                 struct sp_event_link **ret_link, struct sp_error *err) SP_MUST_CHECK;
/* What is kept is gone; before the loop is freed. Accepts NULL. */
void sp_event_link_free(struct sp_event_link *link);
/* Copies. Accepts a NULL link. */
void sp_event_link_put(struct sp_event_link *link, const struct sp_saf_audit_event *event);
/* Events that have no receipt yet. Accepts NULL: 0. */
unsigned sp_event_link_waiting(const struct sp_event_link *link);

#endif
