/* SPDX-License-Identifier: Apache-2.0 */
#include "text/xml.h"

#include <expat.h>
#include <stdlib.h>

#include "text/xml_encoding.h"

/* Between namespace URI and local name in what expat reports; cannot occur in a document. */
#define NS_SEPARATOR '\x01'
#define FEED_STEP ((size_t)1 << 20)

const struct sp_xml_limits sp_xml_default_limits = {
    .bytes = (size_t)16 << 20,
    .depth = 64,
    .elements = 200000,
    .attributes = 256,
    .namespaces = 256,
};

/* An element whose end tag has not come. */
struct open_element {
    struct sp_xml_element *element;
    struct sp_xml_element **tail; /* where the next child is hung in */
    struct sp_buf text;
};

struct reader {
    XML_Parser expat;
    const struct sp_xml_limits *limits;
    struct sp_arena *arena;
    const char *file;
    struct sp_error *err;
    enum sp_status status; /* the first failure of a handler */
    struct sp_xml_element *root;
    struct open_element *open; /* limits->depth of them */
    unsigned depth, deepest, elements, namespaces;
};

static void set_place(struct reader *r)
{
    sp_error_at(r->err, r->file, (unsigned)XML_GetCurrentLineNumber(r->expat),
                (unsigned)XML_GetCurrentColumnNumber(r->expat) + 1);
}

static void fail(struct reader *r, enum sp_status status, const char *fmt, ...) SP_PRINTF(3, 4);

static void fail(struct reader *r, enum sp_status status, const char *fmt, ...)
{
    if (r->status != SP_OK)
        return;
    va_list args;
    va_start(args, fmt);
    r->status = sp_error_vset(r->err, status, NULL, fmt, args);
    va_end(args);
    set_place(r);
    XML_StopParser(r->expat, XML_FALSE);
}

static void fail_memory(struct reader *r)
{
    fail(r, SP_ENOMEM, "the document needs more memory than it may take");
}

/* "uri\1local" or "local". */
static void split_name(struct reader *r, const char *reported, struct sp_str *ret_local,
                       struct sp_str *ret_namespace)
{
    const char *mark = strchr(reported, NS_SEPARATOR);
    struct sp_str ns = mark ? sp_str_from(reported, (size_t)(mark - reported)) : SP_STR("");
    *ret_local = sp_arena_str(r->arena, sp_str_of(mark ? mark + 1 : reported));
    if (ret_namespace)
        *ret_namespace = ns.len ? sp_arena_str(r->arena, ns) : SP_STR("");
}

static bool add_attributes(struct reader *r, struct sp_xml_element *element, const char **pairs)
{
    struct sp_xml_attribute **tail = &element->attributes;
    unsigned count = 0;
    for (; *pairs; pairs += 2) {
        if (++count > r->limits->attributes) {
            fail(r, SP_ELIMIT, "element <%s> has more than %u attributes", element->name.ptr,
                 r->limits->attributes);
            return false;
        }
        struct sp_xml_attribute *attribute = sp_arena_calloc(r->arena, 1, sizeof *attribute);
        if (!attribute)
            return false;
        split_name(r, pairs[0], &attribute->name, NULL);
        attribute->value = sp_arena_str(r->arena, sp_str_of(pairs[1]));
        if (!attribute->name.ptr || !attribute->value.ptr)
            return false;
        attribute->line = element->line;
        attribute->column = element->column;
        *tail = attribute;
        tail = &attribute->next;
    }
    return true;
}

/* A place in the bytes of a start tag. */
struct place {
    const char *at, *end;
    unsigned line, column;
};

static void step(struct place *p)
{
    unsigned char c = (unsigned char)*p->at++;
    bool pair = c == '\r' && p->at < p->end && *p->at == '\n';
    if (c == '\n' || (c == '\r' && !pair)) {
        p->line++;
        p->column = 1;
    } else if (!pair && (c & 0xC0) != 0x80) { /* a byte that continues a character is no column */
        p->column++;
    }
}

static void step_over(struct place *p, const char *bytes, bool while_in)
{
    while (p->at < p->end && (strchr(bytes, *p->at) != NULL) == while_in && *p->at)
        step(p);
}

/* Where each attribute stands: the tag is read once more, as bytes. It is well formed, expat has read it. */
static void place_attributes(struct reader *r, struct sp_xml_element *element)
{
    static const char blanks[] = " \t\r\n";
    int offset = 0, size = 0, len = XML_GetCurrentByteCount(r->expat);
    const char *buffer = XML_GetInputContext(r->expat, &offset, &size);
    if (!buffer || !element->attributes || len <= 0 || offset + len > size || buffer[offset] != '<' ||
        !buffer[offset + 1])
        return;
    struct place p = {buffer + offset, buffer + offset + len, element->line, element->column};
    struct sp_xml_attribute *attribute = element->attributes;
    step_over(&p, blanks, false);
    while (attribute && p.at < p.end) {
        step_over(&p, blanks, true);
        bool declares = p.end - p.at > 5 && strncmp(p.at, "xmlns", 5) == 0 &&
                        (p.at[5] == ':' || p.at[5] == '=' || strchr(blanks, p.at[5]));
        struct place name = p;
        step_over(&p, "\"'", false);
        if (p.at == p.end)
            return;
        const char quote[2] = {*p.at, '\0'};
        step(&p);
        step_over(&p, quote, false);
        if (p.at < p.end)
            step(&p);
        if (declares)
            continue;
        attribute->line = name.line;
        attribute->column = name.column;
        attribute = attribute->next;
    }
}

static struct sp_xml_element *new_element(struct reader *r, const char *name, const char **pairs)
{
    struct sp_xml_element *element = sp_arena_calloc(r->arena, 1, sizeof *element);
    if (!element)
        return NULL;
    element->text = SP_STR("");
    element->line = (unsigned)XML_GetCurrentLineNumber(r->expat);
    element->column = (unsigned)XML_GetCurrentColumnNumber(r->expat) + 1;
    split_name(r, name, &element->name, &element->namespace);
    if (!element->name.ptr || !element->namespace.ptr || !add_attributes(r, element, pairs))
        return NULL;
    place_attributes(r, element);
    return element;
}

static void on_start(void *arg, const char *name, const char **pairs)
{
    struct reader *r = arg;
    if (r->status != SP_OK)
        return;
    if (r->depth == r->limits->depth) {
        fail(r, SP_ELIMIT, "elements are nested more than %u deep", r->limits->depth);
        return;
    }
    if (r->elements == r->limits->elements) {
        fail(r, SP_ELIMIT, "the document has more than %u elements", r->limits->elements);
        return;
    }
    struct sp_xml_element *element = new_element(r, name, pairs);
    if (!element) {
        fail_memory(r);
        return;
    }
    r->elements++;
    if (r->depth == 0) {
        r->root = element;
    } else {
        struct open_element *parent = &r->open[r->depth - 1];
        element->parent = parent->element;
        *parent->tail = element;
        parent->tail = &element->next;
    }
    struct open_element *open = &r->open[r->depth++];
    open->element = element;
    open->tail = &element->first;
    if (r->depth > r->deepest) {
        r->deepest = r->depth;
        sp_buf_init(&open->text, SIZE_MAX / 2); /* bounded by the document's size */
    }
    sp_buf_reset(&open->text);
}

static void on_end(void *arg, const char *name)
{
    struct reader *r = arg;
    if (r->status != SP_OK)
        return;
    struct open_element *open = &r->open[--r->depth];
    if (open->text.len == 0)
        return;
    open->element->text = sp_arena_str(r->arena, sp_buf_str(&open->text));
    if (!open->element->text.ptr)
        fail_memory(r);
}

static void on_text(void *arg, const char *text, int len)
{
    struct reader *r = arg;
    if (r->status != SP_OK || r->depth == 0)
        return;
    if (sp_buf_append(&r->open[r->depth - 1].text, text, (size_t)len) != SP_OK)
        fail_memory(r);
}

static void on_doctype(void *arg, const char *name, const char *system_id, const char *public_id,
                       int has_internal_subset)
{
    fail(arg, SP_ESYNTAX, "a document type declaration (<!DOCTYPE) is not allowed; remove it");
}

/* The entity handler exists so that nothing outside the document is ever fetched, whatever expat allows. */
static int on_external_entity(XML_Parser expat, const char *context, const char *base, const char *system_id,
                              const char *public_id)
{
    return XML_STATUS_ERROR;
}

static void on_namespace(void *arg, const char *prefix, const char *uri)
{
    struct reader *r = arg;
    if (++r->namespaces > r->limits->namespaces)
        fail(r, SP_ELIMIT, "more than %u namespaces are declared at once", r->limits->namespaces);
}

static void on_namespace_end(void *arg, const char *prefix)
{
    struct reader *r = arg;
    r->namespaces--;
}

static void set_handlers(struct reader *r)
{
    XML_SetUserData(r->expat, r);
    XML_SetElementHandler(r->expat, on_start, on_end);
    XML_SetNamespaceDeclHandler(r->expat, on_namespace, on_namespace_end);
    XML_SetCharacterDataHandler(r->expat, on_text);
    XML_SetStartDoctypeDeclHandler(r->expat, on_doctype);
    XML_SetExternalEntityRefHandler(r->expat, on_external_entity);
}

/* XML_Parse takes an int, and a document given in one piece makes expat copy its unread rest. */
static enum sp_status feed(struct reader *r, struct sp_str input)
{
    bool last = false;
    while (!last) {
        size_t step = input.len > FEED_STEP ? FEED_STEP : input.len;
        last = step == input.len;
        enum XML_Status result = XML_Parse(r->expat, input.ptr ? input.ptr : "", (int)step, last);
        if (r->status != SP_OK)
            return r->status;
        if (result != XML_STATUS_OK) {
            enum XML_Error code = XML_GetErrorCode(r->expat);
            enum sp_status status = code == XML_ERROR_NO_MEMORY ? SP_ENOMEM : SP_ESYNTAX;
            sp_error_set(r->err, status, NULL, "the XML is not well formed: %s", XML_ErrorString(code));
            set_place(r);
            return status;
        }
        input = sp_str_slice(input, step, input.len);
    }
    return SP_OK;
}

static enum sp_status parse_with(struct reader *r, struct sp_str input, const char *encoding)
{
    r->open = calloc(r->limits->depth ? r->limits->depth : 1, sizeof *r->open);
    r->expat = XML_ParserCreateNS(encoding, NS_SEPARATOR);
    if (!r->open || !r->expat)
        return sp_error_set(r->err, SP_ENOMEM, NULL, "no memory to read the document");
    set_handlers(r);
    enum sp_status status = feed(r, input);
    for (unsigned i = 0; i < r->deepest; i++)
        sp_buf_wipe(&r->open[i].text); /* server.xml may hold passwords */
    return status;
}

enum sp_status sp_xml_parse(struct sp_str input, const char *file, struct sp_arena *arena,
                            const struct sp_xml_limits *limits, struct sp_xml_element **ret_root,
                            struct sp_error *err)
{
    struct reader r = {
        .limits = limits ? limits : &sp_xml_default_limits, .arena = arena, .file = file, .err = err};
    if (input.len > r.limits->bytes) {
        sp_error_set(err, SP_ELIMIT, NULL, "the document has %zu bytes, more than the %zu allowed", input.len,
                     r.limits->bytes);
        sp_error_at(err, file, 0, 0);
        return SP_ELIMIT;
    }
    struct sp_buf utf8;
    sp_buf_init(&utf8, input.len * 3 + 1);
    const char *encoding = NULL;
    enum sp_status status = sp_xml_encoding_apply(input, &utf8, &input, &encoding, err);
    if (status == SP_OK)
        status = parse_with(&r, input, encoding);
    else
        sp_error_at(err, file, 1, 1);
    if (r.expat)
        XML_ParserFree(r.expat);
    free(r.open);
    sp_buf_wipe(&utf8);
    if (status == SP_OK)
        *ret_root = r.root;
    return status;
}

const struct sp_xml_element *sp_xml_child(const struct sp_xml_element *parent, const char *name)
{
    const struct sp_xml_element *child = parent ? parent->first : NULL;
    while (child && !sp_str_is(child->name, name))
        child = child->next;
    return child;
}

const struct sp_xml_element *sp_xml_sibling(const struct sp_xml_element *element, const char *name)
{
    do {
        element = element->next;
    } while (element && !sp_str_is(element->name, name));
    return element;
}

struct sp_str sp_xml_attribute(const struct sp_xml_element *element, const char *name)
{
    for (const struct sp_xml_attribute *a = element ? element->attributes : NULL; a; a = a->next) {
        if (sp_str_is(a->name, name))
            return a->value;
    }
    return (struct sp_str){NULL, 0};
}

struct sp_str sp_xml_child_text(const struct sp_xml_element *parent, const char *name)
{
    const struct sp_xml_element *child = sp_xml_child(parent, name);
    return child ? sp_str_trim(child->text) : (struct sp_str){NULL, 0};
}
