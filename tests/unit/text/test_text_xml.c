/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/xml.h"

static struct sp_arena arena;
static struct sp_error err;

static int begin(void **state)
{
    sp_arena_init(&arena, (size_t)64 << 20);
    err = (struct sp_error)SP_ERROR_INIT;
    return 0;
}

static int end(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static struct sp_xml_element *parse(struct sp_str input)
{
    struct sp_xml_element *root = NULL;
    enum sp_status status = sp_xml_parse(input, "t.xml", &arena, NULL, &root, &err);
    if (status != SP_OK)
        print_message("# %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
    assert_int_equal(status, SP_OK);
    return root;
}

static void refused(struct sp_str input, enum sp_status expected, unsigned line, unsigned column,
                    const char *text)
{
    struct sp_xml_element *root = NULL;
    assert_int_equal(sp_xml_parse(input, "t.xml", &arena, NULL, &root, &err), expected);
    assert_null(root);
    assert_int_equal(err.status, expected);
    assert_string_equal(err.file, "t.xml");
    if (!strstr(err.text, text))
        print_message("# %s\n", err.text);
    assert_non_null(strstr(err.text, text));
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
}

static struct sp_str in_set(const char *utf8, const char *set)
{
    static char out[4096];
    iconv_t cd = iconv_open(set, "UTF-8");
    assert_true(cd != (iconv_t)-1);
    char *from = (char *)(uintptr_t)utf8, *to = out;
    size_t from_left = strlen(utf8), to_left = sizeof out;
    assert_int_equal(iconv(cd, &from, &from_left, &to, &to_left), 0);
    iconv_close(cd);
    return sp_str_from(out, sizeof out - to_left);
}

static void a_tree_keeps_order_places_and_text(void **state)
{
    struct sp_xml_element *root = parse(SP_STR("<?xml version='1.0'?>\n<!-- c -->\n<server a='1' b=''>\n"
                                               "  <x id='one'>t<![CDATA[<&>]]>u<?pi?>v</x><y/>\n"
                                               "    <x id=\"two\"> &lt;&#65; </x>\n</server>"));
    assert_true(sp_str_is(root->name, "server"));
    assert_int_equal(root->line, 3);
    assert_int_equal(root->column, 1);
    assert_null(root->parent);
    assert_true(sp_str_is(sp_xml_attribute(root, "a"), "1"));
    assert_true(sp_str_is(sp_xml_attribute(root, "b"), "") && sp_xml_attribute(root, "b").ptr);
    assert_null(sp_xml_attribute(root, "A").ptr);
    const struct sp_xml_element *x = sp_xml_child(root, "x");
    assert_true(sp_str_is(x->text, "t<&>uv"));
    assert_int_equal(x->line, 4);
    assert_int_equal(x->column, 3);
    const struct sp_xml_element *second = sp_xml_sibling(x, "x");
    assert_true(sp_str_is(sp_xml_attribute(second, "id"), "two"));
    assert_ptr_equal(second->parent, root);
    assert_null(sp_xml_sibling(second, "x"));
    assert_null(sp_xml_child(root, "z"));
    assert_true(sp_str_is(second->text, " <A "));
    assert_true(sp_str_is(sp_xml_child_text(root, "y"), ""));
    assert_null(sp_xml_child_text(root, "z").ptr);
}

static void attributes_have_places_of_their_own(void **state)
{
    const char *ends[] = {"\n", "\r\n", "\r"};
    for (size_t i = 0; i < 3; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "<s>%s<a one='>%s\xc3\xa9'  xmlns:p='u' p:two = \"'\"%s\tthree='' xmlnsx='4'/></s>", ends[i],
                 ends[i], ends[i]);
        const struct sp_xml_attribute *a = parse(sp_str_of(text))->first->attributes;
        assert_int_equal(a->line, 2);
        assert_int_equal(a->column, 4);
        assert_int_equal(a->next->line, 3);
        assert_int_equal(a->next->column, 17);
        assert_int_equal(a->next->next->line, 4);
        assert_int_equal(a->next->next->column, 2);
        assert_int_equal(a->next->next->next->column, 11);
    }
    struct sp_str utf16 = in_set("\xef\xbb\xbf<s>\n <a b='1'/></s>", "UTF-16BE");
    const struct sp_xml_attribute *b = parse(utf16)->first->attributes;
    assert_int_equal(b->line, 2);
    assert_int_equal(b->column, 2);
}

static void names_lose_their_prefix(void **state)
{
    struct sp_xml_element *root =
        parse(SP_STR("<p:s xmlns:p='urn:one' xmlns='urn:two' p:a='1'><t b='2'/></p:s>"));
    assert_true(sp_str_is(root->name, "s"));
    assert_true(sp_str_is(root->namespace, "urn:one"));
    assert_true(sp_str_is(sp_xml_attribute(root, "a"), "1"));
    assert_true(sp_str_is(root->first->namespace, "urn:two"));
    assert_true(sp_str_is(parse(SP_STR("<s/>"))->namespace, ""));
}

static void every_line_end_counts(void **state)
{
    const char *ends[] = {"\n", "\r\n", "\r"};
    for (size_t i = 0; i < 3; i++) {
        char text[200];
        snprintf(text, sizeof text, "<s>%s<a>x%sy</a>%s  <b/></s>", ends[i], ends[i], ends[i]);
        struct sp_xml_element *root = parse(sp_str_of(text));
        assert_true(sp_str_is(root->first->text, "x\ny"));
        assert_int_equal(root->first->line, 2);
        assert_int_equal(root->first->next->line, 4);
        assert_int_equal(root->first->next->column, 3);
    }
}

static void encodings_become_utf8(void **state)
{
    static const char *const sets[] = {"UTF-8",        "ISO-8859-1", "ISO-8859-15", "windows-1252", "IBM850",
                                       "ISO-8859-9",   "IBM1047",    "IBM-1047",    "IBM037",       "IBM1140",
                                       "EBCDIC-CP-US", "IBM500",     "IBM273",      "CP037"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "<?xml version=\"1.0\" encoding=\"%s\"?>\n<s a='\xc3\xa9[{$@!|#~}]'>x\ny</s>", sets[i]);
        struct sp_xml_element *root = parse(in_set(text, sets[i]));
        assert_true(sp_str_is(sp_xml_attribute(root, "a"), "\xc3\xa9[{$@!|#~}]"));
        assert_true(sp_str_is(root->text, "x\ny"));
        assert_int_equal(root->line, 2);
    }
    struct sp_str utf16 =
        in_set("\xef\xbb\xbf<?xml version='1.0' encoding='UTF-16'?><s a='\xe2\x82\xac'/>", "UTF-16BE");
    assert_true(sp_str_is(sp_xml_attribute(parse(utf16), "a"), "\xe2\x82\xac"));
    utf16 = in_set("\xef\xbb\xbf<s a='\xe2\x82\xac'/>", "UTF-16LE");
    assert_true(sp_str_is(sp_xml_attribute(parse(utf16), "a"), "\xe2\x82\xac"));
    assert_true(sp_str_is(parse(SP_STR("\xef\xbb\xbf<s/>"))->name, "s"));
    assert_true(sp_str_is(parse(SP_STR("<?xml version='1.0' encoding='utf8'?><s/>"))->name, "s"));
}

static void ebcdic_new_lines_are_x15_and_x25(void **state)
{
    /* <s>X'15'a</s> and <s>X'25'a</s>, undeclared, in IBM-1047 */
    struct sp_xml_element *root = parse(SP_STR("\x4c\xa2\x6e\x15\x81\x4c\x61\xa2\x6e"));
    assert_true(sp_str_is(root->text, "\na"));
    root = parse(SP_STR("\x15\x4c\xa2\x6e\x25\x81\x4c\x61\xa2\x6e"));
    assert_true(sp_str_is(root->text, "\na"));
    assert_int_equal(root->line, 2);
}

static void a_declaration_left_behind_by_a_conversion_is_seen_through(void **state)
{
    /* converted to UTF-8, still declaring EBCDIC */
    struct sp_xml_element *root = parse(SP_STR("<?xml version='1.0' encoding='IBM-1047'?><s a='\xc3\xa9'/>"));
    assert_true(sp_str_is(sp_xml_attribute(root, "a"), "\xc3\xa9"));
    /* stored in IBM-1047, still declaring UTF-8 */
    root = parse(in_set("<?xml version=\"1.0\" encoding=\"UTF-8\"?><s a='[]'/>", "IBM1047"));
    assert_true(sp_str_is(sp_xml_attribute(root, "a"), "[]"));
}

static void documents_that_cannot_be_read_say_where(void **state)
{
    refused(SP_STR(""), SP_ESYNTAX, 1, 1, "no element found");
    refused(SP_STR("<a>\n <b></a>"), SP_ESYNTAX, 2, 7, "mismatched tag");
    refused(SP_STR("<a>"), SP_ESYNTAX, 1, 4, "no element found");
    refused(SP_STR("<a x='1' x='2'/>"), SP_ESYNTAX, 1, 10, "duplicate attribute");
    refused(SP_STR("<a/>x"), SP_ESYNTAX, 1, 5, "junk after document element");
    refused(SP_STR("<a>\xff</a>"), SP_ESYNTAX, 1, 4, "not well-formed");
    refused(SP_STR("<p:a/>"), SP_ESYNTAX, 1, 1, "unbound prefix");
    refused(SP_STR("<a>&b;</a>"), SP_ESYNTAX, 1, 4, "undefined entity");
    refused(SP_STR("<?xml version='1.0' encoding='Shift_JIS'?><a/>"), SP_EUNSUPPORTED, 1, 1, "\"Shift_JIS\"");
    refused(SP_STR("<?xml version='1.0' encoding='no-such'?><a/>"), SP_EUNSUPPORTED, 1, 1,
            "save it as UTF-8");
    refused(SP_STR("<?xml version='1.0' encoding='ISO-8859-6'?><a>\xa1</a>"), SP_EINVAL, 1, 1, "X'A1'");
}

static void document_types_are_refused_before_anything_is_expanded(void **state)
{
    refused(SP_STR("<!DOCTYPE s><s/>"), SP_ESYNTAX, 1, 12, "<!DOCTYPE");
    refused(SP_STR("\n<!DOCTYPE s SYSTEM 'file:///etc/passwd'><s/>"), SP_ESYNTAX, 2, 40, "<!DOCTYPE");
    refused(SP_STR("<!DOCTYPE s [<!ENTITY a 'aaaa'>]><s>&a;</s>"), SP_ESYNTAX, 1, 13, "<!DOCTYPE");
}

static void limits_hold_at_their_value_and_not_beyond(void **state)
{
    const struct sp_xml_limits limits = {
        .bytes = 60, .depth = 3, .elements = 4, .attributes = 2, .namespaces = 2};
    const struct {
        const char *text;
        const char *refusal; /* NULL: accepted */
    } cases[] = {
        {"<a><b><c/></b></a>", NULL},
        {"<a><b><c><d/></c></b></a>", "nested more than 3"},
        {"<a><b/><b/><b/></a>", NULL},
        {"<a><b/><b/><b/><b/></a>", "more than 4 elements"},
        {"<a x='' y=''/>", NULL},
        {"<a x='' y='' z=''/>", "more than 2 attributes"},
        {"<a xmlns='u' xmlns:b='v'><c/></a>", NULL},
        {"<a xmlns='u'><b xmlns='v'/><b xmlns='v'/></a>", NULL},
        {"<a xmlns='u'><b xmlns='v' xmlns:c='w'/></a>", "more than 2 namespaces"},
        {"<a xmlns='u' xmlns:b='v' xmlns:c='w'/>", "more than 2 namespaces"},
        {"<a>456789012345678901234567890123456789012345678901234567</a>", "61 bytes, more than the 60"},
        {"<a>45678901234567890123456789012345678901234567890123456</a>", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_xml_element *root = NULL;
        enum sp_status status = sp_xml_parse(sp_str_of(cases[i].text), NULL, &arena, &limits, &root, &err);
        assert_int_equal(status, cases[i].refusal ? SP_ELIMIT : SP_OK);
        if (cases[i].refusal)
            assert_non_null(strstr(err.text, cases[i].refusal));
    }
}

static void an_arena_that_is_too_small_is_an_error(void **state)
{
    struct sp_arena small;
    struct sp_xml_element *root = NULL;
    sp_arena_init(&small, 100);
    assert_int_equal(sp_xml_parse(SP_STR("<a b='c'>d</a>"), NULL, &small, NULL, &root, &err), SP_ENOMEM);
    assert_null(root);
    sp_arena_finish(&small);
}

static void a_document_longer_than_one_feed_is_whole(void **state)
{
    size_t len = (size_t)5 << 20;
    char *text = malloc(len + 8);
    assert_non_null(text);
    memset(text, 'x', len + 8);
    memcpy(text, "<a>", 3);
    memcpy(text + len + 3, "</a>", 4);
    struct sp_xml_element *root = parse(sp_str_from(text, len + 7));
    assert_int_equal(root->text.len, len);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_keeps_order_places_and_text, begin, end),
        cmocka_unit_test_setup_teardown(attributes_have_places_of_their_own, begin, end),
        cmocka_unit_test_setup_teardown(names_lose_their_prefix, begin, end),
        cmocka_unit_test_setup_teardown(every_line_end_counts, begin, end),
        cmocka_unit_test_setup_teardown(encodings_become_utf8, begin, end),
        cmocka_unit_test_setup_teardown(ebcdic_new_lines_are_x15_and_x25, begin, end),
        cmocka_unit_test_setup_teardown(a_declaration_left_behind_by_a_conversion_is_seen_through, begin,
                                        end),
        cmocka_unit_test_setup_teardown(documents_that_cannot_be_read_say_where, begin, end),
        cmocka_unit_test_setup_teardown(document_types_are_refused_before_anything_is_expanded, begin, end),
        cmocka_unit_test_setup_teardown(limits_hold_at_their_value_and_not_beyond, begin, end),
        cmocka_unit_test_setup_teardown(an_arena_that_is_too_small_is_an_error, begin, end),
        cmocka_unit_test_setup_teardown(a_document_longer_than_one_feed_is_whole, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
