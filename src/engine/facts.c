/* SPDX-License-Identifier: Apache-2.0
 * facts.c: what nginx knows of a request, as the port wants it.
 */
#include "engine/module.h"

#include "base/clock.h"
#include "engine/message.h"

#include <openssl/x509.h>

/* RFC 9110, 5.6.2: the characters of a header's name. */
static bool is_token(struct sp_str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool alnum = (sp_lower(c) >= 'a' && sp_lower(c) <= 'z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return s.len > 0;
}

static bool has_control(struct sp_str s, bool tab_is_one)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && (c != '\t' || tab_is_one)) || c == 0x7f)
            return true;
    }
    return false;
}

/* nginx takes a line without a colon for a name with an empty value, which then begins where the name ends.
 */
static bool has_no_colon(const ngx_table_elt_t *header)
{
    return header->value.len == 0 && header->value.data == header->key.data + header->key.len;
}

/* nginx drops a header whose name it does not like, or lets it through; either way the handler and a proxy in
 * front of us may see two different requests. So such a request is refused. */
static ngx_int_t check_headers(ngx_http_request_t *r, const struct engine_location_conf *conf)
{
    ngx_uint_t count = 0;
    for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next) {
        const ngx_table_elt_t *headers = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (++count > conf->max_headers)
                return NGX_HTTP_REQUEST_HEADER_TOO_LARGE;
            if (headers[i].key.len > conf->max_field || headers[i].value.len > conf->max_field)
                return NGX_HTTP_REQUEST_HEADER_TOO_LARGE;
            if (!is_token(engine_str(headers[i].key)) || has_control(engine_str(headers[i].value), false) ||
                has_no_colon(&headers[i]))
                return NGX_HTTP_BAD_REQUEST;
        }
    }
    return NGX_OK;
}

/* The host of an absolute target ("GET http://host/path"), which HTTP/1.1 requires to equal the Host header
 * (RFC 9112, 3.2.2). */
static bool hosts_agree(ngx_http_request_t *r)
{
    if (!r->host_start || !r->headers_in.host)
        return true;
    const u_char *end = r->port_end && r->port_end > r->host_end ? r->port_end : r->host_end;
    return sp_str_caseless_eq(sp_str_from(r->host_start, (size_t)(end - r->host_start)),
                              engine_str(r->headers_in.host->value));
}

ngx_int_t engine_check_request(ngx_http_request_t *r, const struct engine_location_conf *conf)
{
    struct sp_str target = engine_str(r->unparsed_uri);
    if (r->http_version < NGX_HTTP_VERSION_10)
        return NGX_HTTP_CLOSE; /* HTTP/0.9: "GET /path" and no headers, which cannot be told from a cut line
                                */
    /* RFC 9112, 2.3: one digit each; and nothing behind it, where nginx takes blanks. */
    if (r->http_protocol.len != sizeof "HTTP/1.1" - 1)
        return NGX_HTTP_BAD_REQUEST;
    if (target.len > conf->max_field)
        return NGX_HTTP_REQUEST_URI_TOO_LARGE;
    if (target.len == 0 || target.ptr[0] != '/' || has_control(target, true) ||
        sp_str_find(target, '#') < target.len || sp_str_find(target, ' ') < target.len)
        return NGX_HTTP_BAD_REQUEST;
    if (!hosts_agree(r)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "client sent a Host that is not its target's");
        return NGX_HTTP_BAD_REQUEST;
    }
    return check_headers(r, conf);
}

static ngx_int_t fill_headers(ngx_http_request_t *r, struct sp_http_request *request,
                              struct sp_http_header **ret_headers)
{
    size_t count = 0;
    for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next)
        count += part->nelts;
    struct sp_http_header *to = ngx_palloc(r->pool, (count + 1) * sizeof *to);
    if (!to)
        return NGX_ERROR;
    request->headers = *ret_headers = to;
    request->header_count = count;
    for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next) {
        const ngx_table_elt_t *headers = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts; i++, to++) {
            to->name = engine_str(headers[i].key);
            to->value = engine_str(headers[i].value);
        }
    }
    return NGX_OK;
}

static ngx_int_t fill_local_address(ngx_http_request_t *r, struct sp_http_request *request)
{
    ngx_connection_t *c = r->connection;
    u_char *text = ngx_pnalloc(r->pool, NGX_SOCKADDR_STRLEN);
    if (!text || ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK)
        return NGX_ERROR;
    request->local_address.ptr = (const char *)text;
    request->local_address.len =
        ngx_sock_ntop(c->local_sockaddr, c->local_socklen, text, NGX_SOCKADDR_STRLEN, 0);
    request->local_port = ngx_inet_get_port(c->local_sockaddr);
    return NGX_OK;
}

static ngx_int_t put_der(ngx_http_request_t *r, X509 *certificate, struct sp_str *ret_der)
{
    int len = i2d_X509(certificate, NULL);
    u_char *der = len > 0 ? ngx_pnalloc(r->pool, (size_t)len) : NULL;
    if (!der)
        return NGX_ERROR;
    u_char *end = der;
    i2d_X509(certificate, &end);
    *ret_der = sp_str_from(der, (size_t)len);
    return NGX_OK;
}

/* What is behind the certificate itself; the chain has one or more of them. */
static ngx_int_t put_issuers(ngx_http_request_t *r, STACK_OF(X509) * chain, struct sp_http_request *request)
{
    size_t count = (size_t)sk_X509_num(chain) - 1;
    struct sp_str *issuers = ngx_palloc(r->pool, count * sizeof *issuers);
    if (!issuers)
        return NGX_ERROR;
    for (size_t i = 0; i < count; i++)
        if (put_der(r, sk_X509_value(chain, (int)i + 1), &issuers[i]) != NGX_OK)
            return NGX_ERROR;
    request->client_issuers = issuers;
    request->client_issuer_count = count;
    return NGX_OK;
}

ngx_int_t engine_refuse_client(ngx_http_request_t *r, const char *id, struct sp_str reason,
                               struct sp_http_request *request)
{
    struct sp_http_refusal *refusal = ngx_pcalloc(r->pool, sizeof *refusal);
    if (!refusal)
        return NGX_ERROR;
    *refusal =
        (struct sp_http_refusal){.id = id, .reason = reason, .certificate = request->client_certificate};
    request->client_certificate = (struct sp_str){NULL, 0};
    request->client_issuers = NULL;
    request->client_issuer_count = 0;
    request->refusal = refusal;
    return NGX_OK;
}

/* What becomes of the request when its client's certificate is not good. */
static ngx_int_t refuse_certificate(ngx_http_request_t *r, X509 *certificate, const char *reason,
                                    struct sp_http_request *request)
{
    if (put_der(r, certificate, &request->client_certificate) != NGX_OK)
        return NGX_ERROR;
    return engine_refuse_client(r, SP_MSG_CLIENT_REFUSED, sp_str_of(reason), request);
}

/* Of a request that nginx has ended. */
static ngx_int_t tell_refusal(ngx_http_request_t *r, SSL *ssl, struct sp_http_request *request)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate)
        return refuse_certificate(r, certificate, X509_verify_cert_error_string(SSL_get_verify_result(ssl)),
                                  request);
    return engine_refuse_client(r, SP_MSG_CLIENT_UNKNOWN, SP_STR("the endpoint has clientAuthentication on"),
                                request);
}

/* Only a certificate that was verified against the trust store is handed on: with `ssl_verify_client
 * optional` nginx itself refuses one that fails. A connection or a session may outlive the certificate that
 * began it. */
static ngx_int_t fill_certificate(ngx_http_request_t *r, SSL *ssl, struct sp_http_request *request)
{
    const struct engine_server_conf *conf = ngx_http_get_module_srv_conf(r, ngx_http_sallyport_module);
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (!certificate || SSL_get_verify_result(ssl) != X509_V_OK)
        return NGX_OK;
    if (X509_cmp_time(X509_get0_notAfter(certificate), &(time_t){ngx_time()}) <= 0)
        return refuse_certificate(r, certificate, "certificate has expired since the connection began",
                                  request);
    STACK_OF(X509) *chain = conf->client_issuer == 1 ? SSL_get0_verified_chain(ssl) : NULL;
    /* Without it nobody could be asked whether the certificate was taken back. */
    if (conf->client_issuer == 1 && !chain)
        return refuse_certificate(r, certificate, "the session does not tell who issued the certificate",
                                  request);
    if (chain && sk_X509_num(chain) > 1 && put_issuers(r, chain, request) != NGX_OK)
        return NGX_ERROR;
    return put_der(r, certificate, &request->client_certificate);
}

static ngx_int_t fill_tls(ngx_http_request_t *r, bool refused, struct sp_http_request *request)
{
    if (!r->connection->ssl)
        return NGX_OK;
    SSL *ssl = r->connection->ssl->connection;
    request->tls = true;
    request->tls_protocol = sp_str_of(SSL_get_version(ssl));
    request->tls_cipher = sp_str_of(SSL_get_cipher_name(ssl));
    return refused ? tell_refusal(r, ssl, request) : fill_certificate(r, ssl, request);
}

/* For its page of an error nginx makes every request a GET. */
static struct sp_str method_of(const ngx_http_request_t *r, bool refused)
{
    struct sp_str line = engine_str(r->request_line);
    return refused && line.len ? sp_str_slice(line, 0, sp_str_find(line, ' ')) : engine_str(r->method_name);
}

ngx_int_t engine_fill_request(ngx_http_request_t *r, const struct engine_location_conf *conf,
                              struct sp_http_request *ret_request)
{
    struct sp_http_request *request = ret_request;
    request->arrived_us = sp_clock_realtime_us();
    request->method = method_of(r, conf->refused != 0);
    request->target = engine_str(r->unparsed_uri);
    size_t question = sp_str_find(request->target, '?');
    request->path = sp_str_slice(request->target, 0, question);
    if (question < request->target.len)
        request->query = sp_str_slice(request->target, question + 1, request->target.len);
    if (r->headers_in.host)
        request->host = engine_str(r->headers_in.host->value);
    else if (r->host_start)
        request->host = sp_str_from(r->host_start, (size_t)(r->host_end - r->host_start));
    request->peer_address = engine_str(r->connection->addr_text);
    request->peer_port = ngx_inet_get_port(r->connection->sockaddr);
    request->endpoint = (unsigned)conf->endpoint;
    request->https_port = (unsigned)conf->https_port;
    struct sp_http_header *headers = NULL;
    if (fill_headers(r, request, &headers) != NGX_OK || fill_local_address(r, request) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    if (fill_tls(r, conf->refused, request) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return engine_find_client(r, headers, request);
}

static size_t body_size(const ngx_chain_t *chain)
{
    size_t size = 0;
    for (; chain; chain = chain->next)
        size += (size_t)ngx_buf_size(chain->buf);
    return size;
}

/* A piece that nginx had to put into a file: a chunked body whose framing took more room than the buffer,
 * which is as large as the greatest body. */
static ngx_int_t read_piece(ngx_buf_t *piece, u_char *to)
{
    for (off_t at = piece->file_pos; at < piece->file_last;) {
        ssize_t n = ngx_read_file(piece->file, to, (size_t)(piece->file_last - at), at);
        if (n <= 0)
            return NGX_ERROR;
        at += n;
        to += n;
    }
    return NGX_OK;
}

ngx_int_t engine_fill_body(ngx_http_request_t *r, struct sp_str *ret_body)
{
    const ngx_chain_t *chain = r->request_body ? r->request_body->bufs : NULL;
    size_t size = body_size(chain);
    if (size == 0)
        return NGX_OK;
    if (!chain->next && ngx_buf_in_memory(chain->buf)) {
        *ret_body = sp_str_from(chain->buf->pos, size);
        return NGX_OK;
    }
    u_char *whole = ngx_pnalloc(r->pool, size), *to = whole;
    if (!whole)
        return NGX_ERROR;
    for (; chain; chain = chain->next) {
        size_t piece = (size_t)ngx_buf_size(chain->buf);
        if (ngx_buf_in_memory(chain->buf))
            ngx_memcpy(to, chain->buf->pos, piece);
        else if (read_piece(chain->buf, to) != NGX_OK)
            return NGX_ERROR;
        to += piece;
    }
    *ret_body = sp_str_from(whole, size);
    return NGX_OK;
}
