/* SPDX-License-Identifier: Apache-2.0
 * What commands do that no listing shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "saf/command.h"
#include "saf/verifier.h"

static struct {
    char directory[64];
    struct sp_saf_db *db;
    struct sp_arena arena;
    char said[65536];
} f;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static void say(void *arg, const char *id, struct sp_str line)
{
    size_t n = strlen(f.said);
    snprintf(f.said + n, sizeof f.said - n, "%s %.*s\n", id ? id : "", SP_STR_ARG(line));
}

static int command(const char *text)
{
    struct sp_saf_session session = {.db = f.db, .say = say};
    int rc = -1;
    f.said[0] = '\0';
    ok(sp_saf_command_run(&session, sp_str_of(text), &rc, NULL));
    return rc;
}

static int set_up(void **state)
{
    char path[96];
    snprintf(f.directory, sizeof f.directory, "/tmp/saf-effects-XXXXXX");
    assert_non_null(mkdtemp(f.directory));
    snprintf(path, sizeof path, "%s/saf.db", f.directory);
    sp_arena_init(&f.arena, 1 << 20);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &f.db, NULL));
    return 0;
}

static int tear_down(void **state)
{
    char remove[96];
    sp_saf_db_close(f.db);
    sp_arena_finish(&f.arena);
    snprintf(remove, sizeof remove, "rm -rf '%s'", f.directory);
    return system(remove);
}

static enum sp_status count_one(void *arg, const void *value)
{
    ++*(int *)arg;
    return SP_OK;
}

static void deluser_takes_certificates_rings_and_filters_along(void **state)
{
    struct sp_saf_certificate certificate = {
        .owner = SP_STR("FRED"), .label = SP_STR("FRED"), .der = SP_STR("not looked at")};
    struct sp_saf_certificate other = {
        .owner = SP_STR("MARY"), .label = SP_STR("MARY"), .der = SP_STR("not looked at")};
    struct sp_saf_ring ring = {SP_STR("FRED"), SP_STR("Liberty.KeyRing")};
    struct sp_saf_ring_entry entry = {.ring_owner = SP_STR("FRED"),
                                      .ring = SP_STR("Liberty.KeyRing"),
                                      .owner = SP_STR("MARY"),
                                      .label = SP_STR("MARY")};
    struct sp_saf_cert_filter filter = {.user = SP_STR("FRED"), .subject = SP_STR("O=IBM")};
    int certificates = 0, rings = 0, entries = 0, filters = 0;
    assert_int_equal(command("ADDUSER (FRED MARY)"), 0);
    ok(sp_saf_put_certificate(f.db, &certificate, NULL));
    ok(sp_saf_put_certificate(f.db, &other, NULL));
    ok(sp_saf_put_ring(f.db, &ring, NULL));
    ok(sp_saf_put_ring_entry(f.db, &entry, NULL));
    ok(sp_saf_put_cert_filter(f.db, &filter, NULL));
    assert_int_equal(command("DELUSER FRED"), 0);
    assert_non_null(strstr(f.said, "1 key rings"));
    assert_non_null(strstr(f.said, "1 certificates"));
    assert_non_null(strstr(f.said, "1 certificate name filters"));
    ok(sp_saf_each_certificate(f.db, false, count_one, &certificates, NULL));
    ok(sp_saf_each_ring(f.db, SP_STR(""), count_one, &rings, NULL));
    ok(sp_saf_each_ring_entry(f.db, SP_STR(""), SP_STR(""), count_one, &entries, NULL));
    ok(sp_saf_each_cert_filter(f.db, count_one, &filters, NULL));
    assert_int_equal(certificates, 1);
    assert_int_equal(rings + entries + filters, 0);
}

static void a_masked_key_makes_the_tickets_that_racf_makes(void **state)
{
    struct sp_saf_passticket_profile entry;
    char ticket[SP_PASSTICKET_LEN + 1];
    assert_int_equal(command("RDEFINE PTKTDATA BBGZDFLT SSIGNON(KEYMASKED(123456789ABCDEF0))"), 0);
    ok(sp_saf_get_passticket(f.db, SP_STR("BBGZDFLT"), &f.arena, &entry, NULL));
    ok(sp_passticket_make(&entry.key, SP_STR("FRED"), SP_STR("BBGZDFLT"), 1601305985, ticket, NULL));
    assert_string_equal(ticket, "RQELV4J5");
}

static void a_key_label_leads_to_the_key_that_is_stored_now(void **state)
{
    struct sp_saf_passticket_profile entry;
    char secret[64], ticket[SP_PASSTICKET_LEN + 1];
    struct sp_saf_key key = {.label = SP_STR("MY.KEY"), .secret = sp_str_from(secret, sizeof secret)};
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (char)i;
    assert_int_equal(command("RDEFINE PTKTDATA TSOR001 SSIGNON(EPTKEYLABEL(MY.KEY) TYPE(MIXED))"), 4);
    ok(sp_saf_get_passticket(f.db, SP_STR("TSOR001"), &f.arena, &entry, NULL));
    assert_int_equal(entry.key.len, 0);
    ok(sp_saf_put_key(f.db, &key, NULL));
    ok(sp_saf_get_passticket(f.db, SP_STR("TSOR001"), &f.arena, &entry, NULL));
    ok(sp_passticket_make(&entry.key, SP_STR("IBMUSER"), SP_STR("TSOR001"), 1700000000, ticket, NULL));
    assert_string_equal(ticket, "pqzissRU");
    assert_int_equal(command("RALTER PTKTDATA TSOR001 SSIGNON(TIMEOUT(30))"), 0);
    ok(sp_saf_drop_key(f.db, SP_STR("MY.KEY"), NULL));
    ok(sp_saf_get_passticket(f.db, SP_STR("TSOR001"), &f.arena, &entry, NULL));
    assert_int_equal(entry.key.len, 0); /* changing the profile did not copy the key into it */
    key.secret.len = 8;
    ok(sp_saf_put_key(f.db, &key, NULL));
    assert_int_equal(command("RALTER PTKTDATA TSOR001 SSIGNON(TIMEOUT(40))"), 8);
    assert_non_null(strstr(f.said, "is for legacy PassTickets"));
}

static void what_changes_nothing_leaves_the_version(void **state)
{
    uint64_t before, after;
    static const char *const commands[] = {"LISTUSER *", "ADDUSER IBMUSER", "SETROPTS LIST", "DELUSER NOBODY",
                                           "RACMAP QUERY USERDIDFILTER(NAME('x')) REGISTRY(NAME('y'))"};
    ok(sp_saf_db_version(f.db, &before, NULL));
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        (void)command(commands[i]);
    ok(sp_saf_db_version(f.db, &after, NULL));
    assert_true(before == after);
    assert_int_equal(command("ADDUSER FRED"), 0);
    ok(sp_saf_db_version(f.db, &after, NULL));
    assert_true(after == before + 1);
}

static void a_new_password_is_kept_as_a_verifier_with_the_old_one_in_the_history(void **state)
{
    struct sp_saf_user user;
    int old = 0;
    assert_int_equal(command("ADDUSER FRED PASSWORD(first)"), 0);
    assert_int_equal(command("ALTUSER FRED PASSWORD(SECOND) NOEXPIRED"), 0);
    ok(sp_saf_get_user(f.db, SP_STR("FRED"), &f.arena, &user, NULL));
    assert_true(sp_str_starts(user.password.encoded, SP_STR("scrypt$")));
    ok(sp_verifier_check(user.password.encoded, SP_STR("SECOND"), NULL));
    assert_false(user.flags & SP_SAF_PASSWORD_EXPIRED);
    ok(sp_saf_each_history(f.db, SP_STR("FRED"), false, count_one, &old, NULL));
    assert_int_equal(old, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(deluser_takes_certificates_rings_and_filters_along),
        CASE(a_masked_key_makes_the_tickets_that_racf_makes),
        CASE(a_key_label_leads_to_the_key_that_is_stored_now),
        CASE(what_changes_nothing_leaves_the_version),
        CASE(a_new_password_is_kept_as_a_verifier_with_the_old_one_in_the_history),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
