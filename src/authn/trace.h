/* SPDX-License-Identifier: Apache-2.0
 * trace.h: what authentication did with one request, step by step, for `sallyport explain auth`.
 */
#ifndef SP_AUTHN_TRACE_H
#define SP_AUTHN_TRACE_H

#include "authn/kind.h"

#define SP_TRACE_STEPS_MAX 256u

struct sp_authn_step {
    const char *step;       /* "provider", "filter", "chosen", "ambiguous", "answer", "claims", "mapped" */
    const char *kind;       /* of the provider; NULL: none is concerned */
    struct sp_str id, text; /* of the provider; what was found out */
};

struct sp_authn_trace {
    struct sp_authn_step steps[SP_TRACE_STEPS_MAX]; /* further ones are left out */
    size_t count;
};

/* Texts live in the request's arena. Does nothing when the attempt has no trace. `provider` may be NULL. */
void sp_trace_add(const struct sp_authn_attempt *attempt, const char *step,
                  const struct sp_authn_provider *provider, const char *fmt, ...) SP_PRINTF(4, 5);

/* io_authn_run, with the trace. */
enum sp_status io_authn_explain(struct sp_authn *authn, const struct sp_http_request *request, bool required,
                                struct sp_arena *arena, struct sp_authn_trace *trace,
                                struct sp_principal *ret_principal, struct sp_challenge *ret_challenge,
                                struct sp_error *err) SP_MUST_CHECK;

#endif
