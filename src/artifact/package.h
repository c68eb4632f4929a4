/* SPDX-License-Identifier: Apache-2.0
 * package.h: package.xml of an API archive: paths, methods, and the service behind each; or of an API
 * requester archive: paths, methods and the connection to the API.
 */
#ifndef SP_ARTIFACT_PACKAGE_H
#define SP_ARTIFACT_PACKAGE_H

#include "artifact/archive.h"

#define SP_PACKAGE_METHODS_MAX 2000u
#define SP_PATH_BYTES_MAX 1024u

struct sp_package_method {
    struct sp_str method;  /* upper case */
    struct sp_str path;    /* template, without query names */
    struct sp_str service; /* of an API requester: the operation id */
    struct sp_str mapping; /* entry name of mapping.xml */
    struct sp_str operation_id;
    unsigned line;
};

struct sp_package {
    struct sp_str id, title, version, description;
    struct sp_str base_path;  /* "" for "/" */
    struct sp_str swagger;    /* entry name */
    struct sp_str connection; /* of an API requester: id of its zosconnect_endpointConnection */
    const struct sp_package_method *methods;
    size_t method_count;
};

/* Of an API. SP_EINVAL, SP_EEXISTS (two methods that no URL tells apart), SP_ELIMIT, SP_EUNSUPPORTED (an API
 * requester) and those of text/xml.h. */
enum sp_status sp_package_read(struct sp_archive *archive, struct sp_package *ret_package) SP_MUST_CHECK;
/* Of an API requester; SP_EUNSUPPORTED when it is of an API. */
enum sp_status sp_package_read_requester(struct sp_archive *archive,
                                         struct sp_package *ret_package) SP_MUST_CHECK;

/* The part of a relative path before the query names that projects keep in it. */
struct sp_str sp_path_without_query(struct sp_str path);
/* The method in upper case, whatever case it is in; ptr NULL when there is no such method. */
struct sp_str sp_http_method(struct sp_str name);
/* What URLs see of an operation, "GET/a/{}/b": equal for two that no URL tells apart. In the arena; ptr NULL
 * without memory. The path must be usable. */
struct sp_str sp_path_url_key(struct sp_arena *arena, struct sp_str method, struct sp_str path);
/* NULL when it is a usable path template (absolute, no empty, "." or ".." segment, no query or fragment, a
 * parameter a whole segment and named once), otherwise what is wrong with it. */
const char *sp_path_template_wrong(struct sp_str path);

#endif
