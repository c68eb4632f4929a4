/* SPDX-License-Identifier: Apache-2.0
 * worker.h: the process that runs programs.
 *
 * The supervisor starts `sallyport-region worker DIRECTORY` with a socket on descriptor 3 and the bytes of
 * the region's definition on descriptor 4. The worker says HELLO when it is ready, and then answers each LINK
 * with an ANSWER; the request id is the task number, the user is the one that the supervisor found. When the
 * program ends the process (STOP RUN, a run-time error), the answer is sent from an exit handler; when the
 * process is killed there is none, and the supervisor concludes from how it ended.
 */
#ifndef SP_REGION_WORKER_H
#define SP_REGION_WORKER_H

#define SP_WORKER_SOCKET 3
#define SP_WORKER_DEFINITION 4

int sp_region_command_worker(int argc, char **argv);

#endif
