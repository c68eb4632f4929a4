/* SPDX-License-Identifier: Apache-2.0
 * sinks.h: the sinks (smf/sink.h) of the writer, as its settings want them.
 *
 * Nothing here waits for the other side of a sink: one that is to end goes on with what it is about, and the
 * one that follows it under the same name begins when it has left. So there are never more threads than
 * SP_SMF_SINKS_MAX, and never two with the same position.
 */
#ifndef SP_INTERCEPT_SMF_SINKS_H
#define SP_INTERCEPT_SMF_SINKS_H

#include "intercept/smf/shared.h"

struct sp_smf_sink;

struct sp_smf_sinks {
    struct sp_smf_ring *ring;
    const _Atomic uint64_t *ready;              /* events before it may be taken */
    struct sp_smf_sink *sink[SP_SMF_SINKS_MAX]; /* each with the state of the same number */
    bool leaving[SP_SMF_SINKS_MAX];
    int64_t tried_us; /* when one could not be started (monotonic) */
};

/* None yet; those of a writer that died are as they were. What is given outlives it. */
void sp_smf_sinks_init(struct sp_smf_sinks *sinks, struct sp_smf_ring *ring, const _Atomic uint64_t *ready);
/* Let those go that are not wanted so any more, and start those that are missing. What fails is told in the
 * shared memory and tried again. */
void sp_smf_sinks_follow(struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings);
/* The position before which nothing is wanted any more, at most `to`. Those that are behind `least` lose what
 * is before that. */
uint64_t sp_smf_sinks_keep(struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings, uint64_t least,
                           uint64_t to);
/* Whether they have delivered everything before `*ready`. */
bool sp_smf_sinks_are_done(const struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings);
/* Let all go, and wait for that for a moment. What was not delivered is told at standard error. False: some
 * still use the ring, and the process must end without tidying up. */
bool sp_smf_sinks_finish(struct sp_smf_sinks *sinks, const struct sp_smf_settings *settings);

#endif
