/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "fixture.h"
#include "mapping/program.h"

/* What the readers of archives would not let through is refused here all the same: nothing may be written
 * outside of a record because a layout is wrong. */
static void refused(struct fixture *f, enum sp_status status, const char *id, const char *text)
{
    assert_int_equal(fixture_try_compile(f, false), status);
    assert_string_equal(f->err.id, id);
    if (!strstr(f->err.text, text))
        fail_msg("%s", f->err.text);
}

static void again(struct fixture *f, const char *layout)
{
    fixture_finish(f);
    fixture_init(f, layout);
}

static struct sp_field *top(struct fixture *f)
{
    return f->sar.request->segments->first->first;
}

static void layouts_that_contradict_themselves_are_refused(void **state)
{
    struct fixture f;
    const char *layout = "A{ N:Z4 P:SP3 B:B2/4 C:X2 L[3]:X1 S{ D:X2 } ^R:X2 F:F4 W:N1 }";
    fixture_init(&f, layout);
    top(&f)->bytes = 5;
    refused(&f, SP_EINVAL, "SALM3001E", "The field A.N takes another number of bytes than its digits");
    again(&f, layout);
    top(&f)->digits = 32;
    top(&f)->bytes = 32;
    refused(&f, SP_EINVAL, "SALM3001E", "");
    again(&f, layout);
    top(&f)->digits = 0;
    refused(&f, SP_EINVAL, "SALM3001E", "A.N has a precision or scale");
    again(&f, layout);
    top(&f)->scale = 300;
    refused(&f, SP_EINVAL, "SALM3001E", "A.N has a precision or scale");
    again(&f, layout);
    top(&f)->next->bytes = 3;
    refused(&f, SP_EINVAL, "SALM3001E", "A.P takes another number of bytes");
    again(&f, layout);
    top(&f)->next->offset = 3;
    refused(&f, SP_EINVAL, "SALM3001E", "A.P begins before the field in front of it ends");
    struct sp_field *binary = top(&f)->next->next;
    again(&f, layout);
    binary = top(&f)->next->next;
    binary->bytes = 9;
    refused(&f, SP_EINVAL, "SALM3001E", "A.B is binary, and does not take 1 to 8 bytes");
    again(&f, layout);
    struct sp_field *text = top(&f)->next->next->next, *list = text->next, *group = list->next;
    text->bytes = 0;
    refused(&f, SP_EINVAL, "SALM3001E", "A.C takes no bytes");
    text->bytes = 200;
    refused(&f, SP_EINVAL, "SALM3001E", "A.C does not lie within what is around it");
    text->bytes = 2;
    text->offset = UINT32_MAX;
    refused(&f, SP_EINVAL, "SALM3001E", "A.C does not lie within");
    again(&f, layout);
    list = top(&f)->next->next->next->next;
    list->max_occurs = 4;
    refused(&f, SP_EINVAL, "SALM3001E", "A.L is an array whose bounds and sizes do not agree");
    list->max_occurs = list->min_occurs = 0;
    list->bytes = 0;
    refused(&f, SP_EINVAL, "SALM3001E", "A.L is an array whose bounds");
    again(&f, layout);
    list = top(&f)->next->next->next->next;
    list->first->bytes = 2;
    refused(&f, SP_EINVAL, "SALM3001E", "A.L[] does not lie within what is around it");
    list->first = NULL;
    refused(&f, SP_EINVAL, "SALM3001E", "A.L is an array without exactly one element");
    again(&f, layout);
    group = top(&f)->next->next->next->next->next;
    group->first->offset--;
    refused(&f, SP_EINVAL, "SALM3001E", "A.S.D does not lie within");
    again(&f, layout);
    group = top(&f)->next->next->next->next->next;
    group->next->offset++;
    refused(&f, SP_EINVAL, "SALM3001E", "begin");
    again(&f, layout);
    top(&f)->redefines = true;
    refused(&f, SP_EINVAL, "SALM3001E", "A.N redefines nothing");
    again(&f, layout);
    top(&f)->next->index = 1000;
    refused(&f, SP_EINVAL, "SALM3001E", "A.P has a running number");
    again(&f, layout);
    top(&f)->next->name = SP_STR("N");
    refused(&f, SP_EINVAL, "SALM3001E", "A.N has the name of another field");
    again(&f, layout);
    ((struct sp_interface *)f.sar.request)->segment_count = 2;
    refused(&f, SP_EINVAL, "SALM3001E", "does not have as many segments as it says");
    fixture_finish(&f);
}

static void counters_that_cannot_count_are_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z1 L[0..3 N]:X1 }");
    top(&f)->digits = top(&f)->scale = 1;
    refused(&f, SP_EINVAL, "SALM3001E", "A.N counts elements, and is no integer");
    again(&f, "A{ N:Z1 L[0..3 N]:X1 M:Z1 }");
    top(&f)->next->counter = top(&f)->next->next;
    refused(&f, SP_EUNSUPPORTED, "SALM3002E", "A.L depends on a counter that does not stand before it");
    struct sp_field foreign = *top(&f);
    top(&f)->next->counter = &foreign;
    refused(&f, SP_EINVAL, "SALM3001E", "A.L depends on a counter that is not part of the interface");
    again(&f, "A{ B[2]{ N:Z1 X:X1 } L[3]:X1 }");
    top(&f)->next->counter = top(&f)->first->first;
    refused(&f, SP_EUNSUPPORTED, "SALM3002E", "A.L depends on a counter that does not stand before it");
    again(&f, "A{ N:Z1 B{ L[3]:X1 } ^C:X3 }");
    top(&f)->next->first->counter = top(&f);
    refused(&f, SP_EUNSUPPORTED, "SALM3002E",
            "A.B.L is an array of varying size in an area that is redefined");
    again(&f, "A{ N:Z1 L[12..20 N]:X1 }");
    f.sar.conversion.enforce_min_occurs_request = true;
    refused(&f, SP_EINVAL, "SALM3001E", "A.N counts at least 12 elements and cannot hold that number");
    fixture_finish(&f);
}

static void defaults_that_do_not_fit_are_refused(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z2=123 }");
    refused(&f, SP_EINVAL, "SALM3004E", "A.N has a default that is too large");
    again(&f, "A{ N:Z2=x }");
    refused(&f, SP_EINVAL, "SALM3004E", "A.N has a default that is not a number");
    again(&f, "A{ N:X2=abc }");
    refused(&f, SP_EINVAL, "SALM3004E", "A.N has a default that is too long");
    again(&f, "A{ N:X2=x'010203' }");
    refused(&f, SP_EINVAL, "SALM3004E", "A.N has a default of 3 bytes and holds only 2");
    fixture_finish(&f);
}

static void a_service_needs_a_code_page_and_records(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:Z2 }");
    f.profile.codepage = NULL;
    refused(&f, SP_EINVAL, "SALM3005E", "The mapping of Svc needs the code page of its program");
    f.profile.codepage = sp_codepage_find(1200, SP_NEWLINE_15);
    refused(&f, SP_EINVAL, "SALM3005E", "");
    f.profile.codepage = sp_codepage_find(37, SP_NEWLINE_15);
    f.sar.response = NULL;
    refused(&f, SP_EUNSUPPORTED, "SALM3002E", "The service Svc has no record interfaces to map");
    fixture_finish(&f);
}

static void records_have_a_limit(void **state)
{
    for (uint32_t bytes = SP_RECORD_BYTES_MAX; bytes <= SP_RECORD_BYTES_MAX + 1; bytes++) {
        struct fixture f;
        fixture_init(&f, "A{ X:X1 }");
        f.sar.request->segments->bytes = bytes;
        if (bytes > SP_RECORD_BYTES_MAX) {
            refused(&f, SP_ELIMIT, "SALM3001E",
                    "A record of LAYOUT is 16777216 bytes long; at most 16777215");
        } else {
            struct sp_record_set set;
            fixture_compile(&f);
            assert_int_equal(fixture_ask(&f, SP_STR("{}"), &set), SP_OK);
            assert_int_equal(set.records[0].bytes.len, bytes);
        }
        fixture_finish(&f);
    }
}

static void nesting_has_a_limit(void **state)
{
    for (unsigned depth = SP_MAPPING_DEPTH_MAX - 3; depth < SP_MAPPING_DEPTH_MAX; depth++) {
        struct fixture f;
        char layout[1024] = "";
        for (unsigned i = 0; i < depth; i++)
            strcat(layout, "A{ ");
        strcat(layout, "X:X1");
        for (unsigned i = 0; i < depth; i++)
            strcat(layout, " }");
        fixture_init(&f, layout);
        if (depth == SP_MAPPING_DEPTH_MAX - 1) {
            refused(&f, SP_ELIMIT, "SALM3001E", "is nested deeper than 60 levels");
        } else {
            char json[1024] = "";
            fixture_compile(&f);
            for (unsigned i = 0; i < depth; i++)
                strcat(json, "{\"A\":");
            strcat(json, "{\"X\":\"x\"}");
            for (unsigned i = 0; i < depth; i++)
                strcat(json, "}");
            check_both(&f, json, "a7");
        }
        fixture_finish(&f);
    }
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:X4 ^P{ Q:SP3=5 } -C:Z1 L[0..3 C]{ X:X1 } M[2]:X1 }");
    f.request_map.root = SP_STR("A");
    fixture_request_step(
        &f, (struct sp_map_step){.verb = SP_MAP_REMOVE, .to_place = SP_MAP_BODY, .to = SP_STR("M")});
    size_t ceiling = 100;
    for (; ceiling < 200000; ceiling += 97) {
        struct sp_arena small;
        const struct sp_mapping *mapping = NULL;
        sp_arena_init(&small, ceiling);
        enum sp_status status =
            sp_mapping_compile(&f.sar, &f.operation, &f.profile, NULL, &small, &mapping, &f.err);
        sp_arena_finish(&small);
        if (status == SP_OK)
            break;
        assert_int_equal(status, SP_ENOMEM);
        assert_null(mapping);
    }
    assert_true(ceiling > 1000 && ceiling < 200000);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_that_contradict_themselves_are_refused),
        cmocka_unit_test(counters_that_cannot_count_are_refused),
        cmocka_unit_test(defaults_that_do_not_fit_are_refused),
        cmocka_unit_test(a_service_needs_a_code_page_and_records),
        cmocka_unit_test(records_have_a_limit),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_compile", tests, NULL, NULL);
}
