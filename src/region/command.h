/* SPDX-License-Identifier: Apache-2.0
 * command.h: the subcommands of `sallyport-region`.
 *
 * Each takes the arguments behind its name and returns the exit status: 0; 1, it was tried and failed; 2, the
 * command line is wrong.
 */
#ifndef SP_REGION_COMMAND_H
#define SP_REGION_COMMAND_H

#include "region/definition.h"

int sp_region_command_build(int argc, char **argv);
int sp_region_command_check(int argc, char **argv);
int sp_region_command_compile(int argc, char **argv);
int sp_region_command_run(int argc, char **argv);

/* Read a definition file for a command. `*ret_directory`, that of the file, is in the arena too. */
enum sp_status sp_region_open(const char *path, struct sp_arena *arena, struct sp_str *ret_text,
                              const char **ret_directory, const struct sp_definition **ret_definition,
                              struct sp_error *err) SP_MUST_CHECK;

/* "sallyport-region: file:line:column: text" on standard error; returns 1. */
int sp_region_failed(const struct sp_error *err);
/* A complaint about the command line; returns 2. */
int sp_region_misused(const char *fmt, ...) SP_PRINTF(1, 2);

#endif
