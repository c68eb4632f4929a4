/* SPDX-License-Identifier: Apache-2.0
 * echo_handler: answers what the adapter told it. The tests of src/engine load it in the gateway's place.
 *
 *   /facts/...     the request as the port has it, as JSON
 *   /counters      how many requests of all workers were started, canceled
 *   /wait/<ms>     the same after a wait in a fiber
 *   /forever       no answer before the client goes away
 *   /bytes/<n>     a body of n bytes
 *   /status/<n>    an answer with that status
 *   /split         a reply whose header holds a line end: the adapter must not send it
 *   /twice         two replies: the adapter must drop the second
 *   /engine        a reply with the headers that are the engine's own
 *   /crash         the worker dies of SIGSEGV
 *
 * With `sallyport_server late` it asks for bodies that have not come with the header; otherwise it never
 * asks.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "engine/app.h"
#include "engine/settings.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "text/base64.h"
#include "text/json_write.h"

#define BODY_CEILING (64u << 20)

struct counters {
    atomic_uint started, canceled;
};

struct echo {
    struct sp_engine_settings *settings; /* NULL when nginx.conf was written by the test */
    const struct sp_worker *worker;
    struct counters *counters;
    bool late;
};

struct job {
    struct echo *echo;
    struct sp_exchange *exchange;
    struct sp_fiber *fiber;
    uint64_t milliseconds;
};

/* The state of one whose body was asked for. */
static struct job unstarted;

static void reply(struct sp_exchange *exchange, unsigned status, struct sp_str body,
                  struct sp_http_header *more, size_t more_count)
{
    struct sp_http_header headers[12] = {{SP_STR("Content-Type"), SP_STR("application/json")}};
    size_t count = 1;
    for (size_t i = 0; i < more_count; i++)
        headers[count++] = more[i];
    struct sp_http_reply answer = {.status = status, .headers = headers, .header_count = count, .body = body};
    exchange->reply(exchange, &answer);
}

static void put_base64(struct sp_json_writer *json, const char *name, struct sp_str bytes)
{
    struct sp_buf text;
    sp_buf_init(&text, BODY_CEILING);
    if (sp_base64_encode(SP_BASE64, bytes, &text) == SP_OK)
        sp_json_put_string(json, name, sp_buf_str(&text));
    sp_buf_finish(&text);
}

static void put_headers(struct sp_json_writer *json, const struct sp_http_request *request)
{
    sp_json_name(json, SP_STR("headers"));
    sp_json_array_begin(json);
    for (size_t i = 0; i < request->header_count; i++) {
        sp_json_array_begin(json);
        sp_json_string(json, request->headers[i].name);
        sp_json_string(json, request->headers[i].value);
        sp_json_array_end(json);
    }
    sp_json_array_end(json);
}

static void reply_facts(struct sp_exchange *exchange)
{
    const struct sp_http_request *request = exchange->request;
    struct sp_buf text;
    struct sp_json_writer json;
    sp_buf_init(&text, BODY_CEILING);
    sp_json_writer_init(&json, &text, 0);
    sp_json_object_begin(&json);
    sp_json_put_string(&json, "method", request->method);
    sp_json_put_string(&json, "target", request->target);
    sp_json_put_string(&json, "path", request->path);
    if (request->query.ptr)
        sp_json_put_string(&json, "query", request->query);
    sp_json_put_string(&json, "host", request->host);
    put_headers(&json, request);
    put_base64(&json, "body", request->body);
    sp_json_put_string(&json, "peer_address", request->peer_address);
    sp_json_put_i64(&json, "peer_port", request->peer_port);
    sp_json_put_string(&json, "proxy_address", request->proxy_address);
    sp_json_put_string(&json, "local_address", request->local_address);
    sp_json_put_i64(&json, "local_port", request->local_port);
    sp_json_put_i64(&json, "endpoint", request->endpoint);
    sp_json_put_i64(&json, "https_port", request->https_port);
    sp_json_put_bool(&json, "tls", request->tls);
    sp_json_put_string(&json, "tls_protocol", request->tls_protocol);
    sp_json_put_string(&json, "tls_cipher", request->tls_cipher);
    put_base64(&json, "client_certificate", request->client_certificate);
    sp_json_put_i64(&json, "arrived_us", request->arrived_us);
    if (request->refusal) {
        sp_json_put_string(&json, "refused", sp_str_of(request->refusal->id));
        sp_json_put_string(&json, "reason", request->refusal->reason);
        put_base64(&json, "refused_certificate", request->refusal->certificate);
    }
    sp_json_object_end(&json);
    reply(exchange, request->refusal ? 400 : 200, sp_buf_str(&text), NULL, 0);
    sp_buf_finish(&text);
}

static void reply_counters(struct echo *echo, struct sp_exchange *exchange)
{
    char text[256];
    int len = snprintf(text, sizeof text,
                       "{\"started\":%u,\"canceled\":%u,\"worker\":%u,\"workers\":%u,\"pid\":%ld}",
                       atomic_load(&echo->counters->started), atomic_load(&echo->counters->canceled),
                       echo->worker->index, echo->worker->count, (long)getpid());
    reply(exchange, 200, sp_str_from(text, (size_t)len), NULL, 0);
}

static void reply_bytes(struct sp_exchange *exchange, uint64_t count)
{
    if (count > BODY_CEILING) {
        reply(exchange, 400, SP_STR("{}"), NULL, 0);
        return;
    }
    char *bytes = malloc(count + 1);
    if (bytes) {
        memset(bytes, 'x', count);
        reply(exchange, 200, sp_str_from(bytes, count), NULL, 0);
    }
    free(bytes);
}

static void reply_with_engine_headers(struct sp_exchange *exchange)
{
    struct sp_http_header headers[] = {
        {SP_STR("Content-Length"), SP_STR("1")},     {SP_STR("Transfer-Encoding"), SP_STR("chunked")},
        {SP_STR("Server"), SP_STR("somebody else")}, {SP_STR("X-Kept"), SP_STR("yes")},
        {SP_STR("X-Kept"), SP_STR("twice")},         {SP_STR("Location"), SP_STR("/elsewhere")},
    };
    reply(exchange, 200, SP_STR("{\"whole\":true}"), headers, sizeof headers / sizeof headers[0]);
}

/* A fiber; after a cancel it must not touch the exchange. */
static void wait_and_reply(void *arg)
{
    struct job *job = arg;
    job->fiber = sp_fiber_self();
    enum sp_status status =
        job->milliseconds ? sp_fiber_sleep((int64_t)job->milliseconds * 1000) : sp_fiber_wait(0);
    if (status == SP_OK) {
        job->exchange->handler_state = NULL;
        reply_counters(job->echo, job->exchange);
    }
    free(job);
}

static void start_waiting(struct echo *echo, struct sp_exchange *exchange, uint64_t milliseconds)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        abort();
    *job = (struct job){.echo = echo, .exchange = exchange, .milliseconds = milliseconds};
    exchange->handler_state = job;
    if (sp_fiber_start(echo->worker->loop, wait_and_reply, job, NULL) != SP_OK) {
        exchange->handler_state = NULL;
        free(job);
        reply(exchange, 503, SP_STR("{}"), NULL, 0);
    }
}

static bool has_number(struct sp_str path, struct sp_str prefix, uint64_t *ret_number)
{
    return sp_str_starts(path, prefix) &&
           sp_str_to_u64(sp_str_slice(path, prefix.len, path.len), ret_number) == SP_OK;
}

static void echo_answer(void *handler, struct sp_exchange *exchange)
{
    struct echo *echo = handler;
    struct sp_str path = exchange->request->path;
    uint64_t number = 0;
    exchange->handler_state = NULL;
    atomic_fetch_add(&echo->counters->started, 1);
    if (sp_str_starts(path, SP_STR("/facts")))
        reply_facts(exchange);
    else if (sp_str_is(path, "/counters"))
        reply_counters(echo, exchange);
    else if (has_number(path, SP_STR("/wait/"), &number) && number > 0)
        start_waiting(echo, exchange, number);
    else if (sp_str_is(path, "/forever"))
        start_waiting(echo, exchange, 0);
    else if (has_number(path, SP_STR("/bytes/"), &number))
        reply_bytes(exchange, number);
    else if (has_number(path, SP_STR("/status/"), &number))
        reply(exchange, (unsigned)number, SP_STR("{\"status\":true}"), NULL, 0);
    else if (sp_str_is(path, "/split"))
        reply(exchange, 200, SP_STR("{}"),
              &(struct sp_http_header){SP_STR("X-Split"), SP_STR("a\r\nX-Injected: b")}, 1);
    else if (sp_str_is(path, "/twice")) {
        reply(exchange, 200, SP_STR("{\"reply\":1}"), NULL, 0);
        reply(exchange, 500, SP_STR("{\"reply\":2}"), NULL, 0);
    } else if (sp_str_is(path, "/engine"))
        reply_with_engine_headers(exchange);
    else if (sp_str_is(path, "/crash"))
        raise(SIGSEGV);
    else
        reply(exchange, 404, SP_STR("{}"), NULL, 0);
}

static void echo_start(void *handler, struct sp_exchange *exchange)
{
    if (!exchange->ask_body) {
        echo_answer(handler, exchange);
        return;
    }
    exchange->handler_state = &unstarted;
    exchange->ask_body(exchange);
}

static void echo_cancel(void *handler, struct sp_exchange *exchange)
{
    struct echo *echo = handler;
    struct job *job = exchange->handler_state;
    if (job == &unstarted)
        return;
    atomic_fetch_add(&echo->counters->canceled, 1);
    if (job)
        sp_fiber_cancel(job->fiber);
}

static enum sp_status load(const struct sp_str *args, size_t arg_count, void **ret_state,
                           struct sp_error *err)
{
    if (arg_count == 1 && sp_str_is(args[0], "refuse"))
        return sp_error_set(err, SP_EINVAL, NULL, "the echo was told to refuse");
    struct echo *echo = calloc(1, sizeof *echo);
    enum sp_status status = echo ? SP_OK : SP_ENOMEM;
    if (echo)
        echo->late = arg_count == 1 && sp_str_is(args[0], "late");
    if (echo && arg_count >= 3)
        status = sp_engine_settings_load(args, arg_count, NULL, &echo->settings, err);
    if (status == SP_OK)
        *ret_state = echo;
    else
        free(echo);
    return status;
}

static void unload(void *state)
{
    struct echo *echo = state;
    sp_engine_settings_free(echo->settings);
    free(echo);
}

static enum sp_status tls(void *state, unsigned endpoint, struct ssl_ctx_st *context,
                          enum sp_client_certificate *ret_client, struct sp_error *err)
{
    struct echo *echo = state;
    return sp_engine_tls_load(echo->settings->config, endpoint, context, &echo->settings->problems,
                              ret_client, err);
}

static size_t shared_bytes(void *state, unsigned workers)
{
    return sizeof(struct counters);
}

static enum sp_status start(void *state, const struct sp_worker *worker, struct sp_handler *ret_handler,
                            struct sp_error *err)
{
    struct echo *echo = state;
    if (worker->shared_bytes < sizeof(struct counters))
        return sp_error_set(err, SP_EINTERNAL, NULL, "no shared memory");
    if (access("fail-to-start", F_OK) == 0)
        return sp_error_set(err, SP_EINVAL, NULL, "the echo was told to fail");
    if (echo->settings && worker->index == 0)
        sp_engine_log_problems(&echo->settings->problems);
    echo->worker = worker;
    echo->counters = worker->shared;
    *ret_handler = (struct sp_handler){.start = echo_start, .cancel = echo_cancel, .handler = echo};
    if (echo->late)
        ret_handler->body = echo_answer;
    return SP_OK;
}

static void stop(void *state)
{
}

static enum sp_status peer(void *arg, unsigned endpoint, struct sp_peer_rules **ret_rules,
                           struct sp_error *err)
{
    const struct echo *echo = arg;
    *ret_rules = NULL;
    return echo->settings ? sp_peer_rules_new(echo->settings->config, endpoint, ret_rules, err) : SP_OK;
}

const struct sp_engine_app sp_engine_app = {
    .load = load,
    .unload = unload,
    .shared_bytes = shared_bytes,
    .tls = tls,
    .peer = peer,
    .start = start,
    .stop = stop,
};
