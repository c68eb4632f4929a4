/* SPDX-License-Identifier: Apache-2.0 */
#include "region/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/stream.h"
#include "region/worker.h"
#include "text/region_frame.h"

#define START_LIMIT_US 20000000
#define END_LIMIT_US 2000000
#define REAP_PAUSE_US 500
#define BACKOFF_FIRST_US 100000
#define BACKOFF_MOST_US 5000000

extern char **environ;

/* The supervisor's end of a worker's socket: read by the worker's fiber, written to by that of a task. */
struct line {
    struct sp_stream *stream;
    unsigned references;
};

struct job {
    struct sp_fiber *fiber;
    struct slot *slot; /* the worker that is to do it */
    struct sp_buf *answer;
    enum sp_pool_end end;
    int wait_status;
    bool done;
    bool queued;
    struct job *next, *prev;
};

struct slot {
    struct sp_pool *pool;
    struct sp_fiber *fiber;
    unsigned number; /* from 1, for logs */
    pid_t pid;       /* 0: no process */
    struct line *line;
    struct job *job;
    bool idle;
    bool doomed;  /* to be replaced after its task, or killed already */
    bool leaving; /* it said that it ends with its task */
    bool was_ready;
    unsigned failures; /* starts in a row that came to nothing */
    struct slot *next_idle;
};

struct sp_pool {
    struct sp_loop *loop;
    char *program, *directory;
    int definition_fd;
    unsigned references; /* the owner and the slots' fibers */
    bool stopping;
    struct slot *slots;
    unsigned slot_count;
    struct slot *idle; /* the one used last is first: its memory is warm */
    struct job *first_job, *last_job;
    unsigned waiting;
    uint64_t started, stillborn;
};

static void unreference(struct sp_pool *pool)
{
    if (--pool->references)
        return;
    if (pool->definition_fd >= 0)
        close(pool->definition_fd);
    free(pool->program);
    free(pool->directory);
    free(pool->slots);
    free(pool);
}

static void line_release(struct line *line)
{
    if (--line->references)
        return;
    sp_stream_give_back(line->stream, false);
    free(line);
}

/* --- tasks that wait --------------------------------------------------------------------------------- */

static void enqueue(struct sp_pool *pool, struct job *job)
{
    job->queued = true;
    job->prev = pool->last_job;
    job->next = NULL;
    if (pool->last_job)
        pool->last_job->next = job;
    else
        pool->first_job = job;
    pool->last_job = job;
    pool->waiting++;
}

static void dequeue(struct sp_pool *pool, struct job *job)
{
    if (!job->queued)
        return;
    if (job->prev)
        job->prev->next = job->next;
    else
        pool->first_job = job->next;
    if (job->next)
        job->next->prev = job->prev;
    else
        pool->last_job = job->prev;
    job->queued = false;
    pool->waiting--;
}

static void give(struct slot *slot, struct job *job)
{
    slot->idle = false;
    slot->job = job;
    job->slot = slot;
}

/* The worker has nothing to do: the next task, or among the idle. */
static void offer(struct slot *slot)
{
    struct sp_pool *pool = slot->pool;
    struct job *job = pool->first_job;
    if (job) {
        dequeue(pool, job);
        give(slot, job);
        sp_fiber_wake(job->fiber);
        return;
    }
    slot->idle = true;
    slot->next_idle = pool->idle;
    pool->idle = slot;
}

static void unlist(struct slot *slot)
{
    if (!slot->idle)
        return;
    struct slot **at = &slot->pool->idle;
    while (*at != slot)
        at = &(*at)->next_idle;
    *at = slot->next_idle;
    slot->idle = false;
}

/* --- processes --------------------------------------------------------------------------------------- */

/* Out of the way of the numbers that the worker wants. */
static int move_high(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 16);
    close(fd);
    return high;
}

static int spawn(struct sp_pool *pool, int socket, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    const char *argv[] = {"sallyport-region", "worker", pool->directory, NULL};
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    /* What programs DISPLAY goes where the region's messages go. */
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    posix_spawn_file_actions_adddup2(&actions, socket, SP_WORKER_SOCKET);
    posix_spawn_file_actions_adddup2(&actions, pool->definition_fd, SP_WORKER_DEFINITION);
    int errnum = posix_spawn(ret_pid, pool->program, &actions, &attributes, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return errnum;
}

static struct line *line_new(struct slot *slot, int fd)
{
    char name[32];
    struct line *line = calloc(1, sizeof *line);
    snprintf(name, sizeof name, "worker %u", slot->number);
    if (!line) {
        close(fd);
        return NULL;
    }
    line->references = 1;
    if (sp_stream_adopt(slot->pool->loop, fd, name, &line->stream) != SP_OK) {
        free(line);
        return NULL;
    }
    return line;
}

static bool start_process(struct slot *slot)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        sp_log(SP_LOG_ERROR, NULL, "worker %u cannot be started: %s", slot->number, strerror(errno));
        return false;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int theirs = move_high(ends[1]);
    int errnum = theirs < 0 ? errno : spawn(slot->pool, theirs, &slot->pid);
    if (theirs >= 0)
        close(theirs);
    if (errnum) {
        slot->pid = 0;
        close(ends[0]);
        sp_log(SP_LOG_ERROR, NULL, "worker %u cannot be started: %s", slot->number, strerror(errnum));
        return false;
    }
    slot->pool->started++;
    slot->line = line_new(slot, ends[0]);
    return slot->line != NULL;
}

/* After its socket has closed, or because it is wanted no more. A process that is ending already keeps the
 * status that it ends with. */
static int reap(struct slot *slot)
{
    int status = 0;
    if (!slot->pid)
        return 0;
    kill(slot->pid, SIGKILL);
    while (waitpid(slot->pid, &status, WNOHANG) == 0) {
        if (sp_fiber_sleep(REAP_PAUSE_US) != SP_OK) {
            waitpid(slot->pid, &status, 0);
            break;
        }
    }
    slot->pid = 0;
    return status;
}

/* An end in a task, or behind it, is in that task's message. */
static void log_end(const struct slot *slot, pid_t pid, int status)
{
    if (slot->pool->stopping || slot->doomed || slot->leaving || slot->job)
        return;
    if (WIFSIGNALED(status))
        sp_log(SP_LOG_WARNING, NULL, "worker %u (process %d) ended by signal %d (%s)", slot->number, (int)pid,
               WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        sp_log(SP_LOG_WARNING, NULL, "worker %u (process %d) ended with exit status %d", slot->number,
               (int)pid, WEXITSTATUS(status));
}

/* --- one worker -------------------------------------------------------------------------------------- */

static enum sp_status io_read(struct slot *slot, int64_t deadline_us, struct sp_str *ret_frame)
{
    return io_stream_read_frame(slot->line->stream, sp_region_frame_length, NULL, SP_REGION_FRAME_MAX,
                                deadline_us, ret_frame);
}

static bool deliver(struct slot *slot, struct sp_str frame)
{
    struct job *job = slot->job;
    struct sp_region_header header;
    if (!job || sp_region_header_read(frame, &header, NULL) != SP_OK)
        return false;
    if (header.kind == SP_REGION_REFUSE) {
        slot->leaving = true;
        return true;
    }
    if (header.kind != SP_REGION_ANSWER || sp_buf_append_str(job->answer, frame) != SP_OK)
        return false;
    job->end = SP_POOL_ANSWERED;
    job->done = true;
    slot->job = NULL;
    sp_fiber_wake(job->fiber);
    return true;
}

/* Until the process ends, breaks the protocol, or is to be replaced. One that is leaving gets the time for
 * it. */
static void io_serve(struct slot *slot)
{
    struct sp_str frame;
    int64_t limit = 0;
    while (!slot->doomed && io_read(slot, limit, &frame) == SP_OK) {
        if (!deliver(slot, frame))
            break;
        if (slot->leaving)
            limit = sp_clock_monotonic_us() + END_LIMIT_US;
        else if (!slot->doomed)
            offer(slot);
    }
}

static void io_live_once(struct slot *slot)
{
    struct sp_str frame;
    struct sp_region_header header;
    slot->doomed = slot->leaving = slot->was_ready = false;
    bool ready = start_process(slot) &&
                 io_read(slot, sp_clock_monotonic_us() + START_LIMIT_US, &frame) == SP_OK &&
                 sp_region_header_read(frame, &header, NULL) == SP_OK && header.kind == SP_REGION_HELLO;
    if (ready) {
        slot->was_ready = true;
        slot->failures = 0;
        if (!slot->doomed)
            offer(slot);
        io_serve(slot);
    } else {
        slot->pool->stillborn++;
        slot->failures++;
    }
    unlist(slot);
    slot->was_ready = false;
    if (slot->line)
        line_release(slot->line);
    slot->line = NULL;
    pid_t pid = slot->pid;
    int status = reap(slot);
    if (pid)
        log_end(slot, pid, status);
    if (slot->job) {
        slot->job->end = SP_POOL_DIED;
        slot->job->wait_status = status;
        slot->job->done = true;
        sp_fiber_wake(slot->job->fiber);
        slot->job = NULL;
    }
}

static void slot_fiber(void *arg)
{
    struct slot *slot = arg;
    struct sp_pool *pool = slot->pool;
    slot->fiber = sp_fiber_self();
    while (!pool->stopping && !sp_fiber_canceled()) {
        io_live_once(slot);
        if (!slot->failures || pool->stopping)
            continue;
        int64_t pause = BACKOFF_FIRST_US << (slot->failures < 7 ? slot->failures - 1 : 6);
        if (sp_fiber_sleep(pause < BACKOFF_MOST_US ? pause : BACKOFF_MOST_US) != SP_OK)
            break;
    }
    slot->fiber = NULL;
    unreference(pool);
}

/* --- a task ------------------------------------------------------------------------------------------ */

static enum sp_status io_acquire(struct sp_pool *pool, struct job *job, int64_t deadline_us)
{
    struct slot *slot = pool->idle;
    enum sp_status status = SP_OK;
    if (slot) {
        unlist(slot);
        give(slot, job);
        return SP_OK;
    }
    enqueue(pool, job);
    while (status == SP_OK && !job->slot)
        status = sp_fiber_wait(deadline_us);
    dequeue(pool, job);
    /* A worker may have come just when the patience was over; it may even have died since. */
    struct slot *late = job->slot;
    if (status != SP_OK && late && late->job == job) {
        late->job = NULL;
        if (late->doomed)
            kill(late->pid, SIGKILL);
        else
            offer(late);
    }
    return status;
}

static void give_up(struct job *job)
{
    struct slot *slot = job->slot;
    if (job->done || slot->job != job)
        return;
    slot->job = NULL;
    slot->doomed = true;
    if (slot->pid)
        kill(slot->pid, SIGKILL);
}

enum sp_pool_end io_pool_run(struct sp_pool *pool, struct sp_str frame, int64_t deadline_us,
                             struct sp_buf *answer, int *ret_wait_status)
{
    struct job job = {.fiber = sp_fiber_self(), .answer = answer};
    if (io_acquire(pool, &job, deadline_us) != SP_OK)
        return SP_POOL_BUSY;
    enum sp_status status = SP_OK;
    /* Without a line the worker has died since it was given to us; its fiber will say how. */
    if (!job.done && job.slot->line) {
        struct line *line = job.slot->line;
        line->references++;
        status = io_stream_write(line->stream, frame, deadline_us);
        line_release(line);
        if (status == SP_ECLOSED || status == SP_EIO)
            status = SP_OK; /* it died; its fiber will say how */
    }
    while (status == SP_OK && !job.done)
        status = sp_fiber_wait(deadline_us);
    if (!job.done) {
        give_up(&job);
        return SP_POOL_TIMED_OUT;
    }
    *ret_wait_status = job.wait_status;
    return job.end;
}

/* --- the pool ---------------------------------------------------------------------------------------- */

static int make_definition_file(struct sp_str bytes)
{
    int fd = memfd_create("definition", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            close(fd);
            return -1;
        }
        bytes = sp_str_slice(bytes, (size_t)n, bytes.len);
    }
    return move_high(fd);
}

static enum sp_status start_fibers(struct sp_pool *pool, struct sp_error *err)
{
    for (unsigned i = 0; i < pool->slot_count; i++) {
        pool->slots[i].pool = pool;
        pool->slots[i].number = i + 1;
        pool->references++;
        enum sp_status status = sp_fiber_start(pool->loop, slot_fiber, &pool->slots[i], NULL);
        if (status != SP_OK) {
            pool->references--;
            return sp_error_set(err, status, NULL, "cannot start %u workers: %s", pool->slot_count,
                                sp_status_name(status));
        }
    }
    return SP_OK;
}

enum sp_status sp_pool_new(struct sp_loop *loop, const struct sp_pool_options *options,
                           struct sp_pool **ret_pool, struct sp_error *err)
{
    struct sp_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the workers");
    pool->loop = loop;
    pool->references = 1;
    pool->program = strdup(options->program);
    pool->directory = strdup(options->directory);
    pool->slot_count = options->workers;
    pool->slots = calloc(options->workers, sizeof *pool->slots);
    pool->definition_fd = make_definition_file(options->definition);
    enum sp_status status = SP_OK;
    if (!pool->program || !pool->directory || !pool->slots || pool->definition_fd < 0)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for the workers");
    else
        status = start_fibers(pool, err);
    if (status != SP_OK) {
        sp_pool_free(pool);
        return status;
    }
    *ret_pool = pool;
    return SP_OK;
}

void sp_pool_free(struct sp_pool *pool)
{
    if (!pool)
        return;
    pool->stopping = true;
    for (unsigned i = 0; pool->slots && i < pool->slot_count; i++)
        if (pool->slots[i].fiber)
            sp_fiber_cancel(pool->slots[i].fiber);
    unreference(pool);
}

void sp_pool_refresh(struct sp_pool *pool)
{
    for (unsigned i = 0; i < pool->slot_count; i++) {
        struct slot *slot = &pool->slots[i];
        slot->doomed = true;
        if (slot->idle && slot->pid) {
            unlist(slot);
            kill(slot->pid, SIGKILL);
        }
    }
}

void sp_pool_counts(const struct sp_pool *pool, struct sp_pool_counts *ret_counts)
{
    struct sp_pool_counts counts = {
        .waiting = pool->waiting, .started = pool->started, .stillborn = pool->stillborn};
    for (unsigned i = 0; i < pool->slot_count; i++) {
        counts.ready += pool->slots[i].was_ready;
        counts.busy += pool->slots[i].job != NULL;
    }
    *ret_counts = counts;
}
