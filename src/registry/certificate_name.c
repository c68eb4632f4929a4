/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/certificate_name.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/x509.h>

#define TYPE_MAX 32u

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read a client certificate");
}

/* A value with a zero byte would be shorter for whoever reads it as a C string. */
static bool holds_zero(const X509_NAME *name)
{
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
        bool bad = len < 0 || memchr(utf8, 0, (size_t)len);
        OPENSSL_free(utf8);
        if (bad)
            return true;
    }
    return false;
}

static enum sp_status name_text(const X509_NAME *name, struct sp_arena *arena, struct sp_str *ret_text,
                                struct sp_error *err)
{
    if (holds_zero(name))
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "a name in the client certificate holds a zero byte or no text");
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = -1;
    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
        len = BIO_get_mem_data(bio, &text);
    enum sp_status status = SP_OK;
    if (len < 0) {
        status = no_memory(err);
    } else if (len > (long)SP_CERTIFICATE_NAME_MAX) {
        status = sp_error_set(err, SP_ELIMIT, NULL, "a name in the client certificate has more than %u bytes",
                              SP_CERTIFICATE_NAME_MAX);
    } else {
        struct sp_str copy = sp_arena_str(arena, sp_str_from(text, (size_t)len));
        if (copy.ptr)
            *ret_text = copy;
        else
            status = no_memory(err);
    }
    BIO_free(bio);
    return status;
}

static enum sp_status serial_text(const X509 *certificate, struct sp_arena *arena, struct sp_str *ret_text,
                                  struct sp_error *err)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *text = number ? BN_bn2dec(number) : NULL;
    struct sp_str copy = text ? sp_arena_str(arena, sp_str_of(text)) : (struct sp_str){NULL, 0};
    OPENSSL_free(text);
    BN_free(number);
    if (!copy.ptr)
        return no_memory(err);
    *ret_text = copy;
    return SP_OK;
}

enum sp_status sp_certificate_names_read(struct sp_str der, struct sp_arena *arena,
                                         struct sp_certificate_names *ret_names, struct sp_error *err)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = der.len && der.len <= LONG_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (!certificate || at != (const unsigned char *)der.ptr + der.len) {
        X509_free(certificate);
        return sp_error_set(err, SP_ESYNTAX, NULL, "the client certificate cannot be read");
    }
    struct sp_certificate_names names = {.der = der, .certificate = certificate};
    enum sp_status status = name_text(X509_get_subject_name(certificate), arena, &names.subject, err);
    if (status == SP_OK)
        status = name_text(X509_get_issuer_name(certificate), arena, &names.issuer, err);
    if (status == SP_OK)
        status = serial_text(certificate, arena, &names.serial, err);
    if (status != SP_OK) {
        X509_free(certificate);
        return status;
    }
    *ret_names = names;
    return SP_OK;
}

void sp_certificate_names_finish(struct sp_certificate_names *names)
{
    X509_free(names->certificate);
    names->certificate = NULL;
}

static int nid_of(struct sp_str type)
{
    char name[TYPE_MAX];
    if (!type.len || type.len >= sizeof name)
        return NID_undef;
    if (sp_str_caseless_eq(type, SP_STR("E")))
        return NID_pkcs9_emailAddress;
    for (size_t i = 0; i < type.len; i++)
        name[i] = sp_upper(type.ptr[i]);
    name[type.len] = '\0';
    int nid = OBJ_sn2nid(name);
    if (nid != NID_undef)
        return nid;
    memcpy(name, type.ptr, type.len);
    return OBJ_txt2nid(name);
}

enum sp_status sp_certificate_names_part(const struct sp_certificate_names *names, bool of_issuer,
                                         struct sp_str type, struct sp_arena *arena, struct sp_str *ret_value,
                                         struct sp_error *err)
{
    const X509_NAME *name =
        of_issuer ? X509_get_issuer_name(names->certificate) : X509_get_subject_name(names->certificate);
    int nid = nid_of(type), at = -1;
    for (int next = -1; nid != NID_undef && (next = X509_NAME_get_index_by_NID(name, nid, next)) >= 0;)
        at = next;
    if (at < 0) {
        *ret_value = (struct sp_str){NULL, 0};
        return SP_OK;
    }
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    struct sp_str value =
        len < 0 ? (struct sp_str){NULL, 0} : sp_arena_str(arena, sp_str_from(utf8, (size_t)len));
    OPENSSL_free(utf8);
    if (!value.ptr)
        return no_memory(err);
    *ret_value = value;
    return SP_OK;
}
