/* SPDX-License-Identifier: Apache-2.0
 * loop.h: one private epoll set with timers, that any host can drive.
 *
 * The loop owns an epoll descriptor. The host (the nginx module, a test under poll(), the region's
 * supervisor) watches that one descriptor for reading, level-triggered, and calls sp_loop_run_ready when it
 * is. Timers are a timerfd inside the set, so the host needs no timer of its own. One loop belongs to one
 * thread. It is made after fork.
 */
#ifndef SP_IO_LOOP_H
#define SP_IO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sp_loop;

struct sp_loop_options {
    unsigned max_fibers;  /* running at once; 0: 4096 */
    size_t stack_bytes;   /* of a fiber, without the guard; 0: 131072 */
    unsigned idle_stacks; /* kept in the pool; 0: 256 */
    unsigned threads;     /* for off-loaded work; 0: 4 */
    unsigned queue;       /* off-loaded jobs that may wait; 0: 1024 */
};

/* `options` NULL: all defaults. SP_EINVAL when stack_bytes is not within 16 KiB and 1 GiB, SP_ELIMIT without
 * free descriptors, SP_ENOMEM. Nothing is started before it is needed. */
enum sp_status sp_loop_new(const struct sp_loop_options *options, struct sp_loop **ret_loop,
                           struct sp_error *err) SP_MUST_CHECK;
/* Cancels the fibers that are left, runs them to their end, joins the threads (so it waits for off-loaded
 * work that runs). Free pools and listeners and remove watches before. Not from a callback or a fiber.
 * Accepts NULL. */
void sp_loop_free(struct sp_loop *loop);

/* The descriptor to watch. */
int sp_loop_fd(const struct sp_loop *loop);
/* Handle all that is ready now, without blocking: the callbacks, then the fibers they woke. Does nothing when
 * called from inside a callback or a fiber. */
void sp_loop_run_ready(struct sp_loop *loop);
/* Block until something is ready or `milliseconds` passed (-1: for ever), then handle it. For hosts that have
 * no loop of their own: tests, region, command line. */
void sp_loop_run_once(struct sp_loop *loop, int milliseconds);
/* Until no fiber is left. */
void sp_loop_run_all(struct sp_loop *loop);
/* Fibers running or waiting. */
unsigned sp_loop_fibers(const struct sp_loop *loop);

/* A descriptor in the set: `fn(arg, events)` is called with the EPOLL* bits that are ready, level-triggered
 * unless `events` has EPOLLET. The watch is the caller's memory, and may be changed or removed inside any
 * callback. */
struct sp_watch {
    int fd;
    uint32_t events;
    void (*fn)(void *arg, uint32_t events);
    void *arg;
    struct sp_loop *loop; /* NULL while not in the set */
};
/* SP_EEXISTS when it or its descriptor is in the set already, SP_EINVAL for a descriptor that cannot be
 * watched (a plain file), SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_watch_add(struct sp_loop *loop, struct sp_watch *watch) SP_MUST_CHECK;
enum sp_status sp_watch_change(struct sp_watch *watch, uint32_t events) SP_MUST_CHECK;
/* Before the descriptor is closed; harmless after, as long as its number was not given out again. Accepts a
 * watch that is not in the set. */
void sp_watch_remove(struct sp_watch *watch);

/* A timer: `fn(arg)` once, at or soon after `deadline_us` (monotonic). The caller's memory. */
struct sp_timer {
    int64_t deadline_us;
    void (*fn)(void *arg);
    void *arg;
    struct sp_loop *loop; /* NULL while not set */
    size_t heap_at;       /* private */
};
/* Set again, it moves. SP_ENOMEM. */
enum sp_status sp_timer_set(struct sp_loop *loop, struct sp_timer *timer, int64_t deadline_us) SP_MUST_CHECK;
/* Accepts a timer that is not set. */
void sp_timer_clear(struct sp_timer *timer);

#endif
