/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/event_json.h"

#include "base/clock.h"
#include "text/utf8.h"

enum form { NUMBER, COUNT, TEXT, TIME, HEADERS, JSON };

struct member {
    const char *name;
    enum form form; /* NUMBER: left out when 0; COUNT: never */
    size_t at;
};

#define R(name, form, field)                               \
    {                                                      \
        name, form, offsetof(struct sp_smf_request, field) \
    }
#define C(name, form, field)                                 \
    {                                                        \
        name, form, offsetof(struct sp_smf_requester, field) \
    }
#define S(name, form, field)                                \
    {                                                       \
        name, form, offsetof(struct sp_smf_security, field) \
    }

static const struct member request_members[] = {
    R("requestId", COUNT, id),
    R("correlator", TEXT, token),
    R("user", TEXT, user),
    R("mappedUser", TEXT, mapped_user),
    R("realm", TEXT, realm),
    R("originalUser", TEXT, original_user),
    R("scheme", TEXT, scheme),
    R("scopes", TEXT, scopes),
    R("claims", JSON, claims),
    R("clientAddress", TEXT, client_address),
    R("method", TEXT, method),
    R("uri", TEXT, uri),
    R("query", TEXT, query),
    R("status", COUNT, status),
    R("api", TEXT, api_name),
    R("apiVersion", TEXT, api_version),
    R("service", TEXT, service_name),
    R("serviceVersion", TEXT, service_version),
    R("requestBytes", COUNT, request_bytes),
    R("responseBytes", COUNT, response_bytes),
    R("entry", TIME, entry_us),
    R("exit", TIME, exit_us),
    R("sorSent", TIME, sor_sent_us),
    R("sorReceived", TIME, sor_received_us),
    R("provider", TEXT, provider),
    R("sorReference", TEXT, sor_reference),
    R("sorIdentifier", TEXT, sor_identifier),
    R("sorResource", TEXT, sor_resource),
    R("requestHeaders", HEADERS, request_headers),
    R("responseHeaders", HEADERS, response_headers),
};

static const struct member call_members[] = {
    C("requestId", COUNT, id),
    C("correlator", TEXT, token),
    C("user", TEXT, user),
    C("mappedUser", TEXT, mapped_user),
    C("assertedUser", TEXT, asserted_user),
    C("apiRequester", TEXT, name),
    C("apiRequesterVersion", TEXT, api_version),
    C("endpointReference", TEXT, endpoint_reference),
    C("endpointHost", TEXT, endpoint_host),
    C("endpointPort", NUMBER, endpoint_port),
    C("method", TEXT, method),
    C("path", TEXT, path),
    C("query", TEXT, query),
    C("status", COUNT, status),
    C("result", COUNT, result),
    C("requestBytes", COUNT, request_bytes),
    C("responseBytes", COUNT, response_bytes),
    C("stubSent", TIME, stub_sent_us),
    C("entry", TIME, entry_us),
    C("exit", TIME, exit_us),
    C("endpointSent", TIME, endpoint_sent_us),
    C("endpointReceived", TIME, endpoint_received_us),
    C("jobName", TEXT, job_name),
    C("cicsApplid", TEXT, cics_applid),
    C("cicsTransaction", TEXT, cics_transaction),
    C("imsIdentifier", TEXT, ims_identifier),
    C("imsTransaction", TEXT, ims_transaction),
};

static const struct member security_members[] = {
    S("qualifier", NUMBER, qualifier),
    S("user", TEXT, user),
    S("mappedUser", TEXT, saf_user),
    S("realm", TEXT, realm),
    S("clientAddress", TEXT, client_address),
    S("method", TEXT, method),
    S("uri", TEXT, uri),
    S("status", NUMBER, status),
    S("api", TEXT, api_name),
    S("service", TEXT, service_name),
    S("class", TEXT, class_name),
    S("resource", TEXT, resource),
    S("access", TEXT, access),
    S("allowed", TEXT, allowed),
    S("step", TEXT, step),
    S("messageId", TEXT, message_id),
    S("reason", TEXT, reason),
    S("requestId", NUMBER, id),
    S("correlator", TEXT, token),
    S("lost", NUMBER, lost),
    S("lostSince", TIME, since_us),
};

#undef R
#undef C
#undef S

static const struct {
    const struct member *members;
    size_t count;
} members_of[] = {
    [SP_SMF_EVENT_REQUEST] = {request_members, sizeof request_members / sizeof request_members[0]},
    [SP_SMF_EVENT_CALL] = {call_members, sizeof call_members / sizeof call_members[0]},
    [SP_SMF_EVENT_SECURITY] = {security_members, sizeof security_members / sizeof security_members[0]},
};

/* Paths and headers are bytes of callers: what is not UTF-8, or was cut inside a character, becomes '?'. */
static void put_text(struct sp_json_writer *writer, struct sp_str text)
{
    char clean[1024];
    if (sp_utf8_check(text) == text.len) {
        sp_json_string(writer, text);
        return;
    }
    size_t at = 0, len = 0;
    while (at < text.len && len + 4 < sizeof clean) {
        size_t start = at;
        bool known = sp_utf8_next(text, &at) >= 0;
        struct sp_str part = known ? sp_str_slice(text, start, at) : SP_STR("?");
        memcpy(clean + len, part.ptr, part.len);
        len += part.len;
    }
    sp_json_string(writer, sp_str_from(clean, len));
}

static void put_time(struct sp_json_writer *writer, const char *name, int64_t us)
{
    char text[SP_CLOCK_TEXT_MAX];
    if (!us)
        return;
    sp_clock_text(us, text);
    sp_json_put_text(writer, name, text);
}

static void put_headers(struct sp_json_writer *writer, const char *name, const struct sp_str headers[4])
{
    bool begun = false;
    for (size_t i = 0; i < 4; i++) {
        if (!headers[i].len)
            continue;
        if (!begun) {
            sp_json_name(writer, sp_str_of(name));
            sp_json_array_begin(writer);
            begun = true;
        }
        put_text(writer, headers[i]);
    }
    if (begun)
        sp_json_array_end(writer);
}

static struct sp_str without_zeros(struct sp_str text)
{
    while (text.len && text.ptr[text.len - 1] == 0)
        text.len--;
    return text;
}

static void put_member(struct sp_json_writer *writer, const struct member *member, const char *values)
{
    struct sp_str text;
    const void *at = values + member->at;
    switch (member->form) {
    case NUMBER:
    case COUNT:
        if (member->form == NUMBER && !*(const uint64_t *)at)
            return;
        sp_json_name(writer, sp_str_of(member->name));
        sp_json_u64(writer, *(const uint64_t *)at);
        break;
    case TEXT:
        text = without_zeros(*(const struct sp_str *)at); /* of a token as a record has it */
        if (!text.len)
            return;
        sp_json_name(writer, sp_str_of(member->name));
        put_text(writer, text);
        break;
    case TIME:
        put_time(writer, member->name, *(const int64_t *)at);
        break;
    case HEADERS:
        put_headers(writer, member->name, at);
        break;
    case JSON:
        if (!((const struct sp_str *)at)->len)
            return;
        sp_json_name(writer, sp_str_of(member->name));
        sp_json_raw(writer, *(const struct sp_str *)at);
        break;
    }
}

const char *sp_smf_event_name(const struct sp_smf_event *event)
{
    if (event->kind == SP_SMF_EVENT_REQUEST)
        return "request";
    if (event->kind == SP_SMF_EVENT_CALL)
        return "call";
    switch ((enum sp_smf_security_event)event->of.security.event) {
    case SP_SMF_AUTHENTICATION:
        return "authenticationFailed";
    case SP_SMF_ACCESS:
        return "accessDenied";
    case SP_SMF_RECORDS_LOST:
        return "recordsLost";
    }
    return "security";
}

static const char *type_name(uint64_t type)
{
    static const char *const names[] = {"unknown", "api", "service", "administration"};
    return names[type < sizeof names / sizeof names[0] ? type : 0];
}

void sp_smf_event_json(const struct sp_smf_event *event, struct sp_json_writer *writer)
{
    static const char *const origins[] = {"", "gateway", "region", "audit", "saf"};
    const char *values = (const char *)&event->of;
    sp_json_object_begin(writer);
    bool has_time = event->kind == SP_SMF_EVENT_SECURITY && event->of.security.at_us;
    put_time(writer, "time", has_time ? event->of.security.at_us : event->at_us); /* as the record has it */
    sp_json_put_text(writer, "event", sp_smf_event_name(event));
    if (event->kind == SP_SMF_EVENT_REQUEST) {
        sp_json_put_text(writer, "type", type_name(event->of.request.type));
        if (event->of.request.flags & 0x80u)
            sp_json_put_bool(writer, "timedOut", true);
    }
    if (event->kind == SP_SMF_EVENT_SECURITY && event->of.security.origin <= SP_SMF_FROM_SAF)
        sp_json_put_text(writer, "origin", origins[event->of.security.origin]);
    for (size_t i = 0; i < members_of[event->kind].count; i++)
        put_member(writer, &members_of[event->kind].members[i], values);
    sp_json_object_end(writer);
}
