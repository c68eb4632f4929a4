/* SPDX-License-Identifier: Apache-2.0
 * cmd_run.c: sallyport-region run.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/listen.h"
#include "io/loop.h"
#include "region/command.h"
#include "region/programs.h"
#include "region/region.h"
#include "region/tls.h"

#define STOP_LIMIT_US 10000000
#define CLOSE_LIMIT_US 1000000
#define DECISIONS 1024u
#define LAST_EVENTS_US 1000000

struct server {
    struct sp_region region;
    struct sp_listener *listener, *local_listener;
    SSL_CTX *tls; /* NULL: none */
    struct sp_watch signals;
    unsigned stops; /* requests to stop so far */
    const char *path;
    struct sp_arena arena;
};

static void take_signal(void *arg, uint32_t events)
{
    struct server *server = arg;
    struct signalfd_siginfo info;
    (void)events;
    while (read(server->signals.fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            sp_log(SP_LOG_INFO, NULL, "region %.*s: new copies of all programs",
                   SP_STR_ARG(server->region.definition->applid));
            sp_pool_refresh(server->region.pool);
        } else {
            server->stops++;
        }
    }
}

static enum sp_status watch_signals(struct server *server, struct sp_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    server->signals = (struct sp_watch){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
                                        .events = EPOLLIN,
                                        .fn = take_signal,
                                        .arg = server};
    if (server->signals.fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot watch for signals");
    return sp_watch_add(server->region.loop, &server->signals);
}

static void warn_of_faults(struct server *server)
{
    struct sp_program_state *states;
    const struct sp_definition *definition = server->region.definition;
    if (sp_programs_load(definition, &server->arena, &states, NULL) != SP_OK)
        return;
    for (size_t i = 0; i < definition->program_count; i++)
        if (states[i].fault)
            sp_log(SP_LOG_WARNING, NULL, "program %.*s cannot run: %s", SP_STR_ARG(states[i].program->name),
                   states[i].fault);
}

static enum sp_status start_workers(struct server *server, struct sp_str text, const char *directory,
                                    struct sp_error *err)
{
    struct sp_pool_options options = {.workers = server->region.definition->workers,
                                      .program = "/proc/self/exe",
                                      .directory = directory,
                                      .definition = text};
    struct sp_pool_counts counts;
    enum sp_status status = sp_pool_new(server->region.loop, &options, &server->region.pool, err);
    if (status != SP_OK)
        return status;
    do {
        sp_loop_run_once(server->region.loop, -1);
        sp_pool_counts(server->region.pool, &counts);
        if (counts.stillborn)
            return sp_error_set(err, SP_EIO, NULL,
                                "the workers do not come up; what they say is in the lines above");
    } while (!counts.ready && !server->stops);
    return SP_OK;
}

static enum sp_status listen_at(struct server *server, struct sp_stream_address address,
                                struct sp_listener **ret_listener, struct sp_error *err)
{
    struct sp_listener_options options = {.address = address,
                                          .ssl_ctx = address.unix_path ? NULL : server->tls,
                                          .max_connections = server->region.definition->max_connections};
    return sp_listener_new(server->region.loop, &options, sp_region_connection, &server->region, ret_listener,
                           err);
}

static enum sp_status open_saf(struct sp_region *region, struct sp_error *err)
{
    const struct sp_definition *d = region->definition;
    const struct sp_saf_settings settings = {.path = d->saf.ptr,
                                             .key_path = d->saf_key.len ? d->saf_key.ptr : NULL};
    if (!d->saf.len)
        return SP_OK;
    enum sp_status status = sp_saf_decision_cache_init(&region->decisions, DECISIONS, err);
    if (status == SP_OK)
        status = sp_saf_open(&settings, &region->saf, err);
    if (status == SP_OK && d->audit_socket.len)
        status = sp_event_link_new(region->loop, d->audit_socket, d->applid, &region->events, err);
    return status;
}

static enum sp_status start_listeners(struct server *server, struct sp_error *err)
{
    const struct sp_definition *d = server->region.definition;
    enum sp_status status = SP_OK;
    if (d->tls_certificate.len)
        status = sp_region_tls_new(d, &server->tls, err);
    if (status == SP_OK && d->host.ptr) {
        struct sp_stream_address address = {
            .host = d->host.len && !sp_str_is(d->host, "*") ? d->host.ptr : NULL, .port = d->port};
        status = listen_at(server, address, &server->listener, err);
        if (status == SP_OK)
            sp_log(SP_LOG_INFO, NULL, "region %.*s listens on %.*s:%u%s", SP_STR_ARG(d->applid),
                   SP_STR_ARG(d->host), sp_listener_port(server->listener), server->tls ? " with TLS" : "");
    }
    if (status == SP_OK && d->unix_path.len) {
        struct sp_stream_address address = {.unix_path = d->unix_path.ptr};
        status = listen_at(server, address, &server->local_listener, err);
        if (status == SP_OK)
            sp_log(SP_LOG_INFO, NULL, "region %.*s listens on %s", SP_STR_ARG(d->applid), d->unix_path.ptr);
    }
    return status;
}

static enum sp_status start(struct server *server, struct sp_error *err)
{
    struct sp_str text;
    const char *directory;
    enum sp_status status =
        sp_region_open(server->path, &server->arena, &text, &directory, &server->region.definition, err);
    if (status != SP_OK)
        return status;
    const struct sp_definition *d = server->region.definition;
    struct sp_loop_options options = {.max_fibers =
                                          2 * d->max_tasks + 2 * d->max_connections + d->workers + 16};
    warn_of_faults(server);
    status = sp_loop_new(&options, &server->region.loop, err);
    if (status == SP_OK)
        status = watch_signals(server, err);
    if (status == SP_OK)
        status = open_saf(&server->region, err);
    if (status == SP_OK)
        status = start_workers(server, text, directory, err);
    if (status == SP_OK && !server->stops)
        status = start_listeners(server, err);
    return status;
}

/* Gateways are told, so that they know what was not read any more. */
static void close_connections(struct server *server)
{
    int64_t limit = sp_clock_monotonic_us() + CLOSE_LIMIT_US;
    sp_listener_free(server->listener);
    sp_listener_free(server->local_listener);
    server->listener = server->local_listener = NULL;
    while (server->region.connections && sp_clock_monotonic_us() < limit)
        sp_loop_run_once(server->region.loop, 100);
}

static void serve(struct server *server)
{
    struct sp_region *region = &server->region;
    while (!server->stops)
        sp_loop_run_once(region->loop, -1);
    /* What has begun is finished, unless it takes too long or we are told again. */
    if (server->listener)
        sp_listener_stop(server->listener);
    if (server->local_listener)
        sp_listener_stop(server->local_listener);
    int64_t limit = sp_clock_monotonic_us() + STOP_LIMIT_US;
    while (region->tasks && server->stops < 2 && sp_clock_monotonic_us() < limit)
        sp_loop_run_once(region->loop, 100);
    close_connections(server);
    limit = sp_clock_monotonic_us() + LAST_EVENTS_US;
    while (sp_event_link_waiting(region->events) && sp_clock_monotonic_us() < limit)
        sp_loop_run_once(region->loop, 100);
    if (sp_event_link_waiting(region->events))
        sp_log(SP_LOG_WARNING, NULL, "%u decisions of security did not come to the audit",
               sp_event_link_waiting(region->events));
    sp_log(SP_LOG_INFO, NULL, "region %.*s ends after %llu tasks, %llu of them failed",
           SP_STR_ARG(region->definition->applid), (unsigned long long)(region->done + region->failed),
           (unsigned long long)region->failed);
}

static void finish(struct server *server)
{
    sp_listener_free(server->listener);
    sp_listener_free(server->local_listener);
    sp_pool_free(server->region.pool);
    sp_event_link_free(server->region.events);
    if (server->region.loop)
        sp_watch_remove(&server->signals);
    if (server->signals.fd > 0)
        close(server->signals.fd);
    sp_loop_free(server->region.loop);
    sp_saf_decision_cache_finish(&server->region.decisions);
    sp_saf_close(server->region.saf);
    SSL_CTX_free(server->tls);
    sp_arena_finish(&server->arena);
}

int sp_region_command_run(int argc, char **argv)
{
    struct server server = {.path = NULL};
    struct sp_error err = SP_ERROR_INIT;
    for (int i = 0; i < argc; i++) {
        struct sp_str argument = sp_str_of(argv[i]);
        if (sp_str_is(argument, "--dump-commarea"))
            server.region.dump = true;
        else if (sp_str_is(argument, "--quiet"))
            sp_log_set_level(SP_LOG_WARNING);
        else if (sp_str_starts(argument, SP_STR("-")) || server.path)
            return sp_region_misused("run: %s is not understood", argv[i]);
        else
            server.path = argv[i];
    }
    if (!server.path)
        return sp_region_misused("run wants the file that defines the region");
    sp_arena_init(&server.arena, 512u << 20);
    enum sp_status status = start(&server, &err);
    if (status == SP_OK)
        serve(&server);
    finish(&server);
    return status == SP_OK ? 0 : sp_region_failed(&err);
}
