/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/si.h"

#include "artifact/si_node.h"

struct source {
    struct sp_si_reader reader;
    unsigned count; /* fields so far */
};

enum sp_status sp_si_fail(const struct sp_si_reader *reader, const struct sp_si_node *node,
                          enum sp_status status, const char *fmt, ...)
{
    char path[SP_FIELD_PATH_MAX];
    va_list args;
    va_start(args, fmt);
    sp_error_vset(reader->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_prefix(reader->err, "field %s", sp_field_path(&node->field, path));
    sp_error_at(reader->err, reader->file, node->xml->line, node->xml->column);
    return status;
}

enum sp_status sp_si_number(const struct sp_si_reader *reader, const struct sp_si_node *node,
                            const char *what, struct sp_str text, uint32_t *ret_number)
{
    uint64_t number = 0;
    enum sp_status status = sp_str_to_u64(sp_str_trim(text), &number);
    if (status == SP_EINVAL)
        return sp_si_fail(reader, node, status, "has %s \"%.*s\", which is no number", what,
                          SP_STR_ARG(text));
    if (status != SP_OK || number > SP_RECORD_BYTES_MAX)
        return sp_si_fail(reader, node, SP_ELIMIT, "has %s %.*s; at most %u is supported", what,
                          SP_STR_ARG(text), SP_RECORD_BYTES_MAX);
    *ret_number = (uint32_t)number;
    return SP_OK;
}

static enum sp_status fail_at(const struct sp_si_reader *reader, const struct sp_xml_element *element,
                              enum sp_status status, const char *fmt, ...) SP_PRINTF(4, 5);

static enum sp_status fail_at(const struct sp_si_reader *reader, const struct sp_xml_element *element,
                              enum sp_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(reader->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(reader->err, reader->file, element->line, element->column);
    return status;
}

static bool is_no(struct sp_str value)
{
    return sp_str_is(value, "N") || sp_str_is(value, "false");
}

static struct sp_str text_or_empty(struct sp_str s)
{
    return s.ptr ? s : SP_STR("");
}

/* ---------------------------------------------------------------- fields */

static enum sp_status read_fields(struct source *source, const struct sp_xml_element *xml,
                                  struct sp_field *parent, const struct sp_json_value *properties,
                                  struct sp_field **ret_first);

static struct sp_si_node *new_node(struct source *source, const struct sp_xml_element *xml,
                                   struct sp_field *parent)
{
    struct sp_si_node *node = sp_arena_calloc(source->reader.arena, 1, sizeof *node);
    if (node) {
        node->xml = xml;
        node->field.parent = parent;
    }
    return node;
}

/* "type" of a schema. */
static bool schema_is(const struct sp_json_value *schema, const char *type)
{
    return sp_str_is(sp_json_member_text(schema, SP_STR("type")), type);
}

/* The format does not say whether the elements of an array are objects or plain values. An elementary item
 * that occurs has itself below it; a group has its fields, which COBOL calls otherwise than the group. */
static bool has_plain_elements(const struct sp_field *array, const struct sp_field *child,
                               const struct sp_json_value *schema)
{
    const struct sp_json_value *items = sp_json_member(schema, SP_STR("items"));
    if (child->next || child->first)
        return false;
    if (sp_json_member_text(items, SP_STR("type")).len)
        return !schema_is(items, "object");
    return sp_str_eq(child->original, array->original);
}

static enum sp_status shape_array(struct source *source, struct sp_si_node *node,
                                  const struct sp_json_value *schema)
{
    struct sp_field *array = &node->field;
    if (!array->first)
        return sp_si_fail(&source->reader, node, SP_EINVAL, "is an array without fields below it");
    if (array->max_occurs == 0)
        return sp_si_fail(&source->reader, node, SP_EINVAL, "is an array without maxOccurs");
    array->element_bytes = array->bytes / array->max_occurs;
    if (has_plain_elements(array, array->first, schema)) {
        array->first->name = array->name;
        array->first->included = true;
        return SP_OK;
    }
    struct sp_si_node *element = new_node(source, node->xml, array);
    if (!element)
        return sp_si_fail(&source->reader, node, SP_ENOMEM, "needs more memory than there is");
    element->field.type = SP_FIELD_STRUCT;
    element->field.name = array->name;
    element->field.original = array->original;
    element->field.included = true;
    element->field.bytes = array->element_bytes;
    element->field.first = array->first;
    for (struct sp_field *f = array->first; f; f = f->next)
        f->parent = &element->field;
    array->first = &element->field;
    return SP_OK;
}

static enum sp_status read_occurs(struct source *source, struct sp_si_node *node)
{
    struct sp_field *f = &node->field;
    struct sp_str most = sp_xml_attribute(node->xml, "maxOccurs");
    struct sp_str least = sp_xml_attribute(node->xml, "minOccurs");
    if (f->type != SP_FIELD_ARRAY) {
        if (most.ptr && !sp_str_is(most, "1"))
            return sp_si_fail(&source->reader, node, SP_EINVAL, "has maxOccurs and is no ARRAY");
        return SP_OK;
    }
    enum sp_status status = SP_OK;
    if (most.ptr)
        status = sp_si_number(&source->reader, node, "maxOccurs", most, &f->max_occurs);
    f->min_occurs = f->max_occurs;
    if (status == SP_OK && least.ptr)
        status = sp_si_number(&source->reader, node, "minOccurs", least, &f->min_occurs);
    node->depends_on = text_or_empty(sp_xml_attribute(node->xml, "dependsOn"));
    node->depends_path = text_or_empty(sp_xml_attribute(node->xml, "dependsOnPath"));
    return status;
}

static enum sp_status read_sizes(struct source *source, struct sp_si_node *node)
{
    const struct sp_si_reader *r = &source->reader;
    struct sp_str start = sp_xml_child_text(node->xml, "startPos");
    struct sp_str bytes = sp_xml_child_text(node->xml, "bytes");
    if (!bytes.ptr)
        return sp_si_fail(r, node, SP_EINVAL, "does not say how many bytes it has");
    enum sp_status status = sp_si_number(r, node, "bytes", bytes, &node->field.bytes);
    if (status == SP_OK && start.ptr)
        status = sp_si_number(r, node, "startPos", start, &node->start);
    if (status == SP_OK && start.ptr && !node->start)
        return sp_si_fail(r, node, SP_EINVAL, "has startPos 0; positions count from 1");
    return status;
}

static void read_names(struct sp_si_node *node)
{
    const struct sp_xml_element *xml = node->xml;
    struct sp_field *f = &node->field;
    f->name = text_or_empty(sp_xml_attribute(xml, "name"));
    f->original = text_or_empty(sp_xml_attribute(xml, "originalName"));
    if (!f->original.len)
        f->original = f->name;
    f->included = !is_no(sp_xml_attribute(xml, "included"));
    node->redefines = text_or_empty(sp_xml_attribute(xml, "redefines"));
    f->redefines = node->redefines.len > 0;
    f->remarks = text_or_empty(sp_xml_child_text(xml, "remarks"));
}

/* `properties`: those of the JSON schema around the field, or NULL. */
static enum sp_status read_field(struct source *source, const struct sp_xml_element *xml,
                                 struct sp_field *parent, const struct sp_json_value *properties,
                                 struct sp_field **ret_field)
{
    struct sp_si_node *node = new_node(source, xml, parent);
    if (!node)
        return fail_at(&source->reader, xml, SP_ENOMEM, "the interface needs more memory than there is");
    read_names(node);
    if (++source->count > SP_LAYOUT_FIELDS_MAX)
        return sp_si_fail(&source->reader, node, SP_ELIMIT, "is one too many; an interface has at most %u",
                          SP_LAYOUT_FIELDS_MAX);
    enum sp_status status = read_sizes(source, node);
    if (status == SP_OK)
        status = sp_si_read_type(&source->reader, node);
    if (status == SP_OK)
        status = read_occurs(source, node);
    if (status != SP_OK)
        return status;
    const struct sp_json_value *schema = sp_json_member(properties, node->field.name);
    const struct sp_json_value *inner =
        node->field.type == SP_FIELD_ARRAY ? sp_json_member(schema, SP_STR("items")) : schema;
    status = read_fields(source, xml, &node->field, sp_json_member(inner, SP_STR("properties")),
                         &node->field.first);
    if (status == SP_OK && node->field.type == SP_FIELD_ARRAY)
        status = shape_array(source, node, schema);
    if (status == SP_OK)
        *ret_field = &node->field;
    return status;
}

static enum sp_status read_fields(struct source *source, const struct sp_xml_element *xml,
                                  struct sp_field *parent, const struct sp_json_value *properties,
                                  struct sp_field **ret_first)
{
    struct sp_field **tail = ret_first;
    const struct sp_xml_element *child = sp_xml_child(xml, "field");
    for (; child; child = sp_xml_sibling(child, "field")) {
        enum sp_status status = read_field(source, child, parent, properties, tail);
        if (status != SP_OK)
            return status;
        tail = &(*tail)->next;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- segments */

static enum sp_status read_segment(struct source *source, const struct sp_xml_element *xml, bool is_channel,
                                   const struct sp_json_value *properties, struct sp_segment **ret_segment)
{
    const struct sp_si_reader *r = &source->reader;
    struct sp_segment *segment = sp_arena_calloc(r->arena, 1, sizeof *segment);
    struct sp_str kind = sp_xml_attribute(xml, "containerType");
    if (!segment)
        return fail_at(r, xml, SP_ENOMEM, "the interface needs more memory than there is");
    segment->original = text_or_empty(sp_xml_attribute(xml, "originalName"));
    segment->name = text_or_empty(sp_xml_attribute(xml, "name"));
    if (!segment->original.len)
        segment->original = segment->name;
    if (!segment->name.len)
        segment->name = segment->original;
    segment->is_container = is_channel;
    segment->required = sp_str_is(sp_xml_attribute(xml, "required"), "Y");
    segment->is_bit = !kind.len || sp_str_is(kind, "BIT");
    if (!segment->is_bit && !sp_str_is(kind, "CHAR"))
        return fail_at(r, xml, SP_EUNSUPPORTED, "container %.*s has type \"%.*s\"; BIT and CHAR are known",
                       SP_STR_ARG(segment->original), SP_STR_ARG(kind));
    if (is_channel)
        properties = sp_json_member(sp_json_member(properties, segment->name), SP_STR("properties"));
    enum sp_status status = read_fields(source, xml, NULL, properties, &segment->first);
    if (status == SP_OK)
        status = sp_si_place(r, segment);
    if (status == SP_OK)
        *ret_segment = segment;
    return status;
}

static enum sp_status read_kind(const struct sp_si_reader *r, const struct sp_xml_element *root,
                                bool *ret_is_channel)
{
    struct sp_str kind = sp_xml_attribute(root, "serviceType");
    *ret_is_channel = sp_str_is(kind, "CICS_CHANNEL");
    if (*ret_is_channel || sp_str_is(kind, "CICS_COMM_AREA") || sp_str_is(kind, "CICS_COMMAREA") ||
        sp_str_is(kind, SP_SI_RECORD))
        return SP_OK;
    return fail_at(r, root, SP_EUNSUPPORTED,
                   "the interface has serviceType \"%.*s\"; CICS_COMM_AREA, CICS_CHANNEL and " SP_SI_RECORD
                   " are supported",
                   SP_STR_ARG(kind));
}

/* The properties of a channel's schema are those of its only member, "<service>Operation". */
static const struct sp_json_value *schema_properties(const struct sp_json_value *schema, bool is_channel)
{
    const struct sp_json_value *properties = sp_json_member(schema, SP_STR("properties"));
    if (!is_channel || !properties)
        return properties;
    return sp_json_member(properties->first, SP_STR("properties"));
}

static enum sp_status read_segments(struct source *source, const struct sp_xml_element *root,
                                    const struct sp_json_value *schema, struct sp_interface *interface)
{
    const struct sp_si_reader *r = &source->reader;
    const struct sp_xml_element *message = sp_xml_child(root, "message");
    struct sp_segment **tail = &interface->segments;
    enum sp_status status = read_kind(r, root, &interface->is_channel);
    if (status != SP_OK)
        return status;
    if (!message)
        return fail_at(r, root, SP_EINVAL, "the interface has no <message> below its root");
    schema = schema_properties(schema, interface->is_channel);
    const struct sp_xml_element *xml = sp_xml_child(message, "segment");
    for (unsigned count = 1; xml; xml = sp_xml_sibling(xml, "segment"), count++) {
        if (count > SP_LAYOUT_SEGMENTS_MAX)
            return fail_at(r, xml, SP_ELIMIT, "an interface has at most %u segments", SP_LAYOUT_SEGMENTS_MAX);
        status = read_segment(source, xml, interface->is_channel, schema, tail);
        if (status != SP_OK)
            return status;
        tail = &(*tail)->next;
    }
    return SP_OK;
}

enum sp_status sp_si_read(struct sp_str xml, const char *file, const struct sp_json_value *schema,
                          struct sp_arena *arena, const struct sp_interface **ret_interface,
                          struct sp_error *err)
{
    struct source source = {.reader = {.file = file, .arena = arena, .err = err}};
    struct sp_xml_element *root = NULL;
    enum sp_status status = sp_xml_parse(xml, file, arena, NULL, &root, err);
    if (status != SP_OK)
        return status;
    if (!sp_str_is(root->name, "message"))
        return fail_at(&source.reader, root, SP_EINVAL,
                       "the root is <%.*s>, not <message>: this is no service interface",
                       SP_STR_ARG(root->name));
    struct sp_interface *interface = sp_arena_calloc(arena, 1, sizeof *interface);
    if (!interface)
        return fail_at(&source.reader, root, SP_ENOMEM, "the interface needs more memory than there is");
    interface->name = text_or_empty(sp_xml_attribute(root, "messageName"));
    status = read_segments(&source, root, schema, interface);
    if (status != SP_OK)
        return status;
    const struct sp_field *where = NULL;
    status = sp_layout_finish(interface, &where, err);
    if (status != SP_OK) {
        const struct sp_xml_element *place = where ? sp_si_node_of(where)->xml : root;
        sp_error_at(err, file, place->line, place->column);
        return status;
    }
    *ret_interface = interface;
    return SP_OK;
}
