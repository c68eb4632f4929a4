/* SPDX-License-Identifier: Apache-2.0
 * schema_check.h: whether a service's JSON schema and its interface speak of the same record.
 */
#ifndef SP_ARTIFACT_SCHEMA_CHECK_H
#define SP_ARTIFACT_SCHEMA_CHECK_H

#include "artifact/layout.h"
#include "text/json.h"

/* Every property of the schema must be a field of the interface, and of its kind: an object is a structure,
 * an array an OCCURS, a string characters, a number a number. Fields that the schema does not mention, and
 * words of JSON Schema other than properties, items and type, do not matter. Of a channel the schema has one
 * wrapper with the containers in it. SP_EINVAL with the property's path. */
enum sp_status sp_schema_check(const struct sp_json_value *schema, const struct sp_interface *interface,
                               struct sp_error *err) SP_MUST_CHECK;

#endif
