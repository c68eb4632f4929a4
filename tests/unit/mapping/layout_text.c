/* SPDX-License-Identifier: Apache-2.0 */
#include "layout_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "hex.h"

struct parser {
    const char *p, *whole;
    struct sp_arena *arena;
};

static void stop(const struct parser *parser, const char *why)
{
    fprintf(stderr, "layout text: %s at \"%.20s\" in \"%s\"\n", why, parser->p, parser->whole);
    abort();
}

static void skip_blanks(struct parser *parser)
{
    while (*parser->p == ' ' || *parser->p == '\n')
        parser->p++;
}

static bool take(struct parser *parser, char c)
{
    if (*parser->p != c)
        return false;
    parser->p++;
    return true;
}

static unsigned take_number(struct parser *parser)
{
    char *end;
    unsigned long number = strtoul(parser->p, &end, 10);
    if (end == parser->p)
        stop(parser, "a number is expected");
    parser->p = end;
    return (unsigned)number;
}

static struct sp_str take_name(struct parser *parser)
{
    const char *start = parser->p;
    while (*parser->p && !strchr(" \n{}[]:=|^@?", *parser->p))
        parser->p++;
    if (parser->p == start)
        stop(parser, "a name is expected");
    return sp_str_from(start, (size_t)(parser->p - start));
}

static struct sp_field *find(struct sp_field *first, struct sp_str name)
{
    for (struct sp_field *field = first; field; field = field->next) {
        if (sp_str_eq(field->name, name) && field->type != SP_FIELD_STRUCT)
            return field;
        struct sp_field *below = find(field->first, name);
        if (below)
            return below;
    }
    return NULL;
}

static void take_default(struct parser *parser, struct sp_field *field)
{
    if (!take(parser, '='))
        return;
    field->has_default = true;
    if (strncmp(parser->p, "x'", 2) != 0) {
        field->default_value = take_name(parser);
        return;
    }
    unsigned char bytes[64];
    const char *end = strchr(parser->p + 2, '\'');
    char hex[129];
    snprintf(hex, sizeof hex, "%.*s", (int)(end - parser->p - 2), parser->p + 2);
    size_t len = hex_read(hex, bytes, sizeof bytes);
    field->default_value = sp_arena_str(parser->arena, sp_str_from(bytes, len));
    field->default_is_hex = true;
    parser->p = end + 1;
}

static void take_digits(struct parser *parser, struct sp_field *field)
{
    field->digits = take_number(parser);
    if (take(parser, '.'))
        field->scale = take_number(parser);
}

static void take_type(struct parser *parser, struct sp_field *field)
{
    field->is_signed = take(parser, 'S');
    char kind = *parser->p++;
    if (kind == 'X' || kind == 'N') {
        field->type = SP_FIELD_CHAR;
        field->utf16 = kind == 'N';
        field->bytes = take_number(parser) * (kind == 'N' ? 2 : 1);
    } else if (kind == 'Z') {
        field->type = SP_FIELD_ZONED;
        take_digits(parser, field);
        field->sign_leading = take(parser, 'l');
        field->sign_separate = take(parser, 'e');
        field->bytes = field->digits + (field->is_signed && field->sign_separate);
    } else if (kind == 'P') {
        field->type = SP_FIELD_PACKED;
        take_digits(parser, field);
        field->bytes = field->digits / 2 + 1;
    } else if (kind == 'B') {
        field->type = SP_FIELD_BINARY;
        field->bytes = take_number(parser);
        if (!take(parser, '/'))
            stop(parser, "digits are expected");
        take_digits(parser, field);
        field->native = take(parser, 'n');
    } else if (kind == 'F') {
        field->bytes = take_number(parser);
        field->type = field->bytes == 4 ? SP_FIELD_FLOAT : SP_FIELD_DOUBLE;
        field->is_signed = true;
    } else {
        stop(parser, "a type is expected");
    }
    take_default(parser, field);
}

static struct sp_field *take_fields(struct parser *parser, struct sp_field *parent, uint32_t at,
                                    uint32_t *ret_end, struct sp_field *top);

/* "{...}" or ":type"; `at` is the offset where it begins. */
static void take_body(struct parser *parser, struct sp_field *field, uint32_t at, struct sp_field *top)
{
    field->offset = at;
    if (take(parser, ':')) {
        take_type(parser, field);
        return;
    }
    if (!take(parser, '{'))
        stop(parser, "a type or { is expected");
    uint32_t end;
    field->type = SP_FIELD_STRUCT;
    field->first = take_fields(parser, field, at, &end, top);
    field->bytes = end - at;
    if (!take(parser, '}'))
        stop(parser, "} is expected");
}

static void take_array(struct parser *parser, struct sp_field *field, uint32_t at, struct sp_field *top)
{
    field->type = SP_FIELD_ARRAY;
    field->offset = at;
    field->min_occurs = field->max_occurs = take_number(parser);
    if (take(parser, '.')) {
        parser->p++;
        field->max_occurs = take_number(parser);
    }
    skip_blanks(parser);
    if (*parser->p != ']') {
        struct sp_field *outermost = field;
        while (outermost->parent)
            outermost = outermost->parent;
        struct sp_str name = take_name(parser);
        field->counter = find(top, name);
        if (!field->counter)
            field->counter = find(outermost, name);
        if (!field->counter)
            stop(parser, "the counter is not before its array");
        field->counter->is_counter = true;
    }
    if (!take(parser, ']'))
        stop(parser, "] is expected");
    struct sp_field *element = sp_arena_calloc(parser->arena, 1, sizeof *element);
    element->name = field->name;
    element->included = true;
    element->parent = field;
    field->first = element;
    take_body(parser, element, 0, top);
    field->element_bytes = element->bytes;
    field->bytes = element->bytes * field->max_occurs;
}

static struct sp_field *take_fields(struct parser *parser, struct sp_field *parent, uint32_t at,
                                    uint32_t *ret_end, struct sp_field *top)
{
    struct sp_field *first = NULL, **tail = &first, *base = NULL;
    uint32_t end = at;
    for (skip_blanks(parser); *parser->p && *parser->p != '}' && *parser->p != '|'; skip_blanks(parser)) {
        struct sp_field *field = sp_arena_calloc(parser->arena, 1, sizeof *field);
        *tail = field;
        tail = &field->next;
        if (parent)
            parent->first = first;
        field->parent = parent;
        field->included = true;
        uint32_t begin = end;
        for (;;) {
            if (take(parser, '-'))
                field->included = false;
            else if (take(parser, '^'))
                field->redefines = true;
            else if (take(parser, '@'))
                begin = take_number(parser);
            else
                break;
            skip_blanks(parser);
        }
        if (field->redefines)
            begin = base->offset;
        else
            base = field;
        field->name = take_name(parser);
        field->original = field->name;
        struct sp_field *scope = top ? top : first;
        if (take(parser, '['))
            take_array(parser, field, begin, scope);
        else
            take_body(parser, field, begin, scope);
        if (field->offset + field->bytes > end)
            end = field->offset + field->bytes;
    }
    *ret_end = end;
    return first;
}

struct sp_interface *layout_from_text(const char *text, struct sp_arena *arena)
{
    struct parser parser = {text, text, arena};
    struct sp_interface *interface = sp_arena_calloc(arena, 1, sizeof *interface);
    struct sp_segment **tail = &interface->segments;
    interface->name = SP_STR("LAYOUT");
    const char *bar = strchr(text, '|');
    interface->is_channel = bar;
    do {
        struct sp_segment *segment = sp_arena_calloc(arena, 1, sizeof *segment);
        uint32_t end;
        *tail = segment;
        tail = &segment->next;
        segment->name = segment->original = SP_STR("COMMAREA");
        if (interface->is_channel) {
            skip_blanks(&parser);
            segment->name = segment->original = take_name(&parser);
            segment->is_container = segment->is_bit = true;
            segment->required = !take(&parser, '?');
            if (!take(&parser, '|'))
                stop(&parser, "| is expected");
        }
        segment->first = take_fields(&parser, NULL, 0, &end, NULL);
    } while (take(&parser, '|'));
    if (*parser.p)
        stop(&parser, "the end is expected");
    struct sp_error err = SP_ERROR_INIT;
    if (sp_layout_finish(interface, NULL, &err) != SP_OK) {
        fprintf(stderr, "layout text: %s in \"%s\"\n", err.text, text);
        abort();
    }
    return interface;
}
