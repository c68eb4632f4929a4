/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "saf/db.h"
#include "saf/seal.h"

struct fixture {
    char directory[64], path[96], key[104];
    struct sp_saf_db *db;
    struct sp_arena arena;
};

static int open_db(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->directory, sizeof f->directory, "/tmp/saf-db-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/saf.db", f->directory);
    snprintf(f->key, sizeof f->key, "%s.key", f->path);
    sp_arena_init(&f->arena, 1 << 20);
    struct sp_error err = SP_ERROR_INIT;
    if (sp_saf_db_open(f->path, NULL, SP_SAF_DB_CREATE, &f->db, &err))
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static int close_db(void **state)
{
    struct fixture *f = *state;
    sp_saf_db_close(f->db);
    sp_arena_finish(&f->arena);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->directory);
    int result = system(command);
    free(f);
    return result;
}

static struct sp_saf_user user_named(const char *id)
{
    return (struct sp_saf_user){.id = sp_str_of(id),
                                .name = SP_STR("A. USER"),
                                .default_group = SP_STR("SYS1"),
                                .owner = SP_STR("IBMUSER"),
                                .flags = SP_SAF_AUDITOR | SP_SAF_RESTRICTED,
                                .password = {SP_STR("scrypt$x"), 20000},
                                .phrase = {SP_STR(""), SP_SAF_NO_DATE},
                                .password_interval = -1,
                                .created = 20000,
                                .last_use_date = SP_SAF_NO_DATE,
                                .revoke_date = 20001,
                                .resume_date = SP_SAF_NO_DATE,
                                .uid = 4294967295,
                                .home = SP_STR("/u/a"),
                                .data = SP_STR("some data"),
                                .logon_days = 0x3e,
                                .logon_from = 480,
                                .logon_to = 1020};
}

static void a_new_database_has_sys1_and_ibmuser(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_user user;
    struct sp_saf_group group;
    struct sp_saf_connect connect;
    struct sp_saf_options options;
    assert_int_equal(sp_saf_get_user(f->db, SP_STR("IBMUSER"), &f->arena, &user, NULL), SP_OK);
    assert_true(user.flags & SP_SAF_SPECIAL);
    assert_int_equal(user.password.encoded.len, 0);
    assert_int_equal(sp_saf_get_group(f->db, SP_STR("SYS1"), &f->arena, &group, NULL), SP_OK);
    assert_int_equal(sp_saf_get_connect(f->db, SP_STR("IBMUSER"), SP_STR("SYS1"), &f->arena, &connect, NULL),
                     SP_OK);
    assert_int_equal(connect.authority, SP_SAF_JOIN);
    assert_int_equal(sp_saf_get_options(f->db, &options, NULL), SP_OK);
    assert_true(options.grplist);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(f->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_user_comes_back_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_user in = user_named("FRED"), out;
    assert_int_equal(sp_saf_put_user(f->db, &in, NULL), SP_OK);
    in.failed_tries = 3;
    assert_int_equal(sp_saf_put_user(f->db, &in, NULL), SP_OK);
    assert_int_equal(sp_saf_get_user(f->db, SP_STR("FRED"), &f->arena, &out, NULL), SP_OK);
    assert_true(sp_str_eq(out.name, in.name) && sp_str_eq(out.home, in.home) && sp_str_eq(out.data, in.data));
    assert_true(sp_str_eq(out.password.encoded, in.password.encoded));
    assert_int_equal(out.password.changed, 20000);
    assert_int_equal(out.phrase.changed, SP_SAF_NO_DATE);
    assert_int_equal(out.flags, in.flags);
    assert_int_equal(out.failed_tries, 3);
    assert_int_equal(out.password_interval, -1);
    assert_true(out.uid == 4294967295);
    assert_int_equal(out.logon_days, 0x3e);
    assert_int_equal(out.logon_to, 1020);
    assert_int_equal(sp_saf_drop_user(f->db, SP_STR("FRED"), NULL), SP_OK);
    assert_int_equal(sp_saf_drop_user(f->db, SP_STR("FRED"), NULL), SP_ENOTFOUND);
    assert_int_equal(sp_saf_get_user(f->db, SP_STR("FRED"), &f->arena, &out, NULL), SP_ENOTFOUND);
}

static enum sp_status count_one(void *arg, const void *value)
{
    ++*(int *)arg;
    return SP_OK;
}

static enum sp_status stop_at_once(void *arg, const void *value)
{
    ++*(int *)arg;
    return SP_ECANCELED;
}

static void what_belongs_to_a_profile_goes_with_it(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_profile profile = {.class = SP_STR("PTKTDATA"),
                                     .name = SP_STR("BBGZDFLT"),
                                     .uacc = SP_SAF_READ,
                                     .appl_data = SP_STR("NO REPLAY PROTECTION"),
                                     .audit = {.failures = true}};
    struct sp_saf_access_entry entry = {
        .class = profile.class, .profile = profile.name, .id = SP_STR("FRED"), .access = SP_SAF_UPDATE};
    struct sp_saf_member member = {.class = profile.class, .profile = profile.name, .member = SP_STR("X")};
    struct sp_saf_passticket_profile ticket = {
        .profile = profile.name,
        .key = {.kind = SP_PASSTICKET_LEGACY, .bytes = {1, 2, 3, 4, 5, 6, 7, 8}, .len = 8},
        .timeout = 600};
    struct sp_saf_passticket_profile out;
    struct sp_saf_profile back;
    assert_int_equal(sp_saf_put_access(f->db, &entry, NULL), SP_EEXISTS);
    assert_int_equal(sp_saf_put_profile(f->db, &profile, NULL), SP_OK);
    assert_int_equal(sp_saf_put_access(f->db, &entry, NULL), SP_OK);
    entry.when_kind = SP_STR("TERMINAL");
    entry.when_name = SP_STR("T1");
    assert_int_equal(sp_saf_put_access(f->db, &entry, NULL), SP_OK);
    assert_int_equal(sp_saf_put_member(f->db, &member, NULL), SP_OK);
    assert_int_equal(sp_saf_put_passticket(f->db, &ticket, NULL), SP_OK);
    /* A second put of the profile leaves what belongs to it. */
    assert_int_equal(sp_saf_put_profile(f->db, &profile, NULL), SP_OK);
    assert_int_equal(sp_saf_get_profile(f->db, profile.class, profile.name, &f->arena, &back, NULL), SP_OK);
    assert_true(back.audit.failures && !back.audit.successes && back.uacc == SP_SAF_READ);
    assert_int_equal(sp_saf_get_passticket(f->db, profile.name, &f->arena, &out, NULL), SP_OK);
    assert_int_equal(out.key.len, 8);
    assert_memory_equal(out.key.bytes, ticket.key.bytes, 8);
    int n = 0;
    assert_int_equal(sp_saf_each_access(f->db, profile.class, profile.name, SP_STR(""), count_one, &n, NULL),
                     SP_OK);
    assert_int_equal(n, 2);
    assert_int_equal(
        sp_saf_each_access(f->db, SP_STR(""), SP_STR(""), SP_STR("FRED"), stop_at_once, &n, NULL),
        SP_ECANCELED);
    assert_int_equal(n, 3);
    assert_int_equal(sp_saf_drop_profile(f->db, profile.class, profile.name, NULL), SP_OK);
    n = 0;
    assert_int_equal(sp_saf_each_access(f->db, SP_STR(""), SP_STR(""), SP_STR(""), count_one, &n, NULL),
                     SP_OK);
    assert_int_equal(sp_saf_each_member(f->db, SP_STR(""), SP_STR(""), count_one, &n, NULL), SP_OK);
    assert_int_equal(sp_saf_each_passticket(f->db, count_one, &n, NULL), SP_OK);
    assert_int_equal(n, 0);
}

static void certificates_and_rings_keep_keys_sealed(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_certificate in = {.owner_kind = SP_SAF_CERT_PERSONAL,
                                    .owner = SP_STR("FRED"),
                                    .label = SP_STR("Fred's"),
                                    .trust = SP_SAF_TRUST,
                                    .der = SP_STR("\x30\x00x"),
                                    .private_key = SP_STR("the secret key")};
    struct sp_saf_certificate out;
    struct sp_saf_ring ring = {SP_STR("FRED"), SP_STR("Liberty.KeyRing")};
    struct sp_saf_ring_entry entry = {.ring_owner = ring.owner,
                                      .ring = ring.name,
                                      .owner_kind = in.owner_kind,
                                      .owner = in.owner,
                                      .label = in.label,
                                      .usage = SP_SAF_CERT_PERSONAL,
                                      .is_default = true};
    assert_int_equal(sp_saf_put_ring_entry(f->db, &entry, NULL), SP_EEXISTS);
    assert_int_equal(sp_saf_put_certificate(f->db, &in, NULL), SP_OK);
    assert_int_equal(sp_saf_put_ring(f->db, &ring, NULL), SP_OK);
    assert_int_equal(sp_saf_put_ring_entry(f->db, &entry, NULL), SP_OK);
    assert_int_equal(
        sp_saf_get_certificate(f->db, in.owner_kind, in.owner, in.label, false, &f->arena, &out, NULL),
        SP_OK);
    assert_true(out.has_private_key && out.private_key.len == 0 && sp_str_eq(out.der, in.der));
    assert_int_equal(
        sp_saf_get_certificate(f->db, in.owner_kind, in.owner, in.label, true, &f->arena, &out, NULL), SP_OK);
    assert_true(sp_str_eq(out.private_key, in.private_key));
    int n = 0;
    assert_int_equal(sp_saf_drop_certificate(f->db, in.owner_kind, in.owner, in.label, NULL), SP_OK);
    assert_int_equal(sp_saf_each_ring_entry(f->db, SP_STR(""), SP_STR(""), count_one, &n, NULL), SP_OK);
    assert_int_equal(n, 0);
    assert_int_equal(sp_saf_drop_ring(f->db, &ring, NULL), SP_OK);
}

static void secrets_are_not_in_the_file(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_certificate in = {.label = SP_STR("L"), .private_key = SP_STR("NEEDLE-IN-THE-HAYSTACK")};
    assert_int_equal(sp_saf_put_certificate(f->db, &in, NULL), SP_OK);
    char command[256];
    snprintf(command, sizeof command, "grep -q NEEDLE-IN-THE-HAYSTACK '%s'/*", f->directory);
    assert_int_not_equal(system(command), 0);
    snprintf(command, sizeof command, "cat '%s'/* | grep -q IBMUSER", f->directory);
    assert_int_equal(system(command), 0);
}

static void a_rollback_leaves_nothing_and_a_commit_raises_the_version(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_user in = user_named("ROLLED"), out;
    uint64_t before = 0, after = 0;
    assert_int_equal(sp_saf_db_version(f->db, &before, NULL), SP_OK);
    assert_int_equal(sp_saf_db_begin(f->db, NULL), SP_OK);
    assert_int_equal(sp_saf_put_user(f->db, &in, NULL), SP_OK);
    sp_saf_db_rollback(f->db);
    assert_int_equal(sp_saf_get_user(f->db, in.id, &f->arena, &out, NULL), SP_ENOTFOUND);
    assert_int_equal(sp_saf_db_version(f->db, &after, NULL), SP_OK);
    assert_true(before == after);
    struct sp_saf_db *other = NULL;
    assert_int_equal(sp_saf_db_open(f->path, NULL, SP_SAF_DB_READ, &other, NULL), SP_OK);
    assert_int_equal(sp_saf_db_begin(f->db, NULL), SP_OK);
    assert_int_equal(sp_saf_put_user(f->db, &in, NULL), SP_OK);
    assert_int_equal(sp_saf_get_user(other, in.id, &f->arena, &out, NULL), SP_ENOTFOUND);
    assert_int_equal(sp_saf_db_commit(f->db, NULL), SP_OK);
    assert_int_equal(sp_saf_db_version(other, &after, NULL), SP_OK);
    assert_true(after == before + 1);
    assert_int_equal(sp_saf_get_user(other, in.id, &f->arena, &out, NULL), SP_OK);
    assert_int_not_equal(sp_saf_put_user(other, &in, NULL), SP_OK);
    assert_int_equal(sp_saf_db_begin(f->db, NULL), SP_OK);
    in.failed_tries = 1;
    assert_int_equal(sp_saf_put_user(f->db, &in, NULL), SP_OK);
    assert_int_equal(sp_saf_db_commit_quiet(f->db, NULL), SP_OK);
    assert_int_equal(sp_saf_db_version(other, &before, NULL), SP_OK);
    assert_true(after == before);
    sp_saf_db_close(other);
}

static void a_passticket_can_be_used_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        sp_saf_use_passticket(f->db, SP_STR("FRED"), SP_STR("A"), SP_STR("RQELV4J5"), INT32_MAX, NULL),
        SP_OK);
    assert_int_equal(
        sp_saf_use_passticket(f->db, SP_STR("FRED"), SP_STR("A"), SP_STR("RQELV4J5"), INT32_MAX, NULL),
        SP_EEXISTS);
    assert_int_equal(
        sp_saf_use_passticket(f->db, SP_STR("FRED"), SP_STR("B"), SP_STR("RQELV4J5"), INT32_MAX, NULL),
        SP_OK);
    assert_int_equal(sp_saf_use_passticket(f->db, SP_STR("OLD"), SP_STR("B"), SP_STR("RQELV4J5"), 5, NULL),
                     SP_OK);
    assert_int_equal(sp_saf_use_passticket(f->db, SP_STR("OLD"), SP_STR("B"), SP_STR("RQELV4J5"), 5, NULL),
                     SP_OK);
}

static void options_keep_their_password_rules(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_options in = {.history = 32, .rule_count = 2, .mixed_case = true}, out;
    in.rules[0] = (struct sp_saf_password_rule){4, 8, "AN VW   "};
    in.rules[1] = (struct sp_saf_password_rule){8, 8, "        "};
    assert_int_equal(sp_saf_put_options(f->db, &in, NULL), SP_OK);
    assert_int_equal(sp_saf_get_options(f->db, &out, NULL), SP_OK);
    assert_int_equal(out.rule_count, 2);
    assert_string_equal(out.rules[0].content, "AN VW   ");
    assert_int_equal(out.rules[1].shortest, 8);
    assert_int_equal(out.history, 32);
    assert_true(out.mixed_case && !out.grplist);
}

static void the_wrong_key_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sp_saf_certificate in = {.label = SP_STR("L"), .private_key = SP_STR("k")}, out;
    struct sp_error err = SP_ERROR_INIT;
    char other[128];
    struct sp_seal seal;
    assert_int_equal(sp_saf_put_certificate(f->db, &in, NULL), SP_OK);
    sp_saf_db_close(f->db);
    f->db = NULL;
    snprintf(other, sizeof other, "%s/other.key", f->directory);
    assert_int_equal(sp_seal_load(&seal, other, true, NULL), SP_OK);
    sp_seal_finish(&seal);
    assert_int_equal(sp_saf_db_open(f->path, other, SP_SAF_DB_READ, &f->db, NULL), SP_OK);
    assert_int_equal(
        sp_saf_get_certificate(f->db, in.owner_kind, in.owner, in.label, true, &f->arena, &out, &err),
        SP_EDENIED);
    assert_non_null(strstr(err.text, "key file"));
    sp_saf_db_close(f->db);
    f->db = NULL;
    assert_int_equal(chmod(f->key, 0640), 0);
    assert_int_equal(sp_saf_db_open(f->path, NULL, SP_SAF_DB_READ, &f->db, &err), SP_EDENIED);
    assert_null(f->db);
    assert_int_equal(sp_saf_db_open("/nowhere/saf.db", NULL, SP_SAF_DB_READ, &f->db, &err), SP_ENOTFOUND);
}

static void a_sealed_secret_opens_only_where_it_belongs(void **state)
{
    struct fixture *f = *state;
    struct sp_seal seal;
    struct sp_buf sealed, opened;
    sp_buf_init(&sealed, 1000);
    sp_buf_init(&opened, 1000);
    assert_int_equal(sp_seal_load(&seal, f->key, false, NULL), SP_OK);
    assert_int_equal(sp_seal_close(&seal, SP_STR("here"), SP_STR("secret"), &sealed), SP_OK);
    assert_int_equal(sealed.len, 6 + SP_SEAL_OVERHEAD);
    assert_int_equal(sp_seal_open(&seal, SP_STR("there"), sp_buf_str(&sealed), &opened), SP_EDENIED);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 1;
        assert_int_equal(sp_seal_open(&seal, SP_STR("here"), sp_buf_str(&sealed), &opened), SP_EDENIED);
        sealed.ptr[i] ^= 1;
        assert_int_equal(sp_seal_open(&seal, SP_STR("here"), sp_str_from(sealed.ptr, i), &opened),
                         SP_EDENIED);
    }
    assert_int_equal(opened.len, 0);
    assert_int_equal(sp_seal_open(&seal, SP_STR("here"), sp_buf_str(&sealed), &opened), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&opened), "secret"));
    sp_buf_finish(&sealed);
    sp_buf_wipe(&opened);
    sp_seal_finish(&seal);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_database_has_sys1_and_ibmuser),
        CASE(a_user_comes_back_as_it_was_put),
        CASE(what_belongs_to_a_profile_goes_with_it),
        CASE(certificates_and_rings_keep_keys_sealed),
        CASE(secrets_are_not_in_the_file),
        CASE(a_rollback_leaves_nothing_and_a_commit_raises_the_version),
        CASE(a_passticket_can_be_used_once),
        CASE(options_keep_their_password_rules),
        CASE(the_wrong_key_file_is_refused),
        CASE(a_sealed_secret_opens_only_where_it_belongs),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
