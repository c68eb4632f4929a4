/* SPDX-License-Identifier: Apache-2.0
 * saf_unload.h: database unloads (IRRDBU00) in and out.
 */
#ifndef SP_CLI_SAF_UNLOAD_H
#define SP_CLI_SAF_UNLOAD_H

#include "saf/db.h"

/* argv: "import FILE [--check] [--class CLASS]...". Returns an exit status: failed when lines were refused.
 */
int sp_saf_import(struct sp_saf_db *db, int argc, char **argv);
/* argv: "export FILE", "-" for standard output. */
int sp_saf_export(struct sp_saf_db *db, int argc, char **argv);

#endif
