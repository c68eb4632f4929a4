/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/agreement.h"

size_t sp_agreement_bytes(unsigned workers)
{
    return sizeof(struct sp_agreement) + workers * sizeof(struct sp_agreement_worker);
}

uint64_t sp_agreement_join(struct sp_agreement *agreement, uint32_t epoch)
{
    uint64_t current = atomic_load(&agreement->current), first = sp_agreement_first(epoch);
    while (current < first)
        if (atomic_compare_exchange_weak(&agreement->current, &current, first))
            return first;
    return current;
}

uint64_t sp_agreement_next(const struct sp_agreement *agreement, uint64_t current)
{
    uint64_t newest = atomic_load(&agreement->proposed);
    if (newest < current)
        newest = current;
    uint64_t next = (newest & ~(uint64_t)1) + 2;
    return next | !sp_agreement_place(current);
}

void sp_agreement_propose(struct sp_agreement *agreement, uint64_t word)
{
    atomic_store(&agreement->proposed, word);
}

uint64_t sp_agreement_proposal(const struct sp_agreement *agreement, uint64_t current)
{
    uint64_t word = atomic_load(&agreement->proposed);
    bool open = word > current && word >> 32 == current >> 32 && atomic_load(&agreement->refused) != word;
    return open ? word : 0;
}

void sp_agreement_vote(struct sp_agreement *agreement, unsigned worker, uint64_t word, bool ready)
{
    if (ready)
        atomic_store(&agreement->workers[worker].ready, word);
    else
        atomic_store(&agreement->refused, word);
}

bool sp_agreement_is_refused(const struct sp_agreement *agreement, uint64_t word)
{
    return atomic_load(&agreement->refused) == word;
}

bool sp_agreement_all_ready(const struct sp_agreement *agreement, unsigned workers, uint64_t word)
{
    for (unsigned i = 0; i < workers; i++)
        if (atomic_load(&agreement->workers[i].ready) != word)
            return false;
    return true;
}

bool sp_agreement_commit(struct sp_agreement *agreement, uint64_t before, uint64_t word)
{
    return atomic_compare_exchange_strong(&agreement->current, &before, word);
}

void sp_agreement_withdraw(struct sp_agreement *agreement, uint64_t word)
{
    atomic_store(&agreement->refused, word);
}

void sp_agreement_use(struct sp_agreement *agreement, unsigned worker, uint64_t word)
{
    atomic_store(&agreement->workers[worker].in_use, word);
}

bool sp_agreement_all_use(const struct sp_agreement *agreement, unsigned workers, uint64_t word)
{
    for (unsigned i = 0; i < workers; i++)
        if (atomic_load(&agreement->workers[i].in_use) != word)
            return false;
    return true;
}
