/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ocsp.h"

#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#define SECOND_US 1000000
/* Between our clock and the responder's. */
#define SKEW_S 60
/* How long an answer counts that does not say when the next one comes. */
#define NO_NEXT_S 3600

static X509 *certificate_of(struct sp_str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    return der.len ? d2i_X509(NULL, &at, (long)der.len) : NULL;
}

enum sp_status sp_ocsp_responder(struct sp_str certificate, struct sp_buf *buf)
{
    X509 *x509 = certificate_of(certificate);
    if (!x509)
        return SP_ESYNTAX;
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x509);
    enum sp_status status = SP_ENOTFOUND;
    if (urls && sk_OPENSSL_STRING_num(urls) > 0)
        status = sp_buf_append_str(buf, sp_str_of(sk_OPENSSL_STRING_value(urls, 0)));
    X509_email_free(urls);
    X509_free(x509);
    return status;
}

/* ---------------------------------------------------------------- the two certificates */

struct pair {
    X509 *certificate, *issuer;
    OCSP_CERTID *id;
};

static void pair_finish(struct pair *pair)
{
    X509_free(pair->certificate);
    X509_free(pair->issuer);
    OCSP_CERTID_free(pair->id);
    ERR_clear_error();
}

static enum sp_status pair_init(struct pair *pair, struct sp_str certificate, struct sp_str issuer,
                                struct sp_error *err)
{
    *pair = (struct pair){.certificate = certificate_of(certificate), .issuer = certificate_of(issuer)};
    if (pair->certificate && pair->issuer)
        pair->id = OCSP_cert_to_id(NULL, pair->certificate, pair->issuer);
    return pair->id ? SP_OK
                    : sp_error_set(err, SP_ESYNTAX, NULL, "the certificate or its issuer cannot be read");
}

static enum sp_status put_request(OCSP_REQUEST *request, struct sp_buf *buf, struct sp_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_OCSP_REQUEST(request, &der);
    enum sp_status status = len > 0 ? sp_buf_append(buf, der, (size_t)len)
                                    : sp_error_set(err, SP_ENOMEM, NULL, "no memory for OCSP");
    OPENSSL_free(der);
    return status;
}

enum sp_status sp_ocsp_ask(struct sp_str certificate, struct sp_str issuer, struct sp_buf *buf,
                           struct sp_error *err)
{
    struct pair pair;
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    enum sp_status status = pair_init(&pair, certificate, issuer, err);
    if (status == SP_OK && (!request || !OCSP_request_add0_id(request, pair.id)))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for OCSP");
    else if (status == SP_OK)
        pair.id = NULL; /* the request's */
    if (status == SP_OK)
        status = put_request(request, buf, err);
    OCSP_REQUEST_free(request);
    pair_finish(&pair);
    return status;
}

/* ---------------------------------------------------------------- the answer */

static enum sp_status parse(struct sp_str response, OCSP_BASICRESP **ret_basic, struct sp_error *err)
{
    const unsigned char *at = (const unsigned char *)response.ptr;
    OCSP_RESPONSE *whole = NULL;
    if (response.len && response.len <= SP_OCSP_RESPONSE_MAX)
        whole = d2i_OCSP_RESPONSE(NULL, &at, (long)response.len);
    if (!whole || at != (const unsigned char *)response.ptr + response.len) {
        OCSP_RESPONSE_free(whole);
        return sp_error_set(err, SP_ESYNTAX, NULL, "the answer is no OCSP response");
    }
    int told = OCSP_response_status(whole);
    enum sp_status status = SP_OK;
    if (told != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "the responder has no answer (%s)",
                              OCSP_response_status_str(told));
    else if (!(*ret_basic = OCSP_response_get1_basic(whole)))
        status = sp_error_set(err, SP_ESYNTAX, NULL, "the answer is no basic OCSP response");
    OCSP_RESPONSE_free(whole);
    return status;
}

/* The issuer alone is trusted, whoever has issued it. */
static enum sp_status verify(OCSP_BASICRESP *basic, X509 *issuer, int64_t now_us, struct sp_error *err)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *known = sk_X509_new_null();
    bool ready = store && known && X509_STORE_add_cert(store, issuer) == 1 && sk_X509_push(known, issuer) > 0;
    bool good = false;
    if (ready) {
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(now_us / SECOND_US));
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
        good = OCSP_basic_verify(basic, known, store, 0) > 0;
    }
    const char *reason = good ? NULL : ERR_reason_error_string(ERR_peek_last_error());
    sk_X509_free(known);
    X509_STORE_free(store);
    if (!ready)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for OCSP");
    return good ? SP_OK
                : sp_error_set(
                      err, SP_EDENIED, NULL,
                      "the answer is not signed by the certificate's issuer, nor by somebody whom it lets "
                      "sign answers (%s)",
                      reason ? reason : "bad signature");
}

static bool seconds_of(const ASN1_GENERALIZEDTIME *time, int64_t *ret_seconds)
{
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return false;
    *ret_seconds = (int64_t)timegm(&parts);
    return true;
}

static enum sp_status check_times(const ASN1_GENERALIZEDTIME *made, const ASN1_GENERALIZEDTIME *next,
                                  int64_t now_us, int64_t *ret_until_us, struct sp_error *err)
{
    int64_t now = now_us / SECOND_US, from, to;
    if (!seconds_of(made, &from) || (next && !seconds_of(next, &to)))
        return sp_error_set(err, SP_ESYNTAX, NULL, "the answer has a time that is none");
    if (!next)
        to = from + NO_NEXT_S;
    if (from > now + SKEW_S)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the answer is from the future: look at both clocks");
    if (to < now - SKEW_S || to < from)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the answer has expired");
    *ret_until_us = to * SECOND_US;
    return SP_OK;
}

static enum sp_status find(OCSP_BASICRESP *basic, OCSP_CERTID *id, int64_t now_us,
                           struct sp_ocsp_answer *ret_answer, struct sp_error *err)
{
    static const enum sp_ocsp_verdict verdicts[] = {[V_OCSP_CERTSTATUS_GOOD] = SP_OCSP_GOOD,
                                                    [V_OCSP_CERTSTATUS_REVOKED] = SP_OCSP_REVOKED,
                                                    [V_OCSP_CERTSTATUS_UNKNOWN] = SP_OCSP_UNKNOWN};
    ASN1_GENERALIZEDTIME *revoked = NULL, *made = NULL, *next = NULL;
    int told = -1, reason = -1;
    if (OCSP_resp_find_status(basic, id, &told, &reason, &revoked, &made, &next) != 1)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the answer is about another certificate");
    struct sp_ocsp_answer answer = {.verdict = SP_OCSP_UNKNOWN};
    if (told >= 0 && told <= V_OCSP_CERTSTATUS_UNKNOWN)
        answer.verdict = verdicts[told];
    if (answer.verdict == SP_OCSP_REVOKED && reason >= 0)
        answer.reason = OCSP_crl_reason_str(reason);
    enum sp_status status = check_times(made, next, now_us, &answer.until_us, err);
    if (status == SP_OK)
        *ret_answer = answer;
    return status;
}

enum sp_status sp_ocsp_read(struct sp_str response, struct sp_str certificate, struct sp_str issuer,
                            int64_t now_us, struct sp_ocsp_answer *ret_answer, struct sp_error *err)
{
    struct pair pair;
    OCSP_BASICRESP *basic = NULL;
    ERR_clear_error();
    enum sp_status status = pair_init(&pair, certificate, issuer, err);
    if (status == SP_OK)
        status = parse(response, &basic, err);
    if (status == SP_OK)
        status = verify(basic, pair.issuer, now_us, err);
    if (status == SP_OK)
        status = find(basic, pair.id, now_us, ret_answer, err);
    OCSP_BASICRESP_free(basic);
    pair_finish(&pair);
    return status;
}
