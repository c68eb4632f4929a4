/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/offload.h"

/* A job that can be held back, so that nothing here depends on how fast threads are. */
struct work {
    sem_t begun, go_on;
    bool held;
    enum sp_status result;
    atomic_int runs;
    int released; /* on the loop's thread */
    pthread_t thread;

    struct sp_fiber *fiber;
    enum sp_offload_lane lane;
    int64_t begin_by_us, deadline_us;
    enum sp_status got;
    bool done;
};

static void work_init(struct work *work, bool held, enum sp_status result)
{
    *work = (struct work){.held = held, .result = result, .got = SP_EINTERNAL};
    sem_init(&work->begun, 0, 0);
    sem_init(&work->go_on, 0, 0);
}

static void work_finish(struct work *work)
{
    sem_destroy(&work->begun);
    sem_destroy(&work->go_on);
}

static enum sp_status do_work(void *arg)
{
    struct work *work = arg;
    work->thread = pthread_self();
    atomic_fetch_add(&work->runs, 1);
    sem_post(&work->begun);
    if (work->held)
        sem_wait(&work->go_on);
    return work->result;
}

static pthread_t loop_thread;

static void release_work(void *arg)
{
    assert_true(pthread_equal(pthread_self(), loop_thread));
    ((struct work *)arg)->released++;
}

static void offload_fiber(void *arg)
{
    struct work *work = arg;
    work->fiber = sp_fiber_self();
    work->got =
        io_offload_lane(work->lane, do_work, work, release_work, work->begin_by_us, work->deadline_us);
    work->done = true;
    work->fiber = NULL;
}

static struct sp_loop *new_loop(unsigned threads, unsigned queue)
{
    struct sp_loop *loop = NULL;
    struct sp_loop_options options = {.threads = threads, .queue = queue};
    assert_int_equal(sp_loop_new(&options, &loop, NULL), SP_OK);
    loop_thread = pthread_self();
    return loop;
}

static void begin(struct sp_loop *loop, struct work *work)
{
    assert_int_equal(sp_fiber_start(loop, offload_fiber, work, NULL), SP_OK);
}

static void finish(struct sp_loop *loop, struct work *work)
{
    int64_t limit = sp_clock_monotonic_us() + 10000000;
    while (!work->done) {
        sp_loop_run_once(loop, 1000);
        assert_true(sp_clock_monotonic_us() < limit);
    }
}

static void work_is_done_by_another_thread_and_its_result_comes_back(void **state)
{
    struct sp_loop *loop = new_loop(0, 0);
    const enum sp_status results[] = {SP_OK, SP_EDENIED};
    for (int i = 0; i < 2; i++) {
        struct work work;
        work_init(&work, false, results[i]);
        begin(loop, &work);
        assert_false(work.done);
        finish(loop, &work);
        assert_int_equal(work.got, results[i]);
        assert_int_equal(work.runs, 1);
        assert_int_equal(work.released, 0);
        assert_false(pthread_equal(work.thread, loop_thread));
        work_finish(&work);
    }
    sp_loop_free(loop);
}

static void work_of_several_fibers_runs_at_the_same_time(void **state)
{
    enum { N = 4 };
    struct sp_loop *loop = new_loop(N, 0);
    struct work work[N];
    for (int i = 0; i < N; i++) {
        work_init(&work[i], true, SP_OK);
        begin(loop, &work[i]);
    }
    for (int i = 0; i < N; i++)
        sem_wait(&work[i].begun); /* all have begun before one ends */
    for (int i = 0; i < N; i++)
        sem_post(&work[i].go_on);
    for (int i = 0; i < N; i++) {
        finish(loop, &work[i]);
        assert_int_equal(work[i].got, SP_OK);
        work_finish(&work[i]);
    }
    sp_loop_free(loop);
}

static void a_thousand_jobs_are_all_done(void **state)
{
    enum { N = 1000 };
    struct sp_loop *loop = new_loop(2, N);
    static struct work work[N];
    for (int i = 0; i < N; i++) {
        work_init(&work[i], false, SP_OK);
        begin(loop, &work[i]);
    }
    for (int i = 0; i < N; i++) {
        finish(loop, &work[i]);
        assert_int_equal(work[i].got, SP_OK);
        assert_int_equal(work[i].runs, 1);
        work_finish(&work[i]);
    }
    sp_loop_free(loop);
}

static void jobs_beyond_the_queue_are_refused(void **state)
{
    struct sp_loop *loop = new_loop(1, 2);
    struct work work[4];
    for (int i = 0; i < 4; i++) {
        work_init(&work[i], true, SP_OK);
        begin(loop, &work[i]);
        if (i == 0)
            sem_wait(&work[0].begun); /* runs; the next two wait */
    }
    assert_true(work[3].done);
    assert_int_equal(work[3].got, SP_ELIMIT);
    assert_int_equal(work[3].released, 0); /* still the caller's */
    for (int i = 0; i < 3; i++) {
        sem_post(&work[i].go_on);
        finish(loop, &work[i]);
        assert_int_equal(work[i].got, SP_OK);
    }
    assert_int_equal(work[3].runs, 0);
    for (int i = 0; i < 4; i++)
        work_finish(&work[i]);
    sp_loop_free(loop);
}

static void a_canceled_fiber_leaves_at_once_and_its_work_is_released_later(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work work;
    work_init(&work, true, SP_OK);
    begin(loop, &work);
    sem_wait(&work.begun);
    sp_fiber_cancel(work.fiber);
    finish(loop, &work);
    assert_int_equal(work.got, SP_ECANCELED);
    assert_int_equal(work.released, 0); /* a thread still uses it */
    sem_post(&work.go_on);
    int64_t limit = sp_clock_monotonic_us() + 10000000;
    while (!work.released && sp_clock_monotonic_us() < limit)
        sp_loop_run_once(loop, 100);
    assert_int_equal(work.released, 1);
    work_finish(&work);
    sp_loop_free(loop);
}

static void work_that_has_not_begun_never_begins_after_its_deadline(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work first, late;
    work_init(&first, true, SP_OK);
    work_init(&late, false, SP_OK);
    begin(loop, &first);
    sem_wait(&first.begun);
    late.deadline_us = sp_clock_monotonic_us() + 3000;
    begin(loop, &late);
    finish(loop, &late);
    assert_int_equal(late.got, SP_ETIMEDOUT);
    assert_int_equal(late.released, 1);
    sem_post(&first.go_on);
    finish(loop, &first);
    assert_int_equal(first.got, SP_OK);
    late.done = false;
    begin(loop, &late); /* the deadline has passed already */
    assert_true(late.done);
    assert_int_equal(late.got, SP_ETIMEDOUT);
    assert_int_equal(late.released, 2);
    sp_loop_free(loop);
    assert_int_equal(late.runs, 0);
    work_finish(&first);
    work_finish(&late);
}

static void work_that_nobody_begins_in_time_is_refused(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work first, late;
    work_init(&first, true, SP_OK);
    work_init(&late, false, SP_OK);
    begin(loop, &first);
    sem_wait(&first.begun);
    late.begin_by_us = sp_clock_monotonic_us() + 3000;
    late.deadline_us = sp_clock_monotonic_us() + 60000000;
    begin(loop, &late);
    finish(loop, &late);
    assert_int_equal(late.got, SP_ELIMIT);
    assert_int_equal(late.released, 0); /* the caller's */
    sem_post(&first.go_on);
    finish(loop, &first);
    sp_loop_free(loop);
    assert_int_equal(late.runs, 0);
    work_finish(&first);
    work_finish(&late);
}

static void work_that_began_in_time_may_take_longer(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work work;
    work_init(&work, true, SP_OK);
    work.begin_by_us = sp_clock_monotonic_us() + 20000;
    begin(loop, &work);
    sem_wait(&work.begun);
    int64_t until = work.begin_by_us + 5000;
    while (sp_clock_monotonic_us() < until)
        sp_loop_run_once(loop, 5);
    assert_false(work.done);
    sem_post(&work.go_on);
    finish(loop, &work);
    assert_int_equal(work.got, SP_OK);
    work_finish(&work);
    sp_loop_free(loop);
}

static void a_lane_that_is_full_does_not_keep_another_waiting(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work slow, other;
    work_init(&slow, true, SP_OK);
    work_init(&other, false, SP_OK);
    begin(loop, &slow);
    sem_wait(&slow.begun);
    other.lane = SP_OFFLOAD_DIRECTORY;
    begin(loop, &other);
    finish(loop, &other);
    assert_int_equal(other.got, SP_OK);
    assert_false(slow.done);
    sem_post(&slow.go_on);
    finish(loop, &slow);
    work_finish(&slow);
    work_finish(&other);
    sp_loop_free(loop);
}

/* A flood of logins: every thread that hashes passwords is busy, and many more wait. */
static void passwords_keep_nobody_else_waiting(void **state)
{
    struct sp_loop *loop = new_loop(1, 64);
    struct work slow[40], others[2];
    const enum sp_offload_lane lanes[] = {SP_OFFLOAD_DIRECTORY, SP_OFFLOAD_GENERAL};
    for (size_t i = 0; i < 40; i++) {
        work_init(&slow[i], true, SP_OK);
        slow[i].lane = SP_OFFLOAD_PASSWORD;
        begin(loop, &slow[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        work_init(&others[i], false, SP_OK);
        others[i].lane = lanes[i];
        begin(loop, &others[i]);
        finish(loop, &others[i]);
        assert_int_equal(others[i].got, SP_OK);
        work_finish(&others[i]);
    }
    for (size_t i = 0; i < 40; i++)
        assert_false(slow[i].done);
    for (size_t i = 0; i < 40; i++)
        sem_post(&slow[i].go_on);
    for (size_t i = 0; i < 40; i++) {
        finish(loop, &slow[i]);
        work_finish(&slow[i]);
    }
    sp_loop_free(loop);
}

/* The rule must not depend on who says it. */
static void work_that_reports_a_time_out_itself_is_released_too(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work work;
    work_init(&work, false, SP_ETIMEDOUT);
    begin(loop, &work);
    finish(loop, &work);
    assert_int_equal(work.got, SP_ETIMEDOUT);
    assert_int_equal(work.released, 1);
    work_finish(&work);
    sp_loop_free(loop);
}

static void *let_go_on(void *arg)
{
    struct work *work = arg;
    usleep(5000);
    sem_post(&work->go_on);
    return NULL;
}

static void freeing_the_loop_waits_for_work_that_runs(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    struct work running, queued;
    work_init(&running, true, SP_OK);
    work_init(&queued, false, SP_OK);
    begin(loop, &running);
    sem_wait(&running.begun);
    begin(loop, &queued);
    pthread_t helper;
    assert_int_equal(pthread_create(&helper, NULL, let_go_on, &running), 0);
    sp_loop_free(loop);
    pthread_join(helper, NULL);
    assert_int_equal(running.got, SP_ECANCELED);
    assert_int_equal(running.released, 1);
    assert_int_equal(queued.got, SP_ECANCELED);
    assert_int_equal(queued.released, 1);
    assert_int_equal(queued.runs, 0);
    work_finish(&running);
    work_finish(&queued);
}

static enum sp_status block_no_signal(void *arg)
{
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    *(bool *)arg = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
    return SP_OK;
}

static void offload_signal_check(void *arg)
{
    assert_int_equal(io_offload(block_no_signal, arg, NULL, 0), SP_OK);
}

static void threads_take_no_signals(void **state)
{
    struct sp_loop *loop = new_loop(1, 0);
    bool blocked = false;
    assert_int_equal(sp_fiber_start(loop, offload_signal_check, &blocked, NULL), SP_OK);
    sp_loop_run_all(loop);
    assert_true(blocked);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
    sp_loop_free(loop);
}

static void off_loading_outside_of_a_fiber_is_a_defect(void **state)
{
    struct work work;
    work_init(&work, false, SP_OK);
    assert_int_equal(io_offload(do_work, &work, release_work, 0), SP_EINTERNAL);
    assert_int_equal(work.runs + work.released, 0);
    work_finish(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_by_another_thread_and_its_result_comes_back),
        cmocka_unit_test(work_of_several_fibers_runs_at_the_same_time),
        cmocka_unit_test(a_thousand_jobs_are_all_done),
        cmocka_unit_test(jobs_beyond_the_queue_are_refused),
        cmocka_unit_test(a_canceled_fiber_leaves_at_once_and_its_work_is_released_later),
        cmocka_unit_test(work_that_has_not_begun_never_begins_after_its_deadline),
        cmocka_unit_test(work_that_nobody_begins_in_time_is_refused),
        cmocka_unit_test(work_that_began_in_time_may_take_longer),
        cmocka_unit_test(a_lane_that_is_full_does_not_keep_another_waiting),
        cmocka_unit_test(passwords_keep_nobody_else_waiting),
        cmocka_unit_test(work_that_reports_a_time_out_itself_is_released_too),
        cmocka_unit_test(freeing_the_loop_waits_for_work_that_runs),
        cmocka_unit_test(threads_take_no_signals),
        cmocka_unit_test(off_loading_outside_of_a_fiber_is_a_defect),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
