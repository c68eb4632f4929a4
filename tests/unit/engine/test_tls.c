/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "engine/tls.h"

static char path[] = "/tmp/sallyport-tls-XXXXXX", trust_path[] = "/tmp/sallyport-trust-XXXXXX";
static struct sp_cfg_key_store key_store, trust_store;
static struct sp_cfg_ssl ssl;
static struct sp_cfg_ssl_options ssl_options;
static struct sp_cfg_http_endpoint endpoints[2];
static struct sp_config config;
static struct sp_problems problems;
static struct sp_error err;
static SSL_CTX *context;

/* A pair that issued itself, valid for so many days, into a PEM file. */
static void write_pair(char *name, const char *subject, long days, bool with_key)
{
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -1000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)subject, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    PEM_write_X509(file, certificate);
    if (with_key)
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int setup(void **state)
{
    close(mkstemp(path));
    close(mkstemp(trust_path));
    write_pair(path, "server", 100, true);
    write_pair(trust_path, "authority", 100, false);
    return 0;
}

static int teardown(void **state)
{
    unlink(path);
    unlink(trust_path);
    return 0;
}

static int begin(void **state)
{
    key_store =
        (struct sp_cfg_key_store){.id = SP_STR_INIT("keys"), .location = sp_str_of(path), .file_based = true};
    trust_store = (struct sp_cfg_key_store){
        .id = SP_STR_INIT("trust"), .location = sp_str_of(trust_path), .file_based = true};
    ssl = (struct sp_cfg_ssl){.id = SP_STR_INIT("tls"), .key_store = &key_store, .trust_store = &trust_store};
    ssl_options = (struct sp_cfg_ssl_options){.ssl = &ssl};
    for (size_t i = 0; i < 2; i++)
        endpoints[i] = (struct sp_cfg_http_endpoint){.https_port = 9443, .ssl_options = &ssl_options};
    config = (struct sp_config){.endpoints = endpoints, .endpoint_count = 2};
    sp_problems_init(&problems);
    err = (struct sp_error)SP_ERROR_INIT;
    context = SSL_CTX_new(TLS_server_method());
    return 0;
}

static int end(void **state)
{
    SSL_CTX_free(context);
    sp_problems_finish(&problems);
    return 0;
}

static enum sp_status load(unsigned endpoint, enum sp_client_certificate *ret_client)
{
    return sp_engine_tls_load(&config, endpoint, context, &problems, ret_client, &err);
}

static void callers_are_asked_as_configured(void **state)
{
    enum sp_client_certificate client = SP_CLIENT_CERTIFICATE_MUST;
    assert_int_equal(load(0, &client), SP_OK);
    assert_int_equal(client, SP_CLIENT_CERTIFICATE_NONE);
    assert_non_null(SSL_CTX_get0_certificate(context));
    assert_int_equal(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(context)), 0);
    ssl.client_authentication_supported = true;
    assert_int_equal(load(0, &client), SP_OK);
    assert_int_equal(client, SP_CLIENT_CERTIFICATE_MAY);
    assert_int_equal(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(context)), 1);
    ssl.client_authentication = true;
    assert_int_equal(load(0, &client), SP_OK);
    assert_int_equal(client, SP_CLIENT_CERTIFICATE_MUST);
    assert_int_equal(problems.warnings, 0);
}

static void failures_name_the_key_store(void **state)
{
    enum sp_client_certificate client;
    key_store.location = SP_STR("/no/such/file");
    assert_int_equal(load(0, &client), SP_ENOTFOUND);
    assert_string_equal(err.id, "SALE0007E");
    assert_int_equal(strncmp(err.text, "keyStore[keys]: ", 16), 0);
    assert_string_equal(err.file, "/no/such/file");
    key_store.location = SP_STR("safkeyring:///Ring");
    assert_int_equal(load(0, &client), SP_EUNSUPPORTED);
    key_store.location = sp_str_of(trust_path);
    assert_int_equal(load(0, &client), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "no private key"));
    key_store.location = sp_str_of(path);
    ssl.server_key_alias = SP_STR("other");
    assert_int_equal(load(0, &client), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "'other'"));
    ssl.server_key_alias = SP_STR("");
    ssl.client_authentication = true;
    trust_store.location = SP_STR("/no/such/file");
    assert_int_equal(load(0, &client), SP_ENOTFOUND);
    assert_int_equal(strncmp(err.text, "keyStore[trust]: ", 17), 0);
}

static void a_file_without_revocation_lists_is_an_error(void **state)
{
    enum sp_client_certificate client = SP_CLIENT_CERTIFICATE_NONE;
    ssl.client_authentication = true;
    ssl.crl = sp_str_of(trust_path);
    assert_int_equal(load(0, &client), SP_ESYNTAX);
    assert_non_null(strstr(err.text, "ssl[tls]: sallyport_crl"));
    assert_non_null(strstr(err.text, "no revocation list"));
    ssl.crl = SP_STR("/nowhere/crl.pem");
    assert_int_equal(load(0, &client), SP_EIO);
    /* Nobody is asked for a certificate: it does not matter. */
    ssl.client_authentication = false;
    assert_int_equal(load(0, &client), SP_OK);
}

static void an_endpoint_without_tls_is_an_error(void **state)
{
    enum sp_client_certificate client;
    assert_int_equal(load(2, &client), SP_EINVAL);
    assert_string_equal(err.id, "SALE0006E");
    endpoints[0].ssl_options = NULL;
    assert_int_equal(load(0, &client), SP_EINVAL);
    endpoints[1].ssl_options = &ssl_options;
    ssl_options.ssl = NULL;
    assert_int_equal(load(1, &client), SP_EINVAL);
}

static void expiry_is_warned_about(void **state)
{
    enum sp_client_certificate client;
    write_pair(path, "server", 10, true);
    assert_int_equal(load(0, &client), SP_OK);
    write_pair(path, "server", 100, true);
    assert_int_equal(problems.warnings, 1);
    assert_string_equal(problems.first->id, "SALE0008W");
    assert_non_null(
        strstr(problems.first->text.ptr, "keyStore[keys]: the certificate of /CN=server expires on"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(callers_are_asked_as_configured),
        TEST(failures_name_the_key_store),
        TEST(a_file_without_revocation_lists_is_an_error),
        TEST(an_endpoint_without_tls_is_an_error),
        TEST(expiry_is_warned_about),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
