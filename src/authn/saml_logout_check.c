/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_logout_check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/offload.h"

#define JOB_MEMORY_MAX ((size_t)16 << 20)
#define WAIT_US 5000000

struct job {
    struct sp_saml_settings *settings;
    struct sp_saml_logout_question question; /* its texts are in the arena */
    struct sp_arena arena;
    struct sp_saml_logout_asked asked;
    struct sp_error err;
};

static enum sp_status run_job(void *arg)
{
    struct job *job = arg;
    const struct sp_saml_settings *settings = job->settings;
    const struct sp_saml_logout_rules rules = {
        .idp = &settings->idp,
        .trust = settings->trust,
        .policy = &settings->policy,
        .key = settings->key,
        .destination = job->question.destination,
        .clock_skew_us = settings->rules.clock_skew_us,
        .now_us = job->question.now_us,
    };
    enum sp_status status =
        job->question.is_post
            ? sp_saml_logout_read_posted(job->question.message, &rules, &job->arena, &job->asked, &job->err)
            : sp_saml_logout_read(job->question.message, &rules, &job->arena, &job->asked, &job->err);
    /* Of the offload's own. */
    return status == SP_ELIMIT || status == SP_ETIMEDOUT || status == SP_ECANCELED ? SP_EDENIED : status;
}

static void free_job(void *arg)
{
    struct job *job = arg;
    sp_arena_wipe(&job->arena);
    sp_saml_settings_release(job->settings);
    free(job);
}

static struct job *new_job(struct sp_saml_settings *settings, const struct sp_saml_logout_question *question)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    __atomic_add_fetch(&settings->references, 1, __ATOMIC_RELAXED);
    job->settings = settings;
    job->question = *question;
    sp_arena_init(&job->arena, JOB_MEMORY_MAX);
    job->question.message = sp_arena_str(&job->arena, question->message);
    job->question.destination = sp_arena_str(&job->arena, question->destination);
    if (job->question.message.ptr && job->question.destination.ptr)
        return job;
    free_job(job);
    return NULL;
}

static bool copy_asked(const struct sp_saml_logout_asked *from, struct sp_arena *arena,
                       struct sp_saml_logout_asked *ret_asked)
{
    struct sp_saml_logout_asked asked = *from;
    asked.id = sp_arena_str(arena, from->id);
    asked.name_id = sp_arena_str(arena, from->name_id);
    asked.relay_state = sp_arena_str(arena, from->relay_state);
    bool whole = asked.id.ptr && asked.name_id.ptr && asked.relay_state.ptr;
    for (size_t i = 0; whole && i < from->session_index_count; i++) {
        asked.session_indexes[i] = sp_arena_str(arena, from->session_indexes[i]);
        whole = asked.session_indexes[i].ptr != NULL;
    }
    *ret_asked = asked;
    return whole;
}

enum sp_status io_saml_logout_check(struct sp_saml_settings *settings,
                                    const struct sp_saml_logout_question *question, struct sp_arena *arena,
                                    struct sp_saml_logout_asked *ret_asked, struct sp_error *err)
{
    struct job *job = new_job(settings, question);
    if (!job)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a logout");
    enum sp_status status = sp_fiber_self() ? io_offload_lane(SP_OFFLOAD_DOCUMENT, run_job, job, free_job,
                                                              sp_clock_monotonic_us() + WAIT_US, 0)
                                            : run_job(job);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the request is gone");
    if (status == SP_OK && !copy_asked(&job->asked, arena, ret_asked))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a logout");
    else if (status != SP_OK && job->err.text[0])
        *err = job->err;
    else if (status != SP_OK)
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "too many logouts wait to be verified");
    free_job(job);
    return status;
}
