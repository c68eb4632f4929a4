/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop.h"

/* So that the kernel's signal, not the sanitizer's report, ends the child that overflows its stack. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "handle_segv=0:use_sigaltstack=0";
}

static struct sp_loop *new_loop(unsigned max_fibers, unsigned idle_stacks)
{
    struct sp_loop *loop = NULL;
    struct sp_loop_options options = {.max_fibers = max_fibers, .idle_stacks = idle_stacks};
    assert_int_equal(sp_loop_new(&options, &loop, NULL), SP_OK);
    return loop;
}

struct waiter {
    struct sp_fiber *fiber;
    int64_t deadline_us;
    enum sp_status got[3];
    int waits; /* to do */
    int done;
};

static void wait_some(void *arg)
{
    struct waiter *w = arg;
    for (int i = 0; i < w->waits; i++) {
        w->got[i] = sp_fiber_wait(w->deadline_us);
        w->done++;
    }
    w->fiber = NULL;
}

static void a_fiber_runs_until_it_waits_and_goes_on_when_woken(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    struct waiter w = {.waits = 2};
    assert_null(sp_fiber_self());
    assert_int_equal(sp_fiber_start(loop, wait_some, &w, &w.fiber), SP_OK);
    assert_non_null(w.fiber);
    assert_int_equal(sp_loop_fibers(loop), 1);
    assert_int_equal(w.done, 0);
    sp_fiber_wake(w.fiber);
    sp_fiber_wake(w.fiber); /* counts as one */
    sp_loop_run_ready(loop);
    assert_int_equal(w.done, 1);
    sp_fiber_wake(w.fiber);
    sp_loop_run_all(loop);
    assert_int_equal(w.done, 2);
    assert_int_equal(w.got[0], SP_OK);
    assert_int_equal(w.got[1], SP_OK);
    assert_int_equal(sp_loop_fibers(loop), 0);
    sp_loop_free(loop);
}

static void wake_self_then_wait(void *arg)
{
    sp_fiber_wake(sp_fiber_self());
    *(enum sp_status *)arg = sp_fiber_wait(0);
}

static void a_wake_before_the_wait_is_not_lost(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    enum sp_status status = SP_EINTERNAL;
    assert_int_equal(sp_fiber_start(loop, wake_self_then_wait, &status, NULL), SP_OK);
    assert_int_equal(status, SP_OK);
    assert_int_equal(sp_loop_fibers(loop), 0);
    sp_loop_free(loop);
}

static void a_wait_ends_at_its_deadline(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    int64_t deadline = sp_clock_monotonic_us() + 4000;
    struct waiter w = {.waits = 2, .deadline_us = deadline};
    assert_int_equal(sp_fiber_start(loop, wait_some, &w, &w.fiber), SP_OK);
    sp_loop_run_all(loop);
    assert_true(sp_clock_monotonic_us() >= deadline);
    assert_int_equal(w.got[0], SP_ETIMEDOUT);
    assert_int_equal(w.got[1], SP_ETIMEDOUT); /* a deadline that has passed is not waited for */
    sp_loop_free(loop);
}

static void a_canceled_fiber_is_refused_every_further_wait(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    struct waiter w = {.waits = 3};
    assert_int_equal(sp_fiber_start(loop, wait_some, &w, &w.fiber), SP_OK);
    sp_fiber_wake(w.fiber);
    sp_fiber_cancel(w.fiber); /* wins over the wake */
    assert_int_equal(w.done, 0);
    sp_loop_run_all(loop);
    for (int i = 0; i < 3; i++)
        assert_int_equal(w.got[i], SP_ECANCELED);
    sp_loop_free(loop);
}

static void cancel_self(void *arg)
{
    assert_false(sp_fiber_canceled());
    sp_fiber_cancel(sp_fiber_self());
    assert_true(sp_fiber_canceled());
    sp_fiber_wake(sp_fiber_self());
    assert_int_equal(sp_fiber_wait(0), SP_ECANCELED);
    assert_int_equal(sp_fiber_sleep(1000000), SP_ECANCELED);
    *(int *)arg = 1;
}

static void a_cancel_before_the_wait_is_kept(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    int done = 0;
    assert_int_equal(sp_fiber_start(loop, cancel_self, &done, NULL), SP_OK);
    assert_int_equal(done, 1);
    sp_loop_free(loop);
}

static void sleep_and_count(void *arg)
{
    int64_t before = sp_clock_monotonic_us();
    assert_int_equal(sp_fiber_sleep(3000), SP_OK);
    assert_true(sp_clock_monotonic_us() - before >= 3000);
    ++*(int *)arg;
}

static void a_wake_does_not_shorten_a_sleep(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    int count = 0;
    struct sp_fiber *fiber = NULL;
    assert_int_equal(sp_fiber_start(loop, sleep_and_count, &count, &fiber), SP_OK);
    sp_fiber_wake(fiber);
    sp_loop_run_ready(loop);
    assert_int_equal(count, 0);
    sp_loop_run_all(loop);
    assert_int_equal(count, 1);
    sp_loop_free(loop);
}

static void a_wait_outside_of_a_fiber_is_a_defect(void **state)
{
    assert_int_equal(sp_fiber_wait(0), SP_EINTERNAL);
    assert_false(sp_fiber_canceled());
}

static void start_others(void *arg)
{
    struct waiter *w = arg;
    struct sp_fiber *self = sp_fiber_self();
    for (int i = 0; i < 3; i++) {
        w[i].waits = 1;
        assert_int_equal(sp_fiber_start(*(struct sp_loop **)w[3].fiber, wait_some, &w[i], &w[i].fiber),
                         SP_OK);
        assert_ptr_equal(sp_fiber_self(), self);
    }
    w[3].fiber = self;
    w[3].got[0] = sp_fiber_wait(0);
}

static void a_fiber_may_start_fibers_and_run_on(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    struct waiter w[4] = {0};
    w[3].fiber = (void *)&loop;
    assert_int_equal(sp_fiber_start(loop, start_others, w, NULL), SP_OK);
    assert_int_equal(sp_loop_fibers(loop), 4);
    assert_null(sp_fiber_self());
    for (int i = 3; i >= 0; i--)
        sp_fiber_wake(w[i].fiber);
    sp_loop_run_all(loop);
    assert_int_equal(w[0].done + w[1].done + w[2].done, 3);
    sp_loop_free(loop);
}

/* A thousand at once, each with live values on its stack across many switches. */
static void keep_values_across_waits(void *arg)
{
    unsigned seed = *(unsigned *)arg, sum = 0;
    unsigned values[256];
    for (unsigned i = 0; i < 256; i++)
        values[i] = seed * 2654435761u + i;
    for (unsigned round = 0; round < 8; round++) {
        assert_int_equal(sp_fiber_sleep((seed * 7 + round) % 5 * 200), SP_OK);
        for (unsigned i = 0; i < 256; i++)
            sum += values[i] == seed * 2654435761u + i;
    }
    *(unsigned *)arg = sum;
}

static void a_thousand_fibers_keep_their_stacks_apart(void **state)
{
    struct sp_loop *loop = new_loop(1000, 0);
    enum { N = 1000 };
    static unsigned values[N];
    for (int round = 0; round < 2; round++) { /* the second on pooled stacks */
        for (unsigned i = 0; i < N; i++) {
            values[i] = i;
            assert_int_equal(sp_fiber_start(loop, keep_values_across_waits, &values[i], NULL), SP_OK);
        }
        sp_loop_run_all(loop);
        for (int i = 0; i < N; i++)
            assert_int_equal(values[i], 8 * 256);
    }
    sp_loop_free(loop);
}

static void the_number_of_fibers_is_bounded(void **state)
{
    struct sp_loop *loop = new_loop(5, 2);
    struct waiter w[6] = {0};
    for (int i = 0; i < 5; i++) {
        w[i].waits = 1;
        assert_int_equal(sp_fiber_start(loop, wait_some, &w[i], &w[i].fiber), SP_OK);
    }
    assert_int_equal(sp_fiber_start(loop, wait_some, &w[5], NULL), SP_ELIMIT);
    sp_fiber_wake(w[2].fiber);
    sp_loop_run_ready(loop);
    w[5].waits = 1;
    assert_int_equal(sp_fiber_start(loop, wait_some, &w[5], &w[5].fiber), SP_OK);
    assert_int_equal(sp_loop_fibers(loop), 5);
    sp_loop_free(loop); /* cancels them */
    assert_int_equal(w[2].got[0], SP_OK);
    assert_int_equal(w[0].got[0], SP_ECANCELED);
    assert_int_equal(w[5].got[0], SP_ECANCELED);
}

static void start_another_when_canceled(void *arg)
{
    struct sp_loop *loop = *(struct sp_loop **)arg;
    assert_int_equal(sp_fiber_wait(0), SP_ECANCELED);
    assert_int_equal(sp_fiber_start(loop, start_another_when_canceled, arg, NULL), SP_ECANCELED);
    *(struct sp_loop **)arg = NULL;
}

static void freeing_the_loop_runs_fibers_to_their_end_and_starts_none(void **state)
{
    struct sp_loop *loop = new_loop(0, 0), *seen = loop;
    assert_int_equal(sp_fiber_start(loop, start_another_when_canceled, &seen, NULL), SP_OK);
    sp_loop_free(loop);
    assert_null(seen);
}

static void do_nothing(void *arg)
{
    *(char **)arg = __builtin_frame_address(0);
}

static void stacks_are_used_again(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    char *first = NULL, *second = NULL;
    assert_int_equal(sp_fiber_start(loop, do_nothing, &first, NULL), SP_OK);
    assert_int_equal(sp_fiber_start(loop, do_nothing, &second, NULL), SP_OK);
    assert_ptr_equal(first, second);
    sp_loop_free(loop);
}

static void a_stack_size_out_of_range_is_refused(void **state)
{
    struct sp_loop *loop = NULL;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_loop_options options = {.stack_bytes = 16383};
    assert_int_equal(sp_loop_new(&options, &loop, &err), SP_EINVAL);
    assert_non_null(strstr(err.text, "16383"));
    options.stack_bytes = 16384;
    assert_int_equal(sp_loop_new(&options, &loop, &err), SP_OK);
    char *frame = NULL;
    assert_int_equal(sp_fiber_start(loop, do_nothing, &frame, NULL), SP_OK);
    sp_loop_free(loop);
}

static volatile int bottomless = 1;

static int descend(volatile char *above)
{
    volatile char frame[1024];
    frame[0] = above ? above[0] : 1;
    return bottomless ? descend(frame) + frame[0] : 0;
}

static void overflow(void *arg)
{
    *(volatile int *)arg = descend(NULL);
}

static void a_stack_overflow_ends_the_process_at_the_guard(void **state)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        struct sp_loop *loop = NULL;
        struct waiter neighbour = {.waits = 1};
        int out = 0;
        if (sp_loop_new(NULL, &loop, NULL) != SP_OK ||
            sp_fiber_start(loop, wait_some, &neighbour, NULL) != SP_OK)
            _exit(3);
        _exit(sp_fiber_start(loop, overflow, &out, NULL) == SP_OK ? 1 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_runs_until_it_waits_and_goes_on_when_woken),
        cmocka_unit_test(a_wake_before_the_wait_is_not_lost),
        cmocka_unit_test(a_wait_ends_at_its_deadline),
        cmocka_unit_test(a_canceled_fiber_is_refused_every_further_wait),
        cmocka_unit_test(a_cancel_before_the_wait_is_kept),
        cmocka_unit_test(a_wake_does_not_shorten_a_sleep),
        cmocka_unit_test(a_wait_outside_of_a_fiber_is_a_defect),
        cmocka_unit_test(a_fiber_may_start_fibers_and_run_on),
        cmocka_unit_test(a_thousand_fibers_keep_their_stacks_apart),
        cmocka_unit_test(the_number_of_fibers_is_bounded),
        cmocka_unit_test(freeing_the_loop_runs_fibers_to_their_end_and_starts_none),
        cmocka_unit_test(stacks_are_used_again),
        cmocka_unit_test(a_stack_size_out_of_range_is_refused),
        cmocka_unit_test(a_stack_overflow_ends_the_process_at_the_guard),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
