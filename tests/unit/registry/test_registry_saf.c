/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "registry/registry.h"
#include "saf/db.h"
#include "saf_database.h"

static const struct sp_cfg_saf_registry registries[] = {{.realm = {NULL, 0}}};

struct fixture {
    struct sp_config config;
    struct sp_saf_link *link;
    struct sp_shared_cache *logins;
    struct sp_registry *registry;
    struct sp_arena arena;
    struct sp_error err, problem;
    struct sp_registry_user user;
};

static void start(struct fixture *f)
{
    assert_int_equal(sp_saf_link_new(&f->config, &f->link, &f->problem, &f->err), SP_OK);
    assert_int_equal(sp_registry_new(&f->config, f->link, f->logins, &f->registry, &f->err), SP_OK);
}

static void stop(struct fixture *f)
{
    sp_registry_free(f->registry);
    sp_saf_link_release(f->link);
    f->registry = NULL;
    f->link = NULL;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->config = (struct sp_config){
        .saf_registries = registries,
        .saf_registry_count = 1,
        .saf_credentials = {.profile_prefix = SP_STR_INIT("BBGZDFLT")},
        .saf_database = {.database = saf_database_make()},
        .smf = {.sysplex = SP_STR_INIT("PLEX1")},
        .auth_cache = {.enabled = true, .allow_basic_auth_lookup = true, .timeout_us = 600000000},
    };
    sp_arena_init(&f->arena, 1000000);
    *state = f;
    assert_int_equal(
        sp_shared_cache_open(NULL, 0, (struct sp_shared_cache_size){1000, 0}, &f->logins, &f->err), SP_OK);
    start(f);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop(f);
    sp_shared_cache_close(f->logins);
    sp_arena_finish(&f->arena);
    saf_database_remove();
    free(f);
    return 0;
}

static enum sp_status verify(struct fixture *f, const char *name, const char *password)
{
    sp_error_clear(&f->err);
    return io_registry_verify(f->registry, sp_str_of(name), sp_str_of(password), &f->arena, &f->user,
                              &f->err);
}

/* Wait until what was committed is seen; 2 s are far more than it may take. */
static void expect_soon(struct fixture *f, const char *name, const char *password, enum sp_status expected)
{
    int64_t end = sp_clock_monotonic_us() + 2000000;
    while (verify(f, name, password) != expected)
        if (sp_clock_monotonic_us() > end)
            fail_msg("%s: still not %s: %s", name, sp_status_name(expected), f->err.text);
        else
            usleep(10000);
}

static bool is_member(const struct fixture *f, const char *group)
{
    for (size_t i = 0; i < f->user.groups.count; i++)
        if (sp_str_is(f->user.groups.items[i], group))
            return true;
    return false;
}

static void a_password_gives_the_user_id_and_its_groups(void **state)
{
    struct fixture *f = *state;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(verify(f, "fred", "FREDPWD"), SP_OK);
        assert_true(sp_str_is(f->user.name, "FRED"));
        assert_true(f->user.is_saf);
        assert_int_equal(f->user.groups.count, 2);
        assert_true(is_member(f, "ZCEEUSRS") && is_member(f, "GMINVOKE"));
    }
    assert_true(sp_str_is(sp_registry_realm(f->registry), "PLEX1"));
}

static void the_realm_may_be_named(void **state)
{
    struct fixture *f = *state;
    static const struct sp_cfg_saf_registry named[] = {{.realm = SP_STR_INIT("MYREALM")}};
    stop(f);
    f->config.saf_registries = named;
    start(f);
    assert_true(sp_str_is(sp_registry_realm(f->registry), "MYREALM"));
}

static void every_refusal_is_denied_and_its_reason_is_for_the_log(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *password, *codes, *why;
    } cases[] = {
        {"NOBODY", "X", "SAF 8, RACF 4", "USER IS NOT DEFINED"},
        {"FRED", "WRONG", "SAF 8, RACF 8", "INVALID PASSWORD"},
        {"PAUL", "PAULPWD", "SAF 8, RACF 12", "PASSWORD HAS EXPIRED"},
        {"MUCHTOOLONG", "X", "Authentication did not succeed", "1 to 8"},
        {"", "X", "Authentication did not succeed", "1 to 8"},
        {"A.B", "X", "Authentication did not succeed", "1 to 8"},
        {"WSGUEST", "", "SAF 8, RACF 8", "INVALID PASSWORD"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(verify(f, cases[i].name, cases[i].password), SP_EDENIED);
        assert_string_equal(f->err.id, SP_REGISTRY_NOT_VERIFIED);
        assert_non_null(strstr(f->err.text, cases[i].codes));
        assert_non_null(strstr(f->err.text, cases[i].why));
        assert_null(strstr(f->err.text, "PAULPWD"));
    }
}

static void who_may_not_use_the_application_is_told_apart(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(verify(f, "OLAF", "OLAFPWD"), SP_EDENIED);
    assert_string_equal(f->err.id, SP_REGISTRY_NO_APPL);
    assert_non_null(strstr(f->err.text, "access APPL-ID BBGZDFLT"));
    saf_database_run("PERMIT BBGZDFLT CLASS(APPL) ID(OLAF) ACCESS(READ)");
    expect_soon(f, "OLAF", "OLAFPWD", SP_OK);
    saf_database_run("PERMIT BBGZDFLT CLASS(APPL) ID(OLAF) DELETE");
    expect_soon(f, "OLAF", "OLAFPWD", SP_EDENIED);
}

static void the_prefix_names_the_application(void **state)
{
    struct fixture *f = *state;
    stop(f);
    f->config.saf_credentials.profile_prefix = SP_STR("OTHER");
    start(f);
    assert_int_equal(verify(f, "OLAF", "OLAFPWD"), SP_OK); /* no profile protects OTHER */
    saf_database_run("RDEFINE APPL OTHER UACC(NONE)");
    expect_soon(f, "OLAF", "OLAFPWD", SP_EDENIED);
    stop(f);
    f->config.saf_credentials.profile_prefix = SP_STR("NINECHARS");
    assert_int_equal(sp_saf_link_new(&f->config, &f->link, &f->problem, &f->err), SP_OK);
    assert_int_equal(sp_registry_new(&f->config, f->link, f->logins, &f->registry, &f->err), SP_EINVAL);
}

static void a_remembered_login_ends_with_the_user(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(verify(f, "MARY", "MARYPWD"), SP_OK);
    saf_database_run("ALTUSER MARY REVOKE");
    expect_soon(f, "MARY", "MARYPWD", SP_EDENIED);
    assert_non_null(strstr(f->err.text, "USER ACCESS IS REVOKED"));
    saf_database_run("ALTUSER MARY RESUME");
    expect_soon(f, "MARY", "MARYPWD", SP_OK);
    saf_database_run("CONNECT MARY GROUP(GMINVOKE)");
    for (int i = 0; i < 200 && !is_member(f, "GMINVOKE"); i++) {
        usleep(10000);
        assert_int_equal(verify(f, "MARY", "MARYPWD"), SP_OK);
    }
    assert_true(is_member(f, "GMINVOKE"));
}

static int64_t microseconds_of_a_login(struct fixture *f)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t from = sp_clock_monotonic_us();
        assert_int_equal(verify(f, "FRED", "FREDPWD"), SP_OK);
        int64_t took = sp_clock_monotonic_us() - from;
        best = took < best ? took : best;
    }
    return best;
}

static void logins_are_remembered_when_the_cache_is_on(void **state)
{
    struct fixture *f = *state;
    int64_t remembered = microseconds_of_a_login(f);
    stop(f);
    f->config.auth_cache.enabled = false;
    start(f);
    assert_true(microseconds_of_a_login(f) > 10 * remembered);
}

static void a_password_that_was_replaced_is_not_remembered(void **state)
{
    struct fixture *f = *state;
    /* Twice on one day: the date of the change does not tell. */
    assert_int_equal(verify(f, "MARY", "MARYPWD"), SP_OK);
    saf_database_run("ALTUSER MARY PASSWORD(SECOND1) NOEXPIRED");
    expect_soon(f, "MARY", "SECOND1", SP_OK);
    expect_soon(f, "MARY", "MARYPWD", SP_EDENIED);
    assert_int_equal(verify(f, "MARY", "SECOND1"), SP_OK);
    saf_database_run("ALTUSER MARY PASSWORD(THIRD1) NOEXPIRED");
    expect_soon(f, "MARY", "SECOND1", SP_EDENIED);
    expect_soon(f, "MARY", "THIRD1", SP_OK);
    /* The same password again is another verifier. */
    saf_database_run("ALTUSER MARY PHRASE('a phrase of 2026')  NOEXPIRED");
    expect_soon(f, "MARY", "a phrase of 2026", SP_OK);
    saf_database_run("ALTUSER MARY NOPHRASE");
    expect_soon(f, "MARY", "a phrase of 2026", SP_EDENIED);
}

static void who_is_refused_with_the_right_password_costs_one_hash(void **state)
{
    struct fixture *f = *state;
    int64_t best = INT64_MAX, from = sp_clock_monotonic_us();
    assert_int_equal(verify(f, "OLAF", "OLAFPWD"), SP_EDENIED);
    int64_t first = sp_clock_monotonic_us() - from;
    for (int i = 0; i < 5; i++) {
        from = sp_clock_monotonic_us();
        assert_int_equal(verify(f, "OLAF", "OLAFPWD"), SP_EDENIED);
        assert_string_equal(f->err.id, SP_REGISTRY_NO_APPL);
        int64_t took = sp_clock_monotonic_us() - from;
        best = took < best ? took : best;
    }
    assert_true(best * 10 < first);
    /* A wrong one is compared each time, and counts. */
    for (int i = 0; i < 5; i++)
        assert_int_equal(verify(f, "OLAF", "WRONG"), SP_EDENIED);
    expect_soon(f, "OLAF", "OLAFPWD", SP_EDENIED);
    saf_database_run("PERMIT BBGZDFLT CLASS(APPL) ID(OLAF) ACCESS(READ)");
    for (int i = 0; i < 200 && verify(f, "OLAF", "OLAFPWD") == SP_EDENIED &&
                    !strstr(f->err.text, "USER ACCESS IS REVOKED");
         i++)
        usleep(10000);
    assert_non_null(strstr(f->err.text, "USER ACCESS IS REVOKED"));
}

static void a_passticket_is_good_once(void **state)
{
    struct fixture *f = *state;
    struct sp_passticket_key key;
    char ticket[SP_PASSTICKET_LEN + 1];
    struct sp_saf_db *db = NULL;
    struct sp_saf_passticket_profile entry;
    assert_int_equal(sp_saf_db_open(f->config.saf_database.database.ptr, NULL, SP_SAF_DB_READ, &db, &f->err),
                     SP_OK);
    assert_int_equal(sp_saf_get_passticket(db, SP_STR("BBGZDFLT"), &f->arena, &entry, &f->err), SP_OK);
    key = entry.key;
    sp_saf_db_close(db);
    assert_int_equal(sp_passticket_make(&key, SP_STR("FRED"), SP_STR("BBGZDFLT"),
                                        sp_clock_realtime_us() / 1000000, ticket, &f->err),
                     SP_OK);
    assert_int_equal(verify(f, "FRED", ticket), SP_OK);
    assert_int_equal(verify(f, "FRED", ticket), SP_EDENIED);
    assert_non_null(strstr(f->err.text, "PASSTICKET WAS USED BEFORE"));
    assert_null(strstr(f->err.text, ticket));
}

static void a_certificate_names_its_user(void **state)
{
    struct fixture *f = *state;
    saf_database_run("RACDCERT ID(FRED) GENCERT SUBJECTSDN(CN('fred')) WITHLABEL('FRED') NISTECC");
    struct sp_saf_db *db = NULL;
    struct sp_saf_certificate certificate;
    struct sp_str user = SP_STR(""), how = SP_STR("");
    assert_int_equal(sp_saf_db_open(f->config.saf_database.database.ptr, NULL, SP_SAF_DB_READ, &db, &f->err),
                     SP_OK);
    assert_int_equal(sp_saf_get_certificate(db, SP_SAF_CERT_PERSONAL, SP_STR("FRED"), SP_STR("FRED"), false,
                                            &f->arena, &certificate, &f->err),
                     SP_OK);
    sp_saf_db_close(db);
    int64_t end = sp_clock_monotonic_us() + 2000000;
    while (sp_saf_link_map_certificate(f->link, certificate.der, SP_STR("BBGZDFLT"), &f->arena, &user, &how,
                                       &f->err) != SP_OK &&
           sp_clock_monotonic_us() < end)
        usleep(10000);
    assert_true(sp_str_is(user, "FRED"));
    assert_true(how.len > 0);
    assert_int_equal(sp_saf_link_map_certificate(f->link, SP_STR("no certificate"), SP_STR("BBGZDFLT"),
                                                 &f->arena, &user, &how, &f->err),
                     SP_ESYNTAX);
    assert_int_equal(sp_saf_link_map_certificate(NULL, certificate.der, SP_STR("BBGZDFLT"), &f->arena, &user,
                                                 &how, &f->err),
                     SP_EUNAVAIL);
}

/* What is committed is seen within a second or two. */
static enum sp_status find_by(struct fixture *f, struct sp_str der, enum sp_status wanted)
{
    int64_t end = sp_clock_monotonic_us() + 2000000;
    enum sp_status status;
    do {
        usleep(10000);
        f->err = (struct sp_error)SP_ERROR_INIT;
        status = io_registry_find_certificate(f->registry, der, &f->arena, &f->user, &f->err);
    } while (status != wanted && sp_clock_monotonic_us() < end);
    return status;
}

static void a_user_comes_in_by_certificate_or_filter_unless_revoked(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_db *db = NULL;
    struct sp_saf_certificate certificate;
    saf_database_run("RACDCERT ID(FRED) GENCERT SUBJECTSDN(CN('fred') O('bank')) WITHLABEL('OWN') NISTECC");
    assert_int_equal(sp_saf_db_open(f->config.saf_database.database.ptr, NULL, SP_SAF_DB_READ, &db, &f->err),
                     SP_OK);
    assert_int_equal(sp_saf_get_certificate(db, SP_SAF_CERT_PERSONAL, SP_STR("FRED"), SP_STR("OWN"), false,
                                            &f->arena, &certificate, &f->err),
                     SP_OK);
    sp_saf_db_close(db);
    assert_int_equal(find_by(f, certificate.der, SP_OK), SP_OK);
    assert_true(sp_str_is(f->user.name, "FRED") && is_member(f, "GMINVOKE"));
    saf_database_run("ALTUSER FRED REVOKE");
    assert_int_equal(find_by(f, certificate.der, SP_EDENIED), SP_EDENIED);
    assert_string_equal(f->err.id, SP_REGISTRY_NOT_VERIFIED);
    saf_database_run("ALTUSER FRED RESUME");
    assert_int_equal(find_by(f, certificate.der, SP_OK), SP_OK);
    /* The certificate is nobody's own any more: a filter names its user, and without one nobody does. */
    saf_database_run("RACDCERT ID(FRED) DELETE(LABEL('OWN'))");
    assert_int_equal(find_by(f, certificate.der, SP_ENOTFOUND), SP_ENOTFOUND);
    saf_database_run("RACDCERT ID(FRED) MAP SDNFILTER('O=bank') WITHLABEL('BANK') TRUST");
    assert_int_equal(find_by(f, certificate.der, SP_OK), SP_OK);
    assert_true(sp_str_is(f->user.name, "FRED") && is_member(f, "GMINVOKE"));
    assert_int_equal(find_by(f, SP_STR("no certificate"), SP_ESYNTAX), SP_ESYNTAX);
}

static void users_are_found_without_a_password(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(io_registry_find(f->registry, SP_STR("fred"), &f->arena, &f->user, &f->err), SP_OK);
    assert_true(sp_str_is(f->user.name, "FRED") && is_member(f, "GMINVOKE"));
    assert_int_equal(io_registry_find(f->registry, SP_STR("nobody"), &f->arena, &f->user, &f->err),
                     SP_ENOTFOUND);
}

static void groups_are_found_by_name(void **state)
{
    struct fixture *f = *state;
    struct sp_str name;
    assert_int_equal(io_registry_find_group(f->registry, SP_STR("gminvoke"), &f->arena, &name, &f->err),
                     SP_OK);
    assert_true(sp_str_is(name, "GMINVOKE"));
    const struct sp_str absent[] = {SP_STR_INIT("FRED"), SP_STR_INIT(""), SP_STR_INIT("NINELONG9"),
                                    SP_STR_INIT("A-B")};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_int_equal(io_registry_find_group(f->registry, absent[i], &f->arena, &name, &f->err),
                         SP_ENOTFOUND);
}

static void without_a_database_nobody_is_known_until_there_is_one(void **state)
{
    struct fixture *f = *state;
    char absent[200], there[200];
    stop(f);
    snprintf(there, sizeof there, "%s", f->config.saf_database.database.ptr);
    snprintf(absent, sizeof absent, "%s.absent", there);
    f->config.saf_database.database = sp_str_of(absent);
    char key[220];
    snprintf(key, sizeof key, "%s.key", there);
    f->config.saf_database.key_file = sp_str_of(key);
    start(f);
    assert_int_equal(f->problem.status, SP_EUNAVAIL);
    assert_int_equal(verify(f, "FRED", "FREDPWD"), SP_EUNAVAIL);
    assert_int_equal(io_registry_find(f->registry, SP_STR("FRED"), &f->arena, &f->user, &f->err),
                     SP_EUNAVAIL);
    assert_int_equal(link(there, absent), 0);
    expect_soon(f, "FRED", "FREDPWD", SP_OK);
    stop(f);
    char wal[220];
    snprintf(wal, sizeof wal, "%s-wal", absent);
    unlink(wal);
    snprintf(wal, sizeof wal, "%s-shm", absent);
    unlink(wal);
    unlink(absent);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_password_gives_the_user_id_and_its_groups),
        TEST(the_realm_may_be_named),
        TEST(every_refusal_is_denied_and_its_reason_is_for_the_log),
        TEST(who_may_not_use_the_application_is_told_apart),
        TEST(the_prefix_names_the_application),
        TEST(a_remembered_login_ends_with_the_user),
        TEST(logins_are_remembered_when_the_cache_is_on),
        TEST(a_password_that_was_replaced_is_not_remembered),
        TEST(who_is_refused_with_the_right_password_costs_one_hash),
        TEST(a_passticket_is_good_once),
        TEST(a_certificate_names_its_user),
        TEST(a_user_comes_in_by_certificate_or_filter_unless_revoked),
        TEST(users_are_found_without_a_password),
        TEST(groups_are_found_by_name),
        TEST(without_a_database_nobody_is_known_until_there_is_one),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
