/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "text/utf8.h"

/* The definition in RFC 3629, section 4, written without any cleverness, to compare with. */
static unsigned plain_length(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char low[4], high[4];
        unsigned len;
    } forms[] = {
        {{0x00}, {0x7f}, 1},
        {{0xc2, 0x80}, {0xdf, 0xbf}, 2},
        {{0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}, 3},
        {{0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}, 3},
        {{0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}, 3},
        {{0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}, 3},
        {{0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}, 4},
        {{0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}, 4},
    };
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        unsigned n = 0;
        while (n < forms[f].len && n < left && p[n] >= forms[f].low[n] && p[n] <= forms[f].high[n])
            n++;
        if (n == forms[f].len)
            return n;
    }
    return 0;
}

static void every_code_point_comes_back(void **state)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        unsigned char bytes[4];
        unsigned len = sp_utf8_encode(c, bytes);
        if (c >= 0xd800 && c <= 0xdfff) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        size_t at = 0;
        assert_int_equal(sp_utf8_next(sp_str_from(bytes, len), &at), c);
        assert_int_equal(at, len);
        assert_int_equal(sp_utf8_check(sp_str_from(bytes, len)), len);
    }
    unsigned char bytes[4];
    assert_int_equal(sp_utf8_encode(0x110000, bytes), 0);
    assert_int_equal(sp_utf8_encode(UINT32_MAX, bytes), 0);
}

static void all_pairs_and_edges_are_judged_as_the_rfc_does(void **state)
{
    static const unsigned char tails[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned c = 0; c < sizeof tails; c++)
                for (unsigned d = 0; d < sizeof tails; d++)
                    for (size_t size = 1; size <= 4; size++) {
                        unsigned char p[4] = {(unsigned char)a, (unsigned char)b, tails[c], tails[d]};
                        unsigned expected = plain_length(p, size);
                        size_t at = 0;
                        int32_t got = sp_utf8_next(sp_str_from(p, size), &at);
                        if ((got < 0) != (expected == 0) || at != (expected ? expected : 1))
                            fail_msg("bytes %02x %02x %02x %02x of %zu", p[0], p[1], p[2], p[3], size);
                    }
}

static void the_check_finds_the_first_bad_byte_wherever_it_stands(void **state)
{
    char text[40];
    for (size_t bad = 0; bad < sizeof text; bad++) {
        memset(text, 'x', sizeof text);
        text[bad] = (char)0x80;
        assert_int_equal(sp_utf8_check(sp_str_from(text, sizeof text)), bad);
    }
    assert_int_equal(sp_utf8_check(SP_STR("gr\xc3\xbc\xc3")), 4);
    assert_int_equal(sp_utf8_check(SP_STR("\xf0\x9f\x94\x91 and more ASCII behind it")), 29);
    assert_int_equal(sp_utf8_check((struct sp_str){NULL, 0}), 0);
}

static void a_character_that_was_cut_is_left_out(void **state)
{
    static const struct {
        struct sp_str text;
        size_t whole;
    } rows[] = {
        {SP_STR_INIT(""), 0},
        {SP_STR_INIT("abc"), 3},
        {SP_STR_INIT("gr\xc3\xbc"), 4},
        {SP_STR_INIT("gr\xc3"), 2},
        {SP_STR_INIT("\xe2\x82\xac"), 3},
        {SP_STR_INIT("x\xe2\x82"), 1},
        {SP_STR_INIT("x\xe2"), 1},
        {SP_STR_INIT("x\xf0\x9f\x94\x91"), 5},
        {SP_STR_INIT("x\xf0\x9f\x94"), 1},
        {SP_STR_INIT("x\xf0"), 1},
        {SP_STR_INIT("\x80\x80\x80\x80\x80"), 5}, /* no text at all: nothing is better than it */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(sp_utf8_whole(rows[i].text), rows[i].whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_comes_back),
        cmocka_unit_test(all_pairs_and_edges_are_judged_as_the_rfc_does),
        cmocka_unit_test(the_check_finds_the_first_bad_byte_wherever_it_stands),
        cmocka_unit_test(a_character_that_was_cut_is_left_out),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
