/* SPDX-License-Identifier: Apache-2.0
 * identity_map.h: the order in which distributed identity filters are tried. Private to the room.
 */
#ifndef SP_SAF_IDENTITY_MAP_H
#define SP_SAF_IDENTITY_MAP_H

#include "saf/model.h"

/* The filter with exactly that name and registry, or NULL. */
typedef const struct sp_saf_identity_filter *sp_identity_look_up_fn(void *arg, struct sp_str name,
                                                                    struct sp_str registry);

/* The first that applies of: the name, then without its most specific RDN one after the other, in that
 * registry; the same with registry "*"; name "*" in that registry; "*" in "*". `name` as the identity came.
 */
const struct sp_saf_identity_filter *sp_identity_search(sp_identity_look_up_fn *look_up, void *arg,
                                                        struct sp_str name, struct sp_str registry);

#endif
