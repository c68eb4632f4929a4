/* SPDX-License-Identifier: Apache-2.0
 * swagger.h: the OpenAPI 2.0 document of an API, as far as it must agree with package.xml.
 */
#ifndef SP_ARTIFACT_SWAGGER_H
#define SP_ARTIFACT_SWAGGER_H

#include "artifact/package.h"
#include "text/json.h"

/* Say in one text each, through `warn`, what the document has otherwise than package.xml. `warn` returns
 * false to stop. */
typedef bool sp_swagger_warn_fn(void *arg, struct sp_str text);
void sp_swagger_compare(const struct sp_json_value *document, const struct sp_package *package,
                        struct sp_arena *arena, sp_swagger_warn_fn *warn, void *arg);

#endif
