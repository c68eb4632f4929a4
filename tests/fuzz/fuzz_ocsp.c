/* SPDX-License-Identifier: Apache-2.0
 * fuzz_ocsp.c: any bytes as a responder's answer, and as a certificate that names a responder: nothing that
 * was not signed is an answer.
 */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A certificate that signed itself; its key is nobody's. */
static struct sp_str certificate(void)
{
    static unsigned char der[1000];
    static struct sp_str text;
    if (text.len)
        return text;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    unsigned char *end = der;
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    text = sp_str_from(der, (size_t)i2d_X509(x509, &end));
    X509_free(x509);
    EVP_PKEY_free(key);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_ocsp_answer answer;
    struct sp_buf url;
    struct sp_str input = sp_str_from(data, size);
    if (sp_ocsp_read(input, certificate(), certificate(), 0, &answer, &err) == SP_OK || !err.text[0])
        abort();
    sp_buf_init(&url, 4096);
    if (sp_ocsp_responder(input, &url) != SP_OK && url.len)
        abort();
    if (sp_ocsp_ask(input, certificate(), &url, &err) == SP_OK && url.len == 0)
        abort();
    sp_buf_finish(&url);
    return 0;
}
