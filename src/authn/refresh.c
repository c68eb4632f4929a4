/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/refresh.h"

#include <stdlib.h>

#include "base/clock.h"
#include "io/fiber.h"

#define RETRY_LEAST ((int64_t)1000000)
#define RETRY_MOST ((int64_t)60000000)

/* A fiber that waits for the fetch under way. */
struct waiter {
    struct sp_fiber *fiber;
    struct waiter *next, *prev;
};

struct sp_refresh {
    struct sp_loop *loop;
    sp_refresh_fn *fn;
    void (*drop)(void *arg);
    void *arg;
    unsigned references; /* the owner's, the fetching fiber's, and one for each who waits */
    bool closed;
    bool fetching, wanted; /* a fetch is under way; somebody needs one */
    struct sp_fiber *fiber;
    int64_t retry_us; /* after the next failure */
    struct waiter *waiters;
    struct sp_refresh_state state;
};

enum sp_status sp_refresh_new(struct sp_loop *loop, sp_refresh_fn *fn, void (*drop)(void *arg), void *arg,
                              struct sp_refresh **ret_refresh, struct sp_error *err)
{
    struct sp_refresh *refresh = calloc(1, sizeof *refresh);
    if (!refresh)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory");
    refresh->loop = loop;
    refresh->fn = fn;
    refresh->drop = drop;
    refresh->arg = arg;
    refresh->references = 1;
    refresh->retry_us = RETRY_LEAST;
    refresh->state.problem = (struct sp_error)SP_ERROR_INIT;
    *ret_refresh = refresh;
    return SP_OK;
}

static void release(struct sp_refresh *refresh)
{
    if (--refresh->references)
        return;
    refresh->drop(refresh->arg);
    free(refresh);
}

static void wake_waiters(const struct sp_refresh *refresh)
{
    for (struct waiter *waiter = refresh->waiters; waiter; waiter = waiter->next)
        sp_fiber_wake(waiter->fiber);
}

void sp_refresh_free(struct sp_refresh *refresh)
{
    if (!refresh)
        return;
    refresh->closed = true;
    if (refresh->fiber)
        sp_fiber_cancel(refresh->fiber);
    wake_waiters(refresh);
    release(refresh);
}

static void mark(struct sp_refresh *refresh, bool fetching, bool wanted)
{
    refresh->fetching = fetching;
    refresh->wanted = wanted;
    refresh->state.busy = fetching || wanted;
}

static void io_fetch_once(struct sp_refresh *refresh)
{
    struct sp_refresh_state *state = &refresh->state;
    struct sp_error err = SP_ERROR_INIT;
    int64_t lifetime_us = 0;
    mark(refresh, true, false);
    enum sp_status status = refresh->fn(refresh->arg, &lifetime_us, &err);
    int64_t now = sp_clock_monotonic_us();
    state->attempted_us = now;
    if (status == SP_OK) {
        state->fetched_us = now;
        state->next_us = now + lifetime_us / 5 * 4;
        state->problem.status = SP_OK;
        state->successes++;
        refresh->retry_us = RETRY_LEAST;
    } else {
        state->problem = err;
        state->problem.status = status;
        state->next_us = now + refresh->retry_us;
        state->failures++;
        refresh->retry_us = refresh->retry_us * 2 > RETRY_MOST ? RETRY_MOST : refresh->retry_us * 2;
    }
    mark(refresh, false, refresh->wanted);
    wake_waiters(refresh);
}

static void keep_fresh(void *arg)
{
    struct sp_refresh *refresh = arg;
    while (!refresh->closed && !sp_fiber_canceled()) {
        if (refresh->wanted || sp_clock_monotonic_us() >= refresh->state.next_us)
            io_fetch_once(refresh);
        else if (sp_fiber_wait(refresh->state.next_us) == SP_ECANCELED)
            break;
    }
    refresh->fiber = NULL;
    mark(refresh, false, false);
    wake_waiters(refresh);
    release(refresh);
}

void sp_refresh_start(struct sp_refresh *refresh)
{
    if (refresh->fiber || refresh->closed)
        return;
    refresh->references++;
    if (sp_fiber_start(refresh->loop, keep_fresh, refresh, &refresh->fiber) != SP_OK)
        refresh->references--; /* who needs it next tries again */
}

void sp_refresh_soon(struct sp_refresh *refresh)
{
    refresh->state.next_us = 0;
    if (refresh->fiber)
        sp_fiber_wake(refresh->fiber);
}

static void leave(struct sp_refresh *refresh, struct waiter *waiter)
{
    if (waiter->prev)
        waiter->prev->next = waiter->next;
    else
        refresh->waiters = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
}

enum sp_status io_refresh_await(struct sp_refresh *refresh, int64_t deadline_us)
{
    struct waiter waiter = {.fiber = sp_fiber_self(), .next = refresh->waiters};
    enum sp_status status = SP_OK;
    if (waiter.next)
        waiter.next->prev = &waiter;
    refresh->waiters = &waiter;
    refresh->references++;
    sp_refresh_start(refresh);
    if (!refresh->fetching && refresh->fiber) {
        mark(refresh, false, true);
        sp_fiber_wake(refresh->fiber);
    }
    while (status == SP_OK && !refresh->closed && (refresh->fetching || refresh->wanted))
        status = sp_fiber_wait(deadline_us);
    leave(refresh, &waiter);
    if (refresh->closed)
        status = SP_ECANCELED;
    release(refresh);
    return status;
}

const struct sp_refresh_state *sp_refresh_state(const struct sp_refresh *refresh)
{
    return &refresh->state;
}
