/* SPDX-License-Identifier: Apache-2.0
 * From a decision to the event that records it.
 */
#include "saf/audit_event.h"

#include "base/clock.h"
#include "io/fiber.h"
#include "saf/audit_queue.h"
#include "saf/generic.h"
#include "saf/image.h"

/* What does not fit is cut off; bytes that would break a line of a log become '?'. */
static void put_text(char *to, size_t size, struct sp_str text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    for (size_t i = 0; i < len; i++)
        to[i] = (unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f ? '?' : text.ptr[i];
    to[len] = '\0';
}

#define PUT(field, text) put_text(event->field, sizeof event->field, (text))

void sp_saf_audit_set_origin(const struct sp_saf_origin *origin)
{
    sp_fiber_set_note(origin);
}

const struct sp_saf_origin *sp_saf_audit_origin(void)
{
    return sp_fiber_note();
}

static void describe_origin(const struct sp_saf_origin *origin, struct sp_saf_audit_event *event)
{
    const struct sp_saf_origin nowhere = {.address = SP_STR_INIT("")}, *fiber = sp_saf_audit_origin();
    fiber = fiber ? fiber : &nowhere;
    origin = origin ? origin : &nowhere;
    PUT(address, origin->address.len ? origin->address : fiber->address);
    PUT(correlator, origin->correlator.len ? origin->correlator : fiber->correlator);
    PUT(dist_name, origin->dist_name);
    PUT(dist_realm, origin->dist_realm);
}

static void describe_caller(const struct sp_saf_image *image, struct sp_str id, struct sp_str group,
                            const struct sp_saf_origin *origin, struct sp_saf_audit_event *event)
{
    const struct sp_saf_user *user = sp_saf_find_user(image, id);
    event->time_us = sp_clock_realtime_us();
    event->user_is_undefined = !user;
    PUT(user, id);
    PUT(group, group.len ? group : user ? user->default_group : SP_STR(""));
    PUT(name, user && user->name.len ? user->name : SP_STR("???"));
    describe_origin(origin, event);
}

static unsigned char access_qualifier(const struct sp_saf_decision *decision)
{
    if (decision->warning)
        return SP_SAF_ACCESS_WARNING;
    if (decision->granted)
        return SP_SAF_ACCESS_GRANTED;
    return decision->profile.len ? SP_SAF_ACCESS_REFUSED : SP_SAF_ACCESS_NO_PROFILE;
}

bool sp_saf_audit_access(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                         const struct sp_saf_decision *decision)
{
    if (!image->audit || (decision->granted && !decision->warning && !decision->audit))
        return false;
    struct sp_saf_audit_event whole = {
        .code = SP_SAF_EVENT_ACCESS,
        .qualifier = access_qualifier(decision),
        .violation = !decision->granted,
        .warning = decision->warning,
        .asked_for = decision->audit,
        .saf_rc = decision->saf_rc,
        .racf_rc = decision->racf_rc,
        .racf_reason = decision->racf_reason,
        .profile_is_generic = sp_generic_is(decision->profile),
        .intent = request->wanted,
        .allowed = decision->allowed,
    };
    struct sp_saf_audit_event *event = &whole;
    describe_caller(image, request->user, request->group, request->origin, event);
    PUT(class, request->class);
    PUT(resource, request->resource);
    PUT(profile, decision->profile);
    PUT(by, decision->by);
    if (!decision->granted || decision->warning) {
        char text[SP_SAF_EVENT_MESSAGE_MAX + 1];
        PUT(message,
            sp_str_from(text, sp_saf_ich408i_access(image, request, decision, " ", text, sizeof text)));
    }
    sp_saf_audit_put(image->audit, event);
    return true;
}

static unsigned char logon_qualifier(const struct sp_saf_verified *verified)
{
    static const unsigned char qualifiers[] = {
        [SP_SAF_VERIFIED] = 12,    [SP_SAF_UNKNOWN_USER] = 9,    [SP_SAF_WRONG_PASSWORD] = 1,
        [SP_SAF_EXPIRED] = 25,     [SP_SAF_NEW_INVALID] = 26,    [SP_SAF_NOT_IN_GROUP] = 2,
        [SP_SAF_USER_REVOKED] = 6, [SP_SAF_GROUP_REVOKED] = 28,  [SP_SAF_DAY_TIME] = 4,
        [SP_SAF_NO_APPL] = 5,      [SP_SAF_TICKET_INVALID] = 33,
    };
    if (verified->outcome == SP_SAF_VERIFIED && verified->by_passticket)
        return 32;
    return verified->now_revoked ? 7 : qualifiers[verified->outcome];
}

bool sp_saf_audit_logon(const struct sp_saf_image *image, struct sp_str user, struct sp_str appl,
                        const struct sp_saf_origin *origin, const struct sp_saf_verified *verified)
{
    const struct sp_saf_user *known = sp_saf_find_user(image, user);
    bool failed = verified->outcome != SP_SAF_VERIFIED, asked_for = known && known->flags & SP_SAF_UAUDIT;
    if (!image->audit || (!failed && !asked_for))
        return false;
    struct sp_saf_audit_event whole = {
        .code = SP_SAF_EVENT_LOGON,
        .qualifier = logon_qualifier(verified),
        .violation = failed,
        .asked_for = asked_for,
        .saf_rc = verified->saf_rc,
        .racf_rc = verified->racf_rc,
        .racf_reason = verified->racf_reason,
        .outcome = verified->outcome,
        .by_passticket = verified->by_passticket,
    };
    struct sp_saf_audit_event *event = &whole;
    describe_caller(image, user, verified->group, origin, event);
    PUT(appl, appl);
    if (failed) {
        char text[SP_SAF_EVENT_MESSAGE_MAX + 1];
        PUT(message, sp_str_from(text, sp_saf_ich408i_logon(image, user, verified, text, sizeof text)));
    }
    sp_saf_audit_put(image->audit, event);
    return true;
}
