/* SPDX-License-Identifier: Apache-2.0
 * Headers as plug-ins see and change them.
 */
#include "intercept/plugin_internal.h"

#define NAME_BYTES 256u
#define VALUE_BYTES 8192u

struct message {
    const struct sp_http_header *headers;
    size_t count;
    struct sp_header_edit **edits; /* NULL: not to be changed now */
};

static struct message endpoint_message(struct sallyport_call *call, int which, struct message other)
{
    struct sp_intercept_endpoint *endpoint = call->data->endpoint;
    bool may_change = call->method == SP_PLUGIN_PRE_ENDPOINT;
    if (which == SALLYPORT_ENDPOINT)
        return (struct message){endpoint->request_headers, endpoint->request_header_count,
                                may_change ? &endpoint->edits : NULL};
    if (which == SALLYPORT_ENDPOINT_RESPONSE)
        return (struct message){endpoint->response_headers, endpoint->response_header_count, NULL};
    return other;
}

static struct message message_of(struct sallyport_call *call, int which)
{
    struct sp_intercept_data *data = call->data;
    struct message message = {0};
    switch (which) {
    case SALLYPORT_REQUEST:
        message.headers = data->request->headers;
        message.count = data->request->header_count;
        if (call->method == SP_PLUGIN_PRE_INVOKE)
            message.edits = &data->request_edits;
        break;
    case SALLYPORT_RESPONSE:
        message.headers = data->response_headers;
        message.count = data->response_header_count;
        if (call->method != SP_PLUGIN_EARLY_FAILURE)
            message.edits = &data->response_edits;
        break;
    case SALLYPORT_MAPPED_RESPONSE:
        message.headers = data->mapped_headers;
        message.count = data->mapped_header_count;
        break;
    default:
        break;
    }
    return data->endpoint ? endpoint_message(call, which, message) : message;
}

size_t sp_plugin_header_count(struct sallyport_call *call, int message)
{
    return message_of(call, message).count;
}

int sp_plugin_header_at(struct sallyport_call *call, int message, size_t at, struct sallyport_text *ret_name,
                        struct sallyport_text *ret_value)
{
    struct message found = message_of(call, message);
    if (at >= found.count || !ret_name || !ret_value)
        return SALLYPORT_EINVAL;
    struct sallyport_text name = sp_plugin_kept(call, found.headers[at].name);
    struct sallyport_text value = sp_plugin_kept(call, found.headers[at].value);
    if (!name.bytes || !value.bytes)
        return SALLYPORT_ENOMEM;
    *ret_name = name;
    *ret_value = value;
    return SALLYPORT_OK;
}

struct sallyport_text sp_plugin_header(struct sallyport_call *call, int message, const char *name)
{
    struct message found = message_of(call, message);
    for (size_t i = 0; name && i < found.count; i++)
        if (sp_str_caseless_eq(found.headers[i].name, sp_str_of(name)))
            return sp_plugin_kept(call, found.headers[i].value);
    return (struct sallyport_text){NULL, 0};
}

/* ---------------------------------------------------------------- changes */

/* A token of RFC 9110 (5.6.2) that does not frame the message. */
static bool is_name(struct sp_str name)
{
    static const char *const framing[] = {"Content-Length", "Transfer-Encoding", "Connection", "Upgrade",
                                          "Trailer",        "Keep-Alive",        "TE",         "Host"};
    if (!name.len || name.len > NAME_BYTES)
        return false;
    for (size_t i = 0; i < sizeof framing / sizeof framing[0]; i++)
        if (sp_str_caseless_eq(name, sp_str_of(framing[i])))
            return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return true;
}

static bool is_value(struct sp_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return value.len <= VALUE_BYTES;
}

static int edit(struct sallyport_call *call, int message, const char *name, const char *value, bool replace)
{
    struct message found = message_of(call, message);
    if (!found.edits || !name || !value || !is_name(sp_str_of(name)) || !is_value(sp_str_of(value)))
        return SALLYPORT_EINVAL;
    size_t count = 0;
    while (*found.edits) {
        found.edits = &(*found.edits)->next;
        count++;
    }
    if (count >= SP_PLUGIN_EDITS_MAX)
        return SALLYPORT_ELIMIT;
    struct sp_header_edit *made = sp_arena_calloc(call->data->arena, 1, sizeof *made);
    if (!made)
        return SALLYPORT_ENOMEM;
    made->header.name = sp_arena_str(call->data->arena, sp_str_of(name));
    made->header.value = sp_arena_str(call->data->arena, sp_str_of(value));
    made->replace = replace;
    if (!made->header.name.ptr || !made->header.value.ptr)
        return SALLYPORT_ENOMEM;
    *found.edits = made;
    return SALLYPORT_OK;
}

int sp_plugin_set_header(struct sallyport_call *call, int message, const char *name, const char *value)
{
    return edit(call, message, name, value, true);
}

int sp_plugin_add_header(struct sallyport_call *call, int message, const char *name, const char *value)
{
    return edit(call, message, name, value, false);
}
