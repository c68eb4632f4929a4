/* SPDX-License-Identifier: Apache-2.0
 * api_made.h: an API that is being built; between aar_write.c, map_write.c and swagger_write.c only.
 */
#ifndef SP_ARTIFACT_API_MADE_H
#define SP_ARTIFACT_API_MADE_H

#include "artifact/api_source.h"
#include "artifact/sar.h"
#include "base/buf.h"

/* The steps of one direction with the fields they lead to. */
struct sp_made_map {
    const struct sp_interface *interface;
    struct sp_str root; /* of the body */
    const struct sp_map_step *steps;
    const struct sp_field *const *fields; /* one a step; NULL for headers */
    size_t step_count;
    const bool *hidden; /* by index of the field: not in the published body */
};

struct sp_made_operation {
    const struct sp_api_operation *source;
    const struct sp_sar *service;
    struct sp_str folder; /* "api/a/{b}/GET" */
    struct sp_made_map request;
    const struct sp_made_map *responses; /* one a response of the source */
};

struct sp_made_api {
    const struct sp_api_source *source;
    const struct sp_made_operation *operations;
};

/* "string", "integer", "decimal", "float", "double": the type of XML Schema that a field has in mappings. */
const char *sp_made_xsd_type(const struct sp_field *field);

/* The parameter of a move was moved by an earlier step, too. */
bool sp_made_repeats(const struct sp_made_map *map, size_t step);

/* request.map or response.map of an operation; the buffer's mark tells whether it fitted. */
void sp_map_write(const struct sp_made_operation *operation, const struct sp_made_map *map, bool is_request,
                  struct sp_buf *buf);
/* The OpenAPI 2.0 document. */
void sp_swagger_write(const struct sp_made_api *api, struct sp_buf *buf);

#endif
