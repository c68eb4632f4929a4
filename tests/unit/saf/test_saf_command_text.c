/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "saf/command_text.h"

static struct sp_arena arena;

static int set_up(void **state)
{
    sp_arena_init(&arena, 8 << 20);
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* The tree in one form of writing: words as they are, "quoted", lists in parentheses, one blank between. */
static void write_tree(struct sp_buf *buf, const struct sp_saf_operand *o)
{
    for (; o; o = o->next) {
        sp_buf_printf(buf, o->quoted ? "\"%.*s\"" : "%.*s", SP_STR_ARG(o->text));
        if (o->has_list) {
            sp_buf_append_byte(buf, '(');
            write_tree(buf, o->first);
            sp_buf_append_byte(buf, ')');
        }
        if (o->next)
            sp_buf_append_byte(buf, ' ');
    }
}

static void commands_parse_to_trees(void **state)
{
    static const struct {
        const char *text, *verb, *tree;
        unsigned missing;
    } rows[] = {
        {"ADDUSER FRED DFLTGRP(SYS1) NAME('F. RED')", "ADDUSER", "FRED DFLTGRP(SYS1) NAME(\"F. RED\")", 0},
        {"  permit  X.** class(facility),id(A,B  C)", "permit", "X.** class(facility) id(A B C)", 0},
        {"RACDCERT ID(F) MAP SDNFILTER('Rich''s') WITHLABEL('a'", "RACDCERT",
         "ID(F) MAP SDNFILTER(\"Rich's\") WITHLABEL(\"a\")", 1},
        {"SETROPTS PASSWORD(RULE1(LENGTH(8) VOWEL(1,3,5:8)))", "SETROPTS",
         "PASSWORD(RULE1(LENGTH(8) VOWEL(1 3 5:8)))", 0},
        {"LU /* a comment */ FRED /* open", "LU", "FRED", 0},
        {"RACMAP MAP USERDIDFILTER(NAME('cn=a,o=b')) REGISTRY(NAME('*'))", "RACMAP",
         "MAP USERDIDFILTER(NAME(\"cn=a,o=b\")) REGISTRY(NAME(\"*\"))", 0},
        {"X A() B", "X", "A() B", 0},
        {"CONNECT (A, B) GROUP(G)", "CONNECT", "(A B) GROUP(G)", 0},
        {"X ''", "X", "\"\"", 0},
        {"", "", "", 0},
        {" /* nothing */ ", "", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_saf_command command;
        struct sp_buf tree;
        sp_buf_init(&tree, 4096);
        assert_int_equal(sp_saf_command_parse(sp_str_of(rows[i].text), &arena, &command, NULL), SP_OK);
        write_tree(&tree, command.operands);
        if (!sp_str_is(command.verb, rows[i].verb) || !sp_str_is(sp_buf_str(&tree), rows[i].tree) ||
            command.missing_parentheses != rows[i].missing)
            fail_msg("%s gave %.*s | %.*s | %u", rows[i].text, SP_STR_ARG(command.verb),
                     SP_STR_ARG(sp_buf_str(&tree)), command.missing_parentheses);
        sp_buf_finish(&tree);
    }
}

static void faults_name_their_column(void **state)
{
    static const struct {
        const char *text;
        int64_t offset;
    } rows[] = {{"LU FRED)", 7}, {"LU 'FRED", 3}, {"LU A (B) (C)", 9},
                {"(LU)", 0},     {"X 'A'(B)", 5}, {"'LU' A", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_saf_command command;
        struct sp_error err = SP_ERROR_INIT;
        assert_int_equal(sp_saf_command_parse(sp_str_of(rows[i].text), &arena, &command, &err), SP_ESYNTAX);
        assert_true(err.offset == rows[i].offset);
    }
}

static void lengths_depths_and_counts_have_limits(void **state)
{
    struct sp_saf_command command;
    struct sp_buf text;
    sp_buf_init(&text, 1 << 20);
    sp_buf_printf(&text, "X ");
    sp_buf_append_fill(&text, 'A', SP_SAF_COMMAND_BYTES_MAX - 2);
    assert_int_equal(sp_saf_command_parse(sp_buf_str(&text), &arena, &command, NULL), SP_OK);
    sp_buf_append_byte(&text, 'A');
    assert_int_equal(sp_saf_command_parse(sp_buf_str(&text), &arena, &command, NULL), SP_ELIMIT);
    assert_int_equal(sp_saf_command_parse(SP_STR("X A(A(A(A(A(A(A(A("), &arena, &command, NULL), SP_OK);
    assert_int_equal(sp_saf_command_parse(SP_STR("X A(A(A(A(A(A(A(A(A("), &arena, &command, NULL), SP_ELIMIT);
    sp_buf_reset(&text);
    sp_buf_append_byte(&text, 'X');
    for (unsigned i = 0; i < SP_SAF_COMMAND_OPERANDS_MAX; i++)
        sp_buf_append(&text, " A", 2);
    assert_int_equal(sp_saf_command_parse(sp_buf_str(&text), &arena, &command, NULL), SP_OK);
    sp_buf_append(&text, " A", 2);
    assert_int_equal(sp_saf_command_parse(sp_buf_str(&text), &arena, &command, NULL), SP_ELIMIT);
    assert_int_equal(sp_saf_command_parse(SP_STR("X A\0B"), &arena, &command, NULL), SP_ESYNTAX);
    sp_buf_finish(&text);
}

static void keywords_may_be_shortened_while_they_are_unambiguous(void **state)
{
    static const char *const words[] = {"PASSWORD", "PASSTICKET", "PHRASE", "NOPASSWORD", "PHR"};
    struct sp_error err = SP_ERROR_INIT;
    size_t at = 99;
    assert_int_equal(sp_saf_keyword_find(words, 5, SP_STR("passw"), &at, NULL), SP_OK);
    assert_int_equal(at, 0);
    assert_int_equal(sp_saf_keyword_find(words, 5, SP_STR("PHR"), &at, NULL), SP_OK);
    assert_int_equal(at, 4);
    assert_int_equal(sp_saf_keyword_find(words, 5, SP_STR("NO"), &at, NULL), SP_OK);
    assert_int_equal(at, 3);
    assert_int_equal(sp_saf_keyword_find(words, 5, SP_STR("PASS"), &at, &err), SP_EEXISTS);
    assert_string_equal(err.text, "PASS is ambiguous: PASSWORD or PASSTICKET");
    assert_int_equal(sp_saf_keyword_find(words, 5, SP_STR("PASSWORDS"), &at, &err), SP_ENOTFOUND);
    assert_int_equal(sp_saf_keyword_find(words, 5, SP_STR(""), &at, &err), SP_ENOTFOUND);
    assert_int_equal(at, 3);
}

static void next_is(struct sp_saf_deck *deck, const char *text, unsigned line)
{
    struct sp_str command;
    unsigned at = 0;
    assert_int_equal(sp_saf_deck_next(deck, &arena, &command, &at, NULL), SP_OK);
    assert_string_equal(command.ptr, text);
    assert_int_equal(at, line);
}

static void a_plain_deck_joins_continued_lines(void **state)
{
    struct sp_saf_deck deck;
    struct sp_str command;
    unsigned line;
    sp_saf_deck_init(&deck, SP_STR("\nADDGROUP A  \r\n\nADDUSER B +\n   DFLTGRP(A) -\n  NAME('x')\nLU B+"));
    next_is(&deck, "ADDGROUP A", 2);
    next_is(&deck, "ADDUSER B DFLTGRP(A)   NAME('x')", 4);
    next_is(&deck, "LU B", 7);
    assert_int_equal(sp_saf_deck_next(&deck, &arena, &command, &line, NULL), SP_ENOTFOUND);
}

static void a_job_gives_the_data_of_its_systsin(void **state)
{
    struct sp_saf_deck deck;
    struct sp_str command;
    unsigned line;
    char sequence[128];
    snprintf(sequence, sizeof sequence, "%-72s00000100", " ADDGROUP SEQ +");
    struct sp_str text =
        sp_arena_printf(&arena,
                        "//RACF JOB (ACCT),CLASS=A\n//* a remark\n//S1 EXEC PGM=IKJEFT01\n"
                        "//SYSTSPRT DD SYSOUT=*\nnot a command\n//SYSTSIN DD *\n%s\n OWNER(X)\n/*\n"
                        "ignored\n//S2.SYSTSIN  DD  DATA,DLM=XX\nLU B\n//\nLU C\n",
                        sequence);
    sp_saf_deck_init(&deck, text);
    assert_true(deck.jcl);
    next_is(&deck, " ADDGROUP SEQ OWNER(X)", 7);
    next_is(&deck, "LU B", 12);
    assert_int_equal(sp_saf_deck_next(&deck, &arena, &command, &line, NULL), SP_ENOTFOUND);
}

static void a_command_that_is_too_long_is_refused_with_its_line(void **state)
{
    struct sp_saf_deck deck;
    struct sp_buf text;
    struct sp_str command;
    struct sp_error err = SP_ERROR_INIT;
    unsigned line;
    sp_buf_init(&text, 1 << 20);
    sp_buf_append(&text, "\n", 1);
    for (int i = 0; i < 40; i++) {
        sp_buf_append_fill(&text, 'A', 1000);
        sp_buf_append(&text, "-\n", 2);
    }
    sp_saf_deck_init(&deck, sp_buf_str(&text));
    assert_int_equal(sp_saf_deck_next(&deck, &arena, &command, &line, &err), SP_ELIMIT);
    assert_int_equal(err.line, 2);
    sp_buf_finish(&text);
}

static void secrets_are_masked_where_a_command_is_shown(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"ALTUSER FRED PASSWORD(SECRET) RESUME", "ALTUSER FRED PASSWORD(********) RESUME"},
        {"alu fred pass (secret)", "alu fred pass (********)"},
        {"ADDUSER F PHRASE('it''s) a secret') NAME('A (B)')", "ADDUSER F PHRASE(********) NAME('A (B)')"},
        {"ADDUSER F\n   DFLTGRP(G)\t PHRASE( 'x y' )", "ADDUSER F DFLTGRP(G) PHRASE(********)"},
        {"RDEFINE PTKTDATA A SSIGNON(KEYMASKED(0123) )", "RDEFINE PTKTDATA A SSIGNON(KEYMASKED(********) )"},
        {"RDEFINE PTKTDATA A SSIGNON(KEYE(0123", "RDEFINE PTKTDATA A SSIGNON(KEYE(********)"},
        {"RDEFINE PTKTDATA A SSIGNON(EPTKEYLABEL(L))", "RDEFINE PTKTDATA A SSIGNON(EPTKEYLABEL(L))"},
        {"ADDUSER F NAME('O'Brien') PASSWORD('secret')", "ADDUSER F NAME('O'Brien') PASSWORD(********)"},
        {"RACDCERT ID(F) ADD('X') PASSWORD('se(cret') TRUST", "RACDCERT ID(F) ADD('X') PASSWORD(********)"},
        {"ALTUSER F PASSWORD SECRET RESUME", "ALTUSER F PASSWORD ******** RESUME"},
        {"ALTUSER F PHRASE 'a b c'", "ALTUSER F PHRASE ********"},
        {"ALTUSER F NOPASSWORD RESUME", "ALTUSER F NOPASSWORD RESUME"},
        {"RDEFINE PTKTDATA A SSIGNON(0123456789ABCDEF)", "RDEFINE PTKTDATA A SSIGNON(********)"},
        {"RDEFINE PTKTDATA A SSIGNON(KEYMASKED) 0123456789abcdef0",
         "RDEFINE PTKTDATA A SSIGNON(KEYMASKED) ********"},
        {"SETROPTS PASSWORD(HISTORY(8))", "SETROPTS PASSWORD(HISTORY(8))"},
        {"PASSWORD PASSWORD(OLD NEW)", "PASSWORD ********"},
        {"PASSWORD OLD NEW", "PASSWORD ********"},
        {"PW USER(FRED) INTERVAL(30)", "PW USER(FRED) INTERVAL(30)"},
        {"PW NOINT USER (FRED)", "PW NOINTERVAL USER(FRED)"},
        {"PHRASE PHRASE('a b' 'c d') USER(F)", "PHRASE USER(F) ********"},
        {"PW", "PW"},
        {"PASSWORD 'old' 'new'", "PASSWORD ********"},
        {"PASSWORD INTERVAL", "PASSWORD ********"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_buf buf;
        sp_buf_init(&buf, 4096);
        assert_int_equal(sp_saf_command_mask(sp_str_of(rows[i].text), &buf), SP_OK);
        sp_buf_append_byte(&buf, 0);
        assert_string_equal(buf.ptr, rows[i].shown);
        sp_buf_finish(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_parse_to_trees),
        cmocka_unit_test(faults_name_their_column),
        cmocka_unit_test(lengths_depths_and_counts_have_limits),
        cmocka_unit_test(keywords_may_be_shortened_while_they_are_unambiguous),
        cmocka_unit_test(a_plain_deck_joins_continued_lines),
        cmocka_unit_test(a_job_gives_the_data_of_its_systsin),
        cmocka_unit_test(a_command_that_is_too_long_is_refused_with_its_line),
        cmocka_unit_test(secrets_are_masked_where_a_command_is_shown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
