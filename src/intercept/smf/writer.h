/* SPDX-License-Identifier: Apache-2.0
 * writer.h: the process that takes audit records out of the ring and writes them.
 *
 * One a server; workers start it (smf/spawn.h) and start another when it dies. It ends when no worker is left
 * and everything is written. An event leaves the ring when the file has it; before each write it notes where
 * and what it writes, so that the one that follows it finds out whether it was done: exactly one record an
 * event, whoever is killed. Sinks (smf/sink.h) have positions of their own in the ring.
 */
#ifndef SP_INTERCEPT_SMF_WRITER_H
#define SP_INTERCEPT_SMF_WRITER_H

/* Until there is nothing more to do. The exit status for the process: 0, or 3 when another one is the writer,
 * or 1 when `fd` is no ring. */
int sp_smf_writer_run(int fd);

#endif
