/* SPDX-License-Identifier: Apache-2.0
 * The ring between processes: nothing is lost, nothing comes twice, whoever dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/smf/ring.h"

static struct sp_error err = SP_ERROR_INIT;
static struct sp_smf_ring ring;
static int fd;

static void make(unsigned slots)
{
    assert_int_equal(sp_smf_ring_create(slots, 24, &fd, &err), SP_OK);
    assert_int_equal(sp_smf_ring_map(fd, &ring, &err), SP_OK);
}

static int tear_down(void **state)
{
    sp_smf_ring_unmap(&ring);
    return close(fd);
}

struct entry {
    uint64_t who, number, check;
};

static bool put(struct sp_smf_ring *to, uint64_t who, uint64_t number)
{
    uint64_t position;
    struct entry *entry = sp_smf_ring_claim(to, &position);
    if (!entry)
        return false;
    *entry = (struct entry){who, number, who ^ number};
    sp_smf_ring_commit(to, position);
    return true;
}

/* A process with a view of its own; what it returns is its exit status. */
static pid_t start(int (*run)(struct sp_smf_ring *own, uint64_t who), uint64_t who)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    struct sp_smf_ring own;
    if (sp_smf_ring_map(fd, &own, &err) != SP_OK || sp_smf_ring_attach(&own, &err) != SP_OK)
        _exit(99);
    _exit(run(&own, who));
}

static int outcome_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void what_is_put_comes_out_in_order_until_it_is_full(void **state)
{
    make(1);
    assert_int_equal(sp_smf_ring_slots(&ring), SP_SMF_RING_SLOTS_MIN);
    assert_int_equal(sp_smf_ring_attach(&ring, &err), SP_OK);
    assert_int_equal(sp_smf_ring_consume(&ring, &err), SP_OK);
    for (uint64_t lap = 0; lap < 3; lap++) {
        uint64_t from = sp_smf_ring_tail(&ring);
        for (uint64_t n = 0; n < SP_SMF_RING_SLOTS_MIN; n++)
            assert_true(put(&ring, 1, from + n));
        assert_false(put(&ring, 1, 0));
        assert_int_equal(sp_smf_ring_free_slots(&ring), 0);
        uint64_t to = sp_smf_ring_settle(&ring, 0, NULL, NULL);
        assert_int_equal(to, from + SP_SMF_RING_SLOTS_MIN);
        for (uint64_t at = from; at < to; at++)
            assert_int_equal(((const struct entry *)sp_smf_ring_at(&ring, at))->number, at);
        sp_smf_ring_free_to(&ring, from + 1);
        assert_int_equal(sp_smf_ring_free_slots(&ring), 1);
        sp_smf_ring_free_to(&ring, to);
        assert_int_equal(sp_smf_ring_free_slots(&ring), SP_SMF_RING_SLOTS_MIN);
    }
}

static int put_thousands(struct sp_smf_ring *own, uint64_t who)
{
    for (uint64_t n = 0; n < 20000; n++)
        while (!put(own, who, n))
            usleep(50);
    return 0;
}

static void producers_of_several_processes_lose_nothing(void **state)
{
    enum { PROCESSES = 4 };
    uint64_t next[PROCESSES] = {0}, seen = 0;
    pid_t children[PROCESSES];
    make(256);
    assert_int_equal(sp_smf_ring_consume(&ring, &err), SP_OK);
    for (uint64_t who = 0; who < PROCESSES; who++)
        children[who] = start(put_thousands, who);
    while (seen < PROCESSES * 20000) {
        uint64_t at = sp_smf_ring_tail(&ring), to = sp_smf_ring_settle(&ring, 20000, NULL, NULL);
        if (at == to)
            sp_smf_ring_sleep(&ring, at, 100000);
        for (; at < to; at++, seen++) {
            const struct entry *entry = sp_smf_ring_at(&ring, at);
            assert_non_null(entry);
            assert_int_equal(entry->check, entry->who ^ entry->number);
            assert_int_equal(entry->number, next[entry->who]++);
        }
        sp_smf_ring_free_to(&ring, to);
    }
    for (uint64_t who = 0; who < PROCESSES; who++)
        assert_int_equal(outcome_of(children[who]), 0);
}

static int die_with_a_claim(struct sp_smf_ring *own, uint64_t who)
{
    uint64_t position;
    put(own, who, 1);
    if (!sp_smf_ring_claim(own, &position))
        return 1;
    return kill(getpid(), SIGKILL);
}

static int put_one(struct sp_smf_ring *own, uint64_t who)
{
    return put(own, who, 5) ? 0 : 1;
}

static void a_claim_of_the_dead_holds_nobody_up(void **state)
{
    make(16);
    assert_int_equal(sp_smf_ring_consume(&ring, &err), SP_OK);
    assert_int_equal(outcome_of(start(die_with_a_claim, 7)), 1000 + SIGKILL);
    /* Not at once: it is told from a slow one by time and then by the lock. */
    assert_int_equal(sp_smf_ring_settle(&ring, 60000000, NULL, NULL), 1);
    assert_true(sp_smf_ring_is_claimed(&ring, 1));
    assert_int_equal(sp_smf_ring_settle(&ring, 0, NULL, NULL), 2);
    assert_non_null(sp_smf_ring_at(&ring, 0));
    assert_null(sp_smf_ring_at(&ring, 1));
    /* The one that takes its number gives up what it left. */
    assert_int_equal(outcome_of(start(die_with_a_claim, 7)), 1000 + SIGKILL);
    assert_int_equal(outcome_of(start(put_one, 8)), 0);
    assert_int_equal(sp_smf_ring_settle(&ring, 60000000, NULL, NULL), 5);
    assert_null(sp_smf_ring_at(&ring, 3));
    assert_int_equal(((const struct entry *)sp_smf_ring_at(&ring, 4))->who, 8);
}

static int hold_a_claim(struct sp_smf_ring *own, uint64_t who)
{
    uint64_t position;
    struct entry *entry = sp_smf_ring_claim(own, &position);
    usleep(300000);
    *entry = (struct entry){who, 0, who};
    sp_smf_ring_commit(own, position);
    return 0;
}

static void a_slow_producer_is_waited_for(void **state)
{
    make(16);
    pid_t slow = start(hold_a_claim, 3);
    while (sp_smf_ring_head(&ring) == 0)
        usleep(1000);
    for (int n = 0; n < 5; n++)
        assert_int_equal(sp_smf_ring_settle(&ring, 0, NULL, NULL), 0);
    assert_true(sp_smf_ring_has_producers(&ring));
    assert_int_equal(outcome_of(slow), 0);
    assert_false(sp_smf_ring_has_producers(&ring));
    assert_int_equal(sp_smf_ring_settle(&ring, 0, NULL, NULL), 1);
}

static int consume_some_and_die(struct sp_smf_ring *own, uint64_t who)
{
    if (sp_smf_ring_consume(own, &err) != SP_OK)
        return 1;
    sp_smf_ring_settle(own, 0, NULL, NULL);
    sp_smf_ring_free_to(own, 3);
    return kill(getpid(), SIGKILL);
}

static void the_next_consumer_goes_on_where_the_last_one_was(void **state)
{
    make(16);
    assert_int_equal(sp_smf_ring_attach(&ring, &err), SP_OK);
    for (uint64_t n = 0; n < 10; n++)
        assert_true(put(&ring, 1, n));
    assert_false(sp_smf_ring_has_consumer(&ring));
    assert_int_equal(outcome_of(start(consume_some_and_die, 0)), 1000 + SIGKILL);
    assert_false(sp_smf_ring_has_consumer(&ring));
    assert_int_equal(sp_smf_ring_consume(&ring, &err), SP_OK);
    assert_int_equal(sp_smf_ring_tail(&ring), 3);
    assert_int_equal(sp_smf_ring_settle(&ring, 0, NULL, NULL), 10);
    assert_int_equal(((const struct entry *)sp_smf_ring_at(&ring, 3))->number, 3);
}

static int try_to_consume(struct sp_smf_ring *own, uint64_t who)
{
    return sp_smf_ring_consume(own, &err) == SP_EEXISTS && sp_smf_ring_has_consumer(own) ? 0 : 1;
}

static void there_is_one_consumer(void **state)
{
    make(16);
    assert_int_equal(sp_smf_ring_consume(&ring, &err), SP_OK);
    assert_int_equal(outcome_of(start(try_to_consume, 0)), 0);
}

static int put_later(struct sp_smf_ring *own, uint64_t who)
{
    usleep(50000);
    return put(own, who, 0) ? 0 : 1;
}

static void a_sleeping_consumer_is_woken(void **state)
{
    make(16);
    pid_t child = start(put_later, 1);
    int64_t before = sp_clock_monotonic_us();
    while (sp_smf_ring_settle(&ring, 0, NULL, NULL) == 0)
        sp_smf_ring_sleep(&ring, 0, 20000000);
    assert_true(sp_clock_monotonic_us() - before < 10000000);
    assert_int_equal(outcome_of(child), 0);
    before = sp_clock_monotonic_us();
    sp_smf_ring_sleep(&ring, 5, 30000);
    assert_true(sp_clock_monotonic_us() - before >= 25000);
}

static void what_is_no_ring_is_refused(void **state)
{
    struct sp_smf_ring other = {.fd = -1};
    make(16);
    int null = open("/dev/null", O_RDWR);
    assert_int_equal(sp_smf_ring_map(null, &other, &err), SP_EUNSUPPORTED);
    close(null);
    assert_int_equal(sp_smf_ring_map(-1, &other, &err), SP_EIO);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(sp_smf_ring_map(fd, &other, &err), SP_EUNSUPPORTED);
    sp_smf_ring_unmap(&other);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_comes_out_in_order_until_it_is_full),
        TEST(producers_of_several_processes_lose_nothing),
        TEST(a_claim_of_the_dead_holds_nobody_up),
        TEST(a_slow_producer_is_waited_for),
        TEST(the_next_consumer_goes_on_where_the_last_one_was),
        TEST(there_is_one_consumer),
        TEST(a_sleeping_consumer_is_woken),
        TEST(what_is_no_ring_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_ring", tests, NULL, NULL);
}
