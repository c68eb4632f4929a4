/* SPDX-License-Identifier: Apache-2.0
 * ready.h: telling those who wait that the server takes requests.
 *
 * Two may wait: `sallyport server start`, reading from a pipe whose other end the server inherited (its
 * number is in the environment variable SALLYPORT_READY_FD), and systemd, listening at the socket named by
 * NOTIFY_SOCKET (sd_notify(3); the unit needs NotifyAccess=all, for a worker is who knows).
 */
#ifndef SP_ENGINE_READY_H
#define SP_ENGINE_READY_H

#include "base/error.h"

#define SP_READY_FD_VARIABLE "SALLYPORT_READY_FD"

/* Remember both from the environment; nginx clears it in its workers. Call it in the master. */
void sp_ready_capture(void);
/* Write "ready\n" to the pipe and READY=1 to systemd. What cannot be told is not told. */
void sp_ready_announce(void);
/* Write "failed <text>\n" to the pipe. */
void sp_ready_failed(const char *text);

#endif
