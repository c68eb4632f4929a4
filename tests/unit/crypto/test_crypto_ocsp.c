/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "crypto/ocsp.h"

#define MADE 1900000000 /* seconds; when every answer of these tests was made */
#define SECOND_US INT64_C(1000000)
#define YEARS (20L * 365 * 86400)

struct party {
    EVP_PKEY *key;
    X509 *certificate;
    unsigned char der[2000];
    struct sp_str text;
};

static struct party issuer, leaf, other, helper, stranger;
static struct sp_error err;

static void add(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void make(struct party *party, const char *name, long serial, const struct party *by, int nid,
                 const char *value)
{
    X509 *certificate = party->certificate = X509_new();
    party->key = EVP_EC_gen("P-256");
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate), 1500000000);
    ASN1_TIME_set(X509_getm_notAfter(certificate), 1500000000 + YEARS);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(by ? by->certificate : certificate));
    X509_set_pubkey(certificate, party->key);
    if (nid)
        add(certificate, nid, value);
    assert_true(X509_sign(certificate, by ? by->key : party->key, EVP_sha256()) > 0);
    unsigned char *end = party->der;
    int len = i2d_X509(certificate, NULL);
    assert_in_range(len, 1, sizeof party->der);
    i2d_X509(certificate, &end);
    party->text = sp_str_from(party->der, (size_t)len);
}

static int begin(void **state)
{
    make(&issuer, "CA", 1, NULL, NID_basic_constraints, "critical,CA:TRUE");
    make(&leaf, "leaf", 2, &issuer, NID_info_access,
         "OCSP;URI:http://ocsp.example.com/a,OCSP;URI:http://second");
    make(&other, "other", 3, &issuer, NID_ext_key_usage, "serverAuth");
    make(&helper, "helper", 4, &issuer, NID_ext_key_usage, "OCSPSigning");
    make(&stranger, "CA", 1, NULL, NID_basic_constraints, "critical,CA:TRUE");
    return 0;
}

static int end(void **state)
{
    struct party *const all[] = {&issuer, &leaf, &other, &helper, &stranger};
    for (size_t i = 0; i < 5; i++) {
        EVP_PKEY_free(all[i]->key);
        X509_free(all[i]->certificate);
    }
    return 0;
}

struct answering {
    const struct party *about, *signer;
    int status;
    long next; /* seconds behind MADE; 0: none */
};

/* The answer's bytes, in static memory. */
static struct sp_str answer(const struct answering *how)
{
    static unsigned char der[4000];
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, how->about->certificate, issuer.certificate);
    ASN1_TIME *made = ASN1_TIME_set(NULL, MADE),
              *next = how->next ? ASN1_TIME_set(NULL, MADE + how->next) : NULL;
    ASN1_TIME *revoked = ASN1_TIME_set(NULL, MADE - 100);
    bool is_revoked = how->status == V_OCSP_CERTSTATUS_REVOKED;
    assert_non_null(OCSP_basic_add1_status(basic, id, how->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                           is_revoked ? revoked : NULL, made, next));
    assert_int_equal(
        OCSP_basic_sign(basic, how->signer->certificate, how->signer->key, EVP_sha256(), NULL, 0), 1);
    OCSP_RESPONSE *whole = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *at = der;
    int len = i2d_OCSP_RESPONSE(whole, NULL);
    assert_in_range(len, 1, sizeof der);
    i2d_OCSP_RESPONSE(whole, &at);
    OCSP_RESPONSE_free(whole);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(made);
    ASN1_TIME_free(next);
    ASN1_TIME_free(revoked);
    return sp_str_from(der, (size_t)len);
}

static enum sp_status read_at(const struct answering *how, long seconds, struct sp_ocsp_answer *ret_answer)
{
    return sp_ocsp_read(answer(how), leaf.text, issuer.text, (MADE + seconds) * SECOND_US, ret_answer, &err);
}

static void the_question_names_the_certificate(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 4096);
    assert_int_equal(sp_ocsp_ask(leaf.text, issuer.text, &buf, &err), SP_OK);
    const unsigned char *at = buf.ptr;
    OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &at, (long)buf.len);
    assert_non_null(request);
    assert_ptr_equal(at, buf.ptr + buf.len);
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf.certificate, issuer.certificate);
    assert_int_equal(OCSP_request_onereq_count(request), 1);
    assert_int_equal(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), id), 0);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    sp_buf_reset(&buf);
    assert_int_equal(sp_ocsp_ask(SP_STR("no certificate"), issuer.text, &buf, &err), SP_ESYNTAX);
    assert_int_equal(sp_ocsp_ask(leaf.text, SP_STR(""), &buf, &err), SP_ESYNTAX);
    assert_int_equal(buf.len, 0);
    sp_buf_finish(&buf);
}

static void the_certificate_names_its_responder(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 4096);
    assert_int_equal(sp_ocsp_responder(leaf.text, &buf), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&buf), "http://ocsp.example.com/a"));
    assert_int_equal(sp_ocsp_responder(other.text, &buf), SP_ENOTFOUND);
    assert_int_equal(sp_ocsp_responder(SP_STR("\x30\x80"), &buf), SP_ESYNTAX);
    sp_buf_finish(&buf);
}

static void three_verdicts(void **state)
{
    struct sp_ocsp_answer told;
    const struct party *const signers[] = {&issuer, &helper};
    for (size_t i = 0; i < 2; i++) {
        struct answering how = {&leaf, signers[i], V_OCSP_CERTSTATUS_GOOD, 600};
        assert_int_equal(read_at(&how, 10, &told), SP_OK);
        assert_int_equal(told.verdict, SP_OCSP_GOOD);
        assert_true(told.until_us == (MADE + 600) * SECOND_US);
        assert_null(told.reason);
        how.status = V_OCSP_CERTSTATUS_REVOKED;
        assert_int_equal(read_at(&how, 10, &told), SP_OK);
        assert_int_equal(told.verdict, SP_OCSP_REVOKED);
        assert_string_equal(told.reason, "keyCompromise");
        how.status = V_OCSP_CERTSTATUS_UNKNOWN;
        assert_int_equal(read_at(&how, 10, &told), SP_OK);
        assert_int_equal(told.verdict, SP_OCSP_UNKNOWN);
    }
}

static void an_answer_has_its_time(void **state)
{
    struct sp_ocsp_answer told;
    struct answering how = {&leaf, &issuer, V_OCSP_CERTSTATUS_GOOD, 600};
    assert_int_equal(read_at(&how, -60, &told), SP_OK);
    assert_int_equal(read_at(&how, -61, &told), SP_EUNAVAIL);
    assert_non_null(strstr(err.text, "future"));
    assert_int_equal(read_at(&how, 660, &told), SP_OK);
    assert_int_equal(read_at(&how, 661, &told), SP_EUNAVAIL);
    assert_non_null(strstr(err.text, "expired"));
    how.next = 0;
    assert_int_equal(read_at(&how, 3660, &told), SP_OK);
    assert_int_equal(read_at(&how, 3661, &told), SP_EUNAVAIL);
    how.next = -1; /* ends before it begins */
    assert_int_equal(read_at(&how, 0, &told), SP_EUNAVAIL);
}

static void nobody_else_may_sign(void **state)
{
    struct sp_ocsp_answer told = {.verdict = SP_OCSP_UNKNOWN};
    const struct party *const signers[] = {&stranger, &other, &leaf};
    for (size_t i = 0; i < 3; i++) {
        const struct answering how = {&leaf, signers[i], V_OCSP_CERTSTATUS_GOOD, 600};
        assert_int_equal(read_at(&how, 10, &told), SP_EDENIED);
        assert_non_null(strstr(err.text, "not signed"));
    }
    assert_int_equal(told.verdict, SP_OCSP_UNKNOWN);
}

static void what_is_no_answer_is_none(void **state)
{
    struct sp_ocsp_answer told;
    struct answering how = {&other, &issuer, V_OCSP_CERTSTATUS_GOOD, 600};
    assert_int_equal(read_at(&how, 10, &told), SP_EUNAVAIL);
    assert_non_null(strstr(err.text, "another certificate"));
    how.about = &leaf;
    struct sp_str whole = answer(&how);
    for (size_t len = 0; len < whole.len; len++) {
        enum sp_status status =
            sp_ocsp_read(sp_str_slice(whole, 0, len), leaf.text, issuer.text, MADE * SECOND_US, &told, &err);
        assert_int_not_equal(status, SP_OK);
    }
    static unsigned char changed[4000];
    for (size_t at = 0; at < whole.len; at++) {
        memcpy(changed, whole.ptr, whole.len);
        changed[at] ^= 0x55;
        enum sp_status status = sp_ocsp_read(sp_str_from(changed, whole.len), leaf.text, issuer.text,
                                             MADE * SECOND_US, &told, &err);
        if (status ==
            SP_OK) /* a byte that means nothing, such as in the name of a parameter that is not read */
            assert_int_equal(told.verdict, SP_OCSP_GOOD);
    }
    static const unsigned char later[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    assert_int_equal(
        sp_ocsp_read(sp_str_from(later, sizeof later), leaf.text, issuer.text, MADE * SECOND_US, &told, &err),
        SP_EUNAVAIL);
    assert_non_null(strstr(err.text, "trylater"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_names_the_certificate),
        cmocka_unit_test(the_certificate_names_its_responder),
        cmocka_unit_test(three_verdicts),
        cmocka_unit_test(an_answer_has_its_time),
        cmocka_unit_test(nobody_else_may_sign),
        cmocka_unit_test(what_is_no_answer_is_none),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
