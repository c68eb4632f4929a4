/* SPDX-License-Identifier: Apache-2.0
 * framing.c: a chunked body is looked over before nginx reads it (engine/chunks.h).
 *
 * What came with the header lies in nginx's buffer; the rest is seen when it is received. There a wrong byte
 * is made one that nginx refuses, so that the request ends as any that is not well-formed.
 */
#include "engine/module.h"

/* nginx skips everything but the end of the line in an extension, so the end is what must be wrong. */
static void spoil(struct engine_exchange *exchange, u_char *bytes, size_t at, size_t len, bool in_extension)
{
    if (in_extension) {
        bytes[at++] = '\r';
        exchange->spoil_next = at == len;
    }
    if (at < len)
        bytes[at] = '\0';
}

static ssize_t receive(ngx_connection_t *c, u_char *bytes, size_t size)
{
    ngx_http_request_t *r = c->data;
    struct engine_exchange *exchange = ngx_http_get_module_ctx(r, ngx_http_sallyport_module);
    if (!exchange) { /* nginx has sent the request to its page of an error, and reads what is left */
        c->recv = c->ssl ? ngx_ssl_recv : ngx_recv;
        return c->recv(c, bytes, size);
    }
    ssize_t n = exchange->receive(c, bytes, size);
    if (n <= 0)
        return n;
    if (exchange->spoil_next) {
        exchange->spoil_next = 0;
        bytes[0] = '\0';
        return n;
    }
    if (exchange->chunks.state == SP_CHUNK_BAD)
        return n;
    size_t len = (size_t)n, wrong = sp_chunks_feed(&exchange->chunks, bytes, len);
    if (wrong < len)
        spoil(exchange, bytes, wrong, len, exchange->chunks.extended > 0);
    return n;
}

ngx_int_t engine_watch_framing(ngx_http_request_t *r, struct engine_exchange *exchange)
{
    const ngx_buf_t *come = r->header_in;
    if (!r->headers_in.chunked)
        return NGX_OK;
    size_t len = (size_t)(come->last - come->pos);
    if (sp_chunks_feed(&exchange->chunks, come->pos, len) < len)
        return NGX_HTTP_BAD_REQUEST;
    exchange->receive = r->connection->recv;
    r->connection->recv = receive;
    return NGX_OK;
}

void engine_unwatch_framing(struct engine_exchange *exchange)
{
    if (exchange->receive)
        exchange->r->connection->recv = exchange->receive;
    exchange->receive = NULL;
}
