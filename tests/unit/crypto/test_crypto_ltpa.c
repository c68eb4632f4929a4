/* SPDX-License-Identifier: Apache-2.0
 * Vectors: of the tests of sephiroth-j/spring-security-ltpa2-core (A: shared key, public key, token) and of
 * those of Open Liberty (B: a whole keys file; its token follows from the algorithm).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "crypto/ltpa_int.h"
#include "text/base64.h"

static const char a_shared[] = "4092869818436b0f016db6c3bf00366f362d347191f23fdf";
static const char a_public[] =
    "AOECPMDAs0o7MzQIgxZhAXJZ2BaDE3mqRZAbkbQO38CgUIgeAPEA3iWIYp+p/Ai0J4//UOml20an+AuCnDGzcFCa"
    "f3S3EAiR4cK59vl/u8TIswPIg2akh4J7qL3E/qRxN9WD945tS3h0YhJZSq7rC22wytLsxbFuKpEuYfm1i5spAQAB";
static const char a_token[] =
    "Wl3qcMXdvCZjScDwB18/5VYujKDYsptVWXwNVW2yKuZw6h5Kg4amiGDeQCh2xmtNVPgCkzyk66ZWrdY70+nQEe+g"
    "otHjJtrcoW/VnbbQAwrQE5GojqK+1RdjvnwmQ9QULqcYAItw4ggZ2JF3CRR5uZ3NSFgkZpzkcMbfuYSWipNXsqEU"
    "HKONUlrg0Oc6lNKqWknx87HoPKmTnkGD5gdecu1FJCKUXSk1tanAjN3RaEWY8woxMIJQEMw/yeOrA9Fe+1nWjGAR"
    "5ITgkm+whpXfzl3n3g7kWHaBJf8DUUlKRsww4oCe3+t85b1WqoTC6FZw2qovLwn3ioRm1eIBDPO+KQZD60Ps4f+Q"
    "EOjFzkLQC2f6BlZKc8KMHhffRQRpBgOD6kYV/wGDRHuvkK5vMAeJtQ==";
static const char b_shared[] = "YJ8ARFn0k2S5S5LONNdZG/mLvfYxa4gH3/cGjIn+mR4=";
static const char b_private[] =
    "vzJcMLGvZqZqbrCGF7zTHAmXAhaZpuZ1XGT0iRq+9Y7VY29/UoIeJkunVyWUSmGrlfqD8kLc5jWUKBMynpg3tQqY"
    "KEls5iaO8DtI5FiGWE79gDUYzIkMjGei6S23KqE62Rq+BcrjJv9XYcoGJhLvnE9wftBRrNeI6WPO44KywBSH0sgi"
    "lyqOvxF87YumiCazbFsbCuBBlDh0daVvosM6zCfQGEsP/e2AQRg4N6kkLbswaeE+i8AoNs2eIGpuicAx5avCgeBT"
    "8WwYUhkl3qDaYlR8/kHXOIOPt7/6oW//8yPpvWcHaxEdW4rZrdjH3TEh7CyVN6u6fS7CiOwgodJXrXPpLajqr6nF"
    "ZxMSwMSyEcQ=";
static const char b_public[] =
    "ANKHjHZGY0Ry2jG6kWAOOdGFr8IDhP3igXAAtKNRjhz1SuHcgLq0ZF+mA50pfRBFuFWGxa8WEPthfMyx/xEncHMc"
    "oakGXJH1woLL3Bp+LYd/HlYYOHnLtmcWYQOPseqn638nkRWVpVsayIWx9jonjFJx+vbsi5ah3volxurVWZe/AQAB";
static const char b_token[] =
    "cGxzOEc1PYO1wA7AdoxgHjCEnpr1A4N2lBEDFYWasaWh5IMpAuInMCGxU/YpIwF4pLXE5Nz/P4BT0rhnSX60KdJm"
    "oOnCqQH7R+4eXdTUqmo8Km1FGaElWAGKgSeEPRAjrpqfQTfId7I2JZ0712I0XVW3Op7KAz1qC5aJlOyoDh4bkAlr"
    "9prCkLEPbrEKj+wwDaNhStF+E/eTAA9AOzHixpDN4yY8uVdcAXGcPcM+LCUcqg6J0528FKH2cGkyaNIbCD5mmmO6"
    "gFEWKInJQ+fT4SgB93MXzdAmSrwMz7a7rNnqQuIExtyBGCe1X9ep5l1S";

#define A_EXPIRES 1519043460000
#define B_EXPIRES 1893456000000
#define B_PROPERTIES                                                                                     \
    "#Mon Jan 05 10:00:00 UTC 2026\ncom.ibm.websphere.CreationDate=Mon Jan 05 10\\:00\\:00 UTC 2026\r\n" \
    "com.ibm.websphere.ltpa.version=1.0\ncom.ibm.websphere.ltpa.Realm=defaultRealm\n\n"

static struct sp_arena arena;
static struct sp_error err;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1 << 22);
    sp_error_clear(&err);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static struct sp_str file_of(const char *head, const char *shared, const char *private_key,
                             const char *public_key)
{
    struct sp_str text =
        sp_arena_printf(&arena, "%s%s%s\n%s%s\n%s%s\n", head, shared ? "com.ibm.websphere.ltpa.3DESKey=" : "",
                        shared ? shared : "", private_key ? "com.ibm.websphere.ltpa.PrivateKey=" : "",
                        private_key ? private_key : "", public_key ? "com.ibm.websphere.ltpa.PublicKey=" : "",
                        public_key ? public_key : "");
    /* As Java writes values. */
    char *escaped = sp_arena_alloc(&arena, 2 * text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool ends = i + 1 == text.len || text.ptr[i + 1] == '\n' || text.ptr[i + 1] == '=';
        if (text.ptr[i] == '=' && ends && i && text.ptr[i - 1] != 'y')
            escaped[len++] = '\\';
        escaped[len++] = text.ptr[i];
    }
    return sp_str_from(escaped, len);
}

static struct sp_ltpa_keys *keys_b(void)
{
    struct sp_ltpa_keys *keys = NULL;
    struct sp_str file = file_of(B_PROPERTIES, b_shared, b_private, b_public);
    if (sp_ltpa_keys_read(file, SP_STR("WebAS"), &keys, &err) != SP_OK)
        fail_msg("%s", err.text);
    return keys;
}

/* Of vector A the private key is not published. */
static struct sp_ltpa_keys *keys_a(void)
{
    struct sp_ltpa_keys *keys = calloc(1, sizeof *keys);
    struct sp_buf bytes;
    sp_buf_init(&bytes, 1024);
    assert_int_equal(sp_hex_decode(sp_str_of(a_shared), &bytes), SP_OK);
    memcpy(keys->shared, bytes.ptr, sizeof keys->shared);
    sp_buf_reset(&bytes);
    assert_int_equal(sp_base64_decode(SP_BASE64, sp_str_of(a_public), &bytes), SP_OK);
    BIGNUM *n = BN_bin2bn(bytes.ptr, 129, NULL), *e = BN_bin2bn(bytes.ptr + 129, 3, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &keys->rsa, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    sp_buf_finish(&bytes);
    return keys;
}

static enum sp_status read_at(const struct sp_ltpa_keys *keys, struct sp_str text, int64_t now_ms,
                              struct sp_ltpa_token *ret_token)
{
    sp_error_clear(&err);
    enum sp_status status = sp_ltpa_token_read(keys, text, now_ms, 3000, &arena, ret_token, &err);
    assert_int_equal(ERR_peek_error(), 0); /* nothing is left behind for a connection to stumble over */
    return status;
}

static void a_token_of_websphere_is_read(void **state)
{
    struct sp_ltpa_keys *keys = keys_a();
    struct sp_ltpa_token token;
    assert_int_equal(read_at(keys, sp_str_of(a_token), A_EXPIRES - 1, &token), SP_OK);
    assert_true(sp_str_is(token.user,
                          "user:LdapRegistry/CN=fae6d87c-c642-45a6-9f09-915c7fd8b08c,OU=user,DC=foo,DC=bar"));
    assert_true(token.expires_ms == A_EXPIRES);
    assert_int_equal(token.attribute_count, 0);
    assert_int_equal(read_at(keys, sp_str_of(a_token), A_EXPIRES, &token), SP_ETIMEDOUT);
    sp_ltpa_keys_free(keys);
}

static void a_keys_file_of_liberty_is_read_and_its_token_made_byte_for_byte(void **state)
{
    struct sp_ltpa_keys *keys = keys_b();
    assert_true(sp_str_is(sp_ltpa_keys_realm(keys), "defaultRealm"));
    struct sp_buf text;
    sp_buf_init(&text, SP_LTPA_TOKEN_MAX);
    const struct sp_ltpa_token token = {.user = SP_STR("user:BasicRealm/user1"), .expires_ms = B_EXPIRES};
    assert_int_equal(sp_ltpa_token_write(keys, &token, &text, &err), SP_OK);
    assert_int_equal(text.len, strlen(b_token));
    assert_memory_equal(text.ptr, b_token, text.len);
    struct sp_ltpa_token again;
    assert_int_equal(read_at(keys, sp_buf_str(&text), 0, &again), SP_OK);
    assert_true(sp_str_eq(again.user, token.user));
    sp_buf_finish(&text);
    sp_ltpa_keys_free(keys);
}

static void keys_files_that_are_not_whole_are_refused(void **state)
{
    static const char swapped[] = "com.ibm.websphere.ltpa.version=2.0\n";
    char other[sizeof b_public];
    memcpy(other, b_public, sizeof other);
    other[20] = other[20] == 'A' ? 'B' : 'A';
    const struct {
        const char *head, *shared, *private_key, *public_key, *password;
        enum sp_status status;
        const char *why;
    } cases[] = {
        {B_PROPERTIES, b_shared, b_private, b_public, "WebAs", SP_EDENIED, "password does not open"},
        {B_PROPERTIES, b_shared, b_private, b_public, "", SP_EDENIED, "password does not open"},
        {B_PROPERTIES, NULL, b_private, b_public, "WebAS", SP_EINVAL, "ltpa.3DESKey"},
        {B_PROPERTIES, b_shared, NULL, b_public, "WebAS", SP_EINVAL, "ltpa.PrivateKey"},
        {B_PROPERTIES, b_shared, b_private, NULL, "WebAS", SP_EINVAL, "ltpa.PublicKey"},
        {B_PROPERTIES, b_shared, b_private, other, "WebAS", SP_EINVAL, "do not belong together"},
        {B_PROPERTIES, b_shared, b_shared, b_public, "WebAS", SP_EINVAL, "do not belong together"},
        {B_PROPERTIES, b_private, b_private, b_public, "WebAS", SP_EDENIED, "24 bytes"},
        {B_PROPERTIES, "!!!!", b_private, b_public, "WebAS", SP_ESYNTAX, "no base64"},
        {B_PROPERTIES "line\n", b_shared, b_private, b_public, "WebAS", SP_ESYNTAX, "name=value"},
        {swapped, b_shared, b_private, b_public, "WebAS", SP_EUNSUPPORTED, "version 2.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_ltpa_keys *keys = NULL;
        struct sp_str file =
            file_of(cases[i].head, cases[i].shared, cases[i].private_key, cases[i].public_key);
        sp_error_clear(&err);
        assert_int_equal(sp_ltpa_keys_read(file, sp_str_of(cases[i].password), &keys, &err), cases[i].status);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s: no \"%s\"", err.text, cases[i].why);
        assert_null(keys);
    }
}

static void a_keys_file_has_a_limit(void **state)
{
    struct sp_ltpa_keys *keys = NULL;
    struct sp_str file = file_of(B_PROPERTIES, b_shared, b_private, b_public);
    char *text = malloc(SP_LTPA_FILE_MAX + 1);
    memset(text, '#', SP_LTPA_FILE_MAX + 1);
    memcpy(text, file.ptr, file.len);
    text[file.len] = '\n';
    assert_int_equal(sp_ltpa_keys_read(sp_str_from(text, SP_LTPA_FILE_MAX), SP_STR("WebAS"), &keys, &err),
                     SP_OK);
    sp_ltpa_keys_free(keys);
    assert_int_equal(sp_ltpa_keys_read(sp_str_from(text, SP_LTPA_FILE_MAX + 1), SP_STR("WebAS"), &keys, &err),
                     SP_ELIMIT);
    free(text);
}

static void new_keys_are_written_and_read(void **state)
{
    for (int i = 0; i < 5; i++) {
        struct sp_ltpa_keys *keys = NULL, *read = NULL;
        struct sp_buf file, first, second;
        sp_buf_init(&file, SP_LTPA_FILE_MAX);
        sp_buf_init(&first, SP_LTPA_TOKEN_MAX);
        sp_buf_init(&second, SP_LTPA_TOKEN_MAX);
        assert_int_equal(sp_ltpa_keys_make(SP_STR("a realm: =\\"), &keys, &err), SP_OK);
        assert_int_equal(
            sp_ltpa_keys_write(keys, SP_STR("secret"), SP_STR("2026-11-23"), SP_STR("host"), &file, &err),
            SP_OK);
        if (sp_ltpa_keys_read(sp_buf_str(&file), SP_STR("secret"), &read, &err) != SP_OK)
            fail_msg("%s", err.text);
        assert_true(sp_str_is(sp_ltpa_keys_realm(read), "a realm: =\\"));
        const struct sp_ltpa_token token = {.user = SP_STR("user:R/x"), .expires_ms = 1000};
        assert_int_equal(sp_ltpa_token_write(keys, &token, &first, &err), SP_OK);
        assert_int_equal(sp_ltpa_token_write(read, &token, &second, &err), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&first), sp_buf_str(&second)));
        assert_int_equal(sp_ltpa_keys_read(sp_buf_str(&file), SP_STR("Secret"), &read, &err), SP_EDENIED);
        sp_ltpa_keys_free(keys);
        sp_ltpa_keys_free(read);
        sp_buf_finish(&file);
        sp_buf_finish(&first);
        sp_buf_finish(&second);
    }
}

/* A token of any plain text, encrypted and signed as it should be; `signer` NULL: with the same keys. */
static struct sp_str forge(const struct sp_ltpa_keys *keys, const struct sp_ltpa_keys *signer,
                           const char *userdata, const char *tail)
{
    unsigned char digest[20], signature[128];
    size_t len = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_Digest(userdata, strlen(userdata), digest, NULL, EVP_sha1(), NULL);
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, (signer ? signer : keys)->rsa), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &len, digest, sizeof digest), 1);
    EVP_MD_CTX_free(context);
    struct sp_buf plain, sealed, text;
    sp_buf_init(&plain, 65536);
    sp_buf_init(&sealed, 65536);
    sp_buf_init(&text, 65536);
    sp_buf_printf(&plain, "%s%s", userdata, tail);
    assert_int_equal(sp_base64_encode(SP_BASE64, sp_str_from(signature, len), &plain), SP_OK);
    assert_true(
        sp_ltpa_cipher(EVP_aes_128_cbc(), keys->shared, keys->shared, true, sp_buf_str(&plain), &sealed));
    assert_int_equal(sp_base64_encode(SP_BASE64, sp_buf_str(&sealed), &text), SP_OK);
    struct sp_str copy = sp_arena_str(&arena, sp_buf_str(&text));
    sp_buf_finish(&plain);
    sp_buf_finish(&sealed);
    sp_buf_finish(&text);
    return copy;
}

static void tokens_that_a_writer_does_not_make_are_refused(void **state)
{
    static const struct {
        const char *userdata, *tail;
        enum sp_status status;
    } cases[] = {
        {"expire:5000$u:user\\:R/x", "%5000%", SP_OK},
        {"expire:5000$u:user\\:R/x", "%", SP_OK}, /* newer form, without the second expiration */
        {"expire:5000$u:user\\:R/x", "%8000%", SP_OK},
        {"expire:5000$u:user\\:R/x", "%2000%", SP_OK},
        {"expire:5000$u:user\\:R/x", "%8001%", SP_EDENIED},
        {"expire:5000$u:user\\:R/x", "%1999%", SP_EDENIED},
        {"expire:5000$u:user\\:R/x", "%%", SP_EDENIED},
        {"expire:5000$u:user\\:R/x", "%-5000%", SP_EDENIED},
        {"expire:5000$u:user\\:R/x", "%5000%5000%", SP_EDENIED},
        {"expire:5000$u:user\\:R/x", "", SP_EDENIED},
        {"expire:5000$u:user\\:R/x$u:user\\:R/y", "%5000%", SP_EDENIED}, /* twice */
        {"u:user\\:R/x$expire:5000", "%5000%", SP_EDENIED},              /* not sorted */
        {"expire:5000$u:user:R/x", "%5000%", SP_EDENIED},                /* not escaped */
        {"expire:5000$u:user\\:R|x", "%5000%", SP_EDENIED},
        {"expire:5000$u:user\\:R/x%", "%5000%", SP_EDENIED},
        {"expire:5000$u:us\\er", "%5000%", SP_EDENIED}, /* a backslash before what needs none */
        {"expire:5000$u:user\\", "%5000%", SP_EDENIED},
        {"expire:5000$u", "%5000%", SP_EDENIED},
        {"expire:5000$u:", "%5000%", SP_EDENIED},
        {"expire:5000$:x$u:y", "%5000%", SP_EDENIED},
        {"expire:5000", "%5000%", SP_EDENIED},
        {"u:user\\:R/x", "%5000%", SP_EDENIED}, /* nothing that is signed says when it ends */
        {"expire:5000|6000$u:x", "%5000%", SP_EDENIED},
        {"expire:5e3$u:x", "%5000%", SP_EDENIED},
        {"expire:99999999999999999999$u:x", "%5000%", SP_EDENIED},
        {"", "%5000%", SP_EDENIED},
        {"$", "%5000%", SP_EDENIED},
    };
    struct sp_ltpa_keys *keys = keys_b(), *other = NULL;
    struct sp_ltpa_token token;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_str text = forge(keys, NULL, cases[i].userdata, cases[i].tail);
        enum sp_status status = read_at(keys, text, 4999, &token);
        if (status != cases[i].status)
            fail_msg("%s%s: %s", cases[i].userdata, cases[i].tail, sp_status_name(status));
        if (status == SP_OK)
            assert_int_equal(read_at(keys, text, 5000, &token), SP_ETIMEDOUT);
        else
            assert_non_null(strstr(err.text, "was not made with the keys of this server, or was changed"));
    }
    /* The right shared key, and another RSA key. */
    assert_int_equal(sp_ltpa_keys_make(SP_STR("R"), &other, &err), SP_OK);
    assert_int_equal(read_at(keys, forge(keys, other, "expire:5000$u:user\\:R/x", "%5000%"), 0, &token),
                     SP_EDENIED);
    assert_int_equal(read_at(other, sp_str_of(b_token), 0, &token), SP_EDENIED);
    sp_ltpa_keys_free(other);
    sp_ltpa_keys_free(keys);
}

static void no_changed_character_goes_through(void **state)
{
    struct sp_ltpa_keys *keys = keys_b();
    struct sp_ltpa_token token;
    char text[sizeof b_token];
    for (size_t i = 0; i + 1 < sizeof b_token; i++) {
        memcpy(text, b_token, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_int_equal(read_at(keys, sp_str_of(text), 0, &token), SP_EDENIED);
        assert_int_equal(read_at(keys, sp_str_from(b_token, i), 0, &token), SP_EDENIED);
    }
    assert_int_equal(read_at(keys, SP_STR("asd"), 0, &token), SP_EDENIED);
    sp_ltpa_keys_free(keys);
}

static void attributes_travel_with_all_their_characters(void **state)
{
    struct sp_ltpa_keys *keys = keys_b();
    static const struct sp_str hosts[] = {SP_STR_INIT("a|b"), SP_STR_INIT(""), SP_STR_INIT("c%$:\\d")};
    static const struct sp_str name = SP_STR_INIT("J\303\266rg");
    const struct sp_ltpa_attribute attributes[] = {{SP_STR("z:z"), &name, 1}, {SP_STR("host"), hosts, 3}};
    const struct sp_ltpa_token token = {SP_STR("user:R|%$/\\x"), 7000, attributes, 2};
    struct sp_ltpa_token read;
    struct sp_buf text;
    sp_buf_init(&text, SP_LTPA_TOKEN_MAX);
    assert_int_equal(sp_ltpa_token_write(keys, &token, &text, &err), SP_OK);
    assert_int_equal(read_at(keys, sp_buf_str(&text), 0, &read), SP_OK);
    assert_true(sp_str_eq(read.user, token.user));
    assert_int_equal(read.attribute_count, 2);
    assert_true(sp_str_is(read.attributes[0].name, "host"));
    assert_int_equal(read.attributes[0].count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(sp_str_eq(read.attributes[0].values[i], hosts[i]));
    assert_true(sp_str_is(read.attributes[1].name, "z:z"));
    assert_true(sp_str_eq(read.attributes[1].values[0], name));
    sp_buf_finish(&text);
    sp_ltpa_keys_free(keys);
}

static void what_cannot_be_a_token_is_not_written(void **state)
{
    struct sp_ltpa_keys *keys = keys_b();
    char longest[7000];
    memset(longest, 'x', sizeof longest);
    const struct sp_str value = sp_str_from(longest, sizeof longest), small = SP_STR("v");
    const struct sp_ltpa_attribute twice[] = {{SP_STR("a"), &small, 1}, {SP_STR("a"), &small, 1}};
    const struct sp_ltpa_attribute own[] = {{SP_STR("u"), &small, 1}};
    const struct sp_ltpa_attribute nothing[] = {{SP_STR("a"), &small, 0}};
    const struct sp_ltpa_attribute big[] = {{SP_STR("a"), &value, 1}};
    static struct sp_ltpa_attribute many[SP_LTPA_ATTRIBUTES_MAX - 1];
    const struct sp_ltpa_token tokens[] = {
        {SP_STR(""), 1, NULL, 0}, {SP_STR("x"), 1, twice, 2},
        {SP_STR("x"), 1, own, 1}, {SP_STR("x"), 1, nothing, 1},
        {SP_STR("x"), 1, big, 1}, {SP_STR("x"), 1, many, SP_LTPA_ATTRIBUTES_MAX - 1},
    };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct sp_buf text;
        sp_buf_init(&text, 65536);
        assert_int_not_equal(sp_ltpa_token_write(keys, &tokens[i], &text, &err), SP_OK);
        assert_int_equal(text.len, 0);
        sp_buf_finish(&text);
    }
    sp_ltpa_keys_free(keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_of_websphere_is_read),
        TEST(a_keys_file_of_liberty_is_read_and_its_token_made_byte_for_byte),
        TEST(keys_files_that_are_not_whole_are_refused),
        TEST(a_keys_file_has_a_limit),
        TEST(new_keys_are_written_and_read),
        TEST(tokens_that_a_writer_does_not_make_are_refused),
        TEST(no_changed_character_goes_through),
        TEST(attributes_travel_with_all_their_characters),
        TEST(what_cannot_be_a_token_is_not_written),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
