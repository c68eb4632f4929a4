/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/sar.h"

#include <stdio.h>

#include "artifact/archive.h"
#include "artifact/schema_check.h"
#include "artifact/manifest.h"
#include "artifact/si.h"
#include "text/base64.h"
#include "text/xml.h"

/* The code page of a service that names none: what the product documents. */
#define DEFAULT_CCSID "037"

/* A service archive that is being read. */
struct reading {
    struct sp_archive archive;
    struct sp_manifest manifest;
    struct sp_sar *sar;
    struct sp_str service_entry;
    const struct sp_xml_element *service; /* root of the service file */
};

static struct sp_str find_property(const struct sp_property *properties, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_is(properties[i].name, name))
            return properties[i].value;
    return (struct sp_str){NULL, 0};
}

struct sp_str sp_sar_property(const struct sp_sar *sar, const char *name)
{
    return find_property(sar->properties, sar->property_count, name);
}

static struct sp_str manifest_property(const struct reading *r, const char *name)
{
    return find_property(r->manifest.properties, r->manifest.property_count, name);
}

static enum sp_status fail_manifest(struct reading *r, enum sp_status status, const char *fmt, ...)
    SP_PRINTF(3, 4);

static enum sp_status fail_manifest(struct reading *r, enum sp_status status, const char *fmt, ...)
{
    char text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return sp_archive_fail(&r->archive, SP_STR("manifest.yml"), 0, status, "%s", text);
}

/* ---------------------------------------------------------------- conversion options */

static const struct flag {
    const char *name;
    size_t offset;
    bool value; /* when neither manifest nor service file has it */
} flags[] = {
    {"trimOutputTrailingWhitespace", offsetof(struct sp_conversion, trim_output_trailing), true},
    {"trimOutputLeadingWhitespace", offsetof(struct sp_conversion, trim_output_leading), false},
    {"escapeOutputControlCharacters", offsetof(struct sp_conversion, escape_output_control), false},
    {"omitOutputFieldsByValue", offsetof(struct sp_conversion, omit_output_by_value), false},
    {"omitOutputEmptyTags", offsetof(struct sp_conversion, omit_output_empty), false},
    {"initializeInputFields", offsetof(struct sp_conversion, initialize_input), false},
    {"enforceMinArrayOccurrence", offsetof(struct sp_conversion, enforce_min_occurs_request), false},
    {"enforceMinArrayOccurrenceResponse", offsetof(struct sp_conversion, enforce_min_occurs_response), false},
};

/* From the manifest, otherwise from the service file; ptr NULL: from neither. */
static struct sp_str option(const struct reading *r, const char *name)
{
    struct sp_str value = manifest_property(r, name);
    return value.ptr ? sp_str_trim(value) : sp_xml_child_text(r->service, name);
}

static enum sp_status read_conversion(struct reading *r, struct sp_conversion *ret_conversion)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        bool *flag = (bool *)((char *)ret_conversion + flags[i].offset);
        struct sp_str value = option(r, flags[i].name);
        *flag = value.ptr ? sp_str_caseless_eq(value, SP_STR("true")) : flags[i].value;
        if (value.ptr && !*flag && !sp_str_caseless_eq(value, SP_STR("false")))
            return fail_manifest(r, SP_EINVAL, "%s is \"%.*s\"; it must be true or false", flags[i].name,
                                 SP_STR_ARG(value));
    }
    struct sp_str byte = option(r, "omitOutputFieldsByValueByte");
    if (!byte.len)
        return SP_OK;
    struct sp_str digits = sp_str_starts(byte, SP_STR("0x")) ? sp_str_slice(byte, 2, byte.len) : byte;
    struct sp_buf buf;
    sp_buf_init(&buf, 1);
    enum sp_status status = sp_hex_decode(digits, &buf);
    if (status == SP_OK && buf.len == 1)
        ret_conversion->omit_output_byte = buf.ptr[0];
    else
        status = fail_manifest(r, SP_EINVAL,
                               "omitOutputFieldsByValueByte is \"%.*s\"; it must be one byte as 0x00 to 0xff",
                               SP_STR_ARG(byte));
    sp_buf_finish(&buf);
    return status;
}

/* ---------------------------------------------------------------- the files */

static enum sp_status read_named(struct reading *r, const char *what, struct sp_str entry,
                                 struct sp_str *ret_bytes)
{
    if (!entry.len)
        return fail_manifest(r, SP_EINVAL, "the manifest does not name %s", what);
    enum sp_status status = sp_archive_read(&r->archive, entry, ret_bytes);
    if (status == SP_ENOTFOUND)
        return fail_manifest(r, SP_EINVAL, "%s is %.*s, which is not in the archive", what,
                             SP_STR_ARG(entry));
    return status;
}

static enum sp_status read_schema(struct reading *r, const char *what, struct sp_str entry,
                                  struct sp_str *ret_text, struct sp_json_value **ret_schema)
{
    enum sp_status status = read_named(r, what, entry, ret_text);
    if (status != SP_OK)
        return status;
    struct sp_str bom = SP_STR("\xef\xbb\xbf");
    if (sp_str_starts(*ret_text, bom))
        *ret_text = sp_str_slice(*ret_text, bom.len, ret_text->len);
    status = sp_json_parse(*ret_text, r->archive.arena, NULL, ret_schema, r->archive.err);
    if (status != SP_OK) {
        sp_error_prefix(r->archive.err, "the schema is no JSON");
        sp_error_at(r->archive.err, sp_archive_place(&r->archive, entry),
                    r->archive.err ? r->archive.err->line : 0, r->archive.err ? r->archive.err->column : 0);
        return status;
    }
    if ((*ret_schema)->kind != SP_JSON_IS_OBJECT)
        return sp_archive_fail(&r->archive, entry, 1, SP_EINVAL, "the schema is no JSON object");
    return SP_OK;
}

static enum sp_status read_service(struct reading *r)
{
    struct sp_str bytes = {NULL, 0};
    struct sp_xml_element *root = NULL;
    r->service_entry = manifest_property(r, "wvServiceFile");
    enum sp_status status = read_named(r, "the service file (wvServiceFile)", r->service_entry, &bytes);
    if (status == SP_OK)
        status = sp_xml_parse(bytes, sp_archive_place(&r->archive, r->service_entry), r->archive.arena, NULL,
                              &root, r->archive.err);
    if (status != SP_OK)
        return status;
    if (!sp_str_is(root->name, "service"))
        return sp_archive_fail(&r->archive, r->service_entry, root->line, SP_EINVAL,
                               "the root is <%.*s>, not <service>", SP_STR_ARG(root->name));
    r->service = root;
    struct sp_str ccsid = sp_xml_child_text(root, "ccsid");
    r->sar->ccsid = ccsid.len ? ccsid : SP_STR(DEFAULT_CCSID);
    return SP_OK;
}

static enum sp_status read_interface(struct reading *r, const char *what, struct sp_str entry,
                                     const struct sp_json_value *schema,
                                     const struct sp_interface **ret_interface)
{
    struct sp_str bytes = {NULL, 0};
    enum sp_status status = read_named(r, what, entry, &bytes);
    if (status != SP_OK)
        return status;
    return sp_si_read(bytes, sp_archive_place(&r->archive, entry), schema, r->archive.arena, ret_interface,
                      r->archive.err);
}

/* The service file says once more how the data travel. */
static enum sp_status check_runtime_type(struct reading *r)
{
    struct sp_str type = sp_xml_child_text(r->service, "messageVisitorRuntimeType");
    bool channel = sp_str_is(type, "CICS_CHANNEL");
    bool commarea = sp_str_is(type, "CICS_COMMAREA") || sp_str_is(type, "CICS_COMM_AREA");
    const struct sp_sar *sar = r->sar;
    if ((channel && !(sar->request->is_channel && sar->response->is_channel)) ||
        (commarea && (sar->request->is_channel || sar->response->is_channel)))
        return sp_archive_fail(&r->archive, r->service_entry, 0, SP_EINVAL,
                               "messageVisitorRuntimeType is %.*s, but the interfaces are of another type",
                               SP_STR_ARG(type));
    if (sar->request->is_channel != sar->response->is_channel)
        return sp_archive_fail(&r->archive, r->service_entry, 0, SP_EINVAL,
                               "one interface is a channel and the other is not");
    return SP_OK;
}

static enum sp_status check_schema(struct reading *r, struct sp_str entry, const struct sp_json_value *schema,
                                   const struct sp_interface *interface)
{
    enum sp_status status = sp_schema_check(schema, interface, r->archive.err);
    if (status != SP_OK)
        sp_error_at(r->archive.err, sp_archive_place(&r->archive, entry), 0, 0);
    return status;
}

static enum sp_status read_interfaces(struct reading *r, const struct sp_json_value *request_schema,
                                      const struct sp_json_value *response_schema)
{
    struct sp_str request = manifest_property(r, "wvRequestInterfaceFile");
    struct sp_str response = manifest_property(r, "wvResponseInterfaceFile");
    enum sp_status status = read_interface(r, "the request interface (wvRequestInterfaceFile)", request,
                                           request_schema, &r->sar->request);
    if (status != SP_OK)
        return status;
    if (sp_str_eq(request, response))
        r->sar->response = r->sar->request;
    else
        status = read_interface(r, "the response interface (wvResponseInterfaceFile)", response,
                                response_schema, &r->sar->response);
    return status == SP_OK ? check_runtime_type(r) : status;
}

static enum sp_status check_transformation(struct reading *r)
{
    struct sp_str type = manifest_property(r, "dataXformType");
    if (sp_str_is(type, "WALKER_VISITOR"))
        return SP_OK;
    if (sp_str_is(type, "WSBIND") || (!type.ptr && manifest_property(r, "bindfile").ptr))
        return fail_manifest(r, SP_EUNSUPPORTED,
                             "the service transforms its data by a WSBIND file, which is not read by this "
                             "version; export it from an API toolkit project, or build it from its "
                             "copybooks with 'sallyport build'");
    return fail_manifest(r, SP_EUNSUPPORTED,
                         "the service of provider %.*s has dataXformType \"%.*s\"; WALKER_VISITOR is "
                         "supported",
                         SP_STR_ARG(r->manifest.provider), SP_STR_ARG(type));
}

static enum sp_status read_archive(struct reading *r)
{
    struct sp_sar *sar = r->sar;
    struct sp_json_value *request_schema = NULL, *response_schema = NULL;
    enum sp_status status = sp_manifest_read(&r->archive, &r->manifest);
    if (status != SP_OK)
        return status;
    sar->name = r->manifest.name;
    sar->version = r->manifest.version;
    sar->description = r->manifest.description;
    sar->provider = r->manifest.provider;
    sar->properties = r->manifest.properties;
    sar->property_count = r->manifest.property_count;
    status = check_transformation(r);
    if (status == SP_OK)
        status = read_schema(r, "requestSchema", r->manifest.request_schema, &sar->request_schema,
                             &request_schema);
    if (status == SP_OK)
        status = read_schema(r, "responseSchema", r->manifest.response_schema, &sar->response_schema,
                             &response_schema);
    if (status == SP_OK)
        status = read_service(r);
    if (status == SP_OK)
        status = read_conversion(r, &sar->conversion);
    if (status == SP_OK)
        status = read_interfaces(r, request_schema, response_schema);
    if (status == SP_OK)
        status = check_schema(r, r->manifest.request_schema, request_schema, sar->request);
    return status == SP_OK ? check_schema(r, r->manifest.response_schema, response_schema, sar->response)
                           : status;
}

enum sp_status sp_sar_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                           struct sp_sar **ret_sar, struct sp_error *err)
{
    struct reading r = {.sar = sp_arena_calloc(arena, 1, sizeof *r.sar)};
    if (!r.sar)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read a service archive");
    enum sp_status status = sp_archive_init(&r.archive, bytes, file, arena, err);
    if (status == SP_OK)
        status = read_archive(&r);
    sp_archive_finish(&r.archive);
    if (status == SP_OK)
        *ret_sar = r.sar;
    return status;
}
