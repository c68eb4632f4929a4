/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/generation.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "authn/caches.h"
#include "authn/guest.h"
#include "base/log.h"
#include "config/effective.h"
#include "gateway/message.h"
#include "gateway/shared_area.h"
#include "intercept/audit.h"
#include "intercept/file_logger.h"
#include "intercept/message.h"
#include "intercept/plugin.h"

/* ---------------------------------------------------------------- what generations share */

struct sp_generation_config {
    unsigned references;
    const struct sp_config *config;
    bool owned;
};

struct sp_generation_audit {
    unsigned references;
    struct sp_audit *audit;
};

/* A connection reads its element for as long as it lives. */
struct sp_generation_connection {
    unsigned references;
    struct sp_sor_connection *connection;
    struct sp_generation_config *held_config;
};

static void release_config(struct sp_generation_config *held)
{
    if (!held || --held->references)
        return;
    if (held->owned)
        sp_config_free((struct sp_config *)held->config);
    free(held);
}

static void release_audit(struct sp_generation_audit *held)
{
    struct sp_error err = SP_ERROR_INIT;
    if (!held || --held->references)
        return;
    if (sp_audit_free(held->audit, &err) != SP_OK)
        sp_log(SP_LOG_ERROR, SP_MSG_AUDIT_UNWRITTEN, "the last SMF records could not be written: %s",
               err.text);
    free(held);
}

static void release_connection(struct sp_generation_connection *held)
{
    if (!held || --held->references)
        return;
    sp_sor_free(held->connection);
    release_config(held->held_config);
    free(held);
}

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a configuration");
}

/* ---------------------------------------------------------------- the audit */

/* The directories above a file, as far as they are missing. */
static enum sp_status make_directories(struct sp_str file, struct sp_error *err)
{
    char path[PATH_MAX];
    for (size_t i = 1; i < file.len && i < sizeof path; i++) {
        if (file.ptr[i] != '/')
            continue;
        snprintf(path, sizeof path, "%.*s", (int)i, file.ptr);
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            return sp_error_errno(err, SP_EIO, errno, "cannot make directory %s for SMF records", path);
    }
    return SP_OK;
}

static enum sp_status new_audit(const struct sp_config *config, const struct sp_worker *worker,
                                struct sp_audit **ret_audit, struct sp_error *err)
{
    enum sp_status status = make_directories(config->smf.file, err);
    if (status == SP_OK)
        status = make_directories(config->smf.security_file, err);
    return status == SP_OK
               ? sp_audit_new(worker->loop, config, worker->audit, SP_STR(SP_VERSION), ret_audit, err)
               : status;
}

static enum sp_status open_audit(struct sp_generation *generation, const struct sp_worker *worker,
                                 const struct sp_generation *previous, struct sp_error *err)
{
    if (!sp_audit_is_wanted(generation->config))
        return SP_OK;
    if (previous && previous->held_audit && sp_audit_is_same(previous->config, generation->config)) {
        generation->held_audit = previous->held_audit;
        generation->held_audit->references++;
        generation->audit = generation->held_audit->audit;
        return SP_OK;
    }
    struct sp_generation_audit *held = calloc(1, sizeof *held);
    if (!held)
        return no_memory(err);
    enum sp_status status = new_audit(generation->config, worker, &held->audit, err);
    if (status != SP_OK) {
        free(held);
        return status;
    }
    held->references = 1;
    generation->held_audit = held;
    generation->audit = held->audit;
    return SP_OK;
}

static enum sp_status open_plugins(struct sp_generation *generation, const struct sp_worker *worker,
                                   const struct sp_generation *previous, struct sp_error *err)
{
    struct sp_plugins_options options = {
        .config = generation->config, .worker = worker, .previous = previous ? previous->plugins : NULL};
    options.shared = sp_shared_area_part(worker, SP_SHARED_PLUGINS, &options.shared_bytes);
    return sp_plugins_open(&options, &generation->plugins, err);
}

/* ---------------------------------------------------------------- connections */

/* The one of `previous` that was made from an equal element. With TLS there is none: its key stores may have
 * changed. */
static struct sp_generation_connection *unchanged(const struct sp_generation *previous,
                                                  const struct sp_config *config,
                                                  const struct sp_cfg_cics_connection *element)
{
    if (!previous || element->ssl)
        return NULL;
    for (size_t i = 0; i < previous->connection_count; i++) {
        const struct sp_cfg_cics_connection *old = &previous->config->cics_connections[i];
        if (!sp_str_eq(old->id, element->id))
            continue;
        bool same =
            !old->ssl && sp_str_eq(old->user, element->user) && sp_str_eq(old->password, element->password) &&
            sp_config_same_element(previous->config, config, "zosconnect_cicsIpicConnection", element->id);
        return same ? previous->held_connections[i] : NULL;
    }
    return NULL;
}

static enum sp_status new_connection(struct sp_generation *generation,
                                     const struct sp_cfg_cics_connection *element,
                                     const struct sp_worker *worker,
                                     struct sp_generation_connection **ret_held, struct sp_error *err)
{
    struct sp_generation_connection *held = calloc(1, sizeof *held);
    if (!held)
        return no_memory(err);
    enum sp_status status = sp_sor_cics_new(element, worker->loop, worker->count, &held->connection, err);
    if (status != SP_OK) {
        free(held);
        return status;
    }
    held->references = 1;
    held->held_config = generation->held_config;
    held->held_config->references++;
    *ret_held = held;
    return SP_OK;
}

static enum sp_status open_connections(struct sp_generation *generation, const struct sp_worker *worker,
                                       const struct sp_generation *previous, struct sp_error *err)
{
    const struct sp_config *config = generation->config;
    size_t count = config->cics_connection_count;
    generation->connections = calloc(count + 1, sizeof *generation->connections);
    generation->held_connections = calloc(count + 1, sizeof *generation->held_connections);
    if (!generation->connections || !generation->held_connections)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct sp_cfg_cics_connection *element = &config->cics_connections[i];
        struct sp_generation_connection *held = unchanged(previous, config, element);
        enum sp_status status = SP_OK;
        if (held)
            held->references++;
        else
            status = new_connection(generation, element, worker, &held, err);
        if (status != SP_OK)
            return status;
        generation->held_connections[i] = held;
        generation->connections[i] = held->connection;
        generation->connection_count++;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- who may do what */

static void share_saf(struct sp_generation *generation, const struct sp_generation *previous)
{
    if (!previous || !previous->saf || !sp_saf_link_is_wanted(generation->config))
        return;
    const struct sp_cfg_saf_database *old = &previous->config->saf_database;
    const struct sp_cfg_saf_database *new = &generation->config->saf_database;
    if (sp_str_eq(old->database, new->database) && sp_str_eq(old->key_file, new->key_file))
        generation->saf = sp_saf_link_hold(previous->saf);
}

static enum sp_status open_saf(struct sp_generation *generation, struct sp_error *err)
{
    const struct sp_config *config = generation->config;
    struct sp_error problem = SP_ERROR_INIT;
    if (!sp_saf_link_is_wanted(config))
        return SP_OK;
    enum sp_status status =
        generation->saf ? SP_OK : sp_saf_link_new(config, &generation->saf, &problem, err);
    if (problem.status != SP_OK)
        sp_problem_add(
            &generation->problems, SP_PROBLEM_ERROR, SP_MSG_SAF_UNAVAILABLE, config->saf_database.database, 0,
            0, "the security database cannot be opened, and nobody is let in until it can: %s", problem.text);
    if (status == SP_OK)
        sp_guest_check(config, generation->saf, &generation->problems);
    return status;
}

/* ---------------------------------------------------------------- life */

/* NULL without memory; the configuration is freed then when it is owned. */
static struct sp_generation *make(const struct sp_config *config, bool owned)
{
    struct sp_generation *generation = calloc(1, sizeof *generation);
    struct sp_generation_config *held = calloc(1, sizeof *held);
    if (!generation || !held) {
        free(generation);
        free(held);
        if (owned)
            sp_config_free((struct sp_config *)config);
        return NULL;
    }
    *held = (struct sp_generation_config){1, config, owned};
    generation->references = 1;
    generation->config = config;
    generation->held_config = held;
    sp_problems_init(&generation->problems);
    return generation;
}

static enum sp_status open_sessions(struct sp_generation *generation, const struct sp_worker *worker,
                                    struct sp_error *err)
{
    size_t bytes = 0;
    void *memory = sp_shared_area_part(worker, SP_SHARED_SESSIONS, &bytes);
    return sp_session_store_open(memory, bytes, &generation->sessions, err);
}

/* That of the generation before, or what the process that made the worker has read. */
static enum sp_status share_library(struct sp_generation *generation, const struct sp_worker *worker,
                                    const struct sp_generation *previous, struct sp_error *err)
{
    struct sp_library *there = previous ? previous->library : worker->library;
    if (!there)
        return sp_library_new(SP_LIBRARY_BYTES_MAX, &generation->library, err);
    generation->library = sp_library_hold(there);
    return SP_OK;
}

enum sp_status sp_generation_open(const struct sp_config *config, bool owned, const struct sp_worker *worker,
                                  const struct sp_generation *previous, struct sp_generation **ret_generation,
                                  struct sp_error *err)
{
    struct sp_generation *generation = make(config, owned);
    if (!generation)
        return no_memory(err);
    generation->loop = worker->loop;
    generation->caches = previous ? previous->caches : NULL;
    sp_audit_check(config, &generation->problems);
    sp_intercept_check(config, &generation->problems);
    generation->worker = worker;
    share_saf(generation, previous);
    enum sp_status status = share_library(generation, worker, previous, err);
    if (status == SP_OK)
        status = open_audit(generation, worker, previous, err);
    if (status == SP_OK)
        status = open_sessions(generation, worker, err);
    if (status == SP_OK)
        status = sp_file_loggers_open(config, &generation->loggers, err);
    if (status == SP_OK)
        status = open_plugins(generation, worker, previous, err);
    if (status == SP_OK)
        status = open_connections(generation, worker, previous, err);
    if (status == SP_OK)
        *ret_generation = generation;
    else
        sp_generation_release(generation);
    return status;
}

static enum sp_status new_authn(struct sp_generation *generation, struct sp_error *err)
{
    const struct sp_authn_parts parts = {
        .config = generation->config,
        .registry = generation->registry,
        .saf = generation->saf,
        .caches = generation->caches,
        .loop = generation->loop,
        .sessions = generation->sessions,
    };
    return sp_authn_new(&parts, &generation->authn, err);
}

static enum sp_status new_snapshot(struct sp_generation *generation, struct sp_file_set *files,
                                   struct sp_error *err)
{
    struct sp_snapshot_sources sources = {
        .config = generation->config,
        .library = generation->library,
        .means = {.audit = generation->audit,
                  .loggers = generation->loggers,
                  .plugins = generation->plugins,
                  .saf = generation->saf},
        .connections = generation->connections,
        .connection_count = generation->connection_count,
        .files = files,
    };
    sources.counters = sp_shared_area_part(generation->worker, SP_SHARED_COUNTERS, &sources.counters_bytes);
    return sp_snapshot_new(&sources, &generation->problems, &generation->snapshot, err);
}

enum sp_status sp_generation_compile(struct sp_generation *generation, struct sp_file_set *files,
                                     struct sp_error *err)
{
    enum sp_status status = open_saf(generation, err);
    if (status == SP_OK)
        status = sp_registry_new(generation->config, generation->saf,
                                 generation->caches ? generation->caches->users : NULL, &generation->registry,
                                 err);
    if (status == SP_OK)
        status = new_authn(generation, err);
    return status == SP_OK ? new_snapshot(generation, files, err) : status;
}

void sp_generation_tell_lost(struct sp_generation *generation)
{
    struct sp_log_file_counts counts;
    sp_file_loggers_counts(generation->loggers, &counts);
    if (counts.lost > generation->log_lost)
        sp_log(SP_LOG_ERROR, SP_MSG_FILE_LOG_LOST,
               "%llu entries of file system loggers were lost since the last message: %s",
               (unsigned long long)(counts.lost - generation->log_lost),
               counts.reason[0] ? counts.reason : "they came faster than the disk takes them");
    generation->log_lost = counts.lost;
}

struct sp_generation *sp_generation_hold(struct sp_generation *generation)
{
    generation->references++;
    return generation;
}

void sp_generation_release(struct sp_generation *generation)
{
    if (!generation || --generation->references)
        return;
    sp_snapshot_free(generation->snapshot);
    sp_library_release(generation->library);
    sp_authn_free(generation->authn);
    sp_session_store_close(generation->sessions);
    sp_registry_free(generation->registry);
    sp_saf_link_release(generation->saf);
    for (size_t i = 0; i < generation->connection_count; i++)
        release_connection(generation->held_connections[i]);
    free(generation->held_connections);
    free(generation->connections);
    release_audit(generation->held_audit);
    sp_file_loggers_stop(generation->loggers);
    sp_generation_tell_lost(generation);
    sp_file_loggers_free(generation->loggers);
    sp_plugins_free(generation->plugins);
    release_config(generation->held_config);
    sp_problems_finish(&generation->problems);
    free(generation);
}
