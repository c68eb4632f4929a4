/* SPDX-License-Identifier: Apache-2.0
 * plugin_internal.h: a plug-in's insides, for the plugin_ files of this room.
 */
#ifndef SP_INTERCEPT_PLUGIN_INTERNAL_H
#define SP_INTERCEPT_PLUGIN_INTERNAL_H

#include <stdatomic.h>

#include "intercept/plugin.h"
#include "intercept/plugin_guard.h"
#include "sallyport/interceptor.h"

#define SP_PLUGIN_EDITS_MAX 64u
#define SP_PLUGIN_COMPLETIONS_MAX 4096u

struct sp_http_client;

/* What the instances of a configuration share in their worker. */
struct sp_plugin_worker {
    unsigned references; /* of instances, fetches and completions */
    struct sp_loop *loop;
    struct sp_http_client *client;
    char why_no_tls[256];          /* why https is refused; empty: it is not */
    struct sp_plugin_wakes *wakes; /* completions that other threads completed; NULL until the first */
};

struct sp_plugin {
    unsigned references; /* of sets, and of completions */
    struct sp_arena arena;
    struct sp_plugin_worker *worker;
    struct sp_str id, path;
    int64_t timeout_us, hang_us;
    const struct sallyport_property *properties;
    size_t property_count;
    const struct sallyport_interceptor *methods;
    void *self;
    struct sp_plugin_crashes *crashes; /* NULL: not remembered */
    unsigned completions;              /* not yet completed, or not yet known to be */
};

/* What the host keeps of one method while it runs; on the stack of the request. */
struct sallyport_call {
    struct sp_plugin *plugin;
    struct sp_intercept_data *data;
    enum sp_plugin_method method;
    int64_t started_us, deadline_us; /* monotonic */
    bool timed_out;                  /* a wait ended because of it */
    bool stopped;
    unsigned stop_status;
    struct sp_str stop_message;
    struct sallyport_completion *completions; /* made in this method and not waited for */
};

/* plugin_load.c: find, check and open the library of an element. */
enum sp_status sp_plugin_load(struct sp_plugin *plugin, struct sp_str directory, struct sp_str library,
                              struct sp_error *err) SP_MUST_CHECK;
/* The path of a library in a directory, when nobody but root can have written it: every directory from the
 * root to it and the file itself belong to root, and neither group nor others may write them. `library` is a
 * name without '/'. A link is followed, and its target must be in the same directory. In the arena.
 * SP_EINVAL, SP_ENOTFOUND, SP_EDENIED. */
enum sp_status sp_plugin_path(struct sp_str directory, struct sp_str library, struct sp_arena *arena,
                              struct sp_str *ret_path, struct sp_error *err) SP_MUST_CHECK;

/* plugin_elf.c: whether a file is a whole library for this machine. SP_EINVAL, SP_EIO. */
enum sp_status sp_plugin_check_library(const char *path, struct sp_error *err) SP_MUST_CHECK;

/* plugin_host.c, plugin_headers.c, plugin_wait.c: the host's table. */
extern const struct sallyport_host sp_plugin_host;
struct sallyport_text sp_plugin_text(struct sallyport_call *call, int id);
int64_t sp_plugin_number(struct sallyport_call *call, int id);
size_t sp_plugin_header_count(struct sallyport_call *call, int message);
int sp_plugin_header_at(struct sallyport_call *call, int message, size_t at, struct sallyport_text *ret_name,
                        struct sallyport_text *ret_value);
struct sallyport_text sp_plugin_header(struct sallyport_call *call, int message, const char *name);
/* A copy in the request's arena. The engine's memory goes when the client does, which may be while a method
 * waits. */
struct sallyport_text sp_plugin_kept(struct sallyport_call *call, struct sp_str text);
int sp_plugin_set_header(struct sallyport_call *call, int message, const char *name, const char *value);
int sp_plugin_add_header(struct sallyport_call *call, int message, const char *name, const char *value);
int64_t sp_plugin_time_left(struct sallyport_call *call);
int io_plugin_sleep(struct sallyport_call *call, int64_t milliseconds);
int io_plugin_fetch(struct sallyport_call *call, const struct sallyport_http_request *request,
                    struct sallyport_http_response *ret_response);
struct sallyport_completion *sp_plugin_new_completion(struct sallyport_call *call);
int io_plugin_wait(struct sallyport_call *call, struct sallyport_completion *completion, int64_t timeout_ms,
                   int64_t *ret_value);
void sp_plugin_complete(struct sallyport_completion *completion, int64_t value);
/* When the method has ended: what it did not wait for is waited for no more. */
void sp_plugin_call_end(struct sallyport_call *call);

/* In the loop's thread. Accepts NULL. */
void sp_plugin_worker_release(struct sp_plugin_worker *worker);
void sp_plugin_release(struct sp_plugin *plugin);
/* plugin_wait.c: `ssl` says whom the client trusts and what it presents; where that cannot be used, or is
 * NULL, https is refused, and nothing else: a plug-in may never ask for it. */
enum sp_status sp_plugin_client_new(struct sp_plugin_worker *worker, const struct sp_cfg_ssl *ssl,
                                    struct sp_error *err) SP_MUST_CHECK;
void sp_plugin_wakes_free(struct sp_plugin_wakes *wakes);

#endif
