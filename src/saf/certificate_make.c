/* SPDX-License-Identifier: Apache-2.0
 * Certificates as RACDCERT GENCERT makes them: X.509 version 3, RFC 5280.
 */
#include "saf/certificate_make.h"

#include <arpa/inet.h>
#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { SERIAL_BYTES = 16 };

static enum sp_status library_failed(struct sp_error *err, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return sp_error_set(err, SP_EINVAL, NULL, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
}

/* ---- keys ---- */

static enum sp_status keep_key(EVP_PKEY *key, struct sp_arena *arena, struct sp_str *ret_pkcs8,
                               struct sp_error *err)
{
    PKCS8_PRIV_KEY_INFO *p8 = key ? EVP_PKEY2PKCS8(key) : NULL;
    unsigned char *der = NULL;
    int len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : -1;
    struct sp_str copy = {NULL, 0};
    if (len > 0) {
        copy = sp_arena_str(arena, sp_str_from(der, (size_t)len));
        OPENSSL_clear_free(der, (size_t)len);
    }
    PKCS8_PRIV_KEY_INFO_free(p8);
    if (!copy.ptr)
        return library_failed(err, "the key could not be made");
    *ret_pkcs8 = copy;
    return SP_OK;
}

enum sp_status sp_key_make(enum sp_key_kind kind, unsigned bits, struct sp_arena *arena,
                           struct sp_str *ret_pkcs8, struct sp_error *err)
{
    EVP_PKEY *key = NULL;
    if (kind == SP_KEY_RSA && (bits < 1024 || bits > 4096))
        return sp_error_set(err, SP_EINVAL, NULL, "an RSA key of %u bits is not made: 1024 to 4096", bits);
    if (kind == SP_KEY_RSA)
        key = EVP_RSA_gen(bits);
    else if (bits == 256 || bits == 384 || bits == 521)
        key = EVP_EC_gen(bits == 256 ? "P-256" : bits == 384 ? "P-384" : "P-521");
    else
        return sp_error_set(err, SP_EINVAL, NULL, "a NISTECC key of %u bits is not made: 256, 384 or 521",
                            bits);
    enum sp_status status = keep_key(key, arena, ret_pkcs8, err);
    EVP_PKEY_free(key);
    return status;
}

/* The digest goes with the strength of the key. */
static const EVP_MD *digest_for(EVP_PKEY *key)
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 || EVP_PKEY_get_base_id(key) == EVP_PKEY_ED448)
        return NULL;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) > 384)
        return EVP_sha512();
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) > 256)
        return EVP_sha384();
    return EVP_sha256();
}

/* ---- names ---- */

static bool add_rdn(X509_NAME *name, int nid, struct sp_str value)
{
    return !value.len ||
           X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)value.ptr,
                                      (int)value.len, -1, 0) == 1;
}

/* In a certificate the most general comes first. */
static bool add_subject(X509_NAME *name, const struct sp_subject *s)
{
    bool ok =
        add_rdn(name, NID_countryName, s->country) && add_rdn(name, NID_stateOrProvinceName, s->state) &&
        add_rdn(name, NID_localityName, s->locality) && add_rdn(name, NID_organizationName, s->organisation);
    for (size_t i = s->unit_count; ok && i-- > 0;)
        ok = add_rdn(name, NID_organizationalUnitName, s->units[i]);
    return ok && add_rdn(name, NID_title, s->title) && add_rdn(name, NID_commonName, s->common_name);
}

/* ---- extensions ---- */

static bool add_extension(X509 *x509, int nid, void *value, bool critical)
{
    return X509_add1_ext_i2d(x509, nid, value, critical, X509V3_ADD_REPLACE) == 1;
}

static bool put_bit(ASN1_BIT_STRING *bits, bool wanted, int bit)
{
    return !wanted || ASN1_BIT_STRING_set_bit(bits, bit, 1) == 1;
}

/* An elliptic key does not encipher keys, it agrees upon them. */
static bool add_usage(X509 *x509, unsigned usage)
{
    enum { DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_ENCIPHER, DATA_ENCIPHER, KEY_AGREE, CERT_SIGN, CRL_SIGN };
    bool rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(x509)) == EVP_PKEY_RSA;
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    bool ok = bits && put_bit(bits, usage & SP_USAGE_HANDSHAKE, DIGITAL_SIGNATURE) &&
              put_bit(bits, usage & SP_USAGE_HANDSHAKE, rsa ? KEY_ENCIPHER : KEY_AGREE) &&
              put_bit(bits, usage & SP_USAGE_DATAENCRYPT, DATA_ENCIPHER) &&
              put_bit(bits, usage & SP_USAGE_DOCSIGN, NON_REPUDIATION) &&
              put_bit(bits, usage & SP_USAGE_CERTSIGN, CERT_SIGN) &&
              put_bit(bits, usage & SP_USAGE_CERTSIGN, CRL_SIGN) &&
              put_bit(bits, usage & SP_USAGE_KEYAGREE, KEY_AGREE) &&
              add_extension(x509, NID_key_usage, bits, true);
    ASN1_BIT_STRING_free(bits);
    return ok;
}

static ASN1_STRING *alt_value(const struct sp_alt_name *name)
{
    unsigned char address[16];
    char text[64];
    const void *bytes = name->value.ptr;
    size_t len = name->value.len;
    bool ok = len > 0 && len <= 255;
    if (name->kind == SP_ALT_IP) {
        ok = len < sizeof text;
        memcpy(text, name->value.ptr, ok ? len : 0);
        text[ok ? len : 0] = '\0';
        bytes = address;
        if (inet_pton(AF_INET, text, address) == 1)
            len = 4;
        else if (inet_pton(AF_INET6, text, address) == 1)
            len = 16;
        else
            ok = false;
    }
    for (size_t i = 0; ok && name->kind != SP_ALT_IP && i < len; i++)
        ok = (unsigned char)name->value.ptr[i] > ' ' && (unsigned char)name->value.ptr[i] < 0x7f;
    ASN1_STRING *string =
        ok ? ASN1_STRING_type_new(name->kind == SP_ALT_IP ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING) : NULL;
    if (string && !ASN1_STRING_set(string, bytes, (int)len)) {
        ASN1_STRING_free(string);
        return NULL;
    }
    return string;
}

static enum sp_status add_alt_names(X509 *x509, const struct sp_certificate_plan *plan, struct sp_error *err)
{
    static const int types[] = {GEN_IPADD, GEN_DNS, GEN_EMAIL, GEN_URI};
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    enum sp_status status = names ? SP_OK : SP_ENOMEM;
    for (size_t i = 0; i < plan->alt_name_count && !status; i++) {
        const struct sp_alt_name *from = &plan->alt_names[i];
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_STRING *value = alt_value(from);
        if (!value)
            status = sp_error_set(err, SP_EINVAL, NULL, "'%.*s' cannot be an alternative name of that kind",
                                  SP_STR_ARG(from->value));
        if (!name || status || !sk_GENERAL_NAME_push(names, name)) {
            GENERAL_NAME_free(name);
            ASN1_STRING_free(value);
            status = status ? status : SP_ENOMEM;
        } else {
            GENERAL_NAME_set0_value(name, types[from->kind], value);
        }
    }
    if (!status && !add_extension(x509, NID_subject_alt_name, names, false))
        status = library_failed(err, "the alternative names cannot be added");
    GENERAL_NAMES_free(names);
    return status;
}

/* ---- from a request ---- */

static X509_REQ *parse_request(struct sp_str der, struct sp_error *err)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509_REQ *request = der.len <= INT_MAX ? d2i_X509_REQ(NULL, &at, (long)der.len) : NULL;
    if (!request)
        sp_error_set(err, SP_ESYNTAX, NULL, "the request cannot be read: PKCS#10 is wanted");
    else if (X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) != 1)
        sp_error_set(err, SP_ESYNTAX, NULL, "the request's signature does not fit its key");
    else
        return request;
    ERR_clear_error();
    X509_REQ_free(request);
    return NULL;
}

/* Nobody becomes an authority by asking: that he wants to sign certificates is left out. */
static bool copy_usage(X509 *x509, STACK_OF(X509_EXTENSION) * from)
{
    enum { CERT_SIGN = 5, CRL_SIGN = 6 };
    ASN1_BIT_STRING *bits = X509V3_get_d2i(from, NID_key_usage, NULL, NULL);
    bool ok =
        !bits || (ASN1_BIT_STRING_set_bit(bits, CERT_SIGN, 0) && ASN1_BIT_STRING_set_bit(bits, CRL_SIGN, 0) &&
                  add_extension(x509, NID_key_usage, bits, true));
    ASN1_BIT_STRING_free(bits);
    return ok;
}

static bool copy_alt_names(X509 *x509, STACK_OF(X509_EXTENSION) * from)
{
    GENERAL_NAMES *names = X509V3_get_d2i(from, NID_subject_alt_name, NULL, NULL);
    bool ok = !names || add_extension(x509, NID_subject_alt_name, names, false);
    GENERAL_NAMES_free(names);
    return ok;
}

static bool copy_from_request(X509 *x509, const struct sp_certificate_plan *plan, X509_REQ *request)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    bool ok = (plan->usage || copy_usage(x509, extensions)) &&
              (plan->alt_name_count || copy_alt_names(x509, extensions));
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok && (plan->subject || X509_set_subject_name(x509, X509_REQ_get_subject_name(request)));
}

/* ---- certificates ---- */

static EVP_PKEY *parse_key(struct sp_str pkcs8)
{
    const unsigned char *at = (const unsigned char *)pkcs8.ptr;
    return pkcs8.len && pkcs8.len <= INT_MAX ? d2i_AutoPrivateKey(NULL, &at, (long)pkcs8.len) : NULL;
}

static bool set_serial(X509 *x509)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, of full length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
    BN_free(number);
    return ok;
}

static bool set_validity(X509 *x509, const struct sp_certificate_plan *plan)
{
    return ASN1_TIME_adj(X509_getm_notBefore(x509), 0, 0, plan->not_before) &&
           ASN1_TIME_adj(X509_getm_notAfter(x509), 0, 0, plan->not_after);
}

static bool add_identifiers(X509 *x509, X509 *issuer)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    static const struct {
        int nid;
        const char *value;
    } wanted[] = {{NID_subject_key_identifier, "hash"}, {NID_authority_key_identifier, "keyid"}};
    for (int i = 0; i < 2; i++) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, wanted[i].nid, wanted[i].value);
        /* An issuer without an identifier gives none to repeat. */
        if (extension && X509_add_ext(x509, extension, -1) != 1) {
            X509_EXTENSION_free(extension);
            return false;
        }
        X509_EXTENSION_free(extension);
    }
    ERR_clear_error();
    return true;
}

static bool add_constraints(X509 *x509)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    if (constraints)
        constraints->ca = 0xff;
    bool ok = constraints && add_extension(x509, NID_basic_constraints, constraints, true);
    BASIC_CONSTRAINTS_free(constraints);
    return ok;
}

static enum sp_status fill(X509 *x509, const struct sp_certificate_plan *plan, X509_REQ *request,
                           EVP_PKEY *public_key, struct sp_error *err)
{
    bool ok = X509_set_version(x509, X509_VERSION_3) && set_serial(x509) && set_validity(x509, plan) &&
              X509_set_pubkey(x509, public_key);
    if (!ok)
        return library_failed(err, "the certificate cannot be made");
    if (plan->subject && !add_subject(X509_get_subject_name(x509), plan->subject))
        return library_failed(err, "a value of SUBJECTSDN cannot be in a certificate");
    if (request && !copy_from_request(x509, plan, request))
        return library_failed(err, "the request asks for something that cannot be in a certificate");
    if (plan->authority && !add_constraints(x509))
        return library_failed(err, "the certificate cannot be made");
    if (plan->usage && !add_usage(x509, plan->usage))
        return library_failed(err, "the key usage cannot be added");
    return plan->alt_name_count ? add_alt_names(x509, plan, err) : SP_OK;
}

static enum sp_status sign(X509 *x509, X509 *issuer, EVP_PKEY *key, struct sp_error *err)
{
    if (X509_check_private_key(issuer, key) != 1)
        return library_failed(err, "the private key does not belong to the certificate it is to sign with");
    if (!X509_set_issuer_name(x509, X509_get_subject_name(issuer)) || !add_identifiers(x509, issuer) ||
        X509_sign(x509, key, digest_for(key)) <= 0)
        return library_failed(err, "the certificate cannot be signed");
    return SP_OK;
}

static enum sp_status keep_certificate(X509 *x509, struct sp_arena *arena, struct sp_str *ret_der,
                                       struct sp_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);
    struct sp_str copy =
        len > 0 ? sp_arena_str(arena, sp_str_from(der, (size_t)len)) : (struct sp_str){NULL, 0};
    OPENSSL_free(der);
    if (!copy.ptr)
        return library_failed(err, "no memory to make a certificate");
    *ret_der = copy;
    return SP_OK;
}

enum sp_status sp_certificate_make(const struct sp_certificate_plan *plan, struct sp_arena *arena,
                                   struct sp_str *ret_der, struct sp_error *err)
{
    X509_REQ *request = plan->request.len ? parse_request(plan->request, err) : NULL;
    if (plan->request.len && !request)
        return SP_ESYNTAX;
    EVP_PKEY *own = parse_key(plan->key), *signing = parse_key(plan->signer_key);
    X509 *x509 = X509_new(), *signer = plan->signer.len ? sp_certificate_parse(plan->signer) : NULL;
    EVP_PKEY *public_key = request ? X509_REQ_get0_pubkey(request) : own;
    enum sp_status status = SP_OK;
    if (!x509 || !public_key || (plan->signer.len ? !signer || !signing : !own))
        status = library_failed(err, "a key or the signer's certificate cannot be read");
    if (!status)
        status = fill(x509, plan, request, public_key, err);
    if (!status)
        status = sign(x509, signer ? signer : x509, signer ? signing : own, err);
    if (!status)
        status = keep_certificate(x509, arena, ret_der, err);
    X509_free(x509);
    X509_free(signer);
    EVP_PKEY_free(own);
    EVP_PKEY_free(signing);
    X509_REQ_free(request);
    return status;
}

/* ---- requests ---- */

static bool fill_request(X509_REQ *request, X509 *x509, EVP_PKEY *key)
{
    static const int copied[] = {NID_key_usage, NID_subject_alt_name};
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    bool ok = extensions != NULL;
    for (int i = 0; i < 2 && ok; i++) {
        int at = X509_get_ext_by_NID(x509, copied[i], -1);
        if (at >= 0)
            ok = sk_X509_EXTENSION_push(extensions, X509_get_ext(x509, at)) > 0;
    }
    ok = ok && X509_REQ_set_version(request, 0) &&
         X509_REQ_set_subject_name(request, X509_get_subject_name(x509)) &&
         X509_REQ_set_pubkey(request, key) &&
         (sk_X509_EXTENSION_num(extensions) == 0 || X509_REQ_add_extensions(request, extensions)) &&
         X509_REQ_sign(request, key, digest_for(key)) > 0;
    sk_X509_EXTENSION_free(extensions);
    return ok;
}

enum sp_status sp_request_make(struct sp_str certificate, struct sp_str key, struct sp_arena *arena,
                               struct sp_str *ret_der, struct sp_error *err)
{
    X509 *x509 = sp_certificate_parse(certificate);
    EVP_PKEY *own = parse_key(key);
    X509_REQ *request = X509_REQ_new();
    unsigned char *der = NULL;
    int len = x509 && own && request && fill_request(request, x509, own) ? i2d_X509_REQ(request, &der) : -1;
    struct sp_str copy =
        len > 0 ? sp_arena_str(arena, sp_str_from(der, (size_t)len)) : (struct sp_str){NULL, 0};
    OPENSSL_free(der);
    X509_REQ_free(request);
    X509_free(x509);
    EVP_PKEY_free(own);
    if (!copy.ptr)
        return library_failed(err, "the request cannot be made");
    ERR_clear_error();
    *ret_der = copy;
    return SP_OK;
}
