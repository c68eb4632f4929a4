/* SPDX-License-Identifier: Apache-2.0
 * loop_internal.h: the loop's insides, shared by the mechanisms of this room only.
 */
#ifndef SP_IO_LOOP_INTERNAL_H
#define SP_IO_LOOP_INTERNAL_H

#include <sys/epoll.h>

#include "io/loop.h"
#include "io/offload.h"

struct sp_fiber;
struct sp_offload;
struct sp_resolver;

#define SP_LOOP_BATCH 128

struct sp_fiber_list {
    struct sp_fiber *first, *last;
};

struct sp_loop {
    struct sp_loop_options options; /* with the defaults filled in */
    int epoll_fd, timer_fd, kick_fd;
    struct sp_watch timer_watch, kick_watch;

    struct sp_timer **heap; /* binary heap, earliest first */
    size_t timers, heap_capacity;
    int64_t armed_us; /* when the timerfd fires; INT64_MAX: never */

    struct epoll_event batch[SP_LOOP_BATCH]; /* being dispatched */
    int batch_at, batch_len;
    bool running; /* inside a turn: what becomes ready is run before it ends */
    bool kicked;  /* the host was told by kick_fd that fibers are ready */
    bool closing; /* sp_loop_free has begun */

    struct sp_fiber_list live;  /* running or waiting */
    struct sp_fiber_list ready; /* woken, to be resumed */
    struct sp_fiber *idle;      /* with stacks that can be used again */
    unsigned live_count, idle_count;

    struct sp_offload *offload[SP_OFFLOAD_LANES]; /* each NULL until its first job */
    struct sp_resolver *resolver;                 /* NULL until the first name */
};

/* A timer that may use the room kept for fibers: never fails while there are at most max_fibers of them. */
void sp_timer_set_reserved(struct sp_loop *loop, struct sp_timer *timer, int64_t deadline_us);

/* Make the descriptor readable because fibers are ready, unless a turn is running or it was done already. */
void sp_loop_kick(struct sp_loop *loop);

struct sp_loop *sp_fiber_loop(const struct sp_fiber *fiber);

/* fiber.c: resume what is ready, at most `budget` times. */
void sp_fiber_run_ready(struct sp_loop *loop, unsigned budget);
void sp_fiber_cancel_all(struct sp_loop *loop);
/* Unmap the pooled stacks. */
void sp_fiber_drop_idle(struct sp_loop *loop);

/* offload.c: join the threads and give up what they hold. Accepts NULL. */
void sp_offload_free(struct sp_offload *offload);
/* resolve.c. Accepts NULL. */
void sp_resolver_free(struct sp_resolver *resolver);

/* What errno says, as a status; SP_EIO for what has no word of its own. */
enum sp_status sp_io_status(int errnum);

#endif
