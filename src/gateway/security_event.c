/* SPDX-License-Identifier: Apache-2.0
 * What the audit learns of requests that are refused, and of decisions of the security database.
 */
#include "gateway/security_event.h"

#include "authn/basic.h"
#include "base/clock.h"
#include "gateway/call.h"
#include "intercept/audit.h"
#include "intercept/smf/saf_event.h"
#include "io/loop.h"
#include "registry/certificate_name.h"

/* Who the caller claimed to be, when that can be told. */
static struct sp_str claimed_name(struct sp_call *call)
{
    struct sp_basic_credentials credentials;
    struct sp_str header = sp_http_header_get(&call->request, "Authorization"), name = SP_STR("");
    struct sp_certificate_names names;
    if (call->principal.name.len)
        return call->principal.name;
    if (call->request.refusal && call->request.refusal->certificate.len &&
        sp_certificate_names_read(call->request.refusal->certificate, &call->arena, &names, NULL) == SP_OK) {
        name = names.subject;
        sp_certificate_names_finish(&names);
        return name;
    }
    if (header.ptr && sp_basic_is(header) && sp_basic_read(header, &credentials, NULL) == SP_OK) {
        name = sp_arena_str(&call->arena, credentials.name);
        sp_basic_wipe(&credentials);
    }
    return name;
}

void io_call_security(struct sp_call *call, enum sp_smf_security_event event, unsigned status,
                      const struct sp_error *err)
{
    const struct sp_smf_security security = {
        .event = event,
        .origin = SP_SMF_FROM_GATEWAY,
        .status = status,
        .user = claimed_name(call),
        .saf_user = call->principal.saf_user,
        .realm = call->principal.realm,
        .client_address = call->request.peer_address,
        .method = call->request.method,
        .uri = call->request.path,
        .api_name = call->api ? call->api->name : SP_STR(""),
        .service_name = call->service ? call->service->sar->name : SP_STR(""),
        .step = sp_str_of(call->step),
        .message_id = sp_str_of(err->id),
        .reason = sp_str_of(err->text),
        .id = call->data.request_id,
        .token = call->data.correlator,
        .at_us = call->request.arrived_us,
    };
    io_audit_security(call->generation->audit, &security);
}

/* ---------------------------------------------------------------- the security database */

#define LOOK_US 200000

static void put_saf_event(struct sp_audit *audit, const struct sp_saf_audit_event *event)
{
    const struct sp_smf_security security = sp_smf_of_saf(event, SP_SMF_FROM_SAF);
    sp_audit_security(audit, &security);
}

void sp_security_events_take(const struct sp_generation *generation, bool at_the_end)
{
    struct sp_saf_audit_event event;
    if (!generation->audit)
        return;
    while ((at_the_end || sp_audit_may_put(generation->audit)) &&
           sp_saf_link_take_event(generation->saf, &event))
        put_saf_event(generation->audit, &event);
}

static void look(void *arg)
{
    struct sp_security_events *events = arg;
    sp_security_events_take(*events->present, false);
    enum sp_status set = sp_timer_set(events->loop, &events->timer, sp_clock_monotonic_us() + LOOK_US);
    (void)set; /* without memory for a timer they wait for the next one, or the end */
}

void sp_security_events_start(struct sp_security_events *events, struct sp_loop *loop,
                              struct sp_generation *const *present)
{
    *events =
        (struct sp_security_events){.loop = loop, .present = present, .timer = {.fn = look, .arg = events}};
    look(events);
}

void sp_security_events_stop(struct sp_security_events *events)
{
    sp_timer_clear(&events->timer);
}
