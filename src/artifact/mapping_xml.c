/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/mapping_xml.h"

#include "artifact/package.h"
#include "text/xml.h"

#define OK_CODE 200u

/* <mappingRootModel type="MSL" location=".."/> below a message; none: the body passes through. */
static enum sp_status read_location(struct sp_archive *archive, struct sp_str entry,
                                    const struct sp_xml_element *message, struct sp_str *ret_location)
{
    const struct sp_xml_element *model = sp_xml_child(message, "mappingRootModel");
    struct sp_str type = sp_xml_attribute(model, "type"), location = sp_xml_attribute(model, "location");
    *ret_location = SP_STR("");
    if (!model)
        return SP_OK;
    if (type.len && !sp_str_is(type, "MSL"))
        return sp_archive_fail(archive, entry, model->line, SP_EUNSUPPORTED,
                               "a mapping of type \"%.*s\" is not supported; MSL is", SP_STR_ARG(type));
    if (!location.len)
        return sp_archive_fail(archive, entry, model->line, SP_EINVAL, "<mappingRootModel> has no location");
    *ret_location = location;
    return SP_OK;
}

static enum sp_status read_code(struct sp_archive *archive, struct sp_str entry,
                                const struct sp_xml_element *xml, struct sp_str text, unsigned *ret_code)
{
    uint64_t code = 0;
    if (sp_str_to_u64(text, &code) != SP_OK || code < 100 || code > 599)
        return sp_archive_fail(archive, entry, xml->line, SP_EINVAL,
                               "\"%.*s\" is no status; there are 100 to 599", SP_STR_ARG(text));
    *ret_code = (unsigned)code;
    return SP_OK;
}

static enum sp_status read_response(struct sp_archive *archive, struct sp_str entry,
                                    const struct sp_xml_element *xml, struct sp_mapping_response *responses,
                                    size_t count)
{
    struct sp_mapping_response *response = &responses[count];
    struct sp_str description = sp_xml_attribute(xml, "description");
    enum sp_status status = read_code(archive, entry, xml, sp_xml_attribute(xml, "code"), &response->code);
    if (status != SP_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        if (responses[i].code == response->code)
            return sp_archive_fail(archive, entry, xml->line, SP_EEXISTS,
                                   "there are two responses with status %u", response->code);
    response->description = description.ptr ? description : SP_STR("");
    for (const struct sp_xml_element *child = xml->first; child; child = child->next)
        response->has_rule = response->has_rule || !sp_str_is(child->name, "mappingRootModel");
    return read_location(archive, entry, xml, &response->map);
}

/* The default answer: the one that is named, otherwise 200, otherwise the first. */
static enum sp_status choose_default(struct sp_archive *archive, struct sp_str entry,
                                     const struct sp_xml_element *context,
                                     struct sp_mapping_response *responses, size_t count)
{
    struct sp_str named = sp_xml_attribute(context, "defaultResponseCode");
    unsigned code = OK_CODE;
    if (named.len) {
        enum sp_status status = read_code(archive, entry, context, named, &code);
        if (status != SP_OK)
            return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (responses[i].code == code) {
            responses[i].is_default = true;
            return SP_OK;
        }
    }
    if (named.len)
        return sp_archive_fail(archive, entry, context->line, SP_EINVAL,
                               "the default response is %u, which is not among the responses", code);
    responses[0].is_default = true;
    return SP_OK;
}

static enum sp_status read_responses(struct sp_archive *archive, struct sp_str entry,
                                     const struct sp_xml_element *root, const struct sp_xml_element *context,
                                     struct sp_mapping_xml *mapping)
{
    const struct sp_xml_element *xml;
    size_t count = 0;
    for (xml = sp_xml_child(root, "responseMessages"); xml; xml = sp_xml_sibling(xml, "responseMessages"))
        count++;
    if (count > SP_RESPONSES_MAX)
        return sp_archive_fail(archive, entry, root->line, SP_ELIMIT,
                               "the operation has %zu responses; at most %u are supported", count,
                               SP_RESPONSES_MAX);
    struct sp_mapping_response *responses =
        sp_arena_calloc(archive->arena, count ? count : 1, sizeof *responses);
    if (!responses)
        return sp_archive_fail(archive, entry, 0, SP_ENOMEM, "the operation needs more memory than there is");
    mapping->responses = responses;
    mapping->response_count = count ? count : 1;
    if (!count) {
        responses[0] =
            (struct sp_mapping_response){.code = OK_CODE, .description = SP_STR("OK"), .map = SP_STR("")};
    }
    size_t i = 0;
    for (xml = sp_xml_child(root, "responseMessages"); xml; xml = sp_xml_sibling(xml, "responseMessages")) {
        enum sp_status status = read_response(archive, entry, xml, responses, i++);
        if (status != SP_OK)
            return status;
    }
    return choose_default(archive, entry, context, responses, mapping->response_count);
}

enum sp_status sp_mapping_xml_read(struct sp_archive *archive, struct sp_str entry,
                                   struct sp_mapping_xml *ret_mapping)
{
    struct sp_mapping_xml mapping = {0};
    struct sp_str bytes = {NULL, 0};
    struct sp_xml_element *root = NULL;
    enum sp_status status = sp_archive_read(archive, entry, &bytes);
    if (status == SP_OK)
        status =
            sp_xml_parse(bytes, sp_archive_place(archive, entry), archive->arena, NULL, &root, archive->err);
    if (status != SP_OK)
        return status;
    const struct sp_xml_element *context = sp_xml_child(root, "mappingContext");
    if (!sp_str_is(root->name, "ZosConnectServiceMapping") || !context)
        return sp_archive_fail(archive, entry, root->line, SP_EINVAL,
                               "this is no mapping of a service: it must be <ZosConnectServiceMapping> with "
                               "a <mappingContext>");
    mapping.base_path = sp_xml_attribute(context, "basePath");
    mapping.path = sp_path_without_query(sp_xml_attribute(context, "relativePath"));
    mapping.method = sp_xml_attribute(context, "method");
    mapping.service = sp_xml_attribute(context, "serviceName");
    status = read_location(archive, entry, sp_xml_child(root, "requestMessage"), &mapping.request_map);
    if (status == SP_OK)
        status = read_responses(archive, entry, root, context, &mapping);
    if (status == SP_OK)
        *ret_mapping = mapping;
    return status;
}
