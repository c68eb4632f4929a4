/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "authn/basic.h"
#include "authn/identity.h"
#include "text/base64.h"

static enum sp_status read_value(struct sp_str value, struct sp_basic_credentials *credentials)
{
    struct sp_error err = SP_ERROR_INIT;
    return sp_basic_read(value, credentials, &err);
}

static enum sp_status read_pair(struct sp_str pair, struct sp_basic_credentials *credentials)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 20000);
    sp_buf_append_str(&buf, SP_STR("Basic "));
    assert_int_equal(sp_base64_encode(SP_BASE64, pair, &buf), SP_OK);
    enum sp_status status = read_value(sp_buf_str(&buf), credentials);
    sp_buf_finish(&buf);
    return status;
}

static void the_example_of_the_rfc_is_read(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_value(SP_STR("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), &credentials), SP_OK);
    assert_true(sp_str_is(credentials.name, "Aladdin"));
    assert_true(sp_str_is(credentials.password, "open sesame"));
    /* The RFC's example with a pound sign, charset UTF-8. */
    assert_int_equal(read_value(SP_STR("Basic dGVzdDoxMjPCow=="), &credentials), SP_OK);
    assert_true(sp_str_is(credentials.password, "123\xc2\xa3"));
}

static void the_scheme_has_no_case(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_value(SP_STR("bAsIc   QTpi"), &credentials), SP_OK);
    assert_true(sp_str_is(credentials.name, "A"));
    assert_true(sp_str_is(credentials.password, "b"));
    assert_int_equal(read_value(SP_STR("Bearer QTpi"), &credentials), SP_EINVAL);
    assert_int_equal(read_value(SP_STR("BasicQTpi"), &credentials), SP_EINVAL);
    assert_int_equal(read_value(SP_STR("Basic"), &credentials), SP_EINVAL);
    assert_int_equal(read_value(SP_STR(""), &credentials), SP_EINVAL);
}

static void base64_is_strict(void **state)
{
    struct sp_basic_credentials credentials;
    const char *bad[] = {
        "Basic ",     "Basic QTpi=",  "Basic QTpiYw", "Basic QTpiYw=",    "Basic QTpiYx==", "Basic QT pi",
        "Basic QTp_", "Basic QTpi\t", "Basic QTpi ",  "Basic QTpi, QTpi", "Basic ====",     "Basic Q"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(read_value(sp_str_of(bad[i]), &credentials), SP_ESYNTAX);
}

static void the_password_is_all_behind_the_first_colon(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_pair(SP_STR("a:b:c:"), &credentials), SP_OK);
    assert_true(sp_str_is(credentials.name, "a"));
    assert_true(sp_str_is(credentials.password, "b:c:"));
    assert_int_equal(read_pair(SP_STR("a:"), &credentials), SP_OK);
    assert_int_equal(credentials.password.len, 0);
}

static void a_pair_without_colon_or_name_is_refused(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_pair(SP_STR("Fred"), &credentials), SP_ESYNTAX);
    assert_int_equal(read_pair(SP_STR(":pw"), &credentials), SP_ESYNTAX);
    assert_int_equal(read_pair(SP_STR(":"), &credentials), SP_ESYNTAX);
}

static void only_clean_utf8_is_taken(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_pair(SP_STR("J\xfcrgen:x"), &credentials), SP_ESYNTAX);
    assert_int_equal(read_pair(SP_STR("a:\xc0\x80"), &credentials), SP_ESYNTAX);
    assert_int_equal(read_pair(SP_STR("a:b\0c"), &credentials), SP_ESYNTAX);
    assert_int_equal(read_pair(SP_STR("a\n:b"), &credentials), SP_ESYNTAX);
    assert_int_equal(read_pair(SP_STR("a:b\x7f"), &credentials), SP_ESYNTAX);
}

static enum sp_status read_lengths(size_t name, size_t password, struct sp_basic_credentials *credentials)
{
    size_t len = name + 1 + password;
    char *pair = malloc(len);
    memset(pair, 'x', len);
    pair[name] = ':';
    enum sp_status status = read_pair(sp_str_from(pair, len), credentials);
    free(pair);
    return status;
}

static void lengths_are_limited(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_lengths(SP_BASIC_NAME_MAX, SP_BASIC_PASSWORD_MAX, &credentials), SP_OK);
    assert_int_equal(credentials.name.len, SP_BASIC_NAME_MAX);
    assert_int_equal(credentials.password.len, SP_BASIC_PASSWORD_MAX);
    assert_int_equal(read_lengths(SP_BASIC_NAME_MAX + 1, 1, &credentials), SP_ELIMIT);
    assert_int_equal(read_lengths(1, SP_BASIC_PASSWORD_MAX + 1, &credentials), SP_ELIMIT);
    assert_int_equal(read_lengths(4000, 4000, &credentials), SP_ELIMIT);
}

static void refused_credentials_leave_nothing_behind(void **state)
{
    struct sp_basic_credentials credentials;
    assert_int_equal(read_pair(SP_STR("secret\x01:secret"), &credentials), SP_ESYNTAX);
    for (size_t i = 0; i < sizeof credentials.bytes; i++)
        assert_int_equal(credentials.bytes[i], 0);
}

static void a_name_that_can_be_a_saf_user_is_upper_cased(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 10000);
    const char *rows[][2] = {{"fred", "FRED"},  {"USER1", "USER1"}, {"a1#@$b2c", "A1#@$B2C"},
                             {"ninechars", ""}, {"fred smith", ""}, {"j\xc3\xbcrgen", ""},
                             {"", ""},          {"a.b", ""},        {"12345678", "12345678"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_str saf_user;
        assert_int_equal(sp_saf_user_from(sp_str_of(rows[i][0]), &arena, &saf_user), SP_OK);
        assert_true(sp_str_is(saf_user, rows[i][1]));
    }
    sp_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_is_read),
        cmocka_unit_test(the_scheme_has_no_case),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(the_password_is_all_behind_the_first_colon),
        cmocka_unit_test(a_pair_without_colon_or_name_is_refused),
        cmocka_unit_test(only_clean_utf8_is_taken),
        cmocka_unit_test(lengths_are_limited),
        cmocka_unit_test(refused_credentials_leave_nothing_behind),
        cmocka_unit_test(a_name_that_can_be_a_saf_user_is_upper_cased),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_basic", tests, NULL, NULL);
}
