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

static struct sp_str basic_name(struct sp_call *call)
{
    struct sp_basic_credentials credentials;
    struct sp_str header = sp_http_header_get(&call->request, "Authorization"), name = SP_STR("");
    if (header.ptr && sp_basic_is(header) && sp_basic_read(header, &credentials, NULL) == SP_OK) {
        name = sp_arena_str(&call->arena, credentials.name);
        sp_basic_wipe(&credentials);
    }
    return name;
}

static struct sp_str subject_of(struct sp_call *call, struct sp_str certificate)
{
    struct sp_certificate_names names;
    struct sp_str subject = SP_STR("");
    if (certificate.len && sp_certificate_names_read(certificate, &call->arena, &names, NULL) == SP_OK) {
        subject = names.subject;
        sp_certificate_names_finish(&names);
    }
    return subject;
}

struct who {
    struct sp_str name, realm, saf_user;
};

/* The caller, or who he claimed to be, when that can be told. */
static struct who who(struct sp_call *call)
{
    const struct sp_principal *principal = &call->principal;
    const struct sp_challenge *challenge = &call->challenge;
    struct who who = {principal->name, principal->realm, principal->saf_user};
    if (challenge->claimed_name.len && (principal->demoted || !principal->authenticated))
        return (struct who){challenge->claimed_name, challenge->claimed_realm, SP_STR("")};
    if (!who.name.len && call->request.refusal)
        who.name = subject_of(call, call->request.refusal->certificate);
    if (!who.name.len)
        who.name = basic_name(call);
    if (!who.name.len)
        who.name = subject_of(call, call->request.client_certificate);
    return who;
}

/* What a request for the administration is about, as the record of the request has it. */
static struct sp_str object_name(const struct sp_call *call, enum sp_store_kind kind)
{
    if (kind == SP_STORE_API && call->api)
        return call->api->name;
    if (kind == SP_STORE_SERVICE && call->service)
        return call->service->sar->name;
    return call->target == SP_TARGET_ADMINISTRATION && call->admin.kind == kind ? call->admin.name
                                                                                : SP_STR("");
}

void io_call_security(struct sp_call *call, enum sp_smf_security_event event, unsigned status,
                      const struct sp_error *err)
{
    struct who claimed = who(call);
    bool by_interceptor = strcmp(call->step, "interceptors") == 0;
    const struct sp_smf_security security = {
        .event = event,
        .origin = SP_SMF_FROM_GATEWAY,
        .status = status,
        .user = claimed.name,
        .saf_user = claimed.saf_user,
        .realm = claimed.realm,
        .client_address = call->request.peer_address,
        .method = call->request.method,
        .uri = call->request.path,
        .api_name = object_name(call, SP_STORE_API),
        .service_name = object_name(call, SP_STORE_SERVICE),
        .access = by_interceptor ? sp_str_of(sp_authz_action_name(call->data.action)) : SP_STR(""),
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
