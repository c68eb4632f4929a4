/* SPDX-License-Identifier: Apache-2.0
 * server_create.h: sallyport server create.
 */
#ifndef SP_CLI_SERVER_CREATE_H
#define SP_CLI_SERVER_CREATE_H

/* argv[0] is "create". Returns the exit status. */
int sp_server_create_run(int argc, char **argv);

#endif
