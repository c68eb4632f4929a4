/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/clock.h"
#include "crypto/key_store.h"

#define DAY 86400L

struct pair {
    X509 *certificate;
    EVP_PKEY *key;
};

/* A certificate of `name` from `from_days` to `until_days` (both from now), issued by `issuer` or itself. */
static struct pair issue(const char *name, const struct pair *issuer, long from_days, long until_days)
{
    static long serial = 1;
    struct pair pair = {X509_new(), EVP_EC_gen("P-256")};
    assert_non_null(pair.certificate);
    assert_non_null(pair.key);
    X509_set_version(pair.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(pair.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(pair.certificate), from_days * DAY);
    X509_gmtime_adj(X509_getm_notAfter(pair.certificate), until_days * DAY);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(pair.certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(pair.certificate,
                         X509_get_subject_name(issuer ? issuer->certificate : pair.certificate));
    X509_set_pubkey(pair.certificate, pair.key);
    assert_true(X509_sign(pair.certificate, issuer ? issuer->key : pair.key, EVP_sha256()) > 0);
    return pair;
}

static void drop(struct pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
}

struct world {
    struct pair root, middle, server, other;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->root = issue("Root", NULL, -1, 1000);
    world->middle = issue("Middle", &world->root, -1, 1000);
    world->server = issue("server", &world->middle, -1, 1000);
    world->other = issue("Other CA", NULL, -1, 1000);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    drop(&world->root);
    drop(&world->middle);
    drop(&world->server);
    drop(&world->other);
    free(world);
    return 0;
}

/* ---- files in memory ---- */

static struct sp_str taken(BIO *bio)
{
    const BUF_MEM *memory = NULL;
    BIO_get_mem_ptr(bio, &memory);
    return sp_str_from(memory->data, memory->length);
}

/* PKCS#12 with the key of `leaf` and the certificates in `more` (NULL at the end). */
static BIO *p12_with(const char *password, const char *alias, const struct pair *leaf, X509 **more, int nid)
{
    STACK_OF(X509) *others = sk_X509_new_null();
    for (; more && *more; more++)
        sk_X509_push(others, *more);
    OSSL_PROVIDER *legacy = nid ? OSSL_PROVIDER_try_load(NULL, "legacy", 1) : NULL;
    PKCS12 *p12 = PKCS12_create(password, alias, leaf ? leaf->key : NULL, leaf ? leaf->certificate : NULL,
                                others, nid, nid, 2048, 2048, 0);
    assert_non_null(p12);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(i2d_PKCS12_bio(bio, p12), 1);
    PKCS12_free(p12);
    sk_X509_free(others);
    if (legacy)
        OSSL_PROVIDER_unload(legacy);
    return bio;
}

static BIO *pem_with(const struct pair *leaf, const char *password, X509 **more)
{
    BIO *bio = BIO_new(BIO_s_mem());
    for (; more && *more; more++)
        assert_int_equal(PEM_write_bio_X509(bio, *more), 1);
    if (leaf) {
        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, leaf->key, password ? EVP_aes_256_cbc() : NULL,
                                                       password, password ? (int)strlen(password) : 0, NULL,
                                                       NULL),
                         1);
        assert_int_equal(PEM_write_bio_X509(bio, leaf->certificate), 1);
    }
    return bio;
}

static enum sp_status parse(BIO *bio, const char *password, struct sp_key_store **ret_store,
                            struct sp_error *err)
{
    sp_error_clear(err);
    return sp_key_store_parse(taken(bio), password ? sp_str_of(password) : (struct sp_str){NULL, 0},
                              "test.p12", ret_store, err);
}

/* ---- reading ---- */

static void a_pkcs12_file_gives_key_chain_and_alias(void **state)
{
    struct world *world = *state;
    X509 *more[] = {world->root.certificate, world->middle.certificate, NULL};
    BIO *bio = p12_with("secret", "Server Key", &world->server, more, 0);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    assert_int_equal(parse(bio, "secret", &store, &err), SP_OK);
    assert_int_equal(sp_key_store_entry_count(store), 1);
    const struct sp_key_entry *entry = NULL;
    assert_int_equal(sp_key_store_entry(store, SP_STR("SERVER KEY"), &entry, &err), SP_OK);
    assert_true(sp_str_is(entry->alias, "Server Key"));
    assert_int_equal(X509_cmp(entry->certificate, world->server.certificate), 0);
    assert_int_equal(EVP_PKEY_eq(entry->key, world->server.key), 1);
    assert_int_equal(sk_X509_num(entry->chain), 2);
    assert_int_equal(X509_cmp(sk_X509_value(entry->chain, 0), world->middle.certificate), 0);
    assert_int_equal(X509_cmp(sk_X509_value(entry->chain, 1), world->root.certificate), 0);
    assert_int_equal(sp_key_store_trusted_count(store), 0);
    assert_int_equal(sp_key_store_entry(store, SP_STR("nobody"), &entry, &err), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "'Server Key'"));
    sp_key_store_free(store);
    BIO_free(bio);
}

static void old_pkcs12_encryption_is_read(void **state)
{
    struct world *world = *state;
    const int old[] = {NID_pbe_WithSHA1And40BitRC2_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC};
    for (size_t i = 0; i < 2; i++) {
        BIO *bio = p12_with("secret", "old", &world->server, NULL, old[i]);
        struct sp_key_store *store = NULL;
        struct sp_error err;
        assert_int_equal(parse(bio, "secret", &store, &err), SP_OK);
        assert_int_equal(sp_key_store_entry_count(store), 1);
        sp_key_store_free(store);
        BIO_free(bio);
    }
}

static void a_wrong_password_is_told_from_a_missing_one(void **state)
{
    struct world *world = *state;
    BIO *bio = p12_with("secret", "a", &world->server, NULL, 0);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    assert_int_equal(parse(bio, "Secret", &store, &err), SP_EDENIED);
    assert_string_equal(err.text, "the password is wrong");
    assert_string_equal(err.file, "test.p12");
    assert_int_equal(parse(bio, NULL, &store, &err), SP_EDENIED);
    assert_non_null(strstr(err.text, "none is given"));
    assert_null(store);
    BIO_free(bio);
}

static void an_empty_password_and_none_are_the_same(void **state)
{
    struct world *world = *state;
    const char *made_with[] = {"", NULL};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            BIO *bio = p12_with(made_with[i], "a", &world->server, NULL, 0);
            struct sp_key_store *store = NULL;
            struct sp_error err;
            assert_int_equal(parse(bio, made_with[k], &store, &err), SP_OK);
            sp_key_store_free(store);
            BIO_free(bio);
        }
    }
}

static void pem_is_read_in_any_order(void **state)
{
    struct world *world = *state;
    X509 *more[] = {world->other.certificate, world->root.certificate, world->middle.certificate, NULL};
    BIO *bio = pem_with(&world->server, NULL, more);
    BIO_puts(bio,
             "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\nwords between\n");
    struct sp_key_store *store = NULL;
    struct sp_error err;
    assert_int_equal(parse(bio, "not needed", &store, &err), SP_OK);
    const struct sp_key_entry *entry = NULL;
    assert_int_equal(sp_key_store_entry(store, SP_STR(""), &entry, &err), SP_OK);
    assert_int_equal(sk_X509_num(entry->chain), 2);
    /* The chain is not trusted for being there; what is in no chain is. */
    assert_int_equal(sp_key_store_trusted_count(store), 1);
    assert_int_equal(X509_cmp(sp_key_store_trusted(store, 0), world->other.certificate), 0);
    sp_key_store_free(store);
    BIO_free(bio);
}

static void an_encrypted_pem_key_needs_its_password(void **state)
{
    struct world *world = *state;
    BIO *bio = pem_with(&world->server, "secret", NULL);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    assert_int_equal(parse(bio, "secret", &store, &err), SP_OK);
    sp_key_store_free(store);
    store = NULL;
    assert_int_equal(parse(bio, "wrong", &store, &err), SP_EDENIED);
    assert_non_null(strstr(err.text, "does not open with this password"));
    assert_int_equal(parse(bio, NULL, &store, &err), SP_EDENIED);
    assert_non_null(strstr(err.text, "no password is given"));
    BIO_free(bio);
}

static void a_store_without_keys_is_all_trusted(void **state)
{
    struct world *world = *state;
    X509 *more[] = {world->root.certificate, world->other.certificate, NULL};
    BIO *files[] = {p12_with("secret", NULL, NULL, more, 0), pem_with(NULL, NULL, more)};
    for (size_t i = 0; i < 2; i++) {
        struct sp_key_store *store = NULL;
        struct sp_error err;
        assert_int_equal(parse(files[i], "secret", &store, &err), SP_OK);
        assert_int_equal(sp_key_store_entry_count(store), 0);
        assert_int_equal(sp_key_store_trusted_count(store), 2);
        const struct sp_key_entry *entry = NULL;
        assert_int_equal(sp_key_store_entry(store, SP_STR(""), &entry, &err), SP_ENOTFOUND);
        sp_key_store_free(store);
        BIO_free(files[i]);
    }
}

static void a_certificate_that_issued_itself_is_trusted_with_its_key(void **state)
{
    struct world *world = *state;
    BIO *bio = p12_with("secret", "self", &world->other, NULL, 0);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    assert_int_equal(parse(bio, "secret", &store, &err), SP_OK);
    assert_int_equal(sp_key_store_trusted_count(store), 1);
    sp_key_store_free(store);
    BIO_free(bio);
}

/* A bag of the kind Java writes: a certificate with the attribute that marks it as trusted. */
static BIO *p12_marked_by_java(const struct pair *leaf, X509 *trusted)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    assert_non_null(PKCS12_add_key(&bags, leaf->key, 0, 0, -1, NULL));
    assert_non_null(PKCS12_add_cert(&bags, leaf->certificate));
    PKCS12_SAFEBAG *bag = PKCS12_add_cert(&bags, trusted);
    ASN1_OBJECT *any_usage = OBJ_txt2obj("2.5.29.37.0", 1);
    assert_int_equal(PKCS12_add1_attr_by_txt(bag, "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT,
                                             (unsigned char *)any_usage, -1),
                     1);
    ASN1_OBJECT_free(any_usage);
    assert_int_equal(PKCS12_add_safe(&safes, bags, -1, 0, NULL), 1);
    PKCS12 *p12 = PKCS12_add_safes(safes, 0);
    assert_int_equal(PKCS12_set_mac(p12, "secret", -1, NULL, 0, 2048, NULL), 1);
    BIO *bio = BIO_new(BIO_s_mem());
    i2d_PKCS12_bio(bio, p12);
    PKCS12_free(p12);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return bio;
}

static void what_java_marks_as_trusted_is_trusted_even_in_a_chain(void **state)
{
    struct world *world = *state;
    BIO *bio = p12_marked_by_java(&world->server, world->middle.certificate);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    assert_int_equal(parse(bio, "secret", &store, &err), SP_OK);
    assert_int_equal(sp_key_store_trusted_count(store), 1);
    assert_int_equal(X509_cmp(sp_key_store_trusted(store, 0), world->middle.certificate), 0);
    sp_key_store_free(store);
    BIO_free(bio);
}

/* ---- stores that keytool of OpenJDK 17 made; see tests/unit/crypto/data/README.md ---- */

static enum sp_status open_made_by_keytool(const char *file, const char *password,
                                           struct sp_key_store **ret_store, struct sp_error *err)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/unit/crypto/data/%s", getenv("SALLYPORT_SOURCE_ROOT"), file);
    return sp_key_store_open(path, sp_str_of(password), ret_store, err);
}

static bool has_subject(X509 *certificate, const char *expected)
{
    char name[128];
    X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof name);
    return strcmp(name, expected) == 0;
}

static void stores_of_keytool_are_read(void **state)
{
    const char *files[] = {"keytool.p12", "keytool-legacy.p12", "keytool.jks"};
    for (size_t i = 0; i < 3; i++) {
        struct sp_key_store *store = NULL;
        struct sp_error err = SP_ERROR_INIT;
        assert_int_equal(open_made_by_keytool(files[i], "changeit", &store, &err), SP_OK);
        const struct sp_key_entry *entry = NULL;
        assert_int_equal(sp_key_store_entry_count(store), 1);
        assert_int_equal(sp_key_store_entry(store, SP_STR("Server"), &entry, &err), SP_OK);
        assert_true(has_subject(entry->certificate, "/CN=made by keytool"));
        assert_int_equal(X509_check_private_key(entry->certificate, entry->key), 1);
        assert_int_equal(sp_key_store_trusted_count(store), 2);
        bool partner = false, own = false;
        for (size_t k = 0; k < 2; k++) {
            partner |= has_subject(sp_key_store_trusted(store, k), "/CN=Partner CA");
            own |= has_subject(sp_key_store_trusted(store, k), "/CN=made by keytool");
        }
        assert_true(partner && own);
        sp_key_store_free(store);
        store = NULL;
        assert_int_equal(open_made_by_keytool(files[i], "changed", &store, &err), SP_EDENIED);
        assert_string_equal(err.text, "the password is wrong");
        assert_null(store);
    }
}

static void a_key_with_its_own_password_is_left_out(void **state)
{
    struct sp_key_store *store = NULL;
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_key_entry *entry = NULL;
    assert_int_equal(open_made_by_keytool("keytool.jks", "changeit", &store, &err), SP_OK);
    assert_int_equal(sp_key_store_entry(store, SP_STR("second"), &entry, &err), SP_ENOTFOUND);
    for (size_t k = 0; k < sp_key_store_trusted_count(store); k++)
        assert_false(has_subject(sp_key_store_trusted(store, k), "/CN=second key"));
    sp_key_store_free(store);
}

/* ---- what is wrong ---- */

static void put_u32(struct sp_buf *buf, uint32_t value)
{
    sp_buf_append_u32(buf, value);
}

/* Entries with the head and the digest of a JKS store under the password "x". */
static enum sp_status parse_jks(struct sp_str entries, uint32_t version, uint32_t count, struct sp_error *err)
{
    static const char mixed[] = "\0xMighty Aphrodite";
    unsigned char digest[20];
    struct sp_buf store;
    struct sp_key_store *parsed = NULL;
    sp_buf_init(&store, 8 << 20);
    put_u32(&store, 0xfeedfeed);
    put_u32(&store, version);
    put_u32(&store, count);
    sp_buf_append_str(&store, entries);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha1(), NULL);
    EVP_DigestUpdate(context, mixed, sizeof mixed - 1);
    EVP_DigestUpdate(context, store.ptr, store.len);
    EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    sp_buf_append(&store, digest, sizeof digest);
    sp_error_clear(err);
    enum sp_status status = sp_key_store_parse(sp_buf_str(&store), SP_STR("x"), "f", &parsed, err);
    sp_key_store_free(parsed);
    sp_buf_finish(&store);
    return status;
}

static void append_trusted(struct sp_buf *entries, X509 *certificate, unsigned version)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    put_u32(entries, 2);
    sp_buf_append(entries, "\0\1a", 3);
    sp_buf_append_fill(entries, 0, 8);
    if (version == 2)
        sp_buf_append(entries, "\0\5X.509", 7);
    put_u32(entries, (uint32_t)len);
    sp_buf_append(entries, der, (size_t)len);
    OPENSSL_free(der);
}

static void jks_stores_are_checked_in_every_part(void **state)
{
    struct world *world = *state;
    struct sp_buf entries;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&entries, 8 << 20);
    append_trusted(&entries, world->root.certificate, 2);
    struct sp_str one = sp_buf_str(&entries);
    assert_int_equal(parse_jks(one, 2, 1, &err), SP_OK);
    assert_int_equal(parse_jks(one, 0, 1, &err), SP_ESYNTAX);
    assert_int_equal(parse_jks(one, 3, 1, &err), SP_ESYNTAX);
    assert_int_equal(parse_jks(one, 2, 0, &err), SP_ESYNTAX); /* bytes left over */
    assert_int_equal(parse_jks(one, 2, 2, &err), SP_ESYNTAX);
    for (size_t len = 0; len < one.len; len += 3)
        assert_int_equal(parse_jks(sp_str_slice(one, 0, len), 2, 1, &err), SP_ESYNTAX);
    sp_buf_reset(&entries);
    append_trusted(&entries, world->root.certificate, 1);
    assert_int_equal(parse_jks(sp_buf_str(&entries), 1, 1, &err), SP_OK);
    sp_buf_reset(&entries);
    put_u32(&entries, 3); /* neither a key nor a trusted certificate */
    sp_buf_append_fill(&entries, 0, 14);
    assert_int_equal(parse_jks(sp_buf_str(&entries), 2, 1, &err), SP_ESYNTAX);
    sp_buf_finish(&entries);
}

static void counts_of_a_jks_store_are_bounded(void **state)
{
    struct world *world = *state;
    struct sp_buf entries;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&entries, 8 << 20);
    for (size_t i = 0; i < 4096; i++)
        append_trusted(&entries, world->root.certificate, 2);
    assert_int_equal(parse_jks(sp_buf_str(&entries), 2, 4096, &err), SP_OK);
    assert_int_equal(parse_jks(sp_buf_str(&entries), 2, 4097, &err), SP_ELIMIT);
    /* A key with a chain of 17 certificates is refused before the chain is read. */
    const uint32_t chains[] = {16, 17};
    for (size_t i = 0; i < 2; i++) {
        static const unsigned char wrapped[] = {0x30, 19, 0x30, 14, 6, 10, 43, 6, 1, 4, 1,
                                                42,   2,  17,   1,  1, 5,  0,  4, 1, 0};
        sp_buf_reset(&entries);
        put_u32(&entries, 1);
        sp_buf_append(&entries, "\0\1a", 3);
        sp_buf_append_fill(&entries, 0, 8);
        put_u32(&entries, sizeof wrapped);
        sp_buf_append(&entries, wrapped, sizeof wrapped);
        put_u32(&entries, chains[i]);
        assert_int_equal(parse_jks(sp_buf_str(&entries), 2, 1, &err), i == 0 ? SP_ESYNTAX : SP_ELIMIT);
    }
    sp_buf_finish(&entries);
}

static void what_is_no_key_store_is_refused_with_its_reason(void **state)
{
    struct world *world = *state;
    static const struct {
        struct sp_str bytes;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {SP_STR_INIT(""), SP_ESYNTAX, "it is empty"},
        {SP_STR_INIT("hello"), SP_ESYNTAX, "neither PKCS#12 nor PEM"},
        {SP_STR_INIT("0\x03\x02\x01\x05"), SP_ESYNTAX, "neither PKCS#12 nor PEM"},
        {SP_STR_INIT("\xfe\xed\xfe\xed\0\0\0\2"), SP_ESYNTAX, "the JKS store is cut"},
        {SP_STR_INIT("\xce\xce\xce\xce\0\0\0\2"), SP_EUNSUPPORTED, "keytool -importkeystore"},
        {SP_STR_INIT("-----BEGIN CERTIFICATE-----\nAAAA"), SP_ESYNTAX, "damaged"},
        {SP_STR_INIT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), SP_ESYNTAX,
         "certificate"},
        {SP_STR_INIT("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), SP_EINVAL,
         "no certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_key_store *store = NULL;
        struct sp_error err = SP_ERROR_INIT;
        assert_int_equal(sp_key_store_parse(cases[i].bytes, SP_STR(""), "f", &store, &err), cases[i].status);
        assert_non_null(strstr(err.text, cases[i].text));
        assert_null(store);
    }
    BIO *bio = pem_with(&world->server, NULL, NULL);
    struct sp_str text = taken(bio);
    struct sp_key_store *store = NULL;
    struct sp_error err = SP_ERROR_INIT;
    size_t key_only = (size_t)(strstr(text.ptr, "-----BEGIN CERT") - text.ptr);
    assert_int_equal(sp_key_store_parse(sp_str_slice(text, 0, key_only), SP_STR(""), "f", &store, &err),
                     SP_EINVAL);
    assert_non_null(strstr(err.text, "no certificate"));
    BIO_free(bio);
}

static void every_cut_of_a_file_is_an_error(void **state)
{
    struct world *world = *state;
    BIO *bio = p12_with("secret", "a", &world->server, NULL, 0);
    struct sp_str whole = taken(bio);
    for (size_t len = 0; len < whole.len; len += 7) {
        struct sp_key_store *store = NULL;
        struct sp_error err = SP_ERROR_INIT;
        assert_true(sp_key_store_parse(sp_str_slice(whole, 0, len), SP_STR("secret"), "f", &store, &err) !=
                    SP_OK);
        assert_true(err.text[0] != '\0');
    }
    BIO_free(bio);
}

static void limits_hold(void **state)
{
    struct sp_key_store *store = NULL;
    struct sp_error err = SP_ERROR_INIT;
    char *large = malloc(SP_KEY_STORE_BYTES_MAX + 1);
    memset(large, 'x', SP_KEY_STORE_BYTES_MAX + 1);
    assert_int_equal(
        sp_key_store_parse(sp_str_from(large, SP_KEY_STORE_BYTES_MAX), SP_STR(""), "f", &store, &err),
        SP_ESYNTAX);
    assert_int_equal(
        sp_key_store_parse(sp_str_from(large, SP_KEY_STORE_BYTES_MAX + 1), SP_STR(""), "f", &store, &err),
        SP_ELIMIT);
    assert_int_equal(sp_key_store_parse(SP_STR("0"), sp_str_from(large, 1024), "f", &store, &err),
                     SP_ESYNTAX);
    assert_int_equal(sp_key_store_parse(SP_STR("0"), sp_str_from(large, 1025), "f", &store, &err), SP_EINVAL);
    assert_int_equal(sp_key_store_parse(SP_STR("0"), SP_STR("a\0b"), "f", &store, &err), SP_EINVAL);
    free(large);
}

static void counts_are_bounded(void **state)
{
    struct world *world = *state;
    struct sp_key_store *store = NULL;
    struct sp_error err;
    BIO *certificates = BIO_new(BIO_s_mem()), *keys = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < SP_KEY_STORE_CERTIFICATES_MAX; i++)
        PEM_write_bio_X509(certificates, world->root.certificate);
    assert_int_equal(parse(certificates, NULL, &store, &err), SP_OK);
    assert_int_equal(sp_key_store_trusted_count(store), SP_KEY_STORE_CERTIFICATES_MAX);
    sp_key_store_free(store);
    store = NULL;
    PEM_write_bio_X509(certificates, world->root.certificate);
    assert_int_equal(parse(certificates, NULL, &store, &err), SP_ELIMIT);
    PEM_write_bio_X509(keys, world->root.certificate);
    for (size_t i = 0; i < SP_KEY_STORE_KEYS_MAX; i++)
        PEM_write_bio_PKCS8PrivateKey(keys, world->root.key, NULL, NULL, 0, NULL, NULL);
    assert_int_equal(parse(keys, NULL, &store, &err), SP_OK);
    assert_int_equal(sp_key_store_entry_count(store), SP_KEY_STORE_KEYS_MAX);
    sp_key_store_free(store);
    store = NULL;
    PEM_write_bio_PKCS8PrivateKey(keys, world->root.key, NULL, NULL, 0, NULL, NULL);
    assert_int_equal(parse(keys, NULL, &store, &err), SP_ELIMIT);
    assert_null(store);
    BIO_free(certificates);
    BIO_free(keys);
}

static void rounds_of_the_password_check_are_bounded(void **state)
{
    struct world *world = *state;
    static const unsigned char made[] = {2, 3, 1, 0, 0}, at_limit[] = {2, 3, 0x0f, 0x42, 0x40},
                               beyond[] = {2, 3, 0x0f, 0x42, 0x41};
    PKCS12 *p12 =
        PKCS12_create("secret", NULL, world->server.key, world->server.certificate, NULL, 0, 0, 1, 65536, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    i2d_PKCS12_bio(bio, p12);
    struct sp_str bytes = taken(bio);
    unsigned char *rounds = (unsigned char *)bytes.ptr + bytes.len - sizeof made;
    assert_memory_equal(rounds, made, sizeof made); /* the file ends with the number */
    struct sp_key_store *store = NULL;
    struct sp_error err;
    memcpy(rounds, at_limit, sizeof made);
    assert_int_equal(parse(bio, "secret", &store, &err), SP_EDENIED);
    memcpy(rounds, beyond, sizeof made);
    assert_int_equal(parse(bio, "secret", &store, &err), SP_ELIMIT);
    BIO_free(bio);
    PKCS12_free(p12);
}

/* `tag`, length and contents in DER, in place; returns the new length. */
static size_t wrap(unsigned char *bytes, size_t len, unsigned char tag)
{
    unsigned char head[4] = {tag, 0x82, (unsigned char)(len >> 8), (unsigned char)len};
    memmove(bytes + sizeof head, bytes, len);
    memcpy(bytes, head, sizeof head);
    return len + sizeof head;
}

static size_t put_before(unsigned char *bytes, size_t len, const void *head, size_t head_len)
{
    memmove(bytes + head_len, bytes, len);
    memcpy(bytes, head, head_len);
    return len + head_len;
}

/* A PKCS#12 file without password check that holds bags nested `depth` times and nothing else. */
static size_t nested_bags(unsigned char *bytes, unsigned depth)
{
    static const unsigned char safes[] = {6, 11, 42, 0x86, 0x48, 0x86, 0xf7, 13, 1, 12, 10, 1, 6};
    static const unsigned char data[] = {6, 9, 42, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 1};
    static const unsigned char version[] = {2, 1, 3};
    size_t len = wrap(bytes, 0, 0x30);
    for (unsigned i = 0; i < depth; i++) {
        len = wrap(bytes, len, 0xa0);
        len = put_before(bytes, len, safes, sizeof safes);
        len = wrap(bytes, len, 0x30);
        len = wrap(bytes, len, 0x30);
    }
    for (unsigned i = 0; i < 2; i++) {
        len = wrap(bytes, len, 0x04);
        len = wrap(bytes, len, 0xa0);
        len = put_before(bytes, len, data, sizeof data);
        len = wrap(bytes, len, 0x30);
        if (i == 0)
            len = wrap(bytes, len, 0x30);
    }
    len = put_before(bytes, len, version, sizeof version);
    return wrap(bytes, len, 0x30);
}

static void nesting_of_bags_is_bounded(void **state)
{
    unsigned char bytes[2048];
    struct sp_key_store *store = NULL;
    struct sp_error err = SP_ERROR_INIT;
    size_t len = nested_bags(bytes, 8);
    assert_int_equal(sp_key_store_parse(sp_str_from(bytes, len), SP_STR("x"), "f", &store, &err), SP_EINVAL);
    assert_non_null(strstr(err.text, "no certificate"));
    len = nested_bags(bytes, 9);
    assert_int_equal(sp_key_store_parse(sp_str_from(bytes, len), SP_STR("x"), "f", &store, &err), SP_ELIMIT);
}

static void files_are_opened_and_their_errors_told(void **state)
{
    struct world *world = *state;
    char path[] = "/tmp/sallyport-store-XXXXXX";
    int fd = mkstemp(path);
    BIO *bio = pem_with(&world->server, NULL, NULL);
    struct sp_str text = taken(bio);
    assert_int_equal(write(fd, text.ptr, text.len), (ssize_t)text.len);
    close(fd);
    struct sp_key_store *store = NULL;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_key_store_open(path, SP_STR(""), &store, &err), SP_OK);
    sp_key_store_free(store);
    unlink(path);
    store = NULL;
    assert_int_equal(sp_key_store_open(path, SP_STR(""), &store, &err), SP_ENOTFOUND);
    assert_string_equal(err.file, path);
    assert_non_null(strstr(err.text, "cannot be opened"));
    assert_int_equal(sp_key_store_open("/", SP_STR(""), &store, &err), SP_EIO);
    assert_null(store);
    BIO_free(bio);
}

/* ---- warnings ---- */

static void collect(void *arg, const char *text)
{
    char *all = arg;
    size_t len = strlen(all);
    snprintf(all + len, 2048 - len, "%s\n", text);
}

static void validity_is_warned_about(void **state)
{
    struct pair expired = issue("Expired", NULL, -20, -10), soon = issue("Soon", NULL, -20, 10),
                later = issue("Later", NULL, 5, 100), fine = issue("Fine", NULL, -1, 100);
    X509 *all[] = {expired.certificate, soon.certificate, later.certificate, fine.certificate, NULL};
    BIO *bio = pem_with(NULL, NULL, all);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    char text[2048] = "";
    assert_int_equal(parse(bio, NULL, &store, &err), SP_OK);
    sp_key_store_warn(store, sp_clock_realtime_us(), collect, text);
    assert_non_null(strstr(text, "/CN=Expired expired on "));
    assert_non_null(strstr(text, "/CN=Soon expires on "));
    assert_non_null(strstr(text, "/CN=Later is not valid before "));
    assert_null(strstr(text, "Fine"));
    sp_key_store_free(store);
    BIO_free(bio);
    drop(&expired);
    drop(&soon);
    drop(&later);
    drop(&fine);
}

/* ---- TLS ---- */

static void a_context_presents_what_the_store_holds(void **state)
{
    struct world *world = *state;
    X509 *more[] = {world->middle.certificate, world->root.certificate, NULL};
    BIO *bio = p12_with("secret", "a", &world->server, more, 0);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(parse(bio, "secret", &store, &err), SP_OK);
    assert_int_equal(sp_key_store_present(store, SP_STR("b"), context, &err), SP_ENOTFOUND);
    assert_int_equal(sp_key_store_present(store, SP_STR(""), context, &err), SP_OK);
    assert_int_equal(X509_cmp(SSL_CTX_get0_certificate(context), world->server.certificate), 0);
    assert_int_equal(SSL_CTX_check_private_key(context), 1);
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    assert_int_equal(sk_X509_num(chain), 2);
    assert_int_equal(sp_key_store_trust(store, context, &err), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "no trusted certificate"));
    sp_key_store_free(store);
    SSL_CTX_free(context);
    BIO_free(bio);
}

static void a_context_trusts_what_the_store_trusts(void **state)
{
    struct world *world = *state;
    X509 *more[] = {world->root.certificate, world->other.certificate, NULL};
    BIO *bio = pem_with(NULL, NULL, more);
    struct sp_key_store *store = NULL;
    struct sp_error err;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(parse(bio, NULL, &store, &err), SP_OK);
    assert_int_equal(sp_key_store_trust(store, context, &err), SP_OK);
    assert_int_equal(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(context)), 2);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context))), 2);
    sp_key_store_free(store);
    SSL_CTX_free(context);
    BIO_free(bio);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pkcs12_file_gives_key_chain_and_alias),
        cmocka_unit_test(old_pkcs12_encryption_is_read),
        cmocka_unit_test(a_wrong_password_is_told_from_a_missing_one),
        cmocka_unit_test(an_empty_password_and_none_are_the_same),
        cmocka_unit_test(pem_is_read_in_any_order),
        cmocka_unit_test(an_encrypted_pem_key_needs_its_password),
        cmocka_unit_test(a_store_without_keys_is_all_trusted),
        cmocka_unit_test(a_certificate_that_issued_itself_is_trusted_with_its_key),
        cmocka_unit_test(what_java_marks_as_trusted_is_trusted_even_in_a_chain),
        cmocka_unit_test(stores_of_keytool_are_read),
        cmocka_unit_test(a_key_with_its_own_password_is_left_out),
        cmocka_unit_test(jks_stores_are_checked_in_every_part),
        cmocka_unit_test(counts_of_a_jks_store_are_bounded),
        cmocka_unit_test(what_is_no_key_store_is_refused_with_its_reason),
        cmocka_unit_test(every_cut_of_a_file_is_an_error),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(rounds_of_the_password_check_are_bounded),
        cmocka_unit_test(nesting_of_bags_is_bounded),
        cmocka_unit_test(files_are_opened_and_their_errors_told),
        cmocka_unit_test(validity_is_warned_about),
        cmocka_unit_test(a_context_presents_what_the_store_holds),
        cmocka_unit_test(a_context_trusts_what_the_store_trusts),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
