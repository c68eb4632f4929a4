/* SPDX-License-Identifier: Apache-2.0
 * plugin.h: interceptors from shared libraries (sallyport_pluginInterceptor,
 * include/sallyport/interceptor.h).
 *
 * An instance is made in each worker, when a configuration that has it is opened, and lives on in the next
 * configuration when its element did not change. docs/plugins.md says what is contained of a plug-in that
 * misbehaves.
 */
#ifndef SP_INTERCEPT_PLUGIN_H
#define SP_INTERCEPT_PLUGIN_H

#include "intercept/intercept.h"

struct sp_plugin;

/* Shared memory that the marks of crashes want. */
size_t sp_plugins_shared_bytes(unsigned workers);

struct sp_plugins_options {
    const struct sp_config *config;
    const struct sp_worker *worker;
    void *shared; /* zero-filled at first, kept when a worker dies; NULL: crashes are not remembered */
    size_t shared_bytes;
    struct sp_plugins *previous; /* that unchanged instances are taken from; NULL: none */
};

/* In the loop's thread; blocks while libraries are loaded and instances made. `*ret_plugins` is NULL when
 * there is none. What a worker that died did before is logged by its successor. SP_EINVAL, SP_EDENIED (a
 * library that others than root could have written), SP_EIO, with the id of the message. */
enum sp_status sp_plugins_open(const struct sp_plugins_options *options, struct sp_plugins **ret_plugins,
                               struct sp_error *err) SP_MUST_CHECK;
/* In the loop's thread, when no request uses them. Accepts NULL. */
void sp_plugins_free(struct sp_plugins *plugins);
/* `plugins` may be NULL; NULL when there is none of that id. */
struct sp_plugin *sp_plugins_find(struct sp_plugins *plugins, struct sp_str id);

#endif
