/* SPDX-License-Identifier: Apache-2.0
 * plugin_guard.h: who is to blame when a worker dies inside a plug-in, or does not come out of one.
 *
 * While the code of a plug-in runs, a mark in shared memory says which one. A worker that dies leaves its
 * mark; its successor reads it, names the plug-in in the log and counts. A thread of the worker ends the
 * worker when a method does not come back at all.
 */
#ifndef SP_INTERCEPT_PLUGIN_GUARD_H
#define SP_INTERCEPT_PLUGIN_GUARD_H

#include "base/str.h"

enum sp_plugin_method {
    SP_PLUGIN_CREATE,
    SP_PLUGIN_DESTROY,
    SP_PLUGIN_PRE_INVOKE,
    SP_PLUGIN_POST_INVOKE,
    SP_PLUGIN_PRE_SOR,
    SP_PLUGIN_POST_SOR,
    SP_PLUGIN_PRE_ENDPOINT,
    SP_PLUGIN_POST_ENDPOINT,
    SP_PLUGIN_EARLY_FAILURE,
    SP_PLUGIN_METHODS
};

/* "pre_invoke", ... */
const char *sp_plugin_method_name(enum sp_plugin_method method);

/* How often workers died in a plug-in lately; in shared memory. */
struct sp_plugin_crashes;

size_t sp_plugin_guard_bytes(unsigned workers);

/* In the worker's main thread, for each set of plug-ins: the first one installs the handlers of signals,
 * starts the watching thread, and looks what the worker before this one died of, which is logged. `shared`
 * NULL: memory of the process instead. */
void sp_plugin_guard_begin(void *shared, size_t shared_bytes, unsigned worker, unsigned workers);

/* The last one takes handlers and thread away: the code of both may be unloaded. */
void sp_plugin_guard_end(void);

/* Code of a plug-in runs from here to `leave`, in the main thread. When it takes longer than `hang_us`
 * (0: no limit), the worker ends. `id` ends with NUL. */
void sp_plugin_guard_enter(const char *id, enum sp_plugin_method method, int64_t hang_us);
void sp_plugin_guard_leave(void);

/* The count of a plug-in; NULL when there is no place for one more. */
struct sp_plugin_crashes *sp_plugin_crashes_of(const char *id);
/* Whether it died so often within a minute that it is not to be called again. */
bool sp_plugin_is_banned(const struct sp_plugin_crashes *crashes);
/* The administrator has changed it: begin anew. */
void sp_plugin_crashes_forget(struct sp_plugin_crashes *crashes);

#endif
