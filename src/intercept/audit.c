/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/audit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/place.h"
#include "authn/claims.h"
#include "base/clock.h"
#include "intercept/kind.h"
#include "intercept/smf/event.h"
#include "io/fiber.h"
#include "io/loop.h"

#define CCSID_1047 1047
#define DEFAULT_BATCH_DELAY_US 1000000
#define DEFAULT_WRITE_DELAY_US 1000000
#define DEFAULT_BUFFER_RECORDS 4096
#define TEXTS_MAX 16384u /* bytes of the server's texts */
#define TIMED_OUT_FLAG 0x80u
#define RETRIED_FLAG 0x80u /* RESP_FLAGS of subtype 2; IBM does not publish the bit */
#define NETWORK_PREFIX_BYTES 20u
#define HEADERS_MAX 4u /* that are recorded, each way */
#define HEADER_BYTES 64u
#define LOOK_US 200000       /* whether the writer lives */
#define ROOM_LOOK_US 5000    /* whether there is room again */
#define LAST_LOOK_US 1000    /* whether the last events are written */
#define LAST_MOST_US 8000000 /* how long the end waits for that */
#define LAST_FAILING_US 1000000

struct sp_audit {
    struct sp_loop *loop;
    struct sp_cfg_smf smf; /* its texts may be gone */
    struct sp_smf_share *share, own;
    struct sp_smf_shared *shared;
    struct sp_timer timer;
};

/* ---------------------------------------------------------------- the interceptor's data */

/* "name:value" of the fields that are asked for and there, in the memory given. */
static void put_headers(const struct sp_str_list *names, const struct sp_http_header *headers, size_t count,
                        char texts[HEADERS_MAX][HEADER_BYTES + 1], struct sp_str *ret_fields)
{
    if (names->count > HEADERS_MAX)
        return;
    for (size_t n = 0; n < names->count; n++)
        for (size_t i = 0; i < count; i++)
            if (sp_str_caseless_eq(headers[i].name, names->items[n])) {
                snprintf(texts[n], HEADER_BYTES + 1, "%.*s:%.*s", SP_STR_ARG(names->items[n]),
                         SP_STR_ARG(headers[i].value));
                ret_fields[n] = sp_str_of(texts[n]);
                break;
            }
}

static struct sp_smf_request request_section(const struct sp_intercept_data *data)
{
    const struct sp_principal *principal = data->principal;
    return (struct sp_smf_request){
        .type = data->type,
        .status = data->response_status,
        .flags = data->timed_out ? TIMED_OUT_FLAG : 0,
        .user = principal->name,
        .mapped_user = principal->saf_user,
        .client_address = data->request->peer_address,
        .api_name = data->api_name,
        .api_version = data->api_version,
        .service_name = data->service_name,
        .service_version = data->service_version,
        .method = data->request->method,
        .query = data->request->query,
        .uri = data->request->path,
        .request_bytes = data->request_bytes,
        .response_bytes = data->response_bytes,
        .entry_us = data->entry_us,
        .exit_us = data->exit_us,
        .sor_sent_us = data->sor_sent_us,
        .sor_received_us = data->sor_received_us,
        .provider = data->sor_provider,
        .sor_reference = data->sor_reference,
        .sor_identifier = data->sor_identifier,
        .sor_resource = data->sor_resource,
        .id = data->request_id,
        .token = data->correlator,
    };
}

static struct sp_str joined(const struct sp_str_list *list, struct sp_arena *arena)
{
    struct sp_buf text;
    sp_buf_init(&text, SP_SMF_EVENT_TEXT_MAX);
    for (size_t i = 0; i < list->count && !text.failed; i++) {
        if (i)
            sp_buf_append_byte(&text, ' ');
        sp_buf_append_str(&text, list->items[i]);
    }
    struct sp_str result = text.len ? sp_arena_str(arena, sp_buf_str(&text)) : SP_STR("");
    sp_buf_finish(&text);
    return result;
}

/* Who it was before the registry or a mapping knew him, and how he proved it. */
static void add_identity(const struct sp_cfg_interceptor *config, const struct sp_intercept_data *data,
                         struct sp_smf_request *request)
{
    const struct sp_principal *principal = data->principal;
    if (!principal->authenticated)
        return;
    request->scheme = sp_str_of(sp_authn_scheme_name(principal->scheme));
    request->realm = principal->realm;
    if (!sp_str_eq(principal->original_name, principal->name))
        request->original_user = principal->original_name;
    if (principal->scopes.count)
        request->scopes = joined(&principal->scopes, data->arena);
    if (config->claims.count)
        request->claims =
            sp_principal_claims_named(principal, &config->claims, SP_SMF_EVENT_TEXT_MAX, data->arena);
}

/* ---------------------------------------------------------------- into the ring */

static bool put(struct sp_audit *audit, const struct sp_smf_event *event)
{
    uint64_t position;
    void *slot = sp_smf_ring_claim(&audit->share->ring, &position);
    if (!slot)
        return false;
    sp_smf_event_pack(event, slot);
    sp_smf_ring_commit(&audit->share->ring, position);
    return true;
}

static void lose(struct sp_audit *audit)
{
    int64_t none = 0;
    atomic_compare_exchange_strong(&audit->shared->lost_since_us, &none, sp_clock_realtime_us());
    atomic_fetch_add(&audit->shared->lost, 1);
}

/* Waits for room where that is wanted and possible. */
static void io_put(struct sp_audit *audit, const struct sp_smf_event *event)
{
    while (!put(audit, event))
        if (audit->smf.when_full != SP_CFG_WHEN_FULL_BLOCK || sp_fiber_sleep(ROOM_LOOK_US) != SP_OK) {
            lose(audit);
            return;
        }
}

static int64_t delay_us(const struct sp_audit *audit, unsigned version, int64_t max_delay_us)
{
    if (version == 2)
        return max_delay_us >= 0 ? max_delay_us : DEFAULT_BATCH_DELAY_US;
    return audit->smf.write_delay_us ? audit->smf.write_delay_us : DEFAULT_WRITE_DELAY_US;
}

/* A request of which the flow noted the end is not timed again. */
static int64_t end_us(int64_t exit_us)
{
    return exit_us ? exit_us : sp_clock_realtime_us();
}

void io_audit_request(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                      const struct sp_intercept_data *data)
{
    struct sp_smf_event event = {
        .kind = SP_SMF_EVENT_REQUEST,
        .version = config->provider_smf_version == 2 ? 2 : 1,
        .at_us = end_us(data->exit_us),
        .of.request = request_section(data),
    };
    char texts[2][HEADERS_MAX][HEADER_BYTES + 1];
    event.delay_us = delay_us(audit, event.version, config->provider_max_delay_us);
    add_identity(config, data, &event.of.request);
    if (event.version == 2) {
        put_headers(&config->provider_request_headers, data->request->headers, data->request->header_count,
                    texts[0], event.of.request.request_headers);
        put_headers(&config->provider_response_headers, data->mapped_headers, data->mapped_header_count,
                    texts[1], event.of.request.response_headers);
    }
    io_put(audit, &event);
}

void io_audit_call(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                   const struct sp_smf_requester *call)
{
    const struct sp_smf_event event = {
        .kind = SP_SMF_EVENT_CALL,
        .version = 2,
        .at_us = end_us(call->exit_us),
        .delay_us = delay_us(audit, 2, config->requester_max_delay_us),
        .of.call = *call,
    };
    io_put(audit, &event);
}

/* "CICS", "IMS", "ZOS" as REQ_APP_TYPE has them; 0: not told. */
static uint64_t application_type(struct sp_str name)
{
    static const char *const names[] = {"", "CICS", "IMS", "ZOS"};
    for (uint64_t i = 1; i < sizeof names / sizeof names[0]; i++)
        if (sp_str_is(name, names[i]))
            return i;
    return 0;
}

static void add_program(const struct sp_intercept_program *program, struct sp_smf_requester *call)
{
    call->application_type = application_type(program->application_type);
    call->asserted_user = program->asserted_user;
    call->stub_sent_us = program->sent_us;
    call->job_name = program->job_name;
    call->job_id = program->job_id;
    call->system = program->system_name;
    call->asid = program->asid;
    call->sid = program->system_id;
    call->cics_applid = program->cics_applid;
    call->cics_task = program->cics_task;
    call->cics_transaction = program->cics_transid;
    call->cics_unit_of_work = program->cics_uow_id;
    call->cics_network_prefix = sp_str_slice(program->cics_net_uow_id, 0, NETWORK_PREFIX_BYTES);
    call->cics_network_suffix =
        sp_str_slice(program->cics_net_uow_id, NETWORK_PREFIX_BYTES, program->cics_net_uow_id.len);
    call->ims_identifier = program->ims_identifier;
    call->ims_region = program->ims_region;
    call->ims_transaction = program->ims_transaction;
    call->ims_application = program->ims_application;
    call->ims_psb = program->ims_psb;
    call->ims_recovery_token = program->ims_recovery_token;
}

static void add_endpoint(const struct sp_intercept_endpoint *endpoint, struct sp_smf_requester *call)
{
    call->status = endpoint->status;
    call->flags = endpoint->retried ? RETRIED_FLAG : 0;
    call->request_bytes = endpoint->request_bytes;
    call->response_bytes = endpoint->response_bytes;
    call->endpoint_reference = endpoint->reference;
    call->endpoint_host = endpoint->host;
    call->endpoint_port = endpoint->port;
    call->path = endpoint->path;
    call->method = endpoint->method;
    call->query = endpoint->query;
    call->token_start_us = endpoint->token_start_us;
    call->token_finish_us = endpoint->token_finish_us;
    call->endpoint_sent_us = endpoint->sent_us;
    call->endpoint_received_us = endpoint->received_us;
}

static void audit_requester_1(struct sp_audit *audit, const struct sp_intercept_data *data)
{
    struct sp_smf_event event = {
        .kind = SP_SMF_EVENT_REQUEST,
        .version = 1,
        .at_us = end_us(data->exit_us),
        .delay_us = delay_us(audit, 1, 0),
        .of.request = request_section(data),
    };
    event.of.request.service_name = data->requester_name;
    event.of.request.service_version = data->requester_version;
    io_put(audit, &event);
}

void io_audit_requester(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                        const struct sp_intercept_data *data)
{
    char texts[2][HEADERS_MAX][HEADER_BYTES + 1];
    struct sp_smf_requester call = {
        .result = data->response_status,
        .user = data->principal->name,
        .mapped_user = data->principal->saf_user,
        .name = data->requester_name,
        .api_version = data->requester_version,
        .entry_us = data->entry_us,
        .exit_us = data->exit_us,
        .id = data->request_id,
        .token = data->correlator,
    };
    if (config->requester_smf_version != 2) {
        audit_requester_1(audit, data);
        return;
    }
    if (data->program)
        add_program(data->program, &call);
    const struct sp_intercept_endpoint *endpoint = data->endpoint;
    if (endpoint) {
        add_endpoint(endpoint, &call);
        put_headers(&config->requester_request_headers, endpoint->request_headers,
                    endpoint->request_header_count, texts[0], call.request_headers);
        put_headers(&config->requester_response_headers, endpoint->response_headers,
                    endpoint->response_header_count, texts[1], call.response_headers);
    }
    io_audit_call(audit, config, &call);
}

static struct sp_smf_event security_event(const struct sp_audit *audit, const struct sp_smf_security *event)
{
    struct sp_smf_event whole = {
        .kind = SP_SMF_EVENT_SECURITY,
        .version = 1,
        .at_us = sp_clock_realtime_us(),
        .delay_us = delay_us(audit, 1, 0),
        .of.security = *event,
    };
    if (!whole.of.security.at_us)
        whole.of.security.at_us = whole.at_us;
    return whole;
}

void io_audit_security(struct sp_audit *audit, const struct sp_smf_security *event)
{
    if (!audit || !audit->smf.security_events)
        return;
    const struct sp_smf_event whole = security_event(audit, event);
    io_put(audit, &whole);
}

void sp_audit_security(struct sp_audit *audit, const struct sp_smf_security *event)
{
    if (!audit || !audit->smf.security_events)
        return;
    const struct sp_smf_event whole = security_event(audit, event);
    if (!put(audit, &whole))
        lose(audit);
}

bool sp_audit_may_put(const struct sp_audit *audit)
{
    return audit->smf.when_full != SP_CFG_WHEN_FULL_BLOCK || sp_smf_ring_free_slots(&audit->share->ring) > 0;
}

/* ---------------------------------------------------------------- room that is kept
 *
 * With whenFull="refuse" a request takes room when it begins. What a worker holds is in a counter of its own,
 * so that a worker that dies holds nothing. */

static _Atomic uint32_t *reserved_here(struct sp_audit *audit)
{
    return &audit->shared->reserved[audit->share->ring.producer];
}

static uint64_t reserved_by_all(const struct sp_audit *audit)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SP_SMF_RING_PRODUCERS; i++)
        sum += atomic_load_explicit(&audit->shared->reserved[i], memory_order_relaxed);
    return sum;
}

static enum sp_status reserve(struct sp_audit *audit, struct sp_error *err)
{
    atomic_fetch_add(reserved_here(audit), 1);
    if (reserved_by_all(audit) <= sp_smf_ring_free_slots(&audit->share->ring))
        return SP_OK;
    atomic_fetch_sub(reserved_here(audit), 1);
    return sp_error_set(err, SP_EUNAVAIL, NULL, "the request could not be recorded by the audit");
}

/* ---------------------------------------------------------------- the interceptor */

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    struct sp_audit *audit = self->audit;
    if (audit->smf.when_full != SP_CFG_WHEN_FULL_REFUSE)
        return SP_OK;
    enum sp_status status = reserve(audit, err);
    if (status == SP_OK)
        data->audit_reserved++;
    else
        *ret_status = 503;
    return status;
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
    struct sp_audit *audit = self->audit;
    bool refused = audit->smf.when_full == SP_CFG_WHEN_FULL_REFUSE && !data->audit_reserved;
    if (data->audit_reserved) {
        data->audit_reserved--;
        atomic_fetch_sub(reserved_here(audit), 1);
    }
    if (refused)
        lose(audit);
    else if (data->type == SP_REQUEST_REQUESTER)
        io_audit_requester(audit, self->config, data);
    else
        io_audit_request(audit, self->config, data);
}

static void early(const struct sp_interceptor *self, const struct sp_intercept_data *data)
{
    bool is_requester = data->type == SP_REQUEST_REQUESTER;
    if (is_requester && self->config->requester_early_failure)
        io_audit_requester(self->audit, self->config, data);
    else if (!is_requester && self->config->provider_early_failure)
        io_audit_request(self->audit, self->config, data);
}

const struct sp_interceptor_kind sp_interceptor_audit = {
    .display_name = "zosConnectAudit",
    .pre = pre,
    .post = post,
    .early = early,
};

/* ---------------------------------------------------------------- what is configured */

static const char *listed(const struct sp_str_list *names, char *text, size_t size)
{
    text[0] = 0;
    for (size_t i = 0; i < names->count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, size - len, "%s%.*s", i ? ", " : "", SP_STR_ARG(names->items[i]));
    }
    return text;
}

static void check_headers(const struct sp_cfg_interceptor *config, const struct sp_config_place *at,
                          const struct sp_str_list *names, const char *attribute, const char *will_id,
                          struct sp_problems *problems)
{
    bool is_requester = strncmp(attribute, "apiRequester", strlen("apiRequester")) == 0;
    unsigned version = is_requester ? config->requester_smf_version : config->provider_smf_version;
    char text[512];
    if (names->count == 0)
        return;
    if (version == 1)
        sp_problem_add(problems, SP_PROBLEM_ERROR, "BAQR0805E", at->file, at->line, at->column,
                       "audit interceptor %.*s: %s needs api%sSmfVersion=\"2\"; no header is recorded",
                       SP_STR_ARG(config->id), attribute, is_requester ? "Requester" : "Provider");
    else if (names->count > HEADERS_MAX)
        sp_problem_add(problems, SP_PROBLEM_ERROR, "BAQR0802E", at->file, at->line, at->column,
                       "audit interceptor %.*s: %s names %zu headers, at most %u can be recorded; none is",
                       SP_STR_ARG(config->id), attribute, names->count, HEADERS_MAX);
    else
        sp_problem_add(problems, SP_PROBLEM_INFO, will_id, at->file, at->line, at->column,
                       "audit interceptor %.*s records headers %s (%s)", SP_STR_ARG(config->id),
                       listed(names, text, sizeof text), attribute);
}

void sp_audit_check(const struct sp_config *config, struct sp_problems *problems)
{
    for (size_t i = 0; i < config->interceptor_count; i++) {
        const struct sp_cfg_interceptor *interceptor = &config->interceptors[i];
        if (interceptor->kind != SP_CFG_AUDIT)
            continue;
        const struct sp_config_place at = sp_config_place_of(config, interceptor);
        sp_problem_add(problems, SP_PROBLEM_INFO, "BAQR0801I", at.file, at.line, at.column,
                       "audit interceptor %.*s writes SMF type 123 records of version %u",
                       SP_STR_ARG(interceptor->id), interceptor->provider_smf_version);
        check_headers(interceptor, &at, &interceptor->provider_request_headers, "apiProviderRequestHeaders",
                      "BAQR0803I", problems);
        check_headers(interceptor, &at, &interceptor->provider_response_headers, "apiProviderResponseHeaders",
                      "BAQR0804I", problems);
        check_headers(interceptor, &at, &interceptor->requester_request_headers, "apiRequesterRequestHeaders",
                      "BAQR0803I", problems);
        check_headers(interceptor, &at, &interceptor->requester_response_headers,
                      "apiRequesterResponseHeaders", "BAQR0804I", problems);
    }
}

bool sp_audit_is_wanted(const struct sp_config *config)
{
    for (size_t i = 0; i < config->interceptor_count; i++)
        if (config->interceptors[i].kind == SP_CFG_AUDIT)
            return true;
    return config->smf.security_file.len > 0 || config->smf.event_socket.len > 0;
}

static bool is_same_sink(const struct sp_cfg_audit_sink *a, const struct sp_cfg_audit_sink *b)
{
    const struct sp_str pairs[][2] = {
        {a->id, b->id},           {a->endpoint, b->endpoint}, {a->topic, b->topic},
        {a->ca_file, b->ca_file}, {a->key_file, b->key_file}, {a->certificate_file, b->certificate_file},
        {a->user, b->user},       {a->password, b->password},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (!sp_str_eq(pairs[i][0], pairs[i][1]))
            return false;
    return a->kind == b->kind && a->events == b->events && a->tls == b->tls && a->timeout_us == b->timeout_us;
}

bool sp_audit_is_same(const struct sp_config *one, const struct sp_config *other)
{
    const struct sp_cfg_smf *a = &one->smf, *b = &other->smf;
    bool same = sp_str_eq(a->file, b->file) && sp_str_eq(a->sid, b->sid) && sp_str_eq(a->system, b->system) &&
                sp_str_eq(a->sysplex, b->sysplex) && sp_str_eq(a->security_file, b->security_file) &&
                sp_str_eq(a->event_socket, b->event_socket) && sp_str_eq(a->event_users, b->event_users) &&
                a->ccsid == b->ccsid && a->write_delay_us == b->write_delay_us &&
                a->block_descriptors == b->block_descriptors && a->fsync == b->fsync &&
                a->fsync_interval_us == b->fsync_interval_us && a->max_file_size == b->max_file_size &&
                a->max_files == b->max_files && a->rotate_interval_us == b->rotate_interval_us &&
                a->when_full == b->when_full && a->security_events == b->security_events &&
                one->audit_sink_count == other->audit_sink_count;
    for (size_t i = 0; same && i < one->audit_sink_count; i++)
        same = is_same_sink(&one->audit_sinks[i], &other->audit_sinks[i]);
    return same;
}

/* ---------------------------------------------------------------- settings of the writer */

/* `given`, or `otherwise` up to the first dot, at most `most` characters and in upper case. */
static struct sp_str name_field(struct sp_arena *arena, struct sp_str given, struct sp_str otherwise,
                                size_t most)
{
    struct sp_str from = given.len ? given : sp_str_slice(otherwise, 0, sp_str_find(otherwise, '.'));
    struct sp_str copy = sp_arena_str(arena, sp_str_slice(from, 0, most));
    for (size_t i = 0; copy.ptr && i < copy.len; i++)
        ((char *)copy.ptr)[i] = sp_upper(copy.ptr[i]);
    return copy;
}

static enum sp_status copy_sinks(const struct sp_config *config, struct sp_arena *arena,
                                 struct sp_smf_settings *settings, struct sp_error *err)
{
    size_t count = config->audit_sink_count;
    struct sp_smf_sink_settings *sinks = sp_arena_calloc(arena, count + 1, sizeof *sinks);
    if (!sinks)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the audit");
    if (count > SP_SMF_SINKS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "there are more than %u sallyport_auditSink elements",
                            SP_SMF_SINKS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct sp_cfg_audit_sink *from = &config->audit_sinks[i];
        if (from->id.len == 0 || from->id.len >= SP_SMF_SINK_NAME)
            return sp_error_set(err, SP_EINVAL, NULL,
                                "sallyport_auditSink wants an id of 1 to %u characters, not \"%.*s\"",
                                SP_SMF_SINK_NAME - 1, SP_STR_ARG(from->id));
        sinks[i] = (struct sp_smf_sink_settings){
            .kind = from->kind,
            .id = from->id,
            .endpoint = from->endpoint,
            .topic = from->topic,
            .ca_file = from->ca_file,
            .certificate_file = from->certificate_file,
            .key_file = from->key_file,
            .user = from->user,
            .password = from->password,
            .timeout_us = from->timeout_us,
            .security_only = from->events == 1,
            .tls = from->tls,
        };
    }
    settings->sinks = sinks;
    settings->sink_count = count;
    return SP_OK;
}

static enum sp_status tell_writer(struct sp_audit *audit, const struct sp_config *config,
                                  struct sp_str product, struct sp_arena *arena, struct sp_error *err)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = 0;
    const struct sp_cfg_smf *smf = &config->smf;
    struct sp_smf_settings settings = {
        .file = smf->file,
        .security_file = smf->security_file,
        .event_socket = smf->security_events ? smf->event_socket : SP_STR(""),
        .event_users = smf->event_users,
        .sid = name_field(arena, smf->sid, sp_str_of(host), 4),
        .system = name_field(arena, smf->system, sp_str_of(host), 8),
        .sysplex = name_field(arena, smf->sysplex, SP_STR("LOCAL"), 8),
        .job_name = name_field(arena, config->server_name, SP_STR(""), 8),
        .config_dir = config->config_dir,
        .product = product,
        .ccsid = smf->ccsid ? smf->ccsid : CCSID_1047,
        .unblocked = !smf->block_descriptors,
        .fsync = smf->fsync,
        .fsync_interval_us = smf->fsync_interval_us,
        .max_file_bytes = smf->max_file_size * 1024 * 1024,
        .rotate_interval_us = smf->rotate_interval_us,
        .max_files = smf->max_files,
    };
    struct sp_smf_text text;
    enum sp_status status = sp_smf_text_init(&text, (unsigned)settings.ccsid, err);
    if (status == SP_OK && !smf->file.len)
        status = sp_error_set(err, SP_EINVAL, NULL, "sallyport_smf has no file for SMF records");
    if (status == SP_OK)
        status = copy_sinks(config, arena, &settings, err);
    return status == SP_OK ? sp_smf_settings_store(&audit->share->ring, &settings, err) : status;
}

/* ---------------------------------------------------------------- life */

/* A writer that died has another after it; what cannot be started now is tried again. */
static void look_after_writer(void *arg)
{
    struct sp_audit *audit = arg;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_smf_share_start_writer(audit->share, &err) != SP_OK) {
        atomic_fetch_add(&audit->shared->failures, 1);
        sp_smf_message_set(&audit->share->ring, audit->shared->message, err.text);
        atomic_store(&audit->shared->failing, 1);
    }
    enum sp_status set = sp_timer_set(audit->loop, &audit->timer, sp_clock_monotonic_us() + LOOK_US);
    (void)set; /* without memory for a timer the other workers look */
}

static enum sp_status begin(struct sp_audit *audit, const struct sp_config *config, struct sp_str product,
                            struct sp_error *err)
{
    struct sp_arena arena;
    int64_t slots = config->smf.buffer_records ? config->smf.buffer_records : DEFAULT_BUFFER_RECORDS;
    enum sp_status status = audit->share ? SP_OK : sp_smf_share_open((unsigned)slots, &audit->own, err);
    if (!audit->share)
        audit->share = &audit->own;
    if (status == SP_OK)
        status = sp_smf_share_join(audit->share, err);
    if (status != SP_OK)
        return status;
    audit->shared = sp_smf_shared(&audit->share->ring);
    sp_arena_init(&arena, TEXTS_MAX);
    status = tell_writer(audit, config, product, &arena, err);
    sp_arena_finish(&arena);
    if (status == SP_OK)
        look_after_writer(audit);
    else
        sp_smf_share_leave(audit->share);
    return status;
}

enum sp_status sp_audit_new(struct sp_loop *loop, const struct sp_config *config, struct sp_smf_share *share,
                            struct sp_str product, struct sp_audit **ret_audit, struct sp_error *err)
{
    struct sp_audit *audit = calloc(1, sizeof *audit);
    if (!audit)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the audit");
    *audit = (struct sp_audit){
        .loop = loop,
        .smf = config->smf,
        .share = share,
        .own = SP_SMF_SHARE_INIT,
        .timer = {.fn = look_after_writer, .arg = audit},
    };
    enum sp_status status = begin(audit, config, product, err);
    if (status != SP_OK) {
        sp_smf_share_close(&audit->own);
        free(audit);
        return status;
    }
    *ret_audit = audit;
    return SP_OK;
}

/* Everything that was put before is written, or it cannot be. */
static enum sp_status wait_for_writer(struct sp_audit *audit, struct sp_error *err)
{
    struct sp_smf_shared *shared = audit->shared;
    struct sp_smf_ring *ring = &audit->share->ring;
    uint64_t to = sp_smf_ring_head(ring), flush = atomic_load(&shared->flush_to);
    int64_t begun = sp_clock_monotonic_us();
    while (flush < to && !atomic_compare_exchange_weak(&shared->flush_to, &flush, to))
        ;
    while (atomic_load(&shared->written_to) < to) {
        int64_t waited = sp_clock_monotonic_us() - begun;
        char message[SP_SMF_MESSAGE] = "the writer does not come to it";
        bool failing = atomic_load(&shared->failing);
        if (waited > LAST_MOST_US || (failing && waited > LAST_FAILING_US)) {
            if (failing)
                sp_smf_message_get(ring, shared->message, message);
            return sp_error_set(err, SP_EIO, NULL, "%s", message);
        }
        if (sp_smf_share_start_writer(audit->share, NULL) == SP_OK)
            sp_smf_ring_ring(ring);
        usleep(LAST_LOOK_US);
    }
    return SP_OK;
}

enum sp_status sp_audit_free(struct sp_audit *audit, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    if (!audit)
        return SP_OK;
    sp_timer_clear(&audit->timer);
    if (audit->share->users == 1)
        status = wait_for_writer(audit, err);
    sp_smf_share_leave(audit->share);
    sp_smf_share_close(&audit->own);
    free(audit);
    return status;
}

/* ---------------------------------------------------------------- counts */

static void count_sinks(const struct sp_audit *audit, uint64_t head, struct sp_audit_counts *counts)
{
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++) {
        const struct sp_smf_sink_state *state = &audit->shared->sinks[i];
        if (!state->name[0])
            continue;
        uint64_t position = atomic_load(&state->position);
        size_t n = counts->sink_count++;
        snprintf(counts->sinks[n].name, SP_SMF_SINK_NAME, "%s", state->name);
        counts->sinks[n].delivered = atomic_load(&state->delivered);
        counts->sinks[n].lost = atomic_load(&state->lost);
        counts->sinks[n].failures = atomic_load(&state->failures);
        counts->sinks[n].pending = head > position ? head - position : 0;
        sp_smf_message_get(&audit->share->ring, state->message, counts->sinks[n].message);
    }
}

void sp_audit_counts(const struct sp_audit *audit, struct sp_audit_counts *ret_counts)
{
    struct sp_smf_shared *shared = audit->shared;
    uint64_t written_to = atomic_load(&shared->written_to);
    uint64_t head = sp_smf_ring_head(&audit->share->ring);
    *ret_counts = (struct sp_audit_counts){
        .put = head,
        .written = atomic_load(&shared->written),
        .lost = atomic_load(&shared->lost),
        .given_up = atomic_load(&shared->given_up),
        .pending = head > written_to ? head - written_to : 0,
        .room = sp_smf_ring_free_slots(&audit->share->ring),
        .failures = atomic_load(&shared->failures),
        .rotations = atomic_load(&shared->rotations),
        .failing = atomic_load(&shared->failing),
    };
    if (ret_counts->failing)
        sp_smf_message_get(&audit->share->ring, shared->message, ret_counts->message);
    ret_counts->events_refused = atomic_load(&shared->events_refused);
    if (ret_counts->events_refused)
        sp_smf_message_get(&audit->share->ring, shared->event_message, ret_counts->event_message);
    count_sinks(audit, head, ret_counts);
}
