/* SPDX-License-Identifier: Apache-2.0
 * admin.h: the RESTful administration interface, /zosConnect/...
 *
 * sp_admin_route says what a request asks for, so that the flow can authenticate and authorize it; then
 * io_admin_run does it and answers. What is deployed, and how it is changed, comes through a port that the
 * gateway implements. URIs, fields and statuses are those of the product's documentation (topic
 * administering/rest_admin); docs/administration.md lists them.
 */
#ifndef SP_ADMIN_ADMIN_H
#define SP_ADMIN_ADMIN_H

#include "authz/authz.h"
#include "base/arena.h"
#include "io/port.h"
#include "store/change.h"
#include "text/percent.h"

/* ---------------------------------------------------------------- what is asked for */

enum sp_admin_op {
    SP_ADMIN_NOTHING, /* `refusal` says why */
    SP_ADMIN_LIST,
    SP_ADMIN_DETAILS,
    SP_ADMIN_CHANGE, /* deploy, update, start, stop, delete; `act` */
    SP_ADMIN_REQUEST_SCHEMA,
    SP_ADMIN_RESPONSE_SCHEMA,
    SP_ADMIN_STATISTICS,     /* of one service */
    SP_ADMIN_ALL_STATISTICS, /* of all, or those of a provider */
    SP_ADMIN_DOCUMENT,       /* the OpenAPI document of this interface */
};

/* A request, its path decoded: "zosConnect" is the first segment. */
struct sp_admin_request {
    struct sp_str method;
    const struct sp_str *segments;
    size_t segment_count;
    const struct sp_parameter *query;
    size_t query_count;
    struct sp_str content_type; /* ptr NULL: none */
    struct sp_str body;
    bool body_to_come; /* it is empty so far; the port's io_body fetches it */
};

struct sp_admin_route {
    enum sp_admin_op op;
    enum sp_authz_action action; /* the authority that it needs */
    enum sp_store_kind kind;
    struct sp_str name; /* of the item; empty: all of a kind */
    enum sp_store_act act;
    unsigned refusal; /* HTTP status, told only to those who may ask: 404, 405 */
    struct sp_str allow;
};

/* Whether the path is of this interface. Calls of a service (?action=invoke) are not. */
bool sp_admin_is_ours(const struct sp_admin_request *request);
void sp_admin_route(const struct sp_admin_request *request, struct sp_admin_route *ret_route);

/* ---------------------------------------------------------------- the port */

struct sp_admin_item {
    struct sp_str name, version, description;
    bool stopped;
    /* API: */
    struct sp_str base_path;       /* "" for "/" */
    const struct sp_str *services; /* names of those it calls, each once */
    size_t service_count;
    /* Service: */
    struct sp_str provider, transformer; /* transformer ptr NULL: none */
    struct sp_str request_schema, response_schema;
    const struct sp_parameter *properties; /* that the provider tells */
    size_t property_count;
    /* API requester: */
    struct sp_str connection;
};

struct sp_admin_statistics {
    uint64_t invocations;
    int64_t registered_us; /* realtime */
};

struct sp_admin_port {
    void *arg;
    size_t (*count)(void *arg, enum sp_store_kind kind);
    /* Items in the order of their names. Texts live as long as the request. SP_ENOMEM. */
    enum sp_status (*item)(void *arg, enum sp_store_kind kind, size_t index, struct sp_arena *arena,
                           struct sp_admin_item *ret_item);
    /* SP_ENOTFOUND, SP_ENOMEM. */
    enum sp_status (*find)(void *arg, enum sp_store_kind kind, struct sp_str name, struct sp_arena *arena,
                           struct sp_admin_item *ret_item);
    /* Whether the caller may see it in a list. */
    bool (*visible)(void *arg, enum sp_store_kind kind, struct sp_str name);
    void (*statistics)(void *arg, struct sp_str service, struct sp_admin_statistics *ret_statistics);
    /* The body of a request whose `body_to_come` is set; empty also when there will be none. In a fiber. */
    struct sp_str (*io_body)(void *arg);
    /* Make a change; when it returns SP_OK every worker uses it, and the port shows what is deployed then.
     * The name of something new is that in its archive and is filled in. Otherwise the HTTP status and the
     * reason. In a fiber. */
    enum sp_status (*io_change)(void *arg, struct sp_store_change *change, unsigned *ret_status,
                                struct sp_str *ret_details, struct sp_error *err);
};

/* ---------------------------------------------------------------- the answer */

struct sp_admin_answer {
    unsigned status;
    struct sp_str body;     /* JSON, when the status is 200 */
    struct sp_str location; /* ptr NULL: none */
    struct sp_str allow;    /* ptr NULL: none */
    struct sp_str message;  /* of an error */
    struct sp_str details;  /* ptr NULL: none */
};

struct sp_admin_context {
    const struct sp_admin_request *request;
    const struct sp_admin_route *route;
    const struct sp_admin_port *port;
    struct sp_str origin; /* "https://host:9443" as the client addressed us */
    struct sp_arena *arena;
};

/* Do what is asked for, and answer. In a fiber; after a cancel the answer means nothing. */
void io_admin_run(const struct sp_admin_context *context, struct sp_admin_answer *ret_answer);

#endif
