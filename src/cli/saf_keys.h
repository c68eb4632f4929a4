/* SPDX-License-Identifier: Apache-2.0
 * saf_keys.h: keys under labels, which profiles of class PTKTDATA name.
 */
#ifndef SP_CLI_SAF_KEYS_H
#define SP_CLI_SAF_KEYS_H

#include "saf/db.h"

/* argv: "key", then "add LABEL FILE", "list" or "delete LABEL". Returns an exit status. */
int sp_saf_keys(struct sp_saf_db *db, int argc, char **argv);

#endif
