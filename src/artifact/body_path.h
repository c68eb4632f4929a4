/* SPDX-License-Identifier: Apache-2.0
 * body_path.h: fields by the path that mappings give them.
 */
#ifndef SP_ARTIFACT_BODY_PATH_H
#define SP_ARTIFACT_BODY_PATH_H

#include "artifact/layout.h"

/* The field that "a/b" names below the root of a body: below the top field of a record, or below the wrapper
 * of a channel, where the container comes first. Only included fields are named. NULL when there is none, or
 * when the path ends at a container; what is wrong in *ret_reason. */
const struct sp_field *sp_body_path_find(const struct sp_interface *interface, struct sp_str path,
                                         const char **ret_reason);
/* It is inside an array: there are several of it. */
bool sp_body_path_repeats(const struct sp_field *field);

#endif
