/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <iconv.h>
#include <stdio.h>

#include "text/codepage.h"
#include "text/utf8.h"

static const struct {
    unsigned ccsid;
    const char *iconv_name;
    bool is_ebcdic;
} sets[] = {
    {37, "IBM037", true},    {273, "IBM273", true},   {277, "IBM277", true},
    {278, "IBM278", true},   {280, "IBM280", true},   {284, "IBM284", true},
    {285, "IBM285", true},   {297, "IBM297", true},   {367, "US-ASCII", false},
    {437, "IBM437", false},  {500, "IBM500", true},   {819, "ISO-8859-1", false},
    {850, "IBM850", false},  {858, "IBM858", false},  {870, "IBM870", true},
    {871, "IBM871", true},   {875, "IBM875", true},   {923, "LATIN-9", false},
    {1025, "IBM1025", true}, {1026, "IBM1026", true}, {1047, "IBM1047", true},
    {1112, "IBM1112", true}, {1122, "IBM1122", true}, {1140, "IBM1140", true},
    {1141, "IBM1141", true}, {1142, "IBM1142", true}, {1143, "IBM1143", true},
    {1144, "IBM1144", true}, {1145, "IBM1145", true}, {1146, "IBM1146", true},
    {1147, "IBM1147", true}, {1148, "IBM1148", true}, {1149, "IBM1149", true},
    {1153, "IBM1153", true}, {1154, "IBM1154", true}, {1155, "IBM1155", true},
    {1156, "IBM1156", true}, {1157, "IBM1157", true}, {1252, "WINDOWS-1252", false},
};

static iconv_t open_or_skip(const char *to, const char *from)
{
    iconv_t cd = iconv_open(to, from);
    if (cd == (iconv_t)-1) {
        print_message("# skipped: this system's iconv cannot convert %s to %s\n", from, to);
        skip();
    }
    return cd;
}

/* Length of the result, 0 when there is no conversion. */
static size_t convert(iconv_t cd, const void *bytes, size_t len, unsigned char ret[8])
{
    char *in = (char *)(uintptr_t)bytes, *out = (char *)ret;
    size_t in_left = len, out_left = 8;
    iconv(cd, NULL, NULL, NULL, NULL);
    size_t result = iconv(cd, &in, &in_left, &out, &out_left);
    return result == 0 && in_left == 0 ? 8 - out_left : 0;
}

/* What the choice of new line makes of a byte that iconv gave. */
static unsigned char with_newline(unsigned char byte, enum sp_codepage_newline newline, bool is_ebcdic)
{
    if (is_ebcdic && newline == SP_NEWLINE_15 && (byte == 0x15 || byte == 0x25))
        return byte == 0x15 ? 0x25 : 0x15;
    return byte;
}

static void compare_bytes(size_t set, enum sp_codepage_newline newline)
{
    const struct sp_codepage *page = sp_codepage_find(sets[set].ccsid, newline);
    iconv_t cd = open_or_skip("UTF-8", sets[set].iconv_name);
    struct sp_buf buf;
    sp_buf_init(&buf, 16);
    for (unsigned b = 0; b < 256; b++) {
        unsigned char byte = (unsigned char)b, utf8[8];
        unsigned char theirs = with_newline(byte, newline, sets[set].is_ebcdic);
        size_t len = convert(cd, &theirs, 1, utf8), at = 0;
        sp_buf_reset(&buf);
        enum sp_status status = sp_codepage_decode(page, sp_str_from(&byte, 1), &buf);
        if (status != (len ? SP_OK : SP_EINVAL) || !sp_str_eq(sp_buf_str(&buf), sp_str_from(utf8, len)))
            fail_msg("%u: byte %02x", sets[set].ccsid, b);
        int32_t code_point = len ? sp_utf8_next(sp_str_from(utf8, len), &at) : 0xffff;
        assert_int_equal(sp_codepage_table(page)[b], code_point);
    }
    sp_buf_finish(&buf);
    iconv_close(cd);
}

static void every_byte_becomes_the_character_iconv_gives(void **state)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        compare_bytes(i, SP_NEWLINE_15);
        compare_bytes(i, SP_NEWLINE_25);
    }
}

static void compare_characters(size_t set, enum sp_codepage_newline newline)
{
    const struct sp_codepage *page = sp_codepage_find(sets[set].ccsid, newline);
    iconv_t cd = open_or_skip(sets[set].iconv_name, "UTF-8");
    for (uint32_t c = 0; c < 0x11000; c++) {
        unsigned char utf8[4], theirs[8], ours[8];
        unsigned utf8_len = sp_utf8_encode(c, utf8);
        if (!utf8_len)
            continue;
        size_t len = convert(cd, utf8, utf8_len, theirs), our_len = 0, offset = 99;
        unsigned char expected = len == 1 ? with_newline(theirs[0], newline, sets[set].is_ebcdic) : 0;
        /* iconv has a few one-way conversions; we have none. */
        bool there_and_back = len == 1 && sp_codepage_table(page)[expected] == c;
        enum sp_status status =
            sp_codepage_encode_into(page, sp_str_from(utf8, utf8_len), ours, sizeof ours, &our_len, &offset);
        if (there_and_back ? status != SP_OK || our_len != 1 || ours[0] != expected
                           : status != SP_EINVAL || offset != 0)
            fail_msg("%u: U+%04X", sets[set].ccsid, c);
    }
    iconv_close(cd);
}

static void every_character_becomes_the_byte_iconv_gives(void **state)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        compare_characters(i, SP_NEWLINE_15);
        compare_characters(i, SP_NEWLINE_25);
    }
}

/* Any bytes of a record survive: only then may a field be read and written without a look at its contents. */
static void total_sets_bring_every_byte_back(void **state)
{
    unsigned char all[256], back[256];
    struct sp_buf utf8;
    for (unsigned b = 0; b < 256; b++)
        all[b] = (unsigned char)b;
    sp_buf_init(&utf8, 1000);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        for (int newline = SP_NEWLINE_15; newline <= SP_NEWLINE_25; newline++) {
            if (sets[i].ccsid == 367 || sets[i].ccsid == 875 || sets[i].ccsid == 1252)
                continue;
            const struct sp_codepage *page = sp_codepage_find(sets[i].ccsid, newline);
            size_t len;
            sp_buf_reset(&utf8);
            assert_int_equal(sp_codepage_decode(page, sp_str_from(all, 256), &utf8), SP_OK);
            assert_int_equal(sp_codepage_encode_into(page, sp_buf_str(&utf8), back, 256, &len, NULL), SP_OK);
            assert_int_equal(len, 256);
            assert_memory_equal(all, back, 256);
        }
    sp_buf_finish(&utf8);
}

static unsigned char byte_of(unsigned ccsid, enum sp_codepage_newline newline, const char *character)
{
    unsigned char byte = 0;
    size_t len;
    assert_int_equal(
        sp_codepage_encode_into(sp_codepage_find(ccsid, newline), sp_str_of(character), &byte, 1, &len, NULL),
        SP_OK);
    return byte;
}

static void new_line_goes_where_the_choice_puts_it(void **state)
{
    static const unsigned ebcdic[] = {37, 500, 1047, 1140};
    for (size_t i = 0; i < sizeof ebcdic / sizeof ebcdic[0]; i++) {
        assert_int_equal(byte_of(ebcdic[i], SP_NEWLINE_15, "\n"), 0x15);
        assert_int_equal(byte_of(ebcdic[i], SP_NEWLINE_15, "\xc2\x85"), 0x25);
        assert_int_equal(byte_of(ebcdic[i], SP_NEWLINE_25, "\n"), 0x25);
        assert_int_equal(byte_of(ebcdic[i], SP_NEWLINE_25, "\xc2\x85"), 0x15);
        assert_int_equal(byte_of(ebcdic[i], SP_NEWLINE_15, "\r"), 0x0d);
        assert_int_equal(byte_of(ebcdic[i], SP_NEWLINE_15, "\t"), 0x05);
    }
    assert_int_equal(byte_of(819, SP_NEWLINE_15, "\n"), 0x0a);
    assert_ptr_equal(sp_codepage_find(819, SP_NEWLINE_15), sp_codepage_find(819, SP_NEWLINE_25));
}

/* Where the sets differ from each other, as their published charts have it. */
static void sets_differ_where_they_should(void **state)
{
    assert_int_equal(byte_of(37, SP_NEWLINE_15, "["), 0xba);
    assert_int_equal(byte_of(1047, SP_NEWLINE_15, "["), 0xad);
    assert_int_equal(byte_of(500, SP_NEWLINE_15, "["), 0x4a);
    assert_int_equal(byte_of(37, SP_NEWLINE_15, "^"), 0xb0);
    assert_int_equal(byte_of(1047, SP_NEWLINE_15, "^"), 0x5f);
    assert_int_equal(byte_of(273, SP_NEWLINE_15, "\xc3\xa4"), 0xc0);
    assert_int_equal(byte_of(37, SP_NEWLINE_15, "\xc2\xa4"), 0x9f);
    assert_int_equal(byte_of(1140, SP_NEWLINE_15, "\xe2\x82\xac"), 0x9f);
    assert_int_equal(byte_of(37, SP_NEWLINE_15, "A"), 0xc1);
    assert_int_equal(byte_of(37, SP_NEWLINE_15, "9"), 0xf9);
}

static void a_character_without_a_place_is_named_by_its_offset(void **state)
{
    struct sp_buf buf;
    size_t offset = 77;
    sp_buf_init(&buf, 100);
    assert_int_equal(sp_buf_append_byte(&buf, '!'), SP_OK);
    const struct sp_codepage *page = sp_codepage_find(37, SP_NEWLINE_15);
    assert_int_equal(sp_codepage_encode(page, SP_STR("ab\xe2\x82\xac"), &buf, &offset), SP_EINVAL);
    assert_int_equal(offset, 2);
    assert_int_equal(sp_codepage_encode(page, SP_STR("\xc3\xa4\xf0\x9f\x94\x91"), &buf, &offset), SP_EINVAL);
    assert_int_equal(offset, 2);
    assert_int_equal(sp_codepage_encode(page, SP_STR("abc\xff"), &buf, &offset), SP_EINVAL);
    assert_int_equal(offset, 3);
    assert_int_equal(sp_codepage_encode(page, SP_STR("\xef\xbf\xbf"), &buf, NULL), SP_EINVAL);
    assert_true(sp_str_is(sp_buf_str(&buf), "!"));
    assert_false(buf.failed);
    assert_int_equal(sp_codepage_encode(page, SP_STR("A\xc3\xa4"), &buf, &offset), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&buf), "!\xc1\x43"));
    sp_buf_finish(&buf);
}

static void room_is_counted_in_encoded_bytes(void **state)
{
    const struct sp_codepage *latin = sp_codepage_find(37, SP_NEWLINE_15);
    const struct sp_codepage *utf16 = sp_codepage_find(1200, SP_NEWLINE_15);
    unsigned char out[8];
    size_t len = 77;
    struct sp_str four = SP_STR("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f");
    assert_int_equal(sp_codepage_encode_into(latin, four, out, 4, &len, NULL), SP_OK);
    assert_int_equal(len, 4);
    len = 77;
    assert_int_equal(sp_codepage_encode_into(latin, four, out, 3, &len, NULL), SP_ELIMIT);
    assert_int_equal(sp_codepage_encode_into(latin, SP_STR("abcd"), out, 3, &len, NULL), SP_ELIMIT);
    assert_int_equal(sp_codepage_encode_into(utf16, four, out, 7, &len, NULL), SP_ELIMIT);
    assert_int_equal(len, 77);
    assert_int_equal(sp_codepage_encode_into(utf16, four, out, 8, &len, NULL), SP_OK);
    assert_int_equal(sp_codepage_encode_into(latin, SP_STR(""), out, 0, &len, NULL), SP_OK);
    assert_int_equal(len, 0);
    struct sp_buf buf;
    sp_buf_init(&buf, 4);
    assert_int_equal(sp_codepage_encode(latin, four, &buf, NULL), SP_OK);
    assert_int_equal(sp_codepage_encode(latin, SP_STR("a"), &buf, NULL), SP_ELIMIT);
    assert_true(buf.failed);
    sp_buf_reset(&buf);
    assert_int_equal(sp_codepage_decode(latin, SP_STR("\x43\x43"), &buf), SP_OK);
    sp_buf_reset(&buf);
    assert_int_equal(sp_codepage_decode(latin, SP_STR("\x43\x43\x81"), &buf), SP_ELIMIT);
    assert_int_equal(buf.len, 0);
    assert_true(buf.failed);
    sp_buf_finish(&buf);
}

static void unicode_forms_convert_all_characters(void **state)
{
    const struct sp_codepage *utf16 = sp_codepage_find(1200, SP_NEWLINE_15);
    const struct sp_codepage *utf8 = sp_codepage_find(1208, SP_NEWLINE_15);
    struct sp_buf there, back;
    sp_buf_init(&there, 16);
    sp_buf_init(&back, 16);
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        unsigned char bytes[4];
        struct sp_str text = sp_str_from(bytes, sp_utf8_encode(c, bytes));
        if (!text.len)
            continue;
        sp_buf_reset(&there);
        sp_buf_reset(&back);
        assert_int_equal(sp_codepage_encode(utf16, text, &there, NULL), SP_OK);
        assert_int_equal(there.len, c < 0x10000 ? 2 : 4);
        assert_int_equal(sp_codepage_decode(utf16, sp_buf_str(&there), &back), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&back), text));
    }
    sp_buf_reset(&there);
    assert_int_equal(sp_codepage_encode(utf16, SP_STR("A\xf0\x9f\x94\x91"), &there, NULL), SP_OK);
    assert_true(sp_str_eq(sp_buf_str(&there), SP_STR("\x00\x41\xd8\x3d\xdd\x11")));
    sp_buf_reset(&back);
    assert_int_equal(sp_codepage_encode(utf8, SP_STR("A\xf0\x9f\x94\x91\n"), &back, NULL), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&back), "A\xf0\x9f\x94\x91\n"));
    sp_buf_finish(&there);
    sp_buf_finish(&back);
}

static void malformed_unicode_is_refused(void **state)
{
    static const struct sp_str bad[] = {
        SP_STR_INIT("\x00"),
        SP_STR_INIT("\x00\x41\x00"),
        SP_STR_INIT("\xd8\x00"),
        SP_STR_INIT("\xd8\x00\x00\x41"),
        SP_STR_INIT("\xdc\x00\xd8\x00"),
        SP_STR_INIT("\xd8\x00\xdc"),
        SP_STR_INIT("\xdf\xff"),
        SP_STR_INIT("\xd8\x3d\xd8\x3d"),
    };
    struct sp_buf buf;
    sp_buf_init(&buf, 100);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sp_codepage_decode(sp_codepage_find(1200, SP_NEWLINE_15), bad[i], &buf), SP_EINVAL);
    const struct sp_codepage *utf8 = sp_codepage_find(1208, SP_NEWLINE_15);
    assert_int_equal(sp_codepage_decode(utf8, SP_STR("a\xed\xa0\x80"), &buf), SP_EINVAL);
    assert_int_equal(sp_codepage_encode(utf8, SP_STR("a\xc0\x80"), &buf, NULL), SP_EINVAL);
    assert_int_equal(sp_codepage_decode(sp_codepage_find(367, SP_NEWLINE_15), SP_STR("a\x80"), &buf),
                     SP_EINVAL);
    assert_int_equal(buf.len, 0);
    sp_buf_finish(&buf);
}

static void names_of_archives_and_configuration_are_known(void **state)
{
    static const struct {
        const char *name;
        unsigned ccsid;
    } names[] = {
        {"37", 37},         {"037", 37},        {"IBM037", 37},      {"IBM-037", 37},
        {"ibm-37", 37},     {"Cp037", 37},      {"CP037", 37},       {"Cp1047", 1047},
        {"IBM-1047", 1047}, {"IBM01140", 1140}, {"Cp1140", 1140},    {"CP01141", 1141},
        {"UTF-8", 1208},    {"utf8", 1208},     {"UTF-16BE", 1200},  {"ISO-8859-1", 819},
        {"ISO8859_1", 819}, {"latin1", 819},    {"1208", 1208},      {"Windows-1252", 1252},
        {"Cp1252", 1252},   {"US-ASCII", 367},  {"ISO8859-15", 923}, {"IBM-1208", 1208},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct sp_codepage *page = sp_codepage_named(sp_str_of(names[i].name), SP_NEWLINE_15);
        if (!page || sp_codepage_ccsid(page) != names[i].ccsid)
            fail_msg("%s", names[i].name);
        assert_ptr_equal(page, sp_codepage_find(names[i].ccsid, SP_NEWLINE_15));
    }
    static const char *const unknown[] = {"",         "IBM",  "IBM--037", "037x",  "x037",       "-37",
                                          "+37",      "IBM-", "EBCDIC",   "99999", "4294967333", "0",
                                          "IBMCP037", "3 7",  "UTF-16",   "UTF-"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        if (sp_codepage_named(sp_str_of(unknown[i]), SP_NEWLINE_15))
            fail_msg("%s is taken for a set", unknown[i]);
    assert_null(sp_codepage_find(0, SP_NEWLINE_15));
    assert_null(sp_codepage_find(65535, SP_NEWLINE_15));
}

static void blanks_and_widths_are_those_of_the_set(void **state)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const struct sp_codepage *page = sp_codepage_find(sets[i].ccsid, SP_NEWLINE_15);
        assert_true(sp_str_eq(sp_codepage_blank(page), sets[i].is_ebcdic ? SP_STR("\x40") : SP_STR(" ")));
        assert_true(sp_codepage_is_single_byte(page));
        assert_int_equal(sp_codepage_ccsid(page), sets[i].ccsid);
    }
    const struct sp_codepage *utf16 = sp_codepage_find(1200, SP_NEWLINE_25);
    assert_true(sp_str_eq(sp_codepage_blank(utf16), SP_STR("\0 ")));
    assert_false(sp_codepage_is_single_byte(utf16));
    assert_null(sp_codepage_table(utf16));
    const struct sp_codepage *utf8 = sp_codepage_find(1208, SP_NEWLINE_25);
    assert_true(sp_str_is(sp_codepage_blank(utf8), " "));
    assert_false(sp_codepage_is_single_byte(utf8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_becomes_the_character_iconv_gives),
        cmocka_unit_test(every_character_becomes_the_byte_iconv_gives),
        cmocka_unit_test(total_sets_bring_every_byte_back),
        cmocka_unit_test(new_line_goes_where_the_choice_puts_it),
        cmocka_unit_test(sets_differ_where_they_should),
        cmocka_unit_test(a_character_without_a_place_is_named_by_its_offset),
        cmocka_unit_test(room_is_counted_in_encoded_bytes),
        cmocka_unit_test(unicode_forms_convert_all_characters),
        cmocka_unit_test(malformed_unicode_is_refused),
        cmocka_unit_test(names_of_archives_and_configuration_are_known),
        cmocka_unit_test(blanks_and_widths_are_those_of_the_set),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
