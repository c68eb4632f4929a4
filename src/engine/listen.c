/* SPDX-License-Identifier: Apache-2.0
 * listen.c: what is done when the listeners are open: who may speak the PROXY protocol.
 *
 * nginx reads the PROXY header from whoever connects, and before TLS. So the listeners that expect one are
 * given a handler of ours, which looks at the address first.
 */
#include "engine/module.h"

#include <stdio.h>

#include "base/log.h"
#include "engine/message.h"
#include "engine/reload.h"

/* Which argument of sallyport_server it is. */
#define RUN_DIR 2u

static const struct engine_server_conf *conf_of(const ngx_http_addr_conf_t *address)
{
    return address->default_server->ctx->srv_conf[ngx_http_sallyport_module.ctx_index];
}

/* Listeners are one for each address; where nginx has merged several, client.c looks at the requests. */
static const struct engine_server_conf *server_of(const ngx_listening_t *listening)
{
    const ngx_http_port_t *port = listening->servers;
    if (!port || port->naddrs == 0)
        return NULL;
    if (listening->sockaddr->sa_family == AF_INET6)
        return conf_of(&((const ngx_http_in6_addr_t *)port->addrs)[0].conf);
    return conf_of(&((const ngx_http_in_addr_t *)port->addrs)[0].conf);
}

/* One line a second: anybody can connect. */
static void tell(struct sp_str address)
{
    static time_t told;
    static unsigned silent;
    if (told == ngx_time()) {
        silent++;
        return;
    }
    char more[64] = "";
    if (silent)
        snprintf(more, sizeof more, " (and %u before)", silent);
    sp_log(SP_LOG_WARNING, SP_MSG_PROXY_REFUSED,
           "a connection from %.*s is closed: the endpoint takes them from its proxies only%s",
           SP_STR_ARG(address), more);
    told = ngx_time();
    silent = 0;
}

static void begin_connection(ngx_connection_t *c)
{
    const struct engine_server_conf *conf = server_of(c->listening);
    struct sp_str address = engine_str(c->addr_text);
    if (sp_peer_is_proxy(conf->peers, address)) {
        ngx_http_init_connection(c);
        return;
    }
    tell(address);
    ngx_http_close_connection(c);
}

/* nginx calls this when all listeners are open, and nothing can fail any more. */
static void mark(ngx_cycle_t *cycle)
{
    struct engine_main_conf *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_sallyport_module);
    char path[NGX_MAX_PATH];
    if (ngx_test_config || !conf || !conf->args || conf->args->nelts < RUN_DIR + 1)
        return;
    struct sp_str run_dir = ((const struct sp_str *)conf->args->elts)[RUN_DIR];
    snprintf(path, sizeof path, "%.*s", SP_STR_ARG(run_dir));
    sp_reload_mark(path);
}

ngx_int_t engine_init_module(ngx_cycle_t *cycle)
{
    mark(cycle);
    ngx_listening_t *all = cycle->listening.elts;
    for (ngx_uint_t i = 0; i < cycle->listening.nelts; i++) {
        const struct engine_server_conf *conf =
            all[i].handler == ngx_http_init_connection ? server_of(&all[i]) : NULL;
        if (conf && sp_peer_speaks_proxy_protocol(conf->peers))
            all[i].handler = begin_connection;
    }
    return NGX_OK;
}
