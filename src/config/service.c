/* SPDX-License-Identifier: Apache-2.0
 * zosconnect_zosConnectService, the older way to name a service: here its provider is a service archive, so
 * what it says is put to what <service> says of that archive.
 */
#include "config/load.h"

#define ELEMENT "zosconnect_zosConnectService"

/* "/a/b", or with a star as its last character. */
static bool is_invoke_uri(struct sp_str uri)
{
    return uri.len > 0 && uri.len <= SP_CFG_INVOKE_URI_MAX && uri.ptr[0] == '/' &&
           sp_str_find(uri, '*') + 1 >= uri.len;
}

static bool is_taken(const struct sp_load *load, const struct sp_cfg_item *element, size_t index)
{
    struct sp_str uri = element->invoke_uris.items[index];
    for (const struct sp_cfg_item *other = load->config->service_elements; other <= element; other++)
        for (size_t i = 0; i < (other == element ? index : other->invoke_uris.count); i++)
            if (sp_str_eq(other->invoke_uris.items[i], uri))
                return true;
    return false;
}

static void check_invoke_uris(struct sp_load *load, const struct sp_cfg_item *element)
{
    for (size_t i = 0; i < element->invoke_uris.count; i++) {
        struct sp_str uri = element->invoke_uris.items[i];
        if (!is_invoke_uri(uri))
            sp_load_problem(load, SP_MSG_INVOKE_URI, sp_load_place_of(load, element),
                            ELEMENT
                            "[%.*s]: invokeURI \"%.*s\" does not begin with /, has more than %u bytes, or "
                            "has a * before its last character",
                            SP_STR_ARG(element->name), SP_STR_ARG(uri), SP_CFG_INVOKE_URI_MAX);
        else if (is_taken(load, element, i))
            sp_load_problem(load, SP_MSG_INVOKE_URI, sp_load_place_of(load, element),
                            ELEMENT "[%.*s]: invokeURI \"%.*s\" is given before", SP_STR_ARG(element->name),
                            SP_STR_ARG(uri));
    }
}

static void check_number(struct sp_load *load)
{
    size_t total = 0;
    for (size_t i = 0; i < load->config->service_element_count; i++)
        total += load->config->service_elements[i].invoke_uris.count;
    if (total > SP_CFG_INVOKE_URIS_MAX)
        sp_load_problem(load, SP_MSG_INVOKE_URI, (struct sp_load_place){0},
                        ELEMENT ": there are %zu invokeURI in all; the limit is %u", total,
                        SP_CFG_INVOKE_URIS_MAX);
}

/* ---------------------------------------------------------------- two elements of one service */

/* <service> may add properties, and nothing that could contradict. */
static bool says_who_calls(struct sp_load *load, const struct sp_cfg_item *service)
{
    static const char *const names[] = {"requireAuth",           "requireSecure", "interceptorsRef",
                                        "runGlobalInterceptors", "adminGroup",    "runGlobalInterceptorsRef",
                                        "operationsGroup",       "invokeGroup",   "readerGroup"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (sp_load_is_written(load, service, names[i]))
            return true;
    return false;
}

static bool is_named_before(const struct sp_load *load, const struct sp_cfg_item *element)
{
    for (const struct sp_cfg_item *other = load->config->service_elements; other < element; other++)
        if (sp_str_eq(other->name, element->name))
            return true;
    return false;
}

static bool is_provided(const struct sp_cfg_item *element, const struct sp_cfg_item *service)
{
    return sp_str_eq(element->provided_by, element->name) ||
           (service && service->id.len && sp_str_eq(element->provided_by, service->id));
}

static size_t place_of_item(const struct sp_cfg_directory *services, const struct sp_cfg_item *service,
                            size_t end)
{
    return service ? (size_t)(service - services->items) : end;
}

/* Adds to `items` or replaces one of them. */
static void merge(struct sp_load *load, const struct sp_cfg_item *element, struct sp_cfg_item *items,
                  size_t *count)
{
    const struct sp_cfg_item *service = sp_config_item(&load->config->services, element->name);
    struct sp_load_place place = sp_load_place_of(load, element);
    if (!is_provided(element, service)) {
        bool allowed = sp_load_is_allowed(load, ELEMENT, "serviceRef");
        sp_load_problem(load, allowed ? SP_MSG_INERT : SP_MSG_SERVICE_PROVIDER, place,
                        ELEMENT "[%.*s]: serviceRef=\"%.*s\" is no service archive; archives provide the "
                                "services here: write serviceRef=\"%.*s\" when there is one of that name",
                        SP_STR_ARG(element->name), SP_STR_ARG(element->provided_by),
                        SP_STR_ARG(element->name));
        return;
    }
    if (is_named_before(load, element) || (service && says_who_calls(load, service))) {
        sp_load_problem(load, SP_MSG_SERVICE_TWICE, place,
                        ELEMENT
                        "[%.*s]: another element says of this service, too, who may call it; keep one",
                        SP_STR_ARG(element->name));
        return;
    }
    size_t at = place_of_item(&load->config->services, service, *count);
    items[at] = *element;
    if (service) {
        items[at].id = service->id;
        items[at].properties = service->properties;
        items[at].property_count = service->property_count;
    } else
        ++*count;
}

enum sp_status sp_load_services(struct sp_load *load)
{
    struct sp_cfg_directory *services = &load->config->services;
    size_t count = services->item_count, all = count + load->config->service_element_count;
    struct sp_cfg_item *items = sp_arena_calloc(load->arena, all, sizeof *items);
    if (!items)
        return SP_ENOMEM;
    for (size_t i = 0; i < count; i++)
        items[i] = services->items[i];
    check_number(load);
    for (size_t i = 0; i < load->config->service_element_count; i++) {
        check_invoke_uris(load, &load->config->service_elements[i]);
        merge(load, &load->config->service_elements[i], items, &count);
    }
    services->items = items;
    services->item_count = count;
    return SP_OK;
}
