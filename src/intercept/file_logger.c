/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/file_logger.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/kind.h"
#include "io/origin.h"
#include "text/json_write.h"

#define STARS "********************************************************************************"
#define BUFFERED_US 1000000
#define NAME_MAX_BYTES 200u
#define SERVER_NAME "%SERVERNAME%"
#define STAMP 19u /* bytes of 2026-01-31_23-59-59 */

struct sp_file_logger {
    const struct sp_cfg_interceptor *config;
    struct sp_log_file *file;
};

struct sp_file_loggers {
    struct sp_arena arena;
    size_t count;
    struct sp_file_logger items[];
};

/* ---------------------------------------------------------------- pieces */

/* At most `most` bytes, not within a character. */
static struct sp_str cut(struct sp_str text, int64_t most)
{
    if (most < 0 || text.len <= (size_t)most)
        return text;
    size_t len = (size_t)most;
    while (len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return sp_str_slice(text, 0, len);
}

/* On one line, so that no payload can look like another entry. */
static void put_line(struct sp_buf *buf, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\n')
            sp_buf_append_str(buf, SP_STR("\\n"));
        else if (c == '\r')
            sp_buf_append_str(buf, SP_STR("\\r"));
        else if (c < 0x20 || c == 0x7f)
            sp_buf_printf(buf, "\\x%02x", c);
        else
            sp_buf_append_byte(buf, c);
    }
}

/* Values that let a reader of the file in elsewhere. */
static struct sp_str shown(const struct sp_http_header *header)
{
    static const char *const secrets[] = {"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (sp_str_caseless_eq(header->name, sp_str_of(secrets[i])))
            return SP_STR("***");
    return header->value;
}

static const struct sp_http_header *find(const struct sp_http_header *headers, size_t count,
                                         struct sp_str name)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_caseless_eq(headers[i].name, name))
            return &headers[i];
    return NULL;
}

static struct sp_str url_of(const struct sp_intercept_data *data)
{
    struct sp_str url = sp_http_origin(data->request, data->request->tls, 0, data->arena);
    if (!url.ptr)
        return SP_STR("");
    url = sp_arena_printf(data->arena, "%.*s%.*s", SP_STR_ARG(url), SP_STR_ARG(data->request->target));
    return url.ptr ? url : SP_STR("");
}

static struct sp_str address_of(struct sp_str address)
{
    return address.len ? address : SP_STR("-");
}

/* ---------------------------------------------------------------- text */

struct message {
    const char *type;
    const struct sp_str_list *names; /* of the headers that are logged */
    const struct sp_http_header *headers;
    size_t header_count;
    struct sp_str body;
};

static void put_text_time(struct sp_buf *buf, int64_t realtime_us)
{
    char text[32] = "";
    struct tm local;
    time_t seconds = (time_t)(realtime_us / 1000000);
    if (localtime_r(&seconds, &local))
        strftime(text, sizeof text, "%Y-%m-%d_%H-%M-%S", &local);
    sp_buf_printf(buf, "%s.%03d", text, (int)(realtime_us / 1000 % 1000));
}

static void put_text_headers(struct sp_buf *buf, const struct message *message)
{
    size_t put = 0;
    if (!message->names->count)
        return;
    sp_buf_append_str(buf, SP_STR("Headers:"));
    for (size_t i = 0; i < message->names->count; i++) {
        const struct sp_http_header *header =
            find(message->headers, message->header_count, message->names->items[i]);
        if (!header)
            continue;
        sp_buf_append_str(buf, put++ ? SP_STR(", ") : SP_STR(""));
        put_line(buf, header->name);
        sp_buf_append_byte(buf, '=');
        put_line(buf, shown(header));
    }
    sp_buf_append_byte(buf, '\n');
}

static void put_text(const struct sp_file_logger *logger, const struct sp_intercept_data *data,
                     const struct message *message, int64_t realtime_us)
{
    struct sp_str url = logger->config->request_url ? url_of(data) : SP_STR("");
    struct sp_buf *buf = sp_log_file_begin(logger->file);
    sp_buf_append_str(buf, SP_STR("DateTime:"));
    put_text_time(buf, realtime_us);
    sp_buf_printf(buf, " | ThreadId:%ld | UserName:", (long)getpid());
    put_line(buf, data->principal->name.len ? data->principal->name : SP_STR("UNAUTHENTICATED"));
    sp_buf_printf(buf, " | RequestID:%016llx |\nRemoteAddress:", (unsigned long long)data->request_id);
    put_line(buf, address_of(data->request->peer_address));
    sp_buf_append_str(buf, SP_STR(" | LocalAddress:"));
    put_line(buf, address_of(data->request->local_address));
    sp_buf_append_byte(buf, '\n');
    if (logger->config->request_url) {
        sp_buf_append_str(buf, SP_STR("RequestURL:"));
        put_line(buf, url);
        sp_buf_append_byte(buf, '\n');
    }
    put_text_headers(buf, message);
    sp_buf_printf(buf, "MessageType:%s\nMessageSize:%zu\nMessageData:", message->type, message->body.len);
    put_line(buf, cut(message->body, logger->config->max_payload_size));
    sp_buf_append_str(buf, SP_STR("\n\n"));
    sp_log_file_end(logger->file);
}

/* ---------------------------------------------------------------- JSON */

static void put_json_time(struct sp_json_writer *writer, const char *name, int64_t realtime_us)
{
    char text[SP_CLOCK_TEXT_MAX];
    sp_clock_text(realtime_us, text);
    sp_json_put_text(writer, name, text);
}

static void put_json_message(struct sp_json_writer *writer, const struct sp_file_logger *logger,
                             const struct message *message)
{
    sp_json_name(writer, SP_STR("headers"));
    sp_json_object_begin(writer);
    for (size_t i = 0; i < message->names->count; i++) {
        const struct sp_http_header *header =
            find(message->headers, message->header_count, message->names->items[i]);
        if (!header)
            continue;
        sp_json_name(writer, message->names->items[i]);
        sp_json_string(writer, shown(header));
    }
    sp_json_object_end(writer);
    sp_json_put_string(writer, "body", cut(message->body, logger->config->max_payload_size));
    sp_json_put_i64(writer, "size", (int64_t)message->body.len);
}

static void put_json_request(struct sp_json_writer *writer, const struct sp_file_logger *logger,
                             const struct sp_intercept_data *data, const struct message *message,
                             struct sp_str url)
{
    sp_json_name(writer, SP_STR("request"));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "method", data->request->method);
    sp_json_put_string(writer, "uri", data->request->path);
    if (data->request->query.ptr)
        sp_json_put_string(writer, "queryString", data->request->query);
    if (logger->config->request_url)
        sp_json_put_string(writer, "url", url);
    put_json_message(writer, logger, message);
    sp_json_object_end(writer);
}

static void put_json_system(struct sp_json_writer *writer, const struct sp_intercept_data *data)
{
    sp_json_name(writer, SP_STR("sor"));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "identifier", data->sor_identifier);
    sp_json_put_string(writer, "resource", data->sor_resource);
    sp_json_put_string(writer, "reference", data->sor_reference);
    sp_json_object_end(writer);
}

static void put_json(const struct sp_file_logger *logger, const struct sp_intercept_data *data,
                     const struct message *request, const struct message *response)
{
    struct sp_str url = logger->config->request_url ? url_of(data) : SP_STR("");
    struct sp_json_writer writer;
    struct sp_buf *buf = sp_log_file_begin(logger->file);
    sp_json_writer_init(&writer, buf, 0);
    writer.escape_controls = true;
    sp_json_object_begin(&writer);
    put_json_time(&writer, "timestamp", data->entry_us);
    put_json_time(&writer, "end", data->exit_us);
    sp_json_put_i64(&writer, "requestId", (int64_t)data->request_id);
    sp_json_put_string(&writer, "correlator", data->correlator);
    sp_json_put_string(&writer, "user", data->principal->name);
    sp_json_put_string(&writer, "mappedUser", data->principal->saf_user);
    sp_json_put_string(&writer, "remoteAddress", data->request->peer_address);
    sp_json_put_string(&writer, "localAddress", data->request->local_address);
    sp_json_put_string(&writer, "api", data->api_name);
    sp_json_put_string(&writer, "service", data->service_name);
    put_json_request(&writer, logger, data, request, url);
    put_json_system(&writer, data);
    sp_json_name(&writer, SP_STR("response"));
    sp_json_object_begin(&writer);
    sp_json_put_i64(&writer, "statusCode", data->response_status);
    put_json_message(&writer, logger, response);
    sp_json_object_end(&writer);
    sp_json_object_end(&writer);
    sp_buf_append_byte(buf, '\n');
    sp_log_file_end(logger->file);
}

/* ---------------------------------------------------------------- the interceptor */

static struct message request_of(const struct sp_file_logger *logger, const struct sp_intercept_data *data)
{
    return (struct message){"REQUEST", &logger->config->provider_request_headers, data->request->headers,
                            data->request->header_count, data->request->body};
}

static struct message response_of(const struct sp_file_logger *logger, const struct sp_intercept_data *data)
{
    return (struct message){"RESPONSE", &logger->config->provider_response_headers, data->response_headers,
                            data->response_header_count, data->response_body};
}

/* Programs that call APIs outside are not logged. */
static bool is_logged(const struct sp_intercept_data *data)
{
    return data->type != SP_REQUEST_REQUESTER;
}

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    struct message request = request_of(self->logger, data);
    if (is_logged(data) && !self->config->log_json)
        put_text(self->logger, data, &request, data->entry_us);
    return SP_OK;
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
    struct message request = request_of(self->logger, data);
    struct message response = response_of(self->logger, data);
    if (is_logged(data) && self->config->log_json)
        put_json(self->logger, data, &request, &response);
    else if (is_logged(data))
        put_text(self->logger, data, &response, data->exit_us);
}

const struct sp_interceptor_kind sp_interceptor_file_logger = {
    .sees_body = true,
    .display_name = "zosConnectFileSystemLogger",
    .pre = pre,
    .post = post,
};

/* ---------------------------------------------------------------- life */

/* Of either form: the file may have been begun when the other was wanted. Local time in the hour that comes
 * twice in autumn may be the other one. */
static int64_t first_entry_us(struct sp_str beginning)
{
    static const struct sp_str json = SP_STR_INIT("{\"timestamp\":\""), text = SP_STR_INIT("\nDateTime:");
    char copy[STAMP + 1] = "";
    struct tm local = {.tm_isdst = -1};
    if (sp_str_starts(beginning, json))
        return sp_clock_text_read(beginning.ptr + json.len, beginning.len - json.len);
    const char *at = memmem(beginning.ptr, beginning.len, text.ptr, text.len);
    if (!at || (size_t)(beginning.ptr + beginning.len - at) < text.len + STAMP)
        return 0;
    memcpy(copy, at + text.len, STAMP);
    const char *end = strptime(copy, "%Y-%m-%d_%H-%M-%S", &local);
    time_t seconds = end && !*end ? mktime(&local) : -1;
    return seconds > 0 ? (int64_t)seconds * 1000000 : 0;
}

/* logName with %SERVERNAME% replaced; what has no place in a file's name becomes '_'. */
static struct sp_str file_name(const struct sp_config *config, const struct sp_cfg_interceptor *element,
                               struct sp_arena *arena)
{
    char name[NAME_MAX_BYTES + 1] = "";
    struct sp_buf buf = sp_buf_over(name, NAME_MAX_BYTES);
    struct sp_str pattern = element->log_name;
    if (!pattern.len)
        pattern = sp_arena_printf(arena, "zosconnect-%.*s", SP_STR_ARG(element->id));
    while (pattern.len) {
        bool is_server = sp_str_starts(pattern, SP_STR(SERVER_NAME));
        if (is_server)
            sp_buf_append_str(&buf, config->server_name);
        else
            sp_buf_append_byte(&buf, (unsigned char)*pattern.ptr);
        pattern = sp_str_slice(pattern, is_server ? sizeof SERVER_NAME - 1 : 1, pattern.len);
    }
    for (size_t i = 0; i < buf.len; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == '/' || name[i] == 0x7f)
            name[i] = '_';
    return sp_arena_str(arena, sp_buf_str(&buf));
}

static enum sp_status open_logger(const struct sp_config *config, const struct sp_cfg_interceptor *element,
                                  struct sp_file_loggers *loggers, struct sp_error *err)
{
    struct sp_file_logger *logger = &loggers->items[loggers->count];
    struct sp_log_file_options options = {
        .directory = element->log_path,
        .name = file_name(config, element, &loggers->arena),
        .entry_end = element->log_json ? SP_STR("\n") : SP_STR("\n\n"),
        .max_bytes = element->max_file_size,
        .max_age_us = element->rotate_interval_us,
        .max_files = (unsigned)element->max_file_count,
        .delay_us = element->buffered_logging ? BUFFERED_US : 0,
        .first_entry_us = first_entry_us,
    };
    if (!element->log_json)
        options.head = sp_arena_printf(&loggers->arena, STARS "\nServerName: %.*s\n" STARS "\n",
                                       SP_STR_ARG(config->server_name));
    logger->config = element;
    enum sp_status status = sp_log_file_open(&options, &logger->file, err);
    if (status == SP_OK)
        loggers->count++;
    else
        sp_error_prefix(err, "file system logger %.*s", SP_STR_ARG(element->id));
    return status;
}

enum sp_status sp_file_loggers_open(const struct sp_config *config, struct sp_file_loggers **ret_loggers,
                                    struct sp_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < config->interceptor_count; i++)
        count += config->interceptors[i].kind == SP_CFG_FILE_LOGGER;
    *ret_loggers = NULL;
    if (!count)
        return SP_OK;
    struct sp_file_loggers *loggers = calloc(1, sizeof *loggers + count * sizeof loggers->items[0]);
    if (!loggers)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for file system loggers");
    sp_arena_init(&loggers->arena, (size_t)1 << 20);
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < config->interceptor_count; i++)
        if (config->interceptors[i].kind == SP_CFG_FILE_LOGGER)
            status = open_logger(config, &config->interceptors[i], loggers, err);
    if (status == SP_OK)
        *ret_loggers = loggers;
    else
        sp_file_loggers_free(loggers);
    return status;
}

void sp_file_loggers_stop(struct sp_file_loggers *loggers)
{
    for (size_t i = 0; loggers && i < loggers->count; i++)
        sp_log_file_stop(loggers->items[i].file);
}

void sp_file_loggers_free(struct sp_file_loggers *loggers)
{
    if (!loggers)
        return;
    for (size_t i = 0; i < loggers->count; i++)
        sp_log_file_free(loggers->items[i].file);
    sp_arena_finish(&loggers->arena);
    free(loggers);
}

struct sp_file_logger *sp_file_loggers_find(struct sp_file_loggers *loggers, struct sp_str id)
{
    for (size_t i = 0; loggers && i < loggers->count; i++)
        if (sp_str_eq(loggers->items[i].config->id, id))
            return &loggers->items[i];
    return NULL;
}

void sp_file_loggers_counts(struct sp_file_loggers *loggers, struct sp_log_file_counts *ret_counts)
{
    *ret_counts = (struct sp_log_file_counts){0};
    for (size_t i = 0; loggers && i < loggers->count; i++) {
        struct sp_log_file_counts counts;
        sp_log_file_counts(loggers->items[i].file, &counts);
        ret_counts->entries += counts.entries;
        ret_counts->lost += counts.lost;
        ret_counts->failures += counts.failures;
        if (counts.reason[0])
            memcpy(ret_counts->reason, counts.reason, sizeof counts.reason);
    }
}
