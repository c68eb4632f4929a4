/* SPDX-License-Identifier: Apache-2.0
 * A request's body, where the engine has not read it with the header: who may not call is refused without it.
 */
#include "base/clock.h"
#include "gateway/call.h"
#include "io/fiber.h"

bool sp_call_awaits_body(const struct sp_call *call)
{
    return call->exchange && call->exchange->ask_body;
}

/* The time that the client takes is not the system of record's. */
static void set_deadline(struct sp_call *call, int64_t begun_us)
{
    call->deadline_us += sp_clock_monotonic_us() - begun_us;
    call->data.deadline_us = call->deadline_us;
}

bool io_step_body(struct sp_call *call)
{
    if (!sp_call_awaits_body(call))
        return true;
    int64_t begun_us = sp_clock_monotonic_us();
    call->step = "body";
    call->exchange->ask_body(call->exchange);
    while (!call->body_came)
        if (sp_fiber_wait(0) != SP_OK)
            return false;
    set_deadline(call, begun_us);
    call->request.body = call->exchange->request->body;
    call->data.request_bytes = call->request.body.len;
    return true;
}

static bool is_form(const struct sp_http_request *request)
{
    struct sp_str type = sp_http_header_get(request, "Content-Type");
    return sp_str_is(request->method, "POST") &&
           sp_str_caseless_eq(sp_str_trim(sp_str_slice(type, 0, sp_str_find(type, ';'))),
                              SP_STR("application/x-www-form-urlencoded"));
}

bool io_step_form(struct sp_call *call)
{
    const struct sp_authn *authn = call->generation->authn;
    bool may_have = sp_authn_reads_forms(authn) && is_form(&call->request);
    if (!may_have && !sp_authn_owns_path(authn, call->request.path))
        return true;
    return io_step_body(call);
}

void sp_call_body_came(struct sp_call *call)
{
    call->body_came = true;
    sp_fiber_wake(call->fiber);
}
