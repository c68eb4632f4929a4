/* SPDX-License-Identifier: Apache-2.0
 * routes.h: which operation of an API a path and method mean.
 *
 * The tree of a router in one piece of memory without pointers, made to be looked up with few reads: a node
 * has the hashes of its children one beside the other, then their places, its methods, and its own text. A
 * copy of the piece is as good as the piece. A segment that is written out wins over a parameter; when the
 * more specific template does not have the method, a less specific one that has it is taken. A parameter
 * stands for one segment, which is not empty.
 */
#ifndef SP_GATEWAY_ROUTES_H
#define SP_GATEWAY_ROUTES_H

#include "gateway/router.h"

#define SP_ROUTE_NONE UINT32_MAX
#define SP_ROUTES_BYTES_MAX (16u * 1024u * 1024u) /* of one piece */

struct sp_routes {
    uint32_t bytes; /* of the whole, a multiple of 8 */
    uint32_t words[];
};

/* In the arena. SP_ELIMIT when it would be too large, SP_ENOMEM. */
enum sp_status sp_routes_new(const struct sp_router *router, struct sp_arena *arena,
                             const struct sp_routes **ret_routes, struct sp_error *err) SP_MUST_CHECK;

struct sp_route {
    uint32_t target; /* SP_ROUTE_NONE: the path is not known, or not with this method */
    struct sp_parameter *parameters;
    size_t parameter_count;
    struct sp_str allow[SP_ROUTER_METHODS_MAX]; /* methods of the path, when there is no target */
    size_t allow_count;                         /* 0: the path is not known */
};

/* Look up `count` segments. Parameters live in `arena`, their names in the routes. SP_OK whatever is found,
 * SP_ENOMEM. */
enum sp_status sp_routes_find(const struct sp_routes *routes, struct sp_str method,
                              const struct sp_str *segments, size_t count, struct sp_arena *arena,
                              struct sp_route *ret_route) SP_MUST_CHECK;

#endif
