/* SPDX-License-Identifier: Apache-2.0
 * /api/explorer: a page in which people read the documents of the APIs and call them, and /api/docs, the list
 * of these documents. The page's files are those of a directory (SALLYPORT_EXPLORER, otherwise where they
 * were installed); nothing of them comes from elsewhere.
 */
#include <stdlib.h>

#include "gateway/archive_files.h"
#include "gateway/call.h"
#include "gateway/gateway_internal.h"
#include "io/fiber.h"
#include "io/offload.h"
#include "text/json_write.h"

#define FILE_MAX (16u * 1024u * 1024u)
#define LIST_MAX (16u * 1024u * 1024u)

static const struct file {
    const char *segment, *name, *type;
} files[] = {
    {"", "index.html", "text/html;charset=UTF-8"},
    {"explorer.css", "explorer.css", "text/css;charset=UTF-8"},
    {"explorer.js", "explorer.js", "text/javascript;charset=UTF-8"},
    {"swagger-ui.css", "swagger-ui.css", "text/css;charset=UTF-8"},
    {"swagger-ui-bundle.js", "swagger-ui-bundle.js", "text/javascript;charset=UTF-8"},
};
#define FILES (sizeof files / sizeof files[0])

/* ---------------------------------------------------------------- route */

static bool segment_is(const struct sp_call *call, size_t n, const char *text)
{
    return n < call->path.count && sp_str_is(call->path.segments[n], text);
}

static bool reads(const struct sp_call *call)
{
    return sp_str_is(call->request.method, "GET") || sp_str_is(call->request.method, "HEAD");
}

bool sp_explorer_route(struct sp_call *call)
{
    size_t count = call->path.count, n = 0;
    bool docs = count == 2 && segment_is(call, 0, "api") && segment_is(call, 1, "docs");
    bool page = (count == 2 || count == 3) && segment_is(call, 0, "api") && segment_is(call, 1, "explorer");
    while (page && n < FILES && count == 3 && !segment_is(call, 2, files[n].segment))
        n++;
    if (!docs && (!page || n == FILES))
        return false;
    if (!reads(call)) {
        sp_call_fail(call, 405, "Method %.*s is not available under the path of this request.",
                     SP_STR_ARG(call->request.method));
        sp_call_fail_header(call, "Allow", SP_STR("GET, HEAD"));
        return true;
    }
    call->target = docs ? SP_TARGET_DOCUMENTS : SP_TARGET_EXPLORER;
    call->explorer_file = n;
    return true;
}

/* ---------------------------------------------------------------- the page */

/* Belongs to whoever is left. */
struct reading {
    struct sp_arena arena;
    struct sp_str path, bytes;
    enum sp_status status;
    struct sp_error err;
};

static void free_reading(void *arg)
{
    struct reading *reading = arg;
    if (!reading)
        return;
    sp_arena_finish(&reading->arena);
    free(reading);
}

static enum sp_status run_reading(void *arg)
{
    struct reading *reading = arg;
    reading->status = sp_archive_file_read(reading->path, &reading->arena, &reading->bytes, &reading->err);
    return SP_OK;
}

static bool reply_with_file(struct sp_call *call, const struct file *file, struct sp_str bytes)
{
    static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                                 "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                                 "form-action 'none'; frame-ancestors 'none'";
    struct sp_http_header *headers = sp_arena_calloc(&call->arena, 4, sizeof *headers);
    struct sp_str body = sp_arena_str(&call->arena, bytes);
    if (!headers || !body.ptr)
        return sp_call_fail(call, 500, "The server is out of memory.");
    headers[0] = (struct sp_http_header){SP_STR("Content-Type"), sp_str_of(file->type)};
    headers[1] = (struct sp_http_header){SP_STR("X-Content-Type-Options"), SP_STR("nosniff")};
    headers[2] = (struct sp_http_header){
        SP_STR("Cache-Control"), file->segment[0] ? SP_STR("private, max-age=3600") : SP_STR("no-cache")};
    headers[3] = (struct sp_http_header){SP_STR("Content-Security-Policy"), SP_STR(policy)};
    call->reply = (struct sp_http_reply){200, headers, 4, body};
    return true;
}

bool io_step_explorer(struct sp_call *call)
{
    call->step = "explorer";
    const struct file *file = &files[call->explorer_file];
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return sp_call_fail(call, 500, "The server is out of memory.");
    sp_arena_init(&reading->arena, FILE_MAX);
    reading->err = (struct sp_error)SP_ERROR_INIT;
    const char *directory = call->gateway->explorer;
    reading->path = sp_arena_printf(&reading->arena, "%s/%s", directory ? directory : "", file->name);
    enum sp_status status = io_offload(run_reading, reading, free_reading, 0);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return false;
    bool done = status == SP_OK && reading->status == SP_OK && directory;
    if (done)
        done = reply_with_file(call, file, reading->bytes);
    else
        sp_call_fail(call, 404, "The explorer is not installed on this server.");
    free_reading(reading);
    return done;
}

/* ---------------------------------------------------------------- the list of documents */

static void write_document(const struct sp_api *api, struct sp_str origin, struct sp_arena *arena,
                           struct sp_json_writer *writer)
{
    struct sp_str url =
        sp_arena_printf(arena, "%.*s%.*s/api-docs", SP_STR_ARG(origin), SP_STR_ARG(api->aar->base_path));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "name", api->aar->name);
    sp_json_put_string(writer, "version", api->aar->version);
    sp_json_put_string(writer, "description", api->aar->description);
    sp_json_put_text(writer, "status", api->stopped ? "Stopped" : "Started");
    sp_json_put_string(writer, "swagger", url);
    sp_json_object_end(writer);
}

bool sp_step_documents(struct sp_call *call)
{
    call->step = "documents";
    const struct sp_snapshot *snapshot = call->generation->snapshot;
    struct sp_str origin = sp_call_origin(call, call->request.tls, 0);
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, LIST_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_object_begin(&writer);
    sp_json_name(&writer, SP_STR("apis"));
    sp_json_array_begin(&writer);
    for (size_t i = 0; i < snapshot->api_names.count; i++)
        if (sp_authz_is_listed(snapshot->api_list[i]->admission->access, &call->principal))
            write_document(snapshot->api_list[i], origin, &call->arena, &writer);
    sp_json_array_end(&writer);
    sp_json_name(&writer, SP_STR("administration"));
    sp_json_string(&writer, sp_arena_printf(&call->arena, "%.*s/zosConnect/api-docs", SP_STR_ARG(origin)));
    sp_json_object_end(&writer);
    struct sp_str body = buf.failed ? (struct sp_str){NULL, 0} : sp_arena_str(&call->arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    static const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")}};
    if (!body.ptr)
        return sp_call_fail(call, 500, "The server is out of memory.");
    call->reply = (struct sp_http_reply){200, headers, 1, body};
    return true;
}
