/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/sar_write.h"

#include "artifact/schema_write.h"
#include "artifact/si_write.h"
#include "text/json_write.h"
#include "text/zip_write.h"

#define ENTRY_BYTES_MAX ((size_t)16 << 20)

struct writing {
    const struct sp_service_source *source;
    struct sp_service_interfaces made;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_zip_writer *zip;
    struct sp_buf text; /* of the present entry */
};

/* Conversion options as every toolkit writes them. */
static const struct {
    const char *name, *value, *type;
} options[] = {
    {"omitOutputFieldsByValueByte", "0x00", "STRING"},
    {"enforceMinArrayOccurrence", "false", "BOOLEAN"},
    {"omitOutputEmptyTags", "false", "BOOLEAN"},
    {"initializeInputFields", "false", "BOOLEAN"},
    {"escapeOutputControlCharacters", "false", "BOOLEAN"},
    {"trimOutputTrailingWhitespace", "true", "BOOLEAN"},
    {"trimOutputLeadingWhitespace", "false", "BOOLEAN"},
    {"omitOutputFieldsByValue", "false", "BOOLEAN"},
    {"enforceMinArrayOccurrenceResponse", "false", "BOOLEAN"},
};

#define OPTION_COUNT (sizeof options / sizeof *options)

static struct sp_str option_value(const struct sp_service_source *source, const char *name, const char *value)
{
    for (size_t i = 0; i < source->property_count; i++)
        if (sp_str_is(source->properties[i].name, name))
            return source->properties[i].value;
    return sp_str_of(value);
}

static bool is_option(struct sp_str name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (sp_str_is(name, options[i].name))
            return true;
    return false;
}

/* The text that was written becomes the entry. */
static enum sp_status add_entry(struct writing *w, const char *format, struct sp_str name)
{
    struct sp_str entry = sp_arena_printf(w->arena, format, SP_STR_ARG(name));
    enum sp_status status = SP_OK;
    if (!entry.ptr)
        status = sp_error_set(w->err, SP_ENOMEM, NULL, "no memory for the service");
    else if (w->text.failed)
        status = sp_error_set(w->err, SP_ELIMIT, NULL, "%.*s has more than %zu bytes", SP_STR_ARG(entry),
                              ENTRY_BYTES_MAX);
    else
        status = sp_zip_writer_add(w->zip, entry, sp_buf_str(&w->text), w->err);
    sp_buf_reset(&w->text);
    return status;
}

/* ---------------------------------------------------------------- manifest.yml */

/* A quoted scalar: the escapes of JSON are also those of YAML. */
static void quoted(struct writing *w, struct sp_str text)
{
    struct sp_json_writer json;
    sp_json_writer_init(&json, &w->text, 0);
    sp_json_string(&json, text);
    sp_buf_append_byte(&w->text, '\n');
}

static void property(struct writing *w, struct sp_str name, struct sp_str value, const char *type)
{
    sp_buf_printf(&w->text, "- propertyName: ");
    quoted(w, name);
    sp_buf_printf(&w->text, "  value: ");
    quoted(w, value);
    sp_buf_printf(&w->text, "  type: \"%s\"\n", type);
}

static enum sp_status file_property(struct writing *w, const char *name, const char *format, struct sp_str of)
{
    struct sp_str entry = sp_arena_printf(w->arena, format, SP_STR_ARG(of));
    if (!entry.ptr)
        return sp_error_set(w->err, SP_ENOMEM, NULL, "no memory for the service");
    property(w, sp_str_of(name), entry, "FILE");
    return SP_OK;
}

static enum sp_status schema_reference(struct writing *w, const char *key, const char *suffix)
{
    struct sp_str entry =
        sp_arena_printf(w->arena, "file:///schemas/%.*s%s.json", SP_STR_ARG(w->source->name), suffix);
    if (!entry.ptr)
        return sp_error_set(w->err, SP_ENOMEM, NULL, "no memory for the service");
    sp_buf_printf(&w->text, "%s:\n  value: ", key);
    quoted(w, entry);
    sp_buf_printf(&w->text, "  type: \"JSONSchema\"\n");
    return SP_OK;
}

static enum sp_status write_properties(struct writing *w)
{
    const struct sp_service_source *s = w->source;
    sp_buf_printf(&w->text, "providerProperties:\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        property(w, sp_str_of(options[i].name), option_value(s, options[i].name, options[i].value),
                 options[i].type);
    if (s->program.len)
        property(w, SP_STR("program"), s->program, "STRING");
    for (size_t i = 0; i < s->property_count; i++)
        if (!is_option(s->properties[i].name))
            property(w, s->properties[i].name, s->properties[i].value, "STRING");
    property(w, SP_STR("dataXformType"), SP_STR("WALKER_VISITOR"), "STRING");
    enum sp_status status = file_property(w, "wvServiceFile", "files/service/%.*s.xml", s->name);
    if (status == SP_OK)
        status = file_property(w, "wvRequestInterfaceFile", "files/interfaces/%.*s.si", w->made.request_name);
    if (status == SP_OK)
        status =
            file_property(w, "wvResponseInterfaceFile", "files/interfaces/%.*s.si", w->made.response_name);
    return status;
}

static enum sp_status write_manifest(struct writing *w)
{
    const struct sp_service_source *s = w->source;
    sp_buf_printf(&w->text, "---\nManifest-Version: 1.0\nname: ");
    quoted(w, s->name);
    sp_buf_printf(&w->text, "provider: ");
    quoted(w, s->provider);
    sp_buf_printf(&w->text, "factoryPid: ");
    quoted(w, s->factory);
    enum sp_status status = schema_reference(w, "requestSchema", "Request");
    if (status == SP_OK)
        status = schema_reference(w, "responseSchema", "Response");
    if (status == SP_OK)
        status = write_properties(w);
    if (status != SP_OK)
        return status;
    sp_buf_printf(&w->text, "providerObjects: []\nversion: ");
    quoted(w, s->version);
    sp_buf_printf(&w->text, "description: ");
    quoted(w, s->description);
    return add_entry(w, "manifest.yml%.*s", SP_STR(""));
}

/* ---------------------------------------------------------------- schemas and interfaces */

static enum sp_status write_schema(struct writing *w, const struct sp_interface *interface,
                                   const char *wrapper, const char *format)
{
    struct sp_schema_options how = {
        .wrapper = sp_arena_printf(w->arena, "%.*s%s", SP_STR_ARG(w->source->name), wrapper)};
    struct sp_json_writer json;
    if (!how.wrapper.ptr)
        return sp_error_set(w->err, SP_ENOMEM, NULL, "no memory for the service");
    sp_json_writer_init(&json, &w->text, 2);
    sp_schema_write(interface, &how, &json);
    sp_buf_append_byte(&w->text, '\n');
    return add_entry(w, format, w->source->name);
}

static enum sp_status write_interfaces(struct writing *w)
{
    sp_si_write(w->made.request, &w->text);
    enum sp_status status = add_entry(w, "files/interfaces/%.*s.si", w->made.request_name);
    if (status != SP_OK || w->made.response == w->made.request)
        return status;
    sp_si_write(w->made.response, &w->text);
    return add_entry(w, "files/interfaces/%.*s.si", w->made.response_name);
}

/* ---------------------------------------------------------------- the service file */

static void element(struct writing *w, unsigned depth, const char *name, struct sp_str text)
{
    sp_buf_append_fill(&w->text, ' ', (size_t)depth * 4);
    sp_buf_printf(&w->text, "<%s>", name);
    sp_xml_escape(text, &w->text);
    sp_buf_printf(&w->text, "</%s>\n", name);
}

static void write_used(struct writing *w, const struct sp_field *first, const char *tag, unsigned depth)
{
    for (const struct sp_field *f = first; f; f = f->next) {
        const struct sp_field *below = f->first;
        if (f->type == SP_FIELD_ARRAY)
            below = f->first->type == SP_FIELD_STRUCT ? f->first->first : f->first;
        sp_buf_append_fill(&w->text, ' ', (size_t)depth * 4);
        sp_buf_printf(&w->text, "<%s included=\"%s\" fieldName=\"", tag, f->included ? "Y" : "N");
        sp_xml_escape(f->name, &w->text);
        sp_buf_printf(&w->text, "\"%s", below ? ">\n" : " isHex=\"false\"/>\n");
        if (!below)
            continue;
        write_used(w, below, "field", depth + 1);
        sp_buf_append_fill(&w->text, ' ', (size_t)depth * 4);
        sp_buf_printf(&w->text, "</%s>\n", tag);
    }
}

static void write_used_interface(struct writing *w, const char *tag, const struct sp_interface *interface,
                                 struct sp_str file)
{
    sp_buf_printf(&w->text, "    <%s>\n        <metadataName>", tag);
    sp_xml_escape(file, &w->text);
    sp_buf_printf(&w->text, ".si</metadataName>\n        <serviceInterface>\n            <interface>\n");
    for (const struct sp_segment *s = interface->segments; s; s = s->next) {
        sp_buf_printf(&w->text, "                <segment segmentName=\"");
        sp_xml_escape(s->original, &w->text);
        sp_buf_printf(&w->text, "\">\n");
        write_used(w, s->first, "interfaceField", 5);
        sp_buf_printf(&w->text, "                </segment>\n");
    }
    sp_buf_printf(&w->text,
                  "            </interface>\n        </serviceInterface>\n"
                  "        <version>0</version>\n    </%s>\n",
                  tag);
}

static enum sp_status write_service(struct writing *w)
{
    const struct sp_service_source *s = w->source;
    sp_buf_printf(&w->text, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                            "<service xmlns:ns2=\"http://www.ibm.com/ims/Transaction\">\n");
    element(w, 1, "shallow", SP_STR("true"));
    element(w, 1, "serviceName", s->name);
    element(w, 1, "serviceType", SP_STR("ims-rest"));
    element(w, 1, "resourceType", SP_STR("TRAN"));
    element(w, 1, "status", SP_STR("1"));
    element(w, 1, "conversionType", SP_STR("3"));
    element(w, 1, "dataProtocol", SP_STR("0"));
    write_used_interface(w, "serviceInputInterface", w->made.request, w->made.request_name);
    write_used_interface(w, "serviceOutputInterface", w->made.response, w->made.response_name);
    element(w, 1, "applicationDataStructureType", s->is_channel ? SP_STR("Map") : SP_STR("Block"));
    if (s->is_cics)
        element(w, 1, "messageVisitorRuntimeType",
                s->is_channel ? SP_STR("CICS_CHANNEL") : SP_STR("CICS_COMMAREA"));
    element(w, 1, "ccsid", s->ccsid);
    element(w, 1, "totalExecCount", SP_STR("0"));
    element(w, 1, "failedCount", SP_STR("0"));
    element(w, 1, "trancodeOverride", s->program);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        element(w, 1, options[i].name, option_value(s, options[i].name, options[i].value));
    sp_buf_printf(&w->text, "</service>\n");
    return add_entry(w, "files/service/%.*s.xml", s->name);
}

/* ---------------------------------------------------------------- the whole */

static enum sp_status write_entries(struct writing *w)
{
    enum sp_status status = write_manifest(w);
    if (status == SP_OK)
        status = write_schema(w, w->made.request, "Operation", "schemas/%.*sRequest.json");
    if (status == SP_OK)
        status = write_schema(w, w->made.response, "OperationResponse", "schemas/%.*sResponse.json");
    if (status == SP_OK)
        status = write_service(w);
    return status == SP_OK ? write_interfaces(w) : status;
}

/* Nobody should find out at deployment. */
static enum sp_status read_back(struct writing *w, struct sp_str archive)
{
    struct sp_sar *sar = NULL;
    enum sp_status status = sp_sar_read(archive, w->source->file, w->arena, &sar, w->err);
    if (status != SP_OK)
        sp_error_prefix(w->err, "the archive that was made cannot be read");
    return status;
}

enum sp_status sp_sar_write(const struct sp_service_source *source, const struct sp_build_files *files,
                            struct sp_arena *arena, struct sp_buf *buf, struct sp_error *err)
{
    struct writing w = {.source = source, .arena = arena, .err = err};
    size_t before = buf->len;
    enum sp_status status = sp_service_build(source, files, arena, &w.made, err);
    if (status != SP_OK)
        return status;
    sp_buf_init(&w.text, ENTRY_BYTES_MAX);
    status = sp_zip_writer_new(&w.zip, err);
    if (status == SP_OK)
        status = write_entries(&w);
    if (status == SP_OK)
        status = sp_zip_writer_end(w.zip, buf, err);
    if (status == SP_OK)
        status = read_back(&w, sp_str_from(buf->ptr + before, buf->len - before));
    if (status != SP_OK)
        buf->len = before;
    sp_zip_writer_free(w.zip);
    sp_buf_finish(&w.text);
    return status;
}
