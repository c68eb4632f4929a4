/* SPDX-License-Identifier: Apache-2.0
 * server_key.h: sallyport server key.
 */
#ifndef SP_CLI_SERVER_KEY_H
#define SP_CLI_SERVER_KEY_H

/* argv[0] is "key". Makes the file of a key store that server.xml names and that is not there: a new key with
 * a certificate that it signed itself, under the password server.xml has. Returns the exit status. */
int sp_server_key_run(int argc, char **argv);

#endif
