/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/errors.h"

#include "text/json_write.h"
#include "text/utf8.h"

#define ENTITY_MAX 6u      /* "&quot;" */
#define JSON_ESCAPE_MAX 6u /* "\u001f" */
#define FRAME_BYTES 128u   /* names, quotes and braces */

struct sp_str sp_failure_text(const struct sp_error *err, struct sp_arena *arena)
{
    struct sp_str text = sp_arena_printf(arena, "%s%s%s", err->id, err->id[0] ? ": " : "", err->text);
    if (!text.ptr)
        return SP_STR("The server is out of memory.");
    return sp_str_slice(text, 0, sp_utf8_whole(text)); /* the error's text may have been cut */
}

static const char *entity_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\'':
        return "&#39;";
    case '"':
        return "&quot;";
    case '&':
        return "&amp;";
    default:
        return NULL;
    }
}

static struct sp_str with_entities(struct sp_str text, struct sp_arena *arena)
{
    char *out = sp_arena_alloc(arena, text.len * ENTITY_MAX + 1);
    if (!out)
        return SP_STR("");
    char *at = out;
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = entity_of(text.ptr[i]);
        if (entity)
            at = stpcpy(at, entity);
        else
            *at++ = text.ptr[i];
    }
    return sp_str_from(out, (size_t)(at - out));
}

static struct sp_str json_body(const struct sp_failure *failure, struct sp_arena *arena)
{
    struct sp_str message = with_entities(failure->message, arena);
    struct sp_str details = with_entities(failure->details, arena);
    size_t most = (message.len + details.len) * JSON_ESCAPE_MAX + FRAME_BYTES;
    void *memory = sp_arena_alloc(arena, most);
    if (!memory)
        return SP_STR("");
    struct sp_buf buf = sp_buf_over(memory, most);
    struct sp_json_writer writer;
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_object_begin(&writer);
    sp_json_put_string(&writer, "errorMessage", message);
    if (failure->details.ptr)
        sp_json_put_string(&writer, "errorDetails", details);
    sp_json_object_end(&writer);
    return buf.failed ? SP_STR("") : sp_buf_str(&buf);
}

static struct sp_str text_body(const struct sp_failure *failure, struct sp_arena *arena)
{
    struct sp_str body = sp_arena_printf(arena, "%.*s%s%.*s\n", SP_STR_ARG(failure->message),
                                         failure->details.ptr ? "\n" : "", SP_STR_ARG(failure->details));
    return body.ptr ? body : SP_STR("");
}

void sp_failure_reply(const struct sp_failure *failure, bool json, struct sp_arena *arena,
                      struct sp_http_reply *ret_reply)
{
    *ret_reply = (struct sp_http_reply){.status = failure->status};
    struct sp_http_header *headers = sp_arena_calloc(arena, failure->header_count + 1, sizeof *headers);
    if (!headers)
        return;
    size_t count = 0;
    if (!failure->has_body)
        headers[count++] = (struct sp_http_header){
            SP_STR("Content-Type"), json ? SP_STR("application/json") : SP_STR("text/plain;charset=UTF-8")};
    for (size_t i = 0; i < failure->header_count; i++)
        headers[count++] = failure->headers[i];
    ret_reply->headers = headers;
    ret_reply->header_count = count;
    if (failure->has_body)
        ret_reply->body = failure->body;
    else
        ret_reply->body = json ? json_body(failure, arena) : text_body(failure, arena);
}
