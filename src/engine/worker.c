/* SPDX-License-Identifier: Apache-2.0
 * worker.c: the beginning and the end of a worker process, and its loop inside nginx's.
 */
#include "engine/module.h"

#include <malloc.h>

#include "base/log.h"
#include "crypto/pkcs11_token.h"
#include "engine/message.h"
#include "engine/ready.h"
#include "engine/reload.h"

/* Memory that is kept although it is free at the moment, and the size from which on a block is mapped on its
 * own. With the C library's own values the end of the heap was given back and fetched again, page by page,
 * with nearly every request: a third of its cost. */
#define KEPT_FREE (16 << 20)
#define MAPPED_FROM (1 << 20)

/* How often a worker that was told to quit looks whether its last exchange is done. */
#define QUIT_CHECK_MS 250

struct engine_worker engine_worker;

static void log_sink(void *arg, enum sp_log_severity severity, const char *id, const char *text)
{
    static const ngx_uint_t levels[] = {
        [SP_LOG_ERROR] = NGX_LOG_ERR,   [SP_LOG_WARNING] = NGX_LOG_WARN, [SP_LOG_AUDIT] = NGX_LOG_NOTICE,
        [SP_LOG_INFO] = NGX_LOG_NOTICE, [SP_LOG_DEBUG] = NGX_LOG_INFO,
    };
    ngx_log_t *log = arg ? arg : ngx_cycle->log;
    ngx_log_error(levels[severity], log, 0, "%s%s%s", id ? id : "", id ? " " : "", text);
}

void engine_log_to(ngx_log_t *log)
{
    sp_log_set_sink(log_sink, log);
}

/* nginx calls the handlers of connections that are idle, as ours always is, with `close` set, when it has
 * been told to quit and has closed its listeners. */
static void loop_is_ready(ngx_event_t *event)
{
    ngx_connection_t *c = event->data;
    if (c->close) {
        c->close = c->idle = 0;
        sp_reload_accepts_no_more();
        return;
    }
    sp_loop_run_ready(engine_worker.port.loop);
}

static void ignore_event(ngx_event_t *event)
{
}

/* Rule 1. */
static ngx_int_t watch_loop(ngx_cycle_t *cycle)
{
    ngx_connection_t *c = ngx_get_connection(sp_loop_fd(engine_worker.port.loop), cycle->log);
    if (!c)
        return NGX_ERROR;
    c->read->handler = loop_is_ready;
    c->read->log = cycle->log;
    c->write->handler = ignore_event;
    c->write->log = cycle->log;
    c->idle = 1;
    engine_worker.loop_watch = c;
    return ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT);
}

static void unwatch_loop(void)
{
    ngx_connection_t *c = engine_worker.loop_watch;
    if (!c)
        return;
    engine_worker.loop_watch = NULL;
    if (c->read->active)
        ngx_del_event(c->read, NGX_READ_EVENT, 0);
    ngx_free_connection(c);
    c->fd = (ngx_socket_t)-1; /* the descriptor is the loop's; nginx would report it as left open */
}

/* A worker told to quit ends when nginx has no timer left that counts. A client that waits for its answer has
 * none, so one of ours stands for all of them. */
static void in_flight_check(ngx_event_t *event)
{
    if (!ngx_queue_empty(&engine_worker.in_flight))
        ngx_add_timer(event, QUIT_CHECK_MS);
}

void engine_worker_busy(void)
{
    if (!engine_worker.in_flight_timer.timer_set)
        ngx_add_timer(&engine_worker.in_flight_timer, QUIT_CHECK_MS);
}

static enum sp_status start(struct engine_main_conf *conf, struct sp_error *err)
{
    struct sp_worker *port = &engine_worker.port;
    port->index = (unsigned)ngx_worker;
    port->count = conf->workers;
    port->shared = (char *)conf->shared + ENGINE_SHARED_HEADER;
    port->shared_bytes = conf->shared_bytes;
    enum sp_status status = sp_loop_new(NULL, &port->loop, err);
    if (status != SP_OK)
        return status;
    status = sp_engine_app.start(conf->state, port, &engine_worker.handler, err);
    if (status != SP_OK)
        engine_worker.handler.start = NULL;
    return status;
}

ngx_int_t engine_init_process(ngx_cycle_t *cycle)
{
    struct engine_main_conf *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sallyport_module);
    if (!conf || !conf->args || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE))
        return NGX_OK;
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    engine_log_to(NULL);
    ngx_queue_init(&engine_worker.in_flight);
    sp_bodies_init(&engine_worker.bodies);
    engine_worker.in_flight_timer.handler = in_flight_check;
    engine_worker.in_flight_timer.log = cycle->log;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = start(conf, &err);
    if (status == SP_OK && watch_loop(cycle) != NGX_OK)
        status = sp_error_set(&err, SP_ELIMIT, NULL, "no connection is left to watch the event loop with");
    if (status != SP_OK) {
        if (!err.text[0])
            sp_error_set(&err, status, NULL, "%s", sp_status_name(status));
        sp_error_prefix(&err, "worker %u cannot start, the server stops%s%s", (unsigned)ngx_worker,
                        err.id[0] ? ": " : "", err.id);
        snprintf(err.id, sizeof err.id, "%s", SP_MSG_WORKER);
        sp_log_error(SP_LOG_ERROR, &err);
        conf->shared->failed = 1;
        sp_ready_failed(err.text);
        /* nginx would go on without workers and accept connections that nobody serves. */
        if (ngx_process == NGX_PROCESS_WORKER)
            kill(ngx_parent, SIGTERM);
        return NGX_ERROR;
    }
    if (ngx_atomic_fetch_add(&conf->shared->ready, 1) + 1 == conf->workers)
        sp_ready_announce();
    return NGX_OK;
}

void engine_exit_process(ngx_cycle_t *cycle)
{
    struct engine_main_conf *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sallyport_module);
    if (!engine_worker.port.loop)
        return;
    if (engine_worker.handler.start)
        engine_cancel_all();
    sp_engine_app.stop(conf->state);
    engine_worker.handler.start = NULL;
    unwatch_loop();
    if (engine_worker.in_flight_timer.timer_set)
        ngx_del_timer(&engine_worker.in_flight_timer);
    sp_loop_free(engine_worker.port.loop);
    engine_worker.port.loop = NULL;
    sp_pkcs11_rest();
}

/* A master that ended because a worker could not start says so by its status. */
void engine_exit_master(ngx_cycle_t *cycle)
{
    struct engine_main_conf *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sallyport_module);
    if (conf && conf->shared && conf->shared->failed)
        exit(1);
}
