/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_compose.h"

#include "artifact/copy.h"

/* ---------------------------------------------------------------- everything as text, to compare */

static void say(struct sp_buf *buf, const char *name, struct sp_str text)
{
    sp_buf_printf(buf, "%s=%s\"%.*s\" ", name, text.ptr ? "" : "none", SP_STR_ARG(text));
}

static void say_map(struct sp_buf *buf, const struct sp_map *map)
{
    say(buf, "root", map->root);
    for (size_t i = 0; i < map->step_count; i++) {
        const struct sp_map_step *s = &map->steps[i];
        sp_buf_printf(buf, "\n  %d %d %d %d %d ", s->verb, s->from_place, s->to_place, s->required, s->omit);
        say(buf, "from", s->from);
        say(buf, "to", s->to);
        say(buf, "value", s->value);
        say(buf, "type", s->xsd_type);
    }
}

static void say_operation(struct sp_buf *buf, const struct sp_aar_operation *o)
{
    say(buf, "\nmethod", o->method);
    say(buf, "template", o->template);
    say(buf, "service", o->service);
    say(buf, "id", o->operation_id);
    say_map(buf, o->request);
    for (size_t r = 0; r < o->response_count; r++) {
        sp_buf_printf(buf, "\n %u %d ", o->responses[r].code, o->responses[r].is_default);
        say(buf, "description", o->responses[r].description);
        say_map(buf, o->responses[r].map);
    }
}

static void say_api(struct sp_buf *buf, const struct sp_aar *aar)
{
    say(buf, "name", aar->name);
    say(buf, "version", aar->version);
    say(buf, "description", aar->description);
    say(buf, "base", aar->base_path);
    say(buf, "document", aar->swagger);
    for (size_t i = 0; i < aar->warning_count; i++)
        say(buf, "warning", aar->warnings[i]);
    for (size_t i = 0; i < aar->operation_count; i++)
        say_operation(buf, &aar->operations[i]);
}

static void say_fields(struct sp_buf *buf, const struct sp_field *f, const struct sp_field *parent)
{
    for (; f; f = f->next) {
        assert_ptr_equal(f->parent, parent);
        sp_buf_printf(buf, "\n %u %d%d%d%d%d%d%d%d%d%d %u %u %u %u %u %u %u counter %d ", f->index, f->type,
                      f->included, f->redefines, f->utf16, f->is_signed, f->sign_leading, f->sign_separate,
                      f->native, f->is_counter, f->default_is_hex, f->digits, f->scale, f->offset, f->bytes,
                      f->min_occurs, f->max_occurs, f->element_bytes,
                      f->counter ? (int)f->counter->index : -1);
        say(buf, "name", f->name);
        say(buf, "original", f->original);
        say(buf, "default", f->default_value);
        say(buf, "remarks", f->remarks);
        say_fields(buf, f->first, f);
    }
}

static void say_interface(struct sp_buf *buf, const struct sp_interface *interface)
{
    if (!interface)
        return;
    say(buf, "\ninterface", interface->name);
    sp_buf_printf(buf, "%d %u %u", interface->is_channel, interface->segment_count, interface->field_count);
    for (const struct sp_segment *s = interface->segments; s; s = s->next) {
        say(buf, "\nsegment", s->name);
        say(buf, "original", s->original);
        sp_buf_printf(buf, "%d%d%d %u %u", s->is_container, s->is_bit, s->required, s->bytes, s->min_bytes);
        say_fields(buf, s->first, NULL);
    }
}

static void say_service(struct sp_buf *buf, const struct sp_sar *sar)
{
    say(buf, "name", sar->name);
    say(buf, "version", sar->version);
    say(buf, "description", sar->description);
    say(buf, "provider", sar->provider);
    say(buf, "ccsid", sar->ccsid);
    say(buf, "request", sar->request_schema);
    say(buf, "response", sar->response_schema);
    for (size_t i = 0; i < sar->property_count; i++) {
        say(buf, "\nproperty", sar->properties[i].name);
        say(buf, "value", sar->properties[i].value);
    }
    sp_buf_printf(buf, "%d%u", sar->conversion.initialize_input, sar->conversion.omit_output_byte);
    say_interface(buf, sar->request);
    say_interface(buf, sar->response);
}

/* ---------------------------------------------------------------- the tests */

static void an_api_is_copied_whole(void **state)
{
    struct sp_arena first, second;
    struct sp_buf before, after;
    sp_arena_init(&first, 1000000);
    sp_arena_init(&second, 1000000);
    sp_buf_init(&before, 1000000);
    sp_buf_init(&after, 1000000);
#define TEXT(s) sp_arena_str(&first, SP_STR(s))
    struct sp_map_step *steps = sp_arena_calloc(&first, 2, sizeof *steps);
    steps[0] = (struct sp_map_step){SP_MAP_MOVE,     SP_MAP_QUERY, TEXT("name"),
                                    SP_MAP_BODY,     TEXT("a/b"),  .xsd_type = TEXT("string"),
                                    .required = true};
    steps[1] = (struct sp_map_step){.verb = SP_MAP_ASSIGN, .to = TEXT("c"), .value = TEXT(""), .omit = true};
    struct sp_map *map = sp_arena_calloc(&first, 1, sizeof *map),
                  *empty = sp_arena_calloc(&first, 1, sizeof *map);
    *map = (struct sp_map){TEXT("Root"), steps, 2};
    *empty = (struct sp_map){TEXT(""), NULL, 0};
    struct sp_aar_response *responses = sp_arena_calloc(&first, 2, sizeof *responses);
    responses[0] = (struct sp_aar_response){200, TEXT("OK"), empty, true};
    responses[1] = (struct sp_aar_response){404, TEXT("none"), map, false};
    struct sp_aar_operation *operations = sp_arena_calloc(&first, 2, sizeof *operations);
    operations[0] =
        (struct sp_aar_operation){TEXT("GET"), TEXT("/a/{b}"), TEXT("s"), TEXT("g"), map, responses, 2};
    operations[1] =
        (struct sp_aar_operation){TEXT("PUT"), TEXT("/a/{b}"), TEXT("s"), TEXT(""), empty, responses, 1};
    struct sp_str *warnings = sp_arena_calloc(&first, 1, sizeof *warnings);
    warnings[0] = TEXT("odd");
    struct sp_aar *aar = sp_arena_calloc(&first, 1, sizeof *aar);
    *aar =
        (struct sp_aar){TEXT("n"), TEXT("1"), TEXT("d"), TEXT("/x"), operations, 2, TEXT("{}"), warnings, 1};
    const struct sp_aar *copy;
    const struct sp_aar_operation *alone;
    say_api(&before, aar);
    assert_int_equal(sp_aar_copy(aar, &second, &copy), SP_OK);
    assert_int_equal(sp_aar_operation_copy(&aar->operations[0], &second, &alone), SP_OK);
    sp_arena_wipe(&first);
    say_api(&after, copy);
    assert_true(sp_str_eq(sp_buf_str(&before), sp_buf_str(&after)));
    assert_ptr_equal(copy->operations[0].service.ptr, copy->operations[1].service.ptr);
    sp_buf_reset(&before);
    sp_buf_reset(&after);
    say_operation(&before, &copy->operations[0]);
    say_operation(&after, alone);
    assert_true(sp_str_eq(sp_buf_str(&before), sp_buf_str(&after)));
    sp_buf_finish(&before);
    sp_buf_finish(&after);
    sp_arena_finish(&second);
}

static struct sp_field *add_field(struct sp_arena *arena, struct sp_field **at, const char *name,
                                  enum sp_field_type type)
{
    struct sp_field *field = sp_arena_calloc(arena, 1, sizeof *field);
    *field = (struct sp_field){.type = type, .included = true, .bytes = 2};
    field->name = field->original = sp_arena_str(arena, sp_str_of(name));
    field->is_signed = true;
    *at = field;
    return field;
}

static void a_service_is_copied_with_its_layout(void **state)
{
    struct sp_arena first, second;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf before, after;
    sp_arena_init(&first, 1000000);
    sp_arena_init(&second, 1000000);
    sp_buf_init(&before, 1000000);
    sp_buf_init(&after, 1000000);
    struct sp_interface *interface = sp_arena_calloc(&first, 1, sizeof *interface);
    interface->name = TEXT("I");
    interface->segments = sp_arena_calloc(&first, 1, sizeof *interface->segments);
    interface->segments->name = TEXT("COMMAREA");
    struct sp_field *count = add_field(&first, &interface->segments->first, "count", SP_FIELD_BINARY);
    count->digits = 4;
    count->is_counter = true;
    struct sp_field *array = add_field(&first, &count->next, "list", SP_FIELD_ARRAY);
    array->counter = count;
    array->offset = 2;
    array->max_occurs = 5;
    array->element_bytes = 4;
    array->bytes = 20;
    struct sp_field *element = add_field(&first, &array->first, "list", SP_FIELD_STRUCT);
    element->bytes = 4;
    add_field(&first, &element->first, "a", SP_FIELD_CHAR);
    add_field(&first, &element->first->next, "b", SP_FIELD_CHAR)->offset = 2;
    if (sp_layout_finish(interface, NULL, &err) != SP_OK)
        fail_msg("%s", err.text);
    struct sp_property *properties = sp_arena_calloc(&first, 1, sizeof *properties);
    *properties = (struct sp_property){TEXT("program"), TEXT("ENQUIRE")};
    struct sp_sar *sar = sp_arena_calloc(&first, 1, sizeof *sar);
    *sar = (struct sp_sar){.name = TEXT("enquire"),
                           .version = TEXT("1"),
                           .description = TEXT("d"),
                           .provider = TEXT("CICS-1.0"),
                           .properties = properties,
                           .property_count = 1,
                           .conversion = {.initialize_input = true, .omit_output_byte = 7},
                           .ccsid = TEXT("IBM037"),
                           .request_schema = TEXT("{}"),
                           .request = interface,
                           .response = interface};
    const struct sp_sar *copy;
    say_service(&before, sar);
    assert_int_equal(sp_sar_copy(sar, &second, &copy), SP_OK);
    sp_arena_wipe(&first);
    say_service(&after, copy);
    assert_true(sp_str_eq(sp_buf_str(&before), sp_buf_str(&after)));
    sp_buf_finish(&before);
    sp_buf_finish(&after);
    sp_arena_finish(&second);
}

static void without_memory_there_is_no_copy(void **state)
{
    struct sp_arena small;
    const struct sp_map map = {.root = SP_STR_INIT("")};
    const struct sp_aar_response response = {.code = 200, .map = &map};
    const struct sp_aar_operation operation = {.method = SP_STR_INIT("GET"),
                                               .template = SP_STR_INIT("/a"),
                                               .request = &map,
                                               .responses = &response,
                                               .response_count = 1};
    const struct sp_aar aar = {.name = SP_STR_INIT("n"), .operations = &operation, .operation_count = 1};
    const struct sp_aar *copy = NULL;
    for (size_t ceiling = 1; ceiling < 400; ceiling += 8) {
        sp_arena_init(&small, ceiling);
        enum sp_status status = sp_aar_copy(&aar, &small, &copy);
        assert_true(status == SP_ENOMEM || (status == SP_OK && copy->operation_count == 1));
        sp_arena_finish(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_api_is_copied_whole),
        cmocka_unit_test(a_service_is_copied_with_its_layout),
        cmocka_unit_test(without_memory_there_is_no_copy),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("artifact_copy", tests, NULL, NULL);
}
