/* SPDX-License-Identifier: Apache-2.0
 * call.h: one request in work, as the steps of the flow hand it on.
 *
 * Calls are pooled by the gateway; a call's arena holds all that a request needs and is emptied when it ends.
 */
#ifndef SP_GATEWAY_CALL_H
#define SP_GATEWAY_CALL_H

#include "admin/admin.h"
#include "base/log.h"
#include "gateway/errors.h"
#include "gateway/generation.h"
#include "intercept/smf/record.h"
#include "saf/saf.h"

struct sp_fiber;
struct sp_gateway;

enum sp_target {
    SP_TARGET_NOTHING, /* what will be answered is in `failure`, after authentication */
    SP_TARGET_OPERATION,
    SP_TARGET_SERVICE,
    SP_TARGET_API_DOCUMENT,
    SP_TARGET_ADMINISTRATION,
    SP_TARGET_EXPLORER,
    SP_TARGET_DOCUMENTS, /* the list of them */
};

struct sp_call {
    struct sp_gateway *gateway;
    struct sp_call *next, *prev;  /* among the running, or `next` among the idle */
    struct sp_exchange *exchange; /* NULL: replied, or the client is gone */
    struct sp_fiber *fiber;       /* that runs the flow */
    struct sp_arena arena;
    struct sp_generation *generation; /* held */
    struct sp_generation *earlier; /* held; that the request began with, when it has changed what is in use */
    int64_t deadline_us;           /* monotonic */
    int64_t timeout_us;            /* that the deadline comes from */
    const char *step;              /* that is under way, for the log */

    struct sp_http_request request; /* the engine's; copied when the client goes */
    struct sp_saf_origin origin;    /* of it, for events of the security database */
    struct sp_path path;
    struct sp_request_values values;
    enum sp_target target;
    const struct sp_api *api;
    const struct sp_operation *operation;
    const struct sp_service *service;
    const struct sp_mapping *mapping;
    const struct sp_admission *admission;
    const struct sp_cfg_cors *cors; /* that counts for the page it comes from; NULL: none */
    struct sp_policy_choice choice; /* of the API's rules */
    size_t explorer_file;
    struct sp_admin_route admin;
    struct sp_admission admin_admission; /* of a request to administer an item */
    bool hidden;                         /* who may not know of the item is told that there is none */

    struct sp_principal principal;
    struct sp_challenge challenge; /* of authentication; its headers go into the reply */
    struct sp_intercept_data data;
    struct sp_intercept_progress progress;
    bool intercepted; /* pre has begun: post is due */
    bool probe;       /* of the server's health: neither recorded nor counted */
    bool body_came;   /* after it was asked for */

    struct sp_record_set records;
    struct sp_sor_answer answer;
    struct sp_http_reply reply;
    struct sp_failure failure; /* status 0: none */
};

/* Steps return true to go on, false when the request has ended: then call->failure says how, or, after a
 * cancel, nothing does. Those called io_ may wait. */

/* route.c */
bool sp_step_route(struct sp_call *call);
bool sp_step_cors(struct sp_call *call);  /* answers preflights */
bool sp_step_found(struct sp_call *call); /* 404 and 405, told only to those who may ask */
/* body.c. A body may be still to come when the flow begins (io/port.h); whoever needs it asks first. */
bool sp_call_awaits_body(const struct sp_call *call);
bool io_step_body(struct sp_call *call); /* the body is in call->request, if there is one */
bool io_step_form(struct sp_call *call); /* the same, if credentials can be in it */
void sp_call_body_came(struct sp_call *call);
/* admit.c */
bool io_step_let_in(struct sp_call *call);
bool io_step_secure(struct sp_call *call);
bool io_step_authenticate(struct sp_call *call);
bool io_step_authorize(struct sp_call *call);
bool io_step_scopes(struct sp_call *call);
bool io_step_interceptors(struct sp_call *call);
/* content.c: media type, character set, names in the query; then the body is there */
bool io_step_content(struct sp_call *call);
/* invoke.c */
bool sp_step_policy(struct sp_call *call);
bool sp_step_map_request(struct sp_call *call);
bool io_step_invoke(struct sp_call *call);
bool sp_step_map_response(struct sp_call *call);
bool sp_step_started(struct sp_call *call); /* a service that is stopped is not called */
/* document.c */
bool sp_step_document(struct sp_call *call);
/* explorer.c */
bool sp_explorer_route(struct sp_call *call); /* false: the path is not of the explorer */
bool io_step_explorer(struct sp_call *call);
bool sp_step_documents(struct sp_call *call);
/* administer.c */
bool sp_administer_route(struct sp_call *call); /* false: the path is not of the administration interface */
bool sp_administer_hides(const struct sp_call *call);
bool io_step_administer(struct sp_call *call);

/* Fill in what interceptors may know, as far as the request came. Returns &call->data. */
struct sp_intercept_data *sp_call_describe(struct sp_call *call);
/* End the request with a status and a message. Returns false. */
bool sp_call_fail(struct sp_call *call, unsigned status, const char *fmt, ...) SP_PRINTF(3, 4);
/* The same with the text of an error, for the client. */
bool sp_call_fail_with(struct sp_call *call, unsigned status, const struct sp_error *err);
/* Add a header to the failure; both texts must live as long as the call. */
void sp_call_fail_header(struct sp_call *call, const char *name, struct sp_str value);
/* One line in the server's log: method, path, step and `err`. */
void sp_call_log(const struct sp_call *call, enum sp_log_severity severity, const char *id,
                 const struct sp_error *err);

/* "https://host:8443" of this server as the client addressed it; `port` 0: as addressed. The host is that of
 * the Host header when it is one of the endpoint's sallyport_hostNames, else the first of those; where there
 * are none, when it is made of characters a host may have, otherwise the local address. */
struct sp_str sp_call_origin(struct sp_call *call, bool tls, unsigned port);

/* security_event.c: tell the audit that the request is refused. `status`: of HTTP, 0 when it goes on with
 * less. */
void io_call_security(struct sp_call *call, enum sp_smf_security_event event, unsigned status,
                      const struct sp_error *err);

/* flow.c: the fiber of a request. */
void sp_flow_run(void *call);

#endif
