/* SPDX-License-Identifier: Apache-2.0
 * audit_queue.h: events that wait to be recorded, and the texts in them. Private to the room.
 *
 * Bounded, made at once, shared by the handle and its images; when it is full, new events are counted as lost
 * and the older ones stay.
 */
#ifndef SP_SAF_AUDIT_QUEUE_H
#define SP_SAF_AUDIT_QUEUE_H

#include "saf/audit_event.h"

enum { SP_SAF_AUDIT_QUEUE_EVENTS = 512 };

/* With one reference. SP_ENOMEM. */
enum sp_status sp_saf_audit_queue_new(struct sp_saf_audit_queue **ret_queue,
                                      struct sp_error *err) SP_MUST_CHECK;
struct sp_saf_audit_queue *sp_saf_audit_queue_hold(struct sp_saf_audit_queue *queue);
/* Accepts NULL. */
void sp_saf_audit_queue_release(struct sp_saf_audit_queue *queue);
/* Any thread. `queue` may be NULL: nobody records. */
void sp_saf_audit_put(struct sp_saf_audit_queue *queue, const struct sp_saf_audit_event *event);

/* The ICH408I of an access, its parts separated by `line_end`, and that of a logon, on one line. Return the
 * length; what does not fit is cut off. */
size_t sp_saf_ich408i_access(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                             const struct sp_saf_decision *decision, const char *line_end, char *ret_text,
                             size_t size);
size_t sp_saf_ich408i_logon(const struct sp_saf_image *image, struct sp_str user,
                            const struct sp_saf_verified *verified, char *ret_text, size_t size);

#endif
