/* SPDX-License-Identifier: Apache-2.0
 * pool.h: the worker processes of a region.
 *
 * A fixed number of processes, started before the first request; each runs one task at a time. One that dies
 * is replaced; whoever waits for its task is told how it died. Requests wait for a free worker in the order
 * they came.
 */
#ifndef SP_REGION_POOL_H
#define SP_REGION_POOL_H

#include <sys/types.h>

#include "base/buf.h"

struct sp_loop;
struct sp_pool;

struct sp_pool_options {
    unsigned workers;
    const char *program;      /* path of the executable */
    const char *directory;    /* of the definition, for relative paths */
    struct sp_str definition; /* its bytes; copied */
};

enum sp_pool_end {
    SP_POOL_ANSWERED,
    SP_POOL_DIED,      /* the worker ended in the task */
    SP_POOL_TIMED_OUT, /* the deadline passed in the task, and the worker was killed */
    SP_POOL_BUSY,      /* no worker was free before the deadline */
};

/* Starts the workers' fibers; the processes come up in the loop's next turns. */
enum sp_status sp_pool_new(struct sp_loop *loop, const struct sp_pool_options *options,
                           struct sp_pool **ret_pool, struct sp_error *err) SP_MUST_CHECK;
/* Kill the workers and forget them. Their fibers end in the loop's next turns, or when it is freed; the
 * memory goes with the last. Accepts NULL. */
void sp_pool_free(struct sp_pool *pool);

/* Send the frame to a worker and wait for its answer, which is appended to `answer`. In a fiber. The deadline
 * is monotonic microseconds. `*ret_wait_status` is that of waitpid after SP_POOL_DIED. */
enum sp_pool_end io_pool_run(struct sp_pool *pool, struct sp_str frame, int64_t deadline_us,
                             struct sp_buf *answer, int *ret_wait_status);

/* Replace every worker, when its task has ended, so that changed modules are loaded. */
void sp_pool_refresh(struct sp_pool *pool);

struct sp_pool_counts {
    unsigned ready;     /* workers that can take or have a task */
    unsigned busy;      /* of these, with a task */
    unsigned waiting;   /* tasks without a worker */
    uint64_t started;   /* processes */
    uint64_t stillborn; /* of these, ended before they were ready */
};
void sp_pool_counts(const struct sp_pool *pool, struct sp_pool_counts *ret_counts);

#endif
