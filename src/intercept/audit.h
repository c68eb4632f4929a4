/* SPDX-License-Identifier: Apache-2.0
 * audit.h: SMF records of requests.
 *
 * The audit interceptor makes a record of type 123 when a request's post methods run. Version 1: a record a
 * request. Version 2: up to 20 requests a record, which is handed on when it is full, when its first request
 * has waited for the delay, and at the end. docs/audit.md says what each field holds here.
 */
#ifndef SP_INTERCEPT_AUDIT_H
#define SP_INTERCEPT_AUDIT_H

#include "intercept/intercept.h"
#include "intercept/smf/writer.h"

struct sp_loop;

struct sp_audit_options {
    struct sp_smf_writer_options writer;
    int64_t batch_delay_us; /* version 2; 0: 1 s */
    unsigned ccsid;         /* of the records; 0: 1047 */
    /* Empty: from the host's name, cut to length and in upper case; sysplex "LOCAL". */
    struct sp_str sid, system, sysplex;
    struct sp_str server_name; /* gives the job name */
    struct sp_str config_dir;
    struct sp_str product; /* version of this product, such as "0.1.0" */
};

/* Made in the worker, after fork. `loop` must outlive it; texts are copied. */
enum sp_status sp_audit_new(struct sp_loop *loop, const struct sp_audit_options *options,
                            struct sp_audit **ret_audit, struct sp_error *err) SP_MUST_CHECK;
/* Writes what is buffered. Accepts NULL. The status of the last write. */
enum sp_status sp_audit_free(struct sp_audit *audit, struct sp_error *err);

/* Record a request that ends. Never waits; what cannot be kept is counted as lost. */
void sp_audit_request(struct sp_audit *audit, unsigned version, const struct sp_intercept_data *data);

void sp_audit_counts(const struct sp_audit *audit, struct sp_smf_writer_counts *ret_counts);

#endif
