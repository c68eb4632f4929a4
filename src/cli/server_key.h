/* SPDX-License-Identifier: Apache-2.0
 * server_key.h: sallyport server key.
 */
#ifndef SP_CLI_SERVER_KEY_H
#define SP_CLI_SERVER_KEY_H

#include "config/config.h"

/* argv[0] is "key". Makes the file of a key store that server.xml names and that is not there: a new key with
 * a certificate that it signed itself, under the password server.xml has. Returns the exit status. */
int sp_server_key_run(int argc, char **argv);

/* Make the files of key stores that are to be made (sp_config_key_store_to_make): mode 0600, a new key, a
 * certificate for this machine's name and localhost that signed itself, for a year. A file that is there is
 * left alone. */
enum sp_status sp_server_key_make_missing(const struct sp_config *config, struct sp_error *err) SP_MUST_CHECK;

#endif
