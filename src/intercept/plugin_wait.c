/* SPDX-License-Identifier: Apache-2.0
 * How plug-ins wait: the fiber of the request sleeps, and the worker goes on.
 */
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "intercept/message.h"
#include "intercept/plugin_internal.h"
#include "io/fiber.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "registry/client_tls.h"

#define RESPONSE_BYTES 65536u
#define RESPONSE_BYTES_MAX ((size_t)8 << 20)
#define REQUEST_HEADERS_MAX 64u

/* ---------------------------------------------------------------- around every wait */

/* Other code runs meanwhile: the mark of the guard goes and comes. */
static void step_out(void)
{
    sp_plugin_guard_leave();
}

static void step_in(const struct sallyport_call *call)
{
    sp_plugin_guard_enter(call->plugin->id.ptr, call->method, call->plugin->hang_us);
}

/* When a wait of `ms` (0: as long as the method may take) ends at the latest. */
static int64_t deadline_of(const struct sallyport_call *call, int64_t ms)
{
    int64_t now = sp_clock_monotonic_us();
    if (ms <= 0 || ms > (call->deadline_us - now) / 1000)
        return call->deadline_us;
    return now + ms * 1000;
}

static bool can_wait(struct sallyport_call *call)
{
    return sp_fiber_self() && call->plugin->worker;
}

static int ended(struct sallyport_call *call, enum sp_status status)
{
    if (status == SP_ETIMEDOUT && sp_clock_monotonic_us() >= call->deadline_us)
        call->timed_out = true;
    switch (status) {
    case SP_OK:
        return SALLYPORT_OK;
    case SP_ETIMEDOUT:
        return SALLYPORT_ETIMEDOUT;
    case SP_ECANCELED:
        return SALLYPORT_ECANCELED;
    case SP_ENOMEM:
        return SALLYPORT_ENOMEM;
    case SP_ELIMIT:
        return SALLYPORT_ELIMIT;
    case SP_EINVAL:
        return SALLYPORT_EINVAL;
    default:
        return SALLYPORT_EUNAVAIL;
    }
}

int io_plugin_sleep(struct sallyport_call *call, int64_t milliseconds)
{
    if (milliseconds < 0 || !can_wait(call))
        return SALLYPORT_EINVAL;
    int64_t now = sp_clock_monotonic_us();
    bool too_long = milliseconds > (call->deadline_us - now) / 1000;
    int64_t us = too_long ? call->deadline_us - now : milliseconds * 1000;
    step_out();
    enum sp_status status = us > 0 ? sp_fiber_sleep(us) : SP_OK;
    step_in(call);
    return ended(call, status == SP_OK && too_long ? SP_ETIMEDOUT : status);
}

/* ---------------------------------------------------------------- HTTP */

enum sp_status sp_plugin_client_new(struct sp_plugin_worker *worker, const struct sp_cfg_ssl *ssl,
                                    struct sp_error *err)
{
    struct ssl_ctx_st *context = NULL;
    struct sp_error reason = SP_ERROR_INIT;
    if (!ssl)
        snprintf(worker->why_no_tls, sizeof worker->why_no_tls, "no ssl element says whom to trust");
    else if (sp_client_tls_new(ssl, &context, &reason) != SP_OK)
        snprintf(worker->why_no_tls, sizeof worker->why_no_tls, "%s", reason.text);
    const struct sp_http_client_options options = {.ssl_ctx = context};
    enum sp_status status = sp_http_client_new(worker->loop, &options, &worker->client, err);
    SSL_CTX_free(context);
    return status;
}

/* What the plug-in gave stays where it is while its method waits. */
static bool copy_headers(const struct sallyport_http_request *from, struct sp_arena *arena,
                         struct sp_fetch_request *request)
{
    struct sp_http_header *headers = sp_arena_calloc(arena, from->header_count, sizeof *headers);
    if (!headers)
        return false;
    for (size_t i = 0; i < from->header_count; i++)
        headers[i] =
            (struct sp_http_header){sp_str_of(from->headers[i].name), sp_str_of(from->headers[i].value)};
    request->headers = headers;
    request->header_count = from->header_count;
    return true;
}

static void tell_failure(const struct sallyport_call *call, const struct sp_fetch_request *fetch,
                         const struct sp_error *err)
{
    const char *why = call->plugin->worker->why_no_tls;
    bool no_tls = why[0] && sp_str_caseless_eq(sp_str_slice(fetch->url, 0, 6), SP_STR("https:"));
    sp_log(SP_LOG_WARNING, SP_MSG_PLUGIN_FETCH, "%.*s: %s%s%s", SP_STR_ARG(call->plugin->id), err->text,
           no_tls ? ": " : "", no_tls ? why : "");
}

int io_plugin_fetch(struct sallyport_call *call, const struct sallyport_http_request *request,
                    struct sallyport_http_response *ret_response)
{
    struct sp_fetch_response response;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_plugin_worker *worker = call->plugin->worker;
    if (!can_wait(call) || !request || !request->url || !ret_response ||
        request->header_count > REQUEST_HEADERS_MAX || request->response_limit > RESPONSE_BYTES_MAX)
        return SALLYPORT_EINVAL;
    struct sp_fetch_request fetch = {
        .method = request->method ? sp_str_of(request->method) : SP_STR("GET"),
        .url = sp_str_of(request->url),
        .body = request->body ? sp_str_from(request->body, request->body_length) : (struct sp_str){0},
        .max_response_bytes = request->response_limit ? request->response_limit : RESPONSE_BYTES,
    };
    if (!copy_headers(request, call->data->arena, &fetch))
        return SALLYPORT_ENOMEM;
    worker->references++;
    step_out();
    enum sp_status status = io_http_fetch(worker->client, &fetch, deadline_of(call, request->timeout_ms),
                                          call->data->arena, &response, &err);
    step_in(call);
    sp_plugin_worker_release(worker);
    if (status != SP_OK && status != SP_ECANCELED)
        tell_failure(call, &fetch, &err);
    if (status == SP_OK) {
        struct sp_str type = sp_fetch_header(&response, "Content-Type");
        ret_response->status = (int)response.status;
        ret_response->body = (struct sallyport_text){response.body.ptr, response.body.len};
        ret_response->content_type = (struct sallyport_text){type.ptr, type.len};
    }
    return ended(call, status);
}

/* ---------------------------------------------------------------- completions */

/* Freed by the loop when it has seen that it was completed, and nobody can wait for it any more. It holds the
 * instance and what that shares with others. */
struct sallyport_completion {
    struct sp_plugin *plugin;
    struct sp_plugin_worker *worker;
    struct sp_fiber *waiter;
    bool seen; /* by the loop */
    bool over; /* nobody waits, or will */
    struct sallyport_completion *next_of_call;

    int64_t value; /* from here on under the mutex of the wakes */
    bool done;
    struct sallyport_completion *next;
};

/* Completions that were completed and that the loop has not seen. */
struct sp_plugin_wakes {
    pthread_mutex_t mutex;
    struct sallyport_completion *first;
    struct sp_watch watch;
};

static void end_completion(struct sallyport_completion *completion)
{
    struct sp_plugin *plugin = completion->plugin;
    struct sp_plugin_worker *worker = completion->worker;
    free(completion);
    plugin->completions--;
    sp_plugin_release(plugin);
    sp_plugin_worker_release(worker);
}

static void wake_all(void *arg, uint32_t events)
{
    struct sp_plugin_wakes *wakes = arg;
    uint64_t count;
    ssize_t got = read(wakes->watch.fd, &count, sizeof count);
    (void)got;
    pthread_mutex_lock(&wakes->mutex);
    struct sallyport_completion *completion = wakes->first;
    wakes->first = NULL;
    pthread_mutex_unlock(&wakes->mutex);
    while (completion) { /* the last one that ends may take the wakes with it */
        struct sallyport_completion *next = completion->next;
        completion->seen = true;
        if (completion->over)
            end_completion(completion);
        else if (completion->waiter)
            sp_fiber_wake(completion->waiter);
        completion = next;
    }
}

static struct sp_plugin_wakes *new_wakes(struct sp_loop *loop)
{
    struct sp_plugin_wakes *wakes = calloc(1, sizeof *wakes);
    int fd = wakes ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (fd < 0) {
        free(wakes);
        return NULL;
    }
    wakes->watch = (struct sp_watch){.fd = fd, .events = EPOLLIN, .fn = wake_all, .arg = wakes};
    if (sp_watch_add(loop, &wakes->watch) != SP_OK) {
        close(fd);
        free(wakes);
        return NULL;
    }
    pthread_mutex_init(&wakes->mutex, NULL);
    return wakes;
}

void sp_plugin_wakes_free(struct sp_plugin_wakes *wakes)
{
    if (!wakes)
        return;
    int fd = wakes->watch.fd;
    sp_watch_remove(&wakes->watch);
    close(fd);
    pthread_mutex_destroy(&wakes->mutex);
    free(wakes);
}

struct sallyport_completion *sp_plugin_new_completion(struct sallyport_call *call)
{
    struct sp_plugin *plugin = call->plugin;
    struct sp_plugin_worker *worker = plugin->worker;
    if (!can_wait(call) || plugin->completions >= SP_PLUGIN_COMPLETIONS_MAX)
        return NULL;
    if (!worker->wakes)
        worker->wakes = new_wakes(worker->loop);
    struct sallyport_completion *completion = worker->wakes ? calloc(1, sizeof *completion) : NULL;
    if (!completion)
        return NULL;
    completion->plugin = plugin;
    completion->worker = worker;
    plugin->completions++;
    plugin->references++;
    worker->references++;
    completion->next_of_call = call->completions;
    call->completions = completion;
    return completion;
}

void sp_plugin_complete(struct sallyport_completion *completion, int64_t value)
{
    struct sp_plugin_wakes *wakes = completion->worker->wakes;
    const uint64_t one = 1;
    pthread_mutex_lock(&wakes->mutex);
    completion->value = value;
    completion->done = true;
    completion->next = wakes->first;
    wakes->first = completion;
    /* Within the lock: once it is open, the loop may free both. */
    ssize_t put = write(wakes->watch.fd, &one, sizeof one);
    (void)put; /* it only fails when the counter is not 0, and the loop wakes anyway */
    pthread_mutex_unlock(&wakes->mutex);
}

static bool is_done(struct sallyport_completion *completion, int64_t *ret_value)
{
    struct sp_plugin_wakes *wakes = completion->worker->wakes;
    pthread_mutex_lock(&wakes->mutex);
    bool done = completion->done;
    *ret_value = completion->value;
    pthread_mutex_unlock(&wakes->mutex);
    return done;
}

static void give_up(struct sallyport_completion *completion)
{
    completion->waiter = NULL;
    completion->over = true;
    if (completion->seen)
        end_completion(completion);
}

static bool is_of_call(struct sallyport_call *call, const struct sallyport_completion *completion)
{
    for (struct sallyport_completion **at = &call->completions; *at; at = &(*at)->next_of_call)
        if (*at == completion) {
            *at = completion->next_of_call;
            return true;
        }
    return false;
}

int io_plugin_wait(struct sallyport_call *call, struct sallyport_completion *completion, int64_t timeout_ms,
                   int64_t *ret_value)
{
    int64_t value = 0, deadline = deadline_of(call, timeout_ms);
    enum sp_status status = SP_OK;
    if (!completion || !is_of_call(call, completion))
        return SALLYPORT_EINVAL;
    completion->waiter = sp_fiber_self();
    step_out();
    while (!is_done(completion, &value) && status == SP_OK)
        status = sp_fiber_wait(deadline);
    if (is_done(completion, &value))
        status = SP_OK;
    give_up(completion);
    step_in(call);
    if (status == SP_OK && ret_value)
        *ret_value = value;
    return ended(call, status);
}

void sp_plugin_call_end(struct sallyport_call *call)
{
    while (call->completions) {
        struct sallyport_completion *completion = call->completions;
        call->completions = completion->next_of_call;
        give_up(completion);
    }
}
