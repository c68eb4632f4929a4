/* SPDX-License-Identifier: Apache-2.0
 * scalar.h: scalars of a YAML document as texts, quoted or not.
 */
#ifndef SP_ARTIFACT_SCALAR_H
#define SP_ARTIFACT_SCALAR_H

#include "text/json.h"

/* As written; "true", "false"; "" for null. ptr NULL when `value` is NULL or no scalar. */
struct sp_str sp_scalar_text(const struct sp_json_value *value);
/* The same of a member. */
struct sp_str sp_scalar_member(const struct sp_json_value *object, const char *name);

#endif
