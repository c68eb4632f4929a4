/* SPDX-License-Identifier: Apache-2.0
 * aar.h: API archives (.aar): package.xml, the OpenAPI 2.0 document, and per operation mapping.xml with its
 * .map files.
 */
#ifndef SP_ARTIFACT_AAR_H
#define SP_ARTIFACT_AAR_H

#include "base/arena.h"

enum sp_map_place { SP_MAP_BODY, SP_MAP_PATH, SP_MAP_QUERY, SP_MAP_HEADER };
enum sp_map_verb { SP_MAP_MOVE, SP_MAP_ASSIGN, SP_MAP_REMOVE };

struct sp_map_step {
    enum sp_map_verb verb;
    enum sp_map_place from_place; /* MOVE */
    struct sp_str from;           /* parameter or header name, or body path "a/b" without the root */
    enum sp_map_place to_place;
    struct sp_str to;       /* body path without the root, or header name */
    struct sp_str value;    /* ASSIGN */
    struct sp_str xsd_type; /* of the target: "string", "integer", "double", ... */
    bool required;          /* MOVE: the parameter must be present */
    bool omit;              /* ASSIGN: omitFromInterface; clients neither see nor set the target */
};

struct sp_map {         /* one .map file; without steps: pure passthrough */
    struct sp_str root; /* body root: the top field or wrapper */
    const struct sp_map_step *steps;
    size_t step_count;
};

struct sp_aar_response {
    unsigned code;
    struct sp_str description;
    const struct sp_map *map; /* never NULL */
    bool is_default;
};

struct sp_aar_operation {
    struct sp_str method;   /* upper case */
    struct sp_str template; /* relativePath with {parameters}, without query names */
    struct sp_str service;
    struct sp_str operation_id;
    const struct sp_map *request; /* never NULL */
    const struct sp_aar_response *responses;
    size_t response_count; /* at least 1 */
};

struct sp_aar {
    struct sp_str name, version, description, base_path;
    const struct sp_aar_operation *operations;
    size_t operation_count;
    struct sp_str swagger; /* JSON text of the document */
    /* What is odd and does no harm, or can never happen: texts for the operator. */
    const struct sp_str *warnings;
    size_t warning_count;
};

/* Read an archive and verify it: the mappings named are there and agree with package.xml, every method of a
 * path has its own, the document is JSON. Everything lives in the arena; `file` names the archive in errors.
 * Where document and package.xml disagree, there are warnings: the operations are those of package.xml. */
enum sp_status sp_aar_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                           struct sp_aar **ret_aar, struct sp_error *err) SP_MUST_CHECK;

#endif
