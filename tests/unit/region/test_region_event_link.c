/* SPDX-License-Identifier: Apache-2.0
 * Events of a region, to an audit that may be away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/loop.h"
#include "region/event_link.h"
#include "saf/audit_frame.h"

static struct sp_loop *loop;
static struct sp_event_link *event_link;
static struct sp_error err;
static char directory[64];
static struct sockaddr_un address;
static int listener, peer;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_link_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    address.sun_family = AF_UNIX;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/audit", directory);
    listener = peer = -1;
    err = (struct sp_error)SP_ERROR_INIT;
    assert_int_equal(sp_loop_new(NULL, &loop, &err), SP_OK);
    return sp_event_link_new(loop, sp_str_of(address.sun_path), SP_STR("REGION1"), &event_link, &err) == SP_OK
               ? 0
               : -1;
}

static void hang_up(void)
{
    if (peer >= 0)
        close(peer);
    if (listener >= 0)
        close(listener);
    peer = listener = -1;
    unlink(address.sun_path);
}

static int tear_down(void **state)
{
    sp_event_link_free(event_link);
    sp_loop_free(loop);
    hang_up();
    return rmdir(directory);
}

static void put(unsigned number)
{
    struct sp_saf_audit_event event = {.time_us = 1, .code = SP_SAF_EVENT_ACCESS};
    snprintf(event.resource, sizeof event.resource, "R%u", number);
    sp_event_link_put(event_link, &event);
}

static void turn(void)
{
    sp_loop_run_once(loop, 5);
}

static void listen_now(void)
{
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
}

/* The next frame that the link brings, as it is. */
static struct sp_saf_audit_frame next_frame(void)
{
    struct sp_saf_audit_frame frame;
    char bytes[SP_SAF_FRAME_MAX];
    size_t have = 0, len = 0;
    for (int turns = 0; turns < 2000 && (!len || have < len); turns++) {
        turn();
        if (peer < 0)
            peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        ssize_t got = peer < 0 ? -1 : recv(peer, bytes + have, sizeof bytes - have, 0);
        have += got > 0 ? (size_t)got : 0;
        assert_int_equal(sp_saf_frame_length(sp_str_from(bytes, have), &len, &err), SP_OK);
    }
    assert_int_equal(sp_saf_frame_read(sp_str_from(bytes, have), &frame, &err), SP_OK);
    return frame;
}

static void answer(uint64_t number)
{
    unsigned char receipt[SP_SAF_RECEIPT_BYTES];
    sp_put_u64(receipt, number);
    assert_int_equal(send(peer, receipt, sizeof receipt, 0), sizeof receipt);
}

static void wait_for(unsigned waiting)
{
    for (int turns = 0; turns < 500 && sp_event_link_waiting(event_link) != waiting; turns++)
        turn();
    assert_int_equal(sp_event_link_waiting(event_link), waiting);
}

static void what_was_put_before_the_audit_came_is_brought_in_order(void **state)
{
    put(1);
    put(2);
    for (int i = 0; i < 10; i++)
        turn();
    listen_now();
    for (unsigned n = 1; n <= 2; n++) {
        char name[8];
        struct sp_saf_audit_frame frame = next_frame();
        snprintf(name, sizeof name, "R%u", n);
        assert_string_equal(frame.event.resource, name);
        assert_string_equal(frame.sender, "REGION1");
        assert_int_equal(frame.number, n);
        assert_int_equal(frame.lost, 0);
        answer(frame.number);
    }
    wait_for(0);
}

static void what_has_no_receipt_is_brought_again(void **state)
{
    listen_now();
    put(1);
    assert_int_equal(next_frame().number, 1);
    hang_up();
    listen_now();
    struct sp_saf_audit_frame again = next_frame();
    assert_int_equal(again.number, 1);
    answer(2); /* of another one */
    for (int i = 0; i < 20; i++)
        turn();
    assert_int_equal(sp_event_link_waiting(event_link), 1);
    close(peer);
    peer = -1;
    assert_int_equal(next_frame().number, 1);
    answer(1);
    wait_for(0);
}

static void what_has_no_room_is_counted_and_told_with_the_next(void **state)
{
    for (unsigned n = 0; n < SP_EVENT_LINK_EVENTS + 5; n++)
        put(n);
    assert_int_equal(sp_event_link_waiting(event_link), SP_EVENT_LINK_EVENTS);
    listen_now();
    struct sp_saf_audit_frame frame = next_frame();
    assert_int_equal(frame.lost, 5);
    answer(frame.number);
    frame = next_frame();
    assert_int_equal(frame.lost, 0);
    assert_string_equal(frame.event.resource, "R1");
}

static void no_link_takes_nothing(void **state)
{
    sp_event_link_put(NULL, NULL);
    assert_int_equal(sp_event_link_waiting(NULL), 0);
    sp_event_link_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_before_the_audit_came_is_brought_in_order),
        TEST(what_has_no_receipt_is_brought_again),
        TEST(what_has_no_room_is_counted_and_told_with_the_next),
        cmocka_unit_test(no_link_takes_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("region_event_link", tests, NULL, NULL);
}
