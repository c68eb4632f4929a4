/* SPDX-License-Identifier: Apache-2.0
 * log.h: messages for the operator.
 *
 * Only the edges log: the flow, the engine, the region, the command line. Rooms in between return errors. A
 * line is
 * "<time> <severity> <id> <text>", or what the sink that was set makes of it; a text never holds a secret.
 */
#ifndef SP_BASE_LOG_H
#define SP_BASE_LOG_H

#include "base/error.h"

enum sp_log_severity { SP_LOG_ERROR, SP_LOG_WARNING, SP_LOG_AUDIT, SP_LOG_INFO, SP_LOG_DEBUG };

typedef void sp_log_sink_fn(void *arg, enum sp_log_severity severity, const char *id, const char *text);

/* Where messages go; NULL restores the default, standard error. Not while other threads log. */
void sp_log_set_sink(sp_log_sink_fn *sink, void *arg);
/* Messages less severe than this are dropped; SP_LOG_INFO at start. */
void sp_log_set_level(enum sp_log_severity least);
/* `id` NULL: none. Each byte of a control character, of a line or paragraph separator and of a mark that
 * turns the direction of writing is written as '?', so that one message stays one line and reads as it was
 * meant. */
void sp_log(enum sp_log_severity severity, const char *id, const char *fmt, ...) SP_PRINTF(3, 4);
/* An error object with its place, "file:line:column: text". */
void sp_log_error(enum sp_log_severity severity, const struct sp_error *err);
/* "ERROR", "WARNING", ... */
const char *sp_log_severity_name(enum sp_log_severity severity);

#endif
