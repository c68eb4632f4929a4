/* SPDX-License-Identifier: Apache-2.0
 * Encrypted tokens: those that another implementation made (data/make_jwe.py) are read, all that is wrong is
 * refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/jwe.h"
#include "text/json.h"

#define FILE_MAX ((size_t)1 << 20)

static struct sp_arena arena;
static struct sp_json_value *data;

static int load(void **state)
{
    static const struct sp_json_limits limits = {
        .depth = 8, .string_bytes = FILE_MAX, .number_bytes = 64, .members = 1024};
    char path[PATH_MAX];
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    sp_arena_init(&arena, (size_t)16 << 20);
    snprintf(path, sizeof path, "%s/tests/unit/crypto/data/jwe.json", root ? root : ".");
    FILE *file = fopen(path, "r");
    char *bytes = sp_arena_alloc(&arena, FILE_MAX);
    if (!file || !bytes)
        return -1;
    size_t len = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    return sp_json_parse(sp_str_from(bytes, len), &arena, &limits, &data, NULL) == SP_OK ? 0 : -1;
}

static int unload(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static EVP_PKEY *key_of(const struct sp_json_value *test)
{
    struct sp_str name = sp_json_member_text(test, SP_STR("key"));
    struct sp_str pem = sp_json_member_text(sp_json_member(data, SP_STR("keys")), name);
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(key);
    return key;
}

static enum sp_status read_one(struct sp_str token, EVP_PKEY *key, struct sp_str *ret_text)
{
    struct sp_arena room;
    struct sp_jwe jwe;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str text = {0};
    sp_arena_init(&room, 1 << 20);
    enum sp_status status = sp_jwe_parse(token, &room, &jwe, &err);
    if (status == SP_OK)
        status = sp_jwe_decrypt(&jwe, key, &room, &text, &err);
    if (status != SP_OK && !err.text[0])
        fail_msg("no reason");
    if (status == SP_OK)
        *ret_text = sp_arena_str(&arena, text);
    sp_arena_finish(&room);
    return status;
}

static void tokens_of_another_implementation_are_read(void **state)
{
    struct sp_str expected = sp_json_member_text(data, SP_STR("text")), text;
    const struct sp_json_value *good = sp_json_member(data, SP_STR("good"));
    assert_true(good->count >= 40);
    for (const struct sp_json_value *test = good->first; test; test = test->next) {
        struct sp_str name = sp_json_member_text(test, SP_STR("name"));
        EVP_PKEY *key = key_of(test);
        assert_true(sp_jwe_is_like(sp_json_member_text(test, SP_STR("jwe"))));
        if (read_one(sp_json_member_text(test, SP_STR("jwe")), key, &text) != SP_OK)
            fail_msg("%.*s", SP_STR_ARG(name));
        assert_true(sp_str_eq(text, sp_str_is(name, "nothing inside") ? SP_STR("") : expected));
        EVP_PKEY_free(key);
    }
}

static void what_is_wrong_is_refused(void **state)
{
    const struct sp_json_value *bad = sp_json_member(data, SP_STR("bad"));
    assert_true(bad->count >= 50);
    for (const struct sp_json_value *test = bad->first; test; test = test->next) {
        struct sp_str text, name = sp_json_member_text(test, SP_STR("name"));
        EVP_PKEY *key = key_of(test);
        enum sp_status status = read_one(sp_json_member_text(test, SP_STR("jwe")), key, &text);
        if (status != SP_EDENIED && status != SP_ESYNTAX && status != SP_EUNSUPPORTED)
            fail_msg("%.*s: %d", SP_STR_ARG(name), status);
        EVP_PKEY_free(key);
    }
}

/* Whoever sends ciphertexts learns nothing from how they are refused. */
static void a_wrong_key_and_a_wrong_tag_are_one_failure(void **state)
{
    struct sp_jwe jwe;
    struct sp_str text;
    char said[2][SP_ERROR_TEXT_MAX] = {"", ""};
    const struct sp_json_value *bad = sp_json_member(data, SP_STR("bad"));
    for (const struct sp_json_value *test = bad->first; test; test = test->next) {
        struct sp_error err = SP_ERROR_INIT;
        struct sp_str name = sp_json_member_text(test, SP_STR("name"));
        bool is_key = sp_str_is(name, "gcm: another key");
        if (!is_key && !sp_str_is(name, "gcm: another tag"))
            continue;
        EVP_PKEY *key = key_of(test);
        assert_int_equal(sp_jwe_parse(sp_json_member_text(test, SP_STR("jwe")), &arena, &jwe, &err), SP_OK);
        assert_int_equal(sp_jwe_decrypt(&jwe, key, &arena, &text, &err), SP_EDENIED);
        snprintf(said[is_key], sizeof said[0], "%s", err.text);
        EVP_PKEY_free(key);
    }
    assert_string_not_equal(said[0], "");
    assert_string_equal(said[0], said[1]);
}

static void a_token_has_a_limit(void **state)
{
    struct sp_jwe jwe;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str token = sp_json_member_text(sp_json_member(data, SP_STR("good"))->first, SP_STR("jwe"));
    char *bytes = sp_arena_alloc(&arena, SP_JWE_MAX + 1);
    memset(bytes, 'A', SP_JWE_MAX + 1);
    memcpy(bytes, token.ptr, token.len);
    assert_int_equal(sp_jwe_parse(sp_str_from(bytes, SP_JWE_MAX + 1), &arena, &jwe, &err), SP_ELIMIT);
    assert_int_not_equal(sp_jwe_parse(sp_str_from(bytes, SP_JWE_MAX), &arena, &jwe, &err), SP_ELIMIT);
}

static void keys_that_are_too_weak_are_refused(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    EVP_PKEY *keys[] = {EVP_RSA_gen(1024), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_EC_gen("secp256k1")};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sp_jwe_check_key(keys[i], &err), SP_EDENIED);
    EVP_PKEY *good = EVP_EC_gen("P-384");
    assert_int_equal(sp_jwe_check_key(good, &err), SP_OK);
    EVP_PKEY_free(good);
    for (size_t i = 0; i < 3; i++)
        EVP_PKEY_free(keys[i]);
}

static void only_five_parts_with_an_object_are_like_one(void **state)
{
    assert_false(sp_jwe_is_like(SP_STR("eyJh.b.c")));
    assert_false(sp_jwe_is_like(SP_STR("abcd.b.c.d.e")));
    assert_false(sp_jwe_is_like(SP_STR("....")));
    assert_false(sp_jwe_is_like(SP_STR("")));
    assert_true(sp_jwe_is_like(SP_STR("eyJh....")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_another_implementation_are_read),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(a_wrong_key_and_a_wrong_tag_are_one_failure),
        cmocka_unit_test(a_token_has_a_limit),
        cmocka_unit_test(keys_that_are_too_weak_are_refused),
        cmocka_unit_test(only_five_parts_with_an_object_are_like_one),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, unload);
}
