/* SPDX-License-Identifier: Apache-2.0
 * map_write.c: mapping files of an API that is built.
 */
#include "artifact/api_made.h"

#include "artifact/si_write.h"

#define MAPPING_NAMESPACE "http://www.ibm.com/zosConnect/2.0/mapping/"
#define XSD "http://www.w3.org/2001/XMLSchema"

struct writer {
    struct sp_buf *buf;
    struct sp_str method;
    const struct sp_made_map *map;
};

const char *sp_made_xsd_type(const struct sp_field *f)
{
    switch (f->type) {
    case SP_FIELD_CHAR:
        return "string";
    case SP_FIELD_FLOAT:
        return "float";
    case SP_FIELD_DOUBLE:
        return "double";
    case SP_FIELD_ZONED:
    case SP_FIELD_PACKED:
    case SP_FIELD_BINARY:
        return f->scale ? "decimal" : "integer";
    case SP_FIELD_ARRAY:
        return sp_made_xsd_type(f->first);
    default:
        return NULL;
    }
}

/* ---------------------------------------------------------------- the parameters' schema */

bool sp_made_repeats(const struct sp_made_map *map, size_t step)
{
    for (size_t i = 0; i < step; i++)
        if (map->steps[i].verb == SP_MAP_MOVE && map->steps[i].from_place == map->steps[step].from_place &&
            sp_str_eq(map->steps[i].from, map->steps[step].from))
            return true;
    return false;
}

static void write_parameters(struct writer *w, const char *type, enum sp_map_place place)
{
    sp_buf_printf(w->buf, "  <xsd:complexType name=\"%s\">\n    <xsd:sequence>\n", type);
    for (size_t i = 0; i < w->map->step_count; i++) {
        const struct sp_map_step *step = &w->map->steps[i];
        if (step->verb != SP_MAP_MOVE || step->from_place != place || sp_made_repeats(w->map, i))
            continue;
        bool required = step->required || place == SP_MAP_PATH;
        sp_buf_printf(w->buf, "      <xsd:element maxOccurs=\"1\" minOccurs=\"%d\" name=\"", required);
        sp_xml_escape(step->from, w->buf);
        sp_buf_printf(w->buf, "\" type=\"xsd:string\"/>\n");
    }
    sp_buf_printf(w->buf, "    </xsd:sequence>\n  </xsd:complexType>\n");
}

static void write_http_schema(struct writer *w)
{
    sp_buf_printf(w->buf,
                  "    <inlinedXMLSchema targetNamespace=\"" MAPPING_NAMESPACE "HTTP/input/%.*s\"><![CDATA["
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xsd:schema xmlns:xsd=\"" XSD
                  "\" xmlns:tns=\"" MAPPING_NAMESPACE "HTTP/input/%.*s\" targetNamespace=\"" MAPPING_NAMESPACE
                  "HTTP/input/%.*s\">\n  <xsd:element name=\"HTTPRequest\" type=\"tns:HTTPRequestType\"/>\n"
                  "  <xsd:complexType name=\"HTTPRequestType\">\n    <xsd:sequence>\n"
                  "      <xsd:element name=\"Headers\" type=\"tns:HeadersType\"/>\n"
                  "      <xsd:element name=\"PathParameters\" type=\"tns:PathParametersType\"/>\n"
                  "      <xsd:element name=\"QueryParameters\" type=\"tns:QueryParametersType\"/>\n"
                  "    </xsd:sequence>\n  </xsd:complexType>\n",
                  SP_STR_ARG(w->method), SP_STR_ARG(w->method), SP_STR_ARG(w->method));
    write_parameters(w, "HeadersType", SP_MAP_HEADER);
    write_parameters(w, "PathParametersType", SP_MAP_PATH);
    write_parameters(w, "QueryParametersType", SP_MAP_QUERY);
    sp_buf_printf(w->buf, "</xsd:schema>]]></inlinedXMLSchema>\n");
}

/* ---------------------------------------------------------------- steps */

/* <input ...> or <output ...>: how HTTP carries it, its path, its type. */
static void write_place(struct writer *w, const char *tag, enum sp_map_place place, struct sp_str prefix,
                        struct sp_str path, const struct sp_map_step *step, const struct sp_field *field)
{
    static const char *const in[] = {"body", "path", "query", "header"};
    static const char *const folder[] = {"", "PathParameters/", "QueryParameters/", "Headers/"};
    const char *type = field ? sp_made_xsd_type(field) : "string";
    sp_buf_printf(w->buf, "                    <%s httpIn=\"%s\"", tag, in[place]);
    if (step->verb == SP_MAP_ASSIGN && step->omit)
        sp_buf_printf(w->buf, " omitFromInterface=\"true\"");
    sp_buf_printf(w->buf, " path=\"%s", folder[place]);
    sp_xml_escape(prefix, w->buf);
    sp_xml_escape(path, w->buf);
    sp_buf_append_byte(w->buf, '"');
    if (type)
        sp_buf_printf(w->buf, " xsdBuiltInOrDerivedSimpleType=\"" XSD ":%s\"", type);
    sp_buf_printf(w->buf, "/>\n");
}

static void write_step(struct writer *w, size_t i)
{
    static const char *const verbs[] = {"move", "assign", "remove"};
    const struct sp_map_step *step = &w->map->steps[i];
    const struct sp_field *field = w->map->fields[i];
    sp_buf_printf(w->buf, "                <%s", verbs[step->verb]);
    if (step->verb == SP_MAP_ASSIGN && step->value.len) {
        sp_buf_printf(w->buf, " value=\"");
        sp_xml_escape(step->value, w->buf);
        sp_buf_append_byte(w->buf, '"');
    }
    sp_buf_printf(w->buf, ">\n");
    struct sp_str none = SP_STR("");
    if (step->verb == SP_MAP_MOVE)
        write_place(w, "input", step->from_place, none, step->from, step,
                    step->from_place == SP_MAP_BODY ? field : NULL);
    write_place(w, "output", step->to_place, none, step->to, step,
                step->to_place == SP_MAP_BODY ? field : NULL);
    sp_buf_printf(w->buf, "                </%s>\n", verbs[step->verb]);
}

static void write_root(struct writer *w, const char *before)
{
    sp_buf_printf(w->buf, "%s", before);
    sp_xml_escape(w->map->root, w->buf);
    sp_buf_printf(w->buf, "\"/>\n");
}

static void write_declaration(struct writer *w, const struct sp_made_operation *operation, bool is_request)
{
    struct sp_str rest = operation->source->path, part;
    sp_buf_printf(w->buf, "    <mappingDeclaration name=\"%.*s", SP_STR_ARG(w->method));
    while (sp_str_split(&rest, '/', &part)) {
        if (!part.len)
            continue;
        sp_buf_append_byte(w->buf, '.');
        sp_xml_escape(part, w->buf);
    }
    sp_buf_printf(w->buf, "\">\n");
    if (is_request) {
        sp_buf_printf(w->buf, "        <input path=\"$rootInput/HTTPRequest\"/>\n");
        write_root(w, "        <output path=\"$rootOutput/");
    } else {
        write_root(w, "        <input path=\"$rootInput/");
        sp_buf_printf(w->buf, "        <output path=\"$rootOutput/HTTPResponse\"/>\n");
    }
    sp_buf_printf(w->buf, "        <passthrough>\n");
    if (!is_request)
        sp_buf_printf(w->buf, "            <input path=\".\"/>\n");
    write_root(w, is_request ? "            <input path=\"Body/" : "            <output path=\"Body/");
    if (is_request)
        sp_buf_printf(w->buf, "            <output path=\".\"/>\n");
    sp_buf_printf(w->buf, "            <updates>\n");
    for (size_t i = 0; i < w->map->step_count; i++)
        write_step(w, i);
    sp_buf_printf(w->buf, "            </updates>\n        </passthrough>\n    </mappingDeclaration>\n");
}

void sp_map_write(const struct sp_made_operation *operation, const struct sp_made_map *map, bool is_request,
                  struct sp_buf *buf)
{
    struct writer w = {buf, operation->source->method, map};
    sp_buf_printf(
        buf,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<mappingRoot xmlns=\"http://www.ibm.com/2008/ccl/Mapping\" "
        "domainID=\"com.ibm.msl.mapping.xml\" domainIDExtension=\"zosconnect\" jsonWrapped=\"false\" "
        "targetNamespace=\"" MAPPING_NAMESPACE "%.*s\" version=\"8.0.5.0\">\n",
        SP_STR_ARG(w.method));
    if (is_request)
        write_http_schema(&w);
    write_declaration(&w, operation, is_request);
    sp_buf_printf(buf, "</mappingRoot>\n");
}
