/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "certificates.h"
#include "saf/image.h"

#define SUBJECT "C=US/O=IBM/OU=ATS/CN=FRED"
#define ISSUER "C=US/O=IBM/CN=ATS Client CA"

static char directory[64];
static struct sp_saf_db *db;
static struct sp_arena arena;
static struct sp_str certificate;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static void put_user(const char *id)
{
    struct sp_saf_user user = {.id = sp_str_of(id),
                               .default_group = SP_STR("SYS1"),
                               .owner = SP_STR("SYS1"),
                               .uid = -1,
                               .logon_days = 0x7f,
                               .logon_from = -1,
                               .logon_to = -1};
    ok(sp_saf_put_user(db, &user, NULL));
}

static int set_up(void **state)
{
    static const char *const users[] = {"CERT", "U1", "U2", "U3", "U4", "U5", "U6", "APPL1", "ANY"};
    char path[96];
    snprintf(directory, sizeof directory, "/tmp/test_saf_cert_map.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/saf.db", directory);
    sp_arena_init(&arena, 4 << 20);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &db, NULL));
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++)
        put_user(users[i]);
    certificate = make_test_certificate(&arena, SUBJECT, ISSUER, 7, NULL);
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    sp_saf_db_close(db);
    sp_arena_finish(&arena);
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static void put_filter(const char *subject, const char *issuer, const char *user, bool trust)
{
    struct sp_saf_cert_filter filter = {.user = sp_str_of(user),
                                        .subject = sp_str_of(subject),
                                        .issuer = sp_str_of(issuer),
                                        .label = sp_str_of(user),
                                        .trust = trust};
    ok(sp_saf_put_cert_filter(db, &filter, NULL));
}

static void register_certificate(enum sp_saf_cert_owner kind, const char *owner, enum sp_saf_trust trust)
{
    struct sp_saf_certificate row = {.owner_kind = kind,
                                     .owner = sp_str_of(owner),
                                     .label = SP_STR("L"),
                                     .trust = trust,
                                     .der = certificate};
    ok(sp_saf_put_certificate(db, &row, NULL));
}

static enum sp_status map_der(struct sp_str der, const char *appl, char *ret_text, size_t size)
{
    struct sp_saf_image *image;
    struct sp_str user = {NULL, 0}, how = {NULL, 0};
    struct sp_error err = SP_ERROR_INIT;
    ok(sp_saf_image_build(db, 20000, &image, NULL));
    enum sp_status status = sp_saf_map_certificate(image, der, sp_str_of(appl), &arena, &user, &how, &err);
    if (status)
        snprintf(ret_text, size, "%s", err.text);
    else
        snprintf(ret_text, size, "%.*s: %.*s", SP_STR_ARG(user), SP_STR_ARG(how));
    sp_saf_image_release(image);
    return status;
}

static void maps_to(const char *expected)
{
    char text[1024];
    enum sp_status status = map_der(certificate, "BBGZDFLT", text, sizeof text);
    assert_string_equal(text, expected);
    ok(status);
}

static void maps_to_nobody(enum sp_status expected)
{
    char text[1024];
    assert_int_equal(map_der(certificate, "BBGZDFLT", text, sizeof text), expected);
}

/* Each step is reached when all before it find nothing: the filters are taken away one after another. */
static void the_steps_are_taken_in_their_order(void **state)
{
    static const char subject[] = "CN=FRED.OU=ATS.O=IBM.C=US", issuer[] = "CN=ATS Client CA.O=IBM.C=US";
    put_filter(subject, issuer, "U1", true);
    put_filter("O=IBM.C=US", issuer, "U2", true);
    put_filter(subject, "", "U3", true);
    put_filter("OU=ATS.O=IBM.C=US", "", "U4", true);
    put_filter("", issuer, "U5", true);
    put_filter("", "O=IBM.C=US", "U6", true);
    register_certificate(SP_SAF_CERT_PERSONAL, "CERT", SP_SAF_TRUST);
    maps_to("CERT: registered certificate");
    ok(sp_saf_drop_certificate(db, SP_SAF_CERT_PERSONAL, SP_STR("CERT"), SP_STR("L"), NULL));
    maps_to("U1: filter on full subject and full issuer");
    ok(sp_saf_drop_cert_filter(db, SP_STR(subject), SP_STR(issuer), NULL));
    maps_to("U2: filter on partial subject and full issuer");
    ok(sp_saf_drop_cert_filter(db, SP_STR("O=IBM.C=US"), SP_STR(issuer), NULL));
    maps_to("U3: filter on full subject");
    ok(sp_saf_drop_cert_filter(db, SP_STR(subject), SP_STR(""), NULL));
    maps_to("U4: filter on partial subject");
    ok(sp_saf_drop_cert_filter(db, SP_STR("OU=ATS.O=IBM.C=US"), SP_STR(""), NULL));
    maps_to("U5: filter on full issuer");
    ok(sp_saf_drop_cert_filter(db, SP_STR(""), SP_STR(issuer), NULL));
    maps_to("U6: filter on partial issuer");
    ok(sp_saf_drop_cert_filter(db, SP_STR(""), SP_STR("O=IBM.C=US"), NULL));
    maps_to_nobody(SP_ENOTFOUND);
}

static void a_longer_part_of_a_name_comes_before_a_shorter_one(void **state)
{
    put_filter("C=US", "", "U1", true);
    put_filter("O=IBM.C=US", "", "U2", true);
    maps_to("U2: filter on partial subject");
    put_filter("OU=ATS.O=IBM.C=US", "", "U3", true);
    maps_to("U3: filter on partial subject");
}

static void parts_are_cut_at_names_and_not_within_them(void **state)
{
    put_filter("RED.OU=ATS.O=IBM.C=US", "", "U1", true);
    put_filter("IBM.C=US", "", "U2", true);
    put_filter("O=IBM", "", "U3", true);
    put_filter("o=IBM.C=US", "", "U4", true);
    put_filter("O=ibm.C=US", "", "U5", true);
    maps_to_nobody(SP_ENOTFOUND);
}

static void a_subject_is_never_looked_for_with_a_part_of_the_issuer(void **state)
{
    put_filter("CN=FRED.OU=ATS.O=IBM.C=US", "O=IBM.C=US", "U1", true);
    maps_to_nobody(SP_ENOTFOUND);
}

static void filters_that_are_not_trusted_are_passed_over(void **state)
{
    put_filter("CN=FRED.OU=ATS.O=IBM.C=US", "", "U1", false);
    maps_to_nobody(SP_ENOTFOUND);
    put_filter("O=IBM.C=US", "", "U2", true);
    maps_to("U2: filter on partial subject");
}

static void a_registered_certificate_that_is_not_trusted_ends_the_search(void **state)
{
    put_filter("O=IBM.C=US", "", "U2", true);
    register_certificate(SP_SAF_CERT_PERSONAL, "CERT", SP_SAF_NOTRUST);
    maps_to_nobody(SP_EDENIED);
}

static void certificates_of_authorities_are_nobodys(void **state)
{
    register_certificate(SP_SAF_CERT_AUTH, "", SP_SAF_HIGHTRUST);
    maps_to_nobody(SP_ENOTFOUND);
    put_filter("O=IBM.C=US", "", "U2", true);
    maps_to("U2: filter on partial subject");
}

static void a_user_that_is_not_defined_is_nobody(void **state)
{
    put_filter("O=IBM.C=US", "", "GHOST", true);
    maps_to_nobody(SP_ENOTFOUND);
}

static void put_criteria(const char *name, const char *user, bool generic)
{
    struct sp_saf_profile profile = {.class = SP_STR("DIGTCRIT"),
                                     .name = sp_str_of(name),
                                     .owner = SP_STR("SYS1"),
                                     .generic = generic,
                                     .appl_data = sp_str_of(user)};
    ok(sp_saf_put_profile(db, &profile, NULL));
}

static void criteria_choose_the_user(void **state)
{
    char text[1024];
    struct sp_saf_class class = {.name = SP_STR("DIGTCRIT"), .active = true, .generic = true};
    struct sp_saf_cert_filter filter = {
        .issuer = SP_STR("O=IBM.C=US"), .criteria = SP_STR("APPLID=&APPLID"), .trust = true};
    ok(sp_saf_put_class(db, &class, NULL));
    ok(sp_saf_put_cert_filter(db, &filter, NULL));
    maps_to_nobody(SP_ENOTFOUND);
    put_criteria("APPLID=BANK", "APPL1", false);
    put_criteria("APPLID=*", "ANY", true);
    maps_to("ANY: filter on partial issuer");
    ok(map_der(certificate, "BANK", text, sizeof text));
    assert_string_equal(text, "APPL1: filter on partial issuer");
}

static void a_value_that_reads_like_several_names_is_not_matched(void **state)
{
    char text[1024];
    struct sp_str forged = make_test_certificate(&arena, "C=US/O=IBM/CN=FRED.OU=ATS", ISSUER, 8, NULL);
    put_filter("CN=FRED.OU=ATS.O=IBM.C=US", "", "U1", true);
    maps_to("U1: filter on full subject");
    assert_int_equal(map_der(forged, "", text, sizeof text), SP_ENOTFOUND);
    /* A period alone does no harm. */
    forged = make_test_certificate(&arena, "C=US/O=IBM/OU=ATS/CN=Fred F. Flintstone", ISSUER, 9, NULL);
    put_filter("OU=ATS.O=IBM.C=US", "", "U2", true);
    ok(map_der(forged, "", text, sizeof text));
    assert_string_equal(text, "U2: filter on partial subject");
}

static void bytes_that_are_no_certificate_are_refused(void **state)
{
    char text[1024];
    assert_int_equal(map_der(SP_STR("hello"), "", text, sizeof text), SP_ESYNTAX);
    assert_int_equal(map_der(SP_STR(""), "", text, sizeof text), SP_ESYNTAX);
    assert_int_equal(map_der(sp_str_slice(certificate, 0, certificate.len - 1), "", text, sizeof text),
                     SP_ESYNTAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        TEST(the_steps_are_taken_in_their_order),
        TEST(a_longer_part_of_a_name_comes_before_a_shorter_one),
        TEST(parts_are_cut_at_names_and_not_within_them),
        TEST(a_subject_is_never_looked_for_with_a_part_of_the_issuer),
        TEST(filters_that_are_not_trusted_are_passed_over),
        TEST(a_registered_certificate_that_is_not_trusted_ends_the_search),
        TEST(certificates_of_authorities_are_nobodys),
        TEST(a_user_that_is_not_defined_is_nobody),
        TEST(criteria_choose_the_user),
        TEST(a_value_that_reads_like_several_names_is_not_matched),
        TEST(bytes_that_are_no_certificate_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
