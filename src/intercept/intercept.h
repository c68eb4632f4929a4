/* SPDX-License-Identifier: Apache-2.0
 * intercept.h: the chain of interceptors around a request.
 *
 * pre in ascending sequence, post in descending; post is called for every interceptor whose pre was called,
 * always. Between them the same interceptors see the call of the system of record, or of an endpoint.
 * Authorization and audit are interceptors of the chain like any other.
 */
#ifndef SP_INTERCEPT_INTERCEPT_H
#define SP_INTERCEPT_INTERCEPT_H

#include "authz/authz.h"

enum sp_request_type {
    SP_REQUEST_UNKNOWN = 0,
    SP_REQUEST_API = 1,
    SP_REQUEST_SERVICE = 2,
    SP_REQUEST_ADMIN = 3,
    SP_REQUEST_REQUESTER = 4, /* of a program, for an API outside */
};

/* A header that an interceptor wants in a message, in the order they were asked for. */
struct sp_header_edit {
    struct sp_http_header header;
    bool replace; /* all of that name go first */
    struct sp_header_edit *next;
};

/* A call of an API outside, for an API requester. */
struct sp_intercept_endpoint {
    struct sp_str reference; /* id of the endpoint connection */
    struct sp_str host, method, path, query;
    unsigned port;
    unsigned status;                           /* that it answered; 0: not yet */
    bool retried;                              /* a second time, with a fresh token */
    int64_t token_start_us, token_finish_us;   /* realtime; 0: no token was fetched */
    int64_t sent_us, received_us;              /* 0: it was not called; did not answer */
    size_t request_bytes, response_bytes;      /* of payload */
    struct sp_str request_body, response_body; /* ptr NULL: none */
    const struct sp_http_header *request_headers, *response_headers; /* as they go and came */
    size_t request_header_count, response_header_count;
    struct sp_header_edit *edits; /* of the request to it, by interceptors */
};

/* Who calls an API outside: what the program's region tells of it. Empty where it does not. */
struct sp_intercept_program {
    struct sp_str application_type; /* CICS, IMS, ZOS */
    struct sp_str job_name, job_id, system_name;
    struct sp_str system_id; /* SMF's, 4 characters */
    struct sp_str asserted_user;
    uint32_t asid;
    int64_t sent_us; /* realtime, when the program's stub sent the request; 0: not told */
    struct sp_str cics_applid, cics_transid, cics_uow_id, cics_net_uow_id;
    uint32_t cics_task;
    struct sp_str ims_identifier, ims_transaction, ims_application, ims_psb, ims_exit_data;
    struct sp_str ims_recovery_token;
    uint32_t ims_region;
};

/* What interceptors may know of a request. Filled by the flow as it goes; views of the request's memory. */
struct sp_intercept_data {
    const struct sp_http_request *request;
    const struct sp_principal *principal;
    struct sp_arena *arena; /* the request's */
    int64_t deadline_us;    /* of the request, monotonic; 0: none */
    enum sp_request_type type;
    enum sp_authz_action action;
    struct sp_str api_name, api_version, api_description, operation_id;
    struct sp_str service_name, service_version;
    struct sp_str requester_name, requester_version, requester_description;
    const struct sp_cfg_groups *global_groups, *item_groups;
    const struct sp_authz_access *access; /* those groups, as decisions see them */
    struct sp_str correlator;             /* the request's in other systems; up to 64 characters */
    struct sp_str sor_provider, sor_reference, sor_identifier, sor_resource;
    struct sp_intercept_endpoint *endpoint;                  /* NULL: none is called */
    const struct sp_intercept_program *program;              /* NULL: no program asks */
    int64_t entry_us, exit_us, sor_sent_us, sor_received_us; /* realtime; 0: did not happen */
    unsigned response_status;
    size_t request_bytes, response_bytes; /* of payload */
    struct sp_str response_body;          /* when there is a response */
    const struct sp_http_header *response_headers;
    size_t response_header_count;
    const struct sp_http_header *mapped_headers; /* of the response, that the API maps */
    size_t mapped_header_count;
    bool timed_out;
    unsigned audit_reserved; /* records that the audit keeps room for */
    uint64_t request_id;
    struct sp_header_edit *request_edits, *response_edits; /* by interceptors */
    struct sp_str kept_body; /* a copy of the request's, made when a plug-in asks for it */
    char stakeholders[9];    /* letters that interceptors added; ends with NUL */
    void **state; /* where the interceptor that is being called keeps something from pre to post; NULL: it
                     keeps nothing */
};

struct sp_intercept_chain; /* the ordered interceptors of one item; immutable */
struct sp_audit;           /* intercept/audit.h */
struct sp_file_loggers;    /* intercept/file_logger.h */
struct sp_plugins;         /* intercept/plugin.h */

/* What interceptors work with; must outlive the chains. */
struct sp_intercept_means {
    struct sp_audit *audit;          /* takes the records of audit interceptors; NULL: there are none */
    struct sp_file_loggers *loggers; /* NULL: none */
    struct sp_saf_link *saf;         /* that groups are read from again; NULL: none */
    struct sp_plugins *plugins;      /* NULL: none */
};

/* Compile the effective list: the global one (may be NULL) unless the item opts out, then the item's own; the
 * same interceptor in both runs twice. `item` NULL: the global list alone. Those with a sequence come first,
 * in its order, then those without; equals stay as written. Lives in the arena. SP_EINVAL when an interceptor
 * of the list has not the means that it needs. */
enum sp_status sp_intercept_compile(const struct sp_cfg_interceptor_list *global,
                                    const struct sp_cfg_item *item, const struct sp_intercept_means *means,
                                    struct sp_arena *arena, const struct sp_intercept_chain **ret_chain,
                                    struct sp_error *err) SP_MUST_CHECK;
/* What in the configuration of interceptors can have no effect or an unexpected one: lists and interceptors
 * that nobody names, groups that nobody checks, items that opt out of authorization. */
void sp_intercept_check(const struct sp_config *config, struct sp_problems *problems);

/* Whether one of them may look at the request's body before the system of record is called, so that it must
 * be there. */
bool sp_intercept_sees_body(const struct sp_intercept_chain *chain);
/* How many interceptors a chain has, and what the one at a place is called: for people. */
size_t sp_intercept_count(const struct sp_intercept_chain *chain);
struct sp_str sp_intercept_id(const struct sp_intercept_chain *chain, size_t at);

/* How far pre came; give it to all that follows of the same request. */
struct sp_intercept_progress {
    size_t called;
    void **states; /* of each interceptor, from pre to post; NULL: none keeps any */
};

/* SP_OK, or the refusal of one interceptor: `*ret_status` is the HTTP status (500 when it gave none) and
 * `err` the reason. In a fiber: an interceptor may wait. */
enum sp_status io_intercept_pre(const struct sp_intercept_chain *chain, struct sp_intercept_data *data,
                                struct sp_intercept_progress *progress, unsigned *ret_status,
                                struct sp_error *err) SP_MUST_CHECK;
/* The display name of the interceptor that was called last, for the text of its refusal. */
const char *sp_intercept_last(const struct sp_intercept_chain *chain,
                              const struct sp_intercept_progress *progress);
/* Last called first, the one that refused among them. */
void io_intercept_post(const struct sp_intercept_chain *chain, struct sp_intercept_data *data,
                       const struct sp_intercept_progress *progress);
/* Instead of pre and post, for a request that ended before them: `chain` is the global one. */
void io_intercept_early(const struct sp_intercept_chain *chain, const struct sp_intercept_data *data);

/* Around the call of a system of record or of an endpoint: before it in ascending sequence, after it in
 * descending. None can refuse. Called after io_intercept_pre said SP_OK, and for each attempt; "after" also
 * when the call failed. */
enum sp_intercept_point { SP_BEFORE_SOR, SP_AFTER_SOR, SP_BEFORE_ENDPOINT, SP_AFTER_ENDPOINT, SP_POINTS };
void io_intercept_at(const struct sp_intercept_chain *chain, enum sp_intercept_point point,
                     struct sp_intercept_data *data, const struct sp_intercept_progress *progress);

/* The headers of a message with the edits, in the arena; the same array when there are none. ptr NULL and
 * *ret_count 0 without memory. */
const struct sp_http_header *sp_header_edits_apply(const struct sp_header_edit *edits,
                                                   const struct sp_http_header *headers, size_t count,
                                                   struct sp_arena *arena, size_t *ret_count);

#endif
