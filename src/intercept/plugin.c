/* SPDX-License-Identifier: Apache-2.0
 * Instances of plug-ins, and the interceptor that calls their methods.
 */
#include "intercept/plugin.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "intercept/kind.h"
#include "intercept/message.h"
#include "intercept/plugin_internal.h"
#include "io/fiber.h"
#include "io/http_client.h"

#define MEMORY_MAX ((size_t)1 << 20)
#define MESSAGE_BYTES 512u
#define TIMED_OUT_STATUS 503u

struct sp_plugins {
    size_t count;
    struct sp_plugin *items[];
};

size_t sp_plugins_shared_bytes(unsigned workers)
{
    return sp_plugin_guard_bytes(workers);
}

/* ---------------------------------------------------------------- instances */

void sp_plugin_worker_release(struct sp_plugin_worker *worker)
{
    if (!worker || --worker->references)
        return;
    sp_plugin_wakes_free(worker->wakes);
    sp_http_client_free(worker->client);
    free(worker);
}

void sp_plugin_release(struct sp_plugin *plugin)
{
    if (!plugin || --plugin->references)
        return;
    if (plugin->self && plugin->methods->destroy) {
        sp_plugin_guard_enter(plugin->id.ptr, SP_PLUGIN_DESTROY, plugin->hang_us);
        plugin->methods->destroy(plugin->self);
        sp_plugin_guard_leave();
    }
    sp_plugin_worker_release(plugin->worker);
    sp_arena_finish(&plugin->arena);
    free(plugin);
}

static bool take_properties(struct sp_plugin *plugin, const struct sp_cfg_interceptor *element)
{
    struct sallyport_property *properties =
        sp_arena_calloc(&plugin->arena, element->property_count, sizeof *properties);
    bool taken = properties;
    for (size_t i = 0; taken && i < element->property_count; i++) {
        properties[i].name = sp_arena_cstr(&plugin->arena, element->properties[i].name);
        properties[i].value = sp_arena_cstr(&plugin->arena, element->properties[i].value);
        taken = properties[i].name && properties[i].value;
    }
    plugin->properties = properties;
    plugin->property_count = element->property_count;
    return taken;
}

static enum sp_status create(struct sp_plugin *plugin, const struct sp_worker *worker, struct sp_error *err)
{
    char message[MESSAGE_BYTES] = "";
    const struct sallyport_setup setup = {
        .size = sizeof setup,
        .host = &sp_plugin_host,
        .instance = (struct sallyport_instance *)plugin,
        .id = plugin->id.ptr,
        .properties = plugin->properties,
        .property_count = plugin->property_count,
        .worker = worker->index,
        .workers = worker->count,
    };
    if (!plugin->methods->create)
        return SP_OK;
    sp_plugin_guard_enter(plugin->id.ptr, SP_PLUGIN_CREATE, plugin->hang_us);
    int result = plugin->methods->create(&setup, &plugin->self, message, sizeof message);
    sp_plugin_guard_leave();
    message[sizeof message - 1] = 0;
    if (result == SALLYPORT_OK)
        return SP_OK;
    plugin->self = NULL; /* nothing was made that could be destroyed */
    return sp_error_set(err, SP_EINVAL, NULL, "it refuses its configuration: %s",
                        message[0] ? message : "no reason given");
}

static enum sp_status new_plugin(const struct sp_cfg_interceptor *element, struct sp_plugin_worker *shared,
                                 const struct sp_plugins_options *options, struct sp_plugin **ret_plugin,
                                 struct sp_error *err)
{
    struct sp_plugin *plugin = calloc(1, sizeof *plugin);
    if (!plugin)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a plug-in");
    sp_arena_init(&plugin->arena, MEMORY_MAX);
    plugin->references = 1;
    plugin->worker = shared;
    shared->references++;
    plugin->id = sp_arena_str(&plugin->arena, element->id);
    plugin->timeout_us = element->timeout_us;
    plugin->hang_us = element->hang_timeout_us;
    if (plugin->id.ptr)
        plugin->crashes = sp_plugin_crashes_of(plugin->id.ptr);
    if (options->previous)
        sp_plugin_crashes_forget(plugin->crashes);
    enum sp_status status = plugin->id.ptr && take_properties(plugin, element)
                                ? SP_OK
                                : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a plug-in");
    if (status == SP_OK)
        status = sp_plugin_load(plugin, element->directory, element->library, err);
    if (status == SP_OK)
        status = create(plugin, options->worker, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "sallyport_pluginInterceptor id=\"%.*s\" library=\"%.*s\"",
                        SP_STR_ARG(element->id), SP_STR_ARG(element->library));
        if (err && !err->id[0])
            memcpy(err->id, SP_MSG_PLUGIN_REFUSED, sizeof SP_MSG_PLUGIN_REFUSED);
        sp_plugin_release(plugin);
        return status;
    }
    *ret_plugin = plugin;
    return SP_OK;
}

/* ---------------------------------------------------------------- sets */

static bool same_text(struct sp_str a, const char *b)
{
    return sp_str_eq(a, sp_str_of(b));
}

static bool is_unchanged(const struct sp_plugin *plugin, const struct sp_cfg_interceptor *element,
                         struct sp_str path)
{
    if (!sp_str_eq(plugin->id, element->id) || !sp_str_eq(plugin->path, path) ||
        plugin->timeout_us != element->timeout_us || plugin->hang_us != element->hang_timeout_us ||
        plugin->property_count != element->property_count)
        return false;
    for (size_t i = 0; i < plugin->property_count; i++)
        if (!same_text(element->properties[i].name, plugin->properties[i].name) ||
            !same_text(element->properties[i].value, plugin->properties[i].value))
            return false;
    return true;
}

static struct sp_plugin *unchanged(struct sp_plugins *previous, const struct sp_cfg_interceptor *element)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    struct sp_str path;
    struct sp_plugin *found = NULL;
    sp_arena_init(&arena, 65536);
    if (previous && sp_plugin_path(element->directory, element->library, &arena, &path, &err) == SP_OK)
        for (size_t i = 0; !found && i < previous->count; i++)
            if (is_unchanged(previous->items[i], element, path))
                found = previous->items[i];
    sp_arena_finish(&arena);
    return found;
}

static enum sp_status open_plugin(const struct sp_cfg_interceptor *element, struct sp_plugin_worker *shared,
                                  const struct sp_plugins_options *options, struct sp_plugins *plugins,
                                  struct sp_error *err)
{
    struct sp_plugin *plugin = unchanged(options->previous, element);
    enum sp_status status = SP_OK;
    if (plugin) {
        plugin->references++;
        sp_plugin_worker_release(plugin->worker);
        plugin->worker = shared;
        shared->references++;
    } else {
        status = new_plugin(element, shared, options, &plugin, err);
    }
    if (status == SP_OK)
        plugins->items[plugins->count++] = plugin;
    return status;
}

/* Instances that live on fetch by the newest configuration's trust, too. */
static enum sp_status make_shared(const struct sp_plugins_options *options,
                                  struct sp_plugin_worker **ret_shared, struct sp_error *err)
{
    struct sp_plugin_worker *shared = calloc(1, sizeof *shared);
    if (!shared)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for plug-ins");
    shared->references = 1;
    shared->loop = options->worker->loop;
    enum sp_status status = sp_plugin_client_new(shared, options->config->ssl_default.outbound, err);
    if (status == SP_OK)
        *ret_shared = shared;
    else
        sp_plugin_worker_release(shared);
    return status;
}

enum sp_status sp_plugins_open(const struct sp_plugins_options *options, struct sp_plugins **ret_plugins,
                               struct sp_error *err)
{
    const struct sp_config *config = options->config;
    size_t count = 0;
    for (size_t i = 0; i < config->interceptor_count; i++)
        count += config->interceptors[i].kind == SP_CFG_PLUGIN;
    *ret_plugins = NULL;
    if (!count)
        return SP_OK;
    struct sp_plugins *plugins = calloc(1, sizeof *plugins + count * sizeof plugins->items[0]);
    if (!plugins)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for plug-ins");
    sp_plugin_guard_begin(options->shared, options->shared_bytes, options->worker->index,
                          options->worker->count);
    struct sp_plugin_worker *shared = NULL;
    enum sp_status status = make_shared(options, &shared, err);
    for (size_t i = 0; status == SP_OK && i < config->interceptor_count; i++)
        if (config->interceptors[i].kind == SP_CFG_PLUGIN)
            status = open_plugin(&config->interceptors[i], shared, options, plugins, err);
    sp_plugin_worker_release(shared);
    if (status == SP_OK)
        *ret_plugins = plugins;
    else
        sp_plugins_free(plugins);
    return status;
}

void sp_plugins_free(struct sp_plugins *plugins)
{
    if (!plugins)
        return;
    for (size_t i = 0; i < plugins->count; i++)
        sp_plugin_release(plugins->items[i]);
    free(plugins);
    sp_plugin_guard_end();
}

struct sp_plugin *sp_plugins_find(struct sp_plugins *plugins, struct sp_str id)
{
    for (size_t i = 0; plugins && i < plugins->count; i++)
        if (sp_str_eq(plugins->items[i]->id, id))
            return plugins->items[i];
    return NULL;
}

/* ---------------------------------------------------------------- calling a method */

/* What comes before the reply has no more time than the request; what comes behind needs some, even then. */
static struct sallyport_call begin(const struct sp_interceptor *interceptor, enum sp_plugin_method method,
                                   struct sp_intercept_data *data)
{
    struct sp_plugin *plugin = interceptor->plugin;
    bool before =
        method == SP_PLUGIN_PRE_INVOKE || method == SP_PLUGIN_PRE_SOR || method == SP_PLUGIN_PRE_ENDPOINT;
    int64_t now = sp_clock_monotonic_us(), deadline = now + plugin->timeout_us;
    if (before && data->deadline_us && data->deadline_us < deadline)
        deadline = data->deadline_us;
    return (struct sallyport_call){
        .plugin = plugin, .data = data, .method = method, .started_us = now, .deadline_us = deadline};
}

/* Whether the method took longer than it may, which is logged. */
static bool ended_late(struct sallyport_call *call)
{
    int64_t now = sp_clock_monotonic_us(), allowed_us = call->deadline_us - call->started_us;
    if (sp_fiber_canceled() || (now <= call->deadline_us && !call->timed_out))
        return false;
    sp_log(SP_LOG_ERROR, SP_MSG_PLUGIN_LATE,
           "interceptor plug-in %.*s took %lld ms in method %s, of %lld ms that it may take%s",
           SP_STR_ARG(call->plugin->id), (long long)((now - call->started_us) / 1000),
           sp_plugin_method_name(call->method), (long long)((allowed_us > 0 ? allowed_us : 0) / 1000),
           call->timed_out ? "" : ", and held up its worker");
    return true;
}

static void run(struct sallyport_call *call, void (*method)(void *self, struct sallyport_call *call))
{
    const struct sp_plugin *plugin = call->plugin;
    if (!method || sp_plugin_is_banned(plugin->crashes))
        return;
    sp_plugin_guard_enter(plugin->id.ptr, call->method, plugin->hang_us);
    method(plugin->self, call);
    sp_plugin_guard_leave();
    sp_plugin_call_end(call);
    ended_late(call);
}

/* ---------------------------------------------------------------- the interceptor */

static enum sp_status refused(const struct sallyport_call *call, int result, unsigned *ret_status,
                              struct sp_error *err)
{
    if (call->stopped) {
        *ret_status = call->stop_status;
        return sp_error_set(err, SP_EDENIED, NULL, "%.*s", SP_STR_ARG(call->stop_message));
    }
    return sp_error_set(err, SP_EINTERNAL, NULL, "it ended the request with %d, and gave no reason", result);
}

static enum sp_status pre(const struct sp_interceptor *self, struct sp_intercept_data *data,
                          unsigned *ret_status, struct sp_error *err)
{
    const struct sp_plugin *plugin = self->plugin;
    struct sallyport_call call = begin(self, SP_PLUGIN_PRE_INVOKE, data);
    if (sp_plugin_is_banned(plugin->crashes)) {
        *ret_status = TIMED_OUT_STATUS;
        return sp_error_set(err, SP_EUNAVAIL, SP_MSG_PLUGIN_BANNED,
                            "the interceptor is not available: workers died in it");
    }
    if (!plugin->methods->pre_invoke)
        return SP_OK;
    sp_plugin_guard_enter(plugin->id.ptr, call.method, plugin->hang_us);
    int result = plugin->methods->pre_invoke(plugin->self, &call);
    sp_plugin_guard_leave();
    sp_plugin_call_end(&call);
    bool late = ended_late(&call);
    if (call.stopped || result != SALLYPORT_CONTINUE)
        return refused(&call, result, ret_status, err);
    if (!late)
        return SP_OK;
    *ret_status = TIMED_OUT_STATUS;
    return sp_error_set(err, SP_ETIMEDOUT, SP_MSG_PLUGIN_LATE, "the interceptor did not decide in time");
}

static void post(const struct sp_interceptor *self, struct sp_intercept_data *data)
{
    struct sallyport_call call = begin(self, SP_PLUGIN_POST_INVOKE, data);
    run(&call, self->plugin->methods->post_invoke);
}

/* The methods in the order of enum sp_intercept_point. */
static void (*method_at(const struct sp_plugin *plugin,
                        enum sp_intercept_point point))(void *, struct sallyport_call *)
{
    const struct sallyport_interceptor *methods = plugin->methods;
    switch (point) {
    case SP_BEFORE_SOR:
        return methods->pre_sor;
    case SP_AFTER_SOR:
        return methods->post_sor;
    case SP_BEFORE_ENDPOINT:
        return methods->pre_endpoint;
    case SP_AFTER_ENDPOINT:
        return methods->post_endpoint;
    default:
        return NULL;
    }
}

static bool wants(const struct sp_interceptor *self, enum sp_intercept_point point)
{
    return method_at(self->plugin, point);
}

static void at(const struct sp_interceptor *self, enum sp_intercept_point point,
               struct sp_intercept_data *data)
{
    struct sallyport_call call =
        begin(self, (enum sp_plugin_method)(SP_PLUGIN_PRE_SOR + (unsigned)point), data);
    run(&call, method_at(self->plugin, point));
}

static void early(const struct sp_interceptor *self, const struct sp_intercept_data *data)
{
    struct sp_intercept_data own = *data;
    own.state = NULL;
    struct sallyport_call call = begin(self, SP_PLUGIN_EARLY_FAILURE, &own);
    if (self->plugin->methods->size >= sizeof(struct sallyport_interceptor))
        run(&call, self->plugin->methods->early_failure);
}

const struct sp_interceptor_kind sp_interceptor_plugin = {
    .sees_body = true,
    .keeps_state = true,
    .pre = pre,
    .post = post,
    .at = at,
    .wants = wants,
    .early = early,
};
