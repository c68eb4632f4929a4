/* SPDX-License-Identifier: Apache-2.0
 * invoke_uri.h: paths by which services are called directly (invokeURI of zosconnect_zosConnectService).
 *
 * "/a/b" is that path. "/a/b*" is all that begins with it; "/a/b/" with a star behind is /a/b and all below
 * it, as of a servlet. Paths are compared decoded, segment by segment, with case. The longest one that
 * matches counts.
 */
#ifndef SP_GATEWAY_INVOKE_URI_H
#define SP_GATEWAY_INVOKE_URI_H

#include "gateway/target.h"

/* Filled once, then read by many. `items` is an array of `capacity`. */
struct sp_invoke_uris {
    struct sp_invoke_uri {
        struct sp_str key; /* sp_path_key of the path, without the star */
        bool prefix;       /* what begins with the key is meant, too */
        bool below;        /* the key ends with a segment, and what follows is below it */
        const void *target;
    } * items;
    size_t count, capacity;
};

enum sp_status sp_invoke_uris_init(struct sp_invoke_uris *uris, size_t capacity,
                                   struct sp_arena *arena) SP_MUST_CHECK;

/* At most `capacity` times. SP_ESYNTAX for what is no path; SP_EEXISTS for a path that is there, however it
 * was encoded; SP_ENOMEM. */
enum sp_status sp_invoke_uris_add(struct sp_invoke_uris *uris, struct sp_str uri, const void *target,
                                  struct sp_arena *arena, struct sp_error *err) SP_MUST_CHECK;

/* NULL: none matches. */
const struct sp_invoke_uri *sp_invoke_uris_find(const struct sp_invoke_uris *uris,
                                                const struct sp_path *path);

#endif
