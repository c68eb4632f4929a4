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

static void profiles_are_defined_changed_and_deleted(void **state)
{
    run_deck("define.deck");
}

static void members_and_global_entries_are_kept(void **state)
{
    run_deck("members.deck");
}

static void passticket_keys_are_kept_and_never_shown(void **state)
{
    run_deck("ssignon.deck");
}

static void access_lists_are_changed(void **state)
{
    run_deck("permit.deck");
}

static void profiles_are_listed(void **state)
{
    run_deck("rlist.deck");
}

static void profiles_are_changed_by_whom_it_concerns(void **state)
{
    run_deck("profile_authority.deck");
}

static void options_are_set_and_listed(void **state)
{
    run_deck("setropts.deck");
}

static void entries_are_searched_for(void **state)
{
    run_deck("search.deck");
}

static void distributed_identities_are_mapped(void **state)
{
    run_deck("racmap.deck");
}

static void profiles_that_meet_are_merged_or_the_nearest_decides(void **state)
{
    run_deck("merge.deck");
}

static void the_example_lets_the_right_ones_in(void **state)
{
    run_commands_then_deck("examples/saf/zconnect.racf", "zconnect.deck");
}

static void certificates_are_made_listed_and_carried(void **state)
{
    run_deck("racdcert.deck");
}

static void rings_are_made_and_filled(void **state)
{
    run_deck("racdcert_ring.deck");
}

static void certificates_are_mapped_to_users(void **state)
{
    run_deck("racdcert_map.deck");
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
        cmocka_unit_test(profiles_are_defined_changed_and_deleted),
        cmocka_unit_test(members_and_global_entries_are_kept),
        cmocka_unit_test(passticket_keys_are_kept_and_never_shown),
        cmocka_unit_test(access_lists_are_changed),
        cmocka_unit_test(profiles_are_listed),
        cmocka_unit_test(profiles_are_changed_by_whom_it_concerns),
        cmocka_unit_test(options_are_set_and_listed),
        cmocka_unit_test(entries_are_searched_for),
        cmocka_unit_test(distributed_identities_are_mapped),
        cmocka_unit_test(profiles_that_meet_are_merged_or_the_nearest_decides),
        cmocka_unit_test(the_example_lets_the_right_ones_in),
        cmocka_unit_test(certificates_are_made_listed_and_carried),
        cmocka_unit_test(rings_are_made_and_filled),
        cmocka_unit_test(certificates_are_mapped_to_users),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
