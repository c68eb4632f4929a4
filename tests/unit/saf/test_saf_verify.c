/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "saf/db.h"
#include "saf/handle.h"
#include "saf/saf.h"
#include "saf/verifier.h"

static char directory[64], path[96];
static struct sp_saf_db *db;
static struct sp_saf *saf;
static struct sp_arena arena;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static struct sp_saf_user new_user(const char *id, const char *password, const char *phrase)
{
    struct sp_saf_user user = {.id = sp_str_of(id),
                               .name = SP_STR("N"),
                               .default_group = SP_STR("SYS1"),
                               .owner = SP_STR("SYS1"),
                               .uid = -1,
                               .revoke_date = SP_SAF_NO_DATE,
                               .resume_date = SP_SAF_NO_DATE,
                               .last_use_date = SP_SAF_NO_DATE,
                               .logon_days = 0x7f,
                               .logon_from = -1,
                               .logon_to = -1};
    struct sp_buf text;
    sp_buf_init(&text, 512);
    if (password) {
        ok(sp_verifier_make(sp_str_of(password), &text, NULL));
        user.password.encoded = sp_arena_str(&arena, sp_buf_str(&text));
        user.password.changed = sp_saf_today();
    }
    sp_buf_reset(&text);
    if (phrase) {
        ok(sp_verifier_make(sp_str_of(phrase), &text, NULL));
        user.phrase.encoded = sp_arena_str(&arena, sp_buf_str(&text));
        user.phrase.changed = sp_saf_today();
    }
    sp_buf_finish(&text);
    return user;
}

static void put_user(struct sp_saf_user user)
{
    ok(sp_saf_put_user(db, &user, NULL));
    struct sp_saf_connect connect = {.user = user.id,
                                     .group = SP_STR("SYS1"),
                                     .owner = SP_STR("SYS1"),
                                     .revoke_date = SP_SAF_NO_DATE,
                                     .resume_date = SP_SAF_NO_DATE};
    ok(sp_saf_put_connect(db, &connect, NULL));
}

static void put_class(const char *name)
{
    struct sp_saf_class class = {.name = sp_str_of(name), .active = true, .generic = true};
    ok(sp_saf_put_class(db, &class, NULL));
}

static void put_profile(const char *class, const char *name, const char *appl_data, enum sp_saf_access uacc)
{
    struct sp_saf_profile profile = {.class = sp_str_of(class),
                                     .name = sp_str_of(name),
                                     .owner = SP_STR("SYS1"),
                                     .appl_data = sp_str_of(appl_data),
                                     .uacc = uacc,
                                     .generic = strchr(name, '*') != NULL};
    ok(sp_saf_put_profile(db, &profile, NULL));
}

static void put_key(const char *profile, unsigned char seed)
{
    struct sp_saf_passticket_profile entry = {.profile = sp_str_of(profile), .key = {.len = 8}};
    memset(entry.key.bytes, seed, 8);
    ok(sp_saf_put_passticket(db, &entry, NULL));
}

static void fill(void)
{
    put_user(new_user("FRED", "SECRET", "correct horse 12"));
    put_user(new_user("NOPASS", NULL, NULL));
    struct sp_saf_user user = new_user("REVOKED", "SECRET", NULL);
    user.flags = SP_SAF_REVOKED;
    put_user(user);
    user = new_user("OLD", "SECRET", NULL);
    user.flags = SP_SAF_PASSWORD_EXPIRED;
    put_user(user);
    user = new_user("ONLEAVE", "SECRET", NULL);
    user.revoke_date = sp_saf_today() - 3;
    put_user(user);
    user = new_user("BACK", "SECRET", NULL);
    user.flags = SP_SAF_REVOKED;
    user.resume_date = sp_saf_today();
    put_user(user);
    user = new_user("NEVERDAY", "SECRET", NULL);
    user.logon_days = 0x80;
    put_user(user);
    put_class("APPL");
    put_class("PTKTDATA");
    put_class("IDIDMAP");
    put_profile("APPL", "CLOSED", "", SP_SAF_NONE);
    put_profile("APPL", "BBGZDFLT", "", SP_SAF_READ);
    put_profile("PTKTDATA", "BBGZDFLT", "", SP_SAF_NONE);
    put_key("BBGZDFLT", 1);
    put_profile("PTKTDATA", "REPLAY", "NO REPLAY PROTECTION - DO NOT CHANGE", SP_SAF_NONE);
    put_key("REPLAY", 2);
    put_profile("PTKTDATA", "QUAL", "", SP_SAF_NONE);
    put_key("QUAL", 3);
    put_profile("PTKTDATA", "QUAL.FRED", "", SP_SAF_NONE);
    put_key("QUAL.FRED", 4);
    put_profile("PTKTDATA", "IRRPTAUTH.BBGZDFLT.*", "", SP_SAF_UPDATE);
}

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/saf-verify-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/saf.db", directory);
    sp_arena_init(&arena, 8 << 20);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &db, NULL));
    ok(sp_saf_db_begin(db, NULL));
    fill();
    ok(sp_saf_db_commit(db, NULL));
    ok(sp_saf_open(&(struct sp_saf_settings){.path = path}, &saf, NULL));
    return 0;
}

static int tear_down(void **state)
{
    sp_saf_close(saf);
    sp_saf_db_close(db);
    sp_arena_finish(&arena);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static struct sp_saf_verified verify(const char *user, const char *password, const char *new_password,
                                     const char *appl, const char *group)
{
    struct sp_saf_verify request = {.user = sp_str_of(user),
                                    .password = sp_str_of(password),
                                    .new_password = sp_str_of(new_password),
                                    .appl = sp_str_of(appl),
                                    .group = sp_str_of(group)};
    struct sp_saf_verified result = {.saf_rc = 99};
    ok(sp_saf_verify_blocking(saf, &request, &arena, &result, NULL));
    return result;
}

struct row {
    const char *user, *password, *new_password, *appl, *group;
    enum sp_saf_verify_outcome outcome;
    unsigned saf_rc, racf_rc;
};

static const struct row rows[] = {
    {"FRED", "SECRET", "", "", "", SP_SAF_VERIFIED, 0, 0},
    {"FRED", "secret", "", "BBGZDFLT", "", SP_SAF_VERIFIED, 0, 0},
    {"FRED", "correct horse 12", "", "", "SYS1", SP_SAF_VERIFIED, 0, 0},
    {"FRED", "Correct horse 12", "", "", "", SP_SAF_WRONG_PASSWORD, 8, 8},
    {"FRED", "WRONG", "", "", "", SP_SAF_WRONG_PASSWORD, 8, 8},
    {"FRED", "", "", "", "", SP_SAF_WRONG_PASSWORD, 8, 8},
    {"FRED", "SECRET", "", "CLOSED", "", SP_SAF_NO_APPL, 8, 52},
    {"FRED", "SECRET", "", "UNKNOWN", "", SP_SAF_VERIFIED, 0, 0},
    {"FRED", "SECRET", "", "", "NOGROUP", SP_SAF_NOT_IN_GROUP, 8, 20},
    {"NOBODY", "SECRET", "", "", "", SP_SAF_UNKNOWN_USER, 8, 4},
    {"NOPASS", "", "", "", "", SP_SAF_WRONG_PASSWORD, 8, 8},
    {"REVOKED", "SECRET", "", "", "", SP_SAF_USER_REVOKED, 8, 28},
    {"REVOKED", "WRONG", "", "", "", SP_SAF_WRONG_PASSWORD, 8, 8},
    {"ONLEAVE", "SECRET", "", "", "", SP_SAF_USER_REVOKED, 8, 28},
    {"BACK", "SECRET", "", "", "", SP_SAF_VERIFIED, 0, 0},
    {"NEVERDAY", "SECRET", "", "", "", SP_SAF_DAY_TIME, 8, 48},
    {"OLD", "SECRET", "", "", "", SP_SAF_EXPIRED, 8, 12},
    {"OLD", "SECRET", "SEC-RET", "", "", SP_SAF_NEW_INVALID, 8, 16},
    {"OLD", "SECRET", "secret", "", "", SP_SAF_NEW_INVALID, 8, 16},
    {"OLD", "SECRET", "NEWONE1", "", "", SP_SAF_VERIFIED, 0, 0},
    {"OLD", "NEWONE1", "SECRET", "", "", SP_SAF_NEW_INVALID, 8, 16},
    {"OLD", "SECRET", "", "", "", SP_SAF_WRONG_PASSWORD, 8, 8},
    {"OLD", "NEWONE1", "", "", "", SP_SAF_VERIFIED, 0, 0},
};

static void outcomes_have_the_documented_codes(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct sp_saf_verified got = verify(r->user, r->password, r->new_password, r->appl, r->group);
        if (got.outcome != r->outcome || got.saf_rc != r->saf_rc || got.racf_rc != r->racf_rc)
            fail_msg("row %zu, %s: outcome %d, %u/%u/%u", i, r->user, got.outcome, got.saf_rc, got.racf_rc,
                     got.racf_reason);
    }
    char longest[102];
    memset(longest, 'x', sizeof longest);
    longest[101] = '\0';
    assert_int_equal(verify("FRED", longest, "", "", "").outcome, SP_SAF_WRONG_PASSWORD);
}

static void failures_are_counted_and_revoke_at_the_limit(void **state)
{
    struct sp_saf_user user;
    put_user(new_user("CLUMSY", "SECRET", NULL));
    for (int i = 1; i <= 4; i++) {
        assert_false(verify("CLUMSY", "WRONG", "", "", "").now_revoked);
        ok(sp_saf_get_user(db, SP_STR("CLUMSY"), &arena, &user, NULL));
        assert_int_equal(user.failed_tries, i);
    }
    assert_int_equal(verify("CLUMSY", "SECRET", "", "", "").outcome, SP_SAF_VERIFIED);
    ok(sp_saf_get_user(db, SP_STR("CLUMSY"), &arena, &user, NULL));
    assert_int_equal(user.failed_tries, 0);
    assert_int_equal(user.last_use_date, sp_saf_today());
    for (int i = 1; i <= 4; i++)
        assert_false(verify("CLUMSY", "WRONG", "", "", "").now_revoked);
    assert_true(verify("CLUMSY", "WRONG", "", "", "").now_revoked);
    assert_int_equal(verify("CLUMSY", "SECRET", "", "", "").outcome, SP_SAF_USER_REVOKED);
    /* A protected user has nothing to guess and is not revoked. */
    for (int i = 0; i < 7; i++)
        assert_false(verify("NOPASS", "WRONG", "", "", "").now_revoked);
}

static const char *ticket_for(const char *user, const char *appl, unsigned char seed, int64_t age)
{
    static char ticket[SP_PASSTICKET_LEN + 1];
    struct sp_passticket_key key = {.kind = SP_PASSTICKET_LEGACY, .len = 8};
    memset(key.bytes, seed, 8);
    ok(sp_passticket_make(&key, sp_str_of(user), sp_str_of(appl), sp_clock_realtime_us() / 1000000 - age,
                          ticket, NULL));
    return ticket;
}

static void a_passticket_stands_for_the_password_once(void **state)
{
    const char *ticket = ticket_for("NOPASS", "BBGZDFLT", 1, 5);
    struct sp_saf_verified got = verify("NOPASS", ticket, "", "BBGZDFLT", "");
    assert_int_equal(got.outcome, SP_SAF_VERIFIED);
    assert_true(got.by_passticket);
    assert_in_range(got.ticket_age, 5, 7);
    assert_int_equal(verify("NOPASS", ticket, "", "BBGZDFLT", "").outcome, SP_SAF_TICKET_INVALID);
    assert_int_equal(verify("NOPASS", ticket_for("NOPASS", "BBGZDFLT", 1, 590), "", "BBGZDFLT", "").outcome,
                     SP_SAF_VERIFIED);
    assert_int_equal(verify("NOPASS", ticket_for("NOPASS", "BBGZDFLT", 1, 605), "", "BBGZDFLT", "").outcome,
                     SP_SAF_WRONG_PASSWORD);
    assert_int_equal(verify("NOPASS", ticket_for("FRED", "BBGZDFLT", 1, 0), "", "BBGZDFLT", "").outcome,
                     SP_SAF_WRONG_PASSWORD);
    ticket = ticket_for("NOPASS", "REPLAY", 2, 0);
    assert_int_equal(verify("NOPASS", ticket, "", "REPLAY", "").outcome, SP_SAF_VERIFIED);
    assert_int_equal(verify("NOPASS", ticket, "", "REPLAY", "").outcome, SP_SAF_VERIFIED);
}

static void qualified_passticket_keys_come_first(void **state)
{
    assert_int_equal(verify("FRED", ticket_for("FRED", "QUAL", 4, 1), "", "QUAL", "").outcome,
                     SP_SAF_VERIFIED);
    assert_int_equal(verify("FRED", ticket_for("FRED", "QUAL", 3, 2), "", "QUAL", "").outcome,
                     SP_SAF_VERIFIED);
    assert_int_equal(verify("NOPASS", ticket_for("NOPASS", "QUAL", 3, 3), "", "QUAL", "").outcome,
                     SP_SAF_VERIFIED);
    assert_int_equal(verify("NOPASS", ticket_for("NOPASS", "QUAL", 4, 4), "", "QUAL", "").outcome,
                     SP_SAF_WRONG_PASSWORD);
}

static void generating_a_passticket_needs_authority_and_a_key(void **state)
{
    char ticket[SP_PASSTICKET_LEN + 1];
    struct sp_error err = SP_ERROR_INIT;
    ok(sp_saf_passticket_blocking(saf, SP_STR("FRED"), SP_STR("NOPASS"), SP_STR("BBGZDFLT"), ticket, NULL));
    assert_int_equal(verify("NOPASS", ticket, "", "BBGZDFLT", "").outcome, SP_SAF_VERIFIED);
    assert_int_equal(
        sp_saf_passticket_blocking(saf, SP_STR("FRED"), SP_STR("NOPASS"), SP_STR("REPLAY"), ticket, &err),
        SP_EDENIED);
    assert_non_null(strstr(err.text, "8/8/16"));
    put_profile("PTKTDATA", "IRRPTAUTH.NOKEY.*", "", SP_SAF_UPDATE);
    struct sp_saf *fresh;
    ok(sp_saf_open(&(struct sp_saf_settings){.path = path}, &fresh, NULL));
    assert_int_equal(
        sp_saf_passticket_blocking(fresh, SP_STR("FRED"), SP_STR("X"), SP_STR("NOKEY"), ticket, &err),
        SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "8/16/28"));
    sp_saf_close(fresh);
}

static void an_established_identity_is_checked_without_a_password(void **state)
{
    struct sp_saf_verify request = {
        .user = SP_STR("NOPASS"), .without_password = true, .appl = SP_STR("BBGZDFLT")};
    struct sp_saf_verified result;
    ok(sp_saf_verify_blocking(saf, &request, &arena, &result, NULL));
    assert_int_equal(result.outcome, SP_SAF_VERIFIED);
    assert_true(sp_str_is(result.group, "SYS1"));
    request.user = SP_STR("REVOKED");
    ok(sp_saf_verify_blocking(saf, &request, &arena, &result, NULL));
    assert_int_equal(result.outcome, SP_SAF_USER_REVOKED);
}

static void images_follow_a_commit_within_a_tenth_of_a_second(void **state)
{
    const struct sp_saf_image *image = sp_saf_image(saf);
    uint64_t before = sp_saf_image_version(image);
    sp_saf_image_release(image);
    ok(sp_saf_db_begin(db, NULL));
    put_user(new_user("LATE", NULL, NULL));
    ok(sp_saf_db_commit(db, NULL));
    int64_t committed = sp_clock_monotonic_us();
    bool seen = false;
    while (!seen && sp_clock_monotonic_us() - committed < 5000000) {
        image = sp_saf_image(saf);
        seen = sp_saf_find_user(image, SP_STR("LATE")) != NULL;
        assert_true(seen == (sp_saf_image_version(image) > before));
        sp_saf_image_release(image);
        usleep(2000);
    }
    assert_true(seen);
}

static void distributed_identities_map_by_the_nearest_filter(void **state)
{
    static const struct {
        const char *name, *registry, *user;
    } filters[] = {
        {"CN=Ann,OU=Sales,O=Shop,C=US", "ldaps://one", "FRED"},
        {"OU=Sales,O=Shop,C=US", "ldaps://one", "NOPASS"},
        {"O=Shop,C=US", "*", "OLD"},
        {"*", "ldaps://one", "BACK"},
        {"distuser1", "*", "CLUMSY2"},
        {"ann", "zosConnect", "FRED"},
    };
    static const struct {
        const char *name, *registry, *user;
    } rows2[] = {
        {"CN=Ann,OU=Sales,O=Shop,C=US", "ldaps://one", "FRED"},
        {"cn = Ann , ou=Sales,o=Shop, c=US", "ldaps://one", "FRED"},
        {"CN=ann,OU=Sales,O=Shop,C=US", "ldaps://one", "NOPASS"},
        {"CN=Smith\\, Bob,OU=Sales,O=Shop,C=US", "ldaps://one", "NOPASS"},
        {"CN=Bob,OU=Buying,O=Shop,C=US", "ldaps://one", "OLD"},
        {"CN=Bob,OU=Buying,O=Shop,C=US", "ldaps://two", "OLD"},
        {"CN=Bob,O=Other,C=US", "ldaps://one", "BACK"},
        {"CN=Bob,O=Other,C=US", "ldaps://two", NULL},
        {"ann", "zosConnect", "FRED"},
        {"Ann", "zosConnect", NULL},
        {"distuser1", "anything", NULL}, /* its user is not defined */
        {"", "ldaps://one", NULL},
    };
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct sp_saf_identity_filter filter = {.name = sp_str_of(filters[i].name),
                                                .registry = sp_str_of(filters[i].registry),
                                                .user = sp_str_of(filters[i].user)};
        ok(sp_saf_put_identity_filter(db, &filter, NULL));
    }
    struct sp_saf_image *image;
    ok(sp_saf_image_build(db, sp_saf_today(), &image, NULL));
    for (size_t i = 0; i < sizeof rows2 / sizeof rows2[0]; i++) {
        struct sp_str user =
            sp_saf_map_identity(image, sp_str_of(rows2[i].name), sp_str_of(rows2[i].registry), NULL);
        if (rows2[i].user ? !sp_str_is(user, rows2[i].user) : user.ptr != NULL)
            fail_msg("%s in %s gave %.*s", rows2[i].name, rows2[i].registry, SP_STR_ARG(user));
    }
    sp_saf_image_release(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_have_the_documented_codes),
        cmocka_unit_test(failures_are_counted_and_revoke_at_the_limit),
        cmocka_unit_test(a_passticket_stands_for_the_password_once),
        cmocka_unit_test(qualified_passticket_keys_come_first),
        cmocka_unit_test(generating_a_passticket_needs_authority_and_a_key),
        cmocka_unit_test(an_established_identity_is_checked_without_a_password),
        cmocka_unit_test(images_follow_a_commit_within_a_tenth_of_a_second),
        cmocka_unit_test(distributed_identities_map_by_the_nearest_filter),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
