/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "saf/command.h"
#include "saf/decision_cache.h"
#include "saf/image.h"

static struct {
    char directory[64];
    struct sp_saf_db *db;
    struct sp_saf_decision_cache cache;
} f;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static void say(void *arg, const char *id, struct sp_str line)
{
}

static void command(const char *text)
{
    struct sp_saf_session session = {.db = f.db, .say = say};
    int rc = -1;
    ok(sp_saf_command_run(&session, sp_str_of(text), &rc, NULL));
    if (rc)
        fail_msg("%s: rc %d", text, rc);
}

static struct sp_saf_image *build(void)
{
    struct sp_saf_image *image;
    ok(sp_saf_image_build(f.db, 20000, &image, NULL));
    return image;
}

static int set_up(void **state)
{
    char path[96];
    snprintf(f.directory, sizeof f.directory, "/tmp/saf-cache-XXXXXX");
    assert_non_null(mkdtemp(f.directory));
    snprintf(path, sizeof path, "%s/saf.db", f.directory);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &f.db, NULL));
    ok(sp_saf_decision_cache_init(&f.cache, 1000, NULL));
    command("SETROPTS CLASSACT(FACILITY APPL) GENERIC(FACILITY)");
    command("ADDUSER (FRED MARY)");
    command("RDEFINE FACILITY A.**");
    command("PERMIT A.** CLASS(FACILITY) ID(FRED)");
    return 0;
}

static int tear_down(void **state)
{
    char remove[96];
    sp_saf_decision_cache_finish(&f.cache);
    sp_saf_db_close(f.db);
    snprintf(remove, sizeof remove, "rm -rf '%s'", f.directory);
    return system(remove);
}

static struct sp_saf_decision ask(const struct sp_saf_image *image, const char *resource, const char *user,
                                  enum sp_saf_access wanted)
{
    struct sp_saf_auth auth = {.class = SP_STR("FACILITY"),
                               .resource = sp_str_of(resource),
                               .user = sp_str_of(user),
                               .wanted = wanted};
    struct sp_saf_decision decision;
    sp_saf_decide_cached(&f.cache, image, &auth, &decision);
    return decision;
}

static void a_decision_is_made_once(void **state)
{
    struct sp_saf_image *image = build();
    assert_int_equal(f.cache.count, 1024);
    for (int i = 0; i < 3; i++) {
        struct sp_saf_decision d = ask(image, "A.B", "FRED", SP_SAF_READ);
        assert_true(d.granted);
        assert_true(sp_str_is(d.by, "USER FRED") && sp_str_is(d.profile, "A.**"));
    }
    assert_int_equal(f.cache.misses, 1);
    assert_int_equal(f.cache.hits, 2);
    sp_saf_image_release(image);
}

static void everything_that_matters_is_part_of_the_question(void **state)
{
    struct sp_saf_image *image = build();
    for (int i = 0; i < 2; i++) {
        assert_true(ask(image, "A.B", "FRED", SP_SAF_READ).granted);
        assert_false(ask(image, "A.B", "FRED", SP_SAF_UPDATE).granted);
        assert_false(ask(image, "A.B", "MARY", SP_SAF_READ).granted);
        assert_int_equal(ask(image, "B.A", "FRED", SP_SAF_READ).saf_rc, 4);
        struct sp_saf_auth auth = {
            .class = SP_STR("APPL"), .resource = SP_STR("A.B"), .user = SP_STR("FRED")};
        struct sp_saf_decision decision;
        sp_saf_decide_cached(&f.cache, image, &auth, &decision);
        assert_int_equal(decision.saf_rc, 4);
        auth = (struct sp_saf_auth){.class = SP_STR("FACILITY"), .resource = SP_STR("A.B"), .trusted = true};
        sp_saf_decide_cached(&f.cache, image, &auth, &decision);
        assert_true(decision.granted && sp_str_is(decision.by, "TRUSTED"));
    }
    /* Six questions at least: two whose hashes meet in one slot take it from each other, and are asked again.
     */
    assert_in_range(f.cache.misses, 6, 12);
    assert_int_equal(f.cache.misses + f.cache.hits, 12);
    sp_saf_image_release(image);
}

static void a_new_image_is_asked_anew(void **state)
{
    struct sp_saf_image *first = build();
    assert_false(ask(first, "A.B", "MARY", SP_SAF_READ).granted);
    command("PERMIT A.** CLASS(FACILITY) ID(MARY)");
    struct sp_saf_image *second = build();
    assert_false(ask(first, "A.B", "MARY", SP_SAF_READ).granted);
    assert_true(ask(second, "A.B", "MARY", SP_SAF_READ).granted);
    sp_saf_image_release(first);
    /* The cache keeps the image that its answers point into. */
    sp_saf_image_release(second);
    struct sp_saf_decision d = ask(second, "A.B", "MARY", SP_SAF_READ);
    assert_true(d.granted && sp_str_is(d.profile, "A.**"));
    assert_int_equal(f.cache.hits, 2);
}

static bool is_recorded(const struct sp_saf_image *image, enum sp_saf_access wanted)
{
    struct sp_saf_auth auth = {
        .class = SP_STR("TCICSTRN"), .resource = SP_STR("PAYM"), .user = SP_STR("FRED"), .wanted = wanted};
    struct sp_saf_decision decision;
    sp_saf_decide_cached(&f.cache, image, &auth, &decision);
    return decision.audit;
}

static void of_profiles_that_meet_the_one_that_records_more_counts(void **state)
{
    command("SETROPTS CLASSACT(TCICSTRN)");
    command("RDEFINE GCICSTRN G1 ADDMEM(PAYM) AUDIT(FAILURES(CONTROL)) UACC(UPDATE)");
    command("RDEFINE GCICSTRN G2 ADDMEM(PAYM) AUDIT(SUCCESS(UPDATE) FAILURES(ALTER))");
    struct sp_saf_image *image = build();
    assert_false(is_recorded(image, SP_SAF_READ));
    assert_true(is_recorded(image, SP_SAF_UPDATE));
    assert_true(is_recorded(image, SP_SAF_CONTROL));
    sp_saf_image_release(image);
    command("RALTER GCICSTRN G1 AUDIT(NONE) GLOBALAUDIT(SUCCESS(UPDATE))");
    command("RALTER GCICSTRN G2 AUDIT(NONE)");
    image = build();
    assert_false(is_recorded(image, SP_SAF_READ));
    assert_true(is_recorded(image, SP_SAF_UPDATE));
    assert_false(is_recorded(image, SP_SAF_CONTROL));
    sp_saf_image_release(image);
}

static void more_questions_than_slots_are_answered_right(void **state)
{
    struct sp_saf_image *image = build();
    char resource[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            snprintf(resource, sizeof resource, "%c.%d", i % 3 ? 'A' : 'B', i);
            struct sp_saf_decision d = ask(image, resource, i % 2 ? "FRED" : "MARY", SP_SAF_READ);
            assert_int_equal(d.granted, i % 3 && i % 2);
            assert_int_equal(d.saf_rc, i % 3 == 0 ? 4 : i % 2 ? 0 : 8);
        }
    }
    sp_saf_image_release(image);
}

static void what_is_too_long_is_answered_and_not_kept(void **state)
{
    struct sp_saf_image *image = build();
    char resource[500];
    memset(resource, 'X', sizeof resource - 1);
    memcpy(resource, "A.", 2);
    resource[sizeof resource - 1] = '\0';
    for (int i = 0; i < 2; i++)
        assert_true(ask(image, resource, "FRED", SP_SAF_READ).granted);
    assert_int_equal(f.cache.hits, 0);
    command("RDEFINE GLOBAL FACILITY ADDMEM(A.A.VERY.LONG.RESOURCE.NAME.IN.CLASS.*/READ)");
    command("SETROPTS GLOBAL(FACILITY)");
    sp_saf_image_release(image);
    image = build();
    for (int i = 0; i < 2; i++) {
        struct sp_saf_decision d =
            ask(image, "A.A.VERY.LONG.RESOURCE.NAME.IN.CLASS.FACILITY", "MARY", SP_SAF_READ);
        assert_true(d.granted && sp_str_starts(d.by, SP_STR("GLOBAL A.A.VERY")));
    }
    sp_saf_image_release(image);
}

static void short_names_are_found_by_their_number(void **state)
{
    struct sp_saf_id_table table = {.slots = NULL};
    int values[3000];
    char name[16];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "U%d", i);
        ok(sp_saf_id_table_put(&table, sp_saf_id_key(sp_str_of(name)), &values[i]));
    }
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "U%d", i);
        assert_ptr_equal(sp_saf_id_table_get(&table, sp_saf_id_key(sp_str_of(name))), &values[i]);
    }
    assert_null(sp_saf_id_table_get(&table, sp_saf_id_key(SP_STR("U3000"))));
    assert_int_equal(sp_saf_id_key(SP_STR("")), 0);
    assert_int_equal(sp_saf_id_key(SP_STR("NINECHARS")), 0);
    assert_true(sp_saf_id_key(SP_STR("AB")) != sp_saf_id_key(SP_STR("BA")));
    assert_int_equal(sp_saf_id_table_put(&table, 0, &values[0]), SP_EINVAL);
    assert_null(sp_saf_id_table_get(&table, 0));
    ok(sp_saf_id_table_put(&table, sp_saf_id_key(SP_STR("U1")), &values[0]));
    assert_ptr_equal(sp_saf_id_table_get(&table, sp_saf_id_key(SP_STR("U1"))), &values[0]);
    assert_int_equal(table.count, 3000);
    sp_saf_id_table_finish(&table);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_decision_is_made_once),
        CASE(everything_that_matters_is_part_of_the_question),
        CASE(a_new_image_is_asked_anew),
        CASE(of_profiles_that_meet_the_one_that_records_more_counts),
        CASE(more_questions_than_slots_are_answered_right),
        CASE(what_is_too_long_is_answered_and_not_kept),
        cmocka_unit_test(short_names_are_found_by_their_number),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
