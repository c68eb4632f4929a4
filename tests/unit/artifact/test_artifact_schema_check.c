/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "artifact/schema_check.h"

/* Area { Name X(8), Count 9(4), Rows occurs { Row { Price COMP-3 } }, Codes occurs X } */
static struct sp_field price = {.type = SP_FIELD_PACKED, .name = SP_STR_INIT("Price")};
static struct sp_field row = {.type = SP_FIELD_STRUCT, .name = SP_STR_INIT("Rows"), .first = &price};
static struct sp_field code = {.type = SP_FIELD_CHAR, .name = SP_STR_INIT("Codes")};
static struct sp_field codes = {.type = SP_FIELD_ARRAY, .name = SP_STR_INIT("Codes"), .first = &code};
static struct sp_field rows = {
    .type = SP_FIELD_ARRAY, .name = SP_STR_INIT("Rows"), .first = &row, .next = &codes};
static struct sp_field count = {.type = SP_FIELD_ZONED, .name = SP_STR_INIT("Count"), .next = &rows};
static struct sp_field name = {.type = SP_FIELD_CHAR, .name = SP_STR_INIT("Name"), .next = &count};
static struct sp_field area = {.type = SP_FIELD_STRUCT, .name = SP_STR_INIT("Area"), .first = &name};
static struct sp_segment segment = {.name = SP_STR_INIT("BOX"), .first = &area};
static const struct sp_interface commarea = {.segments = &segment, .segment_count = 1};
static const struct sp_interface channel = {.is_channel = true, .segments = &segment, .segment_count = 1};

static const char *wrong(const struct sp_interface *interface, const char *text)
{
    static struct sp_error err;
    struct sp_arena arena;
    struct sp_json_value *schema;
    sp_arena_init(&arena, 1u << 20);
    sp_error_clear(&err);
    if (sp_json_parse(sp_str_of(text), &arena, NULL, &schema, &err) != SP_OK)
        fail_msg("%s", err.text);
    enum sp_status status = sp_schema_check(schema, interface, &err);
    sp_arena_finish(&arena);
    assert_true(status == SP_OK || status == SP_EINVAL);
    return status == SP_OK ? NULL : err.text;
}

#define AREA(members) "{\"properties\":{\"Area\":{\"type\":\"object\",\"properties\":{" members "}}}}"

static void a_schema_of_the_same_record_is_accepted(void **state)
{
    static const char *const good[] = {
        "{\"type\":\"object\"}",
        AREA(""),
        AREA("\"Name\":{\"type\":\"string\",\"maxLength\":8},\"Count\":{\"type\":\"integer\"}"),
        AREA(
            "\"Rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"Price\":{\"type\":"
            "\"number\"}}}}"),
        AREA("\"Codes\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
        AREA("\"Name\":{\"type\":\"boolean\"},\"Count\":{\"type\":[\"integer\",\"null\"]}"),
        AREA("\"Name\":{\"description\":\"no type\"}"),
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (wrong(&commarea, good[i]))
            fail_msg("%s: %s", good[i], wrong(&commarea, good[i]));
    assert_null(wrong(&channel,
                      "{\"properties\":{\"xOperation\":{\"properties\":{\"BOX\":{\"properties\":{\"Area\":"
                      "{\"type\":\"object\"}}}}}}}"));
}

static void what_differs_is_named(void **state)
{
    assert_string_equal(wrong(&commarea, AREA("\"Nmae\":{\"type\":\"string\"}")),
                        "Area.Nmae is in the schema, and not in the interface");
    assert_string_equal(wrong(&commarea, AREA("\"Count\":{\"type\":\"string\"}")),
                        "Area.Count is of type string in the schema, and a number in the interface");
    assert_string_equal(wrong(&commarea, AREA("\"Name\":{\"type\":\"object\"}")),
                        "Area.Name is of type object in the schema, and characters in the interface");
    assert_string_equal(wrong(&commarea, AREA("\"Rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                                              "\"properties\":{\"Cost\":{}}}}")),
                        "Area.Rows.Cost is in the schema, and not in the interface");
    assert_string_equal(wrong(&commarea, "{\"properties\":{\"Other\":{}}}"),
                        "Other is in the schema, and not in the interface");
    assert_string_equal(
        wrong(&channel, "{\"properties\":{\"xOperation\":{\"properties\":{\"CRATE\":{\"properties\":{}}}}}}"),
        "CRATE is in the schema, and no container of the interface");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_of_the_same_record_is_accepted),
        cmocka_unit_test(what_differs_is_named),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
