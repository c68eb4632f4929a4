/* SPDX-License-Identifier: Apache-2.0
 * audit.h: SMF records of requests.
 *
 * The audit interceptor makes a record of type 123 when a request's post methods run. Version 1: a record a
 * request. Version 2: up to 20 requests a record, which is handed on when it is full, when a request has
 * waited for apiProviderMaxDelay (1 s when that is not set), and at the end. docs/audit.md says what each
 * field holds here.
 */
#ifndef SP_INTERCEPT_AUDIT_H
#define SP_INTERCEPT_AUDIT_H

#include "intercept/intercept.h"
#include "intercept/smf/writer.h"

struct sp_loop;

struct sp_audit_options {
    struct sp_smf_writer_options writer;
    unsigned ccsid; /* of the records; 0: 1047 */
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

/* Record a request that ends, as its audit interceptor wants it. Never waits; what cannot be kept is counted
 * as lost. */
void sp_audit_request(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                      const struct sp_intercept_data *data);

/* What is wrong with the header fields that audit interceptors are to record (BAQR0802E,
 * BAQR0805E), and what they will record (BAQR0801I, BAQR0803I, BAQR0804I). */
void sp_audit_check(const struct sp_config *config, struct sp_problems *problems);

void sp_audit_counts(const struct sp_audit *audit, struct sp_smf_writer_counts *ret_counts);

#endif
