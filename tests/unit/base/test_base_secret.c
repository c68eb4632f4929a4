/* SPDX-License-Identifier: Apache-2.0
 * Secrets are compared in a time that does not tell where they differ. Measured: how long a comparison takes
 * with the difference in the first byte, in the last, and nowhere. The least of many short measurements
 * counts, which other work on the machine cannot make smaller, and the measurement is repeated before it is
 * believed that they differ. That it can tell is shown by comparers that stop at the difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"

#define LENGTH 4096u
#define SAMPLES 600u
#define CALLS 8u
#define ROUNDS 12u
#define MOST_RATIO 1.3

typedef bool comparer(struct sp_str a, struct sp_str b);

enum { FIRST, LAST, NOWHERE, CLASSES };

static char secret[LENGTH], guesses[CLASSES][LENGTH];

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t time_of(comparer *compare, unsigned which)
{
    bool equal = false;
    int64_t begun = now_ns();
    for (unsigned i = 0; i < CALLS; i++)
        equal |= compare(sp_str_from(secret, LENGTH), sp_str_from(guesses[which], LENGTH));
    int64_t took = now_ns() - begun;
    assert_int_equal(equal, which == NOWHERE);
    return took;
}

/* The longest of the classes' least times by the shortest. */
static double ratio_of(comparer *compare)
{
    int64_t least[CLASSES] = {INT64_MAX, INT64_MAX, INT64_MAX}, low = INT64_MAX, high = 0;
    for (unsigned i = 0; i < SAMPLES * CLASSES; i++) {
        int64_t took = time_of(compare, i % CLASSES);
        if (took < least[i % CLASSES])
            least[i % CLASSES] = took;
    }
    for (unsigned i = 0; i < CLASSES; i++) {
        low = least[i] < low ? least[i] : low;
        high = least[i] > high ? least[i] : high;
    }
    return (double)high / (double)(low > 0 ? low : 1);
}

static double best_ratio(comparer *compare)
{
    double best = ratio_of(compare);
    for (unsigned i = 1; i < ROUNDS && best > MOST_RATIO; i++) {
        double again = ratio_of(compare);
        best = again < best ? again : best;
    }
    return best;
}

static int set_up(void **state)
{
    sp_secret_random(secret, sizeof secret);
    for (unsigned i = 0; i < CLASSES; i++)
        memcpy(guesses[i], secret, LENGTH);
    guesses[FIRST][0] ^= 1;
    guesses[LAST][LENGTH - 1] ^= 1;
    return 0;
}

static void the_time_does_not_tell_where_the_difference_is(void **state)
{
    double ratio = best_ratio(sp_secret_eq);
    print_message("# sp_secret_eq: longest by shortest time %.2f\n", ratio);
    assert_true(ratio <= MOST_RATIO);
}

static bool by_bytes(struct sp_str a, struct sp_str b)
{
    const volatile char *x = a.ptr, *y = b.ptr;
    for (size_t i = 0; i < a.len; i++)
        if (x[i] != y[i])
            return false;
    return true;
}

static bool by_memcmp(struct sp_str a, struct sp_str b)
{
    return memcmp(a.ptr, b.ptr, a.len) == 0;
}

static void a_comparer_that_stops_at_the_difference_is_seen(void **state)
{
    comparer *const naive[] = {by_bytes, by_memcmp, sp_str_eq};
    for (size_t i = 0; i < sizeof naive / sizeof naive[0]; i++) {
        double ratio = best_ratio(naive[i]);
        print_message("# comparer %zu: longest by shortest time %.2f\n", i, ratio);
        assert_true(ratio > MOST_RATIO);
    }
}

static void what_is_equal_is_found_equal(void **state)
{
    assert_true(sp_secret_eq(SP_STR(""), SP_STR("")));
    assert_true(sp_secret_eq(SP_STR("abc"), SP_STR("abc")));
    assert_false(sp_secret_eq(SP_STR("abc"), SP_STR("abd")));
    assert_false(sp_secret_eq(SP_STR("abc"), SP_STR("ab")));
    assert_false(sp_secret_eq(SP_STR(""), SP_STR("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_equal_is_found_equal),
        cmocka_unit_test_setup(the_time_does_not_tell_where_the_difference_is, set_up),
        cmocka_unit_test_setup(a_comparer_that_stops_at_the_difference_is_seen, set_up),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("base_secret", tests, NULL, NULL);
}
