/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "text/base64.h"

/* RFC 4648, section 10, and bytes that use both special letters. */
static const struct {
    struct sp_str bytes;
    const char *padded, *url, *hex;
} vectors[] = {
    {SP_STR_INIT(""), "", "", ""},
    {SP_STR_INIT("f"), "Zg==", "Zg", "66"},
    {SP_STR_INIT("fo"), "Zm8=", "Zm8", "666f"},
    {SP_STR_INIT("foo"), "Zm9v", "Zm9v", "666f6f"},
    {SP_STR_INIT("foob"), "Zm9vYg==", "Zm9vYg", "666f6f62"},
    {SP_STR_INIT("fooba"), "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
    {SP_STR_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
    {SP_STR_INIT("\xfb\xff\xfe"), "+//+", "-__-", "fbfffe"},
    {SP_STR_INIT("\0\xff"), "AP8=", "AP8", "00ff"},
};

static void the_published_vectors_hold_both_ways(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 100);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        sp_buf_reset(&buf);
        assert_int_equal(sp_base64_encode(SP_BASE64, vectors[i].bytes, &buf), SP_OK);
        assert_true(sp_str_is(sp_buf_str(&buf), vectors[i].padded));
        sp_buf_reset(&buf);
        assert_int_equal(sp_base64_encode(SP_BASE64_URL, vectors[i].bytes, &buf), SP_OK);
        assert_true(sp_str_is(sp_buf_str(&buf), vectors[i].url));
        sp_buf_reset(&buf);
        assert_int_equal(sp_hex_encode(vectors[i].bytes, &buf), SP_OK);
        assert_true(sp_str_is(sp_buf_str(&buf), vectors[i].hex));
        sp_buf_reset(&buf);
        assert_int_equal(sp_base64_decode(SP_BASE64, sp_str_of(vectors[i].padded), &buf), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&buf), vectors[i].bytes));
        sp_buf_reset(&buf);
        assert_int_equal(sp_base64_decode(SP_BASE64_URL, sp_str_of(vectors[i].url), &buf), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&buf), vectors[i].bytes));
        sp_buf_reset(&buf);
        assert_int_equal(sp_hex_decode(sp_str_of(vectors[i].hex), &buf), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&buf), vectors[i].bytes));
    }
    sp_buf_finish(&buf);
}

static void all_bytes_of_all_lengths_come_back(void **state)
{
    unsigned char bytes[300];
    struct sp_buf text, back;
    sp_buf_init(&text, 1000);
    sp_buf_init(&back, 1000);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + i / 256);
    for (size_t len = 0; len <= sizeof bytes; len++)
        for (int form = SP_BASE64; form <= SP_BASE64_LOOSE; form++) {
            sp_buf_reset(&text);
            sp_buf_reset(&back);
            assert_int_equal(sp_base64_encode(form, sp_str_from(bytes, len), &text), SP_OK);
            assert_int_equal(sp_base64_decode(form, sp_buf_str(&text), &back), SP_OK);
            assert_true(sp_str_eq(sp_buf_str(&back), sp_str_from(bytes, len)));
        }
    sp_buf_finish(&text);
    sp_buf_finish(&back);
}

static void malformed_text_is_refused_and_appends_nothing(void **state)
{
    static const struct {
        enum sp_base64_form form;
        const char *text;
    } bad[] = {
        {SP_BASE64, "Zg"},         {SP_BASE64, "Zg="},          {SP_BASE64, "Zh=="},
        {SP_BASE64, "Zm9="},       {SP_BASE64, "Z==="},         {SP_BASE64, "===="},
        {SP_BASE64, "="},          {SP_BASE64, "Zg==Zg=="},     {SP_BASE64, "Zg=a"},
        {SP_BASE64, "Zm9v "},      {SP_BASE64, "Zm9\nv"},       {SP_BASE64, "-__-"},
        {SP_BASE64, "Zm9v="},      {SP_BASE64, "Zm9v===="},     {SP_BASE64, "A"},
        {SP_BASE64_URL, "Zg=="},   {SP_BASE64_URL, "Zm9vY"},    {SP_BASE64_URL, "+//+"},
        {SP_BASE64_URL, "Zh"},     {SP_BASE64_URL, "Zm9v="},    {SP_BASE64_URL, "Zm\xc3\xa4"},
        {SP_BASE64_LOOSE, "Zg="},  {SP_BASE64_LOOSE, "Z"},      {SP_BASE64_LOOSE, "Zh"},
        {SP_BASE64_LOOSE, "-__-"}, {SP_BASE64_LOOSE, "Zm9v=="},
    };
    struct sp_buf buf;
    sp_buf_init(&buf, 100);
    assert_int_equal(sp_buf_append_byte(&buf, '!'), SP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_base64_decode(bad[i].form, sp_str_of(bad[i].text), &buf) != SP_ESYNTAX)
            fail_msg("accepted: %s", bad[i].text);
    static const char *const bad_hex[] = {"0", "0g", "g0", "00 ", " 0", "0x00", "/0", ":0", "`0", "@0"};
    for (size_t i = 0; i < sizeof bad_hex / sizeof bad_hex[0]; i++)
        if (sp_hex_decode(sp_str_of(bad_hex[i]), &buf) != SP_ESYNTAX)
            fail_msg("accepted: %s", bad_hex[i]);
    assert_true(sp_str_is(sp_buf_str(&buf), "!"));
    assert_false(buf.failed);
    assert_int_equal(sp_base64_decode(SP_BASE64_LOOSE, SP_STR("Zg"), &buf), SP_OK);
    assert_int_equal(sp_base64_decode(SP_BASE64_LOOSE, SP_STR("Zg=="), &buf), SP_OK);
    assert_int_equal(sp_hex_decode(SP_STR("aAfF09"), &buf), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&buf), "!ff\xaa\xff\x09"));
    sp_buf_finish(&buf);
}

static void the_ceiling_of_the_buffer_holds(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 4);
    assert_int_equal(sp_base64_encode(SP_BASE64, SP_STR("foo"), &buf), SP_OK);
    assert_int_equal(sp_base64_encode(SP_BASE64, SP_STR("f"), &buf), SP_ELIMIT);
    assert_true(sp_str_is(sp_buf_str(&buf), "Zm9v"));
    sp_buf_reset(&buf);
    assert_int_equal(sp_base64_decode(SP_BASE64, SP_STR("Zm9vYg=="), &buf), SP_OK);
    sp_buf_reset(&buf);
    assert_int_equal(sp_base64_decode(SP_BASE64, SP_STR("Zm9vYmE="), &buf), SP_ELIMIT);
    assert_int_equal(sp_hex_decode(SP_STR("0011223344"), &buf), SP_ELIMIT);
    assert_int_equal(sp_hex_encode(SP_STR("abc"), &buf), SP_ELIMIT);
    assert_int_equal(buf.len, 0);
    sp_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_hold_both_ways),
        cmocka_unit_test(all_bytes_of_all_lengths_come_back),
        cmocka_unit_test(malformed_text_is_refused_and_appends_nothing),
        cmocka_unit_test(the_ceiling_of_the_buffer_holds),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
