/* SPDX-License-Identifier: Apache-2.0
 * What a request may carry: media type and character set of its body, names in its query.
 */
#include "gateway/call.h"

#define JSON_EXPECTED \
    "BAQR0417W: The request payload could not be parsed. A JSON object format payload is expected. Error: "

static bool is_json(struct sp_str type)
{
    struct sp_str subtype = sp_str_slice(type, strlen("application/"), type.len);
    size_t suffix = strlen("+json");
    if (!sp_str_caseless_eq(sp_str_slice(type, 0, strlen("application/")), SP_STR("application/")))
        return false;
    return sp_str_caseless_eq(subtype, SP_STR("json")) ||
           (subtype.len > suffix &&
            sp_str_caseless_eq(sp_str_slice(subtype, subtype.len - suffix, subtype.len), SP_STR("+json")));
}

static bool is_utf8(struct sp_str charset)
{
    size_t len = charset.len;
    if (len >= 2 && charset.ptr[0] == '"' && charset.ptr[len - 1] == '"')
        charset = sp_str_slice(charset, 1, len - 1);
    /* US-ASCII is a part of it. */
    return sp_str_caseless_eq(charset, SP_STR("utf-8")) || sp_str_caseless_eq(charset, SP_STR("utf8")) ||
           sp_str_caseless_eq(charset, SP_STR("us-ascii"));
}

static bool check_parameters(struct sp_call *call, struct sp_str parameters)
{
    struct sp_str parameter, name;
    while (sp_str_split(&parameters, ';', &parameter)) {
        struct sp_str value = parameter;
        if (!sp_str_split(&value, '=', &name) || !sp_str_caseless_eq(sp_str_trim(name), SP_STR("charset")))
            continue;
        if (!is_utf8(sp_str_trim(value)))
            return sp_call_fail(call, 415, JSON_EXPECTED "its character set is %.*s, not UTF-8",
                                SP_STR_ARG(sp_str_trim(value)));
    }
    return true;
}

/* One that does not say what it is counts as JSON. */
static bool check_media_type(struct sp_call *call)
{
    const struct sp_http_request *request = &call->request;
    size_t given = sp_http_header_count(request, "Content-Type");
    if ((request->body.len == 0 && !sp_call_awaits_body(call)) || given == 0 ||
        call->generation->config->requests.media_types == SP_CFG_MEDIA_ANY)
        return true;
    if (given > 1)
        return sp_call_fail(call, 400, "Header Content-Type is given %zu times.", given);
    struct sp_str rest = sp_http_header_get(request, "Content-Type");
    size_t end = sp_str_find(rest, ';');
    struct sp_str type = sp_str_trim(sp_str_slice(rest, 0, end));
    if (!is_json(type))
        return sp_call_fail(call, 415, JSON_EXPECTED "its Content-Type is %.*s, not application/json",
                            SP_STR_ARG(type));
    return check_parameters(call, sp_str_slice(rest, end + 1, rest.len));
}

static bool is_known(const struct sp_operation *operation, struct sp_str name)
{
    for (size_t i = 0; i < operation->query_name_count; i++)
        if (sp_str_eq(operation->query_names[i], name))
            return true;
    return false;
}

static bool check_query_names(struct sp_call *call)
{
    if (!call->operation ||
        call->generation->config->requests.unknown_query_parameters == SP_CFG_UNKNOWN_IGNORED)
        return true;
    for (size_t i = 0; i < call->values.query_count; i++)
        if (!is_known(call->operation, call->values.query[i].name))
            return sp_call_fail(call, 400, "The operation has no query parameter %.*s.",
                                SP_STR_ARG(call->values.query[i].name));
    return true;
}

/* What has no length may be empty, and then its media type does not count. */
bool io_step_content(struct sp_call *call)
{
    if (!sp_http_header_get(&call->request, "Content-Length").ptr && !io_step_body(call))
        return false;
    call->step = "content";
    return check_media_type(call) && check_query_names(call) && io_step_body(call);
}
