/* SPDX-License-Identifier: Apache-2.0
 * server_dump.h: sallyport server dump.
 */
#ifndef SP_CLI_SERVER_DUMP_H
#define SP_CLI_SERVER_DUMP_H

/* argv[0] is "dump". Writes what helps to understand a server into an archive: the effective configuration
 * with its secrets masked, its problems, which files it was read from, and the end of the log. No file of the
 * server is copied as it is. Returns the exit status. */
int sp_server_dump_run(int argc, char **argv);

#endif
