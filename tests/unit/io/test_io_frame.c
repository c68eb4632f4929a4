/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/stream.h"

/* The peer is a plain socket of the test, so that it decides which bytes come together. */
/* A slow machine takes longer, and is not wrong. */
#define TURN_UNTIL(condition)                                                       \
    for (int64_t until_limit = sp_clock_monotonic_us() + 10000000; !(condition);) { \
        assert_true(sp_clock_monotonic_us() < until_limit);                         \
        sp_loop_run_once(loop, 1);                                                  \
    }

static struct sp_loop *loop;
static int server;
static unsigned port;

static int set_up(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(server, 5), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&in, &len), 0);
    port = ntohs(in.sin_port);
    return sp_loop_new(NULL, &loop, NULL) != SP_OK;
}

static int tear_down(void **state)
{
    sp_loop_free(loop);
    return close(server);
}

static struct sp_stream_pool *new_pool(void)
{
    struct sp_stream_pool_options options = {.address = {.host = "127.0.0.1", .port = port}};
    struct sp_stream_pool *pool = NULL;
    assert_int_equal(sp_stream_pool_new(loop, &options, &pool, NULL), SP_OK);
    return pool;
}

static unsigned open_of(const struct sp_stream_pool *pool)
{
    struct sp_stream_pool_counts counts;
    sp_stream_pool_counts(pool, &counts);
    return counts.open;
}

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

struct pair {
    struct sp_stream_pool *pool;
    int frames;
    enum sp_status status;
};

static void read_three(void *arg)
{
    struct pair *pair = arg;
    struct sp_stream *stream = NULL;
    struct sp_str frame;
    pair->status = io_stream_borrow(pair->pool, 0, &stream, NULL, NULL);
    while (pair->status == SP_OK && pair->frames < 3) {
        pair->status = io_stream_read_frame(stream, frame_length, NULL, 10, 0, &frame);
        if (pair->status == SP_OK)
            assert_int_equal(frame.ptr[4], 'a' + pair->frames++);
    }
    sp_stream_give_back(stream, true);
}

/* Two frames in one packet, and one in two. */
static void what_came_behind_a_frame_belongs_to_the_next(void **state)
{
    struct pair pair = {.pool = new_pool()};
    assert_int_equal(sp_fiber_start(loop, read_three, &pair, NULL), SP_OK);
    int fd = accept(server, NULL, NULL);
    assert_int_equal(write(fd, "\0\0\0\5a\0\0\0\6bb\0\0", 13), 13);
    TURN_UNTIL(pair.frames == 2);
    assert_int_equal(write(fd, "\0\6c", 3), 3);
    for (int i = 0; i < 3; i++)
        sp_loop_run_once(loop, 1);
    assert_int_equal(pair.frames, 2);
    /* The last byte of the third, and one too many: the connection cannot be kept. */
    assert_int_equal(write(fd, "c!", 2), 2);
    TURN_UNTIL(pair.frames == 3);
    assert_int_equal(open_of(pair.pool), 0);
    char byte;
    assert_true(read(fd, &byte, 1) <= 0);
    close(fd);
    sp_stream_pool_free(pair.pool);
}

static void a_frame_that_breaks_the_protocol_ends_the_exchange(void **state)
{
    struct pair pair = {.pool = new_pool()};
    assert_int_equal(sp_fiber_start(loop, read_three, &pair, NULL), SP_OK);
    int fd = accept(server, NULL, NULL);
    assert_int_equal(write(fd, "\0\0\0\5a\0\0\0\4", 9), 9);
    TURN_UNTIL(pair.status != SP_OK);
    assert_int_equal(pair.frames, 1);
    assert_int_equal(pair.status, SP_EPROTO);
    assert_int_equal(open_of(pair.pool), 0);
    close(fd);
    sp_stream_pool_free(pair.pool);
}

/* Data and the end of the stream in one event: the data must not hide the end. */
static void an_end_that_comes_with_the_data_is_seen(void **state)
{
    struct pair pair = {.pool = new_pool()};
    assert_int_equal(sp_fiber_start(loop, read_three, &pair, NULL), SP_OK);
    int fd = accept(server, NULL, NULL);
    assert_int_equal(write(fd, "\0\0\0\5a\0\0\0\5b\0\0", 12), 12);
    close(fd);
    TURN_UNTIL(pair.status != SP_OK);
    assert_int_equal(pair.frames, 2);
    assert_int_equal(pair.status, SP_ECLOSED);
    sp_stream_pool_free(pair.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_came_behind_a_frame_belongs_to_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_that_breaks_the_protocol_ends_the_exchange, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_end_that_comes_with_the_data_is_seen, set_up, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
