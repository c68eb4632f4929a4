/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "certificates.h"
#include "crypto/key_store.h"
#include "saf/certificate_make.h"
#include "saf/certificate_package.h"
#include "saf/data_set.h"
#include "text/codepage.h"

#define DAY 86400

static struct sp_arena arena;
static struct sp_str ca, ca_key, server, server_key;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static struct sp_certificate_plan plan_for(const struct sp_subject *subject, struct sp_str key)
{
    return (struct sp_certificate_plan){.subject = subject,
                                        .key = key,
                                        .not_before = 1577836800,
                                        .not_after = 1577836800 + (int64_t)20000 * DAY};
}

static struct sp_str make(const struct sp_certificate_plan *plan)
{
    struct sp_str der;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_certificate_make(plan, &arena, &der, &err);
    assert_string_equal(err.text, "");
    ok(status);
    return der;
}

/* An authority, and a certificate that it signed. */
static int set_up(void **state)
{
    static const struct sp_subject authority = {.common_name = SP_STR_INIT("CA"),
                                                .organisation = SP_STR_INIT("IBM")},
                                   subject = {.common_name = SP_STR_INIT("server"),
                                              .title = SP_STR_INIT("Host"),
                                              .units = {SP_STR_INIT("a"), SP_STR_INIT("b")},
                                              .unit_count = 2,
                                              .organisation = SP_STR_INIT("IBM"),
                                              .locality = SP_STR_INIT("Z\xc3\xbcrich"),
                                              .state = SP_STR_INIT("ZH"),
                                              .country = SP_STR_INIT("CH")};
    static const struct sp_alt_name names[] = {{SP_ALT_DOMAIN, SP_STR_INIT("a.example")}};
    sp_arena_init(&arena, 16 << 20);
    ok(sp_key_make(SP_KEY_NISTECC, 384, &arena, &ca_key, NULL));
    ok(sp_key_make(SP_KEY_RSA, 2048, &arena, &server_key, NULL));
    struct sp_certificate_plan plan = plan_for(&authority, ca_key);
    plan.authority = true;
    plan.usage = SP_USAGE_CERTSIGN;
    ca = make(&plan);
    plan = plan_for(&subject, server_key);
    plan.usage = SP_USAGE_HANDSHAKE;
    plan.alt_names = names;
    plan.alt_name_count = 1;
    plan.signer = ca;
    plan.signer_key = ca_key;
    server = make(&plan);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_wipe(&arena);
    return 0;
}

static struct sp_certificate_facts facts_of(struct sp_str der)
{
    struct sp_certificate_facts facts;
    ok(sp_certificate_facts_read(der, &arena, &facts, NULL));
    return facts;
}

static void facts_are_told(void **state)
{
    struct sp_certificate_facts facts = facts_of(server);
    assert_true(sp_str_is(facts.subject, "CN=server.T=Host.OU=a.OU=b.O=IBM.L=Z\xc3\xbcrich.SP=ZH.C=CH"));
    assert_true(sp_str_is(facts.issuer, "CN=CA.O=IBM"));
    assert_string_equal(facts.key_type, "RSA");
    assert_int_equal(facts.key_bits, 2048);
    assert_true(sp_str_is(facts.signature, "sha384ECDSA"));
    assert_int_equal(facts.usage, SP_USAGE_HANDSHAKE);
    assert_false(facts.is_authority || facts.self_signed);
    assert_int_equal(facts.not_before, 1577836800);
    assert_int_equal(facts.alt_name_count, 1);
    assert_true(sp_str_is(facts.alt_names[0], "DOMAIN: a.example"));
    assert_int_equal(facts.serial.len, 32);
    facts = facts_of(ca);
    assert_true(facts.is_authority && facts.self_signed);
    assert_string_equal(facts.key_type, "NISTECC");
    assert_int_equal(facts.usage, SP_USAGE_CERTSIGN);
    assert_true(sp_str_is(sp_certificate_time_text(facts.not_before, &arena), "2020-01-01 00:00:00"));
}

static void profiles_name_serial_and_issuer(void **state)
{
    struct sp_str der = make_test_certificate(&arena, "O=x", "C=US/CN=The big CA", 10, NULL);
    assert_true(sp_str_is(facts_of(der).profile, "0A.CN=The\xc2\xa2"
                                                 "big\xc2\xa2"
                                                 "CA.C=US"));
    der = make_test_certificate(&arena, "O=x", "CN=y", 0, NULL);
    assert_true(sp_str_is(facts_of(der).serial, "00"));
}

static void openssl_accepts_the_chain(void **state)
{
    X509 *root = sp_certificate_parse(ca), *leaf = sp_certificate_parse(server);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, root);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_X509_STRICT);
    int verified = X509_verify_cert(context);
    assert_string_equal(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)), "ok");
    assert_int_equal(verified, 1);
    assert_int_equal(X509_check_host(leaf, "a.example", 0, 0, NULL), 1);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(leaf);
}

/* The request is made by hand: it wants to be an authority. */
static struct sp_str ambitious_request(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    unsigned char *der = NULL;
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:TRUE"));
    sk_X509_EXTENSION_push(extensions,
                           X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "digitalSignature,keyCertSign"));
    sk_X509_EXTENSION_push(extensions,
                           X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:b.example"));
    set_test_name(X509_REQ_get_subject_name(request), "O=Other/CN=asks");
    X509_REQ_set_pubkey(request, key);
    X509_REQ_add_extensions(request, extensions);
    X509_REQ_sign(request, key, EVP_sha256());
    int len = i2d_X509_REQ(request, &der);
    struct sp_str copy = sp_arena_str(&arena, sp_str_from(der, (size_t)len));
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return copy;
}

static void nobody_becomes_an_authority_by_asking(void **state)
{
    struct sp_certificate_plan plan = plan_for(NULL, (struct sp_str){NULL, 0});
    plan.request = ambitious_request();
    plan.signer = ca;
    plan.signer_key = ca_key;
    struct sp_certificate_facts facts = facts_of(make(&plan));
    assert_true(sp_str_is(facts.subject, "CN=asks.O=Other"));
    assert_false(facts.is_authority);
    assert_int_equal(facts.usage, SP_USAGE_HANDSHAKE);
    assert_int_equal(facts.alt_name_count, 1);
    assert_true(sp_str_is(facts.alt_names[0], "DOMAIN: b.example"));
}

static void a_request_that_was_changed_is_refused(void **state)
{
    struct sp_certificate_plan plan = plan_for(NULL, (struct sp_str){NULL, 0});
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str der;
    plan.request = ambitious_request();
    plan.signer = ca;
    plan.signer_key = ca_key;
    char *at = memmem(plan.request.ptr, plan.request.len, "asks", 4);
    memcpy(at, "cash", 4);
    assert_int_equal(sp_certificate_make(&plan, &arena, &der, &err), SP_ESYNTAX);
    assert_non_null(strstr(err.text, "signature"));
}

static void a_signer_needs_its_own_key(void **state)
{
    static const struct sp_subject subject = {.common_name = SP_STR_INIT("x")};
    struct sp_certificate_plan plan = plan_for(&subject, server_key);
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str der;
    plan.signer = ca;
    plan.signer_key = server_key;
    assert_int_equal(sp_certificate_make(&plan, &arena, &der, &err), SP_EINVAL);
}

static void keys_have_their_sizes(void **state)
{
    struct sp_str key;
    assert_int_equal(sp_key_make(SP_KEY_RSA, 1023, &arena, &key, NULL), SP_EINVAL);
    assert_int_equal(sp_key_make(SP_KEY_RSA, 4097, &arena, &key, NULL), SP_EINVAL);
    ok(sp_key_make(SP_KEY_RSA, 1024, &arena, &key, NULL));
    assert_int_equal(sp_key_make(SP_KEY_NISTECC, 255, &arena, &key, NULL), SP_EINVAL);
    ok(sp_key_make(SP_KEY_NISTECC, 521, &arena, &key, NULL));
}

/* ---- packages ---- */

static struct sp_certificate_package whole(void)
{
    return (struct sp_certificate_package){.certificates = {server, ca}, .count = 2, .key = server_key};
}

static struct sp_str written(enum sp_package_format format)
{
    struct sp_certificate_package package = whole();
    struct sp_buf buf;
    sp_buf_init(&buf, 1 << 20);
    ok(sp_certificate_package_write(&package, format, SP_STR("secret"), SP_STR("The label"), &buf, NULL));
    struct sp_str copy = sp_arena_str(&arena, sp_buf_str(&buf));
    sp_buf_wipe(&buf);
    return copy;
}

static void every_form_comes_back(void **state)
{
    for (int format = SP_CERTDER; format <= SP_PKCS12B64; format++) {
        struct sp_certificate_package package;
        struct sp_error err = SP_ERROR_INIT;
        bool pkcs12 = format >= SP_PKCS12DER, chain = format >= SP_PKCS7DER;
        enum sp_status status = sp_certificate_package_read(
            written((enum sp_package_format)format), pkcs12 ? SP_STR("secret") : (struct sp_str){NULL, 0},
            &arena, &package, &err);
        assert_string_equal(err.text, "");
        ok(status);
        assert_int_equal(package.count, chain ? 2 : 1);
        assert_true(sp_str_eq(package.certificates[0], server));
        if (chain)
            assert_true(sp_str_eq(package.certificates[1], ca));
        assert_int_equal(package.key.len > 0, pkcs12);
    }
}

static void other_programs_read_pkcs12(void **state)
{
    struct sp_key_store *store;
    const struct sp_key_entry *entry;
    ok(sp_key_store_parse(written(SP_PKCS12DER), SP_STR("secret"), "test", &store, NULL));
    ok(sp_key_store_entry(store, SP_STR("the label"), &entry, NULL));
    assert_int_equal(X509_check_private_key(entry->certificate, entry->key), 1);
    assert_int_equal(sk_X509_num(entry->chain), 1);
    sp_key_store_free(store);
}

static void ebcdic_text_is_read(void **state)
{
    struct sp_certificate_package package;
    struct sp_buf ebcdic;
    sp_buf_init(&ebcdic, 1 << 20);
    ok(sp_codepage_encode(sp_codepage_find(1047, SP_NEWLINE_15), written(SP_CERTB64), &ebcdic, NULL));
    ok(sp_certificate_package_read(sp_buf_str(&ebcdic), (struct sp_str){NULL, 0}, &arena, &package, NULL));
    assert_true(sp_str_eq(package.certificates[0], server));
    sp_buf_finish(&ebcdic);
}

static void refuses(struct sp_str bytes, struct sp_str password, enum sp_status expected)
{
    struct sp_certificate_package package;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_certificate_package_read(bytes, password, &arena, &package, &err), expected);
    assert_true(err.text[0]);
}

static void what_is_no_package_is_refused(void **state)
{
    struct sp_str none = {NULL, 0}, p12 = written(SP_PKCS12DER);
    refuses(SP_STR(""), none, SP_ESYNTAX);
    refuses(SP_STR("hello"), none, SP_ESYNTAX);
    refuses(SP_STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), none, SP_ESYNTAX);
    refuses(p12, none, SP_EDENIED);
    refuses(p12, SP_STR("wrong"), SP_EDENIED);
    refuses(sp_str_slice(p12, 0, p12.len / 2), SP_STR("secret"), SP_ESYNTAX);
    refuses(sp_str_slice(server, 0, server.len - 1), none, SP_ESYNTAX);
    char *large = calloc(1, SP_PACKAGE_BYTES_MAX + 1);
    refuses(sp_str_from(large, SP_PACKAGE_BYTES_MAX + 1), none, SP_ELIMIT);
    free(large);
}

static void requests_come_in_two_forms(void **state)
{
    struct sp_str der = ambitious_request(), found;
    struct sp_buf text;
    sp_buf_init(&text, 1 << 20);
    ok(sp_request_read(der, &arena, &found, NULL));
    ok(sp_pem_write("NEW CERTIFICATE REQUEST", der, &text));
    ok(sp_request_read(sp_buf_str(&text), &arena, &found, NULL));
    assert_true(sp_str_eq(found, der));
    assert_int_equal(sp_request_read(written(SP_CERTB64), &arena, &found, NULL), SP_ESYNTAX);
    assert_int_equal(sp_request_read(SP_STR(""), &arena, &found, NULL), SP_ESYNTAX);
    sp_buf_finish(&text);
}

/* ---- data sets ---- */

static void data_sets_have_names(void **state)
{
    static const char *const good[] = {"A", "USER1.CERT.PEM", "a-b_c.#1", "LIB.CERTS(CA)"};
    static const char *const bad[] = {"",    ".",  "..",  "a..b", ".a",  "a.",     "a/b",   "../x",
                                      "a b", "A(", "A()", "(A)",  "A(B", "A(B.C)", "A(B)C", "\xc3\xbc"};
    char name[SP_DATA_SET_NAME_MAX + 2];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(sp_data_set_name_ok(sp_str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sp_data_set_name_ok(sp_str_of(bad[i])));
    memset(name, 'A', sizeof name);
    assert_true(sp_data_set_name_ok(sp_str_from(name, SP_DATA_SET_NAME_MAX)));
    assert_false(sp_data_set_name_ok(sp_str_from(name, SP_DATA_SET_NAME_MAX + 1)));
}

static void data_sets_are_files_of_one_directory(void **state)
{
    char directory[] = "/tmp/test_saf_data_set.XXXXXX", path[128], command[128];
    struct stat status;
    struct sp_buf buf;
    assert_non_null(mkdtemp(directory));
    sp_buf_init(&buf, 5);
    ok(sp_data_set_write(directory, SP_STR("user1.cert"), SP_STR("first"), NULL));
    ok(sp_data_set_write(directory, SP_STR("USER1.CERT"), SP_STR("again"), NULL));
    snprintf(path, sizeof path, "%s/USER1.CERT", directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    ok(sp_data_set_read(directory, SP_STR("User1.Cert"), &buf, NULL));
    assert_true(sp_str_is(sp_buf_str(&buf), "again"));
    sp_buf_reset(&buf);
    ok(sp_data_set_write(directory, SP_STR("LONG"), SP_STR("longer"), NULL));
    assert_int_equal(sp_data_set_read(directory, SP_STR("LONG"), &buf, NULL), SP_ELIMIT);
    assert_int_equal(sp_data_set_read(directory, SP_STR("NONE"), &buf, NULL), SP_ENOTFOUND);
    assert_int_equal(sp_data_set_read(NULL, SP_STR("LONG"), &buf, NULL), SP_EDENIED);
    assert_int_equal(sp_data_set_write("/nonexistent", SP_STR("LONG"), SP_STR(""), NULL), SP_EIO);
    /* A link leads nowhere. */
    snprintf(path, sizeof path, "%s/LINK", directory);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(sp_data_set_read(directory, SP_STR("LINK"), &buf, NULL), SP_EIO);
    sp_buf_finish(&buf);
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_told),
        cmocka_unit_test(profiles_name_serial_and_issuer),
        cmocka_unit_test(openssl_accepts_the_chain),
        cmocka_unit_test(nobody_becomes_an_authority_by_asking),
        cmocka_unit_test(a_request_that_was_changed_is_refused),
        cmocka_unit_test(a_signer_needs_its_own_key),
        cmocka_unit_test(keys_have_their_sizes),
        cmocka_unit_test(every_form_comes_back),
        cmocka_unit_test(other_programs_read_pkcs12),
        cmocka_unit_test(ebcdic_text_is_read),
        cmocka_unit_test(what_is_no_package_is_refused),
        cmocka_unit_test(requests_come_in_two_forms),
        cmocka_unit_test(data_sets_have_names),
        cmocka_unit_test(data_sets_are_files_of_one_directory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
