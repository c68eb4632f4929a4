/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "crypto/key_store.h"

enum { ROOT, SERVER, OTHER, KINDS };

static struct sp_str certificates[KINDS], keys[KINDS];

static struct sp_str kept(unsigned char *der, int len)
{
    assert_true(len > 0);
    return sp_str_from(der, (size_t)len);
}

/* SERVER is issued by ROOT, the others by themselves. */
static int set_up(void **state)
{
    static const char *const names[] = {"Root", "server", "other"};
    EVP_PKEY *made[KINDS];
    X509 *root = NULL;
    for (int i = 0; i < KINDS; i++) {
        X509 *x509 = X509_new();
        made[i] = EVP_EC_gen("P-256");
        X509_set_version(x509, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), i + 1);
        X509_gmtime_adj(X509_getm_notBefore(x509), 0);
        X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)names[i], -1, -1, 0);
        X509_set_issuer_name(x509, X509_get_subject_name(i == SERVER ? root : x509));
        X509_set_pubkey(x509, made[i]);
        X509_sign(x509, i == SERVER ? made[ROOT] : made[i], EVP_sha256());
        unsigned char *der = NULL, *pkcs8 = NULL;
        PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(made[i]);
        int len = i2d_X509(x509, &der);
        certificates[i] = kept(der, len);
        len = i2d_PKCS8_PRIV_KEY_INFO(p8, &pkcs8);
        keys[i] = kept(pkcs8, len);
        PKCS8_PRIV_KEY_INFO_free(p8);
        if (i == ROOT)
            root = x509;
        else
            X509_free(x509);
    }
    X509_free(root);
    for (int i = 0; i < KINDS; i++)
        EVP_PKEY_free(made[i]);
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < KINDS; i++) {
        OPENSSL_free((void *)(uintptr_t)certificates[i].ptr);
        OPENSSL_free((void *)(uintptr_t)keys[i].ptr);
    }
    return 0;
}

static struct sp_key_store *make(const struct sp_key_store_item *items, size_t count)
{
    struct sp_key_store *store;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_key_store_make(items, count, "ring", &store, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, SP_OK);
    return store;
}

static void refuses(const struct sp_key_store_item *items, size_t count, enum sp_status expected)
{
    struct sp_key_store *store;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_key_store_make(items, count, "ring", &store, &err), expected);
    assert_string_equal(err.file, "ring");
}

static void keys_make_entries_with_their_chains(void **state)
{
    struct sp_key_store_item items[] = {
        {.certificate = certificates[ROOT], .alias = SP_STR("CA"), .trusted = true},
        {.certificate = certificates[OTHER], .key = keys[OTHER], .alias = SP_STR("other")},
        {.certificate = certificates[SERVER], .key = keys[SERVER], .alias = SP_STR("Server")}};
    struct sp_key_store *store = make(items, 3);
    const struct sp_key_entry *entry;
    assert_int_equal(sp_key_store_entry_count(store), 2);
    assert_int_equal(sp_key_store_entry(store, SP_STR(""), &entry, NULL), SP_OK);
    assert_true(sp_str_is(entry->alias, "other"));
    assert_int_equal(sk_X509_num(entry->chain), 0);
    assert_int_equal(sp_key_store_entry(store, SP_STR("server"), &entry, NULL), SP_OK);
    assert_int_equal(sk_X509_num(entry->chain), 1);
    assert_int_equal(X509_check_private_key(entry->certificate, entry->key), 1);
    sp_key_store_free(store);
}

static void only_what_says_so_is_trusted(void **state)
{
    struct sp_key_store_item items[] = {
        {.certificate = certificates[SERVER], .key = keys[SERVER]},
        {.certificate = certificates[ROOT], .trusted = true},
        {.certificate = certificates[OTHER]}}; /* issued itself, and is not asked for */
    struct sp_key_store *store = make(items, 3);
    assert_int_equal(sp_key_store_trusted_count(store), 1);
    X509_NAME *name = X509_get_subject_name(sp_key_store_trusted(store, 0));
    char text[64];
    X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
    assert_string_equal(text, "Root");
    sp_key_store_free(store);
    items[1].trusted = false;
    store = make(items, 3);
    assert_int_equal(sp_key_store_trusted_count(store), 0);
    sp_key_store_free(store);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    struct sp_key_store_item items[] = {{.certificate = certificates[SERVER], .key = keys[OTHER]}};
    refuses(items, 1, SP_EINVAL);
    items[0].key = SP_STR("no key");
    refuses(items, 1, SP_ESYNTAX);
    items[0].certificate = SP_STR("no certificate");
    refuses(items, 1, SP_ESYNTAX);
    refuses(items, 0, SP_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_make_entries_with_their_chains),
        cmocka_unit_test(only_what_says_so_is_trusted),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
