/* SPDX-License-Identifier: Apache-2.0
 * yaml.h: reading YAML (libyaml) into the JSON tree of text/json.h.
 *
 * For manifest.yml and OpenAPI documents. Scalars that are quoted become strings; plain ones become null,
 * booleans, numbers (when they are JSON numbers) or strings, by the core schema of YAML 1.2: "010", "0x1F",
 * ".5" and ".inf" are strings, and so are "yes" and "on". Keys are scalars and taken as they are written, so
 * that 200 and "200" are the same name. Anchors and aliases, tags other than the core ones, keys that are
 * empty and not quoted, several documents and duplicate keys are refused.
 */
#ifndef SP_TEXT_YAML_H
#define SP_TEXT_YAML_H

#include "text/json.h"

/* Limits as for JSON. The tree lives in the arena. SP_ESYNTAX, SP_EEXISTS, SP_ELIMIT, SP_EUNSUPPORTED with
 * line and column. */
enum sp_status sp_yaml_parse(struct sp_str input, const char *file, struct sp_arena *arena,
                             const struct sp_json_limits *limits, struct sp_json_value **ret_value,
                             struct sp_error *err) SP_MUST_CHECK;

#endif
