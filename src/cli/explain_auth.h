/* SPDX-License-Identifier: Apache-2.0
 * explain_auth.h: `sallyport explain auth`: what authentication would do with a request.
 */
#ifndef SP_CLI_EXPLAIN_AUTH_H
#define SP_CLI_EXPLAIN_AUTH_H

/* argv[0] is "auth". Returns the exit status: SP_EXIT_OK the request would be let in, SP_EXIT_FAILED it would
 * not, SP_EXIT_USAGE. */
int sp_explain_auth(int argc, char **argv);

#endif
