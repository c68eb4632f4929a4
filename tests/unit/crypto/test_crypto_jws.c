/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "crypto/jws.h"
#include "jose_keys.h"
#include "text/base64.h"
#include "text/json.h"

static struct sp_arena arena;
static struct sp_jwk_set *keys[SP_JWA_COUNT]; /* one a algorithm */

static int make_keys(void **state)
{
    sp_arena_init(&arena, (size_t)16 << 20);
    for (int alg = SP_JWA_UNKNOWN + 1; alg < SP_JWA_COUNT; alg++)
        if (!(keys[alg] = jose_key((enum sp_jwa)alg)))
            return -1;
    return 0;
}

static int drop_keys(void **state)
{
    for (int alg = 0; alg < SP_JWA_COUNT; alg++)
        sp_jwk_set_release(keys[alg]);
    sp_arena_finish(&arena);
    return 0;
}

static struct sp_str sign(enum sp_jwa alg, const char *header, struct sp_str payload)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&buf, 1 << 20);
    if (sp_jws_sign(alg, &keys[alg]->keys[0], sp_str_of(header), payload, &buf, &err) != SP_OK)
        fail_msg("%s", err.text);
    struct sp_str token = sp_arena_str(&arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return token;
}

/* header.payload.signature with an empty payload and four bytes as signature: enough to be parsed. */
static struct sp_str token_of(const char *header)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 1 << 20);
    assert_int_equal(sp_base64_encode(SP_BASE64_URL, sp_str_of(header), &buf), SP_OK);
    sp_buf_append_str(&buf, SP_STR("..c2lnbg"));
    struct sp_str token = sp_arena_str(&arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return token;
}

static enum sp_status check(struct sp_str token, enum sp_jwa alg, const struct sp_jwk *key)
{
    struct sp_jws jws;
    enum sp_status status = sp_jws_parse(token, &arena, &jws, NULL);
    return status == SP_OK ? sp_jws_verify(&jws, alg, key, NULL) : status;
}

static enum sp_status parse(struct sp_str token)
{
    struct sp_jws jws;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_jws_parse(token, &arena, &jws, &err);
    assert_true(status == SP_OK || err.text[0]);
    return status;
}

/* ---- signatures ---- */

static void what_was_signed_is_verified_by_the_same_algorithm_and_key_only(void **state)
{
    for (int alg = 1; alg < SP_JWA_COUNT; alg++) {
        struct sp_str token = sign((enum sp_jwa)alg, "\"typ\":\"JWT\"", SP_STR("{\"sub\":\"x\"}"));
        for (int with = 0; with < SP_JWA_COUNT; with++)
            for (int key = 1; key < SP_JWA_COUNT; key++) {
                bool same = with == alg && key == alg;
                assert_int_equal(check(token, (enum sp_jwa)with, &keys[key]->keys[0]),
                                 same ? SP_OK
                                 : alg == with && keys[alg]->keys[0].type == SP_JWK_OCT &&
                                         keys[key]->keys[0].type == SP_JWK_OCT
                                     ? SP_OK /* the same secret */
                                     : SP_EDENIED);
            }
    }
}

static void a_changed_byte_anywhere_is_found(void **state)
{
    for (int alg = 1; alg < SP_JWA_COUNT; alg++) {
        struct sp_str token = sign((enum sp_jwa)alg, "", SP_STR("payload"));
        char *text = sp_arena_cstr(&arena, token);
        for (size_t i = 0; i < token.len; i++) {
            char was = text[i];
            text[i] = was == 'A' ? 'B' : 'A';
            assert_int_not_equal(check(sp_str_of(text), (enum sp_jwa)alg, &keys[alg]->keys[0]), SP_OK);
            text[i] = was;
        }
    }
}

static void the_algorithm_of_the_header_chooses_nothing(void **state)
{
    /* A signature by RS256 is one whatever the header says; it must say so all the same. */
    static const char *const names[] = {"none", "None", "nOnE", "", "rs256", "RS256 ", "HS256", "RS512"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct sp_str token = token_of(sp_arena_printf(&arena, "{\"alg\":\"%s\"}", names[i]).ptr);
        struct sp_jws jws;
        struct sp_buf signature;
        sp_buf_init(&signature, 1024);
        assert_int_equal(sp_jws_parse(token, &arena, &jws, NULL), SP_OK);
        assert_int_equal(
            sp_jwa_sign(SP_JWA_RS256, &keys[SP_JWA_RS256]->keys[0], jws.signed_part, &signature, NULL),
            SP_OK);
        jws.signature = sp_buf_str(&signature);
        assert_int_equal(sp_jws_verify(&jws, SP_JWA_RS256, &keys[SP_JWA_RS256]->keys[0], NULL), SP_EDENIED);
        assert_int_equal(sp_jws_verify(&jws, sp_jwa_from(jws.alg), &keys[SP_JWA_RS256]->keys[0], NULL),
                         SP_EDENIED);
        sp_buf_finish(&signature);
    }
    assert_int_equal(sp_jwa_from(SP_STR("none")), SP_JWA_UNKNOWN);
    assert_int_equal(sp_jwa_from(SP_STR("unknown")), SP_JWA_UNKNOWN);
}

static void a_signature_of_any_other_length_is_refused(void **state)
{
    static const struct {
        enum sp_jwa alg;
        size_t len;
    } algs[] = {{SP_JWA_ES256, 64},  {SP_JWA_ES384, 96},  {SP_JWA_ES512, 132}, {SP_JWA_EDDSA, 64},
                {SP_JWA_RS256, 256}, {SP_JWA_PS512, 256}, {SP_JWA_HS256, 32},  {SP_JWA_HS512, 64}};
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
        enum sp_jwa alg = algs[i].alg;
        struct sp_buf signature;
        sp_buf_init(&signature, 1024);
        assert_int_equal(sp_jwa_sign(alg, &keys[alg]->keys[0], SP_STR("x"), &signature, NULL), SP_OK);
        assert_int_equal(signature.len, algs[i].len);
        sp_buf_append_fill(&signature, 0, 100);
        for (size_t len = 0; len < signature.len; len++) {
            struct sp_str cut = sp_str_slice(sp_buf_str(&signature), 0, len);
            assert_int_equal(sp_jwa_verify(alg, &keys[alg]->keys[0], SP_STR("x"), cut, NULL),
                             len == algs[i].len ? SP_OK : SP_EDENIED);
        }
        sp_buf_finish(&signature);
    }
}

static void an_ecdsa_signature_of_zeros_or_of_asn1_is_refused(void **state)
{
    unsigned char bytes[64] = {0};
    const struct sp_jwk *key = &keys[SP_JWA_ES256]->keys[0];
    struct sp_str text = sp_str_from(bytes, sizeof bytes);
    assert_int_equal(sp_jwa_verify(SP_JWA_ES256, key, SP_STR("x"), text, NULL), SP_EDENIED);
    bytes[31] = 1; /* r = 1, s = 0 */
    assert_int_equal(sp_jwa_verify(SP_JWA_ES256, key, SP_STR("x"), text, NULL), SP_EDENIED);
    memset(bytes, 0xff, sizeof bytes); /* over the order */
    assert_int_equal(sp_jwa_verify(SP_JWA_ES256, key, SP_STR("x"), text, NULL), SP_EDENIED);
    unsigned char der[80];
    size_t len = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey), 1);
    assert_int_equal(EVP_DigestSign(context, der, &len, (const unsigned char *)"x", 1), 1);
    EVP_MD_CTX_free(context);
    assert_int_equal(sp_jwa_verify(SP_JWA_ES256, key, SP_STR("x"), sp_str_from(der, len), NULL), SP_EDENIED);
}

static void a_pss_salt_is_as_long_as_the_hash(void **state)
{
    static const int salts[] = {0, 20, 31, 32, 33, 64};
    const struct sp_jwk *key = &keys[SP_JWA_PS256]->keys[0];
    for (size_t i = 0; i < sizeof salts / sizeof *salts; i++) {
        unsigned char signature[256];
        size_t len = sizeof signature;
        EVP_PKEY_CTX *how;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, key->pkey), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, 6 /* PSS */), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salts[i]), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &len, (const unsigned char *)"x", 1), 1);
        EVP_MD_CTX_free(context);
        assert_int_equal(sp_jwa_verify(SP_JWA_PS256, key, SP_STR("x"), sp_str_from(signature, len), NULL),
                         salts[i] == 32 ? SP_OK : SP_EDENIED);
    }
}

static void a_key_that_only_verifies_does_not_sign(void **state)
{
    struct sp_buf text, out;
    struct sp_jwk_set *public;
    sp_buf_init(&text, 4096);
    sp_buf_init(&out, 4096);
    assert_int_equal(sp_jwk_write(&keys[SP_JWA_ES384]->keys[0], &text), SP_OK);
    assert_int_equal(
        sp_jwk_set_parse(sp_buf_str(&text), &(struct sp_jwk_rules){.published = true}, &public, NULL), SP_OK);
    assert_int_equal(public->count, 1);
    assert_int_equal(sp_jws_sign(SP_JWA_ES384, &public->keys[0], SP_STR(""), SP_STR("x"), &out, NULL),
                     SP_EDENIED);
    assert_int_equal(out.len, 0);
    assert_int_equal(check(sign(SP_JWA_ES384, "", SP_STR("x")), SP_JWA_ES384, &public->keys[0]), SP_OK);
    sp_jwk_set_release(public);
    sp_buf_finish(&text);
    sp_buf_finish(&out);
}

/* ---- form ---- */

static void the_form_is_three_parts_of_strict_base64url(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "a.b",
        "eyJhbGciOiJIUzI1NiJ9.e30",
        "eyJhbGciOiJIUzI1NiJ9.e30.",
        ".e30.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln.",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln.e30.e30",
        "eyJhbGciOiJIUzI1NiJ9=.e30.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e30=.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln ",
        " eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e3+.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e3/.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e31.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2l",
        "{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJIUzI1NiJ9\",\"signature\":\"c2ln\"}",
    };
    assert_int_equal(parse(SP_STR("eyJhbGciOiJIUzI1NiJ9.e30.c2ln")), SP_OK);
    assert_int_equal(parse(SP_STR("eyJhbGciOiJIUzI1NiJ9..c2ln")), SP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(sp_str_of(bad[i])), SP_ESYNTAX);
}

static void the_header_is_one_strict_object_with_an_algorithm(void **state)
{
    static const char *const bad[] = {"",
                                      "null",
                                      "[]",
                                      "[{\"alg\":\"HS256\"}]",
                                      "\"alg\"",
                                      "{}",
                                      "{\"alg\":null}",
                                      "{\"alg\":1}",
                                      "{\"alg\":[\"HS256\"]}",
                                      "{\"ALG\":\"HS256\"}",
                                      "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
                                      "{\"alg\":\"HS256\",\"x\":1,\"x\":1}",
                                      "{\"alg\":\"HS256\"}x",
                                      "{\"alg\":\"HS256\",}",
                                      "\xef\xbb\xbf{\"alg\":\"HS256\"}",
                                      "{\"alg\":\"HS256\",\"kid\":1}",
                                      "{\"alg\":\"HS256\",\"typ\":{}}",
                                      "{\"alg\":\"HS256\",\"x\":\"\\ud800\"}",
                                      "{\"alg\":\"HS256\",\"x\":\"\\u0000\"}",
                                      "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
                                      "{\"alg\":\"HS256\",\"x\":01}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(token_of(bad[i])), SP_ESYNTAX);
    assert_int_equal(parse(token_of("{\"alg\":\"HS256\",\"x\":1e999999}")), SP_OK);
    assert_int_equal(parse(token_of("{\"alg\":\"HS256\",\"x\":"
                                    "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}")),
                     SP_OK);
    assert_int_equal(parse(token_of("{\"alg\":\"HS256\",\"x\":"
                                    "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}")),
                     SP_ELIMIT);
}

static void extensions_are_refused(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"crit\":[]}",
                                          "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}",
                                          "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":true}",
                                          "{\"alg\":\"HS256\",\"crit\":\"alg\"}",
                                          "{\"alg\":\"HS256\",\"crit\":[\"alg\"]}",
                                          "{\"alg\":\"HS256\",\"crit\":[1,1]}",
                                          "{\"alg\":\"HS256\",\"crit\":null}",
                                          "{\"alg\":\"HS256\",\"b64\":false}"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(parse(token_of(headers[i])), SP_EUNSUPPORTED);
}

static void names_of_keys_and_type_are_read(void **state)
{
    struct sp_jws jws;
    assert_int_equal(
        sp_jws_parse(token_of("{\"typ\":\"Application/AT+jwt\",\"kid\":\"\\u0061/../b\",\"x5t\":\"t\","
                              "\"x5t#S256\":\"s\",\"alg\":\"RS256\",\"jwk\":{},\"jku\":1}"),
                     &arena, &jws, NULL),
        SP_OK);
    assert_true(sp_str_is(jws.typ, "AT+jwt"));
    assert_true(sp_str_is(jws.key_name.kid, "a/../b"));
    assert_true(sp_str_is(jws.key_name.x5t, "t"));
    assert_true(sp_str_is(jws.key_name.x5t_s256, "s"));
    assert_true(sp_str_is(jws.alg, "RS256"));
}

static void sizes_are_limited(void **state)
{
    char kid[SP_JWK_KID_MAX + 2] = "";
    memset(kid, 'k', SP_JWK_KID_MAX);
    assert_int_equal(parse(token_of(sp_arena_printf(&arena, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid).ptr)),
                     SP_OK);
    kid[SP_JWK_KID_MAX] = 'k';
    assert_int_equal(parse(token_of(sp_arena_printf(&arena, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid).ptr)),
                     SP_ELIMIT);
    /* 20 of the header, 2 dots, 4 of the signature; the payload fills the rest */
    char *text = sp_arena_alloc(&arena, SP_JWS_MAX + 2);
    memset(text, 'A', SP_JWS_MAX + 1);
    memcpy(text, "eyJhbGciOiJIUzI1NiJ9.", 21);
    size_t payload = (SP_JWS_MAX - 26) / 4 * 4;
    memcpy(text + 21 + payload, ".c2lnbg", 7);
    struct sp_str longest = sp_str_from(text, 21 + payload + 7);
    assert_in_range(longest.len, SP_JWS_MAX - 4, SP_JWS_MAX);
    assert_int_equal(parse(longest), SP_OK);
    assert_int_equal(parse(sp_str_from(text, SP_JWS_MAX + 1)), SP_ELIMIT);
}

static void opaque_tokens_are_told_apart(void **state)
{
    assert_true(sp_jws_is_like(SP_STR("eyJhbGciOiJIUzI1NiJ9.e30.c2ln")));
    assert_true(sp_jws_is_like(token_of("  {}")));
    assert_true(sp_jws_is_like(SP_STR("eyJh..")));
    assert_false(sp_jws_is_like(SP_STR("")));
    assert_false(sp_jws_is_like(SP_STR("ya29.a0AfB_by.C")));
    assert_false(sp_jws_is_like(SP_STR("eyJhbGciOiJIUzI1NiJ9.e30")));
    assert_false(sp_jws_is_like(SP_STR("eyJhbGciOiJIUzI1NiJ9.a.b.c.d"))); /* JWE */
    assert_false(sp_jws_is_like(SP_STR("2YotnFZFEjr1zCsicMWpAA")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_verified_by_the_same_algorithm_and_key_only),
        cmocka_unit_test(a_changed_byte_anywhere_is_found),
        cmocka_unit_test(the_algorithm_of_the_header_chooses_nothing),
        cmocka_unit_test(a_signature_of_any_other_length_is_refused),
        cmocka_unit_test(an_ecdsa_signature_of_zeros_or_of_asn1_is_refused),
        cmocka_unit_test(a_pss_salt_is_as_long_as_the_hash),
        cmocka_unit_test(a_key_that_only_verifies_does_not_sign),
        cmocka_unit_test(the_form_is_three_parts_of_strict_base64url),
        cmocka_unit_test(the_header_is_one_strict_object_with_an_algorithm),
        cmocka_unit_test(extensions_are_refused),
        cmocka_unit_test(names_of_keys_and_type_are_read),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(opaque_tokens_are_told_apart),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
