/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "certificates.h"
#include "saf/verifier.h"
#include "unloads.h"

static void fill_resources(void)
{
    static const char *const names[] = {"A", "A.B.*", "IRR.DIGTCERT.LISTRING"};
    for (int i = 0; i < 3; i++) {
        struct sp_saf_profile profile = {.class = SP_STR("FACILITY"),
                                         .name = sp_str_of(names[i]),
                                         .owner = SP_STR("SYS1"),
                                         .generic = i == 1,
                                         .data = SP_STR("Z\xc3\xbcrich"),
                                         .uacc = (enum sp_saf_access)(i + 1),
                                         .level = i,
                                         .warning = i == 2,
                                         .audit = {.failures = true, .failures_from = SP_SAF_UPDATE},
                                         .created = 20000,
                                         .changed = SP_SAF_NO_DATE};
        ok(sp_saf_put_profile(db, &profile, NULL));
        struct sp_saf_access_entry entry = {
            .class = profile.class, .profile = profile.name, .id = SP_STR("*"), .access = SP_SAF_READ};
        ok(sp_saf_put_access(db, &entry, NULL));
        entry.when_kind = SP_STR("CRITERIA");
        entry.when_name = SP_STR("SQLROLE=TELLER");
        ok(sp_saf_put_access(db, &entry, NULL));
    }
    struct sp_saf_profile profile = {.class = SP_STR("PTKTDATA"), .name = SP_STR("BBGZDFLT")};
    ok(sp_saf_put_profile(db, &profile, NULL));
    struct sp_saf_passticket_profile ticket = {
        .profile = profile.name, .key = {.kind = SP_PASSTICKET_UPPER, .len = 32}, .timeout = 60};
    ok(sp_saf_put_passticket(db, &ticket, NULL));
    profile.class = SP_STR("GLOBAL");
    profile.name = SP_STR("APPL");
    ok(sp_saf_put_profile(db, &profile, NULL));
    struct sp_saf_member member = {profile.class, profile.name, SP_STR("BBGZ*"), SP_SAF_READ};
    ok(sp_saf_put_member(db, &member, NULL));
    profile.class = SP_STR("STARTED");
    profile.name = SP_STR("BAQSTRT.**");
    profile.generic = true;
    profile.st_user = SP_STR("=MEMBER");
    profile.st_trace = true;
    ok(sp_saf_put_profile(db, &profile, NULL));
}

static struct sp_str ders[2];

static void fill_certificates(struct sp_saf_db *to)
{
    static const char *const owners[] = {"", "FRED"};
    for (int i = 0; i < 2; i++) {
        if (to == db)
            ders[i] = make_test_certificate(&arena, "O=Ours/CN=A name", "O=Ours/CN=The CA", 4660 + i, NULL);
        struct sp_saf_certificate certificate = {.owner_kind = i ? SP_SAF_CERT_PERSONAL : SP_SAF_CERT_AUTH,
                                                 .owner = sp_str_of(owners[i]),
                                                 .label = sp_str_of(i ? "FRED" : "CA"),
                                                 .trust = SP_SAF_TRUST,
                                                 .der = ders[i]};
        ok(sp_saf_put_certificate(to, &certificate, NULL));
    }
}

static void fill_rings(void)
{
    struct sp_saf_ring rings[] = {{SP_STR("FRED"), SP_STR("Empty")},
                                  {SP_STR("FRED"), SP_STR("Liberty.KeyRing")}};
    for (int i = 0; i < 2; i++)
        ok(sp_saf_put_ring(db, &rings[i], NULL));
    struct sp_saf_ring_entry entry = {.ring_owner = rings[1].owner,
                                      .ring = rings[1].name,
                                      .owner = SP_STR("FRED"),
                                      .label = SP_STR("FRED"),
                                      .is_default = true};
    ok(sp_saf_put_ring_entry(db, &entry, NULL));
    entry.owner_kind = entry.usage = SP_SAF_CERT_AUTH;
    entry.owner = SP_STR("");
    entry.label = SP_STR("CA");
    entry.is_default = false;
    ok(sp_saf_put_ring_entry(db, &entry, NULL));
    struct sp_saf_cert_filter filters[] = {
        {.user = SP_STR("FRED"), .subject = SP_STR("OU=ATS.O=IBM"), .trust = true, .label = SP_STR("one")},
        {.issuer = SP_STR("CN=CA.O=IBM"), .criteria = SP_STR("APPLID=&APPLID"), .label = SP_STR("two")}};
    struct sp_saf_identity_filter identities[] = {
        {SP_STR("FRED"), SP_STR("CN=Fred,O=IBM"), SP_STR("*"), SP_STR("three")},
        {SP_STR("IBMUSER"), SP_STR("CN=Fred,O=IBM"), SP_STR("ldaps://x"), SP_STR("")}};
    for (int i = 0; i < 2; i++) {
        ok(sp_saf_put_cert_filter(db, &filters[i], NULL));
        ok(sp_saf_put_identity_filter(db, &identities[i], NULL));
    }
}

static void fill_users(void)
{
    struct sp_saf_group group = {.id = SP_STR("GMADMIN"),
                                 .superior = SP_STR("SYS1"),
                                 .owner = SP_STR("SYS1"),
                                 .data = SP_STR("d"),
                                 .created = 19999,
                                 .gid = 7,
                                 .universal = true};
    ok(sp_saf_put_group(db, &group, NULL));
    struct sp_buf verifier;
    sp_buf_init(&verifier, 256);
    ok(sp_verifier_make(SP_STR("SECRET"), &verifier, NULL));
    for (int i = 0; i < 4; i++) {
        static const char *const ids[] = {"FRED", "#1", "PROT", "WEEKEND"};
        struct sp_saf_user user = {.id = sp_str_of(ids[i]),
                                   .name = SP_STR("N\xc3\xa4me"),
                                   .default_group = SP_STR("GMADMIN"),
                                   .owner = SP_STR("GMADMIN"),
                                   .flags = i == 0   ? SP_SAF_PASSWORD_EXPIRED | SP_SAF_RESTRICTED
                                            : i == 1 ? SP_SAF_REVOKED | SP_SAF_ROAUDIT
                                                     : 0,
                                   .password = {i == 2 ? SP_STR("") : sp_buf_str(&verifier), 19000 + i},
                                   .phrase = {i == 1 ? sp_buf_str(&verifier) : SP_STR(""), 19100},
                                   .password_interval = i - 1,
                                   .phrase_interval = i - 1,
                                   .failed_tries = i,
                                   .created = 18000,
                                   .last_use_date = i ? 20001 : SP_SAF_NO_DATE,
                                   .last_use_time = 3661,
                                   .revoke_date = i == 3 ? 30000 : SP_SAF_NO_DATE,
                                   .resume_date = SP_SAF_NO_DATE,
                                   .uid = i == 3 ? -1 : i,
                                   .home = i == 1 ? SP_STR("") : SP_STR("/u/x"),
                                   .logon_days = i == 3 ? 0x41 : 0x7f,
                                   .logon_from = i == 3 ? 0 : -1,
                                   .logon_to = i == 3 ? 23 * 60 + 59 : -1};
        ok(sp_saf_put_user(db, &user, NULL));
        struct sp_saf_connect connect = {.user = user.id,
                                         .group = group.id,
                                         .owner = SP_STR("SYS1"),
                                         .authority = (enum sp_saf_authority)i,
                                         .uacc = SP_SAF_READ,
                                         .flags = i == 2 ? SP_SAF_REVOKED | SP_SAF_SPECIAL : 0,
                                         .created = 18001,
                                         .revoke_date = SP_SAF_NO_DATE,
                                         .resume_date = 18002};
        ok(sp_saf_put_connect(db, &connect, NULL));
    }
    sp_buf_finish(&verifier);
}

static void an_export_comes_back_as_it_was(void **state)
{
    struct sp_buf again;
    fill_users();
    fill_resources();
    fill_certificates(db);
    fill_rings();
    export_to(db, &file);
    assert_true(file.len > 10000);
    sp_buf_init(&again, 64 << 20);
    struct sp_saf_db *other = open_db("other");
    /* Certificates are brought over by themselves. */
    fill_certificates(other);
    struct sp_unload_report *report = import_bytes(other, sp_buf_str(&file), 777);
    assert_int_equal(sp_unload_report_refused(report), 0);
    assert_int_equal(sp_unload_report_taken(report, "0200"), 5);
    says_not("Fields of taken records");
    says_not("wait for");
    sp_unload_report_free(report);
    export_to(other, &again);
    assert_int_equal(again.len, file.len);
    assert_memory_equal(again.ptr, file.ptr, file.len);
    sp_saf_db_close(other);
    sp_buf_finish(&again);
}

static void an_export_comes_back_through_ebcdic(void **state)
{
    struct sp_buf ebcdic, again;
    sp_buf_init(&ebcdic, 1 << 20);
    sp_buf_init(&again, 1 << 20);
    fill_users();
    fill_resources();
    export_to(db, &file);
    to_ebcdic(&file, true, &ebcdic);
    struct sp_saf_db *other = open_db("other");
    sp_unload_report_free(import_bytes(other, sp_buf_str(&ebcdic), 0));
    export_to(other, &again);
    assert_int_equal(again.len, file.len);
    assert_memory_equal(again.ptr, file.ptr, file.len);
    sp_saf_db_close(other);
    sp_buf_finish(&again);
    sp_buf_finish(&ebcdic);
}

static void certificates_are_described(void **state)
{
    struct sp_buf all;
    sp_buf_init(&all, 1 << 20);
    fill_users();
    fill_certificates(db);
    fill_rings();
    export_to(db, &all);
    sp_buf_append_byte(&all, 0);
    assert_non_null(strstr((char *)all.ptr, "0207 FRED     1235.CN=The\xc2\xa2"
                                            "CA.O=Ours "));
    assert_non_null(strstr((char *)all.ptr, "0207 irrcerta 1234.CN=The\xc2\xa2"
                                            "CA.O=Ours "));
    assert_non_null(strstr((char *)all.ptr, "CN=A name.O=Ours "));
    assert_non_null(strstr((char *)all.ptr, "sha256ECDSA"));
    sp_buf_finish(&all);
}

static void a_value_that_does_not_fit_is_refused(void **state)
{
    char data[300];
    memset(data, 'd', sizeof data);
    struct sp_saf_group group = {
        .id = SP_STR("GRP"), .superior = SP_STR("SYS1"), .data = sp_str_from(data, 256), .gid = -1};
    ok(sp_saf_put_group(db, &group, NULL));
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_saf_export_unload(db, write_all, &file, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "255 characters of GPBD_INSTALL_DATA"));
    group.data.len = 255;
    ok(sp_saf_put_group(db, &group, NULL));
    export_to(db, &file);
}

static enum sp_status fail_to_write(void *arg, struct sp_str bytes, struct sp_error *err)
{
    return sp_error_set(err, SP_EIO, NULL, "the disk is full");
}

static void an_error_of_writing_is_reported(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_saf_export_unload(db, fail_to_write, NULL, &err), SP_EIO);
    assert_string_equal(err.text, "the disk is full");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        TEST(an_export_comes_back_as_it_was),  TEST(an_export_comes_back_through_ebcdic),
        TEST(certificates_are_described),      TEST(a_value_that_does_not_fit_is_refused),
        TEST(an_error_of_writing_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
