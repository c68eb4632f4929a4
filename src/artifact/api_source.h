/* SPDX-License-Identifier: Apache-2.0
 * api_source.h: the YAML file from which an API archive is built. docs/build.md lists its keys.
 */
#ifndef SP_ARTIFACT_API_SOURCE_H
#define SP_ARTIFACT_API_SOURCE_H

#include "artifact/aar.h"

#define SP_API_SERVICES_MAX 200u

struct sp_api_response {
    unsigned code;
    struct sp_str description;
    bool is_default;
    const struct sp_map_step *steps;
    size_t step_count;
};

struct sp_api_operation {
    struct sp_str method; /* upper case */
    struct sp_str path;
    struct sp_str service;
    struct sp_str operation_id;
    struct sp_str summary;           /* may be empty */
    const struct sp_map_step *steps; /* of the request */
    size_t step_count;
    bool no_body; /* what no step fills is removed, so that clients give no body */
    const struct sp_api_response *responses;
    size_t response_count; /* at least 1; exactly one is the default */
};

struct sp_api_source {
    const char *file; /* for errors */
    struct sp_str name, title, version, description, base_path;
    const struct sp_str *services; /* file names of service archives */
    size_t service_count;
    const struct sp_api_operation *operations;
    size_t operation_count;
};

/* Read into the arena; nothing is loaded. Keys that there are not are refused. SP_EINVAL, SP_EEXISTS,
 * SP_ELIMIT and those of text/yaml.h; the text says which operation and step. */
enum sp_status sp_api_source_read(struct sp_str text, const char *file, struct sp_arena *arena,
                                  struct sp_api_source *ret_source, struct sp_error *err) SP_MUST_CHECK;

#endif
