/* SPDX-License-Identifier: Apache-2.0
 * Events as log records of OpenTelemetry: OTLP in JSON over HTTP (POST of an ExportLogsServiceRequest). A
 * batch is delivered when the collector answers 2xx; records that its answer rejects would be rejected again,
 * and are not sent again.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "intercept/smf/sink.h"
#include "intercept/smf/sink_tls.h"
#include "io/fiber.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "text/json_write.h"

#define ANSWER_MAX (1024u * 1024u)
#define BODY_MAX (8u * 1024u * 1024u)
#define SEVERITY_INFO 9
#define SEVERITY_WARN 13

/* The client wants a loop and fibers; the sink's thread runs a loop of its own for them. */
struct otlp {
    const struct sp_smf_sink_settings *settings;
    const struct sp_smf_settings *server;
    SSL_CTX *context;
    struct sp_loop *loop;
    struct sp_http_client *client;
    struct sp_buf body;
    /* One fetch: */
    enum sp_status status;
    struct sp_error err;
};

static void close_otlp(void *state)
{
    struct otlp *otlp = state;
    sp_http_client_free(otlp->client);
    sp_loop_free(otlp->loop);
    SSL_CTX_free(otlp->context);
    sp_buf_finish(&otlp->body);
    free(otlp);
}

static enum sp_status open_otlp(const struct sp_smf_sink_settings *settings,
                                const struct sp_smf_settings *server, void **ret_state, struct sp_error *err)
{
    struct otlp *otlp = calloc(1, sizeof *otlp);
    if (!otlp)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for OpenTelemetry");
    otlp->settings = settings;
    otlp->server = server;
    sp_buf_init(&otlp->body, BODY_MAX);
    enum sp_status status = sp_smf_sink_tls_new(settings, &otlp->context, err);
    if (status == SP_OK)
        status = sp_loop_new(NULL, &otlp->loop, err);
    const struct sp_http_client_options options = {.ssl_ctx = otlp->context,
                                                   .connect_timeout_us = settings->timeout_us};
    if (status == SP_OK)
        status = sp_http_client_new(otlp->loop, &options, &otlp->client, err);
    if (status == SP_OK)
        *ret_state = otlp;
    else
        close_otlp(otlp);
    return status;
}

/* ---------------------------------------------------------------- the body */

static void put_attribute(struct sp_json_writer *writer, const char *key, struct sp_str value)
{
    if (!value.len)
        return;
    sp_json_object_begin(writer);
    sp_json_put_text(writer, "key", key);
    sp_json_name(writer, SP_STR("value"));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "stringValue", value);
    sp_json_object_end(writer);
    sp_json_object_end(writer);
}

static void put_record(struct sp_json_writer *writer, const struct sp_smf_message *message)
{
    char nanoseconds[32];
    snprintf(nanoseconds, sizeof nanoseconds, "%lld000", (long long)message->at_us);
    sp_json_object_begin(writer);
    sp_json_put_text(writer, "timeUnixNano", nanoseconds);
    sp_json_put_i64(writer, "severityNumber", message->security ? SEVERITY_WARN : SEVERITY_INFO);
    sp_json_put_text(writer, "severityText", message->security ? "WARN" : "INFO");
    sp_json_name(writer, SP_STR("body"));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "stringValue", message->json);
    sp_json_object_end(writer);
    sp_json_name(writer, SP_STR("attributes"));
    sp_json_array_begin(writer);
    put_attribute(writer, "event.name", sp_str_of(message->name));
    sp_json_array_end(writer);
    sp_json_object_end(writer);
}

static void put_body(struct otlp *otlp, const struct sp_smf_message *messages, size_t count)
{
    struct sp_json_writer writer;
    sp_buf_reset(&otlp->body);
    sp_json_writer_init(&writer, &otlp->body, 0);
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("resourceLogs"));
    sp_json_array_begin(&writer);
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("resource"));
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("attributes"));
    sp_json_array_begin(&writer);
    put_attribute(&writer, "service.name", SP_STR("sallyport"));
    put_attribute(&writer, "service.version", otlp->server->product);
    put_attribute(&writer, "service.instance.id", otlp->server->config_dir);
    put_attribute(&writer, "host.name", otlp->server->system);
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    sp_json_name(&writer, SP_STR("scopeLogs"));
    sp_json_array_begin(&writer);
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("scope"));
    sp_json_object_begin(&writer);
    sp_json_put_text(&writer, "name", "sallyport.audit");
    sp_json_object_end(&writer);
    sp_json_name(&writer, SP_STR("logRecords"));
    sp_json_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        put_record(&writer, &messages[i]);
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
}

static void io_send(void *arg)
{
    static const struct sp_http_header header = {SP_STR_INIT("Content-Type"),
                                                 SP_STR_INIT("application/json")};
    struct otlp *otlp = arg;
    const struct sp_smf_sink_settings *settings = otlp->settings;
    const struct sp_fetch_request request = {
        .method = SP_STR_INIT("POST"),
        .url = settings->endpoint,
        .headers = &header,
        .header_count = 1,
        .body = sp_buf_str(&otlp->body),
        .user = settings->user.len ? settings->user : (struct sp_str){NULL, 0},
        .password = settings->password,
    };
    struct sp_fetch_response response;
    struct sp_arena arena;
    sp_arena_init(&arena, 2 * ANSWER_MAX);
    otlp->status = io_http_fetch(otlp->client, &request, sp_clock_monotonic_us() + settings->timeout_us,
                                 &arena, &response, &otlp->err);
    if (otlp->status == SP_OK && response.status / 100 != 2)
        otlp->status = sp_error_set(&otlp->err, SP_EUNAVAIL, NULL, "%.*s answers %u",
                                    SP_STR_ARG(settings->endpoint), response.status);
    sp_arena_finish(&arena);
}

static enum sp_status send_messages(void *state, const struct sp_smf_message *messages, size_t count,
                                    struct sp_error *err)
{
    struct otlp *otlp = state;
    put_body(otlp, messages, count);
    if (otlp->body.failed)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for OpenTelemetry");
    sp_error_clear(&otlp->err);
    enum sp_status status = sp_fiber_start(otlp->loop, io_send, otlp, NULL);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for OpenTelemetry");
    sp_loop_run_all(otlp->loop);
    if (otlp->status != SP_OK)
        *err = otlp->err;
    return otlp->status;
}

const struct sp_smf_sink_kind sp_smf_sink_otlp = {
    .name = "otlp", .open = open_otlp, .send = send_messages, .close = close_otlp};
