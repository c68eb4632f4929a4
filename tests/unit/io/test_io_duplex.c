/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/fiber.h"
#include "io/loop.h"
#include "io/stream.h"

/* More than the kernel keeps for a socket, so that writing has to wait. */
#define BULK (4u << 20)

struct side {
    struct sp_stream *stream;
    size_t read, written;
    enum sp_status status;
};

static enum sp_status sixteen(void *arg, struct sp_str have, size_t *ret_frame_len)
{
    *ret_frame_len = 16384;
    return SP_OK;
}

static void read_all(void *arg)
{
    struct side *side = arg;
    struct sp_str frame;
    while (side->read < BULK && side->status == SP_OK) {
        side->status = io_stream_read_frame(side->stream, sixteen, NULL, 16384, 0, &frame);
        if (side->status == SP_OK)
            side->read += frame.len;
    }
}

static void write_all(void *arg)
{
    static char block[65536];
    struct side *side = arg;
    while (side->written < BULK && side->status == SP_OK) {
        side->status = io_stream_write(side->stream, sp_str_from(block, sizeof block), 0);
        side->written += sizeof block;
    }
}

static void one_fiber_reads_a_stream_while_another_writes_to_it(void **state)
{
    int fds[2];
    struct sp_loop *loop;
    struct side a = {0}, b = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(sp_loop_new(NULL, &loop, NULL), SP_OK);
    assert_int_equal(sp_stream_adopt(loop, fds[0], "a", &a.stream), SP_OK);
    assert_int_equal(sp_stream_adopt(loop, fds[1], "b", &b.stream), SP_OK);
    assert_string_equal(sp_stream_peer(b.stream), "b");
    /* Both ends write before either reads: whoever cannot do both at once hangs. */
    assert_int_equal(sp_fiber_start(loop, write_all, &a, NULL), SP_OK);
    assert_int_equal(sp_fiber_start(loop, write_all, &b, NULL), SP_OK);
    assert_int_equal(sp_fiber_start(loop, read_all, &a, NULL), SP_OK);
    assert_int_equal(sp_fiber_start(loop, read_all, &b, NULL), SP_OK);
    sp_loop_run_all(loop);
    assert_int_equal(a.status, SP_OK);
    assert_int_equal(b.status, SP_OK);
    assert_int_equal(a.read, BULK);
    assert_int_equal(b.read, BULK);
    sp_stream_give_back(a.stream, true);
    sp_stream_give_back(b.stream, true);
    sp_loop_free(loop);
}

static void an_adopted_stream_tells_that_its_peer_is_gone(void **state)
{
    int fds[2];
    struct sp_loop *loop;
    struct side a = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(sp_loop_new(NULL, &loop, NULL), SP_OK);
    assert_int_equal(sp_stream_adopt(loop, fds[0], "a", &a.stream), SP_OK);
    assert_int_equal(sp_fiber_start(loop, read_all, &a, NULL), SP_OK);
    close(fds[1]);
    sp_loop_run_all(loop);
    assert_int_equal(a.status, SP_ECLOSED);
    sp_stream_give_back(a.stream, false);
    sp_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fiber_reads_a_stream_while_another_writes_to_it),
        cmocka_unit_test(an_adopted_stream_tells_that_its_peer_is_gone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
