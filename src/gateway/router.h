/* SPDX-License-Identifier: Apache-2.0
 * router.h: which operation of an API a path and method mean.
 *
 * A tree of path templates, one node a segment. A segment that is written out wins over a parameter; when the
 * more specific template does not have the method, a less specific one that has it is taken. A parameter
 * stands for one segment, which is not empty. Filled once, then read by many.
 */
#ifndef SP_GATEWAY_ROUTER_H
#define SP_GATEWAY_ROUTER_H

#include "gateway/target.h"

#define SP_ROUTER_METHODS_MAX 16u /* different ones for one path */

struct sp_route_node;

struct sp_router {
    struct sp_arena *arena;
    struct sp_route_node *root;
};

/* `arena` holds the tree and must outlive it. */
enum sp_status sp_router_init(struct sp_router *router, struct sp_arena *arena) SP_MUST_CHECK;

/* Add a template such as "/accounts/{number}"; "" and "/" mean the base path itself. Texts must outlive the
 * router. SP_EEXISTS when method and template are there, whatever the parameters are called; SP_EUNSUPPORTED
 * for a segment that is only partly a parameter; SP_ESYNTAX, SP_EEXISTS for a parameter named twice. */
enum sp_status sp_router_add(struct sp_router *router, struct sp_str method, struct sp_str template,
                             void *target, struct sp_error *err) SP_MUST_CHECK;

struct sp_route {
    void *target; /* NULL: the path is not known, or not with this method */
    struct sp_parameter *parameters;
    size_t parameter_count;
    struct sp_str allow[SP_ROUTER_METHODS_MAX]; /* methods of the path, when target is NULL */
    size_t allow_count;                         /* 0: the path is not known */
};

/* Look up `count` segments. Parameters live in `arena`. SP_OK whatever is found, SP_ENOMEM. */
enum sp_status sp_router_find(const struct sp_router *router, struct sp_str method,
                              const struct sp_str *segments, size_t count, struct sp_arena *arena,
                              struct sp_route *ret_route) SP_MUST_CHECK;

#endif
