/* SPDX-License-Identifier: Apache-2.0 */
#include "config/place.h"

#include "config/tree.h"

struct sp_config_place sp_config_place_of(const struct sp_config *config, const void *element)
{
    const struct sp_cfg_node *node = config->tree ? sp_cfg_tree_node_of(config->tree, element) : NULL;
    if (!node || !node->document || node->document->built_in || !node->line)
        return (struct sp_config_place){.file = SP_STR("server.xml")};
    return (struct sp_config_place){node->document->path, node->line, node->column};
}
