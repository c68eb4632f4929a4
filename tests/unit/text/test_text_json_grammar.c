/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/buf.h"
#include "text/json.h"
#include "text/utf8.h"

/* The tokens of a text, one letter each, strings and numbers with their text; "!" at an error. */
static void list_tokens(struct sp_str input, struct sp_buf *ret_list, struct sp_error *err)
{
    /* A copy of exactly that length, so that a sanitizer sees the first byte read beyond it. */
    char *exact = malloc(input.len ? input.len : 1);
    assert_non_null(exact);
    memcpy(exact, input.ptr, input.len);
    struct sp_arena arena;
    struct sp_json_reader reader;
    sp_arena_init(&arena, 1 << 20);
    sp_json_reader_init(&reader, sp_str_from(exact, input.len), &arena, NULL, err);
    sp_buf_reset(ret_list);
    enum sp_json_token token;
    do {
        token = sp_json_next(&reader);
        assert_int_equal(sp_buf_append_byte(ret_list, (unsigned char)"!$OoAaNS#tfn"[token]), SP_OK);
        if (token == SP_JSON_NAME || token == SP_JSON_STRING || token == SP_JSON_NUMBER) {
            assert_int_equal(sp_buf_append_str(ret_list, reader.text), SP_OK);
            assert_int_equal(sp_buf_append_byte(ret_list, ' '), SP_OK);
        }
    } while (token != SP_JSON_ERROR && token != SP_JSON_END);
    /* The last state stays. */
    assert_int_equal(sp_json_next(&reader), token);
    sp_arena_finish(&arena);
    free(exact);
}

struct accepted {
    struct sp_str input;
    const char *tokens;
};

static const struct accepted accepted[] = {
    {SP_STR_INIT("{}"), "Oo$"},
    {SP_STR_INIT("[]"), "Aa$"},
    {SP_STR_INIT(" \t\r\n[ \t\r\n] \t\r\n"), "Aa$"},
    {SP_STR_INIT("null"), "n$"},
    {SP_STR_INIT(" true "), "t$"},
    {SP_STR_INIT("false"), "f$"},
    {SP_STR_INIT("\"\""), "S $"},
    {SP_STR_INIT("0"), "#0 $"},
    {SP_STR_INIT("-0"), "#-0 $"},
    {SP_STR_INIT("-0.0e-0"), "#-0.0e-0 $"},
    {SP_STR_INIT("1e309"), "#1e309 $"},
    {SP_STR_INIT("1E+2"), "#1E+2 $"},
    {SP_STR_INIT("0e1"), "#0e1 $"},
    {SP_STR_INIT("1.500"), "#1.500 $"},
    {SP_STR_INIT("1e00000000000000001"), "#1e00000000000000001 $"},
    {SP_STR_INIT("123456789012345678901234567890.123456789"), "#123456789012345678901234567890.123456789 $"},
    {SP_STR_INIT("[1,2 , -3]"), "A#1 #2 #-3 a$"},
    {SP_STR_INIT("[[],{},[[]]]"), "AAaOoAAaaa$"},
    {SP_STR_INIT("{\"\":0}"), "ON #0 o$"},
    {SP_STR_INIT("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}"), "ONa ONa AONa #1 oONa #2 oaoo$"},
    {SP_STR_INIT("{\"a\" : \"x\" , \"b\" : [ true , null ] }"), "ONa Sx Nb Atnao$"},
    {SP_STR_INIT("{\"a\":1,\"A\":2,\"a \":3,\"\":4}"), "ONa #1 NA #2 Na  #3 N #4 o$"},
    {SP_STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "S\"\\/\b\f\n\r\t $"},
    {SP_STR_INIT("\"a\\u0041b\\u00e4\\u20AC\\uD83D\\uDD11z\""),
     "SaAb\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91z $"},
    {SP_STR_INIT("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), "S\xf0\x90\x80\x80\xf4\x8f\xbf\xbf $"},
    {SP_STR_INIT("\"\\ud7ff\\ue000\\uffff\\u007f\\u0080\\u07ff\\u0800\""),
     "S\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80 $"},
    {SP_STR_INIT("\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                 "\xf4\x8f\xbf\xbf\""),
     "S\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf "
     "$"},
    {SP_STR_INIT("\"gr\xc3\xbc\xc3\x9f\\n\xe2\x82\xac\\\\\""), "Sgr\xc3\xbc\xc3\x9f\n\xe2\x82\xac\\ $"},
    {SP_STR_INIT("\"\\u0022\\u005c\\u002f\\u0008\""), "S\"\\/\b $"},
    {SP_STR_INIT("{\"\\u0061\\n\":1}"), "ONa\n #1 o$"},
    {SP_STR_INIT("\"[{,:]}\""), "S[{,:]} $"},
};

static void texts_of_the_grammar_give_their_tokens(void **state)
{
    struct sp_buf list;
    sp_buf_init(&list, 10000);
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        struct sp_error err = SP_ERROR_INIT;
        list_tokens(accepted[i].input, &list, &err);
        if (!sp_str_is(sp_buf_str(&list), accepted[i].tokens))
            fail_msg("%s gives %.*s (%s)", accepted[i].input.ptr, SP_STR_ARG(sp_buf_str(&list)), err.text);
    }
    sp_buf_finish(&list);
}

struct refused {
    struct sp_str input;
    enum sp_status status;
    int64_t offset;
    const char *word; /* that the message must have */
};

static const struct refused refused[] = {
    /* nothing, or not all */
    {SP_STR_INIT(""), SP_ESYNTAX, 0, "ends where a value"},
    {SP_STR_INIT(" \n "), SP_ESYNTAX, 3, "ends where a value"},
    {SP_STR_INIT("["), SP_ESYNTAX, 1, "ends where a value"},
    {SP_STR_INIT("{"), SP_ESYNTAX, 1, "ends where a member name"},
    {SP_STR_INIT("[1"), SP_ESYNTAX, 2, "ends where ',' or ']'"},
    {SP_STR_INIT("[1,"), SP_ESYNTAX, 3, "ends where a value"},
    {SP_STR_INIT("{\"a\""), SP_ESYNTAX, 4, "ends where ':'"},
    {SP_STR_INIT("{\"a\":"), SP_ESYNTAX, 5, "ends where a value"},
    {SP_STR_INIT("{\"a\":1"), SP_ESYNTAX, 6, "ends where ',' or '}'"},
    {SP_STR_INIT("{\"a\":1,"), SP_ESYNTAX, 7, "ends where a member name"},
    {SP_STR_INIT("\""), SP_ESYNTAX, 1, "inside a string"},
    {SP_STR_INIT("\"abc"), SP_ESYNTAX, 4, "inside a string"},
    {SP_STR_INIT("\"abc\\"), SP_ESYNTAX, 5, "inside a string"},
    {SP_STR_INIT("\"abc\\\""), SP_ESYNTAX, 6, "inside a string"},
    {SP_STR_INIT("tru"), SP_ESYNTAX, 0, "true, false or null"},
    {SP_STR_INIT("-"), SP_ESYNTAX, 1, "ends where a digit"},
    {SP_STR_INIT("1."), SP_ESYNTAX, 2, "ends where a digit"},
    {SP_STR_INIT("1e"), SP_ESYNTAX, 2, "ends where a digit"},
    {SP_STR_INIT("1e+"), SP_ESYNTAX, 3, "ends where a digit"},
    /* too much */
    {SP_STR_INIT("1 2"), SP_ESYNTAX, 2, "end of the text is expected, not '2'"},
    {SP_STR_INIT("{}}"), SP_ESYNTAX, 2, "end of the text"},
    {SP_STR_INIT("[],"), SP_ESYNTAX, 2, "end of the text"},
    {SP_STR_INIT("\"a\"\0"), SP_ESYNTAX, 3, "X'00'"},
    {SP_STR_INIT("nullx"), SP_ESYNTAX, 4, "end of the text"},
    {SP_STR_INIT("truefalse"), SP_ESYNTAX, 4, "end of the text"},
    /* commas, colons, brackets */
    {SP_STR_INIT("[1,]"), SP_ESYNTAX, 2, "no comma before ']'"},
    {SP_STR_INIT("{\"a\":1 , }"), SP_ESYNTAX, 7, "no comma before '}'"},
    {SP_STR_INIT("[,1]"), SP_ESYNTAX, 1, "a value is expected, not ','"},
    {SP_STR_INIT("[1,,2]"), SP_ESYNTAX, 3, "a value is expected, not ','"},
    {SP_STR_INIT("{,}"), SP_ESYNTAX, 1, "member name in quotes is expected, not ','"},
    {SP_STR_INIT("[1 2]"), SP_ESYNTAX, 3, "',' or ']'"},
    {SP_STR_INIT("[1:2]"), SP_ESYNTAX, 2, "',' or ']'"},
    {SP_STR_INIT("{\"a\",1}"), SP_ESYNTAX, 4, "':' after the member name"},
    {SP_STR_INIT("{\"a\" 1}"), SP_ESYNTAX, 5, "':' after the member name"},
    {SP_STR_INIT("{\"a\"::1}"), SP_ESYNTAX, 5, "a value"},
    {SP_STR_INIT("{\"a\":1 \"b\":2}"), SP_ESYNTAX, 7, "',' or '}'"},
    {SP_STR_INIT("{\"a\":}"), SP_ESYNTAX, 5, "a value"},
    {SP_STR_INIT("{\"a\":1]"), SP_ESYNTAX, 6, "',' or '}'"},
    {SP_STR_INIT("[1}"), SP_ESYNTAX, 2, "',' or ']'"},
    {SP_STR_INIT("[}"), SP_ESYNTAX, 1, "a value"},
    {SP_STR_INIT("{]"), SP_ESYNTAX, 1, "member name"},
    {SP_STR_INIT("]"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT(":"), SP_ESYNTAX, 0, "a value"},
    /* names */
    {SP_STR_INIT("{a:1}"), SP_ESYNTAX, 1, "member name in quotes"},
    {SP_STR_INIT("{'a':1}"), SP_ESYNTAX, 1, "member name in quotes"},
    {SP_STR_INIT("{1:1}"), SP_ESYNTAX, 1, "member name in quotes"},
    {SP_STR_INIT("{null:1}"), SP_ESYNTAX, 1, "member name in quotes"},
    {SP_STR_INIT("{[]:1}"), SP_ESYNTAX, 1, "member name in quotes"},
    {SP_STR_INIT("{\"a\":1,2}"), SP_ESYNTAX, 7, "member name in quotes"},
    /* words */
    {SP_STR_INIT("True"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT("NULL"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT("nul "), SP_ESYNTAX, 0, "true, false or null"},
    {SP_STR_INIT("trUe"), SP_ESYNTAX, 0, "true, false or null"},
    {SP_STR_INIT("fals\0"), SP_ESYNTAX, 0, "true, false or null"},
    {SP_STR_INIT("NaN"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT("Infinity"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT("undefined"), SP_ESYNTAX, 0, "a value"},
    /* numbers */
    {SP_STR_INIT("01"), SP_ESYNTAX, 0, "begin with 0"},
    {SP_STR_INIT("-01"), SP_ESYNTAX, 0, "begin with 0"},
    {SP_STR_INIT("00"), SP_ESYNTAX, 0, "begin with 0"},
    {SP_STR_INIT("+1"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT(".5"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT("-.5"), SP_ESYNTAX, 1, "a digit is expected, not '.'"},
    {SP_STR_INIT("1.e1"), SP_ESYNTAX, 2, "a digit is expected, not 'e'"},
    {SP_STR_INIT("[1.]"), SP_ESYNTAX, 3, "a digit"},
    {SP_STR_INIT("1.5.2"), SP_ESYNTAX, 3, "end of the text"},
    {SP_STR_INIT("1e1.5"), SP_ESYNTAX, 3, "end of the text"},
    {SP_STR_INIT("1e5e5"), SP_ESYNTAX, 3, "end of the text"},
    {SP_STR_INIT("1ee5"), SP_ESYNTAX, 2, "a digit"},
    {SP_STR_INIT("[1e-]"), SP_ESYNTAX, 4, "a digit"},
    {SP_STR_INIT("--1"), SP_ESYNTAX, 1, "a digit"},
    {SP_STR_INIT("- 1"), SP_ESYNTAX, 1, "X'20'"},
    {SP_STR_INIT("0x10"), SP_ESYNTAX, 1, "end of the text"},
    {SP_STR_INIT("1_000"), SP_ESYNTAX, 1, "end of the text"},
    {SP_STR_INIT("1a"), SP_ESYNTAX, 1, "end of the text"},
    {SP_STR_INIT("-Infinity"), SP_ESYNTAX, 1, "a digit"},
    {SP_STR_INIT("\xef\xbc\x91"), SP_ESYNTAX, 0, "X'EF'"},
    /* comments, other quotes, other white space, byte order mark */
    {SP_STR_INIT("// c\n1"), SP_ESYNTAX, 0, "not '/'"},
    {SP_STR_INIT("[1/* c */]"), SP_ESYNTAX, 2, "not '/'"},
    {SP_STR_INIT("# c\n1"), SP_ESYNTAX, 0, "not '#'"},
    {SP_STR_INIT("'a'"), SP_ESYNTAX, 0, "a value"},
    {SP_STR_INIT("\v1"), SP_ESYNTAX, 0, "X'0B'"},
    {SP_STR_INIT("\f1"), SP_ESYNTAX, 0, "X'0C'"},
    {SP_STR_INIT("\xc2\xa0"
                 "1"),
     SP_ESYNTAX, 0, "X'C2'"},
    {SP_STR_INIT("\xef\xbb\xbf{}"), SP_ESYNTAX, 0, "byte order mark"},
    {SP_STR_INIT("\xff\xfe{\0"), SP_ESYNTAX, 0, "X'FF'"},
    {SP_STR_INIT("\0"), SP_ESYNTAX, 0, "X'00'"},
    /* escapes */
    {SP_STR_INIT("\"\\a\""), SP_ESYNTAX, 1, "\\a is not an escape"},
    {SP_STR_INIT("\"\\'\""), SP_ESYNTAX, 1, "not an escape"},
    {SP_STR_INIT("\"\\U0041\""), SP_ESYNTAX, 1, "not an escape"},
    {SP_STR_INIT("\"\\x41\""), SP_ESYNTAX, 1, "not an escape"},
    {SP_STR_INIT("\"\\0\""), SP_ESYNTAX, 1, "not an escape"},
    {SP_STR_INIT("\"\\\n\""), SP_ESYNTAX, 1, "X'0A'"},
    {SP_STR_INIT("\"\\\0\""), SP_ESYNTAX, 1, "X'00'"},
    {SP_STR_INIT("\"\\\xc3\xa4\""), SP_ESYNTAX, 1, "X'C3'"},
    {SP_STR_INIT("\"\\u\""), SP_ESYNTAX, 1, "four hexadecimal digits"},
    {SP_STR_INIT("\"\\u12\""), SP_ESYNTAX, 1, "four hexadecimal digits"},
    {SP_STR_INIT("\"\\u123\""), SP_ESYNTAX, 1, "four hexadecimal digits"},
    {SP_STR_INIT("\"\\u123g\""), SP_ESYNTAX, 1, "four hexadecimal digits"},
    {SP_STR_INIT("\"\\u+123\""), SP_ESYNTAX, 1, "four hexadecimal digits"},
    {SP_STR_INIT("\"\\u"), SP_ESYNTAX, 1, "four hexadecimal digits"},
    {SP_STR_INIT("\"ab\\u004"), SP_ESYNTAX, 3, "four hexadecimal digits"},
    {SP_STR_INIT("\"\\u0000\""), SP_ESYNTAX, 1, "U+0000"},
    {SP_STR_INIT("{\"\\u0000\":1}"), SP_ESYNTAX, 2, "U+0000"},
    {SP_STR_INIT("\"\\ud800\""), SP_ESYNTAX, 1, "\\ud800 is not part of a pair"},
    {SP_STR_INIT("\"\\udc00\""), SP_ESYNTAX, 1, "\\udc00 is not part of a pair"},
    {SP_STR_INIT("\"\\udc00\\ud800\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\ud800\\udc00\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\n\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800x\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\u0041\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\udbff\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\ue000\""), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\udc0"), SP_ESYNTAX, 1, "not part of a pair"},
    {SP_STR_INIT("\"\\ud800\\"), SP_ESYNTAX, 1, "not part of a pair"},
    /* control characters */
    {SP_STR_INIT("\"a\0b\""), SP_ESYNTAX, 2, "X'00' must be written as \\u0000"},
    {SP_STR_INIT("\"a\nb\""), SP_ESYNTAX, 2, "X'0A' must be written as \\u000a"},
    {SP_STR_INIT("\"a\tb\""), SP_ESYNTAX, 2, "X'09'"},
    {SP_STR_INIT("\"\\n\x1f\""), SP_ESYNTAX, 3, "X'1F'"},
    /* UTF-8: overlong, surrogates, beyond U+10FFFF, cut, lone tails, bytes that never occur */
    {SP_STR_INIT("\"\xc0\x80\""), SP_ESYNTAX, 1, "X'C0' is not valid UTF-8"},
    {SP_STR_INIT("\"\xc1\xbf\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xe0\x80\x80\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xe0\x9f\xbf\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xf0\x80\x80\x80\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xf0\x8f\xbf\xbf\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xed\xa0\x80\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xed\xbf\xbf\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xed\xa0\xbd\xed\xb4\x91\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xf4\x90\x80\x80\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xf5\x80\x80\x80\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xff\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xfe\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"ab\x80\""), SP_ESYNTAX, 3, "UTF-8"},
    {SP_STR_INIT("\"ab\xbf\""), SP_ESYNTAX, 3, "UTF-8"},
    {SP_STR_INIT("\"\xc3\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xe2\x82\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xf0\x9f\x94\""), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xc3"), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\xf0\x9f\x94"), SP_ESYNTAX, 1, "UTF-8"},
    {SP_STR_INIT("\"\\n\xe2\x28\xa1\""), SP_ESYNTAX, 3, "UTF-8"},
    {SP_STR_INIT("{\"\xe9\":1}"), SP_ESYNTAX, 2, "UTF-8"},
    {SP_STR_INIT("[\xc3\xa4]"), SP_ESYNTAX, 1, "X'C3'"},
    /* names given twice */
    {SP_STR_INIT("{\"a\":1,\"a\":1}"), SP_EEXISTS, 7, "\"a\" is given twice"},
    {SP_STR_INIT("{\"a\":1,\"b\":2,\"\\u0061\":3}"), SP_EEXISTS, 13, "\"a\" is given twice"},
    {SP_STR_INIT("{\"\":1,\"\":2}"), SP_EEXISTS, 6, "\"\" is given twice"},
    {SP_STR_INIT("[{\"x\":{\"x\":1,\"y\":[{}],\"x\":2}}]"), SP_EEXISTS, 22, "\"x\" is given twice"},
};

static void all_else_is_refused_with_its_place_and_cause(void **state)
{
    struct sp_buf list;
    sp_buf_init(&list, 10000);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct refused *r = &refused[i];
        struct sp_error err = SP_ERROR_INIT;
        list_tokens(r->input, &list, &err);
        if (list.ptr[list.len - 1] != '!')
            fail_msg("accepted: %s", r->input.ptr);
        if (err.status != r->status || err.offset != r->offset || !strstr(err.text, r->word))
            fail_msg("%s: %s at %d: %s", r->input.ptr, sp_status_name(err.status), (int)err.offset, err.text);
        assert_int_equal(sp_utf8_check(sp_str_of(err.text)), strlen(err.text));
    }
    sp_buf_finish(&list);
}

/* Every text that is accepted, cut anywhere, is refused (a number may be cut to a number). */
static void no_cut_text_is_taken_for_a_whole_one(void **state)
{
    struct sp_buf list;
    sp_buf_init(&list, 10000);
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        struct sp_str input = sp_str_trim(accepted[i].input);
        bool is_number = input.ptr[0] == '-' || (input.ptr[0] >= '0' && input.ptr[0] <= '9');
        for (size_t len = 0; len < input.len && !is_number; len++) {
            struct sp_error err = SP_ERROR_INIT;
            list_tokens(sp_str_slice(input, 0, len), &list, &err);
            if (list.ptr[list.len - 1] != '!')
                fail_msg("accepted the first %zu bytes of %s", len, input.ptr);
        }
    }
    sp_buf_finish(&list);
}

/* Bytes are looked at in groups: the result must not depend on where in a group a byte stands. */
static void every_byte_is_judged_alike_at_every_place(void **state)
{
    struct sp_buf list;
    sp_buf_init(&list, 10000);
    for (unsigned c = 0; c < 256; c++)
        for (size_t before = 0; before < 20; before++) {
            char text[64];
            size_t len = 0;
            struct sp_error err = SP_ERROR_INIT;
            text[len++] = '"';
            for (size_t i = 0; i < before; i++)
                text[len++] = 'x';
            text[len++] = (char)c;
            for (size_t i = 0; i < 9; i++)
                text[len++] = '~';
            text[len++] = '"';
            list_tokens((struct sp_str){text, len}, &list, &err);
            bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
            assert_int_equal(list.ptr[list.len - 1], plain ? '$' : '!');
            size_t place = 1 + before + (c == '"');
            if (!plain)
                assert_int_equal(err.offset, place);
            else
                assert_memory_equal(list.ptr + 1, text + 1, len - 2);
        }
    sp_buf_finish(&list);
}

static void an_error_names_line_and_column(void **state)
{
    struct sp_buf list;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&list, 10000);
    list_tokens(SP_STR("{\n  \"a\": 1,\r\n  \"b\": x\n}"), &list, &err);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 8);
    assert_int_equal(err.offset, 20);
    list_tokens(SP_STR("x"), &list, &err);
    assert_int_equal(err.line, 1);
    assert_int_equal(err.column, 1);
    list_tokens(SP_STR("[\n\n"), &list, &err);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 1);
    sp_buf_finish(&list);
}

static void tokens_tell_where_they_began(void **state)
{
    struct sp_arena arena;
    struct sp_json_reader reader;
    sp_arena_init(&arena, 1 << 20);
    sp_json_reader_init(&reader, SP_STR(" { \"a\" : [ 1 ,\n true ] } "), &arena, NULL, NULL);
    static const size_t places[] = {1, 3, 9, 11, 16, 21, 23, 25};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        assert_int_not_equal(sp_json_next(&reader), SP_JSON_ERROR);
        assert_int_equal(reader.token_at, places[i]);
    }
    unsigned line, column;
    sp_json_place(&reader, 16, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
    sp_json_place(&reader, 1000, &line, &column);
    assert_int_equal(line, 2);
    sp_arena_finish(&arena);
}

/* Names that are known beforehand are taken where they stand, and nothing else is. */
static void an_expected_name_is_taken_or_left(void **state)
{
    static const char text[] = " { \"a\" : [ 1 , 2 ] , \"b\\n\":{\"a\":3},\"b\":4,\"ab\":5}";
    struct sp_json_limits limits = sp_json_default_limits;
    struct sp_arena arena;
    struct sp_json_reader reader;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 1 << 20);
    limits.allow_duplicates = true;
    limits.members = 4;
    sp_json_reader_init(&reader, SP_STR(text), &arena, &limits, &err);
    assert_false(sp_json_take_name(&reader, SP_STR("\"a\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
    assert_false(sp_json_take_name(&reader, SP_STR("\"b\"")));
    assert_true(sp_json_take_name(&reader, SP_STR("\"a\"")));
    assert_int_equal(reader.token_at, 3);
    assert_int_equal(sp_json_next(&reader), SP_JSON_ARRAY_BEGIN);
    assert_false(sp_json_take_name(&reader, SP_STR("1")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_false(sp_json_take_name(&reader, SP_STR("2")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_false(sp_json_take_name(&reader, SP_STR("\"b\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_ARRAY_END);
    assert_false(sp_json_take_name(&reader, SP_STR("\"b\"")));
    assert_true(sp_json_take_name(&reader, SP_STR("\"b\\n\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
    assert_true(sp_json_take_name(&reader, SP_STR("\"a\"")));
    assert_false(sp_json_take_name(&reader, SP_STR("\"a\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_END);
    assert_true(sp_json_take_name(&reader, SP_STR("\"b\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_true(sp_json_take_name(&reader, SP_STR("\"ab\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_false(sp_json_take_name(&reader, SP_STR("}")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_END);
    assert_false(sp_json_take_name(&reader, SP_STR("\"a\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_END);
    /* The limit of members counts these, too; beyond it sp_json_next tells. */
    limits.members = 1;
    sp_json_reader_init(&reader, SP_STR("{\"a\":1,\"b\":2}"), &arena, &limits, &err);
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
    assert_true(sp_json_take_name(&reader, SP_STR("\"a\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_NUMBER);
    assert_false(sp_json_take_name(&reader, SP_STR("\"b\"")));
    assert_int_equal(sp_json_next(&reader), SP_JSON_ERROR);
    assert_int_equal(err.status, SP_ELIMIT);
    assert_false(sp_json_take_name(&reader, SP_STR("\"b\"")));
    /* Where names given twice are reported, all names are looked at. */
    limits = sp_json_default_limits;
    sp_json_reader_init(&reader, SP_STR("{\"a\":1}"), &arena, &limits, &err);
    assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
    assert_false(sp_json_take_name(&reader, SP_STR("\"a\"")));
    /* What is cut or has no colon is left to sp_json_next. */
    limits.allow_duplicates = true;
    static const char *const broken[] = {"{", "{\"a\"", "{\"a\" ", "{\"a\" 1", "{\"a", "{,\"a\":1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        sp_json_reader_init(&reader, sp_str_of(broken[i]), &arena, &limits, &err);
        assert_int_equal(sp_json_next(&reader), SP_JSON_OBJECT_BEGIN);
        assert_false(sp_json_take_name(&reader, SP_STR("\"a\"")));
        assert_int_equal(sp_json_next(&reader), SP_JSON_ERROR);
    }
    sp_arena_finish(&arena);
}

static void every_token_has_a_name(void **state)
{
    for (int token = SP_JSON_ERROR; token <= SP_JSON_NULL; token++)
        assert_string_not_equal(sp_json_token_name(token), "an unknown token");
    assert_string_equal(sp_json_token_name(SP_JSON_OBJECT_BEGIN), "an object");
    assert_string_equal(sp_json_token_name((enum sp_json_token)99), "an unknown token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_grammar_give_their_tokens),
        cmocka_unit_test(all_else_is_refused_with_its_place_and_cause),
        cmocka_unit_test(no_cut_text_is_taken_for_a_whole_one),
        cmocka_unit_test(every_byte_is_judged_alike_at_every_place),
        cmocka_unit_test(an_error_names_line_and_column),
        cmocka_unit_test(tokens_tell_where_they_began),
        cmocka_unit_test(an_expected_name_is_taken_or_left),
        cmocka_unit_test(every_token_has_a_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
