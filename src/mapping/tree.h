/* SPDX-License-Identifier: Apache-2.0
 * tree.h: from an interface to the tree of nodes; for the files of this room only.
 *
 * Everything that later steps rely on is checked here: that fields lie within what is around them, that their
 * storage is that of their type, that siblings come in the order of the layout, that names are unique.
 */
#ifndef SP_MAPPING_TREE_H
#define SP_MAPPING_TREE_H

#include "mapping/program.h"

/* Build `direction->root` and the segments (without scopes and images). `wrapper` is the member around the
 * containers of a channel. */
enum sp_status sp_tree_build(const struct sp_mapping *mapping, const struct sp_interface *interface,
                             struct sp_str wrapper, struct sp_arena *arena,
                             struct sp_direction *ret_direction, struct sp_error *err) SP_MUST_CHECK;

#endif
