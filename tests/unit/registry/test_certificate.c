/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "registry/certificate_name.h"
#include "registry/registry.h"

struct part {
    const char *type;
    struct sp_str value;
};

/* A certificate of these names, in their order; DER to be freed with OPENSSL_free. */
static struct sp_str make(const struct part *parts, size_t count)
{
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *name = X509_get_subject_name(certificate), *issuer = X509_get_issuer_name(certificate);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(X509_NAME_add_entry_by_txt(name, parts[i].type, MBSTRING_UTF8,
                                                    (const unsigned char *)parts[i].value.ptr,
                                                    (int)parts[i].value.len, -1, 0),
                         1);
    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8, (const unsigned char *)"Test CA", -1, -1, 0);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 4711);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    assert_true(len > 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return sp_str_from(der, (size_t)len);
}

static const struct part fred[] = {{"C", SP_STR_INIT("DE")},
                                   {"O", SP_STR_INIT("M\xc3\xbcller, S\xc3\xb6hne")},
                                   {"CN", SP_STR_INIT("people")},
                                   {"CN", SP_STR_INIT("Fred")}};

static void names_are_written_with_the_most_specific_part_first(void **state)
{
    struct sp_str der = make(fred, 4);
    struct sp_arena arena;
    struct sp_certificate_names names;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 100000);
    assert_int_equal(sp_certificate_names_read(der, &arena, &names, &err), SP_OK);
    assert_true(sp_str_is(names.subject, "CN=Fred,CN=people,O=M\xc3\xbcller\\, S\xc3\xb6hne,C=DE"));
    assert_true(sp_str_is(names.issuer, "CN=Test CA"));
    assert_true(sp_str_is(names.serial, "4711"));
    struct sp_str value;
    assert_int_equal(sp_certificate_names_part(&names, false, SP_STR("cn"), &arena, &value, &err), SP_OK);
    assert_true(sp_str_is(value, "Fred"));
    assert_int_equal(sp_certificate_names_part(&names, false, SP_STR("O"), &arena, &value, &err), SP_OK);
    assert_true(sp_str_is(value, "M\xc3\xbcller, S\xc3\xb6hne"));
    assert_int_equal(sp_certificate_names_part(&names, true, SP_STR("CN"), &arena, &value, &err), SP_OK);
    assert_true(sp_str_is(value, "Test CA"));
    assert_int_equal(sp_certificate_names_part(&names, false, SP_STR("UID"), &arena, &value, &err), SP_OK);
    assert_null(value.ptr);
    assert_int_equal(sp_certificate_names_part(&names, false, SP_STR("nonsense"), &arena, &value, &err),
                     SP_OK);
    assert_null(value.ptr);
    sp_certificate_names_finish(&names);
    sp_arena_finish(&arena);
    OPENSSL_free((void *)der.ptr);
}

static void what_is_not_exactly_one_certificate_is_refused(void **state)
{
    struct sp_str der = make(fred, 4);
    char *longer = calloc(1, der.len + 1);
    memcpy(longer, der.ptr, der.len);
    struct sp_arena arena;
    struct sp_certificate_names names;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 100000);
    assert_int_equal(sp_certificate_names_read(sp_str_from(longer, der.len + 1), &arena, &names, &err),
                     SP_ESYNTAX);
    assert_int_equal(sp_certificate_names_read(sp_str_from(longer, der.len - 1), &arena, &names, &err),
                     SP_ESYNTAX);
    assert_int_equal(sp_certificate_names_read(SP_STR(""), &arena, &names, &err), SP_ESYNTAX);
    assert_int_equal(sp_certificate_names_read(SP_STR("x"), &arena, &names, &err), SP_ESYNTAX);
    free(longer);
    sp_arena_finish(&arena);
    OPENSSL_free((void *)der.ptr);
}

/* A CA that looks at the text before the zero byte only would have signed it for somebody else. */
static void a_zero_byte_in_a_name_is_refused(void **state)
{
    const struct part parts[] = {{"CN", {"Fred\0x", 6}}};
    struct sp_str der = make(parts, 1);
    struct sp_arena arena;
    struct sp_certificate_names names;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 100000);
    assert_int_equal(sp_certificate_names_read(der, &arena, &names, &err), SP_ESYNTAX);
    sp_arena_finish(&arena);
    OPENSSL_free((void *)der.ptr);
}

static enum sp_status find(const char *mode, struct sp_str der, struct sp_registry_user *ret_user)
{
    const struct sp_cfg_user user = {SP_STR_INIT("Fred"), SP_STR_INIT("x")};
    struct sp_cfg_basic_registry basic = {
        .users = &user, .user_count = 1, .certificate_map_mode = sp_str_of(mode)};
    struct sp_config config = {.basic_registry = &basic};
    struct sp_registry *registry;
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 100000);
    assert_int_equal(sp_registry_new(&config, NULL, NULL, &registry, &err), SP_OK);
    enum sp_status status = io_registry_find_certificate(registry, der, &arena, ret_user, &err);
    if (status == SP_OK)
        assert_true(sp_str_is(ret_user->name, "Fred"));
    sp_registry_free(registry);
    sp_arena_finish(&arena);
    return status;
}

static void the_basic_registry_knows_the_common_name(void **state)
{
    const struct part other[] = {{"CN", SP_STR_INIT("Fred")}, {"CN", SP_STR_INIT("Wilma")}};
    const struct part none[] = {{"O", SP_STR_INIT("Fred")}};
    struct sp_registry_user user;
    struct sp_str der = make(fred, 4);
    assert_int_equal(find("PRINCIPAL_CN", der, &user), SP_OK);
    assert_int_equal(find("NOT_SUPPORTED", der, &user), SP_EDENIED);
    assert_int_equal(find("CUSTOM", der, &user), SP_EDENIED);
    OPENSSL_free((void *)der.ptr);
    der = make(other, 2);
    assert_int_equal(find("PRINCIPAL_CN", der, &user), SP_ENOTFOUND);
    OPENSSL_free((void *)der.ptr);
    der = make(none, 1);
    assert_int_equal(find("PRINCIPAL_CN", der, &user), SP_ENOTFOUND);
    OPENSSL_free((void *)der.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_written_with_the_most_specific_part_first),
        cmocka_unit_test(what_is_not_exactly_one_certificate_is_refused),
        cmocka_unit_test(a_zero_byte_in_a_name_is_refused),
        cmocka_unit_test(the_basic_registry_knows_the_common_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
