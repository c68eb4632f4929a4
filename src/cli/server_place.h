/* SPDX-License-Identifier: Apache-2.0
 * server_place.h: where a server's files are.
 *
 * A server is a directory with a server.xml. It is named by a path (anything with a '/'), or by a name that
 * is looked for below $SALLYPORT_USER_DIR/servers, when that variable is set; otherwise
 *   ./servers and /var/lib/sallyport/servers.
 * Logs go to <output directory>/logs. The output directory is the server's, or $SALLYPORT_OUTPUT_DIR/<name>.
 * What only a running server needs is in its run directory: <base>/<name>-<digits>, where the digits tell
 * servers of the same name apart and base is
 *   $SALLYPORT_RUN_DIR, else /run/sallyport for root, else $XDG_RUNTIME_DIR/sallyport, else
 *   <output directory>/workarea.
 */
#ifndef SP_CLI_SERVER_PLACE_H
#define SP_CLI_SERVER_PLACE_H

#include <sys/types.h>

#include "base/arena.h"

struct sp_server_place {
    const char *name;
    const char *config_dir; /* absolute, without a slash at the end, as are all */
    const char *output_dir;
    const char *log_dir;
    const char *run_dir;
    const char *conf_path;    /* run_dir/nginx.conf */
    const char *pid_path;     /* run_dir/nginx.pid */
    const char *options_path; /* run_dir/options: what the server was started with */
    const char *control_dir;  /* run_dir/control: private to the workers, who listen there for commands */
    struct sp_arena arena;
};

/* `name` NULL: defaultServer. SP_ENOTFOUND tells where it was looked for. */
enum sp_status sp_server_place_find(const char *name, struct sp_server_place *ret_place,
                                    struct sp_error *err) SP_MUST_CHECK;
/* Accepts one that is all zeros. */
void sp_server_place_finish(struct sp_server_place *place);
/* Make log and run directories. The run directory can be entered but not listed by others; log files are
 * made by the master process, the logs of the workers by `owner` (-1: nobody else). */
enum sp_status sp_server_place_make(const struct sp_server_place *place, uid_t owner, gid_t group,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
