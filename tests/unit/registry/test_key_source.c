/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "registry/key_source.h"
#include "saf_database.h"

static struct sp_cfg_saf_database rings;
static struct sp_cfg_key_store from;
static struct sp_key_store *store;
static struct sp_error err;

static const char *const commands[] = {
    "SETROPTS CLASSACT(FACILITY STARTED) GENERIC(STARTED)",
    "ADDUSER (LIBSERV OTHER) DFLTGRP(SYS1)",
    "RDEFINE FACILITY IRR.DIGTCERT.LISTRING UACC(NONE)",
    "PERMIT IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(LIBSERV) ACCESS(READ)",
    "RACDCERT CERTAUTH GENCERT SUBJECTSDN(CN('Liberty CA')) WITHLABEL('Liberty CA') NISTECC",
    "RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('spare')) WITHLABEL('Spare') NISTECC",
    ("RACDCERT ID(LIBSERV) GENCERT SUBJECTSDN(CN('server')) WITHLABEL('Server') NISTECC "
     "SIGNWITH(CERTAUTH LABEL('Liberty CA'))"),
    "RACDCERT ID(LIBSERV) ADDRING(Liberty.KeyRing)",
    "RACDCERT ID(LIBSERV) CONNECT(LABEL('Spare') RING(Liberty.KeyRing))",
    "RACDCERT ID(LIBSERV) CONNECT(CERTAUTH LABEL('Liberty CA') RING(Liberty.KeyRing))",
    "RACDCERT ID(LIBSERV) CONNECT(LABEL('Server') RING(Liberty.KeyRing) DEFAULT)",
    "RACDCERT ID(LIBSERV) ADDRING(Empty)",
};

static int set_up(void **state)
{
    rings = (struct sp_cfg_saf_database){.database = saf_database_make(),
                                         .server_user = SP_STR_INIT("libserv"),
                                         .server_name = SP_STR_INIT("apiServer1")};
    from = (struct sp_cfg_key_store){
        .id = SP_STR_INIT("keys"), .location = SP_STR_INIT("safkeyring:///Liberty.KeyRing"), .rings = &rings};
    store = NULL;
    err = (struct sp_error)SP_ERROR_INIT;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        saf_database_run(commands[i]);
    return 0;
}

static int tear_down(void **state)
{
    sp_key_store_free(store);
    saf_database_remove();
    return 0;
}

static void opens(void)
{
    sp_key_store_free(store);
    store = NULL;
    sp_error_clear(&err);
    enum sp_status status = sp_key_source_open(&from, &store, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, SP_OK);
}

static void fails(enum sp_status expected, const char *part)
{
    struct sp_key_store *opened = NULL;
    assert_int_equal(sp_key_source_open(&from, &opened, &err), expected);
    assert_null(opened);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in '%s'", part, err.text);
}

static void a_ring_gives_keys_and_trust(void **state)
{
    const struct sp_key_entry *entry;
    opens();
    assert_int_equal(sp_key_store_entry_count(store), 2);
    assert_int_equal(sp_key_store_entry(store, SP_STR(""), &entry, &err), SP_OK);
    assert_true(sp_str_is(entry->alias, "Server"));
    assert_int_equal(sk_X509_num(entry->chain), 1);
    assert_int_equal(sp_key_store_entry(store, SP_STR("spare"), &entry, &err), SP_OK);
    /* "Spare" issued itself, and is trusted no more than it is connected as an authority. */
    assert_int_equal(sp_key_store_trusted_count(store), 1);
}

static void a_ring_serves_tls(void **state)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    opens();
    assert_int_equal(sp_key_store_present(store, SP_STR(""), context, &err), SP_OK);
    assert_int_equal(sp_key_store_trust(store, context, &err), SP_OK);
    SSL_CTX_free(context);
}

static void all_forms_of_a_location_name_a_ring(void **state)
{
    from.location = SP_STR("safkeyring://LIBSERV/Liberty.KeyRing");
    opens();
    from.location = SP_STR("safkeyring:////LIBSERV/Liberty.KeyRing");
    opens();
    from.location = SP_STR("safkeyring:////Liberty.KeyRing");
    opens();
    from.location = SP_STR("safkeyring:////*AUTH*/*");
    opens();
    assert_int_equal(sp_key_store_entry_count(store), 0);
    assert_int_equal(sp_key_store_trusted_count(store), 1);
}

static void the_started_task_says_as_whom_rings_are_read(void **state)
{
    rings.server_user = (struct sp_str){NULL, 0};
    fails(SP_ENOTFOUND, "define BAQSTRT.APISERVE in class STARTED");
    saf_database_run("RDEFINE STARTED BAQSTRT.* STDATA(USER(LIBSERV) GROUP(SYS1))");
    opens();
    saf_database_run("RDEFINE STARTED BAQSTRT.APISERVE STDATA(USER(OTHER) GROUP(SYS1))");
    fails(SP_EDENIED, "user OTHER may not read");
    saf_database_run("RDELETE STARTED BAQSTRT.APISERVE");
    saf_database_run("SETROPTS NOCLASSACT(STARTED)");
    fails(SP_ENOTFOUND, "serverUser");
}

static void failures_name_the_ring(void **state)
{
    from.location = SP_STR("safkeyring:///None");
    fails(SP_ENOTFOUND, "safkeyring:///None: there is no key ring LIBSERV/None");
    from.location = SP_STR("safkeyring:///Empty");
    fails(SP_EINVAL, "safkeyring:///Empty: there is no certificate in it");
    from.location = SP_STR("safkeyring://LIBSERV");
    fails(SP_ESYNTAX, "names no ring");
    rings.server_user = SP_STR("other");
    from.location = SP_STR("safkeyring://LIBSERV/Liberty.KeyRing");
    fails(SP_EDENIED, "user OTHER may not read the key ring LIBSERV/Liberty.KeyRing");
    rings.server_user = SP_STR("not a user");
    fails(SP_EINVAL, "serverUser=\"not a user\" is no user id");
    rings.database = SP_STR("/no/such/database");
    fails(SP_ENOTFOUND, "/no/such/database");
    from.rings = NULL;
    fails(SP_EUNSUPPORTED, "no security database");
}

static void files_are_read_as_before(void **state)
{
    from = (struct sp_cfg_key_store){.location = SP_STR_INIT("/no/such/file"), .file_based = true};
    fails(SP_ENOTFOUND, "cannot be opened");
    from.file_based = false;
    fails(SP_EUNSUPPORTED, "no key ring");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ring_gives_keys_and_trust),
        TEST(a_ring_serves_tls),
        TEST(all_forms_of_a_location_name_a_ring),
        TEST(the_started_task_says_as_whom_rings_are_read),
        TEST(failures_name_the_ring),
        TEST(files_are_read_as_before),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
