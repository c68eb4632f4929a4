/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/certificate_package.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "base/secret.h"
#include "crypto/key_store.h"
#include "text/base64.h"
#include "text/codepage.h"

enum { PASSWORD_MAX = 128, PEM_LINE = 64 };

static enum sp_status library_failed(struct sp_error *err, enum sp_status status, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return sp_error_set(err, status, NULL, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
}

/* ---- reading ---- */

static enum sp_status add(struct sp_certificate_package *package, X509 *x509, struct sp_arena *arena,
                          struct sp_error *err)
{
    unsigned char *der = NULL;
    if (package->count == SP_PACKAGE_CERTIFICATES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "there are more than %d certificates in it",
                            SP_PACKAGE_CERTIFICATES_MAX);
    int len = i2d_X509(x509, &der);
    struct sp_str copy =
        len > 0 ? sp_arena_str(arena, sp_str_from(der, (size_t)len)) : (struct sp_str){NULL, 0};
    OPENSSL_free(der);
    if (!copy.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read certificates");
    for (size_t i = 0; i < package->count; i++)
        if (sp_str_eq(package->certificates[i], copy))
            return SP_OK;
    package->certificates[package->count++] = copy;
    return SP_OK;
}

static bool issued(X509 *issuer, X509 *subject)
{
    return issuer != subject && X509_check_issued(issuer, subject) == X509_V_OK;
}

/* A bag has no order: the one meant is the one that issued no other; its issuers follow it. */
static enum sp_status add_in_order(struct sp_certificate_package *package, STACK_OF(X509) * bag,
                                   struct sp_arena *arena, struct sp_error *err)
{
    X509 *at = NULL;
    for (int i = 0; i < sk_X509_num(bag) && !at; i++) {
        X509 *candidate = sk_X509_value(bag, i);
        bool is_issuer = false;
        for (int k = 0; k < sk_X509_num(bag); k++)
            is_issuer = is_issuer || issued(candidate, sk_X509_value(bag, k));
        if (!is_issuer)
            at = candidate;
    }
    enum sp_status status = SP_OK;
    for (int depth = 0; at && !status && depth < SP_PACKAGE_CERTIFICATES_MAX; depth++) {
        X509 *next = NULL;
        status = add(package, at, arena, err);
        for (int i = 0; i < sk_X509_num(bag) && !next; i++)
            if (issued(sk_X509_value(bag, i), at))
                next = sk_X509_value(bag, i);
        at = next;
    }
    for (int i = 0; i < sk_X509_num(bag) && !status; i++)
        status = add(package, sk_X509_value(bag, i), arena, err);
    return status;
}

static enum sp_status add_pkcs7(struct sp_certificate_package *package, PKCS7 *p7, struct sp_arena *arena,
                                struct sp_error *err)
{
    STACK_OF(X509) *bag = PKCS7_type_is_signed(p7) && p7->d.sign ? p7->d.sign->cert : NULL;
    if (!bag || sk_X509_num(bag) == 0)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the PKCS#7 package holds no certificate");
    return add_in_order(package, bag, arena, err);
}

/* PKCS#12, and PEM with certificates and perhaps a key. */
static enum sp_status add_key_store(struct sp_certificate_package *package, struct sp_str bytes,
                                    struct sp_str password, struct sp_arena *arena, struct sp_error *err)
{
    struct sp_key_store *store = NULL;
    const struct sp_key_entry *entry = NULL;
    unsigned char *der = NULL;
    enum sp_status status = sp_key_store_parse(bytes, password, NULL, &store, err);
    if (status)
        return status;
    if (sp_key_store_entry_count(store) > 1)
        status = sp_error_set(err, SP_EUNSUPPORTED, NULL, "there is more than one private key in it");
    else if (sp_key_store_entry_count(store) == 1)
        status = sp_key_store_entry(store, SP_STR(""), &entry, err);
    if (entry && !status) {
        PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(entry->key);
        int len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : -1;
        package->key =
            len > 0 ? sp_arena_str(arena, sp_str_from(der, (size_t)len)) : (struct sp_str){NULL, 0};
        OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
        PKCS8_PRIV_KEY_INFO_free(p8);
        status = package->key.ptr ? add(package, entry->certificate, arena, err)
                                  : library_failed(err, SP_EUNSUPPORTED, "the private key cannot be kept");
        for (int i = 0; i < sk_X509_num(entry->chain) && !status; i++)
            status = add(package, sk_X509_value(entry->chain, i), arena, err);
    }
    STACK_OF(X509) *bag = sk_X509_new_null();
    for (size_t i = 0; bag && i < sp_key_store_trusted_count(store) && !status; i++)
        if (!sk_X509_push(bag, sp_key_store_trusted(store, i)))
            status = SP_ENOMEM;
    if (!status && bag)
        status = add_in_order(package, bag, arena, err);
    sk_X509_free(bag);
    sp_key_store_free(store);
    return status;
}

static bool holds(struct sp_str text, const char *part)
{
    return text.len && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* Text that begins with "-----BEGIN" in EBCDIC, to UTF-8. */
static enum sp_status from_ebcdic(struct sp_str *bytes, struct sp_arena *arena)
{
    static const char begin[] = "\x60\x60\x60\x60\x60\xc2\xc5\xc7\xc9\xd5";
    struct sp_buf text;
    if (!holds(*bytes, begin))
        return SP_OK;
    sp_buf_init(&text, 2 * SP_PACKAGE_BYTES_MAX);
    enum sp_status status = sp_codepage_decode(sp_codepage_find(1047, SP_NEWLINE_15), *bytes, &text);
    if (!status)
        *bytes = sp_arena_str(arena, sp_buf_str(&text));
    sp_buf_wipe(&text);
    return status || !bytes->ptr ? SP_ENOMEM : SP_OK;
}

/* The first block of PEM text, when it is a package: whatever its label says, for systems differ in it. */
static void unwrap(struct sp_str *bytes, struct sp_arena *arena)
{
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    if (!holds(*bytes, "-----BEGIN"))
        return;
    BIO *bio = BIO_new_mem_buf(bytes->ptr, (int)bytes->len);
    if (bio && PEM_read_bio(bio, &label, &header, &data, &len) == 1 &&
        !sp_str_ends(sp_str_of(label), SP_STR("PRIVATE KEY")) &&
        strcmp(label, PEM_STRING_X509_TRUSTED) != 0) {
        X509 *x509 = sp_certificate_parse(sp_str_from(data, (size_t)len));
        struct sp_str copy = x509 ? *bytes : sp_arena_str(arena, sp_str_from(data, (size_t)len));
        if (copy.ptr)
            *bytes = copy;
        X509_free(x509);
    }
    BIO_free(bio);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, (size_t)len);
    ERR_clear_error();
}

static PKCS7 *parse_pkcs7(struct sp_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    PKCS7 *p7 = bytes.ptr[0] == 0x30 ? d2i_PKCS7(NULL, &at, (long)bytes.len) : NULL;
    ERR_clear_error();
    return p7;
}

enum sp_status sp_certificate_package_read(struct sp_str bytes, struct sp_str password,
                                           struct sp_arena *arena, struct sp_certificate_package *ret_package,
                                           struct sp_error *err)
{
    memset(ret_package, 0, sizeof *ret_package);
    if (!bytes.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "it is empty");
    if (bytes.len > SP_PACKAGE_BYTES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "it is larger than %u bytes", SP_PACKAGE_BYTES_MAX);
    if (from_ebcdic(&bytes, arena))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read certificates");
    unwrap(&bytes, arena);
    if (!bytes.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "it is empty");
    X509 *x509 = sp_certificate_parse(bytes);
    PKCS7 *p7 = x509 ? NULL : parse_pkcs7(bytes);
    enum sp_status status = x509 ? add(ret_package, x509, arena, err)
                            : p7 ? add_pkcs7(ret_package, p7, arena, err)
                                 : add_key_store(ret_package, bytes, password, arena, err);
    X509_free(x509);
    PKCS7_free(p7);
    return status;
}

enum sp_status sp_request_read(struct sp_str bytes, struct sp_arena *arena, struct sp_str *ret_der,
                               struct sp_error *err)
{
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    struct sp_str der = {NULL, 0};
    if (bytes.len > SP_PACKAGE_BYTES_MAX || from_ebcdic(&bytes, arena))
        return sp_error_set(err, SP_ELIMIT, NULL, "the request is too large");
    if (bytes.len && bytes.ptr[0] == 0x30) {
        der = bytes;
    } else {
        BIO *bio = BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
        if (bio && PEM_read_bio(bio, &label, &header, &data, &len) == 1 &&
            sp_str_ends(sp_str_of(label), SP_STR("CERTIFICATE REQUEST")))
            der = sp_arena_str(arena, sp_str_from(data, (size_t)len));
        BIO_free(bio);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    ERR_clear_error();
    if (!der.ptr)
        return sp_error_set(err, SP_ESYNTAX, NULL, "it is no request: PKCS#10 in DER or PEM is wanted");
    *ret_der = der;
    return SP_OK;
}

/* ---- writing ---- */

enum sp_status sp_pem_write(const char *what, struct sp_str der, struct sp_buf *buf)
{
    struct sp_buf text;
    sp_buf_init(&text, 2 * SP_PACKAGE_BYTES_MAX);
    enum sp_status status = sp_base64_encode(SP_BASE64, der, &text);
    sp_buf_printf(buf, "-----BEGIN %s-----\n", what);
    for (size_t at = 0; at < text.len; at += PEM_LINE) {
        size_t len = text.len - at < PEM_LINE ? text.len - at : PEM_LINE;
        sp_buf_append(buf, text.ptr + at, len);
        sp_buf_append_byte(buf, '\n');
    }
    sp_buf_printf(buf, "-----END %s-----\n", what);
    sp_buf_wipe(&text);
    return status || buf->failed ? SP_ELIMIT : SP_OK;
}

static STACK_OF(X509) * parse_all(const struct sp_certificate_package *package, size_t from)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    for (size_t i = from; all && i < package->count; i++) {
        X509 *x509 = sp_certificate_parse(package->certificates[i]);
        if (!x509 || !sk_X509_push(all, x509)) {
            X509_free(x509);
            sk_X509_pop_free(all, X509_free);
            return NULL;
        }
    }
    return all;
}

static int make_pkcs7(const struct sp_certificate_package *package, unsigned char **ret_der)
{
    PKCS7 *p7 = PKCS7_new();
    STACK_OF(X509) *all = parse_all(package, 0);
    bool ok = p7 && all && PKCS7_set_type(p7, NID_pkcs7_signed) && PKCS7_content_new(p7, NID_pkcs7_data);
    for (int i = 0; ok && i < sk_X509_num(all); i++)
        ok = PKCS7_add_certificate(p7, sk_X509_value(all, i));
    if (ok) {
        /* Certificates alone: nothing is signed. */
        ASN1_OCTET_STRING_free(p7->d.sign->contents->d.data);
        p7->d.sign->contents->d.data = NULL;
    }
    int len = ok ? i2d_PKCS7(p7, ret_der) : -1;
    sk_X509_pop_free(all, X509_free);
    PKCS7_free(p7);
    return len;
}

static int make_pkcs12(const struct sp_certificate_package *package, struct sp_str password,
                       struct sp_str label, unsigned char **ret_der)
{
    char secret[PASSWORD_MAX + 1], name[64];
    if (password.len > PASSWORD_MAX || label.len >= sizeof name)
        return -1;
    memcpy(secret, password.ptr, password.len);
    secret[password.len] = '\0';
    memcpy(name, label.ptr, label.len);
    name[label.len] = '\0';
    const unsigned char *at = (const unsigned char *)package->key.ptr;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)package->key.len);
    X509 *x509 = sp_certificate_parse(package->certificates[0]);
    STACK_OF(X509) *issuers = parse_all(package, 1);
    PKCS12 *p12 =
        key && x509 && issuers ? PKCS12_create(secret, name, key, x509, issuers, 0, 0, 0, 0, 0) : NULL;
    int len = p12 ? i2d_PKCS12(p12, ret_der) : -1;
    sp_secret_wipe(secret, sizeof secret);
    PKCS12_free(p12);
    EVP_PKEY_free(key);
    X509_free(x509);
    sk_X509_pop_free(issuers, X509_free);
    return len;
}

enum sp_status sp_certificate_package_write(const struct sp_certificate_package *package,
                                            enum sp_package_format format, struct sp_str password,
                                            struct sp_str label, struct sp_buf *buf, struct sp_error *err)
{
    static const char *const names[] = {
        [SP_CERTB64] = "CERTIFICATE", [SP_PKCS7B64] = "PKCS7", [SP_PKCS12B64] = "PKCS12"};
    unsigned char *made = NULL;
    int len = 0;
    struct sp_str der = package->certificates[0];
    if (format == SP_PKCS7DER || format == SP_PKCS7B64)
        len = make_pkcs7(package, &made);
    else if (format == SP_PKCS12DER || format == SP_PKCS12B64)
        len = make_pkcs12(package, password, label, &made);
    if (len < 0)
        return library_failed(err, SP_EINVAL, "the package cannot be made");
    if (made)
        der = sp_str_from(made, (size_t)len);
    enum sp_status status = format % 2 ? sp_pem_write(names[format], der, buf) : sp_buf_append_str(buf, der);
    OPENSSL_clear_free(made, len > 0 ? (size_t)len : 0);
    ERR_clear_error();
    return status ? sp_error_set(err, SP_ELIMIT, NULL, "the package is too large") : SP_OK;
}
