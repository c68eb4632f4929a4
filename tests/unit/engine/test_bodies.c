/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/bodies.h"

static struct sp_bodies bodies;

static void a_client_may_have_so_much_and_not_a_byte_more(void **state)
{
    sp_bodies_init(&bodies);
    unsigned account = sp_bodies_account(&bodies, SP_STR("192.0.2.7"));
    assert_true(sp_bodies_fit(&bodies, account, 100, 100));
    assert_false(sp_bodies_fit(&bodies, account, 101, 100));
    assert_true(sp_bodies_take(&bodies, account, 60, 100));
    assert_true(sp_bodies_take(&bodies, account, 40, 100));
    assert_false(sp_bodies_take(&bodies, account, 1, 100));
    assert_true(sp_bodies_take(&bodies, account, 0, 100));
    assert_false(sp_bodies_fit(&bodies, account, UINT64_MAX, 100));
    assert_false(sp_bodies_fit(&bodies, account, 0, 99)); /* a smaller limit came */
    sp_bodies_give(&bodies, account, 40);
    assert_true(sp_bodies_take(&bodies, account, 40, 100));
    sp_bodies_give(&bodies, account, 100);
    assert_int_equal(bodies.bytes[account], 0);
}

static void clients_have_accounts_of_their_own(void **state)
{
    sp_bodies_init(&bodies);
    unsigned one = sp_bodies_account(&bodies, SP_STR("192.0.2.7"));
    unsigned other = sp_bodies_account(&bodies, SP_STR("192.0.2.8"));
    assert_int_equal(one, sp_bodies_account(&bodies, SP_STR("192.0.2.7")));
    if (one == other) /* once in 16384 runs */
        skip();
    assert_true(sp_bodies_take(&bodies, one, 100, 100));
    assert_true(sp_bodies_take(&bodies, other, 100, 100));
}

static void nobody_can_choose_an_account(void **state)
{
    unsigned first[8], same = 0;
    static const struct sp_str addresses[8] = {SP_STR_INIT("192.0.2.1"), SP_STR_INIT("192.0.2.2"),
                                               SP_STR_INIT("192.0.2.3"), SP_STR_INIT("192.0.2.4"),
                                               SP_STR_INIT("192.0.2.5"), SP_STR_INIT("192.0.2.6"),
                                               SP_STR_INIT("192.0.2.7"), SP_STR_INIT("2001:db8::1")};
    sp_bodies_init(&bodies);
    for (unsigned i = 0; i < 8; i++)
        first[i] = sp_bodies_account(&bodies, addresses[i]);
    sp_bodies_init(&bodies);
    for (unsigned i = 0; i < 8; i++)
        same += first[i] == sp_bodies_account(&bodies, addresses[i]);
    assert_true(same < 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_may_have_so_much_and_not_a_byte_more),
        cmocka_unit_test(clients_have_accounts_of_their_own),
        cmocka_unit_test(nobody_can_choose_an_account),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("bodies", tests, NULL, NULL);
}
