/* SPDX-License-Identifier: Apache-2.0 */
#include "build_files.h"

#include "artifact/schema_write.h"
#include "artifact/si.h"
#include "artifact/si_write.h"

/* An account enquiry: 103 bytes of text, zoned numbers with and without sign, dates that are redefined. */
static const char account[] = "01 ACCOUNT-ENQUIRY.\n"
                              "   03 ENQ-EYE            PIC X(4).\n"
                              "   03 ENQ-CUSTOMER       PIC 9(10).\n"
                              "   03 ENQ-SORT-CODE      PIC 9(6).\n"
                              "   03 ENQ-NUMBER         PIC 9(8).\n"
                              "   03 ENQ-TYPE           PIC X(8).\n"
                              "   03 ENQ-RATE           PIC 9(4)V99.\n"
                              "   03 ENQ-OPENED         PIC 9(8).\n"
                              "   03 ENQ-OPENED-PARTS REDEFINES ENQ-OPENED.\n"
                              "      05 ENQ-OPENED-DAY    PIC 99.\n"
                              "      05 ENQ-OPENED-MONTH  PIC 99.\n"
                              "      05 ENQ-OPENED-YEAR   PIC 9999.\n"
                              "   03 ENQ-OVERDRAFT      PIC 9(8).\n"
                              "   03 ENQ-LAST           PIC 9(8).\n"
                              "   03 ENQ-NEXT           PIC 9(8).\n"
                              "   03 ENQ-AVAILABLE      PIC S9(10)V99.\n"
                              "   03 ENQ-ACTUAL         PIC S9(10)V99.\n"
                              "   03 ENQ-SUCCESS        PIC X.\n"
                              "   03 ENQ-PCB            PIC X(4).\n";

#define SERVICE                                                                                  \
    "name=enquire\nversion=1.2\ndescription=Ask for an account\nprovider=cics\nprogram=ENQACC\n" \
    "connectionRef=cicsConn\nrequestStructure=account.cpy\n"

#define CHANNEL "name=x\nprovider=cics\nprogramInterface=CHANNEL\nprogram=P\nconnectionRef=c\n"

static void an_account_enquiry_comes_back_field_by_field(void **state)
{
    static const struct {
        const char *name;
        enum sp_field_type type;
        unsigned offset, bytes, scale;
        bool is_signed, hidden;
    } rows[] = {
        {"ENQ_EYE", SP_FIELD_CHAR, 0, 4, 0, 0, 0},
        {"ENQ_CUSTOMER", SP_FIELD_ZONED, 4, 10, 0, 0, 0},
        {"ENQ_SORT_CODE", SP_FIELD_ZONED, 14, 6, 0, 0, 0},
        {"ENQ_NUMBER", SP_FIELD_ZONED, 20, 8, 0, 0, 0},
        {"ENQ_TYPE", SP_FIELD_CHAR, 28, 8, 0, 0, 0},
        {"ENQ_RATE", SP_FIELD_ZONED, 36, 6, 2, 0, 0},
        {"ENQ_OPENED", SP_FIELD_ZONED, 42, 8, 0, 0, 0},
        {"ENQ_OPENED_PARTS", SP_FIELD_STRUCT, 42, 8, 0, 0, 1},
        {"ENQ_OVERDRAFT", SP_FIELD_ZONED, 50, 8, 0, 0, 0},
        {"ENQ_LAST", SP_FIELD_ZONED, 58, 8, 0, 0, 0},
        {"ENQ_NEXT", SP_FIELD_ZONED, 66, 8, 0, 0, 0},
        {"ENQ_AVAILABLE", SP_FIELD_ZONED, 74, 12, 2, 1, 0},
        {"ENQ_ACTUAL", SP_FIELD_ZONED, 86, 12, 2, 1, 0},
        {"ENQ_SUCCESS", SP_FIELD_CHAR, 98, 1, 0, 0, 0},
        {"ENQ_PCB", SP_FIELD_CHAR, 99, 4, 0, 0, 0},
    };
    struct fixture *f = *state;
    put_copybook(f, "account.cpy", account);
    const struct sp_sar *sar = built(f, SERVICE);
    assert_true(sp_str_is(sar->name, "enquire"));
    assert_true(sp_str_is(sar->version, "1.2"));
    assert_true(sp_str_is(sar->description, "Ask for an account"));
    assert_true(sp_str_is(sar->provider, "CICS-1.0"));
    assert_true(sp_str_is(sar->ccsid, "IBM037"));
    assert_true(sp_str_is(sp_sar_property(sar, "program"), "ENQACC"));
    assert_true(sp_str_is(sp_sar_property(sar, "connectionRef"), "cicsConn"));
    assert_true(sar->conversion.trim_output_trailing);
    assert_ptr_equal(sar->request, sar->response);
    assert_true(sp_str_is(sar->request->segments->original, "COMMAREA"));
    assert_int_equal(sar->request->segments->bytes, 103);
    const struct sp_field *field = sar->request->segments->first->first;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, field = field->next) {
        assert_true(sp_str_is(field->name, rows[i].name));
        assert_int_equal(field->type, rows[i].type);
        assert_int_equal(field->offset, rows[i].offset);
        assert_int_equal(field->bytes, rows[i].bytes);
        assert_int_equal(field->scale, rows[i].scale);
        assert_int_equal(field->is_signed, rows[i].is_signed);
        assert_int_equal(field->included, !rows[i].hidden);
        assert_int_equal(field->redefines, rows[i].hidden);
    }
    assert_null(field);
}

static void the_same_source_makes_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy", account);
    assert_int_equal(build_service(f, SERVICE), SP_OK);
    struct sp_str first = sp_arena_str(&f->arena, sp_buf_str(&f->archive));
    assert_int_equal(build_service(f, SERVICE), SP_OK);
    assert_true(sp_str_eq(first, sp_buf_str(&f->archive)));
}

static void schemas_have_the_limits_of_the_fields(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy",
                 "01 R.\n"
                 "   05 T PIC X(4).\n"
                 "   05 U PIC N(3).\n"
                 "   05 I PIC 9(4).\n"
                 "   05 S PIC S9(8) COMP.\n"
                 "   05 D PIC S9(3)V99 COMP-3.\n"
                 "   05 V PIC V99.\n"
                 "   05 N PIC S9(4) COMP-5.\n"
                 "   05 M PIC 9(9) COMP-5.\n"
                 "   05 L PIC S9(18) COMP-5.\n"
                 "   05 K PIC 9(18) COMP-5.\n"
                 "   05 F COMP-1.\n"
                 "   05 G COMP-2.\n"
                 "   05 A PIC 9 OCCURS 3.\n"
                 "   05 B OCCURS 2.\n"
                 "      10 C PIC X.\n"
                 "   05 FILLER.\n"
                 "      10 X PIC X.\n");
    const struct sp_sar *sar = built(f, SERVICE "describe.T=A \"text\"\n");
    const char *expected =
        "{\"type\":\"object\",\"properties\":{\"R\":{\"type\":\"object\",\"properties\":{"
        "\"T\":{\"maxLength\":4,\"type\":\"string\",\"description\":\"A \\\"text\\\"\"},"
        "\"U\":{\"maxLength\":3,\"type\":\"string\"},"
        "\"I\":{\"minimum\":0,\"maximum\":9999,\"type\":\"integer\"},"
        "\"S\":{\"minimum\":-99999999,\"maximum\":99999999,\"type\":\"integer\"},"
        "\"D\":{\"multipleOf\":0.01,\"minimum\":-999.99,\"maximum\":999.99,\"type\":\"number\",\"format\":"
        "\"decimal\"},"
        "\"V\":{\"multipleOf\":0.01,\"minimum\":0,\"maximum\":0.99,\"type\":\"number\",\"format\":"
        "\"decimal\"},"
        "\"N\":{\"minimum\":-32768,\"maximum\":32767,\"type\":\"integer\"},"
        "\"M\":{\"minimum\":0,\"maximum\":4294967295,\"type\":\"integer\"},"
        "\"L\":{\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807,\"type\":\"integer\"},"
        "\"K\":{\"minimum\":0,\"maximum\":18446744073709551615,\"type\":\"integer\"},"
        "\"F\":{\"type\":\"number\",\"format\":\"float\"},"
        "\"G\":{\"type\":\"number\",\"format\":\"double\"},"
        "\"A\":{\"type\":\"array\",\"maxItems\":3,\"minItems\":3,\"items\":"
        "{\"minimum\":0,\"maximum\":9,\"type\":\"integer\"}},"
        "\"B\":{\"type\":\"array\",\"maxItems\":2,\"minItems\":2,\"items\":{\"type\":\"object\","
        "\"properties\":"
        "{\"C\":{\"maxLength\":1,\"type\":\"string\"}}}}}}}}";
    struct sp_json_value *tree = NULL;
    struct sp_json_writer writer;
    struct sp_buf compact;
    sp_buf_init(&compact, 1 << 16);
    assert_int_equal(sp_json_parse(sar->request_schema, &f->arena, NULL, &tree, &f->err), SP_OK);
    sp_json_writer_init(&writer, &compact, 0);
    sp_json_tree(&writer, tree);
    sp_buf_append_byte(&compact, 0);
    assert_string_equal((char *)compact.ptr, expected);
    sp_buf_finish(&compact);
}

/* ---------------------------------------------------------------- round trips */

static const struct sp_field *skip_slack(const struct sp_field *f)
{
    while (f && sp_str_starts(f->name, SP_STR("SLACK_")))
        f = f->next;
    return f;
}

static void assert_same(const struct sp_field *a, const struct sp_field *b)
{
    for (b = skip_slack(b); a; a = a->next, b = skip_slack(b->next)) {
        if (!b || !sp_str_eq(a->name, b->name))
            fail_msg("%.*s became %.*s", SP_STR_ARG(a->name), SP_STR_ARG(b ? b->name : SP_STR("nothing")));
        if (a->type != b->type || a->offset != b->offset || a->bytes != b->bytes || a->digits != b->digits ||
            a->scale != b->scale || a->is_signed != b->is_signed || a->sign_leading != b->sign_leading ||
            a->sign_separate != b->sign_separate || a->native != b->native || a->utf16 != b->utf16 ||
            a->redefines != b->redefines || a->included != b->included || a->is_counter != b->is_counter ||
            a->min_occurs != b->min_occurs || a->max_occurs != b->max_occurs ||
            a->element_bytes != b->element_bytes || a->has_default != b->has_default ||
            a->default_is_hex != b->default_is_hex || !sp_str_eq(a->default_value, b->default_value) ||
            !sp_str_eq(a->original, b->original) || !sp_str_eq(a->remarks, b->remarks))
            fail_msg("%.*s is not the same", SP_STR_ARG(a->name));
        if (!a->counter != !b->counter || (a->counter && !sp_str_eq(a->counter->name, b->counter->name)))
            fail_msg("%.*s has another counter", SP_STR_ARG(a->name));
        assert_same(a->first, b->first);
    }
    assert_null(b);
}

static void a_layout_survives_being_written_and_read(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy",
                 "01 R.\n"
                 "   05 N PIC 9(2).\n"
                 "   05 A PIC X.\n"
                 "   05 H PIC S9(4) COMP SYNC.\n"
                 "   05 ROW OCCURS 0 TO 9 DEPENDING ON N.\n"
                 "      10 X PIC X.\n"
                 "      10 W PIC S9(9) COMP SYNC.\n"
                 "      10 H2 PIC 9(4) COMP.\n"
                 "      10 W2 REDEFINES H2 PIC X.\n"
                 "      10 D COMP-2 SYNC.\n"
                 "      10 M PIC S9(3) SIGN LEADING SEPARATE.\n"
                 "      10 CELL OCCURS 1 TO 3 DEPENDING ON M PIC S9(5)V99 COMP-3.\n"
                 "      10 G.\n"
                 "         15 L PIC S9(18) COMP-5 SYNC.\n"
                 "         15 Y PIC N(2).\n"
                 "   05 LAST-ONE PIC S9(3)V9 COMP.\n");
    const char *text = SERVICE "default.A=X'C1'\ndefault.LAST-ONE=1.5\ndescribe.ROW=<a> & \"b\"\n"
                               "rename.CELL=cells of a row\n";
    const struct sp_sar *sar = built(f, text);
    struct sp_service_source source;
    struct sp_service_interfaces made;
    struct sp_build_files files = {load, f};
    assert_int_equal(sp_service_source_read(sp_str_of(text), "x", &f->arena, &source, &f->err), SP_OK);
    assert_int_equal(sp_service_build(&source, &files, &f->arena, &made, &f->err), SP_OK);
    assert_same(made.request->segments->first, sar->request->segments->first);
    assert_int_equal(made.request->segments->bytes, sar->request->segments->bytes);
    assert_int_equal(made.request->segments->min_bytes, sar->request->segments->min_bytes);
}

static void a_channel_has_a_container_for_each_copybook(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "head.cpy", "01 HEAD.\n   05 H PIC X(40000).\n01 TRAILER.\n   05 T PIC X.");
    put_copybook(f, "answer.cpy", "   03 A PIC X(2).");
    const struct sp_sar *sar =
        built(f, "name=claims\nprogram=CLAIM\nprogramInterface=CHANNEL\nconnectionRef=c\nccsid=1047\n"
                 "requestStructure=head.cpy, head.cpy\nrequestRecord=HEAD, TRAILER\n"
                 "requestContainer=IN-HEAD, IN-TRAILER\n"
                 "responseStructure=answer.cpy\nresponseContainer=OUT\n");
    assert_true(sar->request->is_channel && sar->response->is_channel);
    assert_true(sp_str_is(sar->ccsid, "IBM1047"));
    assert_int_equal(sar->request->segment_count, 2);
    assert_true(sp_str_is(sar->request->segments->original, "IN-HEAD"));
    assert_true(sar->request->segments->required && sar->request->segments->is_bit);
    assert_int_equal(sar->request->segments->bytes, 40000);
    assert_true(sp_str_is(sar->request->segments->next->first->name, "TRAILER"));
    assert_true(sp_str_is(sar->response->segments->first->name, "ANSWER")); /* around a source without 01 */
    assert_non_null(strstr(sar->request_schema.ptr, "\"claimsOperation\""));
    assert_non_null(strstr(sar->response_schema.ptr, "\"claimsOperationResponse\""));
    assert_non_null(strstr(sar->request_schema.ptr, "\"required\""));
}

static void another_provider_has_a_record(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy", "01 R PIC X(40000).");
    const struct sp_sar *sar =
        built(f, "name=q\nprovider=MQ-1.0\nconnectionRef=c\nrequestStructure=account.cpy\n"
                 "property.destination=jms/default\n");
    assert_true(sp_str_is(sar->provider, "MQ-1.0"));
    assert_true(sp_str_is(sar->request->segments->original, "RECORD"));
    assert_true(sp_str_is(sp_sar_property(sar, "destination"), "jms/default"));
    assert_null(sp_sar_property(sar, "program").ptr);
}

/* ---------------------------------------------------------------- rules */

static void rules_change_fields(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy", account);
    const struct sp_sar *sar =
        built(f, SERVICE "# a comment \\\n"
                         "rename.account-enquiry = Enquiry\n"
                         "rename.ENQ_NUMBER=number\n"
                         "exclude=ENQ-PCB,\\\n   ENQ-OPENED\n"
                         "include=ENQ-OPENED-PARTS\n"
                         "default.ENQ-EYE=ACCT\n"
                         "describe.ENQ-TYPE=ISA, LOAN\n"
                         "omitOutputEmptyTags=true\nomitOutputFieldsByValueByte=0x40\n");
    const struct sp_field *r = sar->request->segments->first;
    assert_true(sp_str_is(r->name, "Enquiry"));
    assert_true(sp_str_is(r->original, "ACCOUNT_ENQUIRY"));
    assert_true(sp_str_is(child(r, "number")->original, "ENQ_NUMBER"));
    assert_false(child(r, "ENQ_PCB")->included);
    assert_false(child(r, "ENQ_OPENED")->included);
    assert_true(child(r, "ENQ_OPENED_PARTS")->included);
    assert_true(child(child(r, "ENQ_OPENED_PARTS"), "ENQ_OPENED_YEAR")->included);
    assert_true(sp_str_is(child(r, "ENQ_EYE")->default_value, "ACCT"));
    assert_true(sp_str_is(child(r, "ENQ_TYPE")->remarks, "ISA, LOAN"));
    assert_true(sar->conversion.omit_output_empty);
    assert_int_equal(sar->conversion.omit_output_byte, 0x40);
}

static void a_rule_may_be_for_one_side(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy", account);
    const struct sp_sar *sar =
        built(f, SERVICE "response.exclude=ENQ-EYE\nrequest.default.ENQ-EYE=X'C1C2'\n");
    const struct sp_field *request = sar->request->segments->first,
                          *response = sar->response->segments->first;
    assert_true(child(request, "ENQ_EYE")->included);
    assert_false(child(response, "ENQ_EYE")->included);
    assert_true(child(request, "ENQ_EYE")->default_is_hex);
    assert_true(sp_str_is(child(request, "ENQ_EYE")->default_value, "\xc1\xc2"));
    assert_false(child(response, "ENQ_EYE")->has_default);
}

static void names_may_be_written_as_camels(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy",
                 "01 MY-REC.\n05 A--B PIC X.\n05 C1-D OCCURS 2.\n10 E-FG-HI PIC X.\n05 PIC X.");
    const struct sp_sar *sar = built(f, SERVICE "names=camel\nrename.A--B=Kept\n");
    const struct sp_field *r = sar->request->segments->first;
    assert_true(sp_str_is(r->name, "myRec"));
    child(r, "Kept");
    child(child(r, "c1D"), "eFgHi");
    child(r, "fill0");
}

static void an_ambiguous_item_is_qualified(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "account.cpy",
                 "01 R.\n05 G.\n10 N PIC X.\n05 H.\n07 I.\n10 N PIC X.\n05 O OCCURS 2.\n10 P PIC X.");
    assert_error(f, build_service(f, SERVICE "rename.N=x\n"), SP_EINVAL, "x.properties", 8,
                 "there are 2 items named N");
    const struct sp_sar *sar = built(f, SERVICE "rename.G.N=x\nrename.R.H.N=y\nrename.O=z\n");
    const struct sp_field *r = sar->request->segments->first;
    child(child(r, "G"), "x");
    child(child(child(r, "H"), "I"), "y");
    assert_true(sp_str_is(child(r, "z")->first->name, "z"));
    assert_error(f, build_service(f, SERVICE "rename.H.G.N=x\n"), SP_ENOTFOUND, "x.properties", 8,
                 "there is no item named H.G.N");
}

/* ---------------------------------------------------------------- errors */

static void properties_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        enum sp_status status;
        unsigned line;
        const char *message;
    } cases[] = {
        {"", SP_EINVAL, 0, "name is missing"},
        {"name=x\n", SP_EINVAL, 0, "program is missing"},
        {"name=x\nprogram=P\n", SP_EINVAL, 0, "connectionRef is missing"},
        {"name=x\nprogram=P\nconnectionRef=c\n", SP_EINVAL, 0, "requestStructure, the copybook, is missing"},
        {"name=a/b\n", SP_EINVAL, 1, "\"a/b\" cannot be the name"},
        {"\n# c\nhello\n", SP_ESYNTAX, 3, "\"hello\" is no key=value"},
        {"=x\n", SP_ESYNTAX, 1, "is no key=value"},
        {"name=x\nname=y\n", SP_EEXISTS, 2, "name is given twice"},
        {"progam=x\n", SP_EINVAL, 1, "there is no key \"progam\"; did you mean \"program\"?"},
        {"nothing.like.it=x\n", SP_EINVAL, 1, "there is no key \"nothing.like.it\""},
        {"programInterface=AREA\n", SP_EINVAL, 1, "COMMAREA or CHANNEL"},
        {"language=PLI\n", SP_EUNSUPPORTED, 1, "language \"PLI\""},
        {"ccsid=none\n", SP_EINVAL, 1, "code page \"none\" is not known"},
        {"names=snake\n", SP_EINVAL, 1, "names is cobol or camel"},
        {"sourceFormat=other\n", SP_EINVAL, 1, "sourceFormat is fixed or free"},
        {"sync=other\n", SP_EINVAL, 1, "sync is zos or gnucobol"},
        {"omitOutputEmptyTags=yes\n", SP_EINVAL, 1, "true or false"},
        {"omitOutputFieldsByValueByte=40\n", SP_EINVAL, 1, "one byte from 0x00 to 0xff"},
        {"omitOutputFieldsByValueByte=0x4\n", SP_EINVAL, 1, "one byte from 0x00 to 0xff"},
        {"property.=x\n", SP_EINVAL, 1, "the property has no name"},
        {"rename.A=\n", SP_EINVAL, 1, "A needs a new name"},
        {"rename.=x\n", SP_EINVAL, 1, "the name of an item is missing"},
        {"include=A,,B\n", SP_EINVAL, 1, "the name of an item is missing"},
        {"default.A=X'C'\n", SP_EINVAL, 1, "no hexadecimal literal"},
        {"requestStructure=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", SP_ELIMIT, 1,
         "at most 16 containers"},
        {SERVICE "property.connectionRef=d\n", SP_EEXISTS, 0, "property connectionRef is given twice"},
        {CHANNEL "requestStructure=1,2,,4\nrequestContainer=A,B\n", SP_EINVAL, 0,
         "requestStructure names no copybook between two commas"},
        {CHANNEL "requestStructure=1,2,3\nrequestContainer=A,,C\n", SP_EINVAL, 0,
         "requestContainer must name a container for each copybook"},
        {SERVICE "requestContainer=C\n", SP_EINVAL, 0, "requestContainer names more containers"},
        {SERVICE "requestRecord=A,B\n", SP_EINVAL, 0, "requestRecord names more records"},
        {SERVICE "programInterface=CHANNEL\n", SP_EINVAL, 0, "requestContainer must name a container"},
        {"name=x\nprogram=P\nconnectionRef=c\nrequestStructure=a,b\n", SP_EINVAL, 0,
         "only a channel has several"},
        {"name=x\nprovider=mq\nprogramInterface=CHANNEL\nconnectionRef=c\n", SP_EINVAL, 0,
         "only CICS has channels"},
        {"name=\xff\n", SP_ESYNTAX, 0, "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_error(f, build_service(f, cases[i].text), cases[i].status, "x.properties", cases[i].line,
                     cases[i].message);
}

static void the_lines_of_a_properties_file_are_limited(void **state)
{
    struct fixture *f = *state;
    struct sp_buf text;
    struct sp_service_source source;
    sp_buf_init(&text, 1 << 20);
    sp_buf_append_fill(&text, '\n', 4999);
    enum sp_status status =
        sp_service_source_read(sp_buf_str(&text), "x.properties", &f->arena, &source, &f->err);
    assert_error(f, status, SP_EINVAL, "x.properties", 0, "name is missing");
    sp_buf_append_fill(&text, '\n', 1);
    status = sp_service_source_read(sp_buf_str(&text), "x.properties", &f->arena, &source, &f->err);
    assert_error(f, status, SP_ELIMIT, "x.properties", 0, "more than 5000 lines");
    sp_buf_reset(&text);
    sp_buf_printf(&text, "include=A");
    for (int i = 0; i < 5000; i++)
        sp_buf_printf(&text, ",A");
    status = sp_service_source_read(sp_buf_str(&text), "x.properties", &f->arena, &source, &f->err);
    assert_error(f, status, SP_ELIMIT, "x.properties", 1, "more than 5000 rules");
    sp_buf_finish(&text);
}

static void copybooks_are_named_in_errors(void **state)
{
    struct fixture *f = *state;
    assert_error(f, build_service(f, SERVICE), SP_ENOTFOUND, "", 0, "there is no file account.cpy");
    put_copybook(f, "account.cpy", "01 R.\n05 A PIC Q.");
    assert_error(f, build_service(f, SERVICE), SP_ESYNTAX, "account.cpy", 2, "PICTURE Q");
    put_copybook(f, "account.cpy", "01 R.\n05 A PIC X.\n05 B PIC X(32763).");
    assert_error(f, build_service(f, SERVICE), SP_ELIMIT, "account.cpy", 1, "at most 32763");
    put_copybook(f, "account.cpy", "01 R.\n05 A PIC X.\n05 B PIC X.");
    assert_error(f, build_service(f, SERVICE "rename.B=A\n"), SP_EEXISTS, "account.cpy", 3,
                 "two included fields");
    assert_error(f, build_service(f, SERVICE "default.A=X'C1C2'\n"), SP_ELIMIT, "x.properties", 8,
                 "the default of A has 2 bytes, the item 1");
    assert_error(f, build_service(f, SERVICE "default.R=x\n"), SP_EINVAL, "x.properties", 8,
                 "only items have defaults");
    assert_error(f, build_service(f, SERVICE "exclude=Z\n"), SP_ENOTFOUND, "x.properties", 8,
                 "no item named Z");
    assert_int_equal(f->archive.len, 0);
}

static void an_archive_that_does_not_fit_is_not_given(void **state)
{
    struct fixture *f = *state;
    struct sp_buf small;
    struct sp_service_source source;
    struct sp_build_files files = {load, f};
    put_copybook(f, "account.cpy", account);
    sp_buf_init(&small, 500);
    assert_int_equal(sp_service_source_read(SP_STR(SERVICE), "x", &f->arena, &source, &f->err), SP_OK);
    assert_int_equal(sp_sar_write(&source, &files, &f->arena, &small, &f->err), SP_ELIMIT);
    assert_int_equal(small.len, 0);
    sp_buf_finish(&small);
}

static void a_channel_has_sixteen_containers_and_no_more(void **state)
{
    struct fixture *f = *state;
    for (unsigned count = SP_SERVICE_CONTAINERS_MAX; count <= SP_SERVICE_CONTAINERS_MAX + 1; count++) {
        char text[1000], names[2][200] = {"", ""};
        struct sp_service_source source;
        for (unsigned i = 0; i < count; i++) {
            snprintf(names[0] + strlen(names[0]), 20, "%sc%u.cpy", i ? "," : "", i);
            snprintf(names[1] + strlen(names[1]), 20, "%sC%u", i ? ", " : "", i);
        }
        snprintf(text, sizeof text, CHANNEL "requestStructure=%s\nrequestContainer=%s\n", names[0], names[1]);
        enum sp_status status =
            sp_service_source_read(sp_str_of(text), "x.properties", &f->arena, &source, &f->err);
        if (count > SP_SERVICE_CONTAINERS_MAX) {
            assert_error(f, status, SP_ELIMIT, "x.properties", 6, "there are at most 16 containers");
            break;
        }
        if (status != SP_OK)
            fail_msg("%s", f->err.text);
        assert_int_equal(source.request.count, SP_SERVICE_CONTAINERS_MAX);
        assert_true(sp_str_is(source.request.containers[15], "C15"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_enquiry_comes_back_field_by_field),
        TEST(the_same_source_makes_the_same_bytes),
        TEST(schemas_have_the_limits_of_the_fields),
        TEST(a_layout_survives_being_written_and_read),
        TEST(a_channel_has_a_container_for_each_copybook),
        TEST(another_provider_has_a_record),
        TEST(rules_change_fields),
        TEST(a_rule_may_be_for_one_side),
        TEST(names_may_be_written_as_camels),
        TEST(an_ambiguous_item_is_qualified),
        TEST(properties_are_checked),
        TEST(the_lines_of_a_properties_file_are_limited),
        TEST(copybooks_are_named_in_errors),
        TEST(a_channel_has_sixteen_containers_and_no_more),
        TEST(an_archive_that_does_not_fit_is_not_given),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
