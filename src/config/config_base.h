/* SPDX-License-Identifier: Apache-2.0
 * config_base.h: what the structures of the configuration are made of. Part of config/config.h.
 */
#ifndef SP_CONFIG_CONFIG_BASE_H
#define SP_CONFIG_CONFIG_BASE_H

#include "base/str.h"

struct sp_str_list {
    const struct sp_str *items;
    size_t count;
};

/* When files are looked at again. The order is that of the options in server.xml. */
enum sp_cfg_update_trigger { SP_CFG_POLLED, SP_CFG_MBEAN, SP_CFG_DISABLED };

/* A boolean that may be left to a more general element. */
enum sp_tristate { SP_UNSET = 0, SP_FALSE, SP_TRUE };

struct sp_cfg_property {
    struct sp_str name, value;
};

#endif
