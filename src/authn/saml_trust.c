/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_trust.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "registry/key_source.h"

#define CERTIFICATES_MAX 4096
#define REVOCATIONS_MAX 64

struct sp_saml_trust {
    X509_STORE *store;
    STACK_OF(X509) * certificates; /* trusted as they are */
    bool checks_revocation;
    bool is_exact; /* what they issued is not trusted */
};

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the trust of assertions");
}

/* Trusted for itself, and as an issuer of others. */
static enum sp_status add_certificate(struct sp_saml_trust *trust, X509 *certificate, struct sp_error *err)
{
    if (sk_X509_num(trust->certificates) >= CERTIFICATES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "more than %d certificates are trusted", CERTIFICATES_MAX);
    if (!X509_STORE_add_cert(trust->store, certificate) || !X509_up_ref(certificate))
        return no_memory(err);
    if (!sk_X509_push(trust->certificates, certificate)) {
        X509_free(certificate);
        return no_memory(err);
    }
    return SP_OK;
}

static enum sp_status add_store(struct sp_saml_trust *trust, const struct sp_cfg_key_store *from,
                                struct sp_error *err)
{
    struct sp_key_store *store;
    enum sp_status status = sp_key_source_open(from, &store, err);
    if (status != SP_OK)
        return status;
    for (size_t i = 0; status == SP_OK && i < sp_key_store_trusted_count(store); i++)
        status = add_certificate(trust, sp_key_store_trusted(store, i), err);
    sp_key_store_free(store);
    return status;
}

static enum sp_status add_file(struct sp_saml_trust *trust, struct sp_str path, struct sp_error *err)
{
    struct sp_key_store *store;
    enum sp_status status = sp_key_store_open(path.ptr, (struct sp_str){NULL, 0}, &store, err);
    if (status != SP_OK)
        return status;
    for (size_t i = 0; status == SP_OK && i < sp_key_store_trusted_count(store); i++)
        status = add_certificate(trust, sp_key_store_trusted(store, i), err);
    sp_key_store_free(store);
    return status;
}

static enum sp_status add_revocations(struct sp_saml_trust *trust, struct sp_str path, struct sp_error *err)
{
    BIO *file = BIO_new_file(path.ptr, "r");
    int count = 0;
    for (X509_CRL *list;
         file && count < REVOCATIONS_MAX && (list = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL)); count++) {
        X509_STORE_add_crl(trust->store, list);
        X509_CRL_free(list);
    }
    if (file && count == 0 && BIO_reset(file) >= 0) {
        X509_CRL *list = d2i_X509_CRL_bio(file, NULL);
        count += list && X509_STORE_add_crl(trust->store, list);
        X509_CRL_free(list);
    }
    BIO_free(file);
    ERR_clear_error();
    if (!count)
        return sp_error_set(err, SP_EINVAL, NULL, "crl %.*s: there is no list of revoked certificates in it",
                            SP_STR_ARG(path));
    trust->checks_revocation = true;
    return SP_OK;
}

static enum sp_status fill(struct sp_saml_trust *trust, const struct sp_cfg_saml *config,
                           const struct sp_cfg_ssl *fallback, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    if (config->pkix.trust_anchor)
        status = add_store(trust, config->pkix.trust_anchor, err);
    for (size_t i = 0; status == SP_OK && i < config->pkix.certificates.count; i++)
        status = add_file(trust, config->pkix.certificates.items[i], err);
    bool named = config->pkix.trust_anchor || config->pkix.certificates.count;
    if (status == SP_OK && !named && fallback)
        status = add_store(trust, fallback->trust_store, err);
    for (size_t i = 0; status == SP_OK && i < config->pkix.crls.count; i++)
        status = add_revocations(trust, config->pkix.crls.items[i], err);
    if (status == SP_OK && !sk_X509_num(trust->certificates))
        status = sp_error_set(err, SP_EINVAL, NULL,
                              "no certificate says whose assertions to trust: add pkixTrustEngine with a "
                              "trustAnchorRef that has some");
    return status;
}

static enum sp_status make(struct sp_saml_trust **ret_trust, struct sp_error *err)
{
    struct sp_saml_trust *trust = calloc(1, sizeof *trust);
    if (!trust)
        return no_memory(err);
    trust->store = X509_STORE_new();
    trust->certificates = sk_X509_new_null();
    if (!trust->store || !trust->certificates) {
        sp_saml_trust_free(trust);
        return no_memory(err);
    }
    *ret_trust = trust;
    return SP_OK;
}

enum sp_status sp_saml_trust_new(const struct sp_cfg_saml *config, const struct sp_cfg_ssl *fallback,
                                 struct sp_saml_trust **ret_trust, struct sp_error *err)
{
    struct sp_saml_trust *trust;
    enum sp_status status = make(&trust, err);
    if (status != SP_OK)
        return status;
    status = fill(trust, config, fallback, err);
    if (status != SP_OK) {
        sp_saml_trust_free(trust);
        return status;
    }
    *ret_trust = trust;
    return SP_OK;
}

enum sp_status sp_saml_trust_of(const struct sp_str *certificates, size_t count,
                                struct sp_saml_trust **ret_trust, struct sp_error *err)
{
    struct sp_saml_trust *trust;
    enum sp_status status = make(&trust, err);
    if (status != SP_OK)
        return status;
    trust->is_exact = true;
    for (size_t i = 0; status == SP_OK && i < count; i++) {
        const unsigned char *at = (const unsigned char *)certificates[i].ptr;
        X509 *certificate = d2i_X509(NULL, &at, (long)certificates[i].len);
        status = certificate ? add_certificate(trust, certificate, err)
                             : sp_error_set(err, SP_EINVAL, NULL, "a certificate in idpMetadata is none");
        X509_free(certificate);
        ERR_clear_error();
    }
    if (status == SP_OK && !count)
        status = sp_error_set(err, SP_EINVAL, NULL,
                              "idpMetadata has no certificate that the provider signs with; add them, or "
                              "pkixTrustEngine");
    if (status != SP_OK) {
        sp_saml_trust_free(trust);
        return status;
    }
    *ret_trust = trust;
    return SP_OK;
}

void sp_saml_trust_free(struct sp_saml_trust *trust)
{
    if (!trust)
        return;
    X509_STORE_free(trust->store);
    sk_X509_pop_free(trust->certificates, X509_free);
    free(trust);
}

struct x509_st *sp_saml_trust_only(const struct sp_saml_trust *trust)
{
    return sk_X509_num(trust->certificates) == 1 ? sk_X509_value(trust->certificates, 0) : NULL;
}

/* A trusted certificate that is no authority need not be issued by anybody; it must only be valid now. */
static bool is_trusted_itself(const struct sp_saml_trust *trust, X509 *certificate)
{
    for (int i = 0; i < sk_X509_num(trust->certificates); i++)
        if (X509_cmp(sk_X509_value(trust->certificates, i), certificate) == 0)
            return true;
    return false;
}

static enum sp_status verify(const struct sp_saml_trust *trust, X509 *certificate, struct sp_error *err)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!context || !X509_STORE_CTX_init(context, trust->store, certificate, NULL)) {
        X509_STORE_CTX_free(context);
        return no_memory(err);
    }
    unsigned long flags = trust->checks_revocation ? X509_V_FLAG_CRL_CHECK : 0;
    bool is_named = is_trusted_itself(trust, certificate);
    if (is_named)
        flags |= X509_V_FLAG_PARTIAL_CHAIN;
    X509_STORE_CTX_set_flags(context, flags);
    int verdict = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    if (verdict == X509_V_OK && trust->is_exact && !is_named)
        verdict = X509_V_ERR_CERT_UNTRUSTED;
    if (verdict != X509_V_OK)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "SAML: the certificate of the signature is not trusted: %s",
                            X509_verify_cert_error_string(verdict));
    if (!(X509_get_key_usage(certificate) & (X509v3_KU_DIGITAL_SIGNATURE | X509v3_KU_NON_REPUDIATION)))
        return sp_error_set(err, SP_EDENIED, NULL,
                            "SAML: the key of the signature's certificate may not sign (key usage)");
    return SP_OK;
}

enum sp_status sp_saml_trust_check(const struct sp_saml_trust *trust, struct sp_str der,
                                   struct x509_st **ret_certificate, struct sp_error *err)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    if (!certificate || at != (const unsigned char *)der.ptr + der.len) {
        X509_free(certificate);
        ERR_clear_error();
        return sp_error_set(err, SP_EDENIED, NULL, "SAML: the certificate of the signature cannot be read");
    }
    enum sp_status status = verify(trust, certificate, err);
    if (status != SP_OK) {
        X509_free(certificate);
        return status;
    }
    *ret_certificate = certificate;
    return SP_OK;
}
