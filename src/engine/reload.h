/* SPDX-License-Identifier: Apache-2.0
 * reload.h: how a worker has the server begin anew.
 *
 * Only the master process can make listeners and TLS contexts, and a worker may not signal it when they run
 * as different users. So the master makes a pipe and has the kernel send it SIGHUP when something is written:
 * the pipe's owner is whose rights count (fcntl(2), F_SETOWN). nginx then reads its configuration again;
 * where that asks for another nginx.conf, the master has `sallyport server reload` make it.
 */
#ifndef SP_ENGINE_RELOAD_H
#define SP_ENGINE_RELOAD_H

#include <stdbool.h>

/* Names the sallyport program to the server it starts. */
#define SP_RELOAD_COMMAND_VARIABLE "SALLYPORT_COMMAND"

/* In the master, each time it reads its configuration. Returns whether a worker has asked since the last
 * time. */
bool sp_reload_listen(void);
/* In a worker. False when there is no master that would hear it. */
bool sp_reload_ask(void);
/* In the master: start the program to make another nginx.conf for the server of that directory. It tells what
 * it thinks on standard error, and signals the master when all is well. */
void sp_reload_run(const char *config_dir);

/* The file in the run directory that changes each time the master has taken over a configuration, with all
 * its listeners open: "<process id> <generation>\n". Generations count from 1. */
#define SP_RELOAD_MARK "taken"
/* Another file there. The workers of generation N hold a lock of byte N (fcntl(2), open file description
 * locks), which they inherit from the master, until they accept no more connections; or until they end, in
 * whatever way. */
#define SP_RELOAD_ACCEPTING "accepting"
/* In the master, then: the workers that it starts from now on are of the next generation. */
void sp_reload_mark(const char *run_dir);
/* In a worker that was told to quit, when its listeners are closed. */
void sp_reload_accepts_no_more(void);
/* Anywhere: whether a worker of a generation before that one accepts connections. False when it cannot be
 * told. */
bool sp_reload_earlier_accept(const char *run_dir, unsigned long generation);

#endif
