/* SPDX-License-Identifier: Apache-2.0 */
#include "si_compose.h"

/* ---------------------------------------------------------------- types */

static void every_datatype_is_read(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *type;
        unsigned bytes;
        struct sp_field expected;
    } cases[] = {
        {"C", CHAR, 7, {.type = SP_FIELD_CHAR}},
        {"U", UTF16, 6, {.type = SP_FIELD_CHAR, .utf16 = true}},
        {"Z1", ZONED("N", "N", "N", "5", "0"), 5, {.type = SP_FIELD_ZONED, .digits = 5}},
        {"Z2",
         ZONED("Y", "N", "N", "12", "2"),
         12,
         {.type = SP_FIELD_ZONED, .is_signed = true, .digits = 12, .scale = 2}},
        {"Z3",
         ZONED("Y", "Y", "N", "4", "0"),
         4,
         {.type = SP_FIELD_ZONED, .is_signed = true, .sign_leading = true, .digits = 4}},
        {"Z4",
         ZONED("Y", "Y", "Y", "4", "4"),
         5,
         {.type = SP_FIELD_ZONED,
          .is_signed = true,
          .sign_leading = true,
          .sign_separate = true,
          .digits = 4,
          .scale = 4}},
        {"Z5",
         ZONED("Y", "N", "Y", "31", "0"),
         32,
         {.type = SP_FIELD_ZONED, .is_signed = true, .sign_separate = true, .digits = 31}},
        {"P1",
         PACKED("Y", "7", "2"),
         4,
         {.type = SP_FIELD_PACKED, .is_signed = true, .digits = 7, .scale = 2}},
        {"P2", PACKED("N", "18", "0"), 10, {.type = SP_FIELD_PACKED, .digits = 18}},
        {"S", BINARY("SHORT", "N", "4"), 2, {.type = SP_FIELD_BINARY, .is_signed = true, .digits = 4}},
        {"I", BINARY("INT", "N", "8"), 4, {.type = SP_FIELD_BINARY, .is_signed = true, .digits = 8}},
        {"L", BINARY("LONG", "N", "18"), 8, {.type = SP_FIELD_BINARY, .is_signed = true, .digits = 18}},
        {"N",
         BINARY("INT", "Y", "9"),
         4,
         {.type = SP_FIELD_BINARY, .is_signed = true, .native = true, .digits = 9}},
        {"W",
         "<applicationDatatype datatype='INT'/>",
         4,
         {.type = SP_FIELD_BINARY, .is_signed = true, .native = true, .digits = 10}},
        {"US", BINARY("USHORT", "N", "4"), 2, {.type = SP_FIELD_BINARY, .digits = 4}},
        {"UL",
         "<applicationDatatype datatype='ULONG'/>",
         8,
         {.type = SP_FIELD_BINARY, .native = true, .digits = 20}},
        {"UI",
         "<marshaller isNativeInteger='N' isSigned='N'/>"
         "<applicationDatatype datatype='INT' precision='9' scale='2'/>",
         4,
         {.type = SP_FIELD_BINARY, .digits = 9, .scale = 2}},
        {"B",
         "<applicationDatatype datatype='BYTE'/>",
         1,
         {.type = SP_FIELD_BINARY, .is_signed = true, .native = true, .digits = 3}},
        {"F", FLOAT, 4, {.type = SP_FIELD_FLOAT, .is_signed = true}},
        {"D", DOUBLE, 8, {.type = SP_FIELD_DOUBLE, .is_signed = true}},
    };
    unsigned count = sizeof cases / sizeof *cases, total = 0, at = 0;
    for (unsigned i = 0; i < count; i++)
        total += cases[i].bytes;
    begin(f, total);
    for (unsigned i = 0; i < count; at += cases[i++].bytes)
        leaf(&f->xml, cases[i].name, "", at + 1, cases[i].bytes, cases[i].type);
    end(f);
    assert_ok(f, read_si(f));
    assert_int_equal(f->si->segments->bytes, total);
    assert_int_equal(f->si->field_count, count + 1);
    at = 0;
    for (unsigned i = 0; i < count; at += cases[i++].bytes) {
        const struct sp_field *is = child(top(f), cases[i].name), *want = &cases[i].expected;
        assert_int_equal(is->type, want->type);
        assert_int_equal(is->offset, at);
        assert_int_equal(is->bytes, cases[i].bytes);
        assert_int_equal(is->index, i + 1);
        assert_int_equal(is->utf16, want->utf16);
        assert_int_equal(is->is_signed, want->is_signed);
        assert_int_equal(is->sign_leading, want->sign_leading);
        assert_int_equal(is->sign_separate, want->sign_separate);
        assert_int_equal(is->native, want->native);
        assert_int_equal(is->digits, want->digits);
        assert_int_equal(is->scale, want->scale);
        assert_true(is->included);
        assert_false(is->has_default);
    }
}

static void bytes_must_agree_with_the_type(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type;
        unsigned bytes;
        const char *text;
    } cases[] = {
        {ZONED("N", "N", "N", "5", "0"), 6, "has 6 bytes, but a zoned number of 5 digits has 5"},
        {ZONED("Y", "N", "Y", "5", "0"), 5, "5 digits with a separate sign has 6"},
        {ZONED("N", "N", "Y", "5", "0"), 6, "separate sign, but is unsigned"},
        {PACKED("Y", "7", "2"), 5, "has 5 bytes, but a packed number of 7 digits has 4"},
        {BINARY("SHORT", "N", "4"), 4, "is SHORT and has 4 bytes instead of 2"},
        {BINARY("INT", "N", "9"), 2, "is INT and has 2 bytes instead of 4"},
        {BINARY("LONG", "N", "18"), 4, "is LONG and has 4 bytes instead of 8"},
        {BINARY("SHORT", "N", "5"), 2, "SHORT of 5 digits; there are at most 4"},
        {BINARY("SHORT", "Y", "6"), 2, "has 6 digits, but 2 bytes hold 1 to 5"},
        {FLOAT, 8, "is FLOAT and has 8 bytes instead of 4"},
        {DOUBLE, 4, "is DOUBLE and has 4 bytes instead of 8"},
        {UTF16, 5, "is UTF-16 and has 5 bytes, an odd number"},
        {CHAR, 0, "has no bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(f, one_leaf(f, "", cases[i].bytes, cases[i].type), SP_EINVAL, cases[i].text);
    assert_non_null(strstr(f->err.text, "field T"));
}

static void decimals_have_1_to_31_digits(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, one_leaf(f, "", 31, ZONED("N", "N", "N", "31", "31")));
    assert_refused(f, one_leaf(f, "", 32, ZONED("N", "N", "N", "32", "0")), SP_EINVAL, "1 to 31");
    assert_refused(f, one_leaf(f, "", 1, PACKED("N", "0", "0")), SP_EINVAL, "0 digits");
    assert_ok(f, one_leaf(f, "", 16, PACKED("N", "31", "0")));
    assert_refused(f, one_leaf(f, "", 17, PACKED("N", "32", "0")), SP_EINVAL, "1 to 31");
    assert_refused(f, one_leaf(f, "", 3, ZONED("N", "N", "N", "3", "4")), SP_EINVAL,
                   "3 digits and 4 of them behind the point");
    assert_refused(f,
                   one_leaf(f, "", 3,
                            "<marshaller><typeConverter>ZONEDDECIMAL</typeConverter></marshaller>"
                            "<applicationDatatype datatype='DECIMAL'/>"),
                   SP_EINVAL, "has no precision");
}

static void what_is_not_supported_is_said(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, one_leaf(f, "", 1, "<applicationDatatype datatype='BIT'/>"), SP_EUNSUPPORTED,
                   "datatype \"BIT\"; supported are STRUCT, ARRAY, CHAR");
    assert_refused(f, one_leaf(f, "", 1, ""), SP_EINVAL, "datatype \"\"");
    assert_refused(f, one_leaf(f, "", 4, "<applicationDatatype datatype='DECIMAL' precision='4'/>"),
                   SP_EUNSUPPORTED, "type converter \"\"");
    assert_refused(f,
                   one_leaf(f, "", 8,
                            "<marshaller isSigned='N' isWCHAROnly='Y'><typeConverter>ZONEDDECIMAL"
                            "</typeConverter></marshaller>"
                            "<applicationDatatype datatype='DECIMAL' precision='4' scale='0'/>"),
                   SP_EUNSUPPORTED, "isWCHAROnly");
    assert_refused(f, one_leaf(f, "", 4, "<marshaller encoding='UTF-8'/>" CHAR), SP_EUNSUPPORTED,
                   "encoding \"UTF-8\"");
    assert_refused(f, one_leaf(f, "", 4, "<marshaller alignment='PAGE'/>" CHAR), SP_EUNSUPPORTED,
                   "alignment \"PAGE\"");
    assert_refused(f, one_leaf(f, "codepageConversion='N'", 4, CHAR), SP_EUNSUPPORTED, "exclude it");
    assert_ok(f, one_leaf(f, "included='N' codepageConversion='N'", 4, CHAR));
}

static void defaults_are_text_or_bytes(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, one_leaf(f, "defaultValue='' isHex='false'", 4, CHAR));
    assert_false(child(top(f), "X")->has_default);
    assert_ok(f, one_leaf(f, "included='N' defaultValue='D' isHex='false'", 1, CHAR));
    const struct sp_field *x = child(top(f), "X");
    assert_true(x->has_default);
    assert_false(x->default_is_hex);
    assert_false(x->included);
    assert_true(sp_str_is(x->default_value, "D"));
    assert_ok(f, one_leaf(f, "defaultValue='0xC1c2' isHex='true'", 2, CHAR));
    x = child(top(f), "X");
    assert_true(x->default_is_hex);
    assert_true(sp_str_is(x->default_value, "\xc1\xc2"));
    assert_refused(f, one_leaf(f, "defaultValue='C1C2C3' isHex='true'", 2, CHAR), SP_ELIMIT,
                   "more than its 2 bytes");
    assert_refused(f, one_leaf(f, "defaultValue='C1C' isHex='true'", 2, CHAR), SP_ESYNTAX, "pairs of");
    assert_refused(f, one_leaf(f, "defaultValue='blue' isHex='true'", 4, CHAR), SP_ESYNTAX, "pairs of");
}

/* ---------------------------------------------------------------- names and structure */

static void included_siblings_have_different_names(void **state)
{
    struct fixture *f = *state;
    begin(f, 4);
    leaf(&f->xml, "A", "", 1, 2, CHAR);
    leaf(&f->xml, "A", "", 3, 2, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EEXISTS, "two included fields of this name");
    begin(f, 4);
    leaf(&f->xml, "FILL_0", "included='N'", 1, 2, CHAR);
    leaf(&f->xml, "FILL_0", "included='N'", 3, 2, CHAR);
    end(f);
    assert_ok(f, read_si(f));
    begin(f, 4);
    sp_buf_printf(&f->xml, "<field name='' originalName='X' included='Y'><bytes>4</bytes>" CHAR "</field>");
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "is included and has no name (X)");
}

static void a_structure_has_fields_and_others_have_none(void **state)
{
    struct fixture *f = *state;
    begin(f, 4);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "structure without fields");
    begin(f, 4);
    field(&f->xml, "A", "", 1, 4, CHAR);
    leaf(&f->xml, "B", "", 1, 4, CHAR);
    close_field(&f->xml);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "has fields below it and is no structure");
}

static void numbers_in_the_file_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *xml, *text;
    } cases[] = {
        {"<bytes>x</bytes>", "has bytes \"x\", which is no number"},
        {"<bytes>-1</bytes>", "which is no number"},
        {"<bytes>16777216</bytes>", "has bytes 16777216; at most 16777215"},
        {"<bytes>99999999999999999999</bytes>", "at most 16777215"},
        {"", "does not say how many bytes"},
        {"<bytes>4</bytes><startPos>0</startPos>", "positions count from 1"},
        {"<bytes>4</bytes><startPos>one</startPos>", "startPos \"one\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(f, 4);
        sp_buf_printf(&f->xml, "<field name='A'>%s" CHAR "</field>", cases[i].xml);
        end(f);
        enum sp_status status = read_si(f);
        assert_refused(f, status, status == SP_ELIMIT ? SP_ELIMIT : SP_EINVAL, cases[i].text);
    }
}

static void a_commarea_has_at_most_32763_bytes(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, one_leaf(f, "", 32763, CHAR));
    assert_refused(f, one_leaf(f, "", 32764, CHAR), SP_ELIMIT, "record of 32764 bytes; at most 32763");
}

static void the_number_of_fields_is_limited(void **state)
{
    struct fixture *f = *state;
    char name[16];
    for (unsigned extra = 0; extra < 2; extra++) {
        begin(f, SP_LAYOUT_FIELDS_MAX - 1 + extra);
        for (unsigned i = 0; i < SP_LAYOUT_FIELDS_MAX - 1 + extra; i++) {
            snprintf(name, sizeof name, "F%u", i);
            leaf(&f->xml, name, "included='N'", i + 1, 1, CHAR);
        }
        end(f);
        if (extra)
            assert_refused(f, read_si(f), SP_ELIMIT, "an interface has at most 20000");
        else
            assert_ok(f, read_si(f));
    }
}

/* ---------------------------------------------------------------- segments */

static void channel(struct fixture *f, unsigned containers, const char *attributes, const char *name)
{
    sp_buf_reset(&f->xml);
    sp_buf_printf(&f->xml, "<message messageName='CHAN' serviceType='CICS_CHANNEL'><message>");
    for (unsigned i = 0; i < containers; i++) {
        sp_buf_printf(&f->xml, "<segment id='%u' name='' originalName='%s%u' %s>", i + 1, name, i,
                      attributes);
        leaf(&f->xml, "TEXT", "", 1, 40000, CHAR);
        sp_buf_printf(&f->xml, "</segment>");
    }
    sp_buf_printf(&f->xml, "</message></message>");
}

static void a_channel_has_containers(void **state)
{
    struct fixture *f = *state;
    channel(f, 2, "containerType='BIT' required='Y'", "CONT-");
    assert_ok(f, read_si(f));
    assert_true(f->si->is_channel);
    assert_true(sp_str_is(f->si->name, "CHAN"));
    assert_int_equal(f->si->segment_count, 2);
    const struct sp_segment *second = f->si->segments->next;
    assert_true(sp_str_is(second->original, "CONT-1"));
    assert_true(sp_str_is(second->name, "CONT-1"));
    assert_true(second->is_container && second->is_bit && second->required);
    assert_int_equal(second->bytes, 40000);
    assert_int_equal(second->first->index, 1);
    channel(f, 1, "containerType='CHAR'", "C");
    assert_ok(f, read_si(f));
    assert_false(f->si->segments->is_bit || f->si->segments->required);
}

static void containers_are_checked(void **state)
{
    struct fixture *f = *state;
    channel(f, 0, "", "");
    assert_refused(f, read_si(f), SP_EINVAL, "one segment, or is a channel");
    channel(f, 1, "", "FIFTEEN-CHARAC-");
    assert_ok(f, read_si(f));
    channel(f, 1, "", "SIXTEEN-CHARACT-");
    assert_refused(f, read_si(f), SP_EINVAL, "1 to 16 characters");
    channel(f, 1, "containerType='FILE'", "C");
    assert_refused(f, read_si(f), SP_EUNSUPPORTED, "type \"FILE\"");
    channel(f, 64, "", "C");
    assert_ok(f, read_si(f));
    channel(f, 65, "", "C");
    assert_refused(f, read_si(f), SP_ELIMIT, "at most 64 segments");
    sp_buf_reset(&f->xml);
    sp_buf_printf(&f->xml,
                  "<message serviceType='CICS_CHANNEL'><message>"
                  "<segment originalName='A'><field name='X'><bytes>1</bytes>" CHAR "</field></segment>"
                  "<segment originalName='A'><field name='X'><bytes>1</bytes>" CHAR "</field></segment>"
                  "</message></message>");
    assert_refused(f, read_si(f), SP_EEXISTS, "two segments named A");
}

static void what_is_no_interface_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *xml;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {"<service/>", SP_EINVAL, "no service interface"},
        {"<message serviceType='IMS'/>", SP_EUNSUPPORTED, "serviceType \"IMS\""},
        {"<message serviceType='CICS_COMM_AREA'/>", SP_EINVAL, "no <message>"},
        {"<message serviceType='CICS_COMM_AREA'><message/></message>", SP_EINVAL, "one segment"},
        {"<message serviceType='CICS_COMM_AREA'><message><segment "
         "originalName='COMMAREA'/></message></message>",
         SP_EINVAL, "has no fields"},
        {"<message", SP_ESYNTAX, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sp_buf_reset(&f->xml);
        sp_buf_printf(&f->xml, "%s", cases[i].xml);
        assert_refused(f, read_si(f), cases[i].status, cases[i].text);
    }
}

static void a_record_of_another_provider_is_read(void **state)
{
    struct fixture *f = *state;
    sp_buf_printf(&f->xml, "<message serviceType='RECORD'><message><segment name='MESSAGE'>");
    leaf(&f->xml, "X", "", 1, 40000, CHAR);
    sp_buf_printf(&f->xml, "</segment></message></message>");
    assert_ok(f, read_si(f));
    assert_false(f->si->is_channel);
    assert_true(sp_str_is(f->si->segments->original, "MESSAGE"));
}

static void a_path_may_have_points_in_its_names(void **state)
{
    struct fixture *f = *state;
    begin(f, 3);
    field(&f->xml, "a.b", "", 1, 1, STRUCT);
    leaf(&f->xml, "n", "", 1, 1, ZONED("N", "N", "N", "1", "0"));
    close_field(&f->xml);
    field(&f->xml, "L", "dependsOnPath='T.a.b.n' minOccurs='0' maxOccurs='2'", 2, 2, ARRAY);
    leaf(&f->xml, "V", "", 0, 1, CHAR);
    close_field(&f->xml);
    end(f);
    assert_ok(f, read_si(f));
    assert_true(sp_str_is(child(top(f), "L")->counter->name, "n"));
}

static void memory_is_bounded_by_the_arena(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, one_leaf(f, "", 4, CHAR));
    for (size_t ceiling = 1; ceiling < 20000; ceiling += 500) {
        struct sp_arena small;
        const struct sp_interface *si = NULL;
        sp_arena_init(&small, ceiling);
        enum sp_status status = sp_si_read(sp_buf_str(&f->xml), "x", NULL, &small, &si, &f->err);
        assert_true(status == SP_ENOMEM ? !si : status == SP_OK && si);
        sp_arena_finish(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_datatype_is_read),
        TEST(bytes_must_agree_with_the_type),
        TEST(decimals_have_1_to_31_digits),
        TEST(what_is_not_supported_is_said),
        TEST(defaults_are_text_or_bytes),
        TEST(included_siblings_have_different_names),
        TEST(a_structure_has_fields_and_others_have_none),
        TEST(numbers_in_the_file_are_checked),
        TEST(a_commarea_has_at_most_32763_bytes),
        TEST(the_number_of_fields_is_limited),
        TEST(a_channel_has_containers),
        TEST(containers_are_checked),
        TEST(what_is_no_interface_is_refused),
        TEST(a_record_of_another_provider_is_read),
        TEST(a_path_may_have_points_in_its_names),
        TEST(memory_is_bounded_by_the_arena),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
