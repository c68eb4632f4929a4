/* SPDX-License-Identifier: Apache-2.0
 * server_process.h: the process of a server: is it there, is it ready, let it end.
 */
#ifndef SP_CLI_SERVER_PROCESS_H
#define SP_CLI_SERVER_PROCESS_H

#include <stdbool.h>

#include "cli/server_place.h"

/* The master process of the server, or 0 when it does not run. A number left in the file by a server that is
 * gone is not taken for one: the process must be an nginx with this server's nginx.conf. */
pid_t sp_server_pid(const struct sp_server_place *place);
/* Its children that serve requests. */
unsigned sp_server_workers(pid_t master);

/* SP_ETIMEDOUT when it is still there after so many seconds. */
enum sp_status sp_server_wait_end(const struct sp_server_place *place, unsigned seconds) SP_MUST_CHECK;

/* Run `become(arg)`, which must not return, in a process of its own that survives this one, with its output
 * in `output_path`. Waits until that process says it is ready. On failure `err` has what it said, and it was
 * ended. */
enum sp_status sp_server_start(const char *output_path, void (*become)(void *arg), void *arg,
                               unsigned seconds, pid_t *ret_pid, struct sp_error *err) SP_MUST_CHECK;

#endif
