/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop.h"

static struct sp_loop *new_loop(void)
{
    struct sp_loop *loop = NULL;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_loop_new(NULL, &loop, &err), SP_OK);
    return loop;
}

struct note {
    struct sp_watch watch;
    struct sp_timer timer;
    struct note *other;
    int calls, order;
    uint32_t events;
};

static int clock_of_calls;

static void noted(void *arg, uint32_t events)
{
    struct note *note = arg;
    note->calls++;
    note->events = events;
    note->order = ++clock_of_calls;
}

static void noted_timer(void *arg)
{
    noted(arg, 0);
}

static void watch_pair(struct sp_loop *loop, struct note *note, int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    note->watch = (struct sp_watch){.fd = fds[0], .events = EPOLLIN, .fn = noted, .arg = note};
    assert_int_equal(sp_watch_add(loop, &note->watch), SP_OK);
}

static void close_pair(struct note *note, int fds[2])
{
    sp_watch_remove(&note->watch);
    close(fds[0]);
    close(fds[1]);
}

static bool fd_is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static void a_watch_is_level_triggered(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {0};
    int fds[2];
    watch_pair(loop, &note, fds);
    assert_int_equal(sp_watch_add(loop, &note.watch), SP_EEXISTS);
    sp_loop_run_ready(loop);
    assert_int_equal(note.calls, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    sp_loop_run_ready(loop);
    sp_loop_run_ready(loop);
    assert_int_equal(note.calls, 2);
    assert_int_equal(note.events, EPOLLIN);
    assert_int_equal(sp_watch_change(&note.watch, EPOLLIN | EPOLLOUT), SP_OK);
    sp_loop_run_ready(loop);
    assert_int_equal(note.events, EPOLLIN | EPOLLOUT);
    sp_watch_remove(&note.watch);
    sp_watch_remove(&note.watch);
    sp_loop_run_ready(loop);
    assert_int_equal(note.calls, 3);
    assert_int_equal(sp_watch_change(&note.watch, EPOLLIN), SP_EINVAL);
    close_pair(&note, fds);
    sp_loop_free(loop);
}

static void a_plain_file_cannot_be_watched(void **state)
{
    struct sp_loop *loop = new_loop();
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct note note = {.watch = {.fd = fd, .events = EPOLLIN, .fn = noted}};
    assert_int_equal(sp_watch_add(loop, &note.watch), SP_EINVAL);
    assert_null(note.watch.loop);
    close(fd);
    sp_loop_free(loop);
}

static void removing_a_watch_after_its_descriptor_was_closed_is_harmless(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {0};
    int fds[2];
    watch_pair(loop, &note, fds);
    close(fds[0]);
    sp_watch_remove(&note.watch);
    assert_null(note.watch.loop);
    sp_loop_run_ready(loop);
    close(fds[1]);
    sp_loop_free(loop);
}

static void remove_other(void *arg, uint32_t events)
{
    struct note *note = arg;
    noted(note, events);
    sp_watch_remove(&note->other->watch);
    note->other->watch.fn = NULL; /* a call through it would crash */
}

static void a_watch_removed_by_another_callback_is_not_called_in_the_same_turn(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note a = {0}, b = {0};
    int fa[2], fb[2];
    watch_pair(loop, &a, fa);
    watch_pair(loop, &b, fb);
    a.other = &b;
    b.other = &a;
    a.watch.fn = b.watch.fn = remove_other;
    assert_int_equal(write(fa[1], "x", 1), 1);
    assert_int_equal(write(fb[1], "x", 1), 1);
    sp_loop_run_ready(loop);
    assert_int_equal(a.calls + b.calls, 1);
    close_pair(&a, fa);
    close_pair(&b, fb);
    sp_loop_free(loop);
}

static void more_descriptors_than_one_batch_are_all_served(void **state)
{
    enum { N = 300 };
    struct sp_loop *loop = new_loop();
    struct note *notes = calloc(N, sizeof(*notes));
    assert_non_null(notes);
    for (int i = 0; i < N; i++) {
        notes[i].watch = (struct sp_watch){
            .fd = eventfd(1, EFD_NONBLOCK), .events = EPOLLIN, .fn = noted, .arg = &notes[i]};
        assert_int_equal(sp_watch_add(loop, &notes[i].watch), SP_OK);
    }
    for (int i = 0; i < 3; i++)
        sp_loop_run_ready(loop);
    for (int i = 0; i < N; i++) {
        assert_true(notes[i].calls > 0);
        sp_watch_remove(&notes[i].watch);
        close(notes[i].watch.fd);
    }
    free(notes);
    sp_loop_free(loop);
}

static void timers_fire_in_order_and_not_early(void **state)
{
    struct sp_loop *loop = new_loop();
    enum { N = 40 };
    struct note notes[N] = {0};
    int64_t now = sp_clock_monotonic_us();
    for (int i = 0; i < N; i++) {
        notes[i].timer = (struct sp_timer){.fn = noted_timer, .arg = &notes[i]};
        /* 7 and 40 have no common divisor: every rank once, in a shuffled order. */
        assert_int_equal(sp_timer_set(loop, &notes[i].timer, now + 5000 + (i * 7 % N) * 500), SP_OK);
    }
    int64_t first = notes[0].timer.deadline_us;
    sp_timer_clear(&notes[3].timer);
    sp_timer_clear(&notes[3].timer);
    while (notes[17].calls == 0) { /* 17 * 7 % 40 = 39: the last */
        sp_loop_run_once(loop, 1000);
        assert_true(notes[0].calls == 0 || sp_clock_monotonic_us() >= first);
    }
    assert_int_equal(notes[3].calls, 0);
    int last = 0;
    for (int rank = 0; rank < N; rank++)
        for (int i = 0; i < N; i++)
            if (i * 7 % N == rank && i != 3) {
                assert_int_equal(notes[i].calls, 1);
                assert_true(notes[i].order > last);
                last = notes[i].order;
                assert_null(notes[i].timer.loop);
            }
    sp_loop_free(loop);
}

static void a_timer_set_again_moves(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {.timer = {.fn = noted_timer, .arg = &note}};
    int64_t now = sp_clock_monotonic_us();
    assert_int_equal(sp_timer_set(loop, &note.timer, now + 1000), SP_OK);
    assert_int_equal(sp_timer_set(loop, &note.timer, now + 20000), SP_OK);
    while (!note.calls)
        sp_loop_run_once(loop, 1000);
    assert_true(sp_clock_monotonic_us() >= now + 20000);
    assert_int_equal(sp_timer_set(loop, &note.timer, 0), SP_OK); /* long ago: at once */
    sp_loop_run_once(loop, 1000);
    assert_int_equal(note.calls, 2);
    sp_loop_free(loop);
}

static void set_again_at_once(void *arg)
{
    struct note *note = arg;
    note->calls++;
    assert_int_equal(sp_timer_set(note->watch.loop, &note->timer, 1), SP_OK);
}

static void a_timer_that_sets_itself_in_the_past_does_not_stop_the_loop(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {0};
    int fds[2];
    watch_pair(loop, &note, fds);
    note.timer = (struct sp_timer){.fn = set_again_at_once, .arg = &note};
    assert_int_equal(sp_timer_set(loop, &note.timer, 1), SP_OK);
    sp_loop_run_ready(loop);
    sp_loop_run_ready(loop);
    assert_int_equal(note.calls, 2);
    sp_timer_clear(&note.timer);
    close_pair(&note, fds);
    sp_loop_free(loop);
}

static void timers_beyond_the_first_room_are_kept(void **state)
{
    struct sp_loop_options options = {.max_fibers = 1};
    struct sp_loop *loop = NULL;
    assert_int_equal(sp_loop_new(&options, &loop, NULL), SP_OK);
    enum { N = 1000 };
    struct note *notes = calloc(N, sizeof(*notes));
    assert_non_null(notes);
    int64_t now = sp_clock_monotonic_us();
    for (int i = 0; i < N; i++) {
        notes[i].timer = (struct sp_timer){.fn = noted_timer, .arg = &notes[i]};
        assert_int_equal(sp_timer_set(loop, &notes[i].timer, now - i), SP_OK);
    }
    for (int i = 0; i < N; i += 3)
        sp_timer_clear(&notes[i].timer);
    sp_loop_run_ready(loop);
    for (int i = 0; i < N; i++)
        assert_int_equal(notes[i].calls, i % 3 != 0);
    free(notes);
    sp_loop_free(loop);
}

static void sleep_a_little(void *arg)
{
    assert_int_equal(sp_fiber_sleep(3000), SP_OK);
    *(int *)arg += 1;
}

/* What the nginx module does, with poll(). */
static void a_host_that_only_polls_the_descriptor_drives_everything(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {0};
    int fds[2], slept = 0, turns = 0;
    watch_pair(loop, &note, fds);
    assert_false(fd_is_readable(sp_loop_fd(loop)));
    for (int i = 0; i < 10; i++)
        assert_int_equal(sp_fiber_start(loop, sleep_a_little, &slept, NULL), SP_OK);
    while (slept < 10) {
        struct pollfd p = {.fd = sp_loop_fd(loop), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 2000), 1);
        sp_loop_run_ready(loop);
        assert_true(++turns < 1000);
    }
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(fd_is_readable(sp_loop_fd(loop)));
    sp_loop_run_ready(loop);
    assert_int_equal(note.calls, 1);
    close_pair(&note, fds);
    assert_false(fd_is_readable(sp_loop_fd(loop)));
    sp_loop_free(loop);
}

static void wait_for_wake(void *arg)
{
    assert_int_equal(sp_fiber_wait(0), SP_OK);
    *(int *)arg += 1;
}

static void a_wake_from_outside_a_turn_makes_the_descriptor_readable(void **state)
{
    struct sp_loop *loop = new_loop();
    int woken = 0;
    struct sp_fiber *fiber = NULL;
    assert_int_equal(sp_fiber_start(loop, wait_for_wake, &woken, &fiber), SP_OK);
    assert_false(fd_is_readable(sp_loop_fd(loop)));
    sp_fiber_wake(fiber);
    assert_int_equal(woken, 0); /* not inside the waker's call */
    assert_true(fd_is_readable(sp_loop_fd(loop)));
    sp_loop_run_ready(loop);
    assert_int_equal(woken, 1);
    assert_false(fd_is_readable(sp_loop_fd(loop)));
    sp_loop_free(loop);
}

/* nginx keeps the descriptor in an epoll set of its own, beside edge-triggered ones. */
static void the_set_may_be_nested_in_the_hosts_epoll_set(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {0};
    int fds[2], slept = 0, turns = 0;
    watch_pair(loop, &note, fds);
    int host = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    assert_int_equal(epoll_ctl(host, EPOLL_CTL_ADD, sp_loop_fd(loop), &event), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    for (int i = 1; i <= 3; i++) { /* unread data is reported again and again */
        assert_int_equal(epoll_wait(host, &event, 1, 2000), 1);
        sp_loop_run_ready(loop);
        assert_int_equal(note.calls, i);
    }
    char byte;
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(sp_fiber_start(loop, sleep_a_little, &slept, NULL), SP_OK);
    while (!slept) {
        assert_int_equal(epoll_wait(host, &event, 1, 2000), 1);
        sp_loop_run_ready(loop);
        assert_true(++turns < 100);
    }
    assert_int_equal(epoll_wait(host, &event, 1, 0), 0);
    close(host);
    close_pair(&note, fds);
    sp_loop_free(loop);
}

static void call_the_loop(void *arg, uint32_t events)
{
    struct note *note = arg;
    noted(note, events);
    sp_loop_run_once(note->watch.loop, -1);
}

static void a_turn_inside_a_turn_does_nothing(void **state)
{
    struct sp_loop *loop = new_loop();
    struct note note = {0};
    int fds[2];
    watch_pair(loop, &note, fds);
    note.watch.fn = call_the_loop;
    assert_int_equal(write(fds[1], "x", 1), 1);
    sp_loop_run_ready(loop);
    assert_int_equal(note.calls, 1);
    close_pair(&note, fds);
    sp_loop_free(loop);
}

static void run_once_returns_after_its_time(void **state)
{
    struct sp_loop *loop = new_loop();
    int64_t before = sp_clock_monotonic_us();
    sp_loop_run_once(loop, 5);
    assert_true(sp_clock_monotonic_us() - before >= 4000);
    sp_loop_run_all(loop); /* no fiber: returns */
    sp_loop_free(loop);
    sp_loop_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_is_level_triggered),
        cmocka_unit_test(a_plain_file_cannot_be_watched),
        cmocka_unit_test(removing_a_watch_after_its_descriptor_was_closed_is_harmless),
        cmocka_unit_test(a_watch_removed_by_another_callback_is_not_called_in_the_same_turn),
        cmocka_unit_test(more_descriptors_than_one_batch_are_all_served),
        cmocka_unit_test(timers_fire_in_order_and_not_early),
        cmocka_unit_test(a_timer_set_again_moves),
        cmocka_unit_test(a_timer_that_sets_itself_in_the_past_does_not_stop_the_loop),
        cmocka_unit_test(timers_beyond_the_first_room_are_kept),
        cmocka_unit_test(a_host_that_only_polls_the_descriptor_drives_everything),
        cmocka_unit_test(a_wake_from_outside_a_turn_makes_the_descriptor_readable),
        cmocka_unit_test(the_set_may_be_nested_in_the_hosts_epoll_set),
        cmocka_unit_test(a_turn_inside_a_turn_does_nothing),
        cmocka_unit_test(run_once_returns_after_its_time),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
