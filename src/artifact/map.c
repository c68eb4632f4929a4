/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/map.h"

#include "text/xml.h"

struct reading {
    const char *file;
    enum sp_map_side side;
    struct sp_arena *arena;
    struct sp_error *err;
    const struct sp_xml_element *root;
    const struct sp_xml_element *http; /* the inlined schema of the HTTP message, or NULL */
    struct sp_map *map;
};

static enum sp_status fail_at(const struct reading *r, const struct sp_xml_element *element,
                              enum sp_status status, const char *fmt, ...) SP_PRINTF(4, 5);

static enum sp_status fail_at(const struct reading *r, const struct sp_xml_element *element,
                              enum sp_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(r->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(r->err, r->file, element->line, element->column);
    return status;
}

static bool cut_prefix(struct sp_str *s, struct sp_str prefix)
{
    if (!sp_str_starts(*s, prefix))
        return false;
    *s = sp_str_slice(*s, prefix.len, s->len);
    return true;
}

/* ---------------------------------------------------------------- which parameters must be there */

/* The inlined schema that declares the HTTP message. */
static enum sp_status find_http_schema(struct reading *r)
{
    const struct sp_xml_element *inlined = sp_xml_child(r->root, "inlinedXMLSchema");
    for (; inlined && !r->http; inlined = sp_xml_sibling(inlined, "inlinedXMLSchema")) {
        struct sp_xml_element *schema = NULL;
        enum sp_status status =
            sp_xml_parse(sp_str_trim(inlined->text), r->file, r->arena, NULL, &schema, r->err);
        if (status != SP_OK) {
            sp_error_prefix(r->err, "the inlined schema");
            sp_error_at(r->err, r->file, inlined->line, inlined->column);
            return status;
        }
        const struct sp_xml_element *element = sp_xml_child(schema, "element");
        for (; element; element = sp_xml_sibling(element, "element"))
            if (sp_str_is(sp_xml_attribute(element, "name"), "HTTPRequest"))
                r->http = schema;
    }
    return SP_OK;
}

/* By the schema's type of that name; false when it says nothing. */
static bool schema_requires(const struct reading *r, const char *type_name, struct sp_str parameter)
{
    const struct sp_xml_element *type = sp_xml_child(r->http, "complexType");
    while (type && !sp_str_is(sp_xml_attribute(type, "name"), type_name))
        type = sp_xml_sibling(type, "complexType");
    const struct sp_xml_element *element = sp_xml_child(sp_xml_child(type, "sequence"), "element");
    for (; element; element = sp_xml_sibling(element, "element"))
        if (sp_str_eq(sp_xml_attribute(element, "name"), parameter))
            return !sp_str_is(sp_xml_attribute(element, "minOccurs"), "0");
    return false;
}

static bool is_required(const struct reading *r, const struct sp_xml_element *input, enum sp_map_place place,
                        struct sp_str name)
{
    static const char *const types[] = {[SP_MAP_PATH] = "PathParametersType",
                                        [SP_MAP_QUERY] = "QueryParametersType",
                                        [SP_MAP_HEADER] = "HeadersType"};
    if (r->side != SP_MAP_REQUEST || place == SP_MAP_BODY)
        return false;
    return place == SP_MAP_PATH || sp_str_is(sp_xml_attribute(input, "required"), "true") ||
           schema_requires(r, types[place], name);
}

/* ---------------------------------------------------------------- paths */

static const char *place_name(enum sp_map_place place)
{
    static const char *const names[] = {"body", "path", "query", "header"};
    return names[place];
}

static enum sp_status check_body_path(const struct reading *r, const struct sp_xml_element *element,
                                      struct sp_str path)
{
    struct sp_str rest = path, name;
    if (!path.len)
        return fail_at(r, element, SP_EINVAL, "<%.*s> has no path", SP_STR_ARG(element->name));
    while (sp_str_split(&rest, '/', &name))
        if (!name.len || sp_str_is(name, ".") || sp_str_is(name, ".."))
            return fail_at(r, element, SP_EINVAL, "\"%.*s\" is no path of fields", SP_STR_ARG(path));
    return SP_OK;
}

/* Where an <input> or <output> leads: by the beginning of its path, with which httpIn must agree. */
static enum sp_status read_place(const struct reading *r, const struct sp_xml_element *element,
                                 enum sp_map_place *ret_place, struct sp_str *ret_name)
{
    struct sp_str path = sp_xml_attribute(element, "path"), in = sp_xml_attribute(element, "httpIn");
    enum sp_map_place place = SP_MAP_BODY;
    if (cut_prefix(&path, SP_STR("PathParameters/")))
        place = SP_MAP_PATH;
    else if (cut_prefix(&path, SP_STR("QueryParameters/")))
        place = SP_MAP_QUERY;
    else if (cut_prefix(&path, SP_STR("Headers/")))
        place = SP_MAP_HEADER;
    if (in.len && !sp_str_is(in, place_name(place)))
        return fail_at(r, element, SP_EINVAL, "httpIn is \"%.*s\", but the path is one of the %s",
                       SP_STR_ARG(in), place_name(place));
    if (place == SP_MAP_BODY) {
        struct sp_str whole = path;
        if (cut_prefix(&path, SP_STR("Body/")) &&
            !(cut_prefix(&path, r->map->root) && cut_prefix(&path, SP_STR("/"))))
            return fail_at(r, element, SP_EINVAL, "\"%.*s\" does not begin with Body/%.*s", SP_STR_ARG(whole),
                           SP_STR_ARG(r->map->root));
        enum sp_status status = check_body_path(r, element, path);
        if (status != SP_OK)
            return status;
    } else if (!path.len) {
        return fail_at(r, element, SP_EINVAL, "the path names no %s", place_name(place));
    }
    *ret_place = place;
    *ret_name = path;
    return SP_OK;
}

/* ---------------------------------------------------------------- steps */

/* Requests write to the body only; responses write to headers, too. */
static bool may_write(const struct reading *r, enum sp_map_place place)
{
    return place == SP_MAP_BODY || (r->side == SP_MAP_RESPONSE && place == SP_MAP_HEADER);
}

static bool may_read(const struct reading *r, enum sp_map_place place)
{
    return r->side == SP_MAP_REQUEST ? place != SP_MAP_BODY : place == SP_MAP_BODY;
}

static enum sp_status read_target(const struct reading *r, const struct sp_xml_element *xml,
                                  struct sp_map_step *step)
{
    const struct sp_xml_element *output = sp_xml_child(xml, "output");
    if (!output)
        return fail_at(r, xml, SP_EINVAL, "<%.*s> has no <output>", SP_STR_ARG(xml->name));
    enum sp_status status = read_place(r, output, &step->to_place, &step->to);
    if (status != SP_OK)
        return status;
    if (!may_write(r, step->to_place))
        return fail_at(r, output, SP_EUNSUPPORTED, "a %s mapping cannot write to the %s",
                       r->side == SP_MAP_REQUEST ? "request" : "response", place_name(step->to_place));
    struct sp_str type = sp_xml_attribute(output, "xsdBuiltInOrDerivedSimpleType");
    size_t colon = type.len;
    while (colon > 0 && type.ptr[colon - 1] != ':')
        colon--;
    step->omit =
        step->verb == SP_MAP_ASSIGN && sp_str_is(sp_xml_attribute(output, "omitFromInterface"), "true");
    step->xsd_type = type.len ? sp_str_slice(type, colon, type.len) : SP_STR("");
    return SP_OK;
}

static enum sp_status read_source(const struct reading *r, const struct sp_xml_element *xml,
                                  struct sp_map_step *step)
{
    const struct sp_xml_element *input = sp_xml_child(xml, "input");
    if (!input)
        return fail_at(r, xml, SP_EINVAL, "<move> has no <input>");
    enum sp_status status = read_place(r, input, &step->from_place, &step->from);
    if (status != SP_OK)
        return status;
    if (!may_read(r, step->from_place))
        return fail_at(r, input, SP_EUNSUPPORTED, "a %s mapping cannot move something from the %s",
                       r->side == SP_MAP_REQUEST ? "request" : "response", place_name(step->from_place));
    step->required = is_required(r, input, step->from_place, step->from);
    return SP_OK;
}

static enum sp_status read_step(const struct reading *r, const struct sp_xml_element *xml,
                                struct sp_map_step *step)
{
    enum sp_status status = SP_OK;
    if (sp_str_is(xml->name, "move")) {
        step->verb = SP_MAP_MOVE;
        status = read_source(r, xml, step);
    } else if (sp_str_is(xml->name, "assign")) {
        struct sp_str value = sp_xml_attribute(xml, "value");
        step->verb = SP_MAP_ASSIGN;
        step->value = value.ptr ? value : SP_STR("");
    } else if (sp_str_is(xml->name, "remove")) {
        step->verb = SP_MAP_REMOVE;
    } else {
        return fail_at(r, xml, SP_EUNSUPPORTED,
                       "<%.*s> is a mapping that is not supported; move, assign and remove are",
                       SP_STR_ARG(xml->name));
    }
    if (status == SP_OK)
        status = read_target(r, xml, step);
    if (status == SP_OK && step->verb == SP_MAP_REMOVE && step->to_place != SP_MAP_BODY)
        return fail_at(r, xml, SP_EUNSUPPORTED, "<remove> can only remove fields of the body");
    return status;
}

static enum sp_status read_steps(const struct reading *r, const struct sp_xml_element *updates)
{
    size_t count = 0;
    const struct sp_xml_element *xml;
    for (xml = updates ? updates->first : NULL; xml; xml = xml->next)
        count++;
    if (count > SP_MAP_STEPS_MAX)
        return fail_at(r, updates, SP_ELIMIT, "the mapping has %zu steps; at most %u are supported", count,
                       SP_MAP_STEPS_MAX);
    struct sp_map_step *steps = sp_arena_calloc(r->arena, count, sizeof *steps);
    if (!steps)
        return fail_at(r, r->root, SP_ENOMEM, "the mapping needs more memory than there is");
    size_t i = 0;
    for (xml = updates ? updates->first : NULL; xml; xml = xml->next) {
        enum sp_status status = read_step(r, xml, &steps[i++]);
        if (status != SP_OK)
            return status;
    }
    r->map->steps = steps;
    r->map->step_count = count;
    return SP_OK;
}

/* ---------------------------------------------------------------- the declaration */

/* The body's root field or wrapper, from the side that is not "." */
static enum sp_status read_root(const struct reading *r, const struct sp_xml_element *passthrough)
{
    bool request = r->side == SP_MAP_REQUEST;
    const struct sp_xml_element *named = sp_xml_child(passthrough, request ? "input" : "output");
    const struct sp_xml_element *plain = sp_xml_child(passthrough, request ? "output" : "input");
    struct sp_str path = named ? sp_xml_attribute(named, "path") : (struct sp_str){NULL, 0};
    if (!named || !plain || !sp_str_is(sp_xml_attribute(plain, "path"), ".") ||
        !cut_prefix(&path, SP_STR("Body/")) || !path.len || sp_str_find(path, '/') != path.len)
        return fail_at(r, passthrough, SP_EUNSUPPORTED,
                       "only a mapping that passes the whole body through is supported: %s Body/<root>, %s .",
                       request ? "input" : "output", request ? "output" : "input");
    r->map->root = path;
    return SP_OK;
}

static enum sp_status read_declaration(const struct reading *r, const struct sp_xml_element *declaration)
{
    const struct sp_xml_element *passthrough = NULL;
    for (const struct sp_xml_element *xml = declaration->first; xml; xml = xml->next) {
        if (sp_str_is(xml->name, "input") || sp_str_is(xml->name, "output"))
            continue;
        if (passthrough || !sp_str_is(xml->name, "passthrough"))
            return fail_at(r, xml, SP_EUNSUPPORTED,
                           "<%.*s> is not supported here; a mapping has one <passthrough>",
                           SP_STR_ARG(xml->name));
        passthrough = xml;
    }
    if (!passthrough)
        return fail_at(r, declaration, SP_EUNSUPPORTED, "the mapping has no <passthrough>");
    enum sp_status status = read_root(r, passthrough);
    if (status != SP_OK)
        return status;
    for (const struct sp_xml_element *xml = passthrough->first; xml; xml = xml->next)
        if (!sp_str_is(xml->name, "input") && !sp_str_is(xml->name, "output") &&
            (!sp_str_is(xml->name, "updates") || sp_xml_sibling(xml, "updates")))
            return fail_at(r, xml, SP_EUNSUPPORTED, "<%.*s> is not supported below <passthrough>",
                           SP_STR_ARG(xml->name));
    return read_steps(r, sp_xml_child(passthrough, "updates"));
}

enum sp_status sp_map_read(struct sp_str bytes, const char *file, enum sp_map_side side,
                           struct sp_arena *arena, const struct sp_map **ret_map, struct sp_error *err)
{
    struct reading r = {.file = file, .side = side, .arena = arena, .err = err};
    struct sp_xml_element *root = NULL;
    enum sp_status status = sp_xml_parse(bytes, file, arena, NULL, &root, err);
    if (status != SP_OK)
        return status;
    r.root = root;
    r.map = sp_arena_calloc(arena, 1, sizeof *r.map);
    if (!r.map)
        return fail_at(&r, root, SP_ENOMEM, "the mapping needs more memory than there is");
    const struct sp_xml_element *declaration = sp_xml_child(root, "mappingDeclaration");
    if (!sp_str_is(root->name, "mappingRoot") || !declaration)
        return fail_at(&r, root, SP_EINVAL,
                       "this is no mapping: it must be <mappingRoot> with a "
                       "<mappingDeclaration>");
    if (sp_xml_sibling(declaration, "mappingDeclaration"))
        return fail_at(&r, declaration, SP_EUNSUPPORTED,
                       "a mapping with several <mappingDeclaration> is not supported");
    status = find_http_schema(&r);
    if (status == SP_OK)
        status = read_declaration(&r, declaration);
    if (status == SP_OK)
        *ret_map = r.map;
    return status;
}
