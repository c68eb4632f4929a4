/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/audit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/kind.h"
#include "intercept/smf/record.h"
#include "io/loop.h"

#define CCSID_1047 1047u
#define DEFAULT_BATCH_DELAY_US 1000000
#define ORIGIN_MAX 4096u /* bytes of the origin's texts */
#define TIMED_OUT_FLAG 0x80u
#define HEADERS_MAX 4u /* that are recorded, each way */
#define HEADER_BYTES 64u

struct sp_audit {
    struct sp_loop *loop;
    struct sp_smf_writer *writer;
    struct sp_arena arena; /* texts of the origin */
    struct sp_smf_origin origin;
    struct sp_timer timer;
    size_t batched; /* requests in `batch` */
    unsigned char batch[SP_SMF_V2_BYTES(SP_SMF_REQUESTS_MAX)];
};

static int64_t local_offset_us(int64_t now_us)
{
    time_t now = (time_t)(now_us / 1000000);
    struct tm local;
    return localtime_r(&now, &local) ? (int64_t)local.tm_gmtoff * 1000000 : 0;
}

/* ---------------------------------------------------------------- records */

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

static void hand_on_batch(struct sp_audit *audit)
{
    if (!audit->batched)
        return;
    sp_timer_clear(&audit->timer);
    int64_t now = sp_clock_realtime_us();
    sp_smf_v2_write_head(&audit->origin, audit->batched, now, local_offset_us(now), audit->batch);
    /* A record that was lost is counted by the writer. */
    enum sp_status put =
        sp_smf_writer_put(audit->writer, sp_str_from(audit->batch, SP_SMF_V2_BYTES(audit->batched)));
    (void)put;
    audit->batched = 0;
}

static void batch_is_due(void *arg)
{
    hand_on_batch(arg);
}

/* The batch goes on not later than in `delay_us`; without a timer, now. */
static void limit_wait(struct sp_audit *audit, int64_t delay_us)
{
    int64_t deadline = sp_clock_monotonic_us() + delay_us;
    if (audit->timer.loop && audit->timer.deadline_us <= deadline)
        return;
    sp_timer_clear(&audit->timer);
    if (sp_timer_set(audit->loop, &audit->timer, deadline) != SP_OK)
        hand_on_batch(audit);
}

static void batch_request(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                          const struct sp_intercept_data *data)
{
    struct sp_smf_request request = request_section(data);
    char texts[2][HEADERS_MAX][HEADER_BYTES + 1];
    put_headers(&config->provider_request_headers, data->request->headers, data->request->header_count,
                texts[0], request.request_headers);
    put_headers(&config->provider_response_headers, data->mapped_headers, data->mapped_header_count, texts[1],
                request.response_headers);
    sp_smf_v2_write_request(&audit->origin, &request, audit->batch + SP_SMF_V2_BYTES(audit->batched));
    audit->batched++;
    int64_t delay_us = config->provider_max_delay_us;
    if (audit->batched == SP_SMF_REQUESTS_MAX || delay_us == 0)
        hand_on_batch(audit);
    else
        limit_wait(audit, delay_us > 0 ? delay_us : DEFAULT_BATCH_DELAY_US);
}

void sp_audit_request(struct sp_audit *audit, const struct sp_cfg_interceptor *config,
                      const struct sp_intercept_data *data)
{
    if (config->provider_smf_version == 2) {
        batch_request(audit, config, data);
        return;
    }
    struct sp_smf_request request = request_section(data);
    unsigned char record[SP_SMF_V1_BYTES];
    int64_t now = sp_clock_realtime_us();
    sp_smf_v1_write(&audit->origin, &request, now, local_offset_us(now), record);
    enum sp_status put = sp_smf_writer_put(audit->writer, sp_str_from(record, sizeof record));
    (void)put;
}

void sp_audit_counts(const struct sp_audit *audit, struct sp_smf_writer_counts *ret_counts)
{
    sp_smf_writer_counts(audit->writer, ret_counts);
}

/* ---------------------------------------------------------------- the interceptor */

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    return SP_OK;
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
    sp_audit_request(self->audit, self->config, data);
}

static void early(const struct sp_interceptor *self, const struct sp_intercept_data *data)
{
    if (self->config->provider_early_failure)
        sp_audit_request(self->audit, self->config, data);
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

static void check_headers(const struct sp_cfg_interceptor *config, const struct sp_str_list *names,
                          const char *attribute, const char *will_id, struct sp_problems *problems)
{
    char text[512];
    struct sp_str file = SP_STR("server.xml");
    if (names->count == 0)
        return;
    if (config->provider_smf_version == 1)
        sp_problem_add(problems, SP_PROBLEM_ERROR, "BAQR0805E", file, 0, 0,
                       "audit interceptor %.*s: %s needs apiProviderSmfVersion=\"2\"; no header is recorded",
                       SP_STR_ARG(config->id), attribute);
    else if (names->count > HEADERS_MAX)
        sp_problem_add(problems, SP_PROBLEM_ERROR, "BAQR0802E", file, 0, 0,
                       "audit interceptor %.*s: %s names %zu headers, at most %u can be recorded; none is",
                       SP_STR_ARG(config->id), attribute, names->count, HEADERS_MAX);
    else
        sp_problem_add(problems, SP_PROBLEM_INFO, will_id, file, 0, 0,
                       "audit interceptor %.*s records headers %s (%s)", SP_STR_ARG(config->id),
                       listed(names, text, sizeof text), attribute);
}

void sp_audit_check(const struct sp_config *config, struct sp_problems *problems)
{
    for (size_t i = 0; i < config->interceptor_count; i++) {
        const struct sp_cfg_interceptor *interceptor = &config->interceptors[i];
        if (interceptor->kind != SP_CFG_AUDIT)
            continue;
        sp_problem_add(problems, SP_PROBLEM_INFO, "BAQR0801I", SP_STR("server.xml"), 0, 0,
                       "audit interceptor %.*s writes SMF type 123 records of version %u",
                       SP_STR_ARG(interceptor->id), interceptor->provider_smf_version);
        check_headers(interceptor, &interceptor->provider_request_headers, "apiProviderRequestHeaders",
                      "BAQR0803I", problems);
        check_headers(interceptor, &interceptor->provider_response_headers, "apiProviderResponseHeaders",
                      "BAQR0804I", problems);
    }
}

/* ---------------------------------------------------------------- life */

/* `given`, or `otherwise` up to the first dot, at most `most` characters and in upper case. */
static struct sp_str name_field(struct sp_audit *audit, struct sp_str given, struct sp_str otherwise,
                                size_t most)
{
    struct sp_str from = given.len ? given : sp_str_slice(otherwise, 0, sp_str_find(otherwise, '.'));
    struct sp_str copy = sp_arena_str(&audit->arena, sp_str_slice(from, 0, most));
    for (size_t i = 0; copy.ptr && i < copy.len; i++)
        ((char *)copy.ptr)[i] = sp_upper(copy.ptr[i]);
    return copy;
}

static enum sp_status fill_origin(struct sp_audit *audit, const struct sp_audit_options *options,
                                  struct sp_error *err)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = 0;
    struct sp_str host_name = sp_str_of(host);
    struct sp_smf_server *server = &audit->origin.server;
    audit->origin.sid = name_field(audit, options->sid, host_name, 4);
    server->system = name_field(audit, options->system, host_name, 8);
    server->sysplex = name_field(audit, options->sysplex, SP_STR("LOCAL"), 8);
    server->job_id = sp_arena_printf(&audit->arena, "P%07ld", (long)getpid() % 10000000);
    server->job_name = name_field(audit, options->server_name, SP_STR(""), 8);
    server->stoken = (uint64_t)(sp_clock_realtime_us() / 1000000) << 32 | (uint32_t)getpid();
    server->config_dir = sp_arena_str(&audit->arena, sp_str_slice(options->config_dir, 0, 128));
    server->product = sp_arena_str(&audit->arena, sp_str_slice(options->product, 0, 16));
    if (!server->product.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the audit's texts");
    return sp_smf_text_init(&audit->origin.text, options->ccsid ? options->ccsid : CCSID_1047, err);
}

enum sp_status sp_audit_new(struct sp_loop *loop, const struct sp_audit_options *options,
                            struct sp_audit **ret_audit, struct sp_error *err)
{
    struct sp_audit *audit = calloc(1, sizeof *audit);
    if (!audit)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the audit");
    sp_arena_init(&audit->arena, ORIGIN_MAX * 4);
    audit->loop = loop;
    audit->timer.fn = batch_is_due;
    audit->timer.arg = audit;
    enum sp_status status = fill_origin(audit, options, err);
    if (status == SP_OK)
        status = sp_smf_writer_new(loop, &options->writer, &audit->writer, err);
    if (status != SP_OK) {
        sp_arena_finish(&audit->arena);
        free(audit);
        return status;
    }
    *ret_audit = audit;
    return SP_OK;
}

enum sp_status sp_audit_free(struct sp_audit *audit, struct sp_error *err)
{
    if (!audit)
        return SP_OK;
    hand_on_batch(audit);
    enum sp_status status = sp_smf_writer_free(audit->writer, err);
    sp_arena_finish(&audit->arena);
    free(audit);
    return status;
}
