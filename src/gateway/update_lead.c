/* SPDX-License-Identifier: Apache-2.0
 * Leading: what worker 0 does beside. It notices or is told, checks first, and proposes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/effective.h"
#include "gateway/message.h"
#include "gateway/update_internal.h"
#include "io/offload.h"

#define SETTLE_US 50000 /* of silence after a change, for files that are still being written */
#define SETTLE_MOST_US 500000
#define SHORTEST_INTERVAL_US 100000
#define LONGEST_INTERVAL_US INT64_C(3600000000)
#define READY_WAIT_US 20000000
#define USE_WAIT_US 10000000
#define ATTEMPTS 5 /* to read files that nobody writes meanwhile */
#define ATTEMPT_NS 50000000
#define CHANGES_MAX 65536u
#define CHANGES_SHOWN 400

/* One update from its files to its end. */
struct attempt {
    struct sp_update *update;
    unsigned domains; /* that are read anew */
    uint64_t current, word;
    struct sp_file_set *base, *files;
    struct sp_config *config; /* until a generation has it */
    struct sp_problems problems;
    struct sp_generation *generation;
    bool reload, unchanged;
    enum sp_status status;
    struct sp_error err;
    enum sp_update_outcome outcome;
    struct sp_buf *text;             /* what to tell whoever asked; NULL: nobody did */
    struct sp_update_change *change; /* of what is deployed; NULL: the files are looked at */
};

/* ---------------------------------------------------------------- telling */

static void tell(struct attempt *attempt, enum sp_log_severity severity, const char *id, const char *fmt, ...)
    SP_PRINTF(4, 5);

static void tell(struct attempt *attempt, enum sp_log_severity severity, const char *id, const char *fmt, ...)
{
    char text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    sp_log(severity, id, "%s", text);
    if (attempt->text)
        sp_buf_printf(attempt->text, "%s %s\n", id, text);
}

static bool same_problem(const struct sp_problem *a, const struct sp_problem *b)
{
    return a->severity == b->severity && strcmp(a->id, b->id) == 0 && sp_str_eq(a->file, b->file) &&
           sp_str_eq(a->text, b->text);
}

static const struct sp_problem *find_problem(const struct sp_problems *problems,
                                             const struct sp_problem *like)
{
    const struct sp_problem *p = problems->first;
    while (p && !same_problem(p, like))
        p = p->next;
    return p;
}

/* But those that are `known` (may be NULL). */
static void tell_problems(struct attempt *attempt, const struct sp_problems *problems,
                          const struct sp_problems *known)
{
    static const enum sp_log_severity severities[] = {
        [SP_PROBLEM_ERROR] = SP_LOG_ERROR,
        [SP_PROBLEM_WARNING] = SP_LOG_WARNING,
        [SP_PROBLEM_INFO] = SP_LOG_INFO,
    };
    for (const struct sp_problem *p = problems->first; p; p = p->next) {
        char place[512] = "";
        if (p->file.len && p->line)
            snprintf(place, sizeof place, "%.*s:%u:%u: ", SP_STR_ARG(p->file), p->line, p->column);
        else if (p->file.len)
            snprintf(place, sizeof place, "%.*s: ", SP_STR_ARG(p->file));
        if (known && find_problem(known, p))
            continue;
        sp_log(severities[p->severity], p->id, "%s%.*s", place, SP_STR_ARG(p->text));
        if (attempt->text && p->severity == SP_PROBLEM_ERROR)
            sp_buf_printf(attempt->text, "%s %s%.*s\n", p->id, place, SP_STR_ARG(p->text));
    }
}

/* "changed user[fred], archives" */
static void tell_taken(struct attempt *attempt, const struct sp_config *before)
{
    struct sp_config_changes changes;
    struct sp_buf lines;
    sp_buf_init(&lines, CHANGES_MAX);
    enum sp_status status = sp_config_compare(before, attempt->generation->config, &changes, &lines);
    for (size_t i = 0; i < lines.len; i++)
        if (lines.ptr[i] == '\n')
            lines.ptr[i] = i + 1 < lines.len ? ',' : ' ';
    struct sp_str what = sp_str_trim(sp_str_slice(sp_buf_str(&lines), 0, CHANGES_SHOWN));
    tell(attempt, SP_LOG_AUDIT, SP_MSG_UPDATE_TAKEN, "generation %u is in use: %.*s%s",
         sp_agreement_number(attempt->word),
         SP_STR_ARG(status == SP_OK && what.len ? what : SP_STR("archives")),
         lines.len > CHANGES_SHOWN ? "..." : "");
    sp_buf_finish(&lines);
}

static void tell_change(struct attempt *attempt, const struct sp_generation *before)
{
    const struct sp_store_change *what = &attempt->change->what;
    sp_update_change_done(attempt->change, before, attempt->generation);
    tell(attempt, SP_LOG_AUDIT, SP_MSG_CHANGED, "generation %u is in use: %s %.*s was %s by %.*s",
         sp_agreement_number(attempt->word), sp_store_kind_name(what->kind), SP_STR_ARG(what->name),
         sp_store_act_done(what->act), SP_STR_ARG(what->by.len ? what->by : SP_STR("somebody")));
}

static void refuse(struct attempt *attempt, const char *why)
{
    attempt->outcome = SP_UPDATE_REFUSED;
    if (attempt->change) {
        if (attempt->err.status == SP_OK)
            sp_error_set(&attempt->err, attempt->status != SP_OK ? attempt->status : SP_EUNAVAIL, NULL, "%s",
                         why);
        sp_update_change_failed(attempt->change, &attempt->err);
        tell(attempt, SP_LOG_WARNING, SP_MSG_CHANGE_REFUSED, "%s %s", attempt->change->err.text, why);
        return;
    }
    const char *id = attempt->err.id;
    tell(attempt, SP_LOG_ERROR, SP_MSG_UPDATE_REFUSED,
         "the change is refused, the server goes on with what it has: %s%s%s", id, id[0] ? ": " : "", why);
}

/* ---------------------------------------------------------------- reading, in a thread */

static void forget_files(struct attempt *attempt)
{
    sp_config_free(attempt->config);
    attempt->config = NULL;
    sp_file_set_free(attempt->files);
    attempt->files = NULL;
    sp_problems_finish(&attempt->problems);
    sp_problems_init(&attempt->problems);
    sp_error_clear(&attempt->err);
    attempt->reload = false;
}

static enum sp_status read_once(struct attempt *attempt)
{
    const struct sp_update_options *options = &attempt->update->options;
    enum sp_status status =
        sp_file_set_new(attempt->base, (SP_FILES_ALL | SP_FILES_KEPT) & ~attempt->domains, &attempt->files);
    if (status == SP_OK)
        status = sp_update_load(options, attempt->files, &attempt->problems, &attempt->config, &attempt->err);
    if (status == SP_OK && options->accept)
        status = options->accept(options->arg, attempt->config, &attempt->reload, &attempt->err);
    /* Certificates are in TLS contexts, which the engine makes when it starts. */
    if (status == SP_OK && sp_file_set_changed_key_store(attempt->base, attempt->files).ptr)
        attempt->reload = true;
    if (status == SP_OK && !attempt->reload)
        status = sp_file_set_take_archives(attempt->files, attempt->config, &attempt->err);
    return status;
}

/* All but what is changed is as it is in use, whatever has become of the files. */
static enum sp_status read_change(struct attempt *attempt)
{
    struct sp_update *update = attempt->update;
    enum sp_status status = sp_update_change_read(attempt->change, update->gateway->present->config,
                                                  attempt->base, &attempt->files, &attempt->err);
    if (status == SP_OK)
        status = sp_update_load(&update->options, attempt->files, &attempt->problems, &attempt->config,
                                &attempt->err);
    return status == SP_OK ? sp_file_set_take_archives(attempt->files, attempt->config, &attempt->err)
                           : status;
}

static void read_until_fresh(struct attempt *attempt)
{
    static const struct timespec pause = {.tv_nsec = ATTEMPT_NS};
    for (unsigned n = 0; n < ATTEMPTS; n++) {
        if (n > 0) {
            forget_files(attempt);
            nanosleep(&pause, NULL);
        }
        attempt->status = read_once(attempt);
        if (!attempt->files || sp_file_set_fresh(attempt->files, attempt->domains))
            break;
    }
}

/* In the other place are the files of the generation before the present one, or of a proposal that was
 * withdrawn: what only they need goes. */
static void hand_on(struct attempt *attempt)
{
    const struct sp_update_share *share = attempt->update->options.share;
    int fd = share->files_fd[!sp_agreement_place(attempt->current)];
    struct sp_file_set *old = NULL;
    struct sp_error ignored = SP_ERROR_INIT;
    if (sp_file_set_fetch(fd, share->archives_fd, &old, &ignored) == SP_OK)
        sp_file_set_drop(old, attempt->base, attempt->files, share->archives_fd);
    sp_file_set_free(old);
    attempt->status = sp_file_set_store(attempt->files, fd, share->archives_fd, &attempt->err);
}

static enum sp_status read_files(void *arg)
{
    struct attempt *attempt = arg;
    const struct sp_update_share *share = attempt->update->options.share;
    attempt->status = sp_file_set_fetch(share->files_fd[sp_agreement_place(attempt->current)],
                                        share->archives_fd, &attempt->base, &attempt->err);
    if (attempt->base && attempt->change)
        attempt->status = read_change(attempt);
    else if (attempt->base)
        read_until_fresh(attempt);
    if (attempt->status != SP_OK || attempt->reload)
        return SP_OK;
    attempt->unchanged = sp_file_set_equal(attempt->files, attempt->base);
    if (!attempt->unchanged)
        hand_on(attempt);
    return SP_OK;
}

/* ---------------------------------------------------------------- the generation */

/* An archive that is broken, and was not when the present generation was made, is a bad change. */
static const struct sp_problem *new_error(const struct sp_problems *before, const struct sp_problems *now)
{
    for (const struct sp_problem *p = now->first; p; p = p->next)
        if (p->severity == SP_PROBLEM_ERROR && !find_problem(before, p))
            return p;
    return NULL;
}

static void io_make_generation(struct attempt *attempt)
{
    struct sp_update *update = attempt->update;
    struct sp_config *config = attempt->config;
    attempt->config = NULL;
    attempt->status = sp_generation_open(config, true, update->worker, update->gateway->present,
                                         &attempt->generation, &attempt->err);
    if (attempt->status == SP_OK)
        attempt->status = io_update_compile(attempt->generation, attempt->files, &attempt->err);
    if (!attempt->generation)
        return;
    const struct sp_problems *known = &update->gateway->present->problems;
    tell_problems(attempt, &attempt->generation->problems, known);
    const struct sp_problem *error = new_error(known, &attempt->generation->problems);
    if (attempt->status == SP_OK && error)
        attempt->status = sp_error_set(&attempt->err, SP_EINVAL, error->id, "%.*s", SP_STR_ARG(error->text));
}

/* ---------------------------------------------------------------- the agreement */

typedef bool condition_fn(const struct sp_agreement *agreement, unsigned workers, uint64_t word);

/* SP_OK, SP_ETIMEDOUT, SP_EDENIED: somebody cannot, or SP_ECANCELED. */
static enum sp_status io_until(struct attempt *attempt, condition_fn *holds, int64_t wait_us)
{
    struct sp_update *update = attempt->update;
    int64_t deadline_us = sp_clock_monotonic_us() + wait_us;
    for (;;) {
        uint64_t current = atomic_load(&update->agreement->current);
        if (update->stopping || !sp_agreement_is_of(current, update->options.share->epoch))
            return SP_ECANCELED;
        if (holds(update->agreement, update->worker->count, attempt->word))
            return SP_OK;
        if (sp_agreement_is_refused(update->agreement, attempt->word))
            return SP_EDENIED;
        enum sp_status status = sp_fiber_wait(deadline_us);
        if (status != SP_OK)
            return status;
    }
}

static enum sp_status run_publish(void *arg)
{
    struct attempt *attempt = arg;
    attempt->status = sp_update_change_publish(attempt->change, attempt->files, &attempt->err);
    return SP_OK;
}

/* Everybody can use it: now the disk. Who comes later, also after a crash, finds it there. */
static void io_publish(struct attempt *attempt)
{
    enum sp_status status = io_offload(run_publish, attempt, NULL, 0);
    if (status != SP_OK)
        attempt->status = sp_error_set(&attempt->err, status, NULL, "no thread is free");
}

static const char *why_not(enum sp_status status)
{
    return status == SP_EDENIED     ? "a worker cannot take it over, see its message"
           : status == SP_ETIMEDOUT ? "a worker did not take it over in time"
                                    : "the server stops or was reloaded";
}

static void io_agree(struct attempt *attempt)
{
    struct sp_update *update = attempt->update;
    struct sp_agreement *agreement = update->agreement;
    attempt->word = sp_agreement_next(agreement, attempt->current);
    sp_agreement_propose(agreement, attempt->word);
    update->voted = attempt->word;
    sp_agreement_vote(agreement, update->worker->index, attempt->word, true);
    sp_update_tell_all(update);
    attempt->status = io_until(attempt, sp_agreement_all_ready, READY_WAIT_US);
    if (attempt->status == SP_OK && attempt->change)
        io_publish(attempt);
    if (attempt->status == SP_OK && !sp_agreement_commit(agreement, attempt->current, attempt->word))
        attempt->status = SP_ECANCELED;
    if (attempt->status != SP_OK) {
        sp_agreement_withdraw(agreement, attempt->word);
        sp_update_tell_all(update);
        if (!attempt->err.text[0])
            sp_error_set(&attempt->err, attempt->status, NULL, "%s", why_not(attempt->status));
        return;
    }
    struct sp_generation *before = sp_generation_hold(update->gateway->present);
    sp_update_use(update, attempt->word, sp_generation_hold(attempt->generation));
    enum sp_status used = io_until(attempt, sp_agreement_all_use, USE_WAIT_US);
    attempt->outcome = SP_UPDATE_TAKEN;
    if (attempt->change)
        tell_change(attempt, before);
    else
        tell_taken(attempt, before->config);
    sp_generation_release(before);
    if (used == SP_ETIMEDOUT)
        tell(attempt, SP_LOG_WARNING, SP_MSG_UPDATE_LATE, "not every worker uses generation %u yet",
             sp_agreement_number(attempt->word));
}

/* ---------------------------------------------------------------- an update */

static unsigned polled(const struct sp_config *config)
{
    unsigned domains = SP_FILES_POLLED;
    if (config->update.update_trigger == SP_CFG_POLLED)
        domains |= SP_FILES_OF_CONFIG;
    if (config->services.update_trigger == SP_CFG_POLLED)
        domains |= SP_FILES_OF_SERVICES;
    if (config->apis.update_trigger == SP_CFG_POLLED)
        domains |= SP_FILES_OF_APIS;
    if (config->api_requesters.update_trigger == SP_CFG_POLLED)
        domains |= SP_FILES_OF_REQUESTERS;
    return domains;
}

static void shorten(int64_t *shortest, unsigned trigger, int64_t us)
{
    if (trigger == SP_CFG_POLLED && us < *shortest)
        *shortest = us;
}

static int64_t interval_us(const struct sp_config *config)
{
    int64_t shortest = LONGEST_INTERVAL_US;
    shorten(&shortest, config->update.update_trigger, config->update.monitor_interval_us);
    shorten(&shortest, config->services.update_trigger, config->services.polling_rate_us);
    shorten(&shortest, config->apis.update_trigger, config->apis.polling_rate_us);
    shorten(&shortest, config->api_requesters.update_trigger, config->api_requesters.polling_rate_us);
    for (size_t i = 0; i < config->policy_count; i++)
        shorten(&shortest, config->policies[i].update_trigger, config->policies[i].polling_rate_us);
    for (size_t i = 0; i < config->key_store_count; i++)
        shorten(&shortest, config->key_stores[i].update_trigger, config->key_stores[i].polling_rate_us);
    return shortest < SHORTEST_INTERVAL_US ? SHORTEST_INTERVAL_US : shortest;
}

static void look_later(struct sp_update *update)
{
    int64_t interval = interval_us(update->gateway->present->config);
    update->latest_look_us = 0;
    update->next_look_us = update->watched ? sp_clock_monotonic_us() + interval : 0;
}

static void watch_on(struct attempt *attempt)
{
    struct sp_update *update = attempt->update;
    bool taken = attempt->outcome == SP_UPDATE_TAKEN;
    update->watched = polled(update->gateway->present->config);
    if (attempt->files)
        sp_update_watch_set(&update->watch, attempt->files, taken ? NULL : attempt->base, update->watched);
    look_later(update);
}

static void io_attempt(struct attempt *attempt)
{
    enum sp_status status = io_offload(read_files, attempt, NULL, 0);
    if (status != SP_OK) {
        refuse(attempt, sp_status_name(status));
        return;
    }
    if (!attempt->unchanged)
        tell_problems(attempt, &attempt->problems, NULL);
    if (attempt->status == SP_OK && attempt->reload) {
        attempt->outcome = SP_UPDATE_NEEDS_RELOAD;
        return;
    }
    if (attempt->status == SP_OK && attempt->unchanged) {
        attempt->outcome = SP_UPDATE_UNCHANGED;
        return;
    }
    if (attempt->status == SP_OK)
        io_make_generation(attempt);
    if (attempt->status == SP_OK)
        io_agree(attempt);
    if (attempt->status != SP_OK)
        refuse(attempt, attempt->err.text[0] ? attempt->err.text : sp_status_name(attempt->status));
}

static enum sp_update_outcome io_do_update(struct sp_update *update, unsigned domains,
                                           struct sp_update_change *change, struct sp_buf *text)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt)
        return SP_UPDATE_REFUSED;
    *attempt = (struct attempt){
        .update = update,
        .domains = domains,
        .current = update->in_use,
        .err = SP_ERROR_INIT,
        .text = text,
        .change = change,
    };
    sp_problems_init(&attempt->problems);
    io_attempt(attempt);
    watch_on(attempt);
    enum sp_update_outcome outcome = attempt->outcome;
    sp_generation_release(attempt->generation);
    forget_files(attempt);
    sp_problems_finish(&attempt->problems);
    sp_file_set_free(attempt->base);
    free(attempt);
    return outcome;
}

/* ---------------------------------------------------------------- who asked */

static enum sp_update_outcome io_do_change(struct sp_update *update, struct sp_update_change *change)
{
    if (update->outdated) {
        change->http_status = 503;
        sp_error_set(&change->err, SP_EUNAVAIL, NULL, "The server has just been reloaded; try again.");
        return SP_UPDATE_REFUSED;
    }
    if (!sp_update_change_allowed(change, update->gateway->present))
        return SP_UPDATE_REFUSED;
    return change->unchanged ? SP_UPDATE_UNCHANGED : io_do_update(update, 0, change, NULL);
}

static enum sp_update_outcome io_do_refresh(struct sp_update *update, struct sp_buf *text)
{
    unsigned domains = SP_FILES_ALL;
    if (update->gateway->present->config->update.update_trigger == SP_CFG_DISABLED) {
        domains &= ~(unsigned)SP_FILES_OF_CONFIG;
        sp_buf_printf(text, SP_MSG_UPDATE_DISABLED
                      " <config updateTrigger=\"disabled\">: server.xml is not read again, only archives "
                      "are\n");
    }
    if (!update->outdated)
        return io_do_update(update, domains, NULL, text);
    sp_buf_printf(text, "the server has just been reloaded; try again\n");
    return SP_UPDATE_REFUSED;
}

static void io_serve_requests(struct sp_update *update)
{
    while (update->first && !update->stopping) {
        struct sp_update_request *request = update->first;
        update->first = request->next;
        if (!update->first)
            update->last = NULL;
        request->outcome =
            request->change ? io_do_change(update, request->change) : io_do_refresh(update, &request->text);
        request->done = true;
        if (request->fiber) {
            sp_fiber_wake(request->fiber);
            continue;
        }
        sp_update_request_free(request);
    }
}

/* ---------------------------------------------------------------- by itself */

struct look_job {
    const struct sp_update_watch *watch;
    unsigned changed;
};

/* A directory on a network may make its readers wait. */
static enum sp_status run_look(void *arg)
{
    struct look_job *job = arg;
    job->changed = sp_update_watch_changed(job->watch);
    return SP_OK;
}

static void need_reload(const struct sp_update *update)
{
    const struct sp_update_options *options = &update->options;
    if (options->ask_reload && options->ask_reload(options->arg))
        sp_log(SP_LOG_AUDIT, SP_MSG_UPDATE_RELOADS,
               "endpoints, their options, their TLS or a key store have changed: the server is reloaded");
    else
        sp_log(SP_LOG_WARNING, SP_MSG_UPDATE_RELOAD,
               "endpoints, their options, their TLS or a key store have changed; 'sallyport server reload' "
               "takes the whole change over");
}

static void io_look(struct sp_update *update)
{
    struct look_job job = {&update->watch, 0};
    if (io_offload(run_look, &job, NULL, 0) != SP_OK || !job.changed || update->stopping)
        return;
    if (io_do_update(update, job.changed & update->watched, NULL, NULL) == SP_UPDATE_NEEDS_RELOAD)
        need_reload(update);
}

/* inotify has seen something: look when it has been quiet for a moment. */
static void noticed(void *arg)
{
    struct sp_update *update = arg;
    int64_t now = sp_clock_monotonic_us(), soon = now + SETTLE_US;
    if (!update->latest_look_us)
        update->latest_look_us = now + SETTLE_MOST_US;
    update->next_look_us = soon < update->latest_look_us ? soon : update->latest_look_us;
    sp_update_attend(update);
}

struct begin_job {
    struct sp_update *update;
    bool differs;
};

static enum sp_status run_begin(void *arg)
{
    struct begin_job *job = arg;
    const struct sp_update *update = job->update;
    const struct sp_update_share *share = update->options.share;
    struct sp_file_set *files = NULL;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_file_set_fetch(share->files_fd[sp_agreement_place(update->in_use)], share->archives_fd, &files,
                          &err) == SP_OK)
        job->differs = sp_update_store_begin(update->gateway->present->config, files);
    sp_file_set_free(files);
    return SP_OK;
}

/* Whoever led before may have ended in the middle of a change. */
static void io_begin(struct sp_update *update)
{
    struct begin_job job = {.update = update};
    update->begun = true;
    if (io_offload(run_begin, &job, NULL, 0) == SP_OK && job.differs && !update->stopping)
        io_do_update(update,
                     SP_FILES_OF_SERVICES | SP_FILES_OF_APIS | SP_FILES_OF_REQUESTERS | SP_FILES_OF_STATE,
                     NULL, NULL);
}

void io_update_lead(struct sp_update *update)
{
    if (!update->begun && !update->outdated)
        io_begin(update);
    io_serve_requests(update);
    if (update->outdated || update->stopping || !update->next_look_us ||
        sp_clock_monotonic_us() < update->next_look_us)
        return;
    io_look(update);
    look_later(update);
}

int64_t sp_update_lead_deadline(const struct sp_update *update)
{
    return update->next_look_us;
}

void sp_update_lead_init(struct sp_update *update, const struct sp_file_set *files)
{
    sp_update_watch_init(&update->watch, update->worker->loop, noticed, update);
    update->watched = polled(update->gateway->present->config);
    sp_update_watch_set(&update->watch, files, NULL, update->watched);
    look_later(update);
}

void sp_update_lead_finish(struct sp_update *update)
{
    sp_update_watch_finish(&update->watch);
}
