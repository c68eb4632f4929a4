/* SPDX-License-Identifier: Apache-2.0
 * ara.h: API requester archives (.ara): package.xml, the API's OpenAPI 2.0 document, and per operation
 * mapping.xml with its .map files, the layout of the program's areas (.wsbind) and their JSON schemas.
 *
 * The archive is checked as far as deploying goes: what it refers to is there and can be parsed. Layouts and
 * maps are not interpreted here.
 */
#ifndef SP_ARTIFACT_ARA_H
#define SP_ARTIFACT_ARA_H

#include "base/arena.h"

struct sp_ara_operation {
    struct sp_str method;       /* upper case */
    struct sp_str template;     /* relativePath with {parameters} */
    struct sp_str operation_id; /* what programs' layouts and schemas are named by */
    struct sp_str bindings;     /* the bytes of ws-binds/<operationId>.wsbind */
    struct sp_str request_schema;
    struct sp_str response_schema; /* JSON texts; ptr NULL when the archive has none */
    unsigned response_code;        /* of the response that the response schema describes */
};

struct sp_ara {
    struct sp_str name, version, title, description;
    struct sp_str base_path;  /* "" for "/" */
    struct sp_str connection; /* id of a zosconnect_endpointConnection */
    const struct sp_ara_operation *operations;
    size_t operation_count;
    struct sp_str swagger; /* JSON text of the document */
};

/* Read an archive and verify it. Everything lives in the arena; `file` names the archive in errors. SP_EINVAL
 * when something that is named is not there or not as it must be, and those of artifact/archive.h,
 * artifact/package.h, artifact/mapping_xml.h and text/json.h. */
enum sp_status sp_ara_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                           struct sp_ara **ret_ara, struct sp_error *err) SP_MUST_CHECK;

#endif
