/* SPDX-License-Identifier: Apache-2.0
 * explain_access.h: `sallyport explain access`: who may do what, and why.
 */
#ifndef SP_CLI_EXPLAIN_ACCESS_H
#define SP_CLI_EXPLAIN_ACCESS_H

/* argv[0] is "access". Returns the exit status: SP_EXIT_OK permitted (or the matrix was printed),
 * SP_EXIT_FAILED refused, SP_EXIT_USAGE. */
int sp_explain_access(int argc, char **argv);

#endif
