/* SPDX-License-Identifier: Apache-2.0
 * What the layout of a record may be at most, whatever front end has read it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "artifact/layout.h"

static struct sp_arena arena;
static struct sp_error err = SP_ERROR_INIT;
static struct sp_segment segment;
static struct sp_interface interface;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1 << 20);
    segment = (struct sp_segment){.name = SP_STR("S"), .original = SP_STR("S")};
    interface = (struct sp_interface){.name = SP_STR("I"), .segments = &segment};
    return 0;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static struct sp_field *add(struct sp_field **at, enum sp_field_type type)
{
    struct sp_field *field = sp_arena_calloc(&arena, 1, sizeof *field);
    *field = (struct sp_field){
        .type = type, .name = SP_STR("F"), .original = SP_STR("F"), .included = true, .bytes = 1};
    *at = field;
    return field;
}

static void nesting_is_limited(void **state)
{
    struct sp_field **at = &segment.first, *last = NULL;
    for (unsigned depth = 1; depth < SP_LAYOUT_DEPTH_MAX; depth++)
        at = &add(at, SP_FIELD_STRUCT)->first;
    last = add(at, SP_FIELD_CHAR);
    assert_int_equal(sp_layout_finish(&interface, NULL, &err), SP_OK);
    last->type = SP_FIELD_STRUCT;
    add(&last->first, SP_FIELD_CHAR);
    assert_int_equal(sp_layout_finish(&interface, NULL, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "nested more than 99 deep"));
}

static void names_are_limited(void **state)
{
    static char name[SP_FIELD_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    struct sp_field *field = add(&segment.first, SP_FIELD_CHAR);
    field->name = sp_str_from(name, SP_FIELD_NAME_MAX);
    field->original = field->name;
    assert_int_equal(sp_layout_finish(&interface, NULL, &err), SP_OK);
    field->name = sp_str_from(name, SP_FIELD_NAME_MAX + 1);
    assert_int_equal(sp_layout_finish(&interface, NULL, &err), SP_ELIMIT);
    field->name = field->original;
    field->original = sp_str_from(name, SP_FIELD_NAME_MAX + 1);
    assert_int_equal(sp_layout_finish(&interface, NULL, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "more than 255 bytes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nesting_is_limited),
        TEST(names_are_limited),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("artifact_layout", tests, NULL, NULL);
}
