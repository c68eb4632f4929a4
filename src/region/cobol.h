/* SPDX-License-Identifier: Apache-2.0
 * cobol.h: the COBOL run time (libcob 3.1), as much of it as a worker needs.
 *
 * libcob serves one thread and ends the process at STOP RUN and at fatal errors; so a worker is a process
 * that runs one task at a time.
 */
#ifndef SP_REGION_COBOL_H
#define SP_REGION_COBOL_H

#include <stddef.h>

#include "base/str.h"

/* Once per process. `on_error` is called with the text of a fatal error before libcob ends the process.
 * `modules` must be an absolute path without symbolic links. */
void sp_cobol_start(const char *modules, void (*on_error)(const char *text));
/* Load the module when it is not there yet. False, with libcob's words, when it cannot be. */
bool sp_cobol_load(const char *program, const char **ret_reason);
/* Run it. It must be loaded. Returns when the program does. */
void sp_cobol_call(const char *program, int argc, void **argv);
/* Give all programs that were loaded their initial state, and close their files. */
void sp_cobol_cancel_all(void);
/* End the process as STOP RUN does, files closed. */
void sp_cobol_stop(int exit_code) __attribute__((noreturn));

/* In a function that a program called: how many parameters it was given, and how long each is (from 1). */
unsigned sp_cobol_parameters(void);
size_t sp_cobol_parameter_size(unsigned number);

#endif
