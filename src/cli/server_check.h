/* SPDX-License-Identifier: Apache-2.0
 * server_check.h: sallyport server check.
 */
#ifndef SP_CLI_SERVER_CHECK_H
#define SP_CLI_SERVER_CHECK_H

/* argv[0] is "check". Returns the exit status: 0 the server may start, 1 it may not (with --strict: or there
 * are warnings), 2 the command line is wrong. */
int sp_server_check_run(int argc, char **argv);

#endif
