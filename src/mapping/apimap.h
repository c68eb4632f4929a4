/* SPDX-License-Identifier: Apache-2.0
 * apimap.h: the moves, assigns and removes of an API's maps, worked into the trees; for the files of this
 * room only.
 *
 * After this nothing of a map is left to interpret: what is removed, moved or assigned out of sight is no
 * member of the body any more, assigned request values are initial bytes, assigned response values constant
 * texts, and only the moves remain as lists.
 */
#ifndef SP_MAPPING_APIMAP_H
#define SP_MAPPING_APIMAP_H

#include "mapping/program.h"

/* `what` names the map in messages: "the request map of GET /claims/{claimID}". */
enum sp_status sp_apimap_request(const struct sp_map *map, const char *what, struct sp_arena *arena,
                                 struct sp_direction *direction, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_apimap_response(const struct sp_mapping *mapping, const struct sp_map *map,
                                  const char *what, struct sp_arena *arena, struct sp_direction *direction,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
