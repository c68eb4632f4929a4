/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/self_signed.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/secret.h"

#define NAME_MAX_BYTES 253
#define ALIAS "default"
#define SERIAL_BYTES 16

static bool is_host_name(struct sp_str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = sp_lower(name.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
            return false;
    }
    return true;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    sp_secret_random(bytes, sizeof bytes);
    bytes[0] = (unsigned char)((bytes[0] & 0x7F) | 0x40); /* positive, and of one length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return good;
}

static bool set_names(X509 *certificate, struct sp_str name)
{
    char alternatives[NAME_MAX_BYTES + 80];
    X509_NAME *subject = X509_get_subject_name(certificate);
    snprintf(alternatives, sizeof alternatives, "DNS:%.*s,DNS:localhost,IP:127.0.0.1,IP:::1",
             SP_STR_ARG(name));
    return X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, (const unsigned char *)"sallyport", -1, -1,
                                      0) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name.ptr,
                                      (int)(name.len > 64 ? 64 : name.len), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           add_extension(certificate, NID_subject_alt_name, alternatives);
}

static X509 *make_certificate(EVP_PKEY *key, struct sp_str name, int days)
{
    X509 *certificate = X509_new();
    bool good = certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                set_serial(certificate) && X509_gmtime_adj(X509_getm_notBefore(certificate), -300) &&
                X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL) &&
                X509_set_pubkey(certificate, key) == 1 && set_names(certificate, name) &&
                add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
                add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
                add_extension(certificate, NID_subject_key_identifier, "hash") &&
                X509_sign(certificate, key, EVP_sha256()) > 0;
    if (!good) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static enum sp_status pack(EVP_PKEY *key, X509 *certificate, struct sp_str password, struct sp_buf *buf)
{
    char phrase[1024];
    if (password.len >= sizeof phrase)
        return SP_ELIMIT;
    memcpy(phrase, password.ptr ? password.ptr : "", password.len);
    phrase[password.len] = '\0';
    PKCS12 *pkcs12 = PKCS12_create(phrase, ALIAS, key, certificate, NULL, NID_aes_256_cbc, NID_aes_256_cbc,
                                   10000, 10000, 0);
    sp_secret_wipe(phrase, sizeof phrase);
    unsigned char *der = NULL;
    int len = pkcs12 ? i2d_PKCS12(pkcs12, &der) : -1;
    PKCS12_free(pkcs12);
    enum sp_status status = len > 0 ? sp_buf_append(buf, der, (size_t)len) : SP_ENOMEM;
    OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
    return status;
}

enum sp_status sp_self_signed_pkcs12(struct sp_str name, int days, struct sp_str password, struct sp_buf *buf,
                                     struct sp_error *err)
{
    if (!is_host_name(name))
        return sp_error_set(err, SP_EINVAL, NULL, "%.*s is no host name",
                            SP_STR_ARG(sp_str_slice(name, 0, 64)));
    if (days < 1 || days > 3650)
        return sp_error_set(err, SP_EINVAL, NULL, "a certificate is made for 1 to 3650 days, not %d", days);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? make_certificate(key, name, days) : NULL;
    enum sp_status status = certificate ? pack(key, certificate, password, buf) : SP_ENOMEM;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status == SP_OK ? status : sp_error_set(err, status, NULL, "a certificate cannot be made");
}
