/* SPDX-License-Identifier: Apache-2.0
 * server_options.h: how a server is started, beside its server.xml.
 */
#ifndef SP_CLI_SERVER_OPTIONS_H
#define SP_CLI_SERVER_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "config/config.h"

#define SP_SERVER_WORKERS_MAX 256
#define SP_SERVER_VARIABLES_MAX 200

struct sp_server_options {
    unsigned workers;
    const char *user, *group; /* of the workers; NULL: the user who starts the server */
    uid_t uid;                /* of `user`; -1 without */
    gid_t gid;
    unsigned timeout_s;                                        /* to become ready, or to end */
    bool now;                                                  /* stop without waiting for requests */
    bool foreground;                                           /* messages go to standard error too */
    struct sp_cfg_property variables[SP_SERVER_VARIABLES_MAX]; /* --name=value behind -- */
    size_t variable_count;
    struct sp_arena arena;
};

void sp_server_options_init(struct sp_server_options *options);
/* Accepts one that is all zeros. */
void sp_server_options_finish(struct sp_server_options *options);

/* "2"; SP_EINVAL. */
enum sp_status sp_server_options_workers(struct sp_server_options *options, const char *text,
                                         struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_server_options_timeout(struct sp_server_options *options, const char *text,
                                         struct sp_error *err) SP_MUST_CHECK;
/* "user" or "user:group", which must exist. */
enum sp_status sp_server_options_user(struct sp_server_options *options, const char *text,
                                      struct sp_error *err) SP_MUST_CHECK;
/* "--name=value" or "name=value". */
enum sp_status sp_server_options_variable(struct sp_server_options *options, const char *text,
                                          struct sp_error *err) SP_MUST_CHECK;

/* For root without a user given: sallyport where there is such a user, else the owner of the server's
 * directory. Does nothing for others. */
enum sp_status sp_server_options_choose_user(struct sp_server_options *options, const char *config_dir,
                                             struct sp_error *err) SP_MUST_CHECK;

/* What a running server was started with is kept in a file that only its owner reads, for `reload`. */
enum sp_status sp_server_options_save(const struct sp_server_options *options, const char *path,
                                      struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_server_options_restore(struct sp_server_options *options, const char *path,
                                         struct sp_error *err) SP_MUST_CHECK;

/* Replace a file as a whole; readable by its owner only. */
enum sp_status sp_server_file_write(const char *path, struct sp_str text, struct sp_error *err) SP_MUST_CHECK;

#endif
