/* SPDX-License-Identifier: Apache-2.0
 * audit.h: SMF records of requests, and of failures of authentication and authorization.
 *
 * The audit interceptor says what became of a request when its post methods run. Version 1: a record a
 * request. Version 2: up to 20 requests a record, which is written when it is full, when a request has waited
 * for apiProviderMaxDelay (1 s when that is not set), and at the end. A worker only puts events into memory
 * that it shares with the writer (smf/ring.h, smf/writer.h), one process a server, which the workers start
 * again when it dies. docs/audit.md says what each field holds here.
 */
#ifndef SP_INTERCEPT_AUDIT_H
#define SP_INTERCEPT_AUDIT_H

#include "intercept/intercept.h"
#include "intercept/smf/record.h"
#include "intercept/smf/share.h"

struct sp_loop;

/* Whether anything asks for an audit. */
bool sp_audit_is_wanted(const struct sp_config *config);
/* Whether both configurations want the same of it. */
bool sp_audit_is_same(const struct sp_config *a, const struct sp_config *b);

/* Made in the worker, after fork. `loop` and `share` must outlive it. `share` NULL: this process has
 * one, and a writer, of its own. `product`: version of this product, such as "0.1.0". */
enum sp_status sp_audit_new(struct sp_loop *loop, const struct sp_config *config, struct sp_smf_share *share,
                            struct sp_str product, struct sp_audit **ret_audit,
                            struct sp_error *err) SP_MUST_CHECK;
/* The last one of a process waits until what was put is written, or cannot be: SP_EIO. Accepts NULL. */
enum sp_status sp_audit_free(struct sp_audit *audit, struct sp_error *err);

/* Record a request that ends, as its audit interceptor wants it. When memory is full it waits in its fiber,
 * if whenFull is "block"; otherwise, and when it cannot wait, the record is counted as lost. */
void io_audit_request(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                      const struct sp_intercept_data *data);
/* Record a failure of security, unless securityEvents is off. Texts are copied. Accepts NULL. When memory is
 * full the first waits in its fiber as above; the second never does. */
void io_audit_security(struct sp_audit *audit, const struct sp_smf_security *event);
void sp_audit_security(struct sp_audit *audit, const struct sp_smf_security *event);
/* Whether an event may be put now: there is room, or it may be lost. */
bool sp_audit_may_put(const struct sp_audit *audit);
/* A request of an API requester that ends: `data` with its program and endpoint, where they are known.
 * Version 1 is the record of a request, SERVICE_NAME being the API requester's; version 2 has subtype 2. */
void io_audit_requester(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                        const struct sp_intercept_data *data);
/* The same, when the values are known. */
void io_audit_call(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                   const struct sp_smf_requester *call);

/* What is wrong with the header fields that audit interceptors are to record (BAQR0802E,
 * BAQR0805E), and what they will record (BAQR0801I, BAQR0803I, BAQR0804I). */
void sp_audit_check(const struct sp_config *config, struct sp_problems *problems);

/* Of the whole server, since it started. */
struct sp_audit_counts {
    uint64_t put;                 /* events */
    uint64_t written, lost;       /* of them: in the file; never, for want of memory */
    uint64_t given_up;            /* begun by workers that died before they answered */
    uint64_t pending, room;       /* in memory; how many more fit */
    uint64_t failures, rotations; /* of writes; of files */
    bool failing;                 /* the last write failed */
    char message[SP_SMF_MESSAGE]; /* why; empty */
    struct {
        char name[SP_SMF_SINK_NAME];
        uint64_t delivered, lost, failures, pending;
        char message[SP_SMF_MESSAGE];
    } sinks[SP_SMF_SINKS_MAX];
    size_t sink_count;
    uint64_t events_refused; /* that other processes brought, or they themselves */
    char event_message[SP_SMF_MESSAGE];
};
void sp_audit_counts(const struct sp_audit *audit, struct sp_audit_counts *ret_counts);

#endif
