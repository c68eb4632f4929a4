/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/listen.h"
#include "io/loop.h"
#include "io/stream.h"

#define MAX_FRAME 100000

/* The wire of these tests: a length of 4 bytes, itself included, then a command and its bytes. */
static enum sp_status frame_length(void *arg, struct sp_str have, size_t *ret_frame_len)
{
    if (have.len < 4)
        return SP_OK;
    uint32_t len = sp_get_u32((const unsigned char *)have.ptr);
    if (len < 5)
        return SP_EPROTO;
    *ret_frame_len = len;
    return SP_OK;
}

static struct sp_str make_frame(char *room, char command, size_t filling)
{
    sp_put_u32((unsigned char *)room, (uint32_t)(5 + filling));
    room[4] = command;
    memset(room + 5, command, filling);
    return sp_str_from(room, 5 + filling);
}

static struct sp_loop *loop;
static struct sp_listener *listener;
static int64_t served;

enum {
    ECHO = 'e',
    DRIBBLE = 'd',
    CLOSE_MIDWAY = 'm',
    CLOSE_AFTER = 'c',
    SILENCE = 's',
    TWICE = 't',
    DROP = 'x'
};

static bool serve_one(struct sp_stream *stream, struct sp_str frame)
{
    struct sp_str echo = sp_str_from(frame.ptr, frame.len);
    switch (frame.ptr[4]) {
    case DRIBBLE:
        for (size_t i = 0; i < echo.len; i++)
            if (io_stream_write(stream, sp_str_slice(echo, i, i + 1), 0) != SP_OK ||
                sp_fiber_sleep(100) != SP_OK)
                return false;
        return true;
    case CLOSE_MIDWAY:
        (void)!io_stream_write(stream, sp_str_slice(echo, 0, echo.len - 1), 0);
        return false;
    case SILENCE:
        return sp_fiber_sleep(60000000) == SP_OK;
    case DROP:
        return false;
    case TWICE:
        return io_stream_write(stream, echo, 0) == SP_OK && io_stream_write(stream, echo, 0) == SP_OK;
    default:
        return io_stream_write(stream, echo, 0) == SP_OK && frame.ptr[4] != CLOSE_AFTER;
    }
}

static void serve(void *arg, struct sp_stream *stream)
{
    struct sp_str frame;
    while (io_stream_read_frame(stream, frame_length, NULL, 20u << 20, 0, &frame) == SP_OK) {
        served++;
        if (!serve_one(stream, frame))
            break;
    }
    sp_stream_give_back(stream, true);
}

static int set_up(void **state)
{
    struct sp_listener_options options = {.address = {.host = "127.0.0.1"}};
    struct sp_error err = SP_ERROR_INIT;
    served = 0;
    assert_int_equal(sp_loop_new(NULL, &loop, &err), SP_OK);
    assert_int_equal(sp_listener_new(loop, &options, serve, NULL, &listener, &err), SP_OK);
    return 0;
}

static int tear_down(void **state)
{
    sp_listener_free(listener);
    sp_loop_free(loop);
    return 0;
}

static struct sp_stream_pool *new_pool(struct sp_stream_pool_options options)
{
    struct sp_stream_pool *pool = NULL;
    struct sp_error err = SP_ERROR_INIT;
    if (!options.address.host && !options.address.unix_path)
        options.address = (struct sp_stream_address){.host = "127.0.0.1", .port = sp_listener_port(listener)};
    assert_int_equal(sp_stream_pool_new(loop, &options, &pool, &err), SP_OK);
    return pool;
}

static struct sp_stream_pool_counts counts_of(const struct sp_stream_pool *pool)
{
    struct sp_stream_pool_counts counts;
    sp_stream_pool_counts(pool, &counts);
    return counts;
}

/* One exchange in a fiber of its own. */
struct exchange {
    struct sp_stream_pool *pool;
    char command;
    size_t filling;
    int64_t time_us; /* for all of it; 0: for ever */
    int64_t hold_us; /* before the stream is given back */
    size_t max_frame;
    struct exchange *cancels; /* right behind giving back */
    struct sp_fiber *fiber;
    enum sp_status borrowed, status;
    bool reused, done;
    int order;
    struct sp_error err;
};

static int exchanges_done;

static enum sp_status io_exchange(struct exchange *x, struct sp_stream *stream, int64_t deadline_us)
{
    char *room = malloc(5 + x->filling);
    assert_non_null(room);
    struct sp_str request = make_frame(room, x->command, x->filling), answer;
    enum sp_status status = io_stream_write(stream, request, deadline_us);
    if (status == SP_OK)
        status = io_stream_read_frame(stream, frame_length, NULL, x->max_frame ? x->max_frame : MAX_FRAME,
                                      deadline_us, &answer);
    if (status == SP_OK)
        assert_true(sp_str_eq(request, answer));
    free(room);
    return status;
}

static void exchange_fiber(void *arg)
{
    struct exchange *x = arg;
    x->fiber = sp_fiber_self();
    struct sp_stream *stream = NULL;
    int64_t deadline = x->time_us ? sp_clock_monotonic_us() + x->time_us : 0;
    x->borrowed = x->status = io_stream_borrow(x->pool, deadline, &stream, &x->reused, &x->err);
    if (x->status == SP_OK) {
        x->order = ++exchanges_done;
        x->status = io_exchange(x, stream, deadline);
        if (x->status == SP_OK && x->hold_us)
            x->status = sp_fiber_sleep(x->hold_us);
        sp_stream_give_back(stream, x->status == SP_OK);
        if (x->cancels)
            sp_fiber_cancel(x->cancels->fiber);
    }
    x->done = true;
    x->fiber = NULL;
}

static void begin(struct exchange *x)
{
    x->done = false;
    sp_error_clear(&x->err);
    assert_int_equal(sp_fiber_start(loop, exchange_fiber, x, NULL), SP_OK);
}

static void finish(struct exchange *x)
{
    int64_t limit = sp_clock_monotonic_us() + 10000000;
    while (!x->done) {
        sp_loop_run_once(loop, 1000);
        assert_true(sp_clock_monotonic_us() < limit);
    }
}

static void run(struct exchange *x)
{
    begin(x);
    finish(x);
}

static void turns(int milliseconds)
{
    int64_t limit = sp_clock_monotonic_us() + milliseconds * 1000;
    while (sp_clock_monotonic_us() < limit)
        sp_loop_run_once(loop, 1);
}

/* A slow machine takes longer, and is not wrong. */
#define TURN_UNTIL(condition)                                                       \
    for (int64_t until_limit = sp_clock_monotonic_us() + 10000000; !(condition);) { \
        assert_true(sp_clock_monotonic_us() < until_limit);                         \
        sp_loop_run_once(loop, 1);                                                  \
    }

static void a_connection_is_used_again(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = ECHO, .filling = 8};
    for (int i = 0; i < 5; i++) {
        run(&x);
        assert_int_equal(x.status, SP_OK);
        assert_int_equal(x.reused, i > 0);
    }
    struct sp_stream_pool_counts c = counts_of(pool);
    assert_int_equal(c.open, 1);
    assert_int_equal(c.idle, 1);
    assert_int_equal(c.connects, 1);
    assert_int_equal(c.reuses, 4);
    assert_int_equal(served, 5);
    sp_stream_pool_free(pool);
}

static void a_host_name_is_resolved(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){
        .address = {.host = "localhost", .port = sp_listener_port(listener)}});
    struct exchange x[3] = {0};
    for (int i = 0; i < 3; i++) {
        x[i] = (struct exchange){.pool = pool, .command = ECHO};
        begin(&x[i]);
    }
    for (int i = 0; i < 3; i++) {
        finish(&x[i]);
        assert_int_equal(x[i].status, SP_OK);
    }
    sp_stream_pool_free(pool);
}

static void a_name_that_cannot_be_resolved_is_told(void **state)
{
    char longer[300];
    memset(longer, 'a', sizeof longer);
    longer[254] = 0;
    struct sp_stream_pool *pool =
        new_pool((struct sp_stream_pool_options){.address = {.host = longer, .port = 1}});
    struct exchange x = {.pool = pool, .command = ECHO};
    run(&x);
    assert_int_equal(x.status, SP_EINVAL);
    sp_stream_pool_free(pool);
    pool = new_pool((struct sp_stream_pool_options){.address = {.host = "no such.invalid", .port = 1}});
    x = (struct exchange){.pool = pool, .command = ECHO};
    for (int i = 0; i < 2; i++) {
        run(&x);
        assert_int_equal(x.status, SP_EUNAVAIL);
        assert_non_null(strstr(x.err.text, "no such.invalid"));
    }
    assert_int_equal(counts_of(pool).failures, 2);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
}

static void an_answer_that_comes_byte_by_byte_is_put_together(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = DRIBBLE, .filling = 40};
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_int_equal(counts_of(pool).idle, 1);
    sp_stream_pool_free(pool);
}

static void frames_up_to_the_limit_and_not_beyond(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = ECHO, .filling = MAX_FRAME - 5};
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_int_equal(counts_of(pool).idle, 1);
    x.filling++;
    run(&x);
    assert_int_equal(x.status, SP_ELIMIT);
    assert_int_equal(counts_of(pool).open, 0);
    /* Larger than all buffers of the sockets, so that writing has to wait too. */
    x.filling = 16u << 20;
    x.max_frame = 17u << 20;
    run(&x);
    assert_int_equal(x.status, SP_OK);
    sp_stream_pool_free(pool);
}

static void a_peer_that_closes_in_the_middle_of_a_frame_is_noticed(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = CLOSE_MIDWAY, .filling = 100};
    run(&x);
    assert_int_equal(x.status, SP_ECLOSED);
    x.command = DROP;
    run(&x);
    assert_int_equal(x.status, SP_ECLOSED);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
}

static void a_connection_closed_after_the_answer_is_not_used_again(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = CLOSE_AFTER};
    for (int i = 0; i < 3; i++) {
        run(&x);
        assert_int_equal(x.status, SP_OK);
        assert_false(x.reused);
        if (i == 1) /* the idle watch closes it, without a borrower */
            TURN_UNTIL(counts_of(pool).open == 0);
    }
    assert_int_equal(counts_of(pool).connects, 3);
    sp_stream_pool_free(pool);
}

static void what_comes_unasked_closes_an_idle_connection(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = TWICE, .filling = 10};
    run(&x);
    assert_int_equal(x.status, SP_OK);
    TURN_UNTIL(counts_of(pool).open == 0);
    x.command = ECHO;
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_false(x.reused);
    sp_stream_pool_free(pool);
}

static void an_idle_connection_is_closed_after_its_time(void **state)
{
    enum { TIME_US = 30000 };
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.idle_timeout_us = TIME_US});
    struct exchange x[2] = {{.pool = pool, .command = ECHO}, {.pool = pool, .command = ECHO}};
    int64_t first = sp_clock_monotonic_us();
    begin(&x[0]);
    begin(&x[1]);
    finish(&x[0]);
    finish(&x[1]);
    turns(10);
    int64_t second = sp_clock_monotonic_us();
    run(&x[0]); /* keeps one of them fresh */
    assert_int_equal(x[0].status, SP_OK);
    TURN_UNTIL(counts_of(pool).open < 2);
    assert_true(sp_clock_monotonic_us() - first >= TIME_US);
    TURN_UNTIL(counts_of(pool).open == 0);
    assert_true(sp_clock_monotonic_us() - second >= TIME_US);
    sp_stream_pool_free(pool);
}

static void a_silent_peer_is_given_up_at_the_deadline(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = SILENCE, .time_us = 10000};
    int64_t before = sp_clock_monotonic_us();
    run(&x);
    assert_int_equal(x.status, SP_ETIMEDOUT);
    assert_true(sp_clock_monotonic_us() - before >= 10000);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
}

static void a_write_that_nobody_reads_is_given_up_at_the_deadline(void **state)
{
    /* A socket that is listened on by nobody's code: the kernel takes what fits, and no more. */
    int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    assert_int_equal(bind(deaf, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(deaf, 1), 0);
    assert_int_equal(getsockname(deaf, (struct sockaddr *)&in, &len), 0);
    struct sp_stream_pool *deaf_pool = new_pool(
        (struct sp_stream_pool_options){.address = {.host = "127.0.0.1", .port = ntohs(in.sin_port)}});
    struct exchange x = {.pool = deaf_pool, .command = ECHO, .filling = 16u << 20, .time_us = 20000};
    run(&x);
    assert_int_equal(x.status, SP_ETIMEDOUT);
    close(deaf);
    sp_stream_pool_free(deaf_pool);
}

static void a_refused_connection_names_the_address(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%u", sp_listener_port(listener));
    sp_listener_stop(listener);
    struct exchange x = {.pool = pool, .command = ECHO};
    run(&x);
    assert_int_equal(x.status, SP_EUNAVAIL);
    assert_non_null(strstr(x.err.text, address));
    assert_non_null(strstr(x.err.text, "refused"));
    assert_int_equal(counts_of(pool).failures, 1);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
}

/* A listener whose queue is full does not answer further connections. */
static void connecting_is_given_up_after_its_time(void **state)
{
    int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fill[2];
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    assert_int_equal(bind(deaf, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(deaf, 0), 0);
    assert_int_equal(getsockname(deaf, (struct sockaddr *)&in, &len), 0);
    for (int i = 0; i < 2; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(fill[i], (struct sockaddr *)&in, len);
    }
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){
        .address = {.host = "127.0.0.1", .port = ntohs(in.sin_port)}, .connect_timeout_us = 15000});
    struct exchange x = {.pool = pool, .command = ECHO, .time_us = 5000000};
    int64_t before = sp_clock_monotonic_us();
    run(&x);
    assert_int_equal(x.borrowed, SP_ETIMEDOUT);
    assert_true(sp_clock_monotonic_us() - before < 1000000);
    assert_non_null(strstr(x.err.text, "no answer in time"));
    x.time_us = 5000; /* the borrower's own deadline is nearer */
    before = sp_clock_monotonic_us();
    run(&x);
    assert_int_equal(x.borrowed, SP_ETIMEDOUT);
    assert_true(sp_clock_monotonic_us() - before >= 5000);
    x.time_us = 0; /* canceled while connecting */
    begin(&x);
    sp_fiber_cancel(x.fiber);
    finish(&x);
    assert_int_equal(x.borrowed, SP_ECANCELED);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
    for (int i = 0; i < 2; i++)
        close(fill[i]);
    close(deaf);
}

static void borrowers_beyond_the_limit_wait_in_order(void **state)
{
    enum { N = 8 };
    struct sp_stream_pool *pool =
        new_pool((struct sp_stream_pool_options){.max_streams = 2, .max_waiting = 5});
    struct exchange x[N] = {0};
    exchanges_done = 0;
    for (int i = 0; i < N; i++) {
        x[i] = (struct exchange){.pool = pool, .command = ECHO, .hold_us = 1000};
        begin(&x[i]);
    }
    assert_int_equal(counts_of(pool).open, 2);
    assert_int_equal(counts_of(pool).waiting, 5);
    assert_true(x[7].done); /* 2 have one, 5 wait, the eighth is refused */
    assert_int_equal(x[7].borrowed, SP_ELIMIT);
    assert_non_null(strstr(x[7].err.text, "5 requests wait"));
    for (int i = 0; i < 7; i++) {
        finish(&x[i]);
        assert_int_equal(x[i].status, SP_OK);
        if (i >= 2)
            assert_int_equal(x[i].order, i + 1);
    }
    struct sp_stream_pool_counts c = counts_of(pool);
    assert_int_equal(c.open, 2);
    assert_int_equal(c.connects, 2);
    assert_int_equal(c.reuses, 5);
    assert_int_equal(c.waiting, 0);
    sp_stream_pool_free(pool);
}

static void a_waiting_borrower_takes_the_place_of_a_connection_that_failed(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.max_streams = 1});
    struct exchange bad = {.pool = pool, .command = DROP}, after = {.pool = pool, .command = CLOSE_AFTER},
                    last = {.pool = pool, .command = ECHO};
    begin(&bad);
    begin(&after);
    begin(&last);
    finish(&last);
    assert_int_equal(bad.status, SP_ECLOSED);
    assert_int_equal(after.status, SP_OK);
    assert_int_equal(last.status, SP_OK);
    assert_int_equal(counts_of(pool).open, 1);
    sp_stream_pool_free(pool);
}

static void waiting_ends_at_the_deadline_and_by_cancel(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.max_streams = 1});
    struct exchange holder = {.pool = pool, .command = SILENCE}, late = {.pool = pool, .time_us = 5000},
                    gone = {.pool = pool};
    begin(&holder);
    begin(&late);
    begin(&gone);
    finish(&late);
    assert_int_equal(late.borrowed, SP_ETIMEDOUT);
    assert_false(gone.done);
    sp_fiber_cancel(gone.fiber);
    finish(&gone);
    assert_int_equal(gone.borrowed, SP_ECANCELED);
    assert_int_equal(counts_of(pool).waiting, 0);
    sp_fiber_cancel(holder.fiber);
    finish(&holder);
    assert_int_equal(holder.status, SP_ECANCELED);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
}

/* The stream comes back and the one who waits for it is canceled in the same turn: the next gets it. */
static void a_handed_over_stream_is_not_lost_by_a_cancel(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.max_streams = 1});
    struct exchange gone = {.pool = pool, .command = ECHO}, next = gone, first = gone;
    first.cancels = &gone;
    begin(&first);
    begin(&gone);
    begin(&next);
    finish(&first);
    assert_int_equal(first.status, SP_OK);
    finish(&gone);
    finish(&next);
    assert_int_equal(gone.borrowed, SP_ECANCELED);
    assert_int_equal(next.status, SP_OK);
    assert_true(next.reused);
    assert_int_equal(counts_of(pool).idle, 1);

    /* The same when the connection ends, and with it comes only the right to make another. */
    first = (struct exchange){.pool = pool, .command = DROP, .cancels = &gone};
    begin(&first);
    begin(&gone);
    begin(&next);
    finish(&next);
    assert_int_equal(first.status, SP_ECLOSED);
    assert_int_equal(gone.borrowed, SP_ECANCELED);
    assert_int_equal(next.status, SP_OK);
    assert_false(next.reused);
    assert_int_equal(counts_of(pool).open, 1);
    sp_stream_pool_free(pool);
}

static void canceled_exchanges_close_their_connection(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = ECHO};
    run(&x);
    x.command = SILENCE;
    begin(&x);
    while (served < 2)
        sp_loop_run_once(loop, 100);
    assert_int_equal(counts_of(pool).open, 1);
    sp_fiber_cancel(x.fiber);
    finish(&x);
    assert_int_equal(x.status, SP_ECANCELED);
    assert_int_equal(counts_of(pool).open, 0);
    x.command = ECHO;
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_false(x.reused);
    sp_stream_pool_free(pool);
}

static void canceled_while_the_name_is_being_resolved(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){
        .address = {.host = "localhost", .port = sp_listener_port(listener)}});
    struct exchange gone = {.pool = pool, .command = ECHO}, other = gone;
    begin(&gone);
    begin(&other);
    assert_false(gone.done || other.done);
    sp_fiber_cancel(gone.fiber);
    finish(&gone);
    assert_int_equal(gone.borrowed, SP_ECANCELED);
    assert_non_null(strstr(gone.err.text, "localhost"));
    finish(&other); /* the answer still comes to the one who asked too */
    assert_int_equal(other.status, SP_OK);
    sp_stream_pool_free(pool);
}

static void canceled_while_writing(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){0});
    struct exchange x = {.pool = pool, .command = ECHO, .filling = 64u << 20};
    begin(&x); /* more than the server takes for a frame: it closes, or is canceled before */
    TURN_UNTIL(x.order);
    assert_false(x.done);
    sp_fiber_cancel(x.fiber);
    finish(&x);
    assert_int_equal(x.status, SP_ECANCELED);
    assert_int_equal(counts_of(pool).open, 0);
    sp_stream_pool_free(pool);
}

static void a_pool_freed_in_use_goes_with_its_last_borrower(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.max_streams = 1});
    struct exchange user = {.pool = pool, .command = ECHO, .hold_us = 5000}, waiting = user;
    begin(&user);
    begin(&waiting);
    TURN_UNTIL(user.order);
    sp_stream_pool_free(pool);
    finish(&waiting);
    finish(&user);
    assert_int_equal(user.status, SP_OK);
    assert_int_equal(waiting.borrowed, SP_EUNAVAIL);
    sp_stream_pool_free(NULL);
    sp_stream_give_back(NULL, true);
}

static void freeing_the_loop_ends_exchanges(void **state)
{
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.max_streams = 2});
    struct exchange x[3] = {{.pool = pool, .command = SILENCE},
                            {.pool = pool, .command = SILENCE},
                            {.pool = pool, .command = ECHO}};
    for (int i = 0; i < 3; i++)
        begin(&x[i]);
    TURN_UNTIL(served == 2);
    sp_stream_pool_free(pool);
    sp_listener_free(listener);
    sp_loop_free(loop);
    loop = NULL;
    listener = NULL;
    assert_int_equal(x[0].status, SP_ECANCELED);
    assert_int_equal(x[1].status, SP_ECANCELED);
    assert_true(x[2].done);
}

static void a_thousand_exchanges_share_ten_connections(void **state)
{
    enum { N = 1000 };
    struct sp_stream_pool *pool = new_pool((struct sp_stream_pool_options){.max_streams = 10});
    static struct exchange x[N];
    for (int i = 0; i < N; i++) {
        x[i] = (struct exchange){.pool = pool, .command = ECHO, .filling = (size_t)(i % 700)};
        begin(&x[i]);
    }
    for (int i = 0; i < N; i++) {
        finish(&x[i]);
        assert_int_equal(x[i].status, SP_OK);
    }
    assert_int_equal(counts_of(pool).connects, 10);
    assert_int_equal(counts_of(pool).reuses, N - 10);
    sp_stream_pool_free(pool);
}

static void an_address_that_cannot_be_one_is_refused(void **state)
{
    struct sp_stream_pool *pool = NULL;
    struct sp_error err = SP_ERROR_INIT;
    char path[120];
    memset(path, 'p', sizeof path);
    path[108] = 0;
    const struct sp_stream_pool_options bad[] = {
        {.address = {.port = 80}},
        {.address = {.host = "", .port = 80}},
        {.address = {.host = "h", .port = 0}},
        {.address = {.host = "h", .port = 65536}},
        {.address = {.unix_path = ""}},
        {.address = {.unix_path = path}},
        {.address = {.host = "h", .port = 80}, .idle_timeout_us = -1},
        {.address = {.unix_path = "/x"}, .ssl_ctx = path},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_error_clear(&err);
        assert_int_equal(sp_stream_pool_new(loop, &bad[i], &pool, &err), SP_EINVAL);
        assert_true(err.text[0] != 0);
    }
    path[107] = 0;
    struct sp_stream_pool_options good = {.address = {.unix_path = path}};
    assert_int_equal(sp_stream_pool_new(loop, &good, &pool, &err), SP_OK);
    sp_stream_pool_free(pool);
}

#define IO_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(a_connection_is_used_again),
        IO_TEST(a_host_name_is_resolved),
        IO_TEST(a_name_that_cannot_be_resolved_is_told),
        IO_TEST(an_answer_that_comes_byte_by_byte_is_put_together),
        IO_TEST(frames_up_to_the_limit_and_not_beyond),
        IO_TEST(a_peer_that_closes_in_the_middle_of_a_frame_is_noticed),
        IO_TEST(a_connection_closed_after_the_answer_is_not_used_again),
        IO_TEST(what_comes_unasked_closes_an_idle_connection),
        IO_TEST(an_idle_connection_is_closed_after_its_time),
        IO_TEST(a_silent_peer_is_given_up_at_the_deadline),
        IO_TEST(a_write_that_nobody_reads_is_given_up_at_the_deadline),
        IO_TEST(a_refused_connection_names_the_address),
        IO_TEST(connecting_is_given_up_after_its_time),
        IO_TEST(borrowers_beyond_the_limit_wait_in_order),
        IO_TEST(a_waiting_borrower_takes_the_place_of_a_connection_that_failed),
        IO_TEST(waiting_ends_at_the_deadline_and_by_cancel),
        IO_TEST(a_handed_over_stream_is_not_lost_by_a_cancel),
        IO_TEST(canceled_exchanges_close_their_connection),
        IO_TEST(canceled_while_the_name_is_being_resolved),
        IO_TEST(canceled_while_writing),
        IO_TEST(a_pool_freed_in_use_goes_with_its_last_borrower),
        IO_TEST(freeing_the_loop_ends_exchanges),
        IO_TEST(a_thousand_exchanges_share_ten_connections),
        IO_TEST(an_address_that_cannot_be_one_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
