/* SPDX-License-Identifier: Apache-2.0
 * intercept.h: the chain of interceptors around a request.
 *
 * pre in ascending sequence, post in descending; post is called for every interceptor whose pre was called,
 * always. Authorization and audit are interceptors of the chain like any other.
 */
#ifndef SP_INTERCEPT_INTERCEPT_H
#define SP_INTERCEPT_INTERCEPT_H

#include "authz/authz.h"

enum sp_request_type {
    SP_REQUEST_UNKNOWN = 0,
    SP_REQUEST_API = 1,
    SP_REQUEST_SERVICE = 2,
    SP_REQUEST_ADMIN = 3
};

/* What interceptors may know of a request. Filled by the flow as it goes; views of the request's memory. */
struct sp_intercept_data {
    const struct sp_http_request *request;
    const struct sp_principal *principal;
    enum sp_request_type type;
    enum sp_authz_action action;
    struct sp_str api_name, api_version, operation_id;
    struct sp_str service_name, service_version;
    const struct sp_cfg_groups *global_groups, *item_groups;
    const struct sp_authz_access *access; /* those groups, as decisions see them */
    struct sp_str correlator;             /* the request's in other systems; up to 64 characters */
    struct sp_str sor_provider, sor_reference, sor_identifier, sor_resource;
    int64_t entry_us, exit_us, sor_sent_us, sor_received_us; /* realtime; 0: did not happen */
    unsigned response_status;
    size_t request_bytes, response_bytes;        /* of payload */
    const struct sp_http_header *mapped_headers; /* of the response, that the API maps */
    size_t mapped_header_count;
    bool timed_out;
    uint64_t request_id;
};

struct sp_intercept_chain; /* the ordered interceptors of one item; immutable */
struct sp_audit;           /* intercept/audit.h */

/* Compile the effective list: the global one (may be NULL) unless the item opts out, then the item's own; the
 * same interceptor in both runs twice. `item` NULL: the global list alone. Those with a sequence come first,
 * in its order, then those without; equals stay as written. Lives in the arena. `audit` takes the records of
 * audit interceptors; with NULL a list that has one is SP_EINVAL. */
enum sp_status sp_intercept_compile(const struct sp_cfg_interceptor_list *global,
                                    const struct sp_cfg_item *item, struct sp_audit *audit,
                                    struct sp_arena *arena, const struct sp_intercept_chain **ret_chain,
                                    struct sp_error *err) SP_MUST_CHECK;

/* How far pre came; give it to post. */
struct sp_intercept_progress {
    size_t called;
};

/* SP_OK, or the refusal of one interceptor: `*ret_status` is the HTTP status (403 when it gave none) and
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
void sp_intercept_early(const struct sp_intercept_chain *chain, const struct sp_intercept_data *data);

#endif
