/* SPDX-License-Identifier: Apache-2.0
 * Following: what every worker does.
 */
#include "gateway/update.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/message.h"
#include "gateway/shared_area.h"
#include "gateway/update_internal.h"
#include "io/offload.h"

#define RETRY_US 1000000

/* ---------------------------------------------------------------- what workers inherit */

void sp_update_share_close(struct sp_update_share *share)
{
    const int fds[] = {share->files_fd[0], share->files_fd[1], share->archives_fd, share->event_fd};
    for (size_t i = 0; i < 4; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    share->files_fd[0] = share->files_fd[1] = share->archives_fd = share->event_fd = -1;
}

enum sp_status sp_update_share_open(struct sp_file_set *files, uint32_t epoch,
                                    struct sp_update_share *ret_share, struct sp_error *err)
{
    struct sp_update_share share = {
        .files_fd = {memfd_create("sallyport-files", MFD_CLOEXEC),
                     memfd_create("sallyport-files", MFD_CLOEXEC)},
        .archives_fd = memfd_create("sallyport-archives", MFD_CLOEXEC),
        .event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
        .epoch = epoch,
    };
    enum sp_status status = SP_OK;
    if (share.files_fd[0] < 0 || share.files_fd[1] < 0 || share.archives_fd < 0 || share.event_fd < 0)
        status = sp_error_errno(err, SP_ELIMIT, errno, "no memory that workers share");
    if (status == SP_OK)
        status = sp_file_set_store(files, share.files_fd[0], share.archives_fd, err);
    if (status == SP_OK)
        *ret_share = share;
    else
        sp_update_share_close(&share);
    return status;
}

/* ---------------------------------------------------------------- loading */

enum sp_status sp_update_load(const struct sp_update_options *options, struct sp_file_set *files,
                              struct sp_problems *problems, struct sp_config **ret_config,
                              struct sp_error *err)
{
    struct sp_config_options config = options->config;
    config.files = sp_file_set_reader(files);
    return sp_config_load(&config, problems, ret_config, err);
}

enum sp_status sp_update_begin(const struct sp_update_options *options, const struct sp_worker *worker,
                               uint64_t *ret_word, struct sp_file_set **ret_files,
                               struct sp_config **ret_config, struct sp_error *err)
{
    const struct sp_update_share *share = options->share;
    uint64_t first = sp_agreement_first(share->epoch);
    struct sp_agreement *agreement = sp_shared_area_part(worker, SP_SHARED_AGREEMENT, NULL);
    uint64_t word = sp_agreement_join(agreement, share->epoch);
    if (!sp_agreement_is_of(word, share->epoch))
        word = first; /* the engine is being reloaded: this worker will not live long */
    struct sp_file_set *files = NULL;
    struct sp_config *config = NULL;
    struct sp_problems problems;
    sp_problems_init(&problems);
    enum sp_status status =
        sp_file_set_fetch(share->files_fd[sp_agreement_place(word)], share->archives_fd, &files, err);
    if (status == SP_OK && word != first)
        status = sp_update_load(options, files, &problems, &config, err);
    sp_problems_finish(&problems);
    if (status != SP_OK) {
        sp_file_set_free(files);
        return status;
    }
    *ret_word = word;
    *ret_files = files;
    *ret_config = config;
    return SP_OK;
}

/* ---------------------------------------------------------------- work for threads */

struct compile_job {
    struct sp_generation *generation;
    struct sp_file_set *files;
    enum sp_status status;
    struct sp_error *err;
};

static enum sp_status run_compile(void *arg)
{
    struct compile_job *job = arg;
    job->status = sp_generation_compile(job->generation, job->files, job->err);
    return SP_OK;
}

/* The fiber is never canceled, so the job may live on its stack. */
enum sp_status io_update_compile(struct sp_generation *generation, struct sp_file_set *files,
                                 struct sp_error *err)
{
    struct compile_job job = {generation, files, SP_OK, err};
    enum sp_status status = io_offload(run_compile, &job, NULL, 0);
    return status == SP_OK ? job.status : sp_error_set(err, status, NULL, "no thread is free");
}

struct follow_job {
    const struct sp_update_options *options;
    uint64_t word;
    struct sp_file_set *files;
    struct sp_config *config;
    enum sp_status status;
    struct sp_error *err;
};

static enum sp_status run_follow(void *arg)
{
    struct follow_job *job = arg;
    struct sp_problems problems; /* worker 0 has told them */
    sp_problems_init(&problems);
    const struct sp_update_share *share = job->options->share;
    job->status = sp_file_set_fetch(share->files_fd[sp_agreement_place(job->word)], share->archives_fd,
                                    &job->files, job->err);
    if (job->status == SP_OK)
        job->status = sp_update_load(job->options, job->files, &problems, &job->config, job->err);
    sp_problems_finish(&problems);
    return SP_OK;
}

/* A generation of the files that `word` stands for. */
static enum sp_status io_make(struct sp_update *update, uint64_t word, struct sp_generation **ret_generation,
                              struct sp_error *err)
{
    struct follow_job job = {.options = &update->options, .word = word, .err = err};
    struct sp_generation *generation = NULL;
    enum sp_status status = io_offload(run_follow, &job, NULL, 0);
    if (status == SP_OK)
        status = job.status;
    if (status == SP_OK)
        status =
            sp_generation_open(job.config, true, update->worker, update->gateway->present, &generation, err);
    if (status == SP_OK)
        status = io_update_compile(generation, job.files, err);
    sp_file_set_free(job.files);
    if (status == SP_OK)
        *ret_generation = generation;
    else
        sp_generation_release(generation);
    return status;
}

/* ---------------------------------------------------------------- following */

void sp_update_tell_all(const struct sp_update *update)
{
    const uint64_t one = 1;
    (void)!write(update->options.share->event_fd, &one, sizeof one);
}

void sp_update_attend(struct sp_update *update)
{
    update->attention = true;
    if (update->fiber)
        sp_fiber_wake(update->fiber);
}

void sp_update_use(struct sp_update *update, uint64_t word, struct sp_generation *generation)
{
    sp_gateway_use(update->gateway, generation);
    update->in_use = word;
    sp_agreement_use(update->agreement, update->worker->index, word);
    sp_update_tell_all(update);
}

static void cannot(struct sp_update *update, const struct sp_error *err)
{
    sp_log(SP_LOG_ERROR, SP_MSG_UPDATE_WORKER,
           "worker %u cannot take over the changed configuration: %s%s%s%s%s", update->worker->index, err->id,
           err->id[0] ? ": " : "", err->file, err->file[0] ? ": " : "",
           err->text[0] ? err->text : sp_status_name(err->status));
}

static void drop_prepared(struct sp_update *update)
{
    sp_generation_release(update->prepared);
    update->prepared = NULL;
    update->prepared_for = 0;
}

/* Others use it already. */
static void io_catch_up(struct sp_update *update, uint64_t current)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_generation *generation = NULL;
    if (update->prepared_for == current) {
        generation = update->prepared;
        update->prepared = NULL;
        update->prepared_for = 0;
    } else if (io_make(update, current, &generation, &err) != SP_OK) {
        if (update->failed != current)
            cannot(update, &err);
        update->failed = current;
        return;
    }
    sp_update_use(update, current, generation);
}

static void io_prepare(struct sp_update *update, uint64_t proposal)
{
    struct sp_error err = SP_ERROR_INIT;
    drop_prepared(update);
    bool ready = io_make(update, proposal, &update->prepared, &err) == SP_OK;
    if (ready)
        update->prepared_for = proposal;
    else
        cannot(update, &err);
    update->voted = proposal;
    sp_agreement_vote(update->agreement, update->worker->index, proposal, ready);
    sp_update_tell_all(update);
}

static void io_follow(struct sp_update *update)
{
    uint64_t current = atomic_load(&update->agreement->current);
    update->outdated = !sp_agreement_is_of(current, update->options.share->epoch);
    if (update->outdated)
        return;
    if (current != update->in_use)
        io_catch_up(update, current);
    uint64_t proposal = sp_agreement_proposal(update->agreement, current);
    if (proposal && proposal != update->voted && !sp_update_leads(update))
        io_prepare(update, proposal);
    if (!proposal && update->prepared && atomic_load(&update->agreement->current) == current)
        drop_prepared(update);
}

static int64_t deadline(const struct sp_update *update)
{
    if (update->outdated)
        return 0;
    if (update->failed == atomic_load(&update->agreement->current) && update->failed)
        return sp_clock_monotonic_us() + RETRY_US;
    return sp_update_leads(update) ? sp_update_lead_deadline(update) : 0;
}

static void run(void *arg)
{
    struct sp_update *update = arg;
    while (!update->stopping) {
        update->attention = false;
        io_follow(update);
        if (sp_update_leads(update))
            io_update_lead(update);
        if (!update->attention && !update->stopping && sp_fiber_wait(deadline(update)) == SP_ECANCELED)
            break;
    }
    update->fiber = NULL;
}

/* ---------------------------------------------------------------- life */

static void told(void *arg, uint32_t events)
{
    sp_update_attend(arg);
}

static enum sp_status begin(struct sp_update *update, const struct sp_file_set *files, struct sp_error *err)
{
    struct sp_loop *loop = update->worker->loop;
    /* Never read, so every write is an edge for every worker. */
    update->told = (struct sp_watch){
        .fd = update->options.share->event_fd, .events = EPOLLIN | EPOLLET, .fn = told, .arg = update};
    enum sp_status status = sp_watch_add(loop, &update->told);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "the event of updates cannot be watched");
    sp_agreement_use(update->agreement, update->worker->index, update->in_use);
    if (sp_update_leads(update)) {
        sp_update_lead_init(update, files);
        status = sp_update_control_open(update, err);
    }
    if (status == SP_OK)
        status = sp_fiber_start(loop, run, update, &update->fiber);
    return status;
}

enum sp_status sp_update_new(struct sp_gateway *gateway, const struct sp_worker *worker,
                             const struct sp_update_options *options, uint64_t word,
                             const struct sp_file_set *files, struct sp_update **ret_update,
                             struct sp_error *err)
{
    struct sp_update *update = calloc(1, sizeof *update);
    if (!update)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for updates");
    update->gateway = gateway;
    update->worker = worker;
    update->options = *options;
    update->agreement = sp_shared_area_part(worker, SP_SHARED_AGREEMENT, NULL);
    update->in_use = word;
    enum sp_status status = begin(update, files, err);
    gateway->update = update;
    if (status == SP_OK)
        *ret_update = update;
    else
        sp_update_free(update);
    return status;
}

void sp_update_free(struct sp_update *update)
{
    if (!update)
        return;
    update->stopping = true;
    update->gateway->update = NULL;
    if (update->fiber)
        sp_fiber_wake(update->fiber);
    while (update->fiber)
        sp_loop_run_once(update->worker->loop, 100);
    if (sp_update_leads(update)) {
        sp_update_control_close(update);
        sp_update_lead_finish(update);
    }
    drop_prepared(update);
    sp_watch_remove(&update->told);
    free(update);
}
