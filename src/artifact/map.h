/* SPDX-License-Identifier: Apache-2.0
 * map.h: mapping files of an API (request.map, response.map): what happens to a body besides passing through.
 */
#ifndef SP_ARTIFACT_MAP_H
#define SP_ARTIFACT_MAP_H

#include "artifact/aar.h"

enum sp_map_side { SP_MAP_REQUEST, SP_MAP_RESPONSE };

#define SP_MAP_STEPS_MAX 1000u

/* Read a mapping file into the arena. `file` names it in errors. SP_EUNSUPPORTED for a step other than move,
 * assign and remove, or a body that does not pass through; SP_EINVAL, SP_ELIMIT and those of text/xml.h. */
enum sp_status sp_map_read(struct sp_str bytes, const char *file, enum sp_map_side side,
                           struct sp_arena *arena, const struct sp_map **ret_map,
                           struct sp_error *err) SP_MUST_CHECK;

#endif
