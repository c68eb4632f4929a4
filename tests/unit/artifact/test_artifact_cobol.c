/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "artifact/cobol.h"
#include "artifact/cobol_picture.h"
#include "base/buf.h"

struct fixture {
    struct sp_arena arena;
    struct sp_error err;
    struct sp_cobol_options options;
    struct sp_segment segment;
    struct sp_interface interface;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)128 << 20);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_arena_finish(&f->arena);
    return 0;
}

static enum sp_status read_source(struct fixture *f, const char *text, struct sp_field **ret_record)
{
    *ret_record = NULL;
    sp_error_clear(&f->err);
    return sp_cobol_read(sp_str_of(text), "rec.cpy", &f->options, &f->arena, ret_record, &f->err);
}

/* Each line of `body` in columns 8 to 72. */
static const char *fixed(struct fixture *f, const char *body)
{
    struct sp_buf out;
    struct sp_str rest = sp_str_of(body), line;
    sp_buf_init(&out, (size_t)8 << 20);
    while (sp_str_split(&rest, '\n', &line))
        sp_buf_printf(&out, "       %.*s\n", SP_STR_ARG(line));
    struct sp_str text = sp_arena_str(&f->arena, sp_buf_str(&out));
    sp_buf_finish(&out);
    return text.ptr;
}

/* Read and finish; the record. */
static const struct sp_field *lay_out(struct fixture *f, const char *text)
{
    struct sp_field *record = NULL;
    if (read_source(f, text, &record) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    f->segment = (struct sp_segment){.name = SP_STR("RECORD"), .original = SP_STR("RECORD"), .first = record};
    f->interface = (struct sp_interface){.segments = &f->segment};
    if (sp_layout_finish(&f->interface, NULL, &f->err) != SP_OK)
        fail_msg("%s", f->err.text);
    return record;
}

static const struct sp_field *lay_out_body(struct fixture *f, const char *body)
{
    return lay_out(f, fixed(f, body));
}

static void refuses_source(struct fixture *f, const char *text, enum sp_status expected, unsigned line,
                           const char *message)
{
    struct sp_field *record = NULL;
    enum sp_status status = read_source(f, text, &record);
    if (status != expected)
        fail_msg("%s instead of %s for \"%s\": %s", sp_status_name(status), sp_status_name(expected), text,
                 f->err.text);
    assert_null(record);
    if (!strstr(f->err.text, message))
        fail_msg("\"%s\" is not in \"%s\"", message, f->err.text);
    assert_string_equal(f->err.file, "rec.cpy");
    assert_int_equal(f->err.line, line);
}

static void refuses(struct fixture *f, const char *body, enum sp_status expected, unsigned line,
                    const char *message)
{
    refuses_source(f, fixed(f, body), expected, line, message);
}

/* By name, at any depth; elements of arrays are passed over. */
static const struct sp_field *find(const struct sp_field *first, const char *name)
{
    for (const struct sp_field *f = first; f; f = f->next) {
        if (sp_str_is(f->name, name) && !(f->parent && f->parent->type == SP_FIELD_ARRAY))
            return f;
        const struct sp_field *below = find(f->first, name);
        if (below)
            return below;
    }
    return NULL;
}

static void assert_place(const struct sp_field *record, const char *name, unsigned offset, unsigned bytes)
{
    const struct sp_field *f = find(record, name);
    if (!f)
        fail_msg("there is no %s", name);
    if (f->offset != offset || f->bytes != bytes)
        fail_msg("%s is at %u with %u bytes, not at %u with %u", name, f->offset, f->bytes, offset, bytes);
}

/* ---------------------------------------------------------------- types */

static void every_usage_has_its_storage(void **state)
{
    static const struct {
        const char *clauses;
        enum sp_field_type type;
        unsigned bytes, digits, scale;
        bool is_signed, leading, separate, native, utf16;
    } cases[] = {
        {"PIC X(12)", SP_FIELD_CHAR, 12, 0, 0, 0, 0, 0, 0, 0},
        {"PIC A(3)X", SP_FIELD_CHAR, 4, 0, 0, 0, 0, 0, 0, 0},
        {"PICTURE IS X", SP_FIELD_CHAR, 1, 0, 0, 0, 0, 0, 0, 0},
        {"PIC N(4)", SP_FIELD_CHAR, 8, 0, 0, 0, 0, 0, 0, 1},
        {"PIC N(4) USAGE NATIONAL", SP_FIELD_CHAR, 8, 0, 0, 0, 0, 0, 0, 1},
        {"PIC ZZ9.99-", SP_FIELD_CHAR, 7, 0, 0, 0, 0, 0, 0, 0},
        {"PIC $Z(4)9.99CR", SP_FIELD_CHAR, 11, 0, 0, 0, 0, 0, 0, 0},
        {"PIC 99/99/9999", SP_FIELD_CHAR, 10, 0, 0, 0, 0, 0, 0, 0},
        {"PIC 9(8)", SP_FIELD_ZONED, 8, 8, 0, 0, 0, 0, 0, 0},
        {"PIC 9(4)V99 USAGE IS DISPLAY", SP_FIELD_ZONED, 6, 6, 2, 0, 0, 0, 0, 0},
        {"PIC V9(3)", SP_FIELD_ZONED, 3, 3, 3, 0, 0, 0, 0, 0},
        {"PIC S9(10)V99", SP_FIELD_ZONED, 12, 12, 2, 1, 0, 0, 0, 0},
        {"PIC S9(4) SIGN LEADING", SP_FIELD_ZONED, 4, 4, 0, 1, 1, 0, 0, 0},
        {"PIC S9(4) SIGN IS TRAILING SEPARATE CHARACTER", SP_FIELD_ZONED, 5, 4, 0, 1, 0, 1, 0, 0},
        {"PIC S9(4) LEADING SEPARATE", SP_FIELD_ZONED, 5, 4, 0, 1, 1, 1, 0, 0},
        {"PIC S9(5)V99 COMP-3", SP_FIELD_PACKED, 4, 7, 2, 1, 0, 0, 0, 0},
        {"PIC 9(4) PACKED-DECIMAL", SP_FIELD_PACKED, 3, 4, 0, 0, 0, 0, 0, 0},
        {"PIC S9(31) COMPUTATIONAL-3", SP_FIELD_PACKED, 16, 31, 0, 1, 0, 0, 0, 0},
        {"PIC S9(4) COMP", SP_FIELD_BINARY, 2, 4, 0, 1, 0, 0, 0, 0},
        {"PIC 9 BINARY", SP_FIELD_BINARY, 2, 1, 0, 0, 0, 0, 0, 0},
        {"PIC S9(5) COMP-4", SP_FIELD_BINARY, 4, 5, 0, 1, 0, 0, 0, 0},
        {"PIC S9(7)V99 USAGE COMP", SP_FIELD_BINARY, 4, 9, 2, 1, 0, 0, 0, 0},
        {"PIC S9(10) COMP", SP_FIELD_BINARY, 8, 10, 0, 1, 0, 0, 0, 0},
        {"PIC S9(18) COMP-5", SP_FIELD_BINARY, 8, 18, 0, 1, 0, 0, 1, 0},
        {"COMP-1", SP_FIELD_FLOAT, 4, 0, 0, 1, 0, 0, 0, 0},
        {"USAGE IS COMPUTATIONAL-2", SP_FIELD_DOUBLE, 8, 0, 0, 1, 0, 0, 0, 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[200];
        snprintf(body, sizeof body, "01 R.\n   05 ITEM-1 %s.", cases[i].clauses);
        const struct sp_field *is = lay_out_body(f, body)->first;
        if (is->type != cases[i].type || is->bytes != cases[i].bytes)
            fail_msg("%s: type %d, %u bytes", cases[i].clauses, is->type, is->bytes);
        assert_int_equal(is->digits, cases[i].digits);
        assert_int_equal(is->scale, cases[i].scale);
        assert_int_equal(is->is_signed, cases[i].is_signed);
        assert_int_equal(is->sign_leading, cases[i].leading);
        assert_int_equal(is->sign_separate, cases[i].separate);
        assert_int_equal(is->native, cases[i].native);
        assert_int_equal(is->utf16, cases[i].utf16);
    }
}

static void groups_give_their_usage_and_sign(void **state)
{
    const struct sp_field *r = lay_out_body(*state, "01 R COMP-3 SIGN LEADING SEPARATE.\n"
                                                    "   05 A PIC S9(3).\n"
                                                    "   05 G.\n"
                                                    "      10 B PIC S9(5) DISPLAY.\n"
                                                    "      10 C PIC 9(5) DISPLAY.\n"
                                                    "      10 D PIC S9(3) DISPLAY SIGN TRAILING.\n");
    assert_int_equal(find(r, "A")->type, SP_FIELD_PACKED);
    assert_place(r, "A", 0, 2);
    assert_place(r, "B", 2, 6);
    assert_true(find(r, "B")->sign_leading);
    assert_place(r, "C", 8, 5);
    assert_place(r, "D", 13, 3);
    assert_false(find(r, "D")->sign_leading);
}

static void pictures_are_checked(void **state)
{
    static const struct {
        const char *text;
        enum sp_status status;
    } cases[] = {
        {"", SP_ESYNTAX},           {"S", SP_ESYNTAX},           {"V", SP_ESYNTAX},
        {"9S", SP_ESYNTAX},         {"SS9", SP_ESYNTAX},         {"9V9V9", SP_ESYNTAX},
        {"X9S", SP_ESYNTAX},        {"SX", SP_ESYNTAX},          {"XV9", SP_ESYNTAX},
        {"NX", SP_ESYNTAX},         {"9(", SP_ESYNTAX},          {"9()", SP_ESYNTAX},
        {"9(0)", SP_ESYNTAX},       {"9(-1)", SP_ESYNTAX},       {"(3)", SP_ESYNTAX},
        {"Q", SP_ESYNTAX},          {"9(X)", SP_ESYNTAX},        {"9P", SP_EUNSUPPORTED},
        {"G(3)", SP_EUNSUPPORTED},  {"+9E99", SP_EUNSUPPORTED},  {"X(16777215)", SP_OK},
        {"X(16777216)", SP_ELIMIT}, {"X(16777215)X", SP_ELIMIT}, {"X(99999999999999999999)", SP_ESYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sp_picture picture;
        const char *reason = NULL;
        enum sp_status status = sp_picture_read(sp_str_of(cases[i].text), &picture, &reason);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].text, sp_status_name(status));
        assert_true(status == SP_OK || reason);
    }
}

/* ---------------------------------------------------------------- layout */

static void items_follow_one_another(void **state)
{
    struct fixture *f = *state;
    const struct sp_field *r = lay_out_body(f, "01 ACCOUNT-RECORD.\n"
                                               "   03 NUMBER-OF-ITEMS PIC S9(8) BINARY.\n"
                                               "   03 CUSTOMER-NO PIC 9(10).\n"
                                               "   03 FILLER PIC X(2).\n"
                                               "   03 FLAGS.\n"
                                               "      88 NONE VALUE SPACES.\n"
                                               "      05 FLAG-A PIC X VALUE 'Y'.\n"
                                               "      05 PIC X.\n"
                                               "   03 AMOUNT PIC S9(7)V99 COMP-3 VALUE +1.5.\n");
    assert_true(sp_str_is(r->original, "ACCOUNT_RECORD"));
    assert_place(r, "NUMBER_OF_ITEMS", 0, 4);
    assert_place(r, "CUSTOMER_NO", 4, 10);
    assert_place(r, "FILL_0", 14, 2);
    assert_false(find(r, "FILL_0")->included);
    assert_place(r, "FLAGS", 16, 2);
    assert_place(r, "FLAG_A", 16, 1);
    assert_place(r, "FILL_1", 17, 1);
    assert_place(r, "AMOUNT", 18, 5);
    assert_int_equal(f->segment.bytes, 23);
    assert_int_equal(sp_cobol_line(find(r, "AMOUNT")), 9);
}

static void redefinitions_lie_on_their_base_and_are_hidden(void **state)
{
    struct fixture *f = *state;
    const struct sp_field *r = lay_out_body(f, "01 R.\n"
                                               "   05 OPENED PIC 9(8).\n"
                                               "   05 OPENED-GROUP REDEFINES OPENED.\n"
                                               "      07 O-DAY PIC 99.\n"
                                               "      07 O-MONTH PIC 99.\n"
                                               "      07 O-YEAR PIC 9999.\n"
                                               "   05 OPENED-TEXT REDEFINES OPENED PIC X(6).\n"
                                               "   05 LAST-ITEM PIC X.");
    assert_place(r, "OPENED_GROUP", 0, 8);
    assert_true(find(r, "OPENED_GROUP")->redefines);
    assert_false(find(r, "OPENED_GROUP")->included);
    assert_false(find(r, "O_YEAR")->included);
    assert_place(r, "O_YEAR", 4, 4);
    assert_place(r, "OPENED_TEXT", 0, 6);
    assert_place(r, "LAST_ITEM", 8, 1);
    assert_true(find(r, "OPENED")->included);
}

static void arrays_have_elements(void **state)
{
    struct fixture *f = *state;
    const struct sp_field *r = lay_out_body(f, "01 R.\n"
                                               "   05 H PIC X(3).\n"
                                               "   05 ROW OCCURS 2 TIMES INDEXED BY I J.\n"
                                               "      10 A PIC X.\n"
                                               "      10 CELL PIC 9(2) OCCURS 3 ASCENDING KEY IS A.\n"
                                               "      10 B PIC X.\n"
                                               "   05 T PIC X.");
    const struct sp_field *row = find(r, "ROW"), *cell = find(r, "CELL");
    assert_int_equal(row->type, SP_FIELD_ARRAY);
    assert_place(r, "ROW", 3, 16);
    assert_int_equal(row->element_bytes, 8);
    assert_int_equal(row->min_occurs, 2);
    assert_int_equal(row->first->type, SP_FIELD_STRUCT);
    assert_true(sp_str_is(row->first->name, "ROW"));
    assert_place(r, "CELL", 1, 6);
    assert_int_equal(cell->first->type, SP_FIELD_ZONED);
    assert_int_equal(cell->first->bytes, 2);
    assert_place(r, "B", 7, 1);
    assert_place(r, "T", 19, 1);
}

static void an_array_may_depend_on_a_counter(void **state)
{
    struct fixture *f = *state;
    const struct sp_field *r =
        lay_out_body(f, "01 R.\n"
                        "   03 N PIC S9(8) BINARY.\n"
                        "   03 D OCCURS 1 TO 20 DEPENDING ON N.\n"
                        "      05 X PIC X(4).\n"
                        "      05 M PIC 9.\n"
                        "      05 E OCCURS 0 TO 3 TIMES DEPENDING ON M OF D IN R PIC X.\n"
                        "   03 AFTER PIC X(2).\n");
    const struct sp_field *d = find(r, "D");
    assert_ptr_equal(d->counter, find(r, "N"));
    assert_true(d->counter->is_counter);
    assert_false(d->counter->included);
    assert_int_equal(d->min_occurs, 1);
    assert_int_equal(d->max_occurs, 20);
    assert_ptr_equal(find(r, "E")->counter, find(r, "M"));
    assert_place(r, "AFTER", 4 + 20 * 8, 2);
    assert_int_equal(f->segment.bytes, 166);
    assert_int_equal(f->segment.min_bytes, 4 + 5 + 2);
    r = lay_out_body(f, "01 R.\n   03 N PIC 99.\n   03 D PIC X OCCURS 5 DEPENDING N.");
    assert_int_equal(find(r, "D")->min_occurs, 1);
    assert_int_equal(find(r, "D")->max_occurs, 5);
}

static void sync_inserts_slack(void **state)
{
    struct fixture *f = *state;
    const char *body = "01 R.\n"
                       "   05 A PIC X.\n"
                       "   05 H PIC S9(4) COMP SYNC.\n"
                       "   05 B PIC X.\n"
                       "   05 W PIC S9(9) COMP-5 SYNCHRONIZED RIGHT.\n"
                       "   05 L PIC S9(18) COMP SYNC.\n"
                       "   05 C PIC X.\n"
                       "   05 F COMP-1 SYNC.\n"
                       "   05 D COMP-2 SYNC LEFT.\n"
                       "   05 P PIC S9(5) COMP-3 SYNC.\n"
                       "   05 U PIC S9(9) COMP.\n";
    const struct sp_field *r = lay_out_body(f, body);
    assert_place(r, "H", 2, 2);
    assert_place(r, "W", 8, 4);
    assert_place(r, "L", 12, 8); /* on a fullword */
    assert_place(r, "F", 24, 4);
    assert_place(r, "D", 32, 8);
    assert_place(r, "P", 40, 3);
    assert_place(r, "U", 43, 4);
    f->options.doubleword_binaries = true;
    r = lay_out_body(f, body);
    assert_place(r, "L", 16, 8);
}

static void slack_goes_before_a_group_and_behind_an_element(void **state)
{
    const struct sp_field *r = lay_out_body(*state, "01 R.\n"
                                                    "   05 A PIC X.\n"
                                                    "   05 G.\n"
                                                    "      10 I PIC S9(9) COMP SYNC.\n"
                                                    "      10 J PIC X.\n"
                                                    "   05 T OCCURS 2.\n"
                                                    "      10 K PIC X.\n"
                                                    "      10 L PIC S9(9) COMP SYNC.\n"
                                                    "      10 M PIC X.\n");
    assert_place(r, "G", 4, 5);
    assert_place(r, "T", 9, 16);
    assert_int_equal(find(r, "T")->element_bytes, 8);
    assert_place(r, "L", 3, 4); /* 12 and 20 in the record */
    assert_place(r, "M", 7, 1);
}

static void a_source_without_level_01_gets_one(void **state)
{
    struct fixture *f = *state;
    const char *body = "   03 A PIC X(2).\n   03 B PIC X.\n";
    refuses(f, body, SP_EINVAL, 1, "A: the source begins below level 01");
    f->options.wrapper = SP_STR("INQUIRY");
    const struct sp_field *r = lay_out_body(f, body);
    assert_true(sp_str_is(r->name, "INQUIRY"));
    assert_place(r, "B", 2, 1);
    refuses(f, "   03 A PIC X.\n01 R PIC X.", SP_EINVAL, 2, "R: a level 01 after items");
}

static void a_record_is_chosen_by_name(void **state)
{
    struct fixture *f = *state;
    const char *body = "01 ONE PIC X.\n01 TWO-A REDEFINES ONE PIC X(2).\n77 THREE PIC X(3).";
    refuses(f, body, SP_EINVAL, 2, "several levels 01 (ONE, TWO-A); say which");
    f->options.record = SP_STR("two-a");
    assert_true(sp_str_is(lay_out_body(f, body)->name, "TWO_A"));
    assert_int_equal(f->segment.bytes, 2);
    f->options.record = SP_STR("THREE");
    assert_null(lay_out_body(f, body)->next);
    assert_int_equal(f->segment.bytes, 3);
    f->options.record = SP_STR("FOUR");
    refuses(f, body, SP_ENOTFOUND, 0, "no level 01 FOUR");
}

/* ---------------------------------------------------------------- reference format */

static void columns_comments_and_continuation(void **state)
{
    struct fixture *f = *state;
    const char *source = "000100* a comment. with a full stop\r\n"
                         "000200/ page\n"
                         "000300D 01 DEBUGGING PIC X.\n"
                         "000400 01  REC.                                                         IGNORED\n"
                         "\n"
                         "      \t   05 A PIC X(3) VALUE 'don''t'. *> inline\n"
                         "           05 LONG-\n"
                         "      -    NAME PIC X VALUE 'from here to col 72 and then\n"
                         "      *    between\n"
                         "      -    'on with a full stop. 05 NOT-ME'.\n"
                         "           EJECT\n"
                         "           05 B, PIC X; VALUE X'C1'.\n"
                         "           SKIP2.\n"
                         "           05 C pic x(2) value zero.\x1a";
    const struct sp_field *r = lay_out(f, source);
    assert_place(r, "A", 0, 3);
    assert_place(r, "LONG_NAME", 3, 1);
    assert_place(r, "B", 4, 1);
    assert_place(r, "C", 5, 2);
    assert_int_equal(f->interface.field_count, 5);
    assert_int_equal(sp_cobol_line(find(r, "LONG_NAME")), 7);
    assert_int_equal(sp_cobol_line(find(r, "B")), 12);
}

static void text_ends_in_column_72(void **state)
{
    struct fixture *f = *state;
    char source[200];
    snprintf(source, sizeof source, "       01 R. %*s05 A PIC X.\n", 72 - 12, "");
    struct sp_field *record = NULL;
    assert_int_equal(read_source(f, source, &record), SP_EINVAL); /* only "01 R." is read */
    assert_non_null(strstr(f->err.text, "R: has neither a PICTURE nor items below it"));
}

static void free_format_has_no_columns(void **state)
{
    struct fixture *f = *state;
    const char *source =
        "01 R.\n* comment\n05 A PIC X(2). *> comment\n"
        "                                                                               05 B PIC X.";
    refuses_source(f, source, SP_ESYNTAX, 1, "columns 1 to 6 hold \"01 R.\"");
    refuses_source(f, "01 RECORD-A.", SP_ESYNTAX, 1, "column 7 holds 'O'");
    f->options.free_format = true;
    const struct sp_field *r = lay_out(f, source);
    assert_place(r, "B", 2, 1);
}

static void what_is_no_copybook_is_refused(void **state)
{
    struct fixture *f = *state;
    refuses_source(f, "", SP_EINVAL, 0, "describes no data");
    refuses_source(f, "\n\n", SP_EINVAL, 0, "describes no data");
    refuses(f, "01 R PIC X VALUE 'open.", SP_ESYNTAX, 1, "the literal has no end");
    refuses(f, "01 R PIC X VALUE 'open.\n05 X.", SP_ESYNTAX, 1, "the literal has no end");
    refuses_source(f, "       01 R PIC X VALUE 'a\n      -    b'.", SP_ESYNTAX, 2, "goes on behind a quote");
    refuses(f, "01 R PIC X", SP_ESYNTAX, 2, "ends without a full stop");
    refuses(f, "01 R.\n   88 C VALUE 'x'", SP_ESYNTAX, 3, "ends without a full stop");
    refuses(f, "01 R PIC X &.", SP_ESYNTAX, 1, "nothing can begin with '&'");
    refuses(f, "01 :TAG:-R PIC X.", SP_EUNSUPPORTED, 1, "COPY REPLACING");
    refuses(f, "COPY OTHER.", SP_EUNSUPPORTED, 1, "COPY is not expanded");
    refuses(f, "EXEC SQL INCLUDE X END-EXEC.", SP_EUNSUPPORTED, 1, "EXEC is not expanded");
    refuses(f, "MOVE A TO B.", SP_ESYNTAX, 1, "\"MOVE\" stands where a level number");
    refuses(f, "'x'.", SP_ESYNTAX, 1, "stands where a level number");
    struct sp_field *record = NULL;
    assert_int_equal(
        sp_cobol_read(sp_str_from("       01 R\0X", 13), "rec.cpy", &f->options, &f->arena, &record, &f->err),
        SP_ESYNTAX);
    assert_non_null(strstr(f->err.text, "NUL"));
}

static void entries_are_checked(void **state)
{
    static const struct {
        const char *body;
        enum sp_status status;
        unsigned line;
        const char *text;
    } cases[] = {
        {"00 R.", SP_ESYNTAX, 1, "there is no level 00"},
        {"50 R.", SP_ESYNTAX, 1, "there is no level 50"},
        {"66 R RENAMES X.", SP_EUNSUPPORTED, 1, "level 66"},
        {"01 R.\n   05 A.", SP_EINVAL, 2, "A: has neither a PICTURE nor items below it"},
        {"01 R.\n   05 A PIC X.\n      10 B PIC X.", SP_EINVAL, 2, "A: has a PICTURE and items below it"},
        {"01 R.\n   10 A PIC X.\n   05 B PIC X.", SP_EINVAL, 3,
         "B: level 05 is not that of its neighbours, 10"},
        {"77 A PIC X.\n   05 B PIC X.", SP_EINVAL, 2, "B: nothing stands below a level 77"},
        {"01 R PIC X OCCURS 2.", SP_EINVAL, 1, "R: a level 01 cannot occur"},
        {"01 R PIC X PIC X.", SP_EEXISTS, 1, "R: PICTURE is given twice"},
        {"01 R PIC 9 COMP BINARY.", SP_EEXISTS, 1, "R: USAGE is given twice"},
        {"01 R PIC S9 LEADING SIGN TRAILING.", SP_EEXISTS, 1, "R: SIGN is given twice"},
        {"01 R.\n05 A PIC X OCCURS 2 OCCURS 2.", SP_EEXISTS, 2, "A: OCCURS is given twice"},
        {"01 R PIC X REDEFINES A REDEFINES B.", SP_EEXISTS, 1, "REDEFINES is given twice"},
        {"01 R PIC 9V9V9.", SP_ESYNTAX, 1, "R: PICTURE 9V9V9: the symbols do not go together"},
        {"01 R PIC 9(3)P(2).", SP_EUNSUPPORTED, 1, "P, a scaling position, is not supported"},
        {"01 R PIC 9(19) COMP.", SP_EUNSUPPORTED, 1, "a binary number has at most 18 digits"},
        {"01 R PIC 9(32).", SP_EUNSUPPORTED, 1, "a number has at most 31 digits"},
        {"01 R PIC X COMP.", SP_EINVAL, 1, "PICTURE and USAGE do not go together"},
        {"01 R PIC 9(4) COMP-1.", SP_EINVAL, 1, "COMP-1 and COMP-2 have no PICTURE"},
        {"01 R PIC 9(4) NATIONAL.", SP_EUNSUPPORTED, 1, "numbers of USAGE NATIONAL"},
        {"01 R PIC 9(4) SIGN LEADING.", SP_EINVAL, 1, "SIGN is for items of USAGE DISPLAY with S"},
        {"01 R PIC S9(4) COMP SIGN LEADING.", SP_EINVAL, 1, "SIGN is for items"},
        {"01 R PIC S9(4) SIGN MIDDLE.", SP_ESYNTAX, 1, "SIGN is LEADING or TRAILING"},
        {"01 R USAGE POINTER.", SP_EUNSUPPORTED, 1, "USAGE POINTER is not supported"},
        {"01 R POINTER.", SP_EUNSUPPORTED, 1, "a clause of this entry is not supported"},
        {"01 R PIC X FANCY.", SP_ESYNTAX, 1, "\"FANCY\" is no clause of a data description"},
        {"01 R PIC X\n   05 A PIC X.", SP_ESYNTAX, 2, "is a full stop missing before it?"},
        {"01 R PIC X 'lit'.", SP_ESYNTAX, 1, "a literal or number is not expected"},
        {"01 R PIC .", SP_ESYNTAX, 1, "PICTURE has no character-string"},
        {"01 R.\n05 A PIC X OCCURS TIMES.", SP_ESYNTAX, 2, "OCCURS needs a number"},
        {"01 R.\n05 A PIC X OCCURS 1 TO UNBOUNDED DEPENDING ON N.", SP_EUNSUPPORTED, 2, "UNBOUNDED"},
        {"01 R.\n05 A PIC X OCCURS 1 TO 5.", SP_ESYNTAX, 2, "OCCURS n TO m needs DEPENDING ON"},
        {"01 R.\n05 A PIC X OCCURS 16777216.", SP_ELIMIT, 2, "occurs more often than a record has bytes"},
        {"01 R.\n05 A PIC X(2) OCCURS 16777215.", SP_ELIMIT, 2, "longer than 16777215 bytes"},
        {"01 R.\n05 A PIC X(16777215).\n05 B PIC X.", SP_ELIMIT, 3, "longer than 16777215 bytes"},
        {"01 R.\n05 A PIC X OCCURS 1 TO 5 DEPENDING ON N.", SP_EINVAL, 2, "there is no such item"},
        {"01 R.\n05 G. 10 N PIC 9.\n05 H. 10 N PIC 9.\n05 A PIC X OCCURS 1 TO 5 DEPENDING ON N.", SP_EINVAL,
         4, "several items of this name"},
        {"01 R.\n05 A PIC X OCCURS 1 TO 5 DEPENDING ON PIC.", SP_ESYNTAX, 2, "a name is missing here"},
        {"01 R.\n05 A REDEFINES B PIC X.", SP_EINVAL, 2, "A: redefines B, which is not before it"},
        {"01 R.\n05 X PIC X. 05 A PIC X(4). 05 B REDEFINES A PIC S9(9) COMP SYNC.", SP_EINVAL, 2,
         "SYNC is not possible where the redefined item lies"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(f, cases[i].body, cases[i].status, cases[i].line, cases[i].text);
}

static void a_qualified_counter_is_found(void **state)
{
    const struct sp_field *r = lay_out_body(*state, "01 R.\n05 G.\n10 N PIC 9.\n05 H.\n10 N PIC 9.\n"
                                                    "05 A PIC X OCCURS 1 TO 5 DEPENDING ON N OF H OF R.");
    assert_int_equal(find(r, "A")->counter->offset, 1);
}

static void sizes_of_sources_are_limited(void **state)
{
    struct fixture *f = *state;
    struct sp_buf text;
    struct sp_field *record = NULL;
    sp_buf_init(&text, (size_t)16 << 20);
    sp_buf_printf(&text, "       01 R.\n");
    for (int i = 0; i < 19999; i++)
        sp_buf_printf(&text, "       05 PIC X.\n");
    assert_int_equal(sp_cobol_read(sp_buf_str(&text), "x", &f->options, &f->arena, &record, &f->err), SP_OK);
    sp_buf_printf(&text, "       05 PIC X.\n");
    assert_int_equal(sp_cobol_read(sp_buf_str(&text), "x", &f->options, &f->arena, &record, &f->err),
                     SP_ELIMIT);
    assert_non_null(strstr(f->err.text, "more than 20000 items"));
    sp_buf_reset(&text);
    sp_buf_append_fill(&text, '\n', 99999);
    assert_int_equal(sp_cobol_read(sp_buf_str(&text), "x", &f->options, &f->arena, &record, &f->err),
                     SP_EINVAL);
    sp_buf_append_fill(&text, '\n', 1);
    assert_int_equal(sp_cobol_read(sp_buf_str(&text), "x", &f->options, &f->arena, &record, &f->err),
                     SP_ELIMIT);
    assert_non_null(strstr(f->err.text, "more than 100000 lines"));
    sp_buf_reset(&text);
    sp_buf_append_fill(&text, ' ', ((size_t)4 << 20) + 1);
    assert_int_equal(sp_cobol_read(sp_buf_str(&text), "x", &f->options, &f->arena, &record, &f->err),
                     SP_ELIMIT);
    assert_non_null(strstr(f->err.text, "4194305 bytes"));
    text.len--;
    assert_int_equal(sp_cobol_read(sp_buf_str(&text), "x", &f->options, &f->arena, &record, &f->err),
                     SP_EINVAL);
    sp_buf_finish(&text);
}

static void qualifiers_of_a_count_are_limited(void **state)
{
    struct fixture *f = *state;
    struct sp_field *record;
    for (unsigned extra = 0; extra < 2; extra++) {
        struct sp_buf text;
        sp_buf_init(&text, 10000);
        /* G1 in G2 in ... in G8, or in G9; the outermost first. */
        for (unsigned level = 8 + extra; level > 0; level--)
            sp_buf_printf(&text, "%02u G%u.\n", 9 + extra - level, level);
        sp_buf_printf(&text, "15 N PIC 9.\n15 A PIC X OCCURS 1 TO 5 DEPENDING ON N");
        for (unsigned level = 1; level <= 8 + extra; level++)
            sp_buf_printf(&text, "\n OF G%u", level);
        sp_buf_printf(&text, ".");
        sp_buf_append_byte(&text, 0);
        assert_int_equal(read_source(f, fixed(f, (const char *)text.ptr), &record),
                         extra ? SP_ELIMIT : SP_OK);
        sp_buf_finish(&text);
    }
    assert_non_null(strstr(f->err.text, "too many qualifiers"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_usage_has_its_storage),
        TEST(groups_give_their_usage_and_sign),
        TEST(pictures_are_checked),
        TEST(items_follow_one_another),
        TEST(redefinitions_lie_on_their_base_and_are_hidden),
        TEST(arrays_have_elements),
        TEST(an_array_may_depend_on_a_counter),
        TEST(sync_inserts_slack),
        TEST(slack_goes_before_a_group_and_behind_an_element),
        TEST(a_source_without_level_01_gets_one),
        TEST(a_record_is_chosen_by_name),
        TEST(columns_comments_and_continuation),
        TEST(text_ends_in_column_72),
        TEST(free_format_has_no_columns),
        TEST(what_is_no_copybook_is_refused),
        TEST(entries_are_checked),
        TEST(a_qualified_counter_is_found),
        TEST(qualifiers_of_a_count_are_limited),
        TEST(sizes_of_sources_are_limited),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
