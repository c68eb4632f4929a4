/* SPDX-License-Identifier: Apache-2.0
 * app_gateway.c: the app of the product's module: the gateway.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/pkcs11_token.h"
#include "engine/app.h"
#include "engine/log_rotate.h"
#include "engine/message.h"
#include "engine/reload.h"
#include "engine/settings.h"
#include "gateway/monitor.h"
#include "gateway/rehearsal.h"
#include "gateway/shared_area.h"
#include "gateway/update.h"
#include "intercept/smf/share.h"

/* What the master process read, and workers begin with. */
struct state {
    struct sp_engine_settings *settings;
    struct sp_update_share share;
    struct sp_update_options options;
    char *control_dir;
};

/* Made by the master process once, and inherited by all workers until the server ends: what a worker of an
 * earlier configuration has put is written by the writer of all. */
static struct sp_smf_share audit_share = SP_SMF_SHARE_INIT;

/* Of the master: archives that were read. A reload reads those that are new. Workers inherit it. */
static struct sp_library *library;

/* Of this worker. */
static struct sp_worker here;
static struct sp_gateway *gateway;
static struct sp_update *update;
static struct sp_config *newer; /* than what the master read */

/* ---------------------------------------------------------------- in the master */

static void unload(void *arg)
{
    struct state *state = arg;
    if (!state)
        return;
    sp_update_share_close(&state->share);
    sp_engine_settings_free(state->settings);
    free(state->control_dir);
    free(state);
}

static enum sp_status accept_config(void *arg, const struct sp_config *config, bool *ret_reload,
                                    struct sp_error *err)
{
    const struct state *state = arg;
    enum sp_status status = sp_engine_settings_fit(state->settings, config, err);
    *ret_reload = status == SP_EINVAL && strcmp(err->id, SP_MSG_CONF_STALE) == 0;
    return *ret_reload ? SP_OK : status;
}

/* Server.xml, and the archives beside it, as they are now: every worker begins with the same. */
static enum sp_status read_all(struct state *state, const struct sp_str *args, size_t arg_count,
                               struct sp_error *err)
{
    static uint32_t epoch;
    struct sp_file_set *files = NULL;
    enum sp_status status = sp_file_set_new(NULL, 0, &files);
    if (status == SP_OK)
        status = sp_engine_settings_load(args, arg_count, sp_file_set_reader(files), &state->settings, err);
    if (status == SP_OK)
        status = sp_file_set_take_archives(files, state->settings->config, err);
    if (status == SP_OK)
        status = sp_update_share_open(files, ++epoch, &state->share, err);
    if (status == SP_OK)
        sp_rehearse(state->settings->config, files, &library);
    sp_file_set_free(files);
    return status;
}

/* A worker found endpoints that nginx.conf does not have. */
static void make_anew(struct sp_str config_dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s", SP_STR_ARG(config_dir));
    sp_reload_run(path);
}

static bool ask_reload(void *arg)
{
    return sp_reload_ask();
}

/* Without it, an audit that is asked for says why it cannot be. */
static void open_audit_share(const struct sp_config *config)
{
    struct sp_error err = SP_ERROR_INIT;
    if (audit_share.ring_fd < 0 &&
        sp_smf_share_open((unsigned)config->smf.buffer_records, &audit_share, &err) != SP_OK)
        audit_share = (struct sp_smf_share)SP_SMF_SHARE_INIT;
}

static enum sp_status load(const struct sp_str *args, size_t arg_count, void **ret_state,
                           struct sp_error *err)
{
    struct state *state = calloc(1, sizeof *state);
    bool was_asked = sp_reload_listen();
    if (!state)
        return SP_ENOMEM;
    state->share = (struct sp_update_share){{-1, -1}, -1, -1, 0};
    sp_pkcs11_guard();
    enum sp_status status = read_all(state, args, arg_count, err);
    if (status == SP_OK && asprintf(&state->control_dir, "%s/control", state->settings->run_dir) < 0) {
        state->control_dir = NULL;
        status = SP_ENOMEM;
    }
    if (status != SP_OK) {
        if (was_asked && strcmp(err->id, SP_MSG_CONF_STALE) == 0)
            make_anew(args[0]);
        unload(state);
        return status;
    }
    open_audit_share(state->settings->config);
    sp_log_rotate_listen();
    state->options = (struct sp_update_options){
        .share = &state->share,
        .config = state->settings->options,
        .accept = accept_config,
        .ask_reload = ask_reload,
        .arg = state,
        .control_dir = state->control_dir,
    };
    *ret_state = state;
    return SP_OK;
}

static size_t shared_bytes(void *arg, unsigned workers)
{
    const struct state *state = arg;
    return sp_shared_area_bytes(state->settings->config, workers);
}

static enum sp_status tls(void *arg, unsigned endpoint, struct ssl_ctx_st *context,
                          enum sp_client_certificate *ret_client, struct sp_error *err)
{
    struct sp_engine_settings *settings = ((struct state *)arg)->settings;
    return sp_engine_tls_load(settings->config, endpoint, context, &settings->problems, ret_client, err);
}

static enum sp_status peer(void *arg, unsigned endpoint, struct sp_peer_rules **ret_rules,
                           struct sp_error *err)
{
    return sp_peer_rules_new(((struct state *)arg)->settings->config, endpoint, ret_rules, err);
}

/* ---------------------------------------------------------------- in a worker */

/* $SALLYPORT_EXPLORER, otherwise where it was installed. */
static const char *explorer_directory(const struct state *state)
{
    static const char name[] = "SALLYPORT_EXPLORER=";
    const char *const *environment = state->settings->options.environment;
    for (size_t i = 0; environment && environment[i]; i++)
        if (strncmp(environment[i], name, sizeof name - 1) == 0 && environment[i][sizeof name - 1])
            return environment[i] + sizeof name - 1;
    return SP_EXPLORER_DIR;
}

/* One worker reports for all: what they find in server.xml and the archives is the same. */
#define MEGABYTE INT64_C(1048576)

/* One worker looks after the size of messages.log. */
static void watch_log(const struct sp_worker *worker, const struct sp_config *config)
{
    char directory[PATH_MAX];
    if (worker->index != 0)
        return;
    snprintf(directory, sizeof directory, "%.*s/logs", SP_STR_ARG(config->output_dir));
    sp_log_rotate_start(worker->loop, directory, config->logging.max_file_size * MEGABYTE,
                        config->logging.max_files);
}

static enum sp_status start(void *arg, const struct sp_worker *given, struct sp_handler *ret_handler,
                            struct sp_error *err)
{
    const struct state *state = arg;
    const struct sp_worker *worker = &here;
    here = *given;
    here.audit = audit_share.ring_fd >= 0 ? &audit_share : NULL;
    here.library = library;
    struct sp_problems problems;
    struct sp_file_set *files = NULL;
    uint64_t word = 0;
    sp_pkcs11_use_environment(state->settings->options.environment);
    sp_problems_init(&problems);
    enum sp_status status = sp_shared_area_join(worker, state->settings->config, err);
    if (status == SP_OK)
        status = sp_update_begin(&state->options, worker, &word, &files, &newer, err);
    if (status == SP_OK)
        status =
            sp_gateway_new(newer ? newer : state->settings->config, files, worker, &problems, &gateway, err);
    if (status == SP_OK)
        status = sp_update_new(gateway, worker, &state->options, word, files, &update, err);
    sp_file_set_free(files);
    if (worker->index == 0) {
        sp_engine_log_problems(&state->settings->problems);
        sp_engine_log_problems(&problems);
    }
    sp_problems_finish(&problems);
    if (status == SP_OK) {
        sp_gateway_set_explorer(gateway, explorer_directory(state));
        watch_log(worker, newer ? newer : state->settings->config);
        *ret_handler = sp_gateway_handler(gateway);
    }
    return status;
}

static void alert(void *arg, bool sent, const char *what)
{
    sp_monitor_count_alert(gateway, sent, what);
}

static void stop(void *arg)
{
    sp_log_rotate_stop();
    sp_update_free(update);
    sp_gateway_free(gateway);
    sp_config_free(newer);
    update = NULL;
    gateway = NULL;
    newer = NULL;
}

const struct sp_engine_app sp_engine_app = {
    .load = load,
    .unload = unload,
    .shared_bytes = shared_bytes,
    .tls = tls,
    .peer = peer,
    .start = start,
    .alert = alert,
    .stop = stop,
};
