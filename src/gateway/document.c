/* SPDX-License-Identifier: Apache-2.0
 * {basePath}/api-docs: the API's OpenAPI document, with the address it is reached under.
 */
#include "gateway/call.h"
#include "gateway/gateway_internal.h"
#include "gateway/message.h"
#include "text/json.h"
#include "text/json_write.h"

#define DOCUMENT_MAX (64u * 1024u * 1024u)

/* What the archive's author could not know. */
struct place {
    struct sp_str host, scheme, base_path;
    bool written[3];
};

static void write_place(struct sp_json_writer *writer, struct place *place, size_t which)
{
    place->written[which] = true;
    switch (which) {
    case 0:
        sp_json_put_string(writer, "host", place->host);
        break;
    case 1:
        sp_json_put_string(writer, "basePath", place->base_path);
        break;
    default:
        sp_json_name(writer, SP_STR("schemes"));
        sp_json_array_begin(writer);
        sp_json_string(writer, place->scheme);
        sp_json_array_end(writer);
    }
}

static void write_document(struct sp_json_writer *writer, const struct sp_json_value *root,
                           struct place *place)
{
    static const char *const names[] = {"host", "basePath", "schemes"};
    sp_json_object_begin(writer);
    for (const struct sp_json_value *member = root->first; member; member = member->next) {
        size_t which = 0;
        while (which < 3 && !sp_str_is(member->name, names[which]))
            which++;
        if (which < 3) {
            write_place(writer, place, which);
        } else {
            sp_json_name(writer, member->name);
            sp_json_tree(writer, member);
        }
    }
    for (size_t which = 0; which < 3; which++)
        if (!place->written[which])
            write_place(writer, place, which);
    sp_json_object_end(writer);
}

static bool reply_with(struct sp_call *call, struct sp_str body)
{
    static const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")}};
    if (!body.ptr)
        return sp_call_fail(call, 500, "The server is out of memory.");
    call->reply = (struct sp_http_reply){200, headers, 1, body};
    return true;
}

bool sp_step_document(struct sp_call *call)
{
    call->step = "document";
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_value *root;
    if (sp_json_parse(call->api->aar->swagger, &call->arena, NULL, &root, &err) != SP_OK ||
        root->kind != SP_JSON_IS_OBJECT) {
        sp_call_log(call, SP_LOG_ERROR, SP_MSG_REQUEST_FAILED, &err);
        return sp_call_fail(call, 500, "The OpenAPI document of API %.*s cannot be read.",
                            SP_STR_ARG(call->api->aar->name));
    }
    struct sp_str origin = sp_call_origin(call, call->request.tls, 0);
    size_t colon = sp_str_find(origin, ':');
    struct place place = {
        .host = sp_str_slice(origin, colon + 3, origin.len),
        .scheme = sp_str_slice(origin, 0, colon),
        .base_path = call->api->aar->base_path,
    };
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, DOCUMENT_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    write_document(&writer, root, &place);
    struct sp_str body = buf.failed ? (struct sp_str){NULL, 0} : sp_arena_str(&call->arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return reply_with(call, body);
}
