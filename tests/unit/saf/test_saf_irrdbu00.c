/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "saf/irrdbu00_lines.h"
#include "saf/verifier.h"
#include "unloads.h"

static void group_record(const char *id)
{
    record("0100", 6, id, 15, "SYS1", 24, "2020-01-02", 35, "SYS1", 0);
}

static void user_record(const char *id)
{
    record("0200", 6, id, 15, "2020-01-02", 26, "SYS1", 50, "NO", 75, "NAME", 96, "SYS1", 391, "NO", 0);
}

static struct sp_saf_user user_of(const char *id)
{
    struct sp_saf_user user;
    ok(sp_saf_get_user(db, sp_str_of(id), &arena, &user, NULL));
    return user;
}

/* ---- the layout ---- */

static void fields_of_a_record_follow_each_other_with_a_blank_between(void **state)
{
    for (int i = 0; i < SP_UNLOAD_TYPES; i++) {
        const struct sp_unload_record *r = &sp_unload_records[i];
        assert_int_equal(r->fields[0].start, 6);
        assert_ptr_equal(sp_unload_record_find(sp_str_of(r->type)), r);
        for (size_t f = 0; f < r->count; f++) {
            assert_true(r->fields[f].end >= r->fields[f].start);
            if (f)
                assert_true(r->fields[f].start >= r->fields[f - 1].end + 2);
        }
        if (i)
            assert_true(strcmp(sp_unload_records[i - 1].type, r->type) < 0);
    }
    assert_int_equal(sp_unload_records[SP_RECORD_USBD].fields[SP_USBD_PHR_INTERVAL].end, 648);
    assert_int_equal(sp_unload_records[SP_RECORD_GRBD].fields[SP_GRBD_APPL_DATA].start, 754);
    assert_string_equal(sp_unload_other_type(SP_STR("0220")), "user TSO data");
    assert_null(sp_unload_other_type(SP_STR("0200")));
    assert_null(sp_unload_record_find(SP_STR("0999")));
}

/* ---- importing ---- */

static void groups_and_users_are_taken(void **state)
{
    struct sp_saf_group group;
    struct sp_saf_connect connect;
    record("0100", 6, "GMADMIN", 15, "SYS1", 24, "2021-02-03", 35, "IBMUSER", 44, "NONE", 53, "YES", 58,
           "admins of the gateway", 359, "NO", 0);
    record("0101", 6, "SYS1", 15, "GMADMIN", 0);
    record("0102", 6, "GMADMIN", 15, "FRED", 24, "JOIN", 0);
    record("0120", 6, "GMADMIN", 15, "0000000042", 0);
    record("0200", 6, "FRED", 15, "2021-02-04", 26, "GMADMIN", 35, "NO", 40, "YES", 50, "NO", 60, "090", 64,
           "2024-05-06", 75, "FRED FLINTSTONE", 96, "GMADMIN", 105, "10:20:30", 114, "2024-05-07", 125, "x",
           391, "NO", 405, "002", 480, "NO", 485, "YES", 490, "YES", 495, "YES", 500, "YES", 505, "YES", 510,
           "NO", 515, "08:00:00", 524, "17:30:00", 542, "RSTD", 592, "KDFAES", 613, "NOPHRASE", 0);
    record("0203", 6, "FRED", 15, "GMADMIN", 0);
    record("0205", 6, "FRED", 15, "GMADMIN", 24, "2021-02-05", 35, "IBMUSER", 64, "READ", 84, "YES", 94, "NO",
           125, "2026-01-01", 0);
    record("0270", 6, "FRED", 15, "0000001001", 26, "/u/fred", 1050, "/bin/sh", 0);
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_group(db, SP_STR("GMADMIN"), &arena, &group, NULL));
    assert_true(sp_str_is(group.superior, "SYS1") && sp_str_is(group.owner, "IBMUSER"));
    assert_true(sp_str_is(group.data, "admins of the gateway") && group.no_term_uacc && !group.universal);
    assert_int_equal(group.gid, 42);
    assert_int_equal(group.created, 18661);
    struct sp_saf_user user = user_of("FRED");
    assert_true(sp_str_is(user.name, "FRED FLINTSTONE") && sp_str_is(user.default_group, "GMADMIN"));
    assert_int_equal(user.flags, SP_SAF_SPECIAL | SP_SAF_RESTRICTED);
    assert_int_equal(user.password_interval, 90);
    assert_int_equal(user.failed_tries, 2);
    assert_int_equal(user.logon_days, 0x3e);
    assert_int_equal(user.logon_from, 8 * 60);
    assert_int_equal(user.logon_to, 17 * 60 + 30);
    assert_int_equal(user.last_use_time, 10 * 3600 + 20 * 60 + 30);
    assert_int_equal(user.uid, 1001);
    assert_true(sp_str_is(user.home, "/u/fred") && sp_str_is(user.program, "/bin/sh"));
    assert_true(sp_str_is(user.password.encoded, "unloaded$KDFAES"));
    assert_int_equal(user.phrase.encoded.len, 0);
    ok(sp_saf_get_connect(db, SP_STR("FRED"), SP_STR("GMADMIN"), &arena, &connect, NULL));
    assert_int_equal(connect.authority, SP_SAF_JOIN);
    assert_int_equal(connect.uacc, SP_SAF_READ);
    assert_int_equal(connect.flags, SP_SAF_SPECIAL);
    assert_int_equal(connect.resume_date, 20454);
    assert_int_equal(connect.revoke_date, SP_SAF_NO_DATE);
    says("passwords: 1 users");
    says_not("phrases:");
}

static void general_resources_are_taken(void **state)
{
    struct sp_saf_profile profile;
    record("0500", 6, "BBGZDFLT.zos.connect.**", 253, "EJBROLE", 262, "YES", 271, "2020-01-02", 282, "SYS1",
           302, "2020-01-03", 337, "READ", 346, "FAIL", 355, "007", 359, "ALL", 368, "who may come in", 633,
           "READ", 642, "UPDATE", 651, "CONTROL", 660, "YES", 680, "FRED", 754, "data", 0);
    record("0505", 6, "BBGZDFLT.zos.connect.**", 253, "EJBROLE", 262, "ZCEEUSRS", 271, "READ", 0);
    record("0507", 6, "BBGZDFLT.zos.connect.**", 253, "EJBROLE", 262, "TERMINAL", 271, "T1", 280, "*", 289,
           "ALTER", 0);
    record("0500", 6, "GRP", 253, "GCICSTRN", 262, "NO", 271, "2020-01-02", 282, "SYS1", 337, "NONE", 346,
           "NONE", 0);
    record("0503", 6, "GRP", 253, "GCICSTRN", 262, "CSM*", 0);
    record("0500", 6, "BAQSTRT.*", 253, "STARTED", 262, "YES", 337, "NONE", 346, "NONE", 0);
    record("0540", 6, "BAQSTRT.*", 253, "STARTED", 262, "LIBSERV", 271, "LIBGRP", 280, "YES", 285, "NO", 290,
           "NO", 0);
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_profile(db, SP_STR("EJBROLE"), SP_STR("BBGZDFLT.zos.connect.**"), &arena, &profile, NULL));
    assert_true(profile.generic && profile.warning);
    assert_int_equal(profile.uacc, SP_SAF_READ);
    assert_int_equal(profile.level, 7);
    assert_true(!profile.audit.successes && profile.audit.failures);
    assert_int_equal(profile.audit.failures_from, SP_SAF_READ);
    assert_true(profile.global_audit.successes && profile.global_audit.failures);
    assert_int_equal(profile.global_audit.successes_from, SP_SAF_UPDATE);
    assert_int_equal(profile.global_audit.failures_from, SP_SAF_CONTROL);
    assert_true(sp_str_is(profile.appl_data, "data") && sp_str_is(profile.notify, "FRED"));
    ok(sp_saf_get_profile(db, SP_STR("STARTED"), SP_STR("BAQSTRT.*"), &arena, &profile, NULL));
    assert_true(sp_str_is(profile.st_user, "LIBSERV") && profile.st_trusted && !profile.st_privileged);
    says("classes are active");
    says("EJBROLE GCICSTRN STARTED");
}

static void filters_and_ticket_settings_are_taken(void **state)
{
    struct sp_saf_passticket_profile ticket;
    struct sp_buf all;
    sp_buf_init(&all, 1 << 20);
    record("0500", 6, "HASH", 253, "DIGTNMAP", 0);
    record("0508", 6, "HASH", 253, "DIGTNMAP", 262, "Our people", 295, "TRUST", 304, "FRED", 551,
           "CN=CA.O=IBM\xc2\xa2OU=ATS.O=IBM", 0);
    record("0508", 6, "HASH2", 253, "DIGTNMAP", 262, "Many", 295, "NOTRUST", 304, "APPLID=&APPLID", 551,
           "\xc2\xa2O=IBM", 0);
    record("0509", 6, "cn=Fred, o=ibm", 253, "IDIDMAP", 262, "Fred", 295, "FRED", 304, "*", 0);
    record("0500", 6, "BBGZDFLT", 253, "PTKTDATA", 337, "NONE", 0);
    record("0530", 6, "BBGZDFLT", 253, "PTKTDATA", 262, "KEYENCRYPTED", 392, "MIXED", 405, "0000000060", 416,
           "YES", 0);
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_passticket(db, SP_STR("BBGZDFLT"), &arena, &ticket, NULL));
    assert_int_equal(ticket.key.kind, SP_PASSTICKET_MIXED);
    assert_int_equal(ticket.key.len, 0);
    assert_int_equal(ticket.timeout, 60);
    assert_true(ticket.replay_allowed);
    says("PassTicket keys: 1 profiles");
    export_to(db, &all);
    sp_buf_append_byte(&all, 0);
    assert_non_null(strstr((char *)all.ptr, "CN=Fred,O=ibm "));
    assert_non_null(strstr((char *)all.ptr, "CN=CA.O=IBM\xc2\xa2OU=ATS.O=IBM "));
    assert_non_null(strstr((char *)all.ptr, "irrmulti Many "));
    sp_buf_finish(&all);
}

static void a_password_from_elsewhere_fits_nothing(void **state)
{
    user_record("FRED");
    assert_int_equal(import_all(), 0);
    struct sp_saf_user user = user_of("FRED");
    assert_int_equal(sp_verifier_check(user.password.encoded, SP_STR("SECRET"), NULL), SP_EDENIED);
    assert_int_equal(sp_verifier_check(user.password.encoded, SP_STR(""), NULL), SP_EDENIED);
    /* It had no date: it was expired. */
    assert_int_equal(user.flags, SP_SAF_PASSWORD_EXPIRED);
}

static void importing_again_keeps_passwords_and_keys_that_were_set_here(void **state)
{
    struct sp_saf_passticket_profile ticket;
    struct sp_buf verifier;
    user_record("FRED");
    record("0500", 6, "BBGZDFLT", 253, "PTKTDATA", 0);
    record("0530", 6, "BBGZDFLT", 253, "PTKTDATA", 405, "0000000060", 0);
    assert_int_equal(import_all(), 0);
    struct sp_saf_user user = user_of("FRED");
    sp_buf_init(&verifier, 256);
    ok(sp_verifier_make(SP_STR("SECRET"), &verifier, NULL));
    user.password.encoded = sp_buf_str(&verifier);
    user.password.changed = 19000;
    user.flags = 0;
    ok(sp_saf_put_user(db, &user, NULL));
    ok(sp_saf_get_passticket(db, SP_STR("BBGZDFLT"), &arena, &ticket, NULL));
    ticket.key.len = 8;
    memset(ticket.key.bytes, 7, 8);
    ok(sp_saf_put_passticket(db, &ticket, NULL));
    assert_int_equal(import_all(), 0);
    says_not("passwords:");
    says_not("PassTicket keys:");
    user = user_of("FRED");
    ok(sp_verifier_check(user.password.encoded, SP_STR("SECRET"), NULL));
    assert_int_equal(user.password.changed, 19000);
    assert_int_equal(user.flags, 0);
    ok(sp_saf_get_passticket(db, SP_STR("BBGZDFLT"), &arena, &ticket, NULL));
    assert_int_equal(ticket.key.len, 8);
    sp_buf_finish(&verifier);
}

static void users_without_a_password_have_none(void **state)
{
    record("0200", 6, "PROT", 391, "PRO", 592, "NOPASSWORD", 613, "NOPHRASE", 0);
    record("0200", 6, "PHRASED", 391, "PHR", 561, "2024-01-01", 592, "NOPASSWORD", 613, "KDFAES", 0);
    record("0200", 6, "CARD", 391, "YES", 396, "YES", 0);
    record("0200", 6, "irrcerta", 391, "PRO", 0);
    assert_int_equal(import_all(), 0);
    struct sp_saf_user user = user_of("PROT");
    assert_true(!user.password.encoded.len && !user.phrase.encoded.len);
    user = user_of("PHRASED");
    assert_true(!user.password.encoded.len && user.phrase.encoded.len);
    assert_int_equal(user.phrase.changed, 19723);
    user = user_of("CARD");
    assert_true(!user.password.encoded.len && user.flags == SP_SAF_OIDCARD);
    says("Said by other records too:\n  0200");
}

static void what_has_no_place_is_counted_by_name(void **state)
{
    group_record("G");
    record("0100", 6, "H", 15, "SYS1", 314, "MODEL.DATASET", 0);
    record("0220", 6, "FRED", 0);
    record("0220", 6, "MARY", 0);
    record("0ZZZ", 6, "FUTURE", 0);
    record("0400", 6, "SYS1.PARMLIB", 0);
    assert_int_equal(import_all(), 0);
    says("GPBD_MODEL                                                         1");
    says("0220 user TSO data                                                 2");
    says("0ZZZ unknown type of record                                        1");
    says("Left out:\n  0400 data set basic data                                           1");
    says("0100 group basic data                                              2");
}

static void lines_that_are_wrong_are_refused_and_the_rest_is_taken(void **state)
{
    struct sp_saf_group group;
    group_record("GOOD1");
    record("0100", 6, "BAD", 24, "2020-13-02", 0);
    record("0100", 6, "BAD", 24, "2020-02-30", 0);
    record("0100", 6, "BAD", 24, "20200102", 0);
    record("0100", 6, "lower", 0);
    record("0100", 0);
    record("0120", 6, "GOOD1", 15, "12x", 0);
    record("0120", 6, "ABSENT", 15, "0000000001", 0);
    record("0200", 6, "USER", 105, "25:00:00", 0);
    record("0102", 6, "GOOD1", 15, "ABSENT", 24, "USE", 0);
    record("0102", 6, "GOOD1", 15, "IBMUSER", 24, "KING", 0);
    record("0500", 6, "A.**.**", 253, "FACILITY", 262, "YES", 0);
    record("0500", 6, "NAME", 253, "FACILITY", 337, "MUCH", 0);
    record("0505", 6, "ABSENT", 253, "FACILITY", 262, "FRED", 271, "READ", 0);
    record("0508", 6, "HASH", 253, "DIGTNMAP", 304, "FRED", 551, "O=IBM", 0);
    sp_buf_append_str(&file, SP_STR("junk\n01 0\n"));
    group_record("GOOD2");
    assert_int_equal(import_all(), 16);
    ok(sp_saf_get_group(db, SP_STR("GOOD1"), &arena, &group, NULL));
    ok(sp_saf_get_group(db, SP_STR("GOOD2"), &arena, &group, NULL));
    says("line 2: GPBD_CREATE_DATE '2020-13-02' is no day of the calendar");
    says("line 3: GPBD_CREATE_DATE '2020-02-30' is no day");
    says("line 4: GPBD_CREATE_DATE '20200102' is no date");
    says("line 5: GPBD_NAME 'lower' is no name");
    says("line 6: GPBD_NAME '' is no name");
    says("line 7: GPOMVS_GID '12x' is no number");
    says("line 8: it belongs to a group that is not defined");
    says("line 9: USBD_LASTJOB_TIME '25:00:00' is no time");
    says("line 10: user ABSENT or group GOOD1 of a connection is not defined");
    says("line 11: GPMEM_AUTH 'KING'");
    says("line 12: ");
    says("line 13: GRBD_UACC 'MUCH'");
    says("line 14: it belongs to a profile that is not defined");
    says("line 15: GRFLTR_CREATE_NAME has no cent sign");
    says("line 16: it does not begin with the type");
    says("line 17: it does not begin with the type");
    says("16 lines were refused");
}

static void connections_come_in_any_order(void **state)
{
    struct sp_saf_connect connect;
    record("0205", 6, "FRED", 15, "GRP", 64, "NONE", 94, "YES", 0);
    record("0102", 6, "GRP", 15, "FRED", 24, "CREATE", 0);
    record("0102", 6, "SYS1", 15, "FRED", 24, "CONNECT", 0);
    user_record("FRED");
    group_record("GRP");
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_connect(db, SP_STR("FRED"), SP_STR("GRP"), &arena, &connect, NULL));
    assert_int_equal(connect.authority, SP_SAF_CREATE);
    assert_int_equal(connect.flags, SP_SAF_REVOKED);
    ok(sp_saf_get_connect(db, SP_STR("FRED"), SP_STR("SYS1"), &arena, &connect, NULL));
    assert_int_equal(connect.authority, SP_SAF_CONNECT);
    assert_true(sp_str_is(connect.owner, "SYS1"));
}

static void classes_can_be_chosen(void **state)
{
    struct sp_str wanted[] = {SP_STR("EJBROLE")};
    struct sp_saf_profile profile;
    record("0500", 6, "A", 253, "EJBROLE", 0);
    record("0500", 6, "B", 253, "FACILITY", 0);
    record("0505", 6, "B", 253, "FACILITY", 262, "FRED", 271, "READ", 0);
    struct source source = {sp_buf_str(&file), 0};
    struct sp_unload_import import = {
        .read = read_some, .read_arg = &source, .classes = wanted, .class_count = 1};
    struct sp_unload_report *report;
    ok(sp_saf_import_unload(db, &import, &report, NULL));
    ok(sp_saf_get_profile(db, SP_STR("EJBROLE"), SP_STR("A"), &arena, &profile, NULL));
    assert_int_equal(sp_saf_get_profile(db, SP_STR("FACILITY"), SP_STR("B"), &arena, &profile, NULL),
                     SP_ENOTFOUND);
    assert_int_equal(sp_unload_report_taken(report, "0500"), 1);
    sp_unload_report_free(report);
}

static void a_check_changes_nothing(void **state)
{
    struct sp_saf_group group;
    uint64_t before, after;
    group_record("GRP");
    struct source source = {sp_buf_str(&file), 0};
    struct sp_unload_import import = {.read = read_some, .read_arg = &source, .check_only = true};
    struct sp_unload_report *report;
    ok(sp_saf_db_version(db, &before, NULL));
    ok(sp_saf_import_unload(db, &import, &report, NULL));
    assert_int_equal(sp_unload_report_taken(report, "0100"), 1);
    sp_unload_report_print(report, note, NULL);
    says("nothing was changed");
    sp_unload_report_free(report);
    ok(sp_saf_db_version(db, &after, NULL));
    assert_int_equal(before, after);
    assert_int_equal(sp_saf_get_group(db, SP_STR("GRP"), &arena, &group, NULL), SP_ENOTFOUND);
}

static void rings_wait_for_their_certificates(void **state)
{
    struct sp_saf_certificate certificate = {.owner_kind = SP_SAF_CERT_AUTH,
                                             .owner = SP_STR(""),
                                             .label = SP_STR("zCEE CA"),
                                             .trust = SP_SAF_TRUST,
                                             .der = SP_STR("x")};
    struct sp_saf_ring ring = {SP_STR("LIBSERV"), SP_STR("Liberty.KeyRing")};
    record("0207", 6, "irrcerta", 15, "01.CN=zCEE_CA", 262, "zCEE CA", 0);
    record("0500", 6, "01.CN=zCEE_CA", 253, "DIGTCERT", 0);
    record("0500", 6, "LIBSERV.Liberty.KeyRing", 253, "DIGTRING", 0);
    record("0562", 6, "LIBSERV.Liberty.KeyRing", 253, "DIGTRING", 262, "01.CN=zCEE_CA", 509, "CERTAUTH", 518,
           "NO", 523, "zCEE CA", 0);
    assert_int_equal(import_all(), 0);
    says("certificates and private keys: 1 of them");
    says("1 connections of certificates to rings wait");
    ok(sp_saf_put_certificate(db, &certificate, NULL));
    assert_int_equal(import_all(), 0);
    says_not("wait for their certificates");
    ok(sp_saf_drop_ring_entry(db,
                              &(struct sp_saf_ring_entry){.ring_owner = ring.owner,
                                                          .ring = ring.name,
                                                          .owner_kind = SP_SAF_CERT_AUTH,
                                                          .owner = SP_STR(""),
                                                          .label = SP_STR("zCEE CA")},
                              NULL));
}

/* ---- forms of the file ---- */

static void columns_count_characters(void **state)
{
    record("0100", 6, "UTF8", 58, "M\xc3\xbcller \xe2\x82\xac", 0);
    file.len--;
    /* Two characters of more than a byte before column 359. */
    char rest[400];
    memset(rest, ' ', sizeof rest);
    memcpy(rest + 359 - 58 - 8, "YES", 3);
    sp_buf_append(&file, rest, 359 - 58 - 8 + 3);
    sp_buf_append_byte(&file, '\n');
    assert_int_equal(import_all(), 0);
    struct sp_saf_group group;
    ok(sp_saf_get_group(db, SP_STR("UTF8"), &arena, &group, NULL));
    assert_true(sp_str_is(group.data, "M\xc3\xbcller \xe2\x82\xac"));
    assert_true(group.universal);
}

static void iso_8859_1_is_read_and_said(void **state)
{
    struct sp_saf_group group;
    record("0100", 6, "LATIN1", 58, "M\xfcller", 359, "YES", 0);
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_group(db, SP_STR("LATIN1"), &arena, &group, NULL));
    assert_true(sp_str_is(group.data, "M\xc3\xbcller") && group.universal);
    says("1 lines are not UTF-8");
}

static void a_byte_order_mark_and_carriage_returns_do_not_matter(void **state)
{
    struct sp_saf_group group;
    sp_buf_append_str(&file, SP_STR("\xef\xbb\xbf"));
    sp_buf_append_str(&file, SP_STR("0100 CRLF     SYS1     2020-01-02 SYS1\r\n\r\n0100 LAST     SYS1"));
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_group(db, SP_STR("CRLF"), &arena, &group, NULL));
    assert_true(sp_str_is(group.owner, "SYS1"));
    ok(sp_saf_get_group(db, SP_STR("LAST"), &arena, &group, NULL));
}

static void ebcdic_is_recognised(void **state)
{
    struct sp_buf ebcdic;
    sp_buf_init(&ebcdic, 1 << 20);
    for (int records = 0; records < 2; records++) {
        struct sp_saf_group group;
        sp_buf_reset(&file);
        record("0100", 6, records ? "RDW" : "LINES", 15, "SYS1", 58, "M\xc3\xbcller [x]", 0);
        group_record(records ? "RDW2" : "LINES2");
        to_ebcdic(&file, records, &ebcdic);
        sp_unload_report_free(import_bytes(db, sp_buf_str(&ebcdic), 1000));
        ok(sp_saf_get_group(db, sp_str_of(records ? "RDW" : "LINES"), &arena, &group, NULL));
        assert_true(sp_str_is(group.data, "M\xc3\xbcller [x]"));
        ok(sp_saf_get_group(db, sp_str_of(records ? "RDW2" : "LINES2"), &arena, &group, NULL));
        says(records ? "variable records in EBCDIC 1047" : "text in EBCDIC 1047");
    }
    /* A record that ends too early. */
    struct sp_error err = SP_ERROR_INIT;
    ebcdic.len--;
    assert_int_equal(failing_import(sp_buf_str(&ebcdic), &err), SP_ESYNTAX);
    assert_non_null(strstr(err.text, "record 2 is damaged"));
    sp_buf_finish(&ebcdic);
}

static void what_is_no_unload_is_refused_whole(void **state)
{
    static const char *const texts[] = {"", "\xef\xbb\xbf", "hello\n", "{\"a\":1}", "\xff\xfe\060", "01"};
    struct sp_error err = SP_ERROR_INIT;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(failing_import(sp_str_of(texts[i]), &err), SP_ESYNTAX);
    assert_non_null(strstr(err.text, "no database unload"));
}

static void a_line_has_a_limit(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saf_group group;
    group_record("GRP");
    file.len--;
    while (file.len < SP_UNLOAD_LINE_MAX)
        sp_buf_append_byte(&file, ' ');
    sp_buf_append_byte(&file, '\n');
    assert_int_equal(import_all(), 0);
    ok(sp_saf_get_group(db, SP_STR("GRP"), &arena, &group, NULL));
    sp_buf_reset(&file);
    group_record("OTHER");
    group_record("LONG");
    file.len--;
    sp_buf_append_fill(&file, ' ', SP_UNLOAD_LINE_MAX);
    sp_buf_append_byte(&file, '\n');
    assert_int_equal(failing_import(sp_buf_str(&file), &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "line 2 is longer"));
    /* Nothing of it was taken. */
    assert_int_equal(sp_saf_get_group(db, SP_STR("OTHER"), &arena, &group, NULL), SP_ENOTFOUND);
}

static enum sp_status fail_to_read(void *arg, void *ret_bytes, size_t size, size_t *ret_len,
                                   struct sp_error *err)
{
    int *reads = arg;
    if ((*reads)++)
        return sp_error_set(err, SP_EIO, NULL, "the disk is gone");
    memcpy(ret_bytes, "0100 GRP\n", 9);
    *ret_len = 9;
    return SP_OK;
}

static void an_error_of_reading_changes_nothing(void **state)
{
    int reads = 0;
    struct sp_unload_import import = {.read = fail_to_read, .read_arg = &reads};
    struct sp_unload_report *report;
    struct sp_saf_group group;
    assert_int_equal(sp_saf_import_unload(db, &import, &report, NULL), SP_EIO);
    sp_unload_report_free(report);
    assert_int_equal(sp_saf_get_group(db, SP_STR("GRP"), &arena, &group, NULL), SP_ENOTFOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_a_record_follow_each_other_with_a_blank_between),
        TEST(groups_and_users_are_taken),
        TEST(general_resources_are_taken),
        TEST(filters_and_ticket_settings_are_taken),
        TEST(a_password_from_elsewhere_fits_nothing),
        TEST(importing_again_keeps_passwords_and_keys_that_were_set_here),
        TEST(users_without_a_password_have_none),
        TEST(what_has_no_place_is_counted_by_name),
        TEST(lines_that_are_wrong_are_refused_and_the_rest_is_taken),
        TEST(connections_come_in_any_order),
        TEST(classes_can_be_chosen),
        TEST(a_check_changes_nothing),
        TEST(rings_wait_for_their_certificates),
        TEST(columns_count_characters),
        TEST(iso_8859_1_is_read_and_said),
        TEST(a_byte_order_mark_and_carriage_returns_do_not_matter),
        TEST(ebcdic_is_recognised),
        TEST(what_is_no_unload_is_refused_whole),
        TEST(a_line_has_a_limit),
        TEST(an_error_of_reading_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
