/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authn/session_store.h"

static struct sp_error err;

static struct sp_session session_at(int64_t now_us)
{
    struct sp_session session = {.expires_us = now_us + 1000};
    sp_session_begin(&session, now_us);
    return session;
}

static void an_ended_session_stays_ended_until_its_time(void **state)
{
    struct sp_session_store *store;
    struct sp_session ended = session_at(10), other = session_at(10);
    assert_int_equal(sp_session_store_open(NULL, 0, &store, &err), SP_OK);
    assert_false(sp_session_store_has_ended(store, &ended, 20));
    assert_int_equal(sp_session_store_end(store, &ended, 20), SP_OK);
    assert_int_equal(sp_session_store_end(store, &ended, 21), SP_OK);
    assert_true(sp_session_store_has_ended(store, &ended, 30));
    assert_true(sp_session_store_has_ended(store, &ended, 1009));
    assert_false(sp_session_store_has_ended(store, &other, 30));
    sp_session_store_close(store);
}

static void workers_share_secret_and_ended_sessions(void **state)
{
    size_t bytes = sp_session_store_bytes();
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(memory, 0, bytes);
    struct sp_session_store *one, *two;
    struct sp_cookie_seal first, second;
    struct sp_session session = session_at(10);
    assert_int_equal(sp_session_store_open(memory, bytes, &one, &err), SP_OK);
    assert_int_equal(sp_session_store_open(memory, bytes, &two, &err), SP_OK);
    assert_int_equal(sp_session_store_seal(one, SP_STR("a"), &first, &err), SP_OK);
    assert_int_equal(sp_session_store_seal(two, SP_STR("a"), &second, &err), SP_OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(sp_session_store_seal(two, SP_STR("b"), &second, &err), SP_OK);
    assert_memory_not_equal(&first, &second, sizeof first);
    assert_int_equal(sp_session_store_end(one, &session, 20), SP_OK);
    assert_true(sp_session_store_has_ended(two, &session, 20));
    sp_session_store_close(one);
    sp_session_store_close(two);
    free(memory);
}

static void each_server_has_its_own_secret(void **state)
{
    struct sp_session_store *one, *two;
    struct sp_cookie_seal first, second;
    assert_int_equal(sp_session_store_open(NULL, 0, &one, &err), SP_OK);
    assert_int_equal(sp_session_store_open(NULL, 0, &two, &err), SP_OK);
    assert_int_equal(sp_session_store_seal(one, SP_STR("a"), &first, &err), SP_OK);
    assert_int_equal(sp_session_store_seal(two, SP_STR("a"), &second, &err), SP_OK);
    assert_memory_not_equal(&first, &second, sizeof first);
    sp_session_store_close(one);
    sp_session_store_close(two);
}

static void a_provider_ends_the_sessions_of_one_of_its_own(void **state)
{
    struct sp_session_store *store;
    struct sp_session one = session_at(10), other = session_at(10), elsewhere = session_at(10),
                      plain = session_at(10);
    one.provider = other.provider = plain.provider = SP_STR("op");
    elsewhere.provider = SP_STR("another");
    one.provider_session = elsewhere.provider_session = SP_STR("s1");
    other.provider_session = SP_STR("s2");
    assert_int_equal(sp_session_store_open(NULL, 0, &store, &err), SP_OK);
    assert_int_equal(sp_session_store_end_at_provider(store, SP_STR("op"), SP_STR("s1"), 20, 1010), SP_OK);
    assert_int_equal(sp_session_store_end_at_provider(store, SP_STR("op"), SP_STR("s1"), 21, 1010), SP_OK);
    assert_true(sp_session_store_has_ended(store, &one, 30));
    assert_false(sp_session_store_has_ended(store, &other, 30));
    assert_false(sp_session_store_has_ended(store, &elsewhere, 30));
    assert_false(sp_session_store_has_ended(store, &plain, 30));
    sp_session_store_close(store);
}

static void a_person_who_logged_out_may_log_in_again(void **state)
{
    struct sp_session_store *store;
    struct sp_session before = session_at(10), after = session_at(21), other = session_at(10);
    before.provider = after.provider = other.provider = SP_STR("op");
    before.subject = after.subject = SP_STR("fred");
    other.subject = SP_STR("mary");
    assert_int_equal(sp_session_store_open(NULL, 0, &store, &err), SP_OK);
    assert_int_equal(sp_session_store_end_of_subject(store, SP_STR("op"), SP_STR("fred"), 20, 2000), SP_OK);
    assert_true(sp_session_store_has_ended(store, &before, 30));
    assert_false(sp_session_store_has_ended(store, &after, 30));
    assert_false(sp_session_store_has_ended(store, &other, 30));
    assert_int_equal(sp_session_store_end_of_subject(store, SP_STR("op"), SP_STR("fred"), 40, 2000), SP_OK);
    assert_true(sp_session_store_has_ended(store, &after, 50));
    sp_session_store_close(store);
}

static void an_id_counts_once(void **state)
{
    struct sp_session_store *store;
    assert_int_equal(sp_session_store_open(NULL, 0, &store, &err), SP_OK);
    assert_int_equal(sp_session_store_use_once(store, SP_STR("op"), SP_STR("1"), 20, 100), SP_OK);
    assert_int_equal(sp_session_store_use_once(store, SP_STR("op"), SP_STR("1"), 21, 100), SP_EEXISTS);
    assert_int_equal(sp_session_store_use_once(store, SP_STR("other"), SP_STR("1"), 21, 100), SP_OK);
    assert_int_equal(sp_session_store_use_once(store, SP_STR("op"), SP_STR("1"), 101, 200), SP_OK);
    sp_session_store_close(store);
}

static void a_login_is_used_up_until_it_would_have_ended_anyway(void **state)
{
    struct sp_session_store *store, *worker;
    size_t bytes = sp_session_store_bytes();
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(memory, 0, bytes);
    assert_int_equal(sp_session_store_open(memory, bytes, &store, &err), SP_OK);
    assert_int_equal(sp_session_store_open(memory, bytes, &worker, &err), SP_OK);
    assert_int_equal(sp_session_store_use_login(store, SP_STR("state"), 20, 100), SP_OK);
    assert_int_equal(sp_session_store_use_login(worker, SP_STR("state"), 21, 100), SP_EEXISTS);
    assert_int_equal(sp_session_store_use_login(worker, SP_STR("other"), 21, 100), SP_OK);
    assert_int_equal(sp_session_store_use_login(store, SP_STR("state"), 101, 200), SP_OK);
    sp_session_store_close(worker);
    sp_session_store_close(store);
    free(memory);
}

static void used_logins_are_never_dropped_for_others(void **state)
{
    struct sp_session_store *store;
    size_t taken = 0, refused = 0;
    assert_int_equal(sp_session_store_open(NULL, 0, &store, &err), SP_OK);
    for (unsigned i = 0; i < SP_SESSION_LOGINS_MAX * 2; i++) {
        enum sp_status status = sp_session_store_use_login(store, sp_str_from(&i, sizeof i), 20, 1000000000);
        taken += status == SP_OK;
        refused += status == SP_ELIMIT;
    }
    assert_int_equal(taken + refused, SP_SESSION_LOGINS_MAX * 2);
    assert_true(taken > SP_SESSION_LOGINS_MAX / 10 * 9 && refused > 0);
    size_t known = 0;
    for (unsigned i = 0; i < SP_SESSION_LOGINS_MAX; i++)
        known += sp_session_store_use_login(store, sp_str_from(&i, sizeof i), 30, 1000000000) == SP_EEXISTS;
    assert_true(known > SP_SESSION_LOGINS_MAX / 10 * 9);
    /* Sessions can be ended all the same. */
    struct sp_session session = session_at(10);
    assert_int_equal(sp_session_store_end(store, &session, 20), SP_OK);
    sp_session_store_close(store);
}

static void too_little_memory_is_refused(void **state)
{
    _Alignas(64) char memory[64] = {0};
    struct sp_session_store *store = NULL;
    assert_int_equal(sp_session_store_open(memory, sizeof memory, &store, &err), SP_ELIMIT);
    assert_null(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ended_session_stays_ended_until_its_time),
        cmocka_unit_test(workers_share_secret_and_ended_sessions),
        cmocka_unit_test(each_server_has_its_own_secret),
        cmocka_unit_test(a_provider_ends_the_sessions_of_one_of_its_own),
        cmocka_unit_test(a_person_who_logged_out_may_log_in_again),
        cmocka_unit_test(an_id_counts_once),
        cmocka_unit_test(a_login_is_used_up_until_it_would_have_ended_anyway),
        cmocka_unit_test(used_logins_are_never_dropped_for_others),
        cmocka_unit_test(too_little_memory_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
