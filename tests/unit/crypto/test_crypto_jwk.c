/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/jwk.h"
#include "crypto/rsa_check.h"
#include "jose_keys.h"
#include "text/json.h"

#define RSA_7638                                                                               \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"  \
    "BJECPebWKRXjBZCiFV4"                                                                      \
    "n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"                    \
    "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0"                                                    \
    "zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_" \
    "xBniIqbw0Ls1jF44-"                                                                        \
    "csFCur-kEgU8awapJzKnqDKgw"
#define EC_7515                                                                               \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static const struct sp_jwk_rules published = {.published = true}, own = {0};

static struct sp_jwk_set *parse(const char *text, const struct sp_jwk_rules *rules)
{
    struct sp_jwk_set *set = NULL;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_jwk_set_parse(sp_str_of(text), rules, &set, &err) != SP_OK)
        fail_msg("%s: %s", text, err.text);
    return set;
}

static void assert_left_out(const char *text, const char *why)
{
    struct sp_jwk_set *set = parse(text, &published);
    assert_int_equal(set->count, 0);
    assert_int_equal(set->left_out, 1);
    if (!strstr(set->why, why))
        fail_msg("%s: '%s' instead of '%s'", text, set->why, why);
    sp_jwk_set_release(set);
}

static void a_thumbprint_is_that_of_rfc_7638(void **state)
{
    char text[SP_JWK_THUMBPRINT_TEXT];
    struct sp_jwk_set *set = parse("{\"kty\":\"RSA\",\"n\":\"" RSA_7638
                                   "\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
                                   &published);
    assert_int_equal(set->count, 1);
    assert_int_equal(sp_jwk_thumbprint(&set->keys[0], text), SP_OK);
    assert_string_equal(text, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_int_equal(set->keys[0].alg, SP_JWA_RS256);
    assert_int_equal(set->keys[0].bits, 2048);
    sp_jwk_set_release(set);
}

static void a_key_is_written_as_it_is_read(void **state)
{
    for (int alg = 1; alg < SP_JWA_HS256; alg++) {
        struct sp_jwk_set *set = jose_key((enum sp_jwa)alg);
        struct sp_buf one, two;
        sp_buf_init(&one, 4096);
        sp_buf_init(&two, 4096);
        assert_int_equal(sp_jwk_write(&set->keys[0], &one), SP_OK);
        sp_buf_append_byte(&one, 0);
        struct sp_jwk_set *again = parse((const char *)one.ptr, &published);
        assert_int_equal(again->count, 1);
        assert_false(again->keys[0].may_sign);
        assert_int_equal(sp_jwk_write(&again->keys[0], &two), SP_OK);
        assert_string_equal((const char *)one.ptr, (sp_buf_append_byte(&two, 0), (const char *)two.ptr));
        sp_jwk_set_release(set);
        sp_jwk_set_release(again);
        sp_buf_finish(&one);
        sp_buf_finish(&two);
    }
}

static void keys_that_cannot_be_used_are_left_out_with_a_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{" EC_7515 ",\"use\":\"enc\"}", "use is not sig"},
        {"{" EC_7515 ",\"key_ops\":[\"encrypt\"]}", "does not allow to verify"},
        {"{" EC_7515 ",\"key_ops\":[]}", "does not allow to verify"},
        {"{" EC_7515 ",\"key_ops\":\"verify\"}", "no array"},
        {"{" EC_7515 ",\"key_ops\":[\"verify\",\"verify\"]}", "twice"},
        {"{" EC_7515 ",\"key_ops\":[\"verify\",1]}", "else than strings"},
        {"{" EC_7515 ",\"alg\":\"ES224\"}", "alg is none"},
        {"{" EC_7515 ",\"alg\":\"ES384\"}", "another curve"},
        {"{" EC_7515 ",\"alg\":\"RS256\"}", "another type"},
        {"{" EC_7515 ",\"alg\":\"none\"}", "alg is none"},
        {"{" EC_7515 ",\"kid\":1}", "no string"},
        {"{" EC_7515 ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}", "private"},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}", "unknown curve"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", "no public key"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
         "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}",
         "no public key"},
        {"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "no public key"},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "too short"},
        {"{\"kty\":\"RSA\",\"n\":\"" RSA_7638 "\",\"e\":\"AQ\"}", "exponent"},
        {"{\"kty\":\"RSA\",\"n\":\"" RSA_7638 "\",\"e\":\"AQAC\"}", "exponent"},
        {"{\"kty\":\"RSA\",\"n\":\"" RSA_7638 "\",\"e\":\"AQAB=\"}", "no public key"},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}", "no public key"},
        {"{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         "shared key has been published"},
        {"{\"kty\":\"DH\"}", "kty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_left_out(cases[i].text, cases[i].why);
}

static void one_bad_key_does_not_spoil_a_set(void **state)
{
    struct sp_jwk_set *set =
        parse("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"short\"},"
              "{" EC_7515 ",\"kid\":\"good\"}],\"more\":1}",
              &published);
    const struct sp_jwk *key;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(set->count, 1);
    assert_int_equal(set->left_out, 1);
    assert_string_equal(set->why, "short: the RSA key is too short");
    assert_int_equal(
        sp_jwk_set_choose(set, SP_JWA_ES256, &(struct sp_jwk_name){.kid = SP_STR("good")}, &key, &err),
        SP_OK);
    assert_int_equal(
        sp_jwk_set_choose(set, SP_JWA_RS256, &(struct sp_jwk_name){.kid = SP_STR("short")}, &key, &err),
        SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "too short"));
    sp_jwk_set_release(set);
}

static void what_is_no_set_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "null",
                                      "[]",
                                      "{}",
                                      "{\"keys\":{}}",
                                      "{\"keys\":[1]}",
                                      "{\"keys\":[[]]}",
                                      "{\"keys\":[]",
                                      "{\"keys\":[],\"keys\":[]}",
                                      "<html>"};
    struct sp_jwk_set *set = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sp_error err = SP_ERROR_INIT;
        assert_int_not_equal(sp_jwk_set_parse(sp_str_of(bad[i]), &published, &set, &err), SP_OK);
        assert_null(set);
        assert_true(err.text[0]);
    }
    set = parse("{\"keys\":[]}", &published);
    assert_int_equal(set->count, 0);
    sp_jwk_set_release(set);
}

static char *set_of(size_t keys)
{
    char *text = malloc(keys * 400 + 64), *at = text + sprintf(text, "{\"keys\":[");
    for (size_t i = 0; i < keys; i++)
        at += sprintf(at, "%s{" EC_7515 ",\"kid\":\"%zu\"}", i ? "," : "", i);
    sprintf(at, "]}");
    return text;
}

static void a_set_has_at_most_so_many_keys_and_bytes(void **state)
{
    char *text = set_of(SP_JWK_KEYS_MAX);
    struct sp_jwk_set *set = parse(text, &published);
    assert_int_equal(set->count, SP_JWK_KEYS_MAX);
    sp_jwk_set_release(set);
    free(text);
    set = NULL;
    text = set_of(SP_JWK_KEYS_MAX + 1);
    assert_int_equal(sp_jwk_set_parse(sp_str_of(text), &published, &set, NULL), SP_ELIMIT);
    free(text);
    text = malloc(SP_JWK_TEXT_MAX + 1);
    memset(text, ' ', SP_JWK_TEXT_MAX + 1);
    memcpy(text, "{\"keys\":[]}", 11);
    assert_int_equal(sp_jwk_set_parse(sp_str_from(text, SP_JWK_TEXT_MAX + 1), &published, &set, NULL),
                     SP_ELIMIT);
    assert_null(set);
    assert_int_equal(sp_jwk_set_parse(sp_str_from(text, SP_JWK_TEXT_MAX), &published, &set, NULL), SP_OK);
    sp_jwk_set_release(set);
    free(text);
}

static enum sp_status choose(const struct sp_jwk_set *set, enum sp_jwa alg, const char *kid, const char *x5t)
{
    const struct sp_jwk *key = NULL;
    return sp_jwk_set_choose(set, alg, &(struct sp_jwk_name){.kid = sp_str_of(kid), .x5t = sp_str_of(x5t)},
                             &key, NULL);
}

static void a_key_is_chosen_by_its_name(void **state)
{
    struct sp_jwk_set *set =
        parse("{\"keys\":[{" EC_7515 ",\"kid\":\"a\"},{" EC_7515 ",\"kid\":\"b\",\"x5t\":\"t\"},"
              "{\"kty\":\"RSA\",\"n\":\"" RSA_7638 "\",\"e\":\"AQAB\",\"kid\":\"a\"}]}",
              &published);
    assert_int_equal(choose(set, SP_JWA_ES256, "a", NULL), SP_OK);
    assert_int_equal(choose(set, SP_JWA_RS256, "a", NULL), SP_OK); /* the same name for another type */
    assert_int_equal(choose(set, SP_JWA_RS256, "b", NULL), SP_ENOTFOUND);
    assert_int_equal(choose(set, SP_JWA_ES256, "A", NULL), SP_ENOTFOUND);
    assert_int_equal(choose(set, SP_JWA_ES256, "", NULL), SP_ENOTFOUND);
    assert_int_equal(choose(set, SP_JWA_ES256, "c", "t"), SP_ENOTFOUND); /* kid counts when it is there */
    assert_int_equal(choose(set, SP_JWA_ES256, NULL, "t"), SP_OK);
    assert_int_equal(choose(set, SP_JWA_ES256, NULL, "u"), SP_ENOTFOUND);
    assert_int_equal(choose(set, SP_JWA_ES256, NULL, NULL), SP_EEXISTS);
    assert_int_equal(choose(set, SP_JWA_RS256, NULL, NULL), SP_OK);
    assert_int_equal(choose(set, SP_JWA_ES384, NULL, NULL), SP_ENOTFOUND);
    assert_int_equal(choose(set, SP_JWA_HS256, NULL, NULL), SP_ENOTFOUND);
    sp_jwk_set_release(set);
}

static void two_keys_of_one_name_are_none(void **state)
{
    struct sp_jwk_set *set =
        parse("{\"keys\":[{" EC_7515 ",\"kid\":\"a\"},{" EC_7515 ",\"kid\":\"a\"}]}", &published);
    assert_int_equal(choose(set, SP_JWA_ES256, "a", NULL), SP_ENOTFOUND);
    assert_int_equal(set->left_out, 2);
    assert_string_equal(set->why, "several keys have the same kid");
    sp_jwk_set_release(set);
    set = parse("{\"keys\":[{" EC_7515 ",\"kid\":\"a\"},{" EC_7515 ",\"kid\":\"a\",\"alg\":\"ES256\"}]}",
                &published);
    assert_int_equal(choose(set, SP_JWA_ES256, "a", NULL), SP_EEXISTS);
    sp_jwk_set_release(set);
}

static void a_configured_key_needs_no_name(void **state)
{
    struct sp_jwk_set *set = jose_key(SP_JWA_RS256);
    assert_int_equal(choose(set, SP_JWA_RS256, "anything", "t"), SP_OK);
    assert_int_equal(choose(set, SP_JWA_PS384, NULL, NULL), SP_OK);
    assert_int_equal(choose(set, SP_JWA_HS256, NULL, NULL), SP_ENOTFOUND);
    sp_jwk_set_release(set);
}

static void a_secret_is_as_long_as_the_hash(void **state)
{
    char bytes[SP_JWK_SECRET_MAX + 1] = "";
    static const struct {
        enum sp_jwa alg;
        size_t least;
    } cases[] = {{SP_JWA_HS256, 32}, {SP_JWA_HS384, 48}, {SP_JWA_HS512, 64}};
    for (size_t i = 0; i < 3; i++)
        for (size_t len = cases[i].least - 1; len <= cases[i].least; len++) {
            struct sp_jwk_set *set = NULL;
            struct sp_error err = SP_ERROR_INIT;
            assert_int_equal(sp_jwk_set_from_secret(sp_str_from(bytes, len), &set, NULL), SP_OK);
            assert_int_equal(sp_jwa_check_key(cases[i].alg, &set->keys[0], true, &err),
                             len == cases[i].least ? SP_OK : SP_EDENIED);
            sp_jwk_set_release(set);
        }
    struct sp_jwk_set *set = NULL;
    assert_int_equal(sp_jwk_set_from_secret(sp_str_from(bytes, 0), &set, NULL), SP_EDENIED);
    assert_int_equal(sp_jwk_set_from_secret(sp_str_from(bytes, sizeof bytes), &set, NULL), SP_EDENIED);
    assert_int_equal(sp_jwk_set_from_secret(sp_str_from(bytes, SP_JWK_SECRET_MAX), &set, NULL), SP_OK);
    sp_jwk_set_release(set);
}

static void sets_of_both_kinds_of_keys_are_refused(void **state)
{
    static const char mixed[] =
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},"
        "{" EC_7515 "}]}";
    struct sp_jwk_set *set = NULL;
    assert_int_equal(sp_jwk_set_parse(sp_str_of(mixed), &own, &set, NULL), SP_EINVAL);
    set = parse(mixed, &published); /* where secrets do not count at all, there is no mixture */
    assert_int_equal(set->count, 1);
    assert_int_equal(set->left_out, 1);
    sp_jwk_set_release(set);
}

static struct sp_jwk_set *rsa_set(unsigned bits, bool weak, enum sp_status expected)
{
    struct sp_jwk_set *set = NULL;
    EVP_PKEY *pkey = EVP_RSA_gen(bits);
    assert_int_equal(sp_jwk_set_from_pkey(pkey, NULL, weak, &set, NULL), expected);
    EVP_PKEY_free(pkey);
    return set;
}

static void weak_rsa_keys_count_only_where_they_are_allowed(void **state)
{
    assert_null(rsa_set(1024, false, SP_EDENIED));
    assert_null(rsa_set(2047, false, SP_EDENIED));
    struct sp_jwk_set *set = rsa_set(1024, true, SP_OK);
    assert_int_equal(set->keys[0].bits, 1024);
    sp_jwk_set_release(set);
    assert_null(rsa_set(1023, true, SP_EDENIED));
}

static char *pem_of(EVP_PKEY *pkey, bool private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    assert_int_equal(private ? PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)
                             : PEM_write_bio_PUBKEY(bio, pkey),
                     1);
    long len = BIO_get_mem_data(bio, &bytes);
    char *text = strndup(bytes, (size_t)len);
    BIO_free(bio);
    return text;
}

static void pem_is_read_too(void **state)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-384");
    char *public = pem_of(pkey, false), *private = pem_of(pkey, true);
    struct sp_jwk_set *set = parse(public, &published);
    assert_int_equal(set->count, 1);
    assert_int_equal(choose(set, SP_JWA_ES384, "any", NULL), SP_OK);
    sp_jwk_set_release(set);
    set = parse(private, &published);
    assert_int_equal(set->count, 0);
    assert_int_equal(set->left_out, 1);
    sp_jwk_set_release(set);
    set = parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &published);
    assert_int_equal(set->count, 0);
    sp_jwk_set_release(set);
    free(public);
    free(private);
    EVP_PKEY_free(pkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thumbprint_is_that_of_rfc_7638),
        cmocka_unit_test(a_key_is_written_as_it_is_read),
        cmocka_unit_test(keys_that_cannot_be_used_are_left_out_with_a_reason),
        cmocka_unit_test(one_bad_key_does_not_spoil_a_set),
        cmocka_unit_test(what_is_no_set_is_refused),
        cmocka_unit_test(a_set_has_at_most_so_many_keys_and_bytes),
        cmocka_unit_test(a_key_is_chosen_by_its_name),
        cmocka_unit_test(two_keys_of_one_name_are_none),
        cmocka_unit_test(a_configured_key_needs_no_name),
        cmocka_unit_test(a_secret_is_as_long_as_the_hash),
        cmocka_unit_test(sets_of_both_kinds_of_keys_are_refused),
        cmocka_unit_test(weak_rsa_keys_count_only_where_they_are_allowed),
        cmocka_unit_test(pem_is_read_too),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
