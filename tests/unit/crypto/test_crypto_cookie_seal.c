/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/cookie_seal.h"

static const unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES] = "0123456789abcdef0123456789abcde";
static struct sp_error err;

static struct sp_cookie_seal seal_for(const char *purpose)
{
    struct sp_cookie_seal seal;
    assert_int_equal(sp_cookie_seal_init(&seal, secret, sp_str_of(purpose), &err), SP_OK);
    return seal;
}

static void what_was_sealed_opens_to_itself(void **state)
{
    struct sp_cookie_seal seal = seal_for("test");
    for (size_t len = 0; len < 300; len += 7) {
        struct sp_buf sealed, opened, text;
        sp_buf_init(&sealed, 4096), sp_buf_init(&opened, 4096), sp_buf_init(&text, 4096);
        sp_buf_append_fill(&text, 'x', len);
        assert_int_equal(sp_cookie_seal_text(&seal, sp_buf_str(&text), &sealed, &err), SP_OK);
        assert_true(sealed.len <= SP_COOKIE_SEALED_MAX(len));
        assert_int_equal(sp_cookie_unseal_text(&seal, sp_buf_str(&sealed), &opened, &err), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&opened), sp_buf_str(&text)));
        sp_buf_finish(&sealed), sp_buf_finish(&opened), sp_buf_finish(&text);
    }
    sp_cookie_seal_finish(&seal);
}

static void the_same_text_is_never_sealed_alike(void **state)
{
    struct sp_cookie_seal seal = seal_for("test");
    struct sp_buf first, second;
    sp_buf_init(&first, 4096), sp_buf_init(&second, 4096);
    assert_int_equal(sp_cookie_seal_text(&seal, SP_STR("hello"), &first, &err), SP_OK);
    assert_int_equal(sp_cookie_seal_text(&seal, SP_STR("hello"), &second, &err), SP_OK);
    assert_false(sp_str_eq(sp_buf_str(&first), sp_buf_str(&second)));
    sp_buf_finish(&first), sp_buf_finish(&second);
}

static void no_changed_byte_opens(void **state)
{
    struct sp_cookie_seal seal = seal_for("test");
    struct sp_buf sealed, opened;
    sp_buf_init(&sealed, 4096), sp_buf_init(&opened, 4096);
    assert_int_equal(sp_cookie_seal_text(&seal, SP_STR("a text of some length"), &sealed, &err), SP_OK);
    for (size_t i = 0; i < sealed.len; i++) {
        unsigned char was = sealed.ptr[i];
        sealed.ptr[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(sp_cookie_unseal_text(&seal, sp_buf_str(&sealed), &opened, &err), SP_EDENIED);
        sealed.ptr[i] = was;
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(sp_cookie_unseal_text(&seal, sp_str_from(sealed.ptr, len), &opened, &err),
                         SP_EDENIED);
    assert_int_equal(opened.len, 0);
    sp_buf_finish(&sealed), sp_buf_finish(&opened);
}

static void another_purpose_or_secret_does_not_open(void **state)
{
    struct sp_cookie_seal seal = seal_for("test"), other = seal_for("Test"), stranger;
    unsigned char secret_of_another[SP_COOKIE_SEAL_SECRET_BYTES] = {1};
    assert_int_equal(sp_cookie_seal_init(&stranger, secret_of_another, SP_STR("test"), &err), SP_OK);
    struct sp_buf sealed, opened;
    sp_buf_init(&sealed, 4096), sp_buf_init(&opened, 4096);
    assert_int_equal(sp_cookie_seal_text(&seal, SP_STR("hello"), &sealed, &err), SP_OK);
    assert_int_equal(sp_cookie_unseal_text(&other, sp_buf_str(&sealed), &opened, &err), SP_EDENIED);
    assert_int_equal(sp_cookie_unseal_text(&stranger, sp_buf_str(&sealed), &opened, &err), SP_EDENIED);
    sp_buf_finish(&sealed), sp_buf_finish(&opened);
}

static void the_longest_text_is_sealed_and_a_longer_one_is_not(void **state)
{
    struct sp_cookie_seal seal = seal_for("test");
    struct sp_buf sealed, opened, text;
    sp_buf_init(&sealed, SP_COOKIE_SEALED_MAX(SP_COOKIE_TEXT_MAX)), sp_buf_init(&opened, SP_COOKIE_TEXT_MAX);
    sp_buf_init(&text, SP_COOKIE_TEXT_MAX + 1);
    sp_buf_append_fill(&text, 'x', SP_COOKIE_TEXT_MAX);
    assert_int_equal(sp_cookie_seal_text(&seal, sp_buf_str(&text), &sealed, &err), SP_OK);
    assert_int_equal(sp_cookie_unseal_text(&seal, sp_buf_str(&sealed), &opened, &err), SP_OK);
    sp_buf_append_byte(&text, 'x');
    assert_int_equal(sp_cookie_seal_text(&seal, sp_buf_str(&text), &sealed, &err), SP_ELIMIT);
    struct sp_buf small;
    sp_buf_init(&small, 10);
    assert_int_not_equal(sp_cookie_seal_text(&seal, SP_STR("hello"), &small, &err), SP_OK);
    assert_int_equal(small.len, 0);
    sp_buf_finish(&sealed), sp_buf_finish(&opened), sp_buf_finish(&text), sp_buf_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_to_itself),
        cmocka_unit_test(the_same_text_is_never_sealed_alike),
        cmocka_unit_test(no_changed_byte_opens),
        cmocka_unit_test(another_purpose_or_secret_does_not_open),
        cmocka_unit_test(the_longest_text_is_sealed_and_a_longer_one_is_not),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
