/* SPDX-License-Identifier: Apache-2.0
 * answer.c: the handler's reply as nginx sends it.
 */
#include "engine/module.h"

#include "base/log.h"

static ngx_http_output_header_filter_pt next_header_filter;

/* Every answer says the same of the server, those that nginx makes itself too: "Sallyport", or nothing where
 * httpOptions removeServerHeader is set. A header whose hash is 0 is not sent. */
static ngx_int_t header_filter(ngx_http_request_t *r)
{
    static ngx_str_t name = ngx_string("Server"), product = ngx_string("Sallyport");
    const struct engine_location_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_sallyport_module);
    if (!r->headers_out.server) {
        ngx_table_elt_t *server = ngx_list_push(&r->headers_out.headers);
        if (!server)
            return NGX_ERROR;
        ngx_memzero(server, sizeof *server);
        server->hash = conf->server_header ? 1 : 0;
        server->key = name;
        server->value = product;
        r->headers_out.server = server;
    }
    return next_header_filter(r);
}

ngx_int_t engine_header_filter_init(void)
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    return NGX_OK;
}

/* Headers that are the engine's: framing, and what nginx writes itself. */
static bool is_ours(struct sp_str name)
{
    static const struct sp_str ours[] = {
        SP_STR_INIT("content-length"), SP_STR_INIT("transfer-encoding"),
        SP_STR_INIT("connection"),     SP_STR_INIT("keep-alive"),
        SP_STR_INIT("upgrade"),        SP_STR_INIT("trailer"),
        SP_STR_INIT("server"),         SP_STR_INIT("date"),
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (sp_str_caseless_eq(name, ours[i]))
            return true;
    return false;
}

/* What would let the handler's data write headers of its own (response splitting). */
static bool is_safe(const struct sp_http_header *header)
{
    for (size_t i = 0; i < header->name.len; i++) {
        unsigned char c = (unsigned char)header->name.ptr[i];
        if (c <= 0x20 || c == ':' || c >= 0x7f)
            return false;
    }
    for (size_t i = 0; i < header->value.len; i++) {
        char c = header->value.ptr[i];
        if (c == '\r' || c == '\n' || c == '\0')
            return false;
    }
    return header->name.len > 0;
}

static ngx_int_t copy_str(ngx_pool_t *pool, struct sp_str from, ngx_str_t *ret_to)
{
    u_char *to = ngx_pnalloc(pool, from.len + 1);
    if (!to)
        return NGX_ERROR;
    if (from.len)
        ngx_memcpy(to, from.ptr, from.len);
    *ret_to = (ngx_str_t){from.len, to};
    return NGX_OK;
}

static ngx_int_t copy_header(ngx_http_request_t *r, const struct sp_http_header *header)
{
    if (sp_str_caseless_eq(header->name, SP_STR("content-type"))) {
        if (copy_str(r->pool, header->value, &r->headers_out.content_type) != NGX_OK)
            return NGX_ERROR;
        r->headers_out.content_type_len = header->value.len;
        return NGX_OK;
    }
    ngx_table_elt_t *out = ngx_list_push(&r->headers_out.headers);
    if (!out)
        return NGX_ERROR;
    ngx_memzero(out, sizeof *out); /* not sent as long as its hash is 0 */
    if (copy_str(r->pool, header->name, &out->key) != NGX_OK ||
        copy_str(r->pool, header->value, &out->value) != NGX_OK)
        return NGX_ERROR;
    out->hash = 1;
    return NGX_OK;
}

static ngx_int_t copy_headers(ngx_http_request_t *r, const struct sp_http_reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct sp_http_header *header = &reply->headers[i];
        if (!is_safe(header)) {
            sp_log(SP_LOG_ERROR, NULL,
                   "a reply with a header that is not well-formed was not sent; its number is %zu", i);
            return NGX_ERROR;
        }
        if (sp_str_caseless_eq(header->name, SP_STR("connection")) &&
            sp_str_caseless_eq(header->value, SP_STR("close")))
            r->keepalive = 0;
        if (!is_ours(header->name) && copy_header(r, header) != NGX_OK)
            return NGX_ERROR;
    }
    return NGX_OK;
}

static ngx_int_t copy_body(ngx_http_request_t *r, struct sp_str body, ngx_buf_t **ret_body)
{
    ngx_buf_t *buf = body.len ? ngx_create_temp_buf(r->pool, body.len) : ngx_calloc_buf(r->pool);
    if (!buf)
        return NGX_ERROR;
    if (body.len)
        buf->last = ngx_cpymem(buf->last, body.ptr, body.len);
    buf->last_buf = r == r->main;
    buf->last_in_chain = 1;
    *ret_body = buf;
    return NGX_OK;
}

ngx_int_t engine_take_reply(ngx_http_request_t *r, const struct sp_http_reply *reply, ngx_buf_t **ret_body)
{
    if (reply->status < 200 || reply->status > 599) {
        sp_log(SP_LOG_ERROR, NULL, "defect: a reply with status %u was not sent", reply->status);
        return NGX_ERROR;
    }
    if (copy_headers(r, reply) != NGX_OK || copy_body(r, reply->body, ret_body) != NGX_OK) {
        ngx_http_clean_header(r);
        return NGX_ERROR;
    }
    /* nginx would make 304 or 412 of the answer to a conditional request, when the program has long run. */
    r->disable_not_modified = 1;
    r->headers_out.status = reply->status;
    r->headers_out.content_length_n = (off_t)reply->body.len;
    return NGX_OK;
}
