/* SPDX-License-Identifier: Apache-2.0
 * service_build.h: the interfaces of a service, from the copybooks that its properties name.
 */
#ifndef SP_ARTIFACT_SERVICE_BUILD_H
#define SP_ARTIFACT_SERVICE_BUILD_H

#include "artifact/service_source.h"

/* How a builder gets the files that a source names, relative to the source. The text goes into the arena. */
struct sp_build_files {
    enum sp_status (*load)(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *ret_text,
                           struct sp_error *err);
    void *arg;
};

struct sp_service_interfaces {
    const struct sp_interface *request, *response;
    struct sp_str request_name, response_name; /* of the files, without ".si"; alike when they are one */
};

/* Read the copybooks, apply the rules, lay out and verify. Both sides are one interface when they have the
 * same copybooks and no rule tells them apart. Errors name copybook and line, or properties file and line. */
enum sp_status sp_service_build(const struct sp_service_source *source, const struct sp_build_files *files,
                                struct sp_arena *arena, struct sp_service_interfaces *ret_interfaces,
                                struct sp_error *err) SP_MUST_CHECK;

#endif
