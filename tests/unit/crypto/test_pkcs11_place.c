/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "crypto/pkcs11_place.h"

static struct sp_pkcs11_place place;
static struct sp_error err;

static enum sp_status uri(const char *text)
{
    sp_error_clear(&err);
    return sp_pkcs11_place_parse_uri(sp_str_of(text), &place, &err);
}

static enum sp_status file(const char *text)
{
    sp_error_clear(&err);
    return sp_pkcs11_place_parse_file(sp_str_of(text), "hsm.cfg", &place, &err);
}

static void a_uri_names_token_object_and_library(void **state)
{
    assert_true(sp_pkcs11_is_uri(SP_STR("PKCS11:token=x")));
    assert_false(sp_pkcs11_is_uri(SP_STR("pkcs11")));
    assert_int_equal(
        uri("pkcs11:token=The%20gateway;manufacturer=M;serial=0815;model=S%3b2;object=server%2Dkey;"
            "id=%00%69;type=private;slot-id=7?module-path=/opt/my%20hsm/lib.so"),
        SP_OK);
    assert_string_equal(place.token, "The gateway");
    assert_string_equal(place.manufacturer, "M");
    assert_string_equal(place.serial, "0815");
    assert_string_equal(place.model, "S;2");
    assert_string_equal(place.object, "server-key");
    assert_int_equal(place.id_len, 2);
    assert_memory_equal(place.id, "\0i", 2);
    assert_int_equal(place.slot_id, 7);
    assert_int_equal(place.slot_index, -1);
    assert_string_equal(place.library, "/opt/my hsm/lib.so");
    assert_int_equal(uri("pkcs11:?module-path=/l.so"), SP_OK);
    assert_string_equal(place.token, "");
    assert_int_equal(place.slot_id, -1);
}

static void a_uri_that_is_wrong_is_refused_with_its_cause(void **state)
{
    static const struct {
        const char *text;
        enum sp_status status;
        const char *says;
    } cases[] = {
        {"http://x", SP_ESYNTAX, "pkcs11:"},
        {"pkcs11:token=x", SP_EINVAL, "module-path"},
        {"pkcs11:token=x?module-path=relative.so", SP_EINVAL, "absolute"},
        {"pkcs11:token=?module-path=/l", SP_ESYNTAX, "token is empty"},
        {"pkcs11:token=%4?module-path=/l", SP_ESYNTAX, "hexadecimal"},
        {"pkcs11:token=%", SP_ESYNTAX, "hexadecimal"},
        {"pkcs11:token=%4g", SP_ESYNTAX, "hexadecimal"},
        {"pkcs11:token=%00x?module-path=/l", SP_ESYNTAX, "NUL"},
        {"pkcs11:token=a b?module-path=/l", SP_ESYNTAX, "%XX"},
        {"pkcs11:token?module-path=/l", SP_ESYNTAX, "no '='"},
        {"pkcs11:token=x;;object=y?module-path=/l", SP_ESYNTAX, "no '='"},
        {"pkcs11:token=x;token=y?module-path=/l", SP_EEXISTS, "twice"},
        {"pkcs11:tokn=x?module-path=/l", SP_EUNSUPPORTED, "'tokn'"},
        {"pkcs11:module-path=/l", SP_EUNSUPPORTED, "before '?'"},
        {"pkcs11:?token=x", SP_EUNSUPPORTED, "behind '?'"},
        {"pkcs11:token=x?module-name=softhsm2", SP_EUNSUPPORTED, "module-path"},
        {"pkcs11:token=x?module-path=/l&pin-value=1234", SP_EUNSUPPORTED, "attribute password"},
        {"pkcs11:token=x?pin-source=file:/pin&module-path=/l", SP_EUNSUPPORTED, "attribute password"},
        {"pkcs11:slot-id=x?module-path=/l", SP_ESYNTAX, "slot"},
        {"pkcs11:slot-id=4294967296?module-path=/l", SP_ESYNTAX, "slot"},
        {"pkcs11:id=?module-path=/l", SP_ELIMIT, "id"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(uri(cases[i].text), cases[i].status);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_null(strstr(err.text, "1234"));
    }
}

static void names_have_the_length_that_tokens_give_them(void **state)
{
    char text[SP_PKCS11_TEXT_MAX + 64], label[64];
    memset(label, 'x', sizeof label);
    snprintf(text, sizeof text, "pkcs11:token=%.32s?module-path=/l", label);
    assert_int_equal(uri(text), SP_OK);
    assert_int_equal(strlen(place.token), 32);
    snprintf(text, sizeof text, "pkcs11:token=%.33s?module-path=/l", label);
    assert_int_equal(uri(text), SP_ELIMIT);
    snprintf(text, sizeof text, "pkcs11:serial=%.16s?module-path=/l", label);
    assert_int_equal(uri(text), SP_OK);
    snprintf(text, sizeof text, "pkcs11:serial=%.17s?module-path=/l", label);
    assert_int_equal(uri(text), SP_ELIMIT);
    int len = snprintf(text, sizeof text, "pkcs11:?module-path=/");
    memset(text + len, 'p', sizeof text - (size_t)len);
    text[len + SP_PKCS11_LIBRARY_MAX - 1] = '\0';
    assert_int_equal(uri(text), SP_OK);
    text[len + SP_PKCS11_LIBRARY_MAX - 1] = 'p';
    text[len + SP_PKCS11_LIBRARY_MAX] = '\0';
    assert_int_equal(uri(text), SP_ELIMIT);
    len = snprintf(text, sizeof text, "pkcs11:type=");
    memset(text + len, 't', sizeof text - (size_t)len);
    text[SP_PKCS11_TEXT_MAX] = '\0';
    assert_int_equal(uri(text), SP_EINVAL); /* read, but without a library */
    text[SP_PKCS11_TEXT_MAX] = 't';
    text[SP_PKCS11_TEXT_MAX + 1] = '\0';
    assert_int_equal(uri(text), SP_ELIMIT);
}

static void a_file_of_a_java_provider_is_read(void **state)
{
    assert_int_equal(file("# comment\r\nname = Gateway\r\nlibrary=/usr/lib/hsm.so # here\nslot = 3\n"
                          "description = one = two\nattributes(*,CKO_PRIVATE_KEY,*) = {\n  CKA_SIGN = true\n"
                          "  slot = 9\n}\nshowInfo = true"),
                     SP_OK);
    assert_string_equal(place.library, "/usr/lib/hsm.so");
    assert_int_equal(place.slot_id, 3);
    assert_int_equal(place.slot_index, -1);
    assert_int_equal(file("library = \"/usr/lib/my hsm.so\"\n"), SP_OK);
    assert_string_equal(place.library, "/usr/lib/my hsm.so");
    assert_int_equal(place.slot_index, 0);
    assert_int_equal(file("library = /l\nslotListIndex = 2"), SP_OK);
    assert_int_equal(place.slot_index, 2);
    assert_int_equal(file("library = /l\ntokenLabel = The gateway"), SP_OK);
    assert_string_equal(place.token, "The gateway");
    assert_int_equal(place.slot_index, -1);
    assert_int_equal(file("library = /l\ndisabledMechanisms = { CKM_MD5 }\nslot = 1"), SP_OK);
    assert_int_equal(place.slot_id, 1);
}

static void a_file_that_is_wrong_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        enum sp_status status;
        unsigned line;
    } cases[] = {
        {"", SP_EINVAL, 0},
        {"name = x\n", SP_EINVAL, 0},
        {"name = x\nlibrary = lib.so\n", SP_EINVAL, 2},
        {"library =\n", SP_ESYNTAX, 1},
        {"library = /l\n\nslot = one", SP_ESYNTAX, 3},
        {"library = /l\nslot = 1\nslotListIndex = 0", SP_EINVAL, 3},
        {"library = /l\nnonsense", SP_ESYNTAX, 2},
        {"library = /l\nattributes = {\nCKA_SIGN = true\n", SP_ESYNTAX, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(file(cases[i].text), cases[i].status);
        assert_string_equal(err.file, "hsm.cfg");
        assert_int_equal(err.line, cases[i].line);
    }
    static char long_text[SP_PKCS11_TEXT_MAX + 2];
    memset(long_text, '#', SP_PKCS11_TEXT_MAX);
    memcpy(long_text, "library=/l\n", 11);
    assert_int_equal(file(long_text), SP_OK);
    long_text[SP_PKCS11_TEXT_MAX] = '#';
    assert_int_equal(file(long_text), SP_ELIMIT);
}

static void a_place_is_described_for_people(void **state)
{
    char text[200];
    assert_int_equal(uri("pkcs11:token=gateway;serial=12?module-path=/l.so"), SP_OK);
    sp_pkcs11_place_describe(&place, text, sizeof text);
    assert_string_equal(text, "token 'gateway' with serial number 12 of /l.so");
    assert_int_equal(file("library=/l.so"), SP_OK);
    sp_pkcs11_place_describe(&place, text, sizeof text);
    assert_string_equal(text, "token number 0 of /l.so");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_names_token_object_and_library),
        cmocka_unit_test(a_uri_that_is_wrong_is_refused_with_its_cause),
        cmocka_unit_test(names_have_the_length_that_tokens_give_them),
        cmocka_unit_test(a_file_of_a_java_provider_is_read),
        cmocka_unit_test(a_file_that_is_wrong_is_refused_with_its_line),
        cmocka_unit_test(a_place_is_described_for_people),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
