/* SPDX-License-Identifier: Apache-2.0
 * app_gateway.c: the app of the product's module: the gateway.
 */
#include <stdlib.h>

#include "engine/app.h"
#include "engine/settings.h"
#include "gateway/gateway.h"

static struct sp_gateway *gateway; /* of this worker */

static enum sp_status load(const struct sp_str *args, size_t arg_count, void **ret_state,
                           struct sp_error *err)
{
    struct sp_engine_settings *settings = NULL;
    enum sp_status status = sp_engine_settings_load(args, arg_count, &settings, err);
    if (status == SP_OK)
        *ret_state = settings;
    return status;
}

static void unload(void *state)
{
    sp_engine_settings_free(state);
}

static size_t shared_bytes(void *state, unsigned workers)
{
    const struct sp_engine_settings *settings = state;
    return sp_gateway_shared_bytes(settings->config, workers);
}

static enum sp_status tls(void *state, unsigned endpoint, struct ssl_ctx_st *context,
                          enum sp_client_certificate *ret_client, struct sp_error *err)
{
    struct sp_engine_settings *settings = state;
    return sp_engine_tls_load(settings->config, endpoint, context, &settings->problems, ret_client, err);
}

/* One worker reports for all: what they find in server.xml and the archives is the same. */
static enum sp_status start(void *state, const struct sp_worker *worker, struct sp_handler *ret_handler,
                            struct sp_error *err)
{
    const struct sp_engine_settings *settings = state;
    struct sp_problems problems;
    sp_problems_init(&problems);
    enum sp_status status = sp_gateway_new(settings->config, worker, &problems, &gateway, err);
    if (worker->index == 0) {
        sp_engine_log_problems(&settings->problems);
        sp_engine_log_problems(&problems);
    }
    sp_problems_finish(&problems);
    if (status == SP_OK)
        *ret_handler = sp_gateway_handler(gateway);
    return status;
}

static void stop(void *state)
{
    sp_gateway_free(gateway);
    gateway = NULL;
}

const struct sp_engine_app sp_engine_app = {
    .load = load,
    .unload = unload,
    .shared_bytes = shared_bytes,
    .tls = tls,
    .start = start,
    .stop = stop,
};
