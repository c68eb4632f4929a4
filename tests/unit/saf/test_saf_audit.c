/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "saf/audit_queue.h"
#include "saf/decision_cache.h"
#include "saf_database.h"

static struct sp_saf *saf;
static const struct sp_saf_image *image;
static struct sp_saf_decision_cache decisions;
static struct sp_saf_audit_event event;
static const struct sp_saf_origin origin = {
    .address = SP_STR_INIT("192.0.2.7"), .dist_name = SP_STR_INIT("cn=Fred"), .dist_realm = SP_STR_INIT("R")};

static int set_up(void **state)
{
    const struct sp_saf_settings settings = {.path = saf_database_make().ptr};
    saf_database_run("SETROPTS CLASSACT(FACILITY) GENERIC(FACILITY)");
    saf_database_run("RDEFINE FACILITY A.* UACC(NONE) AUDIT(ALL(READ))");
    saf_database_run("PERMIT A.* CLASS(FACILITY) ID(FRED) ACCESS(READ)");
    saf_database_run("RDEFINE FACILITY W WARNING UACC(NONE)");
    saf_database_run("RDEFINE FACILITY SILENT UACC(READ) AUDIT(NONE)");
    saf_database_run("ALTUSER OLAF UAUDIT");
    assert_int_equal(sp_saf_open(&settings, &saf, NULL), SP_OK);
    assert_int_equal(sp_saf_decision_cache_init(&decisions, 16, NULL), SP_OK);
    image = sp_saf_image(saf);
    return 0;
}

static int tear_down(void **state)
{
    sp_saf_image_release(image);
    sp_saf_decision_cache_finish(&decisions);
    sp_saf_close(saf);
    saf_database_remove();
    return 0;
}

static bool taken(void)
{
    return sp_saf_audit_take(sp_saf_audit(saf), &event);
}

static bool authorize(const char *user, const char *resource, enum sp_saf_access wanted)
{
    const struct sp_saf_auth request = {.class = SP_STR("FACILITY"),
                                        .resource = sp_str_of(resource),
                                        .user = sp_str_of(user),
                                        .wanted = wanted,
                                        .origin = &origin};
    struct sp_saf_decision decision;
    sp_saf_authorize(&decisions, image, &request, &decision);
    return decision.granted;
}

static void a_refusal_has_all_that_an_administrator_searches_for(void **state)
{
    assert_false(authorize("MARY", "A.B", SP_SAF_UPDATE));
    assert_true(taken());
    assert_int_equal(event.code, SP_SAF_EVENT_ACCESS);
    assert_int_equal(event.qualifier, SP_SAF_ACCESS_REFUSED);
    assert_true(event.violation && !event.warning && event.asked_for && !event.user_is_undefined);
    assert_true(event.time_us > 0 && event.time_us <= sp_clock_realtime_us());
    assert_int_equal(event.saf_rc, 8);
    assert_int_equal(event.racf_rc, 8);
    assert_string_equal(event.user, "MARY");
    assert_string_equal(event.group, "ZCEEUSRS");
    assert_string_equal(event.name, "MARY");
    assert_string_equal(event.class, "FACILITY");
    assert_string_equal(event.resource, "A.B");
    assert_string_equal(event.profile, "A.*");
    assert_true(event.profile_is_generic);
    assert_int_equal(event.intent, SP_SAF_UPDATE);
    assert_int_equal(event.allowed, SP_SAF_NONE);
    assert_string_equal(event.by, "UACC");
    assert_string_equal(event.address, "192.0.2.7");
    assert_string_equal(event.dist_name, "cn=Fred");
    assert_string_equal(event.dist_realm, "R");
    assert_string_equal(event.message,
                        "ICH408I USER(MARY    ) GROUP(ZCEEUSRS) NAME(MARY                ) A.B CL(FACILITY) "
                        "INSUFFICIENT ACCESS AUTHORITY FROM A.* (G) ACCESS INTENT(UPDATE ) ACCESS "
                        "ALLOWED(NONE   )");
    assert_false(taken());
}

static void a_cached_refusal_is_recorded_each_time(void **state)
{
    for (int i = 0; i < 3; i++)
        assert_false(authorize("MARY", "SILENT", SP_SAF_ALTER));
    assert_int_equal(decisions.hits, 2);
    for (int i = 0; i < 3; i++)
        assert_true(taken() && event.violation && !event.asked_for);
    assert_false(taken());
}

static void what_nothing_protects_says_so(void **state)
{
    assert_false(authorize("NOBODY", "NOT.THERE", SP_SAF_READ));
    assert_true(taken());
    assert_int_equal(event.qualifier, SP_SAF_ACCESS_NO_PROFILE);
    assert_int_equal(event.saf_rc, 4);
    assert_true(event.user_is_undefined);
    assert_string_equal(event.name, "???");
    assert_string_equal(event.profile, "");
    assert_non_null(strstr(event.message, "PROFILE NOT FOUND"));
}

static void what_is_granted_is_recorded_when_somebody_asks_for_it(void **state)
{
    assert_true(authorize("FRED", "SILENT", SP_SAF_READ));
    assert_false(taken());
    assert_true(authorize("FRED", "A.B", SP_SAF_READ));
    assert_true(taken() && !event.violation && event.asked_for);
    assert_int_equal(event.qualifier, SP_SAF_ACCESS_GRANTED);
    assert_string_equal(event.message, "");
    assert_true(authorize("OLAF", "SILENT", SP_SAF_READ));
    assert_true(taken() && event.asked_for);
    assert_true(authorize("FRED", "W", SP_SAF_ALTER));
    assert_true(taken() && event.warning && !event.violation);
    assert_int_equal(event.qualifier, SP_SAF_ACCESS_WARNING);
    assert_non_null(strstr(event.message, "WARNING"));
}

static void verify(const char *user, const char *password, const char *appl)
{
    struct sp_arena arena;
    struct sp_saf_verified verified;
    sp_arena_init(&arena, 1 << 22);
    const struct sp_saf_verify request = {
        .user = sp_str_of(user), .password = sp_str_of(password), .appl = sp_str_of(appl), .origin = &origin};
    assert_int_equal(sp_saf_verify_blocking(saf, &request, &arena, &verified, NULL), SP_OK);
    sp_arena_finish(&arena);
}

static void failed_logons_are_recorded_with_their_qualifiers(void **state)
{
    static const struct {
        const char *user, *password, *appl;
        unsigned char qualifier;
        unsigned racf_rc;
    } cases[] = {
        {"FRED", "WRONG", "", 1, 8},
        {"NOBODY", "FREDPWD", "", 9, 4},
        {"OLAF", "OLAFPWD", "BBGZDFLT", 5, 52},
        {"PAUL", "PAULPWD", "", 25, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        verify(cases[i].user, cases[i].password, cases[i].appl);
        assert_true(taken());
        assert_int_equal(event.code, SP_SAF_EVENT_LOGON);
        assert_int_equal(event.qualifier, cases[i].qualifier);
        assert_int_equal(event.racf_rc, cases[i].racf_rc);
        assert_true(event.violation);
        assert_string_equal(event.user, cases[i].user);
        assert_string_equal(event.appl, cases[i].appl);
        assert_string_equal(event.address, "192.0.2.7");
        assert_memory_equal(event.message, "ICH408I USER(", 13);
        assert_null(memmem(&event, sizeof event, cases[i].password, strlen(cases[i].password)));
        assert_false(taken());
    }
}

static void logons_that_succeed_are_recorded_of_audited_users(void **state)
{
    verify("FRED", "FREDPWD", "");
    assert_false(taken());
    verify("OLAF", "OLAFPWD", "");
    assert_true(taken() && !event.violation);
    assert_int_equal(event.qualifier, 12);
}

static void names_from_outside_break_no_line_and_no_event(void **state)
{
    char longest[400];
    memset(longest, 'X', sizeof longest);
    memcpy(longest, "A.\nB", 4);
    longest[sizeof longest - 1] = '\0';
    assert_false(authorize("MARY\n", longest, SP_SAF_READ));
    assert_true(taken());
    assert_string_equal(event.user, "MARY?");
    assert_int_equal(strlen(event.resource), SP_SAF_EVENT_TEXT_MAX);
    assert_null(strchr(event.message, '\n'));
}

static void a_full_queue_counts_what_it_loses_and_keeps_what_it_has(void **state)
{
    for (unsigned i = 0; i < SP_SAF_AUDIT_QUEUE_EVENTS + 3; i++)
        assert_false(authorize(i ? "MARY" : "OLAF", "A.B", SP_SAF_READ));
    assert_int_equal(sp_saf_audit_lost(sp_saf_audit(saf)), 3);
    assert_true(taken());
    assert_string_equal(event.user, "OLAF");
    unsigned more = 0;
    while (taken())
        more++;
    assert_int_equal(more, SP_SAF_AUDIT_QUEUE_EVENTS - 1);
    assert_false(authorize("OLAF", "A.B", SP_SAF_READ));
    assert_true(taken());
}

static void a_ticket_that_may_not_be_made_is_recorded(void **state)
{
    char ticket[SP_PASSTICKET_LEN + 1];
    assert_int_equal(
        sp_saf_passticket_blocking(saf, SP_STR("MARY"), SP_STR("FRED"), SP_STR("BBGZDFLT"), ticket, NULL),
        SP_EDENIED);
    assert_true(taken());
    assert_string_equal(event.class, "PTKTDATA");
    assert_string_equal(event.resource, "IRRPTAUTH.BBGZDFLT.FRED");
    assert_int_equal(event.intent, SP_SAF_UPDATE);
}

static void a_ring_that_may_not_be_read_is_recorded(void **state)
{
    struct sp_saf_ring_content content;
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    assert_int_equal(
        sp_saf_ring_blocking(saf, SP_STR("MARY"), SP_STR("FRED"), SP_STR("RING"), &arena, &content, NULL),
        SP_EDENIED);
    assert_true(taken() && !taken());
    assert_string_equal(event.resource, "IRR.DIGTCERT.LISTRING");
    assert_int_equal(event.intent, SP_SAF_UPDATE);
    sp_arena_finish(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_has_all_that_an_administrator_searches_for),
        TEST(a_cached_refusal_is_recorded_each_time),
        TEST(what_nothing_protects_says_so),
        TEST(what_is_granted_is_recorded_when_somebody_asks_for_it),
        TEST(failed_logons_are_recorded_with_their_qualifiers),
        TEST(logons_that_succeed_are_recorded_of_audited_users),
        TEST(names_from_outside_break_no_line_and_no_event),
        TEST(a_full_queue_counts_what_it_loses_and_keeps_what_it_has),
        TEST(a_ticket_that_may_not_be_made_is_recorded),
        TEST(a_ring_that_may_not_be_read_is_recorded),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
