/* SPDX-License-Identifier: Apache-2.0
 * client.c: the client of a request behind proxies (engine/peer.h), from what nginx has.
 */
#include "engine/module.h"

#include "base/log.h"
#include "engine/message.h"
#include "text/ip_range.h"

static void *take(void *arg, size_t size)
{
    return ngx_palloc(((ngx_http_request_t *)arg)->pool, size);
}

/* nginx has read the PROXY header; listen.c let only proxies come so far. Without an address in it (UNKNOWN,
 * LOCAL: the proxy's own check of our health) the proxy is the client. */
static ngx_int_t take_proxy_protocol(ngx_http_request_t *r, const struct sp_peer_rules *rules,
                                     struct sp_http_request *request)
{
    const ngx_proxy_protocol_t *said = r->connection->proxy_protocol;
    if (!said)
        return NGX_OK;
    if (!sp_peer_is_proxy(rules, request->peer_address))
        return NGX_HTTP_CLOSE;
    if (said->src_addr.len == 0)
        return NGX_OK;
    /* nginx takes any digits and dots of version 1 for an address. */
    struct sp_ip_text address;
    if (sp_ip_text_read(engine_str(said->src_addr), &address) != SP_OK) {
        sp_log(
            SP_LOG_WARNING, SP_MSG_PROXY_REFUSED,
            "a connection from the proxy %.*s is closed: its PROXY header names something that is no address",
            SP_STR_ARG(request->peer_address));
        return NGX_HTTP_CLOSE;
    }
    size_t len = strlen(address.text);
    char *copy = take(r, len);
    if (!copy)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    memcpy(copy, address.text, len);
    request->proxy_address = request->peer_address;
    request->peer_address = sp_str_from(copy, len);
    request->peer_port = said->src_port;
    return NGX_OK;
}

/* The certificate that a proxy hands on is not good; what came of the proxy itself is. */
static ngx_int_t refuse(ngx_http_request_t *r, const struct sp_error *err, struct sp_http_request *request)
{
    struct sp_str reason = sp_str_of(err->text);
    char *copy = take(r, reason.len);
    if (!copy)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    memcpy(copy, reason.ptr, reason.len);
    return engine_refuse_client(r, SP_MSG_PEER_REFUSED, sp_str_from(copy, reason.len), request) == NGX_OK
               ? NGX_OK
               : NGX_HTTP_INTERNAL_SERVER_ERROR;
}

ngx_int_t engine_find_client(ngx_http_request_t *r, struct sp_http_header *headers,
                             struct sp_http_request *request)
{
    const struct engine_server_conf *conf = ngx_http_get_module_srv_conf(r, ngx_http_sallyport_module);
    if (!conf->peers) {
        sp_peer_strip(headers, request);
        return r->connection->proxy_protocol ? NGX_HTTP_CLOSE : NGX_OK;
    }
    ngx_int_t rc = take_proxy_protocol(r, conf->peers, request);
    if (rc != NGX_OK)
        return rc;
    struct sp_str connected = request->proxy_address;
    const struct sp_peer_memory memory = {.take = take, .arg = r};
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_peer_resolve(conf->peers, &memory, headers, request, &err);
    if (connected.len)
        request->proxy_address = connected;
    if (status == SP_OK)
        return NGX_OK;
    if (status == SP_EDENIED)
        return refuse(r, &err, request);
    sp_log(SP_LOG_WARNING, err.id[0] ? err.id : NULL, "a request is refused: %s", err.text);
    return status == SP_ENOMEM ? NGX_HTTP_INTERNAL_SERVER_ERROR : NGX_HTTP_BAD_REQUEST;
}
