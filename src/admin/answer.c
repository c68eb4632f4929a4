/* SPDX-License-Identifier: Apache-2.0
 * What is deployed, as JSON. Order and names of the fields are those of the product's documentation.
 */
#include <stdio.h>
#include <time.h>

#include "admin/internal.h"
#include "text/percent.h"

#define NAME_URL_MAX 4096u

/* ---------------------------------------------------------------- addresses */

/* "https://host:9443/zosConnect/apis/a%2Fb" */
static struct sp_str item_url(const struct sp_admin_context *context, enum sp_store_kind kind,
                              struct sp_str name)
{
    char room[NAME_URL_MAX];
    struct sp_buf encoded = sp_buf_over(room, sizeof room);
    if (sp_percent_encode(name, &encoded) != SP_OK)
        return SP_STR("");
    struct sp_str url =
        sp_arena_printf(context->arena, "%.*s/zosConnect/%s/%.*s", SP_STR_ARG(context->origin),
                        sp_admin_collection(kind), SP_STR_ARG(sp_buf_str(&encoded)));
    return url.ptr ? url : SP_STR("");
}

struct sp_str sp_admin_api_url(const struct sp_admin_context *context, const struct sp_admin_item *item)
{
    struct sp_str url =
        sp_arena_printf(context->arena, "%.*s%.*s", SP_STR_ARG(context->origin), SP_STR_ARG(item->base_path));
    return url.ptr ? url : SP_STR("");
}

static struct sp_str with(const struct sp_admin_context *context, struct sp_str url, const char *suffix)
{
    struct sp_str longer = sp_arena_printf(context->arena, "%.*s%s", SP_STR_ARG(url), suffix);
    return longer.ptr ? longer : SP_STR("");
}

static const char *status_of(const struct sp_admin_item *item)
{
    return item->stopped ? "Stopped" : "Started";
}

/* ---------------------------------------------------------------- lists */

static void write_service_in_list(const struct sp_admin_context *context, const struct sp_admin_item *item,
                                  struct sp_json_writer *writer)
{
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "ServiceName", item->name);
    sp_json_put_string(writer, "ServiceDescription", item->description);
    sp_json_put_string(writer, "ServiceProvider", item->provider);
    sp_json_put_string(writer, "ServiceURL", item_url(context, SP_STORE_SERVICE, item->name));
    sp_json_object_end(writer);
}

static void write_api_in_list(const struct sp_admin_context *context, const struct sp_admin_item *item,
                              struct sp_json_writer *writer)
{
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "name", item->name);
    sp_json_put_string(writer, "version", item->version);
    sp_json_put_string(writer, "description", item->description);
    sp_json_put_string(writer, "adminUrl", item_url(context, SP_STORE_API, item->name));
    sp_json_object_end(writer);
}

/* Clients read the connection under two names: under which depends on whether they list. */
static void write_requester(const struct sp_admin_context *context, const struct sp_admin_item *item,
                            bool in_list, struct sp_json_writer *writer)
{
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "name", item->name);
    sp_json_put_string(writer, "version", item->version);
    sp_json_put_string(writer, "description", item->description);
    sp_json_put_text(writer, "status", status_of(item));
    sp_json_put_string(writer, "apiRequesterUrl", item_url(context, SP_STORE_REQUESTER, item->name));
    sp_json_put_string(writer, "connection", item->connection);
    if (in_list)
        sp_json_put_string(writer, "connectionRef", item->connection);
    sp_json_object_end(writer);
}

/* ?status=started|stopped leaves the others out. */
static bool is_asked_for(const struct sp_admin_context *context, const struct sp_admin_item *item)
{
    struct sp_str status = sp_admin_parameter(context->request, "status");
    return !status.ptr || sp_str_is(status, item->stopped ? "stopped" : "started");
}

void sp_admin_write_list(const struct sp_admin_context *context, struct sp_json_writer *writer)
{
    static const char *const names[SP_STORE_KINDS] = {[SP_STORE_SERVICE] = "zosConnectServices",
                                                      [SP_STORE_API] = "apis",
                                                      [SP_STORE_REQUESTER] = "apiRequesters"};
    const struct sp_admin_port *port = context->port;
    enum sp_store_kind kind = context->route->kind;
    size_t count = port->count(port->arg, kind);
    struct sp_admin_item item;
    sp_json_object_begin(writer);
    sp_json_name(writer, sp_str_of(names[kind]));
    sp_json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        if (port->item(port->arg, kind, i, context->arena, &item) != SP_OK) {
            writer->buf->failed = true;
            break;
        }
        if (!is_asked_for(context, &item) || !port->visible(port->arg, kind, item.name))
            continue;
        if (kind == SP_STORE_SERVICE)
            write_service_in_list(context, &item, writer);
        else if (kind == SP_STORE_API)
            write_api_in_list(context, &item, writer);
        else
            write_requester(context, &item, true, writer);
    }
    sp_json_array_end(writer);
    sp_json_object_end(writer);
}

/* ---------------------------------------------------------------- details */

static void write_api(const struct sp_admin_context *context, const struct sp_admin_item *item,
                      bool with_services, struct sp_json_writer *writer)
{
    struct sp_str url = sp_admin_api_url(context, item);
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "name", item->name);
    sp_json_put_string(writer, "version", item->version);
    sp_json_put_string(writer, "description", item->description);
    sp_json_put_text(writer, "status", status_of(item));
    sp_json_put_string(writer, "apiUrl", url);
    sp_json_name(writer, SP_STR("documentation"));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "swagger", with(context, url, "/api-docs"));
    sp_json_object_end(writer);
    if (with_services) {
        sp_json_name(writer, SP_STR("services"));
        sp_json_array_begin(writer);
        for (size_t i = 0; i < item->service_count; i++) {
            sp_json_object_begin(writer);
            sp_json_put_string(writer, "name", item->services[i]);
            sp_json_put_string(writer, "uri", item_url(context, SP_STORE_SERVICE, item->services[i]));
            sp_json_object_end(writer);
        }
        sp_json_array_end(writer);
    }
    sp_json_object_end(writer);
}

static void write_service(const struct sp_admin_context *context, const struct sp_admin_item *item,
                          struct sp_json_writer *writer)
{
    struct sp_str url = item_url(context, SP_STORE_SERVICE, item->name);
    sp_json_object_begin(writer);
    sp_json_name(writer, SP_STR("zosConnect"));
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "serviceName", item->name);
    sp_json_put_string(writer, "serviceDescription", item->description);
    sp_json_put_string(writer, "serviceProvider", item->provider);
    sp_json_put_string(writer, "version", item->version);
    sp_json_put_string(writer, "serviceURL", url);
    sp_json_put_string(writer, "serviceInvokeURL", with(context, url, "?action=invoke"));
    sp_json_put_string(writer, "dataXformProvider",
                       item->transformer.ptr ? item->transformer : SP_STR("DATA_UNAVAILABLE"));
    sp_json_put_text(writer, "serviceStatus", status_of(item));
    sp_json_object_end(writer);
    /* A service may not be called as the member before it: a name twice would be no JSON. */
    if (!sp_str_is(item->name, "zosConnect")) {
        sp_json_name(writer, item->name);
        sp_json_object_begin(writer);
        for (size_t i = 0; i < item->property_count; i++) {
            sp_json_name(writer, item->properties[i].name);
            sp_json_string(writer, item->properties[i].value);
        }
        sp_json_object_end(writer);
    }
    sp_json_object_end(writer);
}

void sp_admin_write_details(const struct sp_admin_context *context, enum sp_store_kind kind,
                            const struct sp_admin_item *item, bool with_services,
                            struct sp_json_writer *writer)
{
    if (kind == SP_STORE_API)
        write_api(context, item, with_services, writer);
    else if (kind == SP_STORE_SERVICE)
        write_service(context, item, writer);
    else
        write_requester(context, item, false, writer);
}

/* ---------------------------------------------------------------- statistics */

void sp_admin_write_statistics(const struct sp_admin_context *context, const struct sp_admin_item *item,
                               struct sp_json_writer *writer)
{
    struct sp_admin_statistics statistics = {0};
    char count[24], date[32] = "", text[64];
    struct tm local;
    context->port->statistics(context->port->arg, item->name, &statistics);
    snprintf(count, sizeof count, "%llu", (unsigned long long)statistics.invocations);
    time_t seconds = (time_t)(statistics.registered_us / 1000000);
    if (localtime_r(&seconds, &local))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
    snprintf(text, sizeof text, "%s:%03u %s", date, (unsigned)(statistics.registered_us / 1000 % 1000),
             local.tm_zone ? local.tm_zone : "");
    sp_json_name(writer, item->name);
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "ServiceProvider", item->provider);
    sp_json_put_text(writer, "InvokeRequestCount", count);
    sp_json_put_text(writer, "TimeOfRegistrationWithZosConnect", text);
    /* Providers of this version have no figures of their own. */
    sp_json_name(writer, SP_STR("ServiceStatistics"));
    sp_json_object_begin(writer);
    sp_json_object_end(writer);
    sp_json_object_end(writer);
}
