/* SPDX-License-Identifier: Apache-2.0
 * bench_stream: exchanges with an echo server of this room in a second process, by one fiber and by many.
 * What is told is the client's own CPU time, and how many exchanges there were in a second of the clock.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/listen.h"
#include "io/loop.h"
#include "io/offload.h"

#define EXCHANGES 200000
#define STREAMS 32

static enum sp_status frame_length(void *arg, struct sp_str have, size_t *ret_frame_len)
{
    if (have.len >= 4)
        *ret_frame_len = sp_get_u32((const unsigned char *)have.ptr);
    return SP_OK;
}

static void echo(void *arg, struct sp_stream *stream)
{
    struct sp_str frame;
    while (io_stream_read_frame(stream, frame_length, NULL, 65536, 0, &frame) == SP_OK)
        if (io_stream_write(stream, frame, 0) != SP_OK)
            break;
    sp_stream_give_back(stream, true);
}

/* In the child; the port goes through the pipe. */
static int run_server(int port_out)
{
    struct sp_loop *loop = NULL;
    struct sp_listener *listener = NULL;
    struct sp_listener_options options = {.address = {.host = "127.0.0.1"}};
    if (sp_loop_new(NULL, &loop, NULL) != SP_OK ||
        sp_listener_new(loop, &options, echo, NULL, &listener, NULL) != SP_OK)
        return 1;
    unsigned port = sp_listener_port(listener);
    if (write(port_out, &port, sizeof port) != (ssize_t)sizeof port)
        return 1;
    for (;;)
        sp_loop_run_once(loop, -1);
}

struct load {
    struct sp_stream_pool *pool;
    struct sp_str request;
    long left;
    long failures;
};

static void exchange_often(void *arg)
{
    struct load *load = arg;
    while (load->left-- > 0) {
        struct sp_stream *stream = NULL;
        struct sp_str answer;
        int64_t deadline = sp_clock_monotonic_us() + 5000000;
        enum sp_status status = io_stream_borrow(load->pool, deadline, &stream, NULL, NULL);
        if (status == SP_OK)
            status = io_stream_write(stream, load->request, deadline);
        if (status == SP_OK)
            status = io_stream_read_frame(stream, frame_length, NULL, 65536, deadline, &answer);
        if (status != SP_OK || answer.len != load->request.len)
            load->failures++;
        sp_stream_give_back(stream, status == SP_OK);
    }
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void measure(struct sp_loop *loop, struct load *load, int fibers, size_t bytes)
{
    static char room[65536];
    sp_put_u32((unsigned char *)room, (uint32_t)bytes);
    load->request = sp_str_from(room, bytes);
    load->left = EXCHANGES;
    load->failures = 0;
    double cpu = cpu_us();
    int64_t from = sp_clock_monotonic_us();
    for (int i = 0; i < fibers; i++)
        if (sp_fiber_start(loop, exchange_often, load, NULL) != SP_OK)
            return;
    sp_loop_run_all(loop);
    double seconds = (double)(sp_clock_monotonic_us() - from) / 1e6;
    printf("%3d fibers, %5zu bytes: %8.0f exchanges/s, %5.2f us CPU each, %ld failed\n", fibers, bytes,
           EXCHANGES / seconds, (cpu_us() - cpu) / EXCHANGES, load->failures);
}

static enum sp_status nothing(void *arg)
{
    return SP_OK;
}

static void offload_often(void *arg)
{
    long *left = arg;
    while ((*left)-- > 0)
        if (io_offload(nothing, NULL, NULL, 0) != SP_OK)
            return;
}

static void measure_offload(struct sp_loop *loop, int fibers)
{
    long left = EXCHANGES;
    int64_t from = sp_clock_monotonic_us();
    for (int i = 0; i < fibers; i++)
        if (sp_fiber_start(loop, offload_often, &left, NULL) != SP_OK)
            return;
    sp_loop_run_all(loop);
    printf("%3d fibers: %8.2f us for an empty off-loaded job\n", fibers,
           (double)(sp_clock_monotonic_us() - from) / EXCHANGES);
}

int main(void)
{
    int port_pipe[2];
    if (pipe(port_pipe) != 0)
        return 1;
    pid_t server = fork();
    if (server == 0)
        _exit(run_server(port_pipe[1]));
    unsigned port = 0;
    struct sp_loop *loop = NULL;
    struct load load = {0};
    int result = 1;
    if (server > 0 && read(port_pipe[0], &port, sizeof port) == (ssize_t)sizeof port &&
        sp_loop_new(NULL, &loop, NULL) == SP_OK) {
        struct sp_stream_pool_options options = {.address = {.host = "127.0.0.1", .port = port},
                                                 .max_streams = STREAMS};
        if (sp_stream_pool_new(loop, &options, &load.pool, NULL) == SP_OK) {
            measure(loop, &load, 1, 100);
            measure(loop, &load, STREAMS, 100);
            measure(loop, &load, 128, 100);
            measure(loop, &load, STREAMS, 16384);
            measure_offload(loop, 1);
            measure_offload(loop, STREAMS);
            result = 0;
        }
        sp_stream_pool_free(load.pool);
        sp_loop_free(loop);
    }
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    return result;
}
