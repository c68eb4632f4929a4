/* SPDX-License-Identifier: Apache-2.0
 * Certificates for tests, made with OpenSSL directly.
 */
#ifndef SP_TEST_CERTIFICATES_H
#define SP_TEST_CERTIFICATES_H

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/arena.h"

/* "C=US/O=IBM/CN=x": the most general RDN first, as in the certificate. */
static inline void set_test_name(X509_NAME *name, const char *text)
{
    char copy[512], *rest = copy, *part;
    strncpy(copy, text, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    while ((part = strsep(&rest, "/"))) {
        char *value = strchr(part, '=');
        *value++ = '\0';
        X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0);
    }
}

/* A certificate with a new key, signed with that key whoever the issuer is, valid for a day; DER. `ret_key`
 * (may be NULL): PKCS#8. */
static inline struct sp_str make_test_certificate(struct sp_arena *arena, const char *subject,
                                                  const char *issuer, long serial, struct sp_str *ret_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    unsigned char *der = NULL;
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    set_test_name(X509_get_subject_name(x509), subject);
    set_test_name(X509_get_issuer_name(x509), issuer);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    int len = i2d_X509(x509, &der);
    struct sp_str copy = len > 0 ? sp_arena_str(arena, sp_str_from(der, (size_t)len)) : SP_STR("");
    OPENSSL_free(der);
    if (ret_key) {
        PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
        unsigned char *bytes = NULL;
        len = i2d_PKCS8_PRIV_KEY_INFO(p8, &bytes);
        *ret_key = sp_arena_str(arena, sp_str_from(bytes, (size_t)len));
        OPENSSL_free(bytes);
        PKCS8_PRIV_KEY_INFO_free(p8);
    }
    X509_free(x509);
    EVP_PKEY_free(key);
    return copy;
}

#endif
