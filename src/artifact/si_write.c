/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/si_write.h"

#include <stdio.h>

#include "artifact/si.h"
#include "text/base64.h"

#define INDENT 4u

struct writer {
    struct sp_buf *buf;
    unsigned slack; /* fields made so far */
};

/* The path of the fields above, "a.b." */
struct path {
    const struct path *above;
    struct sp_str name;
};

void sp_xml_escape(struct sp_str text, struct sp_buf *buf)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '&')
            sp_buf_append_str(buf, SP_STR("&amp;"));
        else if (c == '<')
            sp_buf_append_str(buf, SP_STR("&lt;"));
        else if (c == '>')
            sp_buf_append_str(buf, SP_STR("&gt;"));
        else if (c == '"')
            sp_buf_append_str(buf, SP_STR("&quot;"));
        else if (c == '\n' || c == '\r' || c == '\t')
            sp_buf_printf(buf, "&#%u;", c);
        else
            sp_buf_append_byte(buf, c < 0x20 ? ' ' : c);
    }
}

static void attribute(struct writer *w, const char *name, struct sp_str value)
{
    sp_buf_printf(w->buf, " %s=\"", name);
    sp_xml_escape(value, w->buf);
    sp_buf_append_byte(w->buf, '"');
}

static void indent(struct writer *w, unsigned depth)
{
    sp_buf_append_fill(w->buf, ' ', (size_t)depth * INDENT);
}

static void write_path(struct writer *w, const struct path *path)
{
    if (path->above) {
        write_path(w, path->above);
        sp_buf_append_byte(w->buf, '.');
    }
    sp_xml_escape(path->name, w->buf);
}

/* The path of a field by its parents; the made elements of arrays have none of their own. */
static void write_field_path(struct writer *w, const struct sp_field *f)
{
    const struct sp_field *above = f->parent;
    while (above && above->parent && above->parent->type == SP_FIELD_ARRAY)
        above = above->parent;
    if (above) {
        write_field_path(w, above);
        sp_buf_append_byte(w->buf, '.');
    }
    sp_xml_escape(f->name, w->buf);
}

/* ---------------------------------------------------------------- one field */

static const char *yes(bool value)
{
    return value ? "Y" : "N";
}

static void write_type(struct writer *w, const struct sp_field *f, unsigned depth)
{
    static const char *const binaries[] = {[1] = "BYTE", [2] = "SHORT", [4] = "INT", [8] = "LONG"};
    indent(w, depth);
    sp_buf_printf(w->buf, "<applicationDatatype datatype=\"");
    switch (f->type) {
    case SP_FIELD_STRUCT:
        sp_buf_printf(w->buf, "STRUCT\"");
        break;
    case SP_FIELD_ARRAY:
        sp_buf_printf(w->buf, "ARRAY\"");
        break;
    case SP_FIELD_CHAR:
        sp_buf_printf(w->buf, "CHAR\"");
        break;
    case SP_FIELD_FLOAT:
        sp_buf_printf(w->buf, "FLOAT\"");
        break;
    case SP_FIELD_DOUBLE:
        sp_buf_printf(w->buf, "DOUBLE\"");
        break;
    case SP_FIELD_BINARY:
        sp_buf_printf(w->buf, "%s\" precision=\"%u\"", binaries[f->bytes], f->digits);
        if (f->scale)
            sp_buf_printf(w->buf, " scale=\"%u\"", f->scale);
        break;
    default:
        sp_buf_printf(w->buf, "DECIMAL\" precision=\"%u\" scale=\"%u\"", f->digits, f->scale);
        break;
    }
    sp_buf_printf(w->buf, "/>\n");
}

static void write_converter(struct writer *w, const char *name, unsigned depth)
{
    sp_buf_printf(w->buf, ">\n");
    indent(w, depth + 1);
    sp_buf_printf(w->buf, "<typeConverter>%s</typeConverter>\n", name);
    indent(w, depth);
    sp_buf_printf(w->buf, "</marshaller>\n");
}

static void write_marshaller(struct writer *w, const struct sp_field *f, unsigned depth)
{
    if (f->type == SP_FIELD_STRUCT || f->type == SP_FIELD_ARRAY || f->type == SP_FIELD_FLOAT ||
        (f->type == SP_FIELD_CHAR && !f->utf16))
        return;
    indent(w, depth);
    sp_buf_printf(w->buf, "<marshaller");
    switch (f->type) {
    case SP_FIELD_CHAR:
        sp_buf_printf(w->buf, " encoding=\"UTF-16BE\"/>\n");
        break;
    case SP_FIELD_DOUBLE:
        sp_buf_printf(w->buf, " alignment=\"DOUBLEWORD\"/>\n");
        break;
    case SP_FIELD_BINARY:
        if (!f->is_signed)
            sp_buf_printf(w->buf, " isSigned=\"N\"");
        sp_buf_printf(w->buf, " isNativeInteger=\"%s\" alignment=\"NATURAL\"/>\n", yes(f->native));
        break;
    case SP_FIELD_PACKED:
        sp_buf_printf(w->buf, " isSigned=\"%s\"", yes(f->is_signed));
        write_converter(w, "PACKEDDECIMAL", depth);
        break;
    default:
        sp_buf_printf(w->buf, " isSigned=\"%s\" isSignLeading=\"%s\" isSignSeparate=\"%s\" isWCHAROnly=\"N\"",
                      yes(f->is_signed), yes(f->sign_leading), yes(f->sign_separate));
        write_converter(w, "ZONEDDECIMAL", depth);
        break;
    }
}

static void write_default(struct writer *w, const struct sp_field *f)
{
    if (!f->default_is_hex) {
        attribute(w, "defaultValue", f->default_value);
    } else {
        sp_buf_printf(w->buf, " defaultValue=\"");
        if (sp_hex_encode(f->default_value, w->buf) != SP_OK)
            w->buf->failed = true;
        sp_buf_append_byte(w->buf, '"');
    }
    sp_buf_printf(w->buf, " isHex=\"%s\"", f->default_is_hex ? "true" : "false");
}

/* `base`: the original name of what the field redefines. */
static void write_attributes(struct writer *w, const struct sp_field *f, const struct path *path,
                             struct sp_str base)
{
    attribute(w, "name", f->name);
    attribute(w, "originalName", f->original);
    sp_buf_printf(w->buf, " included=\"%s\"", yes(f->included));
    if (f->type != SP_FIELD_STRUCT && f->type != SP_FIELD_ARRAY)
        write_default(w, f);
    sp_buf_printf(w->buf, " path=\"");
    write_path(w, path);
    sp_buf_append_byte(w->buf, '"');
    if (f->type != SP_FIELD_STRUCT && f->type != SP_FIELD_ARRAY)
        sp_buf_printf(w->buf, " codepageConversion=\"Y\"");
    if (f->redefines)
        attribute(w, "redefines", base);
    if (f->is_counter)
        sp_buf_printf(w->buf, " dependedOn=\"true\"");
    if (f->counter) {
        attribute(w, "dependsOn", f->counter->original);
        sp_buf_printf(w->buf, " dependsOnPath=\"");
        write_field_path(w, f->counter);
        sp_buf_append_byte(w->buf, '"');
    }
    if (f->type == SP_FIELD_ARRAY)
        sp_buf_printf(w->buf, " minOccurs=\"%u\" maxOccurs=\"%u\"", f->min_occurs, f->max_occurs);
}

static void write_fields(struct writer *w, const struct sp_field *first, const struct path *above,
                         uint32_t from, uint32_t to, bool in_array, unsigned depth);

static void write_below(struct writer *w, const struct sp_field *f, const struct path *path, bool in_array,
                        unsigned depth)
{
    if (f->type == SP_FIELD_ARRAY) {
        const struct sp_field *element = f->first;
        /* A group's fields stand right below the array, an item's own self does. */
        write_fields(w, element->type == SP_FIELD_STRUCT ? element->first : element, path, 0,
                     f->element_bytes, true, depth);
    } else if (f->type == SP_FIELD_STRUCT) {
        write_fields(w, f->first, path, f->offset, f->offset + f->bytes, in_array, depth);
    }
}

static void write_field(struct writer *w, const struct sp_field *f, const struct path *above,
                        struct sp_str base, bool in_array, unsigned depth)
{
    struct path path = {above, f->name};
    indent(w, depth);
    sp_buf_printf(w->buf, "<field");
    write_attributes(w, f, &path, base);
    sp_buf_printf(w->buf, ">\n");
    if (!in_array) {
        indent(w, depth + 1);
        sp_buf_printf(w->buf, "<startPos>%u</startPos>\n", f->offset + 1);
    }
    indent(w, depth + 1);
    sp_buf_printf(w->buf, "<bytes>%u</bytes>\n", f->bytes);
    indent(w, depth + 1);
    sp_buf_printf(w->buf, "<maxBytes>%u</maxBytes>\n", sp_field_varies(f) ? 0 : f->bytes);
    indent(w, depth + 1);
    sp_buf_printf(w->buf, "<remarks>");
    sp_xml_escape(f->remarks, w->buf);
    sp_buf_printf(w->buf, "</remarks>\n");
    write_marshaller(w, f, depth + 1);
    write_type(w, f, depth + 1);
    write_below(w, f, &path, in_array, depth + 1);
    indent(w, depth);
    sp_buf_printf(w->buf, "</field>\n");
}

static void write_slack(struct writer *w, const struct path *above, uint32_t bytes, unsigned depth)
{
    char name[24];
    snprintf(name, sizeof name, "SLACK_%u", w->slack++);
    struct sp_field slack = {.type = SP_FIELD_CHAR, .bytes = bytes};
    slack.name = slack.original = sp_str_of(name);
    write_field(w, &slack, above, slack.name, true, depth);
}

/* Fields between two offsets; in an array each byte must belong to one. */
static void write_fields(struct writer *w, const struct sp_field *first, const struct path *above,
                         uint32_t from, uint32_t to, bool in_array, unsigned depth)
{
    struct sp_str base = SP_STR("");
    uint32_t end = from;
    for (const struct sp_field *f = first; f; f = f->next) {
        if (in_array && !f->redefines && f->offset > end)
            write_slack(w, above, f->offset - end, depth);
        if (!f->redefines)
            base = f->original;
        write_field(w, f, above, base, in_array, depth);
        end = f->offset + f->bytes > end ? f->offset + f->bytes : end;
    }
    if (in_array && end < to)
        write_slack(w, above, to - end, depth);
}

static void write_segment(struct writer *w, const struct sp_segment *segment, unsigned id)
{
    indent(w, 2);
    sp_buf_printf(w->buf, "<segment id=\"%u\"", id);
    attribute(w, "name", segment->name);
    attribute(w, "originalName", segment->original);
    if (segment->is_container)
        sp_buf_printf(w->buf, " containerType=\"%s\" required=\"%s\"", segment->is_bit ? "BIT" : "CHAR",
                      yes(segment->required));
    sp_buf_printf(w->buf, ">\n");
    write_fields(w, segment->first, NULL, 0, segment->bytes, false, 3);
    indent(w, 2);
    sp_buf_printf(w->buf, "</segment>\n");
}

void sp_si_write(const struct sp_interface *interface, struct sp_buf *buf)
{
    struct writer w = {.buf = buf};
    const char *type = interface->is_channel                                  ? "CICS_CHANNEL"
                       : sp_str_is(interface->segments->original, "COMMAREA") ? "CICS_COMM_AREA"
                                                                              : SP_SI_RECORD;
    unsigned id = 1;
    sp_buf_printf(buf, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                       "<ns2:message xmlns:ns2=\"http://www.ibm.com/ims/Transaction\" transactionCode=\"\"");
    attribute(&w, "messageName", interface->name);
    sp_buf_printf(buf, " direction=\"0\" serviceType=\"%s\">\n    <message id=\"1\"", type);
    attribute(&w, "name", interface->name);
    sp_buf_printf(buf, ">\n");
    for (const struct sp_segment *s = interface->segments; s; s = s->next)
        write_segment(&w, s, id++);
    sp_buf_printf(buf, "    </message>\n</ns2:message>\n");
}
