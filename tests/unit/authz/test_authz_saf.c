/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "authn/guest.h"
#include "authn/identity.h"
#include "authz/authz.h"
#include "base/clock.h"
#include "saf_database.h"

static struct sp_cfg_saf_authorization authorization;
static struct sp_config config;
static struct sp_saf_link *saf;
static struct sp_arena arena;
static struct sp_str message;
static struct sp_error err;

static int set_up(void **state)
{
    struct sp_error problem = SP_ERROR_INIT;
    authorization = (struct sp_cfg_saf_authorization){.rac_route_log = SP_STR("ASIS")};
    config = (struct sp_config){
        .saf_authorizations = &authorization,
        .saf_authorization_count = 1,
        .saf_credentials = {.profile_prefix = SP_STR("BBGZDFLT"), .unauthenticated_user = SP_STR("WSGUEST")},
        .saf_database = {.database = saf_database_make()},
    };
    sp_arena_init(&arena, 1000000);
    return sp_saf_link_new(&config, &saf, &problem, &err) == SP_OK && problem.status == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_saf_link_release(saf);
    sp_arena_finish(&arena);
    saf_database_remove();
    return 0;
}

static enum sp_status role_of(const char *user, bool authenticated)
{
    const struct sp_principal principal = {
        .authenticated = authenticated, .name = SP_STR("x"), .saf_user = sp_str_of(user)};
    sp_error_clear(&err);
    return sp_authz_role_by_saf(&config, saf, &principal, &arena, &message, &err);
}

static void commit(const char *command)
{
    saf_database_run(command);
    for (int i = 0; i < 30; i++) { /* seen after 100 ms at the latest */
        sp_saf_image_release(sp_saf_link_image(saf));
        usleep(10000);
    }
}

static void assert_message(const char *part)
{
    if (!memmem(message.ptr, message.len, part, strlen(part)))
        fail_msg("\"%.*s\" does not hold \"%s\"", SP_STR_ARG(message), part);
}

static void read_to_the_profile_is_the_role(void **state)
{
    assert_int_equal(role_of("FRED", true), SP_OK);
    assert_int_equal(message.len, 0);
    assert_int_equal(role_of("MARY", true), SP_EDENIED);
    commit(
        "PERMIT BBGZDFLT.zos.connect.access.roles.zosConnectAccess CLASS(EJBROLE) ID(ZCEEUSRS) ACCESS(READ)");
    assert_int_equal(role_of("MARY", true), SP_OK);
}

static void a_refusal_is_told_as_the_log_wants_it(void **state)
{
    assert_int_equal(role_of("MARY", true), SP_EDENIED);
    assert_message(
        "ICH408I USER(MARY    ) GROUP(ZCEEUSRS) NAME(MARY                ) "
        "BBGZDFLT.zos.connect.access.roles.zosConnectAccess CL(EJBROLE ) INSUFFICIENT ACCESS AUTHORITY "
        "ACCESS INTENT(READ   ) ACCESS ALLOWED(NONE   )");
    assert_true(sp_str_find(message, '\n') == message.len);
    static const struct {
        const char *log;
        bool told;
    } cases[] = {{"ASIS", true}, {"NOSTAT", true}, {"NOFAIL", false}, {"NONE", false}};
    for (size_t i = 0; i < 4; i++) {
        authorization.rac_route_log = sp_str_of(cases[i].log);
        assert_int_equal(role_of("MARY", true), SP_EDENIED);
        assert_int_equal(message.len > 0, cases[i].told);
    }
}

static void what_no_profile_protects_is_refused(void **state)
{
    config.saf_credentials.profile_prefix = SP_STR("OTHER");
    assert_int_equal(role_of("FRED", true), SP_EDENIED);
    assert_string_equal(err.id, "CWWKS2911E");
    config.saf_credentials.profile_prefix = SP_STR("BBGZDFLT");
    commit("SETROPTS NOCLASSACT(EJBROLE)");
    assert_int_equal(role_of("FRED", true), SP_EDENIED);
}

static void a_user_id_that_nobody_is_authenticated_for_is_refused(void **state)
{
    assert_int_equal(role_of("WSGUEST", false), SP_EDENIED);
    assert_message("ICH408I USER(WSGUEST )");
    assert_int_equal(role_of("FRED", false), SP_EDENIED);
    assert_int_equal(role_of("", true), SP_EDENIED);
    assert_int_equal(role_of("NOBODY", true), SP_EDENIED);
}

static void without_the_database_nothing_is_decided(void **state)
{
    struct sp_saf_link *open = saf;
    saf = NULL;
    assert_int_equal(role_of("FRED", true), SP_EUNAVAIL);
    saf = open;
}

static void requests_without_credentials_have_a_user_id(void **state)
{
    struct sp_principal guest;
    assert_int_equal(sp_guest_take(&config, saf, &arena, &guest), SP_OK);
    assert_false(guest.authenticated);
    assert_true(sp_str_is(guest.saf_user, "WSGUEST"));
    assert_int_equal(guest.groups.count, 1);
    assert_true(sp_str_is(guest.groups.items[0], "WSGUESTG"));
    commit("PERMIT BBGZDFLT CLASS(APPL) ID(WSGUEST) DELETE");
    assert_int_equal(sp_guest_take(&config, saf, &arena, &guest), SP_OK);
    assert_int_equal(guest.saf_user.len, 0);
    assert_int_equal(guest.groups.count, 0);
    assert_int_equal(sp_guest_take(&config, NULL, &arena, &guest), SP_OK);
    assert_int_equal(guest.saf_user.len, 0);
}

static const char *warning_of_guest(const char *user)
{
    static char text[600];
    struct sp_problems problems;
    sp_problems_init(&problems);
    config.saf_credentials.unauthenticated_user = sp_str_of(user);
    sp_guest_check(&config, saf, &problems);
    snprintf(text, sizeof text, "%s", problems.first ? problems.first->text.ptr : "");
    sp_problems_finish(&problems);
    return text;
}

static void a_guest_that_is_not_fit_is_warned_of(void **state)
{
    assert_string_equal(warning_of_guest("WSGUEST"), "");
    assert_non_null(strstr(warning_of_guest("NOBODY"), "has no such user"));
    assert_non_null(strstr(warning_of_guest("FRED"), "is not RESTRICTED"));
    assert_non_null(strstr(warning_of_guest("OLAF"), "may not use the application"));
    commit("ALTUSER WSGUEST REVOKE");
    assert_non_null(strstr(warning_of_guest("WSGUEST"), "is revoked"));
}

static void a_distributed_identity_is_mapped_by_racmap(void **state)
{
    struct sp_mapped_identity mapped;
    struct sp_str appl = SP_STR("BBGZDFLT");
    assert_int_equal(sp_identity_map(saf, SP_STR("mary"), SP_STR("zosConnect"), appl, &arena, &mapped, &err),
                     SP_OK);
    assert_true(sp_str_is(mapped.saf_user, "MARY"));
    assert_int_equal(mapped.outcome, SP_SAF_VERIFIED);
    assert_true(sp_str_is(mapped.groups.items[0], "ZCEEUSRS"));
    assert_int_equal(sp_identity_map(saf, SP_STR("mary"), SP_STR("other"), appl, &arena, &mapped, &err),
                     SP_OK);
    assert_int_equal(mapped.saf_user.len, 0);
    commit("ALTUSER MARY REVOKE");
    assert_int_equal(sp_identity_map(saf, SP_STR("mary"), SP_STR("zosConnect"), appl, &arena, &mapped, &err),
                     SP_OK);
    assert_int_equal(mapped.outcome, SP_SAF_USER_REVOKED);
    assert_int_equal(sp_identity_map(NULL, SP_STR("mary"), SP_STR("zosConnect"), appl, &arena, &mapped, &err),
                     SP_EUNAVAIL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Whether the groups were read again; those that count from then on. */
static bool refreshed(struct sp_saf_link *from, const struct sp_principal *principal, int64_t max_age_us,
                      struct sp_str_list *ret_groups)
{
    const struct sp_principal *now = principal;
    sp_error_clear(&err);
    assert_int_equal(sp_authz_refresh(from, max_age_us, &arena, &now, &err), SP_OK);
    *ret_groups = now->groups;
    return now != principal;
}

static void groups_that_are_too_old_are_read_again(void **state)
{
    static const struct sp_str old[] = {SP_STR_INIT("OLDGRP")};
    struct sp_principal fred = {.authenticated = true, .saf_user = SP_STR("FRED"), .groups = {old, 1}};
    struct sp_str_list groups;
    assert_false(refreshed(saf, &fred, 0, &groups)); /* read for this request */
    fred.groups_read_us = sp_clock_monotonic_us() - 2000000;
    assert_false(refreshed(saf, &fred, -1, &groups));
    assert_false(refreshed(saf, &fred, 3000000, &groups));
    assert_false(refreshed(NULL, &fred, 1000000, &groups));
    assert_true(sp_str_is(groups.items[0], "OLDGRP"));
    assert_true(refreshed(saf, &fred, 1000000, &groups));
    assert_true(groups.count >= 1);
    for (size_t i = 0; i < groups.count; i++)
        assert_false(sp_str_is(groups.items[i], "OLDGRP"));
    fred.saf_user = SP_STR("ABSENT");
    assert_true(refreshed(saf, &fred, 1000000, &groups));
    assert_int_equal(groups.count, 0);
    fred.saf_user = SP_STR("");
    assert_false(refreshed(saf, &fred, 1000000, &groups));
}

static void groups_that_cannot_be_read_are_no_answer(void **state)
{
    static const struct sp_str old[] = {SP_STR_INIT("GINV")};
    struct sp_error problem = SP_ERROR_INIT;
    struct sp_saf_link *gone;
    const struct sp_principal fred = {.authenticated = true,
                                      .saf_user = SP_STR("FRED"),
                                      .groups = {old, 1},
                                      .groups_read_us = sp_clock_monotonic_us() - 2000000};
    const struct sp_principal *now = &fred;
    struct sp_config elsewhere = config;
    elsewhere.saf_database.database = SP_STR("/nowhere/saf.db");
    assert_int_equal(sp_saf_link_new(&elsewhere, &gone, &problem, &err), SP_OK);
    sp_error_clear(&err);
    assert_int_equal(sp_authz_refresh(gone, 1000000, &arena, &now, &err), SP_EUNAVAIL);
    assert_ptr_equal(now, &fred);
    assert_string_equal(err.text,
                        "the security database is not available, so the groups of FRED are not known");
    sp_saf_link_release(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(read_to_the_profile_is_the_role),
        TEST(a_refusal_is_told_as_the_log_wants_it),
        TEST(what_no_profile_protects_is_refused),
        TEST(a_user_id_that_nobody_is_authenticated_for_is_refused),
        TEST(without_the_database_nothing_is_decided),
        TEST(requests_without_credentials_have_a_user_id),
        TEST(a_guest_that_is_not_fit_is_warned_of),
        TEST(a_distributed_identity_is_mapped_by_racmap),
        TEST(groups_that_are_too_old_are_read_again),
        TEST(groups_that_cannot_be_read_are_no_answer),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
