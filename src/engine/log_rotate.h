/* SPDX-License-Identifier: Apache-2.0
 * log_rotate.h: messages.log is begun anew when it has become large.
 *
 * A worker sees that it is, renames it, and has the master open it again: the master holds the file too, and
 * a worker may not signal it when they run as different users. So, as for a reload (engine/reload.h), the
 * master makes a pipe and has the kernel send it nginx's signal for that, SIGUSR1, when something is written.
 */
#ifndef SP_ENGINE_LOG_ROTATE_H
#define SP_ENGINE_LOG_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct sp_loop;

/* In the master, each time it reads its configuration. */
void sp_log_rotate_listen(void);

/* In one worker: look every second from now on. `directory` is that of messages.log; `max_bytes` 0: no limit;
 * `max_files` counts the one in use, 0: all are kept. The texts are copied. */
void sp_log_rotate_start(struct sp_loop *loop, const char *directory, int64_t max_bytes, int64_t max_files);
/* Before the loop is freed. */
void sp_log_rotate_stop(void);

/* Rename messages.log to messages_<time>.<n>.log when it is larger than `max_bytes`, and remove the oldest of
 * those that are too many. Returns whether it was renamed. For the above, and for tests. */
bool sp_log_rotate_once(const char *directory, int64_t max_bytes, int64_t max_files);

#endif
