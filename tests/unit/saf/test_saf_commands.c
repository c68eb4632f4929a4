/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "command_deck.h"

static void users_are_added_changed_and_deleted(void **state)
{
    run_deck("user.deck");
}

static void users_are_listed(void **state)
{
    run_deck("listuser.deck");
}

static void users_are_changed_by_whom_it_concerns(void **state)
{
    run_deck("user_authority.deck");
}

static void passwords_and_phrases_change(void **state)
{
    run_deck("password.deck");
}

static void groups_are_added_changed_listed_and_deleted(void **state)
{
    run_deck("group.deck");
}

static void connections_are_made_changed_and_removed(void **state)
{
    run_deck("connect.deck");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_added_changed_and_deleted),
        cmocka_unit_test(users_are_listed),
        cmocka_unit_test(users_are_changed_by_whom_it_concerns),
        cmocka_unit_test(passwords_and_phrases_change),
        cmocka_unit_test(groups_are_added_changed_listed_and_deleted),
        cmocka_unit_test(connections_are_made_changed_and_removed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
