/* SPDX-License-Identifier: Apache-2.0
 * module.c: the module as nginx sees it: directives, the app's configuration, the shared memory.
 */
#include "engine/module.h"

#include "crypto/pkcs11_token.h"
#include "engine/ready.h"

/* sallyport_tls and sallyport_peer take a number, and a digest of what the module takes from server.xml for
 * it.
 */
static char *set_server(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    struct engine_main_conf *main_conf = conf;
    static char duplicate[] = "is duplicate";
    if (main_conf->args)
        return duplicate;
    ngx_str_t *words = cf->args->elts;
    main_conf->args = ngx_array_create(cf->pool, cf->args->nelts, sizeof(struct sp_str));
    if (!main_conf->args)
        return NGX_CONF_ERROR;
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        struct sp_str *arg = ngx_array_push(main_conf->args);
        if (!arg)
            return NGX_CONF_ERROR;
        *arg = engine_str(words[i]);
    }
    return NGX_CONF_OK;
}

/* sallyport_endpoint <index> <https port, 0: none>: this location's requests go to the handler. */
static char *set_endpoint(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    struct engine_location_conf *location = conf;
    static char wrong[] = "takes an index and a port";
    ngx_str_t *words = cf->args->elts;
    ngx_int_t index = ngx_atoi(words[1].data, words[1].len);
    ngx_int_t port = ngx_atoi(words[2].data, words[2].len);
    if (index < 0 || port < 0 || port > 65535)
        return wrong;
    location->endpoint = (ngx_uint_t)index;
    location->https_port = (ngx_uint_t)port;
    ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    core->handler = engine_content_handler;
    return NGX_CONF_OK;
}

#define ANYWHERE (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF)
#define SLOT(setter, where, member) .set = (setter), .conf = (where), .offset = (member)
static ngx_command_t commands[] = {
    {.name = ngx_string("sallyport_server"),
     .type = NGX_HTTP_MAIN_CONF | NGX_CONF_ANY,
     SLOT(set_server, NGX_HTTP_MAIN_CONF_OFFSET, 0)},
    {.name = ngx_string("sallyport_server_header"),
     .type = ANYWHERE | NGX_CONF_FLAG,
     SLOT(ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
          offsetof(struct engine_location_conf, server_header))},
    {.name = ngx_string("sallyport_tls"),
     .type = NGX_HTTP_SRV_CONF | NGX_CONF_TAKE2,
     SLOT(ngx_conf_set_num_slot, NGX_HTTP_SRV_CONF_OFFSET,
          offsetof(struct engine_server_conf, tls_endpoint))},
    {.name = ngx_string("sallyport_client_issuer"),
     .type = NGX_HTTP_SRV_CONF | NGX_CONF_FLAG,
     SLOT(ngx_conf_set_flag_slot, NGX_HTTP_SRV_CONF_OFFSET,
          offsetof(struct engine_server_conf, client_issuer))},
    {.name = ngx_string("sallyport_stapling"),
     .type = NGX_HTTP_SRV_CONF | NGX_CONF_FLAG,
     SLOT(ngx_conf_set_flag_slot, NGX_HTTP_SRV_CONF_OFFSET, offsetof(struct engine_server_conf, stapling))},
    {.name = ngx_string("sallyport_peer"),
     .type = NGX_HTTP_SRV_CONF | NGX_CONF_TAKE2,
     SLOT(ngx_conf_set_num_slot, NGX_HTTP_SRV_CONF_OFFSET,
          offsetof(struct engine_server_conf, peer_endpoint))},
    {.name = ngx_string("sallyport_endpoint"),
     .type = NGX_HTTP_LOC_CONF | NGX_CONF_TAKE2,
     SLOT(set_endpoint, NGX_HTTP_LOC_CONF_OFFSET, 0)},
    {.name = ngx_string("sallyport_refused"),
     .type = NGX_HTTP_LOC_CONF | NGX_CONF_FLAG,
     SLOT(ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(struct engine_location_conf, refused))},
    {.name = ngx_string("sallyport_max_headers"),
     .type = ANYWHERE | NGX_CONF_TAKE1,
     SLOT(ngx_conf_set_num_slot, NGX_HTTP_LOC_CONF_OFFSET,
          offsetof(struct engine_location_conf, max_headers))},
    {.name = ngx_string("sallyport_max_field"),
     .type = ANYWHERE | NGX_CONF_TAKE1,
     SLOT(ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
          offsetof(struct engine_location_conf, max_field))},
    {.name = ngx_string("sallyport_body_patience"),
     .type = ANYWHERE | NGX_CONF_TAKE1,
     SLOT(ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
          offsetof(struct engine_location_conf, body_patience))},
    {.name = ngx_string("sallyport_body_rate"),
     .type = ANYWHERE | NGX_CONF_TAKE1,
     SLOT(ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
          offsetof(struct engine_location_conf, body_rate))},
    {.name = ngx_string("sallyport_client_bodies"),
     .type = ANYWHERE | NGX_CONF_TAKE1,
     SLOT(ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
          offsetof(struct engine_location_conf, client_bodies))},
    ngx_null_command,
};

static void *create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(struct engine_main_conf));
}

static void *create_server_conf(ngx_conf_t *cf)
{
    struct engine_server_conf *conf = ngx_pcalloc(cf->pool, sizeof *conf);
    if (conf)
        conf->tls_endpoint = conf->peer_endpoint = conf->client_issuer = conf->stapling = NGX_CONF_UNSET;
    return conf;
}

static void *create_location_conf(ngx_conf_t *cf)
{
    struct engine_location_conf *conf = ngx_pcalloc(cf->pool, sizeof *conf);
    if (!conf)
        return NULL;
    conf->server_header = conf->refused = NGX_CONF_UNSET;
    conf->max_headers = NGX_CONF_UNSET_UINT;
    conf->max_field = NGX_CONF_UNSET_SIZE;
    conf->body_patience = NGX_CONF_UNSET_MSEC;
    conf->body_rate = NGX_CONF_UNSET_SIZE;
    conf->client_bodies = NGX_CONF_UNSET_SIZE;
    return conf;
}

static char *merge_location_conf(ngx_conf_t *cf, void *parent, void *child)
{
    static char zero_rate[] = "sallyport_body_rate must not be 0";
    struct engine_location_conf *outer = parent, *conf = child;
    ngx_conf_merge_value(conf->server_header, outer->server_header, 1);
    ngx_conf_merge_value(conf->refused, outer->refused, 0);
    ngx_conf_merge_uint_value(conf->max_headers, outer->max_headers, 500);
    ngx_conf_merge_size_value(conf->max_field, outer->max_field, 32768);
    ngx_conf_merge_msec_value(conf->body_patience, outer->body_patience, 60000);
    ngx_conf_merge_size_value(conf->body_rate, outer->body_rate, 16384);
    ngx_conf_merge_size_value(conf->client_bodies, outer->client_bodies, 128 << 20);
    if (conf->body_rate == 0)
        return zero_rate;
    return NGX_CONF_OK;
}

static ngx_int_t refuse(ngx_conf_t *cf, enum sp_status status, const struct sp_error *err)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s%s%s%s%s", err->id, err->id[0] ? " " : "", err->file,
                  err->file[0] ? ": " : "", err->text[0] ? err->text : sp_status_name(status));
    return NGX_ERROR;
}

/* Runs in the master at the start and at each reload; across a reload the memory stays the same. */
static ngx_int_t init_zone(ngx_shm_zone_t *zone, void *old)
{
    struct engine_main_conf *conf = zone->data;
    conf->shared = old;
    if (!old) {
        ngx_slab_pool_t *pool = (ngx_slab_pool_t *)zone->shm.addr;
        conf->shared = ngx_slab_calloc(pool, ENGINE_SHARED_HEADER + conf->shared_bytes);
        if (!conf->shared) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                          "sallyport: shared memory of %uz bytes is too small", zone->shm.size);
            return NGX_ERROR;
        }
    }
    conf->shared->ready = 0;
    zone->data = conf->shared;
    return NGX_OK;
}

static ngx_int_t add_zone(ngx_conf_t *cf, struct engine_main_conf *conf)
{
    ngx_str_t name = ngx_string("sallyport");
    /* The allocation is of whole pages; nginx keeps a descriptor for each page and its own header beside
     * them. */
    size_t pages = (ENGINE_SHARED_HEADER + conf->shared_bytes + ngx_pagesize - 1) / ngx_pagesize;
    size_t overhead = pages * sizeof(ngx_slab_page_t) + 16 * ngx_pagesize;
    ngx_shm_zone_t *zone =
        ngx_shared_memory_add(cf, &name, pages * ngx_pagesize + overhead, &ngx_http_sallyport_module);
    if (!zone)
        return NGX_ERROR;
    zone->init = init_zone;
    zone->data = conf;
    return NGX_OK;
}

/* As nginx does it: every certificate passes the handshake, and the request is answered with 400 when it did
 * not verify, so that the caller learns the reason. What OpenSSL keeps of the failure would be told as an
 * alert of nginx when the connection is used next. */
static int note_verification(int ok, X509_STORE_CTX *store)
{
    if (!ok)
        ERR_clear_error();
    return 1;
}

static void ask_for_certificate(ngx_http_ssl_srv_conf_t *ssl, enum sp_client_certificate client)
{
    static const ngx_uint_t modes[] = {
        [SP_CLIENT_CERTIFICATE_NONE] = 0, /* as `ssl_verify_client off` */
        [SP_CLIENT_CERTIFICATE_MAY] = 2,  /* optional */
        [SP_CLIENT_CERTIFICATE_MUST] = 1, /* on */
    };
    ssl->verify = modes[client];
    if (ssl->verify)
        SSL_CTX_set_verify(ssl->ssl.ctx, SSL_VERIFY_PEER, note_verification);
}

/* nginx.conf says `ssl_reject_handshake on` instead of naming a file, so that the private key is in no file,
 * and a server whose key did not get here refuses every handshake. */
static ngx_int_t load_certificate(ngx_conf_t *cf, struct engine_main_conf *conf, void **server_configs)
{
    struct engine_server_conf *server = server_configs[ngx_http_sallyport_module.ctx_index];
    ngx_http_ssl_srv_conf_t *ssl = server_configs[ngx_http_ssl_module.ctx_index];
    if (server->tls_endpoint == NGX_CONF_UNSET)
        return NGX_OK;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = SP_EUNSUPPORTED;
    enum sp_client_certificate client = SP_CLIENT_CERTIFICATE_MUST;
    if (sp_engine_app.tls && ssl->ssl.ctx)
        status = sp_engine_app.tls(conf->state, (unsigned)server->tls_endpoint, ssl->ssl.ctx, &client, &err);
    if (status != SP_OK)
        return refuse(cf, status, &err);
    ask_for_certificate(ssl, client);
    engine_count_alerts(ssl->ssl.ctx);
    ssl->reject_handshake = 0;
    return server->stapling == 1 ? engine_staple(cf, ssl) : NGX_OK;
}

static void free_peers(void *data)
{
    sp_peer_rules_free(data);
}

static ngx_int_t load_peers(ngx_conf_t *cf, struct engine_main_conf *conf, void **server_configs)
{
    struct engine_server_conf *server = server_configs[ngx_http_sallyport_module.ctx_index];
    if (server->peer_endpoint == NGX_CONF_UNSET)
        return NGX_OK;
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (!cleanup)
        return NGX_ERROR;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = SP_EUNSUPPORTED;
    if (sp_engine_app.peer)
        status = sp_engine_app.peer(conf->state, (unsigned)server->peer_endpoint, &server->peers, &err);
    cleanup->handler = free_peers;
    cleanup->data = server->peers;
    return status == SP_OK ? NGX_OK : refuse(cf, status, &err);
}

static ngx_int_t load_servers(ngx_conf_t *cf, struct engine_main_conf *conf)
{
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    ngx_http_core_srv_conf_t **servers = core->servers.elts;
    for (ngx_uint_t i = 0; i < core->servers.nelts; i++)
        if (load_certificate(cf, conf, servers[i]->ctx->srv_conf) != NGX_OK ||
            load_peers(cf, conf, servers[i]->ctx->srv_conf) != NGX_OK)
            return NGX_ERROR;
    return NGX_OK;
}

static void unload(void *data)
{
    sp_engine_app.unload(data);
}

static ngx_int_t postconfiguration(ngx_conf_t *cf)
{
    struct engine_main_conf *conf = ngx_http_conf_get_module_main_conf(cf, ngx_http_sallyport_module);
    if (engine_header_filter_init() != NGX_OK || engine_request_log_init(cf) != NGX_OK)
        return NGX_ERROR;
    if (!conf->args)
        return NGX_OK;
    sp_ready_capture();
    engine_log_to(cf->log);
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (!cleanup)
        return NGX_ERROR;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_engine_app.load(conf->args->elts, conf->args->nelts, &conf->state, &err);
    engine_log_to(NULL);
    if (status != SP_OK)
        return refuse(cf, status, &err);
    cleanup->handler = unload;
    cleanup->data = conf->state;
    ngx_core_conf_t *core = (ngx_core_conf_t *)ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module);
    conf->workers = core->worker_processes == NGX_CONF_UNSET ? 1 : (unsigned)core->worker_processes;
    conf->shared_bytes = sp_engine_app.shared_bytes(conf->state, conf->workers);
    if (add_zone(cf, conf) != NGX_OK)
        return NGX_ERROR;
    ngx_int_t loaded = load_servers(cf, conf);
    sp_pkcs11_rest(); /* before workers are forked */
    return loaded;
}

static ngx_http_module_t context = {
    .postconfiguration = postconfiguration,
    .create_main_conf = create_main_conf,
    .create_srv_conf = create_server_conf,
    .create_loc_conf = create_location_conf,
    .merge_loc_conf = merge_location_conf,
};

ngx_module_t ngx_http_sallyport_module = {
    NGX_MODULE_V1,
    .ctx = &context,
    .commands = commands,
    .type = NGX_HTTP_MODULE,
    .init_module = engine_init_module,
    .init_process = engine_init_process,
    .exit_process = engine_exit_process,
    .exit_master = engine_exit_master,
};

/* What nginx looks up in a shared object that was built without its own build system. nginx has variables of
 * the same names itself; protected, ours stay ours. */
#define EXPORT __attribute__((visibility("protected")))
extern ngx_module_t *ngx_modules[];
extern char *ngx_module_names[];
extern char *ngx_module_order[];
EXPORT ngx_module_t *ngx_modules[] = {&ngx_http_sallyport_module, NULL};
EXPORT char *ngx_module_names[] = {(char *)"ngx_http_sallyport_module", NULL};
EXPORT char *ngx_module_order[] = {NULL};
