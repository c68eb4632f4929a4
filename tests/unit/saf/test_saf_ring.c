/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "saf/db.h"
#include "saf/ring.h"
#include "saf/saf.h"

static char directory[64], path[96];
static struct sp_saf_db *db;
static struct sp_saf *saf;
static struct sp_arena arena;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static void put_user(const char *id, unsigned flags)
{
    struct sp_saf_user user = {.id = sp_str_of(id),
                               .default_group = SP_STR("SYS1"),
                               .owner = SP_STR("SYS1"),
                               .flags = flags,
                               .uid = -1,
                               .logon_days = 0x7f,
                               .logon_from = -1,
                               .logon_to = -1};
    ok(sp_saf_put_user(db, &user, NULL));
}

static void put_profile(const char *class, const char *name)
{
    struct sp_saf_profile profile = {
        .class = sp_str_of(class), .name = sp_str_of(name), .owner = SP_STR("SYS1")};
    ok(sp_saf_put_profile(db, &profile, NULL));
}

static void permit(const char *class, const char *name, const char *id, enum sp_saf_access access)
{
    struct sp_saf_access_entry entry = {
        .class = sp_str_of(class), .profile = sp_str_of(name), .id = sp_str_of(id), .access = access};
    ok(sp_saf_put_access(db, &entry, NULL));
}

static void put_certificate(enum sp_saf_cert_owner kind, const char *owner, const char *label,
                            enum sp_saf_trust trust)
{
    struct sp_saf_certificate certificate = {.owner_kind = kind,
                                             .owner = sp_str_of(owner),
                                             .label = sp_str_of(label),
                                             .trust = trust,
                                             .der = sp_str_of(label),
                                             .private_key = SP_STR("key")};
    ok(sp_saf_put_certificate(db, &certificate, NULL));
}

static void put_ring(const char *owner, const char *name)
{
    struct sp_saf_ring ring = {sp_str_of(owner), sp_str_of(name)};
    ok(sp_saf_put_ring(db, &ring, NULL));
}

static void put_entry(const char *ring_owner, enum sp_saf_cert_owner kind, const char *owner,
                      const char *label, enum sp_saf_cert_owner usage)
{
    struct sp_saf_ring_entry entry = {.ring_owner = sp_str_of(ring_owner),
                                      .ring = SP_STR("Liberty.KeyRing"),
                                      .owner_kind = kind,
                                      .owner = sp_str_of(owner),
                                      .label = sp_str_of(label),
                                      .usage = usage,
                                      .is_default = strcmp(label, "server") == 0};
    ok(sp_saf_put_ring_entry(db, &entry, NULL));
}

static void fill(void)
{
    static const char *const classes[] = {"FACILITY", "RDATALIB"};
    for (size_t i = 0; i < 2; i++) {
        struct sp_saf_class class = {.name = sp_str_of(classes[i]), .active = true};
        ok(sp_saf_put_class(db, &class, NULL));
    }
    put_user("LIBSERV", 0);
    put_user("OTHER", 0);
    put_user("NOBODY", 0);
    put_user("SIGNER", 0);
    put_user("ADMIN", SP_SAF_SPECIAL);
    put_profile("FACILITY", "IRR.DIGTCERT.LISTRING");
    permit("FACILITY", "IRR.DIGTCERT.LISTRING", "LIBSERV", SP_SAF_READ);
    permit("FACILITY", "IRR.DIGTCERT.LISTRING", "OTHER", SP_SAF_UPDATE);
    permit("FACILITY", "IRR.DIGTCERT.LISTRING", "SIGNER", SP_SAF_UPDATE);
    permit("FACILITY", "IRR.DIGTCERT.LISTRING", "ADMIN", SP_SAF_UPDATE);
    put_profile("FACILITY", "IRR.DIGTCERT.GENCERT");
    permit("FACILITY", "IRR.DIGTCERT.GENCERT", "SIGNER", SP_SAF_CONTROL);
    put_certificate(SP_SAF_CERT_PERSONAL, "LIBSERV", "server", SP_SAF_TRUST);
    put_certificate(SP_SAF_CERT_PERSONAL, "OTHER", "other", SP_SAF_TRUST);
    put_certificate(SP_SAF_CERT_PERSONAL, "LIBSERV", "distrusted", SP_SAF_NOTRUST);
    put_certificate(SP_SAF_CERT_AUTH, "", "ca", SP_SAF_HIGHTRUST);
    put_certificate(SP_SAF_CERT_SITE, "", "site", SP_SAF_TRUST);
    put_ring("LIBSERV", "Liberty.KeyRing");
    put_ring("LIBSERV", "Empty");
    put_entry("LIBSERV", SP_SAF_CERT_AUTH, "", "ca", SP_SAF_CERT_AUTH);
    put_entry("LIBSERV", SP_SAF_CERT_PERSONAL, "LIBSERV", "server", SP_SAF_CERT_PERSONAL);
    put_entry("LIBSERV", SP_SAF_CERT_PERSONAL, "LIBSERV", "distrusted", SP_SAF_CERT_PERSONAL);
    put_entry("LIBSERV", SP_SAF_CERT_PERSONAL, "OTHER", "other", SP_SAF_CERT_PERSONAL);
    put_entry("LIBSERV", SP_SAF_CERT_SITE, "", "site", SP_SAF_CERT_PERSONAL);
}

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_saf_ring.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/saf.db", directory);
    sp_arena_init(&arena, 16 << 20);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &db, NULL));
    fill();
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    sp_saf_close(saf);
    saf = NULL;
    sp_saf_db_close(db);
    sp_arena_finish(&arena);
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static enum sp_status read_ring(const char *caller, const char *owner, const char *ring,
                                struct sp_saf_ring_content *ret, struct sp_error *err)
{
    if (!saf) {
        struct sp_saf_settings settings = {.path = path};
        ok(sp_saf_open(&settings, &saf, NULL));
    }
    return sp_saf_ring_blocking(saf, sp_str_of(caller), sp_str_of(owner), sp_str_of(ring), &arena, ret, err);
}

/* "label" or "label+key", joined by blanks. */
static const char *shown(const struct sp_saf_ring_content *content)
{
    static char text[512];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < content->count; i++) {
        const struct sp_saf_certificate *c = &content->certificates[i];
        assert_true(sp_str_eq(c->label, content->entries[i].label));
        assert_true(sp_str_eq(c->der, c->label));
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s%s", i ? " " : "", SP_STR_ARG(c->label),
                                c->private_key.len ? "+key" : "");
    }
    return text;
}

static void shows(const char *caller, const char *owner, const char *ring, const char *expected)
{
    struct sp_saf_ring_content content;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = read_ring(caller, owner, ring, &content, &err);
    assert_string_equal(err.text, "");
    ok(status);
    assert_string_equal(shown(&content), expected);
    sp_saf_ring_wipe(&content);
}

static void fails(const char *caller, const char *owner, const char *ring, enum sp_status expected,
                  const char *part)
{
    struct sp_saf_ring_content content;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(read_ring(caller, owner, ring, &content, &err), expected);
    assert_non_null(strstr(err.text, part));
}

static void own_ring_gives_own_keys_in_the_order_of_connection(void **state)
{
    shows("LIBSERV", "LIBSERV", "Liberty.KeyRing", "ca server+key other site");
    shows("LIBSERV", "", "Liberty.KeyRing", "ca server+key other site");
    shows("LIBSERV", "", "Empty", "");
}

static void entries_tell_usage_and_default(void **state)
{
    struct sp_saf_ring_content content;
    ok(read_ring("LIBSERV", "", "Liberty.KeyRing", &content, NULL));
    assert_int_equal(content.entries[0].usage, SP_SAF_CERT_AUTH);
    assert_int_equal(content.entries[1].usage, SP_SAF_CERT_PERSONAL);
    assert_true(content.entries[1].is_default);
    assert_false(content.entries[2].is_default);
    assert_true(content.certificates[2].has_private_key);
}

static void a_ring_that_is_not_there_is_reported_with_its_codes(void **state)
{
    fails("LIBSERV", "", "liberty.keyring", SP_ENOTFOUND, "8 8 84");
    fails("LIBSERV", "", "None", SP_ENOTFOUND, "LIBSERV/None");
}

static void rings_of_others_want_update(void **state)
{
    shows("OTHER", "LIBSERV", "Liberty.KeyRing", "ca server other+key site");
    permit("FACILITY", "IRR.DIGTCERT.LISTRING", "OTHER", SP_SAF_READ);
    sp_saf_close(saf);
    saf = NULL;
    fails("OTHER", "LIBSERV", "Liberty.KeyRing", SP_EDENIED, "UPDATE access to IRR.DIGTCERT.LISTRING");
}

static void without_authority_nothing_is_given(void **state)
{
    fails("NOBODY", "LIBSERV", "Liberty.KeyRing", SP_EDENIED, "NOBODY");
    fails("GHOST", "LIBSERV", "Liberty.KeyRing", SP_EDENIED, "GHOST");
    /* Whether a ring exists is not told either. */
    fails("NOBODY", "LIBSERV", "None", SP_EDENIED, "NOBODY");
}

static void keys_of_the_site_want_special_or_control(void **state)
{
    shows("SIGNER", "LIBSERV", "Liberty.KeyRing", "ca server other site+key");
    shows("ADMIN", "LIBSERV", "Liberty.KeyRing", "ca server other site+key");
}

static void rdatalib_decides_alone_when_it_covers_the_ring(void **state)
{
    put_profile("RDATALIB", "LIBSERV.Liberty.KeyRing.LST");
    permit("RDATALIB", "LIBSERV.Liberty.KeyRing.LST", "NOBODY", SP_SAF_READ);
    permit("RDATALIB", "LIBSERV.Liberty.KeyRing.LST", "OTHER", SP_SAF_UPDATE);
    permit("RDATALIB", "LIBSERV.Liberty.KeyRing.LST", "SIGNER", SP_SAF_CONTROL);
    shows("NOBODY", "LIBSERV", "Liberty.KeyRing", "ca server other site");
    shows("OTHER", "LIBSERV", "Liberty.KeyRing", "ca server+key other+key site");
    shows("SIGNER", "LIBSERV", "Liberty.KeyRing", "ca server+key other+key site+key");
    /* Although FACILITY would let him. */
    fails("LIBSERV", "", "Liberty.KeyRing", SP_EDENIED, "RDATALIB");
    /* Another ring is not covered. */
    shows("LIBSERV", "", "Empty", "");
}

static void virtual_rings_hold_all_certificates_of_an_owner(void **state)
{
    shows("LIBSERV", "*AUTH*", "*", "ca");
    shows("LIBSERV", "*SITE*", "*", "site");
    shows("LIBSERV", "", "*", "server+key");
    fails("LIBSERV", "*AUTH*", "Liberty.KeyRing", SP_ENOTFOUND, "*AUTH*");
    fails("NOBODY", "*AUTH*", "*", SP_EDENIED, "CERTIFAUTH.IRR_VIRTUAL_KEYRING.LST");
}

/* ---- locations ---- */

static void locates(const char *text, const char *owner, const char *ring)
{
    struct sp_saf_ring_location location;
    struct sp_error err = SP_ERROR_INIT;
    assert_true(sp_saf_is_ring_location(sp_str_of(text)));
    enum sp_status status = sp_saf_ring_location_parse(sp_str_of(text), &location, &err);
    assert_string_equal(err.text, "");
    ok(status);
    assert_string_equal(location.owner, owner);
    assert_true(sp_str_is(location.ring, ring));
}

static void refuses(const char *text, enum sp_status expected)
{
    struct sp_saf_ring_location location;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_saf_ring_location_parse(sp_str_of(text), &location, &err), expected);
    assert_non_null(strstr(err.text, "safkeyring"));
}

static void all_forms_of_a_location_are_read(void **state)
{
    locates("safkeyring:///Liberty.KeyRing", "", "Liberty.KeyRing");
    locates("safkeyring:////Liberty.KeyRing", "", "Liberty.KeyRing");
    locates("safkeyring://libserv/Liberty.KeyRing", "LIBSERV", "Liberty.KeyRing");
    locates("safkeyring:////LIBSERV/Liberty.KeyRing", "LIBSERV", "Liberty.KeyRing");
    locates(" SafKeyring://LIBSERV/a ", "LIBSERV", "a");
    locates("safkeyring:////*AUTH*/*", "*AUTH*", "*");
}

static void locations_that_name_no_ring_are_refused(void **state)
{
    char text[300] = "safkeyring:///";
    refuses("safkeyring://LIBSERV", SP_ESYNTAX);
    refuses("safkeyring://LIBSERV/", SP_ESYNTAX);
    refuses("safkeyring:///", SP_ESYNTAX);
    refuses("safkeyring:ring", SP_ESYNTAX);
    refuses("safkeyring:/ring", SP_ESYNTAX);
    refuses("safkeyring://///ring", SP_ESYNTAX);
    refuses("safkeyring://TOOLONGID/ring", SP_ESYNTAX);
    refuses("safkeyring://A B/ring", SP_ESYNTAX);
    refuses("safkeyring://A/b/c", SP_ESYNTAX);
    refuses("safkeyring:///a b", SP_ESYNTAX);
    refuses("safkeyringhw://A/ring", SP_EUNSUPPORTED);
    refuses("/etc/key.p12", SP_ESYNTAX);
    assert_false(sp_saf_is_ring_location(SP_STR("/etc/safkeyring:")));
    assert_false(sp_saf_is_ring_location(SP_STR("safkeyring.p12")));
    memset(text + 14, 'r', 237);
    locates(text, "", text + 14);
    text[251] = 'r';
    refuses(text, SP_ESYNTAX);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_ring_gives_own_keys_in_the_order_of_connection, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(entries_tell_usage_and_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ring_that_is_not_there_is_reported_with_its_codes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rings_of_others_want_update, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_authority_nothing_is_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_of_the_site_want_special_or_control, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rdatalib_decides_alone_when_it_covers_the_ring, set_up, tear_down),
        cmocka_unit_test_setup_teardown(virtual_rings_hold_all_certificates_of_an_owner, set_up, tear_down),
        cmocka_unit_test(all_forms_of_a_location_are_read),
        cmocka_unit_test(locations_that_name_no_ring_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
