/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "crypto/key_store.h"
#include "crypto/self_signed.h"

static void what_is_made_can_be_opened_and_bears_its_names(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_key_store *store;
    const struct sp_key_entry *entry;
    sp_buf_init(&buf, 65536);
    assert_int_equal(sp_self_signed_pkcs12(SP_STR("gw.example.com"), 30, SP_STR("pw"), &buf, &err), SP_OK);
    assert_int_equal(sp_key_store_parse(sp_buf_str(&buf), SP_STR("other"), "t", &store, &err), SP_EDENIED);
    assert_int_equal(sp_key_store_parse(sp_buf_str(&buf), SP_STR("pw"), "t", &store, &err), SP_OK);
    assert_int_equal(sp_key_store_entry_count(store), 1);
    assert_int_equal(sp_key_store_entry(store, SP_STR("default"), &entry, &err), SP_OK);
    static const char *const names[] = {"gw.example.com", "localhost"};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(X509_check_host(entry->certificate, names[i], 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(entry->certificate, "example.com", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(entry->certificate, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(entry->certificate, "::1", 0), 1);
    assert_int_equal(X509_check_purpose(entry->certificate, X509_PURPOSE_SSL_SERVER, 0), 1);
    assert_int_equal(X509_check_purpose(entry->certificate, X509_PURPOSE_SSL_CLIENT, 0), 0);
    sp_key_store_free(store);
    sp_buf_wipe(&buf);
}

static void names_and_times_are_limited(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&buf, 65536);
    static const char *const bad[] = {"", "a b", "x,DNS:evil", "a/b", "*"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sp_self_signed_pkcs12(sp_str_of(bad[i]), 30, SP_STR("pw"), &buf, &err), SP_EINVAL);
    assert_int_equal(sp_self_signed_pkcs12(SP_STR("a"), 0, SP_STR("pw"), &buf, &err), SP_EINVAL);
    assert_int_equal(sp_self_signed_pkcs12(SP_STR("a"), 3651, SP_STR("pw"), &buf, &err), SP_EINVAL);
    assert_int_equal(buf.len, 0);
    sp_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_can_be_opened_and_bears_its_names),
        cmocka_unit_test(names_and_times_are_limited),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
