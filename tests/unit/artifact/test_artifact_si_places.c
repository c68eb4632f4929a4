/* SPDX-License-Identifier: Apache-2.0 */
#include "si_compose.h"

/* ---------------------------------------------------------------- places */

static void slack_between_fields_is_kept(void **state)
{
    struct fixture *f = *state;
    begin(f, 24);
    leaf(&f->xml, "A", "", 1, 5, CHAR);
    leaf(&f->xml, "B", "", 9, 4, BINARY("INT", "N", "9"));
    leaf(&f->xml, "C", "", 17, 8, DOUBLE);
    end(f);
    assert_ok(f, read_si(f));
    assert_int_equal(child(top(f), "B")->offset, 8);
    assert_int_equal(child(top(f), "C")->offset, 16);
    assert_int_equal(f->si->segments->bytes, 24);
    assert_int_equal(f->si->segments->min_bytes, 24);
}

static void alignment_alone_moves_nothing(void **state)
{
    struct fixture *f = *state; /* COMP without SYNC at an odd position */
    begin(f, 87);
    leaf(&f->xml, "A", "", 1, 82, CHAR);
    leaf(&f->xml, "B", "", 83, 4, BINARY("INT", "N", "9"));
    leaf(&f->xml, "C", "", 87, 1, CHAR);
    end(f);
    assert_ok(f, read_si(f));
    assert_int_equal(child(top(f), "B")->offset, 82);
}

static void fields_stay_inside_and_off_each_other(void **state)
{
    struct fixture *f = *state;
    begin(f, 8);
    leaf(&f->xml, "A", "", 1, 5, CHAR);
    leaf(&f->xml, "B", "", 5, 4, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "field T.B: begins at byte 5, on the field before it");
    begin(f, 8);
    leaf(&f->xml, "A", "", 1, 5, CHAR);
    leaf(&f->xml, "B", "", 6, 4, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "field T.B: ends at byte 9, outside");
    assert_int_equal(f->err.line, 7);
    begin(f, 8);
    leaf(&f->xml, "A", "", 0, 5, CHAR); /* without a position: behind the one before it */
    leaf(&f->xml, "B", "", 0, 3, CHAR);
    end(f);
    assert_ok(f, read_si(f));
    assert_int_equal(child(top(f), "B")->offset, 5);
}

static void a_redefinition_lies_on_its_base(void **state)
{
    struct fixture *f = *state;
    begin(f, 9);
    leaf(&f->xml, "DATE", "", 1, 8, ZONED("N", "N", "N", "8", "0"));
    field(&f->xml, "PARTS", "included='N' redefines='DATE'", 1, 8, STRUCT);
    leaf(&f->xml, "DAY", "included='N'", 1, 2, CHAR);
    leaf(&f->xml, "REST", "included='N'", 3, 6, CHAR);
    close_field(&f->xml);
    leaf(&f->xml, "AGAIN", "included='N' redefines='PARTS'", 1, 4, CHAR);
    leaf(&f->xml, "Z", "", 9, 1, CHAR);
    end(f);
    assert_ok(f, read_si(f));
    const struct sp_field *parts = child(top(f), "PARTS");
    assert_true(parts->redefines);
    assert_false(parts->included);
    assert_int_equal(parts->offset, 0);
    assert_int_equal(child(parts, "REST")->offset, 2);
    assert_int_equal(child(top(f), "AGAIN")->offset, 0);
    assert_int_equal(child(top(f), "Z")->offset, 8);
    assert_int_equal(f->si->segments->min_bytes, 9);
}

static void a_redefinition_needs_its_base_before_it(void **state)
{
    struct fixture *f = *state;
    begin(f, 4);
    leaf(&f->xml, "A", "redefines='B'", 1, 4, CHAR);
    leaf(&f->xml, "B", "", 1, 4, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "field T.A: redefines B, which is not before it");
    begin(f, 8);
    leaf(&f->xml, "A", "", 1, 4, CHAR);
    leaf(&f->xml, "B", "redefines='A'", 5, 4, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "startPos 5, but what it redefines is at 1");
    begin(f, 8);
    leaf(&f->xml, "A", "", 1, 4, CHAR);
    leaf(&f->xml, "B", "", 5, 4, CHAR);
    leaf(&f->xml, "C", "redefines='A'", 1, 4, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "does not lie on the field it follows");
}

/* ---------------------------------------------------------------- arrays */

static void a_fixed_array_gives_offsets_in_its_element(void **state)
{
    struct fixture *f = *state;
    begin(f, 3 + 5 * 14);
    leaf(&f->xml, "H", "", 1, 3, CHAR);
    field(&f->xml, "LINES", "minOccurs='5' maxOccurs='5'", 4, 70, ARRAY);
    leaf(&f->xml, "A", "", 0, 2, CHAR);
    leaf(&f->xml, "B", "", 0, 4, BINARY("INT", "N", "9"));
    leaf(&f->xml, "R", "included='N' redefines='B'", 0, 4, CHAR);
    field(&f->xml, "G", "", 0, 8, STRUCT);
    leaf(&f->xml, "G1", "", 0, 3, CHAR);
    leaf(&f->xml, "G2", "", 0, 5, CHAR);
    close_field(&f->xml);
    close_field(&f->xml);
    end(f);
    assert_ok(f, read_si(f));
    const struct sp_field *lines = child(top(f), "LINES");
    assert_int_equal(lines->offset, 3);
    assert_int_equal(lines->min_occurs, 5);
    assert_int_equal(lines->max_occurs, 5);
    assert_int_equal(lines->element_bytes, 14);
    assert_null(lines->counter);
    assert_int_equal(lines->first->type, SP_FIELD_STRUCT);
    assert_true(sp_str_is(lines->first->name, "LINES"));
    assert_int_equal(lines->first->bytes, 14);
    assert_int_equal(child(lines, "A")->offset, 0);
    assert_int_equal(child(lines, "B")->offset, 2);
    assert_int_equal(child(lines, "R")->offset, 2);
    assert_int_equal(child(child(lines, "G"), "G2")->offset, 9);
    assert_int_equal(f->si->segments->min_bytes, 73);
    char path[SP_FIELD_PATH_MAX];
    assert_string_equal(sp_field_path(child(child(lines, "G"), "G2"), path), "T.LINES.G.G2");
}

static void an_array_that_depends_on_a_counter(void **state)
{
    struct fixture *f = *state;
    begin(f, 2 + 20 * 10);
    leaf(&f->xml, "N", "included='N' dependedOn='true'", 1, 2, BINARY("SHORT", "N", "4"));
    field(&f->xml, "L", "dependsOn='N' dependsOnPath='T.N' minOccurs='1' maxOccurs='20'", 3, 200, ARRAY);
    leaf(&f->xml, "A", "", 0, 4, CHAR);
    leaf(&f->xml, "B", "", 0, 6, CHAR);
    close_field(&f->xml);
    end(f);
    assert_ok(f, read_si(f));
    const struct sp_field *l = child(top(f), "L");
    assert_ptr_equal(l->counter, child(top(f), "N"));
    assert_true(l->counter->is_counter);
    assert_int_equal(l->min_occurs, 1);
    assert_int_equal(f->si->segments->bytes, 202);
    assert_int_equal(f->si->segments->min_bytes, 12);
}

static void nested_variable_arrays_count_in_their_element(void **state)
{
    struct fixture *f = *state;
    begin(f, 2 + 3 * (1 + 4 * 5));
    leaf(&f->xml, "N", "dependedOn='true'", 1, 2, ZONED("N", "N", "N", "2", "0"));
    field(&f->xml, "OUT", "dependsOn='N' minOccurs='0' maxOccurs='3'", 3, 63, ARRAY);
    leaf(&f->xml, "M", "dependedOn='true'", 0, 1, ZONED("N", "N", "N", "1", "0"));
    field(&f->xml, "IN", "dependsOn='M' dependsOnPath='T.OUT.M' minOccurs='0' maxOccurs='4'", 0, 20, ARRAY);
    leaf(&f->xml, "V", "", 0, 5, CHAR);
    close_field(&f->xml);
    close_field(&f->xml);
    end(f);
    assert_ok(f, read_si(f));
    const struct sp_field *out = child(top(f), "OUT"), *in = child(out, "IN");
    assert_ptr_equal(out->counter, child(top(f), "N"));
    assert_ptr_equal(in->counter, child(out, "M"));
    assert_int_equal(in->offset, 1);
    assert_int_equal(in->element_bytes, 5);
    assert_int_equal(f->si->segments->min_bytes, 2);
}

static enum sp_status counted_by(struct fixture *f, const char *counter_type, unsigned counter_bytes,
                                 bool counter_first, const char *depends)
{
    char attributes[128];
    snprintf(attributes, sizeof attributes, "%s minOccurs='1' maxOccurs='2'", depends);
    begin(f, counter_bytes + 2);
    if (counter_first)
        leaf(&f->xml, "N", "", 1, counter_bytes, counter_type);
    field(&f->xml, "L", attributes, counter_first ? counter_bytes + 1 : 1, 2, ARRAY);
    leaf(&f->xml, "V", "", 0, 1, CHAR);
    close_field(&f->xml);
    if (!counter_first)
        leaf(&f->xml, "N", "", 3, counter_bytes, counter_type);
    end(f);
    return read_si(f);
}

static void a_counter_is_a_whole_number_before_the_array(void **state)
{
    struct fixture *f = *state;
    const char *number = ZONED("N", "N", "N", "2", "0"), *by_path = "dependsOnPath='T.N'";
    assert_ok(f, counted_by(f, number, 2, true, by_path));
    assert_ok(f, counted_by(f, PACKED("Y", "3", "0"), 2, true, "dependsOn='N'"));
    assert_refused(f, counted_by(f, number, 2, false, by_path), SP_EINVAL,
                   "depends on T.N, which comes behind it");
    assert_refused(f, counted_by(f, CHAR, 2, true, by_path), SP_EINVAL, "depends on T.N, which is no number");
    assert_refused(f, counted_by(f, ZONED("N", "N", "N", "2", "1"), 2, true, by_path), SP_EINVAL,
                   "no whole number");
    assert_refused(f, counted_by(f, number, 2, true, "dependsOnPath='T.M'"), SP_EINVAL,
                   "depends on T.M, which is not in the segment");
    assert_refused(f, counted_by(f, number, 2, true, "dependsOn='M'"), SP_EINVAL, "not in the segment");
}

static void a_counter_inside_another_array_is_refused(void **state)
{
    struct fixture *f = *state;
    begin(f, 2 * 3 + 4);
    field(&f->xml, "A", "maxOccurs='3'", 1, 6, ARRAY);
    leaf(&f->xml, "N", "", 0, 2, ZONED("N", "N", "N", "2", "0"));
    close_field(&f->xml);
    field(&f->xml, "B", "dependsOnPath='T.A.N' minOccurs='1' maxOccurs='4'", 7, 4, ARRAY);
    leaf(&f->xml, "V", "", 0, 1, CHAR);
    close_field(&f->xml);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "depends on T.A.N, of which there are several");
}

static void storage_that_is_redefined_does_not_vary(void **state)
{
    struct fixture *f = *state;
    for (int redefine_variable = 0; redefine_variable < 2; redefine_variable++) {
        begin(f, 6);
        leaf(&f->xml, "N", "", 1, 2, ZONED("N", "N", "N", "2", "0"));
        if (redefine_variable)
            leaf(&f->xml, "F", "", 3, 4, CHAR);
        field(&f->xml, "L",
              redefine_variable ? "included='N' redefines='F' dependsOnPath='T.N' minOccurs='1' maxOccurs='4'"
                                : "dependsOnPath='T.N' minOccurs='1' maxOccurs='4'",
              3, 4, ARRAY);
        leaf(&f->xml, "V", "", 0, 1, CHAR);
        close_field(&f->xml);
        if (!redefine_variable)
            leaf(&f->xml, "F", "redefines='L'", 3, 4, CHAR);
        end(f);
        if (redefine_variable)
            assert_refused(f, read_si(f), SP_EINVAL, "its size must be fixed");
        else
            assert_refused(f, read_si(f), SP_EINVAL, "redefines L, whose size varies");
    }
}

static enum sp_status plain_or_object(struct fixture *f, const char *name, const char *original,
                                      const char *items)
{
    char schema[256], attributes[128];
    begin(f, 15);
    field(&f->xml, "CODES", "minOccurs='5' maxOccurs='5'", 1, 15, ARRAY);
    snprintf(attributes, sizeof attributes, "included='Y' originalName='%s'", original);
    sp_buf_printf(&f->xml, "<field name='%s' %s><bytes>3</bytes>%s</field></field>", name, attributes, CHAR);
    end(f);
    snprintf(schema, sizeof schema,
             "{\"type\":\"object\",\"properties\":{\"T\":{\"properties\":{\"CODES\":{\"type\":\"array\","
             "\"items\":{%s}}}}}}",
             items ? items : "");
    return read_si_with(f, items ? schema : NULL);
}

static void elements_are_objects_or_plain_values(void **state)
{
    struct fixture *f = *state;
    /* an item that occurs has itself below it */
    assert_ok(f, plain_or_object(f, "CODES", "CODES", NULL));
    const struct sp_field *codes = child(top(f), "CODES");
    assert_int_equal(codes->first->type, SP_FIELD_CHAR);
    assert_int_equal(codes->element_bytes, 3);
    assert_int_equal(codes->first->offset, 0);
    /* a group with one item */
    assert_ok(f, plain_or_object(f, "CODE", "CODE", NULL));
    assert_int_equal(child(top(f), "CODES")->first->type, SP_FIELD_STRUCT);
    /* the schema knows better */
    assert_ok(f, plain_or_object(f, "CODE", "CODE", "\"type\":\"string\",\"maxLength\":3"));
    assert_int_equal(child(top(f), "CODES")->first->type, SP_FIELD_CHAR);
    assert_true(sp_str_is(child(top(f), "CODES")->first->name, "CODES"));
    assert_ok(f, plain_or_object(f, "CODES", "CODES", "\"type\":\"object\",\"properties\":{}"));
    assert_int_equal(child(top(f), "CODES")->first->type, SP_FIELD_STRUCT);
}

static void an_array_must_be_filled_by_its_elements(void **state)
{
    struct fixture *f = *state;
    begin(f, 11);
    field(&f->xml, "A", "maxOccurs='2'", 1, 11, ARRAY);
    leaf(&f->xml, "V", "", 0, 5, CHAR);
    close_field(&f->xml);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "11 bytes, which is not 2 times one size");
    begin(f, 10);
    field(&f->xml, "A", "maxOccurs='2'", 1, 10, ARRAY);
    leaf(&f->xml, "V", "", 0, 4, CHAR);
    close_field(&f->xml);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL,
                   "elements of 5 bytes, but the fields below it do not fill them (4");
    begin(f, 10);
    field(&f->xml, "A", "maxOccurs='0'", 1, 10, ARRAY);
    leaf(&f->xml, "V", "", 0, 4, CHAR);
    close_field(&f->xml);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "without maxOccurs");
    begin(f, 10);
    leaf(&f->xml, "A", "maxOccurs='2'", 1, 10, ARRAY);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "array without fields below it");
    begin(f, 10);
    leaf(&f->xml, "A", "maxOccurs='2'", 1, 10, CHAR);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "has maxOccurs and is no ARRAY");
    begin(f, 10);
    field(&f->xml, "A", "minOccurs='3' maxOccurs='2'", 1, 10, ARRAY);
    leaf(&f->xml, "V", "", 0, 5, CHAR);
    close_field(&f->xml);
    end(f);
    assert_refused(f, read_si(f), SP_EINVAL, "occurs at least 3 times and at most 2");
}

static void slack_of_sync_inside_elements_is_found(void **state)
{
    struct fixture *f = *state;
    /* 05 A OCCURS 3. 10 X PIC X. 10 I PIC S9(9) COMP SYNC. 10 Y PIC X.  -> 1 +3, 4, 1 +3 */
    begin(f, 36);
    field(&f->xml, "A", "maxOccurs='3'", 1, 36, ARRAY);
    leaf(&f->xml, "X", "", 0, 1, CHAR);
    leaf(&f->xml, "I", "", 0, 4, BINARY("INT", "N", "9"));
    leaf(&f->xml, "Y", "", 0, 1, CHAR);
    close_field(&f->xml);
    end(f);
    assert_ok(f, read_si(f));
    const struct sp_field *a = child(top(f), "A");
    assert_int_equal(child(a, "I")->offset, 4);
    assert_int_equal(child(a, "Y")->offset, 8);
    /* 8 bytes on a fullword, as Enterprise COBOL does: 4 bytes of text, 8, 4 in all 16 */
    begin(f, 32);
    field(&f->xml, "A", "maxOccurs='2'", 1, 32, ARRAY);
    leaf(&f->xml, "X", "", 0, 3, CHAR);
    leaf(&f->xml, "L", "", 0, 8, BINARY("LONG", "N", "18"));
    leaf(&f->xml, "Y", "", 0, 4, CHAR);
    close_field(&f->xml);
    end(f);
    assert_ok(f, read_si(f));
    assert_int_equal(child(child(top(f), "A"), "L")->offset, 4);
    assert_int_equal(child(child(top(f), "A"), "Y")->offset, 12);
}

static void a_position_below_an_array_must_fit(void **state)
{
    struct fixture *f = *state;
    for (unsigned start = 1; start <= 5; start++) {
        begin(f, 12);
        leaf(&f->xml, "H", "", 1, 2, CHAR);
        field(&f->xml, "A", "maxOccurs='2'", 3, 10, ARRAY);
        leaf(&f->xml, "V", "", 0, 2, CHAR);
        leaf(&f->xml, "W", "", start, 3, CHAR);
        close_field(&f->xml);
        end(f);
        if (start == 3 || start == 5) /* in the element, in the segment */
            assert_ok(f, read_si(f));
        else
            assert_refused(f, read_si(f), SP_EINVAL, "do not fill them");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slack_between_fields_is_kept),
        TEST(alignment_alone_moves_nothing),
        TEST(fields_stay_inside_and_off_each_other),
        TEST(a_redefinition_lies_on_its_base),
        TEST(a_redefinition_needs_its_base_before_it),
        TEST(a_fixed_array_gives_offsets_in_its_element),
        TEST(an_array_that_depends_on_a_counter),
        TEST(nested_variable_arrays_count_in_their_element),
        TEST(a_counter_is_a_whole_number_before_the_array),
        TEST(a_counter_inside_another_array_is_refused),
        TEST(storage_that_is_redefined_does_not_vary),
        TEST(elements_are_objects_or_plain_values),
        TEST(an_array_must_be_filled_by_its_elements),
        TEST(slack_of_sync_inside_elements_is_found),
        TEST(a_position_below_an_array_must_fit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
