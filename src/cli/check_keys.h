/* SPDX-License-Identifier: Apache-2.0
 * check_keys.h: whether the keys that a configuration names are there and open.
 */
#ifndef SP_CLI_CHECK_KEYS_H
#define SP_CLI_CHECK_KEYS_H

#include "config/config.h"
#include "config/problem.h"

/* Tell by `problems` of key stores in tokens that cannot be used, whoever uses them, of aliases that are not
 * in them, and of LTPA keys files that cannot be read or do not open. Each PIN is tried once. Returns false
 * when one of them is an error. */
bool sp_check_keys(const struct sp_config *config, struct sp_problems *problems);

#endif
