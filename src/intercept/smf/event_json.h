/* SPDX-License-Identifier: Apache-2.0
 * event_json.h: an event of the audit as a JSON object, for the sinks that take text.
 */
#ifndef SP_INTERCEPT_SMF_EVENT_JSON_H
#define SP_INTERCEPT_SMF_EVENT_JSON_H

#include "intercept/smf/event.h"
#include "text/json_write.h"

/* One object; docs/audit.md names its members. Texts are whole, not cut to the field of a record; empty ones,
 * and times that did not come to pass, are left out. */
void sp_smf_event_json(const struct sp_smf_event *event, struct sp_json_writer *writer);

/* "request", "authenticationFailed", ...: what the object says in its member "event". */
const char *sp_smf_event_name(const struct sp_smf_event *event);

#endif
