/* SPDX-License-Identifier: Apache-2.0
 * Doing what a request asks for.
 */
#include <stdio.h>

#include "admin/internal.h"

#define BODY_MAX (64u * 1024u * 1024u)

/* ---------------------------------------------------------------- errors */

static void fail(const struct sp_admin_context *context, struct sp_admin_answer *answer, unsigned status,
                 const char *fmt, ...) SP_PRINTF(4, 5);

static void fail(const struct sp_admin_context *context, struct sp_admin_answer *answer, unsigned status,
                 const char *fmt, ...)
{
    char text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    answer->status = status;
    answer->message = sp_arena_str(context->arena, sp_str_of(text));
    if (!answer->message.ptr)
        answer->message = SP_STR("The server is out of memory.");
}

static void not_there(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    struct sp_str name = context->route->name;
    switch (context->route->kind) {
    case SP_STORE_SERVICE:
        fail(context, answer, 404, "BAQR0431W: Service %.*s is not available.", SP_STR_ARG(name));
        break;
    case SP_STORE_API:
        fail(context, answer, 404, "The API %.*s is not registered.", SP_STR_ARG(name));
        break;
    default:
        fail(context, answer, 404, "The API requester %.*s is not registered.", SP_STR_ARG(name));
    }
}

static void refuse(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    const struct sp_admin_route *route = context->route;
    answer->allow = route->allow;
    if (route->refusal == 405)
        fail(context, answer, 405, "Method %.*s is not available under the path of this request.",
             SP_STR_ARG(context->request->method));
    else
        fail(context, answer, 404,
             "The administration interface has nothing under the path of this request.");
}

/* ---------------------------------------------------------------- bodies */

struct body {
    struct sp_buf buf;
    struct sp_json_writer writer;
};

static void begin(struct body *body)
{
    sp_buf_init(&body->buf, BODY_MAX);
    sp_json_writer_init(&body->writer, &body->buf, 0);
}

static void end(const struct sp_admin_context *context, struct body *body, unsigned status,
                struct sp_admin_answer *answer)
{
    answer->status = status;
    answer->body =
        body->buf.failed ? (struct sp_str){NULL, 0} : sp_arena_str(context->arena, sp_buf_str(&body->buf));
    sp_buf_finish(&body->buf);
    if (!answer->body.ptr)
        fail(context, answer, 500, "The server is out of memory.");
}

static bool find(const struct sp_admin_context *context, struct sp_admin_item *ret_item,
                 struct sp_admin_answer *answer)
{
    const struct sp_admin_port *port = context->port;
    enum sp_status status =
        port->find(port->arg, context->route->kind, context->route->name, context->arena, ret_item);
    if (status == SP_ENOTFOUND)
        not_there(context, answer);
    else if (status != SP_OK)
        fail(context, answer, 500, "The server is out of memory.");
    return status == SP_OK;
}

/* ---------------------------------------------------------------- reading */

/* "started" and "stopped" are all that a status can be. */
static bool status_is_known(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    struct sp_str status = sp_admin_parameter(context->request, "status");
    if (!status.ptr || sp_str_is(status, "started") || sp_str_is(status, "stopped"))
        return true;
    fail(context, answer, 400, "The status %.*s is not known: it can be started or stopped.",
         SP_STR_ARG(status));
    return false;
}

static void show_list(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    struct body body;
    if (!status_is_known(context, answer))
        return;
    begin(&body);
    sp_admin_write_list(context, &body.writer);
    end(context, &body, 200, answer);
}

static void show_item(const struct sp_admin_context *context, const struct sp_admin_item *item,
                      bool with_services, struct sp_admin_answer *answer)
{
    struct body body;
    begin(&body);
    sp_admin_write_details(context, context->route->kind, item, with_services, &body.writer);
    end(context, &body, 200, answer);
}

static void show_statistics(const struct sp_admin_context *context, const struct sp_admin_item *item,
                            struct sp_admin_answer *answer)
{
    struct body body;
    begin(&body);
    sp_json_object_begin(&body.writer);
    sp_admin_write_statistics(context, item, &body.writer);
    sp_json_object_end(&body.writer);
    end(context, &body, 200, answer);
}

static void show_all_statistics(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    const struct sp_admin_port *port = context->port;
    struct sp_str provider = sp_admin_parameter(context->request, "provider");
    struct sp_admin_item item;
    struct body body;
    begin(&body);
    sp_json_object_begin(&body.writer);
    size_t count = port->count(port->arg, SP_STORE_SERVICE);
    for (size_t i = 0; i < count; i++) {
        if (port->item(port->arg, SP_STORE_SERVICE, i, context->arena, &item) != SP_OK) {
            body.buf.failed = true;
            break;
        }
        if ((!provider.ptr || sp_str_eq(provider, item.provider)) &&
            port->visible(port->arg, SP_STORE_SERVICE, item.name))
            sp_admin_write_statistics(context, &item, &body.writer);
    }
    sp_json_object_end(&body.writer);
    end(context, &body, 200, answer);
}

static void show_schema(const struct sp_admin_context *context, struct sp_str schema,
                        struct sp_admin_answer *answer)
{
    answer->status = 200;
    answer->body = schema;
}

static void show_document(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    struct body body;
    begin(&body);
    sp_admin_write_document(context, &body.writer);
    end(context, &body, 200, answer);
}

/* ---------------------------------------------------------------- changing */

/* The media type without parameters, any case. */
static bool is_zip(struct sp_str content_type)
{
    struct sp_str type = sp_str_trim(sp_str_slice(content_type, 0, sp_str_find(content_type, ';')));
    return sp_str_caseless_eq(type, SP_STR("application/zip"));
}

static bool has_none(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    fail(context, answer, 400, "The request has no archive: it must be the body of the request.");
    return false;
}

/* It is fetched only when everything else is right. */
static bool io_fetch_archive(const struct sp_admin_context *context, struct sp_str *ret_archive,
                             struct sp_admin_answer *answer)
{
    *ret_archive =
        context->request->body_to_come ? context->port->io_body(context->port->arg) : context->request->body;
    return ret_archive->len || has_none(context, answer);
}

static bool has_archive(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    const struct sp_admin_request *request = context->request;
    if (!request->body.len && !request->body_to_come)
        return has_none(context, answer);
    if (!is_zip(request->content_type)) {
        fail(context, answer, 415, "An archive must have the Content-Type application/zip, not %.*s.",
             SP_STR_ARG(request->content_type.len ? request->content_type : SP_STR("none")));
        return false;
    }
    return true;
}

static void show_deleted(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    struct body body;
    begin(&body);
    sp_json_object_begin(&body.writer);
    sp_json_put_string(&body.writer, "name", context->route->name);
    sp_json_object_end(&body.writer);
    end(context, &body, 200, answer);
}

static void show_changed(const struct sp_admin_context *context, const struct sp_store_change *change,
                         struct sp_admin_answer *answer)
{
    const struct sp_admin_port *port = context->port;
    struct sp_admin_item item;
    if (change->act == SP_STORE_DELETE) {
        show_deleted(context, answer);
        return;
    }
    enum sp_status status = port->find(port->arg, change->kind, change->name, context->arena, &item);
    if (status != SP_OK) {
        fail(context, answer, 500,
             "The %s %.*s was %s, but does not show: somebody else has deleted it, or the server is being "
             "reloaded.",
             sp_store_kind_name(change->kind), SP_STR_ARG(change->name), sp_store_act_done(change->act));
        return;
    }
    show_item(context, &item, change->act != SP_STORE_DEPLOY, answer);
    if (change->act == SP_STORE_UPDATE && change->kind == SP_STORE_API)
        answer->location = sp_admin_api_url(context, &item);
}

static void io_make_change(const struct sp_admin_context *context, struct sp_admin_answer *answer)
{
    const struct sp_admin_route *route = context->route;
    struct sp_store_change change = {.act = route->act, .kind = route->kind, .name = route->name};
    struct sp_admin_item item;
    struct sp_error err = SP_ERROR_INIT;
    unsigned status = 500;
    if (change.act != SP_STORE_DEPLOY && !find(context, &item, answer))
        return;
    if (!status_is_known(context, answer))
        return;
    if (change.act == SP_STORE_DEPLOY || change.act == SP_STORE_UPDATE) {
        if (!has_archive(context, answer) || !io_fetch_archive(context, &change.archive, answer))
            return;
        change.stopped = sp_str_is(sp_admin_parameter(context->request, "status"), "stopped");
    }
    if (context->port->io_change(context->port->arg, &change, &status, &answer->details, &err) != SP_OK) {
        fail(context, answer, status, "%s%s%s", err.id, err.id[0] ? ": " : "", err.text);
        return;
    }
    show_changed(context, &change, answer);
}

/* ---------------------------------------------------------------- all */

void io_admin_run(const struct sp_admin_context *context, struct sp_admin_answer *ret_answer)
{
    const struct sp_admin_route *route = context->route;
    struct sp_admin_item item;
    *ret_answer = (struct sp_admin_answer){.status = 500};
    switch (route->op) {
    case SP_ADMIN_NOTHING:
        refuse(context, ret_answer);
        break;
    case SP_ADMIN_LIST:
        show_list(context, ret_answer);
        break;
    case SP_ADMIN_CHANGE:
        io_make_change(context, ret_answer);
        break;
    case SP_ADMIN_ALL_STATISTICS:
        show_all_statistics(context, ret_answer);
        break;
    case SP_ADMIN_DOCUMENT:
        show_document(context, ret_answer);
        break;
    case SP_ADMIN_DETAILS:
        if (find(context, &item, ret_answer))
            show_item(context, &item, true, ret_answer);
        break;
    case SP_ADMIN_REQUEST_SCHEMA:
        if (find(context, &item, ret_answer))
            show_schema(context, item.request_schema, ret_answer);
        break;
    case SP_ADMIN_RESPONSE_SCHEMA:
        if (find(context, &item, ret_answer))
            show_schema(context, item.response_schema, ret_answer);
        break;
    case SP_ADMIN_STATISTICS:
        if (find(context, &item, ret_answer))
            show_statistics(context, &item, ret_answer);
        break;
    }
}
