/* SPDX-License-Identifier: Apache-2.0
 * server_launch.h: from server.xml to a running nginx.
 */
#ifndef SP_CLI_SERVER_LAUNCH_H
#define SP_CLI_SERVER_LAUNCH_H

#include "cli/server_options.h"
#include "cli/server_place.h"

/* Read server.xml, make the directories and write nginx.conf under `conf_path` (usually place->conf_path). On
 * failure what is wrong was collected in `problems` or is in `err`. `*ret_config` is the caller's. */
enum sp_status sp_server_prepare(const struct sp_server_place *place, struct sp_server_options *options,
                                 const char *conf_path, struct sp_problems *problems,
                                 struct sp_config **ret_config, struct sp_error *err) SP_MUST_CHECK;

/* Whether server.xml can be served, without touching anything: its nginx.conf can be written and its
 * certificates can be used. */
enum sp_status sp_server_try(const struct sp_server_place *place, const struct sp_server_options *options,
                             struct sp_problems *problems, struct sp_error *err) SP_MUST_CHECK;

/* Become nginx with the nginx.conf that was prepared. Returns only on failure. */
enum sp_status sp_server_exec(const struct sp_server_place *place, struct sp_error *err);
/* Let nginx test a nginx.conf: SP_OK when it would take it. What it says goes to standard error. */
enum sp_status sp_server_test(const struct sp_server_place *place, const char *conf_path,
                              struct sp_error *err) SP_MUST_CHECK;

#endif
