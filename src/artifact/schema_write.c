/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/schema_write.h"

#include <stdio.h>

static void put_number(struct sp_json_writer *w, const char *name, const char *digits)
{
    sp_json_name(w, sp_str_of(name));
    sp_json_number(w, sp_str_of(digits));
}

/* 9999.99 for 6 digits, 2 of them behind the point. */
static void nines(const struct sp_field *f, char ret_text[48])
{
    unsigned whole = f->digits - f->scale, at = 0;
    if (!whole)
        ret_text[at++] = '0';
    for (unsigned i = 0; i < f->digits; i++) {
        if (i == whole)
            ret_text[at++] = '.';
        ret_text[at++] = '9';
    }
    ret_text[at] = '\0';
}

void sp_schema_limits(const struct sp_field *f, char ret_least[48], char ret_greatest[48])
{
    if (f->type == SP_FIELD_BINARY && f->native && !f->scale) {
        unsigned bits = f->bytes * 8;
        uint64_t greatest = UINT64_MAX >> (64 - bits + (f->is_signed ? 1 : 0));
        snprintf(ret_greatest, 48, "%llu", (unsigned long long)greatest);
        if (f->is_signed)
            snprintf(ret_least, 48, "-%llu", (unsigned long long)greatest + 1);
    } else {
        nines(f, ret_greatest);
        if (f->is_signed)
            snprintf(ret_least, 48, "-%.46s", ret_greatest);
    }
    if (!f->is_signed)
        snprintf(ret_least, 48, "0");
}

/* 0.01 for a scale of 2. */
static void step(unsigned scale, char ret_text[48])
{
    unsigned at = (unsigned)snprintf(ret_text, 48, "0.");
    for (unsigned i = 1; i < scale; i++)
        ret_text[at++] = '0';
    ret_text[at++] = '1';
    ret_text[at] = '\0';
}

static void write_text(const struct sp_field *f, bool openapi, struct sp_json_writer *w)
{
    if (openapi)
        sp_json_put_text(w, "type", "string");
    sp_json_put_i64(w, "maxLength", f->utf16 ? f->bytes / 2 : f->bytes);
    if (!openapi)
        sp_json_put_text(w, "type", "string");
}

static void write_decimal(const struct sp_field *f, bool openapi, struct sp_json_writer *w)
{
    char least[48], greatest[48], multiple[48];
    sp_schema_limits(f, least, greatest);
    if (openapi) {
        sp_json_put_text(w, "type", f->scale ? "number" : "integer");
        if (f->scale)
            sp_json_put_text(w, "format", "decimal");
    } else if (f->scale) {
        step(f->scale, multiple);
        put_number(w, "multipleOf", multiple);
    }
    put_number(w, "minimum", least);
    put_number(w, "maximum", greatest);
    if (!openapi) {
        sp_json_put_text(w, "type", f->scale ? "number" : "integer");
        if (f->scale)
            sp_json_put_text(w, "format", "decimal");
    }
}

void sp_schema_write_members(const struct sp_field *f, bool openapi, struct sp_json_writer *w)
{
    switch (f->type) {
    case SP_FIELD_CHAR:
        write_text(f, openapi, w);
        break;
    case SP_FIELD_FLOAT:
    case SP_FIELD_DOUBLE:
        sp_json_put_text(w, "type", "number");
        sp_json_put_text(w, "format", f->type == SP_FIELD_FLOAT ? "float" : "double");
        break;
    default:
        write_decimal(f, openapi, w);
        break;
    }
    if (f->remarks.len)
        sp_json_put_string(w, "description", f->remarks);
}

bool sp_schema_shows(const struct sp_field *f, const struct sp_schema_options *options)
{
    if (!f->included || (options->hidden && options->hidden[f->index]))
        return false;
    bool shows = !f->first;
    for (const struct sp_field *child = f->first; child && !shows; child = child->next)
        shows = sp_schema_shows(child, options);
    return shows;
}

static void write_field(const struct sp_field *f, const struct sp_schema_options *options,
                        struct sp_json_writer *w);

static void write_properties(const struct sp_field *first, const struct sp_schema_options *options,
                             struct sp_json_writer *w)
{
    sp_json_put_text(w, "type", "object");
    sp_json_name(w, SP_STR("properties"));
    sp_json_object_begin(w);
    for (const struct sp_field *f = first; f; f = f->next) {
        if (!sp_schema_shows(f, options))
            continue;
        sp_json_name(w, f->name);
        write_field(f, options, w);
    }
    sp_json_object_end(w);
}

static void write_array(const struct sp_field *f, const struct sp_schema_options *options,
                        struct sp_json_writer *w)
{
    sp_json_put_text(w, "type", "array");
    sp_json_put_i64(w, "maxItems", f->max_occurs);
    sp_json_put_i64(w, "minItems", f->min_occurs);
    sp_json_name(w, SP_STR("items"));
    write_field(f->first, options, w);
}

static void write_field(const struct sp_field *f, const struct sp_schema_options *options,
                        struct sp_json_writer *w)
{
    sp_json_object_begin(w);
    if (f->type == SP_FIELD_STRUCT)
        write_properties(f->first, options, w);
    else if (f->type == SP_FIELD_ARRAY)
        write_array(f, options, w);
    else
        sp_schema_write_members(f, options->openapi, w);
    if (f->first && f->remarks.len)
        sp_json_put_string(w, "description", f->remarks);
    sp_json_object_end(w);
}

static void write_containers(const struct sp_interface *interface, const struct sp_schema_options *options,
                             struct sp_json_writer *w)
{
    bool required = false;
    sp_json_put_text(w, "type", "object");
    sp_json_name(w, SP_STR("properties"));
    sp_json_object_begin(w);
    for (const struct sp_segment *s = interface->segments; s; s = s->next) {
        sp_json_name(w, s->name);
        sp_json_object_begin(w);
        write_properties(s->first, options, w);
        sp_json_object_end(w);
        required = required || s->required;
    }
    sp_json_object_end(w);
    if (!required)
        return;
    sp_json_name(w, SP_STR("required"));
    sp_json_array_begin(w);
    for (const struct sp_segment *s = interface->segments; s; s = s->next)
        if (s->required)
            sp_json_string(w, s->name);
    sp_json_array_end(w);
}

void sp_schema_write(const struct sp_interface *interface, const struct sp_schema_options *options,
                     struct sp_json_writer *w)
{
    sp_json_object_begin(w);
    if (!interface->is_channel) {
        write_properties(interface->segments->first, options, w);
    } else {
        sp_json_put_text(w, "type", "object");
        sp_json_name(w, SP_STR("properties"));
        sp_json_object_begin(w);
        sp_json_name(w, options->wrapper);
        sp_json_object_begin(w);
        write_containers(interface, options, w);
        sp_json_object_end(w);
        sp_json_object_end(w);
    }
    sp_json_object_end(w);
}
