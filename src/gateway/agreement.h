/* SPDX-License-Identifier: Apache-2.0
 * agreement.h: how the workers of a server come to the same generation.
 *
 * In the memory that workers share. Worker 0 proposes a generation; each worker prepares it and says whether
 * it can; when all can, worker 0 makes it the current one and each worker begins to use it. So a change
 * reaches all workers or none. Everything is one word: the epoch (a reload of the engine begins another one;
 * workers of an older epoch take part no more), a number, and which of two places holds the files. Words
 * grow.
 */
#ifndef SP_GATEWAY_AGREEMENT_H
#define SP_GATEWAY_AGREEMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_agreement_worker {
    _Atomic uint64_t ready, in_use;
};

struct sp_agreement {
    _Atomic uint64_t current, proposed, refused;
    struct sp_agreement_worker workers[];
};

size_t sp_agreement_bytes(unsigned workers);

/* The first word of an epoch; its files are in place 0. */
static inline uint64_t sp_agreement_first(uint32_t epoch)
{
    return (uint64_t)epoch << 32;
}
static inline bool sp_agreement_is_of(uint64_t word, uint32_t epoch)
{
    return word >> 32 == epoch;
}
static inline unsigned sp_agreement_place(uint64_t word)
{
    return word & 1;
}
static inline uint32_t sp_agreement_number(uint64_t word)
{
    return (uint32_t)word >> 1;
}

/* The current word, which is of `epoch` unless a newer one has begun. */
uint64_t sp_agreement_join(struct sp_agreement *agreement, uint32_t epoch);
/* A word for the next proposal, whose place is not that of `current`. Not announced yet. */
uint64_t sp_agreement_next(const struct sp_agreement *agreement, uint64_t current);
void sp_agreement_propose(struct sp_agreement *agreement, uint64_t word);
/* A proposal that is newer than `current` and of its epoch; 0: none. */
uint64_t sp_agreement_proposal(const struct sp_agreement *agreement, uint64_t current);
void sp_agreement_vote(struct sp_agreement *agreement, unsigned worker, uint64_t word, bool ready);
bool sp_agreement_is_refused(const struct sp_agreement *agreement, uint64_t word);
bool sp_agreement_all_ready(const struct sp_agreement *agreement, unsigned workers, uint64_t word);
/* Make it the current one; false when a newer epoch has begun. */
bool sp_agreement_commit(struct sp_agreement *agreement, uint64_t before, uint64_t word);
/* The proposal is none any more. */
void sp_agreement_withdraw(struct sp_agreement *agreement, uint64_t word);
void sp_agreement_use(struct sp_agreement *agreement, unsigned worker, uint64_t word);
bool sp_agreement_all_use(const struct sp_agreement *agreement, unsigned workers, uint64_t word);

#endif
