/* SPDX-License-Identifier: Apache-2.0
 * protect.h: commands that hold secrets in memory.
 */
#ifndef SP_CLI_PROTECT_H
#define SP_CLI_PROTECT_H

/* From now on the process leaves no core file, and other processes of the user cannot read its memory. */
void sp_cli_protect(void);

#endif
