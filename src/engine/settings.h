/* SPDX-License-Identifier: Apache-2.0
 * settings.h: server.xml as the nginx module reads it.
 *
 * The master process reads it when it reads nginx.conf: at the start and at each reload. All workers of that
 * generation, also those that replace one which crashed, work with what the master read.
 */
#ifndef SP_ENGINE_SETTINGS_H
#define SP_ENGINE_SETTINGS_H

#include "config/config.h"
#include "engine/tls.h"

struct sp_engine_settings {
    struct sp_config *config;
    struct sp_problems problems;
    struct sp_config_options options; /* how it was loaded, and how workers load it again */
    struct sp_str print;              /* of the endpoints that nginx.conf has */
    const char *run_dir;
    struct sp_arena arena;
};

/* `args` are those of the directive sallyport_server: configuration directory, output directory, run
 * directory, fingerprint (engine/conf.h), and any number of name=value. `files` NULL: the file system; not
 * needed afterwards. SP_EINVAL when the fingerprint differs: nginx.conf has to be
 * made anew. */
enum sp_status sp_engine_settings_load(const struct sp_str *args, size_t arg_count,
                                       const struct sp_config_files *files,
                                       struct sp_engine_settings **ret_settings,
                                       struct sp_error *err) SP_MUST_CHECK;
/* SP_OK when another configuration has the endpoints that nginx.conf has; SP_EINVAL with SP_MSG_CONF_STALE
 * when it has others, other errors when it has some that cannot be served. In any thread. */
enum sp_status sp_engine_settings_fit(const struct sp_engine_settings *settings,
                                      const struct sp_config *config, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_engine_settings_free(struct sp_engine_settings *settings);

/* Log problems, in order. */
void sp_engine_log_problems(const struct sp_problems *problems);

#endif
