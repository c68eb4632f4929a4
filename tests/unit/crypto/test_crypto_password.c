/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "crypto/password.h"
#include "text/base64.h"

static struct sp_password_keys keys;
static struct sp_buf out;
static struct sp_error err;

static int begin(void **state)
{
    sp_password_keys_init(&keys, (struct sp_str){NULL, 0});
    sp_buf_init(&out, 65536);
    err = (struct sp_error)SP_ERROR_INIT;
    return 0;
}

static int end(void **state)
{
    sp_password_keys_finish(&keys);
    sp_buf_wipe(&out);
    return 0;
}

static enum sp_status decode(const char *text)
{
    sp_buf_reset(&out);
    return sp_password_decode(&keys, sp_str_of(text), &out, &err);
}

#define LIBERTY_HASH "{hash}ATAAAAAEc2FsdEAAAAAgCvy54cIa4spWU/H9c8WIjTIK/peZ2xH6E7UWMWuz/Qc="
#define LIBERTY_HASH_8 "{hash}ATAAAAAIc2FsdDEyMzRAAAAAICuE9ojq8u4A4EmrpW4ilKPYPym2YNvvoggiqreKI0ix"

static void published_vectors_decode(void **state)
{
    static const char *const vectors[][2] = {
        {"{xor}CDo9Hgw=", "WebAS"},
        {"{xor}Lz4sLCgwLTs=", "password"},
        {"{xor}EzY9Oi0rJg==", "Liberty"},
        {"{xor}GhIPEXAGDwg=", "EMPN/YPW"},
        {"{xor}GhIPExAGDwg=", "EMPLOYPW"},
        {"{xor}Lz4sLCgwLTsINis3exYxFis=", "passwordWith$InIt"},
        {"{xor}f38IOj0eDH9/fw==", "  WebAS   "},
        {"{xor}", ""},
        {"{XOR}CDo9Hgw=", "WebAS"},
        {" { xor }CDo9Hgw= ", "WebAS"},
        {"{aes}AGTpzRDW//VE3Jshg1fd89rxw/JMjHfFM9UdYdVNIUt2", "WebAS"},
        {"{aes}AEmVKa+jOeA7pos+sSfpHNmH1MVfwg8ZoV29iDi6I0ZGcov6hSZsAxMhFr91jTSBYQ==", "alternatepwd"},
        {"{aes}ARABGAM7S4HrIRtZWJ229TnxuKZrrPN3dsKrrQzCQE/3U5F4zp3UrDQ+Czmnvz1kaQyN7JktDzieJxelwu077ZYET2V+"
         "7/1Gi37iztr7lY0i+j4dlHOFIi5PESnZ7V8XOmdSbH9DSgkuJaXNoEqb",
         "alternatepwd"},
        {"{aes}", ""},
        {"{}plain", "plain"},
        {"{}{x", "{x"},
        {" plain ", " plain "},
        {"{plain", "{plain"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        if (decode(vectors[i][0]) != SP_OK)
            fail_msg("%s: %s", vectors[i][0], err.text);
        if (!sp_str_is(sp_buf_str(&out), vectors[i][1]))
            fail_msg("%s gives %.*s", vectors[i][0], SP_STR_ARG(sp_buf_str(&out)));
    }
}

static void the_default_keys_are_those_of_liberty(void **state)
{
    assert_int_equal(decode("{aes}AGTpzRDW//VE3Jshg1fd89rxw/JMjHfFM9UdYdVNIUt2"), SP_OK);
    struct sp_buf hex;
    sp_buf_init(&hex, 100);
    assert_int_equal(sp_hex_encode(sp_str_from(keys.key[0], 16), &hex), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&hex), "85695627a8bb6df42227a2a17b021d84"));
    sp_buf_finish(&hex);
    assert_false(keys.derived[1]);
}

static void a_key_of_ones_own_is_needed_to_decode_what_it_encoded(void **state)
{
    const char *text = "{aes}AL4f8Vek3bMHFusOdK3KleiHJRh8ghFdc5OzO8vo3UtRKprTjetDKmaG7NWRLX0qaA==";
    assert_int_equal(decode(text), SP_EINVAL);
    assert_int_equal(out.len, 0);
    sp_password_keys_finish(&keys);
    sp_password_keys_init(&keys, SP_STR("Some_alternate_secret"));
    assert_int_equal(decode(text), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&out), "alternatepwd"));
}

static void every_form_that_is_made_can_be_used(void **state)
{
    static const char *const clears[] = {"", "a", "sixteen bytes ok", "p\xc3\xa4sswort mit Blank am Ende "};
    for (int form = SP_PASSWORD_AS_XOR; form <= SP_PASSWORD_AS_HASH; form++) {
        for (size_t i = 0; i < sizeof clears / sizeof clears[0]; i++) {
            struct sp_buf encoded;
            sp_buf_init(&encoded, 4096);
            struct sp_str clear = sp_str_of(clears[i]);
            assert_int_equal(sp_password_encode(&keys, (enum sp_password_form)form, clear, &encoded, &err),
                             SP_OK);
            struct sp_str text = sp_buf_str(&encoded);
            assert_int_equal(sp_password_verify(&keys, text, clear, &err), SP_OK);
            assert_int_equal(sp_password_verify(&keys, text, SP_STR("b"), &err), SP_EDENIED);
            sp_buf_append_byte(&encoded, '\0');
            if (form != SP_PASSWORD_AS_HASH) {
                assert_int_equal(decode((char *)encoded.ptr), SP_OK);
                assert_true(sp_str_eq(sp_buf_str(&out), clear));
            }
            sp_buf_finish(&encoded);
        }
    }
}

static void two_encodings_of_one_password_differ_where_chance_is_part_of_it(void **state)
{
    for (int form = SP_PASSWORD_AS_AES_128; form <= SP_PASSWORD_AS_HASH; form++) {
        struct sp_buf a, b;
        sp_buf_init(&a, 4096);
        sp_buf_init(&b, 4096);
        assert_int_equal(sp_password_encode(&keys, (enum sp_password_form)form, SP_STR("x"), &a, &err),
                         SP_OK);
        assert_int_equal(sp_password_encode(&keys, (enum sp_password_form)form, SP_STR("x"), &b, &err),
                         SP_OK);
        assert_false(sp_str_eq(sp_buf_str(&a), sp_buf_str(&b)));
        sp_buf_finish(&a);
        sp_buf_finish(&b);
    }
}

static void what_is_damaged_is_refused_and_nothing_of_it_is_told(void **state)
{
    static const char *const bad[] = {
        "{xor}CDo9Hg", "{xor}CDo9Hgw=x", "{xor}!",        "{aes}AGTpzRDW//VE3Jshg1fd89rxw/JMjHfFM9UdYdVNIUt3",
        "{aes}AA==",   "{aes}AQ==",      "{aes}ARABGAM7", "{aes}AGTpzRDW//VE3Jshg1fd8w==",
        "{aes}AP8=",   "{aes}ARA=",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(decode(bad[i]), SP_EINVAL);
        assert_int_equal(out.len, 0);
        assert_null(strstr(err.text, "CDo9"));
        assert_null(strstr(err.text, "WebAS"));
    }
    static const char *const unsupported[] = {"{aes}Ag==", "{custom}abc", "{custom:my}abc", LIBERTY_HASH};
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        assert_int_equal(decode(unsupported[i]), SP_EUNSUPPORTED);
        assert_int_equal(out.len, 0);
    }
}

static void a_changed_bit_of_a_gcm_text_is_noticed(void **state)
{
    struct sp_buf encoded, bytes;
    sp_buf_init(&encoded, 4096);
    assert_int_equal(sp_password_encode(&keys, SP_PASSWORD_AS_AES_256, SP_STR("secret"), &encoded, &err),
                     SP_OK);
    sp_buf_init(&bytes, 4096);
    assert_int_equal(sp_base64_decode(SP_BASE64, sp_str_slice(sp_buf_str(&encoded), 5, encoded.len), &bytes),
                     SP_OK);
    for (size_t i = 2; i < bytes.len; i += 7) {
        struct sp_buf text;
        sp_buf_init(&text, 4096);
        sp_buf_append_str(&text, SP_STR("{aes}"));
        bytes.ptr[i] ^= 1;
        assert_int_equal(sp_base64_encode(SP_BASE64, sp_buf_str(&bytes), &text), SP_OK);
        bytes.ptr[i] ^= 1;
        sp_buf_append_byte(&text, '\0');
        assert_int_equal(decode((char *)text.ptr), SP_EINVAL);
        sp_buf_finish(&text);
    }
    sp_buf_finish(&bytes);
    sp_buf_finish(&encoded);
}

static void hashes_of_liberty_verify(void **state)
{
    assert_int_equal(sp_password_verify(&keys, SP_STR(LIBERTY_HASH), SP_STR("password"), &err), SP_OK);
    assert_int_equal(sp_password_verify(&keys, SP_STR(LIBERTY_HASH), SP_STR("Password"), &err), SP_EDENIED);
    assert_int_equal(sp_password_verify(&keys, SP_STR(LIBERTY_HASH), SP_STR(""), &err), SP_EDENIED);
    assert_int_equal(sp_password_verify(&keys, SP_STR(LIBERTY_HASH_8), SP_STR("fredpwd"), &err), SP_OK);
}

static void a_hash_is_read_to_its_last_byte(void **state)
{
    struct sp_str whole =
        SP_STR("\x01\x30\0\0\0\x04salt\x40\0\0\0\x20\x0a\xfc\xb9\xe1\xc2\x1a\xe2\xca\x56\x53"
               "\xf1\xfd\x73\xc5\x88\x8d\x32\x0a\xfe\x97\x99\xdb\x11\xfa\x13\xb5\x16\x31\x6b"
               "\xb3\xfd\x07");
    struct sp_buf text;
    sp_buf_init(&text, 4096);
    for (size_t len = 0; len < whole.len; len++) {
        sp_buf_reset(&text);
        sp_buf_append_str(&text, SP_STR("{hash}"));
        assert_int_equal(sp_base64_encode(SP_BASE64, sp_str_slice(whole, 0, len), &text), SP_OK);
        assert_int_equal(sp_password_verify(&keys, sp_buf_str(&text), SP_STR("password"), &err), SP_EINVAL);
    }
    sp_buf_finish(&text);
    static const struct {
        const char *name;
        struct sp_str bytes;
        enum sp_status expected;
    } cases[] = {
        {"another version",
         SP_STR_INIT("\x02\x30\0\0\0\x01s\x40\0\0\0\x01"
                     "d"),
         SP_EINVAL},
        {"an unknown tag", SP_STR_INIT("\x01\x60\0\0\0\x01s"), SP_EINVAL},
        {"no rounds",
         SP_STR_INIT("\x01\x20\0\0\0\0\x30\0\0\0\x01s\x40\0\0\0\x01"
                     "d\x50\0\0\0\x08"),
         SP_ELIMIT},
        {"too many rounds",
         SP_STR_INIT("\x01\x20\0\x98\x96\x81\x30\0\0\0\x01s\x40\0\0\0\x01"
                     "d\x50\0\0\0\x08"),
         SP_ELIMIT},
        {"too many bits",
         SP_STR_INIT("\x01\x30\0\0\0\x01s\x40\0\0\0\x01"
                     "d\x50\0\0\x02\x08"),
         SP_ELIMIT},
        {"another length than it says",
         SP_STR_INIT("\x01\x30\0\0\0\x01s\x40\0\0\0\x01"
                     "d"),
         SP_EINVAL},
        {"another algorithm",
         SP_STR_INIT("\x01\x10\0\0\0\x03MD5\x30\0\0\0\x01s\x40\0\0\0\x01"
                     "d\x50\0\0\0\x08"),
         SP_EUNSUPPORTED},
        {"a length beyond the end", SP_STR_INIT("\x01\x30\xff\xff\xff\xffs"), SP_EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_buf_init(&text, 4096);
        sp_buf_append_str(&text, SP_STR("{hash}"));
        assert_int_equal(sp_base64_encode(SP_BASE64, cases[i].bytes, &text), SP_OK);
        enum sp_status status = sp_password_verify(&keys, sp_buf_str(&text), SP_STR("password"), &err);
        if (status != cases[i].expected)
            fail_msg("%s: %s", cases[i].name, sp_status_name(status));
        sp_buf_finish(&text);
    }
}

static void an_encoded_password_is_not_encoded_again(void **state)
{
    assert_int_equal(sp_password_encode(&keys, SP_PASSWORD_AS_XOR, SP_STR("{xor}CDo9Hgw="), &out, &err),
                     SP_EINVAL);
    assert_int_equal(sp_password_encode(&keys, SP_PASSWORD_AS_XOR, SP_STR("{other}x"), &out, &err),
                     SP_EINVAL);
    assert_int_equal(out.len, 0);
}

static void a_password_that_is_too_long_is_refused(void **state)
{
    static char text[16386];
    memset(text, 'x', sizeof text);
    assert_int_equal(sp_password_decode(&keys, sp_str_from(text, 16384), &out, &err), SP_OK);
    assert_int_equal(sp_password_decode(&keys, sp_str_from(text, 16385), &out, &err), SP_ELIMIT);
    sp_buf_reset(&out);
    assert_int_equal(sp_password_encode(&keys, SP_PASSWORD_AS_XOR, sp_str_from(text, 4096), &out, &err),
                     SP_OK);
    assert_int_equal(sp_password_encode(&keys, SP_PASSWORD_AS_XOR, sp_str_from(text, 4097), &out, &err),
                     SP_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(published_vectors_decode, begin, end),
        cmocka_unit_test_setup_teardown(the_default_keys_are_those_of_liberty, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_ones_own_is_needed_to_decode_what_it_encoded, begin, end),
        cmocka_unit_test_setup_teardown(every_form_that_is_made_can_be_used, begin, end),
        cmocka_unit_test_setup_teardown(two_encodings_of_one_password_differ_where_chance_is_part_of_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_refused_and_nothing_of_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_changed_bit_of_a_gcm_text_is_noticed, begin, end),
        cmocka_unit_test_setup_teardown(hashes_of_liberty_verify, begin, end),
        cmocka_unit_test_setup_teardown(a_hash_is_read_to_its_last_byte, begin, end),
        cmocka_unit_test_setup_teardown(an_encoded_password_is_not_encoded_again, begin, end),
        cmocka_unit_test_setup_teardown(a_password_that_is_too_long_is_refused, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
