/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/saf_event.h"

struct sp_smf_security sp_smf_of_saf(const struct sp_saf_audit_event *event,
                                     enum sp_smf_security_origin origin)
{
    bool access = event->code == SP_SAF_EVENT_ACCESS;
    return (struct sp_smf_security){
        .event = access ? SP_SMF_ACCESS : SP_SMF_AUTHENTICATION,
        .qualifier = event->qualifier,
        .origin = origin,
        .user = event->dist_name[0] ? sp_str_of(event->dist_name) : sp_str_of(event->user),
        .saf_user = sp_str_of(event->user),
        .realm = sp_str_of(event->dist_realm),
        .client_address = sp_str_of(event->address),
        .class_name = access ? sp_str_of(event->class) : SP_STR("APPL"),
        .resource = access ? sp_str_of(event->resource) : sp_str_of(event->appl),
        .access = access ? sp_str_of(sp_saf_access_name(event->intent)) : SP_STR(""),
        .allowed = access ? sp_str_of(sp_saf_access_name(event->allowed)) : SP_STR(""),
        .message_id = event->message[0] ? SP_STR("ICH408I") : SP_STR(""),
        .reason = sp_str_of(event->message),
        .token = sp_str_of(event->correlator),
        .at_us = event->time_us,
    };
}
