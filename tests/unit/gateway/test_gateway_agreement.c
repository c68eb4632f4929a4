/* SPDX-License-Identifier: Apache-2.0
 * The agreement of workers: single steps, and every order in which their steps can come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "gateway/agreement.h"

#define WORKERS 3u

/* Memory of the workers. */
struct shared {
    uint64_t words[3 + 2 * WORKERS];
};

static struct sp_agreement *of(const struct shared *shared)
{
    return (struct sp_agreement *)shared;
}

static struct shared shared;
static struct sp_agreement *const agreement = (struct sp_agreement *)&shared;

static int begin(void **state)
{
    memset(&shared, 0, sizeof shared);
    assert_int_equal(sp_agreement_bytes(WORKERS), sizeof shared);
    return 0;
}

static uint64_t propose(uint64_t current)
{
    uint64_t word = sp_agreement_next(agreement, current);
    sp_agreement_propose(agreement, word);
    return word;
}

static void words_grow_and_change_their_place(void **state)
{
    uint64_t first = sp_agreement_join(agreement, 1);
    assert_int_equal(sp_agreement_number(first), 0);
    assert_int_equal(sp_agreement_place(first), 0);
    uint64_t before = first;
    for (unsigned i = 1; i <= 5; i++) {
        uint64_t word = propose(before);
        assert_true(word > before && sp_agreement_is_of(word, 1));
        assert_int_equal(sp_agreement_place(word), !sp_agreement_place(before));
        assert_true(sp_agreement_commit(agreement, before, word));
        before = word;
    }
    /* A refused proposal does not take the place of what is in use. */
    uint64_t refused = propose(before);
    sp_agreement_vote(agreement, 1, refused, false);
    uint64_t next = propose(before);
    assert_true(next > refused);
    assert_int_equal(sp_agreement_place(next), !sp_agreement_place(before));
}

static void a_proposal_needs_every_worker(void **state)
{
    uint64_t current = sp_agreement_join(agreement, 1), word = propose(current);
    assert_true(sp_agreement_proposal(agreement, current) == word);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_false(sp_agreement_all_ready(agreement, WORKERS, word));
        sp_agreement_vote(agreement, i, word, true);
    }
    assert_true(sp_agreement_all_ready(agreement, WORKERS, word));
    assert_true(sp_agreement_commit(agreement, current, word));
    assert_true(sp_agreement_proposal(agreement, word) == 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_false(sp_agreement_all_use(agreement, WORKERS, word));
        sp_agreement_use(agreement, i, word);
    }
    assert_true(sp_agreement_all_use(agreement, WORKERS, word));
}

static void one_refusal_ends_a_proposal_and_only_that(void **state)
{
    uint64_t current = sp_agreement_join(agreement, 1), word = propose(current);
    sp_agreement_vote(agreement, 0, word, true);
    sp_agreement_vote(agreement, 1, word, false);
    assert_true(sp_agreement_is_refused(agreement, word));
    assert_true(sp_agreement_proposal(agreement, current) == 0);
    uint64_t next = propose(current);
    assert_false(sp_agreement_is_refused(agreement, next));
    assert_true(sp_agreement_proposal(agreement, current) == next);
    assert_false(sp_agreement_all_ready(agreement, WORKERS, next)); /* earlier votes are not for this one */
}

static void a_withdrawn_proposal_is_none(void **state)
{
    uint64_t current = sp_agreement_join(agreement, 1), word = propose(current);
    sp_agreement_withdraw(agreement, word);
    assert_true(sp_agreement_proposal(agreement, current) == 0);
    assert_true(atomic_load(&agreement->current) == current);
}

static void a_new_epoch_ends_what_the_old_one_was_about(void **state)
{
    uint64_t old = sp_agreement_join(agreement, 1), word = propose(old);
    for (unsigned i = 0; i < WORKERS; i++)
        sp_agreement_vote(agreement, i, word, true);
    uint64_t first = sp_agreement_join(agreement, 2);
    assert_true(sp_agreement_is_of(first, 2) && first > word);
    assert_false(sp_agreement_commit(agreement, old, word));
    assert_true(sp_agreement_proposal(agreement, first) == 0);
    assert_true(sp_agreement_join(agreement, 1) == first); /* an old worker sees that it is old */
    assert_true(sp_agreement_join(agreement, 2) == first); /* and others of the epoch change nothing */
    uint64_t next = propose(first);
    assert_true(sp_agreement_is_of(next, 2));
    assert_true(sp_agreement_commit(agreement, first, next));
    assert_true(sp_agreement_join(agreement, 2) == next); /* a worker that comes later */
}

/* ---------------------------------------------------------------- every order of steps
 *
 * Worker 0 leads two updates; the others follow, and may refuse; a worker may die at any time and come again;
 * the engine may be reloaded at any time. Each state is visited once, so all orders are covered.
 */

enum { NEXT, PROPOSE, VOTE, DECIDE, USE, DONE }; /* of the leader */

struct world {
    struct shared shared;
    uint64_t in_use[WORKERS], voted[WORKERS];
    uint64_t word;  /* that the leader is about */
    uint64_t ready; /* bit per worker: said yes to `word` since it was born */
    uint8_t leader, rounds, deaths, reloaded, refused;
    uint8_t filling[5];
};

static struct sp_hash seen;
static struct sp_arena memory;
static size_t visited, commits, refusals;

static void visit(const struct world *world);

static void check(const struct world *before, const struct world *after)
{
    uint64_t was = atomic_load(&of(&before->shared)->current);
    uint64_t is = atomic_load(&of(&after->shared)->current);
    assert_true(is >= was);
    for (unsigned i = 0; i < WORKERS; i++)
        /* Nobody uses what is not agreed on, and nobody goes back. */
        assert_true(after->in_use[i] <= is && after->in_use[i] >= before->in_use[i]);
}

static void go(const struct world *before, const struct world *after)
{
    check(before, after);
    visit(after);
}

static void decide(const struct world *world)
{
    struct world after = *world;
    struct sp_agreement *a = of(&after.shared);
    if (sp_agreement_all_ready(a, WORKERS, world->word) && !sp_agreement_is_refused(a, world->word)) {
        bool committed = sp_agreement_commit(a, world->in_use[0], world->word);
        assert_true(committed == !world->reloaded);
        assert_false(world->refused);
        assert_true(world->ready == (1u << WORKERS) - 1);
        commits += committed;
        after.leader = committed ? USE : DONE;
        go(world, &after);
    }
    if (sp_agreement_is_refused(of(&world->shared), world->word))
        refusals++;
    /* Refused, or out of patience. */
    after = *world;
    sp_agreement_withdraw(a, world->word);
    after.leader = DONE;
    go(world, &after);
}

static void lead(const struct world *world)
{
    struct world after = *world;
    struct sp_agreement *a = of(&after.shared);
    after.leader++;
    switch (world->leader) {
    case NEXT:
        after.word = sp_agreement_next(a, world->in_use[0]);
        after.ready = after.refused = 0;
        break;
    case PROPOSE:
        sp_agreement_propose(a, world->word);
        break;
    case VOTE:
        sp_agreement_vote(a, 0, world->word, true);
        after.ready |= 1;
        break;
    case DECIDE:
        decide(world);
        return;
    case USE:
        sp_agreement_use(a, 0, world->word);
        after.in_use[0] = world->word;
        break;
    default:
        if (world->rounds == 2 || world->reloaded)
            return;
        after.rounds++;
        after.leader = NEXT;
    }
    go(world, &after);
}

static void follow(const struct world *world, unsigned worker)
{
    uint64_t current = atomic_load(&of(&world->shared)->current);
    if (!sp_agreement_is_of(current, 1))
        return; /* it is of the old epoch, and takes part no more */
    struct world after = *world;
    if (current != world->in_use[worker]) {
        sp_agreement_use(of(&after.shared), worker, current);
        after.in_use[worker] = current;
        go(world, &after);
        return;
    }
    uint64_t proposal = sp_agreement_proposal(of(&world->shared), current);
    if (!proposal || proposal == world->voted[worker])
        return;
    assert_true(proposal == world->word);
    for (int ready = 0; ready < 2; ready++) {
        after = *world;
        sp_agreement_vote(of(&after.shared), worker, proposal, ready);
        after.voted[worker] = proposal;
        if (ready)
            after.ready |= 1u << worker;
        else
            after.refused = 1;
        go(world, &after);
    }
}

static void die(const struct world *world, unsigned worker)
{
    if (world->deaths == 2 || world->reloaded)
        return;
    struct world after = *world;
    after.deaths++;
    after.voted[worker] = 0;
    /* The one in its place begins with what is agreed on. */
    after.in_use[worker] = sp_agreement_join(of(&after.shared), 1);
    go(world, &after);
}

static void reload(const struct world *world)
{
    if (world->reloaded)
        return;
    struct world after = *world;
    after.reloaded = 1;
    uint64_t first = sp_agreement_join(of(&after.shared), 2);
    assert_true(first == sp_agreement_first(2));
    go(world, &after);
}

static void visit(const struct world *world)
{
    struct sp_str key = sp_arena_str(&memory, sp_str_from(world, sizeof *world));
    assert_non_null(key.ptr);
    if (sp_hash_add(&seen, key, (void *)key.ptr) != SP_OK)
        return; /* as before */
    visited++;
    lead(world);
    for (unsigned i = 1; i < WORKERS; i++) {
        follow(world, i);
        die(world, i);
    }
    reload(world);
}

static void no_order_of_steps_breaks_the_agreement(void **state)
{
    struct world world;
    memset(&world, 0, sizeof world);
    uint64_t first = sp_agreement_join(of(&world.shared), 1);
    for (unsigned i = 0; i < WORKERS; i++)
        world.in_use[i] = first;
    world.leader = NEXT;
    sp_arena_init(&memory, (size_t)512 << 20);
    sp_hash_init(&seen, 4000000);
    visit(&world);
    print_message("# %zu states, %zu commits, %zu refusals\n", visited, commits, refusals);
    assert_true(visited > 1000 && commits > 10 && refusals > 10);
    sp_hash_finish(&seen);
    sp_arena_finish(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(words_grow_and_change_their_place, begin),
        cmocka_unit_test_setup(a_proposal_needs_every_worker, begin),
        cmocka_unit_test_setup(one_refusal_ends_a_proposal_and_only_that, begin),
        cmocka_unit_test_setup(a_withdrawn_proposal_is_none, begin),
        cmocka_unit_test_setup(a_new_epoch_ends_what_the_old_one_was_about, begin),
        cmocka_unit_test(no_order_of_steps_breaks_the_agreement),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_agreement", tests, NULL, NULL);
}
