/* SPDX-License-Identifier: Apache-2.0
 * saf_database.h: a security database made by RACF commands in a directory of its own, for tests.
 */
#ifndef SP_TESTS_SAF_DATABASE_H
#define SP_TESTS_SAF_DATABASE_H

#include "base/str.h"

/* Make it, with the users and profiles that the tests of registries and roles share; fails the test when a
 * command is refused. Returns its path. */
struct sp_str saf_database_make(void);
/* Run one more command. */
void saf_database_run(const char *command);
void saf_database_remove(void);

#endif
