/* SPDX-License-Identifier: Apache-2.0
 * command.h: the subcommands of `sallyport`.
 *
 * One file cmd_<name>.c holds one subcommand and defines `const struct sp_command sp_command_<name>`; a
 * declaration here and a row in command.c make it known. A subcommand prints its result on standard output
 * and what went wrong on standard error.
 */
#ifndef SP_CLI_COMMAND_H
#define SP_CLI_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

/* What `run` returns, and the process with it. */
enum sp_exit {
    SP_EXIT_OK = 0,
    SP_EXIT_FAILED = 1, /* it was tried and did not work, or the answer is no */
    SP_EXIT_USAGE = 2,  /* the command line is wrong; nothing was tried */
};

struct sp_command {
    const char *name;    /* "server" */
    const char *summary; /* one line for the overview, no full stop */
    const char *usage;   /* the lines behind "usage:", each ending in a newline; then explanations */
    /* argv[0] is the subcommand's name, argv[argc] is NULL; getopt_long may be used as in main. */
    int (*run)(int argc, char **argv);
};

/* Ends with an element without a name. */
extern const struct sp_command *const sp_commands[];

/* Every command's declaration stands here, by name. */
extern const struct sp_command sp_command_api;
extern const struct sp_command sp_command_build;
extern const struct sp_command sp_command_explain;
extern const struct sp_command sp_command_password;
extern const struct sp_command sp_command_requester;
extern const struct sp_command sp_command_saf;
extern const struct sp_command sp_command_server;
extern const struct sp_command sp_command_service;
extern const struct sp_command sp_command_smf;

/* The command of that name, or NULL. */
const struct sp_command *sp_command_find(struct sp_str name);
/* The command whose name is nearest to a misspelt one, or NULL when none is near. */
const struct sp_command *sp_command_nearest(struct sp_str name);
/* Run `sallyport argv[1] ...`: help, --version, a subcommand. Returns the exit status. */
int sp_command_main(int argc, char **argv);
/* "usage: ..." of one command to `out`. */
void sp_command_usage(const struct sp_command *command, FILE *out);
/* A complaint about the command line on standard error, with the way to the usage text; returns
 * SP_EXIT_USAGE. */
int sp_command_misused(const struct sp_command *command, const char *fmt, ...) SP_PRINTF(2, 3);
/* An error object on standard error, "sallyport: file:line:column: text (id)"; returns SP_EXIT_FAILED. */
int sp_command_failed(const struct sp_error *err);

#endif
