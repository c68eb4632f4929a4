/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shared_cache.h"

#define SOON 1000000
#define BYTES (4u * 1024u * 1024u)

static struct sp_shared_cache *make(size_t entries, size_t value_bytes)
{
    struct sp_shared_cache *cache = NULL;
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_shared_cache_size size = {entries, value_bytes};
    assert_int_equal(sp_shared_cache_open(NULL, 0, size, &cache, &err), SP_OK);
    return cache;
}

static struct sp_cache_key key_of(const struct sp_shared_cache *cache, const char *text)
{
    const struct sp_str part = sp_str_of(text);
    return sp_shared_cache_key(cache, &part, 1);
}

static bool put(struct sp_shared_cache *cache, const char *key, const char *value, int64_t until_us)
{
    return sp_shared_cache_put(cache, key_of(cache, key), 1, until_us, sp_str_of(value));
}

/* The value as text, or "-". */
static const char *get(struct sp_shared_cache *cache, const char *key, int64_t now_us)
{
    static char value[1024];
    size_t len;
    if (!sp_shared_cache_get(cache, key_of(cache, key), now_us, value, sizeof value - 1, &len))
        return "-";
    value[len] = 0;
    return value;
}

static void a_value_is_there_until_it_ends(void **state)
{
    struct sp_shared_cache *cache = make(10, 16);
    assert_string_equal(get(cache, "a", 1), "-");
    assert_true(put(cache, "a", "one", 100));
    assert_true(put(cache, "b", "two", 200));
    assert_string_equal(get(cache, "a", 99), "one");
    assert_string_equal(get(cache, "a", 100), "-");
    assert_string_equal(get(cache, "a", 99), "-");
    assert_string_equal(get(cache, "b", 199), "two");
    assert_true(put(cache, "b", "", 300));
    assert_string_equal(get(cache, "b", 299), "");
    sp_shared_cache_remove(cache, key_of(cache, "b"));
    assert_string_equal(get(cache, "b", 1), "-");
    assert_false(sp_shared_cache_put(cache, key_of(cache, "c"), 5, 5, SP_STR("x")));
    put(cache, "d", "four", 300);
    sp_shared_cache_clear(cache);
    assert_string_equal(get(cache, "d", 1), "-");
    struct sp_shared_cache_counts counts;
    sp_shared_cache_count(cache, &counts);
    assert_int_equal(counts.entries, 0);
    assert_int_equal(counts.hits, 3);
    sp_shared_cache_close(cache);
    sp_shared_cache_close(NULL);
}

static void the_value_longest_not_asked_for_goes_first(void **state)
{
    struct sp_shared_cache *cache = make(3, 8);
    put(cache, "a", "1", SOON);
    put(cache, "b", "2", SOON);
    put(cache, "c", "3", SOON);
    assert_string_equal(get(cache, "a", 1), "1");
    put(cache, "d", "4", SOON);
    assert_string_equal(get(cache, "b", 1), "-");
    assert_string_equal(get(cache, "a", 1), "1");
    assert_string_equal(get(cache, "c", 1), "3");
    assert_string_equal(get(cache, "d", 1), "4");
    struct sp_shared_cache_counts counts;
    sp_shared_cache_count(cache, &counts);
    assert_int_equal(counts.evicted, 1);
    assert_int_equal(counts.entries, 3);
    sp_shared_cache_close(cache);
}

/* Every length around the ends of blocks, written over with others in between. */
static void long_values_come_back_whole(void **state)
{
    struct sp_shared_cache *cache = make(200, 300);
    size_t most = sp_shared_cache_value_max(cache);
    char *value = malloc(most + 1), *back = malloc(most + 1);
    size_t len;
    assert_true(most > 3000);
    for (size_t i = 0; i <= most; i++)
        value[i] = (char)(i * 7 + i / 256);
    for (size_t n = 0; n <= most; n += n < 1700 ? 1 : 997) {
        assert_true(sp_shared_cache_put(cache, key_of(cache, "v"), 1, SOON, sp_str_from(value, n)));
        assert_true(sp_shared_cache_get(cache, key_of(cache, "v"), 1, back, n, &len));
        assert_int_equal(len, n);
        assert_memory_equal(back, value, n);
        assert_false(n && sp_shared_cache_get(cache, key_of(cache, "v"), 1, back, n - 1, &len));
    }
    assert_true(sp_shared_cache_put(cache, key_of(cache, "v"), 1, SOON, sp_str_from(value, most)));
    assert_false(sp_shared_cache_put(cache, key_of(cache, "v"), 1, SOON, sp_str_from(value, most + 1)));
    free(value);
    free(back);
    sp_shared_cache_close(cache);
}

static void nothing_moves_between_the_parts_of_a_key(void **state)
{
    struct sp_shared_cache *cache = make(10, 8), *other = make(10, 8);
    const struct sp_str one[] = {SP_STR_INIT("ab"), SP_STR_INIT("c")};
    const struct sp_str two[] = {SP_STR_INIT("a"), SP_STR_INIT("bc")};
    const struct sp_str three[] = {SP_STR_INIT("abc"), SP_STR_INIT("")};
    struct sp_cache_key keys[] = {sp_shared_cache_key(cache, one, 2), sp_shared_cache_key(cache, two, 2),
                                  sp_shared_cache_key(cache, three, 2), sp_shared_cache_key(cache, three, 1),
                                  sp_shared_cache_key(other, one, 2)};
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(&keys[i], &keys[k], sizeof keys[i]);
    struct sp_cache_key again = sp_shared_cache_key(cache, one, 2);
    assert_memory_equal(&again, &keys[0], sizeof again);
    sp_shared_cache_close(cache);
    sp_shared_cache_close(other);
}

static void a_mark_is_given_once_and_never_dropped(void **state)
{
    struct sp_shared_cache *cache = make(3, 0);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "a"), 10, 100), SP_OK);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "a"), 99, 200), SP_EEXISTS);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "a"), 100, 200), SP_OK);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "b"), 100, 5 * SOON), SP_OK);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "c"), 100, 5 * SOON), SP_OK);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "d"), 100, 5 * SOON), SP_ELIMIT);
    /* The first has ended by now. */
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "d"), 2 * SOON, 5 * SOON), SP_OK);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "b"), 2 * SOON, 5 * SOON), SP_EEXISTS);
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "e"), 4 * SOON, 5 * SOON), SP_ELIMIT);
    sp_shared_cache_close(cache);
}

static void count_up(void *arg, void *value, int64_t *until_us)
{
    uint64_t *count = value;
    ++*count;
    *(uint64_t *)arg = *count;
    *until_us = *count == 5 ? 0 : 100;
}

static void a_value_is_changed_in_place(void **state)
{
    struct sp_shared_cache *cache = make(3, 8);
    uint64_t seen = 0;
    for (uint64_t i = 1; i <= 5; i++) {
        assert_true(sp_shared_cache_change(cache, key_of(cache, "n"), 50, 8, count_up, &seen));
        assert_int_equal(seen, i);
    }
    assert_true(sp_shared_cache_change(cache, key_of(cache, "n"), 50, 8, count_up, &seen));
    assert_int_equal(seen, 1);
    assert_true(sp_shared_cache_change(cache, key_of(cache, "n"), 100, 8, count_up, &seen));
    assert_int_equal(seen, 1);
    assert_false(sp_shared_cache_change(cache, key_of(cache, "n"), 50, SP_SHARED_CACHE_FIXED_MAX + 1,
                                        count_up, &seen));
    sp_shared_cache_close(cache);
}

/* ---------------------------------------------------------------- several processes */

static void *shared_memory(void)
{
    void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

static struct sp_shared_cache *open_in(void *memory, size_t bytes, size_t entries)
{
    struct sp_shared_cache *cache = NULL;
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_shared_cache_size size = {entries, 100};
    return sp_shared_cache_open(memory, bytes, size, &cache, &err) == SP_OK ? cache : NULL;
}

static void who_comes_later_finds_what_is_there(void **state)
{
    void *memory = shared_memory();
    struct sp_shared_cache *first = open_in(memory, BYTES, 1000);
    put(first, "a", "one", SOON);
    sp_shared_cache_close(first);
    struct sp_shared_cache *second = open_in(memory, BYTES, 5);
    assert_string_equal(get(second, "a", 1), "one");
    sp_shared_cache_close(second);
    munmap(memory, BYTES);
}

static void less_memory_holds_fewer_values(void **state)
{
    void *memory = shared_memory();
    struct sp_error err = SP_ERROR_INIT;
    struct sp_shared_cache *cache = open_in(memory, 20000, 1000000);
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "k%d", i);
        assert_true(put(cache, name, name, SOON));
    }
    struct sp_shared_cache_counts counts;
    sp_shared_cache_count(cache, &counts);
    assert_in_range(counts.entries, 10, 20000 / 128);
    for (size_t i = 20000; i < BYTES; i++)
        assert_int_equal(((char *)memory)[i], 0);
    sp_shared_cache_close(cache);
    assert_int_equal(sp_shared_cache_open(memory, 100, (struct sp_shared_cache_size){1, 100}, &cache, &err),
                     SP_ELIMIT);
    munmap(memory, BYTES);
}

static void credentials_are_not_in_the_memory(void **state)
{
    void *memory = shared_memory();
    struct sp_shared_cache *cache = open_in(memory, BYTES, 100);
    put(cache, "a very secret password", "value", SOON);
    assert_null(memmem(memory, BYTES, "secret", 6));
    assert_non_null(memmem(memory, BYTES, "value", 5));
    sp_shared_cache_remove(cache, key_of(cache, "a very secret password"));
    assert_null(memmem(memory, BYTES, "value", 5));
    sp_shared_cache_close(cache);
    munmap(memory, BYTES);
}

static void die(void *arg, void *value, int64_t *until_us)
{
    raise(*(int *)arg);
}

/* A process that ends by, or stops at, the signal while it has the lock. */
static pid_t fork_into_lock(void *memory, int signal)
{
    pid_t child = fork();
    if (child == 0) {
        struct sp_shared_cache *cache = open_in(memory, BYTES, 10);
        sp_shared_cache_change(cache, key_of(cache, "x"), 1, 8, die, &signal);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    return child;
}

static void a_process_that_dies_inside_stops_nobody(void **state)
{
    void *memory = shared_memory();
    struct sp_shared_cache *cache = open_in(memory, BYTES, 10);
    put(cache, "a", "one", SOON);
    fork_into_lock(memory, SIGKILL);
    assert_string_equal(get(cache, "a", 1), "-");
    put(cache, "a", "two", SOON);
    assert_string_equal(get(cache, "a", 1), "two");
    struct sp_shared_cache_counts counts;
    sp_shared_cache_count(cache, &counts);
    assert_int_equal(counts.resets, 1);
    assert_int_equal(counts.entries, 1);
    sp_shared_cache_close(cache);
    munmap(memory, BYTES);
}

static void nobody_waits_long_for_a_process_that_stands_still(void **state)
{
    void *memory = shared_memory();
    struct sp_shared_cache *cache = open_in(memory, BYTES, 10);
    put(cache, "a", "one", SOON);
    pid_t child = fork_into_lock(memory, SIGSTOP);
    int64_t began = sp_clock_monotonic_us();
    assert_string_equal(get(cache, "a", 1), "-");
    assert_false(put(cache, "a", "two", SOON));
    assert_int_equal(sp_shared_cache_claim(cache, key_of(cache, "b"), 1, SOON), SP_EUNAVAIL);
    assert_true(sp_clock_monotonic_us() - began < 2 * SOON);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(put(cache, "a", "two", SOON));
    sp_shared_cache_close(cache);
    munmap(memory, BYTES);
}

static void memory_whose_maker_died_is_made_again(void **state)
{
    void *memory = shared_memory();
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    *(uint32_t *)memory = (uint32_t)child;
    struct sp_shared_cache *cache = open_in(memory, BYTES, 10);
    assert_true(put(cache, "a", "one", SOON));
    assert_string_equal(get(cache, "a", 1), "one");
    sp_shared_cache_close(cache);
    munmap(memory, BYTES);
}

#define NAMES 40u
#define ROUNDS 8000u

/* Values that tell whether they are whole, and whose they are. */
static size_t write_value(unsigned name, unsigned round, char *value)
{
    size_t len = 20 + (name * 37 + round * 11) % 400;
    memset(value, 'a' + (int)(name % 26), len);
    int n = snprintf(value, 20, "%u %zu", name, len);
    value[n] = '|';
    return len;
}

static bool is_whole(unsigned name, const char *value, size_t len)
{
    unsigned said;
    size_t said_len;
    if (sscanf(value, "%u %zu|", &said, &said_len) != 2 || said != name || said_len != len)
        return false;
    for (size_t i = 20; i < len; i++)
        if (value[i] != 'a' + (char)(name % 26))
            return false;
    return true;
}

static int work(void *memory, unsigned seed)
{
    struct sp_shared_cache *cache = open_in(memory, BYTES, 30);
    char value[512], text[16];
    size_t len;
    bool whole = true;
    for (unsigned i = 0; i < ROUNDS && whole; i++) {
        unsigned name = (unsigned)rand_r(&seed) % NAMES;
        snprintf(text, sizeof text, "name %u", name);
        struct sp_cache_key key = key_of(cache, text);
        unsigned what = (unsigned)rand_r(&seed) % 100;
        if (what < 30) {
            len = write_value(name, i, value);
            sp_shared_cache_put(cache, key, 1, SOON, sp_str_from(value, len));
        } else if (what < 35) {
            sp_shared_cache_remove(cache, key);
        } else if (sp_shared_cache_get(cache, key, 1, value, sizeof value - 1, &len)) {
            value[len] = 0;
            whole = is_whole(name, value, len);
        }
    }
    sp_shared_cache_close(cache);
    return whole ? 0 : 1;
}

/* Four processes at once, one of which is killed wherever it is. */
static void values_stay_whole_under_many_hands(void **state)
{
    void *memory = shared_memory();
    pid_t children[4];
    for (unsigned i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(work(memory, i + 1));
    }
    usleep(5000);
    kill(children[3], SIGKILL);
    for (unsigned i = 0; i < 4; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        assert_true(i == 3 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
    assert_int_equal(work(memory, 99), 0);
    munmap(memory, BYTES);
}

static int claim_all(void *memory)
{
    struct sp_shared_cache *cache = open_in(memory, BYTES, 2000);
    char text[16];
    int won = 0;
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%u", i);
        won += sp_shared_cache_claim(cache, key_of(cache, text), 1, SOON) == SP_OK;
    }
    return won;
}

static void each_mark_has_one_winner(void **state)
{
    void *memory = shared_memory();
    pid_t children[3];
    int won = 0;
    for (unsigned i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(claim_all(memory));
    }
    for (unsigned i = 0; i < 3; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        won += WEXITSTATUS(status);
    }
    assert_int_equal(won, 100);
    munmap(memory, BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_there_until_it_ends),
        cmocka_unit_test(the_value_longest_not_asked_for_goes_first),
        cmocka_unit_test(long_values_come_back_whole),
        cmocka_unit_test(nothing_moves_between_the_parts_of_a_key),
        cmocka_unit_test(a_mark_is_given_once_and_never_dropped),
        cmocka_unit_test(a_value_is_changed_in_place),
        cmocka_unit_test(who_comes_later_finds_what_is_there),
        cmocka_unit_test(less_memory_holds_fewer_values),
        cmocka_unit_test(credentials_are_not_in_the_memory),
        cmocka_unit_test(a_process_that_dies_inside_stops_nobody),
        cmocka_unit_test(nobody_waits_long_for_a_process_that_stands_still),
        cmocka_unit_test(memory_whose_maker_died_is_made_again),
        cmocka_unit_test(values_stay_whole_under_many_hands),
        cmocka_unit_test(each_mark_has_one_winner),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("base_shared_cache", tests, NULL, NULL);
}
