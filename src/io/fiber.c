/* SPDX-License-Identifier: Apache-2.0 */
#include "io/fiber.h"

#include <stdlib.h>

#include "base/clock.h"
#include "io/loop_internal.h"
#include "io/switch.h"

struct sp_fiber {
    struct sp_loop *loop;
    sp_fiber_fn *fn;
    void *arg;
    struct sp_fiber *next, *prev; /* among the live; `next` among the idle */
    struct sp_fiber *next_ready;
    struct sp_timer timer;
    bool waiting;
    bool queued; /* in the loop's list of those ready */
    bool woken;  /* and not yet told so */
    bool canceled;
    bool done;
    const void *note;
    struct sp_switch context;
};

static _Thread_local struct sp_fiber *running;

struct sp_fiber *sp_fiber_self(void)
{
    return running;
}

struct sp_loop *sp_fiber_loop(const struct sp_fiber *fiber)
{
    return fiber->loop;
}

bool sp_fiber_canceled(void)
{
    return running && running->canceled;
}

void sp_fiber_set_note(const void *note)
{
    if (running)
        running->note = note;
}

const void *sp_fiber_note(void)
{
    return running ? running->note : NULL;
}

/* Waking */

static void make_ready(struct sp_fiber *fiber)
{
    if (!fiber->waiting || fiber->queued)
        return;
    struct sp_fiber_list *ready = &fiber->loop->ready;
    fiber->queued = true;
    fiber->next_ready = NULL;
    if (ready->last)
        ready->last->next_ready = fiber;
    else
        ready->first = fiber;
    ready->last = fiber;
    sp_loop_kick(fiber->loop);
}

void sp_fiber_wake(struct sp_fiber *fiber)
{
    fiber->woken = true;
    make_ready(fiber);
}

void sp_fiber_cancel(struct sp_fiber *fiber)
{
    fiber->canceled = true;
    make_ready(fiber);
}

static void deadline_passed(void *arg)
{
    make_ready(arg);
}

enum sp_status sp_fiber_wait(int64_t deadline_us)
{
    struct sp_fiber *self = running;
    if (!self)
        return SP_EINTERNAL;
    if (self->canceled)
        return SP_ECANCELED;
    if (!self->woken) {
        if (deadline_us) {
            if (deadline_us <= sp_clock_monotonic_us())
                return SP_ETIMEDOUT;
            sp_timer_set_reserved(self->loop, &self->timer, deadline_us);
        }
        self->waiting = true;
        sp_switch_out(&self->context);
        self->waiting = false;
        sp_timer_clear(&self->timer);
        if (self->canceled)
            return SP_ECANCELED;
        if (!self->woken)
            return SP_ETIMEDOUT;
    }
    self->woken = false;
    return SP_OK;
}

enum sp_status sp_fiber_sleep(int64_t microseconds)
{
    int64_t deadline = sp_clock_monotonic_us() + (microseconds > 0 ? microseconds : 0);
    enum sp_status status;
    do
        status = sp_fiber_wait(deadline);
    while (status == SP_OK);
    return status == SP_ETIMEDOUT ? SP_OK : status;
}

/* Running */

static void fiber_main(void *arg)
{
    struct sp_fiber *self = arg;
    self->fn(self->arg);
    self->done = true;
}

static void live_add(struct sp_fiber *fiber)
{
    struct sp_fiber_list *live = &fiber->loop->live;
    fiber->prev = live->last;
    fiber->next = NULL;
    if (live->last)
        live->last->next = fiber;
    else
        live->first = fiber;
    live->last = fiber;
    fiber->loop->live_count++;
}

static void live_remove(struct sp_fiber *fiber)
{
    struct sp_fiber_list *live = &fiber->loop->live;
    if (fiber->prev)
        fiber->prev->next = fiber->next;
    else
        live->first = fiber->next;
    if (fiber->next)
        fiber->next->prev = fiber->prev;
    else
        live->last = fiber->prev;
    fiber->loop->live_count--;
}

static void fiber_free(struct sp_fiber *fiber)
{
    sp_switch_finish(&fiber->context);
    free(fiber);
}

static void retire(struct sp_fiber *fiber)
{
    struct sp_loop *loop = fiber->loop;
    live_remove(fiber);
    if (loop->idle_count >= loop->options.idle_stacks) {
        fiber_free(fiber);
        return;
    }
    fiber->next = loop->idle;
    loop->idle = fiber;
    loop->idle_count++;
}

static void run(struct sp_fiber *fiber)
{
    struct sp_fiber *starter = running;
    running = fiber;
    sp_switch_in(&fiber->context);
    running = starter;
    if (fiber->done)
        retire(fiber);
}

static enum sp_status fiber_take(struct sp_loop *loop, struct sp_fiber **ret_fiber)
{
    struct sp_fiber *fiber = loop->idle;
    if (fiber) {
        loop->idle = fiber->next;
        loop->idle_count--;
    } else {
        fiber = calloc(1, sizeof(*fiber));
        if (!fiber)
            return SP_ENOMEM;
        enum sp_status status = sp_switch_init(&fiber->context, loop->options.stack_bytes, fiber_main, fiber);
        if (status != SP_OK) {
            free(fiber);
            return status;
        }
        fiber->timer.fn = deadline_passed;
        fiber->timer.arg = fiber;
        fiber->loop = loop;
    }
    fiber->waiting = fiber->queued = fiber->woken = fiber->canceled = fiber->done = false;
    fiber->note = NULL;
    *ret_fiber = fiber;
    return SP_OK;
}

enum sp_status sp_fiber_start(struct sp_loop *loop, sp_fiber_fn *fn, void *arg, struct sp_fiber **ret_fiber)
{
    if (loop->closing)
        return SP_ECANCELED;
    if (loop->live_count >= loop->options.max_fibers)
        return SP_ELIMIT;
    struct sp_fiber *fiber;
    enum sp_status status = fiber_take(loop, &fiber);
    if (status != SP_OK)
        return status;
    fiber->fn = fn;
    fiber->arg = arg;
    live_add(fiber);
    if (ret_fiber)
        *ret_fiber = fiber; /* before it runs: the function may want to publish it */
    run(fiber);
    return SP_OK;
}

void sp_fiber_run_ready(struct sp_loop *loop, unsigned budget)
{
    while (loop->ready.first && budget-- > 0) {
        struct sp_fiber *fiber = loop->ready.first;
        loop->ready.first = fiber->next_ready;
        if (!loop->ready.first)
            loop->ready.last = NULL;
        fiber->queued = false;
        run(fiber);
    }
}

void sp_fiber_cancel_all(struct sp_loop *loop)
{
    for (struct sp_fiber *fiber = loop->live.first; fiber; fiber = fiber->next)
        sp_fiber_cancel(fiber);
}

void sp_fiber_drop_idle(struct sp_loop *loop)
{
    while (loop->idle) {
        struct sp_fiber *fiber = loop->idle;
        loop->idle = fiber->next;
        fiber_free(fiber);
    }
    loop->idle_count = 0;
}
