/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/sinks.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/smf/sink.h"

#define AGAIN_US 1000000
#define FINISH_US 300000 /* the end waits so long for those that are in the middle of something */
#define LOOK_US 2000

void sp_smf_sinks_init(struct sp_smf_sinks *sinks, struct sp_smf_ring *ring, const _Atomic uint64_t *ready)
{
    *sinks = (struct sp_smf_sinks){.ring = ring, .ready = ready};
}

static struct sp_smf_sink_state *state_at(const struct sp_smf_sinks *sinks, size_t i)
{
    return &sp_smf_shared(sinks->ring)->sinks[i];
}

static const struct sp_smf_sink_settings *wanted(const struct sp_smf_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->sink_count; i++)
        if (sp_str_is(settings->sinks[i].id, name))
            return &settings->sinks[i];
    return NULL;
}

/* SP_SMF_SINKS_MAX: none. */
static size_t state_named(const struct sp_smf_sinks *sinks, struct sp_str name)
{
    size_t i = 0;
    while (i < SP_SMF_SINKS_MAX && !sp_str_is(name, state_at(sinks, i)->name))
        i++;
    return i;
}

/* ---------------------------------------------------------------- who goes */

static void let_go(struct sp_smf_sinks *sinks, size_t i)
{
    if (!sinks->leaving[i])
        sp_smf_sink_leave(sinks->sink[i]);
    sinks->leaving[i] = true;
}

static void reap(struct sp_smf_sinks *sinks, size_t i)
{
    if (!sinks->leaving[i] || !sp_smf_sink_has_left(sinks->sink[i]))
        return;
    sp_smf_sink_free(sinks->sink[i]);
    sinks->sink[i] = NULL;
    sinks->leaving[i] = false;
}

/* ---------------------------------------------------------------- who comes */

static void begin_state(struct sp_smf_sinks *sinks, size_t i, struct sp_str name)
{
    struct sp_smf_sink_state *state = state_at(sinks, i);
    atomic_store(&state->position, sp_smf_ring_tail(sinks->ring));
    atomic_store(&state->delivered, 0);
    atomic_store(&state->lost, 0);
    atomic_store(&state->failures, 0);
    state->message[0] = 0;
    snprintf(state->name, sizeof state->name, "%.*s", SP_STR_ARG(name));
}

/* Those that leave keep their states: then it is another time's turn. */
static void start(struct sp_smf_sinks *sinks, const struct sp_smf_sink_settings *sink,
                  const struct sp_smf_settings *settings)
{
    struct sp_error err = SP_ERROR_INIT;
    size_t i = state_named(sinks, sink->id);
    if (i == SP_SMF_SINKS_MAX) {
        i = state_named(sinks, SP_STR(""));
        if (i == SP_SMF_SINKS_MAX)
            return;
        begin_state(sinks, i, sink->id);
    }
    if (sinks->sink[i] || (sinks->tried_us && sp_clock_monotonic_us() - sinks->tried_us < AGAIN_US))
        return;
    struct sp_smf_sink_state *state = state_at(sinks, i);
    sinks->tried_us = 0;
    if (sp_smf_sink_start(sinks->ring, sink, settings, state, sinks->ready, &sinks->sink[i], &err) == SP_OK)
        return;
    sinks->tried_us = sp_clock_monotonic_us();
    atomic_fetch_add(&state->failures, 1);
    sp_smf_message_set(sinks->ring, state->message, err.text);
}

/* Nothing was kept for one that was not wanted for a while: what is gone by now is not its any more. */
static void catch_up(struct sp_smf_sinks *sinks, struct sp_smf_sink_state *state)
{
    uint64_t tail = sp_smf_ring_tail(sinks->ring), at = atomic_load(&state->position);
    while (at < tail && !atomic_compare_exchange_weak(&state->position, &at, tail))
        ;
}

void sp_smf_sinks_follow(struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings)
{
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++) {
        struct sp_smf_sink_state *state = state_at(sinks, i);
        const struct sp_smf_sink_settings *sink = wanted(settings, state->name);
        if (sinks->sink[i] && (!sink || !sp_smf_sink_is_same(sinks->sink[i], sink, settings)))
            let_go(sinks, i);
        reap(sinks, i);
        if (sink)
            catch_up(sinks, state);
        else if (!sinks->sink[i])
            state->name[0] = 0;
    }
    for (size_t i = 0; i < settings->sink_count; i++)
        start(sinks, &settings->sinks[i], settings);
}

/* ---------------------------------------------------------------- how far they are */

static void skip(struct sp_smf_sinks *sinks, size_t i, const struct sp_smf_sink_settings *sink, uint64_t to)
{
    struct sp_smf_sink_state *state = state_at(sinks, i);
    if (sinks->sink[i]) {
        sp_smf_sink_skip_to(sinks->sink[i], to);
        return;
    }
    uint64_t at = atomic_load(&state->position);
    atomic_fetch_add(&state->lost, sp_smf_sink_count(sinks->ring, sink->security_only, at, to));
    atomic_store(&state->position, to);
}

uint64_t sp_smf_sinks_keep(struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings, uint64_t least,
                           uint64_t to)
{
    least = least < to ? least : to;
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++) {
        const struct sp_smf_sink_state *state = state_at(sinks, i);
        const struct sp_smf_sink_settings *sink = wanted(settings, state->name);
        if (!sink)
            continue;
        if (atomic_load(&state->position) < least)
            skip(sinks, i, sink, least);
        uint64_t at = atomic_load(&state->position);
        to = at < to ? at : to;
        if (sinks->sink[i])
            sp_smf_sink_wake(sinks->sink[i]);
    }
    return to;
}

/* Events that the sink of a state has still to deliver. */
static uint64_t pending(const struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings, size_t i)
{
    const struct sp_smf_sink_state *state = state_at(sinks, i);
    const struct sp_smf_sink_settings *sink = wanted(settings, state->name);
    return sink ? sp_smf_sink_count(sinks->ring, sink->security_only, atomic_load(&state->position),
                                    atomic_load(sinks->ready))
                : 0;
}

bool sp_smf_sinks_are_done(const struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings)
{
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++)
        if (pending(sinks, settings, i))
            return false;
    return true;
}

/* ---------------------------------------------------------------- the end */

static bool all_have_left(struct sp_smf_sinks *sinks)
{
    bool all = true;
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++) {
        reap(sinks, i);
        all &= !sinks->sink[i];
    }
    return all;
}

bool sp_smf_sinks_finish(struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings)
{
    int64_t end = sp_clock_monotonic_us() + FINISH_US;
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++)
        if (sinks->sink[i])
            let_go(sinks, i);
    while (!all_have_left(sinks) && sp_clock_monotonic_us() < end)
        usleep(LOOK_US);
    for (size_t i = 0; i < SP_SMF_SINKS_MAX; i++) {
        const struct sp_smf_sink_state *state = state_at(sinks, i);
        uint64_t lost = pending(sinks, settings, i);
        if (lost)
            fprintf(stderr, "sallyport-smf-writer: sink %s: %llu events were not delivered: %s\n",
                    state->name, (unsigned long long)lost,
                    state->message[0] ? state->message : "it did not answer in time");
    }
    return all_have_left(sinks);
}
