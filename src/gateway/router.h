/* SPDX-License-Identifier: Apache-2.0
 * router.h: the operations of an API, by path and method, while they are gathered.
 *
 * A tree of path templates, one node a segment. When all are there, gateway/routes.h makes of it what
 * requests look up.
 */
#ifndef SP_GATEWAY_ROUTER_H
#define SP_GATEWAY_ROUTER_H

#include "gateway/target.h"

#define SP_ROUTER_METHODS_MAX 16u     /* different ones for one path */
#define SP_ROUTER_METHOD_BYTES_MAX 8u /* of a method's name */

struct sp_route_method {
    struct sp_str name;
    uint32_t target;
    const struct sp_str *parameters; /* names, in the order of the path */
    uint32_t parameter_count;
    struct sp_route_method *next;
};

struct sp_route_node {
    struct sp_str literal;       /* of this segment, decoded */
    struct sp_route_node *next;  /* sibling among the literals */
    struct sp_route_node *first; /* children that are written out */
    struct sp_route_node *any;   /* child that is a parameter, or NULL */
    struct sp_route_method *methods;
};

struct sp_router {
    struct sp_arena *arena;
    struct sp_route_node *root;
};

/* `arena` holds the tree and must outlive it. */
enum sp_status sp_router_init(struct sp_router *router, struct sp_arena *arena) SP_MUST_CHECK;

/* Add a template such as "/accounts/{number}"; "" and "/" mean the base path itself. `target` is what
 * requests will find, less than SP_ROUTE_NONE of gateway/routes.h. Texts must outlive the router. SP_EEXISTS
 * when method and template are there, whatever the parameters are called; SP_EUNSUPPORTED for a segment that
 * is only partly a parameter; SP_ELIMIT; SP_ESYNTAX, SP_EEXISTS for a parameter named twice. */
enum sp_status sp_router_add(struct sp_router *router, struct sp_str method, struct sp_str template,
                             uint32_t target, struct sp_error *err) SP_MUST_CHECK;

#endif
