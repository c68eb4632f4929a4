/* SPDX-License-Identifier: Apache-2.0
 * bench_module: the limits that the gateway is measured against, in the gateway's place in the nginx module.
 *
 *   sallyport_server memory;          answers from memory
 *   sallyport_server echo HOST PORT;  answers after one exchange with an echo server (bench_echo.c), in a
 *                                     fiber, over a pooled connection: what no gateway with one exchange can
 *                                     be faster than
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/app.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/stream.h"

#define FRAME_HEAD 4u
#define FRAME_MAX 65536u

/* 196 bytes, about what a small inquiry answers. */
static const char answer[] =
    "{\"inquiryResponse\":{\"accountNumber\":\"00012345\",\"customerName\":\"PETER "
    "HARRISON\",\"accountType\":"
    "\"CURRENT\",\"currency\":\"GBP\",\"balance\":1234.56,\"overdraftLimit\":500,\"lastUsed\":\"2026-01-31\","
    "\"rc\":0}}";

struct bench {
    struct sp_stream_pool_options pool_options;
    char host[256];
    struct sp_stream_pool *pool; /* NULL: answers from memory */
};

struct job {
    struct bench *bench;
    struct sp_exchange *exchange;
    struct sp_fiber *fiber;
    struct job *next; /* while it is free */
};
static struct job *free_jobs;
static struct sp_loop *bench_loop; /* of this worker */

static void reply(struct sp_exchange *exchange, unsigned status)
{
    static const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")}};
    const struct sp_http_reply ok = {
        .status = status, .headers = headers, .header_count = 1, .body = SP_STR_INIT(answer)};
    exchange->reply(exchange, &ok);
}

static enum sp_status frame_length(void *arg, struct sp_str have, size_t *ret_frame_len)
{
    *ret_frame_len = 0;
    if (have.len < FRAME_HEAD)
        return SP_OK;
    *ret_frame_len = sp_get_u32((const unsigned char *)have.ptr);
    return *ret_frame_len < FRAME_HEAD ? SP_EPROTO : SP_OK;
}

static enum sp_status exchange_frames(struct bench *bench)
{
    static const char request[] = "\0\0\0\x14"
                                  "CSCVINC 00012345";
    struct sp_stream *stream = NULL;
    struct sp_str frame;
    enum sp_status status = io_stream_borrow(bench->pool, 0, &stream, NULL, NULL);
    if (status != SP_OK)
        return status;
    status = io_stream_write(stream, sp_str_from(request, sizeof request - 1), 0);
    if (status == SP_OK)
        status = io_stream_read_frame(stream, frame_length, NULL, FRAME_MAX, 0, &frame);
    sp_stream_give_back(stream, status == SP_OK);
    return status;
}

static void work(void *arg)
{
    struct job *job = arg;
    job->fiber = sp_fiber_self();
    enum sp_status status = exchange_frames(job->bench);
    if (status != SP_ECANCELED)
        reply(job->exchange, status == SP_OK ? 200 : 502);
    job->next = free_jobs;
    free_jobs = job;
}

static void start_request(void *handler, struct sp_exchange *exchange)
{
    struct bench *bench = handler;
    if (!bench->pool) {
        reply(exchange, 200);
        return;
    }
    struct job *job = free_jobs ? free_jobs : malloc(sizeof *job);
    if (!job)
        abort();
    if (job == free_jobs)
        free_jobs = job->next;
    *job = (struct job){.bench = bench, .exchange = exchange};
    exchange->handler_state = job;
    if (sp_fiber_start(bench_loop, work, job, NULL) != SP_OK)
        reply(exchange, 503);
}

static void cancel_request(void *handler, struct sp_exchange *exchange)
{
    struct job *job = exchange->handler_state;
    sp_fiber_cancel(job->fiber);
}

static enum sp_status load(const struct sp_str *args, size_t arg_count, void **ret_state,
                           struct sp_error *err)
{
    uint64_t port = 0;
    bool echo = arg_count == 3 && sp_str_is(args[0], "echo") && sp_str_to_u64(args[2], &port) == SP_OK;
    if (!echo && !(arg_count == 1 && sp_str_is(args[0], "memory")))
        return sp_error_set(err, SP_EINVAL, NULL, "sallyport_server takes: memory, or: echo HOST PORT");
    struct bench *bench = calloc(1, sizeof *bench);
    if (!bench)
        return SP_ENOMEM;
    if (echo) {
        snprintf(bench->host, sizeof bench->host, "%.*s", SP_STR_ARG(args[1]));
        bench->pool_options.address.host = bench->host;
        bench->pool_options.address.port = (unsigned)port;
        bench->pool_options.max_streams = 32;
    }
    *ret_state = bench;
    return SP_OK;
}

static size_t shared_bytes(void *state, unsigned workers)
{
    return 0;
}

static enum sp_status start(void *state, const struct sp_worker *worker, struct sp_handler *ret_handler,
                            struct sp_error *err)
{
    struct bench *bench = state;
    bench_loop = worker->loop;
    *ret_handler = (struct sp_handler){.start = start_request, .cancel = cancel_request, .handler = bench};
    if (!bench->pool_options.address.host)
        return SP_OK;
    return sp_stream_pool_new(worker->loop, &bench->pool_options, &bench->pool, err);
}

static void stop(void *state)
{
    struct bench *bench = state;
    sp_stream_pool_free(bench->pool);
    bench->pool = NULL;
}

const struct sp_engine_app sp_engine_app = {
    .load = load,
    .unload = free,
    .shared_bytes = shared_bytes,
    .start = start,
    .stop = stop,
};
