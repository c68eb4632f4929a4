/* SPDX-License-Identifier: Apache-2.0
 * The call of a program: JSON to records, the system of record, records to JSON.
 */
#include "base/clock.h"
#include "gateway/call.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
#include "io/fiber.h"
#include "text/utf8.h"

bool sp_step_started(struct sp_call *call)
{
    call->step = "service";
    if (call->service->stopped)
        return sp_call_fail(call, 503, "Service %.*s is stopped.", SP_STR_ARG(call->service->sar->name));
    sp_store_count(call->service->counter);
    return true;
}

/* ---------------------------------------------------------------- policy */

bool sp_step_policy(struct sp_call *call)
{
    call->step = "policy";
    struct sp_error err = SP_ERROR_INIT;
    if (!call->operation || !call->api->rules)
        return true;
    if (sp_policy_rules_apply(call->api->rules, call->request.headers, call->request.header_count,
                              &call->arena, &call->choice, &err) != SP_OK) {
        sp_call_log(call, SP_LOG_AUDIT, SP_MSG_REQUEST_REFUSED, &err);
        return sp_call_fail_with(call, err.status == SP_ENOMEM ? 500 : 400, &err);
    }
    if (call->choice.page)
        call->mapping = call->operation->page_mappings[call->choice.page - 1];
    return true;
}

/* ---------------------------------------------------------------- request mapping */

/* A parameter that is mapped must not be given twice: which one counts would be a guess. */
static bool check_query(struct sp_call *call)
{
    const struct sp_operation *operation = call->operation;
    for (size_t n = 0; n < operation->query_name_count; n++) {
        size_t found = 0;
        for (size_t i = 0; i < call->values.query_count; i++)
            found += sp_str_eq(call->values.query[i].name, operation->query_names[n]);
        if (found > 1)
            return sp_call_fail(call, 400, "Query parameter %.*s is given %zu times.",
                                SP_STR_ARG(operation->query_names[n]), found);
    }
    return true;
}

static bool find_header(struct sp_call *call, struct sp_str name, struct sp_parameter *ret_parameter,
                        bool *ret_found)
{
    size_t found = 0;
    for (size_t i = 0; i < call->request.header_count; i++)
        if (sp_str_caseless_eq(call->request.headers[i].name, name)) {
            *ret_parameter = (struct sp_parameter){name, call->request.headers[i].value};
            found++;
        }
    *ret_found = found == 1;
    if (found > 1)
        return sp_call_fail(call, 400, "Header %.*s is given %zu times.", SP_STR_ARG(name), found);
    if (found && sp_utf8_check(ret_parameter->value) != ret_parameter->value.len)
        return sp_call_fail(call, 400, "Header %.*s is not UTF-8.", SP_STR_ARG(name));
    return true;
}

/* Only the headers that the operation maps. */
static bool take_headers(struct sp_call *call)
{
    const struct sp_operation *operation = call->operation;
    struct sp_parameter *headers =
        sp_arena_calloc(&call->arena, operation->header_name_count, sizeof *headers);
    if (!headers)
        return sp_call_fail(call, 500, "The server is out of memory.");
    size_t count = 0;
    for (size_t n = 0; n < operation->header_name_count; n++) {
        bool found;
        if (!find_header(call, operation->header_names[n], &headers[count], &found))
            return false;
        count += found;
    }
    call->values.headers = headers;
    call->values.header_count = count;
    return true;
}

bool sp_step_map_request(struct sp_call *call)
{
    call->step = "request mapping";
    struct sp_error err = SP_ERROR_INIT;
    if (call->operation && !(check_query(call) && take_headers(call)))
        return false;
    call->values.body = call->request.body;
    enum sp_status status =
        sp_mapping_request(call->mapping, &call->values, &call->arena, &call->records, &err);
    if (status == SP_OK)
        return true;
    if (status == SP_EINVAL || status == SP_ESYNTAX || status == SP_ELIMIT || status == SP_EEXISTS)
        return sp_call_fail_with(call, 400, &err);
    sp_call_log(call, SP_LOG_ERROR, SP_MSG_REQUEST_FAILED, &err);
    return sp_call_fail(call, 500, "BAQR7033E: The request could not be converted for service %.*s.",
                        SP_STR_ARG(call->service->sar->name));
}

/* ---------------------------------------------------------------- the system of record */

static struct sp_sor_identity identity_of(const struct sp_principal *principal)
{
    struct sp_sor_identity identity = {.user = principal->saf_user};
    if (principal->authenticated && !principal->saf_user.len) {
        identity.dist_name = principal->name;
        identity.dist_realm = principal->realm;
    }
    return identity;
}

/* A system of record is told how long it has in whole milliseconds, less the margin. */
#define DEADLINE_SLACK_US (SP_SOR_MARGIN_US + 20000)

/* What the client learns; the log has the rest. Names of connections, hosts and records are not for it. */
static bool sor_failed(struct sp_call *call, enum sp_status status, const struct sp_error *err)
{
    struct sp_str service = call->service->sar->name;
    bool out_of_time =
        status == SP_ETIMEDOUT && sp_clock_monotonic_us() + DEADLINE_SLACK_US >= call->deadline_us;
    sp_call_log(call, SP_LOG_WARNING, SP_MSG_REQUEST_FAILED, err);
    call->data.timed_out = status == SP_ETIMEDOUT;
    if (out_of_time)
        return sp_call_fail(call, 503,
                            "BAQR0433W: The asynchronous request has timed out after %lld milliseconds.",
                            (long long)(call->timeout_us / 1000));
    switch (status) {
    case SP_ETIMEDOUT:
    case SP_EUNAVAIL:
    case SP_ECLOSED:
    case SP_ELIMIT:
        sp_call_fail(call, 503, "The system of record of service %.*s is not available.",
                     SP_STR_ARG(service));
        sp_call_fail_header(call, "Retry-After", SP_STR("1"));
        return false;
    case SP_EDENIED:
        return sp_call_fail(call, 403, "The system of record refused the request to service %.*s.",
                            SP_STR_ARG(service));
    case SP_EPROTO:
    case SP_ENOTFOUND:
        return sp_call_fail_with(call, 500, err);
    default:
        return sp_call_fail(call, 500, "BAQR7033E: Service %.*s could not be invoked.", SP_STR_ARG(service));
    }
}

/* What the rules chose goes before server.xml, and that before the archive. */
static const struct sp_property *overrides_of(struct sp_call *call, size_t *ret_count)
{
    const struct sp_service *service = call->service;
    const struct sp_policy_choice *choice = &call->choice;
    *ret_count = choice->override_count + service->override_count;
    if (!choice->override_count)
        return service->overrides;
    struct sp_property *all = sp_arena_calloc(&call->arena, *ret_count, sizeof *all);
    if (!all)
        return NULL;
    memcpy(all, choice->overrides, choice->override_count * sizeof *all);
    if (service->override_count)
        memcpy(all + choice->override_count, service->overrides, service->override_count * sizeof *all);
    return all;
}

bool io_step_invoke(struct sp_call *call)
{
    call->step = "invoke";
    struct sp_error err = SP_ERROR_INIT;
    size_t override_count;
    const struct sp_property *overrides = overrides_of(call, &override_count);
    if (!overrides)
        return sp_call_fail(call, 500, "The server is out of memory.");
    const struct sp_sor_call sor_call = {
        .sar = call->service->sar,
        .overrides = overrides,
        .override_count = override_count,
        .records = &call->records,
        .answer_bytes = sp_mapping_answer_bytes(call->mapping),
        .identity = identity_of(&call->principal),
        .correlator = call->data.correlator,
        .deadline_us = call->deadline_us,
    };
    io_intercept_at(call->admission->chain, SP_BEFORE_SOR, &call->data, &call->progress);
    enum sp_status status =
        io_sor_invoke(call->choice.connection ? call->choice.connection : call->service->connection,
                      &sor_call, &call->arena, &call->answer, &err);
    call->data.sor_sent_us = call->answer.sent_us;
    call->data.sor_received_us = call->answer.received_us;
    call->data.sor_identifier = call->answer.identifier;
    call->data.sor_resource = call->answer.resource;
    io_intercept_at(call->admission->chain, SP_AFTER_SOR, &call->data, &call->progress);
    if (sp_fiber_canceled())
        return false;
    return status == SP_OK || sor_failed(call, status, &err);
}

/* ---------------------------------------------------------------- response mapping */

static bool is_clean(struct sp_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.ptr[i] < 0x20 && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
            return false;
    return true;
}

static bool take_reply(struct sp_call *call, const struct sp_mapped_response *mapped, struct sp_error *err)
{
    struct sp_http_header *headers = sp_arena_calloc(&call->arena, mapped->header_count + 1, sizeof *headers);
    size_t count = 0;
    if (!headers) {
        sp_error_set(err, SP_ENOMEM, NULL, "no memory for the reply's headers");
        return false;
    }
    if (mapped->body.len)
        headers[count++] = (struct sp_http_header){
            SP_STR("Content-Type"), call->generation->config->manager.set_utf8_response_encoding
                                        ? SP_STR("application/json;charset=UTF-8")
                                        : SP_STR("application/json")};
    for (size_t i = 0; i < mapped->header_count; i++) {
        if (!is_clean(mapped->headers[i].value)) {
            sp_error_set(err, SP_EPROTO, NULL, "the value of header %.*s has control characters",
                         SP_STR_ARG(mapped->headers[i].name));
            return false;
        }
        headers[count++] = (struct sp_http_header){mapped->headers[i].name, mapped->headers[i].value};
    }
    call->reply = (struct sp_http_reply){mapped->status, headers, count, mapped->body};
    call->data.mapped_headers = headers + count - mapped->header_count;
    call->data.mapped_header_count = mapped->header_count;
    return true;
}

bool sp_step_map_response(struct sp_call *call)
{
    call->step = "response mapping";
    struct sp_mapped_response mapped;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_mapping_response(call->mapping, &call->answer.records, &call->arena, &mapped, &err) == SP_OK &&
        take_reply(call, &mapped, &err))
        return true;
    sp_call_log(call, SP_LOG_ERROR, SP_MSG_REQUEST_FAILED, &err);
    return sp_call_fail(call, 500, "BAQR7033E: The answer of service %.*s could not be converted.",
                        SP_STR_ARG(call->service->sar->name));
}
