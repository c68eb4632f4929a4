/* SPDX-License-Identifier: Apache-2.0 */
#include "io/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop_internal.h"

#define DIRECTORY_THREADS 16u
#define DOCUMENT_THREADS 2u
#define PASSWORD_THREADS 2u

struct job {
    enum sp_status (*fn)(void *arg);
    void *arg;
    void (*release)(void *arg);
    struct sp_fiber *fiber; /* NULL: given up. Of the loop's thread only. */
    struct job *next, *prev;
    enum sp_status status;
    bool queued; /* no thread has taken it yet */
    bool done;   /* the loop's thread has it back */
};

static const char *const thread_names[SP_OFFLOAD_LANES] = {"sp-offload", "sp-directory", "sp-document",
                                                           "sp-password"};

struct sp_offload {
    struct sp_loop *loop;
    enum sp_offload_lane lane;
    unsigned thread_limit, queue_limit;
    struct sp_watch watch;
    int event_fd;

    pthread_mutex_t lock; /* over all below, and `queued` of each job */
    pthread_cond_t more;
    struct job *first, *last; /* waiting for a thread */
    struct job *finished;     /* newest first */
    unsigned waiting, idle, started;
    bool stop;
    pthread_t threads[];
};

static void job_free(struct job *job)
{
    if (job->release)
        job->release(job->arg);
    free(job);
}

static void queue_remove(struct sp_offload *offload, struct job *job)
{
    if (job->prev)
        job->prev->next = job->next;
    else
        offload->first = job->next;
    if (job->next)
        job->next->prev = job->prev;
    else
        offload->last = job->prev;
    job->queued = false;
    offload->waiting--;
}

static void queue_add(struct sp_offload *offload, struct job *job)
{
    job->queued = true;
    job->next = NULL;
    job->prev = offload->last;
    if (offload->last)
        offload->last->next = job;
    else
        offload->first = job;
    offload->last = job;
    offload->waiting++;
}

/* The lock is held. */
static void finish(struct sp_offload *offload, struct job *job)
{
    bool first = !offload->finished;
    job->next = offload->finished;
    offload->finished = job;
    uint64_t one = 1;
    if (first)
        (void)!write(offload->event_fd, &one, sizeof one);
}

static void *thread_main(void *arg)
{
    struct sp_offload *offload = arg;
    pthread_mutex_lock(&offload->lock);
    for (;;) {
        while (!offload->first && !offload->stop) {
            offload->idle++;
            pthread_cond_wait(&offload->more, &offload->lock);
            offload->idle--;
        }
        if (!offload->first)
            break;
        struct job *job = offload->first;
        queue_remove(offload, job);
        pthread_mutex_unlock(&offload->lock);
        job->status = job->fn(job->arg);
        pthread_mutex_lock(&offload->lock);
        finish(offload, job);
    }
    pthread_mutex_unlock(&offload->lock);
    return NULL;
}

static void take_finished(void *arg, uint32_t events)
{
    struct sp_offload *offload = arg;
    uint64_t count;
    (void)!read(offload->event_fd, &count, sizeof count);
    pthread_mutex_lock(&offload->lock);
    struct job *job = offload->finished;
    offload->finished = NULL;
    pthread_mutex_unlock(&offload->lock);
    while (job) {
        struct job *next = job->next;
        job->done = true;
        if (job->fiber)
            sp_fiber_wake(job->fiber);
        else
            job_free(job);
        job = next;
    }
}

static enum sp_status offload_new(struct sp_loop *loop, enum sp_offload_lane lane)
{
    const unsigned threads[SP_OFFLOAD_LANES] = {loop->options.threads, DIRECTORY_THREADS, DOCUMENT_THREADS,
                                                PASSWORD_THREADS};
    struct sp_offload *offload = calloc(1, sizeof(*offload) + threads[lane] * sizeof(offload->threads[0]));
    if (!offload)
        return SP_ENOMEM;
    offload->loop = loop;
    offload->lane = lane;
    offload->thread_limit = threads[lane];
    offload->queue_limit = loop->options.queue;
    pthread_mutex_init(&offload->lock, NULL);
    pthread_cond_init(&offload->more, NULL);
    offload->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    offload->watch =
        (struct sp_watch){.fd = offload->event_fd, .events = EPOLLIN, .fn = take_finished, .arg = offload};
    enum sp_status status = offload->event_fd >= 0 ? sp_watch_add(loop, &offload->watch) : SP_ELIMIT;
    if (status != SP_OK) {
        sp_offload_free(offload);
        return status;
    }
    loop->offload[lane] = offload;
    return SP_OK;
}

void sp_offload_free(struct sp_offload *offload)
{
    if (!offload)
        return;
    pthread_mutex_lock(&offload->lock);
    offload->stop = true;
    pthread_cond_broadcast(&offload->more);
    pthread_mutex_unlock(&offload->lock);
    for (unsigned i = 0; i < offload->started; i++)
        pthread_join(offload->threads[i], NULL);
    if (offload->event_fd >= 0) {
        take_finished(offload, 0);
        sp_watch_remove(&offload->watch);
        close(offload->event_fd);
    }
    pthread_cond_destroy(&offload->more);
    pthread_mutex_destroy(&offload->lock);
    free(offload);
}

/* Signals are the business of the process's first thread. */
static bool thread_start(struct sp_offload *offload)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&offload->threads[offload->started], NULL, thread_main, offload);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return false;
    pthread_setname_np(offload->threads[offload->started], thread_names[offload->lane]);
    offload->started++;
    return true;
}

static enum sp_status submit(struct sp_offload *offload, struct job *job)
{
    enum sp_status status = SP_OK;
    pthread_mutex_lock(&offload->lock);
    unsigned free_threads = offload->idle + (offload->thread_limit - offload->started);
    if (offload->waiting >= free_threads && offload->waiting - free_threads >= offload->queue_limit)
        status = SP_ELIMIT;
    else if (offload->idle <= offload->waiting && offload->started < offload->thread_limit &&
             !thread_start(offload) && offload->started == 0)
        status = SP_ELIMIT;
    if (status == SP_OK) {
        queue_add(offload, job);
        pthread_cond_signal(&offload->more);
    }
    pthread_mutex_unlock(&offload->lock);
    return status;
}

/* The fiber does not wait any longer: whoever has the job last frees it. */
static void give_up(struct sp_offload *offload, struct job *job)
{
    job->fiber = NULL;
    pthread_mutex_lock(&offload->lock);
    bool ours = job->done || job->queued;
    if (job->queued)
        queue_remove(offload, job);
    pthread_mutex_unlock(&offload->lock);
    if (ours)
        job_free(job);
}

static enum sp_status refused(void *arg, void (*release)(void *arg), enum sp_status status)
{
    if (release)
        release(arg);
    return status;
}

/* Wait until the job is done. While it is queued, `begin_by_us` counts too. */
static enum sp_status await(struct sp_offload *offload, struct job *job, int64_t begin_by_us,
                            int64_t deadline_us)
{
    while (!job->done) {
        pthread_mutex_lock(&offload->lock);
        bool queued = job->queued;
        pthread_mutex_unlock(&offload->lock);
        bool early = queued && begin_by_us && (!deadline_us || begin_by_us < deadline_us);
        enum sp_status status = sp_fiber_wait(early ? begin_by_us : deadline_us);
        if (status == SP_ETIMEDOUT && early) {
            pthread_mutex_lock(&offload->lock);
            queued = job->queued;
            if (queued)
                queue_remove(offload, job);
            pthread_mutex_unlock(&offload->lock);
            if (queued)
                return SP_ELIMIT;
            begin_by_us = 0;
            continue;
        }
        if (status != SP_OK) {
            give_up(offload, job);
            return status;
        }
    }
    return SP_OK;
}

enum sp_status io_offload_lane(enum sp_offload_lane lane, enum sp_status (*fn)(void *arg), void *arg,
                               void (*release)(void *arg), int64_t begin_by_us, int64_t deadline_us)
{
    struct sp_fiber *self = sp_fiber_self();
    if (!self)
        return SP_EINTERNAL;
    if (sp_fiber_canceled())
        return refused(arg, release, SP_ECANCELED);
    if (deadline_us && deadline_us <= sp_clock_monotonic_us())
        return refused(arg, release, SP_ETIMEDOUT);
    struct sp_loop *loop = sp_fiber_loop(self);
    enum sp_status status = loop->offload[lane] ? SP_OK : offload_new(loop, lane);
    if (status != SP_OK)
        return status;
    struct sp_offload *offload = loop->offload[lane];
    struct job *job = malloc(sizeof(*job));
    if (!job)
        return SP_ENOMEM;
    *job = (struct job){.fn = fn, .arg = arg, .release = release, .fiber = self};
    status = submit(offload, job);
    if (status == SP_OK) {
        status = await(offload, job, begin_by_us, deadline_us);
        if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
            return status; /* whoever has the job last frees it */
    }
    if (status != SP_OK) {
        free(job);
        return status;
    }
    status = job->status;
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        job_free(job);
    else
        free(job);
    return status;
}

enum sp_status io_offload(enum sp_status (*fn)(void *arg), void *arg, void (*release)(void *arg),
                          int64_t deadline_us)
{
    return io_offload_lane(SP_OFFLOAD_GENERAL, fn, arg, release, 0, deadline_us);
}
