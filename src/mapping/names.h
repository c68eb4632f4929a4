/* SPDX-License-Identifier: Apache-2.0
 * names.h: finding the visible children of an object; for the files of this room only.
 */
#ifndef SP_MAPPING_NAMES_H
#define SP_MAPPING_NAMES_H

#include "mapping/program.h"

/* After the API maps were applied: link and index the visible children of every object, and number the words
 * in which a run notes what was given. SP_EINVAL when two visible children have the same name. */
enum sp_status sp_names_index(struct sp_direction *direction, struct sp_arena *arena,
                              struct sp_error *err) SP_MUST_CHECK;

/* The visible child of that name, or NULL. */
const struct sp_node *sp_names_find(const struct sp_object *object, struct sp_str name);

/* The visible child whose name is nearest, for messages; NULL when none is near. */
const struct sp_node *sp_names_nearest(const struct sp_object *object, struct sp_str name);

#endif
