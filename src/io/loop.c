/* SPDX-License-Identifier: Apache-2.0 */
#include "io/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop_internal.h"
#include "io/switch.h"

/* Resumptions in one turn, so that fibers which wake each other for ever do not keep the host out. */
#define RESUME_BUDGET 4096u

enum sp_status sp_io_status(int errnum)
{
    switch (errnum) {
    case ENOMEM:
    case ENOBUFS:
        return SP_ENOMEM;
    case EMFILE:
    case ENFILE:
    case ENOSPC:
        return SP_ELIMIT;
    case EEXIST:
        return SP_EEXISTS;
    case EACCES:
        return SP_EDENIED;
    case EPERM: /* epoll: a plain file, which is always ready */
    case EBADF:
    case EINVAL:
        return SP_EINVAL;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ETIMEDOUT: /* what was sent was never acknowledged */
        return SP_ECLOSED;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return SP_EUNAVAIL;
    default:
        return SP_EIO;
    }
}

/* Watches */

enum sp_status sp_watch_add(struct sp_loop *loop, struct sp_watch *watch)
{
    if (watch->loop)
        return SP_EEXISTS;
    struct epoll_event event = {.events = watch->events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) != 0)
        return sp_io_status(errno);
    watch->loop = loop;
    return SP_OK;
}

enum sp_status sp_watch_change(struct sp_watch *watch, uint32_t events)
{
    if (!watch->loop)
        return SP_EINVAL;
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) != 0)
        return sp_io_status(errno);
    watch->events = events;
    return SP_OK;
}

void sp_watch_remove(struct sp_watch *watch)
{
    struct sp_loop *loop = watch->loop;
    if (!loop)
        return;
    watch->loop = NULL;
    /* EBADF and ENOENT: the descriptor was closed before, and the kernel has forgotten it. */
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = loop->batch_at; i < loop->batch_len; i++)
        if (loop->batch[i].data.ptr == watch)
            loop->batch[i].data.ptr = NULL;
}

/* Timers */

static void heap_put(struct sp_loop *loop, size_t at, struct sp_timer *timer)
{
    loop->heap[at] = timer;
    timer->heap_at = at;
}

/* The hole at `at` moves to where `timer` belongs, which is put there. */
static void heap_settle(struct sp_loop *loop, size_t at, struct sp_timer *timer)
{
    while (at > 0 && loop->heap[(at - 1) / 2]->deadline_us > timer->deadline_us) {
        heap_put(loop, at, loop->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= loop->timers)
            break;
        if (child + 1 < loop->timers && loop->heap[child + 1]->deadline_us < loop->heap[child]->deadline_us)
            child++;
        if (loop->heap[child]->deadline_us >= timer->deadline_us)
            break;
        heap_put(loop, at, loop->heap[child]);
        at = child;
    }
    heap_put(loop, at, timer);
}

/* Setting the timerfd also forgets that it has fired, so it need not be read. */
static void arm(struct sp_loop *loop, int64_t deadline_us)
{
    struct itimerspec when = {0};
    loop->armed_us = deadline_us;
    if (deadline_us != INT64_MAX) {
        if (deadline_us < 1)
            deadline_us = 1; /* all zeros would disarm it */
        when.it_value.tv_sec = (time_t)(deadline_us / 1000000);
        when.it_value.tv_nsec = (long)(deadline_us % 1000000) * 1000;
    }
    (void)timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* The timerfd is not put back when the earliest timer is cleared: time-outs are mostly cleared, and one
 * needless firing is cheaper than a system call each time. */
static void timer_insert(struct sp_loop *loop, struct sp_timer *timer, int64_t deadline_us)
{
    timer->deadline_us = deadline_us;
    timer->loop = loop;
    heap_settle(loop, loop->timers++, timer);
    if (deadline_us < loop->armed_us)
        arm(loop, deadline_us);
}

enum sp_status sp_timer_set(struct sp_loop *loop, struct sp_timer *timer, int64_t deadline_us)
{
    sp_timer_clear(timer);
    if (loop->timers + loop->options.max_fibers >= loop->heap_capacity) {
        size_t capacity = loop->heap_capacity * 2;
        struct sp_timer **grown = realloc(loop->heap, capacity * sizeof(*grown));
        if (!grown)
            return SP_ENOMEM;
        loop->heap = grown;
        loop->heap_capacity = capacity;
    }
    timer_insert(loop, timer, deadline_us);
    return SP_OK;
}

void sp_timer_set_reserved(struct sp_loop *loop, struct sp_timer *timer, int64_t deadline_us)
{
    sp_timer_clear(timer);
    timer_insert(loop, timer, deadline_us);
}

void sp_timer_clear(struct sp_timer *timer)
{
    struct sp_loop *loop = timer->loop;
    if (!loop)
        return;
    timer->loop = NULL;
    struct sp_timer *last = loop->heap[--loop->timers];
    if (last != timer)
        heap_settle(loop, timer->heap_at, last);
}

static void timers_fire(void *arg, uint32_t events)
{
    struct sp_loop *loop = arg;
    int64_t now = sp_clock_monotonic_us();
    loop->armed_us = INT64_MIN; /* no arming while callbacks set timers; once at the end */
    /* The count is taken before, for a callback that sets a timer in the past again and again. */
    for (size_t left = loop->timers; left > 0 && loop->timers > 0; left--) {
        struct sp_timer *timer = loop->heap[0];
        if (timer->deadline_us > now)
            break;
        sp_timer_clear(timer);
        timer->fn(timer->arg);
    }
    arm(loop, loop->timers ? loop->heap[0]->deadline_us : INT64_MAX);
}

/* Turns */

static void kick_seen(void *arg, uint32_t events)
{
    struct sp_loop *loop = arg;
    uint64_t count;
    (void)!read(loop->kick_fd, &count, sizeof count);
    loop->kicked = false;
}

void sp_loop_kick(struct sp_loop *loop)
{
    if (loop->running || loop->kicked)
        return;
    uint64_t one = 1;
    if (write(loop->kick_fd, &one, sizeof one) == (ssize_t)sizeof one)
        loop->kicked = true;
}

static void turn(struct sp_loop *loop, int milliseconds)
{
    if (loop->running || sp_fiber_self())
        return; /* a callback or a fiber has called us: the turn under way handles it */
    loop->running = true;
    if (loop->ready.first)
        milliseconds = 0;
    int n = epoll_wait(loop->epoll_fd, loop->batch, SP_LOOP_BATCH, milliseconds);
    loop->batch_len = n > 0 ? n : 0;
    for (loop->batch_at = 0; loop->batch_at < loop->batch_len;) {
        const struct epoll_event *event = &loop->batch[loop->batch_at++];
        struct sp_watch *watch = event->data.ptr;
        if (watch)
            watch->fn(watch->arg, event->events);
    }
    loop->batch_at = loop->batch_len = 0;
    sp_fiber_run_ready(loop, RESUME_BUDGET);
    loop->running = false;
    if (loop->ready.first)
        sp_loop_kick(loop);
}

void sp_loop_run_ready(struct sp_loop *loop)
{
    turn(loop, 0);
}

void sp_loop_run_once(struct sp_loop *loop, int milliseconds)
{
    turn(loop, milliseconds);
}

void sp_loop_run_all(struct sp_loop *loop)
{
    while (loop->live_count > 0)
        turn(loop, -1);
}

int sp_loop_fd(const struct sp_loop *loop)
{
    return loop->epoll_fd;
}

unsigned sp_loop_fibers(const struct sp_loop *loop)
{
    return loop->live_count;
}

/* Life */

static void fill_defaults(struct sp_loop_options *options)
{
    if (!options->max_fibers)
        options->max_fibers = 4096;
    if (!options->stack_bytes)
        options->stack_bytes = 131072;
    if (!options->idle_stacks)
        options->idle_stacks = 256;
    if (!options->threads)
        options->threads = 4;
    if (!options->queue)
        options->queue = 1024;
}

static enum sp_status open_descriptors(struct sp_loop *loop, struct sp_error *err)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return sp_error_errno(err, sp_io_status(errno), errno, "cannot make an epoll set");
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->timer_fd < 0)
        return sp_error_errno(err, sp_io_status(errno), errno, "cannot make a timer descriptor");
    loop->kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->kick_fd < 0)
        return sp_error_errno(err, sp_io_status(errno), errno, "cannot make an event descriptor");

    loop->timer_watch =
        (struct sp_watch){.fd = loop->timer_fd, .events = EPOLLIN, .fn = timers_fire, .arg = loop};
    loop->kick_watch =
        (struct sp_watch){.fd = loop->kick_fd, .events = EPOLLIN, .fn = kick_seen, .arg = loop};
    enum sp_status status = sp_watch_add(loop, &loop->timer_watch);
    if (status == SP_OK)
        status = sp_watch_add(loop, &loop->kick_watch);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "cannot watch the loop's own descriptors: %s",
                            sp_status_name(status));
    return SP_OK;
}

enum sp_status sp_loop_new(const struct sp_loop_options *options, struct sp_loop **ret_loop,
                           struct sp_error *err)
{
    if (options && options->stack_bytes &&
        (options->stack_bytes < SP_SWITCH_STACK_MIN || options->stack_bytes > SP_SWITCH_STACK_MAX))
        return sp_error_set(err, SP_EINVAL, NULL, "a fiber's stack of %zu bytes is not within %zu and %zu",
                            options->stack_bytes, SP_SWITCH_STACK_MIN, SP_SWITCH_STACK_MAX);
    struct sp_loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an event loop");
    loop->epoll_fd = loop->timer_fd = loop->kick_fd = -1;
    loop->armed_us = INT64_MAX;
    if (options)
        loop->options = *options;
    fill_defaults(&loop->options);
    loop->heap_capacity = (size_t)loop->options.max_fibers + 64;
    loop->heap = calloc(loop->heap_capacity, sizeof(struct sp_timer *));
    enum sp_status status = loop->heap ? open_descriptors(loop, err)
                                       : sp_error_set(err, SP_ENOMEM, NULL, "no memory for an event loop");
    if (status != SP_OK) {
        sp_loop_free(loop);
        return status;
    }
    *ret_loop = loop;
    return SP_OK;
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

void sp_loop_free(struct sp_loop *loop)
{
    if (!loop)
        return;
    loop->closing = true;
    sp_fiber_cancel_all(loop);
    while (loop->live_count > 0)
        turn(loop, -1);
    sp_resolver_free(loop->resolver);
    for (size_t i = 0; i < SP_OFFLOAD_LANES; i++)
        sp_offload_free(loop->offload[i]);
    while (loop->timers > 0)
        sp_timer_clear(loop->heap[0]);
    sp_fiber_drop_idle(loop);
    close_descriptor(loop->kick_fd);
    close_descriptor(loop->timer_fd);
    close_descriptor(loop->epoll_fd);
    free(loop->heap);
    free(loop);
}
