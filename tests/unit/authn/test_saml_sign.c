/* SPDX-License-Identifier: Apache-2.0
 * Signatures of our own on SAML messages, and how strong those of others must be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authn/saml_request.h"
#include "authn/saml_send.h"
#include "authn/saml_signature.h"

/* ---- keys ---- */

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
    struct sp_saml_trust *trust;
};

static struct pair rsa, ec;

static void make_pair(struct pair *pair, EVP_PKEY *key)
{
    unsigned char *der = NULL;
    struct sp_error err = SP_ERROR_INIT;
    X509 *certificate = X509_new();
    assert_non_null(key);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"sp", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    int len = i2d_X509(certificate, &der);
    const struct sp_str bytes = sp_str_from(der, (size_t)len);
    *pair = (struct pair){.key = key, .certificate = certificate};
    assert_int_equal(sp_saml_trust_of(&bytes, 1, &pair->trust, &err), SP_OK);
    OPENSSL_free(der);
}

static int make_pairs(void **state)
{
    make_pair(&rsa, EVP_RSA_gen(2048));
    make_pair(&ec, EVP_EC_gen("P-256"));
    return 0;
}

static int free_pairs(void **state)
{
    struct pair *const pairs[] = {&rsa, &ec};
    for (size_t i = 0; i < 2; i++) {
        sp_saml_trust_free(pairs[i]->trust);
        X509_free(pairs[i]->certificate);
        EVP_PKEY_free(pairs[i]->key);
    }
    return 0;
}

/* ---- documents ---- */

static const char *const names[] = {"SHA1",   "SHA128",          "SHA256",          "SHA384",
                                    "SHA512", "ECDSAwithSHA256", "ECDSAwithSHA384", "ECDSAwithSHA512"};
static const unsigned bits[] = {160, 160, 256, 384, 512, 256, 384, 512};
#define NAMES (sizeof names / sizeof names[0])

static struct sp_str logout_answer(struct sp_arena *arena)
{
    const struct sp_saml_self self = {SP_STR_INIT("https://sp/'a'&<b>"), SP_STR_INIT(""), SP_STR_INIT("")};
    const struct sp_saml_logout logout = {.id = SP_STR_INIT("_1"),
                                          .destination = SP_STR_INIT("https://idp/?a=1&b=\"2\""),
                                          .in_response_to = SP_STR_INIT("_2"),
                                          .status = SP_STR_INIT("urn:s")};
    return sp_saml_logout_answer(&self, &logout, 0, arena);
}

static enum sp_status check(struct sp_str document, const struct pair *pair, const char *policy_name)
{
    const struct sp_saml_signature_policy policy = sp_saml_signature_policy_of(sp_str_of(policy_name));
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf covered;
    sp_buf_init(&covered, 100000);
    enum sp_status status =
        sp_saml_signature_check(document, SP_SAML_LOGOUT_RESPONSE, pair->trust, &policy, &covered, &err);
    sp_buf_finish(&covered);
    return status;
}

static void a_document_is_signed_by_each_method_and_must_be_strong_enough(void **state)
{
    const struct pair *const pairs[] = {&rsa, &ec};
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, (size_t)4 << 20);
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < NAMES; i++) {
            const struct sp_saml_signer signer = {pairs[p]->key, i % 2 ? NULL : pairs[p]->certificate,
                                                  sp_str_of(names[i])};
            struct sp_str document;
            assert_int_equal(sp_saml_sign_document(&signer, logout_answer(&arena), &arena, &document, &err),
                             SP_OK);
            for (size_t k = 0; k < NAMES; k++)
                assert_int_equal(check(document, pairs[p], names[k]),
                                 bits[i] >= bits[k] ? SP_OK : SP_EDENIED);
            assert_int_equal(check(document, pairs[!p], names[i]), SP_EDENIED);
        }
    sp_arena_finish(&arena);
}

static void what_cannot_be_signed_is_told(void **state)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str document = SP_STR("untouched");
    struct sp_buf value;
    EVP_PKEY *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    struct sp_saml_signer signer = {rsa.key, NULL, SP_STR("SHA256")};
    sp_arena_init(&arena, (size_t)4 << 20);
    const char *wrong[] = {"<x", "<x ID='_1'/>", "<x><saml:Issuer xmlns:saml='u'></saml:Issuer></x>"};
    const enum sp_status expected[] = {SP_ESYNTAX, SP_EINVAL, SP_EINVAL};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sp_saml_sign_document(&signer, sp_str_of(wrong[i]), &arena, &document, &err),
                         expected[i]);
    signer.key = edwards;
    sp_buf_init(&value, 1000);
    assert_int_equal(sp_saml_sign_bytes(&signer, SP_STR("x"), &value, &err), SP_EUNSUPPORTED);
    assert_int_equal(sp_saml_sign_document(&signer, logout_answer(&arena), &arena, &document, &err),
                     SP_EUNSUPPORTED);
    assert_true(sp_str_is(document, "untouched") && value.len == 0);
    EVP_PKEY_free(edwards);
    sp_arena_finish(&arena);
}

/* ---- on the way ---- */

static void a_value_of_ecdsa_has_both_numbers_at_full_length(void **state)
{
    const struct sp_saml_signer signer = {ec.key, NULL, SP_STR("SHA256")};
    struct sp_error err = SP_ERROR_INIT;
    /* Short numbers come once in 128 times. */
    for (int i = 0; i < 300; i++) {
        struct sp_buf value;
        sp_buf_init(&value, 1000);
        assert_int_equal(sp_saml_sign_bytes(&signer, SP_STR("text"), &value, &err), SP_OK);
        assert_int_equal(value.len, 64);
        sp_buf_finish(&value);
    }
}

static void a_page_holds_nothing_that_could_leave_its_field(void **state)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_challenge challenge = {.status = 0};
    const struct sp_saml_sending sending = {.to = {SP_STR_INIT("https://idp/?a=1&b='"), true},
                                            .field = "SAMLRequest",
                                            .document = SP_STR_INIT("<a/>"),
                                            .relay_state = SP_STR_INIT("\"><script>x</script>")};
    sp_arena_init(&arena, (size_t)4 << 20);
    assert_int_equal(sp_saml_send(&sending, &arena, &challenge, &err), SP_OK);
    assert_int_equal(challenge.status, 200);
    const char *page = sp_arena_cstr(&arena, challenge.body);
    assert_non_null(strstr(page, "action=\"https://idp/?a=1&#38;b=&#39;\""));
    assert_non_null(strstr(page, "name=\"SAMLRequest\" value=\"PGEvPg==\""));
    assert_non_null(strstr(page, "value=\"&#34;&#62;&#60;script&#62;x&#60;/script&#62;\""));
    assert_true(sp_str_starts(sp_challenge_header(&challenge, "Content-Security-Policy"),
                              SP_STR("default-src 'none'; script-src 'sha256-")));
    sp_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_signed_by_each_method_and_must_be_strong_enough),
        cmocka_unit_test(what_cannot_be_signed_is_told),
        cmocka_unit_test(a_value_of_ecdsa_has_both_numbers_at_full_length),
        cmocka_unit_test(a_page_holds_nothing_that_could_leave_its_field),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
