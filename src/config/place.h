/* SPDX-License-Identifier: Apache-2.0
 * place.h: where an element is written, for those who find later that something is wrong with it.
 */
#ifndef SP_CONFIG_PLACE_H
#define SP_CONFIG_PLACE_H

#include "config/config.h"

/* For sp_problem_add. */
struct sp_config_place {
    struct sp_str file;    /* as long as the configuration */
    unsigned line, column; /* 0: unknown; then the file is "server.xml" */
};

/* Of the element whose structure in the configuration is at `element`; `config` may be made by hand. */
struct sp_config_place sp_config_place_of(const struct sp_config *config, const void *element);

#endif
