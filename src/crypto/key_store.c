/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/jks.h"

#define DEPTH_MAX 8
#define PASSWORD_MAX 1024
/* A password check of more rounds than this is a mistake or an attack; so many take half a second. */
#define MAC_ROUNDS_MAX 1000000
#define WARN_DAYS 30

struct certificate {
    X509 *x509;
    bool marked;   /* Java says: trusted */
    bool in_entry; /* belongs to a key or to a key's chain */
    struct sp_str alias;
};

struct sp_key_store {
    struct sp_arena arena; /* names */
    struct certificate *certificates;
    size_t certificate_count;
    struct sp_key_entry entries[SP_KEY_STORE_KEYS_MAX];
    size_t entry_count;
    size_t locked;  /* keys that have another password than the store */
    X509 **trusted; /* of `certificates` */
    size_t trusted_count;
};

/* What one reading needs. */
struct reading {
    struct sp_key_store *store;
    const char *name;
    char password[PASSWORD_MAX + 1];
    int password_len; /* -1: none */
    struct sp_error *err;
};

/* ---- making the store ---- */

static enum sp_status openssl_failed(struct reading *reading, enum sp_status status, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    sp_error_set(reading->err, status, NULL, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
    sp_error_at(reading->err, reading->name, 0, 0);
    return status;
}

/* Takes the certificate over, also when it fails. */
static enum sp_status add_certificate(struct reading *reading, X509 *x509, struct sp_str alias, bool marked)
{
    struct sp_key_store *store = reading->store;
    if (!x509)
        return openssl_failed(reading, SP_ESYNTAX, "a certificate cannot be read");
    if (store->certificate_count == SP_KEY_STORE_CERTIFICATES_MAX) {
        X509_free(x509);
        return openssl_failed(reading, SP_ELIMIT, "more than 4096 certificates");
    }
    if ((store->certificate_count & (store->certificate_count - 1)) == 0) {
        size_t room = store->certificate_count ? store->certificate_count * 2 : 4;
        struct certificate *more = realloc(store->certificates, room * sizeof *more);
        if (!more) {
            X509_free(x509);
            return SP_ENOMEM;
        }
        store->certificates = more;
    }
    store->certificates[store->certificate_count++] =
        (struct certificate){.x509 = x509, .marked = marked, .alias = sp_arena_str(&store->arena, alias)};
    return SP_OK;
}

/* Takes the key over, also when it fails. */
static enum sp_status add_key(struct reading *reading, EVP_PKEY *key, struct sp_str alias)
{
    struct sp_key_store *store = reading->store;
    if (!key)
        return openssl_failed(reading, SP_ESYNTAX, "a private key cannot be read");
    if (store->entry_count == SP_KEY_STORE_KEYS_MAX) {
        EVP_PKEY_free(key);
        return openssl_failed(reading, SP_ELIMIT, "more than 64 private keys");
    }
    store->entries[store->entry_count++] =
        (struct sp_key_entry){.key = key, .alias = sp_arena_str(&store->arena, alias)};
    return SP_OK;
}

/* ---- PEM ---- */

static int give_password(char *to, int size, int writing, void *arg)
{
    const struct reading *reading = arg;
    if (reading->password_len < 0 || reading->password_len > size)
        return -1;
    memcpy(to, reading->password, (size_t)reading->password_len);
    return reading->password_len;
}

static enum sp_status pem_key_failed(struct reading *reading, bool encrypted)
{
    if (encrypted && reading->password_len < 0)
        return openssl_failed(reading, SP_EDENIED, "the private key is encrypted and no password is given");
    if (encrypted)
        return openssl_failed(reading, SP_EDENIED, "the private key does not open with this password");
    return openssl_failed(reading, SP_ESYNTAX, "a private key cannot be read");
}

static enum sp_status read_pem_key(struct reading *reading, const char *label, const char *header,
                                   const unsigned char *data, long len)
{
    bool encrypted = strstr(label, "ENCRYPTED") || strstr(header, "ENCRYPTED");
    BIO *bio = BIO_new(BIO_s_secmem());
    EVP_PKEY *key = NULL;
    if (bio && PEM_write_bio(bio, label, header, data, len) > 0)
        key = PEM_read_bio_PrivateKey(bio, NULL, give_password, reading);
    BIO_free(bio);
    return key ? add_key(reading, key, SP_STR("")) : pem_key_failed(reading, encrypted);
}

static enum sp_status read_pem_block(struct reading *reading, const char *label, const char *header,
                                     const unsigned char *data, long len)
{
    struct sp_str kind = sp_str_of(label);
    if (sp_str_is(kind, PEM_STRING_X509) || sp_str_is(kind, PEM_STRING_X509_OLD)) {
        const unsigned char *at = data;
        return add_certificate(reading, d2i_X509(NULL, &at, len), SP_STR(""), false);
    }
    if (sp_str_is(kind, PEM_STRING_X509_TRUSTED)) {
        const unsigned char *at = data;
        return add_certificate(reading, d2i_X509_AUX(NULL, &at, len), SP_STR(""), true);
    }
    if (sp_str_ends(kind, SP_STR("PRIVATE KEY")))
        return read_pem_key(reading, label, header, data, len);
    return SP_OK; /* parameters, requests and the like */
}

static enum sp_status read_pem(struct reading *reading, struct sp_str bytes)
{
    BIO *bio = BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
    if (!bio)
        return SP_ENOMEM;
    enum sp_status status = SP_OK;
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    while (status == SP_OK && PEM_read_bio(bio, &label, &header, &data, &len)) {
        status = read_pem_block(reading, label, header, data, len);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
    }
    BIO_free(bio);
    if (status == SP_OK && ERR_GET_REASON(ERR_peek_error()) != PEM_R_NO_START_LINE)
        status = openssl_failed(reading, SP_ESYNTAX, "the PEM text is damaged");
    ERR_clear_error();
    return status;
}

/* ---- PKCS#12 ---- */

static const char *p12_password(const struct reading *reading)
{
    return reading->password_len < 0 ? NULL : reading->password;
}

/* Java writes the attribute 2.16.840.1.113894.746875.1.1 at a certificate that is a trusted entry. */
static bool is_marked_by_java(const PKCS12_SAFEBAG *bag)
{
    const STACK_OF(X509_ATTRIBUTE) *attributes = PKCS12_SAFEBAG_get0_attrs(bag);
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); i++) {
        char oid[64];
        const X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(attributes, i);
        OBJ_obj2txt(oid, sizeof oid, X509_ATTRIBUTE_get0_object((X509_ATTRIBUTE *)attribute), 1);
        if (strcmp(oid, "2.16.840.1.113894.746875.1.1") == 0)
            return true;
    }
    return false;
}

static enum sp_status read_key_bag(struct reading *reading, const PKCS12_SAFEBAG *bag, struct sp_str alias)
{
    if (PKCS12_SAFEBAG_get_nid(bag) == NID_keyBag)
        return add_key(reading, EVP_PKCS82PKEY(PKCS12_SAFEBAG_get0_p8inf(bag)), alias);
    PKCS8_PRIV_KEY_INFO *plain = PKCS12_decrypt_skey(bag, p12_password(reading), reading->password_len);
    if (!plain)
        return openssl_failed(reading, SP_EDENIED, "a private key does not open with this password");
    enum sp_status status = add_key(reading, EVP_PKCS82PKEY(plain), alias);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return status;
}

static enum sp_status read_bags(struct reading *reading, const STACK_OF(PKCS12_SAFEBAG) * bags,
                                unsigned depth);

static enum sp_status read_bag(struct reading *reading, const PKCS12_SAFEBAG *bag, unsigned depth)
{
    enum sp_status status = SP_OK;
    char *alias = PKCS12_get_friendlyname((PKCS12_SAFEBAG *)bag);
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
    case NID_pkcs8ShroudedKeyBag:
        status = read_key_bag(reading, bag, sp_str_of(alias));
        break;
    case NID_certBag:
        if (PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate)
            status = add_certificate(reading, PKCS12_SAFEBAG_get1_cert(bag), sp_str_of(alias),
                                     is_marked_by_java(bag));
        break;
    case NID_safeContentsBag:
        status = depth == DEPTH_MAX ? openssl_failed(reading, SP_ELIMIT, "bags nested too deeply")
                                    : read_bags(reading, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
        break;
    default:
        break;
    }
    OPENSSL_free(alias);
    return status;
}

static enum sp_status read_bags(struct reading *reading, const STACK_OF(PKCS12_SAFEBAG) * bags,
                                unsigned depth)
{
    enum sp_status status = SP_OK;
    for (int i = 0; status == SP_OK && i < sk_PKCS12_SAFEBAG_num(bags); i++)
        status = read_bag(reading, sk_PKCS12_SAFEBAG_value(bags, i), depth);
    return status;
}

static enum sp_status read_safe(struct reading *reading, PKCS7 *safe)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    if (PKCS7_type_is_data(safe))
        bags = PKCS12_unpack_p7data(safe);
    else if (PKCS7_type_is_encrypted(safe))
        bags = PKCS12_unpack_p7encdata(safe, p12_password(reading), reading->password_len);
    else
        return openssl_failed(reading, SP_EUNSUPPORTED, "a part is encrypted for a public key");
    if (!bags)
        return openssl_failed(reading, SP_ESYNTAX, "a part cannot be read");
    enum sp_status status = read_bags(reading, bags, 0);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return status;
}

/* The MAC tells a wrong password from a damaged file. No password and an empty one differ in PKCS#12, and
 * tools mix them up, so that both are tried. */
static enum sp_status check_mac(struct reading *reading, PKCS12 *p12)
{
    const ASN1_INTEGER *rounds = NULL;
    if (!PKCS12_mac_present(p12))
        return SP_OK;
    PKCS12_get0_mac(NULL, NULL, NULL, &rounds, p12);
    if (rounds && ASN1_INTEGER_get(rounds) > MAC_ROUNDS_MAX)
        return openssl_failed(reading, SP_ELIMIT, "its password check asks for more than 1000000 rounds");
    if (PKCS12_verify_mac(p12, p12_password(reading), reading->password_len))
        return SP_OK;
    if (reading->password_len <= 0) {
        reading->password_len = reading->password_len < 0 ? 0 : -1;
        ERR_clear_error();
        if (PKCS12_verify_mac(p12, p12_password(reading), reading->password_len))
            return SP_OK;
        ERR_clear_error();
        return openssl_failed(reading, SP_EDENIED, "it is protected by a password and none is given");
    }
    unsigned long code = ERR_peek_error();
    if (ERR_GET_REASON(code) == PKCS12_R_MAC_VERIFY_FAILURE || code == 0) {
        ERR_clear_error();
        return openssl_failed(reading, SP_EDENIED, "the password is wrong");
    }
    return openssl_failed(reading, SP_EUNSUPPORTED, "the password cannot be checked");
}

static enum sp_status read_p12_safes(struct reading *reading, PKCS12 *p12)
{
    enum sp_status status = check_mac(reading, p12);
    if (status != SP_OK)
        return status;
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);
    if (!safes)
        return openssl_failed(reading, SP_ESYNTAX, "its contents cannot be read");
    for (int i = 0; status == SP_OK && i < sk_PKCS7_num(safes); i++)
        status = read_safe(reading, sk_PKCS7_value(safes, i));
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return status;
}

static enum sp_status read_p12(struct reading *reading, struct sp_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)bytes.len);
    if (!p12)
        return openssl_failed(reading, SP_ESYNTAX, "it is neither PKCS#12 nor PEM");
    /* Stores made by Java before 16 and by OpenSSL before 3 are encrypted with RC2, which OpenSSL 3 keeps
     * apart. It is there while the file is read and gone afterwards. */
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
    ERR_clear_error();
    enum sp_status status = read_p12_safes(reading, p12);
    if (legacy)
        OSSL_PROVIDER_unload(legacy);
    PKCS12_free(p12);
    return status;
}

/* ---- JKS ---- */

static enum sp_status take_jks_certificate(void *arg, struct sp_str alias, struct sp_str der, bool trusted)
{
    struct reading *reading = arg;
    const unsigned char *at = (const unsigned char *)der.ptr;
    enum sp_status status = add_certificate(reading, d2i_X509(NULL, &at, (long)der.len), alias, trusted);
    /* The format says what is in a chain. */
    if (status == SP_OK && !trusted)
        reading->store->certificates[reading->store->certificate_count - 1].in_entry = true;
    return status;
}

static enum sp_status take_jks_key(void *arg, struct sp_str alias, struct sp_str pkcs8)
{
    struct reading *reading = arg;
    const unsigned char *at = (const unsigned char *)pkcs8.ptr;
    if (!pkcs8.ptr) {
        reading->store->locked++;
        return SP_OK;
    }
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8.len);
    enum sp_status status = add_key(reading, info ? EVP_PKCS82PKEY(info) : NULL, alias);
    PKCS8_PRIV_KEY_INFO_free(info);
    return status;
}

static enum sp_status read_jks(struct reading *reading, struct sp_str bytes)
{
    const struct sp_jks_sink sink = {
        .arg = reading, .certificate = take_jks_certificate, .key = take_jks_key};
    struct sp_str password = {reading->password,
                              reading->password_len < 0 ? 0 : (size_t)reading->password_len};
    enum sp_status status = sp_jks_read(bytes, password, &sink, reading->err);
    if (status != SP_OK)
        sp_error_at(reading->err, reading->name, 0, 0);
    return status;
}

/* ---- entries, chains, trust ---- */

static struct certificate *find_issuer(const struct sp_key_store *store, X509 *of)
{
    for (size_t i = 0; i < store->certificate_count; i++) {
        X509 *candidate = store->certificates[i].x509;
        if (candidate != of && X509_check_issued(candidate, of) == X509_V_OK &&
            X509_verify(of, X509_get0_pubkey(candidate)) == 1)
            return &store->certificates[i];
    }
    return NULL;
}

static bool issued_itself(X509 *x509)
{
    return X509_check_issued(x509, x509) == X509_V_OK;
}

static enum sp_status build_chain(struct sp_key_store *store, struct sp_key_entry *entry)
{
    entry->chain = sk_X509_new_null();
    if (!entry->chain)
        return SP_ENOMEM;
    X509 *last = entry->certificate;
    while (!issued_itself(last) && sk_X509_num(entry->chain) < DEPTH_MAX) {
        struct certificate *issuer = find_issuer(store, last);
        if (!issuer)
            break;
        issuer->in_entry = true;
        last = issuer->x509;
        if (!sk_X509_push(entry->chain, last))
            return SP_ENOMEM;
    }
    return SP_OK;
}

static enum sp_status build_entry(struct reading *reading, struct sp_key_entry *entry)
{
    struct sp_key_store *store = reading->store;
    for (size_t i = 0; i < store->certificate_count && !entry->certificate; i++) {
        struct certificate *candidate = &store->certificates[i];
        if (X509_check_private_key(candidate->x509, entry->key) == 1) {
            entry->certificate = candidate->x509;
            candidate->in_entry = true;
            if (entry->alias.len == 0)
                entry->alias = candidate->alias;
        }
    }
    ERR_clear_error();
    if (!entry->certificate)
        return openssl_failed(reading, SP_EINVAL, "a private key has no certificate in the file");
    return build_chain(store, entry);
}

static enum sp_status collect_trusted(struct sp_key_store *store, bool marked_only)
{
    store->trusted = calloc(store->certificate_count + 1, sizeof(X509 *));
    if (!store->trusted)
        return SP_ENOMEM;
    for (size_t i = 0; i < store->certificate_count; i++) {
        struct certificate *certificate = &store->certificates[i];
        bool own_root = false;
        for (size_t k = 0; k < store->entry_count; k++)
            own_root = own_root || (store->entries[k].certificate == certificate->x509 &&
                                    issued_itself(certificate->x509));
        if (certificate->marked || (!marked_only && (!certificate->in_entry || own_root)))
            store->trusted[store->trusted_count++] = certificate->x509;
    }
    return SP_OK;
}

static enum sp_status read_content(struct reading *reading, struct sp_str bytes)
{
    enum sp_status status = SP_OK;
    if (bytes.len >= 4 && memcmp(bytes.ptr, "\xce\xce\xce\xce", 4) == 0)
        return openssl_failed(
            reading, SP_EUNSUPPORTED,
            "JCEKS key stores are not read; convert it: keytool -importkeystore -srckeystore OLD "
            "-srcstoretype JCEKS -destkeystore NEW.p12 -deststoretype PKCS12");
    if (sp_jks_is(bytes))
        status = read_jks(reading, bytes);
    else if (bytes.len > 0 && bytes.ptr[0] == 0x30)
        status = read_p12(reading, bytes);
    else if (bytes.len > 0 && memmem(bytes.ptr, bytes.len, "-----BEGIN ", 11))
        status = read_pem(reading, bytes);
    else
        status =
            openssl_failed(reading, SP_ESYNTAX, bytes.len ? "it is neither PKCS#12 nor PEM" : "it is empty");
    for (size_t i = 0; status == SP_OK && i < reading->store->entry_count; i++)
        status = build_entry(reading, &reading->store->entries[i]);
    if (status == SP_OK && reading->store->certificate_count == 0)
        status = openssl_failed(reading, SP_EINVAL, "there is no certificate in it");
    return status == SP_OK ? collect_trusted(reading->store, false) : status;
}

enum sp_status sp_key_store_parse(struct sp_str bytes, struct sp_str password, const char *name,
                                  struct sp_key_store **ret_store, struct sp_error *err)
{
    struct reading reading = {.name = name, .err = err, .password_len = -1};
    if (bytes.len > SP_KEY_STORE_BYTES_MAX)
        return openssl_failed(&reading, SP_ELIMIT, "it is larger than 4 MiB");
    if (password.len > PASSWORD_MAX || (password.len && memchr(password.ptr, 0, password.len)))
        return openssl_failed(&reading, SP_EINVAL, "the password is longer than 1024 bytes or holds a NUL");
    if (password.ptr) {
        memcpy(reading.password, password.ptr, password.len);
        reading.password_len = (int)password.len;
    }
    reading.store = calloc(1, sizeof *reading.store);
    if (!reading.store)
        return SP_ENOMEM;
    sp_arena_init(&reading.store->arena, SP_KEY_STORE_BYTES_MAX);
    ERR_clear_error();
    enum sp_status status = read_content(&reading, bytes);
    sp_secret_wipe(reading.password, sizeof reading.password);
    ERR_clear_error();
    if (status != SP_OK) {
        sp_key_store_free(reading.store);
        if (status == SP_ENOMEM)
            sp_error_set(err, status, NULL, "no memory to read the key store");
        return status;
    }
    *ret_store = reading.store;
    return SP_OK;
}

static enum sp_status add_item(struct reading *reading, const struct sp_key_store_item *item)
{
    struct sp_key_store *store = reading->store;
    const unsigned char *at = (const unsigned char *)item->certificate.ptr;
    bool fits = item->certificate.len <= SP_KEY_STORE_BYTES_MAX && item->key.len <= SP_KEY_STORE_BYTES_MAX;
    enum sp_status status = add_certificate(
        reading, fits ? d2i_X509(NULL, &at, (long)item->certificate.len) : NULL, item->alias, item->trusted);
    if (status != SP_OK || (!item->key.len && !item->pkey))
        return status;
    at = (const unsigned char *)item->key.ptr;
    if (item->pkey)
        EVP_PKEY_up_ref(item->pkey);
    status = add_key(reading, item->pkey ? item->pkey : d2i_AutoPrivateKey(NULL, &at, (long)item->key.len),
                     item->alias);
    if (status != SP_OK)
        return status;
    struct certificate *certificate = &store->certificates[store->certificate_count - 1];
    struct sp_key_entry *entry = &store->entries[store->entry_count - 1];
    if (X509_check_private_key(certificate->x509, entry->key) != 1)
        return openssl_failed(reading, SP_EINVAL, "a private key is that of another certificate");
    certificate->in_entry = true;
    entry->certificate = certificate->x509;
    return SP_OK;
}

enum sp_status sp_key_store_make(const struct sp_key_store_item *items, size_t count, const char *name,
                                 struct sp_key_store **ret_store, struct sp_error *err)
{
    struct reading reading = {.name = name, .err = err, .password_len = -1};
    enum sp_status status = SP_OK;
    reading.store = calloc(1, sizeof *reading.store);
    if (!reading.store)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read the key store");
    sp_arena_init(&reading.store->arena, SP_KEY_STORE_BYTES_MAX);
    ERR_clear_error();
    for (size_t i = 0; i < count && status == SP_OK; i++)
        status = add_item(&reading, &items[i]);
    for (size_t i = 0; i < reading.store->entry_count && status == SP_OK; i++)
        status = build_chain(reading.store, &reading.store->entries[i]);
    if (status == SP_OK && reading.store->certificate_count == 0)
        status = openssl_failed(&reading, SP_EINVAL, "there is no certificate in it");
    if (status == SP_OK)
        status = collect_trusted(reading.store, true);
    ERR_clear_error();
    if (status == SP_OK)
        *ret_store = reading.store;
    else
        sp_key_store_free(reading.store);
    return status == SP_ENOMEM ? sp_error_set(err, status, NULL, "no memory to read the key store") : status;
}

static enum sp_status file_failed(struct sp_error *err, enum sp_status status, int errnum, const char *path,
                                  const char *what)
{
    sp_error_errno(err, status, errnum, "the key store %s", what);
    sp_error_at(err, path, 0, 0);
    return status;
}

static enum sp_status read_all(int fd, unsigned char *to, size_t size, size_t *ret_len)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, to + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SP_EIO;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret_len = len;
    return SP_OK;
}

enum sp_status sp_key_store_open(const char *path, struct sp_str password, struct sp_key_store **ret_store,
                                 struct sp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_failed(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno, path, "cannot be opened");
    /* One byte more than allowed, so that a larger file is seen to be one. */
    size_t room = SP_KEY_STORE_BYTES_MAX + 1, len = 0;
    unsigned char *bytes = malloc(room);
    enum sp_status status = bytes ? read_all(fd, bytes, room, &len) : SP_ENOMEM;
    if (status == SP_EIO)
        file_failed(err, status, errno, path, "cannot be read");
    close(fd);
    if (status == SP_OK)
        status = sp_key_store_parse(sp_str_from(bytes, len), password, path, ret_store, err);
    if (bytes)
        sp_secret_wipe(bytes, len);
    free(bytes);
    return status;
}

void sp_key_store_free(struct sp_key_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->entry_count; i++) {
        EVP_PKEY_free(store->entries[i].key);
        sk_X509_free(store->entries[i].chain);
    }
    for (size_t i = 0; i < store->certificate_count; i++)
        X509_free(store->certificates[i].x509);
    free(store->certificates);
    free(store->trusted);
    sp_arena_finish(&store->arena);
    free(store);
}

/* ---- using it ---- */

size_t sp_key_store_entry_count(const struct sp_key_store *store)
{
    return store->entry_count;
}

size_t sp_key_store_trusted_count(const struct sp_key_store *store)
{
    return store->trusted_count;
}

X509 *sp_key_store_trusted(const struct sp_key_store *store, size_t index)
{
    return store->trusted[index];
}

static enum sp_status no_such_entry(const struct sp_key_store *store, struct sp_str alias,
                                    struct sp_error *err)
{
    char list[SP_ERROR_TEXT_MAX / 2];
    size_t len = 0;
    list[0] = '\0';
    for (size_t i = 0; i < store->entry_count && len < sizeof list; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s'%.*s'", i ? ", " : "",
                                SP_STR_ARG(store->entries[i].alias));
    if (store->entry_count == 0)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "the key store holds no private key%s",
                            store->locked ? " that opens with its own password" : "");
    return sp_error_set(err, SP_ENOTFOUND, NULL, "the key store has no private key '%.*s'; there are %s",
                        SP_STR_ARG(alias), list);
}

enum sp_status sp_key_store_entry(const struct sp_key_store *store, struct sp_str alias,
                                  const struct sp_key_entry **ret_entry, struct sp_error *err)
{
    for (size_t i = 0; i < store->entry_count; i++) {
        if (alias.len == 0 || sp_str_caseless_eq(alias, store->entries[i].alias)) {
            *ret_entry = &store->entries[i];
            return SP_OK;
        }
    }
    return no_such_entry(store, alias, err);
}

/* PEM has no aliases: there a certificate goes by its common name. */
static bool has_alias(const struct certificate *certificate, struct sp_str alias)
{
    char name[256];
    if (certificate->alias.len)
        return sp_str_caseless_eq(certificate->alias, alias);
    int len = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate->x509), NID_commonName, name,
                                        sizeof name);
    return len > 0 && sp_str_caseless_eq(sp_str_from(name, (size_t)len), alias);
}

enum sp_status sp_key_store_certificate(const struct sp_key_store *store, struct sp_str alias,
                                        X509 **ret_certificate, struct sp_error *err)
{
    for (size_t i = 0; alias.len && i < store->entry_count; i++) {
        if (sp_str_caseless_eq(alias, store->entries[i].alias)) {
            *ret_certificate = store->entries[i].certificate;
            return SP_OK;
        }
    }
    for (size_t i = 0; alias.len && i < store->certificate_count; i++) {
        if (has_alias(&store->certificates[i], alias)) {
            *ret_certificate = store->certificates[i].x509;
            return SP_OK;
        }
    }
    return sp_error_set(err, SP_ENOTFOUND, NULL, "the key store has no certificate '%.*s' among its %zu",
                        SP_STR_ARG(alias), store->certificate_count);
}

static void warn_one(X509 *x509, time_t now, void (*fn)(void *, const char *), void *arg)
{
    char text[512], subject[256], date[64];
    const ASN1_TIME *from = X509_get0_notBefore(x509), *until = X509_get0_notAfter(x509);
    time_t soon = now + (time_t)WARN_DAYS * 86400;
    const char *what = NULL;
    if (X509_cmp_time(from, &now) > 0)
        what = "is not valid before";
    else if (X509_cmp_time(until, &now) < 0)
        what = "expired on";
    else if (X509_cmp_time(until, &soon) < 0)
        what = "expires on";
    if (!what)
        return;
    struct tm tm = {0};
    ASN1_TIME_to_tm(what[0] == 'i' ? from : until, &tm);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &tm);
    X509_NAME_oneline(X509_get_subject_name(x509), subject, sizeof subject);
    snprintf(text, sizeof text, "the certificate of %s %s %s", subject, what, date);
    fn(arg, text);
}

void sp_key_store_warn(const struct sp_key_store *store, int64_t realtime_us,
                       void (*fn)(void *arg, const char *text), void *arg)
{
    for (size_t i = 0; i < store->certificate_count; i++)
        warn_one(store->certificates[i].x509, (time_t)(realtime_us / 1000000), fn, arg);
}

static enum sp_status context_failed(struct sp_error *err, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return sp_error_set(err, SP_EINVAL, NULL, "%s%s%s", what, reason ? ": " : "", reason ? reason : "");
}

enum sp_status sp_key_store_present(const struct sp_key_store *store, struct sp_str alias, SSL_CTX *context,
                                    struct sp_error *err)
{
    const struct sp_key_entry *entry = NULL;
    enum sp_status status = sp_key_store_entry(store, alias, &entry, err);
    if (status != SP_OK)
        return status;
    /* Too short a key or too weak a signature is refused here, by OpenSSL's security level. */
    if (SSL_CTX_use_cert_and_key(context, entry->certificate, entry->key, entry->chain, 1) != 1)
        return context_failed(err, "the certificate cannot be used for TLS");
    return SP_OK;
}

enum sp_status sp_key_store_trust(const struct sp_key_store *store, SSL_CTX *context, struct sp_error *err)
{
    if (store->trusted_count == 0)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "the trust store holds no trusted certificate; issuers in the chain of a private "
                            "key are not trusted, import them as entries of their own");
    X509_STORE *trust = SSL_CTX_get_cert_store(context);
    for (size_t i = 0; i < store->trusted_count; i++)
        if (X509_STORE_add_cert(trust, store->trusted[i]) != 1 ||
            SSL_CTX_add_client_CA(context, store->trusted[i]) != 1)
            return context_failed(err, "a trusted certificate cannot be used");
    return SP_OK;
}
