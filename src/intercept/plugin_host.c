/* SPDX-License-Identifier: Apache-2.0
 * What the host tells plug-ins: texts, numbers, memory, the log.
 */
#include "authn/claims.h"
#include "base/clock.h"
#include "base/log.h"
#include "intercept/message.h"
#include "intercept/plugin_internal.h"
#include "io/origin.h"
#include "text/utf8.h"

#define LOG_BYTES 1024u
#define STOP_BYTES 512u
#define ALLOCATION_MAX ((size_t)16 << 20)

static struct sallyport_text text_of(struct sp_str text)
{
    return (struct sallyport_text){text.len ? text.ptr : NULL, text.len};
}

/* There, though it may be empty. */
static struct sallyport_text there(struct sp_str text)
{
    return (struct sallyport_text){text.ptr, text.len};
}

static struct sallyport_text joined(struct sallyport_call *call, const struct sp_str_list *list, char between)
{
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++)
        len += list->items[i].len + 1;
    char *text = len ? sp_arena_alloc(call->data->arena, len) : NULL;
    char *at = text;
    for (size_t i = 0; text && i < list->count; i++) {
        if (i)
            *at++ = between;
        memcpy(at, list->items[i].ptr, list->items[i].len);
        at += list->items[i].len;
    }
    return (struct sallyport_text){text, text ? (size_t)(at - text) : 0};
}

/* ---------------------------------------------------------------- texts, by what they are about */

static struct sallyport_text url_of(struct sallyport_call *call)
{
    const struct sp_http_request *request = call->data->request;
    struct sp_str origin = sp_http_origin(request, request->tls, 0, call->data->arena);
    if (!origin.ptr)
        return text_of(SP_STR(""));
    return text_of(sp_arena_printf(call->data->arena, "%.*s%.*s", SP_STR_ARG(origin),
                                   SP_STR_ARG(request->target.ptr ? request->target : request->path)));
}

struct sallyport_text sp_plugin_kept(struct sallyport_call *call, struct sp_str text)
{
    return there(text.ptr ? sp_arena_str(call->data->arena, text) : text);
}

/* One copy for all who ask. */
static struct sallyport_text body_of(struct sallyport_call *call)
{
    struct sp_intercept_data *data = call->data;
    if (!data->kept_body.ptr && data->request->body.ptr)
        data->kept_body = sp_arena_str(data->arena, data->request->body);
    return there(data->kept_body);
}

static struct sallyport_text request_text(struct sallyport_call *call, int id)
{
    const struct sp_http_request *request = call->data->request;
    switch (id) {
    case SALLYPORT_METHOD:
        return sp_plugin_kept(call, request->method);
    case SALLYPORT_URI:
        return sp_plugin_kept(call, request->path);
    case SALLYPORT_QUERY:
        return sp_plugin_kept(call, request->query);
    case SALLYPORT_URL:
        return url_of(call);
    case SALLYPORT_HOST:
        return sp_plugin_kept(call, request->host);
    case SALLYPORT_INPUT_PAYLOAD:
        return body_of(call);
    case SALLYPORT_OUTPUT_PAYLOAD:
        return there(call->data->response_body);
    case SALLYPORT_REMOTE_ADDRESS:
        return sp_plugin_kept(call, request->peer_address);
    case SALLYPORT_LOCAL_ADDRESS:
        return sp_plugin_kept(call, request->local_address);
    case SALLYPORT_TLS_PROTOCOL:
        return sp_plugin_kept(call, request->tls_protocol);
    case SALLYPORT_TLS_CIPHER:
        return sp_plugin_kept(call, request->tls_cipher);
    case SALLYPORT_CLIENT_CERTIFICATE:
        return sp_plugin_kept(call, request->client_certificate);
    default:
        return text_of(SP_STR(""));
    }
}

static struct sallyport_text user_text(struct sallyport_call *call, int id)
{
    const struct sp_principal *principal = call->data->principal;
    switch (id) {
    case SALLYPORT_USER_NAME:
        return text_of(principal->authenticated ? principal->name : SP_STR(""));
    case SALLYPORT_USER_REALM:
        return text_of(principal->realm);
    case SALLYPORT_USER_NAME_ORIGINAL:
        return text_of(principal->original_name.len ? principal->original_name : principal->name);
    case SALLYPORT_USER_NAME_MAPPED:
        return text_of(principal->saf_user);
    case SALLYPORT_USER_GROUPS:
        return joined(call, sp_authz_groups_of(principal), ',');
    case SALLYPORT_USER_SCHEME:
        return text_of(sp_str_of(sp_authn_scheme_name(principal->scheme)));
    case SALLYPORT_USER_CLAIMS:
        return text_of(principal->claims_json);
    case SALLYPORT_USER_SCOPES:
        return joined(call, &principal->scopes, ' ');
    case SALLYPORT_USER_REALM_ORIGINAL:
        return text_of(principal->original_realm.len ? principal->original_realm : principal->realm);
    case SALLYPORT_USER_REGISTRY:
        return text_of(principal->registry);
    case SALLYPORT_USER_STRENGTH:
        return text_of(sp_str_of(sp_authn_strength_name(principal->strength)));
    default:
        return text_of(SP_STR(""));
    }
}

static struct sallyport_text item_text(struct sallyport_call *call, int id)
{
    const struct sp_intercept_data *data = call->data;
    switch (id) {
    case SALLYPORT_API_NAME:
        return text_of(data->api_name);
    case SALLYPORT_API_VERSION:
        return text_of(data->api_version);
    case SALLYPORT_API_DESCRIPTION:
        return text_of(data->api_description);
    case SALLYPORT_API_OPERATION:
        return text_of(data->operation_id);
    case SALLYPORT_SERVICE_NAME:
        return text_of(data->service_name);
    case SALLYPORT_SERVICE_VERSION:
        return text_of(data->service_version);
    case SALLYPORT_API_REQUESTER_NAME:
        return text_of(data->requester_name);
    case SALLYPORT_API_REQUESTER_VERSION:
        return text_of(data->requester_version);
    case SALLYPORT_API_REQUESTER_DESCRIPTION:
        return text_of(data->requester_description);
    case SALLYPORT_ACTION:
        return text_of(sp_str_of(sp_authz_action_name(data->action)));
    default:
        return text_of(SP_STR(""));
    }
}

/* The item's where it names some, otherwise the global ones. */
static struct sallyport_text groups_text(struct sallyport_call *call, int id)
{
    static const struct sp_cfg_groups none;
    const struct sp_cfg_groups *item = call->data->item_groups ? call->data->item_groups : &none;
    const struct sp_cfg_groups *global = call->data->global_groups ? call->data->global_groups : &none;
    switch (id) {
    case SALLYPORT_ADMIN_GROUPS:
        return joined(call, item->admin.count ? &item->admin : &global->admin, ',');
    case SALLYPORT_OPERATIONS_GROUPS:
        return joined(call, item->operations.count ? &item->operations : &global->operations, ',');
    case SALLYPORT_INVOKE_GROUPS:
        return joined(call, item->invoke.count ? &item->invoke : &global->invoke, ',');
    case SALLYPORT_READER_GROUPS:
        return joined(call, item->reader.count ? &item->reader : &global->reader, ',');
    default:
        return text_of(SP_STR(""));
    }
}

static struct sallyport_text system_text(const struct sp_intercept_data *data, int id)
{
    static const struct sp_intercept_endpoint none;
    const struct sp_intercept_endpoint *endpoint = data->endpoint ? data->endpoint : &none;
    switch (id) {
    case SALLYPORT_CORRELATOR:
        return text_of(data->correlator);
    case SALLYPORT_STAKEHOLDERS:
        return text_of(sp_str_of(data->stakeholders));
    case SALLYPORT_SOR_PROVIDER:
        return text_of(data->sor_provider);
    case SALLYPORT_SOR_REFERENCE:
        return text_of(data->sor_reference);
    case SALLYPORT_SOR_IDENTIFIER:
        return text_of(data->sor_identifier);
    case SALLYPORT_SOR_RESOURCE:
        return text_of(data->sor_resource);
    case SALLYPORT_ENDPOINT_REFERENCE:
        return text_of(endpoint->reference);
    case SALLYPORT_ENDPOINT_HOST:
        return text_of(endpoint->host);
    case SALLYPORT_ENDPOINT_METHOD:
        return text_of(endpoint->method);
    case SALLYPORT_ENDPOINT_PATH:
        return text_of(endpoint->path);
    case SALLYPORT_ENDPOINT_QUERY:
        return text_of(endpoint->query);
    case SALLYPORT_ENDPOINT_INPUT_PAYLOAD:
        return there(endpoint->request_body);
    case SALLYPORT_ENDPOINT_OUTPUT_PAYLOAD:
        return there(endpoint->response_body);
    default:
        return text_of(SP_STR(""));
    }
}

static struct sallyport_text program_text(const struct sp_intercept_program *program, int id)
{
    switch (program ? id : 0) {
    case SALLYPORT_APPLICATION_TYPE:
        return text_of(program->application_type);
    case SALLYPORT_MVS_JOBNAME:
        return text_of(program->job_name);
    case SALLYPORT_MVS_JOBID:
        return text_of(program->job_id);
    case SALLYPORT_MVS_SYSNAME:
        return text_of(program->system_name);
    case SALLYPORT_CICS_APPLID:
        return text_of(program->cics_applid);
    case SALLYPORT_CICS_TRANSID:
        return text_of(program->cics_transid);
    case SALLYPORT_CICS_UOWID:
        return text_of(program->cics_uow_id);
    case SALLYPORT_CICS_NETUOWID:
        return text_of(program->cics_net_uow_id);
    case SALLYPORT_IMS_IDENTIFIER:
        return text_of(program->ims_identifier);
    case SALLYPORT_IMS_TRANSNAME:
        return text_of(program->ims_transaction);
    case SALLYPORT_IMS_APPNAME:
        return text_of(program->ims_application);
    case SALLYPORT_IMS_PSBNAME:
        return text_of(program->ims_psb);
    case SALLYPORT_IMS_EXIT_DATA:
        return text_of(program->ims_exit_data);
    default:
        return text_of(SP_STR(""));
    }
}

/* Ids are numbered by what they are about, twenty to each. */
struct sallyport_text sp_plugin_text(struct sallyport_call *call, int id)
{
    if (id < SALLYPORT_USER_NAME)
        return request_text(call, id);
    if (id < SALLYPORT_API_NAME)
        return user_text(call, id);
    if (id < SALLYPORT_ADMIN_GROUPS)
        return item_text(call, id);
    if (id < SALLYPORT_CORRELATOR)
        return groups_text(call, id);
    if (id < SALLYPORT_APPLICATION_TYPE)
        return system_text(call->data, id);
    return program_text(call->data->program, id);
}

/* ---------------------------------------------------------------- numbers */

static int64_t endpoint_number(const struct sp_intercept_endpoint *endpoint, int id)
{
    switch (endpoint ? id : 0) {
    case SALLYPORT_ENDPOINT_PORT:
        return endpoint->port;
    case SALLYPORT_ENDPOINT_STATUS:
        return endpoint->status;
    case SALLYPORT_ENDPOINT_RETRIED:
        return endpoint->retried;
    case SALLYPORT_ENDPOINT_INPUT_BYTES:
        return (int64_t)endpoint->request_bytes;
    case SALLYPORT_ENDPOINT_OUTPUT_BYTES:
        return (int64_t)endpoint->response_bytes;
    case SALLYPORT_TIME_ENDPOINT_SENT:
        return endpoint->sent_us;
    case SALLYPORT_TIME_ENDPOINT_RECEIVED:
        return endpoint->received_us;
    default:
        return 0;
    }
}

static int64_t exchange_number(const struct sp_intercept_data *data, int id)
{
    switch (id) {
    case SALLYPORT_REQUEST_TYPE:
        return data->type;
    case SALLYPORT_REQUEST_ID:
        return (int64_t)data->request_id;
    case SALLYPORT_AUTHENTICATED:
        return data->principal->authenticated;
    case SALLYPORT_TLS:
        return data->request->tls;
    case SALLYPORT_REMOTE_PORT:
        return data->request->peer_port;
    case SALLYPORT_LOCAL_PORT:
        return data->request->local_port;
    case SALLYPORT_RESPONSE_STATUS:
        return data->response_status;
    case SALLYPORT_TIMED_OUT:
        return data->timed_out;
    case SALLYPORT_REQUEST_BYTES:
        return (int64_t)data->request_bytes;
    case SALLYPORT_RESPONSE_BYTES:
        return (int64_t)data->response_bytes;
    default:
        return 0;
    }
}

int64_t sp_plugin_number(struct sallyport_call *call, int id)
{
    const struct sp_intercept_data *data = call->data;
    switch (id) {
    case SALLYPORT_TIME_ENTRY:
        return data->entry_us;
    case SALLYPORT_TIME_EXIT:
        return data->exit_us;
    case SALLYPORT_TIME_SOR_SENT:
        return data->sor_sent_us;
    case SALLYPORT_TIME_SOR_RECEIVED:
        return data->sor_received_us;
    case SALLYPORT_CICS_TASK_NUMBER:
        return data->program ? data->program->cics_task : 0;
    case SALLYPORT_IMS_REGION_ID:
        return data->program ? data->program->ims_region : 0;
    case SALLYPORT_TIME_ENDPOINT_SENT:
    case SALLYPORT_TIME_ENDPOINT_RECEIVED:
        return endpoint_number(data->endpoint, id);
    default:
        return id < SALLYPORT_ENDPOINT_PORT ? exchange_number(data, id) : endpoint_number(data->endpoint, id);
    }
}

/* ---------------------------------------------------------------- the rest */

static void *allocate(struct sallyport_call *call, size_t bytes)
{
    return bytes <= ALLOCATION_MAX ? sp_arena_calloc(call->data->arena, 1, bytes ? bytes : 1) : NULL;
}

static void **state(struct sallyport_call *call)
{
    return call->data->state;
}

static int stop(struct sallyport_call *call, int status, const char *message)
{
    if (call->method == SP_PLUGIN_PRE_INVOKE && !call->stopped) {
        struct sp_str text =
            sp_str_slice(sp_str_of(message ? message : "The request is refused."), 0, STOP_BYTES);
        text.len = sp_utf8_whole(text);
        call->stopped = true;
        call->stop_status = status >= 400 && status <= 599 ? (unsigned)status : 500;
        call->stop_message = sp_arena_str(call->data->arena, text);
    }
    return SALLYPORT_STOP;
}

static int add_stakeholder(struct sallyport_call *call, char letter)
{
    char *letters = call->data->stakeholders;
    size_t count = strlen(letters);
    bool is_letter = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
    if (!is_letter)
        return SALLYPORT_EINVAL;
    if (strchr(letters, letter))
        return SALLYPORT_OK;
    if (count + 1 >= sizeof call->data->stakeholders)
        return SALLYPORT_ELIMIT;
    letters[count] = letter;
    letters[count + 1] = 0;
    return SALLYPORT_OK;
}

static void write_log(struct sallyport_instance *instance, int severity, const char *text)
{
    static const char *const ids[] = {SP_MSG_PLUGIN_ERROR, SP_MSG_PLUGIN_WARNING, SP_MSG_PLUGIN_INFO};
    static const enum sp_log_severity severities[] = {SP_LOG_ERROR, SP_LOG_WARNING, SP_LOG_INFO};
    const struct sp_plugin *plugin = (const struct sp_plugin *)instance;
    size_t at = severity >= SALLYPORT_LOG_ERROR && severity <= SALLYPORT_LOG_INFO ? (size_t)severity : 0;
    if (plugin && text)
        sp_log(severities[at], ids[at], "%.*s: %.*s", SP_STR_ARG(plugin->id), (int)strnlen(text, LOG_BYTES),
               text);
}

static struct sallyport_text claim(struct sallyport_call *call, const char *name)
{
    return name ? there(sp_principal_claim_text(call->data->principal, sp_str_of(name)))
                : there((struct sp_str){0});
}

int64_t sp_plugin_time_left(struct sallyport_call *call)
{
    int64_t left_us = call->deadline_us - sp_clock_monotonic_us();
    return left_us > 0 ? left_us / 1000 : 0;
}

const struct sallyport_host sp_plugin_host = {
    .abi = SALLYPORT_INTERCEPTOR_ABI,
    .size = sizeof(struct sallyport_host),
    .text = sp_plugin_text,
    .number = sp_plugin_number,
    .header_count = sp_plugin_header_count,
    .header_at = sp_plugin_header_at,
    .header = sp_plugin_header,
    .set_header = sp_plugin_set_header,
    .add_header = sp_plugin_add_header,
    .allocate = allocate,
    .state = state,
    .stop = stop,
    .add_stakeholder = add_stakeholder,
    .log = write_log,
    .time_left = sp_plugin_time_left,
    .sleep = io_plugin_sleep,
    .http_fetch = io_plugin_fetch,
    .new_completion = sp_plugin_new_completion,
    .wait = io_plugin_wait,
    .complete = sp_plugin_complete,
    .claim = claim,
    .minor = SALLYPORT_INTERCEPTOR_MINOR,
};
